//! memoryview (`Objects/memoryobject.c`): a window on the memory of another object.
//!
//! The exporter is asked once, by a managed buffer that all views of it share. A view has its own copy of
//! the shape and the strides, in any number of dimensions; no exporter here has suboffsets, and one that had
//! would be refused.

mod format;
mod items;
mod iter;

pub use iter::_PyMemoryIter_Type;

use crate::abstract_;
use crate::buffer::{self, Buffer, Order};
use crate::bytes::{self, shared};
use crate::call::{self, Args, Signature};
use crate::errors::{PyResult, Raised, buffer_error, not_implemented, type_error, value_error};
use crate::exceptions::PyExc_IndexError;
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{self, bool_object, none};
use crate::unicode::codecs::{Encoding, encode};
use crate::{
    getset, list, long, methods, slice, slot, static_type, tuple, typed, unicode, weakref,
};
use format::Format;
use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_arith::hash::hash_bytes;

typed!(PyMemoryViewObject, PyMemoryView_Type);

const RELEASED: c_int = 1;
const C_CONTIGUOUS: c_int = 2;
const FORTRAN: c_int = 4;
const SCALAR: c_int = 8;

/// `PyBUF_MAX_NDIM`.
const MAX_DIMENSIONS: usize = 64;

const HEADER: usize = offset_of!(PyMemoryViewObject, ob_array);

/// The view's own description of the memory.
fn view(object: &PyMemoryViewObject) -> &Py_buffer {
    // SAFETY: written only while the view is made and released, under no other borrow.
    unsafe { &*object.view.get() }
}

/// Whether the view or the managed buffer has been released.
fn is_released(object: &PyMemoryViewObject) -> bool {
    object.flags.get() & RELEASED != 0
        || Field::as_ref(&object.mbuf).is_none_or(|managed| managed.flags.get() & RELEASED != 0)
}

fn check(object: &PyMemoryViewObject) -> PyResult<&Py_buffer> {
    match is_released(object) {
        true => Err(value_error(
            "operation forbidden on released memoryview object",
        )),
        false => Ok(view(object)),
    }
}

fn format_of(view: &Py_buffer) -> &str {
    if view.format.is_null() {
        return "B";
    }
    // SAFETY: the exporter keeps its format alive.
    unsafe { CStr::from_ptr(view.format) }
        .to_str()
        .unwrap_or("?")
}

/// `adjust_fmt`, and the check that a single item goes through: native formats of one character.
fn item_format(view: &Py_buffer) -> PyResult<Format> {
    let text = format_of(view);
    Format::of(text).ok_or_else(|| match text.strip_prefix('@').unwrap_or(text).len() {
        1 => not_implemented(format_args!("memoryview: format {text} not supported")),
        _ => not_implemented(format_args!("memoryview: unsupported format {text}")),
    })
}

/// A copy of the bytes that a memoryview shows, whatever its strides.
pub(crate) fn copy_of(object: &PyMemoryViewObject) -> PyResult<Vec<u8>> {
    Ok(items::contents(check(object)?, Order::C))
}

