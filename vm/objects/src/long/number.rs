//! The arithmetic of int: one-digit operands are computed in machine words, longer ones by the
//! kernels of `arith`, which write into the new int where its size is known beforehand.

use super::{
    PyLong_Type, digits, digits_pointer, from_digits, from_i64, from_integer, is_medium, is_small,
    medium_value, new_uninitialised, signed, small_int, to_i64,
};
use crate::errors::{self, PyResult, overflow_error, value_error, zero_division_error};
use crate::object::{ObjectExt, compare_result};
use crate::own::{Layout, Own};
use crate::singletons::not_implemented;
use crate::{float, memory, tuple};
use std::cmp::Ordering;
use std::ffi::c_int;
use twinheap_abi::*;
use twinheap_arith::digits::{self as kernel, BitOperation, Integer, PowerError, Signed};
use twinheap_arith::hash::hash_long;

/// Both operands as ints; a binary operation of anything else is `NotImplemented`.
macro_rules! both {
    ($a:expr, $b:expr) => {
        match (
            $a.downcast_ref::<PyLongObject>(),
            $b.downcast_ref::<PyLongObject>(),
        ) {
            (Some(a), Some(b)) => (a, b),
            _ => return Ok(not_implemented()),
        }
    };
}

/// Makes an int of at most `count` digits that `fill` writes, all of them zero before.
pub(crate) fn build(count: usize, negative: bool, fill: impl FnOnce(&mut [u32])) -> PyResult {
    let made = new_uninitialised(count)?;
    // SAFETY: the int is fresh and unshared and has room for `count` digits.
    let out = unsafe {
        let start = digits_pointer(&made);
        start.write_bytes(0, count);
        std::slice::from_raw_parts_mut(start, count)
    };
    fill(out);
    let length = kernel::normalised_length(out);
    if length <= 1 {
        let digit = i64::from(out.first().copied().unwrap_or(0));
        let value = if negative { -digit } else { digit };
        if is_small(value) {
            return Ok(Own::new(small_int(value)).upcast());
        }
    }
    let length = length as isize;
    made.ob_size.set(if negative { -length } else { length });
    Ok(made.upcast())
}

fn add_signed(a: Signed<'_>, b: Signed<'_>) -> PyResult {
    let (long, short) = if a.digits.len() >= b.digits.len() {
        (a, b)
    } else {
        (b, a)
    };
    if a.negative == b.negative {
        return build(long.digits.len() + 1, a.negative, |out| {
            kernel::add_into(out, long.digits, short.digits);
        });
    }
    let (long, short) = match kernel::compare(a.digits, b.digits) {
        Ordering::Less => (b, a),
        _ => (a, b),
    };
    build(long.digits.len(), long.negative, |out| {
        kernel::subtract_into(out, long.digits, short.digits);
    })
}

