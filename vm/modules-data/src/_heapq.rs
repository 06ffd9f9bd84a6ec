//! `_heapq` (`Modules/_heapqmodule.c`): binary heaps in lists, smallest first, or largest first for the
//! private functions.

use crate::prelude::*;

/// Which of two items comes up: the smaller one, or the larger one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Smallest,
    Largest,
}

impl Order {
    /// Whether the first item belongs above the second.
    fn above(self, first: &PyObject, second: &PyObject) -> PyResult<bool> {
        match self {
            Order::Smallest => object::rich_compare_bool(first, second, Py_LT),
            Order::Largest => object::rich_compare_bool(second, first, Py_LT),
        }
    }
}

fn length(heap: &PyListObject) -> usize {
    heap.ob_size.get() as usize
}

fn item(heap: &PyListObject, index: usize) -> Own {
    Own::new(list::items(heap)[index])
}

fn swap(heap: &PyListObject, a: usize, b: usize) {
    assert!(a < length(heap) && b < length(heap));
    // SAFETY: both items lie in the list's block.
    unsafe {
        let block = heap.ob_item.get();
        std::ptr::swap(block.add(a), block.add(b));
    }
}

/// Puts another item in the first place, and hands over what was there.
fn replace_first(heap: &PyListObject, value: Own) -> Own {
    assert!(length(heap) > 0);
    // SAFETY: the list owns its items; the references trade places.
    unsafe { Own::from_raw(std::ptr::replace(heap.ob_item.get(), value.into_raw())) }
}

fn out_of_range() -> errors::Raised {
    index_error("index out of range")
}

fn check_length(heap: &PyListObject, expected: usize) -> PyResult<()> {
    if length(heap) != expected {
        return Err(runtime_error("list changed size during iteration"));
    }
    Ok(())
}

fn sift_down(heap: &PyListObject, start: usize, from: usize, order: Order) -> PyResult<()> {
    let size = length(heap);
    if from >= size {
        return Err(out_of_range());
    }
    let mut position = from;
    while position > start {
        let parent_position = (position - 1) >> 1;
        let (new, parent) = (item(heap, position), item(heap, parent_position));
        let above = order.above(&new, &parent)?;
        drop((new, parent));
        check_length(heap, size)?;
        if !above {
            break;
        }
        swap(heap, parent_position, position);
        position = parent_position;
    }
    Ok(())
}

fn sift_up(heap: &PyListObject, from: usize, order: Order) -> PyResult<()> {
    let end = length(heap);
    if from >= end {
        return Err(out_of_range());
    }
    let limit = end >> 1;
    let mut position = from;
    while position < limit {
        let mut child = 2 * position + 1;
        if child + 1 < end {
            let (first, second) = (item(heap, child), item(heap, child + 1));
            let first_above = order.above(&first, &second)?;
            drop((first, second));
            child += usize::from(!first_above);
            check_length(heap, end)?;
        }
        swap(heap, child, position);
        position = child;
    }
    sift_down(heap, from, position, order)
}

fn as_heap<'a>(object: &'a PyObject, function: &str, single: bool) -> PyResult<&'a PyListObject> {
    object.downcast_ref::<PyListObject>().ok_or_else(|| {
        type_error(format_args!(
            "{function}() argument{} must be list, not {}",
            if single { "" } else { " 1" },
            unicode::type_name_or_none(object)
        ))
    })
}

fn heap_and_item<'a>(
    args: &'a [&'a PyObject],
    function: &str,
) -> PyResult<(&'a PyListObject, &'a PyObject)> {
    call::check_positional(function, args.len(), 2, 2)?;
    Ok((as_heap(args[0], function, false)?, args[1]))
}

fn heappush(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (heap, value) = heap_and_item(args, "heappush")?;
    list::append(heap, value)?;
    sift_down(heap, 0, length(heap) - 1, Order::Smallest)?;
    Ok(none())
}

fn pop(heap: &PyListObject, order: Order) -> PyResult {
    let count = length(heap);
    if count == 0 {
        return Err(out_of_range());
    }
    let last = item(heap, count - 1);
    list::splice(heap, count - 1, count, &[])?;
    if count == 1 {
        return Ok(last);
    }
    let top = replace_first(heap, last);
    sift_up(heap, 0, order)?;
    Ok(top)
}

fn replace(heap: &PyListObject, value: &PyObject, order: Order) -> PyResult {
    if length(heap) == 0 {
        return Err(out_of_range());
    }
    let top = replace_first(heap, Own::new(value));
    sift_up(heap, 0, order)?;
    Ok(top)
}

fn heappop(_: &PyObject, heap: &PyObject) -> PyResult {
    pop(as_heap(heap, "heappop", true)?, Order::Smallest)
}

fn heappop_max(_: &PyObject, heap: &PyObject) -> PyResult {
    pop(as_heap(heap, "_heappop_max", true)?, Order::Largest)
}

fn heapreplace(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (heap, value) = heap_and_item(args, "heapreplace")?;
    replace(heap, value, Order::Smallest)
}

fn heapreplace_max(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (heap, value) = heap_and_item(args, "_heapreplace_max")?;
    replace(heap, value, Order::Largest)
}

fn heappushpop(_: &PyObject, args: &[&PyObject]) -> PyResult {
    let (heap, value) = heap_and_item(args, "heappushpop")?;
    if length(heap) == 0 {
        return Ok(Own::new(value));
    }
    let top = item(heap, 0);
    let smaller = object::rich_compare_bool(&top, value, Py_LT)?;
    drop(top);
    if !smaller {
        return Ok(Own::new(value));
    }
    replace(heap, value, Order::Smallest)
}

/// The heights of a large heap are worked off child first, while the items are near.
fn heapify_large(heap: &PyListObject, order: Order) -> PyResult<()> {
    let inner = length(heap) >> 1;
    let leftmost = (1 << (inner + 1).ilog2()) - 1;
    let half = inner >> 1;
    let climb = |from: usize| -> PyResult<()> {
        let mut position = from;
        loop {
            sift_up(heap, position, order)?;
            if position & 1 == 0 {
                return Ok(());
            }
            position >>= 1;
        }
    };
    (half..leftmost).rev().try_for_each(climb)?;
    (leftmost..inner).rev().try_for_each(climb)
}

fn heapify_in(heap: &PyListObject, order: Order) -> PyResult {
    const LARGE: usize = 2500;
    let count = length(heap);
    if count > LARGE {
        heapify_large(heap, order)?;
    } else {
        (0..count >> 1)
            .rev()
            .try_for_each(|position| sift_up(heap, position, order))?;
    }
    Ok(none())
}

fn heapify(_: &PyObject, heap: &PyObject) -> PyResult {
    heapify_in(as_heap(heap, "heapify", true)?, Order::Smallest)
}

fn heapify_max(_: &PyObject, heap: &PyObject) -> PyResult {
    heapify_in(as_heap(heap, "_heapify_max", true)?, Order::Largest)
}

methods! {
    static FUNCTIONS:
    "heappush" => fast(heappush, "($module, heap, item, /)");
    "heappushpop" => fast(heappushpop, "($module, heap, item, /)");
    "heappop" => o(heappop, "($module, heap, /)");
    "heapreplace" => fast(heapreplace, "($module, heap, item, /)");
    "heapify" => o(heapify, "($module, heap, /)");
    "_heappop_max" => o(heappop_max, "($module, heap, /)");
    "_heapify_max" => o(heapify_max, "($module, heap, /)");
    "_heapreplace_max" => fast(heapreplace_max, "($module, heap, item, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build("_heapq", FUNCTIONS, &[])
}
