//! A subject given as a command line (`name=python3.13 {file}`), driven by a small Python script.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use twinheap_observation::Program;
use twinheap_observation::outcome::{ExceptionView, FrameSpan, Outcome, OutcomeClass};
use twinheap_observation::stage::{Observation, Output, Stage, StageSet, Supported};
use twinheap_observation::wire::{Hello, Limits, Report, RunRequest, Wanted};

use crate::confinement::{Confinement, Processes};
use crate::death::name_death;
use crate::process::Answer;
use crate::system;

const DRIVER: &str = include_str!("driver.py");
/// Begins each line of the driver's own; no program of ours prints it.
const MARK: &str = "\u{1}twinheap ";

/// How to start an interpreter on a file.
#[derive(Clone, Debug)]
pub struct CommandSpec {
    pub label: String,
    /// Words of the command; `{file}` stands for the script.
    pub words: Vec<String>,
    pub limits: Limits,
}

impl CommandSpec {
    /// Reads `name=command {file}`.
    pub fn parse(text: &str) -> Result<CommandSpec, String> {
        let (label, command) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form 'name=command {{file}}'"))?;
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if !words.iter().any(|word| word.contains("{file}")) {
            return Err(format!("the command {command:?} has no {{file}}"));
        }
        Ok(CommandSpec {
            label: label.trim().to_owned(),
            words,
            limits: Limits::default(),
        })
    }
}

/// Runs programs through a foreign interpreter: one process for a batch, a new one after a death.
pub struct CommandSubject {
    spec: CommandSpec,
}

impl CommandSubject {
    pub fn new(spec: CommandSpec) -> CommandSubject {
        CommandSubject { spec }
    }

