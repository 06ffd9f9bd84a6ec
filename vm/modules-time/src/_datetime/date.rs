//! `datetime.date`.

use super::arguments::{answer, bind, c_integer, hash_of, int, integer_or, pack, text};
use super::calendar::{self, IsoTrouble, MAXORDINAL, MAXYEAR, MINYEAR};
use super::datetime::{DateTimeObject, PyDateTime_DateTimeType, new_datetime};
use super::delta::{self, DeltaObject, PyDateTime_DeltaType};
use super::text as iso;
use super::zones::broken_down;
use crate::prelude::*;

/// `PyDateTime_Date`; `datetime` begins with it.
#[repr(C)]
pub struct DateObject {
    pub ob_base: PyObject,
    pub hashcode: Cell<isize>,
    pub hastzinfo: Cell<i8>,
    pub data: [Cell<u8>; 4],
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for DateObject {}
typed!(DateObject, PyDateTime_DateType);

const _: () = assert!(size_of::<DateObject>() == 32);

/// `check_date_args`.
pub fn check((year, month, day): (i32, i32, i32)) -> PyResult<()> {
    if !(MINYEAR..=MAXYEAR).contains(&year) {
        return Err(value_error(format_args!("year {year} is out of range")));
    }
    if !(1..=12).contains(&month) {
        return Err(value_error("month must be in 1..12"));
    }
    if day < 1 || day > calendar::days_in_month(year, month) {
        return Err(value_error("day is out of range for month"));
    }
    Ok(())
}

impl DateObject {
    pub fn date(&self) -> (i32, i32, i32) {
        let [high, low, month, day] = self.data.each_ref().map(|byte| i32::from(byte.get()));
        (high << 8 | low, month, day)
    }

    pub fn set_date(&self, (year, month, day): (i32, i32, i32)) {
        let bytes = [(year >> 8) as u8, year as u8, month as u8, day as u8];
        self.data
            .iter()
            .zip(bytes)
            .for_each(|(slot, byte)| slot.set(byte));
    }

    fn bytes(&self) -> [u8; 4] {
        self.data.each_ref().map(Cell::get)
    }

    fn ordinal(&self) -> i32 {
        let (year, month, day) = self.date();
        calendar::ordinal(year, month, day)
    }
}

/// `new_date_ex`.
pub fn new_date(type_: &PyTypeObject, date: (i32, i32, i32)) -> PyResult {
    check(date)?;
    let made = types::allocate(type_, 0)?;
    // SAFETY: the type's instances begin with this struct.
    let object: &DateObject = unsafe { &*made.as_ptr().cast() };
    object.hashcode.set(-1);
    object.set_date(date);
    Ok(made)
}

/// `new_date_subclass_ex`: of a subclass, by calling it.
fn of_class(class: &PyObject, date: (i32, i32, i32)) -> PyResult {
    if std::ptr::eq(class, PyDateTime_DateType.as_object()) {
        return new_date(&PyDateTime_DateType, date);
    }
    if std::ptr::eq(class, PyDateTime_DateTimeType.as_object()) {
        return new_datetime(date, [0; 4], &none(), 0);
    }
    let (year, month, day) = date;
    call::call(class, &[&*int(year)?, &*int(month)?, &*int(day)?])
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if let [state] = tuple::items(args)
        && let Some(data) = iso::state_bytes(state, "date")?
        && data.len() == 4
        && (1..=12).contains(&data[2])
    {
        let made = types::allocate(type_, 0)?;
        // SAFETY: the type's instances begin with this struct.
        let object: &DateObject = unsafe { &*made.as_ptr().cast() };
        object.hashcode.set(-1);
        object
            .data
            .iter()
            .zip(data)
            .for_each(|(slot, byte)| slot.set(byte));
        return Ok(made);
    }
    let [year, month, day] = bind("", &["year", "month", "day"], 3, 3, args, kwargs)?
        .map(|value| c_integer(&value.expect("required")));
    new_date(type_, (year?, month?, day?))
}

fn from_timestamp(class: &PyTypeObject, timestamp: &PyObject) -> PyResult {
    let moment = super::datetime::whole_seconds(timestamp)?;
    let tm = broken_down(moment, false)?.tm;
    of_class(
        class.as_object(),
        (tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday),
    )
}

fn fromtimestamp(class: &PyTypeObject, timestamp: &PyObject) -> PyResult {
    from_timestamp(class, timestamp)
}

fn today(class: &PyTypeObject) -> PyResult {
    let module = import_hook::import_module("time")?;
    let now = call::call_method(&module, id!("time"), &[])?;
    call::call_method(class.as_object(), id!("fromtimestamp"), &[&now])
}

fn fromordinal(class: &PyTypeObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    if items.len() != 1 {
        return Err(type_error(format_args!(
            "fromordinal() takes exactly 1 argument ({} given)",
            items.len()
        )));
    }
    let ordinal = c_integer(items[0])?;
    if ordinal < 1 {
        return Err(value_error("ordinal must be >= 1"));
    }
    let date = if ordinal > MAXORDINAL + 366 {
        let years = ordinal / 366;
        (years.max(MAXYEAR + 1), 1, 1)
    } else {
        calendar::from_ordinal(ordinal)
    };
    let date = if ordinal > MAXORDINAL {
        (calendar::from_ordinal(ordinal).0, date.1, date.2)
    } else {
        date
    };
    of_class(class.as_object(), date)
}

fn iso_trouble(trouble: &IsoTrouble, year: i32, week: i32, day: i32) -> errors::Raised {
    match trouble {
        IsoTrouble::Year => value_error(format_args!("Year is out of range: {year}")),
        IsoTrouble::Week => value_error(format_args!("Invalid week: {week}")),
        IsoTrouble::Day => value_error(format_args!("Invalid day: {day} (range is [1, 7])")),
    }
}

fn fromisocalendar(
    class: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let given = bind(
        "fromisocalendar",
        &["year", "week", "day"],
        3,
        3,
        args,
        kwargs,
    )?;
    let [year, week, day] = given.map(|value| {
        c_integer(&value.expect("required")).map_err(|raised| {
            if !delta::overflowed() {
                return raised;
            }
            errors::discard(raised);
            value_error("ISO calendar component out of range")
        })
    });
    let (year, week, day) = (year?, week?, day?);
    match calendar::from_iso_calendar(year, week, day) {
        Ok(date) => of_class(class.as_object(), date),
        Err(trouble) => Err(iso_trouble(&trouble, year, week, day)),
    }
}

fn fromisoformat(class: &PyTypeObject, given: &PyObject) -> PyResult {
    let Some(source) = given.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("fromisoformat: argument must be str"));
    };
    let data = unicode::as_utf8(source)?;
    let parsed = match data.len() {
        7 | 8 | 10 => iso::parse_date(data),
        _ => None,
    };
    match parsed {
        Some(Ok(date)) => of_class(class.as_object(), date),
        _ => Err(iso::invalid(given)),
    }
}

