//! `dis`: the instructions of a file on both sides, side by side, with their positions.

use std::path::PathBuf;

use clap::Args;
use twinheap_compile::code::{CodeObject, Const};
use twinheap_compile::opcode::{self, EXTENDED_ARG};
use twinheap_compile::{Options, compile};
use twinheap_syntax::{Flags, Mode, parse};

use crate::parity_oracle::ParityOracle;

#[derive(Args, Debug)]
pub struct DisArguments {
    /// The Python file.
    pub file: PathBuf,
    #[arg(long, default_value_t = 0)]
    pub optimize: u32,
    /// The CPython 3.11 that is right by definition.
    #[arg(long, default_value = "python3")]
    pub python: String,
}

/// Lines and columns of one instruction, as the location table has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Position {
    lineno: Option<i32>,
    end_lineno: Option<i32>,
    column: Option<i32>,
    end_column: Option<i32>,
}

/// Reads a location table: one position per code unit.
struct Locations<'a> {
    table: &'a [u8],
    at: usize,
    line: i32,
}

impl Locations<'_> {
    fn byte(&mut self) -> i32 {
        let byte = self.table.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        i32::from(byte)
    }

    fn varint(&mut self) -> i32 {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            value |= (byte & 0x3f) << shift;
            shift += 6;
            if byte & 0x40 == 0 {
                return value;
            }
        }
    }

    fn signed_varint(&mut self) -> i32 {
        let value = self.varint();
        if value & 1 == 1 {
            -(value >> 1)
        } else {
            value >> 1
        }
    }

    fn entry(&mut self) -> (usize, Position) {
        let first = self.byte();
        let length = (first & 7) as usize + 1;
        let code = first >> 3 & 15;
        let column_of = |value: i32| (value > 0).then(|| value - 1);
        let position = match code {
            15 => Position::default(),
            14 => {
                self.line += self.signed_varint();
                let end = self.line + self.varint();
                let column = column_of(self.varint());
                let end_column = column_of(self.varint());
                Position {
                    lineno: Some(self.line),
                    end_lineno: Some(end),
                    column,
                    end_column,
                }
            }
            13 => {
                self.line += self.signed_varint();
                Position {
                    lineno: Some(self.line),
                    end_lineno: Some(self.line),
                    ..Position::default()
                }
            }
            10..=12 => {
                self.line += code - 10;
                let (column, end_column) = (Some(self.byte()), Some(self.byte()));
                Position {
                    lineno: Some(self.line),
                    end_lineno: Some(self.line),
                    column,
                    end_column,
                }
            }
            _ => {
                let second = self.byte();
                let column = code << 3 | second >> 4;
                Position {
                    lineno: Some(self.line),
                    end_lineno: Some(self.line),
                    column: Some(column),
                    end_column: Some(column + (second & 15)),
                }
            }
        };
        (length, position)
    }
}

fn positions(code: &CodeObject) -> Vec<Position> {
    let mut locations = Locations {
        table: &code.linetable,
        at: 0,
        line: code.firstlineno,
    };
    let mut out = Vec::new();
    while locations.at < code.linetable.len() {
        let (length, position) = locations.entry();
        out.resize(out.len() + length, position);
    }
    out
}

fn shown(value: Option<i32>) -> String {
    value.map_or("None".into(), |value| value.to_string())
}

/// One line per instruction, extended arguments and caches folded in, as CPython's `dis` walks them.
fn instructions(code: &CodeObject, out: &mut Vec<String>) {
    let positions = positions(code);
    let mut extended = 0_u32;
    let mut at = 0;
    while at + 1 < code.code.len() {
        let opcode = i16::from(code.code[at]);
        let oparg = extended << 8 | u32::from(code.code[at + 1]);
        let place = positions.get(at / 2).copied().unwrap_or_default();
        let value = if opcode::has_arg(opcode) {
            oparg.to_string()
        } else {
            String::new()
        };
        out.push(format!(
            "{at:5} {:30} {value:>6} {}:{}-{}:{}",
            opcode::NAMES[opcode as usize],
            shown(place.lineno),
            shown(place.column),
            shown(place.end_lineno),
            shown(place.end_column),
        ));
        extended = if opcode == EXTENDED_ARG { oparg } else { 0 };
        at += 2 + 2 * opcode::caches(opcode);
    }
}

fn listing(code: &CodeObject, out: &mut Vec<String>) {
    out.push(format!("code {} line {}", code.qualname, code.firstlineno));
    instructions(code, out);
    for value in &code.consts {
        if let Const::Code(inner) = value {
            listing(inner, out);
        }
    }
}

/// 0 if both sides have the same instructions at the same positions, 1 if not.
pub fn run(arguments: &DisArguments) -> Result<i32, String> {
    let path = &arguments.file;
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let filename = path.to_string_lossy();
    let ours = parse(&bytes, Mode::Exec, &Flags::default(), None)
        .map_err(Box::new)
        .and_then(|ast| compile(ast, &Options::new(&filename, arguments.optimize)));
    let mut mine = Vec::new();
    match ours {
        Ok(compiled) => listing(&compiled.code, &mut mine),
        Err(error) => mine.push(format!("{}: {}", error.kind.name(), error.message)),
    }
    let mut oracle = ParityOracle::start(&arguments.python)?;
    let reply = oracle.ask(
        "dis",
        &format!("{},exec,0,11", arguments.optimize),
        path,
        b"",
        None,
    )?;
    let theirs: Vec<&str> = reply.text.lines().collect();
    let mut differences = 0;
    println!("  {:72} | Twinheap", "CPython");
    for at in 0..theirs.len().max(mine.len()) {
        let left = theirs.get(at).copied().unwrap_or("");
        let right = mine.get(at).map_or("", String::as_str);
        let mark = if left == right { ' ' } else { '!' };
        differences += usize::from(left != right);
        println!("{mark} {left:72} | {right}");
    }
    println!("{} lines, {differences} of them different", theirs.len());
    Ok(i32::from(differences > 0))
}
