//! Functions written in Python.

use crate::call;
use crate::errors::{PyResult, type_error, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::state::Global;
use crate::{dict, getset, id, members, slot, static_type, tuple, typed, unicode};
use std::cell::Cell;
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyFunctionObject, PyFunction_Type);

/// The evaluator's entry for calls of functions; the interpreter sets it before any is made.
pub static FUNCTION_VECTORCALL: Global<Cell<Option<vectorcallfunc>>> = Global(Cell::new(None));

/// `PyFunction_NewWithQualName`.
pub fn new_function(code: &PyCodeObject, globals: &PyObject) -> PyResult<Own<PyFunctionObject>> {
    let consts: &PyObject = code.co_consts.expect_ref();
    // SAFETY: the constants of a code object are a tuple.
    let first = unsafe { tuple::items(&*consts.as_raw().cast()) }.first();
    let doc = first
        .filter(|first| first.downcast_ref::<PyASCIIObject>().is_some())
        .map_or_else(none, |first| Own::new(*first));
    // SAFETY: globals are a dict.
    let global_dict: &PyDictObject = unsafe { &*globals.as_raw().cast() };
    let module = dict::get_item(global_dict, id!("__name__").as_object())?;
    let builtins = crate::import_hook::builtins_of(global_dict)?;
    let object: *mut PyFunctionObject =
        memory::new_gc_object(&PyFunction_Type, size_of::<PyFunctionObject>())?;
    // SAFETY: fresh memory.
    unsafe {
        let function = &*object;
        function.func_globals.set(Own::new(globals).into_raw());
        function.func_builtins.set(builtins.into_raw());
        function
            .func_name
            .set(Own::new(&*code.co_name.get()).into_raw());
        function
            .func_qualname
            .set(Own::new(&*code.co_qualname.get()).into_raw());
        function.func_code.set(Own::new(code).into_raw().cast());
        for field in [
            &function.func_defaults,
            &function.func_kwdefaults,
            &function.func_closure,
            &function.func_dict,
            &function.func_weakreflist,
            &function.func_annotations,
        ] {
            field.set(null_mut());
        }
        function.func_doc.set(doc.into_raw());
        function
            .func_module
            .set(module.map_or(null_mut(), Own::into_raw));
        function.vectorcall.set(FUNCTION_VECTORCALL.get());
        function.func_version.set(0);
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

static NEXT_VERSION: Global<Cell<u32>> = Global(Cell::new(1));

/// `_PyFunction_GetVersionForCurrentState`: 0 where there is none left.
pub fn version_of(function: &PyFunctionObject) -> u32 {
    let version = function.func_version.get();
    let next = NEXT_VERSION.get();
    if version != 0 || next == 0 {
        return version;
    }
    NEXT_VERSION.set(next.wrapping_add(1));
    function.func_version.set(next);
    next
}

/// `_PyFunction_FromConstructor`: the function around a module's code, which nobody sees by name.
pub fn new_function_for_frame(
    code: &PyCodeObject,
    globals: &PyObject,
) -> PyResult<Own<PyFunctionObject>> {
    let made = new_function(code, globals)?;
    made.func_doc.put(Some(none()));
    made.func_module.put(None);
    Ok(made)
}

fn descr_get(function: &PyObject, instance: Option<&PyObject>, _: Option<&PyObject>) -> PyResult {
    match instance.filter(|instance| !instance.is_none()) {
        Some(instance) => super::new_bound_method(function, instance),
        None => Ok(Own::new(function)),
    }
}

fn repr(function: &PyFunctionObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("<function ");
    writer.push_object(function.func_qualname.expect_ref())?;
    writer.push_str(&format!(" at {:p}>", function as *const PyFunctionObject));
    Ok(writer.finish()?.upcast())
}

fn get_code(function: &PyFunctionObject) -> PyResult {
    Ok(function.func_code.own().unwrap_or_else(none))
}

fn set_code(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(code) = value.and_then(|value| value.downcast_ref::<PyCodeObject>()) else {
        return Err(type_error("__code__ must be set to a code object"));
    };
    let closed = function
        .func_closure
        .as_ref()
        .and_then(|cells| cells.downcast_ref::<PyTupleObject>())
        .map_or(0, |cells| cells.ob_size.get());
    if code.co_nfreevars.get() as isize != closed {
        return Err(value_error(format_args!(
            "{}() requires a code object with {closed} free vars, not {}",
            text_of(&function.func_name),
            code.co_nfreevars.get()
        )));
    }
    function.func_version.set(0);
    function.func_code.put(Some(Own::new(code).upcast()));
    Ok(())
}

fn text_of(field: &Pointer<PyObject>) -> String {
    field
        .as_ref()
        .and_then(|name| name.downcast_ref::<PyASCIIObject>())
        .map(unicode::to_string_lossy)
        .unwrap_or_default()
}

fn set_text(field: &Pointer<PyObject>, value: Option<&PyObject>, name: &str) -> PyResult<()> {
    match value.filter(|value| value.downcast_ref::<PyASCIIObject>().is_some()) {
        Some(value) => {
            field.put(Some(Own::new(value)));
            Ok(())
        }
        None => Err(type_error(format_args!(
            "{name} must be set to a string object"
        ))),
    }
}

fn get_name(function: &PyFunctionObject) -> PyResult {
    Ok(function.func_name.own().unwrap_or_else(none))
}

fn set_name(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    set_text(&function.func_name, value, "__name__")
}

fn get_qualname(function: &PyFunctionObject) -> PyResult {
    Ok(function.func_qualname.own().unwrap_or_else(none))
}

fn set_qualname(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    set_text(&function.func_qualname, value, "__qualname__")
}

fn get_defaults(function: &PyFunctionObject) -> PyResult {
    Ok(function.func_defaults.own().unwrap_or_else(none))
}

fn set_defaults(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = value.filter(|value| !value.is_none());
    if value.is_some_and(|value| value.downcast_ref::<PyTupleObject>().is_none()) {
        return Err(type_error("__defaults__ must be set to a tuple object"));
    }
    function.func_version.set(0);
    function.func_defaults.put(value.map(Own::new));
    Ok(())
}

fn get_kwdefaults(function: &PyFunctionObject) -> PyResult {
    Ok(function.func_kwdefaults.own().unwrap_or_else(none))
}

fn set_kwdefaults(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = value.filter(|value| !value.is_none());
    if value.is_some_and(|value| value.downcast_ref::<PyDictObject>().is_none()) {
        return Err(type_error("__kwdefaults__ must be set to a dict object"));
    }
    function.func_version.set(0);
    function.func_kwdefaults.put(value.map(Own::new));
    Ok(())
}

/// The annotations; the tuple that the compiler left becomes a dict when it is first asked for.
fn annotations(function: &PyFunctionObject) -> PyResult {
    if let Some(pairs) = function.func_annotations.own()
        && let Some(pairs) = pairs.downcast_ref::<PyTupleObject>()
    {
        let made = dict::new()?;
        for pair in tuple::items(pairs).chunks(2) {
            if let &[name, annotation] = pair {
                dict::set_item(&made, name, annotation)?;
            }
        }
        function.func_annotations.put(Some(made.upcast()));
    }
    if let Some(existing) = function.func_annotations.own() {
        return Ok(existing);
    }
    let made = dict::new()?.upcast();
    function.func_annotations.put(Some(made.clone()));
    Ok(made)
}

fn set_annotations(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    let value = value.filter(|value| !value.is_none());
    if value.is_some_and(|value| value.downcast_ref::<PyDictObject>().is_none()) {
        return Err(type_error("__annotations__ must be set to a dict object"));
    }
    function.func_version.set(0);
    function.func_annotations.put(value.map(Own::new));
    Ok(())
}

fn get_dict(function: &PyFunctionObject) -> PyResult {
    match object::instance_dict(function.as_object())? {
        Some(own) => Ok(own.upcast()),
        None => Ok(none()),
    }
}

fn set_dict(function: &PyFunctionObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("cannot delete __dict__"));
    };
    if value.downcast_ref::<PyDictObject>().is_none() {
        return Err(type_error(format_args!(
            "__dict__ must be set to a dictionary, not a '{:.200}'",
            value.type_().name()
        )));
    }
    function.func_dict.put(Some(Own::new(value)));
    Ok(())
}

