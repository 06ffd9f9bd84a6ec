//! The objects that CPython would have for a code object fresh from its compiler, and how many hold each.
//!
//! CPython's compiler keeps one cache of constants for a whole module, so equal constants, tuples of names
//! and location tables are one object. What does not go through it: names, which are interned; small ints,
//! characters and empty values, of which the interpreter has one each; the bytecode, the kinds of local
//! variables and dotted qualified names, which are made anew for each code object.

use std::rc::Rc;

use twinheap_syntax::ast::Constant;
use twinheap_syntax::int::Int;

use crate::code::{CodeObject, Const, FastMap};

/// An object by its number.
pub type Id = u32;

/// Enough holders for any purpose: the interpreter itself holds the object.
const MANY: u32 = 1 << 30;

pub enum Kind<'a> {
    /// `None`, `True`, `False` or `...`, by its type byte; never referred to.
    Singleton(u8),
    Int(&'a Int),
    Float(f64),
    Complex(f64, f64),
    Text {
        text: &'a [u8],
        interned: bool,
    },
    Bytes(&'a [u8]),
    Tuple(Vec<Id>),
    FrozenSet(Vec<Id>),
    Code(Box<CodeParts<'a>>),
}

pub struct CodeParts<'a> {
    pub code: &'a CodeObject,
    pub bytecode: Id,
    pub consts: Id,
    pub names: Id,
    pub localsplusnames: Id,
    pub localspluskinds: Id,
    pub filename: Id,
    pub name: Id,
    pub qualname: Id,
    pub linetable: Id,
    pub exceptiontable: Id,
}

pub struct Object<'a> {
    pub kind: Kind<'a>,
    pub holders: u32,
}

