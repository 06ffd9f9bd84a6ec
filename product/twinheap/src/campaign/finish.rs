//! What a campaign leaves: the table on the terminal, the report in files, and the exit code.

use std::path::Path;
use std::sync::atomic::Ordering;

use twinheap_expect::Applicable;
use twinheap_observation::transitions::unreached;
use twinheap_render::campaign::{CampaignReport, FindingLine, write_all};
use twinheap_store::{CampaignFinding, CampaignStore};

use super::Campaign;
use crate::gate::STOP;
use crate::settings;

/// Writes the report and says how it ended.
pub fn finish(
    campaign: &Campaign<'_>,
    expected: &Applicable<'_>,
    database: &Path,
    out: &Path,
) -> Result<i32, String> {
    let mut report = report_of(&campaign.store, expected)?;
    report.seconds = campaign.begun.elapsed().as_secs_f64();
    report.interrupted = STOP.load(Ordering::Relaxed);
    let folder = campaign
        .arguments
        .out
        .clone()
        .unwrap_or_else(|| out.join("campaign"));
    let written = write_all(&report, &folder);
    // What was found is said even where no report can be kept.
    print!("{}", report.text());
    println!("database: {}", database.display());
    written.map_err(|reason| {
        format!("the report is not written: {reason}; everything found is in the database")
    })?;
    println!("report: {}", folder.join("index.html").display());
    Ok(match exit_code(&report) {
        settings::EXIT_NEW => campaign.arguments.findings_exit,
        other => other,
    })
}

fn exit_code(report: &CampaignReport) -> i32 {
    let programs: u64 = report.topics.values().map(|figures| figures.programs).sum();
    let harness_errors: u64 = report
        .topics
        .values()
        .map(|figures| figures.harness_errors)
        .sum();
    if report.interrupted {
        return settings::EXIT_INTERRUPTED;
    }
    if programs == 0 {
        return settings::EXIT_NOTHING_RAN;
    }
    if report
        .findings
        .iter()
        .any(|line| line.known.is_none() && line.finding.is_confirmed())
    {
        return settings::EXIT_NEW;
    }
    if harness_errors > 0 {
        return settings::EXIT_HARNESS_ERROR;
    }
    0
}

/// Everything that a campaign's database holds, for a reader.
pub fn report_of(
    store: &CampaignStore,
    expected: &Applicable<'_>,
) -> Result<CampaignReport, String> {
    let transitions = store.transitions()?;
    let (missing, all_goals) = unreached(&transitions.keys().copied().collect());
    let findings = store
        .findings()?
        .into_iter()
        .map(|finding| FindingLine {
            id: finding.id(),
            known: known_as(expected, &finding),
            finding,
        })
        .collect();
    let pairs = transitions
        .keys()
        .filter(|transition| transition.is_of_opcodes())
        .count();
    Ok(CampaignReport {
        recipe: store.recipe.clone(),
        topics: store.figures()?,
        findings,
        all_goals,
        missing_goals: missing
            .into_iter()
            .map(|goal| (goal.topic.to_owned(), goal.name))
            .collect(),
        shape_changes: transitions.len() - pairs,
        opcode_pairs: pairs,
        seconds: 0.0,
        interrupted: false,
    })
}

/// The expectation that speaks of this finding.
fn known_as(expected: &Applicable<'_>, finding: &CampaignFinding) -> Option<String> {
    let name = format!("{}/{}-{}", finding.topic, finding.batch, finding.place);
    let entry = expected.covering_any(&name, &finding.stage)?;
    Some(entry.id())
}
