//! enumerate and reversed (`Objects/enumobject.c`).

use crate::abstract_;
use crate::call::{self, Signature};
use crate::errors::{PyResult, type_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{id, long, methods, slot, static_type, tuple, types};
use std::ptr::null_mut;
use twinheap_abi::*;

fn enumerate_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "enumerate",
        parameters: &["iterable", "start"],
        required: 1,
        positional: 2,
    };
    let [iterable, start] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let Some(iterable) = iterable else {
        return Err(type_error(
            "enumerate() missing required argument 'iterable' (pos 1)",
        ));
    };
    let made = types::allocate(type_, 0)?;
    // SAFETY: an enumerate object, zeroed but for its header.
    let this: &enumobject = unsafe { &*made.as_ptr().cast() };
    this.one.set(Own::new(long::small_int(1)).into_raw());
    if let Some(start) = start {
        let start = abstract_::index(start)?;
        match long::to_i64(&start) {
            Some(index) if index != i64::MAX => this.en_index.set(index as isize),
            _ => {
                this.en_index.set(isize::MAX);
                this.en_longindex.put(Some(start.upcast()));
            }
        }
    }
    this.en_sit.put(Some(abstract_::get_iter(iterable)?));
    this.en_result
        .put(Some(tuple::pack(&[&none(), &none()])?.upcast()));
    Ok(made)
}

/// The index of the next item, counted on; past a word it is an int object.
fn next_index(this: &enumobject) -> PyResult {
    let index = this.en_index.get();
    if index != isize::MAX {
        this.en_index.set(index + 1);
        return long::from_isize(index);
    }
    let current = match this.en_longindex.own() {
        Some(current) => current,
        None => long::from_isize(isize::MAX)?,
    };
    let one = Own::new(long::small_int(1)).upcast();
    this.en_longindex.put(Some(abstract_::add(&current, &one)?));
    Ok(current)
}

fn enumerate_next(this: &enumobject) -> PyResult<Option<Own>> {
    let iterator: Own = Own::new(this.en_sit.expect_ref());
    let Some(item) = abstract_::next(&iterator)? else {
        return Ok(None);
    };
    let index = next_index(this)?;
    let result: &PyObject = this.en_result.expect_ref();
    if result.ob_refcnt.get() != 1 {
        return Ok(Some(tuple::from_vec(vec![index, item])?.upcast()));
    }
    let result = Own::new(result);
    // SAFETY: a tuple of two that only this iterator refers to.
    unsafe {
        let place = tuple::items_pointer(&*result.as_ptr().cast());
        let (old_index, old_item) = (*place, *place.add(1));
        *place = index.into_raw();
        *place.add(1) = item.into_raw();
        crate::own::decref(old_index);
        crate::own::decref(old_item);
        if !memory::is_tracked(&result) {
            memory::track(result.as_ptr());
        }
    }
    Ok(Some(result))
}

fn enumerate_reduce(this: &enumobject) -> PyResult {
    let index = match this.en_longindex.own() {
        Some(index) => index,
        None => long::from_isize(this.en_index.get())?,
    };
    let args = tuple::pack(&[this.en_sit.expect_ref(), &index])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), args.as_object()])?.upcast())
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

fn enumerate_traverse(this: &enumobject, visitor: &mut Visitor) {
    visitor.field(&this.en_sit);
    visitor.field(&this.en_result);
    visitor.field(&this.en_longindex);
    visitor.field(&this.one);
}

unsafe fn enumerate_dealloc(this: *mut enumobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).en_sit.clear();
        (*this).en_result.clear();
        (*this).en_longindex.clear();
        (*this).one.clear();
        if let Some(free) = (*this).as_object().type_().tp_free.get() {
            free(this.cast());
        }
    }
}

methods! {
    static ENUMERATE_METHODS:
    "__reduce__" => noargs(enumerate_reduce);
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

static_type! {
    /// `enumerate`.
    PyEnum_Type = "enumerate", size size_of::<enumobject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc enumerate_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse enumerate_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext enumerate_next),
    tp_methods: ENUMERATE_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new enumerate_new),
    tp_free: Some(memory::object_gc_free),
}

fn reversed_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::no_keywords("reversed", kwargs)?;
    call::check_positional("reversed", tuple::items(args).len(), 1, 1)?;
    let sequence = tuple::items(args)[0];
    if let Some(method) = types::lookup_special(sequence, id!("__reversed__"))? {
        if method.is_none() {
            return Err(type_error(format_args!(
                "'{}' object is not reversible",
                sequence.type_().name()
            )));
        }
        return call::call(&method, &[]);
    }
    if !abstract_::is_sequence(sequence) {
        return Err(type_error(format_args!(
            "'{}' object is not reversible",
            sequence.type_().name()
        )));
    }
    let length = object::length(sequence)?;
    let made = types::allocate(type_, 0)?;
    // SAFETY: a reversed object, zeroed but for its header.
    let this: &reversedobject = unsafe { &*made.as_ptr().cast() };
    this.index.set(length as isize - 1);
    this.seq.put(Some(Own::new(sequence)));
    Ok(made)
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
            Err(raised) => {
                use crate::exceptions::{PyExc_IndexError, PyExc_StopIteration};
                if !crate::errors::matches(&PyExc_IndexError)
                    && !crate::errors::matches(&PyExc_StopIteration)
                {
                    return Err(raised);
                }
                crate::errors::discard(raised);
            }
        }
    }
    this.index.set(-1);
    this.seq.clear();
    Ok(None)
}

fn reversed_hint(this: &reversedobject) -> PyResult {
    let Some(sequence) = this.seq.own() else {
        return long::from_isize(0);
    };
    let position = this.index.get() + 1;
    let length = object::length(&sequence)? as isize;
    long::from_isize(if length < position { 0 } else { position })
}

fn reversed_reduce(this: &reversedobject) -> PyResult {
    let class = this.as_object().type_().as_object();
    match this.seq.own() {
        Some(sequence) => {
            let args = tuple::pack(&[&sequence])?;
            Ok(tuple::pack(&[
                class,
                args.as_object(),
                &*long::from_isize(this.index.get())?,
            ])?
            .upcast())
        }
        None => {
            let args = tuple::pack(&[tuple::empty().as_object()])?;
            Ok(tuple::pack(&[class, args.as_object()])?.upcast())
        }
    }
}

fn reversed_setstate(this: &reversedobject, state: &PyObject) -> PyResult {
    let index = long::as_long(state)? as isize;
    if let Some(sequence) = this.seq.own() {
        this.index
            .set(index.clamp(-1, object::length(&sequence)? as isize - 1));
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
        let sequence = (*this).seq.replace(null_mut());
        crate::own::xdecref(sequence);
        if let Some(free) = (*this).as_object().type_().tp_free.get() {
            free(this.cast());
        }
    }
}

methods! {
    static REVERSED_METHODS:
    "__length_hint__" => noargs(reversed_hint);
    "__reduce__" => noargs(reversed_reduce);
    "__setstate__" => o(reversed_setstate);
}

static_type! {
    /// `reversed`.
    PyReversed_Type = "reversed", size size_of::<reversedobject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc reversed_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse reversed_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext reversed_next),
    tp_methods: REVERSED_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new reversed_new),
    tp_free: Some(memory::object_gc_free),
}
