//! UTF-7: ASCII with shifted sequences of UTF-16 in base 64 (RFC 2152).

use super::Encoding;
use super::decode::handle;
use super::handlers::{Failure, Fault};
use crate::bytes;
use crate::errors::PyResult;
use crate::own::Own;
use crate::unicode::{Writer, empty, text};
use twinheap_abi::*;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn digit_value(byte: u8) -> Option<u32> {
    DIGITS
        .iter()
        .position(|digit| *digit == byte)
        .map(|value| value as u32)
}

/// Whether the encoder leaves a character as it is outside of shifted sequences.
fn is_direct(character: u32) -> bool {
    match u8::try_from(character) {
        Ok(b'\t' | b'\n' | b'\r') => true,
        Ok(byte) => (b' '..=b'}').contains(&byte) && !matches!(byte, b'+' | b'\\'),
        Err(_) => false,
    }
}

/// The bits of a shifted sequence that are not written yet.
#[derive(Default)]
struct Bits {
    count: u32,
    buffer: u32,
}

impl Bits {
    fn put_unit(&mut self, out: &mut Vec<u8>, unit: u32) {
        self.buffer = self.buffer << 16 | unit;
        self.count += 16;
        while self.count >= 6 {
            self.count -= 6;
            out.push(DIGITS[(self.buffer >> self.count & 0x3f) as usize]);
        }
        self.buffer &= (1 << self.count) - 1;
    }

    fn put_character(&mut self, out: &mut Vec<u8>, character: u32) {
        match character.checked_sub(0x1_0000) {
            Some(offset) => {
                self.put_unit(out, 0xd800 | offset >> 10);
                self.put_unit(out, 0xdc00 | offset & 0x3ff);
            }
            None => self.put_unit(out, character),
        }
    }

    /// The last digit, filled up with zeros.
    fn finish(self, out: &mut Vec<u8>) {
        if self.count > 0 {
            out.push(DIGITS[(self.buffer << (6 - self.count) & 0x3f) as usize]);
        }
    }
}

/// Encodes a str; every character has a form.
pub fn encode_utf7(object: &PyASCIIObject) -> PyResult<Own<PyBytesObject>> {
    let mut out = Vec::with_capacity(object.length.get() as usize);
    let mut shifted: Option<Bits> = None;
    let all = text(object);
    for character in (0..all.len()).map(|index| all.at(index)) {
        if !is_direct(character) && (shifted.is_some() || character != u32::from(b'+')) {
            if shifted.is_none() {
                out.push(b'+');
            }
            shifted
                .get_or_insert_default()
                .put_character(&mut out, character);
            continue;
        }
        let byte = character as u8;
        if let Some(bits) = shifted.take() {
            bits.finish(&mut out);
            // Other characters end the sequence by themselves.
            if byte == b'-' || digit_value(byte).is_some() {
                out.push(b'-');
            }
        }
        out.push(byte);
        if byte == b'+' {
            out.push(b'-');
        }
    }
    if let Some(bits) = shifted {
        bits.finish(&mut out);
        out.push(b'-');
    }
    bytes::from_slice_fresh(&out)
}

/// A shifted sequence while it is read.
#[derive(Default)]
struct Shift {
    /// Where its `+` stands.
    start: usize,
    count: u32,
    buffer: u32,
    high_surrogate: Option<u32>,
    /// What it has given so far.
    characters: Vec<u32>,
}

impl Shift {
    fn take(&mut self, value: u32) {
        self.buffer = self.buffer << 6 | value;
        self.count += 6;
        if self.count < 16 {
            return;
        }
        self.count -= 16;
        let unit = self.buffer >> self.count;
        self.buffer &= (1 << self.count) - 1;
        if let Some(high) = self.high_surrogate.take() {
            if (0xdc00..0xe000).contains(&unit) {
                let joined = 0x1_0000 + ((high & 0x3ff) << 10 | unit & 0x3ff);
                self.characters.push(joined);
                return;
            }
            self.characters.push(high);
        }
        if (0xd800..0xdc00).contains(&unit) {
            self.high_surrogate = Some(unit);
        } else {
            self.characters.push(unit);
        }
    }

    /// What is wrong with the sequence where it ends.
    fn fault(&self, end: usize) -> Option<Fault> {
        let reason = if self.count >= 6 {
            "partial character in shift sequence"
        } else if self.buffer != 0 {
            "non-zero padding bits in shift sequence"
        } else {
            return None;
        };
        Some(Fault {
            start: self.start,
            end,
            reason,
        })
    }

    fn write(&self, out: &mut Writer) {
        for &character in &self.characters {
            out.push_character(character);
        }
    }
}

/// How a stretch of bytes ended.
enum Ending {
    Whole,
    Shifted(Shift),
    Fault(Fault),
}

fn run(out: &mut Writer, content: &[u8], mut at: usize) -> Ending {
    let mut shifted: Option<Shift> = None;
    while let Some(&byte) = content.get(at) {
        if let Some(shift) = &mut shifted {
            if let Some(value) = digit_value(byte) {
                shift.take(value);
                at += 1;
                continue;
            }
            shift.write(out);
            if let Some(fault) = shift.fault(at + 1) {
                return Ending::Fault(fault);
            }
            if let Some(high) = shift.high_surrogate
                && byte < 0x80
            {
                out.push_character(high);
            }
            shifted = None;
            at += usize::from(byte == b'-');
            continue;
        }
        let fault = |end, reason| {
            Ending::Fault(Fault {
                start: at,
                end,
                reason,
            })
        };
        match (byte, content.get(at + 1)) {
            (b'+', Some(b'-')) => {
                out.push_character(u32::from(b'+'));
                at += 1;
            }
            (b'+', Some(next)) if digit_value(*next).is_none() => {
                return fault(at + 2, "ill-formed sequence");
            }
            (b'+', _) => {
                shifted = Some(Shift {
                    start: at,
                    ..Shift::default()
                });
            }
            (0x80.., _) => return fault(at + 1, "unexpected special character"),
            _ => out.push_character(u32::from(byte)),
        }
        at += 1;
    }
    shifted.map_or(Ending::Whole, Ending::Shifted)
}

/// Decodes bytes and tells how many were used up: unless they are the last, a shifted sequence at
/// their end is left for later.
pub fn decode_utf7(
    content: &[u8],
    errors: &str,
    is_final: bool,
) -> PyResult<(Own<PyASCIIObject>, usize)> {
    if content.is_empty() {
        return Ok((empty(), 0));
    }
    let mut out = Writer::with_capacity(content.len());
    let mut failure = Failure::default();
    let mut at = 0;
    loop {
        let fault = match run(&mut out, content, at) {
            Ending::Whole => return Ok((out.finish()?, content.len())),
            Ending::Shifted(shift) if !is_final => return Ok((out.finish()?, shift.start)),
            Ending::Shifted(shift) => {
                shift.write(&mut out);
                if shift.high_surrogate.is_none() && shift.fault(content.len()).is_none() {
                    return Ok((out.finish()?, content.len()));
                }
                Fault {
                    start: shift.start,
                    end: content.len(),
                    reason: "unterminated shift sequence",
                }
            }
            Ending::Fault(fault) => fault,
        };
        at = handle(
            &mut out,
            content,
            Encoding::Utf7,
            errors,
            (fault, &mut failure),
        )?;
    }
}
