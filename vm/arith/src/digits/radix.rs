//! Text of numbers in bases 2 to 36, and numbers from text by the rules of `int(text, base)`.

use super::divide::divide_in_place;
use super::{Integer, MASK, SHIFT, Signed, bit_length, normalise, normalised_length};

/// Below this many decimal digits the limit on conversions is never applied.
const MAX_STR_DIGITS_THRESHOLD: usize = 640;
/// The decimal conversion works in limbs of this many decimal digits.
const DECIMAL_SHIFT: usize = 9;
const DECIMAL_BASE: u64 = 1_000_000_000;
const DIGIT_CHARACTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseIntError {
    /// The base is neither 0 nor 2 to 36.
    InvalidBase,
    /// The text is no literal in the base.
    InvalidLiteral,
    /// More decimal digits than the limit allows.
    TooManyDigits {
        /// How many digits the text has.
        digits: usize,
    },
}

/// Whether the limit on decimal text forbids the conversion, told from the length alone.
///
/// A limit of zero is no limit. Texts close to the limit must be counted after conversion, which
/// [`to_decimal`] does.
pub fn decimal_exceeds_limit(digits: &[u32], limit: usize) -> bool {
    let size = digits.len();
    size >= 10 * MAX_STR_DIGITS_THRESHOLD / (3 * SHIFT as usize) + 2
        && limit > 0
        && limit / (3 * SHIFT as usize) <= (size - 11) / 10
}

/// The decimal text of a number; none when it has more digits than the limit (0: no limit).
pub fn to_decimal(number: Signed<'_>, limit: usize) -> Option<String> {
    if decimal_exceeds_limit(number.digits, limit) {
        return None;
    }
    if let Some(value) = super::to_u64(number.digits) {
        return Some(if number.negative {
            format!("-{value}")
        } else {
            value.to_string()
        });
    }
    let mut limbs: Vec<u32> = Vec::with_capacity(number.digits.len() + number.digits.len() / 9 + 1);
    for &digit in number.digits.iter().rev() {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            carry += u64::from(*limb) << SHIFT;
            *limb = (carry % DECIMAL_BASE) as u32;
            carry /= DECIMAL_BASE;
        }
        while carry != 0 {
            limbs.push((carry % DECIMAL_BASE) as u32);
            carry /= DECIMAL_BASE;
        }
    }
    let mut text = String::with_capacity(limbs.len() * DECIMAL_SHIFT + 1);
    if number.negative {
        text.push('-');
    }
    push_limbs(&mut text, &limbs);
    let count = text.len() - usize::from(number.negative);
    if count > MAX_STR_DIGITS_THRESHOLD && limit > 0 && count > limit {
        return None;
    }
    Some(text)
}

