//! The error indicator (`Python/errors.c`): setting, fetching, matching and normalising exceptions.
//!
//! `Raised` is a proof that the indicator is set; only this module makes one.

use crate::call;
use crate::exceptions::*;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::state::{ThreadState, tstate};
use crate::{types, unicode};
use std::ffi::CStr;
use std::fmt::Display;
use twinheap_abi::*;

/// Proof that the thread state's error indicator is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised(());

/// What a function that can raise returns.
pub type PyResult<T = Own<PyObject>> = Result<T, Raised>;

/// An exception taken out of the indicator.
pub struct Fetched {
    pub type_: Option<Own>,
    pub value: Option<Own>,
    pub traceback: Option<Own>,
}

impl Raised {
    /// The proof, where a C-style callee has reported failure.
    #[inline(always)]
    pub fn already_set() -> Raised {
        debug_assert!(occurred(), "a callee failed without setting an exception");
        Raised(())
    }
}

/// Whether an exception is set.
#[inline(always)]
pub fn occurred() -> bool {
    !tstate().curexc_type.get().is_null()
}

/// The type of the exception that is set (`PyErr_Occurred`).
pub fn occurred_type() -> Option<&'static PyTypeObject> {
    let pointer = tstate().curexc_type.get();
    // SAFETY: the indicator owns the type; types outlive their use here.
    unsafe { pointer.cast::<PyTypeObject>().as_ref() }
}

/// Turns a pointer that C style returns into a result: null means that an exception is set.
///
/// # Safety
/// A non-null pointer is a reference that the caller hands over.
#[inline(always)]
pub unsafe fn from_c(pointer: *mut PyObject) -> PyResult {
    // SAFETY: by contract.
    match unsafe { Own::from_nullable(pointer) } {
        Some(value) => Ok(value),
        None => Err(missing_exception_check()),
    }
}

#[inline(always)]
fn missing_exception_check() -> Raised {
    if !occurred() {
        return raise(&PyExc_SystemError, "error return without exception set");
    }
    Raised(())
}

/// Turns a C style status into a result: -1 means that an exception is set.
#[inline(always)]
pub fn from_status(status: i32) -> PyResult<i32> {
    if status < 0 {
        return Err(missing_exception_check());
    }
    Ok(status)
}

/// Sets type and value as they are, without context.
pub fn restore(fetched: Fetched) -> Raised {
    let state = tstate();
    state.curexc_type.put(fetched.type_);
    state.curexc_value.put(fetched.value);
    // An exception's `__traceback__` may be None; the indicator knows tracebacks only.
    let traceback = fetched
        .traceback
        .filter(|traceback| traceback.downcast_ref::<PyTracebackObject>().is_some());
    state.curexc_traceback.put(traceback);
    Raised(())
}

/// Takes the exception out of the indicator (`PyErr_Fetch`).
pub fn fetch() -> Fetched {
    let state = tstate();
    Fetched {
        type_: state.curexc_type.take_own(),
        value: state.curexc_value.take_own(),
        traceback: state.curexc_traceback.take_own(),
    }
}

/// The value of the indicator as it is: an instance, or what an instance would be made of.
pub fn raw_value() -> Option<Own> {
    tstate().curexc_value.own()
}

/// `PyErr_Clear`.
pub fn clear() {
    drop(fetch());
}

/// Drops the exception that a call has just raised.
pub fn discard(_raised: Raised) {
    clear();
}

/// `PyErr_SetObject`: the exception being handled becomes the new one's context.
pub fn raise_object(type_: &PyTypeObject, value: Option<Own>) -> Raised {
    if type_.tp_flags.get() & Py_TPFLAGS_BASE_EXC_SUBCLASS == 0 {
        let message = format!(
            "_PyErr_SetObject: exception {} is not a BaseException subclass",
            type_.as_object().repr_lossy()
        );
        return raise(&PyExc_SystemError, &message);
    }
    let handled = handled_exception();
    let (type_, value) = match handled {
        Some(handled) => {
            let made = match value {
                Some(value) if value.is_instance_of(&PyExc_BaseException) => value,
                value => match make_exception(type_, value) {
                    Ok(made) => made,
                    Err(raised) => return raised,
                },
            };
            set_context_without_cycle(&made, handled);
            (Own::new(made.type_()), Some(made))
        }
        None => (Own::new(type_), value),
    };
    let traceback = value.as_ref().and_then(|value| {
        let exception = value.downcast_ref::<PyBaseExceptionObject>()?;
        exception.traceback.own()
    });
    restore(Fetched {
        type_: Some(type_.upcast()),
        value,
        traceback,
    })
}

/// Makes the context, after cutting a chain that would close into a ring.
fn set_context_without_cycle(exception: &PyObject, handled: Own) {
    if std::ptr::eq(exception, &*handled) {
        return;
    }
    let mut link = handled.clone();
    let mut slow = handled.clone();
    let mut advance_slow = false;
    while let Some(context) = context_of(&link) {
        if std::ptr::eq(&*context, exception) {
            set_context(&link, None);
            break;
        }
        link = context;
        if std::ptr::eq(&*link, &*slow) {
            break;
        }
        if advance_slow && let Some(next) = context_of(&slow) {
            slow = next;
        }
        advance_slow = !advance_slow;
    }
    set_context(exception, Some(handled));
}

