//! From str to bytes.

use super::handlers::{
    Failure, Fault, backslash_escape, call_handler, characters_of, encode_error, raise_made,
};
use super::{Encoding, Order};
use crate::bytes;
use crate::errors::PyResult;
use crate::memory;
use crate::object::ObjectExt;
use crate::own::Own;
use crate::unicode::{as_ascii, raw_bytes, text, to_utf8_surrogatepass};
use twinheap_abi::*;

fn is_surrogate(character: u32) -> bool {
    (0xd800..=0xdfff).contains(&character)
}

/// Whether the encoding has the character.
fn is_encodable(encoding: Encoding, character: u32) -> bool {
    match encoding {
        Encoding::Ascii => character < 0x80,
        Encoding::Latin1 => character < 0x100,
        Encoding::Utf8 | Encoding::Utf16(_) | Encoding::Utf32(_) => !is_surrogate(character),
        Encoding::UnicodeEscape | Encoding::RawUnicodeEscape | Encoding::Utf7 => true,
    }
}

fn reason(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Ascii => "ordinal not in range(128)",
        Encoding::Latin1 => "ordinal not in range(256)",
        _ => "surrogates not allowed",
    }
}

/// Writes a character, a lone surrogate included, as the encoding would.
fn put(out: &mut Vec<u8>, encoding: Encoding, character: u32) {
    match encoding {
        // UTF-7 has an encoder of its own.
        Encoding::Ascii | Encoding::Latin1 | Encoding::Utf7 => out.push(character as u8),
        Encoding::Utf8 => put_utf8(out, character),
        Encoding::Utf16(order) => put_utf16(out, order, character),
        Encoding::Utf32(Order::Big) => out.extend(character.to_be_bytes()),
        Encoding::Utf32(_) => out.extend(character.to_le_bytes()),
        Encoding::UnicodeEscape => put_escape(out, character),
        Encoding::RawUnicodeEscape if character < 0x100 => out.push(character as u8),
        Encoding::RawUnicodeEscape => out.extend(backslash_escape(character).bytes()),
    }
}

fn put_utf8(out: &mut Vec<u8>, character: u32) {
    match char::from_u32(character) {
        Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend([
            0xe0 | (character >> 12) as u8,
            0x80 | (character >> 6 & 0x3f) as u8,
            0x80 | (character & 0x3f) as u8,
        ]),
    }
}

fn put_utf16(out: &mut Vec<u8>, order: Order, character: u32) {
    let mut unit = |unit: u32| match order {
        Order::Big => out.extend((unit as u16).to_be_bytes()),
        _ => out.extend((unit as u16).to_le_bytes()),
    };
    if character < 0x1_0000 {
        return unit(character);
    }
    unit(0xd800 + ((character - 0x1_0000) >> 10));
    unit(0xdc00 + (character & 0x3ff));
}

fn put_escape(out: &mut Vec<u8>, character: u32) {
    match character {
        0x5c => out.extend(b"\\\\"),
        0x09 => out.extend(b"\\t"),
        0x0a => out.extend(b"\\n"),
        0x0d => out.extend(b"\\r"),
        0x20..=0x7e => out.push(character as u8),
        _ => out.extend(backslash_escape(character).bytes()),
    }
}

