//! `object` (`Objects/typeobject.c`, the `object_*` functions).

use super::lookup;
use crate::errors::{self, PyResult, type_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{call, dict, getset, id, list, long, methods, slot, static_type, tuple, unicode};
use std::ffi::c_int;
use twinheap_abi::*;

fn excess_args(args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> bool {
    args.ob_size.get() != 0 || kwargs.is_some_and(|kwargs| kwargs.ma_used.get() != 0)
}

fn same_new(a: Option<newfunc>, b: Option<newfunc>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => std::ptr::fn_addr_eq(a, b),
        _ => false,
    }
}

fn same_init(a: Option<initproc>, b: Option<initproc>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => std::ptr::fn_addr_eq(a, b),
        _ => false,
    }
}

/// `object_init`: excess arguments are an error where nobody else takes them.
pub fn object_init_check(
    this: &PyObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    if !excess_args(args, kwargs) {
        return Ok(());
    }
    let type_ = this.type_();
    if !same_init(type_.tp_init.get(), PyBaseObject_Type.tp_init.get()) {
        return Err(type_error(
            "object.__init__() takes exactly one argument (the instance to initialize)",
        ));
    }
    if same_new(type_.tp_new.get(), PyBaseObject_Type.tp_new.get()) {
        return Err(type_error(format_args!(
            "{}.__init__() takes exactly one argument (the instance to initialize)",
            type_.name()
        )));
    }
    Ok(())
}

/// `object.__new__`.
pub fn object_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if excess_args(args, kwargs) {
        if !same_new(type_.tp_new.get(), PyBaseObject_Type.tp_new.get()) {
            return Err(type_error(
                "object.__new__() takes exactly one argument (the type to instantiate)",
            ));
        }
        if same_init(type_.tp_init.get(), PyBaseObject_Type.tp_init.get()) {
            return Err(type_error(format_args!(
                "{}() takes no arguments",
                type_.name()
            )));
        }
    }
    if type_.has_feature(Py_TPFLAGS_IS_ABSTRACT) {
        return Err(abstract_class(type_));
    }
    let made = super::allocate(type_, 0)?;
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        // SAFETY: a fresh instance of the type.
        unsafe { dict::init_instance_values(made.as_ptr(), type_) }?;
    }
    Ok(made)
}

/// The complaint about a class with abstract methods, which it names in order.
fn abstract_class(type_: &PyTypeObject) -> errors::Raised {
    let text = || -> PyResult<String> {
        let names = object::get_attr(type_.as_object(), id!("__abstractmethods__"))?;
        let sorted = list::from_iterable(&names)?;
        list::sort(&sorted)?;
        let mut parts = Vec::new();
        for name in list::iter_owned(&sorted) {
            parts.push(unicode::to_string_lossy(&*object::str(&name)?));
        }
        let plural = if parts.len() > 1 { "s" } else { "" };
        Ok(format!(
            "Can't instantiate abstract class {} with abstract method{plural} {}",
            type_.name(),
            parts.join(", ")
        ))
    };
    match text() {
        Ok(text) => type_error(text),
        Err(raised) => raised,
    }
}

unsafe fn object_dealloc(this: *mut PyObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        match (*this).type_().tp_free.get() {
            Some(free) => free(this.cast()),
            None => memory::object_del(this),
        }
    }
}

/// The module of a type, and its qualified name.
pub fn module_and_qualname(type_: &PyTypeObject) -> PyResult<(Option<Own>, Own)> {
    let module = match object::lookup_attr(type_.as_object(), id!("__module__"))? {
        Some(module) if module.downcast_ref::<PyASCIIObject>().is_some() => Some(module),
        _ => None,
    };
    let name = super::attributes::qualname_object(type_)?;
    Ok((module, name))
}

