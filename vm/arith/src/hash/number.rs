//! Hashes of numbers: equal numbers of different types hash alike, modulo the prime 2**61 - 1.

use super::avoid_error_value;
use crate::digits::{SHIFT, Signed};
use crate::float::frexp;

/// Bits of the modulus.
const HASH_BITS: u32 = 61;
/// The prime that hashes of numbers are taken modulo.
pub const HASH_MODULUS: u64 = (1 << HASH_BITS) - 1;
/// The hash of positive infinity.
pub const HASH_INF: i64 = 314_159;
/// The factor of the imaginary part's hash.
pub const HASH_IMAG: u64 = 1_000_003;

/// The hash of an int.
pub fn hash_long(number: Signed<'_>) -> i64 {
    let mut hash = 0u64;
    for &digit in number.digits.iter().rev() {
        hash = (hash << SHIFT & HASH_MODULUS) | hash >> (HASH_BITS - SHIFT);
        hash += u64::from(digit);
        if hash >= HASH_MODULUS {
            hash -= HASH_MODULUS;
        }
    }
    let hash = if number.negative {
        -(hash as i64)
    } else {
        hash as i64
    };
    avoid_error_value(hash)
}

/// The hash of a double; none for a nan, whose hash is its address's.
pub fn hash_double(value: f64) -> Option<i64> {
    if value.is_nan() {
        return None;
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { HASH_INF } else { -HASH_INF });
    }
    let (mantissa, mut exponent) = frexp(value);
    let mut mantissa = mantissa.abs();
    let mut hash = 0u64;
    while mantissa != 0.0 {
        hash = (hash << 28 & HASH_MODULUS) | hash >> (HASH_BITS - 28);
        mantissa *= 268_435_456.0;
        exponent -= 28;
        let part = mantissa as u64;
        mantissa -= part as f64;
        hash += part;
        if hash >= HASH_MODULUS {
            hash -= HASH_MODULUS;
        }
    }
    let turn = exponent.rem_euclid(i64::from(HASH_BITS)) as u32;
    hash = (hash << turn & HASH_MODULUS) | hash >> (HASH_BITS - turn);
    let hash = if value < 0.0 {
        -(hash as i64)
    } else {
        hash as i64
    };
    Some(avoid_error_value(hash))
}

/// The hash of a complex number from those of its parts.
pub fn combine_complex(real: i64, imaginary: i64) -> i64 {
    avoid_error_value((real as u64).wrapping_add(HASH_IMAG.wrapping_mul(imaginary as u64)) as i64)
}
