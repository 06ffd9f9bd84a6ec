//! `unicodedata` (`Modules/unicodedata.c`): what the Unicode database says of characters.
//!
//! The functions of the module and the methods of `UCD` are the same; what they are called on tells the version.

mod capsule;
mod database;
mod normal;

pub use capsule::PyCapsule_Type;
pub use database::{PreviousDBVersion, UCD_Type};

use normal::{is_normalized, normalize};
use twinheap_abi::*;
use twinheap_objects::call::check_positional;
use twinheap_objects::errors::{self, PyResult, type_error, value_error};
use twinheap_objects::exceptions::PyExc_KeyError;
use twinheap_objects::object::{ObjectExt, TypeExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{buffer, bytes, float, long, methods, module, types, unicode};
use twinheap_ucd::{self as ucd, Version};

/// The longest name there is: a longer one is not even looked for.
const NAME_MAXLEN: usize = 256;

/// The version of the database that a function is asked through.
fn version_of(this: &PyObject) -> Version {
    match this.downcast_ref::<PyModuleObject>() {
        Some(_) => Version::Current,
        None => Version::Old,
    }
}

/// The argument as one character; `place` is `argument` or `argument 1`.
fn character_of(object: &PyObject, function: &str, place: &str) -> PyResult<u32> {
    if let Some(text) = object.downcast_ref::<PyASCIIObject>()
        && text.length.get() == 1
    {
        return Ok(unicode::text(text).at(0));
    }
    Err(type_error(format_args!(
        "{function}() {place} must be a unicode character, not {:.50}",
        unicode::type_name_or_none(object)
    )))
}

/// A character, and what is given back for one that has no value.
fn with_default<'a>(name: &str, args: &[&'a PyObject]) -> PyResult<(u32, Option<&'a PyObject>)> {
    check_positional(name, args.len(), 1, 2)?;
    let character = character_of(args[0], name, "argument 1")?;
    Ok((character, args.get(1).copied()))
}

/// The default, or an error that says what is missing.
fn missing(default: Option<&PyObject>, message: &str) -> PyResult {
    match default {
        Some(default) => Ok(Own::new(default)),
        None => Err(value_error(message)),
    }
}

fn decimal(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let (character, default) = with_default("decimal", args)?;
    match version_of(this).decimal_value(character) {
        Some(value) => long::from_isize(value.into()),
        None => missing(default, "not a decimal"),
    }
}

fn digit(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (character, default) = with_default("digit", args)?;
    match ucd::digit_value(character) {
        Some(value) => long::from_isize(value.into()),
        None => missing(default, "not a digit"),
    }
}

fn numeric(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let (character, default) = with_default("numeric", args)?;
    match version_of(this).numeric_value(character) {
        Some(value) => float::from_f64(value),
        None => missing(default, "not a numeric character"),
    }
}

fn category(this: &PyObject, object: &PyObject) -> PyResult {
    let character = character_of(object, "category", "argument")?;
    Ok(unicode::from_str(version_of(this).category(character))?.upcast())
}

fn bidirectional(this: &PyObject, object: &PyObject) -> PyResult {
    let character = character_of(object, "bidirectional", "argument")?;
    Ok(unicode::from_str(version_of(this).bidirectional(character))?.upcast())
}

fn combining(this: &PyObject, object: &PyObject) -> PyResult {
    let character = character_of(object, "combining", "argument")?;
    long::from_isize(version_of(this).combining(character).into())
}

fn mirrored(this: &PyObject, object: &PyObject) -> PyResult {
    let character = character_of(object, "mirrored", "argument")?;
    long::from_isize(version_of(this).is_mirrored(character).into())
}

fn east_asian_width(this: &PyObject, object: &PyObject) -> PyResult {
    let character = character_of(object, "east_asian_width", "argument")?;
    Ok(unicode::from_str(version_of(this).east_asian_width(character))?.upcast())
}

