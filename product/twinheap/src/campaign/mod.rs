//! `campaign`: programs nobody wrote, run on both sides until the time is over; every finding is made small.

mod finish;
mod minimise;
mod profile;
mod progress;
mod queue;
mod seeds;
mod work;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clap::Args;
use twinheap_expect::{Expectations, Standing};
use twinheap_generate::{Profile, Topic};
use twinheap_harness::{PairConfig, PairPool, Proof, SideKind, StepsPolicy};
use twinheap_observation::{Stage, StageSet};
use twinheap_store::{CampaignStore, Recipe};

use crate::gate::{self, STOP, catch_interrupt, prove_oracle};
use crate::installation::Installation;
use crate::settings::{self, Sides};

pub use finish::report_of;
use minimise::Pools;
pub use profile::probe as probe_subject;
use progress::Progress;
use queue::{Balance, Queue};
pub use work::mixed_seed;
use work::{Found, Worker};

/// Programs of a batch: what is recorded at once, and what a kill can lose.
const BATCH_SIZE: u32 = 32;
/// Batches that one pair of fresh processes runs in order. What they show depends on what the processes have run
/// before, so a shard takes whole blocks.
const BLOCK_BATCHES: u32 = 8;
/// Messages of workers that may wait to be recorded; beyond that workers wait.
const UNRECORDED: usize = 64;
/// How long suspicions are still confirmed when the time is over, at least.
const GRACE: Duration = Duration::from_secs(10);
/// The topic of programs that are mutations of real ones.
pub const MUTATION: &str = "mutation";

#[derive(Args)]
pub struct CampaignArguments {
    #[command(flatten)]
    pub sides: Sides,
    /// How long it runs: `90s`, `10m`, `2h`.
    #[arg(long, default_value = "1m", value_parser = duration, value_name = "TIME")]
    time: Duration,
    /// Ends after so many programs, even if there is time left.
    #[arg(long, value_name = "N")]
    programs: Option<u64>,
    /// The same seed gives the same programs on every machine.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "J")]
    jobs: usize,
    /// Topics, separated by commas; `first` stands for the seven first ones, `all` for every one.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "all",
        value_name = "TOPICS"
    )]
    topics: Vec<String>,
    /// The stages to compare, separated by commas [default: all but tokens and trees, which cost as much as the
    /// others together, and what is wrong with them shows in the code; between two series of CPython, whose code
    /// always differs, output and outcome]
    #[arg(long, value_delimiter = ',', value_name = "STAGES")]
    stages: Vec<String>,
    /// Which programs are run a second time, traced: always, blame (those that differ), never, or `1/N` for those that
    /// differ and one in N of the others, which also tells what the objects went through.
    #[arg(long, default_value = "1/8", value_parser = settings::steps_policy, value_name = "WHEN")]
    steps: StepsPolicy,
    /// The database of the campaign.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Go on with the campaign in the database; its seed, topics and shard stand there.
    #[arg(long)]
    resume: bool,
    /// Run only one of several shards, as `1/4`, or `auto/4` in an array job of Kubernetes or Slurm; `merge` brings
    /// their databases together.
    #[arg(long, value_parser = settings::shard, default_value = "1/1", value_name = "I/N")]
    shard: (u64, u64),
    /// The longest time spent on making one finding small; `0s` leaves them as they are. What has no turn before
    /// the time is over can be made small later by `findings minimise`.
    #[arg(long, default_value = "15s", value_parser = duration, value_name = "TIME")]
    minimise: Duration,
    /// The most of the workers' time that confirming findings and making them small may take, in per cent.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(0..=100), value_name = "PERCENT")]
    share: u64,
    /// Probe again what the subject can run.
    #[arg(long)]
    probe: bool,
    /// Where the report is written.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// The exit code where there are findings; 0 for jobs that are to succeed whatever they find.
    #[arg(long, default_value_t = settings::EXIT_NEW, value_name = "CODE")]
    findings_exit: i32,
    /// Say nothing but the result.
    #[arg(short, long)]
    quiet: bool,
}

/// Reads `90s`, `10m`, `2h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number
        .parse()
        .map_err(|_| format!("{text:?} begins with no number"))?;
    let seconds = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(format!("{unit:?} is none of s, m, h")),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

