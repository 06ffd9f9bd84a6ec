"""Print expressions over `unicodedata` with what they evaluate to, for tests/unicodedata.rs.

Run under CPython 3.11; the output is committed as facts.txt. Fields: the expression, then "value",
the type's name and the repr, or "raise", the type's name and the message.
"""
import random
import unicodedata

ONE = ["category", "bidirectional", "combining", "mirrored", "east_asian_width", "decomposition"]
WITH_DEFAULT = ["decimal", "digit", "numeric", "name"]
FORMS = ["normalize", "is_normalized"]
BOTH = ["unicodedata", "unicodedata.ucd_3_2_0"]
CHARACTERS = "a\xe9\xbd\u0663\u0301(\uac01\u4e2d\u2167\U0001f600\u0378\ufb01\ud800\U0010ffff\u0221\u00ab\U0002f868\u09be"
NAMES = ["SPACE", "latin small letter a", "LATIN CAPITAL LETTER GHA", "KEYCAP DIGIT ONE", "keycap digit one", "HANGUL SYLLABLE GAG", "hangul syllable gag",
         "HANGUL SYLLABLE ", "CJK UNIFIED IDEOGRAPH-4E2D", "CJK UNIFIED IDEOGRAPH-4e2d", "CJK UNIFIED IDEOGRAPH-10000", "NULL", "BELL", "", "\xe9", "a\0b", "x" * 256,
         "x" * 257, "\ud800", "LATIN SMALL LETTER A ", " SPACE", "BRAILLE PATTERN BLANK", "TANGUT IDEOGRAPH-17000"]
ODD = ["unidata_version", "__name__", "category()", "category('ab')", "category('')", "category(1)", "category(None)", "category(b'a')", "category('a', 'b')",
       "category(chr='a')", "name()", "name(1)", "name('ab')", "name('a', 'b', 'c')", "name('a', default=1)", "decimal(1.5, 2)", "digit('a', 'no')", "numeric('a', 1)",
       "normalize()", "normalize('NFC')", "normalize(1, 'a')", "normalize('NFC', 1)", "normalize('NFX', '')", "normalize('NFX', 'a')", "normalize('nfc', 'a')",
       "is_normalized('NFX', '')", "is_normalized('NFX', 'a')", "is_normalized('NFC', b'a')", "lookup()", "lookup(1)", "lookup(None)", "lookup(b'SPACE')",
       "lookup(b'\\xff')", "lookup(bytearray(b'SPACE'))", "lookup(memoryview(b'SPACE'))"]


def strings():
    chosen = random.Random(14)
    marks = [code for code in range(0x110000) if unicodedata.combining(chr(code))]
    parts = [code for code in range(0x110000) if unicodedata.decomposition(chr(code))]
    pools = [marks, parts, range(0xac00, 0xac40), range(0x1100, 0x1200), range(0x40, 0x250), range(0x2f800, 0x2fa20)]
    for _ in range(120):
        yield "".join(chr(chosen.choice(chosen.choice(pools))) for _ in range(chosen.randrange(1, 7)))


expressions = [f"{one}.{odd}" for one in BOTH for odd in ODD if one == "unicodedata" or odd != "__name__"]
expressions += ["unicodedata.UCD()", "unicodedata.UCD.__basicsize__", "unicodedata.UCD.name('a')", "unicodedata.ucd_3_2_0.__class__.__name__"]
for one in BOTH:
    for character in CHARACTERS:
        expressions += [f"{one}.{function}({character!a})" for function in ONE + WITH_DEFAULT]
        expressions += [f"{one}.{function}({character!a}, -1)" for function in WITH_DEFAULT]
    expressions += [f"{one}.lookup({name!a})" for name in NAMES]
    for text in strings():
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            expressions += [f"{one}.{function}({form!r}, {text!a})" for function in FORMS]
for expression in expressions:
    try:
        value = eval(expression)
        outcome = ("value", type(value).__name__, ascii(value))
    except Exception as error:
        outcome = ("raise", type(error).__name__, ascii(str(error)))
    print(expression, *outcome, sep="\t")
