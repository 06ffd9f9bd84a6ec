//! Allocation of objects and the lists of the cycle collector (`Modules/gcmodule.c`,
//! `pycore_gc.h`, `pycore_object.h`).
//!
//! Every container has the collector's two words in front of it; a tracked one is linked into a
//! generation. Instances with a managed dict have two more words in front: the dict and the values.

use super::pymalloc;
use crate::errors::{self, PyResult};
use crate::own::Layout;
use crate::own::Own;
use crate::state::Global;
use std::cell::Cell;
use twinheap_abi::*;

const GC_HEAD: usize = size_of::<PyGC_Head>();

/// A generation: the head of its ring, its threshold and its count.
pub struct Generation {
    pub head: PyGC_Head,
    pub threshold: Cell<i32>,
    pub count: Cell<i32>,
}

/// The collector's state.
pub struct GcState {
    pub generations: [Generation; 3],
    /// What `gc.freeze` has put out of the collector's sight.
    pub permanent: PyGC_Head,
    pub enabled: Cell<bool>,
    pub collecting: Cell<bool>,
    pub debug: Cell<i32>,
    pub long_lived_total: Cell<isize>,
    pub long_lived_pending: Cell<isize>,
    /// Collections, collected and uncollectable objects of each generation.
    pub stats: [[Cell<isize>; 3]; 3],
    /// `gc.garbage` and `gc.callbacks`, once they are made.
    pub garbage: Pointer<PyListObject>,
    pub callbacks: Pointer<PyListObject>,
}

const fn generation(threshold: i32) -> Generation {
    Generation {
        head: PyGC_Head {
            _gc_next: Cell::new(0),
            _gc_prev: Cell::new(0),
        },
        threshold: Cell::new(threshold),
        count: Cell::new(0),
    }
}

pub static GC: Global<GcState> = Global(GcState {
    generations: [generation(700), generation(10), generation(10)],
    permanent: PyGC_Head {
        _gc_next: Cell::new(0),
        _gc_prev: Cell::new(0),
    },
    enabled: Cell::new(true),
    collecting: Cell::new(false),
    debug: Cell::new(0),
    long_lived_total: Cell::new(0),
    long_lived_pending: Cell::new(0),
    stats: [const { [const { Cell::new(0) }; 3] }; 3],
    garbage: Cell::new(std::ptr::null_mut()),
    callbacks: Cell::new(std::ptr::null_mut()),
});

/// The ring of a generation; an untouched one is made empty first.
#[inline(always)]
pub fn generation_head(index: usize) -> &'static PyGC_Head {
    let head = &GC.generations[index].head;
    if head._gc_next.get() == 0 {
        let address = head as *const PyGC_Head as usize;
        head._gc_next.set(address);
        head._gc_prev.set(address);
    }
    head
}

/// The collector's words of an object of a type with `Py_TPFLAGS_HAVE_GC`.
#[inline(always)]
pub fn as_gc(object: *mut PyObject) -> *mut PyGC_Head {
    object.cast::<u8>().wrapping_sub(GC_HEAD).cast()
}

/// Whether the object is tracked.
#[inline(always)]
pub fn is_tracked(object: &PyObject) -> bool {
    // SAFETY: callers ask only for objects that have the collector's words.
    unsafe { (*as_gc(object.as_raw()))._gc_next.get() != 0 }
}

/// `_PyObject_GC_TRACK`.
///
/// # Safety
/// The object has the collector's words, is not tracked, and its fields are valid.
#[inline(always)]
pub unsafe fn track(object: *mut PyObject) {
    let head = generation_head(0);
    let gc = as_gc(object);
    // SAFETY: ring neighbours are valid heads.
    unsafe {
        debug_assert!((*gc)._gc_next.get() == 0);
        let last = (head._gc_prev.get() & !3) as *mut PyGC_Head;
        (*last)._gc_next.set(gc as usize);
        (*gc)
            ._gc_prev
            .set(((*gc)._gc_prev.get() & 3) | last as usize);
        (*gc)._gc_next.set(head as *const PyGC_Head as usize);
        head._gc_prev.set(gc as usize);
    }
}

