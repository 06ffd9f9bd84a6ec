//! Records as they are written, read, refused and compared.

use twinheap_results::transitions::{Rule, transition};
use twinheap_results::{
    Header, Line, Policies, Policy, Run, SCHEMA_VERSION, Subject, Transition, Verdict, compare,
    forms, parse,
};

fn line(case: &str, verdict: Verdict) -> Line {
    Line {
        case: case.to_owned(),
        source: "sha256:00".to_owned(),
        subject: "old".to_owned(),
        stage: "output".to_owned(),
        verdict,
        microseconds: (1, 2),
        signature: verdict
            .is_difference()
            .then(|| "output | int / str".to_owned()),
        digests: Vec::new(),
        ends: None,
        difference: None,
        known: None,
        reason: None,
    }
}

fn run(lines: Vec<Line>) -> Run {
    Run {
        header: Header {
            twinheap_results: SCHEMA_VERSION,
            tool_version: "0.1.0".to_owned(),
            reference: "CPython 3.11".to_owned(),
            reference_build: "--with-lto".to_owned(),
            subjects: vec![Subject {
                name: "old".to_owned(),
                implementation: "Some 1.0".to_owned(),
                version: "1.0".to_owned(),
                build: "--with-all".to_owned(),
            }],
            stages: vec!["output".to_owned()],
            settings: [("confirmations".to_owned(), "2".to_owned())].into(),
        },
        lines,
        truncated: false,
    }
}

#[test]
fn what_is_written_is_read() {
    let mut rich = line("dict/b", Verdict::Crash);
    rich.digests = vec!["0123".to_owned()];
    rich.difference = Some("a\nb \u{1f40d} \u{2028}".to_owned());
    rich.known = Some("id".to_owned());
    rich.reason = Some("\"quoted\"".to_owned());
    let lines = Verdict::ALL.map(|verdict| line(&format!("case/{verdict:?}"), verdict));
    let mut whole = run(lines.to_vec());
    whole.lines.push(rich);
    assert_eq!(parse(&whole.to_jsonl()), Ok(whole));
}

#[test]
fn a_record_that_was_cut_anywhere_is_read_up_to_there() {
    let text = run(vec![line("a", Verdict::Agree), line("b", Verdict::Differ)]).to_jsonl();
    let header = text.find('\n').expect("the header is a line") + 1;
    for end in header..text.len() {
        let read = parse(&text[..end]).unwrap_or_else(|error| panic!("cut at {end}: {error}"));
        assert!(read.lines.len() <= 2);
    }
}

fn check_refused(text: &str, line: usize, part: &str) {
    let error = parse(text).expect_err("it is refused");
    assert_eq!(error.line, line, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_line() {
    let good = run(vec![line("a", Verdict::Agree)]).to_jsonl();
    let (header, first) = good.split_once('\n').expect("two lines");
    check_refused("", 1, "empty");
    check_refused("<testsuites/>", 1, "no record of Twinheap");
    check_refused("{\"a\": 1}\n", 1, "no record of Twinheap");
    let newer = good.replace("\"twinheap_results\":2", "\"twinheap_results\":3");
    check_refused(
        &newer,
        1,
        "version 3 of the schema; this tool reads version 2",
    );
    check_refused(&format!("{header}\n{first}{first}"), 3, "a second line");
    check_refused(&format!("{header}\nnonsense\n{first}"), 2, "expected");
    let other = first.replace("\"old\"", "\"other\"");
    check_refused(&format!("{header}\n{other}"), 2, "no subject other");
    let stage = first.replace("\"output\"", "\"colour\"");
    check_refused(&format!("{header}\n{stage}"), 2, "no stage colour");
    let key = first.replace("\"case\"", "\"colour\":1,\"case\"");
    check_refused(&format!("{header}\n{key}"), 2, "unknown field `colour`");
}

#[test]
fn every_transition_has_the_policy_that_the_schema_names() {
    let schema = include_str!("../SCHEMA.md");
    for transition in Transition::ALL {
        let name = format!("`{}`", transition.name());
        let row = schema
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&name))
            .unwrap_or_else(|| panic!("{name} is not documented"));
        let word = match transition.default_policy() {
            Policy::Fail => "fails",
            Policy::Warn => "warns",
            Policy::Pass => "passes",
        };
        assert!(row.ends_with(&format!("{word} |")), "{row}");
    }
}

#[test]
fn the_schema_files_name_every_key_and_verdict() {
    let mut whole = line("a", Verdict::Differ);
    whole.digests = vec!["0".to_owned()];
    whole.difference = Some(String::new());
    whole.known = Some(String::new());
    whole.reason = Some(String::new());
    whole.ends = Some((String::new(), String::new()));
    let whole = run(vec![whole]);
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema-v2.json")).expect("it is JSON");
    for (line, part) in whole.to_jsonl().lines().zip(["header", "line"]) {
        let value: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let mut keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
        let properties = schema["$defs"][part]["properties"].as_object();
        let mut known: Vec<&String> = properties.expect("properties").keys().collect();
        keys.sort();
        known.sort();
        assert_eq!(keys, known, "{part}");
        for key in keys {
            assert!(include_str!("../SCHEMA.md").contains(&format!("`{key}`")));
        }
    }
    let verdicts = Verdict::ALL
        .map(|verdict| serde_json::json!(verdict))
        .to_vec();
    let listed = &schema["$defs"]["line"]["properties"]["verdict"]["enum"];
    assert_eq!(*listed, serde_json::Value::Array(verdicts));
}

