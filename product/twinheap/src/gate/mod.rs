//! `gate`: the main job. Proves the reference, runs every program on both sides, judges, writes the report.

mod counting;
mod judging;
mod proof;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use twinheap_expect::{Expectations, Policy};
use twinheap_harness::StepsPolicy;
use twinheap_observation::{Program, Stage, StageSet};
use twinheap_render::gate::Judged as Verdict;
use twinheap_render::{GateReport, files, terminal};
use twinheap_results::transitions::Rule;
use twinheap_results::{Comparison, Policies, Run, compare, forms, matrix};
use twinheap_store::{RunRecord, Store};

use self::judging::{Bench, Contender, contenders};
pub use self::judging::{Judged, is_case};
pub use self::proof::{VARIATION, prove_oracle};
use crate::corpora::{self, Case};
use crate::installation::Installation;
use crate::programs::is_chosen;
use crate::record;
use crate::settings::{self, ManySides, Sides};

#[derive(Args)]
pub struct GateArguments {
    #[command(flatten)]
    pub sides: ManySides,
    /// What is run, again and again: `chapters` (what comes with Twinheap), folders, files.
    #[arg(long, value_name = "CORPUS", default_value = "chapters")]
    pub corpus: Vec<PathBuf>,
    /// The file that says which stages count for which subject, and which differences are details of CPython.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The file of expectations.
    #[arg(long, value_name = "FILE")]
    pub expectations: Option<PathBuf>,
    /// Seconds that a program may take.
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Topics, or parts of program names; everything if none is given.
    pub filters: Vec<String>,
    /// Only these stages, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "STAGES")]
    pub stages: Vec<String>,
    /// Whether programs are run a second time, traced, to compare their steps: always, blame (those that differ), never.
    #[arg(long, default_value = "always", value_parser = settings::steps_policy, value_name = "WHEN")]
    pub steps: StepsPolicy,
    /// Fail where both sides raise ImportError or SyntaxError, die alike, or run no test: such agreement says little.
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub refuse_empty: bool,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "N")]
    pub pairs: usize,
    /// Fresh pairs of processes that confirm a difference.
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub confirmations: u32,
    /// Where the report is written.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Run only one of several shards of the programs, as `1/4`, or `auto/4` in an array job of Kubernetes or Slurm.
    #[arg(long, value_parser = settings::shard, default_value = "1/1", value_name = "I/N")]
    pub shard: (u64, u64),
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
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub annotations: bool,
    /// Say nothing but the verdict.
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub quiet: bool,
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

/// Why a gate judges nothing.
pub enum Failure {
    /// It was asked for what cannot be.
    Usage(String),
    NothingRan(String),
    /// Trouble of the tool's own.
    Trouble(String),
}

impl From<String> for Failure {
    fn from(reason: String) -> Failure {
        Failure::Trouble(reason)
    }
}

impl Failure {
    /// Says why, and gives the exit code.
    pub fn told(self) -> Result<i32, String> {
        match self {
            Failure::Usage(reason) => {
                eprintln!("twinheap: {reason}");
                Ok(settings::EXIT_USAGE)
            }
            Failure::NothingRan(reason) => {
                eprintln!("twinheap: {reason}");
                Ok(settings::EXIT_NOTHING_RAN)
            }
            Failure::Trouble(reason) => Err(reason),
        }
    }
}

/// What a gate saw.
pub struct Observed {
    /// What was found, by subject.
    pub judged: Vec<Judged>,
    pub run: Run,
    /// All programs that there are, with the hashes of their texts.
    pub cases: BTreeMap<String, String>,
    /// Where the files of programs are, as far as they are the user's own.
    paths: BTreeMap<String, PathBuf>,
    /// The programs of other shards.
    elsewhere: Vec<String>,
    /// An earlier run, and what it is called.
    before: Option<(Run, String)>,
}

pub fn run(arguments: &GateArguments, installation: &Installation) -> Result<i32, String> {
    let expectations = match expectations_of(arguments, installation) {
        Ok(expectations) => expectations,
        Err(reason) => return Failure::Usage(reason).told(),
    };
    match observe(arguments, installation, &expectations) {
        Ok(observed) => conclude(arguments, installation, &observed),
        Err(failure) => failure.told(),
    }
}

/// The expectations that are in force; a file that was named must be there.
fn expectations_of(
    arguments: &GateArguments,
    installation: &Installation,
) -> Result<Expectations, String> {
    match &arguments.expectations {
        Some(path) if !path.is_file() => Err(format!(
            "{}: there is no such file; `expect update` writes it",
            path.display()
        )),
        Some(path) => Expectations::load(path),
        None => Expectations::load(&installation.expectations),
    }
}

