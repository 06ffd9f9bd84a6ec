//! The engine against matches recorded from CPython 3.11 (`tests/facts/generate.py` prints them).

use twinheap_sre::{Characters, Engine, Mode, Outcome, Request, Unit};

fn of(point: u32, test: fn(char) -> bool) -> bool {
    char::from_u32(point).is_some_and(test)
}

fn map(point: u32, map: fn(char) -> Option<char>) -> u32 {
    char::from_u32(point).and_then(map).map_or(point, u32::from)
}

fn characters() -> Characters {
    Characters {
        is_decimal: |point| of(point, |c| c.is_ascii_digit()),
        is_space: |point| of(point, char::is_whitespace),
        is_alnum: |point| of(point, char::is_alphanumeric),
        is_linebreak: |point| of(point, |c| c == '\n'),
        to_lower: |point| map(point, |c| c.to_lowercase().next()),
        to_upper: |point| map(point, |c| c.to_uppercase().next()),
    }
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace()
        .map(|word| word.parse().expect("a number"))
        .collect()
}

fn show(outcome: Option<Outcome>, groups: usize) -> String {
    let Some(outcome) = outcome else {
        return "none".to_owned();
    };
    let mut text = format!(
        "{} {} {}",
        outcome.start,
        outcome.end,
        outcome.last_index.unwrap_or(0)
    );
    for group in 0..groups {
        match outcome.groups.get(group).copied().flatten() {
            Some((start, end)) => text.push_str(&format!(" {start}:{end}")),
            None => text.push_str(" -1:-1"),
        }
    }
    text
}

fn run<T: Unit>(
    engine: &mut Engine,
    code: &[u32],
    text: &[T],
    start: usize,
    mode: &str,
) -> Option<Outcome> {
    let mode = match mode {
        "match" => Mode::Match,
        "fullmatch" => Mode::FullMatch,
        _ => Mode::Search,
    };
    engine
        .run(&Request {
            code,
            text,
            start,
            end: text.len(),
            mode,
            must_advance: false,
        })
        .expect("good code")
}

fn check(engine: &mut Engine, line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [code, text, start, mode, expected] = fields[..] else {
        return Err(format!("not a fact: {line}"));
    };
    let (code, points, start) = (
        numbers(code),
        numbers(text),
        start.parse().expect("a position"),
    );
    let groups = match expected {
        "none" => 0,
        _ => expected.split(' ').count() - 3,
    };
    let mut found = vec![show(run(engine, &code, &points, start, mode), groups)];
    let narrow: Vec<u16> = points
        .iter()
        .filter_map(|&point| u16::try_from(point).ok())
        .collect();
    if narrow.len() == points.len() {
        found.push(show(run(engine, &code, &narrow, start, mode), groups));
    }
    let bytes: Vec<u8> = points
        .iter()
        .filter_map(|&point| u8::try_from(point).ok())
        .collect();
    if bytes.len() == points.len() {
        found.push(show(run(engine, &code, &bytes, start, mode), groups));
    }
    match found.iter().find(|&found| found != expected) {
        None => Ok(()),
        Some(found) => Err(format!("{line}\n  found {found}")),
    }
}

#[test]
fn matches_of_cpython() {
    let mut engine = Engine::new(characters());
    let mut count = 0;
    let mut failures = Vec::new();
    let extra = std::env::var("SRE_FACTS")
        .ok()
        .map(|path| std::fs::read_to_string(path).expect("the facts"));
    let table = extra.as_deref().unwrap_or(include_str!("facts/facts.txt"));
    for line in table.lines() {
        count += 1;
        failures.extend(check(&mut engine, line).err());
    }
    assert!(count > 5000, "the table of facts is there");
    let shown = failures.len().min(15);
    assert!(
        failures.is_empty(),
        "{} of {count} differ:\n{}",
        failures.len(),
        failures[..shown].join("\n")
    );
}

#[test]
fn code_that_ends_in_the_middle_is_an_error() {
    let mut engine = Engine::new(characters());
    for code in [&[][..], &[16], &[200], &[7, 5], &[23, 4, 0, 1]] {
        let request = Request {
            code,
            text: b"aaaa",
            start: 0,
            end: 4,
            mode: Mode::Match,
            must_advance: false,
        };
        assert!(engine.run(&request).is_err(), "{code:?}");
    }
}
