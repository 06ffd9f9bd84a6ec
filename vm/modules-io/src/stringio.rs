//! `io.StringIO` (`Modules/_io/stringio.c`).

use crate::base::{PyTextIOBase_Type, end_stream, optional_size, size_argument};
use crate::newlines;
use crate::prelude::*;
use crate::stringio_state::StringIo;
use twinheap_objects::exceptions::PyExc_OSError;

typed!(StringIo, PyStringIO_Type);

impl StringIo {
    fn check_open(&self) -> PyResult<()> {
        if self.ok.get() == 0 {
            return Err(value_error("I/O operation on uninitialized object"));
        }
        if self.closed.get() != 0 {
            return Err(value_error("I/O operation on closed file"));
        }
        Ok(())
    }

    fn write_text(&self, text: &PyObject) -> PyResult<()> {
        let decoded = match self.decoder.own() {
            Some(decoder) => match decoder.downcast_ref::<newlines::NewlineDecoder>() {
                Some(decoder) => newlines::decode_with(decoder, text, true)?,
                None => call::call_method(&decoder, id!("decode"), &[text, &bool_object(true)])?,
            },
            None => Own::new(text),
        };
        let decoded = match self.writenl.own() {
            None => decoded,
            Some(newline) => {
                call::call_method(&decoded, id!("replace"), &[id!("\n").as_object(), &newline])?
            }
        };
        self.write_at_position(&decoded)
    }
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = StringIo::alloc(type_)?;
    made.begin()?;
    Ok(made.upcast())
}

fn init(this: &StringIo, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "StringIO",
        parameters: &["initial_value", "newline"],
        required: 0,
        positional: 2,
    };
    let [value, newline] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let newline_object = match newline {
        None => unicode::from_str("\n")?.upcast(),
        Some(newline) => Own::new(newline),
    };
    let newline = match newline_object.downcast_ref::<PyASCIIObject>() {
        Some(newline) => Some(unicode::to_string_lossy(newline)),
        None if newline_object.is_none() => None,
        None => {
            return Err(type_error(format_args!(
                "newline must be str or None, not {}",
                newline_object.type_().name()
            )));
        }
    };
    if let Some(newline) = &newline
        && !matches!(newline.as_str(), "" | "\n" | "\r" | "\r\n")
    {
        return Err(value_error(format_args!(
            "illegal newline value: {}",
            newline_object.repr_lossy()
        )));
    }
    let value = value.filter(|value| !value.is_none());
    if let Some(value) = value
        && value.downcast_ref::<PyASCIIObject>().is_none()
    {
        return Err(type_error(format_args!(
            "initial_value must be str or None, not {}",
            value.type_().name()
        )));
    }
    this.ok.set(0);
    this.drop_accumulator();
    this.string_size.set(0);
    let universal = newline.as_deref().is_none_or(str::is_empty);
    this.readuniversal.set(u8::from(universal));
    this.readtranslate.set(u8::from(newline.is_none()));
    this.readnl
        .put(newline.is_some().then(|| newline_object.clone()));
    let writes = newline
        .as_deref()
        .is_some_and(|newline| newline.starts_with('\r'));
    this.writenl.put(writes.then(|| newline_object.clone()));
    this.decoder.put(match universal {
        true => Some(newlines::new_decoder(&none(), newline.is_none(), None)?),
        false => None,
    });
    this.pos.set(0);
    this.closed.set(0);
    this.ok.set(1);
    let is_empty = |value: &&PyObject| {
        value
            .downcast_ref::<PyASCIIObject>()
            .is_none_or(|text| text.length.get() == 0)
    };
    this.resize_buffer(0)?;
    match value.filter(|value| !is_empty(value)) {
        Some(value) => {
            this.begin_realized();
            this.write_text(value)?;
        }
        None => this.accumulate(None)?,
    }
    this.pos.set(0);
    Ok(())
}

fn getvalue(this: &StringIo) -> PyResult {
    this.check_open()?;
    if this.is_accumulating() {
        return this.intermediate();
    }
    Ok(unicode::from_ucs4(this.characters())?.upcast())
}

