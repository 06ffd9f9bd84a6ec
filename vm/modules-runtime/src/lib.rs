//! Native standard-library modules about the running program.
//!
//! Unsafe code: the C library's clocks, signal handlers, and objects that are allocated by hand.

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

pub mod _thread;
mod abc;
pub mod at_exit;
mod charmap;
mod clock;
mod codec_errors;
pub mod codecs;
mod collector;
mod context;
mod encoding_map;
mod errno;
pub mod signals;
mod strings;
mod weakrefs;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_abc", abc::new_module),
    ("_codecs", codecs::new_module),
    ("_contextvars", context::new_module),
    ("_signal", signals::new_module),
    ("_string", strings::new_module),
    ("_thread", _thread::new_module),
    ("_weakref", weakrefs::new_module),
    ("atexit", at_exit::new_module),
    ("errno", errno::new_module),
    ("gc", collector::new_module),
    ("time", clock::new_module),
];
