//! Reading, writing, judging and updating expectations, on made-up lines.

use twinheap_expect::update::UNEXAMINED;
use twinheap_expect::{Expectations, Fate, Kind, Standing, Update, Updated};
use twinheap_results::{Line, Verdict};

const FILE: &str = r#"# Ours.

expectations = 1

[reasons]
order = { text = "Sets are kept in another order.", link = "https://example.org/12" }

[differs."3.13"]
"set/order" = { why = "order", stages = ["output"], digests = ["d1", "d2"] }

[differs.pypy]
"set/order" = { why = "order", stages = ["output"], digests = ["d1"] }
"set/size" = [{ reason = "Old \"sizes\".", version = "<7.3.12", stages = ["output"], digests = ["d3"] }, { reason = "New sizes.", link = "https://example.org/13", version = ">=7.3.12", platform = "linux-*", stages = ["output"], digests = ["d4"] }]

[cannot-run.pypy]
"typing/generic" = { reason = "It has no such syntax.", ends = ["raised SyntaxError"] }

[crashes.pypy]
"gc/deep" = { reason = "The stack is smaller.", ends = ["crashed (SIGSEGV)"] }
"#;

fn read(text: &str) -> Expectations {
    Expectations::parse(text, &"ours.toml").expect("the form is right")
}

fn pypy() -> Standing {
    Standing {
        subject: "pypy".to_owned(),
        version: "7.3.11".to_owned(),
        platform: "linux-x86_64".to_owned(),
    }
}

fn line(case: &str, verdict: Verdict, digest: &str, end: &str) -> Line {
    Line {
        case: case.to_owned(),
        source: format!("sha256:{:064}", 0),
        subject: "pypy".to_owned(),
        stage: "output".to_owned(),
        verdict,
        microseconds: (1, 1),
        signature: None,
        digests: match digest {
            "" => Vec::new(),
            digest => vec![digest.to_owned()],
        },
        ends: match end {
            "" => None,
            end => Some(("finished".to_owned(), end.to_owned())),
        },
        difference: None,
        known: None,
        reason: None,
    }
}

/// Everything as the file has it.
fn as_expected() -> Vec<Line> {
    vec![
        line("gc/deep", Verdict::Crash, "x1", "crashed (SIGSEGV)"),
        line("set/order", Verdict::Differ, "d1", "finished"),
        line("set/size", Verdict::Differ, "d3", "finished"),
        line(
            "typing/generic",
            Verdict::CannotRun,
            "x2",
            "raised SyntaxError",
        ),
    ]
}

#[test]
fn what_is_read_is_written_alike() {
    assert_eq!(read(FILE).to_string(), FILE);
}

#[test]
fn errors_name_the_line_and_suggest() {
    for (from, to, expected) in [
        (
            "why = \"order\", stages",
            "whi = \"order\", stages",
            "ours.toml:9: unknown field `whi`",
        ),
        (
            "why = \"order\", stages",
            "whi = \"order\", stages",
            "did you mean `why`?",
        ),
        (
            "why = \"order\"",
            "why = \"ordr\"",
            "ours.toml:9: set/order: [reasons] has no ordr; did you mean order?",
        ),
        ("[crashes.pypy]", "[crash.pypy]", "did you mean `crashes`?"),
        (
            "expectations = 1",
            "expectations = 2",
            "ours.toml:3: the file has version 2",
        ),
        ("\"<7.3.12\"", "\"7.3.12\"", "is no range of versions"),
        (
            ", digests = [\"d3\"]",
            "",
            "ours.toml:13: set/size: it needs stages and digests",
        ),
        (
            "ends = [\"crashed (SIGSEGV)\"]",
            "ends = []",
            "it does not say how the subject ends",
        ),
        (
            "reason = \"The stack is smaller.\", ",
            "",
            "it gives no reason",
        ),
        ("\"set/size\"", "\"set/order\"", "duplicate key"),
        (
            "[cannot-run.pypy]",
            "<<<<<<< ours",
            "ours.toml:15: a merge was left unresolved here",
        ),
    ] {
        let text = FILE.replacen(from, to, 1);
        let said = Expectations::parse(&text, &"ours.toml").expect_err(to);
        assert!(said.contains(expected), "{to}: {said}");
    }
}

#[test]
fn conditions_choose_the_entry() {
    let expectations = read(FILE);
    let (mut newer, mut elsewhere) = (pypy(), pypy());
    newer.version = "7.3.15".to_owned();
    elsewhere.version = "7.3.15".to_owned();
    elsewhere.platform = "macos-aarch64".to_owned();
    for (standing, expected) in [
        (pypy(), vec!["d3"]),
        (newer, vec!["d4"]),
        (elsewhere, vec![]),
    ] {
        let applicable = expectations.of(&standing);
        let entries = applicable.entries.iter();
        let digests: Vec<&str> = entries
            .filter(|entry| entry.case == "set/size")
            .map(|entry| entry.digests[0].as_str())
            .collect();
        assert_eq!(digests, expected, "{standing:?}");
    }
}

