//! The methods of a file on the reference and on a subject, side by side.

use std::collections::BTreeSet;

use twinheap_libtest::{FileResult, Loaded, Outcome};
use twinheap_results::{Line, Verdict};

use crate::record::{digest_of, source_hash};

/// The one stage of a record of test methods.
pub const STAGE: &str = "result";

/// What is counted of a file, or of all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Methods that the reference has.
    pub methods: usize,
    /// Those that pass on the reference.
    pub passed: usize,
    /// Of those, the ones that pass on the subject.
    pub also: usize,
    pub differ: usize,
    pub crash: usize,
    pub late: usize,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.methods += other.methods;
        self.passed += other.passed;
        self.also += other.also;
        self.differ += other.differ;
        self.crash += other.crash;
        self.late += other.late;
    }

    /// Of the methods that pass on the reference, the share that passes on the subject, in per cent.
    pub fn share(&self) -> f64 {
        100.0 * self.also as f64 / self.passed.max(1) as f64
    }
}

/// A file on both sides.
pub struct Comparison {
    pub counts: Counts,
    pub lines: Vec<Line>,
    /// What is said of the file as a whole.
    pub remark: Option<String>,
}

/// Compares a file; `source` is the text of it.
pub fn compare(
    file: &str,
    source: &str,
    subject: &str,
    reference: &FileResult,
    found: &FileResult,
) -> Comparison {
    let line = |key: &str| Line {
        case: match key {
            "" => format!("libtest:{file}"),
            key => format!("libtest:{file}/{key}"),
        },
        source: source_hash(source),
        subject: subject.to_owned(),
        stage: STAGE.to_owned(),
        verdict: Verdict::Agree,
        microseconds: (0, 0),
        signature: None,
        digests: Vec::new(),
        ends: None,
        difference: None,
        known: None,
        reason: None,
    };
    let whole = |verdict: Verdict, reason: String| Comparison {
        counts: Counts::default(),
        lines: vec![Line {
            verdict,
            reason: Some(reason.clone()),
            ..line("")
        }],
        remark: Some(reason),
    };
    match (&reference.loaded, &found.loaded) {
        (Loaded::Yes, _) => {}
        (Loaded::Skipped(_), Loaded::Skipped(reason)) => {
            return whole(Verdict::Agree, format!("skipped on both sides: {reason}"));
        }
        (Loaded::No(_), Loaded::No(reason)) => {
            return whole(
                Verdict::Unsupported,
                format!("not importable on either side: {reason}"),
            );
        }
        (Loaded::Skipped(reason) | Loaded::No(reason), _) => {
            return whole(
                Verdict::Unsupported,
                format!("the reference does not run it: {reason}"),
            );
        }
        (Loaded::Interrupted, _) => {
            return whole(Verdict::HarnessError, "interrupted".to_owned());
        }
    }
    let unloaded = match &found.loaded {
        Loaded::Yes => None,
        Loaded::No(reason) => Some(format!("not importable: {reason}")),
        Loaded::Skipped(reason) => Some(format!("skipped as a whole: {reason}")),
        Loaded::Interrupted => return whole(Verdict::HarnessError, "interrupted".to_owned()),
    };
    let mut counts = Counts::default();
    let mut lines = Vec::new();
    let keys: BTreeSet<&String> = reference
        .methods
        .keys()
        .chain(found.methods.keys())
        .collect();
    for key in keys {
        let (expected, got) = (reference.methods.get(key), found.methods.get(key));
        let mut line = line(key);
        line.microseconds = (
            expected.map_or(0, |method| method.microseconds),
            got.map_or(0, |method| method.microseconds),
        );
        counts.methods += usize::from(expected.is_some());
        let passes = |outcome: Option<&Outcome>| outcome == Some(&Outcome::Pass);
        let (expected, got) = (
            expected.map(|method| &method.outcome),
            got.map(|method| &method.outcome),
        );
        counts.passed += usize::from(passes(expected));
        counts.also += usize::from(passes(expected) && passes(got));
        judge(&mut line, expected, got, unloaded.as_deref());
        match (line.verdict, got) {
            (Verdict::Crash, Some(Outcome::TimeOut)) => counts.late += 1,
            (Verdict::Crash, _) => counts.crash += 1,
            (Verdict::Differ | Verdict::CannotRun, _) => counts.differ += 1,
            _ => {}
        }
        lines.push(line);
    }
    Comparison {
        counts,
        lines,
        remark: unloaded,
    }
}

