//! Pairs subjects in parallel, compares their observations stage by stage, confirms, blames and signs.

#![deny(unsafe_code)]

mod answers;
pub mod compare;
mod confirm;
pub mod cross;
pub mod heap;
mod judge;
pub mod pairing;
mod place;
pub mod proof;
mod said;
pub mod side;
pub mod signature;
mod tended;
pub mod text;
pub mod verdict;

pub use compare::{Difference, compare};
pub use pairing::{OwnPair, PairConfig, PairPool, StepsPolicy, run_pairs};
pub use place::ProgramFolder;
pub use proof::{Evidence, Proof, prove};
pub use said::is_exception;
pub use side::{Side, SideKind};
pub use text::TextRules;
pub use verdict::{CaseResult, Divergence, Emptiness, Finding, StageVerdict};
