//! tuple (`Objects/tupleobject.c`): a header, then the items; the empty one is a singleton, and
//! short ones (up to 19 items here, 20 sizes in all) are reused from free lists by size.

use crate::errors::{self, PyResult, index_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Layout, Own, xdecref};
use crate::singletons::not_implemented;
use crate::state::Global;
use crate::{abstract_, call, iter, methods, slot, static_type, typed, unicode};
use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_arith::hash::TupleHash;

typed!(PyTupleObject, PyTuple_Type, flag Py_TPFLAGS_TUPLE_SUBCLASS);

const FREE_LIST_SIZES: usize = 20;
const FREE_LIST_LENGTH: usize = 2000;

/// Per size, a chain of dead tuples linked through their first item, and its length.
struct FreeList {
    first: Cell<*mut PyTupleObject>,
    count: Cell<usize>,
}

static FREE_LISTS: Global<[FreeList; FREE_LIST_SIZES]> = Global(
    [const {
        FreeList {
            first: Cell::new(null_mut()),
            count: Cell::new(0),
        }
    }; FREE_LIST_SIZES],
);
static EMPTY: Global<Cell<*mut PyTupleObject>> = Global(Cell::new(null_mut()));

/// The items, borrowed.
#[inline(always)]
pub fn items(tuple: &PyTupleObject) -> &[&PyObject] {
    // SAFETY: `ob_size` non-null pointers follow the header of a tuple that is complete.
    unsafe {
        std::slice::from_raw_parts(tuple.ob_item.as_ptr().cast(), tuple.ob_size.get() as usize)
    }
}

/// Where the items of a tuple under construction are written.
#[inline(always)]
pub fn items_pointer(tuple: &PyTupleObject) -> *mut *mut PyObject {
    tuple.ob_item.as_ptr().cast_mut().cast()
}

/// The empty tuple.
#[inline]
pub fn empty() -> Own<PyTupleObject> {
    if EMPTY.get().is_null() {
        let object: *mut PyTupleObject =
            memory::new_gc_object(&PyTuple_Type, header_size()).expect("the empty tuple fits");
        // SAFETY: fresh memory.
        unsafe { (*object).ob_size.set(0) };
        EMPTY.set(object);
    }
    // SAFETY: made once, never freed.
    Own::new(unsafe { &*EMPTY.get() })
}

const fn header_size() -> usize {
    std::mem::offset_of!(PyTupleObject, ob_item)
}

/// A tuple under construction: its items are null until they are set, and it is not tracked.
struct Unfinished(*mut PyTupleObject);

/// Memory for a tuple of `count` items (not 0), items uninitialised (`tuple_alloc`).
#[inline]
fn allocate(count: usize) -> PyResult<*mut PyTupleObject> {
    if count < FREE_LIST_SIZES {
        let list = &FREE_LISTS[count];
        let first = list.first.get();
        if !first.is_null() {
            // SAFETY: a dead tuple of the list, linked through its first item.
            unsafe {
                list.first.set((*first).ob_item[0].get().cast());
                list.count.set(list.count.get() - 1);
                (*first).ob_base.ob_base.ob_refcnt.set(1);
            }
            return Ok(first);
        }
    }
    let object: *mut PyTupleObject =
        memory::new_gc_object(&PyTuple_Type, header_size() + 8 * count)?;
    // SAFETY: fresh memory.
    unsafe { (*object).ob_size.set(count as isize) };
    Ok(object)
}

impl Unfinished {
    fn finish(self) -> Own<PyTupleObject> {
        // SAFETY: every item is set; the reference is the one that allocation made.
        unsafe {
            memory::track(self.0.cast());
            Own::from_raw(self.0)
        }
    }
}

/// `PyTuple_New`: tracked from the start, its items null until they are set.
pub fn new(count: usize) -> PyResult<Own<PyTupleObject>> {
    if count == 0 {
        return Ok(empty());
    }
    let object = allocate(count)?;
    // SAFETY: room for the items.
    unsafe { std::ptr::write_bytes(items_pointer(&*object), 0, count) };
    Ok(Unfinished(object).finish())
}

/// The items of a tuple that may be under construction.
pub fn items_so_far(tuple: &PyTupleObject) -> impl Iterator<Item = Option<&PyObject>> {
    let count = tuple.ob_size.get() as usize;
    // SAFETY: the slots exist, and each is null or holds an object that the tuple owns.
    (0..count).map(move |index| unsafe { (*items_pointer(tuple).add(index)).as_ref() })
}

