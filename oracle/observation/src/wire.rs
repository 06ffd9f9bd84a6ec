//! The messages between the harness and a worker: framed, started and result, digests first.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::code::CodeDump;
use crate::codec;
use crate::digest::Digest;
use crate::masks::{FieldSpec, MaskRule};
use crate::outcome::{Outcome, OutcomeClass};
use crate::program::Program;
use crate::stage::{Observation, Output, Stage, StageDigest, StageSet, Supported};
use crate::steps::StepTrail;
use crate::transitions::Transition;

/// A frame longer than this is taken for a broken stream.
pub const MAXIMUM_FRAME: usize = 256 << 20;

/// What one program may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub wall_milliseconds: u64,
    pub cpu_seconds: u64,
    pub address_space_bytes: u64,
    pub output_bytes: u64,
    /// Objects in one memory image.
    pub image_nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            wall_milliseconds: 4_000,
            cpu_seconds: 5,
            address_space_bytes: 2 << 30,
            output_bytes: 1 << 20,
            image_nodes: 200_000,
        }
    }
}

/// What the harness wants back for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The stages to observe at all.
    pub stages: StageSet,
    /// Whether the stages are wanted in full beside their digests.
    pub details: bool,
    /// Whether the compiled code is wanted as marshal bytes, for a subject that has no compiler.
    pub marshal: bool,
    /// Whether the transitions of the program's objects are wanted.
    pub transitions: bool,
}

/// One program to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    pub index: u32,
    pub program: Program,
    /// Code that the oracle compiled, for a subject without a compiler.
    pub code: Option<Vec<u8>>,
    pub wanted: Wanted,
    /// For the self-test: the seed of one change that is made to what the program left behind, before it is looked at.
    pub change: Option<u64>,
}

/// A change that was made for the self-test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// `list size`, `output byte`: what kind of change it is.
    pub kind: String,
    /// Where it was made.
    pub place: String,
    /// The rule by which nobody compares what was changed, if there is one.
    pub rule: Option<String>,
}

/// From the harness to a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Sent once, before any program, and again when the masks are known.
    Configure {
        limits: Limits,
        masks: Vec<MaskRule>,
        unsupported: Vec<FieldSpec>,
    },
    Run(Box<RunRequest>),
}

/// Who a worker is and what it can show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// `CPython 3.11.7`.
    pub implementation: String,
    pub stages: StageSet,
    /// Whether it needs the oracle's compiled code to run a program.
    pub needs_code: bool,
    /// Fields that it declares it does not keep, with the reason in its documentation.
    pub unsupported_fields: Vec<FieldSpec>,
    /// What keeps its programs from harming the machine; filled in by whoever put it into force.
    pub confinement: String,
    /// Two workers compare heap digests only if they agree on this.
    pub layout_fingerprint: u64,
}

/// What a worker found out about one program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub outcome: OutcomeClass,
    /// The type of the exception that left the program, if one did.
    pub raised: Option<String>,
    pub digests: Vec<(Stage, StageDigest)>,
    pub details: Option<Box<Observation>>,
    /// Marshal bytes, or why the program does not compile.
    pub marshal: Option<Vec<u8>>,
    pub microseconds: u32,
    /// What the program's objects went through, where it was asked for.
    pub transitions: Vec<Transition>,
    /// Stages of which not everything was seen, as a limit cut them.
    pub cut: Vec<Stage>,
    /// `unittest` said that it ran no test.
    pub no_test_ran: bool,
    /// The change that was made, where one was asked for and could be drawn.
    pub changed: Option<Changed>,
    /// The worker asks to be replaced before it runs another program.
    pub retire: bool,
}

impl Report {
    /// The digest of a stage, if it was observed.
    pub fn digest(&self, stage: Stage) -> Option<&StageDigest> {
        self.digests
            .iter()
            .find(|(found, _)| *found == stage)
            .map(|(_, digest)| digest)
    }
}

/// From a worker to the harness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    Hello(Hello),
    Started {
        index: u32,
    },
    Result {
        index: u32,
        report: Box<Report>,
    },
    /// The worker cannot work at all; this is the harness's trouble, never a subject's verdict.
    Refused(String),
}

impl Message {
    /// What sort of message it is.
    pub fn name(&self) -> &'static str {
        match self {
            Message::Hello(_) => "hello",
            Message::Started { .. } => "that it started a program",
            Message::Result { .. } => "a result",
            Message::Refused(_) => "that it refuses to work",
        }
    }
}

