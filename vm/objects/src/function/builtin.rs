//! Builtin functions and methods: a static `PyMethodDef` bound to a self object.

use crate::call::{self, Args};
use crate::errors::{PyResult, c_text, from_c, system_error, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{
    dict, docs, getset, id, members, methods, slot, static_type, tuple, typed, types, unicode,
};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(PyCFunctionObject, PyCFunction_Type);
// SAFETY: `#[repr(C)]`, begins with the struct of a builtin function.
unsafe impl Layout for PyCMethodObject {}
typed!(PyCMethodObject, PyCMethod_Type);

/// `PyCFunction_NewEx`.
pub fn new_cfunction(
    method: &'static PyMethodDef,
    this: Option<&PyObject>,
    module: Option<&PyObject>,
) -> PyResult {
    let object = memory::new_gc_object(&PyCFunction_Type, size_of::<PyCFunctionObject>())?;
    // SAFETY: fresh memory of this type.
    Ok(unsafe { fill(object, method, this, module) })
}

/// `PyCMethod_New`: a method that knows the class which defines it.
pub fn new_cmethod(
    method: &'static PyMethodDef,
    this: &PyObject,
    class: &PyTypeObject,
) -> PyResult {
    let object: *mut PyCMethodObject =
        memory::new_gc_object(&PyCMethod_Type, size_of::<PyCMethodObject>())?;
    // SAFETY: fresh memory of this type; it is tracked once its fields are set.
    unsafe {
        (*object).mm_class.set(Own::new(class).into_raw());
        Ok(fill(object.cast(), method, Some(this), None))
    }
}

/// Sets the fields of a new builtin function.
///
/// # Safety
/// Fresh memory of a builtin function or method.
unsafe fn fill(
    object: *mut PyCFunctionObject,
    method: &'static PyMethodDef,
    this: Option<&PyObject>,
    module: Option<&PyObject>,
) -> Own {
    // SAFETY: fresh memory.
    unsafe {
        let function = &*object;
        function.m_ml.set(method);
        function
            .m_self
            .set(this.map_or(std::ptr::null_mut(), |this| Own::new(this).into_raw()));
        function
            .m_module
            .set(module.map_or(std::ptr::null_mut(), |module| Own::new(module).into_raw()));
        function.m_weakreflist.set(std::ptr::null_mut());
        function
            .vectorcall
            .set(slot!(vectorcall cfunction_vectorcall));
        memory::track(object.cast());
        Own::from_raw(object.cast())
    }
}

fn method_of(function: &PyCFunctionObject) -> &'static PyMethodDef {
    // SAFETY: method tables are static.
    unsafe { &*function.m_ml.get() }
}

/// The name of a builtin function.
pub fn cfunction_name(function: &PyCFunctionObject) -> &'static str {
    c_text(method_of(function).ml_name)
}

fn cfunction_vectorcall(function: &PyCFunctionObject, args: Args<'_>) -> PyResult {
    let method = method_of(function);
    let this = function.m_self.get();
    // SAFETY: the function owns its self; without one the wrapper ignores it.
    let this = unsafe { this.as_ref() }.unwrap_or(&crate::singletons::_Py_NoneStruct);
    let class = class_of(function);
    // SAFETY: self is what the method was bound to.
    unsafe { call_method_def(method, this, args, None, class) }
}

/// The class that defines a method, where the method is told it.
fn class_of(function: &PyCFunctionObject) -> Option<&PyTypeObject> {
    if method_of(function).ml_flags & METH_METHOD == 0 {
        return None;
    }
    // SAFETY: a function with this flag is a `PyCMethodObject`.
    unsafe {
        (*(&raw const *function).cast::<PyCMethodObject>())
            .mm_class
            .get()
            .as_ref()
    }
}

