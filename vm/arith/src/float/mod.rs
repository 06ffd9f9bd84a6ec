//! Doubles: text both ways, hexadecimal, rounding to decimal places, splitting and scaling.

mod format;
mod hex;
mod nan;
mod parse;
mod round;

pub use format::{FormatCode, FormatFlags, double_to_string, repr};
pub use hex::{HexError, from_hex, to_hex};
pub use nan::{
    add_keeping_first, add_keeping_second, multiply_keeping_first, multiply_keeping_second,
    subtract_keeping_first,
};
pub use parse::{parse_float, parse_float_prefix, remove_underscores};
pub use round::{round_half_even, round_to_digits};

use crate::digits::{self, Integer};

/// Splits a finite double into a mantissa of magnitude 0.5 to 1 and a power of two.
pub fn frexp(value: f64) -> (f64, i64) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let bits = value.to_bits();
    let field = (bits >> 52 & 0x7ff) as i64;
    if field == 0 {
        let (mantissa, exponent) = frexp(value * f64::from_bits(0x43f0_0000_0000_0000));
        return (mantissa, exponent - 64);
    }
    (
        f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52),
        field - 1022,
    )
}

/// `value * 2 ** exponent`, rounded once.
pub fn ldexp(value: f64, exponent: i64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let (mantissa, own) = frexp(value);
    let total = own.saturating_add(exponent);
    if total > 1024 {
        return f64::INFINITY.copysign(value);
    }
    if total < -1080 {
        return 0.0f64.copysign(value);
    }
    if total >= -1021 {
        return mantissa * power_of_two(total - 1) * 2.0;
    }
    // The mantissa times this power is exact; the last factor rounds once into the subnormals.
    mantissa * power_of_two(total + 100) * power_of_two(-100)
}

/// A power of two in the normal range.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The numerator and denominator of a finite double, in lowest terms.
pub fn as_integer_ratio(value: f64) -> (Integer, Integer) {
    let (mantissa, exponent) = frexp(value);
    let scaled = ldexp(mantissa, 53) as i64;
    let zeros = scaled.trailing_zeros().min(63);
    let odd = if scaled == 0 { 0 } else { scaled >> zeros };
    let exponent = if scaled == 0 {
        0
    } else {
        exponent - 53 + i64::from(zeros)
    };
    let numerator = digits::from_i64(odd);
    let shifted = |number: &[u32]| digits::shift_left(number, exponent.unsigned_abs() as usize);
    match exponent >= 0 {
        true => (
            Integer::new(numerator.negative, shifted(&numerator.digits)),
            Integer::new(false, vec![1]),
        ),
        false => (numerator, Integer::new(false, shifted(&[1]))),
    }
}
