//! `datetime.tzinfo` and `datetime.timezone`, and what is asked of them.

use super::arguments::{bind, pack, text};
use super::datetime::{self, DateTimeObject, add_delta};
use super::delta::{self, DeltaObject, US_PER_DAY};
use crate::prelude::*;
use std::ptr::null_mut;
use twinheap_objects::exceptions::PyExc_NotImplementedError;
use twinheap_objects::state::Global;

object_struct! {
    /// `PyDateTime_TZInfo`.
    pub struct TZInfoObject {}
}

typed!(TZInfoObject, PyDateTime_TZInfoType);

object_struct! {
    /// `PyDateTime_TimeZone`.
    pub struct TimeZoneObject {
        offset: Pointer<DeltaObject>,
        name: Pointer<PyObject>,
    }
}

typed!(TimeZoneObject, PyDateTime_TimeZoneType);

static UTC: Global<Pointer<TimeZoneObject>> = Global(Cell::new(null_mut()));

/// `timezone.utc`.
pub fn utc() -> PyResult<Own<TimeZoneObject>> {
    if let Some(made) = Field::own(&*UTC) {
        return Ok(made);
    }
    let made = create(&PyDateTime_TimeZoneType, &*delta::of_total(0)?, None)?;
    UTC.put(Some(made.clone()));
    Ok(made)
}

fn create(
    type_: &PyTypeObject,
    offset: &DeltaObject,
    name: Option<&PyObject>,
) -> PyResult<Own<TimeZoneObject>> {
    let made = TimeZoneObject::alloc(type_)?;
    made.offset.put(Some(Own::new(offset)));
    made.name.put(name.map(Own::new));
    Ok(made)
}

/// `new_timezone`: the one of no offset and no name is shared.
pub fn new_timezone(
    offset: &DeltaObject,
    name: Option<&PyObject>,
) -> PyResult<Own<TimeZoneObject>> {
    if name.is_none() && offset.total() == 0 {
        return utc();
    }
    if offset.total().abs() >= US_PER_DAY {
        return Err(value_error(format_args!(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {}.",
            offset.as_object().repr_lossy()
        )));
    }
    create(&PyDateTime_TimeZoneType, offset, name)
}

/// `check_tzinfo_subclass`.
pub fn check(object: &PyObject) -> PyResult<()> {
    if object.is_none() || object.downcast_ref::<TZInfoObject>().is_some() {
        return Ok(());
    }
    Err(type_error(format_args!(
        "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
        object.type_().name()
    )))
}

/// `call_tzinfo_method`: an offset, or none.
fn ask(
    zone: &PyObject,
    name: &'static str,
    argument: &PyObject,
) -> PyResult<Option<Own<DeltaObject>>> {
    if zone.is_none() {
        return Ok(None);
    }
    let method = unicode::from_str(name)?;
    let answer = call::call_method(zone, &method, &[argument])?;
    if answer.is_none() {
        return Ok(None);
    }
    let answer = answer.downcast::<DeltaObject>().map_err(|answer| {
        type_error(format_args!(
            "tzinfo.{name}() must return None or timedelta, not '{:.200}'",
            answer.type_().name()
        ))
    })?;
    if answer.total().abs() >= US_PER_DAY {
        return Err(value_error(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24).",
        ));
    }
    Ok(Some(answer))
}

pub fn utcoffset_of(zone: &PyObject, argument: &PyObject) -> PyResult<Option<Own<DeltaObject>>> {
    ask(zone, "utcoffset", argument)
}

pub fn dst_of(zone: &PyObject, argument: &PyObject) -> PyResult<Option<Own<DeltaObject>>> {
    ask(zone, "dst", argument)
}

/// `call_tzname`: a str, or None.
pub fn tzname_of(zone: &PyObject, argument: &PyObject) -> PyResult {
    if zone.is_none() {
        return Ok(none());
    }
    let answer = call::call_method(zone, id!("tzname"), &[argument])?;
    if answer.is_none() || answer.downcast_ref::<PyASCIIObject>().is_some() {
        return Ok(answer);
    }
    Err(type_error(format_args!(
        "tzinfo.tzname() must return None or a string, not '{}'",
        answer.type_().name()
    )))
}

/// An offset as a program sees it.
pub fn shown(offset: Option<Own<DeltaObject>>) -> Own {
    offset.map_or_else(none, Own::upcast)
}

/// An offset in hours and minutes, with seconds where it has them.
pub fn format_offset(offset: &DeltaObject, separator: &str) -> String {
    let total = offset.total();
    let sign = if total < 0 { '-' } else { '+' };
    let total = total.abs();
    let seconds = total / 1_000_000;
    let mut shown = format!(
        "{sign}{:02}{separator}{:02}",
        seconds / 3600,
        seconds / 60 % 60
    );
    let (seconds, rest) = (seconds % 60, total % 1_000_000);
    if seconds != 0 || rest != 0 {
        shown += &format!("{separator}{seconds:02}");
    }
    if rest != 0 {
        shown += &format!(".{rest:06}");
    }
    shown
}

