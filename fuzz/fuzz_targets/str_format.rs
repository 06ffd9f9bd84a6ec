//! Formatting by specification, template and percent, results compared in memory.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{programs, with_twins};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(source) = programs::text_formatting(data) else {
        return Corpus::Reject;
    };
    with_twins(|twins| twins.compare("str_format", data, &source));
    Corpus::Keep
});
