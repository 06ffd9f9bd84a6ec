//! What `posix` does with open files: positions, several buffers at once, copying, terminals, devices.

use super::{bind, failure, folder, outcome, path_argument};
use crate::prelude::*;
use std::ffi::{CStr, c_char};
use twinheap_objects::exceptions::raise_os_error;
use twinheap_objects::gil::without_gil;
use twinheap_objects::paths::decode_path;
use twinheap_objects::signals::interruptible;

fn int(value: impl Into<i64>) -> PyResult {
    Ok(long::from_i64(value.into())?.upcast())
}

/// A count that the system gives, or its error.
fn told(value: isize) -> PyResult {
    if value < 0 {
        return Err(failure(None));
    }
    int(value as i64)
}

fn offset(object: &PyObject) -> PyResult<i64> {
    long::as_long(object)
}

pub fn pread(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pread", args.len(), 3, 3)?;
    let (fd, length, at) = (
        long::as_int(args[0])?,
        long::as_long(args[1])?,
        offset(args[2])?,
    );
    if length < 0 {
        return Err(raise_os_error(libc::EINVAL, None));
    }
    let mut data = Vec::new();
    memory::reserve(&mut data, length as usize)?;
    data.resize(length as usize, 0u8);
    // SAFETY: the buffer has the length that is told.
    let count = interruptible(|| unsafe {
        libc::pread(fd, data.as_mut_ptr().cast(), data.len(), at) as i64
    })?;
    if count < 0 {
        return Err(failure(None));
    }
    Ok(bytes::from_slice(&data[..count as usize])?.upcast())
}

pub fn pwrite(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pwrite", args.len(), 3, 3)?;
    let fd = long::as_int(args[0])?;
    let buffer = Buffer::of(args[1])?;
    let at = offset(args[2])?;
    let data = buffer.data();
    // SAFETY: the slice is valid for its length.
    told(without_gil(|| unsafe {
        libc::pwrite(fd, data.as_ptr().cast(), data.len(), at)
    }))
}

/// The buffers of a sequence, held while the system works on them.
fn vectors<R>(
    sequence: &PyObject,
    writable: bool,
    name: &str,
    act: impl FnOnce(&[libc::iovec]) -> R,
) -> PyResult<R> {
    if !abstract_::is_sequence(sequence) {
        return Err(type_error(format_args!(
            "{name}() arg 2 must be a sequence"
        )));
    }
    let items = abstract_::collect(sequence)?;
    let mut held = Vec::new();
    for item in &items {
        held.push(if writable {
            Buffer::writable(item)?
        } else {
            Buffer::of(item)?
        });
    }
    let pieces: Vec<libc::iovec> = held
        .iter()
        .map(|buffer| libc::iovec {
            iov_base: buffer.view().buf,
            iov_len: buffer.view().len as usize,
        })
        .collect();
    Ok(act(&pieces))
}

pub fn readv(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("readv", args.len(), 2, 2)?;
    let fd = long::as_int(args[0])?;
    told(vectors(args[1], true, "readv", |pieces| {
        // SAFETY: the pieces have the lengths that are told.
        without_gil(|| unsafe { libc::readv(fd, pieces.as_ptr(), pieces.len() as c_int) })
    })?)
}

pub fn writev(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("writev", args.len(), 2, 2)?;
    let fd = long::as_int(args[0])?;
    told(vectors(args[1], false, "writev", |pieces| {
        // SAFETY: the pieces have the lengths that are told.
        without_gil(|| unsafe { libc::writev(fd, pieces.as_ptr(), pieces.len() as c_int) })
    })?)
}

pub fn preadv(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("preadv", args.len(), 3, 4)?;
    let (fd, at) = (long::as_int(args[0])?, offset(args[2])?);
    let flags = args.get(3).map_or(Ok(0), |flags| long::as_int(flags))?;
    told(vectors(args[1], true, "preadv2", |pieces| {
        // SAFETY: the pieces have the lengths that are told.
        unsafe { libc::preadv2(fd, pieces.as_ptr(), pieces.len() as c_int, at, flags) }
    })?)
}

