//! `io.TextIOWrapper` (`Modules/_io/textio.c`): text over a buffered stream, through a codec.

use crate::base::{PyTextIOBase_Type, call0, end_stream, size_argument, unsupported};
use crate::newlines;
use crate::prelude::*;
use crate::textio_codecs::{codec_of, fix_encoder_state, keep_raw, reset_encoder, set_codecs};
use twinheap_objects::exceptions::{PyExc_OSError, PyExc_ValueError};
use twinheap_objects::unicode::codecs::{self, Encoding};

object_struct! {
    /// `textio`.
    pub struct TextIo {
        ok: Cell<i32>,
        detached: Cell<i32>,
        chunk_size: Cell<isize>,
        buffer: Pointer<PyObject>,
        encoding: Pointer<PyObject>,
        encoder: Pointer<PyObject>,
        decoder: Pointer<PyObject>,
        readnl: Pointer<PyObject>,
        errors: Pointer<PyObject>,
        writenl: Cell<*const u8>,
        line_buffering: Cell<u8>,
        write_through: Cell<u8>,
        readuniversal: Cell<u8>,
        readtranslate: Cell<u8>,
        writetranslate: Cell<u8>,
        seekable: Cell<u8>,
        has_read1: Cell<u8>,
        telling: Cell<u8>,
        finalizing: Cell<u8>,
        encodefunc: Cell<usize>,
        encoding_start_of_stream: Cell<u8>,
        decoded_chars: Pointer<PyASCIIObject>,
        decoded_chars_used: Cell<isize>,
        /// What waits to be written: ASCII text as it is, bytes, or a list of both.
        pending_bytes: Pointer<PyObject>,
        pending_bytes_count: Cell<isize>,
        snapshot: Pointer<PyObject>,
        b2cratio: Cell<f64>,
        /// The raw stream, where it is a FileIO.
        raw: Pointer<PyObject>,
        weakreflist: Cell<*const PyObject>,
        dict: Pointer<PyDictObject>,
    }
}

typed!(TextIo, PyTextIOWrapper_Type);

impl TextIo {
    fn check_attached(&self) -> PyResult<()> {
        if self.ok.get() > 0 {
            return Ok(());
        }
        Err(value_error(if self.detached.get() != 0 {
            "underlying buffer has been detached"
        } else {
            "I/O operation on uninitialized object"
        }))
    }

    pub fn raw(&self) -> Own {
        self.buffer.own().unwrap_or_else(none)
    }

    fn check_open(&self) -> PyResult<()> {
        self.check_attached()?;
        if crate::base::is_closed(&self.raw())? {
            return Err(value_error("I/O operation on closed file."));
        }
        Ok(())
    }

    /// What was decoded and not yet given out.
    fn decoded(&self) -> Vec<u32> {
        match self.decoded_chars.own() {
            None => Vec::new(),
            Some(text) => {
                let text = unicode::text(&text);
                text.slice(self.decoded_chars_used.get() as usize, text.len())
                    .iter()
                    .collect()
            }
        }
    }

    fn set_decoded(&self, text: Option<Own<PyASCIIObject>>) {
        self.decoded_chars.put(text);
        self.decoded_chars_used.set(0);
    }

    /// Takes up to so many decoded characters; without a limit, all.
    fn take_decoded(&self, count: Option<usize>) -> PyResult<Own<PyASCIIObject>> {
        let Some(text) = self.decoded_chars.own() else {
            return unicode::from_str("");
        };
        let used = self.decoded_chars_used.get() as usize;
        let length = text.length.get() as usize;
        let end = count.map_or(length, |count| length.min(used + count));
        let piece = if used == 0 && end == length {
            text
        } else {
            unicode::substring(&text, used, end)?
        };
        self.decoded_chars_used.set(end as isize);
        Ok(piece)
    }

    fn known_encoding(&self) -> Option<Encoding> {
        let name = self.encoding.own()?;
        let name = unicode::to_string_lossy(name.downcast_ref::<PyASCIIObject>()?);
        match Encoding::from_name(&name) {
            Some(Encoding::Utf8) => Some(Encoding::Utf8),
            Some(Encoding::Ascii) => Some(Encoding::Ascii),
            Some(Encoding::Latin1) => Some(Encoding::Latin1),
            _ => None,
        }
    }

    pub fn handler(&self) -> String {
        let handler = self.errors.own();
        handler
            .as_ref()
            .and_then(|handler| handler.downcast_ref::<PyASCIIObject>())
            .map_or_else(|| "strict".to_owned(), unicode::to_string_lossy)
    }

