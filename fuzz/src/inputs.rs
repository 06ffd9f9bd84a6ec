//! From the bytes of an input to Python literals.

use arbitrary::Unstructured;

/// Lengths of ints in 30-bit digits at which algorithms change.
const DIGITS: [usize; 12] = [0, 1, 1, 2, 2, 3, 4, 8, 33, 69, 71, 141];

/// A text as a Python literal.
pub fn text_literal(text: &str) -> String {
    let mut literal = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => literal.extend(['\\', character]),
            ' '..='~' => literal.push(character),
            _ => literal.push_str(&format!("\\U{:08x}", character as u32)),
        }
    }
    literal.push('\'');
    literal
}

/// Bytes as a Python literal.
pub fn bytes_literal(bytes: &[u8]) -> String {
    let mut literal = String::from("b'");
    for byte in bytes {
        literal.push_str(&format!("\\x{byte:02x}"));
    }
    literal.push('\'');
    literal
}

/// An int of a chosen number of digits, many of them all zeros or all ones.
pub fn int_literal(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let count = *input.choose(&DIGITS)?;
    let mut literal = String::from(if input.arbitrary()? { "-0b1" } else { "0b0" });
    for _ in 0..count {
        let digit = match input.int_in_range(0..=5)? {
            0 => 0,
            1 => (1 << 30) - 1,
            2 => 1 << 29,
            3 => 1,
            _ => input.int_in_range(0..=(1_u32 << 30) - 1)?,
        };
        literal.push_str(&format!("{digit:030b}"));
    }
    Ok(literal)
}

/// A float, by its bits; `nan` has no literal, so it is made of what it is named.
pub fn float_literal(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let value = match input.int_in_range(0..=5)? {
        0 => f64::from(input.int_in_range(-20..=20)?),
        1 => f64::from(input.int_in_range(-20..=20)?) / 10.0,
        2 => 10_f64.powi(input.int_in_range(-25..=25)?),
        _ => f64::from_bits(input.arbitrary()?),
    };
    Ok(match value {
        value if value.is_nan() => "float('nan')".to_owned(),
        value if value.is_infinite() => format!("{}1e999", if value < 0.0 { "-" } else { "" }),
        value => format!("{value:e}"),
    })
}
