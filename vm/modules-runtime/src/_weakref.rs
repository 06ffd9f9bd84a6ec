//! `_weakref` (`Modules/_weakref.c`).

use crate::prelude::*;
use twinheap_objects::weakref_proxy::{
    _PyWeakref_CallableProxyType, _PyWeakref_ProxyType, new_proxy,
};

fn getweakrefcount(_: &PyObject, object: &PyObject) -> PyResult {
    long::from_usize(weakref::references(object).len())
}

fn getweakrefs(_: &PyObject, object: &PyObject) -> PyResult {
    Ok(list::from_vec(weakref::references(object))?.upcast())
}

/// Takes an entry out of a dict whose value is a dead reference.
fn remove_dead_weakref(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_remove_dead_weakref", args.len(), 2, 2)?;
    let Some(dict) = args[0].downcast_ref::<PyDictObject>() else {
        return Err(type_error(format_args!(
            "_remove_dead_weakref() argument 1 must be dict, not {}",
            args[0].type_().name()
        )));
    };
    if let Some(reference) = dict::get_item(dict, args[1])? {
        if !weakref::is_reference(&reference) {
            return Err(type_error("not a weakref"));
        }
        if weakref::target(&reference).is_none() {
            dict::remove(dict, args[1])?;
        }
    }
    Ok(none())
}

fn proxy(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("proxy", args.len(), 1, 2)?;
    new_proxy(args[0], args.get(1).copied())
}

methods! {
    static FUNCTIONS:
    "getweakrefcount" => o(getweakrefcount, "($module, object, /)");
    "_remove_dead_weakref" => fast(remove_dead_weakref, "($module, dct, key, /)");
    "getweakrefs" => o(getweakrefs, "($module, object, /)");
    "proxy" => fast(proxy, "($module, object, callback=None, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_weakref", FUNCTIONS, &[])?;
    let reference = weakref::_PyWeakref_RefType.as_object();
    module::add(&made, "ref", reference)?;
    module::add(&made, "ReferenceType", reference)?;
    module::add(&made, "ProxyType", _PyWeakref_ProxyType.as_object())?;
    module::add(
        &made,
        "CallableProxyType",
        _PyWeakref_CallableProxyType.as_object(),
    )?;
    Ok(made)
}