fn object_repr(this: &PyObject) -> PyResult {
    let type_ = this.type_();
    let (module, name) = module_and_qualname(type_)?;
    let mut writer = unicode::Writer::new();
    writer.push_str("<");
    match module
        .as_ref()
        .and_then(|module| module.downcast_ref::<PyASCIIObject>())
    {
        Some(module) if !unicode::equals_str(module, "builtins") => {
            writer.push(module);
            writer.push_str(".");
            writer.push_object(&name)?;
        }
        _ => writer.push_str(type_.name()),
    }
    writer.push_str(&format!(" object at {:p}>", this as *const PyObject));
    Ok(writer.finish()?.upcast())
}

fn object_str(this: &PyObject) -> PyResult {
    match this.type_().tp_repr.get() {
        // SAFETY: the object's own slot; what it gives is looked at by the caller.
        Some(function) => unsafe { errors::from_c(function(this.as_raw())) },
        None => Ok(object::repr(this)?.upcast()),
    }
}

fn object_hash(this: &PyObject) -> PyResult<Py_hash_t> {
    Ok(object::hash_pointer(this))
}

fn object_richcompare(this: &PyObject, other: &PyObject, op: c_int) -> PyResult {
    match op {
        Py_EQ if std::ptr::eq(this, other) => Ok(bool_object(true)),
        Py_NE => {
            let Some(function) = this.type_().tp_richcompare.get() else {
                return Ok(not_implemented());
            };
            // SAFETY: the slot of the object's own type.
            let answer = unsafe { errors::from_c(function(this.as_raw(), other.as_raw(), Py_EQ)) }?;
            if super::slot_functions::is_not_implemented(&answer) {
                return Ok(answer);
            }
            Ok(bool_object(!object::is_true(&answer)?))
        }
        _ => Ok(not_implemented()),
    }
}

fn get_class(this: &PyObject) -> PyResult {
    Ok(Own::new(this.type_()).upcast())
}

fn set_class(this: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(type_error("can't delete __class__ attribute"));
    };
    let Some(new) = value.downcast_ref::<PyTypeObject>() else {
        return Err(type_error(format_args!(
            "__class__ must be set to a class, not '{}' object",
            value.type_().name()
        )));
    };
    let old = this.type_();
    let module = this.downcast_ref::<PyModuleObject>().is_some()
        && super::is_subtype(new, &crate::module::PyModule_Type);
    if !module
        && (new.has_feature(Py_TPFLAGS_IMMUTABLETYPE) || old.has_feature(Py_TPFLAGS_IMMUTABLETYPE))
    {
        return Err(type_error(
            "__class__ assignment only supported for mutable types or ModuleType subclasses",
        ));
    }
    super::assignment::check(old, new, "__class__")?;
    // The values belong to the old class's keys.
    object::dict_pointer(this)?;
    crate::own::incref(new.as_object());
    this.ob_type.set(new);
    if old.has_feature(Py_TPFLAGS_HEAPTYPE) {
        // SAFETY: the instance owned its old class.
        unsafe { crate::own::decref(old.as_raw()) };
    }
    Ok(())
}

/// `compatible_for_assignment`.
fn object_format(this: &PyObject, spec: &PyObject) -> PyResult {
    let Some(text) = spec.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "__format__() argument must be str, not {}",
            spec.type_().name()
        )));
    };
    if text.length.get() > 0 {
        return Err(type_error(format_args!(
            "unsupported format string passed to {}.__format__",
            this.type_().name()
        )));
    }
    Ok(object::str(this)?.upcast())
}

fn object_sizeof(this: &PyObject) -> PyResult {
    let type_ = this.type_();
    let mut size = type_.tp_basicsize.get();
    if type_.tp_itemsize.get() > 0 {
        // SAFETY: a type with items begins with a variable-size header.
        let count = unsafe { (*this.as_raw().cast::<PyVarObject>()).ob_size.get() };
        size += count.abs() * type_.tp_itemsize.get();
    }
    long::from_isize(size)
}

fn object_reduce(this: &PyObject) -> PyResult {
    reduce_by_protocol(this, 0)
}

