//! The signature of a divergence: stage, kind and outcome pair, without addresses, literals or line numbers.

use twinheap_observation::outcome::{ExceptionView, Outcome};
use twinheap_observation::{Observation, Stage};

use crate::compare::{Difference, without_addresses};
use crate::said::{between, opened, operation, with_words};

/// One signature is one finding, however many programs show it. The topic counts only where nothing but values
/// differ, as these say little of the operation.
pub fn sign(
    topic: &str,
    stage: Stage,
    differences: &[Difference],
    oracle: &Observation,
    subject: &Observation,
) -> String {
    let kind = differences
        .first()
        .map_or("unknown", |difference| &difference.kind);
    let ends = (oracle.outcome.shown(), subject.outcome.shown());
    match (stage, ends) {
        (Stage::Output, (Some(left), Some(right))) => {
            let said = output(topic, oracle, subject);
            if said.ended_early && class_of(left) != class_of(right) {
                return format!("{stage} | ended early | {}", endings(left, right));
            }
            format!("{stage} | {}", said.differing)
        }
        (Stage::Outcome, (Some(Outcome::Raised(left)), Some(Outcome::Raised(right))))
            if left.type_name == right.type_name =>
        {
            format!("{stage} | {}", same_type(topic, left, right, differences))
        }
        (Stage::Outcome, (Some(left), Some(right))) => {
            format!("{stage} | {}", endings(left, right))
        }
        // How both ended alike is no part of what differs.
        (_, (Some(left), Some(right))) if class_of(left) == class_of(right) => {
            format!("{stage} | {} | {}", generalised(kind), left.class().name())
        }
        (_, (Some(left), Some(right))) => {
            format!("{stage} | {} | {}", generalised(kind), endings(left, right))
        }
        _ => format!("{stage} | {} | outcome not shown", generalised(kind)),
    }
}

/// How a program ended, without any message.
fn class_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Raised(exception) => format!("raised {}", exception.type_name),
        Outcome::Crashed { cause, .. } => format!("crashed ({cause})"),
        other => other.label(),
    }
}

/// Two ends that differ. The reference's message names the operation; where it has none, the subject's does.
fn endings(left: &Outcome, right: &Outcome) -> String {
    let said = match (left, right) {
        (Outcome::Raised(exception), _) => message(exception),
        (_, Outcome::Raised(exception)) => message(exception),
        (_, Outcome::Crashed { message, .. }) | (Outcome::Crashed { message, .. }, _) => {
            generalised(panic_of(message))
        }
        _ => String::new(),
    };
    with_words(&format!("{} / {}", class_of(left), class_of(right)), &said)
}

/// The words of an exception's first argument.
fn message(exception: &ExceptionView) -> String {
    let first = exception.args.first().map(|text| opened(text));
    operation(&exception.type_name, &first.unwrap_or_default())
}

/// A panic says where on its first line and what on its second; other last words begin with what counts.
fn panic_of(words: &str) -> &str {
    let first = words.lines().find(|line| !line.trim().is_empty());
    let what = words
        .lines()
        .skip_while(|line| !line.contains("panicked at"))
        .nth(1);
    what.or(first).unwrap_or("")
}

/// Two exceptions of one type: whether the message differs, or what else.
fn same_type(
    topic: &str,
    left: &ExceptionView,
    right: &ExceptionView,
    differences: &[Difference],
) -> String {
    let name = &left.type_name;
    if left.args.first() != right.args.first() {
        return with_words(&format!("message of {name}"), &message(left));
    }
    if left.args != right.args {
        return with_words(&format!("arguments of {name}"), &message(left));
    }
    let Some(first) = differences.first() else {
        return format!("{name} unknown");
    };
    // Behind a type only what hangs on the exception can differ: frames, notes, causes, members.
    let line = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let counterpart = differences
        .get(1)
        .filter(|next| next.left.is_empty() != first.left.is_empty());
    let left = line(&first.left).or_else(|| counterpart.and_then(|next| line(&next.left)));
    let right = line(&first.right).or_else(|| counterpart.and_then(|next| line(&next.right)));
    let shown = left.as_deref().or(right.as_deref()).unwrap_or("");
    let part = shown.split_whitespace().next().unwrap_or("");
    if matches!(part, "at" | "note" | "suppresses") {
        return format!("{} of {name}", generalised(&first.kind));
    }
    let what = between(topic, left.as_deref(), right.as_deref());
    format!("{part} of {name}: {what}")
}

/// What two outputs differ in.
struct OutputDifference {
    differing: String,
    /// The subject printed what the reference printed, but not all of it.
    ended_early: bool,
}

fn output(topic: &str, oracle: &Observation, subject: &Observation) -> OutputDifference {
    let streams = |observation: &Observation| {
        let shown = observation.output.shown();
        let text = |bytes: &Vec<u8>| without_addresses(&String::from_utf8_lossy(bytes));
        shown.map_or_else(Default::default, |output| {
            (text(&output.stdout), text(&output.stderr))
        })
    };
    let (left, right) = (streams(oracle), streams(subject));
    let (name, left, right) = if left.0 == right.0 {
        ("stderr: ", left.1, right.1)
    } else {
        ("", left.0, right.0)
    };
    let (left, right): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    let alike = left
        .iter()
        .zip(&right)
        .take_while(|(one, other)| one == other)
        .count();
    let (one, other) = (left.get(alike), right.get(alike));
    OutputDifference {
        differing: format!("{name}{}", between(topic, one.copied(), other.copied())),
        ended_early: other.is_none() && one.is_some(),
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
    fn plain_text_stays() {
        check("list PyListObject.allocated", "list PyListObject.allocated");
    }
}
