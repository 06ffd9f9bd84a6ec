//! Tells the decoder which objects of this CPython were there before any program.

#![cfg(twinheap_raw_layout)]

use pyo3::ffi;
use twinheap_decode::Address;
use twinheap_decode::boundary::{Boundary, Singleton};

use crate::object::{self, Object};

unsafe extern "C" {
    /// The key of a deleted slot of a set.
    static _PySet_Dummy: *mut ffi::PyObject;
}

/// The boundary of a CPython that has just started.
pub fn find() -> Result<Boundary, String> {
    let mut boundary = Boundary::new();
    boundary.share_singletons(ask);
    // SAFETY: a new dict; the GIL is held.
    let empty = Object::take(unsafe { ffi::PyDict_New() }).ok_or("no memory for a dict")?;
    boundary.share_empty_keys(address(empty.pointer()));
    share_modules(&mut boundary)?;
    Ok(boundary)
}

fn address(pointer: *mut ffi::PyObject) -> Address {
    // SAFETY: the objects of a running CPython are alive and laid out as 3.11 does, which build.rs checked;
    // this thread is the only one that runs, and it does not run Python code while addresses are read.
    unsafe { Address::new(pointer.cast()) }
}

fn ask(singleton: Singleton) -> Option<Address> {
    // SAFETY: plain constructors that give the shared object for these values; the GIL is held.
    // The references are kept for ever, as the objects are.
    let pointer = unsafe {
        match singleton {
            Singleton::SmallInt(number) => ffi::PyLong_FromLong(number.into()),
            Singleton::Character(byte) => ffi::PyUnicode_FromOrdinal(byte.into()),
            Singleton::Byte(byte) => ffi::PyBytes_FromStringAndSize((&raw const byte).cast(), 1),
            Singleton::EmptyStr => ffi::PyUnicode_FromStringAndSize(std::ptr::null(), 0),
            Singleton::EmptyBytes => ffi::PyBytes_FromStringAndSize(std::ptr::null(), 0),
            Singleton::EmptyTuple => ffi::PyTuple_New(0),
            Singleton::None => ffi::Py_None(),
            Singleton::True => ffi::Py_True(),
            Singleton::False => ffi::Py_False(),
            Singleton::Ellipsis => ffi::Py_Ellipsis(),
            Singleton::NotImplemented => ffi::Py_NotImplemented(),
            Singleton::SetDummy => _PySet_Dummy,
        }
    };
    (!pointer.is_null()).then(|| address(pointer))
}

/// The namespaces of the modules loaded so far, which functions and frames of the library refer to.
fn share_modules(boundary: &mut Boundary) -> Result<(), String> {
    let modules = object::import("sys")?
        .attribute(c"modules")
        .ok_or("sys has no modules")?;
    boundary.share(address(modules.pointer()), "<sys.modules>");
    // SAFETY: sys.modules is a dict.
    let items = Object::take(unsafe { ffi::PyDict_Items(modules.pointer()) })
        .ok_or("sys.modules is no dict")?;
    for item in items.items() {
        let pair = item.items();
        let (Some(name), Some(module)) = (pair.first().and_then(Object::text), pair.get(1)) else {
            continue;
        };
        // Each program has a `__main__` of its own.
        if name != "__main__"
            && let Some(namespace) = module.attribute(c"__dict__")
        {
            boundary.share(
                address(namespace.pointer()),
                &format!("<dict of module {name}>"),
            );
        }
    }
    Ok(())
}
