//! `_locale` (`Modules/_localemodule.c`): the C library's locale, and its message catalogues.
//!
//! The locale belongs to the process. Text from the C library is decoded as `LC_CTYPE` says.

use crate::arguments::{failure, int, last_errno};
use crate::prelude::*;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use twinheap_objects::exceptions::{PyExc_Exception, raise_os_error};
use twinheap_objects::paths::path_bytes;
use twinheap_objects::state::Global;
use twinheap_objects::unicode::codecs::{self, Encoding};

unsafe extern "C" {
    fn mbstowcs(target: *mut u32, source: *const c_char, room: usize) -> usize;
    fn wcscoll(one: *const u32, other: *const u32) -> c_int;
    fn wcsxfrm(target: *mut u32, source: *const u32, room: usize) -> usize;
    fn gettext(message: *const c_char) -> *const c_char;
    fn dgettext(domain: *const c_char, message: *const c_char) -> *const c_char;
    fn dcgettext(domain: *const c_char, message: *const c_char, category: c_int) -> *const c_char;
    fn textdomain(domain: *const c_char) -> *const c_char;
    fn bindtextdomain(domain: *const c_char, folder: *const c_char) -> *const c_char;
    fn bind_textdomain_codeset(domain: *const c_char, codeset: *const c_char) -> *const c_char;
}

static ERROR: Global<Pointer<PyTypeObject>> = Global(Cell::new(null_mut()));

/// The exception `locale.Error`.
fn error_type() -> PyResult<Own<PyTypeObject>> {
    if let Some(made) = Field::own(&*ERROR) {
        return Ok(made);
    }
    let made = types::build_class_type("Error", &PyExc_Exception, "locale")?;
    ERROR.put(Some(made.clone()));
    Ok(made)
}

fn locale_error(message: &str) -> errors::Raised {
    match error_type() {
        Ok(type_) => errors::raise(&type_, message),
        Err(raised) => raised,
    }
}

/// `PyUnicode_DecodeLocale` without an error handler.
fn decode_locale(text: &CStr) -> PyResult {
    // The C library writes no more wide characters than there are bytes, and the NUL.
    let mut wide = memory::filled(0u32, text.to_bytes().len() + 1)?;
    // SAFETY: `wide` has room for as many characters as it is told of.
    let written = unsafe { mbstowcs(wide.as_mut_ptr(), text.as_ptr(), wide.len()) };
    match wide.get(..written) {
        Some(wide) => Ok(unicode::from_ucs4(wide)?.upcast()),
        // What the locale cannot read is refused by the decoder, with the place of the byte.
        None => Ok(codecs::decode(text.to_bytes(), Encoding::Utf8, "strict")?.upcast()),
    }
}

/// The same for what a function of the C library returned; null is the system's error.
///
/// # Safety
/// `text` is null or ends with NUL.
unsafe fn decode_answer(text: *const c_char) -> PyResult {
    if text.is_null() {
        return Err(failure());
    }
    // SAFETY: by contract.
    decode_locale(unsafe { CStr::from_ptr(text) })
}

/// Text that was found to hold no NUL, for the C library.
fn c_string(text: &PyASCIIObject) -> PyResult<CString> {
    CString::new(unicode::as_utf8(text)?).map_err(|_| value_error("embedded null character"))
}

fn text_argument(object: &PyObject, function: &str, what: &str) -> PyResult<CString> {
    c_string(unicode::expect_text(object, function, what)?)
}

fn optional_text(
    object: Option<&PyObject>,
    function: &str,
    what: &str,
) -> PyResult<Option<CString>> {
    let given = unicode::expect_text_or_none(object, function, what)?;
    given.map(c_string).transpose()
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(null(), |text| text.as_ptr())
}

fn setlocale(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("setlocale", args.len(), 1, 2)?;
    let category = long::as_int(args[0])?;
    let locale = optional_text(args.get(1).copied(), "setlocale", "argument 2")?;
    // SAFETY: the name is null or ends with NUL; the answer is copied before the next call.
    unsafe {
        let answer = libc::setlocale(category, pointer(&locale));
        if answer.is_null() {
            return Err(locale_error(match locale {
                Some(_) => "unsupported locale setting",
                None => "locale query failed",
            }));
        }
        decode_answer(answer)
    }
}

