//! `findings` and `merge`: what campaigns found, shown, run again, promoted, and brought together from shards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use twinheap_expect::{Expectations, Standing};
use twinheap_observation::Program;
use twinheap_store::{CampaignFinding, CampaignStore};

use crate::campaign::{FollowUp, chosen_database, duration, follow_up, report_of};
use crate::diff::{compare_one, show_verdicts};
use crate::gate::{self, STOP};
use crate::installation::Installation;
use crate::settings::{self, Sides};
use crate::telling;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct FindingsArguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// The CPython series that judges, if it is not the campaign's.
    #[arg(long, value_name = "SERIES")]
    oracle: Option<String>,
    /// Who is judged, if it is not the campaign's subject.
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// The campaign's database; the latest one if none is named.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Only findings whose signature, topic or stage contains this text.
    filter: Option<String>,
    /// Show one finding in full: its program, the small one first, and what differs.
    #[arg(long, value_name = "ID", conflicts_with_all = ["replay", "promote"])]
    show: Option<String>,
    /// Run a finding's program again on both sides.
    #[arg(long, value_name = "ID", conflicts_with = "promote")]
    replay: Option<String>,
    /// Replay the program as it was found instead of the small one.
    #[arg(long, requires = "replay")]
    original: bool,
    /// Put a finding's small program into `corpus/regressions/`, where every gate runs it.
    #[arg(long, value_name = "ID", requires = "name")]
    promote: Option<String>,
    /// The name of the promoted program: `resize_after_popitem`.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// List findings as JSON, one a line.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Confirm findings and make them small that a campaign had no time for.
    Minimise(MinimiseArguments),
    /// Write the most telling findings, each with its program and both sides' output side by side.
    Telling(TellingArguments),
}

#[derive(Args)]
struct MinimiseArguments {
    /// The ids of the findings; all of them if none is named.
    ids: Vec<String>,
    /// The campaign's database; the latest one if none is named.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// How long it may take: `90s`, `10m`.
    #[arg(long, default_value = "5m", value_parser = duration, value_name = "TIME")]
    time: Duration,
    /// The longest time spent on one finding.
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME")]
    each: Duration,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "J")]
    jobs: usize,
}

#[derive(Args)]
struct TellingArguments {
    /// The campaign's database; the latest one if none is named.
    db: Option<PathBuf>,
    /// How many findings are chosen.
    #[arg(long, default_value_t = 10, value_name = "N")]
    count: usize,
    /// How long those chosen may take to be made small.
    #[arg(long, default_value = "2m", value_parser = duration, value_name = "TIME")]
    time: Duration,
    /// The folder of the page and of the Markdown.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "J")]
    jobs: usize,
}

#[derive(Args)]
pub struct MergeArguments {
    /// The database that takes the others up; made where it is missing [default: beside the first one, by its
    /// name without the shard's number]
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// The databases of the shards.
    #[arg(required = true, value_name = "FILE")]
    databases: Vec<PathBuf>,
}

pub fn run(arguments: &FindingsArguments, installation: &Installation) -> Result<i32, String> {
    match &arguments.action {
        Some(Action::Minimise(what)) => return minimise(installation, what),
        Some(Action::Telling(what)) => return tell(installation, what),
        None => {}
    }
    let database = chosen_database(installation, arguments.db.as_deref())?;
    let store = CampaignStore::open(&database)?;
    if let Some(id) = &arguments.show {
        return show(&store, &find(&store, id)?);
    }
    if let Some(id) = &arguments.replay {
        return replay(installation, arguments, &store, &find(&store, id)?);
    }
    if let (Some(id), Some(name)) = (&arguments.promote, &arguments.name) {
        return promote(installation, &find(&store, id)?, name);
    }
    list(installation, arguments, &store, &database)
}

impl FindingsArguments {
    /// The sides that are named, or those of the campaign.
    fn sides(&self, store: &CampaignStore) -> Sides {
        let mut sides = sides_of(store);
        if let Some(oracle) = &self.oracle {
            sides.oracle.clone_from(oracle);
        }
        if let Some(subject) = &self.subject {
            sides.subject.clone_from(subject);
        }
        sides
    }
}

/// The sides of the campaign in a database.
fn sides_of(store: &CampaignStore) -> Sides {
    let (oracle, subject) = store.recipe.sides.clone();
    Sides {
        oracle,
        subject,
        python: None,
    }
}

