//! `_abc` (`Modules/_abc.c`): registries and caches of abstract base classes.

use crate::prelude::*;
use twinheap_objects::exceptions::PyExc_RuntimeError;
use twinheap_objects::set;
use twinheap_objects::state::Global;

object_struct! {
    /// `_abc_data`: weak references to classes, in three sets that are made when they are needed.
    pub struct AbcData {
        registry: Pointer<PySetObject>,
        cache: Pointer<PySetObject>,
        negative_cache: Pointer<PySetObject>,
        negative_cache_version: Cell<u64>,
    }
}

typed!(AbcData, _abc_data_type);

/// Counts the registrations of the process: it tells when negative caches are stale.
static INVALIDATION_COUNTER: Global<Cell<u64>> = Global(Cell::new(0));

fn data_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = AbcData::alloc(type_)?;
    made.negative_cache_version.set(INVALIDATION_COUNTER.get());
    Ok(made.upcast())
}

static_type! {
    /// `_abc._abc_data`.
    _abc_data_type = "_abc._abc_data", size size_of::<AbcData>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc AbcData::dealloc),
    tp_traverse: slot!(traverse AbcData::traverse),
    tp_clear: slot!(clear AbcData::clear),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new data_new),
    tp_free: Some(memory::object_gc_free),
}

fn data_of(class: &PyObject) -> PyResult<Own<AbcData>> {
    let data = object::get_attr(class, id!("_abc_impl"))?;
    data.downcast::<AbcData>()
        .map_err(|_| type_error("_abc_impl is set to a wrong type"))
}

/// Whether a set holds a weak reference to the class.
fn holds(set: &Pointer<PySetObject>, class: &PyObject) -> PyResult<bool> {
    let Some(set) = set.own().filter(|set| set.used.get() > 0) else {
        return Ok(false);
    };
    match weakref::new_reference(class) {
        Ok(reference) => set::contains(&set, &reference),
        Err(raised) => {
            if errors::matches(&twinheap_objects::exceptions::PyExc_TypeError) {
                errors::discard(raised);
                return Ok(false);
            }
            Err(raised)
        }
    }
}

/// Takes a dead reference out of its set.
fn destroy(set: &PyObject, reference: &PyObject) -> PyResult {
    if let Some(set) = weakref::target(set)
        && let Some(set) = set::as_set(&set)
    {
        set::discard(set, reference)?;
    }
    Ok(none())
}

methods! {
    static DESTROY:
    "_destroy" => o(destroy);
}

fn add_class(field: &Pointer<PySetObject>, class: &PyObject) -> PyResult<()> {
    let set = match field.own() {
        Some(set) => set,
        None => {
            let made = set::new_empty(&set::PySet_Type)?;
            field.put(Some(made.clone()));
            made
        }
    };
    let watched = weakref::new_reference(set.as_object())?;
    let callback = twinheap_objects::function::new_cfunction(&DESTROY[0], Some(&watched), None)?;
    let arguments = tuple::pack(&[class, &callback])?;
    let reference = call::call_tuple(weakref::_PyWeakref_RefType.as_object(), &arguments, None)?;
    set::add(&set, &reference)
}

fn is_abstract(value: &PyObject) -> PyResult<bool> {
    match object::lookup_attr(value, id!("__isabstractmethod__"))? {
        Some(answer) => object::is_true(&answer),
        None => Ok(false),
    }
}

fn compute_abstract_methods(class: &PyObject) -> PyResult<()> {
    let mut names: Vec<Own> = Vec::new();
    let namespace = object::get_attr(class, id!("__dict__"))?;
    let items = call::call_method(&namespace, id!("items"), &[])?;
    for pair in abstract_::collect(&items)? {
        if let Some(pair) = pair.downcast_ref::<PyTupleObject>()
            && let &[name, value] = tuple::items(pair)
            && is_abstract(value)?
        {
            names.push(Own::new(name));
        }
    }
    let bases = object::get_attr(class, id!("__bases__"))?;
    for base in abstract_::collect(&bases)? {
        let Some(inherited) = object::lookup_attr(&base, id!("__abstractmethods__"))? else {
            continue;
        };
        for name in abstract_::collect(&inherited)? {
            let Some(text) = name.downcast_ref::<PyASCIIObject>() else {
                continue;
            };
            if let Some(value) = object::lookup_attr(class, text)?
                && is_abstract(&value)?
            {
                names.push(name);
            }
        }
    }
    let names = list::from_vec(names)?;
    let frozen = set::frozen_from_iterable(names.as_object())?;
    object::set_attr(
        class,
        id!("__abstractmethods__").as_object(),
        Some(frozen.as_object()),
    )
}

