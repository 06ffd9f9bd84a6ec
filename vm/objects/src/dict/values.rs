//! The values of split tables, and instances that keep their attributes in them without a dict
//! (`PyDictValues`, `Py_TPFLAGS_MANAGED_DICT`).
//!
//! In front of the values lie bytes, read backwards: the size of this prefix, the number of values
//! set, then the order in which they were set, as indices.

use super::keys::{self, KeysExt};
use super::{new_from_parts, new_split};
use crate::errors::{self, PyResult};
use crate::memory;
use crate::object::ObjectExt;
use crate::own::{Layout, Own, xdecref};
use crate::unicode::{self, PyUnicode_Type};
use twinheap_abi::*;

/// Uninitialised values with room for `size`; the count of set ones is 0.
pub fn new_values(size: usize) -> PyResult<*mut PyDictValues> {
    let prefix = (size + 2).next_multiple_of(8);
    let memory = memory::malloc(prefix + size * 8);
    if memory.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: fresh memory of that size.
    unsafe {
        let values = memory.add(prefix);
        *values.sub(1) = prefix as u8;
        *values.sub(2) = 0;
        std::ptr::write_bytes(values, 0, size * 8);
        Ok(values.cast())
    }
}

/// Frees the memory; the values own nothing any more.
///
/// # Safety
/// The values are not used again.
pub unsafe fn free_values(values: *mut PyDictValues) {
    // SAFETY: the prefix size lies in front.
    unsafe {
        let prefix = *values.cast::<u8>().sub(1);
        memory::free(values.cast::<u8>().sub(prefix as usize));
    }
}

/// Reading and writing values by index.
pub trait ValuesExt {
    /// The value field at an index.
    fn slot(&self, index: usize) -> &Pointer<PyObject>;
    /// How many values are set.
    fn count(&self) -> usize;
    /// The index of the value that was set n-th.
    fn order(&self, nth: usize) -> usize;
    /// Notes that the value at an index has been set.
    fn push_order(&self, index: usize);
    /// Notes that the value at an index has been deleted.
    fn remove_order(&self, index: usize);
    /// Bytes in front.
    fn prefix(&self) -> usize;
}

impl ValuesExt for PyDictValues {
    #[inline(always)]
    fn slot(&self, index: usize) -> &Pointer<PyObject> {
        // SAFETY: callers stay inside the shared keys' entries.
        unsafe { &*self.values.as_ptr().add(index) }
    }

    #[inline(always)]
    fn count(&self) -> usize {
        // SAFETY: the prefix lies in front.
        unsafe { *(self as *const PyDictValues).cast::<u8>().sub(2) as usize }
    }

    #[inline(always)]
    fn order(&self, nth: usize) -> usize {
        // SAFETY: below the count.
        unsafe { *(self as *const PyDictValues).cast::<u8>().sub(3 + nth) as usize }
    }

    #[inline(always)]
    fn push_order(&self, index: usize) {
        let base = (self as *const PyDictValues).cast_mut().cast::<u8>();
        // SAFETY: the prefix has room for every index once.
        unsafe {
            let count = *base.sub(2) as usize;
            *base.sub(3 + count) = index as u8;
            *base.sub(2) = count as u8 + 1;
        }
    }

    fn remove_order(&self, index: usize) {
        let base = (self as *const PyDictValues).cast_mut().cast::<u8>();
        let count = self.count();
        let Some(at) = (0..count).find(|&nth| self.order(nth) == index) else {
            return;
        };
        // SAFETY: below the count.
        unsafe {
            for nth in at..count - 1 {
                *base.sub(3 + nth) = *base.sub(4 + nth);
            }
            *base.sub(2) = count as u8 - 1;
        }
    }

    fn prefix(&self) -> usize {
        // SAFETY: the prefix lies in front.
        unsafe { *(self as *const PyDictValues).cast::<u8>().sub(1) as usize }
    }
}

/// `_PyObject_ValuesPointer`: the field, in front of the collector's words.
#[inline(always)]
fn values_field(object: &PyObject) -> &Pointer<PyDictValues> {
    // SAFETY: callers ask only for instances with a managed dict.
    unsafe { &*object.as_raw().cast::<Pointer<PyDictValues>>().sub(4) }
}

/// `_PyObject_ManagedDictPointer`: the field, in front of the collector's words.
#[inline(always)]
pub fn managed_dict_field(object: &PyObject) -> &Pointer<PyObject> {
    // SAFETY: callers ask only for instances with a managed dict.
    unsafe { &*object.as_raw().cast::<Pointer<PyObject>>().sub(3) }
}

/// The values of an instance that has no dict of its own yet.
#[inline(always)]
pub fn instance_values(object: &PyObject) -> Option<&PyDictValues> {
    // SAFETY: the instance owns its values.
    unsafe { values_field(object).get().as_ref() }
}

/// The keys that the instances of a heap type share.
#[inline(always)]
pub fn cached_keys(type_: &PyTypeObject) -> *mut PyDictKeysObject {
    // SAFETY: callers ask only for heap types.
    unsafe {
        (*(type_ as *const PyTypeObject).cast::<PyHeapTypeObject>())
            .ht_cached_keys
            .get()
    }
}