fn minimise(installation: &Installation, what: &MinimiseArguments) -> Result<i32, String> {
    let database = chosen_database(installation, what.db.as_deref())?;
    let mut store = CampaignStore::open(&database)?;
    let follow = FollowUp {
        installation,
        sides: &sides_of(&store),
        ids: what.ids.clone(),
        time: what.time,
        minimise: what.each,
        jobs: what.jobs,
    };
    follow_up(&mut store, &follow)?;
    let findings = store.findings()?;
    let small = findings.iter().filter(|finding| finding.complete).count();
    let confirmed = findings
        .iter()
        .filter(|finding| finding.is_confirmed())
        .count();
    println!(
        "{}: {} findings, {confirmed} confirmed, {small} small",
        database.display(),
        findings.len()
    );
    Ok(0)
}

/// Chooses, makes small what is not, and chooses again, as a small program may turn out to be a large one.
fn tell(installation: &Installation, what: &TellingArguments) -> Result<i32, String> {
    let database = chosen_database(installation, what.db.as_deref())?;
    let mut store = CampaignStore::open(&database)?;
    let sides = sides_of(&store);
    let deadline = Instant::now() + what.time;
    loop {
        let unfinished: Vec<String> = telling::choose(&store.findings()?, what.count)
            .iter()
            .filter(|finding| finding.tried == 0)
            .map(CampaignFinding::id)
            .collect();
        let left = deadline.saturating_duration_since(Instant::now());
        if unfinished.is_empty() || left.is_zero() || STOP.load(Ordering::Relaxed) {
            break;
        }
        let follow = FollowUp {
            installation,
            sides: &sides,
            minimise: what.time / 4,
            ids: unfinished,
            time: left,
            jobs: what.jobs,
        };
        follow_up(&mut store, &follow)?;
    }
    let chosen = telling::choose(&store.findings()?, what.count);
    let name = database.file_stem().map_or_else(
        || "campaign".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    let folder = what.out.clone().unwrap_or_else(|| installation.out.clone());
    let page = telling::page_of(installation, &store, &sides, &chosen)?;
    for path in twinheap_render::telling::write(&page, &folder, &name)? {
        println!("{}", path.display());
    }
    Ok(0)
}

/// The finding whose id begins so.
fn find(store: &CampaignStore, id: &str) -> Result<CampaignFinding, String> {
    let mut found: Vec<CampaignFinding> = store
        .findings()?
        .into_iter()
        .filter(|finding| finding.id().starts_with(id))
        .collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(format!("no finding's id begins with {id}")),
        several => Err(format!("the ids of {several} findings begin with {id}")),
    }
}

fn list(
    installation: &Installation,
    arguments: &FindingsArguments,
    store: &CampaignStore,
    database: &Path,
) -> Result<i32, String> {
    end_with_the_reader();
    let expectations = Expectations::load(&installation.expectations)?;
    let standing = Standing::here(arguments.sides(store).subject_name(), "");
    let mut report = report_of(store, &expectations.of(&standing))?;
    if let Some(filter) = &arguments.filter {
        report.findings.retain(|line| {
            let finding = &line.finding;
            [&finding.signature, &finding.topic, &finding.stage]
                .iter()
                .any(|text| text.contains(filter.as_str()))
        });
    }
    for line in &report.findings {
        if arguments.json {
            let text = serde_json::to_string(line).map_err(|error| error.to_string())?;
            println!("{text}");
            continue;
        }
        println!("{}", line.summary());
    }
    if !arguments.json {
        println!(
            "{} findings in {}",
            report.findings.len(),
            database.display()
        );
    }
    Ok(0)
}

fn show(store: &CampaignStore, finding: &CampaignFinding) -> Result<i32, String> {
    end_with_the_reader();
    println!("{}  {}", finding.id(), finding.signature);
    println!(
        "topic {}, seed {}, batch {} place {}, {} programs, came back {} of {}",
        finding.topic,
        finding.seed,
        finding.batch,
        finding.place,
        finding.programs,
        finding.came_back.0,
        finding.came_back.1
    );
    if let Some(small) = &finding.minimised {
        println!(
            "\nsmall, after {} candidates:\n\n{}",
            finding.tried,
            indented(small)
        );
        println!("{}", finding.minimised_difference.as_deref().unwrap_or(""));
    }
    println!("\nas found:\n\n{}", indented(&finding.source));
    if finding.minimised.is_none() {
        println!("({})\n\n{}", finding.size_state(), finding.difference);
    }
    for example in store.examples(&finding.signature)? {
        if (example.batch, example.place) == (finding.batch, finding.place) {
            continue;
        }
        println!(
            "also shown by batch {} place {} ({}):\n\n{}",
            example.batch,
            example.place,
            example.topic,
            first_lines(&example.difference)
        );
    }
    Ok(0)
}

