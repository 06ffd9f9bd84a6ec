//! Tokens as text: one line each, with kind, place and what the source has there.

use std::fmt::Write;

use pyo3::ffi;

#[cfg(twinheap_raw_layout)]
use crate::object::take_exception;
use crate::object::{self, Object};
#[cfg(not(twinheap_raw_layout))]
use crate::script::Script;
use crate::tree::{number, quoted};

/// Asks this version of CPython for the tokens of a source, in the form of 3.11's C tokenizer.
#[cfg(twinheap_raw_layout)]
pub struct Tokenizer {
    /// `_tokenize.TokenizerIter`.
    iterator: Object,
    /// The names of the kinds of token.
    kinds: Vec<String>,
}

#[cfg(twinheap_raw_layout)]
impl Tokenizer {
    pub fn new() -> Result<Tokenizer, String> {
        let iterator = object::import("_tokenize")?
            .attribute(c"TokenizerIter")
            .ok_or("_tokenize has no TokenizerIter")?;
        let names = object::import("token")?
            .attribute(c"tok_name")
            .ok_or("token has no tok_name")?;
        let mut kinds = Vec::new();
        for number in 0_i64..100 {
            // SAFETY: the dict is alive; a key that is not there gives NULL without an error.
            let name = unsafe {
                let key = Object::take(ffi::PyLong_FromLongLong(number)).ok_or("no memory")?;
                Object::borrow(ffi::PyDict_GetItem(names.pointer(), key.pointer()))
            };
            match name.and_then(|name| name.text()) {
                Some(name) => kinds.push(name),
                None => break,
            }
        }
        Ok(Tokenizer { iterator, kinds })
    }

    /// The tokens; where the source has an error, up to that.
    pub fn tokens(&self, source: &str) -> Option<String> {
        if source.contains('\0') {
            return Some(NULL_BYTES.to_owned());
        }
        let iterator = self.iterator.call(&[&object::text(source)?])?;
        let mut text = String::with_capacity(source.len() * 8);
        loop {
            // SAFETY: the iterator is alive.
            let Some(token) = Object::take(unsafe { ffi::PyIter_Next(iterator.pointer()) }) else {
                break;
            };
            let item = |index| {
                // SAFETY: the token is a tuple that is alive; the item is borrowed.
                Object::borrow(unsafe { ffi::PyTuple_GetItem(token.pointer(), index) })
            };
            let kind = self.kinds.get(number(&item(1)?) as usize)?;
            let place = [item(2)?, item(4)?, item(3)?, item(5)?];
            write_token(kind, &place, &item(0)?, &mut text)?;
        }
        if let Some(error) = take_exception() {
            write_error(&error, &mut text)?;
        }
        Some(text)
    }
}

/// Asks this version of CPython for the tokens of a source, in the form of 3.11's C tokenizer.
#[cfg(not(twinheap_raw_layout))]
pub struct Tokenizer {
    script: Script,
}

#[cfg(not(twinheap_raw_layout))]
impl Tokenizer {
    pub fn new() -> Result<Tokenizer, String> {
        let script = Script::tokens()?;
        Ok(Tokenizer { script })
    }

    /// The tokens; where the source has an error, up to that.
    pub fn tokens(&self, source: &str) -> Option<String> {
        if source.contains('\0') {
            return Some(NULL_BYTES.to_owned());
        }
        let answer = self.script.function(c"tokens")?;
        let answer = answer.call(&[&object::text(source)?])?.items();
        let [lines, error] = answer.as_slice() else {
            return None;
        };
        let mut text = String::with_capacity(source.len() * 8);
        for line in lines.items() {
            let line = line.items();
            let place: [Object; 4] = line.get(1)?.items().try_into().ok()?;
            write_token(&line.first()?.text()?, &place, line.get(2)?, &mut text)?;
        }
        if !error.is_none() {
            write_error(error, &mut text)?;
        }
        Some(text)
    }
}

/// What is said of a source that the tokenizers are never asked about.
const NULL_BYTES: &str = "SyntaxError 'source code string cannot contain null bytes'\n";

/// One line; the place is line, column, end line and end column.
fn write_token(kind: &str, place: &[Object; 4], found: &Object, text: &mut String) -> Option<()> {
    let [line, column, end_line, end_column] = place.each_ref().map(number);
    write!(text, "{kind} {line}:{column}-{end_line}:{end_column} ").ok()?;
    quoted(found, text)?;
    text.push('\n');
    Some(())
}

fn write_error(error: &Object, text: &mut String) -> Option<()> {
    // SAFETY: the exception is alive.
    let class = Object::borrow(unsafe { ffi::Py_TYPE(error.pointer()) }.cast())?;
    let name = class.attribute(c"__name__")?.text()?;
    if name == "SyntaxError" {
        text.push_str("SyntaxError ");
        quoted(&error.attribute(c"msg")?, text)?;
    } else {
        text.push_str(&name);
    }
    text.push('\n');
    Some(())
}
