//! The slot functions of classes: each looks its method up on the type and calls it
//! (`slot_tp_repr`, `slot_nb_add` and the like).

use super::lookup;
use crate::call;
use crate::errors::{self, PyResult, type_error};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own, arg, optional_arg, to_c};
use crate::singletons::not_implemented;
use crate::{abstract_, exceptions, id, long, unicode};
use std::ffi::c_int;
use twinheap_abi::*;

/// The method and whether it wants self as its first argument (`lookup_maybe_method`).
fn lookup_maybe_method(this: &PyObject, name: &PyASCIIObject) -> PyResult<Option<(Own, bool)>> {
    let Some(found) = lookup(this.type_(), name).map(Own::new) else {
        return Ok(None);
    };
    if found.type_().has_feature(Py_TPFLAGS_METHOD_DESCRIPTOR) {
        return Ok(Some((found, true)));
    }
    let bound = object::bind_descriptor(found, Some(this), this.type_())?;
    Ok(Some((bound, false)))
}

fn call_found(found: &(Own, bool), this: &PyObject, args: &[&PyObject]) -> PyResult {
    if !found.1 {
        return call::call(&found.0, args);
    }
    match args {
        [] => call::call(&found.0, &[this]),
        [first] => call::call(&found.0, &[this, first]),
        _ => {
            let mut all = Vec::with_capacity(args.len() + 1);
            all.push(this);
            all.extend_from_slice(args);
            call::call(&found.0, &all)
        }
    }
}

/// `vectorcall_method`: a missing method is an AttributeError with its name.
fn call_method(this: &PyObject, name: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    match lookup_maybe_method(this, name)? {
        Some(found) => call_found(&found, this, args),
        None => Err(errors::attribute_error(unicode::to_string_lossy(name))),
    }
}

/// `vectorcall_maybe`: a missing method answers NotImplemented.
fn call_maybe(this: &PyObject, name: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    match lookup_maybe_method(this, name)? {
        Some(found) => call_found(&found, this, args),
        None => Ok(not_implemented()),
    }
}

macro_rules! unary {
    ($($slot:ident => $name:literal;)+) => {
        $(pub unsafe extern "C" fn $slot(this: *mut PyObject) -> *mut PyObject {
            // SAFETY: the slot is called with a live object.
            unsafe { to_c(call_method(arg(this), id!($name), &[])) }
        })+
    };
}

unary! {
    slot_nb_negative => "__neg__";
    slot_nb_positive => "__pos__";
    slot_nb_absolute => "__abs__";
    slot_nb_invert => "__invert__";
    slot_nb_int => "__int__";
    slot_nb_float => "__float__";
    slot_nb_index => "__index__";
}

/// Whether the right operand's type has its own reflected method (`method_is_overloaded`).
fn method_is_overloaded(left: &PyObject, right: &PyObject, name: &PyASCIIObject) -> PyResult<bool> {
    let Some(own) = object::lookup_attr(right.type_().as_object(), name)? else {
        return Ok(false);
    };
    let Some(its) = object::lookup_attr(left.type_().as_object(), name)? else {
        return Ok(true);
    };
    object::rich_compare_bool(&own, &its, Py_NE)
}

/// The two operands' methods of a binary operator, in the order of the data model.
fn binary_operation(
    left: &PyObject,
    right: &PyObject,
    name: &PyASCIIObject,
    reflected: &PyASCIIObject,
    has_slot: fn(&PyTypeObject) -> bool,
) -> PyResult {
    let same_type = std::ptr::eq(left.type_(), right.type_());
    let mut try_right = !same_type && has_slot(right.type_());
    if has_slot(left.type_()) {
        if try_right
            && super::is_subtype(right.type_(), left.type_())
            && method_is_overloaded(left, right, reflected)?
        {
            let answer = call_maybe(right, reflected, &[left])?;
            if !is_not_implemented(&answer) {
                return Ok(answer);
            }
            try_right = false;
        }
        let answer = call_maybe(left, name, &[right])?;
        if !is_not_implemented(&answer) || same_type {
            return Ok(answer);
        }
    }
    if try_right {
        return call_maybe(right, reflected, &[left]);
    }
    Ok(not_implemented())
}

pub(super) fn is_not_implemented(object: &PyObject) -> bool {
    std::ptr::eq(object, &crate::singletons::_Py_NotImplementedStruct)
}

