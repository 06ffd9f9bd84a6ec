//! Conversions between digits, machine integers and doubles, true division, mixed comparison.

use std::cmp::Ordering;

use super::divide::divmod;
use super::{Integer, MASK, SHIFT, Signed, bit_length, compare, shift_left, shift_right_magnitude};
use crate::float::ldexp;

/// The digits of a machine integer.
pub fn from_u64(value: u64) -> Vec<u32> {
    from_u128(u128::from(value))
}

/// The digits of a machine integer.
pub fn from_u128(mut value: u128) -> Vec<u32> {
    let mut digits = Vec::new();
    while value != 0 {
        digits.push(value as u32 & MASK);
        value >>= SHIFT;
    }
    digits
}

/// The number with the value of a machine integer.
pub fn from_i64(value: i64) -> Integer {
    Integer {
        negative: value < 0,
        digits: from_u64(value.unsigned_abs()),
    }
}

/// The magnitude as a machine integer, when it fits.
pub fn to_u64(digits: &[u32]) -> Option<u64> {
    match *digits {
        [] => Some(0),
        [low] => Some(u64::from(low)),
        [low, high] => Some(u64::from(high) << SHIFT | u64::from(low)),
        [low, middle, high] if high < 16 => {
            Some(u64::from(high) << (2 * SHIFT) | u64::from(middle) << SHIFT | u64::from(low))
        }
        _ => None,
    }
}

/// The number as a machine integer, when it fits.
pub fn to_i64(number: Signed<'_>) -> Option<i64> {
    let magnitude = to_u64(number.digits)?;
    match number.negative {
        false => i64::try_from(magnitude).ok(),
        true => 0i64.checked_sub_unsigned(magnitude),
    }
}

/// The top 64 bits (the lowest one sticky) and the power of two they are to be scaled by.
fn top_bits(digits: &[u32]) -> (u64, usize) {
    let bits = bit_length(digits);
    if bits <= 64 {
        return (to_u64(digits).unwrap_or(0), 0);
    }
    let (top, lost) = shift_right_magnitude(digits, bits - 64);
    (to_u64(&top).unwrap_or(0) | u64::from(lost), bits - 64)
}

/// The nearest double, ties to even; none when it is too large.
pub fn to_f64(number: Signed<'_>) -> Option<f64> {
    let (top, exponent) = top_bits(number.digits);
    if exponent > 1024 {
        return None;
    }
    let value = ldexp(top as f64, exponent as i64);
    if value.is_infinite() {
        return None;
    }
    Some(if number.negative { -value } else { value })
}

/// A mantissa of magnitude 0.5 to 1 (correctly rounded) and a power of two; zero gives (0, 0).
pub fn frexp(number: Signed<'_>) -> (f64, usize) {
    if number.is_zero() {
        return (0.0, 0);
    }
    let (top, exponent) = top_bits(number.digits);
    let (mantissa, extra) = crate::float::frexp(top as f64);
    let exponent = exponent + extra as usize;
    (if number.negative { -mantissa } else { mantissa }, exponent)
}

/// The whole part of a finite double, rounded towards zero.
pub fn from_f64(value: f64) -> Integer {
    let (mantissa, exponent) = crate::float::frexp(value.abs());
    if exponent <= 0 {
        return Integer::default();
    }
    let whole = ldexp(mantissa, 53) as u64;
    let digits = match exponent >= 53 {
        true => shift_left(&from_u64(whole), exponent as usize - 53),
        false => from_u64(whole >> (53 - exponent)),
    };
    Integer::new(value < 0.0, digits)
}

/// `left / right` as the nearest double, ties to even; none when it is too large.
///
/// The quotient is taken with at least two bits more than the result has, whatever falls off is
/// folded into the lowest bit, and one rounding follows, at the place where the result's last bit
/// will be (which for subnormal results is higher).
pub fn true_divide(left: Signed<'_>, right: Signed<'_>) -> Option<f64> {
    let negative = left.negative != right.negative;
    let signed = |value: f64| Some(if negative { -value } else { value });
    if left.is_zero() {
        return signed(0.0);
    }
    let difference = bit_length(left.digits) as i64 - bit_length(right.digits) as i64;
    if difference > 1024 {
        return None;
    }
    if difference < -1075 {
        return signed(0.0);
    }
    let shift = difference.max(-1021) - 55;
    let (scaled, lost) = match shift <= 0 {
        true => (
            shift_left(left.digits, shift.unsigned_abs() as usize),
            false,
        ),
        false => shift_right_magnitude(left.digits, shift as usize),
    };
    let (quotient, rest) = divmod(&scaled, right.digits);
    let mut bits = to_u64(&quotient).unwrap_or(0) | u64::from(lost || !rest.is_empty());
    let length = i64::from(64 - bits.leading_zeros());
    let extra = length.max(-1021 - shift) - 53;
    let unit = 1u64 << extra;
    let half = unit >> 1;
    let fallen = bits & (unit - 1);
    bits -= fallen;
    if fallen > half || fallen == half && bits & unit != 0 {
        bits += unit;
    }
    let value = ldexp(bits as f64, shift);
    if value.is_infinite() {
        None
    } else {
        signed(value)
    }
}

/// Compares a number with a double exactly; none when the double is not a number.
pub fn compare_with_f64(number: Signed<'_>, value: f64) -> Option<Ordering> {
    if value.is_nan() {
        return None;
    }
    let sign = |negative: bool, zero: bool| {
        if zero {
            0
        } else if negative {
            -1
        } else {
            1
        }
    };
    let left_sign = sign(number.negative, number.is_zero());
    let right_sign = sign(value < 0.0, value == 0.0);
    if left_sign != right_sign {
        return Some(left_sign.cmp(&right_sign));
    }
    let magnitude = value.abs();
    let order = match magnitude.is_infinite() {
        true => Ordering::Less,
        false => {
            let whole = from_f64(magnitude);
            let order = compare(number.digits, &whole.digits);
            let fraction = magnitude.fract() != 0.0;
            if order == Ordering::Equal && fraction {
                Ordering::Less
            } else {
                order
            }
        }
    };
    Some(if left_sign < 0 {
        order.reverse()
    } else {
        order
    })
}
