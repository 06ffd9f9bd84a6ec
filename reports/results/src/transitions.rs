//! What changed between two records: named transitions, each with a policy.
//!
//! Two lines are compared where case, stage and subject are the same. A case whose source has changed is compared
//! with nothing: what it shows now is new.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::record::{Line, Run, Verdict};

/// What a transition does to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    Pass,
    Warn,
    Fail,
}

/// The transitions by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transition {
    AgreeToCrash,
    AgreeToDiffer,
    DifferToCrash,
    NewCrash,
    NewDiffer,
    /// It was compared, and agreed; now nothing is compared.
    AgreeToUncompared,
    /// It differs as before, in another way.
    DifferOtherwise,
    /// It differed, and now nothing is compared.
    DifferToUncompared,
    /// It is in the baseline only.
    Gone,
    CrashToDiffer,
    CrashToAgree,
    DifferToAgree,
}

impl Transition {
    pub const ALL: [Transition; 12] = [
        Transition::AgreeToCrash,
        Transition::AgreeToDiffer,
        Transition::DifferToCrash,
        Transition::NewCrash,
        Transition::NewDiffer,
        Transition::AgreeToUncompared,
        Transition::DifferOtherwise,
        Transition::DifferToUncompared,
        Transition::Gone,
        Transition::CrashToDiffer,
        Transition::CrashToAgree,
        Transition::DifferToAgree,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Transition::AgreeToCrash => "agree-to-crash",
            Transition::AgreeToDiffer => "agree-to-differ",
            Transition::DifferToCrash => "differ-to-crash",
            Transition::NewCrash => "new-crash",
            Transition::NewDiffer => "new-differ",
            Transition::AgreeToUncompared => "agree-to-uncompared",
            Transition::DifferOtherwise => "differ-otherwise",
            Transition::DifferToUncompared => "differ-to-uncompared",
            Transition::Gone => "gone",
            Transition::CrashToDiffer => "crash-to-differ",
            Transition::CrashToAgree => "crash-to-agree",
            Transition::DifferToAgree => "differ-to-agree",
        }
    }

    /// What it does where nobody says otherwise: what is worse fails, what is unclear warns, progress passes.
    pub fn default_policy(self) -> Policy {
        match self {
            Transition::AgreeToCrash
            | Transition::AgreeToDiffer
            | Transition::DifferToCrash
            | Transition::NewCrash
            | Transition::NewDiffer
            | Transition::AgreeToUncompared => Policy::Fail,
            Transition::DifferOtherwise | Transition::DifferToUncompared | Transition::Gone => {
                Policy::Warn
            }
            Transition::CrashToDiffer | Transition::CrashToAgree | Transition::DifferToAgree => {
                Policy::Pass
            }
        }
    }
}

/// A transition and what it is to do, as a command line says it: `differ-otherwise=fail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule(pub Transition, pub Policy);

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        let (name, word) = text
            .split_once('=')
            .ok_or("it is a transition, an equals sign, and one of fail, warn, pass")?;
        let named = Transition::ALL.iter().find(|one| one.name() == name);
        let transition = named.ok_or_else(|| {
            let known: Vec<&str> = Transition::ALL.iter().map(|one| one.name()).collect();
            format!(
                "there is no transition {name}; there are {}",
                known.join(", ")
            )
        })?;
        let policy = match word {
            "fail" => Policy::Fail,
            "warn" => Policy::Warn,
            "pass" => Policy::Pass,
            other => return Err(format!("{other} is none of fail, warn, pass")),
        };
        Ok(Rule(*transition, policy))
    }
}

/// The policies in force.
#[derive(Clone, Debug, Default)]
pub struct Policies(BTreeMap<Transition, Policy>);

impl Policies {
    pub fn new(rules: &[Rule]) -> Policies {
        Policies(rules.iter().map(|rule| (rule.0, rule.1)).collect())
    }

    pub fn of(&self, transition: Transition) -> Policy {
        let set = self.0.get(&transition).copied();
        set.unwrap_or_else(|| transition.default_policy())
    }
}

/// One case, stage and subject that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub case: String,
    pub stage: String,
    pub subject: String,
    pub transition: Transition,
    pub policy: Policy,
    pub signature: Option<String>,
    pub difference: Option<String>,
}

/// What changed between two records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What fails first, then by transition, case, stage and subject.
    pub changes: Vec<Change>,
    /// How many lines of the run were found in the baseline, unchanged or not.
    pub compared: usize,
    /// Cases of the run whose source is another than in the baseline.
    pub edited: usize,
}