pub fn pwritev(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pwritev", args.len(), 3, 4)?;
    let (fd, at) = (long::as_int(args[0])?, offset(args[2])?);
    let flags = args.get(3).map_or(Ok(0), |flags| long::as_int(flags))?;
    told(vectors(args[1], false, "pwritev2", |pieces| {
        // SAFETY: the pieces have the lengths that are told.
        unsafe { libc::pwritev2(fd, pieces.as_ptr(), pieces.len() as c_int, at, flags) }
    })?)
}

/// An offset that may be left out; the system is given its address.
fn optional_offset(given: Option<&PyObject>) -> PyResult<Option<i64>> {
    given
        .filter(|given| !given.is_none())
        .map(offset)
        .transpose()
}

fn pointer(offset: &mut Option<i64>) -> *mut i64 {
    offset
        .as_mut()
        .map_or(std::ptr::null_mut(), |offset| offset as *mut i64)
}

pub fn sendfile(_: &PyObject, args: Args<'_>) -> PyResult {
    let [out, input, start, count] = bind!(
        args,
        "sendfile",
        ["out_fd", "in_fd", "offset", "count"],
        4,
        4
    );
    let out = long::as_int(out.expect("required"))?;
    let input = long::as_int(input.expect("required"))?;
    let mut start = optional_offset(start)?;
    let count = unicode::ssize(count.expect("required"))?;
    // SAFETY: the offset is the program's, or null.
    told(without_gil(|| unsafe {
        libc::sendfile(out, input, pointer(&mut start), count as usize)
    }))
}

pub fn copy_file_range(_: &PyObject, args: Args<'_>) -> PyResult {
    let [source, goal, count, from, to] = bind!(
        args,
        "copy_file_range",
        ["src", "dst", "count", "offset_src", "offset_dst"],
        3,
        5
    );
    let source = long::as_int(source.expect("required"))?;
    let goal = long::as_int(goal.expect("required"))?;
    let count = unicode::ssize(count.expect("required"))?;
    let (mut from, mut to) = (optional_offset(from)?, optional_offset(to)?);
    if count < 0 {
        return Err(value_error("negative value for 'count' not allowed"));
    }
    // SAFETY: the offsets are the program's, or null.
    told(unsafe {
        libc::copy_file_range(
            source,
            pointer(&mut from),
            goal,
            pointer(&mut to),
            count as usize,
            0,
        )
    })
}

pub fn splice(_: &PyObject, args: Args<'_>) -> PyResult {
    let [source, goal, count, from, to, flags] = bind!(
        args,
        "splice",
        ["src", "dst", "count", "offset_src", "offset_dst", "flags"],
        3,
        6
    );
    let source = long::as_int(source.expect("required"))?;
    let goal = long::as_int(goal.expect("required"))?;
    let count = unicode::ssize(count.expect("required"))?;
    let (mut from, mut to) = (optional_offset(from)?, optional_offset(to)?);
    let flags = flags.map_or(Ok(0), long::as_int)?;
    if count < 0 {
        return Err(value_error("negative value for 'count' not allowed"));
    }
    // SAFETY: the offsets are the program's, or null.
    told(unsafe {
        libc::splice(
            source,
            pointer(&mut from),
            goal,
            pointer(&mut to),
            count as usize,
            flags as u32,
        )
    })
}

pub fn truncate(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, length] = bind!(args, "truncate", ["path", "length"], 2, 2);
    let path = path.expect("required");
    let length = offset(length.expect("required"))?;
    if path.downcast_ref::<PyLongObject>().is_some() {
        // SAFETY: asks the system to cut the file.
        return outcome(
            unsafe { libc::ftruncate(long::as_int(path)?, length) },
            None,
        );
    }
    let native = path_argument(path, "truncate", "path")?;
    // SAFETY: the path ends with NUL.
    outcome(
        unsafe { libc::truncate(native.as_ptr(), length) },
        Some(path),
    )
}

pub fn pipe2(_: &PyObject, flags: &PyObject) -> PyResult {
    let flags = long::as_int(flags)?;
    let mut ends = [0; 2];
    // SAFETY: the system fills the pair.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), flags) } < 0 {
        return Err(failure(None));
    }
    Ok(tuple::from_vec(vec![int(ends[0])?, int(ends[1])?])?.upcast())
}

