//! Source text in: both sides' code objects, or their errors, compared in one process.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{Case, begin, sources::SourceSameCode};

fuzz_target!(init: begin::<SourceSameCode>(), |case: Case<SourceSameCode>| -> Corpus { case.compare() });
