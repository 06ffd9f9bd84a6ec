//! `gc` (`Modules/gcmodule.c`): the collector's controls.

use crate::prelude::*;
use std::ffi::c_void;
use twinheap_objects::memory::{GC, collect};

fn enable(_: &PyObject) -> PyResult {
    GC.enabled.set(true);
    Ok(none())
}

fn disable(_: &PyObject) -> PyResult {
    GC.enabled.set(false);
    Ok(none())
}

fn isenabled(_: &PyObject) -> PyResult {
    Ok(bool_object(GC.enabled.get()))
}

fn gc_collect(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "collect",
        parameters: &["generation"],
        required: 0,
        positional: 1,
    };
    let [generation] = args.bind::<1>(&SIGNATURE)?;
    let generation = generation.map_or(Ok(2), long::as_int)?;
    if !(0..3).contains(&generation) {
        return Err(value_error("invalid generation"));
    }
    long::from_isize(collect::collect(generation as usize))
}

fn set_debug(_: &PyObject, flags: &PyObject) -> PyResult {
    GC.debug.set(long::as_int(flags)?);
    Ok(none())
}

fn get_debug(_: &PyObject) -> PyResult {
    long::from_isize(GC.debug.get() as isize)
}

fn set_threshold(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let items = tuple::items(args);
    if !(1..=3).contains(&items.len()) {
        return Err(type_error(format_args!(
            "set_threshold() takes at {} ({} given)",
            if items.is_empty() {
                "least 1 argument"
            } else {
                "most 3 arguments"
            },
            items.len()
        )));
    }
    for (index, item) in items.iter().enumerate() {
        let value = long::as_int(item)?;
        GC.generations[index].threshold.set(value);
        if index == 1 && items.len() == 2 {
            GC.generations[2].threshold.set(value);
        }
    }
    Ok(none())
}

fn three(values: [i32; 3]) -> PyResult {
    let values = values.iter().map(|value| long::from_isize(*value as isize));
    Ok(tuple::from_vec(values.collect::<PyResult<_>>()?)?.upcast())
}

fn get_threshold(_: &PyObject) -> PyResult {
    three([0, 1, 2].map(|index: usize| GC.generations[index].threshold.get()))
}

fn get_count(_: &PyObject) -> PyResult {
    three([0, 1, 2].map(|index: usize| GC.generations[index].count.get()))
}

fn get_objects(_: &PyObject, args: Args<'_>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "get_objects",
        parameters: &["generation"],
        required: 0,
        positional: 1,
    };
    let [generation] = args.bind::<1>(&SIGNATURE)?;
    let wanted: Vec<usize> = match generation.filter(|generation| !generation.is_none()) {
        None => vec![0, 1, 2],
        Some(generation) => {
            let generation = unicode::ssize(generation)?;
            if generation >= 3 {
                return Err(value_error(
                    "generation parameter must be less than the number of available generations (3)",
                ));
            }
            if generation < 0 {
                return Err(value_error("generation parameter cannot be negative"));
            }
            vec![generation as usize]
        }
    };
    let mut found: Vec<Own> = Vec::new();
    for generation in wanted {
        collect::each_object(generation, |object| {
            memory::push(&mut found, Own::new(object))
        })?;
    }
    Ok(list::from_vec(found)?.upcast())
}

/// What a walk over referents has found, and whether there was room for it.
struct Referents {
    found: Vec<Own>,
    outcome: PyResult<()>,
}

unsafe extern "C" fn visit_collect(object: *mut PyObject, walk: *mut c_void) -> c_int {
    // SAFETY: a live referent; the argument is the walk of the caller.
    let (walk, object) = unsafe { (&mut *walk.cast::<Referents>(), &*object) };
    walk.outcome = memory::push(&mut walk.found, Own::new(object));
    c_int::from(walk.outcome.is_err())
}

/// Adds what an object's type says that it refers to.
fn add_referents(object: &PyObject, found: Vec<Own>) -> PyResult<Vec<Own>> {
    let outcome = Ok(());
    let mut walk = Referents { found, outcome };
    if collect::is_gc(object) {
        collect::traverse(object, visit_collect, (&raw mut walk).cast());
    }
    walk.outcome?;
    Ok(walk.found)
}

