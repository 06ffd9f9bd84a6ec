//! The thread state: the error indicator, the handled exceptions, the frame that runs, the depth of
//! the recursion (`PyThreadState` of `cpython/pystate.h`).
//!
//! It lies in the thread's own storage, so that it is found without a look-up; all of them are linked in a
//! ring that starts at [`first`]. Everything but the eval breaker is read and written under the interpreter
//! lock (`gil.rs`), by other threads too where they walk the ring.

use crate::own::{Field, Own};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
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
    /// Whether the evaluator must look up from its work: for a signal, or as another thread wants the lock.
    pub eval_breaker: AtomicBool,
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
    /// The chunk of the data stack in use, its next free word and its end; see `vm/interp/src/frames.rs` of the interpreter.
    pub datastack_chunk: Pointer<u8>,
    pub datastack_top: Cell<*mut *mut PyObject>,
    pub datastack_limit: Cell<*mut *mut PyObject>,
    /// What the thread keeps by name (`PyThreadState_GetDict`), or null. Owned.
    pub dict: Pointer<PyDictObject>,
    /// The context that is entered, or null. Owned.
    pub context: Pointer<PyObject>,
    /// The hooks of `sys.set_asyncgen_hooks`, or null. Owned.
    pub async_gen_firstiter: Pointer<PyObject>,
    pub async_gen_finalizer: Pointer<PyObject>,
    pub coroutine_origin_tracking_depth: Cell<i32>,
    /// The objects whose `repr` is under way (`Py_ReprEnter`).
    pub repr_active: Cell<Vec<*mut PyObject>>,
    /// Dead objects whose end waits until the stack has room for it; see `stack`.
    pub put_off: Cell<Vec<*mut PyObject>>,
    /// Called with the object as the thread's state ends (`on_delete`, `on_delete_data`).
    pub on_delete: Cell<Option<fn(Own)>>,
    pub on_delete_data: Pointer<PyObject>,
    /// The thread as `_thread` and the system know it.
    pub thread_id: Cell<usize>,
    pub native_thread_id: Cell<usize>,
    /// Whether the thread has the interpreter lock.
    pub has_lock: Cell<bool>,
    /// The neighbours in the ring of all states: the newer one, the older one.
    pub prev: Cell<*const ThreadState>,
    pub next: Cell<*const ThreadState>,
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
            eval_breaker: AtomicBool::new(false),
            c_traceobj: Cell::new(std::ptr::null_mut()),
            c_profileobj: Cell::new(std::ptr::null_mut()),
            tracing: Cell::new(0),
            tracing_what: Cell::new(0),
            use_tracing: Cell::new(false),
            datastack_chunk: Cell::new(null_mut()),
            datastack_top: Cell::new(null_mut()),
            datastack_limit: Cell::new(null_mut()),
            dict: Cell::new(null_mut()),
            context: Cell::new(null_mut()),
            async_gen_firstiter: Cell::new(null_mut()),
            async_gen_finalizer: Cell::new(null_mut()),
            coroutine_origin_tracking_depth: Cell::new(0),
            repr_active: Cell::new(Vec::new()),
            put_off: Cell::new(Vec::new()),
            on_delete: Cell::new(None),
            on_delete_data: Cell::new(null_mut()),
            thread_id: Cell::new(0),
            native_thread_id: Cell::new(0),
            has_lock: Cell::new(false),
            prev: Cell::new(std::ptr::null()),
            next: Cell::new(std::ptr::null()),
        }
    }

    /// Has the evaluator look up from its work; a signal handler may call it.
    #[inline]
    pub fn interrupt(&self) {
        self.eval_breaker.store(true, Ordering::Relaxed);
    }

    /// Whether the evaluator must look up from its work.
    #[inline(always)]
    pub fn is_interrupted(&self) -> bool {
        self.eval_breaker.load(Ordering::Relaxed)
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
    /// Without a destructor, so that it is there from the thread's first instruction to its last.
    static STATE: ManuallyDrop<ThreadState> = const { ManuallyDrop::new(ThreadState::new()) };
}

/// The thread state of this thread.
#[inline(always)]
pub fn tstate() -> &'static ThreadState {
    // SAFETY: the state lives as long as the thread; who keeps a reference in the ring takes it out before.
    STATE.with(|state| unsafe { &*std::ptr::from_ref::<ThreadState>(state) })
}

/// The newest state of the ring.
static FIRST: Global<Cell<*const ThreadState>> = Global(Cell::new(std::ptr::null()));
/// The state of the thread that runs signal handlers.
static MAIN: AtomicPtr<ThreadState> = AtomicPtr::new(null_mut());

/// The states of all threads, the newest first (`PyInterpreterState_ThreadHead`).
pub fn all() -> Vec<&'static ThreadState> {
    let mut found = Vec::new();
    let mut state = FIRST.get();
    // SAFETY: a state is taken out of the ring before its thread ends.
    while let Some(here) = unsafe { state.as_ref() } {
        found.push(here);
        state = here.next.get();
    }
    found
}

/// The state of the main thread; null before there is one. A signal handler may ask.
pub fn main() -> *const ThreadState {
    MAIN.load(Ordering::SeqCst)
}

/// Whether this is the main thread.
pub fn is_main() -> bool {
    std::ptr::eq(main(), tstate())
}

/// Makes this thread the main one: it runs the handlers of signals.
pub fn become_main() {
    let state: *const ThreadState = tstate();
    MAIN.store(state.cast_mut(), Ordering::SeqCst);
}

/// Links the state of this thread into the ring; the thread has the lock.
pub fn link() {
    let state = tstate();
    // SAFETY: both calls ask who this thread is.
    unsafe {
        state.thread_id.set(libc::pthread_self() as usize);
        state
            .native_thread_id
            .set(libc::syscall(libc::SYS_gettid) as usize);
    }
    // SAFETY: the states of the ring are alive.
    if let Some(first) = unsafe { FIRST.get().as_ref() } {
        first.prev.set(state);
        state.recursion_limit.set(first.recursion_limit.get());
        state.recursion_remaining.set(first.recursion_limit.get());
    }
    state.next.set(FIRST.get());
    state.prev.set(std::ptr::null());
    FIRST.set(state);
}

/// Takes a state out of the ring; this thread has the lock.
pub fn unlink(state: &ThreadState) {
    // SAFETY: the neighbours are alive.
    unsafe {
        match state.prev.get().as_ref() {
            Some(previous) => previous.next.set(state.next.get()),
            None => FIRST.set(state.next.get()),
        }
        if let Some(next) = state.next.get().as_ref() {
            next.prev.set(state.prev.get());
        }
    }
}

/// `PyThreadState_Clear`: releases what a state holds, which may run code. It stays in the ring.
pub fn clear(state: &ThreadState) {
    let release = |field: &Pointer<PyObject>| drop(field.take_own());
    if let Some(dict) = state.dict.take_own() {
        // Objects that the dict holds may ask for it as they die.
        drop(dict);
    }
    release(&state.curexc_type);
    release(&state.curexc_value);
    release(&state.curexc_traceback);
    release(&state.exc_state.exc_value);
    release(&state.c_profileobj);
    release(&state.c_traceobj);
    state.use_tracing.set(false);
    release(&state.async_gen_firstiter);
    release(&state.async_gen_finalizer);
    release(&state.context);
    if let (Some(act), Some(data)) = (state.on_delete.take(), state.on_delete_data.take_own()) {
        act(data);
    }
}

/// A static cell that belongs to the interpreter: touched only under its lock.
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
