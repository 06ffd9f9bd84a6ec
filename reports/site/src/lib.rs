//! A static site of a folder of runs.

#![deny(unsafe_code)]

mod data;
mod pages;
mod search;

use std::fs;
use std::path::{Path, PathBuf};

use twinheap_results::Run;

pub use data::NamedRun;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub pages: usize,
    pub bytes: u64,
    /// The size of the largest file.
    pub largest: u64,
}

/// Reads every record below a folder, in the order of their paths, which is to be the order of time.
pub fn read_runs(folder: &Path) -> Result<Vec<NamedRun>, String> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let mut runs = Vec::new();
    for path in &paths {
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let run = twinheap_results::parse(&text)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        runs.push(NamedRun {
            name: name_of(folder, path),
            run,
        });
    }
    if runs.is_empty() {
        return Err(format!(
            "{} holds no records: put the results.jsonl of each run there, under a name that sorts by time",
            folder.display()
        ));
    }
    Ok(runs)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            paths.push(path);
        }
    }
    Ok(())
}

/// `2026-12-01/results.jsonl` is the run of `2026-12-01`.
fn name_of(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path).with_extension("");
    let name = relative.to_string_lossy().into_owned();
    match name.strip_suffix("/results") {
        Some(folder) => folder.to_owned(),
        None => name,
    }
}

/// Writes the site of these runs; `program` gives the source of a case, where it is known.
pub fn write(
    runs: &[NamedRun],
    program: impl Fn(&str) -> Option<String>,
    out: &Path,
    tick: impl FnMut(usize, usize),
) -> Result<Written, String> {
    let site = data::Site::of(runs);
    pages::write(&site, program, out, tick)
}

/// The run itself, for tests and callers that have one at hand.
impl From<(&str, Run)> for NamedRun {
    fn from((name, run): (&str, Run)) -> NamedRun {
        NamedRun {
            name: name.to_owned(),
            run,
        }
    }
}
