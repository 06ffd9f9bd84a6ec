//! `_collections` (`Modules/_collectionsmodule.c`): deque, defaultdict, the fields of named tuples,
//! counting.

mod deque;

use crate::prelude::*;

/// `defdictobject`: a dict and what makes its missing values.
#[repr(C)]
pub struct DefaultDict {
    pub dict: PyDictObject,
    pub default_factory: Pointer<PyObject>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for DefaultDict {}
typed!(DefaultDict, defdict_type);

fn missing(this: &DefaultDict, key: &PyObject) -> PyResult {
    let Some(factory) = this
        .default_factory
        .own()
        .filter(|factory| !factory.is_none())
    else {
        return Err(errors::key_error(key));
    };
    let value = call::call(&factory, &[])?;
    abstract_::set_item(this.as_object(), key, Some(&value))?;
    Ok(value)
}

fn copy_with(this: &DefaultDict) -> PyResult {
    let factory = this.default_factory.own().unwrap_or_else(none);
    call::call(
        this.as_object().type_().as_object(),
        &[&factory, this.as_object()],
    )
}

fn reduce(this: &DefaultDict) -> PyResult {
    let arguments = match this
        .default_factory
        .own()
        .filter(|factory| !factory.is_none())
    {
        Some(factory) => tuple::pack(&[&factory])?,
        None => tuple::empty(),
    };
    let items = call::call_method(this.as_object(), id!("items"), &[])?;
    let iterator = abstract_::get_iter(&items)?;
    let type_ = this.as_object().type_().as_object();
    Ok(tuple::pack(&[type_, arguments.as_object(), &none(), &none(), &iterator])?.upcast())
}

fn init(this: &DefaultDict, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    let items = tuple::items(args);
    let rest = match items.split_first() {
        Some((&factory, rest)) => {
            if !call::is_callable(factory) && !factory.is_none() {
                return Err(type_error("first argument must be callable or None"));
            }
            this.default_factory
                .put(Some(factory).filter(|f| !f.is_none()).map(Own::new));
            rest
        }
        None => {
            this.default_factory.put(None);
            items
        }
    };
    let Some(init) = dict::PyDict_Type.tp_init.get() else {
        return Err(errors::system_error("dict has no tp_init"));
    };
    let rest = tuple::pack(rest)?;
    let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
    // SAFETY: a defaultdict is a dict.
    errors::from_status(unsafe { init(this.as_raw(), rest.as_raw(), kwargs) }).map(drop)
}

fn repr(this: &DefaultDict) -> PyResult {
    let Some(base) = dict::PyDict_Type.tp_repr.get() else {
        return Err(errors::system_error("dict has no tp_repr"));
    };
    // SAFETY: a defaultdict is a dict.
    let shown = unsafe { errors::from_c(base(this.as_raw())) }?;
    let factory = match this.default_factory.own() {
        None => unicode::from_str("None")?,
        Some(factory) => match object::repr_enter(&factory) {
            Some(_guard) => object::repr(&factory)?,
            None => unicode::from_str("...")?,
        },
    };
    let mut writer = unicode::Writer::new();
    writer.push_str(this.as_object().type_().short_name());
    writer.push_str("(");
    writer.push(&factory);
    writer.push_str(", ");
    writer.push_object(&shown)?;
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn or(a: &PyObject, b: &PyObject) -> PyResult {
    let (this, other) = match (
        a.downcast_ref::<DefaultDict>(),
        b.downcast_ref::<DefaultDict>(),
    ) {
        (Some(this), _) => (this, b),
        (None, Some(this)) => (this, a),
        _ => return Ok(not_implemented()),
    };
    if other.downcast_ref::<PyDictObject>().is_none() {
        return Ok(not_implemented());
    }
    let factory = this.default_factory.own().unwrap_or_else(none);
    let made = call::call(this.as_object().type_().as_object(), &[&factory, a])?;
    call::call_method(&made, id!("update"), &[b])?;
    Ok(made)
}

fn base_slot(this: *mut PyObject) -> Option<(&'static PyTypeObject, *mut PyObject)> {
    (!this.is_null()).then_some((&dict::PyDict_Type, this))
}

fn traverse(this: &DefaultDict, visitor: &mut Visitor) {
    visitor.field(&this.default_factory);
    for (key, value) in dict::entries(&this.dict) {
        visitor.pointer(key.as_raw());
        visitor.pointer(value.as_raw());
    }
}

fn clear(this: &DefaultDict) {
    Field::clear(&this.default_factory);
    dict::clear(&this.dict);
}

unsafe fn dealloc(this: *mut DefaultDict) {
    // SAFETY: called once, when the last reference is gone; a defaultdict ends as a dict.
    unsafe {
        memory::untrack(this.cast());
        Field::clear(&(*this).default_factory);
        if let Some((base, object)) = base_slot(this.cast())
            && let Some(destroy) = base.tp_dealloc.get()
        {
            destroy(object);
        }
    }
}

methods! {
    static DEFAULT_METHODS:
    "__missing__" => o(missing);
    "copy" => noargs(copy_with);
    "__copy__" => noargs(copy_with);
    "__reduce__" => noargs(reduce);
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

members! {
    static DEFAULT_MEMBERS:
    "default_factory" => T_OBJECT, offset_of!(DefaultDict, default_factory), 0;
}

static_type! {
    /// `collections.defaultdict`.
    defdict_type = "collections.defaultdict", size size_of::<DefaultDict>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    number { nb_or: slot!(binary or), }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_base: &dict::PyDict_Type,
    tp_methods: DEFAULT_METHODS.as_ptr(),
    tp_members: DEFAULT_MEMBERS.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_gc_free),
}

object_struct! {
    /// `_tuplegetterobject`: a field of a named tuple.
    pub struct TupleGetter {
        index: Cell<isize>,
        doc: Pointer<PyObject>,
    }
}

fn getter_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::no_keywords("_tuplegetter", kwargs)?;
    let items = tuple::items(args);
    call::check_positional("_tuplegetter", items.len(), 2, 2)?;
    let index = unicode::ssize(items[0])?;
    let made = TupleGetter::alloc(type_)?;
    made.index.set(index);
    made.doc.put(Some(Own::new(items[1])));
    Ok(made.upcast())
}

fn getter_get(this: &TupleGetter, instance: Option<&PyObject>, _: Option<&PyObject>) -> PyResult {
    let Some(instance) = instance.filter(|instance| !instance.is_none()) else {
        return Ok(Own::new(this).upcast());
    };
    let Some(values) = instance.downcast_ref::<PyTupleObject>() else {
        return Err(type_error(format_args!(
            "descriptor for index '{}' for tuple subclasses doesn't apply to '{}' object",
            this.index.get(),
            instance.type_().name()
        )));
    };
    match tuple::items(values).get(this.index.get() as usize) {
        Some(value) => Ok(Own::new(*value)),
        None => Err(index_error("tuple index out of range")),
    }
}

fn getter_set(_: &TupleGetter, _: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    Err(errors::attribute_error(if value.is_some() {
        "can't set attribute"
    } else {
        "can't delete attribute"
    }))
}

fn getter_reduce(this: &TupleGetter) -> PyResult {
    let arguments = tuple::pack(&[&*long::from_isize(this.index.get())?, this.doc.expect_ref()])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

fn getter_repr(this: &TupleGetter) -> PyResult {
    let name = this.as_object().type_().short_name();
    let doc = this.doc.expect_ref().repr_lossy();
    Ok(unicode::from_str(&format!("{name}({}, {doc})", this.index.get()))?.upcast())
}

methods! {
    static GETTER_METHODS:
    "__reduce__" => noargs(getter_reduce);
}

members! {
    static GETTER_MEMBERS:
    "__doc__" => T_OBJECT, offset_of!(TupleGetter, doc), 0;
}

static_type! {
    /// `collections._tuplegetter`.
    tuplegetter_type = "_collections._tuplegetter", size size_of::<TupleGetter>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc TupleGetter::dealloc),
    tp_repr: slot!(unary getter_repr),
    tp_traverse: slot!(traverse TupleGetter::traverse),
    tp_clear: slot!(clear TupleGetter::clear),
    tp_methods: GETTER_METHODS.as_ptr(),
    tp_members: GETTER_MEMBERS.as_ptr(),
    tp_descr_get: slot!(descr_get getter_get),
    tp_descr_set: slot!(objobjarg getter_set),
    tp_new: slot!(new getter_new),
}

/// `_count_elements(mapping, iterable)`.
fn count_elements(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_count_elements", args.len(), 2, 2)?;
    let iterator = abstract_::get_iter(args[1])?;
    let one = Own::new(long::small_int(1)).upcast();
    let zero = long::small_int(0).as_object();
    let plain = args[0].downcast_ref::<PyDictObject>().filter(|mapping| {
        let own = |name| {
            types::lookup(mapping.as_object().type_(), name)
                .map(|f: &PyObject| f as *const PyObject)
        };
        let base =
            |name| types::lookup(&dict::PyDict_Type, name).map(|f: &PyObject| f as *const PyObject);
        own(id!("get")) == base(id!("get")) && own(id!("__setitem__")) == base(id!("__setitem__"))
    });
    while let Some(key) = abstract_::next(&iterator)? {
        if let Some(mapping) = plain {
            let hash = object::hash(&key)?;
            let old = dict::get_item_known_hash(mapping, &key, hash)?;
            let value = match old {
                None => one.clone(),
                Some(old) => abstract_::add(&old, &one)?,
            };
            dict::insert(mapping, key, hash, value)?;
        } else {
            let old = call::call_method(args[0], id!("get"), &[&key, zero])?;
            let value = abstract_::add(&old, &one)?;
            abstract_::set_item(args[0], &key, Some(&value))?;
        }
    }
    Ok(none())
}

methods! {
    static FUNCTIONS:
    "_count_elements" => fast(count_elements, "($module, mapping, iterable, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build(
        "_collections",
        FUNCTIONS,
        &[
            &deque::deque_type,
            &defdict_type,
            &dict::PyODict_Type,
            &deque::dequeiter_type,
            &deque::dequereviter_type,
            &tuplegetter_type,
        ],
    )
}
