//! Runs programs through pairs of sides in parallel: digests first, details and fresh processes where they differ.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use twinheap_observation::outcome::Outcome;
use twinheap_observation::stage::StageDigest;
use twinheap_observation::wire::{Hello, Report, RunRequest, Wanted};
use twinheap_observation::{FieldSpec, Observation, Program, Stage, StageSet, Supported};
use twinheap_subject::Answer;

use crate::compare::{Noise, compare};
use crate::proof::Proof;
use crate::side::{Side, SideKind, common_stages};
use crate::signature::sign;
use crate::verdict::{CaseResult, Divergence, StageVerdict};

/// Fresh runs of the oracle beyond those of the pairs: what depends on an address may well agree by chance in
/// two of them.
const FURTHER_RUNS: u32 = 3;
/// Programs handed to a pair at once.
const CHUNK: usize = 32;

/// How a run is made.
pub struct PairConfig<'a> {
    pub oracle: SideKind,
    pub subject: SideKind,
    /// The oracle in a varied environment; what changes with it is not held against a foreign subject.
    pub varied: Option<SideKind>,
    pub stages: StageSet,
    pub proof: &'a Proof,
    /// Fresh pairs that a difference is confirmed with.
    pub confirmations: u32,
    /// Whether the oracle is asked what the programs' objects went through.
    pub transitions: bool,
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
    let mut pair = Pair::open(&config.oracle, &config.subject);
    pair.acquaint(config.stages)
}

struct Pair {
    oracle: Side,
    subject: Side,
    /// How many processes of each will have been started when the next programs run.
    started: (u32, u32),
}

impl Pair {
    fn open(oracle: &SideKind, subject: &SideKind) -> Pair {
        Pair {
            oracle: oracle.open(),
            subject: subject.open(),
            started: (0, 0),
        }
    }

    fn acquaint(&mut self, wanted: StageSet) -> Result<Acquaintance, String> {
        let oracle = self.oracle.hello()?;
        let subject = self.subject.hello()?;
        let stages = common_stages(&oracle, &subject, wanted);
        let mut unsupported = oracle.unsupported_fields.clone();
        unsupported.extend(subject.unsupported_fields.iter().cloned());
        Ok(Acquaintance {
            oracle,
            subject,
            stages,
            unsupported,
        })
    }

    /// What earlier programs imported is there for later ones; where one side has lost that with its process, the
    /// other begins anew as well.
    fn keep_in_step(&mut self) {
        let (mut oracle, mut subject) = (self.oracle.started(), self.subject.started());
        let (oracle_is_new, subject_is_new) = (oracle != self.started.0, subject != self.started.1);
        if oracle_is_new && !subject_is_new {
            self.subject.retire();
            subject += 1;
        } else if subject_is_new && !oracle_is_new {
            self.oracle.retire();
            oracle += 1;
        }
        self.started = (oracle, subject);
    }
}

/// A pair that nobody else gives programs to.
pub struct OwnPair(Pair);

/// Decides whether a difference of this signature need not be confirmed in fresh processes again.
pub type IsSettled<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// A program of a chunk whose answers differ.
struct Suspect {
    at: usize,
    stage: Stage,
    answers: (Answer, Answer),
}

/// Pairs of sides that stay alive between the programs they are given.
pub struct PairPool<'a> {
    config: &'a PairConfig<'a>,
    oracle: SideKind,
    subject: SideKind,
    varied: Option<SideKind>,
    acquaintance: Acquaintance,
    partial: bool,
    idle: Mutex<Vec<Pair>>,
}

/// Runs every program through a pool that is opened for them alone.
pub fn run_pairs(
    config: &PairConfig<'_>,
    programs: &[Program],
    progress: impl Fn(&CaseResult) + Sync,
) -> Result<Vec<CaseResult>, String> {
    PairPool::open(config)?.run_all(programs, progress)
}

