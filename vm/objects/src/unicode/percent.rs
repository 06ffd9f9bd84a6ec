//! `%` formatting of str (`PyUnicode_Format`).

use super::{Text, Writer, text};
use crate::errors::{self, PyResult, overflow_error, type_error, value_error};
use crate::exceptions::PyExc_TypeError;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::{abstract_, float, long, memory, tuple};
use twinheap_abi::*;
use twinheap_arith::digits as kernel;
use twinheap_arith::float::{FormatCode, FormatFlags, double_to_string};
use twinheap_arith::percent::{Amount, Flags, PercentError, Reader};

/// The arguments: a tuple's items one by one, or one object; `next` is how many were used.
struct Arguments<'a> {
    whole: &'a PyObject,
    items: &'a [&'a PyObject],
    next: usize,
    mapping: bool,
    /// The value of the last key, which is the one argument of its specifier.
    keyed: Option<Own>,
}

impl<'a> Arguments<'a> {
    fn new(whole: &'a PyObject, single: &'a [&'a PyObject]) -> Arguments<'a> {
        let tuple = whole.downcast_ref::<PyTupleObject>();
        let mapping = abstract_::is_mapping(whole)
            && tuple.is_none()
            && whole.downcast_ref::<PyASCIIObject>().is_none();
        Arguments {
            whole,
            items: tuple.map_or(single, tuple::items),
            next: 0,
            mapping,
            keyed: None,
        }
    }

    fn take(&mut self) -> PyResult {
        if let Some(value) = self.keyed.take() {
            return Ok(value);
        }
        match self.items.get(self.next) {
            Some(item) => {
                self.next += 1;
                Ok(Own::new(item))
            }
            None => Err(type_error("not enough arguments for format string")),
        }
    }
}

struct Specifier {
    flags: Flags,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: u32,
    conversion_index: usize,
}

/// `str % args`.
pub fn format(template: &PyASCIIObject, args: &PyObject) -> PyResult {
    let characters = text(template);
    let single = [args];
    let mut arguments = Arguments::new(args, &single);
    let mut out = Writer::with_capacity(characters.len() + 100);
    let mut at = 0;
    while at < characters.len() {
        let rest = characters.slice(at, characters.len());
        let plain = rest.find(Text::Ucs1(b"%")).unwrap_or(rest.len());
        if plain == characters.len() {
            out.push_last(template);
            break;
        }
        out.push_text(rest.slice(0, plain));
        at += plain;
        if at == characters.len() {
            break;
        }
        at = format_one(&mut out, characters, at + 1, &mut arguments)?;
    }
    if arguments.next < arguments.items.len() && !arguments.mapping {
        return Err(type_error(
            "not all arguments converted during string formatting",
        ));
    }
    Ok(out.finish()?.upcast())
}

fn percent_error(error: PercentError) -> errors::Raised {
    value_error(match error {
        PercentError::IncompleteKey => "incomplete format key",
        PercentError::WidthTooBig => "width too big",
        PercentError::PrecisionTooBig => "precision too big",
    })
}

/// The width that an argument gives; the smallest number has no positive one and asks for no width.
pub fn width_of(given: isize) -> usize {
    given.checked_abs().unwrap_or(0) as usize
}

/// Reads one specifier from behind its percent sign, formats, and gives where the text goes on.
fn format_one(
    out: &mut Writer,
    characters: Text<'_>,
    at: usize,
    arguments: &mut Arguments<'_>,
) -> PyResult<usize> {
    let mut reader = Reader::new(characters.len(), at, |index| characters.at(index));
    let keyed = at < characters.len() && characters.at(at) == u32::from(b'(');
    if keyed && !arguments.mapping {
        return Err(type_error("format requires a mapping"));
    }
    if let Some((start, end)) = reader.key().map_err(percent_error)? {
        let mut name = Writer::new();
        name.push_text(characters.slice(start, end));
        let name = name.finish()?;
        arguments.keyed = Some(abstract_::get_item(arguments.whole, name.as_object())?);
        // From here on the value of a key is the only argument there is.
        arguments.items = &[];
    }
    let mut flags = reader.flags();
    let width = match reader.width().map_err(percent_error)? {
        Amount::None => None,
        Amount::Given(width) => Some(width),
        Amount::FromArguments => {
            let given = star(arguments)?;
            let width = long::as_ssize(&given)?;
            flags.left_adjust |= width < 0;
            Some(width_of(width))
        }
    };
    let precision = match reader.precision().map_err(percent_error)? {
        Amount::None => None,
        Amount::Given(precision) => Some(precision),
        Amount::FromArguments => {
            let given = star(arguments)?;
            Some(long::as_int(given.as_object())?.max(0) as usize)
        }
    };
    let Some((conversion, conversion_index)) = reader.conversion() else {
        return Err(value_error("incomplete format"));
    };
    if conversion == u32::from(b'%') && reader.position() == at + 1 {
        out.push_character(conversion);
        return Ok(reader.position());
    }
    let end = reader.position();
    let specifier = Specifier {
        flags,
        width,
        precision,
        conversion,
        conversion_index,
    };
    let value = arguments.take()?;
    if let Some(shown) = text_of(&specifier, &value)? {
        put_text(out, &specifier, &shown, end == characters.len())?;
    } else {
        convert(out, &specifier, &value)?;
    }
    arguments.keyed = None;
    Ok(end)
}

fn star(arguments: &mut Arguments<'_>) -> PyResult<Own<PyLongObject>> {
    arguments
        .take()?
        .downcast::<PyLongObject>()
        .map_err(|_| type_error("* wants int"))
}

/// The text of a conversion that shows any object.
fn text_of(specifier: &Specifier, value: &PyObject) -> PyResult<Option<Own<PyASCIIObject>>> {
    Ok(Some(match char::from_u32(specifier.conversion) {
        Some('s') => object::str(value)?,
        Some('r') => object::repr(value)?,
        Some('a') => object::ascii(value)?,
        _ => return Ok(None),
    }))
}

/// Adds a text; the last one that is neither cut nor filled may be the result itself.
fn put_text(
    out: &mut Writer,
    specifier: &Specifier,
    shown: &PyASCIIObject,
    is_last: bool,
) -> PyResult<()> {
    let length = shown.length.get() as usize;
    let is_whole = specifier.width.is_none_or(|width| width <= length)
        && specifier
            .precision
            .is_none_or(|precision| precision >= length)
        && !specifier.flags.sign
        && !specifier.flags.blank;
    if is_whole && is_last {
        out.push_last(shown);
        return Ok(());
    }
    put(out, specifier, text(shown), false)
}

fn convert(out: &mut Writer, specifier: &Specifier, value: &PyObject) -> PyResult<()> {
    match char::from_u32(specifier.conversion).unwrap_or('\u{fffd}') {
        'i' | 'd' | 'u' | 'o' | 'x' | 'X' => {
            let number = integer_text(specifier, value)?;
            put(out, specifier, Text::Ucs1(number.as_bytes()), true)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = float_text(specifier, value)?;
            put(out, specifier, Text::Ucs1(number.as_bytes()), true)
        }
        'c' => put(out, specifier, Text::Ucs4(&[character(value)?]), false),
        _ => {
            let code = specifier.conversion;
            let shown = if (31..=126).contains(&code) {
                code as u8 as char
            } else {
                '?'
            };
            Err(value_error(format_args!(
                "unsupported format character '{shown}' (0x{code:x}) at index {}",
                specifier.conversion_index
            )))
        }
    }
}

fn character(value: &PyObject) -> PyResult<u32> {
    if let Some(text_value) = value.downcast_ref::<PyASCIIObject>() {
        if text_value.length.get() == 1 {
            return Ok(text(text_value).at(0));
        }
        return Err(type_error("%c requires int or char"));
    }
    let number = match abstract_::index(value) {
        Ok(number) => number,
        Err(_) if errors::matches(&PyExc_TypeError) => {
            errors::clear();
            return Err(type_error("%c requires int or char"));
        }
        Err(raised) => return Err(raised),
    };
    match long::to_i64(&number) {
        Some(point @ 0..=0x10_ffff) => Ok(point as u32),
        _ => Err(overflow_error("%c arg not in range(0x110000)")),
    }
}

/// The int a number conversion works on; what is no number is named with the conversion.
pub(crate) fn integer_of(conversion: char, value: &PyObject) -> PyResult<Own<PyLongObject>> {
    let in_base = matches!(conversion, 'o' | 'x' | 'X');
    if let Some(int) = value.downcast_ref::<PyLongObject>() {
        return Ok(Own::new(int));
    }
    let wanted = if in_base {
        "an integer"
    } else {
        "a real number"
    };
    let wrong = || {
        type_error(format_args!(
            "%{conversion} format: {wanted} is required, not {:.200}",
            value.type_().name()
        ))
    };
    if !crate::abstract_::is_number(value) {
        return Err(wrong());
    }
    let converted = match in_base {
        true => abstract_::index(value),
        // SAFETY: the conversion gives an int.
        false => long::from_object(value).map(|made| unsafe { made.cast() }),
    };
    converted.map_err(|raised| match errors::matches(&PyExc_TypeError) {
        true => {
            errors::clear();
            wrong()
        }
        false => raised,
    })
}

/// `_PyUnicode_FormatLong`: digits with at least `precision` of them, a prefix for `#`.
pub(crate) fn integer_digits(
    number: &PyLongObject,
    conversion: char,
    alternate: bool,
    precision: usize,
) -> PyResult<String> {
    let (prefix, base) = match conversion {
        'o' => ("0o", 8u32),
        'x' => ("0x", 16),
        'X' => ("0X", 16),
        _ => ("", 10),
    };
    let digits = match base {
        10 => long::to_decimal(number)?.trim_start_matches('-').to_owned(),
        _ => kernel::to_power_of_two_base(long::digits(number), base.trailing_zeros()),
    };
    let digits = if conversion == 'X' {
        digits.to_ascii_uppercase()
    } else {
        digits
    };
    let sign = if number.ob_size.get() < 0 { "-" } else { "" };
    let prefix = if alternate { prefix } else { "" };
    // A width of the formatting machinery has 16 bits only, so the zeros are put one by one.
    let missing = precision.saturating_sub(digits.len());
    let mut made = Vec::new();
    memory::reserve(
        &mut made,
        sign.len() + prefix.len() + missing + digits.len(),
    )?;
    made.extend_from_slice(sign.as_bytes());
    made.extend_from_slice(prefix.as_bytes());
    made.resize(made.len() + missing, b'0');
    made.extend_from_slice(digits.as_bytes());
    Ok(String::from_utf8(made).unwrap_or_default())
}

fn integer_text(specifier: &Specifier, value: &PyObject) -> PyResult<String> {
    let conversion = specifier.conversion as u8 as char;
    let number = integer_of(conversion, value)?;
    let precision = specifier.precision.unwrap_or(0);
    if precision > i32::MAX as usize - 3 {
        return Err(overflow_error("precision too large"));
    }
    integer_digits(&number, conversion, specifier.flags.alternate, precision)
}

/// The text of a float conversion, without padding.
pub(crate) fn float_digits(
    value: f64,
    conversion: char,
    alternate: bool,
    precision: Option<usize>,
) -> String {
    let code = match conversion.to_ascii_lowercase() {
        'e' => FormatCode::Exponent,
        'f' => FormatCode::Fixed,
        _ => FormatCode::General,
    };
    let upper = conversion.is_ascii_uppercase();
    let flags = FormatFlags {
        alternate,
        upper,
        ..FormatFlags::default()
    };
    double_to_string(value, code, precision.unwrap_or(6), flags)
}

fn float_text(specifier: &Specifier, value: &PyObject) -> PyResult<String> {
    let value = float::as_double(value)?;
    let conversion = specifier.conversion as u8 as char;
    memory::probe(specifier.precision.unwrap_or(0).saturating_mul(3))?;
    Ok(float_digits(
        value,
        conversion,
        specifier.flags.alternate,
        specifier.precision,
    ))
}

/// Writes a converted value with sign, prefix and padding.
fn put(out: &mut Writer, specifier: &Specifier, value: Text<'_>, is_number: bool) -> PyResult<()> {
    let mut body = value;
    let flags = specifier.flags;
    let plain = specifier.width.is_none() && specifier.precision.is_none();
    if plain && !(is_number && (flags.sign || flags.blank)) {
        out.push_text(body);
        return Ok(());
    }
    let is_text = matches!(specifier.conversion as u8, b's' | b'r' | b'a');
    if is_text && let Some(precision) = specifier.precision {
        body = body.slice(0, body.len().min(precision));
    }
    let mut lead = String::new();
    if is_number && let Text::Ucs1(bytes) = value {
        let ascii = str::from_utf8(bytes).unwrap_or_default();
        let (sign, digits) = match ascii.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None if flags.sign => ("+", ascii),
            None if flags.blank => (" ", ascii),
            None => ("", ascii),
        };
        let in_base = matches!(specifier.conversion as u8, b'o' | b'x' | b'X');
        let (prefix, digits) = digits.split_at(if flags.alternate && in_base { 2 } else { 0 });
        lead = format!("{sign}{prefix}");
        body = Text::Ucs1(digits.as_bytes());
    }
    let missing = specifier
        .width
        .unwrap_or(0)
        .saturating_sub(lead.len() + body.len());
    out.reserve(missing)?;
    let zeros = is_number && flags.zero;
    if flags.left_adjust {
        out.push_str(&lead);
        out.push_text(body);
        out.push_fill(u32::from(b' '), missing);
        return Ok(());
    }
    if zeros {
        out.push_str(&lead);
        out.push_fill(u32::from(b'0'), missing);
    } else {
        out.push_fill(u32::from(b' '), missing);
        out.push_str(&lead);
    }
    out.push_text(body);
    Ok(())
}

pub(super) fn unicode_mod(left: &PyObject, right: &PyObject) -> PyResult {
    match left.downcast_ref::<PyASCIIObject>() {
        Some(template) => format(template, right),
        None => Ok(crate::singletons::not_implemented()),
    }
}
