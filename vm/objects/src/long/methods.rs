//! The methods and attributes of int, and its constructor.

use super::number::{self, long_long};
use super::text::{from_bytes_text, from_unicode};
use super::{
    PyLong_Type, as_ssize, digits, digits_pointer, from_digits, from_i64, from_integer, signed,
    small_int,
};
use crate::call::{self, Args, Signature};
use crate::errors::{PyResult, overflow_error, type_error, value_error};
use crate::object::{ObjectExt, TypeExt, is_true};
use crate::own::{Layout, Own};
use crate::unicode;
use crate::warnings::warn_deprecation;
use crate::{abstract_, bytearray, bytes, float, getset, id, memory, methods, object, tuple};
use twinheap_abi::*;
use twinheap_arith::digits::{self as kernel, BytesError, Integer};
use twinheap_arith::format_spec;

fn int_conjugate(long: &PyLongObject) -> PyResult {
    long_long(long)
}

fn int_bit_length(long: &PyLongObject) -> PyResult {
    Ok(from_i64(kernel::bit_length(digits(long)) as i64)?.upcast())
}

fn int_bit_count(long: &PyLongObject) -> PyResult {
    Ok(from_i64(kernel::bit_count(digits(long)) as i64)?.upcast())
}

fn int_as_integer_ratio(long: &PyLongObject) -> PyResult {
    let one = Own::new(small_int(1)).upcast();
    Ok(tuple::from_vec(vec![long_long(long)?, one])?.upcast())
}

fn int_sizeof(long: &PyLongObject) -> PyResult {
    let count = digits(long).len().max(1);
    Ok(from_i64((std::mem::offset_of!(PyLongObject, ob_digit) + 4 * count) as i64)?.upcast())
}

fn int_getnewargs(long: &PyLongObject) -> PyResult {
    let copy = from_digits(long.ob_size.get() < 0, digits(long))?;
    Ok(tuple::from_vec(vec![copy.upcast()])?.upcast())
}

fn int_round(long: &PyLongObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("__round__", args.len(), 0, 1)?;
    let Some(places) = args.first() else {
        return long_long(long);
    };
    let places = abstract_::index(places)?;
    if places.ob_size.get() >= 0 {
        return long_long(long);
    }
    let places = as_ssize(&places)?;
    let ten = Integer::new(false, vec![10]);
    // Beyond the number's own decimal digits (and one more) every power of ten rounds it to zero.
    if places.unsigned_abs() > kernel::bit_length(digits(long)) / 3 + 2 {
        return Ok(Own::new(small_int(0)).upcast());
    }
    let unit = kernel::power(
        ten.borrow(),
        &kernel::from_u64(places.unsigned_abs() as u64),
    );
    number::round_to_multiple(long, &unit)
}

fn int_format(long: &PyLongObject, spec: &PyObject) -> PyResult {
    let spec = unicode::expect_str(spec, "__format__", "argument")?;
    Ok(format(long, spec)?.upcast())
}

/// `_PyLong_FormatAdvancedWriter`.
pub fn format(long: &PyLongObject, spec: &PyASCIIObject) -> PyResult<Own<PyASCIIObject>> {
    if spec.length.get() == 0 {
        if super::text::is_exact(long.as_object()) {
            return unicode::from_str(&super::text::to_decimal(long)?);
        }
        return object::str(long.as_object());
    }
    let type_name = long.as_object().type_().name();
    let parsed = unicode::parse_format_spec(spec, type_name, b'd', b'>')?;
    match char::from_u32(parsed.kind) {
        Some('b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n') => format_integer(long, spec, &parsed),
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => {
            float::format_value(number::as_double(long)?, spec, type_name, &parsed)
        }
        _ => Err(value_error(format_spec::unknown_presentation_type(
            parsed.kind,
            type_name,
        ))),
    }
}

fn format_integer(
    long: &PyLongObject,
    text: &PyASCIIObject,
    spec: &format_spec::FormatSpec,
) -> PyResult<Own<PyASCIIObject>> {
    format_spec::check_integer_spec(spec)
        .map_err(|error| unicode::spec_error(error, text, long.as_object().type_().name()))?;
    if spec.kind == u32::from(b'c') {
        return format_character(long, spec);
    }
    let base = format_spec::integer_base(spec.kind);
    let digits_text = match base {
        10 => super::text::to_decimal(long)?
            .trim_start_matches('-')
            .to_owned(),
        _ => kernel::to_power_of_two_base(digits(long), base.trailing_zeros()),
    };
    memory::probe(spec.width.unwrap_or(0))?;
    unicode::from_field(&format_spec::format_integer(
        spec,
        long.ob_size.get() < 0,
        &digits_text,
    ))
}

