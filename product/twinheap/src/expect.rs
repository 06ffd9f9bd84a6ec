//! `expect`: keeps the file of what is known to differ.
//!
//! `check` and `update` run the programs as `gate` does, or read the record of a run that was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use twinheap_expect::{Expectations, Fate, Kind, Standing, Update, Updated};
use twinheap_results::{Line, Run};

use crate::gate::{self, GateArguments, is_case};
use crate::installation::Installation;
use crate::{record, settings};

#[derive(Args)]
pub struct ExpectArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say which expectations no longer hold, and what differs without being expected.
    Check(RunArguments),
    /// Write the file: the first time, everything that differs; later, only what no longer differs goes.
    Update(UpdateArguments),
    /// Show the expectations.
    List(ListArguments),
}

#[derive(Args)]
struct RunArguments {
    #[command(flatten)]
    gate: GateArguments,
    /// Take what differs from this record (`results.jsonl`), and run nothing.
    #[arg(long, value_name = "RECORD")]
    results: Option<PathBuf>,
}

#[derive(Args)]
struct UpdateArguments {
    #[command(flatten)]
    run: RunArguments,
    /// Take up what differs and is not expected yet, too.
    #[arg(long)]
    widen: bool,
    /// Why what is taken up differs.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where more is said of what is taken up.
    #[arg(long, value_name = "URL")]
    link: Option<String>,
}

#[derive(Args)]
struct ListArguments {
    /// The file of expectations.
    #[arg(long, value_name = "FILE")]
    expectations: Option<PathBuf>,
    /// Only those for this subject.
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Only those whose id or reason contains this.
    filter: Option<String>,
}

/// What was seen: a record, the subjects in it, and the names of all cases.
struct Seen {
    run: Run,
    standings: Vec<Standing>,
    cases: BTreeMap<String, String>,
}

impl Seen {
    fn lines_of(&self, standing: &Standing) -> Vec<&Line> {
        let lines = self.run.lines.iter();
        lines
            .filter(|line| line.subject == standing.subject)
            .collect()
    }
}

pub fn run(arguments: &ExpectArguments, installation: &Installation) -> Result<i32, String> {
    let done = match &arguments.command {
        Command::Check(arguments) => check(arguments, installation),
        Command::Update(arguments) => update(arguments, installation),
        Command::List(arguments) => list(arguments, installation),
    };
    done.or_else(gate::Failure::told)
}

/// The file that is kept.
fn path_of(arguments: &RunArguments, installation: &Installation) -> PathBuf {
    let named = arguments.gate.expectations.as_ref();
    named.unwrap_or(&installation.own_expectations).clone()
}

fn load(path: &Path) -> Result<Expectations, gate::Failure> {
    Expectations::load(path).map_err(gate::Failure::Usage)
}

fn see(
    arguments: &RunArguments,
    installation: &Installation,
    expectations: &Expectations,
) -> Result<Seen, gate::Failure> {
    let Some(path) = &arguments.results else {
        let observed = gate::observe(&arguments.gate, installation, expectations)?;
        if observed.judged.iter().any(|one| one.report.interrupted) {
            let reason =
                "interrupted; the record has what was seen, and the expectations are as they were";
            return Err(gate::Failure::Trouble(reason.to_owned()));
        }
        let standings = observed.judged.into_iter().map(|one| one.standing);
        return Ok(Seen {
            run: observed.run,
            standings: standings.collect(),
            cases: observed.cases,
        });
    };
    let run = record::read(path).map_err(gate::Failure::Usage)?;
    let corpus = installation.corpus()?;
    let mut cases: BTreeMap<String, String> = corpus
        .into_iter()
        .map(|program| (program.name, String::new()))
        .collect();
    cases.extend(
        run.lines
            .iter()
            .map(|line| (line.case.clone(), line.source.clone())),
    );
    let subjects = run.header.subjects.iter();
    let standings = subjects
        .map(|one| Standing::here(&one.name, &one.version))
        .collect();
    Ok(Seen {
        run,
        standings,
        cases,
    })
}

