//! Instances of classes: deallocation and traversal (`subtype_dealloc`, `subtype_traverse`).

use super::super::memory::{self, Visitor};
use crate::object::{ObjectExt, TypeExt, dict_field};
use crate::own::{Field, Layout, decref};
use crate::{dict, weakref};
use twinheap_abi::*;

/// Members of `__slots__` that hold an object, declared by one class.
fn slot_fields<'a>(
    type_: &PyTypeObject,
    object: &'a PyObject,
) -> impl Iterator<Item = &'a Pointer<PyObject>> {
    let members = heap_members(type_);
    members
        .iter()
        .filter(|member| member.type_ == T_OBJECT_EX && member.flags & READONLY == 0)
        .map(move |member| {
            // SAFETY: the member lies inside the instance.
            unsafe { &*object.as_raw().cast::<u8>().offset(member.offset).cast() }
        })
}

/// The members behind a heap type (`PyHeapType_GET_MEMBERS`).
pub fn heap_members(type_: &PyTypeObject) -> &[PyMemberDef] {
    if !type_.has_feature(Py_TPFLAGS_HEAPTYPE) {
        return &[];
    }
    let count = type_.ob_size.get() as usize;
    // SAFETY: a heap type is followed by `ob_size` members.
    unsafe {
        let start = type_
            .as_raw()
            .cast::<u8>()
            .add(size_of::<PyHeapTypeObject>());
        std::slice::from_raw_parts(start.cast(), count)
    }
}

/// Walks up from the type to the first base that is deallocated natively.
fn native_base(type_: &PyTypeObject) -> &PyTypeObject {
    let mut base = type_;
    while base
        .tp_dealloc
        .get()
        .is_some_and(|f| std::ptr::fn_addr_eq(f, subtype_dealloc as destructor))
    {
        // SAFETY: a type keeps its base alive; the chain ends at object, which is native.
        base = unsafe { &*base.tp_base.get() };
    }
    base
}

/// `subtype_traverse`.
pub unsafe extern "C" fn subtype_traverse(
    this: *mut PyObject,
    visit: visitproc,
    argument: *mut std::ffi::c_void,
) -> i32 {
    let mut visitor = Visitor::new(visit, argument);
    // SAFETY: a live instance.
    let object = unsafe { &*this };
    let type_ = object.type_();
    let base = native_traverse_base(type_, object, &mut visitor);
    subtype_traverse_dict(object, base, &mut visitor);
    if type_.has_feature(Py_TPFLAGS_HEAPTYPE)
        && base
            .tp_traverse
            .get()
            .is_none_or(|_| !base.has_feature(Py_TPFLAGS_HEAPTYPE))
    {
        visitor.pointer(type_.as_raw());
    }
    if visitor.result() != 0 {
        return visitor.result();
    }
    match base.tp_traverse.get() {
        // SAFETY: the base's own slot on an instance of it.
        Some(traverse) => unsafe { traverse(this, visit, argument) },
        None => 0,
    }
}

fn native_traverse_base<'a>(
    type_: &'a PyTypeObject,
    object: &PyObject,
    visitor: &mut Visitor,
) -> &'a PyTypeObject {
    let mut base = type_;
    while base
        .tp_traverse
        .get()
        .is_some_and(|f| std::ptr::fn_addr_eq(f, subtype_traverse as traverseproc))
    {
        for field in slot_fields(base, object) {
            visitor.field(field);
        }
        // SAFETY: a type keeps its base alive.
        base = unsafe { &*base.tp_base.get() };
    }
    base
}

/// Visits the instance dict that the class has added to its native base.
pub fn subtype_traverse_dict(object: &PyObject, base: &PyTypeObject, visitor: &mut Visitor) {
    let type_ = object.type_();
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        dict::traverse_instance(object, visitor);
    } else if type_.tp_dictoffset.get() != base.tp_dictoffset.get()
        && let Some(field) = dict_field(object)
    {
        visitor.field(field);
    }
}

