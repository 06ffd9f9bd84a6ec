//! String preparation as names of domains need it (RFC 3454), with the versions of Unicode that CPython takes for it.

#[rustfmt::skip]
mod tables;

use twinheap_ucd::{Case, Form, Version, map_case};

fn is_in(ranges: &[(u32, u32)], code: u32) -> bool {
    let next = ranges.partition_point(|(_, last)| *last < code);
    ranges.get(next).is_some_and(|(first, _)| *first <= code)
}

pub fn is_mapped_to_nothing(code: u32) -> bool {
    is_in(&tables::MAPPED_TO_NOTHING, code)
}

pub fn is_prohibited(code: u32) -> bool {
    is_in(&tables::PROHIBITED, code)
}

/// A character in the case that tells no difference.
fn fold(code: u32, out: &mut Vec<u32>) {
    match tables::FOLDED.binary_search_by_key(&code, |(known, _)| *known) {
        Ok(row) => out.extend(tables::FOLDED[row].1.chars().map(u32::from)),
        Err(_) => {
            let (mapped, count) = map_case(code, Case::Lower);
            out.extend_from_slice(&mapped[..count]);
        }
    }
}

/// A character folded so that normalising it and folding it again changes nothing.
pub fn fold_and_normalize(code: u32) -> Vec<u32> {
    let mut folded = Vec::with_capacity(3);
    fold(code, &mut folded);
    let normal = Version::Old.normalize(&folded, Form::Nfkc);
    let mut again = Vec::with_capacity(normal.len());
    for code in &normal {
        fold(*code, &mut again);
    }
    let again = Version::Old.normalize(&again, Form::Nfkc);
    if normal == again { folded } else { again }
}
