//! A pattern and a subject: spans, groups and errors compared.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{Case, begin, programs::ReMatch};

fuzz_target!(init: begin::<ReMatch>(), |case: Case<ReMatch>| -> Corpus { case.compare() });
