//! `_typing` (`Modules/_typingmodule.c`): the function that a new type calls, which costs nothing.

use crate::prelude::*;

fn idfunc(_: &PyObject, object: &PyObject) -> PyResult {
    Ok(Own::new(object))
}

methods! {
    static FUNCTIONS:
    "_idfunc" => o(idfunc, "($module, x, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_typing", FUNCTIONS, &[])
}
