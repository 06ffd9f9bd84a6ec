//! Runs the programs on the reference and on every subject, and judges each case as it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use twinheap_expect::{Applicable, Expectations, Fate, Standing};
use twinheap_harness::{CaseResult, PairConfig, PairPool, Proof, SideKind};
use twinheap_observation::{Program, Stage, StageSet};
use twinheap_render::GateReport;
use twinheap_render::gate::StaleLine;
use twinheap_results::{Header, Line, Run, SCHEMA_VERSION, Subject};

use super::proof::{GENERATED_SEED, VARIATION, generated_sample, prove_oracle};
use super::{GateArguments, STOP, stages_between};
use crate::identity::Identity;
use crate::installation::Installation;
use crate::record::{self, Record};
use crate::settings::Sides;

/// A subject that is to be judged.
pub struct Contender {
    /// The name by which records know it.
    pub name: String,
    pub sides: Sides,
    pub stages: StageSet,
    pub oracle: SideKind,
    pub subject: SideKind,
    pub identity: Identity,
}

impl Contender {
    pub fn open(
        arguments: &GateArguments,
        sides: Sides,
        stages: StageSet,
        installation: &Installation,
    ) -> Result<Contender, String> {
        let (oracle, subject) = sides.open(installation)?;
        let limited = |kind: SideKind| match arguments.timeout {
            Some(seconds) => kind.with_wall_milliseconds(seconds.saturating_mul(1_000)),
            None => kind,
        };
        let (oracle, subject) = (limited(oracle), limited(subject));
        Ok(Contender {
            name: sides.subject_name().to_owned(),
            identity: Identity::of(&subject),
            sides,
            stages,
            oracle,
            subject,
        })
    }

    /// What conditions of expectations ask about it.
    pub fn standing(&self) -> Standing {
        Standing::here(&self.name, &self.identity.version)
    }
}

/// The subjects that the arguments name, each opened.
pub fn contenders(
    arguments: &GateArguments,
    installation: &Installation,
) -> Result<Vec<Contender>, super::Failure> {
    let mut all: Vec<Contender> = Vec::new();
    for sides in arguments.sides.each() {
        let stages = stages_between(&sides, &arguments.stages).map_err(super::Failure::Usage)?;
        if all.iter().any(|one| one.name == sides.subject_name()) {
            let reason = format!("two subjects have the name {}", sides.subject_name());
            return Err(super::Failure::Usage(reason));
        }
        all.push(Contender::open(arguments, sides, stages, installation)?);
    }
    Ok(all)
}

/// What was found of one subject.
pub struct Judged {
    pub name: String,
    pub standing: Standing,
    pub report: GateReport,
}

/// What a run works with.
pub struct Bench<'a> {
    pub arguments: &'a GateArguments,
    /// The programs that are run.
    pub programs: &'a [Program],
    /// The names of all programs that there are.
    pub cases: &'a BTreeSet<String>,
    pub expectations: &'a Expectations,
}

