//! `_datetime` (`Modules/_datetimemodule.c`): dates, times, differences and zones.
//!
//! The structs are CPython's, so that a time without a zone ends where the zone would be. Its C interface for other
//! extension modules (`datetime_CAPI`) is not offered.

mod arguments;
mod calendar;
mod date;
mod datetime;
mod delta;
mod methods;
mod text;
mod time;
mod week;
mod zones;

use crate::prelude::*;
use date::PyDateTime_DateType;
use datetime::PyDateTime_DateTimeType;
use delta::{MAX_DELTA_DAYS, PyDateTime_DeltaType, US_PER_DAY};
use time::PyDateTime_TimeType;
use zones::{PyDateTime_TZInfoType, PyDateTime_TimeZoneType};

fn set(type_: &PyTypeObject, name: &'static str, value: &PyObject) -> PyResult<()> {
    match types::dict_of(type_) {
        Some(own) => dict::set_literal(own, name, value),
        None => Ok(()),
    }
}

fn add_delta_constants() -> PyResult<()> {
    let days = i128::from(MAX_DELTA_DAYS) * US_PER_DAY;
    for (name, total) in [
        ("resolution", 1),
        ("min", -days),
        ("max", days + US_PER_DAY - 1),
    ] {
        set(
            &PyDateTime_DeltaType,
            name,
            delta::of_total(total)?.as_object(),
        )?;
    }
    Ok(())
}

fn add_zone_constants() -> PyResult<()> {
    let type_ = &PyDateTime_TimeZoneType;
    set(type_, "utc", zones::utc()?.as_object())?;
    for (name, minutes) in [("min", -1439), ("max", 1439)] {
        let offset = delta::of_parts(0, 60 * minutes, 0)?;
        let zone = zones::new_timezone(&offset, None)?;
        set(type_, name, zone.as_object())?;
    }
    Ok(())
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build(
        "_datetime",
        &[],
        &[
            &PyDateTime_DateType,
            &PyDateTime_DateTimeType,
            &PyDateTime_TimeType,
            &PyDateTime_DeltaType,
            &PyDateTime_TZInfoType,
            &PyDateTime_TimeZoneType,
        ],
    )?;
    types::ready(&week::PyDateTime_IsoCalendarDateType)?;
    add_delta_constants()?;
    date::add_constants()?;
    time::add_constants()?;
    datetime::add_constants()?;
    add_zone_constants()?;
    module::add_int(&made, "MINYEAR", 1)?;
    module::add_int(&made, "MAXYEAR", 9999)?;
    module::add(&made, "UTC", zones::utc()?.as_object())?;
    Ok(made)
}
