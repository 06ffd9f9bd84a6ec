//! Frames (`Python/frame.c`, `Objects/frameobject.c`): the data stack that they live on, their end,
//! and frame objects, which are made only when somebody asks.

use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own, decref, xdecref};
use twinheap_objects::singletons::none;
use twinheap_objects::state::{ThreadState, tstate};
use twinheap_objects::{
    abstract_, code, data_stack, dict, getset, long, members, methods, slot, static_type, tuple,
    unicode, unraisable, warnings,
};

/// Words of a frame of this code.
#[inline(always)]
pub fn frame_words(code: &PyCodeObject) -> usize {
    code.co_nlocalsplus.get() as usize + code.co_stacksize.get() as usize + FRAME_SPECIALS_SIZE
}

/// `_PyThreadState_PushFrame`: room for a frame, uninitialised.
#[inline(always)]
pub fn push_frame(words: usize) -> *mut _PyInterpreterFrame {
    data_stack::push(tstate(), words).cast()
}

/// Room for a frame in the chunk in use, or null.
#[inline(always)]
pub fn push_frame_quickly(state: &ThreadState, words: usize) -> *mut _PyInterpreterFrame {
    data_stack::push_quickly(state, words).cast()
}

/// `_PyThreadState_PopFrame`: the frame is the last one pushed.
#[inline(always)]
pub fn pop_frame(state: &ThreadState, frame: *mut _PyInterpreterFrame) {
    data_stack::pop(state, frame.cast());
}

/// Sets the specials of a fresh frame; takes over the references to function and locals.
///
/// # Safety
/// `frame` has room for the frame of the function's code.
#[inline(always)]
pub unsafe fn initialize(
    frame: *mut _PyInterpreterFrame,
    function: Own<PyFunctionObject>,
    locals: Option<Own>,
    code: &PyCodeObject,
) {
    // SAFETY: by contract.
    let frame = unsafe { &*frame };
    set_specials(frame, &function, code);
    std::mem::forget(function);
    frame.f_locals.set(locals.map_or(null_mut(), Own::into_raw));
}

/// The specials of a frame without a namespace; the reference to the function moves into it.
#[inline(always)]
pub fn set_specials(frame: &_PyInterpreterFrame, function: &PyFunctionObject, code: &PyCodeObject) {
    frame.f_globals.set(function.func_globals.get());
    frame.f_builtins.set(function.func_builtins.get());
    frame
        .f_func
        .set((function as *const PyFunctionObject).cast_mut());
    frame.f_code.set(Own::new(code).into_raw());
    frame.f_locals.set(null_mut());
    frame.stacktop.set(code.co_nlocalsplus.get());
    frame.frame_obj.set(null_mut());
    frame
        .prev_instr
        .set(first_instruction(code).wrapping_sub(1));
    frame.is_entry.set(false);
    frame.owner.set(FRAME_OWNED_BY_THREAD);
}

/// The address of the first instruction.
#[inline(always)]
pub fn first_instruction(code: &PyCodeObject) -> *mut _Py_CODEUNIT {
    code.co_code_adaptive.as_ptr().cast_mut().cast()
}

/// Locals and stack of a frame.
#[inline(always)]
pub fn localsplus(frame: &_PyInterpreterFrame) -> *mut *mut PyObject {
    frame.localsplus.as_ptr().cast_mut().cast()
}

/// The index of the instruction before the next one.
#[inline(always)]
pub fn last_instruction(frame: &_PyInterpreterFrame) -> isize {
    let first = first_instruction(frame.f_code.expect_ref());
    // SAFETY: both point into the code's instructions, or one before them.
    unsafe { frame.prev_instr.get().offset_from(first) }
}

/// The source line that the frame is at; -1 where there is none.
pub fn current_line(frame: &_PyInterpreterFrame) -> i32 {
    code::line_of(
        frame.f_code.expect_ref(),
        2 * last_instruction(frame) as i32,
    )
}

/// `_PyFrame_GetFrameObject`: the frame's object, made where there is none.
pub fn frame_object(frame: &_PyInterpreterFrame) -> PyResult<Own<PyFrameObject>> {
    if let Some(existing) = frame.frame_obj.own() {
        return Ok(existing);
    }
    let made = new_frame_object(frame.f_code.expect_ref())?;
    made.f_frame
        .set((frame as *const _PyInterpreterFrame).cast_mut());
    frame.frame_obj.set(Own::new(&*made).into_raw());
    Ok(made)
}