    /// Writes what is pending to the buffer below.
    fn write_pending(&self) -> PyResult<()> {
        let Some(pending) = self.pending_bytes.take_own() else {
            return Ok(());
        };
        self.pending_bytes_count.set(0);
        let data = match pending.downcast_ref::<PyListObject>() {
            None if pending.downcast_ref::<PyBytesObject>().is_some() => pending,
            None => bytes::from_slice(piece_data(&pending))?.upcast(),
            Some(pieces) => {
                let pieces = list::items(pieces).iter();
                let all: Vec<&[u8]> = pieces.map(|piece| piece_data(piece)).collect();
                bytes::from_slice(&all.concat())?.upcast()
            }
        };
        call::call_method(&self.raw(), id!("write"), &[&data]).map(drop)
    }
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(TextIo::alloc(type_)?.upcast())
}

fn check_newline(newline: Option<&PyObject>) -> PyResult<Option<String>> {
    let Some(text) = unicode::expect_text_or_none(newline, "TextIOWrapper", "argument 'newline'")?
    else {
        return Ok(None);
    };
    let text = unicode::to_string_lossy(text);
    if !matches!(text.as_str(), "" | "\n" | "\r" | "\r\n") {
        return Err(value_error(format_args!("illegal newline value: {text}")));
    }
    Ok(Some(text))
}

fn init(this: &TextIo, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "TextIOWrapper",
        parameters: &[
            "buffer",
            "encoding",
            "errors",
            "newline",
            "line_buffering",
            "write_through",
        ],
        required: 1,
        positional: 6,
    };
    let [
        buffer,
        encoding,
        handler,
        newline,
        line_buffering,
        write_through,
    ] = call::bind_tuple::<6>(&SIGNATURE, args, kwargs)?;
    let buffer = buffer.expect("required");
    this.ok.set(0);
    this.detached.set(0);
    let text_or_none = |given, what| -> PyResult<Option<Own>> {
        let text = unicode::expect_text_or_none(given, "TextIOWrapper", what)?;
        Ok(text.map(|text| Own::new(text).upcast()))
    };
    let encoding = text_or_none(encoding, "argument 'encoding'")?;
    let handler = text_or_none(handler, "argument 'errors'")?;
    let newline_text = check_newline(newline)?;
    let encoding = match encoding {
        // The name is taken as text: the stream holds a str of its own.
        Some(given) if !unicode_is(&given, "locale") => {
            let name = given.downcast_ref::<PyASCIIObject>();
            let name = name.map(unicode::to_string_lossy).unwrap_or_default();
            unicode::from_str(&name)?.upcast()
        }
        _ => unicode::from_str("utf-8")?.upcast(),
    };
    let handler = match handler {
        Some(handler) => handler,
        None => Own::new(id!("strict")).upcast(),
    };
    this.encoding.put(Some(encoding));
    this.errors.put(Some(handler));
    this.chunk_size.set(8192);
    this.line_buffering
        .set(u8::from(line_buffering.map_or(Ok(false), object::is_true)?));
    this.write_through
        .set(u8::from(write_through.map_or(Ok(false), object::is_true)?));
    set_newline(this, newline_text.as_deref())?;
    if this.known_encoding().is_none() {
        codec_of(this.encoding.expect_ref(), "codecs.open()")?;
    }
    this.buffer.put(Some(Own::new(buffer)));
    set_codecs(this, newline_text.as_deref())?;
    keep_raw(this, buffer)?;
    this.seekable.set(u8::from(object::is_true(&*call0(
        buffer,
        id!("seekable"),
    )?)?));
    this.telling.set(this.seekable.get());
    this.has_read1.set(u8::from(
        object::lookup_attr(buffer, id!("read1"))?.is_some(),
    ));
    this.encoding_start_of_stream.set(0);
    this.ok.set(1);
    fix_encoder_state(this)
}

pub fn unicode_is(object: &PyObject, text: &str) -> bool {
    object
        .downcast_ref::<PyASCIIObject>()
        .is_some_and(|object| unicode::equals_str(object, text))
}

fn set_newline(this: &TextIo, text: Option<&str>) -> PyResult<()> {
    // The stream has a text of its own, not the one that it was given.
    let own = text.map(unicode::from_str).transpose()?;
    this.readnl.put(own.map(Own::upcast));
    this.readuniversal
        .set(u8::from(text.is_none_or(str::is_empty)));
    this.readtranslate.set(u8::from(text.is_none()));
    this.writetranslate.set(u8::from(text != Some("")));
    this.writenl.set(match text {
        Some("\r") => c"\r".as_ptr().cast(),
        Some("\r\n") => c"\r\n".as_ptr().cast(),
        _ => std::ptr::null(),
    });
    Ok(())
}

/// The bytes of a piece that waits to be written.
fn piece_data(piece: &PyObject) -> &[u8] {
    match piece.downcast_ref::<PyASCIIObject>() {
        Some(text) => unicode::raw_bytes(text),
        None => piece
            .downcast_ref::<PyBytesObject>()
            .map_or(&[], bytes::data_of),
    }
}

