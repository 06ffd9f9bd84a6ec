//! The methods of list, its slots and its type.

use super::{append, append_take, from_slice, items, list_dealloc, new, new_block, resize, splice};
use crate::abstract_;
use crate::call::{self, Args, Signature};
use crate::errors::{self, PyResult, index_error, type_error, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own, decref, incref};
use crate::singletons::{none, not_implemented};
use crate::state::Global;
use crate::{iter, long, methods, slice, slot, static_type, tuple, types, unicode};
use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null_mut;
use twinheap_abi::*;

/// `list.clear`: the block is given up first, then the items from the last one down.
pub fn clear(list: &PyListObject) {
    let block = list.ob_item.replace(null_mut());
    if block.is_null() {
        return;
    }
    let size = list.ob_size.replace(0) as usize;
    list.allocated.set(0);
    // SAFETY: the list owned block and items.
    unsafe {
        for index in (0..size).rev() {
            crate::own::xdecref(*block.add(index));
        }
        memory::free(block.cast());
    }
}

/// `list_extend`.
pub fn extend(list: &PyListObject, iterable: &PyObject) -> PyResult<()> {
    let is_sequence = iterable.is_exactly(&PyList_Type)
        || iterable.is_exactly(&tuple::PyTuple_Type)
        || std::ptr::eq(list.as_object(), iterable);
    if is_sequence {
        let sequence = abstract_::fast_sequence(iterable, "argument must be iterable")?;
        let count = abstract_::fast_items(&sequence).len();
        if count == 0 {
            return Ok(());
        }
        let size = list.ob_size.get() as usize;
        if list.ob_item.get().is_null() {
            return extend_empty(list, &sequence, count);
        }
        resize(list, size + count)?;
        // SAFETY: there is room; the source's items are read before they could move.
        unsafe {
            for index in 0..count {
                let source = if std::ptr::eq(list.as_object(), &*sequence) {
                    *list.ob_item.get().add(index)
                } else {
                    abstract_::fast_items(&sequence)[index].as_raw()
                };
                incref(&*source);
                *list.ob_item.get().add(size + index) = source;
            }
        }
        return Ok(());
    }
    extend_by_iteration(list, iterable)
}

/// An empty list takes exactly the room that it needs (`list_preallocate_exact`).
fn extend_empty(list: &PyListObject, sequence: &PyObject, count: usize) -> PyResult<()> {
    preallocate(list, count)?;
    // SAFETY: there is room.
    unsafe {
        for (index, item) in abstract_::fast_items(sequence).iter().enumerate() {
            incref(item);
            *list.ob_item.get().add(index) = item.as_raw();
        }
    }
    list.ob_size.set(count as isize);
    Ok(())
}

fn preallocate(list: &PyListObject, count: usize) -> PyResult<()> {
    // An odd count is rounded up: the allocator would round its bytes up anyway.
    let room = (count + 1) & !1;
    let block = memory::malloc(room * 8);
    if block.is_null() {
        return Err(errors::no_memory());
    }
    list.ob_item.set(block.cast());
    list.allocated.set(room as isize);
    Ok(())
}

fn extend_by_iteration(list: &PyListObject, iterable: &PyObject) -> PyResult<()> {
    let iterator = abstract_::get_iter(iterable)?;
    let hint = abstract_::length_hint(iterable, 8)?;
    let size = list.ob_size.get() as usize;
    if list.ob_item.get().is_null() {
        if hint > 0 {
            if hint > isize::MAX as usize / 8 {
                return Err(errors::no_memory());
            }
            preallocate(list, hint)?;
        }
    } else if let Some(total) = size.checked_add(hint) {
        resize(list, total)?;
        list.ob_size.set(size as isize);
    }
    while let Some(item) = abstract_::next(&iterator)? {
        append_take(list, item)?;
    }
    if list.ob_size.get() < list.allocated.get() {
        resize(list, list.ob_size.get() as usize)?;
    }
    Ok(())
}

/// `PySequence_List`.
pub fn from_iterable(iterable: &PyObject) -> PyResult<Own<PyListObject>> {
    let made = new(0)?;
    extend(&made, iterable)?;
    Ok(made)
}

/// `list_slice`: the items from `low` to `high`.
pub fn slice_range(list: &PyListObject, low: usize, high: usize) -> PyResult<Own<PyListObject>> {
    from_slice(&items(list)[low..high.max(low)])
}

