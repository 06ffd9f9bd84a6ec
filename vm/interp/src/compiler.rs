//! From source to code objects: the compiler's description, handed over as marshal bytes; its errors
//! as exceptions.

use crate::marshal;
use twinheap_abi::*;
use twinheap_compile::{Options, compile_source};
use twinheap_objects::errors::{self, PyResult, Raised};
use twinheap_objects::exceptions::*;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::{call, long, object, tuple, unicode};
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError, WarningKind};
use twinheap_syntax::source::line_of_file;
use twinheap_syntax::{Flags, Mode};

/// Compiles source text; `optimize` is 0, 1 or 2.
pub fn compile(source: &[u8], filename: &str, mode: Mode, optimize: u32) -> PyResult {
    marshal::loads_compiled(&compile_to_marshal(source, filename, mode, optimize)?)
}

/// The same as marshal bytes. Warnings are shown.
pub fn compile_to_marshal(
    source: &[u8],
    filename: &str,
    mode: Mode,
    optimize: u32,
) -> PyResult<Vec<u8>> {
    let options = Options::new(filename, optimize);
    match compile_source(source, mode, &Flags::default(), &options, None) {
        Ok((bytes, found)) => {
            for warning in found {
                warn(&warning, filename, source)?;
            }
            Ok(bytes)
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
    match crate::warnings_module::give_explicitly(
        category,
        &warning.message,
        filename,
        warning.lineno,
    ) {
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
    let file = unicode::from_str(filename)?.upcast();
    let message = unicode::from_str(&error.message)?;
    let text: Option<Own> = match shown_line(error, filename) {
        Some(text) => Some(unicode::from_str(&text)?.upcast()),
        None => None,
    };
    let place = [
        number(error.lineno)?,
        number(error.offset)?,
        number(error.end_lineno)?,
        number(error.end_offset)?,
    ];
    if error.finder == Finder::SymbolTable {
        let made = call::call(type_.as_object(), &[message.as_object()])?;
        let names = ["lineno", "offset", "end_lineno", "end_offset"];
        for (name, value) in names.iter().zip(&place) {
            set(&made, name, value)?;
        }
        set(&made, "filename", &file)?;
        if let Some(text) = text {
            set(&made, "text", &text)?;
        }
        return Ok(made);
    }
    let [lineno, offset, end_lineno, end_offset] = place;
    let mut details = vec![file, lineno, offset, text.unwrap_or_else(none)];
    if error.finder != Finder::Decoder {
        details.extend([end_lineno, end_offset]);
    }
    let details = tuple::from_vec(details)?;
    call::call(
        type_.as_object(),
        &[message.as_object(), details.as_object()],
    )
}

fn set(object: &PyObject, name: &str, value: &PyObject) -> PyResult<()> {
    let name = unicode::intern(unicode::from_str(name)?);
    object::set_attr(object, name.as_object(), Some(value))
}

/// The line that goes with an error: the parser has it, for the compiler it is read from the file.
fn shown_line(error: &SyntaxError, filename: &str) -> Option<String> {
    match error.finder {
        Finder::Parser | Finder::Decoder => error.text.clone(),
        Finder::SymbolTable | Finder::Compiler => {
            let bytes = std::fs::read(filename).ok()?;
            line_of_file(&bytes, error.lineno?)
        }
    }
}
