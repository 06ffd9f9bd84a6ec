//! The abstract bases of streams (`Modules/_io/iobase.c`, `bufferedio.c`, `textio.c`).

use crate::prelude::*;
use twinheap_objects::exceptions::{PyExc_OSError, PyExc_ValueError};
use twinheap_objects::state::Global;

object_struct! {
    /// `iobase`.
    pub struct IoBase {
        dict: Pointer<PyDictObject>,
        weakreflist: Cell<*const PyObject>,
    }
}

/// `io.UnsupportedOperation`, once it is made.
static UNSUPPORTED: Global<Pointer<PyTypeObject>> = Global(Cell::new(std::ptr::null_mut()));

/// `io.UnsupportedOperation`: an OSError and a ValueError.
pub fn unsupported_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*UNSUPPORTED) {
        return Ok(made);
    }
    let namespace = dict::new()?;
    dict::set_literal(
        &namespace,
        "__module__",
        unicode::from_str("io")?.as_object(),
    )?;
    let bases = tuple::pack(&[PyExc_OSError.as_object(), PyExc_ValueError.as_object()])?;
    let name = unicode::from_str("UnsupportedOperation")?;
    let made = types::new_class(&types::PyType_Type, &name, &bases, &namespace, None)?;
    let made = made
        .downcast::<PyTypeObject>()
        .map_err(|_| errors::system_error("no class was made"))?;
    UNSUPPORTED.put(Some(made.clone()));
    Ok(made)
}

pub fn unsupported(message: &str) -> errors::Raised {
    match unsupported_type() {
        Ok(type_) => errors::raise(&type_, message),
        Err(raised) => raised,
    }
}

/// A method of an object without arguments.
pub fn call0(object: &PyObject, name: &PyASCIIObject) -> PyResult {
    call::call_method(object, name, &[])
}

/// Whether a stream says that it is closed.
pub fn is_closed(stream: &PyObject) -> PyResult<bool> {
    object::is_true(&*object::get_attr(stream, id!("closed"))?)
}

pub fn check_closed(stream: &PyObject) -> PyResult<()> {
    if is_closed(stream)? {
        return Err(value_error("I/O operation on closed file."));
    }
    Ok(())
}

fn base_closed(this: &PyObject) -> PyResult<bool> {
    Ok(object::lookup_attr(this, id!("__IOBase_closed"))?.is_some())
}

fn seek(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("seek"))
}

fn tell(this: &PyObject) -> PyResult {
    call::call_method(
        this,
        id!("seek"),
        &[&*long::from_isize(0)?, &*long::from_isize(1)?],
    )
}

fn truncate(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("truncate"))
}

fn flush(this: &PyObject) -> PyResult {
    if base_closed(this)? {
        return Err(value_error("I/O operation on closed file."));
    }
    Ok(none())
}

fn close(this: &PyObject) -> PyResult {
    if base_closed(this)? {
        return Ok(none());
    }
    let flushed = call0(this, id!("flush"));
    let saved = flushed.is_err().then(errors::fetch);
    let marked = object::set_attr(
        this,
        id!("__IOBase_closed").as_object(),
        Some(&bool_object(true)),
    );
    if let Some(saved) = saved {
        return Err(errors::restore(saved));
    }
    marked.map(|()| none())
}

fn get_closed(this: &PyObject) -> PyResult {
    Ok(bool_object(base_closed(this)?))
}

fn no(this: &PyObject) -> PyResult {
    let _ = this;
    Ok(bool_object(false))
}

/// Checks what a stream can do by its method.
fn check(this: &PyObject, method: &PyASCIIObject, message: &str) -> PyResult {
    let answer = call0(this, method)?;
    if !std::ptr::eq(&*answer, &*bool_object(true)) {
        return Err(unsupported(message));
    }
    Ok(answer)
}

pub fn check_readable(this: &PyObject) -> PyResult {
    check(this, id!("readable"), "File or stream is not readable.")
}

pub fn check_writable(this: &PyObject) -> PyResult {
    check(this, id!("writable"), "File or stream is not writable.")
}

pub fn check_seekable(this: &PyObject) -> PyResult {
    check(this, id!("seekable"), "File or stream is not seekable.")
}

