//! `type` itself: the attributes of classes, setting them, and the metatype's slots.

use super::{dict_of, heap, is_subtype, lookup, modified, ready, slotdefs};
use crate::call::Args;
use crate::errors::{self, PyResult, attribute_error, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own, decref};
use crate::singletons::{bool_object, none};
use crate::{dict, getset, id, list, long, members, methods, slot, static_type, tuple, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

/// The heap part of a class.
pub fn heap_part(type_: &PyTypeObject) -> Option<&PyHeapTypeObject> {
    if !type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return None;
    }
    // SAFETY: the flag tells the layout.
    Some(unsafe { &*(type_ as *const PyTypeObject).cast() })
}

/// `type.__name__`.
pub fn type_name_object(type_: &PyTypeObject) -> PyResult<Own<PyASCIIObject>> {
    match heap_part(type_).and_then(|heap| heap.ht_name.own()) {
        // SAFETY: a class's name is a str.
        Some(name) => Ok(unsafe { name.cast() }),
        None => unicode::from_str(type_.short_name()),
    }
}

/// `type.__qualname__`.
pub fn qualname_object(type_: &PyTypeObject) -> PyResult {
    match heap_part(type_).and_then(|heap| heap.ht_qualname.own()) {
        Some(name) => Ok(name),
        None => Ok(type_name_object(type_)?.upcast()),
    }
}

fn get_name(type_: &PyTypeObject) -> PyResult {
    Ok(type_name_object(type_)?.upcast())
}

/// Refuses to set or delete an attribute of a static type (`check_set_special_type_attr`).
fn check_special<'a>(
    type_: &PyTypeObject,
    value: Option<&'a PyObject>,
    name: &str,
) -> PyResult<&'a PyObject> {
    if type_.has_feature(Py_TPFLAGS_IMMUTABLETYPE) {
        return Err(type_error(format_args!(
            "cannot set '{name}' attribute of immutable type '{}'",
            type_.name()
        )));
    }
    value.ok_or_else(|| {
        type_error(format_args!(
            "cannot delete '{name}' attribute of immutable type '{}'",
            type_.name()
        ))
    })
}

fn set_name(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = check_special(type_, value, "__name__")?;
    let Some(name) = value.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "can only assign string to {}.__name__, not '{}'",
            type_.name(),
            value.type_().name()
        )));
    };
    if let Some(heap) = heap_part(type_) {
        heap::set_c_name(type_, name)?;
        heap.ht_name.put(Some(Own::new(name).upcast()));
    }
    Ok(())
}

fn get_qualname(type_: &PyTypeObject) -> PyResult {
    qualname_object(type_)
}

fn set_qualname(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = check_special(type_, value, "__qualname__")?;
    if value.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "can only assign string to {}.__qualname__, not '{}'",
            type_.name(),
            value.type_().name()
        )));
    }
    if let Some(heap) = heap_part(type_) {
        heap.ht_qualname.put(Some(Own::new(value)));
    }
    Ok(())
}

fn get_module(type_: &PyTypeObject) -> PyResult {
    // A static type that stands for one that CPython makes on the heap has the name in its dict, too.
    let own = dict_of(type_)
        .and_then(|attributes| dict::get_str(attributes, id!("__module__")))
        // `type` has this very descriptor under the name.
        .filter(|own| !own.is_exactly(&crate::descr::PyGetSetDescr_Type));
    if let Some(own) = own {
        return Ok(Own::new(own));
    }
    if type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return Err(attribute_error("__module__"));
    }
    match type_.name().rsplit_once('.') {
        Some((module, _)) => Ok(unicode::intern(unicode::from_str(module)?).upcast()),
        None => Ok(Own::new(id!("builtins")).upcast()),
    }
}

fn set_module(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = check_special(type_, value, "__module__")?;
    modified(type_);
    match dict_of(type_) {
        Some(attributes) => dict::set_item(attributes, id!("__module__").as_object(), value),
        None => Ok(()),
    }
}

