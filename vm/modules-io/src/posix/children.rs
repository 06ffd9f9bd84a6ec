//! Processes in `posix`: forking with what has to run around it, running other programs, waiting for children.

use super::{Target, bind, failure, path_argument, target};
use crate::prelude::*;
use std::ffi::{CString, c_char};
use std::ptr::null_mut;
use twinheap_objects::float;
use twinheap_objects::fork;
use twinheap_objects::paths::path_bytes;
use twinheap_objects::signals::interruptible;
use twinheap_objects::state::Global;
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

/// `os.waitid_result`.
pub static WAITID_RESULT: StructSequenceType = StructSequenceType::new(Description {
    name: "posix.waitid_result",
    fields: &["si_pid", "si_uid", "si_signo", "si_status", "si_code"],
    visible: 5,
    instantiable: true,
});

fn int(value: impl Into<i64>) -> PyResult {
    Ok(long::from_i64(value.into())?.upcast())
}

fn pack(values: Vec<Own>) -> PyResult {
    Ok(tuple::from_vec(values)?.upcast())
}

/// What runs before a fork, after it in the child, and after it in the parent.
static HOOKS: Global<[Pointer<PyListObject>; 3]> = Global([const { Cell::new(null_mut()) }; 3]);

pub fn register_at_fork(_: &PyObject, args: Args<'_>) -> PyResult {
    let hooks: [Option<&PyObject>; 3] = bind!(
        args,
        "register_at_fork",
        ["before", "after_in_child", "after_in_parent"],
        0,
        0
    );
    if hooks.iter().all(Option::is_none) {
        return Err(type_error("At least one argument is required."));
    }
    const NAMES: [&str; 3] = ["before", "after_in_child", "after_in_parent"];
    for (hook, name) in hooks.iter().zip(NAMES) {
        if hook.is_some_and(|hook| !call::is_callable(hook)) {
            return Err(type_error(format_args!(
                "'{name}' must be callable, not {}",
                hook.map_or("None", |hook| hook.type_().name())
            )));
        }
    }
    for (hook, slot) in hooks.iter().zip(HOOKS.iter()) {
        let Some(hook) = hook else { continue };
        if slot.get().is_null() {
            slot.put(Some(list::new(0)?));
        }
        list::append(slot.expect_ref(), hook)?;
    }
    Ok(none())
}

/// Runs hooks; what they raise is told and forgotten.
fn run_hooks(which: usize, backwards: bool) {
    let Some(hooks) = Field::own(&HOOKS[which]) else {
        return;
    };
    let mut hooks: Vec<Own> = list::items(&hooks)
        .iter()
        .map(|hook| Own::new(*hook))
        .collect();
    if backwards {
        hooks.reverse();
    }
    for hook in hooks {
        if let Err(raised) = call::call(&hook, &[]) {
            twinheap_objects::unraisable::report(raised, Some(&hook));
        }
    }
}

pub fn fork(_: &PyObject) -> PyResult {
    run_hooks(0, true);
    // SAFETY: the child goes on with this thread alone.
    let child = fork::fork(|| unsafe { libc::fork() })?;
    let failed = std::io::Error::last_os_error();
    run_hooks(if child == 0 { 1 } else { 2 }, false);
    match child {
        -1 => Err(twinheap_objects::exceptions::raise_os_error(
            failed.raw_os_error().unwrap_or(0),
            None,
        )),
        child => int(child),
    }
}

pub fn forkpty(_: &PyObject) -> PyResult {
    run_hooks(0, true);
    let mut leader = -1;
    // SAFETY: as for fork; the system fills the descriptor.
    let child =
        fork::fork(|| unsafe { libc::forkpty(&mut leader, null_mut(), null_mut(), null_mut()) })?;
    run_hooks(if child == 0 { 1 } else { 2 }, false);
    if child < 0 {
        return Err(failure(None));
    }
    pack(vec![int(child)?, int(leader)?])
}

pub fn abort(_: &PyObject) -> PyResult {
    // SAFETY: ends the process.
    unsafe { libc::abort() }
}

pub fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    let mut pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
    pointers.push(std::ptr::null());
    pointers
}

pub fn arguments(argv: &PyObject, what: &str) -> PyResult<Vec<CString>> {
    let is_sequence = argv.downcast_ref::<PyListObject>().is_some()
        || argv.downcast_ref::<PyTupleObject>().is_some();
    if !is_sequence {
        return Err(type_error(format_args!("{what} must be a tuple or list")));
    }
    let items = abstract_::collect(argv)?;
    if items.is_empty() {
        return Err(value_error(format_args!("{what} must not be empty")));
    }
    let texts: Vec<CString> = items
        .iter()
        .map(|item| path_bytes(item))
        .collect::<PyResult<_>>()?;
    if texts[0].is_empty() {
        return Err(value_error(format_args!(
            "{what} first element cannot be empty"
        )));
    }
    Ok(texts)
}

pub fn execv(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("execv", args.len(), 2, 2)?;
    let path = path_argument(args[0], "execv", "path")?;
    let texts = arguments(args[1], "execv() arg 2")?;
    // SAFETY: the texts end with NUL, the array with null.
    unsafe { libc::execv(path.as_ptr(), pointers(&texts).as_ptr()) };
    Err(failure(None))
}

