//! What a subject can run: probed once with tiny programs and stored, so that nothing else is generated.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use twinheap_generate::{Profile, probes};
use twinheap_harness::{CaseResult, PairPool};
use twinheap_observation::Program;

use super::{default_folder, file_name};

/// The stored profile of the subject; probed where there is none, where it is of another version, or on demand.
pub fn of_subject(pool: &PairPool<'_>, subject: &str, again: bool) -> Result<Profile, String> {
    let path = file(subject);
    let identity = json!({
        "generator": twinheap_generate::VERSION,
        "probes": probes().len(),
        "oracle": pool.acquaintance().oracle.implementation,
        "subject": pool.acquaintance().subject.implementation,
    });
    // Our own VM grows from day to day, and probing it takes no time.
    if !again
        && subject != "vm"
        && let Some(profile) = stored(&path, &identity)
    {
        return Ok(profile);
    }
    let profile = probe(pool, subject == "vm")?;
    let text = json!({ "of": identity, "missing": profile.missing().collect::<Vec<_>>() });
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::write(&path, format!("{text:#}\n"))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(profile)
}

fn file(subject: &str) -> PathBuf {
    default_folder().join(format!("{}.profile.json", file_name(subject)))
}

fn stored(path: &PathBuf, identity: &serde_json::Value) -> Option<Profile> {
    let text = fs::read_to_string(path).ok()?;
    let value: serde_json::Value = serde_json::from_str(&text).ok()?;
    if value.get("of") != Some(identity) {
        return None;
    }
    let missing = value.get("missing")?.as_array()?;
    Some(
        missing
            .iter()
            .filter_map(|feature| feature.as_str())
            .fold(Profile::full(), |profile, feature| profile.without(feature)),
    )
}

/// Runs every probe; what a subject cannot run is missing. Our own VM must run them all: one that it cannot run is a
/// failure, and never makes the generator narrower.
pub fn probe(pool: &PairPool<'_>, is_own: bool) -> Result<Profile, String> {
    let probes = probes();
    let programs: Vec<Program> = probes
        .iter()
        .map(|probe| Program::new("probe", probe.feature, probe.source))
        .collect();
    let results = pool.run(&programs, Some(&|_| true));
    let mut profile = Profile::full();
    for (probe, result) in probes.iter().zip(&results) {
        if let Some(reason) = &result.harness_error {
            return Err(format!("probing {}: {reason}", probe.feature));
        }
        if cannot_run(result) {
            if is_own {
                let outcomes = result.divergence.as_ref().map(|found| &found.outcomes);
                return Err(format!(
                    "the VM cannot run the probe of {}: {outcomes:?}",
                    probe.feature
                ));
            }
            profile = profile.without(probe.feature);
        }
    }
    Ok(profile)
}

/// Whether the subject came to another end than the reference. One that prints something else can run the program; what
/// it prints is for the campaign to find.
fn cannot_run(result: &CaseResult) -> bool {
    let outcomes = result.divergence.as_ref().map(|found| &found.outcomes);
    outcomes.is_some_and(|(oracle, subject)| oracle != subject)
}
