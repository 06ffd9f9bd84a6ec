//! The iterators of `co_lines()` and `co_positions()` (`lineiterator`, `positionsiterator` of
//! `Objects/codeobject.c`): they walk the line table as they are asked, and keep their place in it.

use crate::code::{LineTable, Position};
use crate::errors::PyResult;
use crate::memory;
use crate::object;
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{bytes, long, slot, static_type, tuple, typed, types};
use std::cell::Cell;
use twinheap_abi::*;

/// A place in a line table (`PyCodeAddressRange`).
#[repr(C)]
struct AddressRange {
    ar_start: Cell<i32>,
    ar_end: Cell<i32>,
    ar_line: Cell<i32>,
    opaque: LineState,
}

/// Where the walk goes on (`struct _opaque`).
#[repr(C)]
struct LineState {
    computed_line: Cell<i32>,
    lo_next: Cell<*const u8>,
    limit: Cell<*const u8>,
}

/// The iterator of `co_lines()`.
#[repr(C)]
pub struct LineIterator {
    ob_base: PyObject,
    li_code: Pointer<PyCodeObject>,
    li_line: AddressRange,
}

/// The iterator of `co_positions()`.
#[repr(C)]
pub struct PositionsIterator {
    ob_base: PyObject,
    pi_code: Pointer<PyCodeObject>,
    pi_range: AddressRange,
    pi_offset: Cell<i32>,
    pi_endline: Cell<i32>,
    pi_column: Cell<i32>,
    pi_endcolumn: Cell<i32>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for LineIterator {}
// SAFETY: as above.
unsafe impl Layout for PositionsIterator {}
typed!(LineIterator, PyLineIterator_Type);
typed!(PositionsIterator, PyPositionsIterator_Type);

impl AddressRange {
    /// Before the first entry.
    fn start(&self, code: &PyCodeObject) {
        // SAFETY: the line table of a code object is bytes.
        let table = unsafe { bytes::data_of(&*code.co_linetable.get().cast()) };
        let range = table.as_ptr_range();
        self.ar_start.set(-1);
        self.ar_end.set(0);
        self.ar_line.set(-1);
        self.opaque.computed_line.set(code.co_firstlineno.get());
        self.opaque.lo_next.set(range.start);
        self.opaque.limit.set(range.end);
    }

    /// Moves on to the next entry of the table.
    fn advance(&self, code: &PyCodeObject) -> Option<Position> {
        let left = self.opaque.limit.get() as usize - self.opaque.lo_next.get() as usize;
        let (line, instruction) = (
            self.opaque.computed_line.get(),
            self.ar_end.get() as usize / 2,
        );
        let mut table = LineTable::resume(code, left, line, instruction);
        let (start, count, position) = table.next()?;
        self.ar_start.set(2 * start as i32);
        self.ar_end.set(2 * (start + count) as i32);
        self.ar_line.set(position.line.unwrap_or(-1));
        self.opaque.computed_line.set(table.line());
        let left = table.bytes_left();
        self.opaque
            .lo_next
            .set(self.opaque.limit.get().wrapping_sub(left));
        Some(position)
    }
}

/// None stands for -1.
fn number(value: i32) -> PyResult {
    if value < 0 {
        return Ok(none());
    }
    long::from_isize(value as isize)
}

/// `co_lines()`.
pub fn lines(code: &PyCodeObject) -> PyResult {
    let made = types::allocate(&PyLineIterator_Type, 0)?;
    // SAFETY: a new object of this type.
    let iterator: &LineIterator = unsafe { &*made.as_ptr().cast() };
    iterator.li_code.put(Some(Own::new(code)));
    iterator.li_line.start(code);
    Ok(made)
}

fn line_next(this: &LineIterator) -> PyResult<Option<Own>> {
    let range = &this.li_line;
    if range.advance(this.li_code.expect_ref()).is_none() {
        return Ok(None);
    }
    let entry = vec![
        long::from_isize(range.ar_start.get() as isize)?,
        long::from_isize(range.ar_end.get() as isize)?,
        number(range.ar_line.get())?,
    ];
    Ok(Some(tuple::from_vec(entry)?.upcast()))
}

/// `co_positions()`.
pub fn positions(code: &PyCodeObject) -> PyResult {
    let made = types::allocate(&PyPositionsIterator_Type, 0)?;
    // SAFETY: a new object of this type.
    let iterator: &PositionsIterator = unsafe { &*made.as_ptr().cast() };
    iterator.pi_code.put(Some(Own::new(code)));
    iterator.pi_range.start(code);
    Ok(made)
}

fn positions_next(this: &PositionsIterator) -> PyResult<Option<Own>> {
    let range = &this.pi_range;
    if this.pi_offset.get() >= range.ar_end.get() {
        let Some(position) = range.advance(this.pi_code.expect_ref()) else {
            return Ok(None);
        };
        this.pi_endline.set(position.end_line.unwrap_or(-1));
        this.pi_column.set(position.column.unwrap_or(-1));
        this.pi_endcolumn.set(position.end_column.unwrap_or(-1));
    }
    this.pi_offset.set(this.pi_offset.get() + 2);
    let entry = vec![
        number(range.ar_line.get())?,
        number(this.pi_endline.get())?,
        number(this.pi_column.get())?,
        number(this.pi_endcolumn.get())?,
    ];
    Ok(Some(tuple::from_vec(entry)?.upcast()))
}

unsafe fn line_dealloc(this: *mut LineIterator) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*this).li_code.clear();
        memory::object_del(this.cast());
    }
}

unsafe fn positions_dealloc(this: *mut PositionsIterator) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        (*this).pi_code.clear();
        memory::object_del(this.cast());
    }
}

static_type! {
    /// `line_iterator`.
    PyLineIterator_Type = "line_iterator", size size_of::<LineIterator>(), 0, flags 0;
    tp_dealloc: slot!(dealloc line_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext line_next),
}

static_type! {
    /// `positions_iterator`.
    PyPositionsIterator_Type = "positions_iterator", size size_of::<PositionsIterator>(), 0, flags 0;
    tp_dealloc: slot!(dealloc positions_dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext positions_next),
}
