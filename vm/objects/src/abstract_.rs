//! The abstract protocols (`Objects/abstract.c`): numbers, sequences, mappings, iteration.

use crate::errors::{self, PyResult, Raised, from_c, from_status, type_error};
use crate::exceptions::{
    PyExc_IndexError, PyExc_OverflowError, PyExc_StopIteration, PyExc_TypeError,
};
use crate::long::PyLong_Type;
use crate::memory;
use crate::object::{self, ObjectExt, TypeExt};
use crate::own::{Layout, Own};
use crate::singletons::{_Py_NotImplementedStruct, not_implemented};
use crate::{call, id, iter, list, long, tuple, types, unicode};
use twinheap_abi::*;

/// A binary slot of the number suite.
pub type NumberSlot = fn(&PyNumberMethods) -> Option<binaryfunc>;

fn is_not_implemented(object: &PyObject) -> bool {
    std::ptr::eq(object, &_Py_NotImplementedStruct)
}

#[inline(always)]
fn number_slot(object: &PyObject, slot: NumberSlot) -> Option<binaryfunc> {
    // SAFETY: a type's suite lives as long as the type.
    unsafe { object.type_().tp_as_number.get().as_ref() }.and_then(slot)
}

#[inline(always)]
fn sequence_suite(object: &PyObject) -> Option<&PySequenceMethods> {
    // SAFETY: as above.
    unsafe { object.type_().tp_as_sequence.get().as_ref() }
}

#[inline(always)]
fn mapping_suite(object: &PyObject) -> Option<&PyMappingMethods> {
    // SAFETY: as above.
    unsafe { object.type_().tp_as_mapping.get().as_ref() }
}

/// `binary_op1`: NotImplemented where neither operand knows the operation.
#[inline]
pub fn binary_op1(left: &PyObject, right: &PyObject, slot: NumberSlot) -> PyResult {
    let left_slot = number_slot(left, slot);
    let mut right_slot = None;
    if !std::ptr::eq(left.type_(), right.type_()) {
        right_slot = number_slot(right, slot);
        if let (Some(a), Some(b)) = (left_slot, right_slot)
            && std::ptr::fn_addr_eq(a, b)
        {
            right_slot = None;
        }
    }
    // SAFETY: slots of the operands' own types, on live operands.
    unsafe {
        if let Some(function) = left_slot {
            if let Some(other) = right_slot
                && types::is_subtype(right.type_(), left.type_())
            {
                let answer = from_c(other(left.as_raw(), right.as_raw()))?;
                if !is_not_implemented(&answer) {
                    return Ok(answer);
                }
                right_slot = None;
            }
            let answer = from_c(function(left.as_raw(), right.as_raw()))?;
            if !is_not_implemented(&answer) {
                return Ok(answer);
            }
        }
        if let Some(function) = right_slot {
            return from_c(function(left.as_raw(), right.as_raw()));
        }
    }
    Ok(not_implemented())
}

#[cold]
fn binary_type_error(left: &PyObject, right: &PyObject, operator: &str) -> Raised {
    type_error(format_args!(
        "unsupported operand type(s) for {operator}: '{}' and '{}'",
        left.type_().name(),
        right.type_().name()
    ))
}

macro_rules! binary_operations {
    ($($(#[$doc:meta])* $name:ident, $slot:ident, $operator:literal;)+) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name(left: &PyObject, right: &PyObject) -> PyResult {
            let answer = binary_op1(left, right, |suite| suite.$slot.get())?;
            if is_not_implemented(&answer) {
                return Err(binary_type_error(left, right, $operator));
            }
            Ok(answer)
        })+
    };
}

