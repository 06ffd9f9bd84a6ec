//! Source files that are not UTF-8: the encodings that a cookie may name, and CPython's errors for bad bytes.

mod idna;
mod names;
mod prepared;
mod unicode;

use twinheap_ucd::multibyte;

use crate::charmaps::{CHAR_MAPS, CharMap, UNDEFINED};
use crate::error::{SyntaxError, Warning, WarningKind};
use crate::source::{Decoder, init_error, utf8_error_text};
use names::{NAMES, NOT_TEXT};

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The message of a `UnicodeDecodeError`, and the bytes that it is about.
    Decode {
        message: String,
        start: usize,
        end: usize,
    },
    /// The message of a plain `UnicodeError`.
    Unicode(String),
    /// What a plain `UnicodeError` of several arguments shows; nothing wraps that.
    Bare(String),
}

impl Fault {
    /// The fault of a codec that another one called: what can be wrapped names the codec.
    fn within(self, codec: &str) -> Fault {
        match self {
            Fault::Unicode(message) => Fault::Unicode(format!(
                "decoding with '{codec}' codec failed (UnicodeError: {message})"
            )),
            fault => fault,
        }
    }
}

/// The message of a `UnicodeDecodeError`.
fn decode_error(codec: &str, bytes: &[u8], start: usize, end: usize, reason: &str) -> Fault {
    let message = if end == start + 1 {
        let byte = bytes[start];
        format!("'{codec}' codec can't decode byte 0x{byte:02x} in position {start}: {reason}")
    } else {
        let last = end - 1;
        format!("'{codec}' codec can't decode bytes in position {start}-{last}: {reason}")
    };
    Fault::Decode {
        message,
        start,
        end,
    }
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
    let codes = codes.map_err(|fault| fault.within(name));
    let message = match codes.map(|codes| encode(&codes)) {
        Ok(Ok(text)) => return Ok(text),
        Ok(Err(message)) => message,
        Err(Fault::Decode { message, .. } | Fault::Unicode(message) | Fault::Bare(message)) => {
            message
        }
    };
    Err(init_error(message))
}

/// A line of a source for an error to show, what cannot be decoded being replaced. `None` where the encoding does
/// not replace anything.
pub fn decode_line(name: &str, bytes: &[u8]) -> Option<String> {
    let known = encoding_of(&looked_up_name(name));
    let mut codes = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let part = match known {
            Some(Known::Module("idna")) => return None,
            Some(Known::Module(module)) => decode(module, rest),
            Some(Known::Map(map)) => decode_with_map(map, rest),
            None => return Some(String::from_utf8_lossy(bytes).into_owned()),
        };
        let (start, end) = match part {
            Ok(part) => {
                codes.extend(part);
                break;
            }
            Err(Fault::Decode { start, end, .. }) => (start, end.max(start + 1)),
            Err(_) => return None,
        };
        codes.extend(match known {
            Some(Known::Map(map)) => decode_with_map(map, &rest[..start]).ok()?,
            Some(Known::Module(module)) => decode(module, &rest[..start]).ok()?,
            None => Vec::new(),
        });
        codes.push(0xfffd);
        rest = rest.get(end..).unwrap_or(&[]);
    }
    let character = |code: &u32| char::from_u32(*code).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(codes.iter().map(character).collect())
}

/// What the encoding that a cookie names warns about in a source that it can decode.
pub fn decoding_warning(name: &str, bytes: &[u8]) -> Option<Warning> {
    let Some(Known::Module("unicode_escape")) = encoding_of(&looked_up_name(name)) else {
        return None;
    };
    Some(Warning {
        kind: WarningKind::Decoding,
        message: unicode::first_invalid_escape(bytes)?,
        lineno: 0,
        position: 0,
        in_field: false,
        span: None,
    })
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
                Err(Fault::Decode {
                    message: utf8_error_text(bytes, at, len),
                    start: at,
                    end: at + len.unwrap_or(bytes.len() - at),
                })
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
        "idna" => idna::decode_idna(bytes),
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
