//! Native modules against the CPython that the build finds: what each shows of itself, and programs that use it.

mod twins;

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modules")
}

fn run(interpreter: &Path, program: &Path) -> String {
    let mut command = Command::new(interpreter);
    command
        .arg(program)
        .env("PYTHONHASHSEED", "0")
        .env("TZ", "UTC")
        .env_remove("PYTHONUNBUFFERED");
    twins::told(&mut command)
}

fn programs() -> Vec<PathBuf> {
    let entries = folder().read_dir().expect("the folder can be read");
    let mut programs: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    programs
}

/// The lines that differ, with what stands in each place.
fn differences(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let mut told = String::new();
    for at in 0..expected.len().max(found.len()) {
        let (wanted, seen) = (expected.get(at), found.get(at));
        if wanted != seen {
            told.push_str(&format!("  {}: {wanted:?} / {seen:?}\n", at + 1));
            if told.len() > 2_000 {
                break;
            }
        }
    }
    told
}

#[test]
fn modules_do_what_those_of_cpython_do() {
    let [reference, twinpy] = twins::interpreters();
    let programs = programs();
    assert!(programs.len() > 4, "{} programs", programs.len());
    let mut told = String::new();
    for program in programs {
        let expected = run(&reference, &program);
        let found = run(&twinpy, &program);
        if expected != found {
            let shown = differences(&expected, &found);
            told.push_str(&format!("{}:\n{shown}", program.display()));
        }
    }
    assert!(told.is_empty(), "\n{told}");
}
