"""Writes the Unicode tables of vm/ucd from this interpreter's unicodedata: tables.rs and names.bin.

Usage: python3 ucd_tables.py DIRECTORY
"""
import ctypes
import struct
import sys
import unicodedata

CATEGORIES = ["Cn", "Lu", "Ll", "Lt", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf",
              "Cs", "Co", "Lm", "Lo", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"]
BIDI = ["", "L", "LRE", "LRO", "R", "AL", "RLE", "RLO", "PDF", "EN", "ES", "ET", "AN", "CS", "NSM", "BN",
        "B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"]
WIDTHS = ["F", "H", "W", "Na", "A", "N"]
FLAGS = ["isalpha", "isdecimal", "isdigit", "isnumeric", "isspace", "isprintable", "islower", "isupper",
         "istitle"]
BLOCK = 7


def flags_of(char):
    bits = 0
    for index, name in enumerate(FLAGS):
        if getattr(char, name)():
            bits |= 1 << index
    if char.isidentifier() and char != "_":
        bits |= 1 << 9
    if ("a" + char).isidentifier():
        bits |= 1 << 10
    if unicodedata.mirrored(char):
        bits |= 1 << 11
    if (char + "a").title()[-1] == "a":
        bits |= 1 << 12  # cased
    # A sigma is final after a cased letter, and what is case-ignorable is passed over to find that.
    if ("a" + char + "\u03a3").lower()[-1] == "\u03c2" and (" " + char + "\u03a3").lower()[-1] != "\u03c2":
        bits |= 1 << 13  # case-ignorable
    if char.casefold() != char.lower():
        bits |= 1 << 14
    return bits


def line_breaks(char):
    return len(("a" + char + "b").splitlines()) == 2


def rust_array(name, typ, values):
    out = [f"pub static {name}: [{typ}; {len(values)}] = ["]
    line = "   "
    for value in values:
        piece = f" {value},"
        if len(line) + len(piece) > 110:
            out.append(line)
            line = "   "
        line += piece
    out.append(line)
    out.append("];")
    return "\n".join(out)


def two_levels(values):
    blocks, index, data = {}, [], []
    size = 1 << BLOCK
    for start in range(0, len(values), size):
        block = tuple(values[start:start + size])
        if block not in blocks:
            blocks[block] = len(blocks)
            data.extend(block)
        index.append(blocks[block])
    return index, data


def collect():
    records, by_code, extended, numerics = {}, [], [], {}
    for code in range(0x110000):
        char = chr(code)
        bits = flags_of(char)
        if line_breaks(char):
            bits |= 1 << 15
        upper, lower, title, fold = char.upper(), char.lower(), char.title(), char.casefold()
        if code == 0x3a3:
            lower = "\u03c3"
        simple = [ord(x) - code if len(x) == 1 else 0 for x in (upper, lower, title)]
        special = -1
        if any(len(x) != 1 for x in (upper, lower, title, fold)) or fold != lower:
            special = len(extended)
            extended.append((upper, lower, title, fold))
        numeric = unicodedata.numeric(char, None)
        index = -1
        if numeric is not None:
            index = numerics.setdefault(numeric, len(numerics))
        record = (CATEGORIES.index(unicodedata.category(char)), BIDI.index(unicodedata.bidirectional(char)),
                  WIDTHS.index(unicodedata.east_asian_width(char)), unicodedata.combining(char), bits,
                  *simple, special, unicodedata.decimal(char, -1), unicodedata.digit(char, -1), index, quick_check(char))
        by_code.append(records.setdefault(record, len(records)))
    return list(records), by_code, extended, list(numerics)


FORMS = ["NFC", "NFD", "NFKC", "NFKD"]


def quick_check(char):
    """The forms, as bits, in which the character may have to be changed.

    What needs no work comes back as the same object; doubled, so that it is not one of the characters that are
    shared anyway.
    """
    text = char * 2
    return sum(1 << bit for bit, form in enumerate(FORMS) if unicodedata.normalize(form, text) is not text)


def facts_of_version(data, char):
    return (CATEGORIES.index(data.category(char)), BIDI.index(data.bidirectional(char)),
            WIDTHS.index(data.east_asian_width(char)), data.mirrored(char), data.decimal(char, -1),
            data.numeric(char, None))


def old_version(numerics):
    """What Unicode 3.2 says otherwise: ranges of code points, and rows of facts, None where nothing changed."""
    old, rows, ranges = unicodedata.ucd_3_2_0, {}, []
    for code in range(0x110000):
        char = chr(code)
        before, now = facts_of_version(old, char), facts_of_version(unicodedata, char)
        unassigned = before[0] == 0 and now[0] != 0
        assert old.digit(char, -1) == unicodedata.digit(char, -1)
        assert old.combining(char) == (0 if unassigned else unicodedata.combining(char))
        assert old.name(char, None) == (None if unassigned else unicodedata.name(char, None))
        assert old.decomposition(char) == ("" if unassigned else unicodedata.decomposition(char))
        if before == now:
            continue
        facts = [None if a == b else a for a, b in zip(before, now)]
        if before[5] != now[5]:
            facts[5] = -1 if before[5] is None else numerics.index(before[5])
        row = rows.setdefault(tuple(facts), len(rows))
        if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == row:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, row])
    return ranges, list(rows)


