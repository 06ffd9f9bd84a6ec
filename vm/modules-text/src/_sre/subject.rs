//! What a pattern is matched against: the characters of a str, or the bytes of an exporter.

use super::pattern::PatternObject;
use twinheap_abi::*;
use twinheap_objects::buffer::{self, Buffer};
use twinheap_objects::errors::{self, PyResult, runtime_error, type_error};
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::own::Own;
use twinheap_objects::unicode::{self, Text};
use twinheap_objects::{bytes, with_characters};
use twinheap_sre::{Engine, EngineError, Mode, Outcome, Request};

/// A text to match, held for as long as the matching lasts.
pub(super) enum Subject<'a> {
    Str(&'a PyASCIIObject),
    Bytes(&'a PyObject, Buffer<'a>),
}

impl<'a> Subject<'a> {
    /// The text of an object.
    pub fn of(object: &'a PyObject) -> PyResult<Subject<'a>> {
        if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
            return Ok(Subject::Str(text));
        }
        if !buffer::is_exporter(object) {
            return Err(type_error(format_args!(
                "expected string or bytes-like object, got '{:.200}'",
                object.type_().name()
            )));
        }
        Ok(Subject::Bytes(object, Buffer::of(object)?))
    }

    /// The text of an object, for a pattern that must be of the same sort.
    pub fn for_pattern(pattern: &PatternObject, object: &'a PyObject) -> PyResult<Subject<'a>> {
        let subject = Subject::of(object)?;
        match (pattern.isbytes.get(), subject.is_bytes()) {
            (0, true) => Err(type_error(
                "cannot use a string pattern on a bytes-like object",
            )),
            (1, false) => Err(type_error(
                "cannot use a bytes pattern on a string-like object",
            )),
            _ => Ok(subject),
        }
    }

    pub fn is_bytes(&self) -> bool {
        matches!(self, Subject::Bytes(..))
    }

    pub fn length(&self) -> usize {
        match self {
            Subject::Str(text) => text.length.get() as usize,
            Subject::Bytes(_, buffer) => buffer.data().len(),
        }
    }

    /// Whether the character or byte occurs.
    pub fn contains(&self, character: u8) -> bool {
        match self {
            Subject::Str(text) => unicode::text(text).contains_character(u32::from(character)),
            Subject::Bytes(_, buffer) => buffer.data().contains(&character),
        }
    }

    /// A piece of the text; the whole of an exact str or bytes is the object itself.
    pub fn slice(&self, start: usize, end: usize) -> PyResult {
        let end = end.min(self.length());
        let start = start.min(end);
        let whole = start == 0 && end == self.length();
        match self {
            Subject::Str(text) if whole => unicode::result_unchanged(text),
            Subject::Str(text) => Ok(unicode::substring(text, start, end)?.upcast()),
            Subject::Bytes(object, _) if whole && object.is_exactly(&bytes::PyBytes_Type) => {
                Ok(Own::new(object))
            }
            Subject::Bytes(_, buffer) => {
                Ok(bytes::from_slice(&buffer.data()[start..end])?.upcast())
            }
        }
    }

    /// Runs a pattern over the text up to `end`.
    pub fn run(
        &self,
        pattern: &PatternObject,
        (start, end): (usize, usize),
        mode: Mode,
        must_advance: bool,
    ) -> PyResult<Option<Outcome>> {
        let mut engine = Engine::new(super::characters());
        let code = pattern.code_words();
        let outcome = match self {
            Subject::Str(text) => with_characters!(unicode::text(text), all => {
                engine.run(&Request { code, text: all, start, end, mode, must_advance })
            }),
            Subject::Bytes(_, buffer) => engine.run(&Request {
                code,
                text: buffer.data(),
                start,
                end,
                mode,
                must_advance,
            }),
        };
        outcome.map_err(|error| match error {
            EngineError::NoMemory => errors::no_memory(),
            EngineError::IllegalCode | EngineError::BadState => {
                runtime_error("internal error in regular expression engine")
            }
        })
    }
}

/// The bounds of a search, moved into the text.
pub(super) fn clip(pos: isize, endpos: isize, length: usize) -> (usize, usize) {
    let within = |position: isize| (position.max(0) as usize).min(length);
    (within(pos), within(endpos))
}

/// The characters of a str object, for a repr that is cut short.
pub(super) fn cut(text: &PyASCIIObject, most: usize) -> Text<'_> {
    let all = unicode::text(text);
    all.slice(0, all.len().min(most))
}
