//! list (`Objects/listobject.c`): a block of pointers with room to grow.
//!
//! Growth over-allocates by an eighth and a little more, in steps of four: 0, 4, 8, 16, 24, 32, 40,
//! 52, 64 ...; a list that falls below half its room gives memory back.

mod methods;
mod sort;

pub use methods::{PyList_Type, extend, from_iterable, insert, slice_range};
pub use sort::{sort, sort_with};

use crate::errors::{self, PyResult};
use crate::memory;
use crate::object::ObjectExt;
use crate::own::{Layout, Own, decref};
use crate::state::Global;
use crate::typed;
use std::cell::Cell;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyListObject, PyList_Type, flag Py_TPFLAGS_LIST_SUBCLASS);

const FREE_LIST_LENGTH: usize = 80;

struct FreeList {
    lists: [Cell<*mut PyListObject>; FREE_LIST_LENGTH],
    count: Cell<usize>,
}

static FREE_LIST: Global<FreeList> = Global(FreeList {
    lists: [const { Cell::new(null_mut()) }; FREE_LIST_LENGTH],
    count: Cell::new(0),
});

/// The items, borrowed; not to be held while code of the program runs.
#[inline(always)]
pub fn items(list: &PyListObject) -> &[&PyObject] {
    if list.ob_size.get() == 0 {
        return &[];
    }
    // SAFETY: `ob_size` non-null pointers lie in the block.
    unsafe { std::slice::from_raw_parts(list.ob_item.get().cast(), list.ob_size.get() as usize) }
}

/// The items in turn, each with a reference of its own. The length is read again for each step, so
/// code of the program may change the list between two of them.
pub fn iter_owned(list: &PyListObject) -> OwnedItems<'_> {
    OwnedItems { list, index: 0 }
}

/// See [`iter_owned`].
pub struct OwnedItems<'a> {
    list: &'a PyListObject,
    index: usize,
}

impl Iterator for OwnedItems<'_> {
    type Item = Own;

    #[inline]
    fn next(&mut self) -> Option<Own> {
        let item = get_own(self.list, self.index)?;
        self.index += 1;
        Some(item)
    }
}

/// A reference to the item at an index, if there is one now.
#[inline]
pub fn get_own(list: &PyListObject, index: usize) -> Option<Own> {
    if index >= list.ob_size.get() as usize {
        return None;
    }
    // SAFETY: `ob_size` non-null pointers lie in the block.
    Some(unsafe { Own::new(&**list.ob_item.get().add(index)) })
}

/// Gives back the memory of the dead lists that are kept (`_PyList_ClearFreeList`).
pub(crate) fn clear_free_list() {
    let list = &FREE_LIST;
    while list.count.get() > 0 {
        list.count.set(list.count.get() - 1);
        // SAFETY: a dead list of the free list.
        unsafe { memory::gc_del(list.lists[list.count.get()].get().cast()) };
    }
}

fn new_header() -> PyResult<*mut PyListObject> {
    let list = &FREE_LIST;
    if list.count.get() > 0 {
        list.count.set(list.count.get() - 1);
        let object = list.lists[list.count.get()].get();
        // SAFETY: a dead list of the free list.
        unsafe { (*object).ob_base.ob_base.ob_refcnt.set(1) };
        return Ok(object);
    }
    memory::new_gc_object(&PyList_Type, size_of::<PyListObject>())
}

/// `PyList_New`: a list of `size` items, all null until the caller sets them.
fn new_block(size: usize) -> PyResult<*mut PyListObject> {
    if size > isize::MAX as usize / 8 {
        return Err(errors::no_memory());
    }
    let object = new_header()?;
    // SAFETY: fresh memory.
    unsafe {
        let list = &*object;
        list.ob_item.set(null_mut());
        if size > 0 {
            let block = memory::malloc(size * 8);
            if block.is_null() {
                list.ob_size.set(0);
                list.allocated.set(0);
                memory::track(object.cast());
                drop(Own::from_raw(object));
                return Err(errors::no_memory());
            }
            std::ptr::write_bytes(block, 0, size * 8);
            list.ob_item.set(block.cast());
        }
        list.ob_size.set(size as isize);
        list.allocated.set(size as isize);
    }
    Ok(object)
}

