//! The builtin functions that work on their arguments alone.

use twinheap_abi::*;
use twinheap_objects::call::{self, Args, Signature};
use twinheap_objects::errors::{self, PyResult, Raised, type_error, value_error};
use twinheap_objects::exceptions::PyExc_StopIteration;
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::{abstract_, id, iter, list, long, methods, tuple, types, unicode};

type Module = PyObject;

fn abs(_: &Module, value: &PyObject) -> PyResult {
    abstract_::absolute(value)
}

fn all(_: &Module, iterable: &PyObject) -> PyResult {
    let iterator = abstract_::get_iter(iterable)?;
    while let Some(item) = abstract_::next(&iterator)? {
        if !object::is_true(&item)? {
            return Ok(bool_object(false));
        }
    }
    Ok(bool_object(true))
}

fn any(_: &Module, iterable: &PyObject) -> PyResult {
    let iterator = abstract_::get_iter(iterable)?;
    while let Some(item) = abstract_::next(&iterator)? {
        if object::is_true(&item)? {
            return Ok(bool_object(true));
        }
    }
    Ok(bool_object(false))
}

fn ascii(_: &Module, value: &PyObject) -> PyResult {
    Ok(object::ascii(value)?.upcast())
}

fn in_base(value: &PyObject, base: u32, prefix: &str) -> PyResult {
    let value = abstract_::index(value)?;
    let text = twinheap_arith::digits::to_text(long::signed(&value), base);
    let text = match text.strip_prefix('-') {
        Some(digits) => format!("-{prefix}{digits}"),
        None => format!("{prefix}{text}"),
    };
    Ok(unicode::from_str(&text)?.upcast())
}

fn bin(_: &Module, value: &PyObject) -> PyResult {
    in_base(value, 2, "0b")
}

fn oct(_: &Module, value: &PyObject) -> PyResult {
    in_base(value, 8, "0o")
}

fn hex(_: &Module, value: &PyObject) -> PyResult {
    in_base(value, 16, "0x")
}

fn callable(_: &Module, value: &PyObject) -> PyResult {
    Ok(bool_object(call::is_callable(value)))
}

