//! What is kept between runs: the ledger of known divergences, and runs with their findings in SQLite.

#![deny(unsafe_code)]

pub mod campaign;
pub mod ledger;
pub mod runs;

pub use campaign::{BatchRecord, CampaignFinding, CampaignStore, Example, Recipe, TopicFigures};
pub use ledger::{Entry, Ledger};
pub use runs::{Finding, RunRecord, Store};
