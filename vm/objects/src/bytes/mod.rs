//! bytes (`Objects/bytesobject.c`): bytes behind a header, and a NUL behind them.
//!
//! The empty one and the 256 of one byte are singletons.

mod construct;
mod percent;
pub(crate) mod shared;
mod writer;

pub use construct::{collect_bytes, from_object, value_of};
pub(crate) use construct::{count_of, parse_hex};
pub use percent::format;
pub use writer::Writer;

use crate::abstract_;
use crate::buffer::{self, Buffer};
use crate::errors::{self, PyResult, index_error, overflow_error, type_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt, compare_result};
use crate::own::{Layout, Own};
use crate::sequence_iter::{self, IndexIterator, Indexed};
use crate::singletons::not_implemented;
use crate::state::Global;
use crate::{long, methods, slice, slot, static_type, tuple, typed, unicode};
use shared::{self as s, ByteString};
use std::cell::Cell;
use std::ffi::c_int;
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_arith::hash::hash_bytes;

typed!(PyBytesObject, PyBytes_Type, flag Py_TPFLAGS_BYTES_SUBCLASS);

/// Bytes of the header, and of the NUL.
const HEADER: usize = offset_of!(PyBytesObject, ob_sval) + 1;

static SINGLE: Global<[Cell<*mut PyBytesObject>; 256]> =
    Global([const { Cell::new(null_mut()) }; 256]);
static EMPTY: Global<Cell<*mut PyBytesObject>> = Global(Cell::new(null_mut()));

fn allocate(length: usize) -> PyResult<Own<PyBytesObject>> {
    if length > isize::MAX as usize - HEADER {
        return Err(overflow_error("byte string is too large"));
    }
    let object: *mut PyBytesObject = memory::new_object(&PyBytes_Type, HEADER + length)?;
    // SAFETY: fresh memory of the header, `length` bytes and a NUL.
    unsafe {
        let bytes = &*object;
        bytes.ob_size.set(length as isize);
        bytes.ob_shash.set(-1);
        data_pointer(bytes).add(length).write(0);
        Ok(Own::from_raw(object))
    }
}

/// So many zero bytes; a large object costs no memory until it is touched.
fn zeroed(length: usize) -> PyResult<Own<PyBytesObject>> {
    if length == 0 {
        return from_slice(&[]);
    }
    if length > isize::MAX as usize - HEADER {
        return Err(overflow_error("byte string is too large"));
    }
    let object: *mut PyBytesObject = memory::calloc(HEADER + length).cast();
    if object.is_null() {
        return Err(crate::errors::no_memory());
    }
    // SAFETY: fresh memory of the header, `length` bytes and a NUL, all zero.
    unsafe {
        memory::init_header(object.cast(), &PyBytes_Type);
        let bytes = &*object;
        bytes.ob_size.set(length as isize);
        bytes.ob_shash.set(-1);
        Ok(Own::from_raw(object))
    }
}

/// Where the bytes lie.
fn data_pointer(bytes: &PyBytesObject) -> *mut u8 {
    bytes.ob_sval.as_ptr().cast_mut().cast()
}

fn singleton(slot: &Cell<*mut PyBytesObject>, data: &[u8]) -> PyResult<Own<PyBytesObject>> {
    if slot.get().is_null() {
        let made = allocate(data.len())?;
        // SAFETY: room for the data.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), data_pointer(&made), data.len()) };
        slot.set(made.into_raw());
    }
    // SAFETY: made once, never freed.
    Ok(Own::new(unsafe { &*slot.get() }))
}

/// `PyBytes_FromStringAndSize`.
#[doc(alias = "PyBytes_FromStringAndSize")]
pub fn from_slice(data: &[u8]) -> PyResult<Own<PyBytesObject>> {
    match data {
        [] => {
            let empty = singleton(&EMPTY, data)?;
            // CPython has hashed it before any program runs.
            empty.ob_shash.set(0);
            return Ok(empty);
        }
        [byte] => return singleton(&SINGLE[*byte as usize], data),
        _ => {}
    }
    let made = allocate(data.len())?;
    // SAFETY: room for the data.
    unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), data_pointer(&made), data.len()) };
    Ok(made)
}