fn number_slot<F: PartialEq>(
    type_: &PyTypeObject,
    read: fn(&PyNumberMethods) -> Option<F>,
    wanted: F,
) -> bool {
    // SAFETY: a type's suite lives as long as the type.
    unsafe { type_.tp_as_number.get().as_ref() }
        .and_then(read)
        .is_some_and(|slot| slot == wanted)
}

macro_rules! binary {
    ($($slot:ident, $field:ident => $name:literal, $reflected:literal;)+) => {
        $(pub unsafe extern "C" fn $slot(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
            fn has_slot(type_: &PyTypeObject) -> bool {
                number_slot(type_, |suite| suite.$field.get().map(|f| f as usize), $slot as *const () as usize)
            }
            // SAFETY: the slot is called with live objects.
            unsafe {
                to_c(binary_operation(arg(left), arg(right), id!($name), id!($reflected), has_slot))
            }
        })+
    };
}

binary! {
    slot_nb_add, nb_add => "__add__", "__radd__";
    slot_nb_subtract, nb_subtract => "__sub__", "__rsub__";
    slot_nb_multiply, nb_multiply => "__mul__", "__rmul__";
    slot_nb_remainder, nb_remainder => "__mod__", "__rmod__";
    slot_nb_divmod, nb_divmod => "__divmod__", "__rdivmod__";
    slot_nb_lshift, nb_lshift => "__lshift__", "__rlshift__";
    slot_nb_rshift, nb_rshift => "__rshift__", "__rrshift__";
    slot_nb_and, nb_and => "__and__", "__rand__";
    slot_nb_xor, nb_xor => "__xor__", "__rxor__";
    slot_nb_or, nb_or => "__or__", "__ror__";
    slot_nb_floor_divide, nb_floor_divide => "__floordiv__", "__rfloordiv__";
    slot_nb_true_divide, nb_true_divide => "__truediv__", "__rtruediv__";
    slot_nb_matrix_multiply, nb_matrix_multiply => "__matmul__", "__rmatmul__";
}

macro_rules! inplace {
    ($($slot:ident => $name:literal;)+) => {
        $(pub unsafe extern "C" fn $slot(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
            // SAFETY: the slot is called with live objects.
            unsafe { to_c(call_method(arg(left), id!($name), &[arg(right)])) }
        })+
    };
}

inplace! {
    slot_nb_inplace_add => "__iadd__";
    slot_nb_inplace_subtract => "__isub__";
    slot_nb_inplace_multiply => "__imul__";
    slot_nb_inplace_remainder => "__imod__";
    slot_nb_inplace_lshift => "__ilshift__";
    slot_nb_inplace_rshift => "__irshift__";
    slot_nb_inplace_and => "__iand__";
    slot_nb_inplace_xor => "__ixor__";
    slot_nb_inplace_or => "__ior__";
    slot_nb_inplace_floor_divide => "__ifloordiv__";
    slot_nb_inplace_true_divide => "__itruediv__";
    slot_nb_inplace_matrix_multiply => "__imatmul__";
    slot_mp_subscript => "__getitem__";
}

pub unsafe extern "C" fn slot_nb_power(
    base: *mut PyObject,
    exponent: *mut PyObject,
    modulus: *mut PyObject,
) -> *mut PyObject {
    fn has_slot(type_: &PyTypeObject) -> bool {
        number_slot(
            type_,
            |suite| suite.nb_power.get().map(|f| f as usize),
            slot_nb_power as *const () as usize,
        )
    }
    // SAFETY: the slot is called with live objects.
    unsafe {
        let (base, exponent) = (arg::<PyObject>(base), arg::<PyObject>(exponent));
        match optional_arg::<PyObject>(modulus).filter(|modulus| !modulus.is_none()) {
            None => to_c(binary_operation(
                base,
                exponent,
                id!("__pow__"),
                id!("__rpow__"),
                has_slot,
            )),
            Some(modulus) if has_slot(base.type_()) => {
                to_c(call_maybe(base, id!("__pow__"), &[exponent, modulus]))
            }
            Some(_) => not_implemented().into_raw(),
        }
    }
}

pub unsafe extern "C" fn slot_nb_inplace_power(
    base: *mut PyObject,
    exponent: *mut PyObject,
    _: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the slot is called with live objects.
    unsafe { to_c(call_method(arg(base), id!("__ipow__"), &[arg(exponent)])) }
}

pub unsafe extern "C" fn slot_nb_bool(this: *mut PyObject) -> c_int {
    // SAFETY: the slot is called with a live object.
    match truth(unsafe { arg(this) }) {
        Ok(answer) => c_int::from(answer),
        Err(_) => -1,
    }
}