/// The first lines that differ in a stored difference.
fn first_lines(difference: &str) -> String {
    const LINES: usize = 4;
    let is_of_the_text = |line: &&str| {
        (line.starts_with('-') && !line.starts_with("---"))
            || (line.starts_with('+') && !line.starts_with("+++"))
    };
    difference
        .lines()
        .filter(is_of_the_text)
        .take(LINES)
        .map(|line| format!("    {}\n", line.chars().take(110).collect::<String>()))
        .collect()
}

/// A list that is cut off by its reader, as `head` does, is no failure.
fn end_with_the_reader() {
    // SAFETY: the default action takes no handler; no worker is running whose pipe could break.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

fn indented(source: &str) -> String {
    source.lines().map(|line| format!("    {line}\n")).collect()
}

fn replay(
    installation: &Installation,
    arguments: &FindingsArguments,
    store: &CampaignStore,
    finding: &CampaignFinding,
) -> Result<i32, String> {
    let source = if arguments.original {
        &finding.source
    } else {
        finding.program()
    };
    println!("signature found: {}", finding.signature);
    let program = Program::new(&finding.topic, &finding.id(), source);
    // What the campaign did not compare is none of the finding's business.
    let stages = gate::stages(&store.recipe.stages)?;
    let (names, result) = compare_one(installation, &arguments.sides(store), &program, stages, 3)?;
    println!("{} against {}", names.1, names.0);
    show_verdicts(&result)
}

/// Writes the program beside the other regressions; the gate runs it from now on.
fn promote(
    installation: &Installation,
    finding: &CampaignFinding,
    name: &str,
) -> Result<i32, String> {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        eprintln!("twinheap: a name has lower-case letters, digits and underscores only: {name:?}");
        return Ok(settings::EXIT_USAGE);
    }
    let folder = installation.promoted.join(&finding.topic);
    let path = folder.join(format!("{name}.py"));
    if path.exists() {
        return Err(format!("{} exists already", path.display()));
    }
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let text = format!(
        "# Found by a campaign: {}\n{}",
        finding.signature,
        finding.program()
    );
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", path.display());
    Ok(0)
}

/// The name of a shard's database without its number; another name where there is none in it.
fn merged_name(first: &Path, (one, all): (u64, u64)) -> PathBuf {
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    match stem.strip_suffix(&format!("-{one}of{all}")) {
        Some(name) => first.with_file_name(format!("{name}.db")),
        None => first.with_file_name(format!("{stem}-merged.db")),
    }
}

pub fn merge(arguments: &MergeArguments) -> Result<i32, String> {
    let mut shards = arguments
        .databases
        .iter()
        .map(|path| CampaignStore::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let into = match &arguments.into {
        Some(into) => into.clone(),
        None => merged_name(&arguments.databases[0], shards[0].recipe.shard),
    };
    let mut whole = if into.exists() {
        CampaignStore::open(&into)?
    } else {
        let mut recipe = shards[0].recipe.clone();
        recipe.shard = (1, 1);
        CampaignStore::create(&into, &recipe)?
    };
    for (path, shard) in arguments.databases.iter().zip(&mut shards) {
        whole
            .merge(shard)
            .map_err(|reason| format!("{}: {reason}", path.display()))?;
    }
    let programs: u64 = whole
        .figures()?
        .values()
        .map(|figures| figures.programs)
        .sum();
    println!(
        "{}: {} databases, {programs} programs, {} findings",
        into.display(),
        shards.len(),
        whole.findings()?.len()
    );
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::merged_name;
    use std::path::Path;

    #[test]
    fn the_merged_database_stands_beside_the_first() {
        let check = |first, expected| {
            assert_eq!(merged_name(Path::new(first), (1, 4)), Path::new(expected));
        };
        check("runs/vm-7-1of4.db", "runs/vm-7.db");
        check("runs/A.db", "runs/A-merged.db");
        check("A.db", "A-merged.db");
    }
}