fn format_character(
    long: &PyLongObject,
    spec: &format_spec::FormatSpec,
) -> PyResult<Own<PyASCIIObject>> {
    let Some(value) = super::to_i64(long) else {
        return Err(overflow_error("Python int too large to convert to C long"));
    };
    let Some(point) = u32::try_from(value)
        .ok()
        .filter(|&point| point <= 0x10_ffff)
    else {
        return Err(overflow_error("%c arg not in range(0x110000)"));
    };
    let field = format_spec::format_character(spec, char::from_u32(point).unwrap_or('\u{fffd}'));
    let mut points: Vec<u32> = field.code_points().collect();
    points[format_spec::character_position(&field)] = point;
    unicode::from_ucs4(&points)
}

/// Reads `byteorder`: whether it is little.
fn is_little_endian(order: Option<&PyObject>, function: &str) -> PyResult<bool> {
    let Some(order) = order else {
        return Ok(false);
    };
    let order = unicode::expect_str(order, function, "argument 'byteorder'")?;
    match unicode::as_ascii(order) {
        Some("little") => Ok(true),
        Some("big") => Ok(false),
        _ => Err(value_error("byteorder must be either 'little' or 'big'")),
    }
}

static TO_BYTES: Signature = Signature {
    name: "to_bytes",
    parameters: &["length", "byteorder", "signed"],
    required: 0,
    positional: 2,
};

fn int_to_bytes(long: &PyLongObject, args: Args<'_>) -> PyResult {
    let [length, order, is_signed] = args.bind::<3>(&TO_BYTES)?;
    let length = match length {
        Some(length) => as_ssize(&*abstract_::index(length)?)?,
        None => 1,
    };
    let order_text = order
        .map(|order| unicode::expect_str(order, "to_bytes", "argument 'byteorder'"))
        .transpose()?;
    let is_signed = is_signed.given_and_true()?;
    let little = is_little_endian(order_text.map(|text| text.as_object()), "to_bytes")?;
    if length < 0 {
        return Err(value_error("length argument must be non-negative"));
    }
    let mut out = Vec::new();
    memory::reserve(&mut out, length as usize)?;
    out.resize(length as usize, 0);
    match kernel::to_bytes(signed(long), &mut out, little, is_signed) {
        Ok(()) => Ok(bytes::from_slice_fresh(&out)?.upcast()),
        Err(BytesError::NegativeToUnsigned) => {
            Err(overflow_error("can't convert negative int to unsigned"))
        }
        Err(BytesError::TooBig) => Err(overflow_error("int too big to convert")),
    }
}

/// The truth of an optional argument; a missing one is false.
trait GivenAndTrue {
    fn given_and_true(self) -> PyResult<bool>;
}

impl GivenAndTrue for Option<&PyObject> {
    fn given_and_true(self) -> PyResult<bool> {
        self.map_or(Ok(false), is_true)
    }
}

static FROM_BYTES: Signature = Signature {
    name: "from_bytes",
    parameters: &["bytes", "byteorder", "signed"],
    required: 1,
    positional: 2,
};

fn int_from_bytes(type_: &PyObject, args: Args<'_>) -> PyResult {
    let [source, order, is_signed] = args.bind::<3>(&FROM_BYTES)?;
    let order = order
        .map(|order| unicode::expect_str(order, "from_bytes", "argument 'byteorder'"))
        .transpose()?;
    let is_signed = is_signed.given_and_true()?;
    let little = is_little_endian(order.map(|text| text.as_object()), "from_bytes")?;
    let Some(source) = source else {
        return Err(type_error(
            "from_bytes() missing required argument 'bytes' (pos 1)",
        ));
    };
    let source = bytes::from_object(source)?;
    let value = from_integer(&kernel::from_bytes(
        bytes::data_of(&source),
        little,
        is_signed,
    ))?;
    if std::ptr::eq(type_, PyLong_Type.as_object()) {
        return Ok(value);
    }
    call::call(type_, &[&value])
}

fn int_zero(_: &PyLongObject) -> PyResult {
    Ok(Own::new(small_int(0)).upcast())
}

fn int_one(_: &PyLongObject) -> PyResult {
    Ok(Own::new(small_int(1)).upcast())
}

/// `PyNumber_Long`.
pub fn from_object(object: &PyObject) -> PyResult {
    if super::text::is_exact(object) {
        return Ok(Own::new(object));
    }
    // SAFETY: the suite of a live type.
    let suite = unsafe { object.type_().tp_as_number.get().as_ref() };
    if let Some(convert) = suite.and_then(|suite| suite.nb_int.get()) {
        return from_int_slot(object, convert);
    }
    if suite.is_some_and(|suite| suite.nb_index.get().is_some()) {
        return long_long(&*abstract_::index(object)?);
    }
    if let Some(truncate) = crate::types::lookup_special(object, id!("__trunc__"))? {
        return from_trunc(&truncate);
    }
    if let Some(text) = object.downcast_ref::<PyASCIIObject>() {
        return from_unicode(text, 10);
    }
    if let Some(text) = object.downcast_ref::<PyBytesObject>() {
        return from_bytes_text(bytes::data_of(text), 10);
    }
    if let Some(text) = object.downcast_ref::<PyByteArrayObject>() {
        return from_bytes_text(bytearray::data_of(text), 10);
    }
    if let Some(content) = bytes::copy_of_buffer(object)? {
        return from_bytes_text(&content, 10);
    }
    Err(type_error(format_args!(
        "int() argument must be a string, a bytes-like object or a real number, not '{:.200}'",
        object.type_().name()
    )))
}

