//! Searching characters: of equal kinds once the needle has been brought to the haystack's kind.

use super::Text;
use crate::errors::PyResult;
use crate::memory;
use std::borrow::Cow;

/// A character as one of the three kinds stores it.
pub trait Character: Copy + Eq + Ord + Into<u32> + 'static {
    /// The character in this kind, where it fits.
    fn from_point(point: u32) -> Option<Self>;
}

impl Character for u8 {
    fn from_point(point: u32) -> Option<u8> {
        u8::try_from(point).ok()
    }
}

impl Character for u16 {
    fn from_point(point: u32) -> Option<u16> {
        u16::try_from(point).ok()
    }
}

impl Character for u32 {
    fn from_point(point: u32) -> Option<u32> {
        Some(point)
    }
}

/// Runs an expression on the slice of characters, whatever their kind.
#[macro_export]
macro_rules! with_characters {
    ($text:expr, $characters:ident => $body:expr) => {
        match $text {
            $crate::unicode::Text::Ucs1($characters) => $body,
            $crate::unicode::Text::Ucs2($characters) => $body,
            $crate::unicode::Text::Ucs4($characters) => $body,
        }
    };
}

impl<'a> Text<'a> {
    /// The characters from `start` to `end`.
    pub fn slice(self, start: usize, end: usize) -> Text<'a> {
        match self {
            Text::Ucs1(characters) => Text::Ucs1(&characters[start..end]),
            Text::Ucs2(characters) => Text::Ucs2(&characters[start..end]),
            Text::Ucs4(characters) => Text::Ucs4(&characters[start..end]),
        }
    }

    /// The characters in a given kind; none where one of them does not fit.
    fn in_kind<C: Character>(
        self,
        own: impl Fn(Text<'a>) -> Option<&'a [C]>,
    ) -> Option<Cow<'a, [C]>> {
        if let Some(same) = own(self) {
            return Some(Cow::Borrowed(same));
        }
        self.iter()
            .map(C::from_point)
            .collect::<Option<Vec<C>>>()
            .map(Cow::Owned)
    }

    /// Whether the characters are the same.
    pub fn same(self, other: Text<'_>) -> bool {
        match (self, other) {
            (Text::Ucs1(a), Text::Ucs1(b)) => a == b,
            (a, b) => a.len() == b.len() && a.iter().eq(b.iter()),
        }
    }

    /// Whether the text begins with another.
    pub fn begins_with(self, other: Text<'_>) -> bool {
        other.len() <= self.len() && self.slice(0, other.len()).same(other)
    }

    /// Whether the text ends with another.
    pub fn ends_with(self, other: Text<'_>) -> bool {
        other.len() <= self.len() && self.slice(self.len() - other.len(), self.len()).same(other)
    }

    /// Where the needle first occurs.
    pub fn find(self, needle: Text<'_>) -> Option<usize> {
        match self {
            Text::Ucs1(hay) => find(hay, &narrow1(needle)?),
            Text::Ucs2(hay) => find(hay, &narrow2(needle)?),
            Text::Ucs4(hay) => find(hay, &narrow4(needle)?),
        }
    }

    /// Where the needle last occurs.
    pub fn find_last(self, needle: Text<'_>) -> Option<usize> {
        match self {
            Text::Ucs1(hay) => find_last(hay, &narrow1(needle)?),
            Text::Ucs2(hay) => find_last(hay, &narrow2(needle)?),
            Text::Ucs4(hay) => find_last(hay, &narrow4(needle)?),
        }
    }

    /// Where the needle occurs, from the left, without overlaps, at most so many times.
    pub fn find_all(self, needle: Text<'_>, most: usize) -> PyResult<Vec<usize>> {
        let positions = match self {
            Text::Ucs1(hay) => narrow1(needle).map(|needle| find_all(hay, &needle, most)),
            Text::Ucs2(hay) => narrow2(needle).map(|needle| find_all(hay, &needle, most)),
            Text::Ucs4(hay) => narrow4(needle).map(|needle| find_all(hay, &needle, most)),
        };
        positions.unwrap_or_else(|| Ok(Vec::new()))
    }

    /// How often the needle occurs without overlaps; an empty one occurs around every character.
    pub fn count(self, needle: Text<'_>) -> usize {
        match needle.is_empty() {
            true => self.len() + 1,
            false => match self {
                Text::Ucs1(hay) => narrow1(needle).map(|needle| count_all(hay, &needle)),
                Text::Ucs2(hay) => narrow2(needle).map(|needle| count_all(hay, &needle)),
                Text::Ucs4(hay) => narrow4(needle).map(|needle| count_all(hay, &needle)),
            }
            .unwrap_or(0),
        }
    }

    /// Whether the character occurs.
    pub fn contains_character(self, character: u32) -> bool {
        with_characters!(self, characters => {
            Character::from_point(character).is_some_and(|c| characters.contains(&c))
        })
    }
}

