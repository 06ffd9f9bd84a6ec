//! The debug heap (`PYTHONMALLOC=debug`, `_PyMem_DebugRawAlloc` and its kin of `Objects/obmalloc.c`).
//!
//! A block is laid out as CPython's is: eight bytes of size, highest first, the letter of the API, seven forbidden
//! bytes, the data, eight forbidden bytes. Fresh data are filled with one byte, dead blocks with another. Differs from
//! CPython's in two ways. Blocks come from the C library, so that the fast paths of pymalloc need no
//! check: they find no pool, and no block that is theirs. And a dead block waits in quarantine before its memory
//! is used again, so that a late write shows itself when it leaves, and a late read finds dead bytes.

use crate::state::Global;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt::Write;
use std::ptr::null_mut;

const FORBIDDEN: u8 = 0xfd;
const CLEAN: u8 = 0xcd;
const DEAD: u8 = 0xdd;
/// The letter of the object domain; CPython has others for raw memory and for buffers.
const API: u8 = b'o';
/// Bytes in front of the data, and behind them.
const FRONT: usize = 16;
const BEHIND: usize = 8;
/// How much the quarantine holds.
const QUARANTINE: usize = 64 << 20;

struct Heap {
    enabled: Cell<bool>,
    /// Dead blocks, oldest first, with their whole sizes.
    dead: RefCell<VecDeque<(usize, usize)>>,
    dead_bytes: Cell<usize>,
}

static HEAP: Global<Heap> = Global(Heap {
    enabled: Cell::new(false),
    dead: RefCell::new(VecDeque::new()),
    dead_bytes: Cell::new(0),
});

/// Turns the debug heap on; nothing has been allocated yet.
pub fn enable() {
    HEAP.enabled.set(true);
}

/// Whether the environment asks for the debug heap, as CPython reads it.
pub fn is_asked_for() -> bool {
    let value = std::env::var("PYTHONMALLOC").unwrap_or_default();
    matches!(value.as_str(), "debug" | "pymalloc_debug" | "malloc_debug")
}

/// Whether blocks are this heap's.
#[inline]
pub(super) fn is_enabled() -> bool {
    HEAP.enabled.get()
}

/// A fresh block; its data are filled with [`CLEAN`], or zero.
pub(super) fn allocate(size: usize, zero: bool) -> *mut u8 {
    if size > isize::MAX as usize - FRONT - BEHIND {
        return null_mut();
    }
    // SAFETY: the block has room for the data and what stands around them.
    unsafe {
        let block: *mut u8 = libc::malloc(FRONT + size + BEHIND).cast();
        if block.is_null() {
            return null_mut();
        }
        block.cast::<[u8; 8]>().write((size as u64).to_be_bytes());
        block.add(8).write(API);
        block.add(9).write_bytes(FORBIDDEN, FRONT - 9);
        let data = block.add(FRONT);
        data.write_bytes(if zero { 0 } else { CLEAN }, size);
        data.add(size).write_bytes(FORBIDDEN, BEHIND);
        data
    }
}

/// Checks a block, and puts it in quarantine.
///
/// # Safety
/// `data` came from [`allocate`] and is not used again.
pub(super) unsafe fn free(data: *mut u8) {
    // SAFETY: by contract; a block that does not pass the check ends the process.
    let size = unsafe { check("_PyMem_DebugRawFree", data) };
    let whole = FRONT + size + BEHIND;
    // SAFETY: the whole block is ours.
    unsafe { data.sub(FRONT).write_bytes(DEAD, whole) };
    let mut dead = HEAP.dead.borrow_mut();
    dead.push_back((data.addr() - FRONT, whole));
    HEAP.dead_bytes.set(HEAP.dead_bytes.get() + whole);
    while HEAP.dead_bytes.get() > QUARANTINE
        && let Some((address, whole)) = dead.pop_front()
    {
        HEAP.dead_bytes.set(HEAP.dead_bytes.get() - whole);
        let block = address as *mut u8;
        // SAFETY: a block in quarantine is still allocated, and nobody else's.
        unsafe {
            let bytes = std::slice::from_raw_parts(block, whole);
            if let Some(at) = bytes.iter().position(|&byte| byte != DEAD) {
                written_late(block.add(FRONT), at as isize - FRONT as isize, bytes);
            }
            libc::free(block.cast());
        }
    }
}

