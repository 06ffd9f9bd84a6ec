//! Classes: `type.__new__` (`type_new`), the layout of instances with `__slots__`, `__dict__` and
//! `__weakref__`, `__set_name__`, `__init_subclass__`.

use super::instance::{subtype_clear, subtype_dealloc, subtype_traverse};
use super::mro::set_mro;
use super::slotdefs;
use super::{PyBaseObject_Type, PyType_Type, attributes, is_subtype, lookup, modified, ready};
use crate::call;
use crate::errors::{self, PyResult, type_error, value_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own, incref};
use crate::{descr, dict, id, list, tuple, unicode};
use std::ffi::c_char;
use twinheap_abi::*;

/// `_PyType_CalculateMetaclass`: the most derived metatype of the bases.
pub fn calculate_metaclass<'a>(
    metatype: &'a PyTypeObject,
    bases: &'a PyTupleObject,
) -> PyResult<&'a PyTypeObject> {
    let mut winner = metatype;
    for base in tuple::items(bases) {
        let candidate = base.type_();
        if is_subtype(winner, candidate) {
            continue;
        }
        if is_subtype(candidate, winner) {
            winner = candidate;
            continue;
        }
        return Err(type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

/// `type.__new__`.
pub fn type_new(
    metatype: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let items = tuple::items(args);
    let &[name, bases, namespace] = items else {
        return Err(type_error(format_args!(
            "type.__new__() takes exactly 3 arguments ({} given)",
            items.len()
        )));
    };
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(wrong_argument(1, "str", name));
    };
    let Some(bases) = bases.downcast_ref::<PyTupleObject>() else {
        return Err(wrong_argument(2, "tuple", bases));
    };
    let Some(namespace) = namespace.downcast_ref::<PyDictObject>() else {
        return Err(wrong_argument(3, "dict", namespace));
    };
    let mut metatype = metatype;
    if bases.ob_size.get() > 0 {
        check_bases_are_types(bases)?;
        let winner = calculate_metaclass(metatype, bases)?;
        if !std::ptr::eq(winner, metatype) {
            if let Some(new) = winner.tp_new.get()
                && !std::ptr::fn_addr_eq(new, PyType_Type.tp_new.get().unwrap_or(new))
            {
                let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
                // SAFETY: the slot of the metatype itself.
                return unsafe { errors::from_c(new(winner, args.as_raw(), kwargs)) };
            }
            metatype = winner;
        }
    }
    new_class(metatype, name, bases, namespace, kwargs)
}

fn wrong_argument(position: usize, wanted: &str, given: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "type.__new__() argument {position} must be {wanted}, not {}",
        if given.is_none() {
            "None"
        } else {
            given.type_().name()
        }
    ))
}

fn check_bases_are_types(bases: &PyTupleObject) -> PyResult<()> {
    for base in tuple::items(bases) {
        if base.downcast_ref::<PyTypeObject>().is_some() {
            continue;
        }
        if object::lookup_attr(base, id!("__mro_entries__"))?.is_some() {
            return Err(type_error(
                "type() doesn't support MRO entry resolution; use types.new_class()",
            ));
        }
    }
    Ok(())
}

/// What the class adds to the instances of its best base.
#[derive(Default)]
struct Added {
    slots: Vec<Own<PyASCIIObject>>,
    has_slots: bool,
    dict: bool,
    weakref: bool,
}

/// Makes a class of checked arguments.
pub fn new_class(
    metatype: &PyTypeObject,
    name: &PyASCIIObject,
    bases_given: &PyTupleObject,
    namespace: &PyDictObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let bases_tuple = if bases_given.ob_size.get() == 0 {
        tuple::pack(&[PyBaseObject_Type.as_object()])?
    } else {
        Own::new(bases_given)
    };
    let base = best_base(&bases_tuple)?;
    let attributes = dict::copy(namespace)?;
    let added = choose_slots(base, &bases_tuple, &attributes, name)?;
    let type_ = allocate_class(metatype, name, added.slots.len())?;
    let class = &*type_;
    incref(base.as_object());
    class.tp_base.set(base);
    class.tp_bases.set(bases_tuple.clone().into_raw().cast());
    class.tp_dict.set(Own::new(&*attributes).into_raw().cast());
    set_flags(class);
    lay_out(class, base, &added)?;
    set_special_attributes(class, &attributes)?;
    finish_slots(class, &added);
    store_classcell(class, &attributes)?;
    set_mro(class)?;
    fill_class_dict(class, &attributes)?;
    ready::inherit(class)?;
    // Inheritance must not replace what `finish_slots` chose.
    class.tp_dealloc.set(Some(subtype_dealloc));
    ready::set_hash(class)?;
    ready::add_to_bases(class)?;
    ready::finish_flags(class);
    slotdefs::fixup_slot_dispatchers(class)?;
    make_shared_keys(class);
    set_names(class, &attributes)?;
    init_subclass(class, kwargs)?;
    Ok(type_.upcast())
}

