//! Compares two observations stage by stage and lists what differs in the first stage that does.

use std::collections::HashSet;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};
use twinheap_observation::outcome::{ExceptionView, Outcome};
use twinheap_observation::stage::Output;
use twinheap_observation::{Observation, Stage, StageSet, StepTrail, Supported};

use crate::heap;
use crate::verdict::StageVerdict;

/// How long the lines of two texts are matched, here and wherever a reader is shown what differs.
pub const LONGEST_DIFF: Duration = Duration::from_secs(1);
/// How much of a value or a line is kept in a difference.
const KEPT_BYTES: usize = 4_096;

/// The text, or its beginning and how much there is of it.
pub fn clipped(text: String) -> String {
    if text.len() <= KEPT_BYTES {
        return text;
    }
    let end = text.floor_char_boundary(KEPT_BYTES);
    format!(
        "{} ... too long, the first {end} of {} bytes are shown",
        &text[..end],
        text.len()
    )
}

/// How many differences of a stage are listed.
pub const MAXIMUM_DIFFERENCES: usize = 50;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub stage: Stage,
    /// What kind of difference it is, without values: `list PyListObject.allocated: number`.
    pub kind: String,
    /// Where it is: a path from a root, a line number.
    pub place: String,
    pub left: String,
    pub right: String,
    /// For the heap: the layout and the field, from which masks are derived.
    pub field: Option<heap::FieldOfLayout>,
}

/// Rules for text, generalised from the proof of the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextRules {
    /// Stages in which addresses differ between two runs of the reference.
    pub addresses_vary: Vec<Stage>,
}

impl TextRules {
    fn covers(&self, stage: Stage) -> bool {
        self.addresses_vary.contains(&stage)
    }

    /// The text with addresses replaced, where the rules say so for this stage.
    fn apply(&self, stage: Stage, text: &str) -> String {
        if self.covers(stage) {
            without_addresses(text)
        } else {
            text.to_owned()
        }
    }
}

/// Replaces hexadecimal numbers of at least six digits after `0x`.
pub fn without_addresses(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("0x") {
        let digits = rest[start + 2..]
            .bytes()
            .take_while(u8::is_ascii_hexdigit)
            .count();
        result.push_str(&rest[..start]);
        if digits >= 6 {
            result.push_str("0xADDRESS");
        } else {
            result.push_str(&rest[start..start + 2 + digits]);
        }
        rest = &rest[start + 2 + digits..];
    }
    result.push_str(rest);
    result
}

/// Why a stage is poisoned.
pub const NOT_WITH_ITSELF: &str = "the reference does not agree with itself";

/// What several runs of the reference do not agree on in one program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noise {
    /// Stages whose text differs.
    stages: Vec<Stage>,
    /// Kinds and places of the fields of the heap that differ.
    heap: HashSet<(String, String)>,
}

impl Noise {
    /// Adds what two runs of the reference do not agree on.
    pub fn learn(
        &mut self,
        left: &Observation,
        right: &Observation,
        stages: StageSet,
        rules: &TextRules,
    ) {
        for stage in stages.iter() {
            if stage == Stage::Heap {
                let found = both(&left.heap, &right.heap)
                    .map_or_else(Vec::new, |(left, right)| heap::all_differences(left, right));
                let places = found.into_iter().map(|found| (found.kind, found.place));
                self.heap.extend(places);
            } else if !self.stages.contains(&stage)
                && !differences_of(stage, left, right, rules, false).is_empty()
            {
                self.stages.push(stage);
            }
        }
    }

    /// Takes whole stages out of the judgement.
    pub fn poison(&mut self, stages: impl IntoIterator<Item = Stage>) {
        self.stages.extend(stages);
    }

    fn remove_from(&self, stage: Stage, differences: &mut Vec<Difference>) {
        if self.stages.contains(&stage) {
            differences.clear();
        }
        if stage == Stage::Heap && !self.heap.is_empty() {
            differences.retain(|found| {
                let place = (found.kind.clone(), found.place.clone());
                !self.heap.contains(&place)
            });
        }
    }
}

