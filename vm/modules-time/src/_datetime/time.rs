//! `datetime.time`: a time of day. Without a zone it is allocated without the field for one.

use super::arguments::{answer, bind, c_integer, hash_of, int, integer_or, pack, text};
use super::date::{format, format_argument};
use super::delta;
use super::text::{self as iso, Clock};
use super::zones;
use crate::prelude::*;

/// `_PyDateTime_BaseTime`, with the byte behind it that says which of two equal times is meant.
#[repr(C)]
pub struct TimeObject {
    pub ob_base: PyObject,
    pub hashcode: Cell<isize>,
    pub hastzinfo: Cell<i8>,
    pub data: [Cell<u8>; 6],
    pub fold: Cell<u8>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for TimeObject {}
typed!(TimeObject, PyDateTime_TimeType);

/// `PyDateTime_Time`.
#[repr(C)]
struct ZonedTime {
    base: TimeObject,
    tzinfo: Pointer<PyObject>,
}

const _: () = {
    assert!(size_of::<TimeObject>() == 32);
    assert!(size_of::<ZonedTime>() == 40);
};

/// `check_time_args`.
pub fn check(clock: Clock, fold: i32) -> PyResult<()> {
    let [hour, minute, second, rest] = clock;
    if !(0..24).contains(&hour) {
        return Err(value_error("hour must be in 0..23"));
    }
    if !(0..60).contains(&minute) {
        return Err(value_error("minute must be in 0..59"));
    }
    if !(0..60).contains(&second) {
        return Err(value_error("second must be in 0..59"));
    }
    if !(0..1_000_000).contains(&rest) {
        return Err(value_error("microsecond must be in 0..999999"));
    }
    if fold != 0 && fold != 1 {
        return Err(value_error("fold must be either 0 or 1"));
    }
    Ok(())
}

impl TimeObject {
    pub fn clock(&self) -> Clock {
        let [hour, minute, second, a, b, c] = self.bytes().map(i32::from);
        [hour, minute, second, a << 16 | b << 8 | c]
    }

    fn bytes(&self) -> [u8; 6] {
        self.data.each_ref().map(Cell::get)
    }

    fn slot(&self) -> Option<&Pointer<PyObject>> {
        if self.hastzinfo.get() == 0 {
            return None;
        }
        let object: *const TimeObject = self;
        // SAFETY: an object with a zone was allocated with the field for it.
        Some(unsafe { &(*object.cast::<ZonedTime>()).tzinfo })
    }

    /// The zone, or None.
    pub fn zone(&self) -> Own {
        self.slot().and_then(Field::own).unwrap_or_else(none)
    }
}

/// The bytes of a time of day.
pub fn clock_bytes([hour, minute, second, rest]: Clock) -> [u8; 6] {
    [
        hour as u8,
        minute as u8,
        second as u8,
        (rest >> 16) as u8,
        (rest >> 8) as u8,
        rest as u8,
    ]
}

/// `time_alloc`.
unsafe extern "C" fn alloc(type_: *const PyTypeObject, aware: isize) -> *mut PyObject {
    let size = if aware != 0 {
        size_of::<ZonedTime>()
    } else {
        size_of::<TimeObject>()
    };
    // SAFETY: the type is ready; all zero is valid in every field.
    let made = unsafe { memory::new_object::<TimeObject>(&*type_, size) };
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

fn fill(type_: &PyTypeObject, data: [u8; 6], zone: &PyObject, fold: u8) -> PyResult {
    let aware = !zone.is_none();
    let made = types::allocate(type_, isize::from(aware))?;
    // SAFETY: the type's instances begin with this struct.
    let time: &TimeObject = unsafe { &*made.as_ptr().cast() };
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

/// `new_time_ex2`.
pub fn new_time(type_: &PyTypeObject, clock: Clock, zone: &PyObject, fold: i32) -> PyResult {
    check(clock, fold)?;
    zones::check(zone)?;
    fill(type_, clock_bytes(clock), zone, fold as u8)
}

/// A time of a class, by calling it where it is a subclass.
fn of_class(class: &PyTypeObject, clock: Clock, zone: &PyObject, fold: i32) -> PyResult {
    if std::ptr::eq(class, &PyDateTime_TimeType) {
        return new_time(class, clock, zone, fold);
    }
    let [hour, minute, second, rest] = clock;
    let made = call::call(
        class.as_object(),
        &[
            &*int(hour)?,
            &*int(minute)?,
            &*int(second)?,
            &*int(rest)?,
            zone,
        ],
    )?;
    if let Some(time) = made.downcast_ref::<TimeObject>() {
        time.fold.set(fold as u8);
    }
    Ok(made)
}

const NAMES: [&str; 6] = ["hour", "minute", "second", "microsecond", "tzinfo", "fold"];

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if let [state, rest @ ..] = tuple::items(args)
        && rest.len() < 2
        && let Some(data) = iso::state_bytes(state, "time")?
        && let Ok(mut data) = <[u8; 6]>::try_from(data)
        && data[0] & 0x7f < 24
    {
        let zone = rest.first().map_or_else(none, |zone| Own::new(*zone));
        if !zone.is_none() && zone.downcast_ref::<zones::TZInfoObject>().is_none() {
            return Err(type_error("bad tzinfo state arg"));
        }
        let fold = data[0] >> 7;
        data[0] &= 0x7f;
        return fill(type_, data, &zone, fold);
    }
    let given = bind("", &NAMES, 0, 5, args, kwargs)?;
    let part = |at: usize| integer_or(given[at].as_ref(), 0);
    let clock = [part(0)?, part(1)?, part(2)?, part(3)?];
    let fold = part(5)?;
    let zone = given[4].clone().unwrap_or_else(none);
    new_time(type_, clock, &zone, fold)
}

fn fromisoformat(class: &PyTypeObject, given: &PyObject) -> PyResult {
    let Some(source) = given.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("fromisoformat: argument must be str"));
    };
    let data = unicode::as_utf8(source)?;
    let data = data.strip_prefix(b"T").unwrap_or(data);
    let Some((clock, zone)) = iso::parse_time(data) else {
        return Err(iso::invalid(given));
    };
    let zone = iso::zone_object(&zone)?;
    if std::ptr::eq(class, &PyDateTime_TimeType) {
        return new_time(class, clock, &zone, 0);
    }
    of_class(class, clock, &zone, 0)
}

