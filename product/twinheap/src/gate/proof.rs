//! The proof of the reference: what CPython itself leaves open is held against nobody.

use twinheap_generate::{Profile, Topic, generate};
use twinheap_harness::{Proof, SideKind, prove};
use twinheap_observation::{Program, StageSet};

/// How the environment is varied in the proof of the reference.
pub const VARIATION: [&str; 5] = [
    "--hash-seed",
    "20111",
    "--plain-allocator",
    "--preload",
    "json,decimal,collections",
];

/// How many generated programs of each topic speak for the masks, and the seed they are drawn with.
const GENERATED_OF_EACH: u64 = 2;
pub const GENERATED_SEED: u64 = 4_711;

/// Generated programs of every topic, always the same.
pub fn generated_sample() -> Vec<Program> {
    let profile = Profile::full();
    let seeds = GENERATED_SEED..GENERATED_SEED + GENERATED_OF_EACH;
    Topic::ALL
        .iter()
        .flat_map(|topic| {
            let profile = &profile;
            seeds.clone().map(move |seed| {
                let name = format!("generated_{}", topic.name());
                Program::new(
                    &name,
                    &seed.to_string(),
                    &generate(seed, *topic, profile).source(),
                )
            })
        })
        .collect()
}

/// The proof of the reference; an oracle given as a command proves nothing.
pub fn prove_oracle(
    oracle: &SideKind,
    programs: &[Program],
    stages: StageSet,
) -> Result<Proof, String> {
    match oracle {
        SideKind::Worker(spec) => prove(spec, programs, stages, &VARIATION),
        SideKind::Command(_) => Ok(Proof::default()),
    }
}