fn list_init(
    list: &PyListObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    if list.as_object().is_exactly(&PyList_Type) {
        call::no_keywords("list", kwargs)?;
    }
    call::check_positional("list", tuple::items(args).len(), 0, 1)?;
    if !list.ob_item.get().is_null() {
        clear(list);
    }
    match tuple::items(args).first() {
        Some(iterable) => extend(list, iterable),
        None => Ok(()),
    }
}

fn list_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    types::allocate(type_, 0)
}

fn list_vectorcall(type_: &PyTypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("list")?;
    call::check_positional("list", args.positional.len(), 0, 1)?;
    let made = types::allocate(type_, 0)?;
    if let (Some(iterable), Some(list)) =
        (args.positional.first(), made.downcast_ref::<PyListObject>())
    {
        extend(list, iterable)?;
    }
    Ok(made)
}

fn list_repr(list: &PyListObject) -> PyResult {
    if list.ob_size.get() == 0 {
        return Ok(unicode::from_str("[]")?.upcast());
    }
    let Some(_guard) = object::repr_enter(list.as_object()) else {
        return Ok(unicode::from_str("[...]")?.upcast());
    };
    let mut writer = unicode::Writer::new();
    writer.push_str("[");
    let mut index = 0;
    while let Some(item) = items(list).get(index).map(|item| Own::new(*item)) {
        if index > 0 {
            writer.push_str(", ");
        }
        writer.push(&object::repr(&item)?);
        index += 1;
    }
    writer.push_str("]");
    Ok(writer.finish()?.upcast())
}

fn list_length(list: &PyListObject) -> PyResult<isize> {
    Ok(list.ob_size.get())
}

fn list_contains(list: &PyListObject, value: &PyObject) -> PyResult<bool> {
    Ok(find(list, value, 0, isize::MAX)?.is_some())
}

/// The first equal item from `start` on, before `stop`.
fn find(
    list: &PyListObject,
    value: &PyObject,
    start: isize,
    stop: isize,
) -> PyResult<Option<isize>> {
    let mut index = start;
    while index < stop && index < list.ob_size.get() {
        let item = Own::new(items(list)[index as usize]);
        if object::equal(&item, value)? {
            return Ok(Some(index));
        }
        index += 1;
    }
    Ok(None)
}

/// The message of a list's IndexError: CPython keeps this one in static memory, with the reference
/// count that its static objects have.
fn index_out_of_range() -> errors::Raised {
    static MESSAGE: Global<Cell<*mut PyASCIIObject>> = Global(Cell::new(null_mut()));
    if MESSAGE.get().is_null() {
        match unicode::from_str("list index out of range") {
            Ok(text) => {
                text.ob_refcnt.set(crate::boolean::IMMORTAL_REFCNT);
                MESSAGE.set(text.into_raw());
            }
            Err(raised) => return raised,
        }
    }
    // SAFETY: made once, never freed.
    let message = Own::new(unsafe { &*MESSAGE.get() });
    errors::raise_object(&crate::exceptions::PyExc_IndexError, Some(message.upcast()))
}

fn list_item(list: &PyListObject, index: isize) -> PyResult {
    match items(list).get(index as usize) {
        Some(item) => Ok(Own::new(*item)),
        None => Err(index_out_of_range()),
    }
}

fn list_concat(list: &PyListObject, other: &PyObject) -> PyResult {
    let Some(other) = other.downcast_ref::<PyListObject>() else {
        return Err(type_error(format_args!(
            "can only concatenate list (not \"{}\") to list",
            other.type_().name()
        )));
    };
    let values = [items(list), items(other)].concat();
    Ok(from_slice(&values)?.upcast())
}

fn list_repeat(list: &PyListObject, count: isize) -> PyResult {
    let size = list.ob_size.get();
    if count <= 0 || size == 0 {
        return Ok(new(0)?.upcast());
    }
    if size > isize::MAX / count {
        return Err(errors::no_memory());
    }
    let total = (size * count) as usize;
    let object = new_block(total)?;
    // SAFETY: room for the items.
    unsafe {
        let block = (*object).ob_item.get();
        for index in 0..total {
            let source = items(list)[index % size as usize];
            incref(source);
            *block.add(index) = source.as_raw();
        }
        memory::track(object.cast());
        Ok(Own::from_raw(object.cast()))
    }
}

fn list_inplace_concat(list: &PyListObject, other: &PyObject) -> PyResult {
    extend(list, other)?;
    Ok(Own::new(list).upcast())
}

