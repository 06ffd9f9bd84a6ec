//! Operators and comparisons of ints, floats and str.
//!
//! A specialised sum or product of floats keeps the first of two nans, the general one the second.

use super::super::Eval;
use super::super::regs::*;
use super::jumps::check_breaker;
use std::ptr::null_mut;
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_arith::float::{
    add_keeping_first, add_keeping_second, multiply_keeping_first, multiply_keeping_second,
    subtract_keeping_first,
};
use twinheap_objects::float::{self, PyFloat_Type};
use twinheap_objects::long::{self, PyLong_Type};
use twinheap_objects::memory;
use twinheap_objects::own::Own;
use twinheap_objects::unicode::{self, PyUnicode_Type};

/// Both operands, where both are exact ints.
#[inline(always)]
fn ints(left: Ref, right: Ref) -> Option<(&'static PyLongObject, &'static PyLongObject)> {
    if !is(left, &PyLong_Type) || !is(right, &PyLong_Type) {
        return None;
    }
    // SAFETY: exact ints.
    Some(unsafe { (as_a(left), as_a(right)) })
}

/// Two ints of at most one digit as machine words.
#[inline(always)]
fn words(pair: (&PyLongObject, &PyLongObject)) -> Option<(i64, i64)> {
    if !long::is_medium(pair.0) || !long::is_medium(pair.1) {
        return None;
    }
    Some((long::medium_value(pair.0), long::medium_value(pair.1)))
}

#[inline(always)]
fn floats(left: Ref, right: Ref) -> Option<(f64, f64)> {
    if !is(left, &PyFloat_Type) || !is(right, &PyFloat_Type) {
        return None;
    }
    // SAFETY: exact floats.
    let (left, right): (&PyFloatObject, &PyFloatObject) = unsafe { (as_a(left), as_a(right)) };
    Some((left.ob_fval.get(), right.ob_fval.get()))
}

/// What is left to do for two dead operands that a quick way to free may have dealt with.
#[inline(always)]
fn rest(r: &Regs, here: *const _Py_CODEUNIT, gone: (bool, bool), first: Ref, second: Ref) -> Act {
    if gone == (true, true) {
        return Act::Next;
    }
    r.mark_at(here);
    match gone {
        (false, false) => Act::Dead2(first, second),
        (false, true) => Act::Dead(first),
        _ => Act::Dead(second),
    }
}

#[inline(always)]
fn drop_ints(r: &Regs, here: *const _Py_CODEUNIT, first: Ref, second: Ref) -> Act {
    let gone = |int: Ref| {
        // SAFETY: an exact int whose last reference is gone is nothing but its block.
        !release(int) || unsafe { memory::quick_free(raw(int).cast()) }
    };
    let gone = (gone(first), gone(second));
    rest(r, here, gone, first, second)
}

#[inline(always)]
fn drop_floats(r: &Regs, here: *const _Py_CODEUNIT, first: Ref, second: Ref) -> Act {
    let gone = |object: Ref| {
        // SAFETY: an exact float whose last reference is gone.
        !release(object) || unsafe { float::quick_release(raw(object)) }
    };
    let gone = (gone(first), gone(second));
    rest(r, here, gone, first, second)
}

/// The result takes the place of both operands.
#[inline(always)]
fn replace(r: &mut Regs, result: *mut PyObject) -> *const _Py_CODEUNIT {
    let here = r.next;
    r.put(2, result);
    r.shrink(1);
    r.jump(1);
    here
}

macro_rules! int_operation {
    ($($name:ident => $operation:expr;)*) => { $(
        #[inline(always)]
        pub fn $name(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
            let (left, right) = (r.peek(2), r.peek(1));
            let Some(pair) = ints(left, right) else { return Act::Miss };
            let Some((a, b)) = words(pair) else { return Act::General };
            let made = long::quick_new($operation(a, b));
            if made.is_null() {
                return Act::General;
            }
            let here = replace(r, made);
            drop_ints(r, here, right, left)
        }
    )* }
}

int_operation! {
    binary_op_add_int => |a: i64, b: i64| a + b;
    binary_op_subtract_int => |a: i64, b: i64| a - b;
    binary_op_multiply_int => |a: i64, b: i64| a * b;
}

