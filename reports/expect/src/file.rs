//! Reads a file of expectations.
//!
//! ```toml
//! expectations = 1
//!
//! [reasons]
//! dict-order = { text = "Sets are kept in another order.", link = "https://example.org/12" }
//!
//! [differs.pypy]
//! "set/order" = { why = "dict-order", stages = ["output"], digests = ["0123456789abcdef"] }
//!
//! [crashes.pypy]
//! "gc/deep" = { reason = "The stack is smaller.", ends = ["crashed (SIGSEGV)"], version = "<8" }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use crate::entry::{Entry, Expectations, Kind, Reason, Why};
use crate::spelling;

/// The version of the file's form.
pub const VERSION: i64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawFile {
    expectations: Spanned<i64>,
    #[serde(default)]
    reasons: BTreeMap<String, Reason>,
    #[serde(default)]
    differs: Tables,
    #[serde(default)]
    cannot_run: Tables,
    #[serde(default)]
    crashes: Tables,
}

/// By subject, then by case.
type Tables = BTreeMap<String, BTreeMap<Spanned<String>, OneOrMore>>;

/// One entry, or several with different conditions.
struct OneOrMore(Vec<RawEntry>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    why: Option<String>,
    reason: Option<String>,
    link: Option<String>,
    version: Option<String>,
    platform: Option<String>,
    #[serde(default)]
    stages: Vec<String>,
    #[serde(default)]
    digests: Vec<String>,
    #[serde(default)]
    ends: Vec<String>,
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMore;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an entry in braces, or several of them in brackets")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMore, A::Error> {
                let entry = RawEntry::deserialize(MapAccessDeserializer::new(map))?;
                Ok(OneOrMore(vec![entry]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<OneOrMore, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(entries)).map(OneOrMore)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Expectations {
    /// Reads a file; one that is not there expects nothing.
    pub fn load(path: &Path) -> Result<Expectations, String> {
        match fs::read_to_string(path) {
            Ok(text) => Expectations::parse(&text, &path.display()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Expectations::default())
            }
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    /// Reads the text of a file; errors speak of it by this name.
    pub fn parse(text: &str, name: &dyn fmt::Display) -> Result<Expectations, String> {
        if let Some(mark) = text.lines().position(|line| line.starts_with("<<<<<<<")) {
            let line = mark + 1;
            return Err(format!("{name}:{line}: a merge was left unresolved here"));
        }
        let raw: RawFile =
            toml::from_str(text).map_err(|error| spelling::told(name, text, &error))?;
        if *raw.expectations.get_ref() != VERSION {
            let (found, place) = (raw.expectations.get_ref(), raw.expectations.span().start);
            let reason = format!(
                "the file has version {found} of its form; this tool reads version {VERSION}"
            );
            return Err(spelling::at(name, text, place, &reason));
        }
        let mut read = Expectations {
            opening: opening(text),
            reasons: raw.reasons,
            entries: Vec::new(),
        };
        let kinds = [raw.differs, raw.cannot_run, raw.crashes];
        for (kind, tables) in Kind::ALL.into_iter().zip(kinds) {
            for (subject, cases) in tables {
                for (case, entries) in cases {
                    for entry in entries.0 {
                        let entry = entry_of(kind, &subject, case.get_ref(), entry, &read.reasons);
                        let told = |reason: String| {
                            let reason = format!("{}: {reason}", case.get_ref());
                            spelling::at(name, text, case.span().start, &reason)
                        };
                        read.entries.push(entry.map_err(told)?);
                    }
                }
            }
        }
        read.sort();
        Ok(read)
    }

    pub(crate) fn sort(&mut self) {
        self.entries
            .sort_by(|one, other| one.order().cmp(&other.order()));
    }
}

/// The comment that the file begins with.
fn opening(text: &str) -> String {
    let lines = text
        .lines()
        .take_while(|line| line.starts_with('#') || line.trim().is_empty());
    let lines: Vec<&str> = lines.collect();
    lines.join("\n").trim_end().to_owned()
}

fn entry_of(
    kind: Kind,
    subject: &str,
    case: &str,
    raw: RawEntry,
    reasons: &BTreeMap<String, Reason>,
) -> Result<Entry, String> {
    let why = match (raw.why, raw.reason) {
        (Some(name), None) if reasons.contains_key(&name) => Why::Named(name),
        (Some(name), None) => {
            let near = spelling::nearest(&name, reasons.keys().map(String::as_str));
            let hint = near.map(|near| format!("; did you mean {near}?"));
            let hint = hint.unwrap_or_default();
            return Err(format!("[reasons] has no {name}{hint}"));
        }
        (None, Some(text)) if !text.trim().is_empty() => Why::Said(text),
        (Some(_), Some(_)) => return Err("it has both a why and a reason".to_owned()),
        _ => return Err("it gives no reason: say why, or reason".to_owned()),
    };
    let is_of_ends = kind != Kind::Differs;
    if is_of_ends && raw.ends.is_empty() {
        return Err(
            "it does not say how the subject ends, so it would let nothing pass".to_owned(),
        );
    }
    if is_of_ends && !(raw.digests.is_empty() && raw.stages.is_empty()) {
        let kind = kind.name();
        return Err(format!("an entry of {kind} has ends, no stages or digests"));
    }
    if !is_of_ends && (raw.digests.is_empty() || raw.stages.is_empty()) {
        let reason = "it needs stages and digests, without which it would let nothing pass";
        return Err(reason.to_owned());
    }
    if !is_of_ends && !raw.ends.is_empty() {
        return Err("an entry of differs has stages and digests, no ends".to_owned());
    }
    let version = raw.version.map(|text| text.parse()).transpose()?;
    Ok(Entry {
        kind,
        subject: subject.to_owned(),
        case: case.to_owned(),
        stages: raw.stages,
        digests: raw.digests,
        ends: raw.ends,
        why,
        link: raw.link,
        version,
        platform: raw.platform,
    })
}
