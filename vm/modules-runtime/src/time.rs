//! `time` (`Modules/timemodule.c`).

use crate::prelude::*;
use twinheap_objects::float;
use twinheap_objects::lock;
use twinheap_objects::struct_sequence::{Description, StructSequenceType};

static STRUCT_TIME: StructSequenceType = StructSequenceType::new(Description {
    name: "time.struct_time",
    fields: &[
        "tm_year",
        "tm_mon",
        "tm_mday",
        "tm_hour",
        "tm_min",
        "tm_sec",
        "tm_wday",
        "tm_yday",
        "tm_isdst",
        "tm_zone",
        "tm_gmtoff",
    ],
    visible: 9,
    instantiable: true,
});

/// A clock of the system in nanoseconds.
fn nanoseconds(clock: libc::clockid_t) -> i64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the system fills the struct.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn seconds(nanoseconds: i64) -> PyResult {
    float::from_f64(nanoseconds as f64 * 1e-9)
}

macro_rules! clocks {
    ($($name:ident, $name_ns:ident => $clock:expr;)+) => {
        $(fn $name(_: &PyObject) -> PyResult {
            seconds(nanoseconds($clock))
        }
        fn $name_ns(_: &PyObject) -> PyResult {
            Ok(long::from_i64(nanoseconds($clock))?.upcast())
        })+
    };
}

clocks! {
    time, time_ns => libc::CLOCK_REALTIME;
    monotonic, monotonic_ns => libc::CLOCK_MONOTONIC;
    perf_counter, perf_counter_ns => libc::CLOCK_MONOTONIC;
    process_time, process_time_ns => libc::CLOCK_PROCESS_CPUTIME_ID;
    thread_time, thread_time_ns => libc::CLOCK_THREAD_CPUTIME_ID;
}

fn clock_gettime(_: &PyObject, clock: &PyObject) -> PyResult {
    seconds(nanoseconds(long::as_int(clock)?))
}

fn clock_gettime_ns(_: &PyObject, clock: &PyObject) -> PyResult {
    Ok(long::from_i64(nanoseconds(long::as_int(clock)?))?.upcast())
}

fn sleep(_: &PyObject, duration: &PyObject) -> PyResult {
    let duration = float::as_double(duration)?;
    if duration.is_nan() {
        return Err(value_error("Invalid value NaN (not a number)"));
    }
    if duration < 0.0 {
        return Err(value_error("sleep length must be non-negative"));
    }
    // Nanoseconds in 64 bits.
    if duration * 1e9 >= 9_223_372_036_854_775_808.0 {
        return Err(errors::overflow_error(
            "timestamp too large to convert to C _PyTime_t",
        ));
    }
    lock::sleep(std::time::Duration::from_secs_f64(duration))?;
    Ok(none())
}

/// Whole seconds of a time that is given, or of now.
fn when(args: &PyTupleObject, name: &str) -> PyResult<i64> {
    call::check_positional(name, tuple::items(args).len(), 0, 1)?;
    match tuple::items(args).first().filter(|given| !given.is_none()) {
        None => Ok(nanoseconds(libc::CLOCK_REALTIME).div_euclid(1_000_000_000)),
        Some(given) if given.downcast_ref::<PyLongObject>().is_some() => long::as_long(given),
        Some(given) => {
            let value = float::as_double(given)?;
            if value.is_nan() {
                return Err(value_error("Invalid value NaN (not a number)"));
            }
            let value = value.floor();
            if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
                return Err(overflow_error("timestamp out of range for platform time_t"));
            }
            Ok(value as i64)
        }
    }
}

fn from_tm(tm: &libc::tm) -> PyResult {
    let numbers = [
        tm.tm_year + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        (tm.tm_wday + 6) % 7,
        tm.tm_yday + 1,
        tm.tm_isdst,
    ];
    let mut values: Vec<Own> = numbers
        .iter()
        .map(|&n| long::from_isize(n as isize))
        .collect::<PyResult<_>>()?;
    // SAFETY: the zone's name is static text of the C library.
    let zone = unsafe { std::ffi::CStr::from_ptr(tm.tm_zone) }
        .to_string_lossy()
        .into_owned();
    values.push(unicode::from_str(&zone)?.upcast());
    values.push(long::from_isize(tm.tm_gmtoff as isize)?);
    STRUCT_TIME.make(values)
}

fn gmtime(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let when = when(args, "gmtime")?;
    // SAFETY: the C library fills the struct.
    unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        if libc::gmtime_r(&when, &mut tm).is_null() {
            return Err(crate::_signal::os_error());
        }
        tm.tm_zone = c"UTC".as_ptr();
        from_tm(&tm)
    }
}

