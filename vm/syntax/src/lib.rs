//! Tokenizer, parser, AST and syntax errors as data; no objects.
#![deny(unsafe_code)]

pub mod ast;
pub mod charmaps;
pub mod dump;
pub mod encodings;
pub mod error;
pub mod int;
pub mod listing;
pub mod names;
pub mod number;
pub mod parser;
pub mod peg;
pub mod source;
pub mod strings;
pub mod token;
pub mod tokenizer;
pub mod walk;

use error::{ErrorKind, SyntaxError, Warning};
use names::Names;
use source::{Decoder, Source};
use token::{KEYWORDS, known};

/// What the text is parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Exec,
    Eval,
    Single,
    FuncType,
}

/// What `compile()`'s flags mean to the parser.
#[derive(Clone, Debug)]
pub struct Flags {
    pub type_comments: bool,
    /// The minor version whose syntax is accepted.
    pub feature_version: u32,
    pub barry_as_bdfl: bool,
    pub dont_imply_dedent: bool,
    pub allow_incomplete_input: bool,
}

impl Default for Flags {
    fn default() -> Flags {
        Flags {
            type_comments: false,
            feature_version: 11,
            barry_as_bdfl: false,
            dont_imply_dedent: false,
            allow_incomplete_input: false,
        }
    }
}

impl Flags {
    /// Before 3.7, `async` and `await` are keywords only in asynchronous functions.
    pub fn async_hacks(&self) -> bool {
        self.feature_version < 7
    }
}

/// A tree, the names in it, and what the parser warned about.
#[derive(Debug)]
pub struct Ast {
    pub module: ast::Mod,
    pub names: Names,
    pub warnings: Vec<Warning>,
}

/// A names table that holds the keywords and the known names.
pub fn new_names() -> Names {
    let mut first: Vec<&str> = KEYWORDS.iter().map(|(text, _)| *text).collect();
    first.extend(known::TEXTS);
    Names::with(&first)
}

/// Parses the bytes of a file.
pub fn parse(
    bytes: &[u8],
    mode: Mode,
    flags: &Flags,
    decoder: Option<Decoder<'_>>,
) -> Result<Ast, SyntaxError> {
    let source = Source::from_bytes(bytes, mode == Mode::Exec, decoder)?;
    parse_source(&source, mode, flags)
}

/// Parses the bytes of a module that is compiled under a file's name. `read_file` is asked for that file if there
/// is an error, as CPython shows the file's line then, whether the source came from there or not.
pub fn parse_module(
    bytes: &[u8],
    flags: &Flags,
    decoder: Option<Decoder<'_>>,
    read_file: &dyn Fn() -> Option<Vec<u8>>,
) -> Result<Ast, SyntaxError> {
    let source = Source::from_bytes(bytes, true, decoder)?;
    parse_module_source(source, flags, read_file)
}

/// The same for text that is already decoded, in any mode: only modules show lines of their file.
pub fn parse_text(
    text: &str,
    mode: Mode,
    flags: &Flags,
    read_file: &dyn Fn() -> Option<Vec<u8>>,
) -> Result<Ast, SyntaxError> {
    let source = Source::from_text(text, mode == Mode::Exec)?;
    match mode {
        Mode::Exec => parse_module_source(source, flags, read_file),
        _ => parse_source(&source, mode, flags),
    }
}

fn parse_module_source(
    mut source: Source,
    flags: &Flags,
    read_file: &dyn Fn() -> Option<Vec<u8>>,
) -> Result<Ast, SyntaxError> {
    let error = match parse_source(&source, Mode::Exec, flags) {
        Ok(ast) => return Ok(ast),
        Err(error) => error,
    };
    let Some((lineno, file)) = error.lineno.zip(read_file()) else {
        return Err(error);
    };
    match source::line_of_file(&file, lineno) {
        Some(line) if Some(&line) == error.text.as_ref() => Err(error),
        _ => {
            // Columns are counted in the line that is shown, so the error is looked for once more.
            source.file = Some(file);
            parse_source(&source, Mode::Exec, flags)
        }
    }
}

/// Parses text that is already decoded; cookies are ignored.
pub fn parse_str(text: &str, mode: Mode, flags: &Flags) -> Result<Ast, SyntaxError> {
    let source = Source::from_text(text, mode == Mode::Exec)?;
    parse_source(&source, mode, flags)
}

