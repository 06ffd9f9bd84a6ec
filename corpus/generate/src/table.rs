//! The tables of operations: a small text format, parsed once, that says what can be drawn for a topic.
//!
//! A table is a list of sections of rules. `[statement]` holds statements, `[body.NAME]` statements that only
//! stand in a block `<body.NAME>`, `[guard]` the forms in which a statement that may raise is run,
//! `[prelude]` imports and definitions that are put at the top of a program that uses them, and
//! `[KIND]` expressions of a kind. A rule is `WEIGHT FLAGS | TEMPLATE`; a template of several lines follows
//! the bar, indented by four. NOTES.md lists the flags and the holes of templates.

use std::collections::BTreeMap;

use crate::draws::{self, Draw};
use crate::markers::{self, MARKERS};

/// What a table says, before topics are put together.
#[derive(Debug, Default)]
pub struct Table {
    /// Tables whose statements are drawn too, more rarely.
    pub also: Vec<&'static str>,
    /// Rules by section.
    pub sections: BTreeMap<&'static str, Vec<Rule>>,
    /// The fixed name of each prelude, and its index in section `prelude`.
    pub preludes: BTreeMap<&'static str, usize>,
}

#[derive(Debug)]
pub struct Rule {
    pub weight: u32,
    /// Whether the rule may raise where it stands.
    pub raises: bool,
    /// Whether the rule makes values much larger: not in loops, and only a few times in a program.
    pub grow: bool,
    /// Drawn at most once in a program.
    pub once: bool,
    /// Only outside all functions and blocks.
    pub top: bool,
    pub needs: Vec<&'static str>,
    /// A prelude's name.
    pub name: &'static str,
    pub lines: Vec<Line>,
}

/// A statement with its clauses.
#[derive(Debug)]
pub struct Line {
    pub clauses: Vec<TemplateClause>,
}

#[derive(Debug)]
pub struct TemplateClause {
    pub pieces: Vec<Piece>,
    pub body: Option<Vec<Line>>,
}

