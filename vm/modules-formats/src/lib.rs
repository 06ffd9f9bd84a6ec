//! Native standard-library modules for formats of data.
//!
//! Unsafe code: zlib is a C library; its streams and buffers are handed over as pointers. The parser of `_csv` writes into a block that it has
//! reserved.

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

mod _csv;
mod zlib;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[("_csv", _csv::new_module), ("zlib", zlib::new_module)];
