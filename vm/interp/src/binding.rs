//! Binding the arguments of a Python function to its locals (`initialize_locals` of
//! `Python/ceval.c`), with its error messages.

use crate::frames;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::errors::{PyResult, Raised, type_error};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Field, Own, decref};
use twinheap_objects::state::tstate;
use twinheap_objects::{dict, tuple, unicode};

/// The names of locals, cells and free variables.
fn local_names(code: &PyCodeObject) -> &[&PyObject] {
    // SAFETY: the names are a tuple.
    unsafe { tuple::items(&*code.co_localsplusnames.get().cast()) }
}

fn qualname(function: &PyFunctionObject) -> String {
    shown(function.func_qualname.expect_ref())
}

fn shown(name: &PyObject) -> String {
    name.downcast_ref::<PyASCIIObject>()
        .map(unicode::to_string_lossy)
        .unwrap_or_default()
}

/// The locals under construction: owned slots, null where nothing is bound yet.
struct Slots {
    first: *mut *mut PyObject,
}

impl Slots {
    fn get(&self, index: usize) -> *mut PyObject {
        // SAFETY: callers stay inside the locals of the code.
        unsafe { *self.first.add(index) }
    }

    fn set(&self, index: usize, value: Own) {
        // SAFETY: as above; the slot is null.
        unsafe { *self.first.add(index) = value.into_raw() };
    }
}

/// The arguments that the caller gives up; those that nobody takes are released.
struct Given {
    next: *const *mut PyObject,
    left: usize,
}

impl Given {
    fn skip(&mut self, count: usize) {
        // SAFETY: callers take no more than there are.
        self.next = unsafe { self.next.add(count) };
        self.left -= count;
    }

    fn take(&mut self) -> Own {
        // SAFETY: an argument that nobody has taken.
        let value = unsafe { Own::from_raw(*self.next) };
        self.skip(1);
        value
    }

    /// The next arguments as a tuple.
    fn take_tuple(&mut self, count: usize) -> PyResult<Own> {
        // SAFETY: as many arguments that nobody has taken; they are gone even where it fails.
        let made = unsafe { tuple::from_raw_steal(self.next, count) };
        self.skip(count);
        Ok(made?.upcast())
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        while self.left > 0 {
            drop(self.take());
        }
    }
}

/// Binds arguments that the caller gives up: `count` positional ones, then the keyword values.
///
/// On failure all references have been released, the locals that were bound included.
///
/// # Safety
/// `args` points to the references; the frame's locals are uninitialised.
#[inline]
pub unsafe fn bind(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    slots: *mut *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    kwnames: Option<&PyTupleObject>,
) -> PyResult<()> {
    let total = code.co_nlocalsplus.get() as usize;
    let flags = code.co_flags.get();
    let argcount = code.co_argcount.get() as usize;
    // SAFETY: the frame has room for its locals.
    unsafe {
        if kwnames.is_none()
            && count == argcount
            && flags & (CO_VARARGS | CO_VARKEYWORDS) == 0
            && code.co_kwonlyargcount.get() == 0
        {
            // The plain case: every parameter gets its argument.
            std::ptr::copy_nonoverlapping(args, slots, count);
            for index in count..total {
                *slots.add(index) = null_mut();
            }
            return Ok(());
        }
        std::ptr::write_bytes(slots, 0, total);
        let keywords = kwnames.map_or(0, |names| names.ob_size.get() as usize);
        let given = Given {
            next: args,
            left: count + keywords,
        };
        let outcome = bind_slowly(
            function,
            code,
            &Slots { first: slots },
            given,
            count,
            kwnames,
        );
        if outcome.is_err() {
            for index in 0..total {
                let value = std::ptr::replace(slots.add(index), null_mut());
                if !value.is_null() {
                    decref(value);
                }
            }
        }
        outcome
    }
}

