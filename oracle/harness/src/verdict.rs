//! What is said of one program: a verdict for each stage, and the divergence if there is one.

use twinheap_observation::outcome::{Outcome, OutcomeClass};
use twinheap_observation::transitions::Transition;
use twinheap_observation::{Digest, Observation, Program, Stage, Supported};

use crate::compare::Difference;

/// Images of more objects are not kept with a divergence.
const LARGEST_IMAGE: usize = 20_000;

/// What is said of one stage of one program.
#[derive(Clone, Debug, PartialEq)]
pub enum StageVerdict {
    Agree,
    Diverge,
    /// What was seen agrees, but not everything was: the reason tells where it was cut.
    Cut(String),
    /// The reference itself does not agree with itself here, so nobody is judged.
    Poisoned(String),
    Unsupported(String),
}

/// An agreement that says little, as neither side did what the program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Emptiness {
    /// No stage is shown by both sides, or the reference agrees with itself on none.
    NothingCompared,
    ImportError,
    SyntaxError,
    NoTestRan,
    Died,
    TimedOut,
    OutOfMemory,
}

impl Emptiness {
    pub const ALL: [Emptiness; 7] = [
        Emptiness::NothingCompared,
        Emptiness::ImportError,
        Emptiness::SyntaxError,
        Emptiness::NoTestRan,
        Emptiness::Died,
        Emptiness::TimedOut,
        Emptiness::OutOfMemory,
    ];

    /// What a summary says: `3 both raised ImportError`.
    pub fn text(self) -> &'static str {
        match self {
            Emptiness::NothingCompared => "nothing was compared",
            Emptiness::ImportError => "both raised ImportError",
            Emptiness::SyntaxError => "both raised SyntaxError",
            Emptiness::NoTestRan => "no test ran",
            Emptiness::Died => "both died",
            Emptiness::TimedOut => "both ran out of time",
            Emptiness::OutOfMemory => "both ran out of memory",
        }
    }

    /// What makes an agreement empty, by how the reference ended and the type of the exception that it raised.
    pub fn of_end(outcome: OutcomeClass, raised: Option<&str>) -> Option<Emptiness> {
        match (outcome, raised) {
            (OutcomeClass::Crashed, _) => Some(Emptiness::Died),
            (OutcomeClass::TimedOut, _) => Some(Emptiness::TimedOut),
            (OutcomeClass::OutOfMemory, _) => Some(Emptiness::OutOfMemory),
            (_, Some("ImportError" | "ModuleNotFoundError")) => Some(Emptiness::ImportError),
            (_, Some("SyntaxError" | "IndentationError" | "TabError")) => {
                Some(Emptiness::SyntaxError)
            }
            _ => None,
        }
    }
}

/// What differs in one place of one stage: differences that belong together, and the name they go by.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub stage: Stage,
    pub signature: String,
    /// A digest of the differences, values included: what an entry of the ledger lets pass.
    pub digest: String,
    /// How many differences it is made of.
    pub differences: usize,
}

/// How many characters of a digest tell two differences apart.
const DIGEST_CHARACTERS: usize = 16;

impl Finding {
    /// Names differences of one hunk. Folders of this machine are no part of the digest.
    pub fn new(program: &Program, signature: String, differences: &[&Difference]) -> Finding {
        let mut text = String::new();
        for difference in differences {
            for part in [&difference.kind, &difference.left, &difference.right] {
                let part = crate::text::without_addresses(&program.without_folder(part));
                text.push_str(&part);
                text.push('\0');
            }
        }
        let digest = format!("{:?}", Digest::of(text.as_bytes()));
        Finding {
            stage: differences
                .first()
                .map_or(Stage::Outcome, |first| first.stage),
            signature,
            digest: digest[..DIGEST_CHARACTERS].to_owned(),
            differences: differences.len(),
        }
    }
}

/// A difference that a fresh pair of processes showed.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// The first differing stage.
    pub stage: Stage,
    /// The signature of the first finding.
    pub signature: String,
    /// Everything that differs, in the order of the stages: each has a signature of its own.
    pub findings: Vec<Finding>,
    /// Differences of every stage, the first of them first.
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

    /// The differences of the first differing stage.
    pub fn of_first_stage(&self) -> Vec<Difference> {
        let here = self.differences.iter();
        here.filter(|difference| difference.stage == self.stage)
            .cloned()
            .collect()
    }

    /// Whether the reference itself crashed, or came to no end: a finding about CPython first of all.
    pub fn is_of_the_reference(&self) -> bool {
        self.oracle
            .outcome
            .shown()
            .is_some_and(|outcome| outcome.class().is_death())
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
    /// Why an agreement says little, if it does.
    pub emptiness: Option<Emptiness>,
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
            emptiness: None,
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

    /// Notes what makes an agreement empty: how the reference ended, what it printed, or that nothing was compared.
    pub fn weigh(&mut self, outcome: Option<&Outcome>, printed: &[u8]) {
        let seen = |verdict: &StageVerdict| {
            !matches!(
                verdict,
                StageVerdict::Unsupported(_) | StageVerdict::Poisoned(_)
            )
        };
        self.emptiness = if !self.agrees() {
            None
        } else if !self.verdicts.iter().any(|(_, verdict)| seen(verdict)) {
            Some(Emptiness::NothingCompared)
        } else if memchr::memmem::find(printed, b"Ran 0 tests in").is_some() {
            Some(Emptiness::NoTestRan)
        } else {
            outcome.and_then(|outcome| {
                let raised = match outcome {
                    Outcome::Raised(exception) => Some(exception.type_name.as_str()),
                    _ => None,
                };
                Emptiness::of_end(outcome.class(), raised)
            })
        };
    }

    pub fn verdict(&self, stage: Stage) -> Option<&StageVerdict> {
        self.verdicts
            .iter()
            .find(|(found, _)| *found == stage)
            .map(|(_, verdict)| verdict)
    }
}
