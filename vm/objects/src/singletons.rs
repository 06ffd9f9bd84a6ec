//! `None`, `NotImplemented`, `Ellipsis` (`Objects/object.c`, `Objects/sliceobject.c`) and the two
//! bools (`Objects/boolobject.c`).

use crate::errors::{PyResult, type_error};
use crate::object::PyObject_GenericGetAttr;
use crate::own::{Layout, Own};
use crate::{methods, slot, static_type, unicode};
use std::cell::Cell;
use twinheap_abi::*;

/// `None`.
pub static _Py_NoneStruct: PyObject = PyObject::immortal(&raw const _PyNone_Type);
/// `NotImplemented`.
pub static _Py_NotImplementedStruct: PyObject =
    PyObject::immortal(&raw const _PyNotImplemented_Type);
/// `...`.
pub static _Py_EllipsisObject: PyObject = PyObject::immortal(&raw const PyEllipsis_Type);

const fn bool_struct(value: u32) -> PyLongObject {
    PyLongObject {
        ob_base: PyVarObject {
            ob_base: PyObject::immortal(&raw const crate::boolean::PyBool_Type),
            ob_size: Cell::new(value as isize),
        },
        ob_digit: [Cell::new(value)],
    }
}

/// An int that lies in static memory.
pub struct StaticLong(pub PyLongObject);
// SAFETY: touched only under the interpreter lock.
unsafe impl Sync for StaticLong {}

/// `False`.
pub static _Py_FalseStruct: StaticLong = StaticLong(bool_struct(0));
/// `True`.
pub static _Py_TrueStruct: StaticLong = StaticLong(bool_struct(1));

/// A new reference to `None`.
#[inline(always)]
pub fn none() -> Own {
    Own::new(&_Py_NoneStruct)
}

/// A new reference to `NotImplemented`.
#[inline(always)]
pub fn not_implemented() -> Own {
    Own::new(&_Py_NotImplementedStruct)
}

/// A new reference to `Ellipsis`.
pub fn ellipsis() -> Own {
    Own::new(&_Py_EllipsisObject)
}

/// `PyBool_FromLong`.
#[inline(always)]
pub fn bool_object(value: bool) -> Own {
    Own::new(bool_ref(value))
}

/// `True` or `False`, borrowed.
#[inline(always)]
pub fn bool_ref(value: bool) -> &'static PyObject {
    if value {
        _Py_TrueStruct.0.as_object()
    } else {
        _Py_FalseStruct.0.as_object()
    }
}

/// The truth of an object that is one of the two bools.
#[inline(always)]
pub fn as_bool(object: &PyObject) -> Option<bool> {
    if std::ptr::eq(object, _Py_TrueStruct.0.as_object()) {
        return Some(true);
    }
    if std::ptr::eq(object, _Py_FalseStruct.0.as_object()) {
        return Some(false);
    }
    None
}

unsafe fn never_deallocated(object: *mut PyObject) {
    // The count of a singleton is borrowed against too often by a bug elsewhere: say so.
    panic!("deallocating a singleton at {object:p}");
}

fn no_arguments(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    use crate::object::TypeExt;
    let given = args.ob_size.get() != 0 || kwargs.is_some_and(|kwargs| kwargs.ma_used.get() != 0);
    if given {
        return Err(type_error(format_args!(
            "{} takes no arguments",
            type_.name()
        )));
    }
    Ok(())
}

fn none_repr(_: &PyObject) -> PyResult {
    Ok(unicode::from_str("None")?.upcast())
}

fn none_bool(_: &PyObject) -> PyResult<bool> {
    Ok(false)
}

fn none_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    no_arguments(type_, args, kwargs)?;
    Ok(none())
}

static_type! {
    /// `NoneType`.
    _PyNone_Type = "NoneType", size 16, 0, flags Py_TPFLAGS_DEFAULT;
    number { nb_bool: slot!(inquiry none_bool) }
    tp_dealloc: slot!(dealloc never_deallocated),
    tp_repr: slot!(unary none_repr),
    tp_new: slot!(new none_new),
    tp_getattro: Some(PyObject_GenericGetAttr),
}

fn not_implemented_repr(_: &PyObject) -> PyResult {
    Ok(unicode::from_str("NotImplemented")?.upcast())
}

fn not_implemented_bool(_: &PyObject) -> PyResult<bool> {
    crate::warnings::warn_deprecation("NotImplemented should not be used in a boolean context")?;
    Ok(true)
}

fn not_implemented_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    no_arguments(type_, args, kwargs)?;
    Ok(not_implemented())
}

methods! {
    static NOT_IMPLEMENTED_METHODS:
    "__reduce__" => noargs(not_implemented_repr);
}

static_type! {
    /// `NotImplementedType`.
    _PyNotImplemented_Type = "NotImplementedType", size 16, 0, flags Py_TPFLAGS_DEFAULT;
    number { nb_bool: slot!(inquiry not_implemented_bool) }
    tp_dealloc: slot!(dealloc never_deallocated),
    tp_repr: slot!(unary not_implemented_repr),
    tp_methods: NOT_IMPLEMENTED_METHODS.as_ptr(),
    tp_new: slot!(new not_implemented_new),
    tp_getattro: Some(PyObject_GenericGetAttr),
}

fn ellipsis_repr(_: &PyObject) -> PyResult {
    Ok(unicode::from_str("Ellipsis")?.upcast())
}

fn ellipsis_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    no_arguments(type_, args, kwargs)?;
    Ok(ellipsis())
}

methods! {
    static ELLIPSIS_METHODS:
    "__reduce__" => noargs(ellipsis_repr);
}

static_type! {
    /// `ellipsis`.
    PyEllipsis_Type = "ellipsis", size 16, 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc never_deallocated),
    tp_repr: slot!(unary ellipsis_repr),
    tp_methods: ELLIPSIS_METHODS.as_ptr(),
    tp_new: slot!(new ellipsis_new),
    tp_getattro: Some(PyObject_GenericGetAttr),
}
