//! Number literals: from the text of a token to its value.

use crate::ast::Constant;
use crate::int::Int;

/// CPython's default limit on decimal digits in a conversion.
pub const MAX_STR_DIGITS: usize = 4300;

/// A decimal literal with more digits than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyDigits(pub usize);

pub fn parse_number(text: &[u8]) -> Result<Constant, TooManyDigits> {
    let stripped;
    let digits = if text.contains(&b'_') {
        stripped = text
            .iter()
            .copied()
            .filter(|c| *c != b'_')
            .collect::<Vec<u8>>();
        stripped.as_slice()
    } else {
        text
    };
    if let [b'0', kind, rest @ ..] = digits {
        let bits = match kind {
            b'x' | b'X' => 4,
            b'o' | b'O' => 3,
            b'b' | b'B' => 1,
            _ => 0,
        };
        if bits != 0 {
            return Ok(Constant::Int(Int::from_power_of_two_digits(rest, bits)));
        }
    }
    if digits.iter().all(u8::is_ascii_digit) {
        if digits.len() > MAX_STR_DIGITS {
            return Err(TooManyDigits(digits.len()));
        }
        return Ok(Constant::Int(Int::from_decimal_digits(digits)));
    }
    let imaginary = matches!(digits.last(), Some(b'j' | b'J'));
    let number = if imaginary {
        &digits[..digits.len() - 1]
    } else {
        digits
    };
    // The tokenizer lets only digits, a point and an exponent through, which Rust reads the same way.
    let value = std::str::from_utf8(number)
        .ok()
        .and_then(|text| text.parse::<f64>().ok())
        .unwrap_or(f64::NAN);
    Ok(if imaginary {
        Constant::Complex(0.0, value)
    } else {
        Constant::Float(value)
    })
}
