//! The small-block allocator (`Objects/obmalloc.c`): arenas of 1 MiB, pools of 16 KiB, size classes
//! of 16 bytes up to 512; larger requests go to the C library.
//!
//! Differs from CPython's in that arenas are aligned to their size, so that "is this address ours"
//! is one bit of a map instead of a radix tree. The order in which blocks are handed out and reused
//! is CPython's: last freed first, else the next block of the pool never used.

use super::{debug, spare};
use crate::state::Global;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU8, Ordering};

const ALIGNMENT_SHIFT: usize = 4;
const SMALL_REQUEST_THRESHOLD: usize = 512;
const CLASSES: usize = SMALL_REQUEST_THRESHOLD >> ALIGNMENT_SHIFT;
const ARENA_SIZE: usize = 1 << 20;
const POOL_SIZE: usize = 1 << 14;
const POOL_OVERHEAD: usize = size_of::<PoolHeader>();
const NO_CLASS: u32 = 0xffff;

/// The head of a pool (`struct pool_header`), 48 bytes.
#[repr(C)]
struct PoolHeader {
    /// Blocks in use.
    count: Cell<u32>,
    _pad: u32,
    freeblock: Cell<*mut u8>,
    nextpool: Cell<*mut PoolHeader>,
    prevpool: Cell<*mut PoolHeader>,
    arenaindex: Cell<u32>,
    szidx: Cell<u32>,
    nextoffset: Cell<u32>,
    maxnextoffset: Cell<u32>,
}

/// An arena (`struct arena_object`).
struct Arena {
    /// The next pool never used.
    pool_address: Cell<*mut u8>,
    nfreepools: Cell<u32>,
    freepools: Cell<*mut PoolHeader>,
}

struct Allocator {
    /// Per class, the pool that hands out blocks; partly used pools are linked behind it.
    usedpools: [Cell<*mut PoolHeader>; CLASSES],
    arenas: Cell<Vec<Arena>>,
    /// Index of the arena that hands out pools.
    current_arena: Cell<usize>,
}

static ALLOCATOR: Global<Allocator> = Global(Allocator {
    usedpools: [const { Cell::new(null_mut()) }; CLASSES],
    arenas: Cell::new(Vec::new()),
    current_arena: Cell::new(usize::MAX),
});

/// One bit a MiB of the 47-bit address space: which are arenas. Pages never touched cost nothing.
static ARENA_MAP: [AtomicU8; 1 << 24] = [const { AtomicU8::new(0) }; 1 << 24];

#[inline(always)]
fn is_ours(address: *mut u8) -> bool {
    let index = address as usize / ARENA_SIZE;
    ARENA_MAP[(index >> 3) & ((1 << 24) - 1)].load(Ordering::Relaxed) >> (index & 7) & 1 != 0
}

#[inline(always)]
fn pool_of(block: *mut u8) -> *mut PoolHeader {
    (block as usize & !(POOL_SIZE - 1)) as *mut PoolHeader
}

/// `PyObject_Malloc`: null where memory is exhausted.
#[inline]
pub fn malloc(size: usize) -> *mut u8 {
    if size.wrapping_sub(1) >= SMALL_REQUEST_THRESHOLD {
        if debug::is_enabled() {
            return debug::allocate(size, false);
        }
        // SAFETY: a size of 0 asks for one byte.
        return from_system(size, |size| unsafe { libc::malloc(size) });
    }
    let class = (size - 1) >> ALIGNMENT_SHIFT;
    let pool = ALLOCATOR.usedpools[class].get();
    if pool.is_null() {
        return malloc_from_new_pool(size);
    }
    // SAFETY: a pool in the table has a free block, and its header is valid.
    unsafe {
        let head = &*pool;
        head.count.set(head.count.get() + 1);
        let block = head.freeblock.get();
        let next = *block.cast::<*mut u8>();
        head.freeblock.set(next);
        if next.is_null() {
            extend_pool(head, class);
        }
        block
    }
}

/// A block, where that takes no more than the head of a free list; else null. Calls nothing.
#[inline(always)]
pub fn quick_malloc(size: usize) -> *mut u8 {
    let class = (size - 1) >> ALIGNMENT_SHIFT;
    let pool = ALLOCATOR.usedpools[class].get();
    // SAFETY: a pool in the table has a free block, and its header is valid.
    unsafe {
        let Some(head) = pool.as_ref() else {
            return null_mut();
        };
        let block = head.freeblock.get();
        let next = *block.cast::<*mut u8>();
        if next.is_null() {
            return null_mut();
        }
        head.count.set(head.count.get() + 1);
        head.freeblock.set(next);
        block
    }
}

/// Frees a block, where that takes no more than linking it; tells whether it did. Calls nothing.
///
/// # Safety
/// As for [`free`].
#[inline(always)]
pub unsafe fn quick_free(block: *mut u8) -> bool {
    if !is_ours(block) {
        return false;
    }
    // SAFETY: the block lies in a pool with a valid header.
    unsafe {
        let head = &*pool_of(block);
        let last = head.freeblock.get();
        let count = head.count.get() - 1;
        if last.is_null() || count == 0 {
            return false;
        }
        *block.cast::<*mut u8>() = last;
        head.freeblock.set(block);
        head.count.set(count);
        true
    }
}

