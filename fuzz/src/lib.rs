//! What the targets share: both sides in this process, their comparison, the findings, the extra counters.
//!
//! Unsafe code: system calls (memory that two processes share, limits, handlers of signals), and C functions that
//! libFuzzer calls.

mod case;
pub mod counters;
pub mod findings;
mod flight;
pub mod inputs;
mod keeper;
pub mod marshalled;
pub mod programs;
mod room;
pub mod sources;
mod streams;
pub mod twins;
mod watchdog;

pub use case::{Case, Kind};
pub use keeper::begin;
pub use twins::{Twins, with_twins};
