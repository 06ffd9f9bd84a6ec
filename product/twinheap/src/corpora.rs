//! Programs of the user's own: folders and files, with what the head of a program says of it.
//!
//! The id of a case is the name of its folder and the path below it: `programs/dict/insert` for the program `insert` in the folder
//! `dict` of the corpus `tests/programs`. It does not depend on where the command is run.

use std::fs;
use std::path::{Path, PathBuf};

use twinheap_expect::spelling::nearest;
use twinheap_observation::{Program, Stage, StageSet};

/// A program, and what it says of itself.
#[derive(Clone, Debug)]
pub struct Case {
    pub program: Program,
    /// The file, where there is one of the user's.
    pub path: Option<PathBuf>,
    /// The stages that count; all of them if the program does not say.
    pub stages: Option<StageSet>,
    /// What it needs to be run at all.
    pub needs: Vec<Need>,
}

impl Case {
    /// A program that says nothing of itself.
    pub fn plain(program: Program) -> Case {
        Case {
            program,
            path: None,
            stages: None,
            needs: Vec::new(),
        }
    }
}

/// What a program needs of an implementation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// At least this version of the language.
    Version(u32, u32),
    /// A feature of the table, or a module that can be imported.
    Feature(String),
}

/// Features that are no modules, each with a program that fails without it.
const FEATURES: [(&str, &str); 4] = [
    ("threads", "import _thread\n_thread.start_new_thread\n"),
    ("match", "exec('match 1:\\n    case 1: pass\\n')\n"),
    (
        "except-star",
        "exec('try: pass\\nexcept* ValueError: pass\\n')\n",
    ),
    ("processes", "import os\nos.fork\n"),
];

impl Need {
    /// What a summary says.
    pub fn text(&self) -> String {
        match self {
            Need::Version(major, minor) => format!("Python {major}.{minor}"),
            Need::Feature(name) => name.clone(),
        }
    }

    /// A program that finishes where the need is met, and raises elsewhere.
    pub fn probe(&self) -> String {
        match self {
            Need::Version(major, minor) => {
                format!("import sys\nassert tuple(sys.version_info)[:2] >= ({major}, {minor})\n")
            }
            Need::Feature(name) => {
                let known = FEATURES.iter().find(|(known, _)| known == name);
                known.map_or_else(
                    || format!("import {name}\n"),
                    |(_, program)| (*program).to_owned(),
                )
            }
        }
    }

    fn parse(word: &str) -> Result<Need, String> {
        if let Some((major, minor)) = word.split_once('.')
            && let (Ok(major), Ok(minor)) = (major.parse(), minor.parse())
        {
            return Ok(Need::Version(major, minor));
        }
        let is_name = |letter: char| letter.is_alphanumeric() || "_.-".contains(letter);
        if word.is_empty() || word.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Err(format!("{word:?} is neither a version nor a feature"));
        }
        if !word.chars().all(is_name) {
            return Err(format!("{word:?} is neither a version nor a feature"));
        }
        let is_feature = FEATURES.iter().any(|(known, _)| *known == word);
        if word.contains('-') && !is_feature {
            let known: Vec<&str> = FEATURES.iter().map(|(known, _)| *known).collect();
            return Err(format!(
                "{word} is no module, and no feature; features are {}",
                known.join(", ")
            ));
        }
        Ok(Need::Feature(word.to_owned()))
    }
}

/// The programs of corpora: files, and folders with everything below them.
pub fn load(corpora: &[PathBuf]) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for corpus in corpora {
        let root =
            fs::canonicalize(corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
        let before = cases.len();
        if root.is_file() {
            let folder = root.parent().unwrap_or(&root).to_owned();
            cases.push(read(&folder, &root)?);
        } else {
            collect(&root, &root, &mut cases)?;
        }
        if cases.len() == before {
            return Err(format!("{}: there is no program in it", corpus.display()));
        }
    }
    cases.sort_by(|one, other| one.program.name.cmp(&other.program.name));
    check_ids(&cases)?;
    Ok(cases)
}

/// No two programs have the same id; they are in order.
pub fn check_ids(cases: &[Case]) -> Result<(), String> {
    let twice = cases
        .windows(2)
        .find(|pair| pair[0].program.name == pair[1].program.name);
    let Some([one, other]) = twice else {
        return Ok(());
    };
    let place = |case: &Case| match &case.path {
        Some(path) => path.display().to_string(),
        None => "the chapters".to_owned(),
    };
    Err(format!(
        "two programs have the id {}: {} and {}",
        one.program.name,
        place(one),
        place(other)
    ))
}

