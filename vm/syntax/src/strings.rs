//! String literals: prefixes, escapes, concatenation, and the splitting of f-strings.

use std::rc::Rc;

use crate::ast::*;
use crate::error::{Warning, WarningKind};
use crate::names::Names;
use crate::parser::{Origin, Parser, tokenize};
use crate::token::Token;
use crate::{Flags, Mode};

/// How deep f-strings may nest inside each other's fields.
const MAX_FSTRING_DEPTH: u32 = 100;

/// What is wrong with a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StringError {
    /// A `SyntaxError` at the last token read, with this message.
    Message(String),
    /// A `SyntaxError` at a token.
    At { message: String, span: Span },
    /// A field of an f-string does not parse: its source between the brackets, and its place.
    Field { source: Vec<u8>, origin: Origin2 },
    /// Too deep for the fast parser.
    TooDeep,
}

/// The place of a field, comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin2 {
    pub lineno: i32,
    pub starting_lineno: i32,
    pub starting_col_offset: i32,
}

fn message<T>(text: impl Into<String>) -> Result<T, StringError> {
    Err(StringError::Message(text.into()))
}

/// What the concatenation of literals works with.
struct Context<'a> {
    source: &'a [u8],
    names: &'a mut Names,
    flags: &'a Flags,
    warnings: &'a mut Vec<Warning>,
    /// Whether escapes have been warned about before; what is in fields is warned about again.
    quiet: bool,
    depth: u32,
    scan: LineScan,
}

/// One literal without its prefix and quotes.
struct Literal<'a> {
    body: &'a [u8],
    /// Where `body` starts in the source.
    start: usize,
    bytes: bool,
    raw: bool,
    format: bool,
}

fn split_literal<'a>(source: &'a [u8], token: &Token) -> Literal<'a> {
    let text = &source[token.start as usize..token.end as usize];
    let mut literal = Literal {
        body: text,
        start: token.start as usize,
        bytes: false,
        raw: false,
        format: false,
    };
    let mut index = 0;
    loop {
        match text[index] {
            b'b' | b'B' => literal.bytes = true,
            b'r' | b'R' => literal.raw = true,
            b'f' | b'F' => literal.format = true,
            b'u' | b'U' => {}
            _ => break,
        }
        index += 1;
    }
    let quote = text[index];
    let triple = text.len() >= index + 6 && text[index + 1] == quote && text[index + 2] == quote;
    let width = if triple { 3 } else { 1 };
    literal.body = &text[index + width..text.len() - width];
    literal.start += index + width;
    literal
}

fn octal_escape(body: &[u8], at: usize) -> (u32, usize) {
    let mut value = 0;
    let mut index = at;
    while index < body.len() && index < at + 3 && (b'0'..=b'7').contains(&body[index]) {
        value = value * 8 + u32::from(body[index] - b'0');
        index += 1;
    }
    (value, index)
}

/// The escapes that stand for one ASCII character, alike in strings and bytes.
fn simple_escape(c: u8) -> Option<u8> {
    Some(match c {
        b'\\' => b'\\',
        b'\'' => b'\'',
        b'"' => b'"',
        b'b' => 8,
        b'f' => 0x0c,
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'v' => 0x0b,
        b'a' => 7,
        _ => return None,
    })
}

/// Appends a code point, surrogates included.
pub fn push_code(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xe0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 63) as u8,
            0x80 | (code & 63) as u8,
        ]),
    }
}

fn warn_invalid_escape(context: &mut Context<'_>, rest: &[u8], token: &Token) {
    if context.quiet {
        return;
    }
    let first = rest[0];
    let message = if (b'4'..=b'7').contains(&first) {
        format!(
            "invalid octal escape sequence '\\{}'",
            String::from_utf8_lossy(&rest[..rest.len().min(3)])
        )
    } else {
        format!("invalid escape sequence '\\{}'", first as char)
    };
    context.warnings.push(Warning {
        kind: WarningKind::DeprecationWarning,
        message,
        lineno: token.lineno,
        position: token.start as usize,
        in_field: false,
        span: None,
    });
}

fn decode_utf8_error(bytes: &[u8]) -> StringError {
    let error = std::str::from_utf8(bytes).err();
    let at = error.map_or(0, |error| error.valid_up_to());
    let len = error.and_then(|error| error.error_len());
    let text = crate::source::utf8_error_text(bytes, at, len);
    StringError::Message(format!("(unicode error) {text}"))
}

