//! The record of a gate's run, written line by line, and records of earlier runs.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use twinheap_expect::{Applicable, Seen};
use twinheap_harness::CaseResult;
use twinheap_observation::Stage;
use twinheap_render::difference::difference_text;
use twinheap_render::verdict::verdict_of;
use twinheap_results::record::first_lines;
use twinheap_results::{Header, Line, Run, parse};

/// A record that grows while a run goes on: every line is in the file as soon as it is known, so that what kills the run
/// takes nothing with it.
pub struct Record {
    path: PathBuf,
    file: Mutex<File>,
}

impl Record {
    /// Begins a record with its header.
    pub fn begin(path: &Path, header: &Header) -> Result<Record, String> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(told)?;
        }
        let mut file = File::create(path).map_err(told)?;
        file.write_all(of_lines(header, Vec::new()).to_jsonl().as_bytes())
            .map_err(told)?;
        Ok(Record {
            path: path.to_owned(),
            file: Mutex::new(file),
        })
    }

    /// Writes the lines of a case, each as a whole.
    pub fn add(&self, lines: &[Line]) -> Result<(), String> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            file.write_all(format!("{}\n", line.to_json()).as_bytes())
                .map_err(|error| format!("{}: {error}", self.path.display()))?;
        }
        Ok(())
    }

    /// Puts the lines into the order of the cases, in one step.
    pub fn finish(self, run: &Run) -> Result<(), String> {
        let told = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let beside = self.path.with_extension("jsonl.new");
        fs::write(&beside, run.to_jsonl()).map_err(told)?;
        fs::rename(&beside, &self.path).map_err(told)
    }
}

/// A record in memory.
pub fn of_lines(header: &Header, lines: Vec<Line>) -> Run {
    Run {
        header: header.clone(),
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

/// What is recorded of a case on a subject: a line for each stage.
pub fn lines_of(
    result: &CaseResult,
    subject: &str,
    stages: &[Stage],
    expected: &Applicable<'_>,
) -> Vec<Line> {
    let source = source_hash(&result.program.source);
    let lines = stages.iter();
    lines
        .map(|stage| line(result, subject, &source, *stage, expected))
        .collect()
}

fn line(
    result: &CaseResult,
    subject: &str,
    source: &str,
    stage: Stage,
    expected: &Applicable<'_>,
) -> Line {
    let (verdict, reason) = verdict_of(result, stage);
    let divergence = result
        .divergence
        .as_ref()
        .filter(|_| verdict.is_difference());
    let findings: Vec<_> = divergence
        .iter()
        .flat_map(|divergence| &divergence.findings)
        .filter(|finding| finding.stage == stage)
        .collect();
    let end = divergence.map_or("", |divergence| divergence.outcomes.1.as_str());
    let covering = |digest| {
        expected.covering(&Seen {
            case: &result.program.name,
            stage: stage.name(),
            verdict,
            end,
            digest,
        })
    };
    let known: Option<Vec<_>> = findings
        .iter()
        .map(|finding| covering(&finding.digest))
        .collect();
    Line {
        case: result.program.name.clone(),
        source: source.to_owned(),
        subject: subject.to_owned(),
        stage: stage.name().to_owned(),
        verdict,
        microseconds: result.microseconds,
        signature: findings.first().map(|finding| finding.signature.clone()),
        digests: findings
            .iter()
            .map(|finding| finding.digest.clone())
            .collect(),
        ends: divergence.map(|divergence| divergence.outcomes.clone()),
        difference: divergence
            .filter(|divergence| divergence.stage == stage)
            .map(|divergence| first_lines(&difference_text(divergence))),
        known: known.and_then(|entries| Some(entries.first()?.id())),
        reason,
    }
}

/// Reads a record.
pub fn read(path: &Path) -> Result<Run, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let run = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    if run.truncated {
        eprintln!(
            "twinheap: {}: the last line was cut off and is left out",
            path.display()
        );
    }
    Ok(run)
}

/// Reads the record of an earlier run that judged the same subject.
pub fn baseline(path: &Path, subject: &str) -> Result<Run, String> {
    let run = read(path)?;
    let names = run.header.subject_names();
    if !names.contains(&subject) {
        return Err(format!(
            "{}: the baseline has nothing on {subject}, only on {}",
            path.display(),
            names.join(", ")
        ));
    }
    Ok(run)
}
