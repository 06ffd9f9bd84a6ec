//! bytearray (`Objects/bytearrayobject.c`): bytes that can change, in a block of their own.
//!
//! `ob_bytes` is the block (of `ob_alloc` bytes), `ob_start` where the data begin in it: cutting
//! off the front moves `ob_start` alone. While a view is exported the size must not change.

mod methods;

use crate::abstract_;
use crate::buffer::{self, Buffer};
use crate::bytes::shared::{self as s, ByteString};
use crate::bytes::{self, value_of};
use crate::errors::{self, PyResult, buffer_error, index_error, type_error, value_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt, compare_result};
use crate::own::{Layout, Own};
use crate::sequence_iter::{self, IndexIterator, Indexed};
use crate::singletons::not_implemented;
use crate::{long, methods, slice, slot, static_type, tuple, typed};
use std::ffi::c_int;
use std::ptr::null_mut;
use twinheap_abi::*;

typed!(PyByteArrayObject, PyByteArray_Type);

/// What an empty bytearray's data pointer points to.
static EMPTY_DATA: [u8; 1] = [0];

/// The bytes. They stay where they are until the bytearray is changed.
#[inline(always)]
pub fn data_of(array: &PyByteArrayObject) -> &[u8] {
    let length = array.ob_size.get() as usize;
    if length == 0 {
        return &EMPTY_DATA[..0];
    }
    // SAFETY: `ob_size` bytes lie at `ob_start`.
    unsafe { std::slice::from_raw_parts(array.ob_start.get(), length) }
}

/// `PyByteArray_FromStringAndSize`.
#[doc(alias = "PyByteArray_FromStringAndSize")]
pub fn from_slice(data: &[u8]) -> PyResult<Own<PyByteArrayObject>> {
    let object: *mut PyByteArrayObject =
        memory::new_object(&PyByteArray_Type, size_of::<PyByteArrayObject>())?;
    // SAFETY: fresh memory of a bytearray's size.
    let array = unsafe {
        let array = &*object;
        array.ob_size.set(0);
        array.ob_alloc.set(0);
        array.ob_bytes.set(null_mut());
        array.ob_start.set(null_mut());
        array.ob_exports.set(0);
        Own::from_raw(object)
    };
    if !data.is_empty() {
        replace_block(&array, data, data.len() + 1)?;
    }
    Ok(array)
}

/// Moves the data into a fresh block of `capacity` bytes, a NUL behind them.
fn replace_block(array: &PyByteArrayObject, data: &[u8], capacity: usize) -> PyResult<()> {
    let block = memory::malloc(capacity);
    if block.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: room for the data and a NUL; the old block belonged to the array alone.
    unsafe {
        std::ptr::copy_nonoverlapping(data.as_ptr(), block, data.len());
        block.add(data.len()).write(0);
        let old = array.ob_bytes.replace(block);
        array.ob_start.set(block);
        array.ob_alloc.set(capacity as isize);
        array.ob_size.set(data.len() as isize);
        if !old.is_null() {
            memory::free(old);
        }
    }
    Ok(())
}

/// A bytearray of so many zero bytes.
pub fn zeroed(count: usize) -> PyResult<Own<PyByteArrayObject>> {
    let made = from_slice(&[])?;
    if count == 0 {
        return Ok(made);
    }
    let block = if count < isize::MAX as usize {
        memory::calloc(count + 1)
    } else {
        std::ptr::null_mut()
    };
    if block.is_null() {
        return Err(errors::no_memory());
    }
    let old = made.ob_bytes.replace(block);
    made.ob_start.set(block);
    made.ob_alloc.set(count as isize + 1);
    made.ob_size.set(count as isize);
    if !old.is_null() {
        // SAFETY: the old block belonged to the array alone.
        unsafe { memory::free(old) };
    }
    Ok(made)
}

fn check_exports(array: &PyByteArrayObject) -> PyResult<()> {
    match array.ob_exports.get() {
        0 => Ok(()),
        _ => Err(buffer_error(
            "Existing exports of data: object cannot be re-sized",
        )),
    }
}

