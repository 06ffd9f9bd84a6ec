//! Generators (`Objects/genobject.c`); coroutines and asynchronous generators run on the same frames.

mod async_generator;
mod coroutine;

pub use async_generator::{
    _PyAsyncGenASend_Type, _PyAsyncGenAThrow_Type, _PyAsyncGenWrappedValue_Type,
    PyAnextAwaitable_Type, PyAsyncGen_Type, is_async_generator, new_anext_awaitable, wrap_value,
};
pub use coroutine::{_PyCoroWrapper_Type, PyCoro_Type, awaitable_iterator};

use crate::{eval, frames};
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::call;
use twinheap_objects::errors::{self, PyResult, Raised, runtime_error, type_error, value_error};
use twinheap_objects::exceptions::{
    PyExc_BaseException, PyExc_GeneratorExit, PyExc_StopAsyncIteration, PyExc_StopIteration,
};
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::state::tstate;
use twinheap_objects::{
    code, getset, id, long, members, methods, slot, static_type, unicode, weakref,
};

/// What a generator's messages call it.
fn kind_of(generator: &PyGenObject) -> &'static str {
    let object = generator.as_object();
    if object.is_exactly(&PyCoro_Type) {
        "coroutine"
    } else if object.is_exactly(&PyAsyncGen_Type) {
        "async generator"
    } else {
        "generator"
    }
}

fn is_coroutine(generator: &PyGenObject) -> bool {
    generator.as_object().is_exactly(&PyCoro_Type)
}

/// The object as a generator or a coroutine, where it is one.
fn as_generator(object: &PyObject) -> Option<&PyGenObject> {
    if !object.is_exactly(&PyGen_Type) && !object.is_exactly(&PyCoro_Type) {
        return None;
    }
    // SAFETY: the type tells the layout.
    Some(unsafe { &*object.as_raw().cast() })
}

/// Whether the object is a generator.
pub fn is_generator(object: &PyObject) -> bool {
    object.is_exactly(&PyGen_Type)
}

/// Whether a suspended coroutine waits for another one.
pub fn is_awaiting(object: &PyObject) -> bool {
    as_generator(object).is_some_and(|coroutine| delegate(coroutine).is_some())
}

/// The frame inside a generator.
fn frame_in(generator: &PyGenObject) -> &_PyInterpreterFrame {
    // SAFETY: the generator was made with room for its frame.
    unsafe { &*generator.gi_iframe.as_ptr().cast() }
}

/// The generator around a frame.
pub fn generator_of(frame: &_PyInterpreterFrame) -> &PyGenObject {
    let start = (frame as *const _PyInterpreterFrame).cast::<u8>();
    // SAFETY: the owner says that the frame lies inside a generator.
    unsafe { &*start.sub(offset_of!(PyGenObject, gi_iframe)).cast() }
}

/// `RETURN_GENERATOR`: the running frame's words move into a new generator.
pub fn from_frame(frame: &_PyInterpreterFrame) -> PyResult {
    let code = frame.f_code.expect_ref();
    let type_ = match code.co_flags.get() & (CO_COROUTINE | CO_ASYNC_GENERATOR) {
        0 => &PyGen_Type,
        CO_COROUTINE => &PyCoro_Type,
        _ => &PyAsyncGen_Type,
    };
    let function = frame.f_func.expect_ref();
    let size = offset_of!(PyGenObject, gi_iframe) + 8 * frames::frame_words(code);
    let object: *mut PyGenObject = memory::new_gc_object(type_, size)?;
    // SAFETY: fresh memory with room for the frame, whose references move.
    unsafe {
        let generator = &*object;
        generator.gi_code.set(Own::new(code).into_raw());
        generator.gi_weakreflist.set(null_mut());
        generator
            .gi_name
            .set(Own::new(function.func_name.expect_ref()).into_raw());
        generator
            .gi_qualname
            .set(Own::new(function.func_qualname.expect_ref()).into_raw());
        generator.gi_exc_state.exc_value.set(null_mut());
        generator.gi_exc_state.previous_item.set(null_mut());
        generator.gi_origin_or_finalizer.set(null_mut());
        generator.gi_hooks_inited.set(0);
        generator.gi_closed.set(0);
        generator.gi_running_async.set(0);
        generator.gi_frame_state.set(FRAME_CREATED);
        let target = generator
            .gi_iframe
            .as_ptr()
            .cast_mut()
            .cast::<*mut PyObject>();
        let words = FRAME_SPECIALS_SIZE + frame.stacktop.get() as usize;
        std::ptr::copy_nonoverlapping((frame as *const _PyInterpreterFrame).cast(), target, words);
        let moved = frame_in(generator);
        moved.owner.set(FRAME_OWNED_BY_GENERATOR);
        moved.previous.set(null_mut());
        moved.is_entry.set(false);
        // A frame object that was made already points to the frame's new place.
        if let Some(object) = moved.frame_obj.as_ref() {
            object
                .f_frame
                .set((moved as *const _PyInterpreterFrame).cast_mut());
        }
        memory::track(object.cast());
        let made: Own = Own::from_raw(object.cast());
        if std::ptr::eq(type_, &PyCoro_Type) {
            generator.gi_origin_or_finalizer.put(coroutine::origin()?);
        }
        Ok(made)
    }
}

