//! The committed encoding tables are what the generator makes of the oracle.

use std::process::Command;

#[test]
fn the_encoding_tables_are_current() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let script = format!("{folder}/../../xtask/src/codegen/charmaps.py");
    let output = Command::new("python3")
        .args(["-I", &script])
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let committed =
        std::fs::read_to_string(format!("{folder}/src/charmaps.rs")).expect("the tables are there");
    assert!(
        committed.as_bytes() == output.stdout,
        "run the generator again"
    );
}
