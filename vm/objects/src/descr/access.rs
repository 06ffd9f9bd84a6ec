//! The descriptors that give access to what a native type holds.

use crate::call::{self, Args};
use crate::errors::{
    self, PyResult, Raised, attribute_error, c_text, from_c, from_status, type_error,
};
use crate::function::{self, call_method_def};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own, arg, optional_arg, to_c};
use crate::singletons::none;
use crate::{
    dict, docs, getset, id, long, members, methods, slot, static_type, tuple, types, unicode,
};
use std::ffi::c_void;
use std::mem::offset_of;
use twinheap_abi::*;

/// Sets the common beginning of a fresh descriptor.
fn new_descr<T: Layout>(
    descr_type: &PyTypeObject,
    type_: &PyTypeObject,
    name: &str,
) -> PyResult<*mut T> {
    let object: *mut T = memory::new_gc_object(descr_type, size_of::<T>())?;
    let name = unicode::intern(unicode::from_str(name)?);
    // SAFETY: every descriptor begins with the common struct.
    unsafe {
        let common = &*object.cast::<PyDescrObject>();
        common.d_type.set(Own::new(type_).into_raw());
        common.d_name.set(name.into_raw().cast());
        common.d_qualname.set(std::ptr::null_mut());
    }
    Ok(object)
}

/// `PyDescr_NewMethod` and `PyDescr_NewClassMethod`; a static method becomes a builtin function.
pub fn new_method(type_: &PyTypeObject, method: &'static PyMethodDef) -> PyResult {
    if method.ml_flags & METH_STATIC != 0 {
        let function = function::new_cfunction(method, Some(type_.as_object()), None)?;
        return new_static_method(&function);
    }
    let descr_type = if method.ml_flags & METH_CLASS != 0 {
        &PyClassMethodDescr_Type
    } else {
        &PyMethodDescr_Type
    };
    let object: *mut PyMethodDescrObject = new_descr(descr_type, type_, c_text(method.ml_name))?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).d_method.set(method);
        (*object)
            .vectorcall
            .set(slot!(vectorcall method_vectorcall));
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

pub use super::decorators::{new_class_method, new_static_method};

/// `PyDescr_NewMember`.
pub fn new_member(type_: &PyTypeObject, member: &PyMemberDef) -> PyResult {
    let object: *mut PyMemberDescrObject =
        new_descr(&PyMemberDescr_Type, type_, c_text(member.name))?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).d_member.set(member);
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

/// `PyDescr_NewGetSet`.
pub fn new_getset(type_: &PyTypeObject, entry: &'static PyGetSetDef) -> PyResult {
    let object: *mut PyGetSetDescrObject =
        new_descr(&PyGetSetDescr_Type, type_, c_text(entry.name))?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).d_getset.set(entry);
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

/// `PyDescr_NewWrapper`.
pub fn new_wrapper(
    type_: &PyTypeObject,
    row: &'static wrapperbase,
    wrapped: *const c_void,
) -> PyResult {
    let object: *mut PyWrapperDescrObject =
        new_descr(&PyWrapperDescr_Type, type_, c_text(row.name))?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).d_base.set(row);
        (*object).d_wrapped.set(wrapped);
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

/// Adds the members of a static type to its dict.
pub fn add_members(type_: &'static PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    let mut entry = type_.tp_members.get();
    // SAFETY: a table ends with a sentinel.
    while let Some(member) = unsafe { entry.as_ref() }
        && !member.name.is_null()
    {
        let made = new_member(type_, member)?;
        dict::set_literal(attributes, c_text(member.name), &made)?;
        entry = entry.wrapping_add(1);
    }
    Ok(())
}

/// Adds the members that a class declares with `__slots__`.
pub fn add_members_of(
    type_: &PyTypeObject,
    attributes: &PyDictObject,
    members: &[PyMemberDef],
) -> PyResult<()> {
    for member in members {
        let made = new_member(type_, member)?;
        let name = unicode::intern(unicode::from_str(c_text(member.name))?);
        dict::set_default(attributes, name.as_object(), &made)?;
    }
    Ok(())
}

