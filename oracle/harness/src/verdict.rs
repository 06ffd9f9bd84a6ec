//! What is said of one program: a verdict for each stage, and the divergence if there is one.

use twinheap_observation::outcome::OutcomeClass;
use twinheap_observation::transitions::Transition;
use twinheap_observation::{Observation, Program, Stage, Supported};

use crate::compare::Difference;

/// Images of more objects are not kept with a divergence.
const LARGEST_IMAGE: usize = 20_000;

/// What is said of one stage of one program.
#[derive(Clone, Debug, PartialEq)]
pub enum StageVerdict {
    Agree,
    Diverge,
    /// The reference itself does not agree with itself here, so nobody is judged.
    Poisoned(String),
    Unsupported(String),
}

/// A difference that a fresh pair of processes showed.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// The first differing stage.
    pub stage: Stage,
    pub signature: String,
    /// Differences of the first differing stage, the first of them first.
    pub differences: Vec<Difference>,
    /// How the program ended on either side.
    pub outcomes: (String, String),
    /// In how many of how many fresh pairs it differed; none of none where the signature was settled before.
    pub came_back: (u32, u32),
    pub oracle: Box<Observation>,
    pub subject: Box<Observation>,
}

impl Divergence {
    /// Lets go of the stages that nobody shows for this divergence; an image of many objects is large.
    pub fn lighten(&mut self) {
        const REASON: &str = "not kept: another stage differs first, or its differences are listed";
        for observation in [&mut self.oracle, &mut self.subject] {
            let unsupported = || Supported::Unsupported(REASON.to_owned());
            observation.heap = Supported::Unsupported(REASON.to_owned());
            observation.steps = Supported::Unsupported(REASON.to_owned());
            if self.stage != Stage::Tokens {
                observation.tokens = unsupported();
            }
            if self.stage != Stage::Ast {
                observation.ast = unsupported();
            }
            if self.stage != Stage::Code {
                observation.code = Supported::Unsupported(REASON.to_owned());
            }
        }
    }

    /// Lets go of images that are too large to be shown to anybody.
    pub fn drop_large_images(&mut self) {
        for observation in [&mut self.oracle, &mut self.subject] {
            let count = observation
                .heap
                .shown()
                .map_or(0, |image| image.nodes.len());
            if count > LARGEST_IMAGE {
                observation.heap = Supported::Unsupported(format!(
                    "too large to keep: {count} objects, more than {LARGEST_IMAGE}"
                ));
            }
        }
    }

    /// Whether it shows in some fresh processes but not in all.
    pub fn is_flaky(&self) -> bool {
        self.came_back.0 < self.came_back.1
    }
}

/// Everything said of one program.
#[derive(Clone, Debug)]
pub struct CaseResult {
    pub program: Program,
    pub verdicts: Vec<(Stage, StageVerdict)>,
    pub divergence: Option<Divergence>,
    /// Seen between warm workers, but in no fresh pair.
    pub unconfirmed: Option<Stage>,
    /// Trouble of ours.
    pub harness_error: Option<String>,
    /// Microseconds in the oracle and in the subject.
    pub microseconds: (u32, u32),
    /// How the program ended in the oracle.
    pub outcome: Option<OutcomeClass>,
    /// The type of the exception that left the program in the oracle.
    pub raised: Option<String>,
    /// What the objects of the program went through in the oracle.
    pub transitions: Vec<Transition>,
}

impl CaseResult {
    pub fn new(program: &Program) -> CaseResult {
        CaseResult {
            program: program.clone(),
            verdicts: Vec::new(),
            divergence: None,
            unconfirmed: None,
            harness_error: None,
            microseconds: (0, 0),
            outcome: None,
            raised: None,
            transitions: Vec::new(),
        }
    }

    /// Whether every stage that both sides show agrees.
    pub fn agrees(&self) -> bool {
        self.divergence.is_none() && self.harness_error.is_none()
    }

    pub fn verdict(&self, stage: Stage) -> Option<&StageVerdict> {
        self.verdicts
            .iter()
            .find(|(found, _)| *found == stage)
            .map(|(_, verdict)| verdict)
    }
}
