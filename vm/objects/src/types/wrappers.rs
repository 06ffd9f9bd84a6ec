//! The other direction: functions that call a native slot with Python arguments, for wrapper
//! descriptors (`wrap_binaryfunc` and the like).

use crate::abstract_;
use crate::errors::{self, PyResult, from_c, from_status, type_error};
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own, arg, optional_arg, to_c};
use crate::singletons::{bool_object, none};
use crate::{long, tuple};
use std::ffi::{c_int, c_void};
use twinheap_abi::*;

/// The arguments, where there are as many as the slot takes.
fn check<const N: usize>(args: &PyTupleObject) -> PyResult<[&PyObject; N]> {
    let items = tuple::items(args);
    <[&PyObject; N]>::try_from(items).map_err(|_| {
        type_error(format_args!(
            "expected {N} argument{}, got {}",
            if N == 1 { "" } else { "s" },
            items.len()
        ))
    })
}

/// Declares wrappers: `name(this, args, slot: type) -> result { body }`.
macro_rules! wrappers {
    ($($name:ident($this:ident, $args:ident, $slot:ident: $type:ty) $body:block)+) => {
        $(pub unsafe extern "C" fn $name(
            this: *mut PyObject,
            args: *mut PyObject,
            wrapped: *mut c_void,
        ) -> *mut PyObject {
            /// The wrapper's body, with the slot as a function of its own type.
            #[allow(unused_unsafe, reason = "some bodies only read the arguments")]
            unsafe fn body($this: &PyObject, $args: &PyTupleObject, $slot: $type) -> PyResult {
                // SAFETY: the descriptor has checked self; the slot belongs to its type.
                unsafe { $body }
            }
            // SAFETY: the descriptor stores a function of this type.
            unsafe { to_c(body(arg(this), arg(args), std::mem::transmute::<*mut c_void, $type>(wrapped))) }
        })+
    };
}

