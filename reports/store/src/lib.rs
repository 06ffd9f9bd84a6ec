//! What is kept between runs: the ledger of known divergences, and runs with their findings in SQLite.

pub mod ledger;
pub mod runs;

pub use ledger::{Entry, Ledger};
pub use runs::{Finding, RunRecord, Store};
