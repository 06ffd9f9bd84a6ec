//! Divergences on disk: one folder for each signature, so that a run goes on after what it has found.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// A divergence of one target.
pub struct Finding<'a> {
    pub target: &'a str,
    /// What kind it is, without values; findings with the same signature are one.
    pub signature: String,
    /// The input as libFuzzer has it.
    pub input: &'a [u8],
    /// The Python source that shows it.
    pub source: &'a str,
    /// What differs, in full.
    pub details: String,
}

/// Where findings are kept: `TWINHEAP_FINDINGS`, or `fuzz/findings`.
fn folder() -> PathBuf {
    std::env::var_os("TWINHEAP_FINDINGS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/findings")),
        PathBuf::from,
    )
}

/// Keeps a finding; a known signature only counts if this input shows it in less. Says whether it is new.
pub fn record(finding: &Finding<'_>) -> std::io::Result<bool> {
    let mut hasher = DefaultHasher::new();
    finding.signature.hash(&mut hasher);
    let place = folder()
        .join(finding.target)
        .join(format!("{:016x}", hasher.finish()));
    let kept = place.join("program.py");
    let known = fs::metadata(&kept).map(|about| about.len()).ok();
    if known.is_some_and(|length| length <= finding.source.len() as u64) {
        return Ok(false);
    }
    fs::create_dir_all(&place)?;
    fs::write(
        place.join("signature.txt"),
        format!("{}\n", finding.signature),
    )?;
    fs::write(place.join("input"), finding.input)?;
    fs::write(place.join("details.txt"), &finding.details)?;
    fs::write(kept, finding.source)?;
    Ok(known.is_none())
}
