//! The methods of float, its text and its constructor.

use super::number::{self, float_float};
use super::{PyFloat_Type, from_f64, value};
use crate::call::{self, Args};
use crate::errors::{PyResult, overflow_error, raise_object, type_error, value_error};
use crate::exceptions::PyExc_ValueError;
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::unicode::{self, Writer};
use crate::warnings::warn_deprecation;
use crate::{abstract_, bytearray, bytes, getset, long, methods, singletons, tuple};
use twinheap_abi::*;
use twinheap_arith::float::{self as kernel, HexError};
use twinheap_arith::format_spec::{self, FormatSpec};

/// What `repr` and `str` show.
pub fn repr(value: f64) -> String {
    kernel::repr(value)
}

pub(super) fn float_repr(float: &PyFloatObject) -> PyResult {
    Ok(unicode::from_str(&repr(value(float)))?.upcast())
}

pub(super) fn float_trunc(float: &PyFloatObject) -> PyResult {
    long::from_f64(value(float))
}

fn float_floor(float: &PyFloatObject) -> PyResult {
    long::from_f64(value(float).floor())
}

fn float_ceil(float: &PyFloatObject) -> PyResult {
    long::from_f64(value(float).ceil())
}

fn float_conjugate(float: &PyFloatObject) -> PyResult {
    float_float(float)
}

fn float_is_integer(float: &PyFloatObject) -> PyResult {
    let value = value(float);
    Ok(singletons::bool_object(
        value.is_finite() && value.floor() == value,
    ))
}

fn float_round(float: &PyFloatObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("__round__", args.len(), 0, 1)?;
    let places = match args.first().filter(|places| !places.is_none()) {
        None => return long::from_f64(kernel::round_half_even(value(float))),
        Some(places) => abstract_::index(places)?,
    };
    // A count beyond a machine word rounds as the largest one does.
    let clipped = if places.ob_size.get() < 0 {
        i64::MIN
    } else {
        i64::MAX
    };
    let places = long::to_i64(&places).unwrap_or(clipped);
    match kernel::round_to_digits(value(float), places) {
        Some(rounded) => from_f64(rounded),
        None => Err(overflow_error("rounded value too large to represent")),
    }
}

fn float_as_integer_ratio(float: &PyFloatObject) -> PyResult {
    let value = value(float);
    if value.is_infinite() {
        return Err(overflow_error("cannot convert Infinity to integer ratio"));
    }
    if value.is_nan() {
        return Err(value_error("cannot convert NaN to integer ratio"));
    }
    let (numerator, denominator) = kernel::as_integer_ratio(value);
    let pair = vec![
        long::from_integer(&numerator)?,
        long::from_integer(&denominator)?,
    ];
    Ok(tuple::from_vec(pair)?.upcast())
}

fn float_hex(float: &PyFloatObject) -> PyResult {
    Ok(unicode::from_str(&kernel::to_hex(value(float)))?.upcast())
}

fn float_fromhex(class: &PyObject, source: &PyObject) -> PyResult {
    let Some(text) = source.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("bad argument type for built-in operation"));
    };
    let parsed =
        kernel::from_hex(&unicode::to_utf8_surrogatepass(text)).map_err(|error| match error {
            HexError::Invalid => value_error("invalid hexadecimal floating-point string"),
            HexError::Overflow => {
                overflow_error("hexadecimal value too large to represent as a float")
            }
        })?;
    let made = from_f64(parsed)?;
    if std::ptr::eq(class, PyFloat_Type.as_object()) {
        return Ok(made);
    }
    call::call(class, &[&made])
}

fn float_getnewargs(float: &PyFloatObject) -> PyResult {
    Ok(tuple::from_vec(vec![from_f64(value(float))?])?.upcast())
}

fn float_getformat(_: &PyObject, kind: &PyObject) -> PyResult {
    let kind = unicode::expect_str(kind, "__getformat__", "argument")?;
    match unicode::as_ascii(kind) {
        Some("double" | "float") => Ok(unicode::from_str("IEEE, little-endian")?.upcast()),
        _ => Err(value_error(
            "__getformat__() argument 1 must be 'double' or 'float'",
        )),
    }
}

fn float_format(float: &PyFloatObject, spec: &PyObject) -> PyResult {
    let spec = unicode::expect_str(spec, "__format__", "argument")?;
    if spec.length.get() == 0 {
        return Ok(object::str(float.as_object())?.upcast());
    }
    let type_name = float.as_object().type_().name();
    let parsed = unicode::parse_format_spec(spec, type_name, 0, b'>')?;
    match char::from_u32(parsed.kind) {
        Some('\0' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') => {
            Ok(format_value(value(float), spec, type_name, &parsed)?.upcast())
        }
        _ => Err(value_error(format_spec::unknown_presentation_type(
            parsed.kind,
            type_name,
        ))),
    }
}

/// Formats a double by a parsed specification whose type is one for floats.
pub fn format_value(
    value: f64,
    text: &PyASCIIObject,
    type_name: &str,
    spec: &FormatSpec,
) -> PyResult<Own<PyASCIIObject>> {
    // A precision that is too big is told before any memory is asked for.
    if spec
        .precision
        .is_none_or(|precision| precision <= i32::MAX as usize)
    {
        // The digits, the field and the str lie in memory side by side.
        // Only these kinds show all the digits that are asked for.
        let is_filled = char::from_u32(spec.kind).is_some_and(|kind| "eEfF%".contains(kind));
        let precision = spec.precision.filter(|_| is_filled || spec.alternate);
        let longest = spec.width.max(precision).unwrap_or(0);
        memory::probe(longest.saturating_mul(3))?;
    }
    let field = format_spec::format_float(spec, value)
        .map_err(|error| unicode::spec_error(error, text, type_name))?;
    unicode::from_field(&field)
}

