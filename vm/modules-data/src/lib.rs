//! Native standard-library modules for data.

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

mod binary;
mod bisection;
mod digests;
mod heaps;
mod json_encode;
mod json_scan;
mod mathematics;
mod prelude;
mod quoted;
mod structs;
mod twister;

use twinheap_objects::module::NativeModule;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_bisect", bisection::new_module),
    ("_heapq", heaps::new_module),
    ("_json", json_encode::new_module),
    ("_md5", digests::new_md5),
    ("_random", twister::new_module),
    ("_sha1", digests::new_sha1),
    ("_sha256", digests::new_sha256),
    ("_sha512", digests::new_sha512),
    ("_struct", structs::new_module),
    ("binascii", binary::new_module),
    ("math", mathematics::new_module),
];
