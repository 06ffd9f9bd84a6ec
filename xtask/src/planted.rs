//! `planted`: small bugs are put into the VM, one at a time, and a campaign must find each of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Deserialize;
use twinheap_generate::{Profile, Topic, generate};
use twinheap_harness::{PairConfig, PairPool, Proof, SideKind, StepsPolicy};
use twinheap_observation::{Program, StageSet};
use twinheap_subject::SubjectSpec;

use crate::campaign::{duration, mixed_seed, probe_subject};
use crate::gate::{STOP, catch_interrupt, prove_oracle};
use crate::programs::corpus;
use crate::settings;
use crate::workers::{self, Worker};

#[derive(Args)]
pub struct PlantedArguments {
    /// Only bugs whose name contains one of these texts.
    names: Vec<String>,
    /// How long each bug is looked for.
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "TIME")]
    time: Duration,
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Pairs of workers that run at once.
    #[arg(long, default_value_t = settings::default_pairs(), value_name = "J")]
    jobs: usize,
}

/// One mutation of the VM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    name: String,
    file: PathBuf,
    old: String,
    new: String,
    topics: Vec<String>,
}

#[derive(Deserialize)]
struct BugFile {
    bug: Vec<Bug>,
}

/// How a hunt ended.
struct Hunt {
    programs: u64,
    time: Duration,
    /// The signature that the bug was found by.
    found: Option<String>,
}

pub fn run(arguments: &PlantedArguments) -> Result<i32, String> {
    let bugs = chosen(&read_bugs()?, &arguments.names);
    if bugs.is_empty() {
        eprintln!(
            "twinheap: no planted bug is named so: {:?}",
            arguments.names
        );
        return Ok(settings::EXIT_NOTHING_RAN);
    }
    catch_interrupt();
    let oracle = workers::build(&Worker::cpython("3.11"))?;
    let plain = workers::build(&Worker::Reference)?;
    let proof = prove_oracle(&SideKind::Worker(oracle.clone()), &corpus()?, StageSet::ALL)?;
    let tree = Tree::prepare()?;
    let mut missed = 0;
    for bug in &bugs {
        if STOP.load(Ordering::Relaxed) {
            return Ok(settings::EXIT_INTERRUPTED);
        }
        let mutated = tree.build_with(bug, &plain)?;
        let hunt = hunt(arguments, bug, &oracle, &plain, &mutated, &proof)?;
        let seconds = hunt.time.as_secs_f64();
        match &hunt.found {
            Some(signature) => {
                println!(
                    "found   {:<36} {seconds:>6.1} s {:>8} programs  {signature}",
                    bug.name, hunt.programs
                );
            }
            None => {
                missed += 1;
                println!(
                    "MISSED  {:<36} {seconds:>6.1} s {:>8} programs",
                    bug.name, hunt.programs
                );
            }
        }
    }
    println!(
        "{} of {} planted bugs found",
        bugs.len() - missed,
        bugs.len()
    );
    Ok(if missed == 0 { 0 } else { settings::EXIT_NEW })
}

fn read_bugs() -> Result<Vec<Bug>, String> {
    let path = settings::root().join("corpus/planted/vm.toml");
    let trouble = |reason: String| format!("{}: {reason}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| trouble(error.to_string()))?;
    let file: BugFile = toml::from_str(&text).map_err(|error| trouble(error.to_string()))?;
    Ok(file.bug)
}

fn chosen(bugs: &[Bug], names: &[String]) -> Vec<Bug> {
    bugs.iter()
        .filter(|bug| names.is_empty() || names.iter().any(|name| bug.name.contains(name.as_str())))
        .cloned()
        .collect()
}

/// The text with the bug in it; the old text must stand there once.
fn planted(bug: &Bug, text: &str) -> Result<String, String> {
    match text.matches(&bug.old).count() {
        1 => Ok(text.replacen(&bug.old, &bug.new, 1)),
        times => Err(format!(
            "{}: the text to replace stands {times} times in {}",
            bug.name,
            bug.file.display()
        )),
    }
}

/// A copy of the workspace in which bugs are planted; built apart, so that nothing of ours is touched.
struct Tree {
    sources: PathBuf,
    target: PathBuf,
}

impl Tree {
    fn prepare() -> Result<Tree, String> {
        let base = workers::target_folder().join("planted");
        let tree = Tree {
            sources: base.join("tree"),
            target: base.join("build"),
        };
        let output = Command::new("git")
            .current_dir(settings::root())
            .args(["ls-files", "-co", "--exclude-standard", "-z"])
            .output()
            .map_err(|error| format!("git cannot be started: {error}"))?;
        for name in String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|name| !name.is_empty())
        {
            // A file that was deleted but is still listed has nothing to copy.
            if let Ok(bytes) = fs::read(settings::root().join(name)) {
                write_if_changed(&tree.sources.join(name), &bytes)?;
            }
        }
        let finder = tree.sources.join(".cargo/find-python");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&finder, mode)
            .map_err(|error| format!("{}: {error}", finder.display()))?;
        Ok(tree)
    }

    /// Builds the VM's worker with a bug in it, and takes the bug out of the sources again.
    fn build_with(&self, bug: &Bug, plain: &SubjectSpec) -> Result<SubjectSpec, String> {
        let path = self.sources.join(&bug.file);
        let text = fs::read_to_string(settings::root().join(&bug.file))
            .map_err(|error| format!("{}: {error}", bug.file.display()))?;
        write_if_changed(&path, planted(bug, &text)?.as_bytes())?;
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(&self.sources)
            .args([
                "build",
                "--quiet",
                "--release",
                "--package",
                "twinheap-reference",
                "--target-dir",
            ])
            .arg(&self.target)
            // The build matters more than the speed of what is built.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            .status()
            .map_err(|error| format!("cargo cannot be started: {error}"));
        write_if_changed(&path, text.as_bytes())?;
        if !status?.success() {
            return Err(format!("{}: the VM does not build with it", bug.name));
        }
        Ok(SubjectSpec {
            program: self.target.join("release/twinheap-reference"),
            ..plain.clone()
        })
    }
}

