//! `datetime.timedelta`: days, seconds and microseconds, the latter two never negative.

use super::arguments::{answer, bind, int, pack, text};
use crate::prelude::*;
use twinheap_objects::exceptions::PyExc_OverflowError;

object_struct! {
    /// `PyDateTime_Delta`.
    pub struct DeltaObject {
        hashcode: Cell<isize>,
        days: Cell<i32>,
        seconds: Cell<i32>,
        microseconds: Cell<i32>,
    }
}

typed!(DeltaObject, PyDateTime_DeltaType);

/// The most days that a difference has.
pub const MAX_DELTA_DAYS: i64 = 999_999_999;
pub const US_PER_SECOND: i128 = 1_000_000;
pub const US_PER_DAY: i128 = 86_400 * US_PER_SECOND;

impl DeltaObject {
    /// The whole difference in microseconds.
    pub fn total(&self) -> i128 {
        i128::from(self.days.get()) * US_PER_DAY
            + i128::from(self.seconds.get()) * US_PER_SECOND
            + i128::from(self.microseconds.get())
    }
}

fn too_large() -> errors::Raised {
    overflow_error("Python int too large to convert to C int")
}

/// A difference of so many microseconds, of a type.
pub fn of_type(type_: &PyTypeObject, total: i128) -> PyResult<Own<DeltaObject>> {
    let days = total.div_euclid(US_PER_DAY);
    let rest = total.rem_euclid(US_PER_DAY);
    let days = i32::try_from(days).map_err(|_| too_large())?;
    if i64::from(days).abs() > MAX_DELTA_DAYS {
        return Err(overflow_error(format_args!(
            "days={days}; must have magnitude <= {MAX_DELTA_DAYS}"
        )));
    }
    let made = DeltaObject::alloc(type_)?;
    made.hashcode.set(-1);
    made.days.set(days);
    made.seconds.set((rest / US_PER_SECOND) as i32);
    made.microseconds.set((rest % US_PER_SECOND) as i32);
    Ok(made)
}

/// A plain difference of so many microseconds.
pub fn of_total(total: i128) -> PyResult<Own<DeltaObject>> {
    of_type(&PyDateTime_DeltaType, total)
}

/// A plain difference of days, seconds and microseconds, in whatever range they are.
pub fn of_parts(days: i64, seconds: i64, microseconds: i64) -> PyResult<Own<DeltaObject>> {
    of_total(
        i128::from(days) * US_PER_DAY
            + i128::from(seconds) * US_PER_SECOND
            + i128::from(microseconds),
    )
}

/// An int as a wide number; one that is wider makes no difference that could be told.
fn wide(number: &PyLongObject) -> PyResult<i128> {
    let digits = long::digits(number);
    if digits.len() > 4 {
        return Err(too_large());
    }
    let size = digits
        .iter()
        .rev()
        .fold(0i128, |sum, digit| sum << 30 | i128::from(*digit));
    Ok(if number.ob_base.ob_size.get() < 0 {
        -size
    } else {
        size
    })
}

/// What an argument of the constructor adds: whole microseconds, and a rest.
fn component(name: &str, value: &PyObject, factor: i128) -> PyResult<(i128, f64)> {
    if let Some(number) = value.downcast_ref::<PyLongObject>() {
        let product = wide(number)?.checked_mul(factor).ok_or_else(too_large)?;
        return Ok((product, 0.0));
    }
    let Some(value) = value.downcast_ref::<PyFloatObject>() else {
        return Err(type_error(format_args!(
            "unsupported type for timedelta {name} component: {}",
            value.type_().name()
        )));
    };
    let value = float::value(value);
    let whole = long::from_f64(value.trunc())?;
    let whole = whole.downcast_ref::<PyLongObject>().map_or(Ok(0), wide)?;
    let product = whole.checked_mul(factor).ok_or_else(too_large)?;
    let rest = value.fract() * factor as f64;
    Ok((product + rest.trunc() as i128, rest.fract()))
}

const COMPONENTS: [(&str, usize, i128); 7] = [
    ("microseconds", 2, 1),
    ("milliseconds", 3, 1_000),
    ("seconds", 1, US_PER_SECOND),
    ("minutes", 4, 60 * US_PER_SECOND),
    ("hours", 5, 3_600 * US_PER_SECOND),
    ("days", 0, US_PER_DAY),
    ("weeks", 6, 7 * US_PER_DAY),
];

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    const NAMES: [&str; 7] = [
        "days",
        "seconds",
        "microseconds",
        "milliseconds",
        "minutes",
        "hours",
        "weeks",
    ];
    let given = bind("__new__", &NAMES, 0, 7, args, kwargs)?;
    let (mut total, mut rest) = (0i128, 0.0f64);
    for (name, at, factor) in COMPONENTS {
        if let Some(value) = &given[at] {
            let (whole, left) = component(name, value, factor)?;
            total = total.checked_add(whole).ok_or_else(too_large)?;
            rest += left;
        }
    }
    if rest != 0.0 {
        let mut whole = rest.round();
        if (whole - rest).abs() == 0.5 {
            // Halfway: to the even sum.
            let odd = f64::from(u8::from(total & 1 != 0));
            whole = 2.0 * ((rest + odd) * 0.5).round() - odd;
        }
        total += whole as i128;
    }
    Ok(of_type(type_, total)?.upcast())
}

