//! Reads a record. Only known versions are read, and every error names its line.
//!
//! A last line without its line break that is no JSON is what a killed run leaves behind: it is dropped, and the
//! record says so. Everything else that does not fit is an error.

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;

use crate::record::{Header, Line, Run, SCHEMA_VERSION};

/// What is wrong with a record, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Counted from 1.
    pub line: usize,
    pub reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.reason)
    }
}

/// Reads a whole record.
pub fn parse(text: &str) -> Result<Run, ReadError> {
    let mut lines = text.lines().enumerate();
    let Some((_, first)) = lines.next() else {
        return Err(at(0, "the file is empty; a record begins with a header"));
    };
    let mut run = Run {
        header: header(first)?,
        lines: Vec::new(),
        truncated: false,
    };
    let last = text.lines().count() - 1;
    let is_complete = text.ends_with('\n');
    let mut seen = HashSet::new();
    for (index, line) in lines {
        if index == last && !is_complete && serde_json::from_str::<Value>(line).is_err() {
            run.truncated = true;
            break;
        }
        let line: Line = serde_json::from_str(line).map_err(|error| at(index, error))?;
        check(&run.header, &line).map_err(|reason| at(index, reason))?;
        let key = (line.case.clone(), line.stage.clone(), line.subject.clone());
        if !seen.insert(key) {
            let (case, stage, subject) = (&line.case, &line.stage, &line.subject);
            let reason = format!("a second line for {case}, stage {stage}, subject {subject}");
            return Err(at(index, reason));
        }
        run.lines.push(line);
    }
    Ok(run)
}

/// The header; its version is looked at before anything else of it.
fn header(line: &str) -> Result<Header, ReadError> {
    let value: Value = serde_json::from_str(line)
        .map_err(|error| at(0, format!("this is no record of Twinheap: {error}")))?;
    let Some(version) = value.get("twinheap_results") else {
        let reason = "this is no record of Twinheap: its header has no twinheap_results";
        return Err(at(0, reason));
    };
    if version.as_u64() != Some(u64::from(SCHEMA_VERSION)) {
        let reason = format!(
            "the record has version {version} of the schema; this tool reads version {SCHEMA_VERSION}"
        );
        return Err(at(0, reason));
    }
    serde_json::from_value(value).map_err(|error| at(0, error))
}

/// A line speaks of nobody and of no stage that the header does not name.
fn check(header: &Header, line: &Line) -> Result<(), String> {
    if !header.subjects.iter().any(|one| one.name == line.subject) {
        return Err(format!("the header names no subject {}", line.subject));
    }
    if !header.stages.contains(&line.stage) {
        return Err(format!("the header names no stage {}", line.stage));
    }
    Ok(())
}

fn at(index: usize, reason: impl ToString) -> ReadError {
    ReadError {
        line: index + 1,
        reason: reason.to_string(),
    }
}
