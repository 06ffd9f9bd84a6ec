//! `types.UnionType` (`Objects/unionobject.c`): `int | str`.

use crate::errors::PyResult;
use crate::generic_alias::{self, GenericAlias};
use crate::memory;
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{_PyNone_Type, not_implemented};
use crate::{
    abstract_, getset, id, members, object_struct, set, slot, static_type, tuple, typed, unicode,
};
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;

object_struct! {
    /// `unionobject`.
    pub struct UnionObject {
        args: Pointer<PyTupleObject>,
        parameters: Pointer<PyTupleObject>,
    }
}

typed!(UnionObject, _PyUnion_Type);

/// The members of a union; none where the object is not one.
pub fn members(class: &PyObject) -> Option<&[&PyObject]> {
    let union = class.downcast_exact::<UnionObject>()?;
    Some(tuple::items(union.args.expect_ref()))
}

fn make(args: &PyTupleObject) -> PyResult {
    let object: *mut UnionObject = memory::new_gc_object(&_PyUnion_Type, size_of::<UnionObject>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).args.set(Own::new(args).into_raw());
        (*object).parameters.set(std::ptr::null_mut());
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn is_unionable(object: &PyObject) -> bool {
    object.is_none()
        || object::is_type(object)
        || object.downcast_ref::<GenericAlias>().is_some()
        || object.downcast_exact::<UnionObject>().is_some()
}

fn is_same(left: &PyObject, right: &PyObject) -> PyResult<bool> {
    let aliases = left.downcast_ref::<GenericAlias>().is_some()
        && right.downcast_ref::<GenericAlias>().is_some();
    if aliases {
        return object::equal(left, right);
    }
    Ok(std::ptr::eq(left, right))
}

/// An operand's members; `None` stands for its type.
fn types_of(operand: &PyObject) -> Vec<&PyObject> {
    if operand.is_none() {
        return vec![_PyNone_Type.as_object()];
    }
    members(operand).map_or_else(|| vec![operand], <[_]>::to_vec)
}

/// `_Py_union_type_or`.
pub fn or(a: &PyObject, b: &PyObject) -> PyResult {
    if !is_unionable(a) || !is_unionable(b) {
        return Ok(not_implemented());
    }
    let (left, right) = (types_of(a), types_of(b));
    let mut merged = left.clone();
    for &item in &right {
        let mut known = false;
        for other in &left {
            known = known || is_same(other, item)?;
        }
        if !known {
            merged.push(item);
        }
    }
    if merged.len() == left.len() {
        return Ok(match a.is_none() {
            true => Own::new(_PyNone_Type.as_object()),
            false => Own::new(a),
        });
    }
    make(&*tuple::pack(&merged)?)
}

fn repr(union: &UnionObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    for (index, item) in tuple::items(union.args.expect_ref()).iter().enumerate() {
        if index > 0 {
            writer.push_str(" | ");
        }
        if std::ptr::eq(*item, _PyNone_Type.as_object()) {
            writer.push_str("None");
        } else {
            generic_alias::push_repr_item(&mut writer, item)?;
        }
    }
    Ok(writer.finish()?.upcast())
}

fn hash(union: &UnionObject) -> PyResult<Py_hash_t> {
    let members = set::frozen_from_iterable(union.args.expect_ref().as_object())?;
    object::hash(members.as_object())
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(left), Some(right)) = (
        a.downcast_exact::<UnionObject>(),
        b.downcast_exact::<UnionObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if op != Py_EQ && op != Py_NE {
        return Ok(not_implemented());
    }
    let left = set::from_iterable(left.args.expect_ref().as_object())?;
    let right = set::from_iterable(right.args.expect_ref().as_object())?;
    object::rich_compare(left.as_object(), right.as_object(), op)
}

fn parameters_of(union: &UnionObject) -> PyResult<Own<PyTupleObject>> {
    if let Some(known) = union.parameters.own() {
        return Ok(known);
    }
    let made = generic_alias::make_parameters(union.args.expect_ref())?;
    union.parameters.put(Some(made.clone()));
    Ok(made)
}

fn getitem(union: &UnionObject, item: &PyObject) -> PyResult {
    let parameters = parameters_of(union)?;
    let args = generic_alias::substitute(
        union.as_object(),
        union.args.expect_ref(),
        &parameters,
        item,
    )?;
    let Some((first, rest)) = tuple::items(&args).split_first() else {
        return make(&args);
    };
    let mut result = Own::new(*first);
    for item in rest {
        result = abstract_::or(&result, item)?;
    }
    Ok(result)
}

fn get_parameters(union: &UnionObject) -> PyResult {
    Ok(parameters_of(union)?.upcast())
}

/// `__module__` is the type's own, which `typing` relies on.
fn getattro(union: &UnionObject, name: &PyObject) -> PyResult {
    if let Some(text) = name.downcast_ref::<PyASCIIObject>()
        && unicode::equals_str(text, "__module__")
    {
        return object::get_attr(union.as_object().type_().as_object(), id!("__module__"));
    }
    object::generic_get_attr(union.as_object(), name)
}

members! {
    static MEMBERS:
    "__args__" => T_OBJECT, offset_of!(UnionObject, args), READONLY;
}

getset! {
    static GETSET:
    "__parameters__" => get_parameters;
}

static_type! {
    /// `types.UnionType`.
    _PyUnion_Type = "types.UnionType", size size_of::<UnionObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    number { nb_or: slot!(binary or), }
    mapping { mp_subscript: slot!(binary getitem), }
    tp_dealloc: slot!(dealloc UnionObject::dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_getattro: slot!(binary getattro),
    tp_traverse: slot!(traverse UnionObject::traverse),
    tp_richcompare: slot!(richcmp richcompare),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_free: Some(memory::object_gc_free),
}
