//! Warnings that native code gives; the interpreter sets the door to the `_warnings` machinery.

use crate::errors::PyResult;
use crate::exceptions::{PyExc_DeprecationWarning, PyExc_ResourceWarning, PyExc_RuntimeWarning};
use crate::own::Layout;
use crate::state::Global;
use crate::unicode;
use std::cell::Cell;
use twinheap_abi::*;

/// Gives a warning of a category, with a message, a stack level and the object it is about.
pub type WarnHook = fn(&PyTypeObject, &PyObject, isize, Option<&PyObject>) -> PyResult<()>;

/// Set by the interpreter; before that, warnings are dropped.
pub static WARN_HOOK: Global<Cell<Option<WarnHook>>> = Global(Cell::new(None));

fn give(
    category: &PyTypeObject,
    message: &PyASCIIObject,
    level: isize,
    source: Option<&PyObject>,
) -> PyResult<()> {
    match WARN_HOOK.get() {
        Some(hook) => hook(category, message.as_object(), level, source),
        None => Ok(()),
    }
}

/// `PyErr_WarnEx`.
pub fn warn(category: &PyTypeObject, text: &str, level: isize) -> PyResult<()> {
    give(category, &*unicode::from_str(text)?, level, None)
}

/// `PyErr_ResourceWarning`: the warning knows what was not released.
pub fn warn_resource(source: &PyObject, message: &PyASCIIObject) -> PyResult<()> {
    give(&PyExc_ResourceWarning, message, 1, Some(source))
}

/// A DeprecationWarning at the caller's line.
pub fn warn_deprecation(text: &str) -> PyResult<()> {
    warn(&PyExc_DeprecationWarning, text, 1)
}

/// A RuntimeWarning at the caller's line.
pub fn warn_runtime(text: &str) -> PyResult<()> {
    warn(&PyExc_RuntimeWarning, text, 1)
}