wrappers! {
    wrap_unaryfunc(this, args, slot: unaryfunc) {
        check::<0>(args)?;
        from_c(slot(this.as_raw()))
    }
    wrap_next(this, args, slot: unaryfunc) {
        check::<0>(args)?;
        let result = slot(this.as_raw());
        if result.is_null() && !errors::occurred() {
            return Err(errors::raise_none(&crate::exceptions::PyExc_StopIteration));
        }
        from_c(result)
    }
    wrap_binaryfunc(this, args, slot: binaryfunc) {
        let [other] = check(args)?;
        from_c(slot(this.as_raw(), other.as_raw()))
    }
    wrap_binaryfunc_l(this, args, slot: binaryfunc) {
        // Equal bodies may be merged into one function, but wrappers are told apart by address.
        std::hint::black_box(0u8);
        let [other] = check(args)?;
        from_c(slot(this.as_raw(), other.as_raw()))
    }
    wrap_binaryfunc_r(this, args, slot: binaryfunc) {
        let [other] = check(args)?;
        from_c(slot(other.as_raw(), this.as_raw()))
    }
    wrap_ternaryfunc(this, args, slot: ternaryfunc) {
        let (other, third) = one_or_two(args)?;
        from_c(slot(this.as_raw(), other.as_raw(), third.as_ptr()))
    }
    wrap_ternaryfunc_r(this, args, slot: ternaryfunc) {
        let (other, third) = one_or_two(args)?;
        from_c(slot(other.as_raw(), this.as_raw(), third.as_ptr()))
    }
    wrap_inquirypred(this, args, slot: inquiry) {
        check::<0>(args)?;
        Ok(bool_object(from_status(slot(this.as_raw()))? != 0))
    }
    wrap_lenfunc(this, args, slot: lenfunc) {
        check::<0>(args)?;
        let length = slot(this.as_raw());
        if length < 0 {
            from_status(-1)?;
        }
        long::from_isize(length)
    }
    wrap_hashfunc(this, args, slot: hashfunc) {
        check::<0>(args)?;
        let hash = slot(this.as_raw());
        if hash == -1 && errors::occurred() {
            from_status(-1)?;
        }
        long::from_isize(hash)
    }
    wrap_indexargfunc(this, args, slot: ssizeargfunc) {
        let [count] = unpack(args)?;
        let count = abstract_::as_ssize(count, Some(&crate::exceptions::PyExc_OverflowError))?;
        from_c(slot(this.as_raw(), count))
    }
    wrap_sq_item(this, args, slot: ssizeargfunc) {
        let [index] = check(args)?;
        from_c(slot(this.as_raw(), sequence_index(this, index)?))
    }
    wrap_sq_setitem(this, args, slot: ssizeobjargproc) {
        let [index, value] = unpack(args)?;
        from_status(slot(this.as_raw(), sequence_index(this, index)?, value.as_raw()))?;
        Ok(none())
    }
    wrap_sq_delitem(this, args, slot: ssizeobjargproc) {
        let [index] = check(args)?;
        from_status(slot(this.as_raw(), sequence_index(this, index)?, std::ptr::null_mut()))?;
        Ok(none())
    }
    wrap_objobjproc(this, args, slot: objobjproc) {
        let [value] = check(args)?;
        Ok(bool_object(from_status(slot(this.as_raw(), value.as_raw()))? != 0))
    }
    wrap_objobjargproc(this, args, slot: objobjargproc) {
        let [key, value] = unpack(args)?;
        from_status(slot(this.as_raw(), key.as_raw(), value.as_raw()))?;
        Ok(none())
    }
    wrap_delitem(this, args, slot: objobjargproc) {
        let [key] = check(args)?;
        from_status(slot(this.as_raw(), key.as_raw(), std::ptr::null_mut()))?;
        Ok(none())
    }
    wrap_setattr(this, args, slot: setattrofunc) {
        let [name, value] = unpack(args)?;
        hackcheck(this, slot, "__setattr__")?;
        from_status(slot(this.as_raw(), name.as_raw(), value.as_raw()))?;
        Ok(none())
    }
    wrap_delattr(this, args, slot: setattrofunc) {
        let [name] = check(args)?;
        hackcheck(this, slot, "__delattr__")?;
        from_status(slot(this.as_raw(), name.as_raw(), std::ptr::null_mut()))?;
        Ok(none())
    }
    wrap_del(this, args, slot: destructor) {
        check::<0>(args)?;
        slot(this.as_raw());
        Ok(none())
    }
    wrap_descr_get(this, args, slot: descrgetfunc) {
        let (instance, owner) = one_or_two(args)?;
        let instance = if instance.is_none() { std::ptr::null_mut() } else { instance.as_raw() };
        let owner_raw = if owner.is_none() { std::ptr::null_mut() } else { owner.as_ptr() };
        if instance.is_null() && owner_raw.is_null() {
            return Err(type_error("__get__(None, None) is invalid"));
        }
        from_c(slot(this.as_raw(), instance, owner_raw))
    }
    wrap_descr_set(this, args, slot: descrsetfunc) {
        let [instance, value] = unpack(args)?;
        from_status(slot(this.as_raw(), instance.as_raw(), value.as_raw()))?;
        Ok(none())
    }
    wrap_descr_delete(this, args, slot: descrsetfunc) {
        let [instance] = check(args)?;
        from_status(slot(this.as_raw(), instance.as_raw(), std::ptr::null_mut()))?;
        Ok(none())
    }
}

/// `PyArg_UnpackTuple` with an empty name, which leaves its blank.
fn unpack<const N: usize>(args: &PyTupleObject) -> PyResult<[&PyObject; N]> {
    let items = tuple::items(args);
    <[&PyObject; N]>::try_from(items).map_err(|_| {
        type_error(format_args!(
            " expected {N} argument{}, got {}",
            if N == 1 { "" } else { "s" },
            items.len()
        ))
    })
}

