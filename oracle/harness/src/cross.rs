//! Crosses the two compilers with the two evaluators, to tell a compiler bug from an evaluator bug.

use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{Observation, Program, Stage, StageSet};
use twinheap_subject::Answer;

use crate::answers::Answered;
use crate::compare::{Difference, Noise, compare};
use crate::pairing::{PairConfig, acquaint};
use crate::place::ProgramFolder;
use crate::side::Side;

/// The stages that say whether two runs of a program came to the same.
const JUDGED: [Stage; 4] = [Stage::Output, Stage::Outcome, Stage::Heap, Stage::Steps];

/// What one evaluator made of one compiler's code, compared with the reference's own run.
#[derive(Clone, Debug)]
pub enum Cell {
    /// The reference's own compiler and evaluator.
    Reference,
    Agrees,
    /// The first stage that differs, and its first difference.
    Differs(Stage, Option<Box<Difference>>),
    /// The run cannot be had.
    Missing(String),
}

impl Cell {
    fn is_wrong(&self) -> bool {
        matches!(self, Cell::Differs(..))
    }
}

/// Rows are compilers, columns evaluators; the oracle's come first.
#[derive(Clone, Debug)]
pub struct CrossTable {
    pub cells: [[Cell; 2]; 2],
    /// The first stage, tokens, tree or code, at which the two compilers part.
    pub compilers: Cell,
}

impl CrossTable {
    /// Who is to blame, in one line.
    pub fn verdict(&self) -> &'static str {
        let [
            [_, subject_runs_oracle],
            [oracle_runs_subject, both_subject],
        ] = &self.cells;
        let cells = [subject_runs_oracle, oracle_runs_subject, both_subject];
        if cells.iter().any(|cell| matches!(cell, Cell::Missing(_))) {
            return match both_subject {
                _ if self.compilers.is_wrong() => {
                    "a compiler bug: the two do not come to the same, and one may have no code at all"
                }
                Cell::Agrees => "none: both compilers reject the program alike",
                _ => "no verdict: a run is missing",
            };
        }
        let evaluator = subject_runs_oracle.is_wrong();
        let compiler = oracle_runs_subject.is_wrong() || self.compilers.is_wrong();
        match (compiler, evaluator) {
            (true, true) => "both: a compiler bug and an evaluator bug",
            (true, false) => "a compiler bug: only the subject's code goes wrong",
            (false, true) => "an evaluator bug: the same code goes wrong in the subject only",
            (false, false) if both_subject.is_wrong() => {
                "an interaction: each half is right beside the reference's, but not both together"
            }
            (false, false) => "none: all four agree",
        }
    }
}

fn request(program: &Program, code: Option<Vec<u8>>, stages: StageSet) -> RunRequest {
    RunRequest {
        change: None,
        index: 0,
        program: program.clone(),
        wanted: Wanted {
            stages,
            details: true,
            marshal: code.is_none(),
            transitions: false,
        },
        code,
    }
}

type Made = Result<(Box<Observation>, Option<Vec<u8>>), String>;

/// Runs the program plain, and traced in the same process.
fn run(side: &mut Side, program: &Program, code: Option<Vec<u8>>) -> Made {
    let mut ask = |stages| {
        let request = request(program, code.clone(), stages);
        let answer = side.run_batch(std::slice::from_ref(&request)).pop();
        answer.ok_or_else(|| "no answer".to_owned())
    };
    let plain = ask(StageSet::PLAIN)?;
    let traced = Some(ask(StageSet::TRACED)?);
    let marshal = match &plain {
        Answer::Report(report) => report.marshal.clone(),
        _ => None,
    };
    Ok((Answered { plain, traced }.observation()?, marshal))
}

/// Runs the program four times, each in a fresh process.
pub fn cross(config: &PairConfig<'_>, program: &Program) -> Result<CrossTable, String> {
    let known = acquaint(config)?;
    let folder = ProgramFolder::new()?;
    let placed = folder.place(std::slice::from_ref(program));
    let program = &placed[0];
    let mut unsupported = known.oracle.unsupported_fields.clone();
    unsupported.extend(known.subject.unsupported_fields.iter().cloned());
    let open = |kind: &crate::SideKind| {
        kind.with_masks(&config.proof.masks)
            .with_unsupported(&unsupported)
            .open()
    };
    let (reference, oracle_code) = run(&mut open(&config.oracle), program, None)?;
    let own = run(&mut open(&config.subject), program, None);
    let with_code = |kind: &crate::SideKind, code: Option<Vec<u8>>, compiler: &str| -> Made {
        let code = code.ok_or_else(|| format!("{compiler} gives no code"))?;
        run(&mut open(kind), program, Some(code))
    };
    let subject_runs_oracle = with_code(&config.subject, oracle_code, "the oracle's compiler");
    let subject_code = own.as_ref().ok().and_then(|(_, code)| code.clone());
    let oracle_runs_subject = with_code(&config.oracle, subject_code, "the subject's compiler");
    // A second run of the reference says what it does not agree on with itself.
    let mut noise = Noise::default();
    if let Ok((again, _)) = run(&mut open(&config.oracle), program, None) {
        noise.learn(&reference, &again, known.stages, &config.proof.text);
    }
    let judge = |made: &Made, stages: &[Stage]| match made {
        Err(reason) => Cell::Missing(reason.clone()),
        Ok((found, _)) => {
            let stages = StageSet::of(stages).intersection(known.stages);
            let compared = compare(&reference, found, stages, &config.proof.text, &noise, false);
            match compared.found.into_iter().next() {
                None => Cell::Agrees,
                Some((stage, differences)) => {
                    Cell::Differs(stage, differences.into_iter().next().map(Box::new))
                }
            }
        }
    };
    Ok(CrossTable {
        compilers: judge(&own, &[Stage::Tokens, Stage::Ast, Stage::Code]),
        cells: [
            [Cell::Reference, judge(&subject_runs_oracle, &JUDGED)],
            [judge(&oracle_runs_subject, &JUDGED), judge(&own, &JUDGED)],
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(compilers: bool, cells: [bool; 3], expected: &str) {
        let cell = |wrong| {
            if wrong {
                Cell::Differs(Stage::Output, None)
            } else {
                Cell::Agrees
            }
        };
        let table = CrossTable {
            compilers: cell(compilers),
            cells: [
                [Cell::Reference, cell(cells[0])],
                [cell(cells[1]), cell(cells[2])],
            ],
        };
        assert!(table.verdict().starts_with(expected), "{expected}");
    }

    #[test]
    fn the_wrong_cells_name_the_culprit() {
        check(false, [false, false, false], "none");
        check(false, [true, false, true], "an evaluator bug");
        check(true, [false, true, true], "a compiler bug");
        check(true, [false, false, false], "a compiler bug");
        check(true, [true, true, true], "both");
        check(false, [false, false, true], "an interaction");
    }
}
