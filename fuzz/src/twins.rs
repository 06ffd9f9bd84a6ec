//! CPython and the VM in one process: runs a program on both, compares every stage, records what differs.

use std::cell::RefCell;

use twinheap_cpython::{Interpreter, Variation};
use twinheap_harness::compare::{Comparison, Noise, TextRules, compare};
use twinheap_harness::signature::sign;
use twinheap_observation::outcome::Outcome;
use twinheap_observation::wire::{Limits, Report, ReportBuilder, RunRequest, Wanted};
use twinheap_observation::{Observation, Program, Stage, StageSet};
use twinheap_reference::Reference;
use twinheap_subject::Runtime;

use crate::counters;
use crate::findings::{self, Finding};
use crate::streams::Streams;

/// Steps are left out: what is watched at each line of a large program costs too much here.
const STAGES: [Stage; 6] = [
    Stage::Tokens,
    Stage::Ast,
    Stage::Code,
    Stage::Output,
    Stage::Outcome,
    Stage::Heap,
];
/// Images larger than this are cut, on both sides alike.
const IMAGE_NODES: u32 = 20_000;

pub struct Twins {
    pub oracle: Interpreter,
    pub subject: Reference,
    streams: Streams,
}

thread_local! {
    static TWINS: RefCell<Option<Twins>> = const { RefCell::new(None) };
}

/// Works with both sides, which are started the first time.
pub fn with_twins<T>(work: impl FnOnce(&mut Twins) -> T) -> T {
    TWINS.with_borrow_mut(|twins| work(twins.get_or_insert_with(Twins::start)))
}

impl Twins {
    /// Without both sides there is nothing to do, so a failure ends the process.
    fn start() -> Twins {
        let oracle = Interpreter::start(&Variation::default());
        let mut oracle = oracle.unwrap_or_else(|reason| panic!("CPython does not start: {reason}"));
        let mut subject =
            Reference::start().unwrap_or_else(|reason| panic!("the VM does not start: {reason}"));
        let streams = Streams::new().unwrap_or_else(|error| panic!("no streams: {error}"));
        let limits = Limits {
            image_nodes: IMAGE_NODES,
            ..Limits::default()
        };
        let unsupported = subject.hello().unsupported_fields;
        oracle.configure(&limits, &[], &unsupported);
        subject.configure(&limits, &[], &unsupported);
        Twins {
            oracle,
            subject,
            streams,
        }
    }

    /// Whether the VM does with a tiny program what CPython does; what it lacks, a target leaves out.
    pub fn can(&mut self, source: &str) -> bool {
        let program = program("probe", source);
        let (oracle, subject) = self.both(&program, StageSet::of(&[Stage::Outcome]), false);
        oracle.digests == subject.digests
    }

    fn both(&mut self, program: &Program, stages: StageSet, details: bool) -> (Report, Report) {
        let oracle = run(&mut self.oracle, &self.streams, program, stages, details);
        let subject = run(&mut self.subject, &self.streams, program, stages, details);
        (oracle, subject)
    }

    /// Runs a program on both sides; what differs is recorded, and the run goes on.
    pub fn compare(&mut self, target: &str, input: &[u8], source: &str) {
        let program = program(target, source);
        let (oracle, subject) = self.both(&program, StageSet::of(&STAGES), false);
        counters::count_transitions(&oracle.transitions);
        if oracle.digests == subject.digests {
            return;
        }
        let (first, subject) = self.both(&program, StageSet::of(&STAGES), true);
        let again = run(
            &mut self.oracle,
            &self.streams,
            &program,
            StageSet::of(&STAGES),
            true,
        );
        let (Some(first), Some(again), Some(subject)) =
            (first.details, again.details, subject.details)
        else {
            return;
        };
        // Where CPython does not agree with itself, nobody is judged.
        let noisy = differing(&first, &again);
        let judged: Vec<Stage> = STAGES
            .into_iter()
            .filter(|stage| !noisy.contains(stage))
            .collect();
        let found = judge(&first, &subject, StageSet::of(&judged));
        let Some(stage) = found.first else {
            return;
        };
        if lacks_something(&first, &subject) {
            return;
        }
        let details = found
            .differences
            .iter()
            .map(|difference| {
                format!(
                    "{}: {} at {}\n  cpython  {}\n  twinheap {}\n",
                    difference.stage,
                    difference.kind,
                    difference.place,
                    difference.left,
                    difference.right
                )
            })
            .collect();
        report(&Finding {
            target,
            signature: sign(target, stage, &found.differences, &first, &subject),
            input,
            source,
            details,
        });
    }
}

/// Whether the VM says that it has no such module yet; that is known, and no finding.
fn lacks_something(oracle: &Observation, subject: &Observation) -> bool {
    let lacks = |side: &Observation| match side.outcome.shown() {
        Some(Outcome::Raised(exception)) => {
            ["ModuleNotFoundError", "NotImplementedError"].contains(&exception.type_name.as_str())
        }
        _ => false,
    };
    lacks(subject) && !lacks(oracle)
}

/// Records a finding and says so if it is new.
pub fn report(finding: &Finding<'_>) {
    match findings::record(finding) {
        Ok(true) => eprintln!("twinheap: new finding: {}", finding.signature),
        Ok(false) => {}
        Err(error) => panic!("a finding cannot be kept: {error}"),
    }
}

fn program(target: &str, source: &str) -> Program {
    Program::new("fuzz", target, source)
}

fn judge(left: &Observation, right: &Observation, stages: StageSet) -> Comparison {
    compare(
        left,
        right,
        stages,
        &TextRules::default(),
        &Noise::default(),
        false,
    )
}

/// The stages that two runs of the same side do not agree on.
fn differing(left: &Observation, right: &Observation) -> Vec<Stage> {
    STAGES
        .into_iter()
        .filter(|stage| judge(left, right, StageSet::of(&[*stage])).first.is_some())
        .collect()
}

fn run(
    side: &mut impl Runtime,
    streams: &Streams,
    program: &Program,
    stages: StageSet,
    details: bool,
) -> Report {
    let wanted = Wanted {
        stages,
        details,
        marshal: false,
        transitions: true,
    };
    let request = RunRequest {
        index: 0,
        program: program.clone(),
        code: None,
        wanted,
    };
    let mut builder = ReportBuilder::new(wanted);
    let ran = streams.during(|| side.run(&request, &mut builder));
    let (finished, output) = ran.unwrap_or_else(|error| panic!("the streams are lost: {error}"));
    builder.add_output(output);
    let outcome: Outcome = finished.outcome;
    let class = outcome.class();
    builder.add_outcome(outcome);
    builder.finish(class)
}
