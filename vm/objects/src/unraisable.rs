//! Exceptions that nobody can catch (`_PyErr_WriteUnraisableMsg`): in `__del__`, in callbacks.

use crate::errors::{self, Raised};
use crate::own::Own;
use crate::state::Global;
use std::cell::Cell;
use twinheap_abi::*;

/// Shows an exception and the object that it came from.
pub type UnraisableHook = fn(Own, Option<&PyObject>);

/// Set by the interpreter.
pub static UNRAISABLE_HOOK: Global<Cell<Option<UnraisableHook>>> = Global(Cell::new(None));

/// Takes the exception that was just raised, and shows it.
pub fn report(_raised: Raised, source: Option<&PyObject>) {
    let exception = errors::take_exception();
    match UNRAISABLE_HOOK.get() {
        Some(hook) => hook(exception, source),
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
