//! Shifts of magnitudes, and the right shift of a signed number, which rounds down.

use super::add::add_to;
use super::{Integer, MASK, SHIFT, Signed, normalise};

/// `digits << count`.
pub fn shift_left(digits: &[u32], count: usize) -> Vec<u32> {
    if digits.is_empty() {
        return Vec::new();
    }
    let words = count / SHIFT as usize;
    let bits = (count % SHIFT as usize) as u32;
    let mut out = vec![0; words + digits.len() + 1];
    let mut carry = 0u64;
    for (slot, &digit) in out[words..].iter_mut().zip(digits) {
        carry |= u64::from(digit) << bits;
        *slot = (carry as u32) & MASK;
        carry >>= SHIFT;
    }
    out[words + digits.len()] = carry as u32;
    normalise(&mut out);
    out
}

/// `digits >> count`, and whether any bit that fell off was set.
pub fn shift_right_magnitude(digits: &[u32], count: usize) -> (Vec<u32>, bool) {
    let words = count / SHIFT as usize;
    let bits = (count % SHIFT as usize) as u32;
    if words >= digits.len() {
        return (Vec::new(), !digits.is_empty());
    }
    let (fallen, kept) = digits.split_at(words);
    let lost = fallen.iter().any(|&digit| digit != 0) || kept[0] & ((1 << bits) - 1) != 0;
    let mut out = kept.to_vec();
    for index in 0..out.len() {
        let above = out.get(index + 1).map_or(0, |&digit| u64::from(digit));
        out[index] = (((above << SHIFT | u64::from(out[index])) >> bits) as u32) & MASK;
    }
    normalise(&mut out);
    (out, lost)
}

/// `number >> count`, rounding towards minus infinity.
pub fn shift_right_floor(number: Signed<'_>, count: usize) -> Integer {
    let (mut digits, lost) = shift_right_magnitude(number.digits, count);
    if number.negative && lost {
        digits.push(0);
        add_to(&mut digits, &[1]);
    }
    Integer::new(number.negative, digits)
}
