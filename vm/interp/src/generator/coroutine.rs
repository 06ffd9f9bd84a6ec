//! Coroutines: `await`, the wrapper that `__await__` gives, the warning for one that was never awaited.

use super::*;
use crate::frames;
use twinheap_objects::import_hook;
use twinheap_objects::{abstract_, long, members, object_struct, tuple, warnings};

/// Where the coroutine that is being made comes from, as far as it is asked for.
pub(super) fn origin() -> PyResult<Option<Own>> {
    let depth = tstate().coroutine_origin_tracking_depth.get();
    if depth == 0 {
        return Ok(None);
    }
    let mut entries = Vec::new();
    // The running frame is the coroutine's own.
    let mut frame = frames::innermost().and_then(frames::previous_complete);
    while let Some(current) = frame
        && entries.len() < depth as usize
    {
        let code = current.f_code.expect_ref();
        let line = long::from_i64(i64::from(frames::current_line(current)))?;
        let entry = [
            code.co_filename.expect_ref(),
            line.as_object(),
            code.co_name.expect_ref(),
        ];
        entries.push(tuple::pack(&entry)?.upcast());
        frame = frames::previous_complete(current);
    }
    Ok(Some(tuple::from_vec(entries)?.upcast()))
}

/// `_PyErr_WarnUnawaitedCoroutine`.
pub(super) fn warn_unawaited(coroutine: &PyGenObject) {
    let warned = import_hook::import_module("warnings")
        .and_then(|module| object::get_attr(&module, id!("_warn_unawaited_coroutine")))
        .and_then(|warn| call::call(&warn, &[coroutine.as_object()]));
    if warned.is_ok() {
        return;
    }
    errors::clear();
    let name = coroutine
        .gi_qualname
        .expect_ref()
        .downcast_ref::<PyASCIIObject>();
    let text = format!(
        "coroutine '{}' was never awaited",
        name.map(unicode::to_string_lossy).unwrap_or_default()
    );
    if let Err(raised) = warnings::warn_runtime(&text) {
        twinheap_objects::unraisable::report(raised, Some(coroutine.as_object()));
    }
}

/// Whether a generator is marked as a coroutine (`types.coroutine`).
fn is_iterable_coroutine(object: &PyObject) -> bool {
    object.is_exactly(&PyGen_Type)
        && as_generator(object).is_some_and(|generator| {
            generator.gi_code.expect_ref().co_flags.get() & CO_ITERABLE_COROUTINE != 0
        })
}

/// `_PyCoro_GetAwaitableIter`.
pub fn awaitable_iterator(object: &PyObject) -> PyResult {
    if object.is_exactly(&PyCoro_Type) || is_iterable_coroutine(object) {
        return Ok(Own::new(object));
    }
    // SAFETY: a type's suite lives as long as the type.
    let suite = unsafe { object.type_().tp_as_async.get().as_ref() };
    let Some(function) = suite.and_then(|suite| suite.am_await.get()) else {
        return Err(type_error(format_args!(
            "object {} can't be used in 'await' expression",
            object.type_().name()
        )));
    };
    // SAFETY: the slot of the object's own type.
    let iterator = unsafe { errors::from_c(function(object.as_raw())) }?;
    if iterator.is_exactly(&PyCoro_Type) || is_iterable_coroutine(&iterator) {
        return Err(type_error("__await__() returned a coroutine"));
    }
    if !abstract_::is_iterator(&iterator) {
        return Err(type_error(format_args!(
            "__await__() returned non-iterator of type '{}'",
            iterator.type_().name()
        )));
    }
    Ok(iterator)
}

object_struct! {
    /// `PyCoroWrapper`: the iterator of a coroutine.
    pub struct CoroWrapper {
        cw_coroutine: Pointer<PyGenObject>,
    }
}

fn coroutine_await(coroutine: &PyGenObject) -> PyResult {
    let object: *mut CoroWrapper =
        memory::new_gc_object(&_PyCoroWrapper_Type, size_of::<CoroWrapper>())?;
    // SAFETY: fresh memory, tracked once its field is set.
    unsafe {
        (*object).cw_coroutine.set(Own::new(coroutine).into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn wrapper_next(wrapper: &CoroWrapper) -> PyResult<Option<Own>> {
    iternext(wrapper.cw_coroutine.expect_ref())
}

fn wrapper_send(wrapper: &CoroWrapper, value: &PyObject) -> PyResult {
    send(wrapper.cw_coroutine.expect_ref(), value)
}

fn wrapper_throw(wrapper: &CoroWrapper, args: &[&PyObject]) -> PyResult {
    throw(wrapper.cw_coroutine.expect_ref(), args)
}

fn wrapper_close(wrapper: &CoroWrapper) -> PyResult {
    close(wrapper.cw_coroutine.expect_ref())
}

methods! {
    static WRAPPER_METHODS:
    "send" => o(wrapper_send);
    "throw" => fast(wrapper_throw);
    "close" => noargs(wrapper_close);
}

static_type! {
    /// `coroutine_wrapper`.
    _PyCoroWrapper_Type = "coroutine_wrapper", size size_of::<CoroWrapper>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc CoroWrapper::dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse CoroWrapper::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext wrapper_next),
    tp_methods: WRAPPER_METHODS.as_ptr(),
}

getset! {
    static GETSET:
    "__name__" => get_name, set_name;
    "__qualname__" => get_qualname, set_qualname;
    "cr_await" => get_yieldfrom;
    "cr_running" => get_running;
    "cr_frame" => get_frame;
    "cr_suspended" => get_suspended;
}

members! {
    static MEMBERS:
    "cr_code" => T_OBJECT, offset_of!(PyGenObject, gi_code), READONLY;
    "cr_origin" => T_OBJECT, offset_of!(PyGenObject, gi_origin_or_finalizer), READONLY;
}

methods! {
    static METHODS:
    "send" => o(send);
    "throw" => fast(throw);
    "close" => noargs(close);
    "__sizeof__" => noargs(sizeof);
}

static_type! {
    /// `coroutine`.
    PyCoro_Type = "coroutine",
        size offset_of!(PyGenObject, gi_iframe) + offset_of!(_PyInterpreterFrame, localsplus), 8,
        flags Py_TPFLAGS_HAVE_GC;
    async { am_await: slot!(unary coroutine_await), }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_weaklistoffset: offset_of!(PyGenObject, gi_weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_finalize: Some(finalize_slot),
}