/// `init_inline_values`: room for as many attributes as the shared keys have, less the one that
/// each new instance gives up.
///
/// # Safety
/// `object` is a fresh instance of the type, which has managed dicts.
pub unsafe fn init_instance_values(object: *mut PyObject, type_: &PyTypeObject) -> PyResult<()> {
    let keys = cached_keys(type_);
    if keys.is_null() {
        return Ok(());
    }
    // SAFETY: the type owns its keys.
    let keys = unsafe { &*keys };
    if keys.dk_usable.get() > 1 {
        keys.dk_usable.set(keys.dk_usable.get() - 1);
    }
    let values = new_values(keys.total_entries())?;
    // SAFETY: the field lies in front of the instance.
    unsafe { (*object.cast::<Pointer<PyDictValues>>().sub(4)).set(values) };
    Ok(())
}

/// `_PyObject_GetInstanceAttribute`.
#[inline]
pub fn get_instance_attribute(
    object: &PyObject,
    values: &PyDictValues,
    name: &PyASCIIObject,
) -> Option<Own> {
    // SAFETY: an instance with values has shared keys.
    let keys = unsafe { &*cached_keys(object.type_()) };
    let index = keys::lookup_unicode(keys, name, unicode::hash(name));
    if index == DKIX_EMPTY {
        return None;
    }
    crate::own::Field::own(values.slot(index as usize))
}

/// `_PyObject_StoreInstanceAttribute`; no value deletes.
pub fn store_instance_attribute(
    object: &PyObject,
    values: &PyDictValues,
    name: &PyASCIIObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    // SAFETY: an instance with values has shared keys.
    let keys = unsafe { &*cached_keys(object.type_()) };
    let index = if name.as_object().is_exactly(&PyUnicode_Type) {
        keys::insert_shared(keys, name)
    } else {
        DKIX_EMPTY
    };
    if index == DKIX_EMPTY {
        let made = materialize(object, values)?;
        return match value {
            Some(value) => super::set_item(&made, name.as_object(), value),
            None if super::remove(&made, name.as_object())? => Ok(()),
            None => Err(crate::object::no_attribute_to_set(object, name)),
        };
    }
    let index = index as usize;
    let old = values
        .slot(index)
        .replace(value.map_or(std::ptr::null_mut(), |value| Own::new(value).into_raw()));
    if old.is_null() {
        if value.is_none() {
            return Err(crate::object::no_attribute_to_set(object, name));
        }
        values.push_order(index);
        return Ok(());
    }
    if value.is_none() {
        values.remove_order(index);
    }
    // SAFETY: the values owned the old one.
    unsafe { crate::own::decref(old) };
    Ok(())
}

/// The dict of an instance, made of its values, which move into it.
pub fn materialize(object: &PyObject, values: &PyDictValues) -> PyResult<Own<PyDictObject>> {
    let keys_pointer = cached_keys(object.type_());
    // SAFETY: an instance with values has shared keys.
    let keys = unsafe { &*keys_pointer };
    let mut used = 0;
    let mut track = false;
    for index in 0..keys.total_entries() {
        // SAFETY: a value, or null.
        if let Some(value) = unsafe { values.slot(index).get().as_ref() } {
            used += 1;
            track |= super::may_be_tracked(value);
        }
    }
    keys::incref_keys(keys);
    let pointer = (values as *const PyDictValues).cast_mut();
    let made = new_from_parts(keys_pointer, pointer, used)?;
    if track {
        // SAFETY: the dict is complete and was just made.
        unsafe { memory::track(made.as_raw()) };
    }
    values_field(object).set(std::ptr::null_mut());
    managed_dict_field(object).set(Own::new(&*made).into_raw().cast());
    Ok(made)
}

/// A dict for an instance that keeps it in a field of its own (`_PyObjectDict_SetItem`).
pub fn new_for_instance(type_: &PyTypeObject) -> PyResult<Own<PyDictObject>> {
    use crate::object::TypeExt;
    if type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        let keys = cached_keys(type_);
        if !keys.is_null() {
            return new_split(keys);
        }
    }
    super::new()
}

/// Releases the attributes of a dying instance (`_PyObject_FreeInstanceAttributes`).
///
/// # Safety
/// The instance has a managed dict and is being deallocated.
pub unsafe fn free_instance_attributes(object: &PyObject) {
    let values = values_field(object).replace(std::ptr::null_mut());
    if !values.is_null() {
        // SAFETY: the instance owned the values.
        unsafe {
            let keys = &*cached_keys(object.type_());
            for index in 0..keys.total_entries() {
                xdecref((*values).slot(index).get());
            }
            free_values(values);
        }
    }
    crate::own::Field::clear(managed_dict_field(object));
}

/// Visits the attributes of an instance with a managed dict.
pub fn traverse_instance(object: &PyObject, visitor: &mut memory::Visitor) {
    if let Some(values) = instance_values(object) {
        // SAFETY: an instance with values has shared keys.
        let keys = unsafe { &*cached_keys(object.type_()) };
        for index in 0..keys.total_entries() {
            visitor.field(values.slot(index));
        }
    }
    visitor.field(managed_dict_field(object));
}
