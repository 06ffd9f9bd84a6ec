//! What the targets share: both sides in this process, their comparison, the findings, the extra counters.

pub mod counters;
pub mod findings;
pub mod inputs;
pub mod marshalled;
pub mod programs;
pub mod sources;
mod streams;
pub mod twins;

pub use twins::{Twins, with_twins};
