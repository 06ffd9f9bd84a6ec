//! `io.BufferedReader`, `BufferedWriter`, `BufferedRandom` (`Modules/_io/bufferedio.c`): one struct, one
//! buffer, used for reading ahead or for writing behind.

use crate::base::{
    PyBufferedIOBase_Type, call0, check_readable, check_writable, end_stream, unsupported,
};
use crate::fileio::position_of;
use crate::prelude::*;
use twinheap_objects::exceptions::{PyExc_BlockingIOError, PyExc_OSError, PyExc_ValueError};

object_struct! {
    /// `buffered`: `lock` and `owner` stand for the lock, which one thread does not need.
    pub struct Buffered {
        raw: Pointer<PyObject>,
        ok: Cell<i32>,
        detached: Cell<i32>,
        readable: Cell<i32>,
        writable: Cell<i32>,
        finalizing: Cell<u8>,
        fast_closed_checks: Cell<i32>,
        abs_pos: Cell<i64>,
        buffer: Cell<*const u8>,
        pos: Cell<i64>,
        raw_pos: Cell<i64>,
        read_end: Cell<i64>,
        write_pos: Cell<i64>,
        write_end: Cell<i64>,
        lock: Cell<usize>,
        owner: Cell<usize>,
        buffer_size: Cell<isize>,
        buffer_mask: Cell<isize>,
        dict: Pointer<PyDictObject>,
        weakreflist: Cell<*const PyObject>,
    }
}

const DEFAULT_SIZE: isize = 8192;

/// A raw stream is asked for so much at once, so that a huge size needs no huge buffer.
const MOST_AT_ONCE: usize = 1 << 26;

impl Buffered {
    fn check_ok(&self) -> PyResult<()> {
        if self.ok.get() > 0 {
            return Ok(());
        }
        Err(value_error(if self.detached.get() != 0 {
            "raw stream has been detached"
        } else {
            "I/O operation on uninitialized object"
        }))
    }

    fn raw(&self) -> Own {
        self.raw.own().unwrap_or_else(none)
    }

    fn is_closed(&self) -> PyResult<bool> {
        crate::base::is_closed(&self.raw())
    }

    fn check_closed(&self, message: &str) -> PyResult<()> {
        if self.is_closed()? && self.readahead().is_empty() {
            return Err(value_error(message));
        }
        Ok(())
    }

    fn room(&self) -> &[Cell<u8>] {
        let size = self.buffer_size.get() as usize;
        // SAFETY: the buffer has the size that is told.
        unsafe { std::slice::from_raw_parts(self.buffer.get().cast(), size) }
    }

    fn store(&self, at: usize, data: &[u8]) {
        for (slot, byte) in self.room()[at..].iter().zip(data) {
            slot.set(*byte);
        }
    }

    fn load(&self, from: usize, to: usize) -> Vec<u8> {
        self.room()[from..to].iter().map(Cell::get).collect()
    }

    fn valid_read(&self) -> bool {
        self.readable.get() != 0 && self.read_end.get() != -1
    }

    fn valid_write(&self) -> bool {
        self.writable.get() != 0 && self.write_end.get() != -1
    }

    fn ahead(&self) -> usize {
        if self.valid_read() {
            (self.read_end.get() - self.pos.get()).max(0) as usize
        } else {
            0
        }
    }

    /// What was read ahead and not yet given out.
    fn readahead(&self) -> Vec<u8> {
        let at = self.pos.get() as usize;
        if self.ahead() == 0 {
            Vec::new()
        } else {
            self.load(at, at + self.ahead())
        }
    }

    /// How far the raw stream is ahead of this one.
    fn raw_offset(&self) -> i64 {
        if (self.valid_read() || self.valid_write()) && self.raw_pos.get() >= 0 {
            self.raw_pos.get() - self.pos.get()
        } else {
            0
        }
    }

    fn reset_read(&self) {
        self.read_end.set(-1);
    }

    fn reset_write(&self) {
        self.write_pos.set(0);
        self.write_end.set(-1);
    }

    fn adjust(&self, position: i64) {
        self.pos.set(position);
        if self.valid_read() && self.read_end.get() < position {
            self.read_end.set(position);
        }
    }

    fn moved(&self, count: usize) {
        if self.abs_pos.get() != -1 {
            self.abs_pos.set(self.abs_pos.get() + count as i64);
        }
    }

    fn raw_tell(&self) -> PyResult<i64> {
        let at = position_of(&*call0(&self.raw(), id!("tell"))?)?;
        self.told(at, "tell")
    }

    fn raw_seek(&self, target: i64, whence: i32) -> PyResult<i64> {
        let (target, whence) = (long::from_i64(target)?, long::from_isize(whence as isize)?);
        let at = call::call_method(&self.raw(), id!("seek"), &[target.as_object(), &whence])?;
        let at = position_of(&at)?;
        self.told(at, "seek")
    }

