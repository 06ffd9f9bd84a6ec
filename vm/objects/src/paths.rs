//! Paths as the system takes them.

use crate::errors::{PyResult, type_error, value_error};
use crate::object::{ObjectExt, TypeExt};
use crate::own::Own;
use crate::{bytes, id, types, unicode};
use std::ffi::CString;
use twinheap_abi::*;

/// `PyOS_FSPath`: a str or bytes.
pub fn fs_path(path: &PyObject) -> PyResult {
    if path.downcast_ref::<PyASCIIObject>().is_some()
        || path.downcast_ref::<PyBytesObject>().is_some()
    {
        return Ok(Own::new(path));
    }
    let Some(found) = types::call_special(path, id!("__fspath__"), &[])? else {
        return Err(type_error(format_args!(
            "expected str, bytes or os.PathLike object, not {}",
            path.type_().name()
        )));
    };
    if found.downcast_ref::<PyASCIIObject>().is_none()
        && found.downcast_ref::<PyBytesObject>().is_none()
    {
        return Err(type_error(format_args!(
            "expected {}.__fspath__() to return str or bytes, not {}",
            path.type_().name(),
            found.type_().name()
        )));
    }
    Ok(found)
}

/// The bytes of a path, ended with NUL; surrogates stand for bytes that are no UTF-8.
pub fn path_bytes(path: &PyObject) -> PyResult<CString> {
    let path = fs_path(path)?;
    let data = match path.downcast_ref::<PyASCIIObject>() {
        Some(text) => encode_path(text)?,
        None => path
            .downcast_ref::<PyBytesObject>()
            .map(|data| bytes::data_of(data).to_vec())
            .unwrap_or_default(),
    };
    CString::new(data).map_err(|_| value_error("embedded null byte"))
}

fn encode_path(text: &PyASCIIObject) -> PyResult<Vec<u8>> {
    let encoded =
        unicode::codecs::encode(text, unicode::codecs::Encoding::Utf8, "surrogateescape")?;
    Ok(bytes::data_of(&encoded).to_vec())
}

/// A path of the system as a str.
pub fn decode_path(data: &[u8]) -> PyResult {
    Ok(unicode::codecs::decode(data, unicode::codecs::Encoding::Utf8, "surrogateescape")?.upcast())
}

/// `PyUnicode_FSDecoder`: a path as a str.
pub fn path_text(path: &PyObject) -> PyResult<Own<PyASCIIObject>> {
    let path = fs_path(path)?;
    let decoded = match path.downcast_ref::<PyBytesObject>() {
        Some(data) => decode_path(bytes::data_of(data))?,
        None => path,
    };
    let Some(text) = decoded.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("path should be string or bytes"));
    };
    if unicode::text(text).contains_character(0) {
        return Err(value_error("embedded null character"));
    }
    Ok(Own::new(text))
}
