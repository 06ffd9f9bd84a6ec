//! Jumps, loops, `with`, generators' instructions.

use super::{Eval, Flow};
use crate::tracing::{self, is_on};
use crate::{frames, generator};
use twinheap_abi::*;
use twinheap_objects::abstract_;
use twinheap_objects::call;
use twinheap_objects::errors::{self, PyResult, Raised, type_error};
use twinheap_objects::exceptions::PyExc_StopIteration;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::{id, types};

impl Eval {
    /// Jumps; backward, the loop looks up from its work where somebody asks for it.
    fn jump_watched(&mut self, offset: isize) -> PyResult<()> {
        self.jump(offset);
        if offset < 0 && self.state.is_interrupted() {
            return crate::interrupt::handle();
        }
        Ok(())
    }

    pub(super) fn pop_jump_if(&mut self, wanted: bool, offset: isize) -> PyResult<()> {
        let condition = self.pop();
        let truth = object::is_true(&condition)?;
        drop(condition);
        if truth == wanted {
            return self.jump_watched(offset);
        }
        Ok(())
    }

    pub(super) fn pop_jump_back_if_none(&mut self, wanted: bool, oparg: usize) -> PyResult<()> {
        let value = self.pop();
        if value.is_none() == wanted {
            drop(value);
            return self.jump_watched(-(oparg as isize));
        }
        Ok(())
    }

    pub(super) fn jump_if_or_pop(&mut self, wanted: bool, oparg: usize) -> PyResult<()> {
        if object::is_true(self.peek(1))? == wanted {
            self.jump(oparg as isize);
        } else {
            drop(self.pop());
        }
        Ok(())
    }

    pub(super) fn get_iter(&mut self) -> PyResult<()> {
        let iterable = self.pop();
        let iterator = abstract_::get_iter(&iterable)?;
        drop(iterable);
        self.push(iterator);
        Ok(())
    }

    pub(super) fn for_iter(&mut self, oparg: usize) -> PyResult<()> {
        let iterator = self.peek_raw(1);
        // SAFETY: the compiler keeps an iterator on the stack; its type has the slot.
        let item = unsafe {
            match (*(*iterator).ob_type.get()).tp_iternext.get() {
                Some(next) => next(iterator),
                None => return Err(type_error("the iterator of a loop has no __next__")),
            }
        };
        if !item.is_null() {
            self.push_raw(item);
            return Ok(());
        }
        if errors::occurred() {
            if !errors::matches(&PyExc_StopIteration) {
                return Err(Raised::already_set());
            }
            if is_on(self.state) {
                self.save_stack();
                tracing::exception(self.frame());
            }
            errors::clear();
        }
        drop(self.pop());
        self.jump(oparg as isize);
        Ok(())
    }

    pub(super) fn before_with(&mut self) -> PyResult<()> {
        let manager = Own::new(self.peek(1));
        let Some(enter) = types::lookup_special(&manager, id!("__enter__"))? else {
            return Err(type_error(format_args!(
                "'{}' object does not support the context manager protocol",
                manager.type_().name()
            )));
        };
        let Some(exit) = types::lookup_special(&manager, id!("__exit__"))? else {
            return Err(type_error(format_args!(
                "'{}' object does not support the context manager protocol (missed __exit__ method)",
                manager.type_().name()
            )));
        };
        let old = self.peek_raw(1);
        self.poke_raw(1, exit.into_raw());
        // SAFETY: the stack owned the manager.
        unsafe { twinheap_objects::own::decref(old) };
        let entered = call::call(&enter, &[])?;
        self.push(entered);
        Ok(())
    }

    pub(super) fn with_except_start(&mut self) -> PyResult<()> {
        let value = Own::new(self.peek(1));
        let exit = Own::new(self.peek(4));
        let traceback = value
            .downcast_ref::<PyBaseExceptionObject>()
            .and_then(|value| value.traceback.own())
            .unwrap_or_else(none);
        let result = call::call(&exit, &[value.type_().as_object(), &value, &traceback])?;
        self.push(result);
        Ok(())
    }