fn chr(_: &Module, value: &PyObject) -> PyResult {
    let code = long::as_int(value)?;
    match u32::try_from(code) {
        Ok(code) if code <= 0x10_ffff => Ok(unicode::from_char(code)?.upcast()),
        _ => Err(value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(_: &Module, value: &PyObject) -> PyResult {
    let single = |length: usize| {
        type_error(format_args!(
            "ord() expected a character, but string of length {length} found"
        ))
    };
    if let Some(text) = value.downcast_ref::<PyASCIIObject>() {
        let text = unicode::text(text);
        if text.len() != 1 {
            return Err(single(text.len()));
        }
        return Ok(long::from_i64(i64::from(text.at(0)))?.upcast());
    }
    if let Some(data) = value.downcast_ref::<PyBytesObject>() {
        let data = twinheap_objects::bytes::data_of(data);
        let &[byte] = data else {
            return Err(single(data.len()));
        };
        return Ok(long::from_i64(i64::from(byte))?.upcast());
    }
    if let Some(data) = value.downcast_ref::<PyByteArrayObject>() {
        let data = twinheap_objects::bytearray::data_of(data);
        let &[byte] = data else {
            return Err(single(data.len()));
        };
        return Ok(long::from_i64(i64::from(byte))?.upcast());
    }
    Err(type_error(format_args!(
        "ord() expected string of length 1, but {} found",
        value.type_().name()
    )))
}

fn delattr(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("delattr", args.len(), 2, 2)?;
    object::set_attr(args[0], args[1], None)?;
    Ok(none())
}

fn setattr(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("setattr", args.len(), 3, 3)?;
    object::set_attr(args[0], args[1], Some(args[2]))?;
    Ok(none())
}

fn attribute_name(name: &PyObject) -> PyResult<&PyASCIIObject> {
    name.downcast_ref::<PyASCIIObject>().ok_or_else(|| {
        type_error(format_args!(
            "attribute name must be string, not '{}'",
            name.type_().name()
        ))
    })
}

fn getattr(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("getattr", args.len(), 2, 3)?;
    let name = unicode::intern(Own::new(attribute_name(args[1])?));
    match args.get(2) {
        None => object::get_attr(args[0], &name),
        Some(default) => {
            Ok(object::lookup_attr(args[0], &name)?.unwrap_or_else(|| Own::new(*default)))
        }
    }
}

fn hasattr(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("hasattr", args.len(), 2, 2)?;
    let name = attribute_name(args[1])?;
    Ok(bool_object(object::lookup_attr(args[0], name)?.is_some()))
}

fn divmod(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("divmod", args.len(), 2, 2)?;
    abstract_::divmod(args[0], args[1])
}

fn format(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("format", args.len(), 1, 2)?;
    let spec = match args.get(1) {
        Some(spec) => Some(spec.downcast_ref::<PyASCIIObject>().ok_or_else(|| {
            let given = unicode::type_name_or_none(spec);
            type_error(format_args!("format() argument 2 must be str, not {given}"))
        })?),
        None => None,
    };
    Ok(abstract_::format(args[0], spec)?.upcast())
}

fn hash(_: &Module, value: &PyObject) -> PyResult {
    long::from_isize(object::hash(value)?)
}

fn id(_: &Module, value: &PyObject) -> PyResult {
    object::id(value)
}

fn isinstance(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("isinstance", args.len(), 2, 2)?;
    Ok(bool_object(types::is_instance(args[0], args[1])?))
}

fn issubclass(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("issubclass", args.len(), 2, 2)?;
    Ok(bool_object(types::is_subclass(args[0], args[1])?))
}

fn iter_function(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("iter", args.len(), 1, 2)?;
    match args.get(1) {
        None => abstract_::get_iter(args[0]),
        Some(sentinel) => {
            if !call::is_callable(args[0]) {
                return Err(type_error("iter(v, w): v must be callable"));
            }
            iter::new_call_iterator(args[0], sentinel)
        }
    }
}

/// A slot of an object's asynchronous methods.
fn async_slot(
    object: &PyObject,
    slot: fn(&PyAsyncMethods) -> Option<unaryfunc>,
) -> Option<unaryfunc> {
    // SAFETY: a type's suite lives as long as the type.
    unsafe { object.type_().tp_as_async.get().as_ref() }.and_then(slot)
}

fn aiter_function(_: &Module, iterable: &PyObject) -> PyResult {
    let Some(aiter) = async_slot(iterable, |suite| suite.am_aiter.get()) else {
        return Err(type_error(format_args!(
            "'{}' object is not an async iterable",
            iterable.type_().name()
        )));
    };
    // SAFETY: the slot of the object's own type.
    let iterator = unsafe { errors::from_c(aiter(iterable.as_raw())) }?;
    if async_slot(&iterator, |suite| suite.am_anext.get()).is_none() {
        return Err(type_error(format_args!(
            "aiter() returned not an async iterator of type '{}'",
            iterator.type_().name()
        )));
    }
    Ok(iterator)
}

fn anext_function(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("anext", args.len(), 1, 2)?;
    let iterator = args[0];
    let Some(anext) = async_slot(iterator, |suite| suite.am_anext.get()) else {
        return Err(type_error(format_args!(
            "'{}' object is not an async iterator",
            iterator.type_().name()
        )));
    };
    // SAFETY: the slot of the object's own type.
    let awaitable = unsafe { errors::from_c(anext(iterator.as_raw())) }?;
    match args.get(1) {
        None => Ok(awaitable),
        Some(default) => crate::generator::new_anext_awaitable(awaitable, default),
    }
}

fn len(_: &Module, value: &PyObject) -> PyResult {
    long::from_usize(object::length(value)?)
}

fn next_function(_: &Module, args: &[&PyObject]) -> PyResult {
    call::check_positional("next", args.len(), 1, 2)?;
    let iterator = args[0];
    if !abstract_::is_iterator(iterator) {
        return Err(type_error(format_args!(
            "'{}' object is not an iterator",
            iterator.type_().name()
        )));
    }
    let Some(function) = iterator.type_().tp_iternext.get() else {
        return Err(type_error(format_args!(
            "'{}' object is not an iterator",
            iterator.type_().name()
        )));
    };
    // SAFETY: the slot of the object's own type.
    if let Some(item) = unsafe { Own::from_nullable(function(iterator.as_raw())) } {
        return Ok(item);
    }
    match args.get(1) {
        Some(default) => {
            if errors::occurred() {
                if !errors::matches(&PyExc_StopIteration) {
                    return Err(Raised::already_set());
                }
                errors::clear();
            }
            Ok(Own::new(*default))
        }
        None if errors::occurred() => Err(Raised::already_set()),
        None => Err(errors::stop_iteration(None)),
    }
}

/// `min` and `max`.
fn extreme(
    name: &'static str,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
    op: i32,
) -> PyResult {
    let positional = tuple::items(args);
    if positional.is_empty() {
        return Err(type_error(format_args!(
            "{name} expected at least 1 argument, got 0"
        )));
    }
    let signature = Signature {
        name,
        parameters: &["key", "default"],
        required: 0,
        positional: 0,
    };
    let empty = tuple::empty();
    let [key, default] = call::bind_tuple::<2>(&signature, &empty, kwargs)?;
    let key = key.filter(|key| !key.is_none());
    if positional.len() > 1 && default.is_some() {
        return Err(type_error(format_args!(
            "Cannot specify a default for {name}() with multiple positional arguments"
        )));
    }
    let iterator = if let [single] = positional {
        abstract_::get_iter(single)?
    } else {
        abstract_::get_iter(args.as_object())?
    };
    let mut best: Option<(Own, Own)> = None;
    while let Some(item) = abstract_::next(&iterator)? {
        let value = match key {
            Some(key) => call::call(key, &[&item])?,
            None => item.clone(),
        };
        let better = match &best {
            None => true,
            Some((_, best_value)) => object::rich_compare_bool(&value, best_value, op)?,
        };
        if better {
            best = Some((item, value));
        }
    }
    match (best, default) {
        (Some((item, _)), _) => Ok(item),
        (None, Some(default)) => Ok(Own::new(default)),
        (None, None) => Err(value_error(format_args!(
            "{name}() arg is an empty sequence"
        ))),
    }
}

fn max(_: &Module, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    extreme("max", args, kwargs, Py_GT)
}

fn min(_: &Module, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    extreme("min", args, kwargs, Py_LT)
}

fn pow(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "pow",
        parameters: &["base", "exp", "mod"],
        required: 2,
        positional: 3,
    };
    let [base, exponent, modulus] = args.bind::<3>(&SIGNATURE)?;
    let (Some(base), Some(exponent)) = (base, exponent) else {
        return Err(type_error("pow() needs a base and an exponent"));
    };
    let no_modulus = none();
    abstract_::power(base, exponent, modulus.unwrap_or(&no_modulus))
}

fn print(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "print",
        parameters: &["sep", "end", "file", "flush"],
        required: 0,
        positional: 0,
    };
    let keywords = Args {
        positional: &[],
        kwnames: args.kwnames,
        kwvalues: args.kwvalues,
    };
    let [sep, end, file, flush] = keywords.bind::<4>(&SIGNATURE)?;
    let objects = tuple::pack(args.positional)?;
    let separator = text_option("sep", sep)?;
    let ending = text_option("end", end)?;
    let file = match file.filter(|file| !file.is_none()) {
        Some(file) => Own::new(file),
        None => match crate::sys::get_object("stdout") {
            Some(file) if file.is_none() => return Ok(none()),
            Some(file) => file,
            None => return Err(errors::runtime_error("lost sys.stdout")),
        },
    };
    let write = |text: &PyObject| call::call_method(&file, id!("write"), &[text]);
    for (index, value) in tuple::items(&objects).iter().enumerate() {
        if index > 0 {
            match separator {
                Some(separator) => write(separator)?,
                None => write(id!(" ").as_object())?,
            };
        }
        write(object::str(value)?.as_object())?;
    }
    match ending {
        Some(ending) => write(ending)?,
        None => write(id!("\n").as_object())?,
    };
    if let Some(flush) = flush
        && object::is_true(flush)?
    {
        call::call_method(&file, id!("flush"), &[])?;
    }
    Ok(none())
}

fn text_option<'a>(name: &str, value: Option<&'a PyObject>) -> PyResult<Option<&'a PyObject>> {
    let Some(value) = value.filter(|value| !value.is_none()) else {
        return Ok(None);
    };
    if value.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error(format_args!(
            "{name} must be None or a string, not {}",
            value.type_().name()
        )));
    }
    Ok(Some(value))
}

