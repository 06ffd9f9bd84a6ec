//! The methods of str that pad, and those that translate.

use super::arguments::{expect_str, ssize};
use super::{Text, Writer, as_ascii, from_char, result_unchanged, text};
use crate::call::{self, Args, Signature};
use crate::errors::{self, PyResult, overflow_error, type_error, value_error};
use crate::exceptions::PyExc_LookupError;
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::{abstract_, dict, long};
use twinheap_abi::*;

/// The character to fill with.
fn fill_character(object: Option<&&PyObject>) -> PyResult<u32> {
    let Some(object) = object else {
        return Ok(u32::from(b' '));
    };
    let Some(fill) = object.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "The fill character must be a unicode character, not {:.100}",
            object.type_().name()
        )));
    };
    match fill.length.get() {
        1 => Ok(text(fill).at(0)),
        _ => Err(type_error(
            "The fill character must be exactly one character long",
        )),
    }
}

/// The text between fill characters.
fn pad(object: &PyASCIIObject, left: usize, right: usize, fill: u32) -> PyResult {
    if left == 0 && right == 0 {
        return result_unchanged(object);
    }
    let length = object.length.get() as usize;
    let total = left
        .checked_add(right)
        .and_then(|total| total.checked_add(length));
    if total.is_none_or(|total| total > isize::MAX as usize) {
        return Err(overflow_error("padded string is too long"));
    }
    let mut out = Writer::with_capacity(length + left + right);
    out.push_fill(fill, left);
    out.push_text(text(object));
    out.push_fill(fill, right);
    Ok(out.finish_new()?.upcast())
}

/// The width that is missing, and the fill character.
fn padding(
    object: &PyASCIIObject,
    name: &str,
    args: &[&PyObject],
) -> PyResult<(usize, usize, u32)> {
    call::check_positional(name, args.len(), 1, 2)?;
    let width = ssize(args[0])?;
    let fill = fill_character(args.get(1))?;
    let missing = usize::try_from(width.saturating_sub(object.length.get())).unwrap_or(0);
    Ok((missing, width.max(0) as usize, fill))
}

pub(super) fn unicode_center(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    let (missing, width, fill) = padding(object, "center", args)?;
    let left = missing / 2 + (missing & width & 1);
    pad(object, left, missing - left, fill)
}

pub(super) fn unicode_ljust(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    let (missing, _, fill) = padding(object, "ljust", args)?;
    pad(object, 0, missing, fill)
}

pub(super) fn unicode_rjust(object: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    let (missing, _, fill) = padding(object, "rjust", args)?;
    pad(object, missing, 0, fill)
}

pub(super) fn unicode_zfill(object: &PyASCIIObject, width: &PyObject) -> PyResult {
    let width = ssize(width)?;
    let characters = text(object);
    let missing = usize::try_from(width.saturating_sub(object.length.get())).unwrap_or(0);
    if missing == 0 {
        return result_unchanged(object);
    }
    let signed = !characters.is_empty() && matches!(characters.at(0), 0x2b | 0x2d);
    let mut out = Writer::with_capacity(characters.len() + missing);
    if signed {
        out.push_character(characters.at(0));
    }
    out.push_fill(u32::from(b'0'), missing);
    out.push_text(characters.slice(usize::from(signed), characters.len()));
    Ok(out.finish_new()?.upcast())
}

static EXPANDTABS: Signature = Signature {
    name: "expandtabs",
    parameters: &["tabsize"],
    required: 0,
    positional: 1,
};

pub(super) fn unicode_expandtabs(object: &PyASCIIObject, args: Args<'_>) -> PyResult {
    let [size] = args.bind::<1>(&EXPANDTABS)?;
    let size = size.map_or(Ok(8), long::as_int)?;
    let characters = text(object);
    if !characters.contains_character(u32::from(b'\t')) {
        return result_unchanged(object);
    }
    let mut out = Writer::with_capacity(characters.len());
    let mut column = 0usize;
    for character in characters.iter() {
        match character {
            0x09 if size > 0 => {
                let count = size as usize - column % size as usize;
                out.push_fill(u32::from(b' '), count);
                column += count;
                if out.len() > isize::MAX as usize / 4 {
                    return Err(overflow_error("new string is too long"));
                }
            }
            0x09 => {}
            _ => {
                out.push_character(character);
                column = if matches!(character, 0x0a | 0x0d) {
                    0
                } else {
                    column + 1
                };
            }
        }
    }
    Ok(out.finish()?.upcast())
}

/// What a table says about a character.
enum Translation {
    Keep,
    Delete,
    Character(u32),
    Text(Own<PyASCIIObject>),
}