fn new_frame_object(code: &PyCodeObject) -> PyResult<Own<PyFrameObject>> {
    let slots = code.co_nlocalsplus.get() as usize + code.co_stacksize.get() as usize;
    let size = offset_of!(PyFrameObject, _f_frame_data) + 8 * (slots + FRAME_SPECIALS_SIZE);
    let object: *mut PyFrameObject = memory::new_gc_object(&PyFrame_Type, size)?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).f_back.set(null_mut());
        (*object).f_frame.set(null_mut());
        (*object).f_trace.set(null_mut());
        (*object).f_trace_lines.set(true);
        (*object).f_trace_opcodes.set(false);
        (*object).f_fast_as_locals.set(false);
        (*object).f_lineno.set(0);
        Ok(Own::from_raw(object))
    }
}

/// `_PyFrame_Clear`: releases what the frame holds; a frame object that others hold takes it over.
///
/// # Safety
/// The frame has ended; `stacktop` tells how much of it is in use.
pub unsafe fn clear_frame(frame: &_PyInterpreterFrame) {
    let object = frame.frame_obj.replace(null_mut());
    // SAFETY: the frame owned its object.
    unsafe {
        if !object.is_null() {
            if (*object).ob_refcnt.get() > 1 {
                take_ownership(&*object, frame);
                decref(object.cast());
                return;
            }
            decref(object.cast());
        }
        release_contents(frame);
    }
}

unsafe fn release_contents(frame: &_PyInterpreterFrame) {
    let slots = localsplus(frame);
    // SAFETY: the frame owns what its slots hold.
    unsafe {
        for index in 0..frame.stacktop.get() as usize {
            xdecref(*slots.add(index));
        }
        xdecref(frame.frame_obj.replace(null_mut()).cast());
        xdecref(frame.f_locals.replace(null_mut()));
        xdecref(frame.f_func.get().cast());
        decref(frame.f_code.get().cast());
    }
}

/// `take_ownership`: the frame's words move into the frame object, which outlives the call.
unsafe fn take_ownership(object: &PyFrameObject, frame: &_PyInterpreterFrame) {
    let words = FRAME_SPECIALS_SIZE + frame.stacktop.get() as usize;
    let target: *mut _PyInterpreterFrame = object._f_frame_data.as_ptr().cast_mut().cast();
    // SAFETY: the frame object has room for the frame of its code.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (frame as *const _PyInterpreterFrame).cast::<*mut PyObject>(),
            target.cast(),
            words,
        );
        object.f_frame.set(target);
        let moved = &*target;
        moved.frame_obj.set(null_mut());
        moved.owner.set(FRAME_OWNED_BY_FRAME_OBJECT);
        if is_incomplete(moved) {
            // A generator that never ran: its frame object stands where the first RESUME has run.
            let code = moved.f_code.expect_ref();
            let entry = code._co_firsttraceable.get() as usize;
            moved.prev_instr.set(first_instruction(code).add(entry));
        }
        // The caller's frame object is kept, so that f_back still answers.
        let mut previous = moved.previous.get();
        while !previous.is_null() && is_incomplete(&*previous) {
            previous = (*previous).previous.get();
        }
        if let Some(previous) = previous.as_ref()
            && let Ok(back) = frame_object(previous)
        {
            object.f_back.set(back.into_raw());
        }
        moved.previous.set(null_mut());
        if !memory::is_tracked(object.as_object()) {
            memory::track(object.as_raw());
        }
    }
}

/// `_PyFrame_IsIncomplete`: the frame has not reached its first traceable instruction.
pub fn is_incomplete(frame: &_PyInterpreterFrame) -> bool {
    if frame.owner.get() == FRAME_OWNED_BY_GENERATOR {
        return false;
    }
    let code = frame.f_code.expect_ref();
    last_instruction(frame) < code._co_firsttraceable.get() as isize
}

/// The frame behind a frame object.
pub fn frame_of(object: &PyFrameObject) -> &_PyInterpreterFrame {
    // SAFETY: a frame object always points to its frame.
    unsafe { &*object.f_frame.get() }
}

/// `PyFrame_GetLineNumber`.
pub fn line_of_object(object: &PyFrameObject) -> i32 {
    if object.f_lineno.get() != 0 {
        return object.f_lineno.get();
    }
    current_line(frame_of(object))
}

