//! `tidy`: the rules of the house that a machine can check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use clap::Args;

use crate::{papers, settings};

/// The floor of each crate; a crate imports only lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("abi", 0),
    ("arith", 0),
    ("ucd", 0),
    ("observation", 0),
    ("syntax", 1),
    ("sre", 1),
    ("decode", 1),
    ("subject", 1),
    ("compile", 2),
    ("cpython", 2),
    ("objects", 3),
    ("interp", 4),
    ("modules", 4),
    ("python", 5),
    ("reference", 6),
    ("harness", 7),
    ("results", 0),
    ("site", 1),
    ("expect", 1),
    ("store", 8),
    ("render", 9),
    ("libtest", 0),
    ("twinheap", 10),
    ("xtask", 11),
    ("generate", 2),
    ("reduce", 2),
];

/// Every allowed edge. A new one is a commit of its own that says why.
const EDGES: &[(&str, &[&str])] = &[
    ("abi", &[]),
    ("arith", &[]),
    ("ucd", &[]),
    ("observation", &[]),
    ("results", &[]),
    ("expect", &["results"]),
    ("libtest", &[]),
    ("site", &["results"]),
    ("syntax", &["ucd"]),
    ("sre", &[]),
    ("decode", &["abi", "observation"]),
    ("subject", &["observation"]),
    ("compile", &["syntax", "ucd"]),
    ("cpython", &["abi", "decode", "observation", "subject"]),
    ("objects", &["abi", "arith", "ucd"]),
    ("modules-text", &["abi", "objects", "sre", "ucd"]),
    ("modules-functional", &["abi", "objects"]),
    ("modules-runtime", &["abi", "objects"]),
    ("modules-data", &["abi", "objects", "arith"]),
    ("modules-io", &["abi", "objects"]),
    ("modules-pickle", &["abi", "objects", "arith"]),
    ("modules-numeric", &["abi", "objects"]),
    ("modules-time", &["abi", "objects"]),
    ("modules-hash", &["abi", "objects"]),
    ("modules-language", &["abi", "objects", "compile"]),
    ("modules-system", &["abi", "objects"]),
    ("modules-formats", &["abi", "objects"]),
    ("interp", &["abi", "arith", "objects", "compile", "syntax"]),
    (
        "python",
        &[
            "abi",
            "objects",
            "interp",
            "syntax",
            "modules-text",
            "modules-functional",
            "modules-runtime",
            "modules-data",
            "modules-io",
            "modules-pickle",
            "modules-numeric",
            "modules-time",
            "modules-hash",
            "modules-language",
            "modules-system",
            "modules-formats",
        ],
    ),
    (
        "reference",
        &["abi", "decode", "observation", "python", "subject"],
    ),
    ("harness", &["observation", "subject"]),
    ("generate", &["syntax"]),
    ("reduce", &["syntax"]),
    ("store", &["harness", "observation"]),
    (
        "render",
        &["expect", "harness", "observation", "results", "store"],
    ),
    (
        "twinheap",
        &[
            "compile",
            "expect",
            "generate",
            "harness",
            "libtest",
            "observation",
            "reduce",
            "render",
            "results",
            "site",
            "store",
            "subject",
            "syntax",
        ],
    ),
    (
        "xtask",
        &[
            "twinheap",
            "abi",
            "generate",
            "harness",
            "observation",
            "render",
            "store",
            "subject",
            "syntax",
            "compile",
        ],
    ),
];

/// Crates that may use serde; `generate` because a finding stores its program as the model it was drawn as.
const SERDE: &[&str] = &[
    "observation",
    "store",
    "render",
    "results",
    "site",
    "expect",
    "generate",
    "twinheap",
    "xtask",
];
/// The only crate that may name PyO3.
const PYO3: &str = "cpython";

