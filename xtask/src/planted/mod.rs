//! `planted`: small bugs are put into the VM, a campaign must find each of them, and the signatures that each goes by
//! are counted.

mod bugs;
mod hunt;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use twinheap_generate::Profile;
use twinheap_harness::{PairConfig, PairPool, Proof, SideKind, StepsPolicy};
use twinheap_observation::StageSet;
use twinheap_subject::SubjectSpec;

use crate::campaign::{duration, probe_subject};
use crate::gate::{STOP, catch_interrupt, prove_oracle};
use crate::programs::corpus;
use crate::settings;
use crate::workers::{self, Worker};
use bugs::Bug;
use hunt::{Hunt, Hunter};
use tree::Tree;

#[derive(Args)]
pub struct PlantedArguments {
    /// Only bugs whose name contains one of these texts.
    names: Vec<String>,
    /// How long each bug is looked for.
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "TIME")]
    time: Duration,
    /// Look on until so many programs have shown a bug, and count its signatures.
    #[arg(long, default_value_t = 1, value_name = "N")]
    shown: u64,
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "J")]
    jobs: usize,
}

/// What every hunt of a run shares.
struct Ground<'a> {
    arguments: &'a PlantedArguments,
    oracle: SubjectSpec,
    mutated: SubjectSpec,
    proof: &'a Proof,
    plain: &'a PairPool<'a>,
    profile: Profile,
}

pub fn run(arguments: &PlantedArguments) -> Result<i32, String> {
    let bugs = bugs::read()?;
    if !bugs.iter().any(|bug| bug.is_named(&arguments.names)) {
        eprintln!(
            "twinheap: no planted bug is named so: {:?}",
            arguments.names
        );
        return Ok(settings::EXIT_NOTHING_RAN);
    }
    catch_interrupt();
    let oracle = workers::build(&Worker::cpython("3.11"))?;
    let plain = workers::build(&Worker::Reference)?;
    let tree = Tree::prepare(&bugs::planted_files(&settings::root(), &bugs)?)?;
    let mutated = tree.build(&plain)?;
    let proof = prove_oracle(&SideKind::Worker(oracle.clone()), &corpus()?, StageSet::ALL)?;
    let config = config(arguments, &oracle, &plain, &proof);
    let plain = PairPool::open(&config)?;
    let ground = Ground {
        arguments,
        oracle,
        mutated,
        proof: &proof,
        profile: probe_subject(&plain, true)?,
        plain: &plain,
    };
    let mut hunts = Vec::new();
    for (number, bug) in bugs.iter().enumerate() {
        if !bug.is_named(&arguments.names) {
            continue;
        }
        if STOP.load(Ordering::Relaxed) {
            return Ok(settings::EXIT_INTERRUPTED);
        }
        let hunt = ground.hunt(number, bug)?;
        tell(bug, &hunt, arguments.shown > 1);
        hunts.push((bug, hunt));
    }
    let found = hunts.iter().filter(|(_, hunt)| hunt.is_found()).count();
    if arguments.shown > 1 {
        print!("{}", told_signatures(&hunts));
    }
    println!("{found} of {} planted bugs found", hunts.len());
    Ok(if found == hunts.len() {
        0
    } else {
        settings::EXIT_NEW
    })
}

fn config<'a>(
    arguments: &PlantedArguments,
    oracle: &SubjectSpec,
    subject: &SubjectSpec,
    proof: &'a Proof,
) -> PairConfig<'a> {
    PairConfig {
        oracle: SideKind::Worker(oracle.clone()),
        subject: SideKind::Worker(subject.clone()),
        varied: None,
        stages: StageSet::ALL,
        steps: StepsPolicy::Blame,
        proof,
        confirmations: 2,
        transitions: false,
        stop: &STOP,
        pairs: arguments.jobs,
    }
}

impl Ground<'_> {
    /// Looks for one bug.
    fn hunt(&self, number: usize, bug: &Bug) -> Result<Hunt, String> {
        let mut subject = self.mutated.clone();
        let chosen = (bugs::CHOOSER.to_owned(), number.to_string());
        subject.environment.push(chosen);
        let config = config(self.arguments, &self.oracle, &subject, self.proof);
        let mutated = match PairPool::open(&config) {
            Ok(pool) => pool,
            Err(reason) => {
                // A VM that cannot even begin has been caught before the first program.
                let reason = reason.lines().last().unwrap_or_default();
                let signature = format!("the VM does not start: {reason}");
                return Ok(Hunt {
                    signatures: BTreeMap::from([(signature, 1)]),
                    ..Hunt::default()
                });
            }
        };
        let hunter = Hunter::new(
            (self.plain, &mutated),
            &self.profile,
            bug.topics()?,
            self.arguments.seed,
            (self.arguments.time, self.arguments.shown),
        );
        hunter.hunt(self.arguments.jobs)
    }
}

/// A line for a bug; all of its signatures where they are counted.
fn tell(bug: &Bug, hunt: &Hunt, counted: bool) {
    let word = if hunt.is_found() { "found " } else { "MISSED" };
    let chief = hunt.chief().unwrap_or_default();
    println!(
        "{word}  {:<36} {:>6.1} s {:>8} programs  {}",
        bug.name,
        hunt.time.as_secs_f64(),
        hunt.programs,
        if counted { "" } else { chief }
    );
    if counted {
        for (signature, count) in &hunt.signatures {
            println!("{count:>12} x  {signature}");
        }
    }
}

/// How many signatures a bug has, and which are of several bugs.
fn told_signatures(hunts: &[(&Bug, Hunt)]) -> String {
    let mut counts: Vec<usize> = hunts
        .iter()
        .map(|(_, hunt)| hunt.signatures.len())
        .filter(|count| *count > 0)
        .collect();
    counts.sort_unstable();
    let median = counts.get(counts.len() / 2).copied().unwrap_or(0);
    let most = counts.last().copied().unwrap_or(0);
    let mut text = format!("signatures per bug: {median} in the median, {most} at most\n");
    let chiefs: BTreeSet<&str> = hunts.iter().filter_map(|(_, hunt)| hunt.chief()).collect();
    text.push_str(&format!(
        "chief signatures: {} of {} bugs\n",
        chiefs.len(),
        counts.len()
    ));
    let mut bugs_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (bug, hunt) in hunts {
        for signature in hunt.signatures.keys() {
            bugs_of.entry(signature).or_default().push(&bug.name);
        }
    }
    bugs_of.retain(|_, bugs| bugs.len() > 1);
    text.push_str(&format!(
        "signatures that several bugs share: {}\n",
        bugs_of.len()
    ));
    for (signature, bugs) in bugs_of {
        text.push_str(&format!("  {signature}\n    {}\n", bugs.join(", ")));
    }
    text
}
