//! `_codecs` (`Modules/_codecsmodule.c`): the registry of codecs, and the codecs that are built in.

use crate::prelude::*;
use twinheap_objects::buffer::Buffer;
use twinheap_objects::bytes;
use twinheap_objects::exceptions::PyExc_LookupError;
use twinheap_objects::state::Global;
use twinheap_objects::unicode::codecs::{self as text_codecs, Encoding, Order};

/// What codecs are found by, and those that were found.
struct Registry {
    search: Pointer<PyListObject>,
    cache: Pointer<PyDictObject>,
}

static REGISTRY: Global<Registry> = Global(Registry {
    search: Cell::new(std::ptr::null_mut()),
    cache: Cell::new(std::ptr::null_mut()),
});

/// The registry; the first use of it imports `encodings`, which registers its search function.
fn registry() -> PyResult<(Own<PyListObject>, Own<PyDictObject>)> {
    if REGISTRY.cache.get().is_null() {
        REGISTRY.search.put(Some(list::new(0)?));
        REGISTRY.cache.put(Some(dict::new()?));
        import_hook::import_module("encodings")?;
    }
    Ok((
        Own::new(REGISTRY.search.expect_ref()),
        Own::new(REGISTRY.cache.expect_ref()),
    ))
}

/// The only argument of a function, as text.
fn only_text<'a>(function: &str, object: &'a PyObject) -> PyResult<&'a PyASCIIObject> {
    unicode::expect_text(object, function, "argument")
}

fn register(_: &PyObject, function: &PyObject) -> PyResult {
    if !call::is_callable(function) {
        return Err(type_error("argument must be callable"));
    }
    let (search, _) = registry()?;
    list::append(&search, function)?;
    Ok(none())
}

fn unregister(_: &PyObject, function: &PyObject) -> PyResult {
    let (search, cache) = registry()?;
    let at = list::items(&search)
        .iter()
        .position(|known| std::ptr::eq(*known, function));
    if let Some(at) = at {
        dict::clear(&cache);
        let index = long::from_usize(at)?;
        abstract_::set_item(search.as_object(), &index, None)?;
    }
    Ok(none())
}

/// `_Py_normalize_encoding`: letters, digits and dots in lower case; whatever stands between them is one underscore.
fn normalized(encoding: &str) -> String {
    let mut normal = String::new();
    let mut is_behind_gap = false;
    for byte in encoding.bytes() {
        if !byte.is_ascii_alphanumeric() && byte != b'.' {
            is_behind_gap = true;
            continue;
        }
        if is_behind_gap && !normal.is_empty() {
            normal.push('_');
        }
        is_behind_gap = false;
        normal.push(char::from(byte.to_ascii_lowercase()));
    }
    normal
}

/// `_PyCodec_Lookup`: the CodecInfo of an encoding.
fn lookup_codec(encoding: &PyASCIIObject) -> PyResult {
    let shown = unicode::to_string_lossy(encoding);
    let normal = normalized(&shown);
    let (search, cache) = registry()?;
    let key = unicode::intern(unicode::from_str(&normal)?);
    if let Some(known) = dict::get_item(&cache, key.as_object())? {
        return Ok(known);
    }
    let functions: Vec<Own> = list::items(&search).iter().map(|f| Own::new(*f)).collect();
    if functions.is_empty() {
        return Err(errors::raise(
            &PyExc_LookupError,
            "no codec search functions registered: can't find encoding",
        ));
    }
    for function in functions {
        let found = call::call(&function, &[key.as_object()])?;
        if found.is_none() {
            continue;
        }
        let fits = found
            .downcast_ref::<PyTupleObject>()
            .is_some_and(|found| tuple::items(found).len() == 4);
        if !fits {
            return Err(type_error("codec search functions must return 4-tuples"));
        }
        dict::set_item(&cache, key.as_object(), &found)?;
        return Ok(found);
    }
    Err(errors::raise(
        &PyExc_LookupError,
        format_args!("unknown encoding: {shown}"),
    ))
}

