//! dict (`Objects/dictobject.c`): a hash table of indices over entries in insertion order.
//!
//! Three kinds of key table: exact str keys (no hashes stored), any keys, and split tables, whose
//! keys are shared by the instances of a class. `NOTES.md` tells how they grow.

mod iter;
mod keys;
mod methods;
mod ordered;
mod ordered_iter;
mod values;
mod views;

pub use iter::{
    PyDictIterItem_Type, PyDictIterKey_Type, PyDictIterValue_Type, PyDictRevIterItem_Type,
    PyDictRevIterKey_Type, PyDictRevIterValue_Type,
};
pub use keys::{KeysExt, lookup_unicode, new_keys, string_lookup, version_of};
pub use methods::PyDict_Type;
pub use methods::{Override, from_sequence, merge, update};
pub use ordered::{PyODict_Type, PyODictObject};
pub use ordered_iter::{PyODictItems_Type, PyODictIter_Type, PyODictKeys_Type, PyODictValues_Type};
pub use values::{
    ValuesExt, cached_keys, free_instance_attributes, get_instance_attribute, init_instance_values,
    instance_values, managed_dict_field, materialize, new_for_instance, store_instance_attribute,
    traverse_instance,
};
pub use views::{PyDictItems_Type, PyDictKeys_Type, PyDictValues_Type};

use crate::errors::{self, PyResult};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own, xdecref};
use crate::state::Global;
use crate::typed;
use crate::unicode::PyUnicode_Type;
use std::cell::Cell;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyDictObject, PyDict_Type, flag Py_TPFLAGS_DICT_SUBCLASS);

const FREE_LIST_LENGTH: usize = 80;

struct FreeList {
    dicts: [Cell<*mut PyDictObject>; FREE_LIST_LENGTH],
    count: Cell<usize>,
}

static FREE_LIST: Global<FreeList> = Global(FreeList {
    dicts: [const { Cell::new(null_mut()) }; FREE_LIST_LENGTH],
    count: Cell::new(0),
});

/// Counts every change of every dict (`_pydict_global_version`).
static GLOBAL_VERSION: Global<Cell<u64>> = Global(Cell::new(0));

#[inline(always)]
fn touch(dict: &PyDictObject) {
    let version = GLOBAL_VERSION.get() + 1;
    GLOBAL_VERSION.set(version);
    dict.ma_version_tag.set(version);
}

/// Notes that a value has been changed in place (`DICT_NEXT_VERSION`).
#[inline(always)]
pub fn touched(dict: &PyDictObject) {
    touch(dict);
}

/// `_PyDict_GetItemHint`: the index of the entry of a name, below zero where there is none. In a
/// split table there may be an entry without a value.
pub fn item_hint(dict: &PyDictObject, name: &PyASCIIObject) -> isize {
    match keys::lookup(dict, name.as_object(), crate::unicode::hash(name)) {
        Ok(index) => index,
        Err(raised) => {
            errors::discard(raised);
            DKIX_EMPTY
        }
    }
}

/// The key table of a dict.
#[inline(always)]
pub fn keys_of(dict: &PyDictObject) -> &PyDictKeysObject {
    // SAFETY: the dict owns its keys.
    unsafe { &*dict.ma_keys.get() }
}

/// The values of a split table.
#[inline(always)]
pub fn values_of(dict: &PyDictObject) -> Option<&PyDictValues> {
    // SAFETY: the dict owns its values.
    unsafe { dict.ma_values.get().as_ref() }
}

/// Whether the collector may have to follow the object.
#[inline]
pub fn may_be_tracked(value: &PyObject) -> bool {
    let type_ = value.type_();
    if !type_.has_feature(Py_TPFLAGS_HAVE_GC) {
        return false;
    }
    if let Some(is_gc) = type_.tp_is_gc.get() {
        // SAFETY: the slot of the object's own type.
        if unsafe { is_gc(value.as_raw()) } == 0 {
            return false;
        }
    }
    !value.is_exactly(&crate::tuple::PyTuple_Type) || memory::is_tracked(value)
}

