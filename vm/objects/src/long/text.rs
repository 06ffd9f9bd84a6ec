//! Ints from text and doubles, and their decimal text, with the limit on its length.

use super::{PyLong_Type, digits, from_integer, is_medium, medium_value, signed};
use crate::errors::{PyResult, overflow_error, raise_object, value_error};
use crate::exceptions::PyExc_ValueError;
use crate::object::{self, ObjectExt};
use crate::own::{Layout, Own};
use crate::state::Global;
use crate::unicode::{self, Writer};
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_arith::digits::{self as kernel, ParseIntError};

/// `sys.get_int_max_str_digits()`: how many decimal digits may be converted; 0 is no limit.
static INT_MAX_STR_DIGITS: Global<Cell<usize>> = Global(Cell::new(4300));

/// The limit on decimal digits.
pub fn max_str_digits() -> usize {
    INT_MAX_STR_DIGITS.get()
}

/// Sets the limit on decimal digits.
pub fn set_max_str_digits(limit: usize) {
    INT_MAX_STR_DIGITS.set(limit);
}

/// The decimal text.
pub fn to_decimal(long: &PyLongObject) -> PyResult<String> {
    if is_medium(long) {
        return Ok(medium_value(long).to_string());
    }
    kernel::to_decimal(signed(long), max_str_digits()).ok_or_else(|| {
        value_error(format_args!(
            "Exceeds the limit ({} digits) for integer string conversion; \
             use sys.set_int_max_str_digits() to increase the limit",
            max_str_digits()
        ))
    })
}

/// `_PyLong_Format`: the text in a base, with the prefix of bases 2, 8 and 16.
pub fn format_in_base(long: &PyLongObject, base: u32) -> PyResult<String> {
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        16 => "0x",
        _ => return to_decimal(long),
    };
    let sign = if long.ob_size.get() < 0 { "-" } else { "" };
    let text = kernel::to_power_of_two_base(digits(long), base.trailing_zeros());
    Ok(format!("{sign}{prefix}{text}"))
}

pub(super) fn long_to_decimal_string(long: &PyLongObject) -> PyResult {
    // A new str each time, even of one character.
    let text = to_decimal(long)?;
    Ok(unicode::new_ucs1(text.as_bytes())?.upcast())
}

fn parse(text: &[u8], base: u32, source: &PyObject) -> PyResult {
    match kernel::parse_int(text, base, max_str_digits()) {
        Ok(value) => from_integer(&value),
        Err(ParseIntError::TooManyDigits { digits }) => Err(value_error(format_args!(
            "Exceeds the limit ({} digits) for integer string conversion: value has {digits} digits; \
             use sys.set_int_max_str_digits() to increase the limit",
            max_str_digits()
        ))),
        Err(ParseIntError::InvalidBase) => Err(value_error("int() arg 2 must be >= 2 and <= 36")),
        Err(ParseIntError::InvalidLiteral) => Err(invalid_literal(base, source)?),
    }
}

/// The complaint shows at most 200 characters of the source's repr.
#[cold]
fn invalid_literal(base: u32, source: &PyObject) -> PyResult<crate::errors::Raised> {
    let repr = object::repr(source)?;
    let mut message = Writer::new();
    message.push_str(&format!("invalid literal for int() with base {base}: "));
    message.push_text(unicode::text(&repr).slice(0, unicode::text(&repr).len().min(200)));
    Ok(raise_object(
        &PyExc_ValueError,
        Some(message.finish()?.upcast()),
    ))
}

/// `PyLong_FromUnicodeObject`.
pub fn from_unicode(source: &PyASCIIObject, base: u32) -> PyResult {
    if let Some(ascii) = unicode::as_ascii(source) {
        return parse(ascii.as_bytes(), base, source.as_object());
    }
    parse(
        &unicode::decimals_and_spaces_to_ascii(source),
        base,
        source.as_object(),
    )
}

/// `_PyLong_FromBytes`; a bad literal is reported as a bytes object of its first 200 bytes.
pub fn from_bytes_text(text: &[u8], base: u32) -> PyResult {
    if kernel::parse_int(text, base, 0) == Err(ParseIntError::InvalidLiteral) {
        let shown = crate::bytes::from_slice(&text[..text.len().min(200)])?;
        return Err(invalid_literal(base, shown.as_object())?);
    }
    parse(text, base, &crate::singletons::_Py_NoneStruct)
}

/// `PyLong_FromDouble`.
pub fn from_f64(value: f64) -> PyResult {
    if value.is_infinite() {
        return Err(overflow_error("cannot convert float infinity to integer"));
    }
    if value.is_nan() {
        return Err(value_error("cannot convert float NaN to integer"));
    }
    from_integer(&kernel::from_f64(value))
}

/// Whether the object's type is int itself.
pub fn is_exact(object: &PyObject) -> bool {
    object.is_exactly(&PyLong_Type)
}

/// An int of the same value that is no instance of a subclass.
pub fn to_exact(value: Own<PyLongObject>) -> PyResult {
    super::number::long_long(&value)
}
