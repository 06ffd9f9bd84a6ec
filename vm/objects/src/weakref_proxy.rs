//! Weak proxies (`Objects/weakrefobject.c`): a weak reference that acts as its object.

use crate::errors::{self, PyResult, type_error};
use crate::exceptions::PyExc_ReferenceError;
use crate::memory;
use crate::object::{self, ObjectExt};
use crate::own::Own;
use crate::weakref;
use crate::{abstract_, call, id, methods, slot, static_type, unicode};
use std::ffi::c_int;
use twinheap_abi::*;

/// `weakref.proxy`.
pub fn new_proxy(object: &PyObject, callback: Option<&PyObject>) -> PyResult {
    let type_ = match call::is_callable(object) {
        true => &_PyWeakref_CallableProxyType,
        false => &_PyWeakref_ProxyType,
    };
    weakref::new_with_callback(type_, object, callback)
}

fn is_proxy(object: &PyObject) -> bool {
    object.is_exactly(&_PyWeakref_ProxyType) || object.is_exactly(&_PyWeakref_CallableProxyType)
}

/// The object itself, or the object behind a proxy.
fn unwrap(object: &PyObject) -> PyResult {
    if !is_proxy(object) {
        return Ok(Own::new(object));
    }
    weakref::proxy_target(object).ok_or_else(|| {
        errors::raise(
            &PyExc_ReferenceError,
            "weakly-referenced object no longer exists",
        )
    })
}

macro_rules! binary_forwards {
    ($($name:ident => $operation:ident),+ $(,)?) => {
        $(fn $name(a: &PyObject, b: &PyObject) -> PyResult {
            abstract_::$operation(&*unwrap(a)?, &*unwrap(b)?)
        })+
    };
}

binary_forwards! {
    proxy_add => add, proxy_subtract => subtract, proxy_multiply => multiply,
    proxy_remainder => remainder, proxy_divmod => divmod, proxy_lshift => lshift,
    proxy_rshift => rshift, proxy_and => and, proxy_xor => xor, proxy_or => or,
    proxy_floor_divide => floor_divide, proxy_true_divide => true_divide,
    proxy_matrix_multiply => matrix_multiply, proxy_inplace_add => inplace_add,
    proxy_inplace_subtract => inplace_subtract, proxy_inplace_multiply => inplace_multiply,
    proxy_inplace_remainder => inplace_remainder, proxy_inplace_lshift => inplace_lshift,
    proxy_inplace_rshift => inplace_rshift, proxy_inplace_and => inplace_and,
    proxy_inplace_xor => inplace_xor, proxy_inplace_or => inplace_or,
    proxy_inplace_floor_divide => inplace_floor_divide,
    proxy_inplace_true_divide => inplace_true_divide,
    proxy_inplace_matrix_multiply => inplace_matrix_multiply,
}

fn proxy_power(a: &PyObject, b: &PyObject, c: Option<&PyObject>) -> PyResult {
    let modulus = c.map_or_else(|| Ok(crate::singletons::none()), unwrap)?;
    abstract_::power(&*unwrap(a)?, &*unwrap(b)?, &modulus)
}

fn proxy_inplace_power(a: &PyObject, b: &PyObject, _: Option<&PyObject>) -> PyResult {
    abstract_::inplace_power(&*unwrap(a)?, &*unwrap(b)?)
}

fn proxy_negative(a: &PyObject) -> PyResult {
    abstract_::negative(&*unwrap(a)?)
}

fn proxy_positive(a: &PyObject) -> PyResult {
    abstract_::positive(&*unwrap(a)?)
}

fn proxy_absolute(a: &PyObject) -> PyResult {
    abstract_::absolute(&*unwrap(a)?)
}

fn proxy_invert(a: &PyObject) -> PyResult {
    abstract_::invert(&*unwrap(a)?)
}

fn proxy_int(a: &PyObject) -> PyResult {
    crate::long::from_object(&*unwrap(a)?)
}

fn proxy_float(a: &PyObject) -> PyResult {
    crate::float::from_object(&*unwrap(a)?)
}

fn proxy_index(a: &PyObject) -> PyResult {
    Ok(abstract_::index(&*unwrap(a)?)?.upcast())
}

fn proxy_bool(a: &PyObject) -> PyResult<bool> {
    object::is_true(&*unwrap(a)?)
}

fn proxy_str(a: &PyObject) -> PyResult {
    Ok(object::str(&*unwrap(a)?)?.upcast())
}

fn proxy_repr(a: &PyObject) -> PyResult {
    let target: Own = weakref::proxy_target(a).unwrap_or_else(crate::singletons::none);
    let (a, target): (*const PyObject, &PyObject) = (a, &target);
    let name = crate::object::TypeExt::name(target.type_());
    Ok(unicode::from_str(&format!("<weakproxy at {a:p} to {name} at {target:p}>"))?.upcast())
}

fn proxy_getattro(a: &PyObject, name: &PyObject) -> PyResult {
    let target = unwrap(a)?;
    match name.downcast_ref::<PyASCIIObject>() {
        Some(name) => object::get_attr(&target, name),
        None => Err(type_error("attribute name must be string")),
    }
}

fn proxy_setattro(a: &PyObject, name: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    object::set_attr(&*unwrap(a)?, name, value)
}

fn proxy_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    object::rich_compare(&*unwrap(a)?, &*unwrap(b)?, op)
}

fn proxy_length(a: &PyObject) -> PyResult<usize> {
    object::length(&*unwrap(a)?)
}

fn proxy_contains(a: &PyObject, value: &PyObject) -> PyResult<bool> {
    abstract_::contains(&*unwrap(a)?, &*unwrap(value)?)
}