fn lookup(_: &PyObject, encoding: &PyObject) -> PyResult {
    lookup_codec(only_text("lookup", encoding)?)
}

fn forget_codec(_: &PyObject, encoding: &PyObject) -> PyResult {
    let (_, cache) = registry()?;
    dict::pop(&cache, encoding)?;
    Ok(none())
}

/// Runs the encoder (0) or the decoder (1) of a codec.
fn run_codec(
    object: &PyObject,
    encoding: &PyASCIIObject,
    handler: Option<&PyASCIIObject>,
    which: usize,
) -> PyResult {
    let codec = lookup_codec(encoding)?;
    run_found(&codec, object, encoding, handler, which)
}

fn run_found(
    codec: &PyObject,
    object: &PyObject,
    encoding: &PyASCIIObject,
    handler: Option<&PyASCIIObject>,
    which: usize,
) -> PyResult {
    let function = match codec.downcast_ref::<PyTupleObject>() {
        Some(codec) => Own::new(tuple::items(codec)[which]),
        None => return Err(type_error("codec search functions must return 4-tuples")),
    };
    let mut args = vec![object];
    args.extend(handler.map(|handler| handler.as_object()));
    let result = match call::call(&function, &args) {
        Ok(result) => result,
        Err(raised) => return Err(with_codec_note(raised, encoding, which)),
    };
    let pair = result
        .downcast_ref::<PyTupleObject>()
        .filter(|pair| tuple::items(pair).len() == 2);
    match pair {
        Some(pair) => Ok(Own::new(tuple::items(pair)[0])),
        None => Err(type_error(match which {
            0 => "encoder must return a tuple (object, integer)",
            _ => "decoder must return a tuple (object,integer)",
        })),
    }
}

/// Chains an exception of a codec to one of its type that names the codec, where that is harmless.
fn with_codec_note(
    raised: errors::Raised,
    encoding: &PyASCIIObject,
    which: usize,
) -> errors::Raised {
    let cause = errors::take_exception();
    let plain = cause.type_().tp_basicsize.get()
        == twinheap_objects::exceptions::PyExc_Exception
            .tp_basicsize
            .get()
        && cause.type_().tp_flags.get() & Py_TPFLAGS_HEAPTYPE == 0;
    let base = cause.downcast_ref::<PyBaseExceptionObject>();
    let args_ok = base.is_some_and(|base| {
        let args = twinheap_objects::exceptions::args_of(base);
        args.len() <= 1
            && args
                .iter()
                .all(|arg| arg.downcast_ref::<PyASCIIObject>().is_some())
    });
    if !plain || !args_ok {
        return errors::restore_exception(cause);
    }
    let _ = raised;
    let text = object::str(&cause)
        .map(|text| unicode::to_string_lossy(&text))
        .unwrap_or_default();
    let operation = if which == 0 { "encoding" } else { "decoding" };
    let name = unicode::to_string_lossy(encoding);
    let kind = Own::new(cause.type_());
    errors::raise(
        &kind,
        format_args!(
            "{operation} with '{name}' codec failed ({}: {text})",
            kind.name()
        ),
    );
    let error = errors::take_exception();
    if let Some(base) = error.downcast_ref::<PyBaseExceptionObject>() {
        twinheap_objects::exceptions::set_cause(base, Some(cause));
    }
    errors::restore_exception(error)
}

/// The arguments of `encode` and `decode`: object, encoding, errors.
fn codec_arguments<'a>(
    signature: &'static Signature,
    args: Args<'a>,
) -> PyResult<(&'a PyObject, Own<PyASCIIObject>, Option<&'a PyASCIIObject>)> {
    let [object, encoding, handler] = args.bind::<3>(signature)?;
    let text = |given, what| unicode::expect_optional_text(given, signature.name, what);
    let encoding = match text(encoding, "argument 'encoding'")? {
        Some(encoding) => Own::new(encoding),
        None => unicode::from_str("utf-8")?,
    };
    let handler = text(handler, "argument 'errors'")?;
    Ok((object.expect("required"), encoding, handler))
}

