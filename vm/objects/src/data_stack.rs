//! The data stack of a thread (`datastack_chunk` of `PyThreadState`): chunks of words, where the frames of
//! Python calls lie one behind the other.
//!
//! Invariant: what is pushed last is popped first, so that a frame at the base of a chunk is the last one there.

use crate::state::ThreadState;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::null_mut;
use twinheap_abi::PyObject;

type Words = *mut *mut PyObject;

const CHUNK_WORDS: usize = 16 * 1024 / 8;
const HEAD_WORDS: usize = size_of::<StackChunk>() / 8;

/// `_PyStackChunk`: the head of a chunk; its words lie behind.
#[repr(C)]
struct StackChunk {
    previous: *mut StackChunk,
    /// Words, with the head.
    size: usize,
    /// Where the stack stood when the next chunk was begun.
    top: Words,
}

fn layout(words: usize) -> Layout {
    Layout::array::<*mut PyObject>(words).expect("a chunk has a size")
}

/// Room for some words, uninitialised.
#[inline(always)]
pub fn push(state: &ThreadState, words: usize) -> Words {
    let room = push_quickly(state, words);
    if room.is_null() {
        return push_chunk(state, words);
    }
    room
}

/// Room in the chunk in use, or null.
#[inline(always)]
pub fn push_quickly(state: &ThreadState, words: usize) -> Words {
    let top = state.datastack_top.get();
    let next = top.wrapping_add(words);
    if top.is_null() || next as usize >= state.datastack_limit.get() as usize {
        return null_mut();
    }
    state.datastack_top.set(next);
    top
}

/// `push_chunk`: begins another chunk. The first word of the first one is not used, so that the bottommost
/// frame does not lie at its base and the chunk stays.
#[inline(never)]
fn push_chunk(state: &ThreadState, words: usize) -> Words {
    let size = CHUNK_WORDS.max(HEAD_WORDS + 2 + words);
    let previous: *mut StackChunk = state.datastack_chunk.get().cast();
    // SAFETY: the layout has a size; the head lies inside the block, and so do the words.
    unsafe {
        let chunk: *mut StackChunk = alloc(layout(size)).cast();
        if chunk.is_null() {
            handle_alloc_error(layout(size));
        }
        if let Some(previous) = previous.as_mut() {
            previous.top = state.datastack_top.get();
        }
        chunk.write(StackChunk {
            previous,
            size,
            top: null_mut(),
        });
        let first: Words = chunk.add(1).cast();
        let base = first.add(usize::from(previous.is_null()));
        state.datastack_chunk.set(chunk.cast());
        state
            .datastack_limit
            .set(chunk.cast::<*mut PyObject>().add(size));
        state.datastack_top.set(base.add(words));
        base
    }
}

/// Gives the words back that were pushed last.
#[inline(always)]
pub fn pop(state: &ThreadState, base: Words) {
    let chunk: *mut StackChunk = state.datastack_chunk.get().cast();
    if std::ptr::eq(base, chunk.wrapping_add(1).cast()) {
        pop_chunk(state);
        return;
    }
    state.datastack_top.set(base);
}

/// Goes back to the chunk before the one in use, if there is one.
#[inline(never)]
fn pop_chunk(state: &ThreadState) {
    let chunk: *mut StackChunk = state.datastack_chunk.get().cast();
    // SAFETY: chunks are blocks of the layout that their heads tell, and nothing lies in the last one any more.
    unsafe {
        let StackChunk { previous, size, .. } = chunk.read();
        dealloc(chunk.cast(), layout(size));
        state.datastack_chunk.set(previous.cast());
        let (top, limit) = match previous.as_ref() {
            Some(head) => (head.top, previous.cast::<*mut PyObject>().add(head.size)),
            None => (null_mut(), null_mut()),
        };
        state.datastack_top.set(top);
        state.datastack_limit.set(limit);
    }
}

/// Frees the data stack of a thread that has ended: no frame lies there.
pub(crate) fn free(state: &ThreadState) {
    while !state.datastack_chunk.get().is_null() {
        pop_chunk(state);
    }
}
