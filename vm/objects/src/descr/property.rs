//! property (`Objects/descrobject.c`).

use super::decorators::is_abstract;
use crate::call::{self, Signature};
use crate::errors::{PyResult, attribute_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, none};
use crate::{getset, id, members, methods, slot, static_type, types};
use std::mem::offset_of;
use twinheap_abi::*;

fn init(
    property: &propertyobject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    const SIGNATURE: Signature = Signature {
        name: "property",
        parameters: &["fget", "fset", "fdel", "doc"],
        required: 0,
        positional: 4,
    };
    let [get, set, delete, doc] = call::bind_tuple::<4>(&SIGNATURE, args, kwargs)?;
    let given = |value: Option<&PyObject>| value.filter(|value| !value.is_none()).map(Own::new);
    property.prop_get.put(given(get));
    property.prop_set.put(given(set));
    property.prop_del.put(given(delete));
    property.prop_doc.put(given(doc));
    property.prop_name.put(None);
    property.getter_doc.set(0);
    if doc.is_none_or(|doc| doc.is_none())
        && let Some(getter) = property.prop_get.own()
        && let Some(doc) = object::lookup_attr(&getter, id!("__doc__"))?
    {
        if property.as_object().is_exactly(&PyProperty_Type) {
            property.prop_doc.put(Some(doc));
        } else {
            object::set_attr(property.as_object(), id!("__doc__").as_object(), Some(&doc))?;
        }
        property.getter_doc.set(1);
    }
    Ok(())
}

/// The complaint about an accessor that is missing.
fn missing(property: &propertyobject, instance: &PyObject, what: &str) -> crate::errors::Raised {
    let class = types::type_name_object(instance.type_())
        .map(|name| name.as_object().repr_lossy())
        .unwrap_or_default();
    let qualname = object::get_attr(instance.type_().as_object(), id!("__qualname__"))
        .map(|name| name.repr_lossy())
        .unwrap_or(class);
    match property.prop_name.own() {
        Some(name) => attribute_error(format_args!(
            "property {} of {qualname} object has no {what}",
            name.repr_lossy()
        )),
        None => attribute_error(format_args!("property of {qualname} object has no {what}")),
    }
}

fn descr_get(
    property: &propertyobject,
    instance: Option<&PyObject>,
    _: Option<&PyObject>,
) -> PyResult {
    let Some(instance) = instance.filter(|instance| !instance.is_none()) else {
        return Ok(Own::new(property).upcast());
    };
    match property.prop_get.own() {
        Some(getter) => call::call(&getter, &[instance]),
        None => Err(missing(property, instance, "getter")),
    }
}

fn descr_set(
    property: &propertyobject,
    instance: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    match value {
        Some(value) => match property.prop_set.own() {
            Some(setter) => call::call(&setter, &[instance, value]).map(drop),
            None => Err(missing(property, instance, "setter")),
        },
        None => match property.prop_del.own() {
            Some(deleter) => call::call(&deleter, &[instance]).map(drop),
            None => Err(missing(property, instance, "deleter")),
        },
    }
}

/// A copy with one accessor replaced (`property_copy`).
fn copy_with(property: &propertyobject, which: usize, accessor: &PyObject) -> PyResult {
    let keep = |field: &Pointer<PyObject>| field.own().unwrap_or_else(none);
    let mut accessors = [
        keep(&property.prop_get),
        keep(&property.prop_set),
        keep(&property.prop_del),
    ];
    accessors[which] = Own::new(accessor);
    let from_getter = property.getter_doc.get() != 0 && !accessors[0].is_none();
    let doc = if from_getter {
        none()
    } else {
        keep(&property.prop_doc)
    };
    let class = property.as_object().type_();
    let made = call::call(
        class.as_object(),
        &[&accessors[0], &accessors[1], &accessors[2], &doc],
    )?;
    if let Some(copy) = made.downcast_ref::<propertyobject>() {
        copy.prop_name.put(property.prop_name.own());
    }
    Ok(made)
}

crate::typed!(propertyobject, PyProperty_Type);

fn getter(property: &propertyobject, accessor: &PyObject) -> PyResult {
    copy_with(property, 0, accessor)
}

fn setter(property: &propertyobject, accessor: &PyObject) -> PyResult {
    copy_with(property, 1, accessor)
}

fn deleter(property: &propertyobject, accessor: &PyObject) -> PyResult {
    copy_with(property, 2, accessor)
}

fn set_name(property: &propertyobject, args: &PyTupleObject) -> PyResult {
    let args = crate::tuple::items(args);
    if args.len() != 2 {
        return Err(crate::errors::type_error(format_args!(
            "__set_name__() takes 2 positional arguments but {} were given",
            args.len()
        )));
    }
    property.prop_name.put(Some(Own::new(args[1])));
    Ok(none())
}

fn get_isabstract(property: &propertyobject) -> PyResult {
    for field in [&property.prop_get, &property.prop_set, &property.prop_del] {
        if let Some(accessor) = field.own()
            && is_abstract(&accessor)?
        {
            return Ok(bool_object(true));
        }
    }
    Ok(bool_object(false))
}

fn traverse(property: &propertyobject, visitor: &mut Visitor) {
    for field in [
        &property.prop_get,
        &property.prop_set,
        &property.prop_del,
        &property.prop_doc,
        &property.prop_name,
    ] {
        visitor.field(field);
    }
}

unsafe fn dealloc(property: *mut propertyobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(property.cast());
        let object = &*property;
        for field in [
            &object.prop_get,
            &object.prop_set,
            &object.prop_del,
            &object.prop_doc,
            &object.prop_name,
        ] {
            field.clear();
        }
        if let Some(free) = object.as_object().type_().tp_free.get() {
            free(property.cast());
        }
    }
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    types::allocate(type_, 0)
}

members! {
    static MEMBERS:
    "fget" => T_OBJECT, offset_of!(propertyobject, prop_get), READONLY;
    "fset" => T_OBJECT, offset_of!(propertyobject, prop_set), READONLY;
    "fdel" => T_OBJECT, offset_of!(propertyobject, prop_del), READONLY;
    "__doc__" => T_OBJECT, offset_of!(propertyobject, prop_doc), 0;
}

methods! {
    static METHODS:
    "getter" => o(getter);
    "setter" => o(setter);
    "deleter" => o(deleter);
    "__set_name__" => varargs(set_name);
}

getset! {
    static GETSET:
    "__isabstractmethod__" => get_isabstract;
}

static_type! {
    /// `property`.
    PyProperty_Type = "property", size size_of::<propertyobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get descr_get),
    tp_descr_set: slot!(objobjarg descr_set),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
