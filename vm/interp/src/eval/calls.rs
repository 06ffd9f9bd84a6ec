//! Calls and the making of functions.

use super::Eval;
use crate::interrupt;
use crate::tracing::{self, is_on};
use crate::{binding, frames};
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::call;
use twinheap_objects::descr::PyMethodDescr_Type;
use twinheap_objects::errors::{PyResult, type_error};
use twinheap_objects::function::{
    self, FUNCTION_VECTORCALL, PyCFunction_Type, PyCMethod_Type, PyFunction_Type,
};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Own, decref};
use twinheap_objects::state::tstate;
use twinheap_objects::{dict, tuple};

impl Eval {
    /// Not inlined: what it keeps in memory would keep its handler from ending in a jump.
    #[inline(never)]
    pub(super) fn call(&mut self, oparg: usize) -> PyResult<()> {
        self.skip_caches(4);
        let is_method = !self.peek_raw(oparg + 2).is_null();
        let total = oparg + usize::from(is_method);
        let kwnames = std::mem::replace(&mut self.kwnames, null_mut());
        // SAFETY: the names are a tuple of the running code's constants.
        let names = unsafe { kwnames.as_ref() };
        let positional = total - names.map_or(0, |names| names.ob_size.get() as usize);
        let callable = self.peek_raw(total + 1);
        // SAFETY: the callable is on the stack, and so are the arguments.
        unsafe {
            if (*callable).is_exactly(&PyFunction_Type) {
                let function: &PyFunctionObject = &*callable.cast();
                return self.call_python(function, total, positional, names, is_method);
            }
            let args = self.sp.sub(total);
            let flag = if is_method {
                0
            } else {
                PY_VECTORCALL_ARGUMENTS_OFFSET
            };
            self.save_stack();
            let outcome = if is_on(self.state) {
                call_traced(&*callable, args, positional, flag, kwnames.cast())
            } else {
                call::vectorcall(&*callable, args, positional | flag, kwnames.cast())
            };
            decref(callable);
            self.sp = args;
            for index in 0..total {
                decref(*args.add(index));
            }
            self.sp = self.sp.sub(2 - usize::from(is_method));
            let result = outcome?;
            self.push(result);
        }
        self.check_breaker()
    }

    /// A call is over: looks up from the work where somebody asks for it (`CHECK_EVAL_BREAKER`).
    #[inline(always)]
    fn check_breaker(&mut self) -> PyResult<()> {
        if self.state.is_interrupted() {
            return interrupt::handle();
        }
        Ok(())
    }

    /// Pushes the frame of a Python function and goes on in it.
    #[inline(always)]
    unsafe fn call_python(
        &mut self,
        function: &PyFunctionObject,
        total: usize,
        positional: usize,
        kwnames: Option<&PyTupleObject>,
        is_method: bool,
    ) -> PyResult<()> {
        // SAFETY: the arguments and the function lie on the stack, which gives them up.
        unsafe {
            let code: &PyCodeObject = &*function.func_code.get().cast();
            let locals = if code.co_flags.get() & CO_OPTIMIZED != 0 {
                None
            } else {
                function.func_globals.own()
            };
            let args = self.sp.sub(total);
            self.sp = args.sub(2 - usize::from(is_method));
            let owned: Own<PyFunctionObject> =
                Own::from_raw((function as *const PyFunctionObject).cast_mut());
            let new = binding::push_call_frame(owned, locals, args, positional, kwnames)?;
            self.enter_call(new)
        }
    }

    /// Makes a pushed frame the running one, one level deeper.
    #[inline(always)]
    fn enter_call(&mut self, new: *mut _PyInterpreterFrame) -> PyResult<()> {
        self.save_stack();
        // The frame goes on behind the caches.
        self.frame()
            .prev_instr
            .set(self.next.wrapping_sub(1).cast_mut());
        // SAFETY: the frame was just pushed.
        unsafe {
            (*new).previous.set(self.frame);
            if object::enter_frame().is_err() {
                frames::clear_frame(&*new);
                frames::pop_frame(tstate(), new);
                return Err(twinheap_objects::errors::Raised::already_set());
            }
        }
        self.enter(new);
        Ok(())
    }

    /// Goes on in the frame of a function that gets the two values on top of the stack.
    pub(super) fn call_with_two(&mut self, function: Own<PyFunctionObject>) -> PyResult<()> {
        // SAFETY: the stack gives the values up.
        unsafe {
            self.sp = self.sp.sub(2);
            let new = binding::push_call_frame(function, None, self.sp, 2, None)?;
            self.enter_call(new)
        }
    }

