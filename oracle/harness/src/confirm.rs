//! Fresh processes decide: what warm workers showed is run again where no other program has been.

use twinheap_observation::{Observation, Program, Stage};

use crate::answers::{Answered, Mode};
use crate::compare::Noise;
use crate::pairing::PairPool;
use crate::side::SideKind;
use crate::verdict::{CaseResult, Divergence};

/// Fresh runs of the oracle beyond those of the pairs: what depends on an address may well agree by chance in
/// two of them.
const FURTHER_RUNS: u32 = 3;

impl PairPool<'_> {
    /// The reference's own runs say what is noise, the first pair that differs beyond that gives the details, the rest
    /// count how often it comes back.
    pub(crate) fn confirm(&self, program: &Program, suspected: Stage, result: &mut CaseResult) {
        let tries = self.config.confirmations.max(2);
        let mut observed = Vec::new();
        for _ in 0..tries {
            let with_steps = self.steps_at_a_difference();
            let asked = self.ask_in_full(&mut self.open_pair(), program, with_steps);
            let Some((oracle, subject)) = asked else {
                continue;
            };
            match (oracle.observation(), subject.observation()) {
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
            let outcome = left.outcome.clone();
            let judged = self.judge(program, left, right, &noise);
            result.harness_error = result.harness_error.take().or(judged.trouble);
            came_back += u32::from(judged.divergence.is_some());
            if divergence.is_none() {
                result.verdicts = judged.verdicts;
                divergence = judged.divergence;
            }
            if divergence.is_none() {
                result.weigh(outcome.shown(), &[]);
            }
        }
        match &mut divergence {
            Some(divergence) => {
                divergence.came_back = (came_back, tries);
                divergence.drop_large_images();
                result.emptiness = None;
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
        let stages = self.stages();
        for (other, _) in others {
            noise.learn(first, other, stages, rules);
        }
        // Text with an address in it hardly ever agrees by chance; fields of a heap do.
        let further = if stages.contains(Stage::Heap) {
            FURTHER_RUNS
        } else {
            1
        };
        for other in self.fresh_runs(&self.oracle, program, further) {
            noise.learn(first, &other, stages, rules);
        }
        if let (true, Some(varied)) = (self.partial, &self.varied) {
            for other in self.fresh_runs(varied, program, 1) {
                noise.learn(first, &other, stages, rules);
            }
        }
        noise
    }

    /// What fresh processes of one side show of a program.
    fn fresh_runs(&self, kind: &SideKind, program: &Program, times: u32) -> Vec<Observation> {
        let one = |_| {
            let mut side = kind.open();
            let mut run = |mode| {
                let request = self.request(0, program, true, mode);
                side.run_batch(std::slice::from_ref(&request)).pop()
            };
            let plain = run(Mode::Plain)?;
            let traced = if self.steps_at_a_difference() {
                run(Mode::Traced)
            } else {
                None
            };
            let shown = Answered { plain, traced }.observation().ok()?;
            Some(*shown)
        };
        (0..times).filter_map(one).collect()
    }
}
