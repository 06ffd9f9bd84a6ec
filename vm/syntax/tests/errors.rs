//! Rejected sources: which error, and where, in CPython's words.

use twinheap_syntax::error::SyntaxError;
use twinheap_syntax::{Flags, Mode, parse, parse_str};

fn place(value: Option<i32>) -> String {
    value.map_or("None".into(), |value| value.to_string())
}

fn listed(error: &SyntaxError) -> String {
    format!(
        "{}: {} at {}:{}-{}:{}",
        error.kind.name(),
        error.message,
        place(error.lineno),
        place(error.offset),
        place(error.end_lineno),
        place(error.end_offset),
    )
}

fn check(name: &str, source: &str, expected: &str) {
    let error = match parse_str(source, Mode::Exec, &Flags::default()) {
        Ok(_) => panic!("{name}: {source:?} is accepted"),
        Err(error) => error,
    };
    assert_eq!(listed(&error), expected, "{name}: {source:?}");
}

fn check_bytes(name: &str, source: &[u8], expected: &str) {
    let found = match parse(source, Mode::Exec, &Flags::default(), None) {
        Ok(_) => "accepted".into(),
        Err(error) => listed(&error),
    };
    assert_eq!(found, expected, "{name}: {source:?}");
}

#[test]
#[rustfmt::skip]
fn rejected_sources_raise_what_cpython_raises() {
    let cases = [
        ("a missing operand", "x = = 1\n", "SyntaxError: invalid syntax at 1:5-1:6"),
        ("an unclosed bracket", "f(1, 2\n", "SyntaxError: '(' was never closed at 1:2-1:0"),
        ("a wrong closing bracket", "(1, 2]\n", "SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' at 1:6-1:6"),
        ("an unmatched bracket", "x)\n", "SyntaxError: unmatched ')' at 1:2-1:2"),
        ("an unterminated string", "x = 'abc\n", "SyntaxError: unterminated string literal (detected at line 1) at 1:5-1:5"),
        ("an unterminated triple-quoted string", "'''abc\n", "SyntaxError: unterminated triple-quoted string literal (detected at line 1) at 1:1-1:1"),
        ("a forgotten comma", "[1 2]\n", "SyntaxError: invalid syntax. Perhaps you forgot a comma? at 1:2-1:5"),
        ("assignment in a condition", "if x = 3: pass\n", "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? at 1:4-1:9"),
        ("assignment to a literal", "1 = x\n", "SyntaxError: cannot assign to literal here. Maybe you meant '==' instead of '='? at 1:1-1:2"),
        ("assignment to a call", "f() = 1\n", "SyntaxError: cannot assign to function call here. Maybe you meant '==' instead of '='? at 1:1-1:4"),
        ("deletion of a literal", "del 1\n", "SyntaxError: cannot delete literal at 1:5-1:6"),
        ("an annotated tuple", "a, b: int\n", "SyntaxError: only single target (not tuple) can be annotated at 1:1-1:2"),
        ("augmented assignment to a list", "[a] += 1\n", "SyntaxError: 'list' is an illegal expression for augmented assignment at 1:1-1:4"),
        ("print as a statement", "print 'x'\n", "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? at 1:1-1:10"),
        ("a missing colon", "while x\n  pass\n", "SyntaxError: expected ':' at 1:8-1:8"),
        ("a missing block", "if x:\npass\n", "IndentationError: expected an indented block after 'if' statement on line 1 at 2:1-2:5"),
        ("an unexpected indent", "  x\n", "IndentationError: unexpected indent at 1:2-1:-1"),
        ("a dedent to nowhere", "if x:\n    a\n  b\n", "IndentationError: unindent does not match any outer indentation level at 3:4-3:-1"),
        ("mixed tabs and spaces", "if x:\n\ta\n        b\n", "TabError: inconsistent use of tabs and spaces in indentation at 3:1-3:0"),
        ("a default before a plain parameter", "def f(a=1, b): pass\n", "SyntaxError: non-default argument follows default argument at 1:12-1:13"),
        ("a bare star", "def f(*): pass\n", "SyntaxError: named arguments must follow bare * at 1:7-1:8"),
        ("a positional after an unpacked mapping", "f(**a, b)\n", "SyntaxError: positional argument follows keyword argument unpacking at 1:9-1:10"),
        ("a positional after a keyword argument", "f(a=1, b)\n", "SyntaxError: positional argument follows keyword argument at 1:9-1:10"),
        ("a generator without parentheses", "f(x for x in y, 1)\n", "SyntaxError: Generator expression must be parenthesized at 1:3-1:15"),
        ("a dictionary key without a value", "{1:}\n", "SyntaxError: expression expected after dictionary key and ':' at 1:3-1:4"),
        ("an empty field", "f'{}'\n", "SyntaxError: f-string: empty expression not allowed at 1:6-1:6"),
        ("an error in a field", "f'{a b}'\n", "SyntaxError: f-string: invalid syntax. Perhaps you forgot a comma? at 1:2-1:5"),
        ("a backslash in a field", "f'{a\\b}'\n", "SyntaxError: f-string expression part cannot include a backslash at 1:9-1:9"),
        ("bytes with other letters", "b'é'\n", "SyntaxError: bytes can only contain ASCII literal characters at 1:1-1:5"),
        ("mixed bytes and text", "'a' b'b'\n", "SyntaxError: cannot mix bytes and nonbytes literals at 1:9-1:9"),
        ("a truncated escape", "'\\x1'\n", "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: truncated \\xXX escape at 1:6-1:6"),
        ("an invalid digit", "0b12\n", "SyntaxError: invalid digit '2' in binary literal at 1:4-1:4"),
        ("leading zeros", "012\n", "SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers at 1:1-1:2"),
        ("a letter after a number", "1_000x\n", "SyntaxError: invalid decimal literal at 1:5-1:5"),
        ("an invalid character", "x = 1 $ 2\n", "SyntaxError: invalid syntax at 1:7-1:8"),
        ("a currency sign", "x = €\n", "SyntaxError: invalid character '€' (U+20AC) at 1:5-1:5"),
        ("an exception list without parentheses", "try: pass\nexcept A, B: pass\n", "SyntaxError: multiple exception types must be parenthesized at 2:8-2:12"),
        ("a try without handlers", "try:\n  pass\nx\n", "SyntaxError: expected 'except' or 'finally' block at 3:1-3:2"),
        ("both kinds of except", "try: pass\nexcept A: pass\nexcept* B: pass\n", "SyntaxError: cannot have both 'except' and 'except*' on the same 'try' at 3:1-3:8"),
        ("a walrus at statement level", "x := 1\n", "SyntaxError: invalid syntax at 1:3-1:5"),
        ("a walrus in a lambda", "lambda: (x.y := 1)\n", "SyntaxError: cannot use assignment expressions with attribute at 1:10-1:13"),
        ("an iterable unpacked in a comprehension", "[*x for x in y]\n", "SyntaxError: iterable unpacking cannot be used in comprehension at 1:2-1:4"),
        ("a starred import with more", "from a import (b,,c)\n", "SyntaxError: invalid syntax at 1:18-1:19"),
        ("a trailing comma in an import", "from a import b,\n", "SyntaxError: trailing comma not allowed without surrounding parentheses at 1:17-1:17"),
        ("nothing in a block, a pair ending the line", "if x:\r\n", "IndentationError: expected an indented block after 'if' statement on line 1 at 2:1-2:-1"),
        ("a keyword as a name", "class = 1\n", "SyntaxError: invalid syntax at 1:7-1:8"),
        ("None as a parameter", "def f(None): pass\n", "SyntaxError: invalid syntax at 1:7-1:11"),
        ("a return with too much", "return = 1\n", "SyntaxError: invalid syntax at 1:8-1:9"),
        ("a match without cases", "match x:\npass\n", "IndentationError: expected an indented block after 'match' statement on line 1 at 2:1-2:5"),
        ("a wildcard as a target", "match x:\n  case a as _: pass\n", "SyntaxError: cannot use '_' as a target at 2:13-2:14"),
        ("positional patterns last", "match x:\n  case A(a=1, b): pass\n", "SyntaxError: positional patterns follow keyword patterns at 2:15-2:16"),
        ("a call of match before an error", "if x:\n  match(x)\n,\n", "SyntaxError: expected ':' at 3:1-3:2"),
        ("an assignment to part of a match before an error", "match(a).x = 1\n,\n", "SyntaxError: cannot assign to attribute here. Maybe you meant '==' instead of '='? at 1:6-1:11"),
        ("print less something before an error", "f(print -1)\n,\n", "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? at 1:3-1:11"),
        ("an item of exec before an error", "exec [1]\n,\n", "SyntaxError: Missing parentheses in call to 'exec'. Did you mean exec(...)? at 1:1-1:9"),
        ("a line continued by nothing", "x = \\\n", "SyntaxError: unexpected EOF while parsing at 1:6-1:-1"),
        ("a stray continuation", "x = \\ 1\n", "SyntaxError: unexpected character after line continuation character at 1:6-1:0"),
    ];
    for (name, source, expected) in cases {
        check(name, source, expected);
    }
}

