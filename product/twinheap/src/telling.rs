//! Chooses the most telling findings of a campaign: crashes before ends before output before wording, the most
//! widespread first, of many topics and kinds; and runs each on both sides for a page.

use std::collections::{BTreeMap, BTreeSet};

use twinheap_harness::{Side, SideKind, is_exception};
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{Observation, Outcome, Program, Stage, StageSet};
use twinheap_render::telling::{Entry, Page};
use twinheap_store::{CampaignFinding, CampaignStore};
use twinheap_subject::Answer;

use crate::campaign::MUTATION;
use crate::installation::Installation;
use crate::settings::Sides;

/// A program of more lines tells less.
const LONG: usize = 25;

/// What kind of difference a finding is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Crash,
    End,
    Exception,
    Values,
    Inner,
    Hang,
    Wording,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Crash,
        Kind::End,
        Kind::Exception,
        Kind::Values,
        Kind::Inner,
        Kind::Hang,
        Kind::Wording,
    ];

    fn name(self) -> &'static str {
        match self {
            Kind::Crash => "one side crashes",
            Kind::End => "the programs end otherwise",
            Kind::Exception => "another exception, or none",
            Kind::Values => "other output",
            Kind::Inner => "the same output, another inside",
            Kind::Hang => "one side does not come to an end",
            Kind::Wording => "other words",
        }
    }

    /// Read from the signature, which says what differs.
    fn of(finding: &CampaignFinding) -> Kind {
        let mut parts = finding.signature.splitn(2, " | ");
        let (stage, what) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if what.contains("crashed (") {
            return Kind::Crash;
        }
        if what.contains("timed out") || what.contains("out of memory") {
            return Kind::Hang;
        }
        let what = what.strip_prefix("stderr: ").unwrap_or(what);
        let head = what.split(": ").next().unwrap_or("");
        match stage {
            "output" if what.starts_with("ended early") => Kind::End,
            "outcome" if head.contains(" / ") => Kind::End,
            "outcome" => Kind::Wording,
            "output" if names_exception(head) && head.contains(" / ") => Kind::Exception,
            "output" if names_exception(head) => Kind::Wording,
            "output" => Kind::Values,
            _ => Kind::Inner,
        }
    }
}

fn names_exception(head: &str) -> bool {
    head.split([' ', '.']).any(|word| is_exception(word, true))
}

/// How far the choice goes beyond one finding of a topic and a fair share of a kind.
struct Limits {
    topic: usize,
    kind: usize,
    /// Long programs and mutations of real ones as well.
    all: bool,
}

/// The most telling findings, in order.
pub fn choose(findings: &[CampaignFinding], count: usize) -> Vec<CampaignFinding> {
    let mut ranked: Vec<(Kind, &CampaignFinding)> = findings
        .iter()
        .filter(|finding| !finding.is_flaky())
        .map(|finding| (Kind::of(finding), finding))
        .collect();
    ranked.sort_by_key(|(kind, finding)| {
        let is_suspicion = !finding.is_confirmed();
        (
            *kind,
            is_suspicion,
            std::cmp::Reverse(finding.programs),
            finding.id(),
        )
    });
    let share = count.div_ceil(3);
    let pass = |topic, kind, all| Limits { topic, kind, all };
    let passes = [
        pass(1, share, false),
        pass(2, share, false),
        pass(3, count, false),
        pass(count, count, true),
    ];
    let mut chosen: Vec<(Kind, &CampaignFinding)> = Vec::new();
    for limits in passes {
        for candidate in &ranked {
            if chosen.len() < count && fits(&chosen, candidate, &limits) {
                chosen.push(*candidate);
            }
        }
    }
    chosen.sort_by_key(|(kind, finding)| (*kind, std::cmp::Reverse(finding.programs)));
    chosen
        .into_iter()
        .map(|(_, finding)| finding.clone())
        .collect()
}

fn fits(
    chosen: &[(Kind, &CampaignFinding)],
    (kind, finding): &(Kind, &CampaignFinding),
    limits: &Limits,
) -> bool {
    let is_new = !chosen
        .iter()
        .any(|(_, other)| other.signature == finding.signature);
    let of_topic = chosen
        .iter()
        .filter(|(_, other)| other.topic == finding.topic)
        .count();
    let of_kind = chosen.iter().filter(|(other, _)| other == kind).count();
    // What is not made small yet may become short.
    let is_long = finding.complete && finding.program().lines().count() > LONG;
    let is_plain = !is_long
        && finding.topic != MUTATION
        && !chosen.iter().any(|(_, other)| are_alike(other, finding));
    is_new && of_topic < limits.topic && of_kind < limits.kind && (limits.all || is_plain)
}

/// Whether two small programs consist of much the same words, and so show much the same.
fn are_alike(one: &CampaignFinding, other: &CampaignFinding) -> bool {
    let (Some(one), Some(other)) = (&one.minimised, &other.minimised) else {
        return false;
    };
    let (one, other) = (words_of(one), words_of(other));
    2 * one.intersection(&other).count() > one.union(&other).count()
}

/// The words of a program but those that most programs have.
fn words_of(program: &str) -> BTreeSet<&str> {
    const COMMON: [&str; 9] = [
        "as", "class", "def", "error", "except", "in", "print", "self", "try",
    ];
    program
        .split(|letter: char| !(letter.is_ascii_alphabetic() || letter == '_'))
        .filter(|word| word.len() > 1 && !COMMON.contains(word))
        .collect()
}

