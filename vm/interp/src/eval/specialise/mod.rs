//! The warming up of code, and how instructions specialise (`Python/specialize.c`).
//!
//! Code that was entered or looped often enough is quickened: instructions with a cache become
//! adaptive, some neighbours become superinstructions. An adaptive instruction counts down; at zero
//! it looks at its operands and takes a specialised form, or waits longer before it tries again. A
//! specialised form that misses too often becomes adaptive again.
//!
//! All of it can be seen in `co_code_adaptive`: opcodes, counters, indices, versions. So conditions
//! come in CPython's order, and a look-up on a type, which gives it a version, happens exactly where
//! CPython's does.

mod attributes;
mod calls;
mod globals;
mod operators;

use super::Eval;
use super::regs::*;
use crate::frames;
use std::ptr::null_mut;
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_objects::dict;
use twinheap_objects::id;
use twinheap_objects::list::PyList_Type;
use twinheap_objects::own::Layout;
use twinheap_objects::state::Global;
use twinheap_objects::types;

/// The counter of a specialised instruction: so many misses until it adapts again.
const MISSES: u16 = 53;
const BACKOFF_BITS: u16 = 4;
const BACKOFF_START: u16 = 5;
const MOST_BACKOFF: u16 = 16 - BACKOFF_BITS;
/// What a counter loses each time the instruction runs; below it, the wait is over.
const STEP: u16 = 1 << BACKOFF_BITS;

/// The counter of an instruction that waits `2 ** backoff - 1` times before it adapts.
fn waiting(backoff: u16) -> u16 {
    ((1 << backoff) - 1) << BACKOFF_BITS | backoff
}

/// The counter after a specialisation that failed: the next try comes after a longer wait.
fn backed_off(counter: u16) -> u16 {
    waiting(((counter & (STEP - 1)) + 1).min(MOST_BACKOFF))
}

/// What a specialiser has decided.
enum Verdict {
    /// The instruction takes this form; the cache is filled.
    Form(u8),
    /// It waits longer before the next try.
    Wait,
    /// It never will: it takes its base form, and the counter stays.
    Never(u8),
}

/// The built-ins that have forms of their own (`struct callable_cache`), borrowed.
pub(super) struct Callables {
    pub len: Pointer<PyObject>,
    pub isinstance: Pointer<PyObject>,
    pub list_append: Pointer<PyObject>,
}

static CALLABLES: Global<Callables> = Global(Callables {
    len: Pointer::new(null_mut()),
    isinstance: Pointer::new(null_mut()),
    list_append: Pointer::new(null_mut()),
});

#[inline(always)]
pub(super) fn callables() -> &'static Callables {
    &CALLABLES
}

/// Notes the built-ins that have forms of their own, once the builtins module is there.
pub fn remember_callables(builtins: &PyDictObject) {
    let named =
        |name: &PyASCIIObject| dict::get_str(builtins, name).map_or(null_mut(), Layout::as_raw);
    CALLABLES.len.set(named(id!("len")));
    CALLABLES.isinstance.set(named(id!("isinstance")));
    let append = types::lookup(&PyList_Type, id!("append"));
    CALLABLES
        .list_append
        .set(append.map_or(null_mut(), Layout::as_raw));
}

/// `_PyCode_Warmup`.
pub(super) fn warm_up(code: &PyCodeObject) {
    let warmth = code.co_warmup.get();
    if warmth != 0 {
        code.co_warmup.set(warmth + 1);
        if warmth == -1 {
            quicken(code);
        }
    }
}

/// The adaptive form of an instruction, where it has one.
fn adaptive_form(opcode: u8) -> Option<u8> {
    Some(match opcode {
        BINARY_OP => BINARY_OP_ADAPTIVE,
        BINARY_SUBSCR => BINARY_SUBSCR_ADAPTIVE,
        CALL => CALL_ADAPTIVE,
        COMPARE_OP => COMPARE_OP_ADAPTIVE,
        LOAD_ATTR => LOAD_ATTR_ADAPTIVE,
        LOAD_GLOBAL => LOAD_GLOBAL_ADAPTIVE,
        LOAD_METHOD => LOAD_METHOD_ADAPTIVE,
        PRECALL => PRECALL_ADAPTIVE,
        STORE_ATTR => STORE_ATTR_ADAPTIVE,
        STORE_SUBSCR => STORE_SUBSCR_ADAPTIVE,
        UNPACK_SEQUENCE => UNPACK_SEQUENCE_ADAPTIVE,
        _ => return None,
    })
}

/// What two neighbours become; the form is written over the first.
fn superinstruction(first: u8, second: u8) -> Option<u8> {
    Some(match (first, second) {
        (LOAD_FAST, LOAD_FAST) => LOAD_FAST__LOAD_FAST,
        (STORE_FAST, LOAD_FAST) => STORE_FAST__LOAD_FAST,
        (LOAD_CONST, LOAD_FAST) => LOAD_CONST__LOAD_FAST,
        (STORE_FAST, STORE_FAST) => STORE_FAST__STORE_FAST,
        (LOAD_FAST, LOAD_CONST) => LOAD_FAST__LOAD_CONST,
        _ => return None,
    })
}

