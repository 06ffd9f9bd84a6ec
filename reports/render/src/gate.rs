//! The gate's report as data: every program judged by the expectations, and the table of topics and stages.

use std::collections::BTreeMap;

use serde::Serialize;
use twinheap_expect::{Applicable, Seen};
use twinheap_harness::{CaseResult, Emptiness, Evidence, Finding, Proof, StageVerdict};
use twinheap_observation::Stage;
use twinheap_observation::rules::HAND_WRITTEN_RULES;

use crate::difference::difference_text;
use crate::verdict::difference_of;

/// What the gate says of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    Agree,
    /// It agrees, and that says little: neither side did what the program is for.
    Empty,
    Known,
    New,
    HarnessError,
}

/// Counts for one topic and one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub agree: u32,
    pub known: u32,
    pub new: u32,
    pub unsupported: u32,
    pub poisoned: u32,
    /// Agrees as far as was seen, and not everything was.
    pub cut: u32,
}

/// One program.
#[derive(Clone, Debug, Serialize)]
pub struct ProgramReport {
    pub name: String,
    pub topic: String,
    pub judged: Judged,
    /// The expectation that covers its first finding.
    pub known: Option<String>,
    pub stages: BTreeMap<String, String>,
    /// The first differing stage, and the signature of the first finding.
    pub stage: Option<String>,
    pub signature: Option<String>,
    /// Everything that differs.
    pub findings: Vec<FindingReport>,
    /// Why an agreement says little.
    pub emptiness: Option<String>,
    /// How often it came back in fresh processes: `2 of 2`.
    pub came_back: Option<String>,
    pub outcomes: Option<(String, String)>,
    /// The readable difference of the first differing stage.
    pub difference: Option<String>,
    pub unconfirmed: Option<String>,
    pub harness_error: Option<String>,
    pub source: String,
    pub microseconds: (u32, u32),
}

/// One finding of a program.
#[derive(Clone, Debug, Serialize)]
pub struct FindingReport {
    pub stage: String,
    pub signature: String,
    pub digest: String,
    /// The expectation that has recorded this very difference.
    pub known: Option<String>,
}

/// A rule of a mask with its evidence.
#[derive(Clone, Debug, Serialize)]
pub struct MaskLine {
    pub rule: String,
    pub count: u64,
    pub example: String,
}

/// One finding: a signature and the programs that show it.
#[derive(Clone, Debug, Serialize)]
pub struct FindingLine {
    pub signature: String,
    pub judged: Judged,
    pub known: Option<String>,
    pub programs: Vec<String>,
    /// The digests of the differences, for expectations.
    pub digests: Vec<String>,
}

/// An entry that no longer holds.
#[derive(Clone, Debug, Serialize)]
pub struct StaleLine {
    pub id: String,
    pub reason: String,
}

/// What the policy let pass, and why.
#[derive(Clone, Debug, Serialize)]
pub struct PassLine {
    pub what: String,
    pub reason: String,
}

/// Everything the gate found out.
#[derive(Clone, Debug, Serialize)]
pub struct GateReport {
    pub oracle: String,
    pub subject: String,
    pub stages: Vec<String>,
    pub programs: Vec<ProgramReport>,
    /// Topic, then stage.
    pub table: BTreeMap<String, BTreeMap<String, Cell>>,
    pub findings: Vec<FindingLine>,
    pub pinned_mask: Vec<MaskLine>,
    pub varied_mask: Vec<MaskLine>,
    pub proof_programs: usize,
    /// What the decoder leaves out by rules that no evidence derived, each with its reason.
    pub hand_written_rules: Vec<(String, String)>,
    pub unsupported_fields: Vec<String>,
    pub stale: Vec<StaleLine>,
    pub let_pass: Vec<PassLine>,
    /// How many agreements are empty, by reason.
    pub empty: BTreeMap<String, usize>,
    /// Whether an empty agreement fails the gate.
    pub refuses_empty: bool,
    pub interrupted: bool,
    pub seconds: f64,
}

impl GateReport {
    /// Judges the results by the expectations for the subject. Which of those are stale is for others to say.
    pub fn new(
        names: (String, String),
        stages: &[Stage],
        results: &[CaseResult],
        expected: &Applicable<'_>,
        proof: &Proof,
    ) -> GateReport {
        let programs: Vec<ProgramReport> = results
            .iter()
            .map(|result| program_report(result, expected))
            .collect();
        let mut table: BTreeMap<String, BTreeMap<String, Cell>> = BTreeMap::new();
        for (result, report) in results.iter().zip(&programs) {
            let row = table.entry(report.topic.clone()).or_default();
            for stage in stages {
                count(
                    row.entry(stage.name().to_owned()).or_default(),
                    result.verdict(*stage),
                    report.judged,
                );
            }
        }
        GateReport {
            oracle: names.0,
            subject: names.1,
            stages: stages.iter().map(|stage| stage.name().to_owned()).collect(),
            findings: findings(&programs),
            programs,
            table,
            pinned_mask: mask_lines(&proof.pinned),
            varied_mask: mask_lines(&proof.varied),
            proof_programs: proof.programs,
            hand_written_rules: HAND_WRITTEN_RULES
                .iter()
                .map(|rule| (rule.what.to_owned(), rule.why.to_owned()))
                .collect(),
            unsupported_fields: Vec::new(),
            stale: Vec::new(),
            let_pass: Vec::new(),
            empty: empty_agreements(results),
            refuses_empty: false,
            interrupted: false,
            seconds: 0.0,
        }
    }

    /// How many programs were judged so.
    pub fn count(&self, judged: Judged) -> usize {
        self.programs
            .iter()
            .filter(|program| program.judged == judged)
            .count()
    }

