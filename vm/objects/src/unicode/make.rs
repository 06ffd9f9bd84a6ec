//! Making str objects: from Rust text, from characters of a known kind, from pieces.

use super::{PyUnicode_Type, Text, data_pointer, text};
use crate::errors::{self, PyResult};
use crate::memory;
use crate::own::{Layout, Own};
use crate::state::Global;
use std::cell::Cell;
use std::ptr::null_mut;
use twinheap_abi::*;

/// The singletons of the characters below 256.
static LATIN1: Global<[Cell<*mut PyASCIIObject>; 256]> =
    Global([const { Cell::new(null_mut()) }; 256]);
/// The empty str.
static EMPTY: Global<Cell<*mut PyASCIIObject>> = Global(Cell::new(null_mut()));

/// `PyUnicode_New`: an uninitialised str of `length` characters, the largest of them `maxchar`.
/// The caller fills the characters before the str is shown to anybody.
pub fn new_uninitialised(length: usize, maxchar: u32) -> PyResult<Own<PyASCIIObject>> {
    if length == 0 {
        return Ok(empty());
    }
    let (kind, ascii) = match maxchar {
        0..=0x7f => (1, true),
        0x80..=0xff => (1, false),
        0x100..=0xffff => (2, false),
        _ => (4, false),
    };
    new_of_kind(length, kind, ascii)
}

fn new_of_kind(length: usize, kind: u32, ascii: bool) -> PyResult<Own<PyASCIIObject>> {
    let header = if ascii {
        size_of::<PyASCIIObject>()
    } else {
        size_of::<PyCompactUnicodeObject>()
    };
    let Some(size) = (length + 1)
        .checked_mul(kind as usize)
        .and_then(|n| n.checked_add(header))
    else {
        return Err(errors::no_memory());
    };
    if size > isize::MAX as usize {
        return Err(errors::no_memory());
    }
    let object: *mut PyASCIIObject = memory::new_object(&PyUnicode_Type, size)?;
    // SAFETY: fresh memory of `size` bytes.
    unsafe {
        let text = &*object;
        text.length.set(length as isize);
        text.hash.set(-1);
        let ascii_bit = if ascii { STATE_ASCII } else { 0 };
        // The padding bits of the state word stay clear.
        text.state
            .set(kind << STATE_KIND_SHIFT | STATE_COMPACT | ascii_bit | STATE_READY);
        text.wstr.set(null_mut());
        if !ascii {
            let compact = &*object.cast::<PyCompactUnicodeObject>();
            compact.utf8_length.set(0);
            compact.utf8.set(null_mut());
            compact.wstr_length.set(0);
            if kind == 4 {
                // wchar_t is four bytes wide: the data serve as the wide string too.
                compact.wstr_length.set(length as isize);
                text.wstr.set(data_pointer(text).cast());
            }
        }
        let end = data_pointer(text).add(length * kind as usize);
        std::ptr::write_bytes(end, 0, kind as usize);
        Ok(Own::from_raw(object))
    }
}

/// The empty str.
pub fn empty() -> Own<PyASCIIObject> {
    if EMPTY.get().is_null() {
        let made = new_of_kind(0, 1, true).expect("the empty str fits in memory");
        EMPTY.set(super::intern(made).into_raw());
    }
    // SAFETY: made once, never freed.
    Own::new(unsafe { &*EMPTY.get() })
}

/// The singleton of a character below 256.
pub fn latin1_character(character: u8) -> Own<PyASCIIObject> {
    let slot = &LATIN1[character as usize];
    if slot.get().is_null() {
        let made = new_of_kind(1, 1, character < 0x80).expect("a character fits in memory");
        // SAFETY: one byte of data.
        unsafe { *data_pointer(&made) = character };
        slot.set(made.into_raw());
    }
    // SAFETY: made once, never freed.
    Own::new(unsafe { &*slot.get() })
}

/// A str of one character (`PyUnicode_FromOrdinal`, without its range check).
pub fn from_char(character: u32) -> PyResult<Own<PyASCIIObject>> {
    if character < 256 {
        return Ok(latin1_character(character as u8));
    }
    from_ucs4(&[character])
}

/// A str of ASCII or Latin-1 characters; narrowed to ASCII where it can be.
pub fn from_ucs1(characters: &[u8]) -> PyResult<Own<PyASCIIObject>> {
    match characters {
        [] => return Ok(empty()),
        [character] => return Ok(latin1_character(*character)),
        _ => {}
    }
    new_ucs1(characters)
}