fn repr(this: &TimeObject) -> PyResult {
    let [hour, minute, second, rest] = this.clock();
    let name = this.as_object().type_().name();
    let mut shown = format!("{name}({hour}, {minute}");
    if second != 0 || rest != 0 {
        shown += &format!(", {second}");
    }
    if rest != 0 {
        shown += &format!(", {rest}");
    }
    repr_end(shown, &this.zone(), this.fold.get())
}

/// The end of a representation: zone and fold, where there are any.
pub fn repr_end(shown: String, zone: &PyObject, fold: u8) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str(&shown);
    if !zone.is_none() {
        writer.push_str(", tzinfo=");
        writer.push(&object::repr(zone)?);
    }
    if fold != 0 {
        writer.push_str(", fold=1");
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

/// The name of how exactly a time is to be shown.
pub fn timespec(given: Option<&Own>, function: &str, position: usize) -> PyResult<String> {
    match given {
        None => Ok("auto".to_owned()),
        Some(given) => match given.downcast_ref::<PyASCIIObject>() {
            Some(text) => Ok(unicode::to_string_lossy(text)),
            None => Err(type_error(format_args!(
                "{function}() argument {position} must be str, not {}",
                unicode::type_name_or_none(given)
            ))),
        },
    }
}

fn isoformat(this: &TimeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let [spec] = bind("isoformat", &["timespec"], 0, 1, args, kwargs)?;
    let spec = timespec(spec.as_ref(), "isoformat", 1)?;
    let mut shown = iso::format_clock(this.clock(), &spec)?;
    shown += &iso::offset_text(&this.zone(), &none(), ":")?;
    text(&shown)
}

fn str(this: &PyObject) -> PyResult {
    call::call_method(this, id!("isoformat"), &[])
}

fn strftime(this: &TimeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let format = format_argument(args, kwargs)?;
    let [hour, minute, second, _] = this.clock();
    let values = [1900, 1, 1, hour, minute, second, 0, 1, -1];
    let values: PyResult<Vec<Own>> = values.iter().map(|value| int(*value)).collect();
    iso::strftime(this.as_object(), &format, &*pack(values?)?, &none())
}

fn utcoffset(this: &TimeObject) -> PyResult {
    Ok(zones::shown(zones::utcoffset_of(&this.zone(), &none())?))
}

fn dst(this: &TimeObject) -> PyResult {
    Ok(zones::shown(zones::dst_of(&this.zone(), &none())?))
}

fn tzname(this: &TimeObject) -> PyResult {
    zones::tzname_of(&this.zone(), &none())
}

fn replace(this: &TimeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let given = bind("replace", &NAMES, 0, 5, args, kwargs)?;
    let mut clock = this.clock();
    for (slot, value) in clock.iter_mut().zip(&given) {
        *slot = integer_or(value.as_ref(), *slot)?;
    }
    let zone = given[4].clone().unwrap_or_else(|| this.zone());
    let fold = integer_or(given[5].as_ref(), i32::from(this.fold.get()))?;
    if fold != 0 && fold != 1 {
        return Err(value_error("fold must be either 0 or 1"));
    }
    of_class(this.as_object().type_(), clock, &zone, fold)
}

fn microseconds([hour, minute, second, rest]: Clock) -> i128 {
    i128::from(hour * 3600 + minute * 60 + second) * delta::US_PER_SECOND + i128::from(rest)
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<TimeObject>(),
        b.downcast_ref::<TimeObject>(),
    ) else {
        return Ok(not_implemented());
    };
    let (left, right) = (a.zone(), b.zone());
    if std::ptr::eq(&*left, &*right) {
        return answer(a.bytes().cmp(&b.bytes()), op);
    }
    let offsets = (
        zones::utcoffset_of(&left, &none())?.map(|offset| offset.total()),
        zones::utcoffset_of(&right, &none())?.map(|offset| offset.total()),
    );
    match offsets {
        (x, y) if x == y => answer(a.bytes().cmp(&b.bytes()), op),
        (Some(x), Some(y)) => {
            let (x, y) = (microseconds(a.clock()) - x, microseconds(b.clock()) - y);
            answer(x.cmp(&y), op)
        }
        _ if op == Py_EQ => Ok(bool_object(false)),
        _ if op == Py_NE => Ok(bool_object(true)),
        _ => Err(type_error(
            "can't compare offset-naive and offset-aware times",
        )),
    }
}

