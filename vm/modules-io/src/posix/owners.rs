//! What `posix` says and sets of owners, groups, sessions, priorities and schedules.

use super::{Target, bind, failure, outcome, path_argument, target};
use crate::prelude::*;
use std::ffi::{CStr, CString};
use twinheap_objects::float;
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

/// `posix.sched_param`.
pub static SCHED_PARAM: StructSequenceType = StructSequenceType::new(Description {
    name: "posix.sched_param",
    fields: &["sched_priority"],
    visible: 1,
    instantiable: true,
});

fn int(value: impl Into<i64>) -> PyResult {
    Ok(long::from_i64(value.into())?.upcast())
}

fn pack(values: Vec<Own>) -> PyResult {
    Ok(tuple::from_vec(values)?.upcast())
}

/// `_Py_Uid_Converter` and its sibling: -1 stands for no identity.
fn identity(object: &PyObject, what: &str) -> PyResult<u32> {
    if !abstract_::has_index(object) {
        return Err(type_error(format_args!(
            "{what} should be integer, not {:.200}",
            object.type_().name()
        )));
    }
    let number = abstract_::index(object)?;
    let small = match long::to_i64(&number) {
        Some(-1) => return Ok(u32::MAX),
        Some(value) => match u32::try_from(value) {
            Ok(value) => return Ok(value),
            Err(_) => true,
        },
        None => number.ob_base.ob_size.get() < 0,
    };
    Err(overflow_error(format_args!(
        "{what} is {} than {}imum",
        if small { "less" } else { "greater" },
        if small { "min" } else { "max" }
    )))
}

pub fn chown(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, uid, gid, folder, follow] = bind!(
        args,
        "chown",
        ["path", "uid", "gid", "dir_fd", "follow_symlinks"],
        3,
        3
    );
    let path = path.expect("required");
    let follow = follow.map_or(Ok(true), object::is_true)?;
    let native = target(path, "chown")?;
    let (uid, gid) = (
        identity(uid.expect("required"), "uid")?,
        identity(gid.expect("required"), "gid")?,
    );
    let folder = match folder.filter(|folder| !folder.is_none()) {
        Some(folder) => long::as_int(folder)?,
        None => libc::AT_FDCWD,
    };
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    // SAFETY: the path ends with NUL.
    let status = unsafe {
        match &native {
            Target::Descriptor(fd) => libc::fchown(*fd, uid, gid),
            Target::Path(path) => libc::fchownat(folder, path.as_ptr(), uid, gid, flags),
        }
    };
    outcome(status, Some(path))
}

pub fn lchown(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, uid, gid] = bind!(args, "lchown", ["path", "uid", "gid"], 3, 3);
    let path = path.expect("required");
    let native = path_argument(path, "lchown", "path")?;
    let (uid, gid) = (
        identity(uid.expect("required"), "uid")?,
        identity(gid.expect("required"), "gid")?,
    );
    // SAFETY: the path ends with NUL.
    outcome(
        unsafe { libc::lchown(native.as_ptr(), uid, gid) },
        Some(path),
    )
}

pub fn fchown(_: &PyObject, args: Args<'_>) -> PyResult {
    let [fd, uid, gid] = bind!(args, "fchown", ["fd", "uid", "gid"], 3, 3);
    let fd = long::as_int(fd.expect("required"))?;
    let (uid, gid) = (
        identity(uid.expect("required"), "uid")?,
        identity(gid.expect("required"), "gid")?,
    );
    // SAFETY: a descriptor and two numbers.
    outcome(unsafe { libc::fchown(fd, uid, gid) }, None)
}

macro_rules! one_identity {
    ($($name:ident, $what:literal, $call:path;)+) => {
        $(pub fn $name(_: &PyObject, id: &PyObject) -> PyResult {
            let id = identity(id, $what)?;
            // SAFETY: changes an identity of the process.
            outcome(unsafe { $call(id) }, None)
        })+
    };
}

one_identity! {
    setuid, "uid", libc::setuid;
    seteuid, "uid", libc::seteuid;
    setgid, "gid", libc::setgid;
    setegid, "gid", libc::setegid;
}