/// The frame of a generator has returned or raised.
pub fn finish(frame: &_PyInterpreterFrame) {
    let generator = generator_of(frame);
    leave(generator);
    // `_PyErr_ClearExcState`: what it handled goes with it.
    generator.gi_exc_state.exc_value.clear();
    generator.gi_frame_state.set(FRAME_CLEARED);
    // A frame object that outlives the generator does not lead to whoever resumed it last.
    let previous = frame.previous.replace(null_mut());
    // SAFETY: the frame has ended.
    unsafe { frames::clear_frame(frame) };
    frame.previous.set(previous);
}

/// Takes the generator's entry off the stack of handled exceptions.
fn leave(generator: &PyGenObject) {
    let state = tstate();
    if std::ptr::eq(state.exc_info.get(), &generator.gi_exc_state) {
        state
            .exc_info
            .set(generator.gi_exc_state.previous_item.replace(null_mut()));
    }
}

/// What came of sending a value.
pub enum Sent {
    Yielded(Own),
    Returned(Own),
}

/// `gen_send_ex2`: runs the generator until it yields, returns or raises.
fn resume(generator: &PyGenObject, value: Option<&PyObject>, throwing: bool) -> PyResult<Sent> {
    resume_or_close(generator, value, throwing, false)
}

fn resume_or_close(
    generator: &PyGenObject,
    value: Option<&PyObject>,
    throwing: bool,
    closing: bool,
) -> PyResult<Sent> {
    let state = generator.gi_frame_state.get();
    if state == FRAME_CREATED && value.is_some_and(|value| !value.is_none()) {
        return Err(type_error(format_args!(
            "can't send non-None value to a just-started {}",
            kind_of(generator)
        )));
    }
    if state == FRAME_EXECUTING {
        return Err(value_error(format_args!(
            "{} already executing",
            kind_of(generator)
        )));
    }
    if state >= FRAME_COMPLETED {
        if is_coroutine(generator) && !closing {
            return Err(runtime_error("cannot reuse already awaited coroutine"));
        }
        if throwing {
            return Err(Raised::already_set());
        }
        return Ok(Sent::Returned(none()));
    }
    let frame = frame_in(generator);
    // SAFETY: the compiler leaves room for the value that `yield` gives.
    unsafe {
        let slots = frames::localsplus(frame);
        let top = frame.stacktop.get() as usize;
        let sent = value.map_or_else(none, Own::new);
        *slots.add(top) = sent.into_raw();
        frame.stacktop.set(top as i32 + 1);
    }
    let thread = tstate();
    generator
        .gi_exc_state
        .previous_item
        .set((thread.exc_info() as *const _PyErr_StackItem).cast_mut());
    thread.exc_info.set(&generator.gi_exc_state);
    if throwing {
        chain_to_handled(generator);
    }
    generator.gi_frame_state.set(FRAME_EXECUTING);
    let keep_alive = Own::new(generator);
    let result = eval::run((frame as *const _PyInterpreterFrame).cast_mut(), throwing);
    // SAFETY: a reference, or null where an exception is set.
    let outcome = match unsafe { Own::from_nullable(result) } {
        Some(value) if generator.gi_frame_state.get() == FRAME_SUSPENDED => {
            Ok(Sent::Yielded(value))
        }
        Some(value) => Ok(Sent::Returned(value)),
        None => Err(stop_iteration_inside(generator)),
    };
    leave(generator);
    if outcome.is_err() && generator.gi_frame_state.get() == FRAME_EXECUTING {
        // The frame never ran: the recursion limit was hit.
        generator.gi_frame_state.set(state);
    }
    drop(keep_alive);
    outcome
}

