//! The compact binary form in which everything of this crate is sent and digested.

use serde::{Serialize, de::DeserializeOwned};

/// Encodes a value of this crate as bytes; equal values give equal bytes.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("plain data of this crate always has an encoding")
}

/// Decodes what [`encode`] wrote, or says why the bytes are not such an encoding.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| format!("malformed message: {error}"))
}
