//! `list.sort` (`Objects/listobject.c`, `Objects/listsort.txt`): timsort with powersort's merge
//! order. The sequence of comparisons is part of what programs can see, and is CPython's.
//!
//! The list is empty while it is sorted; items are moved as raw pointers, so that no exception in
//! a comparison can lose one.

use super::items;
use crate::call;
use crate::errors::{PyResult, Raised, from_c, value_error};
use crate::object;
use crate::own::{Layout, decref};
use crate::{long, unicode};
use std::ptr::null_mut;
use twinheap_abi::*;

/// Wins in a row before a merge gallops.
const MIN_GALLOP: usize = 7;

type Item = *mut PyObject;

/// How two keys are compared, chosen once for all of them.
#[derive(Clone, Copy)]
enum Compare {
    /// By `<`, whatever the types.
    Generic,
    /// All keys have one type, whose own comparison is called directly.
    SameType(richcmpfunc),
    /// Exact ints of at most one digit.
    SmallInts,
    /// Exact floats.
    Floats,
    /// Exact one-byte str.
    Latin1,
}

/// `<` of two keys.
#[inline]
fn is_less(compare: Compare, a: Item, b: Item) -> PyResult<bool> {
    // SAFETY: the keys are alive while the sort holds them; the check before it chose the comparison.
    unsafe {
        match compare {
            Compare::Generic => object::rich_compare_bool(&*a, &*b, Py_LT),
            Compare::SameType(function) => {
                let answer = from_c(function(a, b, Py_LT))?;
                if std::ptr::eq(&*answer, &crate::singletons::_Py_NotImplementedStruct) {
                    return object::rich_compare_bool(&*a, &*b, Py_LT);
                }
                object::is_true(&answer)
            }
            Compare::SmallInts => {
                Ok(long::medium_value(&*a.cast()) < long::medium_value(&*b.cast()))
            }
            Compare::Floats => {
                let (a, b): (&PyFloatObject, &PyFloatObject) = (&*a.cast(), &*b.cast());
                Ok(a.ob_fval.get() < b.ob_fval.get())
            }
            Compare::Latin1 => Ok(unicode::raw_bytes(&*a.cast()) < unicode::raw_bytes(&*b.cast())),
        }
    }
}

/// The cheapest comparison that all keys allow (the pre-sort check).
fn choose_compare(keys: &[Item]) -> Compare {
    // SAFETY: the keys are alive.
    let type_of = |key: Item| unsafe { (*key).ob_type.get() };
    let first = type_of(keys[0]);
    if !keys.iter().all(|&key| type_of(key) == first) {
        return Compare::Generic;
    }
    // SAFETY: all keys have the type of the first.
    unsafe {
        if std::ptr::eq(first, &long::PyLong_Type)
            && keys.iter().all(|&key| long::is_medium(&*key.cast()))
        {
            return Compare::SmallInts;
        }
        if std::ptr::eq(first, &crate::float::PyFloat_Type) {
            return Compare::Floats;
        }
        if std::ptr::eq(first, &unicode::PyUnicode_Type)
            && keys
                .iter()
                .all(|&key| (*key.cast::<PyASCIIObject>()).kind() == 1)
        {
            return Compare::Latin1;
        }
        match (*first).tp_richcompare.get() {
            Some(function) => Compare::SameType(function),
            None => Compare::Generic,
        }
    }
}

/// Keys and, where there is a key function, the values that move with them.
struct Slices {
    keys: Vec<Item>,
    values: Option<Vec<Item>>,
}

impl Slices {
    fn move_range(&mut self, from: usize, to: usize, count: usize) {
        self.keys.copy_within(from..from + count, to);
        if let Some(values) = &mut self.values {
            values.copy_within(from..from + count, to);
        }
    }

    fn reverse(&mut self, low: usize, high: usize) {
        self.keys[low..high].reverse();
        if let Some(values) = &mut self.values {
            values[low..high].reverse();
        }
    }
}

struct Run {
    base: usize,
    length: usize,
    power: u32,
}

struct MergeState {
    compare: Compare,
    slices: Slices,
    length: usize,
    min_gallop: usize,
    pending: Vec<Run>,
    /// The shorter run of the merge under way.
    scratch: Slices,
}

impl MergeState {
    /// Copies from the scratch to the main arrays.
    fn restore(&mut self, from: usize, to: usize, count: usize) {
        self.slices.keys[to..to + count].copy_from_slice(&self.scratch.keys[from..from + count]);
        if let (Some(values), Some(saved)) = (&mut self.slices.values, &self.scratch.values) {
            values[to..to + count].copy_from_slice(&saved[from..from + count]);
        }
    }

