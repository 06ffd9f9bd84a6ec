//! Arguments of a constructor whose parser does not know its name, and small conversions.

use crate::prelude::*;

/// Binds the arguments of a function; a name that is not known is empty.
pub fn bind<const N: usize>(
    name: &str,
    names: &[&str; N],
    required: usize,
    positional_limit: usize,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<[Option<Own>; N]> {
    let (shown, owner) = if name.is_empty() {
        ("function".to_owned(), "this function".to_owned())
    } else {
        (format!("{name}()"), format!("{name}()"))
    };
    let positional = tuple::items(args);
    let keywords = kwargs.map_or(0, |kwargs| kwargs.ma_used.get() as usize);
    let total = positional.len() + keywords;
    if total > N {
        return Err(type_error(format_args!(
            "{shown} takes at most {N} {}argument{} ({total} given)",
            if positional.is_empty() {
                "keyword "
            } else {
                ""
            },
            if N == 1 { "" } else { "s" }
        )));
    }
    if positional.len() > positional_limit {
        return Err(type_error(format_args!(
            "{shown} takes {} {positional_limit} positional arguments ({} given)",
            if required < positional_limit {
                "at most"
            } else {
                "exactly"
            },
            positional.len()
        )));
    }
    let mut bound = [const { None }; N];
    for (slot, value) in bound.iter_mut().zip(positional) {
        *slot = Some(Own::new(*value));
    }
    let mut unknown = None;
    for (key, value) in kwargs.into_iter().flat_map(dict::entries) {
        let Some(name) = key.downcast_ref::<PyASCIIObject>() else {
            return Err(type_error("keywords must be strings"));
        };
        match names
            .iter()
            .position(|known| unicode::equals_str(name, known))
        {
            None => unknown = unknown.or(Some(unicode::to_string_lossy(name))),
            Some(at) if at < positional.len() => {
                return Err(type_error(format_args!(
                    "argument for {shown} given by name ('{}') and position ({})",
                    names[at],
                    at + 1
                )));
            }
            Some(at) => bound[at] = Some(Own::new(value)),
        }
    }
    if let Some(at) = bound.iter().take(required).position(Option::is_none) {
        return Err(type_error(format_args!(
            "{shown} missing required argument '{}' (pos {})",
            names[at],
            at + 1
        )));
    }
    match unknown {
        Some(name) => Err(type_error(format_args!(
            "'{name}' is an invalid keyword argument for {owner}"
        ))),
        None => Ok(bound),
    }
}

/// The unit `i`: a C int.
pub fn c_integer(object: &PyObject) -> PyResult<i32> {
    let number = long::as_long(object)?;
    i32::try_from(number).map_err(|_| {
        overflow_error(if number > 0 {
            "signed integer is greater than maximum"
        } else {
            "signed integer is less than minimum"
        })
    })
}

pub fn integer_or(object: Option<&Own>, default: i32) -> PyResult<i32> {
    object.map_or(Ok(default), |object| c_integer(object))
}

pub fn int(value: impl Into<i64>) -> PyResult {
    Ok(long::from_i64(value.into())?.upcast())
}

pub fn text(value: &str) -> PyResult {
    Ok(unicode::from_str(value)?.upcast())
}

pub fn pack(values: Vec<Own>) -> PyResult {
    Ok(tuple::from_vec(values)?.upcast())
}

/// The hash of the bytes that hold a date or a time.
pub fn hash_of(data: &[u8]) -> PyResult<Py_hash_t> {
    Ok(bytes::hash(&*bytes::from_slice(data)?))
}

/// The answer of a comparison of two things that are ordered so.
pub fn answer(ordering: std::cmp::Ordering, op: c_int) -> PyResult {
    Ok(object::compare_result(ordering, op))
}

/// Three-way comparison of types that do not go together.
pub fn cannot_compare(a: &PyObject, b: &PyObject) -> errors::Raised {
    type_error(format_args!(
        "can't compare {} to {}",
        a.type_().name(),
        b.type_().name()
    ))
}
