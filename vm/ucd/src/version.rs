//! The two versions of the database that `unicodedata` answers for: 14.0, and 3.2 as differences from it.

use crate::{Form, normalize::normalize_in, record, tables};

/// What Unicode 3.2 says otherwise than 14.0 of some code points.
#[derive(Clone, Copy, Debug)]
pub struct OldRecord {
    pub category: Option<u8>,
    pub bidirectional: Option<u8>,
    pub east_asian_width: Option<u8>,
    pub mirrored: Option<u8>,
    pub decimal: Option<i8>,
    /// The row in the table of numeric values, or -1.
    pub numeric: Option<i16>,
}

/// The version of the database that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Unicode 14.0.
    Current,
    /// Unicode 3.2, as CPython keeps it for the names of internet domains.
    Old,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Version::Current => tables::UNIDATA_VERSION,
            Version::Old => "3.2.0",
        }
    }

    /// What this version says otherwise than 14.0.
    pub fn changes(self, code: u32) -> Option<&'static OldRecord> {
        if self == Version::Current {
            return None;
        }
        let next = tables::OLD_RANGES.partition_point(|(_, last, _)| *last < code);
        let (first, _, row) = tables::OLD_RANGES.get(next)?;
        (*first <= code).then(|| &tables::OLD_RECORDS[usize::from(*row)])
    }

    /// Whether this version has no such character although 14.0 has it.
    pub fn is_missing(self, code: u32) -> bool {
        self.changes(code)
            .is_some_and(|old| old.category == Some(0))
    }

    pub fn category(self, code: u32) -> &'static str {
        let changed = self.changes(code).and_then(|old| old.category);
        tables::CATEGORY_NAMES[usize::from(changed.unwrap_or(record(code).category))]
    }

    pub fn bidirectional(self, code: u32) -> &'static str {
        let changed = self.changes(code).and_then(|old| old.bidirectional);
        tables::BIDIRECTIONAL_NAMES[usize::from(changed.unwrap_or(record(code).bidirectional))]
    }

    pub fn east_asian_width(self, code: u32) -> &'static str {
        let changed = self.changes(code).and_then(|old| old.east_asian_width);
        let width = changed.unwrap_or(record(code).east_asian_width);
        tables::EAST_ASIAN_WIDTH_NAMES[usize::from(width)]
    }

    pub fn is_mirrored(self, code: u32) -> bool {
        let changed = self.changes(code).and_then(|old| old.mirrored);
        changed.map_or_else(|| crate::is_mirrored(code), |mirrored| mirrored != 0)
    }

    pub fn combining(self, code: u32) -> u8 {
        if self.is_missing(code) {
            return 0;
        }
        record(code).combining
    }

    pub fn decimal_value(self, code: u32) -> Option<u8> {
        let changed = self.changes(code).and_then(|old| old.decimal);
        u8::try_from(changed.unwrap_or(record(code).decimal)).ok()
    }

    pub fn numeric_value(self, code: u32) -> Option<f64> {
        let changed = self.changes(code).and_then(|old| old.numeric);
        let row = usize::try_from(changed.unwrap_or(record(code).numeric)).ok()?;
        Some(tables::NUMERIC_VALUES[row])
    }

    pub fn name_of(self, code: u32) -> Option<String> {
        if self.is_missing(code) {
            return None;
        }
        crate::name(code)
    }

    /// The character with a name; only 14.0 knows aliases, and syllables and ideographs have their names in both.
    pub fn lookup(self, name: &str) -> Option<u32> {
        let (code, kind) = crate::names::find(name)?;
        let is_known = match kind {
            crate::names::Kind::Computed => true,
            crate::names::Kind::Alias => self == Version::Current,
            crate::names::Kind::Listed => !self.is_missing(code),
        };
        is_known.then_some(code)
    }

    /// The sequence of characters with a name; 3.2 has none.
    pub fn named_sequence(self, name: &str) -> Option<&'static [u32]> {
        if self == Version::Old {
            return None;
        }
        let wanted = name.to_ascii_uppercase();
        let row = tables::NAMED_SEQUENCES
            .binary_search_by_key(&wanted.as_str(), |(known, _)| known)
            .ok()?;
        Some(tables::NAMED_SEQUENCES[row].1)
    }

    /// The tag of a decomposition, if it has one, and its code points.
    pub fn decomposition(self, code: u32) -> Option<(&'static str, &'static [u32])> {
        if self.is_missing(code) {
            return None;
        }
        crate::decomposition(code)
    }

    /// The character that 3.2 decomposes another one to than 14.0 does.
    pub fn correction(self, code: u32) -> Option<u32> {
        if self == Version::Current {
            return None;
        }
        let row = tables::OLD_CORRECTIONS
            .binary_search_by_key(&code, |(known, _)| *known)
            .ok()?;
        Some(tables::OLD_CORRECTIONS[row].1)
    }

    pub fn normalize(self, codes: &[u32], form: Form) -> Vec<u32> {
        normalize_in(self, codes, form)
    }
}

/// Whether a look at each character tells that nothing needs to be done; only 14.0 has the tables for it.
pub fn is_surely_normal(codes: impl Iterator<Item = u32>, form: Form) -> bool {
    let bit = 1
        << match form {
            Form::Nfc => 0,
            Form::Nfd => 1,
            Form::Nfkc => 2,
            Form::Nfkd => 3,
        };
    let mut last_class = 0;
    for code in codes {
        let record = record(code);
        let is_out_of_order = record.combining != 0 && last_class > record.combining;
        if is_out_of_order || record.quick_check & bit != 0 {
            return false;
        }
        last_class = record.combining;
    }
    true
}
