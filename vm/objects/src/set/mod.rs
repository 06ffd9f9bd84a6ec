//! set and frozenset (`Objects/setobject.c`): open addressing with short linear probes, eight slots
//! in place, growth at three fifths.

mod algebra;
mod methods;

pub use methods::{
    PyFrozenSet_Type, PySet_Type, PySetIter_Type, from_iterable, frozen_from_iterable, update,
};

use crate::errors::{self, PyResult};
use crate::memory;
use crate::object::{self, ObjectExt};
use crate::own::{Layout, Own, decref};
use crate::types;
use crate::unicode;
use std::ptr::null_mut;
use twinheap_abi::*;

const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;

/// The key of a deleted slot.
pub fn dummy() -> *mut PyObject {
    static DUMMY: PyObject = PyObject::immortal(&raw const crate::types::PyBaseObject_Type);
    DUMMY.as_raw()
}

impl crate::own::Typed for PySetObject {
    fn check(object: &PyObject) -> bool {
        let type_ = object.type_();
        std::ptr::eq(type_, &PySet_Type)
            || std::ptr::eq(type_, &PyFrozenSet_Type)
            || types::is_subtype(type_, &PySet_Type)
            || types::is_subtype(type_, &PyFrozenSet_Type)
    }
    fn check_exact(object: &PyObject) -> bool {
        object.is_exactly(&PySet_Type) || object.is_exactly(&PyFrozenSet_Type)
    }
}

/// The slots of a set.
#[inline(always)]
pub fn slots(set: &PySetObject) -> &[setentry] {
    // SAFETY: `mask + 1` slots lie in the table.
    unsafe { std::slice::from_raw_parts(set.table.get(), set.mask.get() as usize + 1) }
}

/// The keys, borrowed; not to be held while code of the program runs.
pub fn keys(set: &PySetObject) -> impl Iterator<Item = (&PyObject, Py_hash_t)> {
    slots(set).iter().filter_map(|slot| {
        let key = slot.key.get();
        if key.is_null() || key == dummy() {
            return None;
        }
        // SAFETY: the set owns its keys.
        Some((unsafe { &*key }, slot.hash.get()))
    })
}

/// `set_next`: the slot at or behind a position that holds a key, and the position behind it.
pub fn next_key(set: &PySetObject, position: usize) -> Option<(usize, Own, Py_hash_t)> {
    let table = slots(set);
    let mut index = position;
    while index < table.len() {
        let key = table[index].key.get();
        if !key.is_null() && key != dummy() {
            // SAFETY: the set owns its keys.
            return Some((
                index + 1,
                Own::new(unsafe { &*key }),
                table[index].hash.get(),
            ));
        }
        index += 1;
    }
    None
}

/// Makes the fields of a fresh set those of an empty one.
fn init_fields(set: &PySetObject) {
    set.fill.set(0);
    set.used.set(0);
    set.mask.set(PySet_MINSIZE as isize - 1);
    set.table.set(set.smalltable.as_ptr().cast_mut());
    set.hash.set(-1);
    set.finger.set(0);
    set.weakreflist.set(null_mut());
}

/// An empty set of the type.
pub fn new_empty(type_: &PyTypeObject) -> PyResult<Own<PySetObject>> {
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of set, frozenset or a subclass, zeroed.
    let set: Own<PySetObject> = unsafe { made.cast() };
    init_fields(&set);
    Ok(set)
}

/// What a look-up found: the slot with the key, or the one where it would go: an empty one, or the
/// last deleted one on the way there.
enum Found {
    Key(usize),
    Empty(usize),
    Deleted(usize),
}