fn check_utf8(bytes: &[u8]) -> Result<(), StringError> {
    if std::str::from_utf8(bytes).is_ok() {
        Ok(())
    } else {
        Err(decode_utf8_error(bytes))
    }
}

/// The places of an escape in the text that CPython's unicode-escape decoder is given, where
/// every non-ASCII character has been written as a ten-character escape.
fn expanded_position(body: &[u8], end: usize) -> usize {
    let mut position = 0;
    let mut index = 0;
    while index < end {
        let c = body[index];
        if c == b'\\' {
            position += 1;
            index += 1;
            if index < body.len() && body[index] < 0x80 && index < end {
                position += 1;
                index += 1;
            } else if index >= body.len() || body[index] >= 0x80 {
                position += 5;
            }
        } else if c < 0x80 {
            position += 1;
            index += 1;
        } else {
            position += 10;
            index += 1;
            while index < body.len() && body[index] & 0xc0 == 0x80 {
                index += 1;
            }
        }
    }
    position
}

fn escape_error<T>(body: &[u8], start: usize, end: usize, reason: &str) -> Result<T, StringError> {
    let first = expanded_position(body, start);
    let last = expanded_position(body, end);
    let place = if last - 1 == first {
        format!("position {first}")
    } else {
        format!("position {first}-{}", last - 1)
    };
    let verb = if last - 1 == first {
        "byte 0x5c in "
    } else {
        "bytes in "
    };
    message(format!(
        "(unicode error) 'unicodeescape' codec can't decode {verb}{place}: {reason}"
    ))
}

fn hex_escape(
    body: &[u8],
    start: usize,
    digits: usize,
    reason: &str,
) -> Result<(u32, usize), StringError> {
    let first = start + 2;
    let mut value = 0_u32;
    for index in first..first + digits {
        match body.get(index).and_then(|c| (*c as char).to_digit(16)) {
            Some(digit) => value = value << 4 | digit,
            None => return escape_error(body, start, index.min(body.len()), reason),
        }
    }
    Ok((value, first + digits))
}

fn name_escape(body: &[u8], start: usize) -> Result<(u32, usize), StringError> {
    let malformed = "malformed \\N character escape";
    let mut index = start + 2;
    if body.get(index) != Some(&b'{') {
        return escape_error(body, start, index, malformed);
    }
    index += 1;
    let name_start = index;
    while index < body.len() && body[index] != b'}' {
        index += 1;
    }
    if index == name_start || index >= body.len() {
        let end = if index >= body.len() {
            body.len()
        } else {
            index
        };
        return escape_error(body, start, end, malformed);
    }
    let found = std::str::from_utf8(&body[name_start..index])
        .ok()
        .and_then(twinheap_ucd::lookup);
    match found {
        Some(code) => Ok((code, index + 1)),
        None => escape_error(body, start, index + 1, "unknown Unicode character name"),
    }
}

