//! Format specifications, percent formats, codec names, struct formats and snippets of source.

use crate::random::Random;
use crate::values::{Constant, text};

pub fn codec(random: &mut Random) -> Constant {
    const NAMES: [&str; 28] = [
        "utf-8",
        "utf8",
        "UTF-8",
        "latin-1",
        "iso-8859-1",
        "ascii",
        "us-ascii",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "utf-7",
        "raw_unicode_escape",
        "unicode_escape",
        "cp1252",
        "cp437",
        "iso8859-15",
        "koi8-r",
        "utf-8-sig",
        "cp1251",
        "mac_roman",
        "idna",
        "punycode",
        "charmap",
        "no-such-codec",
        "utf_8\u{0}",
    ];
    text(random.pick(&NAMES))
}

pub fn error_handler(random: &mut Random) -> Constant {
    const NAMES: [&str; 10] = [
        "strict",
        "ignore",
        "replace",
        "backslashreplace",
        "xmlcharrefreplace",
        "surrogateescape",
        "surrogatepass",
        "namereplace",
        "no-such-handler",
        "",
    ];
    text(random.pick(&NAMES))
}

/// A format specification that is well formed most of the time; `types` are the presentation types.
fn spec(random: &mut Random, types: &[&str]) -> Constant {
    let mut out = String::new();
    if random.chance(1, 3) {
        if random.chance(1, 2) {
            out.push_str(random.pick(&["*", "0", " ", "é", "😀", "x", "<"]));
        }
        out.push_str(random.pick(&["<", ">", "^", "="]));
    }
    if random.chance(1, 3) {
        out.push_str(random.pick(&["+", "-", " "]));
    }
    if random.chance(1, 10) {
        out.push('z');
    }
    if random.chance(1, 4) {
        out.push('#');
    }
    if random.chance(1, 4) {
        out.push('0');
    }
    if random.chance(1, 2) {
        out.push_str(random.pick(&["1", "5", "8", "10", "20", "33"]));
    }
    if random.chance(1, 5) {
        out.push_str(random.pick(&[",", "_"]));
    }
    if random.chance(1, 3) {
        out.push_str(random.pick(&[".0", ".1", ".2", ".6", ".17", ".20", ".50", "."]));
    }
    if random.chance(3, 4) {
        out.push_str(random.pick(types));
    }
    text(&out)
}

pub fn format_spec(random: &mut Random) -> Constant {
    spec(
        random,
        &[
            "d", "x", "s", "f", "g", "e", "n", "c", "%", "b", "o", "X", "E", "G", "F", "q", "ss",
        ],
    )
}

pub fn int_spec(random: &mut Random) -> Constant {
    spec(
        random,
        &["d", "x", "X", "o", "b", "c", "n", "f", "e", "g", "%", "s"],
    )
}

pub fn float_spec(random: &mut Random) -> Constant {
    spec(random, &["f", "F", "e", "E", "g", "G", "n", "%", "d"])
}

pub fn str_spec(random: &mut Random) -> Constant {
    spec(random, &["s", "s", "s", "d"])
}

/// A `%` format with one conversion.
pub fn percent(random: &mut Random) -> Constant {
    let mut out = String::from(random.pick(&["", "<", "é", "%%"]));
    out.push('%');
    if random.chance(1, 6) {
        out.push_str(random.pick(&["(a)", "()", "(b)", "(a"]));
    }
    for _ in 0..random.below(3) {
        out.push_str(random.pick(&["#", "0", "-", " ", "+"]));
    }
    if random.chance(1, 3) {
        out.push_str(random.pick(&["1", "5", "12", "*"]));
    }
    if random.chance(1, 3) {
        out.push_str(random.pick(&[".0", ".1", ".3", ".15", ".*", "."]));
    }
    if random.chance(1, 12) {
        out.push_str(random.pick(&["l", "h", "L"]));
    }
    let kinds = [
        "d", "i", "u", "o", "x", "X", "e", "E", "f", "F", "g", "G", "c", "r", "s", "a", "%", "y",
        "b", "",
    ];
    out.push_str(random.pick(&kinds));
    out.push_str(random.pick(&["", ">", "\u{ff}", "\u{10000}"]));
    text(&out)
}

