//! Raw memory to memory image: one decoder for both heaps.
