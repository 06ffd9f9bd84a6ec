//! `str.format`, `str.format_map`, `str.__format__`, and the pieces `string.Formatter` uses.

use super::arguments::{expect_str, parse_format_spec, spec_error};
use super::{PyUnicode_Type, Text, Writer, empty, substring, text};
use crate::errors::{PyResult, key_error, raise, value_error};
use crate::exceptions::PyExc_IndexError;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::ucd_bridge as ucd;
use crate::{abstract_, long, tuple};
use twinheap_abi::*;
use twinheap_arith::format_spec;

/// How fields without a number are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Undecided,
    Automatic,
    Manual,
}

/// What the fields are looked up in.
struct Fields<'a> {
    positional: Option<&'a PyTupleObject>,
    named: Option<&'a PyObject>,
    numbering: Numbering,
    next: usize,
}

/// A piece of a format string: literal text, perhaps with a field behind it. Positions are
/// indexes into the whole string.
#[derive(Clone, Copy, Default)]
pub struct Markup {
    literal: (usize, usize),
    field: Option<Field>,
}

#[derive(Clone, Copy, Default)]
struct Field {
    name: (usize, usize),
    conversion: Option<u32>,
    spec: (usize, usize),
    nested: bool,
}

const OPEN: u32 = '{' as u32;
const CLOSE: u32 = '}' as u32;

/// Reads a format string piece by piece.
struct Reader<'a> {
    characters: Text<'a>,
    at: usize,
    end: usize,
}

