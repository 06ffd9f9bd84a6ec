//! Calling (`Objects/call.c`) and binding of arguments (`Python/getargs.c`).
//!
//! `Args` is the vectorcall convention as borrowed slices. The binder allocates nothing: it fills an
//! array of borrowed arguments and words its errors as CPython's parsers do.

use crate::errors::{PyResult, Raised, system_error, type_error};
use crate::object::{ObjectExt, TypeExt, enter_recursive_call};
use crate::own::{Layout, Own};
use crate::{dict, tuple, unicode};
use twinheap_abi::*;

/// The arguments of a call: positional ones, and the values of the keywords that `kwnames` names.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    pub positional: &'a [&'a PyObject],
    pub kwnames: Option<&'a PyTupleObject>,
    pub kwvalues: &'a [&'a PyObject],
}

/// Borrows the arguments of a fastcall.
///
/// # Safety
/// `args` points to `count` live objects, or `count` is 0.
#[inline(always)]
pub unsafe fn borrow_args<'a>(args: *const *mut PyObject, count: isize) -> &'a [&'a PyObject] {
    if count == 0 {
        return &[];
    }
    // SAFETY: non-null pointers have the layout of references.
    unsafe { std::slice::from_raw_parts(args.cast(), count as usize) }
}

impl<'a> Args<'a> {
    /// Positional arguments alone.
    #[inline(always)]
    pub fn positional(args: &'a [&'a PyObject]) -> Args<'a> {
        Args {
            positional: args,
            kwnames: None,
            kwvalues: &[],
        }
    }

    /// # Safety
    /// The vectorcall convention holds.
    #[inline(always)]
    pub unsafe fn from_vectorcall(
        args: *const *mut PyObject,
        nargsf: usize,
        kwnames: *mut PyObject,
    ) -> Args<'a> {
        let count = (nargsf & !PY_VECTORCALL_ARGUMENTS_OFFSET) as isize;
        // SAFETY: by contract; the keyword values follow the positional arguments.
        unsafe {
            let kwnames = kwnames.cast::<PyTupleObject>().as_ref();
            let keywords = kwnames.map_or(0, |names| names.ob_size.get());
            Args {
                positional: borrow_args(args, count),
                kwnames,
                kwvalues: borrow_args(args.add(count as usize), keywords),
            }
        }
    }

    /// Number of keyword arguments.
    #[inline(always)]
    pub fn keyword_count(&self) -> usize {
        self.kwvalues.len()
    }

    /// The keywords with their values.
    pub fn keywords(&self) -> impl Iterator<Item = (&'a PyASCIIObject, &'a PyObject)> {
        let names: &'a [&'a PyObject] = self.kwnames.map_or(&[], tuple::items);
        names
            .iter()
            .zip(self.kwvalues)
            // SAFETY: keyword names are str.
            .map(|(name, &value)| (unsafe { &*(*name as *const PyObject).cast() }, value))
    }

    /// Refuses keywords: `name() takes no keyword arguments`.
    pub fn no_keywords(&self, name: &str) -> PyResult<()> {
        if self.keyword_count() != 0 {
            return Err(type_error(format_args!(
                "{name}() takes no keyword arguments"
            )));
        }
        Ok(())
    }

    /// Binds the arguments to the parameters of a signature.
    pub fn bind<const N: usize>(
        &self,
        signature: &Signature,
    ) -> PyResult<[Option<&'a PyObject>; N]> {
        let mut bound = [None; N];
        bind_into(signature, *self, &mut bound)?;
        Ok(bound)
    }
}