fn narrow1(needle: Text<'_>) -> Option<Cow<'_, [u8]>> {
    needle.in_kind(|text| {
        if let Text::Ucs1(same) = text {
            Some(same)
        } else {
            None
        }
    })
}

fn narrow2(needle: Text<'_>) -> Option<Cow<'_, [u16]>> {
    needle.in_kind(|text| {
        if let Text::Ucs2(same) = text {
            Some(same)
        } else {
            None
        }
    })
}

fn narrow4(needle: Text<'_>) -> Option<Cow<'_, [u32]>> {
    needle.in_kind(|text| {
        if let Text::Ucs4(same) = text {
            Some(same)
        } else {
            None
        }
    })
}

/// A filter of 64 bits over the low bits of the needle's characters.
fn bloom<C: Character>(needle: &[C]) -> u64 {
    needle
        .iter()
        .fold(0, |mask, &c| mask | 1 << (c.into() & 63))
}

/// Where the needle first occurs: compares the last character first, and jumps past a window whose
/// following character is not in the needle at all.
pub fn find<C: Character>(hay: &[C], needle: &[C]) -> Option<usize> {
    let Some((&last, head)) = needle.split_last() else {
        return Some(0);
    };
    if needle.len() == 1 {
        return hay.iter().position(|&c| c == last);
    }
    let mask = bloom(needle);
    let gap = head
        .iter()
        .rev()
        .position(|&c| c == last)
        .unwrap_or(head.len());
    let mut at = 0;
    while at + needle.len() <= hay.len() {
        let end = at + head.len();
        if hay[end] == last {
            if hay[at..end] == *head {
                return Some(at);
            }
            let next = hay.get(end + 1).copied();
            let absent = next.is_some_and(|c| mask >> (c.into() & 63) & 1 == 0);
            at += if absent { needle.len() + 1 } else { gap + 1 };
        } else {
            let next = hay.get(end + 1).copied();
            let absent = next.is_some_and(|c| mask >> (c.into() & 63) & 1 == 0);
            at += if absent { needle.len() + 1 } else { 1 };
        }
    }
    None
}

/// Where the needle last occurs.
pub fn find_last<C: Character>(hay: &[C], needle: &[C]) -> Option<usize> {
    let Some((&first, tail)) = needle.split_first() else {
        return Some(hay.len());
    };
    let mut end = (hay.len() + 1).checked_sub(needle.len())?;
    while let Some(at) = hay[..end].iter().rposition(|&c| c == first) {
        if hay[at + 1..at + needle.len()] == *tail {
            return Some(at);
        }
        end = at;
    }
    None
}

/// Where a needle that is not empty occurs, without overlaps.
fn occurrences<C: Character>(hay: &[C], needle: &[C]) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + find(&hay[from..], needle)?;
        from = at + needle.len();
        Some(at)
    })
}

/// Where a needle that is not empty occurs, without overlaps, at most so many times.
pub fn find_all<C: Character>(hay: &[C], needle: &[C], most: usize) -> PyResult<Vec<usize>> {
    let mut found = Vec::new();
    for at in occurrences(hay, needle).take(most) {
        memory::reserve(&mut found, 1)?;
        found.push(at);
    }
    Ok(found)
}

/// How often the needle, which is not empty, occurs without overlaps.
pub fn count_all<C: Character>(hay: &[C], needle: &[C]) -> usize {
    occurrences(hay, needle).count()
}
