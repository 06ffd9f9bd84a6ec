//! `PRECALL` and `CALL` of Python functions.

use super::super::Eval;
use super::super::regs::*;
use super::frames::{Entry, enter};
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::function::{PyFunction_Type, PyMethod_Type};
use twinheap_objects::tuple;

/// What lies on the stack before a call: callable and arguments.
#[derive(Clone, Copy)]
pub(in super::super) struct Shape {
    pub callable: Ref,
    /// Arguments, the self of a method call included.
    pub total: usize,
    pub is_method: bool,
}

impl Shape {
    #[inline(always)]
    pub fn new(r: &Regs, oparg: usize) -> Shape {
        match r.peek_nullable(oparg + 2) {
            Some(method) => Shape {
                callable: method,
                total: oparg + 1,
                is_method: true,
            },
            None => Shape {
                callable: r.peek(oparg + 1),
                total: oparg,
                is_method: false,
            },
        }
    }

    /// Slots below the arguments: the callable, and an empty one where there is no self.
    #[inline(always)]
    pub fn below(&self) -> usize {
        2 - usize::from(self.is_method)
    }

    /// The callable as a function, where it is one.
    #[inline(always)]
    fn function(&self) -> Option<&'static PyFunctionObject> {
        // SAFETY: the type says so.
        is(self.callable, &PyFunction_Type).then(|| unsafe { as_a(self.callable) })
    }

    #[inline(always)]
    fn entry(&self, function: &'static PyFunctionObject) -> Entry {
        Entry {
            function,
            total: self.total,
            below: self.below(),
            caches: 4,
        }
    }
}

#[inline(always)]
pub fn precall(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    if r.peek_nullable(oparg + 2).is_none() && is(r.peek(oparg + 1), &PyMethod_Type) {
        return take_apart(r, oparg);
    }
    r.jump(1);
    Act::Next
}

/// A bound method is taken apart, so that its self becomes the first argument.
#[inline(always)]
fn take_apart(r: &mut Regs, oparg: usize) -> Act {
    let method = r.peek(oparg + 1);
    // SAFETY: an exact method, which owns both.
    unsafe {
        let bound: &PyMethodObject = as_a(method);
        r.put(oparg + 1, hold(&*bound.im_self.get()));
        r.put(oparg + 2, hold(&*bound.im_func.get()));
    }
    let here = r.next;
    r.jump(1);
    r.done(here, method)
}

#[inline(always)]
pub fn precall_bound_method(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    if r.peek_nullable(oparg + 2).is_some() || !is(r.peek(oparg + 1), &PyMethod_Type) {
        return Act::Miss;
    }
    take_apart(r, oparg)
}

#[inline(always)]
pub fn precall_pyfunc(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    if Shape::new(r, oparg).function().is_none() {
        return Act::Miss;
    }
    r.jump(1);
    Act::Next
}

#[inline(always)]
pub fn call(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    const PLAIN: i32 = CO_OPTIMIZED | CO_NEWLOCALS;
    let shape = Shape::new(r, oparg);
    let Some(function) = shape.function() else {
        return Act::General;
    };
    let entry = shape.entry(function);
    let code = entry.code();
    if !e.kwnames.is_null()
        || code.co_flags.get() & (PLAIN | CO_VARARGS | CO_VARKEYWORDS) != PLAIN
        || code.co_argcount.get() as usize != shape.total
        || code.co_kwonlyargcount.get() != 0
    {
        return Act::General;
    }
    enter(e, r, &entry, Act::General)
}

#[inline(always)]
pub fn call_py_exact_args(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    let Some(function) = shape.function() else {
        return Act::Miss;
    };
    if function.func_version.get() != r.cached_version(1) {
        return Act::Miss;
    }
    let entry = shape.entry(function);
    if entry.code().co_argcount.get() as usize != shape.total {
        return Act::Miss;
    }
    enter(e, r, &entry, Act::General)
}

#[inline(always)]
pub fn call_py_with_defaults(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let shape = Shape::new(r, oparg);
    let Some(function) = shape.function() else {
        return Act::Miss;
    };
    if function.func_version.get() != r.cached_version(1) {
        return Act::Miss;
    }
    let entry = shape.entry(function);
    let wanted = entry.code().co_argcount.get() as usize;
    let least = usize::from(r.cache(3));
    if shape.total > wanted || shape.total < least {
        return Act::Miss;
    }
    let act = enter(e, r, &entry, Act::General);
    if let Act::Next = act {
        fill_defaults(r, function, shape.total..wanted, least);
    }
    act
}

/// The parameters without an argument get their defaults, in the frame that was just pushed.
#[inline(always)]
fn fill_defaults(
    r: &Regs,
    function: &PyFunctionObject,
    parameters: std::ops::Range<usize>,
    least: usize,
) {
    for index in parameters {
        // SAFETY: the defaults are a tuple of as many values: the version of the function says so.
        let value = unsafe {
            let defaults: &PyTupleObject = &*function.func_defaults.get().cast();
            let items: *const *mut PyObject = defaults.ob_item.as_ptr().cast();
            &**items.add(index - least)
        };
        r.set_local(index, hold(value));
    }
}

/// How many of the arguments have names.
#[inline(always)]
pub(in super::super) fn named_count(e: &Eval) -> usize {
    // SAFETY: the names are a tuple of the running code's constants, or null.
    unsafe { e.kwnames.as_ref() }.map_or(0, |names| tuple::items(names).len())
}

/// Takes the keyword names of the call that comes.
#[inline(always)]
pub(in super::super) fn take_names(e: &mut Eval) -> *mut PyObject {
    std::mem::replace(&mut e.kwnames, null_mut()).cast()
}
