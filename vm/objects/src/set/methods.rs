//! The methods of set and frozenset, their iterator and their types.

use super::{
    add, algebra, as_set, clear, contains, discard, keys, merge, new_empty, next_key, slots,
};
use crate::abstract_;
use crate::call::{self, Args};
use crate::errors::{self, PyResult, key_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, none};
use crate::{dict, list, long, methods, slot, static_type, tuple, unicode, weakref};
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_arith::hash::FrozensetHash;

/// Adds the items of any iterable (`set_update_internal`).
pub fn update(set: &PySetObject, iterable: &PyObject) -> PyResult<()> {
    if let Some(other) = as_set(iterable) {
        return merge(set, other);
    }
    if let Some(other) = iterable.downcast_exact::<PyDictObject>() {
        return update_from_dict(set, other);
    }
    let iterator = abstract_::get_iter(iterable)?;
    while let Some(key) = abstract_::next(&iterator)? {
        add(set, &key)?;
    }
    Ok(())
}

fn update_from_dict(set: &PySetObject, other: &PyDictObject) -> PyResult<()> {
    let size = other.ma_used.get();
    if size < 0 {
        return Err(errors::system_error("a dict of negative size"));
    }
    if ((set.fill.get() + size) as usize) * 5 >= set.mask.get() as usize * 3 {
        super::resize(set, (set.used.get() + size) as usize * 2)?;
    }
    let mut position = 0;
    while let Some((next, key, _, hash)) = dict::next_entry(other, position) {
        position = next;
        let key = Own::new(key);
        super::add_hash(set, &key, hash)?;
    }
    Ok(())
}

/// A set or frozenset of the items.
pub fn from_iterable_of(type_: &PyTypeObject, iterable: &PyObject) -> PyResult<Own<PySetObject>> {
    let made = new_empty(type_)?;
    update(&made, iterable)?;
    Ok(made)
}

/// `PySet_New`.
pub fn from_iterable(iterable: &PyObject) -> PyResult<Own<PySetObject>> {
    from_iterable_of(&PySet_Type, iterable)
}

/// `PyFrozenSet_New`.
pub fn frozen_from_iterable(iterable: &PyObject) -> PyResult<Own<PySetObject>> {
    from_iterable_of(&PyFrozenSet_Type, iterable)
}

/// A plain copy: set or frozenset, never a subclass.
pub fn copy_as_base(set: &PySetObject) -> PyResult<Own<PySetObject>> {
    from_iterable_of(algebra::base_type(set), set.as_object())
}

unsafe fn set_dealloc(set: *mut PySetObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(set.cast());
        memory::with_trashcan(set.cast(), |set| {
            let set: *mut PySetObject = set.cast();
            let object = &*set;
            if !object.weakreflist.get().is_null() {
                weakref::clear_all(object.as_object());
            }
            let mut left = object.used.get();
            for slot in slots(object) {
                if left <= 0 {
                    break;
                }
                let key = slot.key.get();
                if !key.is_null() && key != super::dummy() {
                    left -= 1;
                    crate::own::decref(key);
                }
            }
            if object.table.get() != object.smalltable.as_ptr().cast_mut() {
                memory::free(object.table.get().cast());
            }
            if let Some(free) = object.as_object().type_().tp_free.get() {
                free(set.cast());
            }
        });
    }
}

fn set_repr(set: &PySetObject) -> PyResult {
    let type_ = set.as_object().type_();
    let name = type_.short_name();
    let Some(_guard) = object::repr_enter(set.as_object()) else {
        return Ok(unicode::from_str(&format!("{name}(...)"))?.upcast());
    };
    if set.used.get() == 0 {
        return Ok(unicode::from_str(&format!("{name}()"))?.upcast());
    }
    let items = list::from_iterable(set.as_object())?;
    let text = object::repr(items.as_object())?;
    let inner = unicode::substring(&text, 1, text.length.get() as usize - 1)?;
    let plain = set.as_object().is_exactly(&PySet_Type);
    let mut writer = unicode::Writer::new();
    if !plain {
        writer.push_str(name);
        writer.push_str("(");
    }
    writer.push_str("{");
    writer.push(&inner);
    writer.push_str("}");
    if !plain {
        writer.push_str(")");
    }
    Ok(writer.finish()?.upcast())
}

fn set_length(set: &PySetObject) -> PyResult<isize> {
    Ok(set.used.get())
}

/// Looks a key up; an unhashable set is looked up as a frozenset.
fn contains_any(set: &PySetObject, key: &PyObject) -> PyResult<bool> {
    match contains(set, key) {
        Ok(answer) => Ok(answer),
        Err(raised) => match frozen_stand_in(raised, key)? {
            Some(frozen) => contains(set, frozen.as_object()),
            None => Err(raised),
        },
    }
}

