//! Building containers and strings, and unpacking.

use super::Eval;
use twinheap_abi::*;
use twinheap_objects::abstract_;
use twinheap_objects::errors::{self, PyResult, type_error, value_error};
use twinheap_objects::exceptions::{PyExc_AttributeError, PyExc_KeyError, PyExc_TypeError};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::Own;
use twinheap_objects::{dict, list, set, slice, tuple, unicode};

impl Eval {
    /// Takes `count` references off the stack, and tells where they lie.
    fn take(&mut self, count: usize) -> *const *mut PyObject {
        // SAFETY: the compiler's stack depth says that there are as many.
        self.sp = unsafe { self.sp.sub(count) };
        self.sp
    }

    /// Takes `count` values off the stack, in order.
    pub(super) fn take_values(&mut self, count: usize) -> Vec<Own> {
        let first = self.take(count);
        // SAFETY: the stack owned the values.
        (0..count)
            .map(|index| unsafe { Own::from_raw(*first.add(index)) })
            .collect()
    }

    pub(super) fn build_tuple(&mut self, count: usize) -> PyResult<()> {
        let first = self.take(count);
        // SAFETY: the stack gives its references up.
        let made = unsafe { tuple::from_raw_steal(first, count) }?;
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn build_list(&mut self, count: usize) -> PyResult<()> {
        let first = self.take(count);
        // SAFETY: the stack gives its references up.
        let made = unsafe { list::from_raw_steal(first, count) }?;
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn build_set(&mut self, count: usize) -> PyResult<()> {
        let values = self.take_values(count);
        let made = set::new_empty(&set::PySet_Type)?;
        for value in values {
            set::add(&made, &value)?;
        }
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn build_map(&mut self, count: usize) -> PyResult<()> {
        let values = self.take_values(2 * count);
        let unicode_keys = values
            .iter()
            .step_by(2)
            .all(|key| key.is_exactly(&unicode::PyUnicode_Type));
        let made = dict::new_presized_kind(count, unicode_keys)?;
        for pair in values.chunks(2) {
            dict::set_item(&made, &pair[0], &pair[1])?;
        }
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn build_const_key_map(&mut self, count: usize) -> PyResult<()> {
        let keys = self.pop();
        let values = self.take_values(count);
        let names = abstract_::fast_items(&keys);
        let unicode_keys = names
            .iter()
            .all(|key| key.is_exactly(&unicode::PyUnicode_Type));
        let made = dict::new_presized_kind(count, unicode_keys)?;
        for (key, value) in names.iter().zip(&values) {
            dict::set_item(&made, key, value)?;
        }
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn build_string(&mut self, count: usize) -> PyResult<()> {
        let values = self.take_values(count);
        let pieces: Vec<&PyASCIIObject> = values
            .iter()
            .filter_map(|value| value.downcast_ref::<PyASCIIObject>())
            .collect();
        let made = unicode::join_all(&pieces)?;
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn build_slice(&mut self, count: usize) -> PyResult<()> {
        let step = if count == 3 {
            self.pop()
        } else {
            twinheap_objects::singletons::none()
        };
        let stop = self.pop();
        let start = self.pop();
        let made = slice::new(start, stop, step)?;
        self.push(made.upcast());
        Ok(())
    }

    pub(super) fn format_value(&mut self, flags: usize) -> PyResult<()> {
        let spec = if flags & 4 != 0 {
            Some(self.pop())
        } else {
            None
        };
        let value = self.pop();
        let value: Own = match flags & 3 {
            1 => object::str(&value)?.upcast(),
            2 => object::repr(&value)?.upcast(),
            3 => object::ascii(&value)?.upcast(),
            _ => value,
        };
        let spec = spec
            .as_ref()
            .and_then(|spec| spec.downcast_ref::<PyASCIIObject>());
        let text = if value.is_exactly(&unicode::PyUnicode_Type) && spec.is_none() {
            value
        } else {
            abstract_::format(&value, spec)?.upcast()
        };
        self.push(text);
        Ok(())
    }

    pub(super) fn list_append(&mut self, depth: usize) -> PyResult<()> {
        let value = self.pop();
        // SAFETY: the compiler builds a list at this depth.
        let target: &PyListObject = unsafe { &*self.peek_raw(depth).cast() };
        list::append_take(target, value)
    }

    pub(super) fn set_add(&mut self, depth: usize) -> PyResult<()> {
        let value = self.pop();
        // SAFETY: the compiler builds a set at this depth.
        let target: &PySetObject = unsafe { &*self.peek_raw(depth).cast() };
        set::add(target, &value)
    }

    pub(super) fn map_add(&mut self, depth: usize) -> PyResult<()> {
        let value = self.pop();
        let key = self.pop();
        // SAFETY: the compiler builds a dict at this depth.
        let target: &PyDictObject = unsafe { &*self.peek_raw(depth).cast() };
        dict::set_item_take(target, key, value)
    }

    pub(super) fn list_extend(&mut self, depth: usize) -> PyResult<()> {
        let iterable = self.pop();
        // SAFETY: the compiler builds a list at this depth.
        let target: &PyListObject = unsafe { &*self.peek_raw(depth).cast() };
        let outcome = list::extend(target, &iterable);
        let not_iterable = outcome.is_err()
            && errors::matches(&PyExc_TypeError)
            && iterable.type_().tp_iter.get().is_none()
            && !abstract_::is_sequence(&iterable);
        if not_iterable {
            errors::clear();
            return Err(type_error(format_args!(
                "Value after * must be an iterable, not {}",
                iterable.type_().name()
            )));
        }
        outcome
    }

    pub(super) fn set_update(&mut self, depth: usize) -> PyResult<()> {
        let iterable = self.pop();
        // SAFETY: the compiler builds a set at this depth.
        let target: &PySetObject = unsafe { &*self.peek_raw(depth).cast() };
        set::update(target, &iterable)
    }

    pub(super) fn dict_update(&mut self, depth: usize) -> PyResult<()> {
        let mapping = self.pop();
        // SAFETY: the compiler builds a dict at this depth.
        let target: &PyDictObject = unsafe { &*self.peek_raw(depth).cast() };
        let outcome = dict::merge(target, &mapping, dict::Override::Replace);
        if outcome.is_err() && errors::matches(&PyExc_AttributeError) {
            errors::clear();
            return Err(type_error(format_args!(
                "'{}' object is not a mapping",
                mapping.type_().name()
            )));
        }
        outcome
    }

    pub(super) fn dict_merge(&mut self, depth: usize) -> PyResult<()> {
        let mapping = self.pop();
        let function = Own::new(self.peek(2 + depth));
        // SAFETY: the compiler builds a dict at this depth.
        let target: &PyDictObject = unsafe { &*self.peek_raw(depth).cast() };
        let outcome = dict::merge(target, &mapping, dict::Override::Refuse);
        match outcome {
            Ok(()) => Ok(()),
            Err(raised) => Err(keyword_error(raised, &function, &mapping)),
        }
    }

    pub(super) fn list_to_tuple(&mut self) -> PyResult<()> {
        let values = self.pop();
        let made = tuple::from_iterable(&values)?;
        self.push(made.upcast());
        Ok(())
    }

    #[inline]
    pub(super) fn unpack_sequence(&mut self, count: usize) -> PyResult<()> {
        let sequence = self.pop();
        self.skip_caches(1);
        let plain =
            sequence.is_exactly(&tuple::PyTuple_Type) || sequence.is_exactly(&list::PyList_Type);
        if plain && abstract_::fast_items(&sequence).len() == count {
            for item in abstract_::fast_items(&sequence).iter().rev() {
                self.push(Own::new(*item));
            }
            return Ok(());
        }
        let values = unpack(&sequence, count, None)?;
        for value in values.into_iter().rev() {
            self.push(value);
        }
        Ok(())
    }

    pub(super) fn unpack_ex(&mut self, oparg: usize) -> PyResult<()> {
        let sequence = self.pop();
        let values = unpack(&sequence, oparg & 0xff, Some(oparg >> 8))?;
        for value in values.into_iter().rev() {
            self.push(value);
        }
        Ok(())
    }
}

/// `format_kwargs_error`: what went wrong with `**mapping` in a call.
fn keyword_error(
    raised: errors::Raised,
    function: &PyObject,
    mapping: &PyObject,
) -> errors::Raised {
    if errors::matches(&PyExc_AttributeError) {
        errors::discard(raised);
        return type_error(format_args!(
            "{} argument after ** must be a mapping, not {}",
            function_text(function),
            mapping.type_().name()
        ));
    }
    if errors::matches(&PyExc_KeyError) {
        // An exception that is normalised already, as it is while another one is handled, is passed on.
        let raw = errors::raw_value();
        let key = raw
            .as_deref()
            .and_then(|value| value.downcast_ref::<PyTupleObject>())
            .and_then(|args| match tuple::items(args) {
                [key] => Some(Own::new(*key)),
                _ => None,
            });
        if let Some(key) = key {
            errors::discard(raised);
            let shown = match object::str(&key) {
                Ok(shown) => unicode::to_string_lossy(&shown),
                Err(raised) => return raised,
            };
            return type_error(format_args!(
                "{} got multiple values for keyword argument '{shown}'",
                function_text(function)
            ));
        }
    }
    raised
}

/// `_PyObject_FunctionStr`.
pub(super) fn function_text(function: &PyObject) -> String {
    let attribute = |name| {
        object::lookup_attr(function, name)
            .ok()
            .flatten()
            .and_then(|value| {
                value
                    .downcast_ref::<PyASCIIObject>()
                    .map(unicode::to_string_lossy)
            })
    };
    let Some(qualname) = attribute(twinheap_objects::id!("__qualname__")) else {
        errors::clear();
        return object::str(function)
            .map(|text| unicode::to_string_lossy(&text))
            .unwrap_or_default();
    };
    match attribute(twinheap_objects::id!("__module__")) {
        Some(module) if module != "builtins" => format!("{module}.{qualname}()"),
        _ => format!("{qualname}()"),
    }
}

/// `unpack_iterable`: exactly `before` values, or those, a list, and `after` more.
fn unpack(sequence: &PyObject, before: usize, after: Option<usize>) -> PyResult<Vec<Own>> {
    let iterator = match abstract_::get_iter(sequence) {
        Ok(iterator) => iterator,
        Err(raised) => {
            let plain =
                sequence.type_().tp_iter.get().is_none() && !abstract_::is_sequence(sequence);
            if plain && errors::matches(&PyExc_TypeError) {
                errors::discard(raised);
                return Err(type_error(format_args!(
                    "cannot unpack non-iterable {} object",
                    sequence.type_().name()
                )));
            }
            return Err(raised);
        }
    };
    let mut values = Vec::with_capacity(before + 1);
    while values.len() < before {
        match abstract_::next(&iterator)? {
            Some(value) => values.push(value),
            None => {
                let (at_least, wanted) = match after {
                    None => ("", before),
                    Some(after) => ("at least ", before + after),
                };
                return Err(value_error(format_args!(
                    "not enough values to unpack (expected {at_least}{wanted}, got {})",
                    values.len()
                )));
            }
        }
    }
    let Some(after) = after else {
        if abstract_::next(&iterator)?.is_some() {
            return Err(value_error(format_args!(
                "too many values to unpack (expected {before})"
            )));
        }
        return Ok(values);
    };
    let rest = list::from_iterable(&iterator)?;
    let length = list::items(&rest).len();
    if length < after {
        return Err(value_error(format_args!(
            "not enough values to unpack (expected at least {}, got {})",
            before + after,
            before + length
        )));
    }
    // The last items leave the list, whose room stays as it is.
    let mut tail: Vec<Own> = Vec::with_capacity(after);
    for index in length - after..length {
        // SAFETY: the item's reference moves out of the list, which ends before it from here on.
        tail.push(unsafe { Own::from_raw(*rest.ob_item.get().add(index)) });
    }
    rest.ob_size.set((length - after) as isize);
    values.push(rest.upcast());
    values.extend(tail);
    Ok(values)
}