#[inline(always)]
fn maintain_tracking(dict: &PyDictObject, key: &PyObject, value: &PyObject) {
    if !memory::is_tracked(dict.as_object()) && (may_be_tracked(key) || may_be_tracked(value)) {
        // SAFETY: a complete dict that is not tracked.
        unsafe { memory::track(dict.as_raw()) };
    }
}

/// Gives back the memory of the dead dicts and tables that are kept (`_PyDict_ClearFreeList`).
pub(crate) fn clear_free_lists() {
    let list = &FREE_LIST;
    while list.count.get() > 0 {
        list.count.set(list.count.get() - 1);
        // SAFETY: a dead dict of the list.
        unsafe { memory::gc_del(list.dicts[list.count.get()].get().cast()) };
    }
    keys::clear_free_list();
}

/// `new_dict`: takes over keys and values.
pub fn new_from_parts(
    keys: *mut PyDictKeysObject,
    values: *mut PyDictValues,
    used: usize,
) -> PyResult<Own<PyDictObject>> {
    let list = &FREE_LIST;
    let object = if list.count.get() > 0 {
        list.count.set(list.count.get() - 1);
        let object = list.dicts[list.count.get()].get();
        // SAFETY: a dead dict of the list.
        unsafe { (*object).ob_base.ob_refcnt.set(1) };
        object
    } else {
        memory::new_gc_object(&PyDict_Type, size_of::<PyDictObject>())?
    };
    // SAFETY: fresh memory.
    unsafe {
        let dict = &*object;
        dict.ma_keys.set(keys);
        dict.ma_values.set(values);
        dict.ma_used.set(used as isize);
        touch(dict);
        Ok(Own::from_raw(object))
    }
}

/// `PyDict_New`.
#[inline]
pub fn new() -> PyResult<Own<PyDictObject>> {
    let keys = keys::empty_keys();
    // SAFETY: static keys.
    keys::incref_keys(unsafe { &*keys });
    new_from_parts(keys, null_mut(), 0)
}

/// `_PyDict_NewPresized`.
pub fn new_presized(count: usize) -> PyResult<Own<PyDictObject>> {
    new_presized_kind(count, false)
}

/// `dict_new_presized`: the kind of the keys is known.
pub fn new_presized_kind(count: usize, unicode: bool) -> PyResult<Own<PyDictObject>> {
    const MAX_PRESIZE: usize = 128 * 1024;
    if count <= keys::usable_fraction(8) {
        return new();
    }
    let log2 = if count > keys::usable_fraction(MAX_PRESIZE) {
        17
    } else {
        keys::estimate_log2_keysize(count)
    };
    new_from_parts(keys::new_keys(log2, unicode)?, null_mut(), 0)
}

/// `new_dict_with_shared_keys`: an empty split table.
#[expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "the keys come from a live type, which owns them"
)]
pub fn new_split(keys: *mut PyDictKeysObject) -> PyResult<Own<PyDictObject>> {
    // SAFETY: the type owns its keys.
    let head = unsafe { &*keys };
    keys::incref_keys(head);
    let values = values::new_values(head.total_entries())?;
    new_from_parts(keys, values, 0)
}

/// `_PyDict_NewKeysForClass`.
pub fn new_keys_for_class() -> *mut PyDictKeysObject {
    const NEXT_LOG2_SHARED_KEYS_MAX_SIZE: u8 = 6;
    match keys::new_keys(NEXT_LOG2_SHARED_KEYS_MAX_SIZE, true) {
        Ok(keys) => {
            // SAFETY: fresh keys.
            unsafe {
                (*keys).dk_usable.set(SHARED_KEYS_MAX_SIZE as isize);
                (*keys).dk_kind.set(DICT_KEYS_SPLIT);
            }
            keys
        }
        Err(raised) => {
            errors::discard(raised);
            null_mut()
        }
    }
}

/// One owner less of the keys that a type's instances share.
///
/// # Safety
/// The type gives its ownership up.
pub unsafe fn release_keys(keys: *mut PyDictKeysObject) {
    // SAFETY: by contract.
    unsafe { keys::decref_keys(keys) }
}

