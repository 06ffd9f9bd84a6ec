//! The greatest common divisor (Lehmer's method) and the integer square root.

use super::divide::{divmod, remainder};
use super::{
    BASE, MASK, SHIFT, bit_length, compare, multiply, normalise, shift_left, shift_right_magnitude,
};
use super::{add_into, from_u64, subtract_into, to_u64};

/// The greatest common divisor of two magnitudes.
///
/// Lehmer's method: the leading 60 bits decide several quotients at once; the step is applied to
/// the long numbers only when the next quotient can no longer be told from the leading bits.
pub fn gcd(left: &[u32], right: &[u32]) -> Vec<u32> {
    let (mut a, mut b) = match compare(left, right) {
        std::cmp::Ordering::Less => (right.to_vec(), left.to_vec()),
        _ => (left.to_vec(), right.to_vec()),
    };
    while b.len() > 2 {
        let shift = bit_length(&a) - 60;
        let high = leading_bits(&a, shift);
        let cofactors = lehmer_cofactors(high, leading_bits(&b, shift));
        if cofactors.1 == 0 {
            let rest = remainder(&a, &b);
            a = std::mem::replace(&mut b, rest);
            continue;
        }
        let next_a = linear_combination(&a, &b, cofactors.0, cofactors.1);
        let next_b = linear_combination(&a, &b, cofactors.2, cofactors.3);
        (a, b) = (next_a, next_b);
    }
    if b.is_empty() {
        return a;
    }
    let rest = remainder(&a, &b);
    let (mut x, mut y) = (to_u64(&b).unwrap_or(0), to_u64(&rest).unwrap_or(0));
    while y != 0 {
        (x, y) = (y, x % y);
    }
    from_u64(x)
}

fn leading_bits(digits: &[u32], shift: usize) -> i128 {
    i128::from(to_u64(&shift_right_magnitude(digits, shift).0).unwrap_or(0))
}

/// Knuth's algorithm L on single-precision leading parts; the second cofactor is zero when
/// nothing could be decided.
fn lehmer_cofactors(mut x: i128, mut y: i128) -> (i64, i64, i64, i64) {
    let (mut a, mut b, mut c, mut d) = (1i128, 0i128, 0i128, 1i128);
    while y + c != 0 && y + d != 0 {
        let quotient = (x + a) / (y + c);
        if quotient != (x + b) / (y + d) {
            break;
        }
        let (next_c, next_d) = (a - quotient * c, b - quotient * d);
        if next_c.abs() >= i128::from(BASE) || next_d.abs() >= i128::from(BASE) {
            break;
        }
        (a, c, b, d) = (c, next_c, d, next_d);
        (x, y) = (y, x - quotient * y);
    }
    (a as i64, b as i64, c as i64, d as i64)
}

fn linear_combination(left: &[u32], right: &[u32], x: i64, y: i64) -> Vec<u32> {
    let mut carry = 0i64;
    let mut out = Vec::with_capacity(left.len() + 1);
    for index in 0..left.len().max(right.len()) {
        let a = left.get(index).map_or(0, |&digit| i64::from(digit));
        let b = right.get(index).map_or(0, |&digit| i64::from(digit));
        carry += a * x + b * y;
        out.push((carry as u32) & MASK);
        carry >>= SHIFT;
    }
    debug_assert!(carry >= 0);
    out.push(carry as u32);
    normalise(&mut out);
    out
}

/// The largest number whose square is not above the given magnitude.
///
/// Newton's method with a working precision that doubles: each round needs one division of
/// numbers about as long as the result has correct bits.
pub fn isqrt(digits: &[u32]) -> Vec<u32> {
    if digits.is_empty() {
        return Vec::new();
    }
    let half = (bit_length(digits) - 1) / 2;
    let mut root = vec![1];
    let mut done = 0usize;
    let rounds = usize::BITS - half.leading_zeros();
    for round in (0..rounds).rev() {
        let previous = done;
        done = half >> round;
        let shifted = shift_left(&root, done - previous - 1);
        let part = shift_right_magnitude(digits, 2 * half + 1 - previous - done).0;
        let (quotient, _) = divmod(&part, &root);
        let mut sum = vec![0; shifted.len().max(quotient.len()) + 1];
        match shifted.len() >= quotient.len() {
            true => add_into(&mut sum, &shifted, &quotient),
            false => add_into(&mut sum, &quotient, &shifted),
        }
        normalise(&mut sum);
        root = sum;
    }
    if compare(&multiply(&root, &root), digits) == std::cmp::Ordering::Greater {
        let mut lower = vec![0; root.len()];
        subtract_into(&mut lower, &root, &[1]);
        normalise(&mut lower);
        root = lower;
    }
    root
}
