//! `round(x)` and `round(x, ndigits)`: half to even on the exact decimal value.

/// Rounds to a whole number, ties to even.
pub fn round_half_even(value: f64) -> f64 {
    value.round_ties_even()
}

/// Rounds to so many decimal places (or, below zero, to powers of ten), ties to even on the exact
/// value; none when the result is too large for a double. Infinities and nans stay as they are.
pub fn round_to_digits(value: f64, places: i64) -> Option<f64> {
    if !value.is_finite() || value == 0.0 || places > 323 {
        return Some(value);
    }
    if places < -308 {
        return Some(0.0 * value);
    }
    let magnitude = match places >= 0 {
        true => format!("{:.*}", places as usize, value.abs())
            .parse()
            .unwrap_or(f64::NAN),
        false => round_to_power_of_ten(value.abs(), places.unsigned_abs() as usize),
    };
    if magnitude.is_infinite() {
        return None;
    }
    Some(magnitude.copysign(value))
}

/// Rounds a positive double to a multiple of `10 ** power`.
fn round_to_power_of_ten(magnitude: f64, power: usize) -> f64 {
    let text = format!("{:.0}", magnitude.trunc());
    if text.len() < power {
        return 0.0;
    }
    let (kept, fallen) = text.as_bytes().split_at(text.len() - power);
    let below_is_zero = fallen[1..].iter().all(|&byte| byte == b'0') && magnitude.fract() == 0.0;
    let odd = kept.last().is_some_and(|byte| byte & 1 == 1);
    let up = fallen[0] > b'5' || fallen[0] == b'5' && (!below_is_zero || odd);
    let mut digits = kept.to_vec();
    if up {
        increment(&mut digits);
    }
    if digits.is_empty() {
        return 0.0;
    }
    digits.extend(std::iter::repeat_n(b'0', power));
    String::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::NAN)
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}