fn abc_init(_: &PyObject, class: &PyObject) -> PyResult {
    compute_abstract_methods(class)?;
    let data = data_new(&_abc_data_type, &tuple::empty(), None)?;
    object::set_attr(class, id!("_abc_impl").as_object(), Some(&data))?;
    // A class may say that its instances match as sequences or mappings.
    if let Some(class) = class.downcast_ref::<PyTypeObject>()
        && let Some(own) = types::dict_of(class)
        && let Some(flags) = dict::get_literal(own, "__abc_tpflags__")?
    {
        const COLLECTION: u64 = Py_TPFLAGS_SEQUENCE | Py_TPFLAGS_MAPPING;
        let wanted = long::as_long(&flags)? as u64;
        if wanted & COLLECTION == COLLECTION {
            return Err(type_error(
                "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING",
            ));
        }
        class
            .tp_flags
            .set(class.tp_flags.get() | wanted & COLLECTION);
        dict::remove(own, unicode::from_str("__abc_tpflags__")?.as_object())?;
    }
    Ok(none())
}

/// Gives a class and its subclasses the collection flags of the class it was registered with.
fn set_collection_flags(class: &PyTypeObject, flags: u64) {
    const COLLECTION: u64 = Py_TPFLAGS_SEQUENCE | Py_TPFLAGS_MAPPING;
    if class.tp_flags.get() & COLLECTION == flags || class.has_feature(Py_TPFLAGS_IMMUTABLETYPE) {
        return;
    }
    class
        .tp_flags
        .set(class.tp_flags.get() & !COLLECTION | flags);
    for subclass in types::subclasses(class) {
        set_collection_flags(&subclass, flags);
    }
}

fn abc_register(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_abc_register", args.len(), 2, 2)?;
    let (class, subclass) = (args[0], args[1]);
    if !object::is_type(subclass) {
        return Err(type_error("Can only register classes"));
    }
    if types::is_subclass(subclass, class)? {
        return Ok(Own::new(subclass));
    }
    if types::is_subclass(class, subclass)? {
        return Err(errors::raise(
            &PyExc_RuntimeError,
            "Refusing to create an inheritance cycle",
        ));
    }
    add_class(&data_of(class)?.registry, subclass)?;
    INVALIDATION_COUNTER.set(INVALIDATION_COUNTER.get() + 1);
    if let (Some(class), Some(subclass)) = (
        class.downcast_ref::<PyTypeObject>(),
        subclass.downcast_ref::<PyTypeObject>(),
    ) {
        let flags = class.tp_flags.get() & (Py_TPFLAGS_SEQUENCE | Py_TPFLAGS_MAPPING);
        if flags != 0 {
            set_collection_flags(subclass, flags);
        }
    }
    Ok(Own::new(subclass))
}

fn abc_instancecheck(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_abc_instancecheck", args.len(), 2, 2)?;
    let (class, instance) = (args[0], args[1]);
    let data = data_of(class)?;
    let subclass = object::get_attr(instance, id!("__class__"))?;
    if holds(&data.cache, &subclass)? {
        return Ok(bool_object(true));
    }
    let subtype = instance.type_().as_object();
    if std::ptr::eq(subtype, &*subclass) {
        if data.negative_cache_version.get() == INVALIDATION_COUNTER.get()
            && holds(&data.negative_cache, &subclass)?
        {
            return Ok(bool_object(false));
        }
        return call::call_method(class, id!("__subclasscheck__"), &[&subclass]);
    }
    let answer = call::call_method(class, id!("__subclasscheck__"), &[&subclass])?;
    if object::is_true(&answer)? {
        return Ok(answer);
    }
    call::call_method(class, id!("__subclasscheck__"), &[subtype])
}

