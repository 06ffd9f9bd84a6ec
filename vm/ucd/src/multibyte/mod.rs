//! The East Asian multi-byte encodings of CPython's `_codecs_*` modules: bytes to code points.
//!
//! The tables come from the oracle; the code knows only how long a sequence is and what ends it.

mod iso2022;
#[rustfmt::skip]
mod tables;

use std::sync::OnceLock;

use tables::{FOUR_BYTES, PAIRS, SINGLES, TABLES};

/// Where decoding stopped, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

const ILLEGAL: u32 = 0;
const ILLEGAL_PAIR: u32 = 1;
const LONGER: u32 = 2;
const FIRST_PAIR: u32 = 0x20_0000;
const SINGLE_ILLEGAL: u16 = 0xffff;
const SINGLE_LONGER: u16 = 0xfffe;
const TABLE_SIZE: usize = 0x8000;

/// Why a sequence stands for nothing: illegal by so many bytes, or cut off by the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Illegal(usize),
    Incomplete,
}

impl Stop {
    fn fault(self, at: usize, len: usize) -> Fault {
        match self {
            Stop::Illegal(count) => Fault {
                start: at,
                end: at + count,
                reason: "illegal multibyte sequence",
            },
            Stop::Incomplete => Fault {
                start: at,
                end: len,
                reason: "incomplete multibyte sequence",
            },
        }
    }
}

/// A table by lead byte from 0x80 and trail byte.
type Table = Vec<u32>;

