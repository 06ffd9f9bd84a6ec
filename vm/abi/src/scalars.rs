//! Numbers, strings and byte strings (`longintrepr.h`, `floatobject.h`, `unicodeobject.h`,
//! `bytesobject.h`, `bytearrayobject.h`, `complexobject.h`).

use crate::object::begins_with;
use crate::{Pointer, Py_hash_t, Py_ssize_t, PyObject, PyVarObject};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ops::Deref;

/// Bits of an int's digit.
pub const PyLong_SHIFT: u32 = 30;
/// The base of an int's digits.
pub const PyLong_BASE: u32 = 1 << PyLong_SHIFT;
/// The largest digit.
pub const PyLong_MASK: u32 = PyLong_BASE - 1;

/// An int: `ob_size` is the number of digits, negative for a negative int.
#[repr(C)]
pub struct PyLongObject {
    pub ob_base: PyVarObject,
    /// The first of the digits, least significant first.
    pub ob_digit: [Cell<u32>; 1],
}

/// A float.
#[repr(C)]
pub struct PyFloatObject {
    pub ob_base: PyObject,
    pub ob_fval: Cell<f64>,
}

/// `Py_complex`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Py_complex {
    pub real: f64,
    pub imag: f64,
}

/// A complex number.
#[repr(C)]
pub struct PyComplexObject {
    pub ob_base: PyObject,
    pub cval: Cell<Py_complex>,
}

/// The header of every str; the characters of a compact ASCII one follow it.
#[repr(C)]
pub struct PyASCIIObject {
    pub ob_base: PyObject,
    /// Number of code points.
    pub length: Cell<Py_ssize_t>,
    /// The hash, or -1.
    pub hash: Cell<Py_hash_t>,
    /// Interned (2 bits), kind (3), compact (1), ascii (1), ready (1), from the lowest bit.
    pub state: Cell<u32>,
    pub wstr: Pointer<u32>,
}

/// The header of a compact str that is not ASCII; the characters follow it.
#[repr(C)]
pub struct PyCompactUnicodeObject {
    pub _base: PyASCIIObject,
    pub utf8_length: Cell<Py_ssize_t>,
    pub utf8: Pointer<c_char>,
    pub wstr_length: Cell<Py_ssize_t>,
}

/// A str that is not compact: its characters lie elsewhere (instances of subclasses).
#[repr(C)]
pub struct PyUnicodeObject {
    pub _base: PyCompactUnicodeObject,
    pub data: Pointer<c_void>,
}

/// A bytes object; a NUL follows the data.
#[repr(C)]
pub struct PyBytesObject {
    pub ob_base: PyVarObject,
    /// The hash, or -1.
    pub ob_shash: Cell<Py_hash_t>,
    pub ob_sval: [Cell<u8>; 1],
}

/// A bytearray: the data start at `ob_start`, inside `ob_bytes`.
#[repr(C)]
pub struct PyByteArrayObject {
    pub ob_base: PyVarObject,
    pub ob_alloc: Cell<Py_ssize_t>,
    pub ob_bytes: Pointer<u8>,
    pub ob_start: Pointer<u8>,
    pub ob_exports: Cell<Py_ssize_t>,
}

begins_with! {
    PyLongObject => ob_base: PyVarObject,
    PyFloatObject => ob_base: PyObject,
    PyComplexObject => ob_base: PyObject,
    PyASCIIObject => ob_base: PyObject,
    PyCompactUnicodeObject => _base: PyASCIIObject,
    PyUnicodeObject => _base: PyCompactUnicodeObject,
    PyBytesObject => ob_base: PyVarObject,
    PyByteArrayObject => ob_base: PyVarObject,
}

/// Interned states of `PyASCIIObject::state`.
pub const SSTATE_NOT_INTERNED: u32 = 0;
pub const SSTATE_INTERNED_MORTAL: u32 = 1;
pub const SSTATE_INTERNED_IMMORTAL: u32 = 2;
/// Mask of the interned state.
pub const STATE_INTERNED_MASK: u32 = 0b11;
/// Position of the kind (1, 2 or 4 bytes a character).
pub const STATE_KIND_SHIFT: u32 = 2;
/// Mask of the kind, after the shift.
pub const STATE_KIND_MASK: u32 = 0b111;
pub const STATE_COMPACT: u32 = 1 << 5;
pub const STATE_ASCII: u32 = 1 << 6;
pub const STATE_READY: u32 = 1 << 7;

impl PyASCIIObject {
    /// Bytes a character: 1, 2 or 4.
    #[inline(always)]
    pub fn kind(&self) -> u32 {
        self.state.get() >> STATE_KIND_SHIFT & STATE_KIND_MASK
    }

    /// Whether every character is below 128.
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.state.get() & STATE_ASCII != 0
    }

    /// Whether the characters follow the header.
    #[inline(always)]
    pub fn is_compact(&self) -> bool {
        self.state.get() & STATE_COMPACT != 0
    }

    /// The interned state.
    #[inline(always)]
    pub fn interned(&self) -> u32 {
        self.state.get() & STATE_INTERNED_MASK
    }
}

/// A memoryview's buffer owner (`_PyManagedBufferObject`).
#[repr(C)]
pub struct _PyManagedBufferObject {
    pub ob_base: PyObject,
    pub flags: Cell<c_int>,
    pub exports: Cell<Py_ssize_t>,
    pub master: std::cell::UnsafeCell<crate::Py_buffer>,
}

/// A memoryview; shape, strides and suboffsets follow.
#[repr(C)]
pub struct PyMemoryViewObject {
    pub ob_base: PyVarObject,
    pub mbuf: Pointer<_PyManagedBufferObject>,
    pub hash: Cell<Py_hash_t>,
    pub flags: Cell<c_int>,
    pub exports: Cell<Py_ssize_t>,
    pub view: std::cell::UnsafeCell<crate::Py_buffer>,
    pub weakreflist: Pointer<PyObject>,
    pub ob_array: [Cell<Py_ssize_t>; 1],
}

begins_with! {
    _PyManagedBufferObject => ob_base: PyObject,
    PyMemoryViewObject => ob_base: PyVarObject,
}