/// Bytes made as `PyBytes_FromStringAndSize` makes them when it is given no data yet: a single byte
/// is no singleton then.
pub fn from_slice_fresh(data: &[u8]) -> PyResult<Own<PyBytesObject>> {
    if data.len() != 1 {
        return from_slice(data);
    }
    let made = allocate(1)?;
    // SAFETY: room for the byte.
    unsafe { *data_pointer(&made) = data[0] };
    Ok(made)
}

/// The bytes.
#[inline(always)]
pub fn data_of(bytes: &PyBytesObject) -> &[u8] {
    // SAFETY: `ob_size` bytes follow the header.
    unsafe { std::slice::from_raw_parts(data_pointer(bytes), bytes.ob_size.get() as usize) }
}

/// A copy of the bytes of an object that exports its memory; none where it does not.
pub fn copy_of_buffer(object: &PyObject) -> PyResult<Option<Vec<u8>>> {
    if !buffer::is_exporter(object) {
        return Ok(None);
    }
    crate::memoryview::bytes_of(object).map(Some)
}

impl ByteString for PyBytesObject {
    const NAME: &'static str = "bytes";
    type Pin<'a> = ();

    fn pin(&self) {}

    fn data(&self) -> &[u8] {
        data_of(self)
    }

    fn make(data: &[u8]) -> PyResult {
        Ok(from_slice(data)?.upcast())
    }

    fn make_new(data: &[u8]) -> PyResult {
        Ok(from_slice_fresh(data)?.upcast())
    }

    fn unchanged(&self) -> PyResult {
        match self.as_object().is_exactly(&PyBytes_Type) {
            true => Ok(Own::new(self).upcast()),
            false => Self::make(data_of(self)),
        }
    }
}

/// How many characters a byte takes in a repr with this quote.
fn escaped_width(byte: u8, quote: u8) -> usize {
    match byte {
        b'\t' | b'\n' | b'\r' | b'\\' => 2,
        _ if byte == quote => 2,
        b' '..=b'~' => 1,
        _ => 4,
    }
}

/// Writes text made of ASCII into a str of known length.
pub(crate) fn write_ascii(
    length: usize,
    fill: impl FnOnce(&mut dyn FnMut(&[u8])),
) -> PyResult<Own<PyASCIIObject>> {
    let made = unicode::new_uninitialised(length, 0x7f)?;
    if length == 0 {
        return Ok(made);
    }
    let start = unicode::data_pointer(&made);
    let mut at = 0;
    fill(&mut |piece| {
        assert!(at + piece.len() <= length, "a text longer than announced");
        // SAFETY: the str has room for `length` characters.
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), start.add(at), piece.len()) };
        at += piece.len();
    });
    assert_eq!(at, length, "a text shorter than announced");
    Ok(made)
}

/// The text of a byte string between quotes, behind `head` and in front of `tail`; `escaped_quote` is the
/// quote that takes a backslash.
pub(crate) fn quoted(
    head: &str,
    data: &[u8],
    quote: u8,
    escaped_quote: u8,
    tail: &str,
) -> PyResult<Own<PyASCIIObject>> {
    let width: usize = data
        .iter()
        .map(|&byte| escaped_width(byte, escaped_quote))
        .sum();
    write_ascii(head.len() + width + 2 + tail.len(), |put| {
        put(head.as_bytes());
        put(&[quote]);
        for &byte in data {
            match byte {
                b'\t' => put(b"\\t"),
                b'\n' => put(b"\\n"),
                b'\r' => put(b"\\r"),
                b'\\' => put(b"\\\\"),
                _ if byte == escaped_quote => put(&[b'\\', byte]),
                b' '..=b'~' => put(&[byte]),
                _ => put(format!("\\x{byte:02x}").as_bytes()),
            }
        }
        put(&[quote]);
        put(tail.as_bytes());
    })
}

