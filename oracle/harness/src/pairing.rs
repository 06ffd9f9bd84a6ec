//! Runs programs through pairs of sides in parallel: digests first, details and fresh processes where they differ.
//!
//! The plain run decides. A traced run follows behind it in the same processes where the steps are to be compared, and
//! wherever something differs, to name the step at which the sides part.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use twinheap_observation::outcome::{Outcome, OutcomeClass};
use twinheap_observation::stage::StageDigest;
use twinheap_observation::wire::{Hello, Report, RunRequest, Wanted};
use twinheap_observation::{Digest, FieldSpec, Observation, Program, Stage, StageSet};
use twinheap_subject::Answer;

use crate::answers::{Answered, Mode, is_of_a_limit, microseconds};
use crate::compare::Noise;
use crate::judge::{Judgement, judge};
use crate::place::ProgramFolder;
use crate::proof::Proof;
use crate::side::{SideKind, common_stages};
use crate::tended::Tended;
use crate::verdict::{CaseResult, Divergence, Emptiness, StageVerdict};

/// Programs handed to a pair at once.
const CHUNK: usize = 32;

/// How a run is made.
pub struct PairConfig<'a> {
    pub oracle: SideKind,
    pub subject: SideKind,
    /// The oracle in a varied environment; what changes with it is not held against a foreign subject.
    pub varied: Option<SideKind>,
    pub stages: StageSet,
    pub steps: StepsPolicy,
    pub proof: &'a Proof,
    /// Fresh pairs that a difference is confirmed with.
    pub confirmations: u32,
    /// Whether the oracle is asked what the programs' objects went through; a traced run tells.
    pub transitions: bool,
    /// Set from outside to stop after the programs under way.
    pub stop: &'a AtomicBool,
    pub pairs: usize,
}

/// Which programs are run a second time, traced, so that their steps can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepsPolicy {
    /// Every program.
    Always,
    /// Those that differ, to name the first step that does.
    Blame,
    /// Those that differ, and of the others one in so many.
    Share(u32),
    /// None; not even those that differ.
    Never,
}