/// `PyByteArray_Resize`: how the block grows and shrinks.
fn resize(array: &PyByteArrayObject, size: usize) -> PyResult<()> {
    let old_size = array.ob_size.get() as usize;
    if size == old_size {
        return Ok(());
    }
    check_exports(array)?;
    let allocated = array.ob_alloc.get() as usize;
    // SAFETY: the start lies in the block, or both are null.
    let offset = unsafe { array.ob_start.get().offset_from(array.ob_bytes.get()) } as usize;
    if size + offset < allocated && size >= allocated / 2 {
        return set_size_in_place(array, size);
    }
    let capacity = if size + offset < allocated || size > allocated + (allocated >> 3) {
        size + 1
    } else {
        size + (size >> 3) + if size < 9 { 3 } else { 6 }
    };
    let mut block = Vec::new();
    memory::reserve(&mut block, size)?;
    block.extend_from_slice(&data_of(array)[..size.min(old_size)]);
    block.resize(size, 0);
    replace_block(array, &block, capacity.max(size + 1))
}

fn set_size_in_place(array: &PyByteArrayObject, size: usize) -> PyResult<()> {
    array.ob_size.set(size as isize);
    // SAFETY: the block has room for the data and a NUL.
    unsafe { array.ob_start.get().add(size).write(0) };
    Ok(())
}

/// The data as they can be changed in place.
///
/// # Safety
/// No other borrow of the data is alive.
#[expect(
    clippy::mut_from_ref,
    reason = "the fields are cells; the caller holds the only borrow"
)]
unsafe fn data_mut(array: &PyByteArrayObject) -> &mut [u8] {
    let length = array.ob_size.get() as usize;
    if length == 0 {
        return &mut [];
    }
    // SAFETY: `ob_size` bytes lie at `ob_start`; not borrowed elsewhere, by contract.
    unsafe { std::slice::from_raw_parts_mut(array.ob_start.get(), length) }
}

/// Puts new bytes in the place of those from `start` to `end` (`bytearray_setslice_linear`).
fn splice(array: &PyByteArrayObject, start: usize, end: usize, new: &[u8]) -> PyResult<()> {
    let old = data_of(array).len();
    let removed = end - start;
    if new.len() < removed {
        check_exports(array)?;
        if start == 0 {
            // Cutting off the front only moves the start.
            // SAFETY: inside the block.
            array
                .ob_start
                .set(unsafe { array.ob_start.get().add(removed - new.len()) });
            array.ob_size.set((old - (removed - new.len())) as isize);
            // SAFETY: no borrow of the data is alive.
            unsafe { data_mut(array)[..new.len()].copy_from_slice(new) };
            let size = array.ob_size.get() as usize;
            return shrink_after_cut(array, size);
        }
        // SAFETY: no borrow of the data is alive.
        unsafe { data_mut(array).copy_within(end..old, start + new.len()) };
        resize(array, old - (removed - new.len()))?;
    } else if new.len() > removed {
        let grown = old + new.len() - removed;
        resize(array, grown)?;
        // SAFETY: no borrow of the data is alive.
        unsafe { data_mut(array).copy_within(end..old, start + new.len()) };
    }
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array)[start..start + new.len()].copy_from_slice(new) };
    Ok(())
}

/// After the front was cut off the block shrinks by the rules of a resize.
fn shrink_after_cut(array: &PyByteArrayObject, size: usize) -> PyResult<()> {
    let allocated = array.ob_alloc.get() as usize;
    if size >= allocated / 2 {
        return set_size_in_place(array, size);
    }
    let data = memory::copied(data_of(array))?;
    replace_block(array, &data, size + 1)
}

/// A bytearray that must keep its size for a while.
pub(crate) struct Pinned<'a>(&'a PyByteArrayObject);

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        self.0.ob_exports.set(self.0.ob_exports.get() - 1);
    }
}

impl ByteString for PyByteArrayObject {
    const NAME: &'static str = "bytearray";
    type Pin<'a> = Pinned<'a>;

