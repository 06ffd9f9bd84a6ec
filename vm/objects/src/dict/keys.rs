//! The key table of a dict (`PyDictKeysObject`): header, indices, entries; lookup, insertion of
//! indices, and allocation with its free list.

use crate::errors::{self, PyResult};
use crate::memory;
use crate::object::{self, ObjectExt};
use crate::own::{Layout, Own};
use crate::state::Global;
use crate::unicode::{self, PyUnicode_Type};
use std::cell::Cell;
use twinheap_abi::*;

/// log2 of the smallest table.
pub const PyDict_LOG_MINSIZE: u8 = 3;
const PERTURB_SHIFT: u32 = 5;
const FREE_LIST_LENGTH: usize = 80;
const HEADER: usize = size_of::<PyDictKeysObject>();

/// The keys that all empty dicts share (`Py_EMPTY_KEYS`).
#[repr(C)]
pub struct EmptyKeys {
    keys: PyDictKeysObject,
    indices: [Cell<i8>; 8],
}

// SAFETY: touched only under the interpreter lock.
unsafe impl Sync for EmptyKeys {}

static EMPTY_KEYS: EmptyKeys = EmptyKeys {
    keys: PyDictKeysObject {
        dk_refcnt: Cell::new(1),
        dk_log2_size: Cell::new(0),
        dk_log2_index_bytes: Cell::new(0),
        dk_kind: Cell::new(DICT_KEYS_UNICODE),
        dk_version: Cell::new(1),
        dk_usable: Cell::new(0),
        dk_nentries: Cell::new(0),
        dk_indices: [],
    },
    indices: [const { Cell::new(-1) }; 8],
};

/// `Py_EMPTY_KEYS`.
#[inline(always)]
pub fn empty_keys() -> *mut PyDictKeysObject {
    (&raw const EMPTY_KEYS).cast_mut().cast()
}

struct FreeList {
    keys: [Cell<*mut PyDictKeysObject>; FREE_LIST_LENGTH],
    count: Cell<usize>,
}

static FREE_LIST: Global<FreeList> = Global(FreeList {
    keys: [const { Cell::new(std::ptr::null_mut()) }; FREE_LIST_LENGTH],
    count: Cell::new(0),
});

/// Gives back the memory of the dead tables that are kept.
pub(super) fn clear_free_list() {
    let list = &FREE_LIST;
    while list.count.get() > 0 {
        list.count.set(list.count.get() - 1);
        // SAFETY: a dead table of the list.
        unsafe { memory::free(list.keys[list.count.get()].get().cast()) };
    }
}

/// Entries that a table of this many indices holds (`USABLE_FRACTION`).
#[inline(always)]
pub fn usable_fraction(size: usize) -> usize {
    (size << 1) / 3
}

/// log2 of the smallest table with at least `minsize` indices.
pub fn calculate_log2_keysize(minsize: usize) -> u8 {
    const MINSIZE: usize = 1 << PyDict_LOG_MINSIZE;
    let largest = ((minsize | MINSIZE) - 1) | (MINSIZE - 1);
    (usize::BITS - largest.leading_zeros()) as u8
}

/// log2 of a table that takes `count` entries without growing.
pub fn estimate_log2_keysize(count: usize) -> u8 {
    calculate_log2_keysize((count * 3).div_ceil(2))
}

/// A new table; `unicode` tells the kind.
pub fn new_keys(log2_size: u8, unicode: bool) -> PyResult<*mut PyDictKeysObject> {
    let usable = usable_fraction(1 << log2_size);
    let log2_bytes = match log2_size {
        0..8 => log2_size,
        8..16 => log2_size + 1,
        16..32 => log2_size + 2,
        _ => log2_size + 3,
    };
    let entry_size = entry_size(unicode);
    let list = &FREE_LIST;
    let keys: *mut PyDictKeysObject =
        if log2_size == PyDict_LOG_MINSIZE && unicode && list.count.get() > 0 {
            list.count.set(list.count.get() - 1);
            list.keys[list.count.get()].get()
        } else {
            memory::malloc(HEADER + (1 << log2_bytes) + entry_size * usable).cast()
        };
    if keys.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: fresh memory of that size.
    unsafe {
        let head = &*keys;
        head.dk_refcnt.set(1);
        head.dk_log2_size.set(log2_size);
        head.dk_log2_index_bytes.set(log2_bytes);
        head.dk_kind.set(if unicode {
            DICT_KEYS_UNICODE
        } else {
            DICT_KEYS_GENERAL
        });
        head.dk_nentries.set(0);
        head.dk_usable.set(usable as isize);
        head.dk_version.set(0);
        let indices = keys.cast::<u8>().add(HEADER);
        std::ptr::write_bytes(indices, 0xff, 1 << log2_bytes);
        std::ptr::write_bytes(indices.add(1 << log2_bytes), 0, entry_size * usable);
    }
    Ok(keys)
}