def old_corrections():
    """The characters whose decomposition is another one in Unicode 3.2."""
    old, corrections = unicodedata.ucd_3_2_0, []
    for code in range(0x110000):
        char = chr(code)
        before = old.normalize("NFD", char)
        if old.decomposition(char) and before != unicodedata.normalize("NFD", char):
            assert len(before) == 1
            corrections.append((code, ord(before)))
    return corrections


def decompositions():
    rows, pairs = [], []
    for code in range(0x110000):
        if 0xac00 <= code < 0xac00 + 11172:
            continue
        text = unicodedata.decomposition(chr(code))
        if not text:
            continue
        parts = text.split()
        tag = parts.pop(0) if parts[0].startswith("<") else ""
        codes = [int(part, 16) for part in parts]
        rows.append((code, tag, codes))
        if not tag and len(codes) == 2:
            if unicodedata.normalize("NFC", chr(codes[0]) + chr(codes[1])) == chr(code):
                pairs.append((codes[0], codes[1], code))
    return rows, sorted(pairs)


def all_names():
    names = {}
    for code in range(0x110000):
        name = unicodedata.name(chr(code), None)
        if name is None or name.startswith(("CJK UNIFIED IDEOGRAPH-", "HANGUL SYLLABLE ")):
            continue
        names[name] = (code, 0)
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = get_pointer(unicodedata._ucnhash_CAPI, b"unicodedata._ucnhash_CAPI")
    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)
    get_name = prototype(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_void_p))[0])
    buffer = ctypes.create_string_buffer(512)
    sequences = []
    for code in range(0xF0000, 0xF0800):
        if get_name(code, buffer, 512, 1):
            name = buffer.value.decode("ascii")
            text = unicodedata.lookup(name)
            if len(text) == 1:
                names[name] = (ord(text), 1)
            else:
                sequences.append((name, [ord(c) for c in text]))
    return names, sorted(sequences)


def write_names(path):
    names, sequences = all_names()
    words = {}
    for name in sorted(names):
        for word in name.split(" "):
            words.setdefault(word, 0)
    ordered = sorted(words)
    number = {word: index for index, word in enumerate(ordered)}
    text = b"".join(bytes([len(word)]) + word.encode("ascii") for word in ordered)
    entries = sorted(names.items())
    offsets, data = [], bytearray()
    for name, (code, alias) in entries:
        offsets.append(len(data))
        pieces = name.split(" ")
        data += struct.pack("<IB", code | alias << 31, len(pieces))
        for word in pieces:
            data += struct.pack("<H", number[word])
    by_code = sorted((index for index, entry in enumerate(entries) if not entry[1][1]),
                     key=lambda index: entries[index][1][0])
    word_offsets, position = [], 0
    for word in ordered:
        word_offsets.append(position)
        position += len(word) + 1
    with open(path, "wb") as file:
        file.write(struct.pack("<6I", len(ordered), len(text), len(entries), len(data), len(by_code), 0))
        file.write(struct.pack(f"<{len(word_offsets)}I", *word_offsets))
        file.write(struct.pack(f"<{len(offsets)}I", *offsets))
        file.write(struct.pack(f"<{len(by_code)}I", *by_code))
        file.write(text)
        file.write(data)
    return sequences


