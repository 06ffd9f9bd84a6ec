//! Several subjects side by side: who differs from the reference, and who is the odd one out.
//!
//! Two subjects are taken to agree with one another where they differ from the reference in the same way, by the
//! digests of their differences.

use std::collections::BTreeMap;
use std::fmt;

use crate::record::{Line, Run, Verdict};

/// Who stands alone in a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Odd {
    /// Everybody agrees.
    Nobody,
    /// This subject differs, and all others agree with the reference.
    Subject(String),
    /// All subjects agree with one another, and not with the reference.
    Reference,
    /// Everybody shows something else.
    NoTwoAgree,
    /// Something else: the groups that agree among themselves, that of the reference first.
    Parties(Vec<Vec<String>>),
    /// Fewer than two subjects were compared.
    TooFew,
}

impl fmt::Display for Odd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Odd::Nobody => formatter.write_str("all agree"),
            Odd::Subject(name) => write!(formatter, "{name} alone"),
            Odd::Reference => formatter.write_str("reference alone"),
            Odd::NoTwoAgree => formatter.write_str("no two agree"),
            Odd::Parties(parties) => {
                let parties: Vec<String> = parties.iter().map(|names| names.join(" = ")).collect();
                formatter.write_str(&parties.join(" / "))
            }
            Odd::TooFew => formatter.write_str("too few compared"),
        }
    }
}

/// One case across all subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub case: String,
    /// The first stage in which anybody differs.
    pub stage: Option<String>,
    pub odd: Odd,
    /// What was found of each subject of the header, in its first stage that differs, or else in any.
    pub verdicts: Vec<Option<Verdict>>,
}

/// Every case of a record, in order.
pub fn rows(run: &Run) -> Vec<Row> {
    let mut cases: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in &run.lines {
        cases.entry(&line.case).or_default().push(line);
    }
    let rows = cases.into_iter();
    rows.map(|(case, lines)| row(run, case, &lines)).collect()
}

fn row(run: &Run, case: &str, lines: &[&Line]) -> Row {
    let of = |name: &str| -> Vec<&Line> {
        let lines = lines.iter().filter(|line| line.subject == name);
        lines.copied().collect()
    };
    let subjects = &run.header.subjects;
    let verdicts = subjects.iter().map(|one| worst(&of(&one.name))).collect();
    let differs_in = |stage: &&String| {
        lines
            .iter()
            .any(|line| line.stage == **stage && line.verdict.is_difference())
    };
    let first = run.header.stages.iter().find(differs_in);
    // Where nobody differs, those are counted that were compared at all.
    let Some(stage) = first else {
        let compared = subjects.iter().filter(|one| {
            let agrees = |line: &&Line| line.verdict == Verdict::Agree;
            of(&one.name).iter().any(agrees)
        });
        return Row {
            case: case.to_owned(),
            stage: None,
            odd: match compared.count() {
                0 | 1 => Odd::TooFew,
                _ => Odd::Nobody,
            },
            verdicts,
        };
    };
    let in_stage: Vec<&Line> = lines
        .iter()
        .filter(|line| line.stage == *stage)
        .copied()
        .collect();
    Row {
        case: case.to_owned(),
        stage: Some(stage.clone()),
        odd: odd(&in_stage),
        verdicts,
    }
}

/// The worst that was found of a subject.
fn worst(lines: &[&Line]) -> Option<Verdict> {
    let order = [
        Verdict::HarnessError,
        Verdict::Crash,
        Verdict::CannotRun,
        Verdict::Differ,
        Verdict::Agree,
        Verdict::Cut,
        Verdict::Poisoned,
        Verdict::Unsupported,
    ];
    order
        .into_iter()
        .find(|verdict| lines.iter().any(|line| line.verdict == *verdict))
}

/// Who is the odd one out in one stage in which somebody differs.
fn odd(lines: &[&Line]) -> Odd {
    let mut with_reference = vec!["reference".to_owned()];
    let mut others: BTreeMap<&[String], Vec<String>> = BTreeMap::new();
    for line in lines {
        match line.verdict {
            Verdict::Agree | Verdict::Cut => with_reference.push(line.subject.clone()),
            verdict if verdict.is_difference() => {
                let party = others.entry(&line.digests).or_default();
                party.push(line.subject.clone());
            }
            _ => {}
        }
    }
    let differing: usize = others.values().map(Vec::len).sum();
    let others: Vec<Vec<String>> = others.into_values().collect();
    match (with_reference.len(), differing) {
        (1, 1) => Odd::TooFew,
        (_, 1) => Odd::Subject(others[0][0].clone()),
        (1, _) if others.len() == 1 => Odd::Reference,
        (1, count) if others.len() == count => Odd::NoTwoAgree,
        _ => {
            let mut parties = vec![with_reference];
            parties.extend(others);
            Odd::Parties(parties)
        }
    }
}