fn truth(this: &PyObject) -> PyResult<bool> {
    let (found, by_length) = match lookup_maybe_method(this, id!("__bool__"))? {
        Some(found) => (found, false),
        None => match lookup_maybe_method(this, id!("__len__"))? {
            Some(found) => (found, true),
            None => return Ok(true),
        },
    };
    let answer = call_found(&found, this, &[])?;
    if by_length {
        return object::is_true(&answer);
    }
    match crate::singletons::as_bool(&answer) {
        Some(answer) => Ok(answer),
        None => Err(type_error(format_args!(
            "__bool__ should return bool, returned {}",
            answer.type_().name()
        ))),
    }
}

/// The result of `__len__` as a size.
fn length(this: &PyObject) -> PyResult<isize> {
    let answer = call_method(this, id!("__len__"), &[])?;
    let index = abstract_::index(&answer)?;
    if index.ob_size.get() < 0 {
        return Err(errors::value_error("__len__() should return >= 0"));
    }
    long::to_i64(&index)
        .map(|length| length as isize)
        .ok_or_else(|| errors::overflow_error("cannot fit 'int' into an index-sized integer"))
}

pub unsafe extern "C" fn slot_mp_length(this: *mut PyObject) -> isize {
    // SAFETY: the slot is called with a live object.
    length(unsafe { arg(this) }).unwrap_or(-1)
}

pub unsafe extern "C" fn slot_sq_length(this: *mut PyObject) -> isize {
    // SAFETY: the slot is called with a live object.
    length(unsafe { arg(this) }).unwrap_or(-1)
}

fn status(outcome: PyResult<()>) -> c_int {
    match outcome {
        Ok(()) => 0,
        Err(_) => -1,
    }
}

fn set_or_delete(this: &PyObject, key: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    match value {
        Some(value) => call_method(this, id!("__setitem__"), &[key, value]).map(drop),
        None => call_method(this, id!("__delitem__"), &[key]).map(drop),
    }
}

pub unsafe extern "C" fn slot_mp_ass_subscript(
    this: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the slot is called with live objects, the value null for a deletion.
    unsafe { status(set_or_delete(arg(this), arg(key), optional_arg(value))) }
}

pub unsafe extern "C" fn slot_sq_item(this: *mut PyObject, index: isize) -> *mut PyObject {
    let outcome = long::from_isize(index).and_then(|index| {
        // SAFETY: the slot is called with a live object.
        call_method(unsafe { arg(this) }, id!("__getitem__"), &[&index])
    });
    to_c(outcome)
}

pub unsafe extern "C" fn slot_sq_ass_item(
    this: *mut PyObject,
    index: isize,
    value: *mut PyObject,
) -> c_int {
    let outcome = long::from_isize(index).and_then(|index| {
        // SAFETY: the slot is called with live objects, the value null for a deletion.
        unsafe { set_or_delete(arg(this), &index, optional_arg(value)) }
    });
    status(outcome)
}

fn contains(this: &PyObject, value: &PyObject) -> PyResult<bool> {
    let Some(found) = lookup_maybe_method(this, id!("__contains__"))? else {
        return abstract_::contains_by_iteration(this, value);
    };
    if found.0.is_none() {
        return Err(type_error(format_args!(
            "'{}' object is not a container",
            this.type_().name()
        )));
    }
    object::is_true(&*call_found(&found, this, &[value])?)
}

pub unsafe extern "C" fn slot_sq_contains(this: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: the slot is called with live objects.
    match unsafe { contains(arg(this), arg(value)) } {
        Ok(answer) => c_int::from(answer),
        Err(_) => -1,
    }
}

pub unsafe extern "C" fn slot_tp_repr(this: *mut PyObject) -> *mut PyObject {
    // SAFETY: the slot is called with a live object.
    let this: &PyObject = unsafe { arg(this) };
    let outcome = lookup_maybe_method(this, id!("__repr__")).and_then(|found| match found {
        Some(found) => call_found(&found, this, &[]),
        None => Ok(
            unicode::from_str(&format!("<{} object at {this:p}>", this.type_().name()))?.upcast(),
        ),
    });
    to_c(outcome)
}

pub unsafe extern "C" fn slot_tp_str(this: *mut PyObject) -> *mut PyObject {
    // SAFETY: the slot is called with a live object.
    unsafe { to_c(call_method(arg(this), id!("__str__"), &[])) }
}

