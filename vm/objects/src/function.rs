//! Functions and methods (`Objects/funcobject.c`, `Objects/methodobject.c`,
//! `Objects/classobject.c`): functions written in Python, builtin functions, bound methods.

mod bound;
mod builtin;
mod python;

pub use bound::{PyMethod_Type, new_bound_method};
pub use builtin::{
    PyCFunction_Type, PyCMethod_Type, call_method_def, cfunction_name, new_cfunction, new_cmethod,
};
pub use python::{
    FUNCTION_VECTORCALL, PyFunction_Type, new_function, new_function_for_frame, version_of,
};
