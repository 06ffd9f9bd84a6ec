//! The native module `_pickle` (`Modules/_pickle.c`): pickler, unpickler, their memos, PickleBuffer.
//!
//! A pickler writes into a buffer of its own and hands it over at the end, or frame by frame where it
//! has a file. An unpickler reads from a view of bytes that it refills from its file, and keeps its
//! objects on a stack whose marks fence off what an opcode may take.
//!
//! Unsafe code: the memo is a table of raw entries, and a hook's function pointer is called as C would.

#![expect(
    non_upper_case_globals,
    reason = "types and statics bear CPython's own names"
)]
#![allow(
    clippy::macro_metavars_in_unsafe,
    reason = "the wrapping macros vouch for the casts around the function that they are given"
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "destructors share one contract: the last reference is gone"
)]

mod build;
mod functions;
mod globals;
mod input;
mod load;
mod memo;
mod opcode;
mod output;
mod pickle_buffer;
mod pickler;
mod prelude;
mod reduce;
mod save;
mod save_containers;
mod stack;
mod state;
mod unpickler;

use twinheap_objects::module::NativeModule;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[("_pickle", functions::new_module)];
