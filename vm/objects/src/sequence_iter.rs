//! What the iterators of str, bytes and bytearray share: a sequence until it is used up, and the next index.
//!
//! Each has a struct of its own in CPython (`unicodeiterobject`, `striterobject`, `bytesiterobject`), with the same
//! fields; the types differ in name and in what an item is.

use crate::errors::PyResult;
use crate::memory::{self, Visitor};
use crate::own::{Field, Layout, Own};
use crate::{long, singletons, tuple};
use std::cell::Cell;
use twinheap_abi::*;

/// An iterator over a sequence by index.
#[repr(C)]
pub(crate) struct IndexIterator<T> {
    pub ob_base: PyObject,
    pub it_index: Cell<Py_ssize_t>,
    pub it_seq: Pointer<T>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl<T> Layout for IndexIterator<T> {}

/// A sequence that such an iterator goes over.
pub(crate) trait Indexed: Layout {
    /// How many items there are now.
    fn count(&self) -> isize;
    /// The item at an index below the count.
    fn item(&self, index: usize) -> PyResult;
    /// What a used-up iterator says it goes over when it is reduced.
    fn nothing() -> PyResult;
}

/// An iterator at the start of the sequence.
pub(crate) fn new<T: Indexed>(sequence: &T, type_: &PyTypeObject) -> PyResult {
    let made: *mut IndexIterator<T> = memory::new_gc_object(type_, size_of::<IndexIterator<T>>())?;
    // SAFETY: fresh memory of the iterator's size; it is tracked once its fields are set.
    unsafe {
        (*made).it_index.set(0);
        (*made).it_seq.set(Own::new(sequence).into_raw());
        memory::track(made.cast());
        Ok(Own::from_raw(made).upcast())
    }
}

pub(crate) fn next<T: Indexed>(iterator: &IndexIterator<T>) -> PyResult<Option<Own>> {
    let Some(sequence) = Field::as_ref(&iterator.it_seq) else {
        return Ok(None);
    };
    let index = iterator.it_index.get();
    if index < sequence.count() {
        iterator.it_index.set(index + 1);
        return sequence.item(index as usize).map(Some);
    }
    iterator.it_seq.clear();
    Ok(None)
}

pub(crate) fn length_hint<T: Indexed>(iterator: &IndexIterator<T>) -> PyResult {
    let left = Field::as_ref(&iterator.it_seq).map_or(0, |sequence| {
        // A bytearray may have shrunk below the index.
        (sequence.count() - iterator.it_index.get()).max(0)
    });
    long::from_isize(left)
}

pub(crate) fn reduce<T: Indexed>(iterator: &IndexIterator<T>) -> PyResult {
    let function = crate::import_hook::builtin("iter")?;
    let Some(sequence) = Field::as_ref(&iterator.it_seq) else {
        let args = tuple::from_vec(vec![T::nothing()?])?;
        return Ok(tuple::from_vec(vec![function, args.upcast()])?.upcast());
    };
    let args = tuple::pack(&[sequence.as_object()])?;
    let index = long::from_isize(iterator.it_index.get())?;
    Ok(tuple::from_vec(vec![function, args.upcast(), index])?.upcast())
}

pub(crate) fn setstate<T: Indexed>(iterator: &IndexIterator<T>, state: &PyObject) -> PyResult {
    let index = long::exact_ssize(state)?;
    if let Some(sequence) = Field::as_ref(&iterator.it_seq) {
        iterator.it_index.set(index.clamp(0, sequence.count()));
    }
    Ok(singletons::none())
}

pub(crate) fn traverse<T: Indexed>(iterator: &IndexIterator<T>, visitor: &mut Visitor) {
    visitor.field(&iterator.it_seq);
}

/// # Safety
/// Called once, when the last reference is gone.
pub(crate) unsafe fn dealloc<T: Indexed>(iterator: *mut IndexIterator<T>) {
    // SAFETY: by contract.
    unsafe {
        memory::untrack(iterator.cast());
        (*iterator).it_seq.clear();
        memory::gc_del(iterator.cast());
    }
}
