//! How code specialises: every opcode, counter and cache of programs that run hot, as CPython leaves
//! them. `adaptive/show.py` runs a program and prints them; the real CPython is the judge.

use std::path::{Path, PathBuf};
use std::process::Command;

/// CPython 3.11, found as the build finds it.
fn cpython() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cargo/find-python")
}

/// What `show.py` prints under an interpreter, line by line.
fn shown(interpreter: &Path, program: &Path) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adaptive");
    let output = Command::new(interpreter)
        .arg(folder.join("show.py"))
        .arg(program)
        .env("PYTHONHASHSEED", "0")
        .output()
        .expect("the interpreter starts");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {complaints}",
        interpreter.display()
    );
    let printed = String::from_utf8_lossy(&output.stdout);
    printed.lines().map(String::from).collect()
}

fn check(program: &Path) {
    let is = shown(Path::new(env!("CARGO_BIN_EXE_twinpy")), program);
    let should = shown(&cpython(), program);
    let mut code = "";
    let mut wrong = Vec::new();
    for (is, should) in is.iter().zip(&should) {
        if should.starts_with("code ") {
            code = should;
        }
        if is != should {
            wrong.push(format!("{code}\n  {is}\n  should be: {should}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(is.len(), should.len(), "instructions");
}

macro_rules! programs {
    ($($folder:literal: $($name:ident)*;)*) => {
        $($(
            #[test]
            fn $name() {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join($folder);
                check(&folder.join(concat!(stringify!($name), ".py")));
            }
        )*)*
    };
}

programs! {
    "tests/adaptive": attribute_reads attribute_writes methods calls builtins operators subscripts
        sequences flow namespaces generators tracebacks invalidation;
    "../../corpus/bench": attributes dict_words fibonacci list_sieve str_build;
}
