//! The encodings of Unicode itself: UTF-7, UTF-16, UTF-32, the escapes of Python's literals, Punycode.

use super::{Fault, decode_ascii, decode_error};

const LAST: u32 = 0x10_ffff;

fn is_high_surrogate(code: u32) -> bool {
    (0xd800..0xdc00).contains(&code)
}

fn is_low_surrogate(code: u32) -> bool {
    (0xdc00..0xe000).contains(&code)
}

fn join_surrogates(high: u32, low: u32) -> u32 {
    0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
}

fn base_64_value(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// The bits of a shifted sequence that are not characters yet.
#[derive(Default)]
struct Shifted {
    count: u32,
    bits: u32,
    high_surrogate: Option<u32>,
}

impl Shifted {
    fn take(&mut self, value: u32, out: &mut Vec<u32>) {
        self.bits = self.bits << 6 | value;
        self.count += 6;
        if self.count < 16 {
            return;
        }
        self.count -= 16;
        let code = self.bits >> self.count;
        self.bits &= (1 << self.count) - 1;
        match self.high_surrogate.take() {
            Some(high) if is_low_surrogate(code) => {
                out.push(join_surrogates(high, code));
                return;
            }
            Some(high) => out.push(high),
            None => {}
        }
        if is_high_surrogate(code) {
            self.high_surrogate = Some(code);
        } else {
            out.push(code);
        }
    }
}

pub fn decode_utf_7(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    let fail = |start, end, reason| Err(decode_error("utf7", bytes, start, end, reason));
    let mut out = Vec::with_capacity(bytes.len());
    let mut shifted: Option<Shifted> = None;
    // Where the last shift or the last fault began: CPython reports that.
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some(state) = &mut shifted {
            if let Some(value) = base_64_value(byte) {
                state.take(value, &mut out);
                at += 1;
                continue;
            }
            if state.count >= 6 {
                return fail(start, at + 1, "partial character in shift sequence");
            }
            if state.bits != 0 {
                return fail(start, at + 1, "non-zero padding bits in shift sequence");
            }
            out.extend(state.high_surrogate.filter(|_| byte < 0x80));
            shifted = None;
            at += usize::from(byte == b'-');
            continue;
        }
        start = if byte == b'+' || byte >= 0x80 {
            at
        } else {
            start
        };
        match (byte, bytes.get(at + 1)) {
            (b'+', Some(b'-')) => {
                out.push(u32::from(b'+'));
                at += 1;
            }
            (b'+', Some(next)) if base_64_value(*next).is_none() => {
                return fail(at, at + 2, "ill-formed sequence");
            }
            (b'+', _) => shifted = Some(Shifted::default()),
            (0x80.., _) => return fail(at, at + 1, "unexpected special character"),
            _ => out.push(u32::from(byte)),
        }
        at += 1;
    }
    match shifted {
        Some(state) if state.high_surrogate.is_some() || state.count >= 6 || state.bits != 0 => {
            fail(start, bytes.len(), "unterminated shift sequence")
        }
        _ => Ok(out),
    }
}

/// UTF-16 in the order given, or in the one that a mark at the start tells.
pub fn decode_utf_16(bytes: &[u8], big_endian: Option<bool>) -> Result<Vec<u32>, Fault> {
    let (big, mut at) = match (big_endian, bytes) {
        (Some(big), _) => (big, 0),
        (None, [0xff, 0xfe, ..]) => (false, 2),
        (None, [0xfe, 0xff, ..]) => (true, 2),
        (None, _) => (false, 0),
    };
    let codec = if big { "utf-16-be" } else { "utf-16-le" };
    let fail = |start, end, reason| Err(decode_error(codec, bytes, start, end, reason));
    let unit = |at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(u32::from(if big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }))
    };
    let mut out = Vec::with_capacity(bytes.len() / 2);
    while at < bytes.len() {
        let Some(code) = unit(at) else {
            return fail(at, bytes.len(), "truncated data");
        };
        if is_low_surrogate(code) {
            return fail(at, at + 2, "illegal encoding");
        }
        if !is_high_surrogate(code) {
            out.push(code);
            at += 2;
            continue;
        }
        match unit(at + 2) {
            None => return fail(at, bytes.len(), "unexpected end of data"),
            Some(low) if is_low_surrogate(low) => out.push(join_surrogates(code, low)),
            Some(_) => return fail(at, at + 2, "illegal UTF-16 surrogate"),
        }
        at += 4;
    }
    Ok(out)
}

