//! `faulthandler` (`Modules/faulthandler.c`): the traceback of a process in trouble, as far as this VM can show one.
//!
//! A fatal signal ends the process with the line that names it; the frames at that point are not walked from a signal
//! handler. A traceback that is asked for is written at once. Timers and user signals are refused.

use crate::arguments::{c_integer, int};
use crate::prelude::*;
use std::sync::atomic::{AtomicI32, Ordering};
use twinheap_objects::state::Global;

/// The descriptor that reports go to; -1 while nothing is enabled.
static REPORT: AtomicI32 = AtomicI32::new(-1);
static FILE: Global<Pointer<PyObject>> = Global(Cell::new(std::ptr::null_mut()));

const SIGNALS: [(c_int, &str); 5] = [
    (libc::SIGBUS, "Bus error"),
    (libc::SIGILL, "Illegal instruction"),
    (libc::SIGFPE, "Floating point exception"),
    (libc::SIGABRT, "Aborted"),
    (libc::SIGSEGV, "Segmentation fault"),
];

/// `faulthandler_get_fileno`: the descriptor of a file, and the file that has to be kept.
fn target(file: Option<&PyObject>) -> PyResult<(c_int, Option<Own>)> {
    let file = match file.filter(|file| !file.is_none()) {
        Some(file) => Own::new(file),
        None => {
            let system = import_hook::import_module("sys")?;
            match object::lookup_attr(&system, id!("stderr"))? {
                Some(file) if !file.is_none() => file,
                Some(_) => return Err(runtime_error("sys.stderr is None")),
                None => return Err(runtime_error("unable to get sys.stderr")),
            }
        }
    };
    if file.downcast_ref::<PyLongObject>().is_some() {
        let fd = long::as_int(&file)?;
        if fd < 0 {
            return Err(value_error("file is not a valid file descripter"));
        }
        return Ok((fd, None));
    }
    let fd = call::call_method(&file, id!("fileno"), &[])?;
    if fd.downcast_ref::<PyLongObject>().is_none() || long::as_long(&fd)? < 0 {
        return Err(runtime_error(
            "file.fileno() is not a valid file descriptor",
        ));
    }
    let number = long::as_int(&fd)?;
    if let Err(raised) = call::call_method(&file, id!("flush"), &[]) {
        errors::discard(raised);
    }
    Ok((number, Some(file)))
}

fn write(fd: c_int, text: &str) {
    // SAFETY: the text has the length that is told.
    unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
}

extern "C" fn on_fatal(signal: c_int) {
    let fd = REPORT.load(Ordering::Relaxed);
    if let Some((_, name)) = SIGNALS.iter().find(|(number, _)| *number == signal) {
        write(fd, "Fatal Python error: ");
        write(fd, name);
        write(fd, "\n\n");
    }
    // SAFETY: the default action ends the process.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

fn enable(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "enable",
        parameters: &["file", "all_threads"],
        required: 0,
        positional: 2,
    };
    let [file, all] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    all.map_or(Ok(true), |all| Ok(c_integer(all)? != 0))?;
    let (fd, kept) = target(file)?;
    FILE.put(kept);
    if REPORT.swap(fd, Ordering::Relaxed) < 0 {
        for (signal, _) in SIGNALS {
            // SAFETY: the handler only calls the system.
            unsafe { libc::signal(signal, on_fatal as *const () as libc::sighandler_t) };
        }
    }
    Ok(none())
}

