//! The iterator of memoryviews.

use super::{PyMemoryViewObject, check, item_format, items, no_dimension};
use crate::errors::{PyResult, not_implemented};
use crate::memory::{self, Visitor};
use crate::object;
use crate::own::{Field, Layout, Own};
use crate::{slot, static_type};
use std::cell::Cell;
use std::ffi::c_char;
use twinheap_abi::*;

/// A memoryview until it is used up, and the next index.
#[repr(C)]
pub struct memoryiterobject {
    pub ob_base: PyObject,
    pub it_index: Cell<Py_ssize_t>,
    pub it_seq: Pointer<PyMemoryViewObject>,
    pub it_length: Cell<Py_ssize_t>,
    pub it_fmt: Cell<*const c_char>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for memoryiterobject {}

pub(super) fn memory_iter(object: &PyMemoryViewObject) -> PyResult {
    let view = super::view(object);
    match view.ndim {
        0 => return Err(no_dimension()),
        1 => {}
        _ => {
            return Err(not_implemented(
                "multi-dimensional sub-views are not implemented",
            ));
        }
    }
    let format = item_format(view)?;
    let made: *mut memoryiterobject =
        memory::new_gc_object(&_PyMemoryIter_Type, size_of::<memoryiterobject>())?;
    // SAFETY: fresh memory of the iterator's size; it is tracked once its fields are set.
    unsafe {
        (*made).it_index.set(0);
        (*made).it_seq.set(Own::new(object).into_raw());
        (*made)
            .it_length
            .set(items::length(check(object)?) as isize);
        (*made).it_fmt.set(format.text().as_ptr());
        memory::track(made.cast());
        Ok(Own::from_raw(made).upcast())
    }
}

fn memory_iternext(iterator: &memoryiterobject) -> PyResult<Option<Own>> {
    let Some(object) = iterator.it_seq.own() else {
        return Ok(None);
    };
    let index = iterator.it_index.get();
    if index < iterator.it_length.get() {
        let view = check(&object)?;
        iterator.it_index.set(index + 1);
        return Ok(Some(
            item_format(view)?.unpack(items::bytes_at(view, items::place(view, &[index])?))?,
        ));
    }
    Field::clear(&iterator.it_seq);
    Ok(None)
}

fn traverse(iterator: &memoryiterobject, visitor: &mut Visitor) {
    visitor.field(&iterator.it_seq);
}

unsafe fn dealloc(iterator: *mut memoryiterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(iterator.cast());
        Field::clear(&(*iterator).it_seq);
        memory::gc_del(iterator.cast());
    }
}

static_type! {
    /// `memory_iterator`.
    _PyMemoryIter_Type = "memory_iterator", size size_of::<memoryiterobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext memory_iternext),
}