static NEXT_VERSION: Global<Cell<u32>> = Global(Cell::new(2));

/// `_PyDictKeys_GetVersionForCurrentState`: 0 where there is none left.
pub fn version_of(keys: &PyDictKeysObject) -> u32 {
    let version = keys.dk_version.get();
    let next = NEXT_VERSION.get();
    if version != 0 || next == 0 {
        return version;
    }
    NEXT_VERSION.set(next.wrapping_add(1));
    keys.dk_version.set(next);
    next
}

/// `_PyDictKeys_StringLookup`: the index of a name; below zero, and not [`DKIX_EMPTY`], where the
/// table has other keys than str.
pub fn string_lookup(keys: &PyDictKeysObject, name: &PyASCIIObject) -> isize {
    if keys.dk_kind.get() == DICT_KEYS_GENERAL {
        return DKIX_ERROR;
    }
    lookup_unicode(keys, name, unicode::hash(name))
}

/// Bytes of an entry.
#[inline(always)]
pub fn entry_size(unicode: bool) -> usize {
    if unicode {
        size_of::<PyDictUnicodeEntry>()
    } else {
        size_of::<PyDictKeyEntry>()
    }
}

/// Reading and writing a key table. The references come from dicts and types, which own it.
pub trait KeysExt {
    /// Number of indices.
    fn size(&self) -> usize;
    /// Whether all keys are exact str.
    fn is_unicode(&self) -> bool;
    /// The first entry, where all keys are exact str.
    fn unicode_entries(&self) -> *const PyDictUnicodeEntry;
    /// The first entry of a general table.
    fn general_entries(&self) -> *const PyDictKeyEntry;
    /// The key of an entry, or null.
    fn key(&self, index: usize) -> *mut PyObject;
    /// The hash of an entry's key.
    fn entry_hash(&self, index: usize) -> Py_hash_t;
    /// The value field of an entry.
    fn value(&self, index: usize) -> &Pointer<PyObject>;
    /// Empties an entry and hands over its key.
    fn clear_key(&self, index: usize, hash: Py_hash_t) -> *mut PyObject;
    /// The index at a position of the hash table.
    fn index_at(&self, position: usize) -> isize;
    /// Sets the index at a position of the hash table.
    fn set_index(&self, position: usize, index: isize);
    /// Entries used and free (`shared_keys_usable_size`).
    fn total_entries(&self) -> usize;
    /// Bytes of the table (`_PyDict_KeysSize`).
    fn byte_size(&self) -> usize;
}

impl KeysExt for PyDictKeysObject {
    #[inline(always)]
    fn size(&self) -> usize {
        1 << self.dk_log2_size.get()
    }

    #[inline(always)]
    fn is_unicode(&self) -> bool {
        self.dk_kind.get() != DICT_KEYS_GENERAL
    }

    #[inline(always)]
    fn unicode_entries(&self) -> *const PyDictUnicodeEntry {
        let indices = (self as *const PyDictKeysObject)
            .cast::<u8>()
            .wrapping_add(HEADER);
        indices
            .wrapping_add(1 << self.dk_log2_index_bytes.get())
            .cast()
    }

    #[inline(always)]
    fn general_entries(&self) -> *const PyDictKeyEntry {
        self.unicode_entries().cast()
    }

    #[inline(always)]
    fn key(&self, index: usize) -> *mut PyObject {
        // SAFETY: the entry lies inside the table.
        unsafe {
            if self.is_unicode() {
                (*self.unicode_entries().add(index)).me_key.get()
            } else {
                (*self.general_entries().add(index)).me_key.get()
            }
        }
    }

    #[inline(always)]
    fn entry_hash(&self, index: usize) -> Py_hash_t {
        // SAFETY: the entry lies inside the table; a str key has its hash.
        unsafe {
            if self.is_unicode() {
                let key = (*self.unicode_entries().add(index)).me_key.get();
                (*key.cast::<PyASCIIObject>()).hash.get()
            } else {
                (*self.general_entries().add(index)).me_hash.get()
            }
        }
    }

    #[inline(always)]
    fn value(&self, index: usize) -> &Pointer<PyObject> {
        // SAFETY: the entry lies inside the table.
        unsafe {
            if self.is_unicode() {
                &(*self.unicode_entries().add(index)).me_value
            } else {
                &(*self.general_entries().add(index)).me_value
            }
        }
    }