/// The value at an index that a lookup found; none in a split table without it.
#[inline(always)]
fn value_field(dict: &PyDictObject, index: isize) -> &Pointer<PyObject> {
    match values_of(dict) {
        Some(values) => values.slot(index as usize),
        None => keys_of(dict).value(index as usize),
    }
}

/// `PyDict_GetItemWithError`.
#[inline]
pub fn get_item(dict: &PyDictObject, key: &PyObject) -> PyResult<Option<Own>> {
    get_item_known_hash(dict, key, object::hash(key)?)
}

/// `_PyDict_GetItem_KnownHash`.
#[inline]
pub fn get_item_known_hash(
    dict: &PyDictObject,
    key: &PyObject,
    hash: Py_hash_t,
) -> PyResult<Option<Own>> {
    let index = keys::lookup(dict, key, hash)?;
    if index < 0 {
        return Ok(None);
    }
    Ok(crate::own::Field::own(value_field(dict, index)))
}

/// Looks a name up, and tells of the exception that the `__eq__` of another key has raised
/// (`_PyDict_GetItemWithError`).
#[inline]
pub fn get_name(dict: &PyDictObject, name: &PyASCIIObject) -> PyResult<Option<Own>> {
    let hash = crate::unicode::hash(name);
    get_item_known_hash(dict, name.as_object(), hash)
}

/// Looks a name up; only in a table with keys that are not exact str does it run code, the `__eq__` of such a
/// key, whose exception is discarded as `_PyType_Lookup` does. See [`get_name`].
#[inline]
pub fn get_str<'a>(dict: &'a PyDictObject, name: &PyASCIIObject) -> Option<&'a PyObject> {
    let keys = keys_of(dict);
    let hash = crate::unicode::hash(name);
    if keys.is_unicode() {
        let index = lookup_unicode(keys, name, hash);
        if index < 0 {
            return None;
        }
        // SAFETY: the value is owned by the dict, or null.
        return unsafe { value_field(dict, index).get().as_ref() };
    }
    match keys::lookup(dict, name.as_object(), hash) {
        // SAFETY: as above.
        Ok(index) if index >= 0 => unsafe { value_field(dict, index).get().as_ref() },
        Ok(_) => None,
        Err(raised) => {
            errors::discard(raised);
            None
        }
    }
}

/// `PyDict_Contains`.
pub fn contains(dict: &PyDictObject, key: &PyObject) -> PyResult<bool> {
    let index = keys::lookup(dict, key, object::hash(key)?)?;
    Ok(index >= 0 && !value_field(dict, index).get().is_null())
}

/// `PyDict_SetItem`.
#[inline]
pub fn set_item(dict: &PyDictObject, key: &PyObject, value: &PyObject) -> PyResult<()> {
    set_item_take(dict, Own::new(key), Own::new(value))
}

/// `_PyDict_SetItem_Take2`.
#[inline]
pub fn set_item_take(dict: &PyDictObject, key: Own, value: Own) -> PyResult<()> {
    let hash = object::hash(&key)?;
    insert(dict, key, hash, value)
}

/// Sets an entry whose hash is known.
#[inline]
pub fn insert(dict: &PyDictObject, key: Own, hash: Py_hash_t, value: Own) -> PyResult<()> {
    if dict.ma_keys.get() == keys::empty_keys() {
        return insert_to_empty(dict, key, hash, value);
    }
    if keys_of(dict).is_unicode() && !key.is_exactly(&PyUnicode_Type) {
        insertion_resize(dict, false)?;
    }
    let index = keys::lookup(dict, &key, hash)?;
    maintain_tracking(dict, &key, &value);
    if index == DKIX_EMPTY {
        insert_new(dict, key, hash, value)?;
        return Ok(());
    }
    let field = value_field(dict, index);
    let old = field.get();
    if old == value.as_ptr() {
        return Ok(());
    }
    field.set(value.into_raw());
    if old.is_null()
        && let Some(values) = values_of(dict)
    {
        values.push_order(index as usize);
        dict.ma_used.set(dict.ma_used.get() + 1);
    }
    touch(dict);
    // SAFETY: the dict owned the old value. This may run any code; the key is released after it.
    unsafe { xdecref(old) };
    Ok(())
}

