//! `zlib` (`Modules/zlibmodule.c`): compression and checksums by the system's zlib, so that every byte is CPython's.

mod objects;
mod stream;

use crate::prelude::*;
use objects::{CompressType, DecompressType};
use std::ptr::null_mut;
use stream::{End, Stream};
use twinheap_objects::exceptions::PyExc_Exception;
use twinheap_objects::state::Global;

/// The size of the first block of output that a program may pick.
const DEF_BUF_SIZE: isize = 16 * 1024;

static ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));

fn error_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ERROR) {
        return Ok(made);
    }
    let made = types::build_class_type("error", &PyExc_Exception, "zlib")?;
    ERROR.put(Some(made.clone()));
    Ok(made)
}

fn raise(message: impl std::fmt::Display) -> errors::Raised {
    match error_type() {
        Ok(type_) => errors::raise(&type_, message),
        Err(raised) => raised,
    }
}

/// `zlib_error`: the library's own message, or one by the kind of error.
fn zlib_error(stream: &Stream, code: c_int, doing: &str) -> errors::Raised {
    let message = match code {
        libz_sys::Z_VERSION_ERROR => Some("library version mismatch".to_owned()),
        _ => stream.message(),
    };
    let message = message.or_else(|| {
        let known = match code {
            libz_sys::Z_BUF_ERROR => "incomplete or truncated stream",
            libz_sys::Z_STREAM_ERROR => "inconsistent stream state",
            libz_sys::Z_DATA_ERROR => "invalid input data",
            _ => return None,
        };
        Some(known.to_owned())
    });
    match message {
        Some(message) => raise(format_args!("Error {code} {doing}: {message:.200}")),
        None => raise(format_args!("Error {code} {doing}")),
    }
}

fn out_of_memory(doing: &str) -> errors::Raised {
    errors::raise(&twinheap_objects::exceptions::PyExc_MemoryError, doing)
}

fn integer(given: Option<&PyObject>, default: c_int) -> PyResult<c_int> {
    given.map_or(Ok(default), long::as_int)
}

fn compress(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "compress",
        parameters: &["", "level", "wbits"],
        required: 1,
        positional: 3,
    };
    let [data, level, wbits] = args.bind::<3>(&SIGNATURE)?;
    let data = Buffer::of(data.expect("required"))?;
    let level = integer(level, libz_sys::Z_DEFAULT_COMPRESSION)?;
    let wbits = integer(wbits, stream::MAX_WBITS)?;
    let mut stream = Stream::default();
    match stream.start_deflate(level, libz_sys::Z_DEFLATED, wbits, stream::DEF_MEM_LEVEL, 0) {
        libz_sys::Z_OK => {}
        libz_sys::Z_MEM_ERROR => {
            return Err(out_of_memory("Out of memory while compressing data"));
        }
        libz_sys::Z_STREAM_ERROR => return Err(raise("Bad compression level")),
        code => return Err(zlib_error(&stream, code, "while compressing data")),
    }
    let mut out = Vec::new();
    let code = stream.deflate(data.data(), libz_sys::Z_FINISH, &mut out);
    if code == libz_sys::Z_STREAM_ERROR {
        let raised = zlib_error(&stream, code, "while compressing data");
        stream.end_deflate();
        return Err(raised);
    }
    match stream.end_deflate() {
        libz_sys::Z_OK => Ok(bytes::from_slice(&out)?.upcast()),
        code => Err(zlib_error(&stream, code, "while finishing compression")),
    }
}

