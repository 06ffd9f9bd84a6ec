//! product, combinations, combinations_with_replacement and permutations.
//!
//! Each keeps the positions of its last result; the result tuple is used again where nobody else has it.

use super::filters::iterator_type;
use crate::prelude::*;

object_struct! {
    /// `productobject`.
    pub struct ProductObject {
        pools: Pointer<PyTupleObject>,
        indices: Numbers,
        result: Pointer<PyTupleObject>,
        stopped: Cell<c_int>,
    }
}

object_struct! {
    /// `combinationsobject` and `cwrobject`.
    pub struct CombinationsObject {
        pool: Pointer<PyTupleObject>,
        indices: Numbers,
        result: Pointer<PyTupleObject>,
        r: Cell<isize>,
        stopped: Cell<c_int>,
    }
}

object_struct! {
    /// `permutationsobject`.
    pub struct PermutationsObject {
        pool: Pointer<PyTupleObject>,
        indices: Numbers,
        cycles: Numbers,
        result: Pointer<PyTupleObject>,
        r: Cell<isize>,
        stopped: Cell<c_int>,
    }
}

fn product_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let mut repeat = 1;
    if let Some(kwargs) = kwargs.filter(|kwargs| kwargs.ma_used.get() > 0) {
        match dict::get_literal(kwargs, "repeat")? {
            Some(value) if kwargs.ma_used.get() == 1 => repeat = unicode::ssize(&value)?,
            _ => {
                let key = dict::entries(kwargs).next().map(|(key, _)| Own::new(key));
                let key = key.map_or(String::new(), |key| key.repr_lossy());
                return Err(type_error(format_args!(
                    "{key} is an invalid keyword argument for product()"
                )));
            }
        }
        if repeat < 0 {
            return Err(value_error("repeat argument cannot be negative"));
        }
    }
    let given = tuple::items(args);
    let given = if repeat == 0 { &[][..] } else { given };
    let mut pools = Vec::new();
    for iterable in given {
        pools.push(tuple::from_iterable(iterable)?.upcast());
    }
    let Some(count) = pools
        .len()
        .checked_mul(repeat.max(1) as usize)
        .filter(|&n| n < isize::MAX as usize / 8)
    else {
        return Err(overflow_error("repeat argument too large"));
    };
    memory::probe(count.saturating_mul(16))?;
    let once = pools.len();
    for index in once..count {
        pools.push(pools[index % once].clone());
    }
    let made = ProductObject::alloc(type_)?;
    made.indices.set(&vec![0; count])?;
    made.pools.put(Some(tuple::from_vec(pools)?));
    Ok(made.upcast())
}

/// The items of one pool.
fn pool_items(pools: &PyTupleObject, index: usize) -> &[&PyObject] {
    tuple::items(pools)[index]
        .downcast_ref::<PyTupleObject>()
        .map_or(&[], tuple::items)
}

fn product_next(this: &ProductObject) -> PyResult<Option<Own>> {
    if this.stopped.get() != 0 {
        return Ok(None);
    }
    let pools = this.pools.expect_ref();
    let count = tuple::items(pools).len();
    // SAFETY: one position for each pool.
    let indices = unsafe { this.indices.get(count) };
    if this.result.get().is_null() {
        if (0..count).any(|index| pool_items(pools, index).is_empty()) {
            this.stopped.set(1);
            return Ok(None);
        }
    } else {
        let mut at = count;
        loop {
            if at == 0 {
                this.stopped.set(1);
                return Ok(None);
            }
            at -= 1;
            let next = indices[at].get() + 1;
            if (next as usize) < pool_items(pools, at).len() {
                indices[at].set(next);
                break;
            }
            indices[at].set(0);
        }
    }
    let items = indices.iter().enumerate();
    let items = items.map(|(index, at)| Own::new(pool_items(pools, index)[at.get() as usize]));
    super::reuse_result(&this.result, items.collect()).map(Some)
}

/// The positions as ints, for pickling.
fn positions(indices: &[Cell<isize>]) -> PyResult {
    let all: PyResult<Vec<Own>> = indices
        .iter()
        .map(|at| long::from_isize(at.get()))
        .collect();
    Ok(tuple::from_vec(all?)?.upcast())
}

fn product_reduce(this: &ProductObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    if this.stopped.get() != 0 {
        let empty = tuple::empty();
        let arguments = tuple::pack(&[empty.as_object()])?;
        return Ok(tuple::pack(&[type_, arguments.as_object()])?.upcast());
    }
    let pools = this.pools.expect_ref();
    if this.result.get().is_null() {
        return Ok(tuple::pack(&[type_, pools.as_object()])?.upcast());
    }
    // SAFETY: one position for each pool.
    let state = positions(unsafe { this.indices.get(tuple::items(pools).len()) })?;
    Ok(tuple::pack(&[type_, pools.as_object(), &state])?.upcast())
}

