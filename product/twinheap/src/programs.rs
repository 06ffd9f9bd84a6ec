//! Finds programs: the chapters by topic, single files, code from the command line, standard input.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use twinheap_observation::Program;

/// One program, given in one of three ways.
#[derive(Args, Clone, Debug)]
pub struct OneProgram {
    /// A file, or `-` for standard input.
    #[arg(required_unless_present = "code", conflicts_with = "code")]
    pub file: Option<PathBuf>,
    /// The program itself.
    #[arg(short, long, value_name = "CODE")]
    pub code: Option<String>,
}

impl OneProgram {
    pub fn load(&self) -> Result<Program, String> {
        if let Some(code) = &self.code {
            return Ok(named("command", "<command>", &format!("{code}\n")));
        }
        let file = self.file.as_deref().ok_or("no program is given")?;
        if file == Path::new("-") {
            let mut source = String::new();
            std::io::stdin()
                .read_to_string(&mut source)
                .map_err(|error| error.to_string())?;
            return Ok(named("stdin", "<stdin>", &source));
        }
        let source =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let stem = file
            .file_stem()
            .map_or_else(|| "program".into(), |stem| stem.to_string_lossy());
        let mut program = named(&stem, &format!("{stem}.py"), &source);
        // It runs where it lies, beside the modules that it may import.
        let path =
            fs::canonicalize(file).map_err(|error| format!("{}: {error}", file.display()))?;
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
            program.folder = folder.to_string_lossy().into_owned();
            program.filename = name.to_string_lossy().into_owned();
        }
        Ok(program)
    }
}

/// A program by itself, of no topic.
pub fn named(name: &str, filename: &str, source: &str) -> Program {
    Program {
        name: name.to_owned(),
        topic: "one".to_owned(),
        filename: filename.to_owned(),
        folder: String::new(),
        source: source.to_owned(),
    }
}

/// Every program of the chapters and regressions in a folder, by topic and name.
pub fn corpus(root: &Path) -> Result<Vec<Program>, String> {
    let mut programs = Vec::new();
    for folder in ["chapters", "regressions"] {
        collect(&root.join(folder), &mut programs)?;
    }
    programs.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(programs)
}

fn collect(folder: &Path, programs: &mut Vec<Program>) -> Result<(), String> {
    let trouble = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    if !folder.is_dir() {
        return Ok(());
    }
    for topic in fs::read_dir(folder).map_err(|error| trouble(folder, error))? {
        let topic = topic.map_err(|error| trouble(folder, error))?.path();
        if !topic.is_dir() {
            continue;
        }
        let name = topic
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for file in fs::read_dir(&topic).map_err(|error| trouble(&topic, error))? {
            let file = file.map_err(|error| trouble(&topic, error))?.path();
            if file.extension().is_some_and(|extension| extension == "py") {
                let stem = file
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let source = fs::read_to_string(&file).map_err(|error| trouble(&file, error))?;
                programs.push(Program::new(&name, &stem, &source));
            }
        }
    }
    Ok(())
}

/// Whether a program is chosen by these filters: a topic, a name, or a part of a name.
pub fn is_chosen(program: &Program, filters: &[String]) -> bool {
    filters.is_empty()
        || filters
            .iter()
            .any(|filter| program.topic == *filter || program.name.contains(filter.as_str()))
}
