//! Function types and method suites (`Include/object.h`, `Include/cpython/object.h`).

use crate::{Py_hash_t, Py_ssize_t, PyObject, PyTypeObject};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};

pub type unaryfunc = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
pub type binaryfunc = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
pub type ternaryfunc =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
pub type inquiry = unsafe extern "C" fn(*mut PyObject) -> c_int;
pub type lenfunc = unsafe extern "C" fn(*mut PyObject) -> Py_ssize_t;
pub type ssizeargfunc = unsafe extern "C" fn(*mut PyObject, Py_ssize_t) -> *mut PyObject;
pub type ssizeobjargproc = unsafe extern "C" fn(*mut PyObject, Py_ssize_t, *mut PyObject) -> c_int;
pub type objobjproc = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int;
pub type objobjargproc = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
pub type visitproc = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int;
pub type traverseproc = unsafe extern "C" fn(*mut PyObject, visitproc, *mut c_void) -> c_int;
pub type freefunc = unsafe extern "C" fn(*mut c_void);
pub type destructor = unsafe extern "C" fn(*mut PyObject);
pub type getattrfunc = unsafe extern "C" fn(*mut PyObject, *const c_char) -> *mut PyObject;
pub type setattrfunc = unsafe extern "C" fn(*mut PyObject, *const c_char, *mut PyObject) -> c_int;
pub type getattrofunc = binaryfunc;
pub type setattrofunc = objobjargproc;
pub type reprfunc = unaryfunc;
pub type hashfunc = unsafe extern "C" fn(*mut PyObject) -> Py_hash_t;
pub type richcmpfunc = unsafe extern "C" fn(*mut PyObject, *mut PyObject, c_int) -> *mut PyObject;
pub type getiterfunc = unaryfunc;
pub type iternextfunc = unaryfunc;
pub type descrgetfunc = ternaryfunc;
pub type descrsetfunc = objobjargproc;
pub type initproc = objobjargproc;
pub type newfunc =
    unsafe extern "C" fn(*const PyTypeObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
pub type allocfunc = unsafe extern "C" fn(*const PyTypeObject, Py_ssize_t) -> *mut PyObject;
pub type vectorcallfunc = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;
pub type getter = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject;
pub type setter = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void) -> c_int;
pub type getbufferproc = unsafe extern "C" fn(*mut PyObject, *mut Py_buffer, c_int) -> c_int;
pub type releasebufferproc = unsafe extern "C" fn(*mut PyObject, *mut Py_buffer);
/// Returns a `PySendResult`: return, error or next.
pub type sendfunc = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut *mut PyObject) -> c_int;

/// `PYGEN_RETURN`: the iterator has returned.
pub const PYGEN_RETURN: c_int = 0;
/// `PYGEN_ERROR`: an exception is set.
pub const PYGEN_ERROR: c_int = -1;
/// `PYGEN_NEXT`: a value was yielded.
pub const PYGEN_NEXT: c_int = 1;

/// The buffer protocol's view.
#[repr(C)]
pub struct Py_buffer {
    pub buf: *mut c_void,
    pub obj: *mut PyObject,
    pub len: Py_ssize_t,
    pub itemsize: Py_ssize_t,
    pub readonly: c_int,
    pub ndim: c_int,
    pub format: *mut c_char,
    pub shape: *mut Py_ssize_t,
    pub strides: *mut Py_ssize_t,
    pub suboffsets: *mut Py_ssize_t,
    pub internal: *mut c_void,
}

/// Declares a method suite: a struct of nullable functions with an empty constant.
macro_rules! suite {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $function:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            $(pub $field: Cell<Option<$function>>,)+
        }
        impl $name {
            /// The suite with no function.
            #[expect(clippy::declare_interior_mutable_const, reason = "a template for statics")]
            pub const EMPTY: $name = $name { $($field: Cell::new(None),)+ };
        }
        // SAFETY: suites are written only under the interpreter lock.
        unsafe impl Sync for $name {}
    };
}

suite! {
    /// `tp_as_number`.
    PyNumberMethods {
        nb_add: binaryfunc,
        nb_subtract: binaryfunc,
        nb_multiply: binaryfunc,
        nb_remainder: binaryfunc,
        nb_divmod: binaryfunc,
        nb_power: ternaryfunc,
        nb_negative: unaryfunc,
        nb_positive: unaryfunc,
        nb_absolute: unaryfunc,
        nb_bool: inquiry,
        nb_invert: unaryfunc,
        nb_lshift: binaryfunc,
        nb_rshift: binaryfunc,
        nb_and: binaryfunc,
        nb_xor: binaryfunc,
        nb_or: binaryfunc,
        nb_int: unaryfunc,
        nb_reserved: unaryfunc,
        nb_float: unaryfunc,
        nb_inplace_add: binaryfunc,
        nb_inplace_subtract: binaryfunc,
        nb_inplace_multiply: binaryfunc,
        nb_inplace_remainder: binaryfunc,
        nb_inplace_power: ternaryfunc,
        nb_inplace_lshift: binaryfunc,
        nb_inplace_rshift: binaryfunc,
        nb_inplace_and: binaryfunc,
        nb_inplace_xor: binaryfunc,
        nb_inplace_or: binaryfunc,
        nb_floor_divide: binaryfunc,
        nb_true_divide: binaryfunc,
        nb_inplace_floor_divide: binaryfunc,
        nb_inplace_true_divide: binaryfunc,
        nb_index: unaryfunc,
        nb_matrix_multiply: binaryfunc,
        nb_inplace_matrix_multiply: binaryfunc,
    }
}

suite! {
    /// `tp_as_sequence`.
    PySequenceMethods {
        sq_length: lenfunc,
        sq_concat: binaryfunc,
        sq_repeat: ssizeargfunc,
        sq_item: ssizeargfunc,
        was_sq_slice: unaryfunc,
        sq_ass_item: ssizeobjargproc,
        was_sq_ass_slice: unaryfunc,
        sq_contains: objobjproc,
        sq_inplace_concat: binaryfunc,
        sq_inplace_repeat: ssizeargfunc,
    }
}

suite! {
    /// `tp_as_mapping`.
    PyMappingMethods {
        mp_length: lenfunc,
        mp_subscript: binaryfunc,
        mp_ass_subscript: objobjargproc,
    }
}

suite! {
    /// `tp_as_async`.
    PyAsyncMethods {
        am_await: unaryfunc,
        am_aiter: unaryfunc,
        am_anext: unaryfunc,
        am_send: sendfunc,
    }
}

suite! {
    /// `tp_as_buffer`.
    PyBufferProcs {
        bf_getbuffer: getbufferproc,
        bf_releasebuffer: releasebufferproc,
    }
}