/// Whether the class derives from a registered one.
fn derives_from_registered(data: &AbcData, subclass: &PyObject) -> PyResult<bool> {
    let Some(registry) = data.registry.own() else {
        return Ok(false);
    };
    let references: Vec<Own> = set::keys(&registry).map(|(key, _)| Own::new(key)).collect();
    // The class itself is the common case.
    if holds(&data.registry, subclass)? {
        add_class(&data.cache, subclass)?;
        return Ok(true);
    }
    for reference in references {
        if let Some(registered) = weakref::target(&reference)
            && types::is_subclass(subclass, &registered)?
        {
            add_class(&data.cache, subclass)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn subclass_answer(class: &PyObject, subclass: &PyObject) -> PyResult<bool> {
    let data = data_of(class)?;
    if holds(&data.cache, subclass)? {
        return Ok(true);
    }
    if data.negative_cache_version.get() < INVALIDATION_COUNTER.get() {
        if let Some(negative) = data.negative_cache.own() {
            set::clear(&negative);
        }
        data.negative_cache_version.set(INVALIDATION_COUNTER.get());
    } else if holds(&data.negative_cache, subclass)? {
        return Ok(false);
    }
    let hook = call::call_method(class, id!("__subclasshook__"), &[subclass])?;
    if let Some(answer) = twinheap_objects::singletons::as_bool(&hook) {
        add_class(
            if answer {
                &data.cache
            } else {
                &data.negative_cache
            },
            subclass,
        )?;
        return Ok(answer);
    }
    if !std::ptr::eq(&*hook, &*not_implemented()) {
        return Err(errors::raise(
            &twinheap_objects::exceptions::PyExc_AssertionError,
            "__subclasshook__ must return either False, True, or NotImplemented",
        ));
    }
    let derived = subclass
        .downcast_ref::<PyTypeObject>()
        .is_some_and(|subclass| {
            types::mro_items(subclass)
                .iter()
                .any(|base| std::ptr::eq(*base, class))
        });
    if derived {
        add_class(&data.cache, subclass)?;
        return Ok(true);
    }
    if derives_from_registered(&data, subclass)? {
        return Ok(true);
    }
    let subclasses = call::call_method(class, id!("__subclasses__"), &[])?;
    if subclasses.downcast_ref::<PyListObject>().is_none() {
        return Err(type_error("__subclasses__() must return a list"));
    }
    for other in abstract_::collect(&subclasses)? {
        if types::is_subclass(subclass, &other)? {
            add_class(&data.cache, subclass)?;
            return Ok(true);
        }
    }
    add_class(&data.negative_cache, subclass)?;
    Ok(false)
}

fn abc_subclasscheck(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_abc_subclasscheck", args.len(), 2, 2)?;
    if !object::is_type(args[1]) {
        return Err(type_error("issubclass() arg 1 must be a class"));
    }
    Ok(bool_object(subclass_answer(args[0], args[1])?))
}

fn get_dump(_: &PyObject, class: &PyObject) -> PyResult {
    let data = data_of(class)?;
    let copy = |field: &Pointer<PySetObject>| -> PyResult {
        match field.own() {
            Some(set) => Ok(set::from_iterable(set.as_object())?.upcast()),
            None => Ok(set::new_empty(&set::PySet_Type)?.upcast()),
        }
    };
    let parts = vec![
        copy(&data.registry)?,
        copy(&data.cache)?,
        copy(&data.negative_cache)?,
        long::from_u64(data.negative_cache_version.get())?.upcast(),
    ];
    Ok(tuple::from_vec(parts)?.upcast())
}

fn reset_registry(_: &PyObject, class: &PyObject) -> PyResult {
    if let Some(registry) = data_of(class)?.registry.own() {
        set::clear(&registry);
    }
    Ok(none())
}

fn reset_caches(_: &PyObject, class: &PyObject) -> PyResult {
    let data = data_of(class)?;
    for field in [&data.cache, &data.negative_cache] {
        if let Some(cache) = field.own() {
            set::clear(&cache);
        }
    }
    Ok(none())
}

fn get_cache_token(_: &PyObject) -> PyResult {
    Ok(long::from_u64(INVALIDATION_COUNTER.get())?.upcast())
}

methods! {
    static FUNCTIONS:
    "get_cache_token" => noargs(get_cache_token, "($module, /)");
    "_abc_init" => o(abc_init, "($module, self, /)");
    "_reset_registry" => o(reset_registry, "($module, self, /)");
    "_reset_caches" => o(reset_caches, "($module, self, /)");
    "_get_dump" => o(get_dump, "($module, self, /)");
    "_abc_register" => fast(abc_register, "($module, self, subclass, /)");
    "_abc_instancecheck" => fast(abc_instancecheck, "($module, self, instance, /)");
    "_abc_subclasscheck" => fast(abc_subclasscheck, "($module, self, subclass, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&_abc_data_type)?;
    module::build("_abc", FUNCTIONS, &[])
}
