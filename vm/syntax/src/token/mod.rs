//! Tokens: their generated kinds, the names that are always known, and a token's place.

mod kinds;

pub use kinds::*;

/// Names every table holds at fixed numbers, right after the keywords.
pub mod known {
    use crate::names::Name;
    pub const MATCH: Name = Name(33);
    pub const CASE: Name = Name(34);
    pub const UNDERSCORE: Name = Name(35);
    pub const STAR: Name = Name(36);
    pub const EMPTY: Name = Name(37);
    pub const PRINT: Name = Name(38);
    pub const EXEC: Name = Name(39);
    pub const DEBUG: Name = Name(40);
    pub const TEXTS: [&str; 8] = ["match", "case", "_", "*", "", "print", "exec", "__debug__"];
}

/// A token with its place: byte range in the source, lines and columns; a column of -1 is absent.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: Tok,
    /// How many brackets were open after this token.
    pub level: u16,
    /// The interned identifier, for names and keywords.
    pub name: u32,
    pub start: u32,
    pub end: u32,
    pub lineno: i32,
    pub col_offset: i32,
    pub end_lineno: i32,
    pub end_col_offset: i32,
}