macro_rules! identities {
    ($($name:ident, $count:literal, $what:literal, |$ids:ident| $call:expr;)+) => {
        $(pub fn $name(_: &PyObject, args: &[&PyObject]) -> PyResult {
            call::check_positional(stringify!($name), args.len(), $count, $count)?;
            let mut $ids = [0; $count];
            for (slot, given) in $ids.iter_mut().zip(args) {
                *slot = identity(given, $what)?;
            }
            // SAFETY: changes identities of the process.
            outcome(unsafe { $call }, None)
        })+
    };
}

identities! {
    setreuid, 2, "uid", |ids| libc::setreuid(ids[0], ids[1]);
    setregid, 2, "gid", |ids| libc::setregid(ids[0], ids[1]);
    setresuid, 3, "uid", |ids| libc::setresuid(ids[0], ids[1], ids[2]);
    setresgid, 3, "gid", |ids| libc::setresgid(ids[0], ids[1], ids[2]);
}

fn three(ask: unsafe extern "C" fn(*mut u32, *mut u32, *mut u32) -> c_int) -> PyResult {
    let mut ids = [0; 3];
    let [a, b, c] = &mut ids;
    // SAFETY: the system fills the three numbers.
    if unsafe { ask(a, b, c) } < 0 {
        return Err(failure(None));
    }
    pack(vec![int(ids[0])?, int(ids[1])?, int(ids[2])?])
}

pub fn getresuid(_: &PyObject) -> PyResult {
    three(libc::getresuid)
}

pub fn getresgid(_: &PyObject) -> PyResult {
    three(libc::getresgid)
}

fn numbers(values: &[u32]) -> PyResult {
    let values: PyResult<Vec<Own>> = values.iter().map(|value| int(*value)).collect();
    Ok(list::from_vec(values?)?.upcast())
}

pub fn getgroups(_: &PyObject) -> PyResult {
    // SAFETY: first asks for the count, then has the system fill as many.
    unsafe {
        let count = libc::getgroups(0, std::ptr::null_mut());
        if count < 0 {
            return Err(failure(None));
        }
        let mut groups = twinheap_objects::memory::filled(0, count as usize)?;
        let count = libc::getgroups(count, groups.as_mut_ptr());
        if count < 0 {
            return Err(failure(None));
        }
        numbers(&groups[..count as usize])
    }
}

pub fn setgroups(_: &PyObject, groups: &PyObject) -> PyResult {
    if !abstract_::is_sequence(groups) {
        return Err(type_error("setgroups argument must be a sequence"));
    }
    let mut found = Vec::new();
    for item in abstract_::collect(groups)? {
        if item.downcast_ref::<PyLongObject>().is_none() {
            return Err(type_error("groups must be integers"));
        }
        found.push(identity(&item, "gid")?);
    }
    if found.len() > 65536 {
        return Err(value_error("too many groups"));
    }
    // SAFETY: the array has the length that is told.
    outcome(
        unsafe { libc::setgroups(found.len(), found.as_ptr()) },
        None,
    )
}

fn user_name(object: &PyObject) -> PyResult<CString> {
    twinheap_objects::paths::path_bytes(object)
}

pub fn getgrouplist(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("getgrouplist", args.len(), 2, 2)?;
    let name = user_name(args[0])?;
    let group = identity(args[1], "gid")?;
    let mut groups = vec![0; 64];
    loop {
        let mut count = groups.len() as c_int;
        // SAFETY: the array has the length that is told.
        let status =
            unsafe { libc::getgrouplist(name.as_ptr(), group, groups.as_mut_ptr(), &mut count) };
        if status >= 0 {
            return numbers(&groups[..count as usize]);
        }
        if groups.len() > 1 << 20 {
            return Err(errors::no_memory());
        }
        groups.resize(2 * groups.len(), 0);
    }
}

pub fn initgroups(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("initgroups", args.len(), 2, 2)?;
    let name = user_name(args[0])?;
    let group = identity(args[1], "gid")?;
    // SAFETY: the name ends with NUL.
    outcome(unsafe { libc::initgroups(name.as_ptr(), group) }, None)
}

pub fn getlogin(_: &PyObject) -> PyResult {
    // SAFETY: the system's own text, or null.
    unsafe {
        *libc::__errno_location() = 0;
        let name = libc::getlogin();
        if name.is_null() {
            if super::last_errno() == 0 {
                return Err(errors::raise(
                    &twinheap_objects::exceptions::PyExc_OSError,
                    "unable to determine login name",
                ));
            }
            return Err(failure(None));
        }
        twinheap_objects::paths::decode_path(CStr::from_ptr(name).to_bytes())
    }
}

