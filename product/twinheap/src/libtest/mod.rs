//! `libtest`: CPython's own test files on the reference and on subjects, method by method.

mod compare;
mod topics;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use tempfile::TempDir;
use twinheap_libtest::{
    FileResult, Interpreter, Job, Limits, Loaded, run_jobs, source_of, test_files,
};
use twinheap_results::transitions::{self, Policies, Rule};
use twinheap_results::{Header, Line, Run, SCHEMA_VERSION, Subject, Verdict, forms};
use twinheap_subject::command::CommandSpec;

use self::compare::{Comparison, Counts, STAGE};
use crate::gate::{STOP, catch_interrupt};
use crate::installation::Installation;
use crate::record::Record;
use crate::settings::{ManySides, Sides};
use crate::{interpreter, record, settings};

#[derive(Args)]
pub struct LibtestArguments {
    /// Test files or methods: `test_dict`, `test_dict/DictTest`, `libtest:test_dict/DictTest.test_pop`.
    #[arg(value_name = "TEST")]
    names: Vec<String>,
    /// Every test file of the library.
    #[arg(long)]
    all: bool,
    /// The test files of a topic of the chapters.
    #[arg(long, value_name = "TOPIC")]
    topic: Vec<String>,
    #[command(flatten)]
    sides: ManySides,
    /// Modules that are to be missing on both sides, so that tests of `_testcapi` count against nobody.
    #[arg(long, value_name = "MODULE", value_delimiter = ',')]
    without: Vec<String>,
    /// How many files run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "N")]
    jobs: usize,
    /// Seconds that a method may take, or the import of a file.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
    /// Where the record is written: `libtest.jsonl`, a line for each method and subject.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the record instead of the table.
    #[arg(long)]
    json: bool,
    /// Judge what is new since this record of an earlier run, not what is wrong.
    #[arg(long, value_name = "RECORD")]
    baseline: Option<PathBuf>,
    /// What a transition does to the verdict, as `differ-otherwise=fail`; one of fail, warn, pass.
    #[arg(long, value_name = "NAME=POLICY")]
    transition: Vec<Rule>,
    /// How many differing methods are shown for each file; `all` are in the record.
    #[arg(long, default_value_t = 5, value_name = "N")]
    show: usize,
    /// Say nothing but the totals.
    #[arg(short, long)]
    quiet: bool,
}

/// How often a file is begun again after a method ended the process.
const RESTARTS: usize = 50;

pub fn run(arguments: &LibtestArguments, installation: &Installation) -> Result<i32, String> {
    let usage = |reason: String| {
        eprintln!("twinheap: {reason}");
        Ok(settings::EXIT_USAGE)
    };
    let subjects = arguments.sides.each();
    let before = match &arguments.baseline {
        Some(path) => match record::baseline(path, subjects[0].subject_name()) {
            Ok(run) => Some(run),
            Err(reason) => return usage(reason),
        },
        None => None,
    };
    let reference = match &arguments.sides.python {
        Some(named) => interpreter::named(named, &arguments.sides.oracle)?,
        None => interpreter::find(&arguments.sides.oracle)?,
    };
    let library = PathBuf::from(&reference.library);
    let jobs = match chosen(arguments, &library) {
        Ok(jobs) => jobs,
        Err(reason) => return usage(reason),
    };
    // Other implementations run the reference's tests, not those that they may have of their own.
    let tests = TempDir::new().map_err(|error| format!("no folder for the tests: {error}"))?;
    std::os::unix::fs::symlink(library.join("test"), tests.path().join("test"))
        .map_err(|error| format!("{}: {error}", tests.path().display()))?;
    let judge = Interpreter {
        name: format!("CPython {}", reference.version),
        words: words_of(&reference.executable),
        environment: Vec::new(),
        tests: None,
        without: arguments.without.clone(),
    };
    let mut interpreters = vec![judge.clone()];
    for sides in &subjects {
        match open(
            sides,
            &judge,
            &reference.library,
            tests.path(),
            installation,
        ) {
            Ok(interpreter) => interpreters.push(interpreter),
            Err(reason) => return usage(format!("{}: {reason}", sides.subject)),
        }
    }
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| installation.out.clone());
    let mut gathering = Gathering::new(arguments, &jobs, &interpreters, &library, &folder)?;
    catch_interrupt();
    let limits = Limits {
        method: Duration::from_secs(arguments.timeout.max(1)),
        restarts: RESTARTS,
    };
    run_jobs(
        &jobs,
        &interpreters,
        &limits,
        arguments.jobs,
        &STOP,
        |job, who, result| gathering.take(job, who, result),
    );
    gathering.finish(arguments, before)
}

