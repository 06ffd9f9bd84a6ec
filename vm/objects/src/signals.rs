//! Signals as natives see them: whether one has come, and the call that runs the program's handlers
//! (`PyErr_CheckSignals`). The table of handlers is the `_signal` module's.

use crate::errors::PyResult;
use crate::gil::without_gil;
use crate::state::{self, Global};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the handlers of the signals that have come.
pub type SignalHook = fn() -> PyResult<()>;

/// Set by the `_signal` module.
pub static SIGNAL_HOOK: Global<Cell<Option<SignalHook>>> = Global(Cell::new(None));
/// Whether a signal has come whose handler has not run.
static TRIPPED: AtomicBool = AtomicBool::new(false);

/// A signal has come: the main thread is to look up from its work. A signal handler may call it.
pub fn trip() {
    TRIPPED.store(true, Ordering::SeqCst);
    // SAFETY: the main thread's state lies in its own storage; the process ends with that thread.
    if let Some(main) = unsafe { state::main().as_ref() } {
        main.interrupt();
    }
}

/// Forgets the signals that have come: in the child of a fork, they are the parent's.
pub fn forget() {
    TRIPPED.store(false, Ordering::SeqCst);
}

/// Runs the handlers of the signals that have come, in the main thread; another thread leaves them to it.
pub fn check() -> PyResult<()> {
    if !state::is_main() || !TRIPPED.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    match SIGNAL_HOOK.get() {
        Some(hook) => hook(),
        None => Ok(()),
    }
}

/// Calls the system without the interpreter lock, again where a signal interrupts the call and its handlers raise
/// nothing. The result may tell a failure; the error number is the call's.
pub fn interruptible<T: Copy + Into<i64>>(mut act: impl FnMut() -> T) -> PyResult<T> {
    loop {
        let result = without_gil(&mut act);
        // SAFETY: the error number of this thread.
        let was_interrupted =
            result.into() < 0 && unsafe { *libc::__errno_location() } == libc::EINTR;
        if !was_interrupted {
            return Ok(result);
        }
        check()?;
    }
}
