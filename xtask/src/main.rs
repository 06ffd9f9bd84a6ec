//! The command line of Twinheap: `cargo xtask COMMAND`, also installed as `twinheap`.

mod bench;
mod bench_compile;
mod campaign;
mod codegen;
mod diff;
mod dis;
mod findings;
mod gate;
mod generate;
mod handlers;
mod inspect;
mod mutants;
mod parity;
#[cfg(test)]
mod parity_encodings;
mod parity_oracle;
mod planted;
mod probe;
mod programs;
mod selftest;
mod sensitivity;
mod settings;
mod telling;
mod tidy;
mod workers;

use clap::{Parser, Subcommand};

/// Runs programs in real CPython and in a reference VM side by side, and diffs everything that can be observed.
#[derive(Parser)]
#[command(name = "twinheap", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the chapters in the oracle and in the subject, report every difference, and exit by the verdict.
    Gate(gate::GateArguments),
    /// Run one program on both sides and show every stage that differs.
    Diff(diff::DiffArguments),
    /// Show the memory image of what a program leaves behind, on both sides.
    Inspect(inspect::InspectArguments),
    /// Parse and compile files with the VM's own compiler, and compare with CPython's tokens, trees and code.
    Parity(parity::ParityArguments),
    /// Print programs that nobody wrote, drawn for a topic from a seed.
    Generate(generate::GenerateArguments),
    /// Show both compilers' instructions for a file, side by side.
    Dis(dis::DisArguments),
    /// Run programs that nobody wrote on both sides, make every finding small, and keep it.
    Campaign(Box<campaign::CampaignArguments>),
    /// List, show, replay or promote what a campaign found.
    Findings(findings::FindingsArguments),
    /// Bring the databases of a campaign's shards together.
    Merge(findings::MergeArguments),
    /// Plant small bugs in the VM, one at a time, and fail unless a campaign finds each.
    Planted(planted::PlantedArguments),
    /// Plant faults and fail unless each is caught and named correctly.
    Selftest(selftest::SelftestArguments),
    /// Measure: `harness` for programs per second, `vm` for the VM against CPython.
    Bench(bench::BenchArguments),
    /// Compile a C probe against CPython's own headers and compare its sizes and offsets with `vm/abi`.
    Probe(probe::ProbeArguments),
    /// Write the tables that come from the oracle (encodings, interned names, Unicode), or check them.
    Codegen(codegen::CodegenArguments),
    /// Look at the machine code of the eval loop: no handler may call another one.
    Handlers(handlers::HandlersArguments),
    /// Check the rules of the house: allowed edges between crates, opening lines, lengths of files.
    Tidy(tidy::TidyArguments),
}

fn main() {
    let command_line = CommandLine::parse();
    let result = match command_line.command {
        Command::Gate(arguments) => gate::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Parity(arguments) => parity::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Dis(arguments) => dis::run(&arguments),
        Command::Campaign(arguments) => campaign::run(&arguments),
        Command::Findings(arguments) => findings::run(&arguments),
        Command::Merge(arguments) => findings::merge(&arguments),
        Command::Planted(arguments) => planted::run(&arguments),
        Command::Selftest(arguments) => selftest::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Probe(arguments) => probe::run(&arguments),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Handlers(arguments) => handlers::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    };
    let code = match result {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("twinheap: {reason}");
            settings::EXIT_HARNESS_ERROR
        }
    };
    std::process::exit(code);
}
