//! From source to code objects: the compiler's description, handed over as marshal bytes; its errors
//! as exceptions.

use crate::{marshal, report};
use twinheap_abi::*;
use twinheap_compile::{Options, compile_source};
use twinheap_objects::errors::{self, PyResult, Raised};
use twinheap_objects::exceptions::*;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::{call, long, tuple, unicode};
use twinheap_syntax::error::{ErrorKind, SyntaxError, WarningKind};
use twinheap_syntax::{Flags, Mode};

/// Compiles source text; `optimize` is 0, 1 or 2.
pub fn compile(source: &[u8], filename: &str, mode: Mode, optimize: u32) -> PyResult {
    let options = Options::new(filename, optimize);
    match compile_source(source, mode, &Flags::default(), &options, None) {
        Ok((bytes, found)) => {
            for warning in found {
                warn(&warning, filename, source)?;
            }
            marshal::loads_compiled(&bytes)
        }
        Err(error) => Err(raise(&error, filename)),
    }
}

/// Gives a warning of the compiler; one that the program has made an error is a SyntaxError.
fn warn(warning: &twinheap_syntax::error::Warning, filename: &str, source: &[u8]) -> PyResult<()> {
    let category = match warning.kind {
        WarningKind::SyntaxWarning => &PyExc_SyntaxWarning,
        _ => &PyExc_DeprecationWarning,
    };
    match report::warn_explicit(category, &warning.message, filename, warning.lineno) {
        Ok(()) => Ok(()),
        Err(raised) => {
            if !errors::matches(category) {
                return Err(raised);
            }
            errors::discard(raised);
            let (column, text) = place_of(warning, source);
            let details = tuple::from_vec(vec![
                unicode::from_str(filename)?.upcast(),
                long::from_i64(i64::from(warning.lineno))?.upcast(),
                long::from_usize(column)?,
                unicode::from_str(&text)?.upcast(),
            ])?;
            let message = unicode::from_str(&warning.message)?;
            let made = call::call(
                PyExc_SyntaxError.as_object(),
                &[message.as_object(), details.as_object()],
            )?;
            Err(errors::raise_object(&PyExc_SyntaxError, Some(made)))
        }
    }
}

/// The column of a warning, counted from 1, and its line.
fn place_of(warning: &twinheap_syntax::error::Warning, source: &[u8]) -> (usize, String) {
    let before: usize = source
        .split_inclusive(|byte| *byte == b'\n')
        .take((warning.lineno - 1).max(0) as usize)
        .map(<[u8]>::len)
        .sum();
    let line = source[before..]
        .split_inclusive(|byte| *byte == b'\n')
        .next()
        .unwrap_or(&[]);
    let column = warning
        .position
        .checked_sub(before)
        .filter(|column| *column <= line.len());
    (
        column.unwrap_or(0) + 1,
        String::from_utf8_lossy(line).into_owned(),
    )
}

/// Raises what the parser or the compiler found.
fn raise(error: &SyntaxError, filename: &str) -> Raised {
    let type_ = match error.kind {
        ErrorKind::SyntaxError => &PyExc_SyntaxError,
        ErrorKind::IndentationError => &PyExc_IndentationError,
        ErrorKind::TabError => &PyExc_TabError,
        ErrorKind::MemoryError => &PyExc_MemoryError,
        ErrorKind::OverflowError => &PyExc_OverflowError,
        ErrorKind::RecursionError => &PyExc_RecursionError,
        ErrorKind::ValueError => &PyExc_ValueError,
        ErrorKind::LookupError => &PyExc_LookupError,
        ErrorKind::SystemError => &PyExc_SystemError,
        ErrorKind::UnicodeDecodeError => &PyExc_UnicodeDecodeError,
    };
    let is_syntax = matches!(
        error.kind,
        ErrorKind::SyntaxError | ErrorKind::IndentationError | ErrorKind::TabError
    );
    if !is_syntax {
        return errors::raise(type_, &error.message);
    }
    match syntax_error(type_, error, filename) {
        Ok(made) => errors::raise_object(type_, Some(made)),
        Err(raised) => raised,
    }
}

fn syntax_error(type_: &PyTypeObject, error: &SyntaxError, filename: &str) -> PyResult {
    let number = |value: Option<i32>| -> PyResult {
        match value {
            Some(value) => Ok(long::from_i64(i64::from(value))?.upcast()),
            None => Ok(none()),
        }
    };
    let text: Own = match &error.text {
        Some(text) => unicode::from_str(text)?.upcast(),
        None => none(),
    };
    let details = tuple::from_vec(vec![
        unicode::from_str(filename)?.upcast(),
        number(error.lineno)?,
        number(error.offset)?,
        text,
        number(error.end_lineno)?,
        number(error.end_offset)?,
    ])?;
    let message = unicode::from_str(&error.message)?;
    call::call(
        type_.as_object(),
        &[message.as_object(), details.as_object()],
    )
}
