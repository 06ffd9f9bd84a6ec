//! A stream of the system's zlib: the few calls that the module makes, with their output gathered.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::ptr::null_mut;

pub const MAX_WBITS: c_int = 15;
pub const DEF_MEM_LEVEL: c_int = 8;

/// The sizes of the blocks that output is asked for in; they decide where a stream that only stores cuts its data.
const BLOCKS: [usize; 17] = {
    const K: usize = 1024;
    const M: usize = 1024 * K;
    [
        32 * K,
        64 * K,
        256 * K,
        M,
        4 * M,
        8 * M,
        16 * M,
        16 * M,
        32 * M,
        32 * M,
        32 * M,
        32 * M,
        64 * M,
        64 * M,
        128 * M,
        128 * M,
        256 * M,
    ]
};

/// The size of a block, by how many came before it.
fn block_size(nth: usize) -> usize {
    BLOCKS[nth.min(BLOCKS.len() - 1)]
}

/// `z_stream`, all zero until it is started.
#[repr(transparent)]
pub struct Stream(MaybeUninit<libz_sys::z_stream>);

const _: () = assert!(size_of::<Stream>() == 112);

impl Default for Stream {
    fn default() -> Stream {
        let mut stream = Stream(MaybeUninit::zeroed());
        stream.set_allocator();
        stream
    }
}

/// What to do where a dictionary is asked for.
pub enum End {
    /// It was set: go on.
    Continue,
    /// Stop with what the library said.
    Stop,
}

unsafe extern "C" fn allocate(
    _: libz_sys::voidpf,
    items: libz_sys::uInt,
    size: libz_sys::uInt,
) -> libz_sys::voidpf {
    // SAFETY: the C library's own allocator.
    unsafe { libc::malloc((items as usize * size as usize).max(1)) }
}

unsafe extern "C" fn release(_: libz_sys::voidpf, block: libz_sys::voidpf) {
    // SAFETY: the block came from `allocate`.
    unsafe { libc::free(block) }
}

impl Stream {
    fn raw(&mut self) -> *mut libz_sys::z_stream {
        self.0.as_mut_ptr()
    }

    /// Has the library take its memory where CPython has it.
    pub fn set_allocator(&mut self) {
        let raw = self.raw();
        // SAFETY: the fields of a zeroed struct are written in place.
        unsafe {
            (&raw mut (*raw).zalloc).write(allocate);
            (&raw mut (*raw).zfree).write(release);
            (&raw mut (*raw).opaque).write(null_mut());
            (&raw mut (*raw).msg).write(null_mut());
        }
    }

    /// The library's message about its last error.
    pub fn message(&self) -> Option<String> {
        // SAFETY: the field is null or points to static text; it is read in place.
        unsafe {
            let text = (&raw const (*self.0.as_ptr()).msg).read();
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
        }
    }

    /// How many bytes of the last input are left.
    pub fn avail_in(&self) -> usize {
        // SAFETY: read in place.
        unsafe { (&raw const (*self.0.as_ptr()).avail_in).read() as usize }
    }

    /// Forgets input that is left.
    pub fn forget_input(&mut self) {
        let raw = self.raw();
        // SAFETY: written in place.
        unsafe {
            (&raw mut (*raw).avail_in).write(0);
            (&raw mut (*raw).next_in).write(null_mut());
        }
    }

    pub fn start_deflate(
        &mut self,
        level: c_int,
        method: c_int,
        wbits: c_int,
        memory: c_int,
        strategy: c_int,
    ) -> c_int {
        // SAFETY: a zeroed stream with its allocator.
        unsafe {
            libz_sys::deflateInit2_(
                self.raw(),
                level,
                method,
                wbits,
                memory,
                strategy,
                libz_sys::zlibVersion(),
                size_of::<libz_sys::z_stream>() as c_int,
            )
        }
    }

    pub fn start_inflate(&mut self, wbits: c_int) -> c_int {
        // SAFETY: a zeroed stream with its allocator.
        unsafe {
            libz_sys::inflateInit2_(
                self.raw(),
                wbits,
                libz_sys::zlibVersion(),
                size_of::<libz_sys::z_stream>() as c_int,
            )
        }
    }

    pub fn end_deflate(&mut self) -> c_int {
        // SAFETY: the library checks the stream's state.
        unsafe { libz_sys::deflateEnd(self.raw()) }
    }

    pub fn end_inflate(&mut self) -> c_int {
        // SAFETY: the library checks the stream's state.
        unsafe { libz_sys::inflateEnd(self.raw()) }
    }

    pub fn set_deflate_dictionary(&mut self, data: &[u8]) -> c_int {
        // SAFETY: the slice is valid for its length.
        unsafe { libz_sys::deflateSetDictionary(self.raw(), data.as_ptr(), data.len() as u32) }
    }

    pub fn set_inflate_dictionary(&mut self, data: &[u8]) -> c_int {
        // SAFETY: the slice is valid for its length.
        unsafe { libz_sys::inflateSetDictionary(self.raw(), data.as_ptr(), data.len() as u32) }
    }

    /// Copies a stream that compresses.
    pub fn copy_deflate(&mut self, source: &mut Stream) -> c_int {
        // SAFETY: both are streams; the library checks the source's state.
        unsafe { libz_sys::deflateCopy(self.raw(), source.raw()) }
    }