    fn told(&self, at: i64, _: &str) -> PyResult<i64> {
        if at < 0 {
            return Err(errors::raise(
                &PyExc_OSError,
                format_args!("Raw stream returned invalid position {at}"),
            ));
        }
        self.abs_pos.set(at);
        Ok(at)
    }

    /// Reads once from the raw stream; nothing where it would block.
    fn raw_read(&self, wanted: usize) -> PyResult<Option<Vec<u8>>> {
        memory::probe(wanted.saturating_mul(2))?;
        let target = twinheap_objects::bytearray::from_slice(&vec![0; wanted])?;
        let view = call::call(
            twinheap_objects::memoryview::PyMemoryView_Type.as_object(),
            &[target.as_object()],
        )?;
        let count = call::call_method(&self.raw(), id!("readinto"), &[&view])?;
        call0(&view, id!("release"))?;
        if count.is_none() {
            return Ok(None);
        }
        let count = abstract_::as_ssize(&count, Some(&PyExc_ValueError))?;
        if count < 0 || count as usize > wanted {
            return Err(errors::raise(
                &PyExc_OSError,
                format_args!(
                    "raw readinto() returned invalid length {count} (should have been between 0 and {wanted})"
                ),
            ));
        }
        self.moved(count as usize);
        Ok(Some(
            twinheap_objects::bytearray::data_of(&target)[..count as usize].to_vec(),
        ))
    }

    /// Fills the buffer behind what it holds; nothing where the raw stream would block.
    fn fill(&self) -> PyResult<Option<usize>> {
        let start = if self.valid_read() {
            self.read_end.get() as usize
        } else {
            0
        };
        let wanted = self.buffer_size.get() as usize - start;
        let Some(data) = self.raw_read(wanted)? else {
            return Ok(None);
        };
        if !data.is_empty() {
            self.store(start, &data);
            self.read_end.set((start + data.len()) as i64);
            self.raw_pos.set((start + data.len()) as i64);
        }
        Ok(Some(data.len()))
    }

    /// Writes once to the raw stream; nothing where it would block.
    fn raw_write(&self, data: &[u8]) -> PyResult<Option<usize>> {
        let source = bytes::from_slice(data)?;
        let view = call::call(
            twinheap_objects::memoryview::PyMemoryView_Type.as_object(),
            &[source.as_object()],
        )?;
        let count = call::call_method(&self.raw(), id!("write"), &[&view])?;
        if count.is_none() {
            return Ok(None);
        }
        let count = abstract_::as_ssize(&count, Some(&PyExc_ValueError))?;
        if count < 0 || count as usize > data.len() {
            return Err(errors::raise(
                &PyExc_OSError,
                format_args!(
                    "raw write() returned invalid length {count} (should have been between 0 and {})",
                    data.len()
                ),
            ));
        }
        self.moved(count as usize);
        Ok(Some(count as usize))
    }

    /// Hands what was written to the raw stream.
    fn flush_write(&self) -> PyResult<()> {
        if !self.valid_write() || self.write_pos.get() == self.write_end.get() {
            self.reset_write();
            return Ok(());
        }
        let rewind = self.raw_offset() + (self.pos.get() - self.write_pos.get());
        if rewind != 0 {
            self.raw_seek(-rewind, 1)?;
            self.raw_pos.set(self.raw_pos.get() - rewind);
        }
        while self.write_pos.get() < self.write_end.get() {
            let data = self.load(self.write_pos.get() as usize, self.write_end.get() as usize);
            let Some(count) = self.raw_write(&data)? else {
                return Err(would_block("write could not complete without blocking", 0));
            };
            self.write_pos.set(self.write_pos.get() + count as i64);
            self.raw_pos.set(self.write_pos.get());
        }
        // The end of what was written is the end of what is valid: nothing is left to read ahead.
        self.reset_write();
        Ok(())
    }

    /// Writes out, and takes back what was read ahead.
    fn flush_and_rewind(&self) -> PyResult<()> {
        self.flush_write()?;
        if self.readable.get() != 0 {
            let sought = self.raw_seek(-self.raw_offset(), 1);
            self.reset_read();
            sought?;
        }
        Ok(())
    }

    /// Takes up to `count` bytes of what was read ahead.
    fn take_ahead(&self, count: usize) -> Vec<u8> {
        let count = count.min(self.ahead());
        let at = self.pos.get() as usize;
        let data = self.load(at, at + count);
        self.pos.set(self.pos.get() + count as i64);
        data
    }
}

fn would_block(message: &str, written: usize) -> errors::Raised {
    let made = || -> PyResult {
        call::call(
            PyExc_BlockingIOError.as_object(),
            &[
                &*long::from_isize(libc::EAGAIN as isize)?,
                unicode::from_str(message)?.as_object(),
                &*long::from_usize(written)?,
            ],
        )
    };
    match made() {
        Ok(error) => errors::raise_object(&PyExc_BlockingIOError, Some(error)),
        Err(raised) => raised,
    }
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(Buffered::alloc(type_)?.upcast())
}

