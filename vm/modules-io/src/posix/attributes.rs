//! Extended attributes of files and the limits of file systems.

use super::{Target, bind, failure, outcome, target};
use crate::prelude::*;
use twinheap_objects::paths::{decode_path, path_bytes};
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

/// `os.statvfs_result`.
pub static STATVFS_RESULT: StructSequenceType = StructSequenceType::new(Description {
    name: "os.statvfs_result",
    fields: &[
        "f_bsize",
        "f_frsize",
        "f_blocks",
        "f_bfree",
        "f_bavail",
        "f_files",
        "f_ffree",
        "f_favail",
        "f_flag",
        "f_namemax",
        "f_fsid",
    ],
    visible: 10,
    instantiable: true,
});

fn shown(status: &libc::statvfs) -> PyResult {
    let numbers = [
        status.f_bsize,
        status.f_frsize,
        status.f_blocks,
        status.f_bfree,
        status.f_bavail,
        status.f_files,
        status.f_ffree,
        status.f_favail,
        status.f_flag,
        status.f_namemax,
        status.f_fsid,
    ];
    let numbers: PyResult<Vec<Own>> = numbers
        .iter()
        .map(|number| Ok(long::from_u64(*number)?.upcast()))
        .collect();
    STATVFS_RESULT.make(numbers?)
}

pub fn statvfs(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path] = bind!(args, "statvfs", ["path"], 1, 1);
    let path = path.expect("required");
    let native = target(path, "statvfs")?;
    // SAFETY: the system fills the struct; the path ends with NUL.
    unsafe {
        let mut status: libc::statvfs = std::mem::zeroed();
        let result = match &native {
            Target::Descriptor(fd) => libc::fstatvfs(*fd, &mut status),
            Target::Path(path) => libc::statvfs(path.as_ptr(), &mut status),
        };
        if result < 0 {
            return Err(failure(Some(path)));
        }
        shown(&status)
    }
}

pub fn fstatvfs(_: &PyObject, fd: &PyObject) -> PyResult {
    let fd = long::as_int(fd)?;
    // SAFETY: the system fills the struct.
    unsafe {
        let mut status: libc::statvfs = std::mem::zeroed();
        if libc::fstatvfs(fd, &mut status) < 0 {
            return Err(failure(None));
        }
        shown(&status)
    }
}

/// Which file an attribute belongs to, and whether a link itself is meant.
struct Holder<'a> {
    given: Option<&'a PyObject>,
    native: Target,
    follow: bool,
}

impl<'a> Holder<'a> {
    fn new(
        path: Option<&'a PyObject>,
        follow: Option<&PyObject>,
        name: &str,
    ) -> PyResult<Holder<'a>> {
        let given = path.filter(|path| !path.is_none());
        let native = match given {
            Some(path) => target(path, name)?,
            None => Target::Path(c".".to_owned()),
        };
        let follow = follow.map_or(Ok(true), object::is_true)?;
        if matches!(native, Target::Descriptor(_)) && !follow {
            return Err(value_error(format_args!(
                "{name}: cannot use fd and follow_symlinks together"
            )));
        }
        Ok(Holder {
            given,
            native,
            follow,
        })
    }

    /// Has the system fill a buffer, a larger one where it did not suffice.
    fn read(&self, ask: impl Fn(&Target, bool, &mut [u8]) -> isize) -> PyResult<Vec<u8>> {
        for size in [256usize, 65_536] {
            let mut buffer = vec![0u8; size];
            let count = ask(&self.native, self.follow, &mut buffer);
            if count >= 0 {
                buffer.truncate(count as usize);
                return Ok(buffer);
            }
            if super::last_errno() != libc::ERANGE {
                break;
            }
        }
        Err(failure(self.given))
    }
}

pub fn getxattr(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, name, follow] = bind!(
        args,
        "getxattr",
        ["path", "attribute", "follow_symlinks"],
        2,
        2
    );
    let name = path_bytes(name.expect("required"))?;
    let holder = Holder::new(path, follow, "getxattr")?;
    let data = holder.read(|native, follow, buffer| {
        let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the texts end with NUL; the buffer has the length that is told.
        unsafe {
            match native {
                Target::Descriptor(fd) => libc::fgetxattr(*fd, name.as_ptr(), data, size),
                Target::Path(path) if follow => {
                    libc::getxattr(path.as_ptr(), name.as_ptr(), data, size)
                }
                Target::Path(path) => libc::lgetxattr(path.as_ptr(), name.as_ptr(), data, size),
            }
        }
    })?;
    Ok(bytes::from_slice(&data)?.upcast())
}

