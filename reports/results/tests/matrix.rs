//! Who is the odd one out, on made-up records.

use std::collections::BTreeMap;

use twinheap_results::matrix::{Odd, markdown, rows, text};
use twinheap_results::{Header, Line, Run, SCHEMA_VERSION, Subject, Verdict};

/// A record of one case in one stage: each subject with its verdict and the digest of its difference.
fn run(found: &[(&str, Verdict, &str)]) -> Run {
    let subject = |name: &&str| Subject {
        name: (*name).to_owned(),
        implementation: format!("{name} 1.0"),
        version: String::new(),
        build: String::new(),
    };
    let line = |(name, verdict, digest): &(&str, Verdict, &str)| Line {
        case: "dict/a".to_owned(),
        source: format!("sha256:{:064}", 0),
        subject: (*name).to_owned(),
        stage: "output".to_owned(),
        verdict: *verdict,
        microseconds: (1, 1),
        signature: None,
        digests: match verdict.is_difference() {
            true => vec![(*digest).to_owned()],
            false => Vec::new(),
        },
        ends: None,
        difference: None,
        known: None,
        reason: None,
    };
    Run {
        header: Header {
            twinheap_results: SCHEMA_VERSION,
            tool_version: String::new(),
            reference: "CPython".to_owned(),
            reference_build: String::new(),
            subjects: found.iter().map(|(name, _, _)| subject(name)).collect(),
            stages: vec!["output".to_owned()],
            settings: BTreeMap::new(),
        },
        lines: found.iter().map(line).collect(),
        truncated: false,
    }
}

fn check(found: &[(&str, Verdict, &str)], expected: &str) {
    let rows = rows(&run(found));
    assert_eq!(rows[0].odd.to_string(), expected, "{found:?}");
}

#[test]
fn the_odd_one_out_is_named() {
    use Verdict::{Agree, Crash, Differ, Unsupported};
    check(&[("a", Agree, ""), ("b", Agree, "")], "all agree");
    check(&[("a", Agree, ""), ("b", Differ, "1")], "b alone");
    check(
        &[("a", Crash, "1"), ("b", Agree, ""), ("c", Agree, "")],
        "a alone",
    );
    check(&[("a", Differ, "1"), ("b", Differ, "1")], "reference alone");
    check(&[("a", Differ, "1"), ("b", Differ, "2")], "no two agree");
    check(
        &[("a", Differ, "1"), ("b", Differ, "1"), ("c", Differ, "2")],
        "reference / a = b / c",
    );
    check(
        &[("a", Differ, "1"), ("b", Differ, "1"), ("c", Agree, "")],
        "reference = c / a = b",
    );
    check(
        &[("a", Agree, ""), ("b", Unsupported, "")],
        "too few compared",
    );
}

#[test]
fn the_matrix_is_told_in_text_and_markdown() {
    let run = run(&[("a", Verdict::Agree, ""), ("b", Verdict::Differ, "1")]);
    let rows = rows(&run);
    assert_eq!(rows[0].odd, Odd::Subject("b".to_owned()));
    assert!(
        text(&run, &rows).contains("dict         1/1        0/1\n"),
        "{}",
        text(&run, &rows)
    );
    assert!(text(&run, &rows).contains("     1  b alone\n"));
    let page = markdown(&run, &rows);
    assert!(
        page.contains("| dict/a | output | agrees | differs | b alone |"),
        "{page}"
    );
}
