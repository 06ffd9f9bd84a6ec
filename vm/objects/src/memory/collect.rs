//! The cycle collector (`gc_collect_main` of `Modules/gcmodule.c`).
//!
//! A collection takes a generation and all younger ones. While it runs, `_gc_prev` of the objects under
//! examination holds a count of references from outside in the place of a link, with the mark
//! `PyGC_PREV_MASK_COLLECTING`; `_gc_next` of those found unreachable bears [`UNREACHABLE`].

use super::gc::{GC, as_gc, generation_head, is_tracked, untrack};
use crate::errors::{self, PyResult};
use crate::object::{ObjectExt, TypeExt};
use crate::own::{Field, Layout, Own};
use crate::{call, dict, list, tuple, unraisable, weakref};
use std::cell::Cell;
use std::ffi::c_void;
use twinheap_abi::*;

/// The mark on `_gc_next` of an object that seems unreachable.
const UNREACHABLE: usize = 1;
const FLAGS: usize = 3;

pub const DEBUG_STATS: i32 = 1;
pub const DEBUG_COLLECTABLE: i32 = 2;
pub const DEBUG_UNCOLLECTABLE: i32 = 4;
pub const DEBUG_SAVEALL: i32 = 32;

/// A ring of objects; the head is no object.
struct Ring<'a>(&'a PyGC_Head);

fn head_at(address: usize) -> &'static PyGC_Head {
    // SAFETY: links of rings point to heads that are alive.
    unsafe { &*((address & !FLAGS) as *const PyGC_Head) }
}

fn address(head: &PyGC_Head) -> usize {
    head as *const PyGC_Head as usize
}

fn object_of(head: &PyGC_Head) -> &'static PyObject {
    // SAFETY: the object follows the collector's words.
    unsafe { &*(head as *const PyGC_Head).add(1).cast() }
}

fn head_of(object: &PyObject) -> &'static PyGC_Head {
    // SAFETY: callers ask only for objects that have the collector's words.
    unsafe { &*as_gc(object.as_raw()) }
}

fn next_of(head: &PyGC_Head) -> &'static PyGC_Head {
    head_at(head._gc_next.get())
}

fn previous_of(head: &PyGC_Head) -> &'static PyGC_Head {
    head_at(head._gc_prev.get())
}

fn set_previous(head: &PyGC_Head, previous: &PyGC_Head) {
    head._gc_prev
        .set(head._gc_prev.get() & FLAGS | address(previous));
}

fn new_head() -> PyGC_Head {
    PyGC_Head {
        _gc_next: Cell::new(0),
        _gc_prev: Cell::new(0),
    }
}

impl<'a> Ring<'a> {
    /// The ring of a head; an untouched one is made empty.
    fn of(head: &'a PyGC_Head) -> Ring<'a> {
        if head._gc_next.get() == 0 {
            head._gc_next.set(address(head));
            head._gc_prev.set(address(head));
        }
        Ring(head)
    }

    fn is_empty(&self) -> bool {
        std::ptr::eq(next_of(self.0), self.0)
    }

    fn is_head(&self, head: &PyGC_Head) -> bool {
        std::ptr::eq(self.0, head)
    }

    fn append(&self, gc: &PyGC_Head) {
        let last = previous_of(self.0);
        set_previous(gc, last);
        last._gc_next.set(address(gc));
        gc._gc_next.set(address(self.0));
        self.0._gc_prev.set(address(gc));
    }

    /// Takes an object out of the ring that it is in, and puts it at the end of this one.
    fn take(&self, gc: &PyGC_Head) {
        let (previous, next) = (previous_of(gc), next_of(gc));
        previous._gc_next.set(address(next));
        set_previous(next, previous);
        self.append(gc);
    }

    /// Moves all of another ring to the end of this one.
    fn merge(&self, from: &Ring<'_>) {
        if !from.is_empty() {
            let (first, last) = (next_of(from.0), previous_of(from.0));
            let end = previous_of(self.0);
            end._gc_next.set(address(first));
            set_previous(first, end);
            last._gc_next.set(address(self.0));
            self.0._gc_prev.set(address(last));
        }
        from.0._gc_next.set(address(from.0));
        from.0._gc_prev.set(address(from.0));
    }

    /// The objects in turn. Needs no memory; the one given last may leave the ring.
    fn members(&self) -> Members<'_> {
        Members {
            ring: self.0,
            next: next_of(self.0),
        }
    }

