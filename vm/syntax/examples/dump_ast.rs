//! Prints the trees of the files named on standard input, each after its length, for comparison.
use std::io::{BufRead, Write};

use twinheap_syntax::{Flags, Mode, dump, parse};

fn main() {
    let mut flags = Flags::default();
    for word in std::env::args().skip(1) {
        match word.parse() {
            Ok(minor) => flags.feature_version = minor,
            Err(_) => flags.type_comments = word == "type_comments",
        }
    }
    let stdin = std::io::stdin();
    let mut out = std::io::stdout().lock();
    for path in stdin.lock().lines() {
        let Ok(path) = path else { return };
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = match parse(&bytes, Mode::Exec, &flags, None) {
            Ok(ast) => dump::dump_module(&ast.module, &ast.names),
            Err(error) => format!("{error:?}"),
        };
        let _ = writeln!(out, "{}", text.len());
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
    }
}
