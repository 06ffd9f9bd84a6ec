//! What nearly every file of this crate uses.

#![allow(unused_imports, reason = "a prelude offers more than each file takes")]

pub use crate::pickler::PicklerObject;
pub(crate) use crate::state::{self, pickling_error, shown, unpickling_error};
pub use crate::unpickler::UnpicklerObject;
pub use std::cell::Cell;
pub use std::ffi::c_int;
pub use std::mem::offset_of;
pub use twinheap_abi::*;
pub use twinheap_objects::buffer::Buffer;
pub use twinheap_objects::call::{self, Args, Signature};
pub use twinheap_objects::errors::{
    self, PyResult, Raised, index_error, overflow_error, runtime_error, type_error, value_error,
};
pub use twinheap_objects::memory::{self, Visitor};
pub use twinheap_objects::object::{self, ObjectExt, TypeExt};
pub use twinheap_objects::own::{Field, Layout, Native, Own, Slot};
pub use twinheap_objects::singletons::{bool_object, none, not_implemented};
pub use twinheap_objects::{
    abstract_, bytearray, bytes, dict, float, function, getset, id, import_hook, list, long,
    members, memoryview, methods, module, object_struct, set, slot, static_type, tuple, typed,
    types, unicode,
};
