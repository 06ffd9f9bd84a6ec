//! Compiles the files named on standard input and prints their marshalled code, each after its length.
use std::io::{BufRead, Write};

use twinheap_compile::{Options, compile_source};
use twinheap_syntax::{Flags, Mode};

fn main() {
    let optimize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let stdin = std::io::stdin();
    let mut out = std::io::stdout().lock();
    for path in stdin.lock().lines() {
        let Ok(path) = path else { return };
        let bytes = std::fs::read(&path).unwrap_or_default();
        let options = Options::new(&path, optimize);
        let reply = match compile_source(&bytes, Mode::Exec, &Flags::default(), &options, None) {
            Ok((code, _)) => code,
            Err(error) => format!("!{error:?}").into_bytes(),
        };
        let _ = writeln!(out, "{}", reply.len());
        let _ = out.write_all(&reply);
        let _ = out.flush();
    }
}
