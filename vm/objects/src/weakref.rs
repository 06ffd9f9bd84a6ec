//! Weak references (`Objects/weakrefobject.c`): a chain per object, cleared when it dies.

use crate::call;
use crate::errors::{self, PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{_Py_NoneStruct, bool_object, none, not_implemented};
use crate::{id, members, slot, static_type, tuple, typed, types, unicode};
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyWeakReference, _PyWeakref_RefType);

/// Where an object keeps the head of its chain; none where its type has no weak references.
fn list_field(object: &PyObject) -> Option<&Pointer<PyWeakReference>> {
    let offset = object.type_().tp_weaklistoffset.get();
    if offset <= 0 {
        return None;
    }
    // SAFETY: the offset lies inside the object.
    Some(unsafe { &*object.as_raw().cast::<u8>().offset(offset).cast() })
}

/// The object, unless it has died.
pub fn target(reference: &PyObject) -> Option<Own> {
    let reference = reference.downcast_ref::<PyWeakReference>()?;
    // SAFETY: a chain is cleared before its object is freed.
    let object = unsafe { reference.wr_object.get().as_ref() }?;
    if object.is_none() || object.ob_refcnt.get() <= 0 {
        return None;
    }
    Some(Own::new(object))
}

/// The first reference of an object's chain, for `__weakref__`.
pub fn first_reference(object: &PyObject) -> Option<Own> {
    let head = list_field(object)?.get();
    // SAFETY: references unlink themselves before they die.
    unsafe { head.as_ref() }.map(|head| Own::new(head).upcast())
}

/// `PyWeakref_NewRef` without a callback: the one basic reference of the object.
pub fn new_reference(object: &PyObject) -> PyResult {
    new_with_callback(&_PyWeakref_RefType, object, None)
}

/// `PyWeakref_NewRef` with a callback.
pub fn new_reference_with_callback(object: &PyObject, callback: &PyObject) -> PyResult {
    new_with_callback(&_PyWeakref_RefType, object, Some(callback))
}

/// The references of an object's chain, in its order.
pub fn references(object: &PyObject) -> Vec<Own> {
    let mut found = Vec::new();
    let mut next = list_field(object).map_or(null_mut(), |head| head.get());
    // SAFETY: references unlink themselves before they die.
    while let Some(reference) = unsafe { next.as_ref() } {
        found.push(Own::new(reference).upcast());
        next = reference.wr_next.get();
    }
    found
}

/// Whether the object is a weak reference or a proxy.
pub fn is_reference(object: &PyObject) -> bool {
    use crate::weakref_proxy::{_PyWeakref_CallableProxyType, _PyWeakref_ProxyType};
    object.downcast_ref::<PyWeakReference>().is_some()
        || object.is_exactly(&_PyWeakref_ProxyType)
        || object.is_exactly(&_PyWeakref_CallableProxyType)
}

/// The object behind a proxy, unless it has died.
pub(crate) fn proxy_target(proxy: &PyObject) -> Option<Own> {
    // SAFETY: the caller has a proxy, which is laid out as a reference.
    let reference: &PyWeakReference = unsafe { &*proxy.as_raw().cast() };
    // SAFETY: a chain is cleared before its object is freed.
    let object = unsafe { reference.wr_object.get().as_ref() }?;
    if object.is_none() || object.ob_refcnt.get() <= 0 {
        return None;
    }
    Some(Own::new(object))
}

