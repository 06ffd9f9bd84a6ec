//! The objects that CPython would have for a code object fresh from its compiler, and how many hold each.
//!
//! CPython's compiler keeps one cache of constants for a whole module, so equal constants, tuples of names
//! and location tables are one object. What does not go through it: names, which are interned; small ints,
//! characters and empty values, of which the interpreter has one each; the bytecode, the kinds of local
//! variables and dotted qualified names, which are made anew for each code object.

use std::rc::Rc;

use twinheap_syntax::ast::Constant;
use twinheap_syntax::int::Int;
use twinheap_syntax::names::Name;
use twinheap_syntax::token::{KEYWORDS, known};

use crate::code::{CO_OPTIMIZED, CodeObject, Const, FastMap, FastSet};
use crate::fold::PERCENT;

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

impl CodeParts<'_> {
    fn children(&self) -> [Id; 10] {
        [
            self.bytecode,
            self.consts,
            self.names,
            self.localsplusnames,
            self.localspluskinds,
            self.filename,
            self.name,
            self.qualname,
            self.linetable,
            self.exceptiontable,
        ]
    }
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
    /// The module's code.
    whole: &'a CodeObject,
    /// The texts that the parser and the interpreter have interned; gathered when asked for.
    interned_before: Option<FastSet<&'a [u8]>>,
    objects: Vec<Object<'a>>,
    known: FastMap<Key<'a>, Id>,
    /// The constant texts that look like names, and whether the first of each was one: then it is the interned
    /// text, else it is an object of its own until a code object that has it is made.
    cached_texts: FastMap<&'a [u8], bool>,
    pub root: Id,
}

/// The names that an interpreter holds that has started and imported `py_compile`, and nothing else.
const INTERNED_AT_START: &str = include_str!("interned.txt");

