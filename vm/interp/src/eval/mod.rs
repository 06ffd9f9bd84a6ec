//! The eval loop (`Python/ceval.c`): one function per opcode, in files by family; calls from Python
//! to Python push a frame and go on in the same loop, and so does a generator that is resumed.
//!
//! An opcode has a quick form (`ops`, a leaf that works on [`regs::Regs`]), a general form (a method of
//! [`Eval`], in the files beside this one), or both: the quick form names the general one for what it
//! leaves aside. `table.rs` says which opcode has which quick form; `tail.rs` and `drive.rs` run them.
//!
//! The operand stack is part of the frame; the compiler's stack depth guarantees that a push has room.
//! `vm/interp/NOTES.md` tells what was measured.

mod arithmetic;
mod asynchronous;
mod build;
pub mod calls;
mod drive;
mod flow;
mod general;
mod loads;
mod matching;
mod names;
mod ops;
mod regs;
pub mod specialise;
mod table;
#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
mod tail;
mod trace;
mod unwind;

pub use unwind::{add_traceback, exception_table};

use crate::frames;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::object;
use twinheap_objects::own::{Field, Own};
use twinheap_objects::state::{ThreadState, tstate};

/// The state of the loop for the frame that runs.
pub struct Eval {
    pub frame: *mut _PyInterpreterFrame,
    /// The instruction to run next.
    next: *const _Py_CODEUNIT,
    /// Behind the top of the operand stack.
    sp: *mut *mut PyObject,
    /// The constants of the running code.
    consts: *const *mut PyObject,
    /// The names of the running code.
    names: *const *mut PyObject,
    /// The keyword names of the call that comes.
    kwnames: *mut PyTupleObject,
    state: &'static ThreadState,
    /// The exception that is set has this frame in its traceback already.
    reraising: bool,
    /// The result of the loop, once it ends.
    result_slot: *mut PyObject,
}

/// What an opcode asks of the loop, apart from raising.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Go on with the next instruction.
    Next,
    /// Leave the loop with the value on top of the stack.
    Exit,
}

impl Eval {
    /// The running frame.
    #[inline(always)]
    pub fn frame(&self) -> &_PyInterpreterFrame {
        // SAFETY: the loop's frame is valid while it runs.
        unsafe { &*self.frame }
    }

    /// The running code.
    #[inline(always)]
    pub fn code(&self) -> &PyCodeObject {
        self.frame().f_code.expect_ref()
    }

    #[inline(always)]
    fn push(&mut self, value: Own) {
        self.push_raw(value.into_raw());
    }

    /// Pushes a reference that the stack owns from now on, or null.
    #[inline(always)]
    fn push_raw(&mut self, value: *mut PyObject) {
        // SAFETY: the compiler's stack depth leaves room.
        unsafe {
            *self.sp = value;
            self.sp = self.sp.add(1);
        }
    }

