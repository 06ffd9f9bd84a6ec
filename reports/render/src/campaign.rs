//! A campaign for a reader: the table of topics, the findings with their small programs, the goals not reached.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use minijinja::context;
use serde::Serialize;
use twinheap_store::{CampaignFinding, Recipe, TopicFigures};

use crate::page::environment;

const PAGE: &str = include_str!("campaign.html");
/// Findings listed on the terminal.
const LISTED: usize = 25;

/// A finding with the name it goes by.
#[derive(Clone, Debug, Serialize)]
pub struct FindingLine {
    pub id: String,
    /// The expectation that covers it.
    pub known: Option<String>,
    #[serde(flatten)]
    pub finding: CampaignFinding,
}

impl FindingLine {
    fn state(&self) -> String {
        match &self.known {
            Some(entry) => format!("known: {entry}"),
            None if !self.finding.is_confirmed() => "unconfirmed".to_owned(),
            None if self.finding.is_flaky() => "flaky".to_owned(),
            None => "new".to_owned(),
        }
    }

    /// The finding on one line: id, programs, size, topic, state, signature.
    pub fn summary(&self) -> String {
        format!(
            "{}  {:>6} programs  {:>3} lines{} {:<10} {:<8} {}",
            self.id,
            self.finding.programs,
            self.lines(),
            // A star says that the program is not, or not wholly, minimised.
            if self.finding.complete { ' ' } else { '*' },
            self.finding.topic,
            self.state(),
            self.finding.signature
        )
    }

    fn lines(&self) -> usize {
        self.finding.program().lines().count()
    }
}

/// Everything said of a campaign.
#[derive(Clone, Debug, Serialize)]
pub struct CampaignReport {
    pub recipe: Recipe,
    pub topics: BTreeMap<String, TopicFigures>,
    pub findings: Vec<FindingLine>,
    pub all_goals: usize,
    /// Topic and name of each goal that no program reached.
    pub missing_goals: Vec<(String, String)>,
    pub shape_changes: usize,
    pub opcode_pairs: usize,
    pub seconds: f64,
    pub interrupted: bool,
}

/// A row of the table of topics.
#[derive(Serialize)]
struct Row {
    topic: String,
    programs: u64,
    statements: String,
    valid: String,
    agree: u64,
    diverge: u64,
    unsupported: u64,
    /// Programs per second through the oracle alone, and through both sides, on one core.
    alone: String,
    both: String,
}

fn row(topic: &str, figures: &TopicFigures) -> Row {
    let programs = figures.programs.max(1) as f64;
    let per_second =
        |microseconds: u64| format!("{:.0}", programs * 1e6 / microseconds.max(1) as f64);
    Row {
        topic: topic.to_owned(),
        programs: figures.programs,
        statements: format!("{:.1}", figures.statements as f64 / programs),
        valid: format!("{:.1}%", figures.reached as f64 * 100.0 / programs),
        agree: figures.agree,
        diverge: figures.diverge,
        unsupported: figures.unsupported,
        alone: per_second(figures.oracle_microseconds),
        both: per_second(figures.oracle_microseconds + figures.subject_microseconds),
    }
}

