//! An array as a sequence: its items, slices, comparison, iterator, and the buffer it exports.

use super::items::{self, Description};
use super::{ArrayObject, Arraytype, bad_argument, from_bytes, new_array};
use crate::prelude::*;
use twinheap_objects::buffer::{PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES};

pub fn length(this: &ArrayObject) -> PyResult<usize> {
    Ok(this.len())
}

pub fn item(this: &ArrayObject, at: isize) -> PyResult {
    if at < 0 || at as usize >= this.len() {
        return Err(index_error("array index out of range"));
    }
    this.item(at as usize)
}

pub fn assign_item(this: &ArrayObject, at: isize, value: Option<&PyObject>) -> PyResult<()> {
    if at < 0 || at as usize >= this.len() {
        return Err(index_error("array assignment index out of range"));
    }
    match value {
        Some(value) => this.set(at as usize, value),
        None => this.delete(at as usize, at as usize + 1),
    }
}

pub fn contains(this: &ArrayObject, value: &PyObject) -> PyResult<bool> {
    let mut at = 0;
    while at < this.len() {
        if object::equal(&*this.item(at)?, value)? {
            return Ok(true);
        }
        at += 1;
    }
    Ok(false)
}

pub fn concat(this: &ArrayObject, other: &PyObject) -> PyResult {
    let Some(other) = other.downcast_ref::<ArrayObject>() else {
        return Err(type_error(format_args!(
            "can only append array (not \"{:.200}\") to array",
            other.type_().name()
        )));
    };
    let description = this.description();
    if !same_kind(description, other.description()) {
        return Err(bad_argument());
    }
    let made = new_array(&Arraytype, this.len() + other.len(), description)?;
    made.write(0, this.data());
    made.write(this.data().len(), other.data());
    Ok(made.upcast())
}

fn same_kind(a: &'static Description, b: &'static Description) -> bool {
    std::ptr::eq(a, b)
}

pub fn repeat(this: &ArrayObject, times: isize) -> PyResult {
    let times = times.max(0) as usize;
    let count = this
        .len()
        .checked_mul(times)
        .filter(|count| *count <= isize::MAX as usize)
        .ok_or_else(errors::no_memory)?;
    let made = new_array(&Arraytype, count, this.description())?;
    let piece = this.data();
    if !piece.is_empty() {
        (0..times).for_each(|round| made.write(round * piece.len(), piece));
    }
    Ok(made.upcast())
}

pub fn inplace_repeat(this: &ArrayObject, times: isize) -> PyResult {
    let count = this.len();
    if count > 0 && times != 1 {
        let times = times.max(0) as usize;
        let size = count * this.description().size();
        if size
            .checked_mul(times)
            .is_none_or(|total| total > isize::MAX as usize)
        {
            return Err(errors::no_memory());
        }
        this.resize(times * count)?;
        (1..times).for_each(|round| this.move_bytes(0, round * size, size));
    }
    Ok(Own::new(this).upcast())
}

pub fn inplace_concat(this: &ArrayObject, other: &PyObject) -> PyResult {
    if other.downcast_ref::<ArrayObject>().is_none() {
        return Err(type_error(format_args!(
            "can only extend array with array (not \"{:.200}\")",
            other.type_().name()
        )));
    }
    extend(this, other)?;
    Ok(Own::new(this).upcast())
}

/// `array_do_extend`.
pub fn extend(this: &ArrayObject, other: &PyObject) -> PyResult<()> {
    let Some(other) = other.downcast_ref::<ArrayObject>() else {
        return extend_from_iterable(this, other);
    };
    if !same_kind(this.description(), other.description()) {
        return Err(type_error("can only extend with array of same kind"));
    }
    let (old, count) = (this.len(), other.len());
    let size = this.description().size();
    this.resize(old + count)?;
    // The other array may be this one, whose block has moved.
    let data = &other.data()[..count * size];
    this.write(old * size, data);
    Ok(())
}

/// `array_iter_extend`.
pub fn extend_from_iterable(this: &ArrayObject, iterable: &PyObject) -> PyResult<()> {
    let iterator = abstract_::get_iter(iterable)?;
    while let Some(value) = abstract_::next(&iterator)? {
        this.insert(this.len() as isize, &value)?;
    }
    Ok(())
}