/// The topics of these names.
pub fn topics(names: &[String]) -> Result<Vec<String>, String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        let all: Vec<&str> = match name.as_str() {
            "all" => Topic::ALL
                .iter()
                .map(|topic| topic.name())
                .chain([MUTATION])
                .collect(),
            "first" => Topic::FIRST.iter().map(|topic| topic.name()).collect(),
            MUTATION => vec![MUTATION],
            other => match Topic::parse(other) {
                Some(topic) => vec![topic.name()],
                None => {
                    let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.name()).collect();
                    return Err(format!(
                        "there is no topic {other}; there are {}, {MUTATION}, and `first` and `all`",
                        known.join(", ")
                    ));
                }
            },
        };
        for topic in all {
            if !found.iter().any(|known| known == topic) {
                found.push(topic.to_owned());
            }
        }
    }
    Ok(found)
}

/// The stages that are asked for, or those that tell the most of these two sides.
fn stages(arguments: &CampaignArguments) -> Result<StageSet, String> {
    if !arguments.stages.is_empty() {
        return gate::stages(&arguments.stages);
    }
    Ok(StageSet::of(if arguments.sides.are_two_series() {
        &[Stage::Output, Stage::Outcome]
    } else {
        &[
            Stage::Code,
            Stage::Steps,
            Stage::Output,
            Stage::Outcome,
            Stage::Heap,
        ]
    }))
}

pub fn run(arguments: &CampaignArguments, installation: &Installation) -> Result<i32, String> {
    let usage = |reason: String| {
        eprintln!("twinheap: {reason}");
        Ok(settings::EXIT_USAGE)
    };
    let topics = match topics(&arguments.topics) {
        Ok(topics) => topics,
        Err(reason) => return usage(reason),
    };
    let stages = match stages(arguments) {
        Ok(stages) => stages,
        Err(reason) => return usage(reason),
    };
    let begun = Instant::now();
    let database = database(arguments, installation);
    let resumed = if arguments.resume {
        Some(CampaignStore::open(&database)?)
    } else if database.exists() {
        return usage(format!(
            "{} exists already: go on with --resume, or name another file with --db",
            database.display()
        ));
    } else {
        None
    };
    catch_interrupt();
    tell_of_addresses();
    let (oracle, subject) = arguments.sides.open(installation)?;
    let chapters = installation.corpus()?;
    let proof = prove_oracle(&oracle, &chapters, stages)?;
    let config = pair_config(
        oracle,
        subject,
        stages,
        arguments.steps,
        &proof,
        arguments.jobs,
    );
    let pool = PairPool::open(&config)?;
    let profile = profile::of_subject(
        &pool,
        arguments.sides.subject_name(),
        database.parent().unwrap_or(Path::new(".")),
        arguments.probe,
    )?;
    let recipe = Recipe {
        generator_version: twinheap_generate::VERSION,
        seed: arguments.seed,
        topics: topics.clone(),
        oracle: pool.acquaintance().oracle.implementation.clone(),
        subject: pool.acquaintance().subject.implementation.clone(),
        stages: stages.iter().map(|stage| stage.name().to_owned()).collect(),
        batch_size: BATCH_SIZE,
        block_batches: BLOCK_BATCHES,
        missing_features: profile.missing().map(str::to_owned).collect(),
        shard: arguments.shard,
        sides: (
            arguments.sides.oracle.clone(),
            arguments.sides.subject.clone(),
        ),
    };
    let store = match resumed {
        Some(store) => {
            check_resumed(&store.recipe, &recipe)?;
            store
        }
        None => CampaignStore::create(&database, &recipe)?,
    };
    let mut campaign = Campaign {
        installation,
        arguments,
        config: &config,
        pool: &pool,
        profile: profile_of(&store.recipe),
        store,
        begun,
    };
    campaign.run()?;
    let expectations = Expectations::load(&installation.expectations)?;
    let standing = Standing::here(arguments.sides.subject_name(), "");
    finish::finish(
        &campaign,
        &expectations.of(&standing),
        &database,
        &installation.out,
    )
}

/// The database that is named, or the one of this subject and seed.
fn database(arguments: &CampaignArguments, installation: &Installation) -> PathBuf {
    arguments.db.clone().unwrap_or_else(|| {
        let subject = file_name(arguments.sides.subject_name());
        let (one, all) = arguments.shard;
        let shard = if all > 1 {
            format!("-{one}of{all}")
        } else {
            String::new()
        };
        let name = format!("{subject}-{}{shard}.db", arguments.seed);
        installation.campaigns().join(name)
    })
}