fn look_up(table: &PyObject, character: u32) -> PyResult<Translation> {
    let key = long::from_i64(i64::from(character))?;
    let found = match abstract_::get_item(table, key.as_object()) {
        Ok(found) => found,
        Err(raised) if errors::matches(&PyExc_LookupError) => {
            errors::discard(raised);
            return Ok(Translation::Keep);
        }
        Err(raised) => return Err(raised),
    };
    if found.is_none() {
        return Ok(Translation::Delete);
    }
    if let Some(int) = found.downcast_ref::<PyLongObject>() {
        return match long::to_i64(int) {
            Some(value @ 0..=0x10_ffff) => Ok(Translation::Character(value as u32)),
            _ => Err(value_error(format_args!(
                "character mapping must be in range(0x{:x})",
                0x11_0000
            ))),
        };
    }
    match found.downcast::<PyASCIIObject>() {
        Ok(text) => Ok(Translation::Text(text)),
        Err(_) => Err(type_error(
            "character mapping must return integer, None or str",
        )),
    }
}

pub(super) fn unicode_translate(object: &PyASCIIObject, table: &PyObject) -> PyResult {
    translate(object, table)
}

/// `PyUnicode_Translate`; an ASCII character is looked up once.
pub fn translate(object: &PyASCIIObject, table: &PyObject) -> PyResult {
    let characters = text(object);
    let mut known: [Option<Option<u32>>; 128] = [None; 128];
    let mut out = Writer::with_capacity(characters.len());
    for character in characters.iter() {
        if let Some(Some(translated)) = known.get(character as usize) {
            translated
                .iter()
                .for_each(|&translated| out.push_character(translated));
            continue;
        }
        let translated = match look_up(table, character)? {
            Translation::Keep => Some(character),
            Translation::Delete => None,
            Translation::Character(translated) => Some(translated),
            Translation::Text(piece) => {
                out.push_text(text(&piece));
                continue;
            }
        };
        if let Some(slot) = known.get_mut(character as usize) {
            *slot = Some(translated);
        }
        translated
            .into_iter()
            .for_each(|translated| out.push_character(translated));
    }
    Ok(out.finish()?.upcast())
}

fn code_point_key(character: u32) -> PyResult<Own<PyLongObject>> {
    long::from_i64(i64::from(character))
}

pub(super) fn unicode_maketrans(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("maketrans", args.len(), 1, 3)?;
    let to = args
        .get(1)
        .map(|to| expect_str(to, "maketrans", "argument 2"))
        .transpose()?;
    let deleted = args
        .get(2)
        .map(|deleted| expect_str(deleted, "maketrans", "argument 3"))
        .transpose()?;
    let table = dict::new()?;
    match to {
        Some(to) => fill_from_pairs(&table, args[0], to, deleted)?,
        None => fill_from_dict(&table, args[0])?,
    }
    Ok(table.upcast())
}

fn fill_from_pairs(
    table: &PyDictObject,
    from: &PyObject,
    to: &PyASCIIObject,
    deleted: Option<&PyASCIIObject>,
) -> PyResult<()> {
    let Some(from) = from.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(
            "first maketrans argument must be a string if there is a second argument",
        ));
    };
    if from.length.get() != to.length.get() {
        return Err(value_error(
            "the first two maketrans arguments must have equal length",
        ));
    }
    for (from, to) in text(from).iter().zip(text(to).iter()) {
        dict::set_item(
            table,
            code_point_key(from)?.as_object(),
            code_point_key(to)?.as_object(),
        )?;
    }
    for character in deleted.map_or(Text::Ucs1(&[]), text).iter() {
        dict::set_item(
            table,
            code_point_key(character)?.as_object(),
            &crate::singletons::_Py_NoneStruct,
        )?;
    }
    Ok(())
}

fn fill_from_dict(table: &PyDictObject, source: &PyObject) -> PyResult<()> {
    let Some(source) = source.downcast_exact::<PyDictObject>() else {
        return Err(type_error(
            "if you give only one argument to maketrans it must be a dict",
        ));
    };
    for (key, value) in dict::iter_owned(source) {
        if let Some(name) = key.downcast_ref::<PyASCIIObject>() {
            if name.length.get() != 1 {
                return Err(value_error(
                    "string keys in translate table must be of length 1",
                ));
            }
            dict::set_item(table, code_point_key(text(name).at(0))?.as_object(), &value)?;
        } else if key.downcast_ref::<PyLongObject>().is_some() {
            dict::set_item(table, &key, &value)?;
        } else {
            return Err(type_error(
                "keys in translate table must be strings or integers",
            ));
        }
    }
    Ok(())
}

/// The character of a str of one character, as an exact str.
pub fn character_at(object: &PyASCIIObject, index: usize) -> PyResult<Own<PyASCIIObject>> {
    match as_ascii(object) {
        Some(ascii) => Ok(super::latin1_character(ascii.as_bytes()[index])),
        None => from_char(text(object).at(index)),
    }
}
