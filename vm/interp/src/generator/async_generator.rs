//! Asynchronous generators: what `asend`, `athrow`, `aclose` and `anext` give to be awaited.

use super::*;
use std::cell::Cell;
use twinheap_objects::generic_alias;
use twinheap_objects::state::tstate;
use twinheap_objects::{object_struct, tuple, typed};

/// Whether the object is an asynchronous generator.
pub fn is_async_generator(object: &PyObject) -> bool {
    object.is_exactly(&PyAsyncGen_Type)
}

/// Where an await stands (`AwaitableState`).
const INIT: i32 = 0;
const ITER: i32 = 1;
const CLOSED: i32 = 2;

object_struct! {
    /// `_PyAsyncGenWrappedValue`: a value that the generator yields to its consumer.
    pub struct WrappedValue {
        agw_val: Pointer<PyObject>,
    }
}
typed!(WrappedValue, _PyAsyncGenWrappedValue_Type);

object_struct! {
    /// `PyAsyncGenASend`.
    pub struct AsyncGenASend {
        ags_gen: Pointer<PyGenObject>,
        ags_sendval: Pointer<PyObject>,
        ags_state: Cell<i32>,
    }
}

object_struct! {
    /// `PyAsyncGenAThrow`; without arguments it is an `aclose`.
    pub struct AsyncGenAThrow {
        agt_gen: Pointer<PyGenObject>,
        agt_args: Pointer<PyTupleObject>,
        agt_state: Cell<i32>,
    }
}

object_struct! {
    /// `anextawaitableobject`: `anext(iterator, default)`.
    pub struct AnextAwaitable {
        wrapped: Pointer<PyObject>,
        default_value: Pointer<PyObject>,
    }
}