    fn pin(&self) -> Pinned<'_> {
        self.ob_exports.set(self.ob_exports.get() + 1);
        Pinned(self)
    }

    fn data(&self) -> &[u8] {
        data_of(self)
    }

    fn make(data: &[u8]) -> PyResult {
        Ok(from_slice(data)?.upcast())
    }

    fn make_new(data: &[u8]) -> PyResult {
        Self::make(data)
    }

    fn unchanged(&self) -> PyResult {
        Self::make(data_of(self))
    }
}

fn bytearray_repr(array: &PyByteArrayObject) -> PyResult {
    let data = data_of(array);
    let head = format!("{}(b", array.as_object().type_().short_name());
    let quote = crate::bytes::quote_for(data);
    // A single quote is escaped between double quotes as well.
    Ok(crate::bytes::quoted(&head, data, quote, b'\'', ")")?.upcast())
}

fn bytearray_length(array: &PyByteArrayObject) -> PyResult<usize> {
    Ok(array.ob_size.get() as usize)
}

fn bytearray_concat(left: &PyObject, right: &PyObject) -> PyResult {
    let complain = || s::no_concat(left, right);
    let (left, right) = (
        Buffer::of_or(left, complain)?,
        Buffer::of_or(right, complain)?,
    );
    Ok(from_slice(&memory::joined(&[left.data(), right.data()])?)?.upcast())
}

fn bytearray_iconcat(array: &PyByteArrayObject, other: &PyObject) -> PyResult {
    let complain = || s::no_concat(array.as_object(), other);
    let added = memory::copied(Buffer::of_or(other, complain)?.data())?;
    let size = data_of(array).len();
    resize(array, size + added.len())?;
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array)[size..].copy_from_slice(&added) };
    Ok(Own::new(array).upcast())
}

fn repeated(array: &PyByteArrayObject, count: isize) -> PyResult<Vec<u8>> {
    memory::repeated(data_of(array), count.max(0) as usize)
}

fn bytearray_repeat(array: &PyByteArrayObject, count: isize) -> PyResult {
    Ok(from_slice(&repeated(array, count)?)?.upcast())
}

fn bytearray_irepeat(array: &PyByteArrayObject, count: isize) -> PyResult {
    let data = repeated(array, count)?;
    resize(array, data.len())?;
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array).copy_from_slice(&data) };
    Ok(Own::new(array).upcast())
}

fn bytearray_getitem(array: &PyByteArrayObject, index: isize) -> PyResult {
    match data_of(array).get(index as usize) {
        Some(&byte) if index >= 0 => long::from_isize(isize::from(byte)),
        _ => Err(index_error("bytearray index out of range")),
    }
}

fn bytearray_contains(array: &PyByteArrayObject, needle: &PyObject) -> PyResult<bool> {
    s::contains(array, needle)
}

fn bad_index(key: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "bytearray indices must be integers or slices, not {:.200}",
        key.type_().name()
    ))
}

fn bytearray_subscript(array: &PyByteArrayObject, key: &PyObject) -> PyResult {
    if let Some(index) = abstract_::index_or_slice(key)? {
        return bytearray_getitem(
            array,
            if index < 0 {
                index + array.ob_size.get()
            } else {
                index
            },
        );
    }
    let key = key
        .downcast_ref::<PySliceObject>()
        .ok_or_else(|| bad_index(key))?;
    let span = slice::indices(key, || array.ob_size.get())?;
    let data = data_of(array);
    let picked: Vec<u8> = memory::collected(span.positions().map(|at| data[at]))?;
    Ok(from_slice(&picked)?.upcast())
}

fn set_item(array: &PyByteArrayObject, index: isize, value: Option<&PyObject>) -> PyResult<()> {
    let size = array.ob_size.get();
    if index < 0 || index >= size {
        return Err(index_error("bytearray index out of range"));
    }
    match value {
        None => splice(array, index as usize, index as usize + 1, &[]),
        Some(value) => {
            let byte = value_of(value)?;
            // Reading the value may have run code that has shortened the array.
            if index >= array.ob_size.get() {
                return Err(index_error("bytearray index out of range"));
            }
            // SAFETY: no borrow of the data is alive.
            unsafe { data_mut(array)[index as usize] = byte };
            Ok(())
        }
    }
}

fn bytearray_setitem(
    array: &PyByteArrayObject,
    index: isize,
    value: Option<&PyObject>,
) -> PyResult<()> {
    set_item(array, index, value)
}

