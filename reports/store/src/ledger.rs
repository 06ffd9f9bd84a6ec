//! The ledger of known divergences: TOML files, consulted only after a difference exists.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use twinheap_harness::{CaseResult, Finding};
use twinheap_observation::Program;

/// One known divergence.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    /// The signature; `*` stands for any text.
    pub signature: String,
    /// Names of programs it may show in; `*` stands for any text.
    pub scope: String,
    /// Digests of the differences that were recorded; they pass, and nothing else does.
    pub digests: Vec<String>,
    /// Why it is known and not repaired.
    pub reason: String,
    /// The minimal program, by its name in the corpus ...
    #[serde(default)]
    pub program: Option<String>,
    /// ... or in full.
    #[serde(default)]
    pub source: Option<String>,
}

impl Entry {
    /// Whether this very difference was recorded.
    fn records(&self, finding: &Finding) -> bool {
        matches(&self.signature, &finding.signature) && self.digests.contains(&finding.digest)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerFile {
    #[serde(default)]
    divergence: Vec<Entry>,
}

/// Every entry of a folder.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// Reads the `.toml` files of a folder that speak of this subject: `SUBJECT.toml`, `SUBJECT-anything.toml` for `vm`.
    /// A missing folder is an empty ledger.
    pub fn load(folder: &Path, subject: &str) -> Result<Ledger, String> {
        let mut paths: Vec<_> = match fs::read_dir(folder) {
            Ok(entries) => entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect(),
            Err(_) => return Ok(Ledger::default()),
        };
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        paths.retain(|path| speaks_of(path, subject));
        paths.sort();
        let mut ledger = Ledger::default();
        for path in paths {
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let file: LedgerFile =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            ledger.entries.extend(file.divergence);
        }
        ledger.check()?;
        Ok(ledger)
    }

    fn check(&self) -> Result<(), String> {
        for (index, entry) in self.entries.iter().enumerate() {
            if self.entries[..index]
                .iter()
                .any(|other| other.id == entry.id)
            {
                return Err(format!("two ledger entries have the id {}", entry.id));
            }
            if entry.program.is_some() == entry.source.is_some() {
                return Err(format!(
                    "ledger entry {} needs either a program or a source",
                    entry.id
                ));
            }
            if entry.digests.is_empty() {
                return Err(format!(
                    "ledger entry {} records no digest, so it would let nothing pass",
                    entry.id
                ));
            }
            if entry.reason.trim().is_empty() {
                return Err(format!("ledger entry {} gives no reason", entry.id));
            }
        }
        Ok(())
    }

    /// The entry that covers this finding of this program: it has recorded this very difference.
    pub fn covering(&self, program: &str, finding: &Finding) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| matches(&entry.scope, program) && entry.records(finding))
    }

    /// The entries that name a program which the corpus does not have.
    pub fn without_program(&self, programs: &[Program]) -> Vec<&Entry> {
        let is_missing = |name: &String| !programs.iter().any(|program| program.name == *name);
        self.entries
            .iter()
            .filter(|entry| entry.program.as_ref().is_some_and(is_missing))
            .collect()
    }

    /// The entry that covers a signature in a program of this name.
    pub fn entry_of(&self, program: &str, signature: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| matches(&entry.scope, program) && matches(&entry.signature, signature))
    }

    /// The programs of the entries that have their source in the ledger itself.
    pub fn own_programs(&self) -> Vec<Program> {
        let with_source = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry, entry.source.as_ref()?)));
        with_source
            .map(|(entry, source)| Program::new("ledger", &entry.id, source))
            .collect()
    }

    /// The entries whose own program no longer diverges as they say. A program that was not run says nothing.
    pub fn stale(&self, results: &[CaseResult]) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|entry| {
                let own_name = format!("ledger/{}", entry.id);
                let name = entry.program.as_deref().unwrap_or(&own_name);
                let Some(result) = results.iter().find(|result| result.program.name == name) else {
                    return false;
                };
                result.harness_error.is_none()
                    && !result
                        .divergence
                        .iter()
                        .flat_map(|divergence| &divergence.findings)
                        .any(|finding| entry.records(finding))
            })
            .collect()
    }
}

/// Whether a ledger file speaks of a subject: its name is the subject's, or begins with it and a dash.
fn speaks_of(path: &Path, subject: &str) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix(subject)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether a pattern with `*` covers a text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last_was_star = pattern.contains('*');
    if !last_was_star {
        return rest.is_empty();
    }
    let remaining: Vec<&str> = parts.collect();
    for (index, part) in remaining.iter().enumerate() {
        if index + 1 == remaining.len() {
            last_was_star = part.is_empty();
            return last_was_star || rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    last_was_star || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
    }

    #[test]
    fn a_plain_pattern_is_the_whole_text() {
        check("heap | list", "heap | list", true);
        check("heap | list", "heap | list more", false);
    }

    #[test]
    fn a_star_stands_for_anything() {
        check("pickle/*", "pickle/basic", true);
        check("pickle/*", "re/basic", false);
        check("*raised*", "output | raised X", true);
        check("output*finished", "output | y / finished", true);
        check("output*finished", "output | finished y", false);
    }

    #[test]
    fn a_file_speaks_of_the_subject_it_is_named_for() {
        for (file, expected) in [
            ("vm.toml", true),
            ("vm-re.toml", true),
            ("vmx.toml", false),
            ("cpython.toml", false),
        ] {
            assert_eq!(speaks_of(Path::new(file), "vm"), expected, "{file}");
        }
    }

    fn parse(text: &str) -> Result<Vec<Entry>, String> {
        let file: LedgerFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let ledger = Ledger {
            entries: file.divergence,
        };
        ledger.check().map(|()| ledger.entries)
    }

    #[test]
    fn an_entry_needs_a_program_or_a_source() {
        let text = "[[divergence]]\nid = 'a'\nsignature = 's'\nscope = '*'\nreason = 'r'\ndigests = ['0']\n";
        assert!(parse(text).is_err());
        assert_eq!(
            parse(&format!("{text}program = 'dict/x'\n")).map(|entries| entries.len()),
            Ok(1)
        );
    }

    #[test]
    fn ids_are_unique_and_unknown_keys_are_refused() {
        let entry = "[[divergence]]\nid = 'a'\nsignature = 's'\nscope = '*'\nreason = 'r'\ndigests = ['0']\nsource = 'x'\n";
        assert!(parse(&format!("{entry}{entry}")).is_err());
        assert!(parse(&format!("{entry}colour = 'blue'\n")).is_err());
        let nothing = entry.replace("['0']", "[]");
        assert!(parse(&nothing).is_err_and(|said| said.contains("records no digest")));
    }
}
