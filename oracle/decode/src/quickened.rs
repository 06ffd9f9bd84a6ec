//! Specialised code as it stands: the opcodes and every word of the inline caches (`internal/pycore_code.h`).
//!
//! Counters, indices and masks are compared as they are. A version tag is a number that an interpreter counts up for all
//! of its types, functions or key tables, so what is compared is which tags are the same: each is shown by the order in
//! which it is met. A cached method is shown by the object that it is, where that is part of the image.

use twinheap_abi::opcode::*;

use crate::boundary::AddressMap;
use crate::fields;
use crate::memory::Address;
use crate::walk::Decoder;

/// What a version tag is counted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Types = 0,
    Keys = 1,
    Functions = 2,
}

/// Version tags by the order in which they are met.
#[derive(Default)]
pub(crate) struct Versions {
    met: [AddressMap<u32>; 3],
}

impl Versions {
    pub(crate) fn clear(&mut self) {
        self.met.iter_mut().for_each(AddressMap::clear);
    }

    /// The number that stands for a tag; that of no tag is 0.
    pub(crate) fn rank(&mut self, counted: Counted, tag: u32) -> u64 {
        if tag == 0 {
            return 0;
        }
        let met = &mut self.met[counted as usize];
        // The hasher is made for addresses, which are multiples of 16.
        let next = met.len() as u32 + 1;
        u64::from(*met.entry((tag as usize) << 4).or_insert(next))
    }
}

/// What a word of a cache is, or where it stands in something longer.
#[derive(Clone, Copy)]
enum Word {
    Plain,
    Version(Counted),
    /// The lower half of a tag of 32 bits whose upper half follows.
    WideVersion(Counted),
    /// The first of four words that are an address.
    Object,
    /// Part of what a word before it began.
    Rest,
}

/// The words of a family's cache, by the family's base instruction.
fn words_of(base: u8) -> &'static [Word] {
    use Counted::{Functions, Keys, Types};
    use Word::{Object, Plain, Rest, Version, WideVersion};
    match base {
        LOAD_GLOBAL => &[Plain, Plain, WideVersion(Keys), Rest, Version(Keys)],
        LOAD_ATTR | STORE_ATTR => &[Plain, WideVersion(Types), Rest, Plain],
        LOAD_METHOD => &[
            Plain,
            WideVersion(Types),
            Rest,
            Plain,
            WideVersion(Keys),
            Rest,
            Object,
            Rest,
            Rest,
            Rest,
        ],
        BINARY_SUBSCR => &[Plain, WideVersion(Types), Rest, Version(Functions)],
        CALL => &[Plain, WideVersion(Functions), Rest, Plain],
        COMPARE_OP => &[Plain, Plain],
        _ => &[Plain],
    }
}

/// Of `LOAD_ATTR_MODULE` and the like the tag is that of a key table, whatever the family's others are.
fn counted_for(opcode: u8, counted: Counted) -> Counted {
    if opcode == LOAD_ATTR_MODULE {
        Counted::Keys
    } else {
        counted
    }
}

impl Decoder {
    /// Writes the present opcodes and the caches behind them.
    pub(crate) fn write_quickened(&mut self, units: &[u16]) {
        let mut index = 0;
        while index < units.len() {
            let opcode = units[index] as u8;
            let base = DEOPT[opcode as usize];
            let caches = (CACHES[base as usize] as usize).min(units.len() - index - 1);
            if opcode != base {
                self.unsigned_at(fields::CO_QUICKENED, index, u64::from(opcode));
            }
            if caches > 0 {
                self.write_caches(opcode, base, &units[index + 1..=index + caches], index + 1);
            }
            index += 1 + caches;
        }
    }

    fn write_caches(&mut self, opcode: u8, base: u8, cache: &[u16], first: usize) {
        let layout = words_of(base);
        for (at, word) in cache.iter().enumerate() {
            let place = first + at;
            let wide =
                || u32::from(*word) | u32::from(cache.get(at + 1).copied().unwrap_or(0)) << 16;
            match layout.get(at).copied().unwrap_or(Word::Plain) {
                Word::Rest => {}
                _ if *word == 0 && cache[at..].iter().all(|word| *word == 0) => return,
                Word::Plain => self.unsigned_at(fields::CO_CACHE, place, u64::from(*word)),
                Word::Version(counted) => {
                    let rank = self.versions.rank(counted, u32::from(*word));
                    self.unsigned_at(fields::CO_CACHE, place, rank);
                }
                Word::WideVersion(counted) => {
                    let rank = self.versions.rank(counted_for(opcode, counted), wide());
                    self.unsigned_at(fields::CO_CACHE, place, rank);
                }
                Word::Object => {
                    let object = cache[at..]
                        .iter()
                        .take(4)
                        .rev()
                        .fold(0_usize, |address, word| address << 16 | usize::from(*word));
                    self.pointer_at(fields::CO_CACHE_OBJECT, place, Address::at(object));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_cache_are_as_many_as_it_has() {
        for base in 0..=255_u8 {
            if DEOPT[base as usize] == base && CACHES[base as usize] > 0 {
                assert_eq!(
                    words_of(base).len(),
                    CACHES[base as usize] as usize,
                    "{base}"
                );
            }
        }
    }

    #[test]
    fn tags_are_told_by_the_order_in_which_they_are_met() {
        let mut versions = Versions::default();
        let ranks = [900, 17, 900, 0].map(|tag| versions.rank(Counted::Types, tag));
        assert_eq!(ranks, [1, 2, 1, 0]);
        assert_eq!(versions.rank(Counted::Keys, 17), 1);
    }
}