fn read_number(bytes: &mut impl Iterator<Item = u8>) -> u32 {
    let (mut value, mut shift) = (0_u32, 0);
    for byte in bytes {
        value |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// Applies the differences written at `offset` to a table.
fn read_table(mut table: Table, offset: usize) -> Table {
    let blob: &[u8] = include_bytes!("tables.bin");
    let mut bytes = blob[offset..].iter().copied();
    let (mut at, mut previous) = (0, 0_u32);
    while at < TABLE_SIZE {
        at += read_number(&mut bytes) as usize;
        for _ in 0..read_number(&mut bytes) {
            let step = read_number(&mut bytes);
            let step = (step >> 1).cast_signed() ^ -(step & 1).cast_signed();
            previous = previous.wrapping_add_signed(step).wrapping_add(1);
            table[at] = previous;
            at += 1;
        }
    }
    table
}

/// The table with this name, read on first use.
fn table(name: &str) -> Option<&'static Table> {
    static READ: [OnceLock<Table>; TABLES.len()] = [const { OnceLock::new() }; TABLES.len()];
    let index = TABLES.iter().position(|(known, ..)| *known == name)?;
    let (_, base, offset) = TABLES[index];
    Some(READ[index].get_or_init(|| {
        let base = base.and_then(|base| table(TABLES[base].0)).cloned();
        read_table(base.unwrap_or_else(|| vec![ILLEGAL; TABLE_SIZE]), offset)
    }))
}

fn push(value: u32, out: &mut Vec<u32>) {
    if value < FIRST_PAIR {
        out.push(value);
    } else {
        let pair = PAIRS[(value - FIRST_PAIR) as usize];
        out.extend(pair.map(u32::from));
    }
}

/// An encoding without states.
struct Stateless {
    name: &'static str,
    singles: &'static [u16; 256],
    table: &'static Table,
    /// What follows the byte 0x8f, where that starts three bytes.
    plane_2: Option<&'static Table>,
}

impl Stateless {
    fn find(name: &str) -> Option<Stateless> {
        let (name, singles) = SINGLES.iter().find(|(known, _)| *known == name)?;
        Some(Stateless {
            name,
            singles,
            table: table(name)?,
            plane_2: table(&format!("{name}+")),
        })
    }

    /// Decodes what `rest` starts with, and says how long that was.
    fn sequence(&self, rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
        let lead = rest[0];
        match self.singles[usize::from(lead)] {
            SINGLE_ILLEGAL => return Err(Stop::Illegal(1)),
            SINGLE_LONGER => {}
            single => {
                out.push(u32::from(single));
                return Ok(1);
            }
        }
        let trail = *rest.get(1).ok_or(Stop::Incomplete)?;
        match look_up(self.table, lead, trail) {
            ILLEGAL => Err(Stop::Illegal(1)),
            ILLEGAL_PAIR => Err(Stop::Illegal(2)),
            LONGER => match (self.name, self.plane_2) {
                ("gb18030", _) => four_bytes(rest, out),
                (_, Some(plane)) => three_bytes(plane, rest, out),
                _ => composed_hangul(rest, out),
            },
            value => {
                push(value, out);
                Ok(2)
            }
        }
    }
}

fn look_up(table: &Table, lead: u8, trail: u8) -> u32 {
    match lead.checked_sub(0x80) {
        Some(row) => table[usize::from(row) << 8 | usize::from(trail)],
        None => ILLEGAL,
    }
}

/// JIS X 0212 or the second plane of JIS X 0213.
fn three_bytes(plane: &Table, rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
    let [_, lead, trail, ..] = *rest else {
        return Err(Stop::Incomplete);
    };
    match look_up(plane, lead, trail) {
        ILLEGAL | LONGER => Err(Stop::Illegal(1)),
        ILLEGAL_PAIR => Err(Stop::Illegal(2)),
        value => {
            push(value, out);
            Ok(3)
        }
    }
}

/// GB 18030's sequences of four bytes.
fn four_bytes(rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
    let [a, b, c, d, ..] = *rest else {
        return Err(Stop::Incomplete);
    };
    let all_in_range = (0x81..=0xfe).contains(&a)
        && (0x30..=0x39).contains(&b)
        && (0x81..=0xfe).contains(&c)
        && (0x30..=0x39).contains(&d);
    if !all_in_range {
        return Err(Stop::Illegal(1));
    }
    let [a, b, c, d] = [a - 0x81, b - 0x30, c - 0x81, d - 0x30].map(u32::from);
    let number = (a * 10 + b) * 1260 + c * 10 + d;
    let beyond = 15 * 12_600;
    let code = if number >= beyond {
        Some(0x1_0000 + number - beyond).filter(|code| *code <= 0x10_ffff)
    } else {
        let run = FOUR_BYTES.partition_point(|(start, _)| u32::from(*start) <= number);
        let (start, first) = FOUR_BYTES[run - 1];
        (first != 0).then(|| u32::from(first) + number - u32::from(start))
    };
    out.push(code.ok_or(Stop::Illegal(1))?);
    Ok(4)
}

/// Where KS X 1001's letters stand among the initial and the final ones of a syllable; 255 where they do not.
const INITIALS: [u8; 30] = [
    0, 1, 255, 2, 255, 255, 3, 4, 5, 255, 255, 255, 255, 255, 255, 255, 6, 7, 8, 255, 9, 10, 11,
    12, 13, 14, 15, 16, 17, 18,
];
const FINALS: [u8; 30] = [
    1, 2, 3, 4, 5, 6, 7, 255, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 255, 18, 19, 20, 21, 22, 255,
    23, 24, 25, 26, 27,
];

/// A Hangul syllable spelled out by KS X 1001's filler and three letters.
fn composed_hangul(rest: &[u8], out: &mut Vec<u32>) -> Result<usize, Stop> {
    const FIRST: u8 = 0xa4;
    const FILLER: u8 = 0xd4;
    let [_, _, p, initial, q, vowel, r, last, ..] = *rest else {
        return Err(Stop::Incomplete);
    };
    let letter = |table: &[u8; 30], byte: u8| {
        let index = byte.checked_sub(0xa1)?;
        let found = *table.get(usize::from(index))?;
        (found != 255).then_some(u32::from(found))
    };
    let initial = letter(&INITIALS, initial);
    let vowel = (0xbf..=0xd3)
        .contains(&vowel)
        .then(|| u32::from(vowel) - 0xbf);
    let last = if last == FILLER {
        Some(0)
    } else {
        letter(&FINALS, last)
    };
    match (initial, vowel, last) {
        (Some(initial), Some(vowel), Some(last)) if [p, q, r] == [FIRST; 3] => {
            out.push(0xac00 + initial * 588 + vowel * 28 + last);
            Ok(8)
        }
        _ => Err(Stop::Illegal(1)),
    }
}

/// Decodes what its input starts with, and says how long that was.
type Step<'a> = dyn FnMut(&[u8], &mut Vec<u32>) -> Result<usize, Stop> + 'a;

/// The characters that the bytes stand for; `None` if there is no such multi-byte encoding.
pub fn decode(encoding: &str, bytes: &[u8]) -> Option<Result<Vec<u32>, Fault>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut run = |sequence: &mut Step<'_>| {
        while at < bytes.len() {
            match sequence(&bytes[at..], &mut out) {
                Ok(len) => at += len,
                Err(stop) => return Err(stop.fault(at, bytes.len())),
            }
        }
        Ok(())
    };
    let outcome = if let Some(codec) = Stateless::find(encoding) {
        run(&mut |rest, out| codec.sequence(rest, out))
    } else if encoding == "hz" {
        let mut codec = iso2022::Hz::new()?;
        run(&mut |rest, out| codec.sequence(rest, out))
    } else {
        let mut codec = iso2022::Iso2022::find(encoding)?;
        run(&mut |rest, out| codec.sequence(rest, out))
    };
    Some(outcome.map(|()| out))
}
