//! `posix` (`Modules/posixmodule.c`): what `os` and the standard library need of the system.

mod constants;
mod directory;
mod process;
mod status;

use crate::prelude::*;
use std::ffi::CString;
use twinheap_objects::exceptions::{PyExc_OSError, raise_os_error};
use twinheap_objects::paths::{decode_path, fs_path, path_bytes};

/// The system's last error.
pub fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The system's last error as an OSError, with the path where there is one.
pub fn failure(path: Option<&PyObject>) -> errors::Raised {
    raise_os_error(last_errno(), path)
}

/// None, or the system's error where a call said -1.
pub fn outcome(result: c_int, path: Option<&PyObject>) -> PyResult {
    if result < 0 {
        Err(failure(path))
    } else {
        Ok(none())
    }
}

fn number(object: &PyObject) -> PyResult<c_int> {
    long::as_int(object)
}

/// A path, or the descriptor that stands for one.
pub enum Target {
    Path(CString),
    Descriptor(c_int),
}

pub fn target(object: &PyObject, function: &str) -> PyResult<Target> {
    if object.downcast_ref::<PyLongObject>().is_some() {
        return Ok(Target::Descriptor(number(object)?));
    }
    Ok(Target::Path(path_argument(object, function, "path")?))
}

/// A path argument.
pub fn path_argument(object: &PyObject, function: &str, what: &str) -> PyResult<CString> {
    let fits = object.downcast_ref::<PyASCIIObject>().is_some()
        || object.downcast_ref::<PyBytesObject>().is_some()
        || types::lookup(object.type_(), id!("__fspath__")).is_some();
    if !fits {
        return Err(type_error(format_args!(
            "{function}: {what} should be string, bytes or os.PathLike, not {}",
            unicode::type_name_or_none(object)
        )));
    }
    path_bytes(object)
}

macro_rules! bind {
    ($args:expr, $name:literal, [$($parameter:literal),*], $required:literal, $positional:literal) => {{
        static SIGNATURE: Signature = Signature {
            name: $name,
            parameters: &[$($parameter),*],
            required: $required,
            positional: $positional,
        };
        $args.bind(&SIGNATURE)?
    }};
}
use bind;

fn open(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, flags, mode, _dir] = bind!(args, "open", ["path", "flags", "mode", "dir_fd"], 2, 3);
    let path = path.expect("required");
    let flags = number(flags.expect("required"))?;
    let mode = mode.map_or(Ok(0o777), number)?;
    let native = path_argument(path, "open", "path")?;
    // SAFETY: the path ends with NUL.
    let fd = unsafe { libc::open(native.as_ptr(), flags | libc::O_CLOEXEC, mode) };
    if fd < 0 {
        return Err(failure(Some(path)));
    }
    long::from_isize(fd as isize)
}

fn close(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "close", ["fd"], 1, 1);
    // SAFETY: closes what the program asks for.
    outcome(unsafe { libc::close(number(fd.expect("required"))?) }, None)
}

fn read(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("read", args.len(), 2, 2)?;
    let (fd, length) = (number(args[0])?, unicode::ssize(args[1])?);
    if length < 0 {
        return Err(raise_os_error(libc::EINVAL, None));
    }
    let mut data = memory::zeroed(length as usize)?;
    // SAFETY: the buffer has the length that is told.
    let count = unsafe { libc::read(fd, data.as_mut_ptr().cast(), data.len()) };
    if count < 0 {
        return Err(failure(None));
    }
    Ok(bytes::from_slice(&data[..count as usize])?.upcast())
}

fn write(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("write", args.len(), 2, 2)?;
    let fd = number(args[0])?;
    let buffer = Buffer::of(args[1])?;
    let data = buffer.data();
    // SAFETY: the slice is valid for its length.
    let count = unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) };
    if count < 0 {
        return Err(failure(None));
    }
    long::from_isize(count)
}

fn lseek(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("lseek", args.len(), 3, 3)?;
    let (fd, offset, whence) = (
        number(args[0])?,
        crate::fileio::position_of(args[1])?,
        number(args[2])?,
    );
    // SAFETY: asks the system to move.
    let at = unsafe { libc::lseek(fd, offset, whence) };
    if at < 0 {
        return Err(failure(None));
    }
    Ok(long::from_i64(at)?.upcast())
}