/// A letter for a verdict, as tables show it.
fn mark(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Agree | Verdict::Cut) => "agrees",
        Some(Verdict::Differ) => "differs",
        Some(Verdict::CannotRun) => "cannot run",
        Some(Verdict::Crash) => "crashes",
        Some(Verdict::HarnessError) => "trouble",
        Some(Verdict::Poisoned | Verdict::Unsupported) | None => "-",
    }
}

/// How many cases have each odd one out, most first.
pub fn tally(rows: &[Row]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.odd.to_string()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// Topics by subjects, as text: how many cases agree of how many were compared.
pub fn text(run: &Run, rows: &[Row]) -> String {
    let names = run.header.subject_names();
    let topics = by_topic(rows, names.len());
    let width = topics
        .keys()
        .map(|topic| topic.len())
        .max()
        .unwrap_or(5)
        .max(5);
    let columns: Vec<usize> = names.iter().map(|name| name.len().max(9)).collect();
    let mut text = format!("{:width$}", "topic");
    for (name, column) in names.iter().zip(&columns) {
        text.push_str(&format!("  {name:>column$}"));
    }
    text.push('\n');
    for (topic, cells) in topics {
        text.push_str(&format!("{topic:width$}"));
        for ((agree, all), column) in cells.into_iter().zip(&columns) {
            text.push_str(&format!("  {:>column$}", format!("{agree}/{all}")));
        }
        text.push('\n');
    }
    text.push_str("cases that agree, of those that were compared\n\nthe odd one out:\n");
    for (odd, count) in tally(rows) {
        text.push_str(&format!("{count:6}  {odd}\n"));
    }
    text
}

/// Agreements and comparisons of each topic, by subject.
fn by_topic(rows: &[Row], subjects: usize) -> BTreeMap<&str, Vec<(u32, u32)>> {
    let mut topics: BTreeMap<&str, Vec<(u32, u32)>> = BTreeMap::new();
    for row in rows {
        let topic = row.case.split('/').next().unwrap_or(&row.case);
        let cells = topics
            .entry(topic)
            .or_insert_with(|| vec![(0, 0); subjects]);
        for (cell, verdict) in cells.iter_mut().zip(&row.verdicts) {
            let agrees = matches!(verdict, Some(Verdict::Agree | Verdict::Cut));
            let compared = agrees || verdict.is_some_and(Verdict::is_difference);
            cell.0 += u32::from(agrees);
            cell.1 += u32::from(compared);
        }
    }
    topics
}

/// The whole matrix as Markdown: the topics, then every case that somebody differs in.
pub fn markdown(run: &Run, rows: &[Row]) -> String {
    let names = run.header.subject_names();
    let rule = "---|".repeat(names.len());
    let mut text = format!(
        "# {} subjects against {}\n\n",
        names.len(),
        run.header.reference
    );
    for subject in &run.header.subjects {
        text.push_str(&format!("- {}: {}\n", subject.name, subject.implementation));
    }
    text.push_str(&format!(
        "\n| topic | {} |\n|---|{rule}\n",
        names.join(" | ")
    ));
    for (topic, cells) in by_topic(rows, names.len()) {
        let cells: Vec<String> = cells
            .iter()
            .map(|(agree, all)| format!("{agree}/{all}"))
            .collect();
        text.push_str(&format!("| {topic} | {} |\n", cells.join(" | ")));
    }
    text.push_str("\nCases that agree, of those that were compared.\n\n## The odd one out\n\n");
    for (odd, count) in tally(rows) {
        text.push_str(&format!("- {count}: {odd}\n"));
    }
    let names = names.join(" | ");
    text.push_str(&format!(
        "\n## Cases that differ\n\n| case | stage | {names} | odd one out |\n|---|---|{rule}---|\n"
    ));
    for row in rows {
        let Some(stage) = &row.stage else { continue };
        let marks: Vec<&str> = row.verdicts.iter().map(|verdict| mark(*verdict)).collect();
        text.push_str(&format!(
            "| {} | {stage} | {} | {} |\n",
            row.case,
            marks.join(" | "),
            row.odd
        ));
    }
    text
}