fn decode_string(
    context: &mut Context<'_>,
    body: &[u8],
    raw: bool,
    token: &Token,
) -> Result<Vec<u8>, StringError> {
    if raw {
        check_utf8(body)?;
        return Ok(body.to_vec());
    }
    // With escapes about, CPython decodes each run of non-ASCII bytes on its own.
    if std::str::from_utf8(body).is_err() {
        body.split(u8::is_ascii).try_for_each(check_utf8)?;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut first_invalid: Option<usize> = None;
    let mut index = 0;
    while let Some(offset) = memchr::memchr(b'\\', &body[index..]) {
        out.extend_from_slice(&body[index..index + offset]);
        let start = index + offset;
        let Some(c) = body.get(start + 1).copied() else {
            out.push(b'\\');
            index = start + 1;
            break;
        };
        index = start + 2;
        if let Some(value) = simple_escape(c) {
            out.push(value);
            continue;
        }
        let (code, next) = match c {
            b'\n' => continue,
            b'0'..=b'7' => {
                let (value, next) = octal_escape(body, start + 1);
                if value > 0o377 && first_invalid.is_none() {
                    first_invalid = Some(start + 1);
                }
                (value, next)
            }
            b'x' => hex_escape(body, start, 2, "truncated \\xXX escape")?,
            b'u' => hex_escape(body, start, 4, "truncated \\uXXXX escape")?,
            b'U' => {
                let (value, next) = hex_escape(body, start, 8, "truncated \\UXXXXXXXX escape")?;
                if value > 0x10_ffff {
                    return escape_error(body, start, next, "illegal Unicode character");
                }
                (value, next)
            }
            b'N' => name_escape(body, start)?,
            _ => {
                if first_invalid.is_none() {
                    first_invalid = Some(start + 1);
                }
                out.push(b'\\');
                index = start + 1;
                if c < 0x80 {
                    out.push(c);
                    index += 1;
                }
                continue;
            }
        };
        push_code(&mut out, code);
        index = next;
    }
    out.extend_from_slice(&body[index..]);
    if let Some(at) = first_invalid {
        // CPython writes a backslash before a non-ASCII character as an escape first, so none is invalid.
        let invalid = if body[at] < 0x80 {
            Some(at)
        } else {
            later_invalid(body, at)
        };
        if let Some(at) = invalid {
            warn_invalid_escape(context, &body[at..], token);
        }
    }
    Ok(out)
}

/// The first invalid escape from `at` on that is of an ASCII character.
fn later_invalid(body: &[u8], mut at: usize) -> Option<usize> {
    while let Some(offset) = memchr::memchr(b'\\', &body[at..]) {
        let next = at + offset + 1;
        let c = *body.get(next)?;
        let known = simple_escape(c).is_some()
            || matches!(c, b'\n' | b'0'..=b'7' | b'x' | b'u' | b'U' | b'N');
        let big_octal = matches!(c, b'4'..=b'7') && octal_escape(body, next).0 > 0o377;
        if c < 0x80 && (!known || big_octal) {
            return Some(next);
        }
        at = next + usize::from(c < 0x80);
    }
    None
}

fn decode_bytes(
    context: &mut Context<'_>,
    body: &[u8],
    raw: bool,
    token: &Token,
) -> Result<Vec<u8>, StringError> {
    if body.iter().any(|c| *c >= 0x80) {
        return Err(StringError::At {
            message: "bytes can only contain ASCII literal characters".into(),
            span: token_span(token, token),
        });
    }
    if raw || !body.contains(&b'\\') {
        return Ok(body.to_vec());
    }
    let mut out = Vec::with_capacity(body.len());
    let mut first_invalid: Option<usize> = None;
    let mut index = 0;
    while index < body.len() {
        if body[index] != b'\\' {
            out.push(body[index]);
            index += 1;
            continue;
        }
        let Some(c) = body.get(index + 1).copied() else {
            return message("(value error) Trailing \\ in string");
        };
        if let Some(value) = simple_escape(c) {
            out.push(value);
            index += 2;
            continue;
        }
        match c {
            b'\n' => index += 2,
            b'0'..=b'7' => {
                let (value, next) = octal_escape(body, index + 1);
                if value > 0o377 && first_invalid.is_none() {
                    first_invalid = Some(index + 1);
                }
                out.push(value as u8);
                index = next;
            }
            b'x' => {
                let digit = |at: usize| body.get(at).and_then(|c| (*c as char).to_digit(16));
                let (Some(high), Some(low)) = (digit(index + 2), digit(index + 3)) else {
                    return message(format!(
                        "(value error) invalid \\x escape at position {index}"
                    ));
                };
                out.push((high << 4 | low) as u8);
                index += 4;
            }
            _ => {
                if first_invalid.is_none() {
                    first_invalid = Some(index + 1);
                }
                out.push(b'\\');
                index += 1;
            }
        }
    }
    if let Some(at) = first_invalid {
        warn_invalid_escape(context, &body[at..], token);
    }
    Ok(out)
}

/// The f-string under construction: pieces so far, and literal text not yet made a piece.
#[derive(Default)]
struct Pieces {
    values: Vec<Expr>,
    text: Vec<u8>,
}

fn string_node(source: &[u8], text: &mut Vec<u8>, first: &Token, last: &Token) -> Expr {
    let value = Constant::Str(Rc::from(std::mem::take(text)));
    let kind = source[first.start as usize] == b'u';
    Expr {
        span: token_span(first, last),
        kind: ExprKind::Constant { value, kind },
    }
}

fn token_span(first: &Token, last: &Token) -> Span {
    Span {
        lineno: first.lineno,
        col_offset: first.col_offset,
        end_lineno: last.end_lineno,
        end_col_offset: last.end_col_offset,
    }
}

/// The tokens that give the parts of an f-string their places.
#[derive(Clone, Copy)]
struct Tokens<'a> {
    first: &'a Token,
    current: &'a Token,
    last: &'a Token,
}

