//! Native standard-library modules for the operating system.

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
mod accounts;
mod arguments;
mod control;
mod faults;
mod limits;
mod modes;
mod prelude;
mod processes;
mod queues;
mod seconds;
mod socket;
mod syslog;
mod terminals;
mod waiting;

use twinheap_objects::module::NativeModule;

/// The modules of this crate, by name.
pub const MODULES: &[NativeModule] = &[
    ("_locale", _locale::new_module),
    ("_posixsubprocess", processes::new_module),
    ("_queue", queues::new_module),
    ("_socket", socket::new_module),
    ("_stat", modes::new_module),
    ("faulthandler", faults::new_module),
    ("fcntl", control::new_module),
    ("grp", accounts::new_grp),
    ("pwd", accounts::new_pwd),
    ("resource", limits::new_module),
    ("select", waiting::new_module),
    ("spwd", accounts::new_spwd),
    ("syslog", syslog::new_module),
    ("termios", terminals::new_module),
];