    /// Who it is; a command that cannot even run an empty program is refused before it is blamed for any other.
    pub fn hello(&mut self) -> Result<Hello, String> {
        let request = RunRequest {
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
        match self.run_batch(&[request]).pop() {
            Some(Answer::Report(report)) if report.outcome == OutcomeClass::Finished => {}
            Some(Answer::Report(report)) => {
                return refuse(format!("it ends as {:?}", report.outcome));
            }
            Some(Answer::Death(outcome)) => return refuse(outcome.lines().join("; ")),
            Some(Answer::HarnessError(reason)) => return refuse(reason),
            None => return refuse("no answer came".to_owned()),
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
        let mut answers = Vec::new();
        while answers.len() < requests.len() {
            let left = &requests[answers.len()..];
            match self.run_process(left) {
                Ok(found) if !found.is_empty() => answers.extend(found),
                Ok(_) => answers.push(Answer::HarnessError("the driver did not begin".to_owned())),
                Err(error) => answers.push(Answer::HarnessError(format!(
                    "{}: {error}",
                    self.spec.label
                ))),
            }
        }
        answers
    }

    /// Runs as many programs as the process survives; the last answer may be its death.
    fn run_process(&self, requests: &[RunRequest]) -> io::Result<Vec<Answer>> {
        let directory = tempfile::Builder::new().prefix("twinheap-").tempdir()?;
        let script = directory.path().join("driver.py");
        fs::write(&script, driver_text(requests))?;
        let work = directory.path().join("work");
        fs::create_dir(&work)?;
        let (stdout, stderr) = (
            system::memory_file(c"stdout", false)?,
            system::memory_file(c"stderr", false)?,
        );
        let file = script.to_string_lossy();
        let words: Vec<String> = self
            .spec
            .words
            .iter()
            .map(|word| word.replace("{file}", &file))
            .collect();
        let mut confinement = Confinement::new(&[directory.path()], Processes::Allowed)?;
        let mut command = Command::new(&words[0]);
        // SAFETY: between fork and exec the rules, which were made before, are only put into force.
        unsafe { command.pre_exec(move || confinement.enforce().map(drop)) };
        let mut child = command
            .args(&words[1..])
            .current_dir(&work)
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONUTF8", "1")
            .env("LANG", "C.UTF-8")
            .env("TMPDIR", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::from(stdout.try_clone()?))
            .stderr(Stdio::from(stderr.try_clone()?))
            .spawn()?;
        let wall = Duration::from_millis(self.spec.limits.wall_milliseconds);
        let mut progress = (0, Instant::now());
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            let length = stdout.metadata()?.len();
            if length != progress.0 {
                progress = (length, Instant::now());
            }
            if progress.1.elapsed() > wall {
                child.kill()?;
                child.wait()?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = read_all(&stdout)?;
        let words = read_all(&stderr)?;
        let mut answers = parse_results(&text, requests);
        if answers.len() < requests.len() {
            answers.push(match status {
                None => Answer::Death(Outcome::TimedOut {
                    limit_milliseconds: self.spec.limits.wall_milliseconds,
                }),
                Some(status) if status.success() => {
                    Answer::Death(Outcome::Exited("process exit status 0".to_owned()))
                }
                Some(status) => Answer::Death(name_death(status, &words, &self.spec.limits)),
            });
        }
        Ok(answers)
    }
}

fn read_all(file: &fs::File) -> io::Result<Vec<u8>> {
    debug_assert!(file.as_raw_fd() > 2);
    let mut bytes = vec![0; file.metadata()?.len() as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// The driver with the programs written into it, so that it needs nothing of the interpreter to read them.
fn driver_text(requests: &[RunRequest]) -> String {
    let mut text = String::from("PROGRAMS = [\n");
    for request in requests {
        let program = &request.program;
        text.push_str(&format!(
            "    ({}, {}),\n",
            literal(&program.filename),
            literal(&program.source)
        ));
    }
    text.push_str("]\n");
    text.push_str(DRIVER);
    text
}

fn literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(character),
            other if (other as u32) < 0x1_0000 => {
                quoted.push_str(&format!("\\u{:04x}", other as u32))
            }
            other => quoted.push_str(&format!("\\U{:08x}", other as u32)),
        }
    }
    quoted.push('"');
    quoted
}

/// Cuts the driver's standard output at its marks.
fn parse_results(bytes: &[u8], requests: &[RunRequest]) -> Vec<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let mut answers = Vec::new();
    for part in text.split(&format!("{MARK}started\n")).skip(1) {
        let Some((output, rest)) = part.split_once(&format!("{MARK}result\n")) else {
            break;
        };
        let Some(wanted) = requests.get(answers.len()).map(|request| request.wanted) else {
            break;
        };
        let mut lines = rest.lines();
        let outcome = parse_outcome(&mut lines);
        let output = Output {
            stdout: output.as_bytes().to_vec(),
            stderr: Vec::new(),
            truncated: false,
        };
        let class = outcome.class();
        let raised = match &outcome {
            Outcome::Raised(exception) => Some(exception.type_name.clone()),
            _ => None,
        };
        let mut observation = Observation::empty();
        observation.output = Supported::Supported(output);
        observation.outcome = Supported::Supported(outcome);
        let _ = wanted;
        answers.push(Answer::Report(Box::new(Report {
            outcome: class,
            raised,
            digests: Vec::new(),
            details: Some(Box::new(observation)),
            marshal: None,
            microseconds: 0,
            transitions: Vec::new(),
            retire: false,
        })));
    }
    answers
}

/// Reads an outcome: one word, then for an exception its parts, one a line, ended by `end`.
fn parse_outcome<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Outcome {
    match lines.next() {
        Some("raised") => Outcome::Raised(Box::new(parse_exception(lines))),
        Some("exited") => Outcome::Exited(lines.next().unwrap_or_default().to_owned()),
        _ => Outcome::Finished,
    }
}

fn parse_exception<'a>(lines: &mut impl Iterator<Item = &'a str>) -> ExceptionView {
    let mut view = ExceptionView::default();
    while let Some(line) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "type" => view.type_name = rest.to_owned(),
            "arg" => view.args.push(rest.to_owned()),
            "note" => view.notes.push(rest.to_owned()),
            "frame" => {
                let (number, filename) = rest.split_once(' ').unwrap_or((rest, ""));
                view.traceback.push(FrameSpan {
                    filename: filename.to_owned(),
                    qualname: String::new(),
                    line: number.parse().unwrap_or(-1),
                    span: (-1, -1, -1, -1),
                });
            }
            "suppress" => view.suppress_context = true,
            "again" => view.seen_before = true,
            "cause" => view.cause = Some(Box::new(parse_exception(lines))),
            "context" => view.context = Some(Box::new(parse_exception(lines))),
            "member" => view.members.push(parse_exception(lines)),
            _ => break,
        }
    }
    view
}

/// Whether a path names an interpreter that can be started.
pub fn is_executable(path: &Path) -> bool {
    path.is_file()
}
