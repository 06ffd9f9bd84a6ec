//! `io.IncrementalNewlineDecoder`, and where lines end.

use crate::prelude::*;

object_struct! {
    /// `nldecoder_object`: the bits of `bits` are `pendingcr`, `translate` and the kinds seen.
    pub struct NewlineDecoder {
        decoder: Pointer<PyObject>,
        errors: Pointer<PyObject>,
        bits: Cell<u32>,
    }
}

typed!(NewlineDecoder, PyIncrementalNewlineDecoder_Type);

const PENDING_CR: u32 = 1;
const TRANSLATE: u32 = 2;
const SEEN_CR: u32 = 4;
const SEEN_LF: u32 = 8;
const SEEN_CRLF: u32 = 16;

/// A decoder around another one (or none) that finds line ends and may translate them.
pub fn new_decoder(decoder: &PyObject, translate: bool, handler: Option<&PyObject>) -> PyResult {
    let made = NewlineDecoder::alloc(&PyIncrementalNewlineDecoder_Type)?;
    made.decoder.put(Some(Own::new(decoder)));
    made.errors.put(match handler {
        Some(handler) => Some(Own::new(handler)),
        None => Some(unicode::from_str("strict")?.upcast()),
    });
    made.bits.set(if translate { TRANSLATE } else { 0 });
    Ok(made.upcast())
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(NewlineDecoder::alloc(type_)?.upcast())
}

fn init(
    this: &NewlineDecoder,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "IncrementalNewlineDecoder",
        parameters: &["decoder", "translate", "errors"],
        required: 2,
        positional: 3,
    };
    let [decoder, translate, handler] = call::bind_tuple::<3>(&SIGNATURE, args, kwargs)?;
    let translate = object::is_true(translate.expect("required"))?;
    this.decoder.put(decoder.map(Own::new));
    this.errors.put(match handler {
        Some(handler) => Some(Own::new(handler)),
        None => Some(unicode::from_str("strict")?.upcast()),
    });
    this.bits.set(if translate { TRANSLATE } else { 0 });
    Ok(())
}

/// Decodes more input.
pub fn decode_with(this: &NewlineDecoder, input: &PyObject, is_final: bool) -> PyResult {
    let decoder = this.decoder.own().unwrap_or_else(none);
    let output = if decoder.is_none() {
        Own::new(input)
    } else {
        call::call_method(&decoder, id!("decode"), &[input, &bool_object(is_final)])?
    };
    let Some(text) = output.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "decoder should return a string result, not '{}'",
            output.type_().name()
        )));
    };
    let has_cr = unicode::text(text).contains_character(u32::from('\r'));
    let pending = this.bits.get() & PENDING_CR != 0;
    if !has_cr && !(pending && (text.length.get() > 0 || is_final)) {
        if unicode::text(text).contains_character(u32::from('\n')) {
            this.bits.set(this.bits.get() | SEEN_LF);
        }
        return Ok(output);
    }
    let mut characters: Vec<u32> = unicode::text(text).iter().collect();
    if pending && (!characters.is_empty() || is_final) {
        characters.insert(0, u32::from('\r'));
        this.bits.set(this.bits.get() & !PENDING_CR);
    }
    // A carriage return at the end may be half of a line end.
    if !is_final && characters.last() == Some(&u32::from('\r')) {
        characters.pop();
        this.bits.set(this.bits.get() | PENDING_CR);
    }
    let translated = scan(this, characters);
    Ok(unicode::from_ucs4(&translated)?.upcast())
}

/// Notes the kinds of line ends, and translates them where that is asked for.
fn scan(this: &NewlineDecoder, characters: Vec<u32>) -> Vec<u32> {
    let (cr, lf) = (u32::from('\r'), u32::from('\n'));
    let translate = this.bits.get() & TRANSLATE != 0;
    let mut seen = 0;
    let mut made = Vec::with_capacity(characters.len());
    let mut at = 0;
    while at < characters.len() {
        let character = characters[at];
        at += 1;
        if character == lf {
            seen |= SEEN_LF;
        } else if character == cr {
            let pair = characters.get(at) == Some(&lf);
            seen |= if pair { SEEN_CRLF } else { SEEN_CR };
            if translate {
                made.push(lf);
                at += usize::from(pair);
                continue;
            }
            if pair {
                made.extend([cr, lf]);
                at += 1;
                continue;
            }
        }
        made.push(character);
    }
    this.bits.set(this.bits.get() | seen);
    made
}