fn new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    const SIGNATURE: call::Signature = call::Signature {
        name: "function",
        parameters: &["code", "globals", "name", "argdefs", "closure"],
        required: 2,
        positional: 5,
    };
    let [code, globals, name, defaults, closure] = call::bind_tuple::<5>(&SIGNATURE, args, kwargs)?;
    let (Some(code), Some(globals)) = (code, globals) else {
        return Err(type_error("function() needs code and globals"));
    };
    let Some(code) = code.downcast_ref::<PyCodeObject>() else {
        return Err(type_error(format_args!(
            "function() argument 'code' must be code, not {}",
            code.type_().name()
        )));
    };
    if globals.downcast_ref::<PyDictObject>().is_none() {
        return Err(type_error(format_args!(
            "function() argument 'globals' must be dict, not {}",
            globals.type_().name()
        )));
    }
    let given = |value: Option<&PyObject>| value.filter(|value| !value.is_none()).map(Own::new);
    let (name, defaults, closure) = (given(name), given(defaults), given(closure));
    check_closure(code, closure.as_deref())?;
    let function = new_function(code, globals)?;
    if name.is_some() {
        function.func_name.put(name);
    }
    function.func_defaults.put(defaults);
    function.func_closure.put(closure);
    Ok(function.upcast())
}

