//! The format specification mini-language of `format(value, spec)`, and the layout of fields.
//!
//! A spec is parsed into a [`FormatSpec`]; a number's text is laid out by [`format_number`] into a
//! [`Field`], which says what to write without caring how strings are stored.

use crate::float::{FormatCode, FormatFlags, double_to_string};

/// How thousands are separated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Not at all.
    #[default]
    None,
    /// `,` every three digits.
    Comma,
    /// `_` every three digits.
    Underscore,
    /// `_` every four digits (binary, octal, hexadecimal).
    UnderscoreFour,
}

/// A parsed specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// The fill character.
    pub fill: u32,
    /// `<`, `>`, `=` or `^`.
    pub align: u8,
    /// `#` was given.
    pub alternate: bool,
    /// `z` was given.
    pub no_negative_zero: bool,
    /// `+`, `-`, a space, or 0.
    pub sign: u8,
    /// The width, when given.
    pub width: Option<usize>,
    /// The separator.
    pub grouping: Grouping,
    /// The precision, when given.
    pub precision: Option<usize>,
    /// The presentation type, or the type's default, which may be 0.
    pub kind: u32,
}

/// Why a specification is refused. [`SpecError::message`] gives CPython's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// A width or precision beyond the largest size.
    TooManyDigits,
    /// Both separators.
    CommaAndUnderscore,
    /// A point without digits.
    MissingPrecision,
    /// Text behind the presentation type; the message names the spec and the type.
    Invalid,
    /// A separator that the presentation type does not take.
    Grouping {
        /// `,` or `_`.
        separator: char,
        /// The presentation type.
        kind: u32,
    },
    /// A precision beyond the largest int.
    PrecisionTooBig,
    /// A refusal with fixed words.
    Fixed(&'static str),
}

impl SpecError {
    /// The message of the ValueError, given the text of the spec and the value's type name.
    pub fn message(self, spec: &str, type_name: &str) -> String {
        match self {
            SpecError::TooManyDigits => "Too many decimal digits in format string".to_owned(),
            SpecError::CommaAndUnderscore => "Cannot specify both ',' and '_'.".to_owned(),
            SpecError::MissingPrecision => "Format specifier missing precision".to_owned(),
            SpecError::Invalid => {
                format!("Invalid format specifier '{spec}' for object of type '{type_name:.200}'")
            }
            SpecError::Grouping { separator, kind } => {
                format!("Cannot specify '{separator}' with '{}'.", show_kind(kind))
            }
            SpecError::PrecisionTooBig => "precision too big".to_owned(),
            SpecError::Fixed(words) => words.to_owned(),
        }
    }
}

fn show_kind(kind: u32) -> String {
    match char::from_u32(kind) {
        Some(character) if kind > 32 && kind < 128 => character.to_string(),
        _ => format!("\\x{kind:x}"),
    }
}

/// The message for a presentation type that the value's type does not know.
pub fn unknown_presentation_type(kind: u32, type_name: &str) -> String {
    format!(
        "Unknown format code '{}' for object of type '{type_name:.200}'",
        show_kind(kind)
    )
}

struct Cursor<'a, D> {
    text: &'a [u32],
    position: usize,
    to_decimal: D,
}

impl<D: Fn(u32) -> Option<u32>> Cursor<'_, D> {
    fn peek(&self, offset: usize) -> Option<u32> {
        self.text.get(self.position + offset).copied()
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.peek(0) == Some(character as u32);
        self.position += usize::from(found);
        found
    }

    fn align_at(&self, offset: usize) -> Option<u8> {
        let character = char::from_u32(self.peek(offset)?)?;
        matches!(character, '<' | '>' | '=' | '^').then_some(character as u8)
    }

    fn number(&mut self) -> Result<Option<usize>, SpecError> {
        let mut value = None;
        while let Some(digit) = self.peek(0).and_then(&self.to_decimal) {
            let sum = value.unwrap_or(0usize);
            if sum > (isize::MAX as usize - digit as usize) / 10 {
                return Err(SpecError::TooManyDigits);
            }
            value = Some(sum * 10 + digit as usize);
            self.position += 1;
        }
        Ok(value)
    }
}