/// What is to be written of a text: its bytes, or the text itself where those are its characters.
pub fn encode(this: &TextIo, text: &PyASCIIObject) -> PyResult {
    use codecs::Encoding;
    match this.known_encoding() {
        Some(Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1)
            if text.is_ascii() && text.length.get() <= this.chunk_size.get() =>
        {
            Ok(Own::new(text.as_object()))
        }
        Some(known) => {
            this.encoding_start_of_stream.set(0);
            Ok(codecs::encode(text, known, &this.handler())?.upcast())
        }
        None => {
            let encoder = this.encoder.own().unwrap_or_else(none);
            let encoded = call::call_method(&encoder, id!("encode"), &[text.as_object()])?;
            match encoded.downcast_ref::<PyBytesObject>() {
                Some(_) => Ok(encoded),
                None => Err(type_error(format_args!(
                    "encoder should return a bytes object, not '{}'",
                    encoded.type_().name()
                ))),
            }
        }
    }
}

/// Adds a piece to what waits; what would become too much is written before.
fn add_pending(this: &TextIo, piece: Own) -> PyResult<()> {
    let count = piece_data(&piece).len() as isize;
    let Some(pending) = this.pending_bytes.own() else {
        this.pending_bytes_count.set(count);
        this.pending_bytes.put(Some(piece));
        return Ok(());
    };
    if this.pending_bytes_count.get() + count > this.chunk_size.get() {
        drop(pending);
        this.write_pending()?;
        this.pending_bytes.put(Some(piece));
    } else if let Some(pieces) = pending.downcast_ref::<PyListObject>() {
        list::append_take(pieces, piece)?;
    } else {
        let pieces = list::from_vec(vec![pending, piece])?;
        this.pending_bytes.put(Some(pieces.upcast()));
    }
    this.pending_bytes_count
        .set(this.pending_bytes_count.get() + count);
    Ok(())
}

fn write(this: &TextIo, text: &PyObject) -> PyResult {
    this.check_attached()?;
    let Some(given) = text.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "write() argument must be str, not {}",
            unicode::type_name_or_none(text)
        )));
    };
    this.check_open()?;
    if this.encoder.get().is_null() {
        return Err(unsupported("not writable"));
    }
    let length = given.length.get();
    let newline = u32::from('\n');
    let has_lf = unicode::text(given).contains_character(newline);
    let needs_flush = this.line_buffering.get() != 0
        && (has_lf || unicode::text(given).contains_character(u32::from('\r')));
    let translated;
    let mut source = given;
    if has_lf && this.writetranslate.get() != 0 && !this.writenl.get().is_null() {
        let ending = errors::c_text(this.writenl.get().cast());
        let ending = unicode::from_str(ending)?;
        translated = call::call_method(
            text,
            id!("replace"),
            &[id!("\n").as_object(), ending.as_object()],
        )?;
        if let Some(text) = translated.downcast_ref::<PyASCIIObject>() {
            source = text;
        }
    }
    add_pending(this, encode(this, source)?)?;
    let due = this.pending_bytes_count.get() >= this.chunk_size.get();
    if due || needs_flush || this.write_through.get() != 0 {
        this.write_pending()?;
    }
    if needs_flush {
        call0(&this.raw(), id!("flush"))?;
    }
    if !this.snapshot.get().is_null() {
        this.set_decoded(None);
        this.snapshot.put(None);
    }
    if let Some(decoder) = this.decoder.own() {
        call0(&decoder, id!("reset"))?;
    }
    long::from_isize(length)
}

/// Reads and decodes one more chunk; false at the end of the file.
fn read_chunk(this: &TextIo, hint: usize) -> PyResult<bool> {
    let Some(decoder) = this.decoder.own() else {
        return Err(unsupported("not readable"));
    };
    let state = match this.telling.get() != 0 {
        false => None,
        true => {
            let state = call0(&decoder, id!("getstate"))?;
            let pair = state
                .downcast_ref::<PyTupleObject>()
                .filter(|state| tuple::items(state).len() == 2);
            match pair {
                Some(pair) => Some((
                    Own::new(tuple::items(pair)[0]),
                    Own::new(tuple::items(pair)[1]),
                )),
                None => return Err(type_error("illegal decoder state")),
            }
        }
    };
    let wanted = match hint {
        0 => this.chunk_size.get() as usize,
        hint => ((this.b2cratio.get().max(1.0) * hint as f64) as usize)
            .max(this.chunk_size.get() as usize),
    };
    let method = if this.has_read1.get() != 0 {
        id!("read1")
    } else {
        id!("read")
    };
    let input = call::call_method(&this.raw(), method, &[&*long::from_usize(wanted)?])?;
    let data = match Buffer::of(&input) {
        Ok(data) => data.data().to_vec(),
        Err(raised) => {
            errors::discard(raised);
            return Err(type_error(format_args!(
                "underlying {}() should have returned a bytes-like object, not '{}'",
                unicode::to_string_lossy(method),
                input.type_().name()
            )));
        }
    };
    let at_end = data.is_empty();
    let text = decode(&decoder, &input, at_end)?;
    let count = text.length.get();
    this.b2cratio.set(if count > 0 {
        data.len() as f64 / count as f64
    } else {
        0.0
    });
    this.set_decoded(Some(text));
    if let Some((mut next, flags)) = state {
        if let Some(kept) = next.downcast_ref::<PyBytesObject>() {
            let mut all = bytes::data_of(kept).to_vec();
            all.extend_from_slice(&data);
            next = bytes::from_slice(&all)?.upcast();
        }
        this.snapshot
            .put(Some(tuple::pack(&[&flags, &next])?.upcast()));
    }
    Ok(!at_end || count > 0)
}

