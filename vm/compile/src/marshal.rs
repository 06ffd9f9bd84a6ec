//! Writes code objects in the format that CPython's `marshal.loads` reads, version 4.
//!
//! Equal constants of one module are one object, as CPython's compiler merges them: what occurs more
//! than once is written once and then referred to.

use std::rc::Rc;

use twinheap_syntax::ast::Constant;
use twinheap_syntax::int::Int;

use crate::code::{CodeObject, Const, FastMap};

const FLAG_REF: u8 = 0x80;

/// An object that other objects may share.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Shared {
    Const(Const),
    Interned(Rc<str>),
    /// A name of the compiler's own, such as `<lambda>`.
    Own(Rc<str>),
    Names(Vec<Rc<str>>),
    Consts(Vec<Const>),
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    counts: FastMap<Shared, u32>,
    references: FastMap<Shared, u32>,
}

/// Whether CPython interns a constant string because it looks like a name.
fn is_name_like(text: &[u8]) -> bool {
    text.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_')
}

/// How `co_name` is stored: identifiers are interned, the compiler's own names are not.
fn name_key(name: &Rc<str>) -> Shared {
    if name.starts_with('<') {
        Shared::Own(name.clone())
    } else {
        Shared::Interned(name.clone())
    }
}

/// How `co_qualname` is stored; a dotted one is an object of its own, unless a class body stores it as well.
fn qualname_key(code: &CodeObject) -> Option<Shared> {
    if !code.qualname.contains('.') {
        return Some(name_key(&code.qualname));
    }
    let constant = Const::text(code.qualname.clone());
    code.consts
        .contains(&constant)
        .then_some(Shared::Const(constant))
}

/// The bytes that `marshal.dumps` of this code object could give.
pub fn dumps(code: &CodeObject) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.count_code(code);
    writer.code(code);
    writer.out
}

fn text_key(text: &Rc<[u8]>) -> Option<Shared> {
    if !is_name_like(text) {
        return None;
    }
    std::str::from_utf8(text)
        .ok()
        .map(|text| Shared::Interned(Rc::from(text)))
}

fn const_key(value: &Const) -> Option<Shared> {
    match value {
        Const::Value(Constant::None | Constant::True | Constant::False | Constant::Ellipsis) => {
            None
        }
        Const::Value(Constant::Str(text)) => {
            Some(text_key(text).unwrap_or_else(|| Shared::Const(value.clone())))
        }
        Const::Value(_) => Some(Shared::Const(value.clone())),
        Const::Code(_) => None,
    }
}

impl Writer {
    /// Notes one more use; true if it is the first.
    fn count(&mut self, key: Shared) -> bool {
        let count = self.counts.entry(key).or_insert(0);
        *count += 1;
        *count == 1
    }

    fn count_name(&mut self, name: &Rc<str>) {
        self.count(Shared::Interned(name.clone()));
    }

    fn count_names(&mut self, names: &[Rc<str>]) {
        if self.count(Shared::Names(names.to_vec())) {
            names.iter().for_each(|name| self.count_name(name));
        }
    }

    fn count_const(&mut self, value: &Const) {
        let first = const_key(value).is_none_or(|key| self.count(key));
        match value {
            Const::Value(Constant::Tuple(items) | Constant::FrozenSet(items)) if first => {
                items
                    .iter()
                    .for_each(|item| self.count_const(&Const::Value(item.clone())));
            }
            Const::Code(code) => self.count_code(code),
            Const::Value(_) => {}
        }
    }

    fn count_code(&mut self, code: &CodeObject) {
        for bytes in [&code.linetable, &code.exceptiontable] {
            self.count(bytes_key(bytes));
        }
        if self.count(Shared::Consts(code.consts.clone())) {
            code.consts.iter().for_each(|value| self.count_const(value));
        }
        self.count_names(&code.names);
        self.count_names(&code.localsplusnames);
        self.count(bytes_key(&code.localspluskinds));
        self.count(Shared::Const(Const::text(code.filename.clone())));
        self.count(name_key(&code.name));
        if let Some(key) = qualname_key(code) {
            self.count(key);
        }
    }

    fn int32(&mut self, value: i32) {
        self.out.extend(value.to_le_bytes());
    }

    /// Writes a reference if the object is already there; otherwise gives the flag for its type byte.
    fn refer(&mut self, key: Shared) -> Option<u8> {
        if self.counts.get(&key).is_none_or(|count| *count < 2) {
            return Some(0);
        }
        if let Some(index) = self.references.get(&key) {
            let index = *index;
            self.out.push(b'r');
            self.int32(index as i32);
            return None;
        }
        let index = self.references.len() as u32;
        self.references.insert(key, index);
        Some(FLAG_REF)
    }

    fn raw_text(&mut self, text: &[u8], interned: bool, flag: u8) {
        if !text.is_ascii() {
            self.out.push(if interned { b't' } else { b'u' } | flag);
            self.int32(text.len() as i32);
        } else if let Ok(len) = u8::try_from(text.len()) {
            self.out
                .extend([if interned { b'Z' } else { b'z' } | flag, len]);
        } else {
            self.out.push(if interned { b'A' } else { b'a' } | flag);
            self.int32(text.len() as i32);
        }
        self.out.extend_from_slice(text);
    }

