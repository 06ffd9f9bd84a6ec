//! The proof of the reference: CPython against itself, from which both masks are derived.
//!
//! Only runs with the same history are compared: two fresh processes, and two warm ones that ran the same programs
//! before, as the two sides of a pair have. What a program leaves behind for the next one is no noise.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{FieldSpec, MaskRule, Observation, Program, Stage, StageSet};
use twinheap_subject::{Answer, Lane, SubjectSpec};

use crate::answers::Answered;
use crate::compare::{Difference, Noise, differences_of};
use crate::heap;
use crate::place::ProgramFolder;
use crate::text::{TextRules, without_addresses};

/// How many programs the proof is made with at most; the masks generalise from them.
const SAMPLE: usize = 240;
/// In how many programs a field must differ before it is hidden everywhere, and in which part of those in which it
/// occurs. What differs in fewer of them is left to the fresh runs that decide on those programs.
const PROGRAMS_FOR_A_RULE: usize = 4;
const ONE_IN: usize = 2;

/// What speaks for a rule.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub rule: String,
    /// How many differences it hid.
    pub count: u64,
    pub example: String,
}

/// The two masks and what speaks for them.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Fields that two pinned runs do not agree on.
    pub masks: Vec<MaskRule>,
    pub text: TextRules,
    /// What of single programs changes from run to run or with the environment: no foreign interpreter is judged by it.
    pub unspecified: HashMap<String, Noise>,
    pub pinned: Vec<Evidence>,
    pub varied: Vec<Evidence>,
    pub programs: usize,
}

impl Proof {
    /// What of this program no foreign interpreter is judged by.
    pub fn unspecified_in(&self, program: &str) -> Noise {
        self.unspecified.get(program).cloned().unwrap_or_default()
    }
}

type Observations = Vec<Option<Box<Observation>>>;

/// Runs the sample in fresh workers, in warm ones in two orders, and in a varied environment.
pub fn prove(
    oracle: &SubjectSpec,
    programs: &[Program],
    stages: StageSet,
    varied_arguments: &[&str],
) -> Result<Proof, String> {
    let stride = programs.len().div_ceil(SAMPLE).max(1);
    let folder = ProgramFolder::new()?;
    let sample: Vec<Program> = programs.iter().step_by(stride).cloned().collect();
    let sample = folder.place(&sample);
    let fresh_spec = SubjectSpec {
        recycle_after: 1,
        ..oracle.clone()
    };
    let mut varied_spec = oracle.clone();
    varied_spec.arguments.extend(
        varied_arguments
            .iter()
            .map(|argument| (*argument).to_owned()),
    );
    let sample: &[Program] = &sample;
    let halves: [(&SubjectSpec, &[Program]); 5] = [
        (&fresh_spec, sample),
        (&fresh_spec, sample),
        (oracle, sample),
        (oracle, sample),
        (&varied_spec, sample),
    ];
    let runs: Vec<Observations> = halves
        .into_par_iter()
        .map(|(spec, programs)| observe(spec, programs, stages))
        .collect::<Result<_, String>>()?;
    let mut proof = Proof {
        programs: sample.len(),
        ..Proof::default()
    };
    let mut pinned = Tally::default();
    for (one, other) in [(0, 1), (2, 3)] {
        pinned.compare(sample, &runs[one], &runs[other], stages);
    }
    pinned.narrow();
    proof.masks = pinned.rules.keys().cloned().collect();
    proof.text.addresses_vary = pinned.addresses.keys().copied().collect();
    proof.pinned = pinned.evidence();
    let mut varied = Tally::default();
    varied.compare(sample, &runs[0], &runs[4], stages);
    for other in [1, 4] {
        for (at, program) in sample.iter().enumerate() {
            if let (Some(left), Some(right)) = (&runs[0][at], &runs[other][at]) {
                let noise = proof.unspecified.entry(program.name.clone()).or_default();
                noise.learn(left, right, stages, &proof.text);
            }
        }
    }
    varied.rules.retain(|rule, _| !proof.masks.contains(rule));
    varied
        .addresses
        .retain(|stage, _| !proof.text.addresses_vary.contains(stage));
    proof.varied = varied.evidence();
    Ok(proof)
}

/// Every program of the list in full; programs that a fresh pair cannot finish are left out.
fn observe(
    spec: &SubjectSpec,
    programs: &[Program],
    stages: StageSet,
) -> Result<Observations, String> {
    let mut lane = Lane::new(spec.clone());
    lane.hello()?;
    let mut run = |stages: StageSet| {
        let wanted = Wanted {
            stages,
            details: true,
            marshal: false,
            transitions: false,
        };
        let requests: Vec<RunRequest> = programs
            .iter()
            .enumerate()
            .map(|(index, program)| RunRequest {
                change: None,
                index: index as u32,
                program: program.clone(),
                code: None,
                wanted,
            })
            .collect();
        lane.run_batch(&requests)
    };
    let plain = run(stages.intersection(StageSet::PLAIN));
    let traced: Vec<Option<Answer>> = if stages.contains(Stage::Steps) {
        let traced = run(stages.intersection(StageSet::TRACED));
        traced.into_iter().map(Some).collect()
    } else {
        plain.iter().map(|_| None).collect()
    };
    plain
        .into_iter()
        .zip(traced)
        .map(|(plain, traced)| match (&plain, &traced) {
            (Answer::HarnessError(reason), _) | (_, Some(Answer::HarnessError(reason))) => {
                Err(reason.clone())
            }
            (Answer::Death(..), _) | (_, Some(Answer::Death(..))) => Ok(None),
            _ => Answered { plain, traced }.observation().map(Some),
        })
        .collect()
}

