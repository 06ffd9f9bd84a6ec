//! Calls of built-in functions, methods and classes without the way through `CALL`.
//!
//! These enter the function directly. Like CPython's, those that take several arguments count no
//! level of recursion, and `prev_instr` stays at the `PRECALL`.

use super::super::Eval;
use super::super::regs::*;
use super::super::specialise::callables;
use super::calls::{Shape, named_count, take_names};
use super::jumps::check_breaker;
use twinheap_abi::*;
use twinheap_objects::descr::PyMethodDescr_Type;
use twinheap_objects::function::PyCFunction_Type;
use twinheap_objects::list;
use twinheap_objects::long;
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::Own;
use twinheap_objects::tuple::{self, PyTuple_Type};
use twinheap_objects::types::{self, PyType_Type};
use twinheap_objects::unicode::PyUnicode_Type;

/// Units from behind `PRECALL` to behind `CALL` and its caches.
const CALL_LENGTH: isize = 1 + 1 + 4;
const WHERE: &str = " while calling a Python object";

/// The definition of an exact built-in function.
#[inline(always)]
fn builtin(callable: Ref) -> Option<(&'static PyCFunctionObject, &'static PyMethodDef)> {
    if !is(callable, &PyCFunction_Type) {
        return None;
    }
    // SAFETY: an exact built-in function; method tables are static.
    unsafe {
        let function: &PyCFunctionObject = as_a(callable);
        Some((function, &*function.m_ml.get()))
    }
}

/// The definition of an exact method descriptor whose type is exactly the object's.
#[inline(always)]
fn method_of(callable: Ref, this: Ref) -> Option<&'static PyMethodDef> {
    if !is(callable, &PyMethodDescr_Type) {
        return None;
    }
    // SAFETY: an exact method descriptor; method tables are static.
    unsafe {
        let descriptor: &PyMethodDescrObject = as_a(callable);
        if !std::ptr::eq(this.ob_type.get(), descriptor.d_common.d_type.get()) {
            return None;
        }
        Some(&*descriptor.d_method.get())
    }
}

/// A call that is being made: the instruction that runs, and what lies on the stack.
struct Call {
    shape: Shape,
    here: *const _Py_CODEUNIT,
    args: *mut *mut PyObject,
}

impl Call {
    /// The guards hold: goes behind the `CALL`.
    #[inline(always)]
    fn begin(r: &mut Regs, shape: Shape) -> Call {
        r.mark();
        let here = r.next;
        r.jump(CALL_LENGTH);
        Call {
            shape,
            here,
            // SAFETY: the arguments lie on top of the stack.
            args: unsafe { r.sp.sub(shape.total) },
        }
    }

    /// Releases arguments in a range.
    #[inline(always)]
    fn drop_args(&self, range: std::ops::Range<usize>) {
        for index in range {
            // SAFETY: the stack owns the arguments.
            unsafe { drop_ref(&**self.args.add(index)) };
        }
    }

    /// The result, or null where an exception is set, takes the place of everything.
    #[inline(always)]
    fn end(self, e: &Eval, r: &mut Regs, result: *mut PyObject) -> Act {
        // SAFETY: below the arguments lie the callable and perhaps an empty slot.
        r.sp = unsafe { self.args.sub(self.shape.below()) };
        if result.is_null() {
            return Act::Raise;
        }
        r.push(result);
        match check_breaker(e, r, self.here) {
            Act::Next => Act::Called,
            act => act,
        }
    }

    /// The usual end: arguments, then the callable.
    #[inline(always)]
    fn finish(self, e: &Eval, r: &mut Regs, result: *mut PyObject) -> Act {
        self.drop_args(0..self.shape.total);
        drop_ref(self.shape.callable);
        self.end(e, r, result)
    }

    /// The end of a method's call with many arguments: its self comes last.
    #[inline(always)]
    fn finish_method(self, e: &Eval, r: &mut Regs, result: *mut PyObject) -> Act {
        self.drop_args(1..self.shape.total);
        self.drop_args(0..1);
        drop_ref(self.shape.callable);
        self.end(e, r, result)
    }
}

fn raw_result(result: twinheap_objects::errors::PyResult) -> *mut PyObject {
    result.map_or(std::ptr::null_mut(), Own::into_raw)
}

