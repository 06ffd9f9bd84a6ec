//! Descriptors 1 and 2 and the working directory belong to the program while it runs, and to libFuzzer else.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicI32, Ordering};

use twinheap_observation::stage::Output;
use twinheap_subject::system;

/// More memory than this is an exception on both sides, as in a worker.
const ADDRESS_SPACE: u64 = 2 << 30;

/// What a crash gives back to libFuzzer before it tells of it: its descriptors and its directory.
static OWN: [AtomicI32; 3] = [const { AtomicI32::new(-1) }; 3];
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
    let number = |at: usize| OWN[at].load(Ordering::Relaxed);
    // SAFETY: dup2 and fchdir take no pointers.
    unsafe {
        libc::dup2(number(0), 1);
        libc::dup2(number(1), 2);
        libc::fchdir(number(2));
    }
}

extern "C" fn crashed(signal: i32) {
    give_back();
    // SAFETY: the table was filled before this handler was installed; the old handler comes back, and the
    // signal again once this one returns.
    unsafe {
        if let Some(before) = (*(&raw const HANDLERS))[signal as usize] {
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
            (*(&raw mut HANDLERS))[signal as usize] = Some(before);
            action.sa_sigaction = crashed as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        before(panic);
    }));
}

/// More output than this is not kept.
const LIMIT: u64 = 1 << 20;

pub struct Streams {
    captured: [File; 2],
    own: [OwnedFd; 2],
    home: File,
    private: File,
}

impl Streams {
    pub fn new() -> io::Result<Streams> {
        let private = std::env::temp_dir().join(format!("twinheap-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&private)?;
        let streams = Streams {
            captured: [
                system::memory_file(c"stdout", false)?,
                system::memory_file(c"stderr", false)?,
            ],
            own: [system::duplicate_high(1)?, system::duplicate_high(2)?],
            home: File::open(".")?,
            private: File::open(private)?,
        };
        let own = [
            streams.own[0].as_raw_fd(),
            streams.own[1].as_raw_fd(),
            streams.home.as_raw_fd(),
        ];
        for (place, descriptor) in OWN.iter().zip(own) {
            place.store(descriptor, Ordering::Relaxed);
        }
        // Nobody answers a program that asks.
        system::redirect(&File::open("/dev/null")?, 0)?;
        system::limit_resource(libc::RLIMIT_AS, ADDRESS_SPACE)?;
        watch_for_crashes();
        Ok(streams)
    }

    /// Runs something with its output captured.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> io::Result<(T, Output)> {
        for (file, descriptor) in self.captured.iter().zip([1, 2]) {
            file.set_len(0)?;
            system::redirect(file, descriptor)?;
            system::set_append(descriptor)?;
        }
        enter(&self.private);
        let made = work();
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

    /// Gives libFuzzer its descriptors and its directory back.
    pub fn restore(&self) -> io::Result<()> {
        enter(&self.home);
        for (own, descriptor) in self.own.iter().zip([1, 2]) {
            system::redirect(own, descriptor)?;
        }
        Ok(())
    }
}

fn enter(folder: &File) {
    // SAFETY: fchdir takes no pointers.
    unsafe { libc::fchdir(folder.as_raw_fd()) };
}
