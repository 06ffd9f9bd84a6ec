//! float (`Objects/floatobject.c`): a C double in a box of 24 bytes.
//!
//! Up to [`PyFloat_MAXFREELIST`] dead floats wait on a free list, linked through `ob_type`.

mod methods;
mod number;

pub use methods::{format_value, from_object, from_text, repr};
pub use number::{as_double, divide_and_floor, float_pow, hash, pow, to_double};

use crate::errors::PyResult;
use crate::memory;
use crate::object::ObjectExt;
use crate::own::{Layout, Own};
use crate::state::Global;
use crate::{slot, static_type, typed};
use std::cell::Cell;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyFloatObject, PyFloat_Type);

/// How many dead floats are kept.
const PyFloat_MAXFREELIST: usize = 100;

static FREE_LIST: Global<Cell<*mut PyFloatObject>> = Global(Cell::new(null_mut()));
static FREE_COUNT: Global<Cell<usize>> = Global(Cell::new(0));

/// `PyFloat_FromDouble`.
#[inline(always)]
#[doc(alias = "PyFloat_FromDouble")]
pub fn new(value: f64) -> PyResult<Own<PyFloatObject>> {
    let head = FREE_LIST.get();
    if head.is_null() {
        let object: *mut PyFloatObject =
            memory::new_object(&PyFloat_Type, size_of::<PyFloatObject>())?;
        // SAFETY: fresh memory of a float's size.
        unsafe {
            (*object).ob_fval.set(value);
            return Ok(Own::from_raw(object));
        }
    }
    // SAFETY: the list holds dead floats; each one's type field is the next one.
    unsafe {
        let object = &*head;
        FREE_LIST.set(object.ob_type.get().cast_mut().cast());
        FREE_COUNT.set(FREE_COUNT.get() - 1);
        object.ob_type.set(&PyFloat_Type);
        object.ob_refcnt.set(1);
        object.ob_fval.set(value);
        Ok(Own::from_raw(head))
    }
}

/// A float from the free list or the head of a pool; null where there is none. Calls nothing.
#[inline(always)]
pub fn quick_new(value: f64) -> *mut PyObject {
    let mut head = FREE_LIST.get();
    // SAFETY: the list holds dead floats; each one's type field is the next one.
    unsafe {
        if head.is_null() {
            head = memory::quick_malloc(size_of::<PyFloatObject>()).cast();
            if head.is_null() {
                return null_mut();
            }
        } else {
            FREE_LIST.set((*head).ob_type.get().cast_mut().cast());
            FREE_COUNT.set(FREE_COUNT.get() - 1);
        }
        let object = &*head;
        object.ob_type.set(&PyFloat_Type);
        object.ob_refcnt.set(1);
        object.ob_fval.set(value);
    }
    head.cast()
}

/// Puts a dead float on the free list, where there is room; tells whether it did. Calls nothing.
///
/// # Safety
/// An exact float whose last reference is gone.
#[inline(always)]
pub unsafe fn quick_release(float: *mut PyObject) -> bool {
    if FREE_COUNT.get() >= PyFloat_MAXFREELIST {
        return false;
    }
    FREE_COUNT.set(FREE_COUNT.get() + 1);
    // SAFETY: by contract.
    unsafe { (*float).ob_type.set(FREE_LIST.get().cast_const().cast()) };
    FREE_LIST.set(float.cast());
    true
}

/// A float object.
#[inline(always)]
pub fn from_f64(value: f64) -> PyResult {
    Ok(new(value)?.upcast())
}

/// The value of a float.
#[inline(always)]
pub fn value(float: &PyFloatObject) -> f64 {
    float.ob_fval.get()
}

unsafe fn float_dealloc(float: *mut PyFloatObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        let object = (*float).as_object();
        if object.is_exactly(&PyFloat_Type) {
            if FREE_COUNT.get() >= PyFloat_MAXFREELIST {
                memory::object_del(float.cast());
                return;
            }
            FREE_COUNT.set(FREE_COUNT.get() + 1);
            object.ob_type.set(FREE_LIST.get().cast_const().cast());
            FREE_LIST.set(float);
            return;
        }
        match object.type_().tp_free.get() {
            Some(free) => free(float.cast()),
            None => memory::object_del(float.cast()),
        }
    }
}

/// Gives back the memory of the dead floats that are kept (`_PyFloat_ClearFreeList`).
pub(crate) fn clear_free_list() {
    FREE_COUNT.set(0);
    let mut float = FREE_LIST.replace(null_mut());
    while !float.is_null() {
        // SAFETY: a dead float of the list; its type field is the next one.
        unsafe {
            let next = (*float).as_object().ob_type.get().cast_mut().cast();
            memory::object_del(float.cast());
            float = next;
        }
    }
}

static_type! {
    /// `float`.
    PyFloat_Type = "float", size size_of::<PyFloatObject>(), 0,
        flags Py_TPFLAGS_BASETYPE | _Py_TPFLAGS_MATCH_SELF;
    number {
        nb_add: slot!(binary number::float_add),
        nb_subtract: slot!(binary number::float_sub),
        nb_multiply: slot!(binary number::float_mul),
        nb_remainder: slot!(binary number::float_rem),
        nb_divmod: slot!(binary number::float_divmod),
        nb_power: slot!(ternary number::float_pow),
        nb_negative: slot!(unary number::float_neg),
        nb_positive: slot!(unary number::float_float),
        nb_absolute: slot!(unary number::float_abs),
        nb_bool: slot!(inquiry number::float_bool),
        nb_int: slot!(unary methods::float_trunc),
        nb_float: slot!(unary number::float_float),
        nb_floor_divide: slot!(binary number::float_floor_div),
        nb_true_divide: slot!(binary number::float_div),
    }
    tp_dealloc: slot!(dealloc float_dealloc),
    tp_repr: slot!(unary methods::float_repr),
    tp_hash: slot!(hash number::float_hash),
    tp_getattro: Some(crate::object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp number::float_richcompare),
    tp_methods: methods::FLOAT_METHODS.as_ptr(),
    tp_getset: methods::FLOAT_GETSET.as_ptr(),
    tp_new: slot!(new methods::float_new),
    tp_free: Some(memory::object_free),
    tp_vectorcall: slot!(vectorcall methods::float_vectorcall),
}