/// Adjacent string tokens to one node.
pub fn concatenate_strings(
    source: &[u8],
    tokens: &[Token],
    names: &mut Names,
    flags: &Flags,
    warnings: &mut Vec<Warning>,
    quiet: bool,
    depth: u32,
) -> Result<Expr, StringError> {
    let mut context = Context {
        source,
        names,
        flags,
        warnings,
        quiet,
        depth,
        scan: LineScan::default(),
    };
    let (first, last) = (&tokens[0], &tokens[tokens.len() - 1]);
    let mut pieces = Pieces::default();
    let mut bytes_mode = false;
    let mut format_mode = false;
    for (index, token) in tokens.iter().enumerate() {
        let literal = split_literal(source, token);
        if literal.format && flags.feature_version < 6 {
            return message("Format strings are only supported in Python 3.6 and greater");
        }
        let mixes = index > 0 && literal.bytes != bytes_mode;
        let mixing = || message("cannot mix bytes and nonbytes literals");
        if literal.format {
            if mixes {
                return mixing();
            }
            format_mode = true;
            let end = literal.start + literal.body.len();
            let mut at = literal.start;
            let tokens = Tokens {
                first,
                current: token,
                last,
            };
            concatenate_fstring(
                &mut context,
                &mut pieces,
                &mut at,
                end,
                literal.raw,
                0,
                tokens,
            )?;
            continue;
        }
        let text = if literal.bytes {
            decode_bytes(&mut context, literal.body, literal.raw, token)?
        } else {
            // In an f-string CPython looks for escapes even where there is no backslash.
            let raw = literal.raw || memchr::memchr(b'\\', literal.body).is_none();
            decode_string(&mut context, literal.body, raw, token)?
        };
        if mixes {
            return mixing();
        }
        bytes_mode = literal.bytes;
        pieces.text.extend_from_slice(&text);
    }
    if bytes_mode {
        let value = Constant::Bytes(Rc::from(pieces.text));
        return Ok(Expr {
            span: token_span(first, last),
            kind: ExprKind::Constant { value, kind: false },
        });
    }
    Ok(finish(source, pieces, format_mode, first, last))
}

fn finish(
    source: &[u8],
    mut pieces: Pieces,
    format_mode: bool,
    first: &Token,
    last: &Token,
) -> Expr {
    if !format_mode {
        return string_node(source, &mut pieces.text, first, last);
    }
    if !pieces.text.is_empty() {
        let node = string_node(source, &mut pieces.text, first, last);
        pieces.values.push(node);
    }
    Expr {
        span: token_span(first, last),
        kind: ExprKind::JoinedStr(pieces.values),
    }
}

fn concatenate_fstring(
    context: &mut Context<'_>,
    pieces: &mut Pieces,
    at: &mut usize,
    end: usize,
    raw: bool,
    level: u32,
    tokens: Tokens<'_>,
) -> Result<(), StringError> {
    loop {
        let doubled = fstring_literal(context, pieces, at, end, raw, level, tokens.current)?;
        if doubled {
            continue;
        }
        if *at >= end || context.source[*at] == b'}' {
            break;
        }
        let (field, text) = fstring_field(context, at, end, raw, level, tokens)?;
        if let Some(text) = text {
            pieces.text.extend_from_slice(&text);
        }
        if !pieces.text.is_empty() {
            let node = string_node(context.source, &mut pieces.text, tokens.first, tokens.last);
            pieces.values.push(node);
        }
        pieces.values.push(field);
    }
    if level == 0 && *at + 1 < end {
        return message("f-string: unexpected end of string");
    }
    if level != 0 && context.source.get(*at) != Some(&b'}') {
        return message("f-string: expecting '}'");
    }
    Ok(())
}

/// Reads literal text up to a field or the end; true after a doubled bracket, when there is more to read.
fn fstring_literal(
    context: &mut Context<'_>,
    pieces: &mut Pieces,
    at: &mut usize,
    end: usize,
    raw: bool,
    level: u32,
    token: &Token,
) -> Result<bool, StringError> {
    let source = context.source;
    let start = *at;
    let mut s = start;
    let mut doubled = false;
    let mut resume = None;
    while s < end {
        let mut c = source[s];
        s += 1;
        if !raw && c == b'\\' && s < end {
            c = source[s];
            s += 1;
            if c == b'N' {
                if s < end {
                    let bracket = source[s] == b'{';
                    s += 1;
                    if bracket {
                        while s < end {
                            s += 1;
                            if source[s - 1] == b'}' {
                                break;
                            }
                        }
                    }
                }
                continue;
            }
            if c == b'{' {
                warn_invalid_escape(context, &source[s - 1..], token);
            }
        }
        if c == b'{' || c == b'}' {
            if level == 0 {
                if s < end && source[s] == c {
                    resume = Some(s + 1);
                    doubled = true;
                    break;
                }
                if c == b'}' {
                    *at = s - 1;
                    return message("f-string: single '}' is not allowed");
                }
            }
            s -= 1;
            break;
        }
    }
    *at = resume.unwrap_or(s);
    if start != s {
        let text = decode_string(context, &source[start..s], raw, token)?;
        pieces.text.extend_from_slice(&text);
    }
    Ok(doubled)
}

