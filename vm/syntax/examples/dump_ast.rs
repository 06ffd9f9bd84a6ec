//! Prints the trees of the files named on standard input, each after its length, for comparison.
use std::io::{BufRead, Write};

use twinheap_syntax::{Flags, Mode, dump, parse};

fn main() {
    let stdin = std::io::stdin();
    let mut out = std::io::stdout().lock();
    for path in stdin.lock().lines() {
        let Ok(path) = path else { return };
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = match parse(&bytes, Mode::Exec, &Flags::default(), None) {
            Ok(ast) => dump::dump_module(&ast.module, &ast.names),
            Err(error) => format!("{error:?}"),
        };
        let _ = writeln!(out, "{}", text.len());
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
    }
}
