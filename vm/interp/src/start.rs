//! Start-up: types, the two first modules, the hooks that the kernel needs.

use crate::builtins::{self, PyFilter_Type, PyMap_Type, PyZip_Type};
use crate::{eval, frames, generator, import, report, stdio, sys, warnings_module};
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_objects::errors::PyResult;
use twinheap_objects::import_hook::FRAME_HOOK;
use twinheap_objects::own::Layout;
use twinheap_objects::state::Global;
use twinheap_objects::unraisable::{FORMAT_HOOK, PRINT_HOOK, UNRAISABLE_HOOK};
use twinheap_objects::warnings::WARN_HOOK;
use twinheap_objects::{dict, module, types, unicode};

static STARTED: Global<Cell<bool>> = Global(Cell::new(false));

/// The static types of this crate.
pub fn interpreter_types() -> [&'static PyTypeObject; 13] {
    [
        &frames::PyFrame_Type,
        &generator::PyGen_Type,
        &generator::PyCoro_Type,
        &generator::_PyCoroWrapper_Type,
        &generator::PyAsyncGen_Type,
        &generator::_PyAsyncGenASend_Type,
        &generator::_PyAsyncGenAThrow_Type,
        &generator::_PyAsyncGenWrappedValue_Type,
        &generator::PyAnextAwaitable_Type,
        &stdio::StandardStream_Type,
        &PyFilter_Type,
        &PyMap_Type,
        &PyZip_Type,
    ]
}

/// Brings the interpreter up; once a process.
pub fn initialize() -> PyResult<()> {
    if STARTED.replace(true) {
        return Ok(());
    }
    unicode::intern_start_characters()?;
    eval::calls::install();
    types::ready_all()?;
    for type_ in interpreter_types() {
        types::ready(type_)?;
    }
    let builtins = builtins::make()?;
    eval::specialise::remember_callables(module::dict_of(&builtins));
    let sys_module = sys::make()?;
    let modules = sys::modules()?;
    dict::set_literal(&modules, "builtins", builtins.as_object())?;
    dict::set_literal(&modules, "sys", sys_module.as_object())?;
    import::install();
    UNRAISABLE_HOOK.set(Some(report::report_unraisable));
    warnings_module::start()?;
    PRINT_HOOK.set(Some(|exception| report::print_uncaught(&exception)));
    FRAME_HOOK.set(Some(frames::innermost_object));
    FORMAT_HOOK.set(Some(report::format_exception));
    WARN_HOOK.set(Some(warnings_module::give_from_native));
    Ok(())
}
