//! str as a sequence: length, concatenation, repetition, subscripts, membership, iteration, new.

use super::arguments::expect_optional_text;
use super::layout::character_at;
use super::{
    PyUnicode_Type, concat, copy_exact, data_pointer, empty, find, from_ucs4, new_ucs1,
    new_uninitialised, result_unchanged, substring, text,
};
use crate::call::{self, Signature};
use crate::errors::{self, PyResult, index_error, type_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::sequence_iter::{self, IndexIterator, Indexed};
use crate::{abstract_, long, methods, slice, slot, static_type, tuple, typed};
use twinheap_abi::*;

pub(super) fn unicode_length(object: &PyASCIIObject) -> PyResult<usize> {
    Ok(object.length.get() as usize)
}

pub(super) fn unicode_concat(left: &PyASCIIObject, right: &PyObject) -> PyResult {
    match right.downcast_ref::<PyASCIIObject>() {
        Some(right) => concat(left, right),
        None => Err(type_error(format_args!(
            "can only concatenate str (not \"{:.200}\") to str",
            right.type_().name()
        ))),
    }
}

pub(super) fn unicode_repeat(object: &PyASCIIObject, count: isize) -> PyResult {
    if count < 1 {
        return Ok(empty().upcast());
    }
    if count == 1 {
        return result_unchanged(object);
    }
    let length = object.length.get() as usize;
    let Some(total) = length
        .checked_mul(count as usize)
        .filter(|&total| total <= isize::MAX as usize)
    else {
        return Err(errors::overflow_error("repeated string is too long"));
    };
    let made = new_uninitialised(total, super::maxchar_bound(object))?;
    if total == 0 {
        return Ok(made.upcast());
    }
    let width = object.kind() as usize;
    let (block, whole) = (length * width, total * width);
    // SAFETY: the new str has room for `whole` bytes; what is copied was written before.
    unsafe {
        let start = data_pointer(&made);
        std::ptr::copy_nonoverlapping(data_pointer(object), start, block);
        let mut done = block;
        while done < whole {
            let step = done.min(whole - done);
            std::ptr::copy_nonoverlapping(start, start.add(done), step);
            done += step;
        }
    }
    Ok(made.upcast())
}

pub(super) fn unicode_getitem(object: &PyASCIIObject, index: isize) -> PyResult {
    if index < 0 || index >= object.length.get() {
        return Err(index_error("string index out of range"));
    }
    Ok(character_at(object, index as usize)?.upcast())
}

pub(super) fn unicode_subscript(object: &PyASCIIObject, key: &PyObject) -> PyResult {
    if let Some(index) = abstract_::index_or_slice(key)? {
        return unicode_getitem(
            object,
            if index < 0 {
                index + object.length.get()
            } else {
                index
            },
        );
    }
    let Some(key) = key.downcast_ref::<PySliceObject>() else {
        return Err(type_error(format_args!(
            "string indices must be integers, not '{:.200}'",
            key.type_().name()
        )));
    };
    let span = slice::indices(key, || object.length.get())?;
    if span.length <= 0 {
        return Ok(empty().upcast());
    }
    if span.start == 0 && span.step == 1 && span.length == object.length.get() {
        return result_unchanged(object);
    }
    if span.step == 1 {
        let start = span.start as usize;
        return Ok(substring(object, start, start + span.length as usize)?.upcast());
    }
    // A slice with a step is always a new str, even of a single character.
    let characters = text(object);
    memory::probe(4 * span.length as usize)?;
    let points: Vec<u32> = span.positions().map(|at| characters.at(at)).collect();
    if points.iter().all(|&point| point < 0x100) {
        let narrow: Vec<u8> = points.iter().map(|&point| point as u8).collect();
        return Ok(new_ucs1(&narrow)?.upcast());
    }
    Ok(from_ucs4(&points)?.upcast())
}

pub(super) fn unicode_contains(object: &PyASCIIObject, needle: &PyObject) -> PyResult<bool> {
    find::contains(object, needle)
}

pub(super) fn unicode_sizeof(object: &PyASCIIObject) -> PyResult {
    let characters = (object.length.get() as usize + 1) * object.kind() as usize;
    let mut size = match (object.is_compact(), object.is_ascii()) {
        (true, true) => size_of::<PyASCIIObject>() + characters,
        (true, false) => size_of::<PyCompactUnicodeObject>() + characters,
        (false, _) => size_of::<PyUnicodeObject>() + characters,
    };
    if !(object.is_ascii() && object.is_compact()) {
        // SAFETY: every str that is not compact ASCII has the longer header.
        let compact =
            unsafe { &*(object as *const PyASCIIObject).cast::<PyCompactUnicodeObject>() };
        if !compact.utf8.get().is_null() && compact.utf8.get().cast::<u8>() != data_pointer(object)
        {
            size += compact.utf8_length.get() as usize + 1;
        }
    }
    long::from_usize(size)
}

pub(super) fn unicode_getnewargs(object: &PyASCIIObject) -> PyResult {
    Ok(tuple::from_vec(vec![copy_exact(object)?.upcast()])?.upcast())
}

// Iteration.

/// A str's iterator: the str until it is used up, and the next index.
#[expect(non_camel_case_types, reason = "CPython's own name")]
pub(crate) type unicodeiterobject = IndexIterator<PyASCIIObject>;

impl Indexed for PyASCIIObject {
    fn count(&self) -> isize {
        self.length.get()
    }

    fn item(&self, index: usize) -> PyResult {
        Ok(character_at(self, index)?.upcast())
    }

    fn nothing() -> PyResult {
        Ok(empty().upcast())
    }
}

pub(super) fn unicode_iter(object: &PyASCIIObject) -> PyResult {
    let type_ = if object.is_ascii() {
        &PyUnicodeASCIIIter_Type
    } else {
        &PyUnicodeIter_Type
    };
    sequence_iter::new(object, type_)
}

methods! {
    static ITERATOR_METHODS:
    "__length_hint__" => noargs(sequence_iter::length_hint::<PyASCIIObject>);
    "__reduce__" => noargs(sequence_iter::reduce::<PyASCIIObject>);
    "__setstate__" => o(sequence_iter::setstate::<PyASCIIObject>);
}

static_type! {
    /// `str_iterator`.
    PyUnicodeIter_Type = "str_iterator", size size_of::<unicodeiterobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc sequence_iter::dealloc::<PyASCIIObject>),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse sequence_iter::traverse::<PyASCIIObject>),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext sequence_iter::next::<PyASCIIObject>),
    tp_methods: ITERATOR_METHODS.as_ptr(),
}