fn tzinfo_new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    Ok(TZInfoObject::alloc(type_)?.upcast())
}

fn nogo(method: &str) -> PyResult {
    Err(errors::raise(
        &PyExc_NotImplementedError,
        format_args!("a tzinfo subclass must implement {method}()"),
    ))
}

fn tzinfo_tzname(_: &TZInfoObject, _: &PyObject) -> PyResult {
    nogo("tzname")
}

fn tzinfo_utcoffset(_: &TZInfoObject, _: &PyObject) -> PyResult {
    nogo("utcoffset")
}

fn tzinfo_dst(_: &TZInfoObject, _: &PyObject) -> PyResult {
    nogo("dst")
}

fn own_time<'a>(zone: &PyObject, time: &'a PyObject) -> PyResult<&'a DateTimeObject> {
    let Some(time) = time.downcast_ref::<DateTimeObject>() else {
        return Err(type_error("fromutc: argument must be a datetime"));
    };
    if !std::ptr::eq(&*time.zone(), zone) {
        return Err(value_error("fromutc: dt.tzinfo is not self"));
    }
    Ok(time)
}

fn tzinfo_fromutc(this: &TZInfoObject, time: &PyObject) -> PyResult {
    let time = own_time(this.as_object(), time)?;
    let zone = time.zone();
    let Some(offset) = utcoffset_of(&zone, time.as_object())? else {
        return Err(value_error("fromutc: non-None utcoffset() result required"));
    };
    let Some(dst) = dst_of(&zone, time.as_object())? else {
        return Err(value_error("fromutc: non-None dst() result required"));
    };
    let standard = delta::of_total(offset.total() - dst.total())?;
    let result = add_delta(time, standard.total())?;
    let Some(dst) = dst_of(&zone, &result)? else {
        return Err(value_error(
            "fromutc: tz.dst() gave inconsistent results; cannot convert",
        ));
    };
    match result.downcast_ref::<DateTimeObject>() {
        Some(time) if dst.total() != 0 => add_delta(time, dst.total()),
        _ => Ok(result),
    }
}

fn tzinfo_reduce(this: &PyObject) -> PyResult {
    let arguments = match object::lookup_attr(this, id!("__getinitargs__"))? {
        Some(method) => call::call(&method, &[])?,
        None => tuple::empty().upcast(),
    };
    let state = call::call_method(this, id!("__getstate__"), &[])?;
    pack(vec![Own::new(this.type_().as_object()), arguments, state])
}

methods! {
    static TZINFO_METHODS:
    "tzname" => o(tzinfo_tzname);
    "utcoffset" => o(tzinfo_utcoffset);
    "dst" => o(tzinfo_dst);
    "fromutc" => o(tzinfo_fromutc);
    "__reduce__" => noargs(tzinfo_reduce);
}

static_type! {
    /// `datetime.tzinfo`.
    PyDateTime_TZInfoType = "datetime.tzinfo", size size_of::<TZInfoObject>(), 0,
        flags Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_methods: TZINFO_METHODS.as_ptr(),
    tp_new: slot!(new tzinfo_new),
    tp_dealloc: slot!(dealloc TZInfoObject::dealloc),
    tp_free: Some(memory::object_free),
}

fn timezone_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let [offset, name] = bind("timezone", &["offset", "name"], 1, 2, args, kwargs)?;
    let offset = offset.expect("required");
    let Some(offset) = offset.downcast_ref::<DeltaObject>() else {
        return Err(type_error(format_args!(
            "timezone() argument 1 must be datetime.timedelta, not {}",
            unicode::type_name_or_none(&offset)
        )));
    };
    if let Some(name) = &name
        && name.downcast_ref::<PyASCIIObject>().is_none()
    {
        return Err(type_error(format_args!(
            "timezone() argument 2 must be str, not {}",
            unicode::type_name_or_none(name)
        )));
    }
    Ok(new_timezone(offset, name.as_deref())?.upcast())
}

fn timezone_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<TimeZoneObject>(),
        b.downcast_ref::<TimeZoneObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if op != Py_EQ && op != Py_NE {
        return Ok(not_implemented());
    }
    let same = a.offset.expect_ref().total() == b.offset.expect_ref().total();
    Ok(bool_object(same == (op == Py_EQ)))
}

fn timezone_hash(this: &TimeZoneObject) -> PyResult<Py_hash_t> {
    object::hash(this.offset.expect_ref().as_object())
}

fn is_utc(this: &TimeZoneObject) -> PyResult<bool> {
    Ok(std::ptr::eq(&*utc()?, this))
}

