//! `io.FileIO` (`Modules/_io/fileio.c`).

use crate::base::{PyRawIOBase_Type, call0, end_stream, size_argument, unsupported};
use crate::prelude::*;
use twinheap_objects::exceptions::{PyExc_OverflowError, PyExc_Warning, raise_os_error};
use twinheap_objects::gil::without_gil;
use twinheap_objects::signals::interruptible;

object_struct! {
    /// `fileio`: the flags of `bits` are CPython's bit fields.
    pub struct FileIo {
        fd: Cell<i32>,
        bits: Cell<u8>,
        finalizing: Cell<u8>,
        blksize: Cell<u32>,
        weakreflist: Cell<*const PyObject>,
        dict: Pointer<PyDictObject>,
    }
}

typed!(FileIo, PyFileIO_Type);

const CREATED: u8 = 1;
const READABLE: u8 = 2;
const WRITABLE: u8 = 4;
const APPENDING: u8 = 8;
/// Two bits with a sign: -1 is unknown.
const SEEKABLE: u8 = 0x30;
const SEEKABLE_YES: u8 = 0x10;
const CLOSEFD: u8 = 0x40;

impl FileIo {
    fn is(&self, bit: u8) -> bool {
        self.bits.get() & bit != 0
    }

    fn set(&self, mask: u8, value: u8) {
        self.bits.set(self.bits.get() & !mask | value);
    }

    fn check_open(&self) -> PyResult<()> {
        if self.fd.get() < 0 {
            return Err(value_error("I/O operation on closed file"));
        }
        Ok(())
    }
}

fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn system_error() -> errors::Raised {
    raise_os_error(last_errno(), None)
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = FileIo::alloc(type_)?;
    made.fd.set(-1);
    made.set(SEEKABLE | CLOSEFD, SEEKABLE | CLOSEFD);
    Ok(made.upcast())
}

/// The flags for `open` and the bits of a mode.
fn parse_mode(mode: &str) -> PyResult<(i32, u8)> {
    let wrong = || {
        value_error("Must have exactly one of create/read/write/append mode and at most one plus")
    };
    let (mut flags, mut bits, mut main, mut plus) = (0, 0, false, false);
    for letter in mode.chars() {
        match letter {
            'x' | 'r' | 'w' | 'a' if main => return Err(wrong()),
            'x' => {
                bits |= CREATED | WRITABLE;
                flags |= libc::O_EXCL | libc::O_CREAT;
            }
            'r' => bits |= READABLE,
            'w' => {
                bits |= WRITABLE;
                flags |= libc::O_CREAT | libc::O_TRUNC;
            }
            'a' => {
                bits |= WRITABLE | APPENDING;
                flags |= libc::O_APPEND | libc::O_CREAT;
            }
            'b' => continue,
            '+' => {
                if plus {
                    return Err(wrong());
                }
                plus = true;
                bits |= READABLE | WRITABLE;
                continue;
            }
            _ => return Err(value_error(format_args!("invalid mode: {mode}"))),
        }
        main = true;
    }
    if !main {
        return Err(wrong());
    }
    flags |= match (bits & READABLE != 0, bits & WRITABLE != 0) {
        (true, true) => libc::O_RDWR,
        (true, false) => libc::O_RDONLY,
        _ => libc::O_WRONLY,
    };
    Ok((flags | libc::O_CLOEXEC, bits))
}

fn init(this: &FileIo, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "FileIO",
        parameters: &["file", "mode", "closefd", "opener"],
        required: 1,
        positional: 4,
    };
    let [file, mode, closefd, opener] = call::bind_tuple::<4>(&SIGNATURE, args, kwargs)?;
    let file = file.expect("required");
    let mode = match mode.map(|mode| (mode, mode.downcast_ref::<PyASCIIObject>())) {
        None => "r".to_owned(),
        Some((_, Some(mode))) => unicode::to_string_lossy(mode),
        Some((mode, None)) => {
            return Err(type_error(format_args!(
                "FileIO() argument 'mode' must be str, not {}",
                mode.type_().name()
            )));
        }
    };
    let closefd = closefd.map_or(Ok(true), object::is_true)?;
    let opener = opener.filter(|opener| !opener.is_none());
    if this.fd.get() >= 0 {
        if this.is(CLOSEFD) {
            internal_close(this)?;
        } else {
            this.fd.set(-1);
        }
    }
    let given = given_descriptor(file)?;
    let (flags, bits) = parse_mode(&mode)?;
    this.bits
        .set(bits | SEEKABLE | if closefd { CLOSEFD } else { 0 });
    let opened = open_file(this, file, given, (closefd, flags), opener)
        .and_then(|()| after_open(this, file));
    if opened.is_err() {
        let saved = errors::fetch();
        if given.is_none() && this.fd.get() >= 0 {
            let _ = internal_close(this);
            errors::clear();
        }
        this.fd.set(-1);
        return Err(errors::restore(saved));
    }
    opened
}

