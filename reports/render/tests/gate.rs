//! The gate's report on made-up results: exit codes, the table, and every file form.

use twinheap_expect::{Expectations, Standing};
use twinheap_harness::{
    CaseResult, Difference, Divergence, Emptiness, Finding, Proof, StageVerdict,
};
use twinheap_observation::{Observation, Program, Stage};
use twinheap_render::gate::StaleLine;
use twinheap_render::{GateReport, Judged, files, page, terminal};

const SIGNATURE: &str = "heap | list PyListObject.allocated | finished";

fn agreeing(name: &str) -> CaseResult {
    let mut result = CaseResult::new(&Program::new("list", name, "x = [1 < 2]\n"));
    result.verdicts = vec![
        (Stage::Output, StageVerdict::Agree),
        (Stage::Heap, StageVerdict::Agree),
    ];
    result
}

fn diverging(name: &str) -> CaseResult {
    let mut result = agreeing(name);
    result.verdicts[1].1 = StageVerdict::Diverge;
    result.divergence = Some(Divergence {
        stage: Stage::Heap,
        signature: SIGNATURE.to_owned(),
        findings: vec![finding(SIGNATURE, DIGEST)],
        differences: vec![Difference {
            stage: Stage::Heap,
            kind: "list PyListObject.allocated".to_owned(),
            place: "namespace[\"x\"].allocated".to_owned(),
            left: "4".to_owned(),
            right: "8".to_owned(),
            hunk: 0,
            field: None,
        }],
        outcomes: ("finished".to_owned(), "finished".to_owned()),
        came_back: (2, 2),
        oracle: Box::new(Observation::empty()),
        subject: Box::new(Observation::empty()),
    });
    result
}

const DIGEST: &str = "0123456789abcdef";

fn finding(signature: &str, digest: &str) -> Finding {
    Finding {
        stage: Stage::Heap,
        signature: signature.to_owned(),
        digest: digest.to_owned(),
        differences: 1,
    }
}

fn broken(name: &str) -> CaseResult {
    let mut result = agreeing(name);
    result.harness_error = Some("no worker".to_owned());
    result
}

fn expecting(case: &str) -> Expectations {
    let text = format!(
        "expectations = 1\n[differs.vm]\n\"{case}\" = {{ reason = 'a test', stages = ['heap'], digests = ['{DIGEST}'] }}\n"
    );
    Expectations::parse(&text, &"test.toml").expect("the form is right")
}

fn report(results: &[CaseResult], expected: &Expectations) -> GateReport {
    let names = ("CPython".to_owned(), "VM".to_owned());
    GateReport::new(
        names,
        &[Stage::Output, Stage::Heap],
        results,
        &expected.of(&Standing::here("vm", "3.11.7")),
        &Proof::default(),
    )
}

fn check(results: &[CaseResult], expected: &Expectations, code: i32) {
    assert_eq!(report(results, expected).exit_code(), code);
}

#[test]
fn agreement_is_0() {
    check(&[agreeing("a")], &Expectations::default(), 0);
}

#[test]
fn a_new_divergence_is_1() {
    check(
        &[agreeing("a"), diverging("b")],
        &Expectations::default(),
        1,
    );
}

#[test]
fn a_known_divergence_is_0() {
    check(&[agreeing("a"), diverging("b")], &expecting("list/b"), 0);
}

#[test]
fn a_known_entry_lets_pass_what_it_recorded_and_nothing_else() {
    let mut other_value = diverging("b");
    let divergence = other_value.divergence.as_mut().expect("it diverges");
    divergence.findings[0] = finding(SIGNATURE, "another digest");
    check(&[other_value], &expecting("list/b"), 1);
    let mut second = diverging("b");
    let divergence = second.divergence.as_mut().expect("it diverges");
    divergence
        .findings
        .push(finding("output | int / int", "and its digest"));
    check(&[second], &expecting("list/b"), 1);
}

#[test]
fn an_empty_agreement_is_counted_apart_and_can_be_refused() {
    let mut empty = agreeing("a");
    empty.emptiness = Some(Emptiness::ImportError);
    let mut report = report(&[empty, agreeing("b")], &Expectations::default());
    assert_eq!((report.count(Judged::Empty), report.exit_code()), (1, 0));
    report.refuses_empty = true;
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_gate_that_compared_nothing_is_4() {
    let mut nothing = agreeing("a");
    for (_, verdict) in &mut nothing.verdicts {
        *verdict = StageVerdict::Unsupported("not shown".to_owned());
    }
    nothing.weigh(None, &[]);
    check(&[nothing], &Expectations::default(), 4);
}

#[test]
fn a_stale_entry_is_3() {
    let mut report = report(&[agreeing("a")], &expecting("list/a"));
    report.stale.push(StaleLine {
        id: "differs list/a".to_owned(),
        reason: "no longer holds: it agrees now".to_owned(),
    });
    assert_eq!(report.exit_code(), 3);
    let line = terminal::why_red(&report);
    let expected = "red: expectation differs list/a: no longer holds: it agrees now";
    assert_eq!(line.as_deref(), Some(expected));
}

#[test]
fn nothing_is_4() {
    check(&[], &Expectations::default(), 4);
}

#[test]
fn trouble_of_ours_is_5() {
    check(&[diverging("a"), broken("b")], &Expectations::default(), 5);
}

#[test]
fn an_interrupted_run_is_130() {
    let mut report = report(&[diverging("a")], &Expectations::default());
    report.interrupted = true;
    assert_eq!(report.exit_code(), 130);
}

#[test]
fn the_table_counts_by_topic_and_stage() {
    let report = report(
        &[agreeing("a"), diverging("b"), diverging("c")],
        &Expectations::default(),
    );
    let cell = report.table["list"]["heap"];
    assert_eq!(
        (cell.agree, cell.known, cell.new, cell.unsupported),
        (1, 0, 2, 0)
    );
    assert_eq!(report.table["list"]["output"].agree, 3);
    assert_eq!(report.count(Judged::New), 2);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].programs, ["list/b", "list/c"]);
}

#[test]
fn the_page_is_self_contained_and_escaped() {
    let page = page::gate_page(&report(&[diverging("b")], &Expectations::default()))
        .expect("the template is valid");
    for outside in ["http:", "https:", "src=", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("x = [1 &lt; 2]"));
    assert!(page.contains(SIGNATURE));
}

#[test]
fn every_file_is_written() {
    let folder = std::env::temp_dir().join(format!("twinheap-render-{}", std::process::id()));
    files::write_all(
        &report(
            &[agreeing("a"), diverging("b"), broken("c")],
            &Expectations::default(),
        ),
        &folder,
    )
    .expect("the folder can be written");
    let read =
        |name: &str| std::fs::read_to_string(folder.join(name)).expect("the file was written");
    assert!(read("junit.xml").contains("<failure"));
    assert!(read("junit.xml").contains("<error"));
    assert!(read("summary.md").contains("| list | 3/0/0/0 | 2/0/1/0 |"));
    assert!(read("gate.json").contains("\"judged\": \"harness-error\""));
    assert!(read("index.html").starts_with("<!doctype html>"));
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

#[test]
fn the_terminal_names_what_is_new() {
    let plain = terminal::Style { colour: false };
    let text = terminal::report(&report(&[diverging("b")], &Expectations::default()), plain);
    assert!(text.contains(&format!("new 1 {SIGNATURE}")));
    assert!(!text.contains('\u{1b}'));
}
