//! int (`Objects/longobject.c`): sign and magnitude in digits of 30 bits.
//!
//! `ob_size` is the number of digits, negated for a negative int; zero has none. The ints from -5 to
//! 256 are singletons.

mod methods;
mod number;
pub mod text;

pub use methods::{format, from_object};
pub use number::{
    add, as_double, compare, floor_divide, hash, left_shift, modulo, multiply, negative, power,
    right_shift, subtract,
};
pub use text::{
    format_in_base, from_bytes_text, from_f64, from_unicode, max_str_digits, set_max_str_digits,
    to_decimal,
};

use crate::errors::{self, PyResult, overflow_error, type_error};
use crate::memory;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::singletons::StaticLong;
use crate::{slot, static_type, typed};
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_arith::digits::{self, Integer, Signed};

typed!(PyLongObject, PyLong_Type, flag Py_TPFLAGS_LONG_SUBCLASS);

const NSMALLNEGINTS: i64 = 5;
const NSMALLPOSINTS: i64 = 257;
const SMALL_COUNT: usize = (NSMALLNEGINTS + NSMALLPOSINTS) as usize;

const fn small(index: usize) -> StaticLong {
    let value = index as i64 - NSMALLNEGINTS;
    StaticLong(PyLongObject {
        ob_base: PyVarObject {
            ob_base: PyObject::immortal(&raw const PyLong_Type),
            ob_size: Cell::new(value.signum() as isize),
        },
        ob_digit: [Cell::new(value.unsigned_abs() as u32)],
    })
}

static SMALL_INTS: [StaticLong; SMALL_COUNT] = {
    let mut table = [const { small(0) }; SMALL_COUNT];
    let mut index = 0;
    while index < SMALL_COUNT {
        table[index] = small(index);
        index += 1;
    }
    table
};

/// The singleton of an int from -5 to 256.
#[inline(always)]
pub fn small_int(value: i64) -> &'static PyLongObject {
    &SMALL_INTS[(value + NSMALLNEGINTS) as usize].0
}

/// Whether the value is one of the singletons.
#[inline(always)]
pub fn is_small(value: i64) -> bool {
    (-NSMALLNEGINTS..NSMALLPOSINTS).contains(&value)
}

/// An int with room for `count` digits, not yet set; the size is positive.
pub fn new_uninitialised(count: usize) -> PyResult<Own<PyLongObject>> {
    let size = std::mem::offset_of!(PyLongObject, ob_digit) + 4 * count.max(1);
    let object: *mut PyLongObject = memory::new_object(&PyLong_Type, size)?;
    // SAFETY: fresh memory of at least the header's size.
    unsafe {
        (*object).ob_size.set(count as isize);
        Ok(Own::from_raw(object))
    }
}

/// The number that a stream of 32-bit words makes, lowest first; the last one gives its upper bits only.
pub fn from_words(bits: usize, mut next: impl FnMut() -> u32) -> PyResult {
    const SHIFT: usize = 30;
    let count = bits.div_ceil(SHIFT);
    let made = new_uninitialised(count)?;
    let target = digits_pointer(&made);
    let (mut held, mut held_bits, mut left, mut size) = (0u64, 0, bits, 0);
    for index in 0..count {
        while held_bits < SHIFT && left > 0 {
            let taken = left.min(32);
            held |= (u64::from(next()) >> (32 - taken)) << held_bits;
            held_bits += taken;
            left -= taken;
        }
        let digit = (held & ((1 << SHIFT) - 1)) as u32;
        held >>= SHIFT;
        held_bits = held_bits.saturating_sub(SHIFT);
        if digit != 0 {
            size = index + 1;
        }
        // SAFETY: the int has room for `count` digits.
        unsafe { target.add(index).write(digit) };
    }
    made.ob_size.set(size as isize);
    match size {
        0 | 1 => from_isize(medium_value(&made) as isize),
        _ => Ok(made.upcast()),
    }
}

/// The digits of an int, least significant first.
#[inline(always)]
pub fn digits(long: &PyLongObject) -> &[u32] {
    // SAFETY: `|ob_size|` digits follow the header.
    unsafe {
        std::slice::from_raw_parts(
            long.ob_digit.as_ptr().cast(),
            long.ob_size.get().unsigned_abs(),
        )
    }
}

