//! `_bisect` (`Modules/_bisectmodule.c`): where an item belongs in a sorted sequence.

use crate::prelude::*;

struct Search<'a> {
    sequence: &'a PyObject,
    item: &'a PyObject,
    low: isize,
    high: isize,
    key: Option<&'a PyObject>,
}

fn arguments<'a>(name: &'static str, args: Args<'a>) -> PyResult<Search<'a>> {
    let signature = Signature {
        name,
        parameters: &["a", "x", "lo", "hi", "key"],
        required: 2,
        positional: 4,
    };
    let [sequence, item, low, high, key] = args.bind::<5>(&signature)?;
    let bound = |given: Option<&PyObject>| given.map(unicode::ssize).transpose();
    Ok(Search {
        sequence: sequence.expect("required"),
        item: item.expect("required"),
        low: bound(low)?.unwrap_or(0),
        high: bound(high.filter(|high| !high.is_none()))?.unwrap_or(-1),
        key: key.filter(|key| !key.is_none()),
    })
}

impl Search<'_> {
    /// The place of an item: in front of those equal to it, or behind them.
    fn place(&self, item: &PyObject, left: bool) -> PyResult<isize> {
        if self.low < 0 {
            return Err(value_error("lo must be non-negative"));
        }
        let (mut low, mut high) = (self.low, self.high);
        if high == -1 {
            high = object::length(self.sequence)? as isize;
        }
        while low < high {
            let middle = ((low as usize + high as usize) / 2) as isize;
            let mut other = abstract_::get_sequence_item(self.sequence, middle)?;
            if let Some(key) = self.key {
                other = call::call(key, &[&other])?;
            }
            let go_right = if left {
                object::rich_compare_bool(&other, item, Py_LT)?
            } else {
                !object::rich_compare_bool(item, &other, Py_LT)?
            };
            if go_right {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn bisect(&self, left: bool) -> PyResult {
        long::from_isize(self.place(self.item, left)?)
    }

    fn insert(&self, left: bool) -> PyResult {
        let place = match self.key {
            None => self.place(self.item, left)?,
            Some(key) => self.place(&*call::call(key, &[self.item])?, left)?,
        };
        match self.sequence.downcast_exact::<PyListObject>() {
            Some(list) => list::insert(list, place, self.item)?,
            None => {
                let place = long::from_isize(place)?;
                call::call_method(self.sequence, id!("insert"), &[&place, self.item])?;
            }
        }
        Ok(none())
    }
}

fn bisect_right(_: &PyObject, args: Args<'_>) -> PyResult {
    arguments("bisect_right", args)?.bisect(false)
}

fn bisect_left(_: &PyObject, args: Args<'_>) -> PyResult {
    arguments("bisect_left", args)?.bisect(true)
}

fn insort_right(_: &PyObject, args: Args<'_>) -> PyResult {
    arguments("insort_right", args)?.insert(false)
}

fn insort_left(_: &PyObject, args: Args<'_>) -> PyResult {
    arguments("insort_left", args)?.insert(true)
}

methods! {
    static FUNCTIONS:
    "bisect_right" => keywords(bisect_right, "($module, /, a, x, lo=0, hi=None, *, key=None)");
    "insort_right" => keywords(insort_right, "($module, /, a, x, lo=0, hi=None, *, key=None)");
    "bisect_left" => keywords(bisect_left, "($module, /, a, x, lo=0, hi=None, *, key=None)");
    "insort_left" => keywords(insort_left, "($module, /, a, x, lo=0, hi=None, *, key=None)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_bisect", FUNCTIONS, &[])
}
