//! Masks: fields that two runs of the same CPython do not agree on, so that nobody is judged by them.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::stage::Stage;

/// Whether an object belongs to the program or was there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ownership {
    Own,
    Shared,
}

impl Ownership {
    pub fn name(self) -> &'static str {
        match self {
            Ownership::Own => "own",
            Ownership::Shared => "shared",
        }
    }
}

/// Names a field of a layout: `PyDictObject`, `ma_version_tag`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldSpec {
    pub owner: String,
    pub name: String,
}

impl FieldSpec {
    pub fn new(owner: &str, name: &str) -> FieldSpec {
        FieldSpec {
            owner: owner.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The number by which a worker looks the field up.
    pub fn key(&self) -> u64 {
        field_key(&self.owner, &self.name)
    }
}

/// The number that stands for a field in a worker's lookups.
pub fn field_key(owner: &str, name: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    owner.hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}

/// A rule generalised from evidence: this field of this layout differed between two runs of the reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MaskRule {
    pub stage: Stage,
    /// The layout of the node in which it was seen, e.g. `function`.
    pub layout: String,
    pub field: FieldSpec,
    pub ownership: Ownership,
}

impl MaskRule {
    /// `heap: dict PyDictObject.ma_version_tag (own)`.
    pub fn text(&self) -> String {
        format!(
            "{}: {} {}.{} ({})",
            self.stage,
            self.layout,
            self.field.owner,
            self.field.name,
            self.ownership.name()
        )
    }
}