/// The quote that a repr of bytes takes.
pub(crate) fn quote_for(data: &[u8]) -> u8 {
    match data.contains(&b'\'') && !data.contains(&b'"') {
        true => b'"',
        false => b'\'',
    }
}

fn bytes_repr(bytes: &PyBytesObject) -> PyResult {
    let data = data_of(bytes);
    let quote = quote_for(data);
    Ok(quoted("b", data, quote, quote, "")?.upcast())
}

/// The hash, kept in the object.
pub fn hash(bytes: &PyBytesObject) -> Py_hash_t {
    if bytes.ob_shash.get() == -1 {
        bytes
            .ob_shash
            .set(hash_bytes(unicode::hash_secret(), data_of(bytes)) as isize);
    }
    bytes.ob_shash.get()
}

fn bytes_hash(bytes: &PyBytesObject) -> PyResult<Py_hash_t> {
    Ok(hash(bytes))
}

fn bytes_length(bytes: &PyBytesObject) -> PyResult<usize> {
    Ok(bytes.ob_size.get() as usize)
}

fn bytes_concat(left: &PyBytesObject, right: &PyObject) -> PyResult {
    if let Some(right) = right.downcast_ref::<PyBytesObject>() {
        if left.ob_size.get() == 0 && right.as_object().is_exactly(&PyBytes_Type) {
            return Ok(Own::new(right).upcast());
        }
        if right.ob_size.get() == 0 && left.as_object().is_exactly(&PyBytes_Type) {
            return Ok(Own::new(left).upcast());
        }
        return Ok(from_slice(&[data_of(left), data_of(right)].concat())?.upcast());
    }
    let added = Buffer::of_or(right, || shared::no_concat(left.as_object(), right))?;
    if added.data().is_empty() && left.as_object().is_exactly(&PyBytes_Type) {
        return Ok(Own::new(left).upcast());
    }
    Ok(from_slice(&[data_of(left), added.data()].concat())?.upcast())
}

fn bytes_repeat(bytes: &PyBytesObject, count: isize) -> PyResult {
    let count = count.max(0) as usize;
    let data = data_of(bytes);
    if data
        .len()
        .checked_mul(count)
        .is_none_or(|total| total > isize::MAX as usize)
    {
        return Err(overflow_error("repeated bytes are too long"));
    }
    if (count == 1 || data.is_empty()) && bytes.as_object().is_exactly(&PyBytes_Type) {
        return Ok(Own::new(bytes).upcast());
    }
    if count * data.len() > 1 << 46 {
        return Err(errors::no_memory());
    }
    let total = data.len() * count;
    let made = allocate(total)?;
    // SAFETY: the new bytes have room for the data, which nobody else sees yet.
    let target = unsafe { std::slice::from_raw_parts_mut(data_pointer(&made).cast::<u8>(), total) };
    match data {
        [] => {}
        [byte] => target.fill(*byte),
        _ => target
            .chunks_exact_mut(data.len())
            .for_each(|piece| piece.copy_from_slice(data)),
    }
    Ok(made.upcast())
}

fn bytes_item(bytes: &PyBytesObject, index: isize) -> PyResult {
    match data_of(bytes).get(index as usize) {
        Some(&byte) if index >= 0 => long::from_isize(isize::from(byte)),
        _ => Err(index_error("index out of range")),
    }
}

fn bytes_contains(bytes: &PyBytesObject, needle: &PyObject) -> PyResult<bool> {
    s::contains(bytes, needle)
}

