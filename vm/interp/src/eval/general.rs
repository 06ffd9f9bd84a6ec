//! The general forms: methods of [`Eval`] that do all of an instruction, whatever its operands.

use super::table::general_forms;
use super::unwind::unknown_opcode;
use super::{Eval, Flow};
use twinheap_abi::opcode::*;
use twinheap_objects::errors::PyResult;

/// What a general form may give back.
pub(super) trait Outcome {
    fn flow(self) -> PyResult<Flow>;
}

impl Outcome for () {
    #[inline(always)]
    fn flow(self) -> PyResult<Flow> {
        Ok(Flow::Next)
    }
}

impl Outcome for PyResult<()> {
    #[inline(always)]
    fn flow(self) -> PyResult<Flow> {
        self.map(|()| Flow::Next)
    }
}

impl Outcome for PyResult<Flow> {
    #[inline(always)]
    fn flow(self) -> PyResult<Flow> {
        self
    }
}

/// Runs a form of the table.
#[inline(always)]
pub(super) fn run<R: Outcome>(
    e: &mut Eval,
    oparg: usize,
    form: impl FnOnce(&mut Eval, usize) -> R,
) -> PyResult<Flow> {
    form(e, oparg).flow()
}

macro_rules! general_match {
    ($($opcode:ident => $form:expr;)*) => {
        /// The general forms, by the names of their opcodes: functions of their own, so that what they
        /// do with locals keeps no handler of `tail.rs` from ending in a jump.
        #[expect(non_snake_case, reason = "named as the opcodes are")]
        pub(super) mod forms {
            use super::*;
            $(
                #[inline(never)]
                pub fn $opcode(e: &mut Eval, oparg: usize) -> PyResult<Flow> {
                    run(e, oparg, $form)
                }
            )*
        }

        impl Eval {
            /// Runs one instruction in its general form. The frame says which one it is, and `next`
            /// points behind it.
            pub(super) fn general(&mut self, opcode: u8, oparg: usize) -> PyResult<Flow> {
                match opcode {
                    $($opcode => forms::$opcode(self, oparg),)*
                    other => Err(unknown_opcode(other)),
                }
            }
        }
    };
}

general_forms!(general_match);
