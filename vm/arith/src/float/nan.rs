//! Sums and products of two doubles where it is settled which operand's nan survives.
//!
//! The processor keeps its first source operand when both are nans, and a compiler may swap the
//! operands of a sum or a product. CPython's binary shows which order its compiler took, place by
//! place; here each place says which one it means, whatever this compiler does.

const QUIET: u64 = 1 << 51;

/// A nan as arithmetic hands it on: sign and payload kept, quiet.
fn quiet(nan: f64) -> f64 {
    f64::from_bits(nan.to_bits() | QUIET)
}

/// `a + b`; of two nans the first survives.
#[inline(always)]
pub fn add_keeping_first(a: f64, b: f64) -> f64 {
    if a.is_nan() { quiet(a) } else { a + b }
}

/// `a + b`; of two nans the second survives.
#[inline(always)]
pub fn add_keeping_second(a: f64, b: f64) -> f64 {
    if b.is_nan() { quiet(b) } else { a + b }
}

/// `a - b`; of two nans the first survives.
#[inline(always)]
pub fn subtract_keeping_first(a: f64, b: f64) -> f64 {
    if a.is_nan() { quiet(a) } else { a - b }
}

/// `a * b`; of two nans the first survives.
#[inline(always)]
pub fn multiply_keeping_first(a: f64, b: f64) -> f64 {
    if a.is_nan() { quiet(a) } else { a * b }
}

/// `a * b`; of two nans the second survives.
#[inline(always)]
pub fn multiply_keeping_second(a: f64, b: f64) -> f64 {
    if b.is_nan() { quiet(b) } else { a * b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operation: fn(f64, f64) -> f64, a: u64, b: u64, expected: u64) {
        let result = operation(f64::from_bits(a), f64::from_bits(b));
        assert_eq!(result.to_bits(), expected, "{a:x} {b:x}");
    }

    const FIRST: u64 = 0x7ff0_0000_0000_0001;
    const SECOND: u64 = 0xfff8_0000_0000_0002;
    const ONE: u64 = 0x3ff0_0000_0000_0000;

    #[test]
    fn the_nan_asked_for_survives() {
        let firsts = [
            add_keeping_first,
            subtract_keeping_first,
            multiply_keeping_first,
        ];
        for operation in firsts {
            check(operation, FIRST, SECOND, FIRST | QUIET);
            check(operation, SECOND, FIRST, SECOND);
            check(operation, FIRST, ONE, FIRST | QUIET);
            check(operation, ONE, SECOND, SECOND);
        }
        for operation in [add_keeping_second, multiply_keeping_second] {
            check(operation, FIRST, SECOND, SECOND);
            check(operation, SECOND, FIRST, FIRST | QUIET);
            check(operation, FIRST, ONE, FIRST | QUIET);
            check(operation, ONE, SECOND, SECOND);
        }
    }
}