/// The words that start an interpreter on a file.
fn words_of(executable: &Path) -> Vec<String> {
    vec![executable.display().to_string(), "{file}".to_owned()]
}

/// How a subject is started: as the reference is, but for what it has of its own.
fn open(
    sides: &Sides,
    judge: &Interpreter,
    library: &str,
    tests: &Path,
    installation: &Installation,
) -> Result<Interpreter, String> {
    let mut opened = Interpreter {
        name: sides.subject_name().to_owned(),
        ..judge.clone()
    };
    match sides.subject.as_str() {
        "cpython" => {}
        "vm" => {
            opened.words = words_of(&installation.workers.twinpy()?);
            opened.environment = vec![("TWINHEAP_LIBRARY".to_owned(), library.to_owned())];
        }
        series if series.starts_with("3.") => {
            opened.words = words_of(&interpreter::find(series)?.executable);
            opened.tests = Some(tests.to_owned());
        }
        command => {
            let spec = CommandSpec::parse(command)?;
            opened.words = spec.words;
            opened.environment = spec.environment;
            opened.tests = Some(tests.to_owned());
        }
    }
    Ok(opened)
}

/// The files that are to run, each with the methods that are wanted.
fn chosen(arguments: &LibtestArguments, library: &Path) -> Result<Vec<Job>, String> {
    let known = test_files(library)?;
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut whole: Vec<String> = Vec::new();
    if arguments.all {
        whole.extend(known.iter().cloned());
    }
    for topic in &arguments.topic {
        let files = topics::files_of(topic)?
            .iter()
            .map(|file| (*file).to_owned());
        // A topic names the files of 3.11; another series may lack one.
        whole.extend(files.filter(|file| known.contains(file)));
    }
    for name in &arguments.names {
        let name = name.strip_prefix("libtest:").unwrap_or(name);
        let (file, method) = name.split_once('/').unwrap_or((name, ""));
        if !known.iter().any(|known| known == file) {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let close = similar::get_close_matches(file, &names, 3, 0.6);
            let hint = match close.is_empty() {
                true => String::new(),
                false => format!("; there is {}", close.join(", ")),
            };
            return Err(format!(
                "there is no test file {file} in {}{hint}",
                library.display()
            ));
        }
        match method {
            "" => whole.push(file.to_owned()),
            method => wanted
                .entry(file.to_owned())
                .or_default()
                .push(method.to_owned()),
        }
    }
    for file in whole {
        wanted.insert(file, Vec::new());
    }
    if wanted.is_empty() {
        return Err("name test files, or topics with --topic, or say --all".to_owned());
    }
    Ok(wanted
        .into_iter()
        .map(|(file, wanted)| Job { file, wanted })
        .collect())
}

/// What has come so far: results that wait for those of the reference, and the record.
struct Gathering<'a> {
    jobs: &'a [Job],
    interpreters: &'a [Interpreter],
    library: &'a Path,
    /// By job, then by interpreter.
    results: Vec<Vec<Option<FileResult>>>,
    /// By job, then by subject.
    compared: Vec<Vec<Option<Comparison>>>,
    header: Header,
    path: PathBuf,
    record: Record,
    trouble: Vec<String>,
    bar: ProgressBar,
    /// Whether files are not told of as they come.
    silent: bool,
    show: usize,
}

