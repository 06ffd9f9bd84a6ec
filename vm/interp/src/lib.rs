//! Frames, the eval loop, calls, generators, import, tracebacks, sys and builtins.

#![allow(clippy::missing_safety_doc, reason = "destructors share one contract, told in NOTES.md of objects")]
#![allow(
    dangerous_implicit_autorefs,
    reason = "a raw pointer to an object is read through the header it begins with; fields are cells"
)]
#![allow(non_upper_case_globals, reason = "types bear CPython's own names")]

pub mod binding;
pub mod eval;
pub mod frames;
pub mod generator;
pub mod interrupt;
