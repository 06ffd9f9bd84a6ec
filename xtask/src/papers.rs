//! The rules of `tidy` about what is written down: papers, cited files, reasons for unsafe code, entries that nothing
//! needs any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::settings;

/// Folders of CPython's sources, which comments cite.
const CPYTHON: &[&str] = &[
    "Doc", "Include", "Lib", "Modules", "Objects", "Parser", "Programs", "Python", "Tools",
    "cpython", "internal",
];
/// Files that the product writes, or that belong to its users.
const WRITTEN: &[&str] = &[
    "gate.json",
    "junit.xml",
    "summary.md",
    "changes.md",
    "matrix.md",
    "twinheap-expectations.toml",
    "twinheap-policy.toml",
    "reports/out/index.html",
    "twinheap.toml",
];
/// What citations of files end in.
const EXTENSIONS: &[&str] = &["md", "rs", "ops", "txt", "toml", "py", "html"];

/// Every file that git knows, relative to the root.
pub fn tracked_files() -> Result<Vec<String>, String> {
    let output = Command::new("git")
        .current_dir(settings::root())
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let exists = |file: &&str| settings::root().join(file).is_file();
    Ok(text.lines().filter(exists).map(str::to_owned).collect())
}

/// What is wrong with papers, citations and crate roots.
pub fn complaints(tracked: &[String]) -> Result<Vec<String>, String> {
    let read = |file: &str| {
        fs::read_to_string(settings::root().join(file)).map_err(|error| format!("{file}: {error}"))
    };
    let crates: Vec<&str> = tracked
        .iter()
        .filter_map(|file| file.strip_suffix("/Cargo.toml"))
        .collect();
    let mut complaints = crate_complaints(&crates, tracked, &read("ARCHITECTURE.md")?);
    for folder in &crates {
        let root = ["lib.rs", "main.rs"]
            .map(|name| format!("{folder}/src/{name}"))
            .into_iter()
            .find(|root| tracked.contains(root));
        if let Some(root) = root
            && !says_what_is_unsafe(&read(&root)?)
        {
            complaints.push(format!(
                "{root}: neither denies unsafe_code nor says why it needs it (//! Unsafe code: ...)"
            ));
        }
    }
    let text = |file: &&String| {
        Path::new(file)
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "md")
    };
    for file in tracked.iter().filter(text) {
        let text = read(file)?;
        let cited = match file.ends_with(".md") {
            true => citations(text.lines()),
            false => citations(
                text.lines()
                    .filter(|line| line.trim_start().starts_with("//")),
            ),
        };
        for name in cited
            .iter()
            .filter(|name| !is_there(name, file, &crates, tracked))
        {
            complaints.push(format!("{file}: cites {name}, which does not exist"));
        }
    }
    Ok(complaints)
}

/// Crates without a README, and crates that the architecture does not mention.
fn crate_complaints(crates: &[&str], tracked: &[String], architecture: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for folder in crates {
        let readme = format!("{folder}/README.md");
        if !tracked.contains(&readme) {
            complaints.push(format!(
                "{readme} is missing: what the crate is for, in a few lines"
            ));
        }
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let family = name
            .split_once('-')
            .map(|(family, _)| format!("`{family}-*`"));
        let is_told = architecture.contains(&format!("`{name}`"))
            || architecture.contains(&format!("`{folder}`"))
            || architecture.contains(&format!("`{folder}/`"))
            || family.is_some_and(|family| architecture.contains(&family));
        if !is_told {
            complaints.push(format!("ARCHITECTURE.md does not mention {folder}"));
        }
    }
    complaints
}

/// Whether a crate root denies unsafe code, or gives the reason for having it.
fn says_what_is_unsafe(root: &str) -> bool {
    root.contains("#![deny(unsafe_code)]")
        || root.contains("#![forbid(unsafe_code)]")
        || root
            .lines()
            .any(|line| line.starts_with("//! Unsafe code: "))
}

/// The names of files between backticks.
fn citations<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in lines {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        found.extend(
            line.split('`')
                .skip(1)
                .step_by(2)
                .filter(|name| is_file_name(name)),
        );
    }
    found
}

