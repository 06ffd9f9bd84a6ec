//! `float.hex` and `float.fromhex`.

use super::parse::{is_space, parse_inf_or_nan};
use super::{ldexp, repr};

/// Why a hexadecimal text is no double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HexError {
    /// Not a hexadecimal floating-point text.
    Invalid,
    /// Too large for a double.
    Overflow,
}

/// What `value.hex()` gives.
pub fn to_hex(value: f64) -> String {
    if !value.is_finite() {
        return repr(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let bits = value.to_bits();
    let field = (bits >> 52 & 0x7ff) as i64;
    let (lead, exponent) = if field == 0 {
        (0, -1022)
    } else {
        (1, field - 1023)
    };
    format!(
        "{sign}0x{lead}.{:013x}p{exponent:+}",
        bits & ((1 << 52) - 1)
    )
}

struct Literal {
    negative: bool,
    /// The values of the hexadecimal digits, most significant first.
    digits: Vec<u8>,
    /// How many of them stand behind the point.
    places: usize,
    exponent: i64,
    used: usize,
}

/// What `float.fromhex(text)` gives.
pub fn from_hex(text: &[u8]) -> Result<f64, HexError> {
    let start = text
        .iter()
        .position(|&byte| !is_space(byte))
        .unwrap_or(text.len());
    let text = &text[start..];
    let (value, used) = match parse_inf_or_nan(text) {
        Some(found) => found,
        None => {
            let literal = scan(text).ok_or(HexError::Invalid)?;
            let magnitude = evaluate(&literal)?;
            (
                if literal.negative {
                    -magnitude
                } else {
                    magnitude
                },
                literal.used,
            )
        }
    };
    match text[used..].iter().all(|&byte| is_space(byte)) {
        true => Ok(value),
        false => Err(HexError::Invalid),
    }
}

fn scan(text: &[u8]) -> Option<Literal> {
    let negative = text.first() == Some(&b'-');
    let mut position = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    if matches!(text[position..], [b'0', b'x' | b'X', ..]) {
        position += 2;
    }
    let mut digits = Vec::new();
    let mut places = 0;
    let take = |digits: &mut Vec<u8>, mut position: usize| {
        while let Some(value) = text
            .get(position)
            .and_then(|&byte| char::from(byte).to_digit(16))
        {
            digits.push(value as u8);
            position += 1;
        }
        position
    };
    position = take(&mut digits, position);
    if text.get(position) == Some(&b'.') {
        let whole = digits.len();
        position = take(&mut digits, position + 1);
        places = digits.len() - whole;
    }
    if digits.is_empty() {
        return None;
    }
    let mut exponent = 0i64;
    if matches!(text.get(position), Some(b'p' | b'P')) {
        position += 1;
        let below_zero = text.get(position) == Some(&b'-');
        position += usize::from(matches!(text.get(position), Some(b'+' | b'-')));
        let first = position;
        while let Some(digit) = text.get(position).filter(|byte| byte.is_ascii_digit()) {
            exponent = exponent
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'));
            position += 1;
        }
        if position == first {
            return None;
        }
        exponent = if below_zero { -exponent } else { exponent };
    }
    Some(Literal {
        negative,
        digits,
        places,
        exponent,
        used: position,
    })
}

/// Rounds the literal's value once, half to even, at the place of the result's last bit.
fn evaluate(literal: &Literal) -> Result<f64, HexError> {
    let zeros = literal
        .digits
        .iter()
        .take_while(|&&digit| digit == 0)
        .count();
    let digits = &literal.digits[zeros..];
    let Some(&first) = digits.first() else {
        return Ok(0.0);
    };
    if literal.exponent < i64::MIN / 2 {
        return Ok(0.0);
    }
    if literal.exponent > i64::MAX / 2 {
        return Err(HexError::Overflow);
    }
    let lowest = literal.exponent - 4 * literal.places as i64;
    let top = lowest + 4 * (digits.len() as i64 - 1) + i64::from(8 - first.leading_zeros());
    if top < -1021 - 53 {
        return Ok(0.0);
    }
    if top > 1024 {
        return Err(HexError::Overflow);
    }
    let (mut mantissa, mut sticky, mut taken) = (0u64, false, 0i64);
    for &digit in digits {
        if taken < 15 {
            mantissa = mantissa << 4 | u64::from(digit);
            taken += 1;
        } else {
            sticky |= digit != 0;
        }
    }
    let unit_exponent = lowest + 4 * (digits.len() as i64 - taken);
    let last_bit = top.max(-1021) - 53;
    let value = if last_bit > unit_exponent {
        let shift = (last_bit - unit_exponent) as u32;
        let fallen = mantissa & ((1u64 << shift) - 1);
        let half = 1u64 << (shift - 1);
        let mut kept = mantissa >> shift;
        if fallen > half || fallen == half && (sticky || kept & 1 == 1) {
            kept += 1;
        }
        ldexp(kept as f64, last_bit)
    } else {
        ldexp(mantissa as f64, unit_exponent)
    };
    if value.is_infinite() {
        Err(HexError::Overflow)
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::frexp;

    #[test]
    fn hex_and_back() {
        for value in [
            0.1,
            1.0,
            5e-324,
            2.2250738585072014e-308,
            f64::MAX,
            3.5,
            1e-310,
        ] {
            assert_eq!(from_hex(to_hex(value).as_bytes()), Ok(value), "{value}");
            let (mantissa, exponent) = frexp(value);
            assert_eq!(ldexp(mantissa, exponent), value, "{value}");
        }
    }
}