fn encode(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "encode",
        parameters: &["obj", "encoding", "errors"],
        required: 1,
        positional: 3,
    };
    let (object, encoding, handler) = codec_arguments(&SIGNATURE, args)?;
    run_codec(object, &encoding, handler, 0)
}

fn decode(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "decode",
        parameters: &["obj", "encoding", "errors"],
        required: 1,
        positional: 3,
    };
    let (object, encoding, handler) = codec_arguments(&SIGNATURE, args)?;
    run_codec(object, &encoding, handler, 1)
}

/// `_PyCodec_LookupTextEncoding`, then the codec: what `str.encode` falls back on.
fn text_codec(
    object: &PyObject,
    encoding: &PyASCIIObject,
    handler: Option<&PyASCIIObject>,
    which: usize,
) -> PyResult {
    let codec = lookup_codec(encoding)?;
    let is_text = match object::lookup_attr(&codec, id!("_is_text_encoding"))? {
        Some(answer) => object::is_true(&answer)?,
        None => true,
    };
    if !is_text {
        let alternate = if which == 0 {
            "codecs.encode()"
        } else {
            "codecs.decode()"
        };
        return Err(errors::raise(
            &PyExc_LookupError,
            format_args!(
                "'{}' is not a text encoding; use {alternate} to handle arbitrary codecs",
                unicode::to_string_lossy(encoding)
            ),
        ));
    }
    let result = run_found(&codec, object, encoding, handler, which)?;
    let name = unicode::to_string_lossy(encoding);
    if which == 0 && result.downcast_ref::<PyBytesObject>().is_none() {
        return Err(type_error(format_args!(
            "'{name}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
            result.type_().name()
        )));
    }
    if which == 1 && result.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "'{name}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
            result.type_().name()
        )));
    }
    Ok(result)
}

fn encode_text(
    object: &PyObject,
    encoding: &PyASCIIObject,
    handler: Option<&PyASCIIObject>,
) -> PyResult {
    text_codec(object, encoding, handler, 0)
}

fn decode_text(
    object: &PyObject,
    encoding: &PyASCIIObject,
    handler: Option<&PyASCIIObject>,
) -> PyResult {
    text_codec(object, encoding, handler, 1)
}

/// Tells `str.encode` and `bytes.decode` where other codecs are.
pub fn install() {
    text_codecs::ENCODE_FALLBACK.set(Some(encode_text));
    text_codecs::DECODE_FALLBACK.set(Some(decode_text));
}

fn register_error(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("register_error", args.len(), 2, 2)?;
    let name = unicode::expect_text(args[0], "register_error", "argument 1")?;
    text_codecs::register_error(name, args[1])?;
    Ok(none())
}

fn lookup_error(_: &PyObject, name: &PyObject) -> PyResult {
    let name = unicode::to_string_lossy(only_text("lookup_error", name)?);
    text_codecs::lookup_error(&name)
}

/// The name of an error handler that may be given as an argument.
pub fn handler_name(function: &str, given: Option<&&PyObject>) -> PyResult<String> {
    let name = unicode::expect_text_or_none(given.copied(), function, "argument 2")?;
    Ok(name.map_or_else(|| "strict".to_owned(), unicode::to_string_lossy))
}

fn pair(object: Own, count: usize) -> PyResult {
    Ok(tuple::from_vec(vec![object, long::from_usize(count)?])?.upcast())
}

