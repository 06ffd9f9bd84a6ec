//! BLAKE2b and BLAKE2s: the state that blocks are mixed into (RFC 7693).
//!
//! The structs are CPython's, with its way of holding back up to two blocks.

use std::ffi::c_int;

/// The order in which a round takes the words of a block.
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// Which words of the working vector a half round mixes.
const LANES: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// What the digests of either width have in common.
pub trait Blake: Copy + 'static {
    const NAME: &'static str;
    const OUT: usize;
    const KEY: usize;
    const SALT: usize;
    const BLOCK: usize;
    /// The size of the parameter block.
    const PARAM: usize;

    /// The state of a parameter block, the tree's values in which lie where the width says.
    fn start(param: &[u8]) -> Self;
    fn set_last_node(&mut self, last: bool);
    fn update(&mut self, data: &[u8]);
    fn finish(self) -> Vec<u8>;
}

macro_rules! blake {
    ($state:ident, $word:ty, $name:literal, rounds $rounds:literal, block $block:literal, salt $salt:literal,
        turns [$a:literal, $b:literal, $c:literal, $d:literal], start $start:expr) => {
        /// The state; it is packed in C, which only moves what comes behind it.
        #[derive(Clone, Copy)]
        #[repr(C, packed)]
        pub struct $state {
            h: [$word; 8],
            t: [$word; 2],
            f: [$word; 2],
            buf: [u8; 2 * $block],
            buflen: u32,
            outlen: u8,
            last_node: u8,
        }

        impl $state {
            fn compress(&mut self, block: &[u8]) {
                const BYTES: usize = size_of::<$word>();
                let words: [$word; 16] = std::array::from_fn(|at| {
                    let mut raw = [0; BYTES];
                    raw.copy_from_slice(&block[at * BYTES..(at + 1) * BYTES]);
                    <$word>::from_le_bytes(raw)
                });
                let (h, t, f) = (self.h, self.t, self.f);
                let first: [$word; 8] = $start;
                let mut v: [$word; 16] =
                    std::array::from_fn(|at| if at < 8 { h[at] } else { first[at - 8] });
                v[12] ^= t[0];
                v[13] ^= t[1];
                v[14] ^= f[0];
                v[15] ^= f[1];
                for round in 0..$rounds {
                    let order = &SIGMA[round % 10];
                    for (at, [i, j, k, l]) in LANES.into_iter().enumerate() {
                        let (x, y) = (words[order[2 * at]], words[order[2 * at + 1]]);
                        v[i] = v[i].wrapping_add(v[j]).wrapping_add(x);
                        v[l] = (v[l] ^ v[i]).rotate_right($a);
                        v[k] = v[k].wrapping_add(v[l]);
                        v[j] = (v[j] ^ v[k]).rotate_right($b);
                        v[i] = v[i].wrapping_add(v[j]).wrapping_add(y);
                        v[l] = (v[l] ^ v[i]).rotate_right($c);
                        v[k] = v[k].wrapping_add(v[l]);
                        v[j] = (v[j] ^ v[k]).rotate_right($d);
                    }
                }
                self.h = std::array::from_fn(|at| h[at] ^ v[at] ^ v[at + 8]);
            }

            fn count(&mut self, bytes: $word) {
                let (low, carried) = self.t[0].overflowing_add(bytes);
                let high = self.t[1].wrapping_add(<$word>::from(carried));
                self.t = [low, high];
            }

            /// Mixes the first of the blocks that are held back.
            fn take_block(&mut self) {
                let held = self.buf;
                self.count($block);
                self.compress(&held[..$block]);
                let mut moved = held;
                moved.copy_within($block.., 0);
                self.buf = moved;
                self.buflen -= $block;
            }
        }

        impl Blake for $state {
            const NAME: &'static str = $name;
            const OUT: usize = 8 * size_of::<$word>();
            const KEY: usize = 8 * size_of::<$word>();
            const SALT: usize = $salt;
            const BLOCK: usize = $block;
            const PARAM: usize = 8 * size_of::<$word>();

            fn start(param: &[u8]) -> Self {
                const BYTES: usize = size_of::<$word>();
                let first: [$word; 8] = $start;
                $state {
                    h: std::array::from_fn(|at| {
                        let mut raw = [0; BYTES];
                        raw.copy_from_slice(&param[at * BYTES..(at + 1) * BYTES]);
                        first[at] ^ <$word>::from_le_bytes(raw)
                    }),
                    t: [0; 2],
                    f: [0; 2],
                    buf: [0; 2 * $block],
                    buflen: 0,
                    outlen: param[0],
                    last_node: 0,
                }
            }

            fn set_last_node(&mut self, last: bool) {
                self.last_node = u8::from(last);
            }

            fn update(&mut self, mut data: &[u8]) {
                while !data.is_empty() {
                    let held = self.buflen as usize;
                    let room = 2 * $block - held;
                    let (taken, rest) = data.split_at(data.len().min(room));
                    let mut buf = self.buf;
                    buf[held..held + taken.len()].copy_from_slice(taken);
                    self.buf = buf;
                    self.buflen += taken.len() as u32;
                    if !rest.is_empty() {
                        self.take_block();
                    }
                    data = rest;
                }
            }

            fn finish(mut self) -> Vec<u8> {
                if self.buflen > $block {
                    self.take_block();
                }
                let held = self.buflen as usize;
                self.count(held as $word);
                self.f = [
                    <$word>::MAX,
                    if self.last_node != 0 { <$word>::MAX } else { 0 },
                ];
                let mut block = self.buf;
                block[held..].fill(0);
                self.compress(&block[..$block]);
                let words = self.h;
                words.iter().flat_map(|word| word.to_le_bytes()).collect()
            }
        }
    };
}

blake!(
    Blake2b, u64, "blake2b", rounds 12, block 128, salt 16, turns [32, 24, 16, 63],
    start [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ]
);

blake!(
    Blake2s, u32, "blake2s", rounds 10, block 64, salt 8, turns [16, 12, 8, 7],
    start [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ]
);

/// The values of a tree, and what goes into the parameter block besides.
pub struct Parameters<'a> {
    pub digest_size: c_int,
    pub key_length: usize,
    pub fanout: c_int,
    pub depth: c_int,
    pub leaf_size: u64,
    pub node_offset: u64,
    pub node_depth: c_int,
    pub inner_size: c_int,
    pub salt: &'a [u8],
    pub person: &'a [u8],
}

impl Parameters<'_> {
    /// The parameter block; the narrow kind has less room for the offset, and none to spare.
    pub fn block<S: Blake>(&self) -> Vec<u8> {
        let mut block = vec![
            self.digest_size as u8,
            self.key_length as u8,
            self.fanout as u8,
            self.depth as u8,
        ];
        block.extend((self.leaf_size as u32).to_le_bytes());
        let wide = S::PARAM == 64;
        let offset = self.node_offset.to_le_bytes();
        block.extend(if wide { &offset[..] } else { &offset[..6] });
        block.extend([self.node_depth as u8, self.inner_size as u8]);
        block.resize(S::PARAM - 2 * S::SALT, 0);
        block.extend(self.salt);
        block.resize(S::PARAM - S::SALT, 0);
        block.extend(self.person);
        block.resize(S::PARAM, 0);
        block
    }
}
