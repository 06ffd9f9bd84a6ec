//! `diff`: one program on both sides, every stage, the first differing one named.

use std::sync::atomic::AtomicBool;

use clap::Args;
use serde_json::json;
use twinheap_harness::cross::{Cell, cross};
use twinheap_harness::{CaseResult, PairConfig, PairPool, StageVerdict, StepsPolicy};
use twinheap_observation::{Program, Stage, StageSet};
use twinheap_render::difference::difference_text;

use crate::gate::prove_oracle;
use crate::installation::Installation;
use crate::programs::OneProgram;
use crate::settings::{self, Sides};

#[derive(Args)]
pub struct DiffArguments {
    #[command(flatten)]
    sides: Sides,
    #[command(flatten)]
    program: OneProgram,
    /// Fresh pairs of processes that confirm a difference.
    #[arg(long, default_value_t = 2, value_name = "N")]
    confirmations: u32,
    /// Cross both compilers with both evaluators, to tell a compiler bug from an evaluator bug.
    #[arg(long)]
    cross: bool,
    /// Tell the verdicts and the first difference as JSON.
    #[arg(long, conflicts_with = "cross")]
    json: bool,
}

pub fn run(arguments: &DiffArguments, installation: &Installation) -> Result<i32, String> {
    let program = arguments.program.load()?;
    if arguments.cross {
        return cross_one(installation, &arguments.sides, &program);
    }
    let (names, result) = compare_one(
        installation,
        &arguments.sides,
        &program,
        StageSet::ALL,
        arguments.confirmations,
    )?;
    if arguments.json {
        println!("{:#}", told(&names, &result));
        return Ok(exit_code(&result));
    }
    println!("{} against {}", names.1, names.0);
    show_verdicts(&result)
}

/// The oracle and the subject, as they call themselves.
pub type Names = (String, String);

fn exit_code(result: &CaseResult) -> i32 {
    match (&result.harness_error, &result.divergence) {
        (Some(_), _) => settings::EXIT_HARNESS_ERROR,
        (None, Some(_)) => settings::EXIT_NEW,
        (None, None) => 0,
    }
}

/// A comparison for programs that read it.
fn told((oracle, subject): &Names, result: &CaseResult) -> serde_json::Value {
    let stages: serde_json::Map<String, serde_json::Value> = result
        .verdicts
        .iter()
        .map(|(stage, verdict)| {
            let (word, reason) = match verdict {
                StageVerdict::Agree => ("agree", None),
                StageVerdict::Diverge => ("diverge", None),
                StageVerdict::Cut(reason) => ("cut", Some(reason.to_string())),
                StageVerdict::Poisoned(reason) => ("poisoned", Some(reason.to_string())),
                StageVerdict::Unsupported(reason) => ("unsupported", Some(reason.to_string())),
            };
            let told = json!({ "verdict": word, "reason": reason });
            (stage.name().to_owned(), told)
        })
        .collect();
    let divergence = result.divergence.as_ref().map(|divergence| {
        json!({
            "stage": divergence.stage.name(),
            "signature": divergence.signature,
            "difference": difference_text(divergence),
            "outcomes": [divergence.outcomes.0, divergence.outcomes.1],
            "came_back": [divergence.came_back.0, divergence.came_back.1],
        })
    });
    json!({
        "schema": 1,
        "oracle": oracle,
        "subject": subject,
        "stages": stages,
        "divergence": divergence,
        "harness_error": result.harness_error,
    })
}

/// Prints the verdicts and the first difference; gives the exit code.
pub fn show_verdicts(result: &CaseResult) -> Result<i32, String> {
    print_verdicts(result);
    if let Some(reason) = &result.harness_error {
        return Err(reason.clone());
    }
    match &result.divergence {
        None => Ok(0),
        Some(divergence) => {
            println!("\n{}", settings::style().diff(&difference_text(divergence)));
            Ok(settings::EXIT_NEW)
        }
    }
}

