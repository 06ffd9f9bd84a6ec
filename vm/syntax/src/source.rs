//! From the bytes of a file to the UTF-8 text that is parsed: newlines, byte order marks, encoding cookies.

use crate::encodings::{decode_source, decoding_warning};
use crate::error::{ErrorKind, Finder, SyntaxError, Warning};

/// Decodes a named encoding that this crate does not know; errors are the codec's own message.
pub type Decoder<'a> = &'a dyn Fn(&str, &[u8]) -> Result<String, SyntaxError>;

/// Source text ready for the tokenizer.
#[derive(Clone, Debug)]
pub struct Source {
    pub text: Vec<u8>,
    /// The encoding that was declared, or "utf-8" for text that came as a string.
    pub encoding: Option<String>,
    /// The text before it was decoded, where it had to be: CPython shows lines of that in errors.
    pub raw: Option<Vec<u8>>,
    /// The file of the name under which the source is compiled; CPython shows its lines in errors of modules.
    pub file: Option<Vec<u8>>,
    /// What the codec warned about; that is the first thing only.
    pub warning: Option<Warning>,
}

fn translate_newlines(bytes: &[u8], add_final_newline: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() + 1);
    if memchr::memchr(b'\r', bytes).is_none() {
        text.extend_from_slice(bytes);
    } else {
        let mut index = 0;
        while index < bytes.len() {
            let c = bytes[index];
            if c == b'\r' {
                text.push(b'\n');
                index += usize::from(bytes.get(index + 1) == Some(&b'\n'));
            } else {
                text.push(c);
            }
            index += 1;
        }
    }
    // CPython takes the end of a pair for a line without an end, and adds one.
    if add_final_newline && (text.last() != Some(&b'\n') || bytes.ends_with(b"\r\n")) {
        text.push(b'\n');
    }
    text
}