    #[inline(always)]
    fn pop_raw(&mut self) -> *mut PyObject {
        // SAFETY: the compiler's stack depth says that there is a value.
        unsafe {
            self.sp = self.sp.sub(1);
            *self.sp
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Own {
        let value = self.pop_raw();
        // SAFETY: the stack owned the value, which is not null here by the compiler's discipline.
        unsafe { Own::from_raw(value) }
    }

    /// The n-th value from the top, the top itself being 1.
    #[inline(always)]
    fn peek(&self, depth: usize) -> &PyObject {
        // SAFETY: the compiler's stack depth says that there is a value.
        unsafe { &**self.sp.sub(depth) }
    }

    #[inline(always)]
    fn peek_raw(&self, depth: usize) -> *mut PyObject {
        // SAFETY: as for peek; the value may be null.
        unsafe { *self.sp.sub(depth) }
    }

    /// Replaces the n-th value from the top without releasing it.
    #[inline(always)]
    fn poke_raw(&mut self, depth: usize, value: *mut PyObject) {
        // SAFETY: the compiler's stack depth says that there is a slot.
        unsafe { *self.sp.sub(depth) = value }
    }

    /// A local variable's slot.
    #[inline(always)]
    fn local(&self, index: usize) -> *mut *mut PyObject {
        // SAFETY: the compiler's indices lie inside the locals.
        unsafe { frames::localsplus(self.frame()).add(index) }
    }

    #[inline(always)]
    fn name(&self, index: usize) -> &'static PyASCIIObject {
        // SAFETY: the compiler's indices lie inside the names, which the running code keeps alive.
        unsafe { &*(*self.names.add(index)).cast() }
    }

    #[inline(always)]
    fn jump(&mut self, offset: isize) {
        // SAFETY: the compiler's jumps stay inside the code.
        self.next = unsafe { self.next.offset(offset) };
    }

    #[inline(always)]
    fn skip_caches(&mut self, count: isize) {
        self.jump(count);
    }

    /// Makes a frame the running one.
    #[inline(always)]
    fn enter(&mut self, frame: *mut _PyInterpreterFrame) {
        self.frame = frame;
        self.load_frame();
    }

    /// Reads the running frame's state into the loop's.
    #[inline(always)]
    fn load_frame(&mut self) {
        let frame = self.frame();
        let code = frame.f_code.expect_ref();
        // SAFETY: constants and names are tuples; the stack top lies inside the frame.
        unsafe {
            let consts = code.co_consts.get().cast::<PyTupleObject>();
            let names = code.co_names.get().cast::<PyTupleObject>();
            let sp = frames::localsplus(frame).add(frame.stacktop.get() as usize);
            let next = frame.prev_instr.get().add(1);
            self.consts = (*consts).ob_item.as_ptr().cast();
            self.names = (*names).ob_item.as_ptr().cast();
            self.sp = sp;
            self.next = next;
        }
        self.state.current_frame.set(self.frame);
    }

    /// Writes the loop's stack pointer back into the frame.
    #[inline(always)]
    fn save_stack(&self) {
        let frame = self.frame();
        // SAFETY: both point into the frame.
        let depth = unsafe { self.sp.offset_from(frames::localsplus(frame)) };
        frame.stacktop.set(depth as i32);
    }

    /// How many values the operand stack holds.
    fn stack_level(&self) -> usize {
        // SAFETY: both point into the frame.
        let depth = unsafe { self.sp.offset_from(frames::localsplus(self.frame())) };
        depth as usize - self.code().co_nlocalsplus.get() as usize
    }

    /// Ends the running frame and goes back to the one that called it.
    fn leave_frame(&mut self) {
        let frame = self.frame;
        // SAFETY: the frame has ended and was pushed by this loop.
        unsafe {
            let previous = (*frame).previous.get();
            frames::clear_frame(&*frame);
            frames::pop_frame(self.state, frame);
            self.frame = previous;
        }
        object::leave_frame();
    }
}

/// Runs a frame that the caller has pushed until it returns, yields or raises; null where an
/// exception is set. The frame is cleared and popped unless it belongs to a generator.
///
/// `throwing` starts by raising the exception that is set.
pub(crate) fn run(frame: *mut _PyInterpreterFrame, throwing: bool) -> *mut PyObject {
    let state = tstate();
    // SAFETY: the caller hands over a valid frame.
    unsafe {
        (*frame).previous.set(state.current_frame.get());
        (*frame).is_entry.set(true);
    }
    let mut eval = Eval {
        frame,
        next: std::ptr::null(),
        sp: null_mut(),
        consts: std::ptr::null(),
        names: std::ptr::null(),
        kwnames: null_mut(),
        state,
        reraising: false,
        result_slot: null_mut(),
    };
    if object::enter_frame().is_err() {
        eval.save_failed_entry();
        return null_mut();
    }
    eval.load_frame();
    let result = if throwing && !eval.begin_throwing() {
        null_mut()
    } else {
        eval.run_loop()
    };
    object::leave_frame();
    result
}

impl Eval {
    /// The recursion limit was hit before the frame ran.
    fn save_failed_entry(&mut self) {
        let frame = self.frame();
        self.state.current_frame.set(frame.previous.get());
        if frame.owner.get() == FRAME_OWNED_BY_THREAD {
            // SAFETY: the frame was pushed by the caller and never ran.
            unsafe {
                frames::clear_frame(frame);
                frames::pop_frame(self.state, self.frame);
            }
        }
    }

    /// Runs until the frame that the loop began with is left.
    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    fn run_loop(&mut self) -> *mut PyObject {
        tail::run(self)
    }

    /// Runs until the frame that the loop began with is left.
    #[cfg(not(all(target_arch = "x86_64", not(debug_assertions))))]
    fn run_loop(&mut self) -> *mut PyObject {
        drive::run(self, false).unwrap_or(null_mut())
    }
}