/// The innermost frame that runs Python code.
pub fn innermost() -> Option<&'static _PyInterpreterFrame> {
    innermost_of(tstate())
}

/// The innermost frame of a thread that runs Python code.
pub fn innermost_of(state: &ThreadState) -> Option<&'static _PyInterpreterFrame> {
    let mut frame = state.current_frame.get();
    // SAFETY: the frames of the chain are valid.
    unsafe {
        while let Some(current) = frame.as_ref() {
            if !is_incomplete(current) {
                return Some(current);
            }
            frame = current.previous.get();
        }
    }
    None
}

/// The same as an object.
pub fn innermost_object() -> PyResult<Option<Own>> {
    match innermost() {
        Some(frame) => Ok(Some(frame_object(frame)?.upcast())),
        None => Ok(None),
    }
}

/// `PyFrame_FastToLocalsWithError`: the locals of a frame as a mapping.
pub fn locals_mapping(frame: &_PyInterpreterFrame) -> PyResult {
    let code = frame.f_code.expect_ref();
    let mapping = match frame.f_locals.own() {
        Some(mapping) => mapping,
        None => {
            let made = dict::new()?.upcast();
            frame.f_locals.put(Some(made.clone()));
            made
        }
    };
    if code.co_flags.get() & CO_OPTIMIZED == 0 {
        return Ok(mapping);
    }
    // SAFETY: names are a tuple, kinds are bytes; the slots belong to the frame.
    unsafe {
        let names = tuple::items(&*code.co_localsplusnames.get().cast());
        let kinds = twinheap_objects::bytes::data_of(&*code.co_localspluskinds.get().cast());
        let Some(target) = mapping.downcast_ref::<PyDictObject>() else {
            return Ok(mapping);
        };
        for (index, name) in names.iter().enumerate() {
            let mut value = (*localsplus(frame).add(index)).as_ref();
            if kinds[index] & (CO_FAST_CELL | CO_FAST_FREE) != 0
                && let Some(cell) = value.and_then(|value| value.downcast_ref::<PyCellObject>())
            {
                value = cell.ob_ref.as_ref();
            }
            match value {
                Some(value) => dict::set_item(target, name, value)?,
                None => {
                    dict::remove(target, name)?;
                }
            }
        }
    }
    Ok(mapping)
}

/// The locals of a frame object as a mapping, which may be changed: see [`locals_to_fast`].
pub fn locals_of_object(object: &PyFrameObject) -> PyResult {
    let mapping = locals_mapping(frame_of(object))?;
    object.f_fast_as_locals.set(true);
    Ok(mapping)
}

fn get_locals(object: &PyFrameObject) -> PyResult {
    locals_of_object(object)
}

/// `PyFrame_LocalsToFast`: what was changed in the mapping of the locals becomes the frame's; a name that
/// is gone from it loses its value.
pub fn locals_to_fast(object: &PyFrameObject) {
    let frame = frame_of(object);
    if !object.f_fast_as_locals.get() || frame.owner.get() == FRAME_OWNED_BY_FRAME_OBJECT {
        return;
    }
    object.f_fast_as_locals.set(false);
    let Some(mapping) = frame.f_locals.own() else {
        return;
    };
    let code = Own::new(frame.f_code.expect_ref());
    let fetched = errors::fetch();
    // SAFETY: names are a tuple, kinds are bytes, and the code is held here.
    let (names, kinds) = unsafe {
        (
            tuple::items(&*code.co_localsplusnames.get().cast()),
            twinheap_objects::bytes::data_of(&*code.co_localspluskinds.get().cast()),
        )
    };
    for (index, name) in names.iter().enumerate() {
        let kind = kinds[index];
        if kind & CO_FAST_FREE != 0 && code.co_flags.get() & CO_OPTIMIZED == 0 {
            continue;
        }
        let value = match abstract_::get_item(&mapping, name) {
            Ok(value) => Some(value),
            Err(raised) => {
                errors::discard(raised);
                None
            }
        };
        set_fast(frame, index, kind, name, value);
    }
    errors::restore(fetched);
}