impl CampaignReport {
    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .topics
            .iter()
            .map(|(topic, figures)| row(topic, figures))
            .collect();
        if rows.len() > 1 {
            let mut sum = TopicFigures::default();
            for figures in self.topics.values() {
                sum.programs += figures.programs;
                sum.statements += figures.statements;
                sum.reached += figures.reached;
                sum.agree += figures.agree;
                sum.diverge += figures.diverge;
                sum.unsupported += figures.unsupported;
                sum.oracle_microseconds += figures.oracle_microseconds;
                sum.subject_microseconds += figures.subject_microseconds;
            }
            rows.push(row("all", &sum));
        }
        rows
    }

    /// The report for a terminal.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} against {}, seed {}\n\n",
            self.recipe.subject, self.recipe.oracle, self.recipe.seed
        );
        let _ = writeln!(
            text,
            "{:<12}{:>10}{:>12}{:>9}{:>10}{:>9}{:>13}{:>14}{:>13}",
            "topic",
            "programs",
            "statements",
            "valid",
            "agree",
            "diverge",
            "unsupported",
            "oracle alone",
            "both sides"
        );
        for row in self.rows() {
            let _ = writeln!(
                text,
                "{:<12}{:>10}{:>12}{:>9}{:>10}{:>9}{:>13}{:>12}/s{:>11}/s",
                row.topic,
                row.programs,
                row.statements,
                row.valid,
                row.agree,
                row.diverge,
                row.unsupported,
                row.alone,
                row.both
            );
        }
        let _ = writeln!(
            text,
            "programs per second are per core; goals reached: {} of {}; {} changes of shape, {} pairs of opcodes",
            self.all_goals - self.missing_goals.len(),
            self.all_goals,
            self.shape_changes,
            self.opcode_pairs
        );
        if !self.recipe.missing_features.is_empty() {
            let _ = writeln!(
                text,
                "not generated, as the subject cannot run it: {}",
                self.recipe.missing_features.join(", ")
            );
        }
        text.push('\n');
        for line in self.findings.iter().take(LISTED) {
            let _ = writeln!(text, "{}", line.summary());
        }
        if self.findings.len() > LISTED {
            let _ = writeln!(
                text,
                "... and {} more: see `findings`",
                self.findings.len() - LISTED
            );
        }
        let count = |is: &dyn Fn(&FindingLine) -> bool| {
            self.findings.iter().filter(|line| is(line)).count()
        };
        let _ = writeln!(
            text,
            "\n{} signatures, {} of them new, {} unconfirmed, {} small, {} not (*: `findings minimise`); {:.0} s{}",
            self.findings.len(),
            count(&|line| line.known.is_none() && line.finding.is_confirmed()),
            count(&|line| !line.finding.is_confirmed()),
            count(&|line| line.finding.complete),
            count(&|line| !line.finding.complete),
            self.seconds,
            if self.interrupted {
                "; interrupted"
            } else {
                ""
            }
        );
        text
    }

    /// The report as Markdown.
    fn markdown(&self) -> String {
        let mut text = format!(
            "# {} against {}\n\n",
            self.recipe.subject, self.recipe.oracle
        );
        text.push_str("| topic | programs | statements | valid | agree | diverge | unsupported | oracle alone /s | both sides /s |\n");
        text.push_str("|---|---|---|---|---|---|---|---|---|\n");
        for row in self.rows() {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.topic,
                row.programs,
                row.statements,
                row.valid,
                row.agree,
                row.diverge,
                row.unsupported,
                row.alone,
                row.both
            );
        }
        for line in &self.findings {
            let _ = writeln!(
                text,
                "\n## {} ({} programs, {}, {})\n\n`{}`\n\n```python\n{}\n```\n\n```\n{}\n```",
                line.id,
                line.finding.programs,
                line.state(),
                line.finding.size_state(),
                line.finding.signature,
                line.finding.program().trim_end(),
                difference(&line.finding).trim_end()
            );
        }
        text
    }
}

fn difference(finding: &CampaignFinding) -> &str {
    finding
        .minimised_difference
        .as_deref()
        .unwrap_or(&finding.difference)
}

/// Writes the page, the JSON, the Markdown, and each finding's program as a file.
pub fn write_all(report: &CampaignReport, folder: &Path) -> Result<(), String> {
    let trouble = |error: std::io::Error| format!("{}: {error}", folder.display());
    let programs = folder.join("findings");
    fs::create_dir_all(&programs).map_err(trouble)?;
    for line in &report.findings {
        fs::write(
            programs.join(format!("{}.py", line.id)),
            line.finding.program(),
        )
        .map_err(trouble)?;
    }
    let json = serde_json::to_string_pretty(report).map_err(|error| error.to_string())?;
    fs::write(folder.join("campaign.json"), json).map_err(trouble)?;
    fs::write(folder.join("summary.md"), report.markdown()).map_err(trouble)?;
    fs::write(folder.join("index.html"), page(report)?).map_err(trouble)
}

/// The report as one page without any reference to outside.
fn page(report: &CampaignReport) -> Result<String, String> {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|line| {
            context! {
                id => line.id.clone(), state => line.state(), lines => line.lines(),
                signature => line.finding.signature.clone(), programs => line.finding.programs,
                topic => line.finding.topic.clone(), stage => line.finding.stage.clone(),
                program => line.finding.program(), original => line.finding.source.clone(),
                original_lines => line.finding.source.lines().count(),
                difference => difference(&line.finding), tried => line.finding.tried,
                size => line.finding.size_state(),
                seconds => format!("{:.1}", line.finding.milliseconds as f64 / 1e3),
            }
        })
        .collect();
    let rows: Vec<_> = report
        .rows()
        .into_iter()
        .map(|row| minijinja::Value::from(minijinja::value::Serde(row)))
        .collect();
    environment()
        .render_str(
            PAGE,
            context! {
                recipe => minijinja::Value::from(minijinja::value::Serde(&report.recipe)), rows, findings,
                reached => report.all_goals - report.missing_goals.len(), all_goals => report.all_goals,
                missing => report.missing_goals.clone(), changes => report.shape_changes,
                pairs => report.opcode_pairs, seconds => format!("{:.0}", report.seconds),
                interrupted => report.interrupted,
            },
        )
        .map_err(|error| error.to_string())
}