/// Runs the programs on every side, and writes the record.
pub fn observe(
    arguments: &GateArguments,
    installation: &Installation,
    expectations: &Expectations,
) -> Result<Observed, Failure> {
    let baseline = baseline_of(arguments).map_err(Failure::Usage)?;
    let policy = arguments.policy.as_deref().map(Policy::load).transpose();
    let policy = policy.map_err(Failure::Usage)?.unwrap_or_default();
    let chapters = installation.corpus()?;
    let all = cases_of(arguments, &chapters).map_err(Failure::Usage)?;
    let cases: BTreeMap<String, String> = all
        .iter()
        .map(|case| {
            (
                case.program.name.clone(),
                record::source_hash(&case.program.source),
            )
        })
        .collect();
    let paths = all
        .iter()
        .filter_map(|case| Some((case.program.name.clone(), case.path.clone()?)))
        .collect();
    let chosen = all.into_iter();
    let chosen = chosen.filter(|case| is_chosen(&case.program, &arguments.filters));
    let (programs, elsewhere) = of_shard(chosen.collect(), arguments.shard);
    if programs.is_empty() {
        let reason = format!("no program is chosen by {:?}", arguments.filters);
        return Err(Failure::NothingRan(reason));
    }
    let elsewhere = elsewhere.into_iter().map(|case| case.program.name);
    let elsewhere: Vec<String> = elsewhere.collect();
    catch_interrupt();
    let mut contenders = contenders(arguments, installation)?;
    for contender in &mut contenders {
        contender.ask_for_needs(&programs);
    }
    let bench = Bench {
        arguments,
        programs: &programs,
        cases: &cases,
        expectations,
        policy: &policy,
    };
    let proof = bench.prove(&contenders, chapters)?;
    let path = arguments.folder(installation).join("results.jsonl");
    let (judged, run) = bench.judge(&contenders, &proof, Some(&path))?;
    let before = match &arguments.baseline_subject {
        Some(named) => {
            let old = before_the_change(arguments, &contenders, named, installation)?;
            let (_, before) = bench.judge(&[old], &proof, None)?;
            Some((before, named.clone()))
        }
        None => baseline.map(|run| (run, "the baseline".to_owned())),
    };
    Ok(Observed {
        judged,
        run,
        cases,
        paths,
        elsewhere,
        before,
    })
}

/// The record of an earlier run, which must know every subject.
fn baseline_of(arguments: &GateArguments) -> Result<Option<Run>, String> {
    let Some(path) = &arguments.baseline else {
        return Ok(None);
    };
    let sides = arguments.sides.each();
    let mut runs = sides
        .iter()
        .map(|sides| record::baseline(path, sides.subject_name()));
    runs.next_back().transpose()
}

/// The build before the change, under the name of the one subject that is judged.
fn before_the_change(
    arguments: &GateArguments,
    contenders: &[Contender],
    named: &str,
    installation: &Installation,
) -> Result<Contender, Failure> {
    let [now] = contenders else {
        let reason = "--baseline-subject is the build before the change of one subject, and several are judged";
        return Err(Failure::Usage(reason.to_owned()));
    };
    let mut sides: Sides = now.sides.clone();
    sides.subject = named.to_owned();
    let mut old = Contender::open(arguments, sides, now.stages, installation)?;
    old.name.clone_from(&now.name);
    Ok(old)
}

/// Writes the reports, says what was found, and gives the exit code.
fn conclude(
    arguments: &GateArguments,
    installation: &Installation,
    observed: &Observed,
) -> Result<i32, String> {
    let folder = arguments.folder(installation);
    let is_one = observed.judged.len() == 1;
    for judged in &observed.judged {
        let own = match is_one {
            true => folder.clone(),
            false => folder.join(&judged.name),
        };
        files::write_all(&judged.report, &own)?;
        keep_in_database(&judged.report, &folder)?;
        tell(arguments, &judged.report, &own);
    }
    let write = |name: &str, text: String| write_file(&folder.join(name), &text);
    let sarif = forms::sarif(&observed.run, path_text(installation, observed));
    write("results.sarif", sarif)?;
    if !is_one {
        let rows = matrix::rows(&observed.run);
        write("matrix.md", matrix::markdown(&observed.run, &rows))?;
        print!("{}", matrix::text(&observed.run, &rows));
        println!("matrix: {}", folder.join("matrix.md").display());
    }
    let reports = || observed.judged.iter().map(|judged| &judged.report);
    let Some((before, name)) = &observed.before else {
        return Ok(arguments.told(gravest(reports().map(GateReport::exit_code))));
    };
    if reports().any(|report| report.interrupted) || STOP.load(Ordering::Relaxed) {
        return Ok(settings::EXIT_INTERRUPTED);
    }
    let comparison = changes_since(arguments, before, &observed.run, &observed.elsewhere);
    tell_changes(
        arguments,
        installation,
        observed,
        &comparison,
        name,
        &folder,
    )?;
    let codes = reports().map(|report| code_since(report, comparison.fails()));
    Ok(arguments.told(gravest(codes)))
}

