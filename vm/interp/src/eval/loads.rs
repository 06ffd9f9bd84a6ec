//! Locals, cells, constants and the stack itself.

use super::Eval;
use std::ptr::null_mut;
use twinheap_abi::*;
use twinheap_objects::abstract_;
use twinheap_objects::errors::{PyResult, Raised, name_error};
use twinheap_objects::exceptions::{PyExc_NameError, PyExc_UnboundLocalError};
use twinheap_objects::object::ObjectExt;
use twinheap_objects::own::{Field, Own, decref};
use twinheap_objects::{bytes, cell, dict, errors, tuple, unicode};

impl Eval {
    #[cold]
    #[inline(never)]
    pub(super) fn unbound_local(&self, index: usize) -> Raised {
        let name = self.local_name(index);
        errors::raise(
            &PyExc_UnboundLocalError,
            format_args!(
                "cannot access local variable '{}' where it is not associated with a value",
                shown(name)
            ),
        )
    }

    fn local_name(&self, index: usize) -> &PyObject {
        // SAFETY: the names of locals are a tuple.
        unsafe { tuple::items(&*self.code().co_localsplusnames.get().cast())[index] }
    }

    pub(super) fn delete_fast(&mut self, index: usize) -> PyResult<()> {
        // SAFETY: a local's slot, which owned the value.
        unsafe {
            let old = std::ptr::replace(self.local(index), null_mut());
            if old.is_null() {
                return Err(self.unbound_local(index));
            }
            decref(old);
        }
        Ok(())
    }

    pub(super) fn make_cell(&mut self, index: usize) -> PyResult<()> {
        // SAFETY: the slot's value, if any, moves into the cell.
        unsafe {
            let initial = Own::from_nullable(std::ptr::replace(self.local(index), null_mut()));
            let made = cell::new(initial)?;
            *self.local(index) = made.into_raw().cast();
        }
        Ok(())
    }

    pub(super) fn copy_free_vars(&mut self, count: usize) {
        let frame = self.frame();
        let closure = frame.f_func.expect_ref().func_closure.get();
        let first = frame.f_code.expect_ref().co_nlocalsplus.get() as usize - count;
        // SAFETY: the closure is a tuple of as many cells; the slots are empty.
        unsafe {
            for (index, cell) in tuple::items(&*closure.cast())
                .iter()
                .enumerate()
                .take(count)
            {
                *self.local(first + index) = Own::new(*cell).into_raw();
            }
        }
    }

    #[inline(always)]
    fn cell_at(&self, index: usize) -> &PyCellObject {
        // SAFETY: the compiler's index of a cell or free variable.
        unsafe { &*(*self.local(index)).cast() }
    }

    #[inline]
    pub(super) fn load_deref(&mut self, index: usize) -> PyResult<()> {
        match self.cell_at(index).ob_ref.own() {
            Some(value) => {
                self.push(value);
                Ok(())
            }
            None => Err(self.unbound_cell(index)),
        }
    }

    #[cold]
    fn unbound_cell(&self, index: usize) -> Raised {
        let name = self.local_name(index);
        // SAFETY: the kinds of locals are bytes.
        let kinds = unsafe { bytes::data_of(&*self.code().co_localspluskinds.get().cast()) };
        if kinds[index] & CO_FAST_FREE == 0 {
            return self.unbound_local(index);
        }
        name_error(
            &PyExc_NameError,
            name,
            format_args!(
                "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
                shown(name)
            ),
        )
    }

    pub(super) fn load_classderef(&mut self, index: usize) -> PyResult<()> {
        let name = Own::new(self.local_name(index));
        let locals = self.frame().f_locals.own();
        let found = match &locals {
            Some(locals) => lookup_in_mapping(locals, &name)?,
            None => None,
        };
        match found.or_else(|| self.cell_at(index).ob_ref.own()) {
            Some(value) => {
                self.push(value);
                Ok(())
            }
            None => Err(self.unbound_cell(index)),
        }
    }

    pub(super) fn delete_deref(&mut self, index: usize) -> PyResult<()> {
        if self.cell_at(index).ob_ref.get().is_null() {
            return Err(self.unbound_cell(index));
        }
        self.cell_at(index).ob_ref.clear();
        Ok(())
    }
}

/// A name in a namespace that may be any mapping; none where it is missing.
pub(super) fn lookup_in_mapping(mapping: &PyObject, name: &PyObject) -> PyResult<Option<Own>> {
    if mapping.is_exactly(&dict::PyDict_Type)
        && let Some(mapping) = mapping.downcast_ref::<PyDictObject>()
    {
        return dict::get_item(mapping, name);
    }
    match abstract_::get_item(mapping, name) {
        Ok(value) => Ok(Some(value)),
        Err(raised) => {
            if twinheap_objects::errors::matches(&twinheap_objects::exceptions::PyExc_KeyError) {
                twinheap_objects::errors::discard(raised);
                return Ok(None);
            }
            Err(raised)
        }
    }
}

fn shown(name: &PyObject) -> String {
    name.downcast_ref::<PyASCIIObject>()
        .map(unicode::to_string_lossy)
        .unwrap_or_default()
}