static SIGNATURES: [Signature; 3] = [
    Signature {
        name: "BufferedReader",
        parameters: &["raw", "buffer_size"],
        required: 1,
        positional: 2,
    },
    Signature {
        name: "BufferedWriter",
        parameters: &["raw", "buffer_size"],
        required: 1,
        positional: 2,
    },
    Signature {
        name: "BufferedRandom",
        parameters: &["raw", "buffer_size"],
        required: 1,
        positional: 2,
    },
];

fn prepare(
    this: &Buffered,
    signature: usize,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    let [raw, size] = call::bind_tuple::<2>(&SIGNATURES[signature], args, kwargs)?;
    let raw = raw.expect("required");
    let size = size.map_or(Ok(DEFAULT_SIZE), unicode::ssize)?;
    this.ok.set(0);
    this.detached.set(0);
    let (reads, writes) = (signature != 1, signature != 0);
    if signature == 2 {
        crate::base::check_seekable(raw)?;
    }
    if reads {
        check_readable(raw)?;
    }
    if writes {
        check_writable(raw)?;
    }
    if size <= 0 {
        return Err(value_error("buffer size must be strictly positive"));
    }
    this.raw.put(Some(Own::new(raw)));
    this.buffer_size.set(size);
    this.readable.set(i32::from(reads));
    this.writable.set(i32::from(writes));
    free_buffer(this);
    let block = memory::malloc(size as usize);
    if block.is_null() {
        return Err(errors::no_memory());
    }
    this.buffer.set(block);
    this.buffer_mask
        .set(if size & (size - 1) == 0 { size - 1 } else { 0 });
    this.reset_read();
    this.reset_write();
    this.pos.set(0);
    if this.raw_tell().is_err() {
        errors::clear();
        this.abs_pos.set(-1);
    }
    this.raw_pos.set(0);
    this.ok.set(1);
    Ok(())
}

fn free_buffer(this: &Buffered) {
    let block = this.buffer.replace(std::ptr::null());
    if !block.is_null() {
        // SAFETY: the block came from the allocator.
        unsafe { memory::free(block.cast_mut()) };
    }
}

fn reader_init(
    this: &Buffered,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    prepare(this, 0, args, kwargs)
}

fn writer_init(
    this: &Buffered,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    prepare(this, 1, args, kwargs)
}

fn random_init(
    this: &Buffered,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    prepare(this, 2, args, kwargs)
}

/// Reads until the raw stream ends.
fn read_all(this: &Buffered) -> PyResult {
    let mut data = this.take_ahead(usize::MAX);
    this.flush_and_rewind_for_read()?;
    this.reset_read();
    if let Some(readall) = object::lookup_attr(&this.raw(), id!("readall"))? {
        let rest = call::call(&readall, &[])?;
        if rest.is_none() {
            return Ok(if data.is_empty() {
                rest
            } else {
                bytes::from_slice(&data)?.upcast()
            });
        }
        let Some(rest) = rest.downcast_ref::<PyBytesObject>() else {
            return Err(type_error("readall() should return bytes"));
        };
        data.extend_from_slice(bytes::data_of(rest));
        this.moved(bytes::data_of(rest).len());
        return Ok(bytes::from_slice(&data)?.upcast());
    }
    loop {
        let piece = call0(&this.raw(), id!("read"))?;
        if piece.is_none() && data.is_empty() {
            return Ok(piece);
        }
        let Some(piece) = piece.downcast_ref::<PyBytesObject>() else {
            if piece.is_none() {
                break;
            }
            return Err(type_error("read() should return bytes"));
        };
        if bytes::data_of(piece).is_empty() {
            break;
        }
        this.moved(bytes::data_of(piece).len());
        data.extend_from_slice(bytes::data_of(piece));
    }
    Ok(bytes::from_slice(&data)?.upcast())
}

impl Buffered {
    /// A stream that is written too must write out before it reads from the raw stream.
    fn flush_and_rewind_for_read(&self) -> PyResult<()> {
        if self.writable.get() != 0 {
            self.flush_and_rewind()
        } else {
            Ok(())
        }
    }

    /// Fails as making a bytes object of this length would, before anything is read into it.
    fn check_room(&self, count: usize) -> PyResult<()> {
        const HEADER: usize = 33;
        if count < MOST_AT_ONCE {
            return Ok(());
        }
        if count > isize::MAX as usize - HEADER {
            return Err(errors::overflow_error("byte string is too large"));
        }
        let block = memory::malloc(count + HEADER);
        if block.is_null() {
            return Err(errors::no_memory());
        }
        // SAFETY: the block was just made.
        unsafe { memory::free(block) };
        Ok(())
    }

