//! Division of magnitudes (by one digit, and Knuth's algorithm D) and Python's floor division.

use std::cmp::Ordering;

use super::add::{add_to, compare};
use super::{Integer, MASK, SHIFT, Signed, normalise, normalised_length};

/// Writes `digits / divisor` into `out`, as long as `digits`, and returns the remainder.
pub fn divmod_digit(out: &mut [u32], digits: &[u32], divisor: u32) -> u32 {
    debug_assert!(divisor != 0 && out.len() == digits.len());
    let divisor = u64::from(divisor);
    let mut rest = 0u64;
    for (slot, &digit) in out.iter_mut().zip(digits).rev() {
        let dividend = (rest << SHIFT) | u64::from(digit);
        let quotient = dividend / divisor;
        *slot = quotient as u32;
        rest = dividend - quotient * divisor;
    }
    rest as u32
}

/// Divides `digits` in place and returns the remainder.
pub(super) fn divide_in_place(digits: &mut [u32], divisor: u64) -> u64 {
    let mut rest = 0u64;
    for slot in digits.iter_mut().rev() {
        let dividend = (rest << SHIFT) | u64::from(*slot);
        let quotient = dividend / divisor;
        *slot = quotient as u32;
        rest = dividend - quotient * divisor;
    }
    rest
}

/// The quotient and the remainder of two magnitudes; the divisor is not zero.
pub fn divmod(left: &[u32], right: &[u32]) -> (Vec<u32>, Vec<u32>) {
    if compare(left, right) == Ordering::Less {
        return (Vec::new(), left.to_vec());
    }
    if let [divisor] = *right {
        let mut quotient = vec![0; left.len()];
        let rest = divmod_digit(&mut quotient, left, divisor);
        normalise(&mut quotient);
        return (quotient, if rest == 0 { Vec::new() } else { vec![rest] });
    }
    divmod_long(left, right)
}

/// The remainder of two magnitudes.
pub fn remainder(left: &[u32], right: &[u32]) -> Vec<u32> {
    divmod(left, right).1
}

/// Knuth's algorithm D: the divisor is shifted until its top bit is set, so that a quotient digit
/// estimated from two digits is at most two too large.
fn divmod_long(left: &[u32], right: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let shift = right[right.len() - 1].leading_zeros() - (32 - SHIFT);
    let mut divisor = vec![0; right.len()];
    shift_left_small(&mut divisor, right, shift);
    let mut rest = vec![0; left.len() + 1];
    let carry = shift_left_small(&mut rest[..left.len()], left, shift);
    rest[left.len()] = carry;
    let count = left.len() - right.len() + 1;
    let mut quotient = vec![0; count];
    let top = u64::from(divisor[divisor.len() - 1]);
    let second = u64::from(divisor[divisor.len() - 2]);
    for index in (0..count).rev() {
        let window = &mut rest[index..=index + divisor.len()];
        quotient[index] = quotient_digit(window, &divisor, top, second);
    }
    normalise(&mut quotient);
    rest.truncate(divisor.len());
    shift_right_small(&mut rest, shift);
    normalise(&mut rest);
    (quotient, rest)
}

/// Finds one quotient digit and subtracts its multiple of the divisor from the window.
fn quotient_digit(window: &mut [u32], divisor: &[u32], top: u64, second: u64) -> u32 {
    let length = divisor.len();
    let head = (u64::from(window[length]) << SHIFT) | u64::from(window[length - 1]);
    let mut estimate = head / top;
    let mut rest = head - estimate * top;
    while estimate > u64::from(MASK)
        || estimate * second > ((rest << SHIFT) | u64::from(window[length - 2]))
    {
        estimate -= 1;
        rest += top;
        if rest > u64::from(MASK) {
            break;
        }
    }
    let mut carry = 0i64;
    for (slot, &digit) in window.iter_mut().zip(divisor) {
        let value = i64::from(*slot) + carry - (estimate as i64) * i64::from(digit);
        *slot = (value as u32) & MASK;
        carry = value >> SHIFT;
    }
    let last = i64::from(window[length]) + carry;
    window[length] = 0;
    if last < 0 {
        add_to(&mut window[..length], divisor);
        estimate -= 1;
    }
    estimate as u32
}

fn shift_left_small(out: &mut [u32], digits: &[u32], shift: u32) -> u32 {
    let mut carry = 0u64;
    for (slot, &digit) in out.iter_mut().zip(digits) {
        carry |= u64::from(digit) << shift;
        *slot = (carry as u32) & MASK;
        carry >>= SHIFT;
    }
    carry as u32
}

fn shift_right_small(digits: &mut [u32], shift: u32) {
    let mut above = 0u32;
    for slot in digits.iter_mut().rev() {
        let digit = *slot;
        *slot = ((digit >> shift) | (above << (SHIFT - shift))) & MASK;
        above = digit;
    }
}

/// Python's `divmod`: the quotient is rounded down, the remainder has the divisor's sign.
pub fn floor_divmod(left: Signed<'_>, right: Signed<'_>) -> (Integer, Integer) {
    let (mut quotient, mut rest) = divmod(left.digits, right.digits);
    if left.negative != right.negative && !rest.is_empty() {
        quotient.push(0);
        add_to(&mut quotient, &[1]);
        normalise(&mut quotient);
        let mut complement = right.digits.to_vec();
        super::add::subtract_from(&mut complement, &rest);
        complement.truncate(normalised_length(&complement));
        rest = complement;
    }
    (
        Integer::new(left.negative != right.negative, quotient),
        Integer::new(right.negative, rest),
    )
}
