//! Native standard-library modules for functions and containers.
//!
//! Unsafe code: blocks of a deque, links of a cache and the pools of iterators are raw memory in CPython's layout.

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

mod _collections;
mod _functools;
mod _operator;
mod itertools;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_collections", _collections::new_module),
    ("_functools", _functools::new_module),
    ("_operator", _operator::new_module),
    ("itertools", itertools::new_module),
];
