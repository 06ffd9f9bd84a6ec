//! The gate's table and findings for a terminal.

use std::fmt::Write;

use crate::gate::{Cell, GateReport, Judged, MaskLine};

/// How many findings and mask rules are shown.
const SHOWN: usize = 15;

/// Colours, or none of them.
#[derive(Clone, Copy)]
pub struct Style {
    pub colour: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Colours the lines of a unified diff.
    pub fn diff(self, text: &str) -> String {
        let mut result = String::new();
        for line in text.lines() {
            let painted = match line.trim_start().as_bytes().first() {
                Some(b'-') => self.paint("31", line),
                Some(b'+') => self.paint("32", line),
                Some(b'@') => self.paint("36", line),
                _ => line.to_owned(),
            };
            result.push_str(&painted);
            result.push('\n');
        }
        result
    }
}

/// The whole report.
pub fn report(gate: &GateReport, style: Style) -> String {
    let mut text = format!("{} against {}\n\n", gate.subject, gate.oracle);
    if !gate.unsupported_fields.is_empty() {
        let _ = writeln!(text, "fields that the subject declares it does not keep:");
        let _ = writeln!(
            text,
            "{}\n",
            style.dim(&format!("  {}", gate.unsupported_fields.join(", ")))
        );
    }
    text.push_str(&table(gate, style));
    text.push_str(&findings(gate, style));
    text.push_str(&masks("the pinned environment", &gate.pinned_mask, style));
    text.push_str(&masks(
        "the varied environment (foreign interpreters only)",
        &gate.varied_mask,
        style,
    ));
    text.push_str(&style.dim(&format!(
        "{} rules are written by hand; the report lists them with their reasons\n",
        gate.hand_written_rules.len()
    )));
    text.push_str(&summary_line(gate, style));
    text
}

/// One line on what a mask hides; the report lists the rules, each with an example.
fn masks(title: &str, lines: &[MaskLine], style: Style) -> String {
    let hidden: u64 = lines.iter().map(|line| line.count).sum();
    let line = format!(
        "mask of {title}: {} rules from {hidden} differences of the reference with itself\n",
        lines.len()
    );
    style.dim(&line)
}

/// Topics by stages: agree / known / new / unsupported.
pub fn table(gate: &GateReport, style: Style) -> String {
    let width = gate.table.keys().map(String::len).max().unwrap_or(5).max(5);
    let mut text = format!("{:width$}  programs", "topic");
    for stage in &gate.stages {
        let _ = write!(text, "  {stage:>14}");
    }
    text.push('\n');
    for (topic, row) in &gate.table {
        let programs = gate
            .programs
            .iter()
            .filter(|program| program.topic == *topic)
            .count();
        let _ = write!(text, "{topic:width$}  {programs:8}");
        for stage in &gate.stages {
            let cell = row.get(stage).copied().unwrap_or_default();
            let shown = format!("{:>14}", cell_text(cell));
            let painted = if cell.new > 0 {
                style.bad(&shown)
            } else if cell.agree > 0 && cell.known == 0 {
                style.good(&shown)
            } else {
                style.dim(&shown)
            };
            let _ = write!(text, "  {painted}");
        }
        text.push('\n');
    }
    text.push_str(&style.dim(
        "agree / known / new / unsupported (p: the reference does not agree with itself, c: cut at a limit)\n",
    ));
    for (reason, count) in &gate.empty {
        let _ = writeln!(text, "{} {count}: {reason}", style.bad("empty agreement"));
    }
    text.push('\n');
    text
}

/// `7/0/2/1`.
pub fn cell_text(cell: Cell) -> String {
    let marked = |count: u32, mark: &str| {
        if count > 0 {
            format!(" {count}{mark}")
        } else {
            String::new()
        }
    };
    let poisoned = marked(cell.poisoned, "p") + &marked(cell.cut, "c");
    format!(
        "{}/{}/{}/{}{poisoned}",
        cell.agree, cell.known, cell.new, cell.unsupported
    )
}

