//! `observe`: runs one program on one side and tells as JSON what it wrote and how it ended.

use clap::Args;
use serde_json::json;
use twinheap_harness::SideKind;
use twinheap_observation::{Observation, Stage, StageSet};

use crate::inspect;
use crate::installation::Installation;
use crate::programs::OneProgram;
use crate::settings::Sides;

#[derive(Args)]
pub struct ObserveArguments {
    #[command(flatten)]
    sides: Sides,
    #[command(flatten)]
    program: OneProgram,
}

pub fn run(arguments: &ObserveArguments, installation: &Installation) -> Result<i32, String> {
    let program = arguments.program.load()?;
    let (oracle, subject) = arguments.sides.open(installation)?;
    let stages = StageSet::of(&[Stage::Code, Stage::Output, Stage::Outcome]);
    // A side without a compiler of its own runs what the oracle compiled.
    let code = match (&subject, arguments.sides.subject == "vm") {
        (SideKind::Worker(_), true) => inspect::observe(&oracle, &program, stages, None)?.2,
        _ => None,
    };
    let (name, observation, _) = inspect::observe(&subject, &program, stages, code)?;
    println!("{:#}", told(&name, &observation));
    Ok(0)
}

fn told(name: &str, observation: &Observation) -> serde_json::Value {
    let output = observation.output.shown();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let outcome = observation.outcome.shown();
    json!({
        "schema": 1,
        "implementation": name,
        "stdout": output.map(|output| text(&output.stdout)),
        "stderr": output.map(|output| text(&output.stderr)),
        "outcome": outcome.map(|outcome| format!("{:?}", outcome.class()).to_lowercase()),
        "details": outcome.map(|outcome| outcome.lines()),
    })
}
