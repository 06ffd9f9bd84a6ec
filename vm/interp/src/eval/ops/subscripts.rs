//! `x[y]` and `x[y] = z` of lists, tuples, dicts, and classes with a `__getitem__` in Python.

use super::super::Eval;
use super::super::regs::*;
use super::frames::{Entry, enter};
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::dict::{self, PyDict_Type};
use twinheap_objects::errors;
use twinheap_objects::function::PyFunction_Type;
use twinheap_objects::list::PyList_Type;
use twinheap_objects::long::PyLong_Type;
use twinheap_objects::object;
use twinheap_objects::own::Own;
use twinheap_objects::tuple::PyTuple_Type;
use twinheap_objects::unicode::{self, PyUnicode_Type};

/// An exact int that is no negative number and has at most one digit.
#[inline(always)]
fn index(key: Ref) -> Option<usize> {
    if !is(key, &PyLong_Type) {
        return None;
    }
    // SAFETY: an exact int.
    let key: &PyLongObject = unsafe { as_a(key) };
    // Zero has the digit 0.
    (key.ob_size.get() as usize <= 1).then(|| key.ob_digit[0].get() as usize)
}

#[inline(always)]
fn list_slot(list: Ref, index: usize) -> Option<*mut *mut PyObject> {
    // SAFETY: callers have checked that it is an exact list.
    let list: &PyListObject = unsafe { as_a(list) };
    if index >= list.ob_size.get() as usize {
        return None;
    }
    // SAFETY: the index lies inside the list.
    Some(unsafe { list.ob_item.get().cast::<*mut PyObject>().add(index) })
}

#[inline(always)]
fn found(r: &mut Regs, container: Ref, key: Ref, item: *mut PyObject) -> Act {
    // SAFETY: an item that the container owns.
    let item = hold(unsafe { &*item });
    let here = r.next;
    r.put(2, item);
    r.shrink(1);
    r.jump(4);
    r.done2(here, key, container)
}

#[inline(always)]
pub fn binary_subscr_list_int(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (list, key) = (r.peek(2), r.peek(1));
    let Some(index) = index(key) else {
        return Act::Miss;
    };
    if !is(list, &PyList_Type) {
        return Act::Miss;
    }
    let Some(slot) = list_slot(list, index) else {
        return Act::Miss;
    };
    // SAFETY: a slot of the list.
    found(r, list, key, unsafe { *slot })
}

#[inline(always)]
pub fn binary_subscr_tuple_int(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (tuple, key) = (r.peek(2), r.peek(1));
    let Some(index) = index(key) else {
        return Act::Miss;
    };
    if !is(tuple, &PyTuple_Type) {
        return Act::Miss;
    }
    // SAFETY: an exact tuple.
    let items: &PyTupleObject = unsafe { as_a(tuple) };
    if index >= items.ob_size.get() as usize {
        return Act::Miss;
    }
    // SAFETY: the index lies inside the tuple.
    let item = unsafe { *items.ob_item.as_ptr().cast::<*mut PyObject>().add(index) };
    found(r, tuple, key, item)
}

/// Lists and tuples of code that is not specialised.
#[inline(always)]
pub fn binary_subscr(e: &mut Eval, r: &mut Regs, oparg: usize) -> Act {
    let act = binary_subscr_list_int(e, r, oparg);
    match act {
        Act::Miss => Act::General,
        act => act,
    }
}

#[inline(always)]
pub fn binary_subscr_dict(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (container, key) = (r.peek(2), r.peek(1));
    if !is(container, &PyDict_Type) {
        return Act::Miss;
    }
    r.mark();
    let item = dict_item(container, key);
    if item.is_null() {
        r.shrink(1);
        drop_ref(key);
        return Act::Raise;
    }
    r.put(2, item);
    r.shrink(1);
    r.jump(4);
    drop_ref(key);
    drop_ref(container);
    Act::Called
}

/// The value under a key of an exact dict, or null and an exception. A function of its own, as the
/// look-up takes the address of locals.
#[inline(never)]
fn dict_item(container: Ref, key: Ref) -> *mut PyObject {
    let hash = if is(key, &PyUnicode_Type) {
        // SAFETY: an exact str.
        Ok(unicode::hash(unsafe { as_a(key) }))
    } else {
        object::hash(key)
    };
    // SAFETY: callers have checked that it is an exact dict.
    let dict = unsafe { as_a(container) };
    match hash.and_then(|hash| dict::get_item_known_hash(dict, key, hash)) {
        Ok(Some(item)) => item.into_raw(),
        Ok(None) => {
            errors::key_error(key);
            null_mut()
        }
        Err(_) => null_mut(),
    }
}

#[inline(always)]
pub fn binary_subscr_getitem(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let container = r.peek(2);
    let type_ = container.ob_type.get();
    // SAFETY: an object's type is alive; one with this version is a class with a getitem cached.
    let cached = unsafe {
        if (*type_).tp_version_tag.get() != r.cached_version(1) {
            return Act::Miss;
        }
        &*(*type_.cast::<PyHeapTypeObject>())
            ._spec_cache
            .getitem
            .get()
    };
    debug_assert!(is(cached, &PyFunction_Type));
    // SAFETY: the specialiser caches functions only.
    let function: &PyFunctionObject = unsafe { as_a(cached) };
    if function.func_version.get() != u32::from(r.cache(3)) {
        return Act::Miss;
    }
    let entry = Entry {
        function,
        total: 2,
        below: 0,
        caches: 4,
    };
    let act = enter(e, r, &entry, Act::Cold(getitem_slowly));
    if let Act::Next = act {
        hold(cached);
    }
    act
}

/// The same where the frame finds no room in the chunk, or the recursion is too deep.
#[cold]
#[inline(never)]
fn getitem_slowly(e: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let class = r.peek(2).ob_type.get().cast::<PyHeapTypeObject>();
    // SAFETY: the guards have held: the class caches a function.
    let function = unsafe {
        let cached: &PyFunctionObject = &*(*class)._spec_cache.getitem.get().cast();
        Own::new(cached)
    };
    r.jump(4);
    e.spill(r);
    match e.call_with_two(function) {
        Ok(()) => Act::Reload,
        Err(_) => unwind(e),
    }
}

#[inline(always)]
pub fn store_subscr_list_int(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (key, list, value) = (r.peek(1), r.peek(2), r.peek(3));
    let Some(index) = index(key) else {
        return Act::Miss;
    };
    if !is(list, &PyList_Type) {
        return Act::Miss;
    }
    let Some(slot) = list_slot(list, index) else {
        return Act::Miss;
    };
    if list.ob_refcnt.get() == 1 {
        return Act::General;
    }
    // SAFETY: a slot of the list, which owns what it holds.
    let old: Ref = unsafe { &*std::ptr::replace(slot, raw(value)) };
    let here = r.next;
    release(list);
    r.shrink(3);
    r.jump(1);
    r.done2(here, old, key)
}

#[inline(always)]
pub fn store_subscr_dict(_: &mut Eval, r: &mut Regs, _: usize) -> Act {
    let (key, container, value) = (r.peek(1), r.peek(2), r.peek(3));
    if !is(container, &PyDict_Type) {
        return Act::Miss;
    }
    r.mark();
    r.shrink(3);
    // SAFETY: an exact dict; it takes over the references to key and value.
    let outcome = unsafe {
        dict::set_item_take(
            as_a(container),
            Own::from_raw(raw(key)),
            Own::from_raw(raw(value)),
        )
    };
    drop_ref(container);
    if outcome.is_err() {
        return Act::Raise;
    }
    r.jump(1);
    Act::Called
}
