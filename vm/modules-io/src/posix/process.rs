//! What `posix` tells of the process and the system, and does to them.

use super::{bind, failure, outcome};
use crate::prelude::*;
use twinheap_objects::float;
use twinheap_objects::gil::without_gil;
use twinheap_objects::paths::path_bytes;
use twinheap_objects::signals::interruptible;
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

pub static TERMINAL_SIZE: StructSequenceType = StructSequenceType::new(Description {
    name: "os.terminal_size",
    fields: &["columns", "lines"],
    visible: 2,
    instantiable: true,
});
pub static UNAME_RESULT: StructSequenceType = StructSequenceType::new(Description {
    name: "posix.uname_result",
    fields: &["sysname", "nodename", "release", "version", "machine"],
    visible: 5,
    instantiable: true,
});
pub static TIMES_RESULT: StructSequenceType = StructSequenceType::new(Description {
    name: "posix.times_result",
    fields: &[
        "user",
        "system",
        "children_user",
        "children_system",
        "elapsed",
    ],
    visible: 5,
    instantiable: true,
});

macro_rules! identities {
    ($($name:ident => $call:expr;)+) => {
        $(pub fn $name(_: &PyObject) -> PyResult {
            // SAFETY: asks the system for a number.
            long::from_isize(unsafe { $call } as isize)
        })+
    };
}

identities! {
    getpid => libc::getpid();
    getppid => libc::getppid();
    getuid => libc::getuid();
    geteuid => libc::geteuid();
    getgid => libc::getgid();
    getegid => libc::getegid();
}

pub fn umask(_: &PyObject, mask: &PyObject) -> PyResult {
    let mask = long::as_int(mask)?;
    // SAFETY: changes the mask of the process.
    long::from_isize(unsafe { libc::umask(mask as libc::mode_t) } as isize)
}

pub fn uname(_: &PyObject) -> PyResult {
    // SAFETY: the system fills the struct with text that ends with NUL.
    unsafe {
        let mut names: libc::utsname = std::mem::zeroed();
        if libc::uname(&mut names) < 0 {
            return Err(failure(None));
        }
        let fields = [
            names.sysname.as_ptr(),
            names.nodename.as_ptr(),
            names.release.as_ptr(),
            names.version.as_ptr(),
            names.machine.as_ptr(),
        ];
        let texts = fields.iter().map(|field| {
            let text = std::ffi::CStr::from_ptr(*field)
                .to_string_lossy()
                .into_owned();
            Ok(unicode::from_str(&text)?.upcast())
        });
        UNAME_RESULT.make(texts.collect::<PyResult<_>>()?)
    }
}

pub fn times(_: &PyObject) -> PyResult {
    // SAFETY: the system fills the struct.
    unsafe {
        let mut used: libc::tms = std::mem::zeroed();
        let elapsed = libc::times(&mut used);
        let ticks = libc::sysconf(libc::_SC_CLK_TCK) as f64;
        let values = [
            used.tms_utime,
            used.tms_stime,
            used.tms_cutime,
            used.tms_cstime,
            elapsed,
        ];
        let values = values
            .iter()
            .map(|value| float::from_f64(*value as f64 / ticks));
        TIMES_RESULT.make(values.collect::<PyResult<_>>()?)
    }
}

pub fn exit(_: &PyObject, args: Args<'_>) -> PyResult {
    let [status] = bind!(args, "_exit", ["status"], 1, 1);
    let status = long::as_int(status.expect("required"))?;
    // SAFETY: ends the process at once.
    unsafe { libc::_exit(status) }
}

pub fn kill(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("kill", args.len(), 2, 2)?;
    // SAFETY: sends a signal.
    let killed = outcome(
        unsafe { libc::kill(long::as_int(args[0])?, long::as_int(args[1])?) },
        None,
    )?;
    // A signal to this process has come by now.
    twinheap_objects::signals::check()?;
    Ok(killed)
}

pub fn system(_: &PyObject, args: Args<'_>) -> PyResult {
    let [command] = bind!(args, "system", ["command"], 1, 1);
    let command = path_bytes(command.expect("required"))?;
    // SAFETY: the command ends with NUL.
    let status = without_gil(|| unsafe { libc::system(command.as_ptr()) });
    long::from_isize(status as isize)
}

pub fn waitpid(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("waitpid", args.len(), 2, 2)?;
    let (pid, options) = (long::as_int(args[0])?, long::as_int(args[1])?);
    let mut status = 0;
    // SAFETY: the system fills the status.
    let found = interruptible(|| unsafe { libc::waitpid(pid, &mut status, options) })?;
    if found < 0 {
        return Err(failure(None));
    }
    let pair = vec![
        long::from_isize(found as isize)?,
        long::from_isize(status as isize)?,
    ];
    Ok(tuple::from_vec(pair)?.upcast())
}

fn status_of(args: Args<'_>) -> PyResult<c_int> {
    let [status] = bind!(args, "waitstatus", ["status"], 1, 1);
    long::as_int(status.expect("required"))
}

