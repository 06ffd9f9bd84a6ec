//! The buffer protocol, as far as simple byte strings need it (`Objects/abstract.c`).

use crate::errors::{PyResult, Raised, buffer_error, type_error};
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own, Slot};
use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr::null_mut;
use twinheap_abi::*;

/// Only the plain bytes are asked for.
pub const PyBUF_SIMPLE: c_int = 0;
/// The bytes are to be written.
pub const PyBUF_WRITABLE: c_int = 1;
/// The format of the items is asked for.
pub const PyBUF_FORMAT: c_int = 4;
/// The shape is asked for.
pub const PyBUF_ND: c_int = 8;
/// The strides are asked for.
pub const PyBUF_STRIDES: c_int = 0x10 | PyBUF_ND;

/// Memory without gaps in C's order is asked for.
pub const PyBUF_C_CONTIGUOUS: c_int = 0x20 | PyBUF_STRIDES;
/// Memory without gaps in Fortran's order is asked for.
pub const PyBUF_F_CONTIGUOUS: c_int = 0x40 | PyBUF_STRIDES;
/// Memory without gaps is asked for.
pub const PyBUF_ANY_CONTIGUOUS: c_int = 0x80 | PyBUF_STRIDES;

/// Everything is asked for; the memory may be read-only.
pub const PyBUF_FULL_RO: c_int = 0x100 | PyBUF_STRIDES | PyBUF_FORMAT;

/// Has an exporter fill a view.
///
/// # Safety
/// `view` is valid.
pub(crate) unsafe fn fill(object: &PyObject, view: *mut Py_buffer, flags: c_int) -> PyResult<()> {
    let Some(get) = exporter(object) else {
        return Err(not_bytes_like(object));
    };
    // SAFETY: the object's own function fills the view.
    crate::errors::from_status(unsafe { get(object.as_raw(), view, flags) })?;
    Ok(())
}

/// Gives a view back to its exporter (`PyBuffer_Release`).
///
/// # Safety
/// The view was filled by an exporter and is given back once.
pub(crate) unsafe fn release(view: &mut Py_buffer) {
    if view.obj.is_null() {
        return;
    }
    // SAFETY: the view owns a reference to its exporter.
    unsafe {
        let object = Own::from_raw(view.obj);
        let suite = object.type_().tp_as_buffer.get().as_ref();
        if let Some(release) = suite.and_then(|suite| suite.bf_releasebuffer.get()) {
            release(object.as_raw(), view);
        }
    }
    view.obj = null_mut();
}

/// The bytes of an object that exports them, held until dropped.
pub struct Buffer<'a> {
    view: Py_buffer,
    lender: PhantomData<&'a PyObject>,
}

/// A view of nothing.
pub(crate) const fn empty_view() -> Py_buffer {
    Py_buffer {
        buf: null_mut(),
        obj: null_mut(),
        len: 0,
        itemsize: 0,
        readonly: 0,
        ndim: 0,
        format: null_mut(),
        shape: null_mut(),
        strides: null_mut(),
        suboffsets: null_mut(),
        internal: null_mut(),
    }
}

/// The object's function for exporting its memory.
fn exporter(object: &PyObject) -> Option<getbufferproc> {
    // SAFETY: the suite of a live type.
    unsafe { object.type_().tp_as_buffer.get().as_ref() }.and_then(|suite| suite.bf_getbuffer.get())
}

/// Whether the object exports its memory (`PyObject_CheckBuffer`).
pub fn is_exporter(object: &PyObject) -> bool {
    exporter(object).is_some()
}

