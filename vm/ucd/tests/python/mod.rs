//! Runs a script in the oracle.

use std::process::Command;

/// What a script prints, run with these words behind it.
pub fn printed(script: &str, words: &[&str]) -> String {
    let output = Command::new("python3")
        .args(["-I", "-c", script])
        .args(words)
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}
