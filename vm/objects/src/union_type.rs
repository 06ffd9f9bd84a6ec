//! `int | str`: `types.UnionType` is not built yet, and says so.

use crate::errors::{PyResult, not_implemented};
use crate::object::ObjectExt;
use crate::singletons;
use twinheap_abi::*;

/// The members of a union; no object is one yet.
pub fn members(_class: &PyObject) -> Option<&[&PyObject]> {
    None
}

/// `_Py_union_type_or`.
pub fn or(a: &PyObject, b: &PyObject) -> PyResult {
    let unionable = |object: &PyObject| object.is_none() || crate::object::is_type(object);
    if !unionable(a) || !unionable(b) {
        return Ok(singletons::not_implemented());
    }
    Err(not_implemented(format_args!(
        "this VM has no types.UnionType yet: {} | {}",
        a.repr_lossy(),
        b.repr_lossy()
    )))
}