fn method_check_closed(this: &PyObject, _: &PyTupleObject) -> PyResult {
    check_closed(this)?;
    Ok(none())
}

fn method_check_readable(this: &PyObject, _: &PyTupleObject) -> PyResult {
    check_readable(this)
}

fn method_check_writable(this: &PyObject, _: &PyTupleObject) -> PyResult {
    check_writable(this)
}

fn method_check_seekable(this: &PyObject, _: &PyTupleObject) -> PyResult {
    check_seekable(this)
}

fn fileno(_: &PyObject) -> PyResult {
    Err(unsupported("fileno"))
}

fn isatty(this: &PyObject) -> PyResult {
    check_closed(this)?;
    Ok(bool_object(false))
}

fn enter(this: &PyObject) -> PyResult {
    check_closed(this)?;
    Ok(Own::new(this))
}

fn exit(this: &PyObject, _: &PyTupleObject) -> PyResult {
    call0(this, id!("close"))
}

fn iter(this: &PyObject) -> PyResult {
    check_closed(this)?;
    Ok(Own::new(this))
}

fn next(this: &PyObject) -> PyResult<Option<Own>> {
    let line = call0(this, id!("readline"))?;
    Ok(if object::length(&line)? == 0 {
        None
    } else {
        Some(line)
    })
}

/// A size argument: None and absence mean without limit.
pub fn size_argument(args: &[&PyObject], name: &str) -> PyResult<isize> {
    call::check_positional(name, args.len(), 0, 1)?;
    match args.first().filter(|size| !size.is_none()) {
        None => Ok(-1),
        Some(size) => optional_size(size),
    }
}

/// `_Py_convert_optional_to_ssize_t`, for what is not None.
pub fn optional_size(size: &PyObject) -> PyResult<isize> {
    if !abstract_::has_index(size) {
        return Err(type_error(format_args!(
            "argument should be integer or None, not '{}'",
            size.type_().name()
        )));
    }
    abstract_::as_ssize(
        size,
        Some(&twinheap_objects::exceptions::PyExc_OverflowError),
    )
}

fn readline(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let limit = size_argument(args, "readline")?;
    let peek = object::lookup_attr(this, id!("peek"))?;
    let mut line: Vec<u8> = Vec::new();
    while limit < 0 || (line.len() as isize) < limit {
        let mut wanted = 1;
        if let Some(peek) = &peek {
            let ahead = call::call(peek, &[&*long::from_isize(1)?])?;
            let Some(ahead) = ahead.downcast_ref::<PyBytesObject>() else {
                return Err(errors::raise(
                    &PyExc_OSError,
                    format_args!(
                        "peek() should have returned a bytes object, not '{}'",
                        ahead.type_().name()
                    ),
                ));
            };
            let data = bytes::data_of(ahead);
            if !data.is_empty() {
                wanted = data
                    .iter()
                    .position(|&byte| byte == b'\n')
                    .map_or(data.len(), |at| at + 1);
                if limit >= 0 {
                    wanted = wanted.min(limit as usize - line.len());
                }
            }
        }
        let piece = call::call_method(this, id!("read"), &[&*long::from_usize(wanted)?])?;
        let Some(piece) = piece.downcast_ref::<PyBytesObject>() else {
            return Err(errors::raise(
                &PyExc_OSError,
                format_args!(
                    "read() should have returned a bytes object, not '{}'",
                    piece.type_().name()
                ),
            ));
        };
        let data = bytes::data_of(piece);
        if data.is_empty() {
            break;
        }
        line.extend_from_slice(data);
        if line.last() == Some(&b'\n') {
            break;
        }
    }
    Ok(bytes::from_slice(&line)?.upcast())
}

fn readlines(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let hint = size_argument(args, "readlines")?;
    if hint <= 0 {
        return Ok(list::from_iterable(this)?.upcast());
    }
    let made = list::new(0)?;
    let iterator = abstract_::get_iter(this)?;
    let mut total = 0;
    while let Some(line) = abstract_::next(&iterator)? {
        total += object::length(&line)? as isize;
        list::append_take(&made, line)?;
        if total > hint {
            break;
        }
    }
    Ok(made.upcast())
}