/// `PyTuple_SET_ITEM` of an item that is still null.
pub fn set_new_item(tuple: &PyTupleObject, index: usize, value: Own) {
    assert!(
        index < tuple.ob_size.get() as usize,
        "the tuple has that item"
    );
    // SAFETY: the index lies in the tuple.
    unsafe { *items_pointer(tuple).add(index) = value.into_raw() };
}

/// `PyTuple_Pack`, `_PyTuple_FromArray`: a tuple of new references.
#[inline]
pub fn pack(values: &[&PyObject]) -> PyResult<Own<PyTupleObject>> {
    if values.is_empty() {
        return Ok(empty());
    }
    let object = allocate(values.len())?;
    // SAFETY: room for the items.
    unsafe {
        let target = items_pointer(&*object);
        for (index, value) in values.iter().enumerate() {
            crate::own::incref(value);
            *target.add(index) = value.as_raw();
        }
    }
    Ok(Unfinished(object).finish())
}

/// `_PyTuple_FromArraySteal`: takes over `count` references.
///
/// # Safety
/// `source` points to `count` references that the caller gives up.
#[inline]
pub unsafe fn from_raw_steal(
    source: *const *mut PyObject,
    count: usize,
) -> PyResult<Own<PyTupleObject>> {
    if count == 0 {
        return Ok(empty());
    }
    let object = match allocate(count) {
        Ok(object) => object,
        Err(raised) => {
            for index in 0..count {
                // SAFETY: the references are ours.
                unsafe { crate::own::decref(*source.add(index)) };
            }
            return Err(raised);
        }
    };
    // SAFETY: room for the items, which move.
    unsafe { std::ptr::copy_nonoverlapping(source, items_pointer(&*object), count) };
    Ok(Unfinished(object).finish())
}

/// A tuple that takes over the objects of a vector.
pub fn from_vec(values: Vec<Own>) -> PyResult<Own<PyTupleObject>> {
    let values = std::mem::ManuallyDrop::new(values);
    // SAFETY: the vector's references move; its memory is freed below.
    unsafe {
        let result = from_raw_steal(values.as_ptr().cast(), values.len());
        drop(Vec::from_raw_parts(
            values
                .as_ptr()
                .cast_mut()
                .cast::<std::mem::MaybeUninit<Own>>(),
            0,
            values.capacity(),
        ));
        result
    }
}

unsafe fn tuple_dealloc(tuple: *mut PyTupleObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        if tuple == EMPTY.get() {
            (*tuple).ob_refcnt.set(1);
            return;
        }
        memory::untrack(tuple.cast());
        memory::with_trashcan(tuple.cast(), |tuple| {
            let tuple: *mut PyTupleObject = tuple.cast();
            let count = (*tuple).ob_size.get() as usize;
            let target = items_pointer(&*tuple);
            for index in (0..count).rev() {
                xdecref(*target.add(index));
            }
            release(tuple, count);
        });
    }
}

/// Gives the memory of a dead tuple back, to the free list of its size first.
unsafe fn release(tuple: *mut PyTupleObject, count: usize) {
    // SAFETY: the items are gone; only the memory is left.
    unsafe {
        if count > 0 && count < FREE_LIST_SIZES && (*tuple).as_object().is_exactly(&PyTuple_Type) {
            let list = &FREE_LISTS[count];
            if list.count.get() < FREE_LIST_LENGTH {
                (*tuple).ob_item[0].set(list.first.get().cast());
                list.first.set(tuple);
                list.count.set(list.count.get() + 1);
                return;
            }
        }
        match (*tuple).as_object().type_().tp_free.get() {
            Some(free) => free(tuple.cast()),
            None => memory::gc_del(tuple.cast()),
        }
    }
}

/// Gives back the memory of the dead tuples that are kept (`_PyTuple_ClearFreeList`).
pub(crate) fn clear_free_lists() {
    for list in FREE_LISTS.iter() {
        list.count.set(0);
        let mut tuple = list.first.replace(null_mut());
        while !tuple.is_null() {
            // SAFETY: a dead tuple of the list, linked through its first item.
            unsafe {
                let next = (*tuple).ob_item[0].get().cast();
                memory::gc_del(tuple.cast());
                tuple = next;
            }
        }
    }
}

fn tuple_traverse(tuple: &PyTupleObject, visitor: &mut Visitor) {
    for index in 0..tuple.ob_size.get() as usize {
        // SAFETY: the item's slot exists; it may be null while the tuple is made.
        visitor.pointer(unsafe { *items_pointer(tuple).add(index) });
    }
}