/// `_PyCode_Quicken`.
#[cold]
fn quicken(code: &PyCodeObject) {
    let first = frames::first_instruction(code).cast_const();
    let count = code.ob_base.ob_size.get() as usize;
    let mut previous = CACHE;
    let mut index = 0;
    while index < count {
        let here = first.wrapping_add(index);
        let opcode = here.opcode();
        index += 1;
        if let Some(adaptive) = adaptive_form(opcode) {
            here.set_opcode(adaptive);
            previous = CACHE;
            index += usize::from(CACHES[usize::from(opcode)]);
            continue;
        }
        match opcode {
            EXTENDED_ARG => here.set_opcode(EXTENDED_ARG_QUICK),
            JUMP_BACKWARD => here.set_opcode(JUMP_BACKWARD_QUICK),
            RESUME => here.set_opcode(RESUME_QUICK),
            _ => {
                if let Some(form) = superinstruction(previous, opcode) {
                    here.wrapping_sub(1).set_opcode(form);
                }
            }
        }
        previous = opcode;
    }
}

/// An adaptive instruction: it waits in its base form, or tries to specialise.
#[inline(always)]
pub(super) fn adaptive(r: &Regs, oparg: usize, base: u8) -> Act {
    let counter = r.cache(0);
    if counter < STEP {
        return Act::Cold(specialise);
    }
    set_counter(r, counter - STEP);
    Act::Again(base, oparg)
}

/// The counter is the first unit of every cache.
#[inline(always)]
fn set_counter(r: &Regs, value: u16) {
    set_cache(r, 0, value);
}

/// Writes a unit of the cache behind the instruction.
#[inline(always)]
fn set_cache(r: &Regs, unit: usize, value: u16) {
    // SAFETY: the instruction has as many units; they are written in place as CPython does.
    unsafe { *r.next.add(unit).cast_mut() = value }
}

/// Writes a version into the cache.
fn set_version(r: &Regs, unit: usize, version: u32) {
    set_cache(r, unit, version as u16);
    set_cache(r, unit + 1, (version >> 16) as u16);
}

/// Writes a borrowed object into the cache.
fn set_object(r: &Regs, unit: usize, object: &PyObject) {
    let address = object as *const PyObject as u64;
    for part in 0..4 {
        set_cache(r, unit + part, (address >> (16 * part)) as u16);
    }
}

/// The wait is over: looks at the operands, and runs the form that comes of it.
#[cold]
#[inline(never)]
fn specialise(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let here = r.next.wrapping_sub(1);
    let verdict = match here.opcode() {
        BINARY_OP_ADAPTIVE => operators::binary_op(r, oparg),
        BINARY_SUBSCR_ADAPTIVE => operators::binary_subscr(r),
        CALL_ADAPTIVE => calls::call(e, r, oparg),
        COMPARE_OP_ADAPTIVE => operators::compare_op(r, oparg),
        LOAD_ATTR_ADAPTIVE => attributes::load_attr(r, e.name(oparg)),
        LOAD_GLOBAL_ADAPTIVE => globals::load_global(r, e.name(oparg >> 1)),
        LOAD_METHOD_ADAPTIVE => attributes::load_method(r, e.name(oparg)),
        PRECALL_ADAPTIVE => calls::precall(e, r, oparg),
        STORE_ATTR_ADAPTIVE => attributes::store_attr(r, e.name(oparg)),
        STORE_SUBSCR_ADAPTIVE => operators::store_subscr(r),
        _ => operators::unpack_sequence(r, oparg),
    };
    match verdict {
        Verdict::Form(form) => {
            here.set_opcode(form);
            set_counter(r, MISSES);
        }
        Verdict::Wait => set_counter(r, backed_off(r.cache(0))),
        Verdict::Never(base) => here.set_opcode(base),
    }
    Act::Again(here.opcode(), oparg)
}

/// A specialised instruction met something else; after many such it adapts anew.
#[cold]
#[inline(never)]
pub(super) fn miss(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let here = r.next.wrapping_sub(1);
    let base = DEOPT[usize::from(here.opcode())];
    let counter = r.cache(0).wrapping_sub(1);
    set_counter(r, counter);
    if counter == 0
        && let Some(adaptive) = adaptive_form(base)
    {
        here.set_opcode(adaptive);
        set_counter(r, waiting(BACKOFF_START));
    }
    Act::Again(base, oparg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut counter = 0;
        let mut waits = Vec::new();
        for _ in 0..14 {
            counter = backed_off(counter);
            waits.push(counter >> BACKOFF_BITS);
        }
        assert_eq!(
            waits,
            [
                1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 4095, 4095
            ]
        );
    }
}