fn both<'a>(a: &'a PyObject, b: &'a PyObject) -> Option<(&'a DeltaObject, &'a DeltaObject)> {
    Some((
        a.downcast_ref::<DeltaObject>()?,
        b.downcast_ref::<DeltaObject>()?,
    ))
}

fn add(a: &PyObject, b: &PyObject) -> PyResult {
    match both(a, b) {
        Some((a, b)) => Ok(of_total(a.total() + b.total())?.upcast()),
        None => Ok(not_implemented()),
    }
}

fn subtract(a: &PyObject, b: &PyObject) -> PyResult {
    match both(a, b) {
        Some((a, b)) => Ok(of_total(a.total() - b.total())?.upcast()),
        None => Ok(not_implemented()),
    }
}

fn negative(this: &DeltaObject) -> PyResult {
    Ok(of_total(-this.total())?.upcast())
}

fn positive(this: &DeltaObject) -> PyResult {
    Ok(of_total(this.total())?.upcast())
}

fn absolute(this: &DeltaObject) -> PyResult {
    Ok(of_total(this.total().abs())?.upcast())
}

fn boolean(this: &DeltaObject) -> PyResult<bool> {
    Ok(this.total() != 0)
}

/// A wide number as an int.
pub fn long_of(value: i128) -> PyResult {
    if let Ok(small) = i64::try_from(value) {
        return int(small);
    }
    let high = int((value >> 60) as i64)?;
    let shift = int(60)?;
    let low = int((value & ((1 << 60) - 1)) as i64)?;
    abstract_::add(&*abstract_::lshift(&high, &shift)?, &low)
}

/// A difference of an int of microseconds.
fn from_long(value: &PyObject) -> PyResult {
    match value.downcast_ref::<PyLongObject>() {
        Some(value) => Ok(of_total(wide(value)?)?.upcast()),
        None => Err(type_error("an int was expected")),
    }
}

/// `divide_nearest`: to the nearest int, halves to the even one.
fn divide_nearest(a: &PyObject, b: &PyObject) -> PyResult {
    let quotient = abstract_::floor_divide(a, b)?;
    let rest = abstract_::remainder(a, b)?;
    let double = abstract_::add(&rest, &rest)?;
    let one = int(1)?;
    let positive = object::rich_compare_bool(b, &*int(0)?, Py_GT)?;
    let beyond = if positive { Py_GT } else { Py_LT };
    let odd = object::is_true(&*abstract_::and(&quotient, &one)?)?;
    let up = object::rich_compare_bool(&double, b, beyond)? || odd && object::equal(&double, b)?;
    if up {
        return abstract_::add(&quotient, &one);
    }
    Ok(quotient)
}

/// Times or divided by a float, exactly: the float's ratio decides.
fn scaled(this: &DeltaObject, factor: &PyObject, divide: bool) -> PyResult {
    let ratio = call::call_method(factor, id!("as_integer_ratio"), &[])?;
    let Some(items) = ratio.downcast_ref::<PyTupleObject>().map(tuple::items) else {
        return Err(type_error(format_args!(
            "unexpected return type from as_integer_ratio(): expected tuple, got '{:.200}'",
            ratio.type_().name()
        )));
    };
    let &[above, below] = items else {
        return Err(value_error("as_integer_ratio() must return a 2-tuple"));
    };
    let (above, below) = if divide {
        (below, above)
    } else {
        (above, below)
    };
    let product = abstract_::multiply(&*long_of(this.total())?, above)?;
    from_long(&*divide_nearest(&product, below)?)
}

fn multiply(a: &PyObject, b: &PyObject) -> PyResult {
    let (delta, factor) = match a.downcast_ref::<DeltaObject>() {
        Some(delta) => (delta, b),
        None => match b.downcast_ref::<DeltaObject>() {
            Some(delta) => (delta, a),
            None => return Ok(not_implemented()),
        },
    };
    if factor.downcast_ref::<PyLongObject>().is_some() {
        let product = abstract_::multiply(&*long_of(delta.total())?, factor)?;
        return from_long(&product);
    }
    if factor.downcast_ref::<PyFloatObject>().is_some() {
        return scaled(delta, factor, false);
    }
    Ok(not_implemented())
}

fn floor_divide(a: &PyObject, b: &PyObject) -> PyResult {
    let Some(delta) = a.downcast_ref::<DeltaObject>() else {
        return Ok(not_implemented());
    };
    let total = long_of(delta.total())?;
    if let Some(other) = b.downcast_ref::<DeltaObject>() {
        return abstract_::floor_divide(&total, &*long_of(other.total())?);
    }
    if b.downcast_ref::<PyLongObject>().is_some() {
        return from_long(&*abstract_::floor_divide(&total, b)?);
    }
    Ok(not_implemented())
}