def ranges_of(prefix):
    ranges = []
    for code in range(0x110000):
        if unicodedata.name(chr(code), "").startswith(prefix):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return ranges


def main():
    directory = sys.argv[1]
    records, by_code, extended, numerics = collect()
    index, data = two_levels(by_code)
    rows, pairs = decompositions()
    sequences = write_names(directory + "/names.bin")
    out = ["//! Unicode tables, written by the code generator from the oracle's unicodedata; do not edit.",
           "",
           "use crate::{OldRecord, Record};",
           "",
           f'pub const UNIDATA_VERSION: &str = "{unicodedata.unidata_version}";',
           f"pub const BLOCK_BITS: u32 = {BLOCK};",
           f"pub static CATEGORY_NAMES: [&str; {len(CATEGORIES)}] = {CATEGORIES!r};".replace("'", '"'),
           f"pub static BIDIRECTIONAL_NAMES: [&str; {len(BIDI)}] = {BIDI!r};".replace("'", '"'),
           f"pub static EAST_ASIAN_WIDTH_NAMES: [&str; {len(WIDTHS)}] = {WIDTHS!r};".replace("'", '"'),
           rust_array("BLOCKS", "u16", index), rust_array("DATA", "u16", data)]
    out.append(f"pub static RECORDS: [Record; {len(records)}] = [")
    for record in records:
        names = ["category", "bidirectional", "east_asian_width", "combining", "flags", "upper", "lower",
                 "title", "special", "decimal", "digit", "numeric", "quick_check"]
        out.append("    Record { " + ", ".join(f"{n}: {v}" for n, v in zip(names, record)) + " },")
    out.append("];")
    out.append(f"pub static SPECIAL_CASING: [[&str; 4]; {len(extended)}] = [")
    for row in extended:
        out.append("    [" + ", ".join('"' + "".join(f"\\u{{{ord(c):x}}}" for c in x) + '"' for x in row) + "],")
    out.append("];")
    out.append(rust_array("NUMERIC_VALUES", "f64", [repr(float(n)) for n in numerics]))
    tags = sorted({row[1] for row in rows})
    out.append(f"pub static DECOMPOSITION_TAGS: [&str; {len(tags)}] = {tags!r};".replace("'", '"'))
    out.append("/// Code point, tag, offset and length in `DECOMPOSITION_DATA`, sorted.")
    flat, table = [], []
    for code, tag, codes in rows:
        table.append(f"({code}, {tags.index(tag)}, {len(flat)}, {len(codes)})")
        flat.extend(codes)
    out.append(rust_array("DECOMPOSITIONS", "(u32, u8, u16, u8)", table))
    out.append(rust_array("DECOMPOSITION_DATA", "u32", flat))
    out.append("/// First, second, composed; sorted.")
    out.append(rust_array("COMPOSITIONS", "(u32, u32, u32)", [f"({a}, {b}, {c})" for a, b, c in pairs]))
    ranges, rows = old_version(numerics)
    out.append("/// First, last, row of `OLD_RECORDS`; sorted.")
    out.append(rust_array("OLD_RANGES", "(u32, u32, u8)", [f"({a}, {b}, {row})" for a, b, row in ranges]))
    out.append(f"pub static OLD_RECORDS: [OldRecord; {len(rows)}] = [")
    for row in rows:
        names = ["category", "bidirectional", "east_asian_width", "mirrored", "decimal", "numeric"]
        values = ["None" if v is None else f"Some({v})" for v in row]
        out.append("    OldRecord { " + ", ".join(f"{n}: {v}" for n, v in zip(names, values)) + " },")
    out.append("];")
    out.append("/// Code point and the one it decomposes to in Unicode 3.2; sorted.")
    out.append(rust_array("OLD_CORRECTIONS", "(u32, u32)", [f"({a}, {b})" for a, b in old_corrections()]))
    cjk = ranges_of("CJK UNIFIED IDEOGRAPH-")
    out.append(rust_array("CJK_RANGES", "(u32, u32)", [f"({a}, {b})" for a, b in cjk]))
    seq = ['("%s", &[%s])' % (name, ", ".join(map(str, codes))) for name, codes in sequences]
    out.append(rust_array("NAMED_SEQUENCES", "(&str, &[u32])", seq))
    with open(directory + "/tables.rs", "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


main()
