//! Constants drawn by code, boundary values first: what the holes `<#name>` of the tables are filled with.

use crate::random::Random;
use crate::values::{Constant, float, int, power, text};
use crate::{formats, patterns, pickles};

/// A named way to draw a constant.
#[derive(Clone, Copy)]
pub struct Draw {
    pub name: &'static str,
    pub function: fn(&mut Random) -> Constant,
}

impl std::fmt::Debug for Draw {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Draw({})", self.name)
    }
}

pub fn find(name: &str) -> Option<Draw> {
    DRAWS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(name, function)| Draw {
            name,
            function: *function,
        })
}

type Named = (&'static str, fn(&mut Random) -> Constant);

const DRAWS: &[Named] = &[
    ("int", any_int),
    ("small", small_int),
    ("index", index),
    ("sizesafe", size_safe),
    ("edge", edge_int),
    ("huge", huge_int),
    ("bits", bit_count),
    ("base", base),
    ("loops", loops),
    ("dictsize", dict_size),
    ("setsize", set_size),
    ("listsize", list_size),
    ("runlength", run_length),
    ("str", any_str),
    ("short", short_str),
    ("char", character),
    ("key", key_str),
    ("longstr", long_str),
    ("numeral", numeral),
    ("bytes", any_bytes),
    ("longbytes", long_bytes),
    ("float", any_float),
    ("floatstr", float_str),
    ("floathex", float_hex),
    ("complex", any_complex),
    ("complexstr", complex_str),
    ("bool", boolean),
    ("ints", int_list),
    ("strs", str_list),
    ("runs", runs),
    ("codec", formats::codec),
    ("errors", formats::error_handler),
    ("spec", formats::format_spec),
    ("intspec", formats::int_spec),
    ("floatspec", formats::float_spec),
    ("strspec", formats::str_spec),
    ("percent", formats::percent),
    ("template", formats::template),
    ("structformat", formats::struct_format),
    ("source", formats::source),
    ("expression", formats::expression),
    ("pattern", patterns::pattern),
    ("badpattern", patterns::bad_pattern),
    ("subject", patterns::subject),
    ("replacement", patterns::replacement),
    ("bytespattern", patterns::bytes_pattern),
    ("bytessubject", patterns::bytes_subject),
    ("reflags", patterns::flags),
    ("pickle", pickles::crafted),
    ("badpickle", pickles::corrupted),
];

fn boolean(random: &mut Random) -> Constant {
    Constant::Bool(random.chance(1, 2))
}

pub fn small_int(random: &mut Random) -> Constant {
    int(random.between(-6, 20))
}

fn index(random: &mut Random) -> Constant {
    int(random.between(-4, 7))
}

/// Where representations of integers change: small-int cache, digits, machine words, doubles.
const EDGE_SHIFTS: [u32; 17] = [
    0, 1, 7, 8, 15, 16, 29, 30, 31, 32, 53, 59, 60, 62, 63, 64, 90,
];

pub fn edge_int(random: &mut Random) -> Constant {
    if random.chance(1, 5) {
        return int(random.pick(&[-6, -5, -1, 0, 1, 2, 255, 256, 257]));
    }
    let shift = random.pick(&EDGE_SHIFTS);
    power(shift, random.between(-2, 2), random.chance(1, 3))
}

/// Integers that are harmless as a size: small, or so large that nobody tries to allocate so much.
fn size_safe(random: &mut Random) -> Constant {
    if random.chance(3, 5) {
        return small_int(random);
    }
    let shift = random.pick(&[0, 1, 7, 8, 15, 16, 59, 60, 62, 63, 64, 90]);
    power(shift, random.between(-2, 2), random.chance(1, 3))
}

/// Digit counts at which multiplication, conversion and division change their way.
fn huge_int(random: &mut Random) -> Constant {
    let shift = match random.below(4) {
        0 => 30 * random.between(2, 12) as u32,
        1 => random.pick(&[128, 255, 256, 512, 600, 1023, 1024, 1025]),
        2 => 30 * random.pick(&[34, 35, 69, 70, 71, 140]),
        _ => random.between(91, 2400) as u32,
    };
    let offset = match random.below(3) {
        0 => 0,
        1 => random.between(-1, 1),
        _ => random.between(-1_000_000_000_000, 1_000_000_000_000),
    };
    power(shift, offset, random.chance(1, 3))
}

pub fn any_int(random: &mut Random) -> Constant {
    match random.below(10) {
        0..=4 => small_int(random),
        5..=7 => edge_int(random),
        8 => int(random.between(-100_000, 100_000)),
        _ => power(
            random.between(20, 130) as u32,
            random.between(-3, 3),
            random.chance(1, 3),
        ),
    }
}

fn bit_count(random: &mut Random) -> Constant {
    int(random.pick(&[
        0, 1, 2, 7, 8, 14, 15, 16, 29, 30, 31, 32, 45, 59, 60, 61, 63, 64, 89, 90, 91, 120, 300,
    ]))
}

fn base(random: &mut Random) -> Constant {
    int(random.pick(&[
        0, 2, 3, 7, 8, 10, 10, 10, 11, 16, 16, 32, 35, 36, 36, 1, 37, -1,
    ]))
}

/// Small numbers of rounds, near the points where tables and lists grow.
fn loops(random: &mut Random) -> Constant {
    int(random.pick(&[0, 1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 16, 17, 22]))
}

/// A dict of 8 slots holds 5 entries, one of 16 holds 10, and so on; 128 and 256 slots lie on both sides of the
/// change of the index width.
fn dict_size(random: &mut Random) -> Constant {
    let points = [5, 5, 5, 10, 10, 10, 21, 21, 42, 42, 85, 85, 170, 341, 682];
    int(random.pick(&points) + random.between(-1, 2))
}

/// A set of 8 slots is resized at 5 filled ones; growth is by four, and by two beyond 50,000.
fn set_size(random: &mut Random) -> Constant {
    int(random.pick(&[3, 4, 5, 5, 5, 6, 18, 19, 20, 31, 32, 76, 77, 78, 200, 307]))
}

fn list_size(random: &mut Random) -> Constant {
    let points = [
        0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 24, 25, 32, 33, 40, 41, 52, 53, 64, 65, 76,
    ];
    int(random.pick(&points))
}

/// Around 64 the sort's minimum run begins to be computed; around 7 galloping starts.
fn run_length(random: &mut Random) -> Constant {
    let points = [
        1, 2, 3, 5, 6, 7, 8, 9, 14, 15, 16, 17, 31, 32, 33, 34, 48, 63, 64, 65, 66, 95, 96, 127,
        128, 129, 191, 192,
    ];
    int(random.pick(&points))
}

/// Characters at which the kind of a string, or its meaning to a method, changes.
const EDGE_CHARACTERS: [u32; 44] = [
    0x00, 0x09, 0x0a, 0x0d, 0x1c, 0x1f, 0x20, 0x2e, 0x30, 0x39, 0x41, 0x49, 0x5a, 0x5f, 0x61, 0x69,
    0x7a, 0x7f, 0x80, 0x85, 0xa0, 0xb2, 0xb5, 0xdf, 0xe9, 0xff, 0x100, 0x130, 0x131, 0x149, 0x17f,
    0x1c5, 0x3a3, 0x3c2, 0x660, 0x1e9e, 0x2028, 0x2167, 0xfb01, 0xffff, 0x10000, 0x10400, 0x1f600,
    0x10ffff,
];
const SURROGATES: [u32; 4] = [0xd800, 0xdbff, 0xdc80, 0xdfff];

fn edge_character(random: &mut Random) -> u32 {
    if random.chance(1, 25) {
        return random.pick(&SURROGATES);
    }
    random.pick(&EDGE_CHARACTERS)
}

fn character(random: &mut Random) -> Constant {
    Constant::Str(vec![edge_character(random)])
}

const WORDS: [&str; 24] = [
    "a",
    "b",
    "ab",
    "abc",
    "spam",
    "x",
    "key",
    "name",
    "value",
    "Hello",
    "WORLD",
    "one two",
    "",
    " pad ",
    "a,b,,c",
    "line\nnext\r\n",
    "ß",
    "naïve",
    "αβγ",
    "日本",
    "😀",
    "%s %d",
    "{}",
    "tab\tbed",
];

fn short_str(random: &mut Random) -> Constant {
    text(random.pick(&WORDS))
}

/// Names that make good dict keys and attribute names.
fn key_str(random: &mut Random) -> Constant {
    text(random.pick(&[
        "a", "b", "c", "d", "e", "f", "g", "h", "key", "name", "value", "x", "y", "z", "", "é",
        "ключ",
    ]))
}

fn long_str(random: &mut Random) -> Constant {
    let inner = match random.below(3) {
        0 => character(random),
        1 => short_str(random),
        _ => any_str(random),
    };
    let times = random.pick(&[2, 3, 7, 15, 16, 20, 50, 100, 127, 128, 255, 256, 300]);
    Constant::Repeat(Box::new(inner), times)
}

pub fn any_str(random: &mut Random) -> Constant {
    match random.below(8) {
        0..=2 => short_str(random),
        3 => character(random),
        4 => key_str(random),
        _ => {
            let length = random.below(9);
            let plain = random.chance(1, 2);
            let mut points: Vec<u32> = (0..length).map(|_| 0x61 + random.below(4) as u32).collect();
            if !plain && length > 0 {
                for _ in 0..1 + random.below(2) {
                    let at = random.below(length);
                    points[at] = edge_character(random);
                }
            }
            Constant::Str(points)
        }
    }
}

/// What `int()` may be asked to read.
fn numeral(random: &mut Random) -> Constant {
    const FIXED: [&str; 30] = [
        "0",
        "-0",
        "+7",
        "  42\n",
        "1_000",
        "_1",
        "1__0",
        "1_",
        "0x1F",
        "0b101",
        "0o17",
        "0x",
        "zz",
        "٣٤",
        "1e5",
        "",
        "-",
        "007",
        "1 2",
        "\u{2003}9",
        "ff",
        "FFFFFFFF",
        "1073741823",
        "1073741824",
        "-1152921504606846976",
        "340282366920938463463374607431768211456",
        "0B11",
        "0_7",
        "+-3",
        "1\u{0}",
    ];
    match random.below(5) {
        0..=2 => text(random.pick(&FIXED)),
        3 => {
            let digits = random.pick(&[1, 2, 9, 10, 18, 19, 20, 40, 100, 639, 640, 641]);
            let digit = random.pick(&["1", "9", "0", "7", "a", "z"]);
            Constant::Repeat(Box::new(text(digit)), digits)
        }
        _ => Constant::Repeat(Box::new(text("123456789")), random.between(1, 100) as u32),
    }
}

pub fn any_bytes(random: &mut Random) -> Constant {
    const FIXED: [&[u8]; 12] = [
        b"",
        b"a",
        b"\x00",
        b"\xff",
        b"abc",
        b"spam",
        b" a b ",
        b"x,y,,z",
        b"line\nnext\r\n",
        b"\xc3\xa9",
        b"\xed\xa0\x80",
        b"Hello World",
    ];
    if random.chance(1, 2) {
        return Constant::Bytes(random.pick(&FIXED).to_vec());
    }
    let length = random.below(10);
    let edges = [0, 1, 9, 10, 32, 48, 65, 97, 98, 99, 127, 128, 192, 255];
    Constant::Bytes((0..length).map(|_| random.pick(&edges)).collect())
}

fn long_bytes(random: &mut Random) -> Constant {
    let times = random.pick(&[2, 8, 16, 31, 32, 33, 100, 255, 256, 257, 500]);
    Constant::Repeat(Box::new(any_bytes(random)), times)
}

pub fn any_float(random: &mut Random) -> Constant {
    const FIXED: [f64; 36] = [
        0.0,
        -0.0,
        0.1,
        0.5,
        1.0,
        -1.0,
        1.5,
        2.5,
        3.5,
        0.3,
        1e-5,
        1e-4,
        123.456,
        1e15,
        1e16,
        1e17,
        9_007_199_254_740_992.0,
        9_007_199_254_740_993.0,
        1e22,
        1e23,
        1e100,
        1e300,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        2.225_073_858_507_201e-308,
        f64::EPSILON,
        1e-10,
        1e-300,
        0.1 + 0.2,
        1.0 / 3.0,
        2.0 / 3.0,
        1_073_741_824.0,
        9.2e18,
        4.35,
        2.675,
    ];
    match random.below(12) {
        0 => float(random.pick(&[f64::INFINITY, f64::NEG_INFINITY])),
        1 => float(f64::NAN),
        2..=8 => float(random.pick(&FIXED)),
        9 => float(random.between(-1000, 1000) as f64 / 8.0),
        10 => float(random.between(-100_000, 100_000) as f64 / 1000.0),
        _ => {
            let bits = random.below(1 << 32) as u64;
            let exponent = random.between(0x380, 0x440) as u64;
            float(f64::from_bits(exponent << 52 | bits << 20 | bits >> 12))
        }
    }
}

fn float_str(random: &mut Random) -> Constant {
    const FIXED: [&str; 34] = [
        "0",
        "-0",
        "1.5",
        " 2.5 ",
        "1e5",
        "1E-5",
        "nan",
        "-nan",
        "inf",
        "-Infinity",
        "iNf",
        "1_0.5",
        "1__0",
        "_1.0",
        "1_.0",
        "0x1p3",
        "",
        ".",
        "1.",
        ".5",
        "e5",
        "1e",
        "1e400",
        "-1e400",
        "1e-400",
        "4.9e-324",
        "2.4703282292062327e-324",
        "9007199254740993",
        "0.1e1",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "٣.٥",
        "1 2",
        "+.5e+2",
    ];
    text(random.pick(&FIXED))
}

fn float_hex(random: &mut Random) -> Constant {
    const FIXED: [&str; 18] = [
        "0x0p0",
        "-0x0.0p+0",
        "0x1p-1074",
        "0x1p-1075",
        "0x1.8p-1075",
        "0x1.fffffffffffffp+1023",
        "0x1.fffffffffffff8p+1023",
        "0x1p1024",
        "1.8",
        "0x.8p1",
        "inf",
        "-nan",
        "0x",
        "",
        "0x1.00000000000008p0",
        "0x1.00000000000018p0",
        " 0x1p3 ",
        "0x1p99999999999",
    ];
    text(random.pick(&FIXED))
}

fn any_complex(random: &mut Random) -> Constant {
    let part = |random: &mut Random| {
        let numbers = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            2.0,
            3.25,
            1e300,
            1e-300,
            f64::INFINITY,
            f64::NAN,
            -2.5,
        ];
        random.pick(&numbers).to_bits()
    };
    let real = part(random);
    Constant::Complex(real, part(random))
}

