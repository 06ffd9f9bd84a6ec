//! What the loop does when it is told to look up: run the handlers of signals, stop a run that has used up
//! its time or its memory, let another thread run.

use std::sync::atomic::{AtomicBool, Ordering};
use twinheap_objects::errors::{PyResult, no_memory, raise_none};
use twinheap_objects::exceptions::PyExc_KeyboardInterrupt;
use twinheap_objects::memory::spare;
use twinheap_objects::state::{self, tstate};
use twinheap_objects::{gil, signals};

/// Set from a signal handler: KeyboardInterrupt is due.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Asks the loop of the main thread to raise KeyboardInterrupt at the next jump backward, entry of a function, or
/// end of a call of a built-in.
pub fn request() {
    INTERRUPTED.store(true, Ordering::SeqCst);
    signals::trip();
}

/// Takes the wish back, should it not have been granted yet.
pub fn forget() {
    INTERRUPTED.store(false, Ordering::SeqCst);
}

/// The eval breaker is set.
#[cold]
pub fn handle() -> PyResult<()> {
    tstate().eval_breaker.store(false, Ordering::Relaxed);
    if state::is_main() && INTERRUPTED.swap(false, Ordering::SeqCst) {
        return Err(raise_none(&PyExc_KeyboardInterrupt));
    }
    signals::check()?;
    if spare::take_due() {
        return Err(no_memory());
    }
    gil::hand_over();
    Ok(())
}