impl<'a> Gathering<'a> {
    fn new(
        arguments: &LibtestArguments,
        jobs: &'a [Job],
        interpreters: &'a [Interpreter],
        library: &'a Path,
        folder: &Path,
    ) -> Result<Gathering<'a>, String> {
        let subjects = interpreters[1..].iter().map(|one| Subject {
            name: one.name.clone(),
            implementation: one.words.join(" "),
            version: String::new(),
            build: String::new(),
        });
        let header = Header {
            twinheap_results: SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            reference: interpreters[0].name.clone(),
            reference_build: String::new(),
            subjects: subjects.collect(),
            stages: vec![STAGE.to_owned()],
            settings: BTreeMap::new(),
        };
        let path = folder.join("libtest.jsonl");
        let record = Record::begin(&path, &header)?;
        let length = (jobs.len() * interpreters.len()) as u64;
        let template = "{elapsed} {bar:24} {pos}/{len} {msg}";
        let bar = settings::progress_bar(length, arguments.quiet, template);
        Ok(Gathering {
            jobs,
            interpreters,
            library,
            results: vec![vec![None; interpreters.len()]; jobs.len()],
            compared: jobs
                .iter()
                .map(|_| interpreters[1..].iter().map(|_| None).collect())
                .collect(),
            header,
            path,
            record,
            trouble: Vec::new(),
            bar,
            silent: arguments.quiet || arguments.json,
            show: arguments.show,
        })
    }

    /// Takes up a result, and compares what can be compared by now.
    fn take(&mut self, job: usize, who: usize, result: std::io::Result<FileResult>) {
        self.bar.inc(1);
        self.bar.set_message(self.jobs[job].file.clone());
        match result {
            Ok(result) if result.loaded == Loaded::Interrupted => return,
            Ok(result) => self.results[job][who] = Some(result),
            Err(error) => {
                let (file, name) = (&self.jobs[job].file, &self.interpreters[who].name);
                self.trouble.push(format!("{file} on {name}: {error}"));
                return;
            }
        }
        if let Err(reason) = self.compare_what_is_there(job) {
            self.trouble.push(reason);
        }
    }

    fn compare_what_is_there(&mut self, job: usize) -> Result<(), String> {
        let file = &self.jobs[job].file;
        let Some(reference) = &self.results[job][0] else {
            return Ok(());
        };
        for who in 1..self.interpreters.len() {
            let (Some(found), None) = (&self.results[job][who], &self.compared[job][who - 1])
            else {
                continue;
            };
            let name = &self.interpreters[who].name;
            let source = source_of(self.library, file)?;
            let comparison = compare::compare(file, &source, name, reference, found);
            // What was found is on the disk before the next file.
            self.record.add(&comparison.lines)?;
            if !self.silent {
                self.bar.suspend(|| {
                    println!("{}", table_line(file, name, &comparison));
                    print_differences(&comparison, self.show);
                });
            }
            self.compared[job][who - 1] = Some(comparison);
        }
        Ok(())
    }

    /// Tells what came of it, and gives the exit code.
    fn finish(self, arguments: &LibtestArguments, before: Option<Run>) -> Result<i32, String> {
        self.bar.finish_and_clear();
        let interrupted = STOP.load(Ordering::Relaxed);
        let mut lines: Vec<Line> = Vec::new();
        for comparison in self.compared.iter().flatten().flatten() {
            lines.extend(comparison.lines.iter().cloned());
        }
        let run = record::of_lines(&self.header, lines);
        if arguments.json {
            print!("{}", run.to_jsonl());
        } else {
            self.print(arguments);
        }
        for trouble in &self.trouble {
            eprintln!("twinheap: {trouble}");
        }
        if interrupted {
            eprintln!(
                "twinheap: interrupted; the record has what was done: {}",
                self.path.display()
            );
            return Ok(settings::EXIT_INTERRUPTED);
        }
        if !self.trouble.is_empty() {
            return Ok(settings::EXIT_HARNESS_ERROR);
        }
        let is_compared = |line: &&Line| line.verdict != Verdict::Unsupported;
        if run.lines.iter().filter(is_compared).count() == 0 {
            eprintln!("twinheap: nothing was compared");
            return Ok(settings::EXIT_NOTHING_RAN);
        }
        let Some(before) = before else {
            let differs = run.lines.iter().any(|line| line.verdict.is_difference());
            return Ok(if differs { settings::EXIT_NEW } else { 0 });
        };
        let policies = Policies::new(&arguments.transition);
        let comparison = transitions::compare(&before, &run, &policies, |case| self.ran(case));
        println!("{}", forms::one_line(&comparison, "the baseline"));
        let changes = self.path.with_file_name("changes.md");
        fs::write(&changes, forms::markdown(&comparison, "the baseline"))
            .map_err(|error| format!("{}: {error}", changes.display()))?;
        Ok(if comparison.fails() {
            settings::EXIT_NEW
        } else {
            0
        })
    }

    /// Whether this run was to run a case.
    fn ran(&self, case: &str) -> bool {
        let case = case.strip_prefix("libtest:").unwrap_or(case);
        let (file, key) = case.split_once('/').unwrap_or((case, ""));
        self.jobs.iter().any(|job| {
            let is_wanted = |name: &String| key == name || key.starts_with(&format!("{name}."));
            job.file == file && (job.wanted.is_empty() || job.wanted.iter().any(is_wanted))
        })
    }

    fn print(&self, arguments: &LibtestArguments) {
        for (at, interpreter) in self.interpreters[1..].iter().enumerate() {
            let mut all = Counts::default();
            let mut clean = 0;
            let mut files = 0;
            for row in &self.compared {
                let Some(comparison) = &row[at] else {
                    continue;
                };
                all.add(&comparison.counts);
                files += 1;
                let counts = &comparison.counts;
                clean += usize::from(counts.differ + counts.crash + counts.late == 0);
            }
            println!(
                "{}: {} of {} methods that pass on {} ({:.1}%); {} differ, {} crash, {} run out of time; {clean} of {files} files agree",
                interpreter.name,
                all.also,
                all.passed,
                self.interpreters[0].name,
                all.share(),
                all.differ,
                all.crash,
                all.late,
            );
        }
        if !arguments.quiet {
            println!("record: {}", self.path.display());
        }
    }
}

