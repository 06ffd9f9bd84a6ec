//! From bytes to str.

use super::handlers::{Failure, Fault, call_handler, characters_of, decode_error, raise_made};
use super::{Encoding, Order};
use crate::errors::PyResult;
use crate::own::Own;
use crate::unicode::{Writer, from_str, from_ucs1};
use twinheap_abi::*;

/// Decodes UTF-8 strictly.
pub fn decode_utf8(content: &[u8]) -> PyResult<Own<PyASCIIObject>> {
    decode(content, Encoding::Utf8, "strict")
}

/// Decodes bytes.
pub fn decode(content: &[u8], encoding: Encoding, errors: &str) -> PyResult<Own<PyASCIIObject>> {
    if matches!(encoding, Encoding::Utf7) {
        return Ok(super::decode_utf7(content, errors, true)?.0);
    }
    Ok(decode_start(content, content.len(), encoding, errors)?.0)
}

/// Decodes the first bytes of what is there, and tells how far it came; errors hold all of it.
pub fn decode_start(
    whole: &[u8],
    length: usize,
    encoding: Encoding,
    errors: &str,
) -> PyResult<(Own<PyASCIIObject>, usize)> {
    let content = &whole[..length];
    match encoding {
        Encoding::Latin1 => return Ok((from_ucs1(content)?, length)),
        Encoding::Utf8 | Encoding::Ascii if content.is_ascii() => {
            return Ok((from_ucs1(content)?, length));
        }
        Encoding::Utf8 => {
            if let Ok(text) = str::from_utf8(content) {
                return Ok((from_str(text)?, length));
            }
        }
        _ => {}
    }
    let mut out = Writer::with_capacity(content.len());
    let (order, mut at) = byte_order(content, encoding);
    // Errors name the order that was found.
    let named = match encoding {
        Encoding::Utf16(_) => Encoding::Utf16(order),
        Encoding::Utf32(_) => Encoding::Utf32(order),
        other => other,
    };
    let mut failure = Failure::default();
    let mut unknown_escape = None;
    loop {
        let fault = match encoding {
            Encoding::Utf8 => utf8_run(&mut out, content, at),
            // UTF-7 and Latin-1 were decoded above.
            Encoding::Ascii | Encoding::Latin1 | Encoding::Utf7 => ascii_run(&mut out, content, at),
            Encoding::Utf16(_) => utf16_run(&mut out, content, at, order),
            Encoding::Utf32(_) => utf32_run(&mut out, content, at, order),
            Encoding::UnicodeEscape => escape_run(&mut out, content, at, &mut unknown_escape),
            Encoding::RawUnicodeEscape => raw_escape_run(&mut out, content, at),
        };
        if let Some(fault) = fault {
            at = handle(&mut out, whole, named, errors, (fault, &mut failure))?;
        }
        if fault.is_none() || at >= length {
            let made = out.finish()?;
            if let Some(at) = unknown_escape {
                warn_of_escape(&content[at..])?;
            }
            return Ok((made, at.max(length)));
        }
    }
}

/// Warns of an escape that has no meaning; the text begins behind its backslash.
fn warn_of_escape(text: &[u8]) -> PyResult<()> {
    let message = match text {
        [b'4'..=b'7', ..] => {
            let digits = String::from_utf8_lossy(&text[..3]);
            format!("invalid octal escape sequence '\\{digits}'")
        }
        _ => format!("invalid escape sequence '\\{}'", char::from(text[0])),
    };
    crate::warnings::warn_deprecation(&message)
}