/// The same, but a single character is a new str as well.
pub fn new_ucs1(characters: &[u8]) -> PyResult<Own<PyASCIIObject>> {
    if characters.is_empty() {
        return Ok(empty());
    }
    let maxchar = if characters.is_ascii() { 0x7f } else { 0xff };
    let made = new_uninitialised(characters.len(), maxchar)?;
    // SAFETY: the str has room for the characters.
    unsafe {
        std::ptr::copy_nonoverlapping(characters.as_ptr(), data_pointer(&made), characters.len());
    }
    Ok(made)
}

/// A str of characters up to U+FFFF, in the narrowest kind.
pub fn from_ucs2(characters: &[u16]) -> PyResult<Own<PyASCIIObject>> {
    let maxchar = characters.iter().fold(0, |all, &c| all | c);
    if maxchar < 0x100 {
        let narrow: Vec<u8> = characters.iter().map(|&c| c as u8).collect();
        return from_ucs1(&narrow);
    }
    let made = new_uninitialised(characters.len(), 0xffff)?;
    // SAFETY: the str has room for the characters, and is aligned for them.
    unsafe {
        let data = data_pointer(&made).cast::<u16>();
        std::ptr::copy_nonoverlapping(characters.as_ptr(), data, characters.len());
    }
    Ok(made)
}

/// A str of any characters, lone surrogates included, in the narrowest kind.
pub fn from_ucs4(characters: &[u32]) -> PyResult<Own<PyASCIIObject>> {
    let maxchar = characters.iter().fold(0, |all, &c| all | c);
    if maxchar < 0x1_0000 {
        let narrow: Vec<u16> = characters.iter().map(|&c| c as u16).collect();
        return from_ucs2(&narrow);
    }
    let made = new_uninitialised(characters.len(), 0x10_ffff)?;
    // SAFETY: the str has room for the characters, and is aligned for them.
    unsafe {
        let data = data_pointer(&made).cast::<u32>();
        std::ptr::copy_nonoverlapping(characters.as_ptr(), data, characters.len());
    }
    Ok(made)
}

/// `PyUnicode_FromString`.
pub fn from_str(text: &str) -> PyResult<Own<PyASCIIObject>> {
    if text.is_ascii() {
        return from_ucs1(text.as_bytes());
    }
    let characters: Vec<u32> = text.chars().map(u32::from).collect();
    from_ucs4(&characters)
}

/// A str of these characters; a single narrow one is the shared str.
pub fn from_text(characters: Text<'_>) -> PyResult<Own<PyASCIIObject>> {
    match characters {
        Text::Ucs1(characters) => from_ucs1(characters),
        Text::Ucs2(characters) => from_ucs2(characters),
        Text::Ucs4(characters) => from_ucs4(characters),
    }
}

/// A copy that is an exact str, of an instance of a subclass.
pub fn copy_exact(source: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    match text(source) {
        Text::Ucs1([]) => Ok(empty()),
        Text::Ucs1(characters) => new_ucs1(characters),
        Text::Ucs2(characters) => from_ucs2(characters),
        Text::Ucs4(characters) => from_ucs4(characters),
    }
}

/// `PyUnicode_Substring`, from `start` to `end` in characters.
pub fn substring(source: &PyASCIIObject, start: usize, end: usize) -> PyResult<Own<PyASCIIObject>> {
    use crate::object::ObjectExt;
    if start == 0
        && end == source.length.get() as usize
        && source.as_object().is_exactly(&PyUnicode_Type)
    {
        return Ok(Own::new(source));
    }
    match text(source) {
        Text::Ucs1(characters) => from_ucs1(&characters[start..end]),
        Text::Ucs2(characters) => from_ucs2(&characters[start..end]),
        Text::Ucs4(characters) => from_ucs4(&characters[start..end]),
    }
}

/// Writes a text into `target` from the character `at` on.
pub fn copy_characters(target: &PyASCIIObject, at: usize, source: &PyASCIIObject) {
    let count = source.length.get() as usize;
    assert!(at + count <= target.length.get() as usize);
    // SAFETY: the range was checked; a str under construction is not shared.
    unsafe {
        let data = data_pointer(target);
        match (text(source), target.kind()) {
            (Text::Ucs1(s), 1) => std::ptr::copy_nonoverlapping(s.as_ptr(), data.add(at), count),
            (Text::Ucs2(s), 2) => {
                std::ptr::copy_nonoverlapping(s.as_ptr(), data.cast::<u16>().add(at), count);
            }
            (Text::Ucs4(s), _) => {
                std::ptr::copy_nonoverlapping(s.as_ptr(), data.cast::<u32>().add(at), count);
            }
            (source, 2) => {
                let data = data.cast::<u16>().add(at);
                source
                    .iter()
                    .enumerate()
                    .for_each(|(i, c)| *data.add(i) = c as u16);
            }
            (source, _) => {
                let data = data.cast::<u32>().add(at);
                source
                    .iter()
                    .enumerate()
                    .for_each(|(i, c)| *data.add(i) = c);
            }
        }
    }
}

