//! The kinds of token and the keywords, compared with the oracle's.

use std::process::Command;

use twinheap_syntax::token::{KEYWORDS, KIND_NAMES, Tok};

fn check(script: &str, found: &[&str]) {
    let output = Command::new("python3").args(["-I", "-c", script]).output();
    let output = output.expect("python3 runs");
    let expected = String::from_utf8(output.stdout).expect("text");
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(found, expected, "{script}");
}

#[test]
fn the_kinds_of_token_are_the_oracles() {
    let script = "import token; print(*(token.tok_name[n] for n in range(token.ERRORTOKEN + 1)))";
    check(script, &KIND_NAMES);
    assert_eq!(KIND_NAMES.len(), Tok::Error as usize + 1);
}

#[test]
fn the_keywords_are_the_oracles() {
    let script = "import keyword; print(*(word for word in keyword.kwlist if word not in ('async', 'await')))";
    check(script, &KEYWORDS.map(|(text, _)| text));
}
