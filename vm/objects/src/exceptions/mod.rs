//! The built-in exceptions (`Objects/exceptions.c`).

mod base;
mod group;
mod special;
mod table;

pub use base::{PyExc_BaseException, args_of, base_exception, set_cause};
pub use group::{PyExc_BaseExceptionGroup, members_of, new_group, split_exception, subset};
pub use special::*;
pub use table::*;
