//! Twins of CPython 3.11's C structs, flags and function types: data only.
//!
//! Every struct is `#[repr(C)]`, bears CPython's name and field names, and lies in memory as the
//! 64-bit Linux build of CPython 3.11 lays it out (`Include/`, `Include/cpython/`,
//! `Include/internal/`). Fields are [`Cell`](std::cell::Cell)s, which do not change the layout: a
//! shared reference is enough to write one, and no `&mut` to an object ever exists.
//!
//! A struct that begins with another one dereferences to it (`PyListObject` to `PyVarObject` to
//! `PyObject`), as the C macros `PyObject_HEAD` and `PyObject_VAR_HEAD` have it.
//!
//! Unsafe code: the wrappers that let statics hold pointers (`unsafe impl Sync`); no unsafe function or block.

#![expect(
    non_camel_case_types,
    non_upper_case_globals,
    reason = "types and function types bear CPython's own names"
)]

mod code;
mod containers;
mod exceptions;
mod flags;
mod functions;
mod object;
pub mod opcode;
mod scalars;
mod slots;

pub use code::*;
pub use containers::*;
pub use exceptions::*;
pub use flags::*;
pub use functions::*;
pub use object::*;
pub use scalars::*;
pub use slots::*;