fn frozen_stand_in(raised: errors::Raised, key: &PyObject) -> PyResult<Option<Own<PySetObject>>> {
    let is_set = as_set(key).is_some();
    if !is_set || !errors::matches(&crate::exceptions::PyExc_TypeError) {
        return Ok(None);
    }
    errors::discard(raised);
    frozen_from_iterable(key).map(Some)
}

fn frozenset_hash(set: &PySetObject) -> PyResult<Py_hash_t> {
    if set.hash.get() != -1 {
        return Ok(set.hash.get());
    }
    let mut hash = FrozensetHash::default();
    for (_, key_hash) in keys(set) {
        hash.push(key_hash as i64);
    }
    let value = hash.finish(set.used.get() as usize) as isize;
    set.hash.set(value);
    Ok(value)
}

fn set_iter(set: &PySetObject) -> PyResult {
    let object: *mut setiterobject =
        memory::new_gc_object(&PySetIter_Type, size_of::<setiterobject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).si_set.set(Own::new(set).into_raw());
        (*object).si_used.set(set.used.get());
        (*object).si_pos.set(0);
        (*object).len.set(set.used.get());
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn iter_next(iterator: &setiterobject) -> PyResult<Option<Own>> {
    let Some(set) = iterator.si_set.own() else {
        return Ok(None);
    };
    if iterator.si_used.get() != set.used.get() {
        iterator.si_used.set(-1);
        return Err(errors::runtime_error("Set changed size during iteration"));
    }
    match next_key(&set, iterator.si_pos.get() as usize) {
        Some((next, key, _)) => {
            iterator.si_pos.set(next as isize);
            iterator.len.set(iterator.len.get() - 1);
            Ok(Some(key))
        }
        None => {
            iterator.si_pos.set(set.mask.get() + 2);
            iterator.si_set.clear();
            Ok(None)
        }
    }
}

fn iter_hint(iterator: &setiterobject) -> PyResult {
    let left = match iterator.si_set.as_ref() {
        Some(set) if set.used.get() == iterator.si_used.get() => iterator.len.get(),
        _ => 0,
    };
    long::from_isize(left)
}

fn iter_reduce(iterator: &setiterobject) -> PyResult {
    let rest = list::new(0)?;
    if let Some(set) = iterator.si_set.own() {
        let mut position = iterator.si_pos.get() as usize;
        while let Some((next, key, _)) = next_key(&set, position) {
            position = next;
            list::append(&rest, &key)?;
        }
    }
    crate::iter::reduce_with(&[rest.as_object()])
}

fn iter_traverse(iterator: &setiterobject, visitor: &mut Visitor) {
    visitor.field(&iterator.si_set);
}

unsafe fn iter_dealloc(iterator: *mut setiterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(iterator.cast());
        (*iterator).si_set.clear();
        memory::gc_del(iterator.cast());
    }
}

fn set_traverse(set: &PySetObject, visitor: &mut Visitor) {
    if set.table.get().is_null() {
        return;
    }
    for (key, _) in keys(set) {
        visitor.pointer(key.as_raw());
    }
}

fn method_add(set: &PySetObject, key: &PyObject) -> PyResult {
    add(set, key)?;
    Ok(none())
}

fn method_discard(set: &PySetObject, key: &PyObject) -> PyResult {
    match discard(set, key) {
        Ok(_) => Ok(none()),
        Err(raised) => match frozen_stand_in(raised, key)? {
            Some(frozen) => {
                discard(set, frozen.as_object())?;
                Ok(none())
            }
            None => Err(raised),
        },
    }
}

fn method_remove(set: &PySetObject, key: &PyObject) -> PyResult {
    let removed = match discard(set, key) {
        Ok(removed) => removed,
        Err(raised) => match frozen_stand_in(raised, key)? {
            Some(frozen) => discard(set, frozen.as_object())?,
            None => return Err(raised),
        },
    };
    if !removed {
        return Err(key_error(key));
    }
    Ok(none())
}

fn method_pop(set: &PySetObject) -> PyResult {
    if set.used.get() == 0 {
        let message = unicode::from_str("pop from an empty set")?;
        return Err(errors::raise_object(
            &crate::exceptions::PyExc_KeyError,
            Some(message.upcast()),
        ));
    }
    let mask = set.mask.get();
    let mut at = (set.finger.get() & mask) as usize;
    let table = slots(set);
    while table[at].key.get().is_null() || table[at].key.get() == super::dummy() {
        at += 1;
        if at > mask as usize {
            at = 0;
        }
    }
    let key = table[at].key.replace(super::dummy());
    table[at].hash.set(-1);
    set.used.set(set.used.get() - 1);
    set.finger.set(at as isize + 1);
    // SAFETY: the set owned the key.
    Ok(unsafe { Own::from_raw(key) })
}

