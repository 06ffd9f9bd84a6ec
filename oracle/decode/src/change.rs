//! For the self-test: one change to what a program left behind, made in memory before it is decoded and undone after.
//!
//! A change is drawn by its seed from all objects that the walk reaches and all bytes of their structs and tables. What
//! would lead the decoder astray is not drawn: the type of an object, pointers to blocks that are no objects, and sizes
//! other than by one less.

use twinheap_abi::*;

use crate::layouts::Layout;
use crate::memory::Address;

/// A change that was made, and how to undo it.
pub struct Change {
    address: Address,
    before: u64,
    /// `dict byte`, `list reference`: what kind of change it is.
    pub kind: String,
    /// Where it was made: the type and the offset.
    pub place: String,
    /// Why nobody compares what was changed, where that is so by a rule.
    pub rule: Option<&'static str>,
}

/// A number drawn from a seed, one after another (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ value >> 31) as usize % below.max(1)
    }
}

/// A run of bytes that belong to an object.
struct Part {
    name: &'static str,
    start: Address,
    bytes: usize,
}

/// Draws and makes one change to the objects that a walk has numbered.
pub(crate) fn make(nodes: &[(Address, Layout)], seed: u64) -> Option<Change> {
    const TRIES: usize = 200;
    let mut draw = Draw(seed);
    (0..TRIES).find_map(|_| try_one(nodes, &mut draw))
}

fn try_one(nodes: &[(Address, Layout)], draw: &mut Draw) -> Option<Change> {
    let (address, layout) = *nodes.get(draw.next(nodes.len()))?;
    let parts = parts_of(address, layout);
    let part = parts.get(draw.next(parts.len()))?;
    let word = draw.next(part.bytes / 8);
    let place = part.start.offset(word as isize * 8);
    let is_header = part.name == "struct" && place.number() == address.number() + 8;
    if is_header && layout != Layout::DictKeys {
        return None;
    }
    let before = *place.view::<u64>();
    let type_name = if layout == Layout::DictKeys {
        "PyDictKeysObject".to_owned()
    } else {
        crate::text::latin_text(crate::memory::c_text(address.type_of().tp_name.get()))
    };
    let (kind, after) = changed(nodes, layout, part, word, before, draw)?;
    write(place, after);
    let rule = rule_of(address, layout, part, word, before ^ after);
    Some(Change {
        address: place,
        before,
        kind: format!("{} {kind}", layout.name()),
        place: format!("{type_name} {} +{}", part.name, word * 8),
        rule,
    })
}

/// The word as it is to be, and what kind of change that is.
fn changed(
    nodes: &[(Address, Layout)],
    layout: Layout,
    part: &Part,
    word: usize,
    before: u64,
    draw: &mut Draw,
) -> Option<(&'static str, u64)> {
    let known = nodes
        .iter()
        .find(|(node, _)| node.number() as u64 == before);
    if let Some((_, kind)) = known {
        // Another object of the same layout, so that what is read there is what was there.
        let others: Vec<usize> = nodes
            .iter()
            .filter(|(node, layout)| layout == kind && node.number() as u64 != before)
            .map(|(node, _)| node.number())
            .collect();
        let other = others.get(draw.next(others.len()))?;
        return Some(("reference", *other as u64));
    }
    if (1 << 32..1 << 47).contains(&before) {
        return None;
    }
    let is_size = match part.name {
        "struct" => is_size(layout, word),
        _ => false,
    };
    if is_size {
        let less = before.checked_sub(1)?;
        return (before < 1 << 31).then_some(("size", less));
    }
    if layout == Layout::DictKeys && part.name == "struct" {
        return None;
    }
    let bit = draw.next(64);
    Some(("bit", before ^ 1 << bit))
}

/// The rule by which no stage compares these bits of a word, if there is one.
fn rule_of(
    address: Address,
    layout: Layout,
    part: &Part,
    word: usize,
    bits: u64,
) -> Option<&'static str> {
    const UPPER_HALF: u64 = 0xffff_ffff_0000_0000;
    let is_struct = part.name == "struct";
    let refcnt = *address.view::<isize>();
    match (layout, word) {
        (Layout::InternedStr, 0) if is_struct => Some("the count of an interned str"),
        (Layout::Str, 0) if is_struct && refcnt > 500_000_000 => Some("the count of a static str"),
        (Layout::Str | Layout::InternedStr, 4) if is_struct && bits & 0xff == 0 => {
            Some("bits of the state that nothing uses")
        }
        (Layout::Dict, 3) if is_struct => Some("the tag that counts the changes of all dicts"),
        (Layout::Set | Layout::FrozenSet, _) if part.name == "table" => {
            Some("the hash of an empty place")
        }
        (Layout::Set | Layout::FrozenSet, 8..24) if is_struct => {
            Some("the small table of a set that has another, or an empty place of it")
        }
        (Layout::DictKeys, _) if part.name == "entries" => Some("the hash of a deleted entry"),
        (Layout::WeakReference, 5 | 6) if is_struct => {
            Some("the links of a list of weak references")
        }
        (Layout::Exception, 8) if is_struct && bits & 0xff == 0 => Some("padding"),
        (Layout::Frame, 5..) if is_struct => Some("room for a frame that is not in use"),
        (Layout::Code, 6) if is_struct && bits >> 48 != 0 => {
            Some("the size of an entry of the cache of lines")
        }
        (Layout::Code, 20) if is_struct => Some("the cache of lines, which only tracing fills"),
        (Layout::Code, 21) if is_struct && bits & UPPER_HALF == bits => Some("padding"),
        _ => None,
    }
}

