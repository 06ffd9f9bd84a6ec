//! complex (`Objects/complexobject.c`): two doubles.

use crate::call::{self, Signature};
use crate::errors::{PyResult, overflow_error, type_error, value_error, zero_division_error};
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::singletons::{bool_object, not_implemented};
use crate::warnings::warn_deprecation;
use crate::{float, id, long, members, methods, slot, static_type, tuple, typed, unicode};
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;
use twinheap_arith::digits as kernel;
use twinheap_arith::float::{
    FormatCode, FormatFlags, double_to_string, parse_float_prefix, remove_underscores,
};
use twinheap_arith::float::{
    add_keeping_first, add_keeping_second, multiply_keeping_first, subtract_keeping_first,
};
use twinheap_arith::format_spec;
use twinheap_arith::hash::combine_complex;

typed!(PyComplexObject, PyComplex_Type);

/// `PyComplex_FromCComplex`.
pub fn new(real: f64, imag: f64) -> PyResult {
    let object: *mut PyComplexObject =
        memory::new_object(&PyComplex_Type, size_of::<PyComplexObject>())?;
    // SAFETY: fresh memory of a complex's size.
    unsafe {
        (*object).cval.set(Py_complex { real, imag });
        Ok(Own::from_raw(object).upcast())
    }
}

fn of(value: Py_complex) -> PyResult {
    new(value.real, value.imag)
}

/// The value of a complex.
pub fn value(complex: &PyComplexObject) -> Py_complex {
    complex.cval.get()
}

/// The value of a complex, a float or an int; none for anything else.
pub fn to_complex(object: &PyObject) -> PyResult<Option<Py_complex>> {
    if let Some(complex) = object.downcast_ref::<PyComplexObject>() {
        return Ok(Some(value(complex)));
    }
    Ok(float::to_double(object)?.map(|real| Py_complex { real, imag: 0.0 }))
}

macro_rules! both {
    ($a:expr, $b:expr) => {{
        let Some(a) = to_complex($a)? else {
            return Ok(not_implemented());
        };
        let Some(b) = to_complex($b)? else {
            return Ok(not_implemented());
        };
        (a, b)
    }};
}

const ONE: Py_complex = Py_complex {
    real: 1.0,
    imag: 0.0,
};

fn product(a: Py_complex, b: Py_complex) -> Py_complex {
    Py_complex {
        real: subtract_keeping_first(
            multiply_keeping_first(a.real, b.real),
            multiply_keeping_first(a.imag, b.imag),
        ),
        imag: add_keeping_first(
            multiply_keeping_first(a.real, b.imag),
            multiply_keeping_first(a.imag, b.real),
        ),
    }
}

/// Smith's division: scales by the larger part of the divisor. None for a divisor of zero.
fn quotient(a: Py_complex, b: Py_complex) -> Option<Py_complex> {
    if b.real.abs() >= b.imag.abs() {
        if b.real == 0.0 {
            return None;
        }
        let ratio = b.imag / b.real;
        let scale = b.real + b.imag * ratio;
        let (real, imag) = (
            add_keeping_first(a.real, a.imag * ratio) / scale,
            subtract_keeping_first(a.imag, a.real * ratio) / scale,
        );
        return Some(Py_complex { real, imag });
    }
    if b.imag.abs() >= b.real.abs() {
        let ratio = b.real / b.imag;
        let scale = b.real * ratio + b.imag;
        let (real, imag) = (
            add_keeping_second(a.real * ratio, a.imag) / scale,
            subtract_keeping_first(a.imag * ratio, a.real) / scale,
        );
        return Some(Py_complex { real, imag });
    }
    Some(Py_complex {
        real: f64::NAN,
        imag: f64::NAN,
    })
}

fn complex_add(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    new(
        add_keeping_first(a.real, b.real),
        add_keeping_first(a.imag, b.imag),
    )
}

fn complex_sub(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    new(
        subtract_keeping_first(a.real, b.real),
        subtract_keeping_first(a.imag, b.imag),
    )
}