fn tuple_repr(tuple: &PyTupleObject) -> PyResult {
    let values = items(tuple);
    if values.is_empty() {
        return Ok(unicode::from_str("()")?.upcast());
    }
    let Some(_guard) = object::repr_enter(tuple.as_object()) else {
        return Ok(unicode::from_str("(...)")?.upcast());
    };
    let mut writer = unicode::Writer::new();
    writer.push_str("(");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            writer.push_str(", ");
        }
        writer.push(&object::repr(value)?);
    }
    writer.push_str(if values.len() > 1 { ")" } else { ",)" });
    Ok(writer.finish()?.upcast())
}

fn tuple_hash(tuple: &PyTupleObject) -> PyResult<Py_hash_t> {
    let values = items(tuple);
    let mut hash = TupleHash::default();
    for value in values {
        hash.push(object::hash(value)? as i64);
    }
    Ok(hash.finish(values.len()) as isize)
}

fn tuple_length(tuple: &PyTupleObject) -> PyResult<isize> {
    Ok(tuple.ob_size.get())
}

fn tuple_contains(tuple: &PyTupleObject, value: &PyObject) -> PyResult<bool> {
    for item in items(tuple) {
        if object::equal(item, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The item at an index that is already counted from the start.
pub fn tuple_item(tuple: &PyTupleObject, index: isize) -> PyResult {
    match items(tuple).get(index as usize) {
        Some(item) if index >= 0 => Ok(Own::new(item)),
        _ => Err(index_error("tuple index out of range")),
    }
}

fn tuple_concat(a: &PyTupleObject, b: &PyObject) -> PyResult {
    let exact = a.as_object().is_exactly(&PyTuple_Type);
    if a.ob_size.get() == 0 && b.is_exactly(&PyTuple_Type) {
        return Ok(Own::new(b));
    }
    let Some(b) = b.downcast_ref::<PyTupleObject>() else {
        use crate::object::TypeExt;
        return Err(errors::type_error(format_args!(
            "can only concatenate tuple (not \"{}\") to tuple",
            b.type_().name()
        )));
    };
    if b.ob_size.get() == 0 && exact {
        return Ok(Own::new(a).upcast());
    }
    let values = [items(a), items(b)].concat();
    Ok(pack(&values)?.upcast())
}

fn tuple_repeat(tuple: &PyTupleObject, count: isize) -> PyResult {
    let values = items(tuple);
    if (values.is_empty() || count == 1) && tuple.as_object().is_exactly(&PyTuple_Type) {
        return Ok(Own::new(tuple).upcast());
    }
    if values.is_empty() || count <= 0 {
        return Ok(empty().upcast());
    }
    if values.len() > isize::MAX as usize / 8 / count as usize {
        return Err(errors::no_memory());
    }
    let object = allocate(values.len() * count as usize)?;
    // SAFETY: room for the items.
    unsafe {
        let mut target = items_pointer(&*object);
        for _ in 0..count {
            for value in values {
                crate::own::incref(value);
                *target = value.as_raw();
                target = target.add(1);
            }
        }
    }
    Ok(Unfinished(object).finish().upcast())
}

fn tuple_subscript(tuple: &PyTupleObject, key: &PyObject) -> PyResult {
    if let Some(index) = abstract_::index_or_slice(key)? {
        let index = if index < 0 {
            index + tuple.ob_size.get()
        } else {
            index
        };
        return tuple_item(tuple, index);
    }
    let Some(slice) = key.downcast_ref::<PySliceObject>() else {
        use crate::object::TypeExt;
        return Err(errors::type_error(format_args!(
            "tuple indices must be integers or slices, not {}",
            key.type_().name()
        )));
    };
    let span = crate::slice::indices(slice, || tuple.ob_size.get())?;
    if span.length == 0 {
        return Ok(empty().upcast());
    }
    let whole = span.start == 0 && span.step == 1 && span.length == tuple.ob_size.get();
    if whole && tuple.as_object().is_exactly(&PyTuple_Type) {
        return Ok(Own::new(tuple).upcast());
    }
    let values = items(tuple);
    let picked: Vec<&PyObject> = span.positions().map(|index| values[index]).collect();
    Ok(pack(&picked)?.upcast())
}

fn tuple_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<PyTupleObject>(),
        b.downcast_ref::<PyTupleObject>(),
    ) else {
        return Ok(not_implemented());
    };
    let (a, b) = (items(a), items(b));
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if !object::equal(a[at], b[at])? {
            break;
        }
        at += 1;
    }
    if at >= a.len() || at >= b.len() {
        return Ok(object::compare_result(a.len().cmp(&b.len()), op));
    }
    match op {
        Py_EQ => Ok(crate::singletons::bool_object(false)),
        Py_NE => Ok(crate::singletons::bool_object(true)),
        _ => object::rich_compare(a[at], b[at], op),
    }
}

