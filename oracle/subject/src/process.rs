//! The keeper's side: a lane runs programs through one worker process after another and blames deaths rightly.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use twinheap_observation::outcome::Outcome;
use twinheap_observation::stage::Output;
use twinheap_observation::wire::{
    Hello, Limits, Message, Report, Request, RunRequest, append_frame, take_frame,
};
use twinheap_observation::{FieldSpec, MaskRule};

use crate::capture::PRINTED_DESCRIPTOR;
use crate::death::name_death;
use crate::interpreter::{self, REQUESTS_DESCRIPTOR, RESULTS_DESCRIPTOR};
use crate::system::{self, Readiness};

/// How long a worker may take to come up.
const START_MILLISECONDS: u64 = 30_000;
/// The size asked for each pipe, and how much of it unanswered requests may fill.
const PIPE_BYTES: usize = 1 << 20;
const WINDOW_BYTES: usize = PIPE_BYTES / 2;
const WINDOW_PROGRAMS: usize = 64;

/// How to start a subject, and how it is to be treated.
#[derive(Clone, Debug)]
pub struct SubjectSpec {
    pub label: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub limits: Limits,
    pub masks: Vec<MaskRule>,
    pub unsupported: Vec<FieldSpec>,
    /// Whether every process gets the same addresses, so that what depends on them comes out the same.
    pub fixed_addresses: bool,
    /// Programs after which a worker is replaced.
    pub recycle_after: u32,
    /// Whether the program is an interpreter that imports the observer, see [`crate::interpreter`].
    pub is_interpreter: bool,
}

impl SubjectSpec {
    pub fn new(label: &str, program: PathBuf) -> SubjectSpec {
        SubjectSpec {
            label: label.to_owned(),
            program,
            arguments: Vec::new(),
            environment: Vec::new(),
            limits: Limits::default(),
            masks: Vec::new(),
            unsupported: Vec::new(),
            fixed_addresses: false,
            recycle_after: 1_000,
            is_interpreter: false,
        }
    }

    /// An interpreter that serves with the observer in this file.
    pub fn of_interpreter(label: &str, program: PathBuf, observer: &Path) -> SubjectSpec {
        SubjectSpec {
            arguments: interpreter::arguments(observer),
            is_interpreter: true,
            ..SubjectSpec::new(label, program)
        }
    }
}

/// What came back for one program.
#[derive(Clone, Debug)]
pub enum Answer {
    Report(Box<Report>),
    /// The program took the worker with it; with what it had written by then.
    Death(Outcome, Output),
    /// Trouble of ours, never blamed on the subject.
    HarnessError(String),
}

/// Runs programs through workers of one kind, one process at a time.
pub struct Lane {
    spec: SubjectSpec,
    worker: Option<Worker>,
    hello: Option<Hello>,
    /// How many processes were started so far.
    pub started: u32,
}

struct Worker {
    child: Child,
    requests: File,
    results: File,
    /// What the worker's standard output goes to once it is up; read here when it has died.
    printed: File,
    last_words: File,
    incoming: Vec<u8>,
    ran: u32,
    _directory: tempfile::TempDir,
}

/// The end of a worker, as the lane saw it.
enum Loss {
    Died,
    Overdue,
}

impl Lane {
    pub fn new(spec: SubjectSpec) -> Lane {
        Lane {
            spec,
            worker: None,
            hello: None,
            started: 0,
        }
    }

    pub fn label(&self) -> &str {
        &self.spec.label
    }

    /// Who the subject is; starts a worker if none has said yet.
    pub fn hello(&mut self) -> Result<Hello, String> {
        if let Some(hello) = &self.hello {
            return Ok(hello.clone());
        }
        self.ensure_worker()?;
        self.hello
            .clone()
            .ok_or_else(|| "the worker said nothing of itself".to_owned())
    }

    /// Hides other fields from the next program on.
    pub fn configure(
        &mut self,
        masks: &[MaskRule],
        unsupported: &[FieldSpec],
    ) -> Result<(), String> {
        self.spec.masks = masks.to_vec();
        self.spec.unsupported = unsupported.to_vec();
        match &mut self.worker {
            Some(worker) => worker.configure(&self.spec),
            None => Ok(()),
        }
    }

    /// Ends the present worker, so that the next program meets a fresh one.
    pub fn retire(&mut self) {
        self.worker = None;
    }