/// What `nb_float` gave must be a float; an instance of a subclass is replaced, with a warning.
pub(super) fn checked_float(source: &PyObject, result: Own) -> PyResult<Own<PyFloatObject>> {
    if result.is_exactly(&PyFloat_Type) {
        // SAFETY: an exact float.
        return Ok(unsafe { result.cast() });
    }
    let float = result.downcast::<PyFloatObject>().map_err(|other| {
        type_error(format_args!(
            "{:.50}.__float__ returned non-float (type {:.50})",
            source.type_().name(),
            other.type_().name()
        ))
    })?;
    warn_deprecation(&format!(
        "{:.50}.__float__ returned non-float (type {:.50}).  The ability to return an instance of a \
         strict subclass of float is deprecated, and may be removed in a future version of Python.",
        source.type_().name(),
        float.as_object().type_().name()
    ))?;
    super::new(value(&float))
}

/// `PyNumber_Float`.
pub fn from_object(object: &PyObject) -> PyResult {
    if object.is_exactly(&PyFloat_Type) {
        return Ok(Own::new(object));
    }
    // SAFETY: the suite of a live type.
    let suite = unsafe { object.type_().tp_as_number.get().as_ref() };
    if let Some(convert) = suite.and_then(|suite| suite.nb_float.get()) {
        // SAFETY: the object's own slot.
        let result = unsafe { crate::errors::from_c(convert(object.as_raw()))? };
        return Ok(checked_float(object, result)?.upcast());
    }
    if abstract_::has_index(object) {
        return from_f64(long::as_double(&*abstract_::index(object)?)?);
    }
    if let Some(float) = object.downcast_ref::<PyFloatObject>() {
        return from_f64(value(float));
    }
    from_text(object)
}

/// `PyFloat_FromString`.
pub fn from_text(source: &PyObject) -> PyResult {
    let text = if let Some(text) = source.downcast_ref::<PyASCIIObject>() {
        match unicode::as_ascii(text) {
            Some(ascii) => ascii.as_bytes().to_vec(),
            None => unicode::decimals_and_spaces_to_ascii(text),
        }
    } else if let Some(text) = source.downcast_ref::<PyBytesObject>() {
        bytes::data_of(text).to_vec()
    } else if let Some(text) = source.downcast_ref::<PyByteArrayObject>() {
        bytearray::data_of(text).to_vec()
    } else if let Some(content) = bytes::copy_of_buffer(source)? {
        content
    } else {
        return Err(type_error(format_args!(
            "float() argument must be a string or a real number, not '{:.200}'",
            source.type_().name()
        )));
    };
    let plain = match text.contains(&b'_') {
        true => kernel::remove_underscores(&text),
        false => Some(text),
    };
    match plain.and_then(|text| kernel::parse_float(&text)) {
        Some(value) => from_f64(value),
        None => Err(could_not_convert(source)?),
    }
}

#[cold]
fn could_not_convert(source: &PyObject) -> PyResult<crate::errors::Raised> {
    let mut message = Writer::new();
    message.push_str("could not convert string to float: ");
    message.push(&*object::repr(source)?);
    Ok(raise_object(
        &PyExc_ValueError,
        Some(message.finish()?.upcast()),
    ))
}

pub(super) fn float_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let exact = std::ptr::eq(type_, &PyFloat_Type);
    let own_init =
        type_.tp_init.get().map(|f| f as usize) == PyFloat_Type.tp_init.get().map(|f| f as usize);
    if exact || own_init {
        call::no_keywords("float", kwargs)?;
    }
    let args = tuple::items(args);
    call::check_positional("float", args.len(), 0, 1)?;
    let made = new_value(args.first().copied())?;
    if exact {
        return Ok(made);
    }
    let value = number::as_double(&made)?;
    let instance = crate::types::allocate(type_, 0)?;
    // SAFETY: an instance of a float subclass begins as a float does.
    unsafe {
        (*instance.as_ptr().cast::<PyFloatObject>())
            .ob_fval
            .set(value)
    };
    Ok(instance)
}

fn new_value(source: Option<&PyObject>) -> PyResult {
    match source {
        None => from_f64(0.0),
        Some(text) if text.is_exactly(&unicode::PyUnicode_Type) => from_text(text),
        Some(source) => from_object(source),
    }
}

pub(super) fn float_vectorcall(_: &PyObject, args: Args<'_>) -> PyResult {
    args.no_keywords("float")?;
    call::check_positional("float", args.positional.len(), 0, 1)?;
    new_value(args.positional.first().copied())
}

fn float_imag(_: &PyFloatObject) -> PyResult {
    from_f64(0.0)
}

methods! {
    pub(super) static FLOAT_METHODS:
    "conjugate" => noargs(float_conjugate, "($self, /)");
    "__trunc__" => noargs(float_trunc, "($self, /)");
    "__floor__" => noargs(float_floor, "($self, /)");
    "__ceil__" => noargs(float_ceil, "($self, /)");
    "__round__" => fast(float_round, "($self, ndigits=None, /)");
    "as_integer_ratio" => noargs(float_as_integer_ratio, "($self, /)");
    "fromhex" => o(float_fromhex, "($type, string, /)") | METH_CLASS;
    "hex" => noargs(float_hex, "($self, /)");
    "is_integer" => noargs(float_is_integer, "($self, /)");
    "__getnewargs__" => noargs(float_getnewargs, "($self, /)");
    "__getformat__" => o(float_getformat, "($type, typestr, /)") | METH_CLASS;
    "__format__" => o(float_format, "($self, format_spec, /)");
}

getset! {
    pub(super) static FLOAT_GETSET:
    "real" => float_conjugate;
    "imag" => float_imag;
}