    fn len(&self) -> isize {
        self.members().count() as isize
    }
}

/// A walk along a ring; what follows an object is read before the object is given.
struct Members<'a> {
    ring: &'a PyGC_Head,
    next: &'static PyGC_Head,
}

impl Iterator for Members<'_> {
    type Item = &'static PyGC_Head;

    fn next(&mut self) -> Option<&'static PyGC_Head> {
        let gc = self.next;
        if std::ptr::eq(gc, self.ring) {
            return None;
        }
        self.next = next_of(gc);
        Some(gc)
    }
}

/// The ring of a generation.
fn generation(index: usize) -> Ring<'static> {
    Ring::of(generation_head(index))
}

fn refs(gc: &PyGC_Head) -> usize {
    gc._gc_prev.get() >> PyGC_PREV_SHIFT
}

fn set_refs(gc: &PyGC_Head, count: usize) {
    gc._gc_prev
        .set(gc._gc_prev.get() & FLAGS | count << PyGC_PREV_SHIFT);
}

fn is_collecting(gc: &PyGC_Head) -> bool {
    gc._gc_prev.get() & PyGC_PREV_MASK_COLLECTING != 0
}

fn clear_collecting(gc: &PyGC_Head) {
    gc._gc_prev
        .set(gc._gc_prev.get() & !PyGC_PREV_MASK_COLLECTING);
}

/// Whether the object has the collector's words (`PyObject_IS_GC`).
pub fn is_gc(object: &PyObject) -> bool {
    let type_ = object.type_();
    if !type_.has_feature(Py_TPFLAGS_HAVE_GC) {
        return false;
    }
    match type_.tp_is_gc.get() {
        // SAFETY: the slot of the object's own type.
        Some(is_gc) => unsafe { is_gc(object.as_raw()) != 0 },
        None => true,
    }
}

/// Has an object's type visit its referents, until a visit gives something else than 0.
#[expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "the argument goes to the visitor, which alone knows what it points to"
)]
pub fn traverse(object: &PyObject, visit: visitproc, argument: *mut c_void) -> i32 {
    match object.type_().tp_traverse.get() {
        // SAFETY: the slot of the object's own type.
        Some(traverse) => unsafe { traverse(object.as_raw(), visit, argument) },
        None => 0,
    }
}

unsafe extern "C" fn visit_decref(object: *mut PyObject, _: *mut c_void) -> i32 {
    // SAFETY: a live referent.
    let object = unsafe { &*object };
    if is_gc(object) {
        let gc = head_of(object);
        if is_collecting(gc) {
            gc._gc_prev.set(gc._gc_prev.get() - (1 << PyGC_PREV_SHIFT));
        }
    }
    0
}

unsafe extern "C" fn visit_reachable(object: *mut PyObject, ring: *mut c_void) -> i32 {
    // SAFETY: a live referent; the argument is the head of the young ring.
    let (object, ring) = unsafe { (&*object, Ring(&*ring.cast::<PyGC_Head>())) };
    if !is_gc(object) {
        return 0;
    }
    let gc = head_of(object);
    if !is_collecting(gc) {
        return 0;
    }
    if gc._gc_next.get() & UNREACHABLE != 0 {
        // It was put aside too early: back to the objects that are still to be looked at.
        let (previous, next) = (previous_of(gc), next_of(gc));
        previous._gc_next.set(gc._gc_next.get());
        set_previous(next, previous);
        ring.append(gc);
        set_refs(gc, 1);
    } else if refs(gc) == 0 {
        set_refs(gc, 1);
    }
    0
}

