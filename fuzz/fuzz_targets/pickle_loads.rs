//! Bytes as a pickle: the value or the error compared.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{Case, begin, programs::PickleLoads};

fuzz_target!(init: begin::<PickleLoads>(), |case: Case<PickleLoads>| -> Corpus { case.compare() });
