//! Where a command finds what it works with: programs, known divergences, workers, and the folder for results.
//!
//! In a checkout the workbench makes one whose workers are built on demand. Everywhere else [`Installation::find`]
//! looks for the folder that was installed beside the executable; nothing is compiled then, and nothing is written
//! outside the folder for results.

use std::path::{Path, PathBuf};

use twinheap_observation::Program;
use twinheap_subject::SubjectSpec;

use crate::{interpreter, programs};

/// The series whose heap can be read.
pub const HOME_SERIES: &str = "3.11";

/// The expectations of a checkout.
const EXPECTATIONS_OF_CHECKOUT: &str = "reports/expectations.toml";

/// Says how workers are started.
pub trait Workers: Send + Sync {
    /// CPython of a series, such as `3.11`.
    fn cpython(&self, series: &str) -> Result<SubjectSpec, String>;
    /// The module by which an interpreter of a series is observed.
    fn observer(&self, series: &str) -> Result<PathBuf, String>;
    /// The reference VM, with the pure-Python modules in this folder, or those of the standard library.
    fn reference(&self, library: Option<&str>) -> Result<SubjectSpec, String>;
    /// The VM's own command line.
    fn twinpy(&self) -> Result<PathBuf, String>;
    /// The folder of the pure-Python modules, which the VM reads as well.
    fn standard_library(&self) -> Result<String, String>;
}

/// Everything that commands look for outside their arguments.
pub struct Installation {
    /// Holds `chapters` and `regressions`.
    corpus: PathBuf,
    /// What is known to differ.
    pub expectations: PathBuf,
    /// Where that is written when it is brought up to date; never into what was installed.
    pub own_expectations: PathBuf,
    /// What is written goes here, unless a command is told otherwise.
    pub out: PathBuf,
    /// Findings that are kept as programs go here.
    pub promoted: PathBuf,
    pub workers: Box<dyn Workers>,
}

impl Installation {
    /// A checkout: programs and expectations are its own, and promoted findings join its regressions.
    pub fn of_checkout(root: &Path, workers: Box<dyn Workers>) -> Installation {
        let corpus = root.join("corpus");
        Installation {
            promoted: corpus.join("regressions"),
            corpus,
            expectations: root.join(EXPECTATIONS_OF_CHECKOUT),
            own_expectations: root.join(EXPECTATIONS_OF_CHECKOUT),
            out: root.join("reports/out"),
            workers,
        }
    }

    /// What was installed with this executable; results go to `twinheap-out` in the current folder.
    pub fn find() -> Result<Installation, String> {
        let home = find_home()?;
        let out = PathBuf::from("twinheap-out");
        let own = PathBuf::from("twinheap-expectations.toml");
        Ok(Installation {
            corpus: home.join("corpus"),
            expectations: match own.is_file() {
                true => own.clone(),
                false => home.join("expectations.toml"),
            },
            own_expectations: own,
            promoted: out.join("regressions"),
            out,
            workers: Box::new(Installed { home }),
        })
    }

    /// Every program of the chapters and regressions, by topic and name.
    pub fn corpus(&self) -> Result<Vec<Program>, String> {
        programs::corpus(&self.corpus)
    }

    /// Where the file of a program lies, below the working directory if it is there.
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        let folders = ["chapters", "regressions"];
        let mut paths = folders.map(|folder| self.corpus.join(folder).join(format!("{name}.py")));
        let found = paths.iter_mut().find(|path| path.is_file())?;
        let here = std::env::current_dir().ok()?;
        Some(found.strip_prefix(here).unwrap_or(found).to_owned())
    }

    /// Where campaigns keep their databases.
    pub fn campaigns(&self) -> PathBuf {
        self.out.join("campaigns")
    }
}

/// Workers that were installed; none is ever built.
struct Installed {
    home: PathBuf,
}

impl Installed {
    fn file(&self, what: &str, folder: &str, name: &str) -> Result<PathBuf, String> {
        let path = self.home.join(folder).join(name);
        if path.is_file() {
            return Ok(path);
        }
        Err(format!(
            "{what} is not installed: there is no {}",
            path.display()
        ))
    }
}

