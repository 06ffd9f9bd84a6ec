"""Writes `vm/ucd/src/multibyte/tables.{bin,rs}`: what East Asian encodings' bytes stand for, asked of the oracle.

A table has a value for each lead byte from 0x80 and each trail byte. It is written as its differences from a table
before it: numbers of seven bits a byte, the lower ones first. A run is how many values are skipped, how many follow,
and each of those as its zigzag difference from one more than the one before.
"""

import os
import sys

# A value that is no character: illegal by one byte, by two, or the start of something longer.
ILLEGAL, ILLEGAL_PAIR, LONGER = 0, 1, 2
# From here on, values are numbers of pairs of characters.
FIRST_PAIR = 0x200000

# Tables of encodings: name, prefix of the sequence, the table whose differences are written.
ENCODINGS = [
    ("gb18030", b"", None),
    ("gbk", b"", "gb18030"),
    ("gb2312", b"", "gbk"),
    ("big5", b"", None),
    ("cp950", b"", "big5"),
    ("big5hkscs", b"", "big5"),
    ("cp949", b"", None),
    ("euc_kr", b"", "cp949"),
    ("johab", b"", None),
    ("euc_jp", b"", None),
    ("euc_jis_2004", b"", "euc_jp"),
    ("euc_jisx0213", b"", "euc_jis_2004"),
    ("euc_jp", b"\x8f", None),
    ("euc_jis_2004", b"\x8f", "euc_jp+"),
    ("euc_jisx0213", b"\x8f", "euc_jis_2004+"),
    ("shift_jis", b"", None),
    ("cp932", b"", "shift_jis"),
    ("shift_jis_2004", b"", "shift_jis"),
    ("shift_jisx0213", b"", "shift_jis_2004"),
]
# Tables of character sets: name, encoding, the escape sequence that calls it, the table whose differences are written.
CHARSETS = [
    ("JISX0208", "iso2022_jp", b"\x1b$B", "euc_jp"),
    ("JISX0212", "iso2022_jp_1", b"\x1b$(D", "euc_jp+"),
    ("KSX1001", "iso2022_jp_2", b"\x1b$(C", "euc_kr"),
    ("GB2312", "iso2022_jp_2", b"\x1b$A", "gb2312"),
    ("JISX0213_2000_1", "iso2022_jp_3", b"\x1b$(O", "euc_jisx0213"),
    ("JISX0213_2000_2", "iso2022_jp_3", b"\x1b$(P", "euc_jisx0213+"),
    ("JISX0213_2004_1", "iso2022_jp_2004", b"\x1b$(Q", "euc_jis_2004"),
    ("JISX0213_2004_2", "iso2022_jp_2004", b"\x1b$(P", "euc_jis_2004+"),
]

pairs = []


def value_of(data, encoding, prefix):
    """What the bytes stand for; the prefix before them is part of the sequence, or of the state."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason == "incomplete multibyte sequence":
            return LONGER
        return ILLEGAL if error.end - error.start - prefix == 1 else ILLEGAL_PAIR
    if len(text) == 1:
        return ord(text)
    assert len(text) == 2 and max(text) < "\U00010000", (data, encoding, text)
    if text not in pairs:
        pairs.append(text)
    return FIRST_PAIR + pairs.index(text)


def encoding_table(name, prefix):
    singles = {lead for lead in range(0x80, 0x100) if value_of(prefix + bytes([lead]), name, 0) != LONGER}
    table = []
    for lead in range(0x80, 0x100):
        for trail in range(0x100):
            table.append(ILLEGAL if lead in singles else value_of(prefix + bytes([lead, trail]), name, 0))
    return table


def charset_table(name, escape):
    table = [ILLEGAL] * 0x8000
    for lead in range(0x21, 0x7F):
        for trail in range(0x21, 0x7F):
            value = value_of(escape + bytes([lead, trail]), name, 0)
            table[lead * 0x100 + trail + 0x80] = value if value > LONGER else ILLEGAL
    return table


def number(value, out):
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def written(table, base, out):
    """Appends the differences between two tables."""
    at, previous = 0, 0
    while at < len(table):
        start = at
        while at < len(table) and table[at] == base[at]:
            at += 1
        number(at - start, out)
        end = at
        while end < len(table) and table[end] != base[end]:
            end += 1
        number(end - at, out)
        for value in table[at:end]:
            step = value - previous - 1
            number(2 * step if step >= 0 else -2 * step - 1, out)
            previous = value
        at = end


def single_bytes(name):
    """What single bytes stand for; 0xffff is illegal, 0xfffe the start of a sequence."""
    values = [value_of(bytes([byte]), name, 0) for byte in range(0x100)]
    return [value if byte < 3 or value > LONGER else 0xFFFF - value // 2 for byte, value in enumerate(values)]


def four_byte_runs():
    """GB 18030's sequences of four bytes in the basic plane: number of the first, and its character."""
    runs, number_of, previous = [], 0, None
    for a in range(0x81, 0x85):
        for b in range(0x30, 0x3A):
            for c in range(0x81, 0xFF):
                for d in range(0x30, 0x3A):
                    value = value_of(bytes([a, b, c, d]), "gb18030", 0)
                    value = None if value <= LONGER else value
                    follows = value is None and previous is None or None not in (value, previous) and value == previous + 1
                    if not follows or not runs:
                        runs.append((number_of, value or 0))
                    number_of += 1
                    previous = value
    return runs


