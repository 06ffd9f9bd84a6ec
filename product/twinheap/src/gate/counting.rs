//! What counts of a result: the stages that a program and the policy name, and programs whose needs are met.

use std::collections::BTreeMap;

use twinheap_harness::{CaseResult, Emptiness, SideKind, StageVerdict};
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{OutcomeClass, Program, Stage, StageSet};
use twinheap_subject::Answer;

use crate::corpora::{Case, Need};

/// Leaves out of a result the stages that do not count; `why_not` gives the reason for such a stage.
pub fn restrict(result: &mut CaseResult, why_not: impl Fn(Stage) -> Option<String>) {
    for (stage, verdict) in &mut result.verdicts {
        if let Some(reason) = why_not(*stage) {
            *verdict = StageVerdict::Unsupported(reason);
        }
    }
    if let Some(divergence) = &mut result.divergence {
        divergence
            .findings
            .retain(|finding| why_not(finding.stage).is_none());
        divergence
            .differences
            .retain(|difference| why_not(difference.stage).is_none());
        match divergence.findings.first() {
            Some(first) => {
                divergence.stage = first.stage;
                divergence.signature.clone_from(&first.signature);
            }
            None => result.divergence = None,
        }
    }
    let is_shown = |verdict: &StageVerdict| !matches!(verdict, StageVerdict::Unsupported(_));
    let any = result.verdicts.iter().any(|(_, verdict)| is_shown(verdict));
    if !any && result.harness_error.is_none() {
        result.emptiness = Some(Emptiness::NothingCompared);
    }
}

/// A program that is not run, and why.
pub fn not_run(case: &Case, stages: &[Stage], reason: &str) -> CaseResult {
    let mut result = CaseResult::new(&case.program);
    let verdict = |stage: &Stage| (*stage, StageVerdict::Unsupported(reason.to_owned()));
    result.verdicts = stages.iter().map(verdict).collect();
    result.emptiness = Some(Emptiness::NothingCompared);
    result
}

/// Which needs a side does not meet, of all that cases have.
pub fn unmet(kind: &SideKind, cases: &[Case]) -> BTreeMap<Need, bool> {
    let mut needs: BTreeMap<Need, bool> = BTreeMap::new();
    let all = cases.iter().flat_map(|case| &case.needs);
    for need in all {
        if !needs.contains_key(need) {
            needs.insert(need.clone(), !is_met(kind, need));
        }
    }
    needs
}

fn is_met(kind: &SideKind, need: &Need) -> bool {
    let request = RunRequest {
        change: None,
        index: 0,
        program: Program::new("needs", "probe", &need.probe()),
        code: None,
        wanted: Wanted {
            stages: StageSet::of(&[Stage::Outcome]),
            details: false,
            marshal: false,
            transitions: false,
        },
    };
    let answer = kind.open().run_batch(&[request]).pop();
    matches!(answer, Some(Answer::Report(report)) if report.outcome == OutcomeClass::Finished)
}
