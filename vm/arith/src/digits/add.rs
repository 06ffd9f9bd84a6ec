//! Comparison, addition and subtraction of magnitudes.

use std::cmp::Ordering;

use super::{MASK, SHIFT};

/// Compares two normalised magnitudes.
pub fn compare(left: &[u32], right: &[u32]) -> Ordering {
    left.len()
        .cmp(&right.len())
        .then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

/// Writes `left + right` into `out`, which is one digit longer than `left`; `left` is the longer.
pub fn add_into(out: &mut [u32], left: &[u32], right: &[u32]) {
    debug_assert!(left.len() >= right.len() && out.len() == left.len() + 1);
    let (low, high) = left.split_at(right.len());
    let (out_low, out_high) = out.split_at_mut(right.len());
    let mut carry = 0;
    for ((slot, &a), &b) in out_low.iter_mut().zip(low).zip(right) {
        carry += a + b;
        *slot = carry & MASK;
        carry >>= SHIFT;
    }
    for (slot, &a) in out_high.iter_mut().zip(high) {
        carry += a;
        *slot = carry & MASK;
        carry >>= SHIFT;
    }
    out[left.len()] = carry;
}

/// Writes `left - right` into `out`, which is as long as `left`; `left` is not below `right`.
pub fn subtract_into(out: &mut [u32], left: &[u32], right: &[u32]) {
    debug_assert!(out.len() == left.len() && compare(left, right) != Ordering::Less);
    out.copy_from_slice(left);
    subtract_from(out, right);
}

/// Subtracts `right` from `target` in place and returns the borrow that leaves the top.
pub(super) fn subtract_from(target: &mut [u32], right: &[u32]) -> u32 {
    let mut borrow = 0u32;
    let (low, high) = target.split_at_mut(right.len());
    for (slot, &b) in low.iter_mut().zip(right) {
        borrow = slot.wrapping_sub(b).wrapping_sub(borrow);
        *slot = borrow & MASK;
        borrow = (borrow >> SHIFT) & 1;
    }
    for slot in high {
        if borrow == 0 {
            break;
        }
        borrow = slot.wrapping_sub(borrow);
        *slot = borrow & MASK;
        borrow = (borrow >> SHIFT) & 1;
    }
    borrow
}

/// Adds `right` to `target` in place and returns the carry that leaves the top.
pub(super) fn add_to(target: &mut [u32], right: &[u32]) -> u32 {
    let mut carry = 0;
    let (low, high) = target.split_at_mut(right.len());
    for (slot, &b) in low.iter_mut().zip(right) {
        carry += *slot + b;
        *slot = carry & MASK;
        carry >>= SHIFT;
    }
    for slot in high {
        if carry == 0 {
            break;
        }
        carry += *slot;
        *slot = carry & MASK;
        carry >>= SHIFT;
    }
    carry
}