fn tell(arguments: &GateArguments, report: &GateReport, folder: &Path) {
    let style = settings::style();
    if arguments.quiet {
        print!("{}", terminal::summary_line(report, style));
    } else {
        print!("{}", terminal::report(report, style));
        println!("report: {}", folder.join("index.html").display());
    }
    // What makes a gate red is said in one line, whatever else is said.
    if let Some(line) = terminal::why_red(report) {
        println!("{line}");
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The code of several reports: the gravest of theirs.
fn gravest(codes: impl Iterator<Item = i32>) -> i32 {
    const GRAVITY: [i32; 6] = [
        settings::EXIT_INTERRUPTED,
        settings::EXIT_HARNESS_ERROR,
        settings::EXIT_NOTHING_RAN,
        settings::EXIT_NEW,
        settings::EXIT_STALE,
        0,
    ];
    let place = |code: &i32| GRAVITY.iter().position(|one| one == code);
    codes
        .min_by_key(place)
        .unwrap_or(settings::EXIT_NOTHING_RAN)
}

impl GateArguments {
    /// Where everything is written.
    pub fn folder(&self, installation: &Installation) -> PathBuf {
        let out = self.out.as_ref();
        out.unwrap_or(&installation.out).clone()
    }

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
fn of_shard<T>(programs: Vec<T>, (one, all): (u64, u64)) -> (Vec<T>, Vec<T>) {
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
    elsewhere: &[String],
) -> Comparison {
    let policies = Policies::new(&arguments.transition);
    compare(before, run, &policies, |case| {
        let (topic, stem) = case.rsplit_once('/').unwrap_or((case, ""));
        is_chosen(&Program::new(topic, stem, ""), &arguments.filters)
            && !elsewhere.iter().any(|name| name == case)
    })
}

/// The exit code where a baseline is given: of the differences only what is new decides, all else as ever.
fn code_since(report: &GateReport, fails: bool) -> i32 {
    let empty = report.refuses_empty && report.count(Verdict::Empty) > 0;
    match report.exit_code() {
        settings::EXIT_NEW | settings::EXIT_STALE | 0 if fails || empty => settings::EXIT_NEW,
        settings::EXIT_NEW if !report.stale.is_empty() => settings::EXIT_STALE,
        settings::EXIT_NEW => 0,
        other => other,
    }
}

/// Where the file of a case is, below the working directory if it is there.
fn path_text<'a>(
    installation: &'a Installation,
    observed: &'a Observed,
) -> impl Fn(&str) -> Option<String> + 'a {
    |case| {
        let path = match observed.paths.get(case) {
            Some(own) => {
                let here = std::env::current_dir().ok()?;
                own.strip_prefix(here).unwrap_or(own).to_owned()
            }
            None => installation.path_of(case)?,
        };
        Some(path.to_string_lossy().into_owned())
    }
}

/// The programs that the arguments name.
fn cases_of(arguments: &GateArguments, chapters: &[Program]) -> Result<Vec<Case>, String> {
    let is_chapters = |path: &&PathBuf| path.as_os_str() == "chapters";
    let own = arguments.corpus.iter().filter(|path| !is_chapters(path));
    let own: Vec<PathBuf> = own.cloned().collect();
    let mut cases = corpora::load(&own)?;
    if arguments.corpus.iter().any(|path| is_chapters(&path)) {
        cases.extend(chapters.iter().cloned().map(Case::plain));
    }
    cases.sort_by(|one, other| one.program.name.cmp(&other.program.name));
    corpora::check_ids(&cases)?;
    Ok(cases)
}

fn tell_changes(
    arguments: &GateArguments,
    installation: &Installation,
    observed: &Observed,
    comparison: &Comparison,
    name: &str,
    folder: &Path,
) -> Result<(), String> {
    let path = folder.join("changes.md");
    std::fs::write(&path, forms::markdown(comparison, name))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    if arguments.annotations {
        let paths = path_text(installation, observed);
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
        agree: report.count(Verdict::Agree) as u32,
        known: report.count(Verdict::Known) as u32,
        new: report.count(Verdict::New) as u32,
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