/// `best_base`: the base whose layout all others' fit into.
fn best_base(bases: &PyTupleObject) -> PyResult<&PyTypeObject> {
    let mut winner: Option<(&PyTypeObject, &PyTypeObject)> = None;
    for base in tuple::items(bases) {
        let Some(base) = base.downcast_ref::<PyTypeObject>() else {
            return Err(type_error("bases must be types"));
        };
        if !base.has_feature(Py_TPFLAGS_BASETYPE) {
            return Err(type_error(format_args!(
                "type '{}' is not an acceptable base type",
                base.name()
            )));
        }
        let candidate = solid_base(base);
        match winner {
            None => winner = Some((candidate, base)),
            Some((solid, _)) if is_subtype(solid, candidate) => {}
            Some((solid, _)) if is_subtype(candidate, solid) => winner = Some((candidate, base)),
            Some(_) => {
                return Err(type_error("multiple bases have instance lay-out conflict"));
            }
        }
    }
    match winner {
        // SAFETY: the tuple of bases outlives the class under construction.
        Some((_, base)) => Ok(unsafe { &*(base as *const PyTypeObject) }),
        None => Ok(&PyBaseObject_Type),
    }
}

/// The type that decides the layout of a base's instances.
pub(super) fn solid_base(type_: &PyTypeObject) -> &PyTypeObject {
    // SAFETY: a type keeps its base alive.
    let base = match unsafe { type_.tp_base.get().as_ref() } {
        Some(base) => solid_base(base),
        None => &PyBaseObject_Type,
    };
    if adds_layout(type_, base) {
        type_
    } else {
        base
    }
}

/// `shape_differs`, dict and weak reference fields of a class left out.
fn adds_layout(type_: &PyTypeObject, base: &PyTypeObject) -> bool {
    let mut size = type_.tp_basicsize.get();
    let base_size = base.tp_basicsize.get();
    if type_.tp_itemsize.get() != 0 || base.tp_itemsize.get() != 0 {
        return size != base_size || type_.tp_itemsize.get() != base.tp_itemsize.get();
    }
    let is_heap = type_.has_feature(Py_TPFLAGS_HEAPTYPE);
    if type_.tp_weaklistoffset.get() != 0
        && base.tp_weaklistoffset.get() == 0
        && type_.tp_weaklistoffset.get() + 8 == size
        && is_heap
    {
        size -= 8;
    }
    if !type_.has_feature(Py_TPFLAGS_MANAGED_DICT)
        && type_.tp_dictoffset.get() != 0
        && base.tp_dictoffset.get() == 0
        && type_.tp_dictoffset.get() + 8 == size
        && is_heap
    {
        size -= 8;
    }
    size != base_size
}

/// Reads `__slots__` and decides what instances gain.
fn choose_slots(
    base: &PyTypeObject,
    bases: &PyTupleObject,
    attributes: &PyDictObject,
    class_name: &PyASCIIObject,
) -> PyResult<Added> {
    let may_add_dict = base.tp_dictoffset.get() == 0;
    let may_add_weakref = base.tp_weaklistoffset.get() == 0 && base.tp_itemsize.get() == 0;
    let Some(slots) = dict::get_str(attributes, id!("__slots__")).map(Own::new) else {
        return Ok(Added {
            dict: may_add_dict,
            weakref: may_add_weakref,
            ..Added::default()
        });
    };
    let names = match slots.downcast_ref::<PyASCIIObject>() {
        Some(single) => tuple::pack(&[single.as_object()])?,
        None => tuple::from_iterable(&slots)?,
    };
    if names.ob_size.get() > 0 && base.tp_itemsize.get() != 0 {
        return Err(type_error(format_args!(
            "nonempty __slots__ not supported for subtype of '{}'",
            base.name()
        )));
    }
    let mut added = Added {
        has_slots: true,
        ..Added::default()
    };
    for name in tuple::items(&names) {
        add_slot(
            &mut added,
            name,
            may_add_dict,
            may_add_weakref,
            attributes,
            class_name,
        )?;
    }
    sort_slots(&mut added)?;
    inherit_dict_and_weakref(&mut added, base, bases, may_add_dict, may_add_weakref);
    Ok(added)
}

