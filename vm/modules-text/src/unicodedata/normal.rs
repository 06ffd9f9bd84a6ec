//! `normalize` and `is_normalized`.

use super::version_of;
use twinheap_abi::*;
use twinheap_objects::call::check_positional;
use twinheap_objects::errors::{PyResult, no_memory, value_error};
use twinheap_objects::own::Own;
use twinheap_objects::singletons::bool_object;
use twinheap_objects::unicode;
use twinheap_ucd::{Form, Version, is_surely_normal};

/// The name of a form and a text.
fn arguments<'a>(
    name: &str,
    args: &[&'a PyObject],
) -> PyResult<(&'a PyASCIIObject, &'a PyASCIIObject)> {
    check_positional(name, args.len(), 2, 2)?;
    let form = unicode::expect_str(args[0], name, "argument 1")?;
    Ok((form, unicode::expect_str(args[1], name, "argument 2")?))
}

fn form_of(name: &PyASCIIObject) -> PyResult<Form> {
    let forms = [
        ("NFC", Form::Nfc),
        ("NFKC", Form::Nfkc),
        ("NFD", Form::Nfd),
        ("NFKD", Form::Nfkd),
    ];
    forms
        .into_iter()
        .find(|(known, _)| unicode::equals_str(name, known))
        .map(|(_, form)| form)
        .ok_or_else(|| value_error("invalid normalization form"))
}

fn codes_of(text: &PyASCIIObject) -> PyResult<Vec<u32>> {
    let mut codes = Vec::new();
    codes
        .try_reserve_exact(text.length.get() as usize)
        .map_err(|_| no_memory())?;
    codes.extend(unicode::text(text).iter());
    Ok(codes)
}

/// Whether a glance is enough; for the old version there are no tables to glance at.
fn passes_quickly(version: Version, text: &PyASCIIObject, form: Form) -> bool {
    version == Version::Current
        && (text.is_ascii() || is_surely_normal(unicode::text(text).iter(), form))
}

pub(super) fn is_normalized(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let (form, text) = arguments("is_normalized", args)?;
    if text.length.get() == 0 {
        return Ok(bool_object(true));
    }
    let (form, version) = (form_of(form)?, version_of(this));
    if passes_quickly(version, text, form) {
        return Ok(bool_object(true));
    }
    let codes = codes_of(text)?;
    Ok(bool_object(version.normalize(&codes, form) == codes))
}

pub(super) fn normalize(this: &PyObject, args: &[&PyObject]) -> PyResult {
    let (form, text) = arguments("normalize", args)?;
    if text.length.get() == 0 {
        return Ok(Own::new(text).upcast());
    }
    let (form, version) = (form_of(form)?, version_of(this));
    if passes_quickly(version, text, form) {
        return Ok(Own::new(text).upcast());
    }
    let normal = version.normalize(&codes_of(text)?, form);
    Ok(unicode::from_ucs4(&normal)?.upcast())
}
