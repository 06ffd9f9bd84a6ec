//! `from __future__` imports: which features a module asks for, and where it may.

use twinheap_syntax::ast::*;
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError};
use twinheap_syntax::names::Names;

use crate::code::{CO_FUTURE_ANNOTATIONS, CO_FUTURE_BARRY_AS_BDFL};
use crate::fold::docstring;

pub const LATE: &str = "from __future__ imports must occur at the beginning of the file";

const WITHOUT_EFFECT: [&str; 8] = [
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "generator_stop",
];

/// The features of a module and the line of its last future import, -1 without one.
#[derive(Clone, Copy, Debug)]
pub struct Future {
    pub features: i32,
    pub line: i32,
}

fn error_at(message: String, lineno: i32, offset: i32) -> Box<SyntaxError> {
    Box::new(SyntaxError {
        finder: Finder::SymbolTable,
        lineno: Some(lineno),
        offset: Some(offset),
        end_lineno: Some(lineno),
        ..SyntaxError::bare(ErrorKind::SyntaxError, message)
    })
}

fn feature(name: &str, stmt: &Stmt) -> Result<i32, Box<SyntaxError>> {
    let offset = stmt.span.col_offset + 1;
    match name {
        "annotations" => Ok(CO_FUTURE_ANNOTATIONS),
        "barry_as_FLUFL" => Ok(CO_FUTURE_BARRY_AS_BDFL),
        "braces" => Err(error_at("not a chance".into(), stmt.span.lineno, offset)),
        _ if WITHOUT_EFFECT.contains(&name) => Ok(0),
        _ => {
            let short: String = name.chars().take(100).collect();
            Err(error_at(
                format!("future feature {short} is not defined"),
                stmt.span.lineno,
                offset,
            ))
        }
    }
}

pub fn find(module: &Mod, names: &Names) -> Result<Future, Box<SyntaxError>> {
    let mut future = Future {
        features: 0,
        line: -1,
    };
    let (Mod::Module { body, .. } | Mod::Interactive { body }) = module else {
        return Ok(future);
    };
    let mut done = false;
    let mut previous_line = 0;
    let start = usize::from(docstring(body).is_some());
    for stmt in &body[start..] {
        if done && stmt.span.lineno > previous_line {
            break;
        }
        previous_line = stmt.span.lineno;
        match &stmt.kind {
            StmtKind::ImportFrom {
                module: Some(module),
                names: aliases,
                ..
            } if names.text(*module) == "__future__" => {
                if done {
                    return Err(error_at(
                        LATE.into(),
                        stmt.span.lineno,
                        stmt.span.col_offset,
                    ));
                }
                for alias in aliases {
                    future.features |= feature(names.text(alias.name), stmt)?;
                }
                future.line = stmt.span.lineno;
            }
            _ => done = true,
        }
    }
    Ok(future)
}
