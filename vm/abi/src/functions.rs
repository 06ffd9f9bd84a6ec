//! Functions, methods, descriptors, modules, cells, weak references (`funcobject.h`,
//! `methodobject.h`, `classobject.h`, `descrobject.h`, `cellobject.h`, `weakrefobject.h`,
//! `pycore_moduleobject.h`).

use crate::object::begins_with;
use crate::slots::*;
use crate::{Pointer, Py_hash_t, Py_ssize_t, PyGetSetDef, PyObject, PyTypeObject};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ops::Deref;

/// A function written in Python.
#[repr(C)]
pub struct PyFunctionObject {
    pub ob_base: PyObject,
    pub func_globals: Pointer<PyObject>,
    pub func_builtins: Pointer<PyObject>,
    pub func_name: Pointer<PyObject>,
    pub func_qualname: Pointer<PyObject>,
    pub func_code: Pointer<PyObject>,
    pub func_defaults: Pointer<PyObject>,
    pub func_kwdefaults: Pointer<PyObject>,
    pub func_closure: Pointer<PyObject>,
    pub func_doc: Pointer<PyObject>,
    pub func_dict: Pointer<PyObject>,
    pub func_weakreflist: Pointer<PyObject>,
    pub func_module: Pointer<PyObject>,
    pub func_annotations: Pointer<PyObject>,
    pub vectorcall: Cell<Option<vectorcallfunc>>,
    pub func_version: Cell<u32>,
}

/// A function written for the interpreter, as data: name, function, calling convention, signature.
#[repr(C)]
pub struct PyMethodDef {
    pub ml_name: *const c_char,
    /// A function of the type that `ml_flags` tells.
    pub ml_meth: *const c_void,
    pub ml_flags: c_int,
    pub ml_doc: *const c_char,
}

/// A stored attribute, as data.
#[repr(C)]
pub struct PyMemberDef {
    pub name: *const c_char,
    pub type_: c_int,
    pub offset: Py_ssize_t,
    pub flags: c_int,
    pub doc: *const c_char,
}

// SAFETY: the pointers in it are to constants.
unsafe impl Sync for PyMethodDef {}
// SAFETY: as above.
unsafe impl Sync for PyMemberDef {}

impl PyMethodDef {
    /// The entry that ends a table.
    pub const SENTINEL: PyMethodDef = PyMethodDef {
        ml_name: std::ptr::null(),
        ml_meth: std::ptr::null(),
        ml_flags: 0,
        ml_doc: std::ptr::null(),
    };
}

impl PyMemberDef {
    /// The entry that ends a table.
    pub const SENTINEL: PyMemberDef = PyMemberDef {
        name: std::ptr::null(),
        type_: 0,
        offset: 0,
        flags: 0,
        doc: std::ptr::null(),
    };
}

pub const METH_VARARGS: c_int = 0x0001;
pub const METH_KEYWORDS: c_int = 0x0002;
pub const METH_NOARGS: c_int = 0x0004;
pub const METH_O: c_int = 0x0008;
pub const METH_CLASS: c_int = 0x0010;
pub const METH_STATIC: c_int = 0x0020;
pub const METH_COEXIST: c_int = 0x0040;
pub const METH_FASTCALL: c_int = 0x0080;
pub const METH_METHOD: c_int = 0x0200;

pub type PyCFunction = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
pub type PyCFunctionWithKeywords =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
pub type _PyCFunctionFast =
    unsafe extern "C" fn(*mut PyObject, *const *mut PyObject, Py_ssize_t) -> *mut PyObject;
pub type _PyCFunctionFastWithKeywords = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    Py_ssize_t,
    *mut PyObject,
) -> *mut PyObject;

/// A method that is told the class which defines it (`METH_METHOD`).
pub type PyCMethod = unsafe extern "C" fn(
    *mut PyObject,
    *mut PyTypeObject,
    *const *mut PyObject,
    Py_ssize_t,
    *mut PyObject,
) -> *mut PyObject;

/// Member types of `PyMemberDef` (`structmember.h`).
pub const T_SHORT: c_int = 0;
pub const T_INT: c_int = 1;
pub const T_LONG: c_int = 2;
pub const T_FLOAT: c_int = 3;
pub const T_DOUBLE: c_int = 4;
pub const T_STRING: c_int = 5;
pub const T_OBJECT: c_int = 6;
pub const T_CHAR: c_int = 7;
pub const T_BYTE: c_int = 8;
pub const T_UBYTE: c_int = 9;
pub const T_USHORT: c_int = 10;
pub const T_UINT: c_int = 11;
pub const T_ULONG: c_int = 12;
pub const T_BOOL: c_int = 14;
pub const T_OBJECT_EX: c_int = 16;
pub const T_LONGLONG: c_int = 17;
pub const T_ULONGLONG: c_int = 18;
pub const T_PYSSIZET: c_int = 19;
/// The member cannot be set.
pub const READONLY: c_int = 1;
/// Reading the member raises an audit event.
pub const PY_AUDIT_READ: c_int = 2;

/// A builtin function or a builtin method bound to its object.
#[repr(C)]
pub struct PyCFunctionObject {
    pub ob_base: PyObject,
    pub m_ml: Cell<*const PyMethodDef>,
    pub m_self: Pointer<PyObject>,
    pub m_module: Pointer<PyObject>,
    pub m_weakreflist: Pointer<PyObject>,
    pub vectorcall: Cell<Option<vectorcallfunc>>,
}

/// A builtin method that knows the class which defines it.
#[repr(C)]
pub struct PyCMethodObject {
    pub func: PyCFunctionObject,
    pub mm_class: Pointer<PyTypeObject>,
}

