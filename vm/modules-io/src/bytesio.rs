//! `io.BytesIO` (`Modules/_io/bytesio.c`): a stream over a bytes object that is shared until it is written.

use crate::base::{PyBufferedIOBase_Type, end_stream, optional_size, size_argument};
use crate::prelude::*;
use twinheap_objects::exceptions::{PyExc_BufferError, PyExc_OverflowError};

object_struct! {
    /// `bytesio`: `buf` holds the value and perhaps slack behind it.
    pub struct BytesIo {
        buf: Pointer<PyBytesObject>,
        pos: Cell<isize>,
        string_size: Cell<isize>,
        dict: Pointer<PyDictObject>,
        weakreflist: Cell<*const PyObject>,
        exports: Cell<isize>,
    }
}

typed!(BytesIo, PyBytesIO_Type);

object_struct! {
    /// `bytesiobuf`: what `getbuffer` hands to a memoryview.
    pub struct BytesIoBuffer {
        source: Pointer<BytesIo>,
    }
}

impl BytesIo {
    fn check_open(&self) -> PyResult<()> {
        if self.buf.get().is_null() {
            return Err(value_error("I/O operation on closed file."));
        }
        Ok(())
    }

    fn check_exports(&self) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(errors::raise(
                &PyExc_BufferError,
                "Existing exports of data: object cannot be re-sized",
            ));
        }
        Ok(())
    }

    fn value(&self) -> &[u8] {
        &bytes::data_of(self.buf.expect_ref())[..self.string_size.get() as usize]
    }

    /// What lies ahead of the position.
    fn ahead(&self) -> &[u8] {
        let at = (self.pos.get() as usize).min(self.value().len());
        &self.value()[at..]
    }

    /// Makes the buffer this object's own, with room for `size` bytes.
    fn own_buffer(&self, size: usize) -> PyResult<()> {
        let buffer = self.buf.expect_ref();
        let room = bytes::data_of(buffer).len();
        if buffer.as_object().ob_refcnt.get() == 1 && room >= size {
            return Ok(());
        }
        let mut grown = self.value().to_vec();
        let target = if size <= room {
            size.max(grown.len())
        } else {
            grown_size(size)
        };
        grown.resize(target.max(grown.len()), 0);
        self.buf.put(Some(bytes::from_slice_fresh(&grown)?));
        Ok(())
    }

    fn write_at_position(&self, data: &[u8]) -> PyResult<()> {
        let at = self.pos.get() as usize;
        let end = at + data.len();
        if end > isize::MAX as usize {
            return Err(overflow_error("new buffer size too large"));
        }
        memory::probe(end.saturating_mul(2))?;
        self.own_buffer(end)?;
        let filled = self.string_size.get() as usize;
        // SAFETY: the buffer is this object's own and has the room.
        unsafe {
            let target = bytes::data_of(self.buf.expect_ref()).as_ptr().cast_mut();
            if at > filled {
                std::ptr::write_bytes(target.add(filled), 0, at - filled);
            }
            std::ptr::copy(data.as_ptr(), target.add(at), data.len());
        }
        self.pos.set(end as isize);
        if end > filled {
            self.string_size.set(end as isize);
        }
        Ok(())
    }
}

/// The room that is made for a size that does not fit.
fn grown_size(size: usize) -> usize {
    size + (size >> 3) + if size < 9 { 3 } else { 6 }
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = BytesIo::alloc(type_)?;
    made.buf.put(Some(bytes::from_slice(&[])?));
    Ok(made.upcast())
}

fn init(this: &BytesIo, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "BytesIO",
        parameters: &["initial_bytes"],
        required: 0,
        positional: 1,
    };
    let [initial] = call::bind_tuple::<1>(&SIGNATURE, args, kwargs)?;
    this.check_exports()?;
    this.string_size.set(0);
    this.pos.set(0);
    let Some(initial) = initial.filter(|initial| !initial.is_none()) else {
        return Ok(());
    };
    if let Some(exact) = initial.downcast_exact::<PyBytesObject>() {
        this.buf.put(Some(Own::new(exact)));
        this.string_size.set(bytes::data_of(exact).len() as isize);
        return Ok(());
    }
    let data = Buffer::of(initial)?.data().to_vec();
    this.write_at_position(&data)?;
    this.pos.set(0);
    Ok(())
}

