//! The built-in error handlers of codecs as callables, and the escapes of `codecs.escape_decode`.

use crate::prelude::*;
use twinheap_objects::bytes;
use twinheap_objects::exceptions::{
    PyExc_BaseException, PyExc_UnicodeDecodeError, PyExc_UnicodeEncodeError,
    PyExc_UnicodeTranslateError,
};

/// Where and what an exception of a codec complains of.
struct Failure<'a> {
    error: &'a PyObject,
    object: Own,
    start: usize,
    end: usize,
}

impl Failure<'_> {
    fn of(error: &PyObject) -> PyResult<Failure<'_>> {
        let known = [
            &PyExc_UnicodeEncodeError,
            &PyExc_UnicodeDecodeError,
            &PyExc_UnicodeTranslateError,
        ];
        if !known.iter().any(|type_| error.is_instance_of(type_)) {
            return Err(wrong_type(error));
        }
        let object = object::get_attr(error, id!("object"))?;
        let length = object::length(&object)?;
        let bound = |name| -> PyResult<isize> { unicode::ssize(&*object::get_attr(error, name)?) };
        let top = length as isize;
        let start = bound(id!("start"))?.clamp(0, (top - 1).max(0)) as usize;
        let end = bound(id!("end"))?.clamp(1.min(top), top) as usize;
        Ok(Failure {
            error,
            object,
            start,
            end,
        })
    }

    fn is(&self, type_: &PyTypeObject) -> bool {
        self.error.is_instance_of(type_)
    }

    /// The characters that could not be encoded.
    fn characters(&self) -> Vec<u32> {
        match self.object.downcast_ref::<PyASCIIObject>() {
            Some(text) => unicode::text(text)
                .slice(self.start, self.end.max(self.start))
                .iter()
                .collect(),
            None => Vec::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self.object.downcast_ref::<PyBytesObject>() {
            Some(data) => bytes::data_of(data)[self.start..self.end.max(self.start)].to_vec(),
            None => Vec::new(),
        }
    }

    fn answer(&self, replacement: Own, position: usize) -> PyResult {
        Ok(tuple::from_vec(vec![replacement, long::from_usize(position)?])?.upcast())
    }

    fn text(&self, replacement: &str) -> PyResult {
        self.answer(unicode::from_str(replacement)?.upcast(), self.end)
    }

    fn raise(&self) -> PyResult {
        Err(errors::raise_object(
            &Own::new(self.error.type_()),
            Some(Own::new(self.error)),
        ))
    }
}

fn wrong_type(error: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "don't know how to handle {} in error callback",
        error.type_().name()
    ))
}

fn strict(_: &PyObject, error: &PyObject) -> PyResult {
    if !error.is_instance_of(&PyExc_BaseException) {
        return Err(type_error("codec must pass exception instance"));
    }
    Err(errors::raise_object(
        &Own::new(error.type_()),
        Some(Own::new(error)),
    ))
}

fn ignore(_: &PyObject, error: &PyObject) -> PyResult {
    Failure::of(error)?.text("")
}

fn replace(_: &PyObject, error: &PyObject) -> PyResult {
    let failure = Failure::of(error)?;
    let count = failure.end.saturating_sub(failure.start);
    if failure.is(&PyExc_UnicodeEncodeError) {
        return failure.text(&"?".repeat(count));
    }
    let count = if failure.is(&PyExc_UnicodeDecodeError) {
        1
    } else {
        count
    };
    failure.text(&"\u{fffd}".repeat(count))
}

fn xmlcharrefreplace(_: &PyObject, error: &PyObject) -> PyResult {
    let failure = Failure::of(error)?;
    if !failure.is(&PyExc_UnicodeEncodeError) {
        return Err(wrong_type(error));
    }
    let text: String = failure
        .characters()
        .iter()
        .map(|c| format!("&#{c};"))
        .collect();
    failure.text(&text)
}

fn backslashreplace(_: &PyObject, error: &PyObject) -> PyResult {
    let failure = Failure::of(error)?;
    if failure.is(&PyExc_UnicodeDecodeError) {
        let text: String = failure
            .bytes()
            .iter()
            .map(|byte| format!("\\x{byte:02x}"))
            .collect();
        return failure.text(&text);
    }
    let escape = |c: &u32| match c {
        0..=0xff => format!("\\x{c:02x}"),
        0x100..=0xffff => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    };
    let text: String = failure.characters().iter().map(escape).collect();
    failure.text(&text)
}

