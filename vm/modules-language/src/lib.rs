//! Native standard-library modules about the language itself.

#![deny(unsafe_code)]
#![allow(
    clippy::macro_metavars_in_unsafe,
    reason = "the wrapping macros vouch for the casts around the function that they are given"
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "destructors share one contract: the last reference is gone"
)]

mod _opcode;
mod _typing;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_opcode", _opcode::new_module),
    ("_typing", _typing::new_module),
];
