//! Programs that try to harm the machine, run in the real worker: every attempt must be refused.

use std::path::Path;

use twinheap_observation::wire::{RunRequest, Wanted};
use twinheap_observation::{Program, StageSet};
use twinheap_subject::{Answer, Lane, SubjectSpec};

/// Runs a program in a worker and gives what it printed.
fn output(source: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_twinheap-cpython"));
    let mut lane = Lane::new(SubjectSpec::new("CPython", binary.to_owned()));
    let wanted = Wanted {
        stages: StageSet::ALL,
        details: true,
        marshal: false,
        transitions: false,
    };
    let request = RunRequest {
        change: None,
        index: 0,
        program: Program::new("test", "escape", source),
        code: None,
        wanted,
    };
    let answer = lane.run_batch(&[request]).pop();
    let Some(Answer::Report(report)) = answer else {
        panic!("no report came: {answer:?}");
    };
    let details = report.details.expect("details were asked for");
    let output = details.output.shown().expect("a worker shows its output");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Tries one thing; what is printed is the name of the error, or `done`.
fn check(attempt: &str, expected: &str) {
    let source = format!(
        "import os, socket, signal, ctypes\ntry:\n    {attempt}\n    print('done')\nexcept Exception as error:\n    print(type(error).__name__)\n"
    );
    assert_eq!(output(&source).trim(), expected, "{attempt}");
}

#[test]
fn files_outside_of_the_folder_cannot_be_written() {
    let outside = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    let path = outside.path().display();
    check(&format!("open('{path}', 'w')"), "PermissionError");
    check(&format!("open('{path}', 'a')"), "PermissionError");
    check(&format!("os.truncate('{path}', 0)"), "PermissionError");
    check(&format!("os.unlink('{path}')"), "PermissionError");
    check(&format!("os.rename('{path}', 'mine')"), "PermissionError");
    check(&format!("os.mkdir('{path}.d')"), "PermissionError");
    check(
        &format!("os.symlink('/etc/passwd', '{path}.l')"),
        "PermissionError",
    );
    assert!(outside.path().exists());
}

#[test]
fn the_folder_itself_can_be_used() {
    check(
        "open('mine', 'w').write('x'); os.rename('mine', 'yours'); os.unlink('yours')",
        "done",
    );
    check("open(os.devnull, 'w').write('x')", "done");
    check("socket.socketpair()", "done");
    check(
        "import threading; t = threading.Thread(target=print); t.start(); t.join()",
        "done",
    );
}

#[test]
fn there_is_no_network() {
    check(
        "socket.create_connection(('127.0.0.1', 9), 1)",
        "PermissionError",
    );
    check(
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "PermissionError",
    );
    check("socket.socket(socket.AF_INET6)", "PermissionError");
}

#[test]
fn there_are_no_processes() {
    check("os.fork()", "PermissionError");
    check("os.execv('/bin/true', ['true'])", "PermissionError");
    check(
        "os.posix_spawn('/bin/true', ['true'], {})",
        "PermissionError",
    );
    check(
        "__import__('subprocess').run(['/bin/true'])",
        "PermissionError",
    );
    check("os.kill(os.getppid(), signal.SIGTERM)", "PermissionError");
    check("os.kill(1, 0)", "PermissionError");
}

#[test]
fn the_kernel_is_not_asked_by_hand_either() {
    // unshare, mount and ptrace by their numbers on x86-64 would all give 0 or EINVAL where they are allowed.
    check(
        "libc = ctypes.CDLL(None, use_errno=True); assert libc.unshare(0x10000000) == -1; raise OSError(ctypes.get_errno(), '')",
        "PermissionError",
    );
}
