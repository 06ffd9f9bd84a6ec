//! The method resolution order: C3 (`mro_implementation`, `pmerge`).

use super::{PyType_Type, lookup};
use crate::call;
use crate::errors::{PyResult, Raised, type_error};
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::{id, object, tuple, unicode};
use twinheap_abi::*;

/// The types of the MRO, borrowed.
#[inline(always)]
pub fn mro_items(type_: &PyTypeObject) -> &[&PyObject] {
    // SAFETY: the MRO of a ready type is a tuple; the collector may have cleared it.
    match unsafe { type_.tp_mro.get().cast::<PyTupleObject>().as_ref() } {
        Some(mro) => tuple::items(mro),
        None => &[],
    }
}

/// The bases of a type.
pub fn bases(type_: &PyTypeObject) -> &[&PyObject] {
    // SAFETY: the bases of a type are a tuple.
    match unsafe { type_.tp_bases.get().cast::<PyTupleObject>().as_ref() } {
        Some(bases) => tuple::items(bases),
        None => &[],
    }
}

/// The C3 linearisation of a type whose bases are ready.
pub fn linearise(type_: &PyTypeObject) -> PyResult<Vec<Own>> {
    let bases = bases(type_);
    for (index, base) in bases.iter().enumerate() {
        if bases[..index]
            .iter()
            .any(|other| std::ptr::eq(*other, *base))
        {
            let name = object::lookup_attr(base, id!("__name__"))?;
            return Err(
                match name
                    .as_ref()
                    .and_then(|name| name.downcast_ref::<PyASCIIObject>())
                {
                    Some(name) => type_error(format_args!(
                        "duplicate base class {}",
                        unicode::to_string_lossy(name)
                    )),
                    None => type_error("duplicate base class"),
                },
            );
        }
    }
    let mut result = vec![Own::new(type_.as_object())];
    if let [single] = bases {
        if let Some(base) = single.downcast_ref::<PyTypeObject>() {
            result.extend(mro_items(base).iter().map(|entry| Own::new(*entry)));
        }
        return Ok(result);
    }
    let mut lists: Vec<&[&PyObject]> = Vec::new();
    for base in bases {
        if let Some(base) = base.downcast_ref::<PyTypeObject>() {
            lists.push(mro_items(base));
        }
    }
    lists.push(bases);
    merge(&mut result, lists)?;
    Ok(result)
}

fn merge(result: &mut Vec<Own>, lists: Vec<&[&PyObject]>) -> PyResult<()> {
    let mut rest = lists;
    loop {
        rest.retain(|list| !list.is_empty());
        if rest.is_empty() {
            return Ok(());
        }
        let candidate = rest.iter().map(|list| list[0]).find(|candidate| {
            !rest.iter().any(|list| {
                list[1..]
                    .iter()
                    .any(|other| std::ptr::eq(*other, *candidate))
            })
        });
        let Some(candidate) = candidate else {
            return Err(conflict(&rest));
        };
        result.push(Own::new(candidate));
        for list in &mut rest {
            if std::ptr::eq(list[0], candidate) {
                *list = &list[1..];
            }
        }
    }
}

#[cold]
fn conflict(rest: &[&[&PyObject]]) -> Raised {
    let mut heads: Vec<&PyObject> = Vec::new();
    for list in rest {
        if !heads.iter().any(|head| std::ptr::eq(*head, list[0])) {
            heads.push(list[0]);
        }
    }
    let names: Vec<String> = heads
        .iter()
        .map(|head| match head.downcast_ref::<PyTypeObject>() {
            Some(type_) => super::name_lossy(type_),
            None => "?".to_string(),
        })
        .collect();
    type_error(format_args!(
        "Cannot create a consistent method resolution\norder (MRO) for bases {}",
        names.join(", ")
    ))
}

/// Sets the MRO, through the metatype's `mro` method where it has its own.
pub fn set_mro(type_: &PyTypeObject) -> PyResult<()> {
    let metatype = type_.as_object().type_();
    let custom = if std::ptr::eq(metatype, &PyType_Type) {
        None
    } else {
        let own = lookup(metatype, id!("mro"));
        let default = lookup(&PyType_Type, id!("mro"));
        match (own, default) {
            (Some(own), Some(default)) if std::ptr::eq(own, default) => None,
            (own, _) => own,
        }
    };
    let made = match custom {
        None => tuple::from_vec(linearise(type_)?)?,
        Some(_) => {
            let answer = call::call_method(type_.as_object(), id!("mro"), &[])?;
            let made = tuple::from_iterable(&answer)?;
            check(type_, &made)?;
            made
        }
    };
    type_.tp_mro.put(Some(made.upcast()));
    Ok(())
}

/// The MRO that a metatype's own `mro` method gave holds compatible types only.
fn check(type_: &PyTypeObject, mro: &PyTupleObject) -> PyResult<()> {
    let solid = super::heap::solid_base(type_);
    for entry in tuple::items(mro) {
        let Some(base) = entry.downcast_ref::<PyTypeObject>() else {
            return Err(type_error(format_args!(
                "mro() returned a non-class ('{}')",
                entry.type_().name()
            )));
        };
        if !super::is_subtype(solid, super::heap::solid_base(base)) {
            return Err(type_error(format_args!(
                "mro() returned base with unsuitable layout ('{}')",
                base.name()
            )));
        }
    }
    if tuple::items(mro).is_empty() {
        return Err(type_error(format_args!(
            "type {} has an empty MRO",
            type_.name()
        )));
    }
    Ok(())
}