/// Adds the computed attributes of a type to its dict.
pub fn add_getsets(type_: &PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    let mut entry = type_.tp_getset.get();
    // SAFETY: tables are static and end with a sentinel.
    while let Some(getset) = unsafe { entry.as_ref::<'static>() }
        && !getset.name.is_null()
    {
        let made = new_getset(type_, getset)?;
        let name = unicode::intern(unicode::from_str(c_text(getset.name))?);
        dict::set_default(attributes, name.as_object(), &made)?;
        entry = entry.wrapping_add(1);
    }
    Ok(())
}

fn common(descr: &PyDescrObject) -> (&PyTypeObject, &PyASCIIObject) {
    // SAFETY: set when the descriptor was made; the name is a str.
    unsafe { (&*descr.d_type.get(), &*descr.d_name.get().cast()) }
}

fn name_of(descr: &PyDescrObject) -> String {
    unicode::to_string_lossy(common(descr).1)
}

/// `descr_check`: the object is an instance of the descriptor's type.
fn check_instance(descr: &PyDescrObject, object: &PyObject) -> PyResult<()> {
    let (type_, _) = common(descr);
    if object.is_instance_of(type_) {
        return Ok(());
    }
    Err(type_error(format_args!(
        "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
        name_of(descr),
        type_.name(),
        object.type_().name()
    )))
}

fn method_get(
    descr: &PyMethodDescrObject,
    instance: Option<&PyObject>,
    _: Option<&PyObject>,
) -> PyResult {
    let Some(instance) = instance else {
        return Ok(Own::new(descr).upcast());
    };
    check_instance(descr, instance)?;
    // SAFETY: method tables are static.
    let method = unsafe { &*descr.d_method.get() };
    if method.ml_flags & METH_METHOD != 0 {
        return function::new_cmethod(method, instance, common(descr).0);
    }
    function::new_cfunction(method, Some(instance), None)
}

fn classmethod_get(
    descr: &PyMethodDescrObject,
    instance: Option<&PyObject>,
    owner: Option<&PyObject>,
) -> PyResult {
    let owner = match (owner, instance) {
        (Some(owner), _) => owner,
        (None, Some(instance)) => instance.type_().as_object(),
        (None, None) => {
            return Err(type_error(format_args!(
                "descriptor '{}' for type '{}' needs either an object or a type",
                name_of(descr),
                common(descr).0.name()
            )));
        }
    };
    let Some(class) = owner.downcast_ref::<PyTypeObject>() else {
        return Err(type_error(format_args!(
            "descriptor '{}' for type '{}' needs a type, not a '{}' as arg 2",
            name_of(descr),
            common(descr).0.name(),
            owner.type_().name()
        )));
    };
    if !types::is_subtype(class, common(descr).0) {
        return Err(type_error(format_args!(
            "descriptor '{}' requires a subtype of '{}' but received '{}'",
            name_of(descr),
            common(descr).0.name(),
            class.name()
        )));
    }
    // SAFETY: method tables are static.
    function::new_cfunction(unsafe { &*descr.d_method.get() }, Some(owner), None)
}

/// Calling a method of a type with self as the first argument.
fn method_vectorcall(descr: &PyMethodDescrObject, args: Args<'_>) -> PyResult {
    if descr.as_object().is_exactly(&PyClassMethodDescr_Type) {
        return classmethod_call(descr, args);
    }
    let Some((this, rest)) = args.positional.split_first() else {
        return Err(needs_argument(descr));
    };
    if !this.is_instance_of(common(descr).0) {
        return Err(type_error(format_args!(
            "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
            name_of(descr),
            common(descr).0.name(),
            this.type_().name()
        )));
    }
    let args = Args {
        positional: rest,
        ..args
    };
    let owner = Some(common(descr).0);
    // SAFETY: method tables are static; self has the method's type.
    unsafe { call_method_def(&*descr.d_method.get(), this, args, owner, owner) }
}

fn needs_argument(descr: &PyDescrObject) -> Raised {
    type_error(format_args!(
        "unbound method {}.{}() needs an argument",
        common(descr).0.short_name(),
        name_of(descr)
    ))
}

fn classmethod_call(descr: &PyMethodDescrObject, args: Args<'_>) -> PyResult {
    let Some((owner, rest)) = args.positional.split_first() else {
        return Err(type_error(format_args!(
            "descriptor '{}' of '{}' object needs an argument",
            name_of(descr),
            common(descr).0.name()
        )));
    };
    let bound = classmethod_get(descr, None, Some(owner))?;
    call::call_args(
        &bound,
        Args {
            positional: rest,
            ..args
        },
    )
}

fn member_get(
    descr: &PyMemberDescrObject,
    instance: Option<&PyObject>,
    _: Option<&PyObject>,
) -> PyResult {
    let Some(instance) = instance else {
        return Ok(Own::new(descr).upcast());
    };
    check_instance(descr, instance)?;
    // SAFETY: the member table lives as long as the type, which the descriptor owns.
    read_member(instance, unsafe { &*descr.d_member.get() })
}

/// `PyMember_GetOne`.
pub fn read_member(object: &PyObject, member: &PyMemberDef) -> PyResult {
    let address = object.as_raw().cast::<u8>().wrapping_offset(member.offset);
    // SAFETY: the member table tells the type at the offset.
    unsafe {
        match member.type_ {
            T_BOOL => Ok(crate::singletons::bool_object(*address != 0)),
            T_BYTE => Ok(long::from_i64(i64::from(*address.cast::<i8>()))?.upcast()),
            T_UBYTE => Ok(long::from_i64(i64::from(*address))?.upcast()),
            T_SHORT => Ok(long::from_i64(i64::from(*address.cast::<i16>()))?.upcast()),
            T_USHORT => Ok(long::from_i64(i64::from(*address.cast::<u16>()))?.upcast()),
            T_INT => Ok(long::from_i64(i64::from(*address.cast::<i32>()))?.upcast()),
            T_UINT => Ok(long::from_i64(i64::from(*address.cast::<u32>()))?.upcast()),
            T_LONG | T_LONGLONG | T_PYSSIZET => {
                Ok(long::from_i64(*address.cast::<i64>())?.upcast())
            }
            T_ULONG | T_ULONGLONG => Ok(long::from_u64(*address.cast::<u64>())?.upcast()),
            T_DOUBLE => Ok(crate::float::from_f64(*address.cast::<f64>())?.upcast()),
            T_FLOAT => Ok(crate::float::from_f64(f64::from(*address.cast::<f32>()))?.upcast()),
            T_STRING => {
                let text = *address.cast::<*const std::ffi::c_char>();
                if text.is_null() {
                    return Ok(none());
                }
                Ok(unicode::from_str(c_text(text))?.upcast())
            }
            T_OBJECT => Ok(Field::own(&*address.cast::<Pointer<PyObject>>()).unwrap_or_else(none)),
            T_OBJECT_EX => Field::own(&*address.cast::<Pointer<PyObject>>()).ok_or_else(|| {
                attribute_error(format_args!(
                    "'{}' object has no attribute '{}'",
                    object.type_().name(),
                    c_text(member.name)
                ))
            }),
            other => Err(errors::system_error(format_args!(
                "bad memberdescr type {other}"
            ))),
        }
    }
}

fn member_set(
    descr: &PyMemberDescrObject,
    instance: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    check_set(descr, instance)?;
    // SAFETY: the member table lives as long as the type, which the descriptor owns.
    write_member(instance, unsafe { &*descr.d_member.get() }, value)
}

/// `PyMember_SetOne`.
pub fn write_member(
    object: &PyObject,
    member: &PyMemberDef,
    value: Option<&PyObject>,
) -> PyResult<()> {
    if member.flags & READONLY != 0 {
        return Err(attribute_error("readonly attribute"));
    }
    let address = object.as_raw().cast::<u8>().wrapping_offset(member.offset);
    // SAFETY: the member table tells the type at the offset.
    unsafe {
        let Some(value) = value else {
            if !matches!(member.type_, T_OBJECT | T_OBJECT_EX) {
                return Err(type_error("can't delete numeric/char attribute"));
            }
            let field = &*address.cast::<Pointer<PyObject>>();
            if member.type_ == T_OBJECT_EX && Field::as_ref(field).is_none() {
                return Err(attribute_error(c_text(member.name)));
            }
            field.clear();
            return Ok(());
        };
        match member.type_ {
            T_BOOL => match crate::singletons::as_bool(value) {
                Some(value) => *address = u8::from(value),
                None => return Err(type_error("attribute value type must be bool")),
            },
            T_INT => *address.cast::<i32>() = long::as_int(value)?,
            T_LONG | T_PYSSIZET | T_LONGLONG => *address.cast::<i64>() = long::as_long(value)?,
            T_OBJECT | T_OBJECT_EX => {
                (*address.cast::<Pointer<PyObject>>()).put(Some(Own::new(value)));
            }
            other => {
                return Err(errors::system_error(format_args!(
                    "bad memberdescr type {other}"
                )));
            }
        }
    }
    Ok(())
}

/// `descr_setcheck`.
fn check_set(descr: &PyDescrObject, instance: &PyObject) -> PyResult<()> {
    check_instance(descr, instance)
}

fn getset_get(
    descr: &PyGetSetDescrObject,
    instance: Option<&PyObject>,
    _: Option<&PyObject>,
) -> PyResult {
    let Some(instance) = instance else {
        return Ok(Own::new(descr).upcast());
    };
    check_instance(descr, instance)?;
    // SAFETY: getset tables are static.
    let entry = unsafe { &*descr.d_getset.get() };
    match entry.get {
        // SAFETY: the instance has the descriptor's type.
        Some(get) => unsafe { from_c(get(instance.as_raw(), entry.closure)) },
        None => Err(attribute_error(format_args!(
            "attribute '{}' of '{}' objects is not readable",
            name_of(descr),
            common(descr).0.name()
        ))),
    }
}

fn getset_set(
    descr: &PyGetSetDescrObject,
    instance: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    check_set(descr, instance)?;
    // SAFETY: getset tables are static.
    let entry = unsafe { &*descr.d_getset.get() };
    match entry.set {
        Some(set) => {
            let value = value.map_or(std::ptr::null_mut(), |value| value.as_raw());
            // SAFETY: the instance has the descriptor's type.
            from_status(unsafe { set(instance.as_raw(), value, entry.closure) })?;
            Ok(())
        }
        None => Err(attribute_error(format_args!(
            "attribute '{}' of '{}' objects is not writable",
            name_of(descr),
            common(descr).0.name()
        ))),
    }
}

/// Calls the slot behind a wrapper descriptor.
fn call_wrapped(
    descr: &PyWrapperDescrObject,
    this: &PyObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    // SAFETY: the table is static; the wrapper has the type that its flags tell.
    unsafe {
        let row = &*descr.d_base.get();
        let wrapped = descr.d_wrapped.get().cast_mut();
        if row.flags & crate::types::WRAPPER_KEYWORDS != 0 {
            let function = std::mem::transmute::<*const c_void, wrapperfunc_kwds>(row.wrapper);
            let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
            return from_c(function(this.as_raw(), args.as_raw(), wrapped, kwargs));
        }
        if kwargs.is_some_and(|kwargs| kwargs.ma_used.get() != 0) {
            return Err(type_error(format_args!(
                "wrapper {}() takes no keyword arguments",
                c_text(row.name)
            )));
        }
        let function = std::mem::transmute::<*const c_void, wrapperfunc>(row.wrapper);
        from_c(function(this.as_raw(), args.as_raw(), wrapped))
    }
}

fn wrapper_call(
    descr: &PyWrapperDescrObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let Some((this, rest)) = tuple::items(args).split_first() else {
        return Err(type_error(format_args!(
            "descriptor '{}' of '{}' object needs an argument",
            name_of(descr),
            common(descr).0.name()
        )));
    };
    if !this.is_instance_of(common(descr).0) {
        return Err(type_error(format_args!(
            "descriptor '{}' requires a '{}' object but received a '{}'",
            name_of(descr),
            common(descr).0.name(),
            this.type_().name()
        )));
    }
    call_wrapped(descr, this, &*tuple::pack(rest)?, kwargs)
}

fn wrapper_get(
    descr: &PyWrapperDescrObject,
    instance: Option<&PyObject>,
    _: Option<&PyObject>,
) -> PyResult {
    let Some(instance) = instance else {
        return Ok(Own::new(descr).upcast());
    };
    check_instance(descr, instance)?;
    let object: *mut wrapperobject =
        memory::new_gc_object(&_PyMethodWrapper_Type, size_of::<wrapperobject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).descr.set(Own::new(descr).into_raw());
        (*object).self_.set(Own::new(instance).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn bound_call(
    wrapper: &wrapperobject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call_wrapped(
        wrapper.descr.expect_ref(),
        wrapper.self_.expect_ref(),
        args,
        kwargs,
    )
}

fn bound_repr(wrapper: &wrapperobject) -> PyResult {
    let this: &PyObject = wrapper.self_.expect_ref();
    Ok(unicode::from_str(&format!(
        "<method-wrapper '{}' of {} object at {this:p}>",
        name_of(wrapper.descr.expect_ref()),
        this.type_().name()
    ))?
    .upcast())
}

fn bound_richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let both = a.is_exactly(&_PyMethodWrapper_Type) && b.is_exactly(&_PyMethodWrapper_Type);
    if !both || !matches!(op, Py_EQ | Py_NE) {
        return Ok(crate::singletons::not_implemented());
    }
    // SAFETY: both are method wrappers.
    let (x, y) = unsafe {
        (
            arg::<wrapperobject>(a.as_raw()),
            arg::<wrapperobject>(b.as_raw()),
        )
    };
    let equal = x.descr.get() == y.descr.get() && x.self_.get() == y.self_.get();
    Ok(crate::singletons::bool_object(equal == (op == Py_EQ)))
}

fn bound_hash(wrapper: &wrapperobject) -> PyResult<Py_hash_t> {
    let hash =
        object::hash_pointer(wrapper.self_.get()) ^ object::hash_pointer(wrapper.descr.get());
    Ok(if hash == -1 { -2 } else { hash })
}

fn bound_reduce(wrapper: &wrapperobject) -> PyResult {
    let getattr = crate::import_hook::builtin("getattr")?;
    let this = wrapper.self_.own().unwrap_or_else(none);
    let arguments = tuple::pack(&[&this, &*bound_name(wrapper)?])?;
    Ok(tuple::pack(&[&*getattr, arguments.as_object()])?.upcast())
}

methods! {
    static BOUND_METHODS:
    "__reduce__" => noargs(bound_reduce);
}

fn bound_name(wrapper: &wrapperobject) -> PyResult {
    Ok(wrapper.descr.expect_ref().d_name.own().unwrap_or_else(none))
}

fn bound_objclass(wrapper: &wrapperobject) -> PyResult {
    Ok(Own::new(common(wrapper.descr.expect_ref()).0).upcast())
}

fn bound_qualname(wrapper: &wrapperobject) -> PyResult {
    get_qualname(wrapper.descr.expect_ref())
}

fn bound_traverse(wrapper: &wrapperobject, visitor: &mut Visitor) {
    visitor.field(&wrapper.descr);
    visitor.field(&wrapper.self_);
}

unsafe fn bound_dealloc(wrapper: *mut wrapperobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(wrapper.cast());
        (*wrapper).descr.clear();
        (*wrapper).self_.clear();
        memory::gc_del(wrapper.cast());
    }
}

fn describe(descr: &PyDescrObject, what: &str) -> PyResult {
    let text = format!(
        "<{what} '{}' of '{}' objects>",
        name_of(descr),
        common(descr).0.name()
    );
    Ok(unicode::from_str(&text)?.upcast())
}

fn method_repr(descr: &PyDescrObject) -> PyResult {
    describe(descr, "method")
}

fn member_repr(descr: &PyDescrObject) -> PyResult {
    describe(descr, "member")
}

fn getset_repr(descr: &PyDescrObject) -> PyResult {
    describe(descr, "attribute")
}

fn wrapper_repr(descr: &PyDescrObject) -> PyResult {
    describe(descr, "slot wrapper")
}

fn get_qualname(descr: &PyDescrObject) -> PyResult {
    if Field::as_ref(&descr.d_qualname).is_none() {
        let (type_, _) = common(descr);
        let qualname = object::get_attr(type_.as_object(), id!("__qualname__"))?;
        let mut writer = unicode::Writer::new();
        writer.push_object(&qualname)?;
        writer.push_str(".");
        writer.push(common(descr).1);
        descr.d_qualname.put(Some(writer.finish()?.upcast()));
    }
    Ok(descr.d_qualname.own().unwrap_or_else(none))
}

fn method_doc(descr: &PyMethodDescrObject) -> PyResult {
    // SAFETY: method tables are static.
    docs::doc_object(unsafe { (*descr.d_method.get()).ml_doc })
}

fn method_signature(descr: &PyMethodDescrObject) -> PyResult {
    // SAFETY: method tables are static.
    docs::signature_object(&name_of(descr), unsafe { (*descr.d_method.get()).ml_doc })
}

fn wrapper_doc(descr: &PyWrapperDescrObject) -> PyResult {
    // SAFETY: the table is static.
    docs::doc_object(unsafe { (*descr.d_base.get()).doc })
}

fn wrapper_signature(descr: &PyWrapperDescrObject) -> PyResult {
    // SAFETY: the table is static.
    docs::signature_object(&name_of(descr), unsafe { (*descr.d_base.get()).doc })
}

fn no_doc(_: &PyDescrObject) -> PyResult {
    Ok(none())
}

fn descr_reduce(descr: &PyDescrObject) -> PyResult {
    let getattr = crate::import_hook::builtin("getattr")?;
    let args = tuple::pack(&[common(descr).0.as_object(), common(descr).1.as_object()])?;
    Ok(tuple::pack(&[&*getattr, args.as_object()])?.upcast())
}

fn descr_traverse(descr: &PyDescrObject, visitor: &mut Visitor) {
    visitor.pointer(descr.d_type.get().cast_mut());
}

unsafe fn descr_dealloc(descr: *mut PyDescrObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(descr.cast());
        crate::own::xdecref((*descr).d_type.get().cast_mut().cast());
        (*descr).d_name.clear();
        (*descr).d_qualname.clear();
        memory::gc_del(descr.cast());
    }
}

