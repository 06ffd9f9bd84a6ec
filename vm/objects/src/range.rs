//! range (`Objects/rangeobject.c`): three ints and their count, and two iterators, one in machine
//! words and one in ints of any size.

use crate::abstract_;
use crate::call::{self, Args};
use crate::errors::{PyResult, index_error, type_error, value_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{long, members, methods, slot, static_type, tuple, typed, unicode};
use std::cmp::Ordering;
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;

typed!(rangeobject, PyRange_Type);

type Long = Own<PyLongObject>;

/// A result of int arithmetic, as the int it is.
fn int(result: PyResult) -> PyResult<Long> {
    // SAFETY: the operations of `long` give ints.
    result.map(|value| unsafe { value.cast() })
}

fn small(value: i64) -> Long {
    Own::new(long::small_int(value))
}

/// The int in a field of a range or of its iterator.
fn field(pointer: &Pointer<PyObject>) -> &PyLongObject {
    // SAFETY: set to an int when the object was made.
    unsafe { &*pointer.get().cast() }
}

/// The three fields as machine words, where they fit.
fn words(range: &rangeobject) -> Option<(i64, i64, i64)> {
    let word = |pointer| long::to_i64(field(pointer));
    Some((word(&range.start)?, word(&range.stop)?, word(&range.step)?))
}

/// How many items a range of machine words has.
fn count_words(start: i64, stop: i64, step: i64) -> u64 {
    if step > 0 && start < stop {
        return 1 + (stop.wrapping_sub(start) as u64 - 1) / step as u64;
    }
    if step < 0 && start > stop {
        return 1 + (start.wrapping_sub(stop) as u64 - 1) / step.unsigned_abs();
    }
    0
}

fn compute_length(
    start: &PyLongObject,
    stop: &PyLongObject,
    step: &PyLongObject,
) -> PyResult<Long> {
    let as_words = (long::to_i64(start), long::to_i64(stop), long::to_i64(step));
    if let (Some(start), Some(stop), Some(step)) = as_words {
        return long::from_u64(count_words(start, stop, step));
    }
    let (low, high, step) = match step.ob_size.get() > 0 {
        true => (start, stop, Own::new(step)),
        false => (stop, start, int(long::negative(step))?),
    };
    if long::compare(low, high) != Ordering::Less {
        return Ok(small(0));
    }
    let last = int(long::subtract(
        &*int(long::subtract(high, low))?,
        long::small_int(1),
    ))?;
    int(long::add(
        &*int(long::floor_divide(&last, &step))?,
        long::small_int(1),
    ))
}

fn make_range(type_: &PyTypeObject, start: Long, stop: Long, step: Long) -> PyResult {
    debug_assert!(std::ptr::eq(type_, &PyRange_Type));
    let length = compute_length(&start, &stop, &step)?;
    let object: *mut rangeobject = memory::new_object(type_, size_of::<rangeobject>())?;
    // SAFETY: fresh memory of a range's size.
    unsafe {
        (*object).start.set(start.into_raw().cast());
        (*object).stop.set(stop.into_raw().cast());
        (*object).step.set(step.into_raw().cast());
        (*object).length.set(length.into_raw().cast());
        Ok(Own::from_raw(object).upcast())
    }
}

/// A range of machine words, for callers in Rust.
pub fn new(start: isize, stop: isize, step: isize) -> PyResult {
    let int = |value: isize| long::from_i64(value as i64);
    make_range(&PyRange_Type, int(start)?, int(stop)?, int(step)?)
}

/// The object as an int that is no instance of a subclass (`PyNumber_Index`).
fn exact_index(object: &PyObject) -> PyResult<Long> {
    let index = abstract_::index(object)?;
    match index.as_object().is_exactly(&long::PyLong_Type) {
        true => Ok(index),
        false => long::from_digits(index.ob_size.get() < 0, long::digits(&index)),
    }
}

fn from_args(type_: &PyTypeObject, args: &[&PyObject]) -> PyResult {
    match *args {
        [stop] => make_range(type_, small(0), exact_index(stop)?, small(1)),
        [start, stop] => make_range(type_, exact_index(start)?, exact_index(stop)?, small(1)),
        [start, stop, step] => {
            let (start, stop) = (exact_index(start)?, exact_index(stop)?);
            let step = exact_index(step)?;
            if step.ob_size.get() == 0 {
                return Err(value_error("range() arg 3 must not be zero"));
            }
            make_range(type_, start, stop, step)
        }
        [] => Err(type_error("range expected at least 1 argument, got 0")),
        _ => Err(type_error(format_args!(
            "range expected at most 3 arguments, got {}",
            args.len()
        ))),
    }
}

fn range_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::no_keywords("range", kwargs)?;
    from_args(type_, tuple::items(args))
}

