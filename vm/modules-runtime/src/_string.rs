//! `_string`: what `string.Formatter` is made of.

use crate::prelude::*;

fn expect_str(object: &PyObject) -> PyResult<&PyASCIIObject> {
    object
        .downcast_ref::<PyASCIIObject>()
        .ok_or_else(|| type_error(format_args!("expected str, got {}", object.type_().name())))
}

fn formatter_parser(_: &PyObject, template: &PyObject) -> PyResult {
    let parts = list::from_vec(unicode::formatter_parser(expect_str(template)?)?)?;
    abstract_::get_iter(parts.as_object())
}

fn formatter_field_name_split(_: &PyObject, name: &PyObject) -> PyResult {
    let (first, rest) = unicode::formatter_field_name_split(expect_str(name)?)?;
    let rest = list::from_vec(rest)?;
    let rest = abstract_::get_iter(rest.as_object())?;
    Ok(tuple::pack(&[&first, &rest])?.upcast())
}

methods! {
    static FUNCTIONS:
    "formatter_field_name_split" => o(formatter_field_name_split);
    "formatter_parser" => o(formatter_parser);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_string", FUNCTIONS, &[])
}