/// A template for `str.format`.
pub fn template(random: &mut Random) -> Constant {
    const FIELDS: [&str; 24] = [
        "{}",
        "{0}",
        "{1}",
        "{0!r}",
        "{!s}",
        "{!a}",
        "{a}",
        "{0:>5}",
        "{:{}}",
        "{0[0]}",
        "{0.real}",
        "{{",
        "}}",
        "{",
        "}",
        "{:",
        "{0!x}",
        "{!",
        "{a[b]}",
        "{:^{1}}",
        "{2}",
        "{0[x]}",
        "{:,}",
        "{0.__class__.__name__}",
    ];
    let mut out = String::new();
    for _ in 0..1 + random.below(3) {
        out.push_str(random.pick(&["", "a", "é", " - ", "日"]));
        out.push_str(random.pick(&FIELDS));
    }
    text(&out)
}

pub fn struct_format(random: &mut Random) -> Constant {
    let mut out = String::from(random.pick(&["", "<", ">", "=", "!", "@"]));
    for _ in 0..1 + random.below(3) {
        out.push_str(random.pick(&["", "", "2", "0", "3"]));
        out.push_str(random.pick(&[
            "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "f", "d", "s", "p", "?", "x", "c",
            "e", "n", "z",
        ]));
    }
    text(&out)
}

/// A small program to be compiled, right or wrong.
pub fn source(random: &mut Random) -> Constant {
    const LINES: [&str; 44] = [
        "x = 1",
        "y = x + 2 * 3",
        "def f(a, b=1, *c, d, e=2, **g): return a",
        "for i in range(3): pass",
        "while x: break\nelse: pass",
        "class C(object):\n    y = 1\n    def m(self): return __class__",
        "lambda a, /, b: a",
        "[i for i in a if i]",
        "{k: v for k, v in z}",
        "async def g():\n    await h()\n    async for i in j: yield i",
        "try:\n    1\nexcept (A, B) as e:\n    2\nfinally:\n    3",
        "with a as b, c: d",
        "x: int = 3",
        "del a, b[0], c.d",
        "global q",
        "assert x, 'no'",
        "import a.b as c",
        "from . import d",
        "x = yield",
        "return 5",
        "f(*a, **b)",
        "a if b else c",
        "x[1:2, ::3]",
        "a < b < c",
        "not a and b or c",
        "f'{x!r:>{y}}'",
        "b'bytes' b'joined'",
        "1 +",
        "def",
        "x = = 2",
        "  indented",
        "print 'hello'",
        "if x:\ny",
        "'unterminated",
        "0777",
        "a.b = c = d",
        "*a, b = c",
        "match x:\n    case [1, *_]: pass\n    case {'a': b, **c}: pass\n    case C(d=1) | None: pass",
        "nonlocal z",
        "break",
        "x = (1, 2, 'three', 4.0, None, ...)",
        "a @= b // c ** d",
        "try: 1\nexcept E: 2\nelse: 3",
        "x = 1 if 0 else 2; y = -1",
    ];
    let mut lines = Vec::new();
    for _ in 0..1 + random.below(3) {
        lines.push(random.pick(&LINES));
    }
    let mut out = lines.join("\n");
    out.push_str(random.pick(&["", "\n", "\n", "  ", "\n\n# end"]));
    text(&out)
}

/// A small expression to be compiled or evaluated.
pub fn expression(random: &mut Random) -> Constant {
    const ATOMS: [&str; 20] = [
        "1", "0", "x", "'a'", "(1, 2)", "[3]", "{}", "None", "True", "1.5", "b'z'", "-1", "2j",
        "...", "f(1)", "x.y", "x[0]", "0x10", "1_000", "'é'",
    ];
    const OPERATORS: [&str; 22] = [
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "<<",
        ">>",
        "&",
        "|",
        "^",
        "@",
        "<",
        "==",
        "in",
        "not in",
        "is",
        "and",
        "or",
        ",",
        "if x else",
    ];
    let mut out = String::from(random.pick(&["", "", "-", "not ", "(", "~"]));
    out.push_str(random.pick(&ATOMS));
    for _ in 0..random.below(4) {
        out.push(' ');
        out.push_str(random.pick(&OPERATORS));
        out.push(' ');
        out.push_str(random.pick(&ATOMS));
    }
    if out.starts_with('(') && random.chance(9, 10) {
        out.push(')');
    }
    text(&out)
}