/// The order of the bytes, and how many the byte order mark takes.
fn byte_order(content: &[u8], encoding: Encoding) -> (Order, usize) {
    match (encoding, content) {
        (Encoding::Utf32(Order::Marked), [0xff, 0xfe, 0, 0, ..]) => (Order::Little, 4),
        (Encoding::Utf32(Order::Marked), [0, 0, 0xfe, 0xff, ..]) => (Order::Big, 4),
        (Encoding::Utf16(Order::Marked), [0xff, 0xfe, ..]) => (Order::Little, 2),
        (Encoding::Utf16(Order::Marked), [0xfe, 0xff, ..]) => (Order::Big, 2),
        (Encoding::Utf16(Order::Big) | Encoding::Utf32(Order::Big), _) => (Order::Big, 0),
        _ => (Order::Little, 0),
    }
}

fn utf8_run(out: &mut Writer, content: &[u8], at: usize) -> Option<Fault> {
    let error = match str::from_utf8(&content[at..]) {
        Ok(text) => {
            out.push_str(text);
            return None;
        }
        Err(error) => error,
    };
    let start = at + error.valid_up_to();
    if let Ok(text) = str::from_utf8(&content[at..start]) {
        out.push_str(text);
    }
    let Some(length) = error.error_len() else {
        return Some(Fault {
            start,
            end: content.len(),
            reason: "unexpected end of data",
        });
    };
    let starts = matches!(content[start], 0xc2..=0xf4);
    let reason = if starts {
        "invalid continuation byte"
    } else {
        "invalid start byte"
    };
    Some(Fault {
        start,
        end: start + length,
        reason,
    })
}

fn ascii_run(out: &mut Writer, content: &[u8], at: usize) -> Option<Fault> {
    for (index, &byte) in content.iter().enumerate().skip(at) {
        if byte >= 0x80 {
            return Some(Fault {
                start: index,
                end: index + 1,
                reason: "ordinal not in range(128)",
            });
        }
        out.push_character(u32::from(byte));
    }
    None
}

fn utf16_run(out: &mut Writer, content: &[u8], mut at: usize, order: Order) -> Option<Fault> {
    let unit = |at: usize| {
        let pair = [*content.get(at)?, *content.get(at + 1)?];
        Some(u32::from(if order == Order::Big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }))
    };
    while at < content.len() {
        let Some(first) = unit(at) else {
            return Some(Fault {
                start: at,
                end: content.len(),
                reason: "truncated data",
            });
        };
        match first {
            0xd800..=0xdbff => match unit(at + 2) {
                Some(second @ 0xdc00..=0xdfff) => {
                    out.push_character(0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff));
                    at += 4;
                }
                Some(_) => {
                    return Some(Fault {
                        start: at,
                        end: at + 2,
                        reason: "illegal UTF-16 surrogate",
                    });
                }
                None => {
                    return Some(Fault {
                        start: at,
                        end: content.len(),
                        reason: "unexpected end of data",
                    });
                }
            },
            0xdc00..=0xdfff => {
                return Some(Fault {
                    start: at,
                    end: at + 2,
                    reason: "illegal encoding",
                });
            }
            _ => {
                out.push_character(first);
                at += 2;
            }
        }
    }
    None
}

fn utf32_run(out: &mut Writer, content: &[u8], mut at: usize, order: Order) -> Option<Fault> {
    while at < content.len() {
        let Some(&unit) = content[at..].first_chunk::<4>() else {
            return Some(Fault {
                start: at,
                end: content.len(),
                reason: "truncated data",
            });
        };
        let point = if order == Order::Big {
            u32::from_be_bytes(unit)
        } else {
            u32::from_le_bytes(unit)
        };
        let reason = match point {
            0xd800..=0xdfff => "code point in surrogate code point range(0xd800-0xdfff)",
            0x11_0000.. => "code point not in range(0x110000)",
            _ => {
                out.push_character(point);
                at += 4;
                continue;
            }
        };
        return Some(Fault {
            start: at,
            end: at + 4,
            reason,
        });
    }
    None
}

/// The value of up to `most` hexadecimal digits, and how many there are.
fn hexadecimal(content: &[u8], most: usize) -> (u32, usize) {
    let mut value = 0;
    let mut count = 0;
    while count < most
        && let Some(digit) = content
            .get(count)
            .and_then(|&byte| char::from(byte).to_digit(16))
    {
        value = value << 4 | digit;
        count += 1;
    }
    (value, count)
}