fn get_abstractmethods(type_: &PyTypeObject) -> PyResult {
    // The metatype has a descriptor of this name, which is not the class's own value.
    if !std::ptr::eq(type_, &PyType_Type)
        && let Some(attributes) = dict_of(type_)
        && let Some(value) = dict::get_str(attributes, id!("__abstractmethods__"))
    {
        return Ok(Own::new(value));
    }
    Err(errors::attribute_error_of(
        type_.as_object(),
        id!("__abstractmethods__").as_object(),
        "__abstractmethods__",
    ))
}

fn set_abstractmethods(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(attributes) = dict_of(type_) else {
        return Ok(());
    };
    let is_abstract = match value {
        Some(value) => {
            let answer = object::is_true(value)?;
            dict::set_item(attributes, id!("__abstractmethods__").as_object(), value)?;
            answer
        }
        None => {
            if !dict::remove(attributes, id!("__abstractmethods__").as_object())? {
                return Err(attribute_error("__abstractmethods__"));
            }
            false
        }
    };
    modified(type_);
    let flags = type_.tp_flags.get() & !Py_TPFLAGS_IS_ABSTRACT;
    type_.tp_flags.set(if is_abstract {
        flags | Py_TPFLAGS_IS_ABSTRACT
    } else {
        flags
    });
    Ok(())
}

fn get_bases(type_: &PyTypeObject) -> PyResult {
    type_
        .tp_bases
        .own()
        .ok_or_else(|| attribute_error("__bases__"))
}

fn set_bases(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = check_special(type_, value, "__bases__")?;
    let Some(new) = value.downcast_ref::<PyTupleObject>() else {
        return Err(type_error(format_args!(
            "can only assign tuple to {}.__bases__, not {}",
            type_.name(),
            value.type_().name()
        )));
    };
    if tuple::items(new).is_empty() {
        return Err(type_error(format_args!(
            "can only assign non-empty tuple to {}.__bases__, not ()",
            type_.name()
        )));
    }
    for base in tuple::items(new) {
        let Some(base) = base.downcast_ref::<PyTypeObject>() else {
            return Err(type_error(format_args!(
                "{}.__bases__ must be tuple of classes, not '{}'",
                type_.name(),
                base.type_().name()
            )));
        };
        if is_subtype(base, type_) || has_in_base_chain(base, type_) {
            return Err(type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    heap::replace_bases(type_, new)
}

fn get_mro(type_: &PyTypeObject) -> PyResult {
    Ok(type_.tp_mro.own().unwrap_or_else(none))
}

fn get_base(type_: &PyTypeObject) -> PyResult {
    // SAFETY: a type keeps its base alive.
    Ok(unsafe { type_.tp_base.get().as_ref() }.map_or_else(none, |base| Own::new(base).upcast()))
}

fn get_dict(type_: &PyTypeObject) -> PyResult {
    match dict_of(type_) {
        Some(attributes) => crate::mapping_proxy::new(attributes.as_object()),
        None => Ok(none()),
    }
}

fn get_doc(type_: &PyTypeObject) -> PyResult {
    if !type_.has_feature(Py_TPFLAGS_HEAPTYPE) && !type_.tp_doc.get().is_null() {
        return crate::docs::doc_object(type_.tp_doc.get());
    }
    let own = dict_of(type_).and_then(|attributes| dict::get_str(attributes, id!("__doc__")));
    match own.map(Own::new) {
        Some(doc) => object::bind_descriptor(doc, None, type_),
        None => Ok(none()),
    }
}

fn set_doc(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = check_special(type_, value, "__doc__")?;
    modified(type_);
    match dict_of(type_) {
        Some(attributes) => dict::set_item(attributes, id!("__doc__").as_object(), value),
        None => Ok(()),
    }
}

fn get_text_signature(type_: &PyTypeObject) -> PyResult {
    crate::docs::signature_object(type_.short_name(), type_.tp_doc.get())
}

fn get_annotations(type_: &PyTypeObject) -> PyResult {
    if !type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return Err(attribute_error(format_args!(
            "type object '{}' has no attribute '__annotations__'",
            type_.name()
        )));
    }
    let Some(attributes) = dict_of(type_) else {
        return Ok(none());
    };
    if let Some(existing) = dict::get_str(attributes, id!("__annotations__")).map(Own::new) {
        return object::bind_descriptor(existing, None, type_);
    }
    let made = dict::new()?;
    dict::set_item(
        attributes,
        id!("__annotations__").as_object(),
        made.as_object(),
    )?;
    modified(type_);
    Ok(made.upcast())
}

fn set_annotations(type_: &PyTypeObject, value: Option<&PyObject>) -> PyResult<()> {
    if type_.has_feature(Py_TPFLAGS_IMMUTABLETYPE) {
        return Err(type_error(format_args!(
            "cannot set '__annotations__' attribute of immutable type '{}'",
            type_.name()
        )));
    }
    if let Some(attributes) = dict_of(type_) {
        match value {
            Some(value) => dict::set_item(attributes, id!("__annotations__").as_object(), value)?,
            None => {
                if !dict::remove(attributes, id!("__annotations__").as_object())? {
                    return Err(attribute_error("__annotations__"));
                }
            }
        }
    }
    modified(type_);
    Ok(())
}

fn type_repr(type_: &PyTypeObject) -> PyResult {
    let (module, name) = super::base_object::module_and_qualname(type_)?;
    let mut writer = unicode::Writer::new();
    writer.push_str("<class '");
    match module
        .as_ref()
        .and_then(|module| module.downcast_ref::<PyASCIIObject>())
    {
        Some(module) if !unicode::equals_str(module, "builtins") => {
            writer.push(module);
            writer.push_str(".");
            writer.push_object(&name)?;
        }
        _ => writer.push_str(type_.name()),
    }
    writer.push_str("'>");
    Ok(writer.finish()?.upcast())
}

/// `type_getattro`: data descriptors of the metatype, then the class and its bases, then the rest
/// of the metatype.
pub fn type_getattro(type_: &PyTypeObject, name: &PyObject) -> PyResult {
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        )));
    };
    let metatype = type_.as_object().type_();
    let meta_attribute = lookup(metatype, name).map(Own::new);
    if let Some(found) = &meta_attribute
        && found.type_().tp_descr_get.get().is_some()
        && object::is_data_descriptor(found)
    {
        return object::bind_descriptor(found.clone(), Some(type_.as_object()), metatype);
    }
    if let Some(found) = lookup(type_, name).map(Own::new) {
        return object::bind_descriptor(found, None, type_);
    }
    match meta_attribute {
        Some(found) => object::bind_descriptor(found, Some(type_.as_object()), metatype),
        None => Err(errors::attribute_error_of(
            type_.as_object(),
            name.as_object(),
            format_args!(
                "type object '{}' has no attribute '{}'",
                type_.name(),
                unicode::to_string_lossy(name)
            ),
        )),
    }
}

