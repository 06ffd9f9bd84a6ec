//! Bound methods: a function and the object that becomes its first argument.

use crate::call::{self, Args};
use crate::errors::PyResult;
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{getset, id, members, methods, slot, static_type, tuple, typed, types, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(PyMethodObject, PyMethod_Type);

/// `PyMethod_New`.
pub fn new_bound_method(function: &PyObject, this: &PyObject) -> PyResult {
    let object: *mut PyMethodObject =
        memory::new_gc_object(&PyMethod_Type, size_of::<PyMethodObject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).im_weakreflist.set(std::ptr::null_mut());
        (*object).im_func.set(Own::new(function).into_raw());
        (*object).im_self.set(Own::new(this).into_raw());
        (*object)
            .vectorcall
            .set(slot!(vectorcall method_vectorcall));
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn method_vectorcall(method: &PyMethodObject, args: Args<'_>) -> PyResult {
    let function: Own = Own::new(method.im_func.expect_ref());
    let this: Own = Own::new(method.im_self.expect_ref());
    let mut all: Vec<&PyObject> =
        memory::with_capacity(1 + args.positional.len() + args.kwvalues.len())?;
    all.push(&this);
    all.extend_from_slice(args.positional);
    let count = all.len();
    all.extend_from_slice(args.kwvalues);
    let kwnames = args
        .kwnames
        .map_or(std::ptr::null_mut(), |names| names.as_raw());
    // SAFETY: the keyword values follow the positional arguments.
    unsafe { call::vectorcall(&function, all.as_ptr().cast(), count, kwnames) }
}

/// Attributes that the method does not have come from the function.
fn getattro(method: &PyMethodObject, name: &PyObject) -> PyResult {
    if let Some(name) = name.downcast_ref::<PyASCIIObject>()
        && let Some(found) = types::lookup(&PyMethod_Type, name).map(Own::new)
    {
        return object::bind_descriptor(found, Some(method.as_object()), &PyMethod_Type);
    }
    match name.downcast_ref::<PyASCIIObject>() {
        Some(name) => object::get_attr(method.im_func.expect_ref(), name),
        None => object::generic_get_attr(method.as_object(), name),
    }
}

fn repr(method: &PyMethodObject) -> PyResult {
    let function: &PyObject = method.im_func.expect_ref();
    let name = match object::lookup_attr(function, id!("__qualname__"))? {
        Some(name) => Some(name),
        None => object::lookup_attr(function, id!("__name__"))?,
    };
    let mut writer = unicode::Writer::new();
    writer.push_str("<bound method ");
    match name
        .as_ref()
        .and_then(|name| name.downcast_ref::<PyASCIIObject>())
    {
        Some(name) => writer.push(name),
        None => writer.push_str("?"),
    }
    writer.push_str(" of ");
    writer.push(&object::repr(method.im_self.expect_ref())?);
    writer.push_str(">");
    Ok(writer.finish()?.upcast())
}

fn richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<PyMethodObject>(),
        b.downcast_ref::<PyMethodObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if !matches!(op, Py_EQ | Py_NE) {
        return Ok(not_implemented());
    }
    let same_function = object::equal(x.im_func.expect_ref(), y.im_func.expect_ref())?;
    let equal = same_function && x.im_self.get() == y.im_self.get();
    Ok(bool_object(equal == (op == Py_EQ)))
}

fn hash(method: &PyMethodObject) -> PyResult<Py_hash_t> {
    let own = object::hash_pointer(method.im_self.get());
    let hash = own ^ object::hash(method.im_func.expect_ref())?;
    Ok(if hash == -1 { -2 } else { hash })
}

fn get_doc(method: &PyMethodObject) -> PyResult {
    Ok(object::lookup_attr(method.im_func.expect_ref(), id!("__doc__"))?.unwrap_or_else(none))
}

fn descr_get(method: &PyMethodObject, _: Option<&PyObject>, _: Option<&PyObject>) -> PyResult {
    Ok(Own::new(method).upcast())
}

fn reduce(method: &PyMethodObject) -> PyResult {
    let getattr = crate::import_hook::builtin("getattr")?;
    let name = object::get_attr(method.im_func.expect_ref(), id!("__name__"))?;
    let args = tuple::pack(&[method.im_self.expect_ref(), &name])?;
    Ok(tuple::pack(&[&*getattr, args.as_object()])?.upcast())
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    debug_assert!(std::ptr::eq(type_, &PyMethod_Type));
    call::no_keywords("method", kwargs)?;
    call::check_positional("method", tuple::items(args).len(), 2, 2)?;
    let &[function, this] = tuple::items(args) else {
        return Err(crate::errors::system_error("two arguments were counted"));
    };
    if !call::is_callable(function) {
        return Err(crate::errors::type_error("first argument must be callable"));
    }
    if this.is_none() {
        return Err(crate::errors::type_error("instance must not be None"));
    }
    new_bound_method(function, this)
}

fn traverse(method: &PyMethodObject, visitor: &mut Visitor) {
    visitor.field(&method.im_func);
    visitor.field(&method.im_self);
}

unsafe fn dealloc(method: *mut PyMethodObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(method.cast());
        if !(*method).im_weakreflist.get().is_null() {
            crate::weakref::clear_all((*method).as_object());
        }
        (*method).im_func.clear();
        (*method).im_self.clear();
        memory::gc_del(method.cast());
    }
}

members! {
    static MEMBERS:
    "__func__" => T_OBJECT, offset_of!(PyMethodObject, im_func), READONLY;
    "__self__" => T_OBJECT, offset_of!(PyMethodObject, im_self), READONLY;
}

getset! {
    static GETSET:
    "__doc__" => get_doc;
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce, "($self, /)");
}

static_type! {
    /// `method`.
    PyMethod_Type = "method", size size_of::<PyMethodObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    tp_dealloc: slot!(dealloc dealloc),
    tp_vectorcall_offset: offset_of!(PyMethodObject, vectorcall) as isize,
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_call: Some(call::PyVectorcall_Call),
    tp_getattro: slot!(binary getattro),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(PyMethodObject, im_weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get descr_get),
    tp_new: slot!(new new),
}
