//! `zlib.Compress` and `zlib.Decompress`: streams that are fed piece by piece.

use super::stream::{self, End, Stream};
use super::{DEF_BUF_SIZE, integer, out_of_memory, zlib_error};
use crate::prelude::*;
use std::cell::UnsafeCell;

/// A stream inside an object; it is worked on under no borrow that runs the program's code.
#[repr(transparent)]
pub struct HeldStream(UnsafeCell<Stream>);

impl Slot for HeldStream {}

impl HeldStream {
    #[expect(
        clippy::mut_from_ref,
        reason = "one call at a time works on a stream, as its lock has it in CPython"
    )]
    fn get(&self) -> &mut Stream {
        // SAFETY: no two of these are alive at once: nothing that runs between can reach the object.
        unsafe { &mut *self.0.get() }
    }
}

object_struct! {
    /// `compobject`.
    pub struct CompObject {
        zst: HeldStream,
        unused_data: Pointer<PyBytesObject>,
        unconsumed_tail: Pointer<PyBytesObject>,
        eof: Cell<i8>,
        is_initialised: Cell<i32>,
        zdict: Pointer<PyObject>,
        lock: Cell<usize>,
    }
}

fn new_object(type_: &PyTypeObject) -> PyResult<Own<CompObject>> {
    let made = CompObject::alloc(type_)?;
    made.zst.get().set_allocator();
    made.unused_data.put(Some(bytes::from_slice(b"")?));
    made.unconsumed_tail.put(Some(bytes::from_slice(b"")?));
    Ok(made)
}

fn invalid_option() -> errors::Raised {
    value_error("Invalid initialization option")
}

/// `zlib.compressobj`.
pub fn compressobj(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "compressobj",
        parameters: &["level", "method", "wbits", "memLevel", "strategy", "zdict"],
        required: 0,
        positional: 6,
    };
    let [level, method, wbits, memory, strategy, zdict] = args.bind::<6>(&SIGNATURE)?;
    let level = integer(level, libz_sys::Z_DEFAULT_COMPRESSION)?;
    let method = integer(method, libz_sys::Z_DEFLATED)?;
    let wbits = integer(wbits, stream::MAX_WBITS)?;
    let memory = integer(memory, stream::DEF_MEM_LEVEL)?;
    let strategy = integer(strategy, libz_sys::Z_DEFAULT_STRATEGY)?;
    let zdict = zdict.map(Buffer::of).transpose()?;
    let made = new_object(&CompressType)?;
    let stream = made.zst.get();
    match stream.start_deflate(level, method, wbits, memory, strategy) {
        libz_sys::Z_OK => made.is_initialised.set(1),
        libz_sys::Z_MEM_ERROR => {
            return Err(out_of_memory(
                "Can't allocate memory for compression object",
            ));
        }
        libz_sys::Z_STREAM_ERROR => return Err(invalid_option()),
        code => {
            return Err(zlib_error(
                stream,
                code,
                "while creating compression object",
            ));
        }
    }
    if let Some(zdict) = zdict {
        match stream.set_deflate_dictionary(zdict.data()) {
            libz_sys::Z_OK => {}
            libz_sys::Z_STREAM_ERROR => return Err(value_error("Invalid dictionary")),
            _ => return Err(value_error("deflateSetDictionary()")),
        }
    }
    Ok(made.upcast())
}

/// `zlib.decompressobj`.
pub fn decompressobj(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "decompressobj",
        parameters: &["wbits", "zdict"],
        required: 0,
        positional: 2,
    };
    let [wbits, zdict] = args.bind::<2>(&SIGNATURE)?;
    let wbits = integer(wbits, stream::MAX_WBITS)?;
    if zdict.is_some_and(|zdict| !twinheap_objects::buffer::is_exporter(zdict)) {
        return Err(type_error(
            "zdict argument must support the buffer protocol",
        ));
    }
    let made = new_object(&DecompressType)?;
    made.zdict.put(zdict.map(Own::new));
    match made.zst.get().start_inflate(wbits) {
        libz_sys::Z_OK => made.is_initialised.set(1),
        libz_sys::Z_STREAM_ERROR => return Err(invalid_option()),
        libz_sys::Z_MEM_ERROR => {
            return Err(out_of_memory(
                "Can't allocate memory for decompression object",
            ));
        }
        code => {
            return Err(zlib_error(
                made.zst.get(),
                code,
                "while creating decompression object",
            ));
        }
    }
    if let Some(zdict) = zdict
        && wbits < 0
    {
        let data = Buffer::of(zdict)?;
        let stream = made.zst.get();
        let code = stream.set_inflate_dictionary(data.data());
        if code != libz_sys::Z_OK {
            return Err(zlib_error(stream, code, "while setting zdict"));
        }
    }
    Ok(made.upcast())
}

