//! The 128-bit digest that stands for a stage until its details are asked for.

use std::fmt;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

/// A 128-bit fingerprint of canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        let mut hasher = SipHasher13::new();
        hasher.write(bytes);
        Digest(hasher.finish128().as_u128())
    }

    /// The digest of the canonical encoding of a value.
    pub fn of_value<T: Serialize>(value: &T) -> Digest {
        Digest::of(&crate::codec::encode(value))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// A digest that grows with the program: each step is folded into it.
pub struct RollingDigest(SipHasher13);

impl Default for RollingDigest {
    fn default() -> Self {
        RollingDigest(SipHasher13::new())
    }
}

impl RollingDigest {
    /// Folds one number in.
    pub fn fold(&mut self, number: u64) {
        self.0.write_u64(number);
    }

    /// What has been folded in so far, as a digest.
    pub fn finish(&self) -> Digest {
        Digest(self.0.finish128().as_u128())
    }
}
