//! What a subject can run: probed once with tiny programs and stored, so that nothing else is generated.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use twinheap_generate::{Profile, probes};
use twinheap_harness::{CaseResult, PairPool};
use twinheap_observation::Program;

use super::file_name;

/// The stored profile of the subject; probed where there is none, where it is of another version, or on demand.
pub fn of_subject(
    pool: &PairPool<'_>,
    subject: &str,
    folder: &Path,
    again: bool,
) -> Result<Profile, String> {
    let path = folder.join(format!("{}.profile.json", file_name(subject)));
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

/// What our own VM is known to lack, each with the reason. Everything else it must run; a probe of these that it passes
/// fails as well, so that the list only shrinks.
const VM_LACKS: &[(&str, &str)] = &[("symtable", "there is no _symtable yet")];

/// Runs every probe; what a subject cannot run is missing. Our own VM must run all but what it is known to lack: one
/// that it cannot run is a failure, and never makes the generator narrower.
pub fn probe(pool: &PairPool<'_>, is_own: bool) -> Result<Profile, String> {
    let probes = probes();
    let programs: Vec<Program> = probes
        .iter()
        // A file that is named as the module that it imports would import itself.
        .map(|probe| Program::new("probe", &format!("of_{}", probe.feature), probe.source))
        .collect();
    let results = pool.run(&programs, Some(&|_| true));
    let mut profile = Profile::full();
    let mut surprises = Vec::new();
    for (probe, result) in probes.iter().zip(&results) {
        if let Some(reason) = &result.harness_error {
            return Err(format!("probing {}: {reason}", probe.feature));
        }
        let lacks = cannot_run(result);
        let is_known = VM_LACKS
            .iter()
            .any(|(feature, _)| *feature == probe.feature);
        if is_own && lacks != is_known {
            let shown = result.divergence.as_ref().map(|found| &found.subject);
            let outcome = shown.and_then(|subject| subject.outcome.shown());
            let how = outcome.map_or_else(String::new, |outcome| outcome.lines().join(" "));
            let said = if lacks {
                "cannot run"
            } else {
                "is listed as lacking, and runs,"
            };
            surprises.push(format!("{said} {}: {how}", probe.feature));
        }
        if lacks {
            profile = profile.without(probe.feature);
        }
    }
    if surprises.is_empty() {
        Ok(profile)
    } else {
        Err(format!("the VM {}", surprises.join("; it ")))
    }
}

/// Whether the subject came to another end than the reference. One that prints something else can run the program; what
/// it prints is for the campaign to find.
fn cannot_run(result: &CaseResult) -> bool {
    let outcomes = result.divergence.as_ref().map(|found| &found.outcomes);
    outcomes.is_some_and(|(oracle, subject)| oracle != subject)
}