/// Cargo looks at times, so a file that stays is not touched.
fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(trouble)?;
    }
    fs::write(path, bytes).map_err(trouble)
}

/// Runs programs until one differs with the bug and not without it.
fn hunt(
    arguments: &PlantedArguments,
    bug: &Bug,
    oracle: &SubjectSpec,
    plain: &SubjectSpec,
    mutated: &SubjectSpec,
    proof: &Proof,
) -> Result<Hunt, String> {
    let config = |subject: &SubjectSpec| PairConfig {
        oracle: SideKind::Worker(oracle.clone()),
        subject: SideKind::Worker(subject.clone()),
        varied: None,
        stages: StageSet::ALL,
        steps: StepsPolicy::Blame,
        proof,
        confirmations: 2,
        transitions: false,
        stop: &STOP,
        pairs: arguments.jobs,
    };
    let (plain, mutated) = (config(plain), config(mutated));
    let begun = Instant::now();
    let plain = PairPool::open(&plain)?;
    let mutated = match PairPool::open(&mutated) {
        Ok(pool) => pool,
        Err(reason) => {
            // A VM that cannot even begin has been caught before the first program.
            let reason = reason.lines().last().unwrap_or_default();
            return Ok(Hunt {
                programs: 0,
                time: begun.elapsed(),
                found: Some(format!("the VM does not start: {reason}")),
            });
        }
    };
    let hunter = Hunter {
        plain,
        mutated,
        topics: bug
            .topics
            .iter()
            .filter_map(|name| Topic::parse(name))
            .collect(),
        seed: arguments.seed,
        begun,
        time: arguments.time,
        next: AtomicU64::new(0),
        programs: AtomicU64::new(0),
        over: AtomicBool::new(false),
        found: Mutex::new(None),
    };
    if hunter.topics.is_empty() {
        return Err(format!("{}: none of its topics exists", bug.name));
    }
    let profile = probe_subject(&hunter.plain, true)?;
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| hunter.run(&profile));
        }
    });
    let found = hunter.found.into_inner().map_err(|_| "a hunter panicked")?;
    let time = found
        .as_ref()
        .map_or_else(|| hunter.begun.elapsed(), |(time, _)| *time);
    Ok(Hunt {
        programs: hunter.programs.into_inner(),
        time,
        found: found.map(|(_, signature)| signature),
    })
}

struct Hunter<'a> {
    plain: PairPool<'a>,
    mutated: PairPool<'a>,
    topics: Vec<Topic>,
    seed: u64,
    begun: Instant,
    time: Duration,
    next: AtomicU64,
    programs: AtomicU64,
    over: AtomicBool,
    found: Mutex<Option<(Duration, String)>>,
}

impl Hunter<'_> {
    fn run(&self, profile: &Profile) {
        const BATCH: u64 = 32;
        while !self.over.load(Ordering::Relaxed)
            && !STOP.load(Ordering::Relaxed)
            && self.begun.elapsed() < self.time
        {
            let batch = self.next.fetch_add(1, Ordering::Relaxed);
            let topic = self.topics[(batch % self.topics.len() as u64) as usize];
            let programs: Vec<Program> = (0..BATCH)
                .map(|place| {
                    let model = generate(mixed_seed(self.seed, batch, place), topic, profile);
                    Program::new(topic.name(), &format!("{batch}-{place}"), &model.source())
                })
                .collect();
            let results = self.mutated.run(&programs, Some(&|_| true));
            self.programs.fetch_add(BATCH, Ordering::Relaxed);
            for result in results {
                let Some(divergence) = result.divergence else {
                    continue;
                };
                if self.is_of_the_bug(&result.program, &divergence.signature) {
                    self.over.store(true, Ordering::Relaxed);
                    if let Ok(mut found) = self.found.lock() {
                        found.get_or_insert((self.begun.elapsed(), divergence.signature));
                    }
                    return;
                }
            }
        }
    }

    /// Whether fresh processes show it with the bug, and nothing of the kind without.
    fn is_of_the_bug(&self, program: &Program, signature: &str) -> bool {
        let shows = |pool: &PairPool<'_>| {
            pool.decide(program)
                .divergence
                .is_some_and(|found| found.signature == signature)
        };
        let without = self
            .plain
            .run(std::slice::from_ref(program), Some(&|_| true));
        let plain_agrees = without.iter().all(|result| {
            result
                .divergence
                .as_ref()
                .is_none_or(|found| found.signature != signature)
        });
        plain_agrees && shows(&self.mutated) && !shows(&self.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_can_be_planted() {
        let bugs = read_bugs().expect("the list can be read");
        assert!(bugs.len() >= 20, "{}", bugs.len());
        for bug in bugs {
            let text =
                fs::read_to_string(settings::root().join(&bug.file)).expect("the file is there");
            let text = planted(&bug, &text).expect("its place is there once");
            assert!(text.contains(&bug.new));
            assert!(
                bug.topics.iter().all(|name| Topic::parse(name).is_some()),
                "{}",
                bug.name
            );
        }
    }
}