/// `array_subscr`.
pub fn subscript(this: &ArrayObject, key: &PyObject) -> PyResult {
    if let Some(at) = abstract_::index_or_slice(key)? {
        return item(this, if at < 0 { at + this.len() as isize } else { at });
    }
    let Some(slice) = key.downcast_ref::<PySliceObject>() else {
        return Err(type_error("array indices must be integers"));
    };
    let (start, stop, step) = slice::unpack(slice)?;
    let span = slice::adjust(this.len() as isize, start, stop, step);
    let mut picked = Vec::new();
    twinheap_objects::memory::reserve(
        &mut picked,
        span.length as usize * this.description().size(),
    )?;
    span.positions()
        .for_each(|at| picked.extend_from_slice(this.raw(at)));
    Ok(from_bytes(&picked, this.description())?.upcast())
}

/// `array_ass_subscr`.
pub fn assign_subscript(
    this: &ArrayObject,
    key: &PyObject,
    value: Option<&PyObject>,
) -> PyResult<()> {
    let (start, stop, step) = match abstract_::index_or_slice(key)? {
        Some(at) => {
            let at = if at < 0 { at + this.len() as isize } else { at };
            if at < 0 || at as usize >= this.len() {
                return Err(index_error("array assignment index out of range"));
            }
            if let Some(value) = value {
                return this.set(at as usize, value);
            }
            (at, at + 1, 1)
        }
        None => match key.downcast_ref::<PySliceObject>() {
            Some(slice) => slice::unpack(slice)?,
            None => return Err(type_error("array indices must be integers")),
        },
    };
    let span = slice::adjust(this.len() as isize, start, stop, step);
    // The items are copied, for the value may be the array itself.
    let data = match value {
        None => Vec::new(),
        Some(value) => {
            let Some(other) = value.downcast_ref::<ArrayObject>() else {
                return Err(type_error(format_args!(
                    "can only assign array (not \"{:.200}\") to array slice",
                    value.type_().name()
                )));
            };
            if !same_kind(this.description(), other.description()) {
                return Err(bad_argument());
            }
            twinheap_objects::memory::copied(other.data())?
        }
    };
    let needed = data.len() / this.description().size();
    if needed == 0 || span.length as usize != needed {
        this.refuse_resize()?;
    }
    if step == 1 {
        return splice(this, span.start as usize, span.length as usize, &data);
    }
    if needed == 0 {
        return delete_steps(this, &span.positions().collect::<Vec<_>>());
    }
    if needed != span.length as usize {
        return Err(value_error(format_args!(
            "attempt to assign array of size {needed} to extended slice of size {}",
            span.length
        )));
    }
    let size = this.description().size();
    for (at, raw) in span.positions().zip(data.chunks_exact(size)) {
        this.write(at * size, raw);
    }
    Ok(())
}

/// Puts items in the place of `count` others.
fn splice(this: &ArrayObject, start: usize, count: usize, data: &[u8]) -> PyResult<()> {
    let size = this.description().size();
    let (old, needed) = (this.len(), data.len() / size);
    let behind = (old - start - count) * size;
    if count > needed {
        this.move_bytes((start + count) * size, (start + needed) * size, behind);
        this.resize(old + needed - count)?;
    } else if count < needed {
        this.resize(old + needed - count)?;
        this.move_bytes((start + count) * size, (start + needed) * size, behind);
    }
    this.write(start * size, data);
    Ok(())
}

/// Takes the items at some positions out.
fn delete_steps(this: &ArrayObject, positions: &[usize]) -> PyResult<()> {
    let size = this.description().size();
    let mut gone = vec![false; this.len()];
    positions.iter().for_each(|at| gone[*at] = true);
    let kept: Vec<u8> = this
        .data()
        .chunks_exact(size)
        .zip(&gone)
        .filter(|(_, gone)| !**gone)
        .flat_map(|(raw, _)| raw.iter().copied())
        .collect();
    this.write(0, &kept);
    this.resize(kept.len() / size)
}

/// `array_richcompare`.
pub fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    let (Some(a), Some(b)) = (
        a.downcast_ref::<ArrayObject>(),
        b.downcast_ref::<ArrayObject>(),
    ) else {
        return Ok(not_implemented());
    };
    if a.len() != b.len() && (op == Py_EQ || op == Py_NE) {
        return Ok(bool_object(op == Py_NE));
    }
    let description = a.description();
    let floats = matches!(description.typecode, b'f' | b'd');
    if same_kind(description, b.description()) && !floats {
        let order = items::compare(description, a.data(), b.data());
        return Ok(object::compare_result(
            order.then(a.len().cmp(&b.len())),
            op,
        ));
    }
    let mut at = 0;
    while at < a.len() && at < b.len() {
        let (x, y) = (a.item(at)?, b.item(at)?);
        if !object::equal(&x, &y)? {
            return match op {
                Py_EQ => Ok(bool_object(false)),
                Py_NE => Ok(bool_object(true)),
                _ => object::rich_compare(&x, &y, op),
            };
        }
        at += 1;
    }
    Ok(object::compare_result(a.len().cmp(&b.len()), op))
}