    /// Ends the frame with the value on top of its stack.
    pub(super) fn return_value(&mut self) -> PyResult<Flow> {
        let value = self.pop_raw();
        self.save_stack();
        let frame = self.frame();
        if frame.owner.get() == FRAME_OWNED_BY_GENERATOR {
            generator::finish(frame);
            return Ok(self.exit_with(value));
        }
        let is_entry = frame.is_entry.get();
        if is_entry {
            let previous = frame.previous.get();
            // SAFETY: the frame has ended; the caller of the loop gives its depth back.
            unsafe {
                frames::clear_frame(frame);
                frames::pop_frame(self.state, self.frame);
            }
            self.state.current_frame.set(previous);
            return Ok(self.exit_raw(value));
        }
        self.leave_frame();
        self.load_frame();
        self.push_raw(value);
        Ok(Flow::Next)
    }

    /// Leaves the loop with a value; the frame is kept by its generator.
    fn exit_with(&mut self, value: *mut PyObject) -> Flow {
        let previous = self.frame().previous.get();
        self.state.current_frame.set(previous);
        self.exit_raw(value)
    }

    /// Puts the result where the loop's end picks it up.
    fn exit_raw(&mut self, value: *mut PyObject) -> Flow {
        self.result_slot = value;
        self.sp = (&raw mut self.result_slot).wrapping_add(1);
        Flow::Exit
    }

    pub(super) fn return_generator(&mut self) -> PyResult<Flow> {
        self.save_stack();
        let made = generator::from_frame(self.frame())?;
        let frame = self.frame;
        // SAFETY: the frame's words have moved into the generator.
        unsafe {
            let is_entry = (*frame).is_entry.get();
            let previous = (*frame).previous.get();
            frames::pop_frame(self.state, frame);
            if is_entry {
                self.state.current_frame.set(previous);
                return Ok(self.exit_raw(made.into_raw()));
            }
            self.frame = previous;
        }
        object::leave_frame();
        self.load_frame();
        self.push(made);
        Ok(Flow::Next)
    }

    pub(super) fn get_yield_from_iter(&mut self) -> PyResult<()> {
        let iterable = self.pop();
        let is_coroutine = iterable.is_exactly(&generator::PyCoro_Type);
        if is_coroutine && self.code().co_flags.get() & (CO_COROUTINE | CO_ITERABLE_COROUTINE) == 0
        {
            return Err(type_error(
                "cannot 'yield from' a coroutine object in a non-coroutine generator",
            ));
        }
        let iterator = if is_coroutine || generator::is_generator(&iterable) {
            iterable
        } else {
            abstract_::get_iter(&iterable)?
        };
        self.push(iterator);
        Ok(())
    }

    pub(super) fn send(&mut self, oparg: usize) -> PyResult<()> {
        let value = Own::new(self.peek(1));
        let receiver = Own::new(self.peek(2));
        let sent = if self.state.c_traceobj.get().is_null() {
            generator::send_to(&receiver, &value)?
        } else {
            self.send_traced(&receiver, &value)?
        };
        match sent {
            generator::Sent::Yielded(item) => {
                drop(self.pop());
                self.push(item);
            }
            generator::Sent::Returned(result) => {
                drop(self.pop());
                drop(self.pop());
                self.push(result);
                self.jump(oparg as isize);
            }
        }
        Ok(())
    }

    /// The same where a trace function watches: it is told of the StopIteration that a return is.
    #[cold]
    fn send_traced(&mut self, receiver: &PyObject, value: &PyObject) -> PyResult<generator::Sent> {
        self.save_stack();
        let next = receiver.type_().tp_iternext.get();
        let result = match next.filter(|_| value.is_none()) {
            // SAFETY: the slot of the object's own type; no result and no exception is the end, too.
            Some(next) => unsafe { Own::from_nullable(next(receiver.as_raw())) },
            None => call::call_method(receiver, id!("send"), &[value]).ok(),
        };
        if let Some(result) = result {
            return Ok(generator::Sent::Yielded(result));
        }
        if errors::occurred() && errors::matches(&PyExc_StopIteration) && is_on(self.state) {
            tracing::exception(self.frame());
        }
        generator::stop_value().map(generator::Sent::Returned)
    }
}