/// CPython's short form of the names of the two encodings that it knows by heart.
fn normal_name(name: &str) -> String {
    let short: String = name
        .chars()
        .take(12)
        .map(|c| {
            if c == '_' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    if short == "utf-8" || short.starts_with("utf-8-") {
        return "utf-8".into();
    }
    let latin = ["latin-1", "iso-8859-1", "iso-latin-1"];
    if latin
        .iter()
        .any(|known| short == *known || short.starts_with(&format!("{known}-")))
    {
        return "iso-8859-1".into();
    }
    name.into()
}

/// The encoding that a comment line names.
fn coding_spec(line: &[u8]) -> Option<String> {
    let searched = line.len().saturating_sub(6);
    let comment = line[..searched]
        .iter()
        .position(|c| !matches!(c, b' ' | b'\t' | 0x0c))?;
    if line[comment] != b'#' {
        return None;
    }
    for start in comment..searched {
        if !line[start..].starts_with(b"coding")
            || !matches!(line.get(start + 6), Some(b':' | b'='))
        {
            continue;
        }
        let rest = &line[start + 7..];
        let blanks = rest
            .iter()
            .take_while(|c| matches!(c, b' ' | b'\t'))
            .count();
        let rest = &rest[blanks..];
        let len = rest
            .iter()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
            .count();
        if len > 0 {
            return Some(normal_name(&String::from_utf8_lossy(&rest[..len])));
        }
    }
    None
}

/// Whether the search for a cookie goes on to the second line.
fn is_blank_or_comment(line: &[u8]) -> bool {
    line.iter()
        .find(|c| !matches!(c, b' ' | b'\t' | 0x0c))
        .is_none_or(|c| matches!(c, b'#' | b'\n' | b'\r'))
}

/// An error before the first token: line 0, no text.
pub fn init_error(message: String) -> SyntaxError {
    SyntaxError {
        finder: Finder::Decoder,
        lineno: Some(0),
        offset: Some(-1),
        ..SyntaxError::bare(ErrorKind::SyntaxError, message)
    }
}

/// CPython's message for bytes that are not UTF-8.
pub fn utf8_error_text(bytes: &[u8], at: usize, error_len: Option<usize>) -> String {
    let first = bytes.get(at).copied().unwrap_or(0);
    let (len, reason) = match error_len {
        None => (bytes.len() - at, "unexpected end of data"),
        Some(len) => {
            let starts = (0xc2..=0xf4).contains(&first);
            (
                len,
                if starts {
                    "invalid continuation byte"
                } else {
                    "invalid start byte"
                },
            )
        }
    };
    if len == 1 {
        format!("'utf-8' codec can't decode byte 0x{first:02x} in position {at}: {reason}")
    } else {
        format!(
            "'utf-8' codec can't decode bytes in position {at}-{}: {reason}",
            at + len - 1
        )
    }
}

/// The encoding that a cookie in the first two lines names.
pub fn declared_encoding(text: &[u8]) -> Option<String> {
    let mut lines = text.split_inclusive(|c| *c == b'\n');
    let first = lines.next()?.strip_suffix(b"\n")?;
    if let Some(name) = coding_spec(first) {
        return Some(name);
    }
    if !is_blank_or_comment(first) {
        return None;
    }
    coding_spec(lines.next().filter(|line| line.ends_with(b"\n"))?)
}

impl Source {
    /// Text that came as a string: cookies are ignored.
    pub fn from_text(text: &str, exec: bool) -> Result<Source, SyntaxError> {
        no_nulls(text.as_bytes())?;
        Ok(Source {
            text: translate_newlines(text.as_bytes(), exec),
            encoding: Some("utf-8".into()),
            raw: None,
            file: None,
            warning: None,
        })
    }

    /// Text that came as bytes, decoded as its cookie or mark says.
    pub fn from_bytes(
        bytes: &[u8],
        exec: bool,
        decoder: Option<Decoder<'_>>,
    ) -> Result<Source, SyntaxError> {
        no_nulls(bytes)?;
        let mut text = translate_newlines(bytes, exec);
        let marked = text.starts_with(b"\xef\xbb\xbf");
        if marked {
            text.drain(..3);
        }
        let Some(name) = declared_encoding(&text) else {
            return Ok(Source {
                text,
                encoding: marked.then(|| "utf-8".into()),
                raw: None,
                file: None,
                warning: None,
            });
        };
        let (mut raw, mut warning) = (None, None);
        if marked {
            if name != "utf-8" {
                return Err(init_error(format!("encoding problem: {name} with BOM")));
            }
        } else if name != "utf-8" {
            let mut decoded = decode_source(&name, &text, decoder)?.into_bytes();
            warning = decoding_warning(&name, &text);
            // CPython's tokenizer takes a character NUL for the end.
            decoded.truncate(memchr::memchr(0, &decoded).unwrap_or(decoded.len()));
            raw = Some(std::mem::replace(&mut text, decoded));
        }
        Ok(Source {
            text,
            encoding: Some(name),
            raw,
            file: None,
            warning,
        })
    }
}

/// The line of a file that CPython's compiler shows with an error.
pub fn line_of_file(bytes: &[u8], lineno: i32) -> Option<String> {
    String::from_utf8(bytes_of_line(bytes, lineno)?).ok()
}

/// The same as the bytes that the file has; CPython reads lines in pieces of 999 bytes.
pub fn bytes_of_line(bytes: &[u8], lineno: i32) -> Option<Vec<u8>> {
    const PIECE: usize = 999;
    let mut rest = bytes;
    for _ in 1..lineno {
        let end = memchr::memchr2(b'\n', b'\r', rest)?;
        let is_pair = rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n');
        rest = &rest[end + 1 + usize::from(is_pair)..];
    }
    if rest.is_empty() || lineno < 1 {
        return None;
    }
    let end = memchr::memchr2(b'\n', b'\r', rest);
    let mut line = rest[..end.unwrap_or(rest.len())].to_vec();
    if end.is_some() {
        line.push(b'\n');
    }
    if line.len() > PIECE {
        // What is shown is the last piece that was read of the line.
        let last = (line.len() - 1) / PIECE * PIECE;
        line.drain(..last);
    }
    Some(line)
}

fn no_nulls(bytes: &[u8]) -> Result<(), SyntaxError> {
    if memchr::memchr(0, bytes).is_none() {
        return Ok(());
    }
    Err(SyntaxError::bare(
        ErrorKind::SyntaxError,
        "source code string cannot contain null bytes",
    ))
}
