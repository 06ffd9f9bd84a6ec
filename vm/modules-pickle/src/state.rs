//! What the module keeps: its exceptions, the registries of `copyreg`, the name tables of
//! `_compat_pickle`, and the functions that old protocols call for help.

use crate::prelude::*;
use std::fmt::Display;
use std::ptr::null_mut;
use twinheap_objects::exceptions::PyExc_Exception;
use twinheap_objects::state::Global;

/// The module's references; all are set once the module is made.
pub struct State {
    pub pickle_error: Pointer<PyTypeObject>,
    pub pickling_error: Pointer<PyTypeObject>,
    pub unpickling_error: Pointer<PyTypeObject>,
    pub dispatch_table: Pointer<PyDictObject>,
    pub extension_registry: Pointer<PyDictObject>,
    pub extension_cache: Pointer<PyDictObject>,
    pub inverted_registry: Pointer<PyDictObject>,
    pub name_mapping_2to3: Pointer<PyDictObject>,
    pub import_mapping_2to3: Pointer<PyDictObject>,
    pub name_mapping_3to2: Pointer<PyDictObject>,
    pub import_mapping_3to2: Pointer<PyDictObject>,
    pub codecs_encode: Pointer<PyObject>,
    pub getattr: Pointer<PyObject>,
    pub partial: Pointer<PyObject>,
}

pub static STATE: Global<State> = Global(State {
    pickle_error: Cell::new(null_mut()),
    pickling_error: Cell::new(null_mut()),
    unpickling_error: Cell::new(null_mut()),
    dispatch_table: Cell::new(null_mut()),
    extension_registry: Cell::new(null_mut()),
    extension_cache: Cell::new(null_mut()),
    inverted_registry: Cell::new(null_mut()),
    name_mapping_2to3: Cell::new(null_mut()),
    import_mapping_2to3: Cell::new(null_mut()),
    name_mapping_3to2: Cell::new(null_mut()),
    import_mapping_3to2: Cell::new(null_mut()),
    codecs_encode: Cell::new(null_mut()),
    getattr: Cell::new(null_mut()),
    partial: Cell::new(null_mut()),
});

fn dict_of_module(module: &PyObject, owner: &str, name: &str) -> PyResult<Own<PyDictObject>> {
    let found = object::get_attr(module, &*unicode::from_str(name)?)?;
    if found.downcast_exact::<PyDictObject>().is_none() {
        return Err(runtime_error(format_args!(
            "{owner}.{name} should be a dict, not {:.200}",
            found.type_().name()
        )));
    }
    // SAFETY: checked above.
    Ok(unsafe { found.cast() })
}

/// Makes the exceptions and fetches everything else.
pub fn fill() -> PyResult<()> {
    let state = &*STATE;
    let pickle_error = types::build_class_type("PickleError", &PyExc_Exception, "_pickle")?;
    state.pickling_error.put(Some(types::build_class_type(
        "PicklingError",
        &pickle_error,
        "_pickle",
    )?));
    state.unpickling_error.put(Some(types::build_class_type(
        "UnpicklingError",
        &pickle_error,
        "_pickle",
    )?));
    state.pickle_error.put(Some(pickle_error));
    state.getattr.put(Some(import_hook::builtin("getattr")?));
    let copyreg = import_hook::import_module("copyreg")?;
    for (field, name) in [
        (&state.dispatch_table, "dispatch_table"),
        (&state.extension_registry, "_extension_registry"),
        (&state.inverted_registry, "_inverted_registry"),
        (&state.extension_cache, "_extension_cache"),
    ] {
        field.put(Some(dict_of_module(&copyreg, "copyreg", name)?));
    }
    let compat = import_hook::import_module("_compat_pickle")?;
    for (field, name) in [
        (&state.name_mapping_2to3, "NAME_MAPPING"),
        (&state.import_mapping_2to3, "IMPORT_MAPPING"),
        (&state.name_mapping_3to2, "REVERSE_NAME_MAPPING"),
        (&state.import_mapping_3to2, "REVERSE_IMPORT_MAPPING"),
    ] {
        field.put(Some(dict_of_module(&compat, "_compat_pickle", name)?));
    }
    let codecs = import_hook::import_module("codecs")?;
    let encode = object::get_attr(&codecs, id!("encode"))?;
    if !call::is_callable(&encode) {
        return Err(runtime_error(format_args!(
            "codecs.encode should be a callable, not {:.200}",
            encode.type_().name()
        )));
    }
    state.codecs_encode.put(Some(encode));
    let functools = import_hook::import_module("functools")?;
    let partial = object::get_attr(&functools, id!("partial"))?;
    state.partial.put(Some(partial));
    Ok(())
}

/// Raises `PicklingError`.
#[cold]
pub fn pickling_error(message: impl Display) -> Raised {
    errors::raise(STATE.pickling_error.expect_ref(), message)
}

/// Raises `UnpicklingError`.
#[cold]
pub fn unpickling_error(message: impl Display) -> Raised {
    errors::raise(STATE.unpickling_error.expect_ref(), message)
}

/// The repr of an object, for a message.
pub fn shown(object: &PyObject) -> PyResult<String> {
    Ok(unicode::to_string_lossy(&*object::repr(object)?))
}

/// The str of an object, for a message.
pub fn plain(object: &PyObject) -> PyResult<String> {
    Ok(unicode::to_string_lossy(&*object::str(object)?))
}

/// Takes over a hook of a subclass: a method of the object itself is kept as its function, so that the
/// object and the method do not keep each other alive.
pub fn init_method_ref(
    this: &PyObject,
    name: &PyASCIIObject,
    function: &Pointer<PyObject>,
    function_self: &Cell<*const PyObject>,
) -> PyResult<()> {
    let found = object::lookup_attr(this, name);
    function_self.set(std::ptr::null());
    let Some(found) = found? else {
        function.put(None);
        return Ok(());
    };
    if let Some(method) = found.downcast_ref::<PyMethodObject>()
        && std::ptr::eq(method.im_self.get(), this)
    {
        let plain = method.im_func.own();
        function_self.set(this);
        function.put(plain);
        return Ok(());
    }
    function.put(Some(found));
    Ok(())
}

/// Calls such a hook with one argument.
pub fn call_hook(
    function: &Pointer<PyObject>,
    function_self: &Cell<*const PyObject>,
    argument: &PyObject,
) -> PyResult {
    let Some(function) = function.own() else {
        return Err(errors::system_error("the hook is gone"));
    };
    // SAFETY: the hook's self is the object whose method this is, which is alive.
    match unsafe { function_self.get().as_ref() } {
        Some(this) => call::call(&function, &[this, argument]),
        None => call::call(&function, &[argument]),
    }
}

/// The hook as an attribute shows it.
pub fn hook_attribute(
    function: &Pointer<PyObject>,
    function_self: &Cell<*const PyObject>,
    name: &str,
) -> PyResult {
    let Some(function) = function.own() else {
        return Err(errors::attribute_error(name));
    };
    // SAFETY: as in `call_hook`.
    match unsafe { function_self.get().as_ref() } {
        Some(this) => function::new_bound_method(&function, this),
        None => Ok(function),
    }
}

/// Sets such an attribute.
pub fn set_hook_attribute(
    function: &Pointer<PyObject>,
    function_self: &Cell<*const PyObject>,
    name: &str,
    value: Option<&PyObject>,
) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("attribute deletion is not supported"));
    };
    if !call::is_callable(value) {
        return Err(type_error(format_args!(
            "{name} must be a callable taking one argument"
        )));
    }
    function_self.set(std::ptr::null());
    function.put(Some(Own::new(value)));
    Ok(())
}
