//! Reading of a stopped heap: an [`Address`] stands for the promise that what it leads to is alive.

use std::ffi::{CStr, c_char};

use twinheap_abi::{PyObject, PyTypeObject};

/// The address of an object (or of a block of one) in a heap that stands still.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Address(usize);

impl Address {
    /// Vouches for a heap.
    ///
    /// # Safety
    /// The pointer is null or leads to a live object laid out as CPython 3.11 does, in a heap where every
    /// pointer field is null or leads to such an object too, and nothing of it changes or is freed for as
    /// long as addresses derived from this one are read.
    pub unsafe fn new(pointer: *const PyObject) -> Address {
        Address(pointer as usize)
    }

    /// Takes up a pointer field found in memory that an address vouches for already.
    pub(crate) fn of<T>(pointer: *const T) -> Address {
        Address(pointer as usize)
    }

    /// A number that may be an address; what lies there is not vouched for, and must not be read.
    pub(crate) fn at(number: usize) -> Address {
        Address(number)
    }

    /// The address as C takes it.
    pub(crate) fn pointer(self) -> *mut PyObject {
        self.0 as *mut PyObject
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn number(self) -> usize {
        self.0
    }

    /// The address so many bytes further on.
    pub(crate) fn offset(self, bytes: isize) -> Address {
        Address(self.0.wrapping_add_signed(bytes))
    }

    /// The struct at this address.
    pub(crate) fn view<'heap, T>(self) -> &'heap T {
        debug_assert!(!self.is_null());
        // SAFETY: whoever made the first address promised that this heap is alive, laid out like the
        // structs of twinheap-abi, and unchanging; the caller chose the struct by the object's type.
        unsafe { &*(self.0 as *const T) }
    }

    /// A table at this address.
    pub(crate) fn table<'heap, T>(self, length: usize) -> &'heap [T] {
        if length == 0 || self.is_null() {
            return &[];
        }
        // SAFETY: as for `view`; the length comes from the object that owns the table.
        unsafe { std::slice::from_raw_parts(self.0 as *const T, length) }
    }

    /// The type of the object at this address.
    pub(crate) fn type_of<'heap>(self) -> &'heap PyTypeObject {
        Address::of(self.view::<PyObject>().ob_type.get()).view()
    }
}

/// A C string found in memory that is vouched for.
pub(crate) fn c_text<'heap>(pointer: *const c_char) -> &'heap [u8] {
    if pointer.is_null() {
        return b"";
    }
    // SAFETY: names in type objects and method tables are NUL-terminated and live as long as they.
    unsafe { CStr::from_ptr(pointer) }.to_bytes()
}
