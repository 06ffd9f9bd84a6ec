//! Arithmetic on long ints, results compared down to their digits.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{Case, begin, programs::LongArith};

fuzz_target!(init: begin::<LongArith>(), |case: Case<LongArith>| -> Corpus { case.compare() });
