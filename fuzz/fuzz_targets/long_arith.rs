//! Arithmetic on long ints, results compared down to their digits.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{programs, with_twins};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(source) = programs::long_arithmetic(data) else {
        return Corpus::Reject;
    };
    with_twins(|twins| twins.compare("long_arith", data, &source));
    Corpus::Keep
});
