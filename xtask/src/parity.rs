//! `parity`: compares tokens, trees, code and `.pyc` contents of any Python files with CPython's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use twinheap_compile::code::CodeObject;
use twinheap_compile::{Options, compile, marshal};
use twinheap_syntax::error::{Finder, SyntaxError, Warning, WarningKind};
use twinheap_syntax::listing::list_tokens;
use twinheap_syntax::source::{Source, line_of_file};
use twinheap_syntax::{Flags, Mode, dump, parse, parse_module};

use crate::mutants::{self, Text};
use crate::parity_oracle::{ParityOracle, Reply};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    Tokens,
    Ast,
    Code,
    Pyc,
    /// What the compiler warns about; only compared if it is asked for.
    Warnings,
}

/// As what the sources are parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SourceMode {
    #[default]
    Exec,
    Eval,
    Single,
    /// A function's type comment, which has a tree but no code.
    FuncType,
}

impl SourceMode {
    fn name(self) -> &'static str {
        match self {
            SourceMode::Exec => "exec",
            SourceMode::Eval => "eval",
            SourceMode::Single => "single",
            SourceMode::FuncType => "func_type",
        }
    }

    fn mode(self) -> Mode {
        match self {
            SourceMode::Exec => Mode::Exec,
            SourceMode::Eval => Mode::Eval,
            SourceMode::Single => Mode::Single,
            SourceMode::FuncType => Mode::FuncType,
        }
    }
}

/// What both sides' compilers are told besides the source.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The optimisation level of the code, pyc and warnings stages.
    #[arg(long, default_value_t = 0)]
    pub optimize: u32,
    /// As what the sources are parsed, at the stages ast, code and warnings.
    #[arg(long, value_enum, default_value_t)]
    pub mode: SourceMode,
    /// Read type comments into the tree, at the stage ast.
    #[arg(long)]
    pub type_comments: bool,
    /// The minor version whose syntax is accepted, at the stage ast.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(0..=11))]
    pub feature_version: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            optimize: 0,
            mode: SourceMode::Exec,
            type_comments: false,
            feature_version: 11,
        }
    }
}

impl Settings {
    /// The settings as one word, for the oracle.
    pub fn words(&self) -> String {
        let (mode, comments) = (self.mode.name(), u8::from(self.type_comments));
        format!(
            "{},{mode},{comments},{}",
            self.optimize, self.feature_version
        )
    }

    fn flags(&self) -> Flags {
        Flags {
            type_comments: self.type_comments,
            feature_version: self.feature_version,
            ..Flags::default()
        }
    }

    /// What a stage cannot be told.
    fn complaint(&self, stage: Stage) -> Option<&'static str> {
        let only_for_trees = self.type_comments || self.feature_version != 11;
        match stage {
            Stage::Ast => None,
            _ if only_for_trees || self.mode == SourceMode::FuncType => {
                Some("type comments, versions and function types are compared with --stage ast")
            }
            Stage::Tokens | Stage::Pyc if self.mode != SourceMode::Exec => {
                Some("only whole modules have tokens and .pyc files to compare")
            }
            _ => None,
        }
    }
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Tokens => "tokens",
            Stage::Ast => "ast",
            Stage::Code => "code",
            Stage::Pyc => "pyc",
            Stage::Warnings => "warnings",
        }
    }
}

#[derive(Args, Debug)]
pub struct ParityArguments {
    /// Python files, or folders to search for them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// What is compared; all stages if none is named.
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,
    #[command(flatten)]
    pub settings: Settings,
    /// The CPython 3.11 that is right by definition.
    #[arg(long, default_value = "python3")]
    pub python: String,
    /// How many processes judge at once; one per core if not given.
    #[arg(long)]
    pub jobs: Option<usize>,
    /// How many differences are printed.
    #[arg(long, default_value_t = 10)]
    pub show: usize,
    /// Compare so many mutants of the files instead: tokens deleted, doubled, swapped, replaced.
    #[arg(long, value_name = "N")]
    pub mutate: Option<usize>,
    /// The seed of the mutants.
    #[arg(long, default_value_t = 1, requires = "mutate")]
    pub seed: u64,
    /// Compare the texts that the files hold as constants instead, and the examples in those.
    #[arg(long, conflicts_with = "mutate")]
    pub snippets: bool,
}

