//! Character map codecs: `charmap_encode`, `charmap_decode`, and the table that `charmap_build` makes.

use crate::_codecs::handler_name;
use crate::encoding_map;
use crate::prelude::*;
use twinheap_objects::buffer::Buffer;
use twinheap_objects::bytes;
use twinheap_objects::exceptions::{
    PyExc_LookupError, PyExc_UnicodeDecodeError, PyExc_UnicodeEncodeError,
};

fn mapping_of<'a>(args: &'a [&'a PyObject]) -> Option<&'a PyObject> {
    args.get(2).copied().filter(|mapping| !mapping.is_none())
}

/// Asks the handler about the failing span: its replacement, and where to go on.
fn ask_handler(
    type_: &PyTypeObject,
    handler: &str,
    object: &PyObject,
    (start, end): (usize, usize),
    reason: &str,
) -> PyResult<(Own, usize)> {
    let error = call::call(
        type_.as_object(),
        &[
            unicode::from_str("charmap")?.as_object(),
            object,
            &*long::from_usize(start)?,
            &*long::from_usize(end)?,
            unicode::from_str(reason)?.as_object(),
        ],
    )?;
    let answer = call::call(&*unicode::codecs::lookup_error(handler)?, &[&error])?;
    let wrong = || type_error("encoding error handler must return (str/bytes, int) tuple");
    let pair = answer.downcast_ref::<PyTupleObject>().ok_or_else(wrong)?;
    let &[replacement, position] = tuple::items(pair) else {
        return Err(wrong());
    };
    let position = unicode::ssize(position)?;
    let length = object::length(object)? as isize;
    let position = if position < 0 {
        position + length
    } else {
        position
    };
    if position < 0 || position > length {
        return Err(index_error(format_args!(
            "position {position} from error handler out of bounds"
        )));
    }
    Ok((Own::new(replacement), position as usize))
}

/// What a mapping says of a key: nothing where it is missing or None.
fn look_up(mapping: &PyObject, key: usize) -> PyResult<Option<Own>> {
    match abstract_::get_item(mapping, &*long::from_usize(key)?) {
        Ok(found) => Ok(Some(found).filter(|found| !found.is_none())),
        Err(raised) => {
            if errors::matches(&PyExc_LookupError) {
                errors::discard(raised);
                return Ok(None);
            }
            Err(raised)
        }
    }
}

pub fn charmap_decode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("charmap_decode", args.len(), 1, 3)?;
    let data = Buffer::of(args[0])?.data().to_vec();
    let handler = handler_name("charmap_decode", args.get(1))?;
    let count = long::from_usize(data.len())?;
    let Some(mapping) = mapping_of(args) else {
        let text = unicode::from_ucs1(&data)?.upcast();
        return Ok(tuple::from_vec(vec![text, count])?.upcast());
    };
    let table = mapping.downcast_ref::<PyASCIIObject>().map(unicode::text);
    let mut writer = unicode::Writer::new();
    let mut at = 0;
    while at < data.len() {
        let byte = usize::from(data[at]);
        let found = match table {
            Some(table) if byte < table.len() && table.at(byte) != 0xfffe => {
                writer.push_character(table.at(byte));
                true
            }
            Some(_) => false,
            None => push_mapped(&mut writer, look_up(mapping, byte)?)?,
        };
        if found {
            at += 1;
            continue;
        }
        let source = bytes::from_slice(&data)?;
        let (replacement, next) = ask_handler(
            &PyExc_UnicodeDecodeError,
            &handler,
            source.as_object(),
            (at, at + 1),
            "character maps to <undefined>",
        )?;
        writer.push_object(&replacement)?;
        at = next;
    }
    Ok(tuple::from_vec(vec![writer.finish()?.upcast(), count])?.upcast())
}

