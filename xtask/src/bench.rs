//! `bench`: programs per second through both sides, and the VM's speed against CPython's.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::{Args, Subcommand};
use twinheap_harness::{PairConfig, Proof, Side, SideKind, StepsPolicy, run_pairs};
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{Program, StageSet};
use twinheap_subject::Answer;

use crate::bench_compile::{self, BenchCompileArguments};
use crate::gate::prove_oracle;
use crate::programs::{bench_programs, corpus};
use crate::settings::{self, Sides};

#[derive(Args)]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Programs per second through both sides with comparison, against CPython alone in process on one core.
    Harness(HarnessArguments),
    /// The VM against CPython on small classic programs.
    Vm(VmArguments),
    /// Source to code for a folder of files against CPython's `compile()`, on one core.
    Compile(BenchCompileArguments),
}

#[derive(Args)]
struct HarnessArguments {
    #[command(flatten)]
    sides: Sides,
    /// How often the corpus is run.
    #[arg(long, default_value_t = 20, value_name = "N")]
    rounds: usize,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "N")]
    pairs: usize,
    /// The stages that are compared. Tokens and trees are made by Python code in the oracle; they are to be
    /// added where a subject has a front end of its own.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "code,steps,output,outcome,heap",
        value_name = "STAGES"
    )]
    stages: Vec<String>,
    /// Which programs are run a second time, traced.
    #[arg(long, default_value = "1/8", value_parser = settings::steps_policy, value_name = "WHEN")]
    steps: StepsPolicy,
}

#[derive(Args)]
struct VmArguments {
    #[command(flatten)]
    sides: Sides,
    /// How often each program is run; the best run counts.
    #[arg(long, default_value_t = 5, value_name = "N")]
    rounds: usize,
}

pub fn run(arguments: &BenchArguments) -> Result<i32, String> {
    match &arguments.what {
        What::Harness(arguments) => bench_harness(arguments),
        What::Vm(arguments) => bench_vm(arguments),
        What::Compile(arguments) => bench_compile::run(arguments),
    }
}

fn bench_harness(arguments: &HarnessArguments) -> Result<i32, String> {
    let (oracle, subject) = arguments.sides.open(&settings::installation())?;
    let corpus = corpus()?;
    let proof = prove_oracle(&oracle, &corpus, StageSet::ALL)?;
    let stop = AtomicBool::new(false);
    let config = PairConfig {
        varied: oracle.with_arguments(&crate::gate::VARIATION),
        oracle,
        subject,
        stages: crate::gate::stages(&arguments.stages)?,
        steps: arguments.steps,
        proof: &proof,
        confirmations: 0,
        transitions: false,
        stop: &stop,
        pairs: arguments.pairs,
    };
    // A difference is confirmed in fresh processes, which is not what is measured here.
    let agreeing: Vec<Program> = run_pairs(&config, &corpus, |_| {})?
        .into_iter()
        .filter(|result| result.agrees() && result.unconfirmed.is_none())
        .map(|result| result.program)
        .collect();
    if agreeing.is_empty() {
        return Err("no program agrees, so there is nothing to measure".to_owned());
    }
    let programs: Vec<Program> = (0..arguments.rounds)
        .flat_map(|_| agreeing.iter().cloned())
        .collect();
    let alone = alone(&config.oracle, &programs)?;
    let begun = Instant::now();
    let results = run_pairs(&config, &programs, |_| {})?;
    let both = results.len() as f64 / begun.elapsed().as_secs_f64();
    let still = results.iter().filter(|result| result.agrees()).count();
    println!(
        "programs: {} ({} rounds of the {} that agree, of {})",
        programs.len(),
        arguments.rounds,
        agreeing.len(),
        corpus.len()
    );
    println!("CPython alone, in process, one core: {alone:8.0} programs/s");
    println!(
        "both sides, compared, {} pairs:       {both:8.0} programs/s ({still} agree)",
        arguments.pairs
    );
    println!("ratio: {:.2}", both / alone);
    let mean = |pick: fn(&(u32, u32)) -> u32| {
        results
            .iter()
            .map(|result| f64::from(pick(&result.microseconds)))
            .sum::<f64>()
            / results.len() as f64
    };
    println!(
        "mean inside a worker: oracle {:.0} us, subject {:.0} us",
        mean(|pair| pair.0),
        mean(|pair| pair.1)
    );
    Ok(0)
}

