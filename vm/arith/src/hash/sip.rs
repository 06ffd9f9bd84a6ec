//! SipHash-1-3 and the secret key that `PYTHONHASHSEED` fixes.

use super::avoid_error_value;

/// The key of the string hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashSecret {
    /// The first half of the key.
    pub k0: u64,
    /// The second half of the key.
    pub k1: u64,
}

impl HashSecret {
    /// The key of a fixed hash seed: all zero for seed 0, else from a linear congruential generator.
    pub fn from_seed(seed: u32) -> HashSecret {
        if seed == 0 {
            return HashSecret::default();
        }
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
            (state >> 16) as u8
        };
        let k0 = u64::from_le_bytes(std::array::from_fn(|_| next()));
        let k1 = u64::from_le_bytes(std::array::from_fn(|_| next()));
        HashSecret { k0, k1 }
    }
}

#[inline]
fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

/// SipHash with one compression and three finalisation rounds.
pub fn siphash13(secret: HashSecret, bytes: &[u8]) -> u64 {
    let mut v = [
        secret.k0 ^ 0x736f_6d65_7073_6575,
        secret.k1 ^ 0x646f_7261_6e64_6f6d,
        secret.k0 ^ 0x6c79_6765_6e65_7261,
        secret.k1 ^ 0x7465_6462_7974_6573,
    ];
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        v[3] ^= word;
        round(&mut v);
        v[0] ^= word;
    }
    let mut last = [0u8; 8];
    last[..tail.len()].copy_from_slice(tail);
    last[7] = bytes.len() as u8;
    let last = u64::from_le_bytes(last);
    v[3] ^= last;
    round(&mut v);
    v[0] ^= last;
    v[2] ^= 0xff;
    round(&mut v);
    round(&mut v);
    round(&mut v);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// The hash of the bytes of a `str` (in its own kind) or a `bytes`.
pub fn hash_bytes(secret: HashSecret, bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    avoid_error_value(siphash13(secret, bytes) as i64)
}