/// Where the digits of an int under construction are written.
#[inline(always)]
pub fn digits_pointer(long: &PyLongObject) -> *mut u32 {
    long.ob_digit.as_ptr().cast_mut().cast()
}

/// An int as the kernels of `arith` read it.
#[inline(always)]
pub fn signed(long: &PyLongObject) -> Signed<'_> {
    Signed {
        negative: long.ob_size.get() < 0,
        digits: digits(long),
    }
}

/// The value of an int of at most one digit.
#[inline(always)]
pub fn medium_value(long: &PyLongObject) -> i64 {
    long.ob_size.get() as i64 * i64::from(long.ob_digit[0].get())
}

/// Whether an int has at most one digit.
#[inline(always)]
pub fn is_medium(long: &PyLongObject) -> bool {
    (long.ob_size.get() + 1) as usize <= 2
}

/// `PyLong_FromLong`.
#[inline(always)]
pub fn from_i64(value: i64) -> PyResult<Own<PyLongObject>> {
    if is_small(value) {
        return Ok(Own::new(small_int(value)));
    }
    if value.unsigned_abs() < u64::from(PyLong_BASE) {
        let made = new_uninitialised(1)?;
        made.ob_size.set(value.signum() as isize);
        made.ob_digit[0].set(value.unsigned_abs() as u32);
        return Ok(made);
    }
    from_magnitude(value < 0, value.unsigned_abs())
}

/// An int of at most one digit from the singletons or the head of a pool; null where it is neither.
/// Calls nothing.
#[inline(always)]
pub fn quick_new(value: i64) -> *mut PyObject {
    if is_small(value) {
        return Own::new(small_int(value)).into_raw().cast();
    }
    if value.unsigned_abs() >= u64::from(PyLong_BASE) {
        return std::ptr::null_mut();
    }
    let size = std::mem::offset_of!(PyLongObject, ob_digit) + 4;
    let made: *mut PyLongObject = memory::quick_malloc(size).cast();
    // SAFETY: fresh memory of that size, or null.
    if let Some(made) = unsafe { made.as_ref() } {
        made.ob_base.ob_base.ob_refcnt.set(1);
        made.ob_base.ob_base.ob_type.set(&PyLong_Type);
        made.ob_size.set(value.signum() as isize);
        made.ob_digit[0].set(value.unsigned_abs() as u32);
    }
    made.cast()
}

/// `PyLong_FromSize_t`.
#[inline]
pub fn from_u64(value: u64) -> PyResult<Own<PyLongObject>> {
    if value < NSMALLPOSINTS as u64 {
        return Ok(Own::new(small_int(value as i64)));
    }
    from_magnitude(false, value)
}

/// An int object of a machine word.
pub fn from_usize(value: usize) -> PyResult {
    Ok(from_u64(value as u64)?.upcast())
}

/// An int object of a signed machine word.
#[inline(always)]
pub fn from_isize(value: isize) -> PyResult {
    Ok(from_i64(value as i64)?.upcast())
}

#[inline(never)]
fn from_magnitude(negative: bool, magnitude: u64) -> PyResult<Own<PyLongObject>> {
    let count = (64 - magnitude.leading_zeros()).div_ceil(PyLong_SHIFT) as usize;
    let made = new_uninitialised(count)?;
    let target = digits_pointer(&made);
    let mut rest = magnitude;
    for index in 0..count {
        // SAFETY: room for `count` digits.
        unsafe { *target.add(index) = (rest & u64::from(PyLong_MASK)) as u32 };
        rest >>= PyLong_SHIFT;
    }
    made.ob_size.set(if negative {
        -(count as isize)
    } else {
        count as isize
    });
    Ok(made)
}

/// An int of digits that a kernel has computed; small values become singletons.
pub fn from_digits(negative: bool, digits: &[u32]) -> PyResult<Own<PyLongObject>> {
    let digits = digits::trimmed(digits);
    match digits {
        [] => return Ok(Own::new(small_int(0))),
        [digit] => {
            let value = i64::from(*digit);
            return from_i64(if negative { -value } else { value });
        }
        _ => {}
    }
    let made = new_uninitialised(digits.len())?;
    // SAFETY: room for the digits.
    unsafe { std::ptr::copy_nonoverlapping(digits.as_ptr(), digits_pointer(&made), digits.len()) };
    if negative {
        made.ob_size.set(-(digits.len() as isize));
    }
    Ok(made)
}