fn complex_mul(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    of(product(a, b))
}

fn complex_div(a: &PyObject, b: &PyObject) -> PyResult {
    let (a, b) = both!(a, b);
    match quotient(a, b) {
        Some(result) => of(result),
        None => Err(zero_division_error("complex division by zero")),
    }
}

/// A power with a small whole exponent, by repeated squaring; none where it divides by zero.
fn small_power(base: Py_complex, exponent: i64) -> Option<Py_complex> {
    let (mut result, mut square) = (ONE, base);
    let count = exponent.unsigned_abs();
    let mut mask = 1u64;
    while count >= mask {
        if count & mask != 0 {
            result = product(result, square);
        }
        mask <<= 1;
        square = product(square, square);
    }
    if exponent > 0 {
        Some(result)
    } else {
        quotient(ONE, result)
    }
}

/// A power by logarithms; none for zero to a negative or complex power, and where the C library
/// finds the angle out of the domain of sine and cosine.
fn general_power(base: Py_complex, exponent: Py_complex) -> Option<Py_complex> {
    if exponent.real == 0.0 && exponent.imag == 0.0 {
        return Some(ONE);
    }
    if base.real == 0.0 && base.imag == 0.0 {
        let defined = exponent.imag == 0.0 && exponent.real >= 0.0;
        return defined.then_some(Py_complex {
            real: 0.0,
            imag: 0.0,
        });
    }
    let magnitude = base.real.hypot(base.imag);
    let angle = base.imag.atan2(base.real);
    let mut length = magnitude.powf(exponent.real);
    let mut phase = multiply_keeping_first(angle, exponent.real);
    if exponent.imag != 0.0 {
        length /= multiply_keeping_first(angle, exponent.imag).exp();
        phase = add_keeping_first(phase, multiply_keeping_first(exponent.imag, magnitude.ln()));
    }
    if phase.is_infinite() {
        return None;
    }
    Some(Py_complex {
        real: multiply_keeping_first(length, phase.cos()),
        imag: multiply_keeping_first(length, phase.sin()),
    })
}

/// `complex.__pow__`, also for floats whose power is not real.
pub fn complex_pow(a: &PyObject, b: &PyObject, modulus: Option<&PyObject>) -> PyResult {
    let (base, exponent) = both!(a, b);
    if modulus.is_some_and(|modulus| !modulus.is_none()) {
        return Err(value_error("complex modulo"));
    }
    let whole = exponent.imag == 0.0 && exponent.real == exponent.real.floor();
    let result = match whole && exponent.real.abs() <= 100.0 {
        true => small_power(base, exponent.real as i64),
        false => general_power(base, exponent),
    };
    let Some(result) = result else {
        return Err(zero_division_error("0.0 to a negative or complex power"));
    };
    if result.real.is_infinite() || result.imag.is_infinite() {
        return Err(overflow_error("complex exponentiation"));
    }
    of(result)
}

fn complex_neg(complex: &PyComplexObject) -> PyResult {
    let value = value(complex);
    new(-value.real, -value.imag)
}

fn complex_pos(complex: &PyComplexObject) -> PyResult {
    if complex.as_object().is_exactly(&PyComplex_Type) {
        return Ok(Own::new(complex).upcast());
    }
    of(value(complex))
}

fn complex_abs(complex: &PyComplexObject) -> PyResult {
    let value = value(complex);
    if value.real.is_infinite() || value.imag.is_infinite() {
        return float::from_f64(f64::INFINITY);
    }
    if value.real.is_nan() || value.imag.is_nan() {
        return float::from_f64(f64::NAN);
    }
    let result = value.real.hypot(value.imag);
    if result.is_infinite() {
        return Err(overflow_error("absolute value too large"));
    }
    float::from_f64(result)
}

fn complex_bool(complex: &PyComplexObject) -> PyResult<bool> {
    let value = value(complex);
    Ok(value.real != 0.0 || value.imag != 0.0)
}