/// Parses a specification. `to_decimal` gives the value of a decimal digit of any script;
/// `default_align` is `>` for numbers and `<` for text.
pub fn parse(
    text: &[u32],
    default_kind: u8,
    default_align: u8,
    to_decimal: impl Fn(u32) -> Option<u32>,
) -> Result<FormatSpec, SpecError> {
    let mut cursor = Cursor {
        text,
        position: 0,
        to_decimal,
    };
    let mut spec = FormatSpec {
        fill: u32::from(b' '),
        align: default_align,
        alternate: false,
        no_negative_zero: false,
        sign: 0,
        width: None,
        grouping: Grouping::None,
        precision: None,
        kind: u32::from(default_kind),
    };
    let (fill_given, align_given) = parse_align(&mut cursor, &mut spec);
    if let Some(sign @ (0x20 | 0x2b | 0x2d)) = cursor.peek(0) {
        spec.sign = sign as u8;
        cursor.position += 1;
    }
    spec.no_negative_zero = cursor.eat('z');
    spec.alternate = cursor.eat('#');
    if !fill_given && cursor.eat('0') {
        spec.fill = u32::from(b'0');
        if !align_given && default_align == b'>' {
            spec.align = b'=';
        }
    }
    spec.width = cursor.number()?;
    parse_grouping(&mut cursor, &mut spec)?;
    if cursor.eat('.') {
        spec.precision = Some(cursor.number()?.ok_or(SpecError::MissingPrecision)?);
    }
    match &text[cursor.position..] {
        [] => {}
        [kind] => spec.kind = *kind,
        _ => return Err(SpecError::Invalid),
    }
    check_grouping(&mut spec)?;
    Ok(spec)
}

fn parse_align<D: Fn(u32) -> Option<u32>>(
    cursor: &mut Cursor<'_, D>,
    spec: &mut FormatSpec,
) -> (bool, bool) {
    if let (Some(fill), Some(align)) = (cursor.peek(0), cursor.align_at(1)) {
        (spec.fill, spec.align) = (fill, align);
        cursor.position += 2;
        return (true, true);
    }
    if let Some(align) = cursor.align_at(0) {
        spec.align = align;
        cursor.position += 1;
        return (false, true);
    }
    (false, false)
}

fn parse_grouping<D: Fn(u32) -> Option<u32>>(
    cursor: &mut Cursor<'_, D>,
    spec: &mut FormatSpec,
) -> Result<(), SpecError> {
    if cursor.eat(',') {
        spec.grouping = Grouping::Comma;
    }
    if cursor.eat('_') {
        if spec.grouping != Grouping::None {
            return Err(SpecError::CommaAndUnderscore);
        }
        spec.grouping = Grouping::Underscore;
    }
    if spec.grouping == Grouping::Underscore && cursor.peek(0) == Some(u32::from(b',')) {
        return Err(SpecError::CommaAndUnderscore);
    }
    Ok(())
}

fn check_grouping(spec: &mut FormatSpec) -> Result<(), SpecError> {
    let kind = char::from_u32(spec.kind).unwrap_or('?');
    match (spec.grouping, kind) {
        (Grouping::None, _) | (_, 'd' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F' | '\0') => Ok(()),
        (Grouping::Underscore, 'b' | 'o' | 'x' | 'X') => {
            spec.grouping = Grouping::UnderscoreFour;
            Ok(())
        }
        (grouping, _) => {
            let separator = if grouping == Grouping::Comma {
                ','
            } else {
                '_'
            };
            Err(SpecError::Grouping {
                separator,
                kind: spec.kind,
            })
        }
    }
}

/// A laid out number: `left` fills, `lead` (sign and prefix), `inner` fills, `body`, `right` fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The fill character.
    pub fill: u32,
    /// Fills on the left.
    pub left: usize,
    /// The sign and the prefix.
    pub lead: String,
    /// Fills between the prefix and the digits.
    pub inner: usize,
    /// Everything else.
    pub body: String,
    /// Fills on the right.
    pub right: usize,
}

impl Field {
    /// A field without padding.
    pub fn plain(body: String) -> Field {
        Field {
            fill: u32::from(b' '),
            left: 0,
            lead: String::new(),
            inner: 0,
            body,
            right: 0,
        }
    }

    /// How many code points the field has.
    pub fn length(&self) -> usize {
        self.left + self.lead.len() + self.inner + self.body.chars().count() + self.right
    }

    /// Whether the fill character appears at all.
    pub fn uses_fill(&self) -> bool {
        self.left + self.inner + self.right > 0
    }

    /// The field's code points, in order.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let fill = |count| std::iter::repeat_n(self.fill, count);
        let text = |text: &'_ str| text.chars().map(u32::from).collect::<Vec<u32>>();
        fill(self.left)
            .chain(text(&self.lead))
            .chain(fill(self.inner))
            .chain(text(&self.body))
            .chain(fill(self.right))
    }
}

/// How much of the padding goes to the left and right of text of this length.
pub fn padding(length: usize, width: Option<usize>, align: u8) -> (usize, usize) {
    let total = width.unwrap_or(0).saturating_sub(length);
    let left = match align {
        b'>' => total,
        b'^' => total / 2,
        _ => 0,
    };
    (left, total - left)
}

