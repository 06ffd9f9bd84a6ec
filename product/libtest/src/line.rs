//! The lines that the driver writes.

use crate::Outcome;

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A method that is going to run.
    Listed(String),
    Begin(String),
    End {
        key: String,
        outcome: Outcome,
        microseconds: u32,
    },
    /// A fixture failed or was skipped: `setUpClass (test.test_x.Class)`.
    Fixture {
        name: String,
        outcome: Outcome,
    },
    /// The file says itself that it cannot run here.
    Skipped(String),
    Unimportable(String),
    Over,
}

/// Reads a line; none where it was cut off or is none of the driver's.
pub fn parse(line: &str) -> Option<Line> {
    let fields: Vec<String> = line.split('\t').map(unescaped).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    Some(match fields[..] {
        ["listed", key] => Line::Listed(key.to_owned()),
        ["begin", key] => Line::Begin(key.to_owned()),
        ["end", key, word, microseconds, text] => Line::End {
            key: key.to_owned(),
            outcome: outcome(word, text)?,
            microseconds: microseconds.parse().unwrap_or(u32::MAX),
        },
        ["fixture", name, word, _, text] => Line::Fixture {
            name: name.to_owned(),
            outcome: outcome(word, text)?,
        },
        ["skipped", reason] => Line::Skipped(reason.to_owned()),
        ["unimportable", reason] => Line::Unimportable(reason.to_owned()),
        ["over"] => Line::Over,
        _ => return None,
    })
}

fn outcome(word: &str, text: &str) -> Option<Outcome> {
    Some(match word {
        "pass" => Outcome::Pass,
        "fail" => Outcome::Fail(text.to_owned()),
        "error" => Outcome::Error(text.to_owned()),
        "skip" => Outcome::Skip(text.to_owned()),
        "expected-failure" => Outcome::ExpectedFailure,
        "unexpected-success" => Outcome::UnexpectedSuccess,
        _ => return None,
    })
}

fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back() {
        assert_eq!(parse("begin\tA.b"), Some(Line::Begin("A.b".to_owned())));
        let end = parse("end\tA.b\tfail\t12\tAssertionError: a\\nb\\\\").expect("a line");
        assert_eq!(
            end,
            Line::End {
                key: "A.b".to_owned(),
                outcome: Outcome::Fail("AssertionError: a\nb\\".to_owned()),
                microseconds: 12,
            }
        );
        assert_eq!(parse("over"), Some(Line::Over));
        assert_eq!(parse("end\tA.b\tfa"), None);
    }

    #[test]
    fn the_exception_is_the_first_word() {
        let outcome = Outcome::Error("ValueError: no: yes".to_owned());
        assert_eq!(outcome.exception(), Some("ValueError"));
        assert_eq!(Outcome::Pass.exception(), None);
    }
}
