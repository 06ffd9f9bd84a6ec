//! Memory: the small-block allocator, object allocation, the cycle collector's lists.

pub mod collect;
pub mod gc;
pub mod pymalloc;

pub use gc::*;
pub use pymalloc::{calloc, free, malloc, quick_free, quick_malloc, realloc};

use crate::errors::{self, PyResult};

/// Makes room for more items of a result whose size the program picks, or raises `MemoryError`.
pub fn reserve<T>(items: &mut Vec<T>, count: usize) -> PyResult<()> {
    items.try_reserve(count).map_err(|_| errors::no_memory())
}

/// Raises `MemoryError` where there is no memory for a block that is about to be made.
pub fn probe(size: usize) -> PyResult<()> {
    const SMALL: usize = 1 << 16;
    if size < SMALL {
        return Ok(());
    }
    reserve(&mut Vec::<u8>::new(), size)
}
