//! Iterators over a dict's keys, values and items, in both directions.

use super::keys::KeysExt;
use super::values::ValuesExt;
use super::{keys_of, values_of};
use crate::errors::{PyResult, runtime_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::{iter, long, methods, slot, static_type, tuple};
use twinheap_abi::*;

/// A new iterator of one of the six types below.
pub fn new(dict: &PyDictObject, type_: &PyTypeObject) -> PyResult {
    let object: *mut dictiterobject = memory::new_gc_object(type_, size_of::<dictiterobject>())?;
    let reversed = is_reversed(type_);
    let items =
        std::ptr::eq(type_, &PyDictIterItem_Type) || std::ptr::eq(type_, &PyDictRevIterItem_Type);
    // SAFETY: fresh memory.
    unsafe {
        let iterator = &*object;
        iterator.di_dict.set(Own::new(dict).into_raw());
        iterator.di_used.set(dict.ma_used.get());
        iterator.len.set(dict.ma_used.get());
        let last = if dict.ma_values.get().is_null() {
            keys_of(dict).dk_nentries.get() - 1
        } else {
            dict.ma_used.get() - 1
        };
        iterator.di_pos.set(if reversed { last } else { 0 });
        iterator.di_result.set(std::ptr::null_mut());
        if items {
            let none = crate::singletons::none();
            iterator
                .di_result
                .set(tuple::pack(&[&none, &none])?.into_raw().cast());
        }
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn is_reversed(type_: &PyTypeObject) -> bool {
    [
        &PyDictRevIterKey_Type,
        &PyDictRevIterValue_Type,
        &PyDictRevIterItem_Type,
    ]
    .into_iter()
    .any(|reversed| std::ptr::eq(type_, reversed))
}

/// Key and value at the iterator's position, which moves on.
fn advance(iterator: &dictiterobject, reversed: bool) -> PyResult<Option<(Own, Own)>> {
    let Some(dict) = Field::own(&iterator.di_dict) else {
        return Ok(None);
    };
    if iterator.di_used.get() != dict.ma_used.get() {
        iterator.di_used.set(-1);
        return Err(runtime_error("dictionary changed size during iteration"));
    }
    let found = find(&dict, iterator.di_pos.get(), reversed);
    match found {
        Some((index, next)) => {
            if iterator.len.get() == 0 {
                // Keys were deleted and added, so that the size is the same again.
                iterator.di_dict.clear();
                return Err(runtime_error("dictionary keys changed during iteration"));
            }
            iterator.di_pos.set(next);
            iterator.len.set(iterator.len.get() - 1);
            let keys = keys_of(&dict);
            let value = match values_of(&dict) {
                Some(values) => values.slot(index).get(),
                None => keys.value(index).get(),
            };
            // SAFETY: a live entry owns key and value.
            Ok(Some(unsafe {
                (Own::new(&*keys.key(index)), Own::new(&*value))
            }))
        }
        None => {
            iterator.di_dict.clear();
            Ok(None)
        }
    }
}

/// The entry at a position or behind it, and the position after that.
#[inline]
fn find(dict: &PyDictObject, position: isize, reversed: bool) -> Option<(usize, isize)> {
    let step = if reversed { -1 } else { 1 };
    if let Some(values) = values_of(dict) {
        if position < 0 || position >= dict.ma_used.get() {
            return None;
        }
        return Some((values.order(position as usize), position + step));
    }
    let keys = keys_of(dict);
    let mut index = position;
    while (0..keys.dk_nentries.get()).contains(&index) {
        if !keys.value(index as usize).get().is_null() {
            return Some((index as usize, index + step));
        }
        index += step;
    }
    None
}

/// The pair as a tuple; the last one is used again where nobody holds it.
fn pair(iterator: &dictiterobject, key: Own, value: Own) -> PyResult {
    if let Some(result) = Field::as_ref(&iterator.di_result)
        && result.ob_refcnt.get() == 1
    {
        let result = Own::new(result);
        let items: *const Pointer<PyObject> = result.as_ptr().cast::<u8>().wrapping_add(24).cast();
        // SAFETY: a tuple of two that only this iterator refers to.
        unsafe {
            (*items).put(Some(key));
            (*items.add(1)).put(Some(value));
            if !memory::is_tracked(&result) {
                memory::track(result.as_ptr());
            }
        }
        return Ok(result);
    }
    Ok(tuple::from_vec(vec![key, value])?.upcast())
}

fn next_key(iterator: &dictiterobject) -> PyResult<Option<Own>> {
    Ok(advance(iterator, false)?.map(|(key, _)| key))
}

fn next_value(iterator: &dictiterobject) -> PyResult<Option<Own>> {
    Ok(advance(iterator, false)?.map(|(_, value)| value))
}

fn next_item(iterator: &dictiterobject) -> PyResult<Option<Own>> {
    match advance(iterator, false)? {
        Some((key, value)) => pair(iterator, key, value).map(Some),
        None => Ok(None),
    }
}

fn previous_key(iterator: &dictiterobject) -> PyResult<Option<Own>> {
    Ok(advance(iterator, true)?.map(|(key, _)| key))
}

fn previous_value(iterator: &dictiterobject) -> PyResult<Option<Own>> {
    Ok(advance(iterator, true)?.map(|(_, value)| value))
}

fn previous_item(iterator: &dictiterobject) -> PyResult<Option<Own>> {
    match advance(iterator, true)? {
        Some((key, value)) => pair(iterator, key, value).map(Some),
        None => Ok(None),
    }
}

fn length_hint(iterator: &dictiterobject) -> PyResult {
    let left = match Field::as_ref(&iterator.di_dict) {
        Some(dict) if dict.ma_used.get() == iterator.di_used.get() => iterator.len.get(),
        _ => 0,
    };
    long::from_isize(left)
}

fn reduce(iterator: &dictiterobject) -> PyResult {
    // A copy runs ahead, so that the iterator itself stays where it is.
    let left = match Field::own(&iterator.di_dict) {
        Some(dict) => {
            let copy = new(&dict, iterator.as_object().type_())?;
            // SAFETY: just made as a dict iterator.
            let copied: &dictiterobject = unsafe { &*copy.as_ptr().cast() };
            copied.di_pos.set(iterator.di_pos.get());
            copied.di_used.set(iterator.di_used.get());
            copied.len.set(iterator.len.get());
            crate::list::from_iterable(&copy)?
        }
        None => crate::list::new(0)?,
    };
    iter::reduce_with(&[left.as_object()])
}

fn traverse(iterator: &dictiterobject, visitor: &mut Visitor) {
    visitor.field(&iterator.di_dict);
    visitor.field(&iterator.di_result);
}

unsafe fn dealloc(iterator: *mut dictiterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(iterator.cast());
        (*iterator).di_dict.clear();
        (*iterator).di_result.clear();
        memory::gc_del(iterator.cast());
    }
}

methods! {
    static ITERATOR_METHODS:
    "__length_hint__" => noargs(length_hint);
    "__reduce__" => noargs(reduce);
}

macro_rules! iterator_types {
    ($($(#[$doc:meta])* $type:ident = $name:literal, $next:ident;)+) => {
        $(static_type! {
            $(#[$doc])*
            $type = $name, size size_of::<dictiterobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
            tp_dealloc: slot!(dealloc dealloc),
            tp_getattro: Some(object::PyObject_GenericGetAttr),
            tp_traverse: slot!(traverse traverse),
            tp_iter: slot!(unary object::self_iter),
            tp_iternext: slot!(iternext $next),
            tp_methods: ITERATOR_METHODS.as_ptr(),
        })+
    };
}

iterator_types! {
    /// `iter(dict)`.
    PyDictIterKey_Type = "dict_keyiterator", next_key;
    /// `iter(dict.values())`.
    PyDictIterValue_Type = "dict_valueiterator", next_value;
    /// `iter(dict.items())`.
    PyDictIterItem_Type = "dict_itemiterator", next_item;
    /// `reversed(dict)`.
    PyDictRevIterKey_Type = "dict_reversekeyiterator", previous_key;
    /// `reversed(dict.values())`.
    PyDictRevIterValue_Type = "dict_reversevalueiterator", previous_value;
    /// `reversed(dict.items())`.
    PyDictRevIterItem_Type = "dict_reverseitemiterator", previous_item;
}
