//! Memory: the small-block allocator, object allocation, the cycle collector's lists.

pub mod collect;
pub mod gc;
pub mod pymalloc;

pub use gc::*;
pub use pymalloc::{calloc, free, malloc, realloc};