    /// Reads `count` bytes, with as many raw reads as that takes; nothing where it would block at once.
    fn read_exactly(&self, count: usize) -> PyResult<Option<Vec<u8>>> {
        let mut data = self.take_ahead(count);
        if data.len() == count {
            return Ok(Some(data));
        }
        self.check_room(count)?;
        self.flush_and_rewind_for_read()?;
        self.reset_read();
        let size = self.buffer_size.get() as usize;
        while count - data.len() >= size {
            let whole = ((count - data.len()) / size * size).min(MOST_AT_ONCE.max(size));
            match self.raw_read(whole)? {
                None if data.is_empty() => return Ok(None),
                None => return Ok(Some(data)),
                Some(piece) if piece.is_empty() => return Ok(Some(data)),
                Some(piece) => data.extend(piece),
            }
        }
        // The rest is read into the buffer, which fills up from its start.
        self.pos.set(0);
        self.raw_pos.set(0);
        self.read_end.set(0);
        while data.len() < count && self.read_end.get() < size as i64 {
            match self.fill()? {
                None if data.is_empty() => return Ok(None),
                None | Some(0) => break,
                Some(_) => data.extend(self.take_ahead(count - data.len())),
            }
        }
        Ok(Some(data))
    }

    /// Reads up to `count` bytes for a caller's own buffer, `once` with one raw read at most; nothing
    /// where it would block at once.
    fn read_towards(&self, count: usize, once: bool) -> PyResult<Option<Vec<u8>>> {
        let mut data = self.take_ahead(count);
        if data.len() == count && count > 0 {
            return Ok(Some(data));
        }
        self.flush_and_rewind_for_read()?;
        self.reset_read();
        self.pos.set(0);
        while data.len() < count {
            let left = count - data.len();
            // What is larger than the buffer is read past it.
            let past = left as isize > self.buffer_size.get();
            let found = if past {
                self.raw_read(left)?
            } else if once && !data.is_empty() {
                break;
            } else {
                self.fill()?.map(|_| self.take_ahead(left))
            };
            match found {
                None if data.is_empty() => return Ok(None),
                None => break,
                Some(piece) if piece.is_empty() => break,
                Some(piece) => data.extend(piece),
            }
            if once && past {
                break;
            }
        }
        Ok(Some(data))
    }
}

fn read(this: &Buffered, args: &[&PyObject]) -> PyResult {
    call::check_positional("read", args.len(), 0, 1)?;
    let size = match args.first().filter(|size| !size.is_none()) {
        None => -1,
        Some(size) => unicode::ssize(size)?,
    };
    this.check_ok()?;
    if size < -1 {
        return Err(value_error("read length must be non-negative or -1"));
    }
    this.check_closed("read of closed file")?;
    if size == -1 {
        return read_all(this);
    }
    match this.read_exactly(size as usize)? {
        None => Ok(none()),
        Some(data) => Ok(bytes::from_slice(&data)?.upcast()),
    }
}

fn read1(this: &Buffered, args: &[&PyObject]) -> PyResult {
    call::check_positional("read1", args.len(), 0, 1)?;
    let size = args.first().map_or(Ok(-1), |size| unicode::ssize(size))?;
    this.check_ok()?;
    let size = if size < 0 {
        this.buffer_size.get() as usize
    } else {
        size as usize
    };
    this.check_closed("read of closed file")?;
    if size == 0 {
        return Ok(bytes::from_slice(&[])?.upcast());
    }
    let ahead = this.take_ahead(size);
    if !ahead.is_empty() {
        return Ok(bytes::from_slice(&ahead)?.upcast());
    }
    this.reset_read();
    let data = this.raw_read(size)?.unwrap_or_default();
    Ok(bytes::from_slice(&data)?.upcast())
}

fn readinto(this: &Buffered, target: &PyObject) -> PyResult {
    into(this, target, false)
}

fn readinto1(this: &Buffered, target: &PyObject) -> PyResult {
    into(this, target, true)
}

fn into(this: &Buffered, target: &PyObject, once: bool) -> PyResult {
    let buffer = Buffer::writable(target)?;
    this.check_ok()?;
    this.check_closed("readinto of closed file")?;
    let wanted = buffer.data().len();
    let data = this.read_towards(wanted, once)?;
    match data {
        None => Ok(none()),
        Some(data) => {
            buffer.write(0, &data);
            long::from_usize(data.len())
        }
    }
}

fn peek(this: &Buffered, args: &[&PyObject]) -> PyResult {
    call::check_positional("peek", args.len(), 0, 1)?;
    this.check_ok()?;
    this.check_closed("peek of closed file")?;
    this.flush_and_rewind_for_read()?;
    if this.ahead() == 0 {
        this.reset_read();
        this.pos.set(0);
        this.raw_pos.set(0);
        this.fill()?;
    }
    Ok(bytes::from_slice(&this.readahead())?.upcast())
}