    pub(super) fn call_function_ex(&mut self, oparg: usize) -> PyResult<()> {
        let kwargs = if oparg & 1 != 0 {
            Some(self.pop())
        } else {
            None
        };
        let args = self.pop();
        let function = self.pop();
        let kwargs = match kwargs {
            Some(kwargs) if !kwargs.is_exactly(&dict::PyDict_Type) => {
                let made = dict::new()?;
                dict::update(&made, &kwargs)?;
                Some(made.upcast())
            }
            kwargs => kwargs,
        };
        let args = if args.is_exactly(&tuple::PyTuple_Type) {
            args
        } else {
            if args.type_().tp_iter.get().is_none()
                && !twinheap_objects::abstract_::is_sequence(&args)
            {
                return Err(type_error(format_args!(
                    "{} argument after * must be an iterable, not {}",
                    super::build::function_text(&function),
                    args.type_().name()
                )));
            }
            tuple::from_iterable(&args)?.upcast()
        };
        self.save_stack();
        // SAFETY: a tuple, and a dict or nothing.
        let (items, named) = unsafe {
            (
                &*args.as_ptr().cast(),
                kwargs.as_ref().map(|kwargs| &*kwargs.as_ptr().cast()),
            )
        };
        let result = if is_on(self.state) {
            call_tuple_traced(&function, items, named)
        } else {
            call::call_tuple(&function, items, named)
        }?;
        drop(function);
        drop(args);
        drop(kwargs);
        // Below the function lies the empty slot of a method call.
        let below = self.pop_raw();
        debug_assert!(below.is_null());
        self.push(result);
        self.check_breaker()
    }

    pub(super) fn make_function(&mut self, flags: usize) -> PyResult<()> {
        let code = self.pop();
        let Some(code) = code.downcast_ref::<PyCodeObject>() else {
            return Err(type_error("MAKE_FUNCTION needs a code object"));
        };
        let globals = Own::new(self.frame().f_globals.expect_ref());
        let made = function::new_function(code, &globals)?;
        if flags & 8 != 0 {
            made.func_closure.put(Some(self.pop()));
        }
        if flags & 4 != 0 {
            made.func_annotations.put(Some(self.pop()));
        }
        if flags & 2 != 0 {
            made.func_kwdefaults.put(Some(self.pop()));
        }
        if flags & 1 != 0 {
            made.func_defaults.put(Some(self.pop()));
        }
        self.push(made.upcast());
        Ok(())
    }
}

/// The same for a call whose arguments come as a tuple (`do_call_core`).
fn call_tuple_traced(
    callable: &PyObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if is_built_in(callable) {
        return tracing::built_in(callable, || call::call_tuple(callable, args, kwargs));
    }
    let items = tuple::items(args);
    let (true, Some(first)) = (callable.is_exactly(&PyMethodDescr_Type), items.first()) else {
        return call::call_tuple(callable, args, kwargs);
    };
    let bound = object::bind_descriptor(Own::new(callable), Some(first), first.type_())?;
    let rest = tuple::pack(&items[1..])?;
    tracing::built_in(&bound, || call::call_tuple(&bound, &rest, kwargs))
}

/// `PyCFunction_CheckExact` or `PyCMethod_CheckExact`.
fn is_built_in(callable: &PyObject) -> bool {
    callable.is_exactly(&PyCFunction_Type) || callable.is_exactly(&PyCMethod_Type)
}

/// `trace_call_function`: a profile function is told of a built-in one, and a method descriptor is bound
/// before it is called.
///
/// # Safety
/// As for the vectorcall itself.
#[inline(never)]
unsafe fn call_traced(
    callable: &PyObject,
    args: *mut *mut PyObject,
    positional: usize,
    flag: usize,
    kwnames: *mut PyObject,
) -> PyResult {
    // SAFETY: the arguments are on the stack; the first is the descriptor's object.
    unsafe {
        if is_built_in(callable) {
            return tracing::built_in(callable, || {
                call::vectorcall(callable, args, positional, kwnames)
            });
        }
        if !callable.is_exactly(&PyMethodDescr_Type) || positional == 0 {
            return call::vectorcall(callable, args, positional | flag, kwnames);
        }
        let bound = object::bind_descriptor(Own::new(callable), Some(&**args), (**args).type_())?;
        tracing::built_in(&bound, || {
            call::vectorcall(&bound, args.add(1), positional - 1, kwnames)
        })
    }
}

/// `_PyFunction_Vectorcall`: a call from native code runs the function in a loop of its own.
unsafe extern "C" fn function_vectorcall(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the vectorcall convention; the arguments are borrowed, the frame owns its own.
    unsafe {
        let function: &PyFunctionObject = &*callable.cast();
        let count = nargsf & !PY_VECTORCALL_ARGUMENTS_OFFSET;
        let names = kwnames.cast::<PyTupleObject>().as_ref();
        let total = count + names.map_or(0, |names| names.ob_size.get() as usize);
        for index in 0..total {
            twinheap_objects::own::incref(&**args.add(index));
        }
        let code: &PyCodeObject = &*function.func_code.get().cast();
        let locals = if code.co_flags.get() & CO_OPTIMIZED != 0 {
            None
        } else {
            function.func_globals.own()
        };
        match binding::push_call_frame(Own::new(function), locals, args, count, names) {
            Ok(frame) => super::run(frame, false),
            Err(_) => null_mut(),
        }
    }
}

/// Tells the function type how its instances are called.
pub fn install() {
    FUNCTION_VECTORCALL.set(Some(function_vectorcall));
}

/// Runs code with given globals and locals (`PyEval_EvalCode`).
pub fn run_code(code: &PyCodeObject, globals: &PyObject, locals: &PyObject) -> PyResult {
    let function = function::new_function_for_frame(code, globals)?;
    // SAFETY: no arguments; the frame is run at once.
    unsafe {
        let frame =
            binding::push_call_frame(function, Some(Own::new(locals)), std::ptr::null(), 0, None)?;
        twinheap_objects::errors::from_c(super::run(frame, false))
    }
}
