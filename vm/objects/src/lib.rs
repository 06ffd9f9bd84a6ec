//! The object kernel: memory, reference counts, types, built-in objects, errors.
//!
//! Objects are CPython 3.11's structs (`twinheap_abi`); built-in types are statics. `NOTES.md` tells
//! how a type is written.
//!
//! Unsafe code: this is the kernel: memory, reference counts, casts and the type machinery. Each block says why it holds.

#![allow(
    clippy::macro_metavars_in_unsafe,
    reason = "the wrapping macros vouch for the casts around the function that they are given"
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "destructors share one contract, told in NOTES.md"
)]
#![expect(
    dangerous_implicit_autorefs,
    reason = "a raw pointer to an object is read through the header it begins with; fields are cells"
)]
#![expect(
    non_upper_case_globals,
    non_snake_case,
    reason = "types, statics and C-facing functions bear CPython's own names"
)]

pub use twinheap_abi as abi;

mod macros;

pub mod abstract_;
pub mod boolean;
pub mod buffer;
pub mod bytearray;
pub mod bytes;
pub mod call;
pub mod cell;
pub mod code;
pub mod code_iter;
pub mod complex;
pub mod data_stack;
pub mod descr;
pub mod dict;
pub mod docs;
pub mod enumerate;
pub mod errors;
pub mod exceptions;
pub mod float;
pub mod fork;
pub mod function;
pub mod generic_alias;
pub mod gil;
pub mod import_hook;
pub mod iter;
pub mod list;
pub mod lock;
pub mod long;
pub mod mapping_proxy;
pub mod memory;
pub mod memoryview;
pub mod module;
pub mod namespace;
pub mod object;
pub mod own;
pub mod paths;
pub mod prelude;
pub mod range;
pub mod reduce;
pub mod seconds;
mod sequence_iter;
pub mod set;
pub mod signals;
pub mod singletons;
pub mod slice;
pub mod stack;
pub mod state;
pub mod struct_sequence;
pub mod traceback;
pub mod tuple;
pub mod types;
pub mod ucd_bridge;
pub mod unicode;
pub mod union_type;
pub mod unraisable;
pub mod warnings;
pub mod weakref;
pub mod weakref_proxy;

use twinheap_abi::PyTypeObject;

/// Every static type of this crate, for start-up and for tests of the surface.
pub fn builtin_types() -> Vec<&'static PyTypeObject> {
    let mut all: Vec<&'static PyTypeObject> = vec![
        &types::PyBaseObject_Type,
        &types::PyType_Type,
        &types::PySuper_Type,
        &singletons::_PyNone_Type,
        &singletons::_PyNotImplemented_Type,
        &singletons::PyEllipsis_Type,
        &long::PyLong_Type,
        &boolean::PyBool_Type,
        &float::PyFloat_Type,
        &complex::PyComplex_Type,
        &unicode::PyUnicode_Type,
        &unicode::PyUnicodeIter_Type,
        &unicode::PyUnicodeASCIIIter_Type,
        &bytes::PyBytes_Type,
        &bytes::PyBytesIter_Type,
        &bytearray::PyByteArray_Type,
        &bytearray::PyByteArrayIter_Type,
        &memoryview::PyMemoryView_Type,
        &memoryview::_PyManagedBuffer_Type,
        &memoryview::_PyMemoryIter_Type,
        &tuple::PyTuple_Type,
        &list::PyList_Type,
        &dict::PyDict_Type,
        &dict::PyDictKeys_Type,
        &dict::PyDictValues_Type,
        &dict::PyDictItems_Type,
        &dict::PyDictIterKey_Type,
        &dict::PyDictIterValue_Type,
        &dict::PyDictIterItem_Type,
        &dict::PyDictRevIterKey_Type,
        &dict::PyDictRevIterValue_Type,
        &dict::PyDictRevIterItem_Type,
        &set::PySet_Type,
        &set::PyFrozenSet_Type,
        &set::PySetIter_Type,
        &iter::PySeqIter_Type,
        &iter::PyTupleIter_Type,
        &iter::PyListIter_Type,
        &iter::PyListRevIter_Type,
        &iter::PyCallIter_Type,
        &range::PyRange_Type,
        &range::PyRangeIter_Type,
        &range::PyLongRangeIter_Type,
        &code_iter::PyLineIterator_Type,
        &code_iter::PyPositionsIterator_Type,
        &enumerate::PyEnum_Type,
        &enumerate::PyReversed_Type,
        &slice::PySlice_Type,
        &function::PyFunction_Type,
        &function::PyCFunction_Type,
        &function::PyCMethod_Type,
        &function::PyMethod_Type,
        &descr::PyMethodDescr_Type,
        &descr::PyClassMethodDescr_Type,
        &descr::PyMemberDescr_Type,
        &descr::PyGetSetDescr_Type,
        &descr::PyWrapperDescr_Type,
        &descr::_PyMethodWrapper_Type,
        &descr::PyClassMethod_Type,
        &descr::PyStaticMethod_Type,
        &descr::PyProperty_Type,
        &cell::PyCell_Type,
        &code::PyCode_Type,
        &module::PyModule_Type,
        &mapping_proxy::PyDictProxy_Type,
        &traceback::PyTraceBack_Type,
        &weakref::_PyWeakref_RefType,
        &weakref_proxy::_PyWeakref_ProxyType,
        &weakref_proxy::_PyWeakref_CallableProxyType,
        &generic_alias::Py_GenericAliasType,
        &generic_alias::_Py_GenericAliasIterType,
        &union_type::_PyUnion_Type,
        &namespace::_PyNamespace_Type,
        &dict::PyODictIter_Type,
        &dict::PyODictItems_Type,
        &dict::PyODictKeys_Type,
        &dict::PyODictValues_Type,
        &dict::PyODict_Type,
    ];
    all.extend(exceptions::all_exceptions());
    all
}