fn timezone_repr(this: &TimeZoneObject) -> PyResult {
    let type_name = this.as_object().type_().name().to_owned();
    if is_utc(this)? {
        return text(&format!("{type_name}.utc"));
    }
    let mut writer = unicode::Writer::new();
    writer.push_str(&format!("{type_name}("));
    writer.push(&object::repr(this.offset.expect_ref().as_object())?);
    if let Some(name) = Field::own(&this.name) {
        writer.push_str(", ");
        writer.push(&object::repr(&name)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn timezone_str(this: &TimeZoneObject) -> PyResult {
    if let Some(name) = Field::own(&this.name) {
        return Ok(name);
    }
    let offset = this.offset.expect_ref();
    if is_utc(this)? || offset.total() == 0 {
        return text("UTC");
    }
    text(&format!("UTC{}", format_offset(offset, ":")))
}

/// `_timezone_check_instance`.
fn check_argument(argument: &PyObject, method: &str) -> PyResult<()> {
    if argument.is_none() || argument.downcast_ref::<DateTimeObject>().is_some() {
        return Ok(());
    }
    Err(type_error(format_args!(
        "{method}(dt) argument must be a datetime instance or None, not {:.200}",
        argument.type_().name()
    )))
}

fn timezone_tzname(this: &TimeZoneObject, argument: &PyObject) -> PyResult {
    check_argument(argument, "tzname")?;
    timezone_str(this)
}

fn timezone_utcoffset(this: &TimeZoneObject, argument: &PyObject) -> PyResult {
    check_argument(argument, "utcoffset")?;
    Ok(Own::new(this.offset.expect_ref()).upcast())
}

fn timezone_dst(_: &TimeZoneObject, argument: &PyObject) -> PyResult {
    check_argument(argument, "dst")?;
    Ok(none())
}

fn timezone_fromutc(this: &TimeZoneObject, time: &PyObject) -> PyResult {
    let time = own_time(this.as_object(), time)?;
    add_delta(time, this.offset.expect_ref().total())
}

fn timezone_getinitargs(this: &TimeZoneObject) -> PyResult {
    let mut arguments = vec![Own::new(this.offset.expect_ref()).upcast()];
    arguments.extend(Field::own(&this.name));
    pack(arguments)
}

methods! {
    static TIMEZONE_METHODS:
    "tzname" => o(timezone_tzname);
    "utcoffset" => o(timezone_utcoffset);
    "dst" => o(timezone_dst);
    "fromutc" => o(timezone_fromutc);
    "__getinitargs__" => noargs(timezone_getinitargs);
}

static_type! {
    /// `datetime.timezone`.
    PyDateTime_TimeZoneType = "datetime.timezone", size size_of::<TimeZoneObject>(), 0,
        flags Py_TPFLAGS_DEFAULT;
    tp_base: &raw const PyDateTime_TZInfoType,
    tp_dealloc: slot!(dealloc TimeZoneObject::dealloc),
    tp_repr: slot!(unary timezone_repr),
    tp_hash: slot!(hash timezone_hash),
    tp_str: slot!(unary timezone_str),
    tp_richcompare: slot!(richcmp timezone_richcompare),
    tp_methods: TIMEZONE_METHODS.as_ptr(),
    tp_new: slot!(new timezone_new),
}

/// What the local time is at a moment: its parts, its offset and its name.
pub struct Local {
    pub tm: libc::tm,
}

/// `_PyTime_localtime` or `_PyTime_gmtime`.
pub fn broken_down(moment: i64, utc: bool) -> PyResult<Local> {
    // SAFETY: the system fills the struct.
    unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        let done = if utc {
            libc::gmtime_r(&moment, &mut tm)
        } else {
            libc::localtime_r(&moment, &mut tm)
        };
        if done.is_null() {
            let code = std::io::Error::last_os_error().raw_os_error();
            return Err(twinheap_objects::exceptions::raise_os_error(
                code.filter(|code| *code != 0).unwrap_or(libc::EINVAL),
                None,
            ));
        }
        Ok(Local { tm })
    }
}

/// `local_timezone_from_timestamp`: the zone of this machine at a moment.
pub fn local_at(moment: i64) -> PyResult {
    let local = broken_down(moment, false)?;
    let offset = delta::of_parts(0, local.tm.tm_gmtoff, 0)?;
    let name = if local.tm.tm_zone.is_null() {
        None
    } else {
        // SAFETY: the system's own text.
        let name = unsafe { std::ffi::CStr::from_ptr(local.tm.tm_zone) };
        Some(twinheap_objects::paths::decode_path(name.to_bytes())?)
    };
    Ok(create_named(&offset, name)?.upcast())
}

fn create_named(offset: &DeltaObject, name: Option<Own>) -> PyResult<Own<TimeZoneObject>> {
    new_timezone(offset, name.as_deref())
}

/// The zone that a time has when it has none: this machine's.
pub fn local_of(time: &DateTimeObject) -> PyResult {
    local_at(datetime::local_to_timestamp(time)?)
}