/// The descriptor where the file is one.
fn given_descriptor(file: &PyObject) -> PyResult<Option<i32>> {
    if file.is_exactly(&twinheap_objects::float::PyFloat_Type) {
        return Err(type_error("integer argument expected, got float"));
    }
    if file.downcast_ref::<PyLongObject>().is_none() {
        return Ok(None);
    }
    let fd = long::as_int(file)?;
    if fd < 0 {
        return Err(value_error("negative file descriptor"));
    }
    Ok(Some(fd))
}

fn open_file(
    this: &FileIo,
    file: &PyObject,
    given: Option<i32>,
    (closefd, flags): (bool, i32),
    opener: Option<&PyObject>,
) -> PyResult<()> {
    if let Some(fd) = given {
        this.fd.set(fd);
        return Ok(());
    }
    if !closefd {
        return Err(value_error("Cannot use closefd=False with file name"));
    }
    if let Some(opener) = opener {
        let fd = call::call(opener, &[file, &*long::from_isize(flags as isize)?])?;
        if fd.downcast_ref::<PyLongObject>().is_none() {
            return Err(type_error("expected integer from opener"));
        }
        let fd = long::as_int(&fd)?;
        if fd < 0 {
            return Err(value_error(format_args!("opener returned {fd}")));
        }
        this.fd.set(fd);
        return Ok(());
    }
    let path = twinheap_objects::paths::path_bytes(file)?;
    // SAFETY: the path ends with NUL.
    let fd = interruptible(|| unsafe { libc::open(path.as_ptr(), flags, 0o666) })?;
    if fd < 0 {
        return Err(raise_os_error(last_errno(), Some(file)));
    }
    this.fd.set(fd);
    Ok(())
}

fn after_open(this: &FileIo, file: &PyObject) -> PyResult<()> {
    this.blksize.set(8192);
    // SAFETY: the system fills the struct.
    unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        if libc::fstat(this.fd.get(), &mut status) == 0 {
            if status.st_mode & libc::S_IFMT == libc::S_IFDIR {
                return Err(raise_os_error(libc::EISDIR, Some(file)));
            }
            if status.st_blksize > 1 {
                this.blksize.set(status.st_blksize as u32);
            }
        } else if last_errno() == libc::EBADF {
            return Err(raise_os_error(libc::EBADF, None));
        }
    }
    object::set_attr(this.as_object(), id!("name").as_object(), Some(file))?;
    if this.is(APPENDING) {
        // SAFETY: asks the system to move to the end.
        let at = unsafe { libc::lseek(this.fd.get(), 0, libc::SEEK_END) };
        if at < 0 {
            this.set(SEEKABLE, 0);
        } else {
            this.set(SEEKABLE, SEEKABLE_YES);
        }
    }
    Ok(())
}

fn internal_close(this: &FileIo) -> PyResult<()> {
    let fd = this.fd.replace(-1);
    // SAFETY: the descriptor is this object's.
    if fd >= 0 && without_gil(|| unsafe { libc::close(fd) }) < 0 {
        return Err(system_error());
    }
    Ok(())
}

fn close(this: &FileIo) -> PyResult {
    let base = object::get_attr(PyRawIOBase_Type.as_object(), id!("close"))?;
    let flushed = call::call(&base, &[this.as_object()]);
    if !this.is(CLOSEFD) {
        this.fd.set(-1);
        return flushed;
    }
    let saved = flushed.is_err().then(errors::fetch);
    if this.finalizing.get() != 0 {
        dealloc_warn(this, this.as_object())?;
    }
    let closed = internal_close(this);
    match saved {
        Some(saved) => Err(errors::restore(saved)),
        None => closed.map(|()| none()),
    }
}

fn fileno(this: &FileIo) -> PyResult {
    this.check_open()?;
    long::from_isize(this.fd.get() as isize)
}

fn readable(this: &FileIo) -> PyResult {
    this.check_open()?;
    Ok(bool_object(this.is(READABLE)))
}

fn writable(this: &FileIo) -> PyResult {
    this.check_open()?;
    Ok(bool_object(this.is(WRITABLE)))
}

fn seekable(this: &FileIo) -> PyResult {
    this.check_open()?;
    if this.bits.get() & SEEKABLE == SEEKABLE {
        // SAFETY: asks for the position.
        let at = unsafe { libc::lseek(this.fd.get(), 0, libc::SEEK_CUR) };
        this.set(SEEKABLE, if at < 0 { 0 } else { SEEKABLE_YES });
    }
    Ok(bool_object(this.bits.get() & SEEKABLE == SEEKABLE_YES))
}