/// Finds the end of the expression of a field; every mistake that hides the end is reported.
fn field_end(source: &[u8], start: usize, end: usize) -> Result<usize, (usize, String)> {
    let mut quote: Option<(u8, bool)> = None;
    let mut brackets: Vec<u8> = Vec::new();
    let mut at = start;
    let starts_triple =
        |at: usize, c: u8| at + 2 < end && source[at + 1] == c && source[at + 2] == c;
    while at < end {
        let c = source[at];
        if c == b'\\' {
            return Err((
                at,
                "f-string expression part cannot include a backslash".into(),
            ));
        }
        if let Some((mark, triple)) = quote {
            if c == mark && (!triple || starts_triple(at, c)) {
                at += if triple { 2 } else { 0 };
                quote = None;
            }
        } else if c == b'\'' || c == b'"' {
            let triple = starts_triple(at, c);
            at += if triple { 2 } else { 0 };
            quote = Some((c, triple));
        } else if matches!(c, b'[' | b'{' | b'(') {
            if brackets.len() >= crate::tokenizer::MAX_LEVEL {
                return Err((at, "f-string: too many nested parenthesis".into()));
            }
            brackets.push(c);
        } else if c == b'#' {
            return Err((at, "f-string expression part cannot include '#'".into()));
        } else if brackets.is_empty() && matches!(c, b'!' | b':' | b'}' | b'=' | b'>' | b'<') {
            let doubled =
                at + 1 < end && source[at + 1] == b'=' && matches!(c, b'!' | b'=' | b'<' | b'>');
            if doubled {
                at += 1;
            } else if !matches!(c, b'>' | b'<') {
                break;
            }
        } else if matches!(c, b']' | b'}' | b')') {
            let Some(opening) = brackets.pop() else {
                return Err((at, format!("f-string: unmatched '{}'", c as char)));
            };
            if !matches!((opening, c), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
                let text = format!(
                    "f-string: closing parenthesis '{}' does not match opening parenthesis '{}'",
                    c as char, opening as char
                );
                return Err((at, text));
            }
        }
        at += 1;
    }
    if quote.is_some() {
        return Err((at, "f-string: unterminated string".into()));
    }
    if let Some(opening) = brackets.last() {
        return Err((at, format!("f-string: unmatched '{}'", *opening as char)));
    }
    if at >= end {
        return Err((at, "f-string: expecting '}'".into()));
    }
    Ok(at)
}

fn fstring_field(
    context: &mut Context<'_>,
    at: &mut usize,
    end: usize,
    raw: bool,
    level: u32,
    tokens: Tokens<'_>,
) -> Result<(Expr, Option<Vec<u8>>), StringError> {
    let source = context.source;
    let unexpected_end = || message("f-string: expecting '}'");
    if level >= 2 {
        return message("f-string: expressions nested too deeply");
    }
    let start = *at + 1;
    let stop = field_end(source, start, end).or_else(|(_, text)| message(text))?;
    let value = field_expression(context, start, stop, tokens.current)?;
    *at = stop;
    let mut text = None;
    if source[*at] == b'=' {
        if context.flags.feature_version < 8 {
            return message(
                "f-string: self documenting expressions are only supported in Python 3.8 and greater",
            );
        }
        *at += 1;
        while matches!(source[*at], b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) {
            *at += 1;
        }
        if *at >= end {
            return unexpected_end();
        }
        check_utf8(&source[start..*at])?;
        text = Some(source[start..*at].to_vec());
    }
    let mut conversion = -1;
    if source[*at] == b'!' {
        *at += 1;
        if *at >= end {
            return unexpected_end();
        }
        conversion = i32::from(source[*at]);
        *at += 1;
        if !matches!(source[*at - 1], b's' | b'r' | b'a') {
            return message("f-string: invalid conversion character: expected 's', 'r', or 'a'");
        }
    }
    if *at >= end {
        return unexpected_end();
    }
    let mut format_spec = None;
    if source[*at] == b':' {
        *at += 1;
        if *at >= end {
            return unexpected_end();
        }
        let mut pieces = Pieces::default();
        concatenate_fstring(context, &mut pieces, at, end, raw, level + 1, tokens)?;
        format_spec = Some(finish(source, pieces, true, tokens.current, tokens.current));
    }
    if *at >= end || source[*at] != b'}' {
        return unexpected_end();
    }
    *at += 1;
    if text.is_some() && format_spec.is_none() && conversion == -1 {
        conversion = i32::from(b'r');
    }
    let kind = ExprKind::FormattedValue(Box::new(FormattedValue {
        value,
        conversion,
        format_spec,
    }));
    Ok((
        Expr {
            span: token_span(tokens.first, tokens.last),
            kind,
        },
        text,
    ))
}