fn push_mapped(writer: &mut unicode::Writer, found: Option<Own>) -> PyResult<bool> {
    let Some(found) = found else {
        return Ok(false);
    };
    if let Some(text) = found.downcast_ref::<PyASCIIObject>() {
        if unicode::text(text).len() == 1 && unicode::text(text).at(0) == 0xfffe {
            return Ok(false);
        }
        writer.push_text(unicode::text(text));
        return Ok(true);
    }
    match found.downcast_ref::<PyLongObject>().map(long::to_i64) {
        Some(Some(0xfffe)) => Ok(false),
        Some(Some(value @ 0..=0x10_ffff)) => {
            writer.push_character(value as u32);
            Ok(true)
        }
        Some(_) => Err(type_error("character mapping must be in range(0x110000)")),
        None => Err(type_error(
            "character mapping must return integer, None or str",
        )),
    }
}

/// What a character is encoded as; nothing where the mapping has none.
fn encode_one(mapping: &PyObject, character: u32) -> PyResult<Option<Vec<u8>>> {
    if let Some(map) = mapping.downcast_ref::<encoding_map::encoding_map>() {
        return Ok(map.look_up(character).map(|byte| vec![byte]));
    }
    let Some(found) = look_up(mapping, character as usize)? else {
        return Ok(None);
    };
    if let Some(data) = found.downcast_ref::<PyBytesObject>() {
        return Ok(Some(bytes::data_of(data).to_vec()));
    }
    match found.downcast_ref::<PyLongObject>().map(long::to_i64) {
        Some(Some(value @ 0..=255)) => Ok(Some(vec![value as u8])),
        Some(_) => Err(type_error("character mapping must be in range(256)")),
        None => Err(type_error(format_args!(
            "character mapping must return integer, bytes or None, not {}",
            found.type_().name()
        ))),
    }
}

pub fn charmap_encode(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("charmap_encode", args.len(), 1, 3)?;
    let Some(text) = args[0].downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "charmap_encode() argument 1 must be str, not {}",
            unicode::type_name_or_none(args[0])
        )));
    };
    let handler = handler_name("charmap_encode", args.get(1))?;
    let characters = unicode::text(text);
    let Some(mapping) = mapping_of(args) else {
        let encoding = unicode::codecs::Encoding::Latin1;
        let made = unicode::codecs::encode(text, encoding, &handler)?.upcast();
        let count = long::from_usize(characters.len())?;
        return Ok(tuple::from_vec(vec![made, count])?.upcast());
    };
    let mut made = Vec::with_capacity(characters.len());
    let mut at = 0;
    while at < characters.len() {
        if let Some(encoded) = encode_one(mapping, characters.at(at))? {
            made.extend(encoded);
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while end < characters.len() && encode_one(mapping, characters.at(end))?.is_none() {
            end += 1;
        }
        let (replacement, next) = ask_handler(
            &PyExc_UnicodeEncodeError,
            &handler,
            text.as_object(),
            (at, end),
            "character maps to <undefined>",
        )?;
        if let Some(data) = replacement.downcast_ref::<PyBytesObject>() {
            made.extend_from_slice(bytes::data_of(data));
        } else if let Some(replacement) = replacement.downcast_ref::<PyASCIIObject>() {
            for character in unicode::text(replacement).iter() {
                match encode_one(mapping, character)? {
                    Some(encoded) => made.extend(encoded),
                    None => {
                        ask_handler(
                            &PyExc_UnicodeEncodeError,
                            "strict",
                            text.as_object(),
                            (at, end),
                            "character maps to <undefined>",
                        )?;
                    }
                }
            }
        }
        at = next;
    }
    let parts = vec![
        bytes::from_slice_fresh(&made)?.upcast(),
        long::from_usize(characters.len())?,
    ];
    Ok(tuple::from_vec(parts)?.upcast())
}

/// The table from characters to bytes that a decoding table stands for, as a dict.
pub fn charmap_build(_: &PyObject, map: &PyObject) -> PyResult {
    let Some(map) = map.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "charmap_build() argument must be str, not {}",
            unicode::type_name_or_none(map)
        )));
    };
    encoding_map::build(map)
}
