//! The decoder's half of `_json` (`Modules/_json.c`): strings and values out of text.

use crate::prelude::*;
use twinheap_objects::float;
use twinheap_objects::object::enter_recursive_call;
use twinheap_objects::unicode::{Text, Writer};

/// Raises `json.JSONDecodeError`.
#[cold]
fn decode_error(message: &str, text: &PyASCIIObject, at: usize) -> errors::Raised {
    let make = || -> PyResult<errors::Raised> {
        let module = import_hook::import_module("json.decoder")?;
        let class = object::get_attr(&module, id!("JSONDecodeError"))?;
        let message = unicode::from_str(message)?;
        let at = long::from_usize(at)?;
        let error = call::call(&class, &[message.as_object(), text.as_object(), &at])?;
        let type_ = Own::new(error.type_());
        Ok(errors::raise_object(&type_, Some(error)))
    };
    make().unwrap_or_else(|raised| raised)
}

fn stop(at: usize) -> errors::Raised {
    match long::from_usize(at) {
        Ok(at) => errors::stop_iteration(Some(at)),
        Err(raised) => raised,
    }
}

fn is_blank(character: u32) -> bool {
    matches!(character, 0x20 | 0x09 | 0x0a | 0x0d)
}

fn is_digit(character: u32) -> bool {
    (0x30..=0x39).contains(&character)
}

/// The character at a place; one that no text holds where it is behind the end.
fn at(text: Text<'_>, index: usize) -> u32 {
    if index < text.len() {
        text.at(index)
    } else {
        u32::MAX
    }
}

fn is_at(text: Text<'_>, index: usize, character: char) -> bool {
    at(text, index) == u32::from(character)
}

fn skip_blanks(text: Text<'_>, from: usize) -> usize {
    let mut index = from;
    while is_blank(at(text, index)) {
        index += 1;
    }
    index
}

/// Four hexadecimal digits.
fn hex(text: Text<'_>, start: usize) -> Option<u32> {
    (start..start + 4).try_fold(0, |value, index| {
        let digit = char::from_u32(at(text, index))?.to_digit(16)?;
        Some(value << 4 | digit)
    })
}

const UNTERMINATED: &str = "Unterminated string starting at";

/// The character of an escape whose letter stands at `letter`, and the place behind it.
fn unescape(source: &PyASCIIObject, begin: usize, letter: usize) -> PyResult<(u32, usize)> {
    let text = unicode::text(source);
    if letter >= text.len() {
        return Err(decode_error(UNTERMINATED, source, begin));
    }
    let simple = match char::from_u32(text.at(letter)) {
        Some(same @ ('"' | '\\' | '/')) => same,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return unescape_code(source, letter + 1),
        _ => return Err(decode_error("Invalid \\escape", source, letter - 1)),
    };
    Ok((u32::from(simple), letter + 1))
}

/// The character of `\uXXXX`, or of two of them where they are a pair of surrogates.
fn unescape_code(source: &PyASCIIObject, digits: usize) -> PyResult<(u32, usize)> {
    const INVALID: &str = "Invalid \\uXXXX escape";
    let text = unicode::text(source);
    let end = digits + 4;
    if end >= text.len() {
        return Err(decode_error(INVALID, source, digits - 1));
    }
    let Some(high) = hex(text, digits) else {
        return Err(decode_error(INVALID, source, end - 5));
    };
    let paired = (0xd800..0xdc00).contains(&high)
        && end + 6 < text.len()
        && is_at(text, end, '\\')
        && is_at(text, end + 1, 'u');
    if !paired {
        return Ok((high, end));
    }
    match hex(text, end + 2) {
        None => Err(decode_error(INVALID, source, end + 1)),
        Some(low) if (0xdc00..0xe000).contains(&low) => {
            Ok((0x10000 + ((high & 0x3ff) << 10 | low & 0x3ff), end + 6))
        }
        Some(_) => Ok((high, end)),
    }
}

