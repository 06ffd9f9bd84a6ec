//! Multiplication: schoolbook, squaring, and Karatsuba's method above CPython's cutoffs.

use super::add::{add_to, subtract_from};
use super::{MASK, SHIFT, normalised_length, trimmed};

/// From this many digits in the shorter factor, Karatsuba's method is used.
const KARATSUBA_CUTOFF: usize = 70;
/// The same for a square.
const KARATSUBA_SQUARE_CUTOFF: usize = 2 * KARATSUBA_CUTOFF;

/// Multiplies two magnitudes.
pub fn multiply(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut out = vec![0; left.len() + right.len()];
    multiply_into(&mut out, left, right);
    out.truncate(normalised_length(&out));
    out
}

/// Writes `left * right` into `out`, whose length is the sum of theirs.
pub fn multiply_into(out: &mut [u32], left: &[u32], right: &[u32]) {
    debug_assert_eq!(out.len(), left.len() + right.len());
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    if std::ptr::eq(left, right) {
        return square_into(out, left);
    }
    if short.len() <= KARATSUBA_CUTOFF {
        return schoolbook(out, short, long);
    }
    if 2 * short.len() <= long.len() {
        return multiply_lopsided(out, short, long);
    }
    karatsuba(out, short, long);
}

/// Writes the square of `digits` into `out`, which is twice as long.
pub fn square_into(out: &mut [u32], digits: &[u32]) {
    debug_assert_eq!(out.len(), 2 * digits.len());
    if digits.len() <= KARATSUBA_SQUARE_CUTOFF {
        return schoolbook_square(out, digits);
    }
    karatsuba(out, digits, digits);
}

/// Adds `factor * digits` to `out` from its start and returns the carry past `digits`.
#[inline]
fn multiply_add_digit(out: &mut [u32], digits: &[u32], factor: u64) -> u64 {
    let mut carry = 0u64;
    for (slot, &digit) in out.iter_mut().zip(digits) {
        carry += u64::from(*slot) + u64::from(digit) * factor;
        *slot = (carry as u32) & MASK;
        carry >>= SHIFT;
    }
    carry
}

fn schoolbook(out: &mut [u32], short: &[u32], long: &[u32]) {
    out.fill(0);
    for (index, &digit) in short.iter().enumerate() {
        let carry = multiply_add_digit(&mut out[index..], long, u64::from(digit));
        out[index + long.len()] = carry as u32;
    }
}

/// Each cross product is taken once and doubled, which saves close to half the multiplications.
fn schoolbook_square(out: &mut [u32], digits: &[u32]) {
    out.fill(0);
    for (index, &digit) in digits.iter().enumerate() {
        let digit = u64::from(digit);
        let mut carry = u64::from(out[2 * index]) + digit * digit;
        out[2 * index] = (carry as u32) & MASK;
        carry >>= SHIFT;
        let mut position = 2 * index + 1;
        for &other in &digits[index + 1..] {
            carry += u64::from(out[position]) + u64::from(other) * (digit << 1);
            out[position] = (carry as u32) & MASK;
            carry >>= SHIFT;
            position += 1;
        }
        while carry != 0 {
            carry += u64::from(out[position]);
            out[position] = (carry as u32) & MASK;
            carry >>= SHIFT;
            position += 1;
        }
    }
}

/// Cuts the long factor into pieces as long as the short one.
fn multiply_lopsided(out: &mut [u32], short: &[u32], long: &[u32]) {
    out.fill(0);
    for (index, piece) in long.chunks(short.len()).enumerate() {
        let product = multiply(short, trimmed(piece));
        add_to(&mut out[index * short.len()..], &product);
    }
}

/// With x = high * B^n + low on both sides, the middle term is
/// (ah + al)(bh + bl) - ah bh - al bl: three products instead of four.
fn karatsuba(out: &mut [u32], short: &[u32], long: &[u32]) {
    let is_square = std::ptr::eq(short, long);
    let half = long.len() / 2;
    let (short_low, short_high) = (trimmed(&short[..half]), &short[half..]);
    let (long_low, long_high) = (trimmed(&long[..half]), &long[half..]);
    let high = if is_square {
        square(long_high)
    } else {
        multiply(short_high, long_high)
    };
    let low = if is_square {
        square(long_low)
    } else {
        multiply(short_low, long_low)
    };
    let short_sum = sum(short_low, short_high);
    let mut middle = if is_square {
        square(&short_sum)
    } else {
        multiply(&short_sum, &sum(long_low, long_high))
    };
    subtract_from(&mut middle, &high);
    subtract_from(&mut middle, &low);
    out.fill(0);
    out[..low.len()].copy_from_slice(&low);
    out[2 * half..2 * half + high.len()].copy_from_slice(&high);
    add_to(&mut out[half..], trimmed(&middle));
}

fn square(digits: &[u32]) -> Vec<u32> {
    let mut out = vec![0; 2 * digits.len()];
    square_into(&mut out, digits);
    out.truncate(normalised_length(&out));
    out
}

fn sum(left: &[u32], right: &[u32]) -> Vec<u32> {
    let (long, short) = if left.len() >= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let mut out = long.to_vec();
    let carry = add_to(&mut out, short);
    if carry != 0 {
        out.push(carry);
    }
    out
}