impl Comparison {
    pub fn count(&self, policy: Policy) -> usize {
        let of_policy = |change: &&Change| change.policy == policy;
        self.changes.iter().filter(of_policy).count()
    }

    pub fn fails(&self) -> bool {
        self.count(Policy::Fail) > 0
    }
}

type Key<'run> = (&'run str, &'run str, &'run str);

fn key_of(line: &Line) -> Key<'_> {
    (&line.case, &line.stage, &line.subject)
}

fn keyed(run: &Run) -> HashMap<Key<'_>, &Line> {
    run.lines.iter().map(|line| (key_of(line), line)).collect()
}

/// Compares a run with its baseline.
///
/// `ran` tells whether the run was to run a case at all: one that it left out on purpose is not gone, nor is a subject. What is known
/// to differ by the expectations is no news.
pub fn compare(
    baseline: &Run,
    run: &Run,
    policies: &Policies,
    ran: impl Fn(&str) -> bool,
) -> Comparison {
    let before = keyed(baseline);
    let now = keyed(run);
    let mut comparison = Comparison::default();
    let mut edited = BTreeSet::new();
    for line in &run.lines {
        let old = before.get(&key_of(line));
        comparison.compared += usize::from(old.is_some());
        let same = old.copied().filter(|old| old.source == line.source);
        if same.is_none() && old.is_some() {
            edited.insert(&*line.case);
        }
        let Some(transition) = transition(same, line).filter(|_| line.known.is_none()) else {
            continue;
        };
        comparison
            .changes
            .push(change(line, transition, policies.of(transition)));
    }
    let (stages, subjects) = (&run.header.stages, run.header.subject_names());
    for line in &baseline.lines {
        let is_here = now.contains_key(&key_of(line));
        let was_to_be = stages.contains(&line.stage)
            && subjects.contains(&line.subject.as_str())
            && ran(&line.case);
        if !is_here && was_to_be {
            let policy = policies.of(Transition::Gone);
            comparison
                .changes
                .push(change(line, Transition::Gone, policy));
        }
    }
    comparison.edited = edited.len();
    comparison.changes.sort_by(|left, right| {
        let order = |one: &Change| {
            let place = (one.case.clone(), one.stage.clone(), one.subject.clone());
            (std::cmp::Reverse(one.policy), one.transition, place)
        };
        order(left).cmp(&order(right))
    });
    comparison
}

fn change(line: &Line, transition: Transition, policy: Policy) -> Change {
    Change {
        case: line.case.clone(),
        stage: line.stage.clone(),
        subject: line.subject.clone(),
        transition,
        policy,
        signature: line.signature.clone(),
        difference: line.difference.clone(),
    }
}

/// The transition from one line to another; none where nothing changed that anyone asks about.
pub fn transition(before: Option<&Line>, now: &Line) -> Option<Transition> {
    use Verdict::{Agree, CannotRun, Crash, Cut, Differ, HarnessError, Poisoned, Unsupported};
    let Some(before) = before else {
        return match now.verdict {
            Crash => Some(Transition::NewCrash),
            Differ | CannotRun => Some(Transition::NewDiffer),
            Agree | Cut | Poisoned | Unsupported | HarnessError => None,
        };
    };
    // What cannot be run differs; the two are told apart by expectations only.
    let plain = |verdict| match verdict {
        CannotRun => Differ,
        other => other,
    };
    match (plain(before.verdict), plain(now.verdict)) {
        // Trouble of the tool's own says nothing of a subject; the gate fails on it by itself.
        (_, HarnessError) => None,
        (Agree | Cut, Differ) => Some(Transition::AgreeToDiffer),
        (Agree | Cut, Crash) => Some(Transition::AgreeToCrash),
        (Agree | Cut, Unsupported | Poisoned) => Some(Transition::AgreeToUncompared),
        (Differ, Crash) => Some(Transition::DifferToCrash),
        (Differ, Agree | Cut) => Some(Transition::DifferToAgree),
        (Crash, Differ) => Some(Transition::CrashToDiffer),
        (Crash, Agree | Cut) => Some(Transition::CrashToAgree),
        (Differ | Crash, Unsupported | Poisoned) => Some(Transition::DifferToUncompared),
        (Differ, Differ) | (Crash, Crash) if before.digests != now.digests => {
            Some(Transition::DifferOtherwise)
        }
        (Unsupported | Poisoned | HarnessError, Differ) => Some(Transition::NewDiffer),
        (Unsupported | Poisoned | HarnessError, Crash) => Some(Transition::NewCrash),
        _ => None,
    }
}
