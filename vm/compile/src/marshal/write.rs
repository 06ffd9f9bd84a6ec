//! Writes the objects of a graph, each once, and references to those that are shared.

use twinheap_syntax::int::Int;

use super::graph::{CodeParts, Graph, Id, Kind};
use crate::code::FastMap;

const FLAG_REF: u8 = 0x80;

pub struct Writer<'g, 'a> {
    graph: &'g Graph<'a>,
    out: Vec<u8>,
    /// The numbers under which the shared objects were written.
    written: FastMap<Id, u32>,
}

impl<'g, 'a> Writer<'g, 'a> {
    pub fn new(graph: &'g Graph<'a>) -> Writer<'g, 'a> {
        Writer {
            graph,
            out: Vec::new(),
            written: FastMap::default(),
        }
    }

    pub fn write(mut self) -> Vec<u8> {
        self.object(self.graph.root, false);
        self.out
    }

    fn int32(&mut self, value: i32) {
        self.out.extend(value.to_le_bytes());
    }

    /// Writes an object or a reference to it. While a set is written, its members have one more holder.
    fn object(&mut self, id: Id, held: bool) {
        let object = self.graph.object(id);
        if let Kind::Singleton(byte) = object.kind {
            self.out.push(byte);
            return;
        }
        let is_shared =
            held || object.holders > 1 || matches!(object.kind, Kind::Text { interned: true, .. });
        if !is_shared {
            return self.contents(&object.kind, 0);
        }
        if let Some(number) = self.written.get(&id) {
            let number = *number;
            self.out.push(b'r');
            return self.int32(number as i32);
        }
        let number = self.written.len() as u32;
        self.written.insert(id, number);
        self.contents(&object.kind, FLAG_REF);
    }

    fn contents(&mut self, kind: &Kind<'a>, flag: u8) {
        match kind {
            Kind::Singleton(byte) => self.out.push(*byte),
            Kind::Int(value) => self.int(value, flag),
            Kind::Float(value) => {
                self.out.push(b'g' | flag);
                self.out.extend(value.to_le_bytes());
            }
            Kind::Complex(real, imag) => {
                self.out.push(b'y' | flag);
                self.out.extend(real.to_le_bytes());
                self.out.extend(imag.to_le_bytes());
            }
            Kind::Text { text, interned } => self.text(text, *interned, flag),
            Kind::Bytes(bytes) => {
                self.out.push(b's' | flag);
                self.int32(bytes.len() as i32);
                self.out.extend_from_slice(bytes);
            }
            Kind::Tuple(items) => {
                if let Ok(len) = u8::try_from(items.len()) {
                    self.out.extend([b')' | flag, len]);
                } else {
                    self.out.push(b'(' | flag);
                    self.int32(items.len() as i32);
                }
                items.iter().for_each(|item| self.object(*item, false));
            }
            Kind::FrozenSet(items) => {
                self.out.push(b'>' | flag);
                self.int32(items.len() as i32);
                for item in self.in_order(items) {
                    self.object(item, true);
                }
            }
            Kind::Code(parts) => self.code(parts, flag),
        }
    }

    /// The members in the order of their own marshalled bytes, as CPython does for reproducible files.
    fn in_order(&self, items: &[Id]) -> Vec<Id> {
        let mut sorted: Vec<(Vec<u8>, Id)> = items
            .iter()
            .map(|item| {
                let mut writer = Writer::new(self.graph);
                writer.object(*item, false);
                (writer.out, *item)
            })
            .collect();
        sorted.sort();
        sorted.into_iter().map(|(_, item)| item).collect()
    }

    fn text(&mut self, text: &[u8], interned: bool, flag: u8) {
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

    fn code(&mut self, parts: &CodeParts<'a>, flag: u8) {
        let code = parts.code;
        self.out.push(b'c' | flag);
        for number in [
            code.argcount,
            code.posonlyargcount,
            code.kwonlyargcount,
            code.stacksize,
            code.flags,
        ] {
            self.int32(number);
        }
        for part in [
            parts.bytecode,
            parts.consts,
            parts.names,
            parts.localsplusnames,
            parts.localspluskinds,
            parts.filename,
            parts.name,
            parts.qualname,
        ] {
            self.object(part, false);
        }
        self.int32(code.firstlineno);
        self.object(parts.linetable, false);
        self.object(parts.exceptiontable, false);
    }
}