fn product_setstate(this: &ProductObject, state: &PyObject) -> PyResult {
    let pools = this.pools.expect_ref();
    let count = tuple::items(pools).len();
    let Some(state) = state
        .downcast_ref::<PyTupleObject>()
        .filter(|s| tuple::items(s).len() == count)
    else {
        return Err(value_error("invalid arguments"));
    };
    // SAFETY: one position for each pool.
    let indices = unsafe { this.indices.get(count) };
    let mut items = Vec::new();
    for (index, at) in tuple::items(state).iter().enumerate() {
        let pool = pool_items(pools, index);
        if pool.is_empty() {
            this.stopped.set(1);
            return Ok(none());
        }
        let at = long::exact_ssize(at)?.clamp(0, pool.len() as isize - 1);
        indices[index].set(at);
        items.push(Own::new(pool[at as usize]));
    }
    this.result.put(Some(tuple::from_vec(items)?));
    Ok(none())
}

fn product_sizeof(this: &ProductObject) -> PyResult {
    let basic = this.as_object().type_().tp_basicsize.get();
    long::from_isize(basic + 8 * tuple::items(this.pools.expect_ref()).len() as isize)
}

methods! {
    static PRODUCT_METHODS:
    "__reduce__" => noargs(product_reduce);
    "__setstate__" => o(product_setstate);
    "__sizeof__" => noargs(product_sizeof);
}

iterator_type!(
    /// `itertools.product`.
    product_type = "itertools.product", ProductObject, product_new, product_next, PRODUCT_METHODS
);

/// Pool and length of combinations.
fn combination_arguments(
    signature: &'static Signature,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult<(Own<PyTupleObject>, isize)> {
    let [iterable, r] = call::bind_tuple::<2>(signature, args, kwargs)?;
    let r = unicode::ssize(r.expect("required"))?;
    let pool = tuple::from_iterable(iterable.expect("required"))?;
    if r < 0 {
        return Err(value_error("r must be non-negative"));
    }
    Ok((pool, r))
}

fn combinations_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "combinations",
        parameters: &["iterable", "r"],
        required: 2,
        positional: 2,
    };
    let (pool, r) = combination_arguments(&SIGNATURE, args, kwargs)?;
    memory::probe((r as usize).saturating_mul(16))?;
    let made = CombinationsObject::alloc(type_)?;
    made.stopped
        .set(c_int::from(r > tuple::items(&pool).len() as isize));
    made.indices.set(&(0..r).collect::<Vec<isize>>())?;
    made.r.set(r);
    made.pool.put(Some(pool));
    Ok(made.upcast())
}

fn replacement_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "combinations_with_replacement",
        parameters: &["iterable", "r"],
        required: 2,
        positional: 2,
    };
    let (pool, r) = combination_arguments(&SIGNATURE, args, kwargs)?;
    memory::probe((r as usize).saturating_mul(16))?;
    let made = CombinationsObject::alloc(type_)?;
    made.stopped
        .set(c_int::from(tuple::items(&pool).is_empty() && r > 0));
    made.indices.set(&vec![0; r as usize])?;
    made.r.set(r);
    made.pool.put(Some(pool));
    Ok(made.upcast())
}

/// The next result, after `advance` has moved the positions; it says false at the end.
fn next_combination(
    this: &CombinationsObject,
    advance: impl FnOnce(&[Cell<isize>], isize) -> bool,
) -> PyResult<Option<Own>> {
    if this.stopped.get() != 0 {
        return Ok(None);
    }
    let pool = tuple::items(this.pool.expect_ref());
    // SAFETY: `r` positions.
    let indices = unsafe { this.indices.get(this.r.get() as usize) };
    if !this.result.get().is_null() && !advance(indices, pool.len() as isize) {
        this.stopped.set(1);
        return Ok(None);
    }
    let items = indices.iter().map(|at| Own::new(pool[at.get() as usize]));
    super::reuse_result(&this.result, items.collect()).map(Some)
}

fn combinations_next(this: &CombinationsObject) -> PyResult<Option<Own>> {
    next_combination(this, |indices, n| {
        let r = indices.len() as isize;
        let due = (0..indices.len())
            .rev()
            .find(|&i| indices[i].get() != i as isize + n - r);
        let Some(due) = due else {
            return false;
        };
        let first = indices[due].get() + 1;
        for (offset, at) in indices[due..].iter().enumerate() {
            at.set(first + offset as isize);
        }
        true
    })
}