fn bytes_subscript(bytes: &PyBytesObject, key: &PyObject) -> PyResult {
    if let Some(index) = abstract_::index_or_slice(key)? {
        return bytes_item(
            bytes,
            if index < 0 {
                index + bytes.ob_size.get()
            } else {
                index
            },
        );
    }
    let Some(key) = key.downcast_ref::<PySliceObject>() else {
        return Err(type_error(format_args!(
            "byte indices must be integers or slices, not {:.200}",
            key.type_().name()
        )));
    };
    let span = slice::indices(key, || bytes.ob_size.get())?;
    let data = data_of(bytes);
    if span.start == 0 && span.step == 1 && span.length == bytes.ob_size.get() {
        return bytes.unchanged();
    }
    let picked: Vec<u8> = span.positions().map(|at| data[at]).collect();
    if span.step == 1 {
        return Ok(from_slice(&picked)?.upcast());
    }
    Ok(from_slice_fresh(&picked)?.upcast())
}

fn bytes_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(right)) = (
        a.downcast_ref::<PyBytesObject>(),
        b.downcast_ref::<PyBytesObject>(),
    ) else {
        return Ok(not_implemented());
    };
    Ok(compare_result(data_of(left).cmp(data_of(right)), op))
}

fn bytes_mod(a: &PyObject, b: &PyObject) -> PyResult {
    match a.downcast_ref::<PyBytesObject>() {
        Some(template) => Ok(format(data_of(template), b)?.finish()?.upcast()),
        None => Ok(not_implemented()),
    }
}

unsafe extern "C" fn bytes_getbuffer(
    this: *mut PyObject,
    view: *mut Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: called with a live bytes and a valid view.
    unsafe {
        let bytes: &PyBytesObject = crate::own::arg(this);
        let length = bytes.ob_size.get() as usize;
        match buffer::fill_info(
            view,
            bytes.as_object(),
            data_pointer(bytes),
            length,
            true,
            flags,
        ) {
            Ok(()) => 0,
            Err(_) => -1,
        }
    }
}

fn bytes_bytes(bytes: &PyBytesObject) -> PyResult {
    bytes.unchanged()
}

fn bytes_getnewargs(bytes: &PyBytesObject) -> PyResult {
    Ok(tuple::from_vec(vec![from_slice(data_of(bytes))?.upcast()])?.upcast())
}

// Iteration.

/// A bytes iterator: the bytes until they are used up, and the next index.
#[expect(non_camel_case_types, reason = "CPython's own name")]
pub(crate) type striterobject = IndexIterator<PyBytesObject>;

impl Indexed for PyBytesObject {
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

fn bytes_iter(bytes: &PyBytesObject) -> PyResult {
    sequence_iter::new(bytes, &PyBytesIter_Type)
}

methods! {
    static ITERATOR_METHODS:
    "__length_hint__" => noargs(sequence_iter::length_hint::<PyBytesObject>);
    "__reduce__" => noargs(sequence_iter::reduce::<PyBytesObject>);
    "__setstate__" => o(sequence_iter::setstate::<PyBytesObject>);
}

static_type! {
    /// `bytes_iterator`.
    PyBytesIter_Type = "bytes_iterator", size size_of::<striterobject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc sequence_iter::dealloc::<PyBytesObject>),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse sequence_iter::traverse::<PyBytesObject>),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext sequence_iter::next::<PyBytesObject>),
    tp_methods: ITERATOR_METHODS.as_ptr(),
}

type B = PyBytesObject;

