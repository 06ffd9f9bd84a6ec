//! The methods of dict, its construction and merging, and its type.

use super::keys::KeysExt;
use super::values::ValuesExt;
use super::{
    clear, contains, copy, dict_dealloc, get_item, get_item_known_hash, iter, keys, keys_of,
    next_entry, pop, resize, set_default, set_item, size_of_dict, views,
};
use crate::call::{self, Args};
use crate::errors::{self, PyResult, key_error, type_error, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Layout, Own};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{abstract_, id, methods, slot, static_type, tuple, types, unicode};
use std::ffi::c_int;
use twinheap_abi::*;

/// What merging does with a key that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Override {
    Keep,
    Replace,
    Refuse,
}

/// Whether the type iterates as dict itself does.
pub fn has_own_iteration(dict: &PyDictObject) -> bool {
    let own = PyDict_Type.tp_iter.get();
    let its = dict.as_object().type_().tp_iter.get();
    match (own, its) {
        (Some(own), Some(its)) => std::ptr::fn_addr_eq(own, its),
        _ => false,
    }
}

/// `dict_merge`.
pub fn merge(dict: &PyDictObject, other: &PyObject, policy: Override) -> PyResult<()> {
    match other.downcast_ref::<PyDictObject>() {
        Some(other) if has_own_iteration(other) => merge_dict(dict, other, policy),
        _ => merge_mapping(dict, other, policy),
    }
}

fn merge_dict(dict: &PyDictObject, other: &PyDictObject, policy: Override) -> PyResult<()> {
    if std::ptr::eq(dict, other) || other.ma_used.get() == 0 {
        return Ok(());
    }
    let policy = if dict.ma_used.get() == 0 {
        Override::Replace
    } else {
        policy
    };
    if dict.ma_used.get() == 0 && clone_into_empty(dict, other)? {
        return Ok(());
    }
    let needed = other.ma_used.get() as usize;
    if keys::usable_fraction(keys_of(dict).size()) < needed {
        let log2 = keys::estimate_log2_keysize(dict.ma_used.get() as usize + needed);
        resize(dict, log2, keys_of(other).is_unicode())?;
    }
    let original = keys_of(other).dk_nentries.get();
    let mut position = 0;
    while let Some((next, key, value, hash)) = next_entry(other, position) {
        position = next;
        let (key, value) = (Own::new(key), Own::new(value));
        if policy != Override::Replace && get_item_known_hash(dict, &key, hash)?.is_some() {
            if policy == Override::Refuse {
                return Err(key_error(&key));
            }
        } else {
            super::insert(dict, key, hash, value)?;
        }
        if original != keys_of(other).dk_nentries.get() {
            return Err(errors::runtime_error("dict mutated during update"));
        }
    }
    Ok(())
}

/// Clones the other's table where it is dense and combined; tells whether it did.
fn clone_into_empty(dict: &PyDictObject, other: &PyDictObject) -> PyResult<bool> {
    let table = keys_of(other);
    let used = other.ma_used.get();
    let dense = other.ma_values.get().is_null() && used == table.dk_nentries.get();
    let tight = table.dk_log2_size.get() == keys::PyDict_LOG_MINSIZE
        || keys::usable_fraction(table.size() / 2) < used as usize;
    if !dense || !tight {
        return Ok(false);
    }
    let cloned = super::clone_keys(other)?;
    let old_values = dict.ma_values.replace(std::ptr::null_mut());
    // SAFETY: the dict gives its table up; an empty dict's values own nothing.
    unsafe {
        keys::decref_keys(dict.ma_keys.replace(cloned));
        if !old_values.is_null() {
            super::values::free_values(old_values);
        }
    }
    dict.ma_used.set(used);
    super::touch(dict);
    super::copy_tracking(other, dict);
    Ok(true)
}

fn merge_mapping(dict: &PyDictObject, other: &PyObject, policy: Override) -> PyResult<()> {
    let keys = abstract_::mapping_keys(other)?;
    let iterator = abstract_::get_iter(&keys)?;
    while let Some(key) = abstract_::next(&iterator)? {
        if policy != Override::Replace && contains(dict, &key)? {
            if policy == Override::Keep {
                continue;
            }
            return Err(key_error(&key));
        }
        let value = abstract_::get_item(other, &key)?;
        set_item(dict, &key, &value)?;
    }
    Ok(())
}