/// `PyObject_GC_UnTrack`: nothing where the object is not tracked.
///
/// # Safety
/// The object has the collector's words.
#[inline(always)]
pub unsafe fn untrack(object: *mut PyObject) {
    let gc = as_gc(object);
    // SAFETY: ring neighbours are valid heads.
    unsafe {
        let next = (*gc)._gc_next.get();
        if next == 0 {
            return;
        }
        let previous = (*gc)._gc_prev.get() & !3;
        (*(previous as *mut PyGC_Head))._gc_next.set(next);
        let next = &*(next as *mut PyGC_Head);
        next._gc_prev.set(previous | (next._gc_prev.get() & 3));
        (*gc)._gc_next.set(0);
        (*gc)._gc_prev.set((*gc)._gc_prev.get() & 1);
    }
}

/// Words in front of an object of this type.
#[inline(always)]
pub fn prefix_size(type_: &PyTypeObject) -> usize {
    let flags = type_.tp_flags.get();
    let gc = if flags & Py_TPFLAGS_HAVE_GC != 0 {
        GC_HEAD
    } else {
        0
    };
    let managed = if flags & Py_TPFLAGS_MANAGED_DICT != 0 {
        2 * size_of::<usize>()
    } else {
        0
    };
    gc + managed
}

/// Sets the header of fresh memory; a heap type gains a reference.
///
/// # Safety
/// `object` points to memory large enough for the header.
#[inline(always)]
pub unsafe fn init_header(object: *mut PyObject, type_: &PyTypeObject) {
    // SAFETY: by contract.
    unsafe {
        (*object).ob_type.set(type_);
        (*object).ob_refcnt.set(1);
    }
    if type_.tp_flags.get() & Py_TPFLAGS_HEAPTYPE != 0 {
        type_.ob_refcnt.set(type_.ob_refcnt.get() + 1);
    }
}

/// An object of `size` bytes without the collector's words, header set, the rest uninitialised.
#[inline(always)]
pub fn new_object<T: Layout>(type_: &PyTypeObject, size: usize) -> PyResult<*mut T> {
    let memory = pymalloc::malloc(size);
    if memory.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: fresh memory of at least the header's size.
    unsafe { init_header(memory.cast(), type_) };
    Ok(memory.cast())
}

/// An object of `size` bytes behind the collector's words, untracked, header set, the rest
/// uninitialised (`_PyObject_GC_New`).
#[inline(always)]
pub fn new_gc_object<T: Layout>(type_: &PyTypeObject, size: usize) -> PyResult<*mut T> {
    let memory = gc_malloc(size, GC_HEAD)?;
    // SAFETY: fresh memory of at least the header's size.
    unsafe { init_header(memory.cast(), type_) };
    Ok(memory.cast())
}

/// Raw memory behind a prefix of zeroed words, counted by the young generation.
#[inline(always)]
pub fn gc_malloc(size: usize, prefix: usize) -> PyResult<*mut u8> {
    let memory = pymalloc::malloc(size + prefix);
    if memory.is_null() {
        return Err(errors::no_memory());
    }
    // SAFETY: the prefix lies inside the block.
    unsafe {
        std::ptr::write_bytes(memory, 0, prefix);
        let young = &GC.generations[0];
        let count = young.count.get() + 1;
        young.count.set(count);
        let threshold = young.threshold.get();
        if count > threshold && threshold != 0 {
            collect_if_due();
        }
        Ok(memory.add(prefix))
    }
}

#[inline(never)]
#[cold]
fn collect_if_due() {
    if GC.enabled.get() && !GC.collecting.get() && !errors::occurred() {
        GC.collecting.set(true);
        super::collect::collect_generations();
        GC.collecting.set(false);
    }
}

/// `PyObject_GC_Del`: unlinks and frees.
///
/// # Safety
/// The object came from [`new_gc_object`] or [`generic_alloc`] and is not used again.
pub unsafe fn gc_del(object: *mut PyObject) {
    // SAFETY: by contract; the type is still valid.
    unsafe {
        let prefix = prefix_size(&*(*object).ob_type.get());
        untrack(object);
        let young = &GC.generations[0];
        if young.count.get() > 0 {
            young.count.set(young.count.get() - 1);
        }
        pymalloc::free(object.cast::<u8>().sub(prefix));
    }
}