#[derive(Default)]
struct Tally {
    rules: BTreeMap<MaskRule, (u64, String)>,
    /// The programs that a rule was seen in.
    seen_in: BTreeMap<MaskRule, BTreeSet<String>>,
    /// In how many programs each field of each layout occurs.
    occurs_in: HashMap<(String, FieldSpec), usize>,
    addresses: BTreeMap<Stage, (u64, String)>,
    programs: BTreeMap<(String, Stage), (u64, String)>,
}

impl Tally {
    fn compare(
        &mut self,
        programs: &[Program],
        left: &Observations,
        right: &Observations,
        stages: StageSet,
    ) {
        for ((program, left), right) in programs.iter().zip(left).zip(right) {
            let (Some(left), Some(right)) = (left, right) else {
                continue;
            };
            for stage in stages.iter() {
                if stage == Stage::Heap {
                    self.heap(program, left, right);
                } else if stage == Stage::Steps {
                    self.text(program, stage, left, right);
                    if let Some((left, right)) = left.traced.as_ref().zip(right.traced.as_ref()) {
                        self.heap(program, left, right);
                    }
                } else {
                    self.text(program, stage, left, right);
                }
            }
        }
    }

    /// Turns rules that too few programs speak for into noise of those programs.
    fn narrow(&mut self) {
        for (rule, programs) in &self.seen_in {
            let place = (rule.layout.clone(), rule.field.clone());
            let occurs_in = self.occurs_in.get(&place).copied().unwrap_or(0);
            if programs.len() >= PROGRAMS_FOR_A_RULE && programs.len() * ONE_IN >= occurs_in {
                continue;
            }
            if let Some((times, example)) = self.rules.remove(rule) {
                for name in programs {
                    let entry = self
                        .programs
                        .entry((name.clone(), Stage::Heap))
                        .or_insert((0, example.clone()));
                    entry.0 += times;
                }
            }
        }
    }

    fn heap(&mut self, program: &Program, left: &Observation, right: &Observation) {
        let Some((left, right)) = left.heap.shown().zip(right.heap.shown()) else {
            return;
        };
        for place in heap::fields_in(left) {
            *self.occurs_in.entry(place).or_default() += 1;
        }
        self.heap_differences(program, heap::all_differences(left, right));
    }

    fn heap_differences(&mut self, program: &Program, found: Vec<Difference>) {
        for difference in found {
            let example = example(program, &difference);
            match &difference.field {
                Some(field) => {
                    let rule = MaskRule {
                        stage: Stage::Heap,
                        layout: field.layout.clone(),
                        field: FieldSpec::new(&field.owner, &field.name),
                        ownership: field.ownership,
                    };
                    self.seen_in
                        .entry(rule.clone())
                        .or_default()
                        .insert(program.name.clone());
                    count(&mut self.rules, rule, example);
                }
                None => count(
                    &mut self.programs,
                    (program.name.clone(), Stage::Heap),
                    example,
                ),
            }
        }
    }

    fn text(&mut self, program: &Program, stage: Stage, left: &Observation, right: &Observation) {
        let mut strict = differences_of(stage, left, right, &TextRules::default(), false);
        // What differs in the heap is told field by field.
        strict.retain(|found| found.field.is_none());
        let Some(first) = strict.first() else {
            return;
        };
        let relaxed = TextRules {
            addresses_vary: vec![stage],
        };
        let example = example(program, first);
        if differences_of(stage, left, right, &relaxed, false).is_empty() {
            count(&mut self.addresses, stage, example);
        } else {
            count(&mut self.programs, (program.name.clone(), stage), example);
        }
    }

    fn evidence(&self) -> Vec<Evidence> {
        let rules = self
            .rules
            .iter()
            .map(|(rule, (count, example))| (rule.text(), *count, example));
        let addresses = self.addresses.iter().map(|(stage, (count, example))| {
            (format!("{stage}: hexadecimal addresses"), *count, example)
        });
        let programs = self
            .programs
            .iter()
            .map(|((name, stage), (count, example))| {
                (
                    format!("{stage}: {name} alone, left to its fresh runs"),
                    *count,
                    example,
                )
            });
        rules
            .chain(addresses)
            .chain(programs)
            .map(|(rule, count, example)| Evidence {
                rule,
                count,
                example: example.clone(),
            })
            .collect()
    }
}

fn count<K: Ord>(map: &mut BTreeMap<K, (u64, String)>, key: K, example: String) {
    map.entry(key).or_insert((0, example)).0 += 1;
}

fn example(program: &Program, difference: &Difference) -> String {
    let cut = |text: &str| without_addresses(text).chars().take(60).collect::<String>();
    format!(
        "{} at {}: {} / {}",
        program.name,
        difference.place,
        cut(&difference.left),
        cut(&difference.right)
    )
}
