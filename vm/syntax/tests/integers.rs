//! The integers of literals and folded constants, beside machine integers as the naive model.

use proptest::prelude::*;
use twinheap_syntax::int::Int;

/// An `Int` of any size that 128 bits hold.
fn int(value: i128) -> Int {
    Int::from_decimal_digits(value.unsigned_abs().to_string().as_bytes())
        .mul(&Int::Small(if value < 0 { -1 } else { 1 }))
}

fn floor_divmod(a: i128, b: i128) -> (i128, i128) {
    let (quotient, remainder) = (a / b, a % b);
    if remainder != 0 && (remainder < 0) != (b < 0) {
        (quotient - 1, remainder + b)
    } else {
        (quotient, remainder)
    }
}

/// Numbers of all sizes, the edges of machine words among them.
fn numbers() -> impl Strategy<Value = i128> {
    let edges = prop::sample::select(vec![
        0,
        1,
        -1,
        i128::from(i64::MAX),
        i128::from(i64::MIN),
        i128::from(i64::MAX) + 1,
        i128::from(u32::MAX),
        1 << 96,
        -(1 << 64),
    ]);
    prop_oneof![
        edges,
        any::<i64>().prop_map(i128::from),
        (any::<i128>(), 2_u32..120).prop_map(|(x, bits)| x >> bits)
    ]
}

proptest! {
    #[test]
    fn arithmetic_is_that_of_machine_integers(a in numbers(), b in numbers()) {
        let (x, y) = (int(a), int(b));
        prop_assert_eq!(x.to_decimal(), a.to_string());
        prop_assert_eq!(x.neg().to_decimal(), (-a).to_string());
        prop_assert_eq!(x.invert().to_decimal(), (!a).to_string());
        prop_assert_eq!(x.is_negative(), a < 0);
        prop_assert_eq!(x.bit_length(), u64::from(128 - a.unsigned_abs().leading_zeros()));
        if let Some(sum) = a.checked_add(b) {
            prop_assert_eq!(x.add(&y).to_decimal(), sum.to_string());
        }
        if let Some(difference) = a.checked_sub(b) {
            prop_assert_eq!(x.sub(&y).to_decimal(), difference.to_string());
        }
        if let Some(product) = a.checked_mul(b) {
            prop_assert_eq!(x.mul(&y).to_decimal(), product.to_string());
        }
        prop_assert_eq!(x.bitwise(&y, |a, b| a & b).to_decimal(), (a & b).to_string());
        prop_assert_eq!(x.bitwise(&y, |a, b| a | b).to_decimal(), (a | b).to_string());
        prop_assert_eq!(x.bitwise(&y, |a, b| a ^ b).to_decimal(), (a ^ b).to_string());
    }

    #[test]
    fn division_rounds_down(a in numbers(), b in numbers()) {
        let divided = int(a).divmod(&int(b));
        if b == 0 {
            prop_assert!(divided.is_none());
        } else {
            let (quotient, remainder) = divided.expect("a divisor that is not zero");
            let expected = floor_divmod(a, b);
            prop_assert_eq!(quotient.to_decimal(), expected.0.to_string());
            prop_assert_eq!(remainder.to_decimal(), expected.1.to_string());
        }
    }

    #[test]
    fn shifts_are_multiplications(a in numbers(), bits in 0_u64..40) {
        prop_assert_eq!(int(a).shr(bits).to_decimal(), (a >> bits).to_string());
        if let Some(product) = a.checked_mul(1 << bits) {
            prop_assert_eq!(int(a).shl(bits).to_decimal(), product.to_string());
        }
    }

    #[test]
    fn conversion_to_float_rounds_once(a in numbers()) {
        prop_assert_eq!(int(a).to_f64(), Some(a as f64));
    }

    #[test]
    fn true_division_of_small_numbers_rounds_once(a in -(1_i64 << 53)..(1 << 53), b in -(1_i64 << 53)..(1 << 53)) {
        let expected = if b == 0 { None } else { Some(a as f64 / b as f64) };
        prop_assert_eq!(Int::Small(a).true_divide(&Int::Small(b)), expected);
    }
}