/// A string whose opening quote stands in front of `start`, and the place behind its closing one.
fn scan_string(
    source: &PyASCIIObject,
    start: usize,
    strict: bool,
) -> PyResult<(Own<PyASCIIObject>, usize)> {
    let text = unicode::text(source);
    let begin = start.wrapping_sub(1);
    let mut writer: Option<Writer> = None;
    let mut from = start;
    loop {
        let mut next = from;
        while next < text.len() && !is_at(text, next, '"') && !is_at(text, next, '\\') {
            if text.at(next) <= 0x1f && strict {
                return Err(decode_error("Invalid control character at", source, next));
            }
            next += 1;
        }
        if next >= text.len() {
            return Err(decode_error(UNTERMINATED, source, begin));
        }
        let closed = is_at(text, next, '"');
        if closed && writer.is_none() {
            return Ok((unicode::substring(source, from, next)?, next + 1));
        }
        let writer = writer.get_or_insert_default();
        writer.push_text(text.slice(from, next));
        if closed {
            return Ok((std::mem::take(writer).finish()?, next + 1));
        }
        let (character, behind) = unescape(source, begin, next + 1)?;
        writer.push_character(character);
        from = behind;
    }
}

/// `scanstring(string, end, strict=True)`.
pub fn py_scanstring(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    if !(2..=3).contains(&items.len()) {
        return Err(type_error(format_args!(
            "scanstring() takes at {} ({} given)",
            if items.len() < 2 {
                "least 2 arguments"
            } else {
                "most 3 arguments"
            },
            items.len()
        )));
    }
    let end = unicode::ssize(items[1])?;
    let strict = match items.get(2) {
        Some(strict) => long::as_int(strict)? != 0,
        None => true,
    };
    let source = text_argument(items[0])?;
    if end < 0 || end as usize > unicode::text(source).len() {
        return Err(value_error("end is out of bounds"));
    }
    let (found, behind) = scan_string(source, end as usize, strict)?;
    with_index(found.upcast(), behind)
}

/// The argument as a str.
pub fn text_argument(object: &PyObject) -> PyResult<&PyASCIIObject> {
    object.downcast_ref::<PyASCIIObject>().ok_or_else(|| {
        type_error(format_args!(
            "first argument must be a string, not {:.80}",
            object.type_().name()
        ))
    })
}

fn with_index(value: Own, index: usize) -> PyResult {
    Ok(tuple::from_vec(vec![value, long::from_usize(index)?])?.upcast())
}

object_struct! {
    /// `PyScannerObject`.
    pub struct Scanner {
        strict: Cell<i8>,
        object_hook: Pointer<PyObject>,
        object_pairs_hook: Pointer<PyObject>,
        parse_float: Pointer<PyObject>,
        parse_int: Pointer<PyObject>,
        parse_constant: Pointer<PyObject>,
        memo: Pointer<PyDictObject>,
    }
}

const _: () = assert!(size_of::<Scanner>() == 72);

/// A value, and the place behind it.
type Found = PyResult<(Own, usize)>;

impl Scanner {
    fn scan(&self, source: &PyASCIIObject, index: usize) -> Found {
        let text = unicode::text(source);
        if index >= text.len() {
            return Err(stop(index));
        }
        let word = |word: &str| {
            word.bytes()
                .enumerate()
                .all(|(offset, byte)| at(text, index + offset) == u32::from(byte))
        };
        match char::from_u32(text.at(index)) {
            Some('"') => {
                let (found, behind) = scan_string(source, index + 1, self.strict.get() != 0)?;
                Ok((found.upcast(), behind))
            }
            Some('{') => {
                let _depth =
                    enter_recursive_call(" while decoding a JSON object from a unicode string")?;
                self.object(source, index + 1)
            }
            Some('[') => {
                let _depth =
                    enter_recursive_call(" while decoding a JSON array from a unicode string")?;
                self.array(source, index + 1)
            }
            Some('n') if word("null") => Ok((none(), index + 4)),
            Some('t') if word("true") => Ok((bool_object(true), index + 4)),
            Some('f') if word("false") => Ok((bool_object(false), index + 5)),
            Some('N') if word("NaN") => self.constant("NaN", index),
            Some('I') if word("Infinity") => self.constant("Infinity", index),
            Some('-') if word("-Infinity") => self.constant("-Infinity", index),
            _ => self.number(source, index),
        }
    }

