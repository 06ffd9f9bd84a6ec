//! The standard streams, in their first form: text that goes to a file descriptor, buffered until
//! it is flushed. The `io` module's stack of streams replaces it.

use std::cell::Cell;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_objects::errors::{PyResult, type_error};
use twinheap_objects::memory;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::state::Global;
use twinheap_objects::{getset, long, members, methods, slot, static_type, unicode};

/// A standard stream.
#[repr(C)]
pub struct StandardStream {
    pub ob_base: PyObject,
    pub fd: Cell<i32>,
    pub closed: Cell<bool>,
}

// SAFETY: a `#[repr(C)]` struct that begins with the header.
unsafe impl Layout for StandardStream {}

/// What is written and not yet flushed, per descriptor 0, 1 and 2.
static BUFFERS: Global<[Cell<Vec<u8>>; 3]> = Global([const { Cell::new(Vec::new()) }; 3]);
const BUFFER_SIZE: usize = 8192;

/// A stream to a file descriptor.
pub fn new(fd: i32) -> PyResult {
    let object: *mut StandardStream =
        memory::new_object(&StandardStream_Type, size_of::<StandardStream>())?;
    // SAFETY: fresh memory.
    unsafe {
        (*object).fd.set(fd);
        (*object).closed.set(false);
        Ok(Own::from_raw(object.cast()))
    }
}

/// Writes all bytes to a descriptor; an error of the system is dropped, as at shutdown.
fn write_all(fd: i32, data: &[u8]) {
    let mut rest = data;
    while !rest.is_empty() {
        // SAFETY: the slice is valid for its length.
        let count = unsafe { libc::write(fd, rest.as_ptr().cast(), rest.len()) };
        if count <= 0 {
            return;
        }
        rest = &rest[count as usize..];
    }
}

/// Adds bytes to a stream's buffer; the error stream is never held back.
pub fn write_bytes(fd: i32, data: &[u8]) {
    let slot = &BUFFERS[fd.clamp(0, 2) as usize];
    let mut buffer = slot.take();
    buffer.extend_from_slice(data);
    if fd == 2 || buffer.len() >= BUFFER_SIZE {
        write_all(fd, &buffer);
        buffer.clear();
    }
    slot.set(buffer);
}

/// Flushes a descriptor.
pub fn flush_fd(fd: i32) {
    let slot = &BUFFERS[fd.clamp(0, 2) as usize];
    let mut buffer = slot.take();
    write_all(fd, &buffer);
    buffer.clear();
    slot.set(buffer);
}

/// Flushes output and errors.
pub fn flush_all() {
    flush_fd(1);
    flush_fd(2);
}

fn write(stream: &StandardStream, text: &PyObject) -> PyResult {
    let Some(text) = text.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "write() argument must be str, not {}",
            text.type_().name()
        )));
    };
    if let Some(ascii) = unicode::as_ascii(text) {
        write_bytes(stream.fd.get(), ascii.as_bytes());
    } else {
        let handler = if stream.fd.get() == 2 {
            "backslashreplace"
        } else {
            "strict"
        };
        let bytes = crate::encode_utf8(text, handler)?;
        write_bytes(stream.fd.get(), &bytes);
    }
    long::from_isize(text.length.get())
}

fn flush(stream: &StandardStream) -> PyResult {
    flush_fd(stream.fd.get());
    Ok(none())
}

fn fileno(stream: &StandardStream) -> PyResult {
    Ok(long::from_i64(i64::from(stream.fd.get()))?.upcast())
}

fn isatty(stream: &StandardStream) -> PyResult {
    // SAFETY: asks about a descriptor.
    Ok(bool_object(unsafe { libc::isatty(stream.fd.get()) } == 1))
}

fn writable(stream: &StandardStream) -> PyResult {
    Ok(bool_object(stream.fd.get() != 0))
}

fn get_encoding(_: &StandardStream) -> PyResult {
    Ok(unicode::from_str("utf-8")?.upcast())
}

fn get_errors(stream: &StandardStream) -> PyResult {
    let handler = if stream.fd.get() == 2 {
        "backslashreplace"
    } else {
        "strict"
    };
    Ok(unicode::from_str(handler)?.upcast())
}

fn repr(stream: &StandardStream) -> PyResult {
    let (name, mode) = match stream.fd.get() {
        0 => ("<stdin>", "r"),
        1 => ("<stdout>", "w"),
        _ => ("<stderr>", "w"),
    };
    Ok(unicode::from_str(&format!(
        "<_io.TextIOWrapper name='{name}' mode='{mode}' encoding='utf-8'>"
    ))?
    .upcast())
}

unsafe fn dealloc(stream: *mut StandardStream) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        flush_fd((*stream).fd.get());
        memory::object_del(stream.cast());
    }
}

members! {
    static MEMBERS:
    "closed" => T_BOOL, offset_of!(StandardStream, closed), READONLY;
}

getset! {
    static GETSET:
    "encoding" => get_encoding;
    "errors" => get_errors;
}

methods! {
    static METHODS:
    "write" => o(write);
    "flush" => noargs(flush);
    "fileno" => noargs(fileno);
    "isatty" => noargs(isatty);
    "writable" => noargs(writable);
}

static_type! {
    /// A standard stream; it bears the name of the type that it stands for.
    StandardStream_Type = "_io.TextIOWrapper", size size_of::<StandardStream>(), 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
}