fn range_vectorcall(_: &PyObject, args: Args<'_>) -> PyResult {
    args.no_keywords("range")?;
    from_args(&PyRange_Type, args.positional)
}

unsafe fn range_dealloc(range: *mut rangeobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*range).start.clear();
        (*range).stop.clear();
        (*range).step.clear();
        (*range).length.clear();
        memory::object_del(range.cast());
    }
}

fn range_length(range: &rangeobject) -> PyResult<usize> {
    Ok(long::as_ssize(field(&range.length))? as usize)
}

fn range_bool(range: &rangeobject) -> PyResult<bool> {
    Ok(field(&range.length).ob_size.get() != 0)
}

/// The item at an index that is not checked.
fn compute_item(range: &rangeobject, index: &PyLongObject) -> PyResult<Long> {
    let offset = int(long::multiply(index, field(&range.step)))?;
    int(long::add(field(&range.start), &offset))
}

fn item_at(range: &rangeobject, index: &PyLongObject) -> PyResult {
    let length = field(&range.length);
    let adjusted = match index.ob_size.get() < 0 {
        true => int(long::add(index, length))?,
        false => Own::new(index),
    };
    if adjusted.ob_size.get() < 0 || long::compare(&adjusted, length) != Ordering::Less {
        return Err(index_error("range object index out of range"));
    }
    Ok(compute_item(range, &adjusted)?.upcast())
}

fn range_item(range: &rangeobject, index: isize) -> PyResult {
    item_at(range, &*long::from_i64(index as i64)?)
}

/// A bound of a slice, moved into the allowed ones.
fn slice_bound(
    value: &PyObject,
    length: &PyLongObject,
    low: &PyLongObject,
    high: &PyLongObject,
) -> PyResult<Long> {
    let mut bound = abstract_::index(value)?;
    if bound.ob_size.get() < 0 {
        bound = int(long::add(&bound, length))?;
        return Ok(if long::compare(&bound, low) == Ordering::Less {
            Own::new(low)
        } else {
            bound
        });
    }
    Ok(if long::compare(&bound, high) == Ordering::Greater {
        Own::new(high)
    } else {
        bound
    })
}

/// `_PySlice_GetLongIndices`.
fn slice_indices(slice: &PySliceObject, length: &PyLongObject) -> PyResult<(Long, Long, Long)> {
    let given = |pointer: &Pointer<PyObject>| pointer.own().filter(|value| !value.is_none());
    let step = match given(&slice.step) {
        Some(step) => abstract_::index(&step)?,
        None => small(1),
    };
    if step.ob_size.get() == 0 {
        return Err(value_error("slice step cannot be zero"));
    }
    let down = step.ob_size.get() < 0;
    let (low, high) = match down {
        true => (small(-1), int(long::add(length, long::small_int(-1)))?),
        false => (small(0), Own::new(length)),
    };
    let start = match given(&slice.start) {
        Some(start) => slice_bound(&start, length, &low, &high)?,
        None if down => high.clone(),
        None => low.clone(),
    };
    let stop = match given(&slice.stop) {
        Some(stop) => slice_bound(&stop, length, &low, &high)?,
        None if down => low,
        None => high,
    };
    Ok((start, stop, step))
}

fn range_subscript(range: &rangeobject, key: &PyObject) -> PyResult {
    if abstract_::has_index(key) {
        return item_at(range, &*abstract_::index(key)?);
    }
    let Some(slice) = key.downcast_ref::<PySliceObject>() else {
        return Err(type_error(format_args!(
            "range indices must be integers or slices, not {:.200}",
            key.type_().name()
        )));
    };
    let (start, stop, step) = slice_indices(slice, field(&range.length))?;
    let step = int(long::multiply(field(&range.step), &step))?;
    let (start, stop) = (compute_item(range, &start)?, compute_item(range, &stop)?);
    make_range(&PyRange_Type, start, stop, step)
}