fn negated(value: Signed<'_>) -> Signed<'_> {
    Signed {
        negative: !value.negative,
        digits: value.digits,
    }
}

/// `a + b` of two ints.
#[inline(always)]
pub fn add(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    if is_medium(a) && is_medium(b) {
        return Ok(from_i64(medium_value(a) + medium_value(b))?.upcast());
    }
    add_signed(signed(a), signed(b))
}

/// `a - b` of two ints.
#[inline(always)]
pub fn subtract(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    if is_medium(a) && is_medium(b) {
        return Ok(from_i64(medium_value(a) - medium_value(b))?.upcast());
    }
    add_signed(signed(a), negated(signed(b)))
}

/// `a * b` of two ints.
#[inline(always)]
pub fn multiply(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    if is_medium(a) && is_medium(b) {
        return Ok(from_i64(medium_value(a) * medium_value(b))?.upcast());
    }
    multiply_long(signed(a), signed(b))
}

#[inline(never)]
fn multiply_long(a: Signed<'_>, b: Signed<'_>) -> PyResult {
    build(
        a.digits.len() + b.digits.len(),
        a.negative != b.negative,
        |out| {
            kernel::multiply_into(out, a.digits, b.digits);
        },
    )
}

fn long_add(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    add(a, b)
}

fn long_sub(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    subtract(a, b)
}

fn long_mul(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    multiply(a, b)
}

fn floor_divide_words(a: i64, b: i64) -> (i64, i64) {
    let (quotient, rest) = (a / b, a % b);
    if rest != 0 && (rest < 0) != (b < 0) {
        (quotient - 1, rest + b)
    } else {
        (quotient, rest)
    }
}

/// The two operands as one-digit values, where they are such and the divisor is not zero.
#[inline(always)]
fn words(a: &PyLongObject, b: &PyLongObject) -> Option<(i64, i64)> {
    (is_medium(a) && is_medium(b) && b.ob_size.get() != 0)
        .then(|| (medium_value(a), medium_value(b)))
}

fn check_divisor(b: &PyLongObject, message: &str) -> PyResult<()> {
    match b.ob_size.get() {
        0 => Err(zero_division_error(message)),
        _ => Ok(()),
    }
}

/// Whether the dividend itself is the remainder: its size or top digit is smaller, and the signs agree.
fn is_own_remainder(a: &PyLongObject, b: &PyLongObject) -> bool {
    let (left, right) = (digits(a), digits(b));
    let smaller =
        left.len() < right.len() || left.len() == right.len() && left.last() < right.last();
    smaller && (left.is_empty() || (a.ob_size.get() < 0) == (b.ob_size.get() < 0))
}

/// `a // b` of two ints.
pub fn floor_divide(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    if let Some((a, b)) = words(a, b) {
        return Ok(from_i64(floor_divide_words(a, b).0)?.upcast());
    }
    check_divisor(b, "integer division or modulo by zero")?;
    from_integer(&kernel::floor_divmod(signed(a), signed(b)).0)
}

/// `a % b` of two ints.
pub fn modulo(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    if let Some((a, b)) = words(a, b) {
        return Ok(from_i64(floor_divide_words(a, b).1)?.upcast());
    }
    check_divisor(b, "integer modulo by zero")?;
    if is_own_remainder(a, b) {
        return long_long(a);
    }
    from_integer(&kernel::floor_divmod(signed(a), signed(b)).1)
}

fn long_div(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    floor_divide(a, b)
}

fn long_mod(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    modulo(a, b)
}

fn long_divmod(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    let (quotient, rest) = match words(a, b) {
        Some((a, b)) => {
            let (quotient, rest) = floor_divide_words(a, b);
            (from_i64(quotient)?.upcast(), from_i64(rest)?.upcast())
        }
        None => {
            check_divisor(b, "integer division or modulo by zero")?;
            if is_own_remainder(a, b) {
                let pair = vec![from_i64(0)?.upcast(), long_long(a)?];
                return Ok(tuple::from_vec(pair)?.upcast());
            }
            let (quotient, rest) = kernel::floor_divmod(signed(a), signed(b));
            (from_integer(&quotient)?, from_integer(&rest)?)
        }
    };
    Ok(tuple::from_vec(vec![quotient, rest])?.upcast())
}

fn long_true_divide(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    check_divisor(b, "division by zero")?;
    if let Some((a, b)) = words(a, b) {
        return float::from_f64(a as f64 / b as f64);
    }
    match kernel::true_divide(signed(a), signed(b)) {
        Some(quotient) => float::from_f64(quotient),
        None => Err(overflow_error(
            "integer division result too large for a float",
        )),
    }
}

fn power_error(error: PowerError) -> errors::Raised {
    value_error(match error {
        PowerError::ZeroModulus => "pow() 3rd argument cannot be 0",
        PowerError::NotInvertible => "base is not invertible for the given modulus",
    })
}

fn long_pow(a: &PyObject, b: &PyObject, modulus: Option<&PyObject>) -> PyResult {
    let (base, exponent) = both!(a, b);
    let modulus = match modulus.filter(|modulus| !modulus.is_none()) {
        Some(modulus) => match modulus.downcast_ref::<PyLongObject>() {
            Some(modulus) => modulus,
            None => return Ok(not_implemented()),
        },
        None => return power(base, exponent),
    };
    let result = kernel::modular_power(signed(base), signed(exponent), signed(modulus));
    from_integer(&result.map_err(power_error)?)
}

/// `a ** b` of two ints; a negative exponent makes a float.
pub fn power(base: &PyLongObject, exponent: &PyLongObject) -> PyResult {
    if exponent.ob_size.get() < 0 {
        return float::float_pow(base.as_object(), exponent.as_object(), None);
    }
    if let Some(value) = small_power(base, exponent) {
        return Ok(from_i64(value)?.upcast());
    }
    // The result's size is known beforehand: what no memory could hold must not be tried.
    if base.ob_size.get().unsigned_abs() > 1 || base.ob_digit[0].get() > 1 {
        let bits = kernel::bit_length(digits(base)) as u128 - 1;
        let result_bits = to_i64(exponent).map_or(u128::MAX, |e| bits * e as u128);
        if result_bits > 1 << 40 {
            return Err(errors::no_memory());
        }
    }
    from_integer(&kernel::power(signed(base), digits(exponent)))
}

/// A power that fits a machine word.
fn small_power(base: &PyLongObject, exponent: &PyLongObject) -> Option<i64> {
    if !is_medium(base) || !is_medium(exponent) {
        return None;
    }
    medium_value(base).checked_pow(u32::try_from(medium_value(exponent)).ok()?)
}

/// A shift count, clipped to the largest one.
fn shift_count(b: &PyLongObject) -> PyResult<u128> {
    if b.ob_size.get() < 0 {
        return Err(value_error("negative shift count"));
    }
    if digits(b).len() > 4 {
        return Ok(u128::MAX);
    }
    Ok(digits(b)
        .iter()
        .rev()
        .fold(0, |count, &digit| count << 30 | u128::from(digit)))
}

/// `a << b` of two ints.
pub fn left_shift(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    let count = shift_count(b)?;
    if a.ob_size.get() == 0 {
        return Ok(Own::new(small_int(0)).upcast());
    }
    if count / 30 >= isize::MAX as u128 / 4 {
        return Err(overflow_error("too many digits in integer"));
    }
    if is_medium(a) && count < 30 {
        return Ok(from_i64(medium_value(a) << count)?.upcast());
    }
    if count > 1 << 40 {
        return Err(errors::no_memory());
    }
    memory::probe((count / 30) as usize * 4)?;
    let shifted = kernel::shift_left(digits(a), count as usize);
    Ok(from_digits(a.ob_size.get() < 0, &shifted)?.upcast())
}

/// `a >> b` of two ints.
pub fn right_shift(a: &PyLongObject, b: &PyLongObject) -> PyResult {
    let count = usize::try_from(shift_count(b)?).unwrap_or(usize::MAX);
    if is_medium(a) {
        return Ok(from_i64(medium_value(a) >> count.min(63))?.upcast());
    }
    if count == 0 && a.ob_size.get() < 0 {
        return long_long(a);
    }
    from_integer(&kernel::shift_right_floor(signed(a), count))
}

fn long_lshift(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    left_shift(a, b)
}

fn long_rshift(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    right_shift(a, b)
}

fn bitwise(operation: BitOperation, a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    if is_medium(a) && is_medium(b) {
        let (a, b) = (medium_value(a), medium_value(b));
        let value = match operation {
            BitOperation::And => a & b,
            BitOperation::Or => a | b,
            BitOperation::Xor => a ^ b,
        };
        return Ok(from_i64(value)?.upcast());
    }
    from_integer(&kernel::bitwise(operation, signed(a), signed(b)))
}

fn long_and(a: &PyObject, b: &PyObject) -> PyResult {
    bitwise(BitOperation::And, a, b)
}

fn long_or(a: &PyObject, b: &PyObject) -> PyResult {
    bitwise(BitOperation::Or, a, b)
}

fn long_xor(a: &PyObject, b: &PyObject) -> PyResult {
    bitwise(BitOperation::Xor, a, b)
}

/// The int with the other sign.
pub fn negative(a: &PyLongObject) -> PyResult {
    if is_medium(a) {
        return Ok(from_i64(-medium_value(a))?.upcast());
    }
    Ok(from_digits(a.ob_size.get() > 0, digits(a))?.upcast())
}

/// The int itself where it is exact, else an int of the same value.
pub(crate) fn long_long(a: &PyLongObject) -> PyResult {
    if a.as_object().is_exactly(&PyLong_Type) {
        return Ok(Own::new(a).upcast());
    }
    Ok(from_digits(a.ob_size.get() < 0, digits(a))?.upcast())
}

pub(super) fn long_abs(a: &PyLongObject) -> PyResult {
    if a.ob_size.get() < 0 {
        negative(a)
    } else {
        long_long(a)
    }
}

fn long_invert(a: &PyLongObject) -> PyResult {
    if is_medium(a) {
        return Ok(from_i64(!medium_value(a))?.upcast());
    }
    let one = Signed {
        negative: true,
        digits: &[1],
    };
    add_signed(negated(signed(a)), one)
}

fn long_bool(a: &PyLongObject) -> PyResult<bool> {
    Ok(a.ob_size.get() != 0)
}

/// `PyLong_AsDouble`.
pub fn as_double(a: &PyLongObject) -> PyResult<f64> {
    if is_medium(a) {
        return Ok(medium_value(a) as f64);
    }
    kernel::to_f64(signed(a)).ok_or_else(|| overflow_error("int too large to convert to float"))
}

fn long_float(a: &PyLongObject) -> PyResult {
    float::from_f64(as_double(a)?)
}

/// The hash of an int.
#[inline(always)]
pub fn hash(a: &PyLongObject) -> Py_hash_t {
    if is_medium(a) {
        let value = medium_value(a) as isize;
        return if value == -1 { -2 } else { value };
    }
    hash_long(signed(a)) as isize
}

fn long_hash(a: &PyLongObject) -> PyResult<Py_hash_t> {
    Ok(hash(a))
}

/// The order of two ints.
#[inline(always)]
pub fn compare(a: &PyLongObject, b: &PyLongObject) -> Ordering {
    let by_size = a.ob_size.get().cmp(&b.ob_size.get());
    if by_size != Ordering::Equal {
        return by_size;
    }
    let order = digits(a).iter().rev().cmp(digits(b).iter().rev());
    if a.ob_size.get() < 0 {
        order.reverse()
    } else {
        order
    }
}

fn long_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (a, b) = both!(a, b);
    Ok(compare_result(compare(a, b), op))
}

