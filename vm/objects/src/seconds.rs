//! Time spans as programs give them: seconds, whole or not, up to what 64 bits of nanoseconds hold.

use crate::errors::{PyResult, overflow_error, value_error};
use crate::object::ObjectExt;
use crate::{abstract_, float, long};
use std::time::Duration;
use twinheap_abi::*;

/// A span that may be negative, in nanoseconds, rounded towards the future.
pub fn nanoseconds(seconds: &PyObject) -> PyResult<i64> {
    let too_large = || overflow_error("timestamp too large to convert to C _PyTime_t");
    if let Some(float) = seconds.downcast_ref::<PyFloatObject>() {
        let value = float::value(float);
        if value.is_nan() {
            return Err(value_error("Invalid value NaN (not a number)"));
        }
        let scaled = (value * 1e9).ceil();
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&scaled) {
            return Err(overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(scaled as i64);
    }
    let whole = abstract_::index(seconds)?;
    long::to_i64(&whole)
        .and_then(|whole| whole.checked_mul(1_000_000_000))
        .ok_or_else(too_large)
}

/// A span that is not negative.
pub fn duration(nanoseconds: i64) -> Duration {
    Duration::from_nanos(nanoseconds.max(0) as u64)
}
