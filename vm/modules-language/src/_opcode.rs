//! `_opcode` (`Modules/_opcode.c`): what an instruction does to the depth of the stack, as the compiler counts it.

use crate::prelude::*;
use twinheap_compile::opcode::{self, Opcode};
use twinheap_objects::singletons::as_bool;

/// What an instruction does to the stack, the larger of both where a jump is left open.
fn effect_of(opcode: c_int, oparg: i32, jump: Option<bool>) -> Option<i32> {
    let opcode = Opcode::try_from(opcode).ok().filter(|code| *code >= 0)?;
    match jump {
        Some(jump) => opcode::stack_effect(opcode, oparg, jump),
        None => Some(
            opcode::stack_effect(opcode, oparg, true)?
                .max(opcode::stack_effect(opcode, oparg, false)?),
        ),
    }
}

fn stack_effect(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "stack_effect",
        parameters: &["", "", "jump"],
        required: 1,
        positional: 2,
    };
    let [opcode, oparg, jump] = args.bind(&SIGNATURE)?;
    let opcode = long::as_int(opcode.expect("required"))?;
    let oparg = oparg.filter(|oparg| !oparg.is_none());
    let oparg = match (opcode >= c_int::from(opcode::HAVE_ARGUMENT), oparg) {
        (true, Some(oparg)) => long::as_long(oparg)? as i32,
        (false, None) => 0,
        (true, None) => {
            return Err(value_error(
                "stack_effect: opcode requires oparg but oparg was not specified",
            ));
        }
        (false, Some(_)) => {
            return Err(value_error(
                "stack_effect: opcode does not permit oparg but oparg was specified",
            ));
        }
    };
    let jump = match jump.filter(|jump| !jump.is_none()) {
        None => None,
        Some(jump) => match as_bool(jump) {
            Some(jump) => Some(jump),
            None => {
                return Err(value_error(
                    "stack_effect: jump must be False, True or None",
                ));
            }
        },
    };
    match effect_of(opcode, oparg, jump) {
        Some(effect) => long::from_isize(effect as isize),
        None => Err(value_error("invalid opcode or oparg")),
    }
}

/// No statistics of specialisation are kept, as in a release build of CPython.
fn get_specialization_stats(_: &PyObject) -> PyResult {
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "stack_effect" => keywords(stack_effect, "($module, opcode, oparg=None, /, *, jump=None)");
    "get_specialization_stats" => noargs(get_specialization_stats, "($module, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_opcode", FUNCTIONS, &[])
}