impl<'a> PairPool<'a> {
    /// Makes both sides known to each other; the processes that said who they are become the first idle pair.
    pub fn open(config: &'a PairConfig<'a>) -> Result<PairPool<'a>, String> {
        let mut first = Pair::open(&config.oracle, &config.subject);
        let known = first.acquaint(config.stages)?;
        let prepare = |kind: &SideKind| {
            kind.with_masks(&config.proof.masks)
                .with_unsupported(&known.unsupported)
        };
        let (oracle, subject) = (prepare(&config.oracle), prepare(&config.subject));
        first.oracle.take_up(&oracle)?;
        first.subject.take_up(&subject)?;
        Ok(PairPool {
            config,
            oracle,
            subject,
            varied: config.varied.as_ref().map(prepare),
            partial: matches!(config.subject, SideKind::Command(_))
                || matches!(config.oracle, SideKind::Command(_)),
            acquaintance: known,
            idle: Mutex::new(vec![first]),
        })
    }

    /// Runs every program, so many pairs at once as the configuration says. Results come in the order of the
    /// programs; those not begun when the run was stopped are missing. `progress` hears of each program as it
    /// is done.
    pub fn run_all(
        &self,
        programs: &[Program],
        progress: impl Fn(&CaseResult) + Sync,
    ) -> Result<Vec<CaseResult>, String> {
        let pairs = self.config.pairs.max(1);
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(pairs)
            .build()
            .map_err(|error| error.to_string())?;
        let chunk = CHUNK.min(programs.len().div_ceil(pairs).max(1));
        let results = threads.install(|| {
            programs
                .par_chunks(chunk)
                .map(|programs| {
                    if self.config.stop.load(Ordering::Relaxed) {
                        return Vec::new();
                    }
                    let results = self.run(programs, None);
                    results.iter().for_each(&progress);
                    results
                })
                .collect::<Vec<_>>()
        });
        Ok(results.into_iter().flatten().collect())
    }

    /// Who the sides are and what both show.
    pub fn acquaintance(&self) -> &Acquaintance {
        &self.acquaintance
    }

    /// Runs programs through an idle pair, or through a new one where none is idle. Without `is_settled` every
    /// difference is confirmed.
    pub fn run(&self, programs: &[Program], is_settled: Option<IsSettled<'_>>) -> Vec<CaseResult> {
        let taken = self.idle_pairs().pop();
        let mut pair = taken.unwrap_or_else(|| self.open_pair());
        let results = self.run_chunk(&mut pair, programs, is_settled);
        self.idle_pairs().push(pair);
        results
    }

    /// What fresh processes say of a program, whatever warm ones would.
    pub fn decide(&self, program: &Program) -> CaseResult {
        let mut result = CaseResult::new(program);
        self.confirm(program, Stage::Outcome, &mut result);
        result
    }

    /// A pair of processes not yet started, at addresses that do not change from run to run: what it shows of a
    /// program depends on the programs before it in this pair, and on nothing else.
    pub fn own_pair(&self) -> OwnPair {
        OwnPair(Pair::open(
            &self.oracle.with_fixed_addresses(),
            &self.subject.with_fixed_addresses(),
        ))
    }

    /// Runs programs through a pair of one's own.
    pub fn run_with(
        &self,
        pair: &mut OwnPair,
        programs: &[Program],
        is_settled: Option<IsSettled<'_>>,
    ) -> Vec<CaseResult> {
        self.run_chunk(&mut pair.0, programs, is_settled)
    }

    fn idle_pairs(&self) -> std::sync::MutexGuard<'_, Vec<Pair>> {
        self.idle
            .lock()
            .expect("no thread panics while it holds the pairs")
    }

    fn stages(&self) -> StageSet {
        self.acquaintance.stages
    }

    fn needs_code(&self) -> bool {
        self.acquaintance.subject.needs_code
    }

    fn open_pair(&self) -> Pair {
        Pair::open(&self.oracle, &self.subject)
    }

    fn request(&self, index: usize, program: &Program, details: bool) -> RunRequest {
        let wanted = Wanted {
            stages: self.stages(),
            details: details || self.partial,
            marshal: self.needs_code(),
            transitions: self.config.transitions,
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
            request.wanted.transitions = false;
            if let (true, Answer::Report(report)) = (self.needs_code(), answer) {
                request.code = report.marshal.clone();
            }
        }
        // A program that the oracle could not compile goes to the subject's own compiler.
        let subject = pair.subject.run_batch(&requests);
        pair.keep_in_step();
        oracle.into_iter().zip(subject).collect()
    }

    fn run_chunk(
        &self,
        pair: &mut Pair,
        programs: &[Program],
        is_settled: Option<IsSettled<'_>>,
    ) -> Vec<CaseResult> {
        let answers = self.ask(pair, programs, false);
        let mut results = Vec::with_capacity(programs.len());
        let mut suspects = Vec::new();
        for (at, (program, (oracle, subject))) in programs.iter().zip(answers).enumerate() {
            let mut result = CaseResult::new(program);
            if let Some(stage) = self.first_look(program, (&oracle, &subject), &mut result) {
                suspects.push(Suspect {
                    at,
                    stage,
                    answers: (oracle, subject),
                });
            }
            results.push(result);
        }
        let Some(is_settled) = is_settled else {
            for suspect in suspects {
                let result = &mut results[suspect.at];
                self.confirm(&programs[suspect.at], suspect.stage, result);
            }
            return results;
        };
        let mut met: HashSet<String> = HashSet::new();
        for mut suspect in suspects {
            // One after another: all of their images at once may be more than the memory holds.
            self.add_details(pair, &programs[suspect.at], &mut suspect);
            let (program, result) = (&programs[suspect.at], &mut results[suspect.at]);
            let stage = suspect.stage;
            let warm = self.warm_divergence(program, suspect.answers);
            match warm {
                Some((verdicts, mut divergence))
                    if met.contains(&divergence.signature) || is_settled(&divergence.signature) =>
                {
                    divergence.came_back = (0, 0);
                    divergence.lighten();
                    result.verdicts = verdicts;
                    result.divergence = Some(divergence);
                }
                _ => {
                    self.confirm(program, stage, result);
                    if let Some(confirmed) = &result.divergence {
                        met.insert(confirmed.signature.clone());
                    }
                }
            }
        }
        results
    }

    /// Notes what two answers say of a program; the stage, if they differ in one.
    fn first_look(
        &self,
        program: &Program,
        answers: (&Answer, &Answer),
        result: &mut CaseResult,
    ) -> Option<Stage> {
        let (oracle, subject) = answers;
        result.microseconds = (microseconds(oracle), microseconds(subject));
        if let Answer::Report(report) = oracle {
            result.outcome = Some(report.outcome);
            result.raised.clone_from(&report.raised);
            result.transitions.clone_from(&report.transitions);
        }
        match (oracle, subject) {
            (Answer::HarnessError(reason), _) | (_, Answer::HarnessError(reason)) => {
                result.harness_error = Some(reason.clone());
                None
            }
            (Answer::Report(left), Answer::Report(right)) => {
                let verdicts = if self.partial {
                    self.by_details(program, left, right)
                } else {
                    self.by_digests(left, right)
                };
                match verdicts {
                    Ok(verdicts) => {
                        result.verdicts = verdicts;
                        None
                    }
                    Err(stage) => Some(stage),
                }
            }
            (Answer::Death(left), Answer::Death(right)) if left.class() == right.class() => {
                result.verdicts = self.died_alike();
                None
            }
            _ => Some(Stage::Outcome),
        }
    }

    /// Asks for the details of a suspect; deaths, and sides that are partial, have told them.
    fn add_details(&self, pair: &mut Pair, program: &Program, suspect: &mut Suspect) {
        let has = |answer: &Answer| match answer {
            Answer::Report(report) => report.details.is_some(),
            _ => true,
        };
        if has(&suspect.answers.0) && has(&suspect.answers.1) {
            return;
        }
        if let Some(answers) = self.ask(pair, std::slice::from_ref(program), true).pop() {
            suspect.answers = answers;
        }
    }

    /// What the warm pair's own details say, before any fresh process was asked.
    fn warm_divergence(
        &self,
        program: &Program,
        answers: (Answer, Answer),
    ) -> Option<(Vec<(Stage, StageVerdict)>, Divergence)> {
        let left = observation(answers.0).ok()?;
        let right = observation(answers.1).ok()?;
        let (verdicts, found) = self.judge(program, left, right, &Noise::default());
        found.map(|divergence| (verdicts, divergence))
    }

    /// The verdicts where every digest agrees, or the first stage that differs.
    fn by_digests(
        &self,
        left: &Report,
        right: &Report,
    ) -> Result<Vec<(Stage, StageVerdict)>, Stage> {
        let mut verdicts = Vec::new();
        for stage in self.stages().iter() {
            let verdict = match (left.digest(stage), right.digest(stage)) {
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
        let mut noise = Noise::default();
        noise.poison(self.config.proof.unspecified_stages(&program.name));
        match self.judge(program, left.clone(), right.clone(), &noise) {
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
        self.stages()
            .iter()
            .map(|stage| (stage, verdict(stage)))
            .collect()
    }

    /// Fresh processes decide: the reference's own runs say what is noise, the first pair that differs beyond
    /// that gives the details, the rest count how often it comes back.
    fn confirm(&self, program: &Program, suspected: Stage, result: &mut CaseResult) {
        let tries = self.config.confirmations.max(2);
        let mut observed = Vec::new();
        for _ in 0..tries {
            let asked = self
                .ask(&mut self.open_pair(), std::slice::from_ref(program), true)
                .pop();
            let Some((oracle, subject)) = asked else {
                continue;
            };
            if let Answer::Death(Outcome::Crashed { cause, message }) = &oracle {
                result.harness_error = Some(format!("the oracle died: {cause} {message}"));
                return;
            }
            match (observation(oracle), observation(subject)) {
                (Ok(left), Ok(right)) => observed.push((left, right)),
                (Err(reason), _) | (_, Err(reason)) => {
                    result.harness_error = Some(reason);
                    return;
                }
            }
        }
        let noise = self.noise_of(program, &observed);
        let mut came_back = 0;
        let mut divergence: Option<Divergence> = None;
        for (left, right) in observed {
            let (verdicts, found) = self.judge(program, left, right, &noise);
            came_back += u32::from(found.is_some());
            if divergence.is_none() {
                result.verdicts = verdicts;
                divergence = found;
            }
        }
        match &mut divergence {
            Some(divergence) => {
                divergence.came_back = (came_back, tries);
                divergence.drop_large_images();
            }
            None => result.unconfirmed = Some(suspected),
        }
        result.divergence = divergence;
    }

    /// What the reference's fresh runs do not agree on, and for a foreign subject what changes with the
    /// environment.
    fn noise_of(
        &self,
        program: &Program,
        observed: &[(Box<Observation>, Box<Observation>)],
    ) -> Noise {
        let mut noise = Noise::default();
        let Some(((first, _), others)) = observed.split_first() else {
            return noise;
        };
        let rules = &self.config.proof.text;
        for (other, _) in others {
            noise.learn(first, other, self.stages(), rules);
        }
        // Text with an address in it hardly ever agrees by chance; fields of a heap do.
        let further = if self.stages().contains(Stage::Heap) {
            FURTHER_RUNS
        } else {
            1
        };
        for other in self.fresh_runs(&self.oracle, program, further) {
            noise.learn(first, &other, self.stages(), rules);
        }
        if let (true, Some(varied)) = (self.partial, &self.varied) {
            for other in self.fresh_runs(varied, program, 1) {
                noise.learn(first, &other, self.stages(), rules);
            }
        }
        noise
    }

    /// What fresh processes of one side show of a program.
    fn fresh_runs(&self, kind: &SideKind, program: &Program, times: u32) -> Vec<Observation> {
        let request = self.request(0, program, true);
        let one = |_| {
            let answer = kind.open().run_batch(std::slice::from_ref(&request)).pop();
            answer
                .and_then(|answer| observation(answer).ok())
                .map(|shown| *shown)
        };
        (0..times).filter_map(one).collect()
    }

    fn judge(
        &self,
        program: &Program,
        oracle: Box<Observation>,
        subject: Box<Observation>,
        noise: &Noise,
    ) -> (Vec<(Stage, StageVerdict)>, Option<Divergence>) {
        let rules = &self.config.proof.text;
        let comparison = compare(&oracle, &subject, self.stages(), rules, noise, self.partial);
        let verdicts = comparison.verdicts;
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
            signature: sign(
                &program.topic,
                stage,
                &comparison.differences,
                &oracle,
                &subject,
            ),
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
