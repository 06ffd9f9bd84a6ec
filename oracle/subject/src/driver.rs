//! One process of a foreign interpreter: a script inside it reads programs one by one and tells how each ended.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use twinheap_observation::Program;
use twinheap_observation::outcome::{ExceptionView, FrameSpan, Outcome};
use twinheap_observation::wire::Limits;

use crate::command::CommandSpec;
use crate::confinement::{Confinement, Processes};
use crate::death::name_death;
use crate::system::{self, Readiness};

const DRIVER: &str = include_str!("driver.py");
/// Begins each line of the driver's own; no program of ours prints it.
const STARTED: &[u8] = b"\x01twinheap started\n";
const RESULT: &[u8] = b"\x01twinheap result\n";
const DONE: &[u8] = b"\x01twinheap done\n";
/// The folder of the programs, and the pipe that says which file holds the next one.
const WORK: &str = "work";
const CALLS: &str = "calls";
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// An interpreter may need so much longer to come up than to run a program.
const START_MILLISECONDS: u64 = 20_000;
/// Interpreters with a compiler of their own reserve far more than they use.
const ADDRESS_SPACE_BYTES: u64 = 16 << 30;

/// How a program ended.
pub enum Ended {
    /// The script told what was printed and how it ended.
    Told {
        output: Vec<u8>,
        errors: Vec<u8>,
        outcome: String,
        microseconds: u32,
    },
    /// It took the process with it, with what it had written by then.
    Died(Outcome, Vec<u8>, Vec<u8>),
}

/// A process that waits for programs.
pub struct Driver {
    child: Child,
    results: ChildStdout,
    incoming: Vec<u8>,
    calls: File,
    last_words: File,
    limits: Limits,
    directory: tempfile::TempDir,
    /// How many programs it was given.
    pub ran: u32,
}