fn localtime(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let when = when(args, "localtime")?;
    // SAFETY: the C library fills the struct.
    unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&when, &mut tm).is_null() {
            return Err(crate::_signal::os_error());
        }
        from_tm(&tm)
    }
}

/// The C library's struct of a tuple of nine numbers.
fn to_tm(given: &PyObject) -> PyResult<libc::tm> {
    let Some(given) = given.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("Tuple or struct_time argument required"));
    };
    let items = tuple::items(given);
    if items.len() != 9 {
        return Err(type_error("function takes exactly 9 arguments"));
    }
    let mut numbers = [0; 9];
    for (slot, item) in numbers.iter_mut().zip(items) {
        *slot = long::as_int(item)?;
    }
    // SAFETY: a struct of numbers.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    tm.tm_year = numbers[0] - 1900;
    tm.tm_mon = if numbers[1] == 0 { 0 } else { numbers[1] - 1 };
    tm.tm_mday = numbers[2].max(1);
    tm.tm_hour = numbers[3];
    tm.tm_min = numbers[4];
    tm.tm_sec = numbers[5];
    tm.tm_wday = (numbers[6] + 1) % 7;
    tm.tm_yday = (numbers[7] - 1).max(0);
    tm.tm_isdst = numbers[8];
    check_tm(&tm)?;
    Ok(tm)
}

fn check_tm(tm: &libc::tm) -> PyResult<()> {
    let checks = [
        (!(0..=11).contains(&tm.tm_mon), "month out of range"),
        (!(1..=31).contains(&tm.tm_mday), "day of month out of range"),
        (!(0..=23).contains(&tm.tm_hour), "hour out of range"),
        (!(0..=59).contains(&tm.tm_min), "minute out of range"),
        (!(0..=61).contains(&tm.tm_sec), "seconds out of range"),
        (tm.tm_wday < 0, "day of week out of range"),
        (!(0..=365).contains(&tm.tm_yday), "day of year out of range"),
    ];
    match checks.iter().find(|(wrong, _)| *wrong) {
        Some((_, message)) => Err(value_error(message)),
        None => Ok(()),
    }
}

fn mktime(_: &PyObject, given: &PyObject) -> PyResult {
    let mut tm = to_tm(given)?;
    // SAFETY: the C library reads and normalises the struct.
    float::from_f64(unsafe { libc::mktime(&mut tm) } as f64)
}

unsafe extern "C" {
    fn strftime(
        out: *mut std::ffi::c_char,
        size: usize,
        format: *const std::ffi::c_char,
        tm: *const libc::tm,
    ) -> usize;
    fn tzset();
}

fn time_strftime(this: &PyObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("strftime", items.len(), 1, 2)?;
    let Some(format) = items[0].downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("strftime() argument 1 must be str"));
    };
    let tm = match items.get(1) {
        Some(given) => to_tm(given)?,
        None => to_tm(&*localtime(this, &tuple::empty())?)?,
    };
    let mut pattern = unicode::to_utf8_surrogatepass(format);
    memory::push(&mut pattern, 0)?;
    // The room doubles until the text fits; an empty text is believed at 256 bytes for each of the pattern.
    let mut room = 1024;
    let out = loop {
        let mut out = memory::zeroed(room)?;
        // SAFETY: the buffer has the size that is told; the pattern ends with NUL.
        let written = unsafe {
            strftime(
                out.as_mut_ptr().cast(),
                out.len(),
                pattern.as_ptr().cast(),
                &tm,
            )
        };
        if written > 0 || room >= 256 * pattern.len() {
            out.truncate(written);
            break out;
        }
        room *= 2;
    };
    Ok(unicode::from_str(&String::from_utf8_lossy(&out))?.upcast())
}

fn text_of(tm: &libc::tm) -> PyResult {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        DAYS[tm.tm_wday as usize],
        MONTHS[tm.tm_mon as usize],
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        tm.tm_year + 1900
    );
    Ok(unicode::from_str(&text)?.upcast())
}

fn asctime(this: &PyObject, args: &PyTupleObject) -> PyResult {
    call::check_positional("asctime", tuple::items(args).len(), 0, 1)?;
    match tuple::items(args).first() {
        Some(given) => text_of(&to_tm(given)?),
        None => text_of(&to_tm(&*localtime(this, &tuple::empty())?)?),
    }
}

fn ctime(this: &PyObject, args: &PyTupleObject) -> PyResult {
    text_of(&to_tm(&*localtime(this, args)?)?)
}

