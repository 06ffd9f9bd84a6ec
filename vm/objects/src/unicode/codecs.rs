//! Encoding and decoding of str, with error handlers.

mod decode;
mod encode;
mod handlers;
mod utf7;

pub use decode::{decode, decode_start, decode_utf8};
pub use encode::encode;
pub use handlers::{lookup_error, register_error};
pub use utf7::{decode_utf7, encode_utf7};

use super::arguments::expect_optional_text;
use super::{as_ascii, empty, to_string_lossy};
use crate::call::{Args, Signature};
use crate::errors::{PyResult, Raised, raise, type_error};
use crate::exceptions::PyExc_LookupError;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::state::Global;
use crate::{bytearray, bytes};
use std::cell::Cell;
use twinheap_abi::*;

/// The order of the bytes in a wider unit; `Marked` has a byte order mark in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Marked,
    Little,
    Big,
}

/// The encodings that are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf7,
    Utf8,
    Ascii,
    Latin1,
    Utf16(Order),
    Utf32(Order),
    UnicodeEscape,
    RawUnicodeEscape,
}

impl Encoding {
    /// The encoding of a name, in any of its spellings.
    pub fn from_name(name: &str) -> Option<Encoding> {
        let normal: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        Some(match normal.as_str() {
            "utf_7" | "utf7" | "u7" | "unicode_1_1_utf_7" => Encoding::Utf7,
            "utf_8" | "utf8" | "u8" | "utf" | "cp65001" => Encoding::Utf8,
            "ascii" | "us_ascii" | "646" | "ansi_x3.4_1968" => Encoding::Ascii,
            "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "8859" | "iso8859" | "l1"
            | "latin" | "cp819" => Encoding::Latin1,
            "utf_16" | "utf16" | "u16" => Encoding::Utf16(Order::Marked),
            "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => Encoding::Utf16(Order::Little),
            "utf_16_be" | "utf_16be" | "unicodebigunmarked" => Encoding::Utf16(Order::Big),
            "utf_32" | "utf32" | "u32" => Encoding::Utf32(Order::Marked),
            "utf_32_le" | "utf_32le" => Encoding::Utf32(Order::Little),
            "utf_32_be" | "utf_32be" => Encoding::Utf32(Order::Big),
            "unicode_escape" | "unicodeescape" => Encoding::UnicodeEscape,
            "raw_unicode_escape" | "rawunicodeescape" => Encoding::RawUnicodeEscape,
            _ => return None,
        })
    }

    /// The encodings that `PyUnicode_Decode` and `PyUnicode_AsEncodedString` know themselves; all others come
    /// from the registry, whose errors name the codec.
    pub fn shortcut(name: &str) -> Option<Encoding> {
        let known = Encoding::from_name(name)?;
        let is_registered = matches!(
            known,
            Encoding::Utf7
                | Encoding::Utf16(Order::Little | Order::Big)
                | Encoding::Utf32(Order::Little | Order::Big)
                | Encoding::UnicodeEscape
                | Encoding::RawUnicodeEscape
        );
        (!is_registered).then_some(known)
    }

    /// The name that errors show.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf7 => "utf7",
            Encoding::Utf8 => "utf-8",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "latin-1",
            Encoding::Utf16(Order::Marked) => "utf-16",
            Encoding::Utf16(Order::Little) => "utf-16-le",
            Encoding::Utf16(Order::Big) => "utf-16-be",
            Encoding::Utf32(Order::Marked) => "utf-32",
            Encoding::Utf32(Order::Little) => "utf-32-le",
            Encoding::Utf32(Order::Big) => "utf-32-be",
            Encoding::UnicodeEscape => "unicodeescape",
            Encoding::RawUnicodeEscape => "rawunicodeescape",
        }
    }
}

/// Encodes or decodes by a codec that is registered at run time.
pub type Fallback =
    fn(object: &PyObject, encoding: &PyASCIIObject, errors: Option<&PyASCIIObject>) -> PyResult;

/// What handles an encoding that is not built in; the codec registry sets it.
pub static ENCODE_FALLBACK: Global<Cell<Option<Fallback>>> = Global(Cell::new(None));
/// The same for decoding.
pub static DECODE_FALLBACK: Global<Cell<Option<Fallback>>> = Global(Cell::new(None));