#[test]
#[rustfmt::skip]
fn bytes_that_are_no_text_raise_what_cpython_raises() {
    let cases: [(&str, &[u8], &str); 6] = [
        ("a field with a bad name", b"w=f\"{!=\xc0\x84}y\"po\n", "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xc0 in position 0: invalid start byte at 1:13-1:15"),
        ("a bad name after an error in a field", b"f\"{;\xff}\";b\n", "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte at 1:8-1:9"),
        ("a bracket open before such a field", b"{ \nd  :  f\"{~;x\xcf%r}\"`", "SyntaxError: '{' was never closed at 1:1-1:0"),
        ("a wrong bracket after such a field", b"f\"{x!r:>{w}}{y;~a \xd6s b.\xeb (c)}\"-)\n", "SyntaxError: unmatched ')' at 1:32-1:32"),
        ("a cut character in an f-string", b"a  f\"\xef\xbbD\"Z\n", "SyntaxError: (unicode error) 'utf-8' codec can't decode bytes in position 0-1: unexpected end of data at 1:10-1:11"),
        ("a cut character in a string", b"\"\xef\xbbD\"\n", "SyntaxError: (unicode error) 'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte at 1:6-1:6"),
    ];
    for (name, source, expected) in cases {
        check_bytes(name, source, expected);
    }
}

#[test]
fn a_dot_is_an_underscore_in_aliases_of_encodings_only() {
    let unknown = |name: &str| format!("SyntaxError: unknown encoding: {name} at 0:-1-None:None");
    for name in ["latin.1", "koi8.r", "mac.roman", "utf.7", "utf.16"] {
        let source = format!("# coding: {name}\nx\n");
        check_bytes(name, source.as_bytes(), &unknown(name));
    }
    for name in [
        "iso.8859.1",
        "windows.1252",
        "ansi_x3.4_1968",
        "koi8_r",
        "latin_1",
    ] {
        let source = format!("# coding: {name}\nx\n");
        check_bytes(name, source.as_bytes(), "accepted");
    }
}

#[test]
fn a_long_chain_is_freed_without_recursion() {
    let chain = format!("x = 1{}\n", " + 1".repeat(200_000));
    let broken = format!("x = a{} 5\n", ".b".repeat(1_500_000));
    let deep = "RecursionError: maximum recursion depth exceeded during compilation at None:None-None:None";
    check("a sum of many operands", &chain, deep);
    let error = parse_str(&broken, Mode::Exec, &Flags::default()).expect_err("a broken chain");
    assert_eq!(error.message, "invalid syntax");
}
