//! The methods of bytearray that change it, its constructor, and the table of all methods.

use super::{PyByteArray_Type, check_exports, data_mut, data_of, from_slice, resize, splice};
use crate::bytes::shared::{self as s, ByteString};
use crate::bytes::{collect_bytes, value_of};
use crate::call::{self, Signature};
use crate::errors::{self, PyResult, index_error, type_error, value_error};
use crate::exceptions::PyExc_TypeError;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::singletons::none;
use crate::unicode::{codecs, expect_optional_text, expect_str, ssize};
use crate::{abstract_, bytes, long, methods, tuple, unicode};
use twinheap_abi::*;

fn bytearray_append(array: &PyByteArrayObject, value: &PyObject) -> PyResult {
    let byte = value_of(value)?;
    let size = data_of(array).len();
    resize(array, size + 1)?;
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array)[size] = byte };
    Ok(none())
}

fn bytearray_insert(array: &PyByteArrayObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("insert", args.len(), 2, 2)?;
    let index = ssize(args[0])?;
    let byte = value_of(args[1])?;
    let size = array.ob_size.get();
    let at = if index < 0 {
        (index + size).max(0)
    } else {
        index.min(size)
    } as usize;
    splice(array, at, at, &[byte])?;
    Ok(none())
}

fn bytearray_extend(array: &PyByteArrayObject, source: &PyObject) -> PyResult {
    if crate::buffer::is_exporter(source) {
        let added = crate::buffer::Buffer::of(source)?.data().to_vec();
        let size = data_of(array).len();
        splice(array, size, size, &added)?;
        return Ok(none());
    }
    let iterator = abstract_::get_iter(source).map_err(|raised| {
        if !errors::matches(&crate::exceptions::PyExc_TypeError) {
            return raised;
        }
        errors::discard(raised);
        type_error(format_args!(
            "can't extend bytearray with {:.100}",
            source.type_().name()
        ))
    })?;
    let mut added = Vec::new();
    while let Some(item) = abstract_::next(&iterator)? {
        added.push(value_of(&item)?);
    }
    let size = data_of(array).len();
    splice(array, size, size, &added)?;
    Ok(none())
}

fn bytearray_pop(array: &PyByteArrayObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pop", args.len(), 0, 1)?;
    let index = args.first().map_or(Ok(-1), |index| ssize(index))?;
    let size = array.ob_size.get();
    if size == 0 {
        return Err(index_error("pop from empty bytearray"));
    }
    let index = if index < 0 { index + size } else { index };
    if index < 0 || index >= size {
        return Err(index_error("pop index out of range"));
    }
    check_exports(array)?;
    let index = index as usize;
    let byte = data_of(array)[index];
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array).copy_within(index + 1.., index) };
    resize(array, size as usize - 1)?;
    long::from_isize(isize::from(byte))
}

fn bytearray_remove(array: &PyByteArrayObject, value: &PyObject) -> PyResult {
    let byte = value_of(value)?;
    let Some(at) = data_of(array).iter().position(|&other| other == byte) else {
        return Err(value_error("value not found in bytearray"));
    };
    check_exports(array)?;
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array).copy_within(at + 1.., at) };
    resize(array, data_of(array).len() - 1)?;
    Ok(none())
}

fn bytearray_reverse(array: &PyByteArrayObject) -> PyResult {
    // SAFETY: no borrow of the data is alive.
    unsafe { data_mut(array).reverse() };
    Ok(none())
}

fn bytearray_clear(array: &PyByteArrayObject) -> PyResult {
    resize(array, 0)?;
    Ok(none())
}

fn bytearray_copy(array: &PyByteArrayObject) -> PyResult {
    array.unchanged()
}

fn bytearray_alloc(array: &PyByteArrayObject) -> PyResult {
    long::from_isize(array.ob_alloc.get())
}

fn bytearray_sizeof(array: &PyByteArrayObject) -> PyResult {
    let own = array.as_object().type_().tp_basicsize.get();
    long::from_isize(own + array.ob_alloc.get())
}

fn state_of(array: &PyByteArrayObject) -> PyResult {
    let state = crate::object::lookup_attr(array.as_object(), crate::id!("__dict__"))?;
    Ok(state.unwrap_or_else(none))
}

