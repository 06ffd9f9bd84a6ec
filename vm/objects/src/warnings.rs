//! Warnings that native code gives; the interpreter sets the door to the `warnings` machinery.

use crate::errors::PyResult;
use crate::exceptions::{PyExc_DeprecationWarning, PyExc_RuntimeWarning};
use crate::state::Global;
use std::cell::Cell;
use twinheap_abi::*;

/// Gives a warning of a category, with a text and a stack level.
pub type WarnHook = fn(&PyTypeObject, &str, isize) -> PyResult<()>;

/// Set by the interpreter; before that, warnings are dropped.
pub static WARN_HOOK: Global<Cell<Option<WarnHook>>> = Global(Cell::new(None));

/// `PyErr_WarnEx`.
pub fn warn(category: &PyTypeObject, text: &str, level: isize) -> PyResult<()> {
    match WARN_HOOK.get() {
        Some(hook) => hook(category, text, level),
        None => Ok(()),
    }
}

/// A DeprecationWarning at the caller's line.
pub fn warn_deprecation(text: &str) -> PyResult<()> {
    warn(&PyExc_DeprecationWarning, text, 1)
}

/// A RuntimeWarning at the caller's line.
pub fn warn_runtime(text: &str) -> PyResult<()> {
    warn(&PyExc_RuntimeWarning, text, 1)
}