fn surrogateescape(_: &PyObject, error: &PyObject) -> PyResult {
    let failure = Failure::of(error)?;
    if failure.is(&PyExc_UnicodeEncodeError) {
        let mut made = Vec::new();
        for character in failure.characters() {
            if !(0xdc80..=0xdcff).contains(&character) {
                return failure.raise();
            }
            made.push((character - 0xdc00) as u8);
        }
        return failure.answer(bytes::from_slice(&made)?.upcast(), failure.end);
    }
    if !failure.is(&PyExc_UnicodeDecodeError) {
        return Err(wrong_type(error));
    }
    let data = failure.bytes();
    let escaped: Vec<u32> = data
        .iter()
        .take(4)
        .take_while(|byte| **byte >= 128)
        .map(|byte| 0xdc00 + u32::from(*byte))
        .collect();
    if escaped.is_empty() {
        return failure.raise();
    }
    failure.answer(
        unicode::from_ucs4(&escaped)?.upcast(),
        failure.start + escaped.len(),
    )
}

/// The width of a unit and its order, where `surrogatepass` knows the encoding.
fn standard_encoding(name: &str) -> Option<(usize, bool)> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    Some(match name.as_str() {
        "utf-8" | "utf8" => (3, false),
        "utf-16" | "utf16" | "utf-16-le" | "utf-16le" => (2, false),
        "utf-16-be" | "utf-16be" => (2, true),
        "utf-32" | "utf32" | "utf-32-le" | "utf-32le" => (4, false),
        "utf-32-be" | "utf-32be" => (4, true),
        _ => return None,
    })
}

fn surrogatepass(_: &PyObject, error: &PyObject) -> PyResult {
    let failure = Failure::of(error)?;
    let encoding = object::str(&*object::get_attr(error, id!("encoding"))?)?;
    let Some((width, big)) = standard_encoding(&unicode::to_string_lossy(&encoding)) else {
        return failure.raise();
    };
    if failure.is(&PyExc_UnicodeEncodeError) {
        let mut made = Vec::new();
        for character in failure.characters() {
            if !(0xd800..=0xdfff).contains(&character) {
                return failure.raise();
            }
            match (width, big) {
                (3, _) => made.extend([
                    0xe0 | (character >> 12) as u8,
                    0x80 | (character >> 6 & 0x3f) as u8,
                    0x80 | (character & 0x3f) as u8,
                ]),
                (2, false) => made.extend((character as u16).to_le_bytes()),
                (2, true) => made.extend((character as u16).to_be_bytes()),
                (_, false) => made.extend(character.to_le_bytes()),
                (_, true) => made.extend(character.to_be_bytes()),
            }
        }
        return failure.answer(bytes::from_slice(&made)?.upcast(), failure.end);
    }
    if !failure.is(&PyExc_UnicodeDecodeError) {
        return Err(wrong_type(error));
    }
    let data = match failure.object.downcast_ref::<PyBytesObject>() {
        Some(data) => bytes::data_of(data)[failure.start..].to_vec(),
        None => Vec::new(),
    };
    let Some(unit) = data.get(..width) else {
        return failure.raise();
    };
    let character = match (width, big) {
        (3, _) if unit[0] & 0xf0 == 0xe0 && unit[1] & 0xc0 == 0x80 && unit[2] & 0xc0 == 0x80 => {
            (u32::from(unit[0]) & 0xf) << 12
                | (u32::from(unit[1]) & 0x3f) << 6
                | u32::from(unit[2]) & 0x3f
        }
        (2, false) => u32::from(u16::from_le_bytes([unit[0], unit[1]])),
        (2, true) => u32::from(u16::from_be_bytes([unit[0], unit[1]])),
        (4, false) => u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]),
        (4, true) => u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]),
        _ => 0,
    };
    if !(0xd800..=0xdfff).contains(&character) {
        return failure.raise();
    }
    failure.answer(
        unicode::from_ucs4(&[character])?.upcast(),
        failure.start + width,
    )
}