/// `type_setattro`: the slots follow the attribute.
fn type_setattro(type_: &PyTypeObject, name: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    let shown = name
        .downcast_ref::<PyASCIIObject>()
        .map(unicode::to_string_lossy);
    if type_.has_feature(Py_TPFLAGS_IMMUTABLETYPE) {
        return Err(type_error(format_args!(
            "cannot set '{}' attribute of immutable type '{}'",
            shown.unwrap_or_default(),
            type_.name()
        )));
    }
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        )));
    };
    let name = unicode::intern(Own::new(name));
    store(type_, &name, value)?;
    modified(type_);
    if is_dunder(&name) {
        slotdefs::update_slot(type_, &name)?;
    }
    Ok(())
}

/// Sets or deletes an attribute of a type, by the metatype's descriptor where there is one.
fn store(type_: &PyTypeObject, name: &PyASCIIObject, value: Option<&PyObject>) -> PyResult<()> {
    if let Some(found) = lookup(type_.as_object().type_(), name).map(Own::new)
        && let Some(set) = found.type_().tp_descr_set.get()
    {
        let value = value.map_or(std::ptr::null_mut(), |value| value.as_raw());
        // SAFETY: the slot of the descriptor's own type.
        errors::from_status(unsafe { set(found.as_ptr(), type_.as_raw(), value) })?;
        return Ok(());
    }
    let Some(attributes) = dict_of(type_) else {
        return Ok(());
    };
    match value {
        Some(value) => dict::set_item(attributes, name.as_object(), value),
        None if dict::remove(attributes, name.as_object())? => Ok(()),
        None => Err(errors::attribute_error_of(
            type_.as_object(),
            name.as_object(),
            format_args!(
                "type object '{}' has no attribute '{}'",
                type_.name(),
                unicode::to_string_lossy(name)
            ),
        )),
    }
}

