//! The encodings with states: ISO 2022's, which change character sets by escape sequences, and HZ.

use super::{ILLEGAL, Stop, Table, look_up, push, table};

const ESC: u8 = 0x1b;
/// The sets of two bytes a character have this bit in their marks.
const DOUBLE: u8 = 0x80;
const ASCII: u8 = b'B';
const MAX_ESCAPE: usize = 16;

/// How a character set is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// By a table of this name.
    Double(&'static str),
    Roman,
    Katakana,
    /// Known by name, but only ever called for one character.
    Upper,
}

/// An encoding's character sets, by the marks in their escape sequences, and its peculiarities.
struct Variant {
    name: &'static str,
    sets: &'static [(u8, Set)],
    has_shifts: bool,
    has_g2: bool,
    has_jisx0208_prefix: bool,
}

const JISX0208: (u8, Set) = (b'B' | DOUBLE, Set::Double("JISX0208"));
const JISX0208_OLD: (u8, Set) = (b'@' | DOUBLE, Set::Double("JISX0208"));
const JISX0212: (u8, Set) = (b'D' | DOUBLE, Set::Double("JISX0212"));
const KSX1001: (u8, Set) = (b'C' | DOUBLE, Set::Double("KSX1001"));
const GB2312: (u8, Set) = (b'A' | DOUBLE, Set::Double("GB2312"));
const ROMAN: (u8, Set) = (b'J', Set::Roman);

const fn japanese(name: &'static str, sets: &'static [(u8, Set)]) -> Variant {
    Variant {
        name,
        sets,
        has_shifts: false,
        has_g2: false,
        has_jisx0208_prefix: true,
    }
}

static VARIANTS: [Variant; 7] = [
    Variant {
        has_shifts: true,
        has_jisx0208_prefix: false,
        ..japanese("iso2022_kr", &[KSX1001])
    },
    japanese("iso2022_jp", &[JISX0208, ROMAN, JISX0208_OLD]),
    japanese("iso2022_jp_1", &[JISX0208, JISX0212, ROMAN, JISX0208_OLD]),
    Variant {
        has_g2: true,
        ..japanese(
            "iso2022_jp_2",
            &[
                JISX0208,
                JISX0212,
                KSX1001,
                GB2312,
                ROMAN,
                JISX0208_OLD,
                (b'A', Set::Upper),
                (b'F', Set::Upper),
            ],
        )
    },
    japanese(
        "iso2022_jp_2004",
        &[
            JISX0208,
            (b'Q' | DOUBLE, Set::Double("JISX0213_2004_1")),
            (b'P' | DOUBLE, Set::Double("JISX0213_2004_2")),
        ],
    ),
    japanese(
        "iso2022_jp_3",
        &[
            JISX0208,
            (b'O' | DOUBLE, Set::Double("JISX0213_2000_1")),
            (b'P' | DOUBLE, Set::Double("JISX0213_2000_2")),
        ],
    ),
    japanese(
        "iso2022_jp_ext",
        &[
            JISX0208,
            JISX0212,
            ROMAN,
            (b'I', Set::Katakana),
            JISX0208_OLD,
        ],
    ),
];

/// An ISO 2022 encoding, and the state it is in.
pub struct Iso2022 {
    variant: &'static Variant,
    /// The marks of the sets that are called G0, G1 and G2.
    sets: [u8; 3],
    is_shifted: bool,
    /// Inside an escape sequence that means nothing here.
    in_foreign_escape: bool,
}

fn ends_escape(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'@')
}

impl Iso2022 {
    pub fn find(name: &str) -> Option<Iso2022> {
        Some(Iso2022 {
            variant: VARIANTS.iter().find(|variant| variant.name == name)?,
            sets: [ASCII; 3],
            is_shifted: false,
            in_foreign_escape: false,
        })
    }

    pub fn sequence(&mut self, rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
        let byte = rest[0];
        if self.in_foreign_escape {
            self.in_foreign_escape = !ends_escape(byte);
            out.push(u32::from(byte));
            return Ok(1);
        }
        match byte {
            ESC => return self.escape(rest, out),
            0x0e | 0x0f if self.variant.has_shifts => {
                self.is_shifted = byte == 0x0e;
                return Ok(1);
            }
            b'\n' => self.is_shifted = false,
            0..0x20 => {}
            0x80.. => return Err(Stop::Illegal(1)),
            _ => return self.character(rest, out),
        }
        out.push(u32::from(byte));
        Ok(1)
    }

    fn character(&self, rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
        let mark = self.sets[usize::from(self.is_shifted)];
        let set = self.variant.sets.iter().find(|(known, _)| *known == mark);
        let code = u32::from(rest[0]);
        match set.map(|(_, set)| *set) {
            None => out.push(code),
            Some(Set::Double(name)) => {
                let [lead, trail, ..] = *rest else {
                    return Err(Stop::Incomplete);
                };
                let is_low = lead < 0x80 && trail < 0x80;
                let value =
                    table(name).map_or(ILLEGAL, |table| look_up(table, lead | 0x80, trail | 0x80));
                if value == ILLEGAL || !is_low {
                    return Err(Stop::Illegal(2));
                }
                push(value, out);
                return Ok(2);
            }
            Some(Set::Roman) => out.push(match code {
                0x5c => 0xa5,
                0x7e => 0x203e,
                code => code,
            }),
            Some(Set::Katakana) if (0x21..=0x5f).contains(&code) => out.push(0xff40 + code),
            Some(Set::Katakana | Set::Upper) => return Err(Stop::Illegal(1)),
        }
        Ok(1)
    }

