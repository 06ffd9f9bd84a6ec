//! Reading str objects: their characters, comparison, search helpers, repr.

use super::codecs::{Encoding, encode};
use super::from_ucs1;
use crate::errors::{PyResult, system_error};
use crate::own::{Layout, Own};
use std::cmp::Ordering;
use twinheap_abi::*;

/// The characters of a str, in its own kind.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    Ucs1(&'a [u8]),
    Ucs2(&'a [u16]),
    Ucs4(&'a [u32]),
}

impl<'a> Text<'a> {
    /// Number of characters.
    pub fn len(self) -> usize {
        match self {
            Text::Ucs1(characters) => characters.len(),
            Text::Ucs2(characters) => characters.len(),
            Text::Ucs4(characters) => characters.len(),
        }
    }

    /// Whether there is no character.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The character at an index.
    #[inline(always)]
    pub fn at(self, index: usize) -> u32 {
        match self {
            Text::Ucs1(characters) => u32::from(characters[index]),
            Text::Ucs2(characters) => u32::from(characters[index]),
            Text::Ucs4(characters) => characters[index],
        }
    }

    /// All characters.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        (0..self.len()).map(move |index| self.at(index))
    }
}

/// Where the characters of a str lie.
#[inline(always)]
pub fn data_pointer(text: &PyASCIIObject) -> *mut u8 {
    let start = (text as *const PyASCIIObject).cast_mut().cast::<u8>();
    // SAFETY: the state tells which struct the header belongs to.
    unsafe {
        if text.is_ascii() && text.is_compact() {
            start.add(size_of::<PyASCIIObject>())
        } else if text.is_compact() {
            start.add(size_of::<PyCompactUnicodeObject>())
        } else {
            (*start.cast::<PyUnicodeObject>()).data.get().cast()
        }
    }
}

/// The characters of a str.
#[inline(always)]
pub fn text(object: &PyASCIIObject) -> Text<'_> {
    let length = object.length.get() as usize;
    let data = data_pointer(object);
    // SAFETY: `length` characters of the kind lie there.
    unsafe {
        match object.kind() {
            1 => Text::Ucs1(std::slice::from_raw_parts(data, length)),
            2 => Text::Ucs2(std::slice::from_raw_parts(data.cast(), length)),
            _ => Text::Ucs4(std::slice::from_raw_parts(data.cast(), length)),
        }
    }
}

/// The memory of the characters.
#[inline(always)]
pub fn raw_bytes(object: &PyASCIIObject) -> &[u8] {
    let size = object.length.get() as usize * object.kind() as usize;
    // SAFETY: `length` characters of the kind lie there.
    unsafe { std::slice::from_raw_parts(data_pointer(object), size) }
}

/// The characters of an ASCII str as Rust text.
pub fn as_ascii(object: &PyASCIIObject) -> Option<&str> {
    if !object.is_ascii() {
        return None;
    }
    // SAFETY: ASCII is UTF-8.
    Some(unsafe { std::str::from_utf8_unchecked(raw_bytes(object)) })
}

/// Rust text; lone surrogates become U+FFFD.
pub fn to_string_lossy(object: &PyASCIIObject) -> String {
    match as_ascii(object) {
        Some(ascii) => ascii.to_string(),
        None => text(object)
            .iter()
            .map(|c| char::from_u32(c).unwrap_or('\u{fffd}'))
            .collect(),
    }
}

/// UTF-8 bytes; lone surrogates are encoded as they are (`surrogatepass`).
pub fn to_utf8_surrogatepass(object: &PyASCIIObject) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(object.length.get() as usize);
    for character in text(object).iter() {
        match char::from_u32(character) {
            Some(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            None => bytes.extend_from_slice(&[
                0xe0 | (character >> 12) as u8,
                0x80 | (character >> 6 & 0x3f) as u8,
                0x80 | (character & 0x3f) as u8,
            ]),
        }
    }
    bytes
}

/// `PyUnicode_AsUTF8AndSize`: the text as UTF-8, which the str keeps.
pub fn as_utf8(object: &PyASCIIObject) -> PyResult<&[u8]> {
    match as_utf8_cached(object)? {
        Some(bytes) => Ok(bytes),
        // What cannot be encoded says why.
        None => Err(match encode(object, Encoding::Utf8, "strict") {
            Err(raised) => raised,
            Ok(_) => system_error("a str that is and is not to be encoded"),
        }),
    }
}

