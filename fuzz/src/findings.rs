//! Divergences on disk: one folder for each signature, so that a run goes on after what it has found.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

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
pub fn folder() -> PathBuf {
    std::env::var_os("TWINHEAP_FINDINGS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/findings")),
        PathBuf::from,
    )
}

fn place(target: &str, signature: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    signature.hash(&mut hasher);
    folder()
        .join(target)
        .join(format!("{:016x}", hasher.finish()))
}

/// The length of the program that is kept for a signature.
fn kept_length(place: &Path) -> Option<u64> {
    let about = fs::metadata(place.join("program.py")).ok()?;
    Some(about.len())
}

/// Whether a finding with this signature is kept with a program that is no longer.
pub fn is_known(target: &str, signature: &str, source: &str) -> bool {
    kept_length(&place(target, signature)).is_some_and(|length| length <= source.len() as u64)
}

/// Keeps a finding; a known signature only counts if this input shows it in less. Says whether it is new.
pub fn record(finding: &Finding<'_>) -> std::io::Result<bool> {
    if is_known(finding.target, &finding.signature, finding.source) {
        return Ok(false);
    }
    let place = place(finding.target, &finding.signature);
    let known = kept_length(&place).is_some();
    fs::create_dir_all(&place)?;
    fs::write(
        place.join("signature.txt"),
        format!("{}\n", finding.signature),
    )?;
    fs::write(place.join("input"), finding.input)?;
    fs::write(place.join("details.txt"), &finding.details)?;
    fs::write(place.join("program.py"), finding.source)?;
    Ok(!known)
}
