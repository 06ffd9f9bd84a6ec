//! Compares two observations stage by stage and lists what differs in each.

use std::collections::{HashMap, HashSet};

use twinheap_observation::outcome::Outcome;
use twinheap_observation::{Observation, Stage, StageSet, StepTrail, Supported};

use crate::heap;
use crate::text::{NoisyLines, TextRules, lines, texts_of};
use crate::verdict::StageVerdict;

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
    /// Differences of a stage that belong together have the same number: lines that lie side by side, fields of a kind.
    pub hunk: u32,
    /// For the heap: the layout and the field, from which masks are derived.
    pub field: Option<heap::FieldOfLayout>,
}

/// Why a stage is poisoned.
pub const NOT_WITH_ITSELF: &str = "the reference does not agree with itself";

/// Before the kind of what differs in the traced run only.
pub const TRACED: &str = "traced ";

/// What several runs of the reference do not agree on in one program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noise {
    /// Stages that differ as a whole.
    stages: Vec<Stage>,
    /// Lines of the texts of a stage.
    lines: HashMap<(Stage, &'static str), NoisyLines>,
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
            match stage {
                Stage::Heap => self.learn_heap(&every_heap_difference(left, right)),
                Stage::Steps => self.learn_steps(left, right, rules),
                stage => self.learn_text(stage, left, right, rules),
            }
        }
    }

    fn learn_heap(&mut self, found: &[Difference]) {
        let places = found.iter();
        self.heap
            .extend(places.map(|found| (found.kind.clone(), found.place.clone())));
    }

    fn learn_steps(&mut self, left: &Observation, right: &Observation, rules: &TextRules) {
        let found = step_differences(left, right, rules, false, Depth::Everything);
        if found.iter().any(|found| found.field.is_none()) && !self.stages.contains(&Stage::Steps) {
            self.stages.push(Stage::Steps);
        }
        self.learn_heap(&found);
    }

    fn learn_text(
        &mut self,
        stage: Stage,
        left: &Observation,
        right: &Observation,
        rules: &TextRules,
    ) {
        let both = texts_of(stage, left, rules, false).zip(texts_of(stage, right, rules, false));
        for (left, right) in both
            .into_iter()
            .flat_map(|(left, right)| left.into_iter().zip(right))
        {
            if left.lines == right.lines {
                continue;
            }
            let known = self.lines.entry((stage, left.stream)).or_default();
            if !known.learn(&left.lines, &right.lines) && !self.stages.contains(&stage) {
                self.stages.push(stage);
            }
        }
    }

    /// Takes whole stages out of the judgement.
    pub fn poison(&mut self, stages: impl IntoIterator<Item = Stage>) {
        self.stages.extend(stages);
    }

    /// Whether nothing of this stage is noise.
    fn spares(&self, stage: Stage) -> bool {
        !self.stages.contains(&stage)
            && match stage {
                Stage::Heap | Stage::Steps => self.heap.is_empty(),
                stage => self
                    .lines
                    .iter()
                    .all(|((noisy, _), lines)| *noisy != stage || lines.is_empty()),
            }
    }

    fn remove_from(&self, stage: Stage, differences: &mut Vec<Difference>) {
        if self.stages.contains(&stage) {
            differences.clear();
        }
        if !self.heap.is_empty() {
            differences.retain(|found| {
                found.field.is_none()
                    || !self
                        .heap
                        .contains(&(found.kind.clone(), found.place.clone()))
            });
        }
    }
}

/// The verdict on each stage, and what differs in those that do.
#[derive(Default)]
pub struct Comparison {
    pub verdicts: Vec<(Stage, StageVerdict)>,
    pub found: Vec<(Stage, Vec<Difference>)>,
}

impl Comparison {
    /// The first stage that differs.
    pub fn first(&self) -> Option<Stage> {
        self.found.first().map(|(stage, _)| *stage)
    }
}

/// Compares two observations, leaving out what the reference does not agree on with itself.
pub fn compare(
    left: &Observation,
    right: &Observation,
    stages: StageSet,
    rules: &TextRules,
    noise: &Noise,
    partial: bool,
) -> Comparison {
    let mut comparison = Comparison::default();
    for stage in stages.iter() {
        let reason = left
            .unsupported_reason(stage)
            .or_else(|| right.unsupported_reason(stage));
        if let Some(reason) = reason {
            let verdict = StageVerdict::Unsupported(reason.to_owned());
            comparison.verdicts.push((stage, verdict));
            continue;
        }
        let differing: Vec<Stage> = comparison.found.iter().map(|(stage, _)| *stage).collect();
        let (mut differences, strict) = judged(stage, left, right, rules, noise, partial);
        // What differs in the plain run already is not told of the traced run again.
        differences.retain(|found| {
            !differing.iter().any(|stage| {
                let head = format!("{TRACED}{stage}");
                found.stage == Stage::Steps && found.kind.starts_with(&head)
            })
        });
        noise.remove_from(stage, &mut differences);
        let verdict = match (differences.is_empty(), strict) {
            (false, _) => StageVerdict::Diverge,
            (true, true) => agreed(stage, left, right),
            (true, false) => StageVerdict::Poisoned(NOT_WITH_ITSELF.to_owned()),
        };
        comparison.verdicts.push((stage, verdict));
        if !differences.is_empty() {
            differences.truncate(MAXIMUM_DIFFERENCES);
            comparison.found.push((stage, differences));
        }
    }
    comparison
}

