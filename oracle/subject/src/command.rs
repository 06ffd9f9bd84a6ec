//! A subject given as a command line (`name=python3.13 {file}`), driven by a small Python script.

use std::path::Path;

use twinheap_observation::Program;
use twinheap_observation::outcome::{Outcome, OutcomeClass};
use twinheap_observation::stage::{Observation, Output, Stage, StageSet, Supported};
use twinheap_observation::wire::{Hello, Limits, Report, RunRequest, Wanted};

use crate::driver::{Driver, Ended, parse_outcome};
use crate::process::Answer;

/// Programs after which an interpreter is replaced.
const RECYCLE_AFTER: u32 = 200;

/// How to start an interpreter on a file.
#[derive(Clone, Debug)]
pub struct CommandSpec {
    pub label: String,
    /// Words of the command; `{file}` stands for the script.
    pub words: Vec<String>,
    /// Variables that the interpreter needs; it inherits none but `PATH`.
    pub environment: Vec<(String, String)>,
    pub limits: Limits,
}

impl CommandSpec {
    /// Reads `name=command {file}`.
    pub fn parse(text: &str) -> Result<CommandSpec, String> {
        let (label, command) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form 'name=command {{file}}'"))?;
        let mut words = split_words(command)?;
        let is_assignment = |word: &String| {
            let name = word.split_once('=').map(|(name, _)| name);
            name.is_some_and(|name| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
        };
        let assignments = words.iter().take_while(|word| is_assignment(word)).count();
        let environment = words
            .drain(..assignments)
            .filter_map(|word| {
                word.split_once('=')
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
            })
            .collect();
        if !words.iter().any(|word| word.contains("{file}")) {
            return Err(format!("the command {command:?} has no {{file}}"));
        }
        Ok(CommandSpec {
            label: label.trim().to_owned(),
            words,
            environment,
            limits: Limits::default(),
        })
    }
}

/// Runs programs through a foreign interpreter that stays up between them; a new one after a death.
pub struct CommandSubject {
    spec: CommandSpec,
    driver: Option<Driver>,
    /// How many processes were started so far.
    pub started: u32,
}

impl CommandSubject {
    pub fn new(spec: CommandSpec) -> CommandSubject {
        CommandSubject {
            spec,
            driver: None,
            started: 0,
        }
    }

    /// Who it is; a command that cannot even run an empty program is refused before it is blamed for any other.
    pub fn hello(&mut self) -> Result<Hello, String> {
        let request = RunRequest {
            change: None,
            index: 0,
            program: Program::new("hello", "hello", ""),
            code: None,
            wanted: Wanted {
                stages: StageSet::of(&[Stage::Outcome]),
                details: true,
                marshal: false,
                transitions: false,
            },
        };
        let label = self.spec.label.clone();
        let refuse = |reason: String| {
            Err(format!(
                "{label}: the command does not run an empty program: {reason}"
            ))
        };
        match self.run_one(&request) {
            Answer::Report(report) if report.outcome == OutcomeClass::Finished => {}
            Answer::Report(report) => return refuse(format!("it ends as {:?}", report.outcome)),
            Answer::Death(outcome, _) => return refuse(outcome.lines().join("; ")),
            Answer::HarnessError(reason) => return refuse(reason),
        }
        Ok(Hello {
            implementation: self.spec.label.clone(),
            stages: StageSet::of(&[Stage::Output, Stage::Outcome]),
            needs_code: false,
            unsupported_fields: Vec::new(),
            confinement: String::new(),
            layout_fingerprint: 0,
        })
    }

    pub fn run_batch(&mut self, requests: &[RunRequest]) -> Vec<Answer> {
        requests
            .iter()
            .map(|request| self.run_one(request))
            .collect()
    }

    /// Ends the present process, so that the next program meets a fresh one.
    pub fn retire(&mut self) {
        self.driver = None;
    }

    fn run_one(&mut self, request: &RunRequest) -> Answer {
        if self
            .driver
            .as_ref()
            .is_some_and(|driver| driver.ran >= RECYCLE_AFTER)
        {
            self.driver = None;
        }
        let driver = match self.driver.take() {
            Some(driver) => Ok(driver),
            None => {
                self.started += 1;
                Driver::start(&self.spec)
            }
        };
        let ended = driver.and_then(|mut driver| {
            let ended = driver.run(&request.program)?;
            if !matches!(ended, Ended::Died(..)) {
                self.driver = Some(driver);
            }
            Ok(ended)
        });
        match ended {
            Ok(Ended::Told {
                output,
                errors,
                outcome,
                microseconds,
            }) => told(
                kept(&output, &errors, &self.spec.limits),
                &outcome,
                microseconds,
            ),
            Ok(Ended::Died(outcome, output, errors)) => {
                Answer::Death(outcome, kept(&output, &errors, &self.spec.limits))
            }
            Err(error) => Answer::HarnessError(format!("{}: {error}", self.spec.label)),
        }
    }
}

/// What was written, up to the limit.
fn kept(stdout: &[u8], stderr: &[u8], limits: &Limits) -> Output {
    let limit = limits.output_bytes as usize;
    let cut = |bytes: &[u8]| bytes[..bytes.len().min(limit)].to_vec();
    Output {
        stdout: cut(stdout),
        stderr: cut(stderr),
        truncated: stdout.len() > limit || stderr.len() > limit,
    }
}

/// The words of a command; quotes and backslashes keep spaces in a word, as in a shell.
fn split_words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match character {
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some(end) if end == quote => break,
                        Some('\\') if quote == '"' => word.extend(characters.next()),
                        Some(other) => word.push(other),
                        None => return Err(format!("{command:?} has a quote that is not closed")),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            space if space.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The report of a program that came to an end of its own.
fn told(output: Output, outcome: &str, microseconds: u32) -> Answer {
    let outcome = parse_outcome(&mut outcome.lines());
    let class = outcome.class();
    let raised = match &outcome {
        Outcome::Raised(exception) => Some(exception.type_name.clone()),
        _ => None,
    };
    let mut observation = Observation::empty();
    observation.output = Supported::Supported(output);
    observation.outcome = Supported::Supported(outcome);
    Answer::Report(Box::new(Report {
        outcome: class,
        raised,
        digests: Vec::new(),
        details: Some(Box::new(observation)),
        marshal: None,
        microseconds,
        transitions: Vec::new(),
        cut: Vec::new(),
        no_test_ran: false,
        changed: None,
        retire: false,
    }))
}

/// Whether a path names an interpreter that can be started.
pub fn is_executable(path: &Path) -> bool {
    path.is_file()
}
