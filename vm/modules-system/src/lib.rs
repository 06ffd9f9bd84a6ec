//! Native standard-library modules for the operating system.
//!
//! Unsafe code: system calls, and what the C library returns as pointers.

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

mod _locale;
mod _posixsubprocess;
mod _queue;
mod _socket;
mod _stat;
mod accounts;
mod arguments;
mod faulthandler;
mod fcntl;
mod resource;
mod select;
mod syslog;
mod termios;

use twinheap_objects::module::NativeModule;
use twinheap_objects::prelude;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_locale", _locale::new_module),
    ("_posixsubprocess", _posixsubprocess::new_module),
    ("_queue", _queue::new_module),
    ("_socket", _socket::new_module),
    ("_stat", _stat::new_module),
    ("faulthandler", faulthandler::new_module),
    ("fcntl", fcntl::new_module),
    ("grp", accounts::new_grp),
    ("pwd", accounts::new_pwd),
    ("resource", resource::new_module),
    ("select", select::new_module),
    ("spwd", accounts::new_spwd),
    ("syslog", syslog::new_module),
    ("termios", termios::new_module),
];
