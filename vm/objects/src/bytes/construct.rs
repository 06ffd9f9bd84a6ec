//! Making bytes: the constructor, `PyObject_Bytes`, `fromhex`.

use super::{PyBytes_Type, copy_of_buffer, data_of, from_slice};
use crate::call::{self, Signature};
use crate::errors::{self, PyResult, overflow_error, type_error, value_error};
use crate::exceptions::PyExc_TypeError;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::unicode::{codecs, expect_optional_text, expect_str, text};
use crate::{abstract_, id, long};
use twinheap_abi::*;

/// A byte from an int object, with the words of an item of a sequence.
fn item_value(object: &PyObject) -> PyResult<u8> {
    let number = abstract_::index(object)?;
    long::to_i64(&number)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or_else(|| value_error("bytes must be in range(0, 256)"))
}

/// A byte from an int object (`_getbytevalue`).
pub fn value_of(object: &PyObject) -> PyResult<u8> {
    let number = abstract_::index(object)?;
    long::to_i64(&number)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or_else(|| value_error("byte must be in range(0, 256)"))
}

/// The bytes of an exporter or of an iterable of ints; none where the object is neither.
pub fn collect_bytes(object: &PyObject) -> PyResult<Option<Vec<u8>>> {
    if let Some(content) = copy_of_buffer(object)? {
        return Ok(Some(content));
    }
    if object.downcast_ref::<PyASCIIObject>().is_some() {
        return Ok(None);
    }
    let iterator = match abstract_::get_iter(object) {
        Ok(iterator) => iterator,
        Err(raised) if errors::matches(&PyExc_TypeError) => {
            errors::discard(raised);
            return Ok(None);
        }
        Err(raised) => return Err(raised),
    };
    let mut content = Vec::new();
    while let Some(item) = abstract_::next(&iterator)? {
        content.push(item_value(&item)?);
    }
    Ok(Some(content))
}

/// `PyBytes_FromObject`.
fn from_exporter_or_iterable(object: &PyObject) -> PyResult<Own<PyBytesObject>> {
    if let Some(bytes) = object.downcast_exact::<PyBytesObject>() {
        return Ok(Own::new(bytes));
    }
    // Of a list or an iterator they are written piece by piece, and a single byte is the shared object.
    let is_shared =
        !crate::buffer::is_exporter(object) && object.downcast_exact::<PyTupleObject>().is_none();
    match collect_bytes(object)? {
        Some(content) if is_shared => from_slice(&content),
        Some(content) => super::from_slice_fresh(&content),
        None => Err(type_error(format_args!(
            "cannot convert '{:.200}' object to bytes",
            object.type_().name()
        ))),
    }
}

/// What `__bytes__` gives, where the object has it.
fn from_special(object: &PyObject) -> PyResult<Option<Own<PyBytesObject>>> {
    let Some(method) = crate::types::lookup_special(object, id!("__bytes__"))? else {
        return Ok(None);
    };
    let result = call::call(&method, &[])?;
    result
        .downcast::<PyBytesObject>()
        .map(Some)
        .map_err(|other| {
            type_error(format_args!(
                "__bytes__ returned non-bytes (type {:.200})",
                other.type_().name()
            ))
        })
}

/// `PyObject_Bytes`.
pub fn from_object(object: &PyObject) -> PyResult<Own<PyBytesObject>> {
    if let Some(bytes) = object.downcast_exact::<PyBytesObject>() {
        return Ok(Own::new(bytes));
    }
    match from_special(object)? {
        Some(bytes) => Ok(bytes),
        None => from_exporter_or_iterable(object),
    }
}

/// A count for a constructor: none where the object only looks like a number.
pub(crate) fn count_of(object: &PyObject) -> PyResult<Option<usize>> {
    let number = match abstract_::index(object) {
        Ok(number) => number,
        Err(raised) if errors::matches(&PyExc_TypeError) => {
            errors::discard(raised);
            return Ok(None);
        }
        Err(raised) => return Err(raised),
    };
    match long::to_i64(&number) {
        Some(count) if count < 0 => Err(value_error("negative count")),
        Some(count) => Ok(Some(count as usize)),
        None => Err(overflow_error(format_args!(
            "cannot fit '{:.200}' into an index-sized integer",
            object.type_().name()
        ))),
    }
}