/// Runs one program through both sides, with the masks that the chapters and the program itself prove.
pub fn compare_one(
    installation: &Installation,
    sides: &Sides,
    program: &Program,
    stages: StageSet,
    confirmations: u32,
) -> Result<(Names, CaseResult), String> {
    with_config(
        installation,
        sides,
        program,
        stages,
        confirmations,
        |config| {
            let pool = PairPool::open(config)?;
            let known = pool.acquaintance();
            let names = (
                known.oracle.implementation.clone(),
                known.subject.implementation.clone(),
            );
            let mut results = pool.run_all(std::slice::from_ref(program), |_| {})?;
            results
                .pop()
                .map(|result| (names, result))
                .ok_or_else(|| "the program was not run".to_owned())
        },
    )
}

/// Proves the reference with a sample and the program itself, and hands on how to run a pair.
fn with_config<T>(
    installation: &Installation,
    sides: &Sides,
    program: &Program,
    stages: StageSet,
    confirmations: u32,
    work: impl FnOnce(&PairConfig<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let (oracle, subject) = sides.open(installation)?;
    // A few chapter programs stand for all: the masks are about fields, and every field occurs in them.
    let mut sample: Vec<Program> = installation.corpus()?.into_iter().step_by(5).collect();
    sample.push(program.clone());
    let proof = prove_oracle(&oracle, &sample, stages)?;
    let stop = AtomicBool::new(false);
    let config = PairConfig {
        varied: oracle.with_arguments(&crate::gate::VARIATION),
        oracle,
        subject,
        stages,
        steps: StepsPolicy::Always,
        proof: &proof,
        confirmations,
        transitions: false,
        stop: &stop,
        pairs: 1,
    };
    work(&config)
}

/// Prints the 2 x 2 table and its verdict.
fn cross_one(installation: &Installation, sides: &Sides, program: &Program) -> Result<i32, String> {
    let table = with_config(installation, sides, program, StageSet::ALL, 1, |config| {
        cross(config, program)
    })?;
    let style = settings::style();
    let show = |cell: &Cell| match cell {
        Cell::Reference => ("the reference".to_owned(), false),
        Cell::Agrees => ("agrees".to_owned(), false),
        Cell::Differs(stage, _) => (format!("differs: {stage}"), true),
        Cell::Missing(reason) => (format!("missing: {reason}"), true),
    };
    println!(
        "{:22} {:26} evaluated by the VM",
        "", "evaluated by CPython"
    );
    let rows = ["compiled by CPython", "compiled by the VM"];
    for (row, cells) in rows.iter().zip(&table.cells) {
        print!("{row:22}");
        for cell in cells {
            let (text, is_wrong) = show(cell);
            let text = format!("{text:26}");
            let text = if is_wrong {
                style.bad(&text)
            } else {
                style.good(&text)
            };
            print!(" {text}");
        }
        println!();
    }
    println!("{:22} {}", "the two compilers", show(&table.compilers).0);
    let all = table
        .cells
        .iter()
        .flatten()
        .chain(std::iter::once(&table.compilers));
    let mut shown = Vec::new();
    for cell in all {
        if let Cell::Differs(stage, Some(first)) = cell {
            let text = format!(
                "  {stage}: {} at {}: {} / {}",
                first.kind, first.place, first.left, first.right
            );
            if !shown.contains(&text) {
                println!("{text}");
                shown.push(text);
            }
        }
    }
    println!("verdict: {}", table.verdict());
    let is_clean = table
        .cells
        .iter()
        .flatten()
        .all(|cell| matches!(cell, Cell::Reference | Cell::Agrees));
    Ok(if is_clean { 0 } else { settings::EXIT_NEW })
}

fn print_verdicts(result: &CaseResult) {
    let style = settings::style();
    for stage in Stage::ALL {
        let text = match result.verdict(stage) {
            Some(StageVerdict::Agree) => style.good("agree"),
            Some(StageVerdict::Cut(reason)) => style.bad(&format!("cut: {reason}")),
            Some(StageVerdict::Diverge) => style.bad("diverge"),
            Some(StageVerdict::Poisoned(reason)) => style.dim(&format!("poisoned: {reason}")),
            Some(StageVerdict::Unsupported(reason)) => style.dim(&format!("unsupported: {reason}")),
            None => style.dim("not shown by both sides"),
        };
        println!("  {stage:8} {text}");
    }
    if let Some(emptiness) = result.emptiness {
        println!("  {}: the agreement says little", emptiness.text());
    }
    if let Some(stage) = result.unconfirmed {
        println!("  {stage} differed between warm workers, but in no fresh pair");
    }
}
