//! CPython and the VM in one process: runs a program on both, compares every stage, records what differs.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use libfuzzer_sys::Corpus;
use twinheap_cpython::{Interpreter, Variation};
use twinheap_harness::compare::{Comparison, Difference, Noise, compare};
use twinheap_harness::signature::sign;
use twinheap_harness::text::TextRules;
use twinheap_observation::outcome::Outcome;
use twinheap_observation::wire::{Limits, Report, ReportBuilder, RunRequest, Wanted};
use twinheap_observation::{Observation, Program, Stage, StageSet};
use twinheap_reference::Reference;
use twinheap_subject::Runtime;
use twinheap_subject::confinement::{Confinement, Processes};

use crate::case::Kind;
use crate::counters;
use crate::findings::{self, Finding};
use crate::flight::{self, At};
use crate::streams::{Streams, private_folder};
use crate::watchdog::Watchdog;

/// Images larger than this are cut, on both sides alike.
const IMAGE_NODES: u32 = 20_000;

pub struct Twins {
    pub oracle: Interpreter,
    pub subject: Reference,
    streams: Streams,
    watchdog: Watchdog,
    /// Whether the VM can run what the target needs, once that was looked at.
    able: Option<bool>,
}

/// What one side did with a program.
struct Ran {
    report: Report,
    /// The watchdog had to end the program.
    overdue: bool,
    /// The program left the interpreter other than it was.
    disturbed: bool,
}

/// Puts back what programs most often change for those after them.
const TIDY: &str = "import gc\ngc.enable()\ngc.set_threshold(700, 10, 10)\n";

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
        let streams = Streams::new().unwrap_or_else(|error| panic!("no streams: {error}"));
        let oracle = Interpreter::start(&Variation::default());
        let mut oracle = oracle.unwrap_or_else(|reason| panic!("CPython does not start: {reason}"));
        let mut subject =
            Reference::start().unwrap_or_else(|reason| panic!("the VM does not start: {reason}"));
        confine().unwrap_or_else(|error| panic!("programs cannot be confined: {error}"));
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
            watchdog: Watchdog::start(),
            able: None,
        }
    }

    /// Whether the VM does not do with a tiny program what CPython does; then nothing is compared.
    pub fn lacks(&mut self, needs: &str) -> bool {
        if needs.is_empty() {
            return false;
        }
        if self.able.is_none() {
            let program = program("probe", needs);
            let stages = StageSet::of(&[Stage::Outcome]);
            let oracle = self.run_oracle(&program, stages, false);
            let subject = self.run_subject(&program, stages, false);
            let able = oracle.report.digests == subject.report.digests;
            if !able {
                eprintln!("twinheap: nothing is compared: the VM cannot run {needs:?}");
            }
            self.able = Some(able);
        }
        self.able == Some(false)
    }

    fn run_oracle(&mut self, program: &Program, stages: StageSet, details: bool) -> Ran {
        flight::reach(At::CPython);
        let ran = run(
            &mut self.oracle,
            &self.streams,
            &self.watchdog,
            At::CPython,
            program,
            stages,
            details,
        );
        flight::reach(At::Comparison);
        ran
    }

    fn run_subject(&mut self, program: &Program, stages: StageSet, details: bool) -> Ran {
        flight::reach(At::Vm);
        let ran = run(
            &mut self.subject,
            &self.streams,
            &self.watchdog,
            At::Vm,
            program,
            stages,
            details,
        );
        flight::reach(At::Comparison);
        ran
    }

    /// Runs a program on both sides; what differs is recorded, and the run goes on.
    pub fn compare<K: Kind + ?Sized>(&mut self, input: &[u8], source: &str) -> Corpus {
        let program = program(K::TARGET, source);
        let only = counters::only_counts();
        let stages = if only {
            StageSet::of(&[Stage::Outcome, Stage::Steps])
        } else {
            traced(K::STAGES)
        };
        let oracle = self.run_oracle(&program, stages, false);
        counters::count_transitions(input, &oracle.report.transitions);
        if oracle.overdue {
            return Corpus::Reject;
        }
        if only {
            if oracle.disturbed {
                self.tidy();
            }
            return Corpus::Keep;
        }
        let subject = self.run_subject(&program, stages, false);
        if oracle.disturbed || subject.disturbed {
            self.tidy();
        }
        if subject.overdue {
            report(&Finding {
                target: K::TARGET,
                signature: format!("{} | the VM does not come to an end", K::TARGET),
                input,
                source,
                details: String::new(),
            });
            return Corpus::Reject;
        }
        if oracle.report.digests != subject.report.digests {
            self.judge_in_full::<K>(&program, input);
        }
        Corpus::Keep
    }

    /// Undoes what the last program has changed on both sides.
    fn tidy(&mut self) {
        let program = program("tidy", TIDY);
        let stages = StageSet::of(&[Stage::Outcome]);
        self.run_oracle(&program, stages, false);
        self.run_subject(&program, stages, false);
    }

    /// Runs a program again with every detail, and records what differs.
    fn judge_in_full<K: Kind + ?Sized>(&mut self, program: &Program, input: &[u8]) {
        let stages = traced(K::STAGES);
        let first = self.run_oracle(program, stages, true).report.details;
        let subject = self.run_subject(program, stages, true).report.details;
        let (Some(first), Some(subject)) = (first, subject) else {
            return;
        };
        let found = judge(&first, &subject, stages);
        let Some((stage, differences)) = found.found.first() else {
            report(&Finding {
                target: K::TARGET,
                signature: format!("{} | digests differ, and no difference is found", K::TARGET),
                input,
                source: &program.source,
                details: String::new(),
            });
            return;
        };
        let signature = signed(program, *stage, differences, &first, &subject);
        if findings::is_known(K::TARGET, &signature, &program.source) {
            return;
        }
        // Where CPython does not agree with itself, nobody is judged.
        let Some(again) = self.run_oracle(program, stages, true).report.details else {
            return;
        };
        let mut noise = Noise::default();
        noise.learn(&first, &again, stages, &TextRules::default());
        let found = judge_beyond(&first, &subject, stages, &noise);
        let Some((stage, differences)) = found.found.first() else {
            return;
        };
        let details = differences
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
            target: K::TARGET,
            signature: signed(program, *stage, differences, &first, &subject),
            input,
            source: &program.source,
            details,
        });
    }
}