impl StepsPolicy {
    /// Whether a program that agrees is run traced all the same. The name alone decides, so that every machine chooses
    /// the same.
    pub fn includes(self, name: &str) -> bool {
        match self {
            StepsPolicy::Always => true,
            StepsPolicy::Blame | StepsPolicy::Never => false,
            StepsPolicy::Share(one_in) => Digest::of(name.as_bytes())
                .0
                .is_multiple_of(u128::from(one_in.max(1))),
        }
    }
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

pub(crate) struct Pair {
    oracle: Tended,
    subject: Tended,
    /// How many processes of each will have been started when the next programs run.
    started: (u32, u32),
}

impl Pair {
    fn open(oracle: &SideKind, subject: &SideKind) -> Pair {
        Pair {
            oracle: Tended::open(oracle),
            subject: Tended::open(subject),
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
}

/// Pairs of sides that stay alive between the programs they are given.
pub struct PairPool<'a> {
    pub(crate) config: &'a PairConfig<'a>,
    pub(crate) oracle: SideKind,
    subject: SideKind,
    pub(crate) varied: Option<SideKind>,
    acquaintance: Acquaintance,
    pub(crate) partial: bool,
    idle: Mutex<Vec<Pair>>,
    folder: ProgramFolder,
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
            folder: ProgramFolder::new()?,
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
        let placed = self.folder.place(std::slice::from_ref(program));
        self.confirm(&placed[0], Stage::Outcome, &mut result);
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

    pub(crate) fn stages(&self) -> StageSet {
        self.acquaintance.stages
    }

    /// What the plain run is asked for.
    fn plain_stages(&self) -> StageSet {
        self.stages().intersection(StageSet::PLAIN)
    }

    /// What the traced run is asked for.
    fn traced_stages(&self) -> StageSet {
        self.stages().intersection(StageSet::TRACED)
    }

    /// Whether a program that differs is run traced as well.
    pub(crate) fn steps_at_a_difference(&self) -> bool {
        self.stages().contains(Stage::Steps) && self.config.steps != StepsPolicy::Never
    }

    fn needs_code(&self) -> bool {
        self.acquaintance.subject.needs_code
    }

    pub(crate) fn open_pair(&self) -> Pair {
        Pair::open(&self.oracle, &self.subject)
    }

    pub(crate) fn request(
        &self,
        index: usize,
        program: &Program,
        details: bool,
        mode: Mode,
    ) -> RunRequest {
        let stages = match mode {
            Mode::Plain => self.plain_stages(),
            Mode::Traced => self.traced_stages(),
        };
        let wanted = Wanted {
            stages,
            details: details || self.partial,
            marshal: self.needs_code(),
            transitions: self.config.transitions && mode == Mode::Traced,
        };
        RunRequest {
            change: None,
            index: index as u32,
            program: program.clone(),
            code: None,
            wanted,
        }
    }

    /// Both sides' answers to the same programs, which both run at the same time.
    fn ask(
        &self,
        pair: &mut Pair,
        programs: &[Program],
        details: bool,
        mode: Mode,
    ) -> Vec<(Answer, Answer)> {
        let mut requests: Vec<RunRequest> = programs
            .iter()
            .enumerate()
            .map(|(index, program)| self.request(index, program, details, mode))
            .collect();
        let count = requests.len();
        pair.oracle.begin(requests.clone());
        let (oracle, subject) = if self.needs_code() {
            let oracle = pair.oracle.answers(count);
            for (request, answer) in requests.iter_mut().zip(&oracle) {
                request.wanted.marshal = false;
                if let Answer::Report(report) = answer {
                    request.code.clone_from(&report.marshal);
                }
            }
            // A program that the oracle could not compile goes to the subject's own compiler.
            pair.subject.begin(requests);
            (oracle, pair.subject.answers(count))
        } else {
            pair.subject.begin(requests);
            (pair.oracle.answers(count), pair.subject.answers(count))
        };
        pair.keep_in_step();
        oracle.into_iter().zip(subject).collect()
    }

    /// Both runs of one program, in full, by both sides of a pair.
    pub(crate) fn ask_in_full(
        &self,
        pair: &mut Pair,
        program: &Program,
        with_steps: bool,
    ) -> Option<(Answered, Answered)> {
        let one = std::slice::from_ref(program);
        let (oracle, subject) = self.ask(pair, one, true, Mode::Plain).pop()?;
        let traced = if with_steps {
            self.ask(pair, one, true, Mode::Traced).pop()
        } else {
            None
        };
        let (oracle_traced, subject_traced) = traced.unzip();
        Some((
            Answered {
                plain: oracle,
                traced: oracle_traced,
            },
            Answered {
                plain: subject,
                traced: subject_traced,
            },
        ))
    }

    fn run_chunk(
        &self,
        pair: &mut Pair,
        programs: &[Program],
        is_settled: Option<IsSettled<'_>>,
    ) -> Vec<CaseResult> {
        let placed = self.folder.place(programs);
        let programs: &[Program] = &placed;
        let answers = self.ask(pair, programs, false, Mode::Plain);
        let mut results = Vec::with_capacity(programs.len());
        let mut suspects = Vec::new();
        for (at, (program, (oracle, subject))) in programs.iter().zip(answers).enumerate() {
            let mut result = CaseResult::new(program);
            if let Some(stage) = self.first_look(program, (&oracle, &subject), &mut result) {
                suspects.push(Suspect { at, stage });
            }
            results.push(result);
        }
        self.look_at_steps(pair, programs, &mut results, &mut suspects);
        suspects.sort_by_key(|suspect| suspect.at);
        self.settle(pair, programs, &mut results, suspects, is_settled);
        results
    }

    /// Runs traced, behind the plain runs, what is to be stepped through. What differed there already is run too, for
    /// its transitions and so that the processes' history does not depend on what differs; it is judged later.
    fn look_at_steps(
        &self,
        pair: &mut Pair,
        programs: &[Program],
        results: &mut [CaseResult],
        suspects: &mut Vec<Suspect>,
    ) {
        if !self.stages().contains(Stage::Steps) {
            return;
        }
        let differing: Vec<usize> = suspects.iter().map(|suspect| suspect.at).collect();
        let due: Vec<usize> = (0..programs.len())
            .filter(|at| self.config.steps.includes(&programs[*at].name))
            .filter(|at| results[*at].harness_error.is_none())
            .collect();
        let chosen: Vec<Program> = due.iter().map(|at| programs[*at].clone()).collect();
        let answers = self.ask(pair, &chosen, false, Mode::Traced);
        for (at, (oracle, subject)) in due.into_iter().zip(answers) {
            let result = &mut results[at];
            if let Answer::Report(report) = &oracle {
                result.transitions.clone_from(&report.transitions);
            }
            if differing.contains(&at) {
                continue;
            }
            match (&oracle, &subject) {
                (Answer::HarnessError(reason), _) | (_, Answer::HarnessError(reason)) => {
                    result.harness_error = Some(reason.clone());
                }
                (Answer::Report(left), Answer::Report(right)) => {
                    let compared = by_digests(left, right, self.traced_stages());
                    match compared {
                        Ok(verdicts) => {
                            let steps = verdicts
                                .into_iter()
                                .find(|(stage, _)| *stage == Stage::Steps);
                            result.verdicts.extend(steps);
                        }
                        Err(_) => suspects.push(Suspect {
                            at,
                            stage: Stage::Steps,
                        }),
                    }
                }
                (Answer::Death(left, _), Answer::Death(right, _)) if left == right => {
                    let reason = "the process ended with the program".to_owned();
                    let verdict = StageVerdict::Unsupported(reason);
                    result.verdicts.push((Stage::Steps, verdict));
                }
                _ => suspects.push(Suspect {
                    at,
                    stage: Stage::Steps,
                }),
            }
        }
    }

    /// Decides on the programs whose answers differ: in fresh processes, or by the warm pair's own details where their
    /// signature is settled.
    fn settle(
        &self,
        pair: &mut Pair,
        programs: &[Program],
        results: &mut [CaseResult],
        suspects: Vec<Suspect>,
        is_settled: Option<IsSettled<'_>>,
    ) {
        let mut met: HashSet<String> = HashSet::new();
        for suspect in suspects {
            let (program, result) = (&programs[suspect.at], &mut results[suspect.at]);
            // One after another: all of their images at once may be more than the memory holds.
            let warm = is_settled.and_then(|is_settled| {
                let (verdicts, divergence) = self.warm_divergence(pair, program)?;
                let known =
                    met.contains(&divergence.signature) || is_settled(&divergence.signature);
                known.then_some((verdicts, divergence))
            });
            if let Some((verdicts, mut divergence)) = warm {
                divergence.came_back = (0, 0);
                divergence.lighten();
                result.verdicts = verdicts;
                result.divergence = Some(divergence);
                continue;
            }
            self.confirm(program, suspect.stage, result);
            if let Some(confirmed) = &result.divergence {
                met.insert(confirmed.signature.clone());
            }
        }
    }

    /// Notes what two answers to the plain run say of a program; the stage, if they differ in one.
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
        }
        match (oracle, subject) {
            (Answer::HarnessError(reason), _) | (_, Answer::HarnessError(reason)) => {
                result.harness_error = Some(reason.clone());
                None
            }
            (Answer::Report(left), Answer::Report(right)) if self.partial => {
                self.by_details(program, left, right, result)
            }
            (Answer::Report(left), Answer::Report(right)) => {
                match by_digests(left, right, self.plain_stages()) {
                    Ok(verdicts) => {
                        result.verdicts = verdicts;
                        self.note_cut(left, right, result);
                        self.weigh(left, result);
                        None
                    }
                    Err(stage) => Some(stage),
                }
            }
            (Answer::Death(left, one), Answer::Death(right, other))
                if left.class() != OutcomeClass::Crashed
                    && left == right
                    && (one == other || is_of_a_limit(left)) =>
            {
                result.outcome = Some(left.class());
                result.verdicts = self.died_alike(left);
                result.weigh(Some(left), &one.stderr);
                None
            }
            _ => Some(Stage::Outcome),
        }
    }

