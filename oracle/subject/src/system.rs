//! The few system calls that workers and their keeper need, each in a safe wrapper.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The result of a system call that answers -1 for trouble.
fn checked(answer: libc::c_int) -> io::Result<libc::c_int> {
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}

/// An unnamed file in memory; `inherited` says whether child processes see it.
pub fn memory_file(name: &std::ffi::CStr, inherited: bool) -> io::Result<File> {
    let flags = if inherited { 0 } else { libc::MFD_CLOEXEC };
    // SAFETY: the name is a NUL-terminated string that lives through the call.
    let descriptor = checked(unsafe { libc::memfd_create(name.as_ptr(), flags) })?;
    // SAFETY: the descriptor was made just now and nobody else owns it.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// Duplicates a descriptor to a number of at least 200, out of the way of programs, closed on exec.
pub fn duplicate_high(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl with F_DUPFD_CLOEXEC takes no pointers.
    let copy = checked(unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 200) })?;
    // SAFETY: the descriptor was made just now and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Closes a descriptor that nothing of this process stands for.
pub fn close(descriptor: RawFd) {
    // SAFETY: close takes a number only; the caller owns the descriptor.
    unsafe { libc::close(descriptor) };
}

/// Makes `target` another name of `source`.
pub fn redirect(source: &impl AsRawFd, target: RawFd) -> io::Result<()> {
    // SAFETY: dup2 takes no pointers.
    checked(unsafe { libc::dup2(source.as_raw_fd(), target) }).map(drop)
}

/// Makes every write to this open file go to its end, whoever writes.
pub fn set_append(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: fcntl with F_SETFL takes no pointers.
    checked(unsafe { libc::fcntl(descriptor, libc::F_SETFL, libc::O_APPEND) }).map(drop)
}

/// Enlarges a pipe so that a window of requests fits in; a smaller pipe is no error.
pub fn enlarge_pipe(descriptor: RawFd, bytes: usize) {
    // SAFETY: fcntl with F_SETPIPE_SZ takes no pointers.
    unsafe { libc::fcntl(descriptor, libc::F_SETPIPE_SZ, bytes as libc::c_int) };
}

/// Sets the soft limit of a resource, at most the hard one.
pub fn limit_resource(resource: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the struct is valid for writing.
    checked(unsafe { libc::getrlimit(resource, &mut limit) })?;
    limit.rlim_cur = value.min(limit.rlim_max);
    // SAFETY: the struct is valid for reading.
    checked(unsafe { libc::setrlimit(resource, &limit) }).map(drop)
}

/// Seconds of processor time this process has used, rounded up.
pub fn processor_seconds() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the struct is valid for writing.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 + 1
}

/// Makes a pipe that is called by a path.
pub fn make_pipe_file(path: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: the path is a NUL-terminated string that lives through the call.
    checked(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }).map(drop)
}

/// Kills a child that leads a process group of its own, and all of the group, unless it has ended already.
pub fn kill_group(child: &mut std::process::Child) {
    if matches!(child.try_wait(), Ok(None)) {
        // SAFETY: killpg takes numbers only; the child is not waited for yet, so the number is still its own.
        unsafe { libc::killpg(child.id() as libc::pid_t, libc::SIGKILL) };
    }
}

/// What a wait for readable data came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    TimedOut,
}

/// Waits until the descriptor can be read or its other end is closed, at most so many milliseconds.
pub fn wait_readable(descriptor: RawFd, milliseconds: u64) -> io::Result<Readiness> {
    let mut entry = libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    };
    let timeout = milliseconds.min(i32::MAX as u64) as libc::c_int;
    loop {
        // SAFETY: one pollfd, valid for reading and writing.
        let answer = unsafe { libc::poll(&mut entry, 1, timeout) };
        match checked(answer) {
            Ok(0) => return Ok(Readiness::TimedOut),
            Ok(_) => return Ok(Readiness::Ready),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
}

/// Gives a command an open file under this number.
pub fn hand_down(command: &mut std::process::Command, file: &File, target: RawFd) {
    use std::os::unix::process::CommandExt;
    let source = file.as_raw_fd();
    let duplicate = move || {
        // SAFETY: dup2 takes no pointers; the copy is not closed on exec.
        checked(unsafe { libc::dup2(source, target) }).map(drop)
    };
    // SAFETY: between fork and exec the closure only makes a system call.
    unsafe { command.pre_exec(duplicate) };
}

/// How long a file is; 0 where that cannot be found out.
pub fn length_of(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

/// How many bytes the file behind standard output has; 0 where that cannot be found out.
pub fn printed() -> u32 {
    // SAFETY: lseek takes numbers only; the file is appended to, so its position is of no account.
    let end = unsafe { libc::lseek(1, 0, libc::SEEK_END) };
    u32::try_from(end).unwrap_or(0)
}

/// A part of a file; nothing where it cannot be read.
pub fn read_part(file: &File, start: u64, length: u64) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let mut bytes = vec![0; length as usize];
    match file.read_exact_at(&mut bytes, start) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// Whether the kernel lets a process be started at fixed addresses. The seccomp profile of many containers does not.
pub fn addresses_can_be_fixed() -> bool {
    const QUERY: libc::c_ulong = 0xffff_ffff;
    // Another thread is asked, as its personality is its own and ends with it.
    let asked = std::thread::spawn(|| {
        // SAFETY: personality takes a number and answers the one before.
        let before = unsafe { libc::personality(QUERY) };
        let fixed = before as libc::c_ulong | libc::ADDR_NO_RANDOMIZE as libc::c_ulong;
        // SAFETY: as above.
        before != -1 && unsafe { libc::personality(fixed) } != -1
    });
    asked.join().unwrap_or(false)
}

/// Has a command started at addresses that do not change from run to run. Where the kernel forbids it
/// ([`addresses_can_be_fixed`]), they do.
pub fn fix_addresses(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    let unshuffle = || {
        // SAFETY: personality takes a number and answers the one before.
        unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
        Ok(())
    };
    // SAFETY: between fork and exec the closure only makes a system call.
    unsafe { command.pre_exec(unshuffle) };
}

/// Asks the kernel to kill this process when its parent dies, so that no worker outlives a run.
pub fn die_with_parent() {
    // SAFETY: prctl with PR_SET_PDEATHSIG takes a number only.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// The most address space this process has ever had, in bytes; 0 where the kernel does not say.
pub fn peak_address_space() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return 0;
    };
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmPeak:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes * 1024)
}

/// Bytes of memory in use by this process.
pub fn resident_bytes() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/self/statm") else {
        return 0;
    };
    text.split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or(0)
        * 4096
}
