//! Unpacking of tuples and lists.

use super::super::Eval;
use super::super::regs::*;
use twinheap_abi::*;
use twinheap_objects::list::PyList_Type;
use twinheap_objects::tuple::PyTuple_Type;

/// Pushes the items, the first on top, in the place of the sequence.
#[inline(always)]
fn spread(r: &mut Regs, sequence: Ref, items: *const *mut PyObject, count: usize) -> Act {
    let here = r.next;
    r.shrink(1);
    for index in (0..count).rev() {
        // SAFETY: the sequence has as many items.
        r.push(hold(unsafe { &**items.add(index) }));
    }
    r.jump(1);
    r.done(here, sequence)
}

#[inline(always)]
pub fn unpack_sequence_two_tuple(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let sequence = r.peek(1);
    if !is(sequence, &PyTuple_Type) {
        return Act::Miss;
    }
    // SAFETY: an exact tuple.
    let tuple: &PyTupleObject = unsafe { as_a(sequence) };
    if tuple.ob_size.get() != 2 {
        return Act::Miss;
    }
    spread(r, sequence, tuple.ob_item.as_ptr().cast(), 2)
}

#[inline(always)]
pub fn unpack_sequence_tuple(_: &mut Eval, r: &mut Regs, count: usize) -> Act {
    let sequence = r.peek(1);
    if !is(sequence, &PyTuple_Type) {
        return Act::Miss;
    }
    // SAFETY: an exact tuple.
    let tuple: &PyTupleObject = unsafe { as_a(sequence) };
    if tuple.ob_size.get() as usize != count {
        return Act::Miss;
    }
    spread(r, sequence, tuple.ob_item.as_ptr().cast(), count)
}

#[inline(always)]
pub fn unpack_sequence_list(_: &mut Eval, r: &mut Regs, count: usize) -> Act {
    let sequence = r.peek(1);
    if !is(sequence, &PyList_Type) {
        return Act::Miss;
    }
    // SAFETY: an exact list.
    let list: &PyListObject = unsafe { as_a(sequence) };
    if list.ob_size.get() as usize != count {
        return Act::Miss;
    }
    spread(r, sequence, list.ob_item.get().cast(), count)
}
