//! The methods of `datetime.datetime`.

use super::arguments::{bind, c_integer, int, integer_or, pack, text};
use super::date::{self, DateObject, PyDateTime_DateType, new_date};
use super::datetime::{
    self, DateTimeObject, PyDateTime_DateTimeType, create, fill, from_moment, of_class,
    seconds_and_rest, since_epoch,
};
use super::delta;
use super::text as iso;
use super::time::{PyDateTime_TimeType, TimeObject, new_time, repr_end, timespec};
use super::zones;
use crate::prelude::*;

const NAMES: [&str; 9] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "microsecond",
    "tzinfo",
    "fold",
];

/// `datetime_new`.
pub fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if let [state, rest @ ..] = tuple::items(args)
        && rest.len() < 2
        && let Some(data) = iso::state_bytes(state, "datetime")?
        && let Ok(mut data) = <[u8; 10]>::try_from(data)
        && (1..=12).contains(&(data[2] & 0x7f))
    {
        let zone = rest.first().map_or_else(none, |zone| Own::new(*zone));
        if !zone.is_none() && zone.downcast_ref::<zones::TZInfoObject>().is_none() {
            return Err(type_error("bad tzinfo state arg"));
        }
        let fold = data[2] >> 7;
        data[2] &= 0x7f;
        return fill(type_, data, &zone, fold);
    }
    let given = bind("", &NAMES, 3, 8, args, kwargs)?;
    let part = |at: usize| integer_or(given[at].as_ref(), 0);
    let date = (part(0)?, part(1)?, part(2)?);
    let clock = [part(3)?, part(4)?, part(5)?, part(6)?];
    let fold = part(8)?;
    let zone = given[7].clone().unwrap_or_else(none);
    create(type_, date, clock, &zone, fold)
}

/// The time now, in seconds and microseconds.
fn clock_now() -> (i64, i32) {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (now.as_secs() as i64, now.subsec_micros() as i32)
}

/// Has a zone make its time of one in UTC.
fn in_zone(time: Own, zone: &PyObject) -> PyResult {
    if zone.is_none() {
        return Ok(time);
    }
    call::call_method(zone, id!("fromutc"), &[&time])
}

fn now(class: &PyTypeObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "now",
        parameters: &["tz"],
        required: 0,
        positional: 1,
    };
    let [zone] = args.bind::<1>(&SIGNATURE)?;
    let zone = zone.map_or_else(none, Own::new);
    zones::check(&zone)?;
    let (seconds, rest) = clock_now();
    let utc = !zone.is_none();
    in_zone(
        from_moment(class.as_object(), utc, seconds, rest, &zone)?,
        &zone,
    )
}

fn utcnow(class: &PyTypeObject) -> PyResult {
    let (seconds, rest) = clock_now();
    from_moment(class.as_object(), true, seconds, rest, &none())
}

fn fromtimestamp(
    class: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [timestamp, zone] = bind("fromtimestamp", &["timestamp", "tz"], 1, 2, args, kwargs)?;
    let zone = zone.unwrap_or_else(none);
    zones::check(&zone)?;
    let (seconds, rest) = seconds_and_rest(&timestamp.expect("required"))?;
    let utc = !zone.is_none();
    in_zone(
        from_moment(class.as_object(), utc, seconds, rest, &zone)?,
        &zone,
    )
}

fn one<'a>(name: &str, args: &'a PyTupleObject) -> PyResult<&'a PyObject> {
    match tuple::items(args) {
        [only] => Ok(*only),
        items => Err(type_error(format_args!(
            "{name}() takes exactly 1 argument ({} given)",
            items.len()
        ))),
    }
}

fn utcfromtimestamp(class: &PyTypeObject, args: &PyTupleObject) -> PyResult {
    let (seconds, rest) = seconds_and_rest(one("utcfromtimestamp", args)?)?;
    from_moment(class.as_object(), true, seconds, rest, &none())
}

fn strptime(class: &PyTypeObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    if items.len() != 2 {
        return Err(type_error(format_args!(
            "strptime() takes exactly 2 arguments ({} given)",
            items.len()
        )));
    }
    for (at, item) in items.iter().enumerate() {
        if item.downcast_ref::<PyASCIIObject>().is_none() {
            return Err(type_error(format_args!(
                "strptime() argument {} must be str, not {}",
                at + 1,
                unicode::type_name_or_none(item)
            )));
        }
    }
    let module = import_hook::import_module("_strptime")?;
    call::call_method(
        &module,
        id!("_strptime_datetime"),
        &[class.as_object(), items[0], items[1]],
    )
}

