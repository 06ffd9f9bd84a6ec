//! The arithmetic, comparison and hash of float.

use super::{PyFloat_Type, from_f64, value};
use crate::errors::{PyResult, raise_object, type_error, zero_division_error};
use crate::exceptions::PyExc_OverflowError;
use crate::object::{ObjectExt, TypeExt, compare_result};
use crate::own::{Layout, Own};
use crate::singletons::{bool_object, not_implemented};
use crate::{abstract_, complex, long, tuple, unicode};
use std::cmp::Ordering;
use std::ffi::c_int;
use twinheap_abi::*;
use twinheap_arith::digits as kernel;
use twinheap_arith::float::{add_keeping_second, multiply_keeping_second, subtract_keeping_first};
use twinheap_arith::hash::hash_double;

/// The value of a float or an int; none for anything else.
#[inline(always)]
pub fn to_double(object: &PyObject) -> PyResult<Option<f64>> {
    if let Some(float) = object.downcast_ref::<PyFloatObject>() {
        return Ok(Some(value(float)));
    }
    match object.downcast_ref::<PyLongObject>() {
        Some(int) => Ok(Some(long::as_double(int)?)),
        None => Ok(None),
    }
}

/// Both operands as doubles; a binary operation of anything else is `NotImplemented`.
macro_rules! both {
    ($a:expr, $b:expr) => {{
        let Some(a) = to_double($a)? else {
            return Ok(not_implemented());
        };
        let Some(b) = to_double($b)? else {
            return Ok(not_implemented());
        };
        (a, b)
    }};
}

/// `PyFloat_AsDouble`.
pub fn as_double(object: &PyObject) -> PyResult<f64> {
    if let Some(float) = object.downcast_ref::<PyFloatObject>() {
        return Ok(value(float));
    }
    // SAFETY: the suite of a live type.
    let suite = unsafe { object.type_().tp_as_number.get().as_ref() };
    let Some(convert) = suite.and_then(|suite| suite.nb_float.get()) else {
        if abstract_::has_index(object) {
            return long::as_double(&*abstract_::index(object)?);
        }
        return Err(type_error(format_args!(
            "must be real number, not {:.50}",
            object.type_().name()
        )));
    };
    // SAFETY: the object's own slot.
    let result = unsafe { crate::errors::from_c(convert(object.as_raw()))? };
    super::methods::checked_float(object, result).map(|float| value(&float))
}

pub(super) fn float_add(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    from_f64(add_keeping_second(a, b))
}

pub(super) fn float_sub(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    from_f64(subtract_keeping_first(a, b))
}

pub(super) fn float_mul(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    from_f64(multiply_keeping_second(a, b))
}

pub(super) fn float_div(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    if b == 0.0 {
        return Err(zero_division_error("float division by zero"));
    }
    from_f64(a / b)
}

pub(super) fn float_rem(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    if b == 0.0 {
        return Err(zero_division_error("float modulo"));
    }
    from_f64(remainder(a, b))
}

/// The remainder with the divisor's sign.
fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        return 0.0f64.copysign(b);
    }
    if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// The floor of the quotient, and the remainder with the divisor's sign.
