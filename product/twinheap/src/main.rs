//! `twinheap`: the users' command line, as it is installed.

use std::io::Write;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use twinheap::{Installation, exit_with};

/// Runs Python programs in CPython and in another implementation side by side, and diffs everything that can be observed.
///
/// Exit codes: 0 everything agrees, or differs as the expectations say; 1 something new differs (see --findings-exit);
/// 2 usage; 3 an expectation no longer holds; 4 nothing ran, or nothing was compared; 5 trouble of the harness's own;
/// 130 interrupted.
#[derive(Parser)]
#[command(name = "twinheap", version, max_term_width = 100)]
struct CommandLine {
    /// The configuration, instead of the nearest `twinheap.toml` or `[tool.twinheap]` of a `pyproject.toml`.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    OfUsers(Box<twinheap::Command>),
    /// Print the completions for a shell, to be kept where the shell looks for them.
    Completions { shell: Shell },
}

fn main() {
    let given = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let given = match twinheap::config::arguments(given.collect()) {
        Ok(given) => given,
        Err(reason) => {
            eprintln!("twinheap: {reason}");
            std::process::exit(twinheap::settings::EXIT_USAGE);
        }
    };
    match CommandLine::parse_from(given).command {
        Command::OfUsers(command) => exit_with(command.run(Installation::find)),
        Command::Completions { shell } => {
            let mut command = CommandLine::command();
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command, "twinheap", &mut text);
            // A reader that has seen enough is no failure.
            let _ = std::io::stdout().write_all(&text);
        }
    }
}
