//! `selftest --sensitivity N`: makes N small changes to what CPython left behind, one at a time, and says how many of
//! each kind the verdict sees.
//!
//! Both sides are CPython. One of them runs each program as it is; the other makes one change, drawn by a seed, to the
//! heap or to the output before it is looked at. What the digests do not show was not seen, and the rule that hides it
//! is told: a field that no stage compares, or a mask.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use twinheap_harness::{ProgramFolder, Proof, Side, SideKind};
use twinheap_observation::stage::StageDigest;
use twinheap_observation::wire::{Report, RunRequest, Wanted};
use twinheap_observation::{Program, StageSet};
use twinheap_subject::{Answer, SubjectSpec};

use crate::programs::corpus;
use crate::settings;

/// The least share of the changes that must be seen, in per cent.
const LEAST_SEEN: usize = 98;
/// Programs that are given to a worker at once.
const BATCH: usize = 32;
/// How many places of changes that were not seen are listed for each kind.
const LISTED: usize = 3;

/// What became of the changes of one kind.
#[derive(Default)]
struct Tally {
    seen: usize,
    /// The worker died of the change, which is seen as well.
    died: usize,
    unseen: usize,
    /// Not seen, by a rule that says so.
    by_rule: usize,
    /// Places of changes that were not seen, with how often each was met.
    places: BTreeMap<String, usize>,
}

/// Makes so many changes, and prints the table; gives the exit code.
pub fn run(oracle: &SubjectSpec, proof: &Proof, changes: usize, seed: u64) -> Result<i32, String> {
    let kind = SideKind::Worker(oracle.clone()).with_masks(&proof.masks);
    let corpus = corpus()?;
    let folder = ProgramFolder::new()?;
    let placed = folder.place(&corpus);
    let programs = steady(&kind, &placed)?;
    let bar = ProgressBar::new(changes as u64);
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut drawn = 0;
    let mut side = kind.open();
    for batch in (0..changes).collect::<Vec<_>>().chunks(BATCH) {
        let chosen: Vec<(u64, &(Program, Box<Report>))> = batch
            .iter()
            .map(|number| {
                let mixed = crate::campaign::mixed_seed(seed, *number as u64, 0);
                (mixed, &programs[mixed as usize / 64 % programs.len()])
            })
            .collect();
        let requests: Vec<RunRequest> = chosen
            .iter()
            .enumerate()
            .map(|(index, (seed, (program, _)))| request(index, program, Some(*seed)))
            .collect();
        let answers = side.run_batch(&requests);
        for ((_, (_, plain)), answer) in chosen.iter().zip(answers) {
            drawn += usize::from(note(plain, answer, &mut tallies)?);
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(show(&tallies, drawn, changes))
}

fn request(index: usize, program: &Program, change: Option<u64>) -> RunRequest {
    RunRequest {
        index: index as u32,
        program: program.clone(),
        code: None,
        wanted: Wanted {
            stages: StageSet::PLAIN,
            details: false,
            marshal: false,
            transitions: false,
        },
        change,
    }
}

/// The programs that a warm worker shows the same of twice, each with what it shows: a change in any other says nothing.
fn steady(kind: &SideKind, programs: &[Program]) -> Result<Vec<(Program, Box<Report>)>, String> {
    let requests: Vec<RunRequest> = programs
        .iter()
        .enumerate()
        .map(|(index, program)| request(index, program, None))
        .collect();
    let mut side: Side = kind.open();
    side.hello()?;
    // The first round warms the modules of the library up.
    side.run_batch(&requests);
    let (first, second) = (side.run_batch(&requests), side.run_batch(&requests));
    let pairs = programs.iter().zip(first.into_iter().zip(second));
    let steady: Vec<_> = pairs
        .filter_map(|(program, pair)| match pair {
            (Answer::Report(one), Answer::Report(other)) if one.digests == other.digests => {
                Some((program.clone(), one))
            }
            _ => None,
        })
        .collect();
    if steady.is_empty() {
        return Err("no program shows the same twice, so no change can be told".to_owned());
    }
    println!(
        "{} of {} programs show the same twice in a warm process and are used",
        steady.len(),
        programs.len()
    );
    Ok(steady)
}

/// Adds one answer to the tallies; false where no change could be drawn.
fn note(
    plain: &Report,
    answer: Answer,
    tallies: &mut BTreeMap<String, Tally>,
) -> Result<bool, String> {
    let report = match answer {
        Answer::Report(report) => report,
        Answer::Death(..) => {
            tallies.entry("(not told)".to_owned()).or_default().died += 1;
            return Ok(true);
        }
        Answer::HarnessError(reason) => return Err(reason),
    };
    let Some(changed) = &report.changed else {
        return Ok(false);
    };
    let tally = tallies.entry(changed.kind.clone()).or_default();
    let differs = |digests: &[(_, StageDigest)]| digests != plain.digests.as_slice();
    if differs(&report.digests) {
        tally.seen += 1;
        return Ok(true);
    }
    let place = match &changed.rule {
        Some(rule) => {
            tally.by_rule += 1;
            format!("{} by rule: {rule}", changed.place)
        }
        None => {
            tally.unseen += 1;
            changed.place.clone()
        }
    };
    *tally.places.entry(place).or_default() += 1;
    Ok(true)
}

fn show(tallies: &BTreeMap<String, Tally>, drawn: usize, wanted: usize) -> i32 {
    println!(
        "{:28} {:>6} {:>6} {:>7} {:>6}  not seen at",
        "kind of change", "seen", "died", "by rule", "unseen"
    );
    let (mut seen, mut by_rule, mut unseen) = (0, 0, 0);
    for (kind, tally) in tallies {
        seen += tally.seen + tally.died;
        by_rule += tally.by_rule;
        unseen += tally.unseen;
        let mut places: Vec<(&String, &usize)> = tally.places.iter().collect();
        places.sort_by_key(|(_, count)| usize::MAX - **count);
        let listed: Vec<String> = places
            .iter()
            .take(LISTED)
            .map(|(place, count)| format!("{place} ({count})"))
            .collect();
        println!(
            "{kind:28} {:6} {:6} {:7} {:6}  {}",
            tally.seen,
            tally.died,
            tally.by_rule,
            tally.unseen,
            listed.join(", ")
        );
    }
    let all = (seen + unseen).max(1);
    let share = seen * 100 / all;
    println!(
        "{seen} of {all} changes are seen ({share} %), besides {by_rule} of what a rule leaves out; \
         {drawn} of {wanted} could be drawn"
    );
    let is_enough = share >= LEAST_SEEN && drawn > 0;
    if !is_enough {
        println!("fewer than {LEAST_SEEN} % are seen");
    }
    if is_enough {
        0
    } else {
        settings::EXIT_HARNESS_ERROR
    }
}