pub fn wifexited(_: &PyObject, args: Args<'_>) -> PyResult {
    Ok(bool_object(libc::WIFEXITED(status_of(args)?)))
}

pub fn wexitstatus(_: &PyObject, args: Args<'_>) -> PyResult {
    long::from_isize(libc::WEXITSTATUS(status_of(args)?) as isize)
}

pub fn wifsignaled(_: &PyObject, args: Args<'_>) -> PyResult {
    Ok(bool_object(libc::WIFSIGNALED(status_of(args)?)))
}

pub fn wtermsig(_: &PyObject, args: Args<'_>) -> PyResult {
    long::from_isize(libc::WTERMSIG(status_of(args)?) as isize)
}

macro_rules! status_tests {
    ($($name:ident => $test:path;)+) => {
        $(pub fn $name(_: &PyObject, args: Args<'_>) -> PyResult {
            Ok(bool_object($test(status_of(args)?)))
        })+
    };
}

status_tests! {
    wifstopped => libc::WIFSTOPPED;
    wifcontinued => libc::WIFCONTINUED;
    wcoredump => libc::WCOREDUMP;
}

pub fn wstopsig(_: &PyObject, args: Args<'_>) -> PyResult {
    long::from_isize(libc::WSTOPSIG(status_of(args)?) as isize)
}

pub fn waitstatus_to_exitcode(_: &PyObject, args: Args<'_>) -> PyResult {
    let status = status_of(args)?;
    if libc::WIFEXITED(status) {
        return long::from_isize(libc::WEXITSTATUS(status) as isize);
    }
    if libc::WIFSIGNALED(status) {
        return long::from_isize(-(libc::WTERMSIG(status) as isize));
    }
    Err(value_error(format_args!("invalid wait status: {status}")))
}

pub fn putenv(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("putenv", args.len(), 2, 2)?;
    let (name, value) = (path_bytes(args[0])?, path_bytes(args[1])?);
    if name.as_bytes().contains(&b'=') {
        return Err(value_error("illegal environment variable name"));
    }
    // SAFETY: both end with NUL; one thread changes the environment.
    outcome(
        unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) },
        None,
    )
}

pub fn unsetenv(_: &PyObject, name: &PyObject) -> PyResult {
    let name = path_bytes(name)?;
    // SAFETY: the name ends with NUL; one thread changes the environment.
    outcome(unsafe { libc::unsetenv(name.as_ptr()) }, None)
}

pub fn strerror(_: &PyObject, code: &PyObject) -> PyResult {
    let code = long::as_int(code)?;
    // SAFETY: the text lives until the next call.
    let text = unsafe { std::ffi::CStr::from_ptr(libc::strerror(code)) }
        .to_string_lossy()
        .into_owned();
    Ok(unicode::from_str(&text)?.upcast())
}

fn random_bytes(size: isize) -> PyResult {
    if size < 0 {
        return Err(value_error("negative argument not allowed"));
    }
    let mut data = memory::zeroed(size as usize)?;
    let mut filled = 0;
    while filled < data.len() {
        let rest = &mut data[filled..];
        // SAFETY: the buffer has the length that is told.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        if count < 0 {
            return Err(failure(None));
        }
        filled += count as usize;
    }
    Ok(bytes::from_slice(&data)?.upcast())
}

pub fn urandom(_: &PyObject, size: &PyObject) -> PyResult {
    random_bytes(unicode::ssize(size)?)
}

pub fn getrandom(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("getrandom", args.len(), 1, 2)?;
    random_bytes(unicode::ssize(args[0])?)
}

pub fn cpu_count(_: &PyObject) -> PyResult {
    // SAFETY: asks the system for a number.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    if count < 1 {
        Ok(none())
    } else {
        long::from_isize(count as isize)
    }
}

pub fn get_terminal_size(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("get_terminal_size", args.len(), 0, 1)?;
    let fd = args.first().map_or(Ok(1), |fd| long::as_int(fd))?;
    // SAFETY: the system fills the struct.
    unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(fd, libc::TIOCGWINSZ, &mut size) < 0 {
            return Err(failure(None));
        }
        TERMINAL_SIZE.make(vec![
            long::from_isize(size.ws_col as isize)?,
            long::from_isize(size.ws_row as isize)?,
        ])
    }
}

/// A process that cannot fork never calls what is registered for it.
pub fn sysconf(_: &PyObject, name: &PyObject) -> PyResult {
    let number = match name.downcast_ref::<PyASCIIObject>() {
        Some(name) => {
            let names =
                object::get_attr(&*import_hook::import_module("posix")?, id!("sysconf_names"))?;
            match names.downcast_ref::<PyDictObject>() {
                Some(names) => match dict::get_item(names, name.as_object())? {
                    Some(number) => long::as_int(&number)?,
                    None => return Err(value_error("unrecognized configuration name")),
                },
                None => return Err(type_error("sysconf_names is no dict")),
            }
        }
        None => long::as_int(name)?,
    };
    // SAFETY: asks the system for a number.
    long::from_isize(unsafe { libc::sysconf(number) } as isize)
}
