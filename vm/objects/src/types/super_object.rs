//! `super` (`Objects/typeobject.c`, the `super_*` functions).

use super::{dict_of, is_subtype, mro_items};
use crate::call::Args;
use crate::errors::{PyResult, runtime_error, system_error, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own, xdecref};
use crate::{call, dict, id, members, slot, static_type, tuple, typed, types, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(superobject, PySuper_Type);

/// `supercheck`: the type whose MRO is searched.
fn check(type_: &PyTypeObject, object: &PyObject) -> PyResult<Own<PyTypeObject>> {
    if let Some(class) = object.downcast_ref::<PyTypeObject>()
        && is_subtype(class, type_)
    {
        return Ok(Own::new(class));
    }
    if is_subtype(object.type_(), type_) {
        return Ok(Own::new(object.type_()));
    }
    let claimed = object::lookup_attr(object, id!("__class__"))?;
    if let Some(claimed) = claimed
        && let Some(class) = claimed.downcast_ref::<PyTypeObject>()
        && !std::ptr::eq(class, object.type_())
        && is_subtype(class, type_)
    {
        return Ok(Own::new(class));
    }
    Err(type_error(
        "super(type, obj): obj must be an instance or subtype of type",
    ))
}

/// `super(type_, object)`.
pub fn new_super(type_: &PyTypeObject, object: &PyObject) -> PyResult {
    let made = types::allocate(&PySuper_Type, 0)?;
    if let Some(this) = made.downcast_ref::<superobject>() {
        fill(this, type_, Some(object))?;
    }
    Ok(made)
}

fn fill(this: &superobject, type_: &PyTypeObject, object: Option<&PyObject>) -> PyResult<()> {
    let object_type = match object {
        Some(object) => Some(check(type_, object)?),
        None => None,
    };
    let old_type = this.type_.replace(Own::new(type_).into_raw());
    this.obj.put(object.map(Own::new));
    let new = object_type.map_or(std::ptr::null_mut(), Own::into_raw);
    let old = this.obj_type.replace(new);
    // SAFETY: the object owned its old fields.
    unsafe {
        xdecref(old_type.cast_mut().cast());
        xdecref(old.cast_mut().cast());
    }
    Ok(())
}

/// The attribute behind the type in the MRO of the object's type.
fn getattro(this: &superobject, name: &PyObject) -> PyResult {
    // SAFETY: the object owns its types.
    let (type_, object_type) = unsafe { (this.type_.get().as_ref(), this.obj_type.get().as_ref()) };
    let is_class = name
        .downcast_ref::<PyASCIIObject>()
        .is_some_and(|n| unicode::equals_str(n, "__class__"));
    if let (Some(type_), Some(start), false) = (type_, object_type, is_class)
        && let Some(name) = name.downcast_ref::<PyASCIIObject>()
        && let Some(found) = find_behind(type_, start, name)
    {
        let object = Field::own(&this.obj);
        let start = Own::new(start);
        let instance = match &object {
            Some(object) if !std::ptr::eq(&**object, start.as_object()) => Some(&**object),
            _ => None,
        };
        return object::bind_descriptor(found, instance, &start);
    }
    object::generic_get_attr(this.as_object(), name)
}

fn find_behind(type_: &PyTypeObject, start: &PyTypeObject, name: &PyASCIIObject) -> Option<Own> {
    let mro = mro_items(start);
    let at = mro
        .iter()
        .position(|entry| std::ptr::eq(*entry, type_.as_object()))?;
    mro[at + 1..].iter().find_map(|entry| {
        let base = entry.downcast_ref::<PyTypeObject>()?;
        dict_of(base)
            .and_then(|attributes| dict::get_str(attributes, name))
            .map(Own::new)
    })
}

fn repr(this: &superobject) -> PyResult {
    // SAFETY: the object owns its types.
    let (type_, object_type) = unsafe { (this.type_.get().as_ref(), this.obj_type.get().as_ref()) };
    let name = type_.map_or("NULL", TypeExt::name);
    let text = match object_type {
        Some(object_type) => format!("<super: <class '{name}'>, <{} object>>", object_type.name()),
        None => format!("<super: <class '{name}'>, NULL>"),
    };
    Ok(unicode::from_str(&text)?.upcast())
}

fn init(this: &superobject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    call::no_keywords("super", kwargs)?;
    call::check_positional("super", tuple::items(args).len(), 0, 2)?;
    init_with(this, tuple::items(args))
}

fn super_vectorcall(type_: &PyObject, args: Args<'_>) -> PyResult {
    if args.keyword_count() != 0 {
        return Err(type_error("super() takes no keyword arguments"));
    }
    call::check_positional("super()", args.positional.len(), 0, 2)?;
    let Some(type_) = type_.downcast_ref::<PyTypeObject>() else {
        return Err(system_error("super is not called as a type"));
    };
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of super or of a class below it.
    let this = unsafe { &*made.as_ptr().cast::<superobject>() };
    init_with(this, args.positional)?;
    Ok(made)
}

fn init_with(this: &superobject, items: &[&PyObject]) -> PyResult<()> {
    let Some(first) = items.first() else {
        return init_without_arguments(this);
    };
    let Some(type_) = first.downcast_ref::<PyTypeObject>() else {
        return Err(type_error(format_args!(
            "super() argument 1 must be a type, not {}",
            first.type_().name()
        )));
    };
    fill(
        this,
        type_,
        items.get(1).copied().filter(|object| !object.is_none()),
    )
}

/// `super()`: class and instance come from the frame that calls.
fn init_without_arguments(this: &superobject) -> PyResult<()> {
    let frame = crate::state::tstate().current_frame.get();
    // SAFETY: the frame that runs is valid.
    let Some(frame) = (unsafe { frame.as_ref() }) else {
        return Err(runtime_error("super(): no current frame"));
    };
    let code = frame.f_code.expect_ref();
    if code.co_argcount.get() == 0 {
        return Err(runtime_error("super(): no arguments"));
    }
    // SAFETY: the locals of the frame follow it, `co_nlocalsplus` of them.
    let locals = unsafe {
        std::slice::from_raw_parts(
            frame.localsplus.as_ptr(),
            code.co_nlocalsplus.get() as usize,
        )
    };
    let first = Field::own(&locals[0]).map(|first| match first.downcast_exact::<PyCellObject>() {
        Some(cell) if code_is_cell(code, 0) => cell.ob_ref.own(),
        _ => Some(first.clone()),
    });
    let Some(Some(object)) = first else {
        return Err(runtime_error("super(): arg[0] deleted"));
    };
    for index in code.co_nlocalsplus.get() - code.co_nfreevars.get()..code.co_nlocalsplus.get() {
        // SAFETY: the names of locals are a tuple of str.
        let name = unsafe { tuple::items(&*code.co_localsplusnames.get().cast())[index as usize] };
        if !name
            .downcast_ref::<PyASCIIObject>()
            .is_some_and(|name| unicode::equals_str(name, "__class__"))
        {
            continue;
        }
        let cell = Field::own(&locals[index as usize]);
        let Some(cell) = cell
            .as_ref()
            .and_then(|cell| cell.downcast_ref::<PyCellObject>())
        else {
            return Err(runtime_error("super(): bad __class__ cell"));
        };
        let Some(class) = cell.ob_ref.own() else {
            return Err(runtime_error("super(): empty __class__ cell"));
        };
        let Some(type_) = class.downcast_ref::<PyTypeObject>() else {
            return Err(runtime_error(format_args!(
                "super(): __class__ is not a type ({})",
                class.type_().name()
            )));
        };
        // A first argument of None leaves the object unbound.
        return fill(
            this,
            type_,
            Some(&*object).filter(|object| !object.is_none()),
        );
    }
    Err(runtime_error("super(): __class__ cell not found"))
}

fn code_is_cell(code: &PyCodeObject, index: usize) -> bool {
    // SAFETY: the kinds of locals are bytes.
    let kinds: &PyBytesObject = unsafe { &*code.co_localspluskinds.get().cast() };
    crate::bytes::data_of(kinds)
        .get(index)
        .is_some_and(|kind| kind & CO_FAST_CELL != 0)
}

fn descr_get(this: &superobject, instance: Option<&PyObject>, _: Option<&PyObject>) -> PyResult {
    let Some(instance) = instance.filter(|instance| !instance.is_none()) else {
        return Ok(Own::new(this).upcast());
    };
    // SAFETY: the object owns its type.
    match (Field::as_ref(&this.obj), unsafe {
        this.type_.get().as_ref()
    }) {
        (None, Some(type_)) if this.as_object().is_exactly(&PySuper_Type) => {
            new_super(type_, instance)
        }
        (None, Some(type_)) => {
            let class = this.as_object().type_();
            call::call(class.as_object(), &[type_.as_object(), instance])
        }
        _ => Ok(Own::new(this).upcast()),
    }
}

fn traverse(this: &superobject, visitor: &mut Visitor) {
    visitor.field(&this.obj);
    visitor.pointer(this.type_.get().cast_mut());
    visitor.pointer(this.obj_type.get().cast_mut());
}

unsafe fn dealloc(this: *mut superobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).obj.clear();
        xdecref((*this).type_.get().cast_mut().cast());
        xdecref((*this).obj_type.get().cast_mut().cast());
        if let Some(free) = (*this).as_object().type_().tp_free.get() {
            free(this.cast());
        }
    }
}

members! {
    static MEMBERS:
    "__thisclass__" => T_OBJECT, offset_of!(superobject, type_), READONLY;
    "__self__" => T_OBJECT, offset_of!(superobject, obj), READONLY;
    "__self_class__" => T_OBJECT, offset_of!(superobject, obj_type), READONLY;
}

static_type! {
    /// `super`.
    PySuper_Type = "super", size size_of::<superobject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: slot!(binary getattro),
    tp_traverse: slot!(traverse traverse),
    tp_members: MEMBERS.as_ptr(),
    tp_descr_get: slot!(descr_get descr_get),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new generic_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall super_vectorcall),
}

/// `PyType_GenericNew`.
fn generic_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    types::allocate(type_, 0)
}
