//! The driver of release builds on x86-64: one handler per opcode, each ending in a jump to the next.
//!
//! A handler has six integer arguments at most and no local whose address is taken, whatever the
//! compiler chooses to inline into it, so that its last call is a jump: the registers of the evaluator stay in registers of the machine, and each opcode
//! has an indirect jump of its own to be predicted. This is an optimisation of LLVM's, not a promise
//! of the language; `cargo xtask handlers` looks at the machine code. Where it does not hold (no
//! optimisation, other machines) `drive.rs` runs everything.
//!
//! What may run the program's code is done by `cold`, behind which the hook is looked at again: so
//! tracing costs nothing while it is off, and takes effect with the next instruction.

use super::ops::*;
use super::regs::*;
use super::specialise::{self, adaptive};
use super::table::{general_forms, opcodes};
use super::{Eval, Flow, drive, general};
use crate::tracing::is_on;
use twinheap_abi::opcode::*;
use twinheap_abi::{_Py_CODEUNIT, _PyInterpreterFrame, PyObject};
use twinheap_objects::errors::PyResult;
use twinheap_objects::own::dealloc;

type Frame = *mut _PyInterpreterFrame;
type Next = *const _Py_CODEUNIT;
type Stack = *mut *mut PyObject;
type Handler = extern "sysv64" fn(&mut Eval, Frame, Next, Stack, usize) -> *mut PyObject;

/// Goes to the handler of the next instruction.
#[inline(always)]
fn dispatch(e: &mut Eval, r: Regs) -> *mut PyObject {
    // SAFETY: the next instruction lies inside the code.
    let word = unsafe { *r.next };
    let next = r.next.wrapping_add(1);
    HANDLERS[usize::from(word as u8)](e, r.frame, next, r.sp, usize::from(word >> 8))
}

/// The same after foreign code has run.
#[inline(always)]
fn dispatch_watched(e: &mut Eval, r: Regs) -> *mut PyObject {
    if is_on(e.state) {
        return traced(e, r.frame, r.next, r.sp);
    }
    dispatch(e, r)
}

/// A hook is set: the other driver goes on until it is taken away.
#[cold]
#[inline(never)]
extern "sysv64" fn traced(e: &mut Eval, frame: Frame, next: Next, sp: Stack) -> *mut PyObject {
    e.spill(&Regs { frame, next, sp });
    match drive::run(e, true) {
        Some(result) => result,
        None => {
            let r = e.registers();
            dispatch(e, r)
        }
    }
}

/// Does what an act asks for.
#[inline(always)]
fn perform(
    e: &mut Eval,
    opcode: u8,
    before: Regs,
    r: Regs,
    act: Act,
    oparg: usize,
) -> *mut PyObject {
    match act {
        Act::Next => dispatch(e, r),
        Act::Called => dispatch_watched(e, r),
        Act::Dead(object) => dead(e, r.frame, r.next, r.sp, object),
        Act::Dead2(first, second) => dead2(e, r.frame, r.next, r.sp, first, second),
        Act::Cold(operation) => cold(e, r.frame, r.next, r.sp, oparg, operation),
        Act::General => {
            let base = DEOPT[usize::from(opcode)];
            GENERAL[usize::from(base)](e, before.frame, before.next, before.sp, oparg)
        }
        Act::Miss => cold(
            e,
            before.frame,
            before.next,
            before.sp,
            oparg,
            specialise::miss,
        ),
        Act::Again(opcode, argument) => {
            HANDLERS[usize::from(opcode)](e, r.frame, r.next, r.sp, argument)
        }
        Act::Raise => raise(e, r.frame, r.next, r.sp),
        Act::Reload => {
            let r = e.registers();
            dispatch_watched(e, r)
        }
        Act::Exit(result) => result,
    }
}

#[cold]
#[inline(never)]
extern "sysv64" fn dead(
    e: &mut Eval,
    frame: Frame,
    next: Next,
    sp: Stack,
    object: Ref,
) -> *mut PyObject {
    // SAFETY: the last reference is gone.
    unsafe { dealloc(raw(object)) };
    dispatch_watched(e, Regs { frame, next, sp })
}

#[cold]
#[inline(never)]
extern "sysv64" fn dead2(
    e: &mut Eval,
    frame: Frame,
    next: Next,
    sp: Stack,
    first: Ref,
    second: Ref,
) -> *mut PyObject {
    // SAFETY: the last references are gone.
    unsafe {
        dealloc(raw(first));
        dealloc(raw(second));
    }
    dispatch_watched(e, Regs { frame, next, sp })
}

#[cold]
#[inline(never)]
extern "sysv64" fn raise(e: &mut Eval, frame: Frame, next: Next, sp: Stack) -> *mut PyObject {
    e.spill(&Regs { frame, next, sp });
    match unwind(e) {
        Act::Exit(result) => result,
        _ => {
            let r = e.registers();
            dispatch_watched(e, r)
        }
    }
}

