//! Arguments as `PyArg_ParseTuple` takes them, and the system's errors.

use crate::prelude::*;
use std::ffi::CString;
use twinheap_objects::exceptions::raise_os_error;

/// The arguments of a function that parses a tuple: as many as it takes.
pub fn parse<'a, const N: usize>(
    args: &'a PyTupleObject,
    name: &str,
    least: usize,
) -> PyResult<[Option<&'a PyObject>; N]> {
    let given = tuple::items(args);
    if given.len() < least || given.len() > N {
        let limit = if given.len() < least { least } else { N };
        return Err(type_error(format_args!(
            "{name}() takes {} {limit} argument{} ({} given)",
            match given.len() {
                _ if least == N => "exactly",
                count if count < least => "at least",
                _ => "at most",
            },
            if limit == 1 { "" } else { "s" },
            given.len()
        )));
    }
    let mut found = [None; N];
    for (slot, value) in found.iter_mut().zip(given) {
        *slot = Some(*value);
    }
    Ok(found)
}

/// The unit `i`: a C int, with the parser's own words for what does not fit.
pub fn c_integer(object: &PyObject) -> PyResult<c_int> {
    let number = long::as_long(object)?;
    if number > i64::from(c_int::MAX) {
        return Err(overflow_error("signed integer is greater than maximum"));
    }
    if number < i64::from(c_int::MIN) {
        return Err(overflow_error("signed integer is less than minimum"));
    }
    Ok(number as c_int)
}

/// The same where the argument may be left out.
pub fn optional_integer(object: Option<&PyObject>, default: c_int) -> PyResult<c_int> {
    object.map_or(Ok(default), c_integer)
}

/// The unit `s`: text without NUL, in UTF-8.
pub fn c_text(object: &PyObject, function: &str, position: usize) -> PyResult<CString> {
    let Some(text) = object.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "{function}() argument {position} must be str, not {}",
            unicode::type_name_or_none(object)
        )));
    };
    CString::new(unicode::as_utf8(text)?).map_err(|_| value_error("embedded null character"))
}

/// The system's last error.
pub fn last_errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The system's last error as an OSError.
pub fn failure() -> errors::Raised {
    raise_os_error(last_errno(), None)
}

/// None, or the system's error where a call said -1.
pub fn outcome(result: c_int) -> PyResult {
    if result < 0 {
        Err(failure())
    } else {
        Ok(none())
    }
}

/// `PyObject_AsFileDescriptor`.
pub fn descriptor(object: &PyObject) -> PyResult<c_int> {
    let number = if object.downcast_ref::<PyLongObject>().is_some() {
        long::as_int(object)?
    } else {
        let Some(method) = object::lookup_attr(object, id!("fileno"))? else {
            return Err(type_error(
                "argument must be an int, or have a fileno() method.",
            ));
        };
        let answer = call::call(&method, &[])?;
        if answer.downcast_ref::<PyLongObject>().is_none() {
            return Err(type_error("fileno() returned a non-integer"));
        }
        long::as_int(&answer)?
    };
    if number < 0 {
        return Err(value_error(format_args!(
            "file descriptor cannot be a negative integer ({number})"
        )));
    }
    Ok(number)
}

/// An int as the system counts it.
pub fn unsigned_low(object: &PyObject) -> PyResult<u64> {
    let number = abstract_::index(object)?;
    let digits = long::digits(&number).iter().take(3).rev();
    let low = digits.fold(0u128, |sum, digit| sum << 30 | u128::from(*digit)) as u64;
    let negative = number.ob_base.ob_size.get() < 0;
    Ok(if negative { low.wrapping_neg() } else { low })
}

/// C text as a str.
///
/// # Safety
/// `text` is null or ends with NUL.
pub unsafe fn decoded(text: *const std::ffi::c_char) -> PyResult {
    if text.is_null() {
        return Ok(none());
    }
    // SAFETY: by contract.
    let text = unsafe { std::ffi::CStr::from_ptr(text) };
    twinheap_objects::paths::decode_path(text.to_bytes())
}

pub fn int(value: impl Into<i64>) -> PyResult {
    Ok(long::from_i64(value.into())?.upcast())
}

pub fn text(value: &str) -> PyResult {
    Ok(unicode::from_str(value)?.upcast())
}

pub fn pack(values: Vec<Own>) -> PyResult {
    Ok(tuple::from_vec(values)?.upcast())
}

/// `_Py_Uid_Converter` and its sibling: -1 stands for no identity.
pub fn identity(object: &PyObject, what: &str) -> PyResult<u32> {
    if !abstract_::has_index(object) {
        return Err(type_error(format_args!(
            "{what} should be integer, not {:.200}",
            object.type_().name()
        )));
    }
    let number = abstract_::index(object)?;
    let small = match long::to_i64(&number) {
        Some(-1) => return Ok(u32::MAX),
        Some(value) => match u32::try_from(value) {
            Ok(value) => return Ok(value),
            Err(_) => true,
        },
        None => number.ob_base.ob_size.get() < 0,
    };
    Err(overflow_error(format_args!(
        "{what} is {} than {}imum",
        if small { "less" } else { "greater" },
        if small { "min" } else { "max" }
    )))
}