/// The same; nothing where it holds a lone
/// surrogate.
pub fn as_utf8_cached(object: &PyASCIIObject) -> PyResult<Option<&[u8]>> {
    if object.is_ascii() {
        return Ok(Some(raw_bytes(object)));
    }
    // SAFETY: a str that is not ASCII has the fields of the larger struct.
    let compact: &PyCompactUnicodeObject = unsafe { &*object.as_raw().cast() };
    if compact.utf8.get().is_null() {
        if text(object).iter().any(|c| char::from_u32(c).is_none()) {
            return Ok(None);
        }
        let bytes = to_utf8_surrogatepass(object);
        let block = crate::memory::malloc(bytes.len() + 1);
        if block.is_null() {
            return Err(crate::errors::no_memory());
        }
        // SAFETY: the block has room for the text and its NUL.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), block, bytes.len());
            *block.add(bytes.len()) = 0;
        }
        compact.utf8.set(block.cast());
        compact.utf8_length.set(bytes.len() as isize);
    }
    // SAFETY: the str owns the block of this length, and lives as long as the borrow.
    Ok(Some(unsafe {
        std::slice::from_raw_parts(
            compact.utf8.get().cast(),
            compact.utf8_length.get() as usize,
        )
    }))
}

/// The largest character that the str may hold, from its kind alone.
pub fn maxchar_bound(object: &PyASCIIObject) -> u32 {
    if object.is_ascii() {
        return 0x7f;
    }
    match object.kind() {
        1 => 0xff,
        2 => 0xffff,
        _ => 0x10_ffff,
    }
}

/// Equality of texts.
#[inline(always)]
pub fn equals(a: &PyASCIIObject, b: &PyASCIIObject) -> bool {
    a.length.get() == b.length.get() && a.kind() == b.kind() && raw_bytes(a) == raw_bytes(b)
}

/// Equality with a literal.
pub fn equals_str(a: &PyASCIIObject, b: &str) -> bool {
    match as_ascii(a) {
        Some(ascii) => ascii == b,
        None => text(a).iter().eq(b.chars().map(u32::from)),
    }
}

/// The order of two texts, by code points.
pub fn compare(a: &PyASCIIObject, b: &PyASCIIObject) -> Ordering {
    match (text(a), text(b)) {
        (Text::Ucs1(a), Text::Ucs1(b)) => a.cmp(b),
        (a, b) => a.iter().cmp(b.iter()),
    }
}

/// `repr` of a str.
pub fn repr(object: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    let characters = text(object);
    let quotes = characters.iter().filter(|&c| c == u32::from('\'')).count();
    let has_double = characters.iter().any(|c| c == u32::from('"'));
    let quote = if quotes > 0 && !has_double { '"' } else { '\'' };
    let mut out = super::Writer::with_capacity(characters.len() + 2);
    out.push_character(u32::from(quote));
    let mut escaped = Vec::new();
    for character in characters.iter() {
        let is_plain = matches!(character, 0x20..=0x7e) && character != u32::from('\\');
        if is_plain && character != u32::from(quote) {
            out.push_character(character);
            continue;
        }
        escaped.clear();
        push_escaped(&mut escaped, character, quote);
        escaped.iter().for_each(|&part| out.push_character(part));
    }
    out.push_character(u32::from(quote));
    out.finish()
}

fn push_escaped(out: &mut Vec<u32>, character: u32, quote: char) {
    match char::from_u32(character) {
        Some('\\') => push_all(out, "\\\\"),
        Some('\t') => push_all(out, "\\t"),
        Some('\n') => push_all(out, "\\n"),
        Some('\r') => push_all(out, "\\r"),
        Some(c) if c == quote => {
            out.push(u32::from('\\'));
            out.push(character);
        }
        Some(' '..='~') => out.push(character),
        _ if character >= 0x80 && is_printable(character) => out.push(character),
        _ => push_hex(out, character),
    }
}

fn push_all(out: &mut Vec<u32>, text: &str) {
    out.extend(text.chars().map(u32::from));
}

fn push_hex(out: &mut Vec<u32>, character: u32) {
    let escaped = match character {
        0..=0xff => format!("\\x{character:02x}"),
        0x100..=0xffff => format!("\\u{character:04x}"),
        _ => format!("\\U{character:08x}"),
    };
    push_all(out, &escaped);
}

/// `Py_UNICODE_ISPRINTABLE`.
pub fn is_printable(character: u32) -> bool {
    super::super::ucd_bridge::is_printable(character)
}

/// Every character past ASCII becomes an escape (`backslashreplace`, as `ascii()` has it).
pub fn backslash_escape(object: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    let mut out = Vec::new();
    for character in text(object).iter() {
        if character < 0x80 {
            out.push(character);
        } else {
            push_hex(&mut out, character);
        }
    }
    let narrow: Vec<u8> = out.into_iter().map(|c| c as u8).collect();
    from_ucs1(&narrow)
}
