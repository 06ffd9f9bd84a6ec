//! type and object (`Objects/typeobject.c`): subtyping, attribute lookup with its cache, instance
//! allocation, calling a type.

mod assignment;
pub mod attributes;
mod base_object;
mod heap;
mod instance;
mod mro;
mod ready;
mod slot_functions;
mod slotdefs;
mod super_object;
mod wrappers;

pub use attributes::{PyType_Type, heap_part, qualname_object, type_name_object};
pub use base_object::{PyBaseObject_Type, object_init_check, object_new};
pub use heap::{build_class_type, calculate_metaclass, new_class};
pub use instance::{finalize_from_dealloc, subtype_dealloc, subtype_traverse_dict};
pub use mro::mro_items;
pub use ready::{ready, ready_all, subclasses};
pub use slotdefs::PyWrapperFlag_KEYWORDS as WRAPPER_KEYWORDS;
pub use slotdefs::slot_pointer;
pub use super_object::PySuper_Type;

use crate::call::{self, Args};
use crate::errors::{self, PyResult, type_error};
use crate::memory;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::state::Global;
use crate::{dict, tuple, typed, unicode};
use std::cell::Cell;
use twinheap_abi::*;

typed!(PyTypeObject, PyType_Type, flag Py_TPFLAGS_TYPE_SUBCLASS);

/// `PyType_IsSubtype`.
#[inline]
pub fn is_subtype(a: &PyTypeObject, b: &PyTypeObject) -> bool {
    if std::ptr::eq(a, b) {
        return true;
    }
    match Field::as_ref(&a.tp_mro) {
        Some(_) => mro_items(a)
            .iter()
            .any(|entry| std::ptr::eq(*entry, b.as_object())),
        None => {
            let mut base = a.tp_base.get();
            while !base.is_null() {
                if std::ptr::eq(base, b) {
                    return true;
                }
                // SAFETY: a type keeps its base alive.
                base = unsafe { (*base).tp_base.get() };
            }
            std::ptr::eq(b, &PyBaseObject_Type)
        }
    }
}

const CACHE_SIZE: usize = 1 << 12;
const CACHE_MAX_NAME: isize = 100;

struct CacheEntry {
    version: Cell<u32>,
    name: Cell<*const PyASCIIObject>,
    value: Cell<*const PyObject>,
}

impl CacheEntry {
    /// Takes another name in the place of the one that it owned.
    fn hold(&self, name: *const PyASCIIObject) {
        let old = self.name.replace(name);
        if !old.is_null() {
            // SAFETY: the entry owned it.
            unsafe { crate::own::decref(old.cast_mut().cast()) };
        }
    }
}

static CACHE: Global<[CacheEntry; CACHE_SIZE]> = Global(
    [const {
        CacheEntry {
            version: Cell::new(0),
            name: Cell::new(std::ptr::null()),
            value: Cell::new(std::ptr::null()),
        }
    }; CACHE_SIZE],
);
static NEXT_VERSION: Global<Cell<u32>> = Global(Cell::new(1));

/// Gives the type and its bases a version for the cache, where that is possible.
pub fn assign_version_tag(type_: &PyTypeObject) -> bool {
    if type_.has_feature(Py_TPFLAGS_VALID_VERSION_TAG) {
        return true;
    }
    if !type_.has_feature(Py_TPFLAGS_READY) {
        return false;
    }
    if NEXT_VERSION.get() == 0 {
        return false;
    }
    let bases = type_.tp_bases.get();
    if !bases.is_null() {
        // SAFETY: the bases of a ready type are a tuple of types.
        let bases: &PyTupleObject = unsafe { &*bases.cast() };
        for base in tuple::items(bases) {
            if let Some(base) = base.downcast_ref::<PyTypeObject>()
                && !assign_version_tag(base)
            {
                return false;
            }
        }
    }
    type_.tp_version_tag.set(NEXT_VERSION.get());
    NEXT_VERSION.set(NEXT_VERSION.get().wrapping_add(1));
    type_
        .tp_flags
        .set(type_.tp_flags.get() | Py_TPFLAGS_VALID_VERSION_TAG);
    true
}

