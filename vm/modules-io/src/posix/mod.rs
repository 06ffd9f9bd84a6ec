//! `posix` (`Modules/posixmodule.c`): what `os` and the standard library need of the system.

mod attributes;
mod children;
mod constants;
mod descriptors;
mod directory;
mod limits;
mod owners;
mod process;
mod spawn;
mod status;

use crate::prelude::*;
use std::ffi::CString;
use twinheap_objects::exceptions::{PyExc_OSError, raise_os_error};
use twinheap_objects::gil::without_gil;
use twinheap_objects::paths::{decode_path, fs_path, path_bytes};
use twinheap_objects::signals::interruptible;

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

/// `dir_fd_converter`: the folder that a relative path begins at.
pub fn folder(given: Option<&PyObject>) -> PyResult<c_int> {
    match given.filter(|given| !given.is_none()) {
        None => Ok(libc::AT_FDCWD),
        Some(given) if abstract_::has_index(given) => number(given),
        Some(given) => Err(type_error(format_args!(
            "argument should be integer or None, not {}",
            given.type_().name()
        ))),
    }
}

/// What a call has to know where a link is not to be followed.
fn link_flag(follow: Option<&PyObject>) -> PyResult<c_int> {
    Ok(if follow.map_or(Ok(true), object::is_true)? {
        0
    } else {
        libc::AT_SYMLINK_NOFOLLOW
    })
}

/// The system's last error as an OSError of two paths.
fn failure_of_two(from: &PyObject, to: &PyObject) -> errors::Raised {
    let raised = failure(Some(from));
    let error = errors::take_exception();
    let _ = raised;
    match object::set_attr(&error, id!("filename2").as_object(), Some(to)) {
        Ok(()) => errors::restore_exception(error),
        Err(raised) => raised,
    }
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
    let none_too = matches!(function, "listdir" | "scandir" | "listxattr");
    let choices = if none_too {
        "string, bytes, os.PathLike, integer or None"
    } else {
        "string, bytes, os.PathLike or integer"
    };
    Ok(Target::Path(path_of(object, function, "path", choices)?))
}

/// A path argument.
pub fn path_argument(object: &PyObject, function: &str, what: &str) -> PyResult<CString> {
    path_of(object, function, what, "string, bytes or os.PathLike")
}