/// The verdict on each stage, and what differs in the first that does.
pub struct Comparison {
    pub verdicts: Vec<(Stage, StageVerdict)>,
    pub first: Option<Stage>,
    pub differences: Vec<Difference>,
}

/// Compares two observations, leaving out what the reference does not agree on with itself.
/// A partial one has no columns in its tracebacks and no standard error.
pub fn compare(
    left: &Observation,
    right: &Observation,
    stages: StageSet,
    rules: &TextRules,
    noise: &Noise,
    partial: bool,
) -> Comparison {
    let mut comparison = Comparison {
        verdicts: Vec::new(),
        first: None,
        differences: Vec::new(),
    };
    for stage in stages.iter() {
        let reason = left
            .unsupported_reason(stage)
            .or_else(|| right.unsupported_reason(stage));
        if let Some(reason) = reason {
            comparison
                .verdicts
                .push((stage, StageVerdict::Unsupported(reason.to_owned())));
            continue;
        }
        let mut differences = if stage == Stage::Heap && !noise.heap.is_empty() {
            both(&left.heap, &right.heap)
                .map_or_else(Vec::new, |(left, right)| heap::all_differences(left, right))
        } else {
            differences_of(stage, left, right, rules, partial)
        };
        if differences.is_empty() {
            comparison.verdicts.push((stage, StageVerdict::Agree));
            continue;
        }
        noise.remove_from(stage, &mut differences);
        if differences.is_empty() {
            comparison
                .verdicts
                .push((stage, StageVerdict::Poisoned(NOT_WITH_ITSELF.to_owned())));
            continue;
        }
        differences.truncate(MAXIMUM_DIFFERENCES);
        comparison.verdicts.push((stage, StageVerdict::Diverge));
        if comparison.first.is_none() {
            comparison.first = Some(stage);
            comparison.differences = differences;
        }
    }
    comparison
}

fn both<'a, T>(left: &'a Supported<T>, right: &'a Supported<T>) -> Option<(&'a T, &'a T)> {
    left.shown().zip(right.shown())
}

/// What differs in one stage.
pub fn differences_of(
    stage: Stage,
    left: &Observation,
    right: &Observation,
    rules: &TextRules,
    partial: bool,
) -> Vec<Difference> {
    match stage {
        Stage::Tokens => text_of(stage, both(&left.tokens, &right.tokens)),
        Stage::Ast => text_of(stage, both(&left.ast, &right.ast)),
        Stage::Code => both(&left.code, &right.code).map_or_else(Vec::new, |(left, right)| {
            if left == right {
                Vec::new()
            } else {
                lines(stage, &left.lines(), &right.lines())
            }
        }),
        Stage::Steps => both(&left.steps, &right.steps)
            .map_or_else(Vec::new, |(left, right)| steps(left, right)),
        Stage::Output => both(&left.output, &right.output)
            .map_or_else(Vec::new, |(left, right)| {
                output(left, right, rules, partial)
            }),
        Stage::Outcome => both(&left.outcome, &right.outcome)
            .map_or_else(Vec::new, |(left, right)| {
                outcome(left, right, rules, partial)
            }),
        Stage::Heap => both(&left.heap, &right.heap)
            .map_or_else(Vec::new, |(left, right)| heap::differences(left, right)),
    }
}

fn text_of(stage: Stage, pair: Option<(&String, &String)>) -> Vec<Difference> {
    match pair {
        Some((left, right)) if left != right => {
            let split = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            lines(stage, &split(left), &split(right))
        }
        _ => Vec::new(),
    }
}