/// UTF-32 in the order given, or in the one that a mark at the start tells.
pub fn decode_utf_32(bytes: &[u8], big_endian: Option<bool>) -> Result<Vec<u32>, Fault> {
    let (big, start) = match (big_endian, bytes) {
        (Some(big), _) => (big, 0),
        (None, [0xff, 0xfe, 0, 0, ..]) => (false, 4),
        (None, [0, 0, 0xfe, 0xff, ..]) => (true, 4),
        (None, _) => (false, 0),
    };
    let codec = if big { "utf-32-be" } else { "utf-32-le" };
    let fail = |start, end, reason| Err(decode_error(codec, bytes, start, end, reason));
    let mut out = Vec::with_capacity(bytes.len() / 4);
    for (index, unit) in bytes[start..].chunks(4).enumerate() {
        let at = start + 4 * index;
        let Ok(unit) = <[u8; 4]>::try_from(unit) else {
            return fail(at, bytes.len(), "truncated data");
        };
        let code = if big {
            u32::from_be_bytes(unit)
        } else {
            u32::from_le_bytes(unit)
        };
        match code {
            0xd800..0xe000 => {
                let reason = "code point in surrogate code point range(0xd800, 0xe000)";
                return fail(at, at + 4, reason);
            }
            0..=LAST => out.push(code),
            _ => return fail(at, at + 4, "code point not in range(0x110000)"),
        }
    }
    Ok(out)
}

/// A number of so many hexadecimal digits; otherwise where it ends.
fn hexadecimal(bytes: &[u8], start: usize, count: usize) -> Result<u32, usize> {
    let mut value = 0;
    for at in start..start + count {
        let digit = bytes
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16));
        value = value << 4 | digit.ok_or(at)?;
    }
    Ok(value)
}

/// The escapes of a string literal; all other bytes are Latin-1.
pub fn decode_escapes(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    const CODEC: &str = "unicodeescape";
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let byte = bytes[at];
        at += 1;
        if byte != b'\\' {
            out.push(u32::from(byte));
            continue;
        }
        let Some(kind) = bytes.get(at).copied() else {
            return Err(decode_error(CODEC, bytes, start, at, "\\ at end of string"));
        };
        at += 1;
        match kind {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(u32::from(kind)),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b't' => out.push(9),
            b'n' => out.push(10),
            b'r' => out.push(13),
            b'v' => out.push(11),
            b'a' => out.push(7),
            b'0'..=b'7' => {
                let rest = &bytes[at - 1..bytes.len().min(at + 2)];
                let digits = rest.iter().take_while(|c| matches!(c, b'0'..=b'7'));
                let digits: Vec<u32> = digits.map(|c| u32::from(c - b'0')).collect();
                out.push(digits.iter().fold(0, |value, digit| value << 3 | digit));
                at += digits.len() - 1;
            }
            b'x' | b'u' | b'U' => {
                let (count, reason) = match kind {
                    b'x' => (2, "truncated \\xXX escape"),
                    b'u' => (4, "truncated \\uXXXX escape"),
                    _ => (8, "truncated \\UXXXXXXXX escape"),
                };
                match hexadecimal(bytes, at, count) {
                    Ok(code) if code <= LAST => out.push(code),
                    Ok(_) => {
                        let reason = "illegal Unicode character";
                        return Err(decode_error(CODEC, bytes, start, at + count, reason));
                    }
                    Err(end) => return Err(decode_error(CODEC, bytes, start, end, reason)),
                }
                at += count;
            }
            b'N' => at = named_character(bytes, start, &mut out)?,
            _ => out.extend([u32::from(b'\\'), u32::from(kind)]),
        }
    }
    Ok(out)
}