pub fn divide_and_floor(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 {
        if (b < 0.0) != (rest < 0.0) {
            rest += b;
            quotient -= 1.0;
        }
    } else {
        rest = 0.0f64.copysign(b);
    }
    if quotient == 0.0 {
        return (0.0f64.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    (
        if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        },
        rest,
    )
}

pub(super) fn float_divmod(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    if b == 0.0 {
        return Err(zero_division_error("float divmod()"));
    }
    let (quotient, rest) = divide_and_floor(a, b);
    Ok(tuple::from_vec(vec![from_f64(quotient)?, from_f64(rest)?])?.upcast())
}

pub(super) fn float_floor_div(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    if b == 0.0 {
        return Err(zero_division_error("float floor division by zero"));
    }
    from_f64(divide_and_floor(a, b).0)
}

/// `OverflowError` as the C library's `ERANGE` has it.
pub(crate) fn out_of_range() -> crate::errors::Raised {
    let args = long::from_i64(34).and_then(|number| {
        let message = unicode::from_str("Numerical result out of range")?;
        tuple::from_vec(vec![number.upcast(), message.upcast()])
    });
    match args {
        Ok(args) => raise_object(&PyExc_OverflowError, Some(args.upcast())),
        Err(raised) => raised,
    }
}

/// `pow` of doubles where the result is a double, with the special cases spelt out.
pub fn pow(base: f64, exponent: f64) -> PyResult<f64> {
    let odd = exponent.abs() % 2.0 == 1.0;
    if exponent == 0.0 || base == 1.0 {
        return Ok(1.0);
    }
    if base.is_nan() || exponent.is_nan() {
        return Ok(if base.is_nan() { base } else { exponent });
    }
    if exponent.is_infinite() {
        let magnitude = base.abs();
        return Ok(
            match (magnitude == 1.0, (exponent > 0.0) == (magnitude > 1.0)) {
                (true, _) => 1.0,
                (false, true) => exponent.abs(),
                (false, false) => 0.0,
            },
        );
    }
    if base.is_infinite() {
        return Ok(match (exponent > 0.0, odd) {
            (true, true) => base,
            (true, false) => base.abs(),
            (false, true) => 0.0f64.copysign(base),
            (false, false) => 0.0,
        });
    }
    if base == 0.0 {
        if exponent < 0.0 {
            return Err(zero_division_error(
                "0.0 cannot be raised to a negative power",
            ));
        }
        return Ok(if odd { base } else { 0.0 });
    }
    let result = base.powf(exponent);
    if result.is_infinite() {
        Err(out_of_range())
    } else {
        Ok(result)
    }
}

/// `float.__pow__`, also for two ints with a negative exponent.
pub fn float_pow(a: &PyObject, b: &PyObject, modulus: Option<&PyObject>) -> PyResult {
    if modulus.is_some_and(|modulus| !modulus.is_none()) {
        return Err(type_error(
            "pow() 3rd argument not allowed unless all arguments are integers",
        ));
    }
    let (base, exponent) = both!(a, b);
    let is_root =
        base < 0.0 && base.is_finite() && exponent.is_finite() && exponent != exponent.floor();
    if is_root {
        return complex::complex_pow(a, b, None);
    }
    from_f64(pow(base, exponent)?)
}

pub(super) fn float_neg(float: &PyFloatObject) -> PyResult {
    from_f64(-value(float))
}

pub(super) fn float_abs(float: &PyFloatObject) -> PyResult {
    from_f64(value(float).abs())
}

/// The float itself where it is exact, else a float of the same value.
pub(super) fn float_float(float: &PyFloatObject) -> PyResult {
    if float.as_object().is_exactly(&PyFloat_Type) {
        return Ok(Own::new(float).upcast());
    }
    from_f64(value(float))
}

pub(super) fn float_bool(float: &PyFloatObject) -> PyResult<bool> {
    Ok(value(float) != 0.0)
}

/// The hash of a double that belongs to an object: a nan hashes by the object's address.
pub fn hash(value: f64, object: &PyObject) -> Py_hash_t {
    match hash_double(value) {
        Some(hash) => hash as isize,
        None => crate::object::hash_pointer(object as *const PyObject),
    }
}

pub(super) fn float_hash(float: &PyFloatObject) -> PyResult<Py_hash_t> {
    Ok(hash(value(float), float.as_object()))
}

/// Whether an order (none: not comparable) satisfies an operator.
fn order_satisfies(order: Option<Ordering>, op: c_int) -> Own {
    match order {
        Some(order) => compare_result(order, op),
        None => bool_object(op == Py_NE),
    }
}

pub(super) fn float_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let Some(a) = a.downcast_ref::<PyFloatObject>() else {
        return Ok(not_implemented());
    };
    if let Some(b) = b.downcast_ref::<PyFloatObject>() {
        return Ok(order_satisfies(value(a).partial_cmp(&value(b)), op));
    }
    let Some(b) = b.downcast_ref::<PyLongObject>() else {
        return Ok(not_implemented());
    };
    let order = kernel::compare_with_f64(long::signed(b), value(a)).map(Ordering::reverse);
    Ok(order_satisfies(order, op))
}
