//! `datetime.datetime`: a date and a time of day. Without a zone it is allocated without the field for one.

use super::arguments::{hash_of, int};
use super::calendar::{self, MAXORDINAL};
use super::date::{self, DateObject, PyDateTime_DateType};
use super::delta::{self, DeltaObject, US_PER_DAY, US_PER_SECOND};
use super::text::Clock;
use super::{methods, time, zones};
use crate::prelude::*;

/// `_PyDateTime_BaseDateTime`, with the byte behind it that says which of two equal times is meant.
#[repr(C)]
pub struct DateTimeObject {
    pub ob_base: PyObject,
    pub hashcode: Cell<isize>,
    pub hastzinfo: Cell<i8>,
    pub data: [Cell<u8>; 10],
    pub fold: Cell<u8>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for DateTimeObject {}
typed!(DateTimeObject, PyDateTime_DateTimeType);

/// `PyDateTime_DateTime`.
#[repr(C)]
struct ZonedDateTime {
    base: DateTimeObject,
    tzinfo: Pointer<PyObject>,
}

const _: () = {
    assert!(size_of::<DateTimeObject>() == 40);
    assert!(size_of::<ZonedDateTime>() == 48);
};

impl DateTimeObject {
    pub fn bytes(&self) -> [u8; 10] {
        self.data.each_ref().map(Cell::get)
    }

    pub fn date(&self) -> (i32, i32, i32) {
        let [high, low, month, day, ..] = self.bytes().map(i32::from);
        (high << 8 | low, month, day)
    }

    pub fn clock(&self) -> Clock {
        let [_, _, _, _, hour, minute, second, a, b, c] = self.bytes().map(i32::from);
        [hour, minute, second, a << 16 | b << 8 | c]
    }

    fn slot(&self) -> Option<&Pointer<PyObject>> {
        if self.hastzinfo.get() == 0 {
            return None;
        }
        let object: *const DateTimeObject = self;
        // SAFETY: an object with a zone was allocated with the field for it.
        Some(unsafe { &(*object.cast::<ZonedDateTime>()).tzinfo })
    }

    /// The zone, or None.
    pub fn zone(&self) -> Own {
        self.slot().and_then(Field::own).unwrap_or_else(none)
    }

    /// The offset that the zone gives for this time.
    pub fn offset(&self) -> PyResult<Option<Own<DeltaObject>>> {
        zones::utcoffset_of(&self.zone(), self.as_object())
    }

