//! An owned reference to a Python object, and the few calls the worker makes on objects.

use std::ffi::{CStr, CString};

use pyo3::ffi;

/// An owned reference. The worker is single-threaded and holds the GIL from start to end.
pub struct Object(*mut ffi::PyObject);

impl Object {
    /// Takes over a new reference; `None` where it is NULL, with the error left set.
    pub fn take(pointer: *mut ffi::PyObject) -> Option<Object> {
        if pointer.is_null() {
            None
        } else {
            Some(Object(pointer))
        }
    }

    /// A new reference to a borrowed object.
    pub fn borrow(pointer: *mut ffi::PyObject) -> Option<Object> {
        if pointer.is_null() {
            return None;
        }
        // SAFETY: the object is alive and the GIL is held.
        unsafe { ffi::Py_INCREF(pointer) };
        Some(Object(pointer))
    }

    pub fn pointer(&self) -> *mut ffi::PyObject {
        self.0
    }

    /// An attribute, or `None` with the error cleared.
    pub fn attribute(&self, name: &CStr) -> Option<Object> {
        // SAFETY: both are alive and the GIL is held.
        let found = Object::take(unsafe { ffi::PyObject_GetAttrString(self.0, name.as_ptr()) });
        if found.is_none() {
            clear_error();
        }
        found
    }

    /// Sets an attribute; failure is cleared and told.
    pub fn set_attribute(&self, name: &CStr, value: &Object) -> bool {
        // SAFETY: all are alive and the GIL is held.
        let done = unsafe { ffi::PyObject_SetAttrString(self.0, name.as_ptr(), value.0) } == 0;
        if !done {
            clear_error();
        }
        done
    }

    /// Calls with positional arguments, or `None` with the error cleared.
    pub fn call(&self, arguments: &[&Object]) -> Option<Object> {
        let tuple = tuple(arguments)?;
        // SAFETY: all are alive and the GIL is held.
        let result = Object::take(unsafe { ffi::PyObject_CallObject(self.0, tuple.0) });
        if result.is_none() {
            clear_error();
        }
        result
    }

    /// The value under a key of a dict, or `None` with the error cleared.
    pub fn item(&self, key: &CStr) -> Option<Object> {
        // SAFETY: the key is a C string; the GIL is held.
        let key = Object::take(unsafe { ffi::PyUnicode_FromString(key.as_ptr()) })?;
        // SAFETY: both are alive and the GIL is held.
        let found = Object::take(unsafe { ffi::PyObject_GetItem(self.0, key.0) });
        if found.is_none() {
            clear_error();
        }
        found
    }

    /// The text of a str.
    pub fn text(&self) -> Option<String> {
        let mut length = 0;
        // SAFETY: the object is alive; a wrong type gives NULL and an error.
        let data = unsafe { ffi::PyUnicode_AsUTF8AndSize(self.0, &mut length) };
        if data.is_null() {
            clear_error();
            return None;
        }
        // SAFETY: the data belong to the str, which is alive, and are `length` bytes of UTF-8.
        let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length as usize) };
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The data of a bytes object.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut data = std::ptr::null_mut();
        let mut length = 0;
        // SAFETY: the object is alive; a wrong type gives an error.
        if unsafe { ffi::PyBytes_AsStringAndSize(self.0, &mut data, &mut length) } < 0 {
            clear_error();
            return None;
        }
        // SAFETY: the data belong to the object, which is alive.
        Some(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length as usize) }.to_vec())
    }

    /// The value of an int that fits.
    pub fn integer(&self) -> Option<i64> {
        // SAFETY: the object is alive; a wrong type or size gives -1 and an error.
        let value = unsafe { ffi::PyLong_AsLongLong(self.0) };
        if value == -1 {
            clear_error();
        }
        Some(value)
    }

    /// The items of a list or tuple.
    pub fn items(&self) -> Vec<Object> {
        // SAFETY: the object is alive; a wrong type gives -1 and an error.
        let length = unsafe { ffi::PySequence_Size(self.0) };
        if length < 0 {
            clear_error();
            return Vec::new();
        }
        (0..length)
            // SAFETY: the index is within the sequence.
            .filter_map(|index| Object::take(unsafe { ffi::PySequence_GetItem(self.0, index) }))
            .collect()
    }

    #[cfg(not(twinheap_raw_layout))]
    pub fn is_none(&self) -> bool {
        // SAFETY: None is immortal.
        self.0 == unsafe { ffi::Py_None() }
    }
}

