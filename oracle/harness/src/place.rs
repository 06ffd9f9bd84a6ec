//! Where programs lie: a folder that both sides of every pair see under the same name, so that `__file__`, `sys.path`
//! and tracebacks are the same on both.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use twinheap_observation::{Digest, Program};

/// A folder for the files of programs that have none of their own. It goes with the run.
pub struct ProgramFolder {
    folder: tempfile::TempDir,
    /// How many hold each program's own folder; who lets go of it last removes it.
    held: Mutex<HashMap<PathBuf, usize>>,
}

/// Programs with their files, which are there for as long as this is.
pub struct Placed<'a> {
    home: &'a ProgramFolder,
    folders: Vec<PathBuf>,
    programs: Vec<Program>,
}

impl ProgramFolder {
    pub fn new() -> Result<ProgramFolder, String> {
        let folder = tempfile::Builder::new()
            .prefix("twinheap-programs-")
            .tempdir()
            .map_err(|error| format!("no folder for the programs: {error}"))?;
        Ok(ProgramFolder {
            folder,
            held: Mutex::default(),
        })
    }

    /// The programs with files: their own where they have them, otherwise such as are written here, each in a folder
    /// named after its source. Where one cannot be written, the program runs without, on both sides alike.
    pub fn place(&self, programs: &[Program]) -> Placed<'_> {
        let mut placed = Placed {
            home: self,
            folders: Vec::new(),
            programs: Vec::with_capacity(programs.len()),
        };
        for program in programs {
            let mut program = program.clone();
            if program.folder.is_empty() {
                // Every path is as long as any other, so that none makes a str that another does not.
                const DIGITS: usize = 12;
                let digest = format!("{:?}", Digest::of(program.source.as_bytes()));
                let own = self.folder.path().join(&digest[..DIGITS]);
                self.hold(&own, 1);
                placed.folders.push(own.clone());
                if write_if_new(&own.join(&program.filename), &program.source).is_ok() {
                    program.folder = own.to_string_lossy().into_owned();
                }
            }
            placed.programs.push(program);
        }
        placed
    }

    /// Counts holders up or down; a folder that nobody holds goes.
    fn hold(&self, folder: &Path, change: isize) {
        let mut held = self
            .held
            .lock()
            .expect("no thread panics while it counts holders");
        let count = held.entry(folder.to_owned()).or_default();
        *count = count.saturating_add_signed(change);
        if *count == 0 {
            held.remove(folder);
            // While the count is locked, so that nobody writes into it meanwhile.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl std::ops::Deref for Placed<'_> {
    type Target = [Program];

    fn deref(&self) -> &[Program] {
        &self.programs
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        for folder in &self.folders {
            self.home.hold(folder, -1);
        }
    }
}

fn write_if_new(path: &Path, source: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|held| held == source.as_bytes()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_for_as_long_as_somebody_holds_it() {
        let home = ProgramFolder::new().expect("there is room");
        let program = Program::new("dict", "insert", "x = 1\n");
        let first = home.place(std::slice::from_ref(&program));
        let second = home.place(std::slice::from_ref(&program));
        let path = first[0].path();
        assert_eq!(path, second[0].path());
        drop(first);
        assert_eq!(std::fs::read_to_string(&path).ok(), Some(program.source));
        drop(second);
        assert!(!Path::new(&path).exists());
    }
}