fn decode(decoder: &PyObject, input: &PyObject, is_final: bool) -> PyResult<Own<PyASCIIObject>> {
    let text = match decoder.downcast_exact::<newlines::NewlineDecoder>() {
        Some(decoder) => newlines::decode_with(decoder, input, is_final)?,
        None => call::call_method(decoder, id!("decode"), &[input, &bool_object(is_final)])?,
    };
    text.downcast::<PyASCIIObject>().map_err(|other| {
        type_error(format_args!(
            "decoder should return a string result, not '{}'",
            other.type_().name()
        ))
    })
}

fn read(this: &TextIo, args: &[&PyObject]) -> PyResult {
    let size = size_argument(args, "read")?;
    this.check_open()?;
    let Some(decoder) = this.decoder.own() else {
        return Err(unsupported("not readable"));
    };
    this.write_pending()?;
    if size < 0 {
        let input = call0(&this.raw(), id!("read"))?;
        let rest = decode(&decoder, &input, true)?;
        let ahead = this.take_decoded(None)?;
        let all = unicode::concat(&ahead, &rest)?;
        if !this.snapshot.get().is_null() {
            this.set_decoded(None);
            this.snapshot.put(None);
        }
        return Ok(all);
    }
    let mut pieces = vec![this.take_decoded(Some(size as usize))?];
    let mut left = size as usize - pieces[0].length.get() as usize;
    while left > 0 && read_chunk(this, left)? {
        let piece = this.take_decoded(Some(left))?;
        left -= piece.length.get() as usize;
        pieces.push(piece);
    }
    let pieces: Vec<&PyASCIIObject> = pieces.iter().map(|piece| &**piece).collect();
    Ok(unicode::join_all(&pieces)?.upcast())
}

fn line(this: &TextIo, limit: isize) -> PyResult<Own<PyASCIIObject>> {
    this.check_open()?;
    this.write_pending()?;
    let newline: Vec<u32> = match this
        .readnl
        .own()
        .as_ref()
        .and_then(|nl| nl.downcast_ref::<PyASCIIObject>())
    {
        Some(newline) => unicode::text(newline).iter().collect(),
        None => vec![u32::from('\n')],
    };
    let (universal, translated) = (this.readuniversal.get() != 0, this.readtranslate.get() != 0);
    let mut line: Vec<u32> = Vec::new();
    loop {
        let ahead = this.decoded();
        let before = line.len();
        line.extend_from_slice(&ahead);
        // A line end may lie across two chunks.
        let mut end = newlines::line_end(&line, universal, translated, &newline);
        if limit >= 0 {
            end = match end {
                Some(end) => Some(end.min(limit as usize)),
                None if line.len() >= limit as usize => Some(limit as usize),
                None => None,
            };
        }
        if let Some(end) = end {
            this.decoded_chars_used
                .set(this.decoded_chars_used.get() + (end.max(before) - before) as isize);
            line.truncate(end);
            break;
        }
        this.decoded_chars_used
            .set(this.decoded_chars_used.get() + ahead.len() as isize);
        let mut more = true;
        while more && this.decoded().is_empty() {
            more = read_chunk(this, 0)?;
        }
        if !more {
            this.set_decoded(None);
            this.snapshot.put(None);
            break;
        }
    }
    unicode::from_ucs4(&line)
}

fn readline(this: &TextIo, args: &[&PyObject]) -> PyResult {
    let limit = size_argument(args, "readline")?;
    this.check_attached()?;
    Ok(line(this, limit)?.upcast())
}

fn iternext(this: &TextIo) -> PyResult<Option<Own>> {
    this.check_attached()?;
    this.telling.set(0);
    let line = line(this, -1)?;
    if line.length.get() == 0 {
        this.snapshot.put(None);
        this.telling.set(this.seekable.get());
        return Ok(None);
    }
    Ok(Some(line.upcast()))
}

fn flush(this: &TextIo) -> PyResult {
    this.check_open()?;
    this.telling.set(this.seekable.get());
    this.write_pending()?;
    call0(&this.raw(), id!("flush"))
}

fn close(this: &TextIo) -> PyResult {
    this.check_attached()?;
    if crate::base::is_closed(&this.raw())? {
        return Ok(none());
    }
    if this.finalizing.get() != 0
        && let Err(raised) =
            call::call_method(&this.raw(), id!("_dealloc_warn"), &[this.as_object()])
    {
        errors::discard(raised);
    }
    let flushed = call0(this.as_object(), id!("flush"));
    let saved = flushed.is_err().then(errors::fetch);
    let closed = call0(&this.raw(), id!("close"));
    match saved {
        Some(saved) => Err(errors::restore(saved)),
        None => closed,
    }
}

