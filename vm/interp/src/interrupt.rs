//! What the loop does when it is told to look up: stop a run that has used up its time or its memory.

use std::cell::Cell;
use twinheap_objects::errors::{PyResult, no_memory, raise_none};
use twinheap_objects::exceptions::PyExc_KeyboardInterrupt;
use twinheap_objects::memory::spare;
use twinheap_objects::state::{Global, tstate};

/// Set from a signal handler: KeyboardInterrupt is due.
pub static INTERRUPTED: Global<Cell<bool>> = Global(Cell::new(false));

/// Asks the loop to raise KeyboardInterrupt at the next jump backward, entry of a function, or end of a
/// call of a built-in.
pub fn request() {
    INTERRUPTED.set(true);
    tstate().eval_breaker.set(true);
}

/// Takes the wish back, should it not have been granted yet.
pub fn forget() {
    INTERRUPTED.set(false);
}

/// The eval breaker is set.
#[cold]
pub fn handle() -> PyResult<()> {
    tstate().eval_breaker.set(false);
    if INTERRUPTED.replace(false) {
        return Err(raise_none(&PyExc_KeyboardInterrupt));
    }
    if spare::take_due() {
        return Err(no_memory());
    }
    Ok(())
}