/// A number that the system gives, or its error.
fn told(value: c_int) -> PyResult {
    if value < 0 {
        return Err(failure(None));
    }
    int(value)
}

pub fn getpgid(_: &PyObject, args: Args<'_>) -> PyResult {
    let [pid] = bind!(args, "getpgid", ["pid"], 1, 1);
    // SAFETY: asks for a number.
    told(unsafe { libc::getpgid(long::as_int(pid.expect("required"))?) })
}

pub fn getpgrp(_: &PyObject) -> PyResult {
    // SAFETY: asks for a number.
    int(unsafe { libc::getpgrp() })
}

pub fn getsid(_: &PyObject, pid: &PyObject) -> PyResult {
    // SAFETY: asks for a number.
    told(unsafe { libc::getsid(long::as_int(pid)?) })
}

pub fn setsid(_: &PyObject) -> PyResult {
    // SAFETY: begins a session.
    outcome(unsafe { libc::setsid() }, None)
}

pub fn setpgrp(_: &PyObject) -> PyResult {
    // SAFETY: begins a process group.
    outcome(unsafe { libc::setpgid(0, 0) }, None)
}

pub fn setpgid(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("setpgid", args.len(), 2, 2)?;
    let (pid, group) = (long::as_int(args[0])?, long::as_int(args[1])?);
    // SAFETY: two numbers.
    outcome(unsafe { libc::setpgid(pid, group) }, None)
}

pub fn killpg(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("killpg", args.len(), 2, 2)?;
    let (group, signal) = (long::as_int(args[0])?, long::as_int(args[1])?);
    // SAFETY: sends a signal.
    outcome(unsafe { libc::killpg(group, signal) }, None)
}

pub fn tcgetpgrp(_: &PyObject, fd: &PyObject) -> PyResult {
    // SAFETY: asks about a descriptor.
    told(unsafe { libc::tcgetpgrp(long::as_int(fd)?) })
}

pub fn tcsetpgrp(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("tcsetpgrp", args.len(), 2, 2)?;
    let (fd, group) = (long::as_int(args[0])?, long::as_int(args[1])?);
    // SAFETY: a descriptor and a number.
    outcome(unsafe { libc::tcsetpgrp(fd, group) }, None)
}

/// Calls that tell of an error only through `errno`.
fn by_errno(act: impl FnOnce() -> c_int) -> PyResult {
    // SAFETY: the thread's own error number.
    unsafe { *libc::__errno_location() = 0 };
    let value = act();
    if value == -1 && super::last_errno() != 0 {
        return Err(failure(None));
    }
    int(value)
}

pub fn nice(_: &PyObject, increment: &PyObject) -> PyResult {
    let increment = long::as_int(increment)?;
    // SAFETY: changes the priority of the process.
    by_errno(|| unsafe { libc::nice(increment) })
}

pub fn getpriority(_: &PyObject, args: Args<'_>) -> PyResult {
    let [which, who] = bind!(args, "getpriority", ["which", "who"], 2, 2);
    let which = long::as_int(which.expect("required"))?;
    let who = long::as_int(who.expect("required"))?;
    // SAFETY: asks for a number.
    by_errno(|| unsafe { libc::getpriority(which as libc::__priority_which_t, who as u32) })
}

pub fn setpriority(_: &PyObject, args: Args<'_>) -> PyResult {
    let [which, who, priority] = bind!(args, "setpriority", ["which", "who", "priority"], 3, 3);
    let which = long::as_int(which.expect("required"))?;
    let who = long::as_int(who.expect("required"))?;
    let priority = long::as_int(priority.expect("required"))?;
    // SAFETY: three numbers.
    outcome(
        unsafe { libc::setpriority(which as libc::__priority_which_t, who as u32, priority) },
        None,
    )
}

macro_rules! policy_bounds {
    ($($name:ident, $call:path;)+) => {
        $(pub fn $name(_: &PyObject, args: Args<'_>) -> PyResult {
            let [policy] = bind!(args, "sched_get_priority", ["policy"], 1, 1);
            // SAFETY: asks for a number.
            told(unsafe { $call(long::as_int(policy.expect("required"))?) })
        })+
    };
}

policy_bounds! {
    sched_get_priority_max, libc::sched_get_priority_max;
    sched_get_priority_min, libc::sched_get_priority_min;
}