fn check_transition(before: Option<Verdict>, now: Verdict, expected: Option<Transition>) {
    let before = before.map(|verdict| line("a", verdict));
    assert_eq!(transition(before.as_ref(), &line("a", now)), expected);
}

#[test]
fn transitions_by_name() {
    use Verdict::{Agree, Crash, Cut, Differ, HarnessError, Unsupported};
    check_transition(Some(Agree), Agree, None);
    check_transition(Some(Agree), Cut, None);
    check_transition(Some(Agree), Differ, Some(Transition::AgreeToDiffer));
    check_transition(Some(Cut), Crash, Some(Transition::AgreeToCrash));
    check_transition(
        Some(Agree),
        Unsupported,
        Some(Transition::AgreeToUncompared),
    );
    check_transition(Some(Differ), Crash, Some(Transition::DifferToCrash));
    check_transition(Some(Crash), Differ, Some(Transition::CrashToDiffer));
    check_transition(Some(Crash), Agree, Some(Transition::CrashToAgree));
    check_transition(Some(Differ), Agree, Some(Transition::DifferToAgree));
    check_transition(Some(Differ), Differ, None);
    check_transition(Some(Differ), HarnessError, None);
    check_transition(Some(Unsupported), Differ, Some(Transition::NewDiffer));
    check_transition(None, Agree, None);
    check_transition(None, Crash, Some(Transition::NewCrash));
}

#[test]
fn only_what_is_new_fails() {
    let before = run(vec![
        line("a", Verdict::Agree),
        line("b", Verdict::Differ),
        line("gone", Verdict::Agree),
        line("left out", Verdict::Agree),
    ]);
    let mut known = line("known", Verdict::Differ);
    known.known = Some("id".to_owned());
    let mut edited = line("a", Verdict::Differ);
    edited.source = "sha256:01".to_owned();
    let now = run(vec![edited, line("b", Verdict::Differ), known]);
    let comparison = compare(&before, &now, &Policies::default(), |case| {
        case != "left out"
    });
    let names: Vec<(&str, Transition)> = comparison
        .changes
        .iter()
        .map(|change| (&*change.case, change.transition))
        .collect();
    assert_eq!(
        names,
        [("a", Transition::NewDiffer), ("gone", Transition::Gone)]
    );
    assert!(comparison.fails());
    let mut of_another = before.clone();
    of_another.lines = vec![Line {
        subject: "not judged".to_owned(),
        ..line("gone", Verdict::Agree)
    }];
    let others = compare(&of_another, &now, &Policies::default(), |_| true);
    assert!(
        !others
            .changes
            .iter()
            .any(|one| one.transition == Transition::Gone)
    );
    assert_eq!((comparison.compared, comparison.edited), (2, 1));
    let rule: Rule = "new-differ=pass".parse().expect("it is a rule");
    let lenient = compare(&before, &now, &Policies::new(&[rule]), |_| false);
    assert!(!lenient.fails());
}

#[test]
fn another_digest_is_another_difference() {
    let mut before = line("a", Verdict::Differ);
    before.digests = vec!["0".to_owned()];
    let mut now = before.clone();
    assert_eq!(transition(Some(&before), &now), None);
    now.digests.push("1".to_owned());
    let expected = Some(Transition::DifferOtherwise);
    assert_eq!(transition(Some(&before), &now), expected);
}

#[test]
fn rules_are_checked() {
    for (text, part) in [
        ("gone", "equals sign"),
        (
            "went=fail",
            "there is no transition went; there are agree-to-crash",
        ),
        ("gone=explode", "none of fail, warn, pass"),
    ] {
        let error = text.parse::<Rule>().expect_err("it is refused");
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn forms_escape_what_would_end_them() {
    let before = run(vec![line("a|b", Verdict::Agree)]);
    let mut worse = line("a|b", Verdict::Differ);
    worse.signature = Some("output | 50%\n::error::x".to_owned());
    let now = run(vec![worse]);
    let comparison = compare(&before, &now, &Policies::default(), |_| true);
    let table = forms::markdown(&comparison, "main");
    assert!(
        table.contains("| a\\|b | output | old | output \\| 50% ::error::x |"),
        "{table}"
    );
    let said = forms::annotations(&comparison, |_| Some("x,y:z.py".to_owned()));
    assert_eq!(
        said,
        "::error file=x%2Cy%3Az.py,title=agree-to-differ on old::a|b, stage output: output | 50%25%0A::error::x\n"
    );
    let line = forms::one_line(&comparison, "main");
    assert_eq!(
        line,
        "against main: agree-to-differ in a|b, stage output of old"
    );
    let sarif: serde_json::Value =
        serde_json::from_str(&forms::sarif(&now, |_| Some("x.py".to_owned()))).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "output/differ");
}