/// What is wrong with the first escape that the codec only warns about.
pub fn first_invalid_escape(bytes: &[u8]) -> Option<String> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'\\', &bytes[at..])? + 1;
        let kind = *bytes.get(at)?;
        let octal = &bytes[at..bytes.len().min(at + 3)];
        match kind {
            b'4'..=b'7' if octal.len() == 3 && octal.iter().all(|c| matches!(c, b'0'..=b'7')) => {
                let digits = String::from_utf8_lossy(octal);
                return Some(format!("invalid octal escape sequence '\\{digits}'"));
            }
            b'\n' | b'\\' | b'\'' | b'"' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' => {}
            b'0'..=b'7' | b'x' | b'u' | b'U' | b'N' => {}
            _ => {
                let kind = char::from(kind);
                return Some(format!("invalid escape sequence '\\{kind}'"));
            }
        }
        at += 1;
    }
}

/// A character by its name in braces, the backslash being at `start`; says where that ends.
fn named_character(bytes: &[u8], start: usize, out: &mut Vec<u32>) -> Result<usize, Fault> {
    let fail = |end, reason| Err(decode_error("unicodeescape", bytes, start, end, reason));
    const MALFORMED: &str = "malformed \\N character escape";
    if bytes.get(start + 2) != Some(&b'{') {
        return fail(start + 2, MALFORMED);
    }
    let first = start + 3;
    let Some(len) = memchr::memchr(b'}', &bytes[first..]) else {
        return fail(bytes.len(), MALFORMED);
    };
    if len == 0 {
        return fail(first, MALFORMED);
    }
    let name = std::str::from_utf8(&bytes[first..first + len]).unwrap_or("");
    let end = first + len + 1;
    match twinheap_ucd::lookup(name) {
        Some(code) => {
            out.push(code);
            Ok(end)
        }
        None => fail(end, "unknown Unicode character name"),
    }
}

/// The two escapes of a raw literal of old; all other bytes are Latin-1.
pub fn decode_raw_escapes(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    const CODEC: &str = "rawunicodeescape";
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (count, reason) = match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'u')) => (4, "truncated \\uXXXX escape"),
            (b'\\', Some(b'U')) => (8, "truncated \\UXXXXXXXX escape"),
            (b'\\', Some(next)) => {
                // Whatever follows is part of the escape, another backslash as well.
                out.extend([u32::from(b'\\'), u32::from(*next)]);
                at += 2;
                continue;
            }
            (byte, _) => {
                out.push(u32::from(byte));
                at += 1;
                continue;
            }
        };
        let end = at + 2 + count;
        match hexadecimal(bytes, at + 2, count) {
            Ok(code) if code <= LAST => out.push(code),
            Ok(_) => {
                let reason = "\\Uxxxxxxxx out of range";
                return Err(decode_error(CODEC, bytes, at, end, reason));
            }
            Err(end) => return Err(decode_error(CODEC, bytes, at, end, reason)),
        }
        at = end;
    }
    Ok(out)
}

/// How the threshold of Punycode's digits moves.
fn adapt(delta: u64, is_first: bool, count: u64) -> u64 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut divisions = 0;
    while delta > 455 {
        delta /= 35;
        divisions += 36;
    }
    divisions + 36 * delta / (delta + 38)
}

/// A number of any size, the least digit first: Punycode's numbers have no limit, and errors show them.
#[derive(Default)]
struct Number(Vec<u32>);

impl Number {
    fn from(value: u64) -> Number {
        Number(vec![value as u32, (value >> 32) as u32])
    }

    /// Adds another number so many times.
    fn add_multiple(&mut self, other: &Number, factor: u32) {
        let mut carry = 0_u64;
        let mut at = 0;
        while at < other.0.len() || carry != 0 {
            if at == self.0.len() {
                self.0.push(0);
            }
            let added = other.0.get(at).map_or(0, |digit| u64::from(*digit));
            let sum = u64::from(self.0[at]) + added * u64::from(factor) + carry;
            self.0[at] = sum as u32;
            carry = sum >> 32;
            at += 1;
        }
    }

    /// The quotient, and what remains.
    fn divided(&self, divisor: u64) -> (Number, u64) {
        let mut quotient = vec![0; self.0.len()];
        let mut rest = 0_u128;
        for (at, digit) in self.0.iter().enumerate().rev() {
            rest = rest << 32 | u128::from(*digit);
            quotient[at] = (rest / u128::from(divisor)) as u32;
            rest %= u128::from(divisor);
        }
        (Number(quotient), rest as u64)
    }

