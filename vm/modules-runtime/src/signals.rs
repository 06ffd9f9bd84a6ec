//! `_signal` (`Modules/signalmodule.c`): the handlers that a program sets, run between instructions.

use crate::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use twinheap_objects::state::{Global, tstate};

const NUMBERS: &[(&str, i64)] = &[
    ("NSIG", 65),
    ("SIG_BLOCK", 0),
    ("SIG_UNBLOCK", 1),
    ("SIG_SETMASK", 2),
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGIOT", 6),
    ("SIGABRT", 6),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGBUS", 7),
    ("SIGSEGV", 11),
    ("SIGSYS", 31),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGUSR1", 10),
    ("SIGUSR2", 12),
    ("SIGCLD", 17),
    ("SIGCHLD", 17),
    ("SIGPWR", 30),
    ("SIGIO", 29),
    ("SIGURG", 23),
    ("SIGWINCH", 28),
    ("SIGPOLL", 29),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGCONT", 18),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGVTALRM", 26),
    ("SIGPROF", 27),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
    ("SIGRTMIN", 34),
    ("SIGRTMAX", 64),
    ("SIGSTKFLT", 16),
    ("ITIMER_REAL", 0),
    ("ITIMER_VIRTUAL", 1),
    ("ITIMER_PROF", 2),
    ("SIG_DFL", 0),
    ("SIG_IGN", 1),
];

const COUNT: usize = 65;

/// The handlers, by number.
static HANDLERS: Global<[Pointer<PyObject>; COUNT]> =
    Global([const { Cell::new(std::ptr::null_mut()) }; COUNT]);
/// Which signals have come and wait for their handlers.
static PENDING: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

fn number_of(object: &PyObject) -> PyResult<usize> {
    let number = long::as_int(object)?;
    if !(1..COUNT as i32).contains(&number) {
        return Err(value_error("signal number out of range"));
    }
    Ok(number as usize)
}

extern "C" fn note(number: c_int) {
    PENDING[number as usize].store(true, Ordering::SeqCst);
}

fn signal(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("signal", args.len(), 2, 2)?;
    let number = number_of(args[0])?;
    let handler = args[1];
    let action = match handler
        .downcast_ref::<PyLongObject>()
        .and_then(long::to_i64)
    {
        Some(0) => libc::SIG_DFL,
        Some(1) => libc::SIG_IGN,
        _ if call::is_callable(handler) => note as *const () as usize,
        _ => {
            return Err(type_error(
                "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object",
            ));
        }
    };
    // SAFETY: the handler only sets a flag.
    if unsafe { libc::signal(number as c_int, action) } == libc::SIG_ERR {
        return Err(os_error());
    }
    let old = HANDLERS[number].own().unwrap_or_else(none);
    HANDLERS[number].put(Some(Own::new(handler)));
    Ok(old)
}

/// The system's last error as an OSError.
pub fn os_error() -> errors::Raised {
    let error = std::io::Error::last_os_error();
    twinheap_objects::exceptions::raise_os_error(error.raw_os_error().unwrap_or(0), None)
}

fn getsignal(_: &PyObject, number: &PyObject) -> PyResult {
    Ok(HANDLERS[number_of(number)?].own().unwrap_or_else(none))
}

fn default_int_handler(_: &PyObject, _: &[&PyObject]) -> PyResult {
    Err(errors::raise_none(
        &twinheap_objects::exceptions::PyExc_KeyboardInterrupt,
    ))
}

fn raise_signal(_: &PyObject, number: &PyObject) -> PyResult {
    let number = long::as_int(number)?;
    // SAFETY: sends a signal to this process.
    if unsafe { libc::raise(number) } != 0 {
        return Err(os_error());
    }
    run_pending()?;
    Ok(none())
}