static_type! {
    /// `str_ascii_iterator`.
    PyUnicodeASCIIIter_Type = "str_ascii_iterator", size size_of::<unicodeiterobject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc sequence_iter::dealloc::<PyASCIIObject>),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse sequence_iter::traverse::<PyASCIIObject>),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext sequence_iter::next::<PyASCIIObject>),
    tp_methods: ITERATOR_METHODS.as_ptr(),
}

typed!(unicodeiterobject, PyUnicodeIter_Type);

// Construction.

static NEW: Signature = Signature {
    name: "str",
    parameters: &["object", "encoding", "errors"],
    required: 0,
    positional: 3,
};

pub(super) fn unicode_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [object, encoding, errors] = call::bind_tuple::<3>(&NEW, args, kwargs)?;
    let encoding = expect_optional_text(encoding, "str", "argument 'encoding'")?;
    let errors = expect_optional_text(errors, "str", "argument 'errors'")?;
    let made = match object {
        None => empty().upcast(),
        Some(object) if encoding.is_none() && errors.is_none() => object::str(object)?.upcast(),
        Some(object) => super::codecs::from_encoded_object(object, encoding, errors)?,
    };
    if std::ptr::eq(type_, &PyUnicode_Type) {
        return Ok(made);
    }
    // SAFETY: the value is a str.
    let value = unsafe { made.cast::<PyASCIIObject>() };
    new_of_subclass(type_, &value)
}

/// An instance of a subclass: not compact, its characters in a block of their own.
fn new_of_subclass(type_: &PyTypeObject, value: &PyASCIIObject) -> PyResult {
    let instance = crate::types::allocate(type_, 0)?;
    let size = (value.length.get() as usize + 1) * value.kind() as usize;
    let data = memory::malloc(size);
    if data.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: an instance of a str subclass has the longest header; the block has room for the
    // characters and the NUL behind them.
    unsafe {
        std::ptr::copy_nonoverlapping(data_pointer(value), data, size);
        let text: &PyUnicodeObject = &*instance.as_ptr().cast();
        text.length.set(value.length.get());
        text.hash.set(value.hash.get());
        text.state
            .set(value.state.get() & !(STATE_COMPACT | STATE_INTERNED_MASK));
        text.wstr.set(std::ptr::null_mut());
        text.utf8.set(std::ptr::null_mut());
        text.utf8_length.set(0);
        text.wstr_length.set(0);
        text.data.set(data.cast());
        if value.is_ascii() {
            text.utf8_length.set(value.length.get());
            text.utf8.set(data.cast());
        } else if value.kind() == 4 {
            text.wstr_length.set(value.length.get());
            text.wstr.set(data.cast());
        }
    }
    Ok(instance)
}
