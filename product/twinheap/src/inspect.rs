//! `inspect`: the memory image of what a program leaves behind, on both sides, differences marked.

use std::path::PathBuf;

use clap::Args;
use twinheap_harness::text::LONGEST_DIFF;
use twinheap_harness::{Side, SideKind};
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{MemoryImage, Observation, Program, Stage, StageSet};
use twinheap_render::image::image_lines;
use twinheap_render::page::memory_page;
use twinheap_subject::Answer;

use crate::gate::prove_oracle;
use crate::installation::Installation;
use crate::programs::OneProgram;
use crate::settings::{self, Sides};

#[derive(Args)]
pub struct InspectArguments {
    #[command(flatten)]
    sides: Sides,
    #[command(flatten)]
    program: OneProgram,
    /// Write the picture of both heaps into a file.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    html: Option<Option<PathBuf>>,
    /// Show the oracle's side only.
    #[arg(long)]
    oracle_only: bool,
}

pub fn run(arguments: &InspectArguments, installation: &Installation) -> Result<i32, String> {
    let program = arguments.program.load()?;
    let sides = if arguments.oracle_only {
        Sides {
            subject: "cpython".to_owned(),
            ..arguments.sides.clone()
        }
    } else {
        arguments.sides.clone()
    };
    let (oracle, subject) = sides.open(installation)?;
    let sample: Vec<Program> = installation.corpus()?.into_iter().step_by(5).collect();
    let masks = prove_oracle(&oracle, &sample, StageSet::of(&[Stage::Heap]))?.masks;
    let stages = StageSet::of(&[Stage::Outcome, Stage::Heap]);
    let (name, left, code) = observe(&oracle.with_masks(&masks), &program, stages, None)?;
    let left_image = image(&left, &name)?;
    let other = if arguments.oracle_only {
        None
    } else {
        let (name, right, _) = observe(&subject.with_masks(&masks), &program, stages, code)?;
        Some((image(&right, &name)?, name))
    };
    if let Some(named) = &arguments.html {
        let path = named
            .clone()
            .unwrap_or_else(|| installation.out.join("inspect.html"));
        let subject_name = other.as_ref().map_or("", |(_, name)| name);
        let page = memory_page(
            &program.name,
            (&name, subject_name),
            &left_image,
            other.as_ref().map(|(image, _)| image),
        )?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        std::fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}", path.display());
        return Ok(0);
    }
    Ok(print(
        &left_image,
        other.as_ref().map(|(image, name)| (image, name.as_str())),
        &name,
    ))
}

/// Lines that both sides share once, the others with a mark.
fn print(left: &MemoryImage, right: Option<(&MemoryImage, &str)>, name: &str) -> i32 {
    let lines = image_lines(left);
    let Some((right, right_name)) = right else {
        println!("{name}");
        lines.iter().for_each(|line| println!("{line}"));
        return 0;
    };
    println!("- {name}\n+ {right_name}");
    let style = settings::style();
    let others = image_lines(right);
    let diff = similar::TextDiff::configure()
        .timeout(LONGEST_DIFF)
        .diff_slices(
            &lines.iter().map(String::as_str).collect::<Vec<_>>(),
            &others.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .iter_all_changes()
        .map(|change| match change.tag() {
            similar::ChangeTag::Equal => (false, format!("  {}", change.value())),
            similar::ChangeTag::Delete => (true, style.bad(&format!("- {}", change.value()))),
            similar::ChangeTag::Insert => (true, style.good(&format!("+ {}", change.value()))),
        })
        .collect::<Vec<_>>();
    diff.iter().for_each(|(_, line)| println!("{line}"));
    if diff.iter().any(|(differs, _)| *differs) {
        settings::EXIT_NEW
    } else {
        0
    }
}

/// Who it was, what was seen, and the code in marshal's format.
type Observed = (String, Box<Observation>, Option<Vec<u8>>);

/// Runs a program in a fresh process of one side.
pub(crate) fn observe(
    kind: &SideKind,
    program: &Program,
    stages: StageSet,
    code: Option<Vec<u8>>,
) -> Result<Observed, String> {
    let mut side: Side = kind.open();
    let hello = side.hello()?;
    let wanted = Wanted {
        stages,
        details: true,
        marshal: code.is_none(),
        transitions: false,
    };
    let request = RunRequest {
        change: None,
        index: 0,
        program: program.clone(),
        code,
        wanted,
    };
    match side.run_batch(&[request]).pop() {
        Some(Answer::Report(report)) => {
            let details = report.details.ok_or("no details came")?;
            Ok((hello.implementation, details, report.marshal))
        }
        Some(Answer::Death(outcome, _)) => Err(format!(
            "{}: {}",
            hello.implementation,
            outcome.lines().join("; ")
        )),
        Some(Answer::HarnessError(reason)) => Err(reason),
        None => Err("no answer came".to_owned()),
    }
}

fn image(observation: &Observation, name: &str) -> Result<MemoryImage, String> {
    if let Some(outcome) = observation.outcome.shown()
        && outcome.class() != twinheap_observation::OutcomeClass::Finished
    {
        eprintln!("{name}: {}", outcome.lines().join("\n  "));
    }
    observation.heap.shown().cloned().ok_or_else(|| {
        format!(
            "{name} shows no heap: {}",
            observation
                .unsupported_reason(Stage::Heap)
                .unwrap_or("no reason given")
        )
    })
}
