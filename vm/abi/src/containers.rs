//! Containers and their iterators (`listobject.h`, `tupleobject.h`, `dictobject.h`,
//! `pycore_dict.h`, `setobject.h`, `rangeobject.c`, `sliceobject.h`).

use crate::object::begins_with;
use crate::{Pointer, Py_hash_t, Py_ssize_t, PyLongObject, PyObject, PyVarObject};
use std::cell::Cell;
use std::ops::Deref;

/// A list: `ob_size` items in a block of `allocated` slots.
#[repr(C)]
pub struct PyListObject {
    pub ob_base: PyVarObject,
    pub ob_item: Pointer<*mut PyObject>,
    pub allocated: Cell<Py_ssize_t>,
}

/// A tuple; the items follow the header.
#[repr(C)]
pub struct PyTupleObject {
    pub ob_base: PyVarObject,
    pub ob_item: [Pointer<PyObject>; 1],
}

/// A dict; `ma_values` is set where the keys are shared (a split table).
#[repr(C)]
pub struct PyDictObject {
    pub ob_base: PyObject,
    pub ma_used: Cell<Py_ssize_t>,
    pub ma_version_tag: Cell<u64>,
    pub ma_keys: Pointer<PyDictKeysObject>,
    pub ma_values: Pointer<PyDictValues>,
}

/// The keys of a dict: this header, the index table, the entries.
#[repr(C)]
pub struct PyDictKeysObject {
    pub dk_refcnt: Cell<Py_ssize_t>,
    pub dk_log2_size: Cell<u8>,
    pub dk_log2_index_bytes: Cell<u8>,
    pub dk_kind: Cell<u8>,
    pub dk_version: Cell<u32>,
    pub dk_usable: Cell<Py_ssize_t>,
    pub dk_nentries: Cell<Py_ssize_t>,
    pub dk_indices: [Cell<i8>; 0],
}

/// The values of a split table; insertion order and sizes lie in front.
#[repr(C)]
pub struct PyDictValues {
    pub values: [Pointer<PyObject>; 1],
}

/// An entry of a general key table.
#[repr(C)]
pub struct PyDictKeyEntry {
    pub me_hash: Cell<Py_hash_t>,
    pub me_key: Pointer<PyObject>,
    pub me_value: Pointer<PyObject>,
}

/// An entry of a key table with str keys only.
#[repr(C)]
pub struct PyDictUnicodeEntry {
    pub me_key: Pointer<PyObject>,
    pub me_value: Pointer<PyObject>,
}

/// `dk_kind`: keys of any type.
pub const DICT_KEYS_GENERAL: u8 = 0;
/// `dk_kind`: exact str keys only.
pub const DICT_KEYS_UNICODE: u8 = 1;
/// `dk_kind`: str keys shared between instances of a class.
pub const DICT_KEYS_SPLIT: u8 = 2;
/// An index never used.
pub const DKIX_EMPTY: isize = -1;
/// An index whose entry was deleted.
pub const DKIX_DUMMY: isize = -2;
/// A lookup that raised.
pub const DKIX_ERROR: isize = -3;
/// The most entries that a shared key table holds.
pub const SHARED_KEYS_MAX_SIZE: usize = 30;

/// A view of a dict: keys, values or items.
#[repr(C)]
pub struct _PyDictViewObject {
    pub ob_base: PyObject,
    pub dv_dict: Pointer<PyDictObject>,
}

/// An iterator over a dict.
#[repr(C)]
pub struct dictiterobject {
    pub ob_base: PyObject,
    pub di_dict: Pointer<PyDictObject>,
    pub di_used: Cell<Py_ssize_t>,
    pub di_pos: Cell<Py_ssize_t>,
    pub di_result: Pointer<PyObject>,
    pub len: Cell<Py_ssize_t>,
}

/// Entries of a set's table in place.
pub const PySet_MINSIZE: usize = 8;

/// A slot of a set.
#[repr(C)]
pub struct setentry {
    pub key: Pointer<PyObject>,
    pub hash: Cell<Py_hash_t>,
}