fn complex_hash(complex: &PyComplexObject) -> PyResult<Py_hash_t> {
    let value = value(complex);
    let real = float::hash(value.real, complex.as_object());
    let imag = float::hash(value.imag, complex.as_object());
    Ok(combine_complex(real as i64, imag as i64) as isize)
}

fn complex_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let Some(complex) = a
        .downcast_ref::<PyComplexObject>()
        .filter(|_| matches!(op, Py_EQ | Py_NE))
    else {
        return Ok(not_implemented());
    };
    let left = value(complex);
    let equal = if let Some(int) = b.downcast_ref::<PyLongObject>() {
        let order = kernel::compare_with_f64(long::signed(int), left.real);
        left.imag == 0.0 && order == Some(std::cmp::Ordering::Equal)
    } else if let Some(float) = b.downcast_ref::<PyFloatObject>() {
        left.real == float::value(float) && left.imag == 0.0
    } else if let Some(right) = b.downcast_ref::<PyComplexObject>() {
        let right = value(right);
        left.real == right.real && left.imag == right.imag
    } else {
        return Ok(not_implemented());
    };
    Ok(bool_object(equal == (op == Py_EQ)))
}

/// The text of a complex.
pub fn repr(value: Py_complex) -> String {
    let part = |part: f64, sign: bool| {
        double_to_string(
            part,
            FormatCode::Repr,
            0,
            FormatFlags {
                sign,
                ..FormatFlags::default()
            },
        )
    };
    if value.real == 0.0 && !value.real.is_sign_negative() {
        return format!("{}j", part(value.imag, false));
    }
    format!("({}{}j)", part(value.real, false), part(value.imag, true))
}

fn complex_repr(complex: &PyComplexObject) -> PyResult {
    Ok(unicode::from_str(&repr(value(complex)))?.upcast())
}

fn complex_conjugate(complex: &PyComplexObject) -> PyResult {
    let value = value(complex);
    new(value.real, -value.imag)
}

fn complex_complex(complex: &PyComplexObject) -> PyResult {
    complex_pos(complex)
}

fn complex_getnewargs(complex: &PyComplexObject) -> PyResult {
    let value = value(complex);
    Ok(tuple::from_vec(vec![
        float::from_f64(value.real)?,
        float::from_f64(value.imag)?,
    ])?
    .upcast())
}

fn complex_format(complex: &PyComplexObject, spec: &PyObject) -> PyResult {
    let spec = unicode::expect_str(spec, "__format__", "argument")?;
    if spec.length.get() == 0 {
        return Ok(object::str(complex.as_object())?.upcast());
    }
    let type_name = complex.as_object().type_().name();
    let parsed = unicode::parse_format_spec(spec, type_name, 0, b'>')?;
    let known = char::from_u32(parsed.kind).is_some_and(|kind| "\0eEfFgGn".contains(kind));
    if !known {
        return Err(value_error(format_spec::unknown_presentation_type(
            parsed.kind,
            type_name,
        )));
    }
    if parsed
        .precision
        .is_none_or(|precision| precision <= i32::MAX as usize)
    {
        let longest = parsed.width.max(parsed.precision).unwrap_or(0);
        crate::memory::probe(longest.saturating_mul(6))?;
    }
    let value = value(complex);
    let field = format_spec::format_complex(&parsed, value.real, value.imag)
        .map_err(|error| unicode::spec_error(error, spec, type_name))?;
    Ok(unicode::from_field(&field)?.upcast())
}

/// The value of a text such as `1+2j`, white space and one pair of parentheses around it allowed.
fn parse(text: &[u8]) -> Option<Py_complex> {
    let plain = if text.contains(&b'_') {
        remove_underscores(text)?
    } else {
        text.to_vec()
    };
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let trim = |text: &'_ [u8]| -> (usize, usize) {
        let start = text
            .iter()
            .position(|byte| !is_space(byte))
            .unwrap_or(text.len());
        let end = text
            .iter()
            .rposition(|byte| !is_space(byte))
            .map_or(start, |index| index + 1);
        (start, end.max(start))
    };
    let (start, end) = trim(&plain);
    let mut body = &plain[start..end];
    if let [b'(', inside @ .., b')'] = body {
        let (start, end) = trim(inside);
        body = &inside[start..end];
    }
    parse_body(body)
}