/// The verdict on a stage without a difference: an image or an output that was cut is not known beyond the cut.
fn agreed(stage: Stage, left: &Observation, right: &Observation) -> StageVerdict {
    let cut = match stage {
        Stage::Heap => both(&left.heap, &right.heap)
            .filter(|(left, right)| left.truncated || right.truncated)
            .map(|(left, _)| {
                format!(
                    "the first {} objects agree, there are more",
                    left.nodes.len()
                )
            }),
        Stage::Output => both(&left.output, &right.output)
            .filter(|(left, right)| left.truncated || right.truncated)
            .map(|(left, _)| {
                format!(
                    "the first {} bytes agree, there are more",
                    left.stdout.len()
                )
            }),
        _ => None,
    };
    cut.map_or(StageVerdict::Agree, StageVerdict::Cut)
}

/// What differs in one stage, and whether nothing of it was taken for noise.
fn judged(
    stage: Stage,
    left: &Observation,
    right: &Observation,
    rules: &TextRules,
    noise: &Noise,
    partial: bool,
) -> (Vec<Difference>, bool) {
    let spares = noise.spares(stage);
    match stage {
        Stage::Heap if !spares => {
            let all = every_heap_difference(left, right);
            let strict = all.is_empty();
            (all, strict)
        }
        Stage::Steps if !spares => {
            let all = step_differences(left, right, rules, partial, Depth::Everything);
            let strict = all.is_empty();
            (all, strict)
        }
        stage if !spares => {
            let strict = differences_of(stage, left, right, rules, partial).is_empty();
            (
                without_noise(stage, left, right, rules, noise, partial),
                strict,
            )
        }
        stage => {
            let found = differences_of(stage, left, right, rules, partial);
            let strict = found.is_empty();
            (found, strict)
        }
    }
}

fn both<'a, T>(left: &'a Supported<T>, right: &'a Supported<T>) -> Option<(&'a T, &'a T)> {
    left.shown().zip(right.shown())
}

fn every_heap_difference(left: &Observation, right: &Observation) -> Vec<Difference> {
    both(&left.heap, &right.heap)
        .map_or_else(Vec::new, |(left, right)| heap::all_differences(left, right))
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
        Stage::Heap => both(&left.heap, &right.heap)
            .map_or_else(Vec::new, |(left, right)| heap::differences(left, right)),
        Stage::Steps => step_differences(left, right, rules, partial, Depth::Listed),
        stage => without_noise(stage, left, right, rules, &Noise::default(), partial),
    }
}

fn without_noise(
    stage: Stage,
    left: &Observation,
    right: &Observation,
    rules: &TextRules,
    noise: &Noise,
    partial: bool,
) -> Vec<Difference> {
    if stage == Stage::Outcome
        && let Some(found) = how_it_ended(left, right)
    {
        return vec![found];
    }
    let both = texts_of(stage, left, rules, partial).zip(texts_of(stage, right, rules, partial));
    let mut found: Vec<Difference> = Vec::new();
    for (mut left, mut right) in both
        .into_iter()
        .flat_map(|(left, right)| left.into_iter().zip(right))
    {
        if let Some(noisy) = noise.lines.get(&(stage, left.stream)) {
            noisy.hide(&mut left.lines, &mut right.lines);
        }
        if left.lines != right.lines {
            let hunk = found.last().map_or(0, |last| last.hunk + 1);
            let differing = lines(stage, left.stream, &left.lines, &right.lines, hunk);
            if differing.is_empty() {
                let count = (left.lines.len(), right.lines.len());
                found.push(simple(
                    stage,
                    "order of lines",
                    left.stream,
                    count.0,
                    count.1,
                ));
            }
            found.extend(differing);
        }
    }
    found
}

fn how_it_ended(left: &Observation, right: &Observation) -> Option<Difference> {
    let (left, right) = both(&left.outcome, &right.outcome)?;
    (left.label() != right.label()).then(|| {
        let shown = |outcome: &Outcome| outcome.lines().join("\n");
        simple(
            Stage::Outcome,
            "how it ended",
            "",
            shown(left),
            shown(right),
        )
    })
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
        hunk: 0,
        field: None,
    }
}

/// How much of a heap's differences is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Listed,
    Everything,
}

/// What differs in the traced run: the steps themselves, then how they left everything.
fn step_differences(
    left: &Observation,
    right: &Observation,
    rules: &TextRules,
    partial: bool,
    depth: Depth,
) -> Vec<Difference> {
    let mut found =
        both(&left.steps, &right.steps).map_or_else(Vec::new, |(left, right)| steps(left, right));
    let Some((left, right)) = left.traced.as_ref().zip(right.traced.as_ref()) else {
        return found;
    };
    for stage in [Stage::Output, Stage::Outcome, Stage::Heap] {
        let differing = match (stage, depth) {
            (Stage::Heap, Depth::Everything) => every_heap_difference(left, right),
            _ => differences_of(stage, left, right, rules, partial),
        };
        let first = found.last().map_or(0, |last: &Difference| last.hunk + 1);
        found.extend(differing.into_iter().map(|inner| Difference {
            stage: Stage::Steps,
            kind: format!("{TRACED}{stage}: {}", inner.kind),
            hunk: first + inner.hunk,
            ..inner
        }));
    }
    found
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
            let (left, right) = (show(expected), show(found));
            return vec![simple(Stage::Steps, "line", &place, left, right)];
        }
        if expected.watched != found.watched {
            let left = format!("{}, watched {:016x}", show(expected), expected.watched);
            let right = format!("{}, watched {:016x}", show(found), found.watched);
            return vec![simple(Stage::Steps, "watched objects", &place, left, right)];
        }
    }
    let kind = if left.count == right.count {
        "watched objects beyond the steps that are kept"
    } else {
        "count"
    };
    vec![simple(Stage::Steps, kind, "end", left.count, right.count)]
}
