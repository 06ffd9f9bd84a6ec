//! What the pages show, gathered from the records.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use twinheap_results::{Line, Run, Verdict};

/// A record and the name it is shown under.
#[derive(Clone, Debug)]
pub struct NamedRun {
    pub name: String,
    pub run: Run,
}

/// How many cases of a topic ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub agree: usize,
    pub known: usize,
    pub differ: usize,
    pub crash: usize,
    /// Not compared.
    pub other: usize,
}

impl Tally {
    pub fn compared(&self) -> usize {
        self.agree + self.known + self.differ + self.crash
    }

    /// The share that agrees, in per cent; none where nothing was compared.
    pub fn share(&self) -> Option<f64> {
        match self.compared() {
            0 => None,
            compared => Some(100.0 * self.agree as f64 / compared as f64),
        }
    }

    fn add(&mut self, result: CaseResult) {
        match result {
            CaseResult::Agree => self.agree += 1,
            CaseResult::Known => self.known += 1,
            CaseResult::Differ => self.differ += 1,
            CaseResult::Crash => self.crash += 1,
            CaseResult::Other => self.other += 1,
        }
    }
}

/// A case on a subject, all stages together: the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseResult {
    Other,
    Agree,
    Known,
    Differ,
    Crash,
}

impl CaseResult {
    fn of(line: &Line) -> CaseResult {
        match line.verdict {
            Verdict::Agree | Verdict::Cut => CaseResult::Agree,
            Verdict::Differ | Verdict::CannotRun | Verdict::Crash if line.known.is_some() => {
                CaseResult::Known
            }
            Verdict::Differ | Verdict::CannotRun => CaseResult::Differ,
            Verdict::Crash => CaseResult::Crash,
            Verdict::Poisoned | Verdict::Unsupported | Verdict::HarnessError => CaseResult::Other,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            CaseResult::Other => "not compared",
            CaseResult::Agree => "agree",
            CaseResult::Known => "known",
            CaseResult::Differ => "differ",
            CaseResult::Crash => "crash",
        }
    }
}

/// One run, by case and subject.
pub struct RunData<'a> {
    /// Its place among the runs.
    pub number: usize,
    pub name: &'a str,
    pub run: &'a Run,
    pub subjects: Vec<&'a str>,
    /// Where its cases come from.
    pub corpora: BTreeSet<&'a str>,
    /// By case, then by subject: the lines of all stages.
    pub cases: BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Line>>>,
}

impl<'a> RunData<'a> {
    fn of((number, named): (usize, &'a NamedRun)) -> RunData<'a> {
        let mut cases: BTreeMap<&str, BTreeMap<&str, Vec<&Line>>> = BTreeMap::new();
        for line in &named.run.lines {
            let subjects = cases.entry(&line.case).or_default();
            subjects.entry(&line.subject).or_default().push(line);
        }
        RunData {
            number,
            name: &named.name,
            run: &named.run,
            subjects: named.run.header.subject_names(),
            corpora: cases.keys().map(|case| corpus_of(case)).collect(),
            cases,
        }
    }

    /// How a case ended on a subject; none where it was not run.
    pub fn result(&self, case: &str, subject: &str) -> Option<CaseResult> {
        let lines = self.cases.get(case)?.get(subject)?;
        lines.iter().map(|line| CaseResult::of(line)).max()
    }

    /// By topic, then by subject.
    pub fn matrix(&self) -> BTreeMap<String, BTreeMap<&'a str, Tally>> {
        let mut matrix: BTreeMap<String, BTreeMap<&str, Tally>> = BTreeMap::new();
        for (case, subjects) in &self.cases {
            let row = matrix.entry(topic_of(case).to_owned()).or_default();
            for subject in subjects.keys() {
                if let Some(result) = self.result(case, subject) {
                    row.entry(subject).or_default().add(result);
                }
            }
        }
        matrix
    }

    /// The cases of a corpus on a subject.
    pub fn total(&self, subject: &str, corpus: &str) -> Tally {
        let mut total = Tally::default();
        for case in self.cases.keys().filter(|case| corpus_of(case) == corpus) {
            if let Some(result) = self.result(case, subject) {
                total.add(result);
            }
        }
        total
    }
}

/// Where a case comes from: `libtest`, or the programs of a gate.
pub fn corpus_of(case: &str) -> &str {
    match topic_of(case).split_once(':') {
        Some((corpus, _)) => corpus,
        None => "programs",
    }
}

/// The part of a case's id before its own name: `dict`, `libtest:test_dict`.
pub fn topic_of(case: &str) -> &str {
    case.split_once('/').map_or(case, |(topic, _)| topic)
}

/// Everything that bears the same signature.
#[derive(Default)]
pub struct FindingData<'a> {
    /// By subject and case, the runs that showed it, by number.
    pub seen: BTreeMap<(&'a str, &'a str), BTreeSet<usize>>,
    /// The shortest difference that shows it, and its case and subject.
    pub example: Option<(&'a str, &'a str, &'a str)>,
    pub stages: BTreeSet<&'a str>,
    /// Whether the newest runs of its subjects and topics do not show it.
    pub gone: bool,
}

/// All runs.
pub struct Site<'a> {
    pub runs: Vec<RunData<'a>>,
    /// By signature.
    pub findings: BTreeMap<&'a str, FindingData<'a>>,
    /// Cases that differed somewhere, sometime.
    pub differing: BTreeSet<&'a str>,
    newest: BTreeMap<&'a str, BTreeMap<&'a str, usize>>,
}

