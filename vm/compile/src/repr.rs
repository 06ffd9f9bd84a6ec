//! `repr()` of constants, for annotations turned to text and for messages.

use twinheap_syntax::ast::Constant;

/// The digits and exponent of the shortest text that reads back as `value`.
pub fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value < 0.0 {
            "-inf".into()
        } else {
            "inf".into()
        };
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if !(-4..16).contains(&exponent) {
        let fraction = if digits.len() > 1 {
            format!(".{}", &digits[1..])
        } else {
            String::new()
        };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!(
            "{sign}{}{fraction}e{exponent_sign}{:02}",
            &digits[..1],
            exponent.abs()
        );
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

fn complex_part(value: f64) -> String {
    let text = float_repr(value);
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

pub fn complex_repr(real: f64, imag: f64) -> String {
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", complex_part(imag));
    }
    let imag_text = complex_part(imag);
    let sign = if imag_text.starts_with('-') { "" } else { "+" };
    format!("({}{sign}{imag_text}j)", complex_part(real))
}

/// The code points of text that may hold lone surrogates.
pub fn code_points(text: &[u8]) -> Vec<u32> {
    let mut codes = Vec::with_capacity(text.len());
    let mut index = 0;
    while index < text.len() {
        let first = u32::from(text[index]);
        let (len, bits) = match first {
            0..0x80 => (1, first),
            0x80..0xe0 => (2, first & 0x1f),
            0xe0..0xf0 => (3, first & 0x0f),
            _ => (4, first & 0x07),
        };
        let tail = text.iter().skip(index + 1).take(len - 1);
        codes.push(tail.fold(bits, |code, byte| code << 6 | u32::from(byte & 0x3f)));
        index += len;
    }
    codes
}

pub fn str_repr(text: &[u8]) -> Vec<u8> {
    let double = text.contains(&b'\'') && !text.contains(&b'"');
    let quote = if double { b'"' } else { b'\'' };
    let mut out = vec![quote];
    for code in code_points(text) {
        match code {
            0x0a => out.extend(b"\\n"),
            0x0d => out.extend(b"\\r"),
            0x09 => out.extend(b"\\t"),
            0x5c => out.extend(b"\\\\"),
            _ if code == u32::from(quote) => out.extend([b'\\', quote]),
            _ if twinheap_ucd::is_printable(code) => {
                twinheap_syntax::strings::push_code(&mut out, code)
            }
            0..0x100 => out.extend(format!("\\x{code:02x}").bytes()),
            0x100..0x1_0000 => out.extend(format!("\\u{code:04x}").bytes()),
            _ => out.extend(format!("\\U{code:08x}").bytes()),
        }
    }
    out.push(quote);
    out
}

pub fn bytes_repr(bytes: &[u8]) -> Vec<u8> {
    let double = bytes.contains(&b'\'') && !bytes.contains(&b'"');
    let quote = if double { b'"' } else { b'\'' };
    let mut out = vec![b'b', quote];
    for byte in bytes {
        match *byte {
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            b'\\' => out.extend(b"\\\\"),
            c if c == quote => out.extend([b'\\', quote]),
            c @ 0x20..0x7f => out.push(c),
            c => out.extend(format!("\\x{c:02x}").bytes()),
        }
    }
    out.push(quote);
    out
}

pub fn repr(value: &Constant) -> Vec<u8> {
    match value {
        Constant::None => b"None".to_vec(),
        Constant::False => b"False".to_vec(),
        Constant::True => b"True".to_vec(),
        Constant::Ellipsis => b"Ellipsis".to_vec(),
        Constant::Int(value) => value.to_decimal().into_bytes(),
        Constant::Float(value) => float_repr(*value).into_bytes(),
        Constant::Complex(real, imag) => complex_repr(*real, *imag).into_bytes(),
        Constant::Str(text) => str_repr(text),
        Constant::Bytes(bytes) => bytes_repr(bytes),
        Constant::Tuple(items) => {
            let mut out = b"(".to_vec();
            out.extend(items.iter().map(repr).collect::<Vec<_>>().join(&b", "[..]));
            out.extend(if items.len() == 1 { &b",)"[..] } else { b")" });
            out
        }
        Constant::FrozenSet(items) => {
            let mut out = b"frozenset({".to_vec();
            out.extend(items.iter().map(repr).collect::<Vec<_>>().join(&b", "[..]));
            out.extend(b"})");
            out
        }
    }
}
