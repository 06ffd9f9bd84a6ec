//! How much of the thread's own stack is left.
//!
//! CPython 3.11 counts calls only, and dies where a program raises the limit beyond what the stack
//! holds. Here the address of the stack counts too: native recursion ends in `RecursionError` before
//! the stack does, however small the thread's is.

use crate::errors::{self, PyResult, Raised};
use crate::exceptions::PyExc_RecursionError;
use crate::state::{self, Global, ThreadState, tstate};
use std::cell::Cell;
use std::mem::MaybeUninit;
use twinheap_abi::PyObject;

/// What must be left so that an exception can be raised and handled.
const RESERVE: usize = 512 << 10;

/// Whether the stack of this thread is nearly used up.
#[inline(always)]
pub fn is_low(state: &ThreadState) -> bool {
    position() < state.stack_floor.get() && is_really_low(state)
}

/// Raises `RecursionError` where native recursion, which nobody counts, has nearly used up the stack.
#[inline(always)]
pub fn check() -> PyResult<()> {
    if is_low(tstate()) {
        return Err(too_deep());
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn too_deep() -> Raised {
    errors::raise(&PyExc_RecursionError, "maximum recursion depth exceeded")
}

/// Whether any thread has put off the end of an object.
static ANY_WAITING: Global<Cell<bool>> = Global(Cell::new(false));

/// Puts off the end of a dead object.
#[cold]
#[inline(never)]
pub(crate) fn put_off(object: *mut PyObject) {
    let put_off = &tstate().put_off;
    let mut waiting = put_off.take();
    waiting.push(object);
    put_off.set(waiting);
    ANY_WAITING.set(true);
}

/// A dead object whose end was put off, now that the stack has room again.
#[inline(always)]
pub(crate) fn next_put_off() -> Option<*mut PyObject> {
    if ANY_WAITING.get() {
        take_put_off()
    } else {
        None
    }
}

#[cold]
#[inline(never)]
fn take_put_off() -> Option<*mut PyObject> {
    let state = tstate();
    if left(state) < RESERVE / 2 {
        return None;
    }
    let mut waiting = state.put_off.take();
    let object = waiting.pop();
    let is_empty = waiting.is_empty();
    state.put_off.set(waiting);
    if is_empty {
        ANY_WAITING.set(any_put_off());
    }
    object
}

/// Whether a thread has objects whose end was put off.
fn any_put_off() -> bool {
    state::all().into_iter().any(|state| {
        let waiting = state.put_off.take();
        let any = !waiting.is_empty();
        state.put_off.set(waiting);
        any
    })
}

/// How many bytes native recursion may still use.
pub fn left(state: &ThreadState) -> usize {
    measure_once(state);
    position().saturating_sub(state.stack_floor.get())
}

/// Roughly where the stack stands.
///
/// The register is read, where its name is known: a local whose address is taken would keep whoever
/// this is inlined into from ending in a jump, which the handlers of the eval loop must.
#[inline(always)]
fn position() -> usize {
    let position: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: only reads a register.
    unsafe {
        std::arch::asm!("mov {}, rsp", out(reg) position, options(nomem, nostack, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: only reads a register.
    unsafe {
        std::arch::asm!("mov {}, sp", out(reg) position, options(nomem, nostack, preserves_flags));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let here = 0u8;
        position = (&raw const here).addr();
    }
    position
}

#[cold]
#[inline(never)]
fn is_really_low(state: &ThreadState) -> bool {
    measure_once(state);
    position() < state.stack_floor.get()
}

/// Finds out where the stack of this thread ends; the stack grows downwards.
fn measure_once(state: &ThreadState) {
    if state.stack_floor.get() != usize::MAX {
        return;
    }
    let (lowest, size) = bounds().unwrap_or((0, 0));
    state.stack_floor.set(lowest + RESERVE.min(size / 4));
}

/// The lowest address of this thread's stack, and its size.
fn bounds() -> Option<(usize, usize)> {
    let mut attributes = MaybeUninit::uninit();
    let (mut lowest, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are initialised by the first call, read by the second, freed by the third.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let status = libc::pthread_attr_getstack(attributes.as_ptr(), &mut lowest, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (status == 0).then_some((lowest.addr(), size))
    }
}

/// How many bytes of address space this process may use, if that is limited.
pub fn address_space() -> Option<usize> {
    let mut limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the limit is filled in.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
    (status == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as usize)
}
