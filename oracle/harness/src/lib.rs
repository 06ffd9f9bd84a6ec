//! Pairs subjects in parallel, compares their observations stage by stage, confirms, blames and signs.

pub mod compare;
pub mod cross;
pub mod heap;
pub mod pairing;
pub mod proof;
mod said;
pub mod side;
pub mod signature;
pub mod verdict;

pub use compare::{Difference, TextRules, compare};
pub use pairing::{OwnPair, PairConfig, PairPool, run_pairs};
pub use proof::{Evidence, Proof, prove};
pub use said::is_exception;
pub use side::{Side, SideKind};
pub use verdict::{CaseResult, Divergence, StageVerdict};