/// `set_lookkey`: starts again where the table changed during a comparison.
fn look(set: &PySetObject, key: &PyObject, hash: Py_hash_t) -> PyResult<Found> {
    'restart: loop {
        let mask = set.mask.get() as usize;
        let mut index = hash as usize & mask;
        let mut perturb = hash as usize;
        let mut deleted = None;
        loop {
            let probes = if index + LINEAR_PROBES <= mask {
                LINEAR_PROBES
            } else {
                0
            };
            for at in index..=index + probes {
                let slot = &slots(set)[at];
                let candidate = slot.key.get();
                if slot.hash.get() == 0 && candidate.is_null() {
                    return Ok(deleted.map_or(Found::Empty(at), Found::Deleted));
                }
                if candidate == dummy() {
                    deleted = Some(at);
                    continue;
                }
                if slot.hash.get() != hash || candidate.is_null() {
                    continue;
                }
                if std::ptr::eq(candidate, key) {
                    return Ok(Found::Key(at));
                }
                // SAFETY: the set owns its keys.
                let held = Own::new(unsafe { &*candidate });
                if let (Some(a), Some(b)) = (
                    held.downcast_exact::<PyASCIIObject>(),
                    key.downcast_exact::<PyASCIIObject>(),
                ) && unicode::equals(a, b)
                {
                    return Ok(Found::Key(at));
                }
                let table = set.table.get();
                let equal = object::is_true(&*object::rich_compare(&held, key, Py_EQ)?)?;
                let unchanged = set.table.get() == table
                    && set.mask.get() as usize == mask
                    && slots(set)[at].key.get() == candidate;
                if !unchanged {
                    continue 'restart;
                }
                if equal {
                    return Ok(Found::Key(at));
                }
            }
            perturb >>= PERTURB_SHIFT;
            index = index.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb) & mask;
        }
    }
}

/// Whether the set holds the key, its hash known.
pub fn contains_hash(set: &PySetObject, key: &PyObject, hash: Py_hash_t) -> PyResult<bool> {
    Ok(matches!(look(set, key, hash)?, Found::Key(_)))
}

/// `set_contains_key`.
pub fn contains(set: &PySetObject, key: &PyObject) -> PyResult<bool> {
    contains_hash(set, key, object::hash(key)?)
}

/// `set_add_entry`.
pub fn add_hash(set: &PySetObject, key: &PyObject, hash: Py_hash_t) -> PyResult<()> {
    let held = Own::new(key);
    let at = match look(set, key, hash)? {
        Found::Key(_) => return Ok(()),
        Found::Empty(at) => at,
        Found::Deleted(at) => {
            set.used.set(set.used.get() + 1);
            slots(set)[at].key.set(held.into_raw());
            slots(set)[at].hash.set(hash);
            return Ok(());
        }
    };
    let slot = &slots(set)[at];
    set.fill.set(set.fill.get() + 1);
    set.used.set(set.used.get() + 1);
    slot.key.set(held.into_raw());
    slot.hash.set(hash);
    if (set.fill.get() as usize) * 5 < set.mask.get() as usize * 3 {
        return Ok(());
    }
    let used = set.used.get() as usize;
    resize(set, if used > 50000 { used * 2 } else { used * 4 })
}

/// `set.add`.
pub fn add(set: &PySetObject, key: &PyObject) -> PyResult<()> {
    add_hash(set, key, object::hash(key)?)
}

/// `set_insert_clean`: into a table without dummies, where the key is not.
fn insert_clean(table: &[setentry], key: *mut PyObject, hash: Py_hash_t) {
    let mask = table.len() - 1;
    let mut perturb = hash as usize;
    let mut index = hash as usize & mask;
    loop {
        let probes = if index + LINEAR_PROBES <= mask {
            LINEAR_PROBES
        } else {
            0
        };
        for slot in &table[index..=index + probes] {
            if slot.key.get().is_null() {
                slot.key.set(key);
                slot.hash.set(hash);
                return;
            }
        }
        perturb >>= PERTURB_SHIFT;
        index = index.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb) & mask;
    }
}

/// `set_table_resize`: a table with more than `minused` slots, without dummies.
fn resize(set: &PySetObject, minused: usize) -> PyResult<()> {
    let mut size = PySet_MINSIZE;
    while size <= minused {
        size <<= 1;
    }
    let small = set.smalltable.as_ptr().cast_mut();
    let (old, old_slots) = (set.table.get(), set.mask.get() as usize + 1);
    let old_was_small = old == small;
    if size == PySet_MINSIZE && old_was_small && set.fill.get() == set.used.get() {
        return Ok(());
    }
    // What leaves the small table for the small table passes through a copy.
    let copy = small_copy(set);
    let new: *mut setentry = if size == PySet_MINSIZE {
        small
    } else {
        memory::malloc(size * size_of::<setentry>()).cast()
    };
    if new.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: the new table has `size` slots, the old one as many as its mask says; nobody else
    // reads either, as no code of the program runs here.
    unsafe {
        std::ptr::write_bytes(new.cast::<u8>(), 0, size * size_of::<setentry>());
        set.mask.set(size as isize - 1);
        set.table.set(new);
        let old_table = match old_was_small {
            true => &copy[..],
            false => std::slice::from_raw_parts(old, old_slots),
        };
        let mut count = 0;
        for entry in old_table {
            let key = entry.key.get();
            if !key.is_null() && key != dummy() {
                insert_clean(slots(set), key, entry.hash.get());
                count += 1;
            }
        }
        set.fill.set(count);
        if !old_was_small {
            memory::free(old.cast());
        }
    }
    Ok(())
}

