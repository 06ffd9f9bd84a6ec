//! Where the items of a view lie, and the walks over them.

use super::format::Format;
use crate::buffer::{self, Order};
use crate::errors::{PyResult, index_error};
use crate::list;
use twinheap_abi::*;

/// How many items each dimension has; none where there is a single item.
pub fn shape(view: &Py_buffer) -> &[isize] {
    // SAFETY: a view with full information has a size for each of its dimensions.
    unsafe { array(view.shape, view) }
}

/// How far apart the items of each dimension lie, in bytes.
pub fn strides(view: &Py_buffer) -> &[isize] {
    // SAFETY: a view with full information has a stride for each of its dimensions.
    unsafe { array(view.strides, view) }
}

/// # Safety
/// The array is null or as long as the view has dimensions.
unsafe fn array(array: *const isize, view: &Py_buffer) -> &[isize] {
    if view.ndim == 0 {
        return &[];
    }
    assert!(!array.is_null(), "a view of full information");
    // SAFETY: by contract.
    unsafe { std::slice::from_raw_parts(array, view.ndim as usize) }
}

/// Items of the first dimension; one where there is none.
pub fn length(view: &Py_buffer) -> usize {
    shape(view).first().map_or(1, |size| *size as usize)
}

/// `equiv_shape`: the same sizes, up to the first that is zero.
pub fn same_shape(left: &Py_buffer, right: &Py_buffer) -> bool {
    let (left, right) = (shape(left), shape(right));
    let compared = left
        .iter()
        .position(|size| *size == 0)
        .map_or(left.len(), |zero| zero + 1);
    left.len() == right.len() && left[..compared] == right[..compared]
}

/// `lookup_dimension`: from the place of a row to that of one of its parts.
pub fn step(view: &Py_buffer, place: *mut u8, dimension: usize, index: isize) -> PyResult<*mut u8> {
    let size = shape(view)[dimension];
    let index = if index < 0 { index + size } else { index };
    if !(0..size).contains(&index) {
        return Err(index_error(format_args!(
            "index out of bounds on dimension {}",
            dimension + 1
        )));
    }
    Ok(place.wrapping_offset(index * strides(view)[dimension]))
}

/// Where the item of the indices lies, one for each dimension.
pub fn place(view: &Py_buffer, indices: &[isize]) -> PyResult<*mut u8> {
    let mut place = view.buf.cast::<u8>();
    for (dimension, index) in indices.iter().enumerate() {
        place = step(view, place, dimension, *index)?;
    }
    Ok(place)
}

/// The bytes of the item at a place.
pub fn bytes_at(view: &Py_buffer, place: *mut u8) -> &[u8] {
    // SAFETY: the place is that of an item, and the exporter keeps the memory where it is.
    unsafe { std::slice::from_raw_parts(place, view.itemsize as usize) }
}

/// Goes over all items, the last index running fastest in C's order, the first in Fortran's.
fn walk(view: &Py_buffer, order: Order, visit: &mut dyn FnMut(*mut u8)) {
    let mut axes: Vec<(isize, isize)> = shape(view)
        .iter()
        .copied()
        .zip(strides(view).iter().copied())
        .collect();
    if order == Order::Fortran {
        axes.reverse();
    }
    walk_axes(view.buf.cast(), &axes, visit);
}

fn walk_axes(place: *mut u8, axes: &[(isize, isize)], visit: &mut dyn FnMut(*mut u8)) {
    let Some(((size, stride), inner)) = axes.split_first() else {
        return visit(place);
    };
    for index in 0..*size {
        walk_axes(place.wrapping_offset(index * stride), inner, visit);
    }
}

/// The bytes of all items, one behind the other.
pub fn contents(view: &Py_buffer, order: Order) -> Vec<u8> {
    if view.len == 0 {
        return Vec::new();
    }
    if buffer::is_contiguous(view, order) {
        // SAFETY: the items lie in one piece, in the order asked for.
        return unsafe { std::slice::from_raw_parts(view.buf.cast(), view.len as usize) }.to_vec();
    }
    let mut out = Vec::with_capacity(view.len as usize);
    walk(view, order, &mut |place| {
        out.extend_from_slice(bytes_at(view, place));
    });
    out
}

/// Writes all items, whose bytes are given in C's order.
pub fn fill(view: &Py_buffer, contents: &[u8]) {
    let mut items = contents.chunks_exact(view.itemsize as usize);
    walk(view, Order::C, &mut |place| {
        let item = items.next().expect("as many items as the view has");
        // SAFETY: the place is that of an item, in memory that may be written.
        unsafe { std::ptr::copy_nonoverlapping(item.as_ptr(), place, item.len()) };
    });
}

/// The items as objects, in a list for each dimension.
pub fn to_list(view: &Py_buffer, format: Format) -> PyResult {
    list_from(view, format, 0, view.buf.cast())
}

fn list_from(view: &Py_buffer, format: Format, dimension: usize, place: *mut u8) -> PyResult {
    let Some(size) = shape(view).get(dimension) else {
        return format.unpack(bytes_at(view, place));
    };
    let made = list::new(*size as usize)?;
    for index in 0..*size {
        let part = place.wrapping_offset(index * strides(view)[dimension]);
        list::append_take(&made, list_from(view, format, dimension + 1, part)?)?;
    }
    Ok(made.upcast())
}

/// Whether a test holds for every pair of items of two views of the same shape.
pub fn all_pairs(
    left: &Py_buffer,
    right: &Py_buffer,
    mut test: impl FnMut(&[u8], &[u8]) -> PyResult<bool>,
) -> PyResult<bool> {
    let mut places = Vec::new();
    walk(right, Order::C, &mut |place| places.push(place));
    let mut others = places.into_iter();
    let mut answer = Ok(true);
    walk(left, Order::C, &mut |place| {
        let other = others.next().expect("as many items");
        if let Ok(true) = answer {
            answer = test(bytes_at(left, place), bytes_at(right, other));
        }
    });
    answer
}