/// The parameters of a native function, as Argument Clinic knows them.
pub struct Signature {
    /// The function's name, for errors.
    pub name: &'static str,
    /// The parameters' names in order; a positional-only one has an empty name.
    pub parameters: &'static [&'static str],
    /// How many must be given (counted from the first).
    pub required: usize,
    /// How many may be given by position.
    pub positional: usize,
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn bind_into<'a>(
    signature: &Signature,
    args: Args<'a>,
    bound: &mut [Option<&'a PyObject>],
) -> PyResult<()> {
    let given = args.positional.len();
    let total = given + args.keyword_count();
    let limit = signature.parameters.len();
    let positional_only = signature
        .parameters
        .iter()
        .take_while(|name| name.is_empty())
        .count();
    if total > limit {
        return Err(too_many(signature, given, total, limit));
    }
    if given > signature.positional {
        return Err(too_many_positional(signature, given));
    }
    let required_positional_only = signature.required.min(positional_only);
    if given < required_positional_only {
        return Err(type_error(format_args!(
            "{}() takes {} {} positional argument{} ({} given)",
            signature.name,
            if required_positional_only < signature.positional.min(limit) {
                "at least"
            } else {
                "exactly"
            },
            required_positional_only,
            plural(required_positional_only),
            given
        )));
    }
    for (slot, &value) in bound.iter_mut().zip(args.positional) {
        *slot = Some(value);
    }
    for (name, value) in args.keywords() {
        let position = signature.parameters[positional_only..]
            .iter()
            .position(|parameter| unicode::equals_str(name, parameter));
        match position {
            None => return Err(unexpected_keyword(signature, name, args, bound)),
            Some(index) => {
                let slot = &mut bound[positional_only + index];
                if slot.is_some() {
                    return Err(type_error(format_args!(
                        "argument for {}() given by name ('{}') and position ({})",
                        signature.name,
                        signature.parameters[positional_only + index],
                        positional_only + index + 1
                    )));
                }
                *slot = Some(value);
            }
        }
    }
    check_required(signature, bound)
}

fn check_required(signature: &Signature, bound: &[Option<&PyObject>]) -> PyResult<()> {
    for (index, slot) in bound.iter().enumerate().take(signature.required) {
        if slot.is_none() {
            return Err(type_error(format_args!(
                "{}() missing required argument '{}' (pos {})",
                signature.name,
                signature.parameters[index],
                index + 1
            )));
        }
    }
    Ok(())
}

#[cold]
fn too_many(signature: &Signature, given: usize, total: usize, limit: usize) -> Raised {
    type_error(format_args!(
        "{}() takes at most {limit} {}argument{} ({total} given)",
        signature.name,
        if given == 0 { "keyword " } else { "" },
        plural(limit),
    ))
}

#[cold]
fn too_many_positional(signature: &Signature, given: usize) -> Raised {
    if signature.positional == 0 {
        return type_error(format_args!(
            "{}() takes no positional arguments",
            signature.name
        ));
    }
    type_error(format_args!(
        "{}() takes {} {} positional argument{} ({} given)",
        signature.name,
        if signature.required < signature.positional {
            "at most"
        } else {
            "exactly"
        },
        signature.positional,
        plural(signature.positional),
        given
    ))
}

#[cold]
fn unexpected_keyword(
    signature: &Signature,
    name: &PyASCIIObject,
    args: Args<'_>,
    bound: &[Option<&PyObject>],
) -> Raised {
    if let Err(raised) = check_required_unless_named(signature, args, bound) {
        return raised;
    }
    type_error(format_args!(
        "'{}' is an invalid keyword argument for {}()",
        unicode::to_string_lossy(name),
        signature.name
    ))
}

/// A parameter that is missing is reported before a keyword that is unknown.
fn check_required_unless_named(
    signature: &Signature,
    args: Args<'_>,
    bound: &[Option<&PyObject>],
) -> PyResult<()> {
    for (index, slot) in bound.iter().enumerate().take(signature.required) {
        let parameter = signature.parameters[index];
        let named = args
            .keywords()
            .any(|(name, _)| unicode::equals_str(name, parameter));
        if slot.is_none() && !named {
            return Err(type_error(format_args!(
                "{}() missing required argument '{parameter}' (pos {})",
                signature.name,
                index + 1
            )));
        }
    }
    Ok(())
}

/// `_PyArg_CheckPositional`: the count lies between `min` and `max`.
#[inline]
pub fn check_positional(name: &str, given: usize, min: usize, max: usize) -> PyResult<()> {
    if given < min {
        return Err(type_error(format_args!(
            "{name} expected {}{min} argument{}, got {given}",
            if min == max { "" } else { "at least " },
            plural(min)
        )));
    }
    if given > max {
        return Err(type_error(format_args!(
            "{name} expected {}{max} argument{}, got {given}",
            if min == max { "" } else { "at most " },
            plural(max)
        )));
    }
    Ok(())
}