macro_rules! float_operation {
    ($($name:ident => $operation:path, $slow:ident;)*) => { $(
        #[inline(always)]
        pub fn $name(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
            let (left, right) = (r.peek(2), r.peek(1));
            let Some((a, b)) = floats(left, right) else { return Act::Miss };
            let made = float::quick_new($operation(a, b));
            if made.is_null() {
                return Act::Cold($slow);
            }
            let here = replace(r, made);
            drop_floats(r, here, right, left)
        }

        /// The same where the allocator has to work.
        #[cold]
        #[inline(never)]
        fn $slow(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
            let (left, right) = (r.peek(2), r.peek(1));
            let Some((a, b)) = floats(left, right) else { return Act::Miss };
            r.mark();
            match float::from_f64($operation(a, b)) {
                Ok(made) => {
                    let here = replace(r, made.into_raw());
                    r.done2(here, right, left)
                }
                Err(_) => Act::Raise,
            }
        }
    )* }
}

float_operation! {
    binary_op_add_float => add_keeping_first, add_floats;
    binary_op_subtract_float => subtract_keeping_first, subtract_floats;
    binary_op_multiply_float => multiply_keeping_first, multiply_floats;
}

/// The result of an operator on two small ints, where it is one and can be made without a call.
#[inline(always)]
fn of_words(operator: usize, a: i64, b: i64) -> Option<i64> {
    Some(match operator as u32 {
        NB_ADD | NB_INPLACE_ADD => a + b,
        NB_SUBTRACT | NB_INPLACE_SUBTRACT => a - b,
        NB_MULTIPLY | NB_INPLACE_MULTIPLY => a * b,
        NB_AND | NB_INPLACE_AND => a & b,
        NB_OR | NB_INPLACE_OR => a | b,
        NB_XOR | NB_INPLACE_XOR => a ^ b,
        NB_LSHIFT | NB_INPLACE_LSHIFT if (0..32).contains(&b) => a << b,
        NB_RSHIFT | NB_INPLACE_RSHIFT if b >= 0 => a >> b.min(63),
        NB_FLOOR_DIVIDE | NB_INPLACE_FLOOR_DIVIDE if b != 0 => {
            a / b - i64::from(a % b != 0 && (a ^ b) < 0)
        }
        NB_REMAINDER | NB_INPLACE_REMAINDER if b != 0 => {
            let rest = a % b;
            rest + if rest != 0 && (rest ^ b) < 0 { b } else { 0 }
        }
        _ => return None,
    })
}

/// The result of an operator on two floats, where it can be made without a call.
#[inline(always)]
fn of_floats(operator: usize, a: f64, b: f64) -> Option<f64> {
    Some(match operator as u32 {
        NB_ADD | NB_INPLACE_ADD => add_keeping_second(a, b),
        NB_SUBTRACT | NB_INPLACE_SUBTRACT => subtract_keeping_first(a, b),
        NB_MULTIPLY | NB_INPLACE_MULTIPLY => multiply_keeping_second(a, b),
        NB_TRUE_DIVIDE | NB_INPLACE_TRUE_DIVIDE if b != 0.0 => a / b,
        _ => return None,
    })
}

/// Operators that are not specialised, or never: small ints and floats.
#[inline(always)]
pub fn binary_op(_: &mut Eval, r: &mut Regs, operator: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    if let Some((a, b)) = ints(left, right).and_then(words) {
        let made = of_words(operator, a, b).map_or(null_mut(), long::quick_new);
        if made.is_null() {
            return Act::General;
        }
        let here = replace(r, made);
        return drop_ints(r, here, left, right);
    }
    let result = floats(left, right).and_then(|(a, b)| of_floats(operator, a, b));
    let made = result.map_or(null_mut(), float::quick_new);
    if made.is_null() {
        return Act::General;
    }
    let here = replace(r, made);
    drop_floats(r, here, left, right)
}

/// Both operands are exact str.
#[inline(always)]
fn texts(left: Ref, right: Ref) -> Option<(&'static PyASCIIObject, &'static PyASCIIObject)> {
    if !is(left, &PyUnicode_Type) || !is(right, &PyUnicode_Type) {
        return None;
    }
    // SAFETY: exact str.
    Some(unsafe { (as_a(left), as_a(right)) })
}

#[inline(always)]
pub fn binary_op_add_unicode(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let Some((a, b)) = texts(left, right) else {
        return Act::Miss;
    };
    r.mark();
    match unicode::concat(a, b) {
        Ok(made) => {
            let here = replace(r, made.into_raw());
            r.done2(here, left, right)
        }
        Err(_) => Act::Raise,
    }
}

