//! The methods of str about case and about the classes its characters belong to.

use super::{Text, Writer, as_ascii, new_ucs1, result_unchanged, text};
use crate::errors::PyResult;
use crate::memory;
use crate::singletons::bool_object;
use crate::ucd_bridge::{self as ucd, Case};
use twinheap_abi::*;

/// Lower case of a capital sigma depends on its place in the word.
fn lower_sigma(characters: Text<'_>, at: usize) -> u32 {
    let passed = |c: &u32| !ucd::is_case_ignorable(*c);
    let before = (0..at).rev().map(|index| characters.at(index)).find(passed);
    let after = (at + 1..characters.len())
        .map(|index| characters.at(index))
        .find(passed);
    let is_final = before.is_some_and(ucd::is_cased) && !after.is_some_and(ucd::is_cased);
    if is_final { 0x3c2 } else { 0x3c3 }
}

fn push_lower(out: &mut Writer, characters: Text<'_>, at: usize) {
    let character = characters.at(at);
    if character == 0x3a3 {
        return out.push_character(lower_sigma(characters, at));
    }
    push_mapped(out, character, Case::Lower);
}

fn push_mapped(out: &mut Writer, character: u32, case: Case) {
    let (mapped, count) = ucd::map_case(character, case);
    mapped[..count]
        .iter()
        .for_each(|&character| out.push_character(character));
}

/// A text made by handling every character with its index.
fn mapped(object: &PyASCIIObject, mut push: impl FnMut(&mut Writer, Text<'_>, usize)) -> PyResult {
    let characters = text(object);
    let mut out = Writer::with_capacity(characters.len());
    for index in 0..characters.len() {
        push(&mut out, characters, index);
    }
    Ok(out.finish_new()?.upcast())
}

fn of_ascii(text: &str) -> PyResult {
    Ok(new_ucs1(text.as_bytes())?.upcast())
}

pub(super) fn unicode_lower(object: &PyASCIIObject) -> PyResult {
    match as_ascii(object) {
        Some(ascii) => {
            memory::probe(ascii.len())?;
            of_ascii(&ascii.to_ascii_lowercase())
        }
        None => mapped(object, push_lower),
    }
}

pub(super) fn unicode_upper(object: &PyASCIIObject) -> PyResult {
    match as_ascii(object) {
        Some(ascii) => {
            memory::probe(ascii.len())?;
            of_ascii(&ascii.to_ascii_uppercase())
        }
        None => mapped(object, |out, characters, at| {
            push_mapped(out, characters.at(at), Case::Upper)
        }),
    }
}

pub(super) fn unicode_casefold(object: &PyASCIIObject) -> PyResult {
    match as_ascii(object) {
        Some(ascii) => of_ascii(&ascii.to_ascii_lowercase()),
        None => mapped(object, |out, characters, at| {
            push_mapped(out, characters.at(at), Case::Fold)
        }),
    }
}

pub(super) fn unicode_capitalize(object: &PyASCIIObject) -> PyResult {
    if object.length.get() == 0 {
        return result_unchanged(object);
    }
    mapped(object, |out, characters, at| match at {
        0 => push_mapped(out, characters.at(0), Case::Title),
        _ => push_lower(out, characters, at),
    })
}

pub(super) fn unicode_swapcase(object: &PyASCIIObject) -> PyResult {
    mapped(object, |out, characters, at| {
        let character = characters.at(at);
        if ucd::is_upper(character) {
            push_lower(out, characters, at);
        } else if ucd::is_lower(character) {
            push_mapped(out, character, Case::Upper);
        } else {
            out.push_character(character);
        }
    })
}

pub(super) fn unicode_title(object: &PyASCIIObject) -> PyResult {
    let mut in_word = false;
    mapped(object, |out, characters, at| {
        match in_word {
            true => push_lower(out, characters, at),
            false => push_mapped(out, characters.at(at), Case::Title),
        }
        in_word = ucd::is_cased(characters.at(at));
    })
}

/// Whether there is a character, and all of them have the property.
fn all(object: &PyASCIIObject, property: fn(u32) -> bool) -> PyResult {
    let characters = text(object);
    Ok(bool_object(
        !characters.is_empty() && characters.iter().all(property),
    ))
}

macro_rules! predicates {
    ($($name:ident => $property:path;)+) => {
        $(pub(super) fn $name(object: &PyASCIIObject) -> PyResult {
            all(object, $property)
        })+
    };
}

predicates! {
    unicode_isalpha => ucd::is_alpha;
    unicode_isalnum => ucd::is_alnum;
    unicode_isdecimal => ucd::is_decimal;
    unicode_isdigit => ucd::is_digit;
    unicode_isnumeric => ucd::is_numeric;
    unicode_isspace => ucd::is_space;
}

pub(super) fn unicode_isascii(object: &PyASCIIObject) -> PyResult {
    Ok(bool_object(object.is_ascii()))
}

pub(super) fn unicode_isprintable(object: &PyASCIIObject) -> PyResult {
    Ok(bool_object(text(object).iter().all(ucd::is_printable)))
}

/// Whether there is a character of the wanted case and none of another.
fn all_cased(
    object: &PyASCIIObject,
    wanted: fn(u32) -> bool,
    unwanted: fn(u32) -> bool,
) -> PyResult {
    let mut cased = false;
    for character in text(object).iter() {
        if unwanted(character) || ucd::is_title(character) {
            return Ok(bool_object(false));
        }
        cased |= wanted(character);
    }
    Ok(bool_object(cased))
}

pub(super) fn unicode_islower(object: &PyASCIIObject) -> PyResult {
    all_cased(object, ucd::is_lower, ucd::is_upper)
}

pub(super) fn unicode_isupper(object: &PyASCIIObject) -> PyResult {
    all_cased(object, ucd::is_upper, ucd::is_lower)
}

pub(super) fn unicode_istitle(object: &PyASCIIObject) -> PyResult {
    let (mut cased, mut in_word) = (false, false);
    for character in text(object).iter() {
        if ucd::is_upper(character) || ucd::is_title(character) {
            if in_word {
                return Ok(bool_object(false));
            }
            (cased, in_word) = (true, true);
        } else if ucd::is_lower(character) {
            if !in_word {
                return Ok(bool_object(false));
            }
            (cased, in_word) = (true, true);
        } else {
            in_word = false;
        }
    }
    Ok(bool_object(cased))
}

/// `PyUnicode_IsIdentifier`.
pub fn is_identifier(object: &PyASCIIObject) -> bool {
    let mut characters = text(object).iter();
    let starts = characters
        .next()
        .is_some_and(|c| c == u32::from('_') || ucd::is_xid_start(c));
    starts && characters.all(ucd::is_xid_continue)
}

pub(super) fn unicode_isidentifier(object: &PyASCIIObject) -> PyResult {
    Ok(bool_object(is_identifier(object)))
}