fn path_of(object: &PyObject, function: &str, what: &str, choices: &str) -> PyResult<CString> {
    let buffer = twinheap_objects::buffer::is_exporter(object)
        && object.downcast_ref::<PyBytesObject>().is_none();
    if buffer {
        let told = format!(
            "{function}: {what} should be {choices}, not {}",
            object.type_().name()
        );
        twinheap_objects::warnings::warn_deprecation(&told)?;
        let data = twinheap_objects::memory::copied(Buffer::of(object)?.data())?;
        return CString::new(data).map_err(|_| value_error("embedded null byte"));
    }
    let fits = object.downcast_ref::<PyASCIIObject>().is_some()
        || object.downcast_ref::<PyBytesObject>().is_some()
        || types::lookup(object.type_(), id!("__fspath__")).is_some();
    if !fits {
        return Err(type_error(format_args!(
            "{function}: {what} should be {choices}, not {}",
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
    let [path, flags, mode, dir] = bind!(args, "open", ["path", "flags", "mode", "dir_fd"], 2, 3);
    let dir = folder(dir)?;
    let path = path.expect("required");
    let flags = number(flags.expect("required"))?;
    let mode = mode.map_or(Ok(0o777), number)?;
    let native = path_argument(path, "open", "path")?;
    let flags = flags | libc::O_CLOEXEC;
    // SAFETY: the path ends with NUL.
    let fd = interruptible(|| unsafe { libc::openat(dir, native.as_ptr(), flags, mode) })?;
    if fd < 0 {
        return Err(failure(Some(path)));
    }
    long::from_isize(fd as isize)
}

fn close(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "close", ["fd"], 1, 1);
    let fd = number(fd.expect("required"))?;
    // SAFETY: closes what the program asks for.
    outcome(without_gil(|| unsafe { libc::close(fd) }), None)
}

fn read(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("read", args.len(), 2, 2)?;
    let (fd, length) = (number(args[0])?, unicode::ssize(args[1])?);
    if length < 0 {
        return Err(raise_os_error(libc::EINVAL, None));
    }
    let mut data = twinheap_objects::memory::zeroed(length as usize)?;
    // SAFETY: the buffer has the length that is told.
    let count =
        interruptible(|| unsafe { libc::read(fd, data.as_mut_ptr().cast(), data.len()) as i64 })?;
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
    let count =
        interruptible(|| unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) as i64 })?;
    if count < 0 {
        return Err(failure(None));
    }
    long::from_isize(count as isize)
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
    let fd = number(fd.expect("required"))?;
    // SAFETY: asks the system to write.
    outcome(interruptible(|| unsafe { libc::fsync(fd) })?, None)
}

fn ftruncate(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("ftruncate", args.len(), 2, 2)?;
    let length = crate::fileio::position_of(args[1])?;
    // SAFETY: asks the system to cut the file.
    outcome(unsafe { libc::ftruncate(number(args[0])?, length) }, None)
}

fn mkdir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, mode, dir] = bind!(args, "mkdir", ["path", "mode", "dir_fd"], 1, 2);
    let path = path.expect("required");
    let native = path_argument(path, "mkdir", "path")?;
    let mode = mode.map_or(Ok(0o777), number)?;
    let dir = folder(dir)?;
    // SAFETY: the path ends with NUL.
    let status = unsafe { libc::mkdirat(dir, native.as_ptr(), mode as libc::mode_t) };
    outcome(status, Some(path))
}

fn mkfifo(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, mode, dir] = bind!(args, "mkfifo", ["path", "mode", "dir_fd"], 1, 2);
    let path = path.expect("required");
    let native = path_argument(path, "mkfifo", "path")?;
    let mode = mode.map_or(Ok(0o666), number)?;
    let dir = folder(dir)?;
    // SAFETY: the path ends with NUL.
    let status = unsafe { libc::mkfifoat(dir, native.as_ptr(), mode as libc::mode_t) };
    outcome(status, Some(path))
}

macro_rules! removals {
    ($($function:ident, $name:literal, $flags:expr;)+) => {
        $(fn $function(_: &PyObject, args: Args<'_>) -> PyResult {
            let [path, dir] = bind!(args, $name, ["path", "dir_fd"], 1, 1);
            let path = path.expect("required");
            let native = path_argument(path, $name, "path")?;
            let dir = folder(dir)?;
            // SAFETY: the path ends with NUL.
            outcome(unsafe { libc::unlinkat(dir, native.as_ptr(), $flags) }, Some(path))
        })+
    };
}

removals! {
    rmdir, "rmdir", libc::AT_REMOVEDIR;
    unlink, "unlink", 0;
    remove, "remove", 0;
}

fn chdir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "chdir", ["path"], 1, 1);
    let path = path.expect("required");
    let native = target(path, "chdir")?;
    // SAFETY: the path ends with NUL.
    let status = unsafe {
        match &native {
            Target::Descriptor(fd) => libc::fchdir(*fd),
            Target::Path(native) => libc::chdir(native.as_ptr()),
        }
    };
    outcome(status, Some(path))
}

fn chmod(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, mode, dir, follow] = bind!(
        args,
        "chmod",
        ["path", "mode", "dir_fd", "follow_symlinks"],
        2,
        2
    );
    let path = path.expect("required");
    let native = target(path, "chmod")?;
    let mode = number(mode.expect("required"))? as libc::mode_t;
    let (dir, flags) = (folder(dir)?, link_flag(follow)?);
    // SAFETY: the path ends with NUL.
    let status = unsafe {
        match &native {
            Target::Descriptor(fd) => libc::fchmod(*fd, mode),
            Target::Path(native) => libc::fchmodat(dir, native.as_ptr(), mode, flags),
        }
    };
    outcome(status, Some(path))
}