fn add_slot(
    added: &mut Added,
    name: &PyObject,
    may_add_dict: bool,
    may_add_weakref: bool,
    attributes: &PyDictObject,
    class_name: &PyASCIIObject,
) -> PyResult<()> {
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "__slots__ items must be strings, not '{}'",
            name.type_().name()
        )));
    };
    if !unicode::is_identifier(name) {
        return Err(type_error("__slots__ must be identifiers"));
    }
    if unicode::equals_str(name, "__dict__") {
        if !may_add_dict || added.dict {
            return Err(type_error("__dict__ slot disallowed: we already got one"));
        }
        added.dict = true;
        return Ok(());
    }
    if unicode::equals_str(name, "__weakref__") {
        if !may_add_weakref || added.weakref {
            return Err(type_error(
                "__weakref__ slot disallowed: either we already got one, or __itemsize__ != 0",
            ));
        }
        added.weakref = true;
        return Ok(());
    }
    let mangled = mangle(class_name, name)?;
    if dict::get_str(attributes, &mangled).is_some() {
        // The compiler itself puts these two into the namespace.
        let allowed = ["__qualname__", "__classcell__"];
        if !allowed
            .iter()
            .any(|allowed| unicode::equals_str(&mangled, allowed))
        {
            return Err(value_error(format_args!(
                "{} in __slots__ conflicts with class variable",
                mangled.as_object().repr_lossy()
            )));
        }
    }
    added.slots.push(mangled);
    Ok(())
}

/// `_Py_Mangle`.
pub fn mangle(class_name: &PyASCIIObject, name: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    let text = unicode::to_string_lossy(name);
    if !text.starts_with("__") || text.ends_with("__") || text.contains('.') {
        return Ok(Own::new(name));
    }
    let class = unicode::to_string_lossy(class_name);
    let stripped = class.trim_start_matches('_');
    if stripped.is_empty() {
        return Ok(Own::new(name));
    }
    unicode::from_str(&format!("_{stripped}{text}"))
}

fn sort_slots(added: &mut Added) -> PyResult<()> {
    let names: Vec<Own> = added.slots.drain(..).map(Own::upcast).collect();
    let sorted = list::from_vec(names)?;
    list::sort(&sorted)?;
    for name in list::iter_owned(&sorted) {
        if let Some(name) = name.downcast_ref::<PyASCIIObject>() {
            added.slots.push(Own::new(name));
        }
    }
    Ok(())
}

/// A secondary base may bring the dict or the weak references that `__slots__` did not name.
fn inherit_dict_and_weakref(
    added: &mut Added,
    base: &PyTypeObject,
    bases: &PyTupleObject,
    may_add_dict: bool,
    may_add_weakref: bool,
) {
    if bases.ob_size.get() <= 1 {
        return;
    }
    for other in tuple::items(bases) {
        let Some(other) = other.downcast_ref::<PyTypeObject>() else {
            continue;
        };
        if std::ptr::eq(other, base) {
            continue;
        }
        if may_add_dict && !added.dict && other.tp_dictoffset.get() != 0 {
            added.dict = true;
        }
        if may_add_weakref && !added.weakref && other.tp_weaklistoffset.get() != 0 {
            added.weakref = true;
        }
    }
}

