//! Union, intersection, difference and their relatives, and the comparison of sets.

use super::methods::{copy_as_base, from_iterable_of, update};
use super::{add_hash, as_set, contains_hash, discard_hash, new_empty, next_key};
use crate::abstract_;
use crate::errors::PyResult;
use crate::object::{self, ObjectExt};
use crate::own::{Layout, Own};
use crate::set::{PyFrozenSet_Type, PySet_Type};
use crate::singletons::{bool_object, not_implemented};
use std::ffi::c_int;
use twinheap_abi::*;

/// The base type for results: subclasses give plain sets (`make_new_set_basetype`).
pub fn base_type(set: &PySetObject) -> &'static PyTypeObject {
    if crate::types::is_subtype(set.as_object().type_(), &PyFrozenSet_Type) {
        return &PyFrozenSet_Type;
    }
    &PySet_Type
}

/// The union with others; with itself a set is only copied, and its table makes no room for more.
pub fn union(set: &PySetObject, others: &[&PyObject]) -> PyResult {
    let result = copy_as_base(set)?;
    for other in others {
        if std::ptr::eq(set.as_object(), *other) {
            continue;
        }
        update(&result, other)?;
    }
    Ok(result.upcast())
}

pub fn intersection(set: &PySetObject, other: &PyObject) -> PyResult<Own<PySetObject>> {
    if std::ptr::eq(set.as_object(), other) {
        return copy_as_base(set);
    }
    let result = new_empty(base_type(set))?;
    if let Some(other_set) = as_set(other) {
        let (mut small, mut large) = (other_set, set);
        if small.used.get() > large.used.get() {
            std::mem::swap(&mut small, &mut large);
        }
        let mut position = 0;
        while let Some((next, key, hash)) = next_key(small, position) {
            position = next;
            if contains_hash(large, &key, hash)? {
                add_hash(&result, &key, hash)?;
            }
        }
        return Ok(result);
    }
    let iterator = abstract_::get_iter(other)?;
    while let Some(key) = abstract_::next(&iterator)? {
        let hash = object::hash(&key)?;
        if contains_hash(set, &key, hash)? {
            add_hash(&result, &key, hash)?;
            if result.used.get() >= set.used.get() {
                break;
            }
        }
    }
    Ok(result)
}

pub fn intersection_multi(set: &PySetObject, others: &[&PyObject]) -> PyResult<Own<PySetObject>> {
    if others.is_empty() {
        return copy_as_base(set);
    }
    let mut result = Own::new(set);
    for other in others {
        result = intersection(&result, other)?;
    }
    Ok(result)
}

pub fn difference_update(set: &PySetObject, other: &PyObject) -> PyResult<()> {
    if std::ptr::eq(set.as_object(), other) {
        super::clear(set);
        return Ok(());
    }
    if let Some(other_set) = as_set(other) {
        // The smaller of the two decides which one is walked.
        let source = if other_set.used.get() >> 3 > set.used.get() {
            intersection(set, other)?
        } else {
            Own::new(other_set)
        };
        let mut position = 0;
        while let Some((next, key, hash)) = next_key(&source, position) {
            position = next;
            discard_hash(set, &key, hash)?;
        }
    } else {
        let iterator = abstract_::get_iter(other)?;
        while let Some(key) = abstract_::next(&iterator)? {
            super::discard(set, &key)?;
        }
    }
    // Too many dummies: the table is built anew.
    if set.fill.get() - set.used.get() > set.mask.get() / 4 {
        let used = set.used.get() as usize;
        super::resize(set, if used > 50000 { used * 2 } else { used * 4 })?;
    }
    Ok(())
}

pub fn difference(set: &PySetObject, other: &PyObject) -> PyResult<Own<PySetObject>> {
    let other_size = match (as_set(other), other.downcast_exact::<PyDictObject>()) {
        (Some(other), _) => other.used.get(),
        (None, Some(other)) => other.ma_used.get(),
        (None, None) => return copy_and_difference(set, other),
    };
    if set.used.get() >> 2 > other_size {
        return copy_and_difference(set, other);
    }
    let result = new_empty(base_type(set))?;
    let mut position = 0;
    while let Some((next, key, hash)) = next_key(set, position) {
        position = next;
        let there = match (as_set(other), other.downcast_exact::<PyDictObject>()) {
            (Some(other), _) => contains_hash(other, &key, hash)?,
            (None, Some(other)) => crate::dict::get_item_known_hash(other, &key, hash)?.is_some(),
            (None, None) => false,
        };
        if !there {
            add_hash(&result, &key, hash)?;
        }
    }
    Ok(result)
}

fn copy_and_difference(set: &PySetObject, other: &PyObject) -> PyResult<Own<PySetObject>> {
    let result = copy_as_base(set)?;
    difference_update(&result, other)?;
    Ok(result)
}

pub fn difference_multi(set: &PySetObject, others: &[&PyObject]) -> PyResult<Own<PySetObject>> {
    let Some((first, rest)) = others.split_first() else {
        return copy_as_base(set);
    };
    let result = difference(set, first)?;
    for other in rest {
        difference_update(&result, other)?;
    }
    Ok(result)
}

