//! Hashes: numbers modulo 2**61 - 1, siphash13 of text, the mixing of tuples, sets and pointers.

mod collections;
mod number;
mod sip;

pub use collections::{FrozensetHash, TupleHash, hash_pointer};
pub use number::{HASH_IMAG, HASH_INF, HASH_MODULUS, combine_complex, hash_double, hash_long};
pub use sip::{HashSecret, hash_bytes, siphash13};

/// A hash of -1 means an error, so -2 stands in for it.
#[inline]
pub fn avoid_error_value(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}