fn check_mode(this: &FileIo, bit: u8, action: &str) -> PyResult<()> {
    this.check_open()?;
    if !this.is(bit) {
        return Err(unsupported(&format!("File not open for {action}")));
    }
    Ok(())
}

/// Reads once; nothing where the descriptor would block.
fn read_once(this: &FileIo, target: &mut [u8]) -> PyResult<Option<usize>> {
    let fd = this.fd.get();
    // SAFETY: the buffer has the length that is told.
    let count = interruptible(|| unsafe {
        libc::read(fd, target.as_mut_ptr().cast(), target.len()) as i64
    })?;
    match last_errno() {
        _ if count >= 0 => Ok(Some(count as usize)),
        libc::EAGAIN => Ok(None),
        _ => Err(system_error()),
    }
}

fn readinto(this: &FileIo, target: &PyObject) -> PyResult {
    check_mode(this, READABLE, "reading")?;
    let buffer = crate::base::readinto_target(target)?;
    let mut data = vec![0; buffer.data().len()];
    match read_once(this, &mut data)? {
        None => Ok(none()),
        Some(count) => {
            buffer.write(0, &data[..count]);
            long::from_usize(count)
        }
    }
}

fn readall(this: &FileIo) -> PyResult {
    this.check_open()?;
    // SAFETY: the system fills the struct.
    let rest = unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        let at = libc::lseek(this.fd.get(), 0, libc::SEEK_CUR);
        match libc::fstat(this.fd.get(), &mut status) {
            0 if at >= 0 && status.st_size >= at => (status.st_size - at) as usize + 1,
            _ => 8192,
        }
    };
    let mut all = vec![0; rest];
    let mut used = 0;
    loop {
        if used == all.len() {
            let grown = all.len() + all.len().max(8192);
            all.resize(grown, 0);
        }
        match read_once(this, &mut all[used..])? {
            None if used == 0 => return Ok(none()),
            None | Some(0) => break,
            Some(count) => used += count,
        }
    }
    Ok(bytes::from_slice(&all[..used])?.upcast())
}

fn read(this: &FileIo, args: &[&PyObject]) -> PyResult {
    check_mode(this, READABLE, "reading")?;
    let size = size_argument(args, "read")?;
    if size < 0 {
        return call0(this.as_object(), id!("readall"));
    }
    memory::probe(size as usize)?;
    let mut data = vec![0; size as usize];
    match read_once(this, &mut data)? {
        None => Ok(none()),
        Some(count) => Ok(bytes::from_slice(&data[..count])?.upcast()),
    }
}

fn write(this: &FileIo, data: &PyObject) -> PyResult {
    check_mode(this, WRITABLE, "writing")?;
    let buffer = Buffer::of(data)?;
    let data = buffer.data();
    let fd = this.fd.get();
    // SAFETY: the slice is valid for its length.
    let count =
        interruptible(|| unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) as i64 })?;
    match last_errno() {
        _ if count >= 0 => long::from_isize(count as isize),
        libc::EAGAIN => Ok(none()),
        _ => Err(system_error()),
    }
}

fn seek(this: &FileIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("seek", args.len(), 1, 2)?;
    this.check_open()?;
    let offset = position_of(args[0])?;
    let whence = args.get(1).map_or(Ok(0), |whence| long::as_int(whence))?;
    // SAFETY: asks the system to move.
    let at = unsafe { libc::lseek(this.fd.get(), offset, whence) };
    if at < 0 {
        return Err(system_error());
    }
    Ok(long::from_i64(at)?.upcast())
}

/// A position as a number of the system.
pub fn position_of(value: &PyObject) -> PyResult<i64> {
    if value.is_instance_of(&twinheap_objects::float::PyFloat_Type) {
        return Err(type_error("an integer is required"));
    }
    let value = abstract_::index(value)?;
    long::to_i64(&value).ok_or_else(|| {
        errors::raise(
            &PyExc_OverflowError,
            "Python int too large to convert to C long",
        )
    })
}

fn tell(this: &FileIo) -> PyResult {
    this.check_open()?;
    // SAFETY: asks for the position.
    let at = unsafe { libc::lseek(this.fd.get(), 0, libc::SEEK_CUR) };
    if at < 0 {
        return Err(system_error());
    }
    Ok(long::from_i64(at)?.upcast())
}

fn truncate(this: &FileIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("truncate", args.len(), 0, 1)?;
    check_mode(this, WRITABLE, "writing")?;
    let size = match args.first().filter(|size| !size.is_none()) {
        Some(size) => Own::new(*size),
        None => tell(this)?,
    };
    let length = position_of(&size)?;
    // SAFETY: asks the system to cut the file.
    if unsafe { libc::ftruncate(this.fd.get(), length) } < 0 {
        return Err(system_error());
    }
    Ok(size)
}

