//! What entries let pass, and whether they still hold.

use twinheap_results::{Line, Verdict};

use crate::condition::{Standing, matches};
use crate::entry::{Entry, Expectations, Kind};

/// One difference.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub case: &'a str,
    pub stage: &'a str,
    pub verdict: Verdict,
    /// How the subject ended.
    pub end: &'a str,
    pub digest: &'a str,
}

/// What has become of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Holds,
    /// It holds, and lets pass more than there is: these digests, or ends, and these stages.
    Wider(Vec<String>, Vec<String>),
    /// Its case was not run, or nothing was compared.
    NotSeen,
    /// No longer holds; what there is now.
    Stale(String),
    NoSuchCase,
}

/// The entries whose conditions hold for a subject.
#[derive(Clone, Debug, Default)]
pub struct Applicable<'a> {
    pub entries: Vec<&'a Entry>,
}

impl Expectations {
    pub fn of(&self, standing: &Standing) -> Applicable<'_> {
        let entries = self.entries.iter();
        Applicable {
            entries: entries.filter(|entry| entry.is_for(standing)).collect(),
        }
    }
}

impl Entry {
    /// Whether it lets this very difference pass.
    pub fn covers(&self, seen: &Seen<'_>) -> bool {
        let asked = match self.kind {
            Kind::Detail => Kind::Differs,
            kind => kind,
        };
        if Kind::of(seen.verdict) != Some(asked) || !matches(&self.case, seen.case) {
            return false;
        }
        match self.kind {
            Kind::Differs | Kind::Detail => {
                self.stages.iter().any(|stage| stage == seen.stage)
                    && self
                        .digests
                        .iter()
                        .any(|one| one == "*" || one == seen.digest)
            }
            Kind::CannotRun | Kind::Crashes => {
                self.ends.iter().any(|end| end == "*" || end == seen.end)
            }
        }
    }

    /// What has become of it, by the lines of its subject.
    pub fn fate(&self, lines: &[&Line], is_case: &dyn Fn(&str) -> bool) -> Fate {
        if !self.case.contains('*') && !is_case(&self.case) {
            return Fate::NoSuchCase;
        }
        let of_stage = |line: &&&Line| self.stages.is_empty() || self.stages.contains(&line.stage);
        let compared: Vec<&Line> = lines
            .iter()
            .filter(|line| matches(&self.case, &line.case))
            .filter(of_stage)
            .filter(|line| line.verdict == Verdict::Agree || line.verdict.is_difference())
            .copied()
            .collect();
        if compared.is_empty() {
            return Fate::NotSeen;
        }
        let seen: Vec<Seen<'_>> = compared.iter().flat_map(|line| differences(line)).collect();
        let held: Vec<&Seen<'_>> = seen.iter().filter(|seen| self.covers(seen)).collect();
        if held.is_empty() {
            return Fate::Stale(what_there_is(&compared));
        }
        let unused = |all: &[String], used: &dyn Fn(&Seen<'_>, &str) -> bool| -> Vec<String> {
            all.iter()
                .filter(|one| *one != "*" && !held.iter().any(|seen| used(seen, one)))
                .cloned()
                .collect()
        };
        let mut marks = unused(&self.digests, &|seen, one| seen.digest == one);
        marks.extend(unused(&self.ends, &|seen, one| seen.end == one));
        let stages = unused(&self.stages, &|seen, one| seen.stage == one);
        // What was not compared in a stage may be there all the same.
        let all_compared = self
            .stages
            .iter()
            .all(|stage| compared.iter().any(|line| line.stage == *stage));
        if !all_compared || (marks.is_empty() && stages.is_empty()) {
            return Fate::Holds;
        }
        Fate::Wider(marks, stages)
    }
}

/// The differences of a line.
pub fn differences(line: &Line) -> Vec<Seen<'_>> {
    if !line.verdict.is_difference() {
        return Vec::new();
    }
    let seen = |digest| Seen {
        case: &line.case,
        stage: &line.stage,
        verdict: line.verdict,
        end: line.ends.as_ref().map_or("", |ends| ends.1.as_str()),
        digest,
    };
    match line.digests.as_slice() {
        [] => vec![seen("")],
        digests => digests.iter().map(|digest| seen(digest)).collect(),
    }
}

/// In a word, what lines show instead of what was expected.
fn what_there_is(lines: &[&Line]) -> String {
    let has = |verdict| lines.iter().find(|line| line.verdict == verdict);
    let end = |line: &Line| line.ends.as_ref().map(|ends| ends.1.clone());
    if let Some(line) = has(Verdict::Crash) {
        let end = end(line).unwrap_or_else(|| "crashed".to_owned());
        format!("the subject {end} now")
    } else if let Some(line) = has(Verdict::CannotRun) {
        let end = end(line).unwrap_or_else(|| "did not run it".to_owned());
        format!("the subject {end} now")
    } else if let Some(line) = has(Verdict::Differ) {
        format!("it differs in another way now, in {}", line.stage)
    } else {
        "it agrees now".to_owned()
    }
}

impl<'a> Applicable<'a> {
    /// The entry that lets any difference of a case in a stage pass.
    pub fn covering_any(&self, case: &str, stage: &str) -> Option<&'a Entry> {
        let any = Seen {
            case,
            stage,
            verdict: Verdict::Differ,
            end: "",
            digest: "*",
        };
        self.covering(&any)
    }

    /// The entry that lets a difference pass.
    pub fn covering(&self, seen: &Seen<'_>) -> Option<&'a Entry> {
        self.entries
            .iter()
            .find(|entry| entry.covers(seen))
            .copied()
    }

    /// What has become of every entry.
    pub fn fates(&self, lines: &[&Line], is_case: &dyn Fn(&str) -> bool) -> Vec<(&'a Entry, Fate)> {
        let fates = self.entries.iter();
        fates
            .map(|entry| (*entry, entry.fate(lines, is_case)))
            .collect()
    }
}