fn push_limbs(text: &mut String, limbs: &[u32]) {
    use std::fmt::Write;
    for (index, limb) in limbs.iter().rev().enumerate() {
        let written = match index {
            0 => write!(text, "{limb}"),
            _ => write!(text, "{limb:09}"),
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
}

/// The digits of a magnitude in base 2, 4, 8, 16 or 32, without sign or prefix.
pub fn to_power_of_two_base(digits: &[u32], bits_per_character: u32) -> String {
    if digits.is_empty() {
        return "0".to_owned();
    }
    let count = bit_length(digits).div_ceil(bits_per_character as usize);
    let mut text = vec![0u8; count];
    let mask = (1u64 << bits_per_character) - 1;
    let (mut accumulator, mut held, mut next) = (0u64, 0u32, 0usize);
    for slot in text.iter_mut().rev() {
        if held < bits_per_character && next < digits.len() {
            accumulator |= u64::from(digits[next]) << held;
            held += SHIFT;
            next += 1;
        }
        *slot = DIGIT_CHARACTERS[(accumulator & mask) as usize];
        accumulator >>= bits_per_character;
        held = held.saturating_sub(bits_per_character);
    }
    text.into_iter().map(char::from).collect()
}

/// The text of a number in any base from 2 to 36, with a minus sign and without a prefix.
pub fn to_text(number: Signed<'_>, base: u32) -> String {
    let magnitude = match base {
        10 => return to_decimal(number, 0).unwrap_or_default(),
        2 | 4 | 8 | 16 | 32 => to_power_of_two_base(number.digits, base.trailing_zeros()),
        _ => general_base(number.digits, base),
    };
    if number.negative {
        format!("-{magnitude}")
    } else {
        magnitude
    }
}

fn general_base(digits: &[u32], base: u32) -> String {
    let (width, chunk) = chunk_of_base(base);
    let mut rest = digits.to_vec();
    let mut text = Vec::new();
    while !rest.is_empty() {
        let mut limb = divide_in_place(&mut rest, chunk) as u32;
        normalise(&mut rest);
        for _ in 0..width {
            text.push(DIGIT_CHARACTERS[(limb % base) as usize]);
            limb /= base;
        }
    }
    while text.last() == Some(&b'0') {
        text.pop();
    }
    if text.is_empty() {
        text.push(b'0');
    }
    text.into_iter().rev().map(char::from).collect()
}

/// How many characters of the base fit one digit, and the power of the base that stands for.
fn chunk_of_base(base: u32) -> (usize, u64) {
    let (mut width, mut chunk) = (1, u64::from(base));
    while chunk * u64::from(base) <= u64::from(super::BASE) {
        chunk *= u64::from(base);
        width += 1;
    }
    (width, chunk)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn digit_value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'a'..=b'z' => u32::from(byte - b'a') + 10,
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 37,
    }
}

/// Reads a number by the rules of `int(text, base)`: white space around it, a sign, a prefix that
/// fits the base, single underscores between digits. `limit` bounds the digits (0: no limit).
pub fn parse_int(text: &[u8], base: u32, limit: usize) -> Result<Integer, ParseIntError> {
    if base == 1 || base > 36 {
        return Err(ParseIntError::InvalidBase);
    }
    let mut rest = text.trim_ascii_start_python();
    let negative = rest.first() == Some(&b'-');
    if matches!(rest.first(), Some(b'+' | b'-')) {
        rest = &rest[1..];
    }
    let (base, must_be_zero) = match base {
        0 => base_from_prefix(rest),
        _ => (base, false),
    };
    let invalid = Err(ParseIntError::InvalidLiteral);
    rest = skip_prefix(rest, base);
    if rest.first() == Some(&b'_') {
        return invalid;
    }
    let end = rest
        .iter()
        .position(|&byte| digit_value(byte) >= base && byte != b'_')
        .unwrap_or(rest.len());
    let (body, tail) = rest.split_at(end);
    if body.last() == Some(&b'_') || body.windows(2).any(|pair| pair == b"__") {
        return invalid;
    }
    let count = body.iter().filter(|&&byte| byte != b'_').count();
    if !base.is_power_of_two() && count > MAX_STR_DIGITS_THRESHOLD && limit > 0 && count > limit {
        return Err(ParseIntError::TooManyDigits { digits: count });
    }
    let digits = match base.is_power_of_two() {
        true => digits_from_power_of_two(body, base.trailing_zeros(), count),
        false => digits_from_general(body, base, count),
    };
    if must_be_zero && !digits.is_empty() || body.is_empty() {
        return invalid;
    }
    if !tail.iter().all(|&byte| is_space(byte)) {
        return invalid;
    }
    Ok(Integer::new(negative, digits))
}

/// The base a prefix names, and whether only zero is allowed: after a leading zero without prefix.
fn base_from_prefix(text: &[u8]) -> (u32, bool) {
    match text {
        [b'0', b'x' | b'X', ..] => (16, false),
        [b'0', b'o' | b'O', ..] => (8, false),
        [b'0', b'b' | b'B', ..] => (2, false),
        [b'0', ..] => (10, true),
        _ => (10, false),
    }
}

fn skip_prefix(text: &[u8], base: u32) -> &[u8] {
    let prefixed = matches!(
        (base, text),
        (16, [b'0', b'x' | b'X', ..]) | (8, [b'0', b'o' | b'O', ..]) | (2, [b'0', b'b' | b'B', ..])
    );
    if !prefixed {
        return text;
    }
    let rest = &text[2..];
    rest.strip_prefix(b"_").unwrap_or(rest)
}

fn digits_from_power_of_two(body: &[u8], bits: u32, count: usize) -> Vec<u32> {
    let mut out = Vec::with_capacity(count * bits as usize / SHIFT as usize + 1);
    let (mut accumulator, mut held) = (0u64, 0u32);
    for &byte in body.iter().rev().filter(|&&byte| byte != b'_') {
        accumulator |= u64::from(digit_value(byte)) << held;
        held += bits;
        if held >= SHIFT {
            out.push(accumulator as u32 & MASK);
            accumulator >>= SHIFT;
            held -= SHIFT;
        }
    }
    out.push(accumulator as u32);
    normalise(&mut out);
    out
}

fn digits_from_general(body: &[u8], base: u32, count: usize) -> Vec<u32> {
    let (width, _) = chunk_of_base(base);
    let mut out: Vec<u32> = Vec::with_capacity(count / width * 30 / 29 + 2);
    let (mut value, mut factor, mut held) = (0u64, 1u64, 0usize);
    let push = |out: &mut Vec<u32>, value: u64, factor: u64| {
        let mut carry = value;
        for slot in out.iter_mut() {
            carry += u64::from(*slot) * factor;
            *slot = carry as u32 & MASK;
            carry >>= SHIFT;
        }
        if carry != 0 {
            out.push(carry as u32);
        }
    };
    for &byte in body.iter().filter(|&&byte| byte != b'_') {
        value = value * u64::from(base) + u64::from(digit_value(byte));
        factor *= u64::from(base);
        held += 1;
        if held == width {
            push(&mut out, value, factor);
            (value, factor, held) = (0, 1, 0);
        }
    }
    if held > 0 {
        push(&mut out, value, factor);
    }
    out.truncate(normalised_length(&out));
    out
}

trait TrimPythonSpace {
    fn trim_ascii_start_python(&self) -> &[u8];
}

impl TrimPythonSpace for [u8] {
    fn trim_ascii_start_python(&self) -> &[u8] {
        let start = self
            .iter()
            .position(|&byte| !is_space(byte))
            .unwrap_or(self.len());
        &self[start..]
    }
}