pub fn closerange(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("closerange", args.len(), 2, 2)?;
    let (low, high) = (long::as_int(args[0])?.max(0), long::as_int(args[1])?);
    if high > low {
        // SAFETY: closes what the program asks for.
        unsafe { libc::syscall(libc::SYS_close_range, low, high - 1, 0) };
    }
    Ok(none())
}

pub fn fchdir(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "fchdir", ["fd"], 1, 1);
    // SAFETY: a descriptor.
    outcome(
        unsafe { libc::fchdir(long::as_int(fd.expect("required"))?) },
        None,
    )
}

pub fn fchmod(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd, mode] = bind!(args, "fchmod", ["fd", "mode"], 2, 2);
    let fd = long::as_int(fd.expect("required"))?;
    let mode = long::as_int(mode.expect("required"))?;
    // SAFETY: a descriptor and a number.
    outcome(unsafe { libc::fchmod(fd, mode as libc::mode_t) }, None)
}

pub fn fdatasync(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "fdatasync", ["fd"], 1, 1);
    // SAFETY: asks the system to write.
    outcome(
        unsafe { libc::fdatasync(long::as_int(fd.expect("required"))?) },
        None,
    )
}

pub fn sync(_: &PyObject) -> PyResult {
    // SAFETY: asks the system to write.
    unsafe { libc::sync() };
    Ok(none())
}

pub fn lockf(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("lockf", args.len(), 3, 3)?;
    let (fd, command) = (long::as_int(args[0])?, long::as_int(args[1])?);
    let length = offset(args[2])?;
    // SAFETY: a lock on a descriptor.
    outcome(
        interruptible(|| unsafe { libc::lockf(fd, command, length) })?,
        None,
    )
}

/// Calls that give the error itself.
fn by_code(code: c_int) -> PyResult {
    match code {
        0 => Ok(none()),
        code => Err(raise_os_error(code, None)),
    }
}

pub fn posix_fallocate(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("posix_fallocate", args.len(), 3, 3)?;
    let (fd, at, length) = (long::as_int(args[0])?, offset(args[1])?, offset(args[2])?);
    // SAFETY: a descriptor and two numbers.
    by_code(unsafe { libc::posix_fallocate(fd, at, length) })
}

pub fn posix_fadvise(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("posix_fadvise", args.len(), 4, 4)?;
    let (fd, at, length) = (long::as_int(args[0])?, offset(args[1])?, offset(args[2])?);
    let advice = long::as_int(args[3])?;
    // SAFETY: a descriptor and numbers.
    by_code(unsafe { libc::posix_fadvise(fd, at, length, advice) })
}

pub fn memfd_create(_: &PyObject, args: Args<'_>) -> PyResult {
    let [name, flags] = bind!(args, "memfd_create", ["name", "flags"], 1, 2);
    let name = twinheap_objects::paths::path_bytes(name.expect("required"))?;
    let flags = flags.map_or(Ok(libc::MFD_CLOEXEC as c_int), long::as_int)?;
    // SAFETY: the name ends with NUL.
    told(unsafe { libc::memfd_create(name.as_ptr(), flags as u32) } as isize)
}

pub fn eventfd(_: &PyObject, args: Args<'_>) -> PyResult {
    let [start, flags] = bind!(args, "eventfd", ["initval", "flags"], 1, 2);
    let start = long::as_long(start.expect("required"))?;
    let flags = flags.map_or(Ok(libc::EFD_CLOEXEC), long::as_int)?;
    // SAFETY: opens a descriptor.
    told(unsafe { libc::eventfd(start as u32, flags) } as isize)
}

pub fn eventfd_read(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "eventfd_read", ["fd"], 1, 1);
    let mut value = 0;
    // SAFETY: the system fills the number.
    if unsafe { libc::eventfd_read(long::as_int(fd.expect("required"))?, &mut value) } < 0 {
        return Err(failure(None));
    }
    Ok(long::from_u64(value)?.upcast())
}

pub fn eventfd_write(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd, value] = bind!(args, "eventfd_write", ["fd", "value"], 2, 2);
    let fd = long::as_int(fd.expect("required"))?;
    let value = unsigned(value.expect("required"))?;
    // SAFETY: a descriptor and a number.
    outcome(unsafe { libc::eventfd_write(fd, value) }, None)
}

