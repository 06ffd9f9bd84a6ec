//! `_csv.Dialect`: the settings by which records are read and written.

use super::registered;
use crate::prelude::*;

pub const QUOTE_MINIMAL: i32 = 0;
pub const QUOTE_ALL: i32 = 1;
pub const QUOTE_NONNUMERIC: i32 = 2;
pub const QUOTE_NONE: i32 = 3;

/// What stands for a character that is not set.
pub const NOT_SET: u32 = u32::MAX;

object_struct! {
    /// `DialectObj`.
    pub struct DialectObject {
        doublequote: Cell<i8>,
        skipinitialspace: Cell<i8>,
        strict: Cell<i8>,
        quoting: Cell<i32>,
        delimiter: Cell<u32>,
        quotechar: Cell<u32>,
        escapechar: Cell<u32>,
        lineterminator: Pointer<PyASCIIObject>,
    }
}

typed!(DialectObject, Dialect_Type);

const NAMES: [&str; 9] = [
    "dialect",
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

/// The arguments as a parser words its complaints that does not know the function's name.
fn arguments(args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<[Option<Own>; 9]> {
    let mut bound = [const { None }; 9];
    let positional = tuple::items(args);
    let total = positional.len() + kwargs.map_or(0, |kwargs| kwargs.ma_used.get() as usize);
    if total > NAMES.len() {
        return Err(type_error(format_args!(
            "function takes at most 9 {}arguments ({total} given)",
            if positional.is_empty() {
                "keyword "
            } else {
                ""
            }
        )));
    }
    for (slot, value) in bound.iter_mut().zip(positional) {
        *slot = Some(Own::new(*value));
    }
    for (key, value) in kwargs.into_iter().flat_map(dict::entries) {
        let Some(name) = key.downcast_ref::<PyASCIIObject>() else {
            return Err(type_error("keywords must be strings"));
        };
        let Some(at) = NAMES
            .iter()
            .position(|known| unicode::equals_str(name, known))
        else {
            return Err(type_error(format_args!(
                "'{}' is an invalid keyword argument for this function",
                unicode::to_string_lossy(name)
            )));
        };
        if at < positional.len() {
            return Err(type_error(format_args!(
                "argument for function given by name ('{}') and position ({})",
                NAMES[at],
                at + 1
            )));
        }
        bound[at] = Some(Own::new(value));
    }
    Ok(bound)
}

fn boolean(given: Option<&PyObject>, default: bool) -> PyResult<i8> {
    Ok(i8::from(given.map_or(Ok(default), object::is_true)?))
}

fn number(name: &str, given: Option<&PyObject>, default: i32) -> PyResult<i32> {
    let Some(given) = given else {
        return Ok(default);
    };
    if !given.is_exactly(&long::PyLong_Type) {
        return Err(type_error(format_args!("\"{name}\" must be an integer")));
    }
    long::as_int(given)
}

fn character(name: &str, given: Option<&PyObject>, default: u32, optional: bool) -> PyResult<u32> {
    let Some(given) = given else {
        return Ok(default);
    };
    if optional && given.is_none() {
        return Ok(NOT_SET);
    }
    let Some(text) = given.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "\"{name}\" must be string{}, not {:.200}",
            if optional { " or None" } else { "" },
            given.type_().name()
        )));
    };
    let text = unicode::text(text);
    if text.len() != 1 {
        return Err(type_error(format_args!(
            "\"{name}\" must be a 1-character string"
        )));
    }
    Ok(text.at(0))
}

fn terminator(given: Option<&PyObject>) -> PyResult<Option<Own<PyASCIIObject>>> {
    match given {
        None => unicode::from_str("\r\n").map(Some),
        Some(given) if given.is_none() => Ok(None),
        Some(given) => match given.downcast_ref::<PyASCIIObject>() {
            Some(text) => Ok(Some(Own::new(text))),
            None => Err(type_error("\"lineterminator\" must be a string")),
        },
    }
}

