//! `twinheap`: the users' command line, as it is installed.

use clap::Parser;
use twinheap::{Command, Installation, exit_with};

/// Runs programs in real CPython and in another implementation side by side, and diffs everything that can be observed.
#[derive(Parser)]
#[command(name = "twinheap", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

fn main() {
    let command_line = CommandLine::parse();
    exit_with(command_line.command.run(Installation::find));
}
