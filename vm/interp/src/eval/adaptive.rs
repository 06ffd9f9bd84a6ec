//! The warming up of code: calls and binary operations that turn into specialised instructions
//! (`Python/specialize.c`).
//!
//! Only `PRECALL` and `BINARY_OP` are specialised. A specialised call of a built-in enters the
//! function directly, so it does not count as a level of recursion; a specialised sum or product of
//! floats keeps the first of two nans, the general one the second. Both show, so both follow
//! CPython's counters step by step.

use super::Eval;
use std::cell::Cell;
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_arith::float::{add_keeping_first, multiply_keeping_first, subtract_keeping_first};
use twinheap_objects::descr::PyMethodDescr_Type;
use twinheap_objects::errors::PyResult;
use twinheap_objects::function::{PyFunction_Type, PyMethod_Type};
use twinheap_objects::list::PyList_Type;
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::own::Layout;
use twinheap_objects::state::Global;
use twinheap_objects::tuple::PyTuple_Type;
use twinheap_objects::types::{PyBaseObject_Type, PyType_Type};
use twinheap_objects::unicode::PyUnicode_Type;
use twinheap_objects::{float, function};

/// The counter of a specialised instruction: so many misses until it adapts again.
const MISSES: u16 = 53;
const BACKOFF_BITS: u16 = 4;
const MOST_BACKOFF: u16 = 16 - BACKOFF_BITS;

/// The counter of an instruction that waits `2 ** backoff - 1` times before it adapts.
fn waiting(backoff: u16) -> u16 {
    ((1 << backoff) - 1) << BACKOFF_BITS | backoff
}

/// The counter after a specialisation that failed: the next try comes after a longer wait.
fn backed_off(counter: u16) -> u16 {
    waiting(((counter & ((1 << BACKOFF_BITS) - 1)) + 1).min(MOST_BACKOFF))
}

const CONVENTION: i32 =
    METH_VARARGS | METH_FASTCALL | METH_NOARGS | METH_O | METH_KEYWORDS | METH_METHOD;

/// A call that is about to be made.
struct Shape<'a> {
    callable: &'a PyObject,
    /// The first argument, self of a method call included.
    first: Option<&'a PyObject>,
    is_method: bool,
    total: usize,
    oparg: usize,
    has_keywords: bool,
}

/// The definition of a built-in function, exact types only.
fn builtin(callable: &PyObject) -> Option<(&PyCFunctionObject, &'static PyMethodDef)> {
    let function: &PyCFunctionObject = callable.downcast_exact()?;
    // SAFETY: method tables are static.
    Some((function, unsafe { &*function.m_ml.get() }))
}

/// The definition of a method descriptor, exact types only, and the type that it belongs to.
fn descriptor(callable: &PyObject) -> Option<(&PyTypeObject, &'static PyMethodDef)> {
    if !callable.is_exactly(&PyMethodDescr_Type) {
        return None;
    }
    // SAFETY: an exact method descriptor; method tables are static.
    unsafe {
        let object: &PyMethodDescrObject = &*callable.as_raw().cast();
        let owner = object.d_common.d_type.get().as_ref()?;
        Some((owner, &*object.d_method.get()))
    }
}

/// Whether the callable is a function of the builtins module under this name.
fn is_builtin_named(callable: &PyObject, name: &str) -> bool {
    builtin(callable).is_some_and(|(function, _)| {
        function::cfunction_name(function) == name
            // SAFETY: the function owns its self.
            && unsafe { function.m_self.get().as_ref() }
                .and_then(|this| this.downcast_ref::<PyModuleObject>())
                .and_then(twinheap_objects::module::name_text)
                .is_some_and(|module| module == "builtins")
    })
}

/// `len` and `isinstance` of the builtins module, as soon as a call of them was specialised: `callable_cache`.
static KNOWN: Global<Cell<[*const PyObject; 2]>> = Global(Cell::new([std::ptr::null(); 2]));
const LEN: usize = 0;
const ISINSTANCE: usize = 1;

