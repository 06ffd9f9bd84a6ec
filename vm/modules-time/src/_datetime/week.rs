//! `datetime.IsoCalendarDate`: a tuple of ISO year, week and weekday whose items have names.

use super::arguments::{bind, c_integer, int, pack, text};
use crate::prelude::*;

/// A tuple of three, of the type.
pub fn new_week(type_: &PyTypeObject, parts: (i32, i32, i32)) -> PyResult {
    let made = types::allocate(type_, 3)?;
    // SAFETY: the type's instances are tuples, of as many items as were asked for.
    let items: &PyTupleObject = unsafe { &*made.as_ptr().cast() };
    for (at, part) in [parts.0, parts.1, parts.2].into_iter().enumerate() {
        tuple::set_new_item(items, at, int(part)?);
    }
    Ok(made)
}

/// An instance of the type itself.
pub fn week(parts: (i32, i32, i32)) -> PyResult {
    new_week(&PyDateTime_IsoCalendarDateType, parts)
}

fn new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    const NAMES: [&str; 3] = ["year", "week", "weekday"];
    let [year, week, weekday] = bind("IsoCalendarDate", &NAMES, 3, 3, args, kwargs)?
        .map(|value| c_integer(&value.expect("required")));
    new_week(type_, (year?, week?, weekday?))
}

fn repr(this: &PyTupleObject) -> PyResult {
    let shown = |at: usize| -> PyResult<String> {
        Ok(unicode::to_string_lossy(&*object::str(
            tuple::items(this)[at],
        )?))
    };
    let name = this.as_object().type_().name();
    text(&format!(
        "{name}(year={}, week={}, weekday={})",
        shown(0)?,
        shown(1)?,
        shown(2)?
    ))
}

fn reduce(this: &PyTupleObject) -> PyResult {
    let items = tuple::pack(tuple::items(this))?;
    pack(vec![
        Own::new(tuple::PyTuple_Type.as_object()),
        pack(vec![items.upcast()])?,
    ])
}

macro_rules! parts {
    ($($name:ident = $at:literal;)+) => {
        $(fn $name(this: &PyTupleObject) -> PyResult {
            Ok(Own::new(tuple::items(this)[$at]))
        })+
    };
}

parts! { get_year = 0; get_week = 1; get_weekday = 2; }

methods! {
    static METHODS:
    "__reduce__" => noargs(reduce);
}

getset! {
    static GETSET:
    "year" => get_year;
    "week" => get_week;
    "weekday" => get_weekday;
}

static_type! {
    /// `datetime.IsoCalendarDate`; its size counts one item of the tuple.
    PyDateTime_IsoCalendarDateType = "datetime.IsoCalendarDate", size 32, 8,
        flags Py_TPFLAGS_DEFAULT;
    tp_base: &raw const tuple::PyTuple_Type,
    tp_repr: slot!(unary repr),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_new: slot!(new new),
}
