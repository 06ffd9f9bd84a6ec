//! A copy of the workspace in which bugs are planted; built apart, so that nothing of ours is touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use twinheap_subject::SubjectSpec;

use crate::settings;
use crate::workers;

pub struct Tree {
    sources: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Copies the workspace; these files get other texts.
    pub fn prepare(changed: &[(PathBuf, String)]) -> Result<Tree, String> {
        let base = workers::target_folder().join("planted");
        let tree = Tree {
            sources: base.join("tree"),
            target: base.join("build"),
        };
        let output = Command::new("git")
            .current_dir(settings::root())
            .args(["ls-files", "-co", "--exclude-standard", "-z"])
            .output()
            .map_err(|error| format!("git cannot be started: {error}"))?;
        for name in String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|name| !name.is_empty())
        {
            let other = changed.iter().find(|(path, _)| path == Path::new(name));
            // A file that was deleted but is still listed has nothing to copy.
            let bytes = match other {
                Some((_, text)) => Ok(text.clone().into_bytes()),
                None => fs::read(settings::root().join(name)),
            };
            if let Ok(bytes) = bytes {
                write_if_changed(&tree.sources.join(name), &bytes)?;
            }
        }
        let finder = tree.sources.join(".cargo/find-python");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&finder, mode)
            .map_err(|error| format!("{}: {error}", finder.display()))?;
        Ok(tree)
    }

    /// Builds the VM's worker with every bug in it, of which none is chosen yet.
    pub fn build(&self, plain: &SubjectSpec) -> Result<SubjectSpec, String> {
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(&self.sources)
            .args([
                "build",
                "--quiet",
                "--release",
                "--package",
                "twinheap-reference",
                "--target-dir",
            ])
            .arg(&self.target)
            // The build matters more than the speed of what is built.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            .env("RUSTFLAGS", "--cap-lints allow")
            .status()
            .map_err(|error| format!("cargo cannot be started: {error}"))?;
        if !status.success() {
            return Err("the VM does not build with the bugs in it".to_owned());
        }
        Ok(SubjectSpec {
            program: self.target.join("release/twinheap-reference"),
            ..plain.clone()
        })
    }
}

/// Cargo looks at times, so a file that stays is not touched.
fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(trouble)?;
    }
    fs::write(path, bytes).map_err(trouble)
}