/// The common end of an object: out of the collector's ring, weak references cleared, fields
/// released, memory freed.
///
/// # Safety
/// The last reference to the object is gone.
pub unsafe fn end_object(object: *mut PyObject, release: impl FnOnce()) {
    // SAFETY: by contract; the type is still valid.
    unsafe {
        let type_ = &*(*object).ob_type.get();
        if type_.tp_flags.get() & Py_TPFLAGS_HAVE_GC != 0 {
            untrack(object);
        }
        if type_.tp_weaklistoffset.get() > 0 {
            crate::weakref::clear_all(&*object);
        }
        release();
        match type_.tp_free.get() {
            Some(free) => free(object.cast()),
            None if type_.tp_flags.get() & Py_TPFLAGS_HAVE_GC != 0 => gc_del(object),
            None => object_del(object),
        }
    }
}

/// Frees an object without the collector's words.
///
/// # Safety
/// The object came from [`new_object`] or [`generic_alloc`] and is not used again.
#[inline(always)]
pub unsafe fn object_del(object: *mut PyObject) {
    // SAFETY: by contract.
    unsafe { pymalloc::free(object.cast()) }
}

/// `tp_free` of types without the collector's words.
///
/// # Safety
/// As for [`object_del`].
pub unsafe extern "C" fn object_free(object: *mut std::ffi::c_void) {
    // SAFETY: by contract.
    unsafe { object_del(object.cast()) }
}

/// `tp_free` of types with the collector's words.
///
/// # Safety
/// As for [`gc_del`].
pub unsafe extern "C" fn object_gc_free(object: *mut std::ffi::c_void) {
    // SAFETY: by contract.
    unsafe { gc_del(object.cast()) }
}

/// `_PyObject_VAR_SIZE`: bytes of an object with `items` items, rounded to words.
#[inline(always)]
pub fn var_size(type_: &PyTypeObject, items: isize) -> usize {
    let size = type_.tp_basicsize.get() + items * type_.tp_itemsize.get();
    (size as usize + 7) & !7
}

/// `PyType_GenericAlloc`: zeroed memory, tracked where the type takes part in collection.
pub fn generic_alloc(type_: &PyTypeObject, items: isize) -> PyResult<Own> {
    let made = alloc_no_track(type_, items)?;
    if type_.tp_flags.get() & Py_TPFLAGS_HAVE_GC != 0 {
        // SAFETY: the object is complete (all zero) before it is tracked.
        unsafe { track(made.as_ptr()) };
    }
    Ok(made)
}

/// `_PyType_AllocNoTrack`: zeroed memory that the collector does not see yet.
pub fn alloc_no_track(type_: &PyTypeObject, items: isize) -> PyResult<Own> {
    // One more item than asked for, as the sentinel that some types expect.
    let size = var_size(type_, items + 1);
    let prefix = prefix_size(type_);
    let has_gc = type_.tp_flags.get() & Py_TPFLAGS_HAVE_GC != 0;
    let memory = if has_gc {
        gc_malloc(size, prefix)?
    } else {
        let memory = pymalloc::malloc(size + prefix);
        if memory.is_null() {
            return Err(errors::no_memory());
        }
        memory
    };
    let object: *mut PyObject = memory.cast();
    // SAFETY: the block holds the size; the object is complete (all zero) before it is tracked.
    unsafe {
        std::ptr::write_bytes(memory, 0, size);
        init_header(object, type_);
        if type_.tp_itemsize.get() != 0 {
            (*object.cast::<PyVarObject>()).ob_size.set(items);
        }
        Ok(Own::from_raw(object))
    }
}

/// `tp_alloc` of nearly every type.
///
/// # Safety
/// `type_` points to a ready type.
pub unsafe extern "C" fn PyType_GenericAlloc(
    type_: *const PyTypeObject,
    items: Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: by contract.
    crate::own::to_c(generic_alloc(unsafe { &*type_ }, items))
}

