"""Prints sources in hexadecimal, one a line: every encoding and every name of one, texts that it can write and random bytes."""

import codecs
import encodings
import encodings.aliases
import os
import random

TEXTS = ["é ü ñ", "日本語", "한국어 뷁", "中文 繁體", "Ελληνικά", "кириллица", "😀 𠮟", "アイウ", "が か゚", "עברית", "ไทย", "\\u00e9 \\x41 \\N{BULLET}", "\\q \\8", "\\401 \\q", "bücher.例え.xn--bcher-kva", "+AGE-", "~{VPND~}"]
PIECES = [b"'", b"\n", b"\\", b"#", b"+", b"~", b"~{", b"\x1b$B", b"\x1b(B", b"\x1b$)C\x0e", b"\x0f", b"\\u12", b"\\N{", b"-", b"xn", b".", b".xn--", b"\\q", b"\\777", b"\\400"]
LABELS = ["bücher", "Bücher", "straße", "faß", "例え", "中文", "παράδειγμα", "Ελληνικά", "עברית", "אaב", "ﺏ", "ا1", "x\u00ad\u00fc", "\u0378\u00fc",
          "\u2460\u00fc", "\ufb01", "\u2063\u00fc", "\u1806", "ü\u0308", "u\u0308\u0323", "\U0002f868", "\ue000", "\ufffe\u00e9", "\u3000é", "a\u0340é",
          "\U000e0041é", "ß" * 40, "ü" * 57, "ü" * 58, "ü" * 70, "xn--ü", "-ü", "ü-", "\ud7a3", "\u0130", "ǆ", "\u1e9e", "\U0001f600", "\u20a8\u00fc", "𝔄é", "㏇é"]


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


def labels(chosen):
    """Labels of domain names as they are sent: right ones, and ones that do not come out of what they stand for."""
    for label in LABELS:
        sent = label.encode("punycode")
        yield from (b"xn--" + sent, b"XN--" + sent, b"xn--" + sent.upper(), b"x." + b"xn--" + sent + b".y", b"xn--" + sent + b"0")
        for text in (label, label.upper(), label.casefold()):
            try:
                yield text.encode("idna")
            except UnicodeError:
                pass
    for _ in range(600):
        letters = bytes(chosen.choices(b"abcdefghijklmnopqrstuvwxyz0123456789-", k=chosen.randrange(1, 12)))
        yield b"xn--" + letters
        text = "".join(chr(chosen.choice((0xe0, 0x3b0, 0x5d0, 0x620, 0x1e00, 0x3040, 0x10300)) + chosen.randrange(40)) for _ in range(chosen.randrange(1, 6)))
        yield b"xn--" + text.encode("punycode")
    yield from (b"xn--" + b"z9" * 30 + b"a", b"xn--99999999999999999999a", b"xn--", b"xn---", b"xn--a", b"xn--a-", b"xn--\xe9")


def domain_sources(chosen):
    for label in labels(chosen):
        yield b"# coding: idna\n# ." + label + b".\nx = 1\n"
        yield b"# coding: idna\nx = '." + label + b".'"
        yield b"# coding: idna\nx = '\xe9." + label + b".'"
        name = label.removeprefix(b"xn--")
        yield b"# coding: punycode\nx = 1 #-" + name
        yield b"# coding: punycode\n" + name


def main():
    for name in names():
        print(f"# coding: {name}\nx = 'text'\n".encode().hex())
        print(f"# -*- coding: {name} -*-\nx = '".encode().hex() + "c3a9e697a5e69cac" + b"'\n".hex())
    chosen = random.Random(311)
    for source in domain_sources(chosen):
        print(source.hex())
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
