//! The interpreter lock (`Python/ceval_gil.c`): who has it, how it is asked for, and how it is handed over.
//!
//! A thread that waits longer than the switch interval sets the eval breaker of the one that runs; that one
//! gives the lock up at its next jump backward, entry of a function or end of a call, and does not take it
//! again before another thread has had it. While nobody waits, the lock costs what an uncontended mutex
//! costs each time that it is given up for a call of the system, and nothing else.
//!
//! CPython has two pairs of mutex and condition; here one mutex serves both conditions. A thread that asks
//! for the lock once the interpreter ends sleeps for ever, where CPython's ends: it may stand in a function
//! that has something to clean up.
//!
//! Invariant: `holder` and `has_lock` of the holder's state agree whenever the mutex is free.

use crate::data_stack;
use crate::state::{self, ThreadState, tstate};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the mutex guards.
struct Lock {
    locked: bool,
    /// How many threads wait for the lock.
    waiting: usize,
    /// How often another thread than the last one has taken it.
    switches: u64,
    /// Whether a thread has waited for the interval to end.
    drop_request: bool,
}

static LOCK: Mutex<Lock> = Mutex::new(Lock {
    locked: false,
    waiting: 0,
    switches: 0,
    drop_request: false,
});
/// The lock has been given up.
static GIVEN_UP: Condvar = Condvar::new();
/// Another thread has taken the lock.
static SWITCHED: Condvar = Condvar::new();
/// The state of the thread that has the lock, or had it last. Written under the mutex.
static HOLDER: AtomicPtr<ThreadState> = AtomicPtr::new(null_mut());
/// The one thread that may still take the lock, once the interpreter ends.
static FINALIZING: AtomicPtr<ThreadState> = AtomicPtr::new(null_mut());
/// The switch interval in microseconds.
static INTERVAL: AtomicU64 = AtomicU64::new(5_000);

/// How long a thread waits before it asks for the lock (`sys.getswitchinterval`), in microseconds.
pub fn interval() -> u64 {
    INTERVAL.load(Ordering::Relaxed)
}

/// Sets the switch interval.
pub fn set_interval(microseconds: u64) {
    INTERVAL.store(microseconds, Ordering::Relaxed);
}

fn lock() -> MutexGuard<'static, Lock> {
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The interpreter has ended for all threads but one.
fn must_stop(state: &ThreadState) -> bool {
    let last = FINALIZING.load(Ordering::SeqCst);
    !last.is_null() && !std::ptr::eq(last, state)
}

/// Sleeps until the process ends.
fn stop() -> ! {
    loop {
        // SAFETY: waits for a signal; handlers of the interpreter only set flags.
        unsafe { libc::pause() };
    }
}

/// `take_gil`: waits for the lock and takes it.
pub fn take() {
    let state = tstate();
    if must_stop(state) {
        stop();
    }
    let mut inner = lock();
    while inner.locked {
        let switches = inner.switches;
        inner.waiting += 1;
        let limit = Duration::from_micros(interval().max(1));
        let (woken, waited) = GIVEN_UP
            .wait_timeout(inner, limit)
            .unwrap_or_else(PoisonError::into_inner);
        inner = woken;
        inner.waiting -= 1;
        if waited.timed_out() && inner.locked && inner.switches == switches {
            if must_stop(state) {
                drop(inner);
                stop();
            }
            inner.drop_request = true;
            // SAFETY: who has the lock needs the mutex to give it up, and a thread does so before it ends.
            unsafe { (*HOLDER.load(Ordering::Relaxed)).interrupt() };
        }
    }
    inner.locked = true;
    let address: *const ThreadState = state;
    if !std::ptr::eq(HOLDER.swap(address.cast_mut(), Ordering::Relaxed), state) {
        inner.switches += 1;
        SWITCHED.notify_all();
    }
    inner.drop_request = false;
    state.has_lock.set(true);
    drop(inner);
    if must_stop(state) {
        give_up();
        stop();
    }
}

/// `drop_gil`: gives the lock up; where another thread has asked for it, waits until one has taken it.
pub fn give_up() {
    let state = tstate();
    let mut inner = lock();
    state.has_lock.set(false);
    inner.locked = false;
    if inner.waiting == 0 {
        return;
    }
    GIVEN_UP.notify_one();
    while inner.drop_request
        && !inner.locked
        && inner.waiting > 0
        && std::ptr::eq(HOLDER.load(Ordering::Relaxed), state)
    {
        inner = SWITCHED.wait(inner).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Gives the lock up and takes it again where another thread has asked for it.
pub fn hand_over() {
    let wanted = lock().drop_request;
    if wanted && tstate().has_lock.get() {
        give_up();
        take();
    }
}

/// Runs what may wait, or takes long, without the lock (`Py_BEGIN_ALLOW_THREADS`). It touches no object. The
/// error number of the system is as it leaves it.
pub fn without_gil<R>(act: impl FnOnce() -> R) -> R {
    if !tstate().has_lock.get() {
        return act();
    }
    give_up();
    let result = act();
    // SAFETY: the error number of this thread.
    unsafe {
        let number = *libc::__errno_location();
        take();
        *libc::__errno_location() = number;
    }
    result
}

/// The thread that has the lock is to look up from its work; from any thread.
pub fn interrupt_holder() {
    let _guard = lock();
    // SAFETY: a thread that ends takes its state out under the mutex.
    if let Some(holder) = unsafe { HOLDER.load(Ordering::Relaxed).as_ref() } {
        holder.interrupt();
    }
}

/// This thread becomes the main thread of the interpreter, with the lock.
pub fn start_main_thread() {
    take();
    state::link();
    state::become_main();
}

/// Another thread of the interpreter begins: it waits for the lock.
pub fn start_thread() {
    take();
    state::link();
}

/// A thread that has cleared its state ends.
pub fn end_thread() {
    state::unlink(tstate());
    data_stack::free(tstate());
    let mut inner = lock();
    tstate().has_lock.set(false);
    HOLDER.store(null_mut(), Ordering::Relaxed);
    inner.locked = false;
    if inner.waiting > 0 {
        GIVEN_UP.notify_one();
    }
}

/// From now on no other thread gets the lock.
pub fn finalize() {
    let state: *const ThreadState = tstate();
    FINALIZING.store(state.cast_mut(), Ordering::SeqCst);
}

/// Whether the interpreter ends.
pub fn is_finalizing() -> bool {
    !FINALIZING.load(Ordering::SeqCst).is_null()
}

/// Forks the process by the call that is given: in the child, this thread is the only one, and the main one.
/// The states of the others are still in the ring; [`forget_others`] is due.
pub fn fork(call: impl FnOnce() -> libc::pid_t) -> libc::pid_t {
    let mut inner = lock();
    let child = call();
    if child == 0 {
        inner.waiting = 0;
        inner.drop_request = false;
    }
    drop(inner);
    child
}

/// In the child of a fork (`PyOS_AfterFork_Child`): this thread is the main one, and what the others had goes.
pub fn forget_others() {
    let state = tstate();
    state::become_main();
    // SAFETY: asks who this thread is.
    state
        .native_thread_id
        .set(unsafe { libc::syscall(libc::SYS_gettid) } as usize);
    let others: Vec<&ThreadState> = state::all()
        .into_iter()
        .filter(|other| !std::ptr::eq(*other, state))
        .collect();
    for other in &others {
        state::unlink(other);
    }
    for other in others {
        state::clear(other);
    }
}