/// Runs the chosen findings on both sides.
pub fn page_of(
    installation: &Installation,
    store: &CampaignStore,
    sides: &Sides,
    chosen: &[CampaignFinding],
) -> Result<Page, String> {
    let (oracle, subject) = sides.open(installation)?;
    let figures = store.figures()?;
    let programs: u64 = figures.values().map(|topic| topic.programs).sum();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let findings = store.findings()?;
    for finding in &findings {
        *kinds.entry(Kind::of(finding)).or_default() += 1;
    }
    let entries = chosen
        .iter()
        .map(|finding| Entry {
            id: finding.id(),
            kind: Kind::of(finding).name().to_owned(),
            topic: finding.topic.clone(),
            programs: finding.programs,
            size: finding.size_state().to_owned(),
            original_lines: finding.source.lines().count(),
            signature: finding.signature.clone(),
            program: finding.program().to_owned(),
            left: shown(&oracle, finding),
            right: shown(&subject, finding),
            difference: finding
                .minimised_difference
                .clone()
                .unwrap_or_else(|| finding.difference.clone()),
        })
        .collect();
    Ok(Page {
        oracle: store.recipe.oracle.clone(),
        subject: store.recipe.subject.clone(),
        programs,
        signatures: findings.len(),
        kinds: Kind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind.name().to_owned(), *kinds.get(&kind)?)))
            .collect(),
        entries,
    })
}

/// What a fresh process of one side prints for a finding's program, and how it ends.
fn shown(kind: &SideKind, finding: &CampaignFinding) -> String {
    let request = RunRequest {
        change: None,
        index: 0,
        program: Program::new(&finding.topic, "telling", finding.program()),
        code: None,
        wanted: Wanted {
            stages: StageSet::of(&[Stage::Output, Stage::Outcome]),
            details: true,
            marshal: false,
            transitions: false,
        },
    };
    let mut side: Side = kind.open();
    match side.run_batch(&[request]).pop() {
        Some(Answer::Report(report)) => report
            .details
            .map_or_else(String::new, |details| text_of(&details)),
        Some(Answer::Death(outcome, _)) => outcome.lines().join("\n"),
        Some(Answer::HarnessError(reason)) => format!("(harness: {reason})"),
        None => String::new(),
    }
}

fn text_of(observation: &Observation) -> String {
    let mut text = observation
        .output
        .shown()
        .map_or_else(String::new, |output| {
            String::from_utf8_lossy(&output.stdout).into_owned()
        });
    match observation.outcome.shown() {
        None | Some(Outcome::Finished) => {}
        Some(outcome) => {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&outcome.lines().join("\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(signature: &str, topic: &str, programs: u64) -> CampaignFinding {
        CampaignFinding {
            signature: signature.to_owned(),
            topic: topic.to_owned(),
            programs,
            came_back: (2, 2),
            ..CampaignFinding::default()
        }
    }

    fn check_kind(signature: &str, expected: Kind) {
        assert_eq!(
            Kind::of(&finding(signature, "t", 1)),
            expected,
            "{signature}"
        );
    }

    #[test]
    fn kinds_are_read_from_signatures() {
        check_kind("outcome | finished / crashed (SIGSEGV): words", Kind::Crash);
        check_kind("outcome | finished / timed out", Kind::Hang);
        check_kind(
            "outcome | raised KeyError / raised TypeError: words",
            Kind::End,
        );
        check_kind(
            "output | ended early | finished / raised TypeError",
            Kind::End,
        );
        check_kind("outcome | message of TypeError: words", Kind::Wording);
        check_kind("output | KeyError / IndexError", Kind::Exception);
        check_kind(
            "output | no exception / ValueError: too large",
            Kind::Exception,
        );
        check_kind("output | TypeError: words / of it", Kind::Wording);
        check_kind("output | stderr: SyntaxWarning: words", Kind::Wording);
        check_kind("output | dict int / int", Kind::Values);
        check_kind(
            "heap | dict PyDictObject.ma_used: number | finished",
            Kind::Inner,
        );
    }

    #[test]
    fn topics_and_kinds_are_mixed_and_the_gravest_come_first() {
        let mut findings = vec![finding("outcome | finished / crashed (SIGSEGV)", "re", 1)];
        for number in 0..20 {
            findings.push(finding(
                &format!("output | TypeError: words {number}"),
                "dict",
                50 + number,
            ));
            findings.push(finding(
                &format!("output | int / float {number}"),
                &format!("t{number}"),
                number,
            ));
        }
        let chosen = choose(&findings, 6);
        assert_eq!(chosen.len(), 6);
        assert!(chosen[0].signature.contains("SIGSEGV"));
        let of_kind = |kind| chosen.iter().filter(|one| Kind::of(one) == kind).count();
        assert_eq!(of_kind(Kind::Values), 2 + 1, "{chosen:?}");
        assert_eq!(of_kind(Kind::Wording), 2);
        // The most widespread of its kind.
        assert!(chosen.iter().any(|one| one.programs == 69));
    }

    #[test]
    fn programs_of_the_same_words_are_shown_once() {
        let small = |signature: &str, topic: &str, program: &str| CampaignFinding {
            minimised: Some(program.to_owned()),
            ..finding(signature, topic, 1)
        };
        let sorted = "items = [Item(value) for value in range(9)]\nitems.sort()\nprint(items)\n";
        let findings = [
            small("output | list int / int", "list", sorted),
            small(
                "output | re int / int",
                "re",
                &sorted.replace("items", "others"),
            ),
            small(
                "output | float float / float",
                "float",
                "print(sum([0.1] * 6))\n",
            ),
        ];
        let chosen = choose(&findings, 2);
        assert!(chosen.iter().any(|one| one.topic == "float"), "{chosen:?}");
    }

    #[test]
    fn flaky_findings_are_not_telling() {
        let mut flaky = finding("output | dict int / int", "dict", 9);
        flaky.came_back = (1, 2);
        assert!(choose(&[flaky], 3).is_empty());
    }
}
