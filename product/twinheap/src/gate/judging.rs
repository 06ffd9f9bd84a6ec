//! Runs the programs on the reference and on every subject, and judges each case as it comes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use twinheap_expect::policy::Counting;
use twinheap_expect::{Applicable, Entry, Expectations, Fate, Policy, Standing, Why};
use twinheap_harness::{CaseResult, PairConfig, PairPool, Proof, SideKind};
use twinheap_observation::{Program, Stage, StageSet};
use twinheap_render::GateReport;
use twinheap_render::gate::{PassLine, StaleLine};
use twinheap_results::{Header, Line, Run, SCHEMA_VERSION, Subject};

use super::counting;
use super::proof::{GENERATED_SEED, VARIATION, generated_sample, prove_oracle};
use super::{GateArguments, STOP, stages_between};
use crate::corpora::{Case, Need};
use crate::identity::Identity;
use crate::installation::Installation;
use crate::record::{self, Record};
use crate::settings;
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
    /// The needs of programs that it, or the reference, does not meet.
    unmet: BTreeMap<Need, bool>,
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
            unmet: BTreeMap::new(),
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

impl Contender {
    /// Asks both sides which needs of programs they do not meet.
    pub fn ask_for_needs(&mut self, cases: &[Case]) {
        self.unmet = counting::unmet(&self.subject, cases);
        for (need, is_unmet) in counting::unmet(&self.oracle, cases) {
            *self.unmet.entry(need).or_default() |= is_unmet;
        }
    }
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
    pub programs: &'a [Case],
    /// All programs that there are, with the hashes of their texts.
    pub cases: &'a BTreeMap<String, String>,
    pub expectations: &'a Expectations,
    pub policy: &'a Policy,
}

impl Bench<'_> {
    /// The proof of the reference. A few chosen programs prove little, so the whole corpus speaks for the masks, and so
    /// do generated programs.
    pub fn prove(&self, contenders: &[Contender], corpus: Vec<Program>) -> Result<Proof, String> {
        let mut sample = corpus;
        let programs = || self.programs.iter().map(|case| &case.program);
        sample.retain(|program| !programs().any(|one| one == program));
        sample.extend(generated_sample());
        sample.extend(programs().cloned());
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
        let source_of = |case: &str| self.cases.get(case).cloned();
        let (details, wrong) = self.policy.entries(&standing, source_of);
        let expected = self.expected(&standing, &details);
        // Stages that one side does not show at all stand in the table too, as unsupported.
        let stages: Vec<Stage> = contender.stages.iter().collect();
        let (runnable, left_out) = self.runnable(contender);
        let trouble = Mutex::new(None);
        let take = |result: &CaseResult| {
            let result = self.counted(contender, result);
            let lines = record::lines_of(&result, &contender.name, &stages, &expected);
            if let Some(Err(reason)) = record.map(|record| record.add(&lines)) {
                *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            }
        };
        let missing = left_out
            .iter()
            .map(|(case, reason)| counting::not_run(case, &stages, reason));
        let mut results: Vec<CaseResult> = missing.inspect(&take).collect();
        for result in self.run_with_progress(&contender.name, pool, &runnable, take)? {
            results.push(self.counted(contender, &result).into_owned());
        }
        results.sort_by(|one, other| one.program.name.cmp(&other.program.name));
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
        let wrong = wrong.into_iter();
        report
            .stale
            .extend(wrong.map(|(id, reason)| StaleLine { id, reason }));
        report.let_pass = let_pass(&lines, &details, self.policy.stages.get(&contender.name));
        let name = contender.name.clone();
        let judged = Judged {
            name,
            standing,
            report,
        };
        Ok((judged, lines))
    }

    /// The expectations for a subject, and the details that the policy lets pass.
    fn expected<'b>(&'b self, standing: &Standing, details: &'b [Entry]) -> Applicable<'b> {
        let mut expected = self.expectations.of(standing);
        expected.entries.extend(details);
        expected
    }

    /// The programs that a contender can run, and the others with what they lack.
    fn runnable(&self, contender: &Contender) -> (Vec<Program>, Vec<(&Case, String)>) {
        let (mut runnable, mut left_out) = (Vec::new(), Vec::new());
        for case in self.programs {
            let lacks = |need: &&Need| contender.unmet.get(need) == Some(&true);
            match case.needs.iter().find(lacks) {
                Some(need) => left_out.push((case, format!("it needs {}", need.text()))),
                None => runnable.push(case.program.clone()),
            }
        }
        (runnable, left_out)
    }

    /// A result without the stages that do not count, by the program or by the policy.
    fn counted<'b>(&self, contender: &Contender, result: &'b CaseResult) -> Cow<'b, CaseResult> {
        let name = &result.program.name;
        let case = self.programs.iter().find(|case| case.program.name == *name);
        let of_program = case.and_then(|case| case.stages);
        let of_policy = self.policy.stages.get(&contender.name);
        if of_program.is_none() && of_policy.is_none() {
            return Cow::Borrowed(result);
        }
        let mut counted = result.clone();
        counting::restrict(&mut counted, |stage| {
            if of_program.is_some_and(|stages| !stages.contains(stage)) {
                return Some("the program says that it does not count".to_owned());
            }
            let counting = of_policy?;
            let counts = counting.count.iter().any(|name| name == stage.name());
            (!counts).then(|| format!("policy: {}", counting.reason))
        });
        Cow::Owned(counted)
    }

    fn run_with_progress(
        &self,
        name: &str,
        pool: &PairPool<'_>,
        programs: &[Program],
        take: impl Fn(&CaseResult) + Sync,
    ) -> Result<Vec<CaseResult>, String> {
        let template = "{prefix} {bar:40} {pos}/{len} {per_sec} {msg}";
        let length = programs.len() as u64;
        let bar = settings::progress_bar(length, self.arguments.quiet, template);
        bar.set_prefix(name.to_owned());
        let results = pool.run_all(programs, |result| {
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
    cases: &BTreeMap<String, String>,
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

/// What the policy let pass, in words: details, and differences in stages that do not count.
fn let_pass(lines: &[Line], details: &[Entry], counting: Option<&Counting>) -> Vec<PassLine> {
    let mut passed: Vec<PassLine> = details
        .iter()
        .filter_map(|entry| {
            let id = entry.id();
            let is_it = |line: &&Line| line.known.as_ref() == Some(&id);
            let stages: Vec<String> = lines
                .iter()
                .filter(is_it)
                .map(|line| line.stage.clone())
                .collect();
            let reason = match &entry.why {
                Why::Said(text) | Why::Named(text) => text.clone(),
            };
            (!stages.is_empty()).then(|| PassLine {
                what: format!("{} in {}", entry.case, stages.join(", ")),
                reason,
            })
        })
        .collect();
    if let Some(counting) = counting {
        passed.push(PassLine {
            what: format!("every stage but {}", counting.count.join(", ")),
            reason: counting.reason.clone(),
        });
    }
    passed
}

/// Whether there is a case of this name; methods of test files are known to `libtest` only.
pub fn is_case(cases: &BTreeMap<String, String>, name: &str) -> bool {
    name.starts_with("libtest:") || cases.contains_key(name)
}
