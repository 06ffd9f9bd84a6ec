//! What objects need of the interpreter above them: modules by name, the builtins, the globals of
//! the code that runs.

use crate::errors::{self, PyResult, system_error};
use crate::object::ObjectExt;
use crate::own::{Field, Own};
use crate::state::{Global, tstate};
use crate::{dict, id, module, unicode};
use std::cell::Cell;
use twinheap_abi::*;

/// The frame that runs, as an object.
pub type FrameHook = fn() -> PyResult<Option<Own>>;

/// Set by the interpreter.
pub static FRAME_HOOK: Global<Cell<Option<FrameHook>>> = Global(Cell::new(None));

/// The frame that runs, as an object; nothing where no Python code runs.
pub fn current_frame() -> PyResult<Option<Own>> {
    FRAME_HOOK.get().map_or(Ok(None), |hook| hook())
}

/// Imports a module by its full name.
pub type ImportHook = fn(&str) -> PyResult;

/// Set by the interpreter.
pub static IMPORT_HOOK: Global<Cell<Option<ImportHook>>> = Global(Cell::new(None));
/// The `builtins` module, once it is made.
pub static BUILTINS: Global<Pointer<PyObject>> = Global(Cell::new(std::ptr::null_mut()));

/// `PyImport_ImportModule`.
pub fn import_module(name: &str) -> PyResult {
    match IMPORT_HOOK.get() {
        Some(hook) => hook(name),
        None => Err(system_error(format_args!(
            "the import system is not up: {name}"
        ))),
    }
}

/// The dict of the `builtins` module.
pub fn builtins_dict() -> PyResult<Own<PyDictObject>> {
    match Field::as_ref(&*BUILTINS).and_then(|builtins| builtins.downcast_ref::<PyModuleObject>()) {
        Some(builtins) => Ok(Own::new(module::dict_of(builtins))),
        None => Err(system_error("the builtins module is not made yet")),
    }
}

/// An attribute of the `builtins` module.
pub fn builtin(name: &'static str) -> PyResult {
    match dict::get_literal(&*builtins_dict()?, name)? {
        Some(value) => Ok(value),
        None => Err(errors::attribute_error(format_args!(
            "builtins has no attribute '{name}'"
        ))),
    }
}

/// `_PyEval_BuiltinsFromGlobals`: the builtins that code with these globals sees.
pub fn builtins_of(globals: &PyDictObject) -> PyResult {
    if let Some(own) = dict::get_str(globals, id!("__builtins__")).map(Own::new) {
        return match own.downcast_ref::<PyModuleObject>() {
            Some(builtins) => Ok(Own::new(module::dict_of(builtins)).upcast()),
            None => Ok(own.clone()),
        };
    }
    // SAFETY: the frame that runs is valid, and so are its builtins.
    if let Some(frame) = unsafe { tstate().current_frame.get().as_ref() }
        && let Some(builtins) = frame.f_builtins.own()
    {
        return Ok(builtins);
    }
    Ok(builtins_dict()?.upcast())
}

/// The globals of the code that runs.
pub fn current_globals() -> Option<Own<PyDictObject>> {
    // SAFETY: the frame that runs is valid, and its globals are a dict.
    unsafe {
        let frame = tstate().current_frame.get().as_ref()?;
        let globals = frame.f_globals.own()?;
        Some(globals.cast())
    }
}

/// The modules that CPython 3.11 has in its executable, on Linux; the other native modules are files of their own.
pub const BUILTIN_MODULE_NAMES: &[&str] = &[
    "_abc",
    "_ast",
    "_codecs",
    "_collections",
    "_functools",
    "_imp",
    "_io",
    "_locale",
    "_operator",
    "_signal",
    "_sre",
    "_stat",
    "_string",
    "_symtable",
    "_thread",
    "_tokenize",
    "_tracemalloc",
    "_warnings",
    "_weakref",
    "atexit",
    "builtins",
    "errno",
    "faulthandler",
    "gc",
    "itertools",
    "marshal",
    "posix",
    "pwd",
    "sys",
    "time",
    "xxsubtype",
];

/// Whether the module of this name is built into the interpreter.
pub fn is_builtin_module(name: &PyObject) -> bool {
    name.downcast_ref::<PyASCIIObject>().is_some_and(|name| {
        BUILTIN_MODULE_NAMES
            .iter()
            .any(|text| unicode::equals_str(name, text))
    })
}
