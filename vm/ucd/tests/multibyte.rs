//! The multi-byte encodings, compared with the oracle's: every pair of bytes, and samples of longer sequences.

use std::fmt::Write;
use std::process::Command;

use twinheap_ucd::multibyte::decode;

/// Prints, for an encoding, inputs and what they decode to: code points, or the error.
const ORACLE: &str = r#"
import random, sys
encoding = sys.argv[1]
STARTS = {
    "hz": [b"", b"~{"],
    "iso2022_kr": [b"", b"\x1b$)C\x0e", b"\x1b$(C"],
    "iso2022_jp": [b"", b"\x1b$B", b"\x1b$@", b"\x1b(J"],
    "iso2022_jp_1": [b"", b"\x1b$B", b"\x1b$(D", b"\x1b(J"],
    "iso2022_jp_2": [b"", b"\x1b$B", b"\x1b$(D", b"\x1b$(C", b"\x1b$A", b"\x1b(J", b"\x1b.A\x1bN", b"\x1b.F\x1bN", b"\x1bN", b"\x1b(A"],
    "iso2022_jp_3": [b"", b"\x1b$B", b"\x1b$(O", b"\x1b$(P"],
    "iso2022_jp_2004": [b"", b"\x1b$B", b"\x1b$(Q", b"\x1b$(P"],
    "iso2022_jp_ext": [b"", b"\x1b$B", b"\x1b$(D", b"\x1b(I", b"\x1b(J"],
    "euc_jp": [b"", b"\x8f"], "euc_jis_2004": [b"", b"\x8f"], "euc_jisx0213": [b"", b"\x8f"],
}
def result(data):
    try:
        return " ".join(f"{ord(c):x}" for c in data.decode(encoding))
    except UnicodeDecodeError as error:
        return f"{error.start}-{error.end} {error.reason}"
out = []
for start in STARTS.get(encoding, [b""]):
    for lead in range(256):
        for trail in range(256):
            data = start + bytes([lead, trail])
            out.append(f"{data.hex()} {result(data)}")
chosen = random.Random(encoding)
pieces = [b"~{", b"~}", b"~~", b"~\n", b"\x1b", b"\x1b$B", b"\x1b(B", b"\x1b(J", b"\x1b&@\x1b$B", b"\x1b$(C", b"\x1b$)C",
          b"\x0e", b"\x0f", b"\n", b"\x1bN", b"\x1b.A", b"\x1b$", b"\x8f", b"\x8e", b"\xa4\xd4", b"a", b"\\", b"~"]
for _ in range(20_000):
    data = b"".join(
        chosen.choice(pieces) if chosen.random() < 0.4 else bytes(chosen.choices(range(256) if chosen.random() < 0.5 else range(0x21, 0x7F), k=2))
        for _ in range(chosen.randrange(1, 7))
    )
    out.append(f"{data.hex()} {result(data)}")
if encoding == "gb18030":
    for a in (*range(0x80, 0x87), 0x8F, 0x90, 0xE3, 0xE4, 0xFE, 0xFF):
        for b in range(0x30, 0x3A):
            for c in range(0x80, 0x100):
                for d in (*range(0x2F, 0x3B), 0x80):
                    data = bytes([a, b, c, d])
                    out.append(f"{data.hex()} {result(data)}")
if encoding == "euc_kr":
    for a in range(0xA0, 0xC0):
        for b in range(0xBE, 0xD5):
            for c in (*range(0xA0, 0xC0), 0xD4):
                data = bytes([0xA4, 0xD4, 0xA4, a, 0xA4, b, 0xA4, c])
                out.append(f"{data.hex()} {result(data)}")
print("\n".join(out))
"#;

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn check(encoding: &str) {
    let output = Command::new("python3")
        .args(["-I", "-c", ORACLE, encoding])
        .output();
    let output = output.expect("python3 runs");
    assert!(output.status.success(), "{encoding}");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut different = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let (input, expected) = line.split_once(' ').expect("an input and a result");
        let mut found = String::new();
        match decode(encoding, &bytes_of(input)).expect(encoding) {
            Ok(codes) => {
                for (index, code) in codes.iter().enumerate() {
                    let gap = if index == 0 { "" } else { " " };
                    write!(found, "{gap}{code:x}").expect("a string");
                }
            }
            Err(fault) => found = format!("{}-{} {}", fault.start, fault.end, fault.reason),
        }
        count += 1;
        if found != expected {
            different.push(format!("{input}: {found:?}, not {expected:?}"));
        }
    }
    assert!(count >= 85_536, "{encoding}: only {count} inputs");
    assert!(
        different.is_empty(),
        "{encoding}: {} of {count} differ: {:#?}",
        different.len(),
        &different[..different.len().min(12)]
    );
}

macro_rules! encodings {
    ($($name:ident)*) => { $(#[test] fn $name() { check(stringify!($name)); })* };
}

encodings! {
    gb2312 gbk gb18030 hz big5 big5hkscs cp950 cp949 euc_kr johab
    cp932 shift_jis shift_jis_2004 shift_jisx0213 euc_jp euc_jis_2004 euc_jisx0213
    iso2022_kr iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext
}