/// The sizes of groups of digits, ended by 0 or `CHAR_MAX`.
fn grouping(sizes: &CStr) -> PyResult {
    let mut found = Vec::new();
    for size in sizes.to_bytes_with_nul() {
        memory::push(&mut found, int(*size as c_char)?)?;
        if matches!(*size as c_char, 0 | c_char::MAX) {
            break;
        }
    }
    if found.len() == 1 && sizes.is_empty() {
        found.clear();
    }
    Ok(list::from_vec(found)?.upcast())
}

/// Does something while `LC_CTYPE` is the locale of another category, if one of the texts needs that.
fn decoding_as<R>(category: c_int, needed: bool, act: impl FnOnce() -> R) -> R {
    // SAFETY: the names are copied before they are changed.
    unsafe {
        let own = libc::setlocale(libc::LC_CTYPE, null());
        let other = libc::setlocale(category, null());
        if !needed
            || own.is_null()
            || other.is_null()
            || CStr::from_ptr(own) == CStr::from_ptr(other)
        {
            return act();
        }
        let (own, other) = (
            CStr::from_ptr(own).to_owned(),
            CStr::from_ptr(other).to_owned(),
        );
        libc::setlocale(libc::LC_CTYPE, other.as_ptr());
        let result = act();
        libc::setlocale(libc::LC_CTYPE, own.as_ptr());
        result
    }
}