/// A file in one line.
fn table_line(file: &str, subject: &str, comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let mut line = format!(
        "{file:<28} {subject:<10} {:>5} methods, {:>5} pass, {:>5} here too ({:.0}%)",
        counts.methods,
        counts.passed,
        counts.also,
        counts.share(),
    );
    for (count, what) in [
        (counts.differ, "differ"),
        (counts.crash, "crash"),
        (counts.late, "time out"),
    ] {
        if count > 0 {
            line.push_str(&format!(", {count} {what}"));
        }
    }
    if let Some(remark) = &comparison.remark {
        let first = remark.lines().next().unwrap_or_default();
        line = format!("{file:<28} {subject:<10} {first}");
    }
    line
}

/// The first methods that differ, deaths before all others.
fn print_differences(comparison: &Comparison, most: usize) {
    if comparison.remark.is_some() {
        return;
    }
    let mut differing: Vec<&Line> = comparison
        .lines
        .iter()
        .filter(|line| line.verdict.is_difference())
        .collect();
    differing.sort_by_key(|line| line.verdict != Verdict::Crash);
    for line in differing.iter().take(most) {
        let (_, key) = line.case.split_once('/').unwrap_or(("", &line.case));
        let mut said = line.difference.as_deref().unwrap_or_default().lines();
        let mut what = said.next().unwrap_or_default();
        let last = said.last().unwrap_or_default();
        // The exception begins the message as well.
        if let Some((before, exception)) = what.rsplit_once(' ')
            && last.starts_with(exception)
        {
            what = before;
        }
        let last: String = last.chars().take(120).collect();
        println!(
            "    {key}: {what}{}{last}",
            if last.is_empty() { "" } else { ": " }
        );
    }
    if differing.len() > most {
        println!("    ... {} more", differing.len() - most);
    }
}