fn combine(class: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let given = bind("combine", &["date", "time", "tzinfo"], 2, 3, args, kwargs)?;
    let [date, time, zone] = given;
    let (date, time) = (date.expect("required"), time.expect("required"));
    let wrong = |at: usize, wanted: &str, given: &PyObject| {
        type_error(format_args!(
            "combine() argument {at} must be datetime.{wanted}, not {}",
            unicode::type_name_or_none(given)
        ))
    };
    let Some(day) = date.downcast_ref::<DateObject>() else {
        return Err(wrong(1, "date", &date));
    };
    let Some(clock) = time.downcast_ref::<TimeObject>() else {
        return Err(wrong(2, "time", &time));
    };
    let zone = zone.unwrap_or_else(|| clock.zone());
    of_class(
        class.as_object(),
        day.date(),
        clock.clock(),
        &zone,
        i32::from(clock.fold.get()),
    )
}

/// Date, time of day and zone of ISO text.
fn parse_iso(data: &[u8]) -> Option<((i32, i32, i32), iso::Clock, iso::Zone)> {
    let end = iso::separator(data)?;
    let date = iso::parse_date(data.get(..end.min(data.len()))?)?.ok()?;
    if data.len() <= end {
        return Some((date, [0; 4], iso::Zone::Naive));
    }
    // The separator may be any character, of any number of bytes.
    let width = match data[end] {
        byte if byte & 0x80 == 0 => 1,
        byte if byte & 0xe0 == 0xc0 => 2,
        byte if byte & 0xf0 == 0xe0 => 3,
        _ => 4,
    };
    let rest = data.get(end + width..)?;
    if rest.is_empty() {
        return None;
    }
    let (clock, zone) = iso::parse_time(rest)?;
    Some((date, clock, zone))
}

fn fromisoformat(class: &PyTypeObject, given: &PyObject) -> PyResult {
    let Some(source) = given.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("fromisoformat: argument must be str"));
    };
    let data = match unicode::as_utf8(source) {
        Ok(data) => data.to_vec(),
        Err(raised) => {
            errors::discard(raised);
            // A lone surrogate may stand between date and time.
            unicode::to_utf8_surrogatepass(source)
        }
    };
    let parsed = if data.len() < 7 {
        None
    } else {
        parse_iso(&data)
    };
    let Some((date, clock, zone)) = parsed else {
        return Err(iso::invalid(given));
    };
    let zone = iso::zone_object(&zone)?;
    of_class(class.as_object(), date, clock, &zone, 0)
}

fn date(this: &DateTimeObject) -> PyResult {
    new_date(&PyDateTime_DateType, this.date())
}

fn time_of(this: &DateTimeObject, zone: &PyObject) -> PyResult {
    new_time(
        &PyDateTime_TimeType,
        this.clock(),
        zone,
        i32::from(this.fold.get()),
    )
}

fn time(this: &DateTimeObject) -> PyResult {
    time_of(this, &none())
}

fn timetz(this: &DateTimeObject) -> PyResult {
    time_of(this, &this.zone())
}

fn hms(clock: iso::Clock) -> [i32; 3] {
    [clock[0], clock[1], clock[2]]
}

fn ctime(this: &DateTimeObject) -> PyResult {
    iso::ctime(this.date(), hms(this.clock()))
}

fn timetuple(this: &DateTimeObject) -> PyResult {
    let dst = match zones::dst_of(&this.zone(), this.as_object())? {
        None => -1,
        Some(dst) => i32::from(dst.total() != 0),
    };
    iso::struct_time(this.date(), hms(this.clock()), dst)
}

fn utctimetuple(this: &DateTimeObject) -> PyResult {
    let offset = this.offset()?.map_or(0, |offset| offset.total());
    if offset == 0 {
        return iso::struct_time(this.date(), hms(this.clock()), 0);
    }
    let naive = datetime::new_datetime(this.date(), this.clock(), &none(), 0)?;
    let moved = match naive.downcast_ref::<DateTimeObject>() {
        Some(naive) => datetime::add_delta(naive, -offset)?,
        None => naive,
    };
    match moved.downcast_ref::<DateTimeObject>() {
        Some(moved) => iso::struct_time(moved.date(), hms(moved.clock()), 0),
        None => Err(type_error("a datetime was expected")),
    }
}