impl Driver {
    pub fn start(spec: &CommandSpec) -> io::Result<Driver> {
        let directory = tempfile::Builder::new().prefix("twinheap-").tempdir()?;
        let script = directory.path().join("driver.py");
        let pipe = directory.path().join(CALLS);
        fs::write(&script, driver_text(directory.path()))?;
        system::make_pipe_file(&CString::new(pipe.as_os_str().as_bytes())?)?;
        // Open for both, it waits for no reader, and a reader that is gone breaks nothing.
        let calls = OpenOptions::new().read(true).write(true).open(&pipe)?;
        let work = directory.path().join(WORK);
        fs::create_dir(&work)?;
        let last_words = system::memory_file(c"stderr", false)?;
        let file = script.to_string_lossy();
        let words: Vec<String> = spec
            .words
            .iter()
            .map(|word| word.replace("{file}", &file))
            .collect();
        let mut confinement = Confinement::new(&[directory.path()], Processes::Allowed)?;
        let limits = spec.limits;
        let mut command = Command::new(&words[0]);
        // SAFETY: between fork and exec limits are set, and rules that were made before are put into force.
        unsafe {
            command.pre_exec(move || {
                system::die_with_parent();
                system::limit_resource(libc::RLIMIT_AS, ADDRESS_SPACE_BYTES)?;
                system::limit_resource(libc::RLIMIT_CORE, 0)?;
                system::limit_resource(libc::RLIMIT_FSIZE, limits.output_bytes.saturating_mul(64))?;
                confinement.enforce().map(drop)
            })
        };
        let mut child = command
            .args(&words[1..])
            .current_dir(&work)
            .env_clear()
            .env(
                "PATH",
                std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()),
            )
            .env("HOME", directory.path())
            .env("TZ", "UTC")
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONUTF8", "1")
            .env("LANG", "C.UTF-8")
            .env("TMPDIR", directory.path())
            // Ctrl-C is for the keeper; a process that is to end takes those that it started along.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(last_words.try_clone()?))
            .spawn()?;
        let results = child.stdout.take().expect("the standard output was piped");
        Ok(Driver {
            child,
            results,
            incoming: Vec::new(),
            calls,
            last_words,
            limits,
            directory,
            ran: 0,
        })
    }

    /// Runs one program; after a death the process is of no further use.
    pub fn run(&mut self, program: &Program) -> io::Result<Ended> {
        self.empty_work_folder()?;
        self.incoming.clear();
        let written = system::length_of(&self.last_words);
        let text = format!(
            "({}, {}, {})",
            literal(&program.path()),
            literal(&program.directory()),
            literal(&program.source)
        );
        let number = self.ran;
        fs::write(self.file(number), text)?;
        writeln!(self.calls, "{number}")?;
        self.ran += 1;
        let begun = Instant::now();
        let wall = self.limits.wall_milliseconds;
        let starting = if number == 0 {
            START_MILLISECONDS
        } else {
            wall
        };
        let mut deadline = begun + Duration::from_millis(starting);
        let mut started = None;
        let ended = loop {
            if let Some(told) = self.told(started.unwrap_or(begun), written) {
                break told;
            }
            if started.is_none() && find(&self.incoming, STARTED).is_some() {
                let now = Instant::now();
                started = Some(now);
                deadline = now + Duration::from_millis(wall);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let waited = system::wait_readable(self.results.as_raw_fd(), left.as_millis() as u64)?;
            if waited == Readiness::TimedOut || self.prints_without_end() {
                let outcome = self.end_overdue()?;
                break self.died(outcome, written);
            }
            let mut chunk = [0_u8; 1 << 16];
            let count = self.results.read(&mut chunk)?;
            if count == 0 {
                let outcome = self.bury(started.is_some())?;
                break self.died(outcome, written);
            }
            self.incoming.extend_from_slice(&chunk[..count]);
        };
        let _ = fs::remove_file(self.file(number));
        Ok(ended)
    }

    fn file(&self, number: u32) -> PathBuf {
        self.directory.path().join(format!("{CALLS}{number}"))
    }

    /// What a program left behind is not there for the next one.
    fn empty_work_folder(&self) -> io::Result<()> {
        let work = self.directory.path().join(WORK);
        for entry in fs::read_dir(&work)? {
            let path = entry?.path();
            let removed = if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            // What cannot be removed is the next program's bad luck, not the harness's.
            drop(removed);
        }
        Ok(())
    }

    /// The part of a program that has come to its end, if the script has told so.
    fn told(&self, begun: Instant, written: u64) -> Option<Ended> {
        let output = find(&self.incoming, STARTED)? + STARTED.len();
        let result = output + find(&self.incoming[output..], RESULT)?;
        let outcome = &self.incoming[result + RESULT.len()..];
        let outcome = &outcome[..find(outcome, DONE)?];
        Some(Ended::Told {
            output: self.incoming[output..result].to_vec(),
            errors: self.errors_since(written),
            outcome: String::from_utf8_lossy(outcome).into_owned(),
            microseconds: begun.elapsed().as_micros().min(u128::from(u32::MAX)) as u32,
        })
    }

    fn died(&self, outcome: Outcome, written: u64) -> Ended {
        let from = find(&self.incoming, STARTED).map_or(0, |at| at + STARTED.len());
        let output = self.incoming[from..].to_vec();
        Ended::Died(outcome, output, self.errors_since(written))
    }

    /// What was written to standard error since it was so long.
    fn errors_since(&self, written: u64) -> Vec<u8> {
        let length = system::length_of(&self.last_words).saturating_sub(written);
        system::read_part(
            &self.last_words,
            written,
            length.min(self.limits.output_bytes),
        )
    }

    fn prints_without_end(&self) -> bool {
        self.incoming.len() as u64 > self.limits.output_bytes.saturating_mul(16)
    }

    fn end_overdue(&mut self) -> io::Result<Outcome> {
        system::kill_group(&mut self.child);
        self.child.wait()?;
        Ok(Outcome::TimedOut {
            limit_milliseconds: self.limits.wall_milliseconds,
        })
    }

    /// Names the end of a process that has closed its output.
    fn bury(&mut self, began: bool) -> io::Result<Outcome> {
        const PATIENCE: Duration = Duration::from_millis(500);
        let until = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                // It closed its output and goes on: nothing can be heard of it any more.
                None if Instant::now() > until => {
                    system::kill_group(&mut self.child);
                    break self.child.wait()?;
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let words = self.last_words()?;
        if !began {
            let said = String::from_utf8_lossy(&words);
            return Err(io::Error::other(format!(
                "the script did not begin: {status}; {}",
                said.trim()
            )));
        }
        Ok(name_death(status, &words, &self.limits))
    }

    fn last_words(&self) -> io::Result<Vec<u8>> {
        let length = system::length_of(&self.last_words);
        let start = length.saturating_sub(1 << 14);
        Ok(system::read_part(&self.last_words, start, length - start))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        system::kill_group(&mut self.child);
        let _ = self.child.wait();
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

/// The script with the place of its programs written into it.
fn driver_text(folder: &Path) -> String {
    let calls = literal(&folder.join(CALLS).to_string_lossy());
    let work = literal(&folder.join(WORK).to_string_lossy());
    format!("CALLS = {calls}\nWORK = {work}\n{DRIVER}")
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

/// Reads an outcome: one word, then for an exception its parts, one a line, ended by `end`.
pub fn parse_outcome<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Outcome {
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
