//! The random source: xoshiro256** seeded by splitmix64, or the bytes of a fuzzer in its place.

/// Draws numbers; the same seed gives the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
    bytes: Option<Bytes>,
}

/// A fuzzer's input, read as choices.
#[derive(Clone, Debug)]
struct Bytes {
    data: Vec<u8>,
    at: usize,
}

/// One step of splitmix64; also a cheap way to mix a number.
pub fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut seeder = seed;
        let state = std::array::from_fn(|_| splitmix(&mut seeder));
        Random { state, bytes: None }
    }

    /// Reads choices from `data`; once it is used up, choices come from a fixed seed.
    pub fn from_bytes(data: &[u8]) -> Random {
        let mut random = Random::new(0);
        random.bytes = Some(Bytes {
            data: data.to_vec(),
            at: 0,
        });
        random
    }

    /// Whether a fuzzer's bytes are used up; a seeded source never is.
    pub fn exhausted(&self) -> bool {
        self.bytes
            .as_ref()
            .is_some_and(|bytes| bytes.at >= bytes.data.len())
    }

    pub fn word(&mut self) -> u64 {
        let result = self.state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = self.state[1] << 17;
        self.state[2] ^= self.state[0];
        self.state[3] ^= self.state[1];
        self.state[1] ^= self.state[2];
        self.state[0] ^= self.state[3];
        self.state[2] ^= shifted;
        self.state[3] = self.state[3].rotate_left(45);
        result
    }

    /// A number below `limit`; zero where there is no choice.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit <= 1 {
            return 0;
        }
        if let Some(number) = self.fuzzed(limit) {
            return number;
        }
        // The high half of a 128-bit product: unbiased enough for limits far below 2^32.
        ((u128::from(self.word()) * limit as u128) >> 64) as usize
    }

    fn fuzzed(&mut self, limit: usize) -> Option<usize> {
        let bytes = self.bytes.as_mut()?;
        let width = if limit <= 256 { 1 } else { 2 };
        let slice = bytes.data.get(bytes.at..bytes.at + width)?;
        bytes.at += width;
        let number = slice
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte));
        Some(number % limit)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// True in `part` cases of `whole`.
    pub fn chance(&mut self, part: usize, whole: usize) -> bool {
        self.below(whole) < part
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// An index, drawn by weight; none where all weights are zero.
    pub fn weighted(&mut self, weights: &[u32]) -> Option<usize> {
        let total: usize = weights.iter().map(|weight| *weight as usize).sum();
        if total == 0 {
            return None;
        }
        let mut drawn = self.below(total);
        weights.iter().position(|weight| {
            let here = drawn < *weight as usize;
            drawn = drawn.wrapping_sub(*weight as usize);
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_everywhere() {
        let mut random = Random::new(1);
        let drawn: Vec<u64> = (0..3).map(|_| random.word()).collect();
        assert_eq!(
            drawn,
            [
                0xb3f2_af6d_0fc7_10c5,
                0x853b_5596_4736_4cea,
                0x92f8_9756_082a_4514
            ]
        );
    }

    #[test]
    fn bytes_are_read_as_choices() {
        let mut random = Random::from_bytes(&[3, 1, 4]);
        assert_eq!((random.below(2), random.below(1000)), (1, 260));
        assert!(random.exhausted());
    }
}
