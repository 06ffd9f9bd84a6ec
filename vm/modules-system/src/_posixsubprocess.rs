//! `_posixsubprocess` (`Modules/_posixsubprocess.c`): starting another program.
//!
//! Everything that needs memory is made before the fork; the child only calls the system, but for a function of the
//! program's own. What goes wrong in the child is written into a pipe as `TYPE:ERRNO in hex:what`.

use crate::arguments::{c_integer, failure, identity, int, last_errno};
use crate::prelude::*;
use std::ffi::{CString, c_char};
use twinheap_objects::fork;
use twinheap_objects::paths::path_bytes;

/// The most groups that a process has.
const MAX_GROUPS: usize = 65536;

/// C strings with the array of pointers that the system takes.
struct Texts {
    #[expect(dead_code, reason = "the pointers point into it")]
    texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Texts {
    fn new(texts: Vec<CString>) -> Texts {
        let mut pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Texts { texts, pointers }
    }
}

/// The items of a sequence of bytes.
fn byte_texts(sequence: &PyObject) -> PyResult<Texts> {
    let mut texts = Vec::new();
    for item in abstract_::collect(sequence)? {
        let Some(data) = item.downcast_ref::<PyBytesObject>() else {
            return Err(type_error(format_args!(
                "expected bytes, {} found",
                item.type_().name()
            )));
        };
        let text =
            CString::new(bytes::data_of(data)).map_err(|_| value_error("embedded null byte"))?;
        texts.push(text);
    }
    Ok(Texts::new(texts))
}

/// The descriptors that the child keeps, in order.
fn kept_descriptors(sequence: &PyTupleObject) -> PyResult<Vec<c_int>> {
    let bad = || value_error("bad value(s) in fds_to_keep");
    let mut found: Vec<c_int> = Vec::new();
    for item in tuple::items(sequence) {
        let number = item.downcast_ref::<PyLongObject>().and_then(long::to_i64);
        let number = number.and_then(|number| c_int::try_from(number).ok());
        match number {
            Some(fd) if fd >= 0 && found.last().is_none_or(|last| *last < fd) => found.push(fd),
            _ => return Err(bad()),
        }
    }
    Ok(found)
}

/// An identity of a user or a group; none where the program gives None.
fn optional_identity(object: &PyObject, what: &str) -> PyResult<Option<u32>> {
    if object.is_none() {
        return Ok(None);
    }
    identity(object, what).map(Some)
}

fn groups_of(object: &PyObject) -> PyResult<Option<Vec<libc::gid_t>>> {
    if object.is_none() {
        return Ok(None);
    }
    let Some(groups) = object.downcast_ref::<PyListObject>() else {
        return Err(type_error("setgroups argument must be a list"));
    };
    if list::items(groups).len() > MAX_GROUPS {
        return Err(value_error("too many groups"));
    }
    let mut found = Vec::new();
    for item in list::items(groups) {
        if item.downcast_ref::<PyLongObject>().is_none() {
            return Err(type_error("groups must be integers"));
        }
        match identity(item, "gid") {
            Ok(group) => found.push(group),
            Err(raised) => {
                errors::discard(raised);
                return Err(value_error("invalid group id"));
            }
        }
    }
    Ok(Some(found))
}

/// Everything that the child needs.
struct Plan<'a> {
    programs: Texts,
    arguments: Texts,
    environment: Option<Texts>,
    folder: Option<CString>,
    /// `p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write`.
    pipes: [c_int; 8],
    close_descriptors: bool,
    kept: Vec<c_int>,
    restore_signals: bool,
    new_session: bool,
    process_group: c_int,
    group: Option<u32>,
    groups: Option<Vec<libc::gid_t>>,
    user: Option<u32>,
    umask: c_int,
    before: Option<&'a PyObject>,
}

/// Where a child fails; the system's last error says why.
enum Failed {
    /// Before the program's own function was due.
    Early,
    /// In that function.
    InFunction,
    /// When the other program was to be run.
    Running,
}

