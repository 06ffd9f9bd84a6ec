//! Writes a file of expectations: always the same for the same entries, one line for each case.

use std::collections::BTreeMap;
use std::fmt;

use crate::entry::{Entry, Expectations, Kind, Why};
use crate::file::VERSION;

/// What a new file begins with.
const OPENING: &str = "\
# What is known to differ, not to run, or to crash, by subject and case.
# `twinheap expect update` writes this file; `twinheap expect check` and every gate fail on entries that no longer hold.
# An entry says why (a name of [reasons], or `reason` in full), and may have a link, a version (\">=7.3, <8\") and a platform.";

impl fmt::Display for Expectations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opening = match self.opening.as_str() {
            "" => OPENING,
            kept => kept,
        };
        writeln!(formatter, "{opening}\n\nexpectations = {VERSION}")?;
        if !self.reasons.is_empty() {
            writeln!(formatter, "\n[reasons]")?;
        }
        for (name, reason) in &self.reasons {
            let mut fields = vec![field("text", &reason.text)];
            fields.extend(reason.link.iter().map(|link| field("link", link)));
            writeln!(formatter, "{} = {{ {} }}", key(name), fields.join(", "))?;
        }
        let mut tables: BTreeMap<(Kind, &str), BTreeMap<&str, Vec<&Entry>>> = BTreeMap::new();
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by(|one, other| one.order().cmp(&other.order()));
        for entry in entries {
            let table = tables.entry((entry.kind, &entry.subject)).or_default();
            table.entry(&entry.case).or_default().push(entry);
        }
        for ((kind, subject), cases) in tables {
            writeln!(formatter, "\n[{}.{}]", kind.name(), key(subject))?;
            for (case, entries) in cases {
                let texts: Vec<String> = entries.into_iter().map(text_of).collect();
                match texts.as_slice() {
                    [one] => writeln!(formatter, "{} = {one}", quoted(case))?,
                    several => writeln!(formatter, "{} = [{}]", quoted(case), several.join(", "))?,
                }
            }
        }
        Ok(())
    }
}

fn text_of(entry: &Entry) -> String {
    let mut fields = vec![match &entry.why {
        Why::Named(name) => field("why", name),
        Why::Said(text) => field("reason", text),
    }];
    fields.extend(entry.link.iter().map(|link| field("link", link)));
    let version = entry.version.as_ref();
    fields.extend(version.map(|range| field("version", &range.to_string())));
    let platform = entry.platform.as_ref();
    fields.extend(platform.map(|pattern| field("platform", pattern)));
    for (name, values) in [
        ("stages", &entry.stages),
        ("digests", &entry.digests),
        ("ends", &entry.ends),
    ] {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            fields.push(format!("{name} = [{}]", values.join(", ")));
        }
    }
    format!("{{ {} }}", fields.join(", "))
}

fn field(name: &str, value: &str) -> String {
    format!("{name} = {}", quoted(value))
}

/// A key without quotes where none are needed.
fn key(text: &str) -> String {
    let is_bare = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    if !text.is_empty() && text.bytes().all(is_bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A basic string of TOML, on one line.
fn quoted(text: &str) -> String {
    let mut result = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            letter if letter.is_control() => {
                result.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => result.push(letter),
        }
    }
    result.push('"');
    result
}
