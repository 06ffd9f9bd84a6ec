//! mappingproxy (`Objects/descrobject.c`): a read-only view of a mapping.

use crate::abstract_;
use crate::call;
use crate::errors::{PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{id, methods, slot, static_type, tuple, typed, unicode};
use twinheap_abi::*;

typed!(mappingproxyobject, PyDictProxy_Type);

/// `PyDictProxy_New`.
pub fn new(mapping: &PyObject) -> PyResult {
    let object: *mut mappingproxyobject =
        memory::new_gc_object(&PyDictProxy_Type, size_of::<mappingproxyobject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).mapping.set(Own::new(mapping).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn target(proxy: &mappingproxyobject) -> &PyObject {
    proxy.mapping.expect_ref()
}

fn make(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("mappingproxy", kwargs)?;
    let &[mapping] = tuple::items(args) else {
        return Err(type_error(
            "mappingproxy() missing required argument 'mapping' (pos 1)",
        ));
    };
    let sequence = mapping.downcast_ref::<PyListObject>().is_some()
        || mapping.downcast_ref::<PyTupleObject>().is_some();
    if !abstract_::is_mapping(mapping) || sequence {
        return Err(type_error(format_args!(
            "mappingproxy() argument must be a mapping, not {}",
            mapping.type_().name()
        )));
    }
    new(mapping)
}

fn length(proxy: &mappingproxyobject) -> PyResult<usize> {
    object::length(target(proxy))
}

fn subscript(proxy: &mappingproxyobject, key: &PyObject) -> PyResult {
    abstract_::get_item(target(proxy), key)
}

fn contains(proxy: &mappingproxyobject, key: &PyObject) -> PyResult<bool> {
    abstract_::contains(target(proxy), key)
}

fn iterate(proxy: &mappingproxyobject) -> PyResult {
    abstract_::get_iter(target(proxy))
}

fn repr(proxy: &mappingproxyobject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("mappingproxy(");
    writer.push(&object::repr(target(proxy))?);
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn str(proxy: &mappingproxyobject) -> PyResult {
    Ok(object::str(target(proxy))?.upcast())
}

fn hash(proxy: &mappingproxyobject) -> PyResult<Py_hash_t> {
    object::hash(target(proxy))
}

fn richcompare(proxy: &mappingproxyobject, other: &PyObject, op: i32) -> PyResult {
    object::rich_compare(target(proxy), other, op)
}

fn or(a: &PyObject, b: &PyObject) -> PyResult {
    let own = |object: &PyObject| match object.downcast_ref::<mappingproxyobject>() {
        Some(proxy) => Own::new(target(proxy)),
        None => Own::new(object),
    };
    abstract_::or(&own(a), &own(b))
}

fn ior(proxy: &mappingproxyobject, _: &PyObject) -> PyResult {
    Err(type_error(format_args!(
        "'|=' is not supported by {}; use '|' instead",
        proxy.as_object().type_().name()
    )))
}

fn get(proxy: &mappingproxyobject, args: &[&PyObject]) -> PyResult {
    call::check_positional("get", args.len(), 1, 2)?;
    let default = args.get(1).map_or_else(none, |default| Own::new(*default));
    call::call_method(target(proxy), id!("get"), &[args[0], &default])
}

fn keys(proxy: &mappingproxyobject) -> PyResult {
    call::call_method(target(proxy), id!("keys"), &[])
}

fn values(proxy: &mappingproxyobject) -> PyResult {
    call::call_method(target(proxy), id!("values"), &[])
}

fn items(proxy: &mappingproxyobject) -> PyResult {
    call::call_method(target(proxy), id!("items"), &[])
}

fn copy(proxy: &mappingproxyobject) -> PyResult {
    call::call_method(target(proxy), id!("copy"), &[])
}

fn reversed(proxy: &mappingproxyobject) -> PyResult {
    call::call_method(target(proxy), id!("__reversed__"), &[])
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

fn traverse(proxy: &mappingproxyobject, visitor: &mut Visitor) {
    visitor.field(&proxy.mapping);
}

unsafe fn dealloc(proxy: *mut mappingproxyobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(proxy.cast());
        (*proxy).mapping.clear();
        memory::gc_del(proxy.cast());
    }
}

methods! {
    static METHODS:
    "get" => fast(get);
    "keys" => noargs(keys);
    "values" => noargs(values);
    "items" => noargs(items);
    "copy" => noargs(copy);
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
    "__reversed__" => noargs(reversed);
}

static_type! {
    /// `mappingproxy`.
    PyDictProxy_Type = "mappingproxy", size size_of::<mappingproxyobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_MAPPING;
    number { nb_or: slot!(binary or), nb_inplace_or: slot!(binary ior) }
    sequence { sq_contains: slot!(objobj contains) }
    mapping { mp_length: slot!(len length), mp_subscript: slot!(binary subscript) }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_str: slot!(unary str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_iter: slot!(unary iterate),
    tp_methods: METHODS.as_ptr(),
    tp_new: slot!(new make),
}
