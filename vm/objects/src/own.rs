//! Owned and borrowed references: who holds a reference is in the type.
//!
//! `Own<T>` owns one reference and gives it back when dropped; `&T` borrows one. A field of an
//! object that owns its referent is a [`Pointer`], read and written through [`Field`].

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use twinheap_abi::*;

/// A struct that begins with an object header.
///
/// # Safety
/// The struct is `#[repr(C)]` and its first field is a `PyObject` or another such struct.
pub unsafe trait Layout: Sized {
    /// The object seen through its header alone.
    #[inline(always)]
    fn as_object(&self) -> &PyObject {
        // SAFETY: a Layout begins with the header.
        unsafe { &*(self as *const Self).cast() }
    }

    /// The address as the C signatures want it.
    #[inline(always)]
    fn as_raw(&self) -> *mut PyObject {
        (self as *const Self).cast_mut().cast()
    }
}

macro_rules! layouts {
    ($($name:ty),+ $(,)?) => {
        $(
            // SAFETY: a `#[repr(C)]` twin of a CPython struct that begins with the header.
            unsafe impl Layout for $name {}
        )+
    };
}

layouts! {
    PyObject, PyVarObject, PyTypeObject, PyHeapTypeObject, PyLongObject, PyFloatObject,
    PyComplexObject, PyASCIIObject, PyCompactUnicodeObject, PyUnicodeObject, PyBytesObject,
    PyByteArrayObject, PyListObject, PyTupleObject, PyDictObject, _PyDictViewObject,
    dictiterobject, PySetObject, setiterobject, _PyListIterObject, calliterobject, rangeobject,
    _PyRangeIterObject, longrangeiterobject, PySliceObject, enumobject, reversedobject,
    PyFunctionObject, PyCFunctionObject, PyMethodObject, PyDescrObject, PyMethodDescrObject,
    PyMemberDescrObject, PyGetSetDescrObject, PyWrapperDescrObject, wrapperobject,
    mappingproxyobject, propertyobject, classmethodobject, superobject, PyCellObject,
    PyModuleObject, PyWeakReference, PyBaseExceptionObject, PyBaseExceptionGroupObject,
    PySyntaxErrorObject, PyImportErrorObject, PyUnicodeErrorObject, PySystemExitObject,
    PyOSErrorObject, PyStopIterationObject, PyNameErrorObject, PyAttributeErrorObject,
    PyTracebackObject, PyCodeObject, PyFrameObject, PyGenObject, _PyManagedBufferObject,
    PyMemoryViewObject,
}

/// A struct whose type can be told from the header.
pub trait Typed: Layout {
    /// Whether the object is an instance of the type or of a subclass.
    fn check(object: &PyObject) -> bool;
    /// Whether the object's type is exactly the type.
    fn check_exact(object: &PyObject) -> bool;
}

/// Ties a struct to its static type; the subclass check reads a flag where the type has one.
#[macro_export]
macro_rules! typed {
    ($layout:ty, $type:path, flag $flag:path) => {
        impl $crate::own::Typed for $layout {
            #[inline(always)]
            fn check(object: &twinheap_abi::PyObject) -> bool {
                use $crate::object::ObjectExt;
                object.type_().tp_flags.get() & $flag != 0
            }
            #[inline(always)]
            fn check_exact(object: &twinheap_abi::PyObject) -> bool {
                std::ptr::eq(object.ob_type.get(), &$type)
            }
        }
    };
    ($layout:ty, $type:path) => {
        impl $crate::own::Typed for $layout {
            #[inline(always)]
            fn check(object: &twinheap_abi::PyObject) -> bool {
                std::ptr::eq(object.ob_type.get(), &$type)
                    || $crate::types::is_subtype($crate::object::ObjectExt::type_(object), &$type)
            }
            #[inline(always)]
            fn check_exact(object: &twinheap_abi::PyObject) -> bool {
                std::ptr::eq(object.ob_type.get(), &$type)
            }
        }
    };
}

/// One owned reference to an object.
#[repr(transparent)]
pub struct Own<T: Layout = PyObject> {
    pointer: NonNull<T>,
    owns: PhantomData<T>,
}

impl<T: Layout> Own<T> {
    /// Takes over a reference that the caller owns.
    ///
    /// # Safety
    /// `pointer` is not null, points to a live `T`, and the caller gives up one reference.
    #[inline(always)]
    pub unsafe fn from_raw(pointer: *mut T) -> Own<T> {
        // SAFETY: not null, by contract.
        let pointer = unsafe { NonNull::new_unchecked(pointer) };
        Own {
            pointer,
            owns: PhantomData,
        }
    }

    /// Takes over a reference that may be null.
    ///
    /// # Safety
    /// As for [`Own::from_raw`] where `pointer` is not null.
    #[inline(always)]
    pub unsafe fn from_nullable(pointer: *mut T) -> Option<Own<T>> {
        NonNull::new(pointer).map(|pointer| Own {
            pointer,
            owns: PhantomData,
        })
    }

