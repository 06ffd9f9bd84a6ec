//! `site`: a static site of a folder of runs.

use std::path::PathBuf;

use clap::Args;

use crate::installation::Installation;
use crate::settings;

#[derive(Args)]
pub struct SiteArguments {
    /// The folder of the runs: records (`results.jsonl`) under names that sort by time, such as
    /// `2026-12-01/results.jsonl`.
    #[arg(value_name = "RUNS")]
    runs: PathBuf,
    /// Where the site is written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Say nothing.
    #[arg(short, long)]
    quiet: bool,
}

pub fn run(arguments: &SiteArguments, installation: &Installation) -> Result<i32, String> {
    let runs = match twinheap_site::read_runs(&arguments.runs) {
        Ok(runs) => runs,
        Err(reason) => {
            eprintln!("twinheap: {reason}");
            return Ok(settings::EXIT_USAGE);
        }
    };
    let bar = settings::progress_bar(0, arguments.quiet, "{elapsed} {bar:24} {pos}/{len}");
    let program = |case: &str| {
        let path = installation.path_of(case)?;
        std::fs::read_to_string(path).ok()
    };
    let written = twinheap_site::write(&runs, program, &arguments.out, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    if !arguments.quiet {
        println!(
            "{} pages of {} runs, {:.1} MB, the largest file {:.0} kB: {}",
            written.pages,
            runs.len(),
            written.bytes as f64 / 1e6,
            written.largest as f64 / 1e3,
            arguments.out.join("index.html").display()
        );
    }
    Ok(0)
}
