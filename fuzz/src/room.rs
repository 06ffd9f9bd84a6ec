//! Memory for our own side when a program has used up its own: a program gets an exception, the comparison goes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;

use twinheap_subject::system;

/// More memory than this is an exception on both sides, as in a worker.
const OF_PROGRAMS: u64 = 2 << 30;
/// What the process may use in all.
const OF_ALL: u64 = 6 << 30;

/// Both interpreters take their memory from the C library, where the limit of programs holds.
struct Roomy;

#[global_allocator]
static ROOMY: Roomy = Roomy;

// SAFETY: all of it is the system's allocator, asked again where it had too little room.
unsafe impl GlobalAlloc for Roomy {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the system's.
        let made = unsafe { System.alloc(layout) };
        if !made.is_null() || lift().is_err() {
            return made;
        }
        // SAFETY: as before.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system's.
        unsafe { System.dealloc(pointer, layout) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the system's.
        let made = unsafe { System.alloc_zeroed(layout) };
        if !made.is_null() || lift().is_err() {
            return made;
        }
        // SAFETY: as before.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are the system's.
        let made = unsafe { System.realloc(pointer, layout, size) };
        if !made.is_null() || lift().is_err() {
            return made;
        }
        // SAFETY: a call that failed has left the old memory as it was.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Gives a program its share.
pub fn limit() -> io::Result<()> {
    system::limit_resource(libc::RLIMIT_AS, OF_PROGRAMS)
}

/// Gives the process all that it may have.
pub fn lift() -> io::Result<()> {
    system::limit_resource(libc::RLIMIT_AS, OF_ALL)
}
