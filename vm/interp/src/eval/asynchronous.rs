//! Opcodes of `await`, `async for` and `async with`.

use super::Eval;
use crate::generator;
use twinheap_abi::*;
use twinheap_objects::errors::{self, PyResult, Raised, from_c, runtime_error, type_error};
use twinheap_objects::exceptions::PyExc_StopAsyncIteration;
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{call, id, types};

/// A slot of the suite for asynchronous protocols.
fn async_slot(
    object: &PyObject,
    slot: fn(&PyAsyncMethods) -> Option<unaryfunc>,
) -> Option<unaryfunc> {
    // SAFETY: a type's suite lives as long as the type.
    unsafe { object.type_().tp_as_async.get().as_ref() }.and_then(slot)
}

impl Eval {
    pub(super) fn get_awaitable(&mut self, oparg: usize) -> PyResult<()> {
        let iterable = self.pop();
        let iterator = match generator::awaitable_iterator(&iterable) {
            Ok(iterator) => iterator,
            Err(raised) => {
                let known = async_slot(&iterable, |suite| suite.am_await.get()).is_some();
                let method = match oparg {
                    1 => "__aenter__",
                    2 => "__aexit__",
                    _ => return Err(raised),
                };
                if known || iterable.is_exactly(&generator::PyCoro_Type) {
                    return Err(raised);
                }
                return Err(type_error(format_args!(
                    "'async with' received an object from {method} that does not implement __await__: {}",
                    iterable.type_().name()
                )));
            }
        };
        if iterator.is_exactly(&generator::PyCoro_Type) && generator::is_awaiting(&iterator) {
            return Err(runtime_error("coroutine is being awaited already"));
        }
        self.push(iterator);
        Ok(())
    }

    pub(super) fn get_aiter(&mut self) -> PyResult<()> {
        let iterable = self.pop();
        let Some(aiter) = async_slot(&iterable, |suite| suite.am_aiter.get()) else {
            return Err(type_error(format_args!(
                "'async for' requires an object with __aiter__ method, got {}",
                iterable.type_().name()
            )));
        };
        // SAFETY: the slot of the object's own type.
        let iterator = unsafe { from_c(aiter(iterable.as_raw())) }?;
        if async_slot(&iterator, |suite| suite.am_anext.get()).is_none() {
            return Err(type_error(format_args!(
                "'async for' received an object from __aiter__ that does not implement __anext__: {}",
                iterator.type_().name()
            )));
        }
        self.push(iterator);
        Ok(())
    }

    pub(super) fn get_anext(&mut self) -> PyResult<()> {
        let iterator = Own::new(self.peek(1));
        let Some(anext) = async_slot(&iterator, |suite| suite.am_anext.get()) else {
            return Err(type_error(format_args!(
                "'async for' requires an iterator with __anext__ method, got {}",
                iterator.type_().name()
            )));
        };
        // SAFETY: the slot of the iterator's own type.
        let next = unsafe { from_c(anext(iterator.as_raw())) }?;
        if generator::is_async_generator(&iterator) {
            self.push(next);
            return Ok(());
        }
        let Ok(awaitable) = generator::awaitable_iterator(&next) else {
            let cause = errors::take_exception();
            type_error(format_args!(
                "'async for' received an invalid object from __anext__: {}",
                next.type_().name()
            ));
            let error = errors::take_exception();
            if let Some(base) = error.downcast_ref::<PyBaseExceptionObject>() {
                twinheap_objects::exceptions::set_cause(base, Some(cause.clone()));
                errors::set_context(&error, Some(cause));
            }
            return Err(errors::restore_exception(error));
        };
        self.push(awaitable);
        Ok(())
    }

    pub(super) fn async_gen_wrap(&mut self) -> PyResult<()> {
        let value = self.pop();
        let wrapped = generator::wrap_value(value)?;
        self.push(wrapped);
        Ok(())
    }

    pub(super) fn before_async_with(&mut self) -> PyResult<()> {
        let manager = Own::new(self.peek(1));
        let name = manager.type_().name();
        let Some(enter) = types::lookup_special(&manager, id!("__aenter__"))? else {
            return Err(type_error(format_args!(
                "'{name}' object does not support the asynchronous context manager protocol"
            )));
        };
        let Some(exit) = types::lookup_special(&manager, id!("__aexit__"))? else {
            return Err(type_error(format_args!(
                "'{name}' object does not support the asynchronous context manager protocol \
                 (missed __aexit__ method)"
            )));
        };
        drop(self.pop());
        self.push(exit);
        let entered = call::call(&enter, &[])?;
        self.push(entered);
        Ok(())
    }

    pub(super) fn end_async_for(&mut self) -> PyResult<()> {
        let value = self.pop();
        if errors::given_matches(&value, PyExc_StopAsyncIteration.as_object()) {
            drop(value);
            drop(self.pop());
            return Ok(());
        }
        errors::restore_exception(value);
        self.reraising = true;
        Err(Raised::already_set())
    }
}
