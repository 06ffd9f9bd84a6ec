//! Native standard-library modules about text: `_sre`, `unicodedata`.
//!
//! Unsafe code: a pattern's code words and a match's marks follow the object's header in the same block, as in CPython.

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

pub mod _sre;
pub mod unicodedata;
