//! How deep each road through the interpreter goes before the recursion limit stops it, and how the
//! error is worded, as CPython 3.11 told it.
//!
//! This is no program of the corpus: while steps are traced every instruction runs in its base form,
//! and the depths are others.

use std::path::Path;
use std::process::Command;

#[test]
fn recursion_ends_where_cpythons_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/depth");
    let expected = std::fs::read_to_string(folder.join("expected.txt")).expect("the facts");
    let output = Command::new(env!("CARGO_BIN_EXE_twinpy"))
        .arg(folder.join("program.py"))
        .output()
        .expect("the VM starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let wrong: Vec<String> = printed
        .lines()
        .zip(expected.lines())
        .filter(|(is, should)| is != should)
        .map(|(is, should)| format!("{is}\n  should be: {should}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(printed.lines().count(), expected.lines().count());
}
