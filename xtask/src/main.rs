//! The command line of Twinheap: `cargo xtask COMMAND`, what users do, and the workbench beside it.

#![deny(unsafe_code)]

mod bench;
mod bench_compile;
mod codegen;
mod handlers;
mod mutants;
mod papers;
mod parity;
#[cfg(test)]
mod parity_encodings;
mod planted;
mod probe;
mod programs;
mod selftest;
mod sensitivity;
mod settings;
mod tidy;
mod workers;

use clap::{Parser, Subcommand};
use twinheap::{campaign, exit_with, gate, parity_oracle};

/// Runs programs in real CPython and in a reference VM side by side, and diffs everything that can be observed.
#[derive(Parser)]
#[command(name = "cargo xtask", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    OfUsers(twinheap::Command),
    /// Parse and compile files with the VM's own compiler, and compare with CPython's tokens, trees and code.
    Parity(parity::ParityArguments),
    /// Plant small bugs in the VM, run it with one at a time, and fail unless a campaign finds each.
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
        Command::OfUsers(command) => command.run(|| Ok(settings::installation())),
        Command::Parity(arguments) => parity::run(&arguments),
        Command::Planted(arguments) => planted::run(&arguments),
        Command::Selftest(arguments) => selftest::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Probe(arguments) => probe::run(&arguments),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Handlers(arguments) => handlers::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    };
    exit_with(result)
}