pub fn sched_yield(_: &PyObject) -> PyResult {
    // SAFETY: lets others run.
    outcome(unsafe { libc::sched_yield() }, None)
}

pub fn sched_getscheduler(_: &PyObject, pid: &PyObject) -> PyResult {
    // SAFETY: asks for a number.
    told(unsafe { libc::sched_getscheduler(long::as_int(pid)?) })
}

pub fn sched_getparam(_: &PyObject, pid: &PyObject) -> PyResult {
    let mut parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: the system fills the struct.
    if unsafe { libc::sched_getparam(long::as_int(pid)?, &mut parameter) } < 0 {
        return Err(failure(None));
    }
    SCHED_PARAM.make(vec![int(parameter.sched_priority)?])
}

/// The parameter of a schedule.
pub fn parameter(object: &PyObject) -> PyResult<libc::sched_param> {
    if !object.is_instance_of(SCHED_PARAM.get()?) {
        return Err(type_error("must have a sched_param object"));
    }
    let priority = abstract_::get_sequence_item(object, 0)?;
    Ok(libc::sched_param {
        sched_priority: long::as_int(&priority)?,
    })
}

pub fn sched_setparam(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("sched_setparam", args.len(), 2, 2)?;
    let (pid, parameter) = (long::as_int(args[0])?, parameter(args[1])?);
    // SAFETY: a struct of one number.
    outcome(unsafe { libc::sched_setparam(pid, &parameter) }, None)
}

pub fn sched_setscheduler(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("sched_setscheduler", args.len(), 3, 3)?;
    let (pid, policy) = (long::as_int(args[0])?, long::as_int(args[1])?);
    let parameter = parameter(args[2])?;
    // SAFETY: a struct of one number.
    outcome(
        unsafe { libc::sched_setscheduler(pid, policy, &parameter) },
        None,
    )
}

pub fn sched_rr_get_interval(_: &PyObject, pid: &PyObject) -> PyResult {
    let mut interval = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the system fills the struct.
    if unsafe { libc::sched_rr_get_interval(long::as_int(pid)?, &mut interval) } < 0 {
        return Err(failure(None));
    }
    float::from_f64(interval.tv_sec as f64 + 1e-9 * interval.tv_nsec as f64)
}

pub fn sched_getaffinity(_: &PyObject, pid: &PyObject) -> PyResult {
    let pid = long::as_int(pid)?;
    // SAFETY: the system fills the set.
    unsafe {
        let mut processors: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(pid, size_of::<libc::cpu_set_t>(), &mut processors) < 0 {
            return Err(failure(None));
        }
        let found = (0..libc::CPU_SETSIZE as usize)
            .filter(|processor| libc::CPU_ISSET(*processor, &processors));
        let found: PyResult<Vec<Own>> = found.map(|processor| int(processor as i64)).collect();
        let found = list::from_vec(found?)?;
        call::call(
            twinheap_objects::set::PySet_Type.as_object(),
            &[found.as_object()],
        )
    }
}

pub fn sched_setaffinity(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("sched_setaffinity", args.len(), 2, 2)?;
    let pid = long::as_int(args[0])?;
    // SAFETY: all zero is an empty set; each number fits into it.
    unsafe {
        let mut processors: libc::cpu_set_t = std::mem::zeroed();
        for item in abstract_::collect(args[1])? {
            let processor = long::as_long(&item)?;
            if processor < 0 {
                return Err(value_error("negative CPU number"));
            }
            if processor >= i64::from(libc::CPU_SETSIZE) {
                return Err(overflow_error("CPU number too large"));
            }
            libc::CPU_SET(processor as usize, &mut processors);
        }
        outcome(
            libc::sched_setaffinity(pid, size_of::<libc::cpu_set_t>(), &processors),
            None,
        )
    }
}

pub fn getloadavg(_: &PyObject) -> PyResult {
    let mut loads = [0f64; 3];
    // SAFETY: the system fills three numbers.
    if unsafe { libc::getloadavg(loads.as_mut_ptr(), 3) } != 3 {
        return Err(errors::raise(
            &twinheap_objects::exceptions::PyExc_OSError,
            "Load averages are unobtainable",
        ));
    }
    pack(vec![
        float::from_f64(loads[0])?,
        float::from_f64(loads[1])?,
        float::from_f64(loads[2])?,
    ])
}
