//! The command line of Twinheap.

mod dis;
mod parity;
mod parity_oracle;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Parity(parity::ParityArguments),
    Dis(dis::DisArguments),
}

fn main() {
    let result = match CommandLine::parse().command {
        Command::Parity(arguments) => parity::run(&arguments),
        Command::Dis(arguments) => dis::run(&arguments),
    };
    std::process::exit(result.unwrap_or_else(|reason| {
        eprintln!("twinheap: {reason}");
        5
    }));
}
