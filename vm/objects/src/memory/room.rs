//! Room for what a program decides the size of: every way here raises `MemoryError` where there is none.
//!
//! CPython checks each allocation (`PyErr_NoMemory`). Rust's collections end the process instead, so a
//! collection that grows with a program's data is made and filled by these functions. What is
//! bounded (a name, a message, a row of arguments) may use the plain ones: [`super::spare`] carries it.

use crate::errors::{self, PyResult};

/// Makes room for more items of a result whose size the program picks, or raises `MemoryError`.
#[inline]
pub fn reserve<T>(items: &mut Vec<T>, count: usize) -> PyResult<()> {
    items.try_reserve(count).map_err(|_| errors::no_memory())
}

/// An empty vector with room for exactly so many items.
#[inline]
pub fn with_capacity<T>(count: usize) -> PyResult<Vec<T>> {
    let mut items = Vec::new();
    match items.try_reserve_exact(count) {
        Ok(()) => Ok(items),
        Err(_) => Err(errors::no_memory()),
    }
}

/// So many copies of an item. Zeroes cost nothing until they are touched.
pub fn filled<T: Clone>(item: T, count: usize) -> PyResult<Vec<T>> {
    let mut items = with_capacity(count)?;
    items.resize(count, item);
    Ok(items)
}

/// A block of zero bytes; it costs nothing until it is touched.
pub fn zeroed(count: usize) -> PyResult<Vec<u8>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let Ok(layout) = std::alloc::Layout::array::<u8>(count) else {
        return Err(errors::no_memory());
    };
    // SAFETY: the layout has a size; the block is the vector's own, of that layout, and initialised.
    unsafe {
        let block = std::alloc::alloc_zeroed(layout);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        Ok(Vec::from_raw_parts(block, count, count))
    }
}

/// A copy of a slice.
#[inline]
pub fn copied<T: Clone>(items: &[T]) -> PyResult<Vec<T>> {
    let mut made = with_capacity(items.len())?;
    made.extend_from_slice(items);
    Ok(made)
}

/// Adds an item.
#[inline]
pub fn push<T>(items: &mut Vec<T>, item: T) -> PyResult<()> {
    if items.len() == items.capacity() {
        reserve(items, 1)?;
    }
    items.push(item);
    Ok(())
}

/// Adds copies of the items of a slice.
#[inline]
pub fn extend<T: Clone>(items: &mut Vec<T>, added: &[T]) -> PyResult<()> {
    reserve(items, added.len())?;
    items.extend_from_slice(added);
    Ok(())
}

/// What an iterator gives.
pub fn collected<T>(from: impl Iterator<Item = T>) -> PyResult<Vec<T>> {
    let mut items = with_capacity(from.size_hint().0)?;
    for item in from {
        push(&mut items, item)?;
    }
    Ok(items)
}

/// Several slices behind one another.
pub fn joined<T: Clone>(pieces: &[&[T]]) -> PyResult<Vec<T>> {
    let total = pieces
        .iter()
        .try_fold(0usize, |total, piece| total.checked_add(piece.len()));
    let mut items = with_capacity(total.unwrap_or(usize::MAX))?;
    for piece in pieces {
        items.extend_from_slice(piece);
    }
    Ok(items)
}

/// A slice so many times.
pub fn repeated<T: Copy>(items: &[T], count: usize) -> PyResult<Vec<T>> {
    let Some(total) = items.len().checked_mul(count) else {
        return Err(errors::no_memory());
    };
    let mut made = with_capacity(total)?;
    for _ in 0..count {
        made.extend_from_slice(items);
    }
    Ok(made)
}

/// Raises `MemoryError` where there is no memory for a block that is about to be made.
pub fn probe(size: usize) -> PyResult<()> {
    const SMALL: usize = 1 << 16;
    if size < SMALL {
        return Ok(());
    }
    reserve(&mut Vec::<u8>::new(), size)
}
