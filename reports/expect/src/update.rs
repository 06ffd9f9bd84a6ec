//! Brings expectations up to date with a run.
//!
//! What no longer holds goes. What is not expected yet is taken up where the subject had no entry at all, or where that is
//! asked for: an update that nobody looks at must not hide a regression.

use std::collections::{BTreeMap, BTreeSet};

use twinheap_results::Line;

use crate::condition::Standing;
use crate::entry::{Entry, Expectations, Kind, Reason, Why};
use crate::judge::{Fate, differences};

/// The reason of entries that nobody has looked at.
pub const UNEXAMINED: &str = "unexamined";

/// What an update is asked for.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Take up what is not expected yet, too.
    pub widen: bool,
    /// Why what is taken up differs; where nobody says, it is marked as unexamined.
    pub reason: Option<String>,
    pub link: Option<String>,
}

/// What an update did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    pub added: Vec<String>,
    /// Entries that let pass more than before.
    pub widened: Vec<String>,
    pub narrowed: Vec<String>,
    pub removed: Vec<String>,
    /// Cases with differences that are not expected, and were not taken up.
    pub left: Vec<String>,
}

/// What a case shows that is not expected.
#[derive(Default)]
struct Unexpected {
    stages: BTreeSet<String>,
    digests: BTreeSet<String>,
    ends: BTreeSet<String>,
}

impl Expectations {
    /// Updates the entries for a subject by the lines of a run that speak of it.
    pub fn update(
        &mut self,
        standing: &Standing,
        lines: &[&Line],
        is_case: &dyn Fn(&str) -> bool,
        update: &Update,
    ) -> Updated {
        let is_first = !self
            .entries
            .iter()
            .any(|one| one.subject == standing.subject);
        let mut updated = Updated::default();
        self.narrow(standing, lines, is_case, &mut updated);
        let unexpected = self.unexpected(standing, lines);
        if !is_first && !update.widen {
            let ids = unexpected.keys();
            updated.left = ids
                .map(|(kind, case)| format!("{} {case}", kind.name()))
                .collect();
            return updated;
        }
        for ((kind, case), found) in unexpected {
            self.take_up(standing, kind, &case, found, update, &mut updated);
        }
        self.sort();
        updated
    }

    fn narrow(
        &mut self,
        standing: &Standing,
        lines: &[&Line],
        is_case: &dyn Fn(&str) -> bool,
        updated: &mut Updated,
    ) {
        self.entries.retain_mut(|entry| {
            if !entry.is_for(standing) {
                return true;
            }
            match entry.fate(lines, is_case) {
                Fate::Holds | Fate::NotSeen => true,
                Fate::Stale(_) | Fate::NoSuchCase => {
                    updated.removed.push(entry.id());
                    false
                }
                Fate::Wider(marks, stages) => {
                    entry.digests.retain(|one| !marks.contains(one));
                    entry.ends.retain(|one| !marks.contains(one));
                    entry.stages.retain(|one| !stages.contains(one));
                    updated.narrowed.push(entry.id());
                    true
                }
            }
        });
    }

    fn unexpected(
        &self,
        standing: &Standing,
        lines: &[&Line],
    ) -> BTreeMap<(Kind, String), Unexpected> {
        let applicable = self.of(standing);
        let mut found: BTreeMap<(Kind, String), Unexpected> = BTreeMap::new();
        // What the policy lets pass is no matter of expectations.
        let is_detail = |line: &&&Line| {
            let detail = Kind::Detail.name();
            line.known.as_ref().is_some_and(|id| id.starts_with(detail))
        };
        let lines = lines.iter().filter(|line| !is_detail(line));
        for seen in lines.flat_map(|line| differences(line)) {
            let Some(kind) = Kind::of(seen.verdict) else {
                continue;
            };
            if applicable.covering(&seen).is_some() {
                continue;
            }
            let case = found.entry((kind, seen.case.to_owned())).or_default();
            if kind == Kind::Differs {
                case.stages.insert(seen.stage.to_owned());
                case.digests.insert(match seen.digest {
                    "" => "*".to_owned(),
                    digest => digest.to_owned(),
                });
            } else {
                case.ends.insert(match seen.end {
                    "" => "*".to_owned(),
                    end => end.to_owned(),
                });
            }
        }
        found
    }

    fn take_up(
        &mut self,
        standing: &Standing,
        kind: Kind,
        case: &str,
        found: Unexpected,
        update: &Update,
        updated: &mut Updated,
    ) {
        let same =
            |entry: &&mut Entry| entry.kind == kind && entry.case == case && entry.is_for(standing);
        if let Some(entry) = self.entries.iter_mut().find(same) {
            join(&mut entry.stages, found.stages);
            join(&mut entry.digests, found.digests);
            join(&mut entry.ends, found.ends);
            updated.widened.push(entry.id());
            return;
        }
        let why = match &update.reason {
            Some(text) => Why::Said(text.clone()),
            None => {
                self.reasons
                    .entry(UNEXAMINED.to_owned())
                    .or_insert_with(|| Reason {
                        text: "Taken up as it was; nobody has said why yet.".to_owned(),
                        link: None,
                    });
                Why::Named(UNEXAMINED.to_owned())
            }
        };
        let entry = Entry {
            kind,
            subject: standing.subject.clone(),
            case: case.to_owned(),
            stages: found.stages.into_iter().collect(),
            digests: found.digests.into_iter().collect(),
            ends: found.ends.into_iter().collect(),
            why,
            link: update.link.clone(),
            version: None,
            platform: None,
        };
        updated.added.push(entry.id());
        self.entries.push(entry);
    }
}

/// Adds what is new to a sorted list.
fn join(list: &mut Vec<String>, further: BTreeSet<String>) {
    let mut all: BTreeSet<String> = list.drain(..).collect();
    all.extend(further);
    list.extend(all);
}