pub fn pidfd_open(_: &PyObject, args: Args<'_>) -> PyResult {
    let [pid, flags] = bind!(args, "pidfd_open", ["pid", "flags"], 1, 2);
    let pid = long::as_int(pid.expect("required"))?;
    let flags = flags.map_or(Ok(0), long::as_int)?;
    // SAFETY: opens a descriptor.
    told(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) } as isize)
}

/// Text that the system writes into a buffer.
fn c_text(buffer: &[c_char]) -> PyResult {
    let data: Vec<u8> = buffer.iter().map(|byte| *byte as u8).collect();
    match CStr::from_bytes_until_nul(&data) {
        Ok(text) => decode_path(text.to_bytes()),
        Err(_) => decode_path(&data),
    }
}

pub fn ttyname(_: &PyObject, fd: &PyObject) -> PyResult {
    let mut buffer = [0 as c_char; 256];
    let fd = long::as_int(fd)?;
    // SAFETY: the buffer has the length that is told.
    match unsafe { libc::ttyname_r(fd, buffer.as_mut_ptr(), buffer.len()) } {
        0 => c_text(&buffer),
        code => Err(raise_os_error(code, None)),
    }
}

pub fn ctermid(_: &PyObject) -> PyResult {
    decode_path(b"/dev/tty")
}

pub fn device_encoding(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "device_encoding", ["fd"], 1, 1);
    // SAFETY: asks about a descriptor.
    if unsafe { libc::isatty(long::as_int(fd.expect("required"))?) } == 1 {
        return Ok(unicode::from_str("UTF-8")?.upcast());
    }
    Ok(none())
}

pub fn openpty(_: &PyObject) -> PyResult {
    let mut ends = [0; 2];
    let [leader, follower] = &mut ends;
    // SAFETY: the system fills both descriptors; the rest is left to it.
    let status = unsafe {
        libc::openpty(
            leader,
            follower,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
    if status < 0 {
        return Err(failure(None));
    }
    for end in ends {
        // SAFETY: changes a flag of the descriptor.
        unsafe { libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(tuple::from_vec(vec![int(ends[0])?, int(ends[1])?])?.upcast())
}

pub fn login_tty(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: makes the terminal the process's own.
    outcome(unsafe { libc::login_tty(long::as_int(fd)?) }, None)
}

/// A number without a sign, of 64 bits.
fn unsigned(object: &PyObject) -> PyResult<u64> {
    let number = abstract_::index(object)?;
    if number.ob_base.ob_size.get() < 0 {
        return Err(overflow_error("can't convert negative int to unsigned"));
    }
    let digits = long::digits(&number).iter().rev();
    let wide = digits.copied().try_fold(0u128, |sum, digit| {
        sum.checked_mul(1 << 30)?.checked_add(u128::from(digit))
    });
    wide.and_then(|wide| u64::try_from(wide).ok())
        .ok_or_else(|| overflow_error("int too big to convert"))
}

fn device(object: &PyObject) -> PyResult<u64> {
    unsigned(object)
}

pub fn major(_: &PyObject, number: &PyObject) -> PyResult {
    int(libc::major(device(number)?))
}

pub fn minor(_: &PyObject, number: &PyObject) -> PyResult {
    int(libc::minor(device(number)?))
}

pub fn makedev(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("makedev", args.len(), 2, 2)?;
    let (major, minor) = (long::as_int(args[0])?, long::as_int(args[1])?);
    Ok(long::from_u64(libc::makedev(major as u32, minor as u32))?.upcast())
}

pub fn mknod(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, mode, number, dir] =
        bind!(args, "mknod", ["path", "mode", "device", "dir_fd"], 1, 3);
    let path = path.expect("required");
    let native = path_argument(path, "mknod", "path")?;
    let mode = mode.map_or(Ok(0o600), long::as_int)?;
    let number = number.map_or(Ok(0), device)?;
    let dir = folder(dir)?;
    // SAFETY: the path ends with NUL.
    outcome(
        unsafe { libc::mknodat(dir, native.as_ptr(), mode as libc::mode_t, number) },
        Some(path),
    )
}

pub fn chroot(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "chroot", ["path"], 1, 1);
    let path = path.expect("required");
    let native = path_argument(path, "chroot", "path")?;
    // SAFETY: the path ends with NUL.
    outcome(unsafe { libc::chroot(native.as_ptr()) }, Some(path))
}
