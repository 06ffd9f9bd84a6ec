//! Code objects as plain data, their constants, and when two constants are one.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use twinheap_syntax::ast::Constant;
use twinheap_syntax::names::Names;

pub const CO_OPTIMIZED: i32 = 0x0001;
pub const CO_NEWLOCALS: i32 = 0x0002;
pub const CO_VARARGS: i32 = 0x0004;
pub const CO_VARKEYWORDS: i32 = 0x0008;
pub const CO_NESTED: i32 = 0x0010;
pub const CO_GENERATOR: i32 = 0x0020;
pub const CO_COROUTINE: i32 = 0x0080;
pub const CO_ASYNC_GENERATOR: i32 = 0x0200;
pub const CO_FUTURE_BARRY_AS_BDFL: i32 = 0x0040_0000;
pub const CO_FUTURE_ANNOTATIONS: i32 = 0x0100_0000;
/// The compiler flags that code objects inherit.
pub const PYCF_MASK: i32 = 0x01fe_0000;
pub const PYCF_ALLOW_TOP_LEVEL_AWAIT: i32 = 0x2000;

pub const CO_FAST_LOCAL: u8 = 0x20;
pub const CO_FAST_CELL: u8 = 0x40;
pub const CO_FAST_FREE: u8 = 0x80;

/// Everything that a code object of CPython 3.11 is made from.
#[derive(Clone, Debug)]
pub struct CodeObject {
    pub argcount: i32,
    pub posonlyargcount: i32,
    pub kwonlyargcount: i32,
    pub stacksize: i32,
    pub flags: i32,
    pub firstlineno: i32,
    pub code: Vec<u8>,
    pub consts: Vec<Const>,
    pub names: Vec<Rc<str>>,
    pub localsplusnames: Vec<Rc<str>>,
    pub localspluskinds: Vec<u8>,
    pub filename: Rc<str>,
    pub name: Rc<str>,
    pub qualname: Rc<str>,
    pub linetable: Vec<u8>,
    pub exceptiontable: Vec<u8>,
    /// A module's names, those of the source among them. A constant that CPython's compiler has from a name
    /// shares its memory.
    pub known_names: Option<Rc<Names>>,
}

/// A constant: a value, or the code of an inner scope.
#[derive(Clone, Debug)]
pub enum Const {
    Value(Constant),
    Code(Rc<CodeObject>),
}

impl Const {
    pub fn text(text: Rc<str>) -> Const {
        Const::Value(Constant::Str(Rc::from(text)))
    }
}

fn hash_constant(value: &Constant, state: &mut impl Hasher) {
    match value {
        Constant::None => state.write_u8(0),
        Constant::False => state.write_u8(1),
        Constant::True => state.write_u8(2),
        Constant::Ellipsis => state.write_u8(3),
        Constant::Int(value) => value.hash(state),
        Constant::Float(value) => state.write_u64(value.to_bits()),
        Constant::Complex(real, imag) => {
            state.write_u64(real.to_bits());
            state.write_u64(imag.to_bits());
        }
        Constant::Str(text) => text.hash(state),
        Constant::Bytes(bytes) => {
            state.write_u8(4);
            bytes.hash(state);
        }
        Constant::Tuple(items) => {
            state.write_usize(items.len());
            items.iter().for_each(|item| hash_constant(item, state));
        }
        Constant::FrozenSet(items) => state.write_usize(items.len()),
    }
}

/// Same type and same value, signs of zeros included; not-a-numbers are all different.
pub fn same_constant(a: &Constant, b: &Constant) -> bool {
    let same_float = |a: f64, b: f64| a == b && a.is_sign_negative() == b.is_sign_negative();
    match (a, b) {
        (Constant::None, Constant::None)
        | (Constant::False, Constant::False)
        | (Constant::True, Constant::True)
        | (Constant::Ellipsis, Constant::Ellipsis) => true,
        (Constant::Int(a), Constant::Int(b)) => a == b,
        (Constant::Float(a), Constant::Float(b)) => same_float(*a, *b),
        (Constant::Complex(a, b), Constant::Complex(c, d)) => {
            same_float(*a, *c) && same_float(*b, *d)
        }
        (Constant::Str(a), Constant::Str(b)) | (Constant::Bytes(a), Constant::Bytes(b)) => a == b,
        (Constant::Tuple(a), Constant::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_constant(a, b))
        }
        (Constant::FrozenSet(a), Constant::FrozenSet(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| same_constant(x, y)))
        }
        _ => false,
    }
}

fn same_code(a: &CodeObject, b: &CodeObject) -> bool {
    a.name == b.name
        && a.argcount == b.argcount
        && a.posonlyargcount == b.posonlyargcount
        && a.kwonlyargcount == b.kwonlyargcount
        && a.flags == b.flags
        && a.firstlineno == b.firstlineno
        && a.code == b.code
        && a.consts.len() == b.consts.len()
        && a.consts.iter().zip(&b.consts).all(|(a, b)| a == b)
        && a.names == b.names
        && a.localsplusnames == b.localsplusnames
        && a.linetable == b.linetable
        && a.exceptiontable == b.exceptiontable
}

impl PartialEq for Const {
    fn eq(&self, other: &Const) -> bool {
        match (self, other) {
            (Const::Value(a), Const::Value(b)) => same_constant(a, b),
            (Const::Code(a), Const::Code(b)) => Rc::ptr_eq(a, b) || same_code(a, b),
            _ => false,
        }
    }
}

impl Eq for Const {}

impl Hash for Const {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Const::Value(value) => hash_constant(value, state),
            Const::Code(code) => {
                code.name.hash(state);
                state.write_i32(code.firstlineno);
                state.write(&code.linetable);
                state.write(&code.code);
            }
        }
    }
}

/// A fast hasher for small keys; the tables it serves are never fed by an adversary for long.
#[derive(Clone, Copy, Default)]
pub struct FastHasher(u64);

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        // The low bits of a product are weak, and hash tables take those.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.try_into().map_or(0, u64::from_le_bytes);
            self.write_u64(word);
        }
        if !chunks.remainder().is_empty() {
            let rest = chunks.remainder().iter().rev();
            self.write_u64(rest.fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

pub type FastMap<K, V> = std::collections::HashMap<K, V, std::hash::BuildHasherDefault<FastHasher>>;
pub type FastSet<K> = std::collections::HashSet<K, std::hash::BuildHasherDefault<FastHasher>>;