fn reduce_by_protocol(this: &PyObject, protocol: i64) -> PyResult {
    let copyreg = crate::import_hook::import_module("copyreg")?;
    if protocol >= 2 {
        return crate::reduce::reduce_newobj(this, &copyreg);
    }
    let protocol = long::from_i64(protocol)?;
    call::call_method(&copyreg, id!("_reduce_ex"), &[this, protocol.as_object()])
}

fn object_reduce_ex(this: &PyObject, protocol: &PyObject) -> PyResult {
    let protocol_value = long::as_int(protocol)?;
    let reduce = object::lookup_attr(this, id!("__reduce__"))?;
    if let Some(reduce) = reduce {
        let class_reduce = object::get_attr(this.type_().as_object(), id!("__reduce__"))?;
        let default = lookup(&PyBaseObject_Type, id!("__reduce__"));
        if !default.is_some_and(|default| std::ptr::eq(default, &*class_reduce)) {
            return call::call(&reduce, &[]);
        }
    }
    reduce_by_protocol(this, i64::from(protocol_value))
}

fn object_getstate(this: &PyObject) -> PyResult {
    crate::reduce::default_getstate(this, false)
}

fn object_dir(this: &PyObject) -> PyResult {
    let names = match object::lookup_attr(this, id!("__dict__"))? {
        Some(own) => match own.downcast_ref::<PyDictObject>() {
            Some(own) => dict::copy(own)?,
            None => dict::new()?,
        },
        None => dict::new()?,
    };
    if let Some(class) = object::lookup_attr(this, id!("__class__"))? {
        merge_class_dict(&names, &class)?;
    }
    Ok(list::from_iterable(names.as_object())?.upcast())
}

/// Adds the names of a class and its bases.
pub fn merge_class_dict(names: &PyDictObject, class: &PyObject) -> PyResult<()> {
    if let Some(own) = object::lookup_attr(class, id!("__dict__"))? {
        dict::update(names, &own)?;
    }
    if let Some(bases) = object::lookup_attr(class, id!("__bases__"))?
        && let Some(bases) = bases.downcast_ref::<PyTupleObject>()
    {
        for base in tuple::items(bases) {
            merge_class_dict(names, base)?;
        }
    }
    Ok(())
}

fn object_subclasshook(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Ok(not_implemented())
}

fn object_init_subclass(class: &PyObject, args: call::Args<'_>) -> PyResult {
    if !args.positional.is_empty() || args.keyword_count() != 0 {
        return Err(type_error(format_args!(
            "{}.__init_subclass__() takes no keyword arguments",
            class_name(class)
        )));
    }
    Ok(none())
}

fn class_name(class: &PyObject) -> String {
    class
        .downcast_ref::<PyTypeObject>()
        .map_or_else(|| "type".to_string(), super::name_lossy)
}

getset! {
    static OBJECT_GETSET:
    "__class__" => get_class, set_class;
}

methods! {
    static OBJECT_METHODS:
    "__reduce_ex__" => o(object_reduce_ex, "($self, protocol, /)");
    "__reduce__" => noargs(object_reduce, "($self, /)");
    "__getstate__" => noargs(object_getstate, "($self, /)");
    "__subclasshook__" => varargs(object_subclasshook) | METH_CLASS;
    "__init_subclass__" => keywords(object_init_subclass) | METH_CLASS;
    "__format__" => o(object_format, "($self, format_spec, /)");
    "__sizeof__" => noargs(object_sizeof, "($self, /)");
    "__dir__" => noargs(object_dir, "($self, /)");
}

static_type! {
    /// `object`.
    PyBaseObject_Type = "object", size size_of::<PyObject>(), 0, flags Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc object_dealloc),
    tp_repr: slot!(unary object_repr),
    tp_hash: slot!(hash object_hash),
    tp_str: slot!(unary object_str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_richcompare: slot!(richcmp object_richcompare),
    tp_methods: OBJECT_METHODS.as_ptr(),
    tp_getset: OBJECT_GETSET.as_ptr(),
    tp_init: slot!(init object_init_check),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new object_new),
    tp_free: Some(memory::object_free),
}