fn encode_as(function: &str, args: &[&PyObject], encoding: Encoding) -> PyResult {
    let text = args[0].downcast_ref::<PyASCIIObject>().ok_or_else(|| {
        type_error(format_args!(
            "{function}() argument 1 must be str, not {}",
            unicode::type_name_or_none(args[0])
        ))
    })?;
    let handler = handler_name(function, args.get(1))?;
    let made = text_codecs::encode(text, encoding, &handler)?;
    pair(made.upcast(), text.length.get() as usize)
}

fn data_of(object: &PyObject) -> PyResult<Vec<u8>> {
    Ok(Buffer::of(object)?.data().to_vec())
}

/// The data of a codec that takes a str as well, as UTF-8.
fn data_or_text_of(object: &PyObject) -> PyResult<Vec<u8>> {
    match object.downcast_ref::<PyASCIIObject>() {
        Some(text) => {
            let encoded = text_codecs::encode(text, Encoding::Utf8, "strict")?;
            Ok(bytes::data_of(&encoded).to_vec())
        }
        None => data_of(object),
    }
}

/// How many bytes at the end are the beginning of a character.
fn incomplete(data: &[u8], encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => incomplete_utf8(data),
        Encoding::Utf16(order) => {
            let odd = data.len() % 2;
            let whole = &data[..data.len() - odd];
            let high = whole.len() >= 2 && {
                let unit = &whole[whole.len() - 2..];
                let byte = if order == Order::Big {
                    unit[0]
                } else {
                    unit[1]
                };
                (0xd8..0xdc).contains(&byte)
            };
            odd + if high { 2 } else { 0 }
        }
        Encoding::Utf32(_) => data.len() % 4,
        Encoding::UnicodeEscape | Encoding::RawUnicodeEscape => {
            incomplete_escape(data, encoding == Encoding::RawUnicodeEscape)
        }
        _ => 0,
    }
}

/// How many bytes belong to an escape that the data ends in.
fn incomplete_escape(data: &[u8], is_raw: bool) -> usize {
    let mut at = 0;
    while let Some(offset) = data[at..].iter().position(|byte| *byte == b'\\') {
        let start = at + offset;
        let Some(&letter) = data.get(start + 1) else {
            return data.len() - start;
        };
        let rest = &data[start + 2..];
        let digits = match letter {
            b'u' => 4,
            b'U' => 8,
            b'x' if !is_raw => 2,
            b'N' if !is_raw && (rest.is_empty() || rest[0] == b'{' && !rest.contains(&b'}')) => {
                return data.len() - start;
            }
            _ => 0,
        };
        let found = rest
            .iter()
            .take(digits)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        if found < digits && found == rest.len() {
            return data.len() - start;
        }
        at = start + 2;
    }
    0
}

fn incomplete_utf8(data: &[u8]) -> usize {
    let tail = data.len().min(3);
    for back in 1..=tail {
        let byte = data[data.len() - back];
        if byte & 0xc0 == 0x80 {
            continue;
        }
        let needed = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return 0,
        };
        if needed <= back {
            return 0;
        }
        // The second byte may show already that the character is none.
        let second = data.get(data.len() - back + 1).copied();
        let fits = match (byte, second) {
            (_, None) => true,
            (0xe0, Some(second)) => second >= 0xa0,
            (0xed, Some(second)) => second < 0xa0,
            (0xf0, Some(second)) => second >= 0x90,
            (0xf4, Some(second)) => second < 0x90,
            _ => true,
        };
        return if fits { back } else { 0 };
    }
    0
}

fn decode_as(
    function: &str,
    args: &[&PyObject],
    encoding: Encoding,
    default_final: bool,
) -> PyResult {
    let data = match encoding {
        Encoding::UnicodeEscape | Encoding::RawUnicodeEscape => data_or_text_of(args[0])?,
        _ => data_of(args[0])?,
    };
    let handler = handler_name(function, args.get(1))?;
    let is_final = args
        .get(2)
        .map_or(Ok(default_final), |given| object::is_true(given))?;
    let used = data.len()
        - if is_final {
            0
        } else {
            incomplete(&data, encoding)
        };
    let (made, used) = text_codecs::decode_start(&data, used, encoding, &handler)?;
    pair(made.upcast(), used)
}

