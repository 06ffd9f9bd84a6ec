//! Where the checkout is, and its installation; the rest is what users' commands share.

use std::path::PathBuf;

use twinheap::Installation;
pub use twinheap::settings::*;

use crate::workers::Built;

/// The root of the repository.
pub fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}

/// The checkout as an installation: workers are built when they are needed.
pub fn installation() -> Installation {
    Installation::of_checkout(&root(), Box::new(Built))
}
