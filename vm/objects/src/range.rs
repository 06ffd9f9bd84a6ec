//! range and its iterators (`Objects/rangeobject.c`).

use crate::abstract_;
use crate::call;
use crate::errors::{PyResult, index_error, type_error, value_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{bool_object, none, not_implemented};
use crate::{long, members, methods, slot, static_type, tuple, typed, unicode};
use std::mem::offset_of;
use twinheap_abi::*;

typed!(rangeobject, PyRange_Type);

fn one() -> Own {
    Own::new(long::small_int(1)).upcast()
}

fn zero() -> Own {
    Own::new(long::small_int(0)).upcast()
}

/// `compute_range_length`.
fn compute_length(start: &PyObject, stop: &PyObject, step: &PyObject) -> PyResult {
    let small = |object: &PyObject| object.downcast_ref::<PyLongObject>().and_then(long::to_i64);
    if let (Some(start), Some(stop), Some(step)) = (small(start), small(stop), small(step)) {
        let (low, high, width) = if step > 0 {
            (start, stop, i128::from(step))
        } else {
            (stop, start, -i128::from(step))
        };
        if low >= high {
            return Ok(zero());
        }
        let length = (i128::from(high) - i128::from(low) - 1) / width + 1;
        return Ok(long::from_u64(length as u64)?.upcast());
    }
    let positive = object::rich_compare_bool(step, &zero(), Py_GT)?;
    let (low, high, width) = if positive {
        (Own::new(start), Own::new(stop), Own::new(step))
    } else {
        (Own::new(stop), Own::new(start), abstract_::negative(step)?)
    };
    if object::rich_compare_bool(&low, &high, Py_GE)? {
        return Ok(zero());
    }
    let span = abstract_::subtract(&*abstract_::subtract(&high, &low)?, &one())?;
    abstract_::add(&*abstract_::floor_divide(&span, &width)?, &one())
}

fn make(start: Own, stop: Own, step: Own) -> PyResult {
    let length = compute_length(&start, &stop, &step)?;
    let object: *mut rangeobject = memory::new_object(&PyRange_Type, size_of::<rangeobject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).start.set(start.into_raw());
        (*object).stop.set(stop.into_raw());
        (*object).step.set(step.into_raw());
        (*object).length.set(length.into_raw());
        Ok(Own::from_raw(object.cast()))
    }
}

fn from_args(args: &[&PyObject]) -> PyResult {
    let int = |value: &PyObject| -> PyResult { Ok(abstract_::index(value)?.upcast()) };
    match args {
        [stop] => make(zero(), int(stop)?, one()),
        [start, stop] => make(int(start)?, int(stop)?, one()),
        [start, stop, step] => {
            let (start, stop, step) = (int(start)?, int(stop)?, int(step)?);
            if object::equal(&step, &zero())? {
                return Err(value_error("range() arg 3 must not be zero"));
            }
            make(start, stop, step)
        }
        [] => Err(type_error("range expected at least 1 argument, got 0")),
        more => Err(type_error(format_args!(
            "range expected at most 3 arguments, got {}",
            more.len()
        ))),
    }
}

fn range_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("range", kwargs)?;
    from_args(tuple::items(args))
}

fn range_vectorcall(_: &PyTypeObject, args: call::Args<'_>) -> PyResult {
    args.no_keywords("range")?;
    from_args(args.positional)
}

fn length_of(range: &rangeobject) -> &PyLongObject {
    // SAFETY: the length of a range is an int.
    unsafe { &*range.length.get().cast() }
}

fn range_length(range: &rangeobject) -> PyResult<isize> {
    long::as_ssize(length_of(range))
}

fn range_bool(range: &rangeobject) -> PyResult<bool> {
    object::is_true(range.length.expect_ref())
}

/// The item at an index that is counted from the start and lies inside.
fn item_at(range: &rangeobject, index: &PyObject) -> PyResult {
    let step: &PyObject = range.step.expect_ref();
    let offset = abstract_::multiply(index, step)?;
    abstract_::add(range.start.expect_ref(), &offset)
}