/// `_PyFrame_LocalsToFast` gives an unbound local None rather than nothing, and warns of it.
fn warn_of_unbound(frame: &_PyInterpreterFrame, name: &PyObject) {
    let text = format!("assigning None to unbound local {}", name.repr_lossy());
    if let Err(raised) = warnings::warn_runtime(&text) {
        unraisable::report(raised, frame.f_func.as_ref().map(Layout::as_object));
    }
}

/// Gives a local its value. One that has none gets None, as the compiler may have proved that it is bound.
fn set_fast(
    frame: &_PyInterpreterFrame,
    index: usize,
    kind: u8,
    name: &PyObject,
    value: Option<Own>,
) {
    // SAFETY: the slot belongs to the frame, which holds what it has.
    let slot = unsafe { localsplus(frame).add(index) };
    // SAFETY: as above.
    let old = unsafe { (*slot).as_ref() };
    let is_cell = kind & (CO_FAST_CELL | CO_FAST_FREE) != 0;
    if is_cell && let Some(cell) = old.and_then(|old| old.downcast_ref::<PyCellObject>()) {
        if cell.ob_ref.get() != value.as_ref().map_or(null_mut(), Own::as_ptr) {
            cell.ob_ref.put(value);
        }
        return;
    }
    let held = old.map_or(null_mut(), Layout::as_raw);
    if held == value.as_ref().map_or(null_mut(), Own::as_ptr) {
        return;
    }
    let value = value.unwrap_or_else(|| {
        warn_of_unbound(frame, name);
        none()
    });
    // SAFETY: the slot owned what it held, and owns the new value.
    unsafe { xdecref(std::ptr::replace(slot, value.into_raw())) };
}

fn get_lineno(object: &PyFrameObject) -> PyResult {
    let line = line_of_object(object);
    if line < 0 {
        return Ok(none());
    }
    Ok(long::from_i64(i64::from(line))?.upcast())
}

fn get_trace(object: &PyFrameObject) -> PyResult {
    Ok(object.f_trace.own().unwrap_or_else(none))
}

/// `frame_settrace`: None and a deletion both take the function away.
fn set_trace(object: &PyFrameObject, value: Option<&PyObject>) -> PyResult<()> {
    let function = value.filter(|value| !value.is_none());
    object.f_trace.put(function.map(Own::new));
    Ok(())
}

fn get_lasti(object: &PyFrameObject) -> PyResult {
    let last = last_instruction(frame_of(object));
    long::from_isize(if last < 0 { -1 } else { 2 * last })
}

fn get_globals(object: &PyFrameObject) -> PyResult {
    Ok(frame_of(object).f_globals.own().unwrap_or_else(none))
}

fn get_builtins(object: &PyFrameObject) -> PyResult {
    Ok(frame_of(object).f_builtins.own().unwrap_or_else(none))
}

fn get_code(object: &PyFrameObject) -> PyResult {
    Ok(Own::new(frame_of(object).f_code.expect_ref()).upcast())
}

/// The generator that a frame is part of.
pub fn generator_of(frame: &_PyInterpreterFrame) -> Option<&PyGenObject> {
    if frame.owner.get() != FRAME_OWNED_BY_GENERATOR {
        return None;
    }
    let start = std::ptr::from_ref(frame).cast::<u8>();
    // SAFETY: such a frame lies inside its generator, which lives as long as the frame is that generator's.
    Some(unsafe { &*start.sub(offset_of!(PyGenObject, gi_iframe)).cast() })
}

/// Whether the frame is a generator's that has yielded.
pub fn is_suspended(frame: &_PyInterpreterFrame) -> bool {
    generator_of(frame).is_some_and(|generator| generator.gi_frame_state.get() == FRAME_SUSPENDED)
}

fn get_back(object: &PyFrameObject) -> PyResult {
    if let Some(back) = object.f_back.own() {
        return Ok(back.upcast());
    }
    let resting = |generator: &PyGenObject| generator.gi_frame_state.get() != FRAME_EXECUTING;
    if generator_of(frame_of(object)).is_some_and(resting) {
        return Ok(none());
    }
    let mut previous = frame_of(object).previous.get();
    // SAFETY: the frames of the chain are valid.
    unsafe {
        while let Some(frame) = previous.as_ref() {
            if !is_incomplete(frame) {
                return Ok(frame_object(frame)?.upcast());
            }
            previous = frame.previous.get();
        }
    }
    Ok(none())
}

