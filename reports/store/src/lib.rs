//! What is kept between runs: runs and campaigns with their findings, in SQLite.

#![deny(unsafe_code)]

pub mod campaign;
pub mod runs;

pub use campaign::{BatchRecord, CampaignFinding, CampaignStore, Example, Recipe, TopicFigures};
pub use runs::{Finding, RunRecord, Store};