/// `deduce_unreachable`: what only the ring itself refers to goes to `unreachable`.
fn deduce_unreachable(base: &Ring<'_>, unreachable: &Ring<'_>) {
    for gc in base.members() {
        let count = object_of(gc).ob_refcnt.get() as usize;
        let finalized = gc._gc_prev.get() & PyGC_PREV_MASK_FINALIZED;
        gc._gc_prev
            .set(finalized | PyGC_PREV_MASK_COLLECTING | count << PyGC_PREV_SHIFT);
    }
    let mut gc = next_of(base.0);
    while !base.is_head(gc) {
        traverse(object_of(gc), visit_decref, std::ptr::null_mut());
        gc = next_of(gc);
    }
    move_unreachable(base, unreachable);
}

/// Walks the ring: what has references from outside stays, and brings back what it refers to.
fn move_unreachable(young: &Ring<'_>, unreachable: &Ring<'_>) {
    let mut previous: &PyGC_Head = young.0;
    let mut gc = next_of(young.0);
    while !young.is_head(gc) {
        if refs(gc) != 0 {
            let argument = (young.0 as *const PyGC_Head).cast_mut().cast();
            traverse(object_of(gc), visit_reachable, argument);
            gc._gc_prev
                .set(gc._gc_prev.get() & PyGC_PREV_MASK_FINALIZED | address(previous));
            previous = gc;
        } else {
            previous._gc_next.set(gc._gc_next.get());
            let last = previous_of(unreachable.0);
            last._gc_next.set(UNREACHABLE | address(gc));
            set_previous(gc, last);
            gc._gc_next.set(UNREACHABLE | address(unreachable.0));
            unreachable.0._gc_prev.set(address(gc));
        }
        gc = next_of(previous);
    }
    young.0._gc_prev.set(address(previous));
    unreachable
        .0
        ._gc_next
        .set(unreachable.0._gc_next.get() & !UNREACHABLE);
}

/// Takes the marks off the links of the unreachable objects.
fn clear_unreachable_marks(unreachable: &Ring<'_>) {
    let mut gc = next_of(unreachable.0);
    while !unreachable.is_head(gc) {
        gc._gc_next.set(gc._gc_next.get() & !UNREACHABLE);
        gc = next_of(gc);
    }
}

/// Exact tuples of which no item can be part of a cycle leave the collector.
fn untrack_tuples(ring: &Ring<'_>) {
    for gc in ring.members() {
        let object = object_of(gc);
        if let Some(tuple) = object.downcast_exact::<PyTupleObject>()
            && tuple::items_so_far(tuple)
                .all(|item| item.is_some_and(|item| !dict::may_be_tracked(item)))
        {
            // SAFETY: a tracked tuple.
            unsafe { untrack(object.as_raw()) };
        }
    }
}

fn untrack_dicts(ring: &Ring<'_>) {
    for gc in ring.members() {
        let object = object_of(gc);
        let Some(dict) = object.downcast_exact::<PyDictObject>() else {
            continue;
        };
        let tracked = |entry: (&PyObject, &PyObject)| {
            dict::may_be_tracked(entry.0) || dict::may_be_tracked(entry.1)
        };
        if !dict::entries(dict).any(tracked) {
            // SAFETY: a tracked dict.
            unsafe { untrack(object.as_raw()) };
        }
    }
}

/// `handle_weakrefs`: references to trash forget it; callbacks of references that live are called.
///
/// The references that wait for their call stand in a ring of their own, so that no memory is needed.
fn handle_weakrefs(unreachable: &Ring<'_>, old: &Ring<'_>) -> isize {
    let waiting_head = new_head();
    let waiting = Ring::of(&waiting_head);
    for gc in unreachable.members() {
        let object = object_of(gc);
        if weakref::is_reference(object) {
            weakref::forget_object(object);
        }
        while let Some(reference) = weakref::first_reference(object) {
            weakref::forget_object(&reference);
            let head = head_of(&reference);
            if weakref::callback_of(&reference).is_some() && !is_collecting(head) {
                // The ring keeps the reference alive until it has been called.
                let _ = reference.into_raw();
                waiting.take(head);
            }
        }
    }
    let mut freed = 0;
    while !waiting.is_empty() {
        let gc = next_of(waiting.0);
        // SAFETY: the ring owned this reference to the weak reference.
        let reference: Own = unsafe { Own::from_raw(object_of(gc).as_raw()) };
        if let Some(callback) = weakref::callback_of(&reference)
            && let Err(raised) = call::call(&callback, &[&reference])
        {
            unraisable::report(raised, Some(&callback));
        }
        // Freeing it takes it out of the ring; what lives on grows old.
        drop(reference);
        if std::ptr::eq(next_of(waiting.0), gc) {
            old.take(gc);
        } else {
            freed += 1;
        }
    }
    freed
}