fn one_argument<'a>(
    name: &'static str,
    args: Args<'a>,
    required: usize,
) -> PyResult<Option<&'a PyObject>> {
    let signature = Signature {
        name,
        parameters: &[""],
        required,
        positional: 1,
    };
    Ok(args.bind::<1>(&signature)?[0])
}

fn compress(this: &CompObject, args: Args<'_>) -> PyResult {
    let data = one_argument("compress", args, 1)?;
    let data = Buffer::of(data.expect("required"))?;
    let mut out = Vec::new();
    let stream = this.zst.get();
    match stream.deflate(data.data(), libz_sys::Z_NO_FLUSH, &mut out) {
        code @ libz_sys::Z_STREAM_ERROR => Err(zlib_error(stream, code, "while compressing data")),
        _ => Ok(bytes::from_slice(&out)?.upcast()),
    }
}

fn compress_flush(this: &CompObject, args: Args<'_>) -> PyResult {
    let mode = integer(one_argument("flush", args, 0)?, libz_sys::Z_FINISH)?;
    if mode == libz_sys::Z_NO_FLUSH {
        return Ok(bytes::from_slice(b"")?.upcast());
    }
    let mut out = Vec::new();
    let stream = this.zst.get();
    let code = stream.deflate(&[], mode, &mut out);
    if code == libz_sys::Z_STREAM_END && mode == libz_sys::Z_FINISH {
        match stream.end_deflate() {
            libz_sys::Z_OK => this.is_initialised.set(0),
            code => return Err(zlib_error(stream, code, "while finishing compression")),
        }
    } else if code != libz_sys::Z_OK && code != libz_sys::Z_BUF_ERROR {
        return Err(zlib_error(stream, code, "while flushing"));
    }
    Ok(bytes::from_slice(&out)?.upcast())
}

/// What the copies of both kinds do.
fn copied(this: &CompObject, act: fn(&mut Stream, &mut Stream) -> c_int, what: &str) -> PyResult {
    let made = new_object(this.as_object().type_())?;
    match act(made.zst.get(), this.zst.get()) {
        libz_sys::Z_OK => {}
        libz_sys::Z_STREAM_ERROR => return Err(value_error("Inconsistent stream state")),
        libz_sys::Z_MEM_ERROR => {
            return Err(out_of_memory(&format!(
                "Can't allocate memory for {what} object"
            )));
        }
        code => {
            let doing = format!("while copying {what} object");
            return Err(zlib_error(this.zst.get(), code, &doing));
        }
    }
    made.unused_data.put(Field::own(&this.unused_data));
    made.unconsumed_tail.put(Field::own(&this.unconsumed_tail));
    made.zdict.put(Field::own(&this.zdict));
    made.eof.set(this.eof.get());
    made.is_initialised.set(1);
    Ok(made.upcast())
}

fn compress_copy(this: &CompObject) -> PyResult {
    copied(this, Stream::copy_deflate, "compression")
}

fn compress_deepcopy(this: &CompObject, args: Args<'_>) -> PyResult {
    one_argument("__deepcopy__", args, 1)?;
    compress_copy(this)
}

fn decompress_copy(this: &CompObject) -> PyResult {
    copied(this, Stream::copy_inflate, "decompression")
}

fn decompress_deepcopy(this: &CompObject, args: Args<'_>) -> PyResult {
    one_argument("__deepcopy__", args, 1)?;
    decompress_copy(this)
}

/// Decompresses, with the object's dictionary where one is asked for; the code, and how much input is left.
fn inflate(
    this: &CompObject,
    data: &[u8],
    flush: c_int,
    limit: Option<usize>,
    out: &mut Vec<u8>,
) -> PyResult<(c_int, usize)> {
    let dictionary = Field::own(&this.zdict);
    let dictionary = dictionary.as_deref().map(Buffer::of).transpose()?;
    let mut failed = None;
    let result = this.zst.get().inflate(data, flush, limit, out, |stream| {
        let Some(dictionary) = &dictionary else {
            return End::Stop;
        };
        match stream.set_inflate_dictionary(dictionary.data()) {
            libz_sys::Z_OK => End::Continue,
            code => {
                failed = Some(zlib_error(stream, code, "while setting zdict"));
                End::Stop
            }
        }
    });
    match failed {
        Some(raised) => Err(raised),
        None => Ok(result),
    }
}

/// `save_unconsumed_input`: what is left of the input goes to one attribute or the other.
fn save_rest(this: &CompObject, rest: &[u8], code: c_int) -> PyResult<()> {
    let ended = code == libz_sys::Z_STREAM_END;
    if ended && !rest.is_empty() {
        let mut unused =
            twinheap_objects::memory::copied(bytes::data_of(this.unused_data.expect_ref()))?;
        unused.extend_from_slice(rest);
        this.unused_data.put(Some(bytes::from_slice(&unused)?));
    }
    let had_tail = !bytes::data_of(this.unconsumed_tail.expect_ref()).is_empty();
    // A tail that was there is replaced by what is left even at the end of the stream.
    if !rest.is_empty() && !ended || had_tail {
        this.unconsumed_tail.put(Some(bytes::from_slice(rest)?));
    }
    Ok(())
}

