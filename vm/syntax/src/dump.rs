//! The tree as text, every field and position included, for comparison with the oracle's.

use std::fmt::Write;

use crate::ast::{Constant, Mod, Span, TypeIgnore};
use crate::names::Names;
use crate::walk::{Sink, walk_module};

/// Writes nodes as `Name@line:col-line:col(field field ...)`, each on a line of its own, indented by its
/// depth; absent fields are `-`.
struct Dumper {
    out: String,
    depth: usize,
}

pub fn dump_module(module: &Mod, names: &Names) -> String {
    let mut dumper = Dumper {
        out: String::new(),
        depth: 0,
    };
    walk_module(module, names, &mut dumper);
    dumper.out
}

pub fn constant_text(value: &Constant) -> String {
    match value {
        Constant::None => "None".into(),
        Constant::True => "True".into(),
        Constant::False => "False".into(),
        Constant::Ellipsis => "Ellipsis".into(),
        Constant::Int(value) => format!("int:{}", value.to_hex()),
        Constant::Float(value) => format!("float:{:016x}", value.to_bits()),
        Constant::Complex(real, imag) => {
            format!("complex:{:016x}{:016x}", real.to_bits(), imag.to_bits())
        }
        Constant::Str(text) => format!("str:{}", quoted(text)),
        Constant::Bytes(bytes) => format!("bytes:{}", quoted(bytes)),
        Constant::Tuple(items) => format!(
            "tuple:{:?}",
            items.iter().map(constant_text).collect::<Vec<_>>()
        ),
        Constant::FrozenSet(items) => format!(
            "frozenset:{:?}",
            items.iter().map(constant_text).collect::<Vec<_>>()
        ),
    }
}

/// Text between quotes: printable ASCII as it is, every other byte of its UTF-8 as `\xNN`.
pub fn quote_into(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push('\'');
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', *byte as char]),
            0x20..=0x7e => out.push(*byte as char),
            _ => {
                out.push_str("\\x");
                out.push(DIGITS[usize::from(byte >> 4)] as char);
                out.push(DIGITS[usize::from(byte & 15)] as char);
            }
        }
    }
    out.push('\'');
}

pub fn quoted(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    quote_into(bytes, &mut out);
    out
}

impl Dumper {
    fn line(&mut self, name: &str) {
        const SPACES: &str = "                                ";
        self.out.push('\n');
        let mut left = self.depth;
        while left > 0 {
            let now = left.min(SPACES.len());
            self.out.push_str(&SPACES[..now]);
            left -= now;
        }
        self.depth += 1;
        self.out.push_str(name);
    }

    fn plain(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push(' ');
    }
}

impl Sink for Dumper {
    fn open(&mut self, name: &'static str, span: Option<Span>) {
        self.line(name);
        if let Some(span) = span {
            let Span {
                lineno,
                col_offset,
                end_lineno,
                end_col_offset,
            } = span;
            let place = write!(
                self.out,
                "@{lineno}:{col_offset}-{end_lineno}:{end_col_offset}"
            );
            debug_assert!(place.is_ok(), "a String takes everything");
        }
        self.out.push('(');
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.out.push(')');
    }

    fn begin_list(&mut self, _: usize) {
        self.out.push('[');
    }

    fn end_list(&mut self) {
        self.out.push(']');
    }

    fn absent(&mut self) {
        self.out.push('-');
    }

    fn identifier(&mut self, text: &str) {
        self.comment(text.as_bytes());
    }

    fn comment(&mut self, text: &[u8]) {
        quote_into(text, &mut self.out);
        self.out.push(' ');
    }

    fn constant(&mut self, value: &Constant) {
        self.plain(&constant_text(value));
    }

    fn unicode_kind(&mut self) {
        self.out.push('u');
    }

    fn number(&mut self, value: i32) {
        self.plain(&value.to_string());
    }

    fn symbol(&mut self, name: &'static str) {
        self.plain(name);
    }

    fn type_ignore(&mut self, ignore: &TypeIgnore) {
        self.plain(&format!(
            "TypeIgnore({} {} )",
            ignore.lineno,
            quoted(&ignore.tag)
        ));
    }
}
