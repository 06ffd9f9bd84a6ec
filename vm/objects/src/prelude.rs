//! What nearly every file of a crate of native modules uses.

pub use crate::abi::*;
pub use crate::buffer::Buffer;
pub use crate::call::{self, Args, Signature};
pub use crate::errors::{
    self, PyResult, Raised, buffer_error, index_error, overflow_error, runtime_error, type_error,
    value_error,
};
pub use crate::memory::{self, Visitor};
pub use crate::object::{self, ObjectExt, TypeExt};
pub use crate::own::{Field, Layout, Native, Numbers, Own, Slot};
pub use crate::singletons::{bool_object, none, not_implemented};
pub use crate::{
    abstract_, bytearray, bytes, complex, dict, float, function, generic_alias, getset, id,
    import_hook, list, long, members, memoryview, methods, module, object_struct, set, slice, slot,
    static_type, tuple, typed, types, unicode, weakref,
};
pub use std::cell::Cell;
pub use std::ffi::{c_int, c_void};
pub use std::mem::offset_of;
