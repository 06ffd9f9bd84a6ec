//! Iterators by index and by call (`Objects/iterobject.c`, and the iterators of list and tuple):
//! an index and a target, which is dropped at the end.

use crate::abstract_;
use crate::errors::{self, PyResult, type_error};
use crate::exceptions::{PyExc_IndexError, PyExc_StopIteration};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{call, id, list, long, methods, slot, static_type, tuple, types};
use twinheap_abi::*;

/// A new iterator of one of the index types, at the first item.
pub fn new_index_iterator(type_: &PyTypeObject, target: &PyObject) -> PyResult {
    new_at(type_, target, 0)
}

/// The same, at any index.
pub fn new_at(type_: &PyTypeObject, target: &PyObject, index: isize) -> PyResult {
    let object: *mut _PyListIterObject =
        memory::new_gc_object(type_, size_of::<_PyListIterObject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).it_index.set(index);
        (*object).it_seq.set(Own::new(target).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

/// `tp_iternext` of types whose instances only look like iterators.
///
/// # Safety
/// `object` is live.
pub unsafe extern "C" fn PyObject_NextNotImplemented(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: by contract.
    type_error(format_args!(
        "'{}' object is not iterable",
        // SAFETY: the slot is only called with live objects.
        unsafe { &*object }.type_().name()
    ));
    std::ptr::null_mut()
}

fn sequence_next(iterator: &seqiterobject) -> PyResult<Option<Own>> {
    let Some(target) = iterator.it_seq.own() else {
        return Ok(None);
    };
    let index = iterator.it_index.get();
    if index == isize::MAX {
        return Err(errors::overflow_error("iter index too large"));
    }
    match abstract_::get_sequence_item(&target, index) {
        Ok(item) => {
            iterator.it_index.set(index + 1);
            Ok(Some(item))
        }
        Err(raised) => {
            if errors::matches(&PyExc_IndexError) || errors::matches(&PyExc_StopIteration) {
                errors::discard(raised);
                iterator.it_seq.clear();
                return Ok(None);
            }
            Err(raised)
        }
    }
}

fn tuple_next(iterator: &seqiterobject) -> PyResult<Option<Own>> {
    // SAFETY: the target of a tuple iterator is a tuple.
    let Some(target) = (unsafe { iterator.it_seq.get().cast::<PyTupleObject>().as_ref() }) else {
        return Ok(None);
    };
    let index = iterator.it_index.get();
    if let Some(item) = tuple::items(target).get(index as usize) {
        iterator.it_index.set(index + 1);
        return Ok(Some(Own::new(*item)));
    }
    iterator.it_seq.clear();
    Ok(None)
}

fn list_next(iterator: &_PyListIterObject) -> PyResult<Option<Own>> {
    // SAFETY: the target of a list iterator is a list.
    let Some(target) = (unsafe { iterator.it_seq.get().cast::<PyListObject>().as_ref() }) else {
        return Ok(None);
    };
    let index = iterator.it_index.get();
    if let Some(item) = list::items(target).get(index as usize) {
        iterator.it_index.set(index + 1);
        return Ok(Some(Own::new(*item)));
    }
    iterator.it_seq.clear();
    Ok(None)
}

fn list_previous(iterator: &_PyListIterObject) -> PyResult<Option<Own>> {
    // SAFETY: the target of a list iterator is a list.
    let Some(target) = (unsafe { iterator.it_seq.get().cast::<PyListObject>().as_ref() }) else {
        return Ok(None);
    };
    let index = iterator.it_index.get();
    if index >= 0
        && let Some(item) = list::items(target).get(index as usize)
    {
        iterator.it_index.set(index - 1);
        return Ok(Some(Own::new(*item)));
    }
    iterator.it_index.set(-1);
    iterator.it_seq.clear();
    Ok(None)
}

fn forward_hint(iterator: &seqiterobject) -> PyResult {
    match iterator.it_seq.own() {
        Some(target) => {
            let left = object::length(&target)? as isize - iterator.it_index.get();
            long::from_isize(left.max(0))
        }
        None => long::from_isize(0),
    }
}

fn sequence_hint(iterator: &seqiterobject) -> PyResult {
    if let Some(target) = iterator.it_seq.own()
        && !has_length(&target)
    {
        return Ok(crate::singletons::not_implemented());
    }
    forward_hint(iterator)
}

fn has_length(object: &PyObject) -> bool {
    types::lookup(object.type_(), id!("__len__")).is_some()
}

fn reversed_hint(iterator: &_PyListIterObject) -> PyResult {
    let index = iterator.it_index.get() + 1;
    let fits = match iterator.it_seq.own() {
        Some(target) => object::length(&target)? as isize >= index,
        None => false,
    };
    long::from_isize(if fits { index } else { 0 })
}

/// A builtin function by name, for `__reduce__`.
fn builtin(name: &'static str) -> PyResult {
    crate::import_hook::builtin(name)
}

/// `(iter, args)`, for the `__reduce__` of an iterator.
pub fn reduce_with(args: &[&PyObject]) -> PyResult {
    let args = tuple::pack(args)?;
    Ok(tuple::pack(&[&*builtin("iter")?, args.as_object()])?.upcast())
}

fn reduce_forward(iterator: &seqiterobject) -> PyResult {
    match iterator.it_seq.own() {
        Some(target) => {
            let args = tuple::pack(&[&target])?;
            let index = long::from_isize(iterator.it_index.get())?;
            Ok(tuple::pack(&[&*builtin("iter")?, args.as_object(), &index])?.upcast())
        }
        None => reduce_with(&[tuple::empty().as_object()]),
    }
}

fn reduce_list(iterator: &_PyListIterObject) -> PyResult {
    match iterator.it_seq.own() {
        Some(_) => reduce_forward(iterator),
        None => reduce_with(&[list::new(0)?.as_object()]),
    }
}

fn reduce_reversed(iterator: &_PyListIterObject) -> PyResult {
    match iterator.it_seq.own() {
        Some(target) => {
            let args = tuple::pack(&[&target])?;
            let index = long::from_isize(iterator.it_index.get())?;
            Ok(tuple::pack(&[&*builtin("reversed")?, args.as_object(), &index])?.upcast())
        }
        None => reduce_with(&[list::new(0)?.as_object()]),
    }
}

fn setstate(iterator: &seqiterobject, state: &PyObject) -> PyResult {
    let index = long::exact_ssize(state)?;
    if iterator.it_seq.as_ref().is_some() {
        iterator.it_index.set(index.max(0));
    }
    Ok(none())
}

fn setstate_bounded(iterator: &seqiterobject, state: &PyObject) -> PyResult {
    let index = long::exact_ssize(state)?;
    if let Some(target) = iterator.it_seq.own() {
        iterator
            .it_index
            .set(index.clamp(0, object::length(&target)? as isize));
    }
    Ok(none())
}

fn setstate_reversed(iterator: &_PyListIterObject, state: &PyObject) -> PyResult {
    let index = long::exact_ssize(state)?;
    if let Some(target) = iterator.it_seq.own() {
        iterator
            .it_index
            .set(index.clamp(-1, object::length(&target)? as isize - 1));
    }
    Ok(none())
}

fn traverse(iterator: &seqiterobject, visitor: &mut Visitor) {
    visitor.field(&iterator.it_seq);
}

unsafe fn dealloc(iterator: *mut seqiterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(iterator.cast());
        (*iterator).it_seq.clear();
        memory::gc_del(iterator.cast());
    }
}

methods! {
    static SEQUENCE_METHODS:
    "__length_hint__" => noargs(sequence_hint);
    "__reduce__" => noargs(reduce_forward);
    "__setstate__" => o(setstate);
}

methods! {
    static TUPLE_METHODS:
    "__length_hint__" => noargs(forward_hint);
    "__reduce__" => noargs(reduce_forward);
    "__setstate__" => o(setstate_bounded);
}

methods! {
    static LIST_METHODS:
    "__length_hint__" => noargs(forward_hint);
    "__reduce__" => noargs(reduce_list);
    "__setstate__" => o(setstate_bounded);
}

methods! {
    static REVERSED_METHODS:
    "__length_hint__" => noargs(reversed_hint);
    "__reduce__" => noargs(reduce_reversed);
    "__setstate__" => o(setstate_reversed);
}

macro_rules! index_iterators {
    ($($(#[$doc:meta])* $type:ident = $name:literal, $next:ident, $methods:ident;)+) => {
        $(static_type! {
            $(#[$doc])*
            $type = $name, size size_of::<seqiterobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
            tp_dealloc: slot!(dealloc dealloc),
            tp_getattro: Some(object::PyObject_GenericGetAttr),
            tp_traverse: slot!(traverse traverse),
            tp_iter: slot!(unary object::self_iter),
            tp_iternext: slot!(iternext $next),
            tp_methods: $methods.as_ptr(),
        })+
    };
}

index_iterators! {
    /// The iterator over anything with `__getitem__`.
    PySeqIter_Type = "iterator", sequence_next, SEQUENCE_METHODS;
    /// `iter(tuple)`.
    PyTupleIter_Type = "tuple_iterator", tuple_next, TUPLE_METHODS;
    /// `iter(list)`.
    PyListIter_Type = "list_iterator", list_next, LIST_METHODS;
    /// `reversed(list)`.
    PyListRevIter_Type = "list_reverseiterator", list_previous, REVERSED_METHODS;
}

/// `iter(callable, sentinel)`.
pub fn new_call_iterator(callable: &PyObject, sentinel: &PyObject) -> PyResult {
    let object: *mut calliterobject =
        memory::new_gc_object(&PyCallIter_Type, size_of::<calliterobject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).it_callable.set(Own::new(callable).into_raw());
        (*object).it_sentinel.set(Own::new(sentinel).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn call_next(iterator: &calliterobject) -> PyResult<Option<Own>> {
    let Some(callable) = iterator.it_callable.own() else {
        return Ok(None);
    };
    match call::call(&callable, &[]) {
        Ok(item) => {
            let Some(sentinel) = iterator.it_sentinel.own() else {
                return Ok(None);
            };
            if !object::equal(&sentinel, &item)? {
                return Ok(Some(item));
            }
        }
        Err(raised) => {
            if !errors::matches(&PyExc_StopIteration) {
                return Err(raised);
            }
            errors::discard(raised);
        }
    }
    iterator.it_callable.clear();
    iterator.it_sentinel.clear();
    Ok(None)
}

fn call_reduce(iterator: &calliterobject) -> PyResult {
    match (iterator.it_callable.own(), iterator.it_sentinel.own()) {
        (Some(callable), Some(sentinel)) => reduce_with(&[&callable, &sentinel]),
        _ => reduce_with(&[tuple::empty().as_object()]),
    }
}

fn call_traverse(iterator: &calliterobject, visitor: &mut Visitor) {
    visitor.field(&iterator.it_callable);
    visitor.field(&iterator.it_sentinel);
}

unsafe fn call_dealloc(iterator: *mut calliterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(iterator.cast());
        (*iterator).it_callable.clear();
        (*iterator).it_sentinel.clear();
        memory::gc_del(iterator.cast());
    }
}

methods! {
    static CALL_METHODS:
    "__reduce__" => noargs(call_reduce);
}

static_type! {
    /// `iter(callable, sentinel)`.
    PyCallIter_Type = "callable_iterator", size size_of::<calliterobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc call_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse call_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext call_next),
    tp_methods: CALL_METHODS.as_ptr(),
}
