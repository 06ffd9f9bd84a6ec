//! `_sre` (`Modules/_sre/sre.c`): compiled patterns, matches and scanners over the engine of `vm/sre`.

mod matched;
mod pattern;
mod scanner;
mod subject;

pub use matched::{MatchObject, PyMatch_Type};
pub use pattern::{PatternObject, PyPattern_Type};
pub use scanner::{PyScanner_Type, ScannerObject};

use twinheap_abi::*;
use twinheap_objects::call::{Args, Signature};
use twinheap_objects::errors::{PyResult, type_error};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{
    dict, long, methods, module, singletons, types, ucd_bridge as ucd, unicode,
};
use twinheap_sre::Characters;
use twinheap_sre::codes;

/// What the engine asks about characters.
pub(crate) fn characters() -> Characters {
    Characters {
        is_decimal: ucd::is_decimal,
        is_space: ucd::is_space,
        is_alnum: ucd::is_alnum,
        is_linebreak: ucd::is_line_break,
        to_lower: simple_lower,
        to_upper: simple_upper,
    }
}

/// The simple lower case mapping.
fn simple_lower(character: u32) -> u32 {
    ucd::simple_case(character, ucd::Case::Lower)
}

/// The simple upper case mapping.
fn simple_upper(character: u32) -> u32 {
    ucd::simple_case(character, ucd::Case::Upper)
}

static COMPILE: Signature = Signature {
    name: "compile",
    parameters: &[
        "pattern",
        "flags",
        "code",
        "groups",
        "groupindex",
        "indexgroup",
    ],
    required: 6,
    positional: 6,
};

fn sre_compile(_: &PyObject, args: Args<'_>) -> PyResult {
    let bound = args.bind::<6>(&COMPILE)?;
    let [
        Some(pattern),
        Some(flags),
        Some(code),
        Some(groups),
        Some(index),
        Some(names),
    ] = bound
    else {
        return Err(type_error("compile() takes exactly 6 arguments"));
    };
    pattern::compile(pattern, flags, code, groups, index, names)
}

fn sre_getcodesize(_: &PyObject) -> PyResult {
    long::from_isize(4)
}

fn character_of(object: &PyObject) -> PyResult<u32> {
    Ok(long::as_int(object)? as u32)
}

fn from_character(character: u32) -> PyResult {
    long::from_isize(character as isize)
}

fn ascii_lower(character: u32) -> u32 {
    match u8::try_from(character) {
        Ok(byte) => u32::from(byte.to_ascii_lowercase()),
        Err(_) => character,
    }
}

fn sre_ascii_iscased(_: &PyObject, character: &PyObject) -> PyResult {
    let character = character_of(character)?;
    let letter = u8::try_from(character).is_ok_and(|byte| byte.is_ascii_alphabetic());
    Ok(singletons::bool_object(letter))
}

fn sre_unicode_iscased(_: &PyObject, character: &PyObject) -> PyResult {
    let character = character_of(character)?;
    let cased = simple_lower(character) != character || simple_upper(character) != character;
    Ok(singletons::bool_object(cased))
}

fn sre_ascii_tolower(_: &PyObject, character: &PyObject) -> PyResult {
    from_character(ascii_lower(character_of(character)?))
}

fn sre_unicode_tolower(_: &PyObject, character: &PyObject) -> PyResult {
    from_character(simple_lower(character_of(character)?))
}

methods! {
    static SRE_FUNCTIONS:
    "compile" => keywords(sre_compile, "($module, /, pattern, flags, code, groups, groupindex,\n        indexgroup)");
    "getcodesize" => noargs(sre_getcodesize, "($module, /)");
    "ascii_iscased" => o(sre_ascii_iscased, "($module, character, /)");
    "unicode_iscased" => o(sre_unicode_iscased, "($module, character, /)");
    "ascii_tolower" => o(sre_ascii_tolower, "($module, character, /)");
    "unicode_tolower" => o(sre_unicode_tolower, "($module, character, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    for type_ in [&PyPattern_Type, &PyMatch_Type, &PyScanner_Type] {
        types::ready(type_)?;
    }
    let made = module::new("_sre")?;
    module::add_functions(&made, SRE_FUNCTIONS)?;
    let namespace = module::dict_of(&made);
    let constants = [
        ("MAGIC", u64::from(codes::MAGIC)),
        ("CODESIZE", 4),
        ("MAXREPEAT", u64::from(codes::MAXREPEAT)),
        ("MAXGROUPS", u64::from(codes::MAXGROUPS)),
    ];
    for (name, value) in constants {
        dict::set_literal(namespace, name, long::from_u64(value)?.as_object())?;
    }
    let copyright = unicode::from_str(" SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ")?;
    dict::set_literal(namespace, "copyright", copyright.as_object())?;
    Ok(made)
}