fn check_closure(code: &PyCodeObject, closure: Option<&PyObject>) -> PyResult<()> {
    let wanted = code.co_nfreevars.get() as usize;
    let cells = match closure {
        None if wanted == 0 => return Ok(()),
        None => return Err(type_error("arg 5 (closure) must be tuple")),
        Some(closure) => match closure.downcast_ref::<PyTupleObject>() {
            Some(cells) => tuple::items(cells),
            None => return Err(type_error("arg 5 (closure) must be None or tuple")),
        },
    };
    if cells.len() != wanted {
        return Err(value_error(format_args!(
            "{} requires closure of length {wanted}, not {}",
            text_of(&code.co_name),
            cells.len()
        )));
    }
    for cell in cells {
        if cell.downcast_ref::<PyCellObject>().is_none() {
            return Err(type_error(format_args!(
                "arg 5 (closure) expected cell, found {}",
                cell.type_().name()
            )));
        }
    }
    Ok(())
}

fn fields(function: &PyFunctionObject) -> [&Pointer<PyObject>; 12] {
    [
        &function.func_code,
        &function.func_globals,
        &function.func_builtins,
        &function.func_module,
        &function.func_defaults,
        &function.func_kwdefaults,
        &function.func_doc,
        &function.func_name,
        &function.func_dict,
        &function.func_closure,
        &function.func_annotations,
        &function.func_qualname,
    ]
}

fn traverse(function: &PyFunctionObject, visitor: &mut Visitor) {
    for field in fields(function) {
        visitor.field(field);
    }
}

unsafe fn dealloc(function: *mut PyFunctionObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(function.cast());
        if !(*function).func_weakreflist.get().is_null() {
            crate::weakref::clear_all((*function).as_object());
        }
        (*function).func_version.set(0);
        for field in [
            &(*function).func_globals,
            &(*function).func_builtins,
            &(*function).func_module,
            &(*function).func_defaults,
            &(*function).func_kwdefaults,
            &(*function).func_doc,
            &(*function).func_dict,
            &(*function).func_closure,
            &(*function).func_annotations,
            &(*function).func_code,
            &(*function).func_name,
            &(*function).func_qualname,
        ] {
            field.clear();
        }
        memory::gc_del(function.cast());
    }
}

fn clear_slot(function: &PyFunctionObject) {
    function.func_version.set(0);
    for field in [
        &function.func_globals,
        &function.func_builtins,
        &function.func_module,
        &function.func_defaults,
        &function.func_kwdefaults,
        &function.func_doc,
        &function.func_dict,
        &function.func_closure,
        &function.func_annotations,
    ] {
        field.clear();
    }
}

members! {
    static MEMBERS:
    "__closure__" => T_OBJECT, offset_of!(PyFunctionObject, func_closure), READONLY;
    "__doc__" => T_OBJECT, offset_of!(PyFunctionObject, func_doc), 0;
    "__globals__" => T_OBJECT, offset_of!(PyFunctionObject, func_globals), READONLY;
    "__module__" => T_OBJECT, offset_of!(PyFunctionObject, func_module), 0;
    "__builtins__" => T_OBJECT, offset_of!(PyFunctionObject, func_builtins), READONLY;
}

getset! {
    static GETSET:
    "__code__" => get_code, set_code;
    "__defaults__" => get_defaults, set_defaults;
    "__kwdefaults__" => get_kwdefaults, set_kwdefaults;
    "__annotations__" => annotations, set_annotations;
    "__dict__" => get_dict, set_dict;
    "__name__" => get_name, set_name;
    "__qualname__" => get_qualname, set_qualname;
}

static_type! {
    /// `function`.
    PyFunction_Type = "function", size size_of::<PyFunctionObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
    tp_dealloc: slot!(dealloc dealloc),
    tp_vectorcall_offset: offset_of!(PyFunctionObject, vectorcall) as isize,
    tp_repr: slot!(unary repr),
    tp_call: Some(call::PyVectorcall_Call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear_slot),
    tp_weaklistoffset: offset_of!(PyFunctionObject, func_weakreflist) as isize,
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get descr_get),
    tp_dictoffset: offset_of!(PyFunctionObject, func_dict) as isize,
    tp_new: slot!(new new),
}