fn disable(_: &PyObject) -> PyResult {
    let was = REPORT.swap(-1, Ordering::Relaxed) >= 0;
    if was {
        for (signal, _) in SIGNALS {
            // SAFETY: back to the default action.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
    FILE.clear();
    Ok(bool_object(was))
}

fn is_enabled(_: &PyObject) -> PyResult {
    Ok(bool_object(REPORT.load(Ordering::Relaxed) >= 0))
}

/// The frames of the running thread, innermost first, as `_Py_DumpTraceback` writes them.
fn dump_traceback(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "dump_traceback",
        parameters: &["file", "all_threads"],
        required: 0,
        positional: 2,
    };
    let [file, all] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let all = all.map_or(Ok(true), |all| Ok(c_integer(all)? != 0))?;
    let (fd, _kept) = target(file)?;
    if all {
        // SAFETY: asks for the identity of this thread.
        let thread = unsafe { libc::pthread_self() };
        write(
            fd,
            &format!("Current thread 0x{thread:016x} (most recent call first):\n"),
        );
    } else {
        write(fd, "Stack (most recent call first):\n");
    }
    let system = import_hook::import_module("sys")?;
    let current = object::get_attr(&system, id!("_getframe"))?;
    let mut frame = call::call(&current, &[])?;
    let mut depth = 0;
    while !frame.is_none() && depth < 100 {
        let code = object::get_attr(&frame, id!("f_code"))?;
        let line = object::get_attr(&frame, id!("f_lineno"))?;
        let shown = |object: PyResult| -> PyResult<String> {
            let object = object?;
            Ok(match object.downcast_ref::<PyASCIIObject>() {
                Some(text) => unicode::to_string_lossy(&*unicode::backslash_escape(text)?),
                None => "???".to_owned(),
            })
        };
        let file = shown(object::get_attr(&code, id!("co_filename")))?;
        let name = shown(object::get_attr(&code, id!("co_name")))?;
        let line = if line.is_none() {
            "???".to_owned()
        } else {
            long::as_long(&line)?.to_string()
        };
        write(fd, &format!("  File \"{file}\", line {line} in {name}\n"));
        frame = object::get_attr(&frame, id!("f_back"))?;
        depth += 1;
    }
    if depth == 100 && !frame.is_none() {
        write(fd, "  ...\n");
    }
    Ok(none())
}

fn refused(what: &str) -> errors::Raised {
    errors::not_implemented(format_args!("this VM has no faulthandler.{what} yet"))
}

fn later(_: &PyObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Err(refused("dump_traceback_later"))
}

/// No timer can be running.
fn cancel(_: &PyObject) -> PyResult {
    Ok(none())
}

fn register(_: &PyObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Err(refused("register"))
}

fn unregister(_: &PyObject, args: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    for signal in tuple::items(args) {
        int(long::as_int(signal)?)?;
    }
    Ok(bool_object(false))
}

fn raise_signal(signal: c_int) -> PyResult {
    // SAFETY: what the program asks for.
    unsafe { libc::raise(signal) };
    Ok(none())
}

fn read_null(_: &PyObject) -> PyResult {
    raise_signal(libc::SIGSEGV)
}

fn sigsegv(_: &PyObject, _: &PyTupleObject) -> PyResult {
    raise_signal(libc::SIGSEGV)
}

fn sigabrt(_: &PyObject) -> PyResult {
    raise_signal(libc::SIGABRT)
}

fn sigfpe(_: &PyObject) -> PyResult {
    raise_signal(libc::SIGFPE)
}

fn stack_overflow(_: &PyObject) -> PyResult {
    raise_signal(libc::SIGSEGV)
}

fn fatal_error_c_thread(_: &PyObject) -> PyResult {
    Err(refused("_fatal_error_c_thread"))
}

methods! {
    static FUNCTIONS:
    "enable" => varargs_keywords(enable);
    "disable" => noargs(disable);
    "is_enabled" => noargs(is_enabled);
    "dump_traceback" => varargs_keywords(dump_traceback);
    "dump_traceback_later" => varargs_keywords(later);
    "cancel_dump_traceback_later" => noargs(cancel);
    "register" => varargs_keywords(register);
    "unregister" => varargs_keywords(unregister);
    "_read_null" => noargs(read_null);
    "_sigsegv" => varargs(sigsegv);
    "_fatal_error_c_thread" => noargs(fatal_error_c_thread);
    "_sigabrt" => noargs(sigabrt);
    "_sigfpe" => noargs(sigfpe);
    "_stack_overflow" => noargs(stack_overflow);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("faulthandler", FUNCTIONS, &[])
}