    /// A new reference to a borrowed object.
    #[inline(always)]
    pub fn new(object: &T) -> Own<T> {
        incref(object.as_object());
        Own {
            pointer: NonNull::from(object),
            owns: PhantomData,
        }
    }

    /// Gives the reference away as a raw pointer, which now owns it.
    #[inline(always)]
    pub fn into_raw(self) -> *mut T {
        ManuallyDrop::new(self).pointer.as_ptr()
    }

    /// The address; the reference stays here.
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut T {
        self.pointer.as_ptr()
    }

    /// The same reference, seen through the header.
    #[inline(always)]
    pub fn upcast(self) -> Own<PyObject> {
        // SAFETY: a T begins with the header; the reference moves.
        unsafe { Own::from_raw(self.into_raw().cast()) }
    }

    /// The same reference as another struct.
    ///
    /// # Safety
    /// The object is laid out as `U`.
    #[inline(always)]
    pub unsafe fn cast<U: Layout>(self) -> Own<U> {
        // SAFETY: by contract; the reference moves.
        unsafe { Own::from_raw(self.into_raw().cast()) }
    }

    /// Lends the reference for as long as the caller keeps it alive elsewhere.
    ///
    /// # Safety
    /// Another owner outlives the borrow.
    #[inline(always)]
    pub unsafe fn borrow_unbound<'a>(&self) -> &'a T {
        // SAFETY: live as long as the other owner, by contract.
        unsafe { &*self.pointer.as_ptr() }
    }
}

impl Own<PyObject> {
    /// The same reference as a `U`, where the object is one; otherwise the object back.
    #[inline]
    pub fn downcast<U: Typed>(self) -> Result<Own<U>, Own<PyObject>> {
        if U::check(&self) {
            // SAFETY: the check says that the layout is U.
            return Ok(unsafe { self.cast() });
        }
        Err(self)
    }
}

impl<T: Layout> Deref for Own<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the reference owned here keeps the object alive.
        unsafe { self.pointer.as_ref() }
    }
}

impl<T: Layout> Clone for Own<T> {
    #[inline(always)]
    fn clone(&self) -> Own<T> {
        Own::new(self)
    }
}

impl<T: Layout> Drop for Own<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the reference owned here is given back once.
        unsafe { decref(self.pointer.as_ptr().cast()) }
    }
}

impl<T: Layout> fmt::Debug for Own<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Own({:p})", self.pointer)
    }
}

/// `Py_INCREF`.
#[inline(always)]
pub fn incref(object: &PyObject) {
    object.ob_refcnt.set(object.ob_refcnt.get() + 1);
}

/// `Py_DECREF`: gives back one reference; the last one deallocates.
///
/// # Safety
/// The caller owns one reference to the live object and gives it up.
#[inline(always)]
pub unsafe fn decref(object: *mut PyObject) {
    // SAFETY: live, by contract.
    let count = unsafe { &(*object).ob_refcnt };
    let left = count.get() - 1;
    count.set(left);
    if left == 0 {
        // SAFETY: the last reference is gone.
        unsafe { dealloc(object) }
    }
}

/// `Py_XDECREF`.
///
/// # Safety
/// As for [`decref`] where the pointer is not null.
#[inline(always)]
pub unsafe fn xdecref(object: *mut PyObject) {
    if !object.is_null() {
        // SAFETY: by contract.
        unsafe { decref(object) }
    }
}

/// `_Py_Dealloc`: the type's destructor.
///
/// # Safety
/// The reference count has reached zero.
#[inline(never)]
pub unsafe fn dealloc(object: *mut PyObject) {
    // Objects that end one another in a long chain must not exhaust the stack.
    if crate::stack::is_low(crate::state::tstate()) {
        crate::stack::put_off(object);
        return;
    }
    // SAFETY: the last reference is gone.
    unsafe { destroy(object) };
    while let Some(object) = crate::stack::next_put_off() {
        // SAFETY: as above.
        unsafe { destroy(object) };
    }
}

/// # Safety
/// As for [`dealloc`].
#[inline(always)]
unsafe fn destroy(object: *mut PyObject) {
    // SAFETY: the object's memory is still valid, and so is its type.
    unsafe {
        let type_ = (*object).ob_type.get();
        match (*type_).tp_dealloc.get() {
            Some(destroy) => destroy(object),
            None => panic!(
                "a type without tp_dealloc: {:?}",
                std::ffi::CStr::from_ptr((*type_).tp_name.get())
            ),
        }
    }
}

/// Reading and writing a pointer field that owns its referent.
pub trait Field<T: Layout> {
    /// The referent, borrowed from the object.
    fn as_ref(&self) -> Option<&T>;
    /// A new reference to the referent.
    fn own(&self) -> Option<Own<T>>;
    /// Sets the field, then releases what was there (`Py_XSETREF`).
    fn put(&self, value: Option<Own<T>>);
    /// Empties the field and hands over what was there.
    fn take_own(&self) -> Option<Own<T>>;
    /// Empties the field, then releases what was there (`Py_CLEAR`).
    fn clear(&self);
    /// The referent of a field that is never null once the object is made.
    fn expect_ref(&self) -> &T;
}