macro_rules! codec_functions {
    ($($name:ident, $text:literal => $kind:ident $encoding:expr;)+) => {
        $(fn $name(_: &PyObject, args: &[&PyObject]) -> PyResult {
            codec_functions!(@ $kind args, $text, $encoding)
        })+
    };
    (@ encode $args:ident, $text:literal, $encoding:expr) => {{
        call::check_positional($text, $args.len(), 1, 2)?;
        encode_as($text, $args, $encoding)
    }};
    (@ stateful $args:ident, $text:literal, $encoding:expr) => {{
        call::check_positional($text, $args.len(), 1, 3)?;
        decode_as($text, $args, $encoding, false)
    }};
    (@ whole $args:ident, $text:literal, $encoding:expr) => {{
        call::check_positional($text, $args.len(), 1, 2)?;
        decode_as($text, $args, $encoding, true)
    }};
    (@ escapes $args:ident, $text:literal, $encoding:expr) => {{
        call::check_positional($text, $args.len(), 1, 3)?;
        decode_as($text, $args, $encoding, true)
    }};
}

fn utf_7_decode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("utf_7_decode", args.len(), 1, 3)?;
    let data = data_of(args[0])?;
    let handler = handler_name("utf_7_decode", args.get(1))?;
    let is_final = args
        .get(2)
        .map_or(Ok(false), |given| object::is_true(given))?;
    let (made, used) = text_codecs::decode_utf7(&data, &handler, is_final)?;
    pair(made.upcast(), used)
}

codec_functions! {
    utf_7_encode, "utf_7_encode" => encode Encoding::Utf7;
    utf_8_encode, "utf_8_encode" => encode Encoding::Utf8;
    utf_8_decode, "utf_8_decode" => stateful Encoding::Utf8;
    ascii_encode, "ascii_encode" => encode Encoding::Ascii;
    ascii_decode, "ascii_decode" => whole Encoding::Ascii;
    latin_1_encode, "latin_1_encode" => encode Encoding::Latin1;
    latin_1_decode, "latin_1_decode" => whole Encoding::Latin1;
    utf_16_encode, "utf_16_encode" => encode Encoding::Utf16(Order::Marked);
    utf_16_le_encode, "utf_16_le_encode" => encode Encoding::Utf16(Order::Little);
    utf_16_be_encode, "utf_16_be_encode" => encode Encoding::Utf16(Order::Big);
    utf_16_decode, "utf_16_decode" => stateful Encoding::Utf16(Order::Marked);
    utf_16_le_decode, "utf_16_le_decode" => stateful Encoding::Utf16(Order::Little);
    utf_16_be_decode, "utf_16_be_decode" => stateful Encoding::Utf16(Order::Big);
    utf_32_encode, "utf_32_encode" => encode Encoding::Utf32(Order::Marked);
    utf_32_le_encode, "utf_32_le_encode" => encode Encoding::Utf32(Order::Little);
    utf_32_be_encode, "utf_32_be_encode" => encode Encoding::Utf32(Order::Big);
    utf_32_decode, "utf_32_decode" => stateful Encoding::Utf32(Order::Marked);
    utf_32_le_decode, "utf_32_le_decode" => stateful Encoding::Utf32(Order::Little);
    utf_32_be_decode, "utf_32_be_decode" => stateful Encoding::Utf32(Order::Big);
    unicode_escape_encode, "unicode_escape_encode" => encode Encoding::UnicodeEscape;
    unicode_escape_decode, "unicode_escape_decode" => escapes Encoding::UnicodeEscape;
    raw_unicode_escape_encode, "raw_unicode_escape_encode" => encode Encoding::RawUnicodeEscape;
    raw_unicode_escape_decode, "raw_unicode_escape_decode" => escapes Encoding::RawUnicodeEscape;
}