members! {
    static DESCR_MEMBERS:
    "__objclass__" => T_OBJECT, offset_of!(PyDescrObject, d_type), READONLY;
    "__name__" => T_OBJECT, offset_of!(PyDescrObject, d_name), READONLY;
}

getset! {
    static METHOD_GETSET:
    "__doc__" => method_doc;
    "__qualname__" => get_qualname;
    "__text_signature__" => method_signature;
}

getset! {
    static MEMBER_GETSET:
    "__doc__" => no_doc;
    "__qualname__" => get_qualname;
}

getset! {
    static WRAPPER_GETSET:
    "__doc__" => wrapper_doc;
    "__qualname__" => get_qualname;
    "__text_signature__" => wrapper_signature;
}

getset! {
    static BOUND_GETSET:
    "__objclass__" => bound_objclass;
    "__name__" => bound_name;
    "__qualname__" => bound_qualname;
}

members! {
    static BOUND_MEMBERS:
    "__self__" => T_OBJECT, offset_of!(wrapperobject, self_), READONLY;
}

methods! {
    static DESCR_METHODS:
    "__reduce__" => noargs(descr_reduce);
}

static_type! {
    /// `method_descriptor`.
    PyMethodDescr_Type = "method_descriptor", size size_of::<PyMethodDescrObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
    tp_dealloc: slot!(dealloc descr_dealloc),
    tp_vectorcall_offset: offset_of!(PyMethodDescrObject, vectorcall) as isize,
    tp_repr: slot!(unary method_repr),
    tp_call: Some(call::PyVectorcall_Call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse descr_traverse),
    tp_methods: DESCR_METHODS.as_ptr(),
    tp_members: DESCR_MEMBERS.as_ptr(),
    tp_getset: METHOD_GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get method_get),
}