fn isatty(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: asks about a descriptor.
    Ok(bool_object(unsafe { libc::isatty(number(fd)?) } == 1))
}

fn dup(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: asks for another descriptor.
    let made = unsafe { libc::fcntl(number(fd)?, libc::F_DUPFD_CLOEXEC, 0) };
    if made < 0 {
        Err(failure(None))
    } else {
        long::from_isize(made as isize)
    }
}

fn dup2(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd, fd2, inheritable] = bind!(args, "dup2", ["fd", "fd2", "inheritable"], 2, 3);
    let inheritable = inheritable.map_or(Ok(true), object::is_true)?;
    let (fd, fd2) = (
        number(fd.expect("required"))?,
        number(fd2.expect("required"))?,
    );
    // SAFETY: asks for another descriptor.
    let made = unsafe { libc::dup3(fd, fd2, if inheritable { 0 } else { libc::O_CLOEXEC }) };
    if made < 0 {
        Err(failure(None))
    } else {
        long::from_isize(made as isize)
    }
}

fn pipe(_: &PyObject) -> PyResult {
    let mut fds = [0; 2];
    // SAFETY: the system fills the pair.
    if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
        return Err(failure(None));
    }
    let pair = vec![
        long::from_isize(fds[0] as isize)?,
        long::from_isize(fds[1] as isize)?,
    ];
    Ok(tuple::from_vec(pair)?.upcast())
}

fn fsync(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "fsync", ["fd"], 1, 1);
    // SAFETY: asks the system to write.
    outcome(unsafe { libc::fsync(number(fd.expect("required"))?) }, None)
}

fn ftruncate(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("ftruncate", args.len(), 2, 2)?;
    let length = crate::fileio::position_of(args[1])?;
    // SAFETY: asks the system to cut the file.
    outcome(unsafe { libc::ftruncate(number(args[0])?, length) }, None)
}

macro_rules! one_path {
    ($($function:ident, $name:literal, $call:expr;)+) => {
        $(fn $function(_: &PyObject, args: Args<'_>) -> PyResult {
            let [path, mode, _dir, _follow] = bind!(
                args, $name, ["path", "mode", "dir_fd", "follow_symlinks"], 1, 2
            );
            let path = path.expect("required");
            let native = path_argument(path, $name, "path")?;
            let mode = mode.map_or(Ok(0o777), number)?;
            let act: fn(*const std::ffi::c_char, c_int) -> c_int = $call;
            outcome(act(native.as_ptr(), mode), Some(path))
        })+
    };
}

one_path! {
    // SAFETY: the path ends with NUL, here and below.
    mkdir, "mkdir", |path, mode| unsafe { libc::mkdir(path, mode as libc::mode_t) };
    // SAFETY: as above.
    rmdir, "rmdir", |path, _| unsafe { libc::rmdir(path) };
    // SAFETY: as above.
    unlink, "unlink", |path, _| unsafe { libc::unlink(path) };
    // SAFETY: as above.
    remove, "remove", |path, _| unsafe { libc::unlink(path) };
    // SAFETY: as above.
    chdir, "chdir", |path, _| unsafe { libc::chdir(path) };
    // SAFETY: as above.
    chmod, "chmod", |path, mode| unsafe { libc::chmod(path, mode as libc::mode_t) };
    // SAFETY: as above.
    mkfifo, "mkfifo", |path, mode| unsafe { libc::mkfifo(path, mode as libc::mode_t) };
}

macro_rules! two_paths {
    ($($function:ident, $name:literal, $call:path;)+) => {
        $(fn $function(_: &PyObject, args: Args<'_>) -> PyResult {
            let [from, to, _a, _b, _c] = bind!(
                args, $name, ["src", "dst", "src_dir_fd", "dst_dir_fd", "follow_symlinks"], 2, 3
            );
            let (from, to) = (from.expect("required"), to.expect("required"));
            let source = path_argument(from, $name, "src")?;
            let goal = path_argument(to, $name, "dst")?;
            // SAFETY: the paths end with NUL.
            outcome(unsafe { $call(source.as_ptr(), goal.as_ptr()) }, Some(from))
        })+
    };
}

two_paths! {
    rename, "rename", libc::rename;
    replace, "replace", libc::rename;
    link, "link", libc::link;
    symlink, "symlink", libc::symlink;
}

