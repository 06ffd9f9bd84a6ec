//! Programs of the checkout: the corpus, and the ones that the VM's speed is measured with.

use std::fs;

use twinheap::programs::named;
use twinheap_observation::Program;

use crate::settings;

/// Every program of the chapters and regressions, by topic and name.
pub fn corpus() -> Result<Vec<Program>, String> {
    settings::installation().corpus()
}

/// The classic programs that the VM's speed is measured with.
pub fn bench_programs() -> Result<Vec<Program>, String> {
    let folder = settings::root().join("corpus/bench");
    let mut programs = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let source = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            programs.push(named(&stem, &format!("{stem}.py"), &source));
        }
    }
    programs.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(programs)
}