fn detach(this: &TextIo) -> PyResult {
    this.check_attached()?;
    call0(this.as_object(), id!("flush"))?;
    this.detached.set(1);
    this.ok.set(0);
    Ok(this.buffer.take_own().unwrap_or_else(none))
}

/// A position of the stream: of the buffer below, and how far the decoder has come from there.
#[derive(Default)]
struct Cookie {
    start: i64,
    flags: i32,
    feed: i32,
    skip: i32,
    need_eof: bool,
}

impl Cookie {
    fn to_object(&self) -> PyResult {
        let words = [
            (self.start as u64 & 0x3fff_ffff) as u32,
            (self.start as u64 >> 30 & 0x3fff_ffff) as u32,
        ];
        if self.flags == 0 && self.feed == 0 && self.skip == 0 && !self.need_eof {
            let _ = words;
            return Ok(long::from_i64(self.start)?.upcast());
        }
        let part = |value: i64, shift: isize| -> PyResult {
            let (value, shift) = (long::from_i64(value)?, long::from_isize(shift)?);
            abstract_::lshift(value.as_object(), &shift)
        };
        let mut cookie: Own = long::from_i64(self.start)?.upcast();
        let parts = [
            (i64::from(self.flags), 64),
            (i64::from(self.feed), 96),
            (i64::from(self.skip), 128),
            (i64::from(self.need_eof), 160),
        ];
        for (value, shift) in parts {
            cookie = abstract_::or(&cookie, &*part(value, shift)?)?;
        }
        Ok(cookie)
    }

    fn from_object(cookie: &PyObject) -> PyResult<Cookie> {
        let number = abstract_::index(cookie)?;
        let part = |shift: isize, mask: i64| -> PyResult<i64> {
            let shifted = abstract_::rshift(number.as_object(), &*long::from_isize(shift)?)?;
            let masked = abstract_::and(&shifted, long::from_i64(mask)?.as_object())?;
            long::as_long(&masked)
        };
        Ok(Cookie {
            start: part(0, i64::MAX)?,
            flags: part(64, 0xffff_ffff)? as i32,
            feed: part(96, 0xffff_ffff)? as i32,
            skip: part(128, 0xffff_ffff)? as i32,
            need_eof: part(160, 0xff)? != 0,
        })
    }
}

fn tell(this: &TextIo) -> PyResult {
    this.check_open()?;
    if this.seekable.get() == 0 {
        return Err(unsupported("underlying stream is not seekable"));
    }
    if this.telling.get() == 0 {
        return Err(errors::raise(
            &PyExc_OSError,
            "telling position disabled by next() call",
        ));
    }
    this.write_pending()?;
    call0(this.as_object(), id!("flush"))?;
    let position = call0(&this.raw(), id!("tell"))?;
    let (Some(decoder), Some(snapshot)) = (this.decoder.own(), this.snapshot.own()) else {
        return Ok(position);
    };
    let Some(snapshot) = snapshot.downcast_ref::<PyTupleObject>() else {
        return Ok(position);
    };
    let (flags, next) = (tuple::items(snapshot)[0], tuple::items(snapshot)[1]);
    let next = match next.downcast_ref::<PyBytesObject>() {
        Some(next) => bytes::data_of(next).to_vec(),
        None => Vec::new(),
    };
    let mut cookie = Cookie {
        start: crate::fileio::position_of(&position)? - next.len() as i64,
        flags: long::as_int(flags)?,
        ..Cookie::default()
    };
    let used = this.decoded_chars_used.get();
    if used == 0 {
        return cookie.to_object();
    }
    let saved = call0(&decoder, id!("getstate"))?;
    let found = find_position(
        &decoder,
        &mut cookie,
        &next,
        used as usize,
        this.b2cratio.get(),
    );
    let failed = found.is_err().then(errors::fetch);
    call::call_method(&decoder, id!("setstate"), &[&saved])?;
    if let Some(failed) = failed {
        return Err(errors::restore(failed));
    }
    cookie.to_object()
}

/// `_textiowrapper_decoder_setstate`: the decoder as it was at a cookie's start.
fn set_state(decoder: &PyObject, cookie: &Cookie) -> PyResult<()> {
    if cookie.start == 0 && cookie.flags == 0 {
        return call0(decoder, id!("reset")).map(drop);
    }
    let state = tuple::pack(&[
        bytes::from_slice(&[])?.as_object(),
        &*long::from_isize(cookie.flags as isize)?,
    ])?;
    call::call_method(decoder, id!("setstate"), &[state.as_object()]).map(drop)
}