pub fn writelines(this: &PyObject, lines: &PyObject) -> PyResult {
    check_closed(this)?;
    let iterator = abstract_::get_iter(lines)?;
    while let Some(line) = abstract_::next(&iterator)? {
        call::call_method(this, id!("write"), &[&line])?;
    }
    Ok(none())
}

/// `iobase_finalize`: an open stream that nobody holds is closed; what goes wrong is dropped.
fn finalize(stream: &PyObject) {
    errors::preserving(|| {
        let closed = match object::lookup_attr(stream, id!("closed")) {
            Ok(Some(answer)) => object::is_true(&answer).unwrap_or(true),
            _ => true,
        };
        errors::clear();
        if closed {
            return;
        }
        let told = object::set_attr(
            stream,
            id!("_finalizing").as_object(),
            Some(&bool_object(true)),
        );
        if told.is_err() {
            errors::clear();
        }
        if call0(stream, id!("close")).is_err() {
            errors::clear();
        }
    });
}

unsafe extern "C" fn finalize_slot(stream: *mut PyObject) {
    // SAFETY: the object is alive while it is finalised.
    finalize(unsafe { &*stream });
}

/// The end of a native stream: it is closed first, and may come back to life.
///
/// # Safety
/// The last reference is gone.
pub unsafe fn end_stream(stream: *mut PyObject, release: impl FnOnce()) {
    // SAFETY: by contract.
    unsafe {
        if types::finalize_from_dealloc(&*stream) {
            return;
        }
        memory::end_object(stream, release);
    }
}

unsafe fn dealloc(stream: *mut IoBase) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { end_stream(stream.cast(), || (*stream).clear()) }
}

methods! {
    static BASE_METHODS:
    "seek" => varargs(seek);
    "tell" => noargs(tell, "($self, /)");
    "truncate" => varargs(truncate);
    "flush" => noargs(flush, "($self, /)");
    "close" => noargs(close, "($self, /)");
    "seekable" => noargs(no, "($self, /)");
    "readable" => noargs(no, "($self, /)");
    "writable" => noargs(no, "($self, /)");
    "_checkClosed" => varargs(method_check_closed);
    "_checkSeekable" => varargs(method_check_seekable);
    "_checkReadable" => varargs(method_check_readable);
    "_checkWritable" => varargs(method_check_writable);
    "fileno" => noargs(fileno, "($self, /)");
    "isatty" => noargs(isatty, "($self, /)");
    "__enter__" => noargs(enter);
    "__exit__" => varargs(exit);
    "readline" => fast(readline, "($self, size=-1, /)");
    "readlines" => fast(readlines, "($self, hint=-1, /)");
    "writelines" => o(writelines, "($self, lines, /)");
}

getset! {
    static BASE_GETSET:
    "__dict__" => twinheap_objects::descr::subtype_dict;
    "closed" => get_closed;
}

/// `PyType_GenericNew`: the classes without data of their own need nothing more.
fn new_base(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    types::allocate(type_, 0)
}

static_type! {
    /// `_io._IOBase`.
    PyIOBase_Type = "_io._IOBase", size size_of::<IoBase>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_traverse: slot!(traverse IoBase::traverse),
    tp_clear: slot!(clear IoBase::clear),
    tp_weaklistoffset: offset_of!(IoBase, weakreflist) as isize,
    tp_dictoffset: offset_of!(IoBase, dict) as isize,
    tp_iter: slot!(unary iter),
    tp_iternext: slot!(iternext next),
    tp_methods: BASE_METHODS.as_ptr(),
    tp_getset: BASE_GETSET.as_ptr(),
    tp_new: slot!(new new_base),
    tp_finalize: Some(finalize_slot),
}

/// What `readinto` writes to (Argument Clinic's `w*`).
pub(crate) fn readinto_target(target: &PyObject) -> PyResult<Buffer<'_>> {
    Buffer::writable(target).map_err(|raised| {
        errors::discard(raised);
        type_error(format_args!(
            "readinto() argument must be read-write bytes-like object, not {:.50}",
            target.type_().name()
        ))
    })
}

