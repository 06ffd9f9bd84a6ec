//! From source to code objects: the compiler's description, handed over as marshal bytes; its errors
//! as exceptions.

use crate::{marshal, warnings_module};
use twinheap_abi::*;
use twinheap_compile::{Options, compile_source};
use twinheap_objects::errors::{self, PyResult, Raised};
use twinheap_objects::exceptions::*;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::{call, long, object, tuple, unicode};
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError, Warning, WarningKind};
use twinheap_syntax::source::{Source, declared_encoding, line_of_file};
use twinheap_syntax::{Flags, Mode};

/// What is compiled: bytes whose encoding a cookie may name, or a str.
#[derive(Clone, Copy)]
enum Input<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
}

/// What is compiled, and how.
struct Job<'a> {
    input: Input<'a>,
    filename: &'a str,
    /// The str that the program named the file by.
    filename_object: Option<&'a PyObject>,
    mode: Mode,
    optimize: u32,
}

/// Compiles the bytes of a source; `optimize` is 0, 1 or 2.
pub fn compile(source: &[u8], filename: &str, mode: Mode, optimize: u32) -> PyResult {
    marshal::loads_compiled(&compile_to_marshal(source, filename, mode, optimize)?, None)
}

/// Compiles what a program gives: a source that is a str, in which cookies mean nothing, or bytes.
pub fn compile_named(
    source: Result<&str, &[u8]>,
    filename: &PyASCIIObject,
    mode: Mode,
    optimize: u32,
) -> PyResult {
    let job = Job {
        input: source.map_or_else(Input::Bytes, Input::Text),
        filename: &unicode::to_string_lossy(filename),
        filename_object: Some(filename.as_object()),
        mode,
        optimize,
    };
    marshal::loads_compiled(&job.run()?, Some(filename.as_object()))
}

/// The same as marshal bytes. Warnings are shown.
pub fn compile_to_marshal(
    source: &[u8],
    filename: &str,
    mode: Mode,
    optimize: u32,
) -> PyResult<Vec<u8>> {
    let job = Job {
        input: Input::Bytes(source),
        filename,
        filename_object: None,
        mode,
        optimize,
    };
    job.run()
}

impl Job<'_> {
    fn options(&self) -> Options<'_> {
        Options::new(self.filename, self.optimize)
    }

    /// The code as marshal bytes. What is warned about comes before an error.
    fn run(&self) -> PyResult<Vec<u8>> {
        let (flags, options) = (Flags::default(), self.options());
        let compiled = match self.input {
            Input::Bytes(bytes) => compile_source(bytes, self.mode, &flags, &options, None),
            Input::Text(text) => twinheap_compile::compile_text(text, self.mode, &flags, &options),
        };
        let (warnings, outcome) = match compiled {
            Ok((bytes, warnings)) => (warnings, Ok(bytes)),
            Err(error) => (error.warnings.clone(), Err(error)),
        };
        for (number, warning) in warnings.iter().enumerate() {
            self.warn(number, warning)?;
        }
        outcome.map_err(|error| raise(&error, self.filename, self.filename_object))
    }

    /// Gives a warning of the compiler; one that the program has made an error is a SyntaxError.
    fn warn(&self, number: usize, warning: &Warning) -> PyResult<()> {
        let category = match warning.kind {
            WarningKind::SyntaxWarning => &PyExc_SyntaxWarning,
            WarningKind::DeprecationWarning => &PyExc_DeprecationWarning,
            WarningKind::Decoding => return self.warn_while_decoding(warning),
        };
        match warnings_module::give_explicitly(
            category,
            &warning.message,
            self.filename,
            warning.lineno,
        ) {
            Err(raised) if errors::matches(category) => {
                errors::discard(raised);
                Err(self.raise_warning(number, warning))
            }
            given => given,
        }
    }

    /// Raises what a warning is as an error, where the parser or the compiler found it.
    fn raise_warning(&self, number: usize, warning: &Warning) -> Raised {
        let is_module = self.mode == Mode::Exec;
        let source = match self.input {
            Input::Bytes(bytes) => Source::from_bytes(bytes, is_module, None),
            Input::Text(text) => Source::from_text(text, is_module),
        };
        let error = match source {
            Ok(source) => {
                let (flags, options) = (Flags::default(), self.options());
                let which = (number, warning);
                twinheap_compile::error_of_warning(source, self.mode, &flags, &options, which)
            }
            Err(error) => error,
        };
        raise(&error, self.filename, self.filename_object)
    }

    /// Gives the warning of the codec that decodes the source. One that the program has made an error comes out
    /// as the codec's failure.
    fn warn_while_decoding(&self, warning: &Warning) -> PyResult<()> {
        let category = &PyExc_DeprecationWarning;
        let message = unicode::from_str(&warning.message)?;
        match warnings_module::give_from_native(category, message.as_object(), 1, None) {
            Err(raised) if errors::matches(category) => {
                errors::discard(raised);
                let codec = match self.input {
                    Input::Bytes(bytes) => declared_encoding(bytes),
                    Input::Text(_) => None,
                };
                let codec = codec.unwrap_or_else(|| "unicode_escape".into());
                let reason = format!("DeprecationWarning: {}", warning.message);
                let message = format!("decoding with '{codec}' codec failed ({reason})");
                Err(errors::raise(category, &message))
            }
            given => given,
        }
    }
}

/// Raises what the parser or the compiler found.
fn raise(error: &SyntaxError, filename: &str, filename_object: Option<&PyObject>) -> Raised {
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
    match syntax_error(type_, error, filename, filename_object) {
        Ok(made) => errors::raise_object(type_, Some(made)),
        Err(raised) => raised,
    }
}

fn syntax_error(
    type_: &PyTypeObject,
    error: &SyntaxError,
    filename: &str,
    filename_object: Option<&PyObject>,
) -> PyResult {
    let number = |value: Option<i32>| -> PyResult {
        match value {
            Some(value) => Ok(long::from_i64(i64::from(value))?.upcast()),
            None => Ok(none()),
        }
    };
    let file = match filename_object {
        Some(file) => Own::new(file),
        None => unicode::from_str(filename)?.upcast(),
    };
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