fn decompress(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "decompress",
        parameters: &["", "wbits", "bufsize"],
        required: 1,
        positional: 3,
    };
    let [data, wbits, size] = args.bind::<3>(&SIGNATURE)?;
    let data = Buffer::of(data.expect("required"))?;
    let wbits = integer(wbits, stream::MAX_WBITS)?;
    let size = size.map_or(Ok(DEF_BUF_SIZE), unicode::ssize)?;
    if size < 0 {
        return Err(value_error("bufsize must be non-negative"));
    }
    memory::probe(size as usize)?;
    let mut stream = Stream::default();
    match stream.start_inflate(wbits) {
        libz_sys::Z_OK => {}
        libz_sys::Z_MEM_ERROR => {
            return Err(out_of_memory("Out of memory while decompressing data"));
        }
        code => {
            return Err(zlib_error(
                &stream,
                code,
                "while preparing to decompress data",
            ));
        }
    }
    let mut out = Vec::new();
    let (code, _) = stream.inflate(data.data(), libz_sys::Z_FINISH, None, &mut out, |_| {
        End::Stop
    });
    if code != libz_sys::Z_STREAM_END {
        let raised = match code {
            libz_sys::Z_MEM_ERROR => out_of_memory("Out of memory while decompressing data"),
            code => zlib_error(&stream, code, "while decompressing data"),
        };
        stream.end_inflate();
        return Err(raised);
    }
    match stream.end_inflate() {
        libz_sys::Z_OK => Ok(bytes::from_slice(&out)?.upcast()),
        code => Err(zlib_error(&stream, code, "while finishing decompression")),
    }
}

/// The data and the value so far of a checksum; the value's low 32 bits count.
fn checksum_arguments<'a>(
    name: &str,
    args: &[&'a PyObject],
    start: u32,
) -> PyResult<(Buffer<'a>, u32)> {
    call::check_positional(name, args.len(), 1, 2)?;
    let data = Buffer::of(args[0])?;
    let Some(value) = args.get(1) else {
        return Ok((data, start));
    };
    let number = abstract_::index(value)?;
    let low = long::digits(&number).iter().take(2).rev();
    let low = low.fold(0u64, |sum, digit| sum << 30 | u64::from(*digit)) as u32;
    let negative = number.ob_base.ob_size.get() < 0;
    Ok((data, if negative { low.wrapping_neg() } else { low }))
}

fn adler32(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (data, value) = checksum_arguments("adler32", args, 1)?;
    let sum = stream::adler32(value, data.data());
    Ok(long::from_u64(u64::from(sum))?.upcast())
}

fn crc32(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (data, value) = checksum_arguments("crc32", args, 0)?;
    let sum = stream::crc32(value, data.data());
    Ok(long::from_u64(u64::from(sum))?.upcast())
}

methods! {
    static FUNCTIONS:
    "adler32" => fast(adler32, "($module, data, value=1, /)");
    "compress" => keywords(compress, "($module, data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)");
    "compressobj" => keywords(objects::compressobj, "($module, /, level=Z_DEFAULT_COMPRESSION, method=DEFLATED,\n            wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL,\n            strategy=Z_DEFAULT_STRATEGY, zdict=None)");
    "crc32" => fast(crc32, "($module, data, value=0, /)");
    "decompress" => keywords(decompress, "($module, data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)");
    "decompressobj" => keywords(objects::decompressobj, "($module, /, wbits=MAX_WBITS, zdict=b'')");
}

const NUMBERS: [(&str, i64); 20] = [
    ("MAX_WBITS", 15),
    ("DEFLATED", 8),
    ("DEF_MEM_LEVEL", 8),
    ("DEF_BUF_SIZE", DEF_BUF_SIZE as i64),
    ("Z_NO_COMPRESSION", 0),
    ("Z_BEST_SPEED", 1),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_FILTERED", 1),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_RLE", 3),
    ("Z_FIXED", 4),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_SYNC_FLUSH", 2),
    ("Z_FULL_FLUSH", 3),
    ("Z_FINISH", 4),
    ("Z_BLOCK", 5),
    ("Z_TREES", 6),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("zlib", FUNCTIONS, &[])?;
    module::ready_heap_type(&CompressType)?;
    module::ready_heap_type(&DecompressType)?;
    module::add(&made, "error", error_type()?.as_object())?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, value)?;
    }
    let version = stream::version();
    module::add_str(&made, "ZLIB_VERSION", &version)?;
    module::add_str(&made, "ZLIB_RUNTIME_VERSION", &version)?;
    module::add_str(&made, "__version__", "1.0")?;
    Ok(made)
}