/// `_PyArg_NoKeywords` for a `tp_new` or `tp_init`.
pub fn no_keywords(name: &str, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    if kwargs.is_some_and(|kwargs| kwargs.ma_used.get() != 0) {
        return Err(type_error(format_args!(
            "{name}() takes no keyword arguments"
        )));
    }
    Ok(())
}

/// Binds the tuple and dict that `tp_new` and `tp_init` get.
pub fn bind_tuple<'a, const N: usize>(
    signature: &Signature,
    args: &'a PyTupleObject,
    kwargs: Option<&'a PyDictObject>,
) -> PyResult<[Option<&'a PyObject>; N]> {
    let positional = tuple::items(args);
    let Some(kwargs) = kwargs.filter(|kwargs| kwargs.ma_used.get() != 0) else {
        return Args::positional(positional).bind(signature);
    };
    let (names, values) = split_keywords(kwargs)?;
    let bound = Args {
        positional,
        kwnames: Some(&names),
        kwvalues: &values,
    }
    .bind::<N>(signature)?;
    // SAFETY: the dict that the caller lends for 'a holds the values.
    Ok(bound.map(|slot| slot.map(|value| unsafe { &*(value as *const PyObject) })))
}

/// Names and values of a dict of keywords; the values are borrowed from the dict.
fn split_keywords(kwargs: &PyDictObject) -> PyResult<(Own<PyTupleObject>, Vec<&PyObject>)> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (key, value) in dict::entries(kwargs) {
        if key.downcast_ref::<PyASCIIObject>().is_none() {
            return Err(type_error("keywords must be strings"));
        }
        names.push(key);
        values.push(value);
    }
    Ok((tuple::pack(&names)?, values))
}

/// The vectorcall function of a callable, where its type has one.
#[inline(always)]
pub fn vectorcall_function(callable: &PyObject) -> Option<vectorcallfunc> {
    let type_ = callable.type_();
    if !type_.has_feature(Py_TPFLAGS_HAVE_VECTORCALL) {
        return None;
    }
    // SAFETY: the flag says that the offset holds the function.
    unsafe {
        *callable
            .as_raw()
            .cast::<u8>()
            .offset(type_.tp_vectorcall_offset.get())
            .cast::<Option<vectorcallfunc>>()
    }
}

/// Checks the bargain between a result and the error indicator (`_Py_CheckFunctionResult`).
#[inline(always)]
fn checked(callable: &PyObject, result: *mut PyObject) -> PyResult {
    if result.is_null() {
        if !crate::errors::occurred() {
            return Err(system_error(format_args!(
                "{} returned NULL without setting an exception",
                callable.repr_lossy()
            )));
        }
        return Err(Raised::already_set());
    }
    // SAFETY: the callee hands over a reference.
    Ok(unsafe { Own::from_raw(result) })
}