static_type! {
    /// `classmethod_descriptor`.
    PyClassMethodDescr_Type = "classmethod_descriptor", size size_of::<PyMethodDescrObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    tp_dealloc: slot!(dealloc descr_dealloc),
    tp_vectorcall_offset: offset_of!(PyMethodDescrObject, vectorcall) as isize,
    tp_repr: slot!(unary method_repr),
    tp_call: Some(call::PyVectorcall_Call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse descr_traverse),
    tp_members: DESCR_MEMBERS.as_ptr(),
    tp_getset: METHOD_GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get classmethod_get),
}

static_type! {
    /// `member_descriptor`.
    PyMemberDescr_Type = "member_descriptor", size size_of::<PyMemberDescrObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc descr_dealloc),
    tp_repr: slot!(unary member_repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse descr_traverse),
    tp_methods: DESCR_METHODS.as_ptr(),
    tp_members: DESCR_MEMBERS.as_ptr(),
    tp_getset: MEMBER_GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get member_get),
    tp_descr_set: slot!(objobjarg member_set),
}

static_type! {
    /// `getset_descriptor`.
    PyGetSetDescr_Type = "getset_descriptor", size size_of::<PyGetSetDescrObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc descr_dealloc),
    tp_repr: slot!(unary getset_repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse descr_traverse),
    tp_members: DESCR_MEMBERS.as_ptr(),
    tp_getset: MEMBER_GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get getset_get),
    tp_descr_set: slot!(objobjarg getset_set),
}