fn check(status: c_int) -> Result<(), Failed> {
    if status < 0 {
        Err(Failed::Early)
    } else {
        Ok(())
    }
}

fn set_inheritable(fd: c_int) -> Result<(), Failed> {
    // SAFETY: changes a flag of the descriptor.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFD);
        check(flags)?;
        check(libc::fcntl(fd, libc::F_SETFD, flags & !libc::FD_CLOEXEC))
    }
}

impl Plan<'_> {
    /// Puts the ends of the pipes in the places of the standard streams.
    fn connect(&self) -> Result<(), Failed> {
        let [
            p2cread,
            p2cwrite,
            c2pread,
            mut c2pwrite,
            errread,
            mut errwrite,
            _,
            _,
        ] = self.pipes;
        for fd in &self.kept {
            if *fd != self.pipes[7] {
                set_inheritable(*fd)?;
            }
        }
        // SAFETY: descriptors of this process, of which only this thread is left.
        unsafe {
            for fd in [p2cwrite, c2pread, errread] {
                if fd != -1 {
                    check(libc::close(fd))?;
                }
            }
            let mut input = p2cread;
            if c2pwrite == 0 {
                c2pwrite = libc::dup(c2pwrite);
                check(c2pwrite)?;
                set_cloexec(c2pwrite)?;
            }
            while errwrite == 0 || errwrite == 1 {
                errwrite = libc::dup(errwrite);
                check(errwrite)?;
                set_cloexec(errwrite)?;
            }
            for (from, to) in [(&mut input, 0), (&mut c2pwrite, 1), (&mut errwrite, 2)] {
                if *from == to {
                    set_inheritable(to)?;
                } else if *from != -1 {
                    check(libc::dup2(*from, to))?;
                }
            }
        }
        Ok(())
    }

    fn change_identity(&self) -> Result<(), Failed> {
        // SAFETY: calls of the system with plain numbers, and an array with its length.
        unsafe {
            if self.umask >= 0 {
                libc::umask(self.umask as libc::mode_t);
            }
            if self.restore_signals {
                for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            if self.new_session {
                check(libc::setsid())?;
            }
            if self.process_group >= 0 {
                check(libc::setpgid(0, self.process_group))?;
            }
            if let Some(groups) = &self.groups {
                check(libc::setgroups(groups.len(), groups.as_ptr()))?;
            }
            if let Some(group) = self.group {
                check(libc::setregid(group, group))?;
            }
            if let Some(user) = self.user {
                check(libc::setreuid(user, user))?;
            }
        }
        Ok(())
    }

    /// Closes all descriptors but the standard streams and those that are kept.
    fn close_others(&self) {
        let mut first = 3u32;
        let kept = self.kept.iter().filter(|fd| **fd >= 3);
        for fd in kept {
            let fd = *fd as u32;
            if fd > first {
                close_range(first, fd - 1);
            }
            first = fd + 1;
        }
        close_range(first, u32::MAX);
    }

    /// `child_exec`: never comes back but with what failed.
    fn run(&self) -> Failed {
        if let Err(failed) = self.connect() {
            return failed;
        }
        if let Some(folder) = &self.folder {
            // SAFETY: the text ends with NUL.
            if unsafe { libc::chdir(folder.as_ptr()) } < 0 {
                return Failed::Early;
            }
        }
        if let Err(failed) = self.change_identity() {
            return failed;
        }
        if let Some(before) = self.before
            && let Err(raised) = call::call(before, &[])
        {
            errors::discard(raised);
            return Failed::InFunction;
        }
        if self.close_descriptors {
            self.close_others();
        }
        let mut told = 0;
        // SAFETY: the texts end with NUL, the arrays with null.
        unsafe {
            for program in &self.programs.pointers[..self.programs.pointers.len() - 1] {
                match &self.environment {
                    Some(environment) => libc::execve(
                        *program,
                        self.arguments.pointers.as_ptr(),
                        environment.pointers.as_ptr(),
                    ),
                    None => libc::execv(*program, self.arguments.pointers.as_ptr()),
                };
                let code = last_errno();
                if told == 0 && code != libc::ENOENT && code != libc::ENOTDIR {
                    told = code;
                }
            }
            if told != 0 {
                *libc::__errno_location() = told;
            }
        }
        Failed::Running
    }

    /// Tells the parent through the pipe.
    fn tell(&self, failed: &Failed, code: c_int) {
        let text = match failed {
            Failed::InFunction => "SubprocessError:0:Exception occurred in preexec_fn.".to_owned(),
            Failed::Early => format!("OSError:{code:x}:noexec"),
            Failed::Running => format!("OSError:{code:x}:"),
        };
        // SAFETY: the text has the length that is told.
        unsafe { libc::write(self.pipes[7], text.as_ptr().cast(), text.len()) };
    }
}

