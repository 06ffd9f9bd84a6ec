//! Regular expressions drawn from a pattern grammar, subjects over the same letters, and replacements.

use crate::random::Random;
use crate::values::{Constant, text};

/// What a pattern has opened so far.
#[derive(Default)]
struct Groups {
    closed: usize,
    opened: usize,
    names: Vec<String>,
}

const LETTERS: [&str; 16] = [
    "a",
    "b",
    "c",
    "ab",
    "A",
    "1",
    "_",
    " ",
    "\\.",
    "é",
    "x",
    "-",
    "\\n",
    "\u{130}",
    "ß",
    "\u{10400}",
];
const CLASSES: [&str; 13] = [
    "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", ".", "\\b", "\\B", "\\A", "\\Z", "^", "$",
];
const QUANTIFIERS: [&str; 20] = [
    "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{0,1}", "{,2}", "{1,}",
    "{2,3}?", "{0}", "{1,3}+", "{3}", "{0,}", "{2,}?",
];

fn alternatives(random: &mut Random, depth: usize, groups: &mut Groups, out: &mut String) {
    let branches = random.pick(&[1, 1, 1, 2, 2, 3]);
    for branch in 0..branches {
        if branch > 0 {
            out.push('|');
        }
        for _ in 0..1 + random.below(3) {
            item(random, depth, groups, out);
        }
    }
}

fn item(random: &mut Random, depth: usize, groups: &mut Groups, out: &mut String) {
    let start = out.len();
    let repeatable = match random.below(if depth == 0 { 12 } else { 18 }) {
        0..=4 => {
            out.push_str(random.pick(&LETTERS));
            true
        }
        5..=7 => {
            let class = random.pick(&CLASSES);
            out.push_str(class);
            !matches!(class, "\\b" | "\\B" | "\\A" | "\\Z" | "^" | "$")
        }
        8..=10 => {
            set(random, out);
            true
        }
        11 => {
            reference(random, groups, out);
            true
        }
        _ => group(random, depth, groups, out),
    };
    // Repeats of repeats are quadratic and worse: the innermost ones only.
    let nested = out[start..].contains(['*', '+', '{']);
    if repeatable && random.chance(2, 5) && !(nested && depth < 2) {
        out.push_str(random.pick(&QUANTIFIERS));
    }
}

fn reference(random: &mut Random, groups: &Groups, out: &mut String) {
    if groups.closed == 0 {
        out.push_str("(?:a|b)");
    } else if !groups.names.is_empty() && random.chance(1, 3) {
        out.push_str(&format!("(?P={})", random.pick(&groups.names)));
    } else {
        out.push_str(&format!("(?:\\{})", 1 + random.below(groups.closed)));
    }
}

fn set(random: &mut Random, out: &mut String) {
    const MEMBERS: [&str; 22] = [
        "a",
        "b",
        "c",
        "x",
        "1",
        "_",
        "é",
        "a-c",
        "0-9",
        "A-Z",
        "\\d",
        "\\w",
        "\\s",
        "\\W",
        "\\-",
        "\\]",
        "\\u0100-\\u0200",
        "ß",
        "\\x00-\\x7f",
        "\\U00010000-\\U0010ffff",
        "\\n",
        "À-ÿ",
    ];
    out.push('[');
    if random.chance(1, 4) {
        out.push('^');
    }
    for _ in 0..1 + random.below(4) {
        out.push_str(random.pick(&MEMBERS));
    }
    out.push(']');
}

/// A group; whether it may be repeated is returned.
fn group(random: &mut Random, depth: usize, groups: &mut Groups, out: &mut String) -> bool {
    let kind = random.below(13);
    let mut capturing = false;
    match kind {
        0..=4 => {
            out.push('(');
            capturing = true;
        }
        5 => {
            let name = format!("g{}", groups.opened + 1);
            out.push_str(&format!("(?P<{name}>"));
            groups.names.push(name);
            capturing = true;
        }
        6 | 7 => out.push_str("(?:"),
        8 => out.push_str(random.pick(&["(?=", "(?!"])),
        9 => {
            out.push_str(random.pick(&["(?<=", "(?<!"]));
            for _ in 0..1 + random.below(2) {
                out.push_str(random.pick(&["a", "b", ".", "\\w", "[ab]"]));
            }
            out.push(')');
            return false;
        }
        10 => out.push_str("(?>"),
        11 => {
            out.push_str(random.pick(&["(?i:", "(?s:", "(?m:", "(?x:", "(?a:", "(?-i:", "(?i-s:"]))
        }
        _ if groups.closed > 0 => {
            out.push_str(&format!("(?({})a|b)", 1 + random.below(groups.closed)));
            return true;
        }
        _ => out.push_str("(?:"),
    }
    if capturing {
        groups.opened += 1;
    }
    // A name can only be referred to when its group is closed.
    let hidden = if capturing {
        groups.names.pop_if(|_| kind == 5)
    } else {
        None
    };
    let closed = groups.closed;
    groups.closed = 0;
    alternatives(random, depth - 1, groups, out);
    groups.closed = closed.max(groups.opened);
    groups.names.extend(hidden);
    out.push(')');
    !matches!(kind, 8)
}