fn yes(this: &BytesIo) -> PyResult {
    this.check_open()?;
    Ok(bool_object(true))
}

fn isatty(this: &BytesIo) -> PyResult {
    this.check_open()?;
    Ok(bool_object(false))
}

fn flush(this: &BytesIo) -> PyResult {
    this.check_open()?;
    Ok(none())
}

fn close(this: &BytesIo) -> PyResult {
    this.check_exports()?;
    this.buf.put(None);
    Ok(none())
}

fn getvalue(this: &BytesIo) -> PyResult {
    this.check_open()?;
    let exact = bytes::data_of(this.buf.expect_ref()).len() == this.value().len();
    if !exact && this.exports.get() == 0 {
        let fitted = bytes::from_slice(this.value())?;
        this.buf.put(Some(fitted));
    }
    if exact || this.exports.get() == 0 {
        return Ok(Own::new(this.buf.expect_ref()).upcast());
    }
    Ok(bytes::from_slice(this.value())?.upcast())
}

fn tell(this: &BytesIo) -> PyResult {
    this.check_open()?;
    long::from_isize(this.pos.get())
}

/// Takes the next bytes.
fn take(this: &BytesIo, count: usize) -> PyResult {
    let whole =
        this.pos.get() == 0 && count > 1 && count == bytes::data_of(this.buf.expect_ref()).len();
    if whole && this.exports.get() == 0 {
        this.pos.set(count as isize);
        return Ok(Own::new(this.buf.expect_ref()).upcast());
    }
    let piece = bytes::from_slice(&this.ahead()[..count])?;
    this.pos.set(this.pos.get() + count as isize);
    Ok(piece.upcast())
}

fn read(this: &BytesIo, args: &[&PyObject]) -> PyResult {
    let size = size_argument(args, "read")?;
    this.check_open()?;
    let left = this.ahead().len();
    take(
        this,
        if size < 0 {
            left
        } else {
            left.min(size as usize)
        },
    )
}

/// The length of the next line, with its end, up to a limit.
fn line_length(this: &BytesIo, limit: isize) -> usize {
    let ahead = this.ahead();
    let line = ahead
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(ahead.len(), |at| at + 1);
    if limit >= 0 {
        line.min(limit as usize)
    } else {
        line
    }
}

fn readline(this: &BytesIo, args: &[&PyObject]) -> PyResult {
    let limit = size_argument(args, "readline")?;
    this.check_open()?;
    take(this, line_length(this, limit))
}

fn readlines(this: &BytesIo, args: &[&PyObject]) -> PyResult {
    let hint = size_argument(args, "readlines")?;
    this.check_open()?;
    let made = list::new(0)?;
    let mut total = 0;
    loop {
        let length = line_length(this, -1);
        if length == 0 {
            break;
        }
        list::append_take(&made, take(this, length)?)?;
        total += length as isize;
        if hint > 0 && total >= hint {
            break;
        }
    }
    Ok(made.upcast())
}

fn iternext(this: &BytesIo) -> PyResult<Option<Own>> {
    this.check_open()?;
    match line_length(this, -1) {
        0 => Ok(None),
        length => take(this, length).map(Some),
    }
}

fn readinto(this: &BytesIo, target: &PyObject) -> PyResult {
    let buffer = crate::base::readinto_target(target)?;
    this.check_open()?;
    let count = this.ahead().len().min(buffer.data().len());
    buffer.write(0, &this.ahead()[..count]);
    this.pos.set(this.pos.get() + count as isize);
    long::from_usize(count)
}

fn truncate(this: &BytesIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("truncate", args.len(), 0, 1)?;
    let size = match args.first().filter(|size| !size.is_none()) {
        None => this.pos.get(),
        Some(size) => optional_size(size)?,
    };
    this.check_open()?;
    this.check_exports()?;
    if size < 0 {
        return Err(value_error(format_args!("negative size value {size}")));
    }
    if size < this.string_size.get() {
        let kept = bytes::from_slice_fresh(&this.value()[..size as usize])?;
        this.buf.put(Some(kept));
        this.string_size.set(size);
    }
    long::from_isize(size)
}