fn fate(lines: &[Line], kind: Kind, case: &str) -> Fate {
    let expectations = read(FILE);
    let standing = pypy();
    let lines: Vec<&Line> = lines.iter().collect();
    let is_case = |name: &str| lines.iter().any(|line| line.case == name);
    let fates = expectations.of(&standing).fates(&lines, &is_case);
    let found = fates
        .into_iter()
        .find(|(entry, _)| entry.kind == kind && entry.case == case);
    found.expect("the entry is there").1
}

#[test]
fn an_entry_holds_or_is_stale() {
    for (kind, case) in [
        (Kind::Differs, "set/order"),
        (Kind::CannotRun, "typing/generic"),
        (Kind::Crashes, "gc/deep"),
    ] {
        assert_eq!(fate(&as_expected(), kind, case), Fate::Holds, "{case}");
    }
    let stale = |line: Line, kind, expected: &str| {
        let case = line.case.clone();
        let found = fate(&[line], kind, &case);
        assert_eq!(found, Fate::Stale(expected.to_owned()), "{case}");
    };
    stale(
        line("set/order", Verdict::Agree, "", ""),
        Kind::Differs,
        "it agrees now",
    );
    stale(
        line("set/order", Verdict::Differ, "d9", "finished"),
        Kind::Differs,
        "it differs in another way now, in output",
    );
    stale(
        line("set/order", Verdict::Crash, "d1", "timed out"),
        Kind::Differs,
        "the subject timed out now",
    );
    stale(
        line("gc/deep", Verdict::Crash, "x1", "crashed (SIGABRT)"),
        Kind::Crashes,
        "the subject crashed (SIGABRT) now",
    );
    let trouble = line("gc/deep", Verdict::HarnessError, "", "");
    assert_eq!(fate(&[trouble], Kind::Crashes, "gc/deep"), Fate::NotSeen);
    assert_eq!(fate(&[], Kind::Crashes, "gc/deep"), Fate::NoSuchCase);
}

fn updated(expectations: &mut Expectations, lines: &[Line], update: &Update) -> Updated {
    let lines: Vec<&Line> = lines.iter().collect();
    expectations.update(&pypy(), &lines, &|_| true, update)
}

#[test]
fn the_first_update_takes_up_everything_and_later_ones_narrow() {
    let mut expectations = Expectations::default();
    let first = updated(&mut expectations, &as_expected(), &Update::default());
    assert_eq!(first.added.len(), 4);
    let unexamined = expectations.entries.iter();
    assert!(
        unexamined
            .clone()
            .all(|one| expectations.reason(one).contains("nobody has said"))
    );
    assert!(expectations.reasons.contains_key(UNEXAMINED));
    let text = expectations.to_string();
    assert_eq!(read(&text).entries, expectations.entries);
    assert_eq!(
        updated(&mut expectations, &as_expected(), &Update::default()),
        Updated::default()
    );
    // One is repaired, one differs in another way, one is new.
    let now = vec![
        line("gc/deep", Verdict::Agree, "", ""),
        line("set/order", Verdict::Differ, "d9", "finished"),
        line("set/other", Verdict::Differ, "d5", "finished"),
    ];
    let second = updated(&mut expectations, &now, &Update::default());
    assert_eq!(second.removed, ["differs set/order", "crashes gc/deep"]);
    assert_eq!(second.left, ["differs set/order", "differs set/other"]);
    let widen = Update {
        widen: true,
        reason: Some("It is so.".to_owned()),
        ..Update::default()
    };
    let third = updated(&mut expectations, &now, &widen);
    assert_eq!(third.added, ["differs set/order", "differs set/other"]);
    // What was not run stays.
    assert_eq!(expectations.entries.len(), 4);
}

#[test]
fn an_update_leaves_other_subjects_and_conditions_alone() {
    let mut expectations = read(FILE);
    let repaired = |line: Line| Line {
        verdict: Verdict::Agree,
        digests: Vec::new(),
        ends: None,
        ..line
    };
    let lines: Vec<Line> = as_expected().into_iter().map(repaired).collect();
    updated(&mut expectations, &lines, &Update::default());
    let kept: Vec<String> = expectations
        .entries
        .iter()
        .map(|entry| format!("{} {}", entry.subject, entry.digests[0]))
        .collect();
    assert_eq!(kept, ["3.13 d1", "pypy d4"]);
}

#[test]
fn two_branches_merge_line_by_line() {
    let entry = |number: usize, digest: &str| {
        format!(
            "\"topic/case{number:03}\" = {{ reason = \"r\", stages = [\"output\"], digests = [\"{digest}\"] }}\n"
        )
    };
    let mut text = String::from("expectations = 1\n[differs.pypy]\n");
    for number in (0..500).rev() {
        text.push_str(&entry(number, "d"));
    }
    let written = read(&text).to_string();
    assert_eq!(read(&written).entries.len(), 500);
    // An entry is one line, and a change of one changes no other.
    let changed = text.replace(&entry(250, "d"), &entry(250, "e"));
    let changed = read(&changed).to_string();
    let different = written
        .lines()
        .zip(changed.lines())
        .filter(|(one, other)| one != other);
    assert_eq!(different.count(), 1);
    assert_eq!(written.lines().count(), changed.lines().count());
}