/// What `localeconv` tells, copied: the C library may change it at any call.
struct Conventions {
    monetary: [(&'static str, CString); 4],
    mon_grouping: CString,
    signs: [(&'static str, CString); 2],
    numbers: [(&'static str, c_char); 8],
    numeric: [(&'static str, CString); 2],
    grouping: CString,
}

impl Conventions {
    fn read() -> Conventions {
        // SAFETY: `localeconv` returns a struct whose texts end with NUL, valid until the locale changes.
        unsafe {
            let found = &*libc::localeconv();
            let text = |text: *const c_char| CStr::from_ptr(text).to_owned();
            Conventions {
                monetary: [
                    ("int_curr_symbol", text(found.int_curr_symbol)),
                    ("currency_symbol", text(found.currency_symbol)),
                    ("mon_decimal_point", text(found.mon_decimal_point)),
                    ("mon_thousands_sep", text(found.mon_thousands_sep)),
                ],
                mon_grouping: text(found.mon_grouping),
                signs: [
                    ("positive_sign", text(found.positive_sign)),
                    ("negative_sign", text(found.negative_sign)),
                ],
                numbers: [
                    ("int_frac_digits", found.int_frac_digits),
                    ("frac_digits", found.frac_digits),
                    ("p_cs_precedes", found.p_cs_precedes),
                    ("p_sep_by_space", found.p_sep_by_space),
                    ("n_cs_precedes", found.n_cs_precedes),
                    ("n_sep_by_space", found.n_sep_by_space),
                    ("p_sign_posn", found.p_sign_posn),
                    ("n_sign_posn", found.n_sign_posn),
                ],
                numeric: [
                    ("decimal_point", text(found.decimal_point)),
                    ("thousands_sep", text(found.thousands_sep)),
                ],
                grouping: text(found.grouping),
            }
        }
    }
}

/// Adds texts of a category to the answer of `localeconv`.
fn add_texts(answer: &PyDictObject, category: c_int, texts: &[(&str, CString)]) -> PyResult<()> {
    let is_plain = |text: &CString| text.as_bytes().len() == 1 && text.as_bytes().is_ascii();
    let needed = !texts.iter().all(|(_, text)| is_plain(text));
    decoding_as(category, needed, || {
        for (name, text) in texts {
            dict::set_literal(answer, name, &*decode_locale(text)?)?;
        }
        Ok(())
    })
}

fn localeconv(_: &PyObject) -> PyResult {
    let found = Conventions::read();
    let answer = dict::new()?;
    add_texts(&answer, libc::LC_MONETARY, &found.monetary)?;
    dict::set_literal(&answer, "mon_grouping", &*grouping(&found.mon_grouping)?)?;
    for (name, text) in &found.signs {
        dict::set_literal(&answer, name, &*decode_locale(text)?)?;
    }
    for (name, number) in found.numbers {
        dict::set_literal(&answer, name, &*int(number)?)?;
    }
    add_texts(&answer, libc::LC_NUMERIC, &found.numeric)?;
    dict::set_literal(&answer, "grouping", &*grouping(&found.grouping)?)?;
    Ok(answer.upcast())
}

/// `PyUnicode_AsWideCharString`: the characters, ended by a NUL.
fn wide(text: &PyASCIIObject) -> PyResult<Vec<u32>> {
    let characters = unicode::text(text);
    let mut wide = memory::with_capacity(characters.len() + 1)?;
    wide.extend(characters.iter().chain([0]));
    Ok(wide)
}

fn wide_without_nul(text: &PyASCIIObject) -> PyResult<Vec<u32>> {
    if unicode::text(text).contains_character(0) {
        return Err(value_error("embedded null character"));
    }
    wide(text)
}

fn strcoll(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("strcoll", args.len(), 2, 2)?;
    let one = unicode::expect_str(args[0], "strcoll", "argument 1")?;
    let other = unicode::expect_str(args[1], "strcoll", "argument 2")?;
    let (one, other) = (wide_without_nul(one)?, wide_without_nul(other)?);
    // SAFETY: both end with NUL.
    int(unsafe { wcscoll(one.as_ptr(), other.as_ptr()) })
}

fn strxfrm(_: &PyObject, string: &PyObject) -> PyResult {
    let source = wide_without_nul(unicode::expect_str(string, "strxfrm", "argument")?)?;
    let mut key = memory::filled(0u32, source.len())?;
    loop {
        // SAFETY: the source ends with NUL, and `key` has the room it is told of.
        let needed = unsafe {
            *libc::__errno_location() = 0;
            wcsxfrm(key.as_mut_ptr(), source.as_ptr(), key.len())
        };
        match last_errno() {
            0 | libc::ERANGE => {}
            errno => return Err(raise_os_error(errno, None)),
        }
        if needed < key.len() {
            return Ok(unicode::from_ucs4(&key[..needed])?.upcast());
        }
        key = memory::filled(0u32, needed + 1)?;
    }
}

macro_rules! langinfo {
    ($($name:ident)*) => {
        /// What `nl_langinfo` may be asked for, in CPython's order.
        const LANGINFO: &[(&str, c_int)] = &[$((stringify!($name), libc::$name),)*
            ("_DATE_FMT", 0x2006c)];
    };
}

langinfo! {
    DAY_1 DAY_2 DAY_3 DAY_4 DAY_5 DAY_6 DAY_7
    ABDAY_1 ABDAY_2 ABDAY_3 ABDAY_4 ABDAY_5 ABDAY_6 ABDAY_7
    MON_1 MON_2 MON_3 MON_4 MON_5 MON_6 MON_7 MON_8 MON_9 MON_10 MON_11 MON_12
    ABMON_1 ABMON_2 ABMON_3 ABMON_4 ABMON_5 ABMON_6 ABMON_7 ABMON_8 ABMON_9 ABMON_10 ABMON_11 ABMON_12
    RADIXCHAR THOUSEP CRNCYSTR D_T_FMT D_FMT T_FMT AM_STR PM_STR CODESET T_FMT_AMPM
    ERA ERA_D_FMT ERA_D_T_FMT ERA_T_FMT ALT_DIGITS YESEXPR NOEXPR
}

fn nl_langinfo(_: &PyObject, key: &PyObject) -> PyResult {
    let key = long::as_int(key)?;
    if !LANGINFO.iter().any(|(_, known)| *known == key) {
        return Err(value_error("unsupported langinfo constant"));
    }
    // SAFETY: the answer is null or ends with NUL, and is copied at once.
    unsafe {
        match libc::nl_langinfo(key) {
            answer if answer.is_null() => Ok(unicode::empty().upcast()),
            answer => decode_answer(answer),
        }
    }
}

fn py_gettext(_: &PyObject, message: &PyObject) -> PyResult {
    let message = text_argument(message, "gettext", "argument")?;
    // SAFETY: the message ends with NUL and outlives the call, and so does an answer that is the message itself.
    unsafe { decode_answer(gettext(message.as_ptr())) }
}

fn py_dgettext(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("dgettext", args.len(), 2, 2)?;
    let domain = optional_text(Some(args[0]), "dgettext", "argument 1")?;
    let message = text_argument(args[1], "dgettext", "argument 2")?;
    // SAFETY: as in `py_gettext`.
    unsafe { decode_answer(dgettext(pointer(&domain), message.as_ptr())) }
}

fn py_dcgettext(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("dcgettext", args.len(), 3, 3)?;
    let domain = optional_text(Some(args[0]), "dcgettext", "argument 1")?;
    let message = text_argument(args[1], "dcgettext", "argument 2")?;
    let category = long::as_int(args[2])?;
    // SAFETY: as in `py_gettext`.
    unsafe { decode_answer(dcgettext(pointer(&domain), message.as_ptr(), category)) }
}

fn py_textdomain(_: &PyObject, domain: &PyObject) -> PyResult {
    let domain = optional_text(Some(domain), "textdomain", "argument")?;
    // SAFETY: the name is null or ends with NUL; the library keeps a copy.
    unsafe { decode_answer(textdomain(pointer(&domain))) }
}

fn py_bindtextdomain(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("bindtextdomain", args.len(), 2, 2)?;
    let domain = text_argument(args[0], "bindtextdomain", "argument 1")?;
    if domain.is_empty() {
        return Err(locale_error("domain must be a non-empty string"));
    }
    let folder = match args[1].is_none() {
        true => None,
        false => Some(path_bytes(args[1])?),
    };
    // SAFETY: both end with NUL; the library keeps copies.
    unsafe { decode_answer(bindtextdomain(domain.as_ptr(), pointer(&folder))) }
}

fn py_bind_textdomain_codeset(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("bind_textdomain_codeset", args.len(), 2, 2)?;
    let domain = text_argument(args[0], "bind_textdomain_codeset", "argument 1")?;
    let codeset = optional_text(Some(args[1]), "bind_textdomain_codeset", "argument 2")?;
    // SAFETY: both end with NUL; the library keeps copies.
    unsafe {
        match bind_textdomain_codeset(domain.as_ptr(), pointer(&codeset)) {
            answer if answer.is_null() => Ok(none()),
            answer => decode_answer(answer),
        }
    }
}

fn getencoding(_: &PyObject) -> PyResult {
    // SAFETY: the answer ends with NUL, and is copied at once.
    let found = unsafe { CStr::from_ptr(libc::nl_langinfo(libc::CODESET)) };
    match found.is_empty() {
        true => Ok(unicode::from_str("utf-8")?.upcast()),
        false => decode_locale(found),
    }
}

methods! {
    static FUNCTIONS:
    "setlocale" => fast(setlocale, "($module, category, locale=<unrepresentable>, /)");
    "localeconv" => noargs(localeconv, "($module, /)");
    "strcoll" => fast(strcoll, "($module, os1, os2, /)");
    "strxfrm" => o(strxfrm, "($module, string, /)");
    "nl_langinfo" => o(nl_langinfo, "($module, key, /)");
    "gettext" => o(py_gettext, "($module, msg, /)");
    "dgettext" => fast(py_dgettext, "($module, domain, msg, /)");
    "dcgettext" => fast(py_dcgettext, "($module, domain, msg, category, /)");
    "textdomain" => o(py_textdomain, "($module, domain, /)");
    "bindtextdomain" => fast(py_bindtextdomain, "($module, domain, dir, /)");
    "bind_textdomain_codeset" => fast(py_bind_textdomain_codeset, "($module, domain, codeset, /)");
    "getencoding" => noargs(getencoding, "($module, /)");
}

const NUMBERS: &[(&str, c_int)] = &[
    ("LC_CTYPE", libc::LC_CTYPE),
    ("LC_TIME", libc::LC_TIME),
    ("LC_COLLATE", libc::LC_COLLATE),
    ("LC_MONETARY", libc::LC_MONETARY),
    ("LC_MESSAGES", libc::LC_MESSAGES),
    ("LC_NUMERIC", libc::LC_NUMERIC),
    ("LC_ALL", libc::LC_ALL),
    ("CHAR_MAX", c_char::MAX as c_int),
];

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("_locale", FUNCTIONS, &[])?;
    for (name, value) in NUMBERS {
        module::add_int(&made, name, i64::from(*value))?;
    }
    module::add(&made, "Error", error_type()?.as_object())?;
    for (name, value) in LANGINFO {
        module::add_int(&made, name, i64::from(*value))?;
    }
    Ok(made)
}