fn complex_str(random: &mut Random) -> Constant {
    const FIXED: [&str; 22] = [
        "1",
        "1j",
        "1+2j",
        "-1-2j",
        " ( 1+2j ) ",
        "(1)",
        "1+",
        "+j",
        "-J",
        "1e5j",
        "nan+infj",
        "inf-nanj",
        "1 + 2j",
        "1+2",
        "",
        "()",
        "(1+2j",
        "1j2",
        "1_0+2j",
        "-0-0j",
        "1.5e-3-.5j",
        "j",
    ];
    text(random.pick(&FIXED))
}

fn int_list(random: &mut Random) -> Constant {
    let length = random.pick(&[0, 1, 2, 3, 4, 5, 6, 8, 9, 12]);
    Constant::List((0..length).map(|_| small_int(random)).collect())
}

fn str_list(random: &mut Random) -> Constant {
    let length = random.pick(&[0, 1, 2, 3, 4, 5, 7]);
    Constant::List((0..length).map(|_| short_str(random)).collect())
}

/// A list of numbers as an expression, in a shape to which a merge sort is sensitive.
fn runs(random: &mut Random) -> Constant {
    let length = |random: &mut Random| match run_length(random) {
        Constant::Int(value) => value.offset,
        _ => 0,
    };
    let n = length(random);
    let m = length(random);
    let k = random.between(2, 9);
    let prime = random.pick(&[7, 13, 31, 37, 97, 101]);
    let shape = match random.below(16) {
        0 => format!("list(range({n}))"),
        1 => format!("list(range({n}, 0, -1))"),
        2 => format!("[{k}] * {n}"),
        3 => format!("list(range({n})) + list(range({m}))"),
        4 => format!("list(range({n}, 0, -1)) + list(range({m}))"),
        5 => format!("[i * {prime} % {} for i in range({n})]", n + 2),
        6 => format!("[i % {k} for i in range({n})]"),
        7 => format!("list(range(0, {n})) + list(range({n}, 0, -1))"),
        8 => format!("list(range({n})) + [{}, {}, {}]", m, m - 1, k),
        9 => format!("[0] * {n} + [1] * {m} + [0] * {k}"),
        10 => format!("[i // {k} for i in range({n}, 0, -1)]"),
        11 => format!(
            "sum([list(range(i, i + {k})) for i in range({}, 0, -1)], [])",
            n.min(40)
        ),
        12 => format!(
            "sum([list(range(i % 5, i % 5 + {})) for i in range({k})], [])",
            n.min(70)
        ),
        13 => format!(
            "list(range(0, {}, 2)) + list(range(1, {}, 2))",
            2 * n,
            2 * m
        ),
        14 => format!("[i ^ {k} for i in range({n})]"),
        _ => format!("list(range({m}, {}))+ list(range({}))", m + n, m + k),
    };
    Constant::Code(shape.into())
}