fn collect(root: &Path, folder: &Path, cases: &mut Vec<Case>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "__pycache__" && !name.starts_with('.') {
                collect(root, &path, cases)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            cases.push(read(root, &path)?);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Result<Case, String> {
    let source =
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let base = root.file_name().unwrap_or_default().to_string_lossy();
    let below = path.strip_prefix(root).unwrap_or(path).with_extension("");
    let name = format!("{base}/{}", below.to_string_lossy());
    let (topic, stem) = name.rsplit_once('/').unwrap_or((&name, &name));
    let program = Program::new(topic, stem, &source);
    let (stages, needs) =
        head(&source).map_err(|(line, reason)| format!("{}:{line}: {reason}", path.display()))?;
    Ok(Case {
        program,
        path: Some(path.to_owned()),
        stages,
        needs,
    })
}

type Head = (Option<StageSet>, Vec<Need>);

/// What the comments at the head of a program say; the first lines that are neither comments nor empty end it.
fn head(source: &str) -> Result<Head, (usize, String)> {
    let mut head: Head = (None, Vec::new());
    for (index, line) in source.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            break;
        }
        let comment = line.trim_start_matches('#').trim_start();
        let Some(settings) = comment.strip_prefix("twinheap:") else {
            continue;
        };
        for setting in settings.split(';').filter(|one| !one.trim().is_empty()) {
            take(setting, &mut head).map_err(|reason| (index + 1, reason))?;
        }
    }
    Ok(head)
}

fn take(setting: &str, head: &mut Head) -> Result<(), String> {
    let (key, values) = setting
        .split_once('=')
        .ok_or_else(|| format!("{:?} is not of the form key = values", setting.trim()))?;
    let values = values.split(',').map(str::trim);
    match key.trim() {
        "stages" => {
            let mut set = StageSet::NONE;
            for name in values {
                let stage = Stage::from_name(name).ok_or_else(|| {
                    let known = Stage::ALL.iter().map(|stage| stage.name());
                    let near = nearest(name, known).map(|near| format!("; did you mean {near}?"));
                    format!("there is no stage {name}{}", near.unwrap_or_default())
                })?;
                set = set.with(stage);
            }
            head.0 = Some(set);
        }
        "needs" => {
            for word in values {
                head.1.push(Need::parse(word)?);
            }
        }
        key => {
            let near = nearest(key, ["stages", "needs"].into_iter());
            let near = near.map(|near| format!("; did you mean {near}?"));
            return Err(format!("unknown key {key}{}", near.unwrap_or_default()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_what_counts_and_what_is_needed() {
        let text = "#!/usr/bin/env python3\n# twinheap: stages = output, outcome; needs = threads, 3.12\n\n# more\nx = 1\n# twinheap: stages = heap\n";
        let (stages, needs) = head(text).expect("it is read");
        let names: Vec<&str> = stages.expect("stages").iter().map(Stage::name).collect();
        assert_eq!(names, ["output", "outcome"]);
        assert_eq!(
            needs,
            [Need::Feature("threads".to_owned()), Need::Version(3, 12)]
        );
        assert_eq!(head("x = 1\n").expect("nothing is said"), (None, vec![]));
    }

    #[test]
    fn what_is_wrong_in_a_head_is_told_with_its_line() {
        for (text, expected) in [
            (
                "\n# twinheap: stage = output",
                "unknown key stage; did you mean stages?",
            ),
            (
                "\n# twinheap: stages = ouput",
                "there is no stage ouput; did you mean output?",
            ),
            (
                "\n# twinheap: needs = 3.x",
                "is neither a version nor a feature",
            ),
            (
                "\n# twinheap: needs = walrus-operator",
                "features are threads",
            ),
            ("\n# twinheap: threads", "not of the form key = values"),
        ] {
            let (line, reason) = head(text).expect_err(text);
            assert_eq!(line, 2);
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn ids_come_from_the_folder_that_was_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("programs");
        fs::create_dir_all(root.join("dict/deep")).expect("made");
        fs::create_dir_all(root.join("__pycache__")).expect("made");
        for file in [
            "a.py",
            "dict/b.py",
            "dict/deep/c.py",
            "__pycache__/d.py",
            "e.txt",
        ] {
            fs::write(root.join(file), "x = 1\n").expect("written");
        }
        let cases = load(std::slice::from_ref(&root)).expect("it is read");
        let names: Vec<&str> = cases.iter().map(|one| one.program.name.as_str()).collect();
        assert_eq!(
            names,
            ["programs/a", "programs/dict/b", "programs/dict/deep/c"]
        );
        assert_eq!(cases[1].program.topic, "programs/dict");
        let one = load(&[root.join("dict/b.py")]).expect("it is read");
        assert_eq!(one[0].program.name, "dict/b");
        let twice = load(&[root.clone(), root.join("a.py")]).expect_err("an id comes twice");
        assert!(
            twice.contains("two programs have the id programs/a"),
            "{twice}"
        );
        assert!(load(&[root.join("__pycache__x")]).is_err());
    }
}