fn new_managed(exporter: &PyObject) -> PyResult<Own<_PyManagedBufferObject>> {
    let object: *mut _PyManagedBufferObject =
        memory::new_gc_object(&_PyManagedBuffer_Type, size_of::<_PyManagedBufferObject>())?;
    // SAFETY: fresh memory; the exporter's own function fills the description.
    unsafe {
        let made = &*object;
        made.flags.set(0);
        made.exports.set(0);
        let master = made.master.get();
        master.write(buffer::empty_view());
        buffer::fill(exporter, master, buffer::PyBUF_FULL_RO)
            .inspect_err(|_| memory::gc_del(object.cast()))?;
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// The view's own arrays: the shape and the strides, as long as the view has dimensions.
fn arrays(object: &PyMemoryViewObject) -> (&[Cell<isize>], &[Cell<isize>]) {
    let view = view(object);
    let count = view.ndim as usize;
    if count == 0 {
        return (&[], &[]);
    }
    // SAFETY: a memoryview's shape and strides lie behind its header, `ndim` of each.
    unsafe {
        (
            std::slice::from_raw_parts(view.shape.cast(), count),
            std::slice::from_raw_parts(view.strides.cast(), count),
        )
    }
}

/// Writes to the view's description of the memory.
fn describe(object: &PyMemoryViewObject, change: impl FnOnce(&mut Py_buffer)) {
    // SAFETY: the change runs no other code of the view's.
    change(unsafe { &mut *object.view.get() });
}

/// `mbuf_add_incomplete_view`: shape, strides and flags are still to come.
fn new_incomplete_view(
    managed: &_PyManagedBufferObject,
    source: &Py_buffer,
    dimensions: usize,
) -> PyResult<Own<PyMemoryViewObject>> {
    let object: *mut PyMemoryViewObject =
        memory::new_gc_object(&PyMemoryView_Type, HEADER + 3 * dimensions * 8)?;
    // SAFETY: fresh memory of the header and three sizes a dimension; tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.ob_size.set(3 * dimensions as isize);
        made.mbuf.set(Own::new(managed).into_raw());
        managed.exports.set(managed.exports.get() + 1);
        made.hash.set(-1);
        made.flags.set(0);
        made.exports.set(0);
        made.weakreflist.set(std::ptr::null_mut());
        let sizes: *mut isize = made.ob_array.as_ptr().cast_mut().cast();
        made.view.get().write(Py_buffer {
            ndim: dimensions as c_int,
            format: if source.format.is_null() {
                c"B".as_ptr().cast_mut()
            } else {
                source.format
            },
            shape: sizes,
            strides: sizes.add(dimensions),
            suboffsets: std::ptr::null_mut(),
            ..*source
        });
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// `mbuf_add_view`: a view of all that the source shows.
fn new_view(
    managed: &_PyManagedBufferObject,
    source: &Py_buffer,
) -> PyResult<Own<PyMemoryViewObject>> {
    let dimensions = source.ndim as usize;
    if dimensions > MAX_DIMENSIONS {
        return Err(too_many_dimensions());
    }
    if !source.suboffsets.is_null() {
        return Err(not_implemented("memoryview: suboffsets"));
    }
    let made = new_incomplete_view(managed, source, dimensions)?;
    if dimensions == 0 {
        describe(&made, |view| {
            view.shape = std::ptr::null_mut();
            view.strides = std::ptr::null_mut();
        });
    }
    let (shape, strides) = arrays(&made);
    for (slot, size) in shape.iter().zip(items::shape(source)) {
        slot.set(*size);
    }
    for (slot, stride) in strides.iter().zip(items::strides(source)) {
        slot.set(*stride);
    }
    set_flags(&made);
    Ok(made)
}

fn too_many_dimensions() -> Raised {
    value_error("memoryview: number of dimensions must not exceed 64")
}

/// `init_flags`: in which orders the items lie without gaps.
fn set_flags(object: &PyMemoryViewObject) {
    let view = view(object);
    let flags = match view.ndim {
        0 => SCALAR | C_CONTIGUOUS | FORTRAN,
        1 if items::shape(view)[0] == 1 || items::strides(view)[0] == view.itemsize => {
            C_CONTIGUOUS | FORTRAN
        }
        1 => 0,
        _ => {
            let set = |order, flag| {
                if buffer::is_contiguous(view, order) {
                    flag
                } else {
                    0
                }
            };
            set(Order::C, C_CONTIGUOUS) | set(Order::Fortran, FORTRAN)
        }
    };
    object.flags.set(flags);
}

/// `PyMemoryView_FromObject`.
pub fn from_object(object: &PyObject) -> PyResult {
    if let Some(other) = object.downcast_ref::<PyMemoryViewObject>() {
        return Ok(new_view(other.mbuf.expect_ref(), check(other)?)?.upcast());
    }
    if !buffer::is_exporter(object) {
        return Err(type_error(format_args!(
            "memoryview: a bytes-like object is required, not '{:.200}'",
            object.type_().name()
        )));
    }
    let managed = new_managed(object)?;
    // SAFETY: filled when the managed buffer was made.
    Ok(new_view(&managed, unsafe { &*managed.master.get() })?.upcast())
}

static NEW: Signature = Signature {
    name: "memoryview",
    parameters: &["object"],
    required: 1,
    positional: 1,
};

fn memory_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let [object] = call::bind_tuple::<1>(&NEW, args, kwargs)?;
    from_object(object.unwrap_or(&singletons::_Py_NoneStruct))
}

/// Lets go of the exporter once no view is left.
fn release_managed(managed: &_PyManagedBufferObject) {
    if managed.flags.get() & RELEASED != 0 {
        return;
    }
    managed.flags.set(managed.flags.get() | RELEASED);
    // SAFETY: filled by the exporter, released once.
    unsafe {
        memory::untrack(managed.as_raw());
        buffer::release(&mut *managed.master.get());
    }
}

fn release(object: &PyMemoryViewObject) -> PyResult<()> {
    if object.flags.get() & RELEASED != 0 {
        return Ok(());
    }
    match object.exports.get() {
        0 => {
            object.flags.set(object.flags.get() | RELEASED);
            if let Some(managed) = Field::as_ref(&object.mbuf) {
                managed.exports.set(managed.exports.get() - 1);
                if managed.exports.get() == 0 {
                    release_managed(managed);
                }
            }
            Ok(())
        }
        exports => Err(buffer_error(format_args!(
            "memoryview has {exports} exported buffer{}",
            if exports == 1 { "" } else { "s" }
        ))),
    }
}

fn memory_release(object: &PyMemoryViewObject) -> PyResult {
    release(object)?;
    Ok(none())
}

fn memory_enter(object: &PyMemoryViewObject) -> PyResult {
    check(object)?;
    Ok(Own::new(object).upcast())
}

fn memory_exit(object: &PyMemoryViewObject, _: &PyTupleObject) -> PyResult {
    memory_release(object)
}

fn memory_length(object: &PyMemoryViewObject) -> PyResult<usize> {
    Ok(items::length(check(object)?))
}

#[cold]
fn no_dimension() -> Raised {
    type_error("invalid indexing of 0-dim memory")
}

#[cold]
fn no_sub_views() -> Raised {
    not_implemented("sub-views are not implemented")
}

fn memory_item(object: &PyMemoryViewObject, index: isize) -> PyResult {
    let view = check(object)?;
    let format = item_format(view)?;
    match view.ndim {
        0 => Err(no_dimension()),
        1 => format.unpack(items::bytes_at(view, items::place(view, &[index])?)),
        _ => Err(not_implemented(
            "multi-dimensional sub-views are not implemented",
        )),
    }
}

/// Whether a key is a tuple of which every part passes.
fn is_tuple_of(key: &PyObject, passes: fn(&PyObject) -> bool) -> bool {
    key.downcast_ref::<PyTupleObject>()
        .is_some_and(|many| tuple::items(many).iter().all(|part| passes(part)))
}

/// What a key asks for.
enum Key<'a> {
    Whole,
    Index(&'a PyObject),
    Slice(&'a PySliceObject),
    Indices(&'a PyTupleObject),
    Slices,
    Unknown,
}

impl Key<'_> {
    fn of(key: &PyObject) -> Key<'_> {
        if abstract_::has_index(key) {
            return Key::Index(key);
        }
        if let Some(slice) = key.downcast_ref::<PySliceObject>() {
            return Key::Slice(slice);
        }
        if std::ptr::eq(key, &raw const singletons::_Py_EllipsisObject) {
            return Key::Whole;
        }
        let is_slice = |part: &PyObject| part.downcast_ref::<PySliceObject>().is_some();
        match key.downcast_ref::<PyTupleObject>() {
            Some(many) if is_tuple_of(key, abstract_::has_index) => Key::Indices(many),
            Some(_) if is_tuple_of(key, is_slice) => Key::Slices,
            _ => Key::Unknown,
        }
    }
}

#[cold]
fn bad_key() -> Raised {
    type_error("memoryview: invalid slice key")
}

/// `ptr_from_tuple`: where the item of a tuple of indices lies.
fn place_of(view: &Py_buffer, indices: &PyTupleObject) -> PyResult<*mut u8> {
    let count = indices.ob_size.get();
    if count < view.ndim as isize {
        return Err(no_sub_views());
    }
    if count > view.ndim as isize {
        return Err(type_error(format_args!(
            "cannot index {}-dimension view with {count}-element tuple",
            view.ndim
        )));
    }
    let mut place = view.buf.cast::<u8>();
    for (dimension, index) in tuple::items(indices).iter().enumerate() {
        let index = index_of(index)?;
        place = items::step(view, place, dimension, index)?;
    }
    Ok(place)
}

fn index_of(key: &PyObject) -> PyResult<isize> {
    abstract_::as_ssize(key, Some(&PyExc_IndexError))
}

fn memory_subscript(object: &PyMemoryViewObject, key: &PyObject) -> PyResult {
    let view = check(object)?;
    let unpack = |place| item_format(view)?.unpack(items::bytes_at(view, place));
    match (view.ndim, Key::of(key)) {
        (0, Key::Indices(indices)) if indices.ob_size.get() == 0 => unpack(view.buf.cast()),
        (0, Key::Whole) => Ok(Own::new(object).upcast()),
        (0, _) => Err(no_dimension()),
        (_, Key::Index(index)) => memory_item(object, index_of(index)?),
        (_, Key::Slice(key)) => {
            let part = new_view(object.mbuf.expect_ref(), view)?;
            let (shape, strides) = arrays(&part);
            let span = slice::indices(key, || shape[0].get())?;
            describe(&part, |part| {
                part.buf = part.buf.wrapping_byte_offset(span.start * strides[0].get());
            });
            shape[0].set(span.length);
            strides[0].set(strides[0].get() * span.step);
            let count: isize = shape.iter().map(Cell::get).product();
            describe(&part, |part| part.len = count * part.itemsize);
            set_flags(&part);
            Ok(part.upcast())
        }
        (_, Key::Indices(indices)) => {
            item_format(view)?;
            unpack(place_of(view, indices)?)
        }
        (_, Key::Slices) => Err(not_implemented(
            "multi-dimensional slicing is not implemented",
        )),
        (_, Key::Whole | Key::Unknown) => Err(bad_key()),
    }
}

fn memory_ass_subscript(
    object: &PyMemoryViewObject,
    key: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    let view = check(object)?;
    let format = item_format(view)?;
    if view.readonly != 0 {
        return Err(type_error("cannot modify read-only memory"));
    }
    let Some(value) = value else {
        return Err(type_error("cannot delete memory"));
    };
    let place = match (view.ndim, Key::of(key)) {
        (0, Key::Whole) => view.buf.cast(),
        (0, Key::Indices(indices)) if indices.ob_size.get() == 0 => view.buf.cast(),
        (0, _) => return Err(no_dimension()),
        (1, Key::Index(index)) => items::place(view, &[index_of(index)?])?,
        (_, Key::Index(_)) => return Err(no_sub_views()),
        (1, Key::Slice(key)) => return assign_slice(object, key, value),
        (_, Key::Indices(indices)) => place_of(view, indices)?,
        (_, Key::Slice(_) | Key::Slices) => {
            return Err(not_implemented(
                "memoryview slice assignments are currently restricted to ndim = 1",
            ));
        }
        (_, Key::Whole | Key::Unknown) => return Err(bad_key()),
    };
    let packed = format.pack(value)?;
    // Reading the value may have run code that has released the view.
    check(object)?;
    // SAFETY: the item lies in memory that may be written; the copy holds its bytes.
    unsafe { std::ptr::copy_nonoverlapping(packed.as_ptr(), place, packed.len()) };
    Ok(())
}

/// Assigns what another object shows to a part of a view of one dimension.
fn assign_slice(
    object: &PyMemoryViewObject,
    key: &PySliceObject,
    value: &PyObject,
) -> PyResult<()> {
    buffer::with_view(value, |source| {
        let view = check(object)?;
        let (length, stride) = (items::shape(view)[0], items::strides(view)[0]);
        let span = slice::indices(key, || length)?;
        // The parts of the slice may have run code that has released the view.
        let view = check(object)?;
        let (mut shape, mut strides) = ([span.length], [stride * span.step]);
        let target = Py_buffer {
            buf: view.buf.wrapping_byte_offset(span.start * stride),
            shape: shape.as_mut_ptr(),
            strides: strides.as_mut_ptr(),
            ..*view
        };
        let plain = |view| format_of(view).trim_start_matches('@').to_owned();
        if plain(&target) != plain(source)
            || target.itemsize != source.itemsize
            || !items::same_shape(&target, source)
        {
            return Err(value_error(
                "memoryview assignment: lvalue and rvalue have different structures",
            ));
        }
        items::fill(&target, &items::contents(source, Order::C));
        Ok(())
    })
}

fn memory_tolist(object: &PyMemoryViewObject) -> PyResult {
    let view = check(object)?;
    let format = item_format(view)?;
    items::to_list(view, format)
}

static TOBYTES: Signature = Signature {
    name: "tobytes",
    parameters: &["order"],
    required: 0,
    positional: 1,
};

fn memory_tobytes(object: &PyMemoryViewObject, args: Args<'_>) -> PyResult {
    let [order] = args.bind::<1>(&TOBYTES)?;
    let view = check(object)?;
    let order = unicode::expect_text_or_none(order, "tobytes", "argument 'order'")?;
    let order = match order.map(unicode::to_string_lossy).as_deref() {
        None | Some("C") => Order::C,
        Some("F") => Order::Fortran,
        // The memory as it is, where it has no gaps.
        Some("A") if buffer::is_contiguous(view, Order::Fortran) => Order::Fortran,
        Some("A") => Order::C,
        Some(_) => return Err(value_error("order must be 'C', 'F' or 'A'")),
    };
    memory::probe(view.len as usize)?;
    Ok(bytes::from_slice_fresh(&items::contents(view, order))?.upcast())
}

static HEX: Signature = Signature {
    name: "hex",
    parameters: &["sep", "bytes_per_sep"],
    required: 0,
    positional: 2,
};

fn memory_hex(object: &PyMemoryViewObject, args: Args<'_>) -> PyResult {
    let [separator, group] = args.bind::<2>(&HEX)?;
    let group = group.map_or(Ok(1), long::as_int)?;
    let text = shared::hex_text(&copy_of(object)?, separator, group)?;
    Ok(unicode::from_str(&text)?.upcast())
}

fn memory_toreadonly(object: &PyMemoryViewObject) -> PyResult {
    let made = new_view(object.mbuf.expect_ref(), check(object)?)?;
    describe(&made, |view| view.readonly = 1);
    Ok(made.upcast())
}

static CAST: Signature = Signature {
    name: "cast",
    parameters: &["format", "shape"],
    required: 1,
    positional: 2,
};

fn memory_cast(object: &PyMemoryViewObject, args: Args<'_>) -> PyResult {
    let [wanted, shape] = args.bind::<2>(&CAST)?;
    let wanted = unicode::expect_str(
        wanted.unwrap_or(&singletons::_Py_NoneStruct),
        "cast",
        "argument 'format'",
    )?;
    let view = check(object)?;
    if object.flags.get() & C_CONTIGUOUS == 0 {
        return Err(type_error(
            "memoryview: casts are restricted to C-contiguous views",
        ));
    }
    if (shape.is_some() || view.ndim != 1) && items::shape(view).contains(&0) {
        return Err(type_error(
            "memoryview: cannot cast view with zeros in shape or strides",
        ));
    }
    let shape = shape.map(sizes_of).transpose()?;
    let dimensions = shape.map_or(1, <[_]>::len);
    if dimensions > MAX_DIMENSIONS {
        return Err(too_many_dimensions());
    }
    if view.ndim != 1 && dimensions != 1 {
        return Err(type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let made = new_incomplete_view(object.mbuf.expect_ref(), view, dimensions.max(1))?;
    cast_to_1d(&made, format_of(view), wanted)?;
    if let Some(shape) = shape {
        cast_to_nd(&made, shape)?;
    }
    Ok(made.upcast())
}

/// The items of a list or a tuple.
fn sizes_of(shape: &PyObject) -> PyResult<&[&PyObject]> {
    if let Some(shape) = shape.downcast_ref::<PyListObject>() {
        return Ok(list::items(shape));
    }
    match shape.downcast_ref::<PyTupleObject>() {
        Some(shape) => Ok(tuple::items(shape)),
        None => Err(type_error("shape must be a list or a tuple")),
    }
}

/// Items of another format, one behind the other.
fn cast_to_1d(object: &PyMemoryViewObject, from: &str, wanted: &PyASCIIObject) -> PyResult<()> {
    let wanted = encode(wanted, Encoding::Ascii, "strict")?;
    // The text is read up to its first zero byte.
    let wanted = bytes::data_of(&wanted).split(|byte| *byte == 0).next();
    let wanted = wanted.unwrap_or_default();
    let Some(to) = std::str::from_utf8(wanted).ok().and_then(Format::of) else {
        return Err(value_error(
            "memoryview: destination format must be a native single character format prefixed with an \
             optional '@'",
        ));
    };
    if !Format::of(from).is_some_and(Format::is_byte) && !to.is_byte() {
        return Err(type_error(
            "memoryview: cannot cast between two non-byte formats",
        ));
    }
    let size = to.size() as isize;
    if view(object).len % size != 0 {
        return Err(type_error(
            "memoryview: length is not a multiple of itemsize",
        ));
    }
    describe(object, |view| {
        view.format = to.spelling().as_ptr().cast_mut();
        view.itemsize = size;
        view.ndim = 1;
    });
    let (shape, strides) = arrays(object);
    shape[0].set(view(object).len / size);
    strides[0].set(size);
    set_flags(object);
    Ok(())
}

/// Another shape for items that lie one behind the other.
fn cast_to_nd(object: &PyMemoryViewObject, sizes: &[&PyObject]) -> PyResult<()> {
    describe(object, |view| {
        view.ndim = sizes.len() as c_int;
        if sizes.is_empty() {
            view.shape = std::ptr::null_mut();
            view.strides = std::ptr::null_mut();
        }
    });
    let (shape, strides) = arrays(object);
    let mut length = view(object).itemsize;
    for (slot, size) in shape.iter().zip(sizes) {
        let Some(size) = size.downcast_ref::<PyLongObject>() else {
            return Err(type_error(
                "memoryview.cast(): elements of shape must be integers",
            ));
        };
        let size = unicode::ssize(size.as_object())?;
        if size <= 0 {
            return Err(value_error(
                "memoryview.cast(): elements of shape must be integers > 0",
            ));
        }
        length = length
            .checked_mul(size)
            .ok_or_else(|| value_error("memoryview.cast(): product(shape) > SSIZE_MAX"))?;
        slot.set(size);
    }
    let mut stride = view(object).itemsize;
    for (slot, size) in strides.iter().zip(shape).rev() {
        slot.set(stride);
        stride *= size.get();
    }
    if view(object).len != length {
        return Err(type_error(
            "memoryview: product(shape) * itemsize != buffer size",
        ));
    }
    set_flags(object);
    Ok(())
}

fn memory_hash(object: &PyMemoryViewObject) -> PyResult<Py_hash_t> {
    if object.hash.get() != -1 {
        return Ok(object.hash.get());
    }
    let view = check(object)?;
    if view.readonly == 0 {
        return Err(value_error("cannot hash writable memoryview object"));
    }
    if !Format::of(format_of(view)).is_some_and(|format| format.is_byte()) {
        return Err(value_error(
            "memoryview: hashing is restricted to formats 'B', 'b' or 'c'",
        ));
    }
    // The exporter must be hashable too.
    // SAFETY: the managed buffer keeps its exporter alive.
    if let Some(exporter) = unsafe { view.obj.as_ref() } {
        object::hash(exporter)?;
    }
    object
        .hash
        .set(hash_bytes(unicode::hash_secret(), &items::contents(view, Order::C)) as isize);
    Ok(object.hash.get())
}

fn memory_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let Some(left) = a
        .downcast_ref::<PyMemoryViewObject>()
        .filter(|_| matches!(op, Py_EQ | Py_NE))
    else {
        return Ok(singletons::not_implemented());
    };
    let answer = |equal: bool| Ok(bool_object(equal == (op == Py_EQ)));
    if is_released(left) {
        return answer(std::ptr::eq(a, b));
    }
    if let Some(right) = b.downcast_ref::<PyMemoryViewObject>() {
        return match is_released(right) {
            true => answer(std::ptr::eq(a, b)),
            false => answer(same_items(view(left), view(right))?),
        };
    }
    // What fails below `with_view` is the comparison's own; an object that shows nothing is not compared.
    let mut compared = None;
    let shown = buffer::with_view(b, |right| {
        compared = Some(same_items(view(left), right));
        Ok(())
    });
    match compared {
        Some(equal) => answer(equal?),
        None => {
            if let Err(raised) = shown {
                crate::errors::discard(raised);
            }
            Ok(singletons::not_implemented())
        }
    }
}

fn same_items(left: &Py_buffer, right: &Py_buffer) -> PyResult<bool> {
    if !items::same_shape(left, right) {
        return Ok(false);
    }
    let formats = (Format::of(format_of(left)), Format::of(format_of(right)));
    let (Some(first), Some(second)) = formats else {
        return Err(not_implemented(
            "memoryview: comparing items of a format of several characters",
        ));
    };
    items::all_pairs(left, right, |one, other| {
        if first.is_same_type(second) {
            return Ok(first.is_same_value(one, other));
        }
        object::equal(&*first.unpack(one)?, &*second.unpack(other)?)
    })
}

fn memory_repr(object: &PyMemoryViewObject) -> PyResult {
    let released = if object.flags.get() & RELEASED != 0 {
        "released memory"
    } else {
        "memory"
    };
    Ok(unicode::from_str(&format!("<{released} at {object:p}>"))?.upcast())
}

unsafe extern "C" fn memory_getbuffer(
    this: *mut PyObject,
    target: *mut Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: called with a live memoryview and a valid view.
    unsafe {
        let object: &PyMemoryViewObject = crate::own::arg(this);
        match export(object, flags) {
            Ok(shown) => {
                target.write(shown);
                object.exports.set(object.exports.get() + 1);
                0
            }
            Err(_) => -1,
        }
    }
}

/// The description a consumer gets, less what it did not ask for.
fn export(object: &PyMemoryViewObject, flags: c_int) -> PyResult<Py_buffer> {
    let own = check(object)?;
    if flags & buffer::PyBUF_WRITABLE != 0 && own.readonly != 0 {
        return Err(buffer_error(
            "memoryview: underlying buffer is not writable",
        ));
    }
    let asks = |all: c_int| flags & all == all;
    let lies = |flag: c_int| object.flags.get() & flag != 0;
    let gap = match () {
        () if asks(buffer::PyBUF_C_CONTIGUOUS) && !lies(C_CONTIGUOUS) => Some("C-contiguous"),
        () if asks(buffer::PyBUF_F_CONTIGUOUS) && !lies(FORTRAN) => Some("Fortran contiguous"),
        () if asks(buffer::PyBUF_ANY_CONTIGUOUS) && !lies(C_CONTIGUOUS | FORTRAN) => {
            Some("contiguous")
        }
        () if !asks(buffer::PyBUF_STRIDES) && !lies(C_CONTIGUOUS) => Some("C-contiguous"),
        () => None,
    };
    if let Some(wanted) = gap {
        return Err(buffer_error(format_args!(
            "memoryview: underlying buffer is not {wanted}"
        )));
    }
    let (with_format, with_shape) = (asks(buffer::PyBUF_FORMAT), asks(buffer::PyBUF_ND));
    if with_format && !with_shape {
        return Err(buffer_error(
            "memoryview: cannot cast to unsigned bytes if the format flag is present",
        ));
    }
    let kept = |kept: bool, array| if kept { array } else { std::ptr::null_mut() };
    Ok(Py_buffer {
        obj: Own::new(object).into_raw().cast(),
        ndim: if with_shape { own.ndim } else { 1 },
        format: if with_format {
            own.format
        } else {
            std::ptr::null_mut()
        },
        shape: kept(with_shape, own.shape),
        strides: kept(asks(buffer::PyBUF_STRIDES), own.strides),
        ..*own
    })
}

unsafe extern "C" fn memory_releasebuffer(this: *mut PyObject, _: *mut Py_buffer) {
    // SAFETY: called with the live memoryview that exported the view.
    let object: &PyMemoryViewObject = unsafe { crate::own::arg(this) };
    object.exports.set(object.exports.get() - 1);
}

fn memory_traverse(object: &PyMemoryViewObject, visitor: &mut Visitor) {
    visitor.field(&object.mbuf);
}

fn memory_clear(object: &PyMemoryViewObject) {
    if release(object).is_ok() {
        Field::clear(&object.mbuf);
    }
}

unsafe fn memory_dealloc(object: *mut PyMemoryViewObject) {
    // SAFETY: called once, when the last reference is gone; every export holds a reference.
    unsafe {
        memory::untrack(object.cast());
        let released = release(&*object);
        debug_assert!(released.is_ok());
        Field::clear(&(*object).mbuf);
        if !(*object).weakreflist.get().is_null() {
            weakref::clear_all((*object).as_object());
        }
        memory::gc_del(object.cast());
    }
}

fn managed_traverse(managed: &_PyManagedBufferObject, visitor: &mut Visitor) {
    // SAFETY: filled when the managed buffer was made.
    visitor.pointer(unsafe { (*managed.master.get()).obj });
}

unsafe fn managed_dealloc(managed: *mut _PyManagedBufferObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        release_managed(&*managed);
        if memory::is_tracked((*managed).as_object()) {
            memory::untrack(managed.cast());
        }
        memory::gc_del(managed.cast());
    }
}

fn get_obj(object: &PyMemoryViewObject) -> PyResult {
    // SAFETY: the managed buffer keeps its exporter alive.
    Ok(unsafe { check(object)?.obj.as_ref() }.map_or_else(none, Own::new))
}

fn get_nbytes(object: &PyMemoryViewObject) -> PyResult {
    long::from_isize(check(object)?.len)
}

fn get_readonly(object: &PyMemoryViewObject) -> PyResult {
    Ok(bool_object(check(object)?.readonly != 0))
}

fn get_itemsize(object: &PyMemoryViewObject) -> PyResult {
    long::from_isize(check(object)?.itemsize)
}

fn get_format(object: &PyMemoryViewObject) -> PyResult {
    Ok(unicode::from_str(format_of(check(object)?))?.upcast())
}

fn get_ndim(object: &PyMemoryViewObject) -> PyResult {
    long::from_isize(check(object)?.ndim as isize)
}

/// `_IntTupleFromSsizet`.
fn tuple_of(sizes: &[isize]) -> PyResult {
    let sizes: PyResult<Vec<Own>> = sizes.iter().map(|size| long::from_isize(*size)).collect();
    Ok(tuple::from_vec(sizes?)?.upcast())
}

fn get_shape(object: &PyMemoryViewObject) -> PyResult {
    tuple_of(items::shape(check(object)?))
}

fn get_strides(object: &PyMemoryViewObject) -> PyResult {
    tuple_of(items::strides(check(object)?))
}

fn get_suboffsets(object: &PyMemoryViewObject) -> PyResult {
    check(object)?;
    Ok(tuple::empty().upcast())
}

fn contiguous(object: &PyMemoryViewObject, flags: c_int) -> PyResult {
    check(object)?;
    Ok(bool_object(object.flags.get() & (SCALAR | flags) != 0))
}

fn get_c_contiguous(object: &PyMemoryViewObject) -> PyResult {
    contiguous(object, C_CONTIGUOUS)
}

fn get_f_contiguous(object: &PyMemoryViewObject) -> PyResult {
    contiguous(object, FORTRAN)
}

fn get_contiguous(object: &PyMemoryViewObject) -> PyResult {
    contiguous(object, C_CONTIGUOUS | FORTRAN)
}

/// The bytes of an exporter, for callers that take either.
pub fn bytes_of(object: &PyObject) -> PyResult<Vec<u8>> {
    match object.downcast_ref::<PyMemoryViewObject>() {
        Some(view) => copy_of(view),
        None => Ok(Buffer::of(object)?.data().to_vec()),
    }
}

methods! {
    static MEMORY_METHODS:
    "release" => noargs(memory_release, "($self, /)");
    "tobytes" => keywords(memory_tobytes, "($self, /, order=\'C\')");
    "hex" => keywords(memory_hex, "($self, /, sep=<unrepresentable>, bytes_per_sep=1)");
    "tolist" => noargs(memory_tolist, "($self, /)");
    "cast" => keywords(memory_cast, "($self, /, format, shape=<unrepresentable>)");
    "toreadonly" => noargs(memory_toreadonly, "($self, /)");
    "__enter__" => noargs(memory_enter);
    "__exit__" => varargs(memory_exit);
}

getset! {
    static MEMORY_GETSET:
    "obj" => get_obj;
    "nbytes" => get_nbytes;
    "readonly" => get_readonly;
    "itemsize" => get_itemsize;
    "format" => get_format;
    "ndim" => get_ndim;
    "shape" => get_shape;
    "strides" => get_strides;
    "suboffsets" => get_suboffsets;
    "c_contiguous" => get_c_contiguous;
    "f_contiguous" => get_f_contiguous;
    "contiguous" => get_contiguous;
}

static_type! {
    /// `memoryview`.
    PyMemoryView_Type = "memoryview", size HEADER, 8, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_SEQUENCE;
    sequence {
        sq_length: slot!(len memory_length),
        sq_item: slot!(ssizearg memory_item),
    }
    mapping {
        mp_length: slot!(len memory_length),
        mp_subscript: slot!(binary memory_subscript),
        mp_ass_subscript: slot!(objobjarg memory_ass_subscript),
    }
    buffer {
        bf_getbuffer: Some(memory_getbuffer),
        bf_releasebuffer: Some(memory_releasebuffer),
    }
    tp_dealloc: slot!(dealloc memory_dealloc),
    tp_repr: slot!(unary memory_repr),
    tp_hash: slot!(hash memory_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse memory_traverse),
    tp_clear: slot!(clear memory_clear),
    tp_richcompare: slot!(richcmp memory_richcompare),
    tp_weaklistoffset: offset_of!(PyMemoryViewObject, weakreflist) as isize,
    tp_iter: slot!(unary iter::memory_iter),
    tp_methods: MEMORY_METHODS.as_ptr(),
    tp_getset: MEMORY_GETSET.as_ptr(),
    tp_new: slot!(new memory_new),
}

static_type! {
    /// `managedbuffer`.
    _PyManagedBuffer_Type = "managedbuffer", size size_of::<_PyManagedBufferObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc managed_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse managed_traverse),
}
