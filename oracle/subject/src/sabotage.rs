//! Faults that the self-test plants in a worker, to see whether the harness catches and names them.

use std::fs::File;
use std::io::Write;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Writes a line that the program did not write.
    Output,
    /// One wrong byte in the memory image.
    Layout,
    /// Dies of a signal.
    Crash,
    /// Never comes to an end.
    Hang,
    /// Takes memory until there is none.
    MemoryBomb,
    /// Writes a wrong line in every other pair of runs.
    Flaky,
}

impl Fault {
    pub const ALL: [Fault; 6] = [
        Fault::Output,
        Fault::Layout,
        Fault::Crash,
        Fault::Hang,
        Fault::MemoryBomb,
        Fault::Flaky,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Fault::Output => "output",
            Fault::Layout => "layout",
            Fault::Crash => "crash",
            Fault::Hang => "hang",
            Fault::MemoryBomb => "memory-bomb",
            Fault::Flaky => "flaky",
        }
    }

    /// What happens in place of the program.
    pub(crate) fn strike_before(self) {
        match self {
            // The default action comes first, as Rust's own handler lets a raised signal pass.
            // SAFETY: both calls take numbers; dying is the purpose.
            Fault::Crash => unsafe {
                libc::signal(libc::SIGSEGV, libc::SIG_DFL);
                libc::raise(libc::SIGSEGV);
            },
            Fault::Hang => loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            },
            Fault::MemoryBomb => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(Vec::with_capacity(64 << 20));
                    std::hint::black_box(&mut hoard);
                }
            }
            Fault::Output | Fault::Layout | Fault::Flaky => {}
        }
    }

    /// What happens behind the program.
    pub(crate) fn strike_after(self) {
        if matches!(self, Fault::Output | Fault::Flaky) {
            let mut stdout = std::io::stdout();
            let _ = stdout.write_all(b"a planted line\n");
            let _ = stdout.flush();
        }
    }
}

/// A fault together with the program that it strikes.
#[derive(Debug)]
pub struct Sabotage {
    fault: Fault,
    program: String,
    /// Counts the processes that have run the program, for the flaky fault.
    /// It is opened at once, as a confined worker could not open it later.
    state: Option<File>,
    /// How many of them there were before this one.
    place: Option<u64>,
}

impl Sabotage {
    /// Reads `KIND@PROGRAM` or `KIND@PROGRAM@STATEFILE`.
    pub fn parse(text: &str) -> Result<Sabotage, String> {
        let mut parts = text.splitn(3, '@');
        let kind = parts.next().unwrap_or("");
        let fault = Fault::ALL.into_iter().find(|fault| fault.name() == kind);
        let fault = fault.ok_or_else(|| format!("there is no fault {kind:?}"))?;
        let program = parts
            .next()
            .ok_or_else(|| format!("{text:?} names no program"))?
            .to_owned();
        let open = |path: &str| {
            let mut options = File::options();
            options.append(true).create(true).open(path)
        };
        let state = parts.next().map(open).transpose();
        Ok(Sabotage {
            fault,
            program,
            state: state.map_err(|error| format!("the state of {text:?}: {error}"))?,
            place: None,
        })
    }

    /// The fault that strikes this run, if one does.
    pub(crate) fn fault_for(&mut self, program: &str) -> Option<Fault> {
        if program != self.program {
            return None;
        }
        if self.fault == Fault::Flaky {
            let place = self.place_among_processes()?;
            // The first process is the warm one; of the fresh ones behind it two are struck and two are not.
            return (place % 4 < 2).then_some(Fault::Flaky);
        }
        Some(self.fault)
    }

    /// How many processes have run the program before this one did.
    fn place_among_processes(&mut self) -> Option<u64> {
        if self.place.is_none() {
            let mut state = self.state.as_ref()?;
            self.place = Some(state.metadata().ok()?.len());
            let _ = state.write_all(b".");
        }
        self.place
    }
}