fn method_clear(set: &PySetObject) -> PyResult {
    clear(set);
    Ok(none())
}

fn method_contains(set: &PySetObject, key: &PyObject) -> PyResult {
    Ok(bool_object(contains_any(set, key)?))
}

/// A copy of a subclass is a plain set.
fn method_copy(set: &PySetObject) -> PyResult {
    let made = new_empty(algebra::base_type(set))?;
    merge(&made, set)?;
    Ok(made.upcast())
}

fn frozen_copy(set: &PySetObject) -> PyResult {
    if set.as_object().is_exactly(&PyFrozenSet_Type) {
        return Ok(Own::new(set).upcast());
    }
    method_copy(set)
}

fn method_union(set: &PySetObject, args: &PyTupleObject) -> PyResult {
    algebra::union(set, tuple::items(args))
}

fn method_update(set: &PySetObject, args: &PyTupleObject) -> PyResult {
    for other in tuple::items(args) {
        update(set, other)?;
    }
    Ok(none())
}

fn method_difference_update(set: &PySetObject, args: &PyTupleObject) -> PyResult {
    for other in tuple::items(args) {
        algebra::difference_update(set, other)?;
    }
    Ok(none())
}

fn method_intersection_update(set: &PySetObject, args: &PyTupleObject) -> PyResult {
    let result = algebra::intersection_multi(set, tuple::items(args))?;
    algebra::swap_bodies(set, &result);
    Ok(none())
}

fn method_symmetric_difference_update(set: &PySetObject, other: &PyObject) -> PyResult {
    algebra::symmetric_difference_update(set, other)?;
    Ok(none())
}

fn method_intersection(set: &PySetObject, args: &PyTupleObject) -> PyResult {
    Ok(algebra::intersection_multi(set, tuple::items(args))?.upcast())
}

fn method_difference(set: &PySetObject, args: &PyTupleObject) -> PyResult {
    Ok(algebra::difference_multi(set, tuple::items(args))?.upcast())
}

fn method_issubset(set: &PySetObject, other: &PyObject) -> PyResult {
    Ok(bool_object(algebra::is_subset(set, other)?))
}

fn method_issuperset(set: &PySetObject, other: &PyObject) -> PyResult {
    Ok(bool_object(algebra::is_superset(set, other)?))
}

fn method_isdisjoint(set: &PySetObject, other: &PyObject) -> PyResult {
    Ok(bool_object(algebra::is_disjoint(set, other)?))
}

fn method_reduce(set: &PySetObject) -> PyResult {
    let items = list::from_iterable(set.as_object())?;
    let args = tuple::pack(&[items.as_object()])?;
    let state = crate::reduce::default_getstate(set.as_object(), false)?;
    Ok(tuple::pack(&[
        set.as_object().type_().as_object(),
        args.as_object(),
        &state,
    ])?
    .upcast())
}

fn method_sizeof(set: &PySetObject) -> PyResult {
    let mut size = set.as_object().type_().tp_basicsize.get() as usize;
    if set.table.get() != set.smalltable.as_ptr().cast_mut() {
        size += size_of_val(slots(set));
    }
    long::from_usize(size)
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

fn set_init(
    set: &PySetObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    if set.as_object().is_exactly(&PySet_Type) {
        call::no_keywords("set", kwargs)?;
    }
    call::check_positional("set", tuple::items(args).len(), 0, 1)?;
    if set.fill.get() > 0 {
        clear(set);
    }
    set.hash.set(-1);
    match tuple::items(args).first() {
        Some(iterable) => update(set, iterable),
        None => Ok(()),
    }
}

fn set_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(new_empty(type_)?.upcast())
}

fn set_vectorcall(type_: &PyTypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("set")?;
    call::check_positional("set", args.positional.len(), 0, 1)?;
    let made = new_empty(type_)?;
    if let Some(iterable) = args.positional.first() {
        update(&made, iterable)?;
    }
    Ok(made.upcast())
}

fn frozenset_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if std::ptr::eq(type_, &PyFrozenSet_Type) {
        call::no_keywords("frozenset", kwargs)?;
    }
    call::check_positional("frozenset", tuple::items(args).len(), 0, 1)?;
    make_frozenset(type_, tuple::items(args).first().copied())
}

fn frozenset_vectorcall(type_: &PyTypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("frozenset")?;
    call::check_positional("frozenset", args.positional.len(), 0, 1)?;
    make_frozenset(type_, args.positional.first().copied())
}

