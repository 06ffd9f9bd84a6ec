//! The most telling findings of a campaign for a reader: each program with what both sides show, side by side.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::context;
use serde::Serialize;

use crate::page::environment;

const PAGE: &str = include_str!("telling.html");
/// The width of a column in Markdown, and how many lines of an output are shown there.
const COLUMN: usize = 58;
const LINES: usize = 40;

/// A finding as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub id: String,
    pub kind: String,
    pub topic: String,
    pub programs: u64,
    pub size: String,
    pub original_lines: usize,
    pub signature: String,
    pub program: String,
    pub left: String,
    pub right: String,
    pub difference: String,
}

/// Everything on the page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    pub oracle: String,
    pub subject: String,
    pub programs: u64,
    pub signatures: usize,
    /// How many signatures there are of each kind.
    pub kinds: Vec<(String, usize)>,
    pub entries: Vec<Entry>,
}

/// Writes the page and the Markdown; says where they are.
pub fn write(page: &Page, folder: &Path, name: &str) -> Result<Vec<PathBuf>, String> {
    let trouble = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(trouble)?;
    let html = environment()
        .render_str(
            PAGE,
            context! { page => minijinja::Value::from(minijinja::value::Serde(page)) },
        )
        .map_err(|error| error.to_string())?;
    let mut written = Vec::new();
    for (ending, text) in [("md", markdown(page)), ("html", html)] {
        let path = folder.join(format!("telling-{name}.{ending}"));
        fs::write(&path, text).map_err(trouble)?;
        written.push(path);
    }
    Ok(written)
}

fn markdown(page: &Page) -> String {
    let mut text = format!("# {} against {}\n\n", page.subject, page.oracle);
    let kinds: Vec<String> = page
        .kinds
        .iter()
        .map(|(name, count)| format!("{count} of the kind \"{name}\""))
        .collect();
    let _ = writeln!(
        text,
        "The {} most telling of {} signatures that {} programs showed: {}.",
        page.entries.len(),
        page.signatures,
        page.programs,
        kinds.join(", ")
    );
    for (at, entry) in page.entries.iter().enumerate() {
        let _ = writeln!(
            text,
            "\n## {}. {} ({}, {} programs)\n\n{}: `{}`; {} lines as found; {}\n\n```python\n{}\n```\n\n```\n{}```",
            at + 1,
            entry.kind,
            entry.topic,
            entry.programs,
            entry.id,
            entry.signature,
            entry.original_lines,
            entry.size,
            entry.program.trim_end(),
            columns(&page.oracle, &entry.left, &page.subject, &entry.right)
        );
        if entry.left == entry.right {
            let _ = writeln!(text, "\n```\n{}\n```", entry.difference.trim_end());
        }
    }
    text
}

/// Two texts side by side; a bar marks lines that differ.
fn columns(left_name: &str, left: &str, right_name: &str, right: &str) -> String {
    let row = |left: &str, mark: char, right: &str| {
        let line = format!("{left:<COLUMN$} {mark} {right}");
        format!("{}\n", line.trim_end())
    };
    let mut text = row(&cut(left_name), ' ', &cut(right_name));
    text.push_str(&row(&"-".repeat(COLUMN), ' ', &"-".repeat(COLUMN)));
    let (left, right): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    let lines = left.len().max(right.len());
    for at in 0..lines.min(LINES) {
        let (one, other) = (left.get(at), right.get(at));
        let mark = if one == other { ' ' } else { '|' };
        let (one, other) = (wrapped(one.unwrap_or(&"")), wrapped(other.unwrap_or(&"")));
        for part in 0..one.len().max(other.len()) {
            let piece = |parts: &[String]| parts.get(part).cloned().unwrap_or_default();
            text.push_str(&row(&piece(&one), mark, &piece(&other)));
        }
    }
    if lines > LINES {
        let _ = writeln!(text, "... and {} more lines", lines - LINES);
    }
    text
}

fn cut(text: &str) -> String {
    text.chars().take(COLUMN).collect()
}

/// A line in pieces of a column's width; a very long one is cut.
fn wrapped(line: &str) -> Vec<String> {
    const PIECES: usize = 6;
    let letters: Vec<char> = line.chars().map(printable).collect();
    let mut pieces: Vec<String> = letters
        .chunks(COLUMN)
        .take(PIECES)
        .map(|piece| piece.iter().collect())
        .collect();
    if letters.len() > COLUMN * PIECES {
        pieces.push(format!("... {} characters", letters.len()));
    }
    if pieces.is_empty() {
        pieces.push(String::new());
    }
    pieces
}

fn printable(letter: char) -> char {
    if letter.is_control() {
        '\u{fffd}'
    } else {
        letter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_marked() {
        let shown = columns("A", "one\ntwo", "B", "one\nthree\nfour");
        let marks: Vec<char> = shown
            .lines()
            .skip(2)
            .map(|line| line.chars().nth(COLUMN + 1).unwrap_or(' '))
            .collect();
        assert_eq!(marks, [' ', '|', '|']);
    }

    #[test]
    fn long_lines_go_on_below() {
        let pieces = wrapped(&"x".repeat(COLUMN + 2));
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[1], "xx");
    }
}