impl Bench<'_> {
    /// The proof of the reference. A few chosen programs prove little, so the whole corpus speaks for the masks, and so
    /// do generated programs.
    pub fn prove(&self, contenders: &[Contender], corpus: Vec<Program>) -> Result<Proof, String> {
        let mut sample = corpus;
        sample.retain(|program| !self.programs.contains(program));
        sample.extend(generated_sample());
        sample.extend(self.programs.iter().cloned());
        let stages = contenders.iter().fold(StageSet::NONE, |all, one| {
            one.stages.iter().fold(all, |all, stage| all.with(stage))
        });
        prove_oracle(&contenders[0].oracle, &sample, stages)
    }

    /// Judges every contender; the record is written to `path` as the run goes on, if there is one.
    pub fn judge(
        &self,
        contenders: &[Contender],
        proof: &Proof,
        path: Option<&Path>,
    ) -> Result<(Vec<Judged>, Run), String> {
        let configs: Vec<PairConfig<'_>> = contenders
            .iter()
            .map(|one| self.config(one, proof))
            .collect();
        let pools: Vec<PairPool<'_>> = configs
            .iter()
            .map(PairPool::open)
            .collect::<Result<_, String>>()?;
        let header = self.header(contenders, &pools);
        let record = path.map(|path| Record::begin(path, &header)).transpose()?;
        let (mut judged, mut lines) = (Vec::new(), Vec::new());
        for (contender, pool) in contenders.iter().zip(&pools) {
            let (one, found) = self.judge_one(contender, pool, proof, record.as_ref())?;
            judged.push(one);
            lines.extend(found);
        }
        lines.sort_by(|one: &Line, other| one.case.cmp(&other.case));
        let run = record::of_lines(&header, lines);
        if let Some(record) = record {
            record.finish(&run)?;
        }
        Ok((judged, run))
    }

    fn config<'b>(&self, contender: &Contender, proof: &'b Proof) -> PairConfig<'b> {
        PairConfig {
            varied: contender.oracle.with_arguments(&VARIATION),
            oracle: contender.oracle.clone(),
            subject: contender.subject.clone(),
            stages: contender.stages,
            steps: self.arguments.steps,
            proof,
            confirmations: self.arguments.confirmations,
            transitions: false,
            stop: &STOP,
            pairs: self.arguments.pairs,
        }
    }

    fn judge_one(
        &self,
        contender: &Contender,
        pool: &PairPool<'_>,
        proof: &Proof,
        record: Option<&Record>,
    ) -> Result<(Judged, Vec<Line>), String> {
        let begun = Instant::now();
        let standing = contender.standing();
        let expected = self.expectations.of(&standing);
        // Stages that one side does not show at all stand in the table too, as unsupported.
        let stages: Vec<Stage> = contender.stages.iter().collect();
        let trouble = Mutex::new(None);
        let results = self.run_with_progress(&contender.name, pool, |result| {
            let lines = record::lines_of(result, &contender.name, &stages, &expected);
            if let Some(Err(reason)) = record.map(|record| record.add(&lines)) {
                *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            }
        })?;
        if let Some(reason) = trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(reason);
        }
        let lines: Vec<Line> = results
            .iter()
            .flat_map(|result| record::lines_of(result, &contender.name, &stages, &expected))
            .collect();
        let known = pool.acquaintance();
        let names = (
            known.oracle.implementation.clone(),
            known.subject.implementation.clone(),
        );
        let mut report = GateReport::new(names, &stages, &results, &expected, proof);
        report.unsupported_fields = known
            .subject
            .unsupported_fields
            .iter()
            .map(|field| format!("{}.{}", field.owner, field.name))
            .collect();
        report.interrupted = STOP.load(Ordering::Relaxed);
        report.refuses_empty = self.arguments.refuse_empty;
        report.seconds = begun.elapsed().as_secs_f64();
        report.stale = stale_lines(&expected, &lines, self.cases);
        let name = contender.name.clone();
        let judged = Judged {
            name,
            standing,
            report,
        };
        Ok((judged, lines))
    }

    fn run_with_progress(
        &self,
        name: &str,
        pool: &PairPool<'_>,
        take: impl Fn(&CaseResult) + Sync,
    ) -> Result<Vec<CaseResult>, String> {
        let is_hidden = self.arguments.quiet || !std::io::stderr().is_terminal();
        let bar = match is_hidden {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            false => ProgressBar::new(self.programs.len() as u64),
        };
        let style = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {per_sec} {msg}")
            .expect("the template is fixed");
        bar.set_style(style);
        bar.set_prefix(name.to_owned());
        let results = pool.run_all(self.programs, |result| {
            take(result);
            bar.inc(1);
            if !result.agrees() {
                bar.set_message(format!("last difference: {}", result.program.name));
            }
        });
        bar.finish_and_clear();
        results
    }

    fn header(&self, contenders: &[Contender], pools: &[PairPool<'_>]) -> Header {
        let subjects = contenders.iter().zip(pools).map(|(contender, pool)| {
            let identity = &contender.identity;
            let said = &pool.acquaintance().subject.implementation;
            let implementation = match &contender.subject {
                SideKind::Command(_) if !identity.text.is_empty() => {
                    format!("{} {}", identity.implementation, identity.text)
                }
                _ => said.clone(),
            };
            Subject {
                name: contender.name.clone(),
                implementation,
                version: identity.version.clone(),
                build: identity.build.clone(),
            }
        });
        let compared = |stage: &Stage| contenders.iter().any(|one| one.stages.contains(*stage));
        let stages = Stage::ALL.into_iter().filter(compared);
        Header {
            twinheap_results: SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            reference: pools[0].acquaintance().oracle.implementation.clone(),
            reference_build: Identity::of(&contenders[0].oracle).build,
            subjects: subjects.collect(),
            stages: stages.map(|stage| stage.name().to_owned()).collect(),
            settings: settings_of(self.arguments, &contenders[0].oracle),
        }
    }
}

/// What the run was told, as the header keeps it.
fn settings_of(arguments: &GateArguments, oracle: &SideKind) -> BTreeMap<String, String> {
    let limits = match oracle {
        SideKind::Worker(spec) => spec.limits,
        SideKind::Command(spec) => spec.limits,
    };
    let (one, all) = arguments.shard;
    [
        ("confirmations", arguments.confirmations.to_string()),
        ("filters", arguments.filters.join(" ")),
        ("generated-seed", GENERATED_SEED.to_string()),
        ("hash-seed", "0".to_owned()),
        ("limit-cpu-seconds", limits.cpu_seconds.to_string()),
        ("limit-memory-bytes", limits.address_space_bytes.to_string()),
        ("limit-output-bytes", limits.output_bytes.to_string()),
        (
            "limit-wall-milliseconds",
            limits.wall_milliseconds.to_string(),
        ),
        ("shard", format!("{one}/{all}")),
        ("steps", format!("{:?}", arguments.steps)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The expectations of a subject that no longer hold.
pub fn stale_lines(
    expected: &Applicable<'_>,
    lines: &[Line],
    cases: &BTreeSet<String>,
) -> Vec<StaleLine> {
    let lines: Vec<&Line> = lines.iter().collect();
    let is_case = |name: &str| is_case(cases, name);
    let fates = expected.fates(&lines, &is_case).into_iter();
    fates
        .filter_map(|(entry, fate)| {
            let reason = match fate {
                Fate::Stale(now) => format!("no longer holds: {now}"),
                Fate::NoSuchCase => "names a case that is not there".to_owned(),
                Fate::Holds | Fate::Wider(..) | Fate::NotSeen => return None,
            };
            Some(StaleLine {
                id: entry.id(),
                reason,
            })
        })
        .collect()
}

/// Whether there is a case of this name; methods of test files are known to `libtest` only.
pub fn is_case(cases: &BTreeSet<String>, name: &str) -> bool {
    name.starts_with("libtest:") || cases.contains(name)
}
