//! From source to code objects: the compiler's description, handed over as marshal bytes; its errors
//! as exceptions.

use crate::{marshal, trees, warnings_module};
use std::cell::Cell;
use twinheap_abi::*;
use twinheap_compile::Options;
use twinheap_objects::errors::{self, PyResult, Raised};
use twinheap_objects::exceptions::*;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::state::{Global, tstate};
use twinheap_objects::{call, long, memory, object, tuple, unicode};
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError, Warning, WarningKind};
use twinheap_syntax::source::{Source, declared_encoding, line_of_file};
use twinheap_syntax::{Ast, Flags, Mode};

/// What is compiled: bytes whose encoding a cookie may name, or a str, in which cookies mean nothing.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
}

/// What is compiled, and how.
#[derive(Clone)]
pub struct Job<'a> {
    pub input: Input<'a>,
    pub filename: &'a str,
    /// The str that the program named the file by.
    pub filename_object: Option<&'a PyObject>,
    pub mode: Mode,
    /// 0, 1 or 2.
    pub optimize: u32,
    /// The flags of `compile()`, future features among them.
    pub flags: i32,
    /// The minor version whose syntax is accepted, where it is not the VM's own.
    pub feature_version: Option<u32>,
}

/// `PyCF_*`, as far as the parser knows them.
pub mod flag {
    pub const DONT_IMPLY_DEDENT: i32 = 0x200;
    pub const ONLY_AST: i32 = 0x400;
    pub const TYPE_COMMENTS: i32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: i32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: i32 = 0x4000;
    pub const BARRY_AS_BDFL: i32 = 0x40_0000;
    /// `PyCF_MASK`: the features of `__future__`, which code passes on to what it compiles.
    pub const FEATURES: i32 = 0x1fe_0000;
    /// `PyCF_MASK_OBSOLETE`: nested scopes.
    pub const OBSOLETE: i32 = 0x10;
    /// `PyCF_COMPILE_MASK`.
    pub const COMPILE: i32 = DONT_IMPLY_DEDENT
        | ONLY_AST
        | TYPE_COMMENTS
        | ALLOW_TOP_LEVEL_AWAIT
        | ALLOW_INCOMPLETE_INPUT;
}

/// What `-O` asks for: the level of optimisation where none is named.
static DEFAULT_OPTIMIZE: Global<Cell<u32>> = Global(Cell::new(0));

/// The level of optimisation where none is named: 0, 1 or 2.
pub fn default_optimize() -> u32 {
    DEFAULT_OPTIMIZE.get()
}

/// Sets the level of optimisation where none is named: 0, 1 or 2.
pub fn set_default_optimize(level: u32) {
    DEFAULT_OPTIMIZE.set(level);
}

/// How deep a walk over a tree begins, and how deep it may go: three nodes for a frame
/// (`COMPILER_STACK_FRAME_SCALE`).
pub fn nesting() -> (i32, i32) {
    const FRAME_SCALE: i32 = 3;
    let thread = tstate();
    let limit = thread.recursion_limit.get();
    let depth = limit - thread.recursion_remaining.get();
    (
        depth.saturating_mul(FRAME_SCALE),
        limit.saturating_mul(FRAME_SCALE),
    )
}

/// Compiles the bytes of a source, optimised as the command line asks for.
pub fn compile(source: &[u8], filename: &str, mode: Mode) -> PyResult {
    let compiled = compile_to_marshal(source, filename, mode, default_optimize())?;
    marshal::loads_compiled(&compiled, None)
}

/// The same as marshal bytes; `optimize` is 0, 1 or 2. Warnings are shown.
pub fn compile_to_marshal(
    source: &[u8],
    filename: &str,
    mode: Mode,
    optimize: u32,
) -> PyResult<Vec<u8>> {
    let job = Job {
        optimize,
        ..Job::new(Input::Bytes(source), filename, mode)
    };
    job.to_marshal()
}

