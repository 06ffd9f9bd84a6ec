//! Digit kernels, float parsing and printing, siphash: slices in, values out.
//!
//! Nothing here knows an object, a reference count or an exception: a kernel takes slices and
//! numbers and returns values, or an error as data that the caller turns into an exception.

#![deny(unsafe_code)]

pub mod digits;
pub mod float;
pub mod format_spec;
pub mod hash;
pub mod percent;
