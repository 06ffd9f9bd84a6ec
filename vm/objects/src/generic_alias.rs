//! `types.GenericAlias` (`Objects/genericaliasobject.c`): `list[int]` and the like.

use crate::call::{self, Args};
use crate::errors::{self, PyResult, type_error};
use crate::exceptions::{PyExc_AttributeError, PyExc_TypeError};
use crate::memory;
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, ellipsis, none, not_implemented};
use crate::{
    abstract_, getset, id, import_hook, list, members, methods, object_struct, slot, static_type,
    tuple, typed, types, unicode, union_type,
};
use std::cell::Cell;
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;

object_struct! {
    /// `gaobject`.
    pub struct GenericAlias {
        origin: Pointer<PyObject>,
        args: Pointer<PyTupleObject>,
        parameters: Pointer<PyTupleObject>,
        weakreflist: Cell<*const PyObject>,
        starred: Cell<bool>,
        vectorcall: Cell<Option<vectorcallfunc>>,
    }
}

object_struct! {
    /// `gaiterobject`: gives the starred alias once.
    pub struct GenericAliasIterator {
        obj: Pointer<PyObject>,
    }
}

typed!(GenericAlias, Py_GenericAliasType);

/// The attributes that are the alias's own; all others are the origin's.
const OWN_ATTRIBUTES: [&str; 11] = [
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__copy__",
    "__deepcopy__",
];

/// `Py_GenericAlias`.
pub fn new(origin: &PyObject, item: &PyObject) -> PyResult {
    make(&Py_GenericAliasType, origin, item, false)
}

fn make(type_: &PyTypeObject, origin: &PyObject, item: &PyObject, starred: bool) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: an alias or an instance of a subclass, zeroed but for its header.
    let alias: &GenericAlias = unsafe { &*made.as_ptr().cast() };
    alias.origin.put(Some(Own::new(origin)));
    alias
        .args
        .put(Some(match item.downcast_ref::<PyTupleObject>() {
            Some(items) => Own::new(items),
            None => tuple::pack(&[item])?,
        }));
    alias.starred.set(starred);
    if call::vectorcall_function(origin).is_some() {
        alias.vectorcall.set(slot!(vectorcall alias_vectorcall));
    }
    Ok(made)
}

/// Appends an item as `repr` of an alias or of a union shows it.
pub fn push_repr_item(writer: &mut unicode::Writer, item: &PyObject) -> PyResult<()> {
    if std::ptr::eq(item, &*ellipsis()) {
        writer.push_str("...");
        return Ok(());
    }
    let is_alias = object::lookup_attr(item, id!("__origin__"))?.is_some()
        && object::lookup_attr(item, id!("__args__"))?.is_some();
    if !is_alias
        && let Some(qualname) = object::lookup_attr(item, id!("__qualname__"))?
        && let Some(module) = object::lookup_attr(item, id!("__module__"))?
        && !module.is_none()
    {
        let builtin = module
            .downcast_ref::<PyASCIIObject>()
            .is_some_and(|module| unicode::equals_str(module, "builtins"));
        if !builtin {
            writer.push(&object::str(&module)?);
            writer.push_str(".");
        }
        writer.push(&object::str(&qualname)?);
        return Ok(());
    }
    writer.push(&object::repr(item)?);
    Ok(())
}

fn repr(alias: &GenericAlias) -> PyResult {
    let mut writer = unicode::Writer::new();
    if alias.starred.get() {
        writer.push_str("*");
    }
    push_repr_item(&mut writer, alias.origin.expect_ref())?;
    writer.push_str("[");
    let items = tuple::items(alias.args.expect_ref());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            writer.push_str(", ");
        }
        push_repr_item(&mut writer, item)?;
    }
    if items.is_empty() {
        writer.push_str("()");
    }
    writer.push_str("]");
    Ok(writer.finish()?.upcast())
}

fn position(items: &[&PyObject], item: &PyObject) -> Option<usize> {
    items.iter().position(|&other| std::ptr::eq(other, item))
}

/// `_Py_make_parameters`: the type variables among the arguments, each once, in order.
pub fn make_parameters(args: &PyTupleObject) -> PyResult<Own<PyTupleObject>> {
    let mut found: Vec<Own> = Vec::new();
    let mut add = |item: &PyObject| {
        if !found.iter().any(|other| std::ptr::eq(&**other, item)) {
            found.push(Own::new(item));
        }
    };
    for &item in tuple::items(args) {
        if object::is_type(item) {
            continue;
        }
        if object::lookup_attr(item, id!("__typing_subst__"))?.is_some() {
            add(item);
            continue;
        }
        let inner = object::lookup_attr(item, id!("__parameters__"))?;
        if let Some(inner) = inner
            .as_ref()
            .and_then(|i| i.downcast_ref::<PyTupleObject>())
        {
            tuple::items(inner).iter().for_each(|item| add(item));
        }
    }
    tuple::from_vec(found)
}