impl<'a> Job<'a> {
    /// Without flags, optimised as the command line asks for.
    pub fn new(input: Input<'a>, filename: &'a str, mode: Mode) -> Job<'a> {
        Job {
            input,
            filename,
            filename_object: None,
            mode,
            optimize: default_optimize(),
            flags: 0,
            feature_version: None,
        }
    }

    fn options(&self) -> Options<'_> {
        let (depth, limit) = nesting();
        // However high the limit, what the stack holds is deep enough.
        const BYTES_A_NODE: usize = 4096;
        let room = twinheap_objects::stack::left(tstate()) / BYTES_A_NODE;
        let most = i32::try_from(room).unwrap_or(i32::MAX);
        Options {
            flags: self.flags,
            depth_limit: limit.min(most),
            depth,
            ..Options::new(self.filename, self.optimize)
        }
    }

    /// What the flags mean to the parser.
    fn parser_flags(&self) -> Flags {
        let has = |flag: i32| self.flags & flag != 0;
        let own = Flags::default();
        Flags {
            type_comments: has(flag::TYPE_COMMENTS),
            feature_version: self.feature_version.unwrap_or(own.feature_version),
            barry_as_bdfl: has(flag::BARRY_AS_BDFL),
            dont_imply_dedent: has(flag::DONT_IMPLY_DEDENT),
            allow_incomplete_input: has(flag::ALLOW_INCOMPLETE_INPUT),
        }
    }

    fn parse(&self) -> Result<Ast, Box<SyntaxError>> {
        let flags = self.parser_flags();
        match self.input {
            Input::Bytes(bytes) => {
                twinheap_compile::parse_bytes(bytes, self.mode, &flags, self.filename, None)
            }
            Input::Text(text) => {
                twinheap_compile::parse_text(text, self.mode, &flags, self.filename)
            }
        }
    }

    /// Raises `MemoryError` where the tree and the code of a large source would not find room. Their
    /// parts are many small blocks, which are not checked one by one.
    fn probe(&self) -> PyResult<()> {
        // Measured: 36 bytes a byte for a list of digits, 90 for lines of one name.
        const BYTES_PER_BYTE: usize = 128;
        let length = match self.input {
            Input::Bytes(bytes) => bytes.len(),
            Input::Text(text) => text.len(),
        };
        memory::probe(length.saturating_mul(BYTES_PER_BYTE))
    }

    /// The code object.
    pub fn code(&self) -> PyResult {
        marshal::loads_compiled(&self.to_marshal()?, self.filename_object)
    }

    /// The tree as objects.
    pub fn tree(&self) -> PyResult {
        self.probe()?;
        let parsed = self.parse().map(|mut ast| {
            let warnings = std::mem::take(&mut ast.warnings);
            (ast, warnings)
        });
        trees::tree_object(&self.outcome(parsed)?)
    }

    /// The code object of a tree of `ast`, which takes the place of the source.
    pub fn code_of_tree(&self, node: &PyObject) -> PyResult {
        let ast = trees::read_tree(node, self.mode)?;
        trees::validate(&ast)?;
        let compiled = twinheap_compile::compile_to_marshal(ast, &self.options());
        marshal::loads_compiled(&self.outcome(compiled)?, self.filename_object)
    }

    /// The code as marshal bytes.
    fn to_marshal(&self) -> PyResult<Vec<u8>> {
        self.probe()?;
        let options = self.options();
        let compiled = self
            .parse()
            .and_then(|ast| twinheap_compile::compile_to_marshal(ast, &options));
        self.outcome(compiled)
    }

    /// What was made, or the error. What is warned about comes before it.
    fn outcome<T>(&self, made: Result<(T, Vec<Warning>), Box<SyntaxError>>) -> PyResult<T> {
        let (warnings, outcome) = match made {
            Ok((made, warnings)) => (warnings, Ok(made)),
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
                let (flags, options) = (self.parser_flags(), self.options());
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

/// Sets an attribute by a name that is interned.
pub fn set(object: &PyObject, name: &str, value: &PyObject) -> PyResult<()> {
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
