//! Both versions of the database, compared with the oracle's `unicodedata` and its `ucd_3_2_0`: every function over
//! every code point, names both ways, and normal forms of random strings.

mod python;

use python::printed;
use twinheap_ucd::*;

/// Prints a line for every run of code points of which all is the same.
const FACTS: &str = r#"
import sys, unicodedata
u = unicodedata.ucd_3_2_0 if sys.argv[1] == "old" else unicodedata
def line(c):
    s = chr(c)
    return (f"{u.category(s)} {u.bidirectional(s)} {u.east_asian_width(s)} {u.combining(s)} {u.mirrored(s)}"
            f" {u.decimal(s, -1)} {u.digit(s, -1)} {float(u.numeric(s, -1)).hex()} {u.decomposition(s)}")
last = None
for c in range(0x110000):
    now = line(c)
    if now != last:
        print(c, now)
        last = now
"#;

/// Prints the characters that a normal form is another string of, and that string.
const FORMS: &str = r#"
import sys, unicodedata
u = unicodedata.ucd_3_2_0 if sys.argv[1] == "old" else unicodedata
for form in ("NFC", "NFD", "NFKC", "NFKD"):
    for c in range(0x110000):
        text = u.normalize(form, chr(c))
        if text != chr(c):
            print(form, c, *map(ord, text))
"#;

/// Prints names, and what they are looked up to in the version.
const NAMES: &str = r#"
import sys, unicodedata
u = unicodedata.ucd_3_2_0 if sys.argv[1] == "old" else unicodedata
def found(name):
    try:
        return " ".join(str(ord(c)) for c in u.lookup(name))
    except KeyError:
        return ""
for c in range(0x110000):
    name = unicodedata.name(chr(c), "")
    if name:
        print(f"{name}\t{c}\t{u.name(chr(c), '')}\t{found(name)}")
        if c % 7 == 0:
            print(f"{name.lower()}\t\t\t{found(name.lower())}")
"#;

/// Prints random strings, their normal forms, whether those have to be made, and whether they are normal already.
const STRINGS: &str = r#"
import random, sys, unicodedata
u = unicodedata.ucd_3_2_0 if sys.argv[1] == "old" else unicodedata
chosen = random.Random(14)
marks = [c for c in range(0x110000) if unicodedata.combining(chr(c))]
parts = [c for c in range(0x110000) if unicodedata.decomposition(chr(c))]
last = sorted({int(p, 16) for c in parts for p in unicodedata.decomposition(chr(c)).split()[1:] if p[0] != "<"})
hangul = [*range(0x1100, 0x1200), *range(0xac00, 0xac00 + 300), *range(0xd780, 0xd7a4)]
pools = [marks, parts, last, hangul, range(0x20, 0x250), range(0x0900, 0x0e00), range(0x110000), range(0x2f800, 0x2fa20)]
for _ in range(60000):
    text = "".join(chr(chosen.choice(chosen.choice(pools))) for _ in range(chosen.randrange(1, 12)))
    form = chosen.choice(("NFC", "NFD", "NFKC", "NFKD"))
    if chosen.random() < 0.3:
        text = unicodedata.normalize(form, text)
    normal = u.normalize(form, text)
    print(form, int(normal is text), int(u.is_normalized(form, text)), ",".join(str(ord(c)) for c in text), *map(ord, normal))
"#;

fn oracle(script: &str, version: Version) -> String {
    let word = if version == Version::Old {
        "old"
    } else {
        "new"
    };
    printed(script, &[word])
}

fn number(value: Option<u8>) -> String {
    value.map_or("-1".into(), |value| value.to_string())
}

/// `float.hex` of the numeric value, or of -1.
fn hexadecimal(value: Option<f64>) -> String {
    let value = value.unwrap_or(-1.0);
    if value == 0.0 {
        return "0x0.0p+0".into();
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1023;
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}0x1.{:013x}p{exponent:+}", bits & ((1 << 52) - 1))
}

