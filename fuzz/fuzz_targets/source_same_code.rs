//! Source text in: both sides' code objects, or their errors, compared in one process.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinheap_fuzz::{sources, with_twins};

fuzz_target!(|data: &[u8]| with_twins(|twins| {
    sources::compare_source(twins, "source_same_code", data);
}));