fn findings(gate: &GateReport, style: Style) -> String {
    let mut text = String::new();
    for line in gate.findings.iter().take(SHOWN) {
        let word = match line.judged {
            Judged::Known => style.dim("known"),
            _ => style.bad("new"),
        };
        let _ = writeln!(text, "{word} {} {}", line.programs.len(), line.signature);
        let digests: Vec<&str> = line.digests.iter().take(4).map(String::as_str).collect();
        let _ = writeln!(
            text,
            "{}",
            style.dim(&format!("      digests {}", digests.join(" ")))
        );
        let names: Vec<&str> = line.programs.iter().take(4).map(String::as_str).collect();
        let more = if line.programs.len() > 4 { " ..." } else { "" };
        let _ = writeln!(
            text,
            "{}",
            style.dim(&format!("      {}{more}", names.join(" ")))
        );
    }
    if gate.findings.len() > SHOWN {
        let _ = writeln!(
            text,
            "... and {} more findings",
            gate.findings.len() - SHOWN
        );
    }
    for program in gate
        .programs
        .iter()
        .filter(|program| program.harness_error.is_some())
        .take(SHOWN)
    {
        let reason = program.harness_error.as_deref().unwrap_or("");
        let _ = writeln!(
            text,
            "{} {}: {reason}",
            style.bad("harness error"),
            program.name
        );
    }
    for program in gate
        .programs
        .iter()
        .filter(|program| program.unconfirmed.is_some())
    {
        let stage = program.unconfirmed.as_deref().unwrap_or("");
        let _ = writeln!(
            text,
            "unconfirmed {}: {stage} differed in warm workers, in no fresh pair",
            program.name
        );
    }
    for entry in &gate.stale {
        let _ = writeln!(
            text,
            "{} expectation {}: {}",
            style.bad("stale"),
            entry.id,
            entry.reason
        );
    }
    for passed in &gate.let_pass {
        let _ = writeln!(text, "policy lets pass {}: {}", passed.what, passed.reason);
    }
    text.push('\n');
    text
}

/// What fails the gate, in one line: the first of it, and how much more there is.
pub fn why_red(gate: &GateReport) -> Option<String> {
    let more = |count: usize| match count {
        0 | 1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let mut new = gate
        .programs
        .iter()
        .filter(|program| program.judged == Judged::New);
    if let Some(first) = new.next() {
        let unexpected = first
            .findings
            .iter()
            .find(|finding| finding.known.is_none());
        let said = unexpected.map_or("", |finding| finding.signature.as_str());
        let rest = more(1 + new.count());
        return Some(format!("red: {} differs: {said}{rest}", first.name));
    }
    let stale = gate.stale.first()?;
    let rest = more(gate.stale.len());
    Some(format!(
        "red: expectation {}: {}{rest}",
        stale.id, stale.reason
    ))
}

/// What the programs that agree agree on: the stages that were compared at all.
fn compared(gate: &GateReport) -> String {
    let seen = |stage: &&String| {
        gate.table
            .values()
            .any(|row| row.get(*stage).is_some_and(|cell| cell.agree > 0))
    };
    let stages: Vec<&str> = gate
        .stages
        .iter()
        .filter(seen)
        .map(String::as_str)
        .collect();
    if stages.len() == gate.stages.len() {
        format!("all {} stages", stages.len())
    } else {
        stages.join(", ")
    }
}

/// The verdict in one line.
pub fn summary_line(gate: &GateReport, style: Style) -> String {
    let stopped = if gate.interrupted {
        " (interrupted)"
    } else {
        ""
    };
    let line = format!(
        "{} programs: {} agree on {}, {} say little, {} known, {} new, {} harness errors, {} stale; {:.1} s{stopped}",
        gate.programs.len(),
        gate.count(Judged::Agree),
        compared(gate),
        gate.count(Judged::Empty),
        gate.count(Judged::Known),
        gate.count(Judged::New),
        gate.count(Judged::HarnessError),
        gate.stale.len(),
        gate.seconds
    );
    let painted = if gate.exit_code() == 0 {
        style.good(&line)
    } else {
        style.bad(&line)
    };
    format!("{painted}\n")
}