/// What is compared: a file, or a text that is none.
enum Item {
    File(PathBuf),
    Text(Text),
}

impl Item {
    /// The name by which it is compiled.
    fn filename(&self) -> PathBuf {
        match self {
            Item::File(path) => path.clone(),
            Item::Text(_) => PathBuf::from("<text>"),
        }
    }

    fn label(&self) -> String {
        match self {
            Item::File(path) => path.display().to_string(),
            Item::Text(text) => text.label.clone(),
        }
    }

    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        match self {
            Item::File(path) => std::fs::read(path),
            Item::Text(text) => Ok(text.bytes.clone()),
        }
    }
}

/// How the files of one stage came out.
#[derive(Debug, Default)]
struct Tally {
    verdicts: BTreeMap<String, usize>,
    /// By label, with what differs.
    differences: Vec<(String, String)>,
}

fn collect(path: &Path, out: &mut Vec<PathBuf>) -> Result<(), String> {
    if !path.is_dir() {
        out.push(path.to_path_buf());
        return Ok(());
    }
    let entries =
        std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            collect(&path, out)?;
        } else if path.extension().is_some_and(|extension| extension == "py") && path.is_file() {
            out.push(path);
        }
    }
    Ok(())
}

fn place(value: Option<i32>) -> String {
    value.map_or("None".into(), |value| value.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The error in the form that the oracle's script writes.
fn rejection(error: &SyntaxError, filename: &Path) -> Vec<u8> {
    let text = match error.finder {
        Finder::Parser | Finder::Decoder => error.text.clone(),
        Finder::SymbolTable | Finder::Compiler => std::fs::read(filename)
            .ok()
            .zip(error.lineno)
            .and_then(|(bytes, lineno)| line_of_file(&bytes, lineno)),
    };
    let fields = [
        format!("!{}", error.kind.name()),
        hex(error.message.as_bytes()),
        place(error.lineno),
        place(error.offset),
        place(error.end_lineno),
        place(error.end_offset),
        text.map_or("None".to_owned(), |text| hex(text.as_bytes())),
    ];
    fields.join("\t").into_bytes()
}

fn tokens_of(bytes: &[u8]) -> Result<String, SyntaxError> {
    // The oracle's tokenizer is given lines that all end alike.
    let bytes = &match bytes.strip_suffix(b"\r\n") {
        Some(rest) => [rest, b"\n"].concat(),
        None => bytes.to_vec(),
    };
    let source = Source::from_bytes(bytes, true, None)?;
    if std::str::from_utf8(&source.text).is_err() {
        // The oracle's tokenizer is given decoded text; what cannot be decoded has only the parser's error.
        parse(bytes, Mode::Exec, &Flags::default(), None)?;
    }
    Ok(list_tokens(&source))
}

/// The warnings of a source in the order in which they are issued, one a line.
fn warnings_of(warnings: &[Warning]) -> String {
    let line = |warning: &Warning| {
        let kind = match warning.kind {
            WarningKind::SyntaxWarning => "SyntaxWarning",
            // What the codec warns about has no line in the source.
            WarningKind::DeprecationWarning | WarningKind::Decoding => "DeprecationWarning",
        };
        format!("{kind} {} {}\n", warning.lineno, warning.message)
    };
    warnings.iter().map(line).collect()
}

/// What our side makes of a file: a product after `+`, or an error after `!`.
pub fn product(stage: Stage, settings: &Settings, path: &Path, bytes: &[u8]) -> Vec<u8> {
    let read_file = || std::fs::read(path).ok();
    let parsed = || {
        let (mode, flags) = (settings.mode.mode(), settings.flags());
        match mode {
            Mode::Exec => parse_module(bytes, &flags, None, &read_file),
            _ => parse(bytes, mode, &flags, None),
        }
        .map_err(Box::new)
    };
    let compiled = || {
        let filename = path.to_string_lossy();
        parsed().and_then(|ast| compile(ast, &Options::new(&filename, settings.optimize)))
    };
    let made = match stage {
        Stage::Tokens => tokens_of(bytes).map(String::into_bytes).map_err(Box::new),
        Stage::Ast => parsed().map(|ast| dump::dump_module(&ast.module, &ast.names).into_bytes()),
        Stage::Code => compiled().map(|compiled| marshal::dumps(&compiled.code)),
        Stage::Pyc => compiled().map(|compiled| pyc_of(&compiled.code, path)),
        Stage::Warnings => compiled().map(|compiled| warnings_of(&compiled.warnings).into_bytes()),
    };
    match made {
        Ok(made) => [b"+", &made[..]].concat(),
        Err(error) if stage == Stage::Warnings => {
            let warnings = warnings_of(&error.warnings);
            [&rejection(&error, path), &b"\n"[..], warnings.as_bytes()].concat()
        }
        Err(error) => rejection(&error, path),
    }
}

/// The file that an import would write for this source file.
fn pyc_of(code: &CodeObject, path: &Path) -> Vec<u8> {
    let about = std::fs::metadata(path).ok();
    let modified = about
        .as_ref()
        .and_then(|about| about.modified().ok())
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_secs() as u32);
    let size = about.map_or(0, |about| about.len() as u32);
    marshal::pyc(code, modified, size)
}

fn judge(
    oracle: &mut ParityOracle,
    stage: Stage,
    arguments: &ParityArguments,
    item: &Item,
) -> Result<Reply, String> {
    let bytes = match item.bytes() {
        Ok(bytes) => bytes,
        Err(error) => {
            let text = format!("unreadable: {error}");
            return Ok(Reply {
                verdict: "error".into(),
                text,
            });
        }
    };
    let filename = item.filename();
    let made = product(stage, &arguments.settings, &filename, &bytes);
    let source = match item {
        Item::File(_) => None,
        Item::Text(text) => Some(&text.bytes[..]),
    };
    let words = arguments.settings.words();
    oracle.ask(stage.name(), &words, &filename, &made, source)
}

/// Works through the files until none is left; a lost oracle is replaced.
fn work(
    arguments: &ParityArguments,
    stage: Stage,
    files: &[Item],
    next: &AtomicUsize,
    tally: &Mutex<Tally>,
    bar: &ProgressBar,
) -> Result<(), String> {
    let mut oracle = ParityOracle::start(&arguments.python)?;
    loop {
        let Some(item) = files.get(next.fetch_add(1, Ordering::Relaxed)) else {
            return Ok(());
        };
        let reply = match judge(&mut oracle, stage, arguments, item) {
            Ok(reply) => reply,
            Err(reason) => {
                oracle = ParityOracle::start(&arguments.python)?;
                Reply {
                    verdict: "error".into(),
                    text: reason,
                }
            }
        };
        bar.inc(1);
        let mut tally = tally.lock().map_err(|_| "a judging thread panicked")?;
        *tally.verdicts.entry(reply.verdict.clone()).or_insert(0) += 1;
        if !matches!(reply.verdict.as_str(), "equal" | "rejected") {
            tally.differences.push((item.label(), reply.text));
        }
    }
}

fn run_stage(arguments: &ParityArguments, stage: Stage, files: &[Item]) -> Result<Tally, String> {
    let jobs = arguments
        .jobs
        .or_else(|| std::thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
        .clamp(1, files.len().max(1));
    let bar = ProgressBar::new(files.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{msg:7} {bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(stage.name());
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs)
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(64 << 20)
                    .spawn_scoped(scope, || work(arguments, stage, files, &next, &tally, &bar))
            })
            .collect();
        for worker in workers {
            let worker = worker.map_err(|error| error.to_string())?;
            worker
                .join()
                .map_err(|_| "a judging thread panicked".to_string())??;
        }
        Ok::<(), String>(())
    })?;
    bar.finish_and_clear();
    let mut tally = tally
        .into_inner()
        .map_err(|_| "a judging thread panicked")?;
    tally.differences.sort();
    Ok(tally)
}

