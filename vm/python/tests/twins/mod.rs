//! The two interpreters that tests compare, and what one of them tells.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The CPython that the build finds, and `twinpy`.
pub fn interpreters() -> [PathBuf; 2] {
    let finder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cargo/find-python");
    [finder, PathBuf::from(env!("CARGO_BIN_EXE_twinpy"))]
}

/// Both streams of a command, and how it ended.
pub fn told(command: &mut Command) -> String {
    let output = command.output().expect("the interpreter starts");
    format!(
        "{}{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status
    )
}