fn hash(this: &PyObject) -> PyResult<Py_hash_t> {
    let found = match lookup_maybe_method(this, id!("__hash__"))? {
        Some(found) if !found.0.is_none() => found,
        _ => return Err(object::unhashable(this)),
    };
    let answer = call_found(&found, this, &[])?;
    let Some(value) = answer.downcast_ref::<PyLongObject>() else {
        return Err(type_error("__hash__ method should return an integer"));
    };
    let hash = match long::to_i64(value) {
        Some(hash) => hash as isize,
        None => object::hash(value.as_object())?,
    };
    Ok(if hash == -1 { -2 } else { hash })
}

pub unsafe extern "C" fn slot_tp_hash(this: *mut PyObject) -> Py_hash_t {
    // SAFETY: the slot is called with a live object.
    hash(unsafe { arg(this) }).unwrap_or(-1)
}

pub unsafe extern "C" fn slot_tp_call(
    this: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the arguments are a tuple, and a dict or null.
    unsafe {
        let this: &PyObject = arg(this);
        let outcome = match super::lookup_special(this, id!("__call__")) {
            Ok(Some(method)) => call::call_tuple(&method, arg(args), optional_arg(kwargs)),
            Ok(None) => Err(errors::attribute_error("__call__")),
            Err(raised) => Err(raised),
        };
        to_c(outcome)
    }
}

fn getattr_hook(this: &PyObject, name: &PyObject) -> PyResult {
    let type_ = this.type_();
    let fallback = lookup(type_, id!("__getattr__")).map(Own::new);
    let getattribute = lookup(type_, id!("__getattribute__")).map(Own::new);
    let plain = getattribute.as_ref().is_none_or(|found| {
        found
            .downcast_exact::<PyWrapperDescrObject>()
            .is_some_and(|wrapper| {
                std::ptr::eq(
                    wrapper.d_wrapped.get(),
                    object::PyObject_GenericGetAttr as *const _,
                )
            })
    });
    let outcome = match (plain, getattribute) {
        (false, Some(found)) => call_attribute(this, found, name),
        _ => object::generic_get_attr(this, name),
    };
    match (outcome, fallback) {
        (Err(raised), Some(fallback)) if errors::matches(&exceptions::PyExc_AttributeError) => {
            errors::discard(raised);
            call_attribute(this, fallback, name)
        }
        (outcome, _) => outcome,
    }
}

fn call_attribute(this: &PyObject, method: Own, name: &PyObject) -> PyResult {
    if method.type_().has_feature(Py_TPFLAGS_METHOD_DESCRIPTOR) {
        return call::call(&method, &[this, name]);
    }
    let bound = object::bind_descriptor(method, Some(this), this.type_())?;
    call::call(&bound, &[name])
}

pub unsafe extern "C" fn slot_tp_getattr_hook(
    this: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the slot is called with live objects.
    unsafe { to_c(getattr_hook(arg(this), arg(name))) }
}

pub unsafe extern "C" fn slot_tp_setattro(
    this: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the slot is called with live objects, the value null for a deletion.
    unsafe {
        status(match optional_arg(value) {
            Some(value) => {
                call_method(arg(this), id!("__setattr__"), &[arg(name), value]).map(drop)
            }
            None => call_method(arg(this), id!("__delattr__"), &[arg(name)]).map(drop),
        })
    }
}

pub unsafe extern "C" fn slot_tp_richcompare(
    this: *mut PyObject,
    other: *mut PyObject,
    op: c_int,
) -> *mut PyObject {
    let name = match op {
        Py_LT => id!("__lt__"),
        Py_LE => id!("__le__"),
        Py_EQ => id!("__eq__"),
        Py_NE => id!("__ne__"),
        Py_GT => id!("__gt__"),
        _ => id!("__ge__"),
    };
    // SAFETY: the slot is called with live objects.
    unsafe { to_c(call_maybe(arg(this), name, &[arg(other)])) }
}

fn iterate(this: &PyObject) -> PyResult {
    match lookup_maybe_method(this, id!("__iter__"))? {
        Some(found) if found.0.is_none() => Err(not_iterable(this)),
        Some(found) => call_found(&found, this, &[]),
        None => match lookup(this.type_(), id!("__getitem__")) {
            Some(_) => crate::iter::new_index_iterator(&crate::iter::PySeqIter_Type, this),
            None => Err(not_iterable(this)),
        },
    }
}

fn not_iterable(this: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "'{}' object is not iterable",
        this.type_().name()
    ))
}

