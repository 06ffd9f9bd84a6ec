//! Operators, comparisons, subscripts.

use super::Eval;
use twinheap_abi::opcode::*;
use twinheap_abi::*;
use twinheap_objects::abstract_;
use twinheap_objects::errors::PyResult;
use twinheap_objects::long::{self, PyLong_Type};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::Own;
use twinheap_objects::singletons::bool_object;
use twinheap_objects::{dict, list, tuple};

/// Both operands as machine words, where both are exact ints of one digit.
#[inline(always)]
fn small_ints(left: &PyObject, right: &PyObject) -> Option<(i64, i64)> {
    if !left.is_exactly(&PyLong_Type) || !right.is_exactly(&PyLong_Type) {
        return None;
    }
    let left = left.downcast_exact::<PyLongObject>()?;
    let right = right.downcast_exact::<PyLongObject>()?;
    if !long::is_medium(left) || !long::is_medium(right) {
        return None;
    }
    Some((long::medium_value(left), long::medium_value(right)))
}

impl Eval {
    pub(super) fn binary_op(&mut self, oparg: usize) -> PyResult<()> {
        let right = self.pop();
        let result = binary(self.peek(1), &right, oparg as u32)?;
        drop(self.pop());
        drop(right);
        self.push(result);
        self.skip_caches(1);
        Ok(())
    }

    fn replace_top(&mut self, operation: fn(&PyObject) -> PyResult) -> PyResult<()> {
        let operand = self.pop();
        let result = operation(&operand)?;
        drop(operand);
        self.push(result);
        Ok(())
    }

    pub(super) fn unary_positive(&mut self) -> PyResult<()> {
        self.replace_top(abstract_::positive)
    }

    pub(super) fn unary_negative(&mut self) -> PyResult<()> {
        self.replace_top(abstract_::negative)
    }

    pub(super) fn unary_invert(&mut self) -> PyResult<()> {
        self.replace_top(abstract_::invert)
    }

    pub(super) fn unary_not(&mut self) -> PyResult<()> {
        self.replace_top(|operand| Ok(bool_object(!object::is_true(operand)?)))
    }

    #[inline]
    pub(super) fn binary_subscr(&mut self) -> PyResult<()> {
        let result = subscript(self.peek(2), self.peek(1))?;
        drop(self.pop());
        drop(self.pop());
        self.push(result);
        self.skip_caches(4);
        Ok(())
    }

    #[inline]
    pub(super) fn store_subscr(&mut self) -> PyResult<()> {
        let key = self.pop();
        let container = self.pop();
        let value = self.pop();
        if container.is_exactly(&dict::PyDict_Type)
            && let Some(target) = container.downcast_ref::<PyDictObject>()
        {
            dict::set_item(target, &key, &value)?;
        } else {
            abstract_::set_item(&container, &key, Some(&value))?;
        }
        drop(value);
        drop(container);
        drop(key);
        self.skip_caches(1);
        Ok(())
    }

    pub(super) fn delete_subscr(&mut self) -> PyResult<()> {
        let key = self.pop();
        let container = self.pop();
        abstract_::set_item(&container, &key, None)
    }

    #[inline]
    pub(super) fn compare_op(&mut self, oparg: usize) -> PyResult<()> {
        let (left, right) = (self.peek(2), self.peek(1));
        let result = match small_ints(left, right) {
            Some((a, b)) => object::compare_result(a.cmp(&b), oparg as i32),
            None => object::rich_compare(left, right, oparg as i32)?,
        };
        drop(self.pop());
        drop(self.pop());
        self.push(result);
        self.skip_caches(2);
        Ok(())
    }

    pub(super) fn contains_op(&mut self, invert: usize) -> PyResult<()> {
        let container = self.pop();
        let value = self.pop();
        let found = abstract_::contains(&container, &value)?;
        self.push(bool_object(found != (invert != 0)));
        Ok(())
    }
}

/// `container[key]`, the common cases first.
#[inline]
fn subscript(container: &PyObject, key: &PyObject) -> PyResult {
    if key.is_exactly(&PyLong_Type)
        && let Some(index) = key.downcast_exact::<PyLongObject>()
        && long::is_medium(index)
    {
        let index = long::medium_value(index);
        if let Some(items) = container.downcast_exact::<PyListObject>()
            && let Some(item) = usize::try_from(index)
                .ok()
                .and_then(|index| list::items(items).get(index))
        {
            return Ok(Own::new(*item));
        }
        if let Some(items) = container.downcast_exact::<PyTupleObject>()
            && let Some(item) = usize::try_from(index)
                .ok()
                .and_then(|index| tuple::items(items).get(index))
        {
            return Ok(Own::new(*item));
        }
    }
    abstract_::get_item(container, key)
}

/// The operator of a `BINARY_OP`.
fn binary(left: &PyObject, right: &PyObject, operator: u32) -> PyResult {
    match operator {
        NB_ADD => abstract_::add(left, right),
        NB_AND => abstract_::and(left, right),
        NB_FLOOR_DIVIDE => abstract_::floor_divide(left, right),
        NB_LSHIFT => abstract_::lshift(left, right),
        NB_MATRIX_MULTIPLY => abstract_::matrix_multiply(left, right),
        NB_MULTIPLY => abstract_::multiply(left, right),
        NB_REMAINDER => abstract_::remainder(left, right),
        NB_OR => abstract_::or(left, right),
        NB_POWER => abstract_::power(left, right, &twinheap_objects::singletons::_Py_NoneStruct),
        NB_RSHIFT => abstract_::rshift(left, right),
        NB_SUBTRACT => abstract_::subtract(left, right),
        NB_TRUE_DIVIDE => abstract_::true_divide(left, right),
        NB_XOR => abstract_::xor(left, right),
        NB_INPLACE_ADD => abstract_::inplace_add(left, right),
        NB_INPLACE_AND => abstract_::inplace_and(left, right),
        NB_INPLACE_FLOOR_DIVIDE => abstract_::inplace_floor_divide(left, right),
        NB_INPLACE_LSHIFT => abstract_::inplace_lshift(left, right),
        NB_INPLACE_MATRIX_MULTIPLY => abstract_::inplace_matrix_multiply(left, right),
        NB_INPLACE_MULTIPLY => abstract_::inplace_multiply(left, right),
        NB_INPLACE_REMAINDER => abstract_::inplace_remainder(left, right),
        NB_INPLACE_OR => abstract_::inplace_or(left, right),
        NB_INPLACE_POWER => abstract_::inplace_power(left, right),
        NB_INPLACE_RSHIFT => abstract_::inplace_rshift(left, right),
        NB_INPLACE_SUBTRACT => abstract_::inplace_subtract(left, right),
        NB_INPLACE_TRUE_DIVIDE => abstract_::inplace_true_divide(left, right),
        _ => abstract_::inplace_xor(left, right),
    }
}