/// Appends an entry for a key that is not there; returns its value, borrowed.
fn insert_new(
    dict: &PyDictObject,
    key: Own,
    hash: Py_hash_t,
    value: Own,
) -> PyResult<*mut PyObject> {
    keys_of(dict).dk_version.set(0);
    if keys_of(dict).dk_usable.get() <= 0 {
        insertion_resize(dict, true)?;
    }
    let keys = keys_of(dict);
    let index = keys.dk_nentries.get();
    keys.set_index(keys::find_empty_slot(keys, hash), index);
    let value = value.into_raw();
    place(dict, index as usize, key, hash, value);
    dict.ma_used.set(dict.ma_used.get() + 1);
    touch(dict);
    keys.dk_usable.set(keys.dk_usable.get() - 1);
    keys.dk_nentries.set(index + 1);
    Ok(value)
}

/// Writes key, hash and value of a fresh entry.
#[inline(always)]
fn place(dict: &PyDictObject, index: usize, key: Own, hash: Py_hash_t, value: *mut PyObject) {
    let keys = keys_of(dict);
    // SAFETY: a free entry of the table.
    unsafe {
        if keys.is_unicode() {
            let entry = &*keys.unicode_entries().add(index);
            entry.me_key.set(key.into_raw());
            match values_of(dict) {
                Some(values) => {
                    values.push_order(index);
                    values.slot(index).set(value);
                }
                None => entry.me_value.set(value),
            }
        } else {
            let entry = &*keys.general_entries().add(index);
            entry.me_key.set(key.into_raw());
            entry.me_hash.set(hash);
            entry.me_value.set(value);
        }
    }
}

fn insert_to_empty(dict: &PyDictObject, key: Own, hash: Py_hash_t, value: Own) -> PyResult<()> {
    let unicode = key.is_exactly(&PyUnicode_Type);
    let keys = keys::new_keys(keys::PyDict_LOG_MINSIZE, unicode)?;
    // SAFETY: the dict shared the static keys, and owns the new ones.
    let keys = unsafe {
        keys::decref_keys(dict.ma_keys.get());
        dict.ma_keys.set(keys);
        &*keys
    };
    dict.ma_values.set(null_mut());
    maintain_tracking(dict, &key, &value);
    keys.set_index(hash as usize & 7, 0);
    place(dict, 0, key, hash, value.into_raw());
    dict.ma_used.set(dict.ma_used.get() + 1);
    touch(dict);
    keys.dk_usable.set(keys.dk_usable.get() - 1);
    keys.dk_nentries.set(1);
    Ok(())
}

/// Grows to three times the entries in use (`GROWTH_RATE`).
fn insertion_resize(dict: &PyDictObject, unicode: bool) -> PyResult<()> {
    resize(
        dict,
        keys::calculate_log2_keysize(dict.ma_used.get() as usize * 3),
        unicode,
    )
}