/// `_PyErr_ChainStackItem`: what is thrown in has what the generator handles as its context.
fn chain_to_handled(generator: &PyGenObject) {
    let handled = generator.gi_exc_state.exc_value.own();
    if handled.is_none_or(|handled| handled.is_none()) {
        return;
    }
    let fetched = errors::fetch();
    let class = fetched
        .type_
        .as_deref()
        .and_then(|class| class.downcast_ref::<PyTypeObject>());
    match class {
        Some(class) => errors::raise_object(class, fetched.value),
        None => errors::restore(fetched),
    };
}

/// StopIteration must not leave a generator: it becomes a RuntimeError.
pub fn stop_iteration_inside(generator: &PyGenObject) -> Raised {
    let kind = kind_of(generator);
    let name = if errors::matches(&PyExc_StopIteration) {
        "StopIteration"
    } else if kind == "async generator" && errors::matches(&PyExc_StopAsyncIteration) {
        "StopAsyncIteration"
    } else {
        return Raised::already_set();
    };
    let cause = errors::take_exception();
    runtime_error(format_args!("{kind} raised {name}"));
    let error = errors::take_exception();
    if let Some(exception) = error.downcast_ref::<PyBaseExceptionObject>() {
        twinheap_objects::exceptions::set_cause(exception, Some(cause.clone()));
        exception.context.put(Some(cause));
    }
    errors::restore_exception(error)
}

/// Sends a value to any iterator (`PyIter_Send`).
pub fn send_to(receiver: &PyObject, value: &PyObject) -> PyResult<Sent> {
    if let Some(generator) = as_generator(receiver) {
        return resume(generator, Some(value), false);
    }
    if value.is_none()
        && let Some(next) = receiver.type_().tp_iternext.get()
    {
        // SAFETY: the slot of the object's own type.
        if let Some(item) = unsafe { Own::from_nullable(next(receiver.as_raw())) } {
            return Ok(Sent::Yielded(item));
        }
        return Ok(Sent::Returned(stop_value()?));
    }
    match call::call_method(receiver, id!("send"), &[value]) {
        Ok(item) => Ok(Sent::Yielded(item)),
        Err(_) => Ok(Sent::Returned(stop_value()?)),
    }
}

/// `_PyGen_FetchStopIterationValue`: the value of the StopIteration that is set, None without one.
pub fn stop_value() -> PyResult {
    if !errors::occurred() {
        return Ok(none());
    }
    if !errors::matches(&PyExc_StopIteration) {
        return Err(Raised::already_set());
    }
    let error = errors::take_exception();
    let value = error
        .downcast_ref::<PyStopIterationObject>()
        .and_then(|error| error.value.own());
    Ok(value.unwrap_or_else(none))
}

fn iternext(generator: &PyGenObject) -> PyResult<Option<Own>> {
    match resume(generator, None, false)? {
        Sent::Yielded(item) => Ok(Some(item)),
        Sent::Returned(value) if value.is_none() => Ok(None),
        Sent::Returned(value) => Err(errors::stop_iteration(Some(value))),
    }
}

/// A result as `send`, `throw` and `__next__` give it: the end is a StopIteration.
fn as_method_result(generator: &PyGenObject, sent: Sent) -> PyResult {
    match sent {
        Sent::Yielded(item) => Ok(item),
        Sent::Returned(_) if is_async_generator(generator.as_object()) => {
            Err(errors::raise_none(&PyExc_StopAsyncIteration))
        }
        Sent::Returned(value) if value.is_none() => Err(errors::stop_iteration(None)),
        Sent::Returned(value) => Err(errors::stop_iteration(Some(value))),
    }
}

fn send(generator: &PyGenObject, value: &PyObject) -> PyResult {
    as_method_result(generator, resume(generator, Some(value), false)?)
}

