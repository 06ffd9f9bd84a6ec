//! Powers, modular powers and modular inverses.

use super::divide::{divmod, floor_divmod, remainder};
use super::multiply::{multiply, square_into};
use super::{Integer, SHIFT, Signed, bit_length, normalise};

/// Why a modular power has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerError {
    /// The modulus is zero.
    ZeroModulus,
    /// The base has no inverse for this modulus.
    NotInvertible,
}

/// Exponents of more bits than this are read five bits at a time.
const WINDOW_FROM_BITS: usize = 8 * SHIFT as usize;
const WINDOW_BITS: usize = 5;

fn square(digits: &[u32]) -> Vec<u32> {
    let mut out = vec![0; 2 * digits.len()];
    square_into(&mut out, digits);
    normalise(&mut out);
    out
}

fn bit(digits: &[u32], index: usize) -> bool {
    digits[index / SHIFT as usize] >> (index % SHIFT as usize) & 1 == 1
}

/// `base ** exponent` for an exponent of zero or more, by binary exponentiation from the left.
pub fn power(base: Signed<'_>, exponent: &[u32]) -> Integer {
    let odd = exponent.first().is_some_and(|digit| digit & 1 == 1);
    let digits = raise(base.digits, exponent, |product| product);
    Integer::new(base.negative && odd, digits)
}

fn raise(base: &[u32], exponent: &[u32], reduce: impl Fn(Vec<u32>) -> Vec<u32>) -> Vec<u32> {
    let bits = bit_length(exponent);
    if bits == 0 {
        return reduce(vec![1]);
    }
    if bits > WINDOW_FROM_BITS {
        return raise_by_windows(base, exponent, bits, reduce);
    }
    let mut result = base.to_vec();
    for index in (0..bits - 1).rev() {
        result = reduce(square(&result));
        if bit(exponent, index) {
            result = reduce(multiply(&result, base));
        }
    }
    result
}

fn raise_by_windows(
    base: &[u32],
    exponent: &[u32],
    bits: usize,
    reduce: impl Fn(Vec<u32>) -> Vec<u32>,
) -> Vec<u32> {
    let mut table = vec![vec![1], base.to_vec()];
    for index in 2..1 << WINDOW_BITS {
        table.push(reduce(multiply(&table[index - 1], base)));
    }
    let mut result = vec![1];
    for window in (0..bits.div_ceil(WINDOW_BITS)).rev() {
        let mut value = 0;
        for offset in (0..WINDOW_BITS).rev() {
            let index = window * WINDOW_BITS + offset;
            result = reduce(square(&result));
            value = value << 1 | usize::from(index < bits && bit(exponent, index));
        }
        if value != 0 {
            result = reduce(multiply(&result, &table[value]));
        }
    }
    result
}

/// `pow(base, exponent, modulus)` with Python's signs: the result has the modulus's sign.
pub fn modular_power(
    base: Signed<'_>,
    exponent: Signed<'_>,
    modulus: Signed<'_>,
) -> Result<Integer, PowerError> {
    if modulus.is_zero() {
        return Err(PowerError::ZeroModulus);
    }
    let positive = Signed {
        negative: false,
        digits: modulus.digits,
    };
    if modulus.digits == [1] {
        return Ok(Integer::default());
    }
    let base = match exponent.negative {
        true => modular_inverse(base, positive)?,
        false => floor_divmod(base, positive).1,
    };
    let digits = raise(&base.digits, exponent.digits, |product| {
        remainder(&product, modulus.digits)
    });
    if modulus.negative && !digits.is_empty() {
        let mut complement = modulus.digits.to_vec();
        super::add::subtract_from(&mut complement, &digits);
        return Ok(Integer::new(true, complement));
    }
    Ok(Integer::new(false, digits))
}

/// The inverse of a number for a positive modulus, by Euclid's extended algorithm.
pub fn modular_inverse(number: Signed<'_>, modulus: Signed<'_>) -> Result<Integer, PowerError> {
    let mut left = floor_divmod(number, modulus).1.digits;
    let mut right = modulus.digits.to_vec();
    let mut coefficient = Integer::new(false, vec![1]);
    let mut other = Integer::default();
    while !right.is_empty() {
        let (quotient, rest) = divmod(&left, &right);
        left = std::mem::replace(&mut right, rest);
        let product = Integer::new(other.negative, multiply(&quotient, &other.digits));
        let next = subtract_signed(coefficient, &product);
        coefficient = std::mem::replace(&mut other, next);
    }
    if left != [1] {
        return Err(PowerError::NotInvertible);
    }
    Ok(floor_divmod(coefficient.borrow(), modulus).1)
}

fn subtract_signed(left: Integer, right: &Integer) -> Integer {
    use std::cmp::Ordering;
    let order = super::compare(&left.digits, &right.digits);
    let (long, short) = match order {
        Ordering::Less => (&right.digits, &left.digits),
        _ => (&left.digits, &right.digits),
    };
    if left.negative != right.negative {
        let mut out = vec![0; long.len() + 1];
        super::add_into(&mut out, long, short);
        let negative = if left.digits.is_empty() {
            !right.negative
        } else {
            left.negative
        };
        return Integer::new(negative, out);
    }
    let mut out = vec![0; long.len()];
    super::subtract_into(&mut out, long, short);
    Integer::new(left.negative ^ (order == Ordering::Less), out)
}