/// Asks the C library, unless only the spare memory is left.
#[inline]
fn from_system(size: usize, ask: impl Fn(usize) -> *mut c_void) -> *mut u8 {
    if !spare::allows(size) {
        return null_mut();
    }
    let block = ask(size.max(1));
    if block.is_null() {
        spare::refused(size);
    }
    block.cast()
}

/// `PyObject_Calloc`: zeroed; a large block costs nothing until it is touched.
pub fn calloc(size: usize) -> *mut u8 {
    if size.wrapping_sub(1) >= SMALL_REQUEST_THRESHOLD {
        if debug::is_enabled() {
            return debug::allocate(size, true);
        }
        // SAFETY: a size of 0 asks for one byte.
        return from_system(size, |size| unsafe { libc::calloc(1, size) });
    }
    let block = malloc(size);
    if !block.is_null() {
        // SAFETY: the block has that size.
        unsafe { std::ptr::write_bytes(block, 0, size) };
    }
    block
}

/// The free list of a pool has run out: take a block never used, or unlink the full pool.
#[inline(never)]
unsafe fn extend_pool(head: &PoolHeader, class: usize) {
    let offset = head.nextoffset.get();
    if offset <= head.maxnextoffset.get() {
        // SAFETY: the block lies inside the pool.
        unsafe {
            let block = (head as *const PoolHeader as *mut u8).add(offset as usize);
            head.nextoffset
                .set(offset + ((class as u32 + 1) << ALIGNMENT_SHIFT));
            *block.cast::<*mut u8>() = null_mut();
            head.freeblock.set(block);
        }
        return;
    }
    unlink(head, class);
}

/// Takes a pool out of the list of its class.
fn unlink(head: &PoolHeader, class: usize) {
    let (next, previous) = (head.nextpool.get(), head.prevpool.get());
    // SAFETY: neighbours in the list are valid pools.
    unsafe {
        if let Some(next) = next.as_ref() {
            next.prevpool.set(previous);
        }
        match previous.as_ref() {
            Some(previous) => previous.nextpool.set(next),
            None => ALLOCATOR.usedpools[class].set(next),
        }
    }
    head.nextpool.set(null_mut());
    head.prevpool.set(null_mut());
}

fn with_arenas<R>(act: impl FnOnce(&mut Vec<Arena>) -> R) -> R {
    let mut arenas = ALLOCATOR.arenas.take();
    let result = act(&mut arenas);
    ALLOCATOR.arenas.set(arenas);
    result
}

#[inline(never)]
fn malloc_from_new_pool(size: usize) -> *mut u8 {
    if debug::is_enabled() {
        return debug::allocate(size, false);
    }
    let class = (size - 1) >> ALIGNMENT_SHIFT;
    let Some(pool) = take_pool() else {
        return null_mut();
    };
    // SAFETY: the pool's memory is ours; its header is initialised here.
    unsafe {
        let head = &*pool;
        head.nextpool.set(null_mut());
        head.prevpool.set(null_mut());
        ALLOCATOR.usedpools[class].set(pool);
        head.count.set(1);
        let size = (class + 1) << ALIGNMENT_SHIFT;
        let first = pool.cast::<u8>().add(POOL_OVERHEAD);
        if head.szidx.get() == class as u32 {
            // The pool was freed whole by the same class: its free list still stands.
            let block = head.freeblock.get();
            let next = *block.cast::<*mut u8>();
            head.freeblock.set(next);
            if next.is_null() {
                extend_pool(head, class);
            }
            return block;
        }
        head.szidx.set(class as u32);
        head.nextoffset.set((POOL_OVERHEAD + 2 * size) as u32);
        head.maxnextoffset.set((POOL_SIZE - size) as u32);
        let second = first.add(size);
        *second.cast::<*mut u8>() = null_mut();
        head.freeblock.set(second);
        first
    }
}

/// A pool from the arena with the fewest free ones, or from a new arena.
fn take_pool() -> Option<*mut PoolHeader> {
    with_arenas(|arenas| {
        let mut index = ALLOCATOR.current_arena.get();
        if index >= arenas.len() || arenas[index].nfreepools.get() == 0 {
            index = match fullest(arenas) {
                Some(index) => index,
                None => new_arena(arenas)?,
            };
            ALLOCATOR.current_arena.set(index);
        }
        let arena = &arenas[index];
        arena.nfreepools.set(arena.nfreepools.get() - 1);
        let pool = arena.freepools.get();
        // SAFETY: free pools are valid memory; fresh ones are zeroed by the system.
        unsafe {
            if !pool.is_null() {
                arena.freepools.set((*pool).nextpool.get());
                return Some(pool);
            }
            let pool = arena.pool_address.get();
            arena.pool_address.set(pool.add(POOL_SIZE));
            let pool = pool.cast::<PoolHeader>();
            (*pool).arenaindex.set(index as u32);
            (*pool).szidx.set(NO_CLASS);
            Some(pool)
        }
    })
}

