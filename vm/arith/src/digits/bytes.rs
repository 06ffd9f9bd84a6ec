//! `int.to_bytes` and `int.from_bytes`.

use super::{Integer, MASK, SHIFT, Signed, bit_length};

/// Why a number has no representation in the given number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesError {
    /// A negative number, unsigned bytes.
    NegativeToUnsigned,
    /// The number needs more bytes.
    TooBig,
}

/// Writes the number into `out`.
pub fn to_bytes(
    number: Signed<'_>,
    out: &mut [u8],
    little_endian: bool,
    signed: bool,
) -> Result<(), BytesError> {
    if number.negative && !signed {
        return Err(BytesError::NegativeToUnsigned);
    }
    let available = out.len().saturating_mul(8);
    let bits = bit_length(number.digits);
    let lowest_negative = number.negative && super::bit_count(number.digits) == 1;
    let needed = bits + usize::from(signed && !number.is_zero() && !lowest_negative);
    // No byte at all extends to minus one as well as to zero.
    let is_minus_one = number.negative && bits == 1;
    if needed > available && !(is_minus_one && available == 0) {
        return Err(BytesError::TooBig);
    }
    let flip = if number.negative { 0xff } else { 0 };
    let mut carry = u32::from(number.negative);
    let (mut accumulator, mut held, mut next) = (0u64, 0u32, 0usize);
    for index in 0..out.len() {
        if held < 8 && next < number.digits.len() {
            accumulator |= u64::from(number.digits[next]) << held;
            held += SHIFT;
            next += 1;
        }
        carry += (accumulator as u32 & 0xff) ^ flip;
        let position = if little_endian {
            index
        } else {
            out.len() - 1 - index
        };
        out[position] = carry as u8;
        carry >>= 8;
        accumulator >>= 8;
        held = held.saturating_sub(8);
    }
    Ok(())
}

/// Reads a number from bytes.
pub fn from_bytes(bytes: &[u8], little_endian: bool, signed: bool) -> Integer {
    let top = if little_endian {
        bytes.last()
    } else {
        bytes.first()
    };
    let negative = signed && top.is_some_and(|byte| byte & 0x80 != 0);
    let flip = if negative { 0xff } else { 0 };
    let mut carry = u32::from(negative);
    let (mut accumulator, mut held) = (0u64, 0u32);
    let mut digits = Vec::with_capacity(bytes.len() * 8 / SHIFT as usize + 1);
    for index in 0..bytes.len() {
        let position = if little_endian {
            index
        } else {
            bytes.len() - 1 - index
        };
        carry += u32::from(bytes[position] ^ flip);
        accumulator |= u64::from(carry & 0xff) << held;
        carry >>= 8;
        held += 8;
        if held >= SHIFT {
            digits.push(accumulator as u32 & MASK);
            accumulator >>= SHIFT;
            held -= SHIFT;
        }
    }
    accumulator |= u64::from(carry) << held;
    digits.push(accumulator as u32 & MASK);
    digits.push((accumulator >> SHIFT) as u32);
    Integer::new(negative, digits)
}
