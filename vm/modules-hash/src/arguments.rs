//! What the constructors and methods of digests take, and how results are shown.

use crate::prelude::*;

/// `GET_BUFFER_VIEW_OR_ERROUT`: what is to be mixed in.
pub fn message(data: &PyObject) -> PyResult<Buffer<'_>> {
    if data.downcast_ref::<PyASCIIObject>().is_some() {
        return Err(type_error("Strings must be encoded before hashing"));
    }
    if !twinheap_objects::buffer::is_exporter(data) {
        return Err(type_error("object supporting the buffer API required"));
    }
    Buffer::of(data)
}

/// `_PyLong_UnsignedLong_Converter`, with what is said of an int that is too large.
pub fn unsigned(object: &PyObject, complaint: &str) -> PyResult<u64> {
    let Some(number) = object.downcast_ref::<PyLongObject>() else {
        return Err(type_error("an integer is required"));
    };
    if number.ob_base.ob_size.get() < 0 {
        return Err(value_error("value must be positive"));
    }
    let digits = long::digits(number).iter().rev();
    let wide = digits.copied().try_fold(0u128, |sum, digit| {
        sum.checked_mul(1 << 30)?.checked_add(u128::from(digit))
    });
    wide.and_then(|wide| u64::try_from(wide).ok())
        .ok_or_else(|| overflow_error(complaint))
}

/// Bytes as a digest.
pub fn as_bytes(data: &[u8]) -> PyResult {
    Ok(bytes::from_slice(data)?.upcast())
}

/// Bytes as the hexadecimal digits of a digest.
pub fn as_hex(data: &[u8]) -> PyResult {
    let text: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(unicode::from_str(&text)?.upcast())
}