fn hash(this: &TimeObject) -> PyResult<Py_hash_t> {
    if this.hashcode.get() == -1 {
        let hash = match zones::utcoffset_of(&this.zone(), &none())? {
            None => hash_of(&this.bytes())?,
            Some(offset) => {
                let moment = delta::of_total(microseconds(this.clock()) - offset.total())?;
                object::hash(moment.as_object())?
            }
        };
        this.hashcode.set(hash);
    }
    Ok(this.hashcode.get())
}

fn state(this: &TimeObject, protocol: i32) -> PyResult {
    let mut data = this.bytes();
    if protocol > 3 && this.fold.get() != 0 {
        data[0] |= 0x80;
    }
    let mut state = vec![bytes::from_slice(&data)?.upcast()];
    let zone = this.zone();
    if !zone.is_none() {
        state.push(zone);
    }
    pack(vec![
        Own::new(this.as_object().type_().as_object()),
        pack(state)?,
    ])
}

fn reduce_ex(this: &TimeObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    if items.len() != 1 {
        return Err(type_error(format_args!(
            "__reduce_ex__() takes exactly 1 argument ({} given)",
            items.len()
        )));
    }
    state(this, c_integer(items[0])?)
}

fn reduce(this: &TimeObject) -> PyResult {
    state(this, 2)
}

macro_rules! parts {
    ($($name:ident = $at:literal;)+) => {
        $(fn $name(this: &TimeObject) -> PyResult {
            int(this.clock()[$at])
        })+
    };
}

parts! { get_hour = 0; get_minute = 1; get_second = 2; get_microsecond = 3; }

fn get_tzinfo(this: &TimeObject) -> PyResult {
    Ok(this.zone())
}

fn get_fold(this: &TimeObject) -> PyResult {
    int(this.fold.get())
}

unsafe fn dealloc(this: *mut TimeObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::end_object(this.cast(), || {
            if let Some(slot) = (*this).slot() {
                slot.clear();
            }
        });
    }
}

methods! {
    static METHODS:
    "isoformat" => varargs_keywords(isoformat);
    "strftime" => varargs_keywords(strftime);
    "__format__" => varargs(format);
    "utcoffset" => noargs(utcoffset);
    "tzname" => noargs(tzname);
    "dst" => noargs(dst);
    "replace" => varargs_keywords(replace);
    "fromisoformat" => o(fromisoformat) | METH_CLASS;
    "__reduce_ex__" => varargs(reduce_ex);
    "__reduce__" => noargs(reduce);
}

getset! {
    static GETSET:
    "hour" => get_hour;
    "minute" => get_minute;
    "second" => get_second;
    "microsecond" => get_microsecond;
    "tzinfo" => get_tzinfo;
    "fold" => get_fold;
}

static_type! {
    /// `datetime.time`.
    PyDateTime_TimeType = "datetime.time", size size_of::<ZonedTime>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_str: slot!(unary str),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp richcompare),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new new),
    tp_alloc: Some(alloc),
    tp_free: Some(memory::object_free),
}

/// Adds what the type has besides: its limits.
pub fn add_constants() -> PyResult<()> {
    let Some(own) = types::dict_of(&PyDateTime_TimeType) else {
        return Ok(());
    };
    let type_ = &PyDateTime_TimeType;
    dict::set_literal(own, "min", &*new_time(type_, [0; 4], &none(), 0)?)?;
    let last = new_time(type_, [23, 59, 59, 999_999], &none(), 0)?;
    dict::set_literal(own, "max", &last)?;
    dict::set_literal(own, "resolution", delta::of_total(1)?.as_object())
}