fn fullest(arenas: &[Arena]) -> Option<usize> {
    (0..arenas.len())
        .filter(|&index| arenas[index].nfreepools.get() > 0)
        .min_by_key(|&index| arenas[index].nfreepools.get())
}

fn new_arena(arenas: &mut Vec<Arena>) -> Option<usize> {
    if !spare::allows(ARENA_SIZE) {
        return None;
    }
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a fresh anonymous mapping; the unaligned ends are given back.
    let base = unsafe {
        let mapped = libc::mmap(null_mut(), 2 * ARENA_SIZE, protection, flags, -1, 0);
        if mapped == libc::MAP_FAILED {
            spare::refused(ARENA_SIZE);
            return None;
        }
        let start = mapped as usize;
        let base = (start + ARENA_SIZE - 1) & !(ARENA_SIZE - 1);
        if base > start {
            libc::munmap(mapped, base - start);
        }
        let end = base + ARENA_SIZE;
        if start + 2 * ARENA_SIZE > end {
            libc::munmap(end as *mut c_void, start + 2 * ARENA_SIZE - end);
        }
        base
    };
    let index = base / ARENA_SIZE;
    ARENA_MAP[index >> 3].fetch_or(1 << (index & 7), Ordering::Relaxed);
    arenas.push(Arena {
        pool_address: Cell::new(base as *mut u8),
        nfreepools: Cell::new((ARENA_SIZE / POOL_SIZE) as u32),
        freepools: Cell::new(null_mut()),
    });
    Some(arenas.len() - 1)
}

/// `PyObject_Free`.
///
/// # Safety
/// `block` is null or came from [`malloc`] or [`realloc`] and is not used again.
#[inline]
pub unsafe fn free(block: *mut u8) {
    if !is_ours(block) {
        // SAFETY: not from an arena, hence from the C library (or null).
        unsafe { free_to_system(block) };
        return;
    }
    // SAFETY: the block lies in a pool with a valid header.
    unsafe {
        let head = &*pool_of(block);
        let last = head.freeblock.get();
        *block.cast::<*mut u8>() = last;
        head.freeblock.set(block);
        let count = head.count.get() - 1;
        head.count.set(count);
        if last.is_null() || count == 0 {
            free_slowly(head, last.is_null(), count);
        }
    }
}

/// # Safety
/// The block is null or did not come from an arena, and is not used again.
#[inline(never)]
unsafe fn free_to_system(block: *mut u8) {
    // SAFETY: by contract.
    unsafe {
        if !debug::is_enabled() {
            libc::free(block.cast());
        } else if !block.is_null() {
            debug::free(block);
        }
    }
}

#[inline(never)]
fn free_slowly(head: &PoolHeader, was_full: bool, count: u32) {
    let class = head.szidx.get() as usize;
    let pool = head as *const PoolHeader as *mut PoolHeader;
    if was_full {
        // The pool was full and unlinked; it goes to the end of the list of its class.
        let mut last = ALLOCATOR.usedpools[class].get();
        head.nextpool.set(null_mut());
        head.prevpool.set(null_mut());
        if last.is_null() {
            ALLOCATOR.usedpools[class].set(pool);
        } else {
            // SAFETY: pools of the list are valid.
            unsafe {
                let first = &*last;
                if !first.nextpool.get().is_null() && first.nextpool.get() != last {
                    // Insert right behind the first: cheap, and the first stays the one in use.
                    let second = &*first.nextpool.get();
                    second.prevpool.set(pool);
                    head.nextpool.set(first.nextpool.get());
                    last = first as *const PoolHeader as *mut PoolHeader;
                }
                (*last).nextpool.set(pool);
                head.prevpool.set(last);
            }
        }
    }
    if count == 0 {
        unlink(head, class);
        with_arenas(|arenas| {
            let arena = &arenas[head.arenaindex.get() as usize];
            head.nextpool.set(arena.freepools.get());
            arena.freepools.set(pool);
            arena.nfreepools.set(arena.nfreepools.get() + 1);
        });
    }
}

/// `PyObject_Realloc`: null where memory is exhausted, the old block then still stands.
///
/// # Safety
/// As for [`free`]; on success the old address is not used again.
pub unsafe fn realloc(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        return malloc(size);
    }
    if !is_ours(block) {
        // SAFETY: from the C library, or from the debug heap.
        return unsafe {
            match debug::is_enabled() {
                true => debug::reallocate(block, size),
                false => from_system(size, |size| libc::realloc(block.cast(), size)),
            }
        };
    }
    // SAFETY: the block lies in a pool with a valid header.
    unsafe {
        let old_size = ((*pool_of(block)).szidx.get() as usize + 1) << ALIGNMENT_SHIFT;
        if size <= old_size && 4 * size > 3 * old_size {
            return block;
        }
        let new = malloc(size);
        if !new.is_null() {
            std::ptr::copy_nonoverlapping(block, new, old_size.min(size));
            free(block);
        }
        new
    }
}