/// `PyType_Modified`: the versions of the type and its subclasses no longer hold.
pub fn modified(type_: &PyTypeObject) {
    if !type_.has_feature(Py_TPFLAGS_VALID_VERSION_TAG) {
        return;
    }
    for subclass in ready::subclasses(type_) {
        modified(&subclass);
    }
    type_
        .tp_flags
        .set(type_.tp_flags.get() & !Py_TPFLAGS_VALID_VERSION_TAG);
    type_.tp_version_tag.set(0);
}

/// `_PyType_Lookup`: the attribute in the type's or a base's dict, borrowed.
#[inline]
pub fn lookup<'a>(type_: &'a PyTypeObject, name: &PyASCIIObject) -> Option<&'a PyObject> {
    let version = type_.tp_version_tag.get();
    let slot = &CACHE[((version as usize) ^ (name.as_raw() as usize >> 3)) & (CACHE_SIZE - 1)];
    if version != 0 && slot.version.get() == version && std::ptr::eq(slot.name.get(), name) {
        // SAFETY: the version says that the type still holds the value.
        return unsafe { slot.value.get().as_ref() };
    }
    lookup_uncached(type_, name)
}

#[inline(never)]
fn lookup_uncached<'a>(type_: &'a PyTypeObject, name: &PyASCIIObject) -> Option<&'a PyObject> {
    let found = find_in_mro(type_, name);
    let exact = std::ptr::eq(name.as_object().type_(), &unicode::PyUnicode_Type);
    if exact && name.length.get() <= CACHE_MAX_NAME && assign_version_tag(type_) {
        let version = type_.tp_version_tag.get();
        let slot = &CACHE[((version as usize) ^ (name.as_raw() as usize >> 3)) & (CACHE_SIZE - 1)];
        slot.version.set(version);
        slot.value
            .set(found.map_or(std::ptr::null(), |value| value));
        // The cache keeps the name alive, so that no other one takes its address.
        slot.hold(Own::new(name).into_raw());
    }
    found
}

/// `PyType_ClearCache`: forgets every attribute, and lets go of the names.
pub fn clear_cache() {
    for slot in CACHE.iter() {
        slot.version.set(0);
        slot.value.set(std::ptr::null());
        slot.hold(std::ptr::null());
    }
}

/// The attribute, without the cache.
pub fn find_in_mro<'a>(type_: &'a PyTypeObject, name: &PyASCIIObject) -> Option<&'a PyObject> {
    if type_.tp_mro.get().is_null() {
        return None;
    }
    for entry in mro_items(type_) {
        let Some(base) = entry.downcast_ref::<PyTypeObject>() else {
            continue;
        };
        if let Some(value) = dict_of(base).and_then(|attributes| dict::get_str(attributes, name)) {
            // SAFETY: a type of the MRO lives as long as the type, and owns the value.
            return Some(unsafe { &*(value as *const PyObject) });
        }
    }
    None
}

/// `tp_dict`.
#[inline]
pub fn dict_of(type_: &PyTypeObject) -> Option<&PyDictObject> {
    // SAFETY: the dict of a type is a dict.
    unsafe { type_.tp_dict.get().cast::<PyDictObject>().as_ref() }
}

/// `_PyObject_LookupSpecial`: a special method found on the type, bound.
pub fn lookup_special(object: &PyObject, name: &PyASCIIObject) -> PyResult<Option<Own>> {
    match lookup(object.type_(), name).map(Own::new) {
        Some(found) => {
            crate::object::bind_descriptor(found, Some(object), object.type_()).map(Some)
        }
        None => Ok(None),
    }
}

/// Calls a special method found on the type; none where there is none.
pub fn call_special(
    object: &PyObject,
    name: &PyASCIIObject,
    args: &[&PyObject],
) -> PyResult<Option<Own>> {
    let Some(found) = lookup(object.type_(), name).map(Own::new) else {
        return Ok(None);
    };
    if found.type_().has_feature(Py_TPFLAGS_METHOD_DESCRIPTOR) {
        let mut all = Vec::with_capacity(args.len() + 1);
        all.push(object);
        all.extend_from_slice(args);
        return call::call(&found, &all).map(Some);
    }
    let bound = crate::object::bind_descriptor(found, Some(object), object.type_())?;
    call::call(&bound, args).map(Some)
}

