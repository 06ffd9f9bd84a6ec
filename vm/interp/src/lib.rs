//! Frames, the eval loop, calls, generators, import, tracebacks, sys and builtins.
//!
//! Unsafe code: frames and their stacks are raw memory in CPython's layout, and the eval loop reads its operands from there.

#![allow(
    clippy::missing_safety_doc,
    reason = "destructors share one contract, told in NOTES.md of objects"
)]
#![allow(
    dangerous_implicit_autorefs,
    reason = "a raw pointer to an object is read through the header it begins with; fields are cells"
)]
#![allow(non_upper_case_globals, reason = "types bear CPython's own names")]

pub mod binding;
pub mod builtins;
pub mod compiler;
pub mod eval;
pub mod frames;
pub mod generator;
pub mod import;
mod importlib;
pub mod interrupt;
mod line_jump;
pub mod marshal;
mod marshal_module;
mod name_order;
pub mod report;
pub mod start;
pub mod stdio;
pub mod sys;
pub mod sys_data;
pub mod tracing;
pub mod trees;
pub mod warnings_module;

use twinheap_abi::PyASCIIObject;
use twinheap_objects::bytes;
use twinheap_objects::errors::PyResult;
use twinheap_objects::unicode::codecs::{Encoding, encode};

/// The UTF-8 bytes of a str, lone surrogates treated by an error handler.
pub fn encode_utf8(text: &PyASCIIObject, handler: &str) -> PyResult<Vec<u8>> {
    Ok(bytes::data_of(&*encode(text, Encoding::Utf8, handler)?).to_vec())
}