fn tuple_iter(tuple: &PyTupleObject) -> PyResult {
    iter::new_index_iterator(&iter::PyTupleIter_Type, tuple.as_object())
}

fn tuple_index(tuple: &PyTupleObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("index", args.len(), 1, 3)?;
    let length = tuple.ob_size.get();
    let start = abstract_::slice_bound(args.get(1).copied(), 0, length)?;
    let stop = abstract_::slice_bound(args.get(2).copied(), isize::MAX, length)?;
    for index in start..stop.min(length) {
        if object::equal(items(tuple)[index as usize], args[0])? {
            return crate::long::from_isize(index);
        }
    }
    Err(errors::value_error("tuple.index(x): x not in tuple"))
}

fn tuple_count(tuple: &PyTupleObject, value: &PyObject) -> PyResult {
    let mut count = 0;
    for item in items(tuple) {
        if object::equal(item, value)? {
            count += 1;
        }
    }
    crate::long::from_isize(count)
}

fn tuple_getnewargs(tuple: &PyTupleObject) -> PyResult {
    let copy = match tuple.as_object().is_exactly(&PyTuple_Type) {
        true => Own::new(tuple),
        false => pack(items(tuple))?,
    };
    Ok(pack(&[copy.as_object()])?.upcast())
}

/// `PySequence_Tuple`.
pub fn from_iterable(iterable: &PyObject) -> PyResult<Own<PyTupleObject>> {
    if let Some(exact) = iterable.downcast_exact::<PyTupleObject>() {
        return Ok(Own::new(exact));
    }
    if let Some(list) = iterable.downcast_exact::<PyListObject>() {
        return pack(crate::list::items(list));
    }
    from_vec(abstract_::collect(iterable)?)
}

fn tuple_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let exact = std::ptr::eq(type_, &PyTuple_Type);
    if exact || type_.tp_init.get().is_none() || std::ptr::eq(type_, &PyTuple_Type) {
        call::no_keywords("tuple", kwargs)?;
    }
    call::check_positional("tuple", items(args).len(), 0, 1)?;
    let made = match items(args).first() {
        Some(iterable) => from_iterable(iterable)?,
        None => empty(),
    };
    if exact {
        return Ok(made.upcast());
    }
    let values = items(&made);
    let instance = crate::types::allocate(type_, values.len() as isize)?;
    // SAFETY: an instance of a tuple subclass has room for the items.
    unsafe {
        let target = items_pointer(&*instance.as_ptr().cast());
        for (index, value) in values.iter().enumerate() {
            crate::own::incref(value);
            *target.add(index) = value.as_raw();
        }
    }
    Ok(instance)
}

fn tuple_vectorcall(type_: &PyTypeObject, args: call::Args<'_>) -> PyResult {
    args.no_keywords("tuple")?;
    call::check_positional("tuple", args.positional.len(), 0, 1)?;
    match args.positional.first() {
        Some(iterable) => Ok(from_iterable(iterable)?.upcast()),
        None => {
            debug_assert!(std::ptr::eq(type_, &PyTuple_Type));
            Ok(empty().upcast())
        }
    }
}

fn tuple_class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

methods! {
    static TUPLE_METHODS:
    "__getnewargs__" => noargs(tuple_getnewargs, "($self, /)");
    "index" => fast(tuple_index, "($self, value, start=0, stop=sys.maxsize, /)");
    "count" => o(tuple_count, "($self, value, /)");
    "__class_getitem__" => o(tuple_class_getitem) | METH_CLASS;
}

static_type! {
    /// `tuple`.
    PyTuple_Type = "tuple", size header_size(), 8,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_TUPLE_SUBCLASS
            | _Py_TPFLAGS_MATCH_SELF | Py_TPFLAGS_SEQUENCE;
    sequence {
        sq_length: slot!(len tuple_length),
        sq_concat: slot!(binary tuple_concat),
        sq_repeat: slot!(ssizearg tuple_repeat),
        sq_item: slot!(ssizearg tuple_item),
        sq_contains: slot!(objobj tuple_contains),
    }
    mapping {
        mp_length: slot!(len tuple_length),
        mp_subscript: slot!(binary tuple_subscript),
    }
    tp_dealloc: slot!(dealloc tuple_dealloc),
    tp_repr: slot!(unary tuple_repr),
    tp_hash: slot!(hash tuple_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse tuple_traverse),
    tp_richcompare: slot!(richcmp tuple_richcompare),
    tp_iter: slot!(unary tuple_iter),
    tp_methods: TUPLE_METHODS.as_ptr(),
    tp_new: slot!(new tuple_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall tuple_vectorcall),
}