impl<'a> Site<'a> {
    pub fn of(named: &'a [NamedRun]) -> Site<'a> {
        let runs: Vec<RunData<'a>> = named.iter().enumerate().map(RunData::of).collect();
        let mut findings: BTreeMap<&str, FindingData<'a>> = BTreeMap::new();
        let mut differing = BTreeSet::new();
        for (number, one) in named.iter().enumerate() {
            for line in &one.run.lines {
                if !line.verdict.is_difference() {
                    continue;
                }
                differing.insert(&*line.case);
                let Some(signature) = &line.signature else {
                    continue;
                };
                let finding = findings.entry(signature).or_default();
                finding.stages.insert(&line.stage);
                let key = (&*line.subject, &*line.case);
                finding.seen.entry(key).or_default().insert(number);
                let shorter = |text: &str| {
                    finding
                        .example
                        .is_none_or(|(_, _, known)| text.len() < known.len())
                };
                if let Some(text) = line.difference.as_deref().filter(|text| shorter(text)) {
                    finding.example = Some((&line.case, &line.subject, text));
                }
            }
        }
        let newest = newest_runs(&runs);
        for finding in findings.values_mut() {
            finding.gone = !finding.seen.iter().any(|((subject, case), runs)| {
                let topics = newest.get(subject);
                let number = topics.and_then(|topics| topics.get(topic_of(case)));
                number.is_some_and(|number| runs.contains(number))
            });
        }
        Site {
            newest,
            runs,
            findings,
            differing,
        }
    }

    /// The subjects, that of the newest run first.
    pub fn subjects(&self) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        for subject in self.runs.iter().rev().flat_map(|run| &run.subjects) {
            if !found.contains(subject) {
                found.push(subject);
            }
        }
        found
    }

    /// The newest run with a topic on a subject.
    pub fn newest(&self, subject: &str, topic: &str) -> Option<&RunData<'a>> {
        let number = self.newest.get(subject)?.get(topic)?;
        Some(&self.runs[*number])
    }
}

/// By subject and topic, the newest run that has something on both.
fn newest_runs<'a>(runs: &[RunData<'a>]) -> BTreeMap<&'a str, BTreeMap<&'a str, usize>> {
    let mut newest: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (number, run) in runs.iter().enumerate() {
        for (case, subjects) in &run.cases {
            for subject in subjects.keys() {
                newest
                    .entry(subject)
                    .or_default()
                    .insert(topic_of(case), number);
            }
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use twinheap_results::{Header, SCHEMA_VERSION};

    use super::*;

    #[test]
    fn the_worst_stage_counts() {
        let line = |stage: &str, verdict: Verdict| Line {
            case: "dict/a".to_owned(),
            source: String::new(),
            subject: "vm".to_owned(),
            stage: stage.to_owned(),
            verdict,
            microseconds: (1, 1),
            signature: None,
            digests: Vec::new(),
            ends: None,
            difference: None,
            known: None,
            reason: None,
        };
        let mut run = Run {
            header: Header {
                twinheap_results: SCHEMA_VERSION,
                tool_version: "0".to_owned(),
                reference: "CPython".to_owned(),
                reference_build: String::new(),
                settings: Default::default(),
                subjects: Vec::new(),
                stages: Vec::new(),
            },
            lines: vec![
                line("output", Verdict::Agree),
                line("heap", Verdict::Unsupported),
            ],
            truncated: false,
        };
        let result = |run: &Run| {
            let named = [NamedRun::from(("one", run.clone()))];
            Site::of(&named).runs[0].result("dict/a", "vm")
        };
        assert_eq!(result(&run), Some(CaseResult::Agree));
        run.lines[0].verdict = Verdict::Crash;
        assert_eq!(result(&run), Some(CaseResult::Crash));
        run.lines[0].known = Some("an entry".to_owned());
        assert_eq!(result(&run), Some(CaseResult::Known));
    }
}
