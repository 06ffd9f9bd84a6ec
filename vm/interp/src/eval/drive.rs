//! The driver that looks the operation up in a `match`.
//!
//! It runs everything where the machine or the build has no tail calls (see `tail.rs`), and
//! everywhere while lines are traced: then the hook is asked before each instruction, and instructions
//! run in their base forms, as CPython's `DO_TRACING` has it.

use super::ops::*;
use super::regs::*;
use super::specialise::{self, adaptive};
use super::table::opcodes;
use super::{Eval, trace};
use crate::tracing::is_on;
use twinheap_abi::PyObject;
use twinheap_abi::opcode::*;
use twinheap_objects::own::dealloc;

macro_rules! match_driver {
    (@op $e:ident, $r:ident, $oparg:ident, adaptive $base:ident) => {
        adaptive($r, $oparg, $base)
    };
    (@op $e:ident, $r:ident, $oparg:ident, $family:ident::$name:ident) => {
        $family::$name($e, $r, $oparg)
    };
    ($($opcode:ident => $first:ident $(:: $name:ident)? $($base:ident)?;)*) => {
        /// The quick form of an opcode, or the general one.
        #[inline(always)]
        fn quick(e: &mut Eval, r: &mut Regs, opcode: u8, oparg: usize) -> Act {
            match opcode {
                $($opcode => match_driver!(@op e, r, oparg, $first $(:: $name)? $($base)?),)*
                _ => Act::General,
            }
        }
    };
}

opcodes!(match_driver);

/// Does what an act asks for until the instruction is over; a result where the loop is to be left.
#[inline(always)]
fn settle(e: &mut Eval, r: &mut Regs, mut act: Act, mut oparg: usize) -> Option<*mut PyObject> {
    loop {
        act = match act {
            Act::Next | Act::Called => return None,
            Act::Dead(object) => {
                // SAFETY: the last reference is gone.
                unsafe { dealloc(raw(object)) };
                return None;
            }
            Act::Dead2(first, second) => {
                // SAFETY: as above.
                unsafe {
                    dealloc(raw(first));
                    dealloc(raw(second));
                }
                return None;
            }
            Act::Cold(operation) => operation(e, r, oparg),
            Act::General => general(e, r, oparg),
            Act::Miss => specialise::miss(e, r, oparg),
            Act::Again(opcode, argument) => {
                oparg = argument;
                quick(e, r, opcode, oparg)
            }
            Act::Raise => {
                e.spill(r);
                unwind(e)
            }
            Act::Reload => {
                *r = e.registers();
                return None;
            }
            Act::Exit(result) => return Some(result),
        }
    }
}

/// Runs instructions until the frame is left, whose result this is; none where tracing has come to
/// an end and `while_traced` is set.
#[inline(never)]
pub(super) fn run(e: &mut Eval, while_traced: bool) -> Option<*mut PyObject> {
    let mut r = e.registers();
    loop {
        // SAFETY: the next instruction lies inside the code.
        let mut word = unsafe { *r.next };
        let mut oparg = usize::from(word >> 8);
        let mut opcode = word as u8;
        if is_on(e.state) {
            if trace::before(e, &mut r).is_err() {
                e.spill(&r);
                match unwind(e) {
                    Act::Exit(result) => return Some(result),
                    _ => r = e.registers(),
                }
                continue;
            }
            // SAFETY: as above; a trace function may have gone elsewhere.
            word = unsafe { *r.next };
            oparg = usize::from(word >> 8);
            opcode = DEOPT[usize::from(word as u8)];
        } else if while_traced {
            e.spill(&r);
            return None;
        }
        r.jump(1);
        if matches!(opcode, RETURN_VALUE | YIELD_VALUE)
            && is_on(e.state)
            && trace::leaves(e, &mut r, opcode).is_err()
        {
            e.spill(&r);
            if !e.leave_with_exception() {
                return Some(std::ptr::null_mut());
            }
            r = e.registers();
            continue;
        }
        // A trace function is told of the StopIteration that ends a generator, so it runs in a loop of its own.
        let act = if matches!(opcode, SEND | FOR_ITER) && !e.state.c_traceobj.get().is_null() {
            Act::General
        } else {
            quick(e, &mut r, opcode, oparg)
        };
        if let Some(result) = settle(e, &mut r, act, oparg) {
            return Some(result);
        }
    }
}

/// What a cold operation leaves to do, for a driver that does not go on by itself.
#[cfg_attr(
    debug_assertions,
    expect(dead_code, reason = "only tail calls need it")
)]
#[inline(always)]
pub(super) fn finish(e: &mut Eval, r: &mut Regs, act: Act, oparg: usize) -> Option<*mut PyObject> {
    settle(e, r, act, oparg)
}