/// A method bound to its instance.
#[repr(C)]
pub struct PyMethodObject {
    pub ob_base: PyObject,
    pub im_func: Pointer<PyObject>,
    pub im_self: Pointer<PyObject>,
    pub im_weakreflist: Pointer<PyObject>,
    pub vectorcall: Cell<Option<vectorcallfunc>>,
}

/// The beginning of every descriptor of a static type.
#[repr(C)]
pub struct PyDescrObject {
    pub ob_base: PyObject,
    pub d_type: Cell<*const PyTypeObject>,
    pub d_name: Pointer<PyObject>,
    pub d_qualname: Pointer<PyObject>,
}

/// `method_descriptor` and `classmethod_descriptor`.
#[repr(C)]
pub struct PyMethodDescrObject {
    pub d_common: PyDescrObject,
    pub d_method: Cell<*const PyMethodDef>,
    pub vectorcall: Cell<Option<vectorcallfunc>>,
}

/// `member_descriptor`.
#[repr(C)]
pub struct PyMemberDescrObject {
    pub d_common: PyDescrObject,
    pub d_member: Cell<*const PyMemberDef>,
}

/// `getset_descriptor`.
#[repr(C)]
pub struct PyGetSetDescrObject {
    pub d_common: PyDescrObject,
    pub d_getset: Cell<*const PyGetSetDef>,
}

/// A function that calls a slot with Python arguments.
pub type wrapperfunc =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void) -> *mut PyObject;
/// The same, with keywords.
pub type wrapperfunc_kwds =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void, *mut PyObject) -> *mut PyObject;

/// A slot that has a name in Python (`struct wrapperbase`).
#[repr(C)]
pub struct wrapperbase {
    pub name: *const c_char,
    pub offset: c_int,
    /// The slot function that looks the method up.
    pub function: *const c_void,
    /// A `wrapperfunc`, or a `wrapperfunc_kwds` where `flags` has `PyWrapperFlag_KEYWORDS`.
    pub wrapper: *const c_void,
    pub doc: *const c_char,
    pub flags: c_int,
    pub name_strobj: Pointer<PyObject>,
}

// SAFETY: written once, at start-up, under the interpreter lock.
unsafe impl Sync for wrapperbase {}

/// `wrapper_descriptor`.
#[repr(C)]
pub struct PyWrapperDescrObject {
    pub d_common: PyDescrObject,
    pub d_base: Cell<*const wrapperbase>,
    /// The slot function itself.
    pub d_wrapped: Cell<*const c_void>,
}

/// `method-wrapper`: a wrapper descriptor bound to its object.
#[repr(C)]
pub struct wrapperobject {
    pub ob_base: PyObject,
    pub descr: Pointer<PyWrapperDescrObject>,
    pub self_: Pointer<PyObject>,
}

/// `mappingproxy`.
#[repr(C)]
pub struct mappingproxyobject {
    pub ob_base: PyObject,
    pub mapping: Pointer<PyObject>,
}

/// `property`.
#[repr(C)]
pub struct propertyobject {
    pub ob_base: PyObject,
    pub prop_get: Pointer<PyObject>,
    pub prop_set: Pointer<PyObject>,
    pub prop_del: Pointer<PyObject>,
    pub prop_doc: Pointer<PyObject>,
    pub prop_name: Pointer<PyObject>,
    pub getter_doc: Cell<c_int>,
}

/// `classmethod` and `staticmethod`.
#[repr(C)]
pub struct classmethodobject {
    pub ob_base: PyObject,
    pub cm_callable: Pointer<PyObject>,
    pub cm_dict: Pointer<PyObject>,
}

/// `super`.
#[repr(C)]
pub struct superobject {
    pub ob_base: PyObject,
    pub type_: Cell<*const PyTypeObject>,
    pub obj: Pointer<PyObject>,
    pub obj_type: Cell<*const PyTypeObject>,
}

/// A cell of a closure.
#[repr(C)]
pub struct PyCellObject {
    pub ob_base: PyObject,
    pub ob_ref: Pointer<PyObject>,
}

/// A module.
#[repr(C)]
pub struct PyModuleObject {
    pub ob_base: PyObject,
    pub md_dict: Pointer<PyObject>,
    pub md_def: Pointer<c_void>,
    pub md_state: Pointer<c_void>,
    pub md_weaklist: Pointer<PyObject>,
    pub md_name: Pointer<PyObject>,
}

/// A weak reference or proxy.
#[repr(C)]
pub struct PyWeakReference {
    pub ob_base: PyObject,
    pub wr_object: Pointer<PyObject>,
    pub wr_callback: Pointer<PyObject>,
    pub hash: Cell<Py_hash_t>,
    pub wr_prev: Pointer<PyWeakReference>,
    pub wr_next: Pointer<PyWeakReference>,
    pub vectorcall: Cell<Option<vectorcallfunc>>,
}

begins_with! {
    PyFunctionObject => ob_base: PyObject,
    PyCFunctionObject => ob_base: PyObject,
    PyMethodObject => ob_base: PyObject,
    PyDescrObject => ob_base: PyObject,
    PyMethodDescrObject => d_common: PyDescrObject,
    PyMemberDescrObject => d_common: PyDescrObject,
    PyGetSetDescrObject => d_common: PyDescrObject,
    PyWrapperDescrObject => d_common: PyDescrObject,
    wrapperobject => ob_base: PyObject,
    mappingproxyobject => ob_base: PyObject,
    propertyobject => ob_base: PyObject,
    classmethodobject => ob_base: PyObject,
    superobject => ob_base: PyObject,
    PyCellObject => ob_base: PyObject,
    PyModuleObject => ob_base: PyObject,
    PyWeakReference => ob_base: PyObject,
}
