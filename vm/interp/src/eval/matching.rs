//! The instructions of `match`.

use super::Eval;
use twinheap_abi::*;
use twinheap_objects::abstract_;
use twinheap_objects::errors::{self, PyResult, type_error};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::Own;
use twinheap_objects::singletons::{bool_object, none};
use twinheap_objects::{call, id, long, set, tuple, types};

impl Eval {
    pub(super) fn get_len(&mut self) -> PyResult<()> {
        let length = object::length(self.peek(1))?;
        let length = long::from_usize(length)?;
        self.push(length);
        Ok(())
    }

    pub(super) fn match_mapping(&mut self) {
        let answer = self.peek(1).type_().has_feature(Py_TPFLAGS_MAPPING);
        self.push(bool_object(answer));
    }

    pub(super) fn match_sequence(&mut self) {
        let answer = self.peek(1).type_().has_feature(Py_TPFLAGS_SEQUENCE);
        self.push(bool_object(answer));
    }

    pub(super) fn match_keys(&mut self) -> PyResult<()> {
        let keys = Own::new(self.peek(1));
        let subject = Own::new(self.peek(2));
        let values = match_keys(&subject, &keys)?;
        self.push(values);
        Ok(())
    }

    pub(super) fn match_class(&mut self, count: usize) -> PyResult<()> {
        let names = self.pop();
        let class = self.pop();
        let subject = self.pop();
        let result = match_class(&subject, &class, count, &names)?;
        self.push(result.unwrap_or_else(none));
        Ok(())
    }
}

/// The values of the keys, or None where one is missing.
fn match_keys(subject: &PyObject, keys: &PyObject) -> PyResult {
    let get = object::get_attr(subject, id!("get"))?;
    let marker = call::call(
        twinheap_objects::own::Layout::as_object(&types::PyBaseObject_Type),
        &[],
    )?;
    let seen = set::new_empty(&set::PySet_Type)?;
    let mut values = Vec::new();
    for key in abstract_::fast_items(keys) {
        if set::contains(&seen, key)? {
            return Err(errors::value_error(format_args!(
                "mapping pattern checks duplicate key ({})",
                key.repr_lossy()
            )));
        }
        set::add(&seen, key)?;
        let value = call::call(&get, &[key, &marker])?;
        if std::ptr::eq(&*value, &*marker) {
            return Ok(none());
        }
        values.push(value);
    }
    Ok(tuple::from_vec(values)?.upcast())
}

/// The attributes that a class pattern asks for; none where the subject does not match.
fn match_class(
    subject: &PyObject,
    class: &PyObject,
    count: usize,
    names: &PyObject,
) -> PyResult<Option<Own>> {
    let Some(type_) = class.downcast_ref::<PyTypeObject>() else {
        return Err(type_error("called match pattern must be a class"));
    };
    if !types::is_instance(subject, class)? {
        return Ok(None);
    }
    let mut attributes = Vec::new();
    let mut seen: Vec<Own> = Vec::new();
    if count > 0 {
        let listed = object::lookup_attr(class, id!("__match_args__"))?;
        let match_self = listed.is_none() && type_.has_feature(_Py_TPFLAGS_MATCH_SELF);
        let listed = match listed {
            Some(listed) if !listed.is_exactly(&tuple::PyTuple_Type) => {
                return Err(type_error(format_args!(
                    "{}.__match_args__ must be a tuple (got {})",
                    type_.name(),
                    listed.type_().name()
                )));
            }
            Some(listed) => listed,
            None => tuple::empty().upcast(),
        };
        let allowed = if match_self {
            1
        } else {
            abstract_::fast_items(&listed).len()
        };
        if allowed < count {
            return Err(type_error(format_args!(
                "{}() accepts {allowed} positional sub-pattern{} ({count} given)",
                type_.name(),
                if allowed == 1 { "" } else { "s" }
            )));
        }
        if match_self {
            attributes.push(Own::new(subject));
        } else {
            for name in &abstract_::fast_items(&listed)[..count] {
                match attribute(subject, type_, name, &mut seen)? {
                    Some(value) => attributes.push(value),
                    None => return Ok(None),
                }
            }
        }
    }
    for name in abstract_::fast_items(names) {
        match attribute(subject, type_, name, &mut seen)? {
            Some(value) => attributes.push(value),
            None => return Ok(None),
        }
    }
    Ok(Some(tuple::from_vec(attributes)?.upcast()))
}

fn attribute(
    subject: &PyObject,
    type_: &PyTypeObject,
    name: &PyObject,
    seen: &mut Vec<Own>,
) -> PyResult<Option<Own>> {
    let Some(text) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error(format_args!(
            "__match_args__ elements must be strings (got {})",
            name.type_().name()
        )));
    };
    for earlier in seen.iter() {
        if object::equal(earlier, name)? {
            return Err(type_error(format_args!(
                "{}() got multiple sub-patterns for attribute {}",
                type_.name(),
                name.repr_lossy()
            )));
        }
    }
    seen.push(Own::new(name));
    object::lookup_attr(subject, text)
}