/// Lays out a number: `digits` (grouped), then `rest` (the point and what follows it).
fn lay_out(spec: &FormatSpec, negative: bool, prefix: &str, digits: &str, rest: &str) -> Field {
    let mut lead = String::new();
    match (negative, spec.sign) {
        (true, _) => lead.push('-'),
        (false, b'+') => lead.push('+'),
        (false, b' ') => lead.push(' '),
        _ => {}
    }
    lead.push_str(prefix);
    let rest_length = rest.chars().count();
    let zero_padded = spec.fill == u32::from(b'0') && spec.align == b'=';
    let least = match zero_padded {
        true => spec
            .width
            .unwrap_or(0)
            .saturating_sub(lead.len() + rest_length),
        false => 0,
    };
    let mut body = if digits.is_empty() {
        String::new()
    } else {
        group(digits, spec.grouping, least)
    };
    let used = lead.len() + body.len() + rest_length;
    body.push_str(rest);
    let missing = spec.width.unwrap_or(0).saturating_sub(used);
    let mut field = Field {
        fill: spec.fill,
        left: 0,
        lead,
        inner: 0,
        body,
        right: 0,
    };
    match spec.align {
        b'=' => field.inner = missing,
        align => (field.left, field.right) = padding(used, spec.width, align),
    }
    field
}

/// Digits with zeros in front of them.
fn filled_up(digits: &str, least: usize) -> String {
    let mut made = "0".repeat(least.saturating_sub(digits.len()));
    made.push_str(digits);
    made
}

/// Puts separators between groups of digits, with zeros in front up to a least width. A separator
/// never comes first: where it would, one more zero stands before it.
fn group(digits: &str, grouping: Grouping, least: usize) -> String {
    let (separator, size) = match grouping {
        Grouping::None => return filled_up(digits, least),
        Grouping::Comma => (',', 3),
        Grouping::Underscore => ('_', 3),
        Grouping::UnderscoreFour => ('_', 4),
    };
    let full = |count: usize| count + (count - 1) / size;
    // The least count lies close above this one.
    let near = (least / (size + 1) * size).saturating_sub(1);
    let mut count = digits.len().max(near);
    while full(count) < least {
        count += 1;
    }
    let padded = filled_up(digits, count);
    let mut out = String::with_capacity(full(count));
    for (index, character) in padded.chars().enumerate() {
        if index > 0 && (count - index).is_multiple_of(size) {
            out.push(separator);
        }
        out.push(character);
    }
    out
}

/// Checks what an integer presentation refuses.
pub fn check_integer_spec(spec: &FormatSpec) -> Result<(), SpecError> {
    if spec.precision.is_some() {
        return Err(SpecError::Fixed(
            "Precision not allowed in integer format specifier",
        ));
    }
    if spec.no_negative_zero {
        return Err(SpecError::Fixed(
            "Negative zero coercion (z) not allowed in integer format specifier",
        ));
    }
    if spec.kind == u32::from(b'c') {
        if spec.sign != 0 {
            return Err(SpecError::Fixed(
                "Sign not allowed with integer format specifier 'c'",
            ));
        }
        if spec.alternate {
            return Err(SpecError::Fixed(
                "Alternate form (#) not allowed with integer format specifier 'c'",
            ));
        }
    }
    Ok(())
}

/// The base of an integer presentation type.
pub fn integer_base(kind: u32) -> u32 {
    match char::from_u32(kind) {
        Some('b') => 2,
        Some('o') => 8,
        Some('x' | 'X') => 16,
        _ => 10,
    }
}

/// Lays out an integer given the digits of its magnitude in the base of the presentation type.
pub fn format_integer(spec: &FormatSpec, negative: bool, digits: &str) -> Field {
    let prefix = match (spec.alternate, char::from_u32(spec.kind)) {
        (true, Some('b')) => "0b",
        (true, Some('o')) => "0o",
        (true, Some('x')) => "0x",
        (true, Some('X')) => "0X",
        _ => "",
    };
    if spec.kind == u32::from(b'X') {
        return lay_out(spec, negative, prefix, &digits.to_ascii_uppercase(), "");
    }
    lay_out(spec, negative, prefix, digits, "")
}

/// Lays out an integer presented as a character. A lone surrogate cannot stand in a Rust string:
/// the caller passes any character for it and overwrites it at [`character_position`].
pub fn format_character(spec: &FormatSpec, character: char) -> Field {
    lay_out(spec, false, "", "", character.encode_utf8(&mut [0; 4]))
}