fn replace(this: &DateObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let [year, month, day] = bind("replace", &["year", "month", "day"], 0, 3, args, kwargs)?;
    let own = this.date();
    let parts = (
        integer_or(year.as_ref(), own.0)?,
        integer_or(month.as_ref(), own.1)?,
        integer_or(day.as_ref(), own.2)?,
    );
    let class = this.as_object().type_();
    if std::ptr::eq(class, &PyDateTime_DateType) {
        return new_date(class, parts);
    }
    call::call(
        class.as_object(),
        &[&*int(parts.0)?, &*int(parts.1)?, &*int(parts.2)?],
    )
}

fn ctime(this: &DateObject) -> PyResult {
    iso::ctime(this.date(), [0; 3])
}

/// The one argument of `strftime`, a str.
pub fn format_argument(
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<Own<PyASCIIObject>> {
    let [format] = bind("strftime", &["format"], 1, 1, args, kwargs)?;
    let format = format.expect("required");
    format.downcast::<PyASCIIObject>().map_err(|format| {
        type_error(format_args!(
            "strftime() argument 1 must be str, not {}",
            unicode::type_name_or_none(&format)
        ))
    })
}

fn strftime(this: &DateObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let format = format_argument(args, kwargs)?;
    let parts = call::call_method(this.as_object(), id!("timetuple"), &[])?;
    iso::strftime(this.as_object(), &format, &parts, this.as_object())
}

/// `__format__` of dates and times.
pub fn format(this: &PyObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    if items.len() != 1 {
        return Err(type_error(format_args!(
            "__format__() takes exactly 1 argument ({} given)",
            items.len()
        )));
    }
    let Some(format) = items[0].downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "__format__() argument 1 must be str, not {}",
            unicode::type_name_or_none(items[0])
        )));
    };
    if format.length.get() == 0 {
        return Ok(object::str(this)?.upcast());
    }
    call::call_method(this, id!("strftime"), &[format.as_object()])
}

fn timetuple(this: &DateObject) -> PyResult {
    iso::struct_time(this.date(), [0; 3], -1)
}

fn isocalendar(this: &DateObject) -> PyResult {
    let (year, month, day) = this.date();
    super::week::week(calendar::iso_calendar(year, month, day))
}

/// `YYYY-MM-DD`.
pub fn iso_date((year, month, day): (i32, i32, i32)) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

fn isoformat(this: &DateObject) -> PyResult {
    text(&iso_date(this.date()))
}

fn isoweekday(this: &DateObject) -> PyResult {
    let (year, month, day) = this.date();
    int(calendar::weekday(year, month, day) + 1)
}

fn weekday(this: &DateObject) -> PyResult {
    let (year, month, day) = this.date();
    int(calendar::weekday(year, month, day))
}

fn toordinal(this: &DateObject) -> PyResult {
    int(this.ordinal())
}

fn repr(this: &DateObject) -> PyResult {
    let (year, month, day) = this.date();
    let name = this.as_object().type_().name();
    text(&format!("{name}({year}, {month}, {day})"))
}

fn str(this: &PyObject) -> PyResult {
    call::call_method(this, id!("isoformat"), &[])
}

