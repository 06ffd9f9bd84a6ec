//! The digit kernels against a naive model: numbers as vectors of bits.

use proptest::prelude::*;
use twinheap_arith::digits::{self, BitOperation, Integer};

/// The naive model: bits, least significant first, and the schoolbook on them.
mod model {
    pub fn bits(digits: &[u32]) -> Vec<bool> {
        let mut bits: Vec<bool> = digits
            .iter()
            .flat_map(|&d| (0..30).map(move |i| d >> i & 1 == 1))
            .collect();
        trim(&mut bits);
        bits
    }

    fn trim(bits: &mut Vec<bool>) {
        while bits.last() == Some(&false) {
            bits.pop();
        }
    }

    pub fn add(left: &[bool], right: &[bool]) -> Vec<bool> {
        let mut carry = false;
        let mut out = Vec::new();
        for index in 0..=left.len().max(right.len()) {
            let (a, b) = (
                left.get(index) == Some(&true),
                right.get(index) == Some(&true),
            );
            out.push(a ^ b ^ carry);
            carry = a & b | carry & (a | b);
        }
        trim(&mut out);
        out
    }

    pub fn multiply(left: &[bool], right: &[bool]) -> Vec<bool> {
        let mut out = Vec::new();
        for (index, _) in right.iter().enumerate().filter(|(_, bit)| **bit) {
            let mut shifted = vec![false; index];
            shifted.extend_from_slice(left);
            out = add(&out, &shifted);
        }
        out
    }
}

fn magnitude(most: usize) -> impl Strategy<Value = Vec<u32>> {
    let digit = prop_oneof![Just(0), Just(digits::MASK), 0..digits::BASE];
    prop::collection::vec(digit, 0..most).prop_map(|digits| Integer::new(false, digits).digits)
}

fn integer(most: usize) -> impl Strategy<Value = Integer> {
    (any::<bool>(), magnitude(most)).prop_map(|(negative, digits)| Integer::new(negative, digits))
}

fn sum(left: &[u32], right: &[u32]) -> Vec<u32> {
    let (long, short) = if left.len() >= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let mut out = vec![0; long.len() + 1];
    digits::add_into(&mut out, long, short);
    Integer::new(false, out).digits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn addition_and_multiplication(a in magnitude(12), b in magnitude(12)) {
        let (x, y) = (model::bits(&a), model::bits(&b));
        prop_assert_eq!(model::bits(&sum(&a, &b)), model::add(&x, &y));
        prop_assert_eq!(model::bits(&digits::multiply(&a, &b)), model::multiply(&x, &y));
    }

    #[test]
    fn karatsuba_agrees_with_itself_split(a in magnitude(400), b in magnitude(400), cut in 0usize..400) {
        let cut = cut.min(b.len());
        let low = Integer::new(false, b[..cut].to_vec()).digits;
        let high = digits::shift_left(&b[cut..], cut * 30);
        let parts = sum(&digits::multiply(&a, &low), &digits::multiply(&a, &high));
        prop_assert_eq!(digits::multiply(&a, &b), parts);
        let copy = a.clone();
        prop_assert_eq!(digits::multiply(&a, &a), digits::multiply(&a, &copy));
    }

    #[test]
    fn division_inverts_multiplication(a in magnitude(40), b in magnitude(20)) {
        prop_assume!(!b.is_empty());
        let (quotient, rest) = digits::divmod(&a, &b);
        prop_assert_eq!(digits::compare(&rest, &b), std::cmp::Ordering::Less);
        prop_assert_eq!(sum(&digits::multiply(&quotient, &b), &rest), a);
    }

    #[test]
    fn small_numbers_as_machine_integers(a in any::<i64>(), b in any::<i64>(), shift in 0usize..100) {
        let (x, y) = (digits::from_i64(a), digits::from_i64(b));
        let narrow = |value: i128| {
            Integer::new(value < 0, digits::from_u128(value.unsigned_abs()))
        };
        for (operation, expected) in [(BitOperation::And, a & b), (BitOperation::Or, a | b), (BitOperation::Xor, a ^ b)] {
            prop_assert_eq!(digits::bitwise(operation, x.borrow(), y.borrow()), digits::from_i64(expected));
        }
        prop_assert_eq!(digits::shift_right_floor(x.borrow(), shift), digits::from_i64(a >> shift.min(63)));
        prop_assert_eq!(digits::to_i64(x.borrow()), Some(a));
        if b != 0 {
            let (quotient, rest) = digits::floor_divmod(x.borrow(), y.borrow());
            let (a, b) = (i128::from(a), i128::from(b));
            let floor = a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0);
            prop_assert_eq!(quotient, narrow(floor));
            prop_assert_eq!(rest, narrow(a - floor * b));
        }
    }

    #[test]
    fn text_round_trips(a in integer(60), base in 2u32..=36) {
        let text = digits::to_text(a.borrow(), base);
        prop_assert_eq!(digits::parse_int(text.as_bytes(), base, 0), Ok(a));
    }

    #[test]
    fn bytes_round_trip(a in integer(10), little in any::<bool>()) {
        let mut out = vec![0; digits::bit_length(&a.digits) / 8 + 1];
        prop_assert_eq!(digits::to_bytes(a.borrow(), &mut out, little, true), Ok(()));
        prop_assert_eq!(digits::from_bytes(&out, little, true), a);
    }

    #[test]
    fn gcd_divides_and_isqrt_brackets(a in magnitude(12), b in magnitude(12), c in magnitude(6)) {
        prop_assume!(!c.is_empty());
        let common = digits::gcd(&digits::multiply(&a, &c), &digits::multiply(&b, &c));
        let expected = digits::multiply(&digits::gcd(&a, &b), &c);
        prop_assert_eq!(common, expected);
        let root = digits::isqrt(&a);
        let next = sum(&root, &[1]);
        prop_assert_ne!(digits::compare(&digits::multiply(&root, &root), &a), std::cmp::Ordering::Greater);
        prop_assert_eq!(digits::compare(&digits::multiply(&next, &next), &a), std::cmp::Ordering::Greater);
    }

    #[test]
    fn modular_power_agrees_with_power(a in integer(2), e in 0u32..40, m in integer(3)) {
        prop_assume!(!m.digits.is_empty());
        let exponent = digits::from_u64(u64::from(e));
        let full = digits::power(a.borrow(), &exponent);
        let expected = digits::floor_divmod(full.borrow(), m.borrow()).1;
        let exponent = Integer::new(false, exponent);
        prop_assert_eq!(digits::modular_power(a.borrow(), exponent.borrow(), m.borrow()), Ok(expected));
    }
}