/// The iterator that a suspended generator delegates to (`_PyGen_yf`).
fn delegate(generator: &PyGenObject) -> Option<Own> {
    if generator.gi_frame_state.get() != FRAME_SUSPENDED {
        return None;
    }
    let frame = frame_in(generator);
    let instructions = code::instructions_of(frame.f_code.expect_ref());
    let last = frames::last_instruction(frame);
    let following = *instructions.get((last + 1) as usize)?;
    let is_delegating =
        opcode::DEOPT[usize::from(following as u8)] == opcode::RESUME && following >> 8 >= 2;
    if !is_delegating {
        return None;
    }
    // SAFETY: the iterator lies on top of the suspended stack.
    unsafe { (*frames::localsplus(frame).add(frame.stacktop.get() as usize - 1)).as_ref() }
        .map(Own::new)
}

fn throw(generator: &PyGenObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("throw", args.len(), 1, 3)?;
    throw_into(generator, args, true)
}

fn throw_into(generator: &PyGenObject, args: &[&PyObject], close_on_exit: bool) -> PyResult {
    if let Some(target) = delegate(generator) {
        let is_exit = close_on_exit
            && (errors::given_matches(args[0], PyExc_GeneratorExit.as_object())
                || errors::given_matches(&PyExc_GeneratorExit, args[0]));
        if is_exit {
            generator.gi_frame_state.set(FRAME_EXECUTING);
            let closed = close_iterator(&target);
            generator.gi_frame_state.set(FRAME_SUSPENDED);
            if closed.is_err() {
                return as_method_result(generator, resume(generator, None, true)?);
            }
            return raise_into(generator, args);
        }
        return throw_to_delegate(generator, &target, args);
    }
    raise_into(generator, args)
}

fn throw_to_delegate(generator: &PyGenObject, target: &PyObject, args: &[&PyObject]) -> PyResult {
    let result = if let Some(inner) = as_generator(target) {
        generator.gi_frame_state.set(FRAME_EXECUTING);
        let result = throw_into(inner, args, true);
        generator.gi_frame_state.set(FRAME_SUSPENDED);
        result
    } else {
        let Some(method) = object::lookup_attr(target, id!("throw"))? else {
            return raise_into(generator, args);
        };
        generator.gi_frame_state.set(FRAME_EXECUTING);
        let result = call::call(&method, args);
        generator.gi_frame_state.set(FRAME_SUSPENDED);
        result
    };
    if let Ok(item) = result {
        return Ok(item);
    }
    // The inner iterator has ended: its value goes into the outer generator, or its exception.
    let frame = frame_in(generator);
    // SAFETY: the iterator lies on top of the suspended stack, which owned it.
    unsafe {
        let top = frame.stacktop.get() as usize - 1;
        let inner = *frames::localsplus(frame).add(top);
        frame.stacktop.set(top as i32);
        twinheap_objects::own::decref(inner);
        // Behind the YIELD_VALUE and RESUME lies the jump back to SEND, whose target ends the loop.
        skip_delegation(frame);
    }
    match stop_value() {
        Ok(value) => as_method_result(generator, resume(generator, Some(&value), false)?),
        Err(_) => as_method_result(generator, resume(generator, None, true)?),
    }
}

/// Moves a delegating frame behind its `SEND` loop.
fn skip_delegation(frame: &_PyInterpreterFrame) {
    let instructions = code::instructions_of(frame.f_code.expect_ref());
    let mut at = frames::last_instruction(frame) as usize;
    while at > 0 && instructions[at] as u8 != opcode::SEND {
        at -= 1;
    }
    let target = at + usize::from(instructions[at] >> 8);
    let first = frames::first_instruction(frame.f_code.expect_ref());
    frame.prev_instr.set(first.wrapping_add(target));
}

/// Raises inside the generator.
fn raise_into(generator: &PyGenObject, args: &[&PyObject]) -> PyResult {
    let type_or_value = args[0];
    let value = args.get(1).copied().filter(|value| !value.is_none());
    let traceback = args
        .get(2)
        .copied()
        .filter(|traceback| !traceback.is_none());
    if let Some(traceback) = traceback
        && traceback.downcast_ref::<PyTracebackObject>().is_none()
    {
        return Err(type_error(
            "throw() third argument must be a traceback object",
        ));
    }
    let exception = if let Some(class) = type_or_value.downcast_ref::<PyTypeObject>()
        && class.has_feature(Py_TPFLAGS_BASE_EXC_SUBCLASS)
    {
        match value {
            Some(value) if value.is_instance_of(class) => Own::new(value),
            value => errors::make_exception(class, value.map(Own::new))?,
        }
    } else if type_or_value.is_instance_of(&PyExc_BaseException) {
        if value.is_some() {
            return Err(type_error(
                "instance exception may not have a separate value",
            ));
        }
        Own::new(type_or_value)
    } else {
        return Err(type_error(format_args!(
            "exceptions must be classes or instances deriving from BaseException, not {}",
            type_or_value.type_().name()
        )));
    };
    if let (Some(traceback), Some(base)) =
        (traceback, exception.downcast_ref::<PyBaseExceptionObject>())
    {
        base.traceback.put(Some(Own::new(traceback)));
    }
    errors::restore_exception(exception);
    as_method_result(generator, resume(generator, None, true)?)
}

