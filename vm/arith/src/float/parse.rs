//! Doubles from text, by the rules of `float(text)`.

/// Reads a double from the whole text, white space around it allowed; none when it is none.
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let text = trim(text);
    if text.is_empty() {
        return None;
    }
    let (value, used) = parse_float_prefix(text)?;
    (used == text.len()).then_some(value)
}

/// Takes the underscores between digits out of the text; none when one stands elsewhere.
pub fn remove_underscores(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut previous = 0u8;
    for &byte in text {
        if byte == 0 {
            return None;
        }
        if byte == b'_' {
            if !previous.is_ascii_digit() {
                return None;
            }
        } else {
            if previous == b'_' && !byte.is_ascii_digit() {
                return None;
            }
            out.push(byte);
        }
        previous = byte;
    }
    (previous != b'_').then_some(out)
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&byte| !is_space(byte))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&byte| !is_space(byte))
        .map_or(start, |index| index + 1);
    &text[start..end]
}

/// Reads the longest double the text starts with, and says how many bytes that took.
pub fn parse_float_prefix(text: &[u8]) -> Option<(f64, usize)> {
    if let Some(found) = parse_inf_or_nan(text) {
        return Some(found);
    }
    let count_digits = |from: usize| {
        text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut position = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let whole = count_digits(position);
    position += whole;
    let mut places = 0;
    if text.get(position) == Some(&b'.') {
        places = count_digits(position + 1);
        if whole + places > 0 {
            position += 1 + places;
        }
    }
    if whole + places == 0 {
        return None;
    }
    if matches!(text.get(position), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(position + 1), Some(b'+' | b'-')));
        let count = text
            .get(position + 1 + sign..)
            .map_or(0, |_| count_digits(position + 1 + sign));
        if count > 0 {
            position += 1 + sign + count;
        }
    }
    let literal = str::from_utf8(&text[..position]).ok()?;
    Some((literal.parse().ok()?, position))
}

/// Reads `inf`, `infinity` or `nan` in any case, with a sign.
pub(super) fn parse_inf_or_nan(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let negative = text.first() == Some(&b'-');
    let rest = &text[sign..];
    let starts =
        |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
    let (value, length) = if starts(b"infinity") {
        (f64::INFINITY, 8)
    } else if starts(b"inf") {
        (f64::INFINITY, 3)
    } else if starts(b"nan") {
        (f64::from_bits(0x7ff8_0000_0000_0000), 3)
    } else {
        return None;
    };
    Some((if negative { -value } else { value }, sign + length))
}
