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

mod _abc;
pub mod _codecs;
mod _contextvars;
pub mod _signal;
mod _string;
pub mod _thread;
mod _weakref;
pub mod atexit;
mod charmap;
mod codec_errors;
mod encoding_map;
mod errno;
mod gc;
mod time;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_abc", _abc::new_module),
    ("_codecs", _codecs::new_module),
    ("_contextvars", _contextvars::new_module),
    ("_signal", _signal::new_module),
    ("_string", _string::new_module),
    ("_thread", _thread::new_module),
    ("_weakref", _weakref::new_module),
    ("atexit", atexit::new_module),
    ("errno", errno::new_module),
    ("gc", gc::new_module),
    ("time", time::new_module),
];