fn get_referents(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let mut found = Vec::new();
    for object in tuple::items(args) {
        found = add_referents(object, found)?;
    }
    Ok(list::from_vec(found)?.upcast())
}

unsafe extern "C" fn visit_compare(object: *mut PyObject, wanted: *mut c_void) -> c_int {
    // SAFETY: the argument is the tuple of the caller.
    let wanted = unsafe { &*wanted.cast::<PyTupleObject>() };
    let is_object = |item: &&PyObject| std::ptr::eq(item.as_raw(), object);
    c_int::from(tuple::items(wanted).iter().any(is_object))
}

fn get_referrers(_: &PyObject, args: &PyTupleObject) -> PyResult {
    let mut found: Vec<Own> = Vec::new();
    for generation in 0..3 {
        collect::each_object(generation, |candidate| {
            let is_args = std::ptr::eq(candidate.as_raw(), args.as_raw());
            if !is_args && collect::traverse(candidate, visit_compare, args.as_raw().cast()) != 0 {
                memory::push(&mut found, Own::new(candidate))?;
            }
            Ok(())
        })?;
    }
    let made = list::new(0)?;
    for referrer in found {
        list::append_take(&made, referrer)?;
    }
    Ok(made.upcast())
}

fn get_stats(_: &PyObject) -> PyResult {
    let made = list::new(0)?;
    for stats in &GC.stats {
        let entry = dict::new()?;
        for (name, value) in ["collections", "collected", "uncollectable"]
            .iter()
            .zip(stats)
        {
            dict::set_literal(&entry, name, &*long::from_isize(value.get())?)?;
        }
        list::append(&made, entry.as_object())?;
    }
    Ok(made.upcast())
}

fn is_tracked(_: &PyObject, object: &PyObject) -> PyResult {
    Ok(bool_object(collect::knows(object)))
}

fn is_finalized(_: &PyObject, object: &PyObject) -> PyResult {
    Ok(bool_object(collect::is_finalized(object)))
}

fn freeze(_: &PyObject) -> PyResult {
    collect::freeze();
    Ok(none())
}

fn unfreeze(_: &PyObject) -> PyResult {
    collect::unfreeze();
    Ok(none())
}

fn get_freeze_count(_: &PyObject) -> PyResult {
    long::from_isize(collect::frozen_count())
}

methods! {
    static FUNCTIONS:
    "enable" => noargs(enable, "($module, /)");
    "disable" => noargs(disable, "($module, /)");
    "isenabled" => noargs(isenabled, "($module, /)");
    "set_debug" => o(set_debug, "($module, flags, /)");
    "get_debug" => noargs(get_debug, "($module, /)");
    "get_count" => noargs(get_count, "($module, /)");
    "set_threshold" => varargs(set_threshold);
    "get_threshold" => noargs(get_threshold, "($module, /)");
    "collect" => keywords(gc_collect, "($module, /, generation=2)");
    "get_objects" => keywords(get_objects, "($module, /, generation=None)");
    "get_stats" => noargs(get_stats, "($module, /)");
    "is_tracked" => o(is_tracked, "($module, obj, /)");
    "is_finalized" => o(is_finalized, "($module, obj, /)");
    "get_referrers" => varargs(get_referrers);
    "get_referents" => varargs(get_referents);
    "freeze" => noargs(freeze, "($module, /)");
    "unfreeze" => noargs(unfreeze, "($module, /)");
    "get_freeze_count" => noargs(get_freeze_count, "($module, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build("gc", FUNCTIONS, &[])?;
    for field in [&GC.garbage, &GC.callbacks] {
        if field.get().is_null() {
            field.put(Some(list::new(0)?));
        }
    }
    module::add(&made, "garbage", GC.garbage.expect_ref().as_object())?;
    module::add(&made, "callbacks", GC.callbacks.expect_ref().as_object())?;
    let flags = [
        ("DEBUG_STATS", 1),
        ("DEBUG_COLLECTABLE", 2),
        ("DEBUG_UNCOLLECTABLE", 4),
        ("DEBUG_SAVEALL", 32),
        ("DEBUG_LEAK", 38),
    ];
    for (name, value) in flags {
        module::add_int(&made, name, value)?;
    }
    Ok(made)
}