/// Puts arguments in the place of the type variables inside one argument.
fn substitute_inside(item: &PyObject, params: &[&PyObject], given: &[&PyObject]) -> PyResult {
    let inner = object::lookup_attr(item, id!("__parameters__"))?;
    let Some(inner) = inner
        .as_ref()
        .and_then(|i| i.downcast_ref::<PyTupleObject>())
    else {
        return Ok(Own::new(item));
    };
    if tuple::items(inner).is_empty() {
        return Ok(Own::new(item));
    }
    let mut arguments: Vec<Own> = Vec::new();
    for &variable in tuple::items(inner) {
        let Some(at) = position(params, variable) else {
            arguments.push(Own::new(variable));
            continue;
        };
        match given[at].downcast_ref::<PyTupleObject>() {
            Some(many) if params[at].type_().tp_iter.get().is_some() => {
                arguments.extend(tuple::items(many).iter().map(|&item| Own::new(item)));
            }
            _ => arguments.push(Own::new(given[at])),
        }
    }
    abstract_::get_item(item, tuple::from_vec(arguments)?.as_object())
}

/// The arguments of `*tuple[...]`; none for anything else.
fn unpacked_tuple_args(item: &PyObject) -> PyResult<Option<Own>> {
    let found = object::lookup_attr(item, id!("__typing_unpacked_tuple_args__"))?;
    Ok(found.filter(|found| !found.is_none()))
}

/// The subscript as a tuple in which starred tuples are unpacked.
fn unpack_args(item: &PyObject) -> PyResult<Own<PyTupleObject>> {
    let single = [item];
    let given = match item.downcast_ref::<PyTupleObject>() {
        Some(items) => tuple::items(items),
        None => &single,
    };
    let mut unpacked: Vec<Own> = Vec::new();
    for &item in given {
        if !object::is_type(item)
            && let Some(inner) = unpacked_tuple_args(item)?
            && let Some(inner) = inner.downcast_ref::<PyTupleObject>()
        {
            let items = tuple::items(inner);
            let open = items
                .last()
                .is_some_and(|last| std::ptr::eq(*last, &*ellipsis()));
            if !open {
                unpacked.extend(items.iter().map(|&item| Own::new(item)));
                continue;
            }
        }
        unpacked.push(Own::new(item));
    }
    tuple::from_vec(unpacked)
}

fn is_unpacked_typevartuple(item: &PyObject) -> PyResult<bool> {
    match object::lookup_attr(item, id!("__typing_is_unpacked_typevartuple__"))? {
        Some(answer) => object::is_true(&answer),
        None => Ok(false),
    }
}

/// `_Py_subs_parameters`: the arguments with the type variables replaced.
pub fn substitute(
    alias: &PyObject,
    args: &PyTupleObject,
    parameters: &PyTupleObject,
    item: &PyObject,
) -> PyResult<Own<PyTupleObject>> {
    let params = tuple::items(parameters);
    if params.is_empty() {
        return Err(type_error(format_args!(
            "{} is not a generic class",
            alias.repr_lossy()
        )));
    }
    let mut given: Own = unpack_args(item)?.upcast();
    for param in params {
        if let Some(prepare) = object::lookup_attr(param, id!("__typing_prepare_subst__"))?
            && !prepare.is_none()
        {
            let arguments = match given.downcast_ref::<PyTupleObject>() {
                Some(_) => given.clone(),
                None => tuple::pack(&[&given])?.upcast(),
            };
            given = call::call(&prepare, &[alias, &arguments])?;
        }
    }
    let single = [&*given];
    let items = match given.downcast_ref::<PyTupleObject>() {
        Some(items) => tuple::items(items),
        None => &single,
    };
    if items.len() != params.len() {
        return Err(type_error(format_args!(
            "Too {} arguments for {}; actual {}, expected {}",
            if items.len() > params.len() {
                "many"
            } else {
                "few"
            },
            alias.repr_lossy(),
            items.len(),
            params.len()
        )));
    }
    substitute_all(args, params, items)
}