fn close_iterator(target: &PyObject) -> PyResult<()> {
    if let Some(inner) = as_generator(target) {
        return close_generator(inner);
    }
    match object::lookup_attr(target, id!("close"))? {
        Some(method) => call::call(&method, &[]).map(drop),
        None => Ok(()),
    }
}

/// `gen_close`.
fn close_generator(generator: &PyGenObject) -> PyResult<()> {
    let state = generator.gi_frame_state.get();
    if state == FRAME_CREATED {
        // Nothing has run: there is nothing to tell.
        generator.gi_frame_state.set(FRAME_CLEARED);
        // SAFETY: the frame never runs again.
        unsafe { frames::clear_frame(frame_in(generator)) };
        return Ok(());
    }
    if state >= FRAME_COMPLETED {
        return Ok(());
    }
    if let Some(target) = delegate(generator) {
        generator.gi_frame_state.set(FRAME_EXECUTING);
        let closed = close_iterator(&target);
        generator.gi_frame_state.set(FRAME_SUSPENDED);
        if closed.is_ok() {
            errors::raise_none(&PyExc_GeneratorExit);
        }
    } else {
        errors::raise_none(&PyExc_GeneratorExit);
    }
    match resume_or_close(generator, None, true, true) {
        Ok(Sent::Yielded(_)) => Err(runtime_error(format_args!(
            "{} ignored GeneratorExit",
            kind_of(generator)
        ))),
        Ok(Sent::Returned(_)) => Ok(()),
        Err(raised) => {
            if errors::matches(&PyExc_StopIteration) || errors::matches(&PyExc_GeneratorExit) {
                errors::discard(raised);
                return Ok(());
            }
            Err(raised)
        }
    }
}

fn close(generator: &PyGenObject) -> PyResult {
    close_generator(generator)?;
    Ok(none())
}

/// `_PyGen_Finalize`: a suspended generator that nobody holds is closed.
pub(crate) fn finalize(generator: &PyGenObject) {
    if generator.gi_frame_state.get() >= FRAME_COMPLETED {
        return;
    }
    errors::preserving(|| {
        if async_generator::finalize_by_hook(generator) {
            return;
        }
        if is_coroutine(generator) && generator.gi_frame_state.get() == FRAME_CREATED {
            coroutine::warn_unawaited(generator);
            return;
        }
        if let Err(raised) = close_generator(generator) {
            twinheap_objects::unraisable::report(raised, Some(generator.as_object()));
        }
    });
}

unsafe extern "C" fn finalize_slot(generator: *mut PyObject) {
    // SAFETY: the object is alive while it is finalised.
    finalize(unsafe { &*generator.cast() });
}

unsafe fn dealloc(generator: *mut PyGenObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        let object = &*generator;
        memory::untrack(generator.cast());
        if !object.gi_weakreflist.get().is_null() {
            weakref::clear_all(object.as_object());
        }
        memory::track(generator.cast());
        if object.gi_frame_state.get() < FRAME_COMPLETED {
            object.ob_refcnt.set(1);
            finalize(object);
            let left = object.ob_refcnt.get() - 1;
            object.ob_refcnt.set(left);
            if left > 0 {
                return;
            }
        }
        memory::untrack(generator.cast());
        if object.gi_frame_state.get() < FRAME_CLEARED {
            object.gi_frame_state.set(FRAME_CLEARED);
            frame_in(object).previous.set(null_mut());
            frames::clear_frame(frame_in(object));
        }
        object.gi_code.clear();
        object.gi_name.clear();
        object.gi_qualname.clear();
        object.gi_exc_state.exc_value.clear();
        object.gi_origin_or_finalizer.clear();
        memory::gc_del(generator.cast());
    }
}