binary_operations! {
    /// `PyNumber_Subtract`.
    subtract, nb_subtract, "-";
    /// `PyNumber_TrueDivide`.
    true_divide, nb_true_divide, "/";
    /// `PyNumber_FloorDivide`.
    floor_divide, nb_floor_divide, "//";
    /// `PyNumber_Remainder`.
    remainder, nb_remainder, "%";
    /// `PyNumber_Divmod`.
    divmod, nb_divmod, "divmod()";
    /// `PyNumber_Lshift`.
    lshift, nb_lshift, "<<";
    /// `PyNumber_And`.
    and, nb_and, "&";
    /// `PyNumber_Or`.
    or, nb_or, "|";
    /// `PyNumber_Xor`.
    xor, nb_xor, "^";
    /// `PyNumber_MatrixMultiply`.
    matrix_multiply, nb_matrix_multiply, "@";
}

/// `PyNumber_Rshift`; `print >> file` gets a hint.
pub fn rshift(left: &PyObject, right: &PyObject) -> PyResult {
    let answer = binary_op1(left, right, |suite| suite.nb_rshift.get())?;
    if !is_not_implemented(&answer) {
        return Ok(answer);
    }
    if let Some(function) = left.downcast_exact::<PyCFunctionObject>()
        && crate::function::cfunction_name(function) == "print"
    {
        return Err(type_error(format_args!(
            "unsupported operand type(s) for >>: '{}' and '{}'. Did you mean \"print(<message>, file=<output_stream>)\"?",
            left.type_().name(),
            right.type_().name()
        )));
    }
    Err(binary_type_error(left, right, ">>"))
}

/// `PyNumber_Add`: numbers first, then concatenation.
#[inline]
pub fn add(left: &PyObject, right: &PyObject) -> PyResult {
    let answer = binary_op1(left, right, |suite| suite.nb_add.get())?;
    if !is_not_implemented(&answer) {
        return Ok(answer);
    }
    drop(answer);
    match sequence_suite(left).and_then(|suite| suite.sq_concat.get()) {
        // SAFETY: the slot of the operand's own type.
        Some(concat) => unsafe { from_c(concat(left.as_raw(), right.as_raw())) },
        None => Err(binary_type_error(left, right, "+")),
    }
}

/// `PySequence_Concat`, and with `in_place` `PySequence_InPlaceConcat`.
pub fn sequence_concat(left: &PyObject, right: &PyObject, in_place: bool) -> PyResult {
    let suite = sequence_suite(left);
    let own = suite.and_then(|suite| suite.sq_concat.get());
    let function = suite
        .and_then(|suite| suite.sq_inplace_concat.get())
        .filter(|_| in_place)
        .or(own);
    if let Some(concat) = function {
        // SAFETY: the slot of the operand's own type.
        return unsafe { from_c(concat(left.as_raw(), right.as_raw())) };
    }
    if is_sequence(left) && is_sequence(right) {
        let slot = |suite: &PyNumberMethods| suite.nb_add.get();
        let answer = match in_place {
            false => binary_op1(left, right, slot)?,
            true => return inplace_add(left, right),
        };
        if !is_not_implemented(&answer) {
            return Ok(answer);
        }
    }
    Err(type_error(format_args!(
        "'{:.200}' object can't be concatenated",
        left.type_().name()
    )))
}

/// `sequence_repeat`.
fn sequence_repeat(repeat: ssizeargfunc, sequence: &PyObject, count: &PyObject) -> PyResult {
    if !has_index(count) {
        return Err(type_error(format_args!(
            "can't multiply sequence by non-int of type '{}'",
            count.type_().name()
        )));
    }
    let count = as_ssize(count, Some(&PyExc_OverflowError))?;
    // SAFETY: the slot of the sequence's own type.
    unsafe { from_c(repeat(sequence.as_raw(), count)) }
}

/// `PyNumber_Multiply`: numbers first, then repetition.
pub fn multiply(left: &PyObject, right: &PyObject) -> PyResult {
    let answer = binary_op1(left, right, |suite| suite.nb_multiply.get())?;
    if !is_not_implemented(&answer) {
        return Ok(answer);
    }
    drop(answer);
    if let Some(repeat) = sequence_suite(left).and_then(|suite| suite.sq_repeat.get()) {
        return sequence_repeat(repeat, left, right);
    }
    if let Some(repeat) = sequence_suite(right).and_then(|suite| suite.sq_repeat.get()) {
        return sequence_repeat(repeat, right, left);
    }
    Err(binary_type_error(left, right, "*"))
}