/// The character of an escape with a fixed number of digits, from behind its letter.
fn numbered(content: &[u8], start: usize, letter: u8) -> Result<(u32, usize), Fault> {
    let (most, truncated) = match letter {
        b'x' => (2, "truncated \\xXX escape"),
        b'u' => (4, "truncated \\uXXXX escape"),
        _ => (8, "truncated \\UXXXXXXXX escape"),
    };
    let (value, count) = hexadecimal(&content[start + 2..], most);
    let end = start + 2 + count;
    if count < most {
        return Err(Fault {
            start,
            end,
            reason: truncated,
        });
    }
    if value > 0x10_ffff {
        return Err(Fault {
            start,
            end,
            reason: "illegal Unicode character",
        });
    }
    Ok((value, end))
}

fn named(content: &[u8], start: usize) -> Result<(u32, usize), Fault> {
    let malformed = |end| Fault {
        start,
        end,
        reason: "malformed \\N character escape",
    };
    if content.get(start + 2) != Some(&b'{') {
        return Err(malformed(start + 2));
    }
    let Some(length) = content[start + 3..].iter().position(|&byte| byte == b'}') else {
        return Err(malformed(content.len()));
    };
    let end = start + 3 + length + 1;
    if length == 0 {
        return Err(malformed(end));
    }
    let name = str::from_utf8(&content[start + 3..end - 1]).ok();
    match name.and_then(twinheap_ucd::lookup) {
        Some(character) => Ok((character, end)),
        None => Err(Fault {
            start,
            end,
            reason: "unknown Unicode character name",
        }),
    }
}

/// `unknown` takes where the first escape without a meaning stands, behind its backslash.
fn escape_run(
    out: &mut Writer,
    content: &[u8],
    mut at: usize,
    unknown: &mut Option<usize>,
) -> Option<Fault> {
    while at < content.len() {
        let byte = content[at];
        if byte != b'\\' {
            out.push_character(u32::from(byte));
            at += 1;
            continue;
        }
        let Some(&letter) = content.get(at + 1) else {
            return Some(Fault {
                start: at,
                end: at + 1,
                reason: "\\ at end of string",
            });
        };
        let simple = match letter {
            b'\n' => None,
            b'\\' | b'\'' | b'"' => Some(u32::from(letter)),
            b'b' => Some(0x08),
            b'f' => Some(0x0c),
            b't' => Some(0x09),
            b'n' => Some(0x0a),
            b'r' => Some(0x0d),
            b'v' => Some(0x0b),
            b'a' => Some(0x07),
            b'0'..=b'7' => {
                let digits = content[at + 1..]
                    .iter()
                    .take(3)
                    .take_while(|b| matches!(b, b'0'..=b'7'));
                let (value, count) =
                    digits.fold((0, 0), |(v, n), b| (v << 3 | u32::from(b - b'0'), n + 1));
                out.push_character(value);
                if value > 0o377 {
                    unknown.get_or_insert(at + 1);
                }
                at += 1 + count;
                continue;
            }
            b'x' | b'u' | b'U' | b'N' => {
                let found = if letter == b'N' {
                    named(content, at)
                } else {
                    numbered(content, at, letter)
                };
                match found {
                    Ok((character, end)) => {
                        out.push_character(character);
                        at = end;
                        continue;
                    }
                    Err(fault) => return Some(fault),
                }
            }
            _ => {
                unknown.get_or_insert(at + 1);
                out.push_character(u32::from(b'\\'));
                Some(u32::from(letter))
            }
        };
        simple
            .into_iter()
            .for_each(|character| out.push_character(character));
        at += 2;
    }
    None
}