fn bytearray_reduce(array: &PyByteArrayObject) -> PyResult {
    let args = match data_of(array) {
        [] => tuple::empty(),
        data => {
            let text = unicode::from_ucs1(data)?.upcast();
            tuple::from_vec(vec![text, unicode::from_str("latin-1")?.upcast()])?
        }
    };
    let class = Own::new(array.as_object().type_()).upcast();
    Ok(tuple::from_vec(vec![class, args.upcast(), state_of(array)?])?.upcast())
}

fn bytearray_reduce_ex(array: &PyByteArrayObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("__reduce_ex__", args.len(), 0, 1)?;
    let protocol = args
        .first()
        .map_or(Ok(0), |protocol| long::as_int(protocol))?;
    if protocol < 3 {
        return bytearray_reduce(array);
    }
    let content = bytes::from_slice(data_of(array))?.upcast();
    let args = match data_of(array) {
        [] => tuple::empty(),
        _ => tuple::from_vec(vec![content])?,
    };
    let class = Own::new(array.as_object().type_()).upcast();
    Ok(tuple::from_vec(vec![class, args.upcast(), state_of(array)?])?.upcast())
}

fn bytearray_fromhex(class: &PyObject, source: &PyObject) -> PyResult {
    let source = expect_str(source, "fromhex", "argument")?;
    let made = from_slice(&bytes::parse_hex(source)?)?.upcast();
    if std::ptr::eq(class, PyByteArray_Type.as_object()) {
        return Ok(made);
    }
    call::call(class, &[&made])
}

/// A bytearray of what a constructor is given.
pub(super) fn from_source(source: &PyObject) -> PyResult<Own<PyByteArrayObject>> {
    if abstract_::has_index(source)
        && let Some(count) = bytes::count_of(source)?
    {
        return super::zeroed(count);
    }
    from_collected(source)
}

/// The bytes of a source that is no count.
fn from_collected(source: &PyObject) -> PyResult<Own<PyByteArrayObject>> {
    match collect_bytes(source)? {
        Some(content) => from_slice(&content),
        None => Err(type_error(format_args!(
            "cannot convert '{:.200}' object to bytearray",
            source.type_().name()
        ))),
    }
}

/// The iterator of a source that is no exporter.
fn plain_iterator(source: &PyObject) -> PyResult<Option<Own>> {
    if crate::buffer::is_exporter(source) {
        return Ok(None);
    }
    match abstract_::get_iter(source) {
        Ok(iterator) => Ok(Some(iterator)),
        Err(raised) if errors::matches(&PyExc_TypeError) => {
            // What cannot be iterated is named where the source is read as a whole.
            errors::discard(raised);
            Ok(None)
        }
        Err(raised) => Err(raised),
    }
}

/// Takes the ints of a list or tuple into a block of their number; not where there is anything but ints.
fn fill_from_ints(array: &PyByteArrayObject, source: &PyObject) -> PyResult<bool> {
    let items = if let Some(items) = source.downcast_exact::<PyListObject>() {
        crate::list::items(items)
    } else if let Some(items) = source.downcast_exact::<PyTupleObject>() {
        tuple::items(items)
    } else {
        return Ok(false);
    };
    resize(array, items.len())?;
    for (index, item) in items.iter().enumerate() {
        if item.downcast_exact::<PyLongObject>().is_none() {
            resize(array, 0)?;
            return Ok(false);
        }
        let value = bytes::value_of(item)?;
        // SAFETY: the block has room for all items.
        unsafe { array.ob_start.get().add(index).write(value) };
    }
    Ok(true)
}

/// Appends byte by byte, so that the block grows as by `append`.
fn append_all(array: &PyByteArrayObject, iterator: &PyObject) -> PyResult<()> {
    while let Some(item) = abstract_::next(iterator)? {
        let value = bytes::value_of(&item)?;
        let size = array.ob_size.get() as usize;
        resize(array, size + 1)?;
        // SAFETY: the block has room for one byte more.
        unsafe { array.ob_start.get().add(size).write(value) };
    }
    Ok(())
}