/// Calls a native function by its convention; errors in the arguments are worded as CPython's.
///
/// # Safety
/// `this` is a self object that the function accepts.
#[inline]
pub unsafe fn call_method_def(
    method: &'static PyMethodDef,
    this: &PyObject,
    args: Args<'_>,
    owner: Option<&PyTypeObject>,
    class: Option<&PyTypeObject>,
) -> PyResult {
    const CONVENTION: i32 =
        METH_VARARGS | METH_FASTCALL | METH_NOARGS | METH_O | METH_KEYWORDS | METH_METHOD;
    let convention = method.ml_flags & CONVENTION;
    if convention & METH_KEYWORDS == 0 && args.keyword_count() != 0 {
        // A bound function that takes a tuple is not called by vectorcall, which words it by the short name.
        let name = if convention == METH_VARARGS && owner.is_none() {
            c_text(method.ml_name).to_owned()
        } else {
            full_name(method, this, owner)
        };
        return Err(type_error(format_args!(
            "{name}() takes no keyword arguments"
        )));
    }
    let pointer = method.ml_meth;
    let raw_args = args.positional.as_ptr().cast::<*mut PyObject>();
    // SAFETY: the flags tell the function's type; the arguments live through the call.
    unsafe {
        let result = match convention {
            METH_NOARGS => {
                if !args.positional.is_empty() {
                    return Err(type_error(format_args!(
                        "{}() takes no arguments ({} given)",
                        full_name(method, this, owner),
                        args.positional.len()
                    )));
                }
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function = std::mem::transmute::<*const _, PyCFunction>(pointer);
                function(this.as_raw(), std::ptr::null_mut())
            }
            METH_O => {
                let &[single] = args.positional else {
                    return Err(type_error(format_args!(
                        "{}() takes exactly one argument ({} given)",
                        full_name(method, this, owner),
                        args.positional.len()
                    )));
                };
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function = std::mem::transmute::<*const _, PyCFunction>(pointer);
                function(this.as_raw(), single.as_raw())
            }
            METH_FASTCALL => {
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function = std::mem::transmute::<*const _, _PyCFunctionFast>(pointer);
                function(this.as_raw(), raw_args, args.positional.len() as isize)
            }
            convention if convention == METH_FASTCALL | METH_KEYWORDS => {
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function =
                    std::mem::transmute::<*const _, _PyCFunctionFastWithKeywords>(pointer);
                call_fast_with_keywords(args, |args, count, kwnames| {
                    function(this.as_raw(), args, count, kwnames)
                })
            }
            convention if convention == METH_METHOD | METH_FASTCALL | METH_KEYWORDS => {
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function = std::mem::transmute::<*const _, PyCMethod>(pointer);
                let class = class.map_or(std::ptr::null_mut(), |class| class.as_raw());
                call_fast_with_keywords(args, |args, count, kwnames| {
                    function(this.as_raw(), class.cast(), args, count, kwnames)
                })
            }
            METH_VARARGS => {
                let packed = tuple::pack(args.positional)?;
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function = std::mem::transmute::<*const _, PyCFunction>(pointer);
                function(this.as_raw(), packed.as_raw())
            }
            convention if convention == METH_VARARGS | METH_KEYWORDS => {
                let packed = tuple::pack(args.positional)?;
                let kwargs = keywords_dict(args)?;
                let _depth = object::enter_recursive_call(" while calling a Python object")?;
                let function = std::mem::transmute::<*const _, PyCFunctionWithKeywords>(pointer);
                let kwargs = kwargs
                    .as_ref()
                    .map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
                function(this.as_raw(), packed.as_raw(), kwargs)
            }
            other => {
                return Err(system_error(format_args!(
                    "bad call flags {other:#x} for a builtin"
                )));
            }
        };
        from_c(result)
    }
}

/// Keyword values must lie behind the positional arguments; they are moved there where they do not.
fn call_fast_with_keywords(
    args: Args<'_>,
    function: impl Fn(*const *mut PyObject, isize, *mut PyObject) -> *mut PyObject,
) -> *mut PyObject {
    let count = args.positional.len() as isize;
    let kwnames = args
        .kwnames
        .map_or(std::ptr::null_mut(), |names| names.as_raw());
    if args.keyword_count() == 0 || args.positional.as_ptr_range().end == args.kwvalues.as_ptr() {
        return function(args.positional.as_ptr().cast(), count, kwnames);
    }
    let mut all = args.positional.to_vec();
    all.extend_from_slice(args.kwvalues);
    function(all.as_ptr().cast(), count, kwnames)
}

/// The keywords as a dict; none where there are none.
pub fn keywords_dict(args: Args<'_>) -> PyResult<Option<Own<PyDictObject>>> {
    if args.keyword_count() == 0 {
        return Ok(None);
    }
    let made = dict::new()?;
    for (name, value) in args.keywords() {
        dict::set_item(&made, name.as_object(), value)?;
    }
    Ok(Some(made))
}

/// The function's qualified name, as error messages show it (`_PyObject_FunctionStr`).
fn full_name(method: &PyMethodDef, this: &PyObject, owner: Option<&PyTypeObject>) -> String {
    let name = c_text(method.ml_name);
    if let Some(owner) = owner {
        return format!("{}.{name}", owner.short_name());
    }
    if this.is_none() || this.downcast_ref::<PyModuleObject>().is_some() {
        return match this
            .downcast_ref::<PyModuleObject>()
            .and_then(crate::module::name_text)
        {
            Some(module) if module != "builtins" => format!("{module}.{name}"),
            _ => name.to_string(),
        };
    }
    match this.downcast_ref::<PyTypeObject>() {
        Some(class) => format!("{}.{name}", types::name_lossy(class)),
        None => format!("{}.{name}", this.type_().short_name()),
    }
}

fn get_doc(function: &PyCFunctionObject) -> PyResult {
    docs::doc_object(method_of(function).ml_doc)
}

