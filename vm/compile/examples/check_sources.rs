//! Compiles sources that arrive as `bytes|text LEN NEWLINE` and their bytes; says how each one ends.
use std::io::{BufRead, Read, Write};

use twinheap_compile::{Options, compile};
use twinheap_syntax::error::Warning;
use twinheap_syntax::{Flags, Mode, parse, parse_str};

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn number(value: Option<i32>) -> String {
    value.map_or("None".into(), |value| value.to_string())
}

fn main() {
    let mut stdin = std::io::stdin().lock();
    let mut out = std::io::stdout().lock();
    let mut line = String::new();
    while stdin.read_line(&mut line).is_ok_and(|len| len > 0) {
        let mut words = line.split_whitespace();
        let is_text = words.next() == Some("text");
        let mut bytes = vec![0; words.next().and_then(|word| word.parse().ok()).unwrap_or(0)];
        let mode = match words.next() {
            Some("single") => Mode::Single,
            Some("eval") => Mode::Eval,
            Some("func_type") => Mode::FuncType,
            _ => Mode::Exec,
        };
        if stdin.read_exact(&mut bytes).is_err() {
            return;
        }
        line.clear();
        let flags = Flags::default();
        let parsed = if is_text {
            parse_str(&String::from_utf8_lossy(&bytes), mode, &flags)
        } else {
            parse(&bytes, mode, &flags, None)
        };
        let result = parsed
            .map_err(Box::new)
            .and_then(|ast| compile(ast, &Options::new("<string>", 0)));
        let warned = |warnings: &[Warning]| {
            warnings.iter().fold(String::new(), |reply, warning| {
                let (kind, lineno) = (warning.kind, warning.lineno);
                format!("{reply}\t{kind:?} {lineno} {}", hex(&warning.message))
            })
        };
        let reply = match result {
            Ok(compiled) => format!("OK{}", warned(&compiled.warnings)),
            Err(error) => format!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}{}",
                error.kind.name(),
                hex(&error.message),
                number(error.lineno),
                number(error.offset),
                error.text.as_deref().map_or("None".into(), hex),
                number(error.end_lineno),
                number(error.end_offset),
                warned(&error.warnings),
            ),
        };
        let _ = writeln!(out, "{reply}");
        let _ = out.flush();
    }
}
