//! `BINARY_OP`, `COMPARE_OP`, `UNPACK_SEQUENCE`, and subscripts.

use super::super::regs::*;
use super::calls::is_simple;
use super::{Verdict, set_cache, set_version};
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_objects::dict::PyDict_Type;
use twinheap_objects::float::PyFloat_Type;
use twinheap_objects::function::{self, PyFunction_Type};
use twinheap_objects::id;
use twinheap_objects::list::PyList_Type;
use twinheap_objects::long::{self, PyLong_Type};
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::own::Layout;
use twinheap_objects::tuple::PyTuple_Type;
use twinheap_objects::types;
use twinheap_objects::unicode::PyUnicode_Type;

/// `_Py_Specialize_BinaryOp`.
pub fn binary_op(r: &Regs, oparg: usize) -> Verdict {
    let (left, right) = (r.peek(2), r.peek(1));
    let (of_ints, of_floats) = match oparg as u32 {
        NB_ADD | NB_INPLACE_ADD => (BINARY_OP_ADD_INT, BINARY_OP_ADD_FLOAT),
        NB_MULTIPLY | NB_INPLACE_MULTIPLY => (BINARY_OP_MULTIPLY_INT, BINARY_OP_MULTIPLY_FLOAT),
        NB_SUBTRACT | NB_INPLACE_SUBTRACT => (BINARY_OP_SUBTRACT_INT, BINARY_OP_SUBTRACT_FLOAT),
        _ => return Verdict::Never(BINARY_OP),
    };
    if !std::ptr::eq(left.type_(), right.type_()) {
        return Verdict::Wait;
    }
    if of_ints == BINARY_OP_ADD_INT && is(left, &PyUnicode_Type) {
        return Verdict::Form(match result_replaces(r, left) {
            true => BINARY_OP_INPLACE_ADD_UNICODE,
            false => BINARY_OP_ADD_UNICODE,
        });
    }
    if is(left, &PyLong_Type) {
        return Verdict::Form(of_ints);
    }
    if is(left, &PyFloat_Type) {
        return Verdict::Form(of_floats);
    }
    Verdict::Wait
}

/// Whether the operation's result goes to the variable that holds its left operand.
fn result_replaces(r: &Regs, left: Ref) -> bool {
    let following = r.word(1);
    matches!(following as u8, STORE_FAST | STORE_FAST__LOAD_FAST)
        && r.local(usize::from(following >> 8))
            .is_some_and(|held| std::ptr::eq(held, left))
}

/// At which outcomes a comparison jumps: 1 less, 2 equal, 4 greater.
fn outcomes(operator: usize) -> u16 {
    match operator as i32 {
        Py_LT => 1,
        Py_LE => 1 | 2,
        Py_EQ => 2,
        Py_NE => 1 | 4,
        Py_GT => 4,
        _ => 2 | 4,
    }
}

/// `_Py_Specialize_CompareOp`: only together with the jump on its answer.
pub fn compare_op(r: &Regs, operator: usize) -> Verdict {
    let wanted = match r.word(2) as u8 {
        POP_JUMP_FORWARD_IF_FALSE => 7 & !outcomes(operator),
        POP_JUMP_FORWARD_IF_TRUE => outcomes(operator),
        POP_JUMP_BACKWARD_IF_FALSE => (7 & !outcomes(operator)) << 3,
        POP_JUMP_BACKWARD_IF_TRUE => outcomes(operator) << 3,
        _ => return Verdict::Never(COMPARE_OP),
    };
    let (left, right) = (r.peek(2), r.peek(1));
    if !std::ptr::eq(left.type_(), right.type_()) {
        return Verdict::Wait;
    }
    let form = if is(left, &PyFloat_Type) {
        COMPARE_OP_FLOAT_JUMP
    } else if is(left, &PyLong_Type) {
        // SAFETY: both are exact ints.
        let fit = unsafe { long::is_medium(as_a(left)) && long::is_medium(as_a(right)) };
        if !fit {
            return Verdict::Wait;
        }
        COMPARE_OP_INT_JUMP
    } else if is(left, &PyUnicode_Type) && matches!(operator as i32, Py_EQ | Py_NE) {
        COMPARE_OP_STR_JUMP
    } else {
        return Verdict::Wait;
    };
    set_cache(r, 1, wanted);
    Verdict::Form(form)
}

