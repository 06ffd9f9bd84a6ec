//! Sources in every encoding that CPython knows, valid and not, judged by the oracle.

use std::path::Path;
use std::process::Command;

use crate::parity::{Settings, Stage, product};
use crate::parity_oracle::ParityOracle;

fn sources() -> Vec<Vec<u8>> {
    let script = include_str!("encoded_sources.py");
    let output = Command::new("python3")
        .args(["-I", "-c", script])
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "the sources are made");
    let text = String::from_utf8(output.stdout).expect("digits");
    let byte = |line: &str, at: usize| u8::from_str_radix(&line[at..at + 2], 16);
    text.lines()
        .map(|line| {
            let bytes = (0..line.len()).step_by(2).map(|at| byte(line, at));
            bytes.collect::<Result<_, _>>().expect("pairs of digits")
        })
        .collect()
}

#[test]
fn sources_in_every_encoding_are_read_alike() {
    let mut oracle = ParityOracle::start("python3").expect("a CPython");
    let sources = sources();
    assert!(sources.len() > 10_000, "only {} sources", sources.len());
    let settings = Settings::default();
    let mut different = Vec::new();
    let stages = [("ast", Stage::Ast), ("warnings", Stage::Warnings)];
    let both = |source| {
        stages
            .iter()
            .map(move |(name, stage)| (*name, *stage, source))
    };
    for (name, stage, source) in sources.iter().flat_map(both) {
        let path = Path::new("<text>");
        let made = product(stage, &settings, path, source);
        let reply = oracle.ask(name, &settings.words(), path, &made, Some(source));
        let reply = reply.expect("a reply");
        if !matches!(reply.verdict.as_str(), "equal" | "rejected") {
            let source = String::from_utf8_lossy(source);
            different.push(format!("{source:?}: {} {}", reply.verdict, reply.text));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        sources.len(),
        different[..different.len().min(15)].join("\n")
    );
}
