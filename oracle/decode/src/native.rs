//! Objects of native types that no layout describes: what they lead to through `tp_traverse`, and the rest word by word.
//!
//! The words are those of the object's own struct. A word is null, one of the objects that the traversal leads to, an
//! object that is known already, another address, or a value. What lies behind other addresses is not seen, which is why
//! a report counts such objects by themselves.

use std::ffi::{c_int, c_void};

use twinheap_abi::*;

use crate::fields;
use crate::memory::{Address, c_text};
use crate::text::latin_text;
use crate::walk::Decoder;

/// What is known of the struct of a native type beyond its size.
struct Native {
    name: &'static [u8],
    /// Words that begin with an int of four bytes and end with padding, which holds what the memory held before.
    padded: &'static [usize],
    /// Where the items begin, if that is inside the basic size.
    items_at: Option<usize>,
    /// The first word of what the object only works with while one of its functions runs.
    workspace_at: Option<usize>,
}

/// From `Modules/_sre/sre.h`.
const NATIVES: &[Native] = &[
    Native {
        name: b"re.Pattern",
        padded: &[7, 9],
        items_at: Some(88),
        workspace_at: None,
    },
    Native {
        name: b"re.Match",
        padded: &[],
        items_at: Some(80),
        workspace_at: None,
    },
    Native {
        name: b"_sre.SRE_Scanner",
        padded: &[],
        items_at: None,
        workspace_at: Some(3),
    },
];

/// Words in front of an object's own: the reference count and the type.
const HEADER_WORDS: usize = 2;
/// Edges beyond which no more of an object are written.
const MOST_EDGES: usize = 100_000;

/// Where `mmap`, the heap and the images of programs lie on 64-bit Linux: no small number and no double looks like that.
fn is_address(word: usize) -> bool {
    (1 << 32..1 << 47).contains(&word)
}

unsafe extern "C" fn note(object: *mut PyObject, edges: *mut c_void) -> c_int {
    // SAFETY: the traversal passes on what `edges_of` gave it, a list that nobody else uses meanwhile.
    let edges = unsafe { &mut *edges.cast::<Vec<usize>>() };
    if edges.len() < MOST_EDGES {
        edges.push(object as usize);
    }
    0
}

impl Decoder {
    /// What the object's type leads a collector to, in its order. The type itself is left out: whether instances of
    /// native types count as its holders depends on how the type was made.
    pub(crate) fn edges_of(&self, address: Address) -> Vec<usize> {
        let mut edges: Vec<usize> = Vec::new();
        let object_type = address.type_of();
        if object_type.tp_flags.get() & Py_TPFLAGS_HAVE_GC == 0 {
            return edges;
        }
        if let Some(traverse) = object_type.tp_traverse.get() {
            let list: *mut Vec<usize> = &mut edges;
            // SAFETY: whoever vouched for this heap vouched for its types too: the function takes an object of its
            // type and a visitor with its argument, and runs no Python code.
            unsafe { traverse(address.pointer(), note, list.cast()) };
        }
        let own_type = std::ptr::from_ref(object_type) as usize;
        edges.retain(|edge| *edge != own_type);
        edges
    }

    /// Writes an object of a native type.
    pub(crate) fn write_native(&mut self, address: Address) {
        let object_type = address.type_of();
        let basic_size = object_type.tp_basicsize.get().max(0) as usize;
        let type_name = c_text(object_type.tp_name.get());
        let known = NATIVES.iter().find(|known| known.name == type_name);
        let bytes = if object_type.tp_itemsize.get() > 0 {
            let count = address.view::<PyVarObject>().ob_size.get().unsigned_abs();
            let items_at = known.and_then(|known| known.items_at);
            items_at.unwrap_or(basic_size) + count * object_type.tp_itemsize.get() as usize
        } else {
            basic_size
        };
        self.unsigned(fields::OPAQUE_SIZE, basic_size as u64);
        let edges = self.edges_of(address);
        for (index, edge) in edges.iter().enumerate() {
            self.reference_at(fields::NATIVE_EDGE, index, *edge as *const PyObject);
        }
        let name = latin_text(type_name);
        let has_padding = |index| known.is_some_and(|known| known.padded.contains(&index));
        let words = address.table::<usize>(bytes.div_ceil(size_of::<usize>()));
        let workspace = known.and_then(|known| known.workspace_at);
        let compared = workspace.unwrap_or(words.len());
        for (index, word) in words.iter().enumerate().take(compared).skip(HEADER_WORDS) {
            let hidden = self.masks.hidden_bits(&name, index);
            // What lies behind the last item belongs to nobody.
            let is_half = (index + 1) * size_of::<usize>() > bytes || has_padding(index);
            let seen = if is_half { 0xffff_ffff } else { usize::MAX };
            match *word & seen & !hidden {
                0 => {}
                half if is_half => self.unsigned_at(fields::NATIVE_HALF, 2 * index, half as u64),
                word => self.write_word(index, word, &edges),
            }
        }
    }

    fn write_word(&mut self, index: usize, word: usize, edges: &[usize]) {
        if !is_address(word) {
            // Behind an int of four bytes lies what the memory held before, so both halves are told apart.
            let halves = [(0, word as u32), (1, (word >> 32) as u32)];
            for (at, half) in halves {
                let place = 2 * index + at;
                if half != 0 {
                    self.unsigned_at(fields::NATIVE_HALF, place, u64::from(half));
                }
            }
        } else if edges.contains(&word) {
            self.reference_at(fields::NATIVE_WORD, index, word as *const PyObject);
        } else {
            self.pointer_at(fields::NATIVE_WORD, index, Address::at(word));
        }
    }
}
