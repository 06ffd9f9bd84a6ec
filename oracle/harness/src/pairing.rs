//! Runs programs through pairs of sides in parallel: digests first, details and fresh processes where they differ.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use twinheap_observation::outcome::Outcome;
use twinheap_observation::stage::StageDigest;
use twinheap_observation::wire::{Hello, Report, RunRequest, Wanted};
use twinheap_observation::{FieldSpec, Observation, Program, Stage, StageSet, Supported};
use twinheap_subject::Answer;

use crate::compare::compare;
use crate::proof::Proof;
use crate::side::{Side, SideKind, common_stages};
use crate::signature::sign;
use crate::verdict::{CaseResult, Divergence, StageVerdict};

/// Programs handed to a pair at once.
const CHUNK: usize = 32;

/// How a run is made.
pub struct PairConfig<'a> {
    pub oracle: SideKind,
    pub subject: SideKind,
    pub stages: StageSet,
    pub proof: &'a Proof,
    /// Fresh pairs that a difference is confirmed with.
    pub confirmations: u32,
    /// Set from outside to stop after the programs under way.
    pub stop: &'a AtomicBool,
    pub pairs: usize,
}

/// What is known of both sides before programs run.
pub struct Acquaintance {
    pub oracle: Hello,
    pub subject: Hello,
    pub stages: StageSet,
    unsupported: Vec<FieldSpec>,
}

/// Asks both sides who they are.
pub fn acquaint(config: &PairConfig<'_>) -> Result<Acquaintance, String> {
    let oracle = config.oracle.open().hello()?;
    let subject = config.subject.open().hello()?;
    let stages = common_stages(&oracle, &subject, config.stages);
    let mut unsupported = oracle.unsupported_fields.clone();
    unsupported.extend(subject.unsupported_fields.iter().cloned());
    Ok(Acquaintance {
        oracle,
        subject,
        stages,
        unsupported,
    })
}

struct Pair {
    oracle: Side,
    subject: Side,
}

struct Runner<'a> {
    config: &'a PairConfig<'a>,
    oracle: SideKind,
    subject: SideKind,
    stages: StageSet,
    needs_code: bool,
    partial: bool,
}

/// Runs every program through both sides. Results come in the order of the programs; those not begun when
/// the run was stopped are missing. `progress` hears of each program as it is done.
pub fn run_pairs(
    config: &PairConfig<'_>,
    programs: &[Program],
    progress: impl Fn(&CaseResult) + Sync,
) -> Result<Vec<CaseResult>, String> {
    let known = acquaint(config)?;
    let prepare = |kind: &SideKind| {
        kind.with_masks(&config.proof.masks)
            .with_unsupported(&known.unsupported)
    };
    let runner = Runner {
        config,
        oracle: prepare(&config.oracle),
        subject: prepare(&config.subject),
        stages: known.stages,
        needs_code: known.subject.needs_code,
        partial: matches!(config.subject, SideKind::Command(_))
            || matches!(config.oracle, SideKind::Command(_)),
    };
    let idle: Mutex<Vec<Pair>> = Mutex::new(Vec::new());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(config.pairs.max(1))
        .build()
        .map_err(|error| error.to_string())?;
    let chunk = CHUNK.min(programs.len().div_ceil(config.pairs.max(1)).max(1));
    let results = pool.install(|| {
        programs
            .par_chunks(chunk)
            .map(|programs| {
                if config.stop.load(Ordering::Relaxed) {
                    return Vec::new();
                }
                let taken = idle
                    .lock()
                    .expect("no thread panics while it holds the pairs")
                    .pop();
                let mut pair = taken.unwrap_or_else(|| runner.open());
                let results = runner.run_chunk(&mut pair, programs);
                results.iter().for_each(&progress);
                idle.lock()
                    .expect("no thread panics while it holds the pairs")
                    .push(pair);
                results
            })
            .collect::<Vec<_>>()
    });
    Ok(results.into_iter().flatten().collect())
}

