//! Iterators over an OrderedDict, and its views (`Objects/odictobject.c`).

use super::get_item;
use super::ordered::{PyODict_Type, PyODictObject};
use super::views::{PyDictItems_Type, PyDictKeys_Type, PyDictValues_Type};
use crate::errors::{self, PyResult, key_error, runtime_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{import_hook, list, methods, slot, static_type, tuple};
use std::cell::Cell;
use std::ffi::c_int;
use twinheap_abi::*;

/// The iterator runs backwards.
pub const REVERSED: c_int = 1;
/// It gives keys; with [`VALUES`], pairs.
pub const KEYS: c_int = 2;
/// It gives values.
pub const VALUES: c_int = 4;
const ITEMS: c_int = KEYS | VALUES;

/// `odictiterobject`.
#[repr(C)]
pub struct OdictIterator {
    ob_base: PyObject,
    kind: Cell<c_int>,
    di_odict: Pointer<PyODictObject>,
    di_size: Cell<isize>,
    di_state: Cell<usize>,
    di_current: Pointer<PyObject>,
    di_result: Pointer<PyObject>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for OdictIterator {}

/// A new iterator of a kind.
pub fn new(od: &PyODictObject, kind: c_int) -> PyResult {
    let result = if kind & ITEMS == ITEMS {
        Some(tuple::pack(&[&none(), &none()])?.upcast())
    } else {
        None
    };
    let object: *mut OdictIterator =
        memory::new_gc_object(&PyODictIter_Type, size_of::<OdictIterator>())?;
    let current = od.end_key(kind & REVERSED != 0).map(|(key, _)| key);
    let raw = |value: Option<Own>| value.map_or(std::ptr::null_mut(), Own::into_raw);
    // SAFETY: fresh memory.
    unsafe {
        (*object).kind.set(kind);
        (*object).di_odict.set(Own::new(od).into_raw());
        (*object).di_size.set(od.od_dict.ma_used.get());
        (*object).di_state.set(od.od_state.get());
        (*object).di_current.set(raw(current));
        (*object).di_result.set(raw(result));
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn next_key(iterator: &OdictIterator) -> PyResult<Option<Own>> {
    let Some(od) = Field::own(&iterator.di_odict) else {
        return Ok(None);
    };
    let Some(key) = iterator.di_current.own() else {
        iterator.di_odict.put(None);
        return Ok(None);
    };
    if od.od_state.get() != iterator.di_state.get() {
        iterator.di_odict.put(None);
        return Err(runtime_error("OrderedDict mutated during iteration"));
    }
    if iterator.di_size.get() != od.od_dict.ma_used.get() {
        iterator.di_size.set(-1);
        return Err(runtime_error("OrderedDict changed size during iteration"));
    }
    match od.neighbour(&key, iterator.kind.get() & REVERSED != 0) {
        Ok(Some(next)) => {
            iterator.di_current.put(next);
            Ok(Some(key))
        }
        missing => {
            iterator.di_current.put(None);
            match missing {
                Err(raised) => Err(raised),
                Ok(_) => Err(key_error(&key)),
            }
        }
    }
}

fn next(iterator: &OdictIterator) -> PyResult<Option<Own>> {
    let Some(key) = next_key(iterator)? else {
        return Ok(None);
    };
    let kind = iterator.kind.get();
    if kind & VALUES == 0 {
        return Ok(Some(key));
    }
    let value = match Field::own(&iterator.di_odict) {
        Some(od) => get_item(&od.od_dict, &key).unwrap_or_else(|raised| {
            errors::discard(raised);
            None
        }),
        None => None,
    };
    let Some(value) = value else {
        iterator.di_current.put(None);
        iterator.di_odict.put(None);
        return Err(key_error(&key));
    };
    if kind & KEYS == 0 {
        return Ok(Some(value));
    }
    pair(iterator, key, value).map(Some)
}

/// The pair as a tuple; the last one is used again where nobody holds it.
fn pair(iterator: &OdictIterator, key: Own, value: Own) -> PyResult {
    if let Some(result) = Field::as_ref(&iterator.di_result)
        && result.ob_refcnt.get() == 1
        && let Some(target) = result.downcast_ref::<PyTupleObject>()
    {
        let result = Own::new(result);
        let items: *const Pointer<PyObject> = tuple::items_pointer(target).cast();
        // SAFETY: a tuple of two that only this iterator refers to.
        unsafe {
            (*items).put(Some(key));
            (*items.add(1)).put(Some(value));
            if !memory::is_tracked(&result) {
                memory::track(result.as_ptr());
            }
        }
        return Ok(result);
    }
    Ok(tuple::from_vec(vec![key, value])?.upcast())
}

fn reduce(iterator: &OdictIterator) -> PyResult {
    let iter = import_hook::builtin("iter")?;
    let rest = match Field::own(&iterator.di_odict) {
        None => list::new(0)?,
        Some(od) => {
            let twin = new(&od, iterator.kind.get())?;
            // SAFETY: an iterator of this type was just made.
            let copy: &OdictIterator = unsafe { &*twin.as_ptr().cast() };
            copy.di_size.set(iterator.di_size.get());
            copy.di_state.set(iterator.di_state.get());
            copy.di_current.put(iterator.di_current.own());
            list::from_iterable(&twin)?
        }
    };
    let arguments = tuple::pack(&[rest.as_object()])?;
    Ok(tuple::pack(&[&iter, arguments.as_object()])?.upcast())
}

fn traverse(iterator: &OdictIterator, visitor: &mut Visitor) {
    visitor.field(&iterator.di_odict);
    visitor.field(&iterator.di_current);
    visitor.field(&iterator.di_result);
}

unsafe fn dealloc(iterator: *mut OdictIterator) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(iterator.cast());
        Field::clear(&(*iterator).di_odict);
        Field::clear(&(*iterator).di_current);
        Field::clear(&(*iterator).di_result);
        memory::gc_del(iterator.cast());
    }
}

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
}

static_type! {
    /// `odict_iterator`.
    PyODictIter_Type = "odict_iterator", size size_of::<OdictIterator>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext next),
    tp_methods: METHODS.as_ptr(),
}

