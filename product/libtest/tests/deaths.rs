//! A file of tests that do their worst: each method is told of by itself, whatever the others do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tempfile::TempDir;
use twinheap_libtest::{FileResult, Interpreter, Limits, Loaded, Outcome, run_file, test_files};

const TESTS: &str = r#"
import os, signal, sys, time, unittest

class A(unittest.TestCase):
    def test_1_passes(self):
        print("said to nobody")
    def test_2_fails(self):
        self.assertEqual(1, 2)
    def test_3_raises(self):
        raise ValueError("first\nsecond\t\\")
    def test_4_ends_the_process(self):
        os.kill(os.getpid(), signal.SIGSEGV)
    def test_5_leaves(self):
        os._exit(7)
    def test_6_hangs(self):
        time.sleep(1000)
    @unittest.skip("not here")
    def test_7_is_skipped(self):
        pass
    def test_8_in_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)
    @unittest.expectedFailure
    def test_9_is_expected_to_fail(self):
        self.fail()

class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError("no fixture")
    def test_never(self):
        pass

class C(unittest.TestCase):
    def test_a_module_is_missing(self):
        with self.assertRaises(ImportError):
            import _bisect
    def test_closes_everything(self):
        os.closerange(0, 100)
    def test_last(self):
        pass
"#;

fn library() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let tests = folder.path().join("test");
    fs::create_dir(&tests).expect("made");
    for (name, text) in [
        ("__init__.py", ""),
        ("test_worst.py", TESTS),
        ("test_broken.py", "import no_such_module"),
        ("test_dying.py", "import os; os._exit(3)"),
        (
            "test_absent.py",
            "import unittest; raise unittest.SkipTest('not on this system')",
        ),
    ] {
        fs::write(tests.join(name), text).expect("written");
    }
    folder
}

fn run(library: &Path, name: &str, wanted: &[&str]) -> FileResult {
    let finder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cargo/find-python");
    let interpreter = Interpreter {
        name: "CPython".to_owned(),
        words: vec![finder.display().to_string(), "{file}".to_owned()],
        environment: std::env::var("HOME")
            .map(|home| vec![("HOME".to_owned(), home)])
            .unwrap_or_default(),
        tests: Some(PathBuf::from(library)),
        without: vec!["_bisect".to_owned()],
    };
    let limits = Limits {
        method: Duration::from_secs(5),
        restarts: 9,
    };
    let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    run_file(
        &interpreter,
        name,
        &wanted,
        &limits,
        &AtomicBool::new(false),
    )
    .expect("it runs")
}

#[test]
fn every_method_is_told_of() {
    let library = library();
    let found = run(library.path(), "test_worst", &[]);
    assert_eq!(found.loaded, Loaded::Yes);
    let outcome = |key: &str| found.methods[key].outcome.clone();
    assert_eq!(outcome("A.test_1_passes"), Outcome::Pass);
    assert_eq!(
        outcome("A.test_2_fails"),
        Outcome::Fail("AssertionError: 1 != 2".to_owned())
    );
    assert_eq!(
        outcome("A.test_3_raises"),
        Outcome::Error("ValueError: first\nsecond\t\\".to_owned())
    );
    assert_eq!(
        outcome("A.test_4_ends_the_process"),
        Outcome::Crash("SIGSEGV".to_owned())
    );
    assert_eq!(
        outcome("A.test_5_leaves"),
        Outcome::Crash("exit code 7".to_owned())
    );
    assert_eq!(outcome("A.test_6_hangs"), Outcome::TimeOut);
    assert_eq!(
        outcome("A.test_7_is_skipped"),
        Outcome::Skip("not here".to_owned())
    );
    assert_eq!(outcome("A.test_8_in_parts").word(), "fail");
    assert_eq!(
        outcome("A.test_9_is_expected_to_fail"),
        Outcome::ExpectedFailure
    );
    assert_eq!(
        outcome("B.test_never"),
        Outcome::NotRun("OSError: no fixture".to_owned())
    );
    assert_eq!(outcome("C.test_a_module_is_missing"), Outcome::Pass);
    assert_eq!(outcome("C.test_closes_everything"), Outcome::Pass);
    assert_eq!(outcome("C.test_last"), Outcome::Pass);
    assert_eq!(found.methods.len(), 13);
}

#[test]
fn methods_can_be_chosen() {
    let library = library();
    let found = run(library.path(), "test_worst", &["C", "A.test_1_passes"]);
    let keys: Vec<&String> = found.methods.keys().collect();
    let expected = [
        "A.test_1_passes",
        "C.test_a_module_is_missing",
        "C.test_closes_everything",
        "C.test_last",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_file_that_cannot_be_loaded_says_why() {
    let library = library();
    let told = |name: &str| run(library.path(), name, &[]).loaded;
    assert_eq!(
        told("test_broken"),
        Loaded::No("ModuleNotFoundError: No module named 'no_such_module'".to_owned())
    );
    assert_eq!(
        told("test_dying"),
        Loaded::No("the process ended: exit code 3".to_owned())
    );
    assert_eq!(
        told("test_absent"),
        Loaded::Skipped("not on this system".to_owned())
    );
    assert_eq!(test_files(library.path()).expect("it can be read").len(), 4);
}
