//! `collections.deque`: a chain of blocks of 64 items, used from the middle outwards.

use crate::prelude::*;
use std::ptr::null_mut;

const BLOCKLEN: usize = 64;
const CENTER: isize = (BLOCKLEN as isize - 1) / 2;
const MAXFREEBLOCKS: usize = 16;

/// `block`.
#[repr(C)]
pub struct Block {
    leftlink: Cell<*mut Block>,
    data: [Pointer<PyObject>; BLOCKLEN],
    rightlink: Cell<*mut Block>,
}

/// `dequeobject`.
#[repr(C)]
pub struct DequeObject {
    pub ob_base: PyVarObject,
    pub leftblock: Cell<*mut Block>,
    pub rightblock: Cell<*mut Block>,
    pub leftindex: Cell<isize>,
    pub rightindex: Cell<isize>,
    pub state: Cell<usize>,
    pub maxlen: Cell<isize>,
    pub numfreeblocks: Cell<isize>,
    pub freeblocks: [Cell<*mut Block>; MAXFREEBLOCKS],
    pub weakreflist: Cell<*const PyObject>,
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for DequeObject {}
typed!(DequeObject, deque_type);

impl DequeObject {
    fn len(&self) -> usize {
        self.ob_base.ob_size.get() as usize
    }

    fn set_len(&self, length: usize) {
        self.ob_base.ob_size.set(length as isize);
    }

    fn changed(&self) {
        self.state.set(self.state.get() + 1);
    }

    fn new_block(&self) -> PyResult<*mut Block> {
        let kept = self.numfreeblocks.get();
        if kept > 0 {
            self.numfreeblocks.set(kept - 1);
            return Ok(self.freeblocks[kept as usize - 1].get());
        }
        let block = memory::malloc(size_of::<Block>()).cast::<Block>();
        if block.is_null() {
            return Err(errors::no_memory());
        }
        Ok(block)
    }

    fn free_block(&self, block: *mut Block) {
        let kept = self.numfreeblocks.get() as usize;
        if kept < MAXFREEBLOCKS {
            self.freeblocks[kept].set(block);
            self.numfreeblocks.set(kept as isize + 1);
            return;
        }
        // SAFETY: the block came from the allocator and has left the chain.
        unsafe { memory::free(block.cast()) };
    }

    /// The slot of an item.
    fn slot(&self, index: usize) -> &Pointer<PyObject> {
        let mut at = index + self.leftindex.get() as usize;
        // SAFETY: the chain holds the items that the length tells.
        unsafe {
            if index < self.len() / 2 {
                let mut block = self.leftblock.get();
                while at >= BLOCKLEN {
                    block = (*block).rightlink.get();
                    at -= BLOCKLEN;
                }
                &(&(*block).data)[at]
            } else {
                let last = self.leftindex.get() as usize + self.len() - 1;
                let mut back = last / BLOCKLEN - at / BLOCKLEN;
                let mut block = self.rightblock.get();
                while back > 0 {
                    block = (*block).leftlink.get();
                    back -= 1;
                }
                &(&(*block).data)[at % BLOCKLEN]
            }
        }
    }

    fn item(&self, index: usize) -> Own {
        self.slot(index).own().unwrap_or_else(none)
    }

    fn push_right(&self, item: Own) -> PyResult<()> {
        // SAFETY: the right block is part of the chain.
        unsafe {
            if self.rightindex.get() == BLOCKLEN as isize - 1 {
                let block = self.new_block()?;
                (*block).leftlink.set(self.rightblock.get());
                (*self.rightblock.get()).rightlink.set(block);
                self.rightblock.set(block);
                self.rightindex.set(-1);
            }
            self.set_len(self.len() + 1);
            self.rightindex.set(self.rightindex.get() + 1);
            (&(*self.rightblock.get()).data)[self.rightindex.get() as usize].set(item.into_raw());
        }
        Ok(())
    }