pub fn symmetric_difference_update(set: &PySetObject, other: &PyObject) -> PyResult<()> {
    if std::ptr::eq(set.as_object(), other) {
        super::clear(set);
        return Ok(());
    }
    if let Some(other) = other.downcast_exact::<PyDictObject>() {
        let mut position = 0;
        while let Some((next, key, _, hash)) = crate::dict::next_entry(other, position) {
            position = next;
            // A comparison may change the dict.
            let key = Own::new(key);
            if !discard_hash(set, &key, hash)? {
                add_hash(set, &key, hash)?;
            }
        }
        return Ok(());
    }
    let other_set = match as_set(other) {
        Some(other) => Own::new(other),
        None => from_iterable_of(base_type(set), other)?,
    };
    let mut position = 0;
    while let Some((next, key, hash)) = next_key(&other_set, position) {
        position = next;
        if !discard_hash(set, &key, hash)? {
            add_hash(set, &key, hash)?;
        }
    }
    Ok(())
}

pub fn symmetric_difference(set: &PySetObject, other: &PyObject) -> PyResult {
    let result = from_iterable_of(base_type(set), other)?;
    symmetric_difference_update(&result, set.as_object())?;
    Ok(result.upcast())
}

pub fn is_subset(set: &PySetObject, other: &PyObject) -> PyResult<bool> {
    let Some(other_set) = as_set(other) else {
        let made = super::methods::from_iterable(other)?;
        return is_subset(set, made.as_object());
    };
    if set.used.get() > other_set.used.get() {
        return Ok(false);
    }
    let mut position = 0;
    while let Some((next, key, hash)) = next_key(set, position) {
        position = next;
        if !contains_hash(other_set, &key, hash)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub fn is_superset(set: &PySetObject, other: &PyObject) -> PyResult<bool> {
    if let Some(other) = as_set(other) {
        return is_subset(other, set.as_object());
    }
    let iterator = abstract_::get_iter(other)?;
    while let Some(key) = abstract_::next(&iterator)? {
        if !super::contains(set, &key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub fn is_disjoint(set: &PySetObject, other: &PyObject) -> PyResult<bool> {
    if std::ptr::eq(set.as_object(), other) {
        return Ok(set.used.get() == 0);
    }
    if let Some(other_set) = as_set(other) {
        let (mut small, mut large) = (other_set, set);
        if small.used.get() > large.used.get() {
            std::mem::swap(&mut small, &mut large);
        }
        let mut position = 0;
        while let Some((next, key, hash)) = next_key(small, position) {
            position = next;
            if contains_hash(large, &key, hash)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let iterator = abstract_::get_iter(other)?;
    while let Some(key) = abstract_::next(&iterator)? {
        if super::contains(set, &key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (as_set(a), as_set(b)) else {
        return Ok(not_implemented());
    };
    let answer = match op {
        Py_EQ => equal(a, b)?,
        Py_NE => !equal(a, b)?,
        Py_LE => is_subset(a, b.as_object())?,
        Py_GE => is_subset(b, a.as_object())?,
        Py_LT => a.used.get() < b.used.get() && is_subset(a, b.as_object())?,
        _ => a.used.get() > b.used.get() && is_subset(b, a.as_object())?,
    };
    Ok(bool_object(answer))
}

fn equal(a: &PySetObject, b: &PySetObject) -> PyResult<bool> {
    if a.used.get() != b.used.get() {
        return Ok(false);
    }
    let (hash_a, hash_b) = (a.hash.get(), b.hash.get());
    if hash_a != -1 && hash_b != -1 && hash_a != hash_b {
        return Ok(false);
    }
    is_subset(a, b.as_object())
}

macro_rules! operators {
    ($($name:ident, $inplace:ident => |$a:ident, $b:ident| $plain:expr, $update:expr;)+) => {
        $(pub fn $name(left: &PyObject, right: &PyObject) -> PyResult {
            let (Some($a), Some(_)) = (as_set(left), as_set(right)) else {
                return Ok(not_implemented());
            };
            let $b = right;
            $plain
        }

        pub fn $inplace($a: &PySetObject, $b: &PyObject) -> PyResult {
            if as_set($b).is_none() {
                return Ok(not_implemented());
            }
            $update?;
            Ok(Own::new($a).upcast())
        })+
    };
}

operators! {
    set_or, set_ior => |a, b| union(a, &[b]), update(a, b);
    set_sub, set_isub => |a, b| Ok(difference(a, b)?.upcast()), difference_update(a, b);
    set_xor, set_ixor => |a, b| symmetric_difference(a, b), symmetric_difference_update(a, b);
    set_and, set_iand => |a, b| Ok(intersection(a, b)?.upcast()), intersection_update(a, b);
}

/// `set_swap_bodies` with the intersection.
pub fn intersection_update(set: &PySetObject, other: &PyObject) -> PyResult<()> {
    let result = intersection(set, other)?;
    swap_bodies(set, &result);
    Ok(())
}

/// Exchanges the tables of two sets.
pub fn swap_bodies(a: &PySetObject, b: &PySetObject) {
    let (small_a, small_b) = (
        a.smalltable.as_ptr().cast_mut(),
        b.smalltable.as_ptr().cast_mut(),
    );
    a.fill.swap(&b.fill);
    a.used.swap(&b.used);
    a.mask.swap(&b.mask);
    let table_a = if a.table.get() == small_a {
        small_b
    } else {
        a.table.get()
    };
    let table_b = if b.table.get() == small_b {
        small_a
    } else {
        b.table.get()
    };
    a.table.set(table_b);
    b.table.set(table_a);
    for (x, y) in a.smalltable.iter().zip(&b.smalltable) {
        x.key.swap(&y.key);
        x.hash.swap(&y.hash);
    }
    a.hash.set(-1);
    b.hash.set(-1);
}
