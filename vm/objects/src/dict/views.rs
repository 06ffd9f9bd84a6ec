//! Views of a dict: keys, values, items, with set algebra on keys and items.

use super::{contains, get_item, iter};
use crate::errors::PyResult;
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own, Typed};
use crate::singletons::{bool_object, not_implemented};
use crate::{abstract_, call, getset, id, methods, set, slot, static_type, tuple, unicode};
use std::ffi::c_int;
use twinheap_abi::*;

/// A new view of one of the three types below.
pub fn new(dict: &PyDictObject, type_: &PyTypeObject) -> PyResult {
    let object: *mut _PyDictViewObject =
        memory::new_gc_object(type_, size_of::<_PyDictViewObject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).dv_dict.set(Own::new(dict).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

impl Typed for _PyDictViewObject {
    fn check(object: &PyObject) -> bool {
        object.is_instance_of(&PyDictKeys_Type) || object.is_instance_of(&PyDictItems_Type)
    }
    fn check_exact(object: &PyObject) -> bool {
        Self::check(object)
    }
}

fn dict_of(view: &_PyDictViewObject) -> &PyDictObject {
    view.dv_dict.expect_ref()
}

fn length(view: &_PyDictViewObject) -> PyResult<isize> {
    Ok(dict_of(view).ma_used.get())
}

fn repr(view: &_PyDictViewObject) -> PyResult {
    use crate::object::TypeExt;
    let Some(_guard) = object::repr_enter(view.as_object()) else {
        return Ok(unicode::from_str("...")?.upcast());
    };
    let list = crate::list::from_iterable(view.as_object())?;
    let mut writer = unicode::Writer::new();
    writer.push_str(view.as_object().type_().name());
    writer.push_str("(");
    writer.push(&object::repr(list.as_object())?);
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn keys_iter(view: &_PyDictViewObject) -> PyResult {
    iter::new(dict_of(view), &iter::PyDictIterKey_Type)
}

fn values_iter(view: &_PyDictViewObject) -> PyResult {
    iter::new(dict_of(view), &iter::PyDictIterValue_Type)
}

fn items_iter(view: &_PyDictViewObject) -> PyResult {
    iter::new(dict_of(view), &iter::PyDictIterItem_Type)
}

fn keys_reversed(view: &_PyDictViewObject) -> PyResult {
    iter::new(dict_of(view), &iter::PyDictRevIterKey_Type)
}

fn values_reversed(view: &_PyDictViewObject) -> PyResult {
    iter::new(dict_of(view), &iter::PyDictRevIterValue_Type)
}

fn items_reversed(view: &_PyDictViewObject) -> PyResult {
    iter::new(dict_of(view), &iter::PyDictRevIterItem_Type)
}

fn keys_contains(view: &_PyDictViewObject, key: &PyObject) -> PyResult<bool> {
    contains(dict_of(view), key)
}

fn items_contains(view: &_PyDictViewObject, item: &PyObject) -> PyResult<bool> {
    let Some(pair) = item.downcast_ref::<PyTupleObject>() else {
        return Ok(false);
    };
    let &[key, value] = tuple::items(pair) else {
        return Ok(false);
    };
    match get_item(dict_of(view), key)? {
        Some(found) => object::equal(&found, value),
        None => Ok(false),
    }
}

/// Whether every item of one is in the other.
fn all_contained_in(items: &PyObject, container: &PyObject) -> PyResult<bool> {
    let iterator = abstract_::get_iter(items)?;
    while let Some(item) = abstract_::next(&iterator)? {
        if !abstract_::contains(container, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn richcompare(view: &PyObject, other: &PyObject, op: c_int) -> PyResult {
    let is_set = other.downcast_ref::<PySetObject>().is_some();
    if !is_set && other.downcast_ref::<_PyDictViewObject>().is_none() {
        return Ok(not_implemented());
    }
    let (own, its) = (object::length(view)?, object::length(other)?);
    let answer = match op {
        Py_EQ => own == its && all_contained_in(view, other)?,
        Py_NE => !(own == its && all_contained_in(view, other)?),
        Py_LT => own < its && all_contained_in(view, other)?,
        Py_LE => own <= its && all_contained_in(view, other)?,
        Py_GT => own > its && all_contained_in(other, view)?,
        _ => own >= its && all_contained_in(other, view)?,
    };
    Ok(bool_object(answer))
}

/// The set of a view's elements (`dictviews_to_set`).
fn to_set(view: &PyObject) -> PyResult<Own<PySetObject>> {
    if view.is_exactly(&PyDictKeys_Type)
        && let Some(view) = view.downcast_ref::<_PyDictViewObject>()
        && dict_of(view).as_object().is_exactly(&super::PyDict_Type)
    {
        return set::from_iterable(dict_of(view).as_object());
    }
    set::from_iterable(view)
}

fn subtract(a: &PyObject, b: &PyObject) -> PyResult {
    let result = to_set(a)?;
    call::call_method(result.as_object(), id!("difference_update"), &[b])?;
    Ok(result.upcast())
}

fn and(a: &PyObject, b: &PyObject) -> PyResult {
    let (mut view, mut other) = (a, b);
    if other.downcast_ref::<_PyDictViewObject>().is_some()
        && view.downcast_ref::<_PyDictViewObject>().is_none()
    {
        (view, other) = (other, view);
    }
    if other.is_exactly(&set::PySet_Type) && object::length(other)? >= object::length(view)? {
        return call::call_method(other, id!("intersection"), &[view]);
    }
    if other.downcast_ref::<_PyDictViewObject>().is_some()
        && object::length(other)? > object::length(view)?
    {
        (view, other) = (other, view);
    }
    let result = set::new_empty(&set::PySet_Type)?;
    let iterator = abstract_::get_iter(other)?;
    while let Some(item) = abstract_::next(&iterator)? {
        if abstract_::contains(view, &item)? {
            set::add(&result, &item)?;
        }
    }
    Ok(result.upcast())
}

fn or(a: &PyObject, b: &PyObject) -> PyResult {
    let result = to_set(a)?;
    set::update(&result, b)?;
    Ok(result.upcast())
}

/// `dictitems_xor`: pairs are looked up by the hashes of their keys, which are not computed again.
fn items_xor(left: &PyDictObject, right: &PyDictObject) -> PyResult {
    let rest = super::copy(left)?;
    let result = set::new_empty(&set::PySet_Type)?;
    let mut position = 0;
    while let Some((next, key, value, hash)) = super::next_entry(right, position) {
        position = next;
        let (key, value) = (Own::new(key), Own::new(value));
        let same = match super::get_item_known_hash(&rest, &key, hash)? {
            Some(other) => object::equal(&other, &value)?,
            None => false,
        };
        if same {
            super::pop_known_hash(&rest, &key, hash)?;
        } else {
            set::add(&result, tuple::pack(&[&key, &value])?.as_object())?;
        }
    }
    let remaining = call::call_method(rest.as_object(), id!("items"), &[])?;
    set::update(&result, &remaining)?;
    Ok(result.upcast())
}

fn xor(a: &PyObject, b: &PyObject) -> PyResult {
    if let (Some(left), Some(right)) = (
        a.downcast_ref::<_PyDictViewObject>(),
        b.downcast_ref::<_PyDictViewObject>(),
    ) && a.is_instance_of(&PyDictItems_Type)
        && b.is_instance_of(&PyDictItems_Type)
    {
        return items_xor(dict_of(left), dict_of(right));
    }
    let result = to_set(a)?;
    call::call_method(result.as_object(), id!("symmetric_difference_update"), &[b])?;
    Ok(result.upcast())
}

fn isdisjoint(view: &PyObject, other: &PyObject) -> PyResult {
    if std::ptr::eq(view, other) {
        return Ok(bool_object(object::length(view)? == 0));
    }
    let (mut view, mut other) = (view, other);
    let sized = other.downcast_ref::<PySetObject>().is_some()
        || other.downcast_ref::<_PyDictViewObject>().is_some();
    if sized && object::length(other)? > object::length(view)? {
        (view, other) = (other, view);
    }
    let iterator = abstract_::get_iter(other)?;
    while let Some(item) = abstract_::next(&iterator)? {
        if abstract_::contains(view, &item)? {
            return Ok(bool_object(false));
        }
    }
    Ok(bool_object(true))
}

fn mapping(view: &_PyDictViewObject) -> PyResult {
    crate::mapping_proxy::new(dict_of(view).as_object())
}

fn traverse(view: &_PyDictViewObject, visitor: &mut Visitor) {
    visitor.field(&view.dv_dict);
}

unsafe fn dealloc(view: *mut _PyDictViewObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(view.cast());
        (*view).dv_dict.clear();
        memory::gc_del(view.cast());
    }
}

getset! {
    static VIEW_GETSET:
    "mapping" => mapping;
}

methods! {
    static KEYS_METHODS:
    "isdisjoint" => o(isdisjoint);
    "__reversed__" => noargs(keys_reversed);
}

methods! {
    static ITEMS_METHODS:
    "isdisjoint" => o(isdisjoint);
    "__reversed__" => noargs(items_reversed);
}

methods! {
    static VALUES_METHODS:
    "__reversed__" => noargs(values_reversed);
}

static_type! {
    /// `dict_keys`.
    PyDictKeys_Type = "dict_keys", size size_of::<_PyDictViewObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    number {
        nb_subtract: slot!(binary subtract),
        nb_and: slot!(binary and),
        nb_xor: slot!(binary xor),
        nb_or: slot!(binary or),
    }
    sequence { sq_length: slot!(len length), sq_contains: slot!(objobj keys_contains) }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_iter: slot!(unary keys_iter),
    tp_methods: KEYS_METHODS.as_ptr(),
    tp_getset: VIEW_GETSET.as_ptr(),
}

static_type! {
    /// `dict_items`.
    PyDictItems_Type = "dict_items", size size_of::<_PyDictViewObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    number {
        nb_subtract: slot!(binary subtract),
        nb_and: slot!(binary and),
        nb_xor: slot!(binary xor),
        nb_or: slot!(binary or),
    }
    sequence { sq_length: slot!(len length), sq_contains: slot!(objobj items_contains) }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_iter: slot!(unary items_iter),
    tp_methods: ITEMS_METHODS.as_ptr(),
    tp_getset: VIEW_GETSET.as_ptr(),
}

static_type! {
    /// `dict_values`.
    PyDictValues_Type = "dict_values", size size_of::<_PyDictViewObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    sequence { sq_length: slot!(len length) }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_iter: slot!(unary values_iter),
    tp_methods: VALUES_METHODS.as_ptr(),
    tp_getset: VIEW_GETSET.as_ptr(),
}
