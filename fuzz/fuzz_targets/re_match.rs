//! A pattern and a subject: spans, groups and errors compared.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use twinheap_fuzz::{programs, with_twins};

/// What the VM must be able to do for this target.
const NEEDS: &str = "import re, warnings; re.compile('a').match('a')";
static CAN: OnceLock<bool> = OnceLock::new();

fuzz_target!(|data: &[u8]| -> Corpus {
    let can = *CAN.get_or_init(|| {
        let can = with_twins(|twins| twins.can(NEEDS));
        if !can {
            eprintln!("twinheap: nothing is compared: the VM cannot run {NEEDS:?}");
        }
        can
    });
    let Ok(source) = programs::pattern_match(data) else {
        return Corpus::Reject;
    };
    if can {
        with_twins(|twins| twins.compare("re_match", data, &source));
    }
    Corpus::Keep
});
