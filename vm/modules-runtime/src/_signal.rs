//! `_signal` (`Modules/signalmodule.c`): the handlers that a program sets, run between instructions.

use crate::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Instant;
use twinheap_objects::gil::without_gil;
use twinheap_objects::state::{self, Global, tstate};
use twinheap_objects::struct_sequence::{Description, StructSequenceType};
use twinheap_objects::{float, seconds, signals, unraisable};

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
/// The descriptor that hears of each signal (`signal.set_wakeup_fd`), or -1.
static WAKEUP: AtomicI32 = AtomicI32::new(-1);
/// Whether it is told of where the descriptor's buffer is full.
static WARN_ON_FULL: AtomicBool = AtomicBool::new(true);
/// The error number of a write to it that has failed, until that is told.
static WAKEUP_ERROR: AtomicI32 = AtomicI32::new(0);

fn in_range(number: c_int) -> PyResult<usize> {
    if !(1..COUNT as i32).contains(&number) {
        return Err(value_error("signal number out of range"));
    }
    Ok(number as usize)
}

fn number_of(object: &PyObject) -> PyResult<usize> {
    in_range(long::as_int(object)?)
}

fn errno() -> c_int {
    // SAFETY: the error number of this thread.
    unsafe { *libc::__errno_location() }
}

/// `trip_signal`: a signal has come. Called by the handler of the system.
fn trip(number: usize) {
    PENDING[number].store(true, Ordering::SeqCst);
    signals::trip();
    let fd = WAKEUP.load(Ordering::SeqCst);
    if fd < 0 {
        return;
    }
    let byte = number as u8;
    loop {
        // SAFETY: one byte is written.
        if unsafe { libc::write(fd, (&raw const byte).cast(), 1) } >= 0 {
            return;
        }
        match errno() {
            libc::EINTR => {}
            libc::EAGAIN if !WARN_ON_FULL.load(Ordering::SeqCst) => return,
            number => {
                WAKEUP_ERROR.store(number, Ordering::SeqCst);
                return;
            }
        }
    }
}

/// The handler of the system. Where another thread has taken the signal, the main thread gets it as well, so that
/// what it waits for is interrupted: the command line runs programs in a thread that is not the system's first.
extern "C" fn note(number: c_int) {
    let before = errno();
    trip(number as usize);
    // SAFETY: the main thread's state lies in its own storage; the process ends with that thread.
    if let Some(main) = unsafe { state::main().as_ref() }
        && !std::ptr::eq(main, tstate())
    {
        // SAFETY: the main thread runs.
        unsafe { libc::pthread_kill(main.thread_id.get() as libc::pthread_t, number) };
    }
    // SAFETY: as for errno.
    unsafe { *libc::__errno_location() = before };
}

/// `PyErr_SetInterruptEx`: as if the signal had come; nothing where no function of the program handles it.
pub fn simulate(number: c_int) -> PyResult<()> {
    let number = in_range(number)?;
    if HANDLERS[number]
        .own()
        .is_some_and(|handler| call::is_callable(&handler))
    {
        trip(number);
    }
    Ok(())
}

/// `PyOS_setsig`: calls of the system are interrupted by the signal.
fn set_action(number: c_int, handler: usize) -> bool {
    // SAFETY: an action without flags; the handler only sets flags and writes a byte.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(number, &action, std::ptr::null_mut()) == 0
    }
}

fn main_thread_only(what: &str) -> PyResult<()> {
    if state::is_main() {
        return Ok(());
    }
    Err(value_error(format_args!(
        "{what} only works in main thread of the main interpreter"
    )))
}

fn signal(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("signal", args.len(), 2, 2)?;
    let number = long::as_int(args[0])?;
    main_thread_only("signal")?;
    let number = in_range(number)?;
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
    signals::check()?;
    if !set_action(number as c_int, action) {
        return Err(os_error());
    }
    let old = HANDLERS[number].own().unwrap_or_else(none);
    HANDLERS[number].put(Some(Own::new(handler)));
    Ok(old)
}

/// The system's last error as an OSError.
pub fn os_error() -> errors::Raised {
    twinheap_objects::exceptions::raise_os_error(errno(), None)
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
    // SAFETY: sends a signal to this thread.
    if unsafe { libc::raise(number) } != 0 {
        return Err(os_error());
    }
    // CPython's own loop looks up after the call; here the handler has run when the call is over.
    signals::check()?;
    Ok(none())
}