fn parse_body(body: &[u8]) -> Option<Py_complex> {
    let is_j = |rest: &[u8]| matches!(rest, [b'j' | b'J']);
    let sign_of = |byte: u8| if byte == b'-' { -1.0 } else { 1.0 };
    let Some((first, used)) = parse_float_prefix(body) else {
        let imag = match body {
            [sign @ (b'+' | b'-'), rest @ ..] if is_j(rest) => sign_of(*sign),
            rest if is_j(rest) => 1.0,
            _ => return None,
        };
        return Some(Py_complex { real: 0.0, imag });
    };
    match &body[used..] {
        [] => Some(Py_complex {
            real: first,
            imag: 0.0,
        }),
        rest if is_j(rest) => Some(Py_complex {
            real: 0.0,
            imag: first,
        }),
        rest @ [sign @ (b'+' | b'-'), behind @ ..] => {
            let (imag, rest) = match parse_float_prefix(rest) {
                Some((imag, used)) => (imag, &rest[used..]),
                None => (sign_of(*sign), behind),
            };
            is_j(rest).then_some(Py_complex { real: first, imag })
        }
        _ => None,
    }
}

fn from_text(text: &PyASCIIObject) -> PyResult<Py_complex> {
    let bytes = match unicode::as_ascii(text) {
        Some(ascii) => ascii.as_bytes().to_vec(),
        None => unicode::decimals_and_spaces_to_ascii(text),
    };
    parse(&bytes).ok_or_else(|| value_error("complex() arg is a malformed string"))
}

/// What `__complex__` gives, where the object has it and is no exact complex.
fn from_special(object: &PyObject) -> PyResult<Option<Own<PyComplexObject>>> {
    if object.is_exactly(&PyComplex_Type) {
        return Ok(None);
    }
    let Some(method) = crate::types::lookup_special(object, id!("__complex__"))? else {
        return Ok(None);
    };
    let result = call::call(&method, &[])?;
    let result = result.downcast::<PyComplexObject>().map_err(|other| {
        type_error(format_args!(
            "__complex__ returned non-complex (type {:.200})",
            other.type_().name()
        ))
    })?;
    if !result.as_object().is_exactly(&PyComplex_Type) {
        warn_deprecation(&format!(
            "__complex__ returned non-complex (type {:.200}).  The ability to return an instance of a \
             strict subclass of complex is deprecated, and may be removed in a future version of Python.",
            result.as_object().type_().name()
        ))?;
    }
    Ok(Some(result))
}

/// A part given to the constructor.
enum Part {
    Real(f64),
    Complex(Py_complex),
}

fn is_number(object: &PyObject) -> bool {
    // SAFETY: the suite of a live type.
    let suite = unsafe { object.type_().tp_as_number.get().as_ref() };
    let converts =
        suite.is_some_and(|suite| suite.nb_float.get().is_some() || suite.nb_index.get().is_some());
    converts || object.downcast_ref::<PyComplexObject>().is_some()
}

fn part(object: &PyObject) -> PyResult<Part> {
    if let Some(complex) = object.downcast_ref::<PyComplexObject>() {
        return Ok(Part::Complex(value(complex)));
    }
    Ok(Part::Real(float::as_double(&*float::from_object(object)?)?))
}

/// `PyComplex_AsCComplex`.
pub fn as_complex(object: &PyObject) -> PyResult<Py_complex> {
    if let Some(complex) = object.downcast_ref::<PyComplexObject>() {
        return Ok(value(complex));
    }
    if let Some(complex) = from_special(object)? {
        return Ok(value(&complex));
    }
    Ok(Py_complex {
        real: float::as_double(object)?,
        imag: 0.0,
    })
}

static NEW: Signature = Signature {
    name: "complex",
    parameters: &["real", "imag"],
    required: 0,
    positional: 2,
};

