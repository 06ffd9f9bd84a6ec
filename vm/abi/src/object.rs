//! The object header, the garbage collector's head, and the type object (`Include/object.h`,
//! `Include/cpython/object.h`).

use crate::slots::*;
use crate::{PyDictKeysObject, PyMemberDef, PyMethodDef};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::ops::Deref;

/// A nullable pointer field.
pub type Pointer<T> = Cell<*mut T>;

/// `Py_ssize_t`.
pub type Py_ssize_t = isize;
/// `Py_hash_t`.
pub type Py_hash_t = isize;

/// The header of every object: reference count and type.
#[repr(C)]
pub struct PyObject {
    pub ob_refcnt: Cell<Py_ssize_t>,
    pub ob_type: Cell<*const PyTypeObject>,
}

/// The header of every object of variable size.
#[repr(C)]
pub struct PyVarObject {
    pub ob_base: PyObject,
    pub ob_size: Cell<Py_ssize_t>,
}

/// The two words in front of an object that the cycle collector knows (`pycore_gc.h`).
#[repr(C)]
pub struct PyGC_Head {
    /// Next object of the generation, or 0 when untracked.
    pub _gc_next: Cell<usize>,
    /// Previous object, with the flag bits in the two lowest bits.
    pub _gc_prev: Cell<usize>,
}

/// Declares that a struct begins with another one, so that it dereferences to it.
macro_rules! begins_with {
    ($($name:ident => $field:ident: $base:ty),+ $(,)?) => {
        $(impl Deref for $name {
            type Target = $base;
            #[inline(always)]
            fn deref(&self) -> &$base {
                &self.$field
            }
        })+
    };
}
pub(crate) use begins_with;

begins_with! {
    PyVarObject => ob_base: PyObject,
    PyTypeObject => ob_base: PyVarObject,
    PyHeapTypeObject => ht_type: PyTypeObject,
}

/// A type object, static or the beginning of a heap type.
#[repr(C)]
pub struct PyTypeObject {
    pub ob_base: PyVarObject,
    pub tp_name: Cell<*const c_char>,
    pub tp_basicsize: Cell<Py_ssize_t>,
    pub tp_itemsize: Cell<Py_ssize_t>,
    pub tp_dealloc: Cell<Option<destructor>>,
    pub tp_vectorcall_offset: Cell<Py_ssize_t>,
    pub tp_getattr: Cell<Option<getattrfunc>>,
    pub tp_setattr: Cell<Option<setattrfunc>>,
    pub tp_as_async: Cell<*const PyAsyncMethods>,
    pub tp_repr: Cell<Option<reprfunc>>,
    pub tp_as_number: Cell<*const PyNumberMethods>,
    pub tp_as_sequence: Cell<*const PySequenceMethods>,
    pub tp_as_mapping: Cell<*const PyMappingMethods>,
    pub tp_hash: Cell<Option<hashfunc>>,
    pub tp_call: Cell<Option<ternaryfunc>>,
    pub tp_str: Cell<Option<reprfunc>>,
    pub tp_getattro: Cell<Option<getattrofunc>>,
    pub tp_setattro: Cell<Option<setattrofunc>>,
    pub tp_as_buffer: Cell<*const PyBufferProcs>,
    pub tp_flags: Cell<u64>,
    pub tp_doc: Cell<*const c_char>,
    pub tp_traverse: Cell<Option<traverseproc>>,
    pub tp_clear: Cell<Option<inquiry>>,
    pub tp_richcompare: Cell<Option<richcmpfunc>>,
    pub tp_weaklistoffset: Cell<Py_ssize_t>,
    pub tp_iter: Cell<Option<getiterfunc>>,
    pub tp_iternext: Cell<Option<iternextfunc>>,
    pub tp_methods: Cell<*const PyMethodDef>,
    pub tp_members: Cell<*const PyMemberDef>,
    pub tp_getset: Cell<*const PyGetSetDef>,
    pub tp_base: Cell<*const PyTypeObject>,
    pub tp_dict: Pointer<PyObject>,
    pub tp_descr_get: Cell<Option<descrgetfunc>>,
    pub tp_descr_set: Cell<Option<descrsetfunc>>,
    pub tp_dictoffset: Cell<Py_ssize_t>,
    pub tp_init: Cell<Option<initproc>>,
    pub tp_alloc: Cell<Option<allocfunc>>,
    pub tp_new: Cell<Option<newfunc>>,
    pub tp_free: Cell<Option<freefunc>>,
    pub tp_is_gc: Cell<Option<inquiry>>,
    pub tp_bases: Pointer<PyObject>,
    pub tp_mro: Pointer<PyObject>,
    pub tp_cache: Pointer<PyObject>,
    pub tp_subclasses: Pointer<PyObject>,
    pub tp_weaklist: Pointer<PyObject>,
    pub tp_del: Cell<Option<destructor>>,
    pub tp_version_tag: Cell<u32>,
    pub tp_finalize: Cell<Option<destructor>>,
    pub tp_vectorcall: Cell<Option<vectorcallfunc>>,
}

