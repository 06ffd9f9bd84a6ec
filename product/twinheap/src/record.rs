//! The record of a gate's run, and what changed since a baseline.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use twinheap_harness::{CaseResult, Divergence, StageVerdict};
use twinheap_observation::{Observation, OutcomeClass, Stage};
use twinheap_render::GateReport;
use twinheap_render::gate::ProgramReport;
use twinheap_results::record::first_lines;
use twinheap_results::{Header, Line, Run, SCHEMA_VERSION, Subject, Verdict, parse};

/// The record of a run; `subject` is the name by which it knows who was judged.
pub fn record_of(report: &GateReport, results: &[CaseResult], subject: &str) -> Run {
    let header = Header {
        twinheap_results: SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        reference: report.oracle.clone(),
        subjects: vec![Subject {
            name: subject.to_owned(),
            implementation: report.subject.clone(),
        }],
        stages: report.stages.clone(),
    };
    let stages: Vec<Stage> = report
        .stages
        .iter()
        .filter_map(|name| Stage::from_name(name))
        .collect();
    let mut lines = Vec::with_capacity(results.len() * stages.len());
    for (result, judged) in results.iter().zip(&report.programs) {
        let source = source_hash(&result.program.source);
        for stage in &stages {
            lines.push(line(result, judged, subject, &source, *stage));
        }
    }
    Run {
        header,
        lines,
        truncated: false,
    }
}

/// The hash of a program's text, as records have it.
pub fn source_hash(source: &str) -> String {
    format!("sha256:{}", hexadecimal(source))
}

/// The digest of a difference that is told in words.
pub fn digest_of(difference: &str) -> String {
    hexadecimal(difference)[..16].to_owned()
}

fn hexadecimal(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn line(
    result: &CaseResult,
    judged: &ProgramReport,
    subject: &str,
    source: &str,
    stage: Stage,
) -> Line {
    let (verdict, reason) = verdict_of(result, stage);
    let found: Vec<_> = judged
        .findings
        .iter()
        .filter(|finding| finding.stage == stage.name() && verdict.is_difference())
        .collect();
    let is_known = !found.is_empty() && found.iter().all(|finding| finding.ledger.is_some());
    let is_first = judged.stage.as_deref() == Some(stage.name());
    Line {
        case: result.program.name.clone(),
        source: source.to_owned(),
        subject: subject.to_owned(),
        stage: stage.name().to_owned(),
        verdict,
        microseconds: result.microseconds,
        signature: found.first().map(|finding| finding.signature.clone()),
        digests: found.iter().map(|finding| finding.digest.clone()).collect(),
        difference: judged
            .difference
            .as_deref()
            .filter(|_| is_first && verdict.is_difference())
            .map(first_lines),
        known: found
            .first()
            .filter(|_| is_known)
            .and_then(|finding| finding.ledger.clone()),
        reason,
    }
}

/// What was found of a case in a stage, and why where nothing was compared.
fn verdict_of(result: &CaseResult, stage: Stage) -> (Verdict, Option<String>) {
    if let Some(trouble) = &result.harness_error {
        return (Verdict::HarnessError, Some(trouble.clone()));
    }
    match result.verdict(stage) {
        Some(StageVerdict::Agree) => (Verdict::Agree, None),
        Some(StageVerdict::Diverge) if result.divergence.as_ref().is_some_and(is_death) => {
            (Verdict::Crash, None)
        }
        Some(StageVerdict::Diverge) => (Verdict::Differ, None),
        Some(StageVerdict::Cut(reason)) => (Verdict::Cut, Some(reason.clone())),
        Some(StageVerdict::Poisoned(reason)) => (Verdict::Poisoned, Some(reason.clone())),
        Some(StageVerdict::Unsupported(reason)) => (Verdict::Unsupported, Some(reason.clone())),
        None => (Verdict::Unsupported, None),
    }
}

/// Whether the subject did not survive a program that the reference survived.
fn is_death(divergence: &Divergence) -> bool {
    let died = |observation: &Observation| {
        let outcome = observation.outcome.shown();
        outcome.is_some_and(|outcome| OutcomeClass::is_death(outcome.class()))
    };
    died(&divergence.subject) && !died(&divergence.oracle)
}

/// Reads the record of an earlier run that judged the same subject.
pub fn baseline(path: &Path, subject: &str) -> Result<Run, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let run = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let names: Vec<&str> = run
        .header
        .subjects
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if !names.contains(&subject) {
        return Err(format!(
            "{}: the baseline has nothing on {subject}, only on {}",
            path.display(),
            names.join(", ")
        ));
    }
    if run.truncated {
        eprintln!(
            "twinheap: {}: the last line was cut off and is left out",
            path.display()
        );
    }
    Ok(run)
}