/// `set_discard_entry`: tells whether the key was there.
pub fn discard_hash(set: &PySetObject, key: &PyObject, hash: Py_hash_t) -> PyResult<bool> {
    let Found::Key(at) = look(set, key, hash)? else {
        return Ok(false);
    };
    let slot = &slots(set)[at];
    let old = slot.key.replace(dummy());
    slot.hash.set(-1);
    set.used.set(set.used.get() - 1);
    // SAFETY: the set owned the key.
    unsafe { decref(old) };
    Ok(true)
}

/// `set.discard`.
pub fn discard(set: &PySetObject, key: &PyObject) -> PyResult<bool> {
    discard_hash(set, key, object::hash(key)?)
}

/// The slots of the small table, copied: releasing keys or moving them back must not read it.
fn small_copy(set: &PySetObject) -> [setentry; PySet_MINSIZE] {
    std::array::from_fn(|index| setentry {
        key: set.smalltable[index].key.clone(),
        hash: set.smalltable[index].hash.clone(),
    })
}

/// `set_clear_internal`: the set is empty before the first key is released.
pub fn clear(set: &PySetObject) {
    let (table, table_slots) = (set.table.get(), set.mask.get() as usize + 1);
    let small = set.smalltable.as_ptr().cast_mut();
    let copy = small_copy(set);
    let fill = set.fill.get();
    // SAFETY: the small table has eight slots; the big one was allocated for the set, and is the
    // caller's alone once the set has left it.
    unsafe {
        if table != small || fill > 0 {
            std::ptr::write_bytes(small.cast::<u8>(), 0, size_of_val(&set.smalltable));
        }
        set.fill.set(0);
        set.used.set(0);
        set.mask.set(PySet_MINSIZE as isize - 1);
        set.table.set(small);
        set.hash.set(-1);
        let left = match table == small {
            true => &copy[..],
            false => std::slice::from_raw_parts(table, table_slots),
        };
        for entry in left {
            let key = entry.key.get();
            if !key.is_null() && key != dummy() {
                decref(key);
            }
        }
        if table != small {
            memory::free(table.cast());
        }
    }
}

/// `set_merge`: adds the keys of another set, in its table's order.
pub fn merge(set: &PySetObject, other: &PySetObject) -> PyResult<()> {
    if std::ptr::eq(set, other) || other.used.get() == 0 {
        return Ok(());
    }
    if ((set.fill.get() + other.used.get()) as usize) * 5 >= set.mask.get() as usize * 3 {
        resize(set, (set.used.get() + other.used.get()) as usize * 2)?;
    }
    if set.fill.get() == 0
        && set.mask.get() == other.mask.get()
        && other.fill.get() == other.used.get()
    {
        // The tables have one shape: each key goes to the same slot.
        for (target, source) in slots(set).iter().zip(slots(other)) {
            let key = source.key.get();
            if !key.is_null() {
                // SAFETY: the other set owns its keys.
                target.key.set(Own::new(unsafe { &*key }).into_raw());
                target.hash.set(source.hash.get());
            }
        }
        set.fill.set(other.fill.get());
        set.used.set(other.used.get());
        return Ok(());
    }
    if set.fill.get() == 0 {
        set.fill.set(other.used.get());
        set.used.set(other.used.get());
        for (key, hash) in keys(other) {
            insert_clean(slots(set), Own::new(key).into_raw(), hash);
        }
        return Ok(());
    }
    let mut position = 0;
    while let Some((next, key, hash)) = next_key(other, position) {
        position = next;
        add_hash(set, &key, hash)?;
    }
    Ok(())
}

/// Whether the object is a set of exactly one of the two types, so that its table can be read.
pub fn as_set(object: &PyObject) -> Option<&PySetObject> {
    object.downcast_ref::<PySetObject>()
}