/// `PyObject_Vectorcall` on raw arguments.
///
/// # Safety
/// The vectorcall convention holds.
#[inline]
pub unsafe fn vectorcall(
    callable: &PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> PyResult {
    match vectorcall_function(callable) {
        Some(function) => {
            crate::stack::check()?;
            // SAFETY: by contract.
            let result = unsafe { function(callable.as_raw(), args, nargsf, kwnames) };
            checked(callable, result)
        }
        // SAFETY: by contract.
        None => make_tp_call(callable, unsafe {
            Args::from_vectorcall(args, nargsf, kwnames)
        }),
    }
}

/// `_PyObject_MakeTpCall`.
pub fn make_tp_call(callable: &PyObject, args: Args<'_>) -> PyResult {
    let Some(function) = callable.type_().tp_call.get() else {
        return Err(not_callable(callable));
    };
    let positional = tuple::pack(args.positional)?;
    let keywords = if args.keyword_count() != 0 {
        let made = dict::new()?;
        for (name, value) in args.keywords() {
            dict::set_item(&made, name.as_object(), value)?;
        }
        Some(made)
    } else {
        None
    };
    let _depth = enter_recursive_call(" while calling a Python object")?;
    let keywords = keywords
        .as_ref()
        .map_or(std::ptr::null_mut(), |made| made.as_raw());
    // SAFETY: the slot of the callable's own type.
    checked(callable, unsafe {
        function(callable.as_raw(), positional.as_raw(), keywords)
    })
}

#[cold]
fn not_callable(callable: &PyObject) -> Raised {
    type_error(format_args!(
        "'{}' object is not callable",
        callable.type_().name()
    ))
}

/// Calls with positional arguments.
#[inline]
pub fn call(callable: &PyObject, args: &[&PyObject]) -> PyResult {
    // SAFETY: references have the layout of non-null pointers.
    unsafe {
        vectorcall(
            callable,
            args.as_ptr().cast(),
            args.len(),
            std::ptr::null_mut(),
        )
    }
}

/// Calls with [`Args`].
pub fn call_args(callable: &PyObject, args: Args<'_>) -> PyResult {
    if args.keyword_count() == 0 {
        return call(callable, args.positional);
    }
    let mut all = args.positional.to_vec();
    all.extend_from_slice(args.kwvalues);
    let kwnames = args
        .kwnames
        .map_or(std::ptr::null_mut(), |names| names.as_raw());
    // SAFETY: the keyword values follow the positional arguments.
    unsafe {
        vectorcall(
            callable,
            all.as_ptr().cast(),
            args.positional.len(),
            kwnames,
        )
    }
}

/// `PyObject_Call`: with a tuple and an optional dict.
pub fn call_tuple(
    callable: &PyObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    if vectorcall_function(callable).is_some() {
        let positional = tuple::items(args);
        let Some(kwargs) = kwargs.filter(|kwargs| kwargs.ma_used.get() != 0) else {
            return call(callable, positional);
        };
        let (names, values) = split_keywords(kwargs)?;
        let values: Vec<Own> = values.into_iter().map(Own::new).collect();
        let borrowed: Vec<&PyObject> = values.iter().map(|value| &**value).collect();
        return call_args(
            callable,
            Args {
                positional,
                kwnames: Some(&names),
                kwvalues: &borrowed,
            },
        );
    }
    let Some(function) = callable.type_().tp_call.get() else {
        return Err(not_callable(callable));
    };
    let _depth = enter_recursive_call(" while calling a Python object")?;
    let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_raw());
    // SAFETY: the slot of the callable's own type.
    checked(callable, unsafe {
        function(callable.as_raw(), args.as_raw(), kwargs)
    })
}

/// `PyVectorcall_Call`: `tp_call` of types whose instances have a vectorcall function.
///
/// # Safety
/// The arguments are a tuple, and a dict or null.
pub unsafe extern "C" fn PyVectorcall_Call(
    callable: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by contract; the type has set the offset, whether or not it still bears the flag.
    unsafe {
        let object: &PyObject = &*callable;
        let offset = object.type_().tp_vectorcall_offset.get();
        let function = *callable
            .cast::<u8>()
            .offset(offset)
            .cast::<Option<vectorcallfunc>>();
        let Some(function) = function else {
            return crate::own::to_c(Err::<Own, Raised>(not_callable(object)));
        };
        let positional = tuple::items(crate::own::arg(args));
        let kwargs = crate::own::optional_arg::<PyDictObject>(kwargs);
        let Some(kwargs) = kwargs.filter(|kwargs| kwargs.ma_used.get() != 0) else {
            let result = function(
                callable,
                positional.as_ptr().cast(),
                positional.len(),
                std::ptr::null_mut(),
            );
            return crate::own::to_c(checked(object, result));
        };
        let (names, values) = match split_keywords(kwargs) {
            Ok(split) => split,
            Err(raised) => return crate::own::to_c(Err::<Own, Raised>(raised)),
        };
        let values: Vec<Own> = values.into_iter().map(Own::new).collect();
        let mut all = positional.to_vec();
        all.extend(values.iter().map(|value| &**value));
        let result = function(
            callable,
            all.as_ptr().cast(),
            positional.len(),
            names.as_raw(),
        );
        crate::own::to_c(checked(object, result))
    }
}

/// Calls a method by name with positional arguments.
pub fn call_method(object: &PyObject, name: &PyASCIIObject, args: &[&PyObject]) -> PyResult {
    let (function, unbound) = crate::object::get_method(object, name)?;
    if !unbound {
        return call(&function, args);
    }
    let mut all = Vec::with_capacity(args.len() + 1);
    all.push(object);
    all.extend_from_slice(args);
    call(&function, &all)
}

/// `PyCallable_Check`.
pub fn is_callable(object: &PyObject) -> bool {
    object.type_().tp_call.get().is_some()
}