#[cold]
fn unknown_encoding(name: &PyASCIIObject) -> Raised {
    raise(
        &PyExc_LookupError,
        format_args!("unknown encoding: {}", to_string_lossy(name)),
    )
}

/// The name of an error handler; strict where none is given.
fn handler_name(errors: Option<&PyASCIIObject>) -> String {
    errors.map_or_else(|| "strict".to_owned(), to_string_lossy)
}

/// `PyUnicode_AsEncodedString`.
pub fn as_encoded_string(
    object: &PyASCIIObject,
    encoding: Option<&PyASCIIObject>,
    errors: Option<&PyASCIIObject>,
) -> PyResult {
    let Some(name) = encoding else {
        return Ok(encode(object, Encoding::Utf8, &handler_name(errors))?.upcast());
    };
    match as_ascii(name).and_then(Encoding::shortcut) {
        Some(known) => Ok(encode(object, known, &handler_name(errors))?.upcast()),
        None => match ENCODE_FALLBACK.get() {
            Some(fallback) => fallback(object.as_object(), name, errors),
            // Where there is no registry, every codec that is known here serves by itself.
            None => match as_ascii(name).and_then(Encoding::from_name) {
                Some(known) => Ok(encode(object, known, &handler_name(errors))?.upcast()),
                None => Err(unknown_encoding(name)),
            },
        },
    }
}

static ENCODE: Signature = Signature {
    name: "encode",
    parameters: &["encoding", "errors"],
    required: 0,
    positional: 2,
};

pub(super) fn unicode_encode(object: &PyASCIIObject, args: Args<'_>) -> PyResult {
    let [encoding, errors] = args.bind::<2>(&ENCODE)?;
    let encoding = expect_optional_text(encoding, "encode", "argument 'encoding'")?;
    let errors = expect_optional_text(errors, "encode", "argument 'errors'")?;
    as_encoded_string(object, encoding, errors)
}

/// `PyUnicode_Decode` of bytes that `object` holds.
pub fn decode_object(
    object: &PyObject,
    content: &[u8],
    encoding: Option<&PyASCIIObject>,
    errors: Option<&PyASCIIObject>,
) -> PyResult {
    if content.is_empty() {
        return Ok(empty().upcast());
    }
    let Some(name) = encoding else {
        return Ok(decode(content, Encoding::Utf8, &handler_name(errors))?.upcast());
    };
    match as_ascii(name).and_then(Encoding::shortcut) {
        Some(known) => Ok(decode(content, known, &handler_name(errors))?.upcast()),
        None => match DECODE_FALLBACK.get() {
            Some(fallback) => fallback(object, name, errors),
            None => match as_ascii(name).and_then(Encoding::from_name) {
                Some(known) => Ok(decode(content, known, &handler_name(errors))?.upcast()),
                None => Err(unknown_encoding(name)),
            },
        },
    }
}

/// `PyUnicode_FromEncodedObject`.
pub fn from_encoded_object(
    object: &PyObject,
    encoding: Option<&PyASCIIObject>,
    errors: Option<&PyASCIIObject>,
) -> PyResult {
    if let Some(content) = object.downcast_ref::<PyBytesObject>() {
        if bytes::data_of(content).is_empty() {
            return Ok(empty().upcast());
        }
        return decode_object(object, bytes::data_of(content), encoding, errors);
    }
    if object.downcast_ref::<PyASCIIObject>().is_some() {
        return Err(type_error("decoding str is not supported"));
    }
    let content = match object.downcast_ref::<PyByteArrayObject>() {
        Some(array) => bytearray::data_of(array).to_vec(),
        None => match bytes::copy_of_buffer(object)? {
            Some(content) => content,
            None => {
                return Err(type_error(format_args!(
                    "decoding to str: need a bytes-like object, {:.80} found",
                    object.type_().name()
                )));
            }
        },
    };
    if content.is_empty() {
        return Ok(empty().upcast());
    }
    let copy: Own = bytes::from_slice(&content)?.upcast();
    decode_object(&copy, &content, encoding, errors)
}