fn contains_int(range: &rangeobject, value: &PyLongObject) -> PyResult<bool> {
    let (start, stop) = (field(&range.start), field(&range.stop));
    let inside = match field(&range.step).ob_size.get() > 0 {
        true => long::compare(value, start).is_ge() && long::compare(value, stop).is_lt(),
        false => long::compare(value, start).is_le() && long::compare(value, stop).is_gt(),
    };
    if !inside {
        return Ok(false);
    }
    let offset = int(long::subtract(value, start))?;
    Ok(int(long::modulo(&offset, field(&range.step)))?
        .ob_size
        .get()
        == 0)
}

/// The value as an int or a bool that is no instance of another subclass.
fn plain_int(value: &PyObject) -> Option<&PyLongObject> {
    let plain =
        value.is_exactly(&long::PyLong_Type) || value.is_exactly(&crate::boolean::PyBool_Type);
    value.downcast_ref::<PyLongObject>().filter(|_| plain)
}

fn range_contains(range: &rangeobject, value: &PyObject) -> PyResult<bool> {
    match plain_int(value) {
        Some(value) => contains_int(range, value),
        None => abstract_::contains_by_iteration(range.as_object(), value),
    }
}

fn range_count(range: &rangeobject, value: &PyObject) -> PyResult {
    if let Some(value) = plain_int(value) {
        return long::from_isize(isize::from(contains_int(range, value)?));
    }
    let iterator = range_iter(range)?;
    let mut count = 0;
    while let Some(item) = abstract_::next(&iterator)? {
        count += isize::from(object::equal(&item, value)?);
    }
    long::from_isize(count)
}

fn range_index(range: &rangeobject, value: &PyObject) -> PyResult {
    if let Some(int_value) = plain_int(value) {
        if !contains_int(range, int_value)? {
            return Err(value_error(format_args!(
                "{} is not in range",
                value.repr_lossy()
            )));
        }
        let offset = int(long::subtract(int_value, field(&range.start)))?;
        return long::floor_divide(&offset, field(&range.step));
    }
    let iterator = range_iter(range)?;
    let mut index = 0;
    while let Some(item) = abstract_::next(&iterator)? {
        if object::equal(&item, value)? {
            return long::from_isize(index);
        }
        index += 1;
    }
    Err(value_error("sequence.index(x): x not in sequence"))
}

fn equals(a: &rangeobject, b: &rangeobject) -> bool {
    let same =
        |a: &Pointer<PyObject>, b: &Pointer<PyObject>| long::compare(field(a), field(b)).is_eq();
    let one = |range: &rangeobject| long::to_i64(field(&range.length)) == Some(1);
    if std::ptr::eq(a, b) {
        return true;
    }
    if !same(&a.length, &b.length) {
        return false;
    }
    if field(&a.length).ob_size.get() == 0 {
        return true;
    }
    same(&a.start, &b.start) && (one(a) || same(&a.step, &b.step))
}

fn range_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    match (
        a.downcast_ref::<rangeobject>(),
        b.downcast_ref::<rangeobject>(),
        op,
    ) {
        (Some(a), Some(b), Py_EQ) => Ok(bool_object(equals(a, b))),
        (Some(a), Some(b), Py_NE) => Ok(bool_object(!equals(a, b))),
        _ => Ok(not_implemented()),
    }
}

fn range_hash(range: &rangeobject) -> PyResult<Py_hash_t> {
    let none = none();
    let length = field(&range.length).as_object();
    let (start, step) = match long::to_i64(field(&range.length)) {
        Some(0) => (&*none, &*none),
        Some(1) => (field(&range.start).as_object(), &*none),
        _ => (
            field(&range.start).as_object(),
            field(&range.step).as_object(),
        ),
    };
    object::hash(tuple::pack(&[length, start, step])?.as_object())
}

fn range_repr(range: &rangeobject) -> PyResult {
    let (start, stop) = (
        long::to_decimal(field(&range.start))?,
        long::to_decimal(field(&range.stop))?,
    );
    let step = field(&range.step);
    let text = match long::to_i64(step) {
        Some(1) => format!("range({start}, {stop})"),
        _ => format!("range({start}, {stop}, {})", long::to_decimal(step)?),
    };
    Ok(unicode::from_str(&text)?.upcast())
}