    fn name(&mut self, name: &Rc<str>) {
        if let Some(flag) = self.refer(Shared::Interned(name.clone())) {
            self.raw_text(name.as_bytes(), true, flag);
        }
    }

    /// A text that is interned only if its key says so.
    fn text(&mut self, key: Option<Shared>, text: &str) {
        let is_interned = matches!(key, Some(Shared::Interned(_)));
        if let Some(flag) = key.map_or(Some(0), |key| self.refer(key)) {
            self.raw_text(text.as_bytes(), is_interned, flag);
        }
    }

    fn tuple_head(&mut self, len: usize, flag: u8) {
        if let Ok(len) = u8::try_from(len) {
            self.out.extend([b')' | flag, len]);
        } else {
            self.out.push(b'(' | flag);
            self.int32(len as i32);
        }
    }

    fn names(&mut self, names: &[Rc<str>]) {
        if let Some(flag) = self.refer(Shared::Names(names.to_vec())) {
            self.tuple_head(names.len(), flag);
            names.iter().for_each(|name| self.name(name));
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(flag) = self.refer(bytes_key(bytes)) {
            self.out.push(b's' | flag);
            self.int32(bytes.len() as i32);
            self.out.extend_from_slice(bytes);
        }
    }

    fn int(&mut self, value: &Int, flag: u8) {
        if let Some(small) = value.to_i64().and_then(|value| i32::try_from(value).ok()) {
            self.out.push(b'i' | flag);
            return self.int32(small);
        }
        let (negative, limbs) = value.parts();
        let bits = value.bit_length();
        let digits = bits.div_ceil(15) as i32;
        self.out.push(b'l' | flag);
        self.int32(if negative { -digits } else { digits });
        let bit = |at: u64| {
            limbs
                .get((at / 32) as usize)
                .is_some_and(|limb| limb >> (at % 32) & 1 == 1)
        };
        for digit in 0..digits as u64 {
            let value = (0..15).fold(0_u16, |value, at| {
                value | u16::from(bit(digit * 15 + at)) << at
            });
            self.out.extend(value.to_le_bytes());
        }
    }

    fn constant(&mut self, value: &Constant) {
        let whole = Const::Value(value.clone());
        let Some(flag) = const_key(&whole).map_or(Some(0), |key| self.refer(key)) else {
            return;
        };
        match value {
            Constant::None => self.out.push(b'N'),
            Constant::False => self.out.push(b'F'),
            Constant::True => self.out.push(b'T'),
            Constant::Ellipsis => self.out.push(b'.'),
            Constant::Int(value) => self.int(value, flag),
            Constant::Float(value) => {
                self.out.push(b'g' | flag);
                self.out.extend(value.to_le_bytes());
            }
            Constant::Complex(real, imag) => {
                self.out.push(b'y' | flag);
                self.out.extend(real.to_le_bytes());
                self.out.extend(imag.to_le_bytes());
            }
            Constant::Str(text) => self.raw_text(text, is_name_like(text), flag),
            Constant::Bytes(bytes) => {
                self.out.push(b's' | flag);
                self.int32(bytes.len() as i32);
                self.out.extend_from_slice(bytes);
            }
            Constant::Tuple(items) => {
                self.tuple_head(items.len(), flag);
                items.iter().for_each(|item| self.constant(item));
            }
            Constant::FrozenSet(items) => self.frozen_set(items, flag),
        }
    }

    /// The members in the order of their own marshalled bytes, as CPython does for reproducible files.
    fn frozen_set(&mut self, items: &[Constant], flag: u8) {
        self.out.push(b'>' | flag);
        self.int32(items.len() as i32);
        let mut sorted: Vec<(Vec<u8>, &Constant)> = items
            .iter()
            .map(|item| {
                let mut writer = Writer::default();
                writer.constant(item);
                (writer.out, item)
            })
            .collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted.into_iter().for_each(|(_, item)| self.constant(item));
    }

    fn code(&mut self, code: &CodeObject) {
        self.out.push(b'c');
        for number in [
            code.argcount,
            code.posonlyargcount,
            code.kwonlyargcount,
            code.stacksize,
            code.flags,
        ] {
            self.int32(number);
        }
        // CPython makes this one anew for every reader.
        self.out.push(b's');
        self.int32(code.code.len() as i32);
        self.out.extend_from_slice(&code.code);
        if let Some(flag) = self.refer(Shared::Consts(code.consts.clone())) {
            self.tuple_head(code.consts.len(), flag);
            for value in &code.consts {
                match value {
                    Const::Value(value) => self.constant(value),
                    Const::Code(code) => self.code(code),
                }
            }
        }
        self.names(&code.names);
        self.names(&code.localsplusnames);
        self.bytes(&code.localspluskinds);
        if let Some(flag) = self.refer(Shared::Const(Const::text(code.filename.clone()))) {
            self.raw_text(code.filename.as_bytes(), false, flag);
        }
        self.text(Some(name_key(&code.name)), &code.name);
        self.text(qualname_key(code), &code.qualname);
        self.int32(code.firstlineno);
        self.bytes(&code.linetable);
        self.bytes(&code.exceptiontable);
    }
}

fn bytes_key(bytes: &[u8]) -> Shared {
    Shared::Const(Const::Value(Constant::Bytes(Rc::from(bytes))))
}