/// The environment of a mapping, as the system takes it.
pub fn environment(mapping: &PyObject, name: &str) -> PyResult<Vec<CString>> {
    if !abstract_::is_mapping(mapping) {
        return Err(type_error(format_args!(
            "{name}: environment must be a mapping object"
        )));
    }
    let keys = call::call_method(mapping, id!("keys"), &[])?;
    let mut texts = Vec::new();
    for key in abstract_::collect(&keys)? {
        let value = abstract_::get_item(mapping, &key)?;
        let (key, value) = (path_bytes(&key)?, path_bytes(&value)?);
        if key.as_bytes().is_empty() || key.as_bytes()[1..].contains(&b'=') {
            return Err(value_error("illegal environment variable name"));
        }
        let mut text = key.into_bytes();
        text.push(b'=');
        text.extend(value.as_bytes());
        texts.push(CString::new(text).map_err(|_| value_error("embedded null byte"))?);
    }
    Ok(texts)
}

pub fn execve(_: &PyObject, args: Args<'_>) -> PyResult {
    let [path, argv, env] = bind!(args, "execve", ["path", "argv", "env"], 3, 3);
    let path = path.expect("required");
    let native = target(path, "execve")?;
    let texts = arguments(argv.expect("required"), "execve: argv")?;
    let environment = environment(env.expect("required"), "execve")?;
    let (argv, env) = (pointers(&texts), pointers(&environment));
    // SAFETY: the texts end with NUL, the arrays with null.
    unsafe {
        match &native {
            Target::Descriptor(fd) => libc::fexecve(*fd, argv.as_ptr(), env.as_ptr()),
            Target::Path(path) => libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()),
        }
    };
    Err(failure(Some(path)))
}

fn waited(pid: c_int, status: c_int) -> PyResult {
    if pid < 0 {
        return Err(failure(None));
    }
    pack(vec![int(pid)?, int(status)?])
}

pub fn wait(_: &PyObject) -> PyResult {
    let mut status = 0;
    // SAFETY: the system fills the status.
    let pid = interruptible(|| unsafe { libc::wait(&mut status) })?;
    waited(pid, status)
}

/// The result of a wait that tells what the child has used.
fn waited_with_usage(pid: c_int, status: c_int, used: &libc::rusage) -> PyResult {
    if pid < 0 {
        return Err(failure(None));
    }
    let seconds =
        |time: libc::timeval| float::from_f64(time.tv_sec as f64 + time.tv_usec as f64 * 0.000001);
    let mut values = vec![seconds(used.ru_utime)?, seconds(used.ru_stime)?];
    for count in [
        used.ru_maxrss,
        used.ru_ixrss,
        used.ru_idrss,
        used.ru_isrss,
        used.ru_minflt,
        used.ru_majflt,
        used.ru_nswap,
        used.ru_inblock,
        used.ru_oublock,
        used.ru_msgsnd,
        used.ru_msgrcv,
        used.ru_nsignals,
        used.ru_nvcsw,
        used.ru_nivcsw,
    ] {
        values.push(int(count)?);
    }
    let module = import_hook::import_module("resource")?;
    let type_ = object::get_attr(&module, id!("struct_rusage"))?;
    let usage = call::call(&type_, &[&*pack(values)?])?;
    pack(vec![int(pid)?, int(status)?, usage])
}

fn wait_for(pid: c_int, options: c_int) -> PyResult {
    let mut status = 0;
    // SAFETY: the system fills status and usage.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let pid = interruptible(|| unsafe { libc::wait4(pid, &mut status, options, &mut used) })?;
    waited_with_usage(pid, status, &used)
}

pub fn wait3(_: &PyObject, args: Args<'_>) -> PyResult {
    let [options] = bind!(args, "wait3", ["options"], 1, 1);
    wait_for(-1, long::as_int(options.expect("required"))?)
}

pub fn wait4(_: &PyObject, args: Args<'_>) -> PyResult {
    let [pid, options] = bind!(args, "wait4", ["pid", "options"], 2, 2);
    let pid = long::as_int(pid.expect("required"))?;
    wait_for(pid, long::as_int(options.expect("required"))?)
}

pub fn waitid(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("waitid", args.len(), 3, 3)?;
    let (kind, id) = (long::as_int(args[0])?, long::as_int(args[1])?);
    let options = long::as_int(args[2])?;
    // SAFETY: the system fills the struct.
    unsafe {
        let mut told: libc::siginfo_t = std::mem::zeroed();
        let status =
            interruptible(|| libc::waitid(kind as libc::idtype_t, id as u32, &mut told, options))?;
        if status < 0 {
            return Err(failure(None));
        }
        if told.si_pid() == 0 {
            return Ok(none());
        }
        WAITID_RESULT.make(vec![
            int(told.si_pid())?,
            int(told.si_uid())?,
            int(told.si_signo)?,
            int(told.si_status())?,
            int(told.si_code)?,
        ])
    }
}
