//! What pickling and copying ask of every object (`object.__reduce_ex__`, `object.__getstate__`).

use crate::call;
use crate::errors::{PyResult, type_error};
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{dict, id, list, tuple, types};
use twinheap_abi::*;

/// `object_getstate_default`: the instance dict, and the values of slots.
pub fn default_getstate(this: &PyObject, required: bool) -> PyResult {
    let type_ = this.type_();
    if required && type_.tp_itemsize.get() != 0 {
        return Err(type_error(format_args!(
            "cannot pickle {} objects",
            type_.name()
        )));
    }
    let state = if is_instance_dict_empty(this) {
        none()
    } else {
        object::instance_dict(this)?.map_or_else(none, Own::upcast)
    };
    let names = slot_names(type_)?;
    if required {
        check_plain(this, &names)?;
    }
    let slots = dict::new()?;
    if let Some(names) = names.downcast_ref::<PyListObject>() {
        for name in list::iter_owned(names) {
            if let Some(text) = name.downcast_ref::<PyASCIIObject>()
                && let Some(value) = object::lookup_attr(this, text)?
            {
                dict::set_item(&slots, &name, &value)?;
            }
        }
    }
    if slots.ma_used.get() == 0 {
        return Ok(state);
    }
    Ok(tuple::pack(&[&state, slots.as_object()])?.upcast())
}

/// `_PyObject_IsInstanceDictEmpty`: looks without making the dict.
fn is_instance_dict_empty(this: &PyObject) -> bool {
    if this.type_().has_feature(Py_TPFLAGS_MANAGED_DICT)
        && let Some(values) = dict::instance_values(this)
    {
        return dict::ValuesExt::count(values) == 0;
    }
    let own = object::dict_field(this).and_then(Field::own);
    match own
        .as_deref()
        .and_then(|own| own.downcast_ref::<PyDictObject>())
    {
        Some(own) => own.ma_used.get() == 0,
        None => true,
    }
}

/// `_PyType_GetSlotNames`: the names that the class keeps, or those that copyreg finds and has it keep.
fn slot_names(type_: &PyTypeObject) -> PyResult {
    let kept = match types::dict_of(type_) {
        Some(attributes) => dict::get_item(attributes, id!("__slotnames__").as_object())?,
        None => None,
    };
    let is_known = kept.is_some();
    let names = match kept {
        Some(names) => names,
        None => {
            let copyreg = crate::import_hook::import_module("copyreg")?;
            call::call_method(&copyreg, id!("_slotnames"), &[type_.as_object()])?
        }
    };
    if names.is_none() || names.downcast_ref::<PyListObject>().is_some() {
        return Ok(names);
    }
    if !is_known {
        return Err(type_error(
            "copyreg._slotnames didn't return a list or None",
        ));
    }
    Err(type_error(format_args!(
        "{:.200}.__slotnames__ should be a list or None, not {:.200}",
        type_.name(),
        names.type_().name()
    )))
}

/// Refuses an object whose type keeps more than an instance dict, weak references and slots.
fn check_plain(this: &PyObject, slot_names: &PyObject) -> PyResult<()> {
    let type_ = this.type_();
    let mut plain = size_of::<PyObject>() as isize;
    if type_.tp_dictoffset.get() != 0 && !type_.has_feature(Py_TPFLAGS_MANAGED_DICT) {
        plain += 8;
    }
    if type_.tp_weaklistoffset.get() != 0 {
        plain += 8;
    }
    if let Some(names) = slot_names.downcast_ref::<PyListObject>() {
        plain += 8 * names.ob_size.get();
    }
    if type_.tp_basicsize.get() > plain {
        return Err(type_error(format_args!(
            "cannot pickle '{:.200}' object",
            type_.name()
        )));
    }
    Ok(())
}

/// The state for a reduction: by the object's own `__getstate__`, or what object itself says.
fn getstate(this: &PyObject, required: bool) -> PyResult {
    let name = id!("__getstate__");
    let own = types::lookup(this.type_(), name);
    let base = types::lookup(&types::PyBaseObject_Type, name);
    if let (Some(own), Some(base)) = (own, base)
        && std::ptr::eq(own, base)
    {
        return default_getstate(this, required);
    }
    call::call_method(this, name, &[])
}

/// `reduce_newobj`: protocol 2 and later.
pub fn reduce_newobj(this: &PyObject, copyreg: &PyObject) -> PyResult {
    let type_ = this.type_();
    if type_.tp_new.get().is_none() {
        return Err(type_error(format_args!(
            "cannot pickle '{}' object",
            type_.name()
        )));
    }
    let (args, kwargs) = newargs(this)?;
    let has_args = args.is_some();
    let (factory, arguments) = match kwargs {
        Some(kwargs) if object::length(&kwargs)? > 0 => {
            let args = args.unwrap_or_else(tuple::empty);
            let factory = object::get_attr(copyreg, id!("__newobj_ex__"))?;
            (
                factory,
                tuple::pack(&[type_.as_object(), args.as_object(), &kwargs])?,
            )
        }
        _ => {
            let factory = object::get_attr(copyreg, id!("__newobj__"))?;
            let mut all = vec![type_.as_object()];
            let args = args.unwrap_or_else(tuple::empty);
            all.extend_from_slice(tuple::items(&args));
            (factory, tuple::pack(&all)?)
        }
    };
    let is_list = this.downcast_ref::<PyListObject>().is_some();
    let is_dict = this.downcast_ref::<PyDictObject>().is_some();
    let state = getstate(this, !has_args && !is_list && !is_dict)?;
    let list_items = if is_list {
        crate::abstract_::get_iter(this)?
    } else {
        none()
    };
    let dict_items = if is_dict {
        crate::abstract_::get_iter(&*call::call_method(this, id!("items"), &[])?)?
    } else {
        none()
    };
    Ok(tuple::pack(&[
        &factory,
        arguments.as_object(),
        &state,
        &list_items,
        &dict_items,
    ])?
    .upcast())
}

/// `_PyObject_GetNewArguments`.
fn newargs(this: &PyObject) -> PyResult<(Option<Own<PyTupleObject>>, Option<Own>)> {
    if let Some(both) = types::call_special(this, id!("__getnewargs_ex__"), &[])? {
        let Some(pair) = both.downcast_ref::<PyTupleObject>() else {
            return Err(type_error(format_args!(
                "__getnewargs_ex__ should return a tuple, not '{}'",
                both.type_().name()
            )));
        };
        let &[args, kwargs] = tuple::items(pair) else {
            return Err(crate::errors::value_error(format_args!(
                "__getnewargs_ex__ should return a tuple of length 2, not {}",
                pair.ob_size.get()
            )));
        };
        let Some(args) = args.downcast_ref::<PyTupleObject>() else {
            return Err(type_error(format_args!(
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                args.type_().name()
            )));
        };
        return Ok((Some(Own::new(args)), Some(Own::new(kwargs))));
    }
    match types::call_special(this, id!("__getnewargs__"), &[])? {
        Some(args) => match args.downcast::<PyTupleObject>() {
            Ok(args) => Ok((Some(args), None)),
            Err(other) => Err(type_error(format_args!(
                "__getnewargs__ should return a tuple, not '{}'",
                other.type_().name()
            ))),
        },
        None => Ok((None, None)),
    }
}
