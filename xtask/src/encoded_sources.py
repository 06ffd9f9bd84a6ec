"""Prints sources in hexadecimal, one a line: every encoding and every name of one, texts that it can write and random bytes."""

import codecs
import encodings
import encodings.aliases
import os
import random

TEXTS = ["é ü ñ", "日本語", "한국어 뷁", "中文 繁體", "Ελληνικά", "кириллица", "😀 𠮟", "アイウ", "が か゚", "עברית", "ไทย", "\\u00e9 \\x41 \\N{BULLET}", "+AGE-", "~{VPND~}"]
PIECES = [b"'", b"\n", b"\\", b"#", b"+", b"~", b"~{", b"\x1b$B", b"\x1b(B", b"\x1b$)C\x0e", b"\x0f", b"\\u12", b"\\N{", b"-", b"xn"]


def names():
    folder = os.path.dirname(encodings.__file__)
    modules = sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py"))
    for name in sorted({*modules, *encodings.aliases.aliases}):
        yield from (name, name.upper(), name.replace("_", "-"), name + "x")


def text_encodings():
    for name in sorted(set(encodings.aliases.aliases.values()) | {"charmap", "cp037", "cp720", "cp737", "cp856", "cp874", "cp875",
                       "cp1006", "cp65001", "koi8_r", "koi8_t", "koi8_u", "mac_arabic", "mac_croatian", "mac_farsi", "mac_romanian",
                       "hp_roman8", "palmos", "punycode", "idna", "undefined", "utf_8_sig", "unicode_escape", "raw_unicode_escape"}):
        try:
            if codecs.lookup(name)._is_text_encoding:
                yield name
        except LookupError:
            pass


def encoded(text, name):
    try:
        return text.encode(name, "ignore").replace(b"\0", b"")
    except Exception:
        return text.encode("ascii", "ignore")


def random_bytes(chosen):
    parts = []
    for _ in range(chosen.randrange(1, 8)):
        parts.append(chosen.choice(PIECES) if chosen.random() < 0.3 else bytes(chosen.choices(range(1, 256), k=2)))
    return b"".join(parts)


def main():
    for name in names():
        print(f"# coding: {name}\nx = 'text'\n".encode().hex())
        print(f"# -*- coding: {name} -*-\nx = '".encode().hex() + "c3a9e697a5e69cac" + b"'\n".hex())
    chosen = random.Random(311)
    for name in text_encodings():
        head = f"# coding={name}\n".encode()
        for text in TEXTS:
            body = encoded(text, name)
            print((head + b"x = '" + body + b"'\n").hex())
            print((b"#\n" + head + b"# " + body + b"\nx = 1").hex())
            print((head + b"x = '''" + body + b"\n" + body[:-1] + b"'''\n" + body).hex())
        for _ in range(40):
            print((head + b"x = '" + random_bytes(chosen) + b"'\n").hex())
            print((head + b"# " + random_bytes(chosen) + b"\ny = 1 +\n").hex())
            print((head + random_bytes(chosen)).hex())


main()