    /// The value if it is that of a machine's word.
    fn small(&self) -> Option<u64> {
        let (low, high) = self.0.split_at(self.0.len().min(2));
        let value = low
            .iter()
            .rev()
            .fold(0, |value, digit| value << 32 | u64::from(*digit));
        high.iter().all(|digit| *digit == 0).then_some(value)
    }

    fn hexadecimal(&self) -> String {
        let digits: String = self
            .0
            .iter()
            .rev()
            .map(|digit| format!("{digit:08x}"))
            .collect();
        digits.trim_start_matches('0').to_owned()
    }
}

/// The next number of the digits, and where it ends.
fn decode_number(digits: &[u8], mut at: usize, bias: u64) -> Result<(Number, usize), Fault> {
    let (mut number, mut weight) = (Number::default(), Number::from(1));
    let mut threshold = 36_u64;
    loop {
        let Some(byte) = digits.get(at).map(u8::to_ascii_uppercase) else {
            return Err(Fault::Unicode("incomplete punicode string".into()));
        };
        at += 1;
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'0'..=b'9' => byte - b'0' + 26,
            _ => {
                let shown = char::from(byte);
                let message = format!("Invalid extended code point '{shown}'");
                return Err(Fault::Unicode(message));
            }
        };
        let limit = threshold.saturating_sub(bias).clamp(1, 26);
        number.add_multiple(&weight, u32::from(digit));
        if u64::from(digit) < limit {
            return Ok((number, at));
        }
        let mut heavier = Number::default();
        heavier.add_multiple(&weight, 36 - limit as u32);
        weight = heavier;
        threshold += 36;
    }
}

pub fn decode_punycode(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    let split = memchr::memrchr(b'-', bytes);
    let mut text = decode_ascii(&bytes[..split.unwrap_or(0)])?;
    let extended = &bytes[split.map_or(0, |at| at + 1)..];
    decode_ascii(extended)?;
    let (mut code, mut position, mut bias, mut at) = (0x80_u64, 0_u64, 72_u64, 0);
    while at < extended.len() {
        let is_first = at == 0;
        let (delta, end) = decode_number(extended, at, bias)?;
        at = end;
        let places = text.len() as u64 + 1;
        let mut moved = Number::from(position);
        moved.add_multiple(&delta, 1);
        let (mut next_code, rest) = moved.divided(places);
        next_code.add_multiple(&Number::from(code), 1);
        code = match next_code.small() {
            Some(code) if code <= u64::from(LAST) => code,
            _ => {
                let message = format!("Invalid character U+{}", next_code.hexadecimal());
                return Err(Fault::Unicode(message));
            }
        };
        text.insert(rest as usize, code as u32);
        position = rest + 1;
        bias = adapt(delta.small().unwrap_or(u64::MAX), is_first, places);
    }
    Ok(text)
}

/// One number in digits whose weights follow from the threshold.
fn push_number(mut number: u64, bias: u64, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut threshold = 36_u64;
    loop {
        let limit = threshold.saturating_sub(bias).clamp(1, 26);
        if number < limit {
            out.push(DIGITS[number as usize]);
            return;
        }
        out.push(DIGITS[(limit + (number - limit) % (36 - limit)) as usize]);
        number = (number - limit) / (36 - limit);
        threshold += 36;
    }
}

/// The text in ASCII: its plain characters, then where the others go.
pub fn encode_punycode(text: &[u32]) -> Vec<u8> {
    let mut out: Vec<u8> = text
        .iter()
        .filter(|code| **code < 0x80)
        .map(|code| *code as u8)
        .collect();
    let plain = out.len() as u64;
    if plain > 0 {
        out.push(b'-');
    }
    let mut others: Vec<u32> = text.iter().copied().filter(|code| *code >= 0x80).collect();
    others.sort_unstable();
    others.dedup();
    let (mut last, mut delta, mut bias, mut written) = (0x80, 0_u64, 72, plain);
    for wanted in others {
        delta += u64::from(wanted - last) * (written + 1);
        for code in text {
            if *code < wanted {
                delta += 1;
            } else if *code == wanted {
                push_number(delta, bias, &mut out);
                written += 1;
                bias = adapt(delta, written == plain + 1, written);
                delta = 0;
            }
        }
        delta += 1;
        last = wanted + 1;
    }
    out
}
