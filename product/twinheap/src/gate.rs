//! `gate`: the main job. Proves the reference, runs every program on both sides, judges, writes the report.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use twinheap_generate::{Profile, Topic, generate};
use twinheap_harness::pairing::Acquaintance;
use twinheap_harness::{CaseResult, PairConfig, PairPool, Proof, SideKind, StepsPolicy, prove};
use twinheap_observation::{Program, Stage, StageSet};
use twinheap_render::gate::{Judged, StaleLine};
use twinheap_render::{GateReport, files, terminal};
use twinheap_results::transitions::Rule;
use twinheap_results::{Comparison, Policies, Run, compare, forms};
use twinheap_store::{Ledger, RunRecord, Store};

use crate::installation::Installation;
use crate::programs::is_chosen;
use crate::record;
use crate::settings::{self, Sides};

/// How the environment is varied in the proof of the reference.
pub const VARIATION: [&str; 5] = [
    "--hash-seed",
    "20111",
    "--plain-allocator",
    "--preload",
    "json,decimal,collections",
];

#[derive(Args)]
pub struct GateArguments {
    #[command(flatten)]
    sides: Sides,
    /// Topics, or parts of program names; everything if none is given.
    filters: Vec<String>,
    /// Only these stages, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "STAGES")]
    stages: Vec<String>,
    /// Whether programs are run a second time, traced, to compare their steps: always, blame (those that differ), never.
    #[arg(long, default_value = "always", value_parser = settings::steps_policy, value_name = "WHEN")]
    steps: StepsPolicy,
    /// Fail where both sides raise ImportError or SyntaxError, die alike, or run no test: such agreement says little.
    #[arg(long)]
    refuse_empty: bool,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "N")]
    pairs: usize,
    /// Fresh pairs of processes that confirm a difference.
    #[arg(long, default_value_t = 2, value_name = "N")]
    confirmations: u32,
    /// Where the report is written.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Run only one of several shards of the programs, as `1/4`, or `auto/4` in an array job of Kubernetes or Slurm.
    #[arg(long, value_parser = settings::shard, default_value = "1/1", value_name = "I/N")]
    shard: (u64, u64),
    /// The exit code where something new differs; 0 for jobs that are to succeed whatever they find.
    #[arg(long, default_value_t = settings::EXIT_NEW, value_name = "CODE")]
    findings_exit: i32,
    /// Judge what is new since this record of an earlier run (its `results.jsonl`), not what is wrong.
    #[arg(long, value_name = "RECORD", conflicts_with = "baseline_subject")]
    baseline: Option<PathBuf>,
    /// Judge what is new since this subject, which is run as well: the build before the change.
    #[arg(long, value_name = "SUBJECT")]
    baseline_subject: Option<String>,
    /// What a transition does to the verdict, as `differ-otherwise=fail`; one of fail, warn, pass.
    #[arg(long, value_name = "NAME=POLICY")]
    transition: Vec<Rule>,
    /// Print GitHub's annotations for what is worse than the baseline.
    #[arg(long)]
    annotations: bool,
    /// Say nothing but the verdict.
    #[arg(short, long)]
    quiet: bool,
}

/// Set by Ctrl-C.
pub static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupted(_: libc::c_int) {
    // A second Ctrl-C ends the process at once.
    if STOP.swap(true, Ordering::Relaxed) {
        // SAFETY: _exit may be called from a signal handler.
        unsafe { libc::_exit(130) };
    }
}

/// Makes Ctrl-C stop the run after the programs under way.
pub fn catch_interrupt() {
    // SAFETY: the handler only touches an atomic and calls _exit.
    unsafe { libc::signal(libc::SIGINT, interrupted as *const () as libc::sighandler_t) };
}