/// An iterator over what a view shows.
fn over(view: &_PyDictViewObject, kind: c_int) -> PyResult {
    match Field::as_ref(&view.dv_dict) {
        Some(dict) if dict.as_object().is_instance_of(&PyODict_Type) => {
            // SAFETY: the type says so.
            new(unsafe { &*dict.as_raw().cast() }, kind)
        }
        _ => Ok(none()),
    }
}

macro_rules! views {
    ($($name:ident $text:literal $base:ident $kind:expr, $iter:ident $reversed:ident $methods:ident;)*) => {
        $(
            fn $iter(view: &_PyDictViewObject) -> PyResult {
                over(view, $kind)
            }

            fn $reversed(view: &_PyDictViewObject) -> PyResult {
                over(view, $kind | REVERSED)
            }

            methods! {
                static $methods:
                "__reversed__" => noargs($reversed);
            }

            static_type! {
                /// A view of an OrderedDict.
                $name = $text, size size_of::<_PyDictViewObject>(), 0, flags 0;
                tp_iter: slot!(unary $iter),
                tp_methods: $methods.as_ptr(),
                tp_base: &$base,
            }
        )*
    };
}

views! {
    PyODictKeys_Type "odict_keys" PyDictKeys_Type KEYS, keys_iter keys_reversed KEYS_METHODS;
    PyODictItems_Type "odict_items" PyDictItems_Type ITEMS, items_iter items_reversed ITEMS_METHODS;
    PyODictValues_Type "odict_values" PyDictValues_Type VALUES, values_iter values_reversed VALUES_METHODS;
}
