//! The exceptions that add nothing to their base but a name, and the list of all.

use super::base::PyExc_BaseException;
use super::group::{PyExc_BaseExceptionGroup, exception_group_type};
use super::special::*;
use crate::static_type;
use twinheap_abi::*;

/// Declares exceptions that share their base's struct.
macro_rules! simple_exceptions {
    ($($type:ident = $name:literal: $base:ident, $layout:ident;)+) => {
        $(static_type! {
            #[doc = concat!("`", $name, "`.")]
            $type = $name, size size_of::<$layout>(), 0,
                flags Py_TPFLAGS_BASETYPE | Py_TPFLAGS_BASE_EXC_SUBCLASS;
            // What visits and clears the fields is the base's, inherited with the collector's flag.
            tp_base: &raw const $base,
            tp_dictoffset: std::mem::offset_of!(PyBaseExceptionObject, dict) as isize,
        })+

        /// Every exception of the language, bases first.
        pub fn all_exceptions() -> Vec<&'static PyTypeObject> {
            let mut all: Vec<&'static PyTypeObject> = vec![
                &PyExc_BaseException,
                &PyExc_BaseExceptionGroup,
                &PyExc_StopIteration,
                &PyExc_SystemExit,
                &PyExc_ImportError,
                &PyExc_OSError,
                &PyExc_NameError,
                &PyExc_AttributeError,
                &PyExc_SyntaxError,
                &PyExc_KeyError,
                &PyExc_UnicodeEncodeError,
                &PyExc_UnicodeDecodeError,
                &PyExc_UnicodeTranslateError,
            ];
            all.extend([$(&$type,)+]);
            all
        }
    };
}

simple_exceptions! {
    PyExc_Exception = "Exception": PyExc_BaseException, PyBaseExceptionObject;
    PyExc_TypeError = "TypeError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_StopAsyncIteration = "StopAsyncIteration": PyExc_Exception, PyBaseExceptionObject;
    PyExc_GeneratorExit = "GeneratorExit": PyExc_BaseException, PyBaseExceptionObject;
    PyExc_KeyboardInterrupt = "KeyboardInterrupt": PyExc_BaseException, PyBaseExceptionObject;
    PyExc_ModuleNotFoundError = "ModuleNotFoundError": PyExc_ImportError, PyImportErrorObject;
    PyExc_EOFError = "EOFError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_RuntimeError = "RuntimeError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_RecursionError = "RecursionError": PyExc_RuntimeError, PyBaseExceptionObject;
    PyExc_NotImplementedError = "NotImplementedError": PyExc_RuntimeError, PyBaseExceptionObject;
    PyExc_UnboundLocalError = "UnboundLocalError": PyExc_NameError, PyNameErrorObject;
    PyExc_IndentationError = "IndentationError": PyExc_SyntaxError, PySyntaxErrorObject;
    PyExc_TabError = "TabError": PyExc_IndentationError, PySyntaxErrorObject;
    PyExc_LookupError = "LookupError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_IndexError = "IndexError": PyExc_LookupError, PyBaseExceptionObject;
    PyExc_ValueError = "ValueError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_UnicodeError = "UnicodeError": PyExc_ValueError, PyBaseExceptionObject;
    PyExc_AssertionError = "AssertionError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_ArithmeticError = "ArithmeticError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_FloatingPointError = "FloatingPointError": PyExc_ArithmeticError, PyBaseExceptionObject;
    PyExc_OverflowError = "OverflowError": PyExc_ArithmeticError, PyBaseExceptionObject;
    PyExc_ZeroDivisionError = "ZeroDivisionError": PyExc_ArithmeticError, PyBaseExceptionObject;
    PyExc_SystemError = "SystemError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_ReferenceError = "ReferenceError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_MemoryError = "MemoryError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_BufferError = "BufferError": PyExc_Exception, PyBaseExceptionObject;
    PyExc_Warning = "Warning": PyExc_Exception, PyBaseExceptionObject;
    PyExc_UserWarning = "UserWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_EncodingWarning = "EncodingWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_DeprecationWarning = "DeprecationWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_PendingDeprecationWarning = "PendingDeprecationWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_SyntaxWarning = "SyntaxWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_RuntimeWarning = "RuntimeWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_FutureWarning = "FutureWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_ImportWarning = "ImportWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_UnicodeWarning = "UnicodeWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_BytesWarning = "BytesWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_ResourceWarning = "ResourceWarning": PyExc_Warning, PyBaseExceptionObject;
    PyExc_BlockingIOError = "BlockingIOError": PyExc_OSError, PyOSErrorObject;
    PyExc_ConnectionError = "ConnectionError": PyExc_OSError, PyOSErrorObject;
    PyExc_ChildProcessError = "ChildProcessError": PyExc_OSError, PyOSErrorObject;
    PyExc_BrokenPipeError = "BrokenPipeError": PyExc_ConnectionError, PyOSErrorObject;
    PyExc_ConnectionAbortedError = "ConnectionAbortedError": PyExc_ConnectionError, PyOSErrorObject;
    PyExc_ConnectionRefusedError = "ConnectionRefusedError": PyExc_ConnectionError, PyOSErrorObject;
    PyExc_ConnectionResetError = "ConnectionResetError": PyExc_ConnectionError, PyOSErrorObject;
    PyExc_FileExistsError = "FileExistsError": PyExc_OSError, PyOSErrorObject;
    PyExc_FileNotFoundError = "FileNotFoundError": PyExc_OSError, PyOSErrorObject;
    PyExc_IsADirectoryError = "IsADirectoryError": PyExc_OSError, PyOSErrorObject;
    PyExc_NotADirectoryError = "NotADirectoryError": PyExc_OSError, PyOSErrorObject;
    PyExc_InterruptedError = "InterruptedError": PyExc_OSError, PyOSErrorObject;
    PyExc_PermissionError = "PermissionError": PyExc_OSError, PyOSErrorObject;
    PyExc_ProcessLookupError = "ProcessLookupError": PyExc_OSError, PyOSErrorObject;
    PyExc_TimeoutError = "TimeoutError": PyExc_OSError, PyOSErrorObject;
}

/// `ExceptionGroup`, which is made at start-up of two bases.
pub fn exception_group() -> crate::errors::PyResult<&'static PyTypeObject> {
    exception_group_type()
}