/// How many bytes the decoder keeps, and its flags.
fn get_state(decoder: &PyObject) -> PyResult<(usize, i32)> {
    let state = call0(decoder, id!("getstate"))?;
    let Some(&[kept, flags]) = state.downcast_ref::<PyTupleObject>().map(tuple::items) else {
        return Err(type_error("illegal decoder state"));
    };
    let Some(kept) = kept.downcast_ref::<PyBytesObject>() else {
        return Err(type_error(format_args!(
            "illegal decoder state: the first item should be a bytes object, not '{:.200}'",
            kept.type_().name()
        )));
    };
    Ok((bytes::data_of(kept).len(), long::as_int(flags)?))
}

/// How many characters the decoder gives for some bytes.
fn count_decoded(decoder: &PyObject, data: &[u8]) -> PyResult<usize> {
    let piece = decode(decoder, bytes::from_slice(data)?.as_object(), false)?;
    Ok(piece.length.get() as usize)
}

/// Looks for a safe point close before the characters that were used, guessed from how many bytes a character has
/// taken: how many bytes lie before it, and how many characters are left.
fn guess_start(
    decoder: &PyObject,
    cookie: &mut Cookie,
    next: &[u8],
    used: usize,
    bytes_per_character: f64,
) -> PyResult<(usize, usize)> {
    let mut skip = ((bytes_per_character * used as f64) as isize).min(next.len() as isize);
    let mut back = 1;
    while skip > 0 {
        set_state(decoder, cookie)?;
        let decoded = count_decoded(decoder, &next[..skip as usize])?;
        if decoded <= used {
            let (kept, flags) = get_state(decoder)?;
            if kept == 0 {
                cookie.flags = flags;
                return Ok((skip as usize, used - decoded));
            }
            skip -= kept as isize;
            back = 1;
        } else {
            skip -= back;
            back *= 2;
        }
    }
    set_state(decoder, cookie)?;
    Ok((0, used))
}

/// Finds the safe point before the characters that were used; from there the decoder is fed byte by byte.
fn find_position(
    decoder: &PyObject,
    cookie: &mut Cookie,
    next: &[u8],
    used: usize,
    bytes_per_character: f64,
) -> PyResult<()> {
    let (skipped, mut left) = guess_start(decoder, cookie, next, used, bytes_per_character)?;
    cookie.start += skipped as i64;
    cookie.skip = left as i32;
    if left == 0 {
        return Ok(());
    }
    let mut decoded = 0;
    let mut reached = false;
    for byte in &next[skipped..] {
        decoded += count_decoded(decoder, &[*byte])?;
        cookie.feed += 1;
        let (kept, flags) = get_state(decoder)?;
        if kept == 0 && decoded <= left {
            // A safe point: nothing is kept inside the decoder.
            cookie.start += i64::from(cookie.feed);
            left -= decoded;
            cookie.flags = flags;
            (cookie.feed, decoded) = (0, 0);
        }
        if decoded >= left {
            reached = true;
            break;
        }
    }
    if !reached {
        let rest = decode(decoder, bytes::from_slice(&[])?.as_object(), true)?;
        decoded += rest.length.get() as usize;
        cookie.need_eof = true;
        if decoded < left {
            return Err(errors::raise(
                &PyExc_OSError,
                "can't reconstruct logical file position",
            ));
        }
    }
    cookie.skip = left as i32;
    Ok(())
}

fn seek(this: &TextIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("seek", args.len(), 1, 2)?;
    let whence = args.get(1).map_or(Ok(0), |whence| long::as_int(whence))?;
    this.check_open()?;
    if this.seekable.get() == 0 {
        return Err(unsupported("underlying stream is not seekable"));
    }
    let zero = long::from_isize(0)?;
    let is_zero = object::equal(args[0], &zero)?;
    let mut target = Own::new(args[0]);
    match whence {
        0 => {}
        1 if !is_zero => return Err(unsupported("can't do nonzero cur-relative seeks")),
        1 => {
            call0(this.as_object(), id!("flush"))?;
            target = call0(this.as_object(), id!("tell"))?;
        }
        2 if !is_zero => return Err(unsupported("can't do nonzero end-relative seeks")),
        2 => return seek_to_end(this),
        _ => {
            return Err(value_error(format_args!(
                "invalid whence ({whence}, should be 0, 1 or 2)"
            )));
        }
    }
    if object::is_true(&*object::rich_compare(&target, &zero, Py_LT)?)? {
        return Err(value_error(format_args!(
            "negative seek position {}",
            target.repr_lossy()
        )));
    }
    call0(this.as_object(), id!("flush"))?;
    let cookie = Cookie::from_object(&target)?;
    call::call_method(
        &this.raw(),
        id!("seek"),
        &[long::from_i64(cookie.start)?.as_object()],
    )?;
    this.set_decoded(None);
    this.snapshot.put(None);
    if let Some(decoder) = this.decoder.own() {
        if cookie.start == 0 && cookie.flags == 0 {
            call0(&decoder, id!("reset"))?;
        } else {
            set_state(&decoder, &cookie)?;
        }
        if cookie.skip > 0 {
            skip_characters(this, &decoder, &cookie)?;
        } else {
            let empty = bytes::from_slice(&[])?;
            let flags = long::from_isize(cookie.flags as isize)?;
            this.snapshot
                .put(Some(tuple::pack(&[&flags, empty.as_object()])?.upcast()));
        }
    }
    reset_encoder(this, cookie.start == 0 && cookie.flags == 0)?;
    Ok(target)
}