fn allocate_class(
    metatype: &PyTypeObject,
    name: &PyASCIIObject,
    slots: usize,
) -> PyResult<Own<PyTypeObject>> {
    let made = super::allocate(metatype, slots as isize)?;
    // SAFETY: the instance of a metatype is a heap type, zeroed but for its header.
    let type_: Own<PyTypeObject> = unsafe { made.cast() };
    // Everything below reads the layout through this flag.
    type_.tp_flags.set(Py_TPFLAGS_HEAPTYPE);
    // SAFETY: as above.
    let heap: &PyHeapTypeObject = unsafe { &*type_.as_ptr().cast() };
    heap.ht_name.set(Own::new(name).into_raw().cast());
    type_.tp_as_async.set(&heap.as_async);
    type_.tp_as_number.set(&heap.as_number);
    type_.tp_as_sequence.set(&heap.as_sequence);
    type_.tp_as_mapping.set(&heap.as_mapping);
    type_.tp_as_buffer.set(&heap.as_buffer);
    set_c_name(&type_, name)?;
    Ok(type_)
}

/// `tp_name` of a class: the name in UTF-8, which the str keeps; a lone surrogate and a NUL are errors.
pub fn set_c_name(type_: &PyTypeObject, name: &PyASCIIObject) -> PyResult<()> {
    let bytes = unicode::as_utf8(name)?;
    if bytes.contains(&0) {
        return Err(errors::value_error(
            "type name must not contain null characters",
        ));
    }
    type_.tp_name.set(bytes.as_ptr().cast::<c_char>());
    Ok(())
}

fn set_flags(class: &PyTypeObject) {
    class
        .tp_flags
        .set(Py_TPFLAGS_HEAPTYPE | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_READYING | Py_TPFLAGS_HAVE_GC);
}

/// Offsets and sizes of instances: slots, dict, weak references.
fn lay_out(class: &PyTypeObject, base: &PyTypeObject, added: &Added) -> PyResult<()> {
    let mut offset = base.tp_basicsize.get();
    let member_table = class
        .as_raw()
        .cast::<u8>()
        .wrapping_add(size_of::<PyHeapTypeObject>());
    for (index, name) in added.slots.iter().enumerate() {
        let bytes = unicode::to_utf8_surrogatepass(name);
        let text = memory::malloc(bytes.len() + 1);
        if text.is_null() {
            return Err(errors::no_memory());
        }
        // SAFETY: the class was allocated with room for these members; the text is never freed, as
        // descriptors may outlive the class.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), text, bytes.len());
            *text.add(bytes.len()) = 0;
            member_table
                .cast::<PyMemberDef>()
                .add(index)
                .write(PyMemberDef {
                    name: text.cast(),
                    type_: T_OBJECT_EX,
                    offset,
                    flags: 0,
                    doc: std::ptr::null(),
                });
        }
        offset += 8;
    }
    if added.dict && base.tp_itemsize.get() != 0 {
        class.tp_dictoffset.set(-8);
        offset += 8;
    }
    if added.weakref {
        class.tp_weaklistoffset.set(offset);
        offset += 8;
    }
    if added.dict && base.tp_itemsize.get() == 0 {
        class
            .tp_flags
            .set(class.tp_flags.get() | Py_TPFLAGS_MANAGED_DICT);
        class.tp_dictoffset.set(-offset - 8 * 3);
    }
    class.tp_basicsize.set(offset);
    class.tp_itemsize.set(base.tp_itemsize.get());
    if let Some(heap) = attributes::heap_part(class)
        && added.has_slots
    {
        let names: Vec<&PyObject> = added.slots.iter().map(|name| name.as_object()).collect();
        heap.ht_slots.put(Some(tuple::pack(&names)?.upcast()));
    }
    Ok(())
}

/// `__module__`, `__qualname__`, `__doc__`, and the methods that are implicitly static or class
/// methods.
fn set_special_attributes(class: &PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    if dict::get_str(attributes, id!("__module__")).is_none()
        && let Some(globals) = crate::import_hook::current_globals()
        && let Some(name) = dict::get_str(&globals, id!("__name__")).map(Own::new)
    {
        dict::set_item(attributes, id!("__module__").as_object(), &name)?;
    }
    let heap = attributes::heap_part(class).expect("a class under construction");
    match dict::get_str(attributes, id!("__qualname__")).map(Own::new) {
        Some(qualname) => {
            if qualname.downcast_ref::<PyASCIIObject>().is_none() {
                return Err(type_error(format_args!(
                    "type __qualname__ must be a str, not {}",
                    qualname.type_().name()
                )));
            }
            heap.ht_qualname.put(Some(qualname));
            dict::remove(attributes, id!("__qualname__").as_object())?;
        }
        None => heap.ht_qualname.put(heap.ht_name.own()),
    }
    make_method(attributes, id!("__new__"), descr::new_static_method)?;
    make_method(
        attributes,
        id!("__init_subclass__"),
        descr::new_class_method,
    )?;
    make_method(
        attributes,
        id!("__class_getitem__"),
        descr::new_class_method,
    )?;
    set_c_doc(class, attributes);
    Ok(())
}