fn decomposition(this: &PyObject, object: &PyObject) -> PyResult {
    let character = character_of(object, "decomposition", "argument")?;
    let mut text = String::new();
    if let Some((tag, parts)) = version_of(this).decomposition(character) {
        text.push_str(tag);
        for part in parts {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&format!("{part:04X}"));
        }
    }
    Ok(unicode::from_str(&text)?.upcast())
}

fn name(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let (character, default) = with_default("name", args)?;
    match version_of(this).name_of(character) {
        Some(name) => Ok(unicode::from_str(&name)?.upcast()),
        None => missing(default, "no such name"),
    }
}

/// The bytes of a name: a str as UTF-8, or bytes as they are.
fn name_bytes(object: &PyObject) -> PyResult<Vec<u8>> {
    if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        let encoded = unicode::codecs::as_encoded_string(text, None, None)?;
        let encoded = encoded.downcast_ref::<PyBytesObject>();
        return Ok(encoded.map_or_else(Vec::new, |encoded| bytes::data_of(encoded).to_vec()));
    }
    if let Some(data) = object.downcast_ref::<PyBytesObject>() {
        return Ok(bytes::data_of(data).to_vec());
    }
    if !buffer::is_exporter(object) {
        return Err(buffer::not_bytes_like(object));
    }
    Err(type_error(format_args!(
        "lookup() argument must be read-only bytes-like object, not {:.50}",
        object.type_().name()
    )))
}

fn lookup(this: &PyObject, object: &PyObject) -> PyResult {
    let name = name_bytes(object)?;
    if name.len() > NAME_MAXLEN {
        return Err(errors::raise(&PyExc_KeyError, "name too long"));
    }
    let version = version_of(this);
    if let Ok(name) = str::from_utf8(&name) {
        if let Some(sequence) = version.named_sequence(name) {
            return Ok(unicode::from_ucs4(sequence)?.upcast());
        }
        if let Some(character) = version.lookup(name) {
            return Ok(unicode::from_char(character)?.upcast());
        }
    }
    // The message is made from a C string, which a NUL ends.
    let shown = name.split(|byte| *byte == 0).next().unwrap_or(&[]);
    let shown = String::from_utf8_lossy(shown);
    let message = format_args!("undefined character name '{shown}'");
    Err(errors::raise(&PyExc_KeyError, message))
}

methods! {
    pub(crate) static UNICODEDATA_FUNCTIONS:
    "decimal" => fast(decimal, "($self, chr, default=<unrepresentable>, /)");
    "digit" => fast(digit, "($self, chr, default=<unrepresentable>, /)");
    "numeric" => fast(numeric, "($self, chr, default=<unrepresentable>, /)");
    "category" => o(category, "($self, chr, /)");
    "bidirectional" => o(bidirectional, "($self, chr, /)");
    "combining" => o(combining, "($self, chr, /)");
    "mirrored" => o(mirrored, "($self, chr, /)");
    "east_asian_width" => o(east_asian_width, "($self, chr, /)");
    "decomposition" => o(decomposition, "($self, chr, /)");
    "name" => fast(name, "($self, chr, default=<unrepresentable>, /)");
    "lookup" => o(lookup, "($self, name, /)");
    "is_normalized" => fast(is_normalized, "($self, form, unistr, /)");
    "normalize" => fast(normalize, "($self, form, unistr, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    types::ready(&PyCapsule_Type)?;
    let made = module::new("unicodedata")?;
    module::add_functions(&made, UNICODEDATA_FUNCTIONS)?;
    module::add_str(&made, "unidata_version", Version::Current.name())?;
    types::ready(&UCD_Type)?;
    module::add(&made, "UCD", UCD_Type.as_object())?;
    module::add(&made, "ucd_3_2_0", &*database::new_previous_version()?)?;
    module::add(&made, "_ucnhash_CAPI", &*capsule::names_capsule()?)?;
    Ok(made)
}