/// A file may have so many lines, tests and generated files apart.
const MAXIMUM_LINES: usize = 1_200;
/// A function may have so many.
const MAXIMUM_FUNCTION: usize = 120;
/// Files and functions (`path::function`) that were longer when the rule came, with the lengths they may not
/// exceed; the numbers only fall.
const RATCHET: &str = "xtask/ratchet.txt";

/// The crates in which a program decides how much is allocated.
const COUNTED: &[&str] = &["vm/objects/", "vm/modules-", "vm/interp/", "vm/sre/"];
/// Allocations that end the process where there is no memory; `memory::with_capacity` and its kin raise
/// `MemoryError` instead.
const UNCHECKED: &[&str] = &[
    "Vec::with_capacity(",
    "String::with_capacity(",
    ".to_vec()",
    ".repeat(",
    ".concat()",
];
/// How many of them each file still has; the numbers only fall.
const ALLOCATIONS: &str = "xtask/allocations.txt";

#[derive(Args)]
pub struct TidyArguments {}

pub fn run(_: &TidyArguments) -> Result<i32, String> {
    let complaints = complaints()?;
    complaints
        .iter()
        .for_each(|complaint| println!("{complaint}"));
    println!("{} complaints", complaints.len());
    Ok(if complaints.is_empty() {
        0
    } else {
        settings::EXIT_NEW
    })
}

/// Everything that breaks a rule.
pub fn complaints() -> Result<Vec<String>, String> {
    let dependencies = dependencies()?;
    let mut complaints = edge_complaints(&dependencies);
    complaints.extend(papers::unused_edges(EDGES, &dependencies));
    let tracked = papers::tracked_files()?;
    complaints.extend(papers::complaints(&tracked)?);
    let ratchet = read_ratchet(RATCHET);
    let mut needed = BTreeSet::new();
    let mut allocations = read_ratchet(ALLOCATIONS);
    for name in tracked.iter().filter(|name| name.ends_with(".rs")) {
        let text = fs::read_to_string(settings::root().join(name))
            .map_err(|error| format!("{name}: {error}"))?;
        complaints.extend(allocation_complaint(
            name,
            unchecked_allocations(name, &text),
            allocations.remove(name).unwrap_or(0),
        ));
        let found = file_complaints(name, &text, ratchet.get(name).copied());
        if ratchet.contains_key(name) {
            needed.insert(name.clone());
        }
        for complaint in found {
            match allowance_of(&complaint, name, &ratchet) {
                Some(allowance) => drop(needed.insert(allowance.to_owned())),
                None => complaints.push(complaint),
            }
        }
    }
    let unneeded = |name: &&String| !needed.contains(*name);
    complaints.extend(
        ratchet
            .keys()
            .filter(unneeded)
            .map(|name| format!("{RATCHET}: {name} needs no entry any more")),
    );
    let gone = |name: &String| format!("{ALLOCATIONS}: {name} does not exist");
    complaints.extend(allocations.keys().map(gone));
    Ok(complaints)
}

/// How many allocations of a file are not checked: those that are named, and `vec![item; count]` with a
/// count that is no literal or constant.
fn unchecked_allocations(name: &str, text: &str) -> usize {
    if !COUNTED.iter().any(|folder| name.starts_with(folder)) || name.contains("/tests/") {
        return 0;
    }
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = || {
        code.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
    };
    let named = lines()
        .map(|line| {
            UNCHECKED
                .iter()
                .map(|call| line.matches(call).count())
                .sum::<usize>()
        })
        .sum::<usize>();
    let is_variable = |line: &&str| {
        let Some((_, rest)) = line.split_once("vec![") else {
            return false;
        };
        let count = rest
            .split_once("; ")
            .and_then(|(_, count)| count.split_once(']'));
        count.is_some_and(|(count, _)| count.contains(|c: char| c.is_lowercase()))
    };
    named + lines().filter(is_variable).count()
}

