//! Syntax errors and warnings as data.

use crate::ast::Span;

/// Which exception a failed parse raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    SyntaxError,
    IndentationError,
    TabError,
    MemoryError,
    OverflowError,
    RecursionError,
    ValueError,
    LookupError,
    SystemError,
    UnicodeDecodeError,
}

impl ErrorKind {
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::SyntaxError => "SyntaxError",
            ErrorKind::IndentationError => "IndentationError",
            ErrorKind::TabError => "TabError",
            ErrorKind::MemoryError => "MemoryError",
            ErrorKind::OverflowError => "OverflowError",
            ErrorKind::RecursionError => "RecursionError",
            ErrorKind::ValueError => "ValueError",
            ErrorKind::LookupError => "LookupError",
            ErrorKind::SystemError => "SystemError",
            ErrorKind::UnicodeDecodeError => "UnicodeDecodeError",
        }
    }
}

/// Who found the error, which decides how the exception is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finder {
    /// The exception's arguments are the message and all details.
    Parser,
    /// The source could not be decoded: the details lack the end.
    Decoder,
    /// The exception has its message as its one argument, and the details as attributes.
    SymbolTable,
    /// Like the parser's, with the line's text read from the file.
    Compiler,
}

/// A rejected program: what `SyntaxError.args` would carry. `None` stands for Python's `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: ErrorKind,
    pub finder: Finder,
    pub message: String,
    pub lineno: Option<i32>,
    pub offset: Option<i32>,
    pub text: Option<String>,
    pub end_lineno: Option<i32>,
    pub end_offset: Option<i32>,
    /// What was warned about before the error was found, in order.
    pub warnings: Vec<Warning>,
}

impl SyntaxError {
    /// An error without a place.
    pub fn bare(kind: ErrorKind, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            kind,
            finder: Finder::Parser,
            message: message.into(),
            lineno: None,
            offset: None,
            text: None,
            end_lineno: None,
            end_offset: None,
            warnings: Vec::new(),
        }
    }
}

/// The class of a warning that the parser or the compiler issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    SyntaxWarning,
    DeprecationWarning,
    /// A `DeprecationWarning` of the codec that decodes the source: it arises where the caller is, not in the source.
    /// If the program makes it an error, that names the codec and is no `SyntaxError`.
    Decoding,
}

/// A warning with its line; who shows it, and whether it is an error, is the caller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    pub message: String,
    pub lineno: i32,
    /// Where in the source it arose, to put the parser's warnings in order.
    pub position: usize,
    /// Whether it arose in a field of an f-string, which CPython's parser reads as a source of its own.
    pub in_field: bool,
    /// What it is about, if the code generator warns.
    pub span: Option<Span>,
}
