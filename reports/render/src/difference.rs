//! A divergence for a reader: the first differing stage, what differs there, and how often it came back.

use similar::TextDiff;
use twinheap_harness::text::LONGEST_DIFF;
use twinheap_harness::{Difference, Divergence};
use twinheap_observation::{Observation, Stage};

/// How many differences of a heap are listed.
const LISTED: usize = 12;

/// The divergence as plain text.
pub fn difference_text(divergence: &Divergence) -> String {
    let (times, tries) = divergence.came_back;
    let flaky = if divergence.is_flaky() {
        " (flaky)"
    } else {
        ""
    };
    let mut text = format!(
        "first differing stage: {}\nsignature: {}\ncame back: {times} of {tries} fresh pairs{flaky}\n\n",
        divergence.stage, divergence.signature
    );
    text.push_str(&stage_text(divergence));
    let others: Vec<_> = divergence.findings.iter().skip(1).collect();
    if !others.is_empty() {
        text.push_str("\nalso differs:\n");
    }
    for finding in others.iter().take(LISTED) {
        text.push_str(&format!(
            "  {} ({} times)\n",
            finding.signature, finding.differences
        ));
    }
    if others.len() > LISTED {
        text.push_str(&format!("  ... and {} more\n", others.len() - LISTED));
    }
    text
}

fn stage_text(divergence: &Divergence) -> String {
    match divergence.stage {
        Stage::Heap | Stage::Steps => listed(&divergence.of_first_stage()),
        stage => {
            let unified = unified(
                &stage_lines(&divergence.oracle, stage),
                &stage_lines(&divergence.subject, stage),
            );
            if unified.is_empty() {
                listed(&divergence.of_first_stage())
            } else {
                unified
            }
        }
    }
}

/// Differences one after another, as place and both values.
pub fn listed(differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences.iter().take(LISTED) {
        let place = if difference.place.is_empty() {
            "-"
        } else {
            &difference.place
        };
        text.push_str(&format!("{place}\n    {}\n", difference.kind));
        text.push_str(&format!(
            "  - {}\n  + {}\n",
            difference.left, difference.right
        ));
    }
    if differences.len() > LISTED {
        text.push_str(&format!("... and {} more\n", differences.len() - LISTED));
    }
    text
}

/// A unified diff of lines, the oracle's being the old ones.
pub fn unified(left: &[String], right: &[String]) -> String {
    let (left, right) = (left.join("\n") + "\n", right.join("\n") + "\n");
    TextDiff::configure()
        .timeout(LONGEST_DIFF)
        .diff_lines(left.as_str(), right.as_str())
        .unified_diff()
        .context_radius(3)
        .header("oracle", "subject")
        .to_string()
}

/// A stage as lines.
pub fn stage_lines(observation: &Observation, stage: Stage) -> Vec<String> {
    if let Some(reason) = observation.unsupported_reason(stage) {
        return vec![format!("({reason})")];
    }
    let split = |text: &str| text.lines().map(str::to_owned).collect();
    match stage {
        Stage::Tokens => observation.tokens.shown().map(|text| split(text)),
        Stage::Ast => observation.ast.shown().map(|text| split(text)),
        Stage::Code => observation.code.shown().map(|code| code.lines()),
        Stage::Steps => observation.steps.shown().map(|trail| {
            trail
                .steps
                .iter()
                .map(|step| format!("{:5} {} {:016x}", step.line, step.qualname, step.watched))
                .collect()
        }),
        Stage::Output => observation.output.shown().map(|output| {
            let mut lines: Vec<String> = split(&String::from_utf8_lossy(&output.stdout));
            let errors = String::from_utf8_lossy(&output.stderr);
            lines.extend(errors.lines().map(|line| format!("stderr: {line}")));
            lines
        }),
        Stage::Outcome => observation.outcome.shown().map(|outcome| outcome.lines()),
        Stage::Heap => observation.heap.shown().map(crate::image::image_lines),
    }
    .unwrap_or_default()
}