/// Whether the callable is one of the two; it is remembered by its address.
fn is_known(callable: &PyObject, which: usize) -> bool {
    let mut known = KNOWN.get();
    if std::ptr::eq(known[which], callable) {
        return true;
    }
    let is_it = is_builtin_named(callable, ["len", "isinstance"][which]);
    if is_it {
        known[which] = callable;
        KNOWN.set(known);
    }
    is_it
}

fn is_list_append(callable: &PyObject) -> bool {
    descriptor(callable).is_some_and(|(owner, method)| {
        std::ptr::eq(owner, &PyList_Type)
            // SAFETY: names of methods are static text.
            && unsafe { std::ffi::CStr::from_ptr(method.ml_name) } == c"append"
    })
}

fn is_type(callable: &PyObject, type_: &PyTypeObject) -> bool {
    std::ptr::eq(callable, type_.as_object())
}

/// The specialised form for a call; none where there is none.
fn specialised_call(shape: &Shape<'_>, discards: bool) -> Option<u8> {
    let callable = shape.callable;
    if let Some((_, method)) = builtin(callable) {
        return specialised_builtin(shape, method);
    }
    if callable.is_exactly(&PyFunction_Type) {
        return Some(PRECALL_PYFUNC);
    }
    if let Some(type_) = callable.downcast_ref::<PyTypeObject>() {
        return specialised_class(shape, type_);
    }
    if let Some((_, method)) = descriptor(callable) {
        return specialised_method(shape, method, discards);
    }
    callable
        .is_exactly(&PyMethod_Type)
        .then_some(PRECALL_BOUND_METHOD)
}

fn specialised_builtin(shape: &Shape<'_>, method: &PyMethodDef) -> Option<u8> {
    const FAST_KEYWORDS: i32 = METH_FASTCALL | METH_KEYWORDS;
    match method.ml_flags & CONVENTION {
        METH_O if shape.has_keywords || shape.total != 1 => None,
        METH_O if is_known(shape.callable, LEN) => Some(PRECALL_NO_KW_LEN),
        METH_O => Some(PRECALL_NO_KW_BUILTIN_O),
        METH_FASTCALL if shape.has_keywords => None,
        METH_FASTCALL if shape.total == 2 && is_known(shape.callable, ISINSTANCE) => {
            Some(PRECALL_NO_KW_ISINSTANCE)
        }
        METH_FASTCALL => Some(PRECALL_NO_KW_BUILTIN_FAST),
        FAST_KEYWORDS => Some(PRECALL_BUILTIN_FAST_WITH_KEYWORDS),
        _ => None,
    }
}

fn specialised_class(shape: &Shape<'_>, type_: &PyTypeObject) -> Option<u8> {
    let plain = PyBaseObject_Type.tp_new.get();
    if type_.tp_new.get().map(|new| new as usize) == plain.map(|new| new as usize)
        || !type_.has_feature(Py_TPFLAGS_IMMUTABLETYPE)
    {
        return None;
    }
    if shape.total == 1 && shape.oparg == 1 && !shape.has_keywords {
        let singles = [
            (&PyUnicode_Type, PRECALL_NO_KW_STR_1),
            (&PyType_Type, PRECALL_NO_KW_TYPE_1),
            (&PyTuple_Type, PRECALL_NO_KW_TUPLE_1),
        ];
        if let Some((_, opcode)) = singles
            .iter()
            .find(|(single, _)| std::ptr::eq(*single, type_))
        {
            return Some(*opcode);
        }
    }
    type_
        .tp_vectorcall
        .get()
        .is_some()
        .then_some(PRECALL_BUILTIN_CLASS)
}

fn specialised_method(shape: &Shape<'_>, method: &PyMethodDef, discards: bool) -> Option<u8> {
    const FAST_KEYWORDS: i32 = METH_FASTCALL | METH_KEYWORDS;
    if shape.has_keywords {
        return None;
    }
    match method.ml_flags & CONVENTION {
        METH_NOARGS => (shape.total == 1).then_some(PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS),
        METH_O if shape.total != 2 => None,
        METH_O if shape.oparg == 1 && discards && is_list_append(shape.callable) => {
            Some(PRECALL_NO_KW_LIST_APPEND)
        }
        METH_O => Some(PRECALL_NO_KW_METHOD_DESCRIPTOR_O),
        METH_FASTCALL => Some(PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST),
        FAST_KEYWORDS => Some(PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS),
        _ => None,
    }
}