/// `tp_alloc` of the type.
pub fn allocate(type_: &PyTypeObject, items: isize) -> PyResult {
    match type_.tp_alloc.get() {
        // SAFETY: the slot of the type itself.
        Some(alloc) => unsafe { errors::from_c(alloc(type_, items)) },
        None => memory::generic_alloc(type_, items),
    }
}

/// `type_call`: makes an instance and initialises it.
fn type_call(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if std::ptr::eq(type_, &PyType_Type) {
        let count = tuple::items(args).len();
        if count == 1 && kwargs.is_none_or(|kwargs| kwargs.ma_used.get() == 0) {
            return Ok(Own::new(tuple::items(args)[0].type_()).upcast());
        }
        if count != 3 {
            return Err(type_error("type() takes 1 or 3 arguments"));
        }
    }
    let Some(new) = type_.tp_new.get() else {
        return Err(type_error(format_args!(
            "cannot create '{}' instances",
            type_.name()
        )));
    };
    let kwargs_raw = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
    // SAFETY: the slot of the type itself.
    let made = unsafe { errors::from_c(new(type_, args.as_raw(), kwargs_raw)) }?;
    if !is_subtype(made.type_(), type_) {
        return Ok(made);
    }
    if let Some(init) = made.type_().tp_init.get() {
        // SAFETY: the slot of the instance's own type.
        errors::from_status(unsafe { init(made.as_ptr(), args.as_raw(), kwargs_raw) })?;
    }
    Ok(made)
}

/// Calling a type by the vectorcall convention: straight to its own function where it has one.
fn type_vectorcall(type_: &PyObject, args: Args<'_>) -> PyResult {
    if std::ptr::eq(type_, PyType_Type.as_object())
        && let [single] = args.positional
        && args.keyword_count() == 0
    {
        return Ok(Own::new(single.type_()).upcast());
    }
    call::make_tp_call(type_, args)
}

/// `PyObject_IsInstance`.
pub fn is_instance(object: &PyObject, class: &PyObject) -> PyResult<bool> {
    if std::ptr::eq(object.type_().as_object(), class) {
        return Ok(true);
    }
    if class.is_exactly(&PyType_Type) {
        return plain_is_instance(object, class);
    }
    if let Some(union) = crate::union_type::members(class) {
        return any_class(union, |member| is_instance(object, member));
    }
    if let Some(classes) = class.downcast_ref::<PyTupleObject>() {
        let _depth = crate::object::enter_recursive_call(" in __instancecheck__")?;
        return any_class(tuple::items(classes), |member| is_instance(object, member));
    }
    match checked_by_class(
        class,
        object,
        crate::id!("__instancecheck__"),
        " in __instancecheck__",
    )? {
        Some(answer) => Ok(answer),
        None => plain_is_instance(object, class),
    }
}

/// What the class's own check says of an object; none where it has no such method.
fn checked_by_class(
    class: &PyObject,
    object: &PyObject,
    name: &PyASCIIObject,
    where_: &str,
) -> PyResult<Option<bool>> {
    let Some(check) = lookup_special(class, name)? else {
        return Ok(None);
    };
    let depth = crate::object::enter_recursive_call(where_)?;
    let answer = call::call(&check, &[object])?;
    drop(depth);
    drop(check);
    crate::object::is_true(&answer).map(Some)
}

