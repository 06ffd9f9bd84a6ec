//! Entering and leaving the frames of Python functions without leaving the loop.

use super::super::Eval;
use super::super::regs::*;
use crate::frames;
use twinheap_abi::*;
use twinheap_objects::own::xdecref;

/// A call of a Python function whose frame is about to be pushed.
pub(in super::super) struct Entry {
    pub function: &'static PyFunctionObject,
    /// Arguments on top of the stack, which move into the frame.
    pub total: usize,
    /// Slots below the arguments that the call uses up.
    pub below: usize,
    /// Units of cache to skip in the caller.
    pub caches: isize,
}

impl Entry {
    /// The code of the function.
    #[inline(always)]
    pub fn code(&self) -> &'static PyCodeObject {
        // SAFETY: a function owns its code, a code object.
        unsafe { &*self.function.func_code.get().cast() }
    }
}

/// A store that the compiler does not gather into a call of `memset` or `memcpy`: frames have few
/// locals, and a leaf has no registers to save.
#[inline(always)]
unsafe fn store(slot: *mut *mut PyObject, value: *mut PyObject) {
    // SAFETY: the caller's slot.
    unsafe { slot.write_volatile(value) }
}

/// Goes on in the function's frame. Every parameter has its argument; the reference to the function
/// moves into the frame. Without room at hand, `slowly` does the same, and nothing has changed yet.
#[inline(always)]
pub(in super::super) fn enter(e: &mut Eval, r: &mut Regs, entry: &Entry, slowly: Act) -> Act {
    let code = entry.code();
    let left = e.state.recursion_remaining.get() - 1;
    if left < 0 {
        return slowly;
    }
    let new = frames::push_frame_quickly(e.state, frames::frame_words(code));
    if new.is_null() {
        return slowly;
    }
    e.state.recursion_remaining.set(left);
    // SAFETY: the frame has room for the locals of its code; the arguments lie on the stack.
    unsafe {
        let args = r.sp.sub(entry.total);
        let slots: *mut *mut PyObject = (*new).localsplus.as_ptr().cast_mut().cast();
        for index in 0..entry.total {
            store(slots.add(index), *args.add(index));
        }
        let all = code.co_nlocalsplus.get() as usize;
        for index in entry.total..all {
            store(slots.add(index), std::ptr::null_mut());
        }
        frames::set_specials(&*new, entry.function, code);
        // The caller goes on behind the caches.
        r.sp = args.sub(entry.below);
        r.frame().stacktop.set(r.depth());
        r.jump(entry.caches);
        r.mark();
        (*new).previous.set(r.frame);
        switch(e, r, new, slots.add(all));
        r.next = frames::first_instruction(code);
    }
    Act::Next
}

/// Makes another frame the running one.
#[inline(always)]
fn switch(e: &mut Eval, r: &mut Regs, frame: *mut _PyInterpreterFrame, sp: *mut *mut PyObject) {
    r.frame = frame;
    r.sp = sp;
    // SAFETY: the frame is valid, and goes on behind the instruction that it ran last.
    unsafe {
        r.next = (*frame).prev_instr.get().wrapping_add(1);
        e.set_code(&*(*frame).f_code.get());
    }
    e.state.current_frame.set(frame);
}

/// Goes on in a frame of this loop that has been left before, one level up.
#[inline(always)]
pub(in super::super) fn back_to(e: &mut Eval, r: &mut Regs, frame: *mut _PyInterpreterFrame) {
    let state = e.state;
    state
        .recursion_remaining
        .set(state.recursion_remaining.get() + 1);
    resume_frame(e, r, frame);
}

/// Goes on in a frame that knows how deep its stack is.
#[inline(always)]
pub(in super::super) fn resume_frame(e: &mut Eval, r: &mut Regs, frame: *mut _PyInterpreterFrame) {
    // SAFETY: the frame is valid; the stack lies behind the locals.
    let sp = unsafe {
        let slots: *mut *mut PyObject = (*frame).localsplus.as_ptr().cast_mut().cast();
        slots.add((*frame).stacktop.get() as usize)
    };
    switch(e, r, frame, sp);
}

#[inline(always)]
pub fn return_value(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let frame = r.frame();
    if frame.owner.get() != FRAME_OWNED_BY_THREAD || !frame.frame_obj.get().is_null() {
        return Act::Cold(super::loops::return_otherwise);
    }
    r.mark();
    let value = r.pop();
    frame.stacktop.set(r.depth());
    let mut slot = r.slot(0);
    while slot < r.sp {
        // SAFETY: the frame owns what its slots hold.
        unsafe {
            if let Some(object) = (*slot).as_ref() {
                drop_ref(object);
            }
            slot = slot.add(1);
        }
    }
    if !frame.frame_obj.get().is_null() || !frame.f_locals.get().is_null() {
        release_rest(frame);
    }
    // SAFETY: the frame owns function and code.
    unsafe {
        drop_ref(&*frame.f_func.get().cast());
        drop_ref(&*frame.f_code.get().cast());
    }
    let previous = frame.previous.get();
    let is_entry = frame.is_entry.get();
    frames::pop_frame(e.state, r.frame);
    if is_entry {
        // The caller of the loop gives the level of recursion back.
        e.state.current_frame.set(previous);
        return Act::Exit(value);
    }
    back_to(e, r, previous);
    r.push(value);
    Act::Called
}

#[cold]
#[inline(never)]
fn release_rest(frame: &_PyInterpreterFrame) {
    // SAFETY: the frame owned both.
    unsafe {
        xdecref(frame.frame_obj.replace(std::ptr::null_mut()).cast());
        xdecref(frame.f_locals.replace(std::ptr::null_mut()));
    }
}