fn complex_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [real, imag] = call::bind_tuple::<2>(&NEW, args, kwargs)?;
    let exact = std::ptr::eq(type_, &PyComplex_Type);
    if let (Some(real), None, true) = (real, imag, exact)
        && real.is_exactly(&PyComplex_Type)
    {
        return Ok(Own::new(real));
    }
    let result = new_value(real, imag)?;
    if exact {
        return of(result);
    }
    let instance = crate::types::allocate(type_, 0)?;
    // SAFETY: an instance of a complex subclass begins as a complex does.
    unsafe {
        (*instance.as_ptr().cast::<PyComplexObject>())
            .cval
            .set(result)
    };
    Ok(instance)
}

fn new_value(real: Option<&PyObject>, imag: Option<&PyObject>) -> PyResult<Py_complex> {
    if let Some(text) = real.and_then(|real| real.downcast_ref::<PyASCIIObject>()) {
        if imag.is_some() {
            return Err(type_error(
                "complex() can't take second arg if first is a string",
            ));
        }
        return from_text(text);
    }
    if imag.is_some_and(|imag| imag.downcast_ref::<PyASCIIObject>().is_some()) {
        return Err(type_error("complex() second arg can't be a string"));
    }
    let special = real.map(from_special).transpose()?.flatten();
    let real = special.as_ref().map(|special| special.as_object()).or(real);
    if let Some(real) = real.filter(|real| !is_number(real)) {
        return Err(type_error(format_args!(
            "complex() first argument must be a string or a number, not '{:.200}'",
            real.type_().name()
        )));
    }
    if let Some(imag) = imag.filter(|imag| !is_number(imag)) {
        return Err(type_error(format_args!(
            "complex() second argument must be a number, not '{:.200}'",
            imag.type_().name()
        )));
    }
    let first = real.map_or(Ok(Part::Real(0.0)), part)?;
    let (mut result, real_is_complex) = match first {
        Part::Real(real) => (Py_complex { real, imag: 0.0 }, false),
        Part::Complex(value) => (value, true),
    };
    match imag.map(part).transpose()? {
        None => {}
        Some(Part::Real(imag)) => {
            result.imag = if real_is_complex {
                imag + result.imag
            } else {
                imag
            }
        }
        Some(Part::Complex(imag)) => {
            result.real -= imag.imag;
            result.imag = if real_is_complex {
                imag.real + result.imag
            } else {
                imag.real
            };
        }
    }
    Ok(result)
}

methods! {
    static COMPLEX_METHODS:
    "conjugate" => noargs(complex_conjugate, "($self, /)");
    "__complex__" => noargs(complex_complex, "($self, /)");
    "__getnewargs__" => noargs(complex_getnewargs, "($self, /)");
    "__format__" => o(complex_format, "($self, format_spec, /)");
}

members! {
    static COMPLEX_MEMBERS:
    "real" => T_DOUBLE, offset_of!(PyComplexObject, cval), READONLY;
    "imag" => T_DOUBLE, offset_of!(PyComplexObject, cval) + 8, READONLY;
}

static_type! {
    /// `complex`.
    PyComplex_Type = "complex", size size_of::<PyComplexObject>(), 0, flags Py_TPFLAGS_BASETYPE;
    number {
        nb_add: slot!(binary complex_add),
        nb_subtract: slot!(binary complex_sub),
        nb_multiply: slot!(binary complex_mul),
        nb_power: slot!(ternary complex_pow),
        nb_negative: slot!(unary complex_neg),
        nb_positive: slot!(unary complex_pos),
        nb_absolute: slot!(unary complex_abs),
        nb_bool: slot!(inquiry complex_bool),
        nb_true_divide: slot!(binary complex_div),
    }
    tp_repr: slot!(unary complex_repr),
    tp_hash: slot!(hash complex_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp complex_richcompare),
    tp_methods: COMPLEX_METHODS.as_ptr(),
    tp_members: COMPLEX_MEMBERS.as_ptr(),
    tp_new: slot!(new complex_new),
    tp_free: Some(memory::object_free),
}
