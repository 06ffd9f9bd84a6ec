//! `unicodedata.UCD`: the database as an earlier version of Unicode had it.

use super::UNICODEDATA_FUNCTIONS;
use std::cell::Cell;
use std::ffi::c_char;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_objects::errors::PyResult;
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{members, slot, static_type, typed};
use twinheap_ucd::{OldRecord, Version};

/// Tells what an earlier version has otherwise of a character.
type GetRecord = fn(u32) -> Option<&'static OldRecord>;
/// Tells what an earlier version decomposes a character to, where that is another one than today.
type Normalization = fn(u32) -> Option<u32>;

/// An earlier version: its name, and the functions that tell what it has otherwise.
#[repr(C)]
pub struct PreviousDBVersion {
    pub ob_base: PyObject,
    pub name: Cell<*const c_char>,
    pub getrecord: Cell<Option<GetRecord>>,
    pub normalization: Cell<Option<Normalization>>,
}

const _: () = assert!(size_of::<PreviousDBVersion>() == 40);

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for PreviousDBVersion {}
typed!(PreviousDBVersion, UCD_Type);

/// Unicode 3.2.
pub(super) fn new_previous_version() -> PyResult {
    let object: *mut PreviousDBVersion =
        memory::new_gc_object(&UCD_Type, size_of::<PreviousDBVersion>())?;
    // SAFETY: fresh memory of the struct's size; tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.name.set(c"3.2.0".as_ptr());
        made.getrecord.set(Some(|code| Version::Old.changes(code)));
        made.normalization
            .set(Some(|code| Version::Old.correction(code)));
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

/// There is nothing to visit: the type lives for ever.
fn traverse(_: &PreviousDBVersion, _: &mut Visitor) {}

unsafe fn dealloc(version: *mut PreviousDBVersion) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(version.cast());
        memory::gc_del(version.cast());
    }
}

members! {
    static DB_MEMBERS:
    "unidata_version" => T_STRING, offset_of!(PreviousDBVersion, name), READONLY;
}

static_type! {
    /// `unicodedata.UCD`.
    UCD_Type = "unicodedata.UCD", size size_of::<PreviousDBVersion>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_methods: UNICODEDATA_FUNCTIONS.as_ptr(),
    tp_members: DB_MEMBERS.as_ptr(),
}