fn isatty(this: &FileIo) -> PyResult {
    this.check_open()?;
    // SAFETY: asks about a descriptor.
    Ok(bool_object(unsafe { libc::isatty(this.fd.get()) } == 1))
}

/// Warns that a file was left open; what goes wrong at that is shown and dropped.
fn dealloc_warn(this: &FileIo, source: &PyObject) -> PyResult {
    if this.fd.get() < 0 || !this.is(CLOSEFD) {
        return Ok(none());
    }
    errors::preserving(|| {
        let warned = unclosed(source)
            .and_then(|message| twinheap_objects::warnings::warn_resource(source, &message));
        if let Err(raised) = warned {
            if errors::matches(&PyExc_Warning) {
                twinheap_objects::unraisable::report(raised, Some(this.as_object()));
            } else {
                errors::discard(raised);
            }
        }
    });
    Ok(none())
}

fn unclosed(source: &PyObject) -> PyResult<Own<PyASCIIObject>> {
    let mut message = unicode::Writer::new();
    message.push_str("unclosed file ");
    message.push(&object::repr(source)?);
    message.finish()
}

fn mode_text(this: &FileIo) -> &'static str {
    match (
        this.is(CREATED),
        this.is(APPENDING),
        this.is(READABLE),
        this.is(WRITABLE),
    ) {
        (true, _, true, _) => "xb+",
        (true, _, false, _) => "xb",
        (_, true, true, _) => "ab+",
        (_, true, false, _) => "ab",
        (_, _, true, true) => "rb+",
        (_, _, true, false) => "rb",
        _ => "wb",
    }
}

fn repr(this: &FileIo) -> PyResult {
    if this.fd.get() < 0 {
        return Ok(unicode::from_str("<_io.FileIO [closed]>")?.upcast());
    }
    let closefd = if this.is(CLOSEFD) { "True" } else { "False" };
    let mode = mode_text(this);
    let text = match object::lookup_attr(this.as_object(), id!("name"))? {
        None => format!(
            "<_io.FileIO fd={} mode='{mode}' closefd={closefd}>",
            this.fd.get()
        ),
        Some(name) => {
            let Some(_guard) = object::repr_enter(this.as_object()) else {
                return Err(runtime_error("reentrant call inside _io.FileIO.__repr__"));
            };
            let name = unicode::to_string_lossy(&*object::repr(&name)?);
            format!("<_io.FileIO name={name} mode='{mode}' closefd={closefd}>")
        }
    };
    Ok(unicode::from_str(&text)?.upcast())
}

fn get_closed(this: &FileIo) -> PyResult {
    Ok(bool_object(this.fd.get() < 0))
}

fn get_closefd(this: &FileIo) -> PyResult {
    Ok(bool_object(this.is(CLOSEFD)))
}

fn get_mode(this: &FileIo) -> PyResult {
    Ok(unicode::from_str(mode_text(this))?.upcast())
}

unsafe fn dealloc(this: *mut FileIo) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*this).finalizing.set(1);
        end_stream(this.cast(), || (*this).clear());
    }
}

methods! {
    static METHODS:
    "read" => fast(read, "($self, size=-1, /)");
    "readall" => noargs(readall, "($self, /)");
    "readinto" => o(readinto, "($self, buffer, /)");
    "write" => o(write, "($self, b, /)");
    "seek" => fast(seek, "($self, pos, whence=0, /)");
    "tell" => noargs(tell, "($self, /)");
    "truncate" => fast(truncate, "($self, size=None, /)");
    "close" => noargs(close, "($self, /)");
    "seekable" => noargs(seekable, "($self, /)");
    "readable" => noargs(readable, "($self, /)");
    "writable" => noargs(writable, "($self, /)");
    "fileno" => noargs(fileno, "($self, /)");
    "isatty" => noargs(isatty, "($self, /)");
    "_dealloc_warn" => o(dealloc_warn);
}

getset! {
    static GETSET:
    "closed" => get_closed;
    "closefd" => get_closefd;
    "mode" => get_mode;
}

members! {
    static MEMBERS:
    "_blksize" => T_UINT, offset_of!(FileIo, blksize), 0;
    "_finalizing" => T_BOOL, offset_of!(FileIo, finalizing), 0;
}

static_type! {
    /// `_io.FileIO`.
    PyFileIO_Type = "_io.FileIO", size size_of::<FileIo>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse FileIo::traverse),
    tp_clear: slot!(clear FileIo::clear),
    tp_weaklistoffset: offset_of!(FileIo, weakreflist) as isize,
    tp_dictoffset: offset_of!(FileIo, dict) as isize,
    tp_base: &PyRawIOBase_Type,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
