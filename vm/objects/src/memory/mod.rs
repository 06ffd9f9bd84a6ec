//! Memory: the small-block allocator, object allocation, the cycle collector's lists, and room for
//! what a program decides the size of.

pub mod collect;
pub mod debug;
pub mod gc;
pub mod pymalloc;
mod room;
pub mod spare;

pub use gc::*;
pub use pymalloc::{calloc, free, malloc, quick_free, quick_malloc, realloc};
pub use room::{
    collected, copied, extend, filled, joined, probe, push, repeated, reserve, with_capacity,
    zeroed,
};