/// The newlines between the start of a token and the last bracket that was looked at.
#[derive(Clone, Copy, Debug, Default)]
struct LineScan {
    token_start: usize,
    scanned: usize,
    lines: i32,
    last_newline: Option<usize>,
}

impl LineScan {
    /// Reads on to `bracket`, from where the last search ended if it was in the same token.
    fn advance(&mut self, source: &[u8], token_start: usize, bracket: usize) {
        if self.token_start != token_start || self.scanned > bracket || self.scanned < token_start {
            *self = LineScan {
                token_start,
                scanned: token_start,
                lines: 0,
                last_newline: None,
            };
        }
        for offset in memchr::memchr_iter(b'\n', &source[self.scanned..bracket]) {
            self.lines += 1;
            self.last_newline = Some(self.scanned + offset);
        }
        self.scanned = bracket;
    }
}

/// Lines and columns from the start of the token to the opening bracket of a field.
fn field_location(context: &mut Context<'_>, token: &Token, bracket: usize) -> (i32, i32) {
    let source = context.source;
    let token_start = token.start as usize;
    context.scan.advance(source, token_start, bracket);
    let newline_after_bracket = source[bracket + 1..]
        .iter()
        .find(|c| !matches!(c, b' ' | b'\t' | 0x0c))
        .is_none_or(|c| matches!(c, b'}' | b'\n'));
    let mut columns = 0;
    if !newline_after_bracket {
        columns = match context.scan.last_newline {
            Some(newline) => (bracket - newline) as i32 - 1,
            None => (bracket - token_start) as i32,
        };
    }
    (context.scan.lines, columns)
}

fn field_expression(
    context: &mut Context<'_>,
    start: usize,
    stop: usize,
    token: &Token,
) -> Result<Expr, StringError> {
    let source = context.source;
    if source[start..stop]
        .iter()
        .all(|c| matches!(c, b' ' | b'\t' | b'\n' | 0x0c))
    {
        let c = source[stop] as char;
        if matches!(c, '!' | ':' | '=') {
            return message(format!("f-string: expression required before '{c}'"));
        }
        return message("f-string: empty expression not allowed");
    }
    let mut text = Vec::with_capacity(stop - start + 3);
    text.push(b'(');
    text.extend_from_slice(&source[start..stop]);
    text.push(b')');
    text.push(b'\n');
    let (lines, columns) = field_location(context, token, start - 1);
    let origin = Origin {
        lineno: token.lineno + lines - 1,
        starting_lineno: token.lineno + lines,
        starting_col_offset: if lines != 0 {
            columns
        } else {
            token.col_offset + columns
        },
    };
    if context.depth >= MAX_FSTRING_DEPTH {
        return Err(StringError::TooDeep);
    }
    parse_field(context, &text, origin, token).ok_or({
        let Origin {
            lineno,
            starting_lineno,
            starting_col_offset,
        } = origin;
        StringError::Field {
            source: text,
            origin: Origin2 {
                lineno,
                starting_lineno,
                starting_col_offset,
            },
        }
    })
}

fn parse_field(
    context: &mut Context<'_>,
    text: &[u8],
    origin: Origin,
    token: &Token,
) -> Option<Expr> {
    let stream = tokenize(text, context.names, Mode::Exec, context.flags, origin).ok()?;
    let mut parser = Parser::new(text, stream, context.names, context.flags);
    let value = parser.parse_field().ok()?;
    let mut warnings = std::mem::take(&mut parser.warnings);
    warnings.sort_by_key(|warning| warning.position);
    for warning in &mut warnings {
        warning.position = token.start as usize;
        warning.in_field = true;
    }
    context.warnings.extend(warnings);
    Some(value)
}
