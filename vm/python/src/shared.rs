//! The objects of which there is only one, for inspection: each by its kind and value, borrowed for ever.

use twinheap_abi::PyObject;
use twinheap_objects::errors;
use twinheap_objects::own::Layout;
use twinheap_objects::{bytes, long, set, singletons, tuple, unicode};

/// The int of a value from -5 to 256.
pub fn small_int(value: i64) -> *const PyObject {
    long::small_int(value).as_raw()
}

/// The str of one character of Latin-1.
pub fn character(character: u8) -> *const PyObject {
    unicode::latin1_character(character).as_raw()
}

/// The bytes object of one byte.
pub fn byte(value: u8) -> Option<*const PyObject> {
    bytes_of(&[value])
}

/// The empty bytes object.
pub fn empty_bytes() -> Option<*const PyObject> {
    bytes_of(&[])
}

fn bytes_of(data: &[u8]) -> Option<*const PyObject> {
    match bytes::from_slice(data) {
        Ok(object) => Some(object.as_raw().cast_const()),
        Err(_) => {
            errors::clear();
            None
        }
    }
}

/// The empty str.
pub fn empty_str() -> *const PyObject {
    unicode::empty().as_raw()
}

/// The empty tuple.
pub fn empty_tuple() -> *const PyObject {
    tuple::empty().as_raw()
}

/// The key of a set's deleted slot.
pub fn set_dummy() -> *const PyObject {
    set::dummy()
}

/// `None`.
pub fn none() -> *const PyObject {
    singletons::none().as_raw()
}

/// `True` or `False`.
pub fn truth(value: bool) -> *const PyObject {
    singletons::bool_ref(value).as_raw()
}

/// `Ellipsis`.
pub fn ellipsis() -> *const PyObject {
    singletons::ellipsis().as_raw()
}

/// `NotImplemented`.
pub fn not_implemented() -> *const PyObject {
    singletons::not_implemented().as_raw()
}