fn substitute_all(
    args: &PyTupleObject,
    params: &[&PyObject],
    items: &[&PyObject],
) -> PyResult<Own<PyTupleObject>> {
    let mut made: Vec<Own> = Vec::new();
    for &argument in tuple::items(args) {
        if object::is_type(argument) {
            made.push(Own::new(argument));
            continue;
        }
        let unpack = is_unpacked_typevartuple(argument)?;
        let replaced = match object::lookup_attr(argument, id!("__typing_subst__"))? {
            Some(replace) => {
                let at = position(params, argument)
                    .ok_or_else(|| errors::system_error("a type variable without its place"))?;
                call::call(&replace, &[items[at]])?
            }
            None => substitute_inside(argument, params, items)?,
        };
        match replaced.downcast_ref::<PyTupleObject>() {
            Some(many) if unpack => {
                made.extend(tuple::items(many).iter().map(|&item| Own::new(item)));
            }
            _ => made.push(replaced),
        }
    }
    tuple::from_vec(made)
}

fn parameters_of(alias: &GenericAlias) -> PyResult<Own<PyTupleObject>> {
    if let Some(known) = alias.parameters.own() {
        return Ok(known);
    }
    let made = make_parameters(alias.args.expect_ref())?;
    alias.parameters.put(Some(made.clone()));
    Ok(made)
}

fn getitem(alias: &GenericAlias, item: &PyObject) -> PyResult {
    let parameters = parameters_of(alias)?;
    let args = substitute(
        alias.as_object(),
        alias.args.expect_ref(),
        &parameters,
        item,
    )?;
    make(
        &Py_GenericAliasType,
        alias.origin.expect_ref(),
        args.as_object(),
        alias.starred.get(),
    )
}

fn hash(alias: &GenericAlias) -> PyResult<Py_hash_t> {
    let origin = object::hash(alias.origin.expect_ref())?;
    Ok(origin ^ object::hash(alias.args.expect_ref().as_object())?)
}

/// Tells a new instance which alias it was made through, where it lets itself be told.
fn with_orig_class(made: Own, alias: &GenericAlias) -> PyResult {
    let told = object::set_attr(
        &made,
        id!("__orig_class__").as_object(),
        Some(alias.as_object()),
    );
    if let Err(raised) = told {
        if !errors::matches(&PyExc_AttributeError) && !errors::matches(&PyExc_TypeError) {
            return Err(raised);
        }
        errors::discard(raised);
    }
    Ok(made)
}

fn call_alias(
    alias: &GenericAlias,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    with_orig_class(
        call::call_tuple(alias.origin.expect_ref(), args, kwargs)?,
        alias,
    )
}

fn alias_vectorcall(alias: &GenericAlias, args: Args<'_>) -> PyResult {
    with_orig_class(call::call_args(alias.origin.expect_ref(), args)?, alias)
}

fn getattro(alias: &GenericAlias, name: &PyObject) -> PyResult {
    if let Some(text) = name.downcast_ref::<PyASCIIObject>()
        && !OWN_ATTRIBUTES
            .iter()
            .any(|own| unicode::equals_str(text, own))
    {
        return object::get_attr(alias.origin.expect_ref(), text);
    }
    object::generic_get_attr(alias.as_object(), name)
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(right)) = (
        a.downcast_ref::<GenericAlias>(),
        b.downcast_ref::<GenericAlias>(),
    ) else {
        return Ok(not_implemented());
    };
    if op != Py_EQ && op != Py_NE {
        return Ok(not_implemented());
    }
    let same = left.starred.get() == right.starred.get()
        && object::equal(left.origin.expect_ref(), right.origin.expect_ref())?
        && object::is_true(&*object::rich_compare(
            left.args.expect_ref().as_object(),
            right.args.expect_ref().as_object(),
            Py_EQ,
        )?)?;
    Ok(bool_object(same == (op == Py_EQ)))
}

fn mro_entries(alias: &GenericAlias, _: &PyObject) -> PyResult {
    Ok(tuple::pack(&[alias.origin.expect_ref()])?.upcast())
}

fn instancecheck(_: &GenericAlias, _: &PyObject) -> PyResult {
    Err(type_error(
        "isinstance() argument 2 cannot be a parameterized generic",
    ))
}

fn subclasscheck(_: &GenericAlias, _: &PyObject) -> PyResult {
    Err(type_error(
        "issubclass() argument 2 cannot be a parameterized generic",
    ))
}