fn repr(_: &Module, value: &PyObject) -> PyResult {
    Ok(object::repr(value)?.upcast())
}

fn round(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "round",
        parameters: &["number", "ndigits"],
        required: 1,
        positional: 2,
    };
    let [number, digits] = args.bind::<2>(&SIGNATURE)?;
    let Some(number) = number else {
        return Err(type_error(
            "round() missing required argument 'number' (pos 1)",
        ));
    };
    let arguments: Vec<&PyObject> = digits
        .filter(|digits| !digits.is_none())
        .into_iter()
        .collect();
    match types::call_special(number, id!("__round__"), &arguments)? {
        Some(result) => Ok(result),
        None => Err(type_error(format_args!(
            "type {} doesn't define __round__ method",
            number.type_().name()
        ))),
    }
}

fn sorted(_: &Module, args: Args<'_>) -> PyResult {
    call::check_positional("sorted", args.positional.len(), 1, 1)?;
    let made = list::from_iterable(args.positional[0])?;
    let method = object::get_attr(made.as_object(), id!("sort"))?;
    call::call_args(
        &method,
        Args {
            positional: &[],
            ..args
        },
    )?;
    Ok(made.upcast())
}

fn sum(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "sum",
        parameters: &["", "start"],
        required: 1,
        positional: 2,
    };
    let [iterable, start] = args.bind::<2>(&SIGNATURE)?;
    let Some(iterable) = iterable else {
        return Err(type_error(
            "sum() takes at least 1 positional argument (0 given)",
        ));
    };
    let iterator = abstract_::get_iter(iterable)?;
    let mut total = match start {
        None => long::from_isize(0)?,
        Some(start) => {
            if start.downcast_ref::<PyASCIIObject>().is_some() {
                return Err(type_error(
                    "sum() can't sum strings [use ''.join(seq) instead]",
                ));
            }
            if start.downcast_ref::<PyBytesObject>().is_some() {
                return Err(type_error(
                    "sum() can't sum bytes [use b''.join(seq) instead]",
                ));
            }
            if start.downcast_ref::<PyByteArrayObject>().is_some() {
                return Err(type_error(
                    "sum() can't sum bytearray [use b''.join(seq) instead]",
                ));
            }
            Own::new(start)
        }
    };
    while let Some(item) = abstract_::next(&iterator)? {
        total = abstract_::add(&total, &item)?;
    }
    Ok(total)
}

