//! Writes the gate's report into a folder: page, JSON, JUnit, Markdown.

use std::fs;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::gate::{GateReport, Judged, ProgramReport};
use crate::page;
use crate::terminal::cell_text;

/// Writes every form of the report.
pub fn write_all(gate: &GateReport, folder: &Path) -> Result<(), String> {
    let trouble = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(trouble)?;
    fs::write(folder.join("index.html"), page::gate_page(gate)?).map_err(trouble)?;
    let json = serde_json::to_string_pretty(gate).map_err(|error| error.to_string())?;
    fs::write(folder.join("gate.json"), json).map_err(trouble)?;
    fs::write(folder.join("junit.xml"), junit(gate)?).map_err(trouble)?;
    fs::write(folder.join("summary.md"), summary(gate)).map_err(trouble)
}

/// The report as JUnit: a suite for each topic, a case for each program.
pub fn junit(gate: &GateReport) -> Result<String, String> {
    let mut report = Report::new(format!("{} against {}", gate.subject, gate.oracle));
    for topic in gate.table.keys() {
        let mut suite = TestSuite::new(topic.as_str());
        for program in gate
            .programs
            .iter()
            .filter(|program| program.topic == *topic)
        {
            suite.add_test_case(test_case(program));
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}

fn test_case(program: &ProgramReport) -> TestCase {
    let status = match program.judged {
        Judged::Agree => TestCaseStatus::success(),
        Judged::Empty => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(program.emptiness.clone().unwrap_or_default());
            status
        }
        Judged::Known => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("known: {}", program.known.as_deref().unwrap_or("")));
            status
        }
        Judged::New => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(program.signature.clone().unwrap_or_default());
            status.set_description(program.difference.clone().unwrap_or_default());
            status
        }
        Judged::HarnessError => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(program.harness_error.clone().unwrap_or_default());
            status
        }
    };
    let mut case = TestCase::new(program.name.as_str(), status);
    let total = program.microseconds.0 + program.microseconds.1;
    case.set_time(std::time::Duration::from_micros(u64::from(total)));
    case
}

/// The report as Markdown.
pub fn summary(gate: &GateReport) -> String {
    let mut text = format!("# {} against {}\n\n", gate.subject, gate.oracle);
    text.push_str(&format!(
        "{} programs: {} agree, {} say little, {} known, {} new, {} harness errors, {} stale expectations.\n\n",
        gate.programs.len(),
        gate.count(Judged::Agree),
        gate.count(Judged::Empty),
        gate.count(Judged::Known),
        gate.count(Judged::New),
        gate.count(Judged::HarnessError),
        gate.stale.len()
    ));
    text.push_str(&format!("| topic | {} |\n", gate.stages.join(" | ")));
    text.push_str(&format!("|---|{}\n", "---|".repeat(gate.stages.len())));
    for (topic, row) in &gate.table {
        let cells: Vec<String> = gate
            .stages
            .iter()
            .map(|stage| cell_text(row.get(stage).copied().unwrap_or_default()))
            .collect();
        text.push_str(&format!("| {topic} | {} |\n", cells.join(" | ")));
    }
    text.push_str("\nagree / known / new / unsupported\n");
    if !gate.findings.is_empty() {
        text.push_str("\n## Findings\n\n");
    }
    for line in &gate.findings {
        let known = line
            .known
            .as_ref()
            .map(|id| format!(" (known: {id})"))
            .unwrap_or_default();
        text.push_str(&format!(
            "- `{}`{known}: {}\n",
            line.signature,
            line.programs.join(", ")
        ));
    }
    if !gate.let_pass.is_empty() {
        text.push_str("\n## What the policy let pass\n\n");
    }
    for passed in &gate.let_pass {
        text.push_str(&format!("- {}: {}\n", passed.what, passed.reason));
    }
    text.push_str("\n## What the masks hid\n\n");
    for (title, lines) in [("pinned", &gate.pinned_mask), ("varied", &gate.varied_mask)] {
        for line in lines {
            text.push_str(&format!(
                "- {title}: `{}` {} times, e.g. {}\n",
                line.rule, line.count, line.example
            ));
        }
    }
    text
}