fn reduce(alias: &GenericAlias) -> PyResult {
    let (origin, args) = (
        alias.origin.expect_ref(),
        alias.args.expect_ref().as_object(),
    );
    if alias.starred.get() {
        let iterator = abstract_::get_iter(&*new(origin, args)?)?;
        let next = import_hook::builtin("next")?;
        return Ok(tuple::pack(&[&next, tuple::pack(&[&iterator])?.as_object()])?.upcast());
    }
    let arguments = tuple::pack(&[origin, args])?;
    Ok(tuple::pack(&[alias.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

fn dir(alias: &GenericAlias) -> PyResult {
    let dir = call::call(&*import_hook::builtin("dir")?, &[alias.origin.expect_ref()])?;
    let Some(names) = dir.downcast_ref::<PyListObject>() else {
        return Ok(dir);
    };
    for own in OWN_ATTRIBUTES {
        let name = unicode::from_str(own)?;
        if !abstract_::contains(&dir, name.as_object())? {
            list::append(names, name.as_object())?;
        }
    }
    Ok(dir)
}

fn get_parameters(alias: &GenericAlias) -> PyResult {
    Ok(parameters_of(alias)?.upcast())
}

fn get_unpacked_tuple_args(alias: &GenericAlias) -> PyResult {
    if alias.starred.get() && std::ptr::eq(alias.origin.get().cast(), &tuple::PyTuple_Type) {
        return Ok(Own::new(alias.args.expect_ref()).upcast());
    }
    Ok(none())
}

fn new_alias(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::no_keywords("GenericAlias", kwargs)?;
    let items = tuple::items(args);
    call::check_positional("GenericAlias", items.len(), 2, 2)?;
    make(type_, items[0], items[1], false)
}

fn iter(alias: &GenericAlias) -> PyResult {
    let object: *mut GenericAliasIterator =
        memory::new_gc_object(&_Py_GenericAliasIterType, size_of::<GenericAliasIterator>())?;
    // SAFETY: fresh memory, tracked once its field is set.
    unsafe {
        (*object).obj.set(Own::new(alias).into_raw().cast());
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn iter_next(iterator: &GenericAliasIterator) -> PyResult<Option<Own>> {
    let Some(alias) = iterator.obj.own() else {
        return Ok(None);
    };
    let Some(alias) = alias.downcast_ref::<GenericAlias>() else {
        return Ok(None);
    };
    let starred = make(
        &Py_GenericAliasType,
        alias.origin.expect_ref(),
        alias.args.expect_ref().as_object(),
        true,
    )?;
    iterator.obj.put(None);
    Ok(Some(starred))
}

fn iter_reduce(iterator: &GenericAliasIterator) -> PyResult {
    let alias = iterator.obj.own().unwrap_or_else(none);
    let arguments = tuple::pack(&[&alias])?;
    Ok(tuple::pack(&[&*import_hook::builtin("iter")?, arguments.as_object()])?.upcast())
}

methods! {
    static METHODS:
    "__mro_entries__" => o(mro_entries);
    "__instancecheck__" => o(instancecheck);
    "__subclasscheck__" => o(subclasscheck);
    "__reduce__" => noargs(reduce);
    "__dir__" => noargs(dir);
}

methods! {
    static ITER_METHODS:
    "__reduce__" => noargs(iter_reduce);
}

members! {
    static MEMBERS:
    "__origin__" => T_OBJECT, offset_of!(GenericAlias, origin), READONLY;
    "__args__" => T_OBJECT, offset_of!(GenericAlias, args), READONLY;
    "__unpacked__" => T_BOOL, offset_of!(GenericAlias, starred), READONLY;
}

getset! {
    static GETSET:
    "__parameters__" => get_parameters;
    "__typing_unpacked_tuple_args__" => get_unpacked_tuple_args;
}

static_type! {
    /// `types.GenericAlias`.
    Py_GenericAliasType = "types.GenericAlias", size size_of::<GenericAlias>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_VECTORCALL;
    number { nb_or: slot!(binary union_type::or), }
    mapping { mp_subscript: slot!(binary getitem), }
    tp_dealloc: slot!(dealloc GenericAlias::dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_call: slot!(call call_alias),
    tp_getattro: slot!(binary getattro),
    tp_traverse: slot!(traverse GenericAlias::traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(GenericAlias, weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_iter: slot!(unary iter),
    tp_vectorcall_offset: offset_of!(GenericAlias, vectorcall) as isize,
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new_alias),
    tp_free: Some(memory::object_gc_free),
}

static_type! {
    /// The iterator of an alias.
    _Py_GenericAliasIterType = "generic_alias_iterator", size size_of::<GenericAliasIterator>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc GenericAliasIterator::dealloc),
    tp_traverse: slot!(traverse GenericAliasIterator::traverse),
    tp_clear: slot!(clear GenericAliasIterator::clear),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext iter_next),
    tp_methods: ITER_METHODS.as_ptr(),
}