/// `left = left + right`: the variable that the result goes to gives its str up, so that it can
/// grow in place. The `STORE_FAST` behind is done along with it.
#[inline(always)]
pub fn binary_op_inplace_add_unicode(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let Some((_, b)) = texts(left, right) else {
        return Act::Miss;
    };
    let target = usize::from(r.word(1) >> 8);
    if !r.local(target).is_some_and(|held| std::ptr::eq(held, left)) {
        return Act::Miss;
    }
    r.mark();
    let here = r.next;
    release(left);
    r.shrink(2);
    r.set_local(target, null_mut());
    // SAFETY: the reference that the variable owned, which is a str.
    let left: Own<PyASCIIObject> = unsafe { Own::from_raw(raw(left).cast()) };
    match unicode::append(left, b) {
        Ok(made) => {
            r.set_local(target, made.into_raw().cast());
            r.jump(2);
            r.done(here, right)
        }
        Err(_) => {
            drop_ref(right);
            Act::Raise
        }
    }
}

/// The answer of a comparison from its three outcomes.
#[inline(always)]
fn answer(operator: usize, less: bool, equal: bool, greater: bool) -> bool {
    match operator as i32 {
        Py_LT => less,
        Py_LE => less | equal,
        Py_EQ => equal,
        Py_NE => !equal,
        Py_GT => greater,
        _ => greater | equal,
    }
}

#[inline(always)]
pub fn compare_op(_: &mut Eval, r: &mut Regs, operator: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let result = if let Some((a, b)) = ints(left, right).and_then(words) {
        answer(operator, a < b, a == b, a > b)
    } else if let Some((a, b)) = floats(left, right) {
        answer(operator, a < b, a == b, a > b)
    } else {
        return Act::General;
    };
    let here = r.next;
    r.put(2, hold(bool_ref(result)));
    r.shrink(1);
    r.jump(2);
    r.done2(here, left, right)
}

/// The jump behind a comparison: `sign` is -1, 0 or 1, the cache says at which ones it is taken;
/// bits above the third stand for a jump backward.
#[inline(always)]
fn compare_and_jump(e: &Eval, r: &mut Regs, sign: i32) -> Act {
    let here = r.next;
    let taken = (9 << (sign + 1)) & i32::from(r.cache(1));
    let distance = (r.word(2) >> 8) as isize;
    r.shrink(2);
    r.jump(3);
    if taken == 0 {
        return Act::Next;
    }
    if taken >= 8 {
        r.jump(-distance);
        return check_breaker(e, r, here);
    }
    r.jump(distance);
    Act::Next
}

/// Two things are left to do: the second goes on where nothing is left of the first.
#[inline(always)]
fn both(jumped: Act, dropped: Act, first: Ref, second: Ref) -> Act {
    match (jumped, dropped) {
        (Act::Next, dropped) => dropped,
        (jumped, Act::Next) => jumped,
        // The eval breaker is looked at again by the next jump.
        (_, Act::Dead2(..)) => Act::Dead2(first, second),
        (_, dropped) => dropped,
    }
}

#[inline(always)]
pub fn compare_op_int_jump(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let Some((a, b)) = ints(left, right).and_then(words) else {
        return Act::Miss;
    };
    let here = r.next;
    let jumped = compare_and_jump(e, r, i32::from(a > b) - i32::from(a < b));
    let dropped = drop_ints(r, here, left, right);
    both(jumped, dropped, left, right)
}

#[inline(always)]
pub fn compare_op_float_jump(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let Some((a, b)) = floats(left, right) else {
        return Act::Miss;
    };
    if a.is_nan() || b.is_nan() {
        return Act::Miss;
    }
    let here = r.next;
    let jumped = compare_and_jump(e, r, i32::from(a > b) - i32::from(a < b));
    let dropped = drop_floats(r, here, left, right);
    both(jumped, dropped, left, right)
}

#[inline(always)]
pub fn compare_op_str_jump(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let Some((a, b)) = texts(left, right) else {
        return Act::Miss;
    };
    let here = r.next;
    let equal = std::ptr::eq(left, right) || unicode::equals(a, b);
    let jumped = compare_and_jump(e, r, i32::from(!equal));
    let dropped = r.done2(here, left, right);
    both(jumped, dropped, left, right)
}
