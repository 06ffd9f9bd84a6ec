//! The memo of a pickler: from the identity of an object to its number. Open addressing over the
//! address, as CPython does it, so that sizes are the same.

use crate::prelude::*;

const MINIMUM_SIZE: usize = 8;
const PERTURB_SHIFT: u32 = 5;

struct Entry {
    key: Option<Own>,
    value: isize,
}

/// The memo; it owns the objects that it knows.
pub struct MemoTable {
    entries: Vec<Entry>,
    used: usize,
}

fn empty_entries(count: usize) -> Vec<Entry> {
    std::iter::repeat_with(|| Entry {
        key: None,
        value: 0,
    })
    .take(count)
    .collect()
}

impl Default for MemoTable {
    fn default() -> MemoTable {
        MemoTable {
            entries: empty_entries(MINIMUM_SIZE),
            used: 0,
        }
    }
}

impl MemoTable {
    /// How many objects it knows.
    pub fn len(&self) -> usize {
        self.used
    }

    /// What `__sizeof__` counts: the head of the table and its entries.
    pub fn byte_size(&self) -> usize {
        32 + self.entries.len() * 16
    }

    fn position(&self, key: &PyObject) -> usize {
        let mask = self.entries.len() - 1;
        let hash = ((key.as_raw() as isize) >> 3) as usize;
        let mut index = hash & mask;
        let mut perturb = hash;
        loop {
            match &self.entries[index & mask].key {
                Some(known) if !std::ptr::eq(&**known, key) => {}
                _ => return index & mask,
            }
            index = (index << 2)
                .wrapping_add(index)
                .wrapping_add(perturb)
                .wrapping_add(1);
            perturb >>= PERTURB_SHIFT;
        }
    }

    /// The number of an object.
    pub fn get(&self, key: &PyObject) -> Option<isize> {
        let entry = &self.entries[self.position(key)];
        entry.key.as_ref().map(|_| entry.value)
    }

    /// Gives an object a number.
    pub fn set(&mut self, key: &PyObject, value: isize) {
        let position = self.position(key);
        let entry = &mut self.entries[position];
        entry.value = value;
        if entry.key.is_some() {
            return;
        }
        entry.key = Some(Own::new(key));
        self.used += 1;
        if self.used * 3 >= self.entries.len() * 2 {
            self.resize((if self.used > 50000 { 2 } else { 4 }) * self.used);
        }
    }

    fn resize(&mut self, minimum: usize) {
        let size = minimum.next_power_of_two().max(MINIMUM_SIZE);
        let old = std::mem::replace(&mut self.entries, empty_entries(size));
        for entry in old {
            if let Some(key) = &entry.key {
                let position = self.position(key);
                self.entries[position] = entry;
            }
        }
    }

    /// Forgets all; what it knew is handed over to be released.
    #[must_use]
    pub fn take_all(&mut self) -> impl Sized + use<> {
        self.used = 0;
        let size = self.entries.len();
        std::mem::replace(&mut self.entries, empty_entries(size))
    }

    /// A memo that knows the same.
    pub fn copy(&self) -> MemoTable {
        MemoTable {
            entries: self
                .entries
                .iter()
                .map(|entry| Entry {
                    key: entry.key.clone(),
                    value: entry.value,
                })
                .collect(),
            used: self.used,
        }
    }

    /// The objects with their numbers, in the order of the table.
    pub fn known(&self) -> Vec<(Own, isize)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.key.clone()?, entry.value)))
            .collect()
    }
}
