//! memoryview (`Objects/memoryobject.c`): a window on the memory of another object.
//!
//! The exporter is asked once, by a managed buffer that all views of it share. Views here have one
//! dimension; a shape of more is refused with a clear error.

mod format;
mod iter;

pub use iter::_PyMemoryIter_Type;

use crate::abstract_;
use crate::buffer::{self, Buffer};
use crate::bytes::{self, shared};
use crate::call::{self, Args, Signature};
use crate::errors::{
    PyResult, Raised, buffer_error, index_error, not_implemented, type_error, value_error,
};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{self, bool_object, none};
use crate::{
    getset, list, long, methods, slice, slot, static_type, tuple, typed, unicode, weakref,
};
use format::Format;
use std::ffi::{CStr, c_int};
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_arith::hash::hash_bytes;

typed!(PyMemoryViewObject, PyMemoryView_Type);

const RELEASED: c_int = 1;
const C_CONTIGUOUS: c_int = 2;
const FORTRAN: c_int = 4;

const HEADER: usize = offset_of!(PyMemoryViewObject, ob_array);

/// The view's own description of the memory.
fn view(object: &PyMemoryViewObject) -> &Py_buffer {
    // SAFETY: written only while the view is made and released, under no other borrow.
    unsafe { &*object.view.get() }
}

