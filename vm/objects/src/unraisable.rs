//! Exceptions that nobody can catch (`_PyErr_WriteUnraisableMsg`): in `__del__`, in callbacks.

use crate::errors::{self, Raised};
use crate::object::ObjectExt;
use crate::own::{Field, Own};
use crate::state::Global;
use std::cell::Cell;
use twinheap_abi::*;

/// Shows an exception, how it came about where that is not "in", and the object that it came from.
pub type UnraisableHook = fn(Own, Option<&str>, Option<&PyObject>);

/// Set by the interpreter.
pub static UNRAISABLE_HOOK: Global<Cell<Option<UnraisableHook>>> = Global(Cell::new(None));

/// Takes the exception that was just raised, and shows it.
pub fn report(raised: Raised, source: Option<&PyObject>) {
    report_saying(raised, None, source);
}

/// The same, with words that tell how it came about (`err_msg_str`).
pub fn report_saying(_raised: Raised, how: Option<&str>, source: Option<&PyObject>) {
    let exception = errors::take_exception();
    match UNRAISABLE_HOOK.get() {
        Some(hook) => hook(exception, how, source),
        None => eprintln!("exception ignored before the interpreter is up"),
    }
}

/// Shows an exception as an uncaught one.
pub type PrintHook = fn(Own);

/// Set by the interpreter.
pub static PRINT_HOOK: Global<Cell<Option<PrintHook>>> = Global(Cell::new(None));

/// `PyErr_Print`: takes the exception that was just raised, and shows it as an uncaught one.
pub fn print(_raised: Raised) {
    let exception = errors::take_exception();
    match PRINT_HOOK.get() {
        Some(hook) => hook(exception),
        None => eprintln!("exception before the interpreter is up"),
    }
}

/// Formats an exception as an uncaught one.
pub type FormatHook = fn(&PyObject) -> String;

/// Set by the interpreter.
pub static FORMAT_HOOK: Global<Cell<Option<FormatHook>>> = Global(Cell::new(None));

/// The text that `_PyErr_Display` writes of an exception with this traceback.
pub fn formatted(exception: &PyObject, traceback: &PyObject) -> String {
    if let Some(base) = crate::exceptions::base_exception(exception)
        && base.traceback.as_ref().is_none()
        && traceback.is_exactly(&crate::traceback::PyTraceBack_Type)
    {
        base.traceback.put(Some(Own::new(traceback)));
    }
    FORMAT_HOOK
        .get()
        .map_or_else(String::new, |hook| hook(exception))
}
