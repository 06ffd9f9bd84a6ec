//! What a trace function is told between two instructions: calls, lines and opcodes.

use super::Eval;
use super::regs::Regs;
use crate::frames;
use crate::tracing::{self, Event, Watcher};
use twinheap_abi::opcode::{DEOPT, JUMP_BACKWARD_NO_INTERRUPT, RESUME, RETURN_VALUE, SEND};
use twinheap_abi::*;
use twinheap_objects::code;
use twinheap_objects::errors::PyResult;
use twinheap_objects::memory;
use twinheap_objects::own::{Field, Own};

/// An instruction is about to run: `next` points at it. The frame says from now on that it runs. A trace
/// function may have sent the frame elsewhere.
pub(super) fn before(eval: &mut Eval, r: &mut Regs) -> PyResult<()> {
    let frame = r.frame();
    let previous = frames::last_instruction(frame);
    frame.prev_instr.set(r.next.cast_mut());
    frame.stacktop.set(r.depth());
    eval.spill(r);
    if base_opcode(frame, frames::last_instruction(frame)) == RESUME {
        // Whoever watches gets the frame as an object.
        frames::frame_object(frame)?;
        return tracing::entry(frame);
    }
    let outcome = before_instruction(frame, previous);
    if outcome.is_err() {
        // As if the instruction had begun.
        r.jump(1);
        return outcome;
    }
    r.next = frame.prev_instr.get();
    r.reload_stack();
    Ok(())
}

/// The frame is about to return the value on top of its stack, or to yield it: `next` points behind the
/// instruction (`TRACE_FUNCTION_EXIT`). Where the function that is told raises, the value is gone.
pub(super) fn leaves(eval: &mut Eval, r: &mut Regs, opcode: u8) -> PyResult<()> {
    let frame = r.frame();
    // SAFETY: the stack gives the value up.
    let value = unsafe { Own::from_raw(r.pop()) };
    frame.stacktop.set(r.depth());
    eval.spill(r);
    let generator = frames::generator_of(frame).filter(|_| opcode != RETURN_VALUE);
    if let Some(generator) = generator {
        generator.gi_frame_state.set(FRAME_SUSPENDED);
    }
    let outcome = tracing::exit(frame, Some(&value));
    if let Some(generator) = generator {
        generator.gi_frame_state.set(FRAME_EXECUTING);
    }
    outcome?;
    r.next = frame.prev_instr.get().wrapping_add(1);
    r.reload_stack();
    r.push(value.into_raw());
    Ok(())
}

fn base_opcode(frame: &_PyInterpreterFrame, instruction: isize) -> u8 {
    let word = code::instructions_of(frame.f_code.expect_ref())[instruction as usize];
    DEOPT[usize::from(word as u8)]
}

/// `maybe_call_line_trace`: tells of a line where one starts, or where a loop goes back.
/// `previous` is the instruction that the frame ran before this one.
fn before_instruction(frame: &_PyInterpreterFrame, previous: isize) -> PyResult<()> {
    let here = frames::last_instruction(frame);
    let entry = frame.f_code.expect_ref()._co_firsttraceable.get() as isize;
    if here <= entry {
        return Ok(());
    }
    let lines = line_array(frame.f_code.expect_ref());
    let last_line = if previous <= entry {
        -1
    } else {
        lines[previous as usize]
    };
    let line = lines[here as usize];
    let goes_back = || {
        let opcode = base_opcode(frame, previous);
        previous > here && opcode != SEND && opcode != JUMP_BACKWARD_NO_INTERRUPT
    };
    let due = line != -1 && (line != last_line || goes_back());
    if let Some(hook) = tracing::line_hook() {
        if due {
            hook(frame, line);
        }
        return Ok(());
    }
    tell(frame, due)
}

/// Tells a trace function of the line, and of the opcode where it wants to know.
fn tell(frame: &_PyInterpreterFrame, due: bool) -> PyResult<()> {
    if twinheap_objects::state::tstate().c_traceobj.get().is_null() {
        return Ok(());
    }
    let object = frames::frame_object(frame)?;
    if due && object.f_trace_lines.get() {
        tracing::tell(Watcher::Trace, frame, Event::Line, None)?;
    }
    if object.f_trace_opcodes.get() {
        tracing::tell(Watcher::Trace, frame, Event::Opcode, None)?;
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
