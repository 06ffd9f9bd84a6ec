//! The numbers of code words: operators, positions, categories, flags of the info block.

/// What a pattern that was compiled for this engine says it was compiled for.
pub const MAGIC: u32 = 20220615;
/// Stands for "no limit" in the code of a repeat.
pub const MAXREPEAT: u32 = 4294967295;
/// The largest number of groups.
pub const MAXGROUPS: u32 = 1073741823;

/// Operators.
pub mod op {
    /// `FAILURE`
    pub const FAILURE: u32 = 0;
    /// `SUCCESS`
    pub const SUCCESS: u32 = 1;
    /// `ANY`
    pub const ANY: u32 = 2;
    /// `ANY_ALL`
    pub const ANY_ALL: u32 = 3;
    /// `ASSERT`
    pub const ASSERT: u32 = 4;
    /// `ASSERT_NOT`
    pub const ASSERT_NOT: u32 = 5;
    /// `AT`
    pub const AT: u32 = 6;
    /// `BRANCH`
    pub const BRANCH: u32 = 7;
    /// `CATEGORY`
    pub const CATEGORY: u32 = 8;
    /// `CHARSET`
    pub const CHARSET: u32 = 9;
    /// `BIGCHARSET`
    pub const BIGCHARSET: u32 = 10;
    /// `GROUPREF`
    pub const GROUPREF: u32 = 11;
    /// `GROUPREF_EXISTS`
    pub const GROUPREF_EXISTS: u32 = 12;
    /// `IN`
    pub const IN: u32 = 13;
    /// `INFO`
    pub const INFO: u32 = 14;
    /// `JUMP`
    pub const JUMP: u32 = 15;
    /// `LITERAL`
    pub const LITERAL: u32 = 16;
    /// `MARK`
    pub const MARK: u32 = 17;
    /// `MAX_UNTIL`
    pub const MAX_UNTIL: u32 = 18;
    /// `MIN_UNTIL`
    pub const MIN_UNTIL: u32 = 19;
    /// `NOT_LITERAL`
    pub const NOT_LITERAL: u32 = 20;
    /// `NEGATE`
    pub const NEGATE: u32 = 21;
    /// `RANGE`
    pub const RANGE: u32 = 22;
    /// `REPEAT`
    pub const REPEAT: u32 = 23;
    /// `REPEAT_ONE`
    pub const REPEAT_ONE: u32 = 24;
    /// `SUBPATTERN`
    pub const SUBPATTERN: u32 = 25;
    /// `MIN_REPEAT_ONE`
    pub const MIN_REPEAT_ONE: u32 = 26;
    /// `ATOMIC_GROUP`
    pub const ATOMIC_GROUP: u32 = 27;
    /// `POSSESSIVE_REPEAT`
    pub const POSSESSIVE_REPEAT: u32 = 28;
    /// `POSSESSIVE_REPEAT_ONE`
    pub const POSSESSIVE_REPEAT_ONE: u32 = 29;
    /// `GROUPREF_IGNORE`
    pub const GROUPREF_IGNORE: u32 = 30;
    /// `IN_IGNORE`
    pub const IN_IGNORE: u32 = 31;
    /// `LITERAL_IGNORE`
    pub const LITERAL_IGNORE: u32 = 32;
    /// `NOT_LITERAL_IGNORE`
    pub const NOT_LITERAL_IGNORE: u32 = 33;
    /// `GROUPREF_LOC_IGNORE`
    pub const GROUPREF_LOC_IGNORE: u32 = 34;
    /// `IN_LOC_IGNORE`
    pub const IN_LOC_IGNORE: u32 = 35;
    /// `LITERAL_LOC_IGNORE`
    pub const LITERAL_LOC_IGNORE: u32 = 36;
    /// `NOT_LITERAL_LOC_IGNORE`
    pub const NOT_LITERAL_LOC_IGNORE: u32 = 37;
    /// `GROUPREF_UNI_IGNORE`
    pub const GROUPREF_UNI_IGNORE: u32 = 38;
    /// `IN_UNI_IGNORE`
    pub const IN_UNI_IGNORE: u32 = 39;
    /// `LITERAL_UNI_IGNORE`
    pub const LITERAL_UNI_IGNORE: u32 = 40;
    /// `NOT_LITERAL_UNI_IGNORE`
    pub const NOT_LITERAL_UNI_IGNORE: u32 = 41;
    /// `RANGE_UNI_IGNORE`
    pub const RANGE_UNI_IGNORE: u32 = 42;
}

