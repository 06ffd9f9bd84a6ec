//! traceback (`Python/traceback.c`): the chain of frames that an exception has passed.

use crate::call::{self, Signature};
use crate::errors::{PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Own};
use crate::singletons::none;
use crate::{getset, members, slot, static_type, typed};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(PyTracebackObject, PyTraceBack_Type);

/// `tb_create_raw`.
pub fn new(
    next: Option<Own>,
    frame: Own<PyFrameObject>,
    lasti: i32,
    lineno: i32,
) -> PyResult<Own<PyTracebackObject>> {
    let object: *mut PyTracebackObject =
        memory::new_gc_object(&PyTraceBack_Type, size_of::<PyTracebackObject>())?;
    // SAFETY: fresh memory; the next entry is a traceback.
    unsafe {
        (*object)
            .tb_next
            .set(next.map_or(std::ptr::null_mut(), |next| next.into_raw().cast()));
        (*object).tb_frame.set(frame.into_raw());
        (*object).tb_lasti.set(lasti);
        (*object).tb_lineno.set(lineno);
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

fn get_next(traceback: &PyTracebackObject) -> PyResult {
    Ok(traceback.tb_next.own().map_or_else(none, Own::upcast))
}

fn set_next(traceback: &PyTracebackObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("can't delete tb_next attribute"));
    };
    if value.is_none() {
        traceback.tb_next.clear();
        return Ok(());
    }
    let Some(next) = value.downcast_ref::<PyTracebackObject>() else {
        return Err(type_error(format_args!(
            "expected traceback object, got '{}'",
            value.type_().name()
        )));
    };
    let mut cursor = Some(next);
    while let Some(entry) = cursor {
        if std::ptr::eq(entry, traceback) {
            return Err(crate::errors::value_error("traceback loop detected"));
        }
        cursor = entry.tb_next.as_ref();
    }
    traceback.tb_next.put(Some(Own::new(next)));
    Ok(())
}

fn traverse(traceback: &PyTracebackObject, visitor: &mut Visitor) {
    visitor.field(&traceback.tb_next);
    visitor.field(&traceback.tb_frame);
}

fn clear(traceback: &PyTracebackObject) {
    traceback.tb_next.clear();
    traceback.tb_frame.clear();
}

unsafe fn dealloc(traceback: *mut PyTracebackObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(traceback.cast());
        memory::with_trashcan(traceback.cast(), |traceback| {
            clear(&*traceback.cast());
            memory::gc_del(traceback);
        });
    }
}

members! {
    static MEMBERS:
    "tb_frame" => T_OBJECT, offset_of!(PyTracebackObject, tb_frame), READONLY;
    "tb_lasti" => T_INT, offset_of!(PyTracebackObject, tb_lasti), READONLY;
}

/// The line of an entry, given when it was made or found through its frame
/// (`traceback_lineno` of 3.11.3 and later).
pub fn line_of(traceback: &PyTracebackObject) -> i32 {
    let stored = traceback.tb_lineno.get();
    if stored != -1 {
        return stored;
    }
    // SAFETY: an entry owns its frame object, which always points to its frame.
    let code = unsafe { &*(*traceback.tb_frame.get()).f_frame.get() }
        .f_code
        .expect_ref();
    crate::code::line_of(code, traceback.tb_lasti.get())
}

fn get_lineno(traceback: &PyTracebackObject) -> PyResult {
    let line = line_of(traceback);
    if line == -1 {
        return Ok(none());
    }
    Ok(crate::long::from_i64(i64::from(line))?.upcast())
}

getset! {
    static GETSET:
    "tb_lineno" => get_lineno;
    "tb_next" => get_next, set_next;
}

/// `tb_new`: an entry that a program makes.
fn tb_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "TracebackType",
        parameters: &["tb_next", "tb_frame", "tb_lasti", "tb_lineno"],
        required: 4,
        positional: 4,
    };
    let given = call::bind_tuple::<4>(&SIGNATURE, args, kwargs)?;
    let [Some(next), Some(frame), Some(lasti), Some(lineno)] = given else {
        return Err(type_error("TracebackType() takes exactly 4 arguments"));
    };
    // Frames are the evaluator's: their type is known by its name here.
    if frame.type_().name() != "frame" {
        return Err(type_error(format_args!(
            "TracebackType() argument 'tb_frame' must be frame, not {}",
            crate::unicode::type_name_or_none(frame)
        )));
    }
    let (lasti, lineno) = (crate::long::as_int(lasti)?, crate::long::as_int(lineno)?);
    let next = match next.downcast_ref::<PyTracebackObject>() {
        Some(entry) => Some(Own::new(entry).upcast()),
        None if next.is_none() => None,
        None => {
            return Err(type_error(format_args!(
                "expected traceback object or None, got '{}'",
                next.type_().name()
            )));
        }
    };
    // SAFETY: the object is a frame.
    let frame: Own<PyFrameObject> = unsafe { Own::new(frame).cast() };
    Ok(new(next, frame, lasti, lineno)?.upcast())
}

static_type! {
    /// `traceback`.
    PyTraceBack_Type = "traceback", size size_of::<PyTracebackObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new tb_new),
}