/// Makes an object of a struct of two owned fields, tracked.
fn tracked<T: Layout>(type_: &PyTypeObject, fill: impl FnOnce(&T)) -> PyResult {
    let size = size_of::<T>();
    let object: *mut T = memory::new_gc_object(type_, size)?;
    // SAFETY: fresh memory, zeroed behind the header, tracked once its fields are set.
    unsafe {
        let header = size_of::<PyObject>();
        std::ptr::write_bytes(object.cast::<u8>().add(header), 0, size - header);
        fill(&*object);
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

/// `ASYNC_GEN_WRAP`.
pub fn wrap_value(value: Own) -> PyResult {
    tracked::<WrappedValue>(&_PyAsyncGenWrappedValue_Type, |made| {
        made.agw_val.put(Some(value))
    })
}

/// The first iteration takes the hooks that hold at that time.
fn init_hooks(generator: &PyGenObject) -> PyResult<()> {
    if generator.gi_hooks_inited.replace(1) != 0 {
        return Ok(());
    }
    if let Some(finalizer) = tstate().async_gen_finalizer.own() {
        generator.gi_origin_or_finalizer.put(Some(finalizer));
    }
    if let Some(firstiter) = tstate().async_gen_firstiter.own() {
        call::call(&firstiter, &[generator.as_object()])?;
    }
    Ok(())
}

/// Lets the finalizer hook close a generator that nobody holds; false where there is none.
pub(super) fn finalize_by_hook(generator: &PyGenObject) -> bool {
    if !is_async_generator(generator.as_object()) || generator.gi_closed.get() != 0 {
        return false;
    }
    let Some(finalizer) = generator.gi_origin_or_finalizer.own() else {
        return false;
    };
    if let Err(raised) = call::call(&finalizer, &[generator.as_object()]) {
        twinheap_objects::unraisable::report(raised, Some(generator.as_object()));
    }
    true
}

/// What the generator gave: a wrapped value ends the await, anything else is passed on.
fn unwrap_value(generator: &PyGenObject, result: PyResult) -> PyResult {
    match result {
        Ok(item) => match item.downcast_exact::<WrappedValue>() {
            Some(wrapped) => {
                generator.gi_running_async.set(0);
                let value = wrapped.agw_val.own().unwrap_or_else(none);
                Err(errors::stop_iteration(
                    Some(value).filter(|value| !value.is_none()),
                ))
            }
            None => Ok(item),
        },
        Err(raised) => {
            if errors::matches(&PyExc_StopAsyncIteration) || errors::matches(&PyExc_GeneratorExit) {
                generator.gi_closed.set(1);
            }
            generator.gi_running_async.set(0);
            Err(raised)
        }
    }
}

fn anext(generator: &PyGenObject) -> PyResult {
    init_hooks(generator)?;
    new_asend(generator, None)
}

fn asend(generator: &PyGenObject, value: &PyObject) -> PyResult {
    init_hooks(generator)?;
    new_asend(generator, Some(value))
}

fn new_asend(generator: &PyGenObject, value: Option<&PyObject>) -> PyResult {
    tracked::<AsyncGenASend>(&_PyAsyncGenASend_Type, |made| {
        made.ags_gen.put(Some(Own::new(generator)));
        made.ags_sendval.put(value.map(Own::new));
        made.ags_state.set(INIT);
    })
}

fn aclose(generator: &PyGenObject) -> PyResult {
    init_hooks(generator)?;
    new_athrow(generator, None)
}

fn athrow(generator: &PyGenObject, args: &PyTupleObject) -> PyResult {
    init_hooks(generator)?;
    new_athrow(generator, Some(args))
}

fn new_athrow(generator: &PyGenObject, args: Option<&PyTupleObject>) -> PyResult {
    tracked::<AsyncGenAThrow>(&_PyAsyncGenAThrow_Type, |made| {
        made.agt_gen.put(Some(Own::new(generator)));
        made.agt_args.put(args.map(Own::new));
        made.agt_state.set(INIT);
    })
}

fn asend_send(this: &AsyncGenASend, value: &PyObject) -> PyResult {
    let generator = Own::new(this.ags_gen.expect_ref());
    if this.ags_state.get() == CLOSED {
        return Err(runtime_error(
            "cannot reuse already awaited __anext__()/asend()",
        ));
    }
    let mut sent = Own::new(value);
    if this.ags_state.get() == INIT {
        if generator.gi_running_async.get() != 0 {
            return Err(runtime_error(
                "anext(): asynchronous generator is already running",
            ));
        }
        if value.is_none() {
            sent = this.ags_sendval.own().unwrap_or_else(none);
        }
        this.ags_state.set(ITER);
    }
    generator.gi_running_async.set(1);
    let result = unwrap_value(&generator, send(&generator, &sent));
    if result.is_err() {
        this.ags_state.set(CLOSED);
    }
    result
}

fn asend_next(this: &AsyncGenASend) -> PyResult<Option<Own>> {
    asend_send(this, &none()).map(Some)
}

fn asend_throw(this: &AsyncGenASend, args: &[&PyObject]) -> PyResult {
    if this.ags_state.get() == CLOSED {
        return Err(runtime_error(
            "cannot reuse already awaited __anext__()/asend()",
        ));
    }
    let generator = Own::new(this.ags_gen.expect_ref());
    let result = unwrap_value(&generator, throw(&generator, args));
    if result.is_err() {
        this.ags_state.set(CLOSED);
    }
    result
}

fn asend_close(this: &AsyncGenASend) -> PyResult {
    this.ags_state.set(CLOSED);
    Ok(none())
}

/// The generator has yielded to its consumer while it was being closed.
fn ignored_exit(this: &AsyncGenAThrow, generator: &PyGenObject) -> PyResult {
    generator.gi_running_async.set(0);
    this.agt_state.set(CLOSED);
    Err(runtime_error("async generator ignored GeneratorExit"))
}

/// The end of an `aclose` or `athrow`: a closed generator ends an `aclose` well.
fn ended(this: &AsyncGenAThrow, generator: &PyGenObject, raised: Raised) -> PyResult {
    generator.gi_running_async.set(0);
    this.agt_state.set(CLOSED);
    let closed =
        errors::matches(&PyExc_StopAsyncIteration) || errors::matches(&PyExc_GeneratorExit);
    if closed && this.agt_args.get().is_null() {
        errors::discard(raised);
        return Err(errors::stop_iteration(None));
    }
    Err(raised)
}

fn is_wrapped(item: &PyObject) -> bool {
    item.is_exactly(&_PyAsyncGenWrappedValue_Type)
}

fn athrow_start(this: &AsyncGenAThrow, generator: &PyGenObject, value: &PyObject) -> PyResult {
    let args = this.agt_args.own();
    if generator.gi_running_async.get() != 0 {
        this.agt_state.set(CLOSED);
        let what = if args.is_none() { "aclose" } else { "athrow" };
        return Err(runtime_error(format_args!(
            "{what}(): asynchronous generator is already running"
        )));
    }
    if generator.gi_closed.get() != 0 {
        this.agt_state.set(CLOSED);
        return Err(errors::raise_none(&PyExc_StopAsyncIteration));
    }
    if !value.is_none() {
        return Err(runtime_error(
            "can't send non-None value to a just-started coroutine",
        ));
    }
    this.agt_state.set(ITER);
    generator.gi_running_async.set(1);
    match args {
        None => {
            generator.gi_closed.set(1);
            let exit = PyExc_GeneratorExit.as_object();
            match throw_into(generator, &[exit], false) {
                Ok(item) if is_wrapped(&item) => ignored_exit(this, generator),
                Ok(item) => Ok(item),
                Err(raised) => ended(this, generator, raised),
            }
        }
        Some(args) => {
            let items = tuple::items(&args);
            call::check_positional("athrow", items.len(), 1, 3)?;
            match unwrap_value(generator, throw_into(generator, items, false)) {
                Ok(item) => Ok(item),
                Err(raised) => ended(this, generator, raised),
            }
        }
    }
}

fn athrow_send(this: &AsyncGenAThrow, value: &PyObject) -> PyResult {
    let generator = Own::new(this.agt_gen.expect_ref());
    if this.agt_state.get() == CLOSED {
        return Err(runtime_error(
            "cannot reuse already awaited aclose()/athrow()",
        ));
    }
    if generator.gi_frame_state.get() >= FRAME_COMPLETED {
        this.agt_state.set(CLOSED);
        return Err(errors::stop_iteration(None));
    }
    if this.agt_state.get() == INIT {
        return athrow_start(this, &generator, value);
    }
    generator.gi_running_async.set(1);
    let result = send(&generator, value);
    if !this.agt_args.get().is_null() {
        return unwrap_value(&generator, result);
    }
    match result {
        Ok(item) if is_wrapped(&item) => ignored_exit(this, &generator),
        Ok(item) => Ok(item),
        Err(raised) => ended(this, &generator, raised),
    }
}

fn athrow_next(this: &AsyncGenAThrow) -> PyResult<Option<Own>> {
    athrow_send(this, &none()).map(Some)
}

fn athrow_throw(this: &AsyncGenAThrow, args: &[&PyObject]) -> PyResult {
    if this.agt_state.get() == CLOSED {
        return Err(runtime_error(
            "cannot reuse already awaited aclose()/athrow()",
        ));
    }
    let generator = Own::new(this.agt_gen.expect_ref());
    let result = throw(&generator, args);
    if !this.agt_args.get().is_null() {
        return unwrap_value(&generator, result);
    }
    match result {
        Ok(item) if is_wrapped(&item) => ignored_exit(this, &generator),
        Ok(item) => Ok(item),
        Err(raised) => {
            if errors::matches(&PyExc_StopAsyncIteration) || errors::matches(&PyExc_GeneratorExit) {
                errors::discard(raised);
                return Err(errors::stop_iteration(None));
            }
            Err(raised)
        }
    }
}

fn athrow_close(this: &AsyncGenAThrow) -> PyResult {
    this.agt_state.set(CLOSED);
    Ok(none())
}

/// The awaitable of `anext` with a default.
pub fn new_anext_awaitable(wrapped: Own, default: &PyObject) -> PyResult {
    tracked::<AnextAwaitable>(&PyAnextAwaitable_Type, |made| {
        made.wrapped.put(Some(wrapped));
        made.default_value.put(Some(Own::new(default)));
    })
}

/// The iterator of what `anext` awaits.
fn anext_iterator(this: &AnextAwaitable) -> PyResult {
    let awaitable = awaitable_iterator(this.wrapped.expect_ref())?;
    if awaitable.type_().tp_iternext.get().is_some() {
        return Ok(awaitable);
    }
    call::call_method(&awaitable, id!("__await__"), &[])
}

/// The end of the iteration becomes the default.
fn with_default(this: &AnextAwaitable, result: PyResult) -> PyResult {
    match result {
        Err(raised) if errors::matches(&PyExc_StopAsyncIteration) => {
            errors::discard(raised);
            Err(errors::stop_iteration(this.default_value.own()))
        }
        other => other,
    }
}

fn anext_next(this: &AnextAwaitable) -> PyResult<Option<Own>> {
    let iterator = anext_iterator(this)?;
    let Some(next) = iterator.type_().tp_iternext.get() else {
        return Err(type_error("anext() awaits an object that is no iterator"));
    };
    // SAFETY: the slot of the iterator's own type.
    match unsafe { Own::from_nullable(next(iterator.as_ptr())) } {
        Some(item) => Ok(Some(item)),
        None if !errors::occurred() => Ok(None),
        None => with_default(this, Err(Raised::already_set())).map(Some),
    }
}

fn anext_send(this: &AnextAwaitable, value: &PyObject) -> PyResult {
    let iterator = anext_iterator(this)?;
    with_default(this, call::call_method(&iterator, id!("send"), &[value]))
}

fn anext_throw(this: &AnextAwaitable, args: &[&PyObject]) -> PyResult {
    let iterator = anext_iterator(this)?;
    with_default(this, call::call_method(&iterator, id!("throw"), args))
}

fn anext_close(this: &AnextAwaitable) -> PyResult {
    let iterator = anext_iterator(this)?;
    with_default(this, call::call_method(&iterator, id!("close"), &[]))
}

macro_rules! awaitable_type {
    ($(#[$meta:meta])* $name:ident = $py_name:literal, $layout:ident, $methods:ident: $next:ident, $send:ident, $throw:ident, $close:ident) => {
        methods! {
            static $methods:
            "send" => o($send);
            "throw" => fast($throw);
            "close" => noargs($close);
        }
        static_type! {
            $(#[$meta])*
            $name = $py_name, size size_of::<$layout>(), 0, flags Py_TPFLAGS_HAVE_GC;
            async { am_await: slot!(unary object::self_iter), }
            tp_dealloc: slot!(dealloc $layout::dealloc),
            tp_getattro: Some(object::PyObject_GenericGetAttr),
            tp_traverse: slot!(traverse $layout::traverse),
            tp_iter: slot!(unary object::self_iter),
            tp_iternext: slot!(iternext $next),
            tp_methods: $methods.as_ptr(),
        }
    };
}

awaitable_type!(
    /// What `asend` and `__anext__` give.
    _PyAsyncGenASend_Type = "async_generator_asend", AsyncGenASend, ASEND_METHODS:
    asend_next, asend_send, asend_throw, asend_close
);
awaitable_type!(
    /// What `athrow` and `aclose` give.
    _PyAsyncGenAThrow_Type = "async_generator_athrow", AsyncGenAThrow, ATHROW_METHODS:
    athrow_next, athrow_send, athrow_throw, athrow_close
);
awaitable_type!(
    /// What `anext` with a default gives.
    PyAnextAwaitable_Type = "anext_awaitable", AnextAwaitable, ANEXT_METHODS:
    anext_next, anext_send, anext_throw, anext_close
);

static_type! {
    /// A value on its way from an asynchronous generator to its consumer.
    _PyAsyncGenWrappedValue_Type = "async_generator_wrapped_value", size size_of::<WrappedValue>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc WrappedValue::dealloc),
    tp_traverse: slot!(traverse WrappedValue::traverse),
}

fn get_running_async(generator: &PyGenObject) -> PyResult {
    Ok(bool_object(generator.gi_running_async.get() != 0))
}

getset! {
    static GETSET:
    "__name__" => get_name, set_name;
    "__qualname__" => get_qualname, set_qualname;
    "ag_await" => get_yieldfrom;
    "ag_frame" => get_frame;
    "ag_running" => get_running_async;
}

members! {
    static MEMBERS:
    "ag_code" => T_OBJECT, offset_of!(PyGenObject, gi_code), READONLY;
}

methods! {
    static METHODS:
    "asend" => o(asend);
    "athrow" => varargs(athrow);
    "aclose" => noargs(aclose);
    "__sizeof__" => noargs(sizeof);
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

static_type! {
    /// `async_generator`.
    PyAsyncGen_Type = "async_generator",
        size offset_of!(PyGenObject, gi_iframe) + offset_of!(_PyInterpreterFrame, localsplus), 8,
        flags Py_TPFLAGS_HAVE_GC;
    async { am_aiter: slot!(unary object::self_iter), am_anext: slot!(unary anext), }
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
