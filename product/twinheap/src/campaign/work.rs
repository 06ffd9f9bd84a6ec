//! A worker of a campaign: takes the next batch, makes its programs, runs them, and follows up what is new.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use twinheap_generate::{Model, Topic, generate, mutate_source};
use twinheap_harness::{CaseResult, Divergence, OwnPair};
use twinheap_observation::{OutcomeClass, Program};
use twinheap_render::difference::difference_text;
use twinheap_store::campaign::NO_BATCH;
use twinheap_store::{BatchRecord, CampaignFinding, TopicFigures};

use super::queue::Job;
use super::{MUTATION, Shared, minimise};
use crate::gate::STOP;

/// How much of a difference is kept.
const DIFFERENCE_CHARACTERS: usize = 4_000;

/// What a worker tells.
pub enum Found {
    Batch(Box<BatchRecord>),
    /// Fresh processes have shown a suspicion to be right.
    Confirmed(CampaignFinding),
    /// Fresh processes have shown nothing of the kind.
    Dismissed(String),
    Minimised(CampaignFinding),
    /// A confirmed finding that no batch has recorded.
    Side(CampaignFinding),
}

/// How a worker's work ended.
struct NobodyListens;

pub struct Worker<'a> {
    shared: &'a Shared<'a>,
    sender: SyncSender<Found>,
}