/// `PyUnicode_Concat`.
pub fn concat(a: &PyASCIIObject, b: &PyASCIIObject) -> PyResult {
    // Only the empty str itself is passed over, not an empty instance of a subclass.
    let nothing = empty();
    if std::ptr::eq(a, &*nothing) {
        return super::result_unchanged(b);
    }
    if std::ptr::eq(b, &*nothing) {
        return super::result_unchanged(a);
    }
    Ok(join_all(&[a, b])?.upcast())
}

/// One str of all the pieces (`_PyUnicode_JoinArray` with an empty separator).
pub fn join_all(pieces: &[&PyASCIIObject]) -> PyResult<Own<PyASCIIObject>> {
    let mut length = 0;
    let mut maxchar = 0x7f;
    for piece in pieces {
        length += piece.length.get() as usize;
        maxchar = maxchar.max(super::maxchar_bound(piece));
    }
    let made = new_uninitialised(length, maxchar)?;
    let mut at = 0;
    for piece in pieces {
        if piece.length.get() > 0 {
            copy_characters(&made, at, piece);
            at += piece.length.get() as usize;
        }
    }
    Ok(made)
}

/// `PyUnicode_Append`: extends the left str in place where nobody else can see it.
pub fn append(left: Own<PyASCIIObject>, right: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    let (left_length, right_length) = (left.length.get() as usize, right.length.get() as usize);
    if left_length == 0 {
        // SAFETY: a str.
        return super::result_unchanged(right).map(|text| unsafe { text.cast() });
    }
    if right_length == 0 {
        // SAFETY: a str.
        return super::result_unchanged(&left).map(|text| unsafe { text.cast() });
    }
    if is_modifiable(&left)
        && right.as_object().ob_type.get() == left.as_object().ob_type.get()
        && right.kind() <= left.kind()
        && (!left.is_ascii() || right.is_ascii())
    {
        let grown = resize_compact(left, left_length + right_length)?;
        copy_characters(&grown, left_length, right);
        return Ok(grown);
    }
    join_all(&[&left, right])
}

/// `unicode_modifiable`.
fn is_modifiable(text: &PyASCIIObject) -> bool {
    use crate::object::ObjectExt;
    text.ob_refcnt.get() == 1
        && text.hash.get() == -1
        && text.interned() == SSTATE_NOT_INTERNED
        && text.as_object().is_exactly(&PyUnicode_Type)
        && text.is_compact()
}

/// `resize_compact`: the same str, longer or shorter, perhaps elsewhere.
fn resize_compact(text: Own<PyASCIIObject>, length: usize) -> PyResult<Own<PyASCIIObject>> {
    let kind = text.kind() as usize;
    let header = if text.is_ascii() {
        size_of::<PyASCIIObject>()
    } else {
        size_of::<PyCompactUnicodeObject>()
    };
    let shares_wstr = text.wstr.get().cast::<u8>() == data_pointer(&text);
    let old = text.into_raw();
    // SAFETY: nobody else refers to the str, so its block may move.
    unsafe {
        if (*old).state.get() & STATE_ASCII == 0 {
            let compact = &*old.cast::<PyCompactUnicodeObject>();
            if !compact.utf8.get().is_null() {
                memory::free(compact.utf8.replace(null_mut()).cast());
                compact.utf8_length.set(0);
            }
        }
        let new = memory::realloc(old.cast(), header + (length + 1) * kind).cast::<PyASCIIObject>();
        if new.is_null() {
            drop(Own::from_raw(old));
            return Err(errors::no_memory());
        }
        let text = &*new;
        text.length.set(length as isize);
        if shares_wstr {
            text.wstr.set(data_pointer(text).cast());
            (*new.cast::<PyCompactUnicodeObject>())
                .wstr_length
                .set(length as isize);
        }
        std::ptr::write_bytes(data_pointer(text).add(length * kind), 0, kind);
        Ok(Own::from_raw(new))
    }
}

/// The strings of one character that CPython's frozen start-up modules intern as objects of their
/// own, so that `'a'` in a program is not the singleton that `chr(97)` gives.
const INTERNED_AT_START: &str = "BCLST_abcdefhijklmnopqrstvwxy";

/// Interns those strings; before any other is interned.
pub fn intern_start_characters() -> PyResult<()> {
    for character in INTERNED_AT_START.bytes() {
        let made = new_of_kind(1, 1, true)?;
        // SAFETY: one byte of data.
        unsafe { *data_pointer(&made) = character };
        // The table of interned strings alone would let it die: it is kept for ever.
        std::mem::forget(super::intern(made));
    }
    Ok(())
}