fn line(this: &Buffered, limit: isize) -> PyResult {
    this.check_closed("readline of closed file")?;
    let mut data = Vec::new();
    loop {
        let left = if limit < 0 {
            usize::MAX
        } else {
            limit as usize - data.len()
        };
        let ahead = this.readahead();
        let line_end = ahead.iter().take(left).position(|&byte| byte == b'\n');
        let count = line_end.map_or(ahead.len().min(left), |at| at + 1);
        data.extend(this.take_ahead(count));
        if line_end.is_some() || limit >= 0 && data.len() == limit as usize {
            break;
        }
        this.flush_and_rewind_for_read()?;
        this.reset_read();
        this.pos.set(0);
        this.raw_pos.set(0);
        if this.fill()?.unwrap_or(0) == 0 {
            break;
        }
    }
    Ok(bytes::from_slice(&data)?.upcast())
}

fn readline(this: &Buffered, args: &[&PyObject]) -> PyResult {
    let limit = crate::base::size_argument(args, "readline")?;
    this.check_ok()?;
    line(this, limit)
}

fn iternext(this: &Buffered) -> PyResult<Option<Own>> {
    this.check_ok()?;
    let line = line(this, -1)?;
    Ok(if object::length(&line)? == 0 {
        None
    } else {
        Some(line)
    })
}

fn write(this: &Buffered, data: &PyObject) -> PyResult {
    this.check_ok()?;
    let buffer = Buffer::of(data)?;
    let data = buffer.data();
    if this.is_closed()? {
        return Err(value_error("write to closed file"));
    }
    if !this.valid_read() && !this.valid_write() {
        this.pos.set(0);
        this.raw_pos.set(0);
    }
    let room = (this.buffer_size.get() - this.pos.get() as isize).max(0) as usize;
    if data.len() <= room {
        put(this, data);
        return long::from_usize(data.len());
    }
    if let Err(raised) = this.flush_write() {
        return keep_what_fits(this, data, raised);
    }
    let offset = this.raw_offset();
    if offset != 0 {
        this.raw_seek(-offset, 1)?;
        this.raw_pos.set(this.raw_pos.get() - offset);
    }
    let mut rest = data;
    while rest.len() > this.buffer_size.get() as usize {
        match this.raw_write(rest)? {
            Some(count) => rest = &rest[count..],
            None => {
                let fits = &rest[..this.buffer_size.get() as usize];
                start_write(this, fits);
                let written = data.len() - rest.len() + fits.len();
                return Err(would_block(
                    "write could not complete without blocking",
                    written,
                ));
            }
        }
    }
    this.reset_read();
    start_write(this, rest);
    long::from_usize(data.len())
}

/// The buffer begins anew with these bytes.
fn start_write(this: &Buffered, data: &[u8]) {
    this.store(0, data);
    this.write_pos.set(0);
    this.write_end.set(data.len() as i64);
    this.adjust(data.len() as i64);
    this.raw_pos.set(0);
}

/// The raw stream blocks: what fits behind the old bytes is kept.
fn keep_what_fits(this: &Buffered, data: &[u8], raised: errors::Raised) -> PyResult {
    if !errors::matches(&PyExc_BlockingIOError) {
        return Err(raised);
    }
    errors::discard(raised);
    let room = (this.buffer_size.get() - this.write_end.get().max(0) as isize).max(0) as usize;
    let fits = room.min(data.len());
    put(this, &data[..fits]);
    if fits == data.len() {
        return long::from_usize(fits);
    }
    Err(would_block(
        "write could not complete without blocking",
        fits,
    ))
}

/// Puts bytes at the position inside the buffer.
fn put(this: &Buffered, data: &[u8]) {
    let at = this.pos.get();
    this.store(at as usize, data);
    if !this.valid_write() || this.write_pos.get() > at {
        this.write_pos.set(at);
    }
    this.adjust(at + data.len() as i64);
    if this.write_end.get() < this.pos.get() {
        this.write_end.set(this.pos.get());
    }
}

fn flush(this: &Buffered) -> PyResult {
    this.check_ok()?;
    if this.is_closed()? {
        return Err(value_error("flush of closed file"));
    }
    this.flush_and_rewind()?;
    Ok(none())
}

/// A reader's flush is the raw stream's.
fn simple_flush(this: &Buffered) -> PyResult {
    this.check_ok()?;
    call0(&this.raw(), id!("flush"))
}

fn close(this: &Buffered) -> PyResult {
    this.check_ok()?;
    if this.is_closed()? {
        return Ok(none());
    }
    if this.finalizing.get() != 0 {
        dealloc_warn(this, this.as_object())?;
    }
    let flushed = call0(this.as_object(), id!("flush"));
    let saved = flushed.is_err().then(errors::fetch);
    let closed = call0(&this.raw(), id!("close"));
    free_buffer(this);
    this.buffer_size.set(0);
    this.reset_read();
    this.reset_write();
    match saved {
        Some(saved) => Err(errors::restore(saved)),
        None => closed,
    }
}