impl<T: Layout> Field<T> for Pointer<T> {
    #[inline(always)]
    fn as_ref(&self) -> Option<&T> {
        // SAFETY: the field owns its referent while the object lives.
        unsafe { self.get().as_ref() }
    }

    #[inline(always)]
    fn own(&self) -> Option<Own<T>> {
        Field::as_ref(self).map(Own::new)
    }

    #[inline(always)]
    fn put(&self, value: Option<Own<T>>) {
        let old = self.replace(value.map_or(std::ptr::null_mut(), Own::into_raw));
        // SAFETY: the field owned the old value.
        unsafe { xdecref(old.cast()) }
    }

    #[inline(always)]
    fn take_own(&self) -> Option<Own<T>> {
        // SAFETY: the field owned the value.
        unsafe { Own::from_nullable(self.replace(std::ptr::null_mut())) }
    }

    #[inline(always)]
    fn clear(&self) {
        drop(self.take_own());
    }

    #[inline(always)]
    fn expect_ref(&self) -> &T {
        debug_assert!(!self.get().is_null());
        // SAFETY: set when the object was made, by the type's invariant.
        unsafe { &*self.get() }
    }
}

/// Hands a result to C: the pointer, or null where an exception is set.
#[inline(always)]
pub fn to_c<T: Layout>(result: crate::errors::PyResult<Own<T>>) -> *mut PyObject {
    match result {
        Ok(value) => value.into_raw().cast(),
        Err(_) => std::ptr::null_mut(),
    }
}

/// Borrows an argument that C hands over.
///
/// # Safety
/// `object` is not null, is alive for `'a`, and is laid out as `T`.
#[inline(always)]
pub unsafe fn arg<'a, T: Layout>(object: *mut PyObject) -> &'a T {
    // SAFETY: by contract.
    unsafe { &*object.cast() }
}

/// Borrows an argument that may be null.
///
/// # Safety
/// As for [`arg`] where the pointer is not null.
#[inline(always)]
pub unsafe fn optional_arg<'a, T: Layout>(object: *mut PyObject) -> Option<&'a T> {
    // SAFETY: by contract.
    unsafe { object.cast::<T>().as_ref() }
}

/// A field of an object as the collector sees it: only pointers to objects own anything.
pub trait Slot {
    /// Visits the referent.
    fn visit(&self, _visitor: &mut crate::memory::Visitor) {}
    /// Gives the referent up.
    fn release(&self) {}
}

impl<T: Layout> Slot for Pointer<T> {
    #[inline]
    fn visit(&self, visitor: &mut crate::memory::Visitor) {
        visitor.field(self);
    }
    #[inline]
    fn release(&self) {
        Field::clear(self);
    }
}

macro_rules! plain_slots {
    ($($type:ty),+ $(,)?) => { $(impl Slot for std::cell::Cell<$type> {})+ };
}

plain_slots! { [usize; 3], isize, usize, i64, u64, i32, u32, i16, i8, u8, bool, f64, Option<vectorcallfunc> }

impl<T> Slot for std::cell::Cell<*const T> {}

/// An array of numbers that an object owns; its length is kept elsewhere in the object.
#[repr(transparent)]
pub struct Numbers(pub std::cell::Cell<*mut isize>);

impl Slot for Numbers {
    fn release(&self) {
        let block = self.0.replace(std::ptr::null_mut());
        if !block.is_null() {
            // SAFETY: the block came from the allocator, and nobody else has it.
            unsafe { crate::memory::free(block.cast()) };
        }
    }
}

impl Numbers {
    /// Takes a copy of the numbers, in the place of those that were there.
    pub fn set(&self, values: &[isize]) -> crate::errors::PyResult<()> {
        self.release();
        let block = crate::memory::malloc(8 * values.len().max(1));
        if block.is_null() {
            return Err(crate::errors::no_memory());
        }
        // SAFETY: the block has room for the values.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), block.cast(), values.len()) };
        self.0.set(block.cast());
        Ok(())
    }

    /// The numbers, of which the object says that there are `count`.
    ///
    /// # Safety
    /// `count` numbers were set.
    pub unsafe fn get(&self, count: usize) -> &[std::cell::Cell<isize>] {
        if count == 0 {
            return &[];
        }
        // SAFETY: by contract.
        unsafe { std::slice::from_raw_parts(self.0.get().cast(), count) }
    }
}

/// A Rust value inside an object; it is dropped with the object.
#[repr(transparent)]
pub struct Native<T: Default>(pub std::cell::Cell<T>);

impl<T: Default> Slot for Native<T> {
    fn release(&self) {
        drop(self.0.take());
    }
}

impl<T: Default> Native<T> {
    /// Works on the value; the field holds a default one meanwhile.
    pub fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.0.take();
        let result = act(&mut value);
        self.0.set(value);
        result
    }
}