fn readlink(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, _dir] = bind!(args, "readlink", ["path", "dir_fd"], 1, 1);
    let path = path.expect("required");
    let native = path_argument(path, "readlink", "path")?;
    let mut data = vec![0u8; 4096];
    // SAFETY: the buffer has the length that is told.
    let count = unsafe { libc::readlink(native.as_ptr(), data.as_mut_ptr().cast(), data.len()) };
    if count < 0 {
        return Err(failure(Some(path)));
    }
    like(path, &data[..count as usize])
}

/// A path of the system as the type of another one: bytes for bytes, str for all others.
pub fn like(model: &PyObject, data: &[u8]) -> PyResult {
    if model.downcast_ref::<PyBytesObject>().is_some() {
        return Ok(bytes::from_slice(data)?.upcast());
    }
    decode_path(data)
}

fn access(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, mode, _dir, _effective, _follow] = bind!(
        args,
        "access",
        ["path", "mode", "dir_fd", "effective_ids", "follow_symlinks"],
        2,
        2
    );
    let native = path_argument(path.expect("required"), "access", "path")?;
    let mode = number(mode.expect("required"))?;
    // SAFETY: the path ends with NUL.
    Ok(bool_object(
        unsafe { libc::access(native.as_ptr(), mode) } == 0,
    ))
}

fn getcwd(_: &PyObject) -> PyResult {
    match std::env::current_dir() {
        Ok(path) => decode_path(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())),
        Err(error) => Err(raise_os_error(error.raw_os_error().unwrap_or(0), None)),
    }
}

fn getcwdb(_: &PyObject) -> PyResult {
    match std::env::current_dir() {
        Ok(path) => {
            let data = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
            Ok(bytes::from_slice(data)?.upcast())
        }
        Err(error) => Err(raise_os_error(error.raw_os_error().unwrap_or(0), None)),
    }
}

fn fspath(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "fspath", ["path"], 1, 1);
    fs_path(path.expect("required"))
}

fn utime(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, times, ns, _dir, _follow] = bind!(
        args,
        "utime",
        ["path", "times", "ns", "dir_fd", "follow_symlinks"],
        1,
        2
    );
    let path = path.expect("required");
    let native = path_argument(path, "utime", "path")?;
    let mut spec = [libc::timespec {
        tv_sec: 0,
        tv_nsec: libc::UTIME_NOW,
    }; 2];
    if let Some(times) = times.filter(|times| !times.is_none()) {
        for (slot, item) in spec.iter_mut().zip(abstract_::collect(times)?) {
            let seconds = twinheap_objects::float::as_double(&item)?;
            slot.tv_sec = seconds.floor() as i64;
            slot.tv_nsec = ((seconds - seconds.floor()) * 1e9) as i64;
        }
    } else if let Some(ns) = ns {
        for (slot, item) in spec.iter_mut().zip(abstract_::collect(ns)?) {
            let total = long::as_long(&item)?;
            slot.tv_sec = total.div_euclid(1_000_000_000);
            slot.tv_nsec = total.rem_euclid(1_000_000_000);
        }
    }
    // SAFETY: the path ends with NUL; two times are given.
    let result = unsafe { libc::utimensat(libc::AT_FDCWD, native.as_ptr(), spec.as_ptr(), 0) };
    outcome(result, Some(path))
}

fn get_inheritable(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: asks about a descriptor.
    let flags = unsafe { libc::fcntl(number(fd)?, libc::F_GETFD) };
    if flags < 0 {
        Err(failure(None))
    } else {
        Ok(bool_object(flags & libc::FD_CLOEXEC == 0))
    }
}

fn set_inheritable(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("set_inheritable", args.len(), 2, 2)?;
    let flag = if object::is_true(args[1])? {
        0
    } else {
        libc::FD_CLOEXEC
    };
    // SAFETY: changes a descriptor's flag.
    outcome(
        unsafe { libc::fcntl(number(args[0])?, libc::F_SETFD, flag) },
        None,
    )
}

fn get_blocking(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: asks about a descriptor.
    let flags = unsafe { libc::fcntl(number(fd)?, libc::F_GETFL) };
    if flags < 0 {
        Err(failure(None))
    } else {
        Ok(bool_object(flags & libc::O_NONBLOCK == 0))
    }
}