impl Clone for Object {
    fn clone(&self) -> Object {
        // SAFETY: the object is alive and the GIL is held.
        unsafe { ffi::Py_INCREF(self.0) };
        Object(self.0)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: the reference is owned and the GIL is held.
        unsafe { ffi::Py_DECREF(self.0) };
    }
}

/// Forgets the current error.
pub fn clear_error() {
    // SAFETY: the GIL is held.
    unsafe { ffi::PyErr_Clear() };
}

/// A str.
pub fn text(value: &str) -> Option<Object> {
    // SAFETY: the bytes are valid for the call.
    Object::take(unsafe {
        ffi::PyUnicode_FromStringAndSize(value.as_ptr().cast(), value.len() as ffi::Py_ssize_t)
    })
}

/// A list of new references.
pub fn list(items: &[Object]) -> Option<Object> {
    // SAFETY: the GIL is held.
    let list = Object::take(unsafe { ffi::PyList_New(0) })?;
    for item in items {
        // SAFETY: both are alive; the list takes a reference of its own.
        unsafe { ffi::PyList_Append(list.0, item.0) };
    }
    Some(list)
}

/// A tuple of new references.
pub fn tuple(items: &[&Object]) -> Option<Object> {
    // SAFETY: the GIL is held.
    let tuple = Object::take(unsafe { ffi::PyTuple_New(items.len() as ffi::Py_ssize_t) })?;
    for (index, item) in items.iter().enumerate() {
        // SAFETY: the tuple is new, and the item's count is raised before the tuple takes it over.
        unsafe {
            ffi::Py_INCREF(item.0);
            ffi::PyTuple_SetItem(tuple.0, index as ffi::Py_ssize_t, item.0);
        }
    }
    Some(tuple)
}

/// Imports a module, or says why not.
pub fn import(name: &str) -> Result<Object, String> {
    let c_name = CString::new(name).map_err(|error| error.to_string())?;
    // The name is interned, as that of an import statement.
    // SAFETY: the name is a C string.
    let name_object = Object::take(unsafe { ffi::PyUnicode_InternFromString(c_name.as_ptr()) });
    name_object
        // SAFETY: the name is a live str.
        .and_then(|name| Object::take(unsafe { ffi::PyImport_Import(name.pointer()) }))
        .ok_or_else(|| format!("cannot import {name}: {}", take_error_text()))
}

/// The current error as text, cleared.
pub fn take_error_text() -> String {
    let Some(error) = take_exception() else {
        return "no error is set".to_owned();
    };
    // SAFETY: the object is alive.
    let shown = Object::take(unsafe { ffi::PyObject_Repr(error.pointer()) });
    clear_error();
    shown
        .and_then(|text| text.text())
        .unwrap_or_else(|| "an error without a text".to_owned())
}

/// The current exception, with its traceback attached, cleared from the thread state.
pub fn take_exception() -> Option<Object> {
    #[cfg(Py_3_12)]
    {
        // SAFETY: the GIL is held.
        Object::take(unsafe { ffi::PyErr_GetRaisedException() })
    }
    #[cfg(not(Py_3_12))]
    {
        let (mut kind, mut value, mut traceback) = (
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
        // SAFETY: the three places are valid for writing; what they receive is owned from here on.
        unsafe {
            ffi::PyErr_Fetch(&mut kind, &mut value, &mut traceback);
            if kind.is_null() {
                return None;
            }
            ffi::PyErr_NormalizeException(&mut kind, &mut value, &mut traceback);
            if !traceback.is_null() {
                ffi::PyException_SetTraceback(value, traceback);
            }
        }
        drop(Object::take(kind));
        drop(Object::take(traceback));
        Object::take(value)
    }
}