/// `dictresize`: a new combined table without holes.
fn resize(dict: &PyDictObject, log2_size: u8, unicode: bool) -> PyResult<()> {
    let old_pointer = dict.ma_keys.get();
    let old = keys_of(dict);
    let unicode = unicode && old.is_unicode();
    let new_pointer = keys::new_keys(log2_size, unicode)?;
    // SAFETY: fresh keys.
    let new = unsafe { &*new_pointer };
    let old_values = dict.ma_values.get();
    let count = dict.ma_used.get() as usize;
    let mut target = 0;
    let mut copy = |key: *mut PyObject, hash: Py_hash_t, value: *mut PyObject| {
        // SAFETY: the new table has room for every entry in use.
        unsafe {
            if unicode {
                let entry = &*new.unicode_entries().add(target);
                entry.me_key.set(key);
                entry.me_value.set(value);
            } else {
                let entry = &*new.general_entries().add(target);
                entry.me_key.set(key);
                entry.me_hash.set(hash);
                entry.me_value.set(value);
            }
        }
        target += 1;
    };
    match values_of(dict) {
        Some(values) => {
            for nth in 0..count {
                let index = values.order(nth);
                // SAFETY: the shared keys keep theirs, so the new table needs references.
                let key = Own::new(unsafe { &*old.key(index) });
                copy(
                    key.into_raw(),
                    old.entry_hash(index),
                    values.slot(index).get(),
                );
            }
        }
        None => {
            for index in 0..old.dk_nentries.get() as usize {
                let value = old.value(index).get();
                if !value.is_null() {
                    copy(old.key(index), old.entry_hash(index), value);
                }
            }
        }
    }
    dict.ma_keys.set(new_pointer);
    // SAFETY: keys and values have moved; what is left of the old table is memory, or shared.
    unsafe {
        if old_values.is_null() {
            if old_pointer == keys::empty_keys() {
                keys::decref_keys(old_pointer);
            } else {
                keys::free_keys(old_pointer);
            }
        } else {
            dict.ma_values.set(null_mut());
            keys::decref_keys(old_pointer);
            values::free_values(old_values);
        }
    }
    keys::build_indices(new, count);
    new.dk_usable.set(new.dk_usable.get() - count as isize);
    new.dk_nentries.set(count as isize);
    Ok(())
}

/// `PyDict_SetDefault`.
pub fn set_default(dict: &PyDictObject, key: &PyObject, default: &PyObject) -> PyResult {
    let hash = object::hash(key)?;
    if dict.ma_keys.get() == keys::empty_keys() {
        insert_to_empty(dict, Own::new(key), hash, Own::new(default))?;
        return Ok(Own::new(default));
    }
    if keys_of(dict).is_unicode() && !key.is_exactly(&PyUnicode_Type) {
        insertion_resize(dict, false)?;
    }
    let index = keys::lookup(dict, key, hash)?;
    if index == DKIX_EMPTY {
        insert_new(dict, Own::new(key), hash, Own::new(default))?;
        maintain_tracking(dict, key, default);
        return Ok(Own::new(default));
    }
    let field = value_field(dict, index);
    if let Some(value) = crate::own::Field::own(field) {
        return Ok(value);
    }
    maintain_tracking(dict, key, default);
    field.set(Own::new(default).into_raw());
    if let Some(values) = values_of(dict) {
        values.push_order(index as usize);
    }
    dict.ma_used.set(dict.ma_used.get() + 1);
    touch(dict);
    Ok(Own::new(default))
}

/// Removes a key, and hands its value over; none where it is not there.
pub fn pop(dict: &PyDictObject, key: &PyObject) -> PyResult<Option<Own>> {
    pop_known_hash(dict, key, object::hash(key)?)
}

/// As [`pop`], the hash known.
pub fn pop_known_hash(
    dict: &PyDictObject,
    key: &PyObject,
    hash: Py_hash_t,
) -> PyResult<Option<Own>> {
    let index = keys::lookup(dict, key, hash)?;
    if index == DKIX_EMPTY || value_field(dict, index).get().is_null() {
        return Ok(None);
    }
    Ok(Some(delete_at(dict, hash, index)))
}

/// `delitem_common`: makes the index a dummy, and hands the value over.
fn delete_at(dict: &PyDictObject, hash: Py_hash_t, index: isize) -> Own {
    let keys = keys_of(dict);
    let position = keys::position_of(keys, hash, index);
    dict.ma_used.set(dict.ma_used.get() - 1);
    touch(dict);
    let value = value_field(dict, index).replace(null_mut());
    match values_of(dict) {
        Some(values) => values.remove_order(index as usize),
        None => {
            keys.dk_version.set(0);
            keys.set_index(position, DKIX_DUMMY);
            let key = keys.clear_key(index as usize, 0);
            // SAFETY: the entry owned its key.
            unsafe { xdecref(key) };
        }
    }
    // SAFETY: the entry owned its value, which is not null.
    unsafe { Own::from_raw(value) }
}