#[inline(always)]
pub fn precall_no_kw_type_1(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.is_method || !std::ptr::eq(shape.callable, of(&PyType_Type)) {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    // SAFETY: an object's type is alive.
    let type_ = unsafe { hold(&*r.peek(1).ob_type.get().cast()) };
    call.finish(e, r, type_)
}

#[inline(always)]
pub fn precall_no_kw_str_1(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.is_method || !std::ptr::eq(shape.callable, of(&PyUnicode_Type)) {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let text = object::str(r.peek(1)).map(Own::upcast);
    call.finish(e, r, raw_result(text))
}

#[inline(always)]
pub fn precall_no_kw_tuple_1(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.is_method || !std::ptr::eq(shape.callable, of(&PyTuple_Type)) {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let items = tuple::from_iterable(r.peek(1)).map(Own::upcast);
    call.finish(e, r, raw_result(items))
}

#[inline(always)]
pub fn precall_builtin_class(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    let Some(type_) = shape.callable.downcast_ref::<PyTypeObject>() else {
        return Act::Miss;
    };
    let Some(vectorcall) = type_.tp_vectorcall.get() else {
        return Act::Miss;
    };
    let call = Call::begin(r, shape);
    let positional = shape.total - named_count(e);
    let names = take_names(e);
    // SAFETY: the slot of the type itself; the arguments lie on the stack.
    let result = unsafe { vectorcall(raw(shape.callable), call.args, positional, names) };
    call.finish(e, r, result)
}

#[inline(always)]
pub fn precall_no_kw_builtin_o(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total != 1 {
        return Act::Miss;
    }
    let Some((function, method)) = builtin(shape.callable) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_O {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let Ok(depth) = object::enter_recursive_call(WHERE) else {
        return Act::Raise;
    };
    // SAFETY: the flags tell the signature.
    let result = unsafe { method.one()(function.m_self.get(), raw(r.peek(1))) };
    drop(depth);
    call.finish(e, r, result)
}

#[inline(always)]
pub fn precall_no_kw_builtin_fast(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    let Some((function, method)) = builtin(shape.callable) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_FASTCALL {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    // SAFETY: the flags tell the signature.
    let result = unsafe { method.fast()(function.m_self.get(), call.args, shape.total as isize) };
    call.finish(e, r, result)
}

#[inline(always)]
pub fn precall_builtin_fast_with_keywords(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    let Some((function, method)) = builtin(shape.callable) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_FASTCALL | METH_KEYWORDS {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let positional = (shape.total - named_count(e)) as isize;
    let names = take_names(e);
    // SAFETY: the flags tell the signature.
    let result =
        unsafe { method.fast_with_keywords()(function.m_self.get(), call.args, positional, names) };
    call.finish(e, r, result)
}

#[inline(always)]
pub fn precall_no_kw_len(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total != 1 || !std::ptr::eq(raw(shape.callable), callables().len.get()) {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let container = r.peek(1);
    let Ok(length) = object::length(container) else {
        return Act::Raise;
    };
    let result = long::from_isize(length as isize);
    drop_ref(shape.callable);
    drop_ref(container);
    match call.end(e, r, raw_result(result)) {
        // Nobody looks up from the work here.
        Act::Raise => Act::Raise,
        _ => Act::Called,
    }
}

#[inline(always)]
pub fn precall_no_kw_isinstance(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total != 2 || !std::ptr::eq(raw(shape.callable), callables().isinstance.get()) {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let (instance, class) = (r.peek(2), r.peek(1));
    let Ok(answer) = types::is_instance(instance, class) else {
        r.shrink(1);
        drop_ref(class);
        return Act::Raise;
    };
    match call.finish(e, r, hold(bool_ref(answer))) {
        Act::Raise => Act::Raise,
        _ => Act::Called,
    }
}

#[inline(always)]
pub fn precall_no_kw_list_append(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let Some(callable) = r.peek_nullable(3) else {
        return Act::Miss;
    };
    if !std::ptr::eq(raw(callable), callables().list_append.get()) {
        return Act::Miss;
    }
    let list = r.peek(2);
    let Some(target) = list.downcast_ref::<PyListObject>() else {
        return Act::Miss;
    };
    let size = target.ob_size.get();
    if size >= target.allocated.get() {
        return Act::Cold(append_growing);
    }
    let here = r.next;
    let item = r.pop();
    // SAFETY: there is room for one more.
    unsafe { *target.ob_item.get().offset(size).cast() = item };
    target.ob_size.set(size + 1);
    r.shrink(2);
    // The POP_TOP behind the call is done along with it.
    r.jump(CALL_LENGTH + 1);
    r.done2(here, list, callable)
}

#[inline(never)]
fn append_growing(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (list, callable) = (r.peek(2), r.peek(3));
    r.mark();
    let here = r.next;
    // SAFETY: the stack gives the item up.
    let item = unsafe { Own::from_raw(r.pop()) };
    let Some(target) = list.downcast_ref::<PyListObject>() else {
        return Act::Miss;
    };
    if list::append_take(target, item).is_err() {
        return Act::Raise;
    }
    r.shrink(2);
    r.jump(CALL_LENGTH + 1);
    r.done2(here, list, callable)
}

#[inline(always)]
pub fn precall_no_kw_method_descriptor_o(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total != 2 {
        return Act::Miss;
    }
    let (this, arg) = (r.peek(2), r.peek(1));
    let Some(method) = method_of(shape.callable, this) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_O {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let Ok(depth) = object::enter_recursive_call(WHERE) else {
        return Act::Raise;
    };
    // SAFETY: the flags tell the signature.
    let result = unsafe { method.one()(raw(this), raw(arg)) };
    drop(depth);
    call.finish(e, r, result)
}

#[inline(always)]
pub fn precall_no_kw_method_descriptor_noargs(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total != 1 {
        return Act::Miss;
    }
    let this = r.peek(1);
    let Some(method) = method_of(shape.callable, this) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_NOARGS {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let Ok(depth) = object::enter_recursive_call(WHERE) else {
        return Act::Raise;
    };
    // SAFETY: the flags tell the signature.
    let result = unsafe { method.one()(raw(this), std::ptr::null_mut()) };
    drop(depth);
    call.finish(e, r, result)
}

#[inline(always)]
pub fn precall_no_kw_method_descriptor_fast(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total == 0 {
        return Act::Miss;
    }
    let this = r.peek(shape.total);
    let Some(method) = method_of(shape.callable, this) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_FASTCALL {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    // SAFETY: the flags tell the signature; the first argument is the object.
    let result = unsafe { method.fast()(raw(this), call.args.add(1), shape.total as isize - 1) };
    call.finish_method(e, r, result)
}

#[inline(always)]
pub fn precall_method_descriptor_fast_with_keywords(
    e: &mut Eval,
    r: &mut Regs,
    oparg: usize,
) -> Act {
    let shape = Shape::new(r, oparg);
    if shape.total == 0 {
        return Act::Miss;
    }
    let this = r.peek(shape.total);
    let Some(method) = method_of(shape.callable, this) else {
        return Act::Miss;
    };
    if method.ml_flags != METH_FASTCALL | METH_KEYWORDS {
        return Act::Miss;
    }
    let call = Call::begin(r, shape);
    let positional = (shape.total - 1 - named_count(e)) as isize;
    let names = take_names(e);
    // SAFETY: the flags tell the signature; the first argument is the object.
    let result =
        unsafe { method.fast_with_keywords()(raw(this), call.args.add(1), positional, names) };
    call.finish_method(e, r, result)
}

/// The function of a method table entry, as its flags say.
trait Typed {
    /// # Safety
    /// The flags are `METH_O` or `METH_NOARGS`.
    unsafe fn one(&self) -> PyCFunction;
    /// # Safety
    /// The flags are `METH_FASTCALL`.
    unsafe fn fast(&self) -> _PyCFunctionFast;
    /// # Safety
    /// The flags are `METH_FASTCALL | METH_KEYWORDS`.
    unsafe fn fast_with_keywords(&self) -> _PyCFunctionFastWithKeywords;
}

impl Typed for PyMethodDef {
    #[inline(always)]
    unsafe fn one(&self) -> PyCFunction {
        // SAFETY: by contract.
        unsafe { std::mem::transmute(self.ml_meth) }
    }

    #[inline(always)]
    unsafe fn fast(&self) -> _PyCFunctionFast {
        // SAFETY: by contract.
        unsafe { std::mem::transmute(self.ml_meth) }
    }

    #[inline(always)]
    unsafe fn fast_with_keywords(&self) -> _PyCFunctionFastWithKeywords {
        // SAFETY: by contract.
        unsafe { std::mem::transmute(self.ml_meth) }
    }
}