fn timestamp(this: &DateTimeObject) -> PyResult {
    let zone = this.zone();
    if zone.is_none() {
        let seconds = datetime::local_to_timestamp(this)?;
        let rest = f64::from(this.clock()[3]);
        return float::from_f64(seconds as f64 + rest / 1e6);
    }
    let offset = this
        .offset()?
        .ok_or_else(|| type_error("can't subtract offset-naive and offset-aware datetimes"))?;
    let since = delta::of_total(since_epoch(this) - offset.total())?;
    delta::total_seconds(&since)
}

fn isoformat(
    this: &DateTimeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [separator, spec] = bind("isoformat", &["sep", "timespec"], 0, 2, args, kwargs)?;
    let separator = match &separator {
        None => u32::from(b'T'),
        Some(given) => match given.downcast_ref::<PyASCIIObject>().map(unicode::text) {
            Some(text) if text.len() == 1 => text.at(0),
            _ => {
                return Err(type_error(format_args!(
                    "isoformat() argument 1 must be a unicode character, not {}",
                    unicode::type_name_or_none(given)
                )));
            }
        },
    };
    let spec = timespec(spec.as_ref(), "isoformat", 2)?;
    let mut writer = unicode::Writer::new();
    writer.push_str(&date::iso_date(this.date()));
    writer.push_character(separator);
    writer.push_str(&iso::format_clock(this.clock(), &spec)?);
    writer.push_str(&iso::offset_text(&this.zone(), this.as_object(), ":")?);
    Ok(writer.finish()?.upcast())
}

/// `datetime_str`.
pub fn str(this: &PyObject) -> PyResult {
    call::call_method(this, id!("isoformat"), &[&*text(" ")?])
}

/// `datetime_repr`.
pub fn repr(this: &DateTimeObject) -> PyResult {
    let (year, month, day) = this.date();
    let [hour, minute, second, rest] = this.clock();
    let name = this.as_object().type_().name();
    let mut shown = format!("{name}({year}, {month}, {day}, {hour}, {minute}");
    if second != 0 || rest != 0 {
        shown += &format!(", {second}");
    }
    if rest != 0 {
        shown += &format!(", {rest}");
    }
    // Other than a time, a datetime tells its fold before its zone.
    if this.fold.get() != 0 {
        shown += ", fold=1";
    }
    repr_end(shown, &this.zone(), 0)
}

fn utcoffset(this: &DateTimeObject) -> PyResult {
    Ok(zones::shown(this.offset()?))
}

fn dst(this: &DateTimeObject) -> PyResult {
    Ok(zones::shown(zones::dst_of(&this.zone(), this.as_object())?))
}

fn tzname(this: &DateTimeObject) -> PyResult {
    zones::tzname_of(&this.zone(), this.as_object())
}

fn replace(this: &DateTimeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let given = bind("replace", &NAMES, 0, 8, args, kwargs)?;
    let part = |at: usize, own: i32| integer_or(given[at].as_ref(), own);
    let own = this.date();
    let date = (part(0, own.0)?, part(1, own.1)?, part(2, own.2)?);
    let mut clock = this.clock();
    for (at, slot) in clock.iter_mut().enumerate() {
        *slot = part(at + 3, *slot)?;
    }
    let zone = given[7].clone().unwrap_or_else(|| this.zone());
    let fold = part(8, i32::from(this.fold.get()))?;
    if fold != 0 && fold != 1 {
        return Err(value_error("fold must be either 0 or 1"));
    }
    of_class(
        this.as_object().type_().as_object(),
        date,
        clock,
        &zone,
        fold,
    )
}

/// The time in UTC that a time with an offset is.
fn as_utc(this: &DateTimeObject, offset: i128) -> PyResult {
    let utc = zones::utc()?;
    let moved = datetime::add_delta(this, -offset)?;
    match moved.downcast_ref::<DateTimeObject>() {
        Some(moved) => datetime::new_datetime(
            moved.date(),
            moved.clock(),
            utc.as_object(),
            i32::from(moved.fold.get()),
        ),
        None => Err(type_error("a datetime was expected")),
    }
}