/// The bytes that are assigned to a slice.
fn assigned_bytes(value: Option<&PyObject>) -> PyResult<Vec<u8>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    if let Some(array) = value.downcast_ref::<PyByteArrayObject>() {
        return memory::copied(data_of(array));
    }
    let is_number = abstract_::is_number(value);
    if is_number || value.downcast_ref::<PyASCIIObject>().is_some() {
        return Err(type_error(
            "can assign only bytes, buffers, or iterables of ints in range(0, 256)",
        ));
    }
    let made = methods::from_source(value)?;
    memory::copied(data_of(&made))
}

fn bytearray_ass_subscript(
    array: &PyByteArrayObject,
    key: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    if let Some(index) = abstract_::index_or_slice(key)? {
        return set_item(
            array,
            if index < 0 {
                index + array.ob_size.get()
            } else {
                index
            },
            value,
        );
    }
    let key = key
        .downcast_ref::<PySliceObject>()
        .ok_or_else(|| bad_index(key))?;
    // The parts of the slice are asked before the value is read, and again behind it where the
    // value has to be made into bytes first.
    let mut span = slice::indices(key, || array.ob_size.get())?;
    let new = assigned_bytes(value)?;
    let is_other_array = value.is_some_and(|value| {
        value.downcast_ref::<PyByteArrayObject>().is_some()
            && !std::ptr::eq(value, array.as_object())
    });
    if value.is_some() && !is_other_array {
        span = slice::indices(key, || array.ob_size.get())?;
    }
    if span.step == 1 {
        let start = span.start as usize;
        return splice(array, start, start + span.length.max(0) as usize, &new);
    }
    // Nothing assigned to positions apart from each other deletes them.
    if new.is_empty() {
        return delete_positions(array, span);
    }
    if new.len() as isize != span.length {
        return Err(value_error(format_args!(
            "attempt to assign bytes of size {} to extended slice of size {}",
            new.len(),
            span.length
        )));
    }
    // SAFETY: no borrow of the data is alive.
    let data = unsafe { data_mut(array) };
    for (at, byte) in span.positions().zip(new) {
        data[at] = byte;
    }
    Ok(())
}

/// Closes the gaps that a slice with steps leaves.
fn delete_positions(array: &PyByteArrayObject, span: slice::Span) -> PyResult<()> {
    if span.length <= 0 {
        return Ok(());
    }
    check_exports(array)?;
    // SAFETY: no borrow of the data is alive.
    let data = unsafe { data_mut(array) };
    let step = span.step.unsigned_abs();
    let count = span.length as usize;
    let first = match span.step > 0 {
        true => span.start as usize,
        false => span.start as usize - (count - 1) * step,
    };
    for index in 0..count {
        let from = first + index * step + 1;
        let next = match index + 1 < count {
            true => from + step - 1,
            false => data.len(),
        };
        data.copy_within(from..next, from - index - 1);
    }
    let left = data.len() - count;
    resize(array, left)
}

fn bytearray_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    if !buffer::is_exporter(a) || !buffer::is_exporter(b) {
        return Ok(not_implemented());
    }
    let (left, right) = (Buffer::of(a)?, Buffer::of(b)?);
    Ok(compare_result(left.data().cmp(right.data()), op))
}

fn bytearray_mod(a: &PyObject, b: &PyObject) -> PyResult {
    match a.downcast_ref::<PyByteArrayObject>() {
        Some(template) => {
            // Converting the values runs code, which may change the template.
            let template = memory::copied(data_of(template))?;
            Ok(from_slice(bytes::format(&template, b)?.as_slice())?.upcast())
        }
        None => Ok(not_implemented()),
    }
}

unsafe extern "C" fn bytearray_getbuffer(
    this: *mut PyObject,
    view: *mut Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: called with a live bytearray and a valid view.
    unsafe {
        let array: &PyByteArrayObject = crate::own::arg(this);
        let data = data_of(array);
        match buffer::fill_info(
            view,
            array.as_object(),
            data.as_ptr().cast_mut(),
            data.len(),
            false,
            flags,
        ) {
            Ok(()) => {
                array.ob_exports.set(array.ob_exports.get() + 1);
                0
            }
            Err(_) => -1,
        }
    }
}

