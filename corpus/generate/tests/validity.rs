//! Nearly every generated program reaches its last line, or raises on purpose, in the real CPython 3.11.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use twinheap_generate::{Model, Profile, Topic, generate};

/// So many programs of each topic are run.
const PROGRAMS: u64 = 50;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes programs of a topic and returns their paths.
fn write_programs(folder: &Path, topic: Topic) -> Vec<String> {
    (0..PROGRAMS)
        .map(|seed| {
            let path = folder.join(format!("{}_{seed}.py", topic.name()));
            let source = generate(seed, topic, &Profile::full()).source();
            std::fs::write(&path, source).expect("a temporary file can be written");
            path.to_string_lossy().into_owned()
        })
        .collect()
}

fn run(paths: &[String]) -> Vec<serde_json::Value> {
    let mut child = Command::new(root().join(".cargo/find-python"))
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("CPython 3.11 is installed");
    let mut input = child.stdin.take().expect("the input is a pipe");
    let list = paths.join("\n");
    let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = child.wait_with_output().expect("the runner ends");
    writer
        .join()
        .expect("the writer does not panic")
        .expect("the runner reads all");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("the runner writes JSON"))
        .collect()
}

#[test]
fn nearly_all_programs_reach_their_end() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut low = Vec::new();
    for topic in Topic::ALL {
        let paths = write_programs(folder.path(), *topic);
        let results = run(&paths);
        assert_eq!(results.len(), paths.len(), "{}", topic.name());
        let good = results
            .iter()
            .filter(|result| {
                let stdout = result["stdout"].as_str().unwrap_or("");
                Model::reached_end(stdout, result["raised"].as_str())
            })
            .count();
        println!("{:12} {good} of {PROGRAMS}", topic.name());
        if good * 100 < 90 * PROGRAMS as usize {
            low.push(format!("{}: {good}", topic.name()));
        }
    }
    assert!(
        low.is_empty(),
        "too few reach their end: {}",
        low.join(", ")
    );
}