/// `utf_16_ex_decode`: decodes, and tells the byte order that it found.
fn utf_16_ex_decode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    ex_decode("utf_16_ex_decode", args, 2)
}

fn utf_32_ex_decode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    ex_decode("utf_32_ex_decode", args, 4)
}

fn ex_decode(function: &str, args: &[&PyObject], width: usize) -> PyResult {
    call::check_positional(function, args.len(), 1, 4)?;
    let data = data_of(args[0])?;
    let handler = handler_name(function, args.get(1))?;
    let mut order = args.get(2).map_or(Ok(0), |order| long::as_int(order))?;
    let is_final = args
        .get(3)
        .map_or(Ok(false), |given| object::is_true(given))?;
    let mut has_mark = false;
    if order == 0 && data.len() >= width {
        let (little, big): (&[u8], &[u8]) = match width {
            2 => (&[0xff, 0xfe], &[0xfe, 0xff]),
            _ => (&[0xff, 0xfe, 0, 0], &[0, 0, 0xfe, 0xff]),
        };
        if data.starts_with(little) {
            (order, has_mark) = (-1, true);
        } else if data.starts_with(big) {
            (order, has_mark) = (1, true);
        }
    }
    let by_order = if order == 1 {
        Order::Big
    } else {
        Order::Little
    };
    let encoded = |order| match width {
        2 => Encoding::Utf16(order),
        _ => Encoding::Utf32(order),
    };
    let used = data.len()
        - if is_final {
            0
        } else {
            incomplete(&data, encoded(by_order))
        };
    // The mark, which errors hold as well, is read again.
    let encoding = encoded(if has_mark { Order::Marked } else { by_order });
    let (made, used) = text_codecs::decode_start(&data, used, encoding, &handler)?;
    let made = made.upcast();
    let parts = vec![
        made,
        long::from_usize(used)?,
        long::from_isize(order as isize)?,
    ];
    Ok(tuple::from_vec(parts)?.upcast())
}

fn readbuffer_encode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("readbuffer_encode", args.len(), 1, 2)?;
    let data = data_or_text_of(args[0])?;
    handler_name("readbuffer_encode", args.get(1))?;
    pair(bytes::from_slice(&data)?.upcast(), data.len())
}

fn escape_encode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("escape_encode", args.len(), 1, 2)?;
    let Some(given) = args[0].downcast_ref::<PyBytesObject>() else {
        return Err(type_error(format_args!(
            "escape_encode() argument 1 must be bytes, not {}",
            args[0].type_().name()
        )));
    };
    let data = bytes::data_of(given);
    let mut made = Vec::with_capacity(data.len());
    for &byte in data {
        match byte {
            b'\'' | b'\\' => made.extend([b'\\', byte]),
            b'\t' => made.extend(b"\\t"),
            b'\n' => made.extend(b"\\n"),
            b'\r' => made.extend(b"\\r"),
            b' '..0x7f => made.push(byte),
            _ => made.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    handler_name("escape_encode", args.get(1))?;
    pair(bytes::from_slice(&made)?.upcast(), data.len())
}

fn escape_decode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("escape_decode", args.len(), 1, 2)?;
    let data = data_or_text_of(args[0])?;
    let handler = handler_name("escape_decode", args.get(1))?;
    let made = crate::codec_errors::decode_escapes(&data, &handler)?;
    pair(bytes::from_slice(&made)?.upcast(), data.len())
}