/// The verdict on a method, with what tells one difference from another.
fn judge(
    line: &mut Line,
    expected: Option<&Outcome>,
    got: Option<&Outcome>,
    unloaded: Option<&str>,
) {
    let told = |outcome: Option<&Outcome>| match outcome {
        None => "not there".to_owned(),
        Some(outcome) => match outcome.exception() {
            Some(exception) => format!("{} {exception}", outcome.word()),
            None => outcome.word().to_owned(),
        },
    };
    let (left, mut right) = (told(expected), told(got));
    if let (None, Some(reason)) = (got, unloaded) {
        right = reason.split(':').take(2).collect::<Vec<_>>().join(":");
    }
    if left == right {
        return;
    }
    let dies = |outcome: Option<&Outcome>| outcome.is_some_and(Outcome::is_death);
    line.verdict = match dies(got) && !dies(expected) {
        true => Verdict::Crash,
        false if unloaded.is_some() => Verdict::CannotRun,
        false => Verdict::Differ,
    };
    let signature = format!("libtest | {left} / {right}");
    line.digests = vec![digest_of(&signature)];
    line.ends = Some((left.clone(), right.clone()));
    line.signature = Some(signature);
    let text =
        |outcome: Option<&Outcome>| outcome.map(Outcome::text).unwrap_or_default().to_owned();
    let mut said = text(got);
    if got.is_none() {
        said = unloaded.unwrap_or_default().to_owned();
    }
    line.difference = Some(match (text(expected), said) {
        (before, after) if before.is_empty() => format!("{left} / {right}\n{after}"),
        (before, after) => format!("{left} / {right}\n{before}\n{after}"),
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use twinheap_libtest::Method;

    use super::*;

    fn result(methods: &[(&str, Outcome)]) -> FileResult {
        let method = |outcome: &Outcome| Method {
            outcome: outcome.clone(),
            microseconds: 1,
        };
        FileResult {
            loaded: Loaded::Yes,
            methods: methods
                .iter()
                .map(|(key, outcome)| ((*key).to_owned(), method(outcome)))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn each_method_has_a_verdict_of_its_own() {
        let error = |text: &str| Outcome::Error(text.to_owned());
        let reference = result(&[
            ("A.a", Outcome::Pass),
            ("A.b", Outcome::Pass),
            ("A.c", Outcome::Pass),
            ("A.d", error("ValueError: one")),
            ("A.e", error("ValueError")),
            ("A.f", Outcome::Pass),
        ]);
        let subject = result(&[
            ("A.a", Outcome::Pass),
            ("A.b", error("KeyError: 1")),
            ("A.c", Outcome::Crash("SIGSEGV".to_owned())),
            ("A.d", error("ValueError: other words")),
            ("A.e", error("KeyError")),
        ]);
        let found = compare("test_x", "text", "vm", &reference, &subject);
        let verdicts: Vec<Verdict> = found.lines.iter().map(|line| line.verdict).collect();
        use Verdict::{Agree, Crash, Differ};
        assert_eq!(verdicts, [Agree, Differ, Crash, Agree, Differ, Differ]);
        assert_eq!((found.counts.passed, found.counts.also), (4, 1));
        assert_eq!(found.lines[1].case, "libtest:test_x/A.b");
        assert_eq!(
            found.lines[1].signature.as_deref(),
            Some("libtest | pass / error KeyError")
        );
    }

    #[test]
    fn a_file_that_cannot_be_imported_differs_in_every_method() {
        let reference = result(&[
            ("A.a", Outcome::Pass),
            ("A.b", Outcome::Skip(String::new())),
        ]);
        let subject = FileResult {
            loaded: Loaded::No("ModuleNotFoundError: No module named '_x'".to_owned()),
            methods: BTreeMap::new(),
        };
        let found = compare("test_x", "text", "vm", &reference, &subject);
        assert_eq!(found.counts.differ, 2);
        let signature = found.lines[0].signature.as_deref();
        assert_eq!(
            signature,
            Some("libtest | pass / not importable: ModuleNotFoundError")
        );
        let neither = compare("test_x", "text", "vm", &subject, &subject);
        assert_eq!(neither.lines[0].verdict, Verdict::Unsupported);
    }
}