    /// Runs the requests in order; one answer each.
    pub fn run_batch(&mut self, requests: &[RunRequest]) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
        let mut next = 0;
        let mut failures_to_start = 0;
        while next < requests.len() {
            if let Err(reason) = self.ensure_worker() {
                failures_to_start += 1;
                if failures_to_start < 2 {
                    continue;
                }
                for answer in answers.iter_mut().filter(|answer| answer.is_none()) {
                    *answer = Some(Answer::HarnessError(reason.clone()));
                }
                break;
            }
            next = self.run_window(requests, &mut answers, next);
        }
        let missing = || Answer::HarnessError("no answer was recorded".to_owned());
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(missing))
            .collect()
    }

    /// Runs from `next` on with the present worker, until the end, its retirement or its death.
    /// Returns the first program that has no answer.
    fn run_window(
        &mut self,
        requests: &[RunRequest],
        answers: &mut [Option<Answer>],
        mut next: usize,
    ) -> usize {
        let recycle_after = self.spec.recycle_after;
        let wall = self.spec.limits.wall_milliseconds;
        let worker = self
            .worker
            .as_mut()
            .expect("ensure_worker was called before");
        let mut to_send = next;
        let mut in_flight: VecDeque<usize> = VecDeque::new();
        let mut bytes_in_flight = 0;
        let mut buffer = Vec::new();
        let mut progress = Instant::now();
        let mut has_started = false;
        let loss = loop {
            let room = recycle_after.saturating_sub(worker.ran) as usize;
            while to_send < requests.len() && in_flight.len() < WINDOW_PROGRAMS.min(room) {
                buffer.clear();
                append_frame(
                    &mut buffer,
                    &Request::Run(Box::new(requests[to_send].clone())),
                );
                if !in_flight.is_empty() && bytes_in_flight + buffer.len() > WINDOW_BYTES {
                    break;
                }
                // A worker that has died cannot take it; the reading side finds that out.
                if worker.requests.write_all(&buffer).is_err() {
                    break;
                }
                bytes_in_flight += buffer.len();
                in_flight.push_back(buffer.len());
                to_send += 1;
            }
            if in_flight.is_empty() {
                if next < requests.len() {
                    self.worker = None;
                }
                return next;
            }
            match worker.receive(progress + Duration::from_millis(wall)) {
                Ok(Some(Message::Started { index }))
                    if index == requests[next].index && !has_started =>
                {
                    has_started = true;
                    progress = Instant::now();
                }
                Ok(Some(Message::Result { index, report })) if index == requests[next].index => {
                    has_started = false;
                    let retire = report.retire;
                    answers[next] = Some(Answer::Report(report));
                    next += 1;
                    worker.ran += 1;
                    bytes_in_flight -= in_flight.pop_front().unwrap_or(0);
                    progress = Instant::now();
                    if retire {
                        self.worker = None;
                        return next;
                    }
                }
                // Believed, such a worker could go on for ever.
                Ok(Some(other)) => {
                    answers[next] = Some(Answer::HarnessError(format!(
                        "{}: the worker said {} out of turn",
                        self.spec.label,
                        other.name()
                    )));
                    self.worker = None;
                    return next + 1;
                }
                Ok(None) => break Loss::Died,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => break Loss::Overdue,
                Err(error) => {
                    answers[next] = Some(Answer::HarnessError(error.to_string()));
                    self.worker = None;
                    return next + 1;
                }
            }
        };
        let outcome = self.bury(loss);
        answers[next] = Some(outcome);
        next + 1
    }

    /// Ends a lost worker and names its death.
    fn bury(&mut self, loss: Loss) -> Answer {
        let Some(mut worker) = self.worker.take() else {
            return Answer::HarnessError("a worker was lost twice".to_owned());
        };
        if matches!(loss, Loss::Overdue) {
            let _ = worker.child.kill();
            let _ = worker.child.wait();
            let outcome = Outcome::TimedOut {
                limit_milliseconds: self.spec.limits.wall_milliseconds,
            };
            return Answer::Death(outcome, worker.output(&self.spec.limits));
        }
        match worker.child.wait() {
            Ok(status) => Answer::Death(
                name_death(status, &worker.last_words(), &self.spec.limits),
                worker.output(&self.spec.limits),
            ),
            Err(error) => Answer::HarnessError(format!("no exit status: {error}")),
        }
    }

    fn ensure_worker(&mut self) -> Result<(), String> {
        if self
            .worker
            .as_ref()
            .is_some_and(|worker| worker.ran < self.spec.recycle_after)
        {
            return Ok(());
        }
        self.worker = None;
        let mut worker = Worker::start(&self.spec).map_err(|error| {
            format!(
                "{}: cannot start {}: {error}",
                self.spec.label,
                self.spec.program.display()
            )
        })?;
        self.started += 1;
        let hello = worker.greet(&self.spec)?;
        self.hello = Some(hello);
        self.worker = Some(worker);
        Ok(())
    }
}

