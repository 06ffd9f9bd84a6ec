//! bool (`Objects/boolobject.c`): two ints with names.

use crate::call::Args;
use crate::errors::{PyResult, type_error};
use crate::long::PyLong_Type;
use crate::object::{ObjectExt, TypeExt, is_true};
use crate::own::Own;
use crate::singletons::{as_bool, bool_object};
use crate::state::Global;
use crate::{call, errors, slot, static_type, tuple, unicode};
use std::cell::Cell;
use twinheap_abi::*;

/// `_PyObject_IMMORTAL_REFCNT`.
pub const IMMORTAL_REFCNT: isize = 999_999_999;

/// The two names: made on first use, never interned, and alive for ever.
static NAMES: Global<[Cell<*mut PyObject>; 2]> =
    Global([const { Cell::new(std::ptr::null_mut()) }; 2]);

fn bool_repr(value: &PyObject) -> PyResult {
    let truth = as_bool(value) == Some(true);
    let name = &NAMES[usize::from(truth)];
    if name.get().is_null() {
        let made = unicode::from_str(if truth { "True" } else { "False" })?;
        made.ob_refcnt.set(IMMORTAL_REFCNT);
        name.set(made.into_raw().cast());
    }
    // SAFETY: the name was made above or before, and its count keeps it alive.
    Ok(Own::new(unsafe { &*name.get() }))
}

fn bool_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    debug_assert!(type_.name() == "bool");
    call::no_keywords("bool", kwargs)?;
    call::check_positional("bool", tuple::items(args).len(), 0, 1)?;
    match tuple::items(args).first() {
        Some(value) => Ok(bool_object(is_true(value)?)),
        None => Ok(bool_object(false)),
    }
}

fn bool_vectorcall(_: &PyObject, args: Args<'_>) -> PyResult {
    if args.keyword_count() != 0 {
        return Err(type_error("bool() takes no keyword arguments"));
    }
    call::check_positional("bool", args.positional.len(), 0, 1)?;
    let truth = args
        .positional
        .first()
        .map_or(Ok(false), |value| is_true(value))?;
    Ok(bool_object(truth))
}

/// A binary operation of bools stays a bool; of other ints it is int's.
fn logical(
    a: &PyObject,
    b: &PyObject,
    act: fn(bool, bool) -> bool,
    of_int: fn(&PyNumberMethods) -> Option<binaryfunc>,
) -> PyResult {
    if let (Some(a), Some(b)) = (as_bool(a), as_bool(b)) {
        return Ok(bool_object(act(a, b)));
    }
    // SAFETY: int's suite is static; its slot takes any two objects.
    unsafe {
        let suite = PyLong_Type.tp_as_number.get().as_ref();
        match suite.and_then(of_int) {
            Some(function) => errors::from_c(function(
                crate::own::Layout::as_raw(a),
                crate::own::Layout::as_raw(b),
            )),
            None => Err(type_error("int has no bitwise operations")),
        }
    }
}

fn bool_and(a: &PyObject, b: &PyObject) -> PyResult {
    logical(a, b, |a, b| a && b, |suite| suite.nb_and.get())
}

fn bool_or(a: &PyObject, b: &PyObject) -> PyResult {
    logical(a, b, |a, b| a || b, |suite| suite.nb_or.get())
}

fn bool_xor(a: &PyObject, b: &PyObject) -> PyResult {
    logical(a, b, |a, b| a != b, |suite| suite.nb_xor.get())
}

unsafe fn bool_dealloc(value: *mut PyObject) {
    // SAFETY: the object is one of the two statics.
    let name = unsafe { (*value).type_().name() };
    panic!("deallocating a {name}");
}

static_type! {
    /// `bool`.
    PyBool_Type = "bool", size size_of::<PyLongObject>(), 4, flags Py_TPFLAGS_DEFAULT;
    number {
        nb_and: slot!(binary bool_and),
        nb_xor: slot!(binary bool_xor),
        nb_or: slot!(binary bool_or),
    }
    tp_dealloc: slot!(dealloc bool_dealloc),
    tp_repr: slot!(unary bool_repr),
    tp_base: &raw const PyLong_Type,
    tp_new: slot!(new bool_new),
    tp_vectorcall: slot!(vectorcall bool_vectorcall),
}
