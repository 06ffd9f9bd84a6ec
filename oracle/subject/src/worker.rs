//! The loop inside a worker: takes requests, runs programs, captures output, sends results.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::Instant;

use twinheap_observation::outcome::{Outcome, OutcomeClass};
use twinheap_observation::stage::{Output, Stage};
use twinheap_observation::wire::{
    self, Hello, Limits, Message, Report, ReportBuilder, Request, RunRequest, append_frame,
};
use twinheap_observation::{FieldSpec, MaskRule};

use crate::capture::Capture;
use crate::confinement::{Confinement, Processes};
use crate::interpreter::{REQUESTS_DESCRIPTOR, RESULTS_DESCRIPTOR};
use crate::sabotage::{Fault, Sabotage};
use crate::system;

/// An interpreter inside a worker process.
pub trait Runtime {
    /// Who it is and what it can show.
    fn hello(&self) -> Hello;
    /// Takes up limits and masks before the programs that follow.
    fn configure(&mut self, limits: &Limits, masks: &[MaskRule], unsupported: &[FieldSpec]);
    /// Runs a program, flushes its streams, adds every stage but the output, and cleans up.
    fn run(&mut self, request: &RunRequest, report: &mut ReportBuilder) -> Finished;
    /// For the self-test: makes one byte of the next program's heap wrong before it is decoded.
    fn plant_layout_fault(&mut self) {}
}

/// What a run leaves beside its stages.
pub struct Finished {
    pub outcome: Outcome,
    /// The compiled code in marshal's format, where it was wanted.
    pub marshal: Option<Vec<u8>>,
    /// The interpreter is no longer as good as new.
    pub retire: bool,
}

/// Serves requests until the keeper closes the pipe. `start` brings the interpreter up, or says why it cannot.
pub fn serve<R: Runtime>(start: impl FnOnce() -> Result<R, String>) -> io::Result<()> {
    serve_with(start, None)
}

/// The same, with a fault planted by the self-test.
pub fn serve_with<R: Runtime>(
    start: impl FnOnce() -> Result<R, String>,
    sabotage: Option<Sabotage>,
) -> io::Result<()> {
    system::die_with_parent();
    let (mut requests, mut results) = channels()?;
    let capture = Capture::install()?;
    let runtime = match start() {
        Ok(runtime) => runtime,
        Err(reason) => return wire::write_frame(&mut results, &Message::Refused(reason)),
    };
    let home = std::env::current_dir()?;
    let mut hello = runtime.hello();
    hello.confinement = Confinement::new(&[&home], Processes::None)?.enforce()?;
    wire::write_frame(&mut results, &Message::Hello(hello))?;
    let home_handle = File::open(&home)?;
    let limits = Limits::default();
    let mut serving = Serving {
        runtime,
        capture,
        limits,
        home,
        home_handle,
        processor_limit: 0,
        sabotage,
        process: std::process::id(),
    };
    serving.run_requests(&mut requests, &mut results)
}

/// Requests and results: through descriptors of their own, or through the standard streams, which are then free.
fn channels() -> io::Result<(File, File)> {
    let own = |number| {
        let copy = system::duplicate_high(number).ok()?;
        system::close(number);
        Some(File::from(copy))
    };
    if let (Some(requests), Some(results)) = (own(REQUESTS_DESCRIPTOR), own(RESULTS_DESCRIPTOR)) {
        return Ok((requests, results));
    }
    let requests = File::from(system::duplicate_high(0)?);
    let results = File::from(system::duplicate_high(1)?);
    system::redirect(&File::open("/dev/null")?, 0)?;
    Ok((requests, results))
}

struct Serving<R> {
    runtime: R,
    capture: Capture,
    limits: Limits,
    home: PathBuf,
    home_handle: File,
    processor_limit: u64,
    sabotage: Option<Sabotage>,
    /// The number of this process, by which a forked child knows itself.
    process: u32,
}

impl<R: Runtime> Serving<R> {
    /// `Started` of a program is sent together with the result of the one before it, where that can be.
    fn run_requests(&mut self, requests: &mut File, results: &mut File) -> io::Result<()> {
        let mut incoming = Vec::with_capacity(1 << 16);
        let mut outgoing = Vec::with_capacity(1 << 16);
        loop {
            let request = loop {
                match wire::take_frame::<Request>(&mut incoming).map_err(io::Error::other)? {
                    Some(request) => break request,
                    None => {
                        if !outgoing.is_empty() {
                            results.write_all(&outgoing)?;
                            outgoing.clear();
                        }
                        if !read_more(requests, &mut incoming)? {
                            return Ok(());
                        }
                    }
                }
            };
            match request {
                Request::Configure {
                    limits,
                    masks,
                    unsupported,
                } => {
                    self.configure(limits, &masks, &unsupported)?;
                }
                Request::Run(request) => {
                    append_frame(
                        &mut outgoing,
                        &Message::Started {
                            index: request.index,
                        },
                    );
                    results.write_all(&outgoing)?;
                    outgoing.clear();
                    let report = Box::new(self.run_one(&request)?);
                    append_frame(
                        &mut outgoing,
                        &Message::Result {
                            index: request.index,
                            report,
                        },
                    );
                }
            }
        }
    }