fn detach(this: &Buffered) -> PyResult {
    this.check_ok()?;
    call0(this.as_object(), id!("flush"))?;
    let raw = this.raw.take_own().unwrap_or_else(none);
    this.detached.set(1);
    this.ok.set(0);
    Ok(raw)
}

fn tell(this: &Buffered) -> PyResult {
    this.check_ok()?;
    let at = this.raw_tell()? - this.raw_offset();
    Ok(long::from_i64(at)?.upcast())
}

fn seek(this: &Buffered, args: &[&PyObject]) -> PyResult {
    call::check_positional("seek", args.len(), 1, 2)?;
    this.check_ok()?;
    let whence = args.get(1).map_or(Ok(0), |whence| long::as_int(whence))?;
    if !(0..=2).contains(&whence) && whence != libc::SEEK_HOLE && whence != libc::SEEK_DATA {
        return Err(value_error(format_args!(
            "whence value {whence} unsupported"
        )));
    }
    if this.is_closed()? {
        return Err(value_error("seek of closed file"));
    }
    if !object::is_true(&*call0(&this.raw(), id!("seekable"))?)? {
        return Err(unsupported("File or stream is not seekable."));
    }
    let mut target = position_of(args[0])?;
    if whence != 2 && this.readable.get() != 0 {
        // Inside what was read ahead, only the position moves.
        let current = match this.abs_pos.get() {
            -1 => this.raw_tell()?,
            known => known,
        };
        if this.ahead() > 0 {
            let offset = match whence {
                0 => target - (current - this.raw_offset()),
                _ => target,
            };
            if offset >= -this.pos.get() && offset <= this.ahead() as i64 {
                this.pos.set(this.pos.get() + offset);
                let at = current - (this.raw_pos.get() - this.pos.get());
                return Ok(long::from_i64(at)?.upcast());
            }
        }
    }
    this.flush_write()?;
    if whence == 1 {
        target -= this.raw_offset();
    }
    let at = this.raw_seek(target, whence)?;
    this.raw_pos.set(-1);
    if this.readable.get() != 0 {
        this.reset_read();
    }
    this.pos.set(0);
    this.raw_pos.set(0);
    Ok(long::from_i64(at)?.upcast())
}

fn truncate(this: &Buffered, args: &[&PyObject]) -> PyResult {
    call::check_positional("truncate", args.len(), 0, 1)?;
    this.check_ok()?;
    if this.is_closed()? {
        return Err(value_error("truncate of closed file"));
    }
    if this.writable.get() == 0 {
        return Err(unsupported("truncate"));
    }
    this.flush_and_rewind()?;
    let size = args.first().map_or_else(none, |size| Own::new(*size));
    let result = call::call_method(&this.raw(), id!("truncate"), &[&size])?;
    if this.raw_tell().is_err() {
        errors::clear();
    }
    Ok(result)
}

macro_rules! forwards {
    ($($name:ident => $method:literal),+ $(,)?) => {
        $(fn $name(this: &Buffered) -> PyResult {
            this.check_ok()?;
            call0(&this.raw(), id!($method))
        })+
    };
}

forwards! {
    seekable => "seekable", readable => "readable", writable => "writable", fileno => "fileno",
    isatty => "isatty",
}

fn get_closed(this: &Buffered) -> PyResult {
    this.check_ok()?;
    object::get_attr(&this.raw(), id!("closed"))
}

fn get_name(this: &Buffered) -> PyResult {
    this.check_ok()?;
    object::get_attr(&this.raw(), id!("name"))
}

fn get_mode(this: &Buffered) -> PyResult {
    this.check_ok()?;
    object::get_attr(&this.raw(), id!("mode"))
}

fn dealloc_warn(this: &Buffered, source: &PyObject) -> PyResult {
    if this.ok.get() > 0 && call::call_method(&this.raw(), id!("_dealloc_warn"), &[source]).is_err()
    {
        errors::clear();
    }
    Ok(none())
}

fn sizeof(this: &Buffered) -> PyResult {
    let mut size = this.as_object().type_().tp_basicsize.get();
    if !this.buffer.get().is_null() {
        size += this.buffer_size.get();
    }
    long::from_isize(size)
}

fn repr(this: &Buffered) -> PyResult {
    let type_name = this.as_object().type_().name();
    let name = match object::lookup_attr(this.as_object(), id!("name")) {
        Ok(name) => name,
        Err(raised) => {
            if !errors::matches(&PyExc_ValueError) {
                return Err(raised);
            }
            errors::discard(raised);
            None
        }
    };
    let text = match name {
        None => format!("<{type_name}>"),
        Some(name) => match object::repr_enter(this.as_object()) {
            Some(_guard) => {
                format!(
                    "<{type_name} name={}>",
                    unicode::to_string_lossy(&*object::repr(&name)?)
                )
            }
            None => {
                return Err(runtime_error(format_args!(
                    "reentrant call inside {type_name}.__repr__"
                )));
            }
        },
    };
    Ok(unicode::from_str(&text)?.upcast())
}

