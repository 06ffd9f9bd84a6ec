//! BaseException: args, traceback, context, cause, notes.

use crate::call;
use crate::errors::{PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{
    dict, getset, id, list, members, methods, slot, static_type, tuple, typed, types, unicode,
};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(PyBaseExceptionObject, PyExc_BaseException, flag Py_TPFLAGS_BASE_EXC_SUBCLASS);

/// The exception part of any exception.
pub fn base_exception(object: &PyObject) -> Option<&PyBaseExceptionObject> {
    object.downcast_ref()
}

/// `BaseException_new`.
pub fn new(type_: &PyTypeObject, args: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: an exception, zeroed but for its header.
    let exception: &PyBaseExceptionObject = unsafe { &*made.as_ptr().cast() };
    exception.args.put(Some(Own::new(args).upcast()));
    Ok(made)
}

/// `BaseException_init`.
pub fn init(
    exception: &PyBaseExceptionObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    call::no_keywords(exception.as_object().type_().name(), kwargs)?;
    exception.args.put(Some(Own::new(args).upcast()));
    Ok(())
}

/// The arguments of an exception.
pub fn args_of(exception: &PyBaseExceptionObject) -> &[&PyObject] {
    match exception
        .args
        .as_ref()
        .and_then(|args| args.downcast_ref::<PyTupleObject>())
    {
        Some(args) => tuple::items(args),
        None => &[],
    }
}

/// `BaseException_str`.
pub fn str(exception: &PyBaseExceptionObject) -> PyResult {
    match args_of(exception) {
        [] => Ok(unicode::empty().upcast()),
        [single] => Ok(object::str(single)?.upcast()),
        _ => Ok(object::str(exception.args.expect_ref())?.upcast()),
    }
}

fn repr(exception: &PyBaseExceptionObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str(exception.as_object().type_().short_name());
    match args_of(exception) {
        [single] => {
            writer.push_str("(");
            writer.push(&object::repr(single)?);
            writer.push_str(")");
        }
        _ => writer.push(&object::repr(exception.args.expect_ref())?),
    }
    Ok(writer.finish()?.upcast())
}

fn get_args(exception: &PyBaseExceptionObject) -> PyResult {
    Ok(exception.args.own().unwrap_or_else(none))
}

fn set_args(exception: &PyBaseExceptionObject, value: Option<&PyObject>) -> PyResult<()> {
    match value {
        Some(value) => {
            exception
                .args
                .put(Some(tuple::from_iterable(value)?.upcast()));
            Ok(())
        }
        None => Err(type_error("args may not be deleted")),
    }
}

fn get_traceback(exception: &PyBaseExceptionObject) -> PyResult {
    Ok(exception.traceback.own().unwrap_or_else(none))
}

/// `PyException_SetTraceback`, as an attribute.
fn set_traceback(exception: &PyBaseExceptionObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("__traceback__ may not be deleted"));
    };
    if !value.is_none() && value.downcast_ref::<PyTracebackObject>().is_none() {
        return Err(type_error("__traceback__ must be a traceback or None"));
    }
    // None is kept as it is given, where an exception that was never raised has nothing at all.
    exception.traceback.put(Some(Own::new(value)));
    Ok(())
}

/// An exception or None, as `__context__` and `__cause__` take them.
fn exception_or_none(value: Option<&PyObject>, name: &str) -> PyResult<Option<Own>> {
    let Some(value) = value else {
        return Err(type_error(format_args!("__{name}__ may not be deleted")));
    };
    if value.is_none() {
        return Ok(None);
    }
    if base_exception(value).is_none() {
        return Err(type_error(format_args!(
            "exception {name} must be None or derive from BaseException"
        )));
    }
    Ok(Some(Own::new(value)))
}

fn get_context(exception: &PyBaseExceptionObject) -> PyResult {
    Ok(exception.context.own().unwrap_or_else(none))
}

fn set_context(exception: &PyBaseExceptionObject, value: Option<&PyObject>) -> PyResult<()> {
    exception.context.put(exception_or_none(value, "context")?);
    Ok(())
}

fn get_cause(exception: &PyBaseExceptionObject) -> PyResult {
    Ok(exception.cause.own().unwrap_or_else(none))
}

fn set_cause_attribute(
    exception: &PyBaseExceptionObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    set_cause(exception, exception_or_none(value, "cause")?);
    Ok(())
}

