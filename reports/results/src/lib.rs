//! The record of a run as versioned JSON lines (`SCHEMA.md`), and what changed between two runs.

#![deny(unsafe_code)]

pub mod forms;
pub mod matrix;
pub mod read;
pub mod record;
pub mod transitions;

pub use read::{ReadError, parse};
pub use record::{Header, Line, Run, SCHEMA_VERSION, Subject, Verdict};
pub use transitions::{Change, Comparison, Policies, Policy, Transition, compare};
