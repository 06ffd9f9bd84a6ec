//! Making a static type ready, and the parts of it that a heap type shares: dict, descriptors,
//! inheritance of slots, subclass lists (`PyType_Ready`).

use super::mro::{bases, set_mro};
use super::slotdefs::{self, inherit_suites};
use super::{PyBaseObject_Type, PyType_Type, dict_of, mro_items};
use crate::errors::PyResult;
use crate::object::{ObjectExt, PyObject_HashNotImplemented, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::{descr, dict, id, long, memory, tuple, unicode, weakref};
use twinheap_abi::*;

/// Makes every built-in type of this crate ready.
pub fn ready_all() -> PyResult<()> {
    // The two roots first: everything inherits from object, and every type is a type.
    ready(&PyBaseObject_Type)?;
    ready(&PyType_Type)?;
    for type_ in crate::builtin_types() {
        ready(type_)?;
    }
    Ok(())
}

/// `PyType_Ready`, for static types.
pub fn ready(type_: &'static PyTypeObject) -> PyResult<()> {
    if type_.has_feature(Py_TPFLAGS_READY) {
        return Ok(());
    }
    let flags = type_.tp_flags.get();
    type_
        .tp_flags
        .set(flags | Py_TPFLAGS_READYING | Py_TPFLAGS_IMMUTABLETYPE);
    if type_.tp_base.get().is_null() && !std::ptr::eq(type_, &PyBaseObject_Type) {
        type_.tp_base.set(&PyBaseObject_Type);
    }
    let base = type_.tp_base.get();
    if !base.is_null() {
        // SAFETY: static bases live for ever.
        ready(unsafe { &*base })?;
    }
    if type_.as_object().ob_type.get().is_null() {
        // SAFETY: as above.
        type_
            .as_object()
            .ob_type
            .set(unsafe { (*base).ob_type.get() });
    }
    if type_.tp_bases.get().is_null() {
        // SAFETY: as above.
        let made = match unsafe { base.as_ref() } {
            Some(base) => tuple::pack(&[base.as_object()])?,
            None => tuple::empty(),
        };
        type_.tp_bases.set(made.into_raw().cast());
    }
    if type_.tp_dict.get().is_null() {
        type_.tp_dict.set(dict::new()?.into_raw().cast());
    }
    set_mro(type_)?;
    fill_dict(type_)?;
    inherit(type_)?;
    set_hash(type_)?;
    add_to_bases(type_)?;
    finish_flags(type_);
    Ok(())
}

/// The flags of a type that is done.
pub fn finish_flags(type_: &PyTypeObject) {
    type_
        .tp_flags
        .set(type_.tp_flags.get() & !Py_TPFLAGS_READYING | Py_TPFLAGS_READY);
}

/// Fills the dict of a static type: slots with names, methods, members, computed attributes.
fn fill_dict(type_: &'static PyTypeObject) -> PyResult<()> {
    let attributes = dict_of(type_).expect("the dict was just made");
    slotdefs::add_operators(type_)?;
    add_methods(type_)?;
    descr::add_members(type_, attributes)?;
    descr::add_getsets(type_, attributes)?;
    // A base's constructor is not for a subtype that has none; object's own is for heap types only.
    if type_.tp_new.get().is_some() && !disallows_instantiation(type_) {
        descr::add_new_wrapper(type_, attributes)?;
    }
    if dict::get_str(attributes, id!("__doc__")).is_none() {
        let doc = crate::docs::doc_object(type_.tp_doc.get())?;
        dict::set_item(attributes, id!("__doc__").as_object(), &doc)?;
    }
    Ok(())
}

fn disallows_instantiation(type_: &PyTypeObject) -> bool {
    type_.has_feature(Py_TPFLAGS_DISALLOW_INSTANTIATION)
}

fn add_methods(type_: &'static PyTypeObject) -> PyResult<()> {
    let attributes = dict_of(type_).expect("the dict was just made");
    let mut entry = type_.tp_methods.get();
    // SAFETY: a table ends with a sentinel.
    while let Some(method) = unsafe { entry.as_ref() }
        && !method.ml_name.is_null()
    {
        let name = unicode::intern(unicode::from_str(crate::errors::c_text(method.ml_name))?);
        let made = descr::new_method(type_, method)?;
        if method.ml_flags & METH_COEXIST != 0 {
            dict::set_item(attributes, name.as_object(), &made)?;
        } else {
            dict::set_default(attributes, name.as_object(), &made)?;
        }
        entry = entry.wrapping_add(1);
    }
    Ok(())
}

/// `inherit_special` from the base, then `inherit_slots` along the MRO.
pub fn inherit(type_: &PyTypeObject) -> PyResult<()> {
    // SAFETY: a type keeps its base alive.
    if let Some(base) = unsafe { type_.tp_base.get().as_ref() } {
        inherit_special(type_, base);
    }
    for entry in mro_items(type_).iter().skip(1) {
        if let Some(base) = entry.downcast_ref::<PyTypeObject>() {
            inherit_slots(type_, base);
        }
    }
    inherit_container_flags(type_);
    assert!(
        !type_.has_feature(Py_TPFLAGS_HAVE_GC) || type_.tp_traverse.get().is_some(),
        "instances of {} are collected, but nothing visits what they hold",
        type_.name()
    );
    Ok(())
}

fn inherit_special(type_: &PyTypeObject, base: &PyTypeObject) {
    let flags = type_.tp_flags.get();
    if flags & Py_TPFLAGS_HAVE_GC == 0
        && base.has_feature(Py_TPFLAGS_HAVE_GC)
        && type_.tp_traverse.get().is_none()
        && type_.tp_clear.get().is_none()
    {
        type_
            .tp_flags
            .set(type_.tp_flags.get() | Py_TPFLAGS_HAVE_GC);
        type_.tp_traverse.set(base.tp_traverse.get());
        type_.tp_clear.set(base.tp_clear.get());
    }
    let inherited = base.tp_flags.get() & Py_TPFLAGS_MANAGED_DICT;
    type_.tp_flags.set(type_.tp_flags.get() | inherited);
    if type_.tp_basicsize.get() == 0 {
        type_.tp_basicsize.set(base.tp_basicsize.get());
    }
    if type_.tp_itemsize.get() == 0 {
        type_.tp_itemsize.set(base.tp_itemsize.get());
    }
    if type_.tp_weaklistoffset.get() == 0 {
        type_.tp_weaklistoffset.set(base.tp_weaklistoffset.get());
    }
    if type_.tp_dictoffset.get() == 0 {
        type_.tp_dictoffset.set(base.tp_dictoffset.get());
    }
    // Object's constructor is for heap types and for static types that name it themselves.
    if type_.tp_new.get().is_none()
        && (!std::ptr::eq(base, &PyBaseObject_Type) || type_.has_feature(Py_TPFLAGS_HEAPTYPE))
        && !type_.has_feature(Py_TPFLAGS_DISALLOW_INSTANTIATION)
    {
        type_.tp_new.set(base.tp_new.get());
    }
    const FAMILY: u64 = Py_TPFLAGS_LONG_SUBCLASS
        | Py_TPFLAGS_LIST_SUBCLASS
        | Py_TPFLAGS_TUPLE_SUBCLASS
        | Py_TPFLAGS_BYTES_SUBCLASS
        | Py_TPFLAGS_UNICODE_SUBCLASS
        | Py_TPFLAGS_DICT_SUBCLASS
        | Py_TPFLAGS_BASE_EXC_SUBCLASS
        | Py_TPFLAGS_TYPE_SUBCLASS;
    let family = base.tp_flags.get() & FAMILY;
    let matches_self = base.tp_flags.get() & _Py_TPFLAGS_MATCH_SELF;
    type_
        .tp_flags
        .set(type_.tp_flags.get() | family | matches_self);
}

fn inherit_container_flags(type_: &PyTypeObject) {
    const CONTAINER: u64 = Py_TPFLAGS_SEQUENCE | Py_TPFLAGS_MAPPING;
    if type_.tp_flags.get() & CONTAINER != 0 {
        return;
    }
    // SAFETY: a type keeps its base alive.
    if let Some(base) = unsafe { type_.tp_base.get().as_ref() } {
        type_
            .tp_flags
            .set(type_.tp_flags.get() | base.tp_flags.get() & CONTAINER);
    }
}

macro_rules! inherit_each {
    ($type:ident, $base:ident: $($slot:ident),+ $(,)?) => {
        $(if $type.$slot.get().is_none() {
            $type.$slot.set($base.$slot.get());
        })+
    };
}

fn overrides_hash(type_: &PyTypeObject) -> bool {
    dict_of(type_).is_some_and(|attributes| {
        dict::get_str(attributes, id!("__eq__")).is_some()
            || dict::get_str(attributes, id!("__hash__")).is_some()
    })
}

/// `inherit_slots`: what the type leaves empty comes from the base.
fn inherit_slots(type_: &PyTypeObject, base: &PyTypeObject) {
    inherit_suites(type_, base);
    inherit_each!(type_, base: tp_dealloc, tp_repr, tp_str, tp_iter, tp_iternext, tp_descr_get,
        tp_descr_set, tp_init, tp_is_gc, tp_finalize);
    if type_.tp_getattr.get().is_none() && type_.tp_getattro.get().is_none() {
        type_.tp_getattr.set(base.tp_getattr.get());
        type_.tp_getattro.set(base.tp_getattro.get());
    }
    if type_.tp_setattr.get().is_none() && type_.tp_setattro.get().is_none() {
        type_.tp_setattr.set(base.tp_setattr.get());
        type_.tp_setattro.set(base.tp_setattro.get());
    }
    if type_.tp_richcompare.get().is_none()
        && type_.tp_hash.get().is_none()
        && !overrides_hash(type_)
    {
        type_.tp_richcompare.set(base.tp_richcompare.get());
        type_.tp_hash.set(base.tp_hash.get());
    }
    if type_.tp_call.get().is_none() {
        type_.tp_call.set(base.tp_call.get());
    }
    inherit_vectorcall(type_, base);
    if type_.tp_alloc.get().is_none() {
        type_.tp_alloc.set(base.tp_alloc.get());
    }
    inherit_free(type_, base);
}

fn inherit_vectorcall(type_: &PyTypeObject, base: &PyTypeObject) {
    if type_.tp_vectorcall_offset.get() == 0 {
        type_
            .tp_vectorcall_offset
            .set(base.tp_vectorcall_offset.get());
    }
    let same_call = match (type_.tp_call.get(), base.tp_call.get()) {
        (Some(own), Some(its)) => std::ptr::fn_addr_eq(own, its),
        (None, None) => true,
        _ => false,
    };
    if same_call
        && base.has_feature(Py_TPFLAGS_HAVE_VECTORCALL)
        && type_.has_feature(Py_TPFLAGS_IMMUTABLETYPE)
    {
        type_
            .tp_flags
            .set(type_.tp_flags.get() | Py_TPFLAGS_HAVE_VECTORCALL);
    }
    if base.has_feature(Py_TPFLAGS_METHOD_DESCRIPTOR)
        && type_.has_feature(Py_TPFLAGS_IMMUTABLETYPE)
        && std::ptr::eq(type_.tp_base.get(), base)
    {
        type_
            .tp_flags
            .set(type_.tp_flags.get() | Py_TPFLAGS_METHOD_DESCRIPTOR);
    }
}

fn inherit_free(type_: &PyTypeObject, base: &PyTypeObject) {
    if type_.tp_free.get().is_some() {
        return;
    }
    let own_gc = type_.has_feature(Py_TPFLAGS_HAVE_GC);
    if own_gc == base.has_feature(Py_TPFLAGS_HAVE_GC) {
        type_.tp_free.set(base.tp_free.get());
    } else if own_gc {
        type_.tp_free.set(Some(memory::object_gc_free));
    }
}

/// `type_ready_set_hash`: a type without a hash says so in its dict.
pub fn set_hash(type_: &PyTypeObject) -> PyResult<()> {
    let attributes = dict_of(type_).expect("the dict was made before");
    if type_.tp_hash.get().is_none() {
        if dict::get_str(attributes, id!("__hash__")).is_some() {
            return Ok(());
        }
        dict::set_item(
            attributes,
            id!("__hash__").as_object(),
            &crate::singletons::none(),
        )?;
        type_.tp_hash.set(Some(PyObject_HashNotImplemented));
    }
    Ok(())
}

/// Notes the type in the subclass lists of its bases, as weak references by address.
pub fn add_to_bases(type_: &PyTypeObject) -> PyResult<()> {
    for base in bases(type_) {
        let Some(base) = base.downcast_ref::<PyTypeObject>() else {
            continue;
        };
        if base.tp_subclasses.get().is_null() {
            base.tp_subclasses.set(dict::new()?.into_raw().cast());
        }
        // SAFETY: the subclass list is a dict.
        let list: &PyDictObject = unsafe { &*base.tp_subclasses.get().cast() };
        let key = long::from_usize(type_.as_raw() as usize)?;
        let reference = weakref::new_reference(type_.as_object())?;
        dict::set_item(list, &key, &reference)?;
    }
    Ok(())
}

/// Removes the type from the subclass lists of its bases.
pub fn remove_from_bases(type_: &PyTypeObject) {
    let outcome = || -> PyResult<()> {
        for base in bases(type_) {
            let Some(base) = base.downcast_ref::<PyTypeObject>() else {
                continue;
            };
            // SAFETY: the subclass list is a dict, or null.
            if let Some(list) = unsafe { base.tp_subclasses.get().cast::<PyDictObject>().as_ref() }
            {
                let key = long::from_usize(type_.as_raw() as usize)?;
                dict::remove(list, &key)?;
                if list.ma_used.get() == 0 {
                    base.tp_subclasses.clear();
                }
            }
        }
        Ok(())
    };
    if let Err(raised) = outcome() {
        crate::errors::discard(raised);
    }
}

/// The living direct subclasses.
pub fn subclasses(type_: &PyTypeObject) -> Vec<Own<PyTypeObject>> {
    // SAFETY: the subclass list is a dict, or null.
    let Some(list) = (unsafe { type_.tp_subclasses.get().cast::<PyDictObject>().as_ref() }) else {
        return Vec::new();
    };
    dict::entries(list)
        .filter_map(|(_, reference)| weakref::target(reference))
        .filter_map(|subclass| subclass.downcast::<PyTypeObject>().ok())
        .collect()
}