/// `subtype_clear`.
pub unsafe extern "C" fn subtype_clear(this: *mut PyObject) -> i32 {
    // SAFETY: a live instance.
    let object = unsafe { &*this };
    let type_ = object.type_();
    let mut base = type_;
    while base
        .tp_clear
        .get()
        .is_some_and(|f| std::ptr::fn_addr_eq(f, subtype_clear as inquiry))
    {
        for field in slot_fields(base, object) {
            field.clear();
        }
        // SAFETY: a type keeps its base alive.
        base = unsafe { &*base.tp_base.get() };
    }
    if type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        // SAFETY: the instance has a managed dict.
        unsafe { dict::free_instance_attributes(object) };
    } else if type_.tp_dictoffset.get() != base.tp_dictoffset.get()
        && let Some(field) = dict_field(object)
    {
        field.clear();
    }
    match base.tp_clear.get() {
        // SAFETY: the base's own slot on an instance of it.
        Some(clear) => unsafe { clear(this) },
        None => 0,
    }
}

/// Runs `__del__`; tells whether the object has come back to life.
pub fn finalize_from_dealloc(object: &PyObject) -> bool {
    let type_ = object.type_();
    let Some(finalize) = type_.tp_finalize.get() else {
        return false;
    };
    let has_gc = type_.has_feature(Py_TPFLAGS_HAVE_GC);
    let gc = memory::as_gc(object.as_raw());
    // SAFETY: the object has the collector's words where its type says so.
    unsafe {
        if has_gc && (*gc)._gc_prev.get() & PyGC_PREV_MASK_FINALIZED != 0 {
            return false;
        }
        object.ob_refcnt.set(1);
        finalize(object.as_raw());
        if has_gc {
            (*gc)
                ._gc_prev
                .set((*gc)._gc_prev.get() | PyGC_PREV_MASK_FINALIZED);
        }
    }
    let left = object.ob_refcnt.get() - 1;
    object.ob_refcnt.set(left);
    left > 0
}

/// `subtype_dealloc`: `__del__`, weak references, slots, dict, then the native base's part.
pub unsafe extern "C" fn subtype_dealloc(this: *mut PyObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        let type_ = (*this).type_();
        if !type_.has_feature(Py_TPFLAGS_HAVE_GC) {
            dealloc_plain(this);
            return;
        }
        memory::untrack(this);
        memory::put_off_or_destroy(this, |this| dealloc_gc(this));
    }
}

unsafe fn dealloc_plain(this: *mut PyObject) {
    // SAFETY: as for subtype_dealloc.
    unsafe {
        let object = &*this;
        if finalize_from_dealloc(object) {
            return;
        }
        // The finalizer may have given the object another class, and the first one may be gone.
        let type_: *const PyTypeObject = object.type_();
        let base = native_base(&*type_);
        if let Some(dealloc) = base.tp_dealloc.get() {
            dealloc(this);
        }
        if (*type_).has_feature(Py_TPFLAGS_HEAPTYPE) && !base.has_feature(Py_TPFLAGS_HEAPTYPE) {
            decref(type_.cast_mut().cast());
        }
    }
}

unsafe fn dealloc_gc(this: *mut PyObject) {
    // SAFETY: as for subtype_dealloc; the object is untracked.
    unsafe {
        let object = &*this;
        if object.type_().tp_finalize.get().is_some() {
            memory::track(this);
            if finalize_from_dealloc(object) {
                return;
            }
            memory::untrack(this);
        }
        // The finalizer may have given the object another class, and the first one may be gone.
        let type_: *const PyTypeObject = object.type_();
        let base = native_base(&*type_);
        if (*type_).tp_weaklistoffset.get() != 0 && base.tp_weaklistoffset.get() == 0 {
            weakref::clear_all(object);
        }
        let mut class: &PyTypeObject = &*type_;
        while !std::ptr::eq(class, base) {
            for field in slot_fields(class, object) {
                field.clear();
            }
            class = &*class.tp_base.get();
        }
        if (*type_).has_feature(Py_TPFLAGS_MANAGED_DICT) {
            dict::free_instance_attributes(object);
        } else if (*type_).tp_dictoffset.get() != 0
            && base.tp_dictoffset.get() == 0
            && let Some(field) = dict_field(object)
        {
            field.clear();
        }
        if base.has_feature(Py_TPFLAGS_HAVE_GC) {
            memory::track(this);
        }
        if let Some(dealloc) = base.tp_dealloc.get() {
            dealloc(this);
        }
        if (*type_).has_feature(Py_TPFLAGS_HEAPTYPE) && !base.has_feature(Py_TPFLAGS_HEAPTYPE) {
            decref(type_.cast_mut().cast());
        }
    }
}