/// Calls the finalizers, each object's only once.
fn finalize_garbage(collectable: &Ring<'_>) {
    let seen_head = new_head();
    let seen = Ring::of(&seen_head);
    while !collectable.is_empty() {
        let gc = next_of(collectable.0);
        seen.take(gc);
        let object = object_of(gc);
        let finalized = gc._gc_prev.get() & PyGC_PREV_MASK_FINALIZED != 0;
        if let Some(finalize) = object.type_().tp_finalize.get()
            && !finalized
        {
            gc._gc_prev
                .set(gc._gc_prev.get() | PyGC_PREV_MASK_FINALIZED);
            let _alive = Own::new(object);
            // SAFETY: the slot of the object's own type.
            unsafe { finalize(object.as_raw()) };
        }
    }
    collectable.merge(&seen);
}

/// Breaks the cycles: every object clears what it refers to.
fn delete_garbage(collectable: &Ring<'_>, old: &Ring<'_>) {
    while !collectable.is_empty() {
        let gc = next_of(collectable.0);
        let object = object_of(gc);
        let alive = Own::new(object);
        if GC.debug.get() & DEBUG_SAVEALL != 0 {
            if let Some(garbage) = Field::as_ref(&GC.garbage)
                && list::append(garbage, object).is_err()
            {
                errors::clear();
            }
        } else if let Some(clear) = object.type_().tp_clear.get() {
            // SAFETY: the slot of the object's own type.
            unsafe { clear(object.as_raw()) };
            if errors::occurred() {
                unraisable::report(errors::Raised::already_set(), None);
            }
        }
        drop(alive);
        if std::ptr::eq(next_of(collectable.0), gc) {
            clear_collecting(gc);
            old.take(gc);
        }
    }
}

fn debug_line(what: &str, object: &PyObject) {
    eprintln!("gc: {what} <{} {:p}>", object.type_().name(), object);
}

/// `gc_collect_main`: how many objects were collected, and how many could not be.
fn collect_main(index: usize) -> (isize, isize) {
    if index + 1 < 3 {
        let next = &GC.generations[index + 1].count;
        next.set(next.get() + 1);
    }
    for generation in &GC.generations[..=index] {
        generation.count.set(0);
    }
    let young = generation(index);
    for younger in 0..index {
        young.merge(&generation(younger));
    }
    let old = if index < 2 {
        generation(index + 1)
    } else {
        generation(index)
    };
    let unreachable_head = new_head();
    let unreachable = Ring::of(&unreachable_head);
    deduce_unreachable(&young, &unreachable);
    untrack_tuples(&young);
    if index < 2 {
        if index == 1 {
            GC.long_lived_pending
                .set(GC.long_lived_pending.get() + young.len());
        }
        old.merge(&young);
    } else {
        untrack_dicts(&young);
        GC.long_lived_pending.set(0);
        GC.long_lived_total.set(young.len());
    }
    clear_unreachable_marks(&unreachable);
    if GC.debug.get() & DEBUG_COLLECTABLE != 0 {
        for gc in unreachable.members() {
            debug_line("collectable", object_of(gc));
        }
    }
    let mut collected = handle_weakrefs(&unreachable, &old);
    finalize_garbage(&unreachable);
    // What the finalizers have brought back to life survives.
    for gc in unreachable.members() {
        clear_collecting(gc);
    }
    let final_head = new_head();
    let doomed = Ring::of(&final_head);
    deduce_unreachable(&unreachable, &doomed);
    clear_unreachable_marks(&doomed);
    old.merge(&unreachable);
    collected += doomed.len();
    delete_garbage(&doomed, &old);
    if index == 2 {
        clear_free_lists();
    }
    if errors::occurred() {
        unraisable::report(errors::Raised::already_set(), None);
    }
    let stats = &GC.stats[index];
    stats[0].set(stats[0].get() + 1);
    stats[1].set(stats[1].get() + collected);
    (collected, 0)
}