fn namereplace(_: &PyObject, error: &PyObject) -> PyResult {
    let failure = Failure::of(error)?;
    if !failure.is(&PyExc_UnicodeEncodeError) {
        return Err(wrong_type(error));
    }
    let name = object::get_attr(&*import_hook::import_module("unicodedata")?, id!("name"))?;
    let mut text = String::new();
    for character in failure.characters() {
        let shown = unicode::from_ucs4(&[character])?;
        let found = call::call(&name, &[shown.as_object(), &none()])?;
        match found.downcast_ref::<PyASCIIObject>() {
            Some(found) => text.push_str(&format!("\\N{{{}}}", unicode::to_string_lossy(found))),
            None => text.push_str(&match character {
                0..=0xff => format!("\\x{character:02x}"),
                0x100..=0xffff => format!("\\u{character:04x}"),
                _ => format!("\\U{character:08x}"),
            }),
        }
    }
    failure.text(&text)
}

methods! {
    static HANDLERS:
    "strict_errors" => o(strict);
    "ignore_errors" => o(ignore);
    "replace_errors" => o(replace);
    "xmlcharrefreplace_errors" => o(xmlcharrefreplace);
    "backslashreplace_errors" => o(backslashreplace);
    "namereplace_errors" => o(namereplace);
    "surrogatepass" => o(surrogatepass);
    "surrogateescape" => o(surrogateescape);
}

const NAMES: [&str; 8] = [
    "strict",
    "ignore",
    "replace",
    "xmlcharrefreplace",
    "backslashreplace",
    "namereplace",
    "surrogatepass",
    "surrogateescape",
];

/// Puts the built-in handlers into the registry, where a program may replace them.
pub fn register_builtin_handlers() -> PyResult<()> {
    for (name, definition) in NAMES.iter().zip(HANDLERS) {
        let handler = twinheap_objects::function::new_cfunction(definition, None, None)?;
        unicode::codecs::register_error(&*unicode::from_str(name)?, &handler)?;
    }
    Ok(())
}

/// The bytes that a literal with these escapes stands for.
pub fn decode_escapes(data: &[u8], handler: &str) -> PyResult<Vec<u8>> {
    let mut made = Vec::with_capacity(data.len());
    let mut at = 0;
    let mut first_invalid = None;
    while at < data.len() {
        let byte = data[at];
        at += 1;
        if byte != b'\\' {
            made.push(byte);
            continue;
        }
        let Some(&escape) = data.get(at) else {
            return Err(value_error("Trailing \\ in string"));
        };
        at += 1;
        match escape {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => made.push(escape),
            b'b' => made.push(8),
            b'f' => made.push(12),
            b't' => made.push(b'\t'),
            b'n' => made.push(b'\n'),
            b'r' => made.push(b'\r'),
            b'v' => made.push(11),
            b'a' => made.push(7),
            b'0'..=b'7' => {
                let mut value = u32::from(escape - b'0');
                for _ in 0..2 {
                    match data.get(at) {
                        Some(&digit @ b'0'..=b'7') => value = value << 3 | u32::from(digit - b'0'),
                        _ => break,
                    }
                    at += 1;
                }
                made.push(value as u8);
            }
            b'x' => {
                let digits = data
                    .get(at..at + 2)
                    .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
                    .and_then(|digits| std::str::from_utf8(digits).ok());
                match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(value) => {
                        made.push(value);
                        at += 2;
                    }
                    None => {
                        match handler {
                            "strict" => {
                                return Err(value_error(format_args!(
                                    "invalid \\x escape at position {}",
                                    at - 2
                                )));
                            }
                            "replace" => made.push(b'?'),
                            "ignore" => {}
                            other => {
                                return Err(value_error(format_args!(
                                    "decoding error; unknown error handling code: {other:.400}"
                                )));
                            }
                        }
                        at += usize::from(data.get(at).is_some_and(u8::is_ascii_hexdigit));
                    }
                }
            }
            _ => {
                first_invalid.get_or_insert(escape);
                made.extend([b'\\', escape]);
            }
        }
    }
    if let Some(escape) = first_invalid {
        let escape = char::from(escape);
        twinheap_objects::warnings::warn_deprecation(&format!(
            "invalid escape sequence '\\{escape}'"
        ))?;
    }
    Ok(made)
}