fn strptime(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let function = object::get_attr(
        &*import_hook::import_module("_strptime")?,
        id!("_strptime_time"),
    )?;
    call::call_tuple(&function, args, None)
}

fn time_tzset(module: &PyObject) -> PyResult {
    // SAFETY: reads the environment.
    unsafe { tzset() };
    if let Some(module) = module.downcast_ref::<PyModuleObject>() {
        add_zone(module)?;
    }
    Ok(none())
}

/// `timezone`, `altzone`, `daylight`, `tzname`, from two days of the year.
fn add_zone(module: &PyModuleObject) -> PyResult<()> {
    let year = 365 * 24 * 3600 + 6 * 3600;
    let now = nanoseconds(libc::CLOCK_REALTIME) / 1_000_000_000 / year * year;
    let zone = |when: i64| -> (i64, String) {
        // SAFETY: the C library fills the struct; the zone's name is static text.
        unsafe {
            let mut tm: libc::tm = std::mem::zeroed();
            libc::localtime_r(&when, &mut tm);
            let name = std::ffi::CStr::from_ptr(tm.tm_zone)
                .to_string_lossy()
                .into_owned();
            (-tm.tm_gmtoff, name)
        }
    };
    let (january, july) = (zone(now), zone(now + year / 2));
    let (standard, summer) = if january.0 >= july.0 {
        (&january, &july)
    } else {
        (&july, &january)
    };
    module::add_int(module, "timezone", standard.0)?;
    module::add_int(module, "altzone", summer.0)?;
    module::add_int(module, "daylight", i64::from(january.0 != july.0))?;
    let names = tuple::from_vec(vec![
        unicode::from_str(&standard.1)?.upcast(),
        unicode::from_str(&summer.1)?.upcast(),
    ])?;
    module::add(module, "tzname", names.as_object())
}

fn get_clock_info(_: &PyObject, name: &PyObject) -> PyResult {
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("get_clock_info() argument 1 must be str"));
    };
    let (clock, monotonic, adjustable) = match unicode::to_string_lossy(name).as_str() {
        "time" => ("clock_gettime(CLOCK_REALTIME)", false, true),
        "monotonic" | "perf_counter" => ("clock_gettime(CLOCK_MONOTONIC)", true, false),
        "process_time" => ("clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true, false),
        "thread_time" => ("clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true, false),
        _ => return Err(value_error("unknown clock")),
    };
    let info = dict::new()?;
    dict::set_literal(
        &info,
        "implementation",
        unicode::from_str(clock)?.as_object(),
    )?;
    dict::set_literal(&info, "monotonic", &bool_object(monotonic))?;
    dict::set_literal(&info, "adjustable", &bool_object(adjustable))?;
    dict::set_literal(&info, "resolution", &*float::from_f64(1e-9)?)?;
    twinheap_objects::namespace::from_dict(&info)
}

methods! {
    static FUNCTIONS:
    "time" => noargs(time);
    "time_ns" => noargs(time_ns);
    "clock_gettime" => o(clock_gettime);
    "clock_gettime_ns" => o(clock_gettime_ns);
    "sleep" => o(sleep);
    "gmtime" => varargs(gmtime);
    "localtime" => varargs(localtime);
    "asctime" => varargs(asctime);
    "ctime" => varargs(ctime);
    "mktime" => o(mktime);
    "strftime" => varargs(time_strftime);
    "strptime" => varargs(strptime);
    "tzset" => noargs(time_tzset);
    "monotonic" => noargs(monotonic);
    "monotonic_ns" => noargs(monotonic_ns);
    "process_time" => noargs(process_time);
    "process_time_ns" => noargs(process_time_ns);
    "thread_time" => noargs(thread_time);
    "thread_time_ns" => noargs(thread_time_ns);
    "perf_counter" => noargs(perf_counter);
    "perf_counter_ns" => noargs(perf_counter_ns);
    "get_clock_info" => o(get_clock_info);
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("time", FUNCTIONS, &[])?;
    add_zone(&made)?;
    for (name, clock) in [
        ("CLOCK_REALTIME", libc::CLOCK_REALTIME),
        ("CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC),
        ("CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW),
        ("CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID),
        ("CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID),
        ("CLOCK_BOOTTIME", libc::CLOCK_BOOTTIME),
        ("CLOCK_TAI", libc::CLOCK_TAI),
    ] {
        module::add_int(&made, name, i64::from(clock))?;
    }
    module::add(&made, "struct_time", STRUCT_TIME.get()?.as_object())?;
    Ok(made)
}