macro_rules! renames {
    ($($function:ident, $name:literal;)+) => {
        $(fn $function(_: &PyObject, args: Args<'_>) -> PyResult {
            let [from, to, from_dir, to_dir] =
                bind!(args, $name, ["src", "dst", "src_dir_fd", "dst_dir_fd"], 2, 2);
            let (from, to) = (from.expect("required"), to.expect("required"));
            let source = path_argument(from, $name, "src")?;
            let goal = path_argument(to, $name, "dst")?;
            let (from_dir, to_dir) = (folder(from_dir)?, folder(to_dir)?);
            // SAFETY: the paths end with NUL.
            if unsafe { libc::renameat(from_dir, source.as_ptr(), to_dir, goal.as_ptr()) } < 0 {
                return Err(failure_of_two(from, to));
            }
            Ok(none())
        })+
    };
}

renames! {
    rename, "rename";
    replace, "replace";
}

fn link(_: &PyObject, args: Args<'_>) -> PyResult {
    let [from, to, from_dir, to_dir, follow] = bind!(
        args,
        "link",
        ["src", "dst", "src_dir_fd", "dst_dir_fd", "follow_symlinks"],
        2,
        2
    );
    let (from, to) = (from.expect("required"), to.expect("required"));
    let source = path_argument(from, "link", "src")?;
    let goal = path_argument(to, "link", "dst")?;
    let (from_dir, to_dir) = (folder(from_dir)?, folder(to_dir)?);
    let follow = follow.map_or(Ok(true), object::is_true)?;
    let plain = from_dir == libc::AT_FDCWD && to_dir == libc::AT_FDCWD && follow;
    let flags = if follow { libc::AT_SYMLINK_FOLLOW } else { 0 };
    // SAFETY: the paths end with NUL.
    let status = unsafe {
        if plain {
            libc::link(source.as_ptr(), goal.as_ptr())
        } else {
            libc::linkat(from_dir, source.as_ptr(), to_dir, goal.as_ptr(), flags)
        }
    };
    if status < 0 {
        return Err(failure_of_two(from, to));
    }
    Ok(none())
}

fn symlink(_: &PyObject, args: Args<'_>) -> PyResult {
    let [from, to, directory, dir] = bind!(
        args,
        "symlink",
        ["src", "dst", "target_is_directory", "dir_fd"],
        2,
        3
    );
    let (from, to) = (from.expect("required"), to.expect("required"));
    let source = path_argument(from, "symlink", "src")?;
    let goal = path_argument(to, "symlink", "dst")?;
    directory.map_or(Ok(false), object::is_true)?;
    let dir = folder(dir)?;
    // SAFETY: the paths end with NUL.
    if unsafe { libc::symlinkat(source.as_ptr(), dir, goal.as_ptr()) } < 0 {
        return Err(failure_of_two(from, to));
    }
    Ok(none())
}

