//! `_thread` (`Modules/_threadmodule.c`): threads of the system that run Python code under the interpreter lock.
//!
//! A thread's state lies in its own storage and is linked into the ring once the thread has the lock; CPython
//! makes it before the thread starts. Nothing shows the difference: a state without a frame is not told of.

mod local;
mod lock;

use crate::prelude::*;
use local::{local_dummy_type, local_type};
use lock::{TIMEOUT_MAX, ident, lock_type, new_lock, rlock_type, set_sentinel};
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use twinheap_objects::exceptions::{PyExc_RuntimeError, PyExc_SystemExit};
use twinheap_objects::state::{self, Global, tstate};
use twinheap_objects::struct_sequence::{Description, StructSequenceType};
use twinheap_objects::{gil, unraisable};

/// The stack of a thread whose program does not ask for another size: what the system gives CPython's.
const STACK: usize = 8 << 20;
/// The least that the evaluator can work with.
const LEAST_STACK: usize = 512 << 10;
/// The smallest size that a program may ask for.
const LEAST_ASKED: isize = 32 << 10;

/// What the program has asked for (`_thread.stack_size`); 0 for the usual size.
static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);
/// How many threads run that were started here (`interp->threads.count`).
static COUNT: Global<Cell<isize>> = Global(Cell::new(0));

/// How many threads run beside the main one.
pub fn count() -> isize {
    COUNT.get()
}

/// What a thread begins with.
struct Boot {
    function: Own,
    args: Own<PyTupleObject>,
    kwargs: Option<Own<PyDictObject>>,
}

/// References on their way to another thread.
struct Sent(Boot);

// SAFETY: the objects are used by the thread that takes them, once it has the interpreter lock.
unsafe impl Send for Sent {}

/// Ends the process where a thread would end with the interpreter lock in its hands.
struct EndsWell;

impl Drop for EndsWell {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

/// `thread_run`: the life of a thread.
fn run(sent: Sent) {
    let _guard = EndsWell;
    gil::start_thread();
    COUNT.set(COUNT.get() + 1);
    let Sent(Boot {
        function,
        args,
        kwargs,
    }) = sent;
    if let Err(raised) = call::call_tuple(&function, &args, kwargs.as_deref()) {
        if errors::matches(&PyExc_SystemExit) {
            errors::discard(raised);
        } else {
            unraisable::report_saying(raised, Some("in thread started by"), Some(&function));
        }
    }
    drop((function, args, kwargs));
    COUNT.set(COUNT.get() - 1);
    state::clear(tstate());
    gil::end_thread();
}

fn start_new_thread(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let args = tuple::items(args);
    if !(2..=3).contains(&args.len()) {
        let (bound, limit) = if args.len() < 2 {
            ("least", 2)
        } else {
            ("most", 3)
        };
        return Err(type_error(format_args!(
            "start_new_thread expected at {bound} {limit} arguments, got {}",
            args.len()
        )));
    }
    if !call::is_callable(args[0]) {
        return Err(type_error("first arg must be callable"));
    }
    let Some(positional) = args[1].downcast_ref::<PyTupleObject>() else {
        return Err(type_error("2nd arg must be a tuple"));
    };
    let kwargs = match args.get(2) {
        None => None,
        Some(given) => match given.downcast_ref::<PyDictObject>() {
            Some(kwargs) => Some(Own::new(kwargs)),
            None => return Err(type_error("optional 3rd arg must be a dictionary")),
        },
    };
    let sent = Sent(Boot {
        function: Own::new(args[0]),
        args: Own::new(positional),
        kwargs,
    });
    let size = match STACK_SIZE.load(Ordering::Relaxed) {
        0 => STACK,
        asked => asked.max(LEAST_STACK),
    };
    // What is sent dies here, under the lock, where the thread cannot be started.
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Some(sent)));
    let taken = kept.clone();
    let started = std::thread::Builder::new().stack_size(size).spawn(move || {
        let sent = taken.lock().ok().and_then(|mut sent| sent.take());
        drop(taken);
        if let Some(sent) = sent {
            run(sent);
        }
    });
    match started {
        Ok(handle) => long::from_usize(handle.as_pthread_t() as usize),
        Err(_) => Err(errors::raise(&PyExc_RuntimeError, "can't start new thread")),
    }
}

fn allocate_lock(_: &PyObject) -> PyResult {
    Ok(new_lock()?.upcast())
}

fn get_ident(_: &PyObject) -> PyResult {
    long::from_usize(ident())
}

fn get_native_id(_: &PyObject) -> PyResult {
    // SAFETY: asks for the identity of this thread.
    long::from_isize(unsafe { libc::syscall(libc::SYS_gettid) } as isize)
}

fn thread_count(_: &PyObject) -> PyResult {
    long::from_isize(count())
}

