//! The judgement on one program: compares two observations, groups what differs, and signs each group.

use twinheap_observation::outcome::Outcome;
use twinheap_observation::{Observation, Program, Stage, StageSet};

use crate::compare::{Comparison, Difference, Noise, compare};
use crate::heap::UNLISTED;
use crate::proof::Proof;
use crate::signature::sign;
use crate::verdict::{Divergence, Finding, StageVerdict};

/// Findings beyond which a divergence lists no more.
const MOST_FINDINGS: usize = 40;

/// What is said of two observations.
pub(crate) struct Judgement {
    pub(crate) verdicts: Vec<(Stage, StageVerdict)>,
    pub(crate) divergence: Option<Divergence>,
    /// Trouble of the harness's own.
    pub(crate) trouble: Option<String>,
}

/// Judges two observations of a program by the rules that the proof of the reference gave.
pub(crate) fn judge(
    program: &Program,
    oracle: Box<Observation>,
    subject: Box<Observation>,
    stages: StageSet,
    proof: &Proof,
    noise: &Noise,
    partial: bool,
) -> Judgement {
    let comparison = compare(&oracle, &subject, stages, &proof.text, noise, partial);
    let trouble = comparison
        .found
        .iter()
        .flat_map(|(_, found)| found)
        .find(|difference| difference.kind.ends_with(UNLISTED))
        .map(|difference| format!("{}: {}", program.name, difference.kind));
    let Some(stage) = comparison.first() else {
        let trouble = None;
        let divergence = crash_of_both(program, &oracle, &subject);
        let verdicts = comparison.verdicts;
        return Judgement {
            verdicts,
            divergence,
            trouble,
        };
    };
    let findings = findings(program, &comparison, &oracle, &subject);
    let Comparison { verdicts, found } = comparison;
    let divergence = Divergence {
        stage,
        signature: findings
            .first()
            .map_or_else(String::new, |first| first.signature.clone()),
        findings,
        differences: found.into_iter().flat_map(|(_, found)| found).collect(),
        outcomes: (label(&oracle), label(&subject)),
        came_back: (1, 1),
        oracle,
        subject,
    };
    Judgement {
        verdicts,
        divergence: Some(divergence),
        trouble,
    }
}

fn label(observation: &Observation) -> String {
    observation
        .outcome
        .shown()
        .map_or_else(|| "not shown".to_owned(), Outcome::label)
}

/// Every hunk of every stage, signed; one of a signature and digest that came before is not repeated. A reference that
/// crashed or hung comes first: it is a finding about CPython.
fn findings(
    program: &Program,
    comparison: &Comparison,
    oracle: &Observation,
    subject: &Observation,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (stage, found) in &comparison.found {
        let mut hunks: Vec<u32> = found.iter().map(|difference| difference.hunk).collect();
        hunks.dedup();
        for hunk in hunks {
            let members: Vec<&Difference> = found
                .iter()
                .filter(|difference| difference.hunk == hunk)
                .collect();
            let mut signature = sign(program, *stage, &members, oracle, subject);
            if *stage == Stage::Outcome && is_dead(oracle) {
                signature = format!("reference | {signature}");
            }
            let finding = Finding::new(program, signature, &members);
            let is_known = |known: &Finding| {
                known.signature == finding.signature && known.digest == finding.digest
            };
            if findings.len() < MOST_FINDINGS && !findings.iter().any(is_known) {
                findings.push(finding);
            }
        }
    }
    findings.sort_by_key(|finding| !finding.signature.starts_with("reference | "));
    findings
}

fn is_dead(observation: &Observation) -> bool {
    let outcome = observation.outcome.shown();
    outcome.is_some_and(|outcome| outcome.class().is_death())
}

/// Both sides crashed in the same way: the subject agrees, and CPython has a fault all the same.
fn crash_of_both(
    program: &Program,
    oracle: &Observation,
    subject: &Observation,
) -> Option<Divergence> {
    let Outcome::Crashed { cause, message } = oracle.outcome.shown()? else {
        return None;
    };
    let difference = Difference {
        stage: Stage::Outcome,
        kind: "the reference crashed, and so did the subject".to_owned(),
        place: String::new(),
        left: format!("{cause}: {message}"),
        right: label(subject),
        hunk: 0,
        field: None,
    };
    let signature = format!("reference | both crashed ({cause})");
    Some(Divergence {
        stage: Stage::Outcome,
        findings: vec![Finding::new(program, signature.clone(), &[&difference])],
        signature,
        differences: vec![difference],
        outcomes: (label(oracle), label(subject)),
        came_back: (1, 1),
        oracle: Box::new(oracle.clone()),
        subject: Box::new(subject.clone()),
    })
}