pub(crate) fn new_with_callback(
    type_: &PyTypeObject,
    object: &PyObject,
    callback: Option<&PyObject>,
) -> PyResult {
    let Some(head) = list_field(object) else {
        return Err(type_error(format_args!(
            "cannot create weak reference to '{}' object",
            object.type_().name()
        )));
    };
    let callback = callback.filter(|callback| !callback.is_none());
    let is_ref = std::ptr::eq(type_, &_PyWeakref_RefType);
    if !is_ref && callback.is_none() && !types::is_subtype(type_, &_PyWeakref_RefType) {
        // The one proxy without a callback comes right behind the basic reference.
        let known = references(object).into_iter().take(2).find(|known| {
            known.is_exactly(type_)
                // SAFETY: references and proxies have one layout.
                && unsafe { (*known.as_ptr().cast::<PyWeakReference>()).wr_callback.get().is_null() }
        });
        if let Some(known) = known {
            return Ok(known);
        }
    }
    let basic = is_ref && callback.is_none();
    // SAFETY: references unlink themselves before they die.
    let newest = unsafe { head.get().as_ref() };
    if basic
        && let Some(first) = newest
        && first.wr_callback.get().is_null()
        && first.as_object().is_exactly(&_PyWeakref_RefType)
    {
        return Ok(Own::new(first).upcast());
    }
    let made = types::allocate(type_, 0)?;
    // SAFETY: an instance of weakref or of a subclass.
    let reference: &PyWeakReference = unsafe { &*made.as_ptr().cast() };
    reference.hash.set(-1);
    reference.wr_object.set(object.as_raw());
    reference
        .wr_callback
        .set(callback.map_or(null_mut(), |callback| Own::new(callback).into_raw()));
    reference.vectorcall.set(slot!(vectorcall call_reference));
    link(head, reference, basic);
    Ok(made)
}

/// A basic reference goes to the head of the chain, any other one behind it.
fn link(head: &Pointer<PyWeakReference>, reference: &PyWeakReference, basic: bool) {
    let pointer = (reference as *const PyWeakReference).cast_mut();
    // SAFETY: the references of a chain are alive.
    unsafe {
        let first = head.get();
        let behind_first = !basic
            && first.as_ref().is_some_and(|first| {
                first.wr_callback.get().is_null()
                    && first.as_object().is_exactly(&_PyWeakref_RefType)
            });
        if behind_first {
            reference.wr_prev.set(first);
            reference.wr_next.set((*first).wr_next.get());
            (*first).wr_next.set(pointer);
        } else {
            reference.wr_prev.set(null_mut());
            reference.wr_next.set(first);
            head.set(pointer);
        }
        if let Some(next) = reference.wr_next.get().as_ref() {
            next.wr_prev.set(pointer);
        }
    }
}

/// `_PyWeakref_ClearRef`: the reference forgets its object and keeps its callback.
pub(crate) fn forget_object(reference: &PyObject) {
    if is_reference(reference) {
        // SAFETY: references and proxies have one layout.
        unlink(unsafe { &*reference.as_raw().cast() });
    }
}

/// The callback of a reference or proxy.
pub(crate) fn callback_of(reference: &PyObject) -> Option<Own> {
    // SAFETY: the caller has a reference or a proxy; both have one layout.
    unsafe { &*reference.as_raw().cast::<PyWeakReference>() }
        .wr_callback
        .own()
}

/// `clear_weakref`: takes the reference out of its chain.
fn unlink(reference: &PyWeakReference) {
    let object = reference.wr_object.get();
    // SAFETY: the object lives while references point to it; neighbours are alive.
    unsafe {
        if let Some(object) = object.as_ref().filter(|object| !object.is_none()) {
            if let Some(head) = list_field(object)
                && std::ptr::eq(head.get(), reference)
            {
                head.set(reference.wr_next.get());
            }
            reference.wr_object.set(_Py_NoneStruct.as_raw());
            if let Some(previous) = reference.wr_prev.get().as_ref() {
                previous.wr_next.set(reference.wr_next.get());
            }
            if let Some(next) = reference.wr_next.get().as_ref() {
                next.wr_prev.set(reference.wr_prev.get());
            }
            reference.wr_prev.set(null_mut());
            reference.wr_next.set(null_mut());
        }
    }
}

