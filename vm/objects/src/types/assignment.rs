//! Whether instances of one type may become another's: `__class__` and `__bases__` assignment
//! (`compatible_for_assignment`).

use super::instance::subtype_dealloc;
use crate::errors::{PyResult, type_error};
use crate::object::{self, TypeExt};
use crate::own::Field;
use std::ptr::{eq, fn_addr_eq};
use twinheap_abi::*;

/// Fails where `new` lays its instances out otherwise than `old`, or frees them otherwise.
pub(super) fn check(old: &PyTypeObject, new: &PyTypeObject, attribute: &str) -> PyResult<()> {
    let same_free = match (old.tp_free.get(), new.tp_free.get()) {
        (Some(a), Some(b)) => fn_addr_eq(a, b),
        (None, None) => true,
        _ => false,
    };
    let differs = |what: &str| {
        Err(type_error(format_args!(
            "{attribute} assignment: '{}' {what} differs from '{}'",
            new.name(),
            old.name()
        )))
    };
    if !same_free {
        return differs("deallocator");
    }
    let (new_root, old_root) = (highest_alike(new), highest_alike(old));
    let alike = eq(new_root, old_root)
        || eq(new_root.tp_base.get(), old_root.tp_base.get())
            && adds_same_slots(new_root, old_root)?;
    let same_dict =
        old.has_feature(Py_TPFLAGS_MANAGED_DICT) == new.has_feature(Py_TPFLAGS_MANAGED_DICT);
    if alike && same_dict {
        return Ok(());
    }
    differs("object layout")
}

/// The highest base whose instances have the very same fields.
fn highest_alike(type_: &PyTypeObject) -> &PyTypeObject {
    let mut here = type_;
    // SAFETY: a type keeps its base alive.
    while let Some(base) = unsafe { here.tp_base.get().as_ref() } {
        if !is_like_base(here, base) {
            break;
        }
        here = base;
    }
    here
}

fn is_like_base(child: &PyTypeObject, parent: &PyTypeObject) -> bool {
    let same_dealloc = match (child.tp_dealloc.get(), parent.tp_dealloc.get()) {
        (Some(own), Some(inherited)) => {
            fn_addr_eq(own, subtype_dealloc as destructor) || fn_addr_eq(own, inherited)
        }
        (own, inherited) => own.is_none() && inherited.is_none(),
    };
    child.tp_basicsize.get() == parent.tp_basicsize.get()
        && child.tp_itemsize.get() == parent.tp_itemsize.get()
        && child.tp_dictoffset.get() == parent.tp_dictoffset.get()
        && child.tp_weaklistoffset.get() == parent.tp_weaklistoffset.get()
        && child.has_feature(Py_TPFLAGS_HAVE_GC) == parent.has_feature(Py_TPFLAGS_HAVE_GC)
        && same_dealloc
}

/// Whether two types of one base add the same slots to it, and nothing else.
fn adds_same_slots(a: &PyTypeObject, b: &PyTypeObject) -> PyResult<bool> {
    // SAFETY: a type keeps its base alive.
    let Some(base) = (unsafe { a.tp_base.get().as_ref() }) else {
        return Ok(false);
    };
    if !a.has_feature(Py_TPFLAGS_HEAPTYPE) || !b.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return Ok(false);
    }
    let mut size = base.tp_basicsize.get();
    for (of_a, of_b) in [
        (a.tp_dictoffset.get(), b.tp_dictoffset.get()),
        (a.tp_weaklistoffset.get(), b.tp_weaklistoffset.get()),
    ] {
        if of_a == size && of_b == size {
            size += 8;
        }
    }
    // SAFETY: heap types are `PyHeapTypeObject`s.
    let slots = |type_: &PyTypeObject| unsafe {
        (*std::ptr::from_ref(type_).cast::<PyHeapTypeObject>())
            .ht_slots
            .own()
    };
    if let (Some(slots_a), Some(slots_b)) = (slots(a), slots(b)) {
        if !object::rich_compare_bool(&slots_a, &slots_b, Py_EQ)? {
            return Ok(false);
        }
        size += 8 * object::length(&slots_a)? as isize;
    }
    Ok(size == a.tp_basicsize.get() && size == b.tp_basicsize.get())
}
