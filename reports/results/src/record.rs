//! The lines of a record: a header, then one line for each case, stage and subject.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the schema that this crate writes, and the only one that it reads.
pub const SCHEMA_VERSION: u32 = 2;

/// How many lines of a difference a record keeps.
pub const DIFFERENCE_LINES: usize = 20;

/// The first line of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the schema.
    pub twinheap_results: u32,
    /// The version of the tool that wrote the record.
    pub tool_version: String,
    /// Who judged, as it calls itself.
    pub reference: String,
    /// How the reference was built, as far as it tells.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference_build: String,
    pub subjects: Vec<Subject>,
    /// The stages that were compared, in their order.
    pub stages: Vec<String>,
    /// What the run was told, by name: seeds, limits, how often a difference is confirmed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

impl Header {
    /// The names of those who were judged.
    pub fn subject_names(&self) -> Vec<&str> {
        let subjects = self.subjects.iter();
        subjects.map(|subject| subject.name.as_str()).collect()
    }
}

/// Who was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The name by which the lines know it.
    pub name: String,
    /// What it calls itself: implementation, version and build, as far as it tells.
    pub implementation: String,
    /// The number of its version: `7.3.11`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// How it was built, as far as it tells.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub build: String,
}

/// What was found of a case in one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Agree,
    /// Agrees as far as was seen, and not everything was.
    Cut,
    Differ,
    /// Differs, and the subject lacks a module or does not take the syntax.
    CannotRun,
    /// Differs, and the subject itself crashed, ran out of time or ran out of memory.
    Crash,
    /// Legally unspecified from here on.
    Poisoned,
    /// One side does not show this stage.
    Unsupported,
    /// Trouble of the tool's own; nobody is blamed.
    HarnessError,
}

impl Verdict {
    pub const ALL: [Verdict; 8] = [
        Verdict::Agree,
        Verdict::Cut,
        Verdict::Differ,
        Verdict::CannotRun,
        Verdict::Crash,
        Verdict::Poisoned,
        Verdict::Unsupported,
        Verdict::HarnessError,
    ];

    /// Whether two sides were seen to part.
    pub fn is_difference(self) -> bool {
        matches!(self, Verdict::Differ | Verdict::CannotRun | Verdict::Crash)
    }
}

/// One case in one stage on one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The case's stable id: `dict/insert`.
    pub case: String,
    /// The hash of the case's source: `sha256:` and 64 hexadecimal digits.
    pub source: String,
    pub subject: String,
    pub stage: String,
    pub verdict: Verdict,
    /// Microseconds that the case took in the reference and in the subject, all stages together.
    pub microseconds: (u32, u32),
    /// The signature of the stage's first finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The digests of everything that differs in the stage, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
    /// How the case ended in the reference and in the subject, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<(String, String)>,
    /// The first lines of the difference, at the first stage that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The entry of the expectations that covers everything that differs here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Why nothing was compared, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub header: Header,
    pub lines: Vec<Line>,
    /// Whether the last line was cut off, as a killed run leaves it.
    pub truncated: bool,
}

impl Line {
    /// The line as JSON, without its line break.
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

impl Run {
    /// The record as JSON lines.
    pub fn to_jsonl(&self) -> String {
        let mut text = to_json(&self.header);
        text.push('\n');
        for line in &self.lines {
            text.push_str(&to_json(line));
            text.push('\n');
        }
        text
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists always have a form in JSON")
}

/// The first lines of a text, and a word on how many were left out.
pub fn first_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= DIFFERENCE_LINES {
        return lines.join("\n");
    }
    let left_out = lines.len() - DIFFERENCE_LINES;
    let mut kept = lines[..DIFFERENCE_LINES].join("\n");
    kept.push_str(&format!("\n... {left_out} more lines"));
    kept
}