/// `_Py_Specialize_UnpackSequence`.
pub fn unpack_sequence(r: &Regs, count: usize) -> Verdict {
    let sequence = r.peek(1);
    let is_tuple = is(sequence, &PyTuple_Type);
    if !is_tuple && !is(sequence, &PyList_Type) {
        return Verdict::Wait;
    }
    // SAFETY: tuples and lists have a size.
    let size = unsafe { as_a::<PyVarObject>(sequence) }.ob_size.get();
    if size as usize != count {
        return Verdict::Wait;
    }
    Verdict::Form(match (is_tuple, count) {
        (true, 2) => UNPACK_SEQUENCE_TWO_TUPLE,
        (true, _) => UNPACK_SEQUENCE_TUPLE,
        _ => UNPACK_SEQUENCE_LIST,
    })
}

/// `_Py_Specialize_BinarySubscr`.
pub fn binary_subscr(r: &Regs) -> Verdict {
    let (container, key) = (r.peek(2), r.peek(1));
    let by_int = |form| match is(key, &PyLong_Type) {
        true => Verdict::Form(form),
        false => Verdict::Wait,
    };
    if is(container, &PyList_Type) {
        return by_int(BINARY_SUBSCR_LIST_INT);
    }
    if is(container, &PyTuple_Type) {
        return by_int(BINARY_SUBSCR_TUPLE_INT);
    }
    if is(container, &PyDict_Type) {
        return Verdict::Form(BINARY_SUBSCR_DICT);
    }
    getitem(r, container.type_())
}

/// A `__getitem__` in Python, cached in the class.
fn getitem(r: &Regs, class: &PyTypeObject) -> Verdict {
    let Some(method) = types::lookup(class, id!("__getitem__")) else {
        return Verdict::Wait;
    };
    if !method.is_exactly(&PyFunction_Type) || !class.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return Verdict::Wait;
    }
    // SAFETY: an exact function, whose code is a code object.
    let (function, code) = unsafe {
        let function: &PyFunctionObject = &*method.as_raw().cast();
        let code: &PyCodeObject = &*function.func_code.get().cast();
        (function, code)
    };
    if !is_simple(code) || code.co_argcount.get() != 2 {
        return Verdict::Wait;
    }
    set_version(r, 1, class.tp_version_tag.get());
    let version = function::version_of(function);
    let Ok(short) = u16::try_from(version) else {
        return Verdict::Wait;
    };
    if short == 0 {
        return Verdict::Wait;
    }
    set_cache(r, 3, short);
    // SAFETY: the flag says that the class is a heap type.
    unsafe {
        (*(class as *const PyTypeObject).cast::<PyHeapTypeObject>())
            ._spec_cache
            .getitem
            .set(method.as_raw());
    }
    Verdict::Form(BINARY_SUBSCR_GETITEM)
}

/// `_Py_Specialize_StoreSubscr`.
pub fn store_subscr(r: &Regs) -> Verdict {
    let (container, key) = (r.peek(2), r.peek(1));
    if is(container, &PyDict_Type) {
        return Verdict::Form(STORE_SUBSCR_DICT);
    }
    if !is(container, &PyList_Type) || !is(key, &PyLong_Type) {
        return Verdict::Wait;
    }
    // SAFETY: an exact list and an exact int.
    let (list, key): (&PyListObject, &PyLongObject) = unsafe { (as_a(container), as_a(key)) };
    let is_inside = key.ob_size.get() as usize <= 1
        && (key.ob_digit[0].get() as usize) < list.ob_size.get() as usize;
    if !is_inside {
        return Verdict::Wait;
    }
    Verdict::Form(STORE_SUBSCR_LIST_INT)
}
