//! Errors of files that people write: with the line, and with a suggestion where a key is misspelt.

use std::fmt::Display;

/// `file:line: reason`, and what an unknown key may have meant.
pub fn told(name: &dyn Display, text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let hint = suggestion(message)
        .map(|word| format!("; did you mean `{word}`?"))
        .unwrap_or_default();
    match error.span() {
        Some(span) => at(name, text, span.start, &format!("{message}{hint}")),
        None => format!("{name}: {message}{hint}"),
    }
}

/// `file:line: reason` for a place in the text.
pub fn at(name: &dyn Display, text: &str, place: usize, reason: &str) -> String {
    let line = text[..place.min(text.len())].matches('\n').count() + 1;
    format!("{name}:{line}: {reason}")
}

/// What the first quoted word may have meant: one of the quoted words that follow it.
fn suggestion(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `")?;
    let (word, rest) = rest.split_once('`')?;
    nearest(word, rest.split('`').skip(1).step_by(2))
}

/// The nearest of the known words, if one is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |one: &&str| distance(word, one) <= 1 + word.len() / 4;
    known.filter(near).min_by_key(|one| distance(word, one))
}

/// How many letters must be changed, added or taken out to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = place + 1;
        for (column, against) in other.chars().enumerate() {
            let changed = diagonal + usize::from(letter != against);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_and_a_far_one_is_not() {
        let known = || ["reason", "stages", "digests"].into_iter();
        assert_eq!(nearest("resaon", known()), Some("reason"));
        assert_eq!(nearest("stage", known()), Some("stages"));
        assert_eq!(nearest("colour", known()), None);
    }
}