/// Removes a key; tells whether it was there.
pub fn remove(dict: &PyDictObject, key: &PyObject) -> PyResult<bool> {
    Ok(pop(dict, key)?.is_some())
}

/// `PyDict_DelItem`.
pub fn delete_item(dict: &PyDictObject, key: &PyObject) -> PyResult<()> {
    if !remove(dict, key)? {
        return Err(errors::key_error(key));
    }
    Ok(())
}

/// `PyDict_Next`: the entry at or after a position, and the position behind it.
#[inline]
pub fn next_entry(
    dict: &PyDictObject,
    position: usize,
) -> Option<(usize, &PyObject, &PyObject, Py_hash_t)> {
    let keys = keys_of(dict);
    if let Some(values) = values_of(dict) {
        if position >= dict.ma_used.get() as usize {
            return None;
        }
        let index = values.order(position);
        // SAFETY: set values have a key, and both are owned.
        return unsafe {
            Some((
                position + 1,
                &*keys.key(index),
                &*values.slot(index).get(),
                keys.entry_hash(index),
            ))
        };
    }
    let mut index = position;
    while index < keys.dk_nentries.get() as usize {
        let value = keys.value(index).get();
        if !value.is_null() {
            // SAFETY: a live entry owns key and value.
            return unsafe {
                Some((
                    index + 1,
                    &*keys.key(index),
                    &*value,
                    keys.entry_hash(index),
                ))
            };
        }
        index += 1;
    }
    None
}

/// All entries, borrowed; for loops that run no code of the program.
pub fn entries(dict: &PyDictObject) -> impl Iterator<Item = (&PyObject, &PyObject)> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let (next, key, value, _) = next_entry(dict, position)?;
        position = next;
        Some((key, value))
    })
}

/// The entries in turn, each with references of its own. The table is read again for each step, so code of
/// the program may change the dict between two of them.
pub fn iter_owned(dict: &PyDictObject) -> impl Iterator<Item = (Own, Own)> {
    entries(dict).map(|(key, value)| (Own::new(key), Own::new(value)))
}

/// `PyDict_Clear`.
pub fn clear(dict: &PyDictObject) {
    let old_keys = dict.ma_keys.get();
    if old_keys == keys::empty_keys() {
        return;
    }
    let old_values = dict.ma_values.replace(null_mut());
    // SAFETY: the dict gives its table up for the static one.
    unsafe {
        keys::incref_keys(&*keys::empty_keys());
        dict.ma_keys.set(keys::empty_keys());
        dict.ma_used.set(0);
        touch(dict);
        if old_values.is_null() {
            keys::decref_keys(old_keys);
            return;
        }
        for index in 0..(*old_keys).dk_nentries.get() as usize {
            xdecref((*old_values).slot(index).replace(null_mut()));
        }
        values::free_values(old_values);
        keys::decref_keys(old_keys);
    }
}

/// `clone_combined_dict_keys`: the same table, its keys and values referred to once more.
fn clone_keys(dict: &PyDictObject) -> PyResult<*mut PyDictKeysObject> {
    let source = keys_of(dict);
    let size = source.byte_size();
    let memory = memory::malloc(size);
    if memory.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: both tables have that size.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (source as *const PyDictKeysObject).cast::<u8>(),
            memory,
            size,
        );
        let keys: *mut PyDictKeysObject = memory.cast();
        (*keys).dk_refcnt.set(1);
        for index in 0..(*keys).dk_nentries.get() as usize {
            if let Some(value) = (*keys).value(index).get().as_ref() {
                crate::own::incref(value);
                crate::own::incref(&*(*keys).key(index));
            }
        }
        Ok(keys)
    }
}