/// `tp_doc` of a class: a copy of a str `__doc__`, cut at the first NUL.
fn set_c_doc(class: &PyTypeObject, attributes: &PyDictObject) {
    let Some(doc) = dict::get_str(attributes, id!("__doc__"))
        .and_then(|doc| doc.downcast_ref::<PyASCIIObject>())
    else {
        return;
    };
    let bytes = unicode::to_utf8_surrogatepass(doc);
    let length = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    let block = memory::malloc(length + 1);
    if block.is_null() {
        return;
    }
    // SAFETY: the block holds the text and the NUL; the class frees it.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), block, length);
        *block.add(length) = 0;
    }
    class.tp_doc.set(block.cast());
}

/// The descriptors of slots, of `__dict__` and `__weakref__`, then a `__doc__` of None.
fn fill_class_dict(class: &PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    descr::add_members_of(class, attributes, super::instance::heap_members(class))?;
    descr::add_getsets(class, attributes)?;
    if dict::get_str(attributes, id!("__doc__")).is_none() {
        dict::set_item(
            attributes,
            id!("__doc__").as_object(),
            &crate::singletons::none(),
        )?;
    }
    Ok(())
}

fn make_method(
    attributes: &PyDictObject,
    name: &PyASCIIObject,
    wrap: fn(&PyObject) -> PyResult,
) -> PyResult<()> {
    match dict::get_str(attributes, name).map(Own::new) {
        Some(function) if function.is_exactly(&crate::function::PyFunction_Type) => {
            let wrapped = wrap(&function)?;
            dict::set_item(attributes, name.as_object(), &wrapped)
        }
        _ => Ok(()),
    }
}

/// The slots that every class has, and the descriptors of `__dict__` and `__weakref__`.
fn finish_slots(class: &PyTypeObject, added: &Added) {
    class.tp_dealloc.set(Some(subtype_dealloc));
    class.tp_getset.set(match (added.dict, added.weakref) {
        (true, true) => descr::SUBTYPE_GETSET_BOTH.as_ptr(),
        (true, false) => descr::SUBTYPE_GETSET_DICT.as_ptr(),
        (false, true) => descr::SUBTYPE_GETSET_WEAKREF.as_ptr(),
        (false, false) => std::ptr::null(),
    });
    class.tp_alloc.set(Some(memory::PyType_GenericAlloc));
    class.tp_free.set(Some(memory::object_gc_free));
    class.tp_traverse.set(Some(subtype_traverse));
    class.tp_clear.set(Some(subtype_clear));
    class.tp_members.set(
        class
            .as_raw()
            .cast::<u8>()
            .wrapping_add(size_of::<PyHeapTypeObject>())
            .cast(),
    );
}

fn make_shared_keys(class: &PyTypeObject) {
    if class.has_feature(Py_TPFLAGS_MANAGED_DICT)
        && let Some(heap) = attributes::heap_part(class)
    {
        heap.ht_cached_keys.set(dict::new_keys_for_class());
    }
}

/// `__classcell__`: the cell that `super()` and `__class__` read.
fn store_classcell(class: &PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    let Some(cell) = dict::get_str(attributes, id!("__classcell__")).map(Own::new) else {
        return Ok(());
    };
    let Some(cell) = cell.downcast_ref::<PyCellObject>() else {
        return Err(type_error(format_args!(
            "__classcell__ must be a nonlocal cell, not {}",
            cell.type_().as_object().repr_lossy()
        )));
    };
    cell.ob_ref.put(Some(Own::new(class).upcast()));
    dict::remove(attributes, id!("__classcell__").as_object())?;
    Ok(())
}