/// Batches that one pair of processes runs in order.
struct Block {
    pair: OwnPair,
    batches: VecDeque<u64>,
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
    pub fn new(shared: &'a Shared<'a>, sender: SyncSender<Found>) -> Worker<'a> {
        Worker { shared, sender }
    }

    /// Runs batches and follows findings up until the time is over, nothing is left to do, or nobody listens.
    pub fn run(&self) {
        // An error says that nobody listens, and then there is nothing left to tell.
        let _ = self.work();
    }

    fn work(&self) -> Result<(), NobodyListens> {
        const PAUSE: Duration = Duration::from_millis(20);
        let mut batches_left = true;
        let mut block: Option<Block> = None;
        while !self.is_over() {
            if (self.shared.balance.may_follow() || !batches_left)
                && let Some(job) = self.shared.queue.take(!self.shared.minimise.is_zero())
            {
                self.follow_up(job)?;
                continue;
            }
            if batches_left {
                if block.is_none() {
                    block = self.take_block();
                }
                let taken = block.as_mut().and_then(|block| {
                    let batch = block.batches.pop_front()?;
                    Some((&mut block.pair, batch))
                });
                match taken {
                    Some((pair, batch)) => self.do_batch(pair, batch)?,
                    None => batches_left = block.take().is_some(),
                }
            } else if self.shared.queue.is_at_work() {
                std::thread::sleep(PAUSE);
            } else {
                return Ok(());
            }
        }
        self.settle_suspicions()
    }

    /// When the time is over, suspicions still get a little for their confirmation.
    fn settle_suspicions(&self) -> Result<(), NobodyListens> {
        while !self.is_stopped() && Instant::now() < self.shared.grace {
            match self.shared.queue.take(false) {
                Some(job) => self.follow_up(job)?,
                None => break,
            }
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        STOP.load(Ordering::Relaxed) || self.shared.over.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.is_stopped() || Instant::now() >= self.shared.deadline
    }

    fn tell(&self, found: Found) -> Result<(), NobodyListens> {
        self.sender.send(found).map_err(|_| NobodyListens)
    }

    /// The next block of this shard that is not done. Of one that was left in the middle, the batches before are run
    /// again, so that its processes come to the others as they would have.
    fn take_block(&self) -> Option<Block> {
        let (one, all) = self.shared.recipe.shard;
        let size = u64::from(self.shared.recipe.block_batches.max(1));
        loop {
            let block = self.shared.next.fetch_add(1, Ordering::Relaxed) * all + one - 1;
            let first = block * size;
            let end = first + size;
            let end = self.shared.last.map_or(end, |last| end.min(last));
            if first >= end {
                return None;
            }
            let is_done = |batch: &u64| self.shared.done.contains(batch);
            if let Some(last) = (first..end).rev().find(|batch| !is_done(batch)) {
                return Some(Block {
                    pair: self.shared.pools.patient.own_pair(),
                    batches: (first..=last).collect(),
                });
            }
        }
    }

    fn do_batch(&self, pair: &mut OwnPair, batch: u64) -> Result<(), NobodyListens> {
        let begun = Instant::now();
        let record = self.run_batch(pair, batch);
        self.shared.balance.ran(begun.elapsed());
        if self.shared.done.contains(&batch) {
            return Ok(());
        }
        let findings = record.findings.clone();
        self.tell(Found::Batch(Box::new(record)))?;
        for finding in findings {
            self.shared.queue.suspect(finding);
        }
        Ok(())
    }

    fn follow_up(&self, job: Job) -> Result<(), NobodyListens> {
        let begun = Instant::now();
        let told = match job {
            Job::Confirm(examples) => self.confirm(&examples),
            Job::Minimise(finding) => self.minimise(&finding),
        };
        self.shared.balance.followed(begun.elapsed());
        told
    }

    fn confirm(&self, examples: &[CampaignFinding]) -> Result<(), NobodyListens> {
        let decision = minimise::confirm(self.shared.pools.patient, examples);
        let signature = &examples[0].signature;
        let recorded = examples[0].batch != NO_BATCH;
        match decision.confirmed {
            Some(finding) => {
                self.shared.queue.confirmed(&finding);
                self.tell(if recorded {
                    Found::Confirmed(finding)
                } else {
                    Found::Side(finding)
                })?;
            }
            None => {
                self.shared.queue.dismissed(signature);
                self.tell(Found::Dismissed(signature.clone()))?;
            }
        }
        for other in decision.others {
            self.shared.queue.add_confirmed(other.clone());
            self.tell(Found::Side(other))?;
        }
        Ok(())
    }

    fn minimise(&self, finding: &CampaignFinding) -> Result<(), NobodyListens> {
        let deadline = (Instant::now() + self.shared.minimise).min(self.shared.deadline);
        let reduced = minimise::minimise(&self.shared.pools, finding, deadline);
        for side in reduced.others {
            let is_unsupported = self.shared.is_foreign && is_unsupported(&side.signature);
            if self.shared.keeps_sides
                && !is_unsupported
                && !self.shared.queue.knows(&side.signature)
            {
                self.shared.queue.suspect(side);
            }
        }
        self.shared.queue.done(&finding.signature);
        self.tell(Found::Minimised(reduced.finding))
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

    fn run_batch(&self, pair: &mut OwnPair, batch: u64) -> BatchRecord {
        let recipe = self.shared.recipe;
        let topic = &recipe.topics[(batch % recipe.topics.len() as u64) as usize];
        let made: Vec<Made> = (0..u64::from(recipe.batch_size))
            .map(|place| self.make(topic, batch, place))
            .collect();
        let programs: Vec<Program> = made.iter().map(|made| made.program.clone()).collect();
        // Fresh processes are asked later, when the balance allows it.
        let pool = self.shared.pools.patient;
        let results = pool.run_with(pair, &programs, Some(&|_| true));
        let mut record = BatchRecord {
            batch,
            topic: topic.clone(),
            ..BatchRecord::default()
        };
        for (place, (made, result)) in made.iter().zip(&results).enumerate() {
            add_figures(&mut record.figures, topic, made, result);
            for transition in &result.transitions {
                *record.transitions.entry(*transition).or_default() += 1;
            }
            if let Some(divergence) = &result.divergence {
                if self.shared.is_foreign && is_unsupported(&divergence.signature) {
                    record.figures.unsupported += 1;
                    record.figures.diverge -= 1;
                    continue;
                }
                let finding = finding_of(made, divergence, (batch as i64, place as i64));
                add_finding(&mut record.findings, finding);
            }
        }
        record
    }
}

/// Whether a foreign subject itself says that it does not have what the program asks for.
pub fn is_unsupported(signature: &str) -> bool {
    ["/ NotImplementedError", "/ raised NotImplementedError"]
        .iter()
        .any(|end| signature.contains(end))
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
        ..CampaignFinding::default()
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