    fn push_left(&self, item: Own) -> PyResult<()> {
        // SAFETY: the left block is part of the chain.
        unsafe {
            if self.leftindex.get() == 0 {
                let block = self.new_block()?;
                (*block).rightlink.set(self.leftblock.get());
                (*self.leftblock.get()).leftlink.set(block);
                self.leftblock.set(block);
                self.leftindex.set(BLOCKLEN as isize);
            }
            self.set_len(self.len() + 1);
            self.leftindex.set(self.leftindex.get() - 1);
            (&(*self.leftblock.get()).data)[self.leftindex.get() as usize].set(item.into_raw());
        }
        Ok(())
    }

    fn center(&self) {
        self.leftindex.set(CENTER + 1);
        self.rightindex.set(CENTER);
    }

    fn take_right(&self) -> Option<Own> {
        if self.len() == 0 {
            return None;
        }
        // SAFETY: the deque is not empty: the right block holds an item at the right index.
        unsafe {
            let item = (&(*self.rightblock.get()).data)[self.rightindex.get() as usize]
                .replace(null_mut());
            self.rightindex.set(self.rightindex.get() - 1);
            self.set_len(self.len() - 1);
            self.changed();
            if self.rightindex.get() < 0 {
                if self.len() > 0 {
                    let previous = (*self.rightblock.get()).leftlink.get();
                    self.free_block(self.rightblock.get());
                    (*previous).rightlink.set(null_mut());
                    self.rightblock.set(previous);
                    self.rightindex.set(BLOCKLEN as isize - 1);
                } else {
                    self.center();
                }
            }
            Own::from_nullable(item)
        }
    }

    fn take_left(&self) -> Option<Own> {
        if self.len() == 0 {
            return None;
        }
        // SAFETY: the deque is not empty: the left block holds an item at the left index.
        unsafe {
            let item =
                (&(*self.leftblock.get()).data)[self.leftindex.get() as usize].replace(null_mut());
            self.leftindex.set(self.leftindex.get() + 1);
            self.set_len(self.len() - 1);
            self.changed();
            if self.leftindex.get() == BLOCKLEN as isize {
                if self.len() > 0 {
                    let next = (*self.leftblock.get()).rightlink.get();
                    self.free_block(self.leftblock.get());
                    (*next).leftlink.set(null_mut());
                    self.leftblock.set(next);
                    self.leftindex.set(0);
                } else {
                    self.center();
                }
            }
            Own::from_nullable(item)
        }
    }

    fn needs_trim(&self) -> bool {
        self.maxlen.get() >= 0 && self.len() as isize > self.maxlen.get()
    }

    fn append_right(&self, item: Own) -> PyResult<()> {
        self.push_right(item)?;
        if self.needs_trim() {
            drop(self.take_left());
        } else {
            self.changed();
        }
        Ok(())
    }

    fn append_left(&self, item: Own) -> PyResult<()> {
        self.push_left(item)?;
        if self.needs_trim() {
            drop(self.take_right());
        } else {
            self.changed();
        }
        Ok(())
    }

    fn rotate_by(&self, steps: isize) -> PyResult<()> {
        let length = self.len() as isize;
        if length <= 1 {
            return Ok(());
        }
        let half = length >> 1;
        let mut n = steps;
        if n > half || n < -half {
            n %= length;
            if n > half {
                n -= length;
            } else if n < -half {
                n += length;
            }
        }
        let state = self.state.get();
        for _ in 0..n {
            if let Some(item) = self.take_right() {
                self.push_left(item)?;
            }
        }
        for _ in n..0 {
            if let Some(item) = self.take_left() {
                self.push_right(item)?;
            }
        }
        self.state.set(state + 1);
        Ok(())
    }