/// Whether a call is what a specialised instruction was made for.
fn call_hits(opcode: u8, shape: &Shape<'_>) -> bool {
    let callable = shape.callable;
    let is_builtin = |flags| builtin(callable).is_some_and(|(_, method)| method.ml_flags == flags);
    let is_method = |flags| {
        descriptor(callable).is_some_and(|(owner, method)| {
            method.ml_flags == flags && shape.first.is_some_and(|this| this.is_exactly(owner))
        })
    };
    match opcode {
        PRECALL_BOUND_METHOD => !shape.is_method && callable.is_exactly(&PyMethod_Type),
        PRECALL_PYFUNC => callable.is_exactly(&PyFunction_Type),
        PRECALL_NO_KW_STR_1 => !shape.is_method && is_type(callable, &PyUnicode_Type),
        PRECALL_NO_KW_TYPE_1 => !shape.is_method && is_type(callable, &PyType_Type),
        PRECALL_NO_KW_TUPLE_1 => !shape.is_method && is_type(callable, &PyTuple_Type),
        PRECALL_BUILTIN_CLASS => callable
            .downcast_ref::<PyTypeObject>()
            .is_some_and(|type_| type_.tp_vectorcall.get().is_some()),
        PRECALL_NO_KW_BUILTIN_O => shape.total == 1 && is_builtin(METH_O),
        PRECALL_NO_KW_BUILTIN_FAST => is_builtin(METH_FASTCALL),
        PRECALL_BUILTIN_FAST_WITH_KEYWORDS => is_builtin(METH_FASTCALL | METH_KEYWORDS),
        PRECALL_NO_KW_LEN => shape.total == 1 && std::ptr::eq(KNOWN.get()[LEN], callable),
        PRECALL_NO_KW_ISINSTANCE => {
            shape.total == 2 && std::ptr::eq(KNOWN.get()[ISINSTANCE], callable)
        }
        PRECALL_NO_KW_LIST_APPEND => {
            shape.is_method
                && is_list_append(callable)
                && shape
                    .first
                    .is_some_and(|this| this.downcast_ref::<PyListObject>().is_some())
        }
        PRECALL_NO_KW_METHOD_DESCRIPTOR_O => shape.total == 2 && is_method(METH_O),
        PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS => shape.total == 1 && is_method(METH_NOARGS),
        PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST => is_method(METH_FASTCALL),
        PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS => is_method(METH_FASTCALL | METH_KEYWORDS),
        _ => false,
    }
}

/// Whether a specialised call enters the built-in without counting a level of recursion.
fn is_uncounted(opcode: u8) -> bool {
    matches!(
        opcode,
        PRECALL_NO_KW_STR_1
            | PRECALL_NO_KW_BUILTIN_FAST
            | PRECALL_BUILTIN_FAST_WITH_KEYWORDS
            | PRECALL_NO_KW_LEN
            | PRECALL_NO_KW_ISINSTANCE
            | PRECALL_NO_KW_LIST_APPEND
            | PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST
            | PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS
    )
}

impl Eval {
    /// Runs an instruction that the compiler does not write.
    pub(super) fn step_specialised(&mut self, opcode: u8, oparg: usize) -> PyResult<()> {
        match (opcode, DEOPT[usize::from(opcode)]) {
            (PRECALL_ADAPTIVE, _) => self.precall_adaptive(oparg),
            (BINARY_OP_ADAPTIVE, _) => self.binary_op_adaptive(oparg)?,
            (_, PRECALL) => self.precall_specialised(opcode, oparg),
            (_, BINARY_OP) => self.binary_op_specialised(opcode, oparg)?,
            _ => return Err(super::unwind::unknown_opcode(opcode)),
        }
        Ok(())
    }

    /// A jump that warms the code up.
    #[inline(always)]
    pub(super) fn jump_backward_warming(&mut self, oparg: usize) -> PyResult<()> {
        self.warm_up();
        self.jump_backward(oparg)
    }

