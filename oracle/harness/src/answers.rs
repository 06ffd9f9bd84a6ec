//! What both sides answered to a program: the plain run, and the traced one where it was made.

use twinheap_observation::outcome::Outcome;
use twinheap_observation::{Observation, Supported};
use twinheap_subject::Answer;

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As people run it: nothing watches, code is specialised.
    Plain,
    /// Every line is watched.
    Traced,
}

/// The answers of one side.
pub(crate) struct Answered {
    pub(crate) plain: Answer,
    pub(crate) traced: Option<Answer>,
}

impl Answered {
    /// What the side showed in full, the traced run included.
    pub(crate) fn observation(self) -> Result<Box<Observation>, String> {
        let mut shown = observation(self.plain)?;
        if let Some(traced) = self.traced {
            let mut traced = observation(traced)?;
            shown.steps = std::mem::replace(&mut traced.steps, Supported::not_asked());
            shown.traced = Some(traced);
        }
        Ok(shown)
    }
}

/// What an answer shows; a death shows its outcome and what had been written by then.
pub(crate) fn observation(answer: Answer) -> Result<Box<Observation>, String> {
    match answer {
        Answer::Report(report) => report
            .details
            .ok_or_else(|| "details were asked for but did not come".to_owned()),
        Answer::Death(outcome, output) => {
            let mut observation = all_unsupported("the process ended with the program");
            // What is written before a limit strikes is a matter of speed.
            if !is_of_a_limit(&outcome) {
                observation.output = Supported::Supported(output);
            }
            observation.outcome = Supported::Supported(outcome);
            Ok(Box::new(observation))
        }
        Answer::HarnessError(reason) => Err(reason),
    }
}

/// Whether a limit of time or memory ended a program, so that how far it came is not its own doing.
pub(crate) fn is_of_a_limit(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::TimedOut { .. } | Outcome::OutOfMemory { .. }
    )
}

pub(crate) fn microseconds(answer: &Answer) -> u32 {
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
        output: Supported::Unsupported(reason.to_owned()),
        outcome: Supported::Unsupported(reason.to_owned()),
        heap: Supported::Unsupported(reason.to_owned()),
        steps: Supported::Unsupported(reason.to_owned()),
        traced: None,
    }
}
