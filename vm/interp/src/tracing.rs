//! Trace and profile functions (`sys.settrace`, `sys.setprofile`): who watches, and how an event reaches
//! the function (`call_trace` of `Python/ceval.c`, the trampolines of `Python/sysmodule.c`).
//!
//! The eval loop asks [`is_on`] only; where nobody watches, tracing costs nothing. A watcher is a
//! function of the program's, or the hook of whoever embeds the VM ([`set_line_hook`]), which sees lines
//! only. While a watcher runs, nothing is watched.

use crate::frames;
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::id;
use twinheap_objects::object::ObjectExt;
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::state::{self, Global, ThreadState, tstate};
use twinheap_objects::{call, tuple};

/// Sees a frame and the line that it is about to run.
pub type LineHook = fn(&_PyInterpreterFrame, i32);

static LINE_HOOK: Global<Cell<Option<LineHook>>> = Global(Cell::new(None));

/// Whether a trace function, or a profile function, is being set.
static INSTALLING: Global<[Cell<bool>; 2]> = Global([Cell::new(false), Cell::new(false)]);

/// What happens (`PyTrace_CALL` and so on of `cpython/pystate.h`).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Event {
    Call = 0,
    Exception = 1,
    Line = 2,
    Return = 3,
    CCall = 4,
    CException = 5,
    CReturn = 6,
    Opcode = 7,
}

impl Event {
    fn name(self) -> &'static PyASCIIObject {
        match self {
            Event::Call => id!("call"),
            Event::Exception => id!("exception"),
            Event::Line => id!("line"),
            Event::Return => id!("return"),
            Event::CCall => id!("c_call"),
            Event::CException => id!("c_exception"),
            Event::CReturn => id!("c_return"),
            Event::Opcode => id!("opcode"),
        }
    }
}

/// Which of the two functions is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Watcher {
    Trace,
    Profile,
}

impl Watcher {
    fn slot(self, state: &ThreadState) -> &Pointer<PyObject> {
        match self {
            Watcher::Trace => &state.c_traceobj,
            Watcher::Profile => &state.c_profileobj,
        }
    }
}

/// Whether somebody watches, and is not at it.
#[inline(always)]
pub fn is_on(state: &ThreadState) -> bool {
    state.use_tracing.get()
}

/// `_PyThreadState_UpdateTracingState`.
fn update(state: &ThreadState) {
    let watched = hook_of(state).is_some()
        || !state.c_traceobj.get().is_null()
        || !state.c_profileobj.get().is_null();
    state.use_tracing.set(state.tracing.get() == 0 && watched);
}

/// The embedder's hook, which sees the main thread only.
fn hook_of(state: &ThreadState) -> Option<LineHook> {
    LINE_HOOK
        .get()
        .filter(|_| std::ptr::eq(state::main(), state))
}

/// Sets the hook of whoever embeds the VM, or takes it away.
pub fn set_line_hook(hook: Option<LineHook>) {
    LINE_HOOK.set(hook);
    update(tstate());
}

/// The hook that sees lines, where there is one.
pub fn line_hook() -> Option<LineHook> {
    hook_of(tstate())
}

/// Sets a function of the program's, or takes it away. As with CPython's own hooks in C, a trace function
/// takes the place of the embedder's.
///
/// # Errors
/// `RuntimeError` where the end of the function that is replaced sets another one.
pub fn set(watcher: Watcher, function: Option<&PyObject>) -> PyResult<()> {
    let state = tstate();
    let installing = &INSTALLING[watcher as usize];
    if installing.replace(true) {
        installing.set(false);
        let name = ["trace", "profile"][watcher as usize];
        return Err(errors::runtime_error(format_args!(
            "Cannot install a {name} function while another {name} function is being installed"
        )));
    }
    if watcher == Watcher::Trace && state::is_main() {
        LINE_HOOK.set(None);
    }
    let slot = watcher.slot(state);
    let old = slot.take_own();
    // The end of the old function may run code, which is not watched by it.
    update(state);
    drop(old);
    slot.put(function.map(Own::new));
    update(state);
    installing.set(false);
    Ok(())
}

/// The function that is set, or None.
pub fn get(watcher: Watcher) -> Own {
    watcher.slot(tstate()).own().unwrap_or_else(none)
}

/// Nobody watches from now on: the program has ended.
pub fn reset() {
    for watcher in [Watcher::Trace, Watcher::Profile] {
        if let Err(raised) = set(watcher, None) {
            errors::discard(raised);
        }
    }
}

/// `_PyEval_CallTracing`: calls a function as if no watcher were running.
pub fn call_tracing(function: &PyObject, args: &PyTupleObject) -> PyResult {
    let state = tstate();
    let tracing = state.tracing.replace(0);
    update(state);
    let result = call::call_tuple(function, args, None);
    state.tracing.set(tracing);
    update(state);
    result
}