fn compute_item(range: &rangeobject, index: &PyObject) -> PyResult {
    let length: &PyObject = range.length.expect_ref();
    let index = if object::rich_compare_bool(index, &zero(), Py_LT)? {
        abstract_::add(length, index)?
    } else {
        Own::new(index)
    };
    if object::rich_compare_bool(&index, &zero(), Py_LT)?
        || object::rich_compare_bool(&index, length, Py_GE)?
    {
        return Err(index_error("range object index out of range"));
    }
    item_at(range, &index)
}

fn range_item(range: &rangeobject, index: isize) -> PyResult {
    compute_item(range, &*long::from_isize(index)?)
}

fn range_subscript(range: &rangeobject, key: &PyObject) -> PyResult {
    if abstract_::has_index(key) {
        return compute_item(range, abstract_::index(key)?.as_object());
    }
    let Some(slice) = key.downcast_ref::<PySliceObject>() else {
        return Err(type_error(format_args!(
            "range indices must be integers or slices, not {}",
            key.type_().name()
        )));
    };
    let length = long::to_i64(length_of(range)).ok_or_else(|| {
        crate::errors::overflow_error("Python int too large to convert to C ssize_t")
    })?;
    let span = crate::slice::indices(slice, length as isize)?;
    let step = abstract_::multiply(range.step.expect_ref(), &*long::from_isize(span.step)?)?;
    let start = item_at(range, &*long::from_isize(span.start)?)?;
    let stop = item_at(range, &*long::from_isize(span.stop)?)?;
    make(start, stop, step)
}

/// Whether an exact int lies in the range.
fn contains_int(range: &rangeobject, value: &PyObject) -> PyResult<bool> {
    let (start, stop): (&PyObject, &PyObject) = (range.start.expect_ref(), range.stop.expect_ref());
    let step: &PyObject = range.step.expect_ref();
    let inside = if object::rich_compare_bool(step, &zero(), Py_GT)? {
        object::rich_compare_bool(start, value, Py_LE)?
            && object::rich_compare_bool(value, stop, Py_LT)?
    } else {
        object::rich_compare_bool(value, start, Py_LE)?
            && object::rich_compare_bool(stop, value, Py_LT)?
    };
    if !inside {
        return Ok(false);
    }
    let rest = abstract_::remainder(&*abstract_::subtract(value, start)?, step)?;
    object::equal(&rest, &zero())
}

fn is_plain_int(value: &PyObject) -> bool {
    value.is_exactly(&long::PyLong_Type) || crate::singletons::as_bool(value).is_some()
}

fn range_contains(range: &rangeobject, value: &PyObject) -> PyResult<bool> {
    if is_plain_int(value) {
        return contains_int(range, value);
    }
    abstract_::contains_by_iteration(range.as_object(), value)
}

fn range_count(range: &rangeobject, value: &PyObject) -> PyResult {
    if is_plain_int(value) {
        return Ok(if contains_int(range, value)? {
            one()
        } else {
            zero()
        });
    }
    let mut count = 0;
    for item in abstract_::collect(range.as_object())? {
        count += isize::from(object::equal(&item, value)?);
    }
    long::from_isize(count)
}

fn range_index(range: &rangeobject, value: &PyObject) -> PyResult {
    if is_plain_int(value) {
        if contains_int(range, value)? {
            let offset = abstract_::subtract(value, range.start.expect_ref())?;
            return abstract_::floor_divide(&offset, range.step.expect_ref());
        }
        return Err(value_error(format_args!(
            "{} is not in range",
            value.repr_lossy()
        )));
    }
    for (index, item) in abstract_::collect(range.as_object())?
        .into_iter()
        .enumerate()
    {
        if object::equal(&item, value)? {
            return long::from_usize(index);
        }
    }
    Err(value_error("sequence.index(x): x not in sequence"))
}

