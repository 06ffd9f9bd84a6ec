//! `list[int]` and the like: `types.GenericAlias` is not built yet, and says so.

use crate::errors::{PyResult, not_implemented};
use crate::object::ObjectExt;
use twinheap_abi::*;

/// `Py_GenericAlias`.
pub fn new(origin: &PyObject, _item: &PyObject) -> PyResult {
    Err(not_implemented(format_args!(
        "this VM has no types.GenericAlias yet: {}[...]",
        origin.repr_lossy()
    )))
}
