//! filter, map and zip.

use std::cell::Cell;
use twinheap_abi::*;
use twinheap_objects::call::Args;
use twinheap_objects::errors::{PyResult, type_error, value_error};
use twinheap_objects::memory::{self, Visitor};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::{abstract_, call, dict, methods, slot, static_type, tuple, types};

/// `filterobject`.
#[repr(C)]
pub struct FilterObject {
    ob_base: PyObject,
    func: Pointer<PyObject>,
    it: Pointer<PyObject>,
}

/// `mapobject`.
#[repr(C)]
pub struct MapObject {
    ob_base: PyObject,
    iters: Pointer<PyObject>,
    func: Pointer<PyObject>,
}

/// `zipobject`.
#[repr(C)]
pub struct ZipObject {
    ob_base: PyObject,
    tuplesize: Cell<isize>,
    ittuple: Pointer<PyObject>,
    result: Pointer<PyObject>,
    strict: Cell<i32>,
}

// SAFETY: `#[repr(C)]` structs that begin with the header.
unsafe impl Layout for FilterObject {}
// SAFETY: as above.
unsafe impl Layout for MapObject {}
// SAFETY: as above.
unsafe impl Layout for ZipObject {}

fn filter_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if types::has_init_of(type_, &PyFilter_Type) {
        call::no_keywords("filter", kwargs)?;
    }
    new_filter(type_, tuple::items(args))
}

fn filter_vectorcall(type_: &PyTypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("filter")?;
    new_filter(type_, args.positional)
}

fn new_filter(type_: &PyTypeObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("filter", args.len(), 2, 2)?;
    let iterator = abstract_::get_iter(args[1])?;
    let made = types::allocate(type_, 0)?;
    // SAFETY: a filter object, zeroed but for its header.
    let this: &FilterObject = unsafe { &*made.as_ptr().cast() };
    this.func.put(Some(Own::new(args[0])));
    this.it.put(Some(iterator));
    Ok(made)
}

fn filter_next(this: &FilterObject) -> PyResult<Option<Own>> {
    let iterator: Own = Own::new(this.it.expect_ref());
    let function: Own = Own::new(this.func.expect_ref());
    let by_truth = function.is_none()
        || std::ptr::eq(
            function.as_ptr().cast(),
            &twinheap_objects::boolean::PyBool_Type,
        );
    while let Some(item) = abstract_::next(&iterator)? {
        let keep = if by_truth {
            object::is_true(&item)?
        } else {
            object::is_true(&*call::call(&function, &[&item])?)?
        };
        if keep {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn filter_reduce(this: &FilterObject) -> PyResult {
    let args = tuple::pack(&[this.func.expect_ref(), this.it.expect_ref()])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), args.as_object()])?.upcast())
}

fn filter_traverse(this: &FilterObject, visitor: &mut Visitor) {
    visitor.field(&this.it);
    visitor.field(&this.func);
}

unsafe fn filter_dealloc(this: *mut FilterObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).func.clear();
        (*this).it.clear();
        memory::gc_del(this.cast());
    }
}

methods! {
    static FILTER_METHODS:
    "__reduce__" => noargs(filter_reduce);
}

static_type! {
    /// `filter`.
    PyFilter_Type = "filter", size size_of::<FilterObject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc filter_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse filter_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext filter_next),
    tp_methods: FILTER_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new filter_new),
    tp_vectorcall: slot!(vectorcall filter_vectorcall),
    tp_free: Some(memory::object_gc_free),
}

fn map_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if types::has_init_of(type_, &PyMap_Type) {
        call::no_keywords("map", kwargs)?;
    }
    new_map(type_, tuple::items(args))
}

fn map_vectorcall(type_: &PyTypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("map")?;
    new_map(type_, args.positional)
}

fn new_map(type_: &PyTypeObject, args: &[&PyObject]) -> PyResult {
    let Some((function, iterables)) = args.split_first().filter(|(_, rest)| !rest.is_empty())
    else {
        return Err(type_error("map() must have at least two arguments."));
    };
    let mut iterators = Vec::with_capacity(iterables.len());
    for iterable in iterables {
        iterators.push(abstract_::get_iter(iterable)?);
    }
    let iterators = tuple::from_vec(iterators)?;
    let made = types::allocate(type_, 0)?;
    // SAFETY: a map object, zeroed but for its header.
    let this: &MapObject = unsafe { &*made.as_ptr().cast() };
    this.iters.put(Some(iterators.upcast()));
    this.func.put(Some(Own::new(*function)));
    Ok(made)
}

fn map_next(this: &MapObject) -> PyResult<Option<Own>> {
    let iterators: Own = Own::new(this.iters.expect_ref());
    let mut values = Vec::new();
    for iterator in abstract_::fast_items(&iterators) {
        match abstract_::next(iterator)? {
            Some(value) => values.push(value),
            None => return Ok(None),
        }
    }
    let borrowed: Vec<&PyObject> = values.iter().map(|value| &**value).collect();
    call::call(this.func.expect_ref(), &borrowed).map(Some)
}

fn map_reduce(this: &MapObject) -> PyResult {
    let mut all: Vec<&PyObject> = vec![this.func.expect_ref()];
    all.extend_from_slice(abstract_::fast_items(this.iters.expect_ref()));
    let args = tuple::pack(&all)?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), args.as_object()])?.upcast())
}

