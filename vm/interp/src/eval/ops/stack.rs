//! Locals, cells, constants, the stack itself, and the superinstructions.

use super::super::Eval;
use super::super::regs::*;
use std::ptr::null_mut;
use twinheap_abi::opcode::*;
use twinheap_abi::*;

#[inline(always)]
pub fn nop(_: &mut Eval, _: &mut Regs, _: usize) -> Act {
    Act::Next
}

#[inline(always)]
pub fn pop_top(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let value = r.peek(1);
    r.shrink(1);
    r.done(r.next, value)
}

#[inline(always)]
pub fn push_null(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    r.push(null_mut());
    Act::Next
}

#[inline(always)]
pub fn copy(_: &mut Eval, r: &mut Regs, depth: usize) -> Act {
    r.push(hold(r.peek(depth)));
    Act::Next
}

#[inline(always)]
pub fn swap(_: &mut Eval, r: &mut Regs, depth: usize) -> Act {
    let (top, other) = (r.peek_nullable(1), r.peek_nullable(depth));
    r.put(1, other.map_or(null_mut(), raw));
    r.put(depth, top.map_or(null_mut(), raw));
    Act::Next
}

#[inline(always)]
pub fn load_fast(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    let Some(value) = r.local(index) else {
        return Act::Cold(unbound);
    };
    r.push(hold(value));
    Act::Next
}

#[inline(always)]
pub fn load_const(e: &mut Eval, r: &mut Regs, index: usize) -> Act {
    r.push(hold(e.constant_ref(index)));
    Act::Next
}

#[inline(always)]
pub fn store_fast(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    let value = r.pop();
    match r.set_local(index, value) {
        Some(old) => r.done(r.next, old),
        None => Act::Next,
    }
}

/// The argument of the second half of a superinstruction, which is thereby passed.
#[inline(always)]
fn second_half(r: &mut Regs) -> usize {
    let word = r.word(0);
    r.jump(1);
    usize::from(word >> 8)
}

#[inline(always)]
pub fn load_fast_load_fast(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    let Some(first) = r.local(index) else {
        return Act::Cold(unbound);
    };
    r.push(hold(first));
    load_second(r)
}

#[inline(always)]
pub fn load_const_load_fast(e: &mut Eval, r: &mut Regs, index: usize) -> Act {
    r.push(hold(e.constant_ref(index)));
    load_second(r)
}

/// `LOAD_FAST` as a second half.
#[inline(always)]
fn load_second(r: &mut Regs) -> Act {
    let here = r.next;
    let index = second_half(r);
    let Some(second) = r.local(index) else {
        r.mark_at(here);
        return Act::Cold(unbound_second);
    };
    r.push(hold(second));
    Act::Next
}

#[inline(always)]
pub fn load_fast_load_const(e: &mut Eval, r: &mut Regs, index: usize) -> Act {
    let Some(first) = r.local(index) else {
        return Act::Cold(unbound);
    };
    r.push(hold(first));
    let second = second_half(r);
    r.push(hold(e.constant_ref(second)));
    Act::Next
}

#[inline(always)]
pub fn store_fast_load_fast(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    if let Some(old) = r.local(index) {
        if old.ob_refcnt.get() == 1 {
            return Act::Cold(store_and_load);
        }
        release(old);
    }
    let value = r.pop();
    r.set_local(index, value);
    load_second(r)
}

/// The same where the old value dies; its destructor may change the second variable.
#[cold]
#[inline(never)]
fn store_and_load(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    r.mark();
    let value = r.pop();
    if let Some(old) = r.set_local(index, value) {
        drop_ref(old);
    }
    match load_second(r) {
        Act::Next => Act::Called,
        act => act,
    }
}

#[inline(always)]
pub fn store_fast_store_fast(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    if let Some(old) = r.local(index) {
        if old.ob_refcnt.get() == 1 {
            return Act::Cold(store_twice);
        }
        release(old);
    }
    let here = r.next;
    let value = r.pop();
    r.set_local(index, value);
    let index = second_half(r);
    let value = r.pop();
    match r.set_local(index, value) {
        Some(old) => r.done(here, old),
        None => Act::Next,
    }
}

#[cold]
#[inline(never)]
fn store_twice(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    r.mark();
    let value = r.pop();
    if let Some(old) = r.set_local(index, value) {
        drop_ref(old);
    }
    let index = second_half(r);
    let value = r.pop();
    if let Some(old) = r.set_local(index, value) {
        drop_ref(old);
    }
    Act::Called
}

#[cold]
#[inline(never)]
fn unbound(e: &mut Eval, r: &mut Regs, index: usize) -> Act {
    r.mark();
    e.spill(r);
    e.unbound_local(index);
    Act::Raise
}

#[cold]
#[inline(never)]
fn unbound_second(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let index = r.next.wrapping_sub(1);
    e.spill(r);
    // SAFETY: the second half has just been passed.
    e.unbound_local(usize::from(unsafe { *index } >> 8));
    Act::Raise
}

#[inline(always)]
pub fn load_closure(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    let Some(cell) = r.local(index) else {
        return Act::Cold(unbound);
    };
    r.push(hold(cell));
    Act::Next
}

#[inline(always)]
fn cell_at(r: &Regs, index: usize) -> &'static PyCellObject {
    // SAFETY: the compiler's index of a cell or free variable.
    unsafe { &*(*r.slot(index)).cast() }
}

#[inline(always)]
pub fn load_deref(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    // SAFETY: a cell holds an object or null.
    let Some(value) = (unsafe { cell_at(r, index).ob_ref.get().as_ref() }) else {
        return Act::General;
    };
    r.push(hold(value));
    Act::Next
}

#[inline(always)]
pub fn store_deref(_: &mut Eval, r: &mut Regs, index: usize) -> Act {
    let value = r.pop();
    // SAFETY: a cell holds an object or null.
    match unsafe { cell_at(r, index).ob_ref.replace(value).as_ref() } {
        Some(old) => r.done(r.next, old),
        None => Act::Next,
    }
}

#[inline(always)]
pub fn is_op(_: &mut Eval, r: &mut Regs, invert: usize) -> Act {
    let (left, right) = (r.peek(2), r.peek(1));
    let same = std::ptr::eq(left, right);
    r.put(2, hold(bool_ref(same != (invert != 0))));
    r.shrink(1);
    r.done2(r.next, left, right)
}

#[inline(always)]
pub fn kw_names(e: &mut Eval, _: &mut Regs, index: usize) -> Act {
    e.kwnames = raw(e.constant_ref(index)).cast();
    Act::Next
}

/// Not quickened: the instruction behind runs in its base form.
#[inline(always)]
pub fn extended_arg(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let word = r.word(0);
    r.jump(1);
    r.mark();
    Act::Again(
        DEOPT[usize::from(word as u8)],
        oparg << 8 | usize::from(word >> 8),
    )
}

#[inline(always)]
pub fn extended_arg_quick(_: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let word = r.word(0);
    r.jump(1);
    r.mark();
    Act::Again(word as u8, oparg << 8 | usize::from(word >> 8))
}
