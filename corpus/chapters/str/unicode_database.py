# What the Unicode database says of characters, in its current version and in the one that domain names use.
from unicodedata import (bidirectional, category, combining, decimal, decomposition, digit, east_asian_width,
                         is_normalized, lookup, mirrored, name, normalize, numeric, ucd_3_2_0, unidata_version)

samples = ["a", "\xe9", "\u00bd", "\u0663", "\u0301", "(", "\uac01", "\u4e2d", "\u2167", "\U0001f600", "\u0378", "\ufb01"]
for char in samples:
    facts = [category(char), bidirectional(char), east_asian_width(char), combining(char), mirrored(char)]
    numbers = [decimal(char, None), digit(char, None), numeric(char, None)]
    print(ascii(char), facts, numbers, decomposition(char) or "-", name(char, "no name"))

# Names in any case, aliases, sequences, and the names that are computed.
for wanted in ["latin small letter a", "LATIN CAPITAL LETTER GHA", "KEYCAP DIGIT ONE", "HANGUL SYLLABLE GAG",
               "CJK UNIFIED IDEOGRAPH-4E2D", "hangul syllable gag", "NO SUCH NAME", "x" * 257]:
    try:
        found = lookup(wanted)
        print(wanted, len(found), ascii(found))
    except KeyError as error:
        print(type(error).__name__, error.args[0][:60])

# Normal forms: composed and decomposed, canonical and compatible; marks are put in order.
text = "\u1e9b\u0323 \ufb01 \uac01 e\u0301\u0327 \u212b \u03d3\u0344"
forms = {form: normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")}
for form, normal in forms.items():
    again = normalize(form, normal)
    print(form, len(normal), ascii(normal), is_normalized(form, text), is_normalized(form, normal), again == normal)
plain = "plain text"
print(normalize("NFC", plain) is plain, normalize("NFKD", "") == "")
for arguments in [("NFX", "\xe9"), (1, ""), ("NFC", None)]:
    try:
        normalize(*arguments)
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)

# The old version knows fewer characters, and some of those otherwise.
print(unidata_version, ucd_3_2_0.unidata_version)
for char in ["\u0221", "\U0002f868", "\u00ab", "\u09be", "\u3400"]:
    now = (category(char), mirrored(char), east_asian_width(char), name(char, None))
    then = (ucd_3_2_0.category(char), ucd_3_2_0.mirrored(char), ucd_3_2_0.east_asian_width(char), ucd_3_2_0.name(char, None))
    print(ascii(char), now, then, now == then, ascii(ucd_3_2_0.normalize("NFD", char)))