static_type! {
    /// `wrapper_descriptor`.
    PyWrapperDescr_Type = "wrapper_descriptor", size size_of::<PyWrapperDescrObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_METHOD_DESCRIPTOR;
    tp_dealloc: slot!(dealloc descr_dealloc),
    tp_repr: slot!(unary wrapper_repr),
    tp_call: slot!(call wrapper_call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse descr_traverse),
    tp_methods: DESCR_METHODS.as_ptr(),
    tp_members: DESCR_MEMBERS.as_ptr(),
    tp_getset: WRAPPER_GETSET.as_ptr(),
    tp_descr_get: slot!(descr_get wrapper_get),
}

static_type! {
    /// `method-wrapper`.
    _PyMethodWrapper_Type = "method-wrapper", size size_of::<wrapperobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc bound_dealloc),
    tp_repr: slot!(unary bound_repr),
    tp_hash: slot!(hash bound_hash),
    tp_call: slot!(call bound_call),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse bound_traverse),
    tp_richcompare: slot!(richcmp bound_richcompare),
    tp_methods: BOUND_METHODS.as_ptr(),
    tp_members: BOUND_MEMBERS.as_ptr(),
    tp_getset: BOUND_GETSET.as_ptr(),
}

crate::typed!(PyWrapperDescrObject, PyWrapperDescr_Type);