/// A set or frozenset.
#[repr(C)]
pub struct PySetObject {
    pub ob_base: PyObject,
    /// Slots in use, dummies included.
    pub fill: Cell<Py_ssize_t>,
    /// Slots that hold a key.
    pub used: Cell<Py_ssize_t>,
    /// Number of slots less one.
    pub mask: Cell<Py_ssize_t>,
    pub table: Pointer<setentry>,
    /// The hash of a frozenset, or -1.
    pub hash: Cell<Py_hash_t>,
    /// Where `pop` searches next.
    pub finger: Cell<Py_ssize_t>,
    pub smalltable: [setentry; PySet_MINSIZE],
    pub weakreflist: Pointer<PyObject>,
}

/// An iterator over a set.
#[repr(C)]
pub struct setiterobject {
    pub ob_base: PyObject,
    pub si_set: Pointer<PySetObject>,
    pub si_used: Cell<Py_ssize_t>,
    pub si_pos: Cell<Py_ssize_t>,
    pub len: Cell<Py_ssize_t>,
}

/// An iterator over a list, forwards or reversed.
#[repr(C)]
pub struct _PyListIterObject {
    pub ob_base: PyObject,
    pub it_index: Cell<Py_ssize_t>,
    pub it_seq: Pointer<PyObject>,
}

/// An iterator over a tuple, a str, bytes or a sequence: index and target.
pub type seqiterobject = _PyListIterObject;

/// `iter(callable, sentinel)`.
#[repr(C)]
pub struct calliterobject {
    pub ob_base: PyObject,
    pub it_callable: Pointer<PyObject>,
    pub it_sentinel: Pointer<PyObject>,
}

/// A range.
#[repr(C)]
pub struct rangeobject {
    pub ob_base: PyObject,
    pub start: Pointer<PyObject>,
    pub stop: Pointer<PyObject>,
    pub step: Pointer<PyObject>,
    pub length: Pointer<PyObject>,
}

/// An iterator over a range that fits machine words.
#[repr(C)]
pub struct _PyRangeIterObject {
    pub ob_base: PyObject,
    pub index: Cell<i64>,
    pub start: Cell<i64>,
    pub step: Cell<i64>,
    pub len: Cell<i64>,
}

/// An iterator over a range of any ints.
#[repr(C)]
pub struct longrangeiterobject {
    pub ob_base: PyObject,
    pub index: Pointer<PyObject>,
    pub start: Pointer<PyObject>,
    pub step: Pointer<PyObject>,
    pub len: Pointer<PyObject>,
}

/// A slice.
#[repr(C)]
pub struct PySliceObject {
    pub ob_base: PyObject,
    pub start: Pointer<PyObject>,
    pub stop: Pointer<PyObject>,
    pub step: Pointer<PyObject>,
}

/// `enumerate`.
#[repr(C)]
pub struct enumobject {
    pub ob_base: PyObject,
    pub en_index: Cell<Py_ssize_t>,
    pub en_sit: Pointer<PyObject>,
    pub en_result: Pointer<PyObject>,
    pub en_longindex: Pointer<PyObject>,
    pub one: Pointer<PyLongObject>,
}

/// `reversed`.
#[repr(C)]
pub struct reversedobject {
    pub ob_base: PyObject,
    pub index: Cell<Py_ssize_t>,
    pub seq: Pointer<PyObject>,
}

begins_with! {
    PyListObject => ob_base: PyVarObject,
    PyTupleObject => ob_base: PyVarObject,
    PyDictObject => ob_base: PyObject,
    _PyDictViewObject => ob_base: PyObject,
    dictiterobject => ob_base: PyObject,
    PySetObject => ob_base: PyObject,
    setiterobject => ob_base: PyObject,
    _PyListIterObject => ob_base: PyObject,
    calliterobject => ob_base: PyObject,
    rangeobject => ob_base: PyObject,
    _PyRangeIterObject => ob_base: PyObject,
    longrangeiterobject => ob_base: PyObject,
    PySliceObject => ob_base: PyObject,
    enumobject => ob_base: PyObject,
    reversedobject => ob_base: PyObject,
}
