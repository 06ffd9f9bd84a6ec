//! `stat` and its result.

use super::{Target, bind, failure, folder, path_argument, target};
use crate::prelude::*;
use twinheap_objects::float;
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

pub static STAT_RESULT: StructSequenceType = StructSequenceType::new(Description {
    name: "os.stat_result",
    fields: &[
        "st_mode",
        "st_ino",
        "st_dev",
        "st_nlink",
        "st_uid",
        "st_gid",
        "st_size",
        "",
        "",
        "",
        "st_atime",
        "st_mtime",
        "st_ctime",
        "st_atime_ns",
        "st_mtime_ns",
        "st_ctime_ns",
        "st_blksize",
        "st_blocks",
        "st_rdev",
    ],
    visible: 10,
    instantiable: true,
});

/// The struct of the system as a Python object.
pub fn from_stat(status: &libc::stat) -> PyResult {
    let whole = |value: i64| -> PyResult { Ok(long::from_i64(value)?.upcast()) };
    let mut values = vec![
        whole(i64::from(status.st_mode))?,
        whole(status.st_ino as i64)?,
        whole(status.st_dev as i64)?,
        whole(status.st_nlink as i64)?,
        whole(i64::from(status.st_uid))?,
        whole(i64::from(status.st_gid))?,
        whole(status.st_size)?,
    ];
    let times = [
        (status.st_atime, status.st_atime_nsec),
        (status.st_mtime, status.st_mtime_nsec),
        (status.st_ctime, status.st_ctime_nsec),
    ];
    for (seconds, _) in times {
        values.push(whole(seconds)?);
    }
    for (seconds, nanoseconds) in times {
        values.push(float::from_f64(seconds as f64 + 1e-9 * nanoseconds as f64)?);
    }
    for (seconds, nanoseconds) in times {
        values.push(whole(seconds * 1_000_000_000 + nanoseconds)?);
    }
    values.extend([
        whole(status.st_blksize)?,
        whole(status.st_blocks)?,
        whole(status.st_rdev as i64)?,
    ]);
    STAT_RESULT.make(values)
}

/// Asks the system about a path or a descriptor.
pub fn status_of(path: &PyObject, function: &str, follow: bool) -> PyResult<libc::stat> {
    status_at(libc::AT_FDCWD, path, function, follow)
}

/// The same of a path that begins at a folder.
pub fn status_at(
    dir: c_int,
    path: &PyObject,
    function: &str,
    follow: bool,
) -> PyResult<libc::stat> {
    let target = target(path, function)?;
    // SAFETY: the system fills the struct; the path ends with NUL.
    unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        let result = match &target {
            Target::Descriptor(fd) => libc::fstat(*fd, &mut status),
            Target::Path(path) => {
                let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
                libc::fstatat(dir, path.as_ptr(), &mut status, flags)
            }
        };
        if result < 0 {
            return Err(failure(
                Some(path).filter(|path| path.downcast_ref::<PyLongObject>().is_none()),
            ));
        }
        Ok(status)
    }
}

pub fn stat(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, dir, follow] = bind!(args, "stat", ["path", "dir_fd", "follow_symlinks"], 1, 1);
    let follow = follow.map_or(Ok(true), object::is_true)?;
    let dir = folder(dir)?;
    from_stat(&status_at(dir, path.expect("required"), "stat", follow)?)
}

pub fn lstat(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, dir] = bind!(args, "lstat", ["path", "dir_fd"], 1, 1);
    let (path, dir) = (path.expect("required"), folder(dir)?);
    path_argument(path, "lstat", "path")?;
    from_stat(&status_at(dir, path, "lstat", false)?)
}

pub fn fstat(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd] = bind!(args, "fstat", ["fd"], 1, 1);
    let fd = long::from_isize(long::as_int(fd.expect("required"))? as isize)?;
    from_stat(&status_of(&fd, "fstat", true)?)
}
