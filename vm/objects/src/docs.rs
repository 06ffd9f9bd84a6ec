//! `__doc__` and `__text_signature__` of native functions and types: only signatures are kept.

use crate::errors::{PyResult, c_text};
use crate::singletons::none;
use crate::unicode;
use std::ffi::c_char;

const SIGNATURE_END: &str = "\n--\n\n";

/// The text behind the signature; nothing where there is none.
pub fn doc_object(doc: *const c_char) -> PyResult {
    let text = c_text(doc);
    if text.is_empty() {
        return Ok(none());
    }
    let body = text
        .split_once(SIGNATURE_END)
        .map_or(text, |(_, body)| body);
    if body.is_empty() {
        return Ok(none());
    }
    Ok(unicode::from_str(body)?.upcast())
}

/// The signature in parentheses; nothing where there is none.
pub fn signature_object(name: &str, doc: *const c_char) -> PyResult {
    let text = c_text(doc);
    let signature = text
        .split_once(SIGNATURE_END)
        .and_then(|(head, _)| head.strip_prefix(name.rsplit('.').next().unwrap_or(name)))
        .filter(|signature| signature.starts_with('('));
    match signature {
        Some(signature) => Ok(unicode::from_str(signature)?.upcast()),
        None => Ok(none()),
    }
}
