//! Symbol tables and code generation: AST to plain code descriptions; no objects.
#![deny(unsafe_code)]

pub mod assemble;
pub mod code;
pub mod flow;
pub mod fold;
pub mod future;
pub mod generate;
pub mod mangle;
pub mod marshal;
pub mod opcode;
pub mod repr;
pub mod symtable;
pub mod unit;
pub mod unparse;
pub mod values;

use std::rc::Rc;

use code::CodeObject;
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError, Warning};
use twinheap_syntax::names::Names;
use twinheap_syntax::source::{Decoder, Source};
use twinheap_syntax::{Ast, Flags, Mode};

/// CPython's recursion limit in the pinned environment, times the compiler's scale.
const DEFAULT_DEPTH_LIMIT: i32 = 3000;

/// What `compile()` is told besides the source.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    pub filename: &'a str,
    pub optimize: u32,
    /// The `PyCF_*` flags and future features that the caller passes on.
    pub flags: i32,
    /// How deep the walkers may go, and how deep the caller is already.
    pub depth_limit: i32,
    pub depth: i32,
}

impl<'a> Options<'a> {
    pub fn new(filename: &'a str, optimize: u32) -> Options<'a> {
        Options {
            filename,
            optimize,
            flags: 0,
            depth_limit: DEFAULT_DEPTH_LIMIT,
            depth: 0,
        }
    }
}

/// A compiled module and what the compiler warned about on the way.
#[derive(Debug)]
pub struct Compiled {
    pub code: CodeObject,
    pub warnings: Vec<Warning>,
}

/// Compiles a tree; the tree is folded in place.
pub fn compile(mut ast: Ast, options: &Options<'_>) -> Result<Compiled, Box<SyntaxError>> {
    let mut warnings = std::mem::take(&mut ast.warnings);
    let result = match compile_tree(&mut ast, options) {
        Ok(mut compiled) => {
            warnings.append(&mut compiled.warnings);
            Ok(Compiled {
                warnings,
                ..compiled
            })
        }
        Err(mut error) => {
            warnings.append(&mut error.warnings);
            Err(Box::new(SyntaxError { warnings, ..*error }))
        }
    };
    if matches!(&result, Err(error) if error.kind == ErrorKind::RecursionError) {
        // Freeing a tree that is too deep to walk would overflow the stack as well.
        std::mem::forget(ast);
    }
    result
}

fn compile_tree(ast: &mut Ast, options: &Options<'_>) -> Result<Compiled, Box<SyntaxError>> {
    let future = future::find(&ast.module, &ast.names)?;
    let flags = options.flags | future.features;
    ast.names.intern(fold::PERCENT);
    fold::Folder {
        names: &ast.names,
        optimize: options.optimize,
        features: flags,
        depth: options.depth,
        limit: options.depth_limit,
    }
    .module(&mut ast.module)?;
    let scopes = symtable::build(
        &ast.module,
        &mut ast.names,
        flags,
        options.depth,
        options.depth_limit,
    )?;
    let settings = generate::Settings {
        filename: options.filename,
        optimize: options.optimize,
        flags,
        future_line: future.line,
    };
    let (mut code, warnings) = generate::generate(&ast.module, &mut ast.names, scopes, &settings)?;
    let names = std::mem::replace(&mut ast.names, Names::with(&[]));
    code.known_names = Some(Rc::new(names));
    Ok(Compiled { code, warnings })
}

/// Parses the bytes of a source. An error in a module shows the line of the file that has the module's name.
pub fn parse_bytes(
    source: &[u8],
    mode: Mode,
    flags: &Flags,
    filename: &str,
    decoder: Option<Decoder<'_>>,
) -> Result<Ast, Box<SyntaxError>> {
    let read_file = || std::fs::read(filename).ok();
    let ast = match mode {
        Mode::Exec => twinheap_syntax::parse_module(source, flags, decoder, &read_file),
        _ => twinheap_syntax::parse(source, mode, flags, decoder),
    };
    ast.map_err(Box::new)
}

/// The same for a source that is text already; cookies in it are ignored.
pub fn parse_text(
    source: &str,
    mode: Mode,
    flags: &Flags,
    filename: &str,
) -> Result<Ast, Box<SyntaxError>> {
    let read_file = || std::fs::read(filename).ok();
    twinheap_syntax::parse_text(source, mode, flags, &read_file).map_err(Box::new)
}

/// From a tree to the marshalled code object, and the warnings.
pub fn compile_to_marshal(
    ast: Ast,
    options: &Options<'_>,
) -> Result<(Vec<u8>, Vec<Warning>), Box<SyntaxError>> {
    let compiled = compile(ast, options)?;
    Ok((marshal::dumps(&compiled.code), compiled.warnings))
}

/// From the bytes of a source to the marshalled code object, and the warnings.
pub fn compile_source(
    source: &[u8],
    mode: Mode,
    flags: &Flags,
    options: &Options<'_>,
    decoder: Option<Decoder<'_>>,
) -> Result<(Vec<u8>, Vec<Warning>), Box<SyntaxError>> {
    compile_to_marshal(
        parse_bytes(source, mode, flags, options.filename, decoder)?,
        options,
    )
}

/// The error that comes of a warning that the program has made one; it is the one of this number.
pub fn error_of_warning(
    source: Source,
    mode: Mode,
    flags: &Flags,
    options: &Options<'_>,
    (number, warning): (usize, &Warning),
) -> SyntaxError {
    let bare = || SyntaxError::bare(ErrorKind::SyntaxError, &warning.message);
    if let Some(span) = warning.span {
        return SyntaxError {
            finder: Finder::Compiler,
            lineno: Some(span.lineno),
            offset: Some(span.col_offset + 1),
            end_lineno: Some(span.end_lineno),
            end_offset: Some(span.end_col_offset + 1),
            ..bare()
        };
    }
    let read_file = || std::fs::read(options.filename).ok();
    twinheap_syntax::error_of_warning(source, mode, flags, number, &read_file).unwrap_or_else(
        || SyntaxError {
            lineno: Some(warning.lineno),
            ..bare()
        },
    )
}
