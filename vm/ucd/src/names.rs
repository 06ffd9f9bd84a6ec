//! Character names: a sorted table of words and names, and the names that are computed.

use crate::tables::CJK_RANGES;

static DATA: &[u8] = include_bytes!("names.bin");
const HEADER: usize = 24;

fn word(at: usize) -> u32 {
    u32::from_le_bytes([DATA[at], DATA[at + 1], DATA[at + 2], DATA[at + 3]])
}

/// The sections of the file, as offsets.
struct Layout {
    entries: usize,
    by_code_len: usize,
    word_offsets: usize,
    offsets: usize,
    by_code: usize,
    text: usize,
    data: usize,
}

fn layout() -> Layout {
    let (words, text_len, entries, by_code_len) = (
        word(0) as usize,
        word(4) as usize,
        word(8) as usize,
        word(16) as usize,
    );
    let word_offsets = HEADER;
    let offsets = word_offsets + 4 * words;
    let by_code = offsets + 4 * entries;
    let text = by_code + 4 * by_code_len;
    Layout {
        entries,
        by_code_len,
        word_offsets,
        offsets,
        by_code,
        text,
        data: text + text_len,
    }
}

impl Layout {
    /// The code point of an entry, and whether the entry is an alias.
    fn code(&self, entry: usize) -> (u32, bool) {
        let raw = word(self.data + word(self.offsets + 4 * entry) as usize);
        (raw & 0x7fff_ffff, raw >> 31 != 0)
    }

    fn text(&self, entry: usize) -> Vec<u8> {
        let start = self.data + word(self.offsets + 4 * entry) as usize;
        let mut name = Vec::with_capacity(32);
        for index in 0..DATA[start + 4] as usize {
            let at = start + 5 + 2 * index;
            let number = usize::from(u16::from_le_bytes([DATA[at], DATA[at + 1]]));
            let piece = self.text + word(self.word_offsets + 4 * number) as usize;
            if index > 0 {
                name.push(b' ');
            }
            name.extend_from_slice(&DATA[piece + 1..piece + 1 + DATA[piece] as usize]);
        }
        name
    }
}

const HANGUL_L: [&str; 19] = [
    "G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P",
    "H",
];
const HANGUL_V: [&str; 21] = [
    "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE",
    "WI", "YU", "EU", "YI", "I",
];
const HANGUL_T: [&str; 28] = [
    "", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M",
    "B", "BS", "S", "SS", "NG", "J", "C", "K", "T", "P", "H",
];

/// The longest entry of `table` that `text` starts with.
fn longest(table: &[&str], text: &str) -> Option<(usize, usize)> {
    table
        .iter()
        .enumerate()
        .filter(|(_, piece)| text.starts_with(**piece))
        .map(|(index, piece)| (index, piece.len()))
        .max_by_key(|(_, len)| *len)
}

fn lookup_hangul(rest: &str) -> Option<u32> {
    let (l, used) = longest(&HANGUL_L, rest)?;
    let rest = &rest[used..];
    let (v, used) = longest(&HANGUL_V, rest)?;
    let rest = &rest[used..];
    let (t, used) = longest(&HANGUL_T, rest)?;
    (used == rest.len()).then_some(0xac00 + ((l * 21 + v) * 28 + t) as u32)
}

fn lookup_ideograph(rest: &str) -> Option<u32> {
    if !matches!(rest.len(), 4 | 5)
        || !rest
            .bytes()
            .all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c))
    {
        return None;
    }
    let code = u32::from_str_radix(rest, 16).ok()?;
    CJK_RANGES
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&code))
        .then_some(code)
}

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Listed,
    Alias,
    Computed,
}

/// The code point with this name or alias. Those that are computed are only known in capitals, as in CPython.
pub fn lookup(name: &str) -> Option<u32> {
    find(name).map(|(code, _)| code)
}

pub(crate) fn find(name: &str) -> Option<(u32, Kind)> {
    if let Some(rest) = name.strip_prefix("HANGUL SYLLABLE ") {
        return lookup_hangul(rest).map(|code| (code, Kind::Computed));
    }
    if let Some(rest) = name.strip_prefix("CJK UNIFIED IDEOGRAPH-") {
        return lookup_ideograph(rest).map(|code| (code, Kind::Computed));
    }
    let wanted = name.to_ascii_uppercase();
    let layout = layout();
    let (mut low, mut high) = (0, layout.entries);
    while low < high {
        let middle = (low + high) / 2;
        match layout.text(middle).as_slice().cmp(wanted.as_bytes()) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => {
                let (code, is_alias) = layout.code(middle);
                let kind = if is_alias { Kind::Alias } else { Kind::Listed };
                return Some((code, kind));
            }
        }
    }
    None
}

/// The name of a code point, if it has one.
pub fn name(code: u32) -> Option<String> {
    if (0xac00..0xac00 + 11172).contains(&code) {
        let index = (code - 0xac00) as usize;
        return Some(format!(
            "HANGUL SYLLABLE {}{}{}",
            HANGUL_L[index / 588],
            HANGUL_V[index % 588 / 28],
            HANGUL_T[index % 28]
        ));
    }
    if CJK_RANGES
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&code))
    {
        return Some(format!("CJK UNIFIED IDEOGRAPH-{code:X}"));
    }
    let layout = layout();
    let (mut low, mut high) = (0, layout.by_code_len);
    while low < high {
        let middle = (low + high) / 2;
        let entry = word(layout.by_code + 4 * middle) as usize;
        match layout.code(entry).0.cmp(&code) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return String::from_utf8(layout.text(entry)).ok(),
        }
    }
    None
}
