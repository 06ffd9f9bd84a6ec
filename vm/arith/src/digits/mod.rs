//! Magnitudes and signed numbers as slices of 30-bit digits, least significant first.
//!
//! A *magnitude* is a `&[u32]` whose digits are below [`BASE`]; it is *normalised* when its last
//! digit is not zero (zero is the empty slice). Unless a function says otherwise it takes
//! normalised magnitudes. Results either fill a slice of a stated length, which may then have
//! zeros at the top, or come as a normalised `Vec<u32>`.

mod add;
mod bits;
mod bytes;
mod convert;
mod divide;
mod gcd;
mod multiply;
mod power;
mod radix;
mod shift;

pub use add::{add_into, compare, subtract_into};
pub use bits::{BitOperation, bit_count, bit_length, bitwise};
pub use bytes::{BytesError, from_bytes, to_bytes};
pub use convert::{
    compare_with_f64, frexp, from_f64, from_i64, from_u64, from_u128, to_f64, to_i64, to_u64,
    true_divide,
};
pub use divide::{divmod, divmod_digit, floor_divmod, remainder};
pub use gcd::{gcd, isqrt};
pub use multiply::{multiply, multiply_into, square_into};
pub use power::{PowerError, modular_inverse, modular_power, power};
pub use radix::{
    ParseIntError, decimal_exceeds_limit, parse_int, to_decimal, to_power_of_two_base, to_text,
};
pub use shift::{shift_left, shift_right_floor, shift_right_magnitude};

/// Bits in a digit.
pub const SHIFT: u32 = 30;
/// One more than the largest digit.
pub const BASE: u32 = 1 << SHIFT;
/// The largest digit.
pub const MASK: u32 = BASE - 1;

/// A borrowed signed number: a sign and a normalised magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// Whether the number is below zero; false for zero.
    pub negative: bool,
    /// The normalised magnitude.
    pub digits: &'a [u32],
}

/// An owned signed number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integer {
    /// Whether the number is below zero; false for zero.
    pub negative: bool,
    /// The normalised magnitude.
    pub digits: Vec<u32>,
}

impl Integer {
    /// Builds a number from a sign and digits that may have zeros at the top.
    pub fn new(negative: bool, mut digits: Vec<u32>) -> Integer {
        normalise(&mut digits);
        Integer {
            negative: negative && !digits.is_empty(),
            digits,
        }
    }

    /// Lends the number.
    pub fn borrow(&self) -> Signed<'_> {
        Signed {
            negative: self.negative,
            digits: &self.digits,
        }
    }

    /// The number with the other sign.
    pub fn negated(self) -> Integer {
        Integer {
            negative: !self.negative && !self.digits.is_empty(),
            digits: self.digits,
        }
    }
}

impl<'a> Signed<'a> {
    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        self.digits.is_empty()
    }

    /// Copies the number.
    pub fn to_owned(self) -> Integer {
        Integer {
            negative: self.negative,
            digits: self.digits.to_vec(),
        }
    }
}

/// Drops zeros at the top.
pub fn normalise(digits: &mut Vec<u32>) {
    let length = normalised_length(digits);
    digits.truncate(length);
}

/// How many digits remain when zeros at the top are dropped.
pub fn normalised_length(digits: &[u32]) -> usize {
    digits
        .iter()
        .rposition(|&digit| digit != 0)
        .map_or(0, |index| index + 1)
}

/// The slice without zeros at the top.
pub fn trimmed(digits: &[u32]) -> &[u32] {
    &digits[..normalised_length(digits)]
}