fn true_divide(a: &PyObject, b: &PyObject) -> PyResult {
    let Some(delta) = a.downcast_ref::<DeltaObject>() else {
        return Ok(not_implemented());
    };
    let total = long_of(delta.total())?;
    if let Some(other) = b.downcast_ref::<DeltaObject>() {
        return abstract_::true_divide(&total, &*long_of(other.total())?);
    }
    if b.downcast_ref::<PyFloatObject>().is_some() {
        return scaled(delta, b, true);
    }
    if b.downcast_ref::<PyLongObject>().is_some() {
        return from_long(&*divide_nearest(&total, b)?);
    }
    Ok(not_implemented())
}

fn remainder(a: &PyObject, b: &PyObject) -> PyResult {
    match both(a, b) {
        Some((a, b)) => from_long(&*abstract_::remainder(
            &*long_of(a.total())?,
            &*long_of(b.total())?,
        )?),
        None => Ok(not_implemented()),
    }
}

fn divmod(a: &PyObject, b: &PyObject) -> PyResult {
    match both(a, b) {
        Some((left, right)) => {
            let (left, right) = (long_of(left.total())?, long_of(right.total())?);
            pack(vec![
                abstract_::floor_divide(&left, &right)?,
                from_long(&*abstract_::remainder(&left, &right)?)?,
            ])
        }
        None => Ok(not_implemented()),
    }
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    match both(a, b) {
        Some((a, b)) => answer(a.total().cmp(&b.total()), op),
        None => Ok(not_implemented()),
    }
}

fn state(this: &DeltaObject) -> PyResult {
    pack(vec![
        int(this.days.get())?,
        int(this.seconds.get())?,
        int(this.microseconds.get())?,
    ])
}

fn hash(this: &DeltaObject) -> PyResult<Py_hash_t> {
    if this.hashcode.get() == -1 {
        this.hashcode.set(object::hash(&*state(this)?)?);
    }
    Ok(this.hashcode.get())
}

fn repr(this: &DeltaObject) -> PyResult {
    let parts = [
        ("days", this.days.get()),
        ("seconds", this.seconds.get()),
        ("microseconds", this.microseconds.get()),
    ];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(_, value)| *value != 0)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let inside = if shown.is_empty() {
        "0".to_owned()
    } else {
        shown.join(", ")
    };
    text(&format!("{}({inside})", this.as_object().type_().name()))
}

fn str(this: &DeltaObject) -> PyResult {
    let (days, seconds) = (this.days.get(), this.seconds.get());
    let mut shown = String::new();
    if days != 0 {
        let plural = if days.abs() == 1 { "" } else { "s" };
        shown = format!("{days} day{plural}, ");
    }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    shown += &format!("{hours}:{minutes:02}:{:02}", seconds % 60);
    if this.microseconds.get() != 0 {
        shown += &format!(".{:06}", this.microseconds.get());
    }
    text(&shown)
}

/// `total_seconds`.
pub fn total_seconds(this: &DeltaObject) -> PyResult {
    abstract_::true_divide(&*long_of(this.total())?, &*int(1_000_000)?)
}

fn reduce(this: &DeltaObject) -> PyResult {
    pack(vec![
        Own::new(this.as_object().type_().as_object()),
        state(this)?,
    ])
}

/// Whether the error that is set is one of a number out of range.
pub fn overflowed() -> bool {
    errors::matches(&PyExc_OverflowError)
}

methods! {
    static METHODS:
    "total_seconds" => noargs(total_seconds);
    "__reduce__" => noargs(reduce);
}

members! {
    static MEMBERS:
    "days" => T_INT, offset_of!(DeltaObject, days), READONLY;
    "seconds" => T_INT, offset_of!(DeltaObject, seconds), READONLY;
    "microseconds" => T_INT, offset_of!(DeltaObject, microseconds), READONLY;
}

static_type! {
    /// `datetime.timedelta`.
    PyDateTime_DeltaType = "datetime.timedelta", size size_of::<DeltaObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    number {
        nb_add: slot!(binary add),
        nb_subtract: slot!(binary subtract),
        nb_multiply: slot!(binary multiply),
        nb_remainder: slot!(binary remainder),
        nb_divmod: slot!(binary divmod),
        nb_negative: slot!(unary negative),
        nb_positive: slot!(unary positive),
        nb_absolute: slot!(unary absolute),
        nb_bool: slot!(inquiry boolean),
        nb_floor_divide: slot!(binary floor_divide),
        nb_true_divide: slot!(binary true_divide),
    }
    tp_dealloc: slot!(dealloc DeltaObject::dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_str: slot!(unary str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp richcompare),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_new: slot!(new new),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_free),
}