fn make_frozenset(type_: &PyTypeObject, iterable: Option<&PyObject>) -> PyResult {
    if std::ptr::eq(type_, &PyFrozenSet_Type)
        && let Some(iterable) = iterable
        && iterable.is_exactly(&PyFrozenSet_Type)
    {
        return Ok(Own::new(iterable));
    }
    match iterable {
        Some(iterable) => Ok(from_iterable_of(type_, iterable)?.upcast()),
        None => Ok(new_empty(type_)?.upcast()),
    }
}

methods! {
    static SET_METHODS:
    "add" => o(method_add);
    "clear" => noargs(method_clear);
    "__contains__" => o(method_contains) | METH_COEXIST;
    "copy" => noargs(method_copy);
    "discard" => o(method_discard);
    "difference" => varargs(method_difference);
    "difference_update" => varargs(method_difference_update);
    "intersection" => varargs(method_intersection);
    "intersection_update" => varargs(method_intersection_update);
    "isdisjoint" => o(method_isdisjoint);
    "issubset" => o(method_issubset);
    "issuperset" => o(method_issuperset);
    "pop" => noargs(method_pop);
    "__reduce__" => noargs(method_reduce);
    "remove" => o(method_remove);
    "__sizeof__" => noargs(method_sizeof);
    "symmetric_difference" => o(algebra::symmetric_difference);
    "symmetric_difference_update" => o(method_symmetric_difference_update);
    "union" => varargs(method_union);
    "update" => varargs(method_update);
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

methods! {
    static FROZENSET_METHODS:
    "__contains__" => o(method_contains) | METH_COEXIST;
    "copy" => noargs(frozen_copy);
    "difference" => varargs(method_difference);
    "intersection" => varargs(method_intersection);
    "isdisjoint" => o(method_isdisjoint);
    "issubset" => o(method_issubset);
    "issuperset" => o(method_issuperset);
    "__reduce__" => noargs(method_reduce);
    "__sizeof__" => noargs(method_sizeof);
    "symmetric_difference" => o(algebra::symmetric_difference);
    "union" => varargs(method_union);
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

static_type! {
    /// `set`.
    PySet_Type = "set", size size_of::<PySetObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | _Py_TPFLAGS_MATCH_SELF;
    number {
        nb_subtract: slot!(binary algebra::set_sub),
        nb_and: slot!(binary algebra::set_and),
        nb_xor: slot!(binary algebra::set_xor),
        nb_or: slot!(binary algebra::set_or),
        nb_inplace_subtract: slot!(binary algebra::set_isub),
        nb_inplace_and: slot!(binary algebra::set_iand),
        nb_inplace_xor: slot!(binary algebra::set_ixor),
        nb_inplace_or: slot!(binary algebra::set_ior),
    }
    sequence { sq_length: slot!(len set_length), sq_contains: slot!(objobj contains_any) }
    tp_dealloc: slot!(dealloc set_dealloc),
    tp_repr: slot!(unary set_repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse set_traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp algebra::richcompare),
    tp_weaklistoffset: offset_of!(PySetObject, weakreflist) as isize,
    tp_iter: slot!(unary set_iter),
    tp_methods: SET_METHODS.as_ptr(),
    tp_init: slot!(init set_init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new set_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall set_vectorcall),
}

static_type! {
    /// `frozenset`.
    PyFrozenSet_Type = "frozenset", size size_of::<PySetObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | _Py_TPFLAGS_MATCH_SELF;
    number {
        nb_subtract: slot!(binary algebra::set_sub),
        nb_and: slot!(binary algebra::set_and),
        nb_xor: slot!(binary algebra::set_xor),
        nb_or: slot!(binary algebra::set_or),
    }
    sequence { sq_length: slot!(len set_length), sq_contains: slot!(objobj contains_any) }
    tp_dealloc: slot!(dealloc set_dealloc),
    tp_repr: slot!(unary set_repr),
    tp_hash: slot!(hash frozenset_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse set_traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp algebra::richcompare),
    tp_weaklistoffset: offset_of!(PySetObject, weakreflist) as isize,
    tp_iter: slot!(unary set_iter),
    tp_methods: FROZENSET_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new frozenset_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall frozenset_vectorcall),
}

methods! {
    static ITERATOR_METHODS:
    "__length_hint__" => noargs(iter_hint);
    "__reduce__" => noargs(iter_reduce);
}

static_type! {
    /// `iter(set)`.
    PySetIter_Type = "set_iterator", size size_of::<setiterobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc iter_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse iter_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext iter_next),
    tp_methods: ITERATOR_METHODS.as_ptr(),
}
