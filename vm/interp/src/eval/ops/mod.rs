//! The quick forms of the opcodes, in files by family: leaves that handle the common case and name
//! the general form for the rest. `table.rs` says which opcode is which.

pub(super) mod attributes;
pub(super) mod calls;
pub(super) mod frames;
pub(super) mod globals;
pub(super) mod jumps;
pub(super) mod loops;
pub(super) mod methods;
pub(super) mod numbers;
pub(super) mod precalls;
pub(super) mod sequences;
pub(super) mod stack;
pub(super) mod subscripts;
