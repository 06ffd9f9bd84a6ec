//! Looks for the CPython that judges among the interpreters of the machine, and says why one will not do.

use std::path::{Path, PathBuf};
use std::process::Command;

use twinheap_subject::SubjectSpec;

/// An interpreter that will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable itself, not a script that starts it.
    pub executable: PathBuf,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// The folder of its pure-Python modules.
    pub library: String,
}

impl Interpreter {
    /// How it is started as a worker, with the observer in this file.
    pub fn worker(&self, observer: &Path) -> SubjectSpec {
        let label = format!("CPython {}", self.version);
        SubjectSpec::of_interpreter(&label, self.executable.clone(), observer)
    }
}

/// The file name of the observer for a series.
pub fn observer_file(series: &str) -> String {
    format!("_twinheap_observer-{series}.so")
}

/// Prints a line each: what it is, its version, the bits of a pointer, the platform, the executable, the library.
const QUESTIONS: &str = "\
import struct, sys, sysconfig
print(sys.implementation.name)
print('%d.%d.%d' % sys.version_info[:3])
print(struct.calcsize('P') * 8)
print(sys.platform)
print(sys.executable)
print(sysconfig.get_path('stdlib'))
print(getattr(sys, 'abiflags', ''))
";

/// The interpreter that was named, unless it will not do.
pub fn named(python: &Path, series: &str) -> Result<Interpreter, String> {
    judge(python, series).map_err(|reason| {
        format!(
            "{} cannot be the reference: {reason}. Name another one with --python",
            python.display()
        )
    })
}

/// The first interpreter of the series that will do: the one that TWINHEAP_PYTHON names, those on the search path,
/// and those that pyenv and uv have installed.
pub fn find(series: &str) -> Result<Interpreter, String> {
    let mut refused = Vec::new();
    for candidate in candidates(series) {
        match judge(&candidate, series) {
            Ok(found) => return Ok(found),
            Err(reason) => refused.push(format!("\n  {}: {reason}", candidate.display())),
        }
    }
    Err(format!(
        "no CPython {series} was found. These were looked at:{}\n\
         Install one (`apt install python{series}`, `uv python install {series}`), or name one with --python or \
         TWINHEAP_PYTHON",
        refused.concat()
    ))
}

fn candidates(series: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::env::var_os("TWINHEAP_PYTHON")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    found.push(format!("python{series}").into());
    found.push("python3".into());
    for folder in ["/usr/bin", "/usr/local/bin"] {
        found.push(Path::new(folder).join(format!("python{series}")));
    }
    let Some(home) = std::env::var_os("HOME").map(PathBuf::from) else {
        return found;
    };
    let folders = [
        (home.join(".pyenv/versions"), format!("{series}.")),
        (
            home.join(".local/share/uv/python"),
            format!("cpython-{series}."),
        ),
    ];
    for (folder, prefix) in folders {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path().join("bin/python3"))
            .collect();
        names.sort();
        found.extend(names);
    }
    found
}

/// Asks an interpreter about itself; an error says why it will not do.
fn judge(python: &Path, series: &str) -> Result<Interpreter, String> {
    let output = Command::new(python)
        .args(["-I", "-c", QUESTIONS])
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "not found".to_owned(),
            _ => error.to_string(),
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("").to_owned();
        return Err(format!("it does not run: {last}"));
    }
    weigh(&String::from_utf8_lossy(&output.stdout), series)
}

/// Reads an interpreter's answers.
fn weigh(answers: &str, series: &str) -> Result<Interpreter, String> {
    let lines: Vec<&str> = answers.lines().collect();
    let [name, version, bits, platform, executable, library, flags] = lines[..] else {
        return Err("it does not answer as Python does".to_owned());
    };
    if name != "cpython" {
        return Err(format!("it is {name}, not CPython"));
    }
    if version.rsplit_once('.').map(|(series, _)| series) != Some(series) {
        return Err(format!("it is CPython {version}, not {series}"));
    }
    if bits != "64" || platform != "linux" {
        return Err(format!(
            "it is a {bits}-bit build for {platform}, not a 64-bit one for linux"
        ));
    }
    if !flags.is_empty() {
        return Err(format!(
            "it is a build whose objects have other layouts (ABI flags {flags})"
        ));
    }
    Ok(Interpreter {
        executable: executable.into(),
        version: version.to_owned(),
        library: library.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(name: &str, version: &str, bits: &str, flags: &str) -> String {
        format!("{name}\n{version}\n{bits}\nlinux\n/usr/bin/python3\n/usr/lib/python3\n{flags}\n")
    }

    #[test]
    fn an_interpreter_of_the_series_will_do() {
        let found = weigh(&answers("cpython", "3.11.2", "64", ""), "3.11").expect("it will do");
        assert_eq!(found.version, "3.11.2");
        assert_eq!(found.executable, Path::new("/usr/bin/python3"));
        assert_eq!(found.library, "/usr/lib/python3");
    }

    #[test]
    fn the_reason_of_a_refusal_is_told() {
        for (answers, reason) in [
            (answers("pypy", "3.11.2", "64", ""), "it is pypy"),
            (
                answers("cpython", "3.12.1", "64", ""),
                "it is CPython 3.12.1",
            ),
            (answers("cpython", "3.11.2", "32", ""), "32-bit"),
            (answers("cpython", "3.11.2", "64", "d"), "ABI flags d"),
            (String::new(), "does not answer"),
        ] {
            let said = weigh(&answers, "3.11").expect_err(reason);
            assert!(said.contains(reason), "{said:?} lacks {reason:?}");
        }
    }

    #[test]
    fn where_none_will_do_those_looked_at_are_listed() {
        let said = find("3.99").expect_err("there is no such series");
        for expected in [
            "CPython 3.99",
            "python3.99: not found",
            "python3: it is",
            "--python",
        ] {
            assert!(said.contains(expected), "{said:?} lacks {expected:?}");
        }
    }
}