    #[inline]
    fn clear_key(&self, index: usize, hash: Py_hash_t) -> *mut PyObject {
        // SAFETY: the entry lies inside the table.
        unsafe {
            if self.is_unicode() {
                (*self.unicode_entries().add(index))
                    .me_key
                    .replace(std::ptr::null_mut())
            } else {
                let entry = &*self.general_entries().add(index);
                entry.me_hash.set(hash);
                entry.me_key.replace(std::ptr::null_mut())
            }
        }
    }

    #[inline(always)]
    fn index_at(&self, position: usize) -> isize {
        let indices = (self as *const PyDictKeysObject)
            .cast::<u8>()
            .wrapping_add(HEADER);
        // SAFETY: the position lies inside the index table, whose width the size tells.
        unsafe {
            match self.dk_log2_size.get() {
                0..8 => *indices.cast::<i8>().add(position) as isize,
                8..16 => *indices.cast::<i16>().add(position) as isize,
                16..32 => *indices.cast::<i32>().add(position) as isize,
                _ => *indices.cast::<i64>().add(position) as isize,
            }
        }
    }

    #[inline(always)]
    fn set_index(&self, position: usize, index: isize) {
        let start = (self as *const PyDictKeysObject).cast_mut().cast::<u8>();
        let indices = start.wrapping_add(HEADER);
        // SAFETY: as for index_at.
        unsafe {
            match self.dk_log2_size.get() {
                0..8 => *indices.cast::<i8>().add(position) = index as i8,
                8..16 => *indices.cast::<i16>().add(position) = index as i16,
                16..32 => *indices.cast::<i32>().add(position) = index as i32,
                _ => *indices.cast::<i64>().add(position) = index as i64,
            }
        }
    }

    #[inline(always)]
    fn total_entries(&self) -> usize {
        (self.dk_nentries.get() + self.dk_usable.get()) as usize
    }

    fn byte_size(&self) -> usize {
        let entries = usable_fraction(self.size()) * entry_size(self.is_unicode());
        HEADER + (1 << self.dk_log2_index_bytes.get()) + entries
    }
}

/// One more owner of the table.
#[inline(always)]
pub fn incref_keys(keys: &PyDictKeysObject) {
    keys.dk_refcnt.set(keys.dk_refcnt.get() + 1);
}

/// One owner less; the last one releases keys, values and memory.
///
/// # Safety
/// The caller owned the table once more than it does from now on.
pub unsafe fn decref_keys(keys: *mut PyDictKeysObject) {
    // SAFETY: alive until its last owner leaves.
    unsafe {
        let head = &*keys;
        let left = head.dk_refcnt.get() - 1;
        head.dk_refcnt.set(left);
        if left > 0 {
            return;
        }
        for index in 0..head.dk_nentries.get() as usize {
            let value = head.value(index).get();
            let key = head.key(index);
            crate::own::xdecref(key);
            crate::own::xdecref(value);
        }
        free_keys(keys);
    }
}

/// Gives the memory of a table back; its entries own nothing any more.
///
/// # Safety
/// The table is not used again.
pub unsafe fn free_keys(keys: *mut PyDictKeysObject) {
    // SAFETY: by contract.
    unsafe {
        let small = (*keys).dk_log2_size.get() == PyDict_LOG_MINSIZE;
        let list = &FREE_LIST;
        if small && (*keys).is_unicode() && list.count.get() < FREE_LIST_LENGTH {
            list.keys[list.count.get()].set(keys);
            list.count.set(list.count.get() + 1);
            return;
        }
        memory::free(keys.cast());
    }
}

/// The positions that a hash probes, in order.
#[derive(Clone, Copy)]
pub struct Probe {
    perturb: usize,
    position: usize,
    mask: usize,
}

impl Probe {
    #[inline(always)]
    pub fn new(keys: &PyDictKeysObject, hash: Py_hash_t) -> Probe {
        let mask = keys.size() - 1;
        Probe {
            perturb: hash as usize,
            position: hash as usize & mask,
            mask,
        }
    }

    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

    #[inline(always)]
    pub fn advance(&mut self) {
        self.perturb >>= PERTURB_SHIFT;
        self.position = self
            .position
            .wrapping_mul(5)
            .wrapping_add(self.perturb)
            .wrapping_add(1)
            & self.mask;
    }
}

/// Looks an exact str up among exact str keys: an entry's index or `DKIX_EMPTY`.
#[inline]
pub fn lookup_unicode(keys: &PyDictKeysObject, key: &PyASCIIObject, hash: Py_hash_t) -> isize {
    let entries = keys.unicode_entries();
    let mut probe = Probe::new(keys, hash);
    loop {
        let index = keys.index_at(probe.position());
        if index >= 0 {
            // SAFETY: the entry lies inside the table; its key is an exact str with its hash.
            unsafe {
                let candidate: *mut PyASCIIObject =
                    (*entries.add(index as usize)).me_key.get().cast();
                if std::ptr::eq(candidate, key)
                    || ((*candidate).hash.get() == hash && unicode::equals(&*candidate, key))
                {
                    return index;
                }
            }
        } else if index == DKIX_EMPTY {
            return DKIX_EMPTY;
        }
        probe.advance();
    }
}

