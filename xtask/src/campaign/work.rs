//! A worker of a campaign: takes the next batch, makes its programs, runs them, and follows up what is new.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::Instant;

use twinheap_generate::{Model, Topic, generate, mutate_source};
use twinheap_harness::{CaseResult, Divergence};
use twinheap_observation::{OutcomeClass, Program};
use twinheap_render::difference::difference_text;
use twinheap_store::{BatchRecord, CampaignFinding, TopicFigures};

use super::{MUTATION, Shared, minimise};
use crate::gate::STOP;

/// How much of a difference is kept.
const DIFFERENCE_CHARACTERS: usize = 4_000;

/// What a worker tells.
pub enum Found {
    Batch(Box<BatchRecord>),
    Minimising,
    Minimised(CampaignFinding),
    Side(CampaignFinding),
}

pub struct Worker<'a> {
    shared: &'a Shared<'a>,
    sender: Sender<Found>,
}

/// A program of a batch: what it was made of, and its text.
struct Made {
    model: Option<Model>,
    seed: u64,
    program: Program,
}

/// The seed of one program: the campaign's, the batch's and the place's, mixed.
pub fn mixed_seed(seed: u64, batch: u64, place: u64) -> u64 {
    // SplitMix64's finaliser over each part in turn.
    [seed, batch, place].iter().fold(0, |mixed: u64, part| {
        let mut value = (mixed ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    })
}

impl<'a> Worker<'a> {
    pub fn new(shared: &'a Shared<'a>, sender: Sender<Found>) -> Worker<'a> {
        Worker { shared, sender }
    }

    /// Runs batches until the time is over, the last batch is taken, or nobody listens.
    pub fn run(&self) {
        while let Some(batch) = self.take_batch() {
            let (record, new) = self.run_batch(batch);
            if self.sender.send(Found::Batch(Box::new(record))).is_err() {
                return;
            }
            for finding in new {
                if !self.follow_up(&finding) {
                    return;
                }
            }
        }
    }

    /// The next batch of this shard that is not done.
    fn take_batch(&self) -> Option<u64> {
        let (one, all) = self.shared.recipe.shard;
        loop {
            let stopped = STOP.load(Ordering::Relaxed) || self.shared.over.load(Ordering::Relaxed);
            if stopped || Instant::now() >= self.shared.deadline {
                return None;
            }
            let batch = self.shared.next.fetch_add(1, Ordering::Relaxed) * all + one - 1;
            if self.shared.last.is_some_and(|last| batch >= last) {
                return None;
            }
            if !self.shared.done.contains(&batch) {
                return Some(batch);
            }
        }
    }

    fn make(&self, topic: &str, batch: u64, place: u64) -> Made {
        let seed = mixed_seed(self.shared.recipe.seed, batch, place);
        let model = Topic::parse(topic).map(|topic| generate(seed, topic, self.shared.profile));
        let source = match &model {
            Some(model) => model.source(),
            None => self.mutation(seed),
        };
        Made {
            model,
            seed,
            program: Program::new(topic, &format!("{batch}-{place}"), &source),
        }
    }

    /// A mutation of a real program; one that cannot be mutated is run as it is.
    fn mutation(&self, seed: u64) -> String {
        let seeds = &self.shared.seeds;
        let at = (seed % seeds.len().max(1) as u64) as usize;
        let others: Vec<&str> = (1..4)
            .filter_map(|step| seeds.get((at * 7 + step * 13) % seeds.len().max(1)))
            .map(String::as_str)
            .collect();
        let Some(source) = seeds.get(at) else {
            return String::new();
        };
        mutate_source(source, &others, seed).unwrap_or_else(|| source.clone())
    }

    fn run_batch(&self, batch: u64) -> (BatchRecord, Vec<CampaignFinding>) {
        let recipe = self.shared.recipe;
        let topic = &recipe.topics[(batch % recipe.topics.len() as u64) as usize];
        let made: Vec<Made> = (0..u64::from(recipe.batch_size))
            .map(|place| self.make(topic, batch, place))
            .collect();
        let programs: Vec<Program> = made.iter().map(|made| made.program.clone()).collect();
        let is_settled = |signature: &str| self.is_settled(signature);
        let results = self.shared.pool.run(&programs, Some(&is_settled));
        let mut record = BatchRecord {
            batch,
            topic: topic.clone(),
            ..BatchRecord::default()
        };
        let mut new = Vec::new();
        for (place, (made, result)) in made.iter().zip(&results).enumerate() {
            add_figures(&mut record.figures, topic, made, result);
            for transition in &result.transitions {
                *record.transitions.entry(*transition).or_default() += 1;
            }
            if let Some(divergence) = &result.divergence {
                let finding = finding_of(made, divergence, (batch as i64, place as i64));
                if self.settle(&finding.signature) {
                    new.push(finding.clone());
                }
                add_finding(&mut record.findings, finding);
            }
        }
        (record, new)
    }

    fn is_settled(&self, signature: &str) -> bool {
        let settled = self.shared.settled.read();
        settled.is_ok_and(|settled| settled.contains(signature))
    }

    /// Notes a confirmed signature; says whether it is new.
    fn settle(&self, signature: &str) -> bool {
        let settled = self.shared.settled.write();
        settled.is_ok_and(|mut settled| settled.insert(signature.to_owned()))
    }

    /// Makes a new finding small; says whether anybody still listens.
    fn follow_up(&self, finding: &CampaignFinding) -> bool {
        let is_late = Instant::now() >= self.shared.deadline;
        if self.shared.minimise.is_zero() || is_late || STOP.load(Ordering::Relaxed) {
            return true;
        }
        let begun = Found::Minimising;
        if self.sender.send(begun).is_err() {
            return false;
        }
        let reduced = minimise::minimise(self.shared, finding);
        for side in reduced.others {
            if self.settle(&side.signature) && self.sender.send(Found::Side(side)).is_err() {
                return false;
            }
        }
        self.sender.send(Found::Minimised(reduced.finding)).is_ok()
    }
}