fn decompress(this: &CompObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "decompress",
        parameters: &["", "max_length"],
        required: 1,
        positional: 2,
    };
    let [data, limit] = args.bind::<2>(&SIGNATURE)?;
    let data = Buffer::of(data.expect("required"))?;
    let limit = limit.map_or(Ok(0), unicode::ssize)?;
    if limit < 0 {
        return Err(value_error("max_length must be non-negative"));
    }
    let limit = (limit > 0).then_some(limit as usize);
    let mut out = Vec::new();
    let data = data.data();
    let (code, left) = inflate(this, data, libz_sys::Z_SYNC_FLUSH, limit, &mut out)?;
    save_rest(this, &data[data.len() - left..], code)?;
    this.zst.get().forget_input();
    if code == libz_sys::Z_STREAM_END {
        this.eof.set(1);
    } else if code != libz_sys::Z_OK && code != libz_sys::Z_BUF_ERROR {
        return Err(zlib_error(this.zst.get(), code, "while decompressing data"));
    }
    Ok(bytes::from_slice(&out)?.upcast())
}

fn decompress_flush(this: &CompObject, args: Args<'_>) -> PyResult {
    let length = one_argument("flush", args, 0)?;
    if length.map_or(Ok(DEF_BUF_SIZE), unicode::ssize)? <= 0 {
        return Err(value_error("length must be greater than zero"));
    }
    let tail = twinheap_objects::memory::copied(bytes::data_of(this.unconsumed_tail.expect_ref()))?;
    let mut out = Vec::new();
    let (code, left) = inflate(this, &tail, libz_sys::Z_FINISH, None, &mut out)?;
    save_rest(this, &tail[tail.len() - left..], code)?;
    this.zst.get().forget_input();
    if code == libz_sys::Z_STREAM_END {
        this.eof.set(1);
        this.is_initialised.set(0);
        let stream = this.zst.get();
        let code = stream.end_inflate();
        if code != libz_sys::Z_OK {
            return Err(zlib_error(stream, code, "while finishing decompression"));
        }
    }
    Ok(bytes::from_slice(&out)?.upcast())
}

unsafe fn dealloc(this: *mut CompObject, end: fn(&mut Stream) -> c_int) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        if (*this).is_initialised.replace(0) != 0 {
            end((*this).zst.get());
        }
        CompObject::dealloc(this);
    }
}

unsafe fn compress_dealloc(this: *mut CompObject) {
    // SAFETY: by contract.
    unsafe { dealloc(this, Stream::end_deflate) }
}

unsafe fn decompress_dealloc(this: *mut CompObject) {
    // SAFETY: by contract.
    unsafe { dealloc(this, Stream::end_inflate) }
}

methods! {
    static COMPRESS_METHODS:
    "compress" => method_keywords(compress, "($self, data, /)");
    "flush" => method_keywords(compress_flush, "($self, mode=zlib.Z_FINISH, /)");
    "copy" => method_noargs(compress_copy, "($self, /)");
    "__copy__" => method_noargs(compress_copy, "($self, /)");
    "__deepcopy__" => method_keywords(compress_deepcopy, "($self, memo, /)");
}

methods! {
    static DECOMPRESS_METHODS:
    "decompress" => method_keywords(decompress, "($self, data, /, max_length=0)");
    "flush" => method_keywords(decompress_flush, "($self, length=zlib.DEF_BUF_SIZE, /)");
    "copy" => method_noargs(decompress_copy, "($self, /)");
    "__copy__" => method_noargs(decompress_copy, "($self, /)");
    "__deepcopy__" => method_keywords(decompress_deepcopy, "($self, memo, /)");
}

members! {
    static DECOMPRESS_MEMBERS:
    "unused_data" => T_OBJECT, offset_of!(CompObject, unused_data), READONLY;
    "unconsumed_tail" => T_OBJECT, offset_of!(CompObject, unconsumed_tail), READONLY;
    "eof" => T_BOOL, offset_of!(CompObject, eof), READONLY;
}

static_type! {
    /// `zlib.Compress`.
    CompressType = "zlib.Compress", size size_of::<CompObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc compress_dealloc),
    tp_methods: COMPRESS_METHODS.as_ptr(),
}

static_type! {
    /// `zlib.Decompress`.
    DecompressType = "zlib.Decompress", size size_of::<CompObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc decompress_dealloc),
    tp_methods: DECOMPRESS_METHODS.as_ptr(),
    tp_members: DECOMPRESS_MEMBERS.as_ptr(),
}
