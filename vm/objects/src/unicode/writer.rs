//! The writer of text that grows (`_PyUnicodeWriter`): characters are kept in the narrowest kind that has been needed so far.

use super::{Text, from_ucs1, from_ucs2, from_ucs4};
use crate::errors::{self, PyResult};
use crate::own::Own;
use twinheap_abi::*;

/// A str, owned or borrowed.
pub trait AsStr {
    /// The str.
    fn as_str_object(&self) -> &PyASCIIObject;
}

impl AsStr for PyASCIIObject {
    fn as_str_object(&self) -> &PyASCIIObject {
        self
    }
}

impl AsStr for Own<PyASCIIObject> {
    fn as_str_object(&self) -> &PyASCIIObject {
        self
    }
}

enum Characters {
    Ucs1(Vec<u8>),
    Ucs2(Vec<u16>),
    Ucs4(Vec<u32>),
}

/// Whether a vector has room for that many more items, or could be given it.
#[inline]
fn has_room<T>(items: &mut Vec<T>, count: usize) -> bool {
    items.capacity() - items.len() >= count || items.try_reserve(count).is_ok()
}

/// The same characters in a wider kind; none where there is no memory for them.
fn widened<N: Copy, W>(narrow: &[N], widen: impl Fn(N) -> W) -> Option<Vec<W>> {
    let mut wide = Vec::new();
    wide.try_reserve(narrow.len()).ok()?;
    wide.extend(narrow.iter().map(|&character| widen(character)));
    Some(wide)
}

/// Text under construction.
pub struct Writer {
    characters: Characters,
    /// Set where there was no memory for what should have been added.
    exhausted: bool,
    /// A str that is the whole text: the writer hands it out as it is.
    whole: Option<Own<PyASCIIObject>>,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer::new()
    }
}

impl Writer {
    /// No text yet.
    pub fn new() -> Writer {
        Writer::with_capacity(0)
    }

    /// No text yet, with room for so many narrow characters.
    pub fn with_capacity(capacity: usize) -> Writer {
        let mut characters = Vec::new();
        let exhausted = !has_room(&mut characters, capacity);
        Writer {
            characters: Characters::Ucs1(characters),
            exhausted,
            whole: None,
        }
    }

    /// Adds the last piece of the text; where it is the only one, the writer gives that very object.
    pub fn push_last(&mut self, text: &PyASCIIObject) {
        if self.is_empty() && text.length.get() != 0 {
            self.whole = Some(Own::new(text));
            return;
        }
        self.push(text);
    }

    /// Number of characters.
    pub fn len(&self) -> usize {
        match &self.characters {
            Characters::Ucs1(characters) => characters.len(),
            Characters::Ucs2(characters) => characters.len(),
            Characters::Ucs4(characters) => characters.len(),
        }
    }

    /// Whether there is no character yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes room for characters up to the given one.
    fn widen(&mut self, largest: u32) {
        let widened = match &self.characters {
            Characters::Ucs1(narrow) if largest > 0xffff => {
                widened(narrow, u32::from).map(Characters::Ucs4)
            }
            Characters::Ucs1(narrow) if largest > 0xff => {
                widened(narrow, u16::from).map(Characters::Ucs2)
            }
            Characters::Ucs2(narrow) if largest > 0xffff => {
                widened(narrow, u32::from).map(Characters::Ucs4)
            }
            _ => return,
        };
        self.characters = widened.unwrap_or_else(|| {
            self.exhausted = true;
            Characters::Ucs4(Vec::new())
        });
    }

    /// Adds a str, owned or borrowed.
    pub fn push(&mut self, text: &impl AsStr) {
        self.push_text(super::text(text.as_str_object()));
    }

    /// Adds `str(object)`.
    pub fn push_object(&mut self, object: &PyObject) -> PyResult<()> {
        self.push(&crate::object::str(object)?);
        Ok(())
    }

    /// Adds a character.
    #[inline]
    pub fn push_character(&mut self, character: u32) {
        self.widen(character);
        if !self.makes_room(1) {
            return;
        }
        match &mut self.characters {
            Characters::Ucs1(characters) => characters.push(character as u8),
            Characters::Ucs2(characters) => characters.push(character as u16),
            Characters::Ucs4(characters) => characters.push(character),
        }
    }