/// As CPython's, it takes arguments and does not look at them.
fn range_reduce(range: &rangeobject, _: &PyTupleObject) -> PyResult {
    let fields = [&range.start, &range.stop, &range.step].map(|pointer| field(pointer).as_object());
    let args = tuple::pack(&fields)?;
    Ok(tuple::pack(&[range.as_object().type_().as_object(), args.as_object()])?.upcast())
}

// Iterators.

fn new_word_iterator(start: i64, step: i64, length: i64) -> PyResult {
    let object: *mut _PyRangeIterObject =
        memory::new_object(&PyRangeIter_Type, size_of::<_PyRangeIterObject>())?;
    // SAFETY: fresh memory of the iterator's size.
    unsafe {
        (*object).index.set(0);
        (*object).start.set(start);
        (*object).step.set(step);
        (*object).len.set(length);
        Ok(Own::from_raw(object).upcast())
    }
}

fn new_long_iterator(start: Long, step: Long, length: Long) -> PyResult {
    let object: *mut longrangeiterobject =
        memory::new_object(&PyLongRangeIter_Type, size_of::<longrangeiterobject>())?;
    // SAFETY: fresh memory of the iterator's size.
    unsafe {
        (*object).index.set(small(0).into_raw().cast());
        (*object).start.set(start.into_raw().cast());
        (*object).step.set(step.into_raw().cast());
        (*object).len.set(length.into_raw().cast());
        Ok(Own::from_raw(object).upcast())
    }
}

/// The count, where a loop over the range cannot leave the machine words.
fn safe_count(start: i64, stop: i64, step: i64) -> Option<i64> {
    let fits = match step > 0 {
        true => stop <= i64::MAX - (step - 1),
        false => stop >= i64::MIN + (-1 - step),
    };
    i64::try_from(count_words(start, stop, step))
        .ok()
        .filter(|_| fits)
}

fn range_iter(range: &rangeobject) -> PyResult {
    if let Some((start, stop, step)) = words(range)
        && let Some(length) = safe_count(start, stop, step)
    {
        return new_word_iterator(start, step, length);
    }
    let own = |pointer| Own::new(field(pointer));
    new_long_iterator(own(&range.start), own(&range.step), own(&range.length))
}

fn range_reversed(range: &rangeobject) -> PyResult {
    if let Some((start, stop, step)) = words(range)
        && let Ok(length) = i64::try_from(count_words(start, stop, step))
        && let (Some(_), Some(back)) = (start.checked_sub(step), step.checked_neg())
    {
        let last = start.wrapping_add(length.wrapping_sub(1).wrapping_mul(step));
        return new_word_iterator(last, back, length);
    }
    let length = field(&range.length);
    let last_index = int(long::subtract(length, long::small_int(1)))?;
    let last = compute_item(range, &last_index)?;
    new_long_iterator(
        last,
        int(long::negative(field(&range.step)))?,
        Own::new(length),
    )
}

fn word_next(iterator: &_PyRangeIterObject) -> PyResult<Option<Own>> {
    let index = iterator.index.get();
    if index >= iterator.len.get() {
        return Ok(None);
    }
    iterator.index.set(index + 1);
    let value = iterator
        .start
        .get()
        .wrapping_add(index.wrapping_mul(iterator.step.get()));
    Ok(Some(long::from_i64(value)?.upcast()))
}

fn word_length_hint(iterator: &_PyRangeIterObject) -> PyResult {
    Ok(long::from_i64(iterator.len.get() - iterator.index.get())?.upcast())
}

fn reduce_parts(start: Long, length: &PyLongObject, step: Long, index: Own) -> PyResult {
    let stop = int(long::add(&start, &*int(long::multiply(length, &step))?))?;
    let range = make_range(&PyRange_Type, start, stop, step)?;
    let args = tuple::from_vec(vec![range])?;
    let function = crate::import_hook::builtin("iter")?;
    Ok(tuple::from_vec(vec![function, args.upcast(), index])?.upcast())
}

fn word_reduce(iterator: &_PyRangeIterObject) -> PyResult {
    let int = |value: i64| long::from_i64(value);
    let index = int(iterator.index.get())?.upcast();
    let length = int(iterator.len.get())?;
    reduce_parts(
        int(iterator.start.get())?,
        &length,
        int(iterator.step.get())?,
        index,
    )
}

fn word_setstate(iterator: &_PyRangeIterObject, state: &PyObject) -> PyResult {
    iterator
        .index
        .set(long::as_long(state)?.clamp(0, iterator.len.get()));
    Ok(none())
}

