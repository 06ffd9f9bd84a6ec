//! `findings` and `merge`: what campaigns found, shown, run again, promoted, and brought together from shards.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use twinheap_observation::Program;
use twinheap_store::{CampaignFinding, CampaignStore, Ledger};

use crate::campaign::{chosen_database, report_of};
use crate::diff::{compare_one, show_verdicts};
use crate::settings::{self, Sides};

#[derive(Args)]
pub struct FindingsArguments {
    #[command(flatten)]
    sides: Sides,
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

#[derive(Args)]
pub struct MergeArguments {
    /// The database that takes the others up; made where it is missing.
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
    /// The databases of the shards.
    #[arg(required = true, value_name = "FILE")]
    databases: Vec<PathBuf>,
}

pub fn run(arguments: &FindingsArguments) -> Result<i32, String> {
    let database = chosen_database(arguments.db.as_deref())?;
    let store = CampaignStore::open(&database)?;
    if let Some(id) = &arguments.show {
        return show(&find(&store, id)?);
    }
    if let Some(id) = &arguments.replay {
        return replay(arguments, &find(&store, id)?);
    }
    if let (Some(id), Some(name)) = (&arguments.promote, &arguments.name) {
        return promote(&find(&store, id)?, name);
    }
    list(arguments, &store, &database)
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
    arguments: &FindingsArguments,
    store: &CampaignStore,
    database: &Path,
) -> Result<i32, String> {
    let ledger = Ledger::load(
        &settings::root().join("reports/ledger"),
        arguments.sides.subject_name(),
    )?;
    let mut report = report_of(store, &ledger)?;
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

fn show(finding: &CampaignFinding) -> Result<i32, String> {
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
    Ok(0)
}

fn indented(source: &str) -> String {
    source.lines().map(|line| format!("    {line}\n")).collect()
}

fn replay(arguments: &FindingsArguments, finding: &CampaignFinding) -> Result<i32, String> {
    let source = if arguments.original {
        &finding.source
    } else {
        finding.program()
    };
    println!("signature found: {}", finding.signature);
    let program = Program::new(&finding.topic, &finding.id(), source);
    let result = compare_one(&arguments.sides, &program, 3)?;
    show_verdicts(&result)
}

/// Writes the program beside the other regressions; the gate runs it from now on.
fn promote(finding: &CampaignFinding, name: &str) -> Result<i32, String> {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        eprintln!("twinheap: a name has lower-case letters, digits and underscores only: {name:?}");
        return Ok(settings::EXIT_USAGE);
    }
    let folder = settings::root()
        .join("corpus/regressions")
        .join(&finding.topic);
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

pub fn merge(arguments: &MergeArguments) -> Result<i32, String> {
    let mut shards = arguments
        .databases
        .iter()
        .map(|path| CampaignStore::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut whole = if arguments.into.exists() {
        CampaignStore::open(&arguments.into)?
    } else {
        let mut recipe = shards[0].recipe.clone();
        recipe.shard = (1, 1);
        CampaignStore::create(&arguments.into, &recipe)?
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
        arguments.into.display(),
        shards.len(),
        whole.findings()?.len()
    );
    Ok(0)
}
