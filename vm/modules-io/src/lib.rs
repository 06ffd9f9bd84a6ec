//! Native standard-library modules for input and output.
//!
//! Unsafe code: system calls, and objects that are allocated and destroyed by hand.

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

mod base;
mod buffered;
mod bytesio;
mod fileio;
mod newlines;
mod open;
mod posix;
mod stringio;
mod stringio_state;
mod textio;
mod textio_codecs;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[("_io", open::new_module), ("posix", posix::new_module)];