/// Looks any key up by comparing with `==`; none where the table changed meanwhile.
pub fn lookup_generic(
    dict: &PyDictObject,
    keys: &PyDictKeysObject,
    key: &PyObject,
    hash: Py_hash_t,
) -> PyResult<Option<isize>> {
    let mut probe = Probe::new(keys, hash);
    loop {
        let index = keys.index_at(probe.position());
        if index >= 0 {
            let candidate = keys.key(index as usize);
            if std::ptr::eq(candidate, key) {
                return Ok(Some(index));
            }
            if keys.entry_hash(index as usize) == hash {
                // SAFETY: a key of a live entry.
                let held = Own::new(unsafe { &*candidate });
                let answer = object::is_true(&*object::rich_compare(&held, key, Py_EQ)?)?;
                let unchanged =
                    std::ptr::eq(keys, dict.ma_keys.get()) && keys.key(index as usize) == candidate;
                if !unchanged {
                    return Ok(None);
                }
                if answer {
                    return Ok(Some(index));
                }
            }
        } else if index == DKIX_EMPTY {
            return Ok(Some(DKIX_EMPTY));
        }
        probe.advance();
    }
}

/// `_Py_dict_lookup`: an entry's index or `DKIX_EMPTY`.
#[inline]
pub fn lookup(dict: &PyDictObject, key: &PyObject, hash: Py_hash_t) -> PyResult<isize> {
    // SAFETY: the dict owns its keys.
    let keys = unsafe { &*dict.ma_keys.get() };
    if keys.is_unicode() && key.is_exactly(&PyUnicode_Type) {
        // SAFETY: an exact str.
        let key = unsafe { &*key.as_raw().cast::<PyASCIIObject>() };
        return Ok(lookup_unicode(keys, key, hash));
    }
    lookup_slowly(dict, key, hash)
}

#[inline(never)]
fn lookup_slowly(dict: &PyDictObject, key: &PyObject, hash: Py_hash_t) -> PyResult<isize> {
    loop {
        let keys_pointer = dict.ma_keys.get();
        // SAFETY: the dict owns its keys.
        let keys = unsafe { &*keys_pointer };
        if let Some(index) = lookup_generic(dict, keys, key, hash)? {
            return Ok(index);
        }
    }
}

/// `find_empty_slot`: where a key that is not there goes.
#[inline(always)]
pub fn find_empty_slot(keys: &PyDictKeysObject, hash: Py_hash_t) -> usize {
    let mut probe = Probe::new(keys, hash);
    while keys.index_at(probe.position()) >= 0 {
        probe.advance();
    }
    probe.position()
}

/// The position whose index is `index` (`lookdict_index`).
pub fn position_of(keys: &PyDictKeysObject, hash: Py_hash_t, index: isize) -> usize {
    let mut probe = Probe::new(keys, hash);
    loop {
        let here = keys.index_at(probe.position());
        if here == index {
            return probe.position();
        }
        debug_assert!(here != DKIX_EMPTY, "an entry without an index");
        probe.advance();
    }
}

/// Fills the indices of a table whose first `count` entries are set.
pub fn build_indices(keys: &PyDictKeysObject, count: usize) {
    for index in 0..count {
        let mut probe = Probe::new(keys, keys.entry_hash(index));
        while keys.index_at(probe.position()) != DKIX_EMPTY {
            probe.advance();
        }
        keys.set_index(probe.position(), index as isize);
    }
}

/// `insert_into_dictkeys`: the index of a name among shared keys, added where there is room.
pub fn insert_shared(keys: &PyDictKeysObject, name: &PyASCIIObject) -> isize {
    let hash = unicode::hash(name);
    let index = lookup_unicode(keys, name, hash);
    if index != DKIX_EMPTY {
        return index;
    }
    if keys.dk_usable.get() <= 0 {
        return DKIX_EMPTY;
    }
    keys.dk_version.set(0);
    let index = keys.dk_nentries.get();
    keys.set_index(find_empty_slot(keys, hash), index);
    // SAFETY: a free entry of the table.
    unsafe {
        (*keys.unicode_entries().add(index as usize))
            .me_key
            .set(Own::new(name).into_raw().cast())
    };
    keys.dk_usable.set(keys.dk_usable.get() - 1);
    keys.dk_nentries.set(index + 1);
    index
}
