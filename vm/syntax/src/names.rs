//! Interned identifiers: a `Name` is a small number, its text lives in one `Names` table.

use std::rc::Rc;

/// An identifier, equal to another exactly when their texts are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub u32);

/// The table behind `Name`: open addressing over a multiplicative hash.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Rc<str>>,
    hashes: Vec<u32>,
    slots: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

fn hash_bytes(bytes: &[u8]) -> u32 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = 0_u64;
        for (index, byte) in chunk.iter().enumerate() {
            word |= u64::from(*byte) << (8 * index);
        }
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    (hash >> 32) as u32
}

impl Names {
    /// A table that holds `first` under the numbers 0, 1, 2 and so on.
    pub fn with(first: &[&str]) -> Names {
        let mut names = Names {
            texts: Vec::new(),
            hashes: Vec::new(),
            slots: vec![EMPTY; 512],
        };
        for text in first {
            names.intern(text);
        }
        names
    }

    pub fn intern(&mut self, text: &str) -> Name {
        let hash = hash_bytes(text.as_bytes());
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let index = self.slots[slot];
            if index == EMPTY {
                break;
            }
            if self.hashes[index as usize] == hash && &*self.texts[index as usize] == text {
                return Name(index);
            }
            slot = (slot + 1) & mask;
        }
        let index = self.texts.len() as u32;
        self.slots[slot] = index;
        self.texts.push(text.into());
        self.hashes.push(hash);
        if self.texts.len() * 2 > self.slots.len() {
            self.grow();
        }
        Name(index)
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 4 - 1;
        self.slots = vec![EMPTY; mask + 1];
        for (index, hash) in self.hashes.iter().enumerate() {
            let mut slot = *hash as usize & mask;
            while self.slots[slot] != EMPTY {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = index as u32;
        }
    }

    pub fn text(&self, name: Name) -> &str {
        &self.texts[name.0 as usize]
    }

    /// The text of `name`, shared.
    pub fn shared(&self, name: Name) -> Rc<str> {
        self.texts[name.0 as usize].clone()
    }

    /// The name with this text, if there is one.
    pub fn find(&self, text: &str) -> Option<Name> {
        let hash = hash_bytes(text.as_bytes());
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != EMPTY {
            let index = self.slots[slot];
            if self.hashes[index as usize] == hash && &*self.texts[index as usize] == text {
                return Some(Name(index));
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}
