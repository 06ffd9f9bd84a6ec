//! `posix_spawn` and `posix_spawnp`: a child with file actions and attributes, made by the C library.

use super::children::{arguments, environment, pointers};
use super::path_argument;
use crate::prelude::*;
use std::ffi::CString;
use std::mem::MaybeUninit;
use twinheap_objects::exceptions::raise_os_error;

/// The actions on files, which the C library only keeps pointers of: the paths live here.
struct Actions {
    raw: libc::posix_spawn_file_actions_t,
    paths: Vec<CString>,
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised when this was made.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.raw) };
    }
}

/// The attributes of the child.
struct Attributes(libc::posix_spawnattr_t);

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised when this was made.
        unsafe { libc::posix_spawnattr_destroy(&mut self.0) };
    }
}

fn by_code(code: c_int) -> PyResult<()> {
    match code {
        0 => Ok(()),
        code => Err(raise_os_error(code, None)),
    }
}

fn parse_actions(given: &PyObject) -> PyResult<Actions> {
    // SAFETY: the C library initialises the struct.
    let mut actions = unsafe {
        let mut raw = MaybeUninit::zeroed().assume_init();
        by_code(libc::posix_spawn_file_actions_init(&mut raw))?;
        Actions {
            raw,
            paths: Vec::new(),
        }
    };
    let sequence = abstract_::fast_sequence(given, "file_actions must be a sequence or None")?;
    for item in abstract_::fast_items(&sequence) {
        let parts = item.downcast_ref::<PyTupleObject>().map(tuple::items);
        let Some([tag, rest @ ..]) = parts else {
            return Err(type_error(
                "Each file_actions element must be a non-empty tuple",
            ));
        };
        let code = match (long::as_long(tag)?, rest) {
            (0, [fd, path, flags, mode]) => {
                let path = path_argument(path, "posix_spawn", "path")?;
                actions.paths.push(path);
                let path = &actions.paths[actions.paths.len() - 1];
                let (fd, flags) = (long::as_int(fd)?, long::as_int(flags)?);
                let mode = long::as_long(mode)? as libc::mode_t;
                // SAFETY: the path ends with NUL and lives as long as the actions.
                unsafe {
                    libc::posix_spawn_file_actions_addopen(
                        &mut actions.raw,
                        fd,
                        path.as_ptr(),
                        flags,
                        mode,
                    )
                }
            }
            (1, [fd]) => {
                let fd = long::as_int(fd)?;
                // SAFETY: initialised actions.
                unsafe { libc::posix_spawn_file_actions_addclose(&mut actions.raw, fd) }
            }
            (2, [from, to]) => {
                let (from, to) = (long::as_int(from)?, long::as_int(to)?);
                // SAFETY: initialised actions.
                unsafe { libc::posix_spawn_file_actions_adddup2(&mut actions.raw, from, to) }
            }
            (0, _) => {
                return Err(type_error("A open file_action tuple must have 5 elements"));
            }
            (1, _) => {
                return Err(type_error("A close file_action tuple must have 2 elements"));
            }
            (2, _) => {
                return Err(type_error("A dup2 file_action tuple must have 3 elements"));
            }
            _ => return Err(type_error("Unknown file_actions identifier")),
        };
        by_code(code)?;
    }
    Ok(actions)
}

fn signal_set(given: &PyObject) -> PyResult<libc::sigset_t> {
    // SAFETY: the C library initialises the set.
    let mut set = unsafe {
        let mut set = MaybeUninit::zeroed().assume_init();
        libc::sigemptyset(&mut set);
        set
    };
    for item in abstract_::collect(given)? {
        let signal = long::as_long(&item)?;
        if !(1..65).contains(&signal) {
            return Err(value_error(format_args!(
                "signal number {signal} out of range [1; 64]"
            )));
        }
        // SAFETY: a number in range.
        unsafe { libc::sigaddset(&mut set, signal as c_int) };
    }
    Ok(set)
}