fn is_dunder(name: &PyASCIIObject) -> bool {
    unicode::as_ascii(name)
        .is_some_and(|name| name.len() > 4 && name.starts_with("__") && name.ends_with("__"))
}

fn type_mro(type_: &PyTypeObject) -> PyResult {
    Ok(list::from_vec(super::mro::linearise(type_)?)?.upcast())
}

fn type_subclasses(type_: &PyTypeObject) -> PyResult {
    let subclasses = ready::subclasses(type_)
        .into_iter()
        .map(Own::upcast)
        .collect();
    Ok(list::from_vec(subclasses)?.upcast())
}

fn type_prepare(_: &PyObject, _: Args<'_>) -> PyResult {
    Ok(dict::new()?.upcast())
}

fn type_instancecheck(type_: &PyTypeObject, instance: &PyObject) -> PyResult {
    Ok(bool_object(super::plain_is_instance(
        instance,
        type_.as_object(),
    )?))
}

fn type_subclasscheck(type_: &PyTypeObject, subclass: &PyObject) -> PyResult {
    Ok(bool_object(super::plain_is_subclass(
        subclass,
        type_.as_object(),
    )?))
}

fn type_dir(type_: &PyTypeObject) -> PyResult {
    let names = dict::new()?;
    super::base_object::merge_class_dict(&names, type_.as_object())?;
    Ok(list::from_iterable(names.as_object())?.upcast())
}

fn type_sizeof(type_: &PyTypeObject) -> PyResult {
    let size = match heap_part(type_) {
        Some(heap) => {
            // SAFETY: the class owns its shared keys, if it has any.
            let keys = unsafe { heap.ht_cached_keys.get().as_ref() };
            size_of::<PyHeapTypeObject>() + keys.map_or(0, dict::KeysExt::byte_size)
        }
        None => size_of::<PyTypeObject>(),
    };
    long::from_usize(size)
}

fn type_or(a: &PyObject, b: &PyObject) -> PyResult {
    crate::union_type::or(a, b)
}

fn type_init(
    _: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    let count = tuple::items(args).len();
    if kwargs.is_some_and(|kwargs| kwargs.ma_used.get() != 0) && count == 1 {
        return Err(type_error("type.__init__() takes no keyword arguments"));
    }
    if count != 1 && count != 3 {
        return Err(type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(())
}

unsafe fn type_dealloc(type_: *mut PyTypeObject) {
    // SAFETY: called once, when the last reference to a class is gone.
    unsafe {
        let class = &*type_;
        memory::untrack(type_.cast());
        ready::remove_from_bases(class);
        crate::weakref::clear_all(class.as_object());
        let base = class.tp_base.get();
        for field in [
            &class.tp_dict,
            &class.tp_bases,
            &class.tp_mro,
            &class.tp_cache,
            &class.tp_subclasses,
        ] {
            field.clear();
        }
        if let Some(heap) = heap_part(class) {
            heap.ht_name.clear();
            heap.ht_qualname.clear();
            heap.ht_slots.clear();
            heap.ht_module.clear();
            let keys = heap.ht_cached_keys.get();
            if !keys.is_null() {
                dict::release_keys(keys);
            }
            memory::free(class.tp_doc.get().cast_mut().cast());
        }
        if !base.is_null() {
            decref(base.cast_mut().cast());
        }
        memory::gc_del(type_.cast());
    }
}

fn type_traverse(type_: &PyTypeObject, visitor: &mut Visitor) {
    if !type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return;
    }
    for field in [
        &type_.tp_dict,
        &type_.tp_cache,
        &type_.tp_mro,
        &type_.tp_bases,
    ] {
        visitor.field(field);
    }
    visitor.pointer(type_.tp_base.get().cast_mut());
    if let Some(heap) = heap_part(type_) {
        visitor.field(&heap.ht_module);
    }
}

/// Whether a type is among the chain of single bases of another one; while a class is under
/// construction, its MRO does not tell yet.
fn has_in_base_chain(class: &PyTypeObject, wanted: &PyTypeObject) -> bool {
    let mut base = class.tp_base.get();
    // SAFETY: a type keeps its base alive.
    while let Some(current) = unsafe { base.as_ref() } {
        if std::ptr::eq(current, wanted) {
            return true;
        }
        base = current.tp_base.get();
    }
    false
}

/// `type_clear`: the dict and the method resolution order, which lie in every class's own cycle.
fn type_clear(type_: &PyTypeObject) {
    if !type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return;
    }
    super::modified(type_);
    if let Some(own) = super::dict_of(type_) {
        dict::clear(own);
    }
    type_.tp_mro.clear();
    if let Some(heap) = heap_part(type_) {
        heap.ht_module.clear();
    }
}

