//! `bench compile`: source to code for a folder of files, against CPython's own `compile()`, on one core.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use twinheap_compile::{Options, compile};
use twinheap_syntax::{Flags, Mode, parse};

/// Reads the paths on its input, compiles every file once, prints count and seconds.
const ORACLE: &str = r#"
import sys, time, warnings
warnings.simplefilter("ignore")
sources = [open(path.rstrip("\n"), "rb").read() for path in sys.stdin]
count = 0
start = time.perf_counter()
for source in sources:
    try:
        compile(source, "<bench>", "exec", dont_inherit=True)
        count += 1
    except Exception:
        pass
print(count, time.perf_counter() - start)
"#;

#[derive(Args, Debug)]
pub struct BenchCompileArguments {
    /// The folder with the sources; the oracle's standard library if none is given.
    pub folder: Option<PathBuf>,
    /// How often each side runs; the fastest run counts.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    #[arg(long, default_value = "python3")]
    pub python: String,
}

fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn standard_library(python: &str) -> Result<PathBuf, String> {
    let script = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    output_of(Command::new(python).args(["-I", "-c", script])).map(PathBuf::from)
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("site-packages") {
                collect(&path, out);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            out.push(path);
        }
    }
}

/// One run of our side: files compiled, time in the parser, time in the compiler.
fn our_round(sources: &[Vec<u8>]) -> (usize, Duration, Duration) {
    let flags = Flags::default();
    let (mut count, mut parsing, mut compiling) = (0, Duration::ZERO, Duration::ZERO);
    for source in sources {
        let start = Instant::now();
        let parsed = parse(source, Mode::Exec, &flags, None);
        let parsed_at = Instant::now();
        parsing += parsed_at - start;
        if let Ok(ast) = parsed {
            count += usize::from(compile(ast, &Options::new("<bench>", 0)).is_ok());
        }
        compiling += parsed_at.elapsed();
    }
    (count, parsing, compiling)
}

fn their_round(python: &str, list: &Path) -> Result<(usize, f64), String> {
    let input = std::fs::File::open(list).map_err(|error| error.to_string())?;
    let text = output_of(Command::new(python).args(["-I", "-c", ORACLE]).stdin(input))?;
    let mut words = text.split_whitespace();
    let count = words.next().and_then(|word| word.parse().ok());
    let seconds = words.next().and_then(|word| word.parse().ok());
    count
        .zip(seconds)
        .ok_or_else(|| format!("the oracle printed {text:?}"))
}

/// 0 when both sides compiled the same number of files, 1 when not.
pub fn run(arguments: &BenchCompileArguments) -> Result<i32, String> {
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => standard_library(&arguments.python)?,
    };
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    let sources: Vec<Vec<u8>> = files
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .collect();
    let list = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let lines: String = files
        .iter()
        .map(|path| format!("{}\n", path.display()))
        .collect();
    std::fs::write(list.path(), lines).map_err(|error| error.to_string())?;
    let bytes: usize = sources.iter().map(Vec::len).sum();
    println!("{} files, {:.1} MB", files.len(), bytes as f64 / 1e6);
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    let mut counts = (0, 0);
    for round in 1..=arguments.rounds.max(1) {
        let (count, parsing, compiling) = our_round(&sources);
        let (their_count, seconds) = their_round(&arguments.python, list.path())?;
        let total = (parsing + compiling).as_secs_f64();
        println!(
            "round {round}: twinheap {total:.3} s (parser {:.3} s), CPython {seconds:.3} s",
            parsing.as_secs_f64()
        );
        (ours, theirs) = (ours.min(total), theirs.min(seconds));
        counts = (count, their_count);
    }
    println!(
        "twinheap {ours:.3} s, CPython {theirs:.3} s: {:.2} times CPython's speed",
        theirs / ours
    );
    println!("compiled: twinheap {}, CPython {}", counts.0, counts.1);
    Ok(i32::from(counts.0 != counts.1))
}