fn tell(this: &StringIo) -> PyResult {
    this.check_open()?;
    long::from_isize(this.pos.get())
}

/// Takes the next characters.
fn take(this: &StringIo, count: usize) -> PyResult {
    let at = (this.pos.get() as usize).min(this.length());
    let piece = unicode::from_ucs4(&this.characters()[at..at + count])?;
    this.pos.set(this.pos.get() + count as isize);
    Ok(piece.upcast())
}

fn left(this: &StringIo) -> usize {
    this.length().saturating_sub(this.pos.get() as usize)
}

fn read(this: &StringIo, args: &[&PyObject]) -> PyResult {
    let size = size_argument(args, "read")?;
    this.check_open()?;
    let left = left(this);
    let size = if size < 0 {
        left
    } else {
        left.min(size as usize)
    };
    if this.is_accumulating() && this.pos.get() == 0 && size == this.length() {
        this.pos.set(size as isize);
        return this.intermediate();
    }
    this.realize()?;
    take(this, size)
}

fn line_length(this: &StringIo, limit: isize) -> usize {
    let newline: Vec<u32> = match this
        .readnl
        .own()
        .as_ref()
        .and_then(|nl| nl.downcast_ref::<PyASCIIObject>())
    {
        Some(newline) => unicode::text(newline).iter().collect(),
        None => vec![u32::from('\n')],
    };
    let at = (this.pos.get() as usize).min(this.length());
    let rest = &this.characters()[at..];
    let (universal, translated) = (this.readuniversal.get() != 0, this.readtranslate.get() != 0);
    let length = newlines::line_end(rest, universal, translated, &newline).unwrap_or(rest.len());
    if limit >= 0 {
        length.min(limit as usize)
    } else {
        length
    }
}

fn readline(this: &StringIo, args: &[&PyObject]) -> PyResult {
    let limit = size_argument(args, "readline")?;
    this.check_open()?;
    this.realize()?;
    take(this, line_length(this, limit))
}

fn iternext(this: &StringIo) -> PyResult<Option<Own>> {
    this.check_open()?;
    this.realize()?;
    match line_length(this, -1) {
        0 => Ok(None),
        length => take(this, length).map(Some),
    }
}

fn truncate(this: &StringIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("truncate", args.len(), 0, 1)?;
    let size = match args.first().filter(|size| !size.is_none()) {
        None => this.pos.get(),
        Some(size) => optional_size(size)?,
    };
    this.check_open()?;
    if size < 0 {
        return Err(value_error(format_args!("Negative size value {size}")));
    }
    if (size as usize) < this.length() {
        this.realize()?;
        this.resize_buffer(size as usize)?;
        this.string_size.set(size);
    }
    long::from_isize(size)
}

fn seek(this: &StringIo, args: &[&PyObject]) -> PyResult {
    call::check_positional("seek", args.len(), 1, 2)?;
    let offset = unicode::ssize(args[0])?;
    let whence = args.get(1).map_or(Ok(0), |whence| long::as_int(whence))?;
    this.check_open()?;
    let at = match whence {
        0 if offset < 0 => {
            return Err(value_error(format_args!("Negative seek position {offset}")));
        }
        0 => offset,
        1 | 2 if offset != 0 => {
            return Err(errors::raise(
                &PyExc_OSError,
                "Can't do nonzero cur-relative seeks",
            ));
        }
        1 => this.pos.get(),
        2 => this.length() as isize,
        _ => {
            return Err(value_error(format_args!(
                "Invalid whence ({whence}, should be 0, 1 or 2)"
            )));
        }
    };
    this.pos.set(at);
    long::from_isize(at)
}

fn write(this: &StringIo, text: &PyObject) -> PyResult {
    this.check_open()?;
    let Some(given) = text.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "string argument expected, got '{}'",
            text.type_().name()
        )));
    };
    if given.length.get() > 0 {
        this.write_text(text)?;
    }
    long::from_isize(given.length.get())
}