/// An empty list with room for `capacity` items.
pub fn new(capacity: usize) -> PyResult<Own<PyListObject>> {
    let object = new_block(capacity)?;
    // SAFETY: complete once its size is 0.
    unsafe {
        (*object).ob_size.set(0);
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// A list of new references, exactly as large as it must be.
pub fn from_slice(values: &[&PyObject]) -> PyResult<Own<PyListObject>> {
    let object = new_block(values.len())?;
    // SAFETY: room for the items.
    unsafe {
        let block = (*object).ob_item.get();
        for (index, value) in values.iter().enumerate() {
            crate::own::incref(value);
            *block.add(index) = value.as_raw();
        }
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// `_PyList_FromArraySteal`: takes over `count` references.
///
/// # Safety
/// `source` points to `count` references that the caller gives up.
pub unsafe fn from_raw_steal(
    source: *const *mut PyObject,
    count: usize,
) -> PyResult<Own<PyListObject>> {
    let object = match new_block(count) {
        Ok(object) => object,
        Err(raised) => {
            for index in 0..count {
                // SAFETY: the references are ours.
                unsafe { decref(*source.add(index)) };
            }
            return Err(raised);
        }
    };
    // SAFETY: room for the items, which move.
    unsafe {
        if count > 0 {
            std::ptr::copy_nonoverlapping(source, (*object).ob_item.get(), count);
        }
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// The list that `split` makes: room for up to twelve pieces at once, more as they come.
pub fn from_pieces(values: Vec<Own>, most: usize) -> PyResult<Own<PyListObject>> {
    const MAX_PREALLOC: usize = 12;
    let made = new(if most >= MAX_PREALLOC {
        MAX_PREALLOC
    } else {
        most + 1
    })?;
    for value in values {
        append_take(&made, value)?;
    }
    Ok(made)
}

/// A list that takes over the objects of a vector.
pub fn from_vec(values: Vec<Own>) -> PyResult<Own<PyListObject>> {
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

/// `list_resize`: room for `size` items; growing takes some more.
pub(crate) fn resize(list: &PyListObject, size: usize) -> PyResult<()> {
    let allocated = list.allocated.get() as usize;
    if allocated >= size && size >= allocated >> 1 {
        list.ob_size.set(size as isize);
        return Ok(());
    }
    let mut room = (size + (size >> 3) + 6) & !3;
    let grown_by = size as isize - list.ob_size.get();
    if grown_by > room as isize - size as isize {
        room = (size + 3) & !3;
    }
    if size == 0 {
        room = 0;
    }
    if room > isize::MAX as usize / 8 {
        return Err(errors::no_memory());
    }
    // SAFETY: the list owns its block.
    unsafe {
        // A block of no bytes is a block: a list that was emptied grows like any other.
        let block = memory::realloc(list.ob_item.get().cast(), room * 8);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        list.ob_item.set(block.cast());
    }
    list.ob_size.set(size as isize);
    list.allocated.set(room as isize);
    Ok(())
}

/// `_PyList_AppendTakeRef`.
#[inline(always)]
pub fn append_take(list: &PyListObject, value: Own) -> PyResult<()> {
    let size = list.ob_size.get();
    if size < list.allocated.get() {
        // SAFETY: there is room.
        unsafe { *list.ob_item.get().offset(size) = value.into_raw() };
        list.ob_size.set(size + 1);
        return Ok(());
    }
    append_slowly(list, value)
}

#[inline(never)]
fn append_slowly(list: &PyListObject, value: Own) -> PyResult<()> {
    let size = list.ob_size.get();
    resize(list, size as usize + 1)?;
    // SAFETY: there is room now.
    unsafe { *list.ob_item.get().offset(size) = value.into_raw() };
    Ok(())
}

/// `PyList_SetItem`: puts an item in the place of one that is there.
pub fn set_item(list: &PyListObject, index: usize, value: Own) {
    assert!(index < list.ob_size.get() as usize);
    // SAFETY: the index is inside the list, which owns its items.
    unsafe {
        let slot = list.ob_item.get().add(index);
        let old = slot.replace(value.into_raw());
        crate::own::xdecref(old);
    }
}

/// `PyList_Append`.
#[inline]
pub fn append(list: &PyListObject, value: &PyObject) -> PyResult<()> {
    append_take(list, Own::new(value))
}

/// Replaces `low..high` by new references to the values (`list_ass_slice`); what was there is
/// released at the end.
pub fn splice(list: &PyListObject, low: usize, high: usize, values: &[Own]) -> PyResult<()> {
    let length = list.ob_size.get() as usize;
    let low = low.min(length);
    let high = high.clamp(low, length);
    let removed = high - low;
    if length + values.len() == removed {
        methods::clear(list);
        return Ok(());
    }
    let mut recycled: Vec<*mut PyObject> = Vec::with_capacity(removed);
    // SAFETY: all ranges lie inside the block, before and after it is resized.
    unsafe {
        let block = list.ob_item.get();
        for index in low..high {
            recycled.push(*block.add(index));
        }
        let new_length = length - removed + values.len();
        if values.len() < removed {
            std::ptr::copy(
                block.add(high),
                block.add(low + values.len()),
                length - high,
            );
            resize(list, new_length)?;
        } else if values.len() > removed {
            resize(list, new_length)?;
            let block = list.ob_item.get();
            std::ptr::copy(
                block.add(high),
                block.add(low + values.len()),
                length - high,
            );
        }
        let block = list.ob_item.get();
        for (index, value) in values.iter().enumerate() {
            *block.add(low + index) = Own::new(&**value).into_raw();
        }
        for object in recycled.into_iter().rev() {
            decref(object);
        }
    }
    Ok(())
}

unsafe fn list_dealloc(list: *mut PyListObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(list.cast());
        memory::with_trashcan(list.cast(), |list| {
            let list: *mut PyListObject = list.cast();
            let block = (*list).ob_item.get();
            if !block.is_null() {
                for index in (0..(*list).ob_size.get() as usize).rev() {
                    crate::own::xdecref(*block.add(index));
                }
                memory::free(block.cast());
            }
            let free_list = &FREE_LIST;
            if free_list.count.get() < FREE_LIST_LENGTH
                && (*list).as_object().is_exactly(&PyList_Type)
            {
                free_list.lists[free_list.count.get()].set(list);
                free_list.count.set(free_list.count.get() + 1);
            } else if let Some(free) = (*list).as_object().type_().tp_free.get() {
                free(list.cast());
            }
        });
    }
}