fn map_traverse(this: &MapObject, visitor: &mut Visitor) {
    visitor.field(&this.iters);
    visitor.field(&this.func);
}

unsafe fn map_dealloc(this: *mut MapObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).iters.clear();
        (*this).func.clear();
        memory::gc_del(this.cast());
    }
}

methods! {
    static MAP_METHODS:
    "__reduce__" => noargs(map_reduce);
}

static_type! {
    /// `map`.
    PyMap_Type = "map", size size_of::<MapObject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc map_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse map_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext map_next),
    tp_methods: MAP_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new map_new),
    tp_vectorcall: slot!(vectorcall map_vectorcall),
    tp_free: Some(memory::object_gc_free),
}

fn zip_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let mut strict = false;
    if let Some(kwargs) = kwargs {
        for (name, value) in dict::iter_owned(kwargs) {
            let is_strict = name
                .downcast_ref::<PyASCIIObject>()
                .is_some_and(|name| twinheap_objects::unicode::equals_str(name, "strict"));
            if !is_strict {
                return Err(type_error(format_args!(
                    "{} is an invalid keyword argument for zip()",
                    name.repr_lossy()
                )));
            }
            strict = object::is_true(&value)?;
        }
    }
    let mut iterators = Vec::new();
    for iterable in tuple::items(args) {
        iterators.push(abstract_::get_iter(iterable)?);
    }
    let count = iterators.len();
    let empties: Vec<Own> = (0..count).map(|_| none()).collect();
    let made = types::allocate(type_, 0)?;
    // SAFETY: a zip object, zeroed but for its header.
    let this: &ZipObject = unsafe { &*made.as_ptr().cast() };
    this.tuplesize.set(count as isize);
    this.ittuple.put(Some(tuple::from_vec(iterators)?.upcast()));
    this.result.put(Some(tuple::from_vec(empties)?.upcast()));
    this.strict.set(i32::from(strict));
    Ok(made)
}

fn zip_next(this: &ZipObject) -> PyResult<Option<Own>> {
    let count = this.tuplesize.get() as usize;
    if count == 0 {
        return Ok(None);
    }
    let iterators: Own = Own::new(this.ittuple.expect_ref());
    let mut values = Vec::with_capacity(count);
    for (index, iterator) in abstract_::fast_items(&iterators).iter().enumerate() {
        match abstract_::next(iterator)? {
            Some(value) => values.push(value),
            None if this.strict.get() != 0 => return strict_end(&iterators, index).map(|()| None),
            None => return Ok(None),
        }
    }
    let result: &PyObject = this.result.expect_ref();
    if result.ob_refcnt.get() != 1 {
        return Ok(Some(tuple::from_vec(values)?.upcast()));
    }
    let result = Own::new(result);
    // SAFETY: a tuple that only this iterator refers to.
    unsafe {
        let place = tuple::items_pointer(&*result.as_ptr().cast());
        for (index, value) in values.into_iter().enumerate() {
            let old = std::ptr::replace(place.add(index), value.into_raw());
            twinheap_objects::own::decref(old);
        }
        if !memory::is_tracked(&result) {
            memory::track(result.as_ptr());
        }
    }
    Ok(Some(result))
}

/// With `strict`, all iterators must end together.
fn strict_end(iterators: &PyObject, ended: usize) -> PyResult<()> {
    let plural = |count: usize| if count == 1 { " " } else { "s 1-" };
    if ended > 0 {
        return Err(value_error(format_args!(
            "zip() argument {} is shorter than argument{}{ended}",
            ended + 1,
            plural(ended)
        )));
    }
    for (index, iterator) in abstract_::fast_items(iterators).iter().enumerate().skip(1) {
        if abstract_::next(iterator)?.is_some() {
            return Err(value_error(format_args!(
                "zip() argument {} is longer than argument{}{index}",
                index + 1,
                plural(index)
            )));
        }
    }
    Ok(())
}

fn zip_reduce(this: &ZipObject) -> PyResult {
    let class = this.as_object().type_().as_object();
    let args: &PyObject = this.ittuple.expect_ref();
    if this.strict.get() != 0 {
        return Ok(tuple::pack(&[class, args, &*bool_object(true)])?.upcast());
    }
    Ok(tuple::pack(&[class, args])?.upcast())
}

fn zip_setstate(this: &ZipObject, state: &PyObject) -> PyResult {
    this.strict.set(i32::from(object::is_true(state)?));
    Ok(none())
}

fn zip_traverse(this: &ZipObject, visitor: &mut Visitor) {
    visitor.field(&this.ittuple);
    visitor.field(&this.result);
}

unsafe fn zip_dealloc(this: *mut ZipObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(this.cast());
        (*this).ittuple.clear();
        (*this).result.clear();
        memory::gc_del(this.cast());
    }
}

methods! {
    static ZIP_METHODS:
    "__reduce__" => noargs(zip_reduce);
    "__setstate__" => o(zip_setstate);
}

static_type! {
    /// `zip`.
    PyZip_Type = "zip", size size_of::<ZipObject>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc zip_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse zip_traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext zip_next),
    tp_methods: ZIP_METHODS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new zip_new),
    tp_free: Some(memory::object_gc_free),
}
