//! One side of a pair: a worker of ours, or an interpreter given as a command.

use twinheap_observation::StageSet;
use twinheap_observation::wire::{Hello, RunRequest};
use twinheap_subject::command::{CommandSpec, CommandSubject};
use twinheap_subject::{Answer, Lane, SubjectSpec};

/// How a side is started.
#[derive(Clone, Debug)]
pub enum SideKind {
    Worker(SubjectSpec),
    Command(CommandSpec),
}

impl SideKind {
    pub fn label(&self) -> &str {
        match self {
            SideKind::Worker(spec) => &spec.label,
            SideKind::Command(spec) => &spec.label,
        }
    }

    /// A side of this kind, not yet started.
    pub fn open(&self) -> Side {
        match self {
            SideKind::Worker(spec) => Side::Worker(Box::new(Lane::new(spec.clone()))),
            SideKind::Command(spec) => Side::Command(Box::new(CommandSubject::new(spec.clone()))),
        }
    }

    /// The same kind with another limit on the time of a program.
    pub fn with_wall_milliseconds(&self, milliseconds: u64) -> SideKind {
        let mut kind = self.clone();
        match &mut kind {
            SideKind::Worker(spec) => spec.limits.wall_milliseconds = milliseconds,
            SideKind::Command(spec) => spec.limits.wall_milliseconds = milliseconds,
        }
        kind
    }

    /// The same worker, always at the same addresses; a command is left as it is.
    pub fn with_fixed_addresses(&self) -> SideKind {
        let mut kind = self.clone();
        if let SideKind::Worker(spec) = &mut kind {
            spec.fixed_addresses = true;
        }
        kind
    }

    /// The same worker started with further arguments; a command has no such thing.
    pub fn with_arguments(&self, arguments: &[&str]) -> Option<SideKind> {
        let SideKind::Worker(spec) = self else {
            return None;
        };
        let mut spec = spec.clone();
        let further = arguments.iter().map(|argument| (*argument).to_owned());
        spec.arguments.extend(further);
        Some(SideKind::Worker(spec))
    }

    /// The same kind with another specification of masks.
    pub fn with_masks(&self, masks: &[twinheap_observation::MaskRule]) -> SideKind {
        match self {
            SideKind::Worker(spec) => SideKind::Worker(SubjectSpec {
                masks: masks.to_vec(),
                ..spec.clone()
            }),
            SideKind::Command(spec) => SideKind::Command(spec.clone()),
        }
    }

    /// The same kind with fields that are hidden everywhere.
    pub fn with_unsupported(&self, fields: &[twinheap_observation::FieldSpec]) -> SideKind {
        match self {
            SideKind::Worker(spec) => SideKind::Worker(SubjectSpec {
                unsupported: fields.to_vec(),
                ..spec.clone()
            }),
            SideKind::Command(spec) => SideKind::Command(spec.clone()),
        }
    }
}

/// One side at work.
pub enum Side {
    Worker(Box<Lane>),
    Command(Box<CommandSubject>),
}

impl Side {
    pub fn hello(&mut self) -> Result<Hello, String> {
        match self {
            Side::Worker(lane) => lane.hello(),
            Side::Command(command) => command.hello(),
        }
    }

    /// Takes up the masks and fields of a kind that is otherwise its own.
    pub fn take_up(&mut self, kind: &SideKind) -> Result<(), String> {
        match (self, kind) {
            (Side::Worker(lane), SideKind::Worker(spec)) => {
                lane.configure(&spec.masks, &spec.unsupported)
            }
            // A command has neither.
            _ => Ok(()),
        }
    }

    pub fn run_batch(&mut self, requests: &[RunRequest]) -> Vec<Answer> {
        match self {
            Side::Worker(lane) => lane.run_batch(requests),
            Side::Command(command) => command.run_batch(requests),
        }
    }

    /// How many processes it has started.
    pub fn started(&self) -> u32 {
        match self {
            Side::Worker(lane) => lane.started,
            Side::Command(command) => command.started,
        }
    }

    /// The next program meets a fresh process.
    pub fn retire(&mut self) {
        match self {
            Side::Worker(lane) => lane.retire(),
            Side::Command(command) => command.retire(),
        }
    }

    /// Whether its outcomes lack parts, so that only details can be compared.
    pub fn is_partial(&self) -> bool {
        matches!(self, Side::Command(_))
    }
}

/// The stages that both can show.
pub fn common_stages(left: &Hello, right: &Hello, wanted: StageSet) -> StageSet {
    let mut stages = left.stages.intersection(right.stages).intersection(wanted);
    if left.layout_fingerprint != right.layout_fingerprint {
        let without: Vec<_> = stages
            .iter()
            .filter(|stage| *stage != twinheap_observation::Stage::Heap)
            .collect();
        stages = StageSet::of(&without);
    }
    stages
}
