//! `_ast`: the classes of syntax tree nodes, and trees as objects (`Python/Python-ast.c`).
//!
//! The classes are made once; what `compile()` makes with `PyCF_ONLY_AST` are their instances. What a program hands
//! to `compile()` is read back (`read.rs`) and looked at (`validate.rs`) before it is compiled.

mod classes;
mod make;
mod read;
mod validate;

pub use make::tree_object;
pub use read::read_tree;
pub use validate::validate;

use crate::compiler::set;
use classes::{CLASSES, FLAGS, NodeClass};
use std::cell::Cell;
use std::collections::HashMap;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_objects::errors::{PyResult, type_error};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::none;
use twinheap_objects::state::Global;
use twinheap_objects::{
    abstract_, dict, getset, id, memory, methods, module, object_struct, slot, static_type, tuple,
    types, unicode,
};

object_struct! {
    /// `AST_object`.
    pub struct AstObject {
        dict: Pointer<PyDictObject>,
    }
}

/// The names of a node's fields, by its type.
fn fields_of(node: &PyObject) -> PyResult<Vec<Own>> {
    match object::lookup_attr(node.type_().as_object(), id!("_fields"))? {
        Some(fields) => abstract_::collect(&fields),
        None => Ok(Vec::new()),
    }
}

fn init(node: &AstObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    let this = node.as_object();
    let fields = fields_of(this)?;
    let items = tuple::items(args);
    if items.len() > fields.len() {
        return Err(type_error(format_args!(
            "{} constructor takes at most {} positional argument{}",
            this.type_().short_name(),
            fields.len(),
            if fields.len() == 1 { "" } else { "s" }
        )));
    }
    for (name, value) in fields.iter().zip(items) {
        object::set_attr(this, name, Some(value))?;
    }
    let Some(kwargs) = kwargs else {
        return Ok(());
    };
    let given = dict::copy(kwargs)?;
    for (name, value) in dict::iter_owned(&given) {
        for known in &fields[..items.len()] {
            if object::equal(known, &name)? {
                return Err(type_error(format_args!(
                    "{} got multiple values for argument {}",
                    this.type_().short_name(),
                    name.repr_lossy()
                )));
            }
        }
        object::set_attr(this, &name, Some(&value))?;
    }
    Ok(())
}

fn reduce(node: &AstObject) -> PyResult {
    let type_ = node.as_object().type_().as_object();
    let empty = tuple::empty();
    match node.dict.own() {
        Some(own) => Ok(tuple::pack(&[type_, empty.as_object(), own.as_object()])?.upcast()),
        None => Ok(tuple::pack(&[type_, empty.as_object()])?.upcast()),
    }
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
}

getset! {
    static GETSET:
    "__dict__" => twinheap_objects::descr::subtype_dict, twinheap_objects::descr::subtype_set_dict;
}

static_type! {
    /// `ast.AST`.
    AST_type = "ast.AST", size size_of::<AstObject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc AstObject::dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_setattro: Some(object::PyObject_GenericSetAttr),
    tp_traverse: slot!(traverse AstObject::traverse),
    tp_clear: slot!(clear AstObject::clear),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_dictoffset: offset_of!(AstObject, dict) as isize,
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: Some(new_slot),
    tp_free: Some(memory::object_gc_free),
}

unsafe extern "C" fn new_slot(
    type_: *const PyTypeObject,
    _: *mut PyObject,
    _: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: a ready type.
    twinheap_objects::own::to_c(types::allocate(unsafe { &*type_ }, 0))
}

/// Names as strs.
fn names(of: &[&str]) -> PyResult<Vec<Own>> {
    of.iter()
        .map(|name| Ok(unicode::intern(unicode::from_str(name)?).upcast()))
        .collect()
}

fn make_class(class: &NodeClass, base: &PyObject) -> PyResult {
    let namespace = dict::new()?;
    let fields = tuple::from_vec(names(class.fields)?)?.upcast();
    dict::set_literal(&namespace, "_fields", &fields)?;
    dict::set_literal(&namespace, "__match_args__", &fields)?;
    dict::set_literal(
        &namespace,
        "__module__",
        unicode::from_str("ast")?.as_object(),
    )?;
    dict::set_literal(
        &namespace,
        "__doc__",
        unicode::from_str(&class.doc())?.as_object(),
    )?;
    let bases = tuple::pack(&[base])?;
    let made = types::new_class(
        &types::PyType_Type,
        &*unicode::from_str(class.name)?,
        &bases,
        &namespace,
        None,
    )?;
    if let Some(attributes) = class.attributes {
        let attributes = tuple::from_vec(names(attributes)?)?;
        set(&made, "_attributes", attributes.as_object())?;
    }
    for name in class.optional {
        set(&made, name, &none())?;
    }
    Ok(made)
}

/// `struct ast_state`: the classes, and the one instance of each that has no fields.
struct State {
    classes: HashMap<&'static str, Class>,
}

struct Class {
    object: Own,
    fields: Vec<Own>,
    /// The node that stands for an operator or a context.
    instance: Option<Own>,
}

impl Class {
    fn type_(&self) -> &PyTypeObject {
        self.object
            .downcast_ref::<PyTypeObject>()
            .expect("a class of nodes")
    }
}

static STATE: Global<Cell<Option<&'static State>>> = Global(Cell::new(None));

/// The classes, made when they are first asked for; they stay as long as the process.
fn state() -> PyResult<&'static State> {
    if let Some(state) = STATE.get() {
        return Ok(state);
    }
    types::ready(&AST_type)?;
    if let Some(own) = types::dict_of(&AST_type) {
        let empty = tuple::empty();
        for name in ["_fields", "__match_args__", "_attributes"] {
            dict::set_literal(own, name, empty.as_object())?;
        }
    }
    let mut classes: HashMap<&'static str, Class> = HashMap::new();
    for class in CLASSES {
        let base = match class.base {
            "AST" => AST_type.as_object(),
            base => &classes[base].object,
        };
        let object = make_class(class, base)?;
        let is_symbol = !matches!(class.base, "AST" | "stmt") && class.fields.is_empty();
        let mut made = Class {
            object,
            fields: names(class.fields)?,
            instance: None,
        };
        if is_symbol {
            made.instance = Some(types::allocate(made.type_(), 0)?);
        }
        classes.insert(class.name, made);
    }
    let state: &'static State = Box::leak(Box::new(State { classes }));
    STATE.set(Some(state));
    Ok(state)
}

/// Whether an object is a node of a tree.
pub fn is_node(object: &PyObject) -> bool {
    types::is_subtype(object.type_(), &AST_type)
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let state = state()?;
    let made = module::build("_ast", &[PyMethodDef::SENTINEL], &[&AST_type])?;
    // In CPython's order: the flags stand before the classes.
    for (name, value) in FLAGS {
        module::add_int(&made, name, *value)?;
    }
    for class in CLASSES {
        module::add(&made, class.name, &state.classes[class.name].object)?;
    }
    Ok(made)
}
