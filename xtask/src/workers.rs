//! Builds the worker binaries and tells where they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use twinheap::Workers;
use twinheap::installation::HOME_SERIES;
use twinheap_subject::SubjectSpec;

use crate::settings;

/// A worker binary of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worker {
    /// CPython of a series, such as `3.11`.
    CPython(String),
    Reference,
}

impl Worker {
    pub fn cpython(series: &str) -> Worker {
        Worker::CPython(series.to_owned())
    }

    fn package(&self) -> &'static str {
        match self {
            Worker::CPython(_) => "twinheap-cpython",
            Worker::Reference => "twinheap-reference",
        }
    }

    fn label(&self) -> String {
        match self {
            Worker::CPython(series) => format!("CPython {series}"),
            Worker::Reference => "the VM".to_owned(),
        }
    }

    /// Another series is built into a folder of its own, as PyO3 is configured for one at a time.
    fn target_directory(&self) -> PathBuf {
        let base = target_folder();
        match self {
            Worker::CPython(series) if series != HOME_SERIES => {
                base.join(format!("oracle-{series}"))
            }
            _ => base,
        }
    }
}

/// Workers that are built when they are needed.
pub struct Built;

impl Workers for Built {
    fn cpython(&self, series: &str) -> Result<SubjectSpec, String> {
        build(&Worker::cpython(series))
    }

    fn observer(&self, series: &str) -> Result<PathBuf, String> {
        build_observer(series)
    }

    fn reference(&self, library: Option<&str>) -> Result<SubjectSpec, String> {
        let mut spec = build(&Worker::Reference)?;
        if let Some(library) = library {
            let library = ("TWINHEAP_LIBRARY".to_owned(), library.to_owned());
            spec.environment.push(library);
        }
        Ok(spec)
    }

    fn twinpy(&self) -> Result<PathBuf, String> {
        let target = target_folder();
        run(&mut cargo_build("twinheap-python", &target), "twinpy")?;
        Ok(target.join("release/twinpy"))
    }

    fn standard_library(&self) -> Result<String, String> {
        standard_library()
    }
}

/// Where cargo builds.
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| settings::root().join("target"), PathBuf::from)
}

/// Looks for the interpreter before anything is built, so that the first thing said of a missing one is
/// which were looked at, why each was refused, and what to install.
fn check_interpreter(series: &str) -> Result<(), String> {
    let output = Command::new(settings::root().join(".cargo/find-python"))
        .args(["-I", "-c", "pass"])
        .env("TWINHEAP_PYTHON_SERIES", series)
        .output()
        .map_err(|error| format!("the interpreter finder cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr)
        .trim_end()
        .to_owned())
}

/// Builds a package for release into this folder.
fn cargo_build(package: &str, target: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(settings::root())
        .args(["build", "--quiet", "--release", "--package", package])
        .arg("--target-dir")
        .arg(target);
    command
}

/// Builds for CPython of this series. The variable that cargo set for this process names the finder already; it is set
/// again for the build, so that an interpreter named for 3.11 from outside does not come in here.
fn ask_for_series(command: &mut Command, series: &str) {
    command
        .env("TWINHEAP_PYTHON_SERIES", series)
        .env("PYO3_PYTHON", settings::root().join(".cargo/find-python"))
        .env_remove("TWINHEAP_PYTHON");
}

/// Runs cargo; an error names what could not be built.
fn run(command: &mut Command, what: &str) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{what} could not be built"))
}

/// Builds a worker, unless it is up to date, and says how to start it.
pub fn build(worker: &Worker) -> Result<SubjectSpec, String> {
    if let Worker::CPython(series) = worker
        && std::env::var_os("PYO3_PYTHON")
            .is_none_or(|path| path.to_string_lossy().contains("find-python"))
    {
        check_interpreter(series)?;
    }
    let target = worker.target_directory();
    let mut command = cargo_build(worker.package(), &target);
    if let Worker::CPython(series) = worker
        && series != HOME_SERIES
    {
        ask_for_series(&mut command, series);
    }
    run(&mut command, &worker.label())?;
    let binary = target.join("release").join(worker.package());
    if !binary.exists() {
        return Err(format!(
            "{} was built but is not at {}",
            worker.label(),
            binary.display()
        ));
    }
    let mut spec = SubjectSpec::new(&worker.label(), binary);
    if *worker == Worker::Reference {
        spec.environment
            .push(("TWINHEAP_LIBRARY".to_owned(), standard_library()?));
    }
    Ok(spec)
}

/// Builds the module by which an interpreter of a series is observed, unless it is up to date.
fn build_observer(series: &str) -> Result<PathBuf, String> {
    // PyO3 is configured for one series, and for embedding or for a module, so each has a folder of its own.
    let target = target_folder().join(format!("observer-{series}"));
    let mut command = cargo_build(Worker::cpython(series).package(), &target);
    command.arg("--lib").env("PYO3_BUILD_EXTENSION_MODULE", "1");
    ask_for_series(&mut command, series);
    run(&mut command, &format!("the observer for CPython {series}"))?;
    Ok(target.join("release/libtwinheap_cpython.so"))
}

/// Where the oracle keeps the pure modules of its standard library, which the VM reads as well.
fn standard_library() -> Result<String, String> {
    let script = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = Command::new(settings::root().join(".cargo/find-python"))
        .args(["-I", "-c", script])
        .output()
        .map_err(|error| format!("the interpreter finder cannot be started: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finder_says_what_it_looked_at_and_what_to_install() {
        let said = check_interpreter("3.99").expect_err("there is no such series");
        for expected in [
            "CPython 3.99",
            "were looked at",
            "python3.99: not found",
            "Install one with",
        ] {
            assert!(said.contains(expected), "{said:?} lacks {expected:?}");
        }
    }

    #[test]
    fn the_finder_finds_the_home_series() {
        assert_eq!(check_interpreter(HOME_SERIES), Ok(()));
    }
}
