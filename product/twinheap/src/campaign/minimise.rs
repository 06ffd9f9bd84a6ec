//! Confirms a finding, and makes it small while its signature stays; other signatures met on the way are kept, not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use twinheap_generate::Model;
use twinheap_harness::{Divergence, PairPool};
use twinheap_observation::{OutcomeClass, Program};
use twinheap_reduce::{Reducible, Reduction};
use twinheap_store::CampaignFinding;
use twinheap_store::campaign::NO_BATCH;

use super::work::described;

/// Side findings kept of one reduction.
const SIDE_FINDINGS: usize = 4;

/// Pairs that give a program the whole of its time, and pairs that give up early, for candidates that would hang.
#[derive(Clone, Copy)]
pub struct Pools<'a> {
    pub patient: &'a PairPool<'a>,
    pub impatient: &'a PairPool<'a>,
}

/// The finding with its small program, and others met on the way.
pub struct Reduced {
    pub finding: CampaignFinding,
    pub others: Vec<CampaignFinding>,
}

/// The generator's model as the reducer wants it.
#[derive(Clone)]
struct Shrinking(Model);

impl Reducible for Shrinking {
    fn source(&self) -> String {
        self.0.source()
    }

    fn removable(&self) -> usize {
        self.0.removable()
    }

    fn without(&self, nodes: &BTreeSet<usize>) -> Shrinking {
        Shrinking(self.0.without(nodes))
    }

    fn simplifications(&self) -> Vec<Shrinking> {
        self.0
            .simplifications()
            .into_iter()
            .map(Shrinking)
            .collect()
    }
}

/// Makes the finding's program small; what fresh processes do not confirm in the end is left as it was.
pub fn minimise(pools: &Pools<'_>, finding: &CampaignFinding, deadline: Instant) -> Reduced {
    let begun = Instant::now();
    let slow = finding.signature.contains(OutcomeClass::TimedOut.name());
    let pool = if slow { pools.patient } else { pools.impatient };
    let mut others: BTreeMap<String, (Divergence, String)> = BTreeMap::new();
    let mut judge = |candidates: &[String]| -> Vec<bool> {
        let shown = divergences(pool, &finding.topic, candidates);
        let held = shown
            .iter()
            .map(|shown| {
                shown
                    .as_ref()
                    .is_some_and(|found| found.signature == finding.signature)
            })
            .collect();
        for (candidate, found) in candidates.iter().zip(shown) {
            if let Some(found) = found
                && found.signature != finding.signature
                && others.len() < SIDE_FINDINGS
            {
                others
                    .entry(found.signature.clone())
                    .or_insert_with(|| (found, candidate.clone()));
            }
        }
        held
    };
    let mut reduction = Reduction::new(&mut judge, deadline);
    let model = finding
        .model
        .as_ref()
        .and_then(|text| serde_json::from_str(text).ok());
    let source = match model {
        Some(model) => reduction.reduce(&Shrinking(model)).1,
        None => reduction.reduce_source(&finding.source),
    };
    let effort = reduction.effort;
    let mut small = CampaignFinding {
        tried: effort.tried.max(1) as u64,
        complete: !reduction.is_over() || effort.held == 0,
        ..finding.clone()
    };
    // A reduction in which nothing held says that warm processes do not show the finding.
    if effort.held > 0 {
        let decided = pools.patient.decide(&program(&finding.topic, &source));
        if let Some(divergence) = decided.divergence
            && divergence.signature == finding.signature
        {
            small.minimised_difference = Some(described(&divergence));
            small.minimised = Some(source);
        }
    }
    small.milliseconds = begun.elapsed().as_millis() as u64;
    Reduced {
        others: others
            .into_values()
            .map(|(divergence, source)| met_on_the_way(finding, &divergence, source))
            .collect(),
        finding: small,
    }
}

fn program(topic: &str, source: &str) -> Program {
    Program::new(topic, "candidate", source)
}

/// What each candidate shows in warm processes, if it diverges at all.
fn divergences(pool: &PairPool<'_>, topic: &str, candidates: &[String]) -> Vec<Option<Divergence>> {
    let programs: Vec<Program> = candidates
        .iter()
        .map(|source| program(topic, source))
        .collect();
    pool.run(&programs, Some(&|_| true))
        .into_iter()
        .map(|result| result.divergence)
        .collect()
}

/// A suspicion of another signature, which no batch has shown yet.
fn met_on_the_way(
    finding: &CampaignFinding,
    divergence: &Divergence,
    source: String,
) -> CampaignFinding {
    CampaignFinding {
        signature: divergence.signature.clone(),
        batch: NO_BATCH,
        topic: finding.topic.clone(),
        stage: divergence.stage.name().to_owned(),
        seed: finding.seed.clone(),
        difference: described(divergence),
        source,
        ..CampaignFinding::default()
    }
}

/// What fresh processes say of the programs of a suspicion.
pub struct Decision {
    /// The program that shows it, if one does.
    pub confirmed: Option<CampaignFinding>,
    /// Other signatures that the programs show.
    pub others: Vec<CampaignFinding>,
}

/// Asks fresh processes about one example after another, until one shows the signature.
pub fn confirm(pool: &PairPool<'_>, examples: &[CampaignFinding]) -> Decision {
    let mut decision = Decision {
        confirmed: None,
        others: Vec::new(),
    };
    for example in examples {
        let decided = pool.decide(&program(&example.topic, &example.source));
        let Some(divergence) = decided.divergence else {
            continue;
        };
        let shown = CampaignFinding {
            came_back: divergence.came_back,
            difference: described(&divergence),
            stage: divergence.stage.name().to_owned(),
            signature: divergence.signature.clone(),
            ..example.clone()
        };
        if shown.signature == example.signature {
            decision.confirmed = Some(shown);
            break;
        }
        decision.others.push(CampaignFinding {
            programs: example.programs.min(1),
            ..shown
        });
    }
    decision
}
