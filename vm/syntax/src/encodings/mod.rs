//! Source files that are not UTF-8: the encodings that a cookie may name, and CPython's errors for bad bytes.

mod names;
mod unicode;

use twinheap_ucd::multibyte;

use crate::charmaps::{CHAR_MAPS, CharMap, UNDEFINED};
use crate::error::SyntaxError;
use crate::source::{Decoder, init_error, utf8_error_text};
use names::{NAMES, NOT_TEXT};

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The message of a `UnicodeDecodeError`.
    Decode(String),
    /// The message of a plain `UnicodeError`.
    Unicode(String),
}

/// The message of a `UnicodeDecodeError`.
fn decode_error(codec: &str, bytes: &[u8], start: usize, end: usize, reason: &str) -> Fault {
    Fault::Decode(if end == start + 1 {
        let byte = bytes[start];
        format!("'{codec}' codec can't decode byte 0x{byte:02x} in position {start}: {reason}")
    } else {
        let last = end - 1;
        format!("'{codec}' codec can't decode bytes in position {start}-{last}: {reason}")
    })
}

/// A name as the `encodings` package looks it up: runs of anything but letters, digits and dots are one `_`.
fn looked_up_name(name: &str) -> String {
    let mut looked_up = String::with_capacity(name.len());
    let mut is_apart = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if is_apart && !looked_up.is_empty() {
                looked_up.push('_');
            }
            looked_up.push(c.to_ascii_lowercase());
        }
        is_apart = !(c.is_ascii_alphanumeric() || c == '.');
    }
    looked_up
}

/// An encoding that CPython has as well.
enum Known {
    Module(&'static str),
    Map(&'static CharMap),
}

/// The encoding of a name, and whether the name is an alias and not that of the module.
fn known_encoding(name: &str) -> Option<(Known, bool)> {
    if let Ok(index) = NAMES.binary_search_by_key(&name, |(known, _)| known) {
        let module = NAMES[index].1;
        return Some((Known::Module(module), name != module));
    }
    let map = CHAR_MAPS.iter().find(|map| map.names.contains(&name))?;
    Some((Known::Map(map), name != map.module))
}

/// The encoding that a name stands for; only in aliases is a dot as good as an underscore.
fn encoding_of(looked_up: &str) -> Option<Known> {
    if let Some((encoding, _)) = known_encoding(looked_up) {
        return Some(encoding);
    }
    match known_encoding(&looked_up.replace('.', "_"))? {
        (encoding, true) => Some(encoding),
        (_, false) => None,
    }
}

/// Decodes a source by the encoding that its cookie names; errors are CPython's.
pub fn decode_source(
    name: &str,
    bytes: &[u8],
    decoder: Option<Decoder<'_>>,
) -> Result<String, SyntaxError> {
    let codes = match (encoding_of(&looked_up_name(name)), decoder) {
        (Some(Known::Module(module)), _) if NOT_TEXT.contains(&module) => {
            return Err(init_error(format!(
                "'{name}' is not a text encoding; use codecs.decode() to handle arbitrary codecs"
            )));
        }
        (Some(Known::Module(module)), _) => decode(module, bytes),
        (Some(Known::Map(map)), _) => decode_with_map(map, bytes),
        (None, Some(decoder)) => return decoder(name, bytes),
        (None, None) => return Err(init_error(format!("unknown encoding: {name}"))),
    };
    let message = match codes.map(|codes| encode(&codes)) {
        Ok(Ok(text)) => return Ok(text),
        Ok(Err(message)) | Err(Fault::Decode(message)) => message,
        Err(Fault::Unicode(message)) => {
            format!("decoding with '{name}' codec failed (UnicodeError: {message})")
        }
    };
    Err(init_error(message))
}

/// The code points that bytes stand for in the encoding of a module that is no character map.
pub fn decode(module: &str, bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    match module {
        "ascii" => decode_ascii(bytes),
        "latin_1" | "charmap" => Ok(bytes.iter().copied().map(u32::from).collect()),
        "utf_8" | "utf_8_sig" => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.chars().map(u32::from).collect()),
            Err(error) => {
                let (at, len) = (error.valid_up_to(), error.error_len());
                Err(Fault::Decode(utf8_error_text(bytes, at, len)))
            }
        },
        "utf_7" => unicode::decode_utf_7(bytes),
        "utf_16" => unicode::decode_utf_16(bytes, None),
        "utf_16_le" => unicode::decode_utf_16(bytes, Some(false)),
        "utf_16_be" => unicode::decode_utf_16(bytes, Some(true)),
        "utf_32" => unicode::decode_utf_32(bytes, None),
        "utf_32_le" => unicode::decode_utf_32(bytes, Some(false)),
        "utf_32_be" => unicode::decode_utf_32(bytes, Some(true)),
        "unicode_escape" => unicode::decode_escapes(bytes),
        "raw_unicode_escape" => unicode::decode_raw_escapes(bytes),
        "punycode" => unicode::decode_punycode(bytes),
        "idna" => decode_idna(bytes),
        "undefined" => Err(Fault::Unicode("undefined encoding".into())),
        _ => match multibyte::decode(module, bytes) {
            Some(Ok(codes)) => Ok(codes),
            Some(Err(fault)) => {
                let multibyte::Fault { start, end, reason } = fault;
                Err(decode_error(module, bytes, start, end, reason))
            }
            None => Err(Fault::Unicode(format!("the encoding {module} is missing"))),
        },
    }
}

fn decode_ascii(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    match bytes.iter().position(|c| *c >= 0x80) {
        None => Ok(bytes.iter().copied().map(u32::from).collect()),
        Some(at) => Err(decode_error(
            "ascii",
            bytes,
            at,
            at + 1,
            "ordinal not in range(128)",
        )),
    }
}

/// Internationalised domain names: a source is one only as plain ASCII; the labels' own encoding is missing.
fn decode_idna(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    if memchr::memmem::find(bytes, b"xn--").is_none() {
        let mut labels = bytes.split(|c| *c == b'.');
        return match labels.find_map(|label| decode_ascii(label).err()) {
            None => decode_ascii(bytes),
            Some(fault) => Err(fault),
        };
    }
    let message = "sources with encoded labels of domain names are not supported";
    Err(Fault::Unicode(message.into()))
}

fn decode_with_map(map: &CharMap, bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    let code = |byte: &u8| map.characters[usize::from(*byte)];
    match bytes.iter().position(|byte| code(byte) == UNDEFINED) {
        None => Ok(bytes.iter().map(|byte| u32::from(code(byte))).collect()),
        Some(at) => {
            let reason = "character maps to <undefined>";
            Err(decode_error("charmap", bytes, at, at + 1, reason))
        }
    }
}

/// The text as UTF-8, or the message of the `UnicodeEncodeError` that its surrogates raise.
fn encode(codes: &[u32]) -> Result<String, String> {
    let is_surrogate = |code: &u32| char::from_u32(*code).is_none();
    let Some(start) = codes.iter().position(is_surrogate) else {
        return Ok(codes
            .iter()
            .filter_map(|code| char::from_u32(*code))
            .collect());
    };
    let count = codes[start..]
        .iter()
        .take_while(|code| is_surrogate(code))
        .count();
    let place = if count == 1 {
        format!("character '\\u{:x}' in position {start}", codes[start])
    } else {
        format!("characters in position {start}-{}", start + count - 1)
    };
    Err(format!(
        "'utf-8' codec can't encode {place}: surrogates not allowed"
    ))
}
