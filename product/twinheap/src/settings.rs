//! What the commands share: the sides they pair, and what the exit codes mean.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use twinheap_harness::{SideKind, StepsPolicy};
use twinheap_render::terminal::Style;
use twinheap_subject::command::CommandSpec;

use crate::installation::Installation;
use crate::interpreter;

pub const EXIT_NEW: i32 = 1;
pub const EXIT_USAGE: i32 = 2;
pub const EXIT_STALE: i32 = 3;
pub const EXIT_NOTHING_RAN: i32 = 4;
pub const EXIT_HARNESS_ERROR: i32 = 5;
pub const EXIT_INTERRUPTED: i32 = 130;

/// The two sides of a run.
#[derive(Args, Clone, Debug)]
pub struct Sides {
    /// The CPython series that judges: 3.9 to 3.13. Only 3.11 shows its heap.
    #[arg(long, default_value = "3.11", value_name = "SERIES")]
    pub oracle: String,
    /// Who is judged: `vm`, `cpython` (the oracle itself), a CPython series such as `3.13`, or a command
    /// as `name=python3.13 {file}`.
    #[arg(long, default_value = "vm", value_name = "SUBJECT")]
    pub subject: String,
    /// The interpreter that judges: a path, or a name that is looked for. It must be CPython of the oracle's series.
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<PathBuf>,
}

/// The sides of a run with one subject or several.
#[derive(Args, Clone, Debug)]
pub struct ManySides {
    /// The CPython series that judges: 3.9 to 3.13. Only 3.11 shows its heap.
    #[arg(long, default_value = "3.11", value_name = "SERIES")]
    pub oracle: String,
    /// Who is judged, again and again: `vm`, `cpython` (the oracle itself), a CPython series such as `3.13`, or a command
    /// as `name=python3.13 {file}`.
    #[arg(long, default_value = "vm", value_name = "SUBJECT")]
    pub subject: Vec<String>,
    /// The interpreter that judges: a path, or a name that is looked for. It must be CPython of the oracle's series.
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<PathBuf>,
}

impl ManySides {
    /// The reference with each subject.
    pub fn each(&self) -> Vec<Sides> {
        let sides = |subject: &String| Sides {
            oracle: self.oracle.clone(),
            subject: subject.clone(),
            python: self.python.clone(),
        };
        self.subject.iter().map(sides).collect()
    }
}

impl Sides {
    /// The name by which expectations and records know the subject: `vm`, `cpython`, `3.13`, or a command's own name.
    pub fn subject_name(&self) -> &str {
        self.subject.split('=').next().unwrap_or("").trim()
    }

    /// Whether both are CPython, of different series.
    pub fn are_two_series(&self) -> bool {
        self.subject.starts_with("3.") && self.subject != self.oracle
    }

    /// Describes both sides.
    pub fn open(&self, installation: &Installation) -> Result<(SideKind, SideKind), String> {
        let workers = &installation.workers;
        let found = match &self.python {
            Some(named) => Some(interpreter::named(named, &self.oracle)?),
            None => None,
        };
        let oracle = SideKind::Worker(match &found {
            Some(python) => python.worker(&workers.observer(&self.oracle)?),
            None => workers.cpython(&self.oracle)?,
        });
        let library = found.as_ref().map(|python| python.library.as_str());
        let subject = match self.subject.as_str() {
            "vm" => SideKind::Worker(workers.reference(library)?),
            "cpython" => oracle.clone(),
            series if series.starts_with("3.") => SideKind::Worker(workers.cpython(series)?),
            command => SideKind::Command(CommandSpec::parse(command)?),
        };
        Ok((oracle, subject))
    }
}

/// Reads when programs are traced: `always`, `blame`, `never`, or `1/N` for one program in so many.
pub fn steps_policy(text: &str) -> Result<StepsPolicy, String> {
    match text {
        "always" => Ok(StepsPolicy::Always),
        "blame" => Ok(StepsPolicy::Blame),
        "never" => Ok(StepsPolicy::Never),
        other => other
            .strip_prefix("1/")
            .and_then(|number| number.parse().ok())
            .filter(|number| *number > 0)
            .map(StepsPolicy::Share)
            .ok_or_else(|| "it is one of always, blame, never, or 1/N".to_owned()),
    }
}

/// Reads `1/4`; `auto/4` takes the number from the array job that this process is part of.
pub fn shard(text: &str) -> Result<(u64, u64), String> {
    let of_environment = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    shard_in(text, of_environment)
}

/// The same, with this environment.
fn shard_in(text: &str, variable: impl Fn(&str) -> Option<u64>) -> Result<(u64, u64), String> {
    let wrong = || format!("{text:?} is not of the form 1/4 or auto/4, or is out of range");
    let (one, all) = text.split_once('/').ok_or_else(wrong)?;
    let all: u64 = all.parse().map_err(|_| wrong())?;
    let one = if one == "auto" {
        number_in_array(variable)?
    } else {
        one.parse().map_err(|_| wrong())?
    };
    (one >= 1 && one <= all)
        .then_some((one, all))
        .ok_or_else(wrong)
}

/// Which process of an array job this is, counted from one: Kubernetes counts from nought, Slurm from where it is told.
fn number_in_array(variable: impl Fn(&str) -> Option<u64>) -> Result<u64, String> {
    if let Some(index) = variable("JOB_COMPLETION_INDEX") {
        return Ok(index + 1);
    }
    let first = variable("SLURM_ARRAY_TASK_MIN").unwrap_or(0);
    match variable("SLURM_ARRAY_TASK_ID") {
        Some(id) if id >= first => Ok(id - first + 1),
        _ => Err(
            "neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID says which shard this is"
                .to_owned(),
        ),
    }
}

/// Colours on a terminal, none elsewhere.
pub fn style() -> Style {
    Style {
        colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}

/// A bar on a terminal, unless it is not wanted; nothing elsewhere.
pub fn progress_bar(length: u64, quiet: bool, template: &'static str) -> ProgressBar {
    let is_hidden = quiet || !std::io::stderr().is_terminal();
    let bar = match is_hidden {
        true => ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
        false => ProgressBar::new(length),
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the template is fixed"));
    bar
}

/// How many pairs run at once.
pub fn default_pairs() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

#[cfg(test)]
mod tests {
    use super::shard_in;

    #[test]
    fn a_shard_is_named_or_taken_from_an_array_job() {
        let with = |pairs: &'static [(&str, u64)]| {
            move |name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| *value)
            }
        };
        assert_eq!(shard_in("2/4", with(&[])), Ok((2, 4)));
        assert_eq!(
            shard_in("auto/4", with(&[("JOB_COMPLETION_INDEX", 0)])),
            Ok((1, 4))
        );
        let slurm = with(&[("SLURM_ARRAY_TASK_ID", 4), ("SLURM_ARRAY_TASK_MIN", 1)]);
        assert_eq!(shard_in("auto/4", slurm), Ok((4, 4)));
        for wrong in ["0/4", "5/4", "4", "x/4", "auto/4"] {
            assert!(shard_in(wrong, with(&[])).is_err(), "{wrong}");
        }
    }
}