    fn constant(&self, name: &str, index: usize) -> Found {
        let text = unicode::intern(unicode::from_str(name)?);
        let function = Own::new(self.parse_constant.expect_ref());
        Ok((
            call::call(&function, &[text.as_object()])?,
            index + name.len(),
        ))
    }

    fn number(&self, source: &PyASCIIObject, start: usize) -> Found {
        let text = unicode::text(source);
        let digits_from = |from: usize| {
            let mut index = from;
            while is_digit(at(text, index)) {
                index += 1;
            }
            index
        };
        let mut index = start + usize::from(is_at(text, start, '-'));
        if !is_digit(at(text, index)) {
            return Err(stop(start));
        }
        index = if is_at(text, index, '0') {
            index + 1
        } else {
            digits_from(index)
        };
        let mut is_float = false;
        if is_at(text, index, '.') && is_digit(at(text, index + 1)) {
            is_float = true;
            index = digits_from(index + 1);
        }
        if is_at(text, index, 'e') || is_at(text, index, 'E') {
            let signed = is_at(text, index + 1, '-') || is_at(text, index + 1, '+');
            let digits = index + 1 + usize::from(signed);
            let end = digits_from(digits);
            if end > digits {
                is_float = true;
                index = end;
            }
        }
        let number = unicode::substring(source, start, index)?;
        let (function, plain) = if is_float {
            (&self.parse_float, &float::PyFloat_Type)
        } else {
            (&self.parse_int, &long::PyLong_Type)
        };
        let function = Own::new(function.expect_ref());
        let value = if !std::ptr::eq(&*function, plain.as_object()) {
            call::call(&function, &[number.as_object()])?
        } else if is_float {
            float::from_text(number.as_object())?
        } else {
            long::from_unicode(&number, 10)?
        };
        Ok((value, index))
    }

    fn array(&self, source: &PyASCIIObject, start: usize) -> Found {
        let text = unicode::text(source);
        let made = list::new(0)?;
        let mut index = skip_blanks(text, start);
        if is_at(text, index, ']') {
            return Ok((made.upcast(), index + 1));
        }
        loop {
            let (value, behind) = self.scan(source, index)?;
            list::append_take(&made, value)?;
            index = skip_blanks(text, behind);
            if is_at(text, index, ']') {
                return Ok((made.upcast(), index + 1));
            }
            if !is_at(text, index, ',') {
                return Err(decode_error("Expecting ',' delimiter", source, index));
            }
            index = skip_blanks(text, index + 1);
        }
    }

    /// Key and value of an object, and the place behind them, blanks left out.
    fn member(&self, source: &PyASCIIObject, start: usize) -> PyResult<(Own, Own, usize)> {
        let text = unicode::text(source);
        if !is_at(text, start, '"') {
            return Err(decode_error(
                "Expecting property name enclosed in double quotes",
                source,
                start,
            ));
        }
        let (key, behind) = scan_string(source, start + 1, self.strict.get() != 0)?;
        let memo = Own::new(self.memo.expect_ref());
        let key = dict::set_default(&memo, key.as_object(), key.as_object())?;
        let index = skip_blanks(text, behind);
        if !is_at(text, index, ':') {
            return Err(decode_error("Expecting ':' delimiter", source, index));
        }
        let (value, behind) = self.scan(source, skip_blanks(text, index + 1))?;
        Ok((key, value, skip_blanks(text, behind)))
    }

