//! Type flags and comparison operators (`Include/object.h`, `Include/cpython/object.h`).

use std::ffi::c_int;

pub const Py_TPFLAGS_SEQUENCE: u64 = 1 << 5;
pub const Py_TPFLAGS_MAPPING: u64 = 1 << 6;
pub const Py_TPFLAGS_DISALLOW_INSTANTIATION: u64 = 1 << 7;
pub const Py_TPFLAGS_MANAGED_DICT: u64 = 1 << 4;
pub const Py_TPFLAGS_IMMUTABLETYPE: u64 = 1 << 8;
pub const Py_TPFLAGS_HEAPTYPE: u64 = 1 << 9;
pub const Py_TPFLAGS_BASETYPE: u64 = 1 << 10;
pub const Py_TPFLAGS_HAVE_VECTORCALL: u64 = 1 << 11;
pub const Py_TPFLAGS_READY: u64 = 1 << 12;
pub const Py_TPFLAGS_READYING: u64 = 1 << 13;
pub const Py_TPFLAGS_HAVE_GC: u64 = 1 << 14;
pub const Py_TPFLAGS_METHOD_DESCRIPTOR: u64 = 1 << 17;
pub const Py_TPFLAGS_HAVE_VERSION_TAG: u64 = 1 << 18;
pub const Py_TPFLAGS_VALID_VERSION_TAG: u64 = 1 << 19;
pub const Py_TPFLAGS_IS_ABSTRACT: u64 = 1 << 20;
pub const _Py_TPFLAGS_MATCH_SELF: u64 = 1 << 22;
pub const Py_TPFLAGS_LONG_SUBCLASS: u64 = 1 << 24;
pub const Py_TPFLAGS_LIST_SUBCLASS: u64 = 1 << 25;
pub const Py_TPFLAGS_TUPLE_SUBCLASS: u64 = 1 << 26;
pub const Py_TPFLAGS_BYTES_SUBCLASS: u64 = 1 << 27;
pub const Py_TPFLAGS_UNICODE_SUBCLASS: u64 = 1 << 28;
pub const Py_TPFLAGS_DICT_SUBCLASS: u64 = 1 << 29;
pub const Py_TPFLAGS_BASE_EXC_SUBCLASS: u64 = 1 << 30;
pub const Py_TPFLAGS_TYPE_SUBCLASS: u64 = 1 << 31;
pub const Py_TPFLAGS_DEFAULT: u64 = 0;

pub const Py_LT: c_int = 0;
pub const Py_LE: c_int = 1;
pub const Py_EQ: c_int = 2;
pub const Py_NE: c_int = 3;
pub const Py_GT: c_int = 4;
pub const Py_GE: c_int = 5;

/// Marks a vectorcall whose caller lends the slot before the arguments.
pub const PY_VECTORCALL_ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

/// Flags of `PyGC_Head::_gc_prev`.
pub const PyGC_PREV_MASK_FINALIZED: usize = 1;
pub const PyGC_PREV_MASK_COLLECTING: usize = 2;
pub const PyGC_PREV_SHIFT: u32 = 2;