unsafe fn dealloc(this: *mut Buffered) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*this).finalizing.set(1);
        end_stream(this.cast(), || {
            (*this).ok.set(0);
            free_buffer(&*this);
            (*this).clear();
        });
    }
}

fn clear(this: &Buffered) {
    this.ok.set(0);
    Field::clear(&this.raw);
    Field::clear(&this.dict);
}

methods! {
    static READER_METHODS:
    "detach" => noargs(detach, "($self, /)");
    "flush" => noargs(simple_flush);
    "close" => noargs(close);
    "seekable" => noargs(seekable);
    "readable" => noargs(readable);
    "fileno" => noargs(fileno);
    "isatty" => noargs(isatty);
    "_dealloc_warn" => o(dealloc_warn);
    "read" => fast(read, "($self, size=-1, /)");
    "peek" => fast(peek, "($self, size=0, /)");
    "read1" => fast(read1, "($self, size=-1, /)");
    "readinto" => o(readinto, "($self, buffer, /)");
    "readinto1" => o(readinto1, "($self, buffer, /)");
    "readline" => fast(readline, "($self, size=-1, /)");
    "seek" => fast(seek, "($self, target, whence=0, /)");
    "tell" => noargs(tell, "($self, /)");
    "truncate" => fast(truncate, "($self, pos=None, /)");
    "__sizeof__" => noargs(sizeof);
}

methods! {
    static WRITER_METHODS:
    "close" => noargs(close);
    "detach" => noargs(detach, "($self, /)");
    "seekable" => noargs(seekable);
    "writable" => noargs(writable);
    "fileno" => noargs(fileno);
    "isatty" => noargs(isatty);
    "_dealloc_warn" => o(dealloc_warn);
    "write" => o(write, "($self, buffer, /)");
    "truncate" => fast(truncate, "($self, pos=None, /)");
    "flush" => noargs(flush, "($self, /)");
    "seek" => fast(seek, "($self, target, whence=0, /)");
    "tell" => noargs(tell, "($self, /)");
    "__sizeof__" => noargs(sizeof);
}

methods! {
    static RANDOM_METHODS:
    "close" => noargs(close);
    "detach" => noargs(detach, "($self, /)");
    "seekable" => noargs(seekable);
    "readable" => noargs(readable);
    "writable" => noargs(writable);
    "fileno" => noargs(fileno);
    "isatty" => noargs(isatty);
    "_dealloc_warn" => o(dealloc_warn);
    "flush" => noargs(flush, "($self, /)");
    "seek" => fast(seek, "($self, target, whence=0, /)");
    "tell" => noargs(tell, "($self, /)");
    "truncate" => fast(truncate, "($self, pos=None, /)");
    "read" => fast(read, "($self, size=-1, /)");
    "read1" => fast(read1, "($self, size=-1, /)");
    "readinto" => o(readinto, "($self, buffer, /)");
    "readinto1" => o(readinto1, "($self, buffer, /)");
    "readline" => fast(readline, "($self, size=-1, /)");
    "peek" => fast(peek, "($self, size=0, /)");
    "write" => o(write, "($self, buffer, /)");
    "__sizeof__" => noargs(sizeof);
}

members! {
    static MEMBERS:
    "raw" => T_OBJECT, offset_of!(Buffered, raw), READONLY;
    "_finalizing" => T_BOOL, offset_of!(Buffered, finalizing), 0;
}

getset! {
    static GETSET:
    "closed" => get_closed;
    "name" => get_name;
    "mode" => get_mode;
}