fn hash(this: &DateObject) -> PyResult<Py_hash_t> {
    if this.hashcode.get() == -1 {
        this.hashcode.set(hash_of(&this.bytes())?);
    }
    Ok(this.hashcode.get())
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(right)) = (
        a.downcast_ref::<DateObject>(),
        b.downcast_ref::<DateObject>(),
    ) else {
        return Ok(not_implemented());
    };
    answer(left.bytes().cmp(&right.bytes()), op)
}

fn out_of_range() -> errors::Raised {
    overflow_error("date value out of range")
}

/// `add_date_timedelta`.
fn moved(this: &DateObject, days: i64) -> PyResult {
    let ordinal = i64::from(this.ordinal()) + days;
    if !(1..=i64::from(MAXORDINAL)).contains(&ordinal) {
        return Err(out_of_range());
    }
    let date = calendar::from_ordinal(ordinal as i32);
    of_class(this.as_object().type_().as_object(), date)
}

/// A plain date; a `datetime` goes its own way.
fn plain(object: &PyObject) -> Option<&DateObject> {
    if object.downcast_ref::<DateTimeObject>().is_some() {
        return None;
    }
    object.downcast_ref::<DateObject>()
}

fn add(a: &PyObject, b: &PyObject) -> PyResult {
    let is_time = |object: &PyObject| object.downcast_ref::<DateTimeObject>().is_some();
    if is_time(a) || is_time(b) {
        return Ok(not_implemented());
    }
    let pairs = [(a, b), (b, a)];
    for (date, difference) in pairs {
        if let (Some(date), Some(difference)) =
            (plain(date), difference.downcast_ref::<DeltaObject>())
        {
            return moved(date, i64::from(difference.days.get()));
        }
    }
    Ok(not_implemented())
}

fn subtract(a: &PyObject, b: &PyObject) -> PyResult {
    let (Some(date), None) = (plain(a), b.downcast_ref::<DateTimeObject>()) else {
        return Ok(not_implemented());
    };
    if let Some(other) = plain(b) {
        let days = date.ordinal() - other.ordinal();
        return Ok(delta::of_parts(i64::from(days), 0, 0)?.upcast());
    }
    match b.downcast_ref::<DeltaObject>() {
        Some(difference) => moved(date, -i64::from(difference.days.get())),
        None => Ok(not_implemented()),
    }
}

fn reduce(this: &DateObject) -> PyResult {
    let state = pack(vec![bytes::from_slice(&this.bytes())?.upcast()])?;
    pack(vec![Own::new(this.as_object().type_().as_object()), state])
}

fn get_year(this: &DateObject) -> PyResult {
    int(this.date().0)
}

fn get_month(this: &DateObject) -> PyResult {
    int(this.date().1)
}

fn get_day(this: &DateObject) -> PyResult {
    int(this.date().2)
}

/// # Safety
/// Called once, when the last reference is gone.
unsafe fn dealloc(this: *mut DateObject) {
    // SAFETY: by contract; the object owns nothing.
    unsafe { memory::end_object(this.cast(), || ()) }
}

methods! {
    static METHODS:
    "fromtimestamp" => o(fromtimestamp, "($type, timestamp, /)") | METH_CLASS;
    "fromordinal" => varargs(fromordinal) | METH_CLASS;
    "fromisoformat" => o(fromisoformat) | METH_CLASS;
    "fromisocalendar" => varargs_keywords(fromisocalendar) | METH_CLASS;
    "today" => noargs(today) | METH_CLASS;
    "ctime" => noargs(ctime);
    "strftime" => varargs_keywords(strftime);
    "__format__" => varargs(format);
    "timetuple" => noargs(timetuple);
    "isocalendar" => noargs(isocalendar);
    "isoformat" => noargs(isoformat);
    "isoweekday" => noargs(isoweekday);
    "toordinal" => noargs(toordinal);
    "weekday" => noargs(weekday);
    "replace" => varargs_keywords(replace);
    "__reduce__" => noargs(reduce);
}

getset! {
    static GETSET:
    "year" => get_year;
    "month" => get_month;
    "day" => get_day;
}

static_type! {
    /// `datetime.date`.
    PyDateTime_DateType = "datetime.date", size size_of::<DateObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    number {
        nb_add: slot!(binary add),
        nb_subtract: slot!(binary subtract),
    }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_str: slot!(unary str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp richcompare),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new new),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_free),
}

/// Adds what the type has besides: its limits.
pub fn add_constants() -> PyResult<()> {
    let Some(own) = types::dict_of(&PyDateTime_DateType) else {
        return Ok(());
    };
    dict::set_literal(own, "min", &*new_date(&PyDateTime_DateType, (1, 1, 1))?)?;
    dict::set_literal(
        own,
        "max",
        &*new_date(&PyDateTime_DateType, (9999, 12, 31))?,
    )?;
    let day = delta::of_type(&PyDateTime_DeltaType, delta::US_PER_DAY)?;
    dict::set_literal(own, "resolution", day.as_object())
}