/// Appends one frame to a buffer: a length of four bytes, then the encoded value.
pub fn append_frame<T: Serialize>(buffer: &mut Vec<u8>, value: &T) {
    let body = codec::encode(value);
    buffer.extend_from_slice(&(body.len() as u32).to_le_bytes());
    buffer.extend_from_slice(&body);
}

/// Writes one frame at once.
pub fn write_frame<T: Serialize>(writer: &mut impl Write, value: &T) -> io::Result<()> {
    let mut buffer = Vec::new();
    append_frame(&mut buffer, value);
    writer.write_all(&buffer)
}

/// Takes one whole frame off the front of a buffer, if there is one.
pub fn take_frame<T: DeserializeOwned>(buffer: &mut Vec<u8>) -> Result<Option<T>, String> {
    let Some(header) = buffer.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*header) as usize;
    if length > MAXIMUM_FRAME {
        return Err(format!("a frame of {length} bytes is not believable"));
    }
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    let value = codec::decode(&buffer[4..4 + length])?;
    buffer.drain(..4 + length);
    Ok(Some(value))
}

/// Reads one frame, or `None` at the end of the stream.
pub fn read_frame<T: DeserializeOwned>(reader: &mut impl Read) -> io::Result<Option<T>> {
    let mut header = [0_u8; 4];
    match reader.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes(header) as usize;
    if length > MAXIMUM_FRAME {
        return Err(io::Error::other(format!(
            "a frame of {length} bytes is not believable"
        )));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    codec::decode(&body).map(Some).map_err(io::Error::other)
}

/// Gathers the stages of one program into a report: digests always, details where they are wanted.
pub struct ReportBuilder {
    wanted: Wanted,
    digests: Vec<(Stage, StageDigest)>,
    observation: Option<Box<Observation>>,
    transitions: Vec<Transition>,
    raised: Option<String>,
    cut: Vec<Stage>,
    no_test_ran: bool,
    change: Option<u64>,
    changed: Option<Changed>,
}

impl ReportBuilder {
    pub fn new(wanted: Wanted) -> ReportBuilder {
        let observation = wanted.details.then(|| Box::new(Observation::empty()));
        ReportBuilder {
            wanted,
            digests: Vec::with_capacity(8),
            observation,
            transitions: Vec::new(),
            raised: None,
            cut: Vec::new(),
            no_test_ran: false,
            change: None,
            changed: None,
        }
    }

    /// For the self-test: asks for one change, drawn by this seed.
    pub fn ask_change(&mut self, seed: Option<u64>) {
        self.change = seed;
    }

    /// The seed of the change that is still to be made.
    pub fn change_due(&self) -> Option<u64> {
        self.change.filter(|_| self.changed.is_none())
    }

    /// Says which change was made.
    pub fn note_change(&mut self, kind: String, place: String, rule: Option<&str>) {
        self.changed = Some(Changed {
            kind,
            place,
            rule: rule.map(str::to_owned),
        });
    }

    /// Says that a limit cut what was seen of a stage.
    pub fn add_cut(&mut self, stage: Stage) {
        self.cut.push(stage);
    }

    /// Whether this stage is wanted at all.
    pub fn wants(&self, stage: Stage) -> bool {
        self.wanted.stages.contains(stage)
    }

    /// Whether the stages are wanted in full.
    pub fn wants_details(&self) -> bool {
        self.wanted.details
    }

    /// Whether transitions are wanted.
    pub fn wants_transitions(&self) -> bool {
        self.wanted.transitions
    }

    pub fn add_transitions(&mut self, transitions: Vec<Transition>) {
        self.transitions = transitions;
    }

    fn push(&mut self, stage: Stage, digest: StageDigest) {
        self.digests.push((stage, digest));
    }

    /// Adds the digest of a stage whose details, if any, are put in by `keep`.
    pub fn add_digest(
        &mut self,
        stage: Stage,
        digest: Digest,
        keep: impl FnOnce(&mut Observation),
    ) {
        if !self.wants(stage) {
            return;
        }
        self.push(stage, StageDigest::Digest(digest));
        if let Some(observation) = &mut self.observation {
            keep(observation);
        }
    }

    /// Says that a stage cannot be shown.
    pub fn add_unsupported(&mut self, stage: Stage, reason: &str) {
        if !self.wants(stage) {
            return;
        }
        self.push(stage, StageDigest::Unsupported(reason.to_owned()));
        let Some(observation) = &mut self.observation else {
            return;
        };
        let reason = reason.to_owned();
        match stage {
            Stage::Tokens => observation.tokens = Supported::Unsupported(reason),
            Stage::Ast => observation.ast = Supported::Unsupported(reason),
            Stage::Code => observation.code = Supported::Unsupported(reason),
            Stage::Steps => observation.steps = Supported::Unsupported(reason),
            Stage::Output => observation.output = Supported::Unsupported(reason),
            Stage::Outcome => observation.outcome = Supported::Unsupported(reason),
            Stage::Heap => observation.heap = Supported::Unsupported(reason),
        }
    }

    pub fn add_tokens(&mut self, text: String) {
        self.add_digest(Stage::Tokens, Digest::of(text.as_bytes()), |all| {
            all.tokens = Supported::Supported(text)
        });
    }

    pub fn add_ast(&mut self, text: String) {
        self.add_digest(Stage::Ast, Digest::of(text.as_bytes()), |all| {
            all.ast = Supported::Supported(text)
        });
    }

    pub fn add_code(&mut self, code: CodeDump) {
        self.add_digest(Stage::Code, Digest::of_value(&code), |all| {
            all.code = Supported::Supported(code)
        });
    }

    pub fn add_steps(&mut self, trail: StepTrail) {
        self.add_digest(Stage::Steps, trail.digest, |all| {
            all.steps = Supported::Supported(trail)
        });
    }

    pub fn add_output(&mut self, output: Output) {
        const NO_TEST: &[u8] = b"Ran 0 tests in";
        if output.truncated {
            self.add_cut(Stage::Output);
        }
        self.no_test_ran = [&output.stdout, &output.stderr]
            .iter()
            .any(|bytes| bytes.windows(NO_TEST.len()).any(|window| window == NO_TEST));
        self.add_digest(Stage::Output, Digest::of_value(&output), |all| {
            all.output = Supported::Supported(output)
        });
    }

    pub fn add_outcome(&mut self, outcome: Outcome) {
        if let Outcome::Raised(exception) = &outcome {
            self.raised = Some(exception.type_name.clone());
        }
        self.add_digest(Stage::Outcome, Digest::of_value(&outcome), |all| {
            all.outcome = Supported::Supported(outcome)
        });
    }

    /// The report, in the order of blame.
    pub fn finish(mut self, outcome: OutcomeClass) -> Report {
        let raised = std::mem::take(&mut self.raised);
        self.digests.sort_by_key(|(stage, _)| *stage);
        Report {
            outcome,
            raised,
            digests: self.digests,
            details: self.observation,
            marshal: None,
            microseconds: 0,
            transitions: self.transitions,
            cut: self.cut,
            no_test_ran: self.no_test_ran,
            changed: self.changed,
            retire: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cut: usize, expected: bool) {
        let mut buffer = Vec::new();
        append_frame(&mut buffer, &Message::Started { index: 7 });
        buffer.truncate(buffer.len() - cut);
        let found =
            take_frame::<Message>(&mut buffer).expect("the bytes are a frame or part of one");
        assert_eq!(found, expected.then_some(Message::Started { index: 7 }));
    }

    #[test]
    fn a_whole_frame_is_taken_and_a_part_waits() {
        check(0, true);
        check(1, false);
        check(4, false);
    }

    #[test]
    fn an_unbelievable_length_is_an_error() {
        let mut buffer = vec![0xff; 8];
        assert!(take_frame::<Message>(&mut buffer).is_err());
    }

    #[test]
    fn a_report_is_in_the_order_of_blame() {
        let wanted = Wanted {
            stages: StageSet::ALL,
            details: false,
            marshal: false,
            transitions: false,
        };
        let mut builder = ReportBuilder::new(wanted);
        builder.add_outcome(Outcome::Finished);
        builder.add_tokens("a".to_owned());
        let stages: Vec<Stage> = builder
            .finish(OutcomeClass::Finished)
            .digests
            .into_iter()
            .map(|(stage, _)| stage)
            .collect();
        assert_eq!(stages, [Stage::Tokens, Stage::Outcome]);
    }
}
