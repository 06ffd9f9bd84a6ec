//! The signature of a divergence: stage, kind and outcome pair, without addresses, literals or line numbers.

use twinheap_observation::outcome::Outcome;
use twinheap_observation::{Observation, Stage};

use crate::compare::Difference;

/// One signature is one finding, however many programs show it.
pub fn sign(
    stage: Stage,
    differences: &[Difference],
    oracle: &Observation,
    subject: &Observation,
) -> String {
    let kind = differences
        .first()
        .map_or("unknown", |difference| &difference.kind);
    let outcomes = match (oracle.outcome.shown(), subject.outcome.shown()) {
        // How both ended alike is no part of what differs.
        (Some(left), Some(right)) if ending(left) == ending(right) => {
            left.class().name().to_owned()
        }
        (Some(left), Some(right)) => format!("{} / {}", ending(left), ending(right)),
        _ => "outcome not shown".to_owned(),
    };
    let shape = if stage == Stage::Output {
        output_shape(differences)
    } else {
        String::new()
    };
    format!("{stage} | {}{shape} | {outcomes}", generalised(kind))
}

/// The words in which the first missing and the first extra line differ, their values taken out, so that two
/// unlike messages are two findings and what a program prints around them is not.
fn output_shape(differences: &[Difference]) -> String {
    const WORDS: usize = 4;
    let first = |pick: fn(&Difference) -> &str| {
        let line = differences.iter().map(pick).find(|line| !line.is_empty());
        let values = |character: char| !(character.is_ascii_alphabetic() || character == ' ');
        let shape: String = generalised(line.unwrap_or("")).replace(values, " ");
        let words = shape.split_whitespace().filter(|word| word.len() > 1);
        words.map(str::to_owned).collect::<Vec<String>>()
    };
    let (left, right) = (first(|found| &found.left), first(|found| &found.right));
    let pairs = || left.iter().zip(&right);
    let before = pairs().take_while(|(one, other)| one == other).count();
    let shorter = left.len().min(right.len()) - before;
    let behind = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take(shorter)
        .take_while(|(one, other)| one == other)
        .count();
    let differing = |words: &[String]| {
        let middle = &words[before..words.len() - behind];
        if middle.is_empty() {
            "values".to_owned()
        } else {
            middle[..middle.len().min(WORDS)].join(" ")
        }
    };
    format!(" {} / {}", differing(&left), differing(&right))
}

/// How it ended, with the exception's first argument generalised.
fn ending(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Raised(exception) => {
            let message = exception
                .args
                .first()
                .map(|text| generalised(text))
                .unwrap_or_default();
            format!("raised {} {message}", exception.type_name)
                .trim_end()
                .to_owned()
        }
        Outcome::Crashed { cause, message } => {
            let said = message
                .lines()
                .find(|line| !line.trim().is_empty())
                .unwrap_or("");
            // A panic says where on its first line and what on its second.
            let what = message
                .lines()
                .skip_while(|line| !line.contains("panicked at"))
                .nth(1)
                .unwrap_or(said);
            format!("crashed ({cause}) {}", generalised(what))
                .trim_end()
                .to_owned()
        }
        other => other.label(),
    }
}

/// A text with numbers and quoted parts replaced.
pub fn generalised(text: &str) -> String {
    let mut result = String::new();
    let mut characters = text.chars().peekable();
    // The rendering of a str argument is quoted as a whole; what counts is inside.
    let mut inside = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .map(str::to_owned);
    if let Some(inner) = inside.take() {
        return generalised(&inner.replace("\\'", "\""));
    }
    while let Some(character) = characters.next() {
        match character {
            '0'..='9' => {
                while characters.next_if(char::is_ascii_alphanumeric).is_some() {}
                result.push('N');
            }
            quote @ ('\'' | '"') => {
                while characters.next_if(|next| *next != quote).is_some() {}
                characters.next();
                result.push('Q');
            }
            other => result.push(other),
        }
        if result.len() > 120 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(generalised(input), expected);
    }

    #[test]
    fn numbers_and_quotes_go() {
        check("line 12: name \"x\" is 0xff", "line N: name Q is N");
    }

    #[test]
    fn a_rendered_message_is_opened() {
        check("'unsupported operand \\'int\\''", "unsupported operand Q");
    }

    #[test]
    fn output_is_told_by_the_words_that_differ() {
        let difference = |left: &str, right: &str| Difference {
            stage: Stage::Output,
            kind: String::new(),
            place: String::new(),
            left: left.to_owned(),
            right: right.to_owned(),
            field: None,
        };
        let shape =
            |left: &str, right: &str| output_shape(&[difference(left, ""), difference("", right)]);
        assert_eq!(
            shape("caught KeyError: 7 here", "caught IndexError: 7 here"),
            " KeyError / IndexError"
        );
        assert_eq!(shape("a list of 5", "a list of 6"), " values / values");
        assert_eq!(shape("one two", "one"), " two / values");
    }

    #[test]
    fn plain_text_stays() {
        check("list PyListObject.allocated", "list PyListObject.allocated");
    }
}
