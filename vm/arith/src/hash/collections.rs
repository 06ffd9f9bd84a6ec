//! How the hashes of elements are mixed into those of tuples and frozensets, and pointer hashes.

use super::avoid_error_value;

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

/// The running hash of a tuple: a simplified xxHash over the elements' hashes.
#[derive(Clone, Copy, Debug)]
pub struct TupleHash {
    accumulator: u64,
}

impl Default for TupleHash {
    fn default() -> TupleHash {
        TupleHash {
            accumulator: PRIME_5,
        }
    }
}

impl TupleHash {
    /// Takes up the hash of the next element.
    #[inline]
    pub fn push(&mut self, lane: i64) {
        let mixed = self
            .accumulator
            .wrapping_add((lane as u64).wrapping_mul(PRIME_2));
        self.accumulator = mixed.rotate_left(31).wrapping_mul(PRIME_1);
    }

    /// The hash of a tuple of so many elements.
    #[inline]
    pub fn finish(self, length: usize) -> i64 {
        let hash = self
            .accumulator
            .wrapping_add(length as u64 ^ (PRIME_5 ^ 3_527_539));
        if hash == u64::MAX {
            1_546_275_796
        } else {
            hash as i64
        }
    }
}

/// The running hash of a frozenset: independent of the order of its elements.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrozensetHash {
    accumulator: u64,
}

impl FrozensetHash {
    /// Takes up the hash of an element.
    #[inline]
    pub fn push(&mut self, hash: i64) {
        let hash = hash as u64;
        self.accumulator ^= (hash ^ 89_869_747 ^ hash << 16).wrapping_mul(3_644_798_167);
    }

    /// The hash of a frozenset of so many elements.
    pub fn finish(self, length: usize) -> i64 {
        let mut hash = self.accumulator ^ (length as u64 + 1).wrapping_mul(1_927_868_237);
        hash ^= (hash >> 11) ^ (hash >> 25);
        hash = hash.wrapping_mul(69_069).wrapping_add(907_133_923);
        if hash == u64::MAX {
            590_923_713
        } else {
            hash as i64
        }
    }
}

/// The hash of an address: its low four bits, which are mostly zero, go to the top.
#[inline]
pub fn hash_pointer(address: usize) -> i64 {
    avoid_error_value((address as u64).rotate_right(4) as i64)
}
