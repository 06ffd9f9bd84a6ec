//! enumerate and reversed (`Objects/enumobject.c`).

use crate::call::{self, Args, Signature};
use crate::errors::{self, PyResult, type_error};
use crate::exceptions::{PyExc_IndexError, PyExc_StopIteration};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{abstract_, generic_alias, id, long, methods, slot, static_type, tuple, typed, types};
use twinheap_abi::*;

typed!(enumobject, PyEnum_Type);
typed!(reversedobject, PyReversed_Type);

static NEW: Signature = Signature {
    name: "enumerate",
    parameters: &["iterable", "start"],
    required: 0,
    positional: 2,
};

fn new_enumerate(
    type_: &PyTypeObject,
    iterable: Option<&PyObject>,
    start: Option<&PyObject>,
) -> PyResult {
    let Some(iterable) = iterable else {
        return Err(type_error(
            "enumerate() missing required argument 'iterable'",
        ));
    };
    let start = start.map(abstract_::index).transpose()?;
    let index = start.as_ref().map_or(Some(0), |start| long::to_i64(start));
    let instance = types::allocate(type_, 0)?;
    // SAFETY: an instance of enumerate or a subclass.
    let made: &enumobject = unsafe { &*instance.as_ptr().cast() };
    match (index, start) {
        (Some(index), _) => made.en_index.set(index as isize),
        (None, start) => {
            made.en_index.set(isize::MAX);
            made.en_longindex.put(start.map(Own::upcast));
        }
    }
    made.en_sit.put(Some(abstract_::get_iter(iterable)?));
    let none = none();
    made.en_result
        .put(Some(tuple::pack(&[&none, &none])?.upcast()));
    made.one.set(Own::new(long::small_int(1)).into_raw());
    Ok(instance)
}

fn enum_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let [iterable, start] = call::bind_tuple::<2>(&NEW, args, kwargs)?;
    new_enumerate(type_, iterable, start)
}

fn enum_vectorcall(_: &PyObject, args: Args<'_>) -> PyResult {
    let [iterable, start] = args.bind::<2>(&NEW)?;
    new_enumerate(&PyEnum_Type, iterable, start)
}

/// The next number as an object; the counter moves on.
fn next_number(this: &enumobject) -> PyResult {
    let index = this.en_index.get();
    if index != isize::MAX {
        this.en_index.set(index + 1);
        return long::from_isize(index);
    }
    let current = match this.en_longindex.own() {
        Some(current) => current,
        None => long::from_isize(isize::MAX)?,
    };
    // SAFETY: the long counter is an int.
    let stepped = long::add(unsafe { &*current.as_ptr().cast() }, long::small_int(1))?;
    this.en_longindex.put(Some(stepped));
    Ok(current)
}

/// Puts two items into the tuple kept for reuse, where nobody else refers to it any more.
fn reuse(result: &PyTupleObject, number: Own, item: Own) -> Own {
    let shown = Own::new(result);
    let items = tuple::items_pointer(result);
    // SAFETY: a tuple of two that only this enumerate refers to; the old items are released once.
    unsafe {
        let old_number = items.replace(number.into_raw());
        let old_item = items.add(1).replace(item.into_raw());
        drop(Own::from_raw(old_number));
        drop(Own::from_raw(old_item));
        // The collector may have stopped tracking the tuple while it held ints alone.
        if !memory::is_tracked(result.as_object()) {
            memory::track(result.as_raw());
        }
    }
    shown.upcast()
}

fn enum_next(this: &enumobject) -> PyResult<Option<Own>> {
    let source = this.en_sit.expect_ref();
    let Some(item) = abstract_::next(source)? else {
        return Ok(None);
    };
    let number = next_number(this)?;
    // SAFETY: the result is a tuple of two.
    let result: &PyTupleObject = unsafe { &*this.en_result.get().cast() };
    if result.ob_refcnt.get() == 1 {
        return Ok(Some(reuse(result, number, item)));
    }
    Ok(Some(tuple::from_vec(vec![number, item])?.upcast()))
}

fn enum_reduce(this: &enumobject) -> PyResult {
    let index = match this.en_longindex.own() {
        Some(index) => index,
        None => long::from_isize(this.en_index.get())?,
    };
    let args = tuple::pack(&[this.en_sit.expect_ref(), &index])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), args.as_object()])?.upcast())
}

fn enum_traverse(this: &enumobject, visitor: &mut Visitor) {
    visitor.field(&this.en_sit);
    visitor.field(&this.en_result);
    visitor.field(&this.en_longindex);
}

/// Frees through the type, after the fields are released.
///
/// # Safety
/// The object is dying and untracked.
unsafe fn free(object: *mut PyObject) {
    // SAFETY: by contract; the type is alive.
    unsafe {
        match (*object).type_().tp_free.get() {
            Some(free) => free(object.cast()),
            None => memory::gc_del(object),
        }
    }
}