/// `PyDict_MergeFromSeq2`.
pub fn from_sequence(dict: &PyDictObject, pairs: &PyObject) -> PyResult<()> {
    let iterator = abstract_::get_iter(pairs)?;
    let mut index = 0;
    while let Some(item) = abstract_::next(&iterator)? {
        let pair = match abstract_::fast_sequence(&item, "") {
            Ok(pair) => pair,
            Err(raised) => {
                if !errors::matches(&crate::exceptions::PyExc_TypeError) {
                    return Err(raised);
                }
                errors::discard(raised);
                return Err(type_error(format_args!(
                    "cannot convert dictionary update sequence element #{index} to a sequence"
                )));
            }
        };
        let values = abstract_::fast_items(&pair);
        if values.len() != 2 {
            return Err(value_error(format_args!(
                "dictionary update sequence element #{index} has length {}; 2 is required",
                values.len()
            )));
        }
        let (key, value) = (Own::new(values[0]), Own::new(values[1]));
        set_item(dict, &key, &value)?;
        index += 1;
    }
    Ok(())
}

/// `dict_update_arg`.
pub fn update(dict: &PyDictObject, argument: &PyObject) -> PyResult<()> {
    if argument.is_exactly(&PyDict_Type) {
        return merge(dict, argument, Override::Replace);
    }
    if object::lookup_attr(argument, id!("keys"))?.is_some() {
        return merge(dict, argument, Override::Replace);
    }
    from_sequence(dict, argument)
}

fn update_common(dict: &PyDictObject, name: &str, args: &[&PyObject]) -> PyResult<()> {
    call::check_positional(name, args.len(), 0, 1)?;
    match args.first() {
        Some(argument) => update(dict, argument),
        None => Ok(()),
    }
}

fn dict_init(
    dict: &PyDictObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    update_common(dict, "dict", tuple::items(args))?;
    match kwargs {
        Some(kwargs) => merge(dict, kwargs.as_object(), Override::Replace),
        None => Ok(()),
    }
}

fn dict_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of dict or of a subclass.
    let dict: &PyDictObject = unsafe { &*made.as_ptr().cast() };
    // SAFETY: static keys.
    keys::incref_keys(unsafe { &*keys::empty_keys() });
    dict.ma_keys.set(keys::empty_keys());
    super::touch(dict);
    // SAFETY: a dict is collectable, and holds nothing yet.
    unsafe {
        // Subclasses are allocated with or without tracking, as their own slot has it.
        let is_tracked = memory::is_tracked(&made);
        if std::ptr::eq(type_, &PyDict_Type) {
            if is_tracked {
                memory::untrack(made.as_ptr());
            }
        } else if !is_tracked {
            memory::track(made.as_ptr());
        }
    }
    Ok(made)
}

fn dict_vectorcall(type_: &PyTypeObject, args: Args<'_>) -> PyResult {
    call::check_positional("dict", args.positional.len(), 0, 1)?;
    let empty = tuple::empty();
    let made = dict_new(type_, &empty, None)?;
    // SAFETY: just made as a dict.
    let dict: &PyDictObject = unsafe { &*made.as_ptr().cast() };
    if let Some(argument) = args.positional.first() {
        update(dict, argument)?;
    }
    for (name, value) in args.keywords() {
        set_item(dict, name.as_object(), value)?;
    }
    Ok(made)
}

fn dict_repr(dict: &PyDictObject) -> PyResult {
    let Some(_guard) = object::repr_enter(dict.as_object()) else {
        return Ok(unicode::from_str("{...}")?.upcast());
    };
    if dict.ma_used.get() == 0 {
        return Ok(unicode::from_str("{}")?.upcast());
    }
    let mut writer = unicode::Writer::new();
    writer.push_str("{");
    let mut position = 0;
    let mut first = true;
    while let Some((next, key, value, _)) = next_entry(dict, position) {
        position = next;
        let (key, value) = (Own::new(key), Own::new(value));
        if !first {
            writer.push_str(", ");
        }
        first = false;
        writer.push(&object::repr(&key)?);
        writer.push_str(": ");
        writer.push(&object::repr(&value)?);
    }
    writer.push_str("}");
    Ok(writer.finish()?.upcast())
}

fn dict_length(dict: &PyDictObject) -> PyResult<isize> {
    Ok(dict.ma_used.get())
}

fn dict_subscript(dict: &PyDictObject, key: &PyObject) -> PyResult {
    if let Some(value) = get_item(dict, key)? {
        return Ok(value);
    }
    if !dict.as_object().is_exactly(&PyDict_Type)
        && let Some(missing) = types::lookup_special(dict.as_object(), id!("__missing__"))?
    {
        return call::call(&missing, &[key]);
    }
    Err(key_error(key))
}

fn dict_ass_subscript(
    dict: &PyDictObject,
    key: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    match value {
        Some(value) => set_item(dict, key, value),
        None => super::delete_item(dict, key),
    }
}

fn dict_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<PyDictObject>(),
        b.downcast_ref::<PyDictObject>(),
    ) else {
        return Ok(not_implemented());
    };
    match op {
        Py_EQ => Ok(bool_object(dict_equal(x, y)?)),
        Py_NE => Ok(bool_object(!dict_equal(x, y)?)),
        _ => Ok(not_implemented()),
    }
}