fn raw_escape_run(out: &mut Writer, content: &[u8], mut at: usize) -> Option<Fault> {
    while at < content.len() {
        match (content[at], content.get(at + 1)) {
            (b'\\', Some(&letter @ (b'u' | b'U'))) => match numbered(content, at, letter) {
                Ok((character, end)) => {
                    out.push_character(character);
                    at = end;
                }
                Err(fault) => {
                    let illegal = fault.reason == "illegal Unicode character";
                    let reason = if illegal {
                        "\\Uxxxxxxxx out of range"
                    } else {
                        fault.reason
                    };
                    return Some(Fault { reason, ..fault });
                }
            },
            (b'\\', Some(&other)) => {
                out.push_character(u32::from(b'\\'));
                out.push_character(u32::from(other));
                at += 2;
            }
            (byte, _) => {
                out.push_character(u32::from(byte));
                at += 1;
            }
        }
    }
    None
}

/// Handles bytes that cannot be decoded, and gives where to go on.
pub(super) fn handle(
    out: &mut Writer,
    content: &[u8],
    encoding: Encoding,
    errors: &str,
    (fault, failure): (Fault, &mut Failure),
) -> PyResult<usize> {
    // Errors that these two handle themselves make no exception, which a later one would take up.
    let is_plain = matches!(encoding, Encoding::Utf8 | Encoding::Ascii)
        && matches!(errors, "ignore" | "replace" | "surrogateescape");
    if !is_plain {
        failure.meet(fault);
    }
    let mut exception =
        || failure.exception(fault, |first| decode_error(encoding.name(), content, first));
    let bad = &content[fault.start..fault.end];
    match errors {
        "strict" => return Err(raise_made(exception())),
        "ignore" => {}
        "replace" => out.push_character(0xfffd),
        "backslashreplace" => bad
            .iter()
            .for_each(|byte| out.push_str(&format!("\\x{byte:02x}"))),
        "surrogateescape" => {
            let count = bad.iter().take_while(|&&byte| byte >= 0x80).take(4).count();
            if count == 0 {
                return Err(raise_made(exception()));
            }
            bad[..count]
                .iter()
                .for_each(|&byte| out.push_character(0xdc00 + u32::from(byte)));
            return Ok(fault.start + count);
        }
        "surrogatepass" => match surrogate_at(content, encoding, fault.start) {
            Some((character, length)) => {
                out.push_character(character);
                return Ok(fault.start + length);
            }
            None => return Err(raise_made(exception())),
        },
        "xmlcharrefreplace" | "namereplace" => {
            return Err(crate::errors::type_error(
                "don't know how to handle UnicodeDecodeError in error callback",
            ));
        }
        name => {
            let exception = exception()?;
            let (replacement, position) = call_handler(name, &exception, content.len(), true)?;
            if let Some(characters) = characters_of(&replacement) {
                out.push_text(characters);
            }
            return Ok(position);
        }
    }
    Ok(fault.end)
}

/// A lone surrogate as the encoding would write it.
fn surrogate_at(content: &[u8], encoding: Encoding, at: usize) -> Option<(u32, usize)> {
    let rest = &content[at..];
    let (character, length) = match (encoding, rest) {
        (Encoding::Utf8, &[0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..]) => (
            0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f),
            3,
        ),
        (Encoding::Utf16(Order::Big), &[high, low, ..]) => {
            (u32::from(u16::from_be_bytes([high, low])), 2)
        }
        (Encoding::Utf16(_), &[low, high, ..]) => (u32::from(u16::from_le_bytes([low, high])), 2),
        (Encoding::Utf32(Order::Big), &[a, b, c, d, ..]) => (u32::from_be_bytes([a, b, c, d]), 4),
        (Encoding::Utf32(_), &[a, b, c, d, ..]) => (u32::from_le_bytes([a, b, c, d]), 4),
        _ => return None,
    };
    (0xd800..=0xdfff)
        .contains(&character)
        .then_some((character, length))
}