/// Encodes a str.
pub fn encode(
    object: &PyASCIIObject,
    encoding: Encoding,
    errors: &str,
) -> PyResult<Own<PyBytesObject>> {
    if encoding == Encoding::Utf7 {
        return super::encode_utf7(object);
    }
    let narrow = matches!(
        encoding,
        Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1
    );
    if narrow && let Some(ascii) = as_ascii(object) {
        return bytes::from_slice(ascii.as_bytes());
    }
    if encoding == Encoding::Latin1 && object.kind() == 1 {
        return bytes::from_slice(raw_bytes(object));
    }
    let characters = text(object);
    let unit = match encoding {
        Encoding::Utf16(_) => 2,
        Encoding::Utf32(_) => 4,
        _ => 1,
    };
    let mut out = Vec::new();
    memory::reserve(&mut out, characters.len() * unit + 4)?;
    match encoding {
        Encoding::Utf16(Order::Marked) => put(&mut out, encoding, 0xfeff),
        Encoding::Utf32(Order::Marked) => put(&mut out, encoding, 0xfeff),
        Encoding::Utf8 if errors == "surrogatepass" => {
            return bytes::from_slice(&to_utf8_surrogatepass(object));
        }
        _ => {}
    }
    let mut failure = Failure::default();
    let mut at = 0;
    while at < characters.len() {
        let character = characters.at(at);
        if is_encodable(encoding, character) {
            put(&mut out, encoding, character);
            at += 1;
            continue;
        }
        let mut end = at + 1;
        let in_runs = matches!(
            encoding,
            Encoding::Ascii | Encoding::Latin1 | Encoding::Utf8
        );
        while in_runs && end < characters.len() && !is_encodable(encoding, characters.at(end)) {
            end += 1;
        }
        let fault = Fault {
            start: at,
            end,
            reason: reason(encoding),
        };
        at = handle(&mut out, object, encoding, errors, (fault, &mut failure))?;
    }
    if encoding == Encoding::UnicodeEscape {
        // The result is shrunk to its length, and is new even where it is a single byte.
        return bytes::from_slice_fresh(&out);
    }
    bytes::from_slice(&out)
}

/// Handles characters the encoding does not have, and gives where to go on.
fn handle(
    out: &mut Vec<u8>,
    object: &PyASCIIObject,
    encoding: Encoding,
    errors: &str,
    (fault, failure): (Fault, &mut Failure),
) -> PyResult<usize> {
    let Fault { start, end, .. } = fault;
    let characters = text(object);
    let bad = || (start..end).map(|index| characters.at(index));
    let fail = |start| {
        let fault = Fault { start, ..fault };
        raise_made(encode_error(encoding.name(), object, fault))
    };
    let put_text = |out: &mut Vec<u8>, text: &str| {
        text.chars()
            .for_each(|character| put(out, encoding, u32::from(character)));
    };
    match errors {
        "strict" => return Err(fail(start)),
        "ignore" => {}
        "replace" => bad().for_each(|_| put(out, encoding, u32::from(b'?'))),
        "backslashreplace" => bad().for_each(|c| put_text(out, &backslash_escape(c))),
        "xmlcharrefreplace" => bad().for_each(|c| put_text(out, &format!("&#{c};"))),
        "namereplace" => bad().for_each(|c| match twinheap_ucd::name(c) {
            Some(name) => put_text(out, &format!("\\N{{{name}}}")),
            None => put_text(out, &backslash_escape(c)),
        }),
        // A single byte is no whole unit of the wider encodings.
        "surrogateescape" if matches!(encoding, Encoding::Utf16(_) | Encoding::Utf32(_)) => {
            return Err(fail(start));
        }
        "surrogateescape" => {
            for (offset, character) in bad().enumerate() {
                if !(0xdc80..=0xdcff).contains(&character) {
                    return Err(fail(start + offset));
                }
                out.push((character - 0xdc00) as u8);
            }
        }
        "surrogatepass" if reason(encoding) == "surrogates not allowed" => {
            bad().for_each(|c| put(out, encoding, c));
        }
        // The handler knows nothing of other encodings and gives the error back.
        "surrogatepass" => return Err(fail(start)),
        name => return call_registered(out, object, encoding, name, (fault, failure)),
    }
    Ok(end)
}

fn call_registered(
    out: &mut Vec<u8>,
    object: &PyASCIIObject,
    encoding: Encoding,
    name: &str,
    (fault, failure): (Fault, &mut Failure),
) -> PyResult<usize> {
    let exception =
        failure.exception(fault, |first| encode_error(encoding.name(), object, first))?;
    let length = object.length.get() as usize;
    let (replacement, position) = call_handler(name, &exception, length, false)?;
    if let Some(content) = replacement.downcast_ref::<PyBytesObject>() {
        out.extend_from_slice(bytes::data_of(content));
        return Ok(position);
    }
    if let Some(characters) = characters_of(&replacement) {
        for character in characters.iter() {
            if !is_encodable(encoding, character) {
                return Err(raise_made(Ok(exception)));
            }
            put(out, encoding, character);
        }
    }
    Ok(position)
}