pub unsafe extern "C" fn slot_tp_iter(this: *mut PyObject) -> *mut PyObject {
    // SAFETY: the slot is called with a live object.
    to_c(iterate(unsafe { arg(this) }))
}

pub unsafe extern "C" fn slot_tp_iternext(this: *mut PyObject) -> *mut PyObject {
    // SAFETY: the slot is called with a live object.
    unsafe { to_c(call_method(arg(this), id!("__next__"), &[])) }
}

pub unsafe extern "C" fn slot_tp_descr_get(
    this: *mut PyObject,
    instance: *mut PyObject,
    owner: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the slot is called with a live object; instance and owner may be null.
    unsafe {
        let this: &PyObject = arg(this);
        let Some(get) = lookup(this.type_(), id!("__get__")).map(Own::new) else {
            return Own::new(this).into_raw();
        };
        let none = crate::singletons::none();
        let instance: &PyObject = optional_arg(instance).unwrap_or(&*none);
        let owner: &PyObject = optional_arg(owner).unwrap_or(&*none);
        to_c(call::call(&get, &[this, instance, owner]))
    }
}

pub unsafe extern "C" fn slot_tp_descr_set(
    this: *mut PyObject,
    instance: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the slot is called with live objects, the value null for a deletion.
    unsafe {
        status(match optional_arg(value) {
            Some(value) => {
                call_method(arg(this), id!("__set__"), &[arg(instance), value]).map(drop)
            }
            None => call_method(arg(this), id!("__delete__"), &[arg(instance)]).map(drop),
        })
    }
}

fn init(this: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    let Some(found) = lookup_maybe_method(this, id!("__init__"))? else {
        return Err(errors::attribute_error("__init__"));
    };
    let items = crate::tuple::items(args);
    let answer = if kwargs.is_none_or(|kwargs| kwargs.ma_used.get() == 0) {
        call_found(&found, this, items)?
    } else if found.1 {
        let mut all = vec![this];
        all.extend_from_slice(items);
        call::call_tuple(&found.0, &*crate::tuple::pack(&all)?, kwargs)?
    } else {
        call::call_tuple(&found.0, args, kwargs)?
    };
    if !answer.is_none() {
        return Err(type_error(format_args!(
            "__init__() should return None, not '{}'",
            answer.type_().name()
        )));
    }
    Ok(())
}

pub unsafe extern "C" fn slot_tp_init(
    this: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> c_int {
    // SAFETY: the arguments are a tuple, and a dict or null.
    unsafe { status(init(arg(this), arg(args), optional_arg(kwargs))) }
}

pub unsafe extern "C" fn slot_tp_new(
    type_: *const PyTypeObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the arguments are a tuple, and a dict or null.
    unsafe {
        let class: &PyObject = (*type_).as_object();
        let outcome = object::get_attr(class, id!("__new__")).and_then(|new| {
            let mut all = vec![class];
            all.extend_from_slice(crate::tuple::items(arg(args)));
            call::call_tuple(&new, &*crate::tuple::pack(&all)?, optional_arg(kwargs))
        });
        to_c(outcome)
    }
}

pub unsafe extern "C" fn slot_tp_finalize(this: *mut PyObject) {
    // SAFETY: the object is alive while it is finalised.
    let this: &PyObject = unsafe { arg(this) };
    errors::preserving(|| match lookup_maybe_method(this, id!("__del__")) {
        Ok(Some(found)) => {
            if let Err(raised) = call_found(&found, this, &[]) {
                crate::unraisable::report(raised, Some(&found.0));
            }
        }
        Ok(None) => {}
        Err(raised) => errors::discard(raised),
    });
}

macro_rules! awaitable {
    ($($slot:ident => $name:literal, $what:literal;)+) => {
        $(pub unsafe extern "C" fn $slot(this: *mut PyObject) -> *mut PyObject {
            // SAFETY: the slot is called with a live object.
            let this: &PyObject = unsafe { arg(this) };
            let outcome = lookup_maybe_method(this, id!($name)).and_then(|found| match found {
                Some(found) => call_found(&found, this, &[]),
                None => Err(errors::attribute_error(format_args!(
                    "object {} does not have {} method", this.type_().name(), $what
                ))),
            });
            to_c(outcome)
        })+
    };
}

awaitable! {
    slot_am_await => "__await__", "__await__";
    slot_am_aiter => "__aiter__", "__aiter__";
    slot_am_anext => "__anext__", "__anext__";
}