    /// `_PyCode_Warmup`: code that was entered or looped often enough becomes adaptive.
    #[inline(always)]
    pub(super) fn warm_up(&mut self) {
        let warmth = self.code().co_warmup.get();
        if warmth != 0 {
            self.code().co_warmup.set(warmth + 1);
            if warmth == -1 {
                self.quicken();
            }
        }
    }

    #[cold]
    fn quicken(&mut self) {
        let code = self.code();
        let first = crate::frames::first_instruction(code);
        let mut index = 0;
        while index < code.ob_base.ob_size.get() as usize {
            let instruction = first.wrapping_add(index);
            // SAFETY: one of the code's instructions.
            let opcode = unsafe { *instruction } as u8;
            match opcode {
                PRECALL => set_opcode(instruction, PRECALL_ADAPTIVE),
                BINARY_OP => set_opcode(instruction, BINARY_OP_ADAPTIVE),
                _ => {}
            }
            index += 1 + usize::from(CACHES[usize::from(opcode)]);
        }
    }

    /// The instruction that runs, and the counter behind it.
    fn here(&self) -> (*mut _Py_CODEUNIT, *mut u16) {
        let counter = self.next.cast_mut();
        (counter.wrapping_sub(1), counter)
    }

    fn counter(&self) -> u16 {
        // SAFETY: an adaptive instruction's first cache lies inside the code.
        unsafe { *self.here().1 }
    }

    fn set_counter(&self, value: u16) {
        // SAFETY: as for reading; instructions are cells.
        unsafe { *self.here().1 = value }
    }

    /// A specialised instruction met something else; after many such it adapts anew.
    fn miss(&self, adaptive: u8) {
        let counter = self.counter().wrapping_sub(1);
        self.set_counter(counter);
        if counter == 0 {
            set_opcode(self.here().0, adaptive);
            self.set_counter(waiting(5));
        }
    }

    /// Waits, or settles which form the instruction takes from now on; gives that form.
    fn adapt(&self, specialised: impl FnOnce() -> Option<u8>) -> Option<u8> {
        let counter = self.counter();
        if counter >= 1 << BACKOFF_BITS {
            self.set_counter(counter - (1 << BACKOFF_BITS));
            return None;
        }
        let chosen = specialised();
        match chosen {
            Some(opcode) => {
                set_opcode(self.here().0, opcode);
                self.set_counter(MISSES);
            }
            // The wait begins at once.
            None => self.set_counter(backed_off(counter) - (1 << BACKOFF_BITS)),
        }
        chosen
    }