/// `clear_freelists`: the memory of dead objects that are kept for the next ones goes back.
fn clear_free_lists() {
    crate::tuple::clear_free_lists();
    crate::float::clear_free_list();
    list::clear_free_list();
    dict::clear_free_lists();
}

/// `invoke_gc_callback`.
fn tell_callbacks(phase: &str, index: usize, (collected, uncollectable): (isize, isize)) {
    let Some(callbacks) = GC.callbacks.own() else {
        return;
    };
    if list::items(&callbacks).is_empty() {
        return;
    }
    let info = || -> PyResult<(Own, Own)> {
        let info = dict::new()?;
        let numbers = [
            ("generation", index as isize),
            ("collected", collected),
            ("uncollectable", uncollectable),
        ];
        for (name, value) in numbers {
            dict::set_literal(&info, name, &*crate::long::from_isize(value)?)?;
        }
        Ok((crate::unicode::from_str(phase)?.upcast(), info.upcast()))
    };
    let Ok((phase, info)) = info() else {
        errors::clear();
        return;
    };
    for function in list::iter_owned(&callbacks) {
        if let Err(raised) = call::call(&function, &[&phase, &info]) {
            unraisable::report(raised, Some(&function));
        }
    }
}

/// Collects a generation, and tells those who want to hear of it.
fn collect_with_callbacks(index: usize) -> (isize, isize) {
    tell_callbacks("start", index, (0, 0));
    let outcome = collect_main(index);
    tell_callbacks("stop", index, outcome);
    outcome
}

/// `gc_collect_generations`: the oldest generation that is full.
pub fn collect_generations() {
    for index in (0..3).rev() {
        let generation = &GC.generations[index];
        if generation.count.get() <= generation.threshold.get() {
            continue;
        }
        if index == 2 && GC.long_lived_pending.get() < GC.long_lived_total.get() / 4 {
            continue;
        }
        collect_with_callbacks(index);
        return;
    }
}

/// `gc.collect(generation)`; a collection inside a collection does nothing.
pub fn collect(index: usize) -> isize {
    if GC.collecting.replace(true) {
        return 0;
    }
    let saved = errors::fetch();
    let (collected, uncollectable) = collect_with_callbacks(index);
    errors::restore(saved);
    GC.collecting.set(false);
    collected + uncollectable
}

/// Shows the tracked objects of a generation, which must not change meanwhile.
pub fn each_object(index: usize, mut see: impl FnMut(&PyObject) -> PyResult<()>) -> PyResult<()> {
    for gc in generation(index).members() {
        see(object_of(gc))?;
    }
    Ok(())
}

/// `gc.freeze`: what is there now is never looked at again.
pub fn freeze() {
    let permanent = Ring::of(&GC.permanent);
    for index in 0..3 {
        permanent.merge(&generation(index));
        GC.generations[index].count.set(0);
    }
}

/// `gc.unfreeze`.
pub fn unfreeze() {
    generation(2).merge(&Ring::of(&GC.permanent));
}

/// What a program can set of the collector: whether it is enabled, and the thresholds.
pub fn settings() -> (bool, [i32; 3]) {
    let threshold = |index: usize| GC.generations[index].threshold.get();
    (GC.enabled.get(), [0, 1, 2].map(threshold))
}

/// How many objects are frozen.
pub fn frozen_count() -> isize {
    Ring::of(&GC.permanent).len()
}

/// Whether the finalizer of an object has been called already.
pub fn is_finalized(object: &PyObject) -> bool {
    is_gc(object) && head_of(object)._gc_prev.get() & PyGC_PREV_MASK_FINALIZED != 0
}

/// Whether the collector knows of the object.
pub fn knows(object: &PyObject) -> bool {
    is_gc(object) && is_tracked(object)
}