/// `PyObject_ClearWeakRefs`: the object dies; callbacks run, the newest reference first.
pub fn clear_all(object: &PyObject) {
    let Some(head) = list_field(object) else {
        return;
    };
    let mut callbacks: Vec<(Own, Own)> = Vec::new();
    // SAFETY: the references of a chain are alive.
    while let Some(first) = unsafe { head.get().as_ref() } {
        let callback = first.wr_callback.take_own();
        let alive = first.ob_refcnt.get() > 0;
        unlink(first);
        if let Some(callback) = callback
            && alive
        {
            callbacks.push((Own::new(first).upcast(), callback));
        }
    }
    if callbacks.is_empty() {
        return;
    }
    errors::preserving(|| {
        for (reference, callback) in callbacks {
            if let Err(raised) = call::call(&callback, &[&reference]) {
                crate::unraisable::report(raised, Some(&callback));
            }
        }
    });
}

fn call_reference(reference: &PyWeakReference, args: call::Args<'_>) -> PyResult {
    args.no_keywords("weakref")?;
    call::check_positional("weakref", args.positional.len(), 0, 0)?;
    Ok(target(reference.as_object()).unwrap_or_else(none))
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("__new__", items.len(), 1, 2)?;
    new_with_callback(type_, items[0], items.get(1).copied())
}

fn init(_: &PyWeakReference, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    call::no_keywords("ref", kwargs)?;
    call::check_positional("__init__", tuple::items(args).len(), 1, 2)
}

fn hash(reference: &PyWeakReference) -> PyResult<Py_hash_t> {
    if reference.hash.get() != -1 {
        return Ok(reference.hash.get());
    }
    let Some(object) = target(reference.as_object()) else {
        return Err(type_error("weak object has gone away"));
    };
    let hash = object::hash(&object)?;
    reference.hash.set(hash);
    Ok(hash)
}

fn repr(reference: &PyWeakReference) -> PyResult {
    let address = reference as *const PyWeakReference;
    let Some(object) = target(reference.as_object()) else {
        return Ok(unicode::from_str(&format!("<weakref at {address:p}; dead>"))?.upcast());
    };
    let name = match object::lookup_attr(&object, id!("__name__")) {
        Ok(name) => name,
        Err(raised) => {
            errors::discard(raised);
            None
        }
    };
    let object: &PyObject = &object;
    let mut text = format!(
        "<weakref at {address:p}; to '{}' at {object:p}",
        object.type_().name()
    );
    if let Some(name) = name
        .as_ref()
        .and_then(|name| name.downcast_ref::<PyASCIIObject>())
    {
        text.push_str(&format!(" ({})", unicode::to_string_lossy(name)));
    }
    text.push('>');
    Ok(unicode::from_str(&text)?.upcast())
}

fn richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let both = a.downcast_ref::<PyWeakReference>().is_some()
        && b.downcast_ref::<PyWeakReference>().is_some();
    if !both || !matches!(op, Py_EQ | Py_NE) {
        return Ok(not_implemented());
    }
    match (target(a), target(b)) {
        (Some(x), Some(y)) => object::rich_compare(&x, &y, op),
        _ => Ok(bool_object(std::ptr::eq(a, b) == (op == Py_EQ))),
    }
}

pub(crate) fn traverse(reference: &PyWeakReference, visitor: &mut Visitor) {
    visitor.field(&reference.wr_callback);
}

pub(crate) fn clear(reference: &PyWeakReference) {
    let callback = reference.wr_callback.take_own();
    unlink(reference);
    drop(callback);
}

pub(crate) unsafe fn dealloc(reference: *mut PyWeakReference) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(reference.cast());
        unlink(&*reference);
        (*reference).wr_callback.clear();
        if let Some(free) = (*reference).as_object().type_().tp_free.get() {
            free(reference.cast());
        }
    }
}

members! {
    static MEMBERS:
    "__callback__" => T_OBJECT, offset_of!(PyWeakReference, wr_callback), READONLY;
}

static_type! {
    /// `weakref.ReferenceType`.
    _PyWeakref_RefType = "weakref.ReferenceType", size size_of::<PyWeakReference>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_vectorcall_offset: offset_of!(PyWeakReference, vectorcall) as isize,
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_call: Some(call::PyVectorcall_Call),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp richcompare),
    tp_members: MEMBERS.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