fn range_repr(range: &rangeobject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("range(");
    writer.push(&object::repr(range.start.expect_ref())?);
    writer.push_str(", ");
    writer.push(&object::repr(range.stop.expect_ref())?);
    let step: &PyObject = range.step.expect_ref();
    if !object::equal(step, &one())? {
        writer.push_str(", ");
        writer.push(&object::repr(step)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

/// What equality and hash look at: length, first item, step.
fn identity(range: &rangeobject) -> PyResult<Own<PyTupleObject>> {
    let length: &PyObject = range.length.expect_ref();
    let empty = !object::is_true(length)?;
    let single = object::equal(length, &one())?;
    let start = if empty {
        none()
    } else {
        Own::new(range.start.expect_ref())
    };
    let step = if empty || single {
        none()
    } else {
        Own::new(range.step.expect_ref())
    };
    tuple::pack(&[length, &start, &step])
}

fn range_richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<rangeobject>(),
        b.downcast_ref::<rangeobject>(),
    ) else {
        return Ok(not_implemented());
    };
    if !matches!(op, Py_EQ | Py_NE) {
        return Ok(not_implemented());
    }
    let equal =
        std::ptr::eq(a, b) || object::equal(identity(x)?.as_object(), identity(y)?.as_object())?;
    Ok(bool_object(equal == (op == Py_EQ)))
}

fn range_hash(range: &rangeobject) -> PyResult<Py_hash_t> {
    object::hash(identity(range)?.as_object())
}

fn range_reduce(range: &rangeobject) -> PyResult {
    let args = tuple::pack(&[
        range.start.expect_ref(),
        range.stop.expect_ref(),
        range.step.expect_ref(),
    ])?;
    Ok(tuple::pack(&[PyRange_Type.as_object(), args.as_object()])?.upcast())
}

fn word_iterator(start: i64, step: i64, len: i64) -> PyResult {
    let object: *mut _PyRangeIterObject =
        memory::new_object(&PyRangeIter_Type, size_of::<_PyRangeIterObject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).index.set(0);
        (*object).start.set(start);
        (*object).step.set(step);
        (*object).len.set(len);
        Ok(Own::from_raw(object.cast()))
    }
}

fn long_iterator(start: Own, step: Own, len: Own) -> PyResult {
    let object: *mut longrangeiterobject =
        memory::new_object(&PyLongRangeIter_Type, size_of::<longrangeiterobject>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).index.set(zero().into_raw());
        (*object).start.set(start.into_raw());
        (*object).step.set(step.into_raw());
        (*object).len.set(len.into_raw());
        Ok(Own::from_raw(object.cast()))
    }
}

fn as_word(field: &Pointer<PyObject>) -> Option<i64> {
    field
        .as_ref()
        .and_then(|value| value.downcast_ref::<PyLongObject>())
        .and_then(long::to_i64)
}

fn range_iter(range: &rangeobject) -> PyResult {
    if let (Some(start), Some(stop), Some(step), Some(length)) = (
        as_word(&range.start),
        as_word(&range.stop),
        as_word(&range.step),
        as_word(&range.length),
    ) && stop.checked_add(step).is_some()
    {
        return word_iterator(start, step, length);
    }
    let own = |field: &Pointer<PyObject>| field.own().unwrap_or_else(zero);
    long_iterator(own(&range.start), own(&range.step), own(&range.length))
}