/// The names of a code object and of those inside it.
fn gather_names<'a>(code: &'a CodeObject, names: &mut FastSet<&'a [u8]>) {
    let own = code.names.iter().chain(&code.localsplusnames);
    // A name of one character is the very object that a text of one character is.
    let own = own.chain([&code.name]).filter(|name| name.len() > 1);
    names.extend(own.map(|name| name.as_bytes()));
    for value in &code.consts {
        if let Const::Code(inner) = value {
            gather_names(inner, names);
        }
    }
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
            whole: code,
            interned_before: None,
            objects: Vec::new(),
            known: FastMap::default(),
            cached_texts: FastMap::default(),
            root: 0,
        };
        graph.root = graph.code(code);
        graph.count_holders();
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

    /// Counts, for everything that the module's code reaches, the objects that hold it.
    fn count_holders(&mut self) {
        let mut is_counted = vec![false; self.objects.len()];
        let mut waiting = vec![self.root];
        let mut children = Vec::new();
        // The caller and its caller hold the whole.
        self.objects[self.root as usize].holders += 2;
        while let Some(id) = waiting.pop() {
            if std::mem::replace(&mut is_counted[id as usize], true) {
                continue;
            }
            match &self.objects[id as usize].kind {
                Kind::Tuple(items) | Kind::FrozenSet(items) => children.extend_from_slice(items),
                Kind::Code(parts) => children.extend_from_slice(&parts.children()),
                _ => {}
            }
            for child in children.drain(..) {
                self.objects[child as usize].holders += 1;
                waiting.push(child);
            }
        }
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

    fn constant_text(&mut self, text: &'a [u8]) -> Id {
        if text == PERCENT.as_bytes() && self.is_from_name(text) {
            return self.shared(Key::Text(text), 0, || Kind::Text {
                text,
                interned: false,
            });
        }
        if is_name_like(text) && !self.cached_texts.contains_key(text) {
            let is_from_name = self.is_from_name(text);
            self.cached_texts.insert(text, is_from_name);
        }
        self.text(text)
    }

    /// Whether this very memory is that of a name.
    fn is_from_name(&self, text: &[u8]) -> bool {
        let names = self.whole.known_names.as_deref();
        let name = names.zip(std::str::from_utf8(text).ok());
        let name = name.and_then(|(names, text)| Some(names.shared(names.find(text)?)));
        name.is_some_and(|name| std::ptr::eq(name.as_ptr(), text.as_ptr()))
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
        self.new_tuple(items.clone(), items)
    }

    /// A tuple that is found again by these objects, and has those.
    fn new_tuple(&mut self, key: Vec<Id>, items: Vec<Id>) -> Id {
        let holders = if items.is_empty() { MANY } else { 0 };
        let id = self.add(Kind::Tuple(items), holders);
        self.known.insert(Key::Tuple(key), id);
        id
    }

    fn frozen_set(&mut self, items: Vec<Id>) -> Id {
        let mut key = items.clone();
        key.sort_unstable();
        if let Some(id) = self.known.get(&Key::FrozenSet(key.clone())) {
            return *id;
        }
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
            Constant::Str(text) => self.constant_text(text),
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

    /// A code object's own constants. A set in them, one of whose texts was interned before the code object was
    /// made, CPython makes anew with the interned text, in this tuple only.
    fn consts(&mut self, code: &'a CodeObject) -> Id {
        let key: Vec<Id> = code
            .consts
            .iter()
            .map(|value| match value {
                Const::Value(value) => self.constant(value),
                Const::Code(inner) => self.code(inner),
            })
            .collect();
        if let Some(id) = self.known.get(&Key::Tuple(key.clone())) {
            return *id;
        }
        let mut items = key.clone();
        for (item, value) in items.iter_mut().zip(&code.consts) {
            if let Const::Value(Constant::FrozenSet(members)) = value
                && members.iter().any(|member| self.is_interned_before(member))
                && let Kind::FrozenSet(members) = &self.objects[*item as usize].kind
            {
                let members = members.clone();
                *item = self.add(Kind::FrozenSet(members), 0);
            }
        }
        self.new_tuple(key, items)
    }

    /// Whether a constant is a text that is another object than the interned text equal to it.
    fn is_interned_before(&mut self, value: &'a Constant) -> bool {
        let Constant::Str(text) = value else {
            return false;
        };
        if !is_name_like(text) {
            return false;
        }
        if self.cached_texts.get(&**text) == Some(&true) {
            return false;
        }
        let whole = self.whole;
        self.interned_before
            .get_or_insert_with(|| {
                let mut names = FastSet::default();
                gather_names(whole, &mut names);
                if let Some(known_names) = whole.known_names.as_deref() {
                    // The first ones every table holds, whether the source has them or not.
                    let first = (KEYWORDS.len() + known::TEXTS.len()) as u32;
                    let of_source = (first..known_names.len() as u32).map(Name);
                    let texts = of_source.map(|name| known_names.text(name).as_bytes());
                    names.extend(texts.filter(|text| text.len() > 1));
                }
                names.extend(INTERNED_AT_START.lines().map(str::as_bytes));
                names
            })
            .contains(&**text)
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

    /// A dotted qualified name is an object of its own; a class's is also the constant that its body stores,
    /// unless the module had an equal constant before.
    fn qualname(&mut self, code: &'a CodeObject, name: Id, is_constant: bool) -> Id {
        let text = code.qualname.as_bytes();
        if !text.contains(&b'.') {
            return name;
        }
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
        let is_class = code.flags & CO_OPTIMIZED == 0;
        let is_first = !self
            .known
            .contains_key(&Key::Text(code.qualname.as_bytes()));
        let consts = self.consts(code);
        let name = self.name(&code.name);
        let parts = CodeParts {
            code,
            // Asking for it leaves it with the code object.
            bytecode: self.own_bytes(&code.code, 1),
            consts,
            names: self.names(&code.names),
            localsplusnames: self.names(&code.localsplusnames),
            localspluskinds: self.own_bytes(&code.localspluskinds, 0),
            filename: self.shared(Key::Filename, MANY, || Kind::Text {
                text: code.filename.as_bytes(),
                interned: false,
            }),
            name,
            qualname: self.qualname(code, name, is_class && is_first),
            linetable: self.bytes(&code.linetable),
            exceptiontable: self.bytes(&code.exceptiontable),
        };
        let id = self.add(Kind::Code(Box::new(parts)), 0);
        self.known.insert(key, id);
        id
    }
}
