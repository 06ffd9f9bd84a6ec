//! `selftest`: plants faults in a subject and fails unless each is caught and named correctly.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use clap::Args;
use twinheap_harness::{
    CaseResult, Divergence, PairConfig, Proof, SideKind, StepsPolicy, run_pairs,
};
use twinheap_observation::{OutcomeClass, Program, Stage, StageSet};
use twinheap_store::campaign::NO_BATCH;
use twinheap_store::{CampaignStore, TopicFigures};
use twinheap_subject::{Fault, SubjectSpec};

use crate::gate::prove_oracle;
use crate::programs::corpus;
use crate::sensitivity;
use crate::settings;
use crate::workers::{self, Worker};

/// The program that every fault strikes; it leaves lists in its namespace.
const VICTIM: &str = "list/growth";
/// Fresh pairs: an even number, so that a fault at every other run comes back in half of them.
const CONFIRMATIONS: u32 = 4;

#[derive(Args)]
pub struct SelftestArguments {
    /// Only this fault.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Instead of the faults: make so many small changes to heaps and outputs, one at a time, and tell how many are seen.
    #[arg(long, value_name = "N")]
    sensitivity: Option<usize>,
    /// The seed of those changes.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

pub fn run(arguments: &SelftestArguments) -> Result<i32, String> {
    let mut oracle = workers::build(&Worker::cpython("3.11"))?;
    oracle.limits.wall_milliseconds = 2_000;
    oracle.limits.address_space_bytes = 1 << 30;
    let programs: Vec<Program> = corpus()?
        .into_iter()
        .filter(|program| program.topic == "list")
        .collect();
    let proof = prove_oracle(&SideKind::Worker(oracle.clone()), &corpus()?, StageSet::ALL)?;
    if let Some(changes) = arguments.sensitivity {
        return sensitivity::run(&oracle, &proof, changes, arguments.seed);
    }
    let style = settings::style();
    let mut failures = 0;
    if arguments.only.is_none() {
        failures += report(
            "no fault",
            check_clean(&pair(&oracle, None, &proof, &programs)?),
            style,
        );
    }
    if arguments.only.as_deref().is_none_or(|name| name == SHARDS) {
        failures += report(SHARDS, check_shards(), style);
    }
    let state = tempfile::tempdir().map_err(|error| error.to_string())?;
    let chosen = Fault::ALL.into_iter().filter(|fault| {
        arguments
            .only
            .as_ref()
            .is_none_or(|name| name == fault.name())
    });
    for fault in chosen {
        let mut planted = format!("{}@{VICTIM}", fault.name());
        if fault == Fault::Flaky {
            planted.push_str(&format!("@{}", state.path().join("runs").display()));
        }
        let results = pair(&oracle, Some(&planted), &proof, &programs)?;
        failures += report(fault.name(), check_fault(fault, &results), style);
    }
    if failures == 0 {
        println!("every planted fault was caught and named, and shards give what one run gives");
        return Ok(0);
    }
    println!("{failures} faults were not caught or not named correctly");
    Ok(settings::EXIT_HARNESS_ERROR)
}

fn report(
    name: &str,
    verdict: Result<String, String>,
    style: twinheap_render::terminal::Style,
) -> u32 {
    match verdict {
        Ok(said) => {
            println!("{} {name:12} {said}", style.good("caught"));
            0
        }
        Err(reason) => {
            println!("{} {name:12} {reason}", style.bad("MISSED"));
            1
        }
    }
}

/// The name of the check that shards give what one run gives.
const SHARDS: &str = "shards";
/// Two blocks for each of two shards, and a little.
const SHARDED_PROGRAMS: &str = "1100";

/// Runs the same campaign at once and in two shards, by this very program, and compares what the databases hold.
fn check_shards() -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let place = |name: &str| folder.path().join(name);
    let run = |name: &str, shard: &str| run_campaign(&place(name), &place("report"), shard);
    run("whole.db", "1/1")?;
    run("first.db", "1/2")?;
    run("second.db", "2/2")?;
    let whole = CampaignStore::open(&place("whole.db"))?;
    let mut merged = CampaignStore::open(&place("first.db"))?;
    merged.merge(&CampaignStore::open(&place("second.db"))?)?;
    let (one, other) = (contents(&whole)?, contents(&merged)?);
    let only = |here: &[String], there: &[String]| -> Vec<String> {
        const LISTED: usize = 4;
        let lacking = here.iter().filter(|fact| !there.contains(fact));
        lacking.take(LISTED).cloned().collect()
    };
    let (lost, gained) = (only(&one, &other), only(&other, &one));
    if lost.is_empty() && gained.is_empty() {
        return Ok(format!(
            "{} facts of one run and of its two shards are the same",
            one.len()
        ));
    }
    Err(format!(
        "only one run has [{}], only its shards have [{}]",
        lost.join("; "),
        gained.join("; ")
    ))
}