fn set_blocking(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("set_blocking", args.len(), 2, 2)?;
    let (fd, blocking) = (number(args[0])?, object::is_true(args[1])?);
    // SAFETY: changes a descriptor's flags.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        if flags < 0 {
            return Err(failure(None));
        }
        let flags = if blocking {
            flags & !libc::O_NONBLOCK
        } else {
            flags | libc::O_NONBLOCK
        };
        outcome(libc::fcntl(fd, libc::F_SETFL, flags), None)
    }
}

fn path_splitroot_normpath(_: &PyObject, path: &PyObject) -> PyResult {
    let Some(text) = path.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("_path_normpath: path should be string"));
    };
    let text = unicode::to_string_lossy(text);
    let slashes = text.chars().take_while(|c| *c == '/').count();
    let root = match slashes {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part != ".." || root.is_empty() && parts.last().is_none_or(|last| *last == "..") {
            parts.push(part);
        } else {
            parts.pop();
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    Ok(unicode::from_str(if joined.is_empty() { "." } else { &joined })?.upcast())
}

methods! {
    static FUNCTIONS:
    "stat" => keywords(status::stat, "($module, /, path, *, dir_fd=None, follow_symlinks=True)");
    "access" => keywords(access);
    "chdir" => keywords(chdir);
    "chmod" => keywords(chmod);
    "getcwd" => noargs(getcwd, "($module, /)");
    "getcwdb" => noargs(getcwdb, "($module, /)");
    "link" => keywords(link);
    "listdir" => keywords(directory::listdir, "($module, /, path=None)");
    "lstat" => keywords(status::lstat, "($module, /, path, *, dir_fd=None)");
    "mkdir" => keywords(mkdir);
    "mkfifo" => keywords(mkfifo);
    "readlink" => keywords(readlink);
    "rename" => keywords(rename);
    "replace" => keywords(replace);
    "rmdir" => keywords(rmdir);
    "symlink" => keywords(symlink);
    "umask" => o(process::umask, "($module, mask, /)");
    "uname" => noargs(process::uname, "($module, /)");
    "unlink" => keywords(unlink);
    "remove" => keywords(remove);
    "utime" => keywords(utime);
    "times" => noargs(process::times, "($module, /)");
    "_exit" => keywords(process::exit, "($module, /, status)");
    "fork" => noargs(process::fork, "($module, /)");
    "getpid" => noargs(process::getpid, "($module, /)");
    "getppid" => noargs(process::getppid, "($module, /)");
    "getuid" => noargs(process::getuid, "($module, /)");
    "geteuid" => noargs(process::geteuid, "($module, /)");
    "getgid" => noargs(process::getgid, "($module, /)");
    "getegid" => noargs(process::getegid, "($module, /)");
    "kill" => fast(process::kill, "($module, pid, signal, /)");
    "system" => keywords(process::system, "($module, /, command)");
    "waitpid" => fast(process::waitpid, "($module, pid, options, /)");
    "WIFEXITED" => keywords(process::wifexited);
    "WEXITSTATUS" => keywords(process::wexitstatus);
    "WIFSIGNALED" => keywords(process::wifsignaled);
    "WTERMSIG" => keywords(process::wtermsig);
    "WIFSTOPPED" => keywords(process::wifstopped);
    "WIFCONTINUED" => keywords(process::wifcontinued);
    "WCOREDUMP" => keywords(process::wcoredump);
    "WSTOPSIG" => keywords(process::wstopsig);
    "waitstatus_to_exitcode" => keywords(process::waitstatus_to_exitcode);
    "open" => keywords(open);
    "close" => keywords(close);
    "dup" => o(dup, "($module, fd, /)");
    "dup2" => keywords(dup2);
    "lseek" => fast(lseek, "($module, fd, position, whence, /)");
    "read" => fast(read, "($module, fd, length, /)");
    "write" => fast(write, "($module, fd, data, /)");
    "fstat" => keywords(status::fstat, "($module, /, fd)");
    "isatty" => o(isatty, "($module, fd, /)");
    "pipe" => noargs(pipe, "($module, /)");
    "fsync" => keywords(fsync, "($module, /, fd)");
    "ftruncate" => fast(ftruncate, "($module, fd, length, /)");
    "putenv" => fast(process::putenv, "($module, name, value, /)");
    "unsetenv" => o(process::unsetenv, "($module, name, /)");
    "strerror" => o(process::strerror, "($module, code, /)");
    "urandom" => o(process::urandom, "($module, size, /)");
    "getrandom" => fast(process::getrandom);
    "cpu_count" => noargs(process::cpu_count, "($module, /)");
    "get_terminal_size" => fast(process::get_terminal_size);
    "get_inheritable" => o(get_inheritable, "($module, fd, /)");
    "set_inheritable" => fast(set_inheritable, "($module, fd, inheritable, /)");
    "get_blocking" => o(get_blocking, "($module, fd, /)");
    "set_blocking" => fast(set_blocking, "($module, fd, blocking, /)");
    "scandir" => keywords(directory::scandir, "($module, /, path=None)");
    "fspath" => keywords(fspath, "($module, /, path)");
    "register_at_fork" => keywords(process::register_at_fork);
    "sysconf" => o(process::sysconf, "($module, name, /)");
    "_path_normpath" => o(path_splitroot_normpath);
}

/// The environment, in bytes.
fn environ() -> PyResult<Own<PyDictObject>> {
    use std::os::unix::ffi::OsStrExt;
    let made = dict::new()?;
    for (name, value) in std::env::vars_os() {
        let name = bytes::from_slice(name.as_bytes())?;
        let value = bytes::from_slice(value.as_bytes())?;
        dict::set_default(&made, name.as_object(), value.as_object())?;
    }
    Ok(made)
}

const HAVE: [&str; 20] = [
    "HAVE_FACCESSAT",
    "HAVE_FCHDIR",
    "HAVE_FCHMOD",
    "HAVE_FCHMODAT",
    "HAVE_FCHOWN",
    "HAVE_FCHOWNAT",
    "HAVE_FDOPENDIR",
    "HAVE_FEXECVE",
    "HAVE_FPATHCONF",
    "HAVE_FSTATAT",
    "HAVE_FSTATVFS",
    "HAVE_FTRUNCATE",
    "HAVE_FUTIMENS",
    "HAVE_LINKAT",
    "HAVE_LCHOWN",
    "HAVE_LSTAT",
    "HAVE_LUTIMES",
    "HAVE_MEMFD_CREATE",
    "HAVE_MKDIRAT",
    "HAVE_UTIMENSAT",
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("posix", FUNCTIONS, &[&directory::DirEntryType])?;
    types::ready(&directory::ScandirIteratorType)?;
    for (name, value) in constants::NUMBERS {
        module::add_int(&made, name, *value)?;
    }
    module::add(&made, "environ", environ()?.as_object())?;
    module::add(&made, "error", PyExc_OSError.as_object())?;
    module::add(&made, "stat_result", status::STAT_RESULT.get()?.as_object())?;
    module::add(
        &made,
        "terminal_size",
        process::TERMINAL_SIZE.get()?.as_object(),
    )?;
    module::add(
        &made,
        "uname_result",
        process::UNAME_RESULT.get()?.as_object(),
    )?;
    module::add(
        &made,
        "times_result",
        process::TIMES_RESULT.get()?.as_object(),
    )?;
    let have: Vec<Own> = HAVE
        .iter()
        .map(|name| Ok(unicode::from_str(name)?.upcast()))
        .collect::<PyResult<_>>()?;
    module::add(&made, "_have_functions", list::from_vec(have)?.as_object())?;
    let sysconf = dict::new()?;
    for (name, number) in [
        ("SC_PAGE_SIZE", libc::_SC_PAGESIZE),
        ("SC_PAGESIZE", libc::_SC_PAGESIZE),
        ("SC_NPROCESSORS_ONLN", libc::_SC_NPROCESSORS_ONLN),
        ("SC_OPEN_MAX", libc::_SC_OPEN_MAX),
        ("SC_CLK_TCK", libc::_SC_CLK_TCK),
        ("SC_ARG_MAX", libc::_SC_ARG_MAX),
        ("SC_IOV_MAX", libc::_SC_IOV_MAX),
    ] {
        dict::set_literal(&sysconf, name, &*long::from_isize(number as isize)?)?;
    }
    module::add(&made, "sysconf_names", sysconf.as_object())?;
    Ok(made)
}