def main(folder):
    blob, tables, offsets = bytearray(), {None: [ILLEGAL] * 0x8000}, []
    for name, prefix, base in ENCODINGS:
        table = encoding_table(name, prefix)
        key = name + "+" * len(prefix)
        offsets.append((key, base, len(blob)))
        written(table, tables[base], blob)
        tables[key] = table
    for name, encoding, escape, base in CHARSETS:
        table = charset_table(encoding, escape)
        offsets.append((name, base, len(blob)))
        written(table, tables[base], blob)
        tables[name] = table
    with open(os.path.join(folder, "tables.bin"), "wb") as file:
        file.write(blob)
    out = ["//! Where each table of `tables.bin` starts, and what is too small for it. Written by the code generator; do not edit.", ""]
    names = [name for name, *_ in offsets]
    out += ["/// A table: its name, the number of the one that it differs from, and where it starts."]
    out += ["#[rustfmt::skip]", f"pub static TABLES: [(&str, Option<usize>, usize); {len(offsets)}] = ["]
    for name, base, offset in offsets:
        out.append(f'    ("{name}", {"None" if base is None else f"Some({names.index(base)})"}, {offset}),')
    out += ["];", "", "/// Values from 0x200000 stand for these pairs of characters."]
    out += ["#[rustfmt::skip]", f"pub static PAIRS: [[u16; 2]; {len(pairs)}] = ["]
    out += ["    " + " ".join(f"[0x{ord(a):04x}, 0x{ord(b):04x}]," for a, b in pairs[at : at + 6]) for at in range(0, len(pairs), 6)]
    out += ["];", "", "/// What single bytes stand for, by encoding: 0xffff is illegal, 0xfffe the start of a sequence."]
    encodings = [name for name, prefix, _ in ENCODINGS if not prefix]
    out += ["#[rustfmt::skip]", f"pub static SINGLES: [(&str, [u16; 256]); {len(encodings)}] = ["]
    for name in encodings:
        values = single_bytes(name)
        out.append(f'    ("{name}", [')
        out += ["        " + " ".join(f"{value}," for value in values[at : at + 16]) for at in range(0, 256, 16)]
        out.append("    ]),")
    runs = four_byte_runs()
    out += ["];", "", "/// GB 18030's sequences of four bytes: the number where a run starts and its first character, 0 for none."]
    out += ["#[rustfmt::skip]", f"pub static FOUR_BYTES: [(u16, u16); {len(runs)}] = ["]
    out += ["    " + " ".join(f"({a}, 0x{b:04x})," for a, b in runs[at : at + 6]) for at in range(0, len(runs), 6)]
    out.append("];")
    with open(os.path.join(folder, "tables.rs"), "w") as file:
        file.write("\n".join(out) + "\n")


main(sys.argv[1])