pub fn run(arguments: &GateArguments, installation: &Installation) -> Result<i32, String> {
    let wanted = match stages_between(&arguments.sides, &arguments.stages) {
        Ok(wanted) => wanted,
        Err(reason) => {
            eprintln!("twinheap: {reason}");
            return Ok(settings::EXIT_USAGE);
        }
    };
    let baseline = match &arguments.baseline {
        Some(path) => match record::baseline(path, arguments.sides.subject_name()) {
            Ok(run) => Some(run),
            Err(reason) => {
                eprintln!("twinheap: {reason}");
                return Ok(settings::EXIT_USAGE);
            }
        },
        None => None,
    };
    let ledger = Ledger::load(&installation.ledger, arguments.sides.subject_name())?;
    let corpus = installation.corpus()?;
    let mut programs = corpus.clone();
    let homeless: Vec<StaleLine> = ledger
        .without_program(&programs)
        .into_iter()
        .map(|entry| StaleLine {
            id: entry.id.clone(),
            signature: entry.signature.clone(),
            reason: format!(
                "names a program that is not there: {}",
                entry.program.as_deref().unwrap_or_default()
            ),
        })
        .collect();
    programs.extend(ledger.own_programs());
    programs.retain(|program| is_chosen(program, &arguments.filters));
    let (programs, elsewhere) = of_shard(programs, arguments.shard);
    if programs.is_empty() {
        eprintln!("twinheap: no program is chosen by {:?}", arguments.filters);
        return Ok(settings::EXIT_NOTHING_RAN);
    }
    catch_interrupt();
    let (oracle, subject) = arguments.sides.open(installation)?;
    let begun = Instant::now();
    let empty = Proof::default();
    let mut config = PairConfig {
        varied: oracle.with_arguments(&VARIATION),
        oracle,
        subject,
        stages: wanted,
        steps: arguments.steps,
        proof: &empty,
        confirmations: arguments.confirmations,
        transitions: false,
        stop: &STOP,
        pairs: arguments.pairs,
    };
    // A few chosen programs prove little, so the whole corpus speaks for the masks, and so do generated programs.
    let mut sample = corpus;
    sample.retain(|program| !programs.contains(program));
    sample.extend(generated_sample());
    sample.extend(programs.iter().cloned());
    let proof = prove_oracle(&config.oracle, &sample, wanted)?;
    config.proof = &proof;
    let judge = |config: &PairConfig<'_>| -> Result<(GateReport, Run), String> {
        let pool = PairPool::open(config)?;
        let results = run_with_progress(&pool, &programs, arguments.quiet)?;
        let known = pool.acquaintance();
        let report = make_report(known, wanted, &results, &ledger, &proof, begun);
        let run = record::record_of(&report, &results, arguments.sides.subject_name());
        Ok((report, run))
    };
    let (mut report, run) = judge(&config)?;
    report.stale.extend(homeless);
    report.refuses_empty = arguments.refuse_empty;
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| installation.out.clone());
    files::write_all(&report, &folder)?;
    keep_in_database(&report, &folder)?;
    write_record(&run, &folder, installation)?;
    let style = settings::style();
    if arguments.quiet {
        print!("{}", terminal::summary_line(&report, style));
    } else {
        print!("{}", terminal::report(&report, style));
        println!("report: {}", folder.join("index.html").display());
    }
    let before = match &arguments.baseline_subject {
        Some(named) => {
            let mut sides = arguments.sides.clone();
            sides.subject = named.clone();
            config.subject = sides.open(installation)?.1;
            let (old, before) = judge(&config)?;
            if old.interrupted {
                return Ok(settings::EXIT_INTERRUPTED);
            }
            Some((before, named.as_str()))
        }
        None => baseline.map(|run| (run, "the baseline")),
    };
    let Some((before, name)) = before else {
        return Ok(arguments.told(report.exit_code()));
    };
    let comparison = changes_since(arguments, &before, &run, &elsewhere);
    tell_changes(arguments, installation, &comparison, name, &folder)?;
    Ok(arguments.told(code_since(&report, comparison.fails())))
}

impl GateArguments {
    /// The exit code of the process: findings end it as was asked for.
    fn told(&self, code: i32) -> i32 {
        match code {
            settings::EXIT_NEW => self.findings_exit,
            other => other,
        }
    }
}

/// The programs of a shard, and those of the others. Every one is in exactly one, by its place among those that are
/// chosen.
fn of_shard(programs: Vec<Program>, (one, all): (u64, u64)) -> (Vec<Program>, Vec<Program>) {
    let mut places = 0..;
    programs.into_iter().partition(|_| {
        places
            .next()
            .is_some_and(|place: u64| place % all == one - 1)
    })
}

/// What changed. A case of the baseline that this run's filters or other shards leave out is not gone.
fn changes_since(
    arguments: &GateArguments,
    before: &Run,
    run: &Run,
    elsewhere: &[Program],
) -> Comparison {
    let policies = Policies::new(&arguments.transition);
    compare(before, run, &policies, |case| {
        let (topic, stem) = case.split_once('/').unwrap_or((case, ""));
        is_chosen(&Program::new(topic, stem, ""), &arguments.filters)
            && !elsewhere.iter().any(|program| program.name == case)
    })
}

/// The exit code where a baseline is given: of the differences only what is new decides, all else as ever.
fn code_since(report: &GateReport, fails: bool) -> i32 {
    let empty = report.refuses_empty && report.count(Judged::Empty) > 0;
    match report.exit_code() {
        settings::EXIT_NEW | settings::EXIT_STALE | 0 if fails || empty => settings::EXIT_NEW,
        settings::EXIT_NEW if !report.stale.is_empty() => settings::EXIT_STALE,
        settings::EXIT_NEW => 0,
        other => other,
    }
}

/// Writes the run's record, and the same for services that read SARIF.
fn write_record(run: &Run, folder: &Path, installation: &Installation) -> Result<(), String> {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("results.jsonl", run.to_jsonl())?;
    write("results.sarif", forms::sarif(run, path_text(installation)))
}

fn path_text(installation: &Installation) -> impl Fn(&str) -> Option<String> + '_ {
    |case| Some(installation.path_of(case)?.to_string_lossy().into_owned())
}