    fn escape(&mut self, rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
        match *rest.get(1).ok_or(Stop::Incomplete)? {
            b'(' | b')' | b'$' | b'.' | b'&' => self.designate(rest),
            b'N' if self.variant.has_g2 => {
                let byte = *rest.get(2).ok_or(Stop::Incomplete)?;
                let code = self.upper_character(byte).ok_or(Stop::Illegal(3))?;
                out.push(code);
                Ok(3)
            }
            _ => {
                out.push(u32::from(ESC));
                self.in_foreign_escape = true;
                Ok(1)
            }
        }
    }

    /// One character of the set that is called G2.
    fn upper_character(&self, byte: u8) -> Option<u32> {
        if byte >= 0x80 {
            // What is above is turned around, not refused, in the Greek set alone.
            let is_greek = self.sets[2] == b'F';
            return is_greek.then_some(u32::from(byte ^ 0x80));
        }
        let code = u32::from(byte) + 0x80;
        match self.sets[2] {
            b'A' => Some(code),
            b'F' => greek(code),
            _ => Some(u32::from(byte)),
        }
    }

    /// Calls a character set by its escape sequence.
    fn designate(&mut self, rest: &[u8]) -> Result<usize, Stop> {
        let len = self.escape_length(rest)?;
        let (mark, called) = match (len, &rest[1..len]) {
            (3, [b'$', mark]) => (mark | DOUBLE, 0),
            (3, [b'(', mark]) => (*mark, 0),
            (3, [b')', mark]) => (*mark, 1),
            (3, [b'.', mark]) if self.variant.has_g2 => (*mark, 2),
            (4, [b'$', b'(', mark]) => (mark | DOUBLE, 0),
            (4, [b'$', b')', mark]) => (mark | DOUBLE, 1),
            (6, [_, _, ESC, b'$', b'B']) if self.variant.has_jisx0208_prefix => (b'B' | DOUBLE, 0),
            _ => return Err(Stop::Illegal(len)),
        };
        let is_known = self.variant.sets.iter().any(|(known, _)| *known == mark);
        if mark != ASCII && !is_known {
            return Err(Stop::Illegal(len));
        }
        self.sets[called] = mark;
        Ok(len)
    }

    fn escape_length(&self, rest: &[u8]) -> Result<usize, Stop> {
        let mut at = 1;
        while at < MAX_ESCAPE {
            let byte = *rest.get(at).ok_or(Stop::Incomplete)?;
            if ends_escape(byte) {
                return Ok(at + 1);
            }
            let is_prefix = byte == b'&' && rest.get(at + 1) == Some(&b'@');
            if self.variant.has_jisx0208_prefix && is_prefix {
                at += 2;
            }
            at += 1;
        }
        Err(Stop::Illegal(1))
    }
}

/// ISO 8859-7 as ISO-2022-JP-2 has it.
fn greek(code: u32) -> Option<u32> {
    match code {
        0xa1 => Some(0x2018),
        0xa2 => Some(0x2019),
        0xaf => Some(0x2015),
        0x80..0xa0 | 0xa0 | 0xa3 | 0xa6..=0xa9 | 0xab..=0xad | 0xb0..=0xb3 | 0xb7 | 0xbb | 0xbd => {
            Some(code)
        }
        0xb4..=0xb6 | 0xb8..=0xba | 0xbc | 0xbe..=0xd1 | 0xd3..=0xfe => Some(code + 0x2d0),
        _ => None,
    }
}

/// HZ: ASCII, and GB 2312 between `~{` and `~}`.
pub struct Hz {
    table: &'static Table,
    in_gb: bool,
}

impl Hz {
    pub fn new() -> Option<Hz> {
        Some(Hz {
            table: table("GB2312")?,
            in_gb: false,
        })
    }

    pub fn sequence(&mut self, rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
        let byte = rest[0];
        if byte >= 0x80 {
            return Err(Stop::Illegal(1));
        }
        if !self.in_gb && byte != b'~' {
            out.push(u32::from(byte));
            return Ok(1);
        }
        let next = *rest.get(1).ok_or(Stop::Incomplete)?;
        match (byte, next, self.in_gb) {
            (b'~', b'~', false) => out.push(u32::from(b'~')),
            (b'~', b'{', false) => self.in_gb = true,
            (b'~', b'}', true) => self.in_gb = false,
            (b'~', b'\n', false) => {}
            (b'~', ..) | (_, 0x80.., _) => return Err(Stop::Illegal(1)),
            _ => match look_up(self.table, byte | 0x80, next | 0x80) {
                ILLEGAL => return Err(Stop::Illegal(1)),
                value => push(value, out),
            },
        }
        Ok(2)
    }
}