fn bind_slowly(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    slots: &Slots,
    mut given: Given,
    count: usize,
    kwnames: Option<&PyTupleObject>,
) -> PyResult<()> {
    let argcount = code.co_argcount.get() as usize;
    let kwonly = code.co_kwonlyargcount.get() as usize;
    let total_args = argcount + kwonly;
    let flags = code.co_flags.get();
    let mut keyword_dict = None;
    if flags & CO_VARKEYWORDS != 0 {
        let made = dict::new()?;
        let index = total_args + usize::from(flags & CO_VARARGS != 0);
        slots.set(index, made.clone().upcast());
        keyword_dict = Some(made);
    }
    for index in 0..count.min(argcount) {
        slots.set(index, given.take());
    }
    let rest = count.saturating_sub(argcount);
    if flags & CO_VARARGS != 0 {
        slots.set(total_args, given.take_tuple(rest)?);
    } else {
        for _ in 0..rest {
            drop(given.take());
        }
    }
    let too_many = flags & CO_VARARGS == 0 && rest > 0;
    for name in kwnames.map_or(&[][..], tuple::items) {
        let value = given.take();
        let target = keyword_dict.as_deref();
        bind_keyword(function, code, slots, name, value, target, kwnames)?;
    }
    if too_many {
        return Err(too_many_positional(function, code, slots, count));
    }
    fill_defaults(function, code, slots, count)?;
    fill_keyword_defaults(function, code, slots)
}

/// Binds one keyword argument, or puts it into `**kwargs`.
fn bind_keyword(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    slots: &Slots,
    name: &PyObject,
    value: Own,
    keyword_dict: Option<&PyDictObject>,
    kwnames: Option<&PyTupleObject>,
) -> PyResult<()> {
    if name.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "{}() keywords must be strings",
            qualname(function)
        )));
    }
    let names = local_names(code);
    let first = code.co_posonlyargcount.get() as usize;
    let last = (code.co_argcount.get() + code.co_kwonlyargcount.get()) as usize;
    let found = (first..last).find(|&index| std::ptr::eq(names[index], name));
    let found = match found {
        Some(index) => Some(index),
        None => {
            let mut equal = None;
            for (index, candidate) in names.iter().enumerate().take(last).skip(first) {
                if object::equal(name, candidate)? {
                    equal = Some(index);
                    break;
                }
            }
            equal
        }
    };
    if let Some(index) = found {
        if !slots.get(index).is_null() {
            return Err(type_error(format_args!(
                "{}() got multiple values for argument '{}'",
                qualname(function),
                shown(name)
            )));
        }
        slots.set(index, value);
        return Ok(());
    }
    if let Some(target) = keyword_dict {
        return dict::set_item(target, name, &value);
    }
    if let Some(error) = positional_only_by_name(function, code, kwnames)? {
        return Err(error);
    }
    Err(type_error(format_args!(
        "{}() got an unexpected keyword argument '{}'",
        qualname(function),
        shown(name)
    )))
}

fn positional_only_by_name(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    kwnames: Option<&PyTupleObject>,
) -> PyResult<Option<Raised>> {
    let mut conflicts = Vec::new();
    for index in 0..code.co_posonlyargcount.get() as usize {
        let name = local_names(code)[index];
        for keyword in kwnames.map_or(&[][..], tuple::items) {
            if object::equal(name, keyword)? {
                conflicts.push(shown(keyword));
                break;
            }
        }
    }
    if conflicts.is_empty() {
        return Ok(None);
    }
    Ok(Some(type_error(format_args!(
        "{}() got some positional-only arguments passed as keyword arguments: '{}'",
        qualname(function),
        conflicts.join(", ")
    ))))
}

fn too_many_positional(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    slots: &Slots,
    given: usize,
) -> Raised {
    let argcount = code.co_argcount.get() as usize;
    let kwonly = code.co_kwonlyargcount.get() as usize;
    let kwonly_given = (argcount..argcount + kwonly)
        .filter(|&i| !slots.get(i).is_null())
        .count();
    let defaults = default_values(function).len();
    let (plural, signature) = if defaults > 0 {
        // There may be more defaults than parameters.
        let required = argcount as isize - defaults as isize;
        (true, format!("from {required} to {argcount}"))
    } else {
        (argcount != 1, argcount.to_string())
    };
    let kwonly_text = if kwonly_given > 0 {
        format!(
            " positional argument{} (and {kwonly_given} keyword-only argument{})",
            if given != 1 { "s" } else { "" },
            if kwonly_given != 1 { "s" } else { "" }
        )
    } else {
        String::new()
    };
    type_error(format_args!(
        "{}() takes {signature} positional argument{} but {given}{kwonly_text} {} given",
        qualname(function),
        if plural { "s" } else { "" },
        if given == 1 && kwonly_given == 0 {
            "was"
        } else {
            "were"
        }
    ))
}

