//! Errors that the symbol table and the code generator find, and warnings.

use twinheap_compile::{Options, compile};
use twinheap_syntax::error::Warning;
use twinheap_syntax::{Flags, Mode, parse_str};

fn place(value: Option<i32>) -> String {
    value.map_or("None".into(), |value| value.to_string())
}

fn check(name: &str, source: &str, expected: &str) {
    let ast = parse_str(source, Mode::Exec, &Flags::default()).expect(name);
    let error = match compile(ast, &Options::new("<string>", 0)) {
        Ok(_) => panic!("{name}: {source:?} is accepted"),
        Err(error) => error,
    };
    let found = format!(
        "{}: {} at {}:{}-{}:{}",
        error.kind.name(),
        error.message,
        place(error.lineno),
        place(error.offset),
        place(error.end_lineno),
        place(error.end_offset),
    );
    assert_eq!(found, expected, "{name}: {source:?}");
}

fn check_warnings(name: &str, source: &str, expected: &[&str]) {
    let ast = parse_str(source, Mode::Exec, &Flags::default()).expect(name);
    let compiled = compile(ast, &Options::new("<string>", 0)).expect(name);
    let found: Vec<String> = compiled
        .warnings
        .iter()
        .map(|warning| format!("{:?} {}: {}", warning.kind, warning.lineno, warning.message))
        .collect();
    assert_eq!(found, expected, "{name}: {source:?}");
}

#[test]
#[rustfmt::skip]
fn sources_that_parse_but_mean_nothing_are_rejected() {
    let cases = [
        ("repeated keyword argument", "f(a=1, a=2)\n", "SyntaxError: keyword argument repeated: a at 1:8-1:11"),
        ("return outside a function", "return\n", "SyntaxError: 'return' outside function at 1:1-1:7"),
        ("break outside a loop", "break\n", "SyntaxError: 'break' outside loop at 1:1-1:6"),
        ("await outside a function", "await x\n", "SyntaxError: 'await' outside function at 1:1-1:8"),
        ("yield in a class", "class A: yield\n", "SyntaxError: 'yield' outside function at 1:10-1:15"),
        ("a name both global and a parameter", "def f(x):\n  global x\n", "SyntaxError: name 'x' is parameter and global at 2:3-2:11"),
        ("a nonlocal name without a binding", "def f():\n  nonlocal x\n", "SyntaxError: no binding for nonlocal 'x' found at 2:3-2:13"),
        ("a duplicate argument", "def f(a, a): pass\n", "SyntaxError: duplicate argument 'a' in function definition at 1:10-1:11"),
        ("two starred targets", "*a, *b = c\n", "SyntaxError: multiple starred expressions in assignment at 1:1-1:7"),
        ("a lone starred target", "*a = c\n", "SyntaxError: starred assignment target must be in a list or tuple at 1:1-1:3"),
        ("assignment to __debug__", "__debug__ = 1\n", "SyntaxError: cannot assign to __debug__ at 1:1-1:10"),
        ("an unknown feature", "from __future__ import nothing\n", "SyntaxError: future feature nothing is not defined at 1:1-1:None"),
        ("a late feature", "x = 1\nfrom __future__ import annotations\n", "SyntaxError: from __future__ imports must occur at the beginning of the file at 2:1-2:35"),
        ("a default except in the middle", "try: pass\nexcept: pass\nexcept A: pass\n", "SyntaxError: default 'except:' must be last at 2:1-2:13"),
        ("unreachable patterns", "match x:\n  case _: pass\n  case 1: pass\n", "SyntaxError: wildcard makes remaining patterns unreachable at 2:8-2:9"),
        ("different names in alternatives", "match x:\n  case a | 1: pass\n", "SyntaxError: name capture 'a' makes remaining patterns unreachable at 2:8-2:9"),
        ("an async comprehension in a function", "def f(): [x async for x in y]\n", "SyntaxError: asynchronous comprehension outside of an asynchronous function at 1:10-1:30"),
        ("a rebound comprehension variable", "[i := 0 for i in x]\n", "SyntaxError: assignment expression cannot rebind comprehension iteration variable 'i' at 1:2-1:3"),
        ("an import star in a function", "def f():\n  from a import *\n", "SyntaxError: import * only allowed at module level at 2:17-2:18"),
    ];
    for (name, source, expected) in cases {
        check(name, source, expected);
    }
}