static INIT: Signature = Signature {
    name: "bytearray",
    parameters: &["source", "encoding", "errors"],
    required: 0,
    positional: 3,
};

pub(super) fn bytearray_generic_new(
    type_: &PyTypeObject,
    _: &PyTupleObject,
    _: Option<&PyDictObject>,
) -> PyResult {
    crate::types::allocate(type_, 0)
}

pub(super) fn bytearray_init(
    array: &PyByteArrayObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    let [source, encoding, handler] = call::bind_tuple::<3>(&INIT, args, kwargs)?;
    let encoding = expect_optional_text(encoding, "bytearray", "argument 'encoding'")?;
    let handler = expect_optional_text(handler, "bytearray", "argument 'errors'")?;
    resize(array, 0)?;
    let Some(source) = source else {
        return match (encoding, handler) {
            (None, None) => Ok(()),
            (Some(_), _) => Err(type_error("encoding without a string argument")),
            (None, Some(_)) => Err(type_error("errors without a string argument")),
        };
    };
    if let Some(text) = source.downcast_ref::<PyASCIIObject>() {
        let Some(encoding) = encoding else {
            return Err(type_error("string argument without an encoding"));
        };
        let encoded = codecs::as_encoded_string(text, Some(encoding), handler)?;
        return match encoded.downcast_ref::<PyBytesObject>() {
            Some(content) => splice(array, 0, 0, bytes::data_of(content)),
            None => Err(type_error("encoder did not return a bytes object")),
        };
    }
    if encoding.is_some() {
        return Err(type_error("encoding without a string argument"));
    }
    if handler.is_some() {
        return Err(type_error("errors without a string argument"));
    }
    if abstract_::has_index(source)
        && let Some(count) = bytes::count_of(source)?
    {
        let zeros = super::zeroed(count)?;
        return splice(array, 0, 0, data_of(&zeros));
    }
    if fill_from_ints(array, source)? {
        return Ok(());
    }
    if let Some(iterator) = plain_iterator(source)? {
        return append_all(array, &iterator);
    }
    let made = from_collected(source)?;
    splice(array, 0, 0, data_of(&made))
}

type B = PyByteArrayObject;

methods! {
    pub(super) static BYTEARRAY_METHODS:
    "__alloc__" => noargs(bytearray_alloc);
    "__reduce__" => noargs(bytearray_reduce, "($self, /)");
    "__reduce_ex__" => fast(bytearray_reduce_ex, "($self, proto=0, /)");
    "__sizeof__" => noargs(bytearray_sizeof, "($self, /)");
    "append" => o(bytearray_append, "($self, item, /)");
    "capitalize" => noargs(s::capitalize::<B>);
    "center" => fast(s::center::<B>, "($self, width, fillchar=b\' \', /)");
    "clear" => noargs(bytearray_clear, "($self, /)");
    "copy" => noargs(bytearray_copy, "($self, /)");
    "count" => varargs(s::count::<B>);
    "decode" => keywords(s::decode::<B>, "($self, /, encoding=\'utf-8\', errors=\'strict\')");
    "endswith" => varargs(s::endswith::<B>);
    "expandtabs" => keywords(s::expandtabs::<B>, "($self, /, tabsize=8)");
    "extend" => o(bytearray_extend, "($self, iterable_of_ints, /)");
    "find" => varargs(s::find::<B>);
    "fromhex" => o(bytearray_fromhex, "($type, string, /)") | METH_CLASS;
    "hex" => keywords(s::hex::<B>, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)");
    "index" => varargs(s::index::<B>);
    "insert" => fast(bytearray_insert, "($self, index, item, /)");
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
    "pop" => fast(bytearray_pop, "($self, index=-1, /)");
    "remove" => o(bytearray_remove, "($self, value, /)");
    "replace" => fast(s::replace::<B>, "($self, old, new, count=-1, /)");
    "removeprefix" => o(s::removeprefix::<B>, "($self, prefix, /)");
    "removesuffix" => o(s::removesuffix::<B>, "($self, suffix, /)");
    "reverse" => noargs(bytearray_reverse, "($self, /)");
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
