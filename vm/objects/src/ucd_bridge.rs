//! The one door to character properties.

/// Whether `repr` shows the character as it is.
pub fn is_printable(character: u32) -> bool {
    let Some(character) = char::from_u32(character) else {
        return false;
    };
    match character {
        ' '..='~' => true,
        '\0'..='\u{9f}' | '\u{a0}' | '\u{ad}' => false,
        _ => !character.is_control() && !character.is_whitespace(),
    }
}
