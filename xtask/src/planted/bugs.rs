//! The list of planted bugs, and the switch by which one binary holds all of them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twinheap_generate::Topic;

use crate::settings;

/// The variable that names the bug which a worker runs with.
pub const CHOOSER: &str = "TWINHEAP_PLANTED";

/// What each crate with a bug gets at its end.
const SWITCH: &str = r#"
#[allow(warnings)]
pub(crate) fn planted(number: usize) -> bool {
    static CHOSEN: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let chosen = || {
        std::env::var("TWINHEAP_PLANTED")
            .ok()
            .and_then(|number| number.parse().ok())
            .unwrap_or(usize::MAX)
    };
    *CHOSEN.get_or_init(chosen) == number
}
"#;

/// One mutation of the VM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bug {
    pub name: String,
    pub file: PathBuf,
    /// A text that stands once in the file, and in which `old` stands once; without it every `old` of the file is meant.
    within: Option<String>,
    old: String,
    new: String,
    topics: Vec<String>,
}

#[derive(Deserialize)]
struct BugFile {
    bug: Vec<Bug>,
}

/// All of them; the place in the list is the number that chooses a bug.
pub fn read() -> Result<Vec<Bug>, String> {
    let path = settings::root().join("corpus/planted/vm.toml");
    let trouble = |reason: String| format!("{}: {reason}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| trouble(error.to_string()))?;
    let file: BugFile = toml::from_str(&text).map_err(|error| trouble(error.to_string()))?;
    Ok(file.bug)
}

impl Bug {
    pub fn is_named(&self, names: &[String]) -> bool {
        names.is_empty() || names.iter().any(|name| self.name.contains(name.as_str()))
    }

    /// Where a campaign looks for it.
    pub fn topics(&self) -> Result<Vec<Topic>, String> {
        let topics: Option<Vec<Topic>> =
            self.topics.iter().map(|name| Topic::parse(name)).collect();
        topics
            .filter(|topics| !topics.is_empty())
            .ok_or_else(|| format!("{}: not all of its topics exist", self.name))
    }

    /// The old and the new code, of which the switch takes one.
    fn switched(&self, number: usize) -> String {
        let (old, new) = (&self.old, &self.new);
        let choice = format!("if crate::planted({number}) {{ {new} }} else {{ {old} }}");
        if old.trim_end().ends_with(';') {
            choice
        } else {
            format!("({choice})")
        }
    }

    /// The text of its file with the switch in it.
    pub fn plant(&self, number: usize, text: &str) -> Result<String, String> {
        let switched = self.switched(number);
        let stands = |times: usize| {
            Err(format!(
                "{}: the text to replace stands {times} times in {}",
                self.name,
                self.file.display()
            ))
        };
        let Some(within) = &self.within else {
            return match text.matches(&self.old).count() {
                0 => stands(0),
                _ => Ok(text.replace(&self.old, &switched)),
            };
        };
        match (
            text.matches(within).count(),
            within.matches(&self.old).count(),
        ) {
            (1, 1) => Ok(text.replacen(within, &within.replacen(&self.old, &switched, 1), 1)),
            (1, times) | (times, _) => stands(times),
        }
    }

    /// The root of the crate that it is planted in, which gets the switch.
    fn crate_root(&self) -> PathBuf {
        self.file
            .components()
            .take(3)
            .collect::<PathBuf>()
            .join("lib.rs")
    }
}

/// Every file that changes, with all bugs in it.
pub fn planted_files(root: &Path, bugs: &[Bug]) -> Result<Vec<(PathBuf, String)>, String> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut text_at = |path: &Path| -> Result<usize, String> {
        if let Some(at) = files.iter().position(|(known, _)| known == path) {
            return Ok(at);
        }
        let text = fs::read_to_string(root.join(path))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        files.push((path.to_owned(), text));
        Ok(files.len() - 1)
    };
    let mut places = Vec::new();
    for bug in bugs {
        places.push((text_at(&bug.file)?, text_at(&bug.crate_root())?));
    }
    for (number, (bug, (at, _))) in bugs.iter().zip(&places).enumerate() {
        files[*at].1 = bug.plant(number, &files[*at].1)?;
    }
    let mut roots: Vec<usize> = places.into_iter().map(|(_, root)| root).collect();
    roots.sort_unstable();
    roots.dedup();
    for root in roots {
        files[root].1.push_str(SWITCH);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_can_be_planted() {
        let bugs = read().expect("the list can be read");
        assert!(bugs.len() >= 60, "{}", bugs.len());
        let files = planted_files(&settings::root(), &bugs).expect("every place is there");
        for (number, bug) in bugs.iter().enumerate() {
            let (_, text) = files
                .iter()
                .find(|(path, _)| *path == bug.file)
                .expect("its file changes");
            assert!(text.contains(&bug.switched(number)), "{}", bug.name);
            assert!(bug.topics().is_ok(), "{}", bug.name);
        }
    }

    #[test]
    fn names_are_given_once() {
        let bugs = read().expect("the list can be read");
        let mut names: Vec<&str> = bugs.iter().map(|bug| bug.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), bugs.len());
    }

    #[test]
    fn every_topic_has_a_bug() {
        // Enumerations are the library's own Python, the same for both sides.
        let bugs = read().expect("the list can be read");
        let without: Vec<&str> = Topic::ALL
            .iter()
            .map(|topic| topic.name())
            .filter(|name| *name != "enum")
            .filter(|name| {
                !bugs
                    .iter()
                    .any(|bug| bug.topics.iter().any(|topic| topic == name))
            })
            .collect();
        assert_eq!(without, Vec::<&str>::new());
    }

    #[test]
    fn the_switch_reads_the_variable_that_is_set() {
        assert!(SWITCH.contains(&format!("\"{CHOOSER}\"")));
    }
}