unsafe extern "C" fn bytearray_releasebuffer(this: *mut PyObject, _: *mut Py_buffer) {
    // SAFETY: called with the live bytearray that exported the view.
    let array: &PyByteArrayObject = unsafe { crate::own::arg(this) };
    array.ob_exports.set(array.ob_exports.get() - 1);
}

unsafe fn bytearray_dealloc(array: *mut PyByteArrayObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        let object = &*array;
        if object.ob_exports.get() > 0 {
            let text = "deallocated bytearray object has exported buffers";
            crate::unraisable::print(crate::errors::system_error(text));
        }
        if !object.ob_bytes.get().is_null() {
            memory::free(object.ob_bytes.get());
        }
        match object.as_object().type_().tp_free.get() {
            Some(free) => free(array.cast()),
            None => memory::object_del(array.cast()),
        }
    }
}

// Iteration.

/// A bytearray iterator: the bytearray until it is used up, and the next index.
#[expect(non_camel_case_types, reason = "CPython's own name")]
pub(crate) type bytesiterobject = IndexIterator<PyByteArrayObject>;

impl Indexed for PyByteArrayObject {
    fn count(&self) -> isize {
        self.ob_size.get()
    }

    fn item(&self, index: usize) -> PyResult {
        long::from_isize(isize::from(data_of(self)[index]))
    }

    fn nothing() -> PyResult {
        Ok(tuple::empty().upcast())
    }
}

fn bytearray_iter(array: &PyByteArrayObject) -> PyResult {
    sequence_iter::new(array, &PyByteArrayIter_Type)
}

methods! {
    static ITERATOR_METHODS:
    "__length_hint__" => noargs(sequence_iter::length_hint::<PyByteArrayObject>);
    "__reduce__" => noargs(sequence_iter::reduce::<PyByteArrayObject>, "($self, /)");
    "__setstate__" => o(sequence_iter::setstate::<PyByteArrayObject>);
}

static_type! {
    /// `bytearray_iterator`.
    PyByteArrayIter_Type = "bytearray_iterator", size size_of::<bytesiterobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc sequence_iter::dealloc::<PyByteArrayObject>),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse sequence_iter::traverse::<PyByteArrayObject>),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext sequence_iter::next::<PyByteArrayObject>),
    tp_methods: ITERATOR_METHODS.as_ptr(),
}

static_type! {
    /// `bytearray`.
    PyByteArray_Type = "bytearray", size size_of::<PyByteArrayObject>(), 0,
        flags Py_TPFLAGS_BASETYPE | _Py_TPFLAGS_MATCH_SELF;
    number { nb_remainder: slot!(binary bytearray_mod) }
    sequence {
        sq_length: slot!(len bytearray_length),
        sq_concat: slot!(binary bytearray_concat),
        sq_repeat: slot!(ssizearg bytearray_repeat),
        sq_item: slot!(ssizearg bytearray_getitem),
        sq_ass_item: slot!(ssizeobjarg bytearray_setitem),
        sq_contains: slot!(objobj bytearray_contains),
        sq_inplace_concat: slot!(binary bytearray_iconcat),
        sq_inplace_repeat: slot!(ssizearg bytearray_irepeat),
    }
    mapping {
        mp_length: slot!(len bytearray_length),
        mp_subscript: slot!(binary bytearray_subscript),
        mp_ass_subscript: slot!(objobjarg bytearray_ass_subscript),
    }
    buffer {
        bf_getbuffer: Some(bytearray_getbuffer),
        bf_releasebuffer: Some(bytearray_releasebuffer),
    }
    tp_dealloc: slot!(dealloc bytearray_dealloc),
    tp_repr: slot!(unary bytearray_repr),
    tp_str: slot!(unary bytearray_repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp bytearray_richcompare),
    tp_iter: slot!(unary bytearray_iter),
    tp_methods: methods::BYTEARRAY_METHODS.as_ptr(),
    tp_init: slot!(init methods::bytearray_init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new methods::bytearray_generic_new),
    tp_free: Some(memory::object_free),
}