/// The nearest multiple of `unit`, ties to even.
pub(super) fn round_to_multiple(value: &PyLongObject, unit: &Integer) -> PyResult {
    let (quotient, rest) = kernel::floor_divmod(signed(value), unit.borrow());
    let doubled = kernel::shift_left(&rest.digits, 1);
    let odd = quotient.digits.first().is_some_and(|digit| digit & 1 == 1);
    let up = match kernel::compare(&doubled, &unit.digits) {
        Ordering::Greater => true,
        Ordering::Equal => odd,
        Ordering::Less => false,
    };
    let below = Signed {
        negative: !rest.negative,
        digits: &rest.digits,
    };
    let floor = add_signed(signed(value), below)?;
    if !up {
        return Ok(floor);
    }
    // SAFETY: the sum of two ints is an int.
    let floor = unsafe { floor.cast::<PyLongObject>() };
    add_signed(signed(&floor), unit.borrow())
}

pub(super) mod slots {
    //! The suite of number functions as the type wants them.

    use super::*;
    use crate::slot;

    pub(in crate::long) const HASH: Option<hashfunc> = slot!(hash long_hash);
    pub(in crate::long) const RICHCOMPARE: Option<richcmpfunc> = slot!(richcmp long_richcompare);
    pub(in crate::long) const ADD: Option<binaryfunc> = slot!(binary long_add);
    pub(in crate::long) const SUBTRACT: Option<binaryfunc> = slot!(binary long_sub);
    pub(in crate::long) const MULTIPLY: Option<binaryfunc> = slot!(binary long_mul);
    pub(in crate::long) const REMAINDER: Option<binaryfunc> = slot!(binary long_mod);
    pub(in crate::long) const DIVMOD: Option<binaryfunc> = slot!(binary long_divmod);
    pub(in crate::long) const POWER: Option<ternaryfunc> = slot!(ternary long_pow);
    pub(in crate::long) const NEGATIVE: Option<unaryfunc> = slot!(unary negative);
    pub(in crate::long) const POSITIVE: Option<unaryfunc> = slot!(unary long_long);
    pub(in crate::long) const ABSOLUTE: Option<unaryfunc> = slot!(unary long_abs);
    pub(in crate::long) const BOOL: Option<inquiry> = slot!(inquiry long_bool);
    pub(in crate::long) const INVERT: Option<unaryfunc> = slot!(unary long_invert);
    pub(in crate::long) const LSHIFT: Option<binaryfunc> = slot!(binary long_lshift);
    pub(in crate::long) const RSHIFT: Option<binaryfunc> = slot!(binary long_rshift);
    pub(in crate::long) const AND: Option<binaryfunc> = slot!(binary long_and);
    pub(in crate::long) const XOR: Option<binaryfunc> = slot!(binary long_xor);
    pub(in crate::long) const OR: Option<binaryfunc> = slot!(binary long_or);
    pub(in crate::long) const FLOAT: Option<unaryfunc> = slot!(unary long_float);
    pub(in crate::long) const FLOOR_DIVIDE: Option<binaryfunc> = slot!(binary long_div);
    pub(in crate::long) const TRUE_DIVIDE: Option<binaryfunc> = slot!(binary long_true_divide);
}
