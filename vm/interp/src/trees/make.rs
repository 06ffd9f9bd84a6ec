//! From the parser's tree to objects (`PyAST_mod2obj`): each node is made before its fields, in the order of the
//! grammar.

use super::{Class, State, state};
use crate::compiler::nesting;
use twinheap_abi::*;
use twinheap_arith::digits;
use twinheap_objects::errors::{self, PyResult, Raised};
use twinheap_objects::exceptions::PyExc_RecursionError;
use twinheap_objects::object;
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{bytes, complex, float, id, list, long, singletons, types, unicode};
use twinheap_syntax::Ast;
use twinheap_syntax::ast::{Constant, Span, TypeIgnore};
use twinheap_syntax::int::Int;
use twinheap_syntax::walk::{Sink, walk_module};

/// A tree as objects.
pub fn tree_object(ast: &Ast) -> PyResult {
    let (depth, limit) = nesting();
    let mut maker = Maker {
        state: state()?,
        open: Vec::new(),
        tree: None,
        failure: None,
        depth,
        limit,
    };
    walk_module(&ast.module, &ast.names, &mut maker);
    match maker.failure {
        Some(raised) => Err(raised),
        None => Ok(maker.tree.expect("a module is a node")),
    }
}

/// What is being filled.
enum Open {
    Node {
        node: Own,
        class: &'static Class,
        /// How many fields it has already.
        filled: usize,
        span: Option<Span>,
    },
    List(Own<PyListObject>),
}

struct Maker {
    state: &'static State,
    open: Vec<Open>,
    tree: Option<Own>,
    /// The first error; nothing is made after it.
    failure: Option<Raised>,
    depth: i32,
    limit: i32,
}

impl Maker {
    /// Does a step, unless an earlier one has failed.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> PyResult<()>) {
        if self.failure.is_none() {
            self.failure = step(self).err();
        }
    }

    /// Puts a value into what is being filled.
    fn put(&mut self, value: Own) -> PyResult<()> {
        match self.open.last_mut() {
            Some(Open::Node {
                node,
                class,
                filled,
                ..
            }) => {
                let field = &class.fields[*filled];
                *filled += 1;
                object::set_attr(node, field, Some(&value))
            }
            Some(Open::List(items)) => list::append_take(items, value),
            None => {
                self.tree = Some(value);
                Ok(())
            }
        }
    }

    fn put_made(&mut self, make: impl FnOnce() -> PyResult) {
        self.attempt(|this| this.put(make()?));
    }

    fn class(&self, name: &str) -> &'static Class {
        &self.state.classes[name]
    }

    fn begin_node(&mut self, name: &str, span: Option<Span>) -> PyResult<()> {
        self.depth += 1;
        if self.depth > self.limit {
            let message = "maximum recursion depth exceeded during ast construction";
            return Err(errors::raise(&PyExc_RecursionError, message));
        }
        let class = self.class(name);
        self.open.push(Open::Node {
            node: types::allocate(class.type_(), 0)?,
            class,
            filled: 0,
            span,
        });
        Ok(())
    }

    fn end_node(&mut self) -> PyResult<()> {
        let Some(Open::Node { node, span, .. }) = self.open.pop() else {
            unreachable!("the walk closes what it has opened");
        };
        if let Some(span) = span {
            let places = [
                (id!("lineno"), span.lineno),
                (id!("col_offset"), span.col_offset),
                (id!("end_lineno"), span.end_lineno),
                (id!("end_col_offset"), span.end_col_offset),
            ];
            for (name, place) in places {
                let place = long::from_i64(i64::from(place))?;
                object::set_attr(&node, name.as_object(), Some(place.as_object()))?;
            }
        }
        self.depth -= 1;
        self.put(node)
    }
}

impl Sink for Maker {
    fn open(&mut self, name: &'static str, span: Option<Span>) {
        self.attempt(|this| this.begin_node(name, span));
    }

    fn close(&mut self) {
        self.attempt(Maker::end_node);
    }

    fn begin_list(&mut self, length: usize) {
        self.attempt(|this| {
            this.open.push(Open::List(list::new(length)?));
            Ok(())
        });
    }

    fn end_list(&mut self) {
        self.attempt(|this| match this.open.pop() {
            Some(Open::List(items)) => this.put(items.upcast()),
            _ => unreachable!("the walk ends what it has begun"),
        });
    }

    fn absent(&mut self) {
        self.put_made(|| Ok(singletons::none()));
    }

    fn identifier(&mut self, text: &str) {
        self.put_made(|| Ok(unicode::intern(unicode::from_str(text)?).upcast()));
    }

    fn comment(&mut self, text: &[u8]) {
        self.put_made(|| str_object(text));
    }

    fn constant(&mut self, value: &Constant) {
        self.put_made(|| constant_object(value));
    }

    fn unicode_kind(&mut self) {
        self.identifier("u");
    }

    fn number(&mut self, value: i32) {
        self.put_made(|| Ok(long::from_i64(i64::from(value))?.upcast()));
    }

    fn symbol(&mut self, name: &'static str) {
        let instance = self.class(name).instance.as_ref();
        self.put_made(|| Ok(instance.expect("a node without fields").clone()));
    }

    fn type_ignore(&mut self, ignore: &TypeIgnore) {
        self.open("TypeIgnore", None);
        self.number(ignore.lineno);
        self.comment(&ignore.tag);
        self.close();
    }
}

/// A str from UTF-8 in which lone surrogates are encoded as well.
fn str_object(text: &[u8]) -> PyResult {
    let encoding = unicode::codecs::Encoding::Utf8;
    Ok(unicode::codecs::decode(text, encoding, "surrogatepass")?.upcast())
}

fn constant_object(value: &Constant) -> PyResult {
    Ok(match value {
        Constant::None => singletons::none(),
        Constant::False => singletons::bool_object(false),
        Constant::True => singletons::bool_object(true),
        Constant::Ellipsis => singletons::ellipsis(),
        Constant::Int(value) => int_object(value)?,
        Constant::Float(value) => float::from_f64(*value)?,
        Constant::Complex(real, imag) => complex::new(*real, *imag)?,
        Constant::Str(text) => str_object(text)?,
        Constant::Bytes(content) => bytes::from_slice(content)?.upcast(),
        Constant::Tuple(_) | Constant::FrozenSet(_) => {
            unreachable!("the parser folds no displays")
        }
    })
}

fn int_object(value: &Int) -> PyResult {
    if let Some(value) = value.to_i64() {
        return Ok(long::from_i64(value)?.upcast());
    }
    let (negative, limbs) = value.parts();
    let content: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    let mut magnitude = digits::from_bytes(&content, true, false);
    magnitude.negative = negative;
    long::from_integer(&magnitude)
}
