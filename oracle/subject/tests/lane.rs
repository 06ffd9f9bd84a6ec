//! The keeper against a worker that is a small shell script: refusals, silence and early ends are told apart.

use std::path::PathBuf;

use twinheap_observation::Program;
use twinheap_observation::StageSet;
use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_subject::{Answer, Lane, SubjectSpec};

fn lane(script: &str) -> Lane {
    let mut spec = SubjectSpec::new("script", PathBuf::from("/bin/sh"));
    spec.arguments = vec!["-c".to_owned(), script.to_owned()];
    Lane::new(spec)
}

fn check(script: &str, expected: &str) {
    let reason = lane(script).hello().expect_err("the script is no worker");
    assert!(
        reason.contains(expected),
        "{reason:?} does not contain {expected:?}"
    );
}

#[test]
fn a_worker_that_ends_at_once_is_quoted() {
    check("echo no interpreter here >&2", "no interpreter here");
}

#[test]
fn a_worker_that_speaks_otherwise_is_refused() {
    check("printf '\\377\\377\\377\\377'", "not believable");
}

#[test]
fn a_binary_that_is_not_there_is_named() {
    let mut lane = Lane::new(SubjectSpec::new("nobody", PathBuf::from("/no/such/worker")));
    let reason = lane.hello().expect_err("there is no such file");
    assert!(reason.contains("/no/such/worker"), "{reason}");
}

#[test]
fn trouble_of_ours_is_never_a_verdict() {
    let wanted = Wanted {
        stages: StageSet::ALL,
        details: false,
        marshal: false,
        transitions: false,
    };
    let program = Program::new("test", "program", "x = 1\n");
    let request = RunRequest {
        change: None,
        index: 0,
        program,
        code: None,
        wanted,
    };
    let answers = lane("exit 3").run_batch(&[request]);
    assert!(
        matches!(answers.as_slice(), [Answer::HarnessError(_)]),
        "{answers:?}"
    );
}