fn check(object: &PyMemoryViewObject) -> PyResult<&Py_buffer> {
    let managed_released =
        Field::as_ref(&object.mbuf).is_none_or(|managed| managed.flags.get() & RELEASED != 0);
    match object.flags.get() & RELEASED != 0 || managed_released {
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

fn item_format(view: &Py_buffer) -> PyResult<Format> {
    Format::of(format_of(view)).ok_or_else(|| {
        not_implemented(format_args!(
            "memoryview: format {} not supported",
            format_of(view)
        ))
    })
}

/// Number of items.
fn count(view: &Py_buffer) -> usize {
    match view.shape.is_null() {
        true => (view.len / view.itemsize.max(1)) as usize,
        // SAFETY: one dimension.
        false => unsafe { *view.shape as usize },
    }
}

fn stride(view: &Py_buffer) -> isize {
    match view.strides.is_null() {
        true => view.itemsize,
        // SAFETY: one dimension.
        false => unsafe { *view.strides },
    }
}

/// Where an item lies.
fn item_pointer(view: &Py_buffer, index: usize) -> *mut u8 {
    view.buf
        .cast::<u8>()
        .wrapping_offset(index as isize * stride(view))
}

/// The bytes of an item.
fn item_bytes(view: &Py_buffer, index: usize) -> &[u8] {
    // SAFETY: the index is below the count, and the exporter keeps the memory in place.
    unsafe { std::slice::from_raw_parts(item_pointer(view, index), view.itemsize as usize) }
}

/// The bytes of all items, one behind the other.
fn contents(view: &Py_buffer) -> Vec<u8> {
    (0..count(view))
        .flat_map(|index| item_bytes(view, index))
        .copied()
        .collect()
}

/// A copy of the bytes that a memoryview shows, whatever its strides.
pub(crate) fn copy_of(object: &PyMemoryViewObject) -> PyResult<Vec<u8>> {
    Ok(contents(check(object)?))
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

/// What a new view shows.
struct Window {
    buf: *mut std::ffi::c_void,
    count: usize,
    stride: isize,
    itemsize: isize,
    readonly: bool,
    format: *mut std::ffi::c_char,
}

impl Window {
    fn of(view: &Py_buffer) -> Window {
        Window {
            buf: view.buf,
            count: count(view),
            stride: stride(view),
            itemsize: view.itemsize,
            readonly: view.readonly != 0,
            format: view.format,
        }
    }
}

fn new_view(
    managed: &_PyManagedBufferObject,
    window: &Window,
) -> PyResult<Own<PyMemoryViewObject>> {
    let object: *mut PyMemoryViewObject =
        memory::new_gc_object(&PyMemoryView_Type, HEADER + 3 * 8)?;
    // SAFETY: fresh memory of the header and three sizes; tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.ob_size.set(3);
        made.mbuf.set(Own::new(managed).into_raw());
        managed.exports.set(managed.exports.get() + 1);
        made.hash.set(-1);
        made.exports.set(0);
        made.weakreflist.set(std::ptr::null_mut());
        let contiguous = window.stride == window.itemsize || window.count == 1;
        made.flags.set(if contiguous {
            C_CONTIGUOUS | FORTRAN
        } else {
            0
        });
        let sizes: *mut isize = made.ob_array.as_ptr().cast_mut().cast();
        sizes.write(window.count as isize);
        sizes.add(1).write(window.stride);
        sizes.add(2).write(-1);
        let master = &*managed.master.get();
        made.view.get().write(Py_buffer {
            buf: window.buf,
            obj: master.obj,
            len: window.count as isize * window.itemsize,
            itemsize: window.itemsize,
            readonly: c_int::from(window.readonly),
            ndim: 1,
            format: if window.format.is_null() {
                c"B".as_ptr().cast_mut()
            } else {
                window.format
            },
            shape: sizes,
            strides: sizes.add(1),
            suboffsets: std::ptr::null_mut(),
            internal: master.internal,
        });
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// `PyMemoryView_FromObject`.
pub fn from_object(object: &PyObject) -> PyResult {
    if let Some(other) = object.downcast_ref::<PyMemoryViewObject>() {
        let window = Window::of(check(other)?);
        return Ok(new_view(other.mbuf.expect_ref(), &window)?.upcast());
    }
    if !buffer::is_exporter(object) {
        return Err(type_error(format_args!(
            "memoryview: a bytes-like object is required, not '{:.200}'",
            object.type_().name()
        )));
    }
    let managed = new_managed(object)?;
    // SAFETY: filled when the managed buffer was made.
    let master = unsafe { &*managed.master.get() };
    if master.ndim != 1 {
        return Err(not_implemented(
            "memoryview: views of more than one dimension",
        ));
    }
    Ok(new_view(&managed, &Window::of(master))?.upcast())
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
    Ok(count(check(object)?))
}

fn item_at(view: &Py_buffer, index: isize) -> PyResult<usize> {
    let length = count(view) as isize;
    let index = if index < 0 { index + length } else { index };
    match (0..length).contains(&index) {
        true => Ok(index as usize),
        false => Err(index_error("index out of bounds on dimension 1")),
    }
}

fn memory_item(object: &PyMemoryViewObject, index: isize) -> PyResult {
    let view = check(object)?;
    let format = item_format(view)?;
    format.unpack(item_bytes(view, item_at(view, index)?))
}

/// The part of a view that a slice names.
fn sliced(view: &Py_buffer, key: &PySliceObject) -> PyResult<Window> {
    let span = slice::indices(key, count(view) as isize)?;
    let mut window = Window::of(view);
    window.buf = view
        .buf
        .cast::<u8>()
        .wrapping_offset(span.start * stride(view))
        .cast();
    window.count = span.length.max(0) as usize;
    window.stride = stride(view) * span.step;
    Ok(window)
}

fn bad_key(key: &PyObject) -> Raised {
    match key.downcast_ref::<PyTupleObject>() {
        Some(many)
            if tuple::items(many)
                .iter()
                .all(|part| abstract_::has_index(part)) =>
        {
            type_error(format_args!(
                "cannot index 1-dimension view with {}-element tuple",
                many.ob_size.get()
            ))
        }
        _ => type_error("memoryview: invalid slice key"),
    }
}

fn memory_subscript(object: &PyMemoryViewObject, key: &PyObject) -> PyResult {
    check(object)?;
    if abstract_::has_index(key) {
        return memory_item(object, unicode::ssize(key)?);
    }
    let key = key
        .downcast_ref::<PySliceObject>()
        .ok_or_else(|| bad_key(key))?;
    let window = sliced(view(object), key)?;
    Ok(new_view(object.mbuf.expect_ref(), &window)?.upcast())
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
    if abstract_::has_index(key) {
        let index = item_at(view, unicode::ssize(key)?)?;
        let packed = format.pack(value)?;
        // Reading the value may have run code that has released the view.
        let view = check(object)?;
        // SAFETY: the item lies in memory that may be written; the copy holds its bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(packed.as_ptr(), item_pointer(view, index), packed.len())
        };
        return Ok(());
    }
    let key = key
        .downcast_ref::<PySliceObject>()
        .ok_or_else(|| bad_key(key))?;
    assign_slice(view, key, value)
}

fn assign_slice(view: &Py_buffer, key: &PySliceObject, value: &PyObject) -> PyResult<()> {
    let target = sliced(view, key)?;
    let source = from_object(value)?;
    let Some(source) = source.downcast_ref::<PyMemoryViewObject>() else {
        return Err(type_error("memoryview: a bytes-like object is required"));
    };
    let source = check(source)?;
    if format_of(source).trim_start_matches('@') != format_of(view).trim_start_matches('@')
        || count(source) != target.count
    {
        return Err(value_error(
            "memoryview assignment: lvalue and rvalue have different structures",
        ));
    }
    let copy = contents(source);
    for (index, item) in copy.chunks(target.itemsize.max(1) as usize).enumerate() {
        let place = target
            .buf
            .cast::<u8>()
            .wrapping_offset(index as isize * target.stride);
        // SAFETY: the place is one of the view's items, which may be written.
        unsafe { std::ptr::copy_nonoverlapping(item.as_ptr(), place, item.len()) };
    }
    Ok(())
}

fn memory_tolist(object: &PyMemoryViewObject) -> PyResult {
    let view = check(object)?;
    let format = item_format(view)?;
    let items: PyResult<Vec<Own>> = (0..count(view))
        .map(|index| format.unpack(item_bytes(view, index)))
        .collect();
    Ok(list::from_vec(items?)?.upcast())
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
    if let Some(order) = order.filter(|order| !order.is_none()) {
        let order = unicode::expect_str(order, "tobytes", "argument 'order'")?;
        if !matches!(unicode::as_ascii(order), Some("C" | "F" | "A")) {
            return Err(value_error("order must be 'C', 'F' or 'A'"));
        }
    }
    memory::probe(view.len as usize)?;
    Ok(bytes::from_slice_fresh(&contents(view))?.upcast())
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
    let text = shared::hex_text(&contents(check(object)?), separator, group)?;
    Ok(unicode::from_str(&text)?.upcast())
}

fn memory_toreadonly(object: &PyMemoryViewObject) -> PyResult {
    let window = Window {
        readonly: true,
        ..Window::of(check(object)?)
    };
    Ok(new_view(object.mbuf.expect_ref(), &window)?.upcast())
}

static CAST: Signature = Signature {
    name: "cast",
    parameters: &["format", "shape"],
    required: 1,
    positional: 2,
};

/// The lengths that a list or tuple names; there may be as many as a buffer may have dimensions.
fn wanted_shape(shape: &PyObject) -> PyResult<Vec<Own>> {
    const PYBUF_MAX_NDIM: usize = 64;
    let items = if let Some(items) = shape.downcast_ref::<PyListObject>() {
        list::items(items)
            .iter()
            .map(|item| Own::new(*item))
            .collect()
    } else if let Some(items) = shape.downcast_ref::<PyTupleObject>() {
        tuple::items(items)
            .iter()
            .map(|item| Own::new(*item))
            .collect()
    } else {
        return Err(type_error("shape must be a list or a tuple"));
    };
    let items: Vec<Own> = items;
    if items.len() > PYBUF_MAX_NDIM {
        return Err(value_error(format_args!(
            "memoryview: number of dimensions must not exceed {PYBUF_MAX_NDIM}"
        )));
    }
    Ok(items)
}

/// Whether items of a size in this shape fill the memory.
fn check_shape(shape: &[Own], itemsize: isize, length: isize) -> PyResult<()> {
    let mut size = itemsize;
    for side in shape {
        let Some(side) = side.downcast_ref::<PyLongObject>() else {
            return Err(type_error(
                "memoryview.cast(): elements of shape must be integers",
            ));
        };
        let side = long::as_ssize(side)?;
        if side <= 0 {
            return Err(value_error(
                "memoryview.cast(): elements of shape must be integers > 0",
            ));
        }
        size = size
            .checked_mul(side)
            .ok_or_else(|| value_error("memoryview.cast(): product(shape) > SSIZE_MAX"))?;
    }
    if size != length {
        return Err(type_error(
            "memoryview: product(shape) * itemsize != buffer size",
        ));
    }
    if shape.len() != 1 {
        return Err(not_implemented(format_args!(
            "memoryview.cast() to {} dimensions",
            shape.len()
        )));
    }
    Ok(())
}

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
    let shape = match shape {
        None => None,
        Some(_) if count(view) == 0 => {
            return Err(type_error(
                "memoryview: cannot cast view with zeros in shape or strides",
            ));
        }
        Some(shape) => Some(wanted_shape(shape)?),
    };
    let Some(to) = unicode::as_ascii(wanted).and_then(Format::of) else {
        return Err(value_error(
            "memoryview: destination format must be a native single character format prefixed with an \
             optional '@'",
        ));
    };
    let from = Format::of(format_of(view)).ok_or_else(|| {
        value_error("memoryview: source format must be a native single character format prefixed with an optional '@'")
    })?;
    if !from.is_byte() && !to.is_byte() {
        return Err(type_error(
            "memoryview: cannot cast between two non-byte formats",
        ));
    }
    if view.len % to.size() as isize != 0 {
        return Err(type_error(
            "memoryview: length is not a multiple of itemsize",
        ));
    }
    if let Some(shape) = shape {
        check_shape(&shape, to.size() as isize, view.len)?;
    }
    let window = Window {
        count: view.len as usize / to.size(),
        stride: to.size() as isize,
        itemsize: to.size() as isize,
        format: to.text().as_ptr().cast_mut(),
        ..Window::of(view)
    };
    Ok(new_view(object.mbuf.expect_ref(), &window)?.upcast())
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
        .set(hash_bytes(unicode::hash_secret(), &contents(view)) as isize);
    Ok(object.hash.get())
}

fn memory_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let known = a.downcast_ref::<PyMemoryViewObject>().is_some() && matches!(op, Py_EQ | Py_NE);
    if !known || !buffer::is_exporter(b) {
        return Ok(singletons::not_implemented());
    }
    let equal = std::ptr::eq(a, b) || same_items(a, b)?;
    Ok(bool_object(equal == (op == Py_EQ)))
}

fn same_items(a: &PyObject, b: &PyObject) -> PyResult<bool> {
    let (left, right) = (from_object(a)?, from_object(b)?);
    let views = (
        left.downcast_ref::<PyMemoryViewObject>(),
        right.downcast_ref::<PyMemoryViewObject>(),
    );
    let (Some(left), Some(right)) = views else {
        return Ok(false);
    };
    let (left, right) = (check(left)?, check(right)?);
    if count(left) != count(right) {
        return Ok(false);
    }
    let (first, second) = (item_format(left)?, item_format(right)?);
    if first == second && first.is_integral() {
        return Ok(contents(left) == contents(right));
    }
    for index in 0..count(left) {
        let (one, other) = (
            first.unpack(item_bytes(left, index))?,
            second.unpack(item_bytes(right, index))?,
        );
        if !object::equal(&one, &other)? {
            return Ok(false);
        }
    }
    Ok(true)
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
    let with_strides = flags & buffer::PyBUF_STRIDES == buffer::PyBUF_STRIDES;
    if !with_strides && object.flags.get() & C_CONTIGUOUS == 0 {
        return Err(buffer_error(
            "memoryview: underlying buffer is not C-contiguous",
        ));
    }
    let null = std::ptr::null_mut();
    Ok(Py_buffer {
        buf: own.buf,
        obj: Own::new(object).into_raw().cast(),
        len: own.len,
        itemsize: own.itemsize,
        readonly: own.readonly,
        ndim: own.ndim,
        format: if flags & buffer::PyBUF_FORMAT != 0 {
            own.format
        } else {
            std::ptr::null_mut()
        },
        shape: if flags & buffer::PyBUF_ND != 0 {
            own.shape
        } else {
            null
        },
        strides: if with_strides { own.strides } else { null },
        suboffsets: own.suboffsets,
        internal: std::ptr::null_mut(),
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

fn get_shape(object: &PyMemoryViewObject) -> PyResult {
    let size = long::from_usize(count(check(object)?))?;
    Ok(tuple::from_vec(vec![size])?.upcast())
}

fn get_strides(object: &PyMemoryViewObject) -> PyResult {
    let stride = long::from_isize(stride(check(object)?))?;
    Ok(tuple::from_vec(vec![stride])?.upcast())
}

fn get_suboffsets(object: &PyMemoryViewObject) -> PyResult {
    check(object)?;
    Ok(tuple::empty().upcast())
}

fn get_contiguous(object: &PyMemoryViewObject) -> PyResult {
    check(object)?;
    Ok(bool_object(object.flags.get() & C_CONTIGUOUS != 0))
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
    "c_contiguous" => get_contiguous;
    "f_contiguous" => get_contiguous;
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
