//! The observer as the module `_twinheap_observer`, which the user's own interpreter imports and which serves programs
//! from inside it.
//!
//! The interpreter was started by its command line, not by `PyConfig`, so [`take_over`] removes what that leaves: the
//! frame that called, the arguments, the variables for the interpreter alone, and the handlers of signals. After that a
//! program sees what it would see in the worker that embeds CPython.

use std::ffi::c_char;

use pyo3::ffi;
use twinheap_subject::interpreter::VARIABLES;

use crate::interpreter::Interpreter;
use crate::object::{self, Object, clear_error};

/// The methods and slots of the module, which CPython keeps pointers to.
struct Table<T>(std::cell::UnsafeCell<T>);

// SAFETY: only CPython touches the tables, with the GIL held.
unsafe impl<T> Sync for Table<T> {}

static METHODS: Table<[ffi::PyMethodDef; 2]> = Table(std::cell::UnsafeCell::new([
    ffi::PyMethodDef {
        ml_name: c"serve".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: serve },
        ml_flags: ffi::METH_O,
        ml_doc: c"Serve programs until the keeper closes the pipe; never returns.".as_ptr(),
    },
    ffi::PyMethodDef::zeroed(),
]));

static MODULE: Table<ffi::PyModuleDef> = Table(std::cell::UnsafeCell::new(ffi::PyModuleDef {
    m_base: ffi::PyModuleDef_HEAD_INIT,
    m_name: c"_twinheap_observer".as_ptr(),
    m_doc: std::ptr::null::<c_char>(),
    m_size: 0,
    m_methods: METHODS.0.get().cast(),
    m_slots: std::ptr::null_mut(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
}));

/// What CPython calls when the module is imported.
#[unsafe(no_mangle)]
pub extern "C" fn PyInit__twinheap_observer() -> *mut ffi::PyObject {
    // SAFETY: the definition lives for ever; CPython holds the GIL. A definition is what loading in two phases wants,
    // and leaves no copy of the module behind.
    unsafe { ffi::PyModuleDef_Init(MODULE.0.get()) }
}

unsafe extern "C" fn serve(
    _module: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let listed = Object::borrow(arguments).map_or(Vec::new(), |list| list.items());
    let arguments = listed.iter().filter_map(Object::text).collect();
    let code = match crate::serve(arguments, Interpreter::attach) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("the observer cannot go on: {error}");
            1
        }
    };
    // SAFETY: the process ends here, without running anything of the interpreter, whose first frame is gone.
    unsafe { libc::_exit(code) }
}

/// Makes the interpreter look as if it had been embedded. It never goes back to the frame that called.
pub fn take_over() -> Result<(), String> {
    replace_thread_state()?;
    forget_variables();
    forget_arguments();
    forget_signals();
    Ok(())
}

/// Puts a thread state without frames in the place of the one that runs the command line's code.
///
/// CPython 3.11 notes as the thread's own the first thread state that is made while none is noted, and cannot make an
/// interpreter's very first one twice; so a second one keeps the place while the first goes and a third comes.
fn replace_thread_state() -> Result<(), String> {
    // SAFETY: the GIL is held. Nothing returns into the old frames, as the process ends inside of `serve`.
    unsafe {
        let first = ffi::PyThreadState_Get();
        let second = after(first)?;
        leave(first);
        after(second)?;
        leave(second);
    }
    Ok(())
}

/// Makes a new thread state the current one.
///
/// # Safety
/// The GIL must be held, with this thread state the current one.
unsafe fn after(current: *mut ffi::PyThreadState) -> Result<*mut ffi::PyThreadState, String> {
    // SAFETY: as the caller promises. It is cleared while it is current, as that can run code.
    unsafe {
        let new = ffi::PyThreadState_New(ffi::PyInterpreterState_Get());
        if new.is_null() {
            return Err("no memory for a thread state".to_owned());
        }
        ffi::PyThreadState_Clear(current);
        ffi::PyThreadState_Swap(new);
        Ok(new)
    }
}

/// Deletes a thread state.
///
/// # Safety
/// It must have been cleared, must not be the current one, and nothing may return into its frames.
unsafe fn leave(old: *mut ffi::PyThreadState) {
    // SAFETY: as the caller promises.
    unsafe { ffi::PyThreadState_Delete(old) }
}

/// The variables that were for the interpreter alone are no business of a program's.
fn forget_variables() {
    let environment = object::import("posix")
        .ok()
        .and_then(|posix| posix.attribute(c"environ"));
    for name in VARIABLES {
        let Ok(text) = std::ffi::CString::new(name) else {
            continue;
        };
        // SAFETY: the name is a C string, and no other thread reads the environment.
        unsafe { libc::unsetenv(text.as_ptr()) };
        let Some(environment) = &environment else {
            continue;
        };
        // SAFETY: both are alive and the GIL is held; a name that is not there is no error of ours.
        unsafe {
            let key = ffi::PyBytes_FromString(text.as_ptr());
            if ffi::PyObject_DelItem(environment.pointer(), key) < 0 {
                clear_error();
            }
            ffi::Py_XDECREF(key);
        }
    }
}

/// `sys.argv` and its kin as an embedded interpreter has them, no folder of ours on `sys.path`, and no names of ours in
/// `__main__`.
fn forget_arguments() {
    // SAFETY: the names are C strings and the GIL is held; PySys_SetObject takes no reference away, and the namespace
    // of `__main__` is borrowed from its module.
    unsafe {
        if let Some(empty) = Object::take(ffi::PyList_New(0)) {
            ffi::PySys_SetObject(c"orig_argv".as_ptr(), empty.pointer());
        }
        if let (Some(list), Some(nothing)) = (Object::take(ffi::PyList_New(0)), object::text("")) {
            ffi::PyList_Append(list.pointer(), nothing.pointer());
            ffi::PySys_SetObject(c"argv".as_ptr(), list.pointer());
        }
        let path = ffi::PySys_GetObject(c"path".as_ptr());
        if !path.is_null() && ffi::PyList_Size(path) > 0 {
            let first = ffi::PyList_GetItem(path, 0);
            if ffi::PyUnicode_Check(first) != 0 && ffi::PyUnicode_GetLength(first) == 0 {
                ffi::PyList_SetSlice(path, 0, 1, std::ptr::null_mut());
            }
        }
        let main = ffi::PyImport_AddModule(c"__main__".as_ptr());
        if !main.is_null() {
            let namespace = ffi::PyModule_GetDict(main);
            for name in [c"sys", c"_imp", c"_frozen_importlib", c"spec", c"module"] {
                if ffi::PyDict_DelItemString(namespace, name.as_ptr()) < 0 {
                    clear_error();
                }
            }
        }
        clear_error();
    }
}

/// An embedded interpreter installs no handlers: an interrupt ends it, as does a file that grows beyond the limit.
fn forget_signals() {
    for signal in [libc::SIGINT, libc::SIGXFSZ] {
        // SAFETY: the default action takes no handler.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
