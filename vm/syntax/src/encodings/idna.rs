//! The encoding of internationalised domain names, as CPython's `idna` codec decodes a whole source.

use twinheap_ucd::{Case, Form, Version, map_case};

use super::prepared;
use super::unicode::{decode_punycode, encode_punycode};
use super::{Fault, decode_ascii};

const PREFIX: &[u8] = b"xn--";

fn fault(message: impl Into<String>) -> Fault {
    Fault::Unicode(message.into())
}

/// A label, decoded if it is an encoded one.
fn to_unicode(label: &[u8]) -> Result<Vec<u32>, Fault> {
    let Some(encoded) = label.strip_prefix(PREFIX) else {
        return decode_ascii(label);
    };
    let decoded = decode_punycode(encoded).map_err(|fault| fault.within("punycode"))?;
    let again = to_ascii(&decoded)?;
    // Only what is compared has to be text, so a byte beyond ASCII is noticed here at the latest.
    let lower: Vec<u32> = decode_ascii(label)?
        .iter()
        .map(|code| map_case(*code, Case::Lower).0[0])
        .collect();
    if lower
        .iter()
        .copied()
        .eq(again.iter().copied().map(u32::from))
    {
        return Ok(decoded);
    }
    let (label, again) = (bytes_repr(label), bytes_repr(&again));
    Err(Fault::Bare(format!(
        "('IDNA does not round-trip', {label}, {again})"
    )))
}

/// A label as it is sent; refused if it is too long.
fn to_ascii(label: &[u32]) -> Result<Vec<u8>, Fault> {
    if let Some(plain) = as_ascii(label) {
        return sized(plain);
    }
    let label = nameprep(label)?;
    if let Some(plain) = as_ascii(&label) {
        return sized(plain);
    }
    if label.starts_with(&PREFIX.iter().copied().map(u32::from).collect::<Vec<_>>()) {
        return Err(fault("Label starts with ACE prefix"));
    }
    sized([PREFIX, &encode_punycode(&label)].concat())
}

fn as_ascii(label: &[u32]) -> Option<Vec<u8>> {
    let byte = |code: &u32| u8::try_from(*code).ok().filter(u8::is_ascii);
    label.iter().map(byte).collect()
}

fn sized(label: Vec<u8>) -> Result<Vec<u8>, Fault> {
    match label.len() {
        1..64 => Ok(label),
        _ => Err(fault("label empty or too long")),
    }
}

/// The profile of string preparation for names of domains (RFC 3491).
fn nameprep(label: &[u32]) -> Result<Vec<u32>, Fault> {
    let mapped: Vec<u32> = label
        .iter()
        .filter(|code| !prepared::is_mapped_to_nothing(**code))
        .flat_map(|code| prepared::fold_and_normalize(*code))
        .collect();
    let label = Version::Old.normalize(&mapped, Form::Nfkc);
    if let Some(code) = label.iter().find(|code| prepared::is_prohibited(**code)) {
        return Err(fault(format!(
            "Invalid character {}",
            character_repr(*code)
        )));
    }
    let is_right_to_left = |code: &u32| matches!(Version::Old.bidirectional(*code), "R" | "AL");
    if !label.iter().any(is_right_to_left) {
        return Ok(label);
    }
    if label
        .iter()
        .any(|code| Version::Old.bidirectional(*code) == "L")
    {
        return Err(fault("Violation of BIDI requirement 2"));
    }
    if !label.first().is_some_and(is_right_to_left) || !label.last().is_some_and(is_right_to_left) {
        return Err(fault("Violation of BIDI requirement 3"));
    }
    Ok(label)
}

/// `repr` of a text of one character.
fn character_repr(code: u32) -> String {
    match (code, char::from_u32(code)) {
        (0x27, _) => "\"'\"".into(),
        (0x5c, _) => "'\\\\'".into(),
        (_, Some(c)) if twinheap_ucd::is_printable(code) => format!("'{c}'"),
        (0x09, _) => "'\\t'".into(),
        (0x0a, _) => "'\\n'".into(),
        (0x0d, _) => "'\\r'".into(),
        (0..0x100, _) => format!("'\\x{code:02x}'"),
        (0x100..0x1_0000, _) => format!("'\\u{code:04x}'"),
        _ => format!("'\\U{code:08x}'"),
    }
}

fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            byte if char::from(*byte) == quote => out.extend(['\\', quote]),
            0x20..0x7f => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

pub fn decode_idna(bytes: &[u8]) -> Result<Vec<u32>, Fault> {
    let has_label = memchr::memmem::find(bytes, PREFIX).is_some();
    if !has_label && let Ok(plain) = decode_ascii(bytes) {
        return Ok(plain);
    }
    let mut labels: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
    let ends_with_dot = labels.last().is_some_and(|label| label.is_empty());
    if ends_with_dot {
        labels.pop();
    }
    let mut out = Vec::with_capacity(bytes.len());
    for (index, label) in labels.into_iter().enumerate() {
        if index > 0 {
            out.push(u32::from(b'.'));
        }
        out.extend(to_unicode(label)?);
    }
    if ends_with_dot {
        out.push(u32::from(b'.'));
    }
    Ok(out)
}