/// `PyException_SetCause`.
pub fn set_cause(exception: &PyBaseExceptionObject, cause: Option<Own>) {
    exception.suppress_context.set(true);
    exception.cause.put(cause);
}

fn get_dict(exception: &PyBaseExceptionObject) -> PyResult {
    match object::instance_dict(exception.as_object())? {
        Some(own) => Ok(own.upcast()),
        None => Ok(none()),
    }
}

fn set_dict(exception: &PyBaseExceptionObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("cannot delete __dict__"));
    };
    if value.downcast_ref::<PyDictObject>().is_none() {
        return Err(type_error(format_args!(
            "__dict__ must be set to a dictionary, not a '{:.200}'",
            value.type_().name()
        )));
    }
    exception.dict.put(Some(Own::new(value)));
    Ok(())
}

fn with_traceback(exception: &PyBaseExceptionObject, traceback: &PyObject) -> PyResult {
    set_traceback(exception, Some(traceback))?;
    Ok(Own::new(exception).upcast())
}

fn add_note(exception: &PyBaseExceptionObject, note: &PyObject) -> PyResult {
    if note.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "note must be a str, not '{}'",
            note.type_().name()
        )));
    }
    let notes = match object::lookup_attr(exception.as_object(), id!("__notes__"))? {
        Some(notes) => notes,
        None => {
            let made = list::new(0)?.upcast();
            object::set_attr(
                exception.as_object(),
                id!("__notes__").as_object(),
                Some(&made),
            )?;
            made
        }
    };
    match notes.downcast_ref::<PyListObject>() {
        Some(notes) => list::append(notes, note)?,
        None => return Err(type_error("Cannot add note: __notes__ is not a list")),
    }
    Ok(none())
}

fn reduce(exception: &PyBaseExceptionObject) -> PyResult {
    let class = exception.as_object().type_().as_object();
    match (exception.args.own(), exception.dict.own()) {
        (Some(args), Some(own)) => Ok(tuple::pack(&[class, &args, &own])?.upcast()),
        (Some(args), None) => Ok(tuple::pack(&[class, &args])?.upcast()),
        (None, _) => Ok(tuple::pack(&[class])?.upcast()),
    }
}

fn setstate(exception: &PyBaseExceptionObject, state: &PyObject) -> PyResult {
    if state.is_none() {
        return Ok(none());
    }
    let Some(state) = state.downcast_ref::<PyDictObject>() else {
        return Err(type_error("state is not a dictionary"));
    };
    for (name, value) in dict::iter_owned(&*dict::copy(state)?) {
        object::set_attr(exception.as_object(), &name, Some(&value))?;
    }
    Ok(none())
}

pub fn traverse(exception: &PyBaseExceptionObject, visitor: &mut Visitor) {
    for field in fields(exception) {
        visitor.field(field);
    }
}

fn fields(exception: &PyBaseExceptionObject) -> [&Pointer<PyObject>; 6] {
    [
        &exception.dict,
        &exception.args,
        &exception.notes,
        &exception.traceback,
        &exception.cause,
        &exception.context,
    ]
}

pub fn clear(exception: &PyBaseExceptionObject) {
    for field in fields(exception) {
        field.clear();
    }
}

/// Releases the common fields and the memory; the type's own fields are gone already.
pub unsafe fn dealloc(exception: *mut PyBaseExceptionObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(exception.cast());
        memory::with_trashcan(exception.cast(), |exception| {
            clear(&*exception.cast());
            if let Some(free) = (*exception).type_().tp_free.get() {
                free(exception.cast());
            }
        });
    }
}

members! {
    static MEMBERS:
    "__suppress_context__" => T_BOOL, offset_of!(PyBaseExceptionObject, suppress_context), 0;
}

getset! {
    static GETSET:
    "__dict__" => get_dict, set_dict;
    "args" => get_args, set_args;
    "__traceback__" => get_traceback, set_traceback;
    "__context__" => get_context, set_context;
    "__cause__" => get_cause, set_cause_attribute;
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
    "__setstate__" => o(setstate);
    "with_traceback" => o(with_traceback);
    "add_note" => o(add_note);
}

static_type! {
    /// `BaseException`.
    PyExc_BaseException = "BaseException", size size_of::<PyBaseExceptionObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_BASE_EXC_SUBCLASS;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_str: slot!(unary str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_dictoffset: offset_of!(PyBaseExceptionObject, dict) as isize,
    tp_init: slot!(init init),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
