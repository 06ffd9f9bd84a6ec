//! The debug heap: a process that writes where it must not ends, and says which block it was.

use std::process::Command;
use twinheap_objects::memory::{self, debug};

const CASE: &str = "TWINHEAP_DEBUG_HEAP_CASE";

/// What the child process does to a block of 24 bytes.
fn misuse(case: &str) {
    debug::enable();
    let block = memory::malloc(24);
    // SAFETY: none of it is safe: this process is to be ended by the checks.
    unsafe {
        assert_eq!(block.read(), 0xcd);
        match case {
            "behind" => block.add(24).write(0),
            "front" => block.sub(1).write(0),
            "late" => {
                memory::free(block);
                assert_eq!(block.read(), 0xdd);
                block.add(3).write(7);
                for _ in 0..200 {
                    memory::free(memory::malloc(1 << 20));
                }
                return;
            }
            "twice" => memory::free(block),
            _ => {}
        }
        memory::free(block);
    }
}

fn check(case: &str, test: &str, expected: &[&str]) {
    if let Ok(case) = std::env::var(CASE) {
        misuse(&case);
        return;
    }
    let output = Command::new(std::env::current_exe().expect("the test itself"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CASE, case)
        .output()
        .expect("the test starts");
    let told = String::from_utf8_lossy(&output.stderr);
    for line in expected {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
    assert_eq!(output.status.success(), expected.is_empty());
}

#[test]
fn a_sound_block_passes() {
    check("sound", "a_sound_block_passes", &[]);
}

#[test]
fn a_write_behind_a_block_is_found() {
    let expected = [
        "API 'o'",
        "    24 bytes originally requested",
        "        at tail+0: 0x00 *** OUCH",
        "Fatal Python error: _PyMem_DebugRawFree: bad trailing pad byte",
    ];
    check("behind", "a_write_behind_a_block_is_found", &expected);
}

#[test]
fn a_write_in_front_of_a_block_is_found() {
    let expected = ["at p-7+6: 0x00 *** OUCH", "bad leading pad byte"];
    check("front", "a_write_in_front_of_a_block_is_found", &expected);
}

#[test]
fn a_block_freed_twice_is_found() {
    let expected = ["bad ID: Allocated using API '\\u{dd}', verified using API 'o'"];
    check("twice", "a_block_freed_twice_is_found", &expected);
}

#[test]
fn a_write_to_a_freed_block_is_found() {
    let expected = [
        "Data at p+3: 07",
        "a block was written to after it was freed",
    ];
    check("late", "a_write_to_a_freed_block_is_found", &expected);
}