/// `type.__new__` as an attribute of a native type (`tp_new_wrapper`).
unsafe extern "C" fn tp_new_wrapper(
    this: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: self is the type that the wrapper was made for; the arguments are a tuple and a dict.
    unsafe { to_c(call_new(arg(this), arg(args), optional_arg(kwargs))) }
}

fn call_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let Some((first, rest)) = tuple::items(args).split_first() else {
        return Err(type_error(format_args!(
            "{}.__new__(): not enough arguments",
            type_.name()
        )));
    };
    let Some(subtype) = first.downcast_ref::<PyTypeObject>() else {
        return Err(type_error(format_args!(
            "{}.__new__(X): X is not a type object ({})",
            type_.name(),
            first.type_().name()
        )));
    };
    if !types::is_subtype(subtype, type_) {
        return Err(type_error(format_args!(
            "{}.__new__({}): {} is not a subtype of {}",
            type_.name(),
            subtype.name(),
            subtype.name(),
            type_.name()
        )));
    }
    // The most derived base whose constructor is no `__new__` of a class decides which one is safe.
    let mut native = subtype;
    // SAFETY: types keep their bases alive; native tables live for ever.
    unsafe {
        while types::has_slot_new(native) {
            native = &*native.tp_base.get();
        }
        let same = match (native.tp_new.get(), type_.tp_new.get()) {
            (Some(a), Some(b)) => std::ptr::fn_addr_eq(a, b),
            _ => false,
        };
        if !same {
            return Err(type_error(format_args!(
                "{}.__new__({}) is not safe, use {}.__new__()",
                type_.name(),
                subtype.name(),
                native.name()
            )));
        }
        let rest = tuple::pack(rest)?;
        let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
        match type_.tp_new.get() {
            Some(new) => from_c(new(subtype, rest.as_raw(), kwargs)),
            None => Err(type_error(format_args!(
                "cannot create '{}' instances",
                type_.name()
            ))),
        }
    }
}