/// Programs per second of compiling, running and cleaning up in one process, nothing observed; the time is
/// taken inside the worker, so the pipe is not in it.
fn alone(oracle: &SideKind, programs: &[Program]) -> Result<f64, String> {
    let direct = match oracle {
        SideKind::Worker(spec) => {
            let mut spec = spec.clone();
            spec.arguments.push("--direct".to_owned());
            SideKind::Worker(spec)
        }
        command => command.clone(),
    };
    let mut side = direct.open();
    let wanted = Wanted {
        stages: StageSet::NONE,
        details: false,
        marshal: false,
        transitions: false,
    };
    let microseconds: u64 = run_all(&mut side, programs, wanted, &[])?
        .iter()
        .map(|(time, _)| u64::from(*time))
        .sum();
    Ok(programs.len() as f64 / (microseconds as f64 / 1e6))
}

type Timed = (u32, Option<Vec<u8>>);

fn run_all(
    side: &mut Side,
    programs: &[Program],
    wanted: Wanted,
    codes: &[Option<Vec<u8>>],
) -> Result<Vec<Timed>, String> {
    let requests: Vec<RunRequest> = programs
        .iter()
        .enumerate()
        .map(|(index, program)| RunRequest {
            change: None,
            index: index as u32,
            program: program.clone(),
            code: codes.get(index).cloned().flatten(),
            wanted,
        })
        .collect();
    side.run_batch(&requests)
        .into_iter()
        .zip(programs)
        .map(|(answer, program)| match answer {
            Answer::Report(report) => Ok((report.microseconds, report.marshal)),
            Answer::Death(outcome, _) => {
                Err(format!("{}: {}", program.name, outcome.lines().join("; ")))
            }
            Answer::HarnessError(reason) => Err(reason),
        })
        .collect()
}

fn bench_vm(arguments: &VmArguments) -> Result<i32, String> {
    let (oracle, subject) = arguments.sides.open(&settings::installation())?;
    let programs = bench_programs()?;
    let proof = Proof::default();
    let (oracle, subject) = (
        oracle.with_masks(&proof.masks),
        subject.with_masks(&proof.masks),
    );
    let (mut oracle, mut subject) = (oracle.open(), subject.open());
    let names = (
        oracle.hello()?.implementation,
        subject.hello()?.implementation,
    );
    println!("{:16} {:>14} {:>14}  speed", "program", names.0, names.1);
    let wanted = Wanted {
        stages: StageSet::NONE,
        details: false,
        marshal: true,
        transitions: false,
    };
    let mut product = 1.0_f64;
    let mut measured = 0;
    for program in &programs {
        let one = std::slice::from_ref(program);
        let best = |side: &mut Side, codes: &[Option<Vec<u8>>]| -> Result<Timed, String> {
            let mut best: Option<Timed> = None;
            for _ in 0..arguments.rounds.max(1) {
                let timed = run_all(side, one, wanted, codes)?
                    .pop()
                    .ok_or("no answer came")?;
                if best.as_ref().is_none_or(|found| timed.0 < found.0) {
                    best = Some(timed);
                }
            }
            best.ok_or_else(|| "nothing was measured".to_owned())
        };
        let (reference, code) = best(&mut oracle, &[])?;
        let name = &program.name;
        match best(&mut subject, &[code]) {
            Ok((time, _)) => {
                let speed = f64::from(reference) / f64::from(time.max(1));
                product *= speed;
                measured += 1;
                println!("{name:16} {:>11} us {:>11} us  {speed:.2}", reference, time);
            }
            Err(reason) => println!("{name:16} {reference:>11} us  {reason}"),
        }
    }
    if measured > 0 {
        println!(
            "geometric mean of {measured} programs: {:.2} of CPython",
            product.powf(1.0 / f64::from(measured))
        );
    }
    Ok(0)
}