fn dict_equal(a: &PyDictObject, b: &PyDictObject) -> PyResult<bool> {
    if a.ma_used.get() != b.ma_used.get() {
        return Ok(false);
    }
    let keys = keys_of(a);
    for index in 0..keys.dk_nentries.get() as usize {
        if index >= keys_of(a).dk_nentries.get() as usize {
            break;
        }
        let keys = keys_of(a);
        let value = match super::values_of(a) {
            Some(values) => values.slot(index).get(),
            None => keys.value(index).get(),
        };
        if value.is_null() {
            continue;
        }
        // SAFETY: a live entry owns key and value.
        let (key, value) = unsafe { (Own::new(&*keys.key(index)), Own::new(&*value)) };
        let Some(other) = get_item_known_hash(b, &key, keys.entry_hash(index))? else {
            return Ok(false);
        };
        if !object::equal(&value, &other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn dict_or(a: &PyObject, b: &PyObject) -> PyResult {
    let (Some(x), Some(_)) = (
        a.downcast_ref::<PyDictObject>(),
        b.downcast_ref::<PyDictObject>(),
    ) else {
        return Ok(not_implemented());
    };
    let made = copy(x)?;
    update(&made, b)?;
    Ok(made.upcast())
}

fn dict_ior(dict: &PyDictObject, other: &PyObject) -> PyResult {
    update(dict, other)?;
    Ok(Own::new(dict).upcast())
}

fn dict_contains(dict: &PyDictObject, key: &PyObject) -> PyResult<bool> {
    contains(dict, key)
}

fn dict_iter(dict: &PyDictObject) -> PyResult {
    iter::new(dict, &iter::PyDictIterKey_Type)
}

fn dict_reversed(dict: &PyDictObject) -> PyResult {
    iter::new(dict, &iter::PyDictRevIterKey_Type)
}

fn method_contains(dict: &PyDictObject, key: &PyObject) -> PyResult {
    Ok(bool_object(contains(dict, key)?))
}

fn dict_sizeof(dict: &PyDictObject) -> PyResult {
    crate::long::from_usize(size_of_dict(dict))
}

fn dict_get(dict: &PyDictObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("get", args.len(), 1, 2)?;
    match get_item(dict, args[0])? {
        Some(value) => Ok(value),
        None => Ok(args.get(1).map_or_else(none, |default| Own::new(default))),
    }
}

fn dict_setdefault(dict: &PyDictObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("setdefault", args.len(), 1, 2)?;
    let default = args.get(1).map_or_else(none, |default| Own::new(default));
    set_default(dict, args[0], &default)
}

fn dict_pop(dict: &PyDictObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pop", args.len(), 1, 2)?;
    let found = if dict.ma_used.get() == 0 {
        None
    } else {
        pop(dict, args[0])?
    };
    match (found, args.get(1)) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(Own::new(default)),
        (None, None) => Err(key_error(args[0])),
    }
}

fn dict_popitem(dict: &PyDictObject) -> PyResult {
    if dict.ma_used.get() == 0 {
        let message = unicode::from_str("popitem(): dictionary is empty")?;
        return Err(errors::raise_object(
            &crate::exceptions::PyExc_KeyError,
            Some(message.upcast()),
        ));
    }
    if keys_of(dict).dk_kind.get() == DICT_KEYS_SPLIT {
        resize(dict, keys_of(dict).dk_log2_size.get(), true)?;
    }
    let keys = keys_of(dict);
    keys.dk_version.set(0);
    let mut index = keys.dk_nentries.get() as usize - 1;
    while keys.value(index).get().is_null() {
        index -= 1;
    }
    let hash = keys.entry_hash(index);
    let value = keys.value(index).replace(std::ptr::null_mut());
    let key = keys.clear_key(index, -1);
    keys.set_index(keys::position_of(keys, hash, index as isize), DKIX_DUMMY);
    keys.dk_nentries.set(index as isize);
    dict.ma_used.set(dict.ma_used.get() - 1);
    super::touch(dict);
    // SAFETY: the entry owned both.
    let (key, value) = unsafe { (Own::from_raw(key), Own::from_raw(value)) };
    Ok(tuple::from_vec(vec![key, value])?.upcast())
}

fn dict_update(
    dict: &PyDictObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    update_common(dict, "update", tuple::items(args))?;
    if let Some(kwargs) = kwargs {
        merge(dict, kwargs.as_object(), Override::Replace)?;
    }
    Ok(none())
}

fn dict_fromkeys(class: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("fromkeys", args.len(), 1, 2)?;
    let value = args.get(1).map_or_else(none, |value| Own::new(value));
    let made = call::call(class, &[])?;
    if made.is_exactly(&PyDict_Type)
        && let Some(dict) = made.downcast_ref::<PyDictObject>()
        && dict.ma_used.get() == 0
    {
        presize_for_keys(dict, args[0])?;
        let iterator = abstract_::get_iter(args[0])?;
        while let Some(key) = abstract_::next(&iterator)? {
            set_item(dict, &key, &value)?;
        }
        return Ok(made);
    }
    let iterator = abstract_::get_iter(args[0])?;
    while let Some(key) = abstract_::next(&iterator)? {
        abstract_::set_item(&made, &key, Some(&value))?;
    }
    Ok(made)
}

/// `fromkeys` of a dict or set makes room for all keys at once.
fn presize_for_keys(dict: &PyDictObject, keys_source: &PyObject) -> PyResult<()> {
    if let Some(source) = keys_source.downcast_exact::<PyDictObject>() {
        let log2 = keys::estimate_log2_keysize(source.ma_used.get() as usize);
        return resize(dict, log2, keys_of(source).is_unicode());
    }
    if let Some(source) = keys_source.downcast_ref::<PySetObject>() {
        return resize(
            dict,
            keys::estimate_log2_keysize(source.used.get() as usize),
            false,
        );
    }
    Ok(())
}

fn method_clear(dict: &PyDictObject) -> PyResult {
    clear(dict);
    Ok(none())
}

fn method_copy(dict: &PyDictObject) -> PyResult {
    Ok(copy(dict)?.upcast())
}

fn dict_keys(dict: &PyDictObject) -> PyResult {
    views::new(dict, &views::PyDictKeys_Type)
}

fn dict_values(dict: &PyDictObject) -> PyResult {
    views::new(dict, &views::PyDictValues_Type)
}

fn dict_items(dict: &PyDictObject) -> PyResult {
    views::new(dict, &views::PyDictItems_Type)
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

pub(super) fn dict_traverse(dict: &PyDictObject, visitor: &mut Visitor) {
    if dict.ma_keys.get().is_null() {
        return;
    }
    let keys = keys_of(dict);
    for index in 0..keys.dk_nentries.get() as usize {
        match super::values_of(dict) {
            Some(values) => visitor.field(values.slot(index)),
            None => {
                if !keys.value(index).get().is_null() {
                    visitor.field(keys.value(index));
                    visitor.pointer(keys.key(index));
                }
            }
        }
    }
}

fn dict_clear_slot(dict: &PyDictObject) {
    clear(dict);
}

methods! {
    static DICT_METHODS:
    "__contains__" => o(method_contains, "($self, key, /)") | METH_COEXIST;
    "__getitem__" => o(dict_subscript) | METH_COEXIST;
    "__sizeof__" => noargs(dict_sizeof);
    "get" => fast(dict_get, "($self, key, default=None, /)");
    "setdefault" => fast(dict_setdefault, "($self, key, default=None, /)");
    "pop" => fast(dict_pop, "($self, key, default=<unrepresentable>, /)");
    "popitem" => noargs(dict_popitem, "($self, /)");
    "keys" => noargs(dict_keys);
    "items" => noargs(dict_items);
    "values" => noargs(dict_values);
    "update" => varargs_keywords(dict_update);
    "fromkeys" => fast(dict_fromkeys, "($type, iterable, value=None, /)") | METH_CLASS;
    "clear" => noargs(method_clear);
    "copy" => noargs(method_copy);
    "__reversed__" => noargs(dict_reversed, "($self, /)");
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

static_type! {
    /// `dict`.
    PyDict_Type = "dict", size size_of::<PyDictObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DICT_SUBCLASS
            | _Py_TPFLAGS_MATCH_SELF | Py_TPFLAGS_MAPPING;
    number { nb_or: slot!(binary dict_or), nb_inplace_or: slot!(binary dict_ior) }
    sequence { sq_contains: slot!(objobj dict_contains) }
    mapping {
        mp_length: slot!(len dict_length),
        mp_subscript: slot!(binary dict_subscript),
        mp_ass_subscript: slot!(objobjarg dict_ass_subscript),
    }
    tp_dealloc: slot!(dealloc dict_dealloc),
    tp_repr: slot!(unary dict_repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse dict_traverse),
    tp_clear: slot!(clear dict_clear_slot),
    tp_richcompare: slot!(richcmp dict_richcompare),
    tp_iter: slot!(unary dict_iter),
    tp_methods: DICT_METHODS.as_ptr(),
    tp_init: slot!(init dict_init),
    tp_alloc: Some(memory::_PyType_AllocNoTrack),
    tp_new: slot!(new dict_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall dict_vectorcall),
}
