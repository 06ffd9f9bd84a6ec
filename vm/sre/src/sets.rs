//! Classes of characters, case folding and character sets.

use crate::codes::{at, category, op};

/// What the engine must know about Unicode; the tables live elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Characters {
    /// `str.isdecimal` of one code point.
    pub is_decimal: fn(u32) -> bool,
    /// `str.isspace` of one code point.
    pub is_space: fn(u32) -> bool,
    /// `str.isalnum` of one code point.
    pub is_alnum: fn(u32) -> bool,
    /// Whether `str.splitlines` splits at the code point.
    pub is_linebreak: fn(u32) -> bool,
    /// The simple lower case mapping.
    pub to_lower: fn(u32) -> u32,
    /// The simple upper case mapping.
    pub to_upper: fn(u32) -> u32,
}

/// How case is folded before a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    None,
    Ascii,
    Locale,
    Unicode,
}

fn ascii(point: u32) -> Option<char> {
    char::from_u32(point).filter(char::is_ascii)
}

pub(crate) fn is_line_feed(point: u32) -> bool {
    point == u32::from(b'\n')
}

fn is_ascii_digit(point: u32) -> bool {
    ascii(point).is_some_and(|c| c.is_ascii_digit())
}

fn is_ascii_space(point: u32) -> bool {
    matches!(point, 0x20 | 0x09..=0x0d)
}

fn is_ascii_word(point: u32) -> bool {
    ascii(point).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
}

pub(crate) fn lower_ascii(point: u32) -> u32 {
    ascii(point).map_or(point, |c| u32::from(c.to_ascii_lowercase()))
}

fn upper_ascii(point: u32) -> u32 {
    ascii(point).map_or(point, |c| u32::from(c.to_ascii_uppercase()))
}

impl Characters {
    fn is_word(&self, point: u32) -> bool {
        (self.is_alnum)(point) || point == u32::from(b'_')
    }

    /// Whether the code point is in a category. The locale is the one named C: it knows ASCII.
    pub(crate) fn in_category(&self, which: u32, point: u32) -> bool {
        match which {
            category::DIGIT => is_ascii_digit(point),
            category::NOT_DIGIT => !is_ascii_digit(point),
            category::SPACE => is_ascii_space(point),
            category::NOT_SPACE => !is_ascii_space(point),
            category::WORD | category::LOC_WORD => is_ascii_word(point),
            category::NOT_WORD | category::LOC_NOT_WORD => !is_ascii_word(point),
            category::LINEBREAK => is_line_feed(point),
            category::NOT_LINEBREAK => !is_line_feed(point),
            category::UNI_DIGIT => (self.is_decimal)(point),
            category::UNI_NOT_DIGIT => !(self.is_decimal)(point),
            category::UNI_SPACE => (self.is_space)(point),
            category::UNI_NOT_SPACE => !(self.is_space)(point),
            category::UNI_WORD => self.is_word(point),
            category::UNI_NOT_WORD => !self.is_word(point),
            category::UNI_LINEBREAK => (self.is_linebreak)(point),
            category::UNI_NOT_LINEBREAK => !(self.is_linebreak)(point),
            _ => false,
        }
    }

    /// Folds the case of a character of the text.
    pub(crate) fn fold(&self, fold: Fold, point: u32) -> u32 {
        match fold {
            Fold::None => point,
            Fold::Ascii | Fold::Locale => lower_ascii(point),
            Fold::Unicode => (self.to_lower)(point),
        }
    }

    /// Whether a character of the text is the (already folded) literal of the pattern.
    pub(crate) fn equals_literal(&self, fold: Fold, literal: u32, point: u32) -> bool {
        match fold {
            Fold::None => point == literal,
            Fold::Locale => {
                point == literal || lower_ascii(point) == literal || upper_ascii(point) == literal
            }
            _ => self.fold(fold, point) == literal,
        }
    }