/// What an empty array's buffer points to.
static EMPTY: [u8; 1] = [0];

/// `array_buffer_getbuf`.
pub unsafe extern "C" fn getbuffer(
    this: *mut PyObject,
    view: *mut Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: called with a live array and a valid view.
    unsafe {
        let array: &ArrayObject = twinheap_objects::own::arg(this);
        let view = &mut *view;
        let description = array.description();
        view.obj = Own::new(array).into_raw().cast();
        view.buf = match array.ob_item.get() {
            block if block.is_null() => EMPTY.as_ptr().cast_mut().cast(),
            block => block.cast(),
        };
        view.len = (array.len() * description.size()) as isize;
        view.readonly = 0;
        view.ndim = 1;
        view.itemsize = description.itemsize as isize;
        view.suboffsets = std::ptr::null_mut();
        view.internal = std::ptr::null_mut();
        view.shape = std::ptr::null_mut();
        view.strides = std::ptr::null_mut();
        view.format = std::ptr::null_mut();
        if flags & PyBUF_ND == PyBUF_ND {
            view.shape = array.ob_base.ob_size.as_ptr();
        }
        if flags & PyBUF_STRIDES == PyBUF_STRIDES {
            view.strides = &mut view.itemsize;
        }
        if flags & PyBUF_FORMAT == PyBUF_FORMAT {
            view.format = description.format.as_ptr().cast_mut().cast();
        }
        array.ob_exports.set(array.ob_exports.get() + 1);
        0
    }
}

pub unsafe extern "C" fn releasebuffer(this: *mut PyObject, _: *mut Py_buffer) {
    // SAFETY: called with the live array that exported the view.
    let array: &ArrayObject = unsafe { twinheap_objects::own::arg(this) };
    array.ob_exports.set(array.ob_exports.get() - 1);
}

object_struct! {
    /// `arrayiterobject`.
    pub struct ArrayIterator {
        index: Cell<isize>,
        ao: Pointer<ArrayObject>,
        getitem: Cell<usize>,
    }
}

pub fn iter(this: &ArrayObject) -> PyResult {
    let made: *mut ArrayIterator =
        twinheap_objects::memory::new_gc_object(&ArrayIterType, size_of::<ArrayIterator>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*made).index.set(0);
        (*made).ao.set(Own::new(this).into_raw());
        (*made).getitem.set(0);
        twinheap_objects::memory::track(made.cast());
        Ok(Own::from_raw(made).upcast())
    }
}

fn iter_next(this: &ArrayIterator) -> PyResult<Option<Own>> {
    let Some(array) = Field::own(&this.ao) else {
        return Ok(None);
    };
    let index = this.index.get() as usize;
    if index < array.len() {
        this.index.set(index as isize + 1);
        return array.item(index).map(Some);
    }
    this.ao.clear();
    Ok(None)
}

fn iter_reduce(this: &ArrayIterator) -> PyResult {
    let function = import_hook::builtin("iter")?;
    match Field::own(&this.ao) {
        None => {
            let nothing = tuple::pack(&[tuple::empty().as_object()])?;
            Ok(tuple::from_vec(vec![function, nothing.upcast()])?.upcast())
        }
        Some(array) => {
            let args = tuple::pack(&[array.as_object()])?;
            let index = long::from_isize(this.index.get())?;
            Ok(tuple::from_vec(vec![function, args.upcast(), index])?.upcast())
        }
    }
}

fn iter_setstate(this: &ArrayIterator, state: &PyObject) -> PyResult {
    let index = long::exact_ssize(state)?;
    let most = this.ao.as_ref().map_or(0, |array| array.len() as isize);
    this.index.set(index.clamp(0, most));
    Ok(none())
}

methods! {
    static ITER_METHODS:
    "__reduce__" => method_noargs(iter_reduce, "($self, /)");
    "__setstate__" => o(iter_setstate, "($self, state, /)");
}

static_type! {
    /// `array.arrayiterator`.
    ArrayIterType = "array.arrayiterator", size size_of::<ArrayIterator>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc ArrayIterator::dealloc),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse ArrayIterator::traverse),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext iter_next),
    tp_methods: ITER_METHODS.as_ptr(),
}
