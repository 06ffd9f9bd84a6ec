"""Writes the opcode tables of `vm/abi` and `vm/compile` from the oracle's `opcode` and `dis` modules and its header."""

import dis
import opcode
import os
import re
import sys
import sysconfig

# What a kind of argument is called in the tables, and what it says.
KINDS = [
    ("hasjrel", "Relative jumps."),
    ("hasconst", "Opcodes whose argument is a constant's index."),
    ("hasname", "Opcodes whose argument is a name's index."),
    ("haslocal", "Opcodes whose argument is a local variable."),
    ("hasfree", "Opcodes whose argument is a cell or free variable."),
    ("hascompare", "Opcodes whose argument is a comparison."),
]


def numbers_of_all():
    """Every opcode, the specialised ones and the ones that only the interpreter itself sets included."""
    header = os.path.join(sysconfig.get_paths()["include"], "opcode.h")
    with open(header) as file:
        defined = re.findall(r"^#define\s+([A-Z]\w*)\s+(\d+)\s*$", file.read(), re.M)
    found = {name: int(number) for name, number in defined if not name.startswith("NB_") and name != "HAVE_ARGUMENT"}
    known = {name: number for name, number in dis._all_opmap.items()}
    different = {name for name in known if found.get(name) != known[name]}
    assert not different, f"the header and dis disagree about {different}"
    return sorted(found.items(), key=lambda item: item[1])


def table(out, head, values, width=32):
    out.append("#[rustfmt::skip]")
    out.append(f"{head} = [")
    for start in range(0, len(values), width):
        out.append("    " + " ".join(f"{value}," for value in values[start : start + width]))
    out.append("];")


def names_table(numbers):
    names = [""] * 256
    for name, number in numbers:
        names[number] = name
    return [f'"{name}"' for name in names]


def caches():
    entries = opcode._inline_cache_entries
    return [entries[number] if number < len(entries) else 0 for number in range(256)]


def for_the_machine(numbers):
    out = [
        "//! The opcode table of CPython 3.11: numbers, cache sizes, base instructions. Written by the code generator; do not edit.",
        "",
        "/// The first opcode that takes an argument.",
        f"pub const HAVE_ARGUMENT: u8 = {opcode.HAVE_ARGUMENT};",
        "",
    ]
    out += [f"pub const {name}: u8 = {number};" for name, number in numbers]
    out.append("")
    out += [f"pub const {name}: u32 = {number};" for number, (name, _) in enumerate(opcode._nb_ops)]
    out += ["", "/// The name of each opcode; empty where there is none."]
    table(out, "pub static NAMES: [&str; 256]", names_table(numbers), 4)
    out += ["", "/// Cache entries that follow each base instruction."]
    table(out, "pub static CACHES: [u8; 256]", caches())
    base = [0] * 256
    for name, number in opcode.opmap.items():
        base[number] = number
    for name, general in dis.deoptmap.items():
        base[dis._all_opmap[name]] = dis.opmap[general]
    out += ["", "/// The base instruction of each instruction, specialised ones included."]
    table(out, "pub static DEOPT: [u8; 256]", base)
    return out


def for_the_compiler():
    numbers = sorted(opcode.opmap.items(), key=lambda item: item[1])
    out = [
        "//! The opcodes that CPython 3.11's compiler writes. Written by the code generator; do not edit.",
        "",
        "use super::Opcode;",
        "",
    ]
    out += [f"pub const {name}: Opcode = {number};" for name, number in numbers]
    out += ["", f"pub const HAVE_ARGUMENT: Opcode = {opcode.HAVE_ARGUMENT};"]
    out += ["", "/// Names by number; numbers that are no opcode have an empty name."]
    table(out, "pub static NAMES: [&str; 256]", names_table(numbers), 4)
    out += ["", "/// How many cache units follow each instruction."]
    table(out, "pub static CACHES: [u8; 256]", caches())
    for kind, meaning in KINDS:
        members = sorted(getattr(opcode, kind))
        out += ["", f"/// {meaning}"]
        table(out, f"pub static {kind.upper()}: [Opcode; {len(members)}]", members)
    assert not opcode.hasjabs, "3.11 has no absolute jumps"
    return out


def main(folder):
    for name, lines in [("opcode.rs", for_the_machine(numbers_of_all())), ("table.rs", for_the_compiler())]:
        with open(os.path.join(folder, name), "w") as file:
            file.write("\n".join(lines) + "\n")


main(sys.argv[1])
