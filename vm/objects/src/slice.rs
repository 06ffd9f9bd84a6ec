//! slice (`Objects/sliceobject.c`).

use crate::abstract_;
use crate::errors::{PyResult, type_error, value_error};
use crate::memory::{self, Visitor};
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::{none, not_implemented};
use crate::state::Global;
use crate::{call, members, methods, slot, static_type, tuple, typed, unicode};
use std::cell::Cell;
use std::ffi::c_int;
use std::mem::offset_of;
use twinheap_abi::*;

typed!(PySliceObject, PySlice_Type);

/// One dead slice, kept for the next one (`interp->slice_cache`).
static CACHE: Global<Cell<*mut PySliceObject>> = Global(Cell::new(std::ptr::null_mut()));

/// `PySlice_New`.
pub fn new(start: Own, stop: Own, step: Own) -> PyResult<Own<PySliceObject>> {
    let cached = CACHE.replace(std::ptr::null_mut());
    let object: *mut PySliceObject = if cached.is_null() {
        memory::new_gc_object(&PySlice_Type, size_of::<PySliceObject>())?
    } else {
        cached
    };
    // SAFETY: fresh or cached memory of a slice.
    unsafe {
        (*object).ob_base.ob_refcnt.set(1);
        (*object).start.set(start.into_raw());
        (*object).stop.set(stop.into_raw());
        (*object).step.set(step.into_raw());
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

/// The positions that a slice takes from a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: isize,
    pub stop: isize,
    pub step: isize,
    /// How many positions.
    pub length: isize,
}

impl Span {
    /// The positions in order.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..self.length).map(move |nth| (self.start + nth * self.step) as usize)
    }
}

/// `_PyEval_SliceIndex`.
fn bound(value: &PyObject, default: isize) -> PyResult<isize> {
    if value.is_none() {
        return Ok(default);
    }
    if !abstract_::has_index(value) {
        return Err(type_error(
            "slice indices must be integers or None or have an __index__ method",
        ));
    }
    abstract_::as_ssize(value, None)
}

/// `PySlice_Unpack`: start, stop and step before they are fitted to a length.
pub fn unpack(slice: &PySliceObject) -> PyResult<(isize, isize, isize)> {
    let step = bound(slice.step.expect_ref(), 1)?;
    if step == 0 {
        return Err(value_error("slice step cannot be zero"));
    }
    let step = step.max(-isize::MAX);
    let start = bound(
        slice.start.expect_ref(),
        if step < 0 { isize::MAX } else { 0 },
    )?;
    let stop = bound(
        slice.stop.expect_ref(),
        if step < 0 { isize::MIN } else { isize::MAX },
    )?;
    Ok((start, stop, step))
}

/// `PySlice_AdjustIndices`.
pub fn adjust(length: isize, start: isize, stop: isize, step: isize) -> Span {
    let fit = |value: isize| {
        if value < 0 {
            let value = value.saturating_add(length);
            if value < 0 {
                if step < 0 { -1 } else { 0 }
            } else {
                value
            }
        } else if value >= length {
            if step < 0 { length - 1 } else { length }
        } else {
            value
        }
    };
    let (start, stop) = (fit(start), fit(stop));
    let count = if step < 0 {
        if stop < start {
            (start - stop - 1) / -step + 1
        } else {
            0
        }
    } else if start < stop {
        (stop - start - 1) / step + 1
    } else {
        0
    };
    Span {
        start,
        stop,
        step,
        length: count,
    }
}

/// The positions that the slice takes from a sequence. Its length is asked for only when the code of the
/// slice's parts, which may change it, has run.
pub fn indices(slice: &PySliceObject, length: impl FnOnce() -> isize) -> PyResult<Span> {
    let (start, stop, step) = unpack(slice)?;
    Ok(adjust(length(), start, stop, step))
}

unsafe fn slice_dealloc(slice: *mut PySliceObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::untrack(slice.cast());
        (*slice).step.clear();
        (*slice).start.clear();
        (*slice).stop.clear();
        if CACHE.get().is_null() {
            CACHE.set(slice);
        } else {
            memory::gc_del(slice.cast());
        }
    }
}