fn long_next(iterator: &longrangeiterobject) -> PyResult<Option<Own>> {
    let index = Own::new(field(&iterator.index));
    if long::compare(&index, field(&iterator.len)) != Ordering::Less {
        return Ok(None);
    }
    let next = long::add(&index, long::small_int(1))?;
    let offset = int(long::multiply(&index, field(&iterator.step)))?;
    let value = long::add(field(&iterator.start), &offset)?;
    iterator.index.put(Some(next));
    Ok(Some(value))
}

fn long_length_hint(iterator: &longrangeiterobject) -> PyResult {
    long::subtract(field(&iterator.len), field(&iterator.index))
}

fn long_reduce(iterator: &longrangeiterobject) -> PyResult {
    let own = |pointer| Own::new(field(pointer));
    let index = own(&iterator.index).upcast();
    reduce_parts(
        own(&iterator.start),
        field(&iterator.len),
        own(&iterator.step),
        index,
    )
}

fn long_setstate(iterator: &longrangeiterobject, state: &PyObject) -> PyResult {
    let length = field(&iterator.len);
    // Whatever compares with ints can be a state; one that is below the length is clipped to it.
    let state = if object::rich_compare_bool(state, small(0).as_object(), Py_LT)? {
        small(0).upcast()
    } else if object::rich_compare_bool(length.as_object(), state, Py_LT)? {
        Own::new(length).upcast()
    } else {
        Own::new(state)
    };
    iterator.index.put(Some(state));
    Ok(none())
}

unsafe fn long_iterator_dealloc(iterator: *mut longrangeiterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*iterator).index.clear();
        (*iterator).start.clear();
        (*iterator).step.clear();
        (*iterator).len.clear();
        memory::object_del(iterator.cast());
    }
}

unsafe fn word_iterator_dealloc(iterator: *mut _PyRangeIterObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::object_del(iterator.cast()) }
}

methods! {
    static RANGE_METHODS:
    "__reversed__" => noargs(range_reversed);
    "__reduce__" => varargs(range_reduce);
    "count" => o(range_count);
    "index" => o(range_index);
}

members! {
    static RANGE_MEMBERS:
    "start" => T_OBJECT_EX, offset_of!(rangeobject, start), READONLY;
    "stop" => T_OBJECT_EX, offset_of!(rangeobject, stop), READONLY;
    "step" => T_OBJECT_EX, offset_of!(rangeobject, step), READONLY;
}

static_type! {
    /// `range`.
    PyRange_Type = "range", size size_of::<rangeobject>(), 0, flags Py_TPFLAGS_SEQUENCE;
    number { nb_bool: slot!(inquiry range_bool) }
    sequence {
        sq_length: slot!(len range_length),
        sq_item: slot!(ssizearg range_item),
        sq_contains: slot!(objobj range_contains),
    }
    mapping {
        mp_length: slot!(len range_length),
        mp_subscript: slot!(binary range_subscript),
    }
    tp_dealloc: slot!(dealloc range_dealloc),
    tp_repr: slot!(unary range_repr),
    tp_hash: slot!(hash range_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp range_richcompare),
    tp_iter: slot!(unary range_iter),
    tp_methods: RANGE_METHODS.as_ptr(),
    tp_members: RANGE_MEMBERS.as_ptr(),
    tp_new: slot!(new range_new),
    tp_vectorcall: slot!(vectorcall range_vectorcall),
}

methods! {
    static WORD_ITERATOR_METHODS:
    "__length_hint__" => noargs(word_length_hint);
    "__reduce__" => noargs(word_reduce);
    "__setstate__" => o(word_setstate);
}

static_type! {
    /// `range_iterator`.
    PyRangeIter_Type = "range_iterator", size size_of::<_PyRangeIterObject>(), 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc word_iterator_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext word_next),
    tp_methods: WORD_ITERATOR_METHODS.as_ptr(),
}

methods! {
    static LONG_ITERATOR_METHODS:
    "__length_hint__" => noargs(long_length_hint);
    "__reduce__" => noargs(long_reduce);
    "__setstate__" => o(long_setstate);
}

static_type! {
    /// `longrange_iterator`.
    PyLongRangeIter_Type = "longrange_iterator", size size_of::<longrangeiterobject>(), 0,
        flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc long_iterator_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext long_next),
    tp_methods: LONG_ITERATOR_METHODS.as_ptr(),
}
