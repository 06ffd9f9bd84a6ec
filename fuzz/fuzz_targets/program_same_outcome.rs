//! A program of the generator's model: code, output, outcome and heap compared.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use twinheap_fuzz::{Case, begin, programs::ProgramSameOutcome};
use twinheap_generate::{Model, mutate_model};

fuzz_target!(
    init: begin::<ProgramSameOutcome>(),
    |case: Case<ProgramSameOutcome>| -> Corpus { case.compare() }
);

// Three of four mutations are of the program; the rest are of the bytes.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed.is_multiple_of(4) {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut model = Model::from_bytes(&data[..size]);
    mutate_model(&mut model, u64::from(seed));
    let bytes = model.to_bytes();
    if bytes.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..bytes.len()].copy_from_slice(&bytes);
    bytes.len()
});