static NEW_METHOD: PyMethodDef = PyMethodDef {
    ml_name: c"__new__".as_ptr(),
    ml_meth: tp_new_wrapper as PyCFunctionWithKeywords as *const c_void,
    ml_flags: METH_VARARGS | METH_KEYWORDS,
    ml_doc: c"__new__($type, *args, **kwargs)\n--\n\n".as_ptr(),
};

/// Adds `__new__` to the dict of a native type.
pub fn add_new_wrapper(type_: &'static PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    let function = function::new_cfunction(&NEW_METHOD, Some(type_.as_object()), None)?;
    dict::set_default(attributes, id!("__new__").as_object(), &function)?;
    Ok(())
}

/// Whether the object is the `__new__` of a native type.
pub fn is_new_wrapper(object: &PyObject) -> bool {
    object
        .downcast_exact::<PyCFunctionObject>()
        .is_some_and(|function| std::ptr::eq(function.m_ml.get(), &NEW_METHOD))
}

pub fn subtype_dict(object: &PyObject) -> PyResult {
    match object::instance_dict(object)? {
        Some(attributes) => Ok(attributes.upcast()),
        None => Err(attribute_error("This object has no __dict__")),
    }
}

pub fn subtype_set_dict(object: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    // The values move into a dict first, which the new one then replaces.
    let Some(field) = object::dict_pointer(object)? else {
        return Err(attribute_error("This object has no __dict__"));
    };
    if let Some(value) = value
        && value.downcast_ref::<PyDictObject>().is_none()
    {
        return Err(type_error(format_args!(
            "__dict__ must be set to a dictionary, not a '{:.200}'",
            value.type_().name()
        )));
    }
    field.put(value.map(Own::new));
    Ok(())
}

fn subtype_weakref(object: &PyObject) -> PyResult {
    Ok(crate::weakref::first_reference(object).unwrap_or_else(none))
}

getset! {
    pub static SUBTYPE_GETSET_BOTH:
    "__dict__" => subtype_dict, subtype_set_dict;
    "__weakref__" => subtype_weakref;
}

getset! {
    pub static SUBTYPE_GETSET_DICT:
    "__dict__" => subtype_dict, subtype_set_dict;
}

getset! {
    pub static SUBTYPE_GETSET_WEAKREF:
    "__weakref__" => subtype_weakref;
}