/// `ternary_op`: power with an optional modulus.
fn power_by(
    base: &PyObject,
    exponent: &PyObject,
    modulus: &PyObject,
    first: Option<ternaryfunc>,
    operator: &str,
) -> PyResult {
    let slot_of = |object: &PyObject| {
        // SAFETY: a type's suite lives as long as the type.
        unsafe { object.type_().tp_as_number.get().as_ref() }.and_then(|suite| suite.nb_power.get())
    };
    let mut candidates: Vec<ternaryfunc> = Vec::new();
    let base_slot = slot_of(base);
    let mut exponent_slot = if std::ptr::eq(base.type_(), exponent.type_()) {
        None
    } else {
        slot_of(exponent)
    };
    if let (Some(a), Some(b)) = (base_slot, exponent_slot)
        && std::ptr::fn_addr_eq(a, b)
    {
        exponent_slot = None;
    }
    candidates.extend(first);
    if let (Some(_), Some(slot)) = (base_slot, exponent_slot)
        && types::is_subtype(exponent.type_(), base.type_())
    {
        candidates.push(slot);
        exponent_slot = None;
    }
    candidates.extend(base_slot);
    candidates.extend(exponent_slot);
    if let Some(slot) = slot_of(modulus)
        && !candidates
            .iter()
            .any(|known| std::ptr::fn_addr_eq(*known, slot))
    {
        candidates.push(slot);
    }
    for function in candidates {
        // SAFETY: slots of the operands' own types, on live operands.
        let answer =
            unsafe { from_c(function(base.as_raw(), exponent.as_raw(), modulus.as_raw())) }?;
        if !is_not_implemented(&answer) {
            return Ok(answer);
        }
    }
    if modulus.is_none() {
        return Err(binary_type_error(base, exponent, operator));
    }
    Err(type_error(format_args!(
        "unsupported operand type(s) for {operator}: '{}', '{}', '{}'",
        base.type_().name(),
        exponent.type_().name(),
        modulus.type_().name()
    )))
}

/// `PyNumber_Power`.
pub fn power(base: &PyObject, exponent: &PyObject, modulus: &PyObject) -> PyResult {
    power_by(base, exponent, modulus, None, "** or pow()")
}

/// `PyNumber_InPlacePower`, without a modulus.
pub fn inplace_power(base: &PyObject, exponent: &PyObject) -> PyResult {
    // SAFETY: a type's suite lives as long as the type.
    let own = unsafe { base.type_().tp_as_number.get().as_ref() }
        .and_then(|suite| suite.nb_inplace_power.get());
    power_by(
        base,
        exponent,
        &crate::singletons::_Py_NoneStruct,
        own,
        "**=",
    )
}