fn from_int_slot(object: &PyObject, convert: unaryfunc) -> PyResult {
    // SAFETY: the object's own slot.
    let result = unsafe { crate::errors::from_c(convert(object.as_raw()))? };
    if super::text::is_exact(&result) {
        return Ok(result);
    }
    let result = result.downcast::<PyLongObject>().map_err(|other| {
        type_error(format_args!(
            "__int__ returned non-int (type {:.200})",
            other.type_().name()
        ))
    })?;
    warn_deprecation(&format!(
        "__int__ returned non-int (type {:.200}).  The ability to return an instance of a strict \
         subclass of int is deprecated, and may be removed in a future version of Python.",
        result.as_object().type_().name()
    ))?;
    super::text::to_exact(result)
}

fn from_trunc(truncate: &PyObject) -> PyResult {
    warn_deprecation("The delegation of int() to __trunc__ is deprecated.")?;
    let result = call::call(truncate, &[])?;
    match result.downcast::<PyLongObject>() {
        Ok(result) => super::text::to_exact(result),
        Err(other) if abstract_::has_index(&other) => long_long(&*abstract_::index(&other)?),
        Err(other) => Err(type_error(format_args!(
            "__trunc__ returned non-Integral (type {:.200})",
            other.type_().name()
        ))),
    }
}

static NEW: Signature = Signature {
    name: "int",
    parameters: &["", "base"],
    required: 0,
    positional: 2,
};

pub(super) fn long_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [value, base] = call::bind_tuple::<2>(&NEW, args, kwargs)?;
    let made = new_value(value, base)?;
    if std::ptr::eq(type_, &PyLong_Type) {
        return Ok(made);
    }
    // SAFETY: the value is an int.
    let value = unsafe { made.cast::<PyLongObject>() };
    let count = digits(&value).len();
    let instance = crate::types::allocate(type_, count.max(1) as isize)?;
    // SAFETY: an instance of an int subclass has room for the digits.
    unsafe {
        let long: &PyLongObject = &*instance.as_ptr().cast();
        long.ob_size.set(value.ob_size.get());
        std::ptr::copy_nonoverlapping(digits(&value).as_ptr(), digits_pointer(long), count);
    }
    Ok(instance)
}

fn new_value(value: Option<&PyObject>, base: Option<&PyObject>) -> PyResult {
    let (value, base) = match (value, base) {
        (None, None) => return Ok(Own::new(small_int(0)).upcast()),
        (None, Some(_)) => return Err(type_error("int() missing string argument")),
        (Some(value), None) => return from_object(value),
        (Some(value), Some(base)) => (value, base),
    };
    let base = super::to_i64(&*abstract_::index(base)?).unwrap_or(i64::MAX);
    if !(base == 0 || (2..=36).contains(&base)) {
        return Err(value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    if let Some(text) = value.downcast_ref::<PyASCIIObject>() {
        return from_unicode(text, base as u32);
    }
    if let Some(text) = value.downcast_ref::<PyBytesObject>() {
        return from_bytes_text(bytes::data_of(text), base as u32);
    }
    if let Some(text) = value.downcast_ref::<PyByteArrayObject>() {
        return from_bytes_text(bytearray::data_of(text), base as u32);
    }
    Err(type_error(
        "int() can't convert non-string with explicit base",
    ))
}

methods! {
    pub(super) static LONG_METHODS:
    "conjugate" => noargs(int_conjugate);
    "bit_length" => noargs(int_bit_length, "($self, /)");
    "bit_count" => noargs(int_bit_count, "($self, /)");
    "to_bytes" => keywords(int_to_bytes, "($self, /, length=1, byteorder=\'big\', *, signed=False)");
    "from_bytes" => keywords(int_from_bytes, "($type, /, bytes, byteorder=\'big\', *, signed=False)") | METH_CLASS;
    "as_integer_ratio" => noargs(int_as_integer_ratio, "($self, /)");
    "__trunc__" => noargs(int_conjugate);
    "__floor__" => noargs(int_conjugate);
    "__ceil__" => noargs(int_conjugate);
    "__round__" => fast(int_round, "($self, ndigits=<unrepresentable>, /)");
    "__getnewargs__" => noargs(int_getnewargs, "($self, /)");
    "__format__" => o(int_format, "($self, format_spec, /)");
    "__sizeof__" => noargs(int_sizeof, "($self, /)");
}

getset! {
    pub(super) static LONG_GETSET:
    "real" => int_conjugate;
    "imag" => int_zero;
    "numerator" => int_conjugate;
    "denominator" => int_one;
}