    /// Makes room for that many more characters, or raises `MemoryError`.
    pub fn reserve(&mut self, count: usize) -> PyResult<()> {
        let reserved = match &mut self.characters {
            Characters::Ucs1(c) => c.try_reserve(count),
            Characters::Ucs2(c) => c.try_reserve(count),
            Characters::Ucs4(c) => c.try_reserve(count),
        };
        reserved.map_err(|_| errors::no_memory())
    }

    /// Whether there is room for that many more characters; a writer without it fails when it ends.
    #[inline]
    fn makes_room(&mut self, count: usize) -> bool {
        let has_room = match &mut self.characters {
            Characters::Ucs1(c) => has_room(c, count),
            Characters::Ucs2(c) => has_room(c, count),
            Characters::Ucs4(c) => has_room(c, count),
        };
        self.exhausted |= !has_room;
        has_room
    }

    /// Adds a character a number of times.
    pub fn push_fill(&mut self, character: u32, count: usize) {
        if count == 0 {
            return;
        }
        self.widen(character);
        let room = match &mut self.characters {
            Characters::Ucs1(c) => c.try_reserve_exact(count),
            Characters::Ucs2(c) => c.try_reserve_exact(count),
            Characters::Ucs4(c) => c.try_reserve_exact(count),
        };
        if room.is_err() {
            self.exhausted = true;
            return;
        }
        match &mut self.characters {
            Characters::Ucs1(c) => c.extend(std::iter::repeat_n(character as u8, count)),
            Characters::Ucs2(c) => c.extend(std::iter::repeat_n(character as u16, count)),
            Characters::Ucs4(c) => c.extend(std::iter::repeat_n(character, count)),
        }
    }

    /// Adds Rust text.
    pub fn push_str(&mut self, text: &str) {
        if !self.makes_room(text.len()) {
            return;
        }
        match &mut self.characters {
            Characters::Ucs1(characters) if text.is_ascii() => {
                characters.extend_from_slice(text.as_bytes())
            }
            _ => text
                .chars()
                .for_each(|character| self.push_character(u32::from(character))),
        }
    }

    /// Adds characters of a str.
    pub fn push_text(&mut self, text: Text<'_>) {
        if !self.makes_room(text.len()) {
            return;
        }
        match (text, &mut self.characters) {
            (Text::Ucs1(from), Characters::Ucs1(to)) => return to.extend_from_slice(from),
            (Text::Ucs2(from), Characters::Ucs2(to)) => return to.extend_from_slice(from),
            (Text::Ucs4(from), Characters::Ucs4(to)) => return to.extend_from_slice(from),
            _ => {}
        }
        self.widen(text.iter().fold(0, |all, c| all | c));
        if !self.makes_room(text.len()) {
            return;
        }
        match &mut self.characters {
            Characters::Ucs1(to) => to.extend(text.iter().map(|c| c as u8)),
            Characters::Ucs2(to) => to.extend(text.iter().map(|c| c as u16)),
            Characters::Ucs4(to) => to.extend(text.iter()),
        }
    }

    /// The str, a new one even where it is a single character.
    pub fn finish_new(self) -> PyResult<Own<PyASCIIObject>> {
        if self.exhausted {
            return Err(crate::errors::no_memory());
        }
        let narrow: Vec<u8> = match &self.characters {
            Characters::Ucs1(characters) => return super::make::new_ucs1(characters),
            Characters::Ucs2(characters) => match *characters.as_slice() {
                [character @ 0..=0xff] => vec![character as u8],
                _ => return self.finish(),
            },
            Characters::Ucs4(characters) => match *characters.as_slice() {
                [character @ 0..=0xff] => vec![character as u8],
                _ => return self.finish(),
            },
        };
        super::make::new_ucs1(&narrow)
    }

    /// The str.
    pub fn finish(self) -> PyResult<Own<PyASCIIObject>> {
        if self.exhausted {
            return Err(crate::errors::no_memory());
        }
        if let Some(whole) = self.whole {
            return Ok(whole);
        }
        match &self.characters {
            Characters::Ucs1(characters) => from_ucs1(characters),
            Characters::Ucs2(characters) => from_ucs2(characters),
            Characters::Ucs4(characters) => from_ucs4(characters),
        }
    }
}