/// The error that a source has whose warning of this number, counted over the parser's warnings, is made an error.
/// `read_file` is asked for the file of a module, as errors show its lines.
pub fn error_of_warning(
    mut source: Source,
    mode: Mode,
    flags: &Flags,
    number: usize,
    read_file: &dyn Fn() -> Option<Vec<u8>>,
) -> Option<SyntaxError> {
    let number = number.checked_sub(usize::from(source.warning.is_some()))?;
    let error = peg::find_fatal_warning(&source, mode, flags, number)?;
    if mode != Mode::Exec {
        return Some(error);
    }
    source.file = read_file();
    match source.file {
        Some(_) => peg::find_fatal_warning(&source, mode, flags, number),
        None => Some(error),
    }
}

/// Beyond this depth CPython's parser may have run out of its own stack.
const DEPTH_TO_CHECK: u32 = 400;

/// Why the fast parser has no tree.
struct NoTree {
    /// The error, where it is known already.
    error: Option<SyntaxError>,
    too_deep: bool,
    /// The statements that are right all the same: their first tokens, and those after them.
    sound: Vec<(u32, u32)>,
    /// What the strings in those are warned for.
    warnings: Vec<Warning>,
    /// The memory of the tokens, to be used again.
    tokens: Vec<token::Token>,
}

pub fn parse_source(source: &Source, mode: Mode, flags: &Flags) -> Result<Ast, SyntaxError> {
    let mut names = new_names();
    let before = source.warning.iter().cloned();
    match parse_fast(source, mode, flags, &mut names) {
        Ok((module, mut warnings)) => {
            warnings.splice(..0, before);
            Ok(Ast {
                module,
                names,
                warnings,
            })
        }
        Err(reason) => {
            let mut error = reason.into_error(source, mode, flags);
            error.warnings.splice(..0, before);
            Err(error)
        }
    }
}

impl NoTree {
    /// The error, looked for by the careful parser if it is not known.
    fn into_error(self, source: &Source, mode: Mode, flags: &Flags) -> SyntaxError {
        let found = self.error.or_else(|| {
            peg::find_error(
                source,
                mode,
                flags,
                &self.sound,
                &self.warnings,
                self.tokens,
            )
        });
        if let Some(error) = found {
            return error;
        }
        if self.too_deep {
            // CPython's parser gets through, but nothing that walks its tree does.
            let message = "maximum recursion depth exceeded during compilation";
            return SyntaxError::bare(ErrorKind::RecursionError, message);
        }
        let message = "the two parsers disagree whether this is a program";
        SyntaxError::bare(ErrorKind::SystemError, message)
    }
}

fn parse_fast(
    source: &Source,
    mode: Mode,
    flags: &Flags,
    names: &mut Names,
) -> Result<(ast::Mod, Vec<Warning>), Box<NoTree>> {
    let origin = parser::Origin::default();
    let mut stream = parser::tokenize_to_error(&source.text, names, mode, flags, origin);
    let type_ignores = std::mem::take(&mut stream.type_ignores);
    let mut parser = parser::Parser::new(&source.text, stream, names, flags);
    let parsed = parser.parse(mode, type_ignores);
    parser.warnings.sort_by_key(|warning| warning.position);
    match parsed {
        Ok(module) if parser.deepest > DEPTH_TO_CHECK => {
            let tokens = std::mem::take(&mut parser.tokens);
            match peg::find_error(source, mode, flags, &[], &[], tokens) {
                Some(error) => Err(Box::new(NoTree {
                    error: Some(error),
                    too_deep: true,
                    sound: Vec::new(),
                    warnings: Vec::new(),
                    tokens: Vec::new(),
                })),
                None => Ok((module, parser.warnings)),
            }
        }
        Ok(module) => Ok((module, parser.warnings)),
        Err(_) => Err(Box::new(NoTree {
            error: None,
            too_deep: parser.too_deep,
            // What goes too deep is left to the careful parser from the start.
            sound: if parser.deepest > DEPTH_TO_CHECK {
                Vec::new()
            } else {
                parser.beyond_doubt()
            },
            warnings: parser.warnings,
            tokens: parser.tokens,
        })),
    }
}
