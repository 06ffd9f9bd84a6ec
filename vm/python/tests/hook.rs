//! A line hook takes effect with the next instruction, wherever the program is when it is set or taken
//! away. `cargo test --release` asks the same of the other driver.

use std::cell::RefCell;
use twinheap_abi::{_PyInterpreterFrame, PyObject};
use twinheap_interp::tracing::{line_hook, set_line_hook};
use twinheap_objects::own::Own;
use twinheap_objects::unraisable::UNRAISABLE_HOOK;
use twinheap_python::{Config, Vm};

thread_local! {
    static LINES: RefCell<Vec<i32>> = const { RefCell::new(Vec::new()) };
}

fn note(_: &_PyInterpreterFrame, line: i32) {
    LINES.with_borrow_mut(|lines| lines.push(line));
}

/// A destructor that raises sets the hook, or takes it away: native code in the middle of a line.
fn toggle(_: Own, _: Option<&str>, _: Option<&PyObject>) {
    let is_on = line_hook().is_some();
    set_line_hook(if is_on { None } else { Some(note) });
}

const PROGRAM: &str = "\
class Raising:
    def __del__(self):
        raise ValueError

def run(count):
    a = 1
    x = Raising()
    x = None
    b = a + 1
    for i in range(2):
        c = b
    y = Raising()
    y = None
    d = 3
    for i in range(count):
        d += i
    return d

run(1)
for i in range(20):
    run(i)
run(2)
";

/// Lines 9 to 13 of the function and the destructor's own, each time that it runs.
const ONCE: [i32; 9] = [9, 10, 11, 10, 11, 10, 12, 13, 3];

#[test]
fn a_hook_set_in_the_middle_of_a_line_sees_the_next_one() {
    let vm = Vm::initialize(&Config::default()).expect("the VM starts");
    UNRAISABLE_HOOK.set(Some(toggle));
    let code = vm
        .compile(PROGRAM.as_bytes(), "program.py")
        .unwrap_or_else(|_| panic!("the program compiles"));
    let namespace = vm.prepare("program", None).expect("there is room");
    let run = vm.run(&code, namespace, None);
    assert!(run.exception.is_none(), "the program runs to its end");
    let lines = LINES.take();
    let expected: Vec<i32> = ONCE.repeat(22);
    assert_eq!(lines, expected);
}
