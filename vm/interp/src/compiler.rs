//! From source to code objects: the compiler's description, handed over as marshal bytes; its errors
//! as exceptions.

use crate::{marshal, report};
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
                // A deprecation is shown only where the warning's module is __main__; the
                // compiler's warnings name the file instead.
                if warning.kind == WarningKind::SyntaxWarning {
                    report::show_warning(
                        filename,
                        warning.lineno,
                        "SyntaxWarning",
                        &warning.message,
                    );
                }
            }
            Ok(bytes)
        }
        Err(error) => Err(raise(&error, filename)),
    }
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
