//! No program ends the process for want of memory: each runs under a limit of address space, on both
//! sides, and must come to the same end.

use std::path::Path;
use std::process::Command;

/// Kilobytes of address space: plenty, and short.
const PLENTY: u32 = 4_000_000;
const SHORT: u32 = 600_000;

/// The exit status (none for a death by signal), and the last line that was printed.
fn run(program: &str, file: &str, limit: u32, argument: &str) -> (Option<i32>, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/memory");
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -v {limit}; ulimit -c 0; exec \"$0\" \"$@\" </dev/null 2>&1"
        ))
        .args([program, &format!("{file}.py"), argument])
        .current_dir(path)
        .output()
        .expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let last = printed.lines().last().unwrap_or_default().to_owned();
    (output.status.code(), last)
}

/// Both sides end alike.
fn check(file: &str, limit: u32) {
    let expected = run("python3", file, limit, "");
    let found = run(env!("CARGO_BIN_EXE_twinpy"), file, limit, "");
    assert_eq!(found, expected);
}

/// CPython dies or breaks down; the VM says what the matter is.
fn check_clean(file: &str, limit: u32, argument: &str, last: &[&str]) {
    let (status, printed) = run(env!("CARGO_BIN_EXE_twinpy"), file, limit, argument);
    let known = last.contains(&printed.as_str());
    assert!(
        known && matches!(status, Some(0 | 1)),
        "{status:?}: {printed}"
    );
}

macro_rules! cases {
    ($($limit:ident: $($name:ident)+;)+) => {
        $($(
            #[test]
            fn $name() {
                check(stringify!($name), $limit);
            }
        )+)+
    };
}

cases! {
    PLENTY: bytearray_count bytearray_setslice bytearray_delslice bytearray_set_extslice rawio_read_size
        urandom_size os_read_size strftime_long bytes_percent_width bytes_percent_precision_float
        sre_mark_number combinations_size;
    SHORT: set_oom gc_members_oom sre_marks_oom sre_sub_oom ast_oom deque_oom getrandbits_oom type_oom
        struct_unpack_oom;
}

/// CPython loses the exception at times: `SystemError: error return without exception set`.
#[test]
fn frames_oom() {
    check_clean("frames_oom", SHORT, "", &["MemoryError"]);
}

/// CPython reads nodes that have been freed.
#[test]
fn odict_clear_in_eq() {
    for variant in 0..48 {
        check_clean("odict_clear_in_eq", PLENTY, &variant.to_string(), &[""]);
    }
}
