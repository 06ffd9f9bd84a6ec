//! ISO text of dates and times, read and written, and `strftime`'s own directives.

use super::arguments::pack;
use super::datetime::DateTimeObject;
use super::time::TimeObject;
use super::zones::{self, format_offset};
use super::{calendar, delta};
use crate::prelude::*;

/// `Invalid isoformat string`.
pub fn invalid(given: &PyObject) -> errors::Raised {
    value_error(format_args!(
        "Invalid isoformat string: {}",
        given.repr_lossy()
    ))
}

fn number(data: &[u8]) -> Option<i32> {
    if data.is_empty() || !data.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        data.iter()
            .fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')),
    )
}

/// `parse_isoformat_date`: year, month and day; the week forms are converted.
pub fn parse_date(data: &[u8]) -> Option<Result<(i32, i32, i32), calendar::IsoTrouble>> {
    let year = number(data.get(..4)?)?;
    let separated = data.get(4) == Some(&b'-');
    let rest = &data[4 + usize::from(separated)..];
    if rest.first() == Some(&b'W') {
        let week = number(rest.get(1..3)?)?;
        let day = match &rest[3..] {
            [] => 1,
            [b'-', day] if separated => number(&[*day])?,
            [day] if !separated => number(&[*day])?,
            _ => return None,
        };
        return Some(calendar::from_iso_calendar(year, week, day));
    }
    let month = number(rest.get(..2)?)?;
    let day = match (separated, rest.get(2..)?) {
        (true, [b'-', a, b]) => number(&[*a, *b])?,
        (false, [a, b]) => number(&[*a, *b])?,
        _ => return None,
    };
    Some(Ok((year, month, day)))
}

/// Hours, minutes, seconds and microseconds.
pub type Clock = [i32; 4];

/// `parse_hh_mm_ss_ff`.
fn parse_clock(data: &[u8]) -> Option<Clock> {
    let mut clock = [0; 4];
    let mut at = 0;
    let mut separated = false;
    for part in 0..3 {
        clock[part] = number(data.get(at..at + 2)?)?;
        at += 2;
        let next = data.get(at).copied();
        if part == 0 {
            separated = next == Some(b':');
        }
        match next {
            None => return Some(clock),
            Some(b':') if separated && part < 2 => at += 1,
            Some(b'.' | b',') if part == 2 => at += 1,
            Some(b'0'..=b'9') if !separated && part < 2 => {}
            _ => return None,
        }
    }
    let fraction = &data[at..];
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let shown = &fraction[..fraction.len().min(6)];
    clock[3] = number(shown)? * 10i32.pow(6 - shown.len() as u32);
    Some(clock)
}

/// What a time's text says of its zone.
pub enum Zone {
    Naive,
    Utc,
    /// An offset in microseconds.
    Offset(i128),
}

/// `parse_isoformat_time`.
pub fn parse_time(data: &[u8]) -> Option<(Clock, Zone)> {
    let sign = data
        .iter()
        .position(|byte| matches!(byte, b'+' | b'-' | b'Z'));
    let Some(sign) = sign else {
        return Some((parse_clock(data)?, Zone::Naive));
    };
    let clock = parse_clock(&data[..sign])?;
    if data[sign] == b'Z' {
        return (sign + 1 == data.len()).then_some((clock, Zone::Utc));
    }
    let [hours, minutes, seconds, rest] = parse_clock(&data[sign + 1..])?;
    let total =
        i128::from(hours * 3600 + minutes * 60 + seconds) * delta::US_PER_SECOND + i128::from(rest);
    Some((
        clock,
        Zone::Offset(if data[sign] == b'-' { -total } else { total }),
    ))
}

/// The zone object of what a text says.
pub fn zone_object(zone: &Zone) -> PyResult {
    match zone {
        Zone::Naive => Ok(none()),
        Zone::Utc => Ok(zones::utc()?.upcast()),
        Zone::Offset(total) => Ok(zones::new_timezone(&*delta::of_total(*total)?, None)?.upcast()),
    }
}

/// `_find_isoformat_datetime_separator`: where the date ends.
pub fn separator(data: &[u8]) -> Option<usize> {
    if data.len() == 7 {
        return Some(7);
    }
    if data.get(4)? == &b'-' {
        if data.get(5) == Some(&b'W') {
            if data.len() < 8 {
                return None;
            }
            if data.len() > 8 && data[8] == b'-' {
                if data.len() == 9 {
                    return None;
                }
                if data.len() > 10 && data[10].is_ascii_digit() {
                    return Some(8);
                }
                return Some(10);
            }
            return Some(8);
        }
        return Some(10);
    }
    if data.get(4) == Some(&b'W') {
        let mut at = 7;
        while at < data.len() && data[at].is_ascii_digit() {
            at += 1;
        }
        if at < 9 {
            return Some(at);
        }
        return Some(if at % 2 == 0 { 7 } else { 8 });
    }
    Some(8)
}

