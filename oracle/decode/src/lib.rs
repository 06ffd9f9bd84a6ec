//! Raw memory to memory image: one decoder for CPython's heap and the VM's, driven by `twinheap-abi`.
//!
//! The decoder runs inside the worker process, while the interpreter stands still. It starts at a
//! namespace, follows references through the structs of `twinheap-abi`, and writes canonical bytes in
//! which no address occurs. The digest of a heap is the digest of these bytes; a
//! [`MemoryImage`](twinheap_observation::MemoryImage) is the same bytes, parsed for a reader.
//!
//! Unsafe code: reading memory by address (`memory.rs`), asking a type's `tp_traverse` for edges (`native.rs`), and
//! planting a change for the measure of sensitivity (`change.rs`).

pub mod boundary;
mod callables;
mod change;
pub mod code;
mod containers;
pub mod encoding;
mod exceptions;
pub mod fields;
mod instances;
pub mod layouts;
mod memory;
mod native;
pub mod outcome;
pub mod positions;
mod quickened;
mod scalars;
mod surroundings;
pub mod text;
pub mod transitions;
mod types;
pub mod walk;
pub mod watch;

pub use boundary::Boundary;
pub use memory::Address;
pub use surroundings::Surroundings;
pub use walk::{Decoder, LeftBehind};
