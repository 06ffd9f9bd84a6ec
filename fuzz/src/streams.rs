//! Descriptors 1 and 2, the working directory, handlers of signals and the timer belong to the program while it runs,
//! and to libFuzzer else.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};

use twinheap_observation::stage::Output;
use twinheap_subject::system;

use crate::{room, watchdog};

/// A program that writes without end gets an error from the file.
const LARGEST_FILE: u64 = 64 << 20;

/// What a crash gives back to libFuzzer before it tells of it: its descriptors and its directory.
static OWN: [AtomicI32; 3] = [const { AtomicI32::new(-1) }; 3];

/// Notes descriptors 1 and 2 before libFuzzer moves its own messages away from them, and where the process was started.
pub fn remember_own() {
    let copies = [system::duplicate_high(1), system::duplicate_high(2)];
    let home = File::open(".").map(OwnedFd::from);
    for (place, copy) in OWN.iter().zip(copies.into_iter().chain([home])) {
        // They are kept until the process ends.
        place.store(copy.map_or(-1, IntoRawFd::into_raw_fd), Ordering::Relaxed);
    }
}

/// Has a panic say what it is where it is heard, from the very beginning: libFuzzer closes descriptor 2.
pub fn watch_for_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        before(panic);
    }));
}

fn own(at: usize) -> i32 {
    OWN[at].load(Ordering::Relaxed)
}
/// The handlers that libFuzzer had installed.
static mut HANDLERS: [Option<libc::sigaction>; 32] = [None; 32];
const DEADLY: [i32; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGABRT,
    libc::SIGILL,
    libc::SIGFPE,
];

/// Only makes system calls, as it runs in a signal handler too.
fn give_back() {
    // SAFETY: dup2 and fchdir take no pointers.
    unsafe {
        libc::dup2(own(0), 1);
        libc::dup2(own(1), 2);
        libc::fchdir(own(2));
    }
}

extern "C" fn crashed(signal: i32) {
    give_back();
    // SAFETY: the table has a place for each signal and was filled before this handler was installed; the old handler comes back, and the
    // signal again once this one returns.
    unsafe {
        if let Some(before) = (&raw const HANDLERS)
            .cast::<Option<libc::sigaction>>()
            .add(signal as usize)
            .read()
        {
            libc::sigaction(signal, &before, std::ptr::null_mut());
        }
        libc::raise(signal);
    }
}

fn watch_for_crashes() {
    for signal in DEADLY {
        // SAFETY: both structs are plain data and valid for the calls; nothing else runs yet.
        unsafe {
            let mut before: libc::sigaction = std::mem::zeroed();
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &mut before);
            (&raw mut HANDLERS)
                .cast::<Option<libc::sigaction>>()
                .add(signal as usize)
                .write(Some(before));
            action.sa_sigaction = crashed as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

/// More output than this is not kept.
const LIMIT: u64 = 1 << 20;

/// The last of the signals that have no queue.
const SIGNALS: i32 = 31;

/// What libFuzzer had set up for signals.
struct Signals {
    actions: Vec<(i32, libc::sigaction)>,
    timer: libc::itimerval,
}

impl Signals {
    fn note() -> Signals {
        let mut actions = Vec::new();
        for signal in
            (1..=SIGNALS).filter(|signal| ![libc::SIGKILL, libc::SIGSTOP].contains(signal))
        {
            // SAFETY: the struct is plain data and valid for writing.
            let action = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &mut action);
                action
            };
            actions.push((signal, action));
        }
        Signals {
            actions,
            timer: timer(),
        }
    }

    /// Undoes what a program has done to handlers and to the timer that libFuzzer's time limit needs.
    fn restore(&self) {
        for (signal, action) in &self.actions {
            // SAFETY: the struct was filled by the same call, for the same signal.
            unsafe { libc::sigaction(*signal, action, std::ptr::null_mut()) };
        }
        let same = |left: libc::timeval, right: libc::timeval| {
            (left.tv_sec, left.tv_usec) == (right.tv_sec, right.tv_usec)
        };
        if !same(timer().it_interval, self.timer.it_interval) {
            // SAFETY: the struct is plain data and valid for reading.
            unsafe { libc::setitimer(libc::ITIMER_REAL, &self.timer, std::ptr::null_mut()) };
        }
    }
}

fn timer() -> libc::itimerval {
    // SAFETY: the struct is plain data and valid for writing.
    unsafe {
        let mut timer: libc::itimerval = std::mem::zeroed();
        libc::getitimer(libc::ITIMER_REAL, &mut timer);
        timer
    }
}

pub struct Streams {
    captured: [File; 2],
    signals: Signals,
    private: File,
}

impl Streams {
    pub fn new() -> io::Result<Streams> {
        let folder = private_folder();
        std::fs::create_dir_all(&folder)?;
        // libFuzzer has its messages elsewhere by now; what else is said goes where it always went.
        give_back();
        // Nobody answers a program that asks.
        system::redirect(&File::open("/dev/null")?, 0)?;
        room::lift()?;
        system::limit_resource(libc::RLIMIT_CORE, 0)?;
        system::limit_resource(libc::RLIMIT_FSIZE, LARGEST_FILE)?;
        // libFuzzer would end over it; a program gets an error instead.
        // SAFETY: ignoring a signal runs no code.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        watch_for_crashes();
        watchdog::listen();
        Ok(Streams {
            captured: [
                system::memory_file(c"stdout", false)?,
                system::memory_file(c"stderr", false)?,
            ],
            signals: Signals::note(),
            private: File::open(folder)?,
        })
    }

    /// Runs something with its output captured.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> io::Result<(T, Output)> {
        for (file, descriptor) in self.captured.iter().zip([1, 2]) {
            file.set_len(0)?;
            system::redirect(file, descriptor)?;
            system::set_append(descriptor)?;
        }
        // SAFETY: fchdir takes no pointers.
        unsafe { libc::fchdir(self.private.as_raw_fd()) };
        room::limit()?;
        let made = work();
        room::lift()?;
        self.restore()?;
        let mut output = Output::default();
        for (file, bytes) in self
            .captured
            .iter()
            .zip([&mut output.stdout, &mut output.stderr])
        {
            let length = file.metadata()?.len();
            output.truncated |= length > LIMIT;
            bytes.resize(length.min(LIMIT) as usize, 0);
            file.read_exact_at(bytes, 0)?;
        }
        Ok((made, output))
    }

    /// Gives libFuzzer its descriptors, its directory and its signals back.
    pub fn restore(&self) -> io::Result<()> {
        give_back();
        self.signals.restore();
        // A program may have closed every descriptor that there is.
        // SAFETY: fcntl with F_GETFD takes no pointers.
        if unsafe { libc::fcntl(own(1), libc::F_GETFD) } < 0 {
            return Err(io::Error::other(
                "the program closed the descriptors of libFuzzer",
            ));
        }
        Ok(())
    }
}

/// The folder that programs run in.
pub fn private_folder() -> PathBuf {
    std::env::temp_dir().join(format!("twinheap-fuzz-{}", std::process::id()))
}