/// An int of a kernel's result.
pub fn from_integer(value: &Integer) -> PyResult {
    let value = value.borrow();
    Ok(from_digits(value.negative, value.digits)?.upcast())
}

/// The value, where it fits (`PyLong_AsLongAndOverflow`, without the exception).
#[inline]
pub fn to_i64(long: &PyLongObject) -> Option<i64> {
    if is_medium(long) {
        return Some(medium_value(long));
    }
    digits::to_i64(signed(long))
}

/// `PyLong_AsSsize_t`.
pub fn as_ssize(long: &PyLongObject) -> PyResult<isize> {
    match to_i64(long) {
        Some(value) => Ok(value as isize),
        None => Err(overflow_error(
            "Python int too large to convert to C ssize_t",
        )),
    }
}

/// `PyLong_AsSsize_t`: an int and nothing that could become one.
pub fn exact_ssize(object: &PyObject) -> PyResult<isize> {
    match object.downcast_ref::<PyLongObject>() {
        Some(long) => as_ssize(long),
        None => Err(errors::type_error("an integer is required")),
    }
}

/// `PyLong_AsLong`: through `__index__` where the object is no int.
pub fn as_long(object: &PyObject) -> PyResult<i64> {
    let long = crate::abstract_::index(object)?;
    to_i64(&long).ok_or_else(|| overflow_error("Python int too large to convert to C long"))
}

/// `_PyLong_AsInt`.
pub fn as_int(object: &PyObject) -> PyResult<i32> {
    let long = crate::abstract_::index(object)?;
    to_i64(&long)
        .and_then(|value| i32::try_from(value).ok())
        .ok_or_else(|| overflow_error("Python int too large to convert to C int"))
}

unsafe fn long_dealloc(long: *mut PyLongObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        match (*long).as_object().type_().tp_free.get() {
            Some(free) => free(long.cast()),
            None => memory::object_del(long.cast()),
        }
    }
}

static_type! {
    /// `int`.
    PyLong_Type = "int", size std::mem::offset_of!(PyLongObject, ob_digit), 4,
        flags Py_TPFLAGS_BASETYPE | Py_TPFLAGS_LONG_SUBCLASS | _Py_TPFLAGS_MATCH_SELF;
    number {
        nb_add: number::slots::ADD,
        nb_subtract: number::slots::SUBTRACT,
        nb_multiply: number::slots::MULTIPLY,
        nb_remainder: number::slots::REMAINDER,
        nb_divmod: number::slots::DIVMOD,
        nb_power: number::slots::POWER,
        nb_negative: number::slots::NEGATIVE,
        nb_positive: number::slots::POSITIVE,
        nb_absolute: number::slots::ABSOLUTE,
        nb_bool: number::slots::BOOL,
        nb_invert: number::slots::INVERT,
        nb_lshift: number::slots::LSHIFT,
        nb_rshift: number::slots::RSHIFT,
        nb_and: number::slots::AND,
        nb_xor: number::slots::XOR,
        nb_or: number::slots::OR,
        nb_int: number::slots::POSITIVE,
        nb_float: number::slots::FLOAT,
        nb_floor_divide: number::slots::FLOOR_DIVIDE,
        nb_true_divide: number::slots::TRUE_DIVIDE,
        nb_index: number::slots::POSITIVE,
    }
    tp_dealloc: slot!(dealloc long_dealloc),
    tp_repr: slot!(unary text::long_to_decimal_string),
    tp_hash: number::slots::HASH,
    tp_getattro: Some(crate::object::PyObject_GenericGetAttr),
    tp_richcompare: number::slots::RICHCOMPARE,
    tp_methods: methods::LONG_METHODS.as_ptr(),
    tp_getset: methods::LONG_GETSET.as_ptr(),
    tp_new: slot!(new methods::long_new),
    tp_free: Some(memory::object_free),
}

/// A complaint about an object that should be an int.
pub fn not_an_integer(object: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "'{}' object cannot be interpreted as an integer",
        object.type_().name()
    ))
}