/// Always moves the block.
///
/// # Safety
/// As for [`free`]; on success the old address is not used again.
pub(super) unsafe fn reallocate(data: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: by contract.
    let old_size = unsafe { check("_PyMem_DebugRawRealloc", data) };
    let moved = allocate(size, false);
    if !moved.is_null() {
        // SAFETY: both blocks have so many bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(data, moved, old_size.min(size));
            free(data);
        }
    }
    moved
}

/// `_PyMem_DebugCheckAddress`: the size of a sound block.
unsafe fn check(function: &str, data: *mut u8) -> usize {
    // SAFETY: the caller's block has what stands around its data; the size tells where it ends, once what
    // stands beside it is known to be sound.
    unsafe {
        let front = std::slice::from_raw_parts(data.sub(FRONT), FRONT);
        if front[8] != API {
            dump(data);
            let found = char::from(front[8]);
            fatal(
                function,
                &format!(
                    "bad ID: Allocated using API '{}', verified using API '{}'",
                    found.escape_default(),
                    char::from(API)
                ),
            );
        }
        if front[9..].iter().any(|&byte| byte != FORBIDDEN) {
            dump(data);
            fatal(function, "bad leading pad byte");
        }
        let size = size_of(data);
        let behind = std::slice::from_raw_parts(data.add(size), BEHIND);
        if behind.iter().any(|&byte| byte != FORBIDDEN) {
            dump(data);
            fatal(function, "bad trailing pad byte");
        }
        size
    }
}

unsafe fn size_of(data: *mut u8) -> usize {
    // SAFETY: by the caller's contract.
    u64::from_be_bytes(unsafe { data.sub(FRONT).cast::<[u8; 8]>().read() }) as usize
}

/// `_PyObject_DebugDumpAddress`: what can be told of a block that is not sound.
unsafe fn dump(data: *mut u8) {
    let mut out = String::new();
    // SAFETY: by the caller's contract; what stands behind is read only where what stands in front is sound.
    unsafe {
        let front = std::slice::from_raw_parts(data.sub(FRONT), FRONT);
        let size = size_of(data);
        let api = char::from(front[8]).escape_default();
        let _ = writeln!(out, "Debug memory block at address p={data:p}: API '{api}'");
        let _ = writeln!(out, "    {size} bytes originally requested");
        pads(&mut out, 7, "p-7", &front[9..]);
        if front[9..].iter().all(|&byte| byte == FORBIDDEN) {
            let tail = data.add(size);
            let behind = std::slice::from_raw_parts(tail, BEHIND);
            pads(&mut out, BEHIND, &format!("tail={tail:p}"), behind);
            let shown = std::slice::from_raw_parts(data, size.min(16));
            if size > 0 {
                let bytes: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
                let _ = writeln!(out, "    Data at p: {}", bytes.join(" "));
            }
        }
    }
    eprint!("{out}");
}

fn pads(out: &mut String, count: usize, place: &str, bytes: &[u8]) {
    let at = place.split('=').next().unwrap_or(place);
    let _ = write!(out, "    The {count} pad bytes at {place} are ");
    if bytes.iter().all(|&byte| byte == FORBIDDEN) {
        let _ = writeln!(out, "FORBIDDENBYTE, as expected.");
        return;
    }
    let _ = writeln!(out, "not all FORBIDDENBYTE (0x{FORBIDDEN:02x}):");
    for (index, byte) in bytes.iter().enumerate() {
        let ouch = if *byte == FORBIDDEN { "" } else { " *** OUCH" };
        let _ = writeln!(out, "        at {at}+{index}: 0x{byte:02x}{ouch}");
    }
}

/// A block in quarantine has been written to.
fn written_late(data: *mut u8, at: isize, bytes: &[u8]) -> ! {
    let found: Vec<String> = bytes[(at + FRONT as isize) as usize..]
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let size = bytes.len() - FRONT - BEHIND;
    eprintln!("Debug memory block at address p={data:p}: freed, {size} bytes originally requested");
    eprintln!("    Data at p{at:+}: {}", found.join(" "));
    fatal(
        "_PyMem_DebugRawFree",
        "a block was written to after it was freed",
    )
}

fn fatal(function: &str, message: &str) -> ! {
    eprintln!("\nFatal Python error: {function}: {message}");
    std::process::abort()
}