    fn shape(&self, oparg: usize) -> Shape<'_> {
        let is_method = !self.peek_raw(oparg + 2).is_null();
        let total = oparg + usize::from(is_method);
        Shape {
            callable: self.peek(total + 1),
            first: (total > 0).then(|| self.peek(total)),
            is_method,
            total,
            oparg,
            has_keywords: !self.kwnames.is_null(),
        }
    }

    fn precall_adaptive(&mut self, oparg: usize) {
        let chosen = self.adapt(|| {
            // Behind: this instruction's cache, the call and its caches.
            // SAFETY: an instruction follows a call.
            let following = unsafe { *self.next.add(1 + 1 + 4) } as u8;
            specialised_call(&self.shape(oparg), following == POP_TOP)
        });
        match chosen {
            Some(opcode) => self.precall_specialised(opcode, oparg),
            None => self.precall(oparg),
        }
    }

    fn precall_specialised(&mut self, opcode: u8, oparg: usize) {
        if call_hits(opcode, &self.shape(oparg)) {
            self.uncounted = is_uncounted(opcode);
        } else {
            self.miss(PRECALL_ADAPTIVE);
        }
        self.precall(oparg);
    }

    fn binary_op_adaptive(&mut self, oparg: usize) -> PyResult<()> {
        if !matches!(
            oparg as u32,
            NB_ADD
                | NB_INPLACE_ADD
                | NB_MULTIPLY
                | NB_INPLACE_MULTIPLY
                | NB_SUBTRACT
                | NB_INPLACE_SUBTRACT
        ) {
            if self.counter() < 1 << BACKOFF_BITS {
                set_opcode(self.here().0, BINARY_OP);
            } else {
                self.set_counter(self.counter() - (1 << BACKOFF_BITS));
            }
            return self.binary_op(oparg);
        }
        match self.adapt(|| self.specialised_binary_op(oparg)) {
            Some(opcode) => self.binary_op_specialised(opcode, oparg),
            None => self.binary_op(oparg),
        }
    }

    fn specialised_binary_op(&self, oparg: usize) -> Option<u8> {
        let (left, right) = (self.peek(2), self.peek(1));
        if !std::ptr::eq(left.type_(), right.type_()) {
            return None;
        }
        let (of_ints, of_floats) = match oparg as u32 {
            NB_ADD | NB_INPLACE_ADD => (BINARY_OP_ADD_INT, BINARY_OP_ADD_FLOAT),
            NB_MULTIPLY | NB_INPLACE_MULTIPLY => (BINARY_OP_MULTIPLY_INT, BINARY_OP_MULTIPLY_FLOAT),
            _ => (BINARY_OP_SUBTRACT_INT, BINARY_OP_SUBTRACT_FLOAT),
        };
        if of_ints == BINARY_OP_ADD_INT && left.is_exactly(&PyUnicode_Type) {
            return Some(if self.result_replaces(left) {
                BINARY_OP_INPLACE_ADD_UNICODE
            } else {
                BINARY_OP_ADD_UNICODE
            });
        }
        if left.downcast_exact::<PyLongObject>().is_some() {
            return Some(of_ints);
        }
        left.downcast_exact::<PyFloatObject>().map(|_| of_floats)
    }

    /// Whether the operation's result goes to the variable that holds its left operand.
    fn result_replaces(&self, left: &PyObject) -> bool {
        // SAFETY: an instruction follows the operation and its cache.
        let following = unsafe { *self.next.add(1) };
        following as u8 == STORE_FAST
            // SAFETY: the slot of a variable of the running frame.
            && std::ptr::eq(unsafe { *self.local(usize::from(following >> 8)) }, left)
    }

    fn binary_op_specialised(&mut self, opcode: u8, oparg: usize) -> PyResult<()> {
        let (left, right) = (self.peek(2), self.peek(1));
        let floats = super::arithmetic::floats(left, right);
        let result = match (opcode, floats) {
            (BINARY_OP_ADD_FLOAT, Some((a, b))) => add_keeping_first(a, b),
            (BINARY_OP_MULTIPLY_FLOAT, Some((a, b))) => multiply_keeping_first(a, b),
            (BINARY_OP_SUBTRACT_FLOAT, Some((a, b))) => subtract_keeping_first(a, b),
            _ => {
                if !self.operands_hit(opcode) {
                    self.miss(BINARY_OP_ADAPTIVE);
                }
                return self.binary_op(oparg);
            }
        };
        let result = float::from_f64(result)?;
        drop(self.pop());
        drop(self.pop());
        self.push(result);
        self.skip_caches(1);
        Ok(())
    }

    /// Whether the operands are what a specialised instruction was made for.
    fn operands_hit(&self, opcode: u8) -> bool {
        let (left, right) = (self.peek(2), self.peek(1));
        if !std::ptr::eq(left.type_(), right.type_()) {
            return false;
        }
        match opcode {
            BINARY_OP_ADD_UNICODE => left.is_exactly(&PyUnicode_Type),
            BINARY_OP_INPLACE_ADD_UNICODE => {
                left.is_exactly(&PyUnicode_Type) && self.result_replaces(left)
            }
            BINARY_OP_ADD_INT | BINARY_OP_MULTIPLY_INT | BINARY_OP_SUBTRACT_INT => {
                left.downcast_exact::<PyLongObject>().is_some()
            }
            _ => false,
        }
    }
}

fn set_opcode(instruction: *mut _Py_CODEUNIT, opcode: u8) {
    // SAFETY: an instruction of a live code object; instructions are cells.
    unsafe { *instruction = *instruction & 0xff00 | u16::from(opcode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut counter = 0;
        let mut waits = Vec::new();
        for _ in 0..14 {
            counter = backed_off(counter);
            waits.push(counter >> BACKOFF_BITS);
        }
        assert_eq!(
            waits,
            [
                1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 4095, 4095
            ]
        );
    }
}