#[derive(Debug)]
pub enum Piece {
    Text(&'static str),
    Hole(Hole, &'static str),
}

/// What a hole is filled with; the label beside it lets the same thing be used again.
#[derive(Debug)]
pub enum Hole {
    /// `<kind>`: any expression of a kind.
    Expression(&'static str),
    /// `<~kind>`: an expression without variables.
    Literal(&'static str),
    /// `<@kind>`: a variable of a kind, made beforehand if there is none.
    Variable(&'static str),
    /// `<=kind>`: a new variable.
    Define(&'static str),
    /// `<%kind>`: a new name that nothing else sees, such as a comprehension's.
    Local(&'static str),
    /// `<&kind>`: a variable that the line binds again.
    Rebind(&'static str),
    /// `<-kind>`: a variable that the line deletes.
    Delete(&'static str),
    /// `<#name>`: a constant drawn by code.
    Draw(Draw),
    /// `<#3..17>`: an integer.
    Range(i64, i64),
    /// `<^name>`: the fixed name of a prelude.
    Prelude(&'static str),
    /// `<{a b c}>`: one of some words.
    Choice(Vec<&'static str>),
    /// `<:label>`: what the hole of that label was filled with.
    Back,
    /// `<body>`, `<body.name>`: some statements.
    Body(&'static str),
    /// `<op>`, in guards: the statement to be guarded.
    Guarded,
    /// `<default>`, in guards: what the statement would have bound, bound to something plain.
    Default,
}

pub const STATEMENT: &str = "statement";
pub const GUARD: &str = "guard";
pub const PRELUDE: &str = "prelude";

impl Table {
    pub fn parse(text: &'static str) -> Result<Table, String> {
        let mut table = Table::default();
        let mut section = "";
        let lines: Vec<&'static str> = text.lines().collect();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at];
            at += 1;
            let number = at;
            let complain = |reason: &str| format!("line {number}: {reason}: {line}");
            if line.trim().is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            if let Some(names) = line.strip_prefix("also ") {
                table.also = names.split_whitespace().collect();
                continue;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                section = name;
                continue;
            }
            let (head, template) = line
                .split_once('|')
                .ok_or_else(|| complain("a rule has a bar"))?;
            let mut rule = parse_head(head).map_err(|reason| complain(&reason))?;
            let mut source = Vec::new();
            if template.trim().is_empty() {
                while at < lines.len() && (lines[at].starts_with("    ") || lines[at].is_empty()) {
                    if !lines[at].is_empty() {
                        source.push(&lines[at][4..]);
                    }
                    at += 1;
                }
            } else {
                source.push(template.trim());
            }
            rule.lines = parse_lines(&source)?;
            rule.needs.extend(shown_features(&rule.lines));
            if rule.lines.is_empty() {
                return Err(complain("a rule has a template"));
            }
            table.add(section, rule);
        }
        Ok(table)
    }

    fn add(&mut self, section: &'static str, rule: Rule) {
        let rules = self.sections.entry(section).or_default();
        if section == PRELUDE {
            self.preludes.insert(rule.name, rules.len());
        }
        rules.push(rule);
    }
}

fn parse_head(head: &'static str) -> Result<Rule, String> {
    let mut words = head.split_whitespace();
    let weight = words.next().unwrap_or("").parse();
    let mut rule = Rule {
        weight: weight.map_err(|_| "a rule begins with its weight".to_owned())?,
        raises: false,
        grow: false,
        once: false,
        top: false,
        needs: Vec::new(),
        name: "",
        lines: Vec::new(),
    };
    for word in words {
        match word {
            "!" => rule.raises = true,
            "grow" => rule.grow = true,
            "once" => rule.once = true,
            "top" => rule.top = true,
            _ if word.starts_with("needs=") => rule.needs.extend(word[6..].split(',')),
            _ if word.starts_with("name=") => rule.name = &word[5..],
            _ => return Err(format!("unknown flag {word}")),
        }
    }
    Ok(rule)
}

/// Features that the text of a template shows, holes left out.
fn shown_features(lines: &[Line]) -> Vec<&'static str> {
    let mut text = String::new();
    collect_text(lines, &mut text);
    let shown = MARKERS
        .iter()
        .filter(|marker| markers::holds(&text, marker.text));
    shown.map(|marker| marker.feature).collect()
}

fn collect_text(lines: &[Line], out: &mut String) {
    for clause in lines.iter().flat_map(|line| &line.clauses) {
        for piece in &clause.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                // Something that is no part of a word.
                Piece::Hole(..) => out.push('?'),
            }
        }
        out.push('\n');
        collect_text(clause.body.as_deref().unwrap_or(&[]), out);
    }
}

fn depth_of(line: &str) -> usize {
    (line.len() - line.trim_start_matches(' ').len()) / 4
}

fn continues(line: &str) -> bool {
    let word = line
        .trim_start()
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let word = word.into_iter().next().unwrap_or("");
    matches!(word, "except" | "else" | "elif" | "finally") && line.trim_end().ends_with(':')
}

fn parse_lines(source: &[&'static str]) -> Result<Vec<Line>, String> {
    let mut lines: Vec<Line> = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let line = source[at];
        let depth = depth_of(line);
        let end = (at + 1..source.len())
            .find(|next| depth_of(source[*next]) <= depth)
            .unwrap_or(source.len());
        let nested = &source[at + 1..end];
        let clause = TemplateClause {
            pieces: parse_pieces(line.trim_start_matches(' '))?,
            body: if nested.is_empty() {
                None
            } else {
                Some(parse_lines(nested)?)
            },
        };
        match lines.last_mut() {
            Some(last) if continues(line) && clause.body.is_some() => last.clauses.push(clause),
            Some(last) if is_decorator(last) => last.clauses.push(clause),
            _ => lines.push(Line {
                clauses: vec![clause],
            }),
        }
        at = end;
    }
    Ok(lines)
}

/// Whether all that a statement has so far are decorators: the definition belongs to it.
fn is_decorator(line: &Line) -> bool {
    line.clauses.iter().all(TemplateClause::is_decorator)
}

impl TemplateClause {
    fn is_decorator(&self) -> bool {
        matches!(self.pieces.first(), Some(Piece::Text(text)) if text.starts_with('@'))
    }
}

/// Splits a line of a template into text and holes.
pub fn parse_pieces(line: &'static str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = line[at..].find('<') {
        let open = at + found;
        let Some((hole, label, close)) = parse_hole(line, open)? else {
            at = open + 1;
            continue;
        };
        if open > start {
            pieces.push(Piece::Text(&line[start..open]));
        }
        pieces.push(Piece::Hole(hole, label));
        start = close;
        at = close;
    }
    if start < line.len() {
        pieces.push(Piece::Text(&line[start..]));
    }
    Ok(pieces)
}

fn is_name(text: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && text.chars().all(inner)
}

type Found = Option<(Hole, &'static str, usize)>;

/// The hole that opens at `open`, its label and where it ends; none where the `<` is Python's own.
fn parse_hole(line: &'static str, open: usize) -> Result<Found, String> {
    let rest = &line[open + 1..];
    if line[..open].ends_with("(?P") {
        // The name of a group in a regular expression.
        return Ok(None);
    }
    if let Some(words) = rest.strip_prefix('{') {
        let Some(end) = words.find("}>") else {
            return Ok(None);
        };
        let choices = words[..end].split_whitespace().collect();
        return Ok(Some((Hole::Choice(choices), "", open + 1 + 1 + end + 2)));
    }
    let Some(end) = rest.find('>') else {
        return Ok(None);
    };
    let inner = &rest[..end];
    let close = open + 1 + end + 1;
    if let Some(label) = inner.strip_prefix(':') {
        return Ok(is_name(label).then_some((Hole::Back, label, close)));
    }
    let (name, label) = inner.split_once(':').unwrap_or((inner, ""));
    let Some(first) = name.chars().next() else {
        return Ok(None);
    };
    let tail = &name[first.len_utf8()..];
    if first == '#' {
        return Ok(Some((parse_draw(tail)?, label, close)));
    }
    if first.is_ascii_punctuation() && !is_name(tail) {
        return Ok(None);
    }
    let hole = match first {
        '~' => Hole::Literal(tail),
        '@' => Hole::Variable(tail),
        '=' => Hole::Define(tail),
        '%' => Hole::Local(tail),
        '&' => Hole::Rebind(tail),
        '-' => Hole::Delete(tail),
        '^' => Hole::Prelude(tail),
        _ if !is_name(name) => return Ok(None),
        _ => match name {
            "op" => Hole::Guarded,
            "default" => Hole::Default,
            "body" => Hole::Body(STATEMENT),
            _ if name.starts_with("body.") => Hole::Body(name),
            _ => Hole::Expression(name),
        },
    };
    Ok(Some((hole, label, close)))
}

fn parse_draw(text: &'static str) -> Result<Hole, String> {
    if let Some((low, high)) = text.split_once("..") {
        let number = |text: &str| text.parse().map_err(|_| format!("no range: {text}"));
        return Ok(Hole::Range(number(low)?, number(high)?));
    }
    draws::find(text)
        .map(Hole::Draw)
        .ok_or_else(|| format!("no draw is called {text}"))
}

impl Rule {
    /// Calls `look` with every hole of the rule.
    pub fn holes<'a>(&'a self, look: &mut dyn FnMut(&'a Hole)) {
        fn walk<'a>(lines: &'a [Line], look: &mut dyn FnMut(&'a Hole)) {
            for clause in lines.iter().flat_map(|line| &line.clauses) {
                for piece in &clause.pieces {
                    if let Piece::Hole(hole, _) = piece {
                        look(hole);
                    }
                }
                walk(clause.body.as_deref().unwrap_or(&[]), look);
            }
        }
        walk(&self.lines, look);
    }

    /// The kinds of which the rule, as a statement, binds variables that stay.
    pub fn defines(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        for line in &self.lines {
            let Some(clause) = line.clauses.iter().find(|clause| !clause.is_decorator()) else {
                continue;
            };
            if clause.body.is_some() && !opens_definition(&clause.pieces) {
                continue;
            }
            for piece in &clause.pieces {
                match piece {
                    Piece::Hole(Hole::Define(kind), _) => found.push(*kind),
                    Piece::Text(text) if clause.body.is_some() && text.contains('(') => break,
                    _ => {}
                }
            }
        }
        found
    }

    pub fn has_block(&self) -> bool {
        let mut found = false;
        self.holes(&mut |hole| found |= matches!(hole, Hole::Body(_)));
        found
    }
}

/// Whether a clause begins a function or a class, whose name stays bound behind its block.
pub fn opens_definition(pieces: &[Piece]) -> bool {
    let Some(Piece::Text(text)) = pieces.first() else {
        return false;
    };
    ["def ", "class ", "async def "]
        .iter()
        .any(|word| text.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_told_from_comparisons() {
        let pieces = parse_pieces("<=int> = <@int:a> < <int> << <:a> <{+ - <<}> <#3..17>").unwrap();
        let holes = pieces
            .iter()
            .filter(|piece| matches!(piece, Piece::Hole(..)))
            .count();
        assert_eq!(holes, 6);
    }

    #[test]
    fn blocks_and_clauses_are_nested() {
        let text = "[guard]\n3 |\n    try:\n        <op>\n    except E:\n        pass\n    x = 1\n";
        let table = Table::parse(text).unwrap();
        let rule = &table.sections[GUARD][0];
        assert_eq!(rule.lines.len(), 2);
        assert_eq!(rule.lines[0].clauses.len(), 2);
    }
}
