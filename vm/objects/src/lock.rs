//! Locks of the system (`PyThread_type_lock`, by semaphores as `Python/thread_pthread.h` has them on Linux), and
//! how a thread waits for one without the interpreter lock.
//!
//! The semaphore lies in a block of its own, so that an object's field is one pointer, as CPython's is.

use crate::errors::{PyResult, no_memory};
use crate::gil::without_gil;
use crate::own::Slot;
use crate::signals;
use std::cell::Cell;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

unsafe extern "C" {
    /// POSIX; in the C library since 2.30.
    fn sem_clockwait(
        semaphore: *mut libc::sem_t,
        clock: libc::clockid_t,
        deadline: *const libc::timespec,
    ) -> libc::c_int;
}

/// A lock in an object's field, or nothing yet; it goes with the object.
#[repr(transparent)]
pub struct SystemLock(Cell<*mut libc::sem_t>);

impl Default for SystemLock {
    fn default() -> SystemLock {
        SystemLock::new()
    }
}

impl Slot for SystemLock {
    fn release(&self) {
        let semaphore = self.0.replace(null_mut());
        if !semaphore.is_null() {
            // SAFETY: the block was made by `allocate`; nobody waits, as whoever waits holds the object.
            unsafe {
                libc::sem_destroy(semaphore);
                libc::free(semaphore.cast());
            }
        }
    }
}

/// How an attempt ends (`PyLockStatus`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Acquired,
    Failure,
    Interrupted,
}

impl SystemLock {
    /// A field without a lock.
    pub const fn new() -> SystemLock {
        SystemLock(Cell::new(null_mut()))
    }

    /// Whether the lock was made.
    pub fn is_made(&self) -> bool {
        !self.0.get().is_null()
    }

    /// Makes the lock, which is free.
    pub fn allocate(&self) -> PyResult<()> {
        // SAFETY: a plain request for memory.
        let block: *mut libc::sem_t = unsafe { libc::malloc(size_of::<libc::sem_t>()) }.cast();
        if block.is_null() {
            return Err(no_memory());
        }
        // SAFETY: the block has room for a semaphore.
        unsafe { libc::sem_init(block, 0, 1) };
        self.0.set(block);
        Ok(())
    }

    /// Makes it a free lock again; in the child of a fork, where nobody else can have it.
    pub fn reset(&self) {
        if !self.0.get().is_null() {
            // SAFETY: a semaphore that nobody waits for.
            unsafe { libc::sem_init(self.0.get(), 0, 1) };
        }
    }

    /// Takes the lock if it is free.
    pub fn try_acquire(&self) -> bool {
        loop {
            // SAFETY: the lock was made.
            if unsafe { libc::sem_trywait(self.0.get()) } == 0 {
                return true;
            }
            if errno() != libc::EINTR {
                return false;
            }
        }
    }

    /// Gives the lock back; whoever waits for it may go on.
    pub fn unlock(&self) {
        if !self.0.get().is_null() {
            // SAFETY: the lock was made.
            unsafe { libc::sem_post(self.0.get()) };
        }
    }

    fn wait(&self, until: Option<&libc::timespec>) -> Status {
        // SAFETY: the lock was made, and its object is held by whoever calls.
        let status = unsafe {
            match until {
                Some(until) => sem_clockwait(self.0.get(), libc::CLOCK_MONOTONIC, until),
                None => libc::sem_wait(self.0.get()),
            }
        };
        match status {
            0 => Status::Acquired,
            _ if errno() == libc::EINTR => Status::Interrupted,
            _ => Status::Failure,
        }
    }

    /// `acquire_timed`: takes the lock, waiting so long at most, or for ever. Handlers of signals run meanwhile, and
    /// what they raise ends the wait.
    pub fn acquire(&self, limit: Option<Duration>) -> PyResult<bool> {
        if self.try_acquire() {
            return Ok(true);
        }
        if limit == Some(Duration::ZERO) {
            return Ok(false);
        }
        let until = limit.map(deadline);
        loop {
            match without_gil(|| self.wait(until.as_ref())) {
                Status::Acquired => return Ok(true),
                Status::Failure => return Ok(false),
                Status::Interrupted => signals::check()?,
            }
        }
    }

    /// Takes the lock, whatever signals come meanwhile (`PyThread_acquire_lock` with `WAIT_LOCK`).
    pub fn acquire_uninterrupted(&self) {
        if !self.try_acquire() {
            without_gil(|| while self.wait(None) != Status::Acquired {});
        }
    }
}

fn errno() -> libc::c_int {
    // SAFETY: the error number of this thread.
    unsafe { *libc::__errno_location() }
}

/// The time of the monotonic clock so long from now.
fn deadline(limit: Duration) -> libc::timespec {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is filled in.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let nanoseconds = now.tv_nsec + i64::from(limit.subsec_nanos());
    libc::timespec {
        tv_sec: now
            .tv_sec
            .saturating_add(limit.as_secs().try_into().unwrap_or(i64::MAX))
            .saturating_add(nanoseconds / 1_000_000_000),
        tv_nsec: nanoseconds % 1_000_000_000,
    }
}

/// Sleeps without the interpreter lock; handlers of signals run meanwhile, and what they raise ends the sleep.
pub fn sleep(length: Duration) -> PyResult<()> {
    let start = Instant::now();
    let until = deadline(length);
    loop {
        // SAFETY: the deadline is valid.
        let status = without_gil(|| unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &until,
                null_mut(),
            )
        });
        if status != libc::EINTR {
            return Ok(());
        }
        signals::check()?;
        if start.elapsed() >= length {
            return Ok(());
        }
    }
}