/// The pipes between a keeper and its worker.
struct Channels {
    requests: File,
    results: File,
    /// The worker's ends, where they are no standard streams of its own; open until it has started.
    _handed_down: Option<(File, File)>,
}

impl Channels {
    /// Opens the pipes, and says to the command what its streams are.
    fn open(command: &mut Command, spec: &SubjectSpec, printed: &File) -> io::Result<Channels> {
        let (input, requests) = io::pipe()?;
        let (results, output) = io::pipe()?;
        let handed_down = if spec.is_interpreter {
            let (input, output) = (OwnedFd::from(input), OwnedFd::from(output));
            let (input, output) = (File::from(input), File::from(output));
            system::hand_down(command, &input, REQUESTS_DESCRIPTOR);
            system::hand_down(command, &output, RESULTS_DESCRIPTOR);
            command.stdin(Stdio::null()).stdout(printed.try_clone()?);
            Some((input, output))
        } else {
            command.stdin(input).stdout(output);
            None
        };
        Ok(Channels {
            requests: File::from(OwnedFd::from(requests)),
            results: File::from(OwnedFd::from(results)),
            _handed_down: handed_down,
        })
    }
}

impl Worker {
    fn start(spec: &SubjectSpec) -> io::Result<Worker> {
        let directory = tempfile::Builder::new().prefix("twinheap-").tempdir()?;
        let last_words = system::memory_file(c"last-words", false)?;
        let printed = system::memory_file(c"stdout", false)?;
        let mut command = Command::new(&spec.program);
        system::hand_down(&mut command, &printed, PRINTED_DESCRIPTOR);
        if spec.fixed_addresses {
            system::fix_addresses(&mut command);
        }
        let channels = Channels::open(&mut command, spec, &printed)?;
        let child = command
            .args(&spec.arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("HOME", directory.path())
            .env("TMPDIR", directory.path())
            .envs(if spec.is_interpreter {
                interpreter::environment(&spec.arguments)
            } else {
                Vec::new()
            })
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(directory.path())
            // Ctrl-C is for the keeper; it ends its workers itself.
            .process_group(0)
            .stderr(Stdio::from(last_words.try_clone()?))
            .spawn()?;
        // The command keeps the worker's ends open; only its own copies may stay.
        drop(command);
        let Channels {
            requests, results, ..
        } = channels;
        system::enlarge_pipe(requests.as_raw_fd(), PIPE_BYTES);
        system::enlarge_pipe(results.as_raw_fd(), PIPE_BYTES);
        Ok(Worker {
            child,
            requests,
            results,
            printed,
            last_words,
            incoming: Vec::new(),
            ran: 0,
            _directory: directory,
        })
    }

    /// Hears who the worker is and tells it the limits and masks.
    fn greet(&mut self, spec: &SubjectSpec) -> Result<Hello, String> {
        let deadline = Instant::now() + Duration::from_millis(START_MILLISECONDS);
        let hello = match self.receive(deadline) {
            Ok(Some(Message::Hello(hello))) => hello,
            Ok(Some(Message::Refused(reason))) => return Err(format!("{}: {reason}", spec.label)),
            Ok(Some(other)) => {
                return Err(format!(
                    "{}: the first that the worker said was {}",
                    spec.label,
                    other.name()
                ));
            }
            Ok(None) => {
                let words = String::from_utf8_lossy(&self.last_words())
                    .trim()
                    .to_owned();
                return Err(format!(
                    "{}: the worker ended before it said anything: {words}",
                    spec.label
                ));
            }
            Err(error) => return Err(format!("{}: {error}", spec.label)),
        };
        self.configure(spec)?;
        Ok(hello)
    }

    /// Tells it the limits and what is hidden.
    fn configure(&mut self, spec: &SubjectSpec) -> Result<(), String> {
        let mut buffer = Vec::new();
        let configure = Request::Configure {
            limits: spec.limits,
            masks: spec.masks.clone(),
            unsupported: spec.unsupported.clone(),
        };
        append_frame(&mut buffer, &configure);
        self.requests
            .write_all(&buffer)
            .map_err(|error| format!("{}: {error}", spec.label))
    }

    /// The next message; `None` when the worker has closed its end.
    fn receive(&mut self, deadline: Instant) -> io::Result<Option<Message>> {
        loop {
            if let Some(message) = take_frame(&mut self.incoming).map_err(io::Error::other)? {
                return Ok(Some(message));
            }
            let left = deadline
                .saturating_duration_since(Instant::now())
                .as_millis() as u64;
            if system::wait_readable(self.results.as_raw_fd(), left)? == Readiness::TimedOut {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the worker did not answer in time",
                ));
            }
            let mut chunk = [0_u8; 1 << 16];
            let count = self.results.read(&mut chunk)?;
            if count == 0 {
                return Ok(None);
            }
            self.incoming.extend_from_slice(&chunk[..count]);
        }
    }

    fn last_words(&self) -> Vec<u8> {
        let length = system::length_of(&self.last_words);
        let start = length.saturating_sub(1 << 14);
        system::read_part(&self.last_words, start, length - start)
    }

    /// What the program had written when it died.
    fn output(&self, limits: &Limits) -> Output {
        let mut output = Output::default();
        for (file, bytes) in [
            (&self.printed, &mut output.stdout),
            (&self.last_words, &mut output.stderr),
        ] {
            let length = system::length_of(file);
            output.truncated |= length > limits.output_bytes;
            *bytes = system::read_part(file, 0, length.min(limits.output_bytes));
        }
        output
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinheap_observation::wire::Wanted;
    use twinheap_observation::{Program, StageSet};

    /// A worker that is a shell script, given frames in octal.
    fn say(script: &str) -> Vec<Answer> {
        let mut spec = SubjectSpec::new("a liar", PathBuf::from("/bin/sh"));
        spec.arguments = vec!["-c".to_owned(), script.to_owned()];
        spec.limits.wall_milliseconds = 2_000;
        let wanted = Wanted {
            stages: StageSet::of(&[]),
            details: false,
            marshal: false,
            transitions: false,
        };
        let request = RunRequest {
            change: None,
            index: 0,
            program: Program::new("t", "p", "pass"),
            code: None,
            wanted,
        };
        Lane::new(spec).run_batch(&[request])
    }

    fn octal(messages: &[Message]) -> String {
        let mut bytes = Vec::new();
        for message in messages {
            append_frame(&mut bytes, message);
        }
        bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
    }

    fn hello() -> Message {
        Message::Hello(Hello {
            implementation: "a liar".to_owned(),
            stages: StageSet::of(&[]),
            needs_code: false,
            unsupported_fields: Vec::new(),
            confinement: String::new(),
            layout_fingerprint: 0,
        })
    }

    fn check(script: &str, expected: &str) {
        match say(script).pop() {
            Some(Answer::HarnessError(said)) => assert!(said.contains(expected), "{said}"),
            other => panic!("{script:?} was answered by {other:?}"),
        }
    }

    #[test]
    fn garbage_is_told_as_the_harness_s_trouble() {
        check("cat /dev/zero", "malformed message");
        check("tr '\\0' '\\377' < /dev/zero", "is not believable");
        check("exit 3", "ended before it said anything");
        check("echo no such library >&2; exit 3", "no such library");
    }

    #[test]
    fn what_is_said_without_end_or_out_of_turn_is_not_listened_to() {
        let started = Message::Started { index: 0 };
        let endless = format!(
            "printf '{}'; while :; do printf '{}'; done",
            octal(&[hello()]),
            octal(&[started])
        );
        check(&endless, "that it started a program out of turn");
        let other = Message::Started { index: 7 };
        let foreign = format!("printf '{}'; sleep 5", octal(&[hello(), other]));
        check(&foreign, "out of turn");
        let twice = format!("printf '{}'; sleep 5", octal(&[hello(), hello()]));
        check(&twice, "hello out of turn");
    }

    #[test]
    fn a_worker_that_falls_silent_is_overdue() {
        let silent = format!("printf '{}'; sleep 60", octal(&[hello()]));
        match say(&silent).pop() {
            Some(Answer::Death(Outcome::TimedOut { .. }, _)) => {}
            other => panic!("{other:?}"),
        }
    }
}