    /// What a report of digests tells of an empty agreement.
    fn weigh(&self, oracle: &Report, result: &mut CaseResult) {
        result.weigh(None, &[]);
        if result.emptiness.is_none() {
            result.emptiness = if oracle.no_test_ran {
                Some(Emptiness::NoTestRan)
            } else {
                Emptiness::of_end(oracle.outcome, oracle.raised.as_deref())
            };
        }
    }

    /// Where an image was cut, equal digests say nothing of the rest.
    fn note_cut(&self, left: &Report, right: &Report, result: &mut CaseResult) {
        for stage in left.cut.iter().chain(&right.cut) {
            let verdict = result.verdicts.iter_mut().find(|(found, _)| found == stage);
            if let Some((_, verdict @ StageVerdict::Agree)) = verdict {
                *verdict = StageVerdict::Cut("what was seen agrees, but there was more".to_owned());
            }
        }
    }

    /// What the warm pair's own details say, before any fresh process was asked.
    fn warm_divergence(
        &self,
        pair: &mut Pair,
        program: &Program,
    ) -> Option<(Vec<(Stage, StageVerdict)>, Divergence)> {
        let (oracle, subject) = self.ask_in_full(pair, program, self.steps_at_a_difference())?;
        let left = oracle.observation().ok()?;
        let right = subject.observation().ok()?;
        let judged = self.judge(program, left, right, &Noise::default());
        judged
            .divergence
            .map(|divergence| (judged.verdicts, divergence))
    }