fn allocation_complaint(name: &str, found: usize, allowed: usize) -> Option<String> {
    match found.cmp(&allowed) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => Some(format!(
            "{ALLOCATIONS}: {name} can fall from {allowed} to {found}"
        )),
        std::cmp::Ordering::Greater => Some(format!(
            "{name}: {found} allocations that end the process without memory, at most {allowed}: see vm/objects/src/memory/room.rs"
        )),
    }
}

/// For each crate of the workspace, the crates it depends on in its normal dependencies.
fn dependencies() -> Result<BTreeMap<String, Vec<String>>, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(settings::root())
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .output()
        .map_err(|error| error.to_string())?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let short = |name: &str| name.strip_prefix("twinheap-").unwrap_or(name).to_owned();
    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = short(package["name"].as_str().unwrap_or(""));
        let listed = package["dependencies"].as_array().into_iter().flatten();
        let normal = listed.filter(|dependency| dependency["kind"].is_null());
        found.insert(
            name,
            normal
                .map(|dependency| short(dependency["name"].as_str().unwrap_or("")))
                .collect(),
        );
    }
    Ok(found)
}

/// The name under which the tables know a crate: the families of native modules are one.
fn family(name: &str) -> &str {
    if name.starts_with("modules-") {
        "modules"
    } else {
        name
    }
}

fn floor(name: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(known, _)| *known == family(name))
        .map(|(_, floor)| *floor)
}

fn edge_complaints(dependencies: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, targets) in dependencies {
        let Some(own_floor) = floor(name) else {
            complaints.push(format!("crate {name} has no floor in xtask/src/tidy.rs"));
            continue;
        };
        let allowed = EDGES
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, targets)| *targets);
        for target in targets {
            if matches!(target.as_str(), "serde" | "serde_json" | "toml")
                && !SERDE.contains(&name.as_str())
            {
                complaints.push(format!(
                    "{name} uses {target}, which only {} may",
                    SERDE.join(", ")
                ));
            }
            if target.starts_with("pyo3") && name != PYO3 {
                complaints.push(format!("{name} names {target}, which only {PYO3} may"));
            }
            let Some(target_floor) = floor(target) else {
                continue;
            };
            if target_floor >= own_floor {
                complaints.push(format!(
                    "{name} (floor {own_floor}) imports {target} (floor {target_floor})"
                ));
            }
            if allowed.is_some_and(|allowed| !allowed.contains(&target.as_str())) {
                complaints.push(format!(
                    "{name} imports {target}, an edge that is not in the table"
                ));
            }
        }
    }
    complaints
}

fn read_ratchet(file: &str) -> BTreeMap<String, usize> {
    let text = fs::read_to_string(settings::root().join(file)).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (lines, name) = line.split_once(' ')?;
            Some((name.trim().to_owned(), lines.parse().ok()?))
        })
        .collect()
}

/// The entry of the ratchet that allows a function which is complained of.
fn allowance_of<'a>(
    complaint: &str,
    file: &str,
    ratchet: &'a BTreeMap<String, usize>,
) -> Option<&'a str> {
    let allows = |(name, lines): &(&'a String, &usize)| {
        let function = name
            .strip_prefix(file)
            .and_then(|rest| rest.strip_prefix("::"));
        function.is_some_and(|function| {
            complaint.starts_with(&format!("{file}: {function} has {lines} lines"))
        })
    };
    ratchet.iter().find(allows).map(|(name, _)| name.as_str())
}

fn file_complaints(name: &str, text: &str, allowance: Option<usize>) -> Vec<String> {
    let mut complaints = Vec::new();
    let says_generated = |line: &str| line.contains("@generated") || line.contains("do not edit");
    let generated = text.lines().take(5).any(says_generated);
    if !text.starts_with("//!") {
        complaints.push(format!("{name}: does not open with a //! sentence"));
    }
    // In pieces, so that this file does not complain of itself.
    if text.contains(concat!("#[", "ignore")) {
        complaints.push(format!("{name}: a test is ignored"));
    }
    if generated {
        return complaints;
    }
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = code.lines().count();
    let is_test = name.contains("/tests/");
    let limit = allowance.unwrap_or(MAXIMUM_LINES);
    if lines > limit && !is_test {
        complaints.push(format!("{name}: {lines} lines, at most {limit}"));
    }
    if allowance.is_some_and(|allowance| lines < allowance) {
        complaints.push(format!("{name}: the ratchet can fall to {lines}"));
    }
    if !is_test {
        complaints.extend(long_functions(name, code));
    }
    complaints
}