fn type_is_gc(type_: &PyTypeObject) -> PyResult<bool> {
    Ok(type_.has_feature(Py_TPFLAGS_HEAPTYPE))
}

getset! {
    static TYPE_GETSET:
    "__name__" => get_name, set_name;
    "__qualname__" => get_qualname, set_qualname;
    "__bases__" => get_bases, set_bases;
    "__module__" => get_module, set_module;
    "__abstractmethods__" => get_abstractmethods, set_abstractmethods;
    "__dict__" => get_dict;
    "__doc__" => get_doc, set_doc;
    "__text_signature__" => get_text_signature;
    "__annotations__" => get_annotations, set_annotations;
    "__base__" => get_base;
    "__mro__" => get_mro;
}

members! {
    static TYPE_MEMBERS:
    "__basicsize__" => T_PYSSIZET, offset_of!(PyTypeObject, tp_basicsize), READONLY;
    "__itemsize__" => T_PYSSIZET, offset_of!(PyTypeObject, tp_itemsize), READONLY;
    "__flags__" => T_ULONG, offset_of!(PyTypeObject, tp_flags), READONLY;
    "__weakrefoffset__" => T_PYSSIZET, offset_of!(PyTypeObject, tp_weaklistoffset), READONLY;
    "__dictoffset__" => T_PYSSIZET, offset_of!(PyTypeObject, tp_dictoffset), READONLY;
}

methods! {
    static TYPE_METHODS:
    "mro" => noargs(type_mro, "($self, /)");
    "__subclasses__" => noargs(type_subclasses, "($self, /)");
    "__prepare__" => keywords(type_prepare) | METH_CLASS;
    "__instancecheck__" => o(type_instancecheck, "($self, instance, /)");
    "__subclasscheck__" => o(type_subclasscheck, "($self, subclass, /)");
    "__dir__" => noargs(type_dir, "($self, /)");
    "__sizeof__" => noargs(type_sizeof, "($self, /)");
}

/// The offset of `tp_vectorcall`, which serves calls of the type itself.
const VECTORCALL_OFFSET: isize = offset_of!(PyTypeObject, tp_vectorcall) as isize;

static_type! {
    /// `type`.
    PyType_Type = "type", size size_of::<PyHeapTypeObject>(), size_of::<PyMemberDef>(),
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_TYPE_SUBCLASS
            | Py_TPFLAGS_HAVE_VECTORCALL;
    number { nb_or: slot!(binary type_or) }
    tp_dealloc: slot!(dealloc type_dealloc),
    tp_vectorcall_offset: VECTORCALL_OFFSET,
    tp_repr: slot!(unary type_repr),
    tp_call: slot!(call super::type_call),
    tp_getattro: slot!(binary type_getattro),
    tp_setattro: slot!(objobjarg type_setattro),
    tp_traverse: slot!(traverse type_traverse),
    tp_clear: slot!(clear type_clear),
    tp_weaklistoffset: offset_of!(PyTypeObject, tp_weaklist) as isize,
    tp_methods: TYPE_METHODS.as_ptr(),
    tp_members: TYPE_MEMBERS.as_ptr(),
    tp_getset: TYPE_GETSET.as_ptr(),
    tp_dictoffset: offset_of!(PyTypeObject, tp_dict) as isize,
    tp_init: slot!(init type_init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new heap::type_new),
    tp_free: Some(memory::object_gc_free),
    tp_is_gc: slot!(inquiry type_is_gc),
    tp_vectorcall: slot!(vectorcall super::type_vectorcall),
}