fn seek(this: &BytesIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("seek", args.len(), 1, 2)?;
    let offset = unicode::ssize(args[0])?;
    let whence = args.get(1).map_or(Ok(0), |whence| long::as_int(whence))?;
    this.check_open()?;
    if offset < 0 && whence == 0 {
        return Err(value_error(format_args!("negative seek value {offset}")));
    }
    let base = match whence {
        0 => 0,
        1 => this.pos.get(),
        2 => this.string_size.get(),
        _ => {
            return Err(value_error(format_args!(
                "invalid whence ({whence}, should be 0, 1 or 2)"
            )));
        }
    };
    let Some(at) = base.checked_add(offset) else {
        return Err(errors::raise(
            &PyExc_OverflowError,
            "new position too large",
        ));
    };
    this.pos.set(at.max(0));
    long::from_isize(this.pos.get())
}

fn write(this: &BytesIo, data: &PyObject) -> PyResult {
    this.check_open()?;
    this.check_exports()?;
    let data = Buffer::of(data)?.data().to_vec();
    if !data.is_empty() {
        this.write_at_position(&data)?;
    }
    long::from_usize(data.len())
}

fn writelines(this: &BytesIo, lines: &PyObject) -> PyResult {
    this.check_open()?;
    let iterator = abstract_::get_iter(lines)?;
    while let Some(line) = abstract_::next(&iterator)? {
        write(this, &line)?;
    }
    Ok(none())
}

fn getstate(this: &BytesIo) -> PyResult {
    let value = getvalue(this)?;
    let own = match this.dict.own() {
        None => none(),
        Some(own) => dict::copy(&own)?.upcast(),
    };
    Ok(tuple::from_vec(vec![value, long::from_isize(this.pos.get())?, own])?.upcast())
}

fn setstate(this: &BytesIo, state: &PyObject) -> PyResult {
    let wrong = || {
        type_error(format_args!(
            "{}.__setstate__ argument should be 3-tuple, got {}",
            this.as_object().type_().name(),
            state.type_().name()
        ))
    };
    let parts = state.downcast_ref::<PyTupleObject>().ok_or_else(wrong)?;
    let &[value, position, own] = tuple::items(parts) else {
        return Err(wrong());
    };
    this.check_exports()?;
    this.string_size.set(0);
    this.pos.set(0);
    if this.buf.get().is_null() {
        this.buf.put(Some(bytes::from_slice(&[])?));
    }
    let data = Buffer::of(value)?.data().to_vec();
    this.write_at_position(&data)?;
    if position.downcast_ref::<PyLongObject>().is_none() {
        return Err(type_error(format_args!(
            "second item of state must be an integer, not {}",
            position.type_().name()
        )));
    }
    let position = unicode::ssize(position)?;
    if position < 0 {
        return Err(value_error("position value cannot be negative"));
    }
    this.pos.set(position);
    if !own.is_none() {
        let Some(given) = own.downcast_ref::<PyDictObject>() else {
            return Err(type_error(format_args!(
                "third item of state should be a dict, got a {}",
                own.type_().name()
            )));
        };
        match this.dict.own() {
            Some(mine) => dict::update(&mine, given.as_object())?,
            None => this.dict.put(Some(Own::new(given))),
        }
    }
    Ok(none())
}

fn sizeof(this: &BytesIo) -> PyResult {
    let mut size = this.as_object().type_().tp_basicsize.get();
    if let Some(buffer) = this.buf.own()
        && buffer.as_object().ob_refcnt.get() <= 2
    {
        size += 33 + bytes::data_of(&buffer).len() as isize;
    }
    long::from_isize(size)
}

