//! Syntax errors and warnings as data.

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
        }
    }
}

/// A rejected program: what `SyntaxError.args` would carry. Offsets are in characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: ErrorKind,
    pub message: String,
    pub lineno: i32,
    pub offset: i32,
    /// The line in error; `None` where CPython has `None`.
    pub text: Option<String>,
    pub end_lineno: i32,
    pub end_offset: i32,
    /// Whether the exception carries a place at all.
    pub has_location: bool,
    /// Whether the exception carries an end place.
    pub has_end: bool,
}

impl SyntaxError {
    pub fn bare(kind: ErrorKind, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            kind,
            message: message.into(),
            lineno: 0,
            offset: 0,
            text: None,
            end_lineno: 0,
            end_offset: 0,
            has_location: false,
            has_end: false,
        }
    }
}

/// The class of a warning that the parser or the compiler issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    SyntaxWarning,
    DeprecationWarning,
}

/// A warning with its line; who shows it, and whether it is an error, is the caller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    pub message: String,
    pub lineno: i32,
}
