//! The spare memory: small blocks that Rust code cannot do without are there even when the system has no more.
//!
//! CPython has no counterpart: it checks every allocation. Here the bounded ones of Rust's own
//! collections (a message, a row of arguments, the frames of a compiler) are not checked. So that
//! none of them ends the process, a block is kept aside; when the system refuses a small request
//! the block is given back to it and the request made again. From then on memory counts as short:
//! objects and large blocks are refused, hence the program gets its `MemoryError`, until the block can be kept
//! aside again.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicPtr, Ordering};

use crate::gil;

/// The size of the block kept aside.
const SPARE: usize = 24 << 20;
/// Larger requests are never worth the spare block.
const LARGEST: usize = 4 << 20;

static BLOCK: AtomicPtr<u8> = AtomicPtr::new(null_mut());
static SHORT: AtomicBool = AtomicBool::new(false);

/// The system's allocator with the spare block behind it.
pub struct SpareAllocator;

// The fuzz targets have an allocator of their own, which lifts the limit where the harness itself needs room.
#[cfg(not(fuzzing))]
#[global_allocator]
static GLOBAL: SpareAllocator = SpareAllocator;

/// Keeps the block aside, if it is not there. It is address space only; its pages are never touched.
pub fn keep_aside() -> bool {
    if !BLOCK.load(Ordering::Relaxed).is_null() {
        return true;
    }
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh anonymous mapping.
    let block = unsafe { libc::mmap(null_mut(), SPARE, libc::PROT_NONE, flags, -1, 0) };
    if block == libc::MAP_FAILED {
        return false;
    }
    let before = BLOCK.swap(block.cast(), Ordering::Relaxed);
    SHORT.store(false, Ordering::Relaxed);
    if !before.is_null() {
        unmap(before);
    }
    true
}

fn unmap(block: *mut u8) {
    // SAFETY: a mapping of that size, which nobody else has.
    unsafe { libc::munmap(block.cast(), SPARE) };
}

/// What objects may still take of the spare block, so that an exception can be made and told.
const FOR_OBJECTS: isize = 2 << 20;
static BUDGET: AtomicIsize = AtomicIsize::new(0);
/// Whether a `MemoryError` is due, as Rust code has taken what the system did not have.
static DUE: AtomicBool = AtomicBool::new(false);

/// Whether an object or a block of this size may be asked for: always, unless memory is short.
#[inline(always)]
pub fn allows(size: usize) -> bool {
    !SHORT.load(Ordering::Relaxed) || allows_while_short(size)
}

#[cold]
#[inline(never)]
fn allows_while_short(size: usize) -> bool {
    if keep_aside() {
        return true;
    }
    let size = isize::try_from(size).unwrap_or(isize::MAX);
    if BUDGET.load(Ordering::Relaxed) < size {
        return false;
    }
    BUDGET.fetch_sub(size, Ordering::Relaxed);
    true
}

/// The system has refused a block for an object: it raises `MemoryError`, with the spare block behind it.
#[cold]
#[inline(never)]
pub fn refused(size: usize) {
    give_up(size);
}

/// Whether a `MemoryError` is due; it is taken.
pub fn take_due() -> bool {
    DUE.swap(false, Ordering::Relaxed)
}

/// Gives the spare block to the system, for a request that comes again now.
fn give_up(size: usize) -> bool {
    if size > LARGEST {
        return false;
    }
    let block = BLOCK.swap(null_mut(), Ordering::Relaxed);
    if block.is_null() {
        return false;
    }
    BUDGET.store(FOR_OBJECTS, Ordering::Relaxed);
    SHORT.store(true, Ordering::Relaxed);
    unmap(block);
    true
}

/// Gives the spare block up for Rust code; the program is told when it next looks up from its work.
#[cold]
#[inline(never)]
fn rescue(size: usize) -> bool {
    let given = give_up(size);
    if given {
        DUE.store(true, Ordering::Relaxed);
        gil::interrupt_holder();
    }
    given
}

// SAFETY: every request goes to the system's allocator as it is.
unsafe impl GlobalAlloc for SpareAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's contract.
        unsafe {
            let block = System.alloc(layout);
            if block.is_null() && rescue(layout.size()) {
                return System.alloc(layout);
            }
            block
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's contract.
        unsafe {
            let block = System.alloc_zeroed(layout);
            if block.is_null() && rescue(layout.size()) {
                return System.alloc_zeroed(layout);
            }
            block
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the caller's contract; a failed request leaves the block as it was.
        unsafe {
            let moved = System.realloc(block, layout, size);
            if moved.is_null() && rescue(size) {
                return System.realloc(block, layout, size);
            }
            moved
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: by the caller's contract.
        unsafe { System.dealloc(block, layout) }
    }
}