fn repr(object: &PyFrameObject) -> PyResult {
    let code = frame_of(object).f_code.expect_ref();
    let mut writer = unicode::Writer::new();
    writer.push_str(&format!(
        "<frame at {:p}, file ",
        object as *const PyFrameObject
    ));
    writer.push(&object::repr(code.co_filename.expect_ref())?);
    writer.push_str(&format!(", line {}, code ", line_of_object(object)));
    writer.push_object(code.co_name.expect_ref())?;
    writer.push_str(">");
    Ok(writer.finish()?.upcast())
}

fn traverse(object: &PyFrameObject, visitor: &mut Visitor) {
    visitor.field(&object.f_back);
    visitor.field(&object.f_trace);
    let frame = frame_of(object);
    if frame.owner.get() == FRAME_OWNED_BY_FRAME_OBJECT {
        visitor.field(&frame.f_locals);
        visitor.field(&frame.f_func);
        visitor.field(&frame.f_code);
        for index in 0..frame.stacktop.get() as usize {
            // SAFETY: the slots belong to the frame.
            visitor.pointer(unsafe { *localsplus(frame).add(index) });
        }
    }
}

unsafe fn dealloc(object: *mut PyFrameObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(object.cast());
        memory::with_trashcan(object.cast(), |object| {
            let object: *mut PyFrameObject = object.cast();
            let frame = (*object).f_frame.get();
            if let Some(frame) = frame.as_ref()
                && frame.owner.get() == FRAME_OWNED_BY_FRAME_OBJECT
            {
                release_contents(frame);
            }
            (*object).f_back.clear();
            (*object).f_trace.clear();
            memory::gc_del(object.cast());
        });
    }
}

/// `frame_tp_clear`: the locals and the stack of a frame that has ended.
fn clear(object: &PyFrameObject) {
    object.f_trace.clear();
    let frame = frame_of(object);
    if frame.owner.get() != FRAME_OWNED_BY_FRAME_OBJECT {
        return;
    }
    for index in 0..frame.stacktop.get() as usize {
        // SAFETY: the slots belong to the frame, which owns what they hold.
        unsafe { xdecref(std::ptr::replace(localsplus(frame).add(index), null_mut())) };
    }
    frame.stacktop.set(0);
}

fn clear_method(object: &PyFrameObject) -> PyResult {
    let frame = frame_of(object);
    if let Some(generator) = generator_of(frame)
        && generator.gi_frame_state.get() != FRAME_EXECUTING
    {
        let held = Own::new(generator);
        crate::generator::finalize(&held);
        return Ok(none());
    }
    if frame.owner.get() != FRAME_OWNED_BY_FRAME_OBJECT {
        return Err(twinheap_objects::errors::runtime_error(
            "cannot clear an executing frame",
        ));
    }
    for index in 0..frame.stacktop.get() as usize {
        // SAFETY: the slots belong to the frame, which owns what they hold.
        unsafe { xdecref(std::ptr::replace(localsplus(frame).add(index), null_mut())) };
    }
    frame.stacktop.set(0);
    Ok(none())
}

members! {
    static MEMBERS:
    "f_trace_lines" => T_BOOL, offset_of!(PyFrameObject, f_trace_lines), 0;
    "f_trace_opcodes" => T_BOOL, offset_of!(PyFrameObject, f_trace_opcodes), 0;
}

getset! {
    static GETSET:
    "f_back" => get_back;
    "f_locals" => get_locals;
    "f_lineno" => get_lineno, crate::line_jump::set_lineno;
    "f_trace" => get_trace, set_trace;
    "f_lasti" => get_lasti;
    "f_globals" => get_globals;
    "f_builtins" => get_builtins;
    "f_code" => get_code;
}

methods! {
    static METHODS:
    "clear" => noargs(clear_method);
}

static_type! {
    /// `frame`.
    PyFrame_Type = "frame", size offset_of!(PyFrameObject, _f_frame_data) + 8 * FRAME_SPECIALS_SIZE, 8,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
}

/// The next outer frame that has begun to run.
pub fn previous_complete(frame: &_PyInterpreterFrame) -> Option<&_PyInterpreterFrame> {
    let mut previous = frame.previous.get();
    // SAFETY: the frames of the chain are valid.
    unsafe {
        while !previous.is_null() && is_incomplete(&*previous) {
            previous = (*previous).previous.get();
        }
        previous.as_ref()
    }
}