/// `PyGetSetDef`: a computed attribute of a type.
#[repr(C)]
pub struct PyGetSetDef {
    pub name: *const c_char,
    pub get: Option<getter>,
    pub set: Option<setter>,
    pub doc: *const c_char,
    pub closure: *mut c_void,
}

/// `struct _specialization_cache` of a heap type.
#[repr(C)]
pub struct SpecializationCache {
    pub getitem: Pointer<PyObject>,
}

/// A type made by a `class` statement.
#[repr(C)]
pub struct PyHeapTypeObject {
    pub ht_type: PyTypeObject,
    pub as_async: PyAsyncMethods,
    pub as_number: PyNumberMethods,
    pub as_mapping: PyMappingMethods,
    pub as_sequence: PySequenceMethods,
    pub as_buffer: PyBufferProcs,
    pub ht_name: Pointer<PyObject>,
    pub ht_slots: Pointer<PyObject>,
    pub ht_qualname: Pointer<PyObject>,
    pub ht_cached_keys: Pointer<PyDictKeysObject>,
    pub ht_module: Pointer<PyObject>,
    pub _ht_tpname: Pointer<c_char>,
    pub _spec_cache: SpecializationCache,
}

// SAFETY: objects are touched only by the thread that holds the interpreter lock.
unsafe impl Sync for PyObject {}
// SAFETY: as for PyObject.
unsafe impl Sync for PyVarObject {}
// SAFETY: as for PyObject.
unsafe impl Sync for PyTypeObject {}
// SAFETY: the pointers in it are to constants.
unsafe impl Sync for PyGetSetDef {}

impl PyObject {
    /// A header of a static object of the given type.
    pub const fn immortal(ob_type: *const PyTypeObject) -> PyObject {
        PyObject {
            ob_refcnt: Cell::new(1),
            ob_type: Cell::new(ob_type),
        }
    }
}

impl PyGetSetDef {
    /// The entry that ends a table.
    pub const SENTINEL: PyGetSetDef = PyGetSetDef {
        name: std::ptr::null(),
        get: None,
        set: None,
        doc: std::ptr::null(),
        closure: std::ptr::null_mut(),
    };
}

const fn null<T>() -> Pointer<T> {
    Cell::new(std::ptr::null_mut())
}

const fn null_const<T>() -> Cell<*const T> {
    Cell::new(std::ptr::null())
}

impl PyTypeObject {
    /// A static type with every slot empty; the metatype is given, sizes are in bytes.
    pub const fn new(
        metatype: *const PyTypeObject,
        name: &'static CStr,
        basicsize: usize,
        itemsize: usize,
    ) -> PyTypeObject {
        PyTypeObject {
            ob_base: PyVarObject {
                ob_base: PyObject::immortal(metatype),
                ob_size: Cell::new(0),
            },
            tp_name: Cell::new(name.as_ptr()),
            tp_basicsize: Cell::new(basicsize as isize),
            tp_itemsize: Cell::new(itemsize as isize),
            tp_dealloc: Cell::new(None),
            tp_vectorcall_offset: Cell::new(0),
            tp_getattr: Cell::new(None),
            tp_setattr: Cell::new(None),
            tp_as_async: null_const(),
            tp_repr: Cell::new(None),
            tp_as_number: null_const(),
            tp_as_sequence: null_const(),
            tp_as_mapping: null_const(),
            tp_hash: Cell::new(None),
            tp_call: Cell::new(None),
            tp_str: Cell::new(None),
            tp_getattro: Cell::new(None),
            tp_setattro: Cell::new(None),
            tp_as_buffer: null_const(),
            tp_flags: Cell::new(0),
            tp_doc: null_const(),
            tp_traverse: Cell::new(None),
            tp_clear: Cell::new(None),
            tp_richcompare: Cell::new(None),
            tp_weaklistoffset: Cell::new(0),
            tp_iter: Cell::new(None),
            tp_iternext: Cell::new(None),
            tp_methods: null_const(),
            tp_members: null_const(),
            tp_getset: null_const(),
            tp_base: null_const(),
            tp_dict: null(),
            tp_descr_get: Cell::new(None),
            tp_descr_set: Cell::new(None),
            tp_dictoffset: Cell::new(0),
            tp_init: Cell::new(None),
            tp_alloc: Cell::new(None),
            tp_new: Cell::new(None),
            tp_free: Cell::new(None),
            tp_is_gc: Cell::new(None),
            tp_bases: null(),
            tp_mro: null(),
            tp_cache: null(),
            tp_subclasses: null(),
            tp_weaklist: null(),
            tp_del: Cell::new(None),
            tp_version_tag: Cell::new(0),
            tp_finalize: Cell::new(None),
            tp_vectorcall: Cell::new(None),
        }
    }
}