fn check(arguments: &RunArguments, installation: &Installation) -> Result<i32, gate::Failure> {
    let expectations = load(&path_of(arguments, installation))?;
    let seen = see(arguments, installation, &expectations)?;
    let (mut stale, mut unexpected, mut wider) = (0, 0, 0);
    let mut text = String::new();
    for standing in &seen.standings {
        let lines = seen.lines_of(standing);
        let expected = expectations.of(standing);
        let name = &standing.subject;
        for (entry, fate) in expected.fates(&lines, &|name| is_case(&seen.cases, name)) {
            let (count, said) = match fate {
                Fate::Stale(now) => (&mut stale, format!("no longer holds: {now}")),
                Fate::NoSuchCase => (&mut stale, "names a case that is not there".to_owned()),
                Fate::Wider(..) => (&mut wider, "lets pass more than there is".to_owned()),
                Fate::Holds | Fate::NotSeen => continue,
            };
            *count += 1;
            text.push_str(&format!("{name}: {}: {said}\n", entry.id()));
        }
        let is_detail = |line: &&&Line| {
            let known = line.known.as_ref();
            known.is_some_and(|id| id.starts_with(Kind::Detail.name()))
        };
        let cases: BTreeSet<(Kind, &str)> = lines
            .iter()
            .filter(|line| !is_detail(line))
            .flat_map(|line| twinheap_expect::judge::differences(line))
            .filter(|seen| expected.covering(seen).is_none())
            .filter_map(|seen| Some((Kind::of(seen.verdict)?, seen.case)))
            .collect();
        unexpected += cases.len();
        for (kind, case) in cases {
            text.push_str(&format!(
                "{name}: {} {case}: is not expected\n",
                kind.name()
            ));
        }
    }
    text.push_str(&format!(
        "{} expectations: {stale} stale, {wider} wider than needed; {unexpected} differences are not expected\n",
        expectations.entries.len()
    ));
    print(&text);
    Ok(match (unexpected, stale) {
        (0, 0) => 0,
        (0, _) => settings::EXIT_STALE,
        _ => settings::EXIT_NEW,
    })
}

fn update(arguments: &UpdateArguments, installation: &Installation) -> Result<i32, gate::Failure> {
    let path = path_of(&arguments.run, installation);
    let mut expectations = load(&path)?;
    let seen = see(&arguments.run, installation, &expectations)?;
    let how = Update {
        widen: arguments.widen,
        reason: arguments.reason.clone(),
        link: arguments.link.clone(),
    };
    let mut text = String::new();
    for standing in &seen.standings {
        let lines = seen.lines_of(standing);
        let is_case = |name: &str| is_case(&seen.cases, name);
        let updated = expectations.update(standing, &lines, &is_case, &how);
        text.push_str(&told(&standing.subject, &updated));
    }
    write(&path, &expectations)?;
    text.push_str(&format!(
        "{} expectations in {}\n",
        expectations.entries.len(),
        path.display()
    ));
    print(&text);
    Ok(0)
}

/// How many changes of a kind are listed.
const MOST_LISTED: usize = 10;

fn told(subject: &str, updated: &Updated) -> String {
    let mut text = String::new();
    for (ids, word) in [
        (&updated.added, "taken up"),
        (&updated.widened, "widened"),
        (&updated.narrowed, "narrowed"),
        (&updated.removed, "taken out"),
        (&updated.left, "not expected, and left so without --widen"),
    ] {
        if ids.is_empty() {
            continue;
        }
        text.push_str(&format!("{subject}: {} {word}\n", ids.len()));
        for id in ids.iter().take(MOST_LISTED) {
            text.push_str(&format!("  {id}\n"));
        }
        if ids.len() > MOST_LISTED {
            text.push_str(&format!("  and {} more\n", ids.len() - MOST_LISTED));
        }
    }
    if text.is_empty() {
        text = format!("{subject}: nothing to change\n");
    }
    text
}

/// Writes the file in one step, so that nothing is lost where the disk is full.
fn write(path: &Path, expectations: &Expectations) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let beside = path.with_extension("toml.new");
    std::fs::write(&beside, expectations.to_string()).map_err(told)?;
    std::fs::rename(&beside, path).map_err(told)
}

fn list(arguments: &ListArguments, installation: &Installation) -> Result<i32, gate::Failure> {
    let path = arguments.expectations.as_ref();
    let expectations = load(path.unwrap_or(&installation.expectations))?;
    let mut text = String::new();
    let mut count = 0;
    for entry in &expectations.entries {
        let reason = expectations.reason(entry);
        let has = |wanted: &String| entry.id().contains(wanted) || reason.contains(wanted);
        let is_for = |name: &String| entry.subject == *name;
        if !arguments.subject.as_ref().is_none_or(is_for)
            || !arguments.filter.as_ref().is_none_or(has)
        {
            continue;
        }
        count += 1;
        let mut conditions = Vec::new();
        conditions.extend(entry.version.iter().map(ToString::to_string));
        conditions.extend(entry.platform.clone());
        conditions.extend(entry.stages.clone());
        conditions.extend(entry.ends.clone());
        text.push_str(&format!(
            "{}: {} ({})\n    {reason}\n",
            entry.subject,
            entry.id(),
            conditions.join(", ")
        ));
        if let Some(link) = expectations.link(entry) {
            text.push_str(&format!("    {link}\n"));
        }
    }
    text.push_str(&format!("{count} expectations\n"));
    print(&text);
    Ok(0)
}

/// A reader that has seen enough is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