/// Keeps programs to their own folder, and libFuzzer to those that it was given; no network, no processes.
fn confine() -> std::io::Result<()> {
    let mut writable: Vec<PathBuf> = vec![private_folder(), findings::folder()];
    for argument in std::env::args_os().skip(1) {
        let text = argument.to_string_lossy().into_owned();
        let path = match text.split_once('=') {
            Some((option, path)) if option.starts_with('-') => Path::new(path),
            _ => Path::new(&text),
        };
        // An option may name a file, or how the names of several begin.
        let folder = if path.is_dir() {
            Some(path)
        } else {
            path.parent()
        };
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            writable.push(folder.to_owned());
        }
    }
    std::fs::create_dir_all(findings::folder())?;
    let writable: Vec<&Path> = writable.iter().map(PathBuf::as_path).collect();
    Confinement::new(&writable, Processes::None)?
        .enforce()
        .map(drop)
}

/// The stages of a target and the steps: both sides are traced, as the transitions of CPython's objects guide the run.
fn traced(stages: &[Stage]) -> StageSet {
    StageSet::of(stages).with(Stage::Steps)
}

/// The signature of the first hunk of a stage.
fn signed(
    program: &Program,
    stage: Stage,
    differences: &[Difference],
    oracle: &Observation,
    subject: &Observation,
) -> String {
    let first = differences.first().map_or(0, |first| first.hunk);
    let hunk: Vec<&Difference> = differences
        .iter()
        .filter(|difference| difference.hunk == first)
        .collect();
    sign(program, stage, &hunk, oracle, subject)
}

/// Set to anything, it has a new finding abort the process, as ClusterFuzz and OSS-Fuzz need it.
const ABORT: &str = "TWINHEAP_FUZZ_ABORT";

/// Records a finding and says so if it is new.
pub fn report(finding: &Finding<'_>) {
    match findings::record(finding) {
        Ok(true) => {
            eprintln!("twinheap: new finding: {}", finding.signature);
            if std::env::var_os(ABORT).is_some() {
                eprintln!("twinheap: {ABORT} is set, so this ends the process");
                std::process::abort();
            }
        }
        Ok(false) => {}
        Err(error) => panic!("a finding cannot be kept: {error}"),
    }
}

fn program(target: &str, source: &str) -> Program {
    Program::new("fuzz", target, source)
}

fn judge(left: &Observation, right: &Observation, stages: StageSet) -> Comparison {
    judge_beyond(left, right, stages, &Noise::default())
}

fn judge_beyond(
    left: &Observation,
    right: &Observation,
    stages: StageSet,
    noise: &Noise,
) -> Comparison {
    compare(left, right, stages, &TextRules::default(), noise, false)
}

fn run(
    side: &mut impl Runtime,
    streams: &Streams,
    watchdog: &Watchdog,
    at: At,
    program: &Program,
    stages: StageSet,
    details: bool,
) -> Ran {
    let wanted = Wanted {
        stages,
        details,
        marshal: false,
        transitions: at == At::CPython && !details,
    };
    let request = RunRequest {
        index: 0,
        change: None,
        program: program.clone(),
        code: None,
        wanted,
    };
    let mut builder = ReportBuilder::new(wanted);
    watchdog.watch(at);
    let ran = streams.during(|| side.run(&request, &mut builder));
    let overdue = watchdog.leave();
    let (finished, output) = ran.unwrap_or_else(|error| panic!("the streams are lost: {error}"));
    builder.add_output(output);
    let outcome: Outcome = finished.outcome;
    let class = outcome.class();
    builder.add_outcome(outcome);
    Ran {
        report: builder.finish(class),
        overdue,
        disturbed: finished.retire,
    }
}