macro_rules! inplace_operations {
    ($($(#[$doc:meta])* $name:ident, $inplace:ident, $slot:ident, $operator:literal;)+) => {
        $($(#[$doc])*
        pub fn $name(left: &PyObject, right: &PyObject) -> PyResult {
            if let Some(function) = number_slot(left, |suite| suite.$inplace.get()) {
                // SAFETY: the slot of the operand's own type.
                let answer = unsafe { from_c(function(left.as_raw(), right.as_raw())) }?;
                if !is_not_implemented(&answer) {
                    return Ok(answer);
                }
            }
            let answer = binary_op1(left, right, |suite| suite.$slot.get())?;
            if is_not_implemented(&answer) {
                return Err(binary_type_error(left, right, $operator));
            }
            Ok(answer)
        })+
    };
}

inplace_operations! {
    /// `PyNumber_InPlaceSubtract`.
    inplace_subtract, nb_inplace_subtract, nb_subtract, "-=";
    /// `PyNumber_InPlaceTrueDivide`.
    inplace_true_divide, nb_inplace_true_divide, nb_true_divide, "/=";
    /// `PyNumber_InPlaceFloorDivide`.
    inplace_floor_divide, nb_inplace_floor_divide, nb_floor_divide, "//=";
    /// `PyNumber_InPlaceRemainder`.
    inplace_remainder, nb_inplace_remainder, nb_remainder, "%=";
    /// `PyNumber_InPlaceLshift`.
    inplace_lshift, nb_inplace_lshift, nb_lshift, "<<=";
    /// `PyNumber_InPlaceRshift`.
    inplace_rshift, nb_inplace_rshift, nb_rshift, ">>=";
    /// `PyNumber_InPlaceAnd`.
    inplace_and, nb_inplace_and, nb_and, "&=";
    /// `PyNumber_InPlaceOr`.
    inplace_or, nb_inplace_or, nb_or, "|=";
    /// `PyNumber_InPlaceXor`.
    inplace_xor, nb_inplace_xor, nb_xor, "^=";
    /// `PyNumber_InPlaceMatrixMultiply`.
    inplace_matrix_multiply, nb_inplace_matrix_multiply, nb_matrix_multiply, "@=";
}

/// The in-place slot's answer, else the plain one's; NotImplemented where neither knows.
fn inplace_or_plain(
    left: &PyObject,
    right: &PyObject,
    inplace: NumberSlot,
    plain: NumberSlot,
) -> PyResult {
    if let Some(function) = number_slot(left, inplace) {
        // SAFETY: the slot of the operand's own type.
        let answer = unsafe { from_c(function(left.as_raw(), right.as_raw())) }?;
        if !is_not_implemented(&answer) {
            return Ok(answer);
        }
    }
    binary_op1(left, right, plain)
}

/// `PyNumber_InPlaceAdd`.
pub fn inplace_add(left: &PyObject, right: &PyObject) -> PyResult {
    let answer = inplace_or_plain(
        left,
        right,
        |suite| suite.nb_inplace_add.get(),
        |suite| suite.nb_add.get(),
    )?;
    if !is_not_implemented(&answer) {
        return Ok(answer);
    }
    let suite = sequence_suite(left);
    let concat = suite
        .and_then(|suite| suite.sq_inplace_concat.get())
        .or_else(|| suite.and_then(|suite| suite.sq_concat.get()));
    match concat {
        // SAFETY: the slot of the operand's own type.
        Some(concat) => unsafe { from_c(concat(left.as_raw(), right.as_raw())) },
        None => Err(binary_type_error(left, right, "+=")),
    }
}

/// `PyNumber_InPlaceMultiply`.
pub fn inplace_multiply(left: &PyObject, right: &PyObject) -> PyResult {
    let answer = inplace_or_plain(
        left,
        right,
        |suite| suite.nb_inplace_multiply.get(),
        |suite| suite.nb_multiply.get(),
    )?;
    if !is_not_implemented(&answer) {
        return Ok(answer);
    }
    if let Some(suite) = sequence_suite(left) {
        let repeat = suite
            .sq_inplace_repeat
            .get()
            .or_else(|| suite.sq_repeat.get());
        if let Some(repeat) = repeat {
            return sequence_repeat(repeat, left, right);
        }
    } else if let Some(repeat) = sequence_suite(right).and_then(|suite| suite.sq_repeat.get()) {
        return sequence_repeat(repeat, right, left);
    }
    Err(binary_type_error(left, right, "*="))
}

macro_rules! unary_operations {
    ($($(#[$doc:meta])* $name:ident, $slot:ident, $message:literal;)+) => {
        $($(#[$doc])*
        pub fn $name(operand: &PyObject) -> PyResult {
            // SAFETY: a type's suite lives as long as the type; its slot takes the object.
            unsafe {
                let suite = operand.type_().tp_as_number.get().as_ref();
                match suite.and_then(|suite| suite.$slot.get()) {
                    Some(function) => from_c(function(operand.as_raw())),
                    None => Err(type_error(format_args!(
                        concat!("bad operand type for ", $message, ": '{}'"),
                        operand.type_().name()
                    ))),
                }
            }
        })+
    };
}

unary_operations! {
    /// `PyNumber_Negative`.
    negative, nb_negative, "unary -";
    /// `PyNumber_Positive`.
    positive, nb_positive, "unary +";
    /// `PyNumber_Invert`.
    invert, nb_invert, "unary ~";
    /// `PyNumber_Absolute`.
    absolute, nb_absolute, "abs()";
}

/// `PyIndex_Check`.
#[inline]
pub fn has_index(object: &PyObject) -> bool {
    // SAFETY: a type's suite lives as long as the type.
    unsafe { object.type_().tp_as_number.get().as_ref() }
        .is_some_and(|suite| suite.nb_index.get().is_some())
}

/// `_PyNumber_Index`: an int, perhaps of a subclass.
#[inline]
pub fn index(object: &PyObject) -> PyResult<Own<PyLongObject>> {
    if let Some(long) = object.downcast_ref::<PyLongObject>() {
        return Ok(Own::new(long));
    }
    // SAFETY: a type's suite lives as long as the type.
    let slot = unsafe { object.type_().tp_as_number.get().as_ref() }
        .and_then(|suite| suite.nb_index.get());
    let Some(slot) = slot else {
        return Err(long::not_an_integer(object));
    };
    // SAFETY: the slot of the object's own type.
    let result = unsafe { from_c(slot(object.as_raw())) }?;
    if result.is_exactly(&PyLong_Type) {
        // SAFETY: an int.
        return Ok(unsafe { result.cast() });
    }
    if result.downcast_ref::<PyLongObject>().is_none() {
        return Err(type_error(format_args!(
            "__index__ returned non-int (type {})",
            result.type_().name()
        )));
    }
    crate::warnings::warn_deprecation(&format!(
        "__index__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in a future version of Python.",
        result.type_().name()
    ))?;
    // SAFETY: an int, by the check above.
    Ok(unsafe { result.cast() })
}

/// `PyNumber_Check`.
pub fn is_number(object: &PyObject) -> bool {
    // SAFETY: the suite of a live type.
    let suite = unsafe { object.type_().tp_as_number.get().as_ref() };
    suite.is_some_and(|suite| {
        suite.nb_int.get().is_some()
            || suite.nb_float.get().is_some()
            || suite.nb_index.get().is_some()
    }) || object.downcast_ref::<PyComplexObject>().is_some()
}

/// `PyNumber_AsSsize_t`: an index too large raises `error`, or is clipped where there is none.
#[inline]
pub fn as_ssize(object: &PyObject, error: Option<&PyTypeObject>) -> PyResult<isize> {
    let value = index(object)?;
    if let Some(value) = long::to_i64(&value) {
        return Ok(value as isize);
    }
    match error {
        None if value.ob_size.get() < 0 => Ok(isize::MIN),
        None => Ok(isize::MAX),
        Some(error) => Err(errors::raise(
            error,
            format_args!(
                "cannot fit '{}' into an index-sized integer",
                object.type_().name()
            ),
        )),
    }
}

/// The index that a key stands for; none where the key is no index (a slice, or anything else).
#[inline]
pub fn index_or_slice(key: &PyObject) -> PyResult<Option<isize>> {
    if !has_index(key) {
        return Ok(None);
    }
    as_ssize(key, Some(&PyExc_IndexError)).map(Some)
}

/// A bound of `index(value, start, stop)`: clipped, negative ones counted from the end.
pub fn slice_bound(bound: Option<&PyObject>, default: isize, length: isize) -> PyResult<isize> {
    let Some(bound) = bound else {
        return Ok(default);
    };
    if !has_index(bound) {
        return Err(type_error(
            "slice indices must be integers or have an __index__ method",
        ));
    }
    let value = as_ssize(bound, None)?;
    Ok(if value < 0 {
        (value + length).max(0)
    } else {
        value
    })
}

/// `PyObject_GetItem`.
#[inline]
pub fn get_item(object: &PyObject, key: &PyObject) -> PyResult {
    if let Some(function) = mapping_suite(object).and_then(|suite| suite.mp_subscript.get()) {
        // SAFETY: the slot of the object's own type.
        return unsafe { from_c(function(object.as_raw(), key.as_raw())) };
    }
    if let Some(function) = sequence_suite(object).and_then(|suite| suite.sq_item.get()) {
        if has_index(key) {
            let index = as_ssize(key, Some(&PyExc_IndexError))?;
            return sequence_item(object, function, index);
        }
        return Err(type_error(format_args!(
            "sequence index must be integer, not '{}'",
            key.type_().name()
        )));
    }
    if let Some(class) = object.downcast_ref::<PyTypeObject>() {
        if std::ptr::eq(class, &types::PyType_Type) {
            return crate::generic_alias::new(object, key);
        }
        if let Some(method) = object::lookup_attr(object, id!("__class_getitem__"))?
            && !method.is_none()
        {
            return call::call(&method, &[key]);
        }
        return Err(type_error(format_args!(
            "type '{}' is not subscriptable",
            class.name()
        )));
    }
    Err(type_error(format_args!(
        "'{}' object is not subscriptable",
        object.type_().name()
    )))
}

fn sequence_item(object: &PyObject, function: ssizeargfunc, index: isize) -> PyResult {
    let mut index = index;
    if index < 0
        && let Some(length) = sequence_suite(object).and_then(|suite| suite.sq_length.get())
    {
        // SAFETY: the slot of the object's own type.
        let length = unsafe { length(object.as_raw()) };
        if length < 0 {
            return Err(Raised::already_set());
        }
        index += length;
    }
    // SAFETY: the slot of the object's own type.
    unsafe { from_c(function(object.as_raw(), index)) }
}

/// `PySequence_GetItem`.
pub fn get_sequence_item(object: &PyObject, index: isize) -> PyResult {
    if let Some(function) = sequence_suite(object).and_then(|suite| suite.sq_item.get()) {
        return sequence_item(object, function, index);
    }
    let what = if mapping_suite(object).is_some_and(|suite| suite.mp_subscript.get().is_some()) {
        "is not a sequence"
    } else {
        "does not support indexing"
    };
    Err(type_error(format_args!(
        "'{}' object {what}",
        object.type_().name()
    )))
}

/// `PyObject_SetItem`, and `PyObject_DelItem` without a value.
pub fn set_item(object: &PyObject, key: &PyObject, value: Option<&PyObject>) -> PyResult<()> {
    let raw_value = value.map_or(std::ptr::null_mut(), |value| value.as_raw());
    if let Some(function) = mapping_suite(object).and_then(|suite| suite.mp_ass_subscript.get()) {
        // SAFETY: the slot of the object's own type.
        from_status(unsafe { function(object.as_raw(), key.as_raw(), raw_value) })?;
        return Ok(());
    }
    if let Some(function) = sequence_suite(object).and_then(|suite| suite.sq_ass_item.get()) {
        if !has_index(key) {
            return Err(type_error(format_args!(
                "sequence index must be integer, not '{}'",
                key.type_().name()
            )));
        }
        let mut index = as_ssize(key, Some(&PyExc_IndexError))?;
        if index < 0 {
            index += object::length(object)? as isize;
        }
        // SAFETY: the slot of the object's own type.
        from_status(unsafe { function(object.as_raw(), index, raw_value) })?;
        return Ok(());
    }
    let what = if value.is_some() {
        "assignment"
    } else {
        "deletion"
    };
    if has_index(key) && sequence_suite(object).is_some() {
        // A sequence is given its item by number, and the number must be one before anything is refused.
        as_ssize(key, Some(&PyExc_IndexError))?;
    }
    Err(type_error(format_args!(
        "'{}' object {} item {what}",
        object.type_().name(),
        // A sequence is asked for its item by number, and words a refused deletion otherwise.
        if value.is_none() && has_index(key) && sequence_suite(object).is_some() {
            "doesn't support"
        } else {
            "does not support"
        },
    )))
}

/// `PyObject_GetIter`.
#[inline]
pub fn get_iter(object: &PyObject) -> PyResult {
    if let Some(function) = object.type_().tp_iter.get() {
        // SAFETY: the slot of the object's own type.
        let iterator = unsafe { from_c(function(object.as_raw())) }?;
        if !is_iterator(&iterator) {
            return Err(type_error(format_args!(
                "iter() returned non-iterator of type '{}'",
                iterator.type_().name()
            )));
        }
        return Ok(iterator);
    }
    if is_sequence(object) {
        return iter::new_index_iterator(&iter::PySeqIter_Type, object);
    }
    Err(type_error(format_args!(
        "'{}' object is not iterable",
        object.type_().name()
    )))
}

/// `PyIter_Check`.
pub fn is_iterator(object: &PyObject) -> bool {
    object.type_().tp_iternext.get().is_some_and(|next| {
        !std::ptr::fn_addr_eq(next, iter::PyObject_NextNotImplemented as iternextfunc)
    })
}

/// `PySequence_Check`.
pub fn is_sequence(object: &PyObject) -> bool {
    if object.downcast_ref::<PyDictObject>().is_some() {
        return false;
    }
    sequence_suite(object).is_some_and(|suite| suite.sq_item.get().is_some())
}

/// `PyMapping_Check`.
pub fn is_mapping(object: &PyObject) -> bool {
    mapping_suite(object).is_some_and(|suite| suite.mp_subscript.get().is_some())
}

/// `PyIter_Next`: none at the end.
#[inline]
pub fn next(iterator: &PyObject) -> PyResult<Option<Own>> {
    let Some(function) = iterator.type_().tp_iternext.get() else {
        return Err(type_error(format_args!(
            "'{}' object is not an iterator",
            iterator.type_().name()
        )));
    };
    crate::stack::check()?;
    // SAFETY: the slot of the object's own type.
    if let Some(item) = unsafe { Own::from_nullable(function(iterator.as_raw())) } {
        return Ok(Some(item));
    }
    if !errors::occurred() {
        return Ok(None);
    }
    if errors::matches(&PyExc_StopIteration) {
        errors::clear();
        return Ok(None);
    }
    Err(Raised::already_set())
}

/// All items of an iterable, in order.
pub fn collect(iterable: &PyObject) -> PyResult<Vec<Own>> {
    let iterator = get_iter(iterable)?;
    let mut items = Vec::with_capacity(length_hint(iterable, 8)?.min(1 << 20));
    while let Some(item) = next(&iterator)? {
        memory::reserve(&mut items, 1)?;
        items.push(item);
    }
    Ok(items)
}

/// `PyObject_LengthHint`.
pub fn length_hint(object: &PyObject, default: usize) -> PyResult<usize> {
    let has_length = sequence_suite(object).is_some_and(|suite| suite.sq_length.get().is_some())
        || mapping_suite(object).is_some_and(|suite| suite.mp_length.get().is_some());
    if has_length {
        match object::length(object) {
            Ok(length) => return Ok(length),
            Err(raised) => {
                if !errors::matches(&crate::exceptions::PyExc_TypeError) {
                    return Err(raised);
                }
                errors::discard(raised);
            }
        }
    }
    let answer = match types::call_special(object, id!("__length_hint__"), &[]) {
        Ok(Some(answer)) => answer,
        Ok(None) => return Ok(default),
        Err(raised) => {
            if errors::matches(&crate::exceptions::PyExc_TypeError) {
                errors::discard(raised);
                return Ok(default);
            }
            return Err(raised);
        }
    };
    if is_not_implemented(&answer) {
        return Ok(default);
    }
    let Some(hint) = answer.downcast_ref::<PyLongObject>() else {
        return Err(type_error(format_args!(
            "__length_hint__ must be an integer, not {}",
            answer.type_().name()
        )));
    };
    let hint = long::as_ssize(hint)?;
    if hint < 0 {
        return Err(errors::value_error("__length_hint__() should return >= 0"));
    }
    Ok(hint as usize)
}

/// `PySequence_Fast`: the list or tuple itself, else a list of the items. A type error gets the
/// message, where one is given.
pub fn fast_sequence(object: &PyObject, message: &str) -> PyResult {
    if object.is_exactly(&list::PyList_Type) || object.is_exactly(&tuple::PyTuple_Type) {
        return Ok(Own::new(object));
    }
    let iterator = match get_iter(object) {
        Ok(iterator) => iterator,
        Err(raised) => {
            if !message.is_empty() && errors::matches(&crate::exceptions::PyExc_TypeError) {
                errors::discard(raised);
                return Err(type_error(message));
            }
            return Err(raised);
        }
    };
    Ok(list::from_iterable(&iterator)?.upcast())
}

/// The items of what [`fast_sequence`] gave.
pub fn fast_items(sequence: &PyObject) -> &[&PyObject] {
    if let Some(list) = sequence.downcast_ref::<PyListObject>() {
        return list::items(list);
    }
    sequence
        .downcast_ref::<PyTupleObject>()
        .map_or(&[], tuple::items)
}

/// `PySequence_Contains`.
#[inline]
pub fn contains(container: &PyObject, value: &PyObject) -> PyResult<bool> {
    if let Some(function) = sequence_suite(container).and_then(|suite| suite.sq_contains.get()) {
        // SAFETY: the slot of the object's own type.
        return Ok(from_status(unsafe { function(container.as_raw(), value.as_raw()) })? != 0);
    }
    contains_by_iteration(container, value)
}

/// `_PySequence_IterSearch` for containment.
pub fn contains_by_iteration(container: &PyObject, value: &PyObject) -> PyResult<bool> {
    let iterator = match get_iter(container) {
        Ok(iterator) => iterator,
        Err(raised) => {
            if !errors::matches(&crate::exceptions::PyExc_TypeError) {
                return Err(raised);
            }
            errors::discard(raised);
            return Err(type_error(format_args!(
                "argument of type '{}' is not iterable",
                container.type_().name()
            )));
        }
    };
    while let Some(item) = next(&iterator)? {
        if object::equal(&item, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `PyObject_Format`.
pub fn format(object: &PyObject, spec: Option<&PyASCIIObject>) -> PyResult<Own<PyASCIIObject>> {
    let empty = spec.is_none_or(|spec| spec.length.get() == 0);
    if empty {
        if let Some(text) = object.downcast_exact::<PyASCIIObject>() {
            return Ok(Own::new(text));
        }
        if object.is_exactly(&PyLong_Type) {
            return object::str(object);
        }
    }
    let no_spec = unicode::empty();
    let spec = spec.unwrap_or(&no_spec);
    let Some(result) = types::call_special(object, id!("__format__"), &[spec.as_object()])? else {
        return Err(type_error(format_args!(
            "Type {} doesn't define __format__",
            object.type_().name()
        )));
    };
    result.downcast::<PyASCIIObject>().map_err(|other| {
        type_error(format_args!(
            "__format__ must return a str, not {}",
            other.type_().name()
        ))
    })
}

/// `PyMapping_Keys`: a list, also where the method gives another iterable.
pub fn mapping_keys(mapping: &PyObject) -> PyResult {
    if mapping.is_exactly(&crate::dict::PyDict_Type) {
        return Ok(list::from_iterable(mapping)?.upcast());
    }
    let given = call::call_method(mapping, id!("keys"), &[])?;
    if given.is_exactly(&list::PyList_Type) {
        return Ok(given);
    }
    match get_iter(&given) {
        Ok(iterator) => Ok(list::from_iterable(&iterator)?.upcast()),
        Err(raised) if errors::matches(&PyExc_TypeError) => {
            errors::discard(raised);
            Err(type_error(format_args!(
                "{:.200}.keys() returned a non-iterable (type {:.200})",
                mapping.type_().name(),
                given.type_().name()
            )))
        }
        Err(raised) => Err(raised),
    }
}
