//! Native standard-library modules for message digests.
//!
//! Unsafe code: the digest objects are allocated and destroyed by hand.

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

mod _blake2;
mod _sha3;
mod arguments;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_blake2", _blake2::new_module),
    ("_sha3", _sha3::new_module),
];
