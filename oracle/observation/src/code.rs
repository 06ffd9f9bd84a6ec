//! A code object as plain data, with the names of CPython 3.11; other versions fill in what they have.

use serde::{Deserialize, Serialize};

/// A code object with its constants, bytecode without specialisation and with zeroed caches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeDump {
    pub co_name: String,
    pub co_qualname: String,
    pub co_filename: String,
    pub co_firstlineno: i32,
    pub co_argcount: i32,
    pub co_posonlyargcount: i32,
    pub co_kwonlyargcount: i32,
    pub co_stacksize: i32,
    pub co_flags: i32,
    pub co_code: Vec<u8>,
    pub co_consts: Vec<Constant>,
    pub co_names: Vec<String>,
    pub co_localsplusnames: Vec<String>,
    pub co_localspluskinds: Vec<u8>,
    pub co_linetable: Vec<u8>,
    pub co_exceptiontable: Vec<u8>,
}

/// A constant of a code object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Constant {
    None,
    Ellipsis,
    Bool(bool),
    /// In hexadecimal with a sign: `-0x1f`.
    Int(String),
    /// The 64 bits.
    Float(u64),
    Complex(u64, u64),
    /// Code points, as surrogates may occur.
    Str(Vec<u32>),
    Bytes(Vec<u8>),
    Tuple(Vec<Constant>),
    /// In table order.
    FrozenSet(Vec<Constant>),
    Code(Box<CodeDump>),
    Other(String),
}

impl CodeDump {
    /// The dump as lines, for a reader and for a line-by-line diff.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write_lines(&mut lines, "");
        lines
    }

    fn write_lines(&self, lines: &mut Vec<String>, indent: &str) {
        lines.push(format!(
            "{indent}code {} ({}:{})",
            self.co_qualname, self.co_filename, self.co_firstlineno
        ));
        let inner = format!("{indent}  ");
        lines.push(format!(
            "{inner}argcount {} posonly {} kwonly {} stacksize {} flags {:#x}",
            self.co_argcount,
            self.co_posonlyargcount,
            self.co_kwonlyargcount,
            self.co_stacksize,
            self.co_flags
        ));
        lines.push(format!("{inner}names {:?}", self.co_names));
        lines.push(format!(
            "{inner}localsplus {:?} kinds {:x?}",
            self.co_localsplusnames, self.co_localspluskinds
        ));
        for (index, pair) in self.co_code.chunks(2).enumerate() {
            let argument = pair.get(1).copied().unwrap_or(0);
            lines.push(format!(
                "{inner}{:5} opcode {:3} {argument}",
                index * 2,
                pair[0]
            ));
        }
        lines.push(format!(
            "{inner}linetable {}",
            hexadecimal(&self.co_linetable)
        ));
        lines.push(format!(
            "{inner}exceptiontable {}",
            hexadecimal(&self.co_exceptiontable)
        ));
        for (index, constant) in self.co_consts.iter().enumerate() {
            match constant {
                Constant::Code(code) => {
                    lines.push(format!("{inner}const {index}:"));
                    code.write_lines(lines, &format!("{inner}  "));
                }
                other => lines.push(format!("{inner}const {index}: {}", other.text())),
            }
        }
    }
}

impl Constant {
    /// A one-line text of the constant.
    pub fn text(&self) -> String {
        match self {
            Constant::Str(points) => {
                let text: String = points
                    .iter()
                    .map(|point| char::from_u32(*point).unwrap_or('\u{fffd}'))
                    .collect();
                format!("str {text:?}")
            }
            Constant::Bytes(bytes) => format!("bytes {}", hexadecimal(bytes)),
            Constant::Float(bits) => format!("float {:?}", f64::from_bits(*bits)),
            Constant::Tuple(items) => join("tuple", items),
            Constant::FrozenSet(items) => join("frozenset", items),
            Constant::Code(code) => format!("code {}", code.co_qualname),
            other => format!("{other:?}"),
        }
    }
}

fn join(kind: &str, items: &[Constant]) -> String {
    let texts: Vec<String> = items.iter().map(Constant::text).collect();
    format!("{kind} ({})", texts.join(", "))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
