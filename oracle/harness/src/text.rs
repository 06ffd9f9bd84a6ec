//! Stages that are text: their lines, the addresses in them, and the groups of lines that differ.

use std::collections::BTreeSet;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};
use twinheap_observation::outcome::{ExceptionView, Outcome};
use twinheap_observation::stage::Output;
use twinheap_observation::{Observation, Stage};

use crate::compare::{Difference, MAXIMUM_DIFFERENCES, clipped};

/// How long the lines of two texts are matched, here and wherever a reader is shown what differs.
pub const LONGEST_DIFF: Duration = Duration::from_secs(1);

/// Rules for text, generalised from the proof of the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextRules {
    /// Stages in which the addresses in reprs differ between two runs of the reference.
    pub addresses_vary: Vec<Stage>,
}

impl TextRules {
    pub(crate) fn covers(&self, stage: Stage) -> bool {
        self.addresses_vary.contains(&stage)
    }

    /// The line with addresses replaced, where the rules say so for this stage.
    fn apply(&self, stage: Stage, line: &str) -> String {
        if self.covers(stage) {
            without_addresses(line)
        } else {
            line.to_owned()
        }
    }
}

/// What stands for an address.
const ADDRESS: &str = "0xADDRESS";

/// Replaces the addresses in reprs: what follows ` at 0x` in `<object object at 0x7f3ca1b5c0d0>`, if it can be the
/// address of an object. Any other hexadecimal number is a value that the program worked out, and stays.
pub fn without_addresses(text: &str) -> String {
    const SHAPE: &str = " at 0x";
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(SHAPE) {
        let digits_at = start + SHAPE.len();
        let digits = rest[digits_at..]
            .bytes()
            .take_while(u8::is_ascii_hexdigit)
            .count();
        let number = u64::from_str_radix(&rest[digits_at..digits_at + digits], 16);
        result.push_str(&rest[..digits_at - 2]);
        if digits <= 12 && number.is_ok_and(|number| number >= 0x1_0000 && number % 8 == 0) {
            result.push_str(ADDRESS);
        } else {
            result.push_str(&rest[digits_at - 2..digits_at + digits]);
        }
        rest = &rest[digits_at + digits..];
    }
    result.push_str(rest);
    result
}

/// One text of a stage.
pub(crate) struct Text {
    /// `stdout`, `stderr`, or nothing where the stage has one text only.
    pub(crate) stream: &'static str,
    pub(crate) lines: Vec<String>,
}

fn one(lines: Vec<String>) -> Option<Vec<Text>> {
    Some(vec![Text { stream: "", lines }])
}

/// The texts of a stage, if it is shown and is text. A partial observation has no columns in its tracebacks.
pub(crate) fn texts_of(
    stage: Stage,
    observation: &Observation,
    rules: &TextRules,
    partial: bool,
) -> Option<Vec<Text>> {
    let split = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    match stage {
        Stage::Tokens => one(split(observation.tokens.shown()?)),
        Stage::Ast => one(split(observation.ast.shown()?)),
        Stage::Code => one(observation.code.shown()?.lines()),
        Stage::Output => Some(streams(observation.output.shown()?, rules)),
        Stage::Outcome => {
            let outcome = observation.outcome.shown()?;
            let lines = match outcome {
                // What was said last is for a reader; two implementations never say the same.
                Outcome::Crashed { cause, .. } => vec![format!("crashed: {cause}")],
                Outcome::TimedOut { .. } => vec!["timed out".to_owned()],
                Outcome::OutOfMemory { .. } => vec!["out of memory".to_owned()],
                outcome if partial => reduced(outcome).lines(),
                outcome => outcome.lines(),
            };
            one(lines
                .iter()
                .map(|line| rules.apply(Stage::Outcome, line))
                .collect())
        }
        Stage::Heap | Stage::Steps => None,
    }
}

fn streams(output: &Output, rules: &TextRules) -> Vec<Text> {
    [("stdout", &output.stdout), ("stderr", &output.stderr)]
        .into_iter()
        .map(|(stream, bytes)| Text {
            stream,
            // Bytes that are not UTF-8 stay apart from each other.
            lines: bytes
                .split(|byte| *byte == b'\n')
                .map(|line| rules.apply(Stage::Output, &escaped(line)))
                .collect(),
        })
        .collect()
}

/// A line as text, in which no two byte strings look alike.
fn escaped(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.escape_ascii().to_string(),
    }
}

