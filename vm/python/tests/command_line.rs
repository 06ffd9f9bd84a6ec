//! What `twinpy` does with options, variables and uncaught exceptions, against the CPython that the build finds.

mod twins;

use std::path::Path;
use std::process::Command;

use twins::{interpreters, told};

/// Arguments, and variables with their values.
type Line<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

/// Streams and status of both interpreters.
fn both(arguments: &[&str], variables: &[(&str, &str)]) -> [String; 2] {
    interpreters().map(|interpreter| {
        let mut command = Command::new(interpreter);
        for name in [
            "PYTHONPATH",
            "PYTHONWARNINGS",
            "PYTHONOPTIMIZE",
            "PYTHONUNBUFFERED",
        ] {
            command.env_remove(name);
        }
        told(command.args(arguments).envs(variables.iter().copied()))
    })
}

/// A file of this name with this text, in the folder for tests.
fn file(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the folder for tests can be written to");
    path.to_string_lossy().into_owned()
}

const FLAGS: &str = "import sys; f = sys.flags; print(f.isolated, f.ignore_environment, f.no_user_site, \
    f.safe_path, f.optimize, f.quiet, f.dev_mode, f.warn_default_encoding, sys.argv, sys.warnoptions, sys._xoptions)";

#[test]
fn options_and_variables_are_those_of_cpython() {
    let optimised =
        "print(__debug__)\nassert 0\ndef f(): 'doc'\nprint(f.__doc__)\nexec('assert 0')";
    let streams = "import sys\nfor s in sys.stdout, sys.stderr:\n    \
        print(type(s.buffer).__name__, s.write_through, s.line_buffering)";
    let lines: &[Line] = &[
        (&["-I", "-c", FLAGS, "a", "-b"], &[]),
        (&["-Es", "-Pqc", FLAGS], &[("PYTHONOPTIMIZE", "2")]),
        (
            &["-Wd", "-W", "error", "-Xa=1", "-X", "b", "-c", FLAGS],
            &[],
        ),
        (
            &["-c", FLAGS],
            &[
                ("PYTHONOPTIMIZE", "x"),
                ("PYTHONWARNINGS", "ignore,default"),
            ],
        ),
        (
            &["-Xwarn_default_encoding", "-c", FLAGS],
            &[("PYTHONSAFEPATH", "1")],
        ),
        (&["-OO", "-c", optimised], &[]),
        (&["-O", "-c", optimised], &[]),
        (&["-c", optimised], &[]),
        (
            &["-W", "error", "-c", "import warnings; warnings.warn('x')"],
            &[],
        ),
        (&["-u", "-c", streams], &[]),
        (&["-c", streams], &[("PYTHONUNBUFFERED", "1")]),
        (&["-c", streams], &[]),
        (
            &["-c", "import sys; print(sys.path[:2])"],
            &[("PYTHONPATH", "/a:/b")],
        ),
        (&["-c", "raise SystemExit(3)"], &[]),
    ];
    for (arguments, variables) in lines {
        let [expected, found] = both(arguments, variables);
        assert_eq!(expected, found, "{arguments:?} {variables:?}");
    }
    let program = file(
        "first_line.py",
        "#!no Python (\nimport sys\nprint(sys.argv[1:])\n1/0\n",
    );
    let [expected, found] = both(&["-x", &program, "-q"], &[]);
    assert_eq!(expected, found);
}

#[test]
fn optimised_code_is_not_what_a_cache_has_for_plain_runs() {
    let module = file("cached_assertion.py", "assert 0\n");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).to_string_lossy();
    let variables = [("PYTHONPATH", &*folder)];
    let compile = format!("import py_compile; py_compile.compile({module:?})");
    let [made, _] = both(&["-c", &compile], &variables);
    assert!(made.contains("exit status: 0"), "{made}");
    for option in ["-O", "-B"] {
        let import = [
            "-B",
            option,
            "-c",
            "import cached_assertion; print('imported')",
        ];
        let [expected, found] = both(&import, &variables);
        assert_eq!(expected, found, "{option}");
    }
}

#[test]
fn uncaught_exceptions_are_marked_where_they_arise() {
    let programs = [
        "1/0",
        "(1)/(0)",
        "((1))//((0))",
        "1 /(0)",
        "x = (1 )/(0 )",
        "a = 1\n(a +\n 'b')",
        "d = {}\nd['k']['j']",
        "([1])[5]",
        "[1][(5)]",
        "def f():\n    return g()\ndef g():\n  x = 1; return x @ 2\nf()",
        "é = 1\né / 0",
        "raise ValueError('é')",
        "'a' % 1 % 2",
        "a.b.c",
    ];
    for (number, program) in programs.iter().enumerate() {
        let path = file(&format!("uncaught_{number}.py"), &format!("{program}\n"));
        let [expected, found] = both(&[&path], &[]);
        assert_eq!(expected, found, "{program}");
    }
}
