//! Code objects, frames and generators (`cpython/code.h`, `pycore_frame.h`, `cpython/genobject.h`).

use crate::object::begins_with;
use crate::{Pointer, PyFunctionObject, PyObject, PyVarObject};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_short, c_void};
use std::ops::Deref;

/// An instruction: opcode in the low byte, argument in the high one.
pub type _Py_CODEUNIT = u16;

/// A code object; the instructions begin at `co_code_adaptive`, `ob_size` of them.
#[repr(C)]
pub struct PyCodeObject {
    pub ob_base: PyVarObject,
    pub co_consts: Pointer<PyObject>,
    pub co_names: Pointer<PyObject>,
    pub co_exceptiontable: Pointer<PyObject>,
    pub co_flags: Cell<c_int>,
    pub co_warmup: Cell<c_short>,
    pub _co_linearray_entry_size: Cell<c_short>,
    pub co_argcount: Cell<c_int>,
    pub co_posonlyargcount: Cell<c_int>,
    pub co_kwonlyargcount: Cell<c_int>,
    pub co_stacksize: Cell<c_int>,
    pub co_firstlineno: Cell<c_int>,
    pub co_nlocalsplus: Cell<c_int>,
    pub co_nlocals: Cell<c_int>,
    pub co_nplaincellvars: Cell<c_int>,
    pub co_ncellvars: Cell<c_int>,
    pub co_nfreevars: Cell<c_int>,
    pub co_localsplusnames: Pointer<PyObject>,
    pub co_localspluskinds: Pointer<PyObject>,
    pub co_filename: Pointer<PyObject>,
    pub co_name: Pointer<PyObject>,
    pub co_qualname: Pointer<PyObject>,
    pub co_linetable: Pointer<PyObject>,
    pub co_weakreflist: Pointer<PyObject>,
    pub _co_code: Pointer<PyObject>,
    pub _co_linearray: Pointer<c_char>,
    pub _co_firsttraceable: Cell<c_int>,
    pub co_extra: Pointer<c_void>,
    pub co_code_adaptive: [Cell<_Py_CODEUNIT>; 1],
}

pub const CO_OPTIMIZED: c_int = 0x0001;
pub const CO_NEWLOCALS: c_int = 0x0002;
pub const CO_VARARGS: c_int = 0x0004;
pub const CO_VARKEYWORDS: c_int = 0x0008;
pub const CO_NESTED: c_int = 0x0010;
pub const CO_GENERATOR: c_int = 0x0020;
pub const CO_COROUTINE: c_int = 0x0080;
pub const CO_ITERABLE_COROUTINE: c_int = 0x0100;
pub const CO_ASYNC_GENERATOR: c_int = 0x0200;

/// Kinds of `co_localspluskinds`.
pub const CO_FAST_LOCAL: u8 = 0x20;
pub const CO_FAST_CELL: u8 = 0x40;
pub const CO_FAST_FREE: u8 = 0x80;

/// A frame of the evaluator: specials, linkage, then locals and stack.
#[repr(C)]
pub struct _PyInterpreterFrame {
    pub f_func: Pointer<PyFunctionObject>,
    pub f_globals: Pointer<PyObject>,
    pub f_builtins: Pointer<PyObject>,
    pub f_locals: Pointer<PyObject>,
    pub f_code: Pointer<PyCodeObject>,
    pub frame_obj: Pointer<PyFrameObject>,
    pub previous: Pointer<_PyInterpreterFrame>,
    pub prev_instr: Pointer<_Py_CODEUNIT>,
    pub stacktop: Cell<c_int>,
    pub is_entry: Cell<bool>,
    pub owner: Cell<c_char>,
    pub localsplus: [Pointer<PyObject>; 1],
}

pub const FRAME_OWNED_BY_THREAD: c_char = 0;
pub const FRAME_OWNED_BY_GENERATOR: c_char = 1;
pub const FRAME_OWNED_BY_FRAME_OBJECT: c_char = 2;

/// States of a generator's frame.
pub const FRAME_CREATED: i8 = -2;
pub const FRAME_SUSPENDED: i8 = -1;
pub const FRAME_EXECUTING: i8 = 0;
pub const FRAME_COMPLETED: i8 = 1;
pub const FRAME_CLEARED: i8 = 4;

/// Words of a frame in front of its locals (`FRAME_SPECIALS_SIZE`).
pub const FRAME_SPECIALS_SIZE: usize =
    (size_of::<_PyInterpreterFrame>() - 1) / size_of::<*mut PyObject>();

/// A frame object, as Python sees a frame.
#[repr(C)]
pub struct PyFrameObject {
    pub ob_base: PyObject,
    pub f_back: Pointer<PyFrameObject>,
    pub f_frame: Pointer<_PyInterpreterFrame>,
    pub f_trace: Pointer<PyObject>,
    pub f_lineno: Cell<c_int>,
    pub f_trace_lines: Cell<bool>,
    pub f_trace_opcodes: Cell<bool>,
    pub f_fast_as_locals: Cell<bool>,
    pub _f_frame_data: [Pointer<PyObject>; 1],
}

/// An entry of the stack of handled exceptions (`_PyErr_StackItem`).
#[repr(C)]
pub struct _PyErr_StackItem {
    pub exc_value: Pointer<PyObject>,
    pub previous_item: Pointer<_PyErr_StackItem>,
}

/// A generator, coroutine or asynchronous generator; its frame begins at `gi_iframe`.
#[repr(C)]
pub struct PyGenObject {
    pub ob_base: PyObject,
    pub gi_code: Pointer<PyCodeObject>,
    pub gi_weakreflist: Pointer<PyObject>,
    pub gi_name: Pointer<PyObject>,
    pub gi_qualname: Pointer<PyObject>,
    pub gi_exc_state: _PyErr_StackItem,
    pub gi_origin_or_finalizer: Pointer<PyObject>,
    pub gi_hooks_inited: Cell<c_char>,
    pub gi_closed: Cell<c_char>,
    pub gi_running_async: Cell<c_char>,
    pub gi_frame_state: Cell<i8>,
    pub gi_iframe: [Pointer<PyObject>; 1],
}

begins_with! {
    PyCodeObject => ob_base: PyVarObject,
    PyFrameObject => ob_base: PyObject,
    PyGenObject => ob_base: PyObject,
}