/// `dialect_new`.
fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let [base, settings @ ..] = arguments(args, kwargs)?;
    let base = match base {
        Some(name) if name.downcast_ref::<PyASCIIObject>().is_some() => Some(registered(&name)?),
        other => other,
    };
    let mut settings: [Option<Own>; 8] = settings;
    if let Some(base) = base {
        let is_dialect = base.downcast_ref::<DialectObject>().is_some();
        if is_dialect && settings.iter().all(Option::is_none) {
            return Ok(base);
        }
        for (setting, name) in settings.iter_mut().zip(&NAMES[1..]) {
            if setting.is_none() {
                let name = unicode::from_str(name)?;
                match object::get_attr(&base, &name) {
                    Ok(value) => *setting = Some(value),
                    Err(raised) => errors::discard(raised),
                }
            }
        }
    }
    let made = DialectObject::alloc(type_)?;
    fill(&made, settings.each_ref().map(Option::as_deref))?;
    Ok(made.upcast())
}

fn fill(this: &DialectObject, settings: [Option<&PyObject>; 8]) -> PyResult<()> {
    let [
        delimiter,
        doublequote,
        escapechar,
        lineterminator,
        quotechar,
        quoting,
        skip,
        strict,
    ] = settings;
    this.delimiter
        .set(character("delimiter", delimiter, u32::from(b','), false)?);
    this.doublequote.set(boolean(doublequote, true)?);
    this.escapechar
        .set(character("escapechar", escapechar, NOT_SET, true)?);
    this.lineterminator.put(terminator(lineterminator)?);
    this.quotechar
        .set(character("quotechar", quotechar, u32::from(b'"'), true)?);
    this.quoting.set(number("quoting", quoting, QUOTE_MINIMAL)?);
    this.skipinitialspace.set(boolean(skip, false)?);
    this.strict.set(boolean(strict, false)?);
    if !(QUOTE_MINIMAL..=QUOTE_NONE).contains(&this.quoting.get()) {
        return Err(type_error("bad \"quoting\" value"));
    }
    if quotechar.is_some_and(|quotechar| quotechar.is_none()) && quoting.is_none() {
        this.quoting.set(QUOTE_NONE);
    }
    if this.quoting.get() != QUOTE_NONE && this.quotechar.get() == NOT_SET {
        return Err(type_error("quotechar must be set if quoting enabled"));
    }
    if this.lineterminator.as_ref().is_none() {
        return Err(type_error("lineterminator must be set"));
    }
    Ok(())
}

fn reduce(this: &PyObject, _: &PyTupleObject) -> PyResult {
    Err(type_error(format_args!(
        "cannot pickle '{:.100}' instances",
        this.type_().short_name()
    )))
}

fn shown(character: u32) -> PyResult {
    match character {
        NOT_SET => Ok(none()),
        character => Ok(unicode::from_char(character)?.upcast()),
    }
}

fn get_delimiter(this: &DialectObject) -> PyResult {
    shown(this.delimiter.get())
}

fn get_escapechar(this: &DialectObject) -> PyResult {
    shown(this.escapechar.get())
}

fn get_lineterminator(this: &DialectObject) -> PyResult {
    Ok(Field::own(&this.lineterminator).map_or_else(none, Own::upcast))
}

fn get_quotechar(this: &DialectObject) -> PyResult {
    shown(this.quotechar.get())
}

fn get_quoting(this: &DialectObject) -> PyResult {
    long::from_isize(this.quoting.get() as isize)
}

methods! {
    static METHODS:
    "__reduce__" => varargs(reduce);
    "__reduce_ex__" => varargs(reduce);
}

members! {
    static MEMBERS:
    "skipinitialspace" => T_BOOL, offset_of!(DialectObject, skipinitialspace), READONLY;
    "doublequote" => T_BOOL, offset_of!(DialectObject, doublequote), READONLY;
    "strict" => T_BOOL, offset_of!(DialectObject, strict), READONLY;
}

getset! {
    static GETSET:
    "delimiter" => get_delimiter;
    "escapechar" => get_escapechar;
    "lineterminator" => get_lineterminator;
    "quotechar" => get_quotechar;
    "quoting" => get_quoting;
}

static_type! {
    /// `_csv.Dialect`.
    Dialect_Type = "_csv.Dialect", size size_of::<DialectObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc DialectObject::dealloc),
    tp_traverse: slot!(traverse DialectObject::traverse),
    tp_clear: slot!(clear DialectObject::clear),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new new),
}