    fn object(&self, source: &PyASCIIObject, start: usize) -> Found {
        let text = unicode::text(source);
        let pairs_hook = Own::new(self.object_pairs_hook.expect_ref());
        let pairs = if pairs_hook.is_none() {
            None
        } else {
            Some(list::new(0)?)
        };
        let made = match pairs {
            Some(_) => None,
            None => Some(dict::new()?),
        };
        let mut index = skip_blanks(text, start);
        if !is_at(text, index, '}') {
            loop {
                let (key, value, behind) = self.member(source, index)?;
                if let Some(pairs) = &pairs {
                    list::append_take(pairs, tuple::from_vec(vec![key, value])?.upcast())?;
                } else if let Some(made) = &made {
                    dict::set_item_take(made, key, value)?;
                }
                index = behind;
                if is_at(text, index, '}') {
                    break;
                }
                if !is_at(text, index, ',') {
                    return Err(decode_error("Expecting ',' delimiter", source, index));
                }
                index = skip_blanks(text, index + 1);
            }
        }
        if let Some(pairs) = pairs {
            return Ok((call::call(&pairs_hook, &[pairs.as_object()])?, index + 1));
        }
        let made = made.map_or_else(none, Own::upcast);
        let hook = Own::new(self.object_hook.expect_ref());
        if hook.is_none() {
            return Ok((made, index + 1));
        }
        Ok((call::call(&hook, &[&made])?, index + 1))
    }
}

fn call_scanner(this: &Scanner, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "scan_once",
        parameters: &["string", "idx"],
        required: 2,
        positional: 2,
    };
    let [source, index] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let index = unicode::ssize(index.expect("required"))?;
    let source = text_argument(source.expect("required"))?;
    let found = if index < 0 {
        Err(value_error("idx cannot be negative"))
    } else {
        this.scan(source, index as usize)
    };
    if let Some(memo) = Field::own(&this.memo) {
        dict::clear(&memo);
    }
    let (value, behind) = found?;
    with_index(value, behind)
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "make_scanner",
        parameters: &["context"],
        required: 1,
        positional: 1,
    };
    let [context] = call::bind_tuple::<1>(&SIGNATURE, args, kwargs)?;
    let context = context.expect("required");
    let made = Scanner::alloc(type_)?;
    made.memo.put(Some(dict::new()?));
    let strict = object::get_attr(context, id!("strict"))?;
    made.strict.set(i8::from(object::is_true(&strict)?));
    for (field, name) in [
        (&made.object_hook, id!("object_hook")),
        (&made.object_pairs_hook, id!("object_pairs_hook")),
        (&made.parse_float, id!("parse_float")),
        (&made.parse_int, id!("parse_int")),
        (&made.parse_constant, id!("parse_constant")),
    ] {
        field.put(Some(object::get_attr(context, name)?));
    }
    Ok(made.upcast())
}

members! {
    static MEMBERS:
    "strict" => T_BOOL, offset_of!(Scanner, strict), READONLY;
    "object_hook" => T_OBJECT, offset_of!(Scanner, object_hook), READONLY;
    "object_pairs_hook" => T_OBJECT, offset_of!(Scanner, object_pairs_hook), READONLY;
    "parse_float" => T_OBJECT, offset_of!(Scanner, parse_float), READONLY;
    "parse_int" => T_OBJECT, offset_of!(Scanner, parse_int), READONLY;
    "parse_constant" => T_OBJECT, offset_of!(Scanner, parse_constant), READONLY;
}

static_type! {
    /// `_json.Scanner`.
    PyScannerType = "_json.Scanner", size size_of::<Scanner>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc Scanner::dealloc),
    tp_call: slot!(call call_scanner),
    tp_traverse: slot!(traverse Scanner::traverse),
    tp_clear: slot!(clear Scanner::clear),
    tp_members: MEMBERS.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
