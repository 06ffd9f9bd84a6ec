//! Line events: a hook that sees each line that is about to run, as a trace function would.

use super::Eval;
use super::regs::Regs;
use crate::frames;
use std::cell::Cell;
use twinheap_abi::opcode::{DEOPT, JUMP_BACKWARD_NO_INTERRUPT, RESUME, SEND};
use twinheap_abi::*;
use twinheap_objects::code;
use twinheap_objects::errors::PyResult;
use twinheap_objects::memory;
use twinheap_objects::own::Field;
use twinheap_objects::state::Global;

/// Sees a frame and the line that it is about to run.
pub type LineHook = fn(&_PyInterpreterFrame, i32);

/// The hook; without one, lines cost nothing.
pub static LINE_HOOK: Global<Cell<Option<LineHook>>> = Global(Cell::new(None));

/// Whether somebody watches lines.
#[inline(always)]
pub(super) fn is_on() -> bool {
    LINE_HOOK.get().is_some()
}

/// An instruction is about to run: `next` points at it. The frame says from now on that it runs.
pub(super) fn before(eval: &mut Eval, r: &mut Regs) -> PyResult<()> {
    let frame = r.frame();
    let previous = frames::last_instruction(frame);
    frame.prev_instr.set(r.next.cast_mut());
    r.frame().stacktop.set(r.depth());
    eval.spill(r);
    let outcome = before_instruction(frame, previous);
    if outcome.is_err() {
        // As if the instruction had begun.
        r.jump(1);
    }
    outcome
}

/// `maybe_call_line_trace`: calls the hook where a line starts, or a loop goes back.
/// `previous` is the instruction that the frame ran before this one.
fn before_instruction(frame: &_PyInterpreterFrame, previous: isize) -> PyResult<()> {
    let here = frames::last_instruction(frame);
    let entry = frame.f_code.expect_ref()._co_firsttraceable.get() as isize;
    let opcode = code::instructions_of(frame.f_code.expect_ref())[here as usize] as u8;
    if here <= entry || DEOPT[usize::from(opcode)] == RESUME {
        // A trace function is told of the call, and gets the frame as an object.
        if DEOPT[usize::from(opcode)] == RESUME {
            frames::frame_object(frame)?;
        }
        return Ok(());
    }
    let lines = line_array(frame.f_code.expect_ref());
    let last_line = if previous <= entry {
        -1
    } else {
        lines[previous as usize]
    };
    let line = lines[here as usize];
    if line == -1 {
        return Ok(());
    }
    let mut due = line != last_line;
    if !due && previous > here {
        let opcode = code::instructions_of(frame.f_code.expect_ref())[previous as usize] as u8;
        let opcode = DEOPT[usize::from(opcode)];
        due = opcode != SEND && opcode != JUMP_BACKWARD_NO_INTERRUPT;
    }
    if due && let Some(hook) = LINE_HOOK.get() {
        hook(frame, line);
    }
    Ok(())
}

/// The line of every instruction, computed once per code object (`_co_linearray`).
fn line_array(code: &PyCodeObject) -> &[i32] {
    let count = code.ob_size.get() as usize;
    if code._co_linearray.get().is_null() {
        let block = memory::malloc(4 * count.max(1)).cast::<i32>();
        assert!(!block.is_null(), "no memory for the lines of a code object");
        // SAFETY: room for a line per instruction.
        unsafe {
            for index in 0..count {
                *block.add(index) = -1;
            }
            for (start, length, position) in code::LineTable::new(code) {
                for index in start..(start + length).min(count) {
                    *block.add(index) = position.line.unwrap_or(-1);
                }
            }
        }
        code._co_linearray.set(block.cast());
        code._co_linearray_entry_size.set(4);
    }
    // SAFETY: filled above, as long as the code object lives.
    unsafe { std::slice::from_raw_parts(code._co_linearray.get().cast(), count) }
}