    /// Whether nothing at all was compared, however many programs ran.
    fn compared_nothing(&self) -> bool {
        let nothing = Some(Emptiness::NothingCompared.text());
        self.programs
            .iter()
            .all(|program| program.emptiness.as_deref() == nothing)
    }

    /// The exit code that the design gives this result.
    pub fn exit_code(&self) -> i32 {
        if self.interrupted {
            130
        } else if self.count(Judged::HarnessError) > 0 {
            5
        } else if self.compared_nothing() {
            4
        } else if self.count(Judged::New) > 0
            || (self.refuses_empty && self.count(Judged::Empty) > 0)
        {
            1
        } else if !self.stale.is_empty() {
            3
        } else {
            0
        }
    }
}

fn count(cell: &mut Cell, verdict: Option<&StageVerdict>, judged: Judged) {
    match verdict {
        Some(StageVerdict::Agree) => cell.agree += 1,
        Some(StageVerdict::Cut(_)) => cell.cut += 1,
        Some(StageVerdict::Diverge) if judged == Judged::Known => cell.known += 1,
        Some(StageVerdict::Diverge) => cell.new += 1,
        Some(StageVerdict::Poisoned(_)) => cell.poisoned += 1,
        Some(StageVerdict::Unsupported(_)) | None => cell.unsupported += 1,
    }
}

fn program_report(result: &CaseResult, expected: &Applicable<'_>) -> ProgramReport {
    let divergence = result.divergence.as_ref();
    let findings: Vec<FindingReport> = divergence
        .iter()
        .flat_map(|divergence| &divergence.findings)
        .map(|finding| FindingReport {
            stage: finding.stage.name().to_owned(),
            signature: finding.signature.clone(),
            digest: finding.digest.clone(),
            known: known_as(result, finding, expected),
        })
        .collect();
    // Every difference is judged: one that is known does not hide another.
    let is_known = findings.iter().all(|finding| finding.known.is_some());
    let judged = match (&result.harness_error, divergence, result.emptiness) {
        (Some(_), _, _) => Judged::HarnessError,
        (None, None, None) => Judged::Agree,
        (None, None, Some(_)) => Judged::Empty,
        (None, Some(_), _) if is_known => Judged::Known,
        (None, Some(_), _) => Judged::New,
    };
    let verdict_word = |verdict: &StageVerdict| match verdict {
        StageVerdict::Agree => "agree".to_owned(),
        StageVerdict::Diverge => "diverge".to_owned(),
        StageVerdict::Cut(reason) => format!("cut: {reason}"),
        StageVerdict::Poisoned(reason) => format!("poisoned: {reason}"),
        StageVerdict::Unsupported(reason) => format!("unsupported: {reason}"),
    };
    ProgramReport {
        name: result.program.name.clone(),
        topic: result.program.topic.clone(),
        judged,
        known: findings.first().and_then(|finding| finding.known.clone()),
        emptiness: result
            .emptiness
            .map(|emptiness| emptiness.text().to_owned()),
        stages: result
            .verdicts
            .iter()
            .map(|(stage, verdict)| (stage.name().to_owned(), verdict_word(verdict)))
            .collect(),
        stage: divergence.map(|divergence| divergence.stage.name().to_owned()),
        signature: divergence.map(|divergence| divergence.signature.clone()),
        findings,
        came_back: divergence
            .map(|found| format!("{} of {}", found.came_back.0, found.came_back.1)),
        outcomes: divergence.map(|divergence| divergence.outcomes.clone()),
        difference: divergence.map(difference_text),
        unconfirmed: result.unconfirmed.map(|stage| stage.name().to_owned()),
        harness_error: result.harness_error.clone(),
        source: result.program.source.clone(),
        microseconds: result.microseconds,
    }
}

/// The expectation that lets a finding pass.
fn known_as(result: &CaseResult, finding: &Finding, expected: &Applicable<'_>) -> Option<String> {
    let divergence = result.divergence.as_ref()?;
    let seen = Seen {
        case: &result.program.name,
        stage: finding.stage.name(),
        verdict: difference_of(divergence),
        end: &divergence.outcomes.1,
        digest: &finding.digest,
    };
    expected.covering(&seen).map(|entry| entry.id())
}

fn findings(programs: &[ProgramReport]) -> Vec<FindingLine> {
    let mut lines: Vec<FindingLine> = Vec::new();
    let all = programs.iter().flat_map(|program| {
        let found = program.findings.iter();
        found.map(move |finding| (program, finding))
    });
    for (program, finding) in all {
        let judged = if finding.known.is_some() {
            Judged::Known
        } else {
            Judged::New
        };
        let same =
            |line: &&mut FindingLine| line.signature == finding.signature && line.judged == judged;
        match lines.iter_mut().find(same) {
            Some(line) => {
                if line.programs.last() != Some(&program.name) {
                    line.programs.push(program.name.clone());
                }
                if !line.digests.contains(&finding.digest) {
                    line.digests.push(finding.digest.clone());
                }
            }
            None => lines.push(FindingLine {
                signature: finding.signature.clone(),
                judged,
                known: finding.known.clone(),
                programs: vec![program.name.clone()],
                digests: vec![finding.digest.clone()],
            }),
        }
    }
    lines.sort_by_key(|line| (line.judged != Judged::New, usize::MAX - line.programs.len()));
    lines
}

fn empty_agreements(results: &[CaseResult]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for emptiness in results.iter().filter_map(|result| result.emptiness) {
        *counts.entry(emptiness.text().to_owned()).or_default() += 1;
    }
    counts
}

fn mask_lines(evidence: &[Evidence]) -> Vec<MaskLine> {
    evidence
        .iter()
        .map(|line| MaskLine {
            rule: line.rule.clone(),
            count: line.count,
            example: line.example.clone(),
        })
        .collect()
}
