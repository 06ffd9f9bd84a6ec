//! A site of a few runs, and one of very many findings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use twinheap_results::{Header, Line, Run, SCHEMA_VERSION, Subject, Verdict};
use twinheap_site::{NamedRun, read_runs, write};

fn line(case: &str, verdict: Verdict, signature: &str) -> Line {
    Line {
        case: case.to_owned(),
        source: "sha256:0".to_owned(),
        subject: "mine".to_owned(),
        stage: "output".to_owned(),
        verdict,
        microseconds: (1, 2),
        signature: verdict.is_difference().then(|| signature.to_owned()),
        digests: Vec::new(),
        ends: None,
        difference: verdict
            .is_difference()
            .then(|| "-1 < 2\n+2 < 1\n in line 3".to_owned()),
        known: None,
        reason: None,
    }
}

fn run(lines: Vec<Line>) -> Run {
    Run {
        header: Header {
            twinheap_results: SCHEMA_VERSION,
            tool_version: "0".to_owned(),
            reference: "CPython 3.11".to_owned(),
            reference_build: String::new(),
            settings: Default::default(),
            subjects: vec![Subject {
                name: "mine".to_owned(),
                implementation: "Mine <1>".to_owned(),
                version: String::new(),
                build: String::new(),
            }],
            stages: vec!["output".to_owned()],
        },
        lines,
        truncated: false,
    }
}

/// Every page of a site, relative to its folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("it can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "html")
            {
                found.push(path);
            }
        }
    }
    found
}

/// The targets of a page's links that are no files.
fn dead_links(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("it can be read");
    let folder = page.parent().expect("a folder");
    text.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| !folder.join(link).is_file())
        .map(str::to_owned)
        .collect()
}

#[test]
fn runs_become_pages_that_lead_to_one_another() {
    let folder = TempDir::new().expect("a folder");
    let runs = folder.path().join("runs");
    let old = run(vec![
        line("dict/a", Verdict::Agree, ""),
        line("dict/b", Verdict::Agree, ""),
    ]);
    let new = run(vec![
        line("dict/a", Verdict::Agree, ""),
        line("dict/b", Verdict::Differ, "output | * | <b> / \"c\""),
        line("list/c", Verdict::Crash, "outcome | * | finished / crashed"),
    ]);
    for (name, run) in [("2026-01-01", &old), ("2026-01-02", &new)] {
        fs::create_dir_all(runs.join(name)).expect("made");
        fs::write(runs.join(name).join("results.jsonl"), run.to_jsonl()).expect("written");
    }
    let named = read_runs(&runs).expect("they can be read");
    let names: Vec<&str> = named.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["2026-01-01", "2026-01-02"]);
    let out = folder.path().join("site");
    let program = |case: &str| (case == "dict/b").then(|| "print(1 < 2)".to_owned());
    write(&named, program, &out, |_, _| {}).expect("it can be written");
    let pages = pages(&out);
    let dead: BTreeSet<String> = pages.iter().flat_map(|page| dead_links(page)).collect();
    assert!(dead.is_empty(), "{dead:?}");
    let text = |wanted: &str| {
        let of_name = |page: &&PathBuf| page.to_string_lossy().contains(wanted);
        fs::read_to_string(pages.iter().find(of_name).expect(wanted)).expect("it can be read")
    };
    let index = text("site/index.html");
    assert!(
        index.contains("50% <span class=\"small\">of 2") || index.contains("50.0%"),
        "{index}"
    );
    let case = text("cases/dict_b");
    for expected in [
        "print(1 &lt; 2)",
        "class=\"minus\"",
        "2026-01-01: agree",
        "2026-01-02: differ",
    ] {
        assert!(case.contains(expected), "{expected}: {case}");
    }
    assert!(text("compare/00001").contains("agree-to-differ"));
    assert!(
        text("findings/output").contains("first seen in <a href=\"../runs/00001.html\">2026-01-02")
    );
}

#[test]
fn no_file_grows_with_the_number_of_findings() {
    let lines = (0..5_000)
        .map(|number| {
            let signature = format!(
                "heap | topic | field {number} of a struct, {}",
                "x".repeat(80)
            );
            line(&format!("topic/case_{number}"), Verdict::Differ, &signature)
        })
        .collect();
    let folder = TempDir::new().expect("a folder");
    let runs = [NamedRun::from(("one", run(lines)))];
    let written = write(&runs, |_| None, folder.path(), |_, _| {}).expect("it can be written");
    assert!(written.largest < 2_000_000, "{}", written.largest);
    assert!(written.pages > 10_000, "{}", written.pages);
}

#[test]
fn a_folder_without_records_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let said = read_runs(folder.path())
        .map(drop)
        .expect_err("there is nothing");
    assert!(said.contains("holds no records"), "{said}");
    fs::write(folder.path().join("bad.jsonl"), "{}\n").expect("written");
    let said = read_runs(folder.path())
        .map(drop)
        .expect_err("it is no record");
    assert!(said.contains("bad.jsonl: line 1"), "{said}");
}
