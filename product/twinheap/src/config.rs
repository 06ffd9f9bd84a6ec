//! The configuration: `twinheap.toml`, or `[tool.twinheap]` of `pyproject.toml`.
//!
//! What it says is put before the arguments of a command line, option by option, and only where the command line does not
//! have the option itself. So every setting is an option, and the command line wins. Paths in the file count from its
//! folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twinheap_expect::spelling;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Commands by name.
    subjects: BTreeMap<String, String>,
    gate: Gate,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Gate {
    oracle: Option<String>,
    python: Option<String>,
    subjects: Option<Vec<String>>,
    corpus: Vec<String>,
    stages: Vec<String>,
    steps: Option<String>,
    expectations: Option<PathBuf>,
    policy: Option<PathBuf>,
    out: Option<PathBuf>,
    baseline: Option<PathBuf>,
    baseline_subject: Option<String>,
    timeout: Option<u64>,
    pairs: Option<u64>,
    confirmations: Option<u64>,
    findings_exit: Option<i64>,
    refuse_empty: Option<bool>,
    annotations: Option<bool>,
    quiet: Option<bool>,
    transitions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    twinheap: Option<Config>,
}

/// The commands that run a gate, and take all of its options.
const GATES: [&[&str]; 3] = [&["gate"], &["expect", "check"], &["expect", "update"]];
/// The commands that take the two sides only.
const PAIRS: [&str; 4] = ["diff", "observe", "inspect", "libtest"];

/// A configuration, and the folder that its paths count from.
struct Found {
    config: Config,
    folder: PathBuf,
}

/// The arguments of the process with those of the configuration before them.
pub fn arguments(given: Vec<String>) -> Result<Vec<String>, String> {
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    arguments_in(given, &here)
}

fn arguments_in(given: Vec<String>, here: &Path) -> Result<Vec<String>, String> {
    let mut given = given;
    let named = taken_out(&mut given, "--config")?;
    let found = match named {
        Some(path) => Some(read(&here.join(path))?),
        None => find(here)?,
    };
    let Some(found) = found else {
        return Ok(given);
    };
    let command = given.get(1).map_or("", String::as_str);
    let words = GATES.iter().find(|words| {
        let have = given.iter().skip(1).take(words.len());
        have.eq(words.iter())
    });
    let (place, settings) = match words {
        Some(words) => (1 + words.len(), found.of_gate(&given)),
        None if PAIRS.contains(&command) => (2, found.of_sides(&given)),
        None => return Ok(given),
    };
    found.name_subjects(&mut given);
    let rest = given.split_off(place);
    given.extend(settings);
    given.extend(rest);
    Ok(given)
}

/// Takes an option with its value out of the arguments.
fn taken_out(given: &mut Vec<String>, option: &str) -> Result<Option<String>, String> {
    let with_value = format!("{option}=");
    let Some(place) = given
        .iter()
        .position(|word| word == option || word.starts_with(&with_value))
    else {
        return Ok(None);
    };
    let word = given.remove(place);
    if let Some(value) = word.strip_prefix(&with_value) {
        return Ok(Some(value.to_owned()));
    }
    if place >= given.len() {
        return Err(format!("{option} names no file"));
    }
    Ok(Some(given.remove(place)))
}