/// `PyException_GetContext`.
pub fn context_of(exception: &PyObject) -> Option<Own> {
    exception
        .downcast_ref::<PyBaseExceptionObject>()?
        .context
        .own()
}

/// `PyException_SetContext`.
pub fn set_context(exception: &PyObject, context: Option<Own>) {
    if let Some(exception) = exception.downcast_ref::<PyBaseExceptionObject>() {
        exception.context.put(context);
    }
}

/// The exception being handled by the innermost `except` (`_PyErr_GetTopmostException`).
pub fn handled_exception() -> Option<Own> {
    handled_exception_of(tstate())
}

/// The same of another thread.
pub fn handled_exception_of(state: &ThreadState) -> Option<Own> {
    let mut item = state.exc_info();
    loop {
        match item.exc_value.own() {
            Some(value) if !value.is_none() => return Some(value),
            _ => {}
        }
        // SAFETY: entries are unlinked before they die.
        match unsafe { item.previous_item.get().as_ref() } {
            Some(previous) => item = previous,
            None => return None,
        }
    }
}

/// Calls the exception's type as `raise type(value)` would.
pub fn make_exception(type_: &PyTypeObject, value: Option<Own>) -> PyResult {
    let type_object = type_.as_object();
    let made = match &value {
        None => call::call(type_object, &[])?,
        Some(value) if value.is_none() => call::call(type_object, &[])?,
        Some(value) => match value.downcast_ref::<PyTupleObject>() {
            Some(args) => call::call_tuple(type_object, args, None)?,
            None => call::call(type_object, &[value])?,
        },
    };
    if !made.is_instance_of(&PyExc_BaseException) {
        return Err(type_error(format_args!(
            "calling {} should have returned an instance of BaseException, not {}",
            type_object.repr_lossy(),
            made.type_().name()
        )));
    }
    Ok(made)
}

/// `PyErr_NormalizeException`: makes value an instance of type.
pub fn normalize(fetched: &mut Fetched) {
    // Making the exception that says how deep the calls are takes calls itself.
    let headroom = &crate::state::tstate().recursion_headroom;
    headroom.set(headroom.get() + 1);
    normalize_with_headroom(fetched);
    headroom.set(headroom.get() - 1);
}

fn normalize_with_headroom(fetched: &mut Fetched) {
    for _ in 0..32 {
        let Some(type_) = fetched.type_.clone() else {
            return;
        };
        let type_ = match type_.downcast::<PyTypeObject>() {
            Ok(type_) => type_,
            Err(_) => return,
        };
        let value = fetched.value.take();
        if let Some(value) = &value
            && value.is_instance_of(&PyExc_BaseException)
            && value.is_instance_of(&type_)
        {
            fetched.type_ = Some(Own::new(value.type_()).upcast());
            fetched.value = Some(value.clone());
            return;
        }
        match make_exception(&type_, value) {
            Ok(made) => {
                fetched.type_ = Some(Own::new(made.type_()).upcast());
                fetched.value = Some(made);
                return;
            }
            Err(_) => {
                let traceback = fetched.traceback.take();
                *fetched = fetch();
                if fetched.traceback.is_none() {
                    fetched.traceback = traceback;
                }
            }
        }
    }
}

/// Takes the exception out of the indicator as an instance that carries its traceback.
pub fn take_exception() -> Own {
    let mut fetched = fetch();
    normalize(&mut fetched);
    let value = fetched.value.expect("normalised exceptions have a value");
    if let Some(exception) = value.downcast_ref::<PyBaseExceptionObject>()
        && fetched.traceback.is_some()
    {
        exception.traceback.put(fetched.traceback);
    }
    value
}

/// Sets an exception instance as it is, its own traceback with it.
pub fn restore_exception(value: Own) -> Raised {
    let traceback = value
        .downcast_ref::<PyBaseExceptionObject>()
        .and_then(|value| value.traceback.own());
    restore(Fetched {
        type_: Some(Own::new(value.type_()).upcast()),
        value: Some(value),
        traceback,
    })
}

/// Whether the exception that is set is of the type (`PyErr_ExceptionMatches`).
#[inline]
pub fn matches(type_: &PyTypeObject) -> bool {
    occurred_type().is_some_and(|set| types::is_subtype(set, type_))
}

/// `PyErr_GivenExceptionMatches`.
pub fn given_matches(error: &PyObject, expected: &PyObject) -> bool {
    if let Some(tuple) = expected.downcast_ref::<PyTupleObject>() {
        return crate::tuple::items(tuple)
            .iter()
            .any(|item| given_matches(error, item));
    }
    let class = if error.is_instance_of(&PyExc_BaseException) {
        error.type_()
    } else {
        match error.downcast_ref::<PyTypeObject>() {
            Some(class) => class,
            None => return std::ptr::eq(error, expected),
        }
    };
    match expected.downcast_ref::<PyTypeObject>() {
        Some(expected) if class.tp_flags.get() & Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 => {
            types::is_subtype(class, expected)
        }
        _ => std::ptr::eq(class.as_object(), expected),
    }
}