impl Workers for Installed {
    fn cpython(&self, series: &str) -> Result<SubjectSpec, String> {
        Ok(interpreter::find(series)?.worker(&self.observer(series)?))
    }

    fn observer(&self, series: &str) -> Result<PathBuf, String> {
        let what = format!("the observer for CPython {series}");
        self.file(&what, "observers", &interpreter::observer_file(series))
    }

    fn reference(&self, library: Option<&str>) -> Result<SubjectSpec, String> {
        let program = self.file("the VM", "bin", "twinheap-reference")?;
        let library = match library {
            Some(library) => library.to_owned(),
            None => self.standard_library()?,
        };
        let mut spec = SubjectSpec::new("the VM", program);
        let library = ("TWINHEAP_LIBRARY".to_owned(), library);
        spec.environment.push(library);
        Ok(spec)
    }

    fn twinpy(&self) -> Result<PathBuf, String> {
        self.file("twinpy", "bin", "twinpy")
    }

    fn standard_library(&self) -> Result<String, String> {
        Ok(interpreter::find(HOME_SERIES)?.library)
    }
}

/// The folder that `TWINHEAP_HOME` names, or the one that was installed with the executable.
fn find_home() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("TWINHEAP_HOME") {
        let home = PathBuf::from(named);
        return if is_home(&home) {
            Ok(home)
        } else {
            Err(format!(
                "TWINHEAP_HOME names {}, which holds no corpus/chapters",
                home.display()
            ))
        };
    }
    let executable = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .map_err(|error| format!("the executable does not know where it is: {error}"))?;
    let candidates = homes_near(&executable);
    candidates
        .iter()
        .find(|home| is_home(home))
        .cloned()
        .ok_or_else(|| {
            let looked: Vec<String> = candidates
                .iter()
                .map(|home| format!("\n  {}", home.display()))
                .collect();
            format!(
                "the installed programs were not found. These folders were looked at:{}\n\
                 Set TWINHEAP_HOME to the folder that holds corpus/chapters",
                looked.concat()
            )
        })
}

/// Where an installed folder may be, seen from the executable.
fn homes_near(executable: &Path) -> Vec<PathBuf> {
    let Some(bin) = executable.parent() else {
        return Vec::new();
    };
    let mut homes = Vec::new();
    if let Some(prefix) = bin.parent() {
        homes.push(prefix.to_owned());
        homes.push(prefix.join("share/twinheap"));
        homes.push(prefix.join("lib/twinheap"));
        homes.extend(homes_of_packages(&prefix.join("lib")));
    }
    homes.push(bin.join("twinheap-home"));
    homes
}

/// Where the Python package of this name may be, in the environment that the executable belongs to.
fn homes_of_packages(library: &Path) -> Vec<PathBuf> {
    let mut pythons: Vec<PathBuf> = std::fs::read_dir(library)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("python3")
        })
        .collect();
    pythons.sort();
    pythons
        .iter()
        .flat_map(|python| ["site-packages", "dist-packages"].map(|name| python.join(name)))
        .map(|packages| packages.join("twinheap/home"))
        .collect()
}

fn is_home(folder: &Path) -> bool {
    folder.join("corpus/chapters").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_chapters_is_a_home() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!is_home(folder.path()));
        std::fs::create_dir_all(folder.path().join("corpus/chapters")).expect("made");
        assert!(is_home(folder.path()));
    }

    #[test]
    fn homes_are_looked_for_around_the_executable() {
        let homes = homes_near(Path::new("/opt/tool/bin/twinheap"));
        assert!(homes.contains(&PathBuf::from("/opt/tool")));
        assert!(homes.contains(&PathBuf::from("/opt/tool/share/twinheap")));
    }

    #[test]
    fn a_worker_that_is_not_installed_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let installed = Installed {
            home: folder.path().to_owned(),
        };
        let said = installed.observer("3.12").expect_err("it is not there");
        assert!(said.contains("the observer for CPython 3.12"), "{said}");
        assert!(said.contains("_twinheap_observer-3.12.so"), "{said}");
    }
}