/// A subject's name as part of a file's.
fn file_name(subject: &str) -> String {
    subject.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// A campaign goes on only with what it was begun with; seed, topics and shard are taken from its database.
fn check_resumed(begun: &Recipe, now: &Recipe) -> Result<(), String> {
    let differing = [
        (
            "the generator's version",
            begun.generator_version != now.generator_version,
        ),
        ("the oracle", begun.oracle != now.oracle),
        ("the subject", begun.subject != now.subject),
        ("the batch size", begun.batch_size != now.batch_size),
        (
            "the number of batches in a block",
            begun.block_batches != now.block_batches,
        ),
    ];
    match differing.iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((what, _)) => Err(format!(
            "{what} is not the one that the campaign was begun with"
        )),
    }
}

fn profile_of(recipe: &Recipe) -> Profile {
    let missing = recipe.missing_features.iter();
    missing.fold(Profile::full(), |profile, feature| profile.without(feature))
}

/// A campaign under way.
pub struct Campaign<'a> {
    installation: &'a Installation,
    arguments: &'a CampaignArguments,
    config: &'a PairConfig<'a>,
    pool: &'a PairPool<'a>,
    profile: Profile,
    store: CampaignStore,
    begun: Instant,
}

/// What the workers share.
struct Shared<'a> {
    recipe: &'a Recipe,
    profile: &'a Profile,
    pools: Pools<'a>,
    seeds: Vec<String>,
    done: BTreeSet<u64>,
    next: AtomicU64,
    last: Option<u64>,
    over: AtomicBool,
    deadline: Instant,
    /// Until then suspicions are still confirmed.
    grace: Instant,
    queue: Queue,
    balance: Balance,
    minimise: Duration,
    /// The subject is an interpreter given as a command.
    is_foreign: bool,
    /// Whether signatures met while another is made small are followed up too.
    keeps_sides: bool,
}

/// Pairs for candidates: they give up early, as many a candidate hangs.
pub fn impatient<'a>(config: &PairConfig<'a>) -> PairConfig<'a> {
    const IMPATIENT_MILLISECONDS: u64 = 1_200;
    let impatient = |kind: &SideKind| kind.with_wall_milliseconds(IMPATIENT_MILLISECONDS);
    PairConfig {
        oracle: impatient(&config.oracle),
        subject: impatient(&config.subject),
        varied: None,
        transitions: false,
        ..*config
    }
}

impl Campaign<'_> {
    fn run(&mut self) -> Result<(), String> {
        let config = impatient(self.config);
        let small = PairPool::open(&config)?;
        let recipe = self.store.recipe.clone();
        let seeds = if recipe.topics.iter().any(|topic| topic == MUTATION) {
            seeds::collect(self.installation)?
        } else {
            Vec::new()
        };
        let size = u64::from(recipe.batch_size);
        let known = self.store.findings()?;
        let arguments = self.arguments;
        let deadline = Instant::now() + arguments.time;
        let shared = Shared {
            profile: &self.profile,
            pools: Pools {
                patient: self.pool,
                impatient: &small,
            },
            seeds,
            done: self.store.done()?,
            next: AtomicU64::new(0),
            last: arguments.programs.map(|programs| programs.div_ceil(size)),
            over: AtomicBool::new(false),
            deadline,
            grace: deadline + (arguments.time / 10).max(GRACE),
            queue: Queue::of(known, false),
            balance: Balance::new(arguments.share),
            minimise: arguments.minimise,
            is_foreign: matches!(self.config.subject, SideKind::Command(_)),
            keeps_sides: true,
            recipe: &recipe,
        };
        let mut progress = Progress::new(arguments.time, arguments.quiet, &self.store)?;
        work_on(&mut self.store, &shared, arguments.jobs, &mut progress)
    }
}

/// Lets workers work until the time is over or nothing is left to do, and records what they find.
fn work_on(
    store: &mut CampaignStore,
    shared: &Shared<'_>,
    jobs: usize,
    progress: &mut Progress,
) -> Result<(), String> {
    let (sender, receiver) = mpsc::sync_channel(UNRECORDED);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let worker = Worker::new(shared, sender.clone());
            scope.spawn(move || worker.run());
        }
        drop(sender);
        let recorded = record(store, &receiver, progress, &shared.queue);
        shared.over.store(true, Ordering::Relaxed);
        // Workers that still send find the channel closed and end.
        drop(receiver);
        recorded
    })?;
    progress.finish();
    Ok(())
}

/// What is to be done for stored findings, and for how long.
pub struct FollowUp<'a> {
    pub installation: &'a Installation,
    pub sides: &'a Sides,
    /// The ids of the findings; all of them where none is named.
    pub ids: Vec<String>,
    pub time: Duration,
    pub minimise: Duration,
    pub jobs: usize,
}