/// `type_new_set_names`: tells each attribute its name.
fn set_names(class: &PyTypeObject, attributes: &PyDictObject) -> PyResult<()> {
    let snapshot = dict::copy(attributes)?;
    let entries: Vec<(Own, Own)> = dict::entries(&snapshot)
        .map(|(key, value)| (Own::new(key), Own::new(value)))
        .collect();
    for (key, value) in entries {
        let Some(found) = lookup(value.type_(), id!("__set_name__")).map(Own::new) else {
            continue;
        };
        let bound = object::bind_descriptor(found, Some(&value), value.type_())?;
        if call::call(&bound, &[class.as_object(), &key]).is_err() {
            return Err(from_cause(|| {
                let key = object::repr(&key)?;
                Ok(format!(
                    "Error calling __set_name__ on '{}' instance {} in '{}'",
                    value.type_().name(),
                    unicode::to_string_lossy(&key),
                    class.name()
                ))
            }));
        }
    }
    Ok(())
}

/// `_PyErr_FormatFromCause`: a RuntimeError whose cause and context are the exception just raised.
/// What goes wrong while the message is made takes the RuntimeError's place.
fn from_cause(message: impl FnOnce() -> PyResult<String>) -> errors::Raised {
    let cause = errors::take_exception();
    if let Ok(message) = message() {
        errors::runtime_error(message);
    }
    let raised = errors::take_exception();
    if let Some(exception) = raised.downcast_ref::<PyBaseExceptionObject>() {
        exception.cause.put(Some(cause.clone()));
        exception.suppress_context.set(true);
        exception.context.put(Some(cause));
    }
    errors::restore_exception(raised)
}

/// Calls `super(class, class).__init_subclass__(**kwargs)`.
fn init_subclass(class: &PyTypeObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    let parent = super::super_object::new_super(class, class.as_object())?;
    let method = object::get_attr(&parent, id!("__init_subclass__"))?;
    call::call_tuple(&method, &tuple::empty(), kwargs)?;
    Ok(())
}

/// `type_set_bases`: the class moves below other bases.
pub fn replace_bases(class: &PyTypeObject, new: &PyTupleObject) -> PyResult<()> {
    let base = best_base(new)?;
    // SAFETY: a type keeps its base alive.
    let old_base = unsafe { &*class.tp_base.get() };
    super::assignment::check(old_base, base, "__bases__")?;
    ready::remove_from_bases(class);
    incref(base.as_object());
    class.tp_base.set(base);
    let old_bases = class.tp_bases.replace(Own::new(new).into_raw().cast());
    let outcome = set_mro(class);
    if outcome.is_err() {
        // SAFETY: the old tuple of bases is still owned here.
        class.tp_bases.put(unsafe { Own::from_nullable(old_bases) });
        class.tp_base.set(old_base);
        ready::add_to_bases(class)?;
        return outcome;
    }
    modified(class);
    update_mro_of_subclasses(class)?;
    ready::add_to_bases(class)?;
    slotdefs::fixup_slot_dispatchers(class)?;
    // SAFETY: the class owned its old bases.
    unsafe {
        crate::own::xdecref(old_bases);
        crate::own::decref(old_base.as_raw());
    }
    Ok(())
}

fn update_mro_of_subclasses(class: &PyTypeObject) -> PyResult<()> {
    for subclass in ready::subclasses(class) {
        set_mro(&subclass)?;
        modified(&subclass);
        update_mro_of_subclasses(&subclass)?;
    }
    Ok(())
}

/// A class made by Rust code: name, base, namespace (for native modules' exceptions and the like).
pub fn build_class_type(
    name: &str,
    base: &PyTypeObject,
    module: &str,
) -> PyResult<Own<PyTypeObject>> {
    let namespace = dict::new()?;
    let module = unicode::from_str(module)?;
    dict::set_item(
        &namespace,
        id!("__module__").as_object(),
        module.as_object(),
    )?;
    let name = unicode::from_str(name)?;
    let bases_tuple = tuple::pack(&[base.as_object()])?;
    let made = new_class(
        base.as_object().type_(),
        &name,
        &bases_tuple,
        &namespace,
        None,
    )?;
    made.downcast::<PyTypeObject>()
        .map_err(|_| type_error("type.__new__ made no type"))
}
