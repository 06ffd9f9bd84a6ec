//! Error handlers: the built-in ones by name, others from the registry of callables.

use crate::call;
use crate::dict;
use crate::errors::{PyResult, Raised, index_error, raise, raise_object, type_error};
use crate::exceptions::{PyExc_LookupError, PyExc_UnicodeDecodeError, PyExc_UnicodeEncodeError};
use crate::object::ObjectExt;
use crate::own::{Field, Layout, Own};
use crate::state::Global;
use crate::unicode::arguments::clipped_index;
use crate::unicode::{self, from_str};
use crate::{bytes, long, tuple};
use std::cell::Cell;
use std::ptr::null_mut;
use twinheap_abi::*;

/// The handlers registered at run time, by name.
static REGISTRY: Global<Pointer<PyDictObject>> = Global(Cell::new(null_mut()));

fn registry() -> PyResult<&'static PyDictObject> {
    if REGISTRY.get().is_null() {
        REGISTRY.set(dict::new()?.into_raw());
    }
    // SAFETY: made once, never freed.
    Ok(unsafe { &*REGISTRY.get() })
}

/// `codecs.register_error`.
pub fn register_error(name: &PyASCIIObject, handler: &PyObject) -> PyResult<()> {
    if !call::is_callable(handler) {
        return Err(type_error("handler must be callable"));
    }
    dict::set_item(registry()?, name.as_object(), handler)
}

/// The handler registered under a name.
pub fn lookup_error(name: &str) -> PyResult {
    let key = from_str(name)?;
    match dict::get_item(registry()?, key.as_object())? {
        Some(handler) => Ok(handler),
        None => Err(raise(
            &PyExc_LookupError,
            format_args!("unknown error handler name '{name}'"),
        )),
    }
}

/// What is wrong with what lies from `start` to `end`.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Fault {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// The one exception of a whole conversion: it is made of the first fault, and its arguments keep telling of it;
/// for later ones only its attributes change (`make_decode_exception`).
#[derive(Default)]
pub(super) struct Failure {
    first: Option<Fault>,
    made: Option<Own>,
}

impl Failure {
    /// Notes a fault for which CPython makes the exception, even where nothing here shows it.
    pub fn meet(&mut self, fault: Fault) {
        self.first.get_or_insert(fault);
    }

    /// The exception as it is for a fault.
    pub fn exception(&mut self, fault: Fault, make: impl FnOnce(Fault) -> PyResult) -> PyResult {
        let first = *self.first.get_or_insert(fault);
        let (exception, is_told) = match &self.made {
            Some(made) => (Own::new(&**made), false),
            None => (make(first)?, first == fault),
        };
        self.made = Some(Own::new(&*exception));
        if !is_told && let Some(shown) = exception.downcast_ref::<PyUnicodeErrorObject>() {
            shown.start.set(fault.start as isize);
            shown.end.set(fault.end as isize);
            shown.reason.put(Some(from_str(fault.reason)?.upcast()));
        }
        Ok(exception)
    }
}

/// A failure to encode the characters from `start` to `end`.
pub(super) fn encode_error(encoding: &str, object: &PyASCIIObject, fault: Fault) -> PyResult {
    let (start, end) = (long::from_usize(fault.start)?, long::from_usize(fault.end)?);
    let (encoding, reason) = (from_str(encoding)?, from_str(fault.reason)?);
    let args = [
        encoding.as_object(),
        object.as_object(),
        &start,
        &end,
        reason.as_object(),
    ];
    call::call(PyExc_UnicodeEncodeError.as_object(), &args)
}

/// A failure to decode the bytes from `start` to `end`.
pub(super) fn decode_error(encoding: &str, content: &[u8], fault: Fault) -> PyResult {
    let (start, end) = (long::from_usize(fault.start)?, long::from_usize(fault.end)?);
    let (encoding, reason) = (from_str(encoding)?, from_str(fault.reason)?);
    let content = bytes::from_slice(content)?;
    let args = [
        encoding.as_object(),
        content.as_object(),
        &start,
        &end,
        reason.as_object(),
    ];
    call::call(PyExc_UnicodeDecodeError.as_object(), &args)
}

/// Raises an exception that has been made.
pub(super) fn raise_made(made: PyResult) -> Raised {
    match made {
        Ok(exception) => {
            let type_ = Own::new(exception.type_());
            raise_object(&type_, Some(exception))
        }
        Err(raised) => raised,
    }
}

/// Calls a registered handler and checks what it gives: a replacement and a position.
pub(super) fn call_handler(
    name: &str,
    exception: &PyObject,
    length: usize,
    decoding: bool,
) -> PyResult<(Own, usize)> {
    let handler = lookup_error(name)?;
    let result = call::call(&handler, &[exception])?;
    let wrong = || {
        type_error(match decoding {
            true => "decoding error handler must return (str, int) tuple",
            false => "encoding error handler must return (str/bytes, int) tuple",
        })
    };
    let Some(pair) = result.downcast_ref::<PyTupleObject>() else {
        return Err(wrong());
    };
    let &[replacement, position] = tuple::items(pair) else {
        return Err(wrong());
    };
    let is_text = replacement.downcast_ref::<PyASCIIObject>().is_some();
    let is_bytes = replacement.downcast_ref::<PyBytesObject>().is_some();
    if !is_text && (decoding || !is_bytes) || position.downcast_ref::<PyLongObject>().is_none() {
        return Err(wrong());
    }
    let given = clipped_index(position)?;
    let adjusted = if given < 0 {
        given + length as isize
    } else {
        given
    };
    if adjusted < 0 || adjusted as usize > length {
        return Err(index_error(format_args!(
            "position {given} from error handler out of bounds"
        )));
    }
    Ok((Own::new(replacement), adjusted as usize))
}

/// `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub(super) fn backslash_escape(character: u32) -> String {
    match character {
        0..=0xff => format!("\\x{character:02x}"),
        0x100..=0xffff => format!("\\u{character:04x}"),
        _ => format!("\\U{character:08x}"),
    }
}

/// The text of an object that is known to be a str.
pub(super) fn characters_of(object: &PyObject) -> Option<unicode::Text<'_>> {
    object.downcast_ref::<PyASCIIObject>().map(unicode::text)
}