fn skip_characters(this: &TextIo, decoder: &PyObject, cookie: &Cookie) -> PyResult<()> {
    let input = call::call_method(
        &this.raw(),
        id!("read"),
        &[&*long::from_isize(cookie.feed as isize)?],
    )?;
    let flags = long::from_isize(cookie.flags as isize)?;
    this.snapshot
        .put(Some(tuple::pack(&[&flags, &input])?.upcast()));
    let text = decode(decoder, &input, cookie.need_eof)?;
    if text.length.get() < cookie.skip as isize {
        return Err(errors::raise(
            &PyExc_OSError,
            "can't restore logical file position",
        ));
    }
    this.set_decoded(Some(text));
    this.decoded_chars_used.set(cookie.skip as isize);
    Ok(())
}

fn seek_to_end(this: &TextIo) -> PyResult {
    call0(this.as_object(), id!("flush"))?;
    this.set_decoded(None);
    this.snapshot.put(None);
    if let Some(decoder) = this.decoder.own() {
        call0(&decoder, id!("reset"))?;
    }
    let at = call::call_method(
        &this.raw(),
        id!("seek"),
        &[&*long::from_isize(0)?, &*long::from_isize(2)?],
    )?;
    reset_encoder(this, !object::is_true(&at)?)?;
    Ok(at)
}

fn truncate(this: &TextIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("truncate", args.len(), 0, 1)?;
    this.check_attached()?;
    call0(this.as_object(), id!("flush"))?;
    let position = args
        .first()
        .map_or_else(none, |position| Own::new(*position));
    call::call_method(&this.raw(), id!("truncate"), &[&position])
}

fn reconfigure(this: &TextIo, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "reconfigure",
        parameters: &[
            "encoding",
            "errors",
            "newline",
            "line_buffering",
            "write_through",
        ],
        required: 0,
        positional: 0,
    };
    let [encoding, handler, newline, line_buffering, write_through] = args.bind::<5>(&SIGNATURE)?;
    let changes = encoding.is_some_and(|e| !e.is_none()) || handler.is_some_and(|e| !e.is_none());
    if !this.decoded_chars.get().is_null() && (changes || newline.is_some()) {
        return Err(unsupported(
            "It is not possible to set the encoding or newline of stream after the first read",
        ));
    }
    call0(this.as_object(), id!("flush"))?;
    if let Some(encoding) = encoding.filter(|encoding| !encoding.is_none()) {
        this.encoding.put(Some(Own::new(encoding)));
        if handler.is_none_or(|handler| handler.is_none()) {
            this.errors.put(Some(unicode::from_str("strict")?.upcast()));
        }
    }
    if let Some(handler) = handler.filter(|handler| !handler.is_none()) {
        this.errors.put(Some(Own::new(handler)));
    }
    let current = this.readnl.own();
    let text = check_newline(newline.or(current.as_deref()))?;
    if newline.is_some() {
        set_newline(this, text.as_deref())?;
    }
    if changes || newline.is_some() {
        let translate = if this.readtranslate.get() != 0 {
            None
        } else {
            text.as_deref()
        };
        set_codecs(this, translate)?;
        fix_encoder_state(this)?;
    }
    if let Some(flag) = line_buffering.filter(|flag| !flag.is_none()) {
        this.line_buffering.set(u8::from(object::is_true(flag)?));
    }
    if let Some(flag) = write_through.filter(|flag| !flag.is_none()) {
        this.write_through.set(u8::from(object::is_true(flag)?));
    }
    Ok(none())
}

macro_rules! forwards {
    ($($name:ident => $method:literal),+ $(,)?) => {
        $(fn $name(this: &TextIo) -> PyResult {
            this.check_attached()?;
            call0(&this.raw(), id!($method))
        })+
    };
}

forwards! {
    fileno => "fileno", seekable => "seekable", readable => "readable", writable => "writable",
    isatty => "isatty",
}

fn get_name(this: &TextIo) -> PyResult {
    this.check_attached()?;
    object::get_attr(&this.raw(), id!("name"))
}

fn get_closed(this: &TextIo) -> PyResult {
    this.check_attached()?;
    object::get_attr(&this.raw(), id!("closed"))
}

fn get_newlines(this: &TextIo) -> PyResult {
    this.check_attached()?;
    match this.decoder.own() {
        None => Ok(none()),
        Some(decoder) => Ok(object::lookup_attr(&decoder, id!("newlines"))?.unwrap_or_else(none)),
    }
}