fn readlink(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, dir] = bind!(args, "readlink", ["path", "dir_fd"], 1, 1);
    let dir = folder(dir)?;
    let path = path.expect("required");
    let native = path_argument(path, "readlink", "path")?;
    let mut data = vec![0u8; 4096];
    // SAFETY: the buffer has the length that is told.
    let count =
        unsafe { libc::readlinkat(dir, native.as_ptr(), data.as_mut_ptr().cast(), data.len()) };
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
    let [path, mode, dir, effective, follow] = bind!(
        args,
        "access",
        ["path", "mode", "dir_fd", "effective_ids", "follow_symlinks"],
        2,
        2
    );
    let native = path_argument(path.expect("required"), "access", "path")?;
    let mode = number(mode.expect("required"))?;
    let dir = folder(dir)?;
    let mut flags = link_flag(follow)?;
    if effective.map_or(Ok(false), object::is_true)? {
        flags |= libc::AT_EACCESS;
    }
    // SAFETY: the path ends with NUL.
    Ok(bool_object(
        unsafe { libc::faccessat(dir, native.as_ptr(), mode, flags) } == 0,
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
    let [path, times, ns, dir, follow] = bind!(
        args,
        "utime",
        ["path", "times", "ns", "dir_fd", "follow_symlinks"],
        1,
        2
    );
    let path = path.expect("required");
    let native = target(path, "utime")?;
    let (dir, flags) = (folder(dir)?, link_flag(follow)?);
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
    let result = unsafe {
        match &native {
            Target::Descriptor(fd) => libc::futimens(*fd, spec.as_ptr()),
            Target::Path(native) => libc::utimensat(dir, native.as_ptr(), spec.as_ptr(), flags),
        }
    };
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
    "access" => keywords(access, "($module, /, path, mode, *, dir_fd=None, effective_ids=False,\n       follow_symlinks=True)");
    "chdir" => keywords(chdir, "($module, /, path)");
    "chmod" => keywords(chmod, "($module, /, path, mode, *, dir_fd=None, follow_symlinks=True)");
    "getcwd" => noargs(getcwd, "($module, /)");
    "getcwdb" => noargs(getcwdb, "($module, /)");
    "link" => keywords(link, "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None,\n     follow_symlinks=True)");
    "listdir" => keywords(directory::listdir, "($module, /, path=None)");
    "lstat" => keywords(status::lstat, "($module, /, path, *, dir_fd=None)");
    "mkdir" => keywords(mkdir, "($module, /, path, mode=511, *, dir_fd=None)");
    "mkfifo" => keywords(mkfifo, "($module, /, path, mode=438, *, dir_fd=None)");
    "readlink" => keywords(readlink, "($module, /, path, *, dir_fd=None)");
    "rename" => keywords(rename, "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)");
    "replace" => keywords(replace, "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)");
    "rmdir" => keywords(rmdir, "($module, /, path, *, dir_fd=None)");
    "symlink" => keywords(symlink, "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)");
    "umask" => o(process::umask, "($module, mask, /)");
    "uname" => noargs(process::uname, "($module, /)");
    "unlink" => keywords(unlink, "($module, /, path, *, dir_fd=None)");
    "remove" => keywords(remove, "($module, /, path, *, dir_fd=None)");
    "utime" => keywords(utime, "($module, /, path, times=None, *, ns=<unrepresentable>,\n      dir_fd=None, follow_symlinks=True)");
    "times" => noargs(process::times, "($module, /)");
    "_exit" => keywords(process::exit, "($module, /, status)");
    "fork" => noargs(children::fork, "($module, /)");
    "getpid" => noargs(process::getpid, "($module, /)");
    "getppid" => noargs(process::getppid, "($module, /)");
    "getuid" => noargs(process::getuid, "($module, /)");
    "geteuid" => noargs(process::geteuid, "($module, /)");
    "getgid" => noargs(process::getgid, "($module, /)");
    "getegid" => noargs(process::getegid, "($module, /)");
    "kill" => fast(process::kill, "($module, pid, signal, /)");
    "system" => keywords(process::system, "($module, /, command)");
    "waitpid" => fast(process::waitpid, "($module, pid, options, /)");
    "WIFEXITED" => keywords(process::wifexited, "($module, /, status)");
    "WEXITSTATUS" => keywords(process::wexitstatus, "($module, /, status)");
    "WIFSIGNALED" => keywords(process::wifsignaled, "($module, /, status)");
    "WTERMSIG" => keywords(process::wtermsig, "($module, /, status)");
    "WIFSTOPPED" => keywords(process::wifstopped, "($module, /, status)");
    "WIFCONTINUED" => keywords(process::wifcontinued, "($module, /, status)");
    "WCOREDUMP" => keywords(process::wcoredump, "($module, status, /)");
    "WSTOPSIG" => keywords(process::wstopsig, "($module, /, status)");
    "waitstatus_to_exitcode" => keywords(process::waitstatus_to_exitcode, "($module, /, status)");
    "open" => keywords(open, "($module, /, path, flags, mode=511, *, dir_fd=None)");
    "close" => keywords(close, "($module, /, fd)");
    "dup" => o(dup, "($module, fd, /)");
    "dup2" => keywords(dup2, "($module, /, fd, fd2, inheritable=True)");
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
    "getrandom" => fast(process::getrandom, "($module, /, size, flags=0)");
    "cpu_count" => noargs(process::cpu_count, "($module, /)");
    "get_terminal_size" => fast(process::get_terminal_size, "($module, fd=<unrepresentable>, /)");
    "get_inheritable" => o(get_inheritable, "($module, fd, /)");
    "set_inheritable" => fast(set_inheritable, "($module, fd, inheritable, /)");
    "get_blocking" => o(get_blocking, "($module, fd, /)");
    "set_blocking" => fast(set_blocking, "($module, fd, blocking, /)");
    "scandir" => keywords(directory::scandir, "($module, /, path=None)");
    "fspath" => keywords(fspath, "($module, /, path)");
    "register_at_fork" => keywords(children::register_at_fork, "($module, /, *, before=<unrepresentable>,\n                 after_in_child=<unrepresentable>,\n                 after_in_parent=<unrepresentable>)");
    "sysconf" => o(process::sysconf, "($module, name, /)");
    "ttyname" => o(descriptors::ttyname, "($module, fd, /)");
    "fchmod" => keywords(descriptors::fchmod, "($module, /, fd, mode)");
    "chown" => keywords(owners::chown, "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)");
    "fchown" => keywords(owners::fchown, "($module, /, fd, uid, gid)");
    "lchown" => keywords(owners::lchown, "($module, /, path, uid, gid)");
    "chroot" => keywords(descriptors::chroot, "($module, /, path)");
    "ctermid" => noargs(descriptors::ctermid, "($module, /)");
    "nice" => o(owners::nice, "($module, increment, /)");
    "getpriority" => keywords(owners::getpriority, "($module, /, which, who)");
    "setpriority" => keywords(owners::setpriority, "($module, /, which, who, priority)");
    "copy_file_range" => keywords(descriptors::copy_file_range, "($module, /, src, dst, count, offset_src=None,\n                offset_dst=None)");
    "splice" => keywords(descriptors::splice, "($module, /, src, dst, count, offset_src=None, offset_dst=None,\n       flags=0)");
    "execv" => fast(children::execv, "($module, path, argv, /)");
    "execve" => keywords(children::execve, "($module, /, path, argv, env)");
    "sched_get_priority_max" => keywords(owners::sched_get_priority_max, "($module, /, policy)");
    "sched_get_priority_min" => keywords(owners::sched_get_priority_min, "($module, /, policy)");
    "sched_getparam" => o(owners::sched_getparam, "($module, pid, /)");
    "sched_getscheduler" => o(owners::sched_getscheduler, "($module, pid, /)");
    "sched_rr_get_interval" => o(owners::sched_rr_get_interval, "($module, pid, /)");
    "sched_setparam" => fast(owners::sched_setparam, "($module, pid, param, /)");
    "sched_setscheduler" => fast(owners::sched_setscheduler, "($module, pid, policy, param, /)");
    "sched_yield" => noargs(owners::sched_yield, "($module, /)");
    "sched_setaffinity" => fast(owners::sched_setaffinity, "($module, pid, mask, /)");
    "sched_getaffinity" => o(owners::sched_getaffinity, "($module, pid, /)");
    "openpty" => noargs(descriptors::openpty, "($module, /)");
    "login_tty" => o(descriptors::login_tty, "($module, fd, /)");
    "forkpty" => noargs(children::forkpty, "($module, /)");
    "getgrouplist" => fast(owners::getgrouplist, "($module, user, group, /)");
    "getgroups" => noargs(owners::getgroups, "($module, /)");
    "getpgrp" => noargs(owners::getpgrp, "($module, /)");
    "getlogin" => noargs(owners::getlogin, "($module, /)");
    "killpg" => fast(owners::killpg, "($module, pgid, signal, /)");
    "setuid" => o(owners::setuid, "($module, uid, /)");
    "seteuid" => o(owners::seteuid, "($module, euid, /)");
    "setreuid" => fast(owners::setreuid, "($module, ruid, euid, /)");
    "setgid" => o(owners::setgid, "($module, gid, /)");
    "setegid" => o(owners::setegid, "($module, egid, /)");
    "setregid" => fast(owners::setregid, "($module, rgid, egid, /)");
    "setgroups" => o(owners::setgroups, "($module, groups, /)");
    "initgroups" => fast(owners::initgroups, "($module, username, gid, /)");
    "getpgid" => keywords(owners::getpgid, "($module, /, pid)");
    "setpgrp" => noargs(owners::setpgrp, "($module, /)");
    "wait" => noargs(children::wait, "($module, /)");
    "wait3" => keywords(children::wait3, "($module, /, options)");
    "wait4" => keywords(children::wait4, "($module, /, pid, options)");
    "waitid" => fast(children::waitid, "($module, idtype, id, options, /)");
    "pidfd_open" => keywords(descriptors::pidfd_open, "($module, /, pid, flags=0)");
    "getsid" => o(owners::getsid, "($module, pid, /)");
    "setsid" => noargs(owners::setsid, "($module, /)");
    "setpgid" => fast(owners::setpgid, "($module, pid, pgrp, /)");
    "tcgetpgrp" => o(owners::tcgetpgrp, "($module, fd, /)");
    "tcsetpgrp" => fast(owners::tcsetpgrp, "($module, fd, pgid, /)");
    "closerange" => fast(descriptors::closerange, "($module, fd_low, fd_high, /)");
    "device_encoding" => keywords(descriptors::device_encoding, "($module, /, fd)");
    "lockf" => fast(descriptors::lockf, "($module, fd, command, length, /)");
    "readv" => fast(descriptors::readv, "($module, fd, buffers, /)");
    "pread" => fast(descriptors::pread, "($module, fd, length, offset, /)");
    "preadv" => fast(descriptors::preadv, "($module, fd, buffers, offset, flags=0, /)");
    "writev" => fast(descriptors::writev, "($module, fd, buffers, /)");
    "pwrite" => fast(descriptors::pwrite, "($module, fd, buffer, offset, /)");
    "pwritev" => fast(descriptors::pwritev, "($module, fd, buffers, offset, flags=0, /)");
    "sendfile" => keywords(descriptors::sendfile, "($module, /, out_fd, in_fd, offset, count)");
    "pipe2" => o(descriptors::pipe2, "($module, flags, /)");
    "mknod" => keywords(descriptors::mknod, "($module, /, path, mode=384, device=0, *, dir_fd=None)");
    "major" => o(descriptors::major, "($module, device, /)");
    "minor" => o(descriptors::minor, "($module, device, /)");
    "makedev" => fast(descriptors::makedev, "($module, major, minor, /)");
    "truncate" => keywords(descriptors::truncate, "($module, /, path, length)");
    "posix_fallocate" => fast(descriptors::posix_fallocate, "($module, fd, offset, length, /)");
    "posix_fadvise" => fast(descriptors::posix_fadvise, "($module, fd, offset, length, advice, /)");
    "fchdir" => keywords(descriptors::fchdir, "($module, /, fd)");
    "sync" => noargs(descriptors::sync, "($module, /)");
    "fdatasync" => keywords(descriptors::fdatasync, "($module, /, fd)");
    "fstatvfs" => o(attributes::fstatvfs, "($module, fd, /)");
    "statvfs" => keywords(attributes::statvfs, "($module, /, path)");
    "confstr" => o(attributes::confstr, "($module, name, /)");
    "fpathconf" => fast(attributes::fpathconf, "($module, fd, name, /)");
    "pathconf" => keywords(attributes::pathconf, "($module, /, path, name)");
    "abort" => noargs(children::abort, "($module, /)");
    "getloadavg" => noargs(owners::getloadavg, "($module, /)");
    "setresuid" => fast(owners::setresuid, "($module, ruid, euid, suid, /)");
    "setresgid" => fast(owners::setresgid, "($module, rgid, egid, sgid, /)");
    "getresuid" => noargs(owners::getresuid, "($module, /)");
    "getresgid" => noargs(owners::getresgid, "($module, /)");
    "getxattr" => keywords(attributes::getxattr, "($module, /, path, attribute, *, follow_symlinks=True)");
    "setxattr" => keywords(attributes::setxattr, "($module, /, path, attribute, value, flags=0, *,\n         follow_symlinks=True)");
    "removexattr" => keywords(attributes::removexattr, "($module, /, path, attribute, *, follow_symlinks=True)");
    "listxattr" => keywords(attributes::listxattr, "($module, /, path=None, *, follow_symlinks=True)");
    "memfd_create" => keywords(descriptors::memfd_create, "($module, /, name, flags=MFD_CLOEXEC)");
    "eventfd" => keywords(descriptors::eventfd, "($module, /, initval, flags=EFD_CLOEXEC)");
    "eventfd_read" => keywords(descriptors::eventfd_read, "($module, /, fd)");
    "eventfd_write" => keywords(descriptors::eventfd_write, "($module, /, fd, value)");
    "posix_spawn" => keywords(spawn::posix_spawn, "($module, path, argv, env, /, *, file_actions=(),\n            setpgroup=<unrepresentable>, resetids=False, setsid=False,\n            setsigmask=(), setsigdef=(), scheduler=<unrepresentable>)");
    "posix_spawnp" => keywords(spawn::posix_spawnp, "($module, path, argv, env, /, *, file_actions=(),\n             setpgroup=<unrepresentable>, resetids=False, setsid=False,\n             setsigmask=(), setsigdef=(), scheduler=<unrepresentable>)");
    "_path_normpath" => o(path_splitroot_normpath, "($module, /, path)");
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

const HAVE: [&str; 30] = [
    "HAVE_EVENTFD",
    "HAVE_FACCESSAT",
    "HAVE_FCHDIR",
    "HAVE_FCHMOD",
    "HAVE_FCHMODAT",
    "HAVE_FCHOWN",
    "HAVE_FCHOWNAT",
    "HAVE_FEXECVE",
    "HAVE_FDOPENDIR",
    "HAVE_FPATHCONF",
    "HAVE_FSTATAT",
    "HAVE_FSTATVFS",
    "HAVE_FTRUNCATE",
    "HAVE_FUTIMENS",
    "HAVE_FUTIMES",
    "HAVE_FUTIMESAT",
    "HAVE_LINKAT",
    "HAVE_LCHOWN",
    "HAVE_LSTAT",
    "HAVE_LUTIMES",
    "HAVE_MEMFD_CREATE",
    "HAVE_MKDIRAT",
    "HAVE_MKFIFOAT",
    "HAVE_MKNODAT",
    "HAVE_OPENAT",
    "HAVE_READLINKAT",
    "HAVE_RENAMEAT",
    "HAVE_SYMLINKAT",
    "HAVE_UNLINKAT",
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
    for (name, names) in [
        ("sysconf_names", limits::SYSCONF_NAMES),
        ("pathconf_names", limits::PATHCONF_NAMES),
        ("confstr_names", limits::CONFSTR_NAMES),
    ] {
        module::add(&made, name, attributes::table(names)?.as_object())?;
    }
    for (name, type_) in [
        ("statvfs_result", attributes::STATVFS_RESULT.get()?),
        ("waitid_result", children::WAITID_RESULT.get()?),
        ("sched_param", owners::SCHED_PARAM.get()?),
    ] {
        module::add(&made, name, type_.as_object())?;
    }
    Ok(made)
}