fn getbuffer(this: &BytesIo) -> PyResult {
    this.check_open()?;
    let object: *mut BytesIoBuffer =
        memory::new_gc_object(&bytesiobuf_type, std::mem::size_of::<BytesIoBuffer>())?;
    // SAFETY: fresh memory, tracked once its field is set.
    let exporter: Own = unsafe {
        (*object).source.set(Own::new(this).into_raw());
        memory::track(object.cast());
        Own::from_raw(object).upcast()
    };
    call::call(
        twinheap_objects::memoryview::PyMemoryView_Type.as_object(),
        &[&exporter],
    )
}

unsafe extern "C" fn get_buffer(this: *mut PyObject, view: *mut Py_buffer, flags: c_int) -> c_int {
    // SAFETY: the slot is called with a live exporter and a valid view.
    unsafe {
        let exporter: &BytesIoBuffer = &*this.cast();
        let source = exporter.source.expect_ref();
        if source.exports.get() == 0
            && source
                .own_buffer(source.string_size.get() as usize)
                .is_err()
        {
            return -1;
        }
        let data = source.value();
        let filled = twinheap_objects::buffer::fill_info(
            view,
            &*this,
            data.as_ptr().cast_mut(),
            data.len(),
            false,
            flags,
        );
        if filled.is_err() {
            return -1;
        }
        source.exports.set(source.exports.get() + 1);
        0
    }
}

unsafe extern "C" fn release_buffer(this: *mut PyObject, _: *mut Py_buffer) {
    // SAFETY: as for get_buffer.
    let source = unsafe { (*this.cast::<BytesIoBuffer>()).source.expect_ref() };
    source.exports.set(source.exports.get() - 1);
}

static_type! {
    /// `_io._BytesIOBuffer`.
    bytesiobuf_type = "_io._BytesIOBuffer", size std::mem::size_of::<BytesIoBuffer>(), 0,
        flags Py_TPFLAGS_HAVE_GC;
    buffer { bf_getbuffer: Some(get_buffer), bf_releasebuffer: Some(release_buffer), }
    tp_dealloc: slot!(dealloc BytesIoBuffer::dealloc),
    tp_traverse: slot!(traverse BytesIoBuffer::traverse),
}

fn get_closed(this: &BytesIo) -> PyResult {
    Ok(bool_object(this.buf.get().is_null()))
}

/// The buffer is not visited: it leads nowhere.
fn traverse(this: &BytesIo, visitor: &mut Visitor) {
    Slot::visit(&this.dict, visitor);
}

unsafe fn dealloc(this: *mut BytesIo) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { end_stream(this.cast(), || (*this).clear()) }
}

methods! {
    static METHODS:
    "readable" => noargs(yes, "($self, /)");
    "seekable" => noargs(yes, "($self, /)");
    "writable" => noargs(yes, "($self, /)");
    "close" => noargs(close, "($self, /)");
    "flush" => noargs(flush, "($self, /)");
    "isatty" => noargs(isatty, "($self, /)");
    "tell" => noargs(tell, "($self, /)");
    "write" => o(write, "($self, b, /)");
    "writelines" => o(writelines, "($self, lines, /)");
    "read1" => fast(read, "($self, size=-1, /)");
    "readinto" => o(readinto, "($self, buffer, /)");
    "readline" => fast(readline, "($self, size=-1, /)");
    "readlines" => fast(readlines, "($self, size=None, /)");
    "read" => fast(read, "($self, size=-1, /)");
    "getbuffer" => noargs(getbuffer, "($self, /)");
    "getvalue" => noargs(getvalue, "($self, /)");
    "seek" => fast(seek, "($self, pos, whence=0, /)");
    "truncate" => fast(truncate, "($self, size=None, /)");
    "__getstate__" => noargs(getstate);
    "__setstate__" => o(setstate);
    "__sizeof__" => noargs(sizeof);
}

getset! {
    static GETSET:
    "closed" => get_closed;
}

static_type! {
    /// `_io.BytesIO`.
    PyBytesIO_Type = "_io.BytesIO", size std::mem::size_of::<BytesIo>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear BytesIo::clear),
    tp_weaklistoffset: offset_of!(BytesIo, weakreflist) as isize,
    tp_dictoffset: offset_of!(BytesIo, dict) as isize,
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext iternext),
    tp_base: &PyBufferedIOBase_Type,
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