methods! {
    static FUNCTIONS:
    "register" => o(register, "($module, search_function, /)");
    "unregister" => o(unregister, "($module, search_function, /)");
    "lookup" => o(lookup, "($module, encoding, /)");
    "encode" => keywords(encode, "($module, /, obj, encoding=\'utf-8\', errors=\'strict\')");
    "decode" => keywords(decode, "($module, /, obj, encoding=\'utf-8\', errors=\'strict\')");
    "escape_encode" => fast(escape_encode, "($module, data, errors=None, /)");
    "escape_decode" => fast(escape_decode, "($module, data, errors=None, /)");
    "utf_7_encode" => fast(utf_7_encode, "($module, str, errors=None, /)");
    "utf_7_decode" => fast(utf_7_decode, "($module, data, errors=None, final=False, /)");
    "utf_8_encode" => fast(utf_8_encode, "($module, str, errors=None, /)");
    "utf_8_decode" => fast(utf_8_decode, "($module, data, errors=None, final=False, /)");
    "utf_16_encode" => fast(utf_16_encode, "($module, str, errors=None, byteorder=0, /)");
    "utf_16_le_encode" => fast(utf_16_le_encode, "($module, str, errors=None, /)");
    "utf_16_be_encode" => fast(utf_16_be_encode, "($module, str, errors=None, /)");
    "utf_16_decode" => fast(utf_16_decode, "($module, data, errors=None, final=False, /)");
    "utf_16_le_decode" => fast(utf_16_le_decode, "($module, data, errors=None, final=False, /)");
    "utf_16_be_decode" => fast(utf_16_be_decode, "($module, data, errors=None, final=False, /)");
    "utf_16_ex_decode" => fast(utf_16_ex_decode, "($module, data, errors=None, byteorder=0, final=False, /)");
    "utf_32_encode" => fast(utf_32_encode, "($module, str, errors=None, byteorder=0, /)");
    "utf_32_le_encode" => fast(utf_32_le_encode, "($module, str, errors=None, /)");
    "utf_32_be_encode" => fast(utf_32_be_encode, "($module, str, errors=None, /)");
    "utf_32_decode" => fast(utf_32_decode, "($module, data, errors=None, final=False, /)");
    "utf_32_le_decode" => fast(utf_32_le_decode, "($module, data, errors=None, final=False, /)");
    "utf_32_be_decode" => fast(utf_32_be_decode, "($module, data, errors=None, final=False, /)");
    "utf_32_ex_decode" => fast(utf_32_ex_decode, "($module, data, errors=None, byteorder=0, final=False, /)");
    "unicode_escape_encode" => fast(unicode_escape_encode, "($module, str, errors=None, /)");
    "unicode_escape_decode" => fast(unicode_escape_decode, "($module, data, errors=None, final=True, /)");
    "raw_unicode_escape_encode" => fast(raw_unicode_escape_encode, "($module, str, errors=None, /)");
    "raw_unicode_escape_decode" => fast(raw_unicode_escape_decode, "($module, data, errors=None, final=True, /)");
    "latin_1_encode" => fast(latin_1_encode, "($module, str, errors=None, /)");
    "latin_1_decode" => fast(latin_1_decode, "($module, data, errors=None, /)");
    "ascii_encode" => fast(ascii_encode, "($module, str, errors=None, /)");
    "ascii_decode" => fast(ascii_decode, "($module, data, errors=None, /)");
    "charmap_encode" => fast(crate::charmap::charmap_encode, "($module, str, errors=None, mapping=None, /)");
    "charmap_decode" => fast(crate::charmap::charmap_decode, "($module, data, errors=None, mapping=None, /)");
    "charmap_build" => o(crate::charmap::charmap_build, "($module, map, /)");
    "readbuffer_encode" => fast(readbuffer_encode, "($module, data, errors=None, /)");
    "register_error" => fast(register_error, "($module, errors, handler, /)");
    "lookup_error" => o(lookup_error, "($module, name, /)");
    "_forget_codec" => o(forget_codec, "($module, encoding, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&crate::encoding_map::EncodingMapType)?;
    crate::codec_errors::register_builtin_handlers()?;
    module::build("_codecs", FUNCTIONS, &[])
}
