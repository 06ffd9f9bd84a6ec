//! Text between quotes, as the trees and tokens of every subject are written.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Printable ASCII as it is, every other byte of the UTF-8 as `\xNN`.
pub fn quote_into(bytes: &[u8], out: &mut String) {
    out.push('\'');
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', *byte as char]),
            0x20..=0x7e => out.push(*byte as char),
            _ => {
                out.push_str("\\x");
                out.push(DIGITS[usize::from(byte >> 4)] as char);
                out.push(DIGITS[usize::from(byte & 15)] as char);
            }
        }
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let mut out = String::new();
        quote_into(input.as_bytes(), &mut out);
        assert_eq!(out, expected, "{input:?}");
    }

    #[test]
    fn what_is_not_printable_is_escaped() {
        check("plain", "'plain'");
        check("it's \\", "'it\\'s \\\\'");
        check("a\n\u{e9}", "'a\\x0a\\xc3\\xa9'");
    }
}
