//! The opcode table and the marshalled code, compared with the oracle.

use std::process::Command;

use twinheap_compile::marshal::dumps;
use twinheap_compile::opcode::{
    CACHES, HASCOMPARE, HASCONST, HASFREE, HASJREL, HASLOCAL, HASNAME, NAMES, stack_effect,
};
use twinheap_compile::{Options, compile};
use twinheap_syntax::{Flags, Mode, parse_str};

fn oracle(script: &str, arguments: &[&str]) -> String {
    let output = Command::new("python3")
        .args(["-I", "-W", "ignore", "-c", script])
        .args(arguments)
        .output();
    let output = output.expect("python3 runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

const TABLE: &str = r#"
import opcode
for name, number in sorted(opcode.opmap.items(), key=lambda item: item[1]):
    kinds = [number in getattr(opcode, kind) for kind in ("hasjrel", "hasconst", "hasname", "haslocal", "hasfree", "hascompare")]
    print(number, name, opcode._inline_cache_entries[number], *map(int, kinds))
"#;

#[test]
fn the_opcode_table_is_the_oracles() {
    let mut found = String::new();
    for (number, name) in NAMES
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty())
    {
        let number = number as i16;
        let is_in = |kind: &[i16]| u8::from(kind.contains(&number));
        found += &format!(
            "{number} {name} {} {} {} {} {} {} {}\n",
            CACHES[number as usize],
            is_in(&HASJREL),
            is_in(&HASCONST),
            is_in(&HASNAME),
            is_in(&HASLOCAL),
            is_in(&HASFREE),
            is_in(&HASCOMPARE),
        );
    }
    assert_eq!(found, oracle(TABLE, &[]));
}

const EFFECTS: &str = r#"
import dis
for name, number in sorted(dis.opmap.items(), key=lambda item: item[1]):
    for oparg in (0, 1, 2, 3, 4, 5, 8, 259):
        for jump in (False, True):
            try:
                effect = dis.stack_effect(number, oparg if number >= dis.HAVE_ARGUMENT else None, jump=jump)
            except ValueError:
                effect = None
            print(number, oparg, jump, effect)
"#;

#[test]
fn stack_effects_are_the_oracles() {
    for line in oracle(EFFECTS, &[]).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let opcode: i16 = words[0].parse().expect("an opcode");
        let oparg: i32 = words[1].parse().expect("an argument");
        let found = stack_effect(opcode, oparg, words[2] == "True");
        let name = NAMES[opcode as usize];
        let found = found.map_or("None".into(), |effect: i32| effect.to_string());
        assert_eq!(found, words[3], "{name} {oparg} {}", words[2]);
    }
}

const COMPARE: &str = r#"
import marshal, sys
source, ours = sys.argv[1], marshal.loads(bytes.fromhex(sys.argv[2]))
theirs = compile(source, "<string>", "exec", dont_inherit=True)
theirs_flat, ours_flat = [], []
def flat(code, out):
    for field in dir(code):
        value = getattr(code, field)
        if field.startswith("co_") and not callable(value) and field != "co_consts":
            out.append((field, value))
    for value in code.co_consts:
        if hasattr(value, "co_code"):
            flat(value, out)
        else:
            out.append(shown(value))
def shown(value):
    # The order in which a frozenset shows its items depends on the process's hash seed.
    if isinstance(value, frozenset):
        return "frozenset", sorted(map(repr, map(shown, value)))
    if isinstance(value, tuple):
        return "tuple", [shown(item) for item in value]
    return type(value).__name__, repr(value)
flat(theirs, theirs_flat), flat(ours, ours_flat)
print("equal" if theirs_flat == ours_flat else "different")
"#;

fn check(name: &str, source: &str) {
    let ast = parse_str(source, Mode::Exec, &Flags::default()).expect(name);
    let compiled = compile(ast, &Options::new("<string>", 0)).expect(name);
    let hex: String = dumps(&compiled.code)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        oracle(COMPARE, &[source, &hex]),
        "equal\n",
        "{name}: {source:?}"
    );
}