/// Confirms stored findings and makes them small, without running any new program.
pub fn follow_up(store: &mut CampaignStore, what: &FollowUp<'_>) -> Result<(), String> {
    let recipe = store.recipe.clone();
    let stages = gate::stages(&recipe.stages)?;
    catch_interrupt();
    tell_of_addresses();
    let (oracle, subject) = what.sides.open(what.installation)?;
    let proof = prove_oracle(&oracle, &what.installation.corpus()?, stages)?;
    let config = pair_config(
        oracle,
        subject,
        stages,
        StepsPolicy::Blame,
        &proof,
        what.jobs,
    );
    let pool = PairPool::open(&config)?;
    let hasty = impatient(&config);
    let small = PairPool::open(&hasty)?;
    let mut wanted = store.findings()?;
    if !what.ids.is_empty() {
        wanted.retain(|finding| what.ids.iter().any(|id| finding.id().starts_with(id)));
    }
    let deadline = Instant::now() + what.time;
    let shared = Shared {
        profile: &profile_of(&recipe),
        pools: Pools {
            patient: &pool,
            impatient: &small,
        },
        seeds: Vec::new(),
        done: BTreeSet::new(),
        next: AtomicU64::new(0),
        last: Some(0),
        over: AtomicBool::new(false),
        deadline,
        grace: deadline,
        queue: Queue::of(wanted, true),
        balance: Balance::new(100),
        minimise: what.minimise,
        is_foreign: matches!(config.subject, SideKind::Command(_)),
        keeps_sides: what.ids.is_empty(),
        recipe: &recipe,
    };
    let mut progress = Progress::new(what.time, false, store)?;
    work_on(store, &shared, what.jobs, &mut progress)
}

/// Programs are made small at fixed addresses. Where those are refused, another machine may come to another end.
fn tell_of_addresses() {
    if !twinheap_subject::system::addresses_can_be_fixed() {
        eprintln!(
            "twinheap: this kernel refuses fixed addresses (personality), as containers may: what depends on \
             addresses can come out otherwise here than on other machines"
        );
    }
}

/// How a campaign pairs its sides.
fn pair_config(
    oracle: SideKind,
    subject: SideKind,
    stages: StageSet,
    steps: StepsPolicy,
    proof: &Proof,
    pairs: usize,
) -> PairConfig<'_> {
    PairConfig {
        varied: oracle.with_arguments(&gate::VARIATION),
        oracle,
        subject,
        stages,
        steps,
        proof,
        confirmations: 2,
        transitions: true,
        stop: &STOP,
        pairs,
    }
}

/// Takes up what the workers send until the last of them has ended.
fn record(
    store: &mut CampaignStore,
    receiver: &mpsc::Receiver<Found>,
    progress: &mut Progress,
    queue: &Queue,
) -> Result<(), String> {
    loop {
        match receiver.recv_timeout(Duration::from_millis(250)) {
            Ok(found) => {
                progress.note(&found, queue.waiting());
                match found {
                    Found::Batch(record) => store.record(&record)?,
                    Found::Minimised(finding) => store.record_minimised(&finding)?,
                    Found::Side(finding) => store.record_side_finding(&finding)?,
                    Found::Confirmed(finding) => store.record_confirmed(&finding)?,
                    Found::Dismissed(signature) => store.dismiss(&signature)?,
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => progress.tick(),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// The database that is named; without a name the one that was written to last.
pub fn chosen_database(
    installation: &Installation,
    named: Option<&Path>,
) -> Result<PathBuf, String> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let folder = installation.campaigns();
    let mut found: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let modified = path.metadata().ok()?.modified().ok()?;
            (path.extension()? == "db").then_some((modified, path))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, path)| path).ok_or_else(|| {
        format!(
            "there is no campaign in {}: run `campaign` first, or name a file with --db",
            folder.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert!(duration("m").is_err());
        assert!(duration("5d").is_err());
    }

    #[test]
    fn shards_count_from_one() {
        assert_eq!(settings::shard("2/4"), Ok((2, 4)));
        for bad in ["0/4", "5/4", "4", "a/b"] {
            assert!(settings::shard(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn topics_are_named_once_each() {
        let named = topics(&["dict".into(), "first".into()]).expect("they exist");
        assert_eq!(named.iter().filter(|name| *name == "dict").count(), 1);
        assert!(topics(&["nonsense".into()]).is_err());
    }
}