fn slice_repr(slice: &PySliceObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("slice(");
    for (index, field) in [&slice.start, &slice.stop, &slice.step]
        .into_iter()
        .enumerate()
    {
        if index > 0 {
            writer.push_str(", ");
        }
        writer.push(&object::repr(field.expect_ref())?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn slice_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("slice", kwargs)?;
    let items = tuple::items(args);
    call::check_positional("slice", items.len(), 1, 3)?;
    let own = |index: usize| items.get(index).map_or_else(none, |value| Own::new(*value));
    let made = if items.len() == 1 {
        new(none(), own(0), none())?
    } else {
        new(own(0), own(1), own(2))?
    };
    Ok(made.upcast())
}

fn slice_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<PySliceObject>(),
        b.downcast_ref::<PySliceObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if std::ptr::eq(a, b) {
        return Ok(crate::singletons::bool_object(matches!(
            op,
            Py_EQ | Py_LE | Py_GE
        )));
    }
    let as_tuple = |slice: &PySliceObject| {
        tuple::pack(&[
            slice.start.expect_ref(),
            slice.stop.expect_ref(),
            slice.step.expect_ref(),
        ])
    };
    object::rich_compare(as_tuple(x)?.as_object(), as_tuple(y)?.as_object(), op)
}

/// Whether every bound is None or an int that fits an index.
fn has_small_bounds(slice: &PySliceObject) -> bool {
    [&slice.start, &slice.stop, &slice.step]
        .iter()
        .all(|field| {
            let bound = field.expect_ref();
            bound.is_none()
                || bound
                    .downcast_ref::<PyLongObject>()
                    .is_some_and(|bound| crate::long::to_i64(bound).is_some())
        })
}

/// A bound of any size as an int; none where it is None.
fn any_bound(value: &PyObject) -> PyResult<Option<Own>> {
    if value.is_none() {
        return Ok(None);
    }
    if !abstract_::has_index(value) {
        return Err(type_error(
            "slice indices must be integers or None or have an __index__ method",
        ));
    }
    Ok(Some(abstract_::index(value)?.upcast()))
}

/// `_PySlice_GetLongIndices`: the positions where length or bounds may be of any size.
fn huge_indices(slice: &PySliceObject, length: &PyObject) -> PyResult {
    let is_less = |a: &PyObject, b: &PyObject| object::rich_compare_bool(a, b, Py_LT);
    let (zero, one) = (crate::long::from_isize(0)?, crate::long::from_isize(1)?);
    let step = any_bound(slice.step.expect_ref())?.unwrap_or_else(|| one.clone());
    if object::equal(&step, &zero)? {
        return Err(value_error("slice step cannot be zero"));
    }
    let goes_back = is_less(&step, &zero)?;
    let (lower, upper) = match goes_back {
        true => (
            crate::long::from_isize(-1)?,
            abstract_::subtract(length, &one)?,
        ),
        false => (zero.clone(), Own::new(length)),
    };
    let fit = |bound: Option<Own>, default: &Own| -> PyResult {
        let Some(bound) = bound else {
            return Ok(default.clone());
        };
        if is_less(&bound, &zero)? {
            let from_end = abstract_::add(&bound, length)?;
            return match is_less(&from_end, &lower)? {
                true => Ok(lower.clone()),
                false => Ok(from_end),
            };
        }
        match is_less(&upper, &bound)? {
            true => Ok(upper.clone()),
            false => Ok(bound),
        }
    };
    let (first, last) = match goes_back {
        true => (&upper, &lower),
        false => (&lower, &upper),
    };
    let start = fit(any_bound(slice.start.expect_ref())?, first)?;
    let stop = fit(any_bound(slice.stop.expect_ref())?, last)?;
    Ok(tuple::from_vec(vec![start, stop, step])?.upcast())
}

fn slice_indices(slice: &PySliceObject, length: &PyObject) -> PyResult {
    let length = abstract_::index(length)?;
    if length.ob_size.get() < 0 {
        return Err(value_error("length should not be negative"));
    }
    let Some(small) = crate::long::to_i64(&length).filter(|_| has_small_bounds(slice)) else {
        return huge_indices(slice, length.as_object());
    };
    let span = indices(slice, || small as isize)?;
    let parts = [span.start, span.stop, span.step];
    let parts: PyResult<Vec<Own>> = parts.into_iter().map(crate::long::from_isize).collect();
    Ok(tuple::from_vec(parts?)?.upcast())
}

fn slice_reduce(slice: &PySliceObject) -> PyResult {
    let args = tuple::pack(&[
        slice.start.expect_ref(),
        slice.stop.expect_ref(),
        slice.step.expect_ref(),
    ])?;
    Ok(tuple::pack(&[PySlice_Type.as_object(), args.as_object()])?.upcast())
}

fn slice_traverse(slice: &PySliceObject, visitor: &mut Visitor) {
    visitor.field(&slice.start);
    visitor.field(&slice.stop);
    visitor.field(&slice.step);
}

members! {
    static MEMBERS:
    "start" => T_OBJECT, offset_of!(PySliceObject, start), READONLY;
    "stop" => T_OBJECT, offset_of!(PySliceObject, stop), READONLY;
    "step" => T_OBJECT, offset_of!(PySliceObject, step), READONLY;
}

methods! {
    static METHODS:
    "indices" => o(slice_indices);
    "__reduce__" => noargs(slice_reduce);
}

static_type! {
    /// `slice`.
    PySlice_Type = "slice", size size_of::<PySliceObject>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc slice_dealloc),
    tp_repr: slot!(unary slice_repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse slice_traverse),
    tp_richcompare: slot!(richcmp slice_richcompare),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_new: slot!(new slice_new),
}
