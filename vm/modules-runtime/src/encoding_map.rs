//! `EncodingMap`: from characters to bytes in three levels (`Objects/unicodeobject.c`).
//!
//! A character's upper bits choose a row of the first table, its middle bits one of the second, its lower bits
//! a byte. Zero stands for no byte, as only the zero character is encoded as one.

use crate::prelude::*;

const LEVEL_1: usize = 32;
const ROW_2: usize = 16;
const ROW_3: usize = 128;
/// No row.
const NONE: u8 = 0xff;
/// What a decoding table holds for a byte that means nothing.
const UNMAPPED: u32 = 0xfffe;

/// `struct encoding_map`; the rows of the second and third level follow.
#[repr(C)]
pub struct encoding_map {
    ob_base: PyObject,
    level1: Cell<[u8; LEVEL_1]>,
    count2: Cell<c_int>,
    count3: Cell<c_int>,
    level23: [Cell<u8>; 1],
}

// SAFETY: `#[repr(C)]`, begins with the header.
unsafe impl Layout for encoding_map {}
typed!(encoding_map, EncodingMapType);

const HEADER: usize = size_of::<encoding_map>() - 1;

impl encoding_map {
    /// The bytes of both lower levels.
    fn rows(&self) -> (&[Cell<u8>], &[Cell<u8>]) {
        let (count2, count3) = (self.count2.get() as usize, self.count3.get() as usize);
        let length = ROW_2 * count2 + ROW_3 * count3;
        // SAFETY: so many bytes were allocated from this field on.
        let all = unsafe {
            let start = std::ptr::from_ref(self).byte_add(offset_of!(encoding_map, level23));
            std::slice::from_raw_parts(start.cast(), length)
        };
        all.split_at(ROW_2 * count2)
    }

    /// `encoding_map_lookup`: the byte for a character.
    pub fn look_up(&self, character: u32) -> Option<u8> {
        if character == 0 || character > 0xffff {
            return (character == 0).then_some(0);
        }
        let (one, two, three) = parts(character);
        let (level2, level3) = self.rows();
        let row = self.level1.get()[one];
        if row == NONE {
            return None;
        }
        let row = level2[ROW_2 * usize::from(row) + two].get();
        if row == NONE {
            return None;
        }
        Some(level3[ROW_3 * usize::from(row) + three].get()).filter(|byte| *byte != 0)
    }
}

/// The index of a character in each level.
fn parts(character: u32) -> (usize, usize, usize) {
    let character = character as usize;
    (character >> 11, character >> 7 & 0xf, character & 0x7f)
}

/// `PyUnicode_BuildEncodingMap`: a map of levels, or a dict where those do not do.
pub fn build(table: &PyASCIIObject) -> PyResult {
    let characters: Vec<u32> = unicode::text(table).iter().take(256).collect();
    let Some((first, others)) = characters.split_first() else {
        return Err(type_error("bad argument type for built-in operation"));
    };
    let (mut level1, mut level2) = ([NONE; LEVEL_1], [NONE; LEVEL_1 * ROW_2]);
    let (mut count2, mut count3) = (0, 0);
    let mut fits = *first == 0;
    for &character in others {
        if character == 0 || character > 0xffff {
            fits = false;
            break;
        }
        if character == UNMAPPED {
            continue;
        }
        let (one, two, _) = parts(character);
        if level1[one] == NONE {
            level1[one] = count2;
            count2 += 1;
        }
        let at = ROW_2 * one + two;
        if level2[at] == NONE {
            level2[at] = count3;
            count3 = count3.saturating_add(1);
        }
    }
    match fits && count3 < NONE {
        true => levels(others, level1, (count2, count3)),
        false => dict_of(&characters),
    }
}

fn dict_of(characters: &[u32]) -> PyResult {
    let made = dict::new()?;
    for (index, character) in characters.iter().enumerate() {
        let key = long::from_usize(*character as usize)?;
        dict::set_item(&made, &key, &*long::from_usize(index)?)?;
    }
    Ok(made.upcast())
}

/// The map of the characters that the bytes from 1 on stand for.
fn levels(others: &[u32], level1: [u8; LEVEL_1], (count2, count3): (u8, u8)) -> PyResult {
    let length = ROW_2 * usize::from(count2) + ROW_3 * usize::from(count3);
    let object: *mut encoding_map =
        memory::new_object(&EncodingMapType, size_of::<encoding_map>() + length - 1)?;
    // SAFETY: fresh memory of the header and the rows, which is all written here.
    let made: Own<encoding_map> = unsafe {
        let map = &*object;
        map.level1.set(level1);
        map.count2.set(c_int::from(count2));
        map.count3.set(c_int::from(count3));
        let rows = object
            .byte_add(offset_of!(encoding_map, level23))
            .cast::<u8>();
        let second = ROW_2 * usize::from(count2);
        rows.write_bytes(NONE, second);
        rows.add(second).write_bytes(0, length - second);
        Own::from_raw(object)
    };
    let (level2, level3) = made.rows();
    let mut used = 0;
    for (byte, &character) in (1..=u8::MAX).zip(others) {
        if character == UNMAPPED {
            continue;
        }
        let (one, two, three) = parts(character);
        let row = &level2[ROW_2 * usize::from(level1[one]) + two];
        if row.get() == NONE {
            row.set(used);
            used += 1;
        }
        level3[ROW_3 * usize::from(row.get()) + three].set(byte);
    }
    Ok(made.upcast())
}

fn size(map: &encoding_map) -> PyResult {
    let (level2, level3) = map.rows();
    long::from_usize(HEADER + level2.len() + level3.len())
}

unsafe fn dealloc(map: *mut encoding_map) {
    // SAFETY: called once, when the last reference is gone; the map owns nothing.
    unsafe { memory::end_object(map.cast(), || ()) }
}

methods! {
    static METHODS:
    "size" => noargs(size, "($self, /)");
}

static_type! {
    /// `EncodingMap`.
    EncodingMapType = "EncodingMap", size size_of::<encoding_map>(), 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc dealloc),
    tp_methods: METHODS.as_ptr(),
}