fn one_or_two(args: &PyTupleObject) -> PyResult<(&PyObject, Own)> {
    let items = tuple::items(args);
    if items.is_empty() || items.len() > 2 {
        let bound = if items.is_empty() {
            "at least 1 argument"
        } else {
            "at most 2 arguments"
        };
        return Err(type_error(format_args!(
            " expected {bound}, got {}",
            items.len()
        )));
    }
    Ok((
        items[0],
        items.get(1).map_or_else(none, |third| Own::new(third)),
    ))
}

fn sequence_index(this: &PyObject, index: &PyObject) -> PyResult<isize> {
    let index = abstract_::as_ssize(index, Some(&crate::exceptions::PyExc_OverflowError))?;
    if index >= 0 {
        return Ok(index);
    }
    // SAFETY: the slot of the object's own type.
    let length = unsafe {
        this.type_()
            .tp_as_sequence
            .get()
            .as_ref()
            .and_then(|suite| suite.sq_length.get())
    };
    match length {
        // SAFETY: as above.
        Some(length) => Ok(index + from_length(unsafe { length(this.as_raw()) })?),
        None => Ok(index),
    }
}

fn from_length(length: isize) -> PyResult<isize> {
    if length < 0 {
        from_status(-1)?;
    }
    Ok(length)
}

/// `hackcheck`: `object.__setattr__` cannot get past a more derived native one.
fn hackcheck(this: &PyObject, slot: setattrofunc, name: &str) -> PyResult<()> {
    for entry in super::mro_items(this.type_()) {
        let Some(type_) = entry.downcast_ref::<PyTypeObject>() else {
            continue;
        };
        if type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
            continue;
        }
        let own = type_.tp_setattro.get();
        if own.is_some_and(|own| std::ptr::fn_addr_eq(own, slot)) {
            return Ok(());
        }
        return Err(type_error(format_args!(
            "can't apply this {name} to {} object",
            this.type_().name()
        )));
    }
    Ok(())
}

macro_rules! comparison_wrappers {
    ($($name:ident => $op:expr;)+) => {
        $(pub unsafe extern "C" fn $name(
            this: *mut PyObject,
            args: *mut PyObject,
            wrapped: *mut c_void,
        ) -> *mut PyObject {
            // SAFETY: the descriptor stores a comparison function.
            unsafe {
                let slot = std::mem::transmute::<*mut c_void, richcmpfunc>(wrapped);
                to_c(compare(arg(this), arg(args), slot, $op))
            }
        })+
    };
}

fn compare(this: &PyObject, args: &PyTupleObject, slot: richcmpfunc, op: c_int) -> PyResult {
    let [other] = check(args)?;
    // SAFETY: the slot belongs to self's type.
    unsafe { from_c(slot(this.as_raw(), other.as_raw(), op)) }
}

comparison_wrappers! {
    richcmp_lt => Py_LT;
    richcmp_le => Py_LE;
    richcmp_eq => Py_EQ;
    richcmp_ne => Py_NE;
    richcmp_gt => Py_GT;
    richcmp_ge => Py_GE;
}

pub unsafe extern "C" fn wrap_call(
    this: *mut PyObject,
    args: *mut PyObject,
    wrapped: *mut c_void,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the descriptor stores a call function; the arguments are a tuple and a dict or null.
    unsafe {
        let slot = std::mem::transmute::<*mut c_void, ternaryfunc>(wrapped);
        slot(this, args, kwargs)
    }
}

pub unsafe extern "C" fn wrap_init(
    this: *mut PyObject,
    args: *mut PyObject,
    wrapped: *mut c_void,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the descriptor stores an init function; the arguments are a tuple and a dict or null.
    unsafe {
        let slot = std::mem::transmute::<*mut c_void, initproc>(wrapped);
        let _: Option<&PyObject> = optional_arg(kwargs);
        if slot(this, args, kwargs) < 0 {
            return std::ptr::null_mut();
        }
        none().into_raw()
    }
}
