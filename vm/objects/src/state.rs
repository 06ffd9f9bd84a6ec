//! The thread state: the error indicator, the handled exceptions, the frame that runs, the depth of
//! the recursion (`PyThreadState` of `cpython/pystate.h`).

use std::cell::Cell;
use twinheap_abi::*;

/// What the interpreter keeps for its thread.
pub struct ThreadState {
    /// The exception being raised: its type, or null. Owned.
    pub curexc_type: Pointer<PyObject>,
    /// Its value: an instance, or the argument to make one from. Owned.
    pub curexc_value: Pointer<PyObject>,
    /// Its traceback. Owned.
    pub curexc_traceback: Pointer<PyObject>,
    /// The innermost entry of the stack of exceptions being handled.
    pub exc_info: Cell<*const _PyErr_StackItem>,
    /// The bottom of that stack.
    pub exc_state: _PyErr_StackItem,
    /// The frame that runs.
    pub current_frame: Pointer<_PyInterpreterFrame>,
    pub recursion_remaining: Cell<i32>,
    pub recursion_limit: Cell<i32>,
    pub recursion_headroom: Cell<i32>,
    /// The address below which the thread's stack counts as used up; see `stack`.
    pub stack_floor: Cell<usize>,
    /// Objects whose deallocation waits, so that nested ones do not exhaust the stack.
    pub trash_delete_nesting: Cell<i32>,
    pub trash_delete_later: Pointer<PyObject>,
    /// Non-zero where the evaluator must look up from its work: a signal, a trace function.
    pub eval_breaker: Cell<bool>,
    /// The trace function, or null. Owned.
    pub c_traceobj: Pointer<PyObject>,
    /// The profile function, or null. Owned.
    pub c_profileobj: Pointer<PyObject>,
    /// How many trace or profile functions are running.
    pub tracing: Cell<i32>,
    /// The event that the innermost of them was told of.
    pub tracing_what: Cell<i32>,
    /// Whether somebody watches and is not at it.
    pub use_tracing: Cell<bool>,
}

impl ThreadState {
    const fn new() -> ThreadState {
        ThreadState {
            curexc_type: Cell::new(std::ptr::null_mut()),
            curexc_value: Cell::new(std::ptr::null_mut()),
            curexc_traceback: Cell::new(std::ptr::null_mut()),
            exc_info: Cell::new(std::ptr::null()),
            exc_state: _PyErr_StackItem {
                exc_value: Cell::new(std::ptr::null_mut()),
                previous_item: Cell::new(std::ptr::null_mut()),
            },
            current_frame: Cell::new(std::ptr::null_mut()),
            recursion_remaining: Cell::new(1000),
            recursion_limit: Cell::new(1000),
            recursion_headroom: Cell::new(0),
            stack_floor: Cell::new(usize::MAX),
            trash_delete_nesting: Cell::new(0),
            trash_delete_later: Cell::new(std::ptr::null_mut()),
            eval_breaker: Cell::new(false),
            c_traceobj: Cell::new(std::ptr::null_mut()),
            c_profileobj: Cell::new(std::ptr::null_mut()),
            tracing: Cell::new(0),
            tracing_what: Cell::new(0),
            use_tracing: Cell::new(false),
        }
    }

    /// The innermost entry of the stack of handled exceptions.
    #[inline(always)]
    pub fn exc_info(&self) -> &_PyErr_StackItem {
        let item = self.exc_info.get();
        if item.is_null() {
            return &self.exc_state;
        }
        // SAFETY: entries are unlinked before they die.
        unsafe { &*item }
    }
}

thread_local! {
    static STATE: ThreadState = const { ThreadState::new() };
}

/// The thread state of this thread.
#[inline(always)]
pub fn tstate() -> &'static ThreadState {
    // SAFETY: the state lives as long as the thread, and never leaves it.
    STATE.with(|state| unsafe { &*(state as *const ThreadState) })
}

/// A static cell touched only under the interpreter lock.
pub struct Global<T>(pub T);

// SAFETY: there is one interpreter a process, and it runs under its lock.
unsafe impl<T> Sync for Global<T> {}

impl<T> std::ops::Deref for Global<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