fn list_inplace_repeat(list: &PyListObject, count: isize) -> PyResult {
    let size = list.ob_size.get() as usize;
    if size == 0 || count == 1 {
        return Ok(Own::new(list).upcast());
    }
    if count < 1 {
        clear(list);
        return Ok(Own::new(list).upcast());
    }
    if size > isize::MAX as usize / count as usize {
        return Err(errors::no_memory());
    }
    resize(list, size * count as usize)?;
    // SAFETY: there is room.
    unsafe {
        let block = list.ob_item.get();
        for index in size..size * count as usize {
            let source = *block.add(index - size);
            incref(&*source);
            *block.add(index) = source;
        }
    }
    Ok(Own::new(list).upcast())
}

fn list_ass_item(list: &PyListObject, index: isize, value: Option<&PyObject>) -> PyResult<()> {
    if index < 0 || index >= list.ob_size.get() {
        return Err(index_error("list assignment index out of range"));
    }
    let Some(value) = value else {
        return splice(list, index as usize, index as usize + 1, &[]);
    };
    // SAFETY: the index lies inside the block, which owns its items.
    unsafe {
        let place = list.ob_item.get().offset(index);
        let old = std::ptr::replace(place, Own::new(value).into_raw());
        decref(old);
    }
    Ok(())
}

fn wrong_index(key: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "list indices must be integers or slices, not {}",
        key.type_().name()
    ))
}

fn list_subscript(list: &PyListObject, key: &PyObject) -> PyResult {
    if let Some(index) = abstract_::index_or_slice(key)? {
        let index = if index < 0 {
            index + list.ob_size.get()
        } else {
            index
        };
        return list_item(list, index);
    }
    let Some(slice) = key.downcast_ref::<PySliceObject>() else {
        return Err(wrong_index(key));
    };
    let (start, stop, step) = slice::unpack(slice)?;
    let span = slice::adjust(list.ob_size.get(), start, stop, step);
    let values = items(list);
    let picked: Vec<&PyObject> = span.positions().map(|index| values[index]).collect();
    Ok(from_slice(&picked)?.upcast())
}

fn list_ass_subscript(
    list: &PyListObject,
    key: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    if let Some(index) = abstract_::index_or_slice(key)? {
        let index = if index < 0 {
            index + list.ob_size.get()
        } else {
            index
        };
        return list_ass_item(list, index, value);
    }
    let Some(slice) = key.downcast_ref::<PySliceObject>() else {
        return Err(wrong_index(key));
    };
    let (start, stop, step) = slice::unpack(slice)?;
    if step == 1 {
        let span = slice::adjust(list.ob_size.get(), start, stop, step);
        let values = match value {
            Some(value) => assigned_values(list, value, "can only assign an iterable")?,
            None => Vec::new(),
        };
        let stop = span.stop.max(span.start);
        return splice(list, span.start as usize, stop as usize, &values);
    }
    match value {
        None => delete_extended(list, slice::adjust(list.ob_size.get(), start, stop, step)),
        Some(value) => {
            let values = assigned_values(list, value, "must assign iterable to extended slice")?;
            let span = slice::adjust(list.ob_size.get(), start, stop, step);
            assign_extended(list, span, &values)
        }
    }
}

fn assigned_values(list: &PyListObject, value: &PyObject, message: &str) -> PyResult<Vec<Own>> {
    let sequence = if std::ptr::eq(list.as_object(), value) {
        from_slice(items(list))?.upcast()
    } else {
        abstract_::fast_sequence(value, message)?
    };
    Ok(abstract_::fast_items(&sequence)
        .iter()
        .map(|item| Own::new(*item))
        .collect())
}

fn assign_extended(list: &PyListObject, span: slice::Span, values: &[Own]) -> PyResult<()> {
    if values.len() as isize != span.length {
        return Err(value_error(format_args!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            values.len(),
            span.length
        )));
    }
    let mut released = Vec::with_capacity(values.len());
    for (position, value) in span.positions().zip(values) {
        // SAFETY: the position lies inside the block, which owns its items.
        unsafe {
            let place = list.ob_item.get().add(position);
            released.push(std::ptr::replace(place, value.clone().into_raw()));
        }
    }
    for object in released {
        // SAFETY: the list owned it.
        unsafe { decref(object) };
    }
    Ok(())
}