/// `vars` and `dir` of an object; without one they are in `running`.
pub(super) fn vars_of(value: &PyObject) -> PyResult {
    match object::lookup_attr(value, id!("__dict__"))? {
        Some(own) => Ok(own),
        None => Err(type_error("vars() argument must have __dict__ attribute")),
    }
}

pub(super) fn dir_of(value: &PyObject) -> PyResult {
    let Some(names) = types::call_special(value, id!("__dir__"), &[])? else {
        return Err(type_error("object does not provide __dir__"));
    };
    let names = list::from_iterable(&names)?;
    list::sort(&names)?;
    Ok(names.upcast())
}

fn import_function(_: &Module, args: Args<'_>) -> PyResult {
    const SIGNATURE: Signature = Signature {
        name: "__import__",
        parameters: &["name", "globals", "locals", "fromlist", "level"],
        required: 1,
        positional: 5,
    };
    let [name, globals, _, from_list, level] = args.bind::<5>(&SIGNATURE)?;
    let Some(name) = name.and_then(|name| name.downcast_ref::<PyASCIIObject>()) else {
        return Err(type_error("module name must be a string"));
    };
    let level = level.map_or(Ok(0), long::as_int)?;
    if level < 0 {
        return Err(value_error("level must be >= 0"));
    }
    crate::import::import_level(name, globals, from_list, level as usize)
}

methods! {
    pub(super) static TABLE:
    "__import__" => keywords(import_function);
    "abs" => o(abs, "($module, x, /)");
    "aiter" => o(aiter_function, "($module, async_iterable, /)");
    "all" => o(all, "($module, iterable, /)");
    "anext" => fast(anext_function, "($module, aiterator, default=<unrepresentable>, /)");
    "any" => o(any, "($module, iterable, /)");
    "ascii" => o(ascii, "($module, obj, /)");
    "bin" => o(bin, "($module, number, /)");
    "callable" => o(callable, "($module, obj, /)");
    "chr" => o(chr, "($module, i, /)");
    "delattr" => fast(delattr, "($module, obj, name, /)");
    "divmod" => fast(divmod, "($module, x, y, /)");
    "format" => fast(format, "($module, value, format_spec='', /)");
    "getattr" => fast(getattr);
    "hasattr" => fast(hasattr, "($module, obj, name, /)");
    "hash" => o(hash, "($module, obj, /)");
    "hex" => o(hex, "($module, number, /)");
    "id" => o(id, "($module, obj, /)");
    "isinstance" => fast(isinstance, "($module, obj, class_or_tuple, /)");
    "issubclass" => fast(issubclass, "($module, cls, class_or_tuple, /)");
    "iter" => fast(iter_function);
    "len" => o(len, "($module, obj, /)");
    "max" => varargs_keywords(max);
    "min" => varargs_keywords(min);
    "next" => fast(next_function);
    "oct" => o(oct, "($module, number, /)");
    "ord" => o(ord, "($module, c, /)");
    "pow" => keywords(pow, "($module, /, base, exp, mod=None)");
    "print" => keywords(print, "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)");
    "repr" => o(repr, "($module, obj, /)");
    "round" => keywords(round, "($module, /, number, ndigits=None)");
    "setattr" => fast(setattr, "($module, obj, name, value, /)");
    "sorted" => keywords(sorted, "($module, iterable, /, *, key=None, reverse=False)");
    "sum" => keywords(sum, "($module, iterable, /, start=0)");
}