/// An operation that is no leaf. Its registers are in memory while it runs, and only then.
#[expect(
    improper_ctypes_definitions,
    reason = "only Rust calls it; the convention is chosen for its registers"
)]
#[inline(never)]
extern "sysv64" fn cold(
    e: &mut Eval,
    frame: Frame,
    next: Next,
    sp: Stack,
    oparg: usize,
    operation: ColdOp,
) -> *mut PyObject {
    e.spill(&Regs { frame, next, sp });
    let outcome = run_cold(e, oparg, operation);
    match outcome {
        Outcome::On => {
            let r = e.registers();
            dispatch_watched(e, r)
        }
        Outcome::Again(opcode, oparg) => {
            let r = e.registers();
            HANDLERS[usize::from(opcode)](e, r.frame, r.next, r.sp, oparg)
        }
        Outcome::Exit(result) => result,
    }
}

/// How a cold operation ends; the registers are in `Eval`.
enum Outcome {
    On,
    Again(u8, usize),
    Exit(*mut PyObject),
}

/// Runs a cold operation to its end, in a function of its own: the address of its registers is
/// taken, which would keep `cold` from ending in a jump.
#[inline(never)]
fn run_cold(e: &mut Eval, oparg: usize, operation: ColdOp) -> Outcome {
    let mut r = e.registers();
    let act = operation(e, &mut r, oparg);
    match act {
        Act::Again(opcode, oparg) => {
            e.spill(&r);
            Outcome::Again(opcode, oparg)
        }
        act => match drive::finish(e, &mut r, act, oparg) {
            Some(result) => Outcome::Exit(result),
            None => {
                e.spill(&r);
                Outcome::On
            }
        },
    }
}

macro_rules! handlers {
    (@op $e:ident, $r:ident, $oparg:ident, adaptive $base:ident) => {
        adaptive(&mut $r, $oparg, twinheap_abi::opcode::$base)
    };
    (@op $e:ident, $r:ident, $oparg:ident, $family:ident::$name:ident) => {
        $family::$name($e, &mut $r, $oparg)
    };
    ($($opcode:ident => $first:ident $(:: $name:ident)? $($base:ident)?;)*) => {
        /// The handlers, by the names of their opcodes.
        #[expect(non_snake_case, reason = "named as the opcodes are")]
        mod handlers {
            use super::*;
            $(
                pub extern "sysv64" fn $opcode(
                    e: &mut Eval,
                    frame: Frame,
                    next: Next,
                    sp: Stack,
                    oparg: usize,
                ) -> *mut PyObject {
                    let before = Regs { frame, next, sp };
                    let mut r = before;
                    let act = handlers!(@op e, r, oparg, $first $(:: $name)? $($base)?);
                    perform(e, twinheap_abi::opcode::$opcode, before, r, act, oparg)
                }
            )*
        }

        static HANDLERS: [Handler; 256] = {
            let mut table = GENERAL;
            $(table[$opcode as usize] = handlers::$opcode;)*
            table
        };
    };
}

opcodes!(handlers);

/// What a general form leaves to do.
#[inline(always)]
fn after(e: &mut Eval, outcome: PyResult<Flow>) -> *mut PyObject {
    match outcome {
        Ok(Flow::Next) => {
            let r = e.registers();
            dispatch_watched(e, r)
        }
        Ok(Flow::Exit) => e.pop_raw(),
        Err(_) => {
            let r = e.registers();
            raise(e, r.frame, r.next, r.sp)
        }
    }
}

/// An opcode that this VM does not know.
extern "sysv64" fn unknown(
    e: &mut Eval,
    frame: Frame,
    next: Next,
    sp: Stack,
    oparg: usize,
) -> *mut PyObject {
    cold(e, frame, next, sp, oparg, super::regs::general)
}

macro_rules! general_handlers {
    ($($opcode:ident => $form:expr;)*) => {
        /// Handlers of the general forms, by the names of their opcodes.
        #[expect(non_snake_case, reason = "named as the opcodes are")]
        mod general_handlers {
            use super::*;
            $(
                pub extern "sysv64" fn $opcode(
                    e: &mut Eval,
                    frame: Frame,
                    next: Next,
                    sp: Stack,
                    oparg: usize,
                ) -> *mut PyObject {
                    let r = Regs { frame, next, sp };
                    r.mark();
                    e.spill(&r);
                    let outcome = general::forms::$opcode(e, oparg);
                    after(e, outcome)
                }
            )*
        }

        const GENERAL: [Handler; 256] = {
            let mut table: [Handler; 256] = [unknown; 256];
            $(table[$opcode as usize] = general_handlers::$opcode;)*
            table
        };
    };
}

general_forms!(general_handlers);

/// Runs from where `Eval` stands until the frame is left.
pub(super) fn run(e: &mut Eval) -> *mut PyObject {
    let r = e.registers();
    dispatch_watched(e, r)
}