fn delete_extended(list: &PyListObject, span: slice::Span) -> PyResult<()> {
    if span.length <= 0 {
        return Ok(());
    }
    let mut positions: Vec<usize> = span.positions().collect();
    positions.sort_unstable();
    let size = list.ob_size.get() as usize;
    let mut released = Vec::with_capacity(positions.len());
    // SAFETY: all positions lie inside the block; the kept items close the gaps in order.
    unsafe {
        let block = list.ob_item.get();
        let mut target = positions[0];
        let mut next = 0;
        for index in positions[0]..size {
            if next < positions.len() && positions[next] == index {
                released.push(*block.add(index));
                next += 1;
            } else {
                *block.add(target) = *block.add(index);
                target += 1;
            }
        }
        list.ob_size.set(target as isize);
        resize(list, target)?;
        for object in released {
            decref(object);
        }
    }
    Ok(())
}

fn list_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<PyListObject>(),
        b.downcast_ref::<PyListObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if a.ob_size.get() != b.ob_size.get() && matches!(op, Py_EQ | Py_NE) {
        return Ok(crate::singletons::bool_object(op == Py_NE));
    }
    let mut index = 0;
    while index < a.ob_size.get() as usize && index < b.ob_size.get() as usize {
        let (x, y) = (items(a)[index], items(b)[index]);
        if !std::ptr::eq(x, y) {
            let (x, y) = (Own::new(x), Own::new(y));
            if !object::equal(&x, &y)? {
                break;
            }
        }
        index += 1;
    }
    if index >= a.ob_size.get() as usize || index >= b.ob_size.get() as usize {
        return Ok(object::compare_result(
            a.ob_size.get().cmp(&b.ob_size.get()),
            op,
        ));
    }
    match op {
        Py_EQ => Ok(crate::singletons::bool_object(false)),
        Py_NE => Ok(crate::singletons::bool_object(true)),
        _ => {
            let (x, y) = (Own::new(items(a)[index]), Own::new(items(b)[index]));
            object::rich_compare(&x, &y, op)
        }
    }
}

fn list_iter(list: &PyListObject) -> PyResult {
    iter::new_index_iterator(&iter::PyListIter_Type, list.as_object())
}

fn list_reversed(list: &PyListObject) -> PyResult {
    iter::new_at(
        &iter::PyListRevIter_Type,
        list.as_object(),
        list.ob_size.get() - 1,
    )
}

fn list_append(list: &PyListObject, value: &PyObject) -> PyResult {
    append(list, value)?;
    Ok(none())
}

fn list_insert(list: &PyListObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("insert", args.len(), 2, 2)?;
    let index = crate::unicode::ssize(args[0])?;
    insert(list, index, args[1])?;
    Ok(none())
}

/// `PyList_Insert`.
pub fn insert(list: &PyListObject, index: isize, value: &PyObject) -> PyResult<()> {
    let size = list.ob_size.get();
    let index = if index < 0 {
        (index + size).max(0)
    } else {
        index.min(size)
    } as usize;
    resize(list, size as usize + 1)?;
    // SAFETY: there is room for one more.
    unsafe {
        let place = list.ob_item.get().add(index);
        std::ptr::copy(place, place.add(1), size as usize - index);
        *place = Own::new(value).into_raw();
    }
    Ok(())
}

fn list_extend(list: &PyListObject, iterable: &PyObject) -> PyResult {
    extend(list, iterable)?;
    Ok(none())
}

fn list_pop(list: &PyListObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pop", args.len(), 0, 1)?;
    let index = match args.first() {
        Some(index) => crate::unicode::ssize(index)?,
        None => -1,
    };
    let size = list.ob_size.get();
    if size == 0 {
        return Err(index_error("pop from empty list"));
    }
    let index = if index < 0 { index + size } else { index };
    if index < 0 || index >= size {
        return Err(index_error("pop index out of range"));
    }
    // SAFETY: the index lies inside the block; the item's reference moves to the caller.
    let item = unsafe {
        let place = list.ob_item.get().offset(index);
        let item = *place;
        std::ptr::copy(place.add(1), place, (size - index - 1) as usize);
        Own::from_raw(item)
    };
    resize(list, size as usize - 1)?;
    Ok(item)
}

fn list_remove(list: &PyListObject, value: &PyObject) -> PyResult {
    match find(list, value, 0, isize::MAX)? {
        Some(index) => {
            splice(list, index as usize, index as usize + 1, &[])?;
            Ok(none())
        }
        None => Err(value_error("list.remove(x): x not in list")),
    }
}

