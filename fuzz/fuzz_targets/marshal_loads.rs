//! Bytes as marshal data: the value or the error compared.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{Case, begin, programs::MarshalLoads};

fuzz_target!(init: begin::<MarshalLoads>(), |case: Case<MarshalLoads>| -> Corpus { case.compare() });
