//! One test file on one interpreter: the process, its deaths, and what its lines add up to.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::line::{self, Line};
use crate::{Interpreter, Limits, Outcome};

/// The program that runs inside the interpreter.
const DRIVER: &str = include_str!("driver.py");
/// How often the parent looks after a process.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A method and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    pub outcome: Outcome,
    pub microseconds: u32,
}

/// Whether the file could be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    Yes,
    /// The file itself says that it cannot run here.
    Skipped(String),
    /// The exception that its import raised, or how the process ended.
    No(String),
    /// The run was interrupted before it was over.
    Interrupted,
}

/// How the methods of a file ended.
#[derive(Clone, Debug)]
pub struct FileResult {
    pub loaded: Loaded,
    /// By key: `DictTest.test_constructor`.
    pub methods: BTreeMap<String, Method>,
}

/// Runs a file's methods; those whose keys begin with one of `wanted`, or all.
pub fn run_file(
    interpreter: &Interpreter,
    name: &str,
    wanted: &[String],
    limits: &Limits,
    stop: &AtomicBool,
) -> io::Result<FileResult> {
    let mut run = Run {
        name,
        interpreter,
        limits,
        stop,
        folder: TempDir::with_prefix("libtest-")?,
        listed: Vec::new(),
        methods: BTreeMap::new(),
        fixtures: HashMap::new(),
    };
    fs::write(run.path("driver.py"), DRIVER)?;
    if !wanted.is_empty() {
        fs::write(run.path("wanted"), wanted.join("\n") + "\n")?;
    }
    let loaded = run.until_over(!wanted.is_empty())?;
    Ok(FileResult {
        loaded,
        methods: run.methods,
    })
}

/// A file under way.
struct Run<'a> {
    name: &'a str,
    interpreter: &'a Interpreter,
    limits: &'a Limits,
    stop: &'a AtomicBool,
    /// The driver, its lists and results; `work` below it is the working directory.
    folder: TempDir,
    /// Every method that was to run.
    listed: Vec<String>,
    methods: BTreeMap<String, Method>,
    /// The fixtures that failed or were skipped, by the class or module they belong to.
    fixtures: HashMap<String, Outcome>,
}

/// How a process of a file ended.
enum Ended {
    Over,
    /// On its own; while this method ran.
    Died(ExitStatus, Option<String>),
    /// The method took too long, or the import did.
    Late(Option<String>),
    Unloaded(Loaded),
    Interrupted,
}