fn stack_size(_: &PyObject, args: &PyTupleObject) -> PyResult {
    call::check_positional("stack_size", tuple::items(args).len(), 0, 1)?;
    let asked = match tuple::items(args).first() {
        Some(size) => unicode::ssize(size)?,
        None => 0,
    };
    if asked < 0 {
        return Err(value_error("size must be 0 or a positive value"));
    }
    if (1..LEAST_ASKED).contains(&asked) {
        return Err(value_error(format_args!("size not valid: {asked} bytes")));
    }
    long::from_usize(STACK_SIZE.swap(asked as usize, Ordering::Relaxed))
}

fn exit_thread(_: &PyObject) -> PyResult {
    Err(errors::raise_none(&PyExc_SystemExit))
}

fn interrupt_main(_: &PyObject, args: &PyTupleObject) -> PyResult {
    call::check_positional("interrupt_main", tuple::items(args).len(), 0, 1)?;
    let number = match tuple::items(args).first() {
        Some(number) => long::as_int(number)?,
        None => libc::SIGINT,
    };
    crate::_signal::simulate(number)?;
    Ok(none())
}

static EXCEPT_HOOK_ARGS: StructSequenceType = StructSequenceType::new(Description {
    name: "_thread._ExceptHookArgs",
    fields: &["exc_type", "exc_value", "exc_traceback", "thread"],
    visible: 4,
    instantiable: true,
});

fn write(file: &PyObject, text: &PyObject) -> PyResult<()> {
    call::call_method(file, id!("write"), &[text]).map(drop)
}

/// The name of the thread object, or the identity of this thread.
fn shown_name(thread: &PyObject) -> PyResult {
    let name = if thread.is_none() {
        None
    } else {
        object::lookup_attr(thread, id!("name"))?
    };
    match name {
        Some(name) => Ok(object::str(&name)?.upcast()),
        None => Ok(unicode::from_str(&ident().to_string())?.upcast()),
    }
}

/// `thread_excepthook`: tells of the exception that has ended a thread.
fn excepthook(_: &PyObject, args: &PyObject) -> PyResult {
    if !args.is_exactly(EXCEPT_HOOK_ARGS.get()?) {
        return Err(type_error(
            "_thread.excepthook argument type must be ExceptHookArgs",
        ));
    }
    // SAFETY: a struct sequence is laid out as a tuple.
    let args: &PyTupleObject = unsafe { &*args.as_raw().cast() };
    let &[type_, value, traceback, thread] = tuple::items(args) else {
        return Err(type_error("ExceptHookArgs has four fields"));
    };
    if std::ptr::eq(type_, PyExc_SystemExit.as_object()) {
        return Ok(none());
    }
    let sys = import_hook::import_module("sys")?;
    let file = match object::lookup_attr(&sys, id!("stderr"))?.filter(|file| !file.is_none()) {
        Some(file) => file,
        None if thread.is_none() => return Ok(none()),
        None => {
            let file = object::get_attr(thread, id!("_stderr"))?;
            if file.is_none() {
                return Ok(none());
            }
            file
        }
    };
    let piece = |text: &str| write(&file, unicode::from_str(text)?.as_object());
    piece("Exception in thread ")?;
    write(&file, &*shown_name(thread)?)?;
    piece(":\n")?;
    write(
        &file,
        unicode::from_str(&unraisable::formatted(value, traceback))?.as_object(),
    )?;
    call::call_method(&file, id!("flush"), &[])?;
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "start_new_thread" => varargs(start_new_thread);
    "start_new" => varargs(start_new_thread);
    "allocate_lock" => noargs(allocate_lock);
    "allocate" => noargs(allocate_lock);
    "exit_thread" => noargs(exit_thread);
    "exit" => noargs(exit_thread);
    "interrupt_main" => varargs(interrupt_main);
    "get_ident" => noargs(get_ident);
    "get_native_id" => noargs(get_native_id);
    "_count" => noargs(thread_count);
    "stack_size" => varargs(stack_size);
    "_set_sentinel" => noargs(set_sentinel);
    "_excepthook" => o(excepthook);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_thread", FUNCTIONS, &[&rlock_type, &local_type])?;
    types::ready(&lock_type)?;
    types::ready(&local_dummy_type)?;
    module::add(&made, "LockType", lock_type.as_object())?;
    module::add(&made, "error", PyExc_RuntimeError.as_object())?;
    module::add(
        &made,
        "TIMEOUT_MAX",
        &*twinheap_objects::float::from_f64(TIMEOUT_MAX)?,
    )?;
    module::add(
        &made,
        "_ExceptHookArgs",
        EXCEPT_HOOK_ARGS.get()?.as_object(),
    )?;
    Ok(made)
}