pub(super) static NEW: Signature = Signature {
    name: "bytes",
    parameters: &["source", "encoding", "errors"],
    required: 0,
    positional: 3,
};

fn new_value(
    source: Option<&PyObject>,
    encoding: Option<&PyASCIIObject>,
    handler: Option<&PyASCIIObject>,
) -> PyResult<Own<PyBytesObject>> {
    let source_text = source.and_then(|source| source.downcast_ref::<PyASCIIObject>());
    if let Some(encoding) = encoding {
        let Some(text) = source_text else {
            return Err(type_error("encoding without a string argument"));
        };
        let encoded = codecs::as_encoded_string(text, Some(encoding), handler)?;
        // SAFETY: codecs give bytes.
        return Ok(unsafe { encoded.cast() });
    }
    if handler.is_some() {
        return Err(type_error(match source_text {
            Some(_) => "string argument without an encoding",
            None => "errors without a string argument",
        }));
    }
    let Some(source) = source else {
        return from_slice(&[]);
    };
    if let Some(bytes) = from_special(source)? {
        return Ok(bytes);
    }
    if source_text.is_some() {
        return Err(type_error("string argument without an encoding"));
    }
    if abstract_::has_index(source)
        && let Some(count) = count_of(source)?
    {
        return super::zeroed(count);
    }
    from_exporter_or_iterable(source)
}

pub(super) fn bytes_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [source, encoding, handler] = call::bind_tuple::<3>(&NEW, args, kwargs)?;
    let encoding = expect_optional_text(encoding, "bytes", "argument 'encoding'")?;
    let handler = expect_optional_text(handler, "bytes", "argument 'errors'")?;
    let made = new_value(source, encoding, handler)?;
    if std::ptr::eq(type_, &PyBytes_Type) {
        return Ok(made.upcast());
    }
    let data = data_of(&made);
    let instance = crate::types::allocate(type_, data.len() as isize)?;
    // SAFETY: an instance of a bytes subclass has room for the bytes; its memory is zero.
    unsafe {
        let bytes: &PyBytesObject = &*instance.as_ptr().cast();
        bytes.ob_shash.set(made.ob_shash.get());
        std::ptr::copy_nonoverlapping(data.as_ptr(), super::data_pointer(bytes), data.len());
    }
    Ok(instance)
}

/// `bytes_alloc`: an instance whose hash is not known yet.
///
/// # Safety
/// As a `tp_alloc` slot is called: the type is `bytes` or derived from it, and ready.
pub(super) unsafe extern "C" fn bytes_alloc(
    type_: *const PyTypeObject,
    items: Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: by contract.
    let made = crate::memory::generic_alloc(unsafe { &*type_ }, items);
    if let Ok(made) = &made {
        // SAFETY: by contract an instance of bytes.
        unsafe { (*made.as_ptr().cast::<PyBytesObject>()).ob_shash.set(-1) };
    }
    crate::own::to_c(made)
}

/// The bytes that pairs of hexadecimal digits spell, white space between pairs passed over.
pub(crate) fn parse_hex(source: &PyASCIIObject) -> PyResult<Vec<u8>> {
    let characters = text(source);
    let digit = |at: usize| {
        let character = (at < characters.len())
            .then(|| characters.at(at))
            .and_then(char::from_u32);
        character.and_then(|character| character.to_digit(16))
    };
    let mut out = Vec::with_capacity(characters.len() / 2);
    let mut at = 0;
    while at < characters.len() {
        if matches!(characters.at(at), 0x20 | 0x09..=0x0d) {
            at += 1;
            continue;
        }
        let bad = |at: usize| {
            value_error(format_args!(
                "non-hexadecimal number found in fromhex() arg at position {at}"
            ))
        };
        let high = digit(at).ok_or_else(|| bad(at))?;
        let low = digit(at + 1).ok_or_else(|| bad(at + 1))?;
        out.push((high << 4 | low) as u8);
        at += 2;
    }
    Ok(out)
}

pub(super) fn bytes_fromhex(class: &PyObject, source: &PyObject) -> PyResult {
    let source = expect_str(source, "fromhex", "argument")?;
    let made = from_slice(&parse_hex(source)?)?.upcast();
    if std::ptr::eq(class, PyBytes_Type.as_object()) {
        return Ok(made);
    }
    call::call(class, &[&made])
}