unsafe fn enum_dealloc(this: *mut enumobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).en_sit.clear();
        (*this).en_result.clear();
        (*this).en_longindex.clear();
        (*this).one.clear();
        free(this.cast());
    }
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    generic_alias::new(class, item)
}

methods! {
    static ENUM_METHODS:
    "__reduce__" => noargs(enum_reduce);
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

static_type! {
    /// `enumerate`.
    PyEnum_Type = "enumerate", size size_of::<enumobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc enum_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse enum_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext enum_next),
    tp_methods: ENUM_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new enum_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall enum_vectorcall),
}

// reversed

fn new_reversed(type_: &PyTypeObject, sequence: &PyObject) -> PyResult {
    let not_reversible = || {
        type_error(format_args!(
            "'{:.200}' object is not reversible",
            sequence.type_().name()
        ))
    };
    if let Some(method) = types::lookup_special(sequence, id!("__reversed__"))? {
        if method.is_none() {
            return Err(not_reversible());
        }
        return call::call(&method, &[]);
    }
    if !abstract_::is_sequence(sequence) {
        return Err(not_reversible());
    }
    let length = object::length(sequence)?;
    let instance = types::allocate(type_, 0)?;
    // SAFETY: an instance of reversed or a subclass.
    let made: &reversedobject = unsafe { &*instance.as_ptr().cast() };
    made.index.set(length as isize - 1);
    made.seq.put(Some(Own::new(sequence)));
    Ok(instance)
}

fn reversed_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if std::ptr::eq(type_, &PyReversed_Type) {
        call::no_keywords("reversed", kwargs)?;
    }
    let args = tuple::items(args);
    call::check_positional("reversed", args.len(), 1, 1)?;
    new_reversed(type_, args[0])
}

fn reversed_vectorcall(_: &PyObject, args: Args<'_>) -> PyResult {
    args.no_keywords("reversed")?;
    call::check_positional("reversed", args.positional.len(), 1, 1)?;
    new_reversed(&PyReversed_Type, args.positional[0])
}

fn reversed_next(this: &reversedobject) -> PyResult<Option<Own>> {
    let index = this.index.get();
    if index >= 0
        && let Some(sequence) = this.seq.own()
    {
        match abstract_::get_sequence_item(&sequence, index) {
            Ok(item) => {
                this.index.set(index - 1);
                return Ok(Some(item));
            }
            Err(raised)
                if errors::matches(&PyExc_IndexError) || errors::matches(&PyExc_StopIteration) =>
            {
                errors::discard(raised);
            }
            Err(raised) => return Err(raised),
        }
    }
    this.index.set(-1);
    this.seq.clear();
    Ok(None)
}

fn reversed_length_hint(this: &reversedobject) -> PyResult {
    let Some(sequence) = this.seq.own() else {
        return long::from_isize(0);
    };
    let left = this.index.get() + 1;
    let length = object::length(&sequence)? as isize;
    long::from_isize(if length < left { 0 } else { left })
}

fn reversed_reduce(this: &reversedobject) -> PyResult {
    let class = Own::new(this.as_object().type_()).upcast();
    match this.seq.own() {
        Some(sequence) => {
            let args = tuple::from_vec(vec![sequence])?.upcast();
            Ok(tuple::from_vec(vec![class, args, long::from_isize(this.index.get())?])?.upcast())
        }
        None => {
            let args = tuple::pack(&[tuple::empty().as_object()])?.upcast();
            Ok(tuple::from_vec(vec![class, args])?.upcast())
        }
    }
}

fn reversed_setstate(this: &reversedobject, state: &PyObject) -> PyResult {
    let index = long::exact_ssize(state)?;
    if let Some(sequence) = this.seq.own() {
        let length = object::length(&sequence)? as isize;
        this.index.set(index.clamp(-1, length - 1));
    }
    Ok(none())
}

fn reversed_traverse(this: &reversedobject, visitor: &mut Visitor) {
    visitor.field(&this.seq);
}

unsafe fn reversed_dealloc(this: *mut reversedobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).seq.clear();
        free(this.cast());
    }
}

methods! {
    static REVERSED_METHODS:
    "__length_hint__" => noargs(reversed_length_hint);
    "__reduce__" => noargs(reversed_reduce);
    "__setstate__" => o(reversed_setstate);
}

static_type! {
    /// `reversed`.
    PyReversed_Type = "reversed", size size_of::<reversedobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc reversed_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse reversed_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext reversed_next),
    tp_methods: REVERSED_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new reversed_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall reversed_vectorcall),
}