/// Runs the handlers of the signals that have come (`_PyErr_CheckSignalsTstate`). One that raises leaves the rest
/// to the next look.
fn run_pending() -> PyResult<()> {
    report_wakeup_error();
    for (number, pending) in PENDING.iter().enumerate() {
        if !pending.swap(false, Ordering::SeqCst) {
            continue;
        }
        let Some(handler) = HANDLERS[number]
            .own()
            .filter(|handler| call::is_callable(handler))
        else {
            continue;
        };
        let frame = import_hook::current_frame()?.unwrap_or_else(none);
        let number = long::from_usize(number)?;
        if let Err(raised) = call::call(&handler, &[&number, &frame]) {
            signals::trip();
            return Err(raised);
        }
    }
    Ok(())
}

/// `report_wakeup_write_error`.
fn report_wakeup_error() {
    let number = WAKEUP_ERROR.swap(0, Ordering::SeqCst);
    if number == 0 {
        return;
    }
    errors::preserving(|| {
        let raised = twinheap_objects::exceptions::raise_os_error(number, None);
        unraisable::report_saying(
            raised,
            Some("when trying to write to the signal wakeup fd"),
            None,
        );
    });
}

fn alarm(_: &PyObject, seconds: &PyObject) -> PyResult {
    let seconds = long::as_int(seconds)?;
    // SAFETY: asks the system for a signal later.
    long::from_usize(unsafe { libc::alarm(seconds as u32) } as usize)
}

static ITIMER_ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(std::ptr::null_mut()));

/// The exception `signal.ItimerError`.
fn itimer_error() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ITIMER_ERROR) {
        return Ok(made);
    }
    let base = &twinheap_objects::exceptions::PyExc_OSError;
    let made = types::build_class_type("itimer_error", base, "signal")?;
    ITIMER_ERROR.put(Some(made.clone()));
    Ok(made)
}

/// The system's last error as an ItimerError.
fn timer_failed() -> errors::Raised {
    let number = errno();
    let text = std::io::Error::from_raw_os_error(number).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let raised = || -> PyResult<errors::Raised> {
        let args = [
            long::from_i64(number.into())?.upcast(),
            unicode::from_str(text)?.upcast(),
        ];
        let args = tuple::from_vec(args.into())?;
        Ok(errors::raise_object(&*itimer_error()?, Some(args.upcast())))
    };
    raised().unwrap_or_else(|raised| raised)
}

fn timer_values(timer: &libc::itimerval) -> PyResult {
    let seconds =
        |time: libc::timeval| float::from_f64(time.tv_sec as f64 + time.tv_usec as f64 * 1e-6);
    Ok(tuple::from_vec(vec![seconds(timer.it_value)?, seconds(timer.it_interval)?])?.upcast())
}

fn time_value(seconds: &PyObject) -> PyResult<libc::timeval> {
    let nanoseconds = seconds::nanoseconds(seconds)?;
    // Rounded towards the future, as waits are.
    let microseconds = nanoseconds.div_euclid(1000) + i64::from(nanoseconds.rem_euclid(1000) != 0);
    Ok(libc::timeval {
        tv_sec: microseconds.div_euclid(1_000_000),
        tv_usec: microseconds.rem_euclid(1_000_000),
    })
}

fn no_time() -> libc::timeval {
    libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    }
}

fn no_timer() -> libc::itimerval {
    libc::itimerval {
        it_interval: no_time(),
        it_value: no_time(),
    }
}

fn setitimer(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("setitimer", args.len(), 2, 3)?;
    let which = long::as_int(args[0])?;
    let wanted = libc::itimerval {
        it_value: time_value(args[1])?,
        it_interval: match args.get(2) {
            Some(interval) => time_value(interval)?,
            None => no_time(),
        },
    };
    let mut old = no_timer();
    // SAFETY: one timer is read, the other filled.
    if unsafe { libc::setitimer(which as _, &wanted, &mut old) } != 0 {
        return Err(timer_failed());
    }
    timer_values(&old)
}

fn getitimer(_: &PyObject, which: &PyObject) -> PyResult {
    let which = long::as_int(which)?;
    let mut timer = no_timer();
    // SAFETY: the timer is filled.
    if unsafe { libc::getitimer(which as _, &mut timer) } != 0 {
        return Err(timer_failed());
    }
    timer_values(&timer)
}