fn replacement_next(this: &CombinationsObject) -> PyResult<Option<Own>> {
    next_combination(this, |indices, n| {
        let due = (0..indices.len())
            .rev()
            .find(|&i| indices[i].get() != n - 1);
        let Some(due) = due else {
            return false;
        };
        let value = indices[due].get() + 1;
        indices[due..].iter().for_each(|at| at.set(value));
        true
    })
}

fn combinations_reduce(this: &CombinationsObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let r = long::from_isize(this.r.get())?;
    let pool = this.pool.expect_ref().as_object();
    if this.stopped.get() != 0 {
        let empty = tuple::empty();
        let arguments = tuple::pack(&[empty.as_object(), &r])?;
        return Ok(tuple::pack(&[type_, arguments.as_object()])?.upcast());
    }
    let arguments = tuple::pack(&[pool, &r])?;
    if this.result.get().is_null() {
        return Ok(tuple::pack(&[type_, arguments.as_object()])?.upcast());
    }
    // SAFETY: `r` positions.
    let state = positions(unsafe { this.indices.get(this.r.get() as usize) })?;
    Ok(tuple::pack(&[type_, arguments.as_object(), &state])?.upcast())
}

fn set_combination(this: &CombinationsObject, state: &PyObject, apart: bool) -> PyResult {
    let r = this.r.get() as usize;
    let Some(state) = state
        .downcast_ref::<PyTupleObject>()
        .filter(|s| tuple::items(s).len() == r)
    else {
        return Err(value_error("invalid arguments"));
    };
    let pool = tuple::items(this.pool.expect_ref());
    // SAFETY: `r` positions.
    let indices = unsafe { this.indices.get(r) };
    let mut items = Vec::new();
    for (index, at) in tuple::items(state).iter().enumerate() {
        let top = match apart {
            true => index as isize + pool.len() as isize - r as isize,
            false => pool.len() as isize - 1,
        };
        let at = long::exact_ssize(at)?.min(top).max(0);
        indices[index].set(at);
        items.push(Own::new(pool[at as usize]));
    }
    this.result.put(Some(tuple::from_vec(items)?));
    Ok(none())
}

fn combinations_setstate(this: &CombinationsObject, state: &PyObject) -> PyResult {
    set_combination(this, state, true)
}

fn replacement_setstate(this: &CombinationsObject, state: &PyObject) -> PyResult {
    set_combination(this, state, false)
}

fn combinations_sizeof(this: &CombinationsObject) -> PyResult {
    long::from_isize(this.as_object().type_().tp_basicsize.get() + 8 * this.r.get())
}

methods! {
    static COMBINATIONS_METHODS:
    "__reduce__" => noargs(combinations_reduce);
    "__setstate__" => o(combinations_setstate);
    "__sizeof__" => noargs(combinations_sizeof);
}

methods! {
    static REPLACEMENT_METHODS:
    "__reduce__" => noargs(combinations_reduce);
    "__setstate__" => o(replacement_setstate);
    "__sizeof__" => noargs(combinations_sizeof);
}

iterator_type!(
    /// `itertools.combinations`.
    combinations_type = "itertools.combinations", CombinationsObject, combinations_new,
    combinations_next, COMBINATIONS_METHODS
);
iterator_type!(
    /// `itertools.combinations_with_replacement`.
    cwr_type = "itertools.combinations_with_replacement", CombinationsObject, replacement_new,
    replacement_next, REPLACEMENT_METHODS
);

fn permutations_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "permutations",
        parameters: &["iterable", "r"],
        required: 1,
        positional: 2,
    };
    let [iterable, r] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let pool = tuple::from_iterable(iterable.expect("required"))?;
    let n = tuple::items(&pool).len() as isize;
    let r = match r.filter(|r| !r.is_none()) {
        None => n,
        Some(r) if r.downcast_ref::<PyLongObject>().is_none() => {
            return Err(type_error("Expected int as r"));
        }
        Some(r) => unicode::ssize(r)?,
    };
    if r < 0 {
        return Err(value_error("r must be non-negative"));
    }
    memory::probe((r as usize).saturating_mul(16))?;
    let made = PermutationsObject::alloc(type_)?;
    made.indices.set(&(0..n).collect::<Vec<isize>>())?;
    made.cycles
        .set(&(0..r).map(|i| n - i).collect::<Vec<isize>>())?;
    made.r.set(r);
    made.stopped.set(c_int::from(r > n));
    made.pool.put(Some(pool));
    Ok(made.upcast())
}