fn tell_changes(
    arguments: &GateArguments,
    installation: &Installation,
    comparison: &Comparison,
    name: &str,
    folder: &Path,
) -> Result<(), String> {
    let path = folder.join("changes.md");
    std::fs::write(&path, forms::markdown(comparison, name))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    if arguments.annotations {
        let paths = path_text(installation);
        print!("{}", forms::annotations(comparison, paths));
    }
    println!("{}", forms::one_line(comparison, name));
    if !arguments.quiet {
        println!("changes: {}", path.display());
    }
    Ok(())
}

/// The stages that two sides are compared in where none is named: between two series of CPython those that can agree.
pub fn stages_between(sides: &Sides, names: &[String]) -> Result<StageSet, String> {
    if names.is_empty() && sides.are_two_series() {
        return Ok(StageSet::of(&[Stage::Output, Stage::Outcome]));
    }
    stages(names)
}

/// The set of the stages of these names; all of them if none is named.
pub fn stages(names: &[String]) -> Result<StageSet, String> {
    if names.is_empty() {
        return Ok(StageSet::ALL);
    }
    names.iter().try_fold(StageSet::NONE, |set, name| {
        let stage = Stage::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
            format!("there is no stage {name}; there are {}", known.join(", "))
        })?;
        Ok(set.with(stage))
    })
}

/// How many generated programs of each topic speak for the masks, and the seed they are drawn with.
const GENERATED_OF_EACH: u64 = 2;
const GENERATED_SEED: u64 = 4_711;

/// Generated programs of every topic, always the same.
fn generated_sample() -> Vec<Program> {
    let profile = Profile::full();
    let seeds = GENERATED_SEED..GENERATED_SEED + GENERATED_OF_EACH;
    Topic::ALL
        .iter()
        .flat_map(|topic| {
            let profile = &profile;
            seeds.clone().map(move |seed| {
                let name = format!("generated_{}", topic.name());
                Program::new(
                    &name,
                    &seed.to_string(),
                    &generate(seed, *topic, profile).source(),
                )
            })
        })
        .collect()
}

/// The proof of the reference; an oracle given as a command proves nothing.
pub fn prove_oracle(
    oracle: &SideKind,
    programs: &[Program],
    stages: StageSet,
) -> Result<Proof, String> {
    match oracle {
        SideKind::Worker(spec) => prove(spec, programs, stages, &VARIATION),
        SideKind::Command(_) => Ok(Proof::default()),
    }
}

fn run_with_progress(
    pool: &PairPool<'_>,
    programs: &[Program],
    quiet: bool,
) -> Result<Vec<CaseResult>, String> {
    let bar = if quiet || !std::io::stderr().is_terminal() {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
    } else {
        ProgressBar::new(programs.len() as u64)
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {msg}")
        .expect("the template is fixed");
    bar.set_style(style);
    let results = pool.run_all(programs, |result| {
        bar.inc(1);
        if !result.agrees() {
            bar.set_message(format!("last difference: {}", result.program.name));
        }
    });
    bar.finish_and_clear();
    results
}

fn make_report(
    known: &Acquaintance,
    wanted: StageSet,
    results: &[CaseResult],
    ledger: &Ledger,
    proof: &Proof,
    begun: Instant,
) -> GateReport {
    let names = (
        known.oracle.implementation.clone(),
        known.subject.implementation.clone(),
    );
    // Stages that one side does not show at all stand in the table too, as unsupported.
    let stages: Vec<Stage> = wanted.iter().collect();
    let mut report = GateReport::new(names, &stages, results, ledger, proof);
    report.unsupported_fields = known
        .subject
        .unsupported_fields
        .iter()
        .map(|field| format!("{}.{}", field.owner, field.name))
        .collect();
    report.interrupted = STOP.load(Ordering::Relaxed);
    report.seconds = begun.elapsed().as_secs_f64();
    report
}

/// Keeps the run and its findings in the database beside the reports.
fn keep_in_database(report: &GateReport, folder: &Path) -> Result<(), String> {
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs() as i64);
    let run = RunRecord {
        started,
        oracle: report.oracle.clone(),
        subject: report.subject.clone(),
        programs: report.programs.len() as u32,
        agree: report.count(Judged::Agree) as u32,
        known: report.count(Judged::Known) as u32,
        new: report.count(Judged::New) as u32,
    };
    let findings: Vec<(String, String, u32)> = report
        .findings
        .iter()
        .map(|line| {
            (
                line.signature.clone(),
                line.programs[0].clone(),
                line.programs.len() as u32,
            )
        })
        .collect();
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    Store::open(&folder.join("runs.db"))?
        .record(&run, &findings)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::of_shard;
    use twinheap_observation::Program;

    #[test]
    fn shards_share_the_programs_out() {
        let programs: Vec<Program> = (0..7)
            .map(|number| Program::new("topic", &number.to_string(), ""))
            .collect();
        let mut names: Vec<String> = (1..=3)
            .flat_map(|one| of_shard(programs.clone(), (one, 3)).0)
            .map(|program| program.name)
            .collect();
        names.sort();
        let all: Vec<String> = programs.into_iter().map(|program| program.name).collect();
        assert_eq!(names, all);
    }
}