fn list_index(list: &PyListObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("index", args.len(), 1, 3)?;
    let length = list.ob_size.get();
    let start = abstract_::slice_bound(args.get(1).copied(), 0, length)?;
    let stop = abstract_::slice_bound(args.get(2).copied(), isize::MAX, length)?;
    match find(list, args[0], start, stop)? {
        Some(index) => long::from_isize(index),
        None => Err(value_error(format_args!(
            "{} is not in list",
            args[0].repr_lossy()
        ))),
    }
}

fn list_count(list: &PyListObject, value: &PyObject) -> PyResult {
    let mut count = 0;
    let mut index = 0;
    while let Some(item) = items(list).get(index).map(|item| Own::new(*item)) {
        if object::equal(&item, value)? {
            count += 1;
        }
        index += 1;
    }
    long::from_isize(count)
}

fn list_reverse(list: &PyListObject) -> PyResult {
    let size = list.ob_size.get() as usize;
    if size > 1 {
        // SAFETY: the items of the block.
        unsafe { std::slice::from_raw_parts_mut(list.ob_item.get(), size).reverse() };
    }
    Ok(none())
}

fn list_clear(list: &PyListObject) -> PyResult {
    clear(list);
    Ok(none())
}

fn list_copy(list: &PyListObject) -> PyResult {
    Ok(from_slice(items(list))?.upcast())
}

fn list_sort(list: &PyListObject, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "sort",
        parameters: &["key", "reverse"],
        required: 0,
        positional: 0,
    };
    let [key, reverse] = args.bind::<2>(&SIGNATURE)?;
    let reverse = match reverse {
        Some(reverse) => long::as_int(reverse)? != 0,
        None => false,
    };
    super::sort_with(list, key.filter(|key| !key.is_none()), reverse)?;
    Ok(none())
}

fn list_sizeof(list: &PyListObject) -> PyResult {
    let size = list.as_object().type_().tp_basicsize.get() + list.allocated.get() * 8;
    long::from_isize(size)
}

fn class_getitem(class: &PyObject, item: &PyObject) -> PyResult {
    crate::generic_alias::new(class, item)
}

fn list_traverse(list: &PyListObject, visitor: &mut Visitor) {
    for item in items(list) {
        visitor.pointer(item.as_raw());
    }
}

methods! {
    static LIST_METHODS:
    "__getitem__" => o(list_subscript) | METH_COEXIST;
    "__reversed__" => noargs(list_reversed, "($self, /)");
    "__sizeof__" => noargs(list_sizeof, "($self, /)");
    "clear" => noargs(list_clear, "($self, /)");
    "copy" => noargs(list_copy, "($self, /)");
    "append" => o(list_append, "($self, object, /)");
    "insert" => fast(list_insert, "($self, index, object, /)");
    "extend" => o(list_extend, "($self, iterable, /)");
    "pop" => fast(list_pop, "($self, index=-1, /)");
    "remove" => o(list_remove, "($self, value, /)");
    "index" => fast(list_index, "($self, value, start=0, stop=sys.maxsize, /)");
    "count" => o(list_count, "($self, value, /)");
    "reverse" => noargs(list_reverse, "($self, /)");
    "sort" => keywords(list_sort, "($self, /, *, key=None, reverse=False)");
    "__class_getitem__" => o(class_getitem) | METH_CLASS;
}

static_type! {
    /// `list`.
    PyList_Type = "list", size size_of::<PyListObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_LIST_SUBCLASS
            | _Py_TPFLAGS_MATCH_SELF | Py_TPFLAGS_SEQUENCE;
    sequence {
        sq_length: slot!(len list_length),
        sq_concat: slot!(binary list_concat),
        sq_repeat: slot!(ssizearg list_repeat),
        sq_item: slot!(ssizearg list_item),
        sq_ass_item: slot!(ssizeobjarg list_ass_item),
        sq_contains: slot!(objobj list_contains),
        sq_inplace_concat: slot!(binary list_inplace_concat),
        sq_inplace_repeat: slot!(ssizearg list_inplace_repeat),
    }
    mapping {
        mp_length: slot!(len list_length),
        mp_subscript: slot!(binary list_subscript),
        mp_ass_subscript: slot!(objobjarg list_ass_subscript),
    }
    tp_dealloc: slot!(dealloc list_dealloc),
    tp_repr: slot!(unary list_repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse list_traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp list_richcompare),
    tp_iter: slot!(unary list_iter),
    tp_methods: LIST_METHODS.as_ptr(),
    tp_init: slot!(init list_init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new list_new),
    tp_free: Some(memory::object_gc_free),
    tp_vectorcall: slot!(vectorcall list_vectorcall),
}