#[test]
fn marshalled_code_loads_as_the_same_code() {
    let cases = [
        (
            "small and big integers",
            "x = [0, 255, 256, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 10**40, -10**40]\n",
        ),
        ("floats", "x = [0.0, -0.0, 1e300 * 1e10, 5e-324, 1.5]\n"),
        ("complex numbers", "x = [1j, -0j, 2.5j]\n"),
        (
            "texts",
            "x = ['', 'name', 'two words', 'é', '€', '\\ud800', '😀', 'a' * 300]\n",
        ),
        ("bytes", "x = [b'', b'abc', b'\\x00\\xff']\n"),
        (
            "tuples and sets",
            "x = ((), (1, (2, 3)), None, True, ...)\ny in {1, 'a', b'b', (1, 2)}\n",
        ),
        (
            "shared constants",
            "def f(): return 'two words', 1.5\ndef g(): return 'two words', 1.5\n",
        ),
        (
            "inner code",
            "def f(a):\n  def g(): return a\n  return g, lambda: f, [a for a in a]\n",
        ),
        (
            "long argument lists",
            &format!("f({})\n", "a, ".repeat(400)),
        ),
        (
            "many constants",
            &format!(
                "x = [{}]\n",
                (0..700)
                    .map(|n| format!("f({n})"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ),
        (
            "a long jump",
            &format!("if a:\n{}\nb\n", "  c()\n".repeat(400)),
        ),
    ];
    for (name, source) in cases {
        check(name, source);
    }
}

/// What `py_compile` makes of a source, written by a process that has done nothing else.
const COMPILED: &str = r#"
import py_compile, sys
path = sys.argv[1]
py_compile.compile(path, path + "c", doraise=True)
with open(path + "c", "rb") as file:
    print(file.read()[16:].hex())
"#;

#[test]
fn a_file_shares_what_py_compile_shares() {
    let set = "def f(x):\n  return x in {'classes', 'generators'}\n";
    let cases = [
        (
            "a set of texts that no name is",
            "x in {'one thing', 'two things'}\n".to_owned(),
        ),
        ("a set of names known before", set.to_owned()),
        (
            "the same set twice",
            format!("{set}def g(x):\n  return x in {{'generators', 'classes'}}\n"),
        ),
        (
            "a set of names of keywords further on",
            format!("{set}f(classes=1, generators=2)\n"),
        ),
        (
            "a set of names of keywords before",
            format!("f(classes=1, generators=2)\n{set}"),
        ),
        (
            "a set of annotated names",
            format!("class A:\n  classes: int\n  generators: int\n{set}"),
        ),
        (
            "a set of names that only keywords are",
            "def f(x):\n  return x in {'qqq', 'rrr'}\nf(qqq=1)\n".to_owned(),
        ),
        (
            "a set of names that only dead code has",
            "def f(x):\n  return x in {'qqq', 'rrr'}\nif 0: qqq\n".to_owned(),
        ),
        (
            "a per cent sign out of a format",
            "def f(a):\n  return '%%%s%ss' % (a, a)\n".to_owned(),
        ),
        (
            "the same after another",
            "x = '%'\ndef f(a):\n  return '%%%s%ss' % (a, a)\n".to_owned(),
        ),
        (
            "the same before another",
            "def f(a):\n  return '%%%s%ss' % (a, a)\nx = '%'\ny = '%', '!'\n".to_owned(),
        ),
    ];
    let folder = std::env::temp_dir().join(format!("twinheap-shares-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (at, (name, source)) in cases.iter().enumerate() {
        let path = folder.join(format!("case{at}.py"));
        std::fs::write(&path, source).expect(name);
        let path = path.to_str().expect("a path of text");
        let ast = parse_str(source, Mode::Exec, &Flags::default()).expect(name);
        let compiled = compile(ast, &Options::new(path, 0)).expect(name);
        let ours: String = dumps(&compiled.code)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(oracle(COMPILED, &[path]).trim(), ours, "{name}: {source:?}");
    }
    std::fs::remove_dir_all(&folder).expect("an empty folder");
}