fn range_reversed(range: &rangeobject) -> PyResult {
    if let (Some(start), Some(step), Some(length)) = (
        as_word(&range.start),
        as_word(&range.step),
        as_word(&range.length),
    ) && let Some(last) = (length - 1)
        .checked_mul(step)
        .and_then(|offset| start.checked_add(offset))
        && let Some(back) = step.checked_neg()
    {
        return word_iterator(last, back, length);
    }
    let length: &PyObject = range.length.expect_ref();
    let last = item_at(range, &*abstract_::subtract(length, &one())?)?;
    long_iterator(
        last,
        abstract_::negative(range.step.expect_ref())?,
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

fn word_hint(iterator: &_PyRangeIterObject) -> PyResult {
    Ok(long::from_i64(iterator.len.get() - iterator.index.get())?.upcast())
}

fn word_reduce(iterator: &_PyRangeIterObject) -> PyResult {
    let (start, step, len) = (
        iterator.start.get(),
        iterator.step.get(),
        iterator.len.get(),
    );
    let range = make(
        long::from_i64(start)?.upcast(),
        long::from_i64(start.wrapping_add(len.wrapping_mul(step)))?.upcast(),
        long::from_i64(step)?.upcast(),
    )?;
    let args = tuple::pack(&[&range])?;
    let index = long::from_i64(iterator.index.get())?;
    let builtin = crate::import_hook::builtin("iter")?;
    Ok(tuple::pack(&[&builtin, args.as_object(), index.as_object()])?.upcast())
}

fn word_setstate(iterator: &_PyRangeIterObject, state: &PyObject) -> PyResult {
    let index = long::as_long(state)?;
    iterator.index.set(index.clamp(0, iterator.len.get()));
    Ok(none())
}

fn long_next(iterator: &longrangeiterobject) -> PyResult<Option<Own>> {
    let index = Own::new(iterator.index.expect_ref());
    if !object::rich_compare_bool(&index, iterator.len.expect_ref(), Py_LT)? {
        return Ok(None);
    }
    let offset = abstract_::multiply(&index, iterator.step.expect_ref())?;
    let value = abstract_::add(&offset, iterator.start.expect_ref())?;
    iterator.index.put(Some(abstract_::add(&index, &one())?));
    Ok(Some(value))
}

fn long_hint(iterator: &longrangeiterobject) -> PyResult {
    abstract_::subtract(iterator.len.expect_ref(), iterator.index.expect_ref())
}

unsafe fn range_dealloc(range: *mut rangeobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        for field in [
            &(*range).start,
            &(*range).stop,
            &(*range).step,
            &(*range).length,
        ] {
            field.clear();
        }
        memory::object_del(range.cast());
    }
}

unsafe fn word_dealloc(iterator: *mut _PyRangeIterObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::object_del(iterator.cast()) }
}

unsafe fn long_dealloc(iterator: *mut longrangeiterobject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        for field in [
            &(*iterator).index,
            &(*iterator).start,
            &(*iterator).step,
            &(*iterator).len,
        ] {
            field.clear();
        }
        memory::object_del(iterator.cast());
    }
}

members! {
    static MEMBERS:
    "start" => T_OBJECT_EX, offset_of!(rangeobject, start), READONLY;
    "stop" => T_OBJECT_EX, offset_of!(rangeobject, stop), READONLY;
    "step" => T_OBJECT_EX, offset_of!(rangeobject, step), READONLY;
}

methods! {
    static METHODS:
    "__reversed__" => noargs(range_reversed);
    "__reduce__" => noargs(range_reduce);
    "count" => o(range_count);
    "index" => o(range_index);
}

methods! {
    static WORD_METHODS:
    "__length_hint__" => noargs(word_hint);
    "__reduce__" => noargs(word_reduce);
    "__setstate__" => o(word_setstate);
}

methods! {
    static LONG_METHODS:
    "__length_hint__" => noargs(long_hint);
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
    mapping { mp_length: slot!(len range_length), mp_subscript: slot!(binary range_subscript) }
    tp_dealloc: slot!(dealloc range_dealloc),
    tp_repr: slot!(unary range_repr),
    tp_hash: slot!(hash range_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp range_richcompare),
    tp_iter: slot!(unary range_iter),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_new: slot!(new range_new),
    tp_vectorcall: slot!(vectorcall range_vectorcall),
}

static_type! {
    /// `iter(range)` within machine words.
    PyRangeIter_Type = "range_iterator", size size_of::<_PyRangeIterObject>(), 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc word_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext word_next),
    tp_methods: WORD_METHODS.as_ptr(),
}

static_type! {
    /// `iter(range)` of any ints.
    PyLongRangeIter_Type = "longrange_iterator", size size_of::<longrangeiterobject>(), 0,
        flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc long_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext long_next),
    tp_methods: LONG_METHODS.as_ptr(),
}