fn add_figures(figures: &mut TopicFigures, topic: &str, made: &Made, result: &CaseResult) {
    figures.programs += 1;
    figures.statements += made.model.as_ref().map_or_else(
        || made.program.source.lines().count(),
        Model::statement_count,
    ) as u64;
    figures.reached += u64::from(has_reached_end(topic, result));
    figures.agree += u64::from(result.agrees());
    figures.diverge += u64::from(result.divergence.is_some());
    figures.harness_errors += u64::from(result.harness_error.is_some());
    figures.oracle_microseconds += u64::from(result.microseconds.0);
    figures.subject_microseconds += u64::from(result.microseconds.1);
}

/// Whether the oracle ran the program to its end, or to an exception that was raised on purpose.
fn has_reached_end(topic: &str, result: &CaseResult) -> bool {
    match result.outcome {
        Some(OutcomeClass::Finished) => true,
        Some(OutcomeClass::Raised) if topic != MUTATION => {
            Model::reached_end("", result.raised.as_deref())
        }
        _ => false,
    }
}

/// A finding as it was met.
pub fn described(divergence: &Divergence) -> String {
    difference_text(divergence)
        .chars()
        .take(DIFFERENCE_CHARACTERS)
        .collect()
}

fn finding_of(made: &Made, divergence: &Divergence, at: (i64, i64)) -> CampaignFinding {
    CampaignFinding {
        signature: divergence.signature.clone(),
        programs: 1,
        batch: at.0,
        place: at.1,
        topic: made.program.topic.clone(),
        stage: divergence.stage.name().to_owned(),
        came_back: divergence.came_back,
        seed: made.seed.to_string(),
        model: made
            .model
            .as_ref()
            .and_then(|model| serde_json::to_string(model).ok()),
        source: made.program.source.clone(),
        difference: described(divergence),
        minimised: None,
        minimised_difference: None,
        tried: 0,
        milliseconds: 0,
    }
}

/// One line for each signature of a batch, with the first program that shows it.
fn add_finding(findings: &mut Vec<CampaignFinding>, finding: CampaignFinding) {
    match findings
        .iter_mut()
        .find(|known| known.signature == finding.signature)
    {
        Some(known) => known.programs += 1,
        None => findings.push(finding),
    }
}