#[test]
#[rustfmt::skip]
fn suspicious_expressions_are_warned_about() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("identity with a literal", "x is 1\n", &["SyntaxWarning 1: \"is\" with a literal. Did you mean \"==\"?"]),
        ("a called tuple", "(1, 2)(3)\n", &["SyntaxWarning 1: 'tuple' object is not callable; perhaps you missed a comma?"]),
        ("a subscripted number", "1[2]\n", &["SyntaxWarning 1: 'int' object is not subscriptable; perhaps you missed a comma?"]),
        ("a text as an index", "[1]['a']\n", &["SyntaxWarning 1: list indices must be integers or slices, not str; perhaps you missed a comma?"]),
        ("a true assertion", "assert (x, 'm')\n", &["SyntaxWarning 1: assertion is always true, perhaps remove parentheses?"]),
        ("an unknown escape", "'\\d'\n", &["DeprecationWarning 1: invalid escape sequence '\\d'"]),
        ("a keyword behind a number", "1if x else 2\n", &["SyntaxWarning 1: invalid decimal literal"]),
        ("nothing wrong", "x is None\n", &[]),
        ("twice, for a finally body", "def f():\n  try: return\n  finally: 1 is x\n", &["SyntaxWarning 3: \"is\" with a literal. Did you mean \"==\"?", "SyntaxWarning 3: \"is\" with a literal. Did you mean \"==\"?", "SyntaxWarning 3: \"is\" with a literal. Did you mean \"==\"?"]),
        ("in the order of the source", "1or '\\d'\n1is x\n", &["SyntaxWarning 1: invalid decimal literal", "DeprecationWarning 1: invalid escape sequence '\\d'", "SyntaxWarning 2: invalid decimal literal", "SyntaxWarning 2: \"is\" with a literal. Did you mean \"==\"?"]),
    ];
    for (name, source, expected) in cases {
        check_warnings(name, source, expected);
    }
}

#[test]
#[rustfmt::skip]
fn what_is_warned_about_before_an_error_comes_with_it() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("an escape, then an error of the symbol table", "x = '\\q'\nnonlocal x\n", "name 'x' is assigned to before nonlocal declaration", &["DeprecationWarning 1: invalid escape sequence '\\q'"]),
        ("an escape in the statement that is wrong", "f('\\q', b'\\8'\n", "'(' was never closed", &["DeprecationWarning 1: invalid escape sequence '\\q'"]),
        ("statements that are right are warned about once", "x = '\\q'\nif x:\n    y = b'\\8'\nz = $\n", "invalid syntax", &["DeprecationWarning 1: invalid escape sequence '\\q'", "DeprecationWarning 3: invalid escape sequence '\\8'"]),
        ("a field is read anew in the second pass", "x = f'{1or 2}\\q'\ny = 1 2\n", "invalid syntax", &["SyntaxWarning 1: invalid decimal literal", "DeprecationWarning 1: invalid escape sequence '\\q'", "SyntaxWarning 1: invalid decimal literal"]),
        ("the field itself is wrong", "f'{1if 2else 3 4}\\q'\n", "f-string: invalid syntax. Perhaps you forgot a comma?", &["SyntaxWarning 1: invalid decimal literal", "SyntaxWarning 1: invalid decimal literal"]),
        ("numbers and escapes in their order", "'\\q' is 1or 2\n'\\8' 3\n", "invalid syntax", &["DeprecationWarning 1: invalid escape sequence '\\q'", "SyntaxWarning 1: invalid decimal literal", "DeprecationWarning 2: invalid escape sequence '\\8'"]),
        ("what the code generator warns about before its error", "1()\nreturn\n", "'return' outside function", &["SyntaxWarning 1: 'int' object is not callable; perhaps you missed a comma?"]),
        ("nothing is warned about behind the error", "x = (\n'\\q'\n", "'(' was never closed", &[]),
    ];
    for (name, source, message, expected) in cases {
        let parsed = parse_str(source, Mode::Exec, &Flags::default()).map_err(Box::new);
        let compiled = parsed.and_then(|ast| compile(ast, &Options::new("<string>", 0)));
        let Err(error) = compiled else {
            panic!("{name}: {source:?} is accepted");
        };
        let show = |warning: &Warning| format!("{:?} {}: {}", warning.kind, warning.lineno, warning.message);
        let found: Vec<String> = error.warnings.iter().map(show).collect();
        assert_eq!((error.message.as_str(), found), (*message, expected.iter().map(|text| text.to_string()).collect()), "{name}");
    }
}