    /// The comparison for a side whose outcomes lack parts, so that digests cannot be compared.
    fn by_details(
        &self,
        program: &Program,
        left: &Report,
        right: &Report,
        result: &mut CaseResult,
    ) -> Option<Stage> {
        let Some((left, right)) = left.details.as_ref().zip(right.details.as_ref()) else {
            return Some(Stage::Output);
        };
        let noise = self.config.proof.unspecified_in(&program.name);
        let judged = self.judge(program, left.clone(), right.clone(), &noise);
        if let Some(divergence) = judged.divergence {
            return Some(divergence.stage);
        }
        result.verdicts = judged.verdicts;
        let printed = left
            .output
            .shown()
            .map(|output| [output.stdout.as_slice(), output.stderr.as_slice()].concat());
        result.weigh(left.outcome.shown(), &printed.unwrap_or_default());
        None
    }

    /// Both sides came to the same end, and wrote the same before it.
    fn died_alike(&self, outcome: &Outcome) -> Vec<(Stage, StageVerdict)> {
        let verdict = |stage| match stage {
            Stage::Outcome => StageVerdict::Agree,
            Stage::Output if !is_of_a_limit(outcome) => StageVerdict::Agree,
            _ => StageVerdict::Unsupported("the process ended with the program".to_owned()),
        };
        self.plain_stages()
            .iter()
            .map(|stage| (stage, verdict(stage)))
            .collect()
    }

    pub(crate) fn judge(
        &self,
        program: &Program,
        oracle: Box<Observation>,
        subject: Box<Observation>,
        noise: &Noise,
    ) -> Judgement {
        let mut stages = self.plain_stages();
        if oracle.traced.is_some() || subject.traced.is_some() {
            stages = self.stages();
        }
        judge(
            program,
            oracle,
            subject,
            stages,
            self.config.proof,
            noise,
            self.partial,
        )
    }
}

/// The verdicts where every digest agrees, or the first stage that differs.
fn by_digests(
    left: &Report,
    right: &Report,
    stages: StageSet,
) -> Result<Vec<(Stage, StageVerdict)>, Stage> {
    let mut verdicts = Vec::new();
    for stage in stages.iter() {
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