fn any_class(classes: &[&PyObject], test: impl Fn(&PyObject) -> PyResult<bool>) -> PyResult<bool> {
    for class in classes {
        if test(class)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `object_isinstance`: by the type, then by `__class__`.
pub fn plain_is_instance(object: &PyObject, class: &PyObject) -> PyResult<bool> {
    let Some(class) = class.downcast_ref::<PyTypeObject>() else {
        check_class(
            class,
            "isinstance() arg 2 must be a type, a tuple of types, or a union",
        )?;
        let claimed = crate::object::lookup_attr(object, crate::id!("__class__"))?;
        return match claimed {
            Some(claimed) => abstract_is_subclass(&claimed, class),
            None => Ok(false),
        };
    };
    if object.is_instance_of(class) {
        return Ok(true);
    }
    let claimed = crate::object::lookup_attr(object, crate::id!("__class__"))?;
    match claimed
        .as_ref()
        .and_then(|claimed| claimed.downcast_ref::<PyTypeObject>())
    {
        Some(claimed) if !std::ptr::eq(claimed, object.type_()) => Ok(is_subtype(claimed, class)),
        _ => Ok(false),
    }
}

fn check_class(class: &PyObject, message: &str) -> PyResult<()> {
    let bases = crate::object::lookup_attr(class, crate::id!("__bases__"))?;
    if bases.is_some_and(|bases| bases.downcast_ref::<PyTupleObject>().is_some()) {
        return Ok(());
    }
    Err(type_error(message))
}

/// Follows `__bases__` of objects that only look like classes.
fn abstract_is_subclass(derived: &PyObject, class: &PyObject) -> PyResult<bool> {
    if std::ptr::eq(derived, class) {
        return Ok(true);
    }
    let Some(bases) = crate::object::lookup_attr(derived, crate::id!("__bases__"))? else {
        return Ok(false);
    };
    let Some(bases) = bases.downcast_ref::<PyTupleObject>() else {
        return Ok(false);
    };
    // A single base is no deeper.
    if let [single] = tuple::items(bases) {
        return abstract_is_subclass(single, class);
    }
    if tuple::items(bases).is_empty() {
        return Ok(false);
    }
    let _depth = crate::object::enter_recursive_call(" in __issubclass__")?;
    any_class(tuple::items(bases), |base| {
        abstract_is_subclass(base, class)
    })
}

/// `PyObject_IsSubclass`.
pub fn is_subclass(derived: &PyObject, class: &PyObject) -> PyResult<bool> {
    if class.is_exactly(&PyType_Type) {
        if std::ptr::eq(derived, class) {
            return Ok(true);
        }
        return plain_is_subclass(derived, class);
    }
    if let Some(union) = crate::union_type::members(class) {
        return any_class(union, |member| is_subclass(derived, member));
    }
    if let Some(classes) = class.downcast_ref::<PyTupleObject>() {
        let _depth = crate::object::enter_recursive_call(" in __subclasscheck__")?;
        return any_class(tuple::items(classes), |member| is_subclass(derived, member));
    }
    match checked_by_class(
        class,
        derived,
        crate::id!("__subclasscheck__"),
        " in __subclasscheck__",
    )? {
        Some(answer) => Ok(answer),
        None => plain_is_subclass(derived, class),
    }
}

/// `recursive_issubclass`.
pub fn plain_is_subclass(derived: &PyObject, class: &PyObject) -> PyResult<bool> {
    match (
        derived.downcast_ref::<PyTypeObject>(),
        class.downcast_ref::<PyTypeObject>(),
    ) {
        (Some(derived), Some(class)) => Ok(is_subtype(derived, class)),
        _ => {
            check_class(derived, "issubclass() arg 1 must be a class")?;
            check_class(
                class,
                "issubclass() arg 2 must be a class, a tuple of classes, or a union",
            )?;
            abstract_is_subclass(derived, class)
        }
    }
}

/// The name of a type as a message shows it, from its str.
pub fn name_lossy(type_: &PyTypeObject) -> String {
    match type_name_object(type_) {
        Ok(name) => unicode::to_string_lossy(&name),
        Err(raised) => {
            errors::discard(raised);
            type_.name().to_string()
        }
    }
}

/// Whether a type is initialised as another one is: it has no `__init__` of its own that could take
/// keywords which the constructor does not know.
pub fn has_init_of(type_: &PyTypeObject, other: &PyTypeObject) -> bool {
    match (type_.tp_init.get(), other.tp_init.get()) {
        (Some(own), Some(other)) => std::ptr::fn_addr_eq(own, other),
        (own, other) => own.is_none() && other.is_none(),
    }
}

/// Whether a type's `tp_new` calls a `__new__` that a class defines.
pub(crate) fn has_slot_new(type_: &PyTypeObject) -> bool {
    type_
        .tp_new
        .get()
        .is_some_and(|new| std::ptr::fn_addr_eq(new, slot_functions::slot_tp_new as newfunc))
}