fn set_cloexec(fd: c_int) -> Result<(), Failed> {
    // SAFETY: changes a flag of the descriptor.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })
}

fn close_range(first: u32, last: u32) {
    // SAFETY: the child's own descriptors.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}

/// `fork_exec`.
fn fork_exec(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let given: [Option<&PyObject>; 23] = crate::arguments::parse(args, "fork_exec", 23)?;
    let given = given.map(|value| value.expect("required"));
    let close_descriptors = object::is_true(given[2])?;
    let Some(kept) = given[3].downcast_ref::<PyTupleObject>() else {
        return Err(type_error(format_args!(
            "fork_exec() argument 4 must be tuple, not {}",
            unicode::type_name_or_none(given[3])
        )));
    };
    let mut pipes = [0; 8];
    for (slot, value) in pipes.iter_mut().zip(&given[6..14]) {
        *slot = c_integer(value)?;
    }
    let (restore, session) = (c_integer(given[14])?, c_integer(given[15])?);
    let process_group = c_integer(given[16])?;
    let umask = c_integer(given[20])?;
    object::is_true(given[22])?;
    if close_descriptors && pipes[7] < 3 {
        return Err(value_error("errpipe_write must be >= 3"));
    }
    let kept = kept_descriptors(kept)?;
    let programs = byte_texts(given[1])?;
    let mut arguments = Vec::new();
    if !given[0].is_none() {
        let sequence = abstract_::fast_sequence(given[0], "argv must be a tuple")?;
        let count = abstract_::fast_items(&sequence).len();
        for at in 0..count {
            let items = abstract_::fast_items(&sequence);
            if items.len() != count {
                return Err(runtime_error("args changed during iteration"));
            }
            let item = Own::new(items[at]);
            arguments.push(path_bytes(&item)?);
        }
    }
    let environment = match given[5] {
        environment if environment.is_none() => None,
        environment => Some(byte_texts(environment)?),
    };
    let folder = match given[4] {
        folder if folder.is_none() => None,
        folder => Some(path_bytes(folder)?),
    };
    let plan = Plan {
        programs,
        arguments: Texts::new(arguments),
        environment,
        folder,
        pipes,
        close_descriptors,
        kept,
        restore_signals: restore != 0,
        new_session: session != 0,
        process_group,
        groups: groups_of(given[18])?,
        group: optional_identity(given[17], "gid")?,
        user: optional_identity(given[19], "uid")?,
        umask,
        before: Some(given[21]).filter(|before| !before.is_none()),
    };
    // SAFETY: the child calls the system, and the program's own function where it asks for that.
    match fork::fork_to_execute(|| unsafe { libc::fork() }) {
        -1 => Err(failure()),
        0 => {
            let failed = plan.run();
            plan.tell(&failed, last_errno());
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(255) }
        }
        child => int(child),
    }
}

methods! {
    static FUNCTIONS:
    "fork_exec" => varargs(fork_exec);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_posixsubprocess", FUNCTIONS, &[])
}
