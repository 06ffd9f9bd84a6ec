//! cell (`Objects/cellobject.c`).

use crate::call;
use crate::errors::{PyResult, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Own};
use crate::singletons::not_implemented;
use crate::{getset, slot, static_type, tuple, typed, unicode};
use twinheap_abi::*;

typed!(PyCellObject, PyCell_Type);

/// `PyCell_New`.
pub fn new(value: Option<Own>) -> PyResult<Own<PyCellObject>> {
    let object: *mut PyCellObject = memory::new_gc_object(&PyCell_Type, size_of::<PyCellObject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object)
            .ob_ref
            .set(value.map_or(std::ptr::null_mut(), Own::into_raw));
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

fn cell_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("cell", kwargs)?;
    call::check_positional("cell", tuple::items(args).len(), 0, 1)?;
    Ok(new(tuple::items(args).first().map(|value| Own::new(*value)))?.upcast())
}

fn repr(cell: &PyCellObject) -> PyResult {
    let address = cell as *const PyCellObject;
    let text = match cell.ob_ref.as_ref() {
        None => format!("<cell at {address:p}: empty>"),
        Some(value) => {
            format!(
                "<cell at {address:p}: {} object at {value:p}>",
                value.type_().name()
            )
        }
    };
    Ok(unicode::from_str(&text)?.upcast())
}

fn richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<PyCellObject>(),
        b.downcast_ref::<PyCellObject>(),
    ) else {
        return Ok(not_implemented());
    };
    match (a.ob_ref.own(), b.ob_ref.own()) {
        (Some(a), Some(b)) => object::rich_compare(&a, &b, op),
        (a, b) => {
            let ordering = a.is_some().cmp(&b.is_some());
            Ok(object::compare_result(ordering, op))
        }
    }
}

fn get_contents(cell: &PyCellObject) -> PyResult {
    cell.ob_ref
        .own()
        .ok_or_else(|| value_error("Cell is empty"))
}

fn set_contents(cell: &PyCellObject, value: Option<&PyObject>) -> PyResult<()> {
    cell.ob_ref.put(value.map(Own::new));
    Ok(())
}

fn traverse(cell: &PyCellObject, visitor: &mut Visitor) {
    visitor.field(&cell.ob_ref);
}

fn clear(cell: &PyCellObject) {
    cell.ob_ref.clear();
}

unsafe fn dealloc(cell: *mut PyCellObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(cell.cast());
        (*cell).ob_ref.clear();
        memory::gc_del(cell.cast());
    }
}

getset! {
    static GETSET:
    "cell_contents" => get_contents, set_contents;
}

static_type! {
    /// `cell`.
    PyCell_Type = "cell", size size_of::<PyCellObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp richcompare),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new cell_new),
}