    fn configure(
        &mut self,
        limits: Limits,
        masks: &[MaskRule],
        unsupported: &[FieldSpec],
    ) -> io::Result<()> {
        system::limit_resource(libc::RLIMIT_AS, limits.address_space_bytes)?;
        system::limit_resource(libc::RLIMIT_CORE, 0)?;
        // A program that writes without end gets an error from the file instead of filling the memory.
        system::limit_resource(libc::RLIMIT_FSIZE, limits.output_bytes.saturating_mul(64))?;
        self.limits = limits;
        self.runtime.configure(&limits, masks, unsupported);
        Ok(())
    }

    fn run_one(&mut self, request: &RunRequest) -> io::Result<Report> {
        self.allow_processor_time()?;
        let begun = Instant::now();
        let mut builder = ReportBuilder::new(request.wanted);
        // Of every four changes one is to what was written; the runtime makes the others.
        let is_of_output = |seed: u64| seed.is_multiple_of(4);
        builder.ask_change(request.change.filter(|seed| !is_of_output(*seed)));
        let fault = self
            .sabotage
            .as_mut()
            .and_then(|sabotage| sabotage.fault_for(&request.program.name));
        if let Some(fault) = fault {
            if fault == Fault::Layout {
                self.runtime.plant_layout_fault();
            }
            fault.strike_before();
        }
        let mut finished = self.runtime.run(request, &mut builder);
        if let Some(fault) = fault {
            fault.strike_after();
        }
        // A program may fork; the child must not go on serving in the worker's place.
        if std::process::id() != self.process {
            // SAFETY: _exit takes a number and runs nothing of this process.
            unsafe { libc::_exit(0) };
        }
        if builder.wants(Stage::Output) {
            let mut output = self.capture.read(self.limits.output_bytes)?;
            if let Some(seed) = request.change.filter(|seed| is_of_output(*seed))
                && let Some((kind, place)) = change_output(&mut output, seed / 4)
            {
                builder.note_change(kind.to_owned(), place, None);
            }
            builder.add_output(output);
        }
        self.name_memory_exhaustion(&mut finished);
        let class = finished.outcome.class();
        builder.add_outcome(finished.outcome);
        self.clean_up()?;
        let mut report = builder.finish(class);
        report.marshal = finished.marshal;
        report.retire = finished.retire;
        report.microseconds = begun.elapsed().as_micros().min(u128::from(u32::MAX)) as u32;
        Ok(report)
    }

    /// An escaped `MemoryError` in a process that has hit its limit is exhaustion, not the program's own doing.
    fn name_memory_exhaustion(&self, finished: &mut Finished) {
        let limit = self.limits.address_space_bytes;
        let Outcome::Raised(exception) = &finished.outcome else {
            return;
        };
        if exception.type_name == "MemoryError" && system::peak_address_space() > limit / 10 * 9 {
            finished.outcome = Outcome::OutOfMemory { limit_bytes: limit };
            finished.retire = true;
        }
    }

    /// The processor limit counts from the start of the process, so it is moved as time is used up.
    fn allow_processor_time(&mut self) -> io::Result<()> {
        let wanted = system::processor_seconds() + self.limits.cpu_seconds;
        if wanted > self.processor_limit {
            system::limit_resource(libc::RLIMIT_CPU, wanted)?;
            self.processor_limit = wanted;
        }
        Ok(())
    }

    /// Empties the output files and the private directory, and goes back into it.
    fn clean_up(&self) -> io::Result<()> {
        self.capture.clear()?;
        // SAFETY: fchdir takes no pointers.
        unsafe { libc::fchdir(self.home_handle.as_raw_fd()) };
        for entry in fs::read_dir(&self.home)? {
            let path = entry?.path();
            let removed = if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed?;
        }
        Ok(())
    }
}

/// For the self-test: changes one byte, or the order of two lines, of what was written; nothing where there is nothing.
fn change_output(output: &mut Output, seed: u64) -> Option<(&'static str, String)> {
    let stream = if output.stderr.is_empty() || !seed.is_multiple_of(5) {
        &mut output.stdout
    } else {
        &mut output.stderr
    };
    if stream.is_empty() {
        return None;
    }
    let at = seed as usize / 10 % stream.len();
    if seed.is_multiple_of(2) {
        stream[at] ^= 1;
        return Some(("output byte", format!("byte {at}")));
    }
    let mut lines: Vec<Vec<u8>> = stream
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let first = at % lines.len().saturating_sub(1).max(1);
    if lines.get(first) == lines.get(first + 1) || first + 1 >= lines.len() {
        return None;
    }
    lines.swap(first, first + 1);
    *stream = lines.join(&b'\n');
    Some(("output order of lines", format!("line {}", first + 1)))
}

/// Reads what there is; false at the end of the stream.
fn read_more(reader: &mut File, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0_u8; 1 << 16];
    let count = loop {
        match reader.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => break other?,
        }
    };
    buffer.extend_from_slice(&chunk[..count]);
    Ok(count != 0)
}

/// What a runtime answers for a program that it could not run at all for a reason of its own.
pub fn not_run(report: &mut ReportBuilder, reason: &str) -> Finished {
    for stage in [
        Stage::Tokens,
        Stage::Ast,
        Stage::Code,
        Stage::Steps,
        Stage::Outcome,
        Stage::Heap,
    ] {
        report.add_unsupported(stage, reason);
    }
    Finished {
        outcome: Outcome::Finished,
        marshal: None,
        retire: false,
    }
}

/// The class alone, for callers that only count.
pub fn class_of(finished: &Finished) -> OutcomeClass {
    finished.outcome.class()
}