fn is_file_name(text: &str) -> bool {
    let Some((stem, extension)) = text.rsplit_once('.') else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    let upper = |part: &str| part.len() > 2 && part.chars().all(|c| c.is_ascii_uppercase());
    // A part in capitals stands for something, unless it is the name of a paper.
    let placeholder = stem.split(['/', '-', '.']).any(upper) && extension != "md";
    EXTENSIONS.contains(&extension)
        && !stem.is_empty()
        && text.chars().all(plain)
        && !placeholder
        && !CPYTHON.contains(&text.split('/').next().unwrap_or(""))
        && !WRITTEN.contains(&text)
}

/// Whether a cited file exists: from the root, or in the crate or the folder of the file that cites it.
fn is_there(name: &str, file: &str, crates: &[&str], tracked: &[String]) -> bool {
    let home = crates
        .iter()
        .filter(|folder| file.starts_with(&format!("{folder}/")))
        .max_by_key(|folder| folder.len())
        .copied()
        .unwrap_or("");
    let ending = format!("/{name}");
    tracked
        .iter()
        .any(|known| known == name || (known.ends_with(&ending) && known.starts_with(home)))
}

/// Allowed edges that no crate uses, and rows of crates that are not there.
pub fn unused_edges(
    edges: &[(&str, &[&str])],
    dependencies: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in dependencies.keys() {
        if !edges.iter().any(|(known, _)| known == name) {
            complaints.push(format!(
                "crate {name} has no row of edges in xtask/src/tidy.rs"
            ));
        }
    }
    for (name, targets) in edges {
        let Some(used) = dependencies.get(*name) else {
            complaints.push(format!("xtask/src/tidy.rs: there is no crate {name}"));
            continue;
        };
        for target in targets
            .iter()
            .filter(|target| !used.iter().any(|used| used == *target))
        {
            complaints.push(format!(
                "xtask/src/tidy.rs: {name} may import {target}, and does not"
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cited_between_backticks() {
        let text = "see `NOTES.md`, `eval/table.rs`, `Objects/listsort.txt`, `FILE.py`, `x.y` and `list.rs()`";
        let found: Vec<&str> = citations(text.lines()).into_iter().collect();
        assert_eq!(found, ["NOTES.md", "eval/table.rs"]);
        let fenced = "```\n`gone.rs`\n```\n`there.rs`";
        assert_eq!(citations(fenced.lines()).len(), 1);
    }

    #[test]
    fn a_cited_file_is_looked_for_in_its_crate() {
        let tracked = ["vm/a/NOTES.md", "vm/b/src/lib.rs", "README.md"].map(str::to_owned);
        let crates = ["vm/a", "vm/b"];
        assert!(is_there("NOTES.md", "vm/a/src/lib.rs", &crates, &tracked));
        assert!(!is_there("NOTES.md", "vm/b/src/lib.rs", &crates, &tracked));
        assert!(is_there(
            "vm/a/NOTES.md",
            "vm/b/src/lib.rs",
            &crates,
            &tracked
        ));
    }

    #[test]
    fn a_crate_says_what_it_is_and_why_it_is_unsafe() {
        let tracked = ["vm/a/README.md".to_owned()];
        assert!(crate_complaints(&["vm/a"], &tracked, "| `a` |").is_empty());
        assert_eq!(crate_complaints(&["vm/b"], &tracked, "| `a` |").len(), 2);
        assert!(crate_complaints(&["vm/a"], &tracked, "`a-*`").len() == 1);
        assert!(!says_what_is_unsafe("//! A crate.\n"));
        assert!(says_what_is_unsafe(
            "//! A crate.\n//!\n//! Unsafe code: system calls.\n"
        ));
    }

    #[test]
    fn an_edge_that_nothing_uses_is_found() {
        let used = BTreeMap::from([("a".to_owned(), vec!["b".to_owned()])]);
        assert!(unused_edges(&[("a", &["b"])], &used).is_empty());
        assert_eq!(unused_edges(&[("a", &["b", "c"])], &used).len(), 1);
        assert_eq!(unused_edges(&[("d", &[])], &used).len(), 2);
    }
}