fn run_campaign(database: &Path, report: &Path, shard: &str) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = std::process::Command::new(this)
        .args(["campaign", "--time", "5m", "--seed", "5", "--jobs", "1"])
        .args(["--minimise", "0s", "--quiet", "--topics", "dict,int,str,re"])
        .args(["--programs", SHARDED_PROGRAMS, "--shard", shard])
        .arg("--db")
        .arg(database)
        .arg("--out")
        .arg(report)
        .output()
        .map_err(|error| error.to_string())?;
    // Findings are no trouble here.
    match output.status.code() {
        Some(0 | settings::EXIT_NEW) => Ok(()),
        code => Err(format!(
            "a campaign ended with {code:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// What must not depend on how a campaign was divided: all but times, what fresh processes at other addresses said of
/// a suspicion, and what was met by the way while they were asked.
fn contents(store: &CampaignStore) -> Result<Vec<String>, String> {
    let mut facts: Vec<String> = store
        .done()?
        .iter()
        .map(|batch| format!("batch {batch}"))
        .collect();
    for (topic, figures) in store.figures()? {
        let figures = TopicFigures {
            agree: figures.agree + figures.diverge,
            diverge: 0,
            oracle_microseconds: 0,
            subject_microseconds: 0,
            ..figures
        };
        facts.push(format!("{topic} {figures:?}"));
    }
    let mut findings = store.all_findings()?;
    findings.retain(|finding| finding.batch != NO_BATCH);
    for finding in findings {
        facts.push(format!(
            "{} programs, the first {}-{}, show {}",
            finding.programs, finding.batch, finding.place, finding.signature
        ));
    }
    for (transition, programs) in store.transitions()? {
        facts.push(format!("{programs} programs reach {transition:?}"));
    }
    Ok(facts)
}

fn pair(
    oracle: &SubjectSpec,
    planted: Option<&str>,
    proof: &Proof,
    programs: &[Program],
) -> Result<Vec<CaseResult>, String> {
    let mut subject = oracle.clone();
    if let Some(planted) = planted {
        subject
            .arguments
            .extend(["--sabotage".to_owned(), planted.to_owned()]);
    }
    let stop = AtomicBool::new(false);
    let config = PairConfig {
        varied: None,
        oracle: SideKind::Worker(oracle.clone()),
        subject: SideKind::Worker(subject),
        stages: StageSet::ALL,
        steps: StepsPolicy::Always,
        proof,
        confirmations: CONFIRMATIONS,
        transitions: false,
        stop: &stop,
        pairs: 1,
    };
    run_pairs(&config, programs, |_| {})
}

fn check_clean(results: &[CaseResult]) -> Result<String, String> {
    match results.iter().find(|result| !result.agrees()) {
        None => Ok(format!("{} programs agree", results.len())),
        Some(result) => Err(format!("{} diverges without a fault", result.program.name)),
    }
}

/// The fault must show in its victim, under its own name, and in no other program.
fn check_fault(fault: Fault, results: &[CaseResult]) -> Result<String, String> {
    if let Some(other) = results
        .iter()
        .find(|result| !result.agrees() && result.program.name != VICTIM)
    {
        return Err(format!("{} was blamed", other.program.name));
    }
    if let Some(missing) = results.iter().find(|result| result.verdicts.is_empty()) {
        return Err(format!("{} was not judged", missing.program.name));
    }
    let victim = results
        .iter()
        .find(|result| result.program.name == VICTIM)
        .ok_or("the victim did not run")?;
    let divergence = victim.divergence.as_ref().ok_or("no divergence was seen")?;
    let outcome = divergence
        .subject
        .outcome
        .shown()
        .map(|outcome| outcome.class());
    let named = match fault {
        Fault::Output => divergence.stage == Stage::Output && came_back_always(divergence),
        Fault::Layout => {
            divergence.stage == Stage::Heap
                && divergence.signature.contains("PyListObject.allocated")
                && came_back_always(divergence)
        }
        Fault::Crash => {
            outcome == Some(OutcomeClass::Crashed) && divergence.signature.contains("SIGSEGV")
        }
        Fault::Hang => outcome == Some(OutcomeClass::TimedOut),
        Fault::MemoryBomb => outcome == Some(OutcomeClass::OutOfMemory),
        Fault::Flaky => divergence.stage == Stage::Output && divergence.is_flaky(),
    };
    let said = format!(
        "{} ({} of {} fresh pairs)",
        divergence.signature, divergence.came_back.0, divergence.came_back.1
    );
    if named {
        Ok(said)
    } else {
        Err(format!("named wrongly: {said}"))
    }
}

fn came_back_always(divergence: &Divergence) -> bool {
    !divergence.is_flaky()
}
