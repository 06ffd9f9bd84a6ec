//! The signature of a divergence: stage, kind and outcome pair, without addresses, literals or line numbers.

use twinheap_observation::outcome::{ExceptionView, Outcome};
use twinheap_observation::{Observation, Program, Stage, Step, StepTrail};

use crate::compare::Difference;
use crate::said::{between, opened, operation, operation_of_line, with_words};

/// One signature is one finding, however many programs and topics show it. The differences are those of one hunk.
pub fn sign(
    program: &Program,
    stage: Stage,
    differences: &[&Difference],
    oracle: &Observation,
    subject: &Observation,
) -> String {
    let kind = differences
        .first()
        .map_or("unknown", |difference| &difference.kind);
    let ends = oracle.outcome.shown().zip(subject.outcome.shown());
    match stage {
        Stage::Tokens | Stage::Ast | Stage::Code => {
            let (left, right) = first_lines(differences);
            let shown =
                |line: Option<&str>| line.map_or("no line".to_owned(), |line| head_of(stage, line));
            format!("{stage} | {} / {}", shown(left), shown(right))
        }
        Stage::Output => {
            let (left, right) = first_lines(differences);
            let stream = if kind.starts_with("stderr") {
                "stderr: "
            } else {
                ""
            };
            if let (None, Some((one, other))) = (right, ends)
                && class_of(one) != class_of(other)
            {
                return format!("{stage} | ended early | {}", endings(one, other));
            }
            let place = culprit(program, oracle, subject, differences.first().copied());
            format!("{stage} | {stream}{}", between(&place, left, right))
        }
        Stage::Outcome => match ends {
            Some((Outcome::Raised(left), Outcome::Raised(right)))
                if left.type_name == right.type_name =>
            {
                format!("{stage} | {}", same_type(left, right, differences))
            }
            Some((left, right)) => format!("{stage} | {}", endings(left, right)),
            None => format!("{stage} | {}", generalised(kind)),
        },
        Stage::Heap | Stage::Steps => {
            let place = culprit(program, oracle, subject, None);
            // Of exceptions that end alike, nothing is said; how both ended is no part of what differs.
            with_words(&format!("{stage} | {}", generalised(kind)), &place)
        }
    }
}

/// The first line that the subject lacks, and the first that it has instead.
fn first_lines<'a>(differences: &[&'a Difference]) -> (Option<&'a str>, Option<&'a str>) {
    let of = |word: &str, take: fn(&'a Difference) -> &'a str| {
        differences
            .iter()
            .find(|difference| difference.kind.ends_with(word))
            .map(|difference| take(difference))
    };
    (
        of("missing line", |difference| &difference.left),
        of("extra line", |difference| &difference.right),
    )
}

/// What a line of a stage is of: the kind of token, the node or field of a tree, the instruction or field of a code
/// object.
fn head_of(stage: Stage, line: &str) -> String {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or("");
    if stage == Stage::Code && words.clone().next() == Some("opcode") {
        return format!("opcode {}", words.nth(1).unwrap_or(""));
    }
    generalised(first.split(['(', '=', ':']).next().unwrap_or(first))
}

/// The operation at which the two sides part: that of the line before the first step that differs, or of the line that
/// printed what differs first. Empty where nothing was traced.
fn culprit(
    program: &Program,
    oracle: &Observation,
    subject: &Observation,
    difference: Option<&Difference>,
) -> String {
    let Some(trail) = oracle.steps.shown() else {
        return String::new();
    };
    let parted = subject
        .steps
        .shown()
        .and_then(|other| parting(trail, other));
    let printed = || {
        let at = offset_of(&oracle.output.shown()?.stdout, difference?)?;
        let after = trail
            .steps
            .iter()
            .position(|step| step.printed as usize > at);
        after.unwrap_or(trail.steps.len()).checked_sub(1)
    };
    let line = parted
        .or_else(printed)
        .and_then(|step| trail.steps.get(step))
        .and_then(|step| {
            program
                .source
                .lines()
                .nth((step.line as usize).checked_sub(1)?)
        });
    line.map(operation_of_line).unwrap_or_default()
}

/// The step before the first one in which two trails differ.
fn parting(left: &StepTrail, right: &StepTrail) -> Option<usize> {
    let same = |(left, right): &(&Step, &Step)| {
        (left.line, left.watched, &left.qualname) == (right.line, right.watched, &right.qualname)
    };
    let alike = left.steps.iter().zip(&right.steps).take_while(same).count();
    (alike < left.steps.len().max(right.steps.len())).then(|| alike.saturating_sub(1))
}

/// Where a differing line of standard output begins.
fn offset_of(stdout: &[u8], difference: &Difference) -> Option<usize> {
    let number: usize = difference
        .place
        .strip_prefix("stdout line ")?
        .parse()
        .ok()?;
    let lines = stdout.split(|byte| *byte == b'\n').take(number - 1);
    Some(lines.map(|line| line.len() + 1).sum())
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
fn same_type(left: &ExceptionView, right: &ExceptionView, differences: &[&Difference]) -> String {
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
    let what = between("", left.as_deref(), right.as_deref());
    format!("{part} of {name}: {what}")
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