fn raw_pattern(random: &mut Random) -> String {
    const SHAPES: [&str; 26] = [
        "(a+)+b",
        "(?:a|ab)(?:c|bcd)(d*)",
        "(a)|b",
        "(?P<x>a)(?P=x)",
        "\\b\\w+\\b",
        "^.*$",
        "(?:(a)|b)*",
        "(.*?)(\\d+)",
        "a{2,4}?b",
        "(?i)straße",
        "[a-c]+?x",
        "(a)?(?(1)b|c)",
        "abc",
        "abcabd",
        "(?<=a)b",
        "(?<!a)b",
        "(?=a)\\w+",
        "x*",
        "(|a)+",
        "(?:)*",
        "(?>a+)b",
        "a*+a",
        "[^\\W\\d_]+",
        "(\\w)\\1",
        "(?s).+",
        "(?m)^\\w+$",
    ];
    if random.chance(1, 4) {
        return (random.pick(&SHAPES)).to_owned();
    }
    let mut out = String::new();
    if random.chance(1, 10) {
        out.push_str(random.pick(&["(?i)", "(?s)", "(?m)", "(?a)", "(?im)", "(?x)"]));
    }
    alternatives(random, 2, &mut Groups::default(), &mut out);
    out
}

pub fn pattern(random: &mut Random) -> Constant {
    text(&raw_pattern(random))
}

/// Patterns in which the compiler finds a mistake.
pub fn bad_pattern(random: &mut Random) -> Constant {
    const WRONG: [&str; 48] = [
        "(",
        ")",
        "[",
        "[a",
        "*",
        "+a",
        "a**",
        "a{2}{3}",
        "(?",
        "(?P",
        "(?P<",
        "(?P<1>a)",
        "(?P<a>b)(?P<a>c)",
        "(?P=a)",
        "\\1",
        "\\8",
        "(?<=a*)b",
        "(?<a",
        "[z-a]",
        "[\\d-a]",
        "\\x1",
        "\\u12",
        "\\U00110000",
        "\\N{no such}",
        "(?z)",
        "(?i-i:a)",
        "a(?i)",
        "(?(1)a|b|c)",
        "(?(2)a)",
        "(?#",
        "\\",
        "a{3,2}",
        "a{99999999999}",
        "(?P>a)",
        "(?L)a",
        "(?au)a",
        "[]",
        "[^]",
        "(?:a",
        "(?=",
        "(?-",
        "(?-a:x)",
        "\\c",
        "[a\\",
        "(?P<é>a)(?P=é)",
        "(a)(?(é)b)",
        "(?<x>a)",
        "(?P<a-b>c)",
    ];
    if random.chance(1, 2) {
        return text(random.pick(&WRONG));
    }
    let whole = raw_pattern(random);
    let mut letters: Vec<char> = whole.chars().collect();
    let at = random.below(letters.len() + 1);
    match random.below(3) {
        0 => letters.truncate(at),
        1 => letters.insert(at, random.pick(&['(', ')', '[', '*', '?', '\\', '{', '|'])),
        _ => {
            letters.drain(..at);
        }
    }
    text(&letters.into_iter().collect::<String>())
}

pub fn subject(random: &mut Random) -> Constant {
    const FIXED: [&str; 16] = [
        "",
        "a",
        "ab",
        "abc",
        "aaab",
        "abcabcabd",
        "one two  three",
        "a1b22c333",
        "line\nnext\n",
        "STRASSE straße",
        "ababab",
        "x_y-z",
        "İıſK",
        "日本a",
        "\u{10400}\u{10428}a",
        "aAbBcC",
    ];
    const PIECES: [&str; 16] = [
        "a",
        "a",
        "b",
        "b",
        "c",
        "ab",
        "A",
        "1",
        "_",
        " ",
        "é",
        "\n",
        "x",
        "ß",
        "-",
        "\u{10400}",
    ];
    if random.chance(1, 3) {
        return text(random.pick(&FIXED));
    }
    let length = random.below(18);
    let drawn: String = (0..length).map(|_| random.pick(&PIECES)).collect();
    text(&drawn)
}

pub fn replacement(random: &mut Random) -> Constant {
    const FIXED: [&str; 20] = [
        "", "x", "[\\g<0>]", "\\1", "\\2", "<\\1>", "\\g<1>", "\\g<g1>", "\\\\", "\\n", "é",
        "\\g<", "\\g<99>", "\\q", "\\0", "\\101", "-\\g<0>-", "\\g<x>", "a\\", "\\9",
    ];
    text(random.pick(&FIXED))
}

/// A pattern over bytes: one whose letters are all ASCII.
pub fn bytes_pattern(random: &mut Random) -> Constant {
    const FIXED: [&str; 12] = [
        "a+",
        "(a|b)*c",
        "[\\x80-\\xff]+",
        "\\w+",
        "(?i)ab",
        "^a.*?b$",
        "\\d",
        "(?L)\\w",
        "[^a]",
        "(?s).",
        "(?<=a)b",
        "(.)\\1",
    ];
    for _ in 0..4 {
        let drawn = raw_pattern(random);
        if drawn.is_ascii() && !drawn.contains("\\u") && !drawn.contains("\\U") {
            return Constant::Bytes(drawn.into_bytes());
        }
    }
    Constant::Bytes(random.pick(&FIXED).as_bytes().to_vec())
}

pub fn bytes_subject(random: &mut Random) -> Constant {
    let length = random.below(14);
    let letters = [
        b'a', b'a', b'b', b'c', b'A', b'1', b'_', b' ', b'\n', 0x80, 0xe9, 0xff, 0,
    ];
    Constant::Bytes((0..length).map(|_| random.pick(&letters)).collect())
}

pub fn flags(random: &mut Random) -> Constant {
    const FIXED: [&str; 14] = [
        "0",
        "0",
        "0",
        "re.I",
        "re.M",
        "re.S",
        "re.X",
        "re.A",
        "re.I | re.M",
        "re.U",
        "re.I | re.A",
        "re.S | re.M",
        "re.L",
        "re.A | re.U",
    ];
    Constant::Code((random.pick(&FIXED)).into())
}
