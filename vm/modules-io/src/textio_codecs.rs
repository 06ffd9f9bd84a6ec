//! The codecs of an `io.TextIOWrapper` (`Modules/_io/textio.c`), and the raw stream that it keeps.

use crate::base::call0;
use crate::newlines;
use crate::prelude::*;
use crate::textio::{TextIo, encode, unicode_is};
use twinheap_objects::exceptions::PyExc_LookupError;

/// The codec of an encoding, which must be one for text.
pub fn codec_of(encoding: &PyObject, alternate: &str) -> PyResult {
    let module = import_hook::import_module("_codecs")?;
    let codec = call::call_method(&module, id!("lookup"), &[encoding])?;
    if let Some(answer) = object::lookup_attr(&codec, id!("_is_text_encoding"))?
        && !object::is_true(&answer)?
    {
        return Err(errors::raise(
            &PyExc_LookupError,
            format_args!(
                "{} is not a text encoding; use {alternate} to handle arbitrary codecs",
                encoding.repr_lossy()
            ),
        ));
    }
    Ok(codec)
}

/// Encoder and decoder, as far as the buffer below can write and read.
pub fn set_codecs(this: &TextIo, newline: Option<&str>) -> PyResult<()> {
    let buffer = this.raw();
    this.encoder.put(None);
    this.decoder.put(None);
    this.encodefunc.set(0);
    let codec = codec_of(this.encoding.expect_ref(), "codecs.open()")?;
    // Each of the two gets a text of its own.
    let handler = || -> PyResult { Ok(unicode::from_str(&this.handler())?.upcast()) };
    if object::is_true(&*call0(&buffer, id!("readable"))?)? {
        let make = object::get_attr(&codec, id!("incrementaldecoder"))?;
        let mut decoder = call::call(&make, &[&*handler()?])?;
        if newline.is_none_or(str::is_empty) {
            decoder = newlines::new_decoder(&decoder, newline.is_none(), None)?;
        }
        this.decoder.put(Some(decoder));
    }
    if object::is_true(&*call0(&buffer, id!("writable"))?)? {
        let make = object::get_attr(&codec, id!("incrementalencoder"))?;
        this.encoder.put(Some(call::call(&make, &[&*handler()?])?));
        let name = object::lookup_attr(&codec, id!("name"))?;
        if name.is_some_and(|name| KNOWN_ENCODERS.iter().any(|known| unicode_is(&name, known))) {
            // What counts is that there is a function; `encode` looks at the name itself.
            this.encodefunc.set(encode as *const () as usize);
        }
    }
    Ok(())
}

/// The codecs that `_io/textio.c` has functions for.
const KNOWN_ENCODERS: [&str; 9] = [
    "ascii",
    "iso8859-1",
    "utf-8",
    "utf-16-be",
    "utf-16-le",
    "utf-16",
    "utf-32-be",
    "utf-32-le",
    "utf-32",
];

/// The raw stream is kept, where it is a FileIO below one of the buffered streams.
pub fn keep_raw(this: &TextIo, buffer: &PyObject) -> PyResult<()> {
    use crate::buffered::{PyBufferedRandom_Type, PyBufferedReader_Type, PyBufferedWriter_Type};
    let kinds = [
        &PyBufferedReader_Type,
        &PyBufferedWriter_Type,
        &PyBufferedRandom_Type,
    ];
    this.raw.put(None);
    if kinds.into_iter().any(|kind| buffer.is_exactly(kind)) {
        let raw = object::lookup_attr(buffer, id!("raw"))?;
        this.raw
            .put(raw.filter(|raw| raw.is_exactly(&crate::fileio::PyFileIO_Type)));
    }
    Ok(())
}

/// An encoder that starts in the middle of a stream writes no byte order mark.
pub fn fix_encoder_state(this: &TextIo) -> PyResult<()> {
    let Some(encoder) = this.encoder.own().filter(|encoder| !encoder.is_none()) else {
        return Ok(());
    };
    if this.seekable.get() == 0 {
        return Ok(());
    }
    this.encoding_start_of_stream.set(1);
    let at = call0(&this.raw(), id!("tell"))?;
    if object::is_true(&at)? {
        this.encoding_start_of_stream.set(0);
        call::call_method(&encoder, id!("setstate"), &[&*long::from_isize(0)?])?;
    }
    Ok(())
}

pub fn reset_encoder(this: &TextIo, at_start: bool) -> PyResult<()> {
    let Some(encoder) = this.encoder.own().filter(|encoder| !encoder.is_none()) else {
        return Ok(());
    };
    this.encoding_start_of_stream.set(u8::from(at_start));
    if at_start {
        call0(&encoder, id!("reset"))?;
    } else {
        call::call_method(&encoder, id!("setstate"), &[&*long::from_isize(0)?])?;
    }
    Ok(())
}