fn pause(_: &PyObject) -> PyResult {
    // SAFETY: waits for a signal.
    without_gil(|| unsafe { libc::pause() });
    signals::check()?;
    Ok(none())
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

fn set_of(numbers: Vec<Own>) -> PyResult {
    let numbers = list::from_vec(numbers)?;
    Ok(twinheap_objects::set::from_iterable(numbers.as_object())?.upcast())
}

fn valid_signals(_: &PyObject) -> PyResult {
    let numbers = (1..COUNT).filter(|number| *number != 32 && *number != 33);
    set_of(numbers.map(long::from_usize).collect::<PyResult<_>>()?)
}

/// `sigset_to_set`.
fn members(set: &libc::sigset_t) -> PyResult {
    // SAFETY: the set was filled.
    let numbers =
        (1..COUNT).filter(|number| unsafe { libc::sigismember(set, *number as c_int) } == 1);
    set_of(numbers.map(long::from_usize).collect::<PyResult<_>>()?)
}

/// `_Py_Sigset_Converter`: the signals of an iterable.
fn signal_set(given: &PyObject) -> PyResult<libc::sigset_t> {
    let mut numbers = Vec::new();
    for item in abstract_::collect(given)? {
        let number = long::as_int(&item)?;
        if !(1..COUNT as i32).contains(&number) {
            return Err(value_error(format_args!(
                "signal number {number} out of range [1; {}]",
                COUNT - 1
            )));
        }
        numbers.push(number);
    }
    // SAFETY: the set is made empty, then filled; the numbers of the threads' own signals are refused.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for number in numbers {
            libc::sigaddset(&mut set, number);
        }
        Ok(set)
    }
}

fn set_wakeup_fd(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "set_wakeup_fd",
        parameters: &["", "warn_on_full_buffer"],
        required: 1,
        positional: 1,
    };
    let [fd, warn] = args.bind::<2>(&SIGNATURE)?;
    let fd = long::as_int(fd.expect("required"))?;
    let warn = warn.map_or(Ok(true), object::is_true)?;
    main_thread_only("set_wakeup_fd")?;
    if fd != -1 {
        // SAFETY: the status of a descriptor is filled in.
        unsafe {
            let mut status: libc::stat = std::mem::zeroed();
            if libc::fstat(fd, &mut status) != 0 {
                return Err(os_error());
            }
            let flags = libc::fcntl(fd, libc::F_GETFL);
            if flags < 0 {
                return Err(os_error());
            }
            if flags & libc::O_NONBLOCK == 0 {
                return Err(value_error(format_args!(
                    "the fd {fd} must be in non-blocking mode"
                )));
            }
        }
    }
    WARN_ON_FULL.store(warn, Ordering::SeqCst);
    let old = WAKEUP.swap(fd, Ordering::SeqCst);
    Ok(long::from_i64(old.into())?.upcast())
}

fn pthread_kill(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pthread_kill", args.len(), 2, 2)?;
    let thread = unicode::ssize(args[0])?;
    let number = long::as_int(args[1])?;
    // SAFETY: the program vouches for the thread, as CPython's documentation asks it to.
    let failed = unsafe { libc::pthread_kill(thread as libc::pthread_t, number) };
    if failed != 0 {
        return Err(twinheap_objects::exceptions::raise_os_error(failed, None));
    }
    signals::check()?;
    Ok(none())
}

fn pthread_sigmask(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pthread_sigmask", args.len(), 2, 2)?;
    let how = long::as_int(args[0])?;
    let mask = signal_set(args[1])?;
    // SAFETY: one set is read, the other filled.
    let (failed, old) = unsafe {
        let mut old: libc::sigset_t = std::mem::zeroed();
        (libc::pthread_sigmask(how, &mask, &mut old), old)
    };
    if failed != 0 {
        return Err(twinheap_objects::exceptions::raise_os_error(failed, None));
    }
    // Signals that were held back may have come now.
    signals::check()?;
    members(&old)
}

fn sigpending(_: &PyObject) -> PyResult {
    // SAFETY: the set is filled.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        if libc::sigpending(&mut set) != 0 {
            return Err(os_error());
        }
        members(&set)
    }
}

fn sigwait(_: &PyObject, set: &PyObject) -> PyResult {
    let set = signal_set(set)?;
    let mut number = 0;
    // SAFETY: the set is read, the number filled.
    let failed = without_gil(|| unsafe { libc::sigwait(&set, &mut number) });
    if failed != 0 {
        return Err(twinheap_objects::exceptions::raise_os_error(failed, None));
    }
    Ok(long::from_i64(number.into())?.upcast())
}

static SIGINFO: StructSequenceType = StructSequenceType::new(Description {
    name: "signal.struct_siginfo",
    fields: &[
        "si_signo",
        "si_code",
        "si_errno",
        "si_pid",
        "si_uid",
        "si_status",
        "si_band",
    ],
    visible: 7,
    instantiable: true,
});

fn told(info: &libc::siginfo_t) -> PyResult {
    // SAFETY: the fields are read as CPython reads them, whatever the signal.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    // SAFETY: the band shares its place with the sender.
    let band = unsafe { *(&raw const *info).cast::<i64>().add(2) };
    let values = [
        info.si_signo.into(),
        info.si_code.into(),
        info.si_errno.into(),
        pid.into(),
        i64::from(uid),
        status.into(),
        band,
    ];
    let values: PyResult<Vec<Own>> = values
        .into_iter()
        .map(|value| Ok(long::from_i64(value)?.upcast()))
        .collect();
    SIGINFO.make(values?)
}

