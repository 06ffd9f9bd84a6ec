//! Exceptions and tracebacks (`pyerrors.h`, `traceback.h`).

use crate::object::begins_with;
use crate::{Pointer, Py_ssize_t, PyFrameObject, PyObject};
use std::cell::Cell;
use std::ffi::c_int;
use std::ops::Deref;

/// The beginning of every exception.
#[repr(C)]
pub struct PyBaseExceptionObject {
    pub ob_base: PyObject,
    pub dict: Pointer<PyObject>,
    pub args: Pointer<PyObject>,
    pub notes: Pointer<PyObject>,
    pub traceback: Pointer<PyObject>,
    pub context: Pointer<PyObject>,
    pub cause: Pointer<PyObject>,
    pub suppress_context: Cell<bool>,
}

/// Declares an exception struct: the common beginning, then fields.
macro_rules! exception {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? })+) => {
        $($(#[$doc])*
        #[repr(C)]
        pub struct $name {
            pub base: PyBaseExceptionObject,
            $(pub $field: $type,)+
        }
        begins_with! { $name => base: PyBaseExceptionObject })+
    };
}

exception! {
    /// `BaseExceptionGroup`.
    PyBaseExceptionGroupObject { msg: Pointer<PyObject>, excs: Pointer<PyObject> }
    /// `SyntaxError`.
    PySyntaxErrorObject {
        msg: Pointer<PyObject>,
        filename: Pointer<PyObject>,
        lineno: Pointer<PyObject>,
        offset: Pointer<PyObject>,
        end_lineno: Pointer<PyObject>,
        end_offset: Pointer<PyObject>,
        text: Pointer<PyObject>,
        print_file_and_line: Pointer<PyObject>,
    }
    /// `ImportError`.
    PyImportErrorObject {
        msg: Pointer<PyObject>,
        name: Pointer<PyObject>,
        path: Pointer<PyObject>,
    }
    /// `UnicodeError`'s subclasses.
    PyUnicodeErrorObject {
        encoding: Pointer<PyObject>,
        object: Pointer<PyObject>,
        start: Cell<Py_ssize_t>,
        end: Cell<Py_ssize_t>,
        reason: Pointer<PyObject>,
    }
    /// `SystemExit`.
    PySystemExitObject { code: Pointer<PyObject> }
    /// `OSError`.
    PyOSErrorObject {
        myerrno: Pointer<PyObject>,
        strerror: Pointer<PyObject>,
        filename: Pointer<PyObject>,
        filename2: Pointer<PyObject>,
        written: Cell<Py_ssize_t>,
    }
    /// `StopIteration`.
    PyStopIterationObject { value: Pointer<PyObject> }
    /// `NameError`.
    PyNameErrorObject { name: Pointer<PyObject> }
    /// `AttributeError`.
    PyAttributeErrorObject { obj: Pointer<PyObject>, name: Pointer<PyObject> }
}

/// A traceback entry.
#[repr(C)]
pub struct PyTracebackObject {
    pub ob_base: PyObject,
    pub tb_next: Pointer<PyTracebackObject>,
    pub tb_frame: Pointer<PyFrameObject>,
    /// Byte offset of the instruction.
    pub tb_lasti: Cell<c_int>,
    pub tb_lineno: Cell<c_int>,
}

begins_with! {
    PyBaseExceptionObject => ob_base: PyObject,
    PyTracebackObject => ob_base: PyObject,
}