fn permutations_next(this: &PermutationsObject) -> PyResult<Option<Own>> {
    if this.stopped.get() != 0 {
        return Ok(None);
    }
    let pool = tuple::items(this.pool.expect_ref());
    let (n, r) = (pool.len(), this.r.get() as usize);
    // SAFETY: a position for each item of the pool, a counter for each of the result.
    let (indices, cycles) = unsafe { (this.indices.get(n), this.cycles.get(r)) };
    if !this.result.get().is_null() && !advance_permutation(indices, cycles) {
        this.stopped.set(1);
        return Ok(None);
    }
    let items = indices[..r]
        .iter()
        .map(|at| Own::new(pool[at.get() as usize]));
    super::reuse_result(&this.result, items.collect()).map(Some)
}

fn advance_permutation(indices: &[Cell<isize>], cycles: &[Cell<isize>]) -> bool {
    if indices.is_empty() {
        return false;
    }
    for i in (0..cycles.len()).rev() {
        cycles[i].set(cycles[i].get() - 1);
        if cycles[i].get() != 0 {
            let j = indices.len() - cycles[i].get() as usize;
            indices[i].swap(&indices[j]);
            return true;
        }
        // The counter is through: the position goes to the end.
        let first = indices[i].get();
        for k in i..indices.len() - 1 {
            indices[k].set(indices[k + 1].get());
        }
        indices[indices.len() - 1].set(first);
        cycles[i].set((indices.len() - i) as isize);
    }
    false
}

fn permutations_reduce(this: &PermutationsObject) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let r = long::from_isize(this.r.get())?;
    if this.stopped.get() != 0 {
        let empty = tuple::empty();
        let arguments = tuple::pack(&[empty.as_object(), &r])?;
        return Ok(tuple::pack(&[type_, arguments.as_object()])?.upcast());
    }
    let pool = this.pool.expect_ref();
    let arguments = tuple::pack(&[pool.as_object(), &r])?;
    if this.result.get().is_null() {
        return Ok(tuple::pack(&[type_, arguments.as_object()])?.upcast());
    }
    // SAFETY: as for permutations_next.
    let (indices, cycles) = unsafe {
        (
            this.indices.get(tuple::items(pool).len()),
            this.cycles.get(this.r.get() as usize),
        )
    };
    let state = tuple::pack(&[&*positions(indices)?, &*positions(cycles)?])?;
    Ok(tuple::pack(&[type_, arguments.as_object(), state.as_object()])?.upcast())
}

fn permutations_setstate(this: &PermutationsObject, state: &PyObject) -> PyResult {
    let pool = tuple::items(this.pool.expect_ref());
    let (n, r) = (pool.len(), this.r.get() as usize);
    let Some(state) = state.downcast_ref::<PyTupleObject>() else {
        return Err(type_error("state is not a tuple"));
    };
    let &[given, counters] = tuple::items(state) else {
        return Err(type_error(format_args!(
            "function takes exactly 2 arguments ({} given)",
            tuple::items(state).len()
        )));
    };
    let part = |number: usize, part| {
        let wrong = |part: &PyObject| {
            let name = part.type_().name();
            type_error(format_args!(
                "argument {number} must be tuple, not {name:.50}"
            ))
        };
        PyObject::downcast_ref::<PyTupleObject>(part).ok_or_else(|| wrong(part))
    };
    let (given, counters) = (part(1, given)?, part(2, counters)?);
    if tuple::items(given).len() != n || tuple::items(counters).len() != r {
        return Err(value_error("invalid arguments"));
    }
    // SAFETY: as for permutations_next.
    let (indices, cycles) = unsafe { (this.indices.get(n), this.cycles.get(r)) };
    for (slot, value) in indices.iter().zip(tuple::items(given)) {
        slot.set(long::exact_ssize(value)?.clamp(0, n as isize - 1));
    }
    for (index, (slot, value)) in cycles.iter().zip(tuple::items(counters)).enumerate() {
        slot.set(long::exact_ssize(value)?.clamp(1, (n - index) as isize));
    }
    let items = indices[..r]
        .iter()
        .map(|at| Own::new(pool[at.get() as usize]));
    this.result.put(Some(tuple::from_vec(items.collect())?));
    Ok(none())
}

fn permutations_sizeof(this: &PermutationsObject) -> PyResult {
    let n = tuple::items(this.pool.expect_ref()).len() as isize;
    long::from_isize(this.as_object().type_().tp_basicsize.get() + 8 * (n + this.r.get()))
}

methods! {
    static PERMUTATIONS_METHODS:
    "__reduce__" => noargs(permutations_reduce);
    "__setstate__" => o(permutations_setstate);
    "__sizeof__" => noargs(permutations_sizeof);
}

iterator_type!(
    /// `itertools.permutations`.
    permutations_type = "itertools.permutations", PermutationsObject, permutations_new,
    permutations_next, PERMUTATIONS_METHODS
);
