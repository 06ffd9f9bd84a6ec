//! Makes a finding small while its signature stays; other signatures met on the way are kept, not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use twinheap_generate::Model;
use twinheap_harness::PairPool;
use twinheap_observation::{OutcomeClass, Program};
use twinheap_reduce::{Reducible, Reduction};
use twinheap_store::CampaignFinding;
use twinheap_store::campaign::NO_BATCH;

use super::Shared;
use super::work::described;

/// Side findings kept of one reduction.
const SIDE_FINDINGS: usize = 4;

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
pub fn minimise(shared: &Shared<'_>, finding: &CampaignFinding) -> Reduced {
    let begun = Instant::now();
    let slow = finding.signature.contains(OutcomeClass::TimedOut.name());
    let pool = if slow { shared.pool } else { shared.impatient };
    let mut others: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut judge = |candidates: &[String]| -> Vec<bool> {
        let shown = signatures(pool, &finding.topic, candidates);
        for (candidate, shown) in candidates.iter().zip(&shown) {
            if let Some((signature, stage)) = shown
                && *signature != finding.signature
                && others.len() < SIDE_FINDINGS
            {
                others
                    .entry(signature.clone())
                    .or_insert_with(|| (stage.clone(), candidate.clone()));
            }
        }
        shown
            .into_iter()
            .map(|shown| shown.is_some_and(|(signature, _)| signature == finding.signature))
            .collect()
    };
    let mut reduction = Reduction::new(&mut judge, begun + shared.minimise);
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
        tried: effort.tried as u64,
        ..finding.clone()
    };
    // A reduction in which nothing held says that warm processes do not show the finding.
    if effort.held > 0 {
        let decided = shared.pool.decide(&program(&finding.topic, &source));
        if let Some(divergence) = decided.divergence
            && divergence.signature == finding.signature
        {
            small.minimised_difference = Some(described(&divergence));
            small.minimised = Some(source);
        }
    }
    small.milliseconds = begun.elapsed().as_millis() as u64;
    Reduced {
        others: confirmed(shared, finding, others),
        finding: small,
    }
}

fn program(topic: &str, source: &str) -> Program {
    Program::new(topic, "candidate", source)
}

/// The signature and the stage that each candidate shows, if it diverges at all.
fn signatures(
    pool: &PairPool<'_>,
    topic: &str,
    candidates: &[String],
) -> Vec<Option<(String, String)>> {
    let programs: Vec<Program> = candidates
        .iter()
        .map(|source| program(topic, source))
        .collect();
    pool.run(&programs, Some(&|_| true))
        .into_iter()
        .map(|result| {
            let divergence = result.divergence?;
            Some((divergence.signature, divergence.stage.name().to_owned()))
        })
        .collect()
}

/// Side findings that are new and that fresh processes confirm.
fn confirmed(
    shared: &Shared<'_>,
    finding: &CampaignFinding,
    others: BTreeMap<String, (String, String)>,
) -> Vec<CampaignFinding> {
    let mut kept = Vec::new();
    for (signature, (stage, source)) in others {
        if shared
            .settled
            .read()
            .is_ok_and(|settled| settled.contains(&signature))
        {
            continue;
        }
        let decided = shared.pool.decide(&program(&finding.topic, &source));
        let Some(divergence) = decided
            .divergence
            .filter(|found| found.signature == signature)
        else {
            continue;
        };
        kept.push(CampaignFinding {
            programs: 0,
            batch: NO_BATCH,
            place: 0,
            stage,
            came_back: divergence.came_back,
            seed: finding.seed.clone(),
            model: None,
            difference: described(&divergence),
            source,
            minimised: None,
            minimised_difference: None,
            tried: 0,
            milliseconds: 0,
            signature,
            topic: finding.topic.clone(),
        });
    }
    kept
}