pub fn listxattr(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, follow] = bind!(args, "listxattr", ["path", "follow_symlinks"], 0, 1);
    let holder = Holder::new(path, follow, "listxattr")?;
    let data = holder.read(|native, follow, buffer| {
        let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: the path ends with NUL; the buffer has the length that is told.
        unsafe {
            match native {
                Target::Descriptor(fd) => libc::flistxattr(*fd, data, size),
                Target::Path(path) if follow => libc::listxattr(path.as_ptr(), data, size),
                Target::Path(path) => libc::llistxattr(path.as_ptr(), data, size),
            }
        }
    })?;
    let names: PyResult<Vec<Own>> = data
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(decode_path)
        .collect();
    Ok(list::from_vec(names?)?.upcast())
}

pub fn setxattr(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, name, value, flags, follow] = bind!(
        args,
        "setxattr",
        ["path", "attribute", "value", "flags", "follow_symlinks"],
        3,
        4
    );
    let name = path_bytes(name.expect("required"))?;
    let value = Buffer::of(value.expect("required"))?;
    let flags = flags.map_or(Ok(0), long::as_int)?;
    let holder = Holder::new(path, follow, "setxattr")?;
    let (data, size) = (value.data().as_ptr().cast(), value.data().len());
    // SAFETY: the texts end with NUL; the value has the length that is told.
    let status = unsafe {
        match &holder.native {
            Target::Descriptor(fd) => libc::fsetxattr(*fd, name.as_ptr(), data, size, flags),
            Target::Path(path) if holder.follow => {
                libc::setxattr(path.as_ptr(), name.as_ptr(), data, size, flags)
            }
            Target::Path(path) => libc::lsetxattr(path.as_ptr(), name.as_ptr(), data, size, flags),
        }
    };
    outcome(status, holder.given)
}

pub fn removexattr(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, name, follow] = bind!(
        args,
        "removexattr",
        ["path", "attribute", "follow_symlinks"],
        2,
        2
    );
    let name = path_bytes(name.expect("required"))?;
    let holder = Holder::new(path, follow, "removexattr")?;
    // SAFETY: the texts end with NUL.
    let status = unsafe {
        match &holder.native {
            Target::Descriptor(fd) => libc::fremovexattr(*fd, name.as_ptr()),
            Target::Path(path) if holder.follow => libc::removexattr(path.as_ptr(), name.as_ptr()),
            Target::Path(path) => libc::lremovexattr(path.as_ptr(), name.as_ptr()),
        }
    };
    outcome(status, holder.given)
}

/// The number of a setting that is given as such or by its name.
fn setting(object: &PyObject, table: &'static str) -> PyResult<c_int> {
    if object.downcast_ref::<PyLongObject>().is_some() {
        return long::as_int(object);
    }
    if object.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(
            "configuration names must be strings or integers",
        ));
    }
    let module = import_hook::import_module("posix")?;
    let names = object::get_attr(&module, &*unicode::from_str(table)?)?;
    match names.downcast_ref::<PyDictObject>() {
        Some(names) => match dict::get_item(names, object)? {
            Some(number) => long::as_int(&number),
            None => Err(value_error("unrecognized configuration name")),
        },
        None => Err(type_error("the table of names is no dict")),
    }
}

fn limit(act: impl FnOnce() -> i64, path: Option<&PyObject>) -> PyResult {
    // SAFETY: the thread's own error number.
    unsafe { *libc::__errno_location() = 0 };
    let value = act();
    if value == -1 && super::last_errno() != 0 {
        return Err(failure(path));
    }
    Ok(long::from_i64(value)?.upcast())
}

pub fn pathconf(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, name] = bind!(args, "pathconf", ["path", "name"], 2, 2);
    let path = path.expect("required");
    let native = target(path, "pathconf")?;
    let name = setting(name.expect("required"), "pathconf_names")?;
    // SAFETY: the path ends with NUL.
    limit(
        || unsafe {
            match &native {
                Target::Descriptor(fd) => libc::fpathconf(*fd, name),
                Target::Path(path) => libc::pathconf(path.as_ptr(), name),
            }
        },
        Some(path),
    )
}

pub fn fpathconf(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("fpathconf", args.len(), 2, 2)?;
    let fd = long::as_int(args[0])?;
    let name = setting(args[1], "pathconf_names")?;
    // SAFETY: asks about a descriptor.
    limit(|| unsafe { libc::fpathconf(fd, name) }, None)
}

pub fn confstr(_: &PyObject, name: &PyObject) -> PyResult {
    let name = setting(name, "confstr_names")?;
    let mut buffer = vec![0u8; 4096];
    // SAFETY: the buffer has the length that is told.
    let length = unsafe { libc::confstr(name, buffer.as_mut_ptr().cast(), buffer.len()) };
    if length == 0 {
        if super::last_errno() != 0 {
            return Err(failure(None));
        }
        return Ok(none());
    }
    decode_path(&buffer[..(length - 1).min(buffer.len())])
}

/// The names of settings, with their numbers.
pub fn table(names: &[(&str, i32)]) -> PyResult<Own<PyDictObject>> {
    let made = dict::new()?;
    for (name, number) in names {
        dict::set_literal(&made, name, &*long::from_isize(*number as isize)?)?;
    }
    Ok(made)
}
