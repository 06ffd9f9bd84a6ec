//! A command subject: the interpreter that the build uses, driven by the script that drives foreign ones.

use std::path::PathBuf;

use twinheap_observation::outcome::Outcome;
use twinheap_observation::wire::{Limits, RunRequest, Wanted};
use twinheap_observation::{Program, StageSet};
use twinheap_subject::Answer;
use twinheap_subject::command::{CommandSpec, CommandSubject};

fn subject() -> CommandSubject {
    let finder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.cargo/find-python");
    let text = format!("found={} {{file}}", finder.display());
    let mut spec = CommandSpec::parse(&text).expect("the command is well formed");
    spec.limits = Limits {
        wall_milliseconds: 3_000,
        ..Limits::default()
    };
    CommandSubject::new(spec)
}

/// Runs programs in one batch and shows each answer in a few words.
fn run(sources: &[&str]) -> Vec<String> {
    let wanted = Wanted {
        stages: StageSet::ALL,
        details: true,
        marshal: false,
        transitions: false,
    };
    let requests: Vec<RunRequest> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| RunRequest {
            change: None,
            index: index as u32,
            program: Program::new("test", "program", source),
            code: None,
            wanted,
        })
        .collect();
    subject()
        .run_batch(&requests)
        .iter()
        .map(describe)
        .collect()
}

fn describe(answer: &Answer) -> String {
    match answer {
        Answer::Report(report) => {
            let details = report
                .details
                .as_ref()
                .expect("a command subject always gives details");
            let output = details
                .output
                .shown()
                .map(|output| output.stdout.clone())
                .unwrap_or_default();
            let outcome = details
                .outcome
                .shown()
                .map(Outcome::lines)
                .unwrap_or_default();
            format!(
                "{:?} {}",
                String::from_utf8_lossy(&output),
                outcome.join("; ")
            )
        }
        Answer::Death(outcome, _) => outcome.label(),
        Answer::HarnessError(reason) => format!("harness error: {reason}"),
    }
}

fn check(source: &str, expected: &str) {
    assert_eq!(run(&[source]), [expected]);
}

#[test]
fn output_and_a_quiet_end() {
    check("print('a')\nprint('b', end='')\n", "\"a\\nb\" finished");
}

#[test]
fn an_exception_with_cause_note_and_lines() {
    let source = "try:\n    {}['k']\nexcept KeyError as e:\n    e.add_note('n')\n    raise ValueError(1.5, 'it\\'s') from e\n";
    check(
        source,
        "\"\" raised ValueError(float:3ff8000000000000, 'it\\'s');   at test/program.py:5 in  [-1:-1 - -1:-1];   \
         suppresses its context;   caused by KeyError('k');     note 'n';     \
         at test/program.py:2 in  [-1:-1 - -1:-1];   in the context of KeyError('k') (shown above)",
    );
}

#[test]
fn an_exit_is_no_exception() {
    check("print(1)\nraise SystemExit(3)\n", "\"1\\n\" exited with 3");
}

#[test]
fn a_replaced_stream_does_not_swallow_the_result() {
    check(
        "import sys, io\nsys.stdout = io.StringIO()\nprint('lost')\n",
        "\"\" finished",
    );
}

#[test]
fn a_death_is_blamed_on_its_program_and_the_rest_still_runs() {
    let found = run(&["x = 1\n", "import os\nos._exit(7)\n", "print('after')\n"]);
    assert_eq!(found, ["\"\" finished", "exited", "\"after\\n\" finished"]);
}

#[test]
fn a_hang_is_ended() {
    assert_eq!(
        run(&["while True: pass\n", "print(2)\n"]),
        ["timed out", "\"2\\n\" finished"]
    );
}

#[test]
fn a_command_without_a_file_is_refused() {
    assert!(CommandSpec::parse("name=python3").is_err());
    assert!(CommandSpec::parse("python3 {file}").is_err());
}

#[test]
fn a_command_writes_to_its_own_folder_only() {
    let outside = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    let source = format!(
        "open('mine', 'w').close()\nprint('own')\ntry:\n    open({:?}, 'w')\nexcept OSError as error:\n    print(type(error).__name__)\n",
        outside.path().display().to_string()
    );
    let shown = run(&[&source]);
    assert!(
        shown[0].contains("own") && shown[0].contains("PermissionError"),
        "{shown:?}"
    );
}
