//! `FOR_ITER`, and generators that are resumed in the loop that runs.
//!
//! CPython 3.11 runs a generator in an evaluator of its own (`gen_send_ex2`). Here `FOR_ITER` and
//! `SEND` push its frame like a call's. What the program can see is the same: depth of recursion,
//! chain of frames, handled exceptions, states.

use super::super::Eval;
use super::super::regs::*;
use super::frames::{back_to, resume_frame};
use crate::generator::{self, PyCoro_Type, PyGen_Type};
use std::ptr::null_mut;
use twinheap_abi::opcode::{DEOPT, FOR_ITER};
use twinheap_abi::*;
use twinheap_objects::iter::{PyListIter_Type, PyTupleIter_Type};
use twinheap_objects::long;
use twinheap_objects::own::Own;
use twinheap_objects::range::PyRangeIter_Type;

/// The next item of a list's or a tuple's iterator; none at its end.
#[inline(always)]
fn next_item(iterator: Ref, is_list: bool) -> Option<Ref> {
    // SAFETY: callers have checked the type; both iterators have the same fields, and own their
    // sequence.
    unsafe {
        let state: &_PyListIterObject = as_a(iterator);
        let sequence = state.it_seq.get().cast::<PyVarObject>();
        let index = state.it_index.get();
        if sequence.is_null() || index as usize >= (*sequence).ob_size.get() as usize {
            return None;
        }
        state.it_index.set(index + 1);
        let items: *const *mut PyObject = if is_list {
            (*sequence.cast::<PyListObject>()).ob_item.get().cast()
        } else {
            (*sequence.cast::<PyTupleObject>()).ob_item.as_ptr().cast()
        };
        Some(&**items.offset(index))
    }
}

/// The next int of a range, where that calls nothing.
#[inline(always)]
fn next_of_range(iterator: Ref) -> *mut PyObject {
    // SAFETY: callers have checked the type.
    let state: &_PyRangeIterObject = unsafe { as_a(iterator) };
    let index = state.index.get();
    if index >= state.len.get() {
        return null_mut();
    }
    let value = state
        .start
        .get()
        .wrapping_add(index.wrapping_mul(state.step.get()));
    let made = long::quick_new(value);
    if !made.is_null() {
        state.index.set(index + 1);
    }
    made
}

#[inline(always)]
pub fn for_iter(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let iterator = r.peek(1);
    let item = if is(iterator, &PyListIter_Type) {
        next_item(iterator, true).map_or(null_mut(), hold)
    } else if is(iterator, &PyRangeIter_Type) {
        next_of_range(iterator)
    } else if is(iterator, &PyTupleIter_Type) {
        next_item(iterator, false).map_or(null_mut(), hold)
    } else if is(iterator, &PyGen_Type) {
        return enter_generator(e, r, iterator, None, oparg);
    } else {
        null_mut()
    };
    if item.is_null() {
        return Act::General;
    }
    r.push(item);
    Act::Next
}

#[inline(always)]
pub fn send(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let (receiver, value) = (r.peek(2), r.peek(1));
    if !is(receiver, &PyGen_Type) && !is(receiver, &PyCoro_Type) {
        return Act::General;
    }
    enter_generator(e, r, receiver, Some(value), oparg)
}

/// Goes on in the frame of a generator; a value sent comes off the stack.
#[inline(always)]
fn enter_generator(
    e: &mut Eval,
    r: &mut Regs,
    receiver: Ref,
    value: Option<Ref>,
    oparg: usize,
) -> Act {
    // SAFETY: callers have checked the type.
    let generator: &'static PyGenObject = unsafe { as_a(receiver) };
    let state = generator.gi_frame_state.get();
    let sent = value.unwrap_or(none_ref());
    let is_ready =
        state == FRAME_SUSPENDED || state == FRAME_CREATED && std::ptr::eq(sent, none_ref());
    let left = e.state.recursion_remaining.get() - 1;
    // The way back reads the distance of the jump from the instruction itself.
    if !is_ready || left < 0 || oparg > 255 {
        return Act::General;
    }
    e.state.recursion_remaining.set(left);
    r.mark();
    let sent = match value {
        Some(_) => r.pop(),
        None => hold(sent),
    };
    r.frame().stacktop.set(r.depth());
    generator
        .gi_exc_state
        .previous_item
        .set((e.state.exc_info() as *const _PyErr_StackItem).cast_mut());
    e.state.exc_info.set(&generator.gi_exc_state);
    generator.gi_frame_state.set(FRAME_EXECUTING);
    let frame: *mut _PyInterpreterFrame = generator.gi_iframe.as_ptr().cast_mut().cast();
    // SAFETY: the generator was made with room for its frame.
    unsafe {
        (*frame).previous.set(r.frame);
        (*frame).is_entry.set(false);
    }
    resume_frame(e, r, frame);
    r.push(sent);
    Act::Next
}

#[inline(always)]
pub fn yield_value(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let frame = r.frame();
    r.mark();
    let value = r.pop();
    frame.stacktop.set(r.depth());
    let generator = generator::generator_of(frame);
    generator.gi_frame_state.set(FRAME_SUSPENDED);
    let outer = generator.gi_exc_state.previous_item.replace(null_mut());
    e.state.exc_info.set(outer);
    if frame.is_entry.get() {
        // The caller of the loop gives the level of recursion back.
        e.state.current_frame.set(frame.previous.get());
        return Act::Exit(value);
    }
    back_to(e, r, frame.previous.get());
    r.push(value);
    Act::Next
}

/// `RETURN_VALUE` of a generator's frame, or of one with a frame object.
#[inline(never)]
pub(super) fn return_otherwise(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let frame = r.frame();
    if frame.owner.get() != FRAME_OWNED_BY_GENERATOR || frame.is_entry.get() {
        return general(e, r, oparg);
    }
    r.mark();
    let value = r.pop();
    frame.stacktop.set(r.depth());
    let held = Own::new(generator::generator_of(frame));
    let previous = frame.previous.get();
    generator::finish(frame);
    back_to(e, r, previous);
    drop(held);
    // The frame that resumed this one stands behind its instruction.
    let word = r.next.wrapping_sub(1);
    // SAFETY: an instruction of the running code.
    let word = unsafe { *word };
    let receiver = r.peek(1);
    r.shrink(1);
    // SAFETY: the value that was returned.
    let returned: Ref = unsafe { &*value };
    if DEOPT[usize::from(word as u8)] == FOR_ITER {
        drop_ref(returned);
    } else {
        r.push(value);
    }
    drop_ref(receiver);
    r.jump(isize::from((word >> 8) as u8));
    Act::Called
}
