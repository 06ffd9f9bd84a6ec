//! The steps of a run: one for each line that starts, with a digest of the watched objects at that moment.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, RollingDigest};

/// How many steps are kept one by one; the digest goes on over all of them.
pub const MAXIMUM_STEPS_KEPT: usize = 20_000;
/// After this many steps the watched objects are looked at only at every [`WATCH_STRIDE`]th step.
pub const WATCH_EVERY_STEP_BEFORE: u64 = 2_000;
pub const WATCH_STRIDE: u64 = 64;

/// One line event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub qualname: String,
    pub line: u32,
    /// A shallow digest of the objects bound in the module namespace, or 0 where none was taken.
    pub watched: u64,
    /// How many bytes standard output had by then, where that was asked for.
    pub printed: u32,
}

/// Every step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTrail {
    pub count: u64,
    pub digest: Digest,
    /// The first steps, where details were asked for.
    pub steps: Vec<Step>,
}

/// Takes the steps of a run as they happen.
pub struct StepRecorder {
    keep: bool,
    printed: fn() -> u32,
    count: u64,
    rolling: RollingDigest,
    steps: Vec<Step>,
}

impl StepRecorder {
    /// A recorder that keeps the steps themselves only where asked to.
    pub fn new(keep: bool) -> StepRecorder {
        StepRecorder {
            keep,
            printed: || 0,
            count: 0,
            rolling: RollingDigest::default(),
            steps: Vec::new(),
        }
    }

    /// Asks this at each step that is kept how much was printed by then.
    pub fn ask_printed(&mut self, printed: fn() -> u32) {
        self.printed = printed;
    }

    /// Whether the watched objects are to be looked at for the step that comes next.
    pub fn wants_watch(&self) -> bool {
        self.count < WATCH_EVERY_STEP_BEFORE || self.count.is_multiple_of(WATCH_STRIDE)
    }

    /// Takes one line event. The name is hashed here, so the caller need not copy it.
    pub fn record(&mut self, qualname: &[u8], line: u32, watched: u64) {
        let printed = if self.keep { (self.printed)() } else { 0 };
        self.count += 1;
        self.rolling
            .fold(hash_name(qualname) ^ u64::from(line).rotate_left(40));
        self.rolling.fold(watched);
        if self.keep && self.steps.len() < MAXIMUM_STEPS_KEPT {
            let qualname = String::from_utf8_lossy(qualname).into_owned();
            self.steps.push(Step {
                qualname,
                line,
                watched,
                printed,
            });
        }
    }

    /// The trail of everything recorded.
    pub fn finish(self) -> StepTrail {
        StepTrail {
            count: self.count,
            digest: self.rolling.finish(),
            steps: self.steps,
        }
    }
}

/// FNV-1a, which is enough to tell the handful of function names of a program apart.
fn hash_name(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