fn astimezone(
    this: &DateTimeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let [zone] = bind("astimezone", &["tz"], 0, 1, args, kwargs)?;
    let zone = zone.unwrap_or_else(none);
    zones::check(&zone)?;
    let mut own = this.zone();
    let mut offset = None;
    if !own.is_none() {
        if std::ptr::eq(&*own, &*zone) {
            return Ok(Own::new(this).upcast());
        }
        offset = this.offset()?;
    }
    if offset.is_none() {
        own = zones::local_of(this)?;
        if std::ptr::eq(&*own, &*zone) {
            return Ok(Own::new(this).upcast());
        }
        offset = zones::utcoffset_of(&own, this.as_object())?;
    }
    let offset = offset.map_or(0, |offset| offset.total());
    let utc = as_utc(this, offset)?;
    let Some(moment) = utc.downcast_ref::<DateTimeObject>() else {
        return Err(type_error("a datetime was expected"));
    };
    let zone = if zone.is_none() {
        zones::local_at(since_epoch(moment).div_euclid(delta::US_PER_SECOND) as i64)?
    } else {
        zone
    };
    let attached = create(
        &PyDateTime_DateTimeType,
        moment.date(),
        moment.clock(),
        &zone,
        i32::from(moment.fold.get()),
    )?;
    let class = this.as_object().type_();
    let attached = match attached.downcast_ref::<DateTimeObject>() {
        Some(plain) if !std::ptr::eq(class, &PyDateTime_DateTimeType) => of_class(
            class.as_object(),
            plain.date(),
            plain.clock(),
            &zone,
            i32::from(plain.fold.get()),
        )?,
        _ => attached,
    };
    call::call_method(&zone, id!("fromutc"), &[&attached])
}

fn state(this: &DateTimeObject, protocol: i32) -> PyResult {
    let mut data = this.bytes();
    if protocol > 3 && this.fold.get() != 0 {
        data[2] |= 0x80;
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

fn reduce_ex(this: &DateTimeObject, args: &PyTupleObject) -> PyResult {
    state(this, c_integer(one("__reduce_ex__", args)?)?)
}

fn reduce(this: &DateTimeObject) -> PyResult {
    state(this, 2)
}

macro_rules! parts {
    ($($name:ident = $at:literal;)+) => {
        $(fn $name(this: &DateTimeObject) -> PyResult {
            int(this.clock()[$at])
        })+
    };
}

parts! { get_hour = 0; get_minute = 1; get_second = 2; get_microsecond = 3; }

fn get_tzinfo(this: &DateTimeObject) -> PyResult {
    Ok(this.zone())
}

fn get_fold(this: &DateTimeObject) -> PyResult {
    int(this.fold.get())
}

methods! {
    pub static METHODS:
    "now" => keywords(now, "($type, /, tz=None)") | METH_CLASS;
    "utcnow" => noargs(utcnow) | METH_CLASS;
    "fromtimestamp" => varargs_keywords(fromtimestamp) | METH_CLASS;
    "utcfromtimestamp" => varargs(utcfromtimestamp) | METH_CLASS;
    "strptime" => varargs(strptime) | METH_CLASS;
    "combine" => varargs_keywords(combine) | METH_CLASS;
    "fromisoformat" => o(fromisoformat) | METH_CLASS;
    "date" => noargs(date);
    "time" => noargs(time);
    "timetz" => noargs(timetz);
    "ctime" => noargs(ctime);
    "timetuple" => noargs(timetuple);
    "timestamp" => noargs(timestamp);
    "utctimetuple" => noargs(utctimetuple);
    "isoformat" => varargs_keywords(isoformat);
    "utcoffset" => noargs(utcoffset);
    "tzname" => noargs(tzname);
    "dst" => noargs(dst);
    "replace" => varargs_keywords(replace);
    "astimezone" => varargs_keywords(astimezone);
    "__reduce_ex__" => varargs(reduce_ex);
    "__reduce__" => noargs(reduce);
}

getset! {
    pub static GETSET:
    "hour" => get_hour;
    "minute" => get_minute;
    "second" => get_second;
    "microsecond" => get_microsecond;
    "tzinfo" => get_tzinfo;
    "fold" => get_fold;
}