fn facts(version: Version, code: u32) -> String {
    let mut decomposition = String::new();
    if let Some((tag, parts)) = version.decomposition(code) {
        let parts = parts.iter().map(|part| format!("{part:04X}"));
        let tag = Some(tag.to_string()).filter(|tag| !tag.is_empty());
        decomposition = tag.into_iter().chain(parts).collect::<Vec<_>>().join(" ");
    }
    format!(
        "{} {} {} {} {} {} {} {} {decomposition}",
        version.category(code),
        version.bidirectional(code),
        version.east_asian_width(code),
        version.combining(code),
        u8::from(version.is_mirrored(code)),
        number(version.decimal_value(code)),
        number(digit_value(code)),
        hexadecimal(version.numeric_value(code)),
    )
}

fn form_of(name: &str) -> Form {
    match name {
        "NFC" => Form::Nfc,
        "NFD" => Form::Nfd,
        "NFKC" => Form::Nfkc,
        _ => Form::Nfkd,
    }
}

fn codes(text: &str, separator: char) -> Vec<u32> {
    text.split(separator)
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().expect("a code point"))
        .collect()
}

fn check_facts(version: Version) {
    let expected = oracle(FACTS, version);
    let mut runs = expected
        .lines()
        .map(|line| line.split_once(' ').expect("a start and facts"))
        .peekable();
    let mut current = "";
    for code in 0..0x11_0000 {
        if let Some((_, facts)) = runs.next_if(|(start, _)| start.parse() == Ok(code)) {
            current = facts;
        }
        assert_eq!(facts(version, code), current, "U+{code:04X}");
    }
    assert!(runs.next().is_none(), "every run is seen");
}

#[test]
fn every_fact_of_every_code_point_is_the_oracles() {
    check_facts(Version::Current);
}

#[test]
fn every_fact_of_version_3_2_is_the_oracles() {
    check_facts(Version::Old);
}

#[test]
fn every_normal_form_of_every_code_point_is_the_oracles() {
    for version in [Version::Current, Version::Old] {
        let expected = oracle(FORMS, version);
        let mut expected = expected.lines().peekable();
        for name in ["NFC", "NFD", "NFKC", "NFKD"] {
            for code in 0..0x11_0000 {
                let head = format!("{name} {code} ");
                let line = expected.next_if(|line| line.starts_with(&head));
                let form = line.map_or(vec![code], |line| codes(&line[head.len()..], ' '));
                let made = version.normalize(&[code], form_of(name));
                assert_eq!(made, form, "{version:?} {name} U+{code:04X}");
            }
        }
        assert!(expected.next().is_none(), "every form is seen");
    }
}

#[test]
fn names_lead_to_characters_as_in_the_oracle() {
    for version in [Version::Current, Version::Old] {
        let expected = oracle(NAMES, version);
        assert!(expected.lines().count() > 100_000);
        for line in expected.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [asked, code, name, found] = fields[..] else {
                panic!("four fields in {line}");
            };
            if let Ok(code) = code.parse() {
                assert_eq!(
                    version.name_of(code).unwrap_or_default(),
                    name,
                    "U+{code:04X}"
                );
            }
            let made = version.lookup(asked).map(|code| code.to_string());
            assert_eq!(made.unwrap_or_default(), found, "{version:?} {asked}");
        }
    }
}

#[test]
fn random_strings_normalise_as_in_the_oracle() {
    for version in [Version::Current, Version::Old] {
        let expected = oracle(STRINGS, version);
        assert_eq!(expected.lines().count(), 60_000);
        for line in expected.lines() {
            let fields: Vec<&str> = line.splitn(5, ' ').collect();
            let (form, text) = (form_of(fields[0]), codes(fields[3], ','));
            let normal = codes(fields[4], ' ');
            assert_eq!(version.normalize(&text, form), normal, "{version:?} {line}");
            assert_eq!(normal == text, fields[2] == "1", "{version:?} {line}");
            // A text of one Latin-1 character is always the same object, so it says nothing about who made it.
            let is_shared = matches!(text[..], [0..=0xff]);
            if version == Version::Current && !is_shared {
                let is_same = is_surely_normal(text.iter().copied(), form);
                assert_eq!(is_same, fields[1] == "1", "{line}");
            }
        }
    }
}