fn raw_read(this: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("read", args.len(), 0, 1)?;
    let size = args.first().map_or(Ok(-1), |size| unicode::ssize(size))?;
    if size < 0 {
        return call0(this, id!("readall"));
    }
    let target = twinheap_objects::bytearray::zeroed(size as usize)?;
    let count = call::call_method(this, id!("readinto"), &[target.as_object()])?;
    if count.is_none() {
        return Ok(count);
    }
    let count = abstract_::as_ssize(&count, Some(&PyExc_ValueError))?;
    let data = twinheap_objects::bytearray::data_of(&target);
    Ok(bytes::from_slice(&data[..(count.max(0) as usize).min(data.len())])?.upcast())
}

fn raw_readall(this: &PyObject) -> PyResult {
    let mut all: Vec<u8> = Vec::new();
    loop {
        let piece = call::call_method(this, id!("read"), &[&*long::from_isize(8192)?])?;
        if piece.is_none() {
            return Ok(if all.is_empty() {
                piece
            } else {
                bytes::from_slice(&all)?.upcast()
            });
        }
        let Some(piece) = piece.downcast_ref::<PyBytesObject>() else {
            return Err(type_error("read() should return bytes"));
        };
        if bytes::data_of(piece).is_empty() {
            return Ok(bytes::from_slice(&all)?.upcast());
        }
        memory::extend(&mut all, bytes::data_of(piece))?;
    }
}

methods! {
    static RAW_METHODS:
    "read" => fast(raw_read, "($self, size=-1, /)");
    "readall" => noargs(raw_readall, "($self, /)");
}

macro_rules! abstract_base {
    ($(#[$meta:meta])* $name:ident = $py_name:literal, $methods:ident, $getset:ident) => {
        static_type! {
            $(#[$meta])*
            $name = $py_name, size size_of::<IoBase>(), 0, flags Py_TPFLAGS_BASETYPE;
            tp_base: &PyIOBase_Type,
            tp_methods: $methods.as_ptr(),
            tp_getset: $getset.as_ptr(),
        }
    };
}

getset! {
    static NO_GETSET:
}

abstract_base!(
    /// `_io._RawIOBase`.
    PyRawIOBase_Type = "_io._RawIOBase", RAW_METHODS, NO_GETSET
);

fn no_detach(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("detach"))
}

fn no_read(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("read"))
}

fn no_read1(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("read1"))
}

fn no_readline(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("readline"))
}

fn no_write(_: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(unsupported("write"))
}

fn into_by(this: &PyObject, target: &PyObject, method: &PyASCIIObject) -> PyResult {
    let buffer = Buffer::writable(target)?;
    let wanted = buffer.data().len();
    let data = call::call_method(this, method, &[&*long::from_usize(wanted)?])?;
    let Some(data) = data.downcast_ref::<PyBytesObject>() else {
        return Err(type_error("read() should return bytes"));
    };
    let data = bytes::data_of(data);
    if data.len() > wanted {
        return Err(value_error(format_args!(
            "read() returned too much data: {wanted} bytes requested, {} returned",
            data.len()
        )));
    }
    buffer.write(0, data);
    long::from_usize(data.len())
}

fn buffered_readinto(this: &PyObject, target: &PyObject) -> PyResult {
    into_by(this, target, id!("read"))
}

fn buffered_readinto1(this: &PyObject, target: &PyObject) -> PyResult {
    into_by(this, target, id!("read1"))
}

methods! {
    static BUFFERED_METHODS:
    "detach" => varargs(no_detach);
    "read" => varargs(no_read);
    "read1" => varargs(no_read1);
    "readinto" => o(buffered_readinto, "($self, buffer, /)");
    "readinto1" => o(buffered_readinto1, "($self, buffer, /)");
    "write" => varargs(no_write);
}

abstract_base!(
    /// `_io._BufferedIOBase`.
    PyBufferedIOBase_Type = "_io._BufferedIOBase", BUFFERED_METHODS, NO_GETSET
);

fn text_none(_: &PyObject) -> PyResult {
    Ok(none())
}

methods! {
    static TEXT_METHODS:
    "detach" => varargs(no_detach);
    "read" => varargs(no_read);
    "readline" => varargs(no_readline);
    "write" => varargs(no_write);
}

getset! {
    static TEXT_GETSET:
    "encoding" => text_none;
    "newlines" => text_none;
    "errors" => text_none;
}

abstract_base!(
    /// `_io._TextIOBase`.
    PyTextIOBase_Type = "_io._TextIOBase", TEXT_METHODS, TEXT_GETSET
);
