//! `fcntl` (`Modules/fcntlmodule.c`): what can be set about open files, and locks on them.

use crate::arguments::{descriptor, failure, int, unsigned_low};
use crate::prelude::*;
use twinheap_objects::signals::interruptible;

/// How many bytes fit into a call's own buffer.
const ROOM: usize = 1024;

/// Calls again where a signal interrupts.
fn repeated(act: impl FnMut() -> c_int) -> PyResult<c_int> {
    match interruptible(act)? {
        result if result >= 0 => Ok(result),
        _ => Err(failure()),
    }
}

/// The bytes of an argument that is a str or exports its memory.
fn data_of(object: &PyObject) -> PyResult<Option<Vec<u8>>> {
    if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        return Ok(Some(twinheap_objects::memory::copied(unicode::as_utf8(
            text,
        )?)?));
    }
    if twinheap_objects::buffer::is_exporter(object) {
        return Ok(Some(twinheap_objects::memory::copied(
            Buffer::of(object)?.data(),
        )?));
    }
    Ok(None)
}

fn fcntl(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("fcntl", args.len(), 2, 3)?;
    let fd = descriptor(args[0])?;
    let command = long::as_int(args[1])?;
    let mut number = 0;
    if let Some(argument) = args.get(2) {
        if let Some(data) = data_of(argument)? {
            if data.len() > ROOM {
                return Err(value_error("fcntl string arg too long"));
            }
            let mut room = [0u8; ROOM];
            room[..data.len()].copy_from_slice(&data);
            // SAFETY: the buffer is larger than what any command writes.
            repeated(|| unsafe { libc::fcntl(fd, command, room.as_mut_ptr()) })?;
            return Ok(bytes::from_slice(&room[..data.len()])?.upcast());
        }
        number = unsigned_low(argument)? as u32 as c_int;
    }
    // SAFETY: a command with a number.
    int(repeated(|| unsafe { libc::fcntl(fd, command, number) })?)
}

fn ioctl(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("ioctl", args.len(), 2, 4)?;
    let fd = descriptor(args[0])?;
    let request = u64::from(unsigned_low(args[1])? as u32);
    let mutate = args.get(3).map_or(Ok(true), |flag| object::is_true(flag))?;
    let Some(argument) = args.get(2) else {
        // SAFETY: a request with a number.
        return int(repeated(|| unsafe {
            libc::ioctl(fd, request as libc::Ioctl, 0)
        })?);
    };
    if twinheap_objects::buffer::is_exporter(argument)
        && let Some(result) = ioctl_in_place(fd, request, argument, mutate)?
    {
        return Ok(result);
    }
    if let Some(data) = data_of(argument)? {
        if data.len() > ROOM {
            return Err(value_error("ioctl string arg too long"));
        }
        let mut room = [0u8; ROOM + 1];
        room[..data.len()].copy_from_slice(&data);
        // SAFETY: the buffer is larger than what a request of this length writes.
        repeated(|| unsafe { libc::ioctl(fd, request as libc::Ioctl, room.as_mut_ptr()) })?;
        return Ok(bytes::from_slice(&room[..data.len()])?.upcast());
    }
    let number = long::as_int(argument).map_err(|raised| {
        errors::discard(raised);
        type_error(
            "ioctl requires a file or file descriptor, an integer and optionally an integer or buffer argument",
        )
    })?;
    // SAFETY: a request with a number.
    int(repeated(|| unsafe {
        libc::ioctl(fd, request as libc::Ioctl, number)
    })?)
}

/// A request whose argument is memory of the program's own that may be written to; none where it is read-only.
fn ioctl_in_place(
    fd: c_int,
    request: u64,
    argument: &PyObject,
    mutate: bool,
) -> PyResult<Option<Own>> {
    let buffer = match Buffer::writable(argument) {
        Ok(buffer) => buffer,
        Err(raised) => {
            errors::discard(raised);
            return Ok(None);
        }
    };
    let length = buffer.data().len();
    if mutate && length > ROOM {
        let data = buffer.view().buf;
        // SAFETY: the exporter keeps its memory in place; its length is the program's affair.
        let result = repeated(|| unsafe { libc::ioctl(fd, request as libc::Ioctl, data) })?;
        return int(result).map(Some);
    }
    if length > ROOM {
        return Err(value_error("ioctl string arg too long"));
    }
    let mut room = [0u8; ROOM + 1];
    room[..length].copy_from_slice(buffer.data());
    // SAFETY: the buffer is larger than what a request of this length writes.
    let result =
        repeated(|| unsafe { libc::ioctl(fd, request as libc::Ioctl, room.as_mut_ptr()) })?;
    if mutate {
        buffer.write(0, &room[..length]);
        return int(result).map(Some);
    }
    Ok(Some(bytes::from_slice(&room[..length])?.upcast()))
}

