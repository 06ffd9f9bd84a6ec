//! What changed, in the forms that people and services read: Markdown, GitHub's annotations, SARIF.

use serde_json::{Value, json};

use crate::record::{Run, Verdict};
use crate::transitions::{Change, Comparison, Policy, Transition};

/// How many changes of one transition a summary lists; the record has them all.
const MOST_LISTED: usize = 20;

/// The comparison as Markdown, fit for a pull request: one line that says it all, then what fails, then the rest.
pub fn markdown(comparison: &Comparison, baseline: &str) -> String {
    let (failing, warning, passing) = (
        comparison.count(Policy::Fail),
        comparison.count(Policy::Warn),
        comparison.count(Policy::Pass),
    );
    let verdict = if failing > 0 { "Fails" } else { "Passes" };
    let mut text = format!(
        "## {verdict} against {baseline}\n\n{failing} changes fail, {warning} warn, {passing} pass; {} results compared",
        comparison.compared
    );
    if comparison.edited > 0 {
        text.push_str(&format!(
            ", {} cases edited and so judged as new",
            comparison.edited
        ));
    }
    text.push_str(".\n");
    for transition in Transition::ALL {
        let of_it = comparison.changes.iter();
        let changes: Vec<&Change> = of_it
            .filter(|change| change.transition == transition)
            .collect();
        if !changes.is_empty() {
            section(&mut text, transition, &changes);
        }
    }
    text
}

fn section(text: &mut String, transition: Transition, changes: &[&Change]) {
    let policy = policy_word(changes[0].policy);
    text.push_str(&format!(
        "\n### {} ({policy}): {}\n\n| case | stage | subject | signature |\n|---|---|---|---|\n",
        transition.name(),
        changes.len()
    ));
    for change in changes.iter().take(MOST_LISTED) {
        let signature = cell(change.signature.as_deref().unwrap_or(""));
        let (case, subject) = (cell(&change.case), cell(&change.subject));
        text.push_str(&format!(
            "| {case} | {} | {subject} | {signature} |\n",
            change.stage
        ));
    }
    if changes.len() > MOST_LISTED {
        let rest = changes.len() - MOST_LISTED;
        text.push_str(&format!("\n{rest} more are in the record.\n"));
    }
}

fn policy_word(policy: Policy) -> &'static str {
    match policy {
        Policy::Fail => "fails",
        Policy::Warn => "warns",
        Policy::Pass => "passes",
    }
}

/// A text as a cell of a table: neither a line break nor a bar ends it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// One line for a log: what fails first, and how many others do.
pub fn one_line(comparison: &Comparison, baseline: &str) -> String {
    let mut failing = comparison
        .changes
        .iter()
        .filter(|change| change.policy == Policy::Fail);
    let Some(first) = failing.next() else {
        let progress = comparison.count(Policy::Pass);
        let warnings = comparison.count(Policy::Warn);
        return format!(
            "against {baseline}: nothing is worse; {progress} changes for the better, {warnings} warnings"
        );
    };
    let others = match failing.count() {
        0 => String::new(),
        1 => ", and 1 more".to_owned(),
        count => format!(", and {count} more"),
    };
    format!(
        "against {baseline}: {} in {}, stage {} of {}{others}",
        first.transition.name(),
        first.case,
        first.stage,
        first.subject
    )
}

/// GitHub's workflow commands: an error for what fails, a warning for what warns.
pub fn annotations(comparison: &Comparison, path_of: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for change in &comparison.changes {
        let level = match change.policy {
            Policy::Fail => "error",
            Policy::Warn => "warning",
            Policy::Pass => continue,
        };
        let place = path_of(&change.case)
            .map(|path| format!("file={},", property(&path)))
            .unwrap_or_default();
        let title = format!("{} on {}", change.transition.name(), change.subject);
        let signature = change.signature.as_deref().unwrap_or("no signature");
        let message = format!("{}, stage {}: {signature}", change.case, change.stage);
        text.push_str(&format!(
            "::{level} {place}title={}::{}\n",
            property(&title),
            data(&message)
        ));
    }
    text
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Everything that differs in a run and is not known, as SARIF 2.1.0.
pub fn sarif(run: &Run, path_of: impl Fn(&str) -> Option<String>) -> String {
    let differing = run
        .lines
        .iter()
        .filter(|line| line.verdict.is_difference() && line.known.is_none());
    let results: Vec<Value> = differing
        .map(|line| {
            let signature = line.signature.as_deref().unwrap_or("no signature");
            let mut result = json!({
                "ruleId": format!("{}/{}", line.stage, rule_of(line.verdict)),
                "level": "error",
                "message": { "text": format!("{} on {}: {signature}", line.case, line.subject) },
                "partialFingerprints": { "twinheapDigests/v1": line.digests.join(",") },
            });
            if let Some(path) = path_of(&line.case) {
                result["locations"] = json!([{ "physicalLocation": {
                    "artifactLocation": { "uri": path }, "region": { "startLine": 1 } } }]);
            }
            result
        })
        .collect();
    let log = json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "tool": { "driver": { "name": "twinheap", "version": run.header.tool_version } },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Crash => "crash",
        Verdict::CannotRun => "cannot-run",
        _ => "differ",
    }
}
