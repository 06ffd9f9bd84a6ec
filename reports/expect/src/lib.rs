//! Expectations: what is known to differ, not to run, or to crash on a subject, why, and under which conditions.
//!
//! The file is consulted only after a difference exists. An entry lets pass the very differences that it recorded, and
//! one that no longer holds is stale, which fails the gate.

#![deny(unsafe_code)]

pub mod condition;
pub mod entry;
pub mod file;
pub mod judge;
pub mod policy;
pub mod spelling;
pub mod update;
mod write;

pub use condition::{Standing, VersionRange};
pub use entry::{Entry, Expectations, Kind, Reason, Why};
pub use judge::{Applicable, Fate, Seen};
pub use policy::Policy;
pub use update::{Update, Updated};