/// The differing lines of two texts.
fn lines(stage: Stage, left: &[String], right: &[String]) -> Vec<Difference> {
    let left_refs: Vec<&str> = left.iter().map(String::as_str).collect();
    let right_refs: Vec<&str> = right.iter().map(String::as_str).collect();
    // Texts that have nothing in common cost the square of their length; what is found by then is shown.
    let diff = TextDiff::configure()
        .timeout(LONGEST_DIFF)
        .diff_slices(&left_refs, &right_refs);
    let mut found = Vec::new();
    for change in diff.iter_all_changes() {
        if found.len() >= MAXIMUM_DIFFERENCES {
            break;
        }
        let (kind, place) = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => ("missing line", change.old_index()),
            ChangeTag::Insert => ("extra line", change.new_index()),
        };
        let text = clipped(change.value().to_owned());
        let (left, right) = if kind == "missing line" {
            (text, String::new())
        } else {
            (String::new(), text)
        };
        found.push(Difference {
            stage,
            kind: kind.to_owned(),
            place: format!("line {}", place.unwrap_or(0) + 1),
            left,
            right,
            field: None,
        });
    }
    if found.is_empty() && left != right {
        found.push(simple(stage, "order", "", left.len(), right.len()));
    }
    found
}

fn simple(
    stage: Stage,
    kind: &str,
    place: &str,
    left: impl ToString,
    right: impl ToString,
) -> Difference {
    Difference {
        stage,
        kind: kind.to_owned(),
        place: place.to_owned(),
        left: clipped(left.to_string()),
        right: clipped(right.to_string()),
        field: None,
    }
}

fn steps(left: &StepTrail, right: &StepTrail) -> Vec<Difference> {
    if left.digest == right.digest && left.count == right.count {
        return Vec::new();
    }
    let pairs = left.steps.iter().zip(&right.steps).enumerate();
    for (index, (expected, found)) in pairs {
        let place = format!("step {index}");
        let show =
            |step: &twinheap_observation::Step| format!("line {} in {}", step.line, step.qualname);
        if (&expected.qualname, expected.line) != (&found.qualname, found.line) {
            return vec![simple(
                Stage::Steps,
                "line",
                &place,
                show(expected),
                show(found),
            )];
        }
        if expected.watched != found.watched {
            let left = format!("{}, watched {:016x}", show(expected), expected.watched);
            let right = format!("{}, watched {:016x}", show(found), found.watched);
            return vec![simple(Stage::Steps, "watched objects", &place, left, right)];
        }
    }
    vec![simple(
        Stage::Steps,
        "count",
        "end",
        left.count,
        right.count,
    )]
}

fn output(left: &Output, right: &Output, rules: &TextRules, partial: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut streams = vec![("stdout", &left.stdout, &right.stdout)];
    if !partial {
        streams.push(("stderr", &left.stderr, &right.stderr));
    }
    for (name, expected, got) in streams {
        if expected == got {
            continue;
        }
        let expected = rules.apply(Stage::Output, &String::from_utf8_lossy(expected));
        let got = rules.apply(Stage::Output, &String::from_utf8_lossy(got));
        if expected == got && rules.covers(Stage::Output) {
            continue;
        }
        let split = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        for mut difference in lines(Stage::Output, &split(&expected), &split(&got)) {
            difference.place = format!("{name} {}", difference.place);
            difference.kind = format!("{name}: {}", difference.kind);
            found.push(difference);
        }
    }
    found
}

fn outcome(left: &Outcome, right: &Outcome, rules: &TextRules, partial: bool) -> Vec<Difference> {
    if left == right {
        return Vec::new();
    }
    let (left, right) = if partial {
        (reduced(left), reduced(right))
    } else {
        (left.clone(), right.clone())
    };
    if left.label() != right.label() {
        return vec![simple(
            Stage::Outcome,
            "how it ended",
            "",
            left.lines().join("\n"),
            right.lines().join("\n"),
        )];
    }
    let prepare = |outcome: &Outcome| -> Vec<String> {
        outcome
            .lines()
            .iter()
            .map(|line| rules.apply(Stage::Outcome, line))
            .collect()
    };
    let (left, right) = (prepare(&left), prepare(&right));
    if left == right {
        return Vec::new();
    }
    let mut found = lines(Stage::Outcome, &left, &right);
    for difference in &mut found {
        let line = if difference.left.is_empty() {
            &difference.right
        } else {
            &difference.left
        };
        let part = line.split_whitespace().next().unwrap_or("").to_owned();
        difference.kind = format!("{} {part}", difference.kind);
    }
    found
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
