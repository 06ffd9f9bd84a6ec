//! The one door to character properties.

use twinheap_ucd as ucd;

pub use ucd::Case;

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $($(#[$doc])*
        #[inline]
        pub fn $name(character: u32) -> bool {
            ucd::$name(character)
        })+
    };
}

properties! {
    /// `Py_UNICODE_ISALPHA`.
    is_alpha,
    /// `Py_UNICODE_ISDECIMAL`.
    is_decimal,
    /// `Py_UNICODE_ISDIGIT`.
    is_digit,
    /// `Py_UNICODE_ISNUMERIC`.
    is_numeric,
    /// Whether `repr` shows the character as it is.
    is_printable,
    /// `Py_UNICODE_ISLOWER`.
    is_lower,
    /// `Py_UNICODE_ISUPPER`.
    is_upper,
    /// Whether a word of an identifier may start with the character.
    is_xid_start,
    /// Whether an identifier may go on with the character.
    is_xid_continue,
    /// Whether the character has a case.
    is_cased,
    /// Whether the character is passed over when the end of a word is looked for.
    is_case_ignorable,
    /// `Py_UNICODE_ISLINEBREAK`.
    is_line_break,
}

/// `Py_UNICODE_ISSPACE`.
#[inline]
pub fn is_space(character: u32) -> bool {
    match character {
        0..=127 => matches!(character, 0x09..=0x0d | 0x1c..=0x20),
        _ => ucd::is_space(character),
    }
}

/// `Py_UNICODE_ISTITLE`: a letter like U+01C5; the table's own flag is that of `str.istitle`, which
/// upper case letters have too.
pub fn is_title(character: u32) -> bool {
    character >= 0x1c5 && ucd::category(character) == "Lt"
}

/// `Py_UNICODE_ISALNUM`.
pub fn is_alnum(character: u32) -> bool {
    is_alpha(character) || is_decimal(character) || is_digit(character) || is_numeric(character)
}

/// The value of a decimal digit of any script.
#[inline]
pub fn decimal_value(character: u32) -> Option<u32> {
    match character {
        0x30..=0x39 => Some(character - 0x30),
        0..=127 => None,
        _ => ucd::decimal_value(character).map(u32::from),
    }
}

/// The full case mapping: up to three characters.
#[inline]
pub fn map_case(character: u32, case: Case) -> ([u32; 3], usize) {
    ucd::map_case(character, case)
}

/// `Py_UNICODE_TOLOWER` and its kin: one character for one. Of a mapping to several characters it is
/// the first, as in CPython's tables.
pub fn simple_case(character: u32, case: Case) -> u32 {
    ucd::map_case(character, case).0[0]
}