/// `call_trace`: tells a watcher of an event in a frame.
pub fn tell(
    watcher: Watcher,
    frame: &_PyInterpreterFrame,
    event: Event,
    argument: Option<&PyObject>,
) -> PyResult<()> {
    let state = tstate();
    if state.tracing.get() != 0 || watcher.slot(state).get().is_null() {
        return Ok(());
    }
    let object = frames::frame_object(frame)?;
    let before = state.tracing_what.replace(event as i32);
    state.tracing.set(state.tracing.get() + 1);
    update(state);
    object.f_lineno.set(frames::current_line(frame));
    let outcome = run(watcher, &object, event, argument);
    object.f_lineno.set(0);
    state.tracing.set(state.tracing.get() - 1);
    update(state);
    state.tracing_what.set(before);
    outcome
}

/// The same while an exception is set, which stays unless the watcher raises (`call_trace_protected`).
fn tell_protected(
    watcher: Watcher,
    frame: &_PyInterpreterFrame,
    event: Event,
    argument: Option<&PyObject>,
) -> PyResult<()> {
    let fetched = errors::fetch();
    tell(watcher, frame, event, argument)?;
    errors::restore(fetched);
    Ok(())
}

/// `trace_trampoline` and `profile_trampoline`.
fn run(
    watcher: Watcher,
    object: &PyFrameObject,
    event: Event,
    argument: Option<&PyObject>,
) -> PyResult<()> {
    let callback = match (watcher, event) {
        (Watcher::Trace, event) if event != Event::Call => object.f_trace.own(),
        _ => watcher.slot(tstate()).own(),
    };
    let Some(callback) = callback else {
        return Ok(());
    };
    match call_back(&callback, object, event, argument) {
        Ok(result) if watcher == Watcher::Trace && !result.is_none() => {
            object.f_trace.put(Some(result));
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(raised) => {
            let fetched = errors::fetch();
            if let Err(raised) = set(watcher, None) {
                errors::discard(raised);
            }
            errors::restore(fetched);
            if watcher == Watcher::Trace {
                object.f_trace.clear();
            }
            Err(raised)
        }
    }
}

/// `call_trampoline`: the locals that the function changes through `f_locals` are the frame's again afterwards.
fn call_back(
    callback: &PyObject,
    object: &PyFrameObject,
    event: Event,
    argument: Option<&PyObject>,
) -> PyResult {
    if object.f_fast_as_locals.get() {
        frames::locals_of_object(object)?;
    }
    let nothing = none();
    let arguments = [
        object.as_object(),
        event.name().as_object(),
        argument.unwrap_or(&nothing),
    ];
    let result = call::call(callback, &arguments);
    frames::locals_to_fast(object);
    result
}

/// `trace_function_entry`.
pub fn entry(frame: &_PyInterpreterFrame) -> PyResult<()> {
    tell_protected(Watcher::Trace, frame, Event::Call, None)?;
    tell_protected(Watcher::Profile, frame, Event::Call, None)
}

/// `trace_function_exit`: the frame returns a value, yields it, or ends with an exception.
pub fn exit(frame: &_PyInterpreterFrame, value: Option<&PyObject>) -> PyResult<()> {
    tell_protected(Watcher::Trace, frame, Event::Return, value)?;
    tell_protected(Watcher::Profile, frame, Event::Return, value)
}

/// `call_exc_trace`: tells of the exception that is set, which stays unless the watcher raises.
#[cold]
pub fn exception(frame: &_PyInterpreterFrame) {
    if tstate().c_traceobj.get().is_null() {
        return;
    }
    let mut fetched = errors::fetch();
    errors::normalize(&mut fetched);
    let shown = |part: &Option<Own>| part.clone().unwrap_or_else(none);
    let parts = [
        shown(&fetched.type_),
        shown(&fetched.value),
        shown(&fetched.traceback),
    ];
    let [type_, value, traceback] = &parts;
    let told = tuple::pack(&[&**type_, &**value, &**traceback]).and_then(|all| {
        tell(
            Watcher::Trace,
            frame,
            Event::Exception,
            Some(all.as_object()),
        )
    });
    if told.is_ok() {
        errors::restore(fetched);
    }
}

/// Calls a built-in function and tells the profile function of it (`C_TRACE`).
pub fn built_in(callable: &PyObject, call: impl FnOnce() -> PyResult) -> PyResult {
    let state = tstate();
    // SAFETY: the running frame is valid, and outlives the call.
    let frame = unsafe { &*state.current_frame.get() };
    tell(Watcher::Profile, frame, Event::CCall, Some(callable))?;
    let result = call();
    match &result {
        Ok(_) => tell(Watcher::Profile, frame, Event::CReturn, Some(callable))?,
        Err(_) => tell_protected(Watcher::Profile, frame, Event::CException, Some(callable))?,
    }
    result
}