impl Run<'_> {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the file again after each death, without the methods that are done.
    fn until_over(&mut self, chosen: bool) -> io::Result<Loaded> {
        for attempt in 0..=self.limits.restarts {
            let (outcome, method) = match self.once(attempt, chosen)? {
                Ended::Over => {
                    self.add_those_that_did_not_run();
                    return Ok(Loaded::Yes);
                }
                Ended::Unloaded(loaded) => return Ok(loaded),
                Ended::Interrupted => return Ok(Loaded::Interrupted),
                Ended::Died(status, method) => (Outcome::Crash(how(status)), method),
                Ended::Late(method) => (Outcome::TimeOut, method),
            };
            // Between methods it is the next one that is to blame: its class's fixture ran.
            let Some(method) = method.or_else(|| self.next_listed()) else {
                return Ok(match &outcome {
                    Outcome::TimeOut => Loaded::No("the import took too long".to_owned()),
                    other => Loaded::No(format!("the process ended: {}", other.text())),
                });
            };
            let microseconds = u32::try_from(self.limits.method.as_micros()).unwrap_or(u32::MAX);
            self.methods.insert(
                method,
                Method {
                    outcome,
                    microseconds,
                },
            );
        }
        self.add_rest(&Outcome::NotRun(format!(
            "the file had ended the process {} times",
            self.limits.restarts + 1
        )));
        Ok(Loaded::Yes)
    }

    /// The first method that was listed and is not done.
    fn next_listed(&self) -> Option<String> {
        let is_open = |key: &&String| !self.methods.contains_key(*key);
        self.listed.iter().find(is_open).cloned()
    }

    /// What was listed and has no outcome gets this one.
    fn add_rest(&mut self, outcome: &Outcome) {
        for key in std::mem::take(&mut self.listed) {
            self.methods.entry(key).or_insert_with(|| Method {
                outcome: outcome.clone(),
                microseconds: 0,
            });
        }
    }

    /// Methods whose fixture failed were listed and never began.
    fn add_those_that_did_not_run(&mut self) {
        for key in std::mem::take(&mut self.listed) {
            if self.methods.contains_key(&key) {
                continue;
            }
            let class = key.rsplit_once('.').map_or("", |(class, _)| class);
            let of_class = |name: &&String| name.ends_with(&format!(".{class}"));
            let fixture = self
                .fixtures
                .keys()
                .find(of_class)
                .or_else(|| self.fixtures.keys().find(|name| name.ends_with(self.name)))
                .map(|name| self.fixtures[name].clone());
            let outcome = match fixture {
                Some(Outcome::Skip(reason)) => Outcome::Skip(reason),
                Some(other) => Outcome::NotRun(other.text().to_owned()),
                None => Outcome::NotRun("it was listed and did not run".to_owned()),
            };
            self.methods.insert(
                key,
                Method {
                    outcome,
                    microseconds: 0,
                },
            );
        }
    }

    /// Runs what is not done yet, until the process ends or has to be ended.
    fn once(&mut self, attempt: usize, chosen: bool) -> io::Result<Ended> {
        let (work, results) = (
            self.path(&format!("work-{attempt}")),
            self.path(&format!("results-{attempt}")),
        );
        fs::create_dir(&work)?;
        File::create(&results)?;
        let done: String = self.methods.keys().map(|key| format!("{key}\n")).collect();
        fs::write(self.path("done"), done)?;
        let mut child = self.start(&work, &results, chosen)?;
        let ended = self.attend(&mut child, &results);
        end_group(&mut child);
        // Thousands of files of a test are of no use to anybody.
        let _ = fs::remove_dir_all(&work);
        ended
    }

    fn start(&self, work: &Path, results: &Path, chosen: bool) -> io::Result<Child> {
        let log = File::create(self.path("log"))?;
        let driver = self.path("driver.py").display().to_string();
        let mut words = Vec::new();
        for word in &self.interpreter.words {
            words.push(word.replace("{file}", &driver));
            if word.contains("{file}") {
                words.push(format!("test.{}", self.name));
                words.push(results.display().to_string());
                words.push(self.path("done").display().to_string());
                words.push(match chosen {
                    true => self.path("wanted").display().to_string(),
                    false => String::new(),
                });
                words.push(self.interpreter.without.join(","));
            }
        }
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .current_dir(work)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .env("HOME", work)
            .env("TMPDIR", work)
            .env("PYTHONHASHSEED", "0")
            .envs(self.interpreter.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(tests) = &self.interpreter.tests {
            command.env("PYTHONPATH", tests);
        }
        command.spawn()
    }

    /// Follows the lines of a process until it ends, or until a method takes too long.
    fn attend(&mut self, child: &mut Child, results: &Path) -> io::Result<Ended> {
        let mut read = 0;
        let mut running: Option<String> = None;
        let mut moved = Instant::now();
        loop {
            let status = child.try_wait()?;
            let text = fs::read(results)?;
            let whole = text
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            let fresh = String::from_utf8_lossy(&text[read..whole]).into_owned();
            read = whole;
            for line in fresh.lines().filter_map(line::parse) {
                moved = Instant::now();
                if let Some(ended) = self.take(line, &mut running) {
                    return Ok(ended);
                }
            }
            if let Some(status) = status {
                return Ok(Ended::Died(status, running));
            }
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Ended::Interrupted);
            }
            if moved.elapsed() > self.limits.method {
                return Ok(Ended::Late(running));
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Takes up a line; the last one ends the run.
    fn take(&mut self, line: Line, running: &mut Option<String>) -> Option<Ended> {
        match line {
            Line::Listed(key) => {
                if !self.methods.contains_key(&key) && !self.listed.contains(&key) {
                    self.listed.push(key);
                }
            }
            Line::Begin(key) => *running = Some(key),
            Line::End {
                key,
                outcome,
                microseconds,
            } => {
                *running = None;
                self.methods.insert(
                    key,
                    Method {
                        outcome,
                        microseconds,
                    },
                );
            }
            Line::Fixture { name, outcome } => {
                let of = name.split_once('(').map_or(&*name, |(_, of)| of);
                self.fixtures
                    .insert(of.trim_end_matches(')').to_owned(), outcome);
            }
            Line::Skipped(reason) => return Some(Ended::Unloaded(Loaded::Skipped(reason))),
            Line::Unimportable(reason) => return Some(Ended::Unloaded(Loaded::No(reason))),
            Line::Over => return Some(Ended::Over),
        }
        None
    }
}

/// Ends the process and those that it started.
fn end_group(child: &mut Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
    let _ = child.wait();
}

/// How a process ended, in words.
fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => match Signal::try_from(signal) {
            Ok(signal) => signal.as_str().to_owned(),
            Err(_) => format!("signal {signal}"),
        },
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "for a reason that the system does not tell".to_owned(),
    }
}