fn decode(this: &NewlineDecoder, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "decode",
        parameters: &["input", "final"],
        required: 1,
        positional: 2,
    };
    let [input, is_final] = args.bind::<2>(&SIGNATURE)?;
    decode_with(
        this,
        input.expect("required"),
        is_final.map_or(Ok(false), object::is_true)?,
    )
}

fn getstate(this: &NewlineDecoder) -> PyResult {
    let decoder = this.decoder.own().unwrap_or_else(none);
    let (buffer, mut flag) = if decoder.is_none() {
        (bytes::from_slice(&[])?.upcast(), 0)
    } else {
        let state = call::call_method(&decoder, id!("getstate"), &[])?;
        let Some(pair) = state
            .downcast_ref::<PyTupleObject>()
            .filter(|s| tuple::items(s).len() == 2)
        else {
            return Err(type_error("illegal decoder state"));
        };
        (
            Own::new(tuple::items(pair)[0]),
            long::as_long(tuple::items(pair)[1])?,
        )
    };
    flag <<= 1;
    if this.bits.get() & PENDING_CR != 0 {
        flag |= 1;
    }
    Ok(tuple::from_vec(vec![buffer, long::from_i64(flag)?.upcast()])?.upcast())
}

fn setstate(this: &NewlineDecoder, state: &PyObject) -> PyResult {
    let Some(pair) = state
        .downcast_ref::<PyTupleObject>()
        .filter(|s| tuple::items(s).len() == 2)
    else {
        return Err(type_error("state argument must be a tuple"));
    };
    let flag = long::as_long(tuple::items(pair)[1])?;
    let kept = this.bits.get() & !PENDING_CR;
    this.bits
        .set(kept | if flag & 1 != 0 { PENDING_CR } else { 0 });
    let decoder = this.decoder.own().unwrap_or_else(none);
    if !decoder.is_none() {
        let inner = tuple::pack(&[
            tuple::items(pair)[0],
            &*long::from_isize((flag >> 1) as isize)?,
        ])?;
        return call::call_method(&decoder, id!("setstate"), &[inner.as_object()]);
    }
    Ok(none())
}

fn reset(this: &NewlineDecoder) -> PyResult {
    this.bits.set(this.bits.get() & TRANSLATE);
    let decoder = this.decoder.own().unwrap_or_else(none);
    if decoder.is_none() {
        Ok(none())
    } else {
        call::call_method(&decoder, id!("reset"), &[])
    }
}

fn get_newlines(this: &NewlineDecoder) -> PyResult {
    let kinds = [(SEEN_CR, "\r"), (SEEN_LF, "\n"), (SEEN_CRLF, "\r\n")];
    let seen: Vec<Own> = kinds
        .iter()
        .filter(|(bit, _)| this.bits.get() & bit != 0)
        .map(|(_, text)| Ok(unicode::from_str(text)?.upcast()))
        .collect::<PyResult<_>>()?;
    match seen.len() {
        0 => Ok(none()),
        1 => Ok(seen[0].clone()),
        _ => Ok(tuple::from_vec(seen)?.upcast()),
    }
}

/// How long the next line is, with its end; none where the text holds no whole line.
pub fn line_end(text: &[u32], universal: bool, translated: bool, newline: &[u32]) -> Option<usize> {
    let (cr, lf) = (u32::from('\r'), u32::from('\n'));
    if translated {
        return text.iter().position(|&c| c == lf).map(|at| at + 1);
    }
    if universal {
        let at = text.iter().position(|&c| c == lf || c == cr)?;
        let pair = text[at] == cr && text.get(at + 1) == Some(&lf);
        return Some(at + 1 + usize::from(pair));
    }
    text.windows(newline.len())
        .position(|window| window == newline)
        .map(|at| at + newline.len())
}

methods! {
    static METHODS:
    "decode" => keywords(decode, "($self, /, input, final=False)");
    "getstate" => noargs(getstate, "($self, /)");
    "setstate" => o(setstate, "($self, state, /)");
    "reset" => noargs(reset, "($self, /)");
}

getset! {
    static GETSET:
    "newlines" => get_newlines;
}

unsafe fn dealloc(this: *mut NewlineDecoder) {
    // SAFETY: called once, when the last reference is gone.
    unsafe { memory::end_object(this.cast(), || (*this).clear()) }
}

static_type! {
    /// `_io.IncrementalNewlineDecoder`.
    PyIncrementalNewlineDecoder_Type = "_io.IncrementalNewlineDecoder", size size_of::<NewlineDecoder>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_free),
}