impl Reader<'_> {
    fn next_character(&mut self) -> Option<u32> {
        let found = (self.at < self.end).then(|| self.characters.at(self.at));
        self.at += usize::from(found.is_some());
        found
    }

    /// The next piece; none at the end.
    fn next_markup(&mut self) -> PyResult<Option<Markup>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let start = self.at;
        let mut brace = None;
        while let Some(character) = self.next_character() {
            if character == OPEN || character == CLOSE {
                brace = Some(character);
                break;
            }
        }
        let Some(brace) = brace else {
            return Ok(Some(Markup {
                literal: (start, self.at),
                field: None,
            }));
        };
        let following = (self.at < self.end).then(|| self.characters.at(self.at));
        if following == Some(brace) {
            // A doubled brace: the literal ends with the first one.
            self.at += 1;
            return Ok(Some(Markup {
                literal: (start, self.at - 1),
                field: None,
            }));
        }
        if brace == CLOSE {
            return Err(value_error("Single '}' encountered in format string"));
        }
        if following.is_none() {
            return Err(value_error("Single '{' encountered in format string"));
        }
        let literal = (start, self.at - 1);
        Ok(Some(Markup {
            literal,
            field: Some(self.field()?),
        }))
    }

    fn field(&mut self) -> PyResult<Field> {
        let start = self.at;
        let mut stop = 0;
        while let Some(character) = self.next_character() {
            stop = character;
            match char::from_u32(character) {
                Some('{') => return Err(value_error("unexpected '{' in field name")),
                Some('[') => {
                    while self.at < self.end && self.characters.at(self.at) != ']' as u32 {
                        self.at += 1;
                    }
                }
                Some('}' | ':' | '!') => break,
                _ => {}
            }
        }
        let mut field = Field {
            name: (start, self.at.saturating_sub(1).max(start)),
            ..Field::default()
        };
        match char::from_u32(stop) {
            Some('}') => return Ok(field),
            Some(':') => {}
            Some('!') => {
                if self.conversion(&mut field)? {
                    return Ok(field);
                }
            }
            _ => return Err(value_error("expected '}' before end of string")),
        }
        self.spec(&mut field)?;
        Ok(field)
    }

    /// Reads a conversion; whether the field ends behind it.
    fn conversion(&mut self, field: &mut Field) -> PyResult<bool> {
        let Some(conversion) = self.next_character() else {
            return Err(value_error(
                "end of string while looking for conversion specifier",
            ));
        };
        field.conversion = Some(conversion);
        match self.next_character() {
            Some(CLOSE) => Ok(true),
            None => Ok(false),
            Some(character) if character == ':' as u32 => Ok(false),
            Some(_) => Err(value_error("expected ':' after conversion specifier")),
        }
    }

    fn spec(&mut self, field: &mut Field) -> PyResult<()> {
        let start = self.at;
        let mut depth = 1;
        while let Some(character) = self.next_character() {
            match character {
                OPEN => {
                    field.nested = true;
                    depth += 1;
                }
                CLOSE => {
                    depth -= 1;
                    if depth == 0 {
                        field.spec = (start, self.at - 1);
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(value_error("unmatched '{' in format spec"))
    }
}

/// The number that a piece of a field name spells, if it does.
fn integer_of(characters: Text<'_>) -> PyResult<Option<usize>> {
    let mut value = None;
    for character in characters.iter() {
        let Some(digit) = ucd::decimal_value(character) else {
            return Ok(None);
        };
        let sum: usize = value.unwrap_or(0);
        if sum > (isize::MAX as usize - digit as usize) / 10 {
            return Err(value_error("Too many decimal digits in format string"));
        }
        value = Some(sum * 10 + digit as usize);
    }
    Ok(value)
}

/// A step of a field name behind its first part.
enum Step {
    Attribute(usize, usize),
    Item(usize, usize),
}

/// Reads the step at a position and gives where the next one starts.
fn next_step(characters: Text<'_>, at: usize, end: usize) -> PyResult<(Step, usize)> {
    let find = |from: usize, stops: &[char]| {
        (from..end).find(|&index| {
            stops
                .iter()
                .any(|&stop| characters.at(index) == stop as u32)
        })
    };
    let (start, stop, next, is_item) = match char::from_u32(characters.at(at)) {
        Some('.') => {
            let stop = find(at + 1, &['.', '[']).unwrap_or(end);
            (at + 1, stop, stop, false)
        }
        Some('[') => match find(at + 1, &[']']) {
            Some(stop) => (at + 1, stop, stop + 1, true),
            None => return Err(value_error("Missing ']' in format string")),
        },
        _ => {
            return Err(value_error(
                "Only '.' or '[' may follow ']' in format field specifier",
            ));
        }
    };
    if is_item {
        integer_of(characters.slice(start, stop))?;
    }
    if start == stop {
        return Err(value_error("Empty attribute in format string"));
    }
    Ok((
        if is_item {
            Step::Item(start, stop)
        } else {
            Step::Attribute(start, stop)
        },
        next,
    ))
}

impl Fields<'_> {
    /// The number of a first part: its own, or the next one for an empty part.
    fn number(&mut self, own: Option<usize>, is_empty: bool) -> PyResult<Option<usize>> {
        if !is_empty && own.is_none() {
            return Ok(None);
        }
        let wanted = if is_empty {
            Numbering::Automatic
        } else {
            Numbering::Manual
        };
        if self.numbering == Numbering::Undecided {
            self.numbering = wanted;
        }
        if self.numbering != wanted {
            return Err(value_error(match wanted {
                Numbering::Automatic => {
                    "cannot switch from manual field specification to automatic field numbering"
                }
                _ => "cannot switch from automatic field numbering to manual field specification",
            }));
        }
        if is_empty {
            self.next += 1;
            return Ok(Some(self.next - 1));
        }
        Ok(own)
    }

    fn first(&mut self, template: &PyASCIIObject, start: usize, end: usize) -> PyResult {
        let characters = text(template).slice(start, end);
        match self.number(integer_of(characters)?, start == end)? {
            None => {
                let key = substring(template, start, end)?;
                match self.named {
                    Some(named) => abstract_::get_item(named, key.as_object()),
                    None => Err(key_error(key.as_object())),
                }
            }
            Some(index) => {
                let Some(positional) = self.positional else {
                    return Err(value_error("Format string contains positional fields"));
                };
                match tuple::items(positional).get(index) {
                    Some(item) => Ok(Own::new(item)),
                    None => Err(raise(
                        &PyExc_IndexError,
                        format_args!(
                            "Replacement index {index} out of range for positional args tuple"
                        ),
                    )),
                }
            }
        }
    }

    fn look_up(&mut self, template: &PyASCIIObject, start: usize, end: usize) -> PyResult {
        let characters = text(template);
        let mut at = (start..end)
            .find(|&index| matches!(char::from_u32(characters.at(index)), Some('.' | '[')))
            .unwrap_or(end);
        let mut value = self.first(template, start, at)?;
        while at < end {
            let (step, next) = next_step(characters, at, end)?;
            value = match step {
                Step::Attribute(from, to) => {
                    object::get_attr(&value, &*substring(template, from, to)?)?
                }
                Step::Item(from, to) => item(&value, template, from, to)?,
            };
            at = next;
        }
        Ok(value)
    }
}

fn item(value: &PyObject, template: &PyASCIIObject, start: usize, end: usize) -> PyResult {
    match integer_of(text(template).slice(start, end))? {
        None => abstract_::get_item(value, substring(template, start, end)?.as_object()),
        Some(index) if abstract_::is_sequence(value) => {
            abstract_::get_sequence_item(value, index as isize)
        }
        Some(index) => abstract_::get_item(value, &*long::from_usize(index)?),
    }
}

fn convert(value: Own, conversion: u32) -> PyResult {
    let converted = match char::from_u32(conversion) {
        Some('r') => object::repr(&value)?,
        Some('s') => object::str(&value)?,
        Some('a') => object::ascii(&value)?,
        Some(shown @ '!'..='~') => {
            return Err(value_error(format_args!(
                "Unknown conversion specifier {shown}"
            )));
        }
        _ => {
            return Err(value_error(format_args!(
                "Unknown conversion specifier \\x{conversion:x}"
            )));
        }
    };
    Ok(converted.upcast())
}

/// Expands the part of a format string; nested specifications go one level deep.
fn expand(
    template: &PyASCIIObject,
    (start, end): (usize, usize),
    fields: &mut Fields<'_>,
    depth: usize,
) -> PyResult<Own<PyASCIIObject>> {
    if depth == 0 {
        return Err(value_error("Max string recursion exceeded"));
    }
    let characters = text(template);
    let mut reader = Reader {
        characters,
        at: start,
        end,
    };
    let mut out = Writer::with_capacity(end - start);
    while let Some(markup) = reader.next_markup()? {
        if markup.literal == (0, characters.len()) {
            out.push_last(template);
            break;
        }
        out.push_text(characters.slice(markup.literal.0, markup.literal.1));
        let Some(field) = markup.field else {
            continue;
        };
        let mut value = fields.look_up(template, field.name.0, field.name.1)?;
        if let Some(conversion) = field.conversion {
            value = convert(value, conversion)?;
        }
        let spec = match (field.nested, field.spec.0 == field.spec.1) {
            (true, _) => expand(template, field.spec, fields, depth - 1)?,
            (false, true) => empty(),
            (false, false) => substring(template, field.spec.0, field.spec.1)?,
        };
        let rendered = abstract_::format(&value, Some(&spec))?;
        let is_written_in_place = value.is_exactly(&long::PyLong_Type)
            || value.is_exactly(&crate::float::PyFloat_Type)
            || value.is_exactly(&crate::complex::PyComplex_Type);
        if reader.at >= reader.end && !is_written_in_place {
            out.push_last(&rendered);
        } else {
            out.push_text(text(&rendered));
        }
    }
    out.finish()
}

fn format_with(
    template: &PyASCIIObject,
    positional: Option<&PyTupleObject>,
    named: Option<&PyObject>,
) -> PyResult {
    let mut fields = Fields {
        positional,
        named,
        numbering: Numbering::Undecided,
        next: 0,
    };
    Ok(expand(
        template,
        (0, template.length.get() as usize),
        &mut fields,
        2,
    )?
    .upcast())
}

pub(super) fn unicode_format(
    template: &PyASCIIObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    format_with(
        template,
        Some(args),
        kwargs.map(|kwargs| kwargs.as_object()),
    )
}

pub(super) fn unicode_format_map(template: &PyASCIIObject, mapping: &PyObject) -> PyResult {
    format_with(template, None, Some(mapping))
}

pub(super) fn unicode_dunder_format(object: &PyASCIIObject, spec: &PyObject) -> PyResult {
    let spec = expect_str(spec, "__format__", "argument")?;
    Ok(format_str(object, spec)?.upcast())
}

/// `_PyUnicode_FormatAdvancedWriter`.
pub fn format_str(object: &PyASCIIObject, spec: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    let is_exact = object.as_object().is_exactly(&PyUnicode_Type);
    if spec.length.get() == 0 {
        return if is_exact {
            Ok(Own::new(object))
        } else {
            object::str(object.as_object())
        };
    }
    let type_name = object.as_object().type_().name();
    let parsed = parse_format_spec(spec, type_name, b's', b'<')?;
    if parsed.kind != u32::from(b's') {
        return Err(value_error(format_spec::unknown_presentation_type(
            parsed.kind,
            type_name,
        )));
    }
    format_spec::check_string_spec(&parsed).map_err(|error| spec_error(error, spec, type_name))?;
    let characters = text(object);
    let shown = characters.slice(
        0,
        characters.len().min(parsed.precision.unwrap_or(usize::MAX)),
    );
    let (left, right) = format_spec::padding(shown.len(), parsed.width, parsed.align);
    if left + right == 0 && shown.len() == characters.len() {
        if characters.is_empty() {
            return Ok(empty());
        }
        return Ok(Own::new(object));
    }
    let mut out = Writer::with_capacity(shown.len() + left + right);
    out.push_fill(parsed.fill, left);
    out.push_text(shown);
    out.push_fill(parsed.fill, right);
    out.finish()
}

/// `_string.formatter_parser`: tuples of literal, field name, specification and conversion.
pub fn formatter_parser(template: &PyASCIIObject) -> PyResult<Vec<Own>> {
    let characters = text(template);
    let mut reader = Reader {
        characters,
        at: 0,
        end: characters.len(),
    };
    let mut parts = Vec::new();
    while let Some(markup) = reader.next_markup()? {
        let literal = substring(template, markup.literal.0, markup.literal.1)?.upcast();
        let none = crate::singletons::none;
        let part = match markup.field {
            None => vec![literal, none(), none(), none()],
            Some(field) => {
                let name = substring(template, field.name.0, field.name.1)?.upcast();
                let spec = substring(template, field.spec.0, field.spec.1)?.upcast();
                let conversion = match field.conversion {
                    Some(conversion) => super::from_char(conversion)?.upcast(),
                    None => none(),
                };
                vec![literal, name, spec, conversion]
            }
        };
        parts.push(tuple::from_vec(part)?.upcast());
    }
    Ok(parts)
}

/// `_string.formatter_field_name_split`: the first part, and the steps as pairs of "is attribute"
/// and name or index.
pub fn formatter_field_name_split(name: &PyASCIIObject) -> PyResult<(Own, Vec<Own>)> {
    let characters = text(name);
    let end = characters.len();
    let mut at = (0..end)
        .find(|&index| matches!(char::from_u32(characters.at(index)), Some('.' | '[')))
        .unwrap_or(end);
    let part = |start: usize, stop: usize| match integer_of(characters.slice(start, stop))? {
        Some(number) => long::from_usize(number),
        None => Ok(substring(name, start, stop)?.upcast()),
    };
    let first = part(0, at)?;
    let mut steps = Vec::new();
    while at < end {
        let (step, next) = next_step(characters, at, end)?;
        let (is_attribute, value) = match step {
            Step::Attribute(start, stop) => (true, substring(name, start, stop)?.upcast()),
            Step::Item(start, stop) => (false, part(start, stop)?),
        };
        steps.push(
            tuple::from_vec(vec![crate::singletons::bool_object(is_attribute), value])?.upcast(),
        );
        at = next;
    }
    Ok((first, steps))
}
