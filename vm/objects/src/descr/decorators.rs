//! classmethod and staticmethod (`Objects/funcobject.c`).

use crate::call;
use crate::errors::{PyResult, runtime_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{getset, id, members, slot, static_type, tuple, types, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

/// Copies the attributes that a wrapper shares with what it wraps (`functools_wraps`).
fn copy_attributes(wrapper: &classmethodobject, callable: &PyObject) -> PyResult<()> {
    for name in [
        id!("__module__"),
        id!("__name__"),
        id!("__qualname__"),
        id!("__doc__"),
        id!("__annotations__"),
    ] {
        if let Some(value) = object::lookup_attr(callable, name)? {
            object::set_attr(wrapper.as_object(), name.as_object(), Some(&value))?;
        }
    }
    Ok(())
}

fn make(type_: &PyTypeObject, callable: &PyObject) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: both types have this layout.
    let wrapper: &classmethodobject = unsafe { &*made.as_ptr().cast() };
    wrapper.cm_callable.put(Some(Own::new(callable)));
    Ok(made)
}

/// `PyStaticMethod_New`.
pub fn new_static_method(callable: &PyObject) -> PyResult {
    make(&PyStaticMethod_Type, callable)
}

/// `PyClassMethod_New`.
pub fn new_class_method(callable: &PyObject) -> PyResult {
    make(&PyClassMethod_Type, callable)
}

fn callable_of(wrapper: &classmethodobject, what: &str) -> PyResult {
    wrapper
        .cm_callable
        .own()
        .ok_or_else(|| runtime_error(format_args!("uninitialized {what} object")))
}

fn classmethod_get(
    wrapper: &classmethodobject,
    instance: Option<&PyObject>,
    owner: Option<&PyObject>,
) -> PyResult {
    let callable = callable_of(wrapper, "classmethod")?;
    let owner = match (owner, instance) {
        (Some(owner), _) => owner,
        (None, Some(instance)) => instance.type_().as_object(),
        (None, None) => return Ok(callable),
    };
    if let Some(get) = callable.type_().tp_descr_get.get() {
        // SAFETY: the slot of the callable's own type.
        return unsafe {
            crate::errors::from_c(get(callable.as_ptr(), owner.as_raw(), owner.as_raw()))
        };
    }
    crate::function::new_bound_method(&callable, owner)
}

fn staticmethod_get(
    wrapper: &classmethodobject,
    _: Option<&PyObject>,
    _: Option<&PyObject>,
) -> PyResult {
    callable_of(wrapper, "staticmethod")
}

fn init(
    wrapper: &classmethodobject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    let name = wrapper.as_object().type_().name();
    call::no_keywords(name, kwargs)?;
    call::check_positional(name, tuple::items(args).len(), 1, 1)?;
    let callable = tuple::items(args)[0];
    wrapper.cm_callable.put(Some(Own::new(callable)));
    copy_attributes(wrapper, callable)
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    types::allocate(type_, 0)
}

fn staticmethod_call(
    wrapper: &classmethodobject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::call_tuple(&*callable_of(wrapper, "staticmethod")?, args, kwargs)
}

fn repr(wrapper: &classmethodobject) -> PyResult {
    let callable = wrapper.cm_callable.own().unwrap_or_else(none);
    let mut writer = unicode::Writer::new();
    writer.push_str("<");
    writer.push_str(
        if types::is_subtype(wrapper.as_object().type_(), &PyStaticMethod_Type) {
            "staticmethod("
        } else {
            "classmethod("
        },
    );
    writer.push(&object::repr(&callable)?);
    writer.push_str(")>");
    Ok(writer.finish()?.upcast())
}

fn get_isabstract(wrapper: &classmethodobject) -> PyResult {
    let answer = match wrapper.cm_callable.own() {
        Some(callable) => is_abstract(&callable)?,
        None => false,
    };
    Ok(crate::singletons::bool_object(answer))
}

/// `_PyObject_IsAbstract`.
pub fn is_abstract(object: &PyObject) -> PyResult<bool> {
    match object::lookup_attr(object, id!("__isabstractmethod__"))? {
        Some(flag) => object::is_true(&flag),
        None => Ok(false),
    }
}

fn get_dict(wrapper: &classmethodobject) -> PyResult {
    match object::instance_dict(wrapper.as_object())? {
        Some(own) => Ok(own.upcast()),
        None => Ok(none()),
    }
}

fn traverse(wrapper: &classmethodobject, visitor: &mut Visitor) {
    visitor.field(&wrapper.cm_dict);
    visitor.field(&wrapper.cm_callable);
}

unsafe fn dealloc(wrapper: *mut classmethodobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(wrapper.cast());
        (*wrapper).cm_callable.clear();
        (*wrapper).cm_dict.clear();
        if let Some(free) = (*wrapper).as_object().type_().tp_free.get() {
            free(wrapper.cast());
        }
    }
}

members! {
    static MEMBERS:
    "__func__" => T_OBJECT, offset_of!(classmethodobject, cm_callable), READONLY;
    "__wrapped__" => T_OBJECT, offset_of!(classmethodobject, cm_callable), READONLY;
}

getset! {
    static GETSET:
    "__isabstractmethod__" => get_isabstract;
    "__dict__" => get_dict;
}

static_type! {
    /// `classmethod`.
    PyClassMethod_Type = "classmethod", size size_of::<classmethodobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_traverse: slot!(traverse traverse),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get classmethod_get),
    tp_dictoffset: offset_of!(classmethodobject, cm_dict) as isize,
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}

static_type! {
    /// `staticmethod`.
    PyStaticMethod_Type = "staticmethod", size size_of::<classmethodobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_call: slot!(call staticmethod_call),
    tp_traverse: slot!(traverse traverse),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get staticmethod_get),
    tp_dictoffset: offset_of!(classmethodobject, cm_dict) as isize,
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