methods! {
    static BYTES_METHODS:
    "__getnewargs__" => noargs(bytes_getnewargs);
    "__bytes__" => noargs(bytes_bytes, "($self, /)");
    "capitalize" => noargs(s::capitalize::<B>);
    "center" => fast(s::center::<B>, "($self, width, fillchar=b\' \', /)");
    "count" => varargs(s::count::<B>);
    "decode" => keywords(s::decode::<B>, "($self, /, encoding=\'utf-8\', errors=\'strict\')");
    "endswith" => varargs(s::endswith::<B>);
    "expandtabs" => keywords(s::expandtabs::<B>, "($self, /, tabsize=8)");
    "find" => varargs(s::find::<B>);
    "fromhex" => o(construct::bytes_fromhex, "($type, string, /)") | METH_CLASS;
    "hex" => keywords(s::hex::<B>, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)");
    "index" => varargs(s::index::<B>);
    "isalnum" => noargs(s::isalnum::<B>);
    "isalpha" => noargs(s::isalpha::<B>);
    "isascii" => noargs(s::isascii::<B>);
    "isdigit" => noargs(s::isdigit::<B>);
    "islower" => noargs(s::islower::<B>);
    "isspace" => noargs(s::isspace::<B>);
    "istitle" => noargs(s::istitle::<B>);
    "isupper" => noargs(s::isupper::<B>);
    "join" => o(s::join::<B>, "($self, iterable_of_bytes, /)");
    "ljust" => fast(s::ljust::<B>, "($self, width, fillchar=b\' \', /)");
    "lower" => noargs(s::lower::<B>);
    "lstrip" => fast(s::lstrip::<B>, "($self, bytes=None, /)");
    "maketrans" => fast(s::maketrans, "(frm, to, /)") | METH_STATIC;
    "partition" => o(s::partition::<B>, "($self, sep, /)");
    "replace" => fast(s::replace::<B>, "($self, old, new, count=-1, /)");
    "removeprefix" => o(s::removeprefix::<B>, "($self, prefix, /)");
    "removesuffix" => o(s::removesuffix::<B>, "($self, suffix, /)");
    "rfind" => varargs(s::rfind::<B>);
    "rindex" => varargs(s::rindex::<B>);
    "rjust" => fast(s::rjust::<B>, "($self, width, fillchar=b\' \', /)");
    "rpartition" => o(s::rpartition::<B>, "($self, sep, /)");
    "rsplit" => keywords(s::rsplit::<B>, "($self, /, sep=None, maxsplit=-1)");
    "rstrip" => fast(s::rstrip::<B>, "($self, bytes=None, /)");
    "split" => keywords(s::split::<B>, "($self, /, sep=None, maxsplit=-1)");
    "splitlines" => keywords(s::splitlines::<B>, "($self, /, keepends=False)");
    "startswith" => varargs(s::startswith::<B>);
    "strip" => fast(s::strip::<B>, "($self, bytes=None, /)");
    "swapcase" => noargs(s::swapcase::<B>);
    "title" => noargs(s::title::<B>);
    "translate" => keywords(s::translate::<B>, "($self, table, /, delete=b\'\')");
    "upper" => noargs(s::upper::<B>);
    "zfill" => o(s::zfill::<B>, "($self, width, /)");
}

static_type! {
    /// `bytes`.
    PyBytes_Type = "bytes", size HEADER, 1,
        flags Py_TPFLAGS_BASETYPE | Py_TPFLAGS_BYTES_SUBCLASS | _Py_TPFLAGS_MATCH_SELF;
    number { nb_remainder: slot!(binary bytes_mod) }
    sequence {
        sq_length: slot!(len bytes_length),
        sq_concat: slot!(binary bytes_concat),
        sq_repeat: slot!(ssizearg bytes_repeat),
        sq_item: slot!(ssizearg bytes_item),
        sq_contains: slot!(objobj bytes_contains),
    }
    mapping {
        mp_length: slot!(len bytes_length),
        mp_subscript: slot!(binary bytes_subscript),
    }
    buffer { bf_getbuffer: Some(bytes_getbuffer) }
    tp_repr: slot!(unary bytes_repr),
    tp_hash: slot!(hash bytes_hash),
    tp_str: slot!(unary bytes_repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp bytes_richcompare),
    tp_iter: slot!(unary bytes_iter),
    tp_methods: BYTES_METHODS.as_ptr(),
    tp_alloc: Some(construct::bytes_alloc),
    tp_new: slot!(new construct::bytes_new),
    tp_free: Some(memory::object_free),
}