fn get_signature(function: &PyCFunctionObject) -> PyResult {
    docs::signature_object(cfunction_name(function), method_of(function).ml_doc)
}

fn get_name(function: &PyCFunctionObject) -> PyResult {
    Ok(unicode::intern(unicode::from_str(cfunction_name(function))?).upcast())
}

fn get_qualname(function: &PyCFunctionObject) -> PyResult {
    let name = unicode::from_str(cfunction_name(function))?;
    let Some(this) = function.m_self.own() else {
        return Ok(name.upcast());
    };
    if this.downcast_ref::<PyModuleObject>().is_some() {
        return Ok(name.upcast());
    }
    let class = match this.downcast_ref::<PyTypeObject>() {
        Some(class) => Own::new(class),
        None => Own::new(this.type_()),
    };
    let qualname = object::get_attr(class.as_object(), id!("__qualname__"))?;
    let mut writer = unicode::Writer::new();
    writer.push_object(&qualname)?;
    writer.push_str(".");
    writer.push(&name);
    Ok(writer.finish()?.upcast())
}

fn get_self(function: &PyCFunctionObject) -> PyResult {
    Ok(function.m_self.own().unwrap_or_else(none))
}

fn repr(function: &PyCFunctionObject) -> PyResult {
    let name = cfunction_name(function);
    let text = match function.m_self.own() {
        Some(this) if this.downcast_ref::<PyModuleObject>().is_none() => {
            let this: &PyObject = &this;
            format!(
                "<built-in method {name} of {} object at {this:p}>",
                this.type_().name()
            )
        }
        _ => format!("<built-in function {name}>"),
    };
    Ok(unicode::from_str(&text)?.upcast())
}

fn richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<PyCFunctionObject>(),
        b.downcast_ref::<PyCFunctionObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if !matches!(op, Py_EQ | Py_NE) {
        return Ok(not_implemented());
    }
    let equal = x.m_self.get() == y.m_self.get() && method_of(x).ml_meth == method_of(y).ml_meth;
    Ok(bool_object(equal == (op == Py_EQ)))
}

fn hash(function: &PyCFunctionObject) -> PyResult<Py_hash_t> {
    let hash = object::hash_pointer(function.m_self.get())
        ^ object::hash_pointer(method_of(function).ml_meth);
    Ok(if hash == -1 { -2 } else { hash })
}

fn reduce(function: &PyCFunctionObject) -> PyResult {
    match function.m_self.own() {
        Some(this) if this.downcast_ref::<PyModuleObject>().is_none() => {
            let getattr = crate::import_hook::builtin("getattr")?;
            let args = tuple::pack(&[&this, &*get_name(function)?])?;
            Ok(tuple::pack(&[&*getattr, args.as_object()])?.upcast())
        }
        _ => get_name(function),
    }
}

fn traverse(function: &PyCFunctionObject, visitor: &mut Visitor) {
    visitor.field(&function.m_self);
    visitor.field(&function.m_module);
    if method_of(function).ml_flags & METH_METHOD != 0 {
        // SAFETY: a function with this flag is a `PyCMethodObject`.
        visitor.field(unsafe { &(*(&raw const *function).cast::<PyCMethodObject>()).mm_class });
    }
}

unsafe fn dealloc(function: *mut PyCFunctionObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(function.cast());
        if !(*function).m_weakreflist.get().is_null() {
            crate::weakref::clear_all((*function).as_object());
        }
        if method_of(&*function).ml_flags & METH_METHOD != 0 {
            (*function.cast::<PyCMethodObject>()).mm_class.clear();
        }
        (*function).m_self.clear();
        (*function).m_module.clear();
        memory::gc_del(function.cast());
    }
}

getset! {
    static GETSET:
    "__doc__" => get_doc;
    "__name__" => get_name;
    "__qualname__" => get_qualname;
    "__self__" => get_self;
    "__text_signature__" => get_signature;
}

members! {
    static MEMBERS:
    "__module__" => T_OBJECT, offset_of!(PyCFunctionObject, m_module), 0;
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
}

static_type! {
    /// `builtin_function_or_method`.
    PyCFunction_Type = "builtin_function_or_method", size size_of::<PyCFunctionObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    tp_dealloc: slot!(dealloc dealloc),
    tp_vectorcall_offset: offset_of!(PyCFunctionObject, vectorcall) as isize,
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_call: Some(call::PyVectorcall_Call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(PyCFunctionObject, m_weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
}

static_type! {
    /// `builtin_method`.
    PyCMethod_Type = "builtin_method", size size_of::<PyCMethodObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    tp_base: &raw const PyCFunction_Type,
    tp_dealloc: slot!(dealloc dealloc),
    tp_vectorcall_offset: offset_of!(PyCFunctionObject, vectorcall) as isize,
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_call: Some(call::PyVectorcall_Call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(PyCFunctionObject, m_weakreflist) as isize,
}