    /// Microseconds since the beginning of year 1, whatever the zone.
    pub fn total(&self) -> i128 {
        let (year, month, day) = self.date();
        let [hour, minute, second, rest] = self.clock();
        i128::from(calendar::ordinal(year, month, day)) * US_PER_DAY
            + i128::from(hour * 3600 + minute * 60 + second) * US_PER_SECOND
            + i128::from(rest)
    }
}

/// `datetime_alloc`.
unsafe extern "C" fn alloc(type_: *const PyTypeObject, aware: isize) -> *mut PyObject {
    let size = if aware != 0 {
        size_of::<ZonedDateTime>()
    } else {
        size_of::<DateTimeObject>()
    };
    // SAFETY: the type is ready; all zero is valid in every field.
    let made = unsafe { memory::new_object::<DateTimeObject>(&*type_, size) };
    match made {
        Ok(object) => {
            // SAFETY: fresh memory of that size; the header stands.
            unsafe {
                let header = size_of::<PyObject>();
                std::ptr::write_bytes(object.cast::<u8>().add(header), 0, size - header);
            }
            object.cast()
        }
        Err(_) => std::ptr::null_mut(),
    }
}

/// An object of bytes that are known to be good.
pub fn fill(type_: &PyTypeObject, data: [u8; 10], zone: &PyObject, fold: u8) -> PyResult {
    let aware = !zone.is_none();
    let made = types::allocate(type_, isize::from(aware))?;
    // SAFETY: the type's instances begin with this struct.
    let time: &DateTimeObject = unsafe { &*made.as_ptr().cast() };
    time.hashcode.set(-1);
    time.data
        .iter()
        .zip(data)
        .for_each(|(slot, byte)| slot.set(byte));
    time.fold.set(fold);
    time.hastzinfo.set(i8::from(aware));
    if let Some(slot) = time.slot() {
        slot.put(Some(Own::new(zone)));
    }
    Ok(made)
}

/// `new_datetime_ex2`.
pub fn create(
    type_: &PyTypeObject,
    date: (i32, i32, i32),
    clock: Clock,
    zone: &PyObject,
    fold: i32,
) -> PyResult {
    date::check(date)?;
    time::check(clock, fold)?;
    zones::check(zone)?;
    let (year, month, day) = date;
    let mut data = [0; 10];
    data[..4].copy_from_slice(&[(year >> 8) as u8, year as u8, month as u8, day as u8]);
    data[4..].copy_from_slice(&time::clock_bytes(clock));
    fill(type_, data, zone, fold as u8)
}

/// A plain `datetime`.
pub fn new_datetime(date: (i32, i32, i32), clock: Clock, zone: &PyObject, fold: i32) -> PyResult {
    create(&PyDateTime_DateTimeType, date, clock, zone, fold)
}

/// `new_datetime_subclass_fold_ex`: of a subclass, by calling it.
pub fn of_class(
    class: &PyObject,
    date: (i32, i32, i32),
    clock: Clock,
    zone: &PyObject,
    fold: i32,
) -> PyResult {
    if std::ptr::eq(class, PyDateTime_DateTimeType.as_object()) {
        return new_datetime(date, clock, zone, fold);
    }
    let (year, month, day) = date;
    let [hour, minute, second, rest] = clock;
    let numbers: PyResult<Vec<Own>> = [year, month, day, hour, minute, second, rest]
        .iter()
        .map(|value| int(*value))
        .collect();
    let numbers = numbers?;
    let mut arguments: Vec<&PyObject> = numbers.iter().map(|number| &**number).collect();
    arguments.push(zone);
    let made = call::call(class, &arguments)?;
    if let Some(time) = made.downcast_ref::<DateTimeObject>() {
        time.fold.set(fold as u8);
    }
    Ok(made)
}

/// Date and time of day of a number of microseconds.
fn split(total: i128) -> PyResult<((i32, i32, i32), Clock)> {
    let days = total.div_euclid(US_PER_DAY);
    if !(1..=i128::from(MAXORDINAL)).contains(&days) {
        return Err(overflow_error("date value out of range"));
    }
    let rest = total.rem_euclid(US_PER_DAY);
    let seconds = (rest / US_PER_SECOND) as i32;
    let clock = [
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        (rest % US_PER_SECOND) as i32,
    ];
    Ok((calendar::from_ordinal(days as i32), clock))
}

/// `add_datetime_timedelta`: so many microseconds later.
pub fn add_delta(this: &DateTimeObject, microseconds: i128) -> PyResult {
    let (date, clock) = split(this.total() + microseconds)?;
    let class = this.as_object().type_().as_object();
    of_class(class, date, clock, &this.zone(), 0)
}

/// Seconds since the epoch, of a number of seconds since the beginning of year 1.
const EPOCH: i64 = 719_163 * 86_400;
/// How far a clock may be set back.
const MAX_FOLD: i64 = 24 * 3600;

/// `local`: what the clock of this machine shows at a moment, both in seconds since year 1.
fn local(moment: i64) -> PyResult<i64> {
    const FIRST: i64 = 86_400;
    let last = (i64::from(MAXORDINAL) + 1) * 86_400;
    if !(FIRST..last).contains(&moment) {
        let year = if moment < FIRST { 0 } else { 10_000 };
        return Err(value_error(format_args!("year {year} is out of range")));
    }
    let tm = zones::broken_down(moment - EPOCH, false)?.tm;
    let year = tm.tm_year + 1900;
    if !(1..=9999).contains(&year) {
        return Err(value_error(format_args!("year {year} is out of range")));
    }
    let days = calendar::ordinal(year, tm.tm_mon + 1, tm.tm_mday);
    Ok(i64::from(days) * 86_400 + i64::from(tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec))
}

/// `local_to_seconds`: the moment at which the clock of this machine shows a time.
fn from_local(shown: i64, fold: bool) -> PyResult<i64> {
    let ahead = local(shown)? - shown;
    let first = shown - ahead;
    let seen = local(first)?;
    let other = if seen == shown {
        let probe = if fold {
            first + MAX_FOLD
        } else {
            first - MAX_FOLD
        };
        let other = local(probe)? - probe;
        if ahead == other {
            return Ok(first);
        }
        other
    } else {
        seen - first
    };
    let second = shown - other;
    if local(second)? == shown {
        return Ok(second);
    }
    if seen == shown {
        return Ok(first);
    }
    // The clock jumps over this time.
    Ok(if fold {
        first.min(second)
    } else {
        first.max(second)
    })
}

/// The seconds since the epoch of a time without a zone, by the clock of this machine.
pub fn local_to_timestamp(this: &DateTimeObject) -> PyResult<i64> {
    let shown = (this.total() / US_PER_SECOND) as i64;
    Ok(from_local(shown, this.fold.get() != 0)? - EPOCH)
}

/// The microseconds from the epoch to a time in UTC.
pub fn since_epoch(this: &DateTimeObject) -> i128 {
    this.total() - i128::from(EPOCH) * US_PER_SECOND
}

/// `datetime_from_timet_and_us`.
pub fn from_moment(
    class: &PyObject,
    utc: bool,
    seconds: i64,
    microseconds: i32,
    zone: &PyObject,
) -> PyResult {
    let tm = zones::broken_down(seconds, utc)?.tm;
    let date = (tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    let clock = [tm.tm_hour, tm.tm_min, tm.tm_sec.min(59), microseconds];
    let mut fold = 0;
    let probes = !utc && zone.is_none() && seconds + EPOCH - MAX_FOLD > 2 * 86_400;
    if probes {
        let days = i64::from(calendar::ordinal(date.0, date.1, date.2));
        let shown = days * 86_400 + i64::from(clock[0] * 3600 + clock[1] * 60 + clock[2]);
        let moment = seconds + EPOCH;
        let jump = shown - local(moment - MAX_FOLD)? - MAX_FOLD;
        if jump < 0 && local(moment + jump)? == shown {
            fold = 1;
        }
    }
    of_class(class, date, clock, zone, fold)
}

/// `_PyTime_ObjectToTime_t` with rounding down.
pub fn whole_seconds(timestamp: &PyObject) -> PyResult<i64> {
    if let Some(value) = timestamp.downcast_ref::<PyFloatObject>() {
        let value = float::value(value);
        if value.is_nan() {
            return Err(value_error("Invalid value NaN (not a number)"));
        }
        let value = value.floor();
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
            return Err(overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(value as i64);
    }
    let number = abstract_::index(timestamp)?;
    long::to_i64(&number)
        .ok_or_else(|| overflow_error("timestamp out of range for platform time_t"))
}

/// `_PyTime_ObjectToTimeval` with rounding half to even: seconds and microseconds.
pub fn seconds_and_rest(timestamp: &PyObject) -> PyResult<(i64, i32)> {
    let Some(value) = timestamp.downcast_ref::<PyFloatObject>() else {
        return Ok((whole_seconds(timestamp)?, 0));
    };
    let value = float::value(value);
    if value.is_nan() {
        return Err(value_error("Invalid value NaN (not a number)"));
    }
    let mut whole = value.trunc();
    let scaled = value.fract() * 1e6;
    let mut rest = scaled.round_ties_even();
    if rest >= 1e6 {
        rest -= 1e6;
        whole += 1.0;
    } else if rest < 0.0 {
        rest += 1e6;
        whole -= 1.0;
    }
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
        return Err(overflow_error("timestamp out of range for platform time_t"));
    }
    Ok((whole as i64, rest as i32))
}

/// The same time with the other fold, and the offset that it has then.
fn flipped_offset(this: &DateTimeObject) -> PyResult<Option<Own<DeltaObject>>> {
    let fold = 1 - i32::from(this.fold.get());
    let flipped = new_datetime(this.date(), this.clock(), &this.zone(), fold)?;
    match flipped.downcast_ref::<DateTimeObject>() {
        Some(flipped) => flipped.offset(),
        None => Ok(None),
    }
}

/// `pep495_eq_exception`: a time that depends on its fold equals none of another zone.
fn depends_on_fold(this: &DateTimeObject, offset: Option<i128>) -> PyResult<bool> {
    let flipped = flipped_offset(this)?.map(|flipped| flipped.total());
    Ok(flipped != offset)
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let Some(left) = a.downcast_ref::<DateTimeObject>() else {
        return Ok(not_implemented());
    };
    let Some(right) = b.downcast_ref::<DateTimeObject>() else {
        if b.downcast_ref::<DateObject>().is_none() {
            return Ok(not_implemented());
        }
        return match op {
            Py_EQ => Ok(bool_object(false)),
            Py_NE => Ok(bool_object(true)),
            _ => Err(super::arguments::cannot_compare(a, b)),
        };
    };
    let (zone, other) = (left.zone(), right.zone());
    if std::ptr::eq(&*zone, &*other) {
        return super::arguments::answer(left.bytes().cmp(&right.bytes()), op);
    }
    let x = left.offset()?.map(|offset| offset.total());
    let y = right.offset()?.map(|offset| offset.total());
    let mut order = match (x, y) {
        (x, y) if x == y => left.bytes().cmp(&right.bytes()),
        (Some(x), Some(y)) => (left.total() - x).cmp(&(right.total() - y)),
        _ if op == Py_EQ => return Ok(bool_object(false)),
        _ if op == Py_NE => return Ok(bool_object(true)),
        _ => {
            return Err(type_error(
                "can't compare offset-naive and offset-aware datetimes",
            ));
        }
    };
    let equality = op == Py_EQ || op == Py_NE;
    if equality && order.is_eq() && (depends_on_fold(left, x)? || depends_on_fold(right, y)?) {
        order = std::cmp::Ordering::Greater;
    }
    super::arguments::answer(order, op)
}

fn hash(this: &DateTimeObject) -> PyResult<Py_hash_t> {
    if this.hashcode.get() != -1 {
        return Ok(this.hashcode.get());
    }
    let offset = if this.fold.get() != 0 {
        flipped_offset(this)?
    } else {
        this.offset()?
    };
    let hash = match offset {
        None => hash_of(&this.bytes())?,
        Some(offset) => {
            let moment = delta::of_total(this.total() - offset.total())?;
            object::hash(moment.as_object())?
        }
    };
    this.hashcode.set(hash);
    Ok(hash)
}

fn add(a: &PyObject, b: &PyObject) -> PyResult {
    for (time, difference) in [(a, b), (b, a)] {
        if let (Some(time), Some(difference)) = (
            time.downcast_ref::<DateTimeObject>(),
            difference.downcast_ref::<DeltaObject>(),
        ) {
            return add_delta(time, difference.total());
        }
    }
    Ok(not_implemented())
}

/// `datetime_subtract`.
pub fn subtract(a: &PyObject, b: &PyObject) -> PyResult {
    let Some(left) = a.downcast_ref::<DateTimeObject>() else {
        return Ok(not_implemented());
    };
    if let Some(difference) = b.downcast_ref::<DeltaObject>() {
        return add_delta(left, -difference.total());
    }
    let Some(right) = b.downcast_ref::<DateTimeObject>() else {
        return Ok(not_implemented());
    };
    let mut total = left.total() - right.total();
    let (zone, other) = (left.zone(), right.zone());
    if !std::ptr::eq(&*zone, &*other) {
        match (left.offset()?, right.offset()?) {
            (None, None) => {}
            (Some(x), Some(y)) => total -= x.total() - y.total(),
            _ => {
                return Err(type_error(
                    "can't subtract offset-naive and offset-aware datetimes",
                ));
            }
        }
    }
    Ok(delta::of_total(total)?.upcast())
}

unsafe fn dealloc(this: *mut DateTimeObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::end_object(this.cast(), || {
            if let Some(slot) = (*this).slot() {
                slot.clear();
            }
        });
    }
}

static_type! {
    /// `datetime.datetime`.
    PyDateTime_DateTimeType = "datetime.datetime", size size_of::<ZonedDateTime>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    number {
        nb_add: slot!(binary add),
        nb_subtract: slot!(binary subtract),
    }
    tp_base: &raw const PyDateTime_DateType,
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary methods::repr),
    tp_hash: slot!(hash hash),
    tp_str: slot!(unary methods::str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp richcompare),
    tp_methods: methods::METHODS.as_ptr(),
    tp_getset: methods::GETSET.as_ptr(),
    tp_new: slot!(new methods::new),
    tp_alloc: Some(alloc),
    tp_free: Some(memory::object_free),
}

/// Adds what the type has besides: its limits.
pub fn add_constants() -> PyResult<()> {
    let Some(own) = types::dict_of(&PyDateTime_DateTimeType) else {
        return Ok(());
    };
    let first = new_datetime((1, 1, 1), [0; 4], &none(), 0)?;
    let last = new_datetime((9999, 12, 31), [23, 59, 59, 999_999], &none(), 0)?;
    dict::set_literal(own, "min", &first)?;
    dict::set_literal(own, "max", &last)?;
    dict::set_literal(own, "resolution", delta::of_total(1)?.as_object())
}