    fn save(&mut self, from: usize, count: usize) {
        self.scratch.keys.clear();
        self.scratch
            .keys
            .extend_from_slice(&self.slices.keys[from..from + count]);
        if let (Some(values), Some(saved)) = (&self.slices.values, &mut self.scratch.values) {
            saved.clear();
            saved.extend_from_slice(&values[from..from + count]);
        }
    }

    #[inline(always)]
    fn less(&self, a: Item, b: Item) -> PyResult<bool> {
        is_less(self.compare, a, b)
    }

    /// `binarysort`: `low..start` is sorted already.
    fn binary_sort(&mut self, low: usize, high: usize, start: usize) -> PyResult<()> {
        let start = if low == start { start + 1 } else { start };
        for index in start..high {
            let pivot = self.slices.keys[index];
            let (mut left, mut right) = (low, index);
            while left < right {
                let middle = left + ((right - left) >> 1);
                if self.less(pivot, self.slices.keys[middle])? {
                    right = middle;
                } else {
                    left = middle + 1;
                }
            }
            self.slices.keys[left..=index].rotate_right(1);
            if let Some(values) = &mut self.slices.values {
                values[left..=index].rotate_right(1);
            }
        }
        Ok(())
    }

    /// `count_run`: the length of the run that starts at `low`, and whether it descends.
    fn count_run(&self, low: usize, high: usize) -> PyResult<(usize, bool)> {
        if low + 1 == high {
            return Ok((1, false));
        }
        let keys = &self.slices.keys;
        let descending = self.less(keys[low + 1], keys[low])?;
        let mut length = 2;
        for index in low + 2..high {
            if self.less(keys[index], keys[index - 1])? != descending {
                break;
            }
            length += 1;
        }
        Ok((length, descending))
    }

    /// `merge_at`: merges the runs `index` and `index + 1` of the stack.
    fn merge_at(&mut self, index: usize) -> PyResult<()> {
        let (mut base_a, mut length_a) = (self.pending[index].base, self.pending[index].length);
        let (base_b, mut length_b) = (self.pending[index + 1].base, self.pending[index + 1].length);
        self.pending[index].length = length_a + length_b;
        self.pending.remove(index + 1);
        let skipped = gallop_right(
            self.compare,
            self.slices.keys[base_b],
            &self.slices.keys[base_a..base_a + length_a],
            0,
        )?;
        base_a += skipped;
        length_a -= skipped;
        if length_a == 0 {
            return Ok(());
        }
        length_b = gallop_left(
            self.compare,
            self.slices.keys[base_a + length_a - 1],
            &self.slices.keys[base_b..base_b + length_b],
            length_b - 1,
        )?;
        if length_b == 0 {
            return Ok(());
        }
        if length_a <= length_b {
            self.merge_low(base_a, length_a, base_b, length_b)
        } else {
            self.merge_high(base_a, length_a, base_b, length_b)
        }
    }

    /// `merge_lo`: the first run is the shorter one, and waits in the scratch.
    fn merge_low(
        &mut self,
        base_a: usize,
        length_a: usize,
        base_b: usize,
        length_b: usize,
    ) -> PyResult<()> {
        self.save(base_a, length_a);
        let mut merge = Low {
            dest: base_a,
            a: 0,
            left_a: length_a,
            b: base_b,
            left_b: length_b,
        };
        let outcome = self.run_low(&mut merge);
        // What is left of the first run goes behind what has been merged, in all cases.
        if merge.left_a > 0 && !(outcome.is_ok() && merge.left_a == 1 && merge.left_b > 0) {
            self.restore(merge.a, merge.dest, merge.left_a);
        } else if merge.left_a == 1 && merge.left_b > 0 {
            // The last item of the first run belongs at the very end.
            self.slices.move_range(merge.b, merge.dest, merge.left_b);
            self.restore(merge.a, merge.dest + merge.left_b, 1);
        }
        outcome
    }