    /// Whether a character of the text is in a set, its case folded.
    pub(crate) fn in_folded_set(&self, fold: Fold, set: &[u32], point: u32) -> bool {
        if fold != Fold::Locale {
            return self.in_set(set, self.fold(fold, point));
        }
        let (lower, upper) = (lower_ascii(point), upper_ascii(point));
        self.in_set(set, lower) || upper != lower && self.in_set(set, upper)
    }

    /// Whether a code point is a member of the set whose code starts here. Code that is not a set
    /// has no members.
    pub(crate) fn in_set(&self, mut set: &[u32], point: u32) -> bool {
        let mut member = true;
        loop {
            let (found, length) = match *set {
                [op::FAILURE, ..] => return !member,
                [op::NEGATE, ..] => {
                    member = !member;
                    (false, 1)
                }
                [op::LITERAL, literal, ..] => (point == literal, 2),
                [op::CATEGORY, which, ..] => (self.in_category(which, point), 2),
                [op::RANGE, low, high, ..] => (low <= point && point <= high, 3),
                [op::RANGE_UNI_IGNORE, low, high, ..] => {
                    let range = low..=high;
                    (
                        range.contains(&point) || range.contains(&(self.to_upper)(point)),
                        3,
                    )
                }
                [op::CHARSET, ref rest @ ..] => {
                    (in_bitmap(rest, point as usize, 256), 1 + 256 / 32)
                }
                [op::BIGCHARSET, blocks, ref rest @ ..] => (
                    in_blocks(rest, point),
                    2 + 256 / 4 + blocks as usize * (256 / 32),
                ),
                _ => return false,
            };
            if found {
                return member;
            }
            match set.get(length..) {
                Some(rest) => set = rest,
                None => return false,
            }
        }
    }

    /// Whether a position of the text, which ends at `end`, is one of the named kind. The position
    /// may lie behind the end: only the end of a line then asks what stands there.
    pub(crate) fn at_position<T: crate::Unit>(
        &self,
        which: u32,
        text: &[T],
        end: usize,
        position: usize,
    ) -> bool {
        let before = || position.checked_sub(1).map(|index| text[index].point());
        let here = || text.get(position).map(|unit| unit.point());
        let after = || here().filter(|_| position < end);
        let boundary = |is_word: &dyn Fn(u32) -> bool| {
            before().is_some_and(is_word) != after().is_some_and(is_word)
        };
        match which {
            at::BEGINNING | at::BEGINNING_STRING => position == 0,
            at::BEGINNING_LINE => before().is_none_or(is_line_feed),
            at::END => position == end || position + 1 == end && after().is_some_and(is_line_feed),
            at::END_LINE => position == end || here().is_some_and(is_line_feed),
            at::END_STRING => position == end,
            _ if end == 0 => false,
            at::BOUNDARY | at::LOC_BOUNDARY => boundary(&is_ascii_word),
            at::NON_BOUNDARY | at::LOC_NON_BOUNDARY => !boundary(&is_ascii_word),
            at::UNI_BOUNDARY => boundary(&|point| self.is_word(point)),
            at::UNI_NON_BOUNDARY => !boundary(&|point| self.is_word(point)),
            _ => false,
        }
    }
}

fn in_bitmap(bitmap: &[u32], index: usize, size: usize) -> bool {
    index < size
        && bitmap
            .get(index / 32)
            .is_some_and(|word| word >> (index % 32) & 1 == 1)
}

/// A big set: 256 block numbers of a byte each, then the blocks of 256 bits.
fn in_blocks(rest: &[u32], point: u32) -> bool {
    if point >= 0x10000 {
        return false;
    }
    let high = (point >> 8) as usize;
    let Some(word) = rest.get(high / 4) else {
        return false;
    };
    let block = word.to_ne_bytes()[high % 4] as usize;
    let index = block * 256 + (point & 0xff) as usize;
    rest.get(256 / 4..)
        .is_some_and(|blocks| in_bitmap(blocks, index, usize::MAX))
}