/// Group, identities, session, masks and schedule of the child, where they are given.
fn parse_attributes(given: [Option<&PyObject>; 6]) -> PyResult<Attributes> {
    let [group, reset, session, mask, defaults, schedule] = given;
    // SAFETY: the C library initialises the struct; what is set is valid.
    unsafe {
        let mut raw = MaybeUninit::zeroed().assume_init();
        by_code(libc::posix_spawnattr_init(&mut raw))?;
        let mut attributes = Attributes(raw);
        let raw = &mut attributes.0;
        let mut flags = 0;
        if let Some(group) = group {
            by_code(libc::posix_spawnattr_setpgroup(raw, long::as_int(group)?))?;
            flags |= libc::POSIX_SPAWN_SETPGROUP;
        }
        if reset.map_or(Ok(false), object::is_true)? {
            flags |= libc::POSIX_SPAWN_RESETIDS;
        }
        if session.map_or(Ok(false), object::is_true)? {
            flags |= 0x80;
        }
        if let Some(mask) = mask {
            by_code(libc::posix_spawnattr_setsigmask(raw, &signal_set(mask)?))?;
            flags |= libc::POSIX_SPAWN_SETSIGMASK;
        }
        if let Some(defaults) = defaults {
            by_code(libc::posix_spawnattr_setsigdefault(
                raw,
                &signal_set(defaults)?,
            ))?;
            flags |= libc::POSIX_SPAWN_SETSIGDEF;
        }
        if let Some(schedule) = schedule {
            let parts = schedule.downcast_ref::<PyTupleObject>().map(tuple::items);
            let Some(&[policy, parameter]) = parts else {
                return Err(type_error("A scheduler tuple must have two elements"));
            };
            if !policy.is_none() {
                by_code(libc::posix_spawnattr_setschedpolicy(
                    raw,
                    long::as_int(policy)?,
                ))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDULER;
            }
            let parameter = super::owners::parameter(parameter)?;
            by_code(libc::posix_spawnattr_setschedparam(raw, &parameter))?;
            flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
        }
        by_code(libc::posix_spawnattr_setflags(raw, flags as i16))?;
        Ok(attributes)
    }
}

fn spawn(name: &'static str, search: bool, args: Args<'_>) -> PyResult {
    let signature = Signature {
        name,
        parameters: &[
            "",
            "",
            "",
            "file_actions",
            "setpgroup",
            "resetids",
            "setsid",
            "setsigmask",
            "setsigdef",
            "scheduler",
        ],
        required: 3,
        positional: 3,
    };
    let [path, argv, env, actions, rest @ ..]: [Option<&PyObject>; 10] = args.bind(&signature)?;
    let path = path.expect("required");
    let native = path_argument(path, name, "path")?;
    let texts = arguments(argv.expect("required"), &format!("{name}: argv"))?;
    let environment = environment(env.expect("required"), name)?;
    let actions = actions.filter(|actions| !actions.is_none());
    let actions = actions.map(parse_actions).transpose()?;
    let attributes = parse_attributes(rest)?;
    let actions_pointer = actions
        .as_ref()
        .map_or(std::ptr::null(), |actions| &raw const actions.raw);
    let mut child = 0;
    let (argv, env) = (pointers(&texts), pointers(&environment));
    // SAFETY: texts end with NUL and arrays with null; the C library only reads them.
    let code = unsafe {
        let call = if search {
            libc::posix_spawnp
        } else {
            libc::posix_spawn
        };
        call(
            &mut child,
            native.as_ptr(),
            actions_pointer,
            &attributes.0,
            argv.as_ptr().cast(),
            env.as_ptr().cast(),
        )
    };
    match code {
        0 => Ok(long::from_i64(i64::from(child))?.upcast()),
        code => Err(raise_os_error(code, Some(path))),
    }
}

pub fn posix_spawn(_: &PyObject, args: Args<'_>) -> PyResult {
    spawn("posix_spawn", false, args)
}

pub fn posix_spawnp(_: &PyObject, args: Args<'_>) -> PyResult {
    spawn("posix_spawnp", true, args)
}
