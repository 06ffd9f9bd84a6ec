//! Bit counts, and bitwise operations on two's complement.

use super::{Integer, MASK, SHIFT, Signed};

/// The bitwise operations of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitOperation {
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
}

impl BitOperation {
    fn apply(self, left: u32, right: u32) -> u32 {
        match self {
            BitOperation::And => left & right,
            BitOperation::Or => left | right,
            BitOperation::Xor => left ^ right,
        }
    }
}

/// How many bits the magnitude needs.
pub fn bit_length(digits: &[u32]) -> usize {
    match digits.last() {
        Some(&top) => (digits.len() - 1) * SHIFT as usize + (32 - top.leading_zeros()) as usize,
        None => 0,
    }
}

/// How many bits of the magnitude are set.
pub fn bit_count(digits: &[u32]) -> usize {
    digits.iter().map(|digit| digit.count_ones() as usize).sum()
}

/// The digits of a number in two's complement, least significant first and without end.
fn complement_digits(number: Signed<'_>) -> impl Iterator<Item = u32> {
    let flip = if number.negative { MASK } else { 0 };
    let mut carry = u32::from(number.negative);
    number
        .digits
        .iter()
        .copied()
        .chain(std::iter::repeat(0))
        .map(move |digit| {
            carry += digit ^ flip;
            let low = carry & MASK;
            carry >>= SHIFT;
            low
        })
}

/// Applies a bitwise operation to two numbers as if in two's complement of infinite width.
pub fn bitwise(operation: BitOperation, left: Signed<'_>, right: Signed<'_>) -> Integer {
    let negative = operation.apply(u32::from(left.negative), u32::from(right.negative)) == 1;
    let width = left.digits.len().max(right.digits.len()) + 1;
    let pairs = complement_digits(left).zip(complement_digits(right));
    let mut digits: Vec<u32> = pairs
        .take(width)
        .map(|(a, b)| operation.apply(a, b))
        .collect();
    if negative {
        let mut carry = 1;
        for slot in &mut digits {
            carry += *slot ^ MASK;
            *slot = carry & MASK;
            carry >>= SHIFT;
        }
    }
    Integer::new(negative, digits)
}
