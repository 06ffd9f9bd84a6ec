//! The tokens of a source as text, one on a line, in the form in which the oracle's are listed as well.

use std::fmt::Write;

use crate::dump::quote_into;
use crate::error::SyntaxError;
use crate::new_names;
use crate::parser::{Origin, place_token};
use crate::source::Source;
use crate::token::{KIND_NAMES, Tok};
use crate::tokenizer::Tokenizer;

/// The tokens up to the end or to the first error; an error that the tokenizer words itself is the last line.
pub fn list_tokens(source: &Source) -> String {
    let mut names = new_names();
    let mut tokenizer = Tokenizer::new(&source.text);
    let mut text = String::with_capacity(source.text.len() * 8);
    loop {
        let raw = tokenizer.next(&mut names);
        if raw.kind == Tok::EndMarker {
            break;
        }
        if raw.kind == Tok::Error {
            if let Some(error) = &tokenizer.error {
                text.push_str("SyntaxError ");
                quote_into(error.message.as_bytes(), &mut text);
                text.push('\n');
            }
            break;
        }
        let token = place_token(raw, &tokenizer, Origin::default());
        let is_keyword = token.kind as u8 > Tok::Error as u8;
        let kind = if is_keyword { Tok::Name } else { token.kind };
        let written = write!(
            text,
            "{} {}:{}-{}:{} ",
            KIND_NAMES[kind as usize],
            token.lineno,
            token.col_offset,
            token.end_lineno,
            token.end_col_offset
        );
        debug_assert!(written.is_ok(), "a String takes everything");
        let range = match (raw.start, raw.end) {
            (Some(start), Some(end)) => start..end,
            _ => 0..0,
        };
        quote_into(&source.text[range], &mut text);
        text.push('\n');
    }
    text
}

/// A rejected source as one line: the exception with everything that it carries.
pub fn rejection(error: &SyntaxError) -> String {
    let place = |value: Option<i32>| value.map_or("None".to_owned(), |value| value.to_string());
    let mut text = format!("rejected: {} ", error.kind.name());
    quote_into(error.message.as_bytes(), &mut text);
    let places = [
        error.lineno,
        error.offset,
        error.end_lineno,
        error.end_offset,
    ];
    for value in places {
        text.push(' ');
        text.push_str(&place(value));
    }
    text.push(' ');
    match &error.text {
        Some(line) => quote_into(line.as_bytes(), &mut text),
        None => text.push_str("None"),
    }
    text
}