    /// Copies a stream that decompresses.
    pub fn copy_inflate(&mut self, source: &mut Stream) -> c_int {
        // SAFETY: both are streams; the library checks the source's state.
        unsafe { libz_sys::inflateCopy(self.raw(), source.raw()) }
    }

    fn set_input(&mut self, input: &[u8]) {
        let raw = self.raw();
        // SAFETY: written in place; the library only reads the input.
        unsafe {
            (&raw mut (*raw).next_in).write(input.as_ptr().cast_mut());
            (&raw mut (*raw).avail_in).write(input.len() as u32);
        }
    }

    /// One call with room for so many bytes of output; how many came.
    fn step(
        &mut self,
        room: usize,
        out: &mut Vec<u8>,
        act: impl FnOnce(*mut libz_sys::z_stream) -> c_int,
    ) -> (c_int, usize) {
        let before = out.len();
        out.reserve(room);
        let raw = self.raw();
        // SAFETY: the library writes at most as many bytes as were reserved, and tells how many it did.
        unsafe {
            (&raw mut (*raw).next_out).write(out.as_mut_ptr().add(before));
            (&raw mut (*raw).avail_out).write(room as u32);
            let code = act(raw);
            let written = room - (&raw const (*raw).avail_out).read() as usize;
            out.set_len(before + written);
            (&raw mut (*raw).next_out).write(null_mut());
            (&raw mut (*raw).avail_out).write(0);
            (code, written)
        }
    }

    /// Compresses all of the input, with the flush mode at its end.
    pub fn deflate(&mut self, input: &[u8], flush: c_int, out: &mut Vec<u8>) -> c_int {
        let mut pieces = input.chunks(u32::MAX as usize).peekable();
        let mut piece = pieces.next().unwrap_or(&[]);
        let (mut blocks, mut room) = (1, block_size(0));
        loop {
            let mode = if pieces.peek().is_none() { flush } else { 0 };
            self.set_input(piece);
            let code = loop {
                // SAFETY: a stream that was started; the library checks it.
                let (code, written) =
                    self.step(room, out, |raw| unsafe { libz_sys::deflate(raw, mode) });
                room -= written;
                if code == libz_sys::Z_STREAM_ERROR || room > 0 {
                    break code;
                }
                room = block_size(blocks);
                blocks += 1;
            };
            match pieces.next() {
                Some(next) if code != libz_sys::Z_STREAM_ERROR => piece = next,
                _ => {
                    self.forget_input();
                    return code;
                }
            }
        }
    }

    /// Decompresses input until its end, the stream's end, an error or the limit; how much input is left.
    pub fn inflate(
        &mut self,
        input: &[u8],
        flush: c_int,
        limit: Option<usize>,
        out: &mut Vec<u8>,
        mut need_dictionary: impl FnMut(&mut Stream) -> End,
    ) -> (c_int, usize) {
        let mut left = input;
        let mut code = libz_sys::Z_OK;
        let mut blocks = 0;
        loop {
            let (piece, rest) = left.split_at(left.len().min(u32::MAX as usize));
            self.set_input(piece);
            let mode = if rest.is_empty() || flush == libz_sys::Z_SYNC_FLUSH {
                flush
            } else {
                libz_sys::Z_NO_FLUSH
            };
            loop {
                let block = block_size(blocks);
                blocks += 1;
                let room = limit.map_or(block, |limit| (limit - out.len()).min(block));
                if room == 0 {
                    return (code, self.avail_in() + rest.len());
                }
                let full;
                // SAFETY: a stream that was started; the library checks it.
                (code, full) = self.step(room, out, |raw| unsafe { libz_sys::inflate(raw, mode) });
                match code {
                    libz_sys::Z_OK | libz_sys::Z_BUF_ERROR | libz_sys::Z_STREAM_END => {}
                    libz_sys::Z_NEED_DICT => match need_dictionary(self) {
                        End::Continue => continue,
                        End::Stop => return (code, self.avail_in() + rest.len()),
                    },
                    _ => return (code, self.avail_in() + rest.len()),
                }
                if full < room {
                    break;
                }
            }
            left = rest;
            if code == libz_sys::Z_STREAM_END || left.is_empty() {
                return (code, self.avail_in() + rest.len());
            }
        }
    }
}

/// The version of the library.
pub fn version() -> String {
    // SAFETY: static text.
    unsafe { CStr::from_ptr(libz_sys::zlibVersion()) }
        .to_string_lossy()
        .into_owned()
}

/// Data in pieces whose length the library can be told; no data are one empty piece.
fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let empty = data.is_empty().then_some(data);
    empty.into_iter().chain(data.chunks(1 << 30))
}

pub fn adler32(value: u32, data: &[u8]) -> u32 {
    pieces(data).fold(value, |value, piece| {
        // SAFETY: the slice is valid for its length.
        unsafe { libz_sys::adler32(value.into(), piece.as_ptr(), piece.len() as u32) as u32 }
    })
}

pub fn crc32(value: u32, data: &[u8]) -> u32 {
    pieces(data).fold(value, |value, piece| {
        // SAFETY: the slice is valid for its length.
        unsafe { libz_sys::crc32(value.into(), piece.as_ptr(), piece.len() as u32) as u32 }
    })
}
