//! Programs that nobody wrote: a typed program model, its seeded generator, mutators and shrinking.
#![deny(unsafe_code)]

mod assembly;
mod bytes;
mod draws;
mod engine;
mod formats;
mod harvest;
mod markers;
pub mod model;
mod mutate;
mod patterns;
mod pickles;
mod print;
mod profile;
pub mod random;
mod reduce;
mod source;
pub mod strategy;
mod table;
mod topics;
pub mod values;

pub use engine::generate;
pub use model::{END_MARKER, Model};
pub use mutate::mutate_model;
pub use profile::{Probe, Profile, is_feature, probes};
pub use source::{mutate_source, unbound_names};
pub use topics::{Topic, needed_features};

/// Rises whenever a seed would give another program than before.
pub const VERSION: u32 = 7;