    fn run_low(&mut self, m: &mut Low) -> PyResult<()> {
        let mut min_gallop = self.min_gallop;
        self.take_b(m);
        if m.left_b == 0 || m.left_a == 1 {
            return Ok(());
        }
        loop {
            let (mut a_count, mut b_count) = (0, 0);
            loop {
                if self.less(self.slices.keys[m.b], self.scratch.keys[m.a])? {
                    self.take_b(m);
                    b_count += 1;
                    a_count = 0;
                    if m.left_b == 0 {
                        return Ok(());
                    }
                    if b_count >= min_gallop {
                        break;
                    }
                } else {
                    self.take_a(m, 1);
                    a_count += 1;
                    b_count = 0;
                    if m.left_a == 1 {
                        return Ok(());
                    }
                    if a_count >= min_gallop {
                        break;
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let pivot = self.slices.keys[m.b];
                a_count = gallop_right(
                    self.compare,
                    pivot,
                    &self.scratch.keys[m.a..m.a + m.left_a],
                    0,
                )?;
                if a_count > 0 {
                    self.take_a(m, a_count);
                    if m.left_a == 1 {
                        return Ok(());
                    }
                    // Only an inconsistent comparison can use the first run up here.
                    if m.left_a == 0 {
                        return Ok(());
                    }
                }
                self.take_b(m);
                if m.left_b == 0 {
                    return Ok(());
                }
                let pivot = self.scratch.keys[m.a];
                b_count = gallop_left(
                    self.compare,
                    pivot,
                    &self.slices.keys[m.b..m.b + m.left_b],
                    0,
                )?;
                if b_count > 0 {
                    self.slices.move_range(m.b, m.dest, b_count);
                    m.dest += b_count;
                    m.b += b_count;
                    m.left_b -= b_count;
                    if m.left_b == 0 {
                        return Ok(());
                    }
                }
                self.take_a(m, 1);
                if m.left_a == 1 {
                    return Ok(());
                }
                if a_count < MIN_GALLOP && b_count < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    fn take_b(&mut self, m: &mut Low) {
        self.slices.move_range(m.b, m.dest, 1);
        m.dest += 1;
        m.b += 1;
        m.left_b -= 1;
    }

    fn take_a(&mut self, m: &mut Low, count: usize) {
        self.restore(m.a, m.dest, count);
        m.dest += count;
        m.a += count;
        m.left_a -= count;
    }

    /// `merge_hi`: the second run is the shorter one, and waits in the scratch; the merge runs
    /// backwards.
    fn merge_high(
        &mut self,
        base_a: usize,
        length_a: usize,
        base_b: usize,
        length_b: usize,
    ) -> PyResult<()> {
        self.save(base_b, length_b);
        let mut merge = High {
            end: base_b + length_b,
            base_a,
            left_a: length_a,
            left_b: length_b,
        };
        let outcome = self.run_high(&mut merge);
        if merge.left_b > 0 && !(outcome.is_ok() && merge.left_b == 1 && merge.left_a > 0) {
            self.restore(0, merge.end - merge.left_b, merge.left_b);
        } else if merge.left_b == 1 && merge.left_a > 0 {
            // The first item of the second run belongs in front of all.
            let to = merge.end - merge.left_a;
            self.slices.move_range(merge.base_a, to, merge.left_a);
            self.restore(0, to - 1, 1);
        }
        outcome
    }

    fn run_high(&mut self, m: &mut High) -> PyResult<()> {
        let mut min_gallop = self.min_gallop;
        self.take_a_back(m, 1);
        if m.left_a == 0 || m.left_b == 1 {
            return Ok(());
        }
        loop {
            let (mut a_count, mut b_count) = (0, 0);
            loop {
                let last_a = self.slices.keys[m.base_a + m.left_a - 1];
                if self.less(self.scratch.keys[m.left_b - 1], last_a)? {
                    self.take_a_back(m, 1);
                    a_count += 1;
                    b_count = 0;
                    if m.left_a == 0 {
                        return Ok(());
                    }
                    if a_count >= min_gallop {
                        break;
                    }
                } else {
                    self.take_b_back(m, 1);
                    b_count += 1;
                    a_count = 0;
                    if m.left_b == 1 {
                        return Ok(());
                    }
                    if b_count >= min_gallop {
                        break;
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let run = &self.slices.keys[m.base_a..m.base_a + m.left_a];
                let kept = gallop_right(
                    self.compare,
                    self.scratch.keys[m.left_b - 1],
                    run,
                    m.left_a - 1,
                )?;
                a_count = m.left_a - kept;
                if a_count > 0 {
                    self.take_a_back(m, a_count);
                    if m.left_a == 0 {
                        return Ok(());
                    }
                }
                self.take_b_back(m, 1);
                if m.left_b == 1 {
                    return Ok(());
                }
                let pivot = self.slices.keys[m.base_a + m.left_a - 1];
                let kept = gallop_left(
                    self.compare,
                    pivot,
                    &self.scratch.keys[..m.left_b],
                    m.left_b - 1,
                )?;
                b_count = m.left_b - kept;
                if b_count > 0 {
                    self.take_b_back(m, b_count);
                    if m.left_b == 1 {
                        return Ok(());
                    }
                    // Only an inconsistent comparison can use the second run up here.
                    if m.left_b == 0 {
                        return Ok(());
                    }
                }
                self.take_a_back(m, 1);
                if m.left_a == 0 {
                    return Ok(());
                }
                if a_count < MIN_GALLOP && b_count < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    fn take_a_back(&mut self, m: &mut High, count: usize) {
        self.slices
            .move_range(m.base_a + m.left_a - count, m.end - count, count);
        m.end -= count;
        m.left_a -= count;
    }

    fn take_b_back(&mut self, m: &mut High, count: usize) {
        self.restore(m.left_b - count, m.end - count, count);
        m.end -= count;
        m.left_b -= count;
    }

    /// `found_new_run`: merges what must be merged before a run of this length joins the stack.
    fn found_new_run(&mut self, length: usize) -> PyResult<()> {
        if let Some(last) = self.pending.last() {
            let power = power_of(last.base, last.length, length, self.length);
            while self.pending.len() > 1 && self.pending[self.pending.len() - 2].power > power {
                self.merge_at(self.pending.len() - 2)?;
            }
            if let Some(last) = self.pending.last_mut() {
                last.power = power;
            }
        }
        Ok(())
    }

    /// `merge_force_collapse`.
    fn collapse(&mut self) -> PyResult<()> {
        while self.pending.len() > 1 {
            let mut index = self.pending.len() - 2;
            if index > 0 && self.pending[index - 1].length < self.pending[index + 1].length {
                index -= 1;
            }
            self.merge_at(index)?;
        }
        Ok(())
    }

    fn sort(&mut self) -> PyResult<()> {
        let min_run = min_run_length(self.length);
        let mut low = 0;
        while low < self.length {
            let left = self.length - low;
            let (mut length, descending) = self.count_run(low, self.length)?;
            if descending {
                self.slices.reverse(low, low + length);
            }
            if length < min_run {
                let forced = left.min(min_run);
                self.binary_sort(low, low + forced, low + length)?;
                length = forced;
            }
            self.found_new_run(length)?;
            self.pending.push(Run {
                base: low,
                length,
                power: 0,
            });
            low += length;
        }
        self.collapse()
    }
}

/// Positions of a merge from the left.
struct Low {
    dest: usize,
    a: usize,
    left_a: usize,
    b: usize,
    left_b: usize,
}

/// Positions of a merge from the right; `end` is behind the next place to fill.
struct High {
    end: usize,
    base_a: usize,
    left_a: usize,
    left_b: usize,
}

/// `powerloop`: the depth at which two neighbouring runs meet in the merge tree.
fn power_of(start: usize, first: usize, second: usize, total: usize) -> u32 {
    let mut power = 0;
    let mut a = 2 * start + first;
    let mut b = a + first + second;
    loop {
        power += 1;
        if a >= total {
            a -= total;
            b -= total;
        } else if b >= total {
            return power;
        }
        a <<= 1;
        b <<= 1;
    }
}

/// `merge_compute_minrun`.
fn min_run_length(length: usize) -> usize {
    let mut length = length;
    let mut rest = 0;
    while length >= 64 {
        rest |= length & 1;
        length >>= 1;
    }
    length + rest
}

/// `gallop_left`: how many items of the run are less than the key, searching from `hint`.
fn gallop_left(compare: Compare, key: Item, run: &[Item], hint: usize) -> PyResult<usize> {
    let length = run.len();
    let (mut last, mut offset) = (0isize, 1isize);
    if is_less(compare, run[hint], key)? {
        let max = (length - hint) as isize;
        while offset < max && is_less(compare, run[hint + offset as usize], key)? {
            last = offset;
            offset = (offset << 1) + 1;
        }
        offset = offset.min(max);
        last += hint as isize;
        offset += hint as isize;
    } else {
        let max = hint as isize + 1;
        while offset < max && !is_less(compare, run[hint - offset as usize], key)? {
            last = offset;
            offset = (offset << 1) + 1;
        }
        offset = offset.min(max);
        (last, offset) = (hint as isize - offset, hint as isize - last);
    }
    last += 1;
    while last < offset {
        let middle = last + ((offset - last) >> 1);
        if is_less(compare, run[middle as usize], key)? {
            last = middle + 1;
        } else {
            offset = middle;
        }
    }
    Ok(offset as usize)
}

/// `gallop_right`: how many items of the run are not greater than the key, searching from `hint`.
fn gallop_right(compare: Compare, key: Item, run: &[Item], hint: usize) -> PyResult<usize> {
    let length = run.len();
    let (mut last, mut offset) = (0isize, 1isize);
    if is_less(compare, key, run[hint])? {
        let max = hint as isize + 1;
        while offset < max && is_less(compare, key, run[hint - offset as usize])? {
            last = offset;
            offset = (offset << 1) + 1;
        }
        offset = offset.min(max);
        (last, offset) = (hint as isize - offset, hint as isize - last);
    } else {
        let max = (length - hint) as isize;
        while offset < max && !is_less(compare, key, run[hint + offset as usize])? {
            last = offset;
            offset = (offset << 1) + 1;
        }
        offset = offset.min(max);
        last += hint as isize;
        offset += hint as isize;
    }
    last += 1;
    while last < offset {
        let middle = last + ((offset - last) >> 1);
        if is_less(compare, key, run[middle as usize])? {
            offset = middle;
        } else {
            last = middle + 1;
        }
    }
    Ok(offset as usize)
}

/// `PyList_Sort`.
pub fn sort(list: &PyListObject) -> PyResult<()> {
    sort_with(list, None, false)
}

/// `list.sort(key=..., reverse=...)`.
pub fn sort_with(list: &PyListObject, key: Option<&PyObject>, reverse: bool) -> PyResult<()> {
    let length = list.ob_size.get() as usize;
    let values: Vec<Item> = items(list).iter().map(|item| item.as_raw()).collect();
    let block = list.ob_item.replace(null_mut());
    let allocated = list.allocated.replace(-1);
    list.ob_size.set(0);

    let (outcome, sorted) = sort_values(values, key, reverse);

    let mutated = list.allocated.get() != -1 && outcome.is_ok();
    let outcome = if mutated {
        Err(value_error("list modified during sort"))
    } else {
        outcome
    };
    let stray_block = list.ob_item.replace(block);
    let stray_size = list.ob_size.replace(length as isize);
    list.allocated.set(allocated);
    // SAFETY: the block holds the same items, in their new order; what a comparison has put into
    // the list meanwhile is released.
    unsafe {
        for (index, item) in sorted.into_iter().enumerate() {
            *block.add(index) = item;
        }
        if !stray_block.is_null() {
            for index in (0..stray_size as usize).rev() {
                crate::own::xdecref(*stray_block.add(index));
            }
            crate::memory::free(stray_block.cast());
        }
    }
    outcome
}

/// Sorts raw items; gives them back in any case, in the order that was reached.
fn sort_values(
    values: Vec<Item>,
    key: Option<&PyObject>,
    reverse: bool,
) -> (PyResult<()>, Vec<Item>) {
    let Some(function) = key else {
        let (outcome, slices) = sort_slices(
            Slices {
                keys: values,
                values: None,
            },
            reverse,
        );
        return (outcome, slices.keys);
    };
    let mut keys: Vec<Item> = Vec::with_capacity(values.len());
    for &value in &values {
        // SAFETY: the value is alive while the sort holds it.
        match call::call(function, &[unsafe { &*value }]) {
            Ok(made) => keys.push(made.into_raw()),
            Err(raised) => {
                release_all(&keys);
                return (Err(raised), values);
            }
        }
    }
    let (outcome, slices) = sort_slices(
        Slices {
            keys,
            values: Some(values),
        },
        reverse,
    );
    release_all(&slices.keys);
    (outcome, slices.values.unwrap_or_default())
}

fn release_all(keys: &[Item]) {
    for &key in keys {
        // SAFETY: the keys were made for this sort.
        unsafe { decref(key) };
    }
}

fn sort_slices(slices: Slices, reverse: bool) -> (Result<(), Raised>, Slices) {
    let length = slices.keys.len();
    let has_values = slices.values.is_some();
    if length < 2 {
        return (Ok(()), slices);
    }
    let compare = choose_compare(&slices.keys);
    let mut state = MergeState {
        compare,
        slices,
        length,
        min_gallop: MIN_GALLOP,
        pending: Vec::new(),
        scratch: Slices {
            keys: Vec::new(),
            values: has_values.then(Vec::new),
        },
    };
    // Reversing before and after keeps a descending sort stable.
    if reverse {
        state.slices.reverse(0, length);
    }
    let outcome = state.sort();
    if reverse {
        state.slices.reverse(0, length);
    }
    (outcome, state.slices)
}