/// The text of a time of day, as exactly as is asked for.
pub fn format_clock(clock: Clock, spec: &str) -> PyResult<String> {
    let [hour, minute, second, rest] = clock;
    Ok(match spec {
        "auto" if rest == 0 => format!("{hour:02}:{minute:02}:{second:02}"),
        "auto" | "microseconds" => format!("{hour:02}:{minute:02}:{second:02}.{rest:06}"),
        "hours" => format!("{hour:02}"),
        "minutes" => format!("{hour:02}:{minute:02}"),
        "seconds" => format!("{hour:02}:{minute:02}:{second:02}"),
        "milliseconds" => format!("{hour:02}:{minute:02}:{second:02}.{:03}", rest / 1000),
        _ => return Err(value_error("Unknown timespec value")),
    })
}

/// The offset of a zone as text; nothing without one.
pub fn offset_text(zone: &PyObject, argument: &PyObject, between: &str) -> PyResult<String> {
    Ok(match zones::utcoffset_of(zone, argument)? {
        Some(offset) => format_offset(&offset, between),
        None => String::new(),
    })
}

/// `make_Zreplacement`: the name of an object's zone, its percent signs doubled.
fn zone_name(zone: &PyObject, argument: &PyObject) -> PyResult<Vec<u8>> {
    let name = zones::tzname_of(zone, argument)?;
    if name.is_none() {
        return Ok(Vec::new());
    }
    let (one, two) = (unicode::from_str("%")?, unicode::from_str("%%")?);
    let doubled = call::call_method(&name, id!("replace"), &[one.as_object(), two.as_object()])?;
    match doubled.downcast_ref::<PyASCIIObject>() {
        Some(doubled) => Ok(twinheap_objects::memory::copied(unicode::as_utf8(
            doubled,
        )?)?),
        None => Err(type_error("tzname.replace() did not return a string")),
    }
}

/// `wrap_strftime`: replaces what the C library does not know, and has `time.strftime` do the rest.
pub fn strftime(
    this: &PyObject,
    format: &PyASCIIObject,
    parts: &PyObject,
    argument: &PyObject,
) -> PyResult {
    let (zone, rest) = if let Some(time) = this.downcast_ref::<DateTimeObject>() {
        (time.zone(), time.clock()[3])
    } else if let Some(time) = this.downcast_ref::<TimeObject>() {
        (time.zone(), time.clock()[3])
    } else {
        (none(), 0)
    };
    let source = twinheap_objects::memory::copied(unicode::as_utf8(format)?)?;
    let mut made = twinheap_objects::memory::with_capacity(source.len())?;
    let mut at = 0;
    while at < source.len() {
        let byte = source[at];
        let next = source.get(at + 1).copied();
        at += if byte == b'%' && next.is_some() { 2 } else { 1 };
        match (byte, next) {
            (b'%', Some(b'z')) => made.extend(offset_text(&zone, argument, "")?.into_bytes()),
            (b'%', Some(b'Z')) => made.extend(zone_name(&zone, argument)?),
            (b'%', Some(b'f')) => made.extend(format!("{rest:06}").into_bytes()),
            (b'%', Some(next)) => made.extend([b'%', next]),
            _ => made.push(byte),
        }
    }
    let made = unicode::codecs::decode(&made, unicode::codecs::Encoding::Utf8, "strict")?;
    let module = import_hook::import_module("time")?;
    call::call_method(&module, id!("strftime"), &[made.as_object(), parts])
}

/// `build_struct_time`.
pub fn struct_time(date: (i32, i32, i32), clock: [i32; 3], dst: i32) -> PyResult {
    let (year, month, day) = date;
    let yearday = calendar::days_before_month(year, month) + day;
    let weekday = calendar::weekday(year, month, day);
    let values = [
        year, month, day, clock[0], clock[1], clock[2], weekday, yearday, dst,
    ];
    let values: PyResult<Vec<Own>> = values
        .iter()
        .map(|value| super::arguments::int(*value))
        .collect();
    let module = import_hook::import_module("time")?;
    call::call_method(&module, id!("struct_time"), &[&*pack(values?)?])
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `format_ctime`.
pub fn ctime(date: (i32, i32, i32), clock: [i32; 3]) -> PyResult {
    let (year, month, day) = date;
    let weekday = calendar::weekday(year, month, day);
    super::arguments::text(&format!(
        "{} {} {day:2} {:02}:{:02}:{:02} {year:04}",
        DAYS[weekday as usize],
        MONTHS[month as usize - 1],
        clock[0],
        clock[1],
        clock[2]
    ))
}

/// The bytes of a pickled state: bytes, or a str of characters below 256 as older pickles have it.
pub fn state_bytes(state: &PyObject, what: &str) -> PyResult<Option<Vec<u8>>> {
    if let Some(data) = state.downcast_ref::<PyBytesObject>() {
        return Ok(Some(twinheap_objects::memory::copied(bytes::data_of(
            data,
        ))?));
    }
    let Some(text) = state.downcast_ref::<PyASCIIObject>() else {
        return Ok(None);
    };
    let characters: Option<Vec<u8>> = unicode::text(text)
        .iter()
        .map(|character| u8::try_from(character).ok())
        .collect();
    match characters {
        Some(data) => Ok(Some(data)),
        None => Err(value_error(format_args!(
            "Failed to encode latin1 string when unpickling a {what} object. pickle.load(data, encoding='latin1') is assumed."
        ))),
    }
}