/// Sets an exception with a message.
#[inline(never)]
#[cold]
pub fn raise(type_: &PyTypeObject, message: impl Display) -> Raised {
    let text = message.to_string();
    match unicode::from_str(&text) {
        Ok(text) => raise_object(type_, Some(text.upcast())),
        Err(raised) => raised,
    }
}

/// Sets an exception without a value.
#[inline(never)]
#[cold]
pub fn raise_none(type_: &PyTypeObject) -> Raised {
    raise_object(type_, None)
}

/// `MemoryError`, which needs no memory here.
#[inline(never)]
#[cold]
pub fn no_memory() -> Raised {
    raise_none(&PyExc_MemoryError)
}

macro_rules! shorthands {
    ($($(#[$doc:meta])* $name:ident => $type:ident),+ $(,)?) => {
        $($(#[$doc])*
        #[inline(never)]
        #[cold]
        pub fn $name(message: impl Display) -> Raised {
            raise(&$type, message)
        })+
    };
}

shorthands! {
    /// `TypeError` with a message.
    type_error => PyExc_TypeError,
    /// `ValueError` with a message.
    value_error => PyExc_ValueError,
    /// `IndexError` with a message.
    index_error => PyExc_IndexError,
    /// `OverflowError` with a message.
    overflow_error => PyExc_OverflowError,
    /// `ZeroDivisionError` with a message.
    zero_division_error => PyExc_ZeroDivisionError,
    /// `RuntimeError` with a message.
    runtime_error => PyExc_RuntimeError,
    /// `SystemError` with a message.
    system_error => PyExc_SystemError,
    /// `AttributeError` with a message, name and object unset.
    attribute_error => PyExc_AttributeError,
    /// `BufferError` with a message.
    buffer_error => PyExc_BufferError,
    /// `NotImplementedError` with a message: something that this VM does not have yet.
    not_implemented => PyExc_NotImplementedError,
}

/// `KeyError(key)`; a tuple key is wrapped, so that it stays one argument.
#[inline(never)]
#[cold]
pub fn key_error(key: &PyObject) -> Raised {
    match crate::tuple::pack(&[key]) {
        Ok(args) => raise_object(&PyExc_KeyError, Some(args.upcast())),
        Err(raised) => raised,
    }
}

/// `AttributeError` that knows the object and the name.
#[inline(never)]
#[cold]
pub fn attribute_error_of(object: &PyObject, name: &PyObject, message: impl Display) -> Raised {
    let raised = attribute_error(message);
    if !matches(&PyExc_AttributeError) {
        return raised;
    }
    let mut fetched = fetch();
    normalize(&mut fetched);
    if let Some(value) = &fetched.value
        && let Some(error) = value.downcast_ref::<PyAttributeErrorObject>()
    {
        error.obj.put(Some(Own::new(object)));
        error.name.put(Some(Own::new(name)));
    }
    restore(fetched)
}

/// `NameError` that knows the name.
#[inline(never)]
#[cold]
pub fn name_error(type_: &PyTypeObject, name: &PyObject, message: impl Display) -> Raised {
    let raised = raise(type_, message);
    // `UnboundLocalError` is not told.
    if !std::ptr::eq(type_, &PyExc_NameError) {
        return raised;
    }
    let mut fetched = fetch();
    normalize(&mut fetched);
    match fetched
        .value
        .as_ref()
        .and_then(|value| value.downcast_ref::<PyNameErrorObject>())
    {
        Some(error) => {
            if Field::as_ref(&error.name).is_none() {
                error.name.put(Some(Own::new(name)));
            }
        }
        None => return raised_again(fetched, raised),
    }
    restore(fetched)
}

fn raised_again(fetched: Fetched, raised: Raised) -> Raised {
    restore(fetched);
    raised
}

/// `StopIteration(value)`.
pub fn stop_iteration(value: Option<Own>) -> Raised {
    match value {
        None => raise_none(&PyExc_StopIteration),
        Some(value)
            if value.downcast_ref::<PyTupleObject>().is_some()
                || value.is_instance_of(&PyExc_BaseException) =>
        {
            match call::call(PyExc_StopIteration.as_object(), &[&value]) {
                Ok(made) => raise_object(&PyExc_StopIteration, Some(made)),
                Err(raised) => raised,
            }
        }
        Some(value) => raise_object(&PyExc_StopIteration, Some(value)),
    }
}

/// A function that a caller's exception state is kept around for: saves the indicator, runs, and
/// puts it back (destructors and callbacks run in the middle of raising).
pub fn preserving<R>(act: impl FnOnce() -> R) -> R {
    let saved = fetch();
    let result = act();
    if saved.type_.is_some() {
        restore(saved);
    }
    result
}

/// The text of a C string of a static table.
#[expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "the fields it is called with are set to literals only"
)]
pub fn c_text(pointer: *const std::ffi::c_char) -> &'static str {
    if pointer.is_null() {
        return "";
    }
    // SAFETY: static tables hold NUL-ended UTF-8.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap_or("?")
}