fn traverse(generator: &PyGenObject, visitor: &mut Visitor) {
    visitor.field(&generator.gi_code);
    visitor.field(&generator.gi_name);
    visitor.field(&generator.gi_qualname);
    if generator.gi_frame_state.get() < FRAME_CLEARED {
        let frame = frame_in(generator);
        visitor.field(&frame.f_locals);
        visitor.field(&frame.f_func);
        // A running frame's slots change under way; whoever runs it holds the generator.
        let running = generator.gi_frame_state.get() == FRAME_EXECUTING;
        let slots = if running {
            0
        } else {
            frame.stacktop.get() as usize
        };
        for index in 0..slots {
            // SAFETY: the slots belong to the frame.
            visitor.pointer(unsafe { *frames::localsplus(frame).add(index) });
        }
    }
    visitor.field(&generator.gi_exc_state.exc_value);
    visitor.field(&generator.gi_origin_or_finalizer);
}

fn repr(generator: &PyGenObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("<");
    writer.push_str(match kind_of(generator) {
        "async generator" => "async_generator",
        other => other,
    });
    writer.push_str(" object ");
    writer.push_object(generator.gi_qualname.expect_ref())?;
    writer.push_str(&format!(" at {:p}>", generator as *const PyGenObject));
    Ok(writer.finish()?.upcast())
}

fn get_name(generator: &PyGenObject) -> PyResult {
    Ok(generator.gi_name.own().unwrap_or_else(none))
}

fn set_name(generator: &PyGenObject, value: Option<&PyObject>) -> PyResult<()> {
    match value.filter(|value| value.downcast_ref::<PyASCIIObject>().is_some()) {
        Some(value) => {
            generator.gi_name.put(Some(Own::new(value)));
            Ok(())
        }
        None => Err(type_error("__name__ must be set to a string object")),
    }
}

fn get_qualname(generator: &PyGenObject) -> PyResult {
    Ok(generator.gi_qualname.own().unwrap_or_else(none))
}

fn set_qualname(generator: &PyGenObject, value: Option<&PyObject>) -> PyResult<()> {
    match value.filter(|value| value.downcast_ref::<PyASCIIObject>().is_some()) {
        Some(value) => {
            generator.gi_qualname.put(Some(Own::new(value)));
            Ok(())
        }
        None => Err(type_error("__qualname__ must be set to a string object")),
    }
}

fn get_frame(generator: &PyGenObject) -> PyResult {
    if generator.gi_frame_state.get() == FRAME_CLEARED {
        return Ok(none());
    }
    Ok(frames::frame_object(frame_in(generator))?.upcast())
}

fn get_running(generator: &PyGenObject) -> PyResult {
    Ok(bool_object(
        generator.gi_frame_state.get() == FRAME_EXECUTING,
    ))
}

fn get_suspended(generator: &PyGenObject) -> PyResult {
    Ok(bool_object(
        generator.gi_frame_state.get() == FRAME_SUSPENDED,
    ))
}

fn get_yieldfrom(generator: &PyGenObject) -> PyResult {
    Ok(delegate(generator).unwrap_or_else(none))
}

fn sizeof(generator: &PyGenObject) -> PyResult {
    let words = frames::frame_words(generator.gi_code.expect_ref());
    long::from_usize(offset_of!(PyGenObject, gi_iframe) + 8 * words)
}

getset! {
    static GETSET:
    "__name__" => get_name, set_name;
    "__qualname__" => get_qualname, set_qualname;
    "gi_yieldfrom" => get_yieldfrom;
    "gi_running" => get_running;
    "gi_frame" => get_frame;
    "gi_suspended" => get_suspended;
}

members! {
    static MEMBERS:
    "gi_code" => T_OBJECT, offset_of!(PyGenObject, gi_code), READONLY;
}

methods! {
    static METHODS:
    "send" => o(send);
    "throw" => fast(throw);
    "close" => noargs(close);
    "__sizeof__" => noargs(sizeof);
}

static_type! {
    /// `generator`.
    PyGen_Type = "generator", size offset_of!(PyGenObject, gi_iframe) + offset_of!(_PyInterpreterFrame, localsplus), 8,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_weaklistoffset: offset_of!(PyGenObject, gi_weakreflist) as isize,
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext iternext),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_finalize: Some(finalize_slot),
}
