//! What str methods ask of their arguments, and format specifications as str.

use super::{Writer, as_utf8, from_str, text};
use crate::abstract_;
use crate::call;
use crate::errors::{PyResult, Raised, raise_object, type_error, value_error};
use crate::exceptions::PyExc_ValueError;
use crate::long;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::ucd_bridge as ucd;
use twinheap_abi::*;
use twinheap_arith::format_spec::{self, Field, FormatSpec, SpecError};

/// The argument as a str, for a function that Argument Clinic parses: `what` is `argument`,
/// `argument 1` or `argument 'name'`.
pub fn expect_str<'a>(
    object: &'a PyObject,
    function: &str,
    what: &str,
) -> PyResult<&'a PyASCIIObject> {
    object.downcast_ref::<PyASCIIObject>().ok_or_else(|| {
        type_error(format_args!(
            "{function}() {what} must be str, not {:.50}",
            type_name_or_none(object)
        ))
    })
}

/// The argument as text that C reads: Argument Clinic's `str`.
pub fn expect_text<'a>(
    object: &'a PyObject,
    function: &str,
    what: &str,
) -> PyResult<&'a PyASCIIObject> {
    c_text(expect_str(object, function, what)?)
}

/// The same for an argument that may be left out.
pub fn expect_optional_text<'a>(
    object: Option<&'a PyObject>,
    function: &str,
    what: &str,
) -> PyResult<Option<&'a PyASCIIObject>> {
    object
        .map(|object| expect_text(object, function, what))
        .transpose()
}

/// The same for an argument that may also be None: `str(accept={str, NoneType})`.
pub fn expect_text_or_none<'a>(
    object: Option<&'a PyObject>,
    function: &str,
    what: &str,
) -> PyResult<Option<&'a PyASCIIObject>> {
    let Some(object) = object.filter(|object| !object.is_none()) else {
        return Ok(None);
    };
    let Some(given) = object.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "{function}() {what} must be str or None, not {:.50}",
            object.type_().name()
        )));
    };
    c_text(given).map(Some)
}

/// A str that is read as UTF-8 up to its end, which the first zero character must be.
fn c_text(given: &PyASCIIObject) -> PyResult<&PyASCIIObject> {
    as_utf8(given)?;
    if text(given).contains_character(0) {
        return Err(value_error("embedded null character"));
    }
    Ok(given)
}

/// The argument parsers call None by its value.
pub fn type_name_or_none(object: &PyObject) -> &str {
    if object.is_none() {
        "None"
    } else {
        object.type_().name()
    }
}

/// The argument as a str, as most search methods want it.
pub fn ensure_unicode(object: &PyObject) -> PyResult<&PyASCIIObject> {
    object.downcast_ref::<PyASCIIObject>().ok_or_else(|| {
        type_error(format_args!(
            "must be str, not {:.100}",
            object.type_().name()
        ))
    })
}

/// `_PyEval_SliceIndex`: an optional slice index; missing and None give the default.
pub fn slice_index(object: Option<&PyObject>, default: isize) -> PyResult<isize> {
    let Some(object) = object.filter(|object| !object.is_none()) else {
        return Ok(default);
    };
    if !abstract_::has_index(object) {
        return Err(type_error(
            "slice indices must be integers or None or have an __index__ method",
        ));
    }
    clipped_index(object)
}

/// `PyNumber_AsSsize_t(object, NULL)`: too large an int is clipped.
pub fn clipped_index(object: &PyObject) -> PyResult<isize> {
    let index = abstract_::index(object)?;
    let clipped = if index.ob_size.get() < 0 {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(long::to_i64(&index).unwrap_or(clipped) as isize)
}

/// An argument of type `Py_ssize_t`: too large an int is an error.
pub fn ssize(object: &PyObject) -> PyResult<isize> {
    long::as_ssize(&*abstract_::index(object)?)
}

/// The arguments of `find` and its kin: what to look for, and the range, clipped to the length, which is
/// asked for when the code of the arguments has run.
pub fn search_arguments<'a>(
    name: &str,
    args: &[&'a PyObject],
    length: impl FnOnce() -> usize,
) -> PyResult<(&'a PyObject, isize, isize)> {
    if args.is_empty() {
        return Err(type_error(format_args!(
            "{name}() takes at least 1 argument (0 given)"
        )));
    }
    if args.len() > 3 {
        return Err(type_error(format_args!(
            "{name}() takes at most 3 arguments ({} given)",
            args.len()
        )));
    }
    let start = slice_index(args.get(1).copied(), 0)?;
    let end = slice_index(args.get(2).copied(), isize::MAX)?;
    let length = length() as isize;
    let adjust = |index: isize| {
        if index < 0 {
            (index + length).max(0)
        } else {
            index
        }
    };
    Ok((args[0], adjust(start), adjust(end.min(length))))
}

/// One optional argument of an `O` or `n` method of Argument Clinic's positional family.
pub fn one_optional<'a>(name: &str, args: &[&'a PyObject]) -> PyResult<Option<&'a PyObject>> {
    call::check_positional(name, args.len(), 0, 1)?;
    Ok(args.first().copied())
}

/// Parses a format specification, and words its errors.
pub fn parse_format_spec(
    spec: &PyASCIIObject,
    type_name: &str,
    default_kind: u8,
    default_align: u8,
) -> PyResult<FormatSpec> {
    let points: Vec<u32> = text(spec).iter().collect();
    format_spec::parse(&points, default_kind, default_align, ucd::decimal_value)
        .map_err(|error| spec_error(error, spec, type_name))
}

/// The ValueError of a bad specification.
#[cold]
pub fn spec_error(error: SpecError, spec: &PyASCIIObject, type_name: &str) -> Raised {
    if error != SpecError::Invalid {
        return value_error(error.message("", type_name));
    }
    let mut message = Writer::new();
    message.push_str("Invalid format specifier '");
    message.push_text(text(spec));
    message.push_str(&format!("' for object of type '{type_name:.200}'"));
    match message.finish() {
        Ok(message) => raise_object(&PyExc_ValueError, Some(message.upcast())),
        Err(raised) => raised,
    }
}

/// The str of a laid out field.
pub fn from_field(field: &Field) -> PyResult<Own<PyASCIIObject>> {
    if !field.uses_fill() {
        return from_str(&format!("{}{}", field.lead, field.body));
    }
    let mut out = Writer::new();
    out.push_fill(field.fill, field.left);
    out.push_str(&field.lead);
    out.push_fill(field.fill, field.inner);
    out.push_str(&field.body);
    out.push_fill(field.fill, field.right);
    out.finish()
}

/// `_PyUnicode_TransformDecimalAndSpaceToASCII`: decimal digits of any script become ASCII ones,
/// white space becomes a blank, and text from the first other character on becomes `?`.
pub fn decimals_and_spaces_to_ascii(source: &PyASCIIObject) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.length.get() as usize);
    for character in text(source).iter() {
        out.push(match character {
            0..=127 => character as u8,
            _ if ucd::is_space(character) => b' ',
            _ => match ucd::decimal_value(character) {
                Some(digit) => b'0' + digit as u8,
                None => {
                    out.push(b'?');
                    break;
                }
            },
        });
    }
    out
}

/// The object as a borrowed argument of a method call.
pub fn borrowed(text: &PyASCIIObject) -> &PyObject {
    text.as_object()
}