impl Runner<'_> {
    fn open(&self) -> Pair {
        Pair {
            oracle: self.oracle.open(),
            subject: self.subject.open(),
        }
    }

    fn request(&self, index: usize, program: &Program, details: bool) -> RunRequest {
        let wanted = Wanted {
            stages: self.stages,
            details: details || self.partial,
            marshal: self.needs_code,
        };
        RunRequest {
            index: index as u32,
            program: program.clone(),
            code: None,
            wanted,
        }
    }

    /// Both sides' answers to the same programs.
    fn ask(&self, pair: &mut Pair, programs: &[Program], details: bool) -> Vec<(Answer, Answer)> {
        let mut requests: Vec<RunRequest> = programs
            .iter()
            .enumerate()
            .map(|(index, program)| self.request(index, program, details))
            .collect();
        let oracle = pair.oracle.run_batch(&requests);
        for (request, answer) in requests.iter_mut().zip(&oracle) {
            request.wanted.marshal = false;
            if let (true, Answer::Report(report)) = (self.needs_code, answer) {
                request.code = report.marshal.clone();
            }
        }
        // A program that the oracle could not compile goes to the subject's own compiler.
        let subject = pair.subject.run_batch(&requests);
        oracle.into_iter().zip(subject).collect()
    }

    fn run_chunk(&self, pair: &mut Pair, programs: &[Program]) -> Vec<CaseResult> {
        let answers = self.ask(pair, programs, false);
        programs
            .iter()
            .zip(answers)
            .map(|(program, (oracle, subject))| {
                let mut result = CaseResult::new(program);
                result.microseconds = (microseconds(&oracle), microseconds(&subject));
                match (&oracle, &subject) {
                    (Answer::HarnessError(reason), _) | (_, Answer::HarnessError(reason)) => {
                        result.harness_error = Some(reason.clone());
                    }
                    (Answer::Report(left), Answer::Report(right)) => {
                        let verdicts = if self.partial {
                            self.by_details(program, left, right)
                        } else {
                            self.by_digests(program, left, right)
                        };
                        match verdicts {
                            Ok(verdicts) => result.verdicts = verdicts,
                            Err(stage) => self.confirm(program, stage, &mut result),
                        }
                    }
                    (Answer::Death(left), Answer::Death(right))
                        if left.class() == right.class() =>
                    {
                        result.verdicts = self.died_alike();
                    }
                    _ => self.confirm(program, Stage::Outcome, &mut result),
                }
                result
            })
            .collect()
    }

    /// The verdicts where every digest agrees, or the first stage that differs.
    fn by_digests(
        &self,
        program: &Program,
        left: &Report,
        right: &Report,
    ) -> Result<Vec<(Stage, StageVerdict)>, Stage> {
        let mut verdicts = Vec::new();
        for stage in self.stages.iter() {
            let verdict = match (left.digest(stage), right.digest(stage)) {
                _ if self.config.proof.poisons(&program.name, stage, false) => {
                    StageVerdict::Poisoned("the reference does not agree with itself".to_owned())
                }
                (Some(StageDigest::Digest(left)), Some(StageDigest::Digest(right)))
                    if left == right =>
                {
                    StageVerdict::Agree
                }
                (Some(StageDigest::Digest(_)), Some(StageDigest::Digest(_))) => return Err(stage),
                (Some(StageDigest::Unsupported(reason)), _)
                | (_, Some(StageDigest::Unsupported(reason))) => {
                    StageVerdict::Unsupported(reason.clone())
                }
                _ => StageVerdict::Unsupported("not shown".to_owned()),
            };
            verdicts.push((stage, verdict));
        }
        Ok(verdicts)
    }

    /// The same for a side whose outcomes lack parts, so that digests cannot be compared.
    fn by_details(
        &self,
        program: &Program,
        left: &Report,
        right: &Report,
    ) -> Result<Vec<(Stage, StageVerdict)>, Stage> {
        let Some((left, right)) = left.details.as_ref().zip(right.details.as_ref()) else {
            return Err(Stage::Output);
        };
        match self.judge(program, left.clone(), right.clone()) {
            (verdicts, None) => Ok(verdicts),
            (_, Some(divergence)) => Err(divergence.stage),
        }
    }

    /// Both sides came to the same end, of which nothing but the outcome can be compared.
    fn died_alike(&self) -> Vec<(Stage, StageVerdict)> {
        let verdict = |stage| match stage {
            Stage::Outcome => StageVerdict::Agree,
            _ => StageVerdict::Unsupported("both sides died".to_owned()),
        };
        self.stages
            .iter()
            .map(|stage| (stage, verdict(stage)))
            .collect()
    }

    /// Fresh processes decide. The first that differs gives the details; the rest count how often it comes back.
    fn confirm(&self, program: &Program, suspected: Stage, result: &mut CaseResult) {
        let tries = self.config.confirmations.max(1);
        let mut came_back = 0;
        let mut divergence: Option<Divergence> = None;
        for _ in 0..tries {
            let mut pair = self.open();
            let Some((oracle, subject)) = self
                .ask(&mut pair, std::slice::from_ref(program), true)
                .pop()
            else {
                continue;
            };
            if let Answer::Death(Outcome::Crashed { cause, message }) = &oracle {
                result.harness_error = Some(format!("the oracle died: {cause} {message}"));
                return;
            }
            let (left, right) = match (observation(oracle), observation(subject)) {
                (Ok(left), Ok(right)) => (left, right),
                (Err(reason), _) | (_, Err(reason)) => {
                    result.harness_error = Some(reason);
                    return;
                }
            };
            let (verdicts, found) = self.judge(program, left, right);
            if found.is_some() {
                came_back += 1;
            }
            if divergence.is_none() {
                result.verdicts = verdicts;
                divergence = found;
            }
        }
        match &mut divergence {
            Some(divergence) => divergence.came_back = (came_back, tries),
            None => result.unconfirmed = Some(suspected),
        }
        result.divergence = divergence;
    }

    fn judge(
        &self,
        program: &Program,
        oracle: Box<Observation>,
        subject: Box<Observation>,
    ) -> (Vec<(Stage, StageVerdict)>, Option<Divergence>) {
        let foreign = self.partial;
        let judged: Vec<Stage> = self
            .stages
            .iter()
            .filter(|stage| !self.config.proof.poisons(&program.name, *stage, foreign))
            .collect();
        let comparison = compare(
            &oracle,
            &subject,
            StageSet::of(&judged),
            &self.config.proof.text,
            self.partial,
        );
        let mut verdicts = comparison.verdicts;
        for stage in self.stages.iter().filter(|stage| !judged.contains(stage)) {
            verdicts.push((
                stage,
                StageVerdict::Poisoned("the reference does not agree with itself".to_owned()),
            ));
        }
        verdicts.sort_by_key(|(stage, _)| *stage);
        let Some(stage) = comparison.first else {
            return (verdicts, None);
        };
        let label = |observation: &Observation| {
            observation
                .outcome
                .shown()
                .map_or_else(|| "not shown".to_owned(), Outcome::label)
        };
        let divergence = Divergence {
            stage,
            signature: sign(stage, &comparison.differences, &oracle, &subject),
            differences: comparison.differences,
            outcomes: (label(&oracle), label(&subject)),
            came_back: (1, 1),
            oracle,
            subject,
        };
        (verdicts, Some(divergence))
    }
}

fn microseconds(answer: &Answer) -> u32 {
    match answer {
        Answer::Report(report) => report.microseconds,
        _ => 0,
    }
}

fn all_unsupported(reason: &str) -> Observation {
    Observation {
        tokens: Supported::Unsupported(reason.to_owned()),
        ast: Supported::Unsupported(reason.to_owned()),
        code: Supported::Unsupported(reason.to_owned()),
        steps: Supported::Unsupported(reason.to_owned()),
        output: Supported::Unsupported(reason.to_owned()),
        outcome: Supported::Unsupported(reason.to_owned()),
        heap: Supported::Unsupported(reason.to_owned()),
    }
}

/// What an answer shows; a death shows its outcome and nothing else.
pub(crate) fn observation(answer: Answer) -> Result<Box<Observation>, String> {
    match answer {
        Answer::Report(report) => report
            .details
            .ok_or_else(|| "details were asked for but did not come".to_owned()),
        Answer::Death(outcome) => {
            let mut observation = all_unsupported("the subject died");
            observation.outcome = Supported::Supported(outcome);
            Ok(Box::new(observation))
        }
        Answer::HarnessError(reason) => Err(reason),
    }
}