/// Positions.
pub mod at {
    /// `AT_BEGINNING`
    pub const BEGINNING: u32 = 0;
    /// `AT_BEGINNING_LINE`
    pub const BEGINNING_LINE: u32 = 1;
    /// `AT_BEGINNING_STRING`
    pub const BEGINNING_STRING: u32 = 2;
    /// `AT_BOUNDARY`
    pub const BOUNDARY: u32 = 3;
    /// `AT_NON_BOUNDARY`
    pub const NON_BOUNDARY: u32 = 4;
    /// `AT_END`
    pub const END: u32 = 5;
    /// `AT_END_LINE`
    pub const END_LINE: u32 = 6;
    /// `AT_END_STRING`
    pub const END_STRING: u32 = 7;
    /// `AT_LOC_BOUNDARY`
    pub const LOC_BOUNDARY: u32 = 8;
    /// `AT_LOC_NON_BOUNDARY`
    pub const LOC_NON_BOUNDARY: u32 = 9;
    /// `AT_UNI_BOUNDARY`
    pub const UNI_BOUNDARY: u32 = 10;
    /// `AT_UNI_NON_BOUNDARY`
    pub const UNI_NON_BOUNDARY: u32 = 11;
}

/// Categories.
pub mod category {
    /// `CATEGORY_DIGIT`
    pub const DIGIT: u32 = 0;
    /// `CATEGORY_NOT_DIGIT`
    pub const NOT_DIGIT: u32 = 1;
    /// `CATEGORY_SPACE`
    pub const SPACE: u32 = 2;
    /// `CATEGORY_NOT_SPACE`
    pub const NOT_SPACE: u32 = 3;
    /// `CATEGORY_WORD`
    pub const WORD: u32 = 4;
    /// `CATEGORY_NOT_WORD`
    pub const NOT_WORD: u32 = 5;
    /// `CATEGORY_LINEBREAK`
    pub const LINEBREAK: u32 = 6;
    /// `CATEGORY_NOT_LINEBREAK`
    pub const NOT_LINEBREAK: u32 = 7;
    /// `CATEGORY_LOC_WORD`
    pub const LOC_WORD: u32 = 8;
    /// `CATEGORY_LOC_NOT_WORD`
    pub const LOC_NOT_WORD: u32 = 9;
    /// `CATEGORY_UNI_DIGIT`
    pub const UNI_DIGIT: u32 = 10;
    /// `CATEGORY_UNI_NOT_DIGIT`
    pub const UNI_NOT_DIGIT: u32 = 11;
    /// `CATEGORY_UNI_SPACE`
    pub const UNI_SPACE: u32 = 12;
    /// `CATEGORY_UNI_NOT_SPACE`
    pub const UNI_NOT_SPACE: u32 = 13;
    /// `CATEGORY_UNI_WORD`
    pub const UNI_WORD: u32 = 14;
    /// `CATEGORY_UNI_NOT_WORD`
    pub const UNI_NOT_WORD: u32 = 15;
    /// `CATEGORY_UNI_LINEBREAK`
    pub const UNI_LINEBREAK: u32 = 16;
    /// `CATEGORY_UNI_NOT_LINEBREAK`
    pub const UNI_NOT_LINEBREAK: u32 = 17;
}

/// Flags of the info block.
pub mod info {
    /// The pattern starts with a known prefix.
    pub const PREFIX: u32 = 1;
    /// The pattern is a literal and nothing else.
    pub const LITERAL: u32 = 2;
    /// The pattern starts with a character of a known set.
    pub const CHARSET: u32 = 4;
}