fn close(this: &StringIo) -> PyResult {
    this.closed.set(1);
    this.resize_buffer(0)?;
    this.drop_accumulator();
    this.readnl.put(None);
    this.writenl.put(None);
    this.decoder.put(None);
    Ok(none())
}

fn yes(this: &StringIo) -> PyResult {
    this.check_open()?;
    Ok(bool_object(true))
}

fn getstate(this: &StringIo) -> PyResult {
    let value = getvalue(this)?;
    let own = match this.dict.own() {
        None => none(),
        Some(own) => dict::copy(&own)?.upcast(),
    };
    let newline = this.readnl.own().unwrap_or_else(none);
    Ok(tuple::from_vec(vec![value, newline, long::from_isize(this.pos.get())?, own])?.upcast())
}

fn setstate(this: &StringIo, state: &PyObject) -> PyResult {
    let wrong = || {
        type_error(format_args!(
            "{}.__setstate__ argument should be 4-tuple, got {}",
            this.as_object().type_().name(),
            state.type_().name()
        ))
    };
    let parts = state.downcast_ref::<PyTupleObject>().ok_or_else(wrong)?;
    let &[value, newline, position, own] = tuple::items(parts) else {
        return Err(wrong());
    };
    init(this, &*tuple::pack(&[value, newline])?, None)?;
    if let Some(text) = value.downcast_ref::<PyASCIIObject>() {
        // The value is put back as it is: it has been translated already.
        this.put_text(0, value)?;
        this.string_size.set(text.length.get());
    }
    let position = unicode::ssize(position)?;
    if position < 0 {
        return Err(value_error("position value cannot be negative"));
    }
    this.pos.set(position);
    if let Some(given) = own.downcast_ref::<PyDictObject>() {
        match this.dict.own() {
            Some(mine) => dict::update(&mine, given.as_object())?,
            None => this.dict.put(Some(Own::new(given))),
        }
    }
    Ok(none())
}

fn get_closed(this: &StringIo) -> PyResult {
    Ok(bool_object(this.closed.get() != 0))
}

fn get_line_buffering(this: &StringIo) -> PyResult {
    this.check_open()?;
    Ok(bool_object(false))
}

fn get_newlines(this: &StringIo) -> PyResult {
    this.check_open()?;
    match this.decoder.own() {
        None => Ok(none()),
        Some(decoder) => object::get_attr(&decoder, id!("newlines")),
    }
}

unsafe fn dealloc(this: *mut StringIo) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { end_stream(this.cast(), || (*this).release()) }
}

fn traverse(this: &StringIo, visitor: &mut Visitor) {
    Slot::visit(&this.dict, visitor);
}

fn clear(this: &StringIo) {
    Field::clear(&this.dict);
}

methods! {
    static METHODS:
    "close" => noargs(close, "($self, /)");
    "getvalue" => noargs(getvalue, "($self, /)");
    "read" => fast(read, "($self, size=-1, /)");
    "readline" => fast(readline, "($self, size=-1, /)");
    "tell" => noargs(tell, "($self, /)");
    "truncate" => fast(truncate, "($self, pos=None, /)");
    "seek" => fast(seek, "($self, pos, whence=0, /)");
    "write" => o(write, "($self, s, /)");
    "seekable" => noargs(yes, "($self, /)");
    "readable" => noargs(yes, "($self, /)");
    "writable" => noargs(yes, "($self, /)");
    "__getstate__" => noargs(getstate);
    "__setstate__" => o(setstate);
}

getset! {
    static GETSET:
    "closed" => get_closed;
    "newlines" => get_newlines;
    "line_buffering" => get_line_buffering;
}

static_type! {
    /// `_io.StringIO`.
    PyStringIO_Type = "_io.StringIO", size std::mem::size_of::<StringIo>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_weaklistoffset: offset_of!(StringIo, weakreflist) as isize,
    tp_dictoffset: offset_of!(StringIo, dict) as isize,
    tp_iternext: slot!(iternext iternext),
    tp_base: &PyTextIOBase_Type,
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