/// The configuration of the nearest folder that has one, up to the root of the checkout.
fn find(here: &Path) -> Result<Option<Found>, String> {
    for folder in here.ancestors() {
        let own = folder.join("twinheap.toml");
        if own.is_file() {
            return read(&own).map(Some);
        }
        let project = folder.join("pyproject.toml");
        if project.is_file()
            && let Some(found) = of_project(&project)?
        {
            return Ok(Some(found));
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Found, String> {
    if path
        .file_name()
        .is_some_and(|name| name == "pyproject.toml")
    {
        let found = of_project(path)?;
        return found.ok_or_else(|| format!("{}: there is no [tool.twinheap]", path.display()));
    }
    let text = text_of(path)?;
    let config =
        toml::from_str(&text).map_err(|error| spelling::told(&path.display(), &text, &error))?;
    Ok(Found::new(config, path))
}

fn of_project(path: &Path) -> Result<Option<Found>, String> {
    let text = text_of(path)?;
    // What is wrong elsewhere in the file is for others to say.
    if !text.contains("tool.twinheap") {
        return Ok(None);
    }
    let project: PyProject =
        toml::from_str(&text).map_err(|error| spelling::told(&path.display(), &text, &error))?;
    let config = project.tool.and_then(|tools| tools.twinheap);
    Ok(config.map(|config| Found::new(config, path)))
}

fn text_of(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

impl Found {
    fn new(config: Config, path: &Path) -> Found {
        Found {
            config,
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        }
    }

    /// A path of the file, as seen from the folder of the process.
    fn path(&self, path: &Path) -> String {
        self.folder.join(path).display().to_string()
    }

    /// Puts the command in the place of a subject's name.
    fn name_subjects(&self, given: &mut [String]) {
        for place in 1..given.len() {
            let is_value =
                given[place - 1] == "--subject" || given[place - 1] == "--baseline-subject";
            let word = given[place].clone();
            let (option, value) = match word.split_once('=') {
                Some((option @ ("--subject" | "--baseline-subject"), value)) => {
                    (format!("{option}="), value)
                }
                _ if is_value => (String::new(), word.as_str()),
                _ => continue,
            };
            if let Some(command) = self.config.subjects.get(value) {
                given[place] = format!("{option}{value}={command}");
            }
        }
    }

    /// What a subject of the configuration is on the command line.
    fn subject(&self, name: &str) -> String {
        match self.config.subjects.get(name) {
            Some(command) => format!("{name}={command}"),
            None => name.to_owned(),
        }
    }

    fn of_sides(&self, given: &[String]) -> Vec<String> {
        let gate = &self.config.gate;
        let mut adding = Adding::new(given);
        adding.add("oracle", gate.oracle.clone());
        adding.add("python", gate.python.clone());
        adding.words
    }

    fn of_gate(&self, given: &[String]) -> Vec<String> {
        let gate = &self.config.gate;
        let named = gate.subjects.clone();
        let subjects = named.unwrap_or_else(|| self.config.subjects.keys().cloned().collect());
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let flag = |value: Option<bool>| value.map(|value| value.to_string());
        let path = |value: &Option<PathBuf>| value.as_ref().map(|path| self.path(path));
        let corpora = gate.corpus.iter().map(|corpus| match corpus.as_str() {
            "chapters" => corpus.clone(),
            folder => self.path(Path::new(folder)),
        });
        let stages = Some(gate.stages.join(",")).filter(|stages| !stages.is_empty());
        let transitions = gate.transitions.iter();
        let mut adding = Adding::new(given);
        adding.add("oracle", gate.oracle.clone());
        adding.add("python", gate.python.clone());
        adding.add("subject", subjects.iter().map(|name| self.subject(name)));
        adding.add("corpus", corpora);
        adding.add("stages", stages);
        adding.add("steps", gate.steps.clone());
        adding.add("expectations", path(&gate.expectations));
        adding.add("policy", path(&gate.policy));
        adding.add("out", path(&gate.out));
        if !adding.has("baseline") && !adding.has("baseline-subject") {
            adding.add("baseline", path(&gate.baseline));
            let old = gate.baseline_subject.as_ref();
            adding.add("baseline-subject", old.map(|name| self.subject(name)));
        }
        adding.add("timeout", number(gate.timeout));
        adding.add("pairs", number(gate.pairs));
        adding.add("confirmations", number(gate.confirmations));
        adding.add(
            "findings-exit",
            gate.findings_exit.map(|code| code.to_string()),
        );
        adding.add("refuse-empty", flag(gate.refuse_empty));
        adding.add("annotations", flag(gate.annotations));
        adding.add("quiet", flag(gate.quiet));
        let rules = transitions.map(|(name, policy)| format!("{name}={policy}"));
        adding.add("transition", rules);
        adding.words
    }
}

/// Arguments that are added where the command line has no such option.
struct Adding<'a> {
    given: &'a [String],
    words: Vec<String>,
}

impl<'a> Adding<'a> {
    fn new(given: &'a [String]) -> Adding<'a> {
        Adding {
            given,
            words: Vec::new(),
        }
    }

    fn has(&self, option: &str) -> bool {
        let (plain, with_value) = (format!("--{option}"), format!("--{option}="));
        // The one option that has a letter, too.
        let letter = if option == "quiet" { "-q" } else { "--" };
        self.given.iter().any(|word| {
            *word == plain || word.starts_with(&with_value) || (word == letter && letter == "-q")
        })
    }

    fn add(&mut self, option: &str, values: impl IntoIterator<Item = String>) {
        if self.has(option) {
            return;
        }
        let words = values
            .into_iter()
            .map(|value| format!("--{option}={value}"));
        self.words.extend(words);
    }
}

/// What `init` writes.
const TEMPLATE: &str = include_str!("template.toml");

/// Writes a configuration that explains itself; one that is there stays.
pub fn init(folder: &Path) -> Result<i32, String> {
    let path = folder.join("twinheap.toml");
    let told = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{} is there already, and stays as it is", path.display())
        }
        _ => format!("{}: {error}", path.display()),
    };
    let mut file = std::fs::File::create_new(&path).map_err(told)?;
    std::io::Write::write_all(&mut file, TEMPLATE.as_bytes()).map_err(told)?;
    println!(
        "{}: name your interpreter in it, then run `twinheap gate`",
        path.display()
    );
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: &str, text: &str, given: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(file), text).expect("written");
        std::fs::create_dir(folder.path().join(".git")).expect("made");
        let given = given.iter().map(|word| (*word).to_owned()).collect();
        let here = folder.path().display().to_string();
        let replaced = |word: String| word.replace(&here, "HERE");
        match arguments_in(given, folder.path()) {
            Ok(words) => Ok(words.into_iter().map(replaced).collect()),
            Err(reason) => Err(replaced(reason)),
        }
    }

    const CONFIG: &str = "[subjects]\nmine = './python {file}'\npypy = 'pypy3 {file}'\n[gate]\ntimeout = 9\n\
        expectations = 'known.toml'\ncorpus = ['chapters', 'tests']\nrefuse-empty = true\n[gate.transitions]\ngone = 'fail'\n";

    #[test]
    fn settings_become_options_and_the_command_line_wins() {
        let words = with("twinheap.toml", CONFIG, &["twinheap", "gate", "dict"]);
        assert_eq!(
            words.expect("it is read"),
            [
                "twinheap",
                "gate",
                "--subject=mine=./python {file}",
                "--subject=pypy=pypy3 {file}",
                "--corpus=chapters",
                "--corpus=HERE/tests",
                "--expectations=HERE/known.toml",
                "--timeout=9",
                "--refuse-empty=true",
                "--transition=gone=fail",
                "dict",
            ]
        );
        let given = [
            "twinheap",
            "expect",
            "update",
            "--subject",
            "pypy",
            "--timeout=3",
            "--corpus",
            "x",
            "--expectations",
            "y",
            "--refuse-empty=false",
            "--transition=gone=pass",
        ];
        let words = with("twinheap.toml", CONFIG, &given).expect("it is read");
        assert_eq!(words[4], "pypy=pypy3 {file}");
        assert_eq!(words.len(), given.len());
    }

    #[test]
    fn a_project_may_hold_it() {
        let text = "[project]\nname = 'x'\n[tool.twinheap.gate]\noracle = '3.12'\n";
        let words = with("pyproject.toml", text, &["twinheap", "gate"]).expect("it is read");
        assert_eq!(words, ["twinheap", "gate", "--oracle=3.12"]);
        let words = with("pyproject.toml", "[tool.other]\n", &["twinheap", "gate"]);
        assert_eq!(words.expect("it is read").len(), 2);
    }

    #[test]
    fn errors_name_the_line_and_suggest() {
        for (text, expected) in [
            (
                "[gate]\n\ntimout = 3\n",
                "HERE/twinheap.toml:3: unknown field `timout`",
            ),
            ("[gate]\n\ntimout = 3\n", "did you mean `timeout`?"),
            ("[gates]\n", "did you mean `gate`?"),
            (
                "[gate]\ntimeout = 'x'\n",
                "HERE/twinheap.toml:2: invalid type",
            ),
            ("[gate\n", "HERE/twinheap.toml:1: "),
        ] {
            let said = with("twinheap.toml", text, &["twinheap", "gate"]).expect_err(text);
            assert!(said.contains(expected), "{said}");
        }
        let given = ["twinheap", "gate", "--config", "other.toml"];
        let said = with("twinheap.toml", CONFIG, &given).expect_err("it is not there");
        assert!(said.contains("HERE/other.toml: No such file"), "{said}");
    }

    #[test]
    fn the_template_is_a_configuration() {
        let config: Config = toml::from_str(TEMPLATE).expect("it is read");
        assert!(config.subjects.is_empty());
        // What it shows as comments is right, too.
        let shown: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix("#: ") {
                Some(setting) => format!("{setting}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        let config: Config = toml::from_str(&shown).expect("the settings shown are read");
        assert!(config.subjects.contains_key("mine"));
        assert_eq!(config.gate.timeout, Some(10));
    }
}
