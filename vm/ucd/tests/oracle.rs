//! Every property of every code point, compared with the oracle's `unicodedata` and `str` methods.

mod python;

use python::printed;
use twinheap_ucd::*;

/// Prints a line for every run of code points that share all properties.
const PROPERTIES: &str = r#"
import unicodedata as u
def line(c):
    s = chr(c)
    bits = [s.isalpha(), s.isdecimal(), s.isdigit(), s.isnumeric(), s.isspace(), s.isprintable(), s.islower(),
            s.isupper(), s.istitle(), s.isidentifier(), ("a" + s).isidentifier(), bool(u.mirrored(s))]
    return "".join("01"[bit] for bit in bits) + f" {u.category(s)} {u.bidirectional(s)} {u.east_asian_width(s)} {u.combining(s)}"
start, last = 0, line(0)
for c in range(1, 0x110000):
    now = line(c)
    if now != last:
        print(start, last)
        start, last = c, now
print(start, last)
"#;

const NORMAL_FORMS: &str = r#"
import unicodedata as u
for c in range(0x110000):
    if 0xd800 <= c < 0xe000:
        continue
    text = u.normalize("NFKC", chr(c))
    if text != chr(c):
        print(f"{c:x}", text.encode().hex())
"#;

const NAMES: &str = r#"
import unicodedata as u
for c in range(0x110000):
    name = u.name(chr(c), "")
    if name:
        print(f"{c:x} {name}")
"#;

fn line(code: u32) -> String {
    let start = is_xid_start(code) || code == u32::from(b'_');
    let bits = [
        is_alpha(code),
        is_decimal(code),
        is_digit(code),
        is_numeric(code),
        is_space(code),
        is_printable(code),
        is_lower(code),
        is_upper(code),
        is_title(code) || is_upper(code),
        start,
        is_xid_continue(code),
        is_mirrored(code),
    ];
    let bits: String = bits
        .iter()
        .map(|bit| if *bit { '1' } else { '0' })
        .collect();
    let (category, bidirectional, width) =
        (category(code), bidirectional(code), east_asian_width(code));
    format!(
        "{bits} {category} {bidirectional} {width} {}",
        combining(code)
    )
}

#[test]
fn every_property_of_every_code_point_is_the_oracles() {
    let expected = printed(PROPERTIES, &[]);
    let mut runs = expected
        .lines()
        .map(|line| line.split_once(' ').expect("a start and properties"));
    let mut current = runs.next().expect("a run");
    let mut next = runs.next();
    for code in 0..0x11_0000 {
        if let Some((start, _)) = next
            && start.parse() == Ok(code)
        {
            current = next.expect("it is there");
            next = runs.next();
        }
        assert_eq!(line(code), current.1, "U+{code:04X}");
    }
}

#[test]
fn every_code_point_normalises_to_what_the_oracle_says() {
    let expected = printed(NORMAL_FORMS, &[]);
    let mut expected = expected
        .lines()
        .map(|line| line.split_once(' ').expect("a code and its form"))
        .peekable();
    for code in (0..0x11_0000).filter_map(char::from_u32) {
        let text = nfkc(code.encode_utf8(&mut [0; 4])).into_owned();
        let own = format!("{:x}", code as u32);
        let form = match expected.next_if(|line| line.0 == own) {
            Some((_, form)) => form.to_string(),
            None => code
                .to_string()
                .bytes()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        };
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, form, "U+{own}");
    }
}

#[test]
fn every_name_leads_to_its_code_point() {
    for line in printed(NAMES, &[]).lines() {
        let (code, name) = line.split_once(' ').expect("a code and a name");
        let code = u32::from_str_radix(code, 16).expect("a number");
        assert_eq!(lookup(name), Some(code), "{name}");
    }
    for unknown in [
        "",
        "LATIN SMALL LETTER",
        "CJK UNIFIED IDEOGRAPH-",
        "HANGUL SYLLABLE XX",
    ] {
        assert_eq!(lookup(unknown), None, "{unknown:?}");
    }
}
