//! Unicode 14.0 tables, generated from the oracle's unicodedata, and the questions asked of them.

#![deny(unsafe_code)]

pub mod multibyte;
mod names;
mod normalize;
#[rustfmt::skip]
mod tables;
mod version;

pub use names::{lookup, name};
pub use normalize::{Form, nfkc, normalize};
pub use tables::{NAMED_SEQUENCES, UNIDATA_VERSION};
pub use version::{OldRecord, Version, is_surely_normal};

/// What is known of one code point; equal ones share a record.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub category: u8,
    pub bidirectional: u8,
    pub east_asian_width: u8,
    pub combining: u8,
    pub flags: u16,
    /// Differences to the simple case mappings.
    pub upper: i32,
    pub lower: i32,
    pub title: i32,
    /// The row in the table of full case mappings, or -1.
    pub special: i16,
    pub decimal: i8,
    pub digit: i8,
    /// The row in the table of numeric values, or -1.
    pub numeric: i16,
    /// The normal forms, as bits, in which it may have to be changed.
    pub quick_check: u8,
}

pub const ALPHA: u16 = 1 << 0;
pub const DECIMAL: u16 = 1 << 1;
pub const DIGIT: u16 = 1 << 2;
pub const NUMERIC: u16 = 1 << 3;
pub const SPACE: u16 = 1 << 4;
pub const PRINTABLE: u16 = 1 << 5;
pub const LOWER: u16 = 1 << 6;
pub const UPPER: u16 = 1 << 7;
pub const TITLE: u16 = 1 << 8;
pub const XID_START: u16 = 1 << 9;
pub const XID_CONTINUE: u16 = 1 << 10;
pub const MIRRORED: u16 = 1 << 11;
pub const CASED: u16 = 1 << 12;
pub const CASE_IGNORABLE: u16 = 1 << 13;
pub const FOLDS: u16 = 1 << 14;
pub const LINE_BREAK: u16 = 1 << 15;

/// The record of a code point below 0x110000; anything else has the record of an unassigned one.
pub fn record(code: u32) -> &'static Record {
    let code = if code < 0x11_0000 { code } else { 0x10_ffff };
    let block = tables::BLOCKS[(code >> tables::BLOCK_BITS) as usize] as usize;
    let low = (code & ((1 << tables::BLOCK_BITS) - 1)) as usize;
    &tables::RECORDS[tables::DATA[(block << tables::BLOCK_BITS) + low] as usize]
}

fn has(code: u32, flag: u16) -> bool {
    record(code).flags & flag != 0
}

pub fn is_alpha(code: u32) -> bool {
    has(code, ALPHA)
}

pub fn is_decimal(code: u32) -> bool {
    has(code, DECIMAL)
}

pub fn is_digit(code: u32) -> bool {
    has(code, DIGIT)
}

pub fn is_numeric(code: u32) -> bool {
    has(code, NUMERIC)
}

pub fn is_space(code: u32) -> bool {
    has(code, SPACE)
}

pub fn is_printable(code: u32) -> bool {
    has(code, PRINTABLE)
}

pub fn is_lower(code: u32) -> bool {
    has(code, LOWER)
}

pub fn is_upper(code: u32) -> bool {
    has(code, UPPER)
}

pub fn is_title(code: u32) -> bool {
    has(code, TITLE)
}

/// Can start an identifier; the underscore, which Python adds, is not counted.
pub fn is_xid_start(code: u32) -> bool {
    has(code, XID_START)
}

pub fn is_xid_continue(code: u32) -> bool {
    has(code, XID_CONTINUE)
}

pub fn is_mirrored(code: u32) -> bool {
    has(code, MIRRORED)
}

pub fn is_cased(code: u32) -> bool {
    has(code, CASED)
}

pub fn is_case_ignorable(code: u32) -> bool {
    has(code, CASE_IGNORABLE)
}

pub fn is_line_break(code: u32) -> bool {
    has(code, LINE_BREAK)
}

pub fn category(code: u32) -> &'static str {
    tables::CATEGORY_NAMES[record(code).category as usize]
}

pub fn bidirectional(code: u32) -> &'static str {
    tables::BIDIRECTIONAL_NAMES[record(code).bidirectional as usize]
}

pub fn east_asian_width(code: u32) -> &'static str {
    tables::EAST_ASIAN_WIDTH_NAMES[record(code).east_asian_width as usize]
}

pub fn combining(code: u32) -> u8 {
    record(code).combining
}

pub fn decimal_value(code: u32) -> Option<u8> {
    u8::try_from(record(code).decimal).ok()
}

pub fn digit_value(code: u32) -> Option<u8> {
    u8::try_from(record(code).digit).ok()
}

pub fn numeric_value(code: u32) -> Option<f64> {
    let row = usize::try_from(record(code).numeric).ok()?;
    Some(tables::NUMERIC_VALUES[row])
}

/// Which of the four full case mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upper = 0,
    Lower = 1,
    Title = 2,
    Fold = 3,
}

/// The full case mapping of a code point: up to three code points, and how many.
pub fn map_case(code: u32, case: Case) -> ([u32; 3], usize) {
    let record = record(code);
    if let Ok(row) = usize::try_from(record.special) {
        let mut mapped = [0; 3];
        let mut count = 0;
        for c in tables::SPECIAL_CASING[row][case as usize].chars() {
            mapped[count] = c as u32;
            count += 1;
        }
        return (mapped, count);
    }
    let delta = match case {
        Case::Upper => record.upper,
        Case::Lower | Case::Fold => record.lower,
        Case::Title => record.title,
    };
    ([code.wrapping_add_signed(delta), 0, 0], 1)
}

/// The text of `unicodedata.decomposition`: the tag, if any, and the code points in hexadecimal.
pub fn decomposition(code: u32) -> Option<(&'static str, &'static [u32])> {
    let row = tables::DECOMPOSITIONS
        .binary_search_by_key(&code, |row| row.0)
        .ok()?;
    let (_, tag, offset, len) = tables::DECOMPOSITIONS[row];
    let start = offset as usize;
    Some((
        tables::DECOMPOSITION_TAGS[tag as usize],
        &tables::DECOMPOSITION_DATA[start..start + len as usize],
    ))
}