impl<'a> Buffer<'a> {
    /// The object's bytes (`PyObject_GetBuffer` with `PyBUF_SIMPLE`).
    pub fn of(object: &'a PyObject) -> PyResult<Buffer<'a>> {
        let Some(get) = exporter(object) else {
            return Err(not_bytes_like(object));
        };
        let mut view = empty_view();
        // SAFETY: the object's own function fills the view.
        let status = unsafe { get(object.as_raw(), &mut view, PyBUF_SIMPLE) };
        crate::errors::from_status(status)?;
        Ok(Buffer {
            view,
            lender: PhantomData,
        })
    }

    /// The object's bytes, or the caller's own complaint where it shows none, whatever the reason.
    pub fn of_or(object: &'a PyObject, complain: impl FnOnce() -> Raised) -> PyResult<Buffer<'a>> {
        Buffer::of(object).map_err(|raised| {
            crate::errors::discard(raised);
            complain()
        })
    }

    /// The object's bytes, to be written to.
    pub fn writable(object: &'a PyObject) -> PyResult<Buffer<'a>> {
        let mut view = empty_view();
        // SAFETY: the view is valid.
        unsafe { fill(object, &mut view, PyBUF_WRITABLE)? };
        Ok(Buffer {
            view,
            lender: PhantomData,
        })
    }

    /// The same view, for an object that keeps it: the view owns a reference to its exporter.
    pub fn detach(self) -> Buffer<'static> {
        let mut this = self;
        let view = std::mem::replace(&mut this.view, empty_view());
        Buffer {
            view,
            lender: PhantomData,
        }
    }

    /// What the exporter has told.
    pub fn view(&self) -> &Py_buffer {
        &self.view
    }

    /// Writes bytes into the memory of a buffer that was opened with [`Buffer::writable`].
    pub fn write(&self, at: usize, data: &[u8]) {
        assert!(self.view.readonly == 0 && at + data.len() <= self.view.len as usize);
        // SAFETY: the exporter keeps the memory in place, writable and of this length.
        unsafe {
            let target = self.view.buf.cast::<u8>().add(at);
            std::ptr::copy(data.as_ptr(), target, data.len());
        }
    }

    /// The bytes.
    pub fn data(&self) -> &[u8] {
        if self.view.len == 0 {
            return &[];
        }
        // SAFETY: the exporter keeps the memory in place until the view is released.
        unsafe { std::slice::from_raw_parts(self.view.buf.cast(), self.view.len as usize) }
    }
}

/// In which order the items of several dimensions follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last index runs fastest.
    C,
    /// The first index runs fastest.
    Fortran,
}

/// `PyBuffer_IsContiguous`: whether the items of a view follow one another without gaps in an order.
pub fn is_contiguous(view: &Py_buffer, order: Order) -> bool {
    if !view.suboffsets.is_null() {
        return false;
    }
    if view.len == 0 || view.ndim == 0 {
        return true;
    }
    let count = view.ndim as usize;
    if view.shape.is_null() {
        return true;
    }
    // SAFETY: the exporter gives a shape of `ndim` numbers.
    let shape = unsafe { std::slice::from_raw_parts(view.shape, count) };
    if view.strides.is_null() {
        return order == Order::C || shape.iter().filter(|size| **size > 1).count() <= 1;
    }
    // SAFETY: the exporter gives as many strides.
    let strides = unsafe { std::slice::from_raw_parts(view.strides, count) };
    let mut expected = view.itemsize;
    let mut fits = |axis: usize| {
        let fits = shape[axis] <= 1 || strides[axis] == expected;
        expected *= shape[axis];
        fits
    };
    match order {
        Order::C => (0..count).rev().all(&mut fits),
        Order::Fortran => (0..count).all(&mut fits),
    }
}

/// Shows all that an object exports to a function, for as long as it runs.
pub fn with_view<T>(
    object: &PyObject,
    read: impl FnOnce(&Py_buffer) -> PyResult<T>,
) -> PyResult<T> {
    let mut view = empty_view();
    // SAFETY: the view stays where it was filled until it is given back.
    unsafe {
        fill(object, &mut view, PyBUF_FULL_RO)?;
        let result = read(&view);
        release(&mut view);
        result
    }
}

/// A view that an object keeps in itself: where it is filled, it stays, as its shape may point into it.
#[repr(transparent)]
pub struct HeldBuffer(UnsafeCell<Py_buffer>);

impl Slot for HeldBuffer {
    fn release(&self) {
        // SAFETY: the view is taken out before it is given back, so that this happens once.
        unsafe {
            let mut held = std::ptr::replace(self.0.get(), empty_view());
            release(&mut held);
        }
    }
}

impl HeldBuffer {
    /// Has an exporter fill the view with all that it tells of the memory, which may be read-only.
    pub fn fill(&self, object: &PyObject) -> PyResult<()> {
        // SAFETY: the view lies in the object, zeroed or released.
        unsafe { fill(object, self.0.get(), PyBUF_FULL_RO) }
    }

    /// What the exporter has told.
    pub fn view(&self) -> &Py_buffer {
        // SAFETY: written only while it is filled and released, under no borrow.
        unsafe { &*self.0.get() }
    }

    /// The bytes, where they lie in one piece.
    pub fn data(&self) -> &[u8] {
        let view = self.view();
        if view.len == 0 {
            return &[];
        }
        // SAFETY: the exporter keeps the memory in place until the view is released.
        unsafe { std::slice::from_raw_parts(view.buf.cast(), view.len as usize) }
    }

    /// Whether the items lie one after the other, in C's order or in Fortran's.
    pub fn is_contiguous(&self) -> bool {
        let view = self.view();
        is_contiguous(view, Order::C) || is_contiguous(view, Order::Fortran)
    }

    /// Has the exporter fill another view, for somebody who gives it back himself.
    ///
    /// # Safety
    /// `view` is valid, and this view is held.
    pub unsafe fn lend(&self, view: *mut Py_buffer, flags: c_int) -> PyResult<()> {
        // SAFETY: this view owns a reference to its exporter.
        unsafe { fill(&*self.view().obj, view, flags) }
    }
}

/// A view of nothing.
impl Default for Buffer<'_> {
    fn default() -> Self {
        Buffer {
            view: empty_view(),
            lender: PhantomData,
        }
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        // SAFETY: filled when this was made.
        unsafe { release(&mut self.view) }
    }
}

/// The complaint about an object without the buffer protocol.
#[cold]
pub fn not_bytes_like(object: &PyObject) -> Raised {
    type_error(format_args!(
        "a bytes-like object is required, not '{:.100}'",
        object.type_().name()
    ))
}

/// `PyBuffer_FillInfo`: a view of plain bytes.
///
/// # Safety
/// `view` is valid, and `data` points to `length` bytes that live as long as the view.
pub unsafe fn fill_info(
    view: *mut Py_buffer,
    object: &PyObject,
    data: *mut u8,
    length: usize,
    readonly: bool,
    flags: c_int,
) -> PyResult<()> {
    if flags & PyBUF_WRITABLE != 0 && readonly {
        return Err(buffer_error("Object is not writable."));
    }
    // SAFETY: a valid view, by contract. The fields it points to are its own.
    unsafe {
        *view = empty_view();
        let view = &mut *view;
        view.obj = Own::new(object).into_raw();
        view.buf = data.cast();
        view.len = length as isize;
        view.readonly = c_int::from(readonly);
        view.itemsize = 1;
        view.ndim = 1;
        if flags & PyBUF_FORMAT != 0 {
            view.format = c"B".as_ptr().cast_mut().cast::<c_char>();
        }
        if flags & PyBUF_ND != 0 {
            view.shape = &mut view.len;
        }
        if flags & PyBUF_STRIDES == PyBUF_STRIDES {
            view.strides = &mut view.itemsize;
        }
    }
    Ok(())
}