/// Waits for one of the signals, until the moment at most; nothing where none has come by then.
fn wait_for(set: &libc::sigset_t, until: Option<Instant>) -> PyResult {
    loop {
        // SAFETY: the set and the time are read, the rest filled.
        let (number, info) = without_gil(|| unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let number = match until {
                None => libc::sigwaitinfo(set, &mut info),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    let left = libc::timespec {
                        tv_sec: left.as_secs() as i64,
                        tv_nsec: left.subsec_nanos().into(),
                    };
                    libc::sigtimedwait(set, &mut info, &left)
                }
            };
            (number, info)
        });
        match errno() {
            _ if number >= 0 => return told(&info),
            libc::EAGAIN if until.is_some() => return Ok(none()),
            libc::EINTR => signals::check()?,
            _ => return Err(os_error()),
        }
    }
}

fn sigwaitinfo(_: &PyObject, set: &PyObject) -> PyResult {
    wait_for(&signal_set(set)?, None)
}

fn sigtimedwait(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("sigtimedwait", args.len(), 2, 2)?;
    let set = signal_set(args[0])?;
    let limit = seconds::nanoseconds(args[1])?;
    if limit < 0 {
        return Err(value_error("timeout must be non-negative"));
    }
    let until = Instant::now().checked_add(seconds::duration(limit));
    wait_for(&set, until)
}

fn siginterrupt(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("siginterrupt", args.len(), 2, 2)?;
    let (number, flag) = (long::as_int(args[0])?, long::as_int(args[1])?);
    let number = in_range(number)? as c_int;
    // SAFETY: an action is read and set with one flag changed.
    let failed = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let mut status = libc::sigaction(number, std::ptr::null(), &mut action);
        if flag != 0 {
            action.sa_flags &= !libc::SA_RESTART;
        } else {
            action.sa_flags |= libc::SA_RESTART;
        }
        if status == 0 {
            status = libc::sigaction(number, &action, std::ptr::null_mut());
        }
        status < 0
    };
    if failed {
        return Err(os_error());
    }
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "default_int_handler" => fast(default_int_handler, "($module, signalnum, frame, /)");
    "alarm" => o(alarm, "($module, seconds, /)");
    "setitimer" => fast(setitimer, "($module, which, seconds, interval=0.0, /)");
    "getitimer" => o(getitimer, "($module, which, /)");
    "signal" => fast(signal, "($module, signalnum, handler, /)");
    "raise_signal" => o(raise_signal, "($module, signalnum, /)");
    "strsignal" => o(strsignal, "($module, signalnum, /)");
    "getsignal" => o(getsignal, "($module, signalnum, /)");
    "set_wakeup_fd" => keywords(set_wakeup_fd);
    "siginterrupt" => fast(siginterrupt, "($module, signalnum, flag, /)");
    "pause" => noargs(pause, "($module, /)");
    "pthread_kill" => fast(pthread_kill, "($module, thread_id, signalnum, /)");
    "pthread_sigmask" => fast(pthread_sigmask, "($module, how, mask, /)");
    "sigpending" => noargs(sigpending, "($module, /)");
    "sigwait" => o(sigwait, "($module, sigset, /)");
    "sigwaitinfo" => o(sigwaitinfo, "($module, sigset, /)");
    "sigtimedwait" => fast(sigtimedwait, "($module, sigset, timeout, /)");
    "valid_signals" => noargs(valid_signals, "($module, /)");
}

/// Blocks all signals in the thread that calls.
pub fn block_all() {
    // SAFETY: a full set is made and becomes this thread's mask.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
    }
}

/// The handler that Ctrl-C has from the start, unless the process was told to ignore it; in the command line.
pub fn handle_interrupts() {
    if HANDLERS[libc::SIGINT as usize]
        .own()
        .is_some_and(|handler| call::is_callable(&handler))
    {
        set_action(libc::SIGINT, note as *const () as usize);
    }
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
    module::add(&made, "ItimerError", itimer_error()?.as_object())?;
    module::add(&made, "struct_siginfo", SIGINFO.get()?.as_object())?;
    signals::SIGNAL_HOOK.set(Some(run_pending));
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
    let is_default = HANDLERS[2]
        .as_ref()
        .and_then(|handler| handler.downcast_ref::<PyLongObject>())
        .is_some_and(|handler| long::to_i64(handler) == Some(0));
    if is_default && let Some(handler) = dict::get_literal(own, "default_int_handler")? {
        HANDLERS[2].put(Some(handler));
    }
    Ok(made)
}