fn default_values(function: &PyFunctionObject) -> &[&PyObject] {
    match function
        .func_defaults
        .as_ref()
        .and_then(|values| values.downcast_ref::<PyTupleObject>())
    {
        Some(values) => tuple::items(values),
        None => &[],
    }
}

fn fill_defaults(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    slots: &Slots,
    given: usize,
) -> PyResult<()> {
    let argcount = code.co_argcount.get() as usize;
    if given >= argcount {
        return Ok(());
    }
    let defaults = default_values(function);
    let required = argcount - defaults.len().min(argcount);
    let missing: Vec<String> = (given..required)
        .filter(|&index| slots.get(index).is_null())
        .map(|index| local_names(code)[index].repr_lossy())
        .collect();
    if !missing.is_empty() {
        return Err(missing_arguments(function, &missing, "positional"));
    }
    for (offset, value) in defaults.iter().enumerate() {
        let index = required + offset;
        if index < argcount && slots.get(index).is_null() {
            slots.set(index, Own::new(*value));
        }
    }
    Ok(())
}

fn fill_keyword_defaults(
    function: &PyFunctionObject,
    code: &PyCodeObject,
    slots: &Slots,
) -> PyResult<()> {
    let argcount = code.co_argcount.get() as usize;
    let total = argcount + code.co_kwonlyargcount.get() as usize;
    let mut missing = Vec::new();
    for index in argcount..total {
        if !slots.get(index).is_null() {
            continue;
        }
        let name = local_names(code)[index];
        let default = match function
            .func_kwdefaults
            .as_ref()
            .and_then(|d| d.downcast_ref::<PyDictObject>())
        {
            Some(defaults) => dict::get_item(defaults, name)?,
            None => None,
        };
        match default {
            Some(value) => slots.set(index, value),
            None => missing.push(name.repr_lossy()),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(missing_arguments(function, &missing, "keyword-only"))
}

/// `missing_arguments`: the names in a list of English.
fn missing_arguments(function: &PyFunctionObject, names: &[String], kind: &str) -> Raised {
    let list = match names {
        [single] => single.clone(),
        [first, second] => format!("{first} and {second}"),
        more => {
            let (last, head) = more
                .split_last()
                .map(|(last, head)| (last.clone(), head))
                .unwrap_or_default();
            format!("{}, and {last}", head.join(", "))
        }
    };
    type_error(format_args!(
        "{}() missing {} required {kind} argument{}: {list}",
        qualname(function),
        names.len(),
        if names.len() == 1 { "" } else { "s" }
    ))
}

/// Pushes and fills the frame of a call; takes over the arguments (`_PyEvalFramePushAndInit`).
///
/// # Safety
/// As for [`bind`].
#[inline]
pub unsafe fn push_call_frame(
    function: Own<PyFunctionObject>,
    locals: Option<Own>,
    args: *const *mut PyObject,
    count: usize,
    kwnames: Option<&PyTupleObject>,
) -> PyResult<*mut _PyInterpreterFrame> {
    // SAFETY: the code of a function is a code object.
    let code: &PyCodeObject = unsafe { &*function.func_code.get().cast() };
    let frame = frames::push_frame(frames::frame_words(code));
    // SAFETY: the frame has room; on failure it is popped before anybody sees it.
    unsafe {
        let slots = frames::localsplus(&*frame);
        if let Err(raised) = bind(&function, code, slots, args, count, kwnames) {
            frames::pop_frame(tstate(), frame);
            drop(locals);
            return Err(raised);
        }
        frames::initialize(frame, function, locals, code);
    }
    Ok(frame)
}
