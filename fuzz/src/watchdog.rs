//! Ends a program that does not come to an end by itself, in CPython and in the VM, with KeyboardInterrupt.
//!
//! A program may catch it, so it comes again and again. What no interrupt reaches, libFuzzer's own limit ends, and says
//! so.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::flight::At;

/// How long one side may take for a program.
const LIMIT: Duration = Duration::from_secs(5);
/// How often is looked.
const PERIOD: Duration = Duration::from_millis(250);
/// Asks the main thread to interrupt its program; nothing else uses it, and it breaks no system call for good.
const SIGNAL: i32 = libc::SIGURG;

static WHO: AtomicU32 = AtomicU32::new(At::Ground as u32);
static SINCE: AtomicU64 = AtomicU64::new(0);
static INTERRUPTS: AtomicU32 = AtomicU32::new(0);

/// Installs the handler; what is done to signals after this is undone between programs.
pub fn listen() {
    // SAFETY: the handler only sets flags of the thread that it interrupts.
    unsafe { libc::signal(SIGNAL, interrupt as *const () as libc::sighandler_t) };
}

pub struct Watchdog {
    begun: Instant,
}

impl Watchdog {
    /// Must be called by the thread that runs programs.
    pub fn start() -> Watchdog {
        let begun = Instant::now();
        // SAFETY: pthread_self takes nothing.
        let main = unsafe { libc::pthread_self() };
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(PERIOD);
                look(begun, main);
            }
        });
        Watchdog { begun }
    }

    pub fn watch(&self, at: At) {
        SINCE.store(self.begun.elapsed().as_millis() as u64, Ordering::SeqCst);
        INTERRUPTS.store(0, Ordering::SeqCst);
        WHO.store(at as u32, Ordering::SeqCst);
    }

    /// Says whether the program had to be interrupted.
    pub fn leave(&self) -> bool {
        WHO.store(At::Ground as u32, Ordering::SeqCst);
        let overdue = INTERRUPTS.load(Ordering::SeqCst) > 0;
        if overdue {
            twinheap_cpython::forget_interrupt();
            twinheap_reference::forget_interrupt();
        }
        overdue
    }
}

fn look(begun: Instant, main: libc::pthread_t) {
    let since = Duration::from_millis(SINCE.load(Ordering::SeqCst));
    let who = WHO.load(Ordering::SeqCst);
    if who == At::Ground as u32 || begun.elapsed().saturating_sub(since) < LIMIT {
        return;
    }
    INTERRUPTS.fetch_add(1, Ordering::SeqCst);
    // Either side only looks up when its own thread has asked for it.
    // SAFETY: the main thread lives as long as the process.
    unsafe { libc::pthread_kill(main, SIGNAL) };
}

extern "C" fn interrupt(_: i32) {
    let who = WHO.load(Ordering::SeqCst);
    if who == At::CPython as u32 {
        twinheap_cpython::interrupt();
    } else if who == At::Vm as u32 {
        twinheap_reference::interrupt();
    }
}
