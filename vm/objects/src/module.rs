//! module (`Objects/moduleobject.c`).

use crate::call::{self, Signature};
use crate::errors::{self, PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{abstract_, dict, getset, id, methods, slot, static_type, typed, types, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(PyModuleObject, PyModule_Type);

/// The modules that CPython makes in one phase, from the name in their definition: a str of their own.
/// All others take over the name by which they were imported.
const SINGLE_PHASE: &[&str] = &["builtins", "sys", "_io", "_pickle"];

/// `PyModule_New`.
pub fn new(name: &str) -> PyResult<Own<PyModuleObject>> {
    let made = types::allocate(&PyModule_Type, 0)?;
    // SAFETY: just allocated as a module.
    let module: Own<PyModuleObject> = unsafe { made.cast() };
    let own_name = SINGLE_PHASE.contains(&name);
    let mut name = unicode::from_str(name)?;
    if !own_name {
        name = unicode::intern(name);
    }
    module.md_dict.set(dict::new()?.into_raw().cast());
    init_dict(&module, name.as_object(), &none())?;
    Ok(module)
}

/// `module_init_dict`.
fn init_dict(module: &PyModuleObject, name: &PyObject, doc: &PyObject) -> PyResult<()> {
    let own = dict_of(module);
    dict::set_item(own, id!("__name__").as_object(), name)?;
    dict::set_item(own, id!("__doc__").as_object(), doc)?;
    for key in [id!("__package__"), id!("__loader__"), id!("__spec__")] {
        dict::set_item(own, key.as_object(), &none())?;
    }
    if name.is_exactly(&unicode::PyUnicode_Type) {
        module.md_name.put(Some(Own::new(name)));
    }
    Ok(())
}

/// The dict of a module.
pub fn dict_of(module: &PyModuleObject) -> &PyDictObject {
    // SAFETY: the dict of a module is a dict, made before the module is shown to anybody.
    unsafe { &*module.md_dict.get().cast() }
}

/// Puts the entries of a module's namespace in this order; names that it does not tell of come last.
/// It shows: code that has specialised keeps the index of an entry in its cache.
pub fn arrange(namespace: &PyDictObject, order: &[&str]) -> PyResult<()> {
    let all = dict::copy(namespace)?;
    dict::clear(namespace);
    for name in order {
        let name = unicode::intern(unicode::from_str(name)?);
        if let Some(value) = dict::get_str(&all, &name) {
            dict::set_item(namespace, name.as_object(), value)?;
        }
    }
    for (name, value) in dict::entries(&all) {
        dict::set_default(namespace, name, value)?;
    }
    Ok(())
}

/// The module's name as Rust text.
pub fn name_text(module: &PyModuleObject) -> Option<String> {
    let name = dict::get_str(dict_of(module), id!("__name__"))?;
    name.downcast_ref::<PyASCIIObject>()
        .map(unicode::to_string_lossy)
}

/// Adds the functions of a method table to a module.
pub fn add_functions(module: &PyModuleObject, table: &'static [PyMethodDef]) -> PyResult<()> {
    let name = dict::get_str(dict_of(module), id!("__name__")).map(Own::new);
    for method in table.iter().filter(|method| !method.ml_name.is_null()) {
        let function =
            crate::function::new_cfunction(method, Some(module.as_object()), name.as_deref())?;
        dict::set_literal(dict_of(module), errors::c_text(method.ml_name), &function)?;
    }
    Ok(())
}

/// A constructor of a native module.
pub type NativeModule = (&'static str, fn() -> PyResult<Own<PyModuleObject>>);

/// A module of functions and types; a type's name in the module is the last part of its own.
pub fn build(
    name: &str,
    functions: &'static [PyMethodDef],
    native_types: &[&'static PyTypeObject],
) -> PyResult<Own<PyModuleObject>> {
    use crate::object::TypeExt;
    let made = new(name)?;
    add_functions(&made, functions)?;
    for type_ in native_types {
        types::ready(type_)?;
        dict::set_literal(dict_of(&made), type_.short_name(), type_.as_object())?;
    }
    Ok(made)
}

/// Adds an object to a module.
pub fn add(module: &PyModuleObject, name: &str, value: &PyObject) -> PyResult<()> {
    dict::set_literal(dict_of(module), name, value)
}

/// Adds a static type that stands for one which CPython makes on the heap: its dict tells its module.
pub fn add_heap_type(
    module: &PyModuleObject,
    name: &str,
    type_: &'static PyTypeObject,
) -> PyResult<()> {
    ready_heap_type(type_)?;
    add(module, name, type_.as_object())
}

/// Makes such a type ready without showing it.
pub fn ready_heap_type(type_: &'static PyTypeObject) -> PyResult<()> {
    use crate::object::TypeExt;
    types::ready(type_)?;
    if let Some((own_module, _)) = type_.name().rsplit_once('.')
        && let Some(own) = types::dict_of(type_)
        && dict::get_str(own, id!("__module__")).is_none()
    {
        let own_module = unicode::from_str(own_module)?;
        dict::set_item(own, id!("__module__").as_object(), own_module.as_object())?;
    }
    Ok(())
}

/// Adds an int to a module.
pub fn add_int(module: &PyModuleObject, name: &str, value: i64) -> PyResult<()> {
    add(module, name, crate::long::from_i64(value)?.as_object())
}

/// Adds a str to a module.
pub fn add_str(module: &PyModuleObject, name: &str, value: &str) -> PyResult<()> {
    add(module, name, unicode::from_str(value)?.as_object())
}

fn init(
    module: &PyModuleObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    const SIGNATURE: Signature = Signature {
        name: "module",
        parameters: &["name", "doc"],
        required: 1,
        positional: 2,
    };
    let [name, doc] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let Some(name) = name else {
        return Err(type_error("module() needs a name"));
    };
    unicode::expect_str(name, "module", "argument 'name'")?;
    if module.md_dict.as_ref().is_none() {
        module.md_dict.put(Some(dict::new()?.upcast()));
    }
    let doc = doc.map_or_else(none, Own::new);
    init_dict(module, name, &doc)
}

fn new_module(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of module or of a subclass.
    let module: &PyModuleObject = unsafe { &*made.as_ptr().cast() };
    module.md_dict.put(Some(dict::new()?.upcast()));
    Ok(made)
}

/// `module_repr`, without the import system: by file or as built in.
fn repr(module: &PyModuleObject) -> PyResult {
    let own = dict_of(module);
    let name = match dict::get_str(own, id!("__name__")) {
        Some(name) => Own::new(name),
        None => unicode::from_str("?")?.upcast(),
    };
    let mut writer = unicode::Writer::new();
    writer.push_str("<module ");
    writer.push(&object::repr(&name)?);
    match dict::get_str(own, id!("__file__")).map(Own::new) {
        Some(file) => {
            writer.push_str(" from ");
            writer.push(&object::repr(&file)?);
        }
        None => {
            let has_loader =
                dict::get_str(own, id!("__spec__")).is_some_and(|spec| !spec.is_none());
            let builtin = crate::import_hook::is_builtin_module(&name);
            writer.push_str(if has_loader || builtin {
                " (built-in)"
            } else {
                ""
            });
        }
    }
    writer.push_str(">");
    Ok(writer.finish()?.upcast())
}

/// What is said of an attribute that a module lacks, with the reason where it is still being imported.
fn missing_attribute(
    namespace: &PyDictObject,
    module: &str,
    name: &PyASCIIObject,
) -> PyResult<String> {
    let shown = unicode::to_string_lossy(name);
    if let Some(spec) = dict::get_str(namespace, id!("__spec__")).map(Own::new) {
        let initializing = match object::lookup_attr(&spec, id!("_initializing"))? {
            Some(flag) => object::is_true(&flag)?,
            None => false,
        };
        if initializing {
            return Ok(format!(
                "partially initialized module '{module}' has no attribute '{shown}' \
                 (most likely due to a circular import)"
            ));
        }
        let pending = object::lookup_attr(&spec, id!("_uninitialized_submodules"))?;
        if let Some(pending) = pending
            && abstract_::contains(&pending, name.as_object())?
        {
            return Ok(format!(
                "cannot access submodule '{shown}' of module '{module}' \
                 (most likely due to a circular import)"
            ));
        }
    }
    Ok(format!("module '{module}' has no attribute '{shown}'"))
}

/// A missing attribute may be made by the module's own `__getattr__`.
fn getattro(module: &PyModuleObject, name: &PyObject) -> PyResult {
    let Some(name_text) = name.downcast_ref::<PyASCIIObject>() else {
        return object::generic_get_attr(module.as_object(), name);
    };
    if let Some(value) = object::generic_lookup(module.as_object(), name_text)? {
        return Ok(value);
    }
    if module.md_dict.get().is_null() {
        return Err(object::no_attribute(module.as_object(), name_text));
    }
    let own = dict_of(module);
    if let Some(function) = dict::get_str(own, id!("__getattr__")).map(Own::new) {
        return call::call(&function, &[name]);
    }
    let shown = unicode::to_string_lossy(name_text);
    let message = match self::name_text(module) {
        Some(name) => missing_attribute(own, &name, name_text)?,
        None => format!("module has no attribute '{shown}'"),
    };
    Err(errors::attribute_error_of(
        module.as_object(),
        name,
        message,
    ))
}

fn get_dict(module: &PyModuleObject) -> PyResult {
    Ok(module.md_dict.own().unwrap_or_else(none))
}

fn get_annotations(module: &PyModuleObject) -> PyResult {
    let own = dict_of(module);
    if let Some(existing) = dict::get_str(own, id!("__annotations__")) {
        return Ok(Own::new(existing));
    }
    let made = dict::new()?.upcast();
    dict::set_item(own, id!("__annotations__").as_object(), &made)?;
    Ok(made)
}

fn set_annotations(module: &PyModuleObject, value: Option<&PyObject>) -> PyResult<()> {
    let own = dict_of(module);
    match value {
        Some(value) => dict::set_item(own, id!("__annotations__").as_object(), value),
        None if dict::remove(own, id!("__annotations__").as_object())? => Ok(()),
        None => Err(errors::attribute_error("__annotations__")),
    }
}

fn traverse(module: &PyModuleObject, visitor: &mut Visitor) {
    visitor.field(&module.md_dict);
}

fn clear(module: &PyModuleObject) {
    module.md_dict.clear();
}

unsafe fn dealloc(module: *mut PyModuleObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(module.cast());
        if !(*module).md_weaklist.get().is_null() {
            crate::weakref::clear_all((*module).as_object());
        }
        (*module).md_dict.clear();
        (*module).md_name.clear();
        if let Some(free) = (*module).as_object().type_().tp_free.get() {
            free(module.cast());
        }
    }
}

getset! {
    static GETSET:
    "__annotations__" => get_annotations, set_annotations;
    "__dict__" => get_dict;
}

/// `module.__dir__`: by the module's own `__dir__`, or the names in its dict.
fn dir(module: &PyObject) -> PyResult {
    let own = object::get_attr(module, id!("__dict__"))?;
    let Some(own) = own.downcast_ref::<PyDictObject>() else {
        return Err(type_error("<module>.__dict__ is not a dictionary"));
    };
    match dict::get_item(own, id!("__dir__").as_object())? {
        Some(function) => call::call(&function, &[]),
        None => Ok(crate::list::from_iterable(own.as_object())?.upcast()),
    }
}

methods! {
    static METHODS:
    "__dir__" => noargs(dir);
}

static_type! {
    /// `module`.
    PyModule_Type = "module", size size_of::<PyModuleObject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: slot!(binary getattro),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_weaklistoffset: offset_of!(PyModuleObject, md_weaklist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_dictoffset: offset_of!(PyModuleObject, md_dict) as isize,
    tp_init: slot!(init init),
    tp_new: slot!(new new_module),
    tp_free: Some(memory::object_gc_free),
}