fn report(stage: Stage, tally: &Tally, show: usize) {
    for (label, text) in tally.differences.iter().take(show) {
        println!("{label}: {text}");
    }
    if tally.differences.len() > show {
        println!("... and {} more", tally.differences.len() - show);
    }
    let count = |verdict| tally.verdicts.get(verdict).copied().unwrap_or(0);
    let (equal, rejected) = (count("equal"), count("rejected"));
    let total: usize = tally.verdicts.values().sum();
    let percent = 100.0 * (equal + rejected) as f64 / total.max(1) as f64;
    println!(
        "{}: {percent:.2}% of {total} sources agree ({equal} equal, {rejected} rejected alike, {} different, {} not judged)",
        stage.name(),
        count("different"),
        count("error"),
    );
}

fn texts(texts: Vec<Text>) -> Vec<Item> {
    texts.into_iter().map(Item::Text).collect()
}

/// 0 if every file agrees at every stage, 1 if one differs, 4 if there was none, 5 if one could not be judged.
pub fn run(arguments: &ParityArguments) -> Result<i32, String> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        collect(path, &mut files)?;
    }
    files.sort();
    if files.is_empty() {
        println!("no Python file there");
        return Ok(4);
    }
    let are_texts = arguments.mutate.is_some() || arguments.snippets;
    let files: Vec<Item> = match arguments.mutate {
        Some(count) => texts(mutants::mutants(&files, count, arguments.seed)),
        None if arguments.snippets => texts(mutants::snippets(&files)),
        None => files.into_iter().map(Item::File).collect(),
    };
    let stages = match arguments.stage {
        Some(stage) => vec![stage],
        None if are_texts => vec![Stage::Code],
        None => vec![Stage::Tokens, Stage::Ast, Stage::Code, Stage::Pyc],
    };
    for stage in &stages {
        if let Some(complaint) = arguments.settings.complaint(*stage) {
            return Err(format!("stage {}: {complaint}", stage.name()));
        }
    }
    let mut code = 0;
    for stage in stages {
        let tally = run_stage(arguments, stage, &files)?;
        report(stage, &tally, arguments.show);
        if tally.verdicts.contains_key("different") {
            code = 1;
        } else if tally.verdicts.contains_key("error") && code == 0 {
            code = 5;
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stage: Stage, source: &str, expected: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("program.py");
        std::fs::write(&path, source).expect("a file in it");
        let mut oracle = ParityOracle::start("python3").expect("a CPython");
        let made = product(stage, &Settings::default(), &path, source.as_bytes());
        let reply = oracle
            .ask(
                stage.name(),
                &Settings::default().words(),
                &path,
                &made,
                None,
            )
            .expect("a reply");
        assert_eq!(
            reply.verdict, expected,
            "{stage:?} of {source:?}: {}",
            reply.text
        );
    }

    #[test]
    fn sound_programs_are_equal_and_broken_ones_are_rejected_alike() {
        for stage in [Stage::Tokens, Stage::Ast, Stage::Code] {
            check(
                stage,
                "def f(x, *, y=1):\n    return [x for _ in y]\n",
                "equal",
            );
        }
        for stage in [Stage::Ast, Stage::Code] {
            check(stage, "x = = 1\n", "rejected");
        }
    }

    #[test]
    fn another_product_is_a_difference() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("program.py");
        std::fs::write(&path, "x = 1\n").expect("a file in it");
        let mut oracle = ParityOracle::start("python3").expect("a CPython");
        for stage in [Stage::Tokens, Stage::Ast, Stage::Code] {
            let made = product(stage, &Settings::default(), &path, b"x = 2\n");
            let reply = oracle
                .ask(
                    stage.name(),
                    &Settings::default().words(),
                    &path,
                    &made,
                    None,
                )
                .expect("a reply");
            assert_eq!(reply.verdict, "different", "{stage:?}");
            assert!(!reply.text.is_empty(), "{stage:?} says why");
        }
    }
}
