//! `types.SimpleNamespace` (`Objects/namespaceobject.c`).

use crate::errors::PyResult;
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout};
use crate::singletons::not_implemented;
use crate::{
    dict, list, members, methods, object_struct, slot, static_type, tuple, typed, types, unicode,
};
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;

object_struct! {
    /// `_PyNamespaceObject`.
    pub struct SimpleNamespace {
        ns_dict: Pointer<PyDictObject>,
    }
}

typed!(SimpleNamespace, _PyNamespace_Type);

/// `_PyNamespace_New`.
pub fn from_dict(values: &PyDictObject) -> PyResult {
    let made = new(&_PyNamespace_Type, &tuple::empty(), None)?;
    if let Some(namespace) = made.downcast_ref::<SimpleNamespace>() {
        dict::update(namespace.ns_dict.expect_ref(), values.as_object())?;
    }
    Ok(made)
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: a namespace or an instance of a subclass, zeroed but for its header.
    let namespace: &SimpleNamespace = unsafe { &*made.as_ptr().cast() };
    namespace.ns_dict.put(Some(dict::new()?));
    Ok(made)
}

fn init(
    namespace: &SimpleNamespace,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    if !tuple::items(args).is_empty() {
        return Err(crate::errors::type_error(
            "no positional arguments expected",
        ));
    }
    match kwargs {
        Some(kwargs)
            if dict::entries(kwargs)
                .any(|(key, _)| key.downcast_ref::<PyASCIIObject>().is_none()) =>
        {
            Err(crate::errors::type_error("keywords must be strings"))
        }
        Some(kwargs) => dict::update(namespace.ns_dict.expect_ref(), kwargs.as_object()),
        None => Ok(()),
    }
}

fn repr(namespace: &SimpleNamespace) -> PyResult {
    let this = namespace.as_object();
    let name = match this.is_exactly(&_PyNamespace_Type) {
        true => "namespace",
        false => this.type_().name(),
    };
    let Some(_guard) = object::repr_enter(this) else {
        return Ok(unicode::from_str(&format!("{name}(...)"))?.upcast());
    };
    let mut writer = unicode::Writer::new();
    writer.push_str(name);
    writer.push_str("(");
    let keys = list::from_iterable(namespace.ns_dict.expect_ref().as_object())?;
    let mut first = true;
    for key in list::iter_owned(&keys) {
        let Some(text) = key
            .downcast_ref::<PyASCIIObject>()
            .filter(|t| t.length.get() > 0)
        else {
            continue;
        };
        let Some(value) = dict::get_item(namespace.ns_dict.expect_ref(), &key)? else {
            continue;
        };
        if !std::mem::replace(&mut first, false) {
            writer.push_str(", ");
        }
        writer.push_text(unicode::text(text));
        writer.push_str("=");
        writer.push(&object::repr(&value)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    match (
        a.downcast_ref::<SimpleNamespace>(),
        b.downcast_ref::<SimpleNamespace>(),
    ) {
        (Some(left), Some(right)) => object::rich_compare(
            left.ns_dict.expect_ref().as_object(),
            right.ns_dict.expect_ref().as_object(),
            op,
        ),
        _ => Ok(not_implemented()),
    }
}

fn reduce(namespace: &SimpleNamespace) -> PyResult {
    let this = namespace.as_object();
    Ok(tuple::pack(&[
        this.type_().as_object(),
        tuple::empty().as_object(),
        namespace.ns_dict.expect_ref().as_object(),
    ])?
    .upcast())
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
}

members! {
    static MEMBERS:
    "__dict__" => T_OBJECT, offset_of!(SimpleNamespace, ns_dict), READONLY;
}

static_type! {
    /// `types.SimpleNamespace`.
    _PyNamespace_Type = "types.SimpleNamespace", size size_of::<SimpleNamespace>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc SimpleNamespace::dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse SimpleNamespace::traverse),
    tp_clear: slot!(clear SimpleNamespace::clear),
    tp_richcompare: slot!(richcmp richcompare),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_dictoffset: offset_of!(SimpleNamespace, ns_dict) as isize,
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
