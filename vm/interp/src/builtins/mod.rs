//! The `builtins` module (`Python/bltinmodule.c`).

pub mod asking;
mod functions;
mod iterators;
mod running;

pub use iterators::{PyFilter_Type, PyMap_Type, PyZip_Type};

use twinheap_abi::*;
use twinheap_objects::errors::PyResult;
use twinheap_objects::import_hook::BUILTINS;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{
    boolean, bytearray, bytes, complex, descr, enumerate, float, list, long, memoryview, range,
    set, slice, tuple, types, unicode,
};
use twinheap_objects::{dict, exceptions, module, object::TypeExt, singletons};

/// Makes the module, and tells the kernel of it.
pub fn make() -> PyResult<Own<PyModuleObject>> {
    let made = module::new("builtins")?;
    let own = module::dict_of(&made);
    module::add_functions(&made, functions::TABLE)?;
    module::add_functions(&made, running::TABLE)?;
    module::add_functions(&made, asking::TABLE)?;
    let constants: [(&str, Own); 6] = [
        ("None", singletons::none()),
        ("Ellipsis", singletons::ellipsis()),
        ("NotImplemented", singletons::not_implemented()),
        ("False", singletons::bool_object(false)),
        ("True", singletons::bool_object(true)),
        ("__debug__", singletons::bool_object(true)),
    ];
    for (name, value) in &constants {
        dict::set_literal(own, name, value)?;
    }
    let builtin_types: [&PyTypeObject; 27] = [
        &boolean::PyBool_Type,
        &bytearray::PyByteArray_Type,
        &memoryview::PyMemoryView_Type,
        &bytes::PyBytes_Type,
        &descr::PyClassMethod_Type,
        &complex::PyComplex_Type,
        &dict::PyDict_Type,
        &enumerate::PyEnum_Type,
        &PyFilter_Type,
        &float::PyFloat_Type,
        &set::PyFrozenSet_Type,
        &descr::PyProperty_Type,
        &long::PyLong_Type,
        &list::PyList_Type,
        &PyMap_Type,
        &types::PyBaseObject_Type,
        &range::PyRange_Type,
        &enumerate::PyReversed_Type,
        &set::PySet_Type,
        &slice::PySlice_Type,
        &descr::PyStaticMethod_Type,
        &unicode::PyUnicode_Type,
        &types::PySuper_Type,
        &tuple::PyTuple_Type,
        &types::PyType_Type,
        &PyZip_Type,
        exceptions::exception_group()?,
    ];
    for type_ in builtin_types {
        dict::set_literal(own, type_.short_name(), type_.as_object())?;
    }
    for type_ in exceptions::all_exceptions() {
        dict::set_literal(own, type_.short_name(), type_.as_object())?;
    }
    for alias in ["EnvironmentError", "IOError"] {
        dict::set_literal(own, alias, exceptions::PyExc_OSError.as_object())?;
    }
    module::arrange(own, &crate::name_order::BUILTINS)?;
    BUILTINS.set(Own::new(&*made).into_raw().cast());
    Ok(made)
}
