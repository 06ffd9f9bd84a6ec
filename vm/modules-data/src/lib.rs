//! Native standard-library modules for data.
//!
//! Unsafe code: objects that are allocated and destroyed by hand, and items of a list that trade places inside its block
//! (`_heapq`).

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

mod _bisect;
mod _heapq;
mod _json_encode;
mod _json_scan;
mod _random;
mod _struct;
mod binascii;
mod digests;
mod math;
mod quoted;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_bisect", _bisect::new_module),
    ("_heapq", _heapq::new_module),
    ("_json", _json_encode::new_module),
    ("_md5", digests::new_md5),
    ("_random", _random::new_module),
    ("_sha1", digests::new_sha1),
    ("_sha256", digests::new_sha256),
    ("_sha512", digests::new_sha512),
    ("_struct", _struct::new_module),
    ("binascii", binascii::new_module),
    ("math", math::new_module),
];
