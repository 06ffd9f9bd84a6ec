//! Forking with threads (`PyOS_BeforeFork`, `PyOS_AfterFork_Child`), and the lock of the import system, which
//! is held meanwhile.
//!
//! The child has only the thread that forked. No other thread holds the import lock then, nor the mutex of the
//! interpreter lock; what the others had is released, and the signals that had come are the parent's.

use crate::errors::PyResult;
use crate::gil;
use crate::lock::SystemLock;
use crate::signals;
use crate::state::{Global, tstate};
use std::cell::Cell;

/// `_PyImport_AcquireLock`: a thread may take it more than once.
struct ImportLock {
    lock: SystemLock,
    owner: Cell<usize>,
    depth: Cell<usize>,
}

static IMPORT_LOCK: Global<ImportLock> = Global(ImportLock {
    lock: SystemLock::new(),
    owner: Cell::new(0),
    depth: Cell::new(0),
});

fn this_thread() -> usize {
    std::ptr::from_ref(tstate()).addr()
}

/// Takes the import lock.
pub fn acquire_import_lock() -> PyResult<()> {
    if IMPORT_LOCK.depth.get() > 0 && IMPORT_LOCK.owner.get() == this_thread() {
        IMPORT_LOCK.depth.set(IMPORT_LOCK.depth.get() + 1);
        return Ok(());
    }
    if !IMPORT_LOCK.lock.is_made() {
        IMPORT_LOCK.lock.allocate()?;
    }
    IMPORT_LOCK.lock.acquire_uninterrupted();
    IMPORT_LOCK.owner.set(this_thread());
    IMPORT_LOCK.depth.set(1);
    Ok(())
}

/// Gives the import lock back; false where this thread does not hold it.
pub fn release_import_lock() -> bool {
    if IMPORT_LOCK.depth.get() == 0 || IMPORT_LOCK.owner.get() != this_thread() {
        return false;
    }
    IMPORT_LOCK.depth.set(IMPORT_LOCK.depth.get() - 1);
    if IMPORT_LOCK.depth.get() == 0 {
        IMPORT_LOCK.owner.set(0);
        IMPORT_LOCK.lock.unlock();
    }
    true
}

/// Whether any thread holds the import lock.
pub fn is_import_lock_held() -> bool {
    IMPORT_LOCK.depth.get() > 0
}

/// Forks the process by the call that is given, which tells the child by 0. In the child this thread is the main
/// one, and what the others had is gone; hooks of the program's are the caller's affair.
pub fn fork(call: impl FnOnce() -> libc::pid_t) -> PyResult<libc::pid_t> {
    acquire_import_lock()?;
    let child = gil::fork(call);
    if child == 0 {
        signals::forget();
        gil::forget_others();
    }
    release_import_lock();
    Ok(child)
}

/// Forks for a child that runs no Python code before it becomes another program.
pub fn fork_to_execute(call: impl FnOnce() -> libc::pid_t) -> libc::pid_t {
    gil::fork(call)
}
