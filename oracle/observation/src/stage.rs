//! The stages a program passes through, in order, and an observation: what one subject showed at each.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::code::CodeDump;
use crate::digest::Digest;
use crate::image::MemoryImage;
use crate::outcome::Outcome;
use crate::steps::StepTrail;

/// A stage. The first that differs names the culprit. All but the last are seen as people run programs: untraced, with
/// specialised code; the steps are those of a second, traced run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    Tokens,
    Ast,
    Code,
    Output,
    Outcome,
    Heap,
    Steps,
}

impl Stage {
    /// Every stage in the order of blame.
    pub const ALL: [Stage; 7] = [
        Stage::Tokens,
        Stage::Ast,
        Stage::Code,
        Stage::Output,
        Stage::Outcome,
        Stage::Heap,
        Stage::Steps,
    ];

    /// The name that reports and ledgers use.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Tokens => "tokens",
            Stage::Ast => "ast",
            Stage::Code => "code",
            Stage::Steps => "steps",
            Stage::Output => "output",
            Stage::Outcome => "outcome",
            Stage::Heap => "heap",
        }
    }

    /// The stage of that name.
    pub fn from_name(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A set of stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct StageSet(u8);

impl StageSet {
    pub const ALL: StageSet = StageSet(0x7f);
    pub const NONE: StageSet = StageSet(0);
    /// What a plain run shows: everything but the steps.
    pub const PLAIN: StageSet = StageSet(0x7f & !(1 << Stage::Steps as u8));
    /// What the traced run shows: the steps, and how they left everything.
    pub const TRACED: StageSet = StageSet(
        1 << Stage::Steps as u8
            | 1 << Stage::Output as u8
            | 1 << Stage::Outcome as u8
            | 1 << Stage::Heap as u8,
    );

    /// The set of these stages.
    pub fn of(stages: &[Stage]) -> StageSet {
        stages
            .iter()
            .fold(StageSet::NONE, |set, stage| set.with(*stage))
    }

    pub fn with(self, stage: Stage) -> StageSet {
        StageSet(self.0 | 1 << stage as u8)
    }

    pub fn without(self, stage: Stage) -> StageSet {
        StageSet(self.0 & !(1 << stage as u8))
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn contains(self, stage: Stage) -> bool {
        self.0 & (1 << stage as u8) != 0
    }

    pub fn intersection(self, other: StageSet) -> StageSet {
        StageSet(self.0 & other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Stage> {
        Stage::ALL
            .into_iter()
            .filter(move |stage| self.contains(*stage))
    }
}

/// Something a subject showed, or the reason why it cannot show it. The latter is never a divergence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Supported<T> {
    Supported(T),
    Unsupported(String),
}

impl<T> Supported<T> {
    /// What was shown, if anything was.
    pub fn shown(&self) -> Option<&T> {
        match self {
            Supported::Supported(value) => Some(value),
            Supported::Unsupported(_) => None,
        }
    }

    /// A value that nobody asked for.
    pub fn not_asked() -> Supported<T> {
        Supported::Unsupported("not asked for".to_owned())
    }
}

/// What one subject showed of one program, in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// One line for each token: kind, text, start, end.
    pub tokens: Supported<String>,
    /// The tree as an indented dump with positions.
    pub ast: Supported<String>,
    pub code: Supported<CodeDump>,
    pub output: Supported<Output>,
    pub outcome: Supported<Outcome>,
    pub heap: Supported<MemoryImage>,
    /// The steps of the traced run.
    pub steps: Supported<StepTrail>,
    /// What else the traced run showed: its output, outcome and heap.
    pub traced: Option<Box<Observation>>,
}

impl Observation {
    /// An observation of which nothing is known yet.
    pub fn empty() -> Observation {
        Observation {
            tokens: Supported::not_asked(),
            ast: Supported::not_asked(),
            code: Supported::not_asked(),
            output: Supported::not_asked(),
            outcome: Supported::not_asked(),
            heap: Supported::not_asked(),
            steps: Supported::not_asked(),
            traced: None,
        }
    }

    /// The reason why a stage is not shown, if it is not.
    pub fn unsupported_reason(&self, stage: Stage) -> Option<&str> {
        fn reason<T>(shown: &Supported<T>) -> Option<&str> {
            match shown {
                Supported::Supported(_) => None,
                Supported::Unsupported(reason) => Some(reason),
            }
        }
        match stage {
            Stage::Tokens => reason(&self.tokens),
            Stage::Ast => reason(&self.ast),
            Stage::Code => reason(&self.code),
            Stage::Steps => reason(&self.steps),
            Stage::Output => reason(&self.output),
            Stage::Outcome => reason(&self.outcome),
            Stage::Heap => reason(&self.heap),
        }
    }
}

/// What the program wrote to file descriptors 1 and 2, up to the limit on captured bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// Whether more was written than was kept.
    pub truncated: bool,
}

/// A stage as it travels first: a digest, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageDigest {
    Digest(Digest),
    Unsupported(String),
}