/// Runs the handlers of the signals that have come.
pub fn run_pending() -> PyResult<()> {
    for (number, pending) in PENDING.iter().enumerate() {
        if !pending.swap(false, Ordering::SeqCst) {
            continue;
        }
        if let Some(handler) = HANDLERS[number]
            .own()
            .filter(|handler| call::is_callable(handler))
        {
            // SAFETY: the frame that runs is valid.
            let frame = unsafe { tstate().current_frame.get().as_ref() };
            let frame = frame.and_then(|frame| {
                // SAFETY: a frame object, where one was made.
                unsafe { frame.frame_obj.get().as_ref() }.map(|object| Own::new(object.as_object()))
            });
            let number = long::from_usize(number)?;
            call::call(&handler, &[&number, &frame.unwrap_or_else(none)])?;
        }
    }
    Ok(())
}

fn alarm(_: &PyObject, seconds: &PyObject) -> PyResult {
    let seconds = long::as_int(seconds)?;
    // SAFETY: asks the system for a signal later.
    long::from_usize(unsafe { libc::alarm(seconds as u32) } as usize)
}

fn strsignal(_: &PyObject, number: &PyObject) -> PyResult {
    let number = number_of(number)?;
    // SAFETY: the text is static or lives until the next call.
    let text = unsafe { std::ffi::CStr::from_ptr(libc::strsignal(number as c_int)) };
    let text = text.to_string_lossy();
    if text.starts_with("Unknown signal") {
        return Ok(none());
    }
    Ok(unicode::from_str(&text)?.upcast())
}

fn valid_signals(_: &PyObject) -> PyResult {
    let numbers: Vec<Own> = (1..COUNT)
        .filter(|n| *n != 32 && *n != 33)
        .map(long::from_usize)
        .collect::<PyResult<_>>()?;
    let numbers = list::from_vec(numbers)?;
    Ok(twinheap_objects::set::from_iterable(numbers.as_object())?.upcast())
}

fn set_wakeup_fd(_: &PyObject, _: Args<'_>) -> PyResult {
    Err(missing("signal.set_wakeup_fd"))
}

/// What this VM does not have yet says so, and does not pretend.
fn missing(what: &str) -> twinheap_objects::errors::Raised {
    twinheap_objects::errors::not_implemented(format_args!("this VM has no {what} yet"))
}

fn pthread_sigmask(_: &PyObject, _: &[&PyObject]) -> PyResult {
    Err(missing("signal.pthread_sigmask"))
}

fn siginterrupt(_: &PyObject, _: &[&PyObject]) -> PyResult {
    Err(missing("signal.siginterrupt"))
}

methods! {
    static FUNCTIONS:
    "default_int_handler" => fast(default_int_handler, "($module, signalnum, frame, /)");
    "alarm" => o(alarm, "($module, seconds, /)");
    "signal" => fast(signal, "($module, signalnum, handler, /)");
    "raise_signal" => o(raise_signal, "($module, signalnum, /)");
    "strsignal" => o(strsignal, "($module, signalnum, /)");
    "getsignal" => o(getsignal, "($module, signalnum, /)");
    "set_wakeup_fd" => keywords(set_wakeup_fd);
    "siginterrupt" => fast(siginterrupt, "($module, signalnum, flag, /)");
    "pthread_sigmask" => fast(pthread_sigmask, "($module, how, mask, /)");
    "valid_signals" => noargs(valid_signals, "($module, /)");
}

/// What the interpreter does not die of: a reader that is gone, and a file that may not grow.
pub fn ignore_at_start() {
    for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
        // SAFETY: the system's own way to ignore a signal.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_signal", FUNCTIONS, &[])?;
    for (name, number) in NUMBERS {
        module::add_int(&made, name, *number)?;
    }
    for (number, slot) in HANDLERS.iter().enumerate().skip(1) {
        if slot.get().is_null() {
            // SAFETY: asks how a signal is handled and leaves it so.
            let ignored = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(number as c_int, std::ptr::null(), &mut action) == 0
                    && action.sa_sigaction == libc::SIG_IGN
            };
            slot.put(Some(long::from_isize(isize::from(ignored))?));
        }
    }
    let own = module::dict_of(&made);
    if let Some(handler) = dict::get_literal(own, "default_int_handler")? {
        HANDLERS[2].put(Some(handler));
    }
    Ok(made)
}