/// Functions that are too long, found by the indentation that rustfmt gives their ends.
fn long_functions(name: &str, code: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for (number, line) in code.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match &open {
            Some((start, at, title)) if line.trim_end() == format!("{}}}", " ".repeat(*at)) => {
                let length = number - start + 1;
                if length > MAXIMUM_FUNCTION {
                    complaints.push(format!(
                        "{name}: {title} has {length} lines, at most {MAXIMUM_FUNCTION}"
                    ));
                }
                open = None;
            }
            None => {
                let words: Vec<&str> = line.split_whitespace().take(6).collect();
                let at = words.iter().position(|word| *word == "fn");
                // A function inside a macro bears no name of its own and ends where the macro says.
                let in_macro = line.contains("fn $");
                if let (Some(at), false, false) =
                    (at, line.trim_end().ends_with([';', '}']), in_macro)
                {
                    let title = words
                        .get(at + 1)
                        .copied()
                        .unwrap_or("")
                        .split(['(', '<'])
                        .next()
                        .unwrap_or("");
                    open = Some((number, indent, title.to_owned()));
                }
            }
            Some(_) => {}
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let complaints = complaints().expect("the sources can be read");
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }

    fn edges(pairs: &[(&str, &[&str])]) -> Vec<String> {
        let map = pairs
            .iter()
            .map(|(name, targets)| {
                (
                    (*name).to_owned(),
                    targets.iter().map(|target| (*target).to_owned()).collect(),
                )
            })
            .collect();
        edge_complaints(&map)
    }

    #[test]
    fn an_import_of_a_higher_floor_is_found() {
        assert_eq!(edges(&[("abi", &["objects"])]).len(), 2);
        assert!(edges(&[("decode", &["abi", "observation"])]).is_empty());
    }

    #[test]
    fn serde_and_pyo3_stay_where_they_belong() {
        assert_eq!(edges(&[("harness", &["serde"])]).len(), 1);
        assert_eq!(edges(&[("decode", &["pyo3"])]).len(), 1);
    }

    #[test]
    fn a_file_must_open_with_a_sentence_and_end_in_time() {
        assert_eq!(file_complaints("x.rs", "fn main() {}\n", None).len(), 1);
        let long = format!("//! Long.\n{}", "\n".repeat(MAXIMUM_LINES));
        assert_eq!(file_complaints("x.rs", &long, None).len(), 1);
        assert!(file_complaints("x.rs", &long, Some(MAXIMUM_LINES + 1)).is_empty());
    }

    #[test]
    fn unchecked_allocations_are_counted_and_only_fall() {
        let text =
            "let a = vec![0; count];\nlet b = vec![0; 16];\n// vec![0; n]\nlet c = d.to_vec();\n";
        assert_eq!(unchecked_allocations("vm/objects/src/x.rs", text), 2);
        assert_eq!(unchecked_allocations("xtask/src/x.rs", text), 0);
        assert!(allocation_complaint("x", 2, 2).is_none());
        assert!(allocation_complaint("x", 1, 2).is_some());
        assert!(allocation_complaint("x", 2, 1).is_some());
    }

    #[test]
    fn a_long_function_is_found() {
        let body = "    let x = 1;\n".repeat(MAXIMUM_FUNCTION);
        let text = format!("//! One.\nfn long() {{\n{body}}}\nfn short() {{\n}}\n");
        assert_eq!(file_complaints("x.rs", &text, None).len(), 1);
    }
}
