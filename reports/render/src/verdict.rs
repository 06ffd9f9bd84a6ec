//! What a record says of a case in a stage.

use twinheap_harness::{CaseResult, Divergence, StageVerdict};
use twinheap_observation::{Observation, OutcomeClass, Stage};
use twinheap_results::Verdict;

/// What says that a subject did not run a program at all: it lacks a module, or does not take the syntax.
const CANNOT_RUN: [&str; 5] = [
    "raised ImportError",
    "raised ModuleNotFoundError",
    "raised SyntaxError",
    "raised IndentationError",
    "raised TabError",
];

/// What was found of a case in a stage, and why where nothing was compared.
pub fn verdict_of(result: &CaseResult, stage: Stage) -> (Verdict, Option<String>) {
    if let Some(trouble) = &result.harness_error {
        return (Verdict::HarnessError, Some(trouble.clone()));
    }
    match result.verdict(stage) {
        Some(StageVerdict::Agree) => (Verdict::Agree, None),
        Some(StageVerdict::Diverge) => {
            let difference = result.divergence.as_ref().map(difference_of);
            (difference.unwrap_or(Verdict::Differ), None)
        }
        Some(StageVerdict::Cut(reason)) => (Verdict::Cut, Some(reason.clone())),
        Some(StageVerdict::Poisoned(reason)) => (Verdict::Poisoned, Some(reason.clone())),
        Some(StageVerdict::Unsupported(reason)) => (Verdict::Unsupported, Some(reason.clone())),
        None => (Verdict::Unsupported, None),
    }
}

/// The kind of a difference: by how the subject ended, and the reference did not.
pub fn difference_of(divergence: &Divergence) -> Verdict {
    let died = |observation: &Observation| {
        let outcome = observation.outcome.shown();
        outcome.is_some_and(|outcome| OutcomeClass::is_death(outcome.class()))
    };
    let (left, right) = &divergence.outcomes;
    if died(&divergence.subject) && !died(&divergence.oracle) {
        Verdict::Crash
    } else if left != right && CANNOT_RUN.contains(&right.as_str()) {
        Verdict::CannotRun
    } else {
        Verdict::Differ
    }
}
