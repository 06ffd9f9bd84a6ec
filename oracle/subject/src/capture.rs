//! Captures what a program writes to file descriptors 1 and 2, whoever writes it and however.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use twinheap_observation::stage::Output;

use crate::system;

/// The number under which a keeper hands a worker the file for its standard output, so that what a program wrote is
/// there when it has taken the worker with it.
pub const PRINTED_DESCRIPTOR: i32 = 198;

/// The two files in memory behind descriptors 1 and 2 of this process.
pub struct Capture {
    stdout: File,
    stderr: File,
}

impl Capture {
    /// Puts a file in memory behind descriptor 1, the keeper's where it handed one down, and behind 2 unless it is
    /// one already: the keeper gives a worker a file as its standard error, to read the last words there.
    pub fn install() -> io::Result<Capture> {
        let stdout = match system::duplicate_high(PRINTED_DESCRIPTOR) {
            Ok(handed_down) => {
                system::close(PRINTED_DESCRIPTOR);
                File::from(handed_down)
            }
            Err(_) => system::memory_file(c"stdout", false)?,
        };
        system::redirect(&stdout, 1)?;
        let standard_error = io::stderr();
        let inherited = File::from(system::duplicate_high(standard_error.as_raw_fd())?);
        let stderr = if inherited.metadata()?.is_file() {
            inherited
        } else {
            let own = system::memory_file(c"stderr", false)?;
            system::redirect(&own, 2)?;
            own
        };
        system::set_append(1)?;
        system::set_append(2)?;
        Ok(Capture { stdout, stderr })
    }

    /// Forgets everything written so far.
    pub fn clear(&self) -> io::Result<()> {
        for file in [&self.stdout, &self.stderr] {
            if file.metadata()?.len() != 0 {
                file.set_len(0)?;
            }
        }
        Ok(())
    }

    /// What was written since the last [`Capture::clear`], each stream cut at the limit.
    pub fn read(&self, limit: u64) -> io::Result<Output> {
        let mut output = Output::default();
        for (file, bytes) in [
            (&self.stdout, &mut output.stdout),
            (&self.stderr, &mut output.stderr),
        ] {
            let length = file.metadata()?.len();
            output.truncated |= length > limit;
            bytes.resize(length.min(limit) as usize, 0);
            file.read_exact_at(bytes, 0)?;
        }
        Ok(output)
    }
}