/// Where the character stands in a field laid out by [`format_character`].
pub fn character_position(field: &Field) -> usize {
    field.left + field.lead.len() + field.inner
}

/// Checks what the presentation of text refuses.
pub fn check_string_spec(spec: &FormatSpec) -> Result<(), SpecError> {
    match spec.sign {
        0 => {}
        b' ' => {
            return Err(SpecError::Fixed(
                "Space not allowed in string format specifier",
            ));
        }
        _ => {
            return Err(SpecError::Fixed(
                "Sign not allowed in string format specifier",
            ));
        }
    }
    if spec.no_negative_zero {
        return Err(SpecError::Fixed(
            "Negative zero coercion (z) not allowed in string format specifier",
        ));
    }
    if spec.alternate {
        return Err(SpecError::Fixed(
            "Alternate form (#) not allowed in string format specifier",
        ));
    }
    if spec.align == b'=' {
        return Err(SpecError::Fixed(
            "'=' alignment not allowed in string format specifier",
        ));
    }
    Ok(())
}

/// The code and flags a float presentation type stands for.
struct FloatPresentation {
    code: FormatCode,
    precision: usize,
    flags: FormatFlags,
}

fn float_presentation(
    spec: &FormatSpec,
    default_kind_adds_dot: bool,
) -> Result<FloatPresentation, SpecError> {
    if spec
        .precision
        .is_some_and(|precision| precision > i32::MAX as usize)
    {
        return Err(SpecError::PrecisionTooBig);
    }
    let kind = char::from_u32(spec.kind).unwrap_or('\0');
    let flags = FormatFlags {
        sign: false,
        add_dot_0: kind == '\0' && default_kind_adds_dot,
        alternate: spec.alternate,
        no_negative_zero: spec.no_negative_zero,
        upper: kind.is_ascii_uppercase(),
    };
    let code = match (kind.to_ascii_lowercase(), spec.precision) {
        ('e', _) => FormatCode::Exponent,
        ('f' | '%', _) => FormatCode::Fixed,
        ('\0', None) => FormatCode::Repr,
        _ => FormatCode::General,
    };
    Ok(FloatPresentation {
        code,
        precision: spec.precision.unwrap_or(6),
        flags,
    })
}

/// Splits the text of a float into sign, digits before the point, and the rest.
fn split_float(text: &str) -> (bool, &str, &str) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    (negative, &text[..end], &text[end..])
}

/// Formats a float by a specification whose type is known to be one for floats.
pub fn format_float(spec: &FormatSpec, value: f64) -> Result<Field, SpecError> {
    let presentation = float_presentation(spec, true)?;
    let percent = spec.kind == u32::from(b'%');
    let value = if percent { value * 100.0 } else { value };
    let mut text = double_to_string(
        value,
        presentation.code,
        presentation.precision,
        presentation.flags,
    );
    if percent {
        text.push('%');
    }
    let (negative, digits, rest) = split_float(&text);
    Ok(lay_out(spec, negative, "", digits, rest))
}

/// Formats a complex number by a specification whose type is known to be one for it.
pub fn format_complex(spec: &FormatSpec, real: f64, imaginary: f64) -> Result<Field, SpecError> {
    let presentation = float_presentation(spec, false)?;
    if spec.fill == u32::from(b'0') {
        return Err(SpecError::Fixed(
            "Zero padding is not allowed in complex format specifier",
        ));
    }
    if spec.align == b'=' {
        return Err(SpecError::Fixed(
            "'=' alignment flag is not allowed in complex format specifier",
        ));
    }
    let skip_real = spec.kind == 0 && real == 0.0 && !real.is_sign_negative();
    let parentheses = spec.kind == 0 && !skip_real;
    let part = |value: f64, sign: u8| {
        let text = double_to_string(
            value,
            presentation.code,
            presentation.precision,
            presentation.flags,
        );
        let (negative, digits, rest) = split_float(&text);
        let inner = FormatSpec {
            fill: 0,
            align: b'<',
            width: None,
            sign,
            ..*spec
        };
        let field = lay_out(&inner, negative, "", digits, rest);
        format!("{}{}", field.lead, field.body)
    };
    let mut body = String::new();
    if parentheses {
        body.push('(');
    }
    if !skip_real {
        body.push_str(&part(real, spec.sign));
    }
    body.push_str(&part(imaginary, if skip_real { spec.sign } else { b'+' }));
    body.push('j');
    if parentheses {
        body.push(')');
    }
    let (left, right) = padding(body.len(), spec.width, spec.align);
    Ok(Field {
        fill: spec.fill,
        left,
        lead: String::new(),
        inner: 0,
        body,
        right,
    })
}
