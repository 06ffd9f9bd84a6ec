//! The second phase: statements go level by level, blocks give way to their bodies, expressions to their parts.

use std::collections::{BTreeMap, BTreeSet};

use crate::Reduction;
use crate::parts::{Edit, Parts, StatementPart, parts_of};

/// Rounds over all kinds of change; each makes room for the others.
const ROUNDS: usize = 6;

pub(crate) fn reduce(reduction: &mut Reduction<'_>, source: &str) -> String {
    let mut source = without_comments(reduction, source);
    for _ in 0..ROUNDS {
        let before = source.clone();
        if parts_of(&source).is_none() {
            source = remove_pieces(reduction, &source);
        }
        source = remove_statements(reduction, source);
        source = hoist_bodies(reduction, source);
        source = shorten_expressions(reduction, source);
        if source == before || reduction.is_over() {
            break;
        }
    }
    source
}

/// Drops the lines that hold nothing but a comment, if what is shown needs none of them.
fn without_comments(reduction: &mut Reduction<'_>, source: &str) -> String {
    let is_code = |line: &&str| {
        let text = line.trim();
        !text.is_empty() && !text.starts_with('#')
    };
    let bare: String = source.split_inclusive('\n').filter(is_code).collect();
    if bare != source
        && reduction
            .first_that_holds(std::slice::from_ref(&bare))
            .is_some()
    {
        bare
    } else {
        source.to_owned()
    }
}

/// A source of no more characters than this loses single characters too.
const SHORT: usize = 400;

/// Removes lines of a source that is no program, then single characters.
fn remove_pieces(reduction: &mut Reduction<'_>, source: &str) -> String {
    fn remove(reduction: &mut Reduction<'_>, pieces: &[&str]) -> String {
        let build = |gone: &[bool]| {
            let left = pieces.iter().zip(gone).filter(|(_, gone)| !**gone);
            left.map(|(piece, _)| *piece).collect::<String>()
        };
        let gone = reduction.remove_items(pieces.len(), &build);
        build(&gone)
    }
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let source = remove(reduction, &lines);
    if source.len() > SHORT {
        return source;
    }
    let characters: Vec<&str> = source.split_inclusive(|_: char| true).collect();
    remove(reduction, &characters)
}

/// Removes statements, the outermost first, so that whole functions go before their lines are looked at.
fn remove_statements(reduction: &mut Reduction<'_>, mut source: String) -> String {
    let mut depth = 0;
    loop {
        let Some(parts) = parts_of(&source) else {
            return source;
        };
        let level: Vec<usize> = (0..parts.statements.len())
            .filter(|at| {
                let statement = &parts.statements[*at];
                statement.depth == depth && !statement.shares_line
            })
            .collect();
        let deepest = parts.statements.iter().map(|found| found.depth).max();
        if deepest.is_none_or(|deepest| depth > deepest) || reduction.is_over() {
            return source;
        }
        let build = |gone: &[bool]| {
            let removed = level.iter().zip(gone).filter(|(_, gone)| **gone);
            without(&source, &parts, &removed.map(|(at, _)| *at).collect())
        };
        let gone = reduction.remove_items(level.len(), &build);
        if gone.iter().any(|went| *went) {
            source = build(&gone);
        }
        depth += 1;
    }
}

/// The source without some statements; a block that loses all of its own gets a `pass`.
fn without(source: &str, parts: &Parts, removed: &BTreeSet<usize>) -> String {
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let mut keep = vec![true; lines.len()];
    let mut left_in_suite: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, statement) in parts.statements.iter().enumerate() {
        *left_in_suite.entry(statement.suite).or_default() += usize::from(!removed.contains(&at));
    }
    let mut passes: BTreeMap<usize, usize> = BTreeMap::new();
    for at in removed {
        let statement = &parts.statements[*at];
        keep[statement.lines.clone()].fill(false);
        if statement.depth > 0 && left_in_suite[&statement.suite] == 0 {
            passes.entry(statement.suite).or_insert(*at);
        }
    }
    let pass_lines: BTreeMap<usize, usize> = passes
        .values()
        .map(|at| {
            let statement = &parts.statements[*at];
            (statement.lines.start, statement.indent)
        })
        .collect();
    let mut text = String::with_capacity(source.len());
    for (at, line) in lines.iter().enumerate() {
        if let Some(indent) = pass_lines.get(&at) {
            text.push_str(&format!("{:indent$}pass\n", ""));
        }
        if keep[at] && !line.trim().is_empty() {
            text.push_str(line);
        }
    }
    text
}

/// Replaces compound statements by the statements inside them.
fn hoist_bodies(reduction: &mut Reduction<'_>, mut source: String) -> String {
    let mut from = 0;
    while !reduction.is_over() {
        let Some(parts) = parts_of(&source) else {
            return source;
        };
        let compound: Vec<&StatementPart> = parts
            .statements
            .iter()
            .filter(|statement| !statement.bodies.is_empty() && !statement.shares_line)
            .collect();
        let candidates: Vec<String> = compound
            .iter()
            .flat_map(|statement| hoisted(&source, statement))
            .collect();
        let Some(held) = reduction.first_that_holds(candidates.get(from..).unwrap_or(&[])) else {
            return source;
        };
        from += held;
        source.clone_from(&candidates[from]);
    }
    source
}

/// The forms of a source in which one compound statement is replaced by all of its bodies, or by one of them.
fn hoisted(source: &str, statement: &StatementPart) -> Vec<String> {
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let with_bodies = |bodies: &[std::ops::Range<usize>]| {
        let mut text: String = lines[..statement.lines.start].concat();
        for body in bodies {
            let indent_of = |line: &str| line.len() - line.trim_start().len();
            let own = lines[body.clone()]
                .first()
                .map_or(0, |line| indent_of(line));
            for line in &lines[body.clone()] {
                let cut = own.saturating_sub(statement.indent).min(indent_of(line));
                text.push_str(&line[cut..]);
            }
        }
        text.push_str(&lines[statement.lines.end.min(lines.len())..].concat());
        text
    };
    let mut forms = Vec::new();
    if statement.bodies.len() > 1 {
        forms.push(with_bodies(&statement.bodies));
    }
    forms.extend(
        statement
            .bodies
            .iter()
            .map(|body| with_bodies(std::slice::from_ref(body))),
    );
    forms
}

/// Replaces expressions by shorter ones, those that save most first.
fn shorten_expressions(reduction: &mut Reduction<'_>, mut source: String) -> String {
    let mut refused: BTreeSet<String> = BTreeSet::new();
    while !reduction.is_over() {
        let Some(parts) = parts_of(&source) else {
            return source;
        };
        let apply = |edit: &Edit| {
            let (head, tail) = (&source[..edit.range.start], &source[edit.range.end..]);
            format!("{head}{}{tail}", edit.text)
        };
        let candidates: Vec<String> = parts
            .edits
            .iter()
            .map(apply)
            .filter(|candidate| !refused.contains(candidate))
            .collect();
        let Some(held) = reduction.first_that_holds(&candidates) else {
            return source;
        };
        refused.extend(candidates[..held].iter().cloned());
        source.clone_from(&candidates[held]);
    }
    source
}