macro_rules! buffered_type {
    ($(#[$meta:meta])* $name:ident = $py_name:literal, $init:ident, $methods:ident; $($slots:tt)*) => {
        static_type! {
            $(#[$meta])*
            $name = $py_name, size std::mem::size_of::<Buffered>(), 0,
                flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
            tp_dealloc: slot!(dealloc dealloc),
            tp_repr: slot!(unary repr),
            tp_traverse: slot!(traverse Buffered::traverse),
            tp_clear: slot!(clear clear),
            tp_weaklistoffset: offset_of!(Buffered, weakreflist) as isize,
            tp_dictoffset: offset_of!(Buffered, dict) as isize,
            $($slots)*
            tp_base: &PyBufferedIOBase_Type,
            tp_methods: $methods.as_ptr(),
            tp_members: MEMBERS.as_ptr(),
            tp_getset: GETSET.as_ptr(),
            tp_init: slot!(init $init),
            tp_alloc: Some(memory::PyType_GenericAlloc),
            tp_new: slot!(new new),
            tp_free: Some(memory::object_gc_free),
        }
    };
}

buffered_type! {
    /// `_io.BufferedReader`.
    PyBufferedReader_Type = "_io.BufferedReader", reader_init, READER_METHODS;
    tp_iternext: slot!(iternext iternext),
}

buffered_type! {
    /// `_io.BufferedWriter`.
    PyBufferedWriter_Type = "_io.BufferedWriter", writer_init, WRITER_METHODS;
}

buffered_type! {
    /// `_io.BufferedRandom`.
    PyBufferedRandom_Type = "_io.BufferedRandom", random_init, RANDOM_METHODS;
    tp_iternext: slot!(iternext iternext),
}

object_struct! {
    /// `rwpair`.
    pub struct RwPair {
        reader: Pointer<PyObject>,
        writer: Pointer<PyObject>,
        dict: Pointer<PyDictObject>,
        weakreflist: Cell<*const PyObject>,
    }
}

fn pair_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(RwPair::alloc(type_)?.upcast())
}

fn pair_init(this: &RwPair, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    call::no_keywords("BufferedRWPair", kwargs)?;
    let items = tuple::items(args);
    call::check_positional("BufferedRWPair", items.len(), 2, 3)?;
    check_readable(items[0])?;
    check_writable(items[1])?;
    let size = match items.get(2) {
        Some(size) => Own::new(*size),
        None => long::from_isize(DEFAULT_SIZE)?,
    };
    this.reader.put(Some(call::call(
        PyBufferedReader_Type.as_object(),
        &[items[0], &size],
    )?));
    this.writer.put(Some(call::call(
        PyBufferedWriter_Type.as_object(),
        &[items[1], &size],
    )?));
    Ok(())
}

macro_rules! pair_forwards {
    ($($name:ident => $side:ident $method:literal),+ $(,)?) => {
        $(fn $name(this: &RwPair, args: &[&PyObject]) -> PyResult {
            let Some(side) = this.$side.own() else {
                return Err(value_error("I/O operation on uninitialized object"));
            };
            call::call_method(&side, id!($method), args)
        })+
    };
}

pair_forwards! {
    pair_read => reader "read", pair_peek => reader "peek", pair_read1 => reader "read1",
    pair_readinto => reader "readinto", pair_readinto1 => reader "readinto1", pair_write => writer "write",
    pair_flush => writer "flush", pair_readable => reader "readable", pair_writable => writer "writable",
}

fn pair_close(this: &RwPair) -> PyResult {
    let writer = this.writer.own().map(|writer| call0(&writer, id!("close")));
    let saved = matches!(writer, Some(Err(_))).then(errors::fetch);
    let reader = this.reader.own().map(|reader| call0(&reader, id!("close")));
    if let Some(saved) = saved {
        return Err(errors::restore(saved));
    }
    reader.unwrap_or_else(|| Ok(none()))
}

fn pair_isatty(this: &RwPair) -> PyResult {
    for side in [&this.writer, &this.reader] {
        if let Some(side) = side.own() {
            let answer = call0(&side, id!("isatty"))?;
            if object::is_true(&answer)? {
                return Ok(answer);
            }
        }
    }
    Ok(bool_object(false))
}

fn pair_closed(this: &RwPair) -> PyResult {
    match this.writer.own() {
        Some(writer) => object::get_attr(&writer, id!("closed")),
        None => Err(runtime_error(
            "the BufferedRWPair object is being garbage-collected",
        )),
    }
}

unsafe fn pair_dealloc(this: *mut RwPair) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { end_stream(this.cast(), || (*this).clear()) }
}

methods! {
    static PAIR_METHODS:
    "read" => fast(pair_read);
    "peek" => fast(pair_peek);
    "read1" => fast(pair_read1);
    "readinto" => fast(pair_readinto);
    "readinto1" => fast(pair_readinto1);
    "write" => fast(pair_write);
    "flush" => fast(pair_flush);
    "readable" => fast(pair_readable);
    "writable" => fast(pair_writable);
    "close" => noargs(pair_close);
    "isatty" => noargs(pair_isatty);
}

getset! {
    static PAIR_GETSET:
    "closed" => pair_closed;
}

static_type! {
    /// `_io.BufferedRWPair`.
    PyBufferedRWPair_Type = "_io.BufferedRWPair", size std::mem::size_of::<RwPair>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc pair_dealloc),
    tp_traverse: slot!(traverse RwPair::traverse),
    tp_clear: slot!(clear RwPair::clear),
    tp_weaklistoffset: offset_of!(RwPair, weakreflist) as isize,
    tp_dictoffset: offset_of!(RwPair, dict) as isize,
    tp_base: &PyBufferedIOBase_Type,
    tp_methods: PAIR_METHODS.as_ptr(),
    tp_getset: PAIR_GETSET.as_ptr(),
    tp_init: slot!(init pair_init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new pair_new),
    tp_free: Some(memory::object_gc_free),
}