/// `tp_alloc` of types that track their instances themselves, once they are filled.
///
/// # Safety
/// As a `tp_alloc` slot is called: the type is alive and ready.
pub unsafe extern "C" fn _PyType_AllocNoTrack(
    type_: *const PyTypeObject,
    items: Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: by contract.
    crate::own::to_c(alloc_no_track(unsafe { &*type_ }, items))
}

/// What a `tp_traverse` hands each referent to.
pub struct Visitor {
    visit: visitproc,
    arg: *mut std::ffi::c_void,
    result: i32,
}

impl Visitor {
    pub fn new(visit: visitproc, arg: *mut std::ffi::c_void) -> Visitor {
        Visitor {
            visit,
            arg,
            result: 0,
        }
    }

    /// Visits a referent that may be null; nothing more after a visit that failed.
    #[inline]
    pub fn pointer<T>(&mut self, object: *mut T) {
        if self.result == 0 && !object.is_null() {
            // SAFETY: a live referent.
            self.result = unsafe { (self.visit)(object.cast(), self.arg) };
        }
    }

    /// Visits what a field holds.
    #[inline]
    pub fn field<T>(&mut self, field: &Pointer<T>) {
        self.pointer(field.get());
    }

    pub fn result(&self) -> i32 {
        self.result
    }
}

const TRASHCAN_LIMIT: i32 = 50;

/// Runs a deallocation, or puts it off where too many are nested (`Py_TRASHCAN_BEGIN`).
///
/// # Safety
/// `object` is dead, untracked and has the collector's words.
pub unsafe fn with_trashcan(object: *mut PyObject, destroy: unsafe fn(*mut PyObject)) {
    // SAFETY: by contract; the type is still valid.
    let outermost = unsafe { (*(*object).ob_type.get()).tp_dealloc.get() };
    let of_class = outermost.is_some_and(|outermost| {
        std::ptr::fn_addr_eq(outermost, crate::types::subtype_dealloc as destructor)
    });
    if of_class {
        // The class's own part has run already and has put the object off where that was due.
        // SAFETY: by contract.
        unsafe { destroy(object) };
        return;
    }
    // SAFETY: by contract.
    unsafe { put_off_or_destroy(object, destroy) };
}

/// [`with_trashcan`] for the part of a deallocation that a class begins.
///
/// # Safety
/// As for [`with_trashcan`].
pub unsafe fn put_off_or_destroy(object: *mut PyObject, destroy: unsafe fn(*mut PyObject)) {
    let state = crate::state::tstate();
    if state.trash_delete_nesting.get() >= TRASHCAN_LIMIT {
        // SAFETY: the collector's words of a dead object serve as the link.
        unsafe {
            (*as_gc(object))
                ._gc_prev
                .set(state.trash_delete_later.get() as usize)
        };
        state.trash_delete_later.set(object);
        return;
    }
    state
        .trash_delete_nesting
        .set(state.trash_delete_nesting.get() + 1);
    // SAFETY: by contract.
    unsafe { destroy(object) };
    state
        .trash_delete_nesting
        .set(state.trash_delete_nesting.get() - 1);
    if !state.trash_delete_later.get().is_null() && state.trash_delete_nesting.get() == 0 {
        empty_trash();
    }
}

#[inline(never)]
fn empty_trash() {
    let state = crate::state::tstate();
    loop {
        let object = state.trash_delete_later.get();
        if object.is_null() {
            return;
        }
        // SAFETY: a dead object that was put off; its type's destructor runs it again.
        unsafe {
            state
                .trash_delete_later
                .set((*as_gc(object))._gc_prev.replace(0) as *mut PyObject);
            state
                .trash_delete_nesting
                .set(state.trash_delete_nesting.get() + 1);
            if let Some(destroy) = (*(*object).ob_type.get()).tp_dealloc.get() {
                destroy(object);
            }
            state
                .trash_delete_nesting
                .set(state.trash_delete_nesting.get() - 1);
        }
    }
}
