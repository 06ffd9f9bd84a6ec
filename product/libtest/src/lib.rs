//! CPython's own test files on any interpreter: each method is observed by itself, and a death is put down to the method
//! that ran (`Lib/test`, `Lib/unittest`).

#![deny(unsafe_code)]

mod file;
mod line;
mod pool;

pub use file::{FileResult, Loaded, Method, run_file};
pub use pool::{Job, run_jobs};

use std::path::{Path, PathBuf};
use std::time::Duration;

/// An interpreter that runs tests.
#[derive(Clone, Debug)]
pub struct Interpreter {
    pub name: String,
    /// The words that start it on a file; `{file}` stands for the file, which is followed by its arguments.
    pub words: Vec<String>,
    /// Variables beside `PATH`, the locale and the folders of the run.
    pub environment: Vec<(String, String)>,
    /// A folder that holds the package `test` to run, where the interpreter's own is not meant.
    pub tests: Option<PathBuf>,
    /// Modules that are to be missing, whether the interpreter has them or not.
    pub without: Vec<String>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A method, or the import of a file.
    pub method: Duration,
    /// How often a file is begun again after a death.
    pub restarts: usize,
}

/// How a method ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    /// An assertion failed; what it said.
    Fail(String),
    /// Something else was raised.
    Error(String),
    Skip(String),
    ExpectedFailure,
    UnexpectedSuccess,
    /// The process ended; how.
    Crash(String),
    TimeOut,
    /// The fixture of the class or the module failed, so it never ran.
    NotRun(String),
}

impl Outcome {
    /// The word by which records and reports know it.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail(_) => "fail",
            Outcome::Error(_) => "error",
            Outcome::Skip(_) => "skip",
            Outcome::ExpectedFailure => "expected failure",
            Outcome::UnexpectedSuccess => "unexpected success",
            Outcome::Crash(_) => "crash",
            Outcome::TimeOut => "time-out",
            Outcome::NotRun(_) => "not run",
        }
    }

    /// What was said, if anything was.
    pub fn text(&self) -> &str {
        match self {
            Outcome::Fail(text)
            | Outcome::Error(text)
            | Outcome::Skip(text)
            | Outcome::Crash(text)
            | Outcome::NotRun(text) => text,
            _ => "",
        }
    }

    /// Whether the process did not survive it, or did not come back.
    pub fn is_death(&self) -> bool {
        matches!(self, Outcome::Crash(_) | Outcome::TimeOut)
    }

    /// The type of the exception, where one was raised.
    pub fn exception(&self) -> Option<&str> {
        match self {
            Outcome::Fail(text) | Outcome::Error(text) => text.lines().next()?.split(':').next(),
            _ => None,
        }
    }
}

/// The names of the test files in a standard library: `test_dict`, and packages such as `test_asyncio`.
pub fn test_files(library: &Path) -> Result<Vec<String>, String> {
    let folder = library.join("test");
    let entries = std::fs::read_dir(&folder).map_err(|error| {
        format!(
            "{}: {error}. Distributions ship CPython's tests apart (Debian: libpython3.11-testsuite)",
            folder.display()
        )
    })?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let stem = name
                .strip_suffix(".py")
                .or_else(|| path.join("__init__.py").is_file().then_some(name))?;
            stem.starts_with("test_").then(|| stem.to_owned())
        })
        .collect();
    names.sort();
    Ok(names)
}

/// The text of a test file, or of a package's first one.
pub fn source_of(library: &Path, name: &str) -> Result<String, String> {
    let folder = library.join("test");
    let paths = [
        folder.join(format!("{name}.py")),
        folder.join(name).join("__init__.py"),
    ];
    let path = paths
        .iter()
        .find(|path| path.is_file())
        .ok_or_else(|| format!("there is no test file {name} in {}", folder.display()))?;
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