fn proxy_getitem(a: &PyObject, key: &PyObject) -> PyResult {
    abstract_::get_item(&*unwrap(a)?, &*unwrap(key)?)
}

fn proxy_setitem(a: &PyObject, key: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    abstract_::set_item(&*unwrap(a)?, key, value)
}

fn proxy_iter(a: &PyObject) -> PyResult {
    abstract_::get_iter(&*unwrap(a)?)
}

fn proxy_next(a: &PyObject) -> PyResult<Option<Own>> {
    let target = unwrap(a)?;
    if !abstract_::is_iterator(&target) {
        return Err(type_error(format_args!(
            "Weakref proxy referenced a non-iterator '{}' object",
            crate::object::TypeExt::name(target.type_())
        )));
    }
    abstract_::next(&target)
}

fn proxy_call(a: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let target = unwrap(a)?;
    let args: Vec<Own> = crate::tuple::items(args)
        .iter()
        .map(|arg| unwrap(arg))
        .collect::<PyResult<_>>()?;
    call::call_tuple(&target, &*crate::tuple::from_vec(args)?, kwargs)
}

fn proxy_bytes(a: &PyObject) -> PyResult {
    call::call_method(&*unwrap(a)?, id!("__bytes__"), &[])
}

fn proxy_reversed(a: &PyObject) -> PyResult {
    call::call_method(&*unwrap(a)?, id!("__reversed__"), &[])
}

methods! {
    static PROXY_METHODS:
    "__bytes__" => noargs(proxy_bytes);
    "__reversed__" => noargs(proxy_reversed);
}

macro_rules! proxy_type {
    ($(#[$meta:meta])* $name:ident = $py_name:literal; $($slots:tt)*) => {
        static_type! {
            $(#[$meta])*
            $name = $py_name, size size_of::<PyWeakReference>(), 0, flags Py_TPFLAGS_HAVE_GC;
            number {
                nb_add: slot!(binary proxy_add), nb_subtract: slot!(binary proxy_subtract),
                nb_multiply: slot!(binary proxy_multiply), nb_remainder: slot!(binary proxy_remainder),
                nb_divmod: slot!(binary proxy_divmod), nb_power: slot!(ternary proxy_power),
                nb_negative: slot!(unary proxy_negative), nb_positive: slot!(unary proxy_positive),
                nb_absolute: slot!(unary proxy_absolute), nb_bool: slot!(inquiry proxy_bool),
                nb_invert: slot!(unary proxy_invert), nb_lshift: slot!(binary proxy_lshift),
                nb_rshift: slot!(binary proxy_rshift), nb_and: slot!(binary proxy_and),
                nb_xor: slot!(binary proxy_xor), nb_or: slot!(binary proxy_or),
                nb_int: slot!(unary proxy_int), nb_float: slot!(unary proxy_float),
                nb_inplace_add: slot!(binary proxy_inplace_add),
                nb_inplace_subtract: slot!(binary proxy_inplace_subtract),
                nb_inplace_multiply: slot!(binary proxy_inplace_multiply),
                nb_inplace_remainder: slot!(binary proxy_inplace_remainder),
                nb_inplace_power: slot!(ternary proxy_inplace_power),
                nb_inplace_lshift: slot!(binary proxy_inplace_lshift),
                nb_inplace_rshift: slot!(binary proxy_inplace_rshift),
                nb_inplace_and: slot!(binary proxy_inplace_and),
                nb_inplace_xor: slot!(binary proxy_inplace_xor),
                nb_inplace_or: slot!(binary proxy_inplace_or),
                nb_floor_divide: slot!(binary proxy_floor_divide),
                nb_true_divide: slot!(binary proxy_true_divide),
                nb_inplace_floor_divide: slot!(binary proxy_inplace_floor_divide),
                nb_inplace_true_divide: slot!(binary proxy_inplace_true_divide),
                nb_index: slot!(unary proxy_index),
                nb_matrix_multiply: slot!(binary proxy_matrix_multiply),
                nb_inplace_matrix_multiply: slot!(binary proxy_inplace_matrix_multiply),
            }
            sequence { sq_length: slot!(len proxy_length), sq_contains: slot!(objobj proxy_contains), }
            mapping {
                mp_length: slot!(len proxy_length),
                mp_subscript: slot!(binary proxy_getitem),
                mp_ass_subscript: slot!(objobjarg proxy_setitem),
            }
            $($slots)*
            tp_dealloc: slot!(dealloc weakref::dealloc),
            tp_repr: slot!(unary proxy_repr),
            tp_hash: Some(object::PyObject_HashNotImplemented),
            tp_str: slot!(unary proxy_str),
            tp_getattro: slot!(binary proxy_getattro),
            tp_setattro: slot!(objobjarg proxy_setattro),
            tp_traverse: slot!(traverse weakref::traverse),
            tp_clear: slot!(clear weakref::clear),
            tp_richcompare: slot!(richcmp proxy_richcompare),
            tp_iter: slot!(unary proxy_iter),
            tp_iternext: slot!(iternext proxy_next),
            tp_methods: PROXY_METHODS.as_ptr(),
            tp_alloc: Some(memory::PyType_GenericAlloc),
            tp_free: Some(memory::object_gc_free),
        }
    };
}

proxy_type! {
    /// `weakref.ProxyType`.
    _PyWeakref_ProxyType = "weakref.ProxyType";
}

proxy_type! {
    /// `weakref.CallableProxyType`.
    _PyWeakref_CallableProxyType = "weakref.CallableProxyType";
    tp_call: slot!(call proxy_call),
}