/// What differs in two texts, line by line; lines of a group that lie together have the same number of hunk.
pub(crate) fn lines(
    stage: Stage,
    stream: &str,
    left: &[String],
    right: &[String],
    first_hunk: u32,
) -> Vec<Difference> {
    let left_refs: Vec<&str> = left.iter().map(String::as_str).collect();
    let right_refs: Vec<&str> = right.iter().map(String::as_str).collect();
    // Texts that have nothing in common cost the square of their length; what is found by then is shown.
    let diff = TextDiff::configure()
        .timeout(LONGEST_DIFF)
        .diff_slices(&left_refs, &right_refs);
    let mut found = Vec::new();
    let mut hunk = first_hunk;
    let mut is_in_hunk = false;
    for change in diff.iter_all_changes() {
        if found.len() >= MAXIMUM_DIFFERENCES {
            break;
        }
        let (kind, place) = match change.tag() {
            ChangeTag::Equal => {
                hunk += u32::from(is_in_hunk);
                is_in_hunk = false;
                continue;
            }
            ChangeTag::Delete => ("missing line", change.old_index()),
            ChangeTag::Insert => ("extra line", change.new_index()),
        };
        is_in_hunk = true;
        let text = clipped(change.value().to_owned());
        let (left, right) = if kind == "missing line" {
            (text, String::new())
        } else {
            (String::new(), text)
        };
        let head = if stream.is_empty() {
            String::new()
        } else {
            format!("{stream} ")
        };
        found.push(Difference {
            stage,
            kind: format!("{head}{kind}"),
            place: format!("{head}line {}", place.unwrap_or(0) + 1),
            left,
            right,
            hunk,
            field: None,
        });
    }
    found
}

/// Lines of the reference's text that its own runs do not agree on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NoisyLines(BTreeSet<usize>);

impl NoisyLines {
    /// Adds the lines in which two runs differ; false where the texts do not correspond line by line.
    pub(crate) fn learn(&mut self, left: &[String], right: &[String]) -> bool {
        if left.len() != right.len() {
            return false;
        }
        let differing = left.iter().zip(right).enumerate();
        self.0.extend(
            differing
                .filter(|(_, (left, right))| left != right)
                .map(|(at, _)| at),
        );
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes the noisy lines alike in a text that has as many lines as the reference's. Another number of lines is a
    /// difference of its own.
    pub(crate) fn hide(&self, reference: &mut [String], other: &mut [String]) {
        if reference.len() != other.len() {
            return;
        }
        for at in &self.0 {
            reference[*at].clear();
            other[*at].clear();
        }
    }
}

/// An outcome without what a foreign interpreter cannot be expected to show.
fn reduced(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Raised(exception) => Outcome::Raised(Box::new(reduced_exception(exception))),
        other => other.clone(),
    }
}

fn reduced_exception(exception: &ExceptionView) -> ExceptionView {
    let mut reduced = exception.clone();
    reduced.fields.clear();
    for frame in &mut reduced.traceback {
        frame.span = (-1, -1, -1, -1);
        frame.qualname.clear();
    }
    reduced.cause = exception
        .cause
        .as_ref()
        .map(|cause| Box::new(reduced_exception(cause)));
    reduced.context = exception
        .context
        .as_ref()
        .map(|context| Box::new(reduced_exception(context)));
    reduced.members = exception.members.iter().map(reduced_exception).collect();
    reduced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(without_addresses(input), expected);
    }

    #[test]
    fn an_address_in_a_repr_goes() {
        check(
            "<object object at 0x7f3ca1b5c0d0>, <cell at 0x55e0a0: int object at 0x55f0b8>",
            "<object object at 0xADDRESS>, <cell at 0xADDRESS: int object at 0xADDRESS>",
        );
    }

    #[test]
    fn a_number_that_a_program_worked_out_stays() {
        check("0xfedcba and 0xabcdef", "0xfedcba and 0xabcdef");
        check("found at 0xfedcbb", "found at 0xfedcbb");
        check("found at 0xff", "found at 0xff");
    }

    #[test]
    fn noise_costs_its_line_and_no_other() {
        let text = |line: &str| vec!["a".to_owned(), line.to_owned(), "c".to_owned()];
        let mut noise = NoisyLines::default();
        assert!(noise.learn(&text("one"), &text("two")));
        let (mut left, mut right) = (text("one"), text("three"));
        noise.hide(&mut left, &mut right);
        assert_eq!(left, right);
        let (mut left, mut right) = (text("one"), vec!["b".to_owned(); 3]);
        noise.hide(&mut left, &mut right);
        assert_ne!(left, right);
    }
}