/// By what a shared object is found again.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Singleton(u8),
    Int(&'a Int),
    Float(u64),
    Complex(u64, u64),
    /// A text that looks like a name, or is one.
    Interned(&'a [u8]),
    Text(&'a [u8]),
    /// A name of the compiler's own, such as `<lambda>`.
    Own(&'a [u8]),
    Bytes(&'a [u8]),
    Tuple(Vec<Id>),
    FrozenSet(Vec<Id>),
    Code(*const CodeObject),
    Filename,
}

pub struct Graph<'a> {
    objects: Vec<Object<'a>>,
    known: FastMap<Key<'a>, Id>,
    pub root: Id,
}

/// Whether a constant text is interned: because it looks like a name, or, the one other character that is,
/// because every interpreter has run a star import when it starts.
fn is_name_like(text: &[u8]) -> bool {
    text == b"*" || text.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_')
}

/// Whether this is the UTF-8 of one character of Latin-1, of which the interpreter has one object each.
fn is_latin1_character(text: &[u8]) -> bool {
    matches!(text, [0..=0x7f] | [0xc2 | 0xc3, _])
}

impl<'a> Graph<'a> {
    pub fn new(code: &'a CodeObject) -> Graph<'a> {
        let mut graph = Graph {
            objects: Vec::new(),
            known: FastMap::default(),
            root: 0,
        };
        graph.root = graph.code(code);
        // The caller and its caller.
        graph.hold(graph.root);
        graph.hold(graph.root);
        graph
    }

    pub fn object(&self, id: Id) -> &Object<'a> {
        &self.objects[id as usize]
    }

    fn add(&mut self, kind: Kind<'a>, holders: u32) -> Id {
        let id = self.objects.len() as Id;
        self.objects.push(Object { kind, holders });
        id
    }

    fn hold(&mut self, id: Id) {
        self.objects[id as usize].holders += 1;
    }

    fn shared(&mut self, key: Key<'a>, holders: u32, kind: impl FnOnce() -> Kind<'a>) -> Id {
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.add(kind(), holders);
        self.known.insert(key, id);
        id
    }

    fn interned(&mut self, text: &'a [u8]) -> Id {
        self.shared(Key::Interned(text), 0, || Kind::Text {
            text,
            interned: true,
        })
    }

    fn text(&mut self, text: &'a [u8]) -> Id {
        if is_name_like(text) || (is_latin1_character(text) && self.is_interned(text)) {
            return self.interned(text);
        }
        let holders = if is_latin1_character(text) { MANY } else { 0 };
        self.shared(Key::Text(text), holders, || Kind::Text {
            text,
            interned: false,
        })
    }

    /// Whether a name of this text is there already.
    fn is_interned(&self, text: &'a [u8]) -> bool {
        self.known.contains_key(&Key::Interned(text))
    }

    fn bytes(&mut self, bytes: &'a [u8]) -> Id {
        let holders = if bytes.len() < 2 { MANY } else { 0 };
        self.shared(Key::Bytes(bytes), holders, || Kind::Bytes(bytes))
    }

    /// Bytes that are made for one holder only; the empty ones are shared by everybody.
    fn own_bytes(&mut self, bytes: &'a [u8], holders: u32) -> Id {
        if bytes.is_empty() {
            return self.bytes(bytes);
        }
        self.add(Kind::Bytes(bytes), holders)
    }

    fn tuple(&mut self, items: Vec<Id>) -> Id {
        if let Some(id) = self.known.get(&Key::Tuple(items.clone())) {
            return *id;
        }
        items.iter().for_each(|item| self.hold(*item));
        let holders = if items.is_empty() { MANY } else { 0 };
        let id = self.add(Kind::Tuple(items.clone()), holders);
        self.known.insert(Key::Tuple(items), id);
        id
    }

    fn frozen_set(&mut self, items: Vec<Id>) -> Id {
        let mut key = items.clone();
        key.sort_unstable();
        if let Some(id) = self.known.get(&Key::FrozenSet(key.clone())) {
            return *id;
        }
        items.iter().for_each(|item| self.hold(*item));
        let id = self.add(Kind::FrozenSet(items), 0);
        self.known.insert(Key::FrozenSet(key), id);
        id
    }

    fn constant(&mut self, value: &'a Constant) -> Id {
        let mut singleton =
            |byte| self.shared(Key::Singleton(byte), MANY, || Kind::Singleton(byte));
        match value {
            Constant::None => singleton(b'N'),
            Constant::True => singleton(b'T'),
            Constant::False => singleton(b'F'),
            Constant::Ellipsis => singleton(b'.'),
            Constant::Int(value) => {
                let is_small = value
                    .to_i64()
                    .is_some_and(|value| (-5..=256).contains(&value));
                let holders = if is_small { MANY } else { 0 };
                self.shared(Key::Int(value), holders, || Kind::Int(value))
            }
            // Not-a-numbers are all different.
            Constant::Float(value) if value.is_nan() => self.add(Kind::Float(*value), 0),
            Constant::Float(value) => {
                self.shared(Key::Float(value.to_bits()), 0, || Kind::Float(*value))
            }
            Constant::Complex(real, imag) => {
                let key = Key::Complex(real.to_bits(), imag.to_bits());
                self.shared(key, 0, || Kind::Complex(*real, *imag))
            }
            Constant::Str(text) => self.text(text),
            Constant::Bytes(bytes) => self.bytes(bytes),
            Constant::Tuple(items) => {
                let items = items.iter().map(|item| self.constant(item)).collect();
                self.tuple(items)
            }
            Constant::FrozenSet(items) => {
                let items = items.iter().map(|item| self.constant(item)).collect();
                self.frozen_set(items)
            }
        }
    }

    fn names(&mut self, names: &'a [Rc<str>]) -> Id {
        let names = names
            .iter()
            .map(|name| self.interned(name.as_bytes()))
            .collect();
        self.tuple(names)
    }

    fn name(&mut self, name: &'a str) -> Id {
        if !name.starts_with('<') {
            return self.interned(name.as_bytes());
        }
        self.shared(Key::Own(name.as_bytes()), MANY, || Kind::Text {
            text: name.as_bytes(),
            interned: false,
        })
    }

    /// A dotted qualified name is an object of its own, unless the class's body stores it as a constant too.
    fn qualname(&mut self, code: &'a CodeObject, name: Id) -> Id {
        let text = code.qualname.as_bytes();
        if !text.contains(&b'.') {
            return name;
        }
        let is_constant = code.consts.iter().any(
            |value| matches!(value, Const::Value(Constant::Str(constant)) if **constant == *text),
        );
        if is_constant {
            return self.text(text);
        }
        self.add(
            Kind::Text {
                text,
                interned: false,
            },
            0,
        )
    }

    fn code(&mut self, code: &'a CodeObject) -> Id {
        let key = Key::Code(code);
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let consts = code
            .consts
            .iter()
            .map(|value| match value {
                Const::Value(value) => self.constant(value),
                Const::Code(inner) => self.code(inner),
            })
            .collect();
        let name = self.name(&code.name);
        let parts = CodeParts {
            code,
            // Asking for it leaves it with the code object.
            bytecode: self.own_bytes(&code.code, 1),
            consts: self.tuple(consts),
            names: self.names(&code.names),
            localsplusnames: self.names(&code.localsplusnames),
            localspluskinds: self.own_bytes(&code.localspluskinds, 0),
            filename: self.shared(Key::Filename, MANY, || Kind::Text {
                text: code.filename.as_bytes(),
                interned: false,
            }),
            name,
            qualname: self.qualname(code, name),
            linetable: self.bytes(&code.linetable),
            exceptiontable: self.bytes(&code.exceptiontable),
        };
        for part in [
            parts.bytecode,
            parts.consts,
            parts.names,
            parts.localsplusnames,
            parts.localspluskinds,
            parts.filename,
            parts.name,
            parts.qualname,
            parts.linetable,
            parts.exceptiontable,
        ] {
            self.hold(part);
        }
        let id = self.add(Kind::Code(Box::new(parts)), 0);
        self.known.insert(key, id);
        id
    }
}