fn flock(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("flock", args.len(), 2, 2)?;
    let (fd, operation) = (descriptor(args[0])?, long::as_int(args[1])?);
    // SAFETY: a lock on a descriptor.
    repeated(|| unsafe { libc::flock(fd, operation) })?;
    Ok(none())
}

fn lockf(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("lockf", args.len(), 2, 5)?;
    let (fd, command) = (descriptor(args[0])?, long::as_int(args[1])?);
    let offset = |at: usize| args.get(at).map_or(Ok(0), |value| long::as_long(value));
    let whence = args.get(4).map_or(Ok(0), |value| long::as_int(value))?;
    let kind = match command {
        libc::LOCK_UN => libc::F_UNLCK,
        command if command & libc::LOCK_SH != 0 => libc::F_RDLCK,
        command if command & libc::LOCK_EX != 0 => libc::F_WRLCK,
        _ => return Err(value_error("unrecognized lockf argument")),
    };
    let (length, start) = (offset(2)?, offset(3)?);
    let lock = libc::flock {
        l_type: kind as i16,
        l_whence: whence as i16,
        l_start: start,
        l_len: length,
        l_pid: 0,
    };
    let how = if command & libc::LOCK_NB != 0 {
        libc::F_SETLK
    } else {
        libc::F_SETLKW
    };
    // SAFETY: the description of a lock.
    repeated(|| unsafe { libc::fcntl(fd, how, &lock) })?;
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "fcntl" => fast(fcntl, "($module, fd, cmd, arg=0, /)");
    "ioctl" => fast(ioctl, "($module, fd, request, arg=0, mutate_flag=True, /)");
    "flock" => fast(flock, "($module, fd, operation, /)");
    "lockf" => fast(lockf, "($module, fd, cmd, len=0, start=0, whence=0, /)");
}

const NUMBERS: &[(&str, i64)] = &[
    ("LOCK_SH", 1),
    ("LOCK_EX", 2),
    ("LOCK_NB", 4),
    ("LOCK_UN", 8),
    ("LOCK_MAND", 32),
    ("LOCK_READ", 64),
    ("LOCK_WRITE", 128),
    ("LOCK_RW", 192),
    ("F_DUPFD", 0),
    ("F_DUPFD_CLOEXEC", 1030),
    ("F_GETFD", 1),
    ("F_SETFD", 2),
    ("F_GETFL", 3),
    ("F_SETFL", 4),
    ("F_GETLK", 5),
    ("F_SETLK", 6),
    ("F_SETLKW", 7),
    ("F_OFD_GETLK", 36),
    ("F_OFD_SETLK", 37),
    ("F_OFD_SETLKW", 38),
    ("F_GETOWN", 9),
    ("F_SETOWN", 8),
    ("F_GETSIG", 11),
    ("F_SETSIG", 10),
    ("F_RDLCK", 0),
    ("F_WRLCK", 1),
    ("F_UNLCK", 2),
    ("F_GETLK64", 5),
    ("F_SETLK64", 6),
    ("F_SETLKW64", 7),
    ("FASYNC", 8192),
    ("F_SETLEASE", 1024),
    ("F_GETLEASE", 1025),
    ("F_NOTIFY", 1026),
    ("F_EXLCK", 4),
    ("F_SHLCK", 8),
    ("F_SETPIPE_SZ", 1031),
    ("F_GETPIPE_SZ", 1032),
    ("FD_CLOEXEC", 1),
    ("DN_ACCESS", 1),
    ("DN_MODIFY", 2),
    ("DN_CREATE", 4),
    ("DN_DELETE", 8),
    ("DN_RENAME", 16),
    ("DN_ATTRIB", 32),
    ("DN_MULTISHOT", 2147483648),
    ("F_ADD_SEALS", 1033),
    ("F_GET_SEALS", 1034),
    ("F_SEAL_SEAL", 1),
    ("F_SEAL_SHRINK", 2),
    ("F_SEAL_GROW", 4),
    ("F_SEAL_WRITE", 8),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("fcntl", FUNCTIONS, &[])?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, *value)?;
    }
    Ok(made)
}