/// Words that say how much of something there is: wrong by more, they lead out of the object.
fn is_size(layout: Layout, word: usize) -> bool {
    const SECOND: usize = 2;
    const THIRD: usize = 3;
    const FOURTH: usize = 4;
    match layout {
        Layout::Int
        | Layout::Str
        | Layout::InternedStr
        | Layout::Bytes
        | Layout::ByteArray
        | Layout::Tuple
        | Layout::List
        | Layout::Type
        | Layout::Code
        | Layout::Opaque => word == SECOND,
        Layout::Set | Layout::FrozenSet => word == FOURTH,
        Layout::MemoryView => true,
        Layout::Dict => word == SECOND || word == THIRD,
        _ => false,
    }
}

/// The struct of an object, and the tables that it owns.
fn parts_of(address: Address, layout: Layout) -> Vec<Part> {
    if layout == Layout::DictKeys {
        return parts_of_key_table(address);
    }
    let object_type = address.type_of();
    let own = match layout {
        // A compact str is smaller than the struct of its type.
        Layout::Str | Layout::InternedStr => {
            let is_ascii = address.view::<PyASCIIObject>().is_ascii();
            if is_ascii {
                size_of::<PyASCIIObject>()
            } else {
                size_of::<PyCompactUnicodeObject>()
            }
        }
        _ => object_type.tp_basicsize.get().max(0) as usize,
    };
    let mut parts = vec![Part {
        name: "struct",
        start: address,
        bytes: own,
    }];
    match layout {
        Layout::List => {
            let list = address.view::<PyListObject>();
            parts.push(Part {
                name: "items",
                start: Address::of(list.ob_item.get()),
                bytes: list.ob_size.get().max(0) as usize * 8,
            });
        }
        Layout::Tuple => parts.push(Part {
            name: "items",
            start: address.offset(std::mem::offset_of!(PyTupleObject, ob_item) as isize),
            bytes: address.view::<PyVarObject>().ob_size.get().max(0) as usize * 8,
        }),
        Layout::Set | Layout::FrozenSet => {
            let set = address.view::<PySetObject>();
            parts.push(Part {
                name: "table",
                start: Address::of(set.table.get()),
                bytes: (set.mask.get() as usize + 1) * 16,
            });
        }
        Layout::Code => parts.push(Part {
            name: "instructions",
            start: address.offset(std::mem::offset_of!(PyCodeObject, co_code_adaptive) as isize),
            bytes: address.view::<PyCodeObject>().ob_size.get().max(0) as usize * 2,
        }),
        Layout::Str => parts.push(Part {
            name: "data",
            start: Address::of(crate::text::str_data(address).as_ptr()),
            bytes: crate::text::str_data(address).len() & !7,
        }),
        Layout::Bytes => parts.push(Part {
            name: "data",
            start: Address::of(crate::text::bytes_data(address).as_ptr()),
            bytes: crate::text::bytes_data(address).len() & !7,
        }),
        _ => {}
    }
    parts.retain(|part| part.bytes >= 8 && !part.start.is_null() && part.start.number() % 8 == 0);
    parts
}

fn parts_of_key_table(address: Address) -> Vec<Part> {
    let keys = address.view::<PyDictKeysObject>();
    let entry = if keys.dk_kind.get() == DICT_KEYS_GENERAL {
        24
    } else {
        16
    };
    let head = size_of::<PyDictKeysObject>() as isize;
    let indices = 1_usize << keys.dk_log2_index_bytes.get();
    let start = address.offset(head + indices as isize);
    vec![
        Part {
            name: "indices",
            start: address.offset(head),
            bytes: indices,
        },
        Part {
            name: "entries",
            start,
            bytes: keys.dk_nentries.get().max(0) as usize * entry,
        },
    ]
}

fn write(place: Address, word: u64) {
    // SAFETY: the word belongs to an object of a heap that stands still, which whoever made the first address vouched
    // for; nothing runs before it is put back.
    unsafe { (place.pointer().cast::<u64>()).write_volatile(word) };
}

impl Change {
    /// Puts back what was there.
    pub fn undo(self) {
        write(self.address, self.before);
    }
}