fn get_errors(this: &TextIo) -> PyResult {
    this.check_attached()?;
    Ok(this.errors.own().unwrap_or_else(none))
}

fn get_chunk_size(this: &TextIo) -> PyResult {
    this.check_attached()?;
    long::from_isize(this.chunk_size.get())
}

fn set_chunk_size(this: &TextIo, value: Option<&PyObject>) -> PyResult<()> {
    this.check_attached()?;
    let Some(value) = value else {
        return Err(errors::attribute_error("cannot delete attribute"));
    };
    let size = abstract_::as_ssize(value, Some(&PyExc_ValueError))?;
    if size <= 0 {
        return Err(value_error("a strictly positive integer is required"));
    }
    this.chunk_size.set(size);
    Ok(())
}

fn repr(this: &TextIo) -> PyResult {
    this.check_attached()?;
    let Some(_guard) = object::repr_enter(this.as_object()) else {
        return Err(runtime_error(
            "reentrant call inside _io.TextIOWrapper.__repr__",
        ));
    };
    let mut text = "<_io.TextIOWrapper".to_owned();
    for (attribute, shown) in [(id!("name"), "name"), (id!("mode"), "mode")] {
        let value = match object::lookup_attr(this.as_object(), attribute) {
            Ok(value) => value,
            Err(raised) => {
                if !errors::matches(&PyExc_ValueError) {
                    return Err(raised);
                }
                errors::discard(raised);
                None
            }
        };
        if let Some(value) = value {
            text.push_str(&format!(
                " {shown}={}",
                unicode::to_string_lossy(&*object::repr(&value)?)
            ));
        }
    }
    let encoding = unicode::to_string_lossy(&*object::repr(this.encoding.expect_ref())?);
    text.push_str(&format!(" encoding={encoding}>"));
    Ok(unicode::from_str(&text)?.upcast())
}

unsafe fn dealloc(this: *mut TextIo) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*this).finalizing.set(1);
        end_stream(this.cast(), || {
            clear(&*this);
        });
    }
}

/// What a stream owns, its namespace apart, in the order in which it is visited and given back.
fn owned(this: &TextIo) -> [&dyn Slot; 10] {
    [
        &this.buffer,
        &this.encoding,
        &this.encoder,
        &this.decoder,
        &this.readnl,
        &this.decoded_chars,
        &this.pending_bytes,
        &this.snapshot,
        &this.errors,
        &this.raw,
    ]
}

fn traverse(this: &TextIo, visitor: &mut Visitor) {
    for slot in owned(this) {
        slot.visit(visitor);
    }
    Slot::visit(&this.dict, visitor);
}

fn clear(this: &TextIo) {
    this.ok.set(0);
    for slot in owned(this) {
        slot.release();
    }
    Slot::release(&this.dict);
}

methods! {
    static METHODS:
    "detach" => noargs(detach, "($self, /)");
    "reconfigure" => keywords(reconfigure, "($self, /, *, encoding=None, errors=None, newline=None,\n            line_buffering=None, write_through=None)");
    "write" => o(write, "($self, text, /)");
    "read" => fast(read, "($self, size=-1, /)");
    "readline" => fast(readline, "($self, size=-1, /)");
    "flush" => noargs(flush, "($self, /)");
    "close" => noargs(close, "($self, /)");
    "fileno" => noargs(fileno, "($self, /)");
    "seekable" => noargs(seekable, "($self, /)");
    "readable" => noargs(readable, "($self, /)");
    "writable" => noargs(writable, "($self, /)");
    "isatty" => noargs(isatty, "($self, /)");
    "seek" => fast(seek, "($self, cookie, whence=0, /)");
    "tell" => noargs(tell, "($self, /)");
    "truncate" => fast(truncate, "($self, pos=None, /)");
}

members! {
    static MEMBERS:
    "encoding" => T_OBJECT, offset_of!(TextIo, encoding), READONLY;
    "buffer" => T_OBJECT, offset_of!(TextIo, buffer), READONLY;
    "line_buffering" => T_BOOL, offset_of!(TextIo, line_buffering), READONLY;
    "write_through" => T_BOOL, offset_of!(TextIo, write_through), READONLY;
    "_finalizing" => T_BOOL, offset_of!(TextIo, finalizing), 0;
}

getset! {
    static GETSET:
    "name" => get_name;
    "closed" => get_closed;
    "newlines" => get_newlines;
    "errors" => get_errors;
    "_CHUNK_SIZE" => get_chunk_size, set_chunk_size;
}

static_type! {
    /// `_io.TextIOWrapper`.
    PyTextIOWrapper_Type = "_io.TextIOWrapper", size std::mem::size_of::<TextIo>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_weaklistoffset: offset_of!(TextIo, weakreflist) as isize,
    tp_dictoffset: offset_of!(TextIo, dict) as isize,
    tp_iternext: slot!(iternext iternext),
    tp_base: &PyTextIOBase_Type,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