fn copy_split(dict: &PyDictObject, source: &PyDictValues) -> PyResult<Own<PyDictObject>> {
    let keys = keys_of(dict);
    let size = keys.total_entries();
    let pointer = values::new_values(size)?;
    // SAFETY: both value blocks have the same size and prefix.
    unsafe {
        let prefix = (*pointer).prefix();
        std::ptr::copy_nonoverlapping(
            (source as *const PyDictValues).cast::<u8>().sub(prefix),
            pointer.cast::<u8>().sub(prefix),
            prefix - 1,
        );
        for index in 0..size {
            let value = source.slot(index).get();
            if let Some(value) = value.as_ref() {
                crate::own::incref(value);
            }
            (*pointer).slot(index).set(value);
        }
    }
    keys::incref_keys(keys);
    let object: *mut PyDictObject = memory::new_gc_object(&PyDict_Type, size_of::<PyDictObject>())?;
    // SAFETY: fresh memory.
    let made = unsafe {
        let made = &*object;
        made.ma_keys.set(dict.ma_keys.get());
        made.ma_values.set(pointer);
        made.ma_used.set(dict.ma_used.get());
        touch(made);
        Own::from_raw(object)
    };
    copy_tracking(dict, &made);
    Ok(made)
}

fn copy_tracking(from: &PyDictObject, to: &PyDictObject) {
    if memory::is_tracked(from.as_object()) && !memory::is_tracked(to.as_object()) {
        // SAFETY: a complete dict that is not tracked.
        unsafe { memory::track(to.as_raw()) };
    }
}

/// `PyDict_Copy`.
pub fn copy(dict: &PyDictObject) -> PyResult<Own<PyDictObject>> {
    if dict.ma_used.get() == 0 {
        return new();
    }
    if let Some(values) = values_of(dict) {
        return copy_split(dict, values);
    }
    let dense = dict.ma_used.get() >= keys_of(dict).dk_nentries.get() * 2 / 3;
    if dense && methods::has_own_iteration(dict) {
        let made = new_from_parts(clone_keys(dict)?, null_mut(), dict.ma_used.get() as usize)?;
        copy_tracking(dict, &made);
        return Ok(made);
    }
    let made = new()?;
    methods::merge(&made, dict.as_object(), methods::Override::Replace)?;
    Ok(made)
}

/// `_PyDict_SizeOf`.
pub fn size_of_dict(dict: &PyDictObject) -> usize {
    let type_ = dict.as_object().type_();
    let mut size = type_.tp_basicsize.get() as usize;
    let keys = keys_of(dict);
    if !dict.ma_values.get().is_null() {
        size += keys.total_entries() * 8;
    }
    if keys.dk_refcnt.get() == 1 {
        size += keys.byte_size();
    }
    size
}

unsafe fn dict_dealloc(dict: *mut PyDictObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(dict.cast());
        memory::with_trashcan(dict.cast(), |dict| {
            let dict: *mut PyDictObject = dict.cast();
            let old_keys = (*dict).ma_keys.get();
            let old_values = (*dict).ma_values.get();
            if old_values.is_null() {
                if !old_keys.is_null() {
                    keys::decref_keys(old_keys);
                }
            } else {
                for index in 0..(*old_keys).dk_nentries.get() as usize {
                    xdecref((*old_values).slot(index).get());
                }
                values::free_values(old_values);
                keys::decref_keys(old_keys);
            }
            let list = &FREE_LIST;
            if list.count.get() < FREE_LIST_LENGTH && (*dict).as_object().is_exactly(&PyDict_Type) {
                list.dicts[list.count.get()].set(dict);
                list.count.set(list.count.get() + 1);
            } else if let Some(free) = (*dict).as_object().type_().tp_free.get() {
                free(dict.cast());
            }
        });
    }
}

/// A value of a dict by a literal name.
pub fn get_literal(dict: &PyDictObject, name: &'static str) -> PyResult<Option<Own>> {
    let name = crate::unicode::from_str(name)?;
    get_item(dict, name.as_object())
}

/// Sets a value of a dict by a literal name, interned.
pub fn set_literal(dict: &PyDictObject, name: &str, value: &PyObject) -> PyResult<()> {
    let name = crate::unicode::intern(crate::unicode::from_str(name)?);
    set_item(dict, name.as_object(), value)
}
