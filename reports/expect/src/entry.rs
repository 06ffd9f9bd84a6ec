//! The expectations as data.

use std::collections::BTreeMap;

use serde::Deserialize;
use twinheap_results::Verdict;

use crate::condition::{Standing, VersionRange};

/// What is expected of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Differs,
    /// The subject has no such module, or does not take the syntax.
    CannotRun,
    /// The subject dies, runs out of time or runs out of memory.
    Crashes,
    /// It differs, and the policy says that it may: a detail of CPython's implementation. Never in the file.
    Detail,
}

impl Kind {
    /// The kinds of the file.
    pub const ALL: [Kind; 3] = [Kind::Differs, Kind::CannotRun, Kind::Crashes];

    /// The name of its tables in the file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Differs => "differs",
            Kind::CannotRun => "cannot-run",
            Kind::Crashes => "crashes",
            Kind::Detail => "detail",
        }
    }

    /// The kind that a verdict asks for, where it is a difference.
    pub fn of(verdict: Verdict) -> Option<Kind> {
        match verdict {
            Verdict::Differ => Some(Kind::Differs),
            Verdict::CannotRun => Some(Kind::CannotRun),
            Verdict::Crash => Some(Kind::Crashes),
            _ => None,
        }
    }
}

/// A reason that several entries share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub text: String,
    pub link: Option<String>,
}

/// Why an entry is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A reason of the file's own table.
    Named(String),
    Said(String),
}

/// What is known of one case on one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// The name of the subject.
    pub subject: String,
    /// The id of the case; `*` stands for any text.
    pub case: String,
    /// The stages that may differ; of entries of the kind *differs* only.
    pub stages: Vec<String>,
    /// The digests that may differ, or `*` for any; of entries of the kind *differs* only.
    pub digests: Vec<String>,
    /// How the subject may end, as `crashed (SIGSEGV)`; of entries of the other kinds.
    pub ends: Vec<String>,
    pub why: Why,
    pub link: Option<String>,
    pub version: Option<VersionRange>,
    /// The system and processor, as `linux-*`.
    pub platform: Option<String>,
}

impl Entry {
    /// Whether its conditions hold for a subject.
    pub fn is_for(&self, standing: &Standing) -> bool {
        let range = self.version.as_ref();
        let pattern = self.platform.as_ref();
        self.subject == standing.subject
            && range.is_none_or(|range| range.holds(&standing.version))
            && pattern.is_none_or(|pattern| crate::condition::matches(pattern, &standing.platform))
    }

    /// A short name: `differs dict/insert`.
    pub fn id(&self) -> String {
        format!("{} {}", self.kind.name(), self.case)
    }

    /// Whether entries are in order of kind, subject, case and conditions.
    pub(crate) fn order(&self) -> (Kind, &str, &str, Option<String>, Option<&str>) {
        (
            self.kind,
            &self.subject,
            &self.case,
            self.version.as_ref().map(ToString::to_string),
            self.platform.as_deref(),
        )
    }
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The comment at the head of the file, which stays.
    pub opening: String,
    pub reasons: BTreeMap<String, Reason>,
    pub entries: Vec<Entry>,
}

impl Expectations {
    /// The reason of an entry in words.
    pub fn reason<'a>(&'a self, entry: &'a Entry) -> &'a str {
        match &entry.why {
            Why::Said(text) => text,
            Why::Named(name) => self.reasons.get(name).map_or(name, |reason| &reason.text),
        }
    }

    /// Where more is said of an entry.
    pub fn link<'a>(&'a self, entry: &'a Entry) -> Option<&'a str> {
        let shared = match &entry.why {
            Why::Said(_) => None,
            Why::Named(name) => self.reasons.get(name)?.link.as_deref(),
        };
        entry.link.as_deref().or(shared)
    }
}
