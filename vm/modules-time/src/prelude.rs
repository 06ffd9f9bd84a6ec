//! What nearly every file of this crate uses.

#![allow(unused_imports, reason = "a prelude offers more than each file takes")]

pub use std::cell::Cell;
pub use std::ffi::{c_int, c_void};
pub use std::mem::offset_of;
pub use twinheap_abi::*;
pub use twinheap_objects::buffer::Buffer;
pub use twinheap_objects::call::{self, Args, Signature};
pub use twinheap_objects::errors::{
    self, PyResult, index_error, overflow_error, runtime_error, type_error, value_error,
};
pub use twinheap_objects::memory::{self, Visitor};
pub use twinheap_objects::module;
pub use twinheap_objects::object::{self, ObjectExt, TypeExt};
pub use twinheap_objects::own::{Field, Layout, Own, Slot};
pub use twinheap_objects::singletons::{bool_object, none, not_implemented};
pub use twinheap_objects::{
    abstract_, bytes, complex, dict, float, generic_alias, getset, id, import_hook, list, long,
    members, methods, object_struct, slice, slot, static_type, tuple, typed, types, unicode,
    weakref,
};