    /// `deque_clear`: the deque goes on with a fresh block, and is empty before the first item is
    /// released. Without memory for the block the items go one by one, should code add others meanwhile too.
    fn clear_items(&self) {
        if self.len() == 0 {
            return;
        }
        let Ok(block) = self.new_block() else {
            errors::clear();
            while let Some(item) = self.take_left() {
                drop(item);
            }
            return;
        };
        let (mut chain, mut at) = (self.leftblock.get(), self.leftindex.get() as usize);
        let mut left = self.len();
        self.leftblock.set(block);
        self.rightblock.set(block);
        self.set_len(0);
        self.center();
        self.state.set(self.state.get() + 1);
        while left > 0 {
            // SAFETY: the chain has left the deque; it holds `left` more items from `at` on.
            unsafe {
                drop((&(*chain).data)[at].take_own());
                left -= 1;
                at += 1;
                if at == BLOCKLEN || left == 0 {
                    let next = (*chain).rightlink.get();
                    self.free_block(chain);
                    (chain, at) = (next, 0);
                }
            }
        }
    }
}

fn new(type_: &PyTypeObject, _: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let made = types::allocate(type_, 0)?;
    // SAFETY: a deque or an instance of a subclass, zeroed but for its header.
    let deque: &DequeObject = unsafe { &*made.as_ptr().cast() };
    let block = deque.new_block()?;
    // SAFETY: fresh memory.
    unsafe {
        (*block).leftlink.set(null_mut());
        (*block).rightlink.set(null_mut());
    }
    deque.leftblock.set(block);
    deque.rightblock.set(block);
    deque.center();
    deque.maxlen.set(-1);
    Ok(made)
}

fn extend_with(deque: &DequeObject, iterable: &PyObject) -> PyResult<()> {
    if std::ptr::eq(iterable, deque.as_object()) {
        let copy = list::from_iterable(iterable)?;
        return extend_with(deque, copy.as_object());
    }
    let iterator = abstract_::get_iter(iterable)?;
    while let Some(item) = abstract_::next(&iterator)? {
        deque.append_right(item)?;
    }
    Ok(())
}

fn init(deque: &DequeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult<()> {
    static SIGNATURE: Signature = Signature {
        name: "deque",
        parameters: &["iterable", "maxlen"],
        required: 0,
        positional: 2,
    };
    let [iterable, maxlen] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let maxlen = match maxlen.filter(|maxlen| !maxlen.is_none()) {
        None => -1,
        Some(maxlen) => {
            if maxlen.downcast_ref::<PyLongObject>().is_none() {
                return Err(type_error("an integer is required"));
            }
            let maxlen = unicode::ssize(maxlen)?;
            if maxlen < 0 {
                return Err(value_error("maxlen must be non-negative"));
            }
            maxlen
        }
    };
    deque.maxlen.set(maxlen);
    if deque.len() > 0 {
        deque.clear_items();
    }
    match iterable {
        Some(iterable) => extend_with(deque, iterable),
        None => Ok(()),
    }
}

fn append(deque: &DequeObject, item: &PyObject) -> PyResult {
    deque.append_right(Own::new(item))?;
    Ok(none())
}

fn appendleft(deque: &DequeObject, item: &PyObject) -> PyResult {
    deque.append_left(Own::new(item))?;
    Ok(none())
}

fn pop(deque: &DequeObject) -> PyResult {
    deque
        .take_right()
        .ok_or_else(|| index_error("pop from an empty deque"))
}

fn popleft(deque: &DequeObject) -> PyResult {
    deque
        .take_left()
        .ok_or_else(|| index_error("pop from an empty deque"))
}

fn extend(deque: &DequeObject, iterable: &PyObject) -> PyResult {
    extend_with(deque, iterable)?;
    Ok(none())
}

fn extendleft(deque: &DequeObject, iterable: &PyObject) -> PyResult {
    if std::ptr::eq(iterable, deque.as_object()) {
        let copy = list::from_iterable(iterable)?;
        return extendleft(deque, copy.as_object());
    }
    let iterator = abstract_::get_iter(iterable)?;
    while let Some(item) = abstract_::next(&iterator)? {
        deque.append_left(item)?;
    }
    Ok(none())
}

fn clear_method(deque: &DequeObject) -> PyResult {
    deque.clear_items();
    Ok(none())
}

/// A deque of the same type, items and limit.
fn copy(deque: &DequeObject) -> PyResult {
    let this = deque.as_object();
    let mut arguments = vec![Own::new(this)];
    if deque.maxlen.get() >= 0 {
        arguments.push(long::from_isize(deque.maxlen.get())?);
    }
    let made = call::call_tuple(
        this.type_().as_object(),
        &*tuple::from_vec(arguments)?,
        None,
    )?;
    if made.downcast_ref::<DequeObject>().is_none() {
        return Err(type_error(format_args!(
            "{}() must return a deque, not {}",
            this.type_().name(),
            made.type_().name()
        )));
    }
    Ok(made)
}

fn mutated() -> errors::Raised {
    runtime_error("deque mutated during iteration")
}

fn count(deque: &DequeObject, value: &PyObject) -> PyResult {
    let state = deque.state.get();
    let mut found = 0;
    for index in 0..deque.len() {
        if object::equal(&deque.item(index), value)? {
            found += 1;
        }
        if deque.state.get() != state {
            return Err(mutated());
        }
    }
    long::from_isize(found)
}

fn contains(deque: &DequeObject, value: &PyObject) -> PyResult<bool> {
    let state = deque.state.get();
    for index in 0..deque.len() {
        if object::equal(&deque.item(index), value)? {
            return Ok(true);
        }
        if deque.state.get() != state {
            return Err(mutated());
        }
    }
    Ok(false)
}

fn index(deque: &DequeObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("index", args.len(), 1, 3)?;
    let length = deque.len() as isize;
    let bound = |given: Option<&&PyObject>, default: isize| -> PyResult<isize> {
        let at = given.map_or(Ok(default), |given| unicode::clipped_index(given))?;
        Ok(if at < 0 { (at + length).max(0) } else { at })
    };
    let start = bound(args.get(1), 0)?;
    let stop = bound(args.get(2), length)?.min(length);
    let state = deque.state.get();
    for at in start..stop {
        let same = object::equal(&deque.item(at as usize), args[0])?;
        if same {
            return long::from_isize(at);
        }
        if deque.state.get() != state {
            return Err(mutated());
        }
    }
    Err(value_error(format_args!(
        "{} is not in deque",
        args[0].repr_lossy()
    )))
}

fn insert(deque: &DequeObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("insert", args.len(), 2, 2)?;
    let index = unicode::ssize(args[0])?;
    let length = deque.len() as isize;
    if deque.maxlen.get() == length {
        return Err(index_error("deque already at its maximum size"));
    }
    let item = Own::new(args[1]);
    if index >= length {
        deque.append_right(item)?;
    } else if index <= -length || index == 0 {
        deque.append_left(item)?;
    } else {
        deque.rotate_by(-index)?;
        if index < 0 {
            deque.append_right(item)?;
        } else {
            deque.append_left(item)?;
        }
        deque.rotate_by(index)?;
    }
    Ok(none())
}

fn delete_at(deque: &DequeObject, at: usize) -> PyResult<()> {
    deque.rotate_by(-(at as isize))?;
    drop(deque.take_left());
    deque.rotate_by(at as isize)
}

fn remove(deque: &DequeObject, value: &PyObject) -> PyResult {
    let state = deque.state.get();
    let length = deque.len();
    for at in 0..length {
        let same = object::equal(&deque.item(at), value)?;
        if deque.state.get() != state {
            return Err(index_error("deque mutated during iteration"));
        }
        if same {
            delete_at(deque, at)?;
            return Ok(none());
        }
    }
    Err(value_error(format_args!(
        "{} is not in deque",
        value.repr_lossy()
    )))
}

fn rotate(deque: &DequeObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("rotate", args.len(), 0, 1)?;
    deque.rotate_by(args.first().map_or(Ok(1), |steps| unicode::ssize(steps))?)?;
    Ok(none())
}

fn reverse(deque: &DequeObject) -> PyResult {
    let length = deque.len();
    for at in 0..length / 2 {
        deque.slot(at).swap(deque.slot(length - 1 - at));
    }
    Ok(none())
}

fn get_maxlen(deque: &DequeObject) -> PyResult {
    match deque.maxlen.get() {
        -1 => Ok(none()),
        limit => long::from_isize(limit),
    }
}

fn reduce(deque: &DequeObject) -> PyResult {
    let this = deque.as_object();
    let state = call::call_method(this, id!("__getstate__"), &[])?;
    let iterator = abstract_::get_iter(this)?;
    let arguments = match deque.maxlen.get() {
        -1 => tuple::empty(),
        limit => tuple::pack(&[tuple::empty().as_object(), &*long::from_isize(limit)?])?,
    };
    Ok(tuple::pack(&[
        this.type_().as_object(),
        arguments.as_object(),
        &state,
        &iterator,
    ])?
    .upcast())
}

fn repr(deque: &DequeObject) -> PyResult {
    let Some(_guard) = object::repr_enter(deque.as_object()) else {
        return Ok(unicode::from_str("[...]")?.upcast());
    };
    let items = list::from_iterable(deque.as_object())?;
    let mut writer = unicode::Writer::new();
    writer.push_str(deque.as_object().type_().short_name());
    writer.push_str("(");
    writer.push(&object::repr(items.as_object())?);
    if deque.maxlen.get() >= 0 {
        writer.push_str(&format!(", maxlen={}", deque.maxlen.get()));
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    if a.downcast_ref::<DequeObject>().is_none() || b.downcast_ref::<DequeObject>().is_none() {
        return Ok(not_implemented());
    }
    let (left, right) = (abstract_::get_iter(a)?, abstract_::get_iter(b)?);
    let lengths = (object::length(a)?, object::length(b)?);
    if lengths.0 != lengths.1 && (op == Py_EQ || op == Py_NE) {
        return Ok(bool_object(op == Py_NE));
    }
    loop {
        let (x, y) = (abstract_::next(&left)?, abstract_::next(&right)?);
        match (x, y) {
            (Some(x), Some(y)) => {
                if !object::equal(&x, &y)? {
                    return match op {
                        Py_EQ => Ok(bool_object(false)),
                        Py_NE => Ok(bool_object(true)),
                        _ => object::rich_compare(&x, &y, op),
                    };
                }
            }
            (x, y) => return Ok(object::compare_result(x.is_some().cmp(&y.is_some()), op)),
        }
    }
}

fn length(deque: &DequeObject) -> PyResult<usize> {
    Ok(deque.len())
}

fn boolean(deque: &DequeObject) -> PyResult<bool> {
    Ok(deque.len() > 0)
}

fn concat(deque: &DequeObject, other: &PyObject) -> PyResult {
    if other.downcast_ref::<DequeObject>().is_none() {
        return Err(type_error(format_args!(
            "can only concatenate deque (not \"{}\") to deque",
            other.type_().name()
        )));
    }
    let made = copy(deque)?;
    if let Some(made) = made.downcast_ref::<DequeObject>() {
        extend_with(made, other)?;
    }
    Ok(made)
}

fn inplace_concat(deque: &DequeObject, other: &PyObject) -> PyResult {
    extend_with(deque, other)?;
    Ok(Own::new(deque).upcast())
}

fn inplace_repeat(deque: &DequeObject, times: isize) -> PyResult {
    let items: Vec<Own> = (0..deque.len()).map(|at| deque.item(at)).collect();
    if times <= 0 {
        deque.clear_items();
    }
    if !items.is_empty() && times > isize::MAX / 8 / items.len() as isize && deque.maxlen.get() < 0
    {
        return Err(errors::no_memory());
    }
    // Rounds that only push one another out at the other end are not made.
    let rounds = match usize::try_from(deque.maxlen.get()) {
        Ok(most) if !items.is_empty() => times.min(most.div_ceil(items.len()) as isize + 1),
        _ => times,
    };
    memory::probe((rounds.max(0) as usize).saturating_mul(8 * items.len()))?;
    for _ in 1..rounds {
        for item in &items {
            deque.append_right(item.clone())?;
        }
    }
    Ok(Own::new(deque).upcast())
}

fn repeat(deque: &DequeObject, times: isize) -> PyResult {
    let made = copy(deque)?;
    if let Some(deque) = made.downcast_ref::<DequeObject>() {
        inplace_repeat(deque, times)?;
    }
    Ok(made)
}

fn item(deque: &DequeObject, at: isize) -> PyResult {
    if at < 0 || at as usize >= deque.len() {
        return Err(index_error("deque index out of range"));
    }
    Ok(deque.item(at as usize))
}

fn assign_item(deque: &DequeObject, at: isize, value: Option<&PyObject>) -> PyResult<()> {
    if at < 0 || at as usize >= deque.len() {
        return Err(index_error("deque index out of range"));
    }
    match value {
        None => delete_at(deque, at as usize),
        Some(value) => {
            deque.slot(at as usize).put(Some(Own::new(value)));
            Ok(())
        }
    }
}

fn sizeof(deque: &DequeObject) -> PyResult {
    let blocks = (deque.leftindex.get() as usize + deque.len()).div_ceil(BLOCKLEN);
    let basic = deque.as_object().type_().tp_basicsize.get() as usize;
    long::from_usize(basic + blocks * size_of::<Block>())
}

fn traverse(deque: &DequeObject, visitor: &mut Visitor) {
    for at in 0..deque.len() {
        visitor.field(deque.slot(at));
    }
}

fn clear(deque: &DequeObject) {
    deque.clear_items();
}

unsafe fn dealloc(deque: *mut DequeObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        memory::end_object(deque.cast(), || {
            let deque = &*deque;
            if !deque.leftblock.get().is_null() {
                deque.clear_items();
                memory::free(deque.leftblock.get().cast());
                for kept in &deque.freeblocks[..deque.numfreeblocks.get() as usize] {
                    memory::free(kept.get().cast());
                }
            }
        });
    }
}

object_struct! {
    /// `dequeiterobject`.
    pub struct DequeIterator {
        b: Cell<*const Block>,
        index: Cell<isize>,
        deque: Pointer<DequeObject>,
        state: Cell<usize>,
        counter: Cell<isize>,
    }
}

fn new_iterator(type_: &PyTypeObject, deque: &DequeObject) -> PyResult {
    let object: *mut DequeIterator = memory::new_gc_object(type_, size_of::<DequeIterator>())?;
    let forward = std::ptr::eq(type_, &dequeiter_type);
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        let made = &*object;
        made.b.set(if forward {
            deque.leftblock.get()
        } else {
            deque.rightblock.get()
        });
        made.index.set(if forward {
            deque.leftindex.get()
        } else {
            deque.rightindex.get()
        });
        made.deque.set(Own::new(deque).into_raw());
        made.state.set(deque.state.get());
        made.counter.set(deque.len() as isize);
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn iter(deque: &DequeObject) -> PyResult {
    new_iterator(&dequeiter_type, deque)
}

fn reversed(deque: &DequeObject) -> PyResult {
    new_iterator(&dequereviter_type, deque)
}

fn check_iterator(this: &DequeIterator) -> PyResult<bool> {
    if this.deque.expect_ref().state.get() != this.state.get() {
        this.counter.set(0);
        return Err(mutated());
    }
    Ok(this.counter.get() > 0)
}

fn iter_next(this: &DequeIterator) -> PyResult<Option<Own>> {
    if !check_iterator(this)? {
        return Ok(None);
    }
    // SAFETY: the deque has not changed since the block was noted.
    unsafe {
        let item = (&(*this.b.get()).data)[this.index.get() as usize].own();
        this.index.set(this.index.get() + 1);
        this.counter.set(this.counter.get() - 1);
        if this.index.get() == BLOCKLEN as isize && this.counter.get() > 0 {
            this.b.set((*this.b.get()).rightlink.get());
            this.index.set(0);
        }
        Ok(item)
    }
}

fn reviter_next(this: &DequeIterator) -> PyResult<Option<Own>> {
    if this.counter.get() == 0 {
        return Ok(None);
    }
    if !check_iterator(this)? {
        return Ok(None);
    }
    // SAFETY: the deque has not changed since the block was noted.
    unsafe {
        let item = (&(*this.b.get()).data)[this.index.get() as usize].own();
        this.index.set(this.index.get() - 1);
        this.counter.set(this.counter.get() - 1);
        if this.index.get() < 0 && this.counter.get() > 0 {
            this.b.set((*this.b.get()).leftlink.get());
            this.index.set(BLOCKLEN as isize - 1);
        }
        Ok(item)
    }
}

fn iter_length_hint(this: &DequeIterator) -> PyResult {
    long::from_isize(this.counter.get())
}

fn iter_reduce(this: &DequeIterator) -> PyResult {
    let deque = this.deque.expect_ref();
    let index = long::from_isize(deque.len() as isize - this.counter.get())?;
    let arguments = tuple::pack(&[deque.as_object(), &index])?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

fn iter_new(type_: &PyTypeObject, args: &PyTupleObject, _: Option<&PyDictObject>) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("_deque_iterator", items.len(), 1, 2)?;
    let Some(deque) = items[0].downcast_ref::<DequeObject>() else {
        return Err(type_error("argument 1 must be collections.deque"));
    };
    let skip = items.get(1).map_or(Ok(0), |skip| unicode::ssize(skip))?;
    let made = new_iterator(type_, deque)?;
    for _ in 0..skip {
        if abstract_::next(&made)?.is_none() {
            break;
        }
    }
    Ok(made)
}

methods! {
    static ITER_METHODS:
    "__length_hint__" => noargs(iter_length_hint);
    "__reduce__" => noargs(iter_reduce);
}

macro_rules! deque_iterator {
    ($(#[$meta:meta])* $name:ident = $py_name:literal, $next:ident) => {
        static_type! {
            $(#[$meta])*
            $name = $py_name, size size_of::<DequeIterator>(), 0, flags Py_TPFLAGS_HAVE_GC;
            tp_dealloc: slot!(dealloc DequeIterator::dealloc),
            tp_getattro: Some(object::PyObject_GenericGetAttr),
            tp_traverse: slot!(traverse DequeIterator::traverse),
            tp_iter: slot!(unary object::self_iter),
            tp_iternext: slot!(iternext $next),
            tp_methods: ITER_METHODS.as_ptr(),
            tp_new: slot!(new iter_new),
        }
    };
}

deque_iterator!(
    /// The iterator of a deque.
    dequeiter_type = "_collections._deque_iterator", iter_next
);
deque_iterator!(
    /// The reverse iterator of a deque.
    dequereviter_type = "_collections._deque_reverse_iterator", reviter_next
);

methods! {
    static METHODS:
    "append" => o(append);
    "appendleft" => o(appendleft);
    "clear" => noargs(clear_method);
    "__copy__" => noargs(copy);
    "copy" => noargs(copy);
    "count" => o(count);
    "extend" => o(extend);
    "extendleft" => o(extendleft);
    "index" => fast(index);
    "insert" => fast(insert);
    "pop" => noargs(pop);
    "popleft" => noargs(popleft);
    "__reduce__" => noargs(reduce);
    "remove" => o(remove);
    "__reversed__" => noargs(reversed);
    "reverse" => noargs(reverse);
    "rotate" => fast(rotate);
    "__sizeof__" => noargs(sizeof);
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

getset! {
    static GETSET:
    "maxlen" => get_maxlen;
}

static_type! {
    /// `collections.deque`.
    deque_type = "collections.deque", size size_of::<DequeObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_SEQUENCE;
    number { nb_bool: slot!(inquiry boolean), }
    sequence {
        sq_length: slot!(len length),
        sq_concat: slot!(binary concat),
        sq_repeat: slot!(ssizearg repeat),
        sq_item: slot!(ssizearg item),
        sq_ass_item: slot!(ssizeobjarg assign_item),
        sq_contains: slot!(objobj contains),
        sq_inplace_concat: slot!(binary inplace_concat),
        sq_inplace_repeat: slot!(ssizearg inplace_repeat),
    }
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse traverse),
    tp_clear: slot!(clear clear),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(DequeObject, weakreflist) as isize,
    tp_iter: slot!(unary iter),
    tp_methods: METHODS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
    tp_init: slot!(init init),
    tp_alloc: Some(memory::PyType_GenericAlloc),
    tp_new: slot!(new new),
    tp_free: Some(memory::object_gc_free),
}
