//! Native standard-library modules for numbers.
//!
//! Unsafe code: the items of an array lie in one untyped block in CPython's layout.

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

mod _statistics;
mod array;
mod cmath;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_statistics", _statistics::new_module),
    ("array", array::new_module),
    ("cmath", cmath::new_module),
];
