//! Formatting by specification, template and percent, results compared in memory.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{Case, begin, programs::StrFormat};

fuzz_target!(init: begin::<StrFormat>(), |case: Case<StrFormat>| -> Corpus { case.compare() });
