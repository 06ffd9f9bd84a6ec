//! PyCapsule (`Objects/capsule.c`), and the one that holds the functions that find characters by name.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use twinheap_abi::*;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::memory;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{slot, static_type, typed, unicode};
use twinheap_ucd as ucd;

/// A pointer that one native module hands to another.
#[repr(C)]
pub struct PyCapsule {
    pub ob_base: PyObject,
    pub pointer: Cell<*const c_void>,
    pub name: Cell<*const c_char>,
    pub context: Cell<*const c_void>,
    pub destructor: Cell<Option<unsafe extern "C" fn(*mut PyObject)>>,
}

const _: () = assert!(size_of::<PyCapsule>() == 48);

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for PyCapsule {}
typed!(PyCapsule, PyCapsule_Type);

/// `_PyUnicode_Name_CAPI`.
#[repr(C)]
struct NameFunctions {
    getname: unsafe extern "C" fn(u32, *mut c_char, c_int, c_int) -> c_int,
    getcode: unsafe extern "C" fn(*const c_char, c_int, *mut u32, c_int) -> c_int,
}

static NAME_FUNCTIONS: NameFunctions = NameFunctions { getname, getcode };

/// Writes the name of a character, and its NUL, into a buffer; 0 if it has none or there is no room.
///
/// # Safety
/// `buffer` has room for `buflen` bytes.
unsafe extern "C" fn getname(code: u32, buffer: *mut c_char, buflen: c_int, _: c_int) -> c_int {
    let Some(name) = ucd::name(code) else {
        return 0;
    };
    if usize::try_from(buflen).is_ok_and(|room| name.len() < room) {
        // SAFETY: there is room for the name and its NUL.
        unsafe {
            std::ptr::copy_nonoverlapping(name.as_ptr(), buffer.cast(), name.len());
            *buffer.add(name.len()) = 0;
        }
        return 1;
    }
    0
}

/// Finds the character of a name; 0 if there is none.
///
/// # Safety
/// `name` has `length` bytes, `code` may be written.
unsafe extern "C" fn getcode(
    name: *const c_char,
    length: c_int,
    code: *mut u32,
    _: c_int,
) -> c_int {
    // SAFETY: by contract.
    let name = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length.max(0) as usize) };
    match str::from_utf8(name).ok().and_then(ucd::lookup) {
        Some(found) => {
            // SAFETY: by contract.
            unsafe { *code = found };
            1
        }
        None => 0,
    }
}

/// The destructor of the capsule (`unicodedata_destroy_capi`): the functions are static, so there is nothing to free.
unsafe extern "C" fn unicodedata_destroy_capi(_: *mut PyObject) {}

/// `unicodedata._ucnhash_CAPI`.
pub(super) fn names_capsule() -> PyResult {
    let object: *mut PyCapsule = memory::new_object(&PyCapsule_Type, size_of::<PyCapsule>())?;
    // SAFETY: fresh memory of the struct's size.
    unsafe {
        let made = &*object;
        made.pointer.set((&raw const NAME_FUNCTIONS).cast());
        made.name.set(c"unicodedata._ucnhash_CAPI".as_ptr());
        made.context.set(std::ptr::null());
        made.destructor.set(Some(unicodedata_destroy_capi));
        Ok(Own::from_raw(object).upcast())
    }
}

fn repr(capsule: &PyCapsule) -> PyResult {
    let name = capsule.name.get();
    let (quote, name) = match name.is_null() {
        true => ("", "NULL"),
        false => ("\"", errors::c_text(name)),
    };
    let text = format!(
        "<capsule object {quote}{name}{quote} at {:p}>",
        capsule as *const PyCapsule
    );
    Ok(unicode::from_str(&text)?.upcast())
}

unsafe fn dealloc(capsule: *mut PyCapsule) {
    // SAFETY: called once, when the last reference is gone; the destructor gets the capsule alive.
    unsafe {
        if let Some(destructor) = (*capsule).destructor.get() {
            destructor(capsule.cast());
        }
        memory::object_del(capsule.cast());
    }
}

static_type! {
    /// `PyCapsule`.
    PyCapsule_Type = "PyCapsule", size size_of::<PyCapsule>(), 0, flags 0;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
}
